"""Lists all tickets that were opened for oneself, page by page: key, status and summary.

usage: list_my_tickets.py [TICKETS-A-PAGE]

Sign-in: see sign_in.py.
"""

import sys
from collections.abc import Iterator

from sign_in import Guichet, Refused


def items(guichet: Guichet, path: str, **parameters: object) -> Iterator[dict]:
    """What all pages of a list hold. What comes meanwhile is never repeated and never skipped."""
    while True:
        page = guichet.call("GET", path, params=parameters).json()
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        parameters["cursor"] = page["next_cursor"]


def main(limit: str = "200") -> None:
    with Guichet() as guichet:
        for ticket in items(guichet, "/v1/tickets", requester="me", limit=limit):
            print(ticket["key"], ticket["status"]["id"], ticket["summary"], sep="\t")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        sys.exit(str(refused))
