"""What Python's requests, and requests-toolbelt on top of it, send by themselves.

Arguments: address of the REST door, access token, key of a ticket. Prints one JSON object: what, status and answer of each.
"""

import io
import json
import sys

import requests
from requests_toolbelt import MultipartEncoder

api, token, key = sys.argv[1:]
ticket = f"{api}/v1/tickets/{key}"
said = {}

with requests.Session() as session:
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {token}"

    def say(what, answer):
        is_json = "json" in answer.headers.get("content-type", "") and answer.content
        said[what] = {"status": answer.status_code, "answer": answer.json() if is_json else answer.text,
                      "headers": {name.lower(): value for name, value in answer.headers.items()}}
        return answer

    say("get", session.get(ticket))
    say("head", session.head(ticket))
    upload = f"{ticket}/attachments"
    made = say("upload", session.post(upload, files={"file": ("été \".txt", b"abc")}))
    say("typed", session.post(upload, files={"file": ("a.png", io.BytesIO(b"abc"), "image/png", {"Content-Length": "7"})}))
    say("fields first", session.post(upload, data={"note": "x"}, files={"file": ("b.txt", b"abc")}))
    say("two files", session.post(upload, files=[("file", ("1.txt", b"1")), ("file", ("2.txt", b"2"))]))
    form = MultipartEncoder({"file": ("œuvre.txt", io.BytesIO(b"abcd"), "text/plain")})
    say("streamed", session.post(upload, data=form, headers={"Content-Type": form.content_type}))
    say("download", session.get(f"{upload}/{made.json()['id']}"))
    pieces = (piece for piece in [b'{"body":', b'"Par morceaux"}'])
    say("chunked", session.post(f"{ticket}/comments", data=pieces, headers={"Content-Type": "application/json"}))
    say("english", session.get(f"{api}/v1/nothing", headers={"Accept-Language": "en-GB,en;q=0.9,fr;q=0.2"}))
    say("encoded name", session.get(f"{api}/v1/me", headers={"Guichet-On-Behalf-Of": "hélène".encode("latin-1")}))

json.dump(said, sys.stdout)
