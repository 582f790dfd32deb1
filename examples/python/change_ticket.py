"""Changes the priority of a ticket, unless somebody else has changed it meanwhile.

usage: change_ticket.py KEY PRIORITY [VERSION]

VERSION is the one that the person saw who decides; the present one unless given. Exit status 3: somebody else was faster.
Sign-in: see sign_in.py.
"""

import sys

from sign_in import Guichet, Refused


class Overtaken(Exception):
    """Somebody else has changed the same: a person has to look again."""


def change(guichet: Guichet, key: str, changes: dict, version: int) -> dict:
    """Changes a ticket of this version, or of a later one where none of these members was changed."""
    while True:
        try:
            return guichet.call("PATCH", f"/v1/tickets/{key}", json=changes, headers={"If-Match": f'"{version}"'}).json()
        except Refused as refused:
            if refused.status != 412:
                raise
            missed = refused.problem["missed"]
            is_whole = not refused.problem.get("next_cursor")
        print(f"since version {version}:", file=sys.stderr)
        for entry in missed:
            print(f"  {entry['text']}", file=sys.stderr)
        changed = {change["field"] for entry in missed for change in entry["changes"]}
        if not is_whole or changed & changes.keys():
            raise Overtaken
        version = missed[-1]["version"]


def main(key: str, priority: str, version: str = "") -> None:
    with Guichet() as guichet:
        seen = int(version) if version else guichet.call("GET", f"/v1/tickets/{key}").json()["version"]
        ticket = change(guichet, key, {"priority": priority}, seen)
        print(f"{ticket['key']}: priority {ticket['priority']}, version {ticket['version']}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Overtaken:
        print("look at the ticket again, and decide again", file=sys.stderr)
        sys.exit(3)
    except Refused as refused:
        sys.exit(str(refused))
