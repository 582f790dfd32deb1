"""What libcurl 8 sends by itself: names of files with quotation marks as %22, `Expect` before a long body.

Arguments: address of the REST door, access token, key of a ticket. Prints one line for each answer: what, status, body.
"""

import io
import sys

import pycurl

api, token, key = sys.argv[1:]
ticket = f"{api}/v1/tickets/{key}"


def say(what, url, fields=(), form=(), **options):
    """Sends a request, with the parts of `form` as its body if there are any, and prints what was answered."""
    body = io.BytesIO()
    request = pycurl.Curl()
    request.setopt(pycurl.URL, url)
    request.setopt(pycurl.NOPROXY, "*")
    request.setopt(pycurl.HTTPHEADER, [f"Authorization: Bearer {token}", *fields])
    request.setopt(pycurl.WRITEDATA, body)
    for name, value in options.items():
        request.setopt(getattr(pycurl, name), value)
    with pycurl.CurlMime(request) as mime:
        for name, content, filename in form:
            mime.add(name=name, data=content, filename=filename and filename.encode())
        if form:
            request.setopt(pycurl.MIMEPOST, mime)
        request.perform()
    print(what, request.getinfo(pycurl.RESPONSE_CODE), body.getvalue().decode(), flush=True)
    request.close()


assert pycurl.version_info()[1].startswith("8."), pycurl.version
upload = f"{ticket}/attachments"
json = "Content-Type: application/json"
say("get", ticket)
say("head", ticket, NOBODY=True)
say("english", f"{api}/v1/nothing", ["Accept-Language: en"])
say("old", ticket, HTTP_VERSION=pycurl.CURL_HTTP_VERSION_1_0)
say("comment", f"{ticket}/comments", [json], POSTFIELDS='{"body":"Écrit avec curl"}'.encode())
say("upload", upload, form=[("file", b"abc", 'été "1".txt')])
say("long", upload, form=[("file", b"a" * 2 * 1024 * 1024, "long.bin")])
say("noted", upload, form=[("note", b"x", None), ("file", b"abc", "a.txt")])
lines: list[bytes] = []
say("tagged", ticket, HEADERFUNCTION=lines.append)
tag = next(line.split(b":", 1)[1].strip().decode() for line in lines if line.lower().startswith(b"etag:"))
say("unmodified", ticket, [f"If-None-Match: {tag}"])
say("matched", ticket, [json, f'If-Match: "1", {tag}'], CUSTOMREQUEST="PATCH", POSTFIELDS='{"notify":true}')
