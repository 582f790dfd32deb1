"""Opens a ticket once, however often the connection breaks and however often this program is run.

usage: open_ticket.py NAME SUMMARY DESCRIPTION

NAME is an id of your own for what the ticket is about, such as order-4711. The same name with the same words is answered with the
same ticket; with other words it is refused (422 idempotency-key-reused). Sign-in: see sign_in.py.
"""

import sys
import time

import requests

from sign_in import Guichet, Refused

TRIES = 8
# After these the outcome may be unknown, or the server asks to come back. All else stays refused, however often it is sent.
AGAIN = {429, 502, 503, 504}


def open_ticket(guichet: Guichet, name: str, ticket: dict) -> dict:
    """Sends the same request with the same key until it is answered."""
    for _ in range(TRIES):
        wait_s = 1
        try:
            return guichet.call("POST", "/v1/tickets", json=ticket, headers={"Idempotency-Key": name}).json()
        except requests.RequestException as broken:
            why = type(broken).__name__
        except Refused as refused:
            if refused.status not in AGAIN:
                raise
            why = str(refused.status)
            wait_s = refused.problem.get("retry_after_s") or wait_s
        print(f"{why}: again in {wait_s} s", file=sys.stderr)
        time.sleep(wait_s)
    sys.exit("given up; run it again with the same name")


def main(name: str, summary: str, description: str) -> None:
    with Guichet() as guichet:
        ticket = {"desk": "SUP", "type": "question", "summary": summary, "description": description}
        print(open_ticket(guichet, name, ticket)["key"])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        sys.exit(str(refused))
