"""Schemathesis over the whole contract, as administrator, agent and requester: each answer must be one that is declared, and each valid
request accepted, but for the reasons below. Prints counts; exit status 1 on a failure without a reason.

usage: fuzz_contract.py GUICHET SCHEMATHESIS EXAMPLES
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import xml.etree.ElementTree as ET

PASSWORD = "Guichet-demo-1"

# Why the tool is wrong: a check, and what the answer or the request shows. A schema cannot say what is meant here.
REASONS = [
    ("Schema-valid request rejected", r"'If-(None-)?Match: 0'", "the tool sends what the pattern forbids"),
    ("Schema-valid request rejected", r"\[412\]", "the version of `If-Match` is made up"),
    ("Schema-valid request rejected", r"ne désigne au", "a name or id is made up"),
    ("Schema-valid request rejected", r"dépasse l'événement le plus récent", "the position is made up"),
    ("Schema-valid request rejected", r"un lien valable", "the link is made up"),
    ("Schema-valid request rejected", r"\"pointer\":\"cursor\"", "a cursor is of a page, and opaque"),
    ("Schema-valid request rejected", r"idempotency-key-reused", "the key was sent before with another request"),
    ("Schema-valid request rejected", r"jours\"|\"/valid_to\"|\"to\"", "two days that do not belong together"),
    ("Schema-valid request rejected", r"\"pointer\":\"/(new_)?password\"|\"/confirmation\"", "passwords are measured by the server's policy"),
    ("Schema-valid request rejected", r"\"code\":\"required\"", "blanks and invisible characters fill nothing in"),
    ("Schema-valid request rejected", r"\"pointer\":\"/label\",\"code\":\"forbidden\"", "API keys are for programs"),
    ("Schema-valid request rejected", r"\"code\":\"(forbidden|value|unknown|format|length|type)\"", "the desk's form, the tree or the rules say so"),
    ("Schema-violating request accepted", r"\[412\]", "a version that is not the newest is told before anything else"),
    ("Server error", r"\[503\].*view-behind|view-behind", "a position that is made up is waited for in vain, as `at_least` says"),
    ("Server error", r"\[502\]", "there is no identity provider"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(base: str, path: str, body: object, token: str = "") -> dict:
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def sign_in(base: str, username: str) -> str:
    return call(base, "/v1/auth/token", {"username": username, "password": PASSWORD})["access_token"]


def key_of(base: str, admin: str, roles: list) -> str:
    """A program's key: what ends a sign-in ends no key."""
    username = "probe-" + "-".join(role["role"] for role in roles)
    organizations = ["commune-a"] if any(role["role"] == "requester" for role in roles) else []
    call(base, "/v1/accounts", {"kind": "service", "username": username, "name": "Probe", "roles": roles, "organizations": organizations}, admin)
    in_a_month = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 30 * 86_400))
    scopes = ["read", "write", "audit", "administer"]
    return call(base, f"/v1/accounts/{username}/keys", {"label": "Probe", "scopes": scopes, "expires_at": in_a_month}, admin)["key"]


def main(guichet: str, schemathesis: str, examples: str) -> int:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        port, soap = free_port(), free_port()
        environment = dict(
            os.environ,
            GUICHET_DATA=f"{place}/data",
            GUICHET_API_LISTEN=f"127.0.0.1:{port}",
            GUICHET_SOAP_LISTEN=f"127.0.0.1:{soap}",
            GUICHET_WRITES_PER_MINUTE="4000000000",
            GUICHET_STRANGER_BURST="100000000",
            GUICHET_ARGON2_MEMORY_KIB="8",
            GUICHET_ARGON2_ITERATIONS="1",
        )
        with open(f"{place}/server.log", "wb") as log:
            server = subprocess.Popen([guichet, "up", "--demo"], env=environment, stdout=log, stderr=log)
        try:
            return fuzz(f"http://127.0.0.1:{port}", guichet, schemathesis, examples, place)
        finally:
            server.terminate()
            server.wait()


def fuzz(base: str, guichet: str, schemathesis: str, examples: str, place: str) -> int:
    for _ in range(300):
        try:
            urllib.request.urlopen(base + "/healthz").close()
            break
        except OSError:
            time.sleep(0.1)
    contract = f"{place}/guichet.yaml"
    with open(contract, "wb") as file:
        subprocess.run([guichet, "openapi"], stdout=file, check=True)
    admin = sign_in(base, "admin")
    callers = {
        "admin": key_of(base, admin, [{"role": "admin"}]),
        "agent": key_of(base, admin, [{"role": "agent", "desk": "SUP"}]),
        "requester": key_of(base, admin, [{"role": "requester"}]),
    }
    calls = unexplained = 0
    for caller, key in callers.items():
        command = [schemathesis, "run", contract, "--url", base, "-H", f"Authorization: Bearer {key}", "--max-examples", examples]
        # The live stream does not end by itself, and deliveries are the courier's.
        command += ["--workers", "2", "--continue-on-failure", "--exclude-path-regex", "deliveries|/events$", "--no-color"]
        said = subprocess.run(command, capture_output=True, text=True, cwd=place, check=False).stdout
        made = re.search(r"(\d+) generated", said)
        calls += int(made[1]) if made else 0
        explained: dict[str, int] = {}
        for check, words in re.findall(r"^- ST\d+ ([^\n]*)\n(.*?)(?=^- ST|^___|^===)", said, re.M | re.S):
            reason = next((why for of, pattern, why in REASONS if of == check and re.search(pattern, words)), None)
            if reason is None:
                unexplained += 1
                print(f"{caller}: {check}\n{words}")
            else:
                explained[reason] = explained.get(reason, 0) + 1
        print(f"{caller}: {made[1] if made else 'no'} calls; explained: {json.dumps(explained, ensure_ascii=False)}")
    print(f"fuzz: {calls} calls, {unexplained} failures without a reason")
    return 1 if unexplained or calls == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
