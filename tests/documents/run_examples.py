"""Runs the programs of `examples/curl` and `examples/python` against a server with the demo world, and asserts what they do.

usage: run_examples.py GUICHET_BIN

Between some of them and the server stands a proxy that loses an answer, answers 503 once, or cuts a stream. Exit status 1 when a
program does something else than it says.
"""

import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from server import DemoServer, environment

PASSWORD = "Guichet-demo-1"
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
# How long one program may take, s.
WAIT_S = 60
# A proxy that cuts a stream does so after as many messages.
CUT_AFTER = 3


class Handler(http.server.BaseHTTPRequestHandler):
    """Forwards to `upstream`; a request of `faults` (method and path) is treated as its next fault says."""

    protocol_version = "HTTP/1.1"
    upstream = ""
    faults: dict
    seen: list

    def log_message(self, *_: object) -> None:
        pass

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = self.path.partition("?")[0]
        planned = self.faults.get((self.command, path), [])
        fault = planned.pop(0) if planned else ""
        self.seen.append((self.command, path, fault, self.headers.get("idempotency-key"), self.headers.get("last-event-id")))
        if fault == "unavailable":
            self.send_response(503)
            self.send_header("retry-after", "1")
            self.send_header("content-length", "0")
            self.end_headers()
            return
        upstream = http.client.HTTPConnection(self.upstream, timeout=WAIT_S)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            if fault == "lost":
                answer.read()
                self.close_connection = True
                return
            self.pass_on(answer, fault)
        except (ConnectionError, http.client.HTTPException):
            # The client or the server has gone.
            self.close_connection = True
        finally:
            upstream.close()

    def pass_on(self, answer: http.client.HTTPResponse, fault: str) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date"):
                self.send_header(name, value)
        if not answer.chunked:
            self.end_headers()
            self.wfile.write(answer.read())
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        messages = 0
        while piece := answer.read1(65_536) if fault != "cut" else answer.readline():
            messages += piece.startswith(b"id:")
            if messages > CUT_AFTER:
                self.close_connection = True
                return
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_any


class Proxy:
    """A proxy on a free port; for `with`."""

    def __init__(self, api: str, faults: dict) -> None:
        self.seen: list = []
        own = type("Own", (Handler,), {"upstream": api.removeprefix("http://"), "faults": faults, "seen": self.seen})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), own)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class Trial:
    """The server, the directory that programs run in, and what is asked beside them."""

    def __init__(self, api: str, directory: str) -> None:
        self.api = api
        self.directory = directory
        self.tokens: dict = {}
        with open(os.path.join(directory, "password"), "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")

    def command(self, program: str, user: str, url: str = "") -> tuple:
        path = os.path.join(EXAMPLES, program)
        start = [sys.executable, path] if program.endswith(".py") else [path]
        own = environment(GUICHET_URL=url or self.api, GUICHET_USER=user, GUICHET_PASSWORD_FILE=os.path.join(self.directory, "password"))
        return start, own

    def run(self, program: str, user: str, *arguments: str, url: str = "", status: int = 0) -> str:
        """What a program prints; it has to end with this status."""
        start, own = self.command(program, user, url)
        done = subprocess.run(
            [*start, *arguments], env=own, cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S,
            check=False,
        )
        expect(done.returncode == status, f"{program} ended with {done.returncode}: {done.stdout}{done.stderr}")
        self.errors = done.stderr
        expect(PASSWORD not in done.stdout + done.stderr, f"{program} prints the password")
        return done.stdout

    def ask(self, user: str, method: str, path: str, body: object = None) -> dict:
        """An answer of the server itself."""
        if user not in self.tokens:
            self.tokens[user] = ""
            self.tokens[user] = self.ask(user, "POST", "/v1/auth/token", {"username": user, "password": PASSWORD})["access_token"]
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.tokens[user]}"}
        if not self.tokens[user]:
            del headers["authorization"]
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.api + path, data, headers, method=method), timeout=WAIT_S) as answer:
            return json.load(answer)

    def open_ticket(self, summary: str) -> str:
        ticket = {"desk": "SUP", "type": "question", "summary": summary, "description": "…"}
        return self.ask("requester-1", "POST", "/v1/tickets", ticket)["key"]


