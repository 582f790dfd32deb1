"""Follows the log live, as an auditor: one line for each event, each of them once, across broken connections and restarts.

usage: follow_events.py POSITION-FILE

The file keeps the position of the last event that was dealt with. Without it, the log is followed from its beginning. Ends by
SIGINT (Ctrl-C). Sign-in: see sign_in.py.
"""

import json
import os
import sys
import time
from collections.abc import Iterator

import requests

from sign_in import Guichet, Refused

# The server writes a comment every 15 s: a connection that is silent for longer is broken.
SILENCE_S = 40
PAUSE_S = 1


def messages(answer: requests.Response) -> Iterator[tuple[str, str]]:
    """The id and the data of each server-sent event. A message ends with an empty line; lines with a colon first are comments."""
    event_id, rest = "", b""
    data: list[str] = []
    for piece in answer.iter_content(chunk_size=None):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            name, _, value = line.rstrip(b"\r").decode().partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                event_id = value
            elif name == "data":
                data.append(value)
            elif not line.strip() and data:
                yield event_id, "\n".join(data)
                data = []


def follow(guichet: Guichet, last: str) -> Iterator[tuple[str, dict]]:
    """Events for ever. The stream ends with the access token, after 15 minutes: it is opened again where it was left."""
    while True:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Last-Event-ID": last or "0"}
        try:
            with guichet.call("GET", "/v1/events", headers=headers, stream=True, timeout=SILENCE_S) as answer:
                for position, data in messages(answer):
                    last = position
                    yield position, json.loads(data)
        except requests.RequestException as broken:
            print(f"{type(broken).__name__}: again after {last or 'the beginning'}", file=sys.stderr)
        except Refused as refused:
            if refused.status < 500 and refused.status != 429:
                raise
        time.sleep(PAUSE_S)


def remember(path: str, position: str) -> None:
    """Keeps a position: the file holds the old one or the new one, whatever happens."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(position)
    os.replace(path + ".new", path)


def main(path: str) -> None:
    try:
        with open(path, encoding="ascii") as file:
            last = file.read().strip()
    except FileNotFoundError:
        last = ""
    with Guichet() as guichet:
        for position, line in follow(guichet, last):
            event = line["event"]
            print(position, event["at"], event["stream"], event["type"], flush=True)
            # Only now: after a kill in between, the event comes again and is not lost.
            remember(path, position)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
    except Refused as refused:
        sys.exit(str(refused))
