"""Schemathesis over the whole contract, as administrator, agent, requester, courier and as persons who have signed in: each answer must
be one that is declared, and each valid request accepted, but for the reasons below. Prints counts, and which operations were answered
with 2xx; exit status 1 on a failure without a reason.

usage: fuzz_contract.py GUICHET SCHEMATHESIS EXAMPLES
"""

import base64
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import yaml

PASSWORD = "Guichet-demo-1"
COURIER_KEY = "fuzzed-courier-key-fuzzed-courier-key"
# One pixel.
PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
# What only a person does, with an access token; and what ends that sign-in, which others do.
OF_PERSONS = "^/v1/(me|auth)"
ENDING = "delete_token|delete_sign_ins|delete_sign_in|change_password"

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
            GUICHET_SELF_SIGN_UP="true",
            GUICHET_COURIER_KEY=COURIER_KEY,
            GUICHET_RECORD_ANSWERS=f"{place}/answers",
        )
        os.mkdir(f"{place}/answers")
        with open(f"{place}/server.log", "wb") as log:
            server = subprocess.Popen([guichet, "up", "--demo"], env=environment, stdout=log, stderr=log)
        try:
            return fuzz(f"http://127.0.0.1:{port}", guichet, schemathesis, examples, place)
        finally:
            server.terminate()
            server.wait()


def fill(base: str) -> None:
    """What the examples of the contract name is there: `SUP-12`, which is resolved, and pictures of those who are listed."""
    requester = sign_in(base, "requester-1")
    for number in range(12):
        ticket = {"desk": "SUP", "type": "question", "summary": f"Ticket {number + 1}", "description": "To be asked about."}
        call(base, "/v1/tickets", ticket, requester)
    call(base, "/v1/tickets/SUP-12/transitions", {"action": "resolve"}, sign_in(base, "agent"))
    for name in ["admin", "agent", "auditor", "requester-1", "requester-2"]:
        headers = {"content-type": "image/png", "authorization": f"Bearer {sign_in(base, name)}"}
        urllib.request.urlopen(urllib.request.Request(base + "/v1/me/avatar", PICTURE, headers, method="PUT")).close()


def run(caller: str, command: list[str], place: str) -> tuple[int, int]:
    """One run; how many calls it made, and how many failures have no reason."""
    unexplained = 0
    command = [*command, "--workers", "2", "--continue-on-failure", "--no-color"]
    said = subprocess.run(command, capture_output=True, text=True, cwd=place, check=False).stdout
    made = re.search(r"(\d+) generated", said)
    explained: dict[str, int] = {}
    for check, words in re.findall(r"^- ST\d+ ([^\n]*)\n(.*?)(?=^- ST|^___|^===)", said, re.M | re.S):
        reason = next((why for of, pattern, why in REASONS if of == check and re.search(pattern, words)), None)
        if reason is None:
            unexplained += 1
            print(f"{caller}: {check}\n{words}")
        else:
            explained[reason] = explained.get(reason, 0) + 1
    if made is None:
        print(said[-2000:])
    print(f"{caller}: {made[1] if made else 'no'} calls; explained: {json.dumps(explained, ensure_ascii=False)}", flush=True)
    return int(made[1]) if made else 0, unexplained


def told_reached(contract: str, answers: str) -> None:
    """Which operations were answered with 2xx, as the server has recorded."""
    with open(contract) as file:
        paths = yaml.safe_load(file)["paths"]
    operations = {
        (method.upper(), path): operation["operationId"]
        for path, item in paths.items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    reached = set()
    for name in os.listdir(answers):
        with open(f"{answers}/{name}") as file:
            for line in file:
                method, path, status = line.split("\t")[:3]
                if status.startswith("2") and (method, path) in operations:
                    reached.add(operations[method, path])
    missed = sorted(set(operations.values()) - reached)
    print(f"fuzz: {len(reached)} of {len(operations)} operations answered with 2xx; not {', '.join(missed)}")


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
    fill(base)
    # Persons first and the administrator last, who may disable any of the others.
    runs = [("requester-2", ["--include-path-regex", OF_PERSONS, "--exclude-operation-id-regex", f"^({ENDING})$"])]
    for name, operations in [("requester-3", "list_sign_ins|delete_sign_in"), ("teacher", "delete_token"), ("referent", "delete_sign_ins|change_password")]:
        runs.append((name, ["--include-operation-id-regex", f"^({operations})$"]))
    for name, roles in [
        ("requester", [{"role": "requester"}]),
        ("agent", [{"role": "agent", "desk": "SUP"}]),
        ("admin", [{"role": "admin"}]),
    ]:
        runs.append((name, ["-H", f"Authorization: Bearer {key_of(base, admin, roles)}", "--exclude-path-regex", "deliveries"]))
    # When there is mail: a list that is empty may be waited for.
    runs.append(("courier", ["-H", f"Guichet-Service-Key: {COURIER_KEY}", "--include-path-regex", "deliveries"]))
    calls = unexplained = 0
    for caller, arguments in runs:
        if "-H" not in arguments:
            # Just before: an access token holds for 15 minutes.
            arguments = ["-H", f"Authorization: Bearer {sign_in(base, caller)}", *arguments]
        made, faults = run(caller, [schemathesis, "run", contract, "--url", base, "--max-examples", examples, *arguments], place)
        calls, unexplained = calls + made, unexplained + faults
    told_reached(contract, f"{place}/answers")
    print(f"fuzz: {calls} calls, {unexplained} failures without a reason")
    return 1 if unexplained or calls == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
