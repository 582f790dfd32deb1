"""Runs the commands of a document and compares what they print with what the document says.

usage: run_document.py GUICHET_BIN DOCUMENT.md [SECTION]

All blocks of the language `sh` are run in their order, in one bash (set -euo pipefail), in an empty directory, with `guichet` on
PATH. A block of the language `text` or `json` after one of them is what it prints, both streams together: `…` stands for anything,
and in `json` line breaks and indentation count for nothing. A refusal of the server that the document does not show is a failure.

The ports 8080 and 8081 of a document stand for free ones. With SECTION, the title of one section, only that one is run, against a
server with the demo world. Exit status 1 when a command fails or prints something else, 2 when the arguments cannot be used.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from server import DemoServer, environment

# How long one document may take, s.
WAIT_S = 300
# How long what a document left running may take to end, s.
STOP_S = 30
# What every refusal of the server contains, with its code.
REFUSAL = re.compile(r'"type":"/docs/errors/([a-z-]+)"')


class WrongDocument(Exception):
    """What is wrong, in words for whoever wrote the document."""


@dataclass
class Block:
    """Commands, the line they begin on, and what they are said to print."""

    line: int
    commands: str
    language: str = ""
    answer: str = ""


def blocks(text: str, section: str) -> list[Block]:
    """The blocks of a document, or of one section of it."""
    found: list[Block] = []
    fence, language, begun, lines = "", "", 0, []
    level, within = 0, not section
    last_is_commands = False
    for number, line in enumerate(text.splitlines(), 1):
        mark = re.match(r"(`{3,})(\w*)\s*$", line)
        if fence:
            if mark is None or mark[1] != fence or mark[2]:
                lines.append(line)
                continue
            content, fence = "\n".join(lines), ""
            if not within:
                continue
            if language == "sh":
                found.append(Block(begun, content))
            elif language in ("text", "json"):
                if not last_is_commands:
                    raise WrongDocument(f"line {begun}: an answer without commands before it")
                found[-1].language, found[-1].answer = language, content
            last_is_commands = language == "sh"
        elif mark:
            fence, language, begun, lines = mark[1], mark[2], number, []
        elif title := re.match(r"(#+) +(.*?) *$", line):
            if section and title[2] == section:
                within, level = True, len(title[1])
            elif section and len(title[1]) <= level:
                within = False
    if not found:
        raise WrongDocument("there is nothing to run" + (f" in the section {section!r}" if section else ""))
    return found


def is_printed(block: Block, printed: str) -> bool:
    """Whether what was printed is what the document says."""
    if block.language == "json":
        said = "".join(line.strip() for line in block.answer.splitlines())
        printed = "".join(line.strip() for line in printed.splitlines())
    else:
        said = "\n".join(line.rstrip() for line in block.answer.splitlines()).strip()
        printed = "\n".join(line.rstrip() for line in printed.splitlines()).strip()
    pattern = ".*".join(re.escape(part) for part in said.split("…"))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def complaint(block: Block, printed: str) -> str:
    """What is wrong with what a block printed; empty when nothing is."""
    if block.answer and not is_printed(block, printed):
        return f"it prints something else than the document says\n--- said\n{block.answer}\n--- printed\n{printed}"
    for code in REFUSAL.findall(printed):
        if f'{code}"' not in block.answer:
            return f"the server refuses something ({code})\n--- printed\n{printed}"
    return ""


def free_ports() -> tuple[int, int]:
    """Two ports that were free a moment ago."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def run(guichet: str, found: list[Block], doors: tuple[str, str]) -> None:
    """Runs the blocks; whatever they have started has ended afterwards."""
    for block in found:
        for door, own in zip(("127.0.0.1:8080", "127.0.0.1:8081"), doors):
            block.commands, block.answer = block.commands.replace(door, own), block.answer.replace(door, own)
    with tempfile.TemporaryDirectory(prefix="guichet-document-") as place:
        programs, work, aside = (os.path.join(place, name) for name in ("bin", "work", "aside"))
        for directory in (programs, work, aside):
            os.mkdir(directory)
        os.symlink(guichet, os.path.join(programs, "guichet"))
        script = ["set -euo pipefail"]
        for index, block in enumerate(found):
            with open(os.path.join(aside, f"{index}.sh"), "w", encoding="utf-8") as file:
                file.write(block.commands + "\n")
            script += [f"echo {index} > '{aside}/now'", f". '{aside}/{index}.sh' > '{aside}/{index}.out' 2>&1"]
        own = environment(HOME=work, GUICHET_API_LISTEN=doors[0], GUICHET_SOAP_LISTEN=doors[1])
        own["PATH"] = programs + os.pathsep + own["PATH"]
        shell = subprocess.Popen(
            ["bash", "--norc", "-c", "\n".join(script)],
            cwd=work, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )
        try:
            try:
                # Standard error closes with the shell's end: what a block started has its own.
                said = shell.communicate(timeout=WAIT_S)[1]
            except subprocess.TimeoutExpired:
                said = f"it did not end within {WAIT_S} s"
        finally:
            end_all(shell)
        judge(found, aside, shell.returncode, said)


def end_all(shell: subprocess.Popen) -> None:
    """Ends the shell and all that it has started, which is one process group."""
    for name in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_S
        try:
            os.killpg(shell.pid, name)
            while time.monotonic() < deadline:
                shell.poll()
                os.killpg(shell.pid, 0)
                time.sleep(0.02)
        except ProcessLookupError:
            return


def judge(found: list[Block], aside: str, status: int, said: str) -> None:
    """Says of each block that was run whether it did what the document says."""

    def content(name: str) -> str:
        try:
            with open(os.path.join(aside, name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    last = int(content("now") or 0)
    for index, block in enumerate(found[: last + 1]):
        printed = content(f"{index}.out")
        ended = index < last or status == 0
        wrong = complaint(block, printed) if ended else f"a command fails (exit status {status}) {said}\n--- printed\n{printed}"
        if wrong:
            raise WrongDocument(f"line {block.line}: {wrong}\n--- commands\n{block.commands}")


def main(guichet: str, document: str, section: str = "") -> int:
    guichet = os.path.abspath(guichet)
    name = os.path.basename(document)
    try:
        with open(document, encoding="utf-8") as file:
            found = blocks(file.read(), section)
        if section:
            with DemoServer(guichet) as server:
                run(guichet, found, (server.api.removeprefix("http://"), server.soap.removeprefix("http://")))
        else:
            api, soap = free_ports()
            run(guichet, found, (f"127.0.0.1:{api}", f"127.0.0.1:{soap}"))
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    except WrongDocument as wrong:
        print(f"{name}: {wrong}", file=sys.stderr)
        return 1
    compared = sum(1 for block in found if block.answer)
    print(f"{name}: {len(found)} blocks run, {compared} answers compared")
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