def expect(holds: bool, otherwise: str) -> None:
    """Like `assert`, whatever Python is told to leave out."""
    if not holds:
        raise AssertionError(otherwise)


def expect_same(found: object, said: object) -> None:
    expect(found == said, f"{found!r}, not {said!r}")


def signs_in(trial: Trial, program: str) -> None:
    role = " (requester)" if program.endswith(".py") else ""
    said = trial.run(program, "requester-1")
    expect_same(said, f"signed in as requester-1{role}\nrefreshed, still requester-1\nsigned out\n")
    expect_same(trial.run(program, "nobody", status=1), "")
    expect("wrong-credentials" in trial.errors, trial.errors)


def opens_once(trial: Trial, program: str) -> None:
    name, summary, text = f"order-{program}", f"Ticket of {program}, “once”", "Two\nlines and a \\ and \"quotes\"."
    with Proxy(trial.api, {("POST", "/v1/tickets"): ["lost", "unavailable"]}) as proxy:
        key = trial.run(program, "requester-1", name, summary, text, url=proxy.url).strip()
        sent = [(fault, own) for _, path, fault, own, _ in proxy.seen if path == "/v1/tickets"]
        expect_same(sent, [("lost", name), ("unavailable", name), ("", name)])
    expect_same(trial.errors.count("again in 1 s"), 2)
    expect_same(trial.run(program, "requester-1", name, summary, text).strip(), key)
    ticket = trial.ask("requester-1", "GET", f"/v1/tickets/{key}")
    expect_same((ticket["summary"], ticket["description"]), (summary, text))
    mine = trial.ask("requester-1", "GET", "/v1/tickets?limit=200")["items"]
    expect_same([row["key"] for row in mine if row["summary"] == summary], [key])
    trial.run(program, "requester-1", name, "Other words", text, status=1)
    expect("idempotency-key-reused" in trial.errors, trial.errors)


