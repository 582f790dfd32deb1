"""A server under way for the documents and the examples: its process, its two doors, and the directory that goes away with it."""

import os
import queue
import subprocess
import tempfile
import threading
import time

# How long a server may take to listen and to stop, s. Far more than it takes: a busy machine is no failure.
START_S = 60
STOP_S = 30

# What a shell may take over from whoever runs the tests: no setting of Guichet, no proxy, no configuration of curl.
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


def environment(**more: str) -> dict:
    """The environment of what is tried: little, and the same everywhere."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {"LANG": "C.UTF-8", "NO_PROXY": "*", "no_proxy": "*", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", **kept, **more}


class DemoServer:
    """`guichet up --demo` on free ports, in a directory of its own; for `with`."""

    def __init__(self, guichet: str, **settings: str) -> None:
        self.guichet = guichet
        self.settings = settings
        self.api = self.soap = ""

    def __enter__(self) -> "DemoServer":
        self.directory = tempfile.TemporaryDirectory(prefix="guichet-")
        self.log = os.path.join(self.directory.name, "stderr")
        own = environment(
            GUICHET_DATA=os.path.join(self.directory.name, "data"),
            GUICHET_API_LISTEN="127.0.0.1:0",
            GUICHET_SOAP_LISTEN="127.0.0.1:0",
            **self.settings,
        )
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.guichet, "up", "--demo"], env=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            )
        lines: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        deadline = time.monotonic() + START_S
        while not (self.api and self.soap):
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            door, listens, url = (line or "").rstrip().partition(" listening on ")
            if not listens:
                self.__exit__()
                raise RuntimeError(f"the server does not listen; it printed {line!r}")
            setattr(self, door, url)
        return self

    def _read(self, lines: queue.Queue) -> None:
        for line in self.process.stdout:
            lines.put(line)
        lines.put(None)

    def __exit__(self, *_: object) -> None:
        stop(self.process)
        self.directory.cleanup()


def stop(process: subprocess.Popen) -> None:
    """Ends a process as an operator does, and by force when it does not obey."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