def lists_all(trial: Trial, program: str) -> None:
    expect_same(trial.run(program, "requester-2"), "")
    trial.open_ticket("{braces} 100 %s")
    mine = trial.ask("requester-1", "GET", "/v1/tickets?requester=me&limit=200")["items"]
    expect(len(mine) > 4, "there are too few tickets to turn a page")
    lines = "".join(f"{row['key']}\t{row['status']['id']}\t{row['summary']}\n" for row in mine)
    with Proxy(trial.api, {}) as proxy:
        expect_same(trial.run(program, "requester-1", "2", url=proxy.url), lines)
        expect_same(sum(path == "/v1/tickets" for _, path, *_ in proxy.seen), -(-len(mine) // 2))
    expect_same(trial.run(program, "requester-1"), lines)


def changes_what_it_saw(trial: Trial, program: str) -> None:
    key = trial.open_ticket("To be changed")
    expect_same(trial.run(program, "agent", key, "high"), f"{key}: priority high, version 2\n")
    expect_same(trial.errors, "")
    # A comment meanwhile does not matter.
    trial.ask("requester-1", "POST", f"/v1/tickets/{key}/comments", {"body": "Still."})
    expect_same(trial.run(program, "agent", key, "low", "2"), f"{key}: priority low, version 4\n")
    expect(trial.errors.startswith("since version 2:\n  ") and trial.errors.count("\n") == 2, trial.errors)
    # Another priority does.
    expect_same(trial.run(program, "agent", key, "critical", "3", status=3), "")
    expect_same(trial.ask("agent", "GET", f"/v1/tickets/{key}")["priority"], "low")
    expect_same(trial.run(program, "agent", key, "no-such-priority", status=1), "")
    expect("invalid" in trial.errors, trial.errors)


def attaches(trial: Trial, program: str) -> None:
    key = trial.open_ticket("With a file")
    name, copy = 'été "1"; 2,3.bin', f"copy of {os.path.basename(program)}"
    content = os.urandom(3 * 1024 * 1024 + 1)
    with open(os.path.join(trial.directory, name), "wb") as file:
        file.write(content)
    said = trial.run(program, "requester-1", key, name, copy)
    files = trial.ask("requester-1", "GET", f"/v1/tickets/{key}/attachments")["items"]
    expect_same([file["size"] for file in files], [len(content)])
    expect_same(said, f"{files[0]['id']} {name}, {len(content)} bytes, application/octet-stream\n{copy}: OK\n")
    with open(os.path.join(trial.directory, copy), "rb") as file:
        expect(file.read() == content, "the copy is another file")


def follows(trial: Trial, program: str) -> None:
    """Each event once and in its order, over a stream that is cut, a killed program and events in between."""
    with Proxy(trial.api, {("GET", "/v1/events"): ["cut"]}) as proxy:
        positions: list = []
        for _ in range(2):
            key = trial.open_ticket("To be followed")
            opened = trial.ask("auditor", "GET", "/readyz")["log"]["head"]
            start, own = trial.command(program, "auditor", proxy.url)
            process = subprocess.Popen(
                [*start, "position"], env=own, cwd=trial.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
            )
            watch = threading.Timer(WAIT_S, process.kill)
            watch.start()
            try:
                for line in process.stdout:
                    position, _, stream, event = line.split()
                    positions.append(int(position))
                    if int(position) == opened:
                        expect_same((stream, event), (key, "ticket-opened.v1"))
                        # What happens while it listens comes by itself.
                        head = trial.ask("requester-1", "POST", f"/v1/tickets/{key}/comments", {"body": "Live."})["position"]
                    if event == "ticket-commented.v1" and stream == key:
                        break
                wait_for(os.path.join(trial.directory, "position"), str(positions[-1]))
            finally:
                watch.cancel()
                process.send_signal(signal.SIGINT)
                process.stdout.close()
                expect_same(process.wait(WAIT_S), 0)
        expect_same(positions, list(range(1, head + 1)))
        resumed = [own for _, path, _, _, own in proxy.seen if path == "/v1/events"]
        expect_same(resumed[:2], ["0", str(CUT_AFTER)])
        expect_same(len(resumed), 3)


def wait_for(path: str, content: str) -> None:
    """Until a file holds this."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            with open(path, encoding="ascii") as file:
                if file.read() == content:
                    return
        except FileNotFoundError:
            pass
        expect(time.monotonic() < deadline, f"{path} does not come to hold {content}")
        time.sleep(0.02)


TRIALS = {
    "curl/sign-in.sh": signs_in,
    "curl/open-ticket.sh": opens_once,
    "curl/list-my-tickets.sh": lists_all,
    "curl/change-ticket.sh": changes_what_it_saw,
    "curl/attach-file.sh": attaches,
    "python/sign_in.py": signs_in,
    "python/open_ticket.py": opens_once,
    "python/list_my_tickets.py": lists_all,
    "python/change_ticket.py": changes_what_it_saw,
    "python/attach_file.py": attaches,
    "python/follow_events.py": follows,
}


def main(guichet: str) -> int:
    lying = [(kind, name) for kind in ("curl", "python") for name in os.listdir(os.path.join(EXAMPLES, kind))]
    expect_same(sorted(f"{kind}/{name}" for kind, name in lying if name.endswith((".sh", ".py"))), sorted(TRIALS))
    with open(os.path.join(EXAMPLES, "README.md"), encoding="utf-8") as file:
        table = file.read()
    for program in TRIALS:
        expect(f"]({program})" in table, f"examples/README.md does not list {program}")
    failed = 0
    with DemoServer(os.path.abspath(guichet)) as server, tempfile.TemporaryDirectory(prefix="guichet-examples-") as directory:
        trial = Trial(server.api, directory)
        for number in range(5):
            trial.open_ticket(f"Ticket {number}")
        for program, does in TRIALS.items():
            try:
                does(trial, program)
                for user in trial.tokens:
                    expect_same((user, len(trial.ask(user, "GET", "/v1/me/sign-ins")["items"])), (user, 1))
            except (AssertionError, OSError, subprocess.TimeoutExpired) as wrong:
                failed += 1
                print(f"{program}: {type(wrong).__name__}: {wrong}", file=sys.stderr)
            else:
                print(f"{program}: {does.__name__.replace('_', ' ')}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
