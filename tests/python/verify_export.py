"""Verifies an export of the log or an evidence bundle, from docs/audit-format.md alone.

    verify_export.py export FILE [--key VKEY] [--checkpoint FILE]...
    verify_export.py bundle FILE [--key VKEY]

Prints `ok ...` and exits with 0, or `position P: <what is wrong>` and exits with 1; 2 when called wrongly.
Needs the package `cryptography`. An export is read line by line; of each event its 16-byte id is kept.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import json
import re
import sys
import uuid

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
HEX_32 = re.compile(r"[0-9a-f]{64}")
STREAM = re.compile(r"[A-Za-z0-9._-]{1,120}")
CHANNELS = {"rest", "soap", "courier", "timer", "admin"}
CLOCK_BEHIND_MAX = datetime.timedelta(seconds=5)


class Fault(Exception):
    def __str__(self):
        return f"position {self.args[0]}: {self.args[1]}"


def need(holds, position, what):
    if not holds:
        raise Fault(position, what)


def once(pairs):
    found = dict(pairs)
    # A member that stands twice is told by one more, which no list of known members has.
    return found if len(found) == len(pairs) else found | {None: None}


def refuse(constant):
    raise ValueError(constant)


def parse(text, position, what):
    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Fault(position, f"{what} is not JSON: {error}")


def members(value, required, optional=()):
    return isinstance(value, dict) and set(required) <= value.keys() <= set(required) | set(optional)


def matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def unbase64(text, length, position, what, padded=True):
    try:
        given = text if padded else text + "=" * (-len(text) % 4)
        decoded = base64.b64decode(given, validate=True)
        canonical = base64.b64encode(decoded).decode()
        if (canonical if padded else canonical.rstrip("=")) != text:
            raise ValueError
    except (ValueError, TypeError):
        raise Fault(position, f"{what} is not base64")
    need(length in (None, len(decoded)), position, f"{what} has {len(decoded)} bytes, not {length}")
    return decoded


def envelope(stored, position):
    event = parse(stored, position, "the event")
    optional = ("occurred_at", "sent_at", "on_behalf_of", "causation_id")
    required = ("id", "stream", "version", "type", "at", "by", "channel", "command_id", "command_digest", "correlation_id", "data")
    need(members(event, required, optional), position, "the event has not the members of an envelope")
    for name in ("id", "by", "command_id", "correlation_id", "on_behalf_of", "causation_id"):
        need(name not in event or matches(UUID, event[name]), position, f"`{name}` is not a UUID")
    for name in ("at", "occurred_at", "sent_at"):
        need(name not in event or matches(TIME, event[name]), position, f"`{name}` is not a time in UTC with microseconds")
    need(matches(STREAM, event["stream"]), position, "`stream` is not the name of a stream")
    need(type(event["version"]) is int and event["version"] >= 1, position, "`version` is not a number from 1")
    need(isinstance(event["type"], str) and event["type"], position, "`type` is not a text")
    need(isinstance(event["channel"], str) and event["channel"] in CHANNELS, position, "`channel` is not one")
    need(matches(HEX_32, event["command_digest"]), position, "`command_digest` is not 64 hexadecimal digits")
    return event


def leaf_hash(stored):
    return hashlib.sha256(b"\0" + stored).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, leaf):
        size, self.size = self.size, self.size + 1
        while size & 1:
            leaf, size = node_hash(self.peaks.pop(), leaf), size >> 1
        self.peaks.append(leaf)

    def root(self):
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            root = node_hash(left, root)
        return root


def root_of_path(leaf, index, size, path):
    """The root that an inclusion proof leads to, or None (RFC 9162, 2.1.3.2)."""
    at, last, root = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(beside, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, beside)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def is_origin(text):
    return isinstance(text, str) and 1 <= len(text.encode()) <= 200 and not re.search(r"[\s+\x00-\x1f\x7f-\x9f]", text)


class Key:
    def __init__(self, text, position):
        parts = text.split("+", 2) if isinstance(text, str) else []
        need(len(parts) == 3 and is_origin(parts[0]), position, "a verifier key has the form name+id+key")
        self.text, self.name = text, parts[0]
        public = unbase64(parts[2], 33, position, "the verifier key")
        need(public[0] == 1, position, "the verifier key is not for Ed25519")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + public).digest()[:4]
        need(self.id.hex() == parts[1], position, "the id of the verifier key is not its own")
        self.public = Ed25519PublicKey.from_public_bytes(public[1:])

    def signed(self, message, signature):
        try:
            return self.public.verify(signature, message) is None
        except (InvalidSignature, ValueError):
            return False


class Checkpoint:
    def __init__(self, note, position):
        is_note = isinstance(note, str) and len(note.encode("utf-8", "surrogatepass")) <= 65536
        need(is_note and not re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]", note), position, "the checkpoint is not a note")
        text, blank, lines = note.rpartition("\n\n")
        need(blank and text and lines.endswith("\n"), position, "the checkpoint is not a text, an empty line and signatures")
        self.text = text + "\n"
        parts = text.split("\n")
        need(len(parts) >= 3 and all(parts) and is_origin(parts[0]), position, "the checkpoint is not origin, size and root")
        need(re.fullmatch(r"0|[1-9][0-9]{0,19}", parts[1]), position, "the size of the checkpoint is not a number")
        self.origin, self.size = parts[0], int(parts[1])
        self.root = unbase64(parts[2], 32, position, "the root of the checkpoint")
        self.signatures = []
        for line in lines[:-1].split("\n"):
            parts = re.fullmatch("\u2014 ([^\\s+]+) (\\S+)", line)
            need(parts and len(self.signatures) < 64, position, "a signature line of the checkpoint is not one")
            signature = unbase64(parts[2], None, position, "a signature of the checkpoint")
            need(len(signature) > 4, position, "a signature of the checkpoint is too short")
            self.signatures.append((parts[1], signature[:4], signature[4:]))

    def check_signed(self, key, position):
        own = [signature for name, key_id, signature in self.signatures if (name, key_id) == (key.name, key.id)]
        need(own, position, f"the checkpoint is not signed by {key.text}, the newest key at its size")
        need(all(key.signed(self.text.encode(), signature) for signature in own), position, "the signature of the checkpoint is false")


class Keys:
    """What the log says of its origin and its keys."""

    def __init__(self):
        self.origin, self.enrolled = None, []

    def take(self, event, position):
        data = event["data"]
        if event["type"] == "log-epoch-begun.v1":
            need(members(data, ("epoch", "origin"), ("before", "reason")) and type(data["epoch"]) is int, position, "the epoch has not the members of one")
            need(is_origin(data["origin"]), position, "the origin of the epoch is not one")
            self.origin = data["origin"]
        elif event["type"] == "log-key-enrolled.v1":
            need(members(data, ("key",), ("endorsement",)), position, "the enrolled key has not the members of one")
            key = Key(data["key"], position)
            need(key.name == self.origin, position, f"the key is named {key.name}, but the log {self.origin}")
            word = data.get("endorsement")
            if word is not None:
                need(members(word, ("by", "signature")) and self.enrolled, position, "the endorsement is not one")
                before = self.enrolled[-1][1]
                signature = unbase64(word["signature"], 64, position, "the endorsement")
                message = f"guichet/endorse/1\n{key.name}\n{key.text}\n".encode()
                need(word["by"] == before.text and before.signed(message, signature), position, "the endorsement is not by the key before")
            self.enrolled.append((position, key, word is not None))
        else:
            raise Fault(position, f"{event['type']} is no event of the stream `log`")

    def check(self, checkpoint, position):
        need(checkpoint.origin == self.origin, position,
             f"the checkpoint of size {checkpoint.size} names {checkpoint.origin}, but the log was {self.origin} at that size")
        need(self.enrolled, position, "no key is enrolled")
        checkpoint.check_signed(self.enrolled[-1][1], position)

    def believe(self, pinned):
        """Whether the newest key is reached from the believed one; says which that is."""
        texts = [key.text for _, key, _ in self.enrolled]
        need(pinned is None or pinned.text in texts, 0, "the pinned key is not enrolled in this log")
        start = texts.index(pinned.text) if pinned else 0
        for position, _, endorsed in self.enrolled[start + 1:]:
            need(endorsed, position, "the key is not endorsed by the one before it; to believe it, pin it")
        return "key pinned" if pinned else f"key NOT pinned, taken from the log itself: {texts[0]}"


class Log:
    def __init__(self):
        self.frontier, self.keys, self.versions, self.ids = Frontier(), Keys(), {}, set()
        self.latest, self.right_at = datetime.datetime.min, 0

    def take(self, stored, position):
        event = envelope(stored, position)
        expected = self.versions.get(event["stream"], 0) + 1
        need(event["version"] == expected, position, f"version {event['version']} of {event['stream']} where {expected} is next")
        self.versions[event["stream"]] = expected
        event_id = uuid.UUID(event["id"]).bytes
        need(event_id not in self.ids, position, f"the id {event['id']} stands at an earlier position too")
        self.ids.add(event_id)
        try:
            at = datetime.datetime.fromisoformat(event["at"][:-1])
        except ValueError:
            raise Fault(position, "`at` is not a time")
        need(self.latest - at <= CLOCK_BEHIND_MAX, position, "`at` is more than 5 s behind that of an earlier event")
        self.latest = max(self.latest, at)
        need((event["stream"] == "log") == event["type"].startswith("log-"), position, "`stream` and `type` do not go together")
        if event["stream"] == "log":
            self.keys.take(event, position)
        self.frontier.push(leaf_hash(stored))

    def check(self, checkpoint, position):
        self.keys.check(checkpoint, position)
        first, size = self.right_at + 1, checkpoint.size
        need(self.frontier.root() == checkpoint.root, first,
             f"the root at size {size} is not that of its checkpoint; the first difference lies between {first} and {size}")
        self.right_at = size


def verify_export(file, pinned, older):
    older = sorted(older, key=lambda checkpoint: checkpoint.size)
    line = file.readline()
    header = parse(line, 0, "the first line")
    is_header = members(header, ("guichet_export", "origin", "first", "last")) and type(header["last"]) is int and is_origin(header["origin"])
    need(is_header, 0, "the first line has not the members of one")
    origin, last = header["origin"], header["last"]
    form = f'{{"guichet_export":1,"origin":{json.dumps(origin, ensure_ascii=False)},"first":1,"last":{last}}}\n'
    need(last >= 1 and line == form.encode(), 0, "the first line has not the form of one")
    log = Log()
    for position in range(1, last + 1):
        line = file.readline()
        prefix = b'{"position":%d,"event":' % position
        need(line.startswith(prefix) and line.endswith(b"}\n"), position, "the line does not hold the event of this position")
        log.take(line[len(prefix):-2], position)
        while older and older[0].size <= position:
            need(older[0].size == position, 0, "a checkpoint of size 0 says nothing")
            log.check(older.pop(0), position)
    end = last + 1
    need(not older, end, f"the log has {last} events, but a checkpoint says more")
    line = file.readline()
    closing = parse(line, end, "the last line")
    need(line.endswith(b"\n") and members(closing, ("checkpoint",), ("digests",)), end, "the last line has not the form of one")
    digests = closing.get("digests", {})
    need(isinstance(digests, dict) and all(matches(HEX_32, digest) for digest in digests.values()), end, "the digests are not some")
    need(file.read(1) == b"", end, "something follows the last line")
    checkpoint = Checkpoint(closing["checkpoint"], end)
    need(checkpoint.size == last, end, f"the checkpoint has size {checkpoint.size}, not {last}")
    need(checkpoint.origin == origin, end, f"the checkpoint names {checkpoint.origin}, the first line {origin}")
    log.check(checkpoint, end)
    return checkpoint, log.keys.believe(pinned)


def sealed_at(event, pointer, position):
    value = event
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and re.fullmatch("0|[1-9][0-9]*", step) and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            raise Fault(position, f"there is nothing at {pointer}")
    is_sealed = members(value, ("sealed",)) and members(value["sealed"], ("v", "subject", "commitment", "ciphertext"))
    need(is_sealed and value["sealed"]["v"] == 1 and matches(UUID, value["sealed"]["subject"]), position, f"no sealed value stands at {pointer}")
    return value["sealed"]


def open_value(sealed, value_key, position, pointer):
    ciphertext = unbase64(sealed["ciphertext"], None, position, "the ciphertext", padded=False)
    commitment = unbase64(sealed["commitment"], 32, position, "the commitment", padded=False)
    # HKDF-Expand of one block (RFC 5869, 2.3).
    encryption_key, commitment_key = (hmac.digest(value_key, info + b"\1", "sha256") for info in (b"encrypt", b"commit"))
    try:
        plaintext = ChaCha20Poly1305(encryption_key).decrypt(bytes(12), ciphertext, uuid.UUID(sealed["subject"]).bytes)
    except InvalidTag:
        raise Fault(position, f"the value key does not open {pointer}")
    fits = hmac.compare_digest(hmac.digest(commitment_key, plaintext, "sha256"), commitment)
    need(fits, position, f"the value at {pointer} does not fit its commitment")
    try:
        need(plaintext[:1] in (b"t", b"j"), position, f"the value at {pointer} is neither text nor JSON")
        return plaintext[1:].decode() if plaintext[:1] == b"t" else parse(plaintext[1:], position, "the value")
    except UnicodeDecodeError:
        raise Fault(position, f"the value at {pointer} is not UTF-8")


def read_entry(entry, checkpoint, may_redact):
    """The position, and the event, or None for a redacted one."""
    position = entry.get("position") if isinstance(entry, dict) else None
    need(type(position) is int and 1 <= position <= checkpoint.size, 0, "an entry has no position within the checkpoint's size")
    redacted = "leaf" in entry
    form = members(entry, ("position", "leaf", "proof")) if redacted else members(entry, ("position", "event", "proof"), ("values",))
    need(form and isinstance(entry["proof"], list), position, "the entry has not the members of one")
    need(may_redact or not redacted, position, "an event is left out that may not be")
    if redacted:
        event, leaf = None, unbase64(entry["leaf"], 32, position, "the leaf")
    else:
        need(isinstance(entry["event"], str), position, "the event is not a text")
        try:
            stored = entry["event"].encode()
        except UnicodeEncodeError:
            raise Fault(position, "the event is not UTF-8")
        event, leaf = envelope(stored, position), leaf_hash(stored)
    path = [unbase64(step, 32, position, "a hash of the proof") for step in entry["proof"]]
    need(root_of_path(leaf, position - 1, checkpoint.size, path) == checkpoint.root, position, "the proof does not lead to the root")
    values = entry.get("values", {})
    need(isinstance(values, dict) and None not in values, position, "the values are not some")
    for pointer, value_key in values.items():
        need(pointer.startswith("/data"), position, f"{pointer} is no place in the data")
        value_key = unbase64(value_key, 32, position, "a value key")
        open_value(sealed_at(event, pointer, position), value_key, position, pointer)
    return position, event


def verify_bundle(file, pinned):
    bundle = parse(file.read(), 0, "the bundle")
    form = members(bundle, ("guichet_bundle", "origin", "ticket", "checkpoint", "keys", "events", "accounts"))
    need(form and type(bundle["guichet_bundle"]) is int and bundle["guichet_bundle"] == 1, 0, "the bundle has not the members of one")
    need(all(isinstance(bundle[part], list) for part in ("keys", "events", "accounts")), 0, "the bundle has not the lists of one")
    checkpoint, keys, before, version = Checkpoint(bundle["checkpoint"], 0), Keys(), 0, 0
    for entry in bundle["keys"]:
        position, event = read_entry(entry, checkpoint, False)
        version += 1
        need(position > before, position, "the entries of `keys` are not in order")
        need(event["stream"] == "log" and event["version"] == version, position, f"this is not version {version} of the stream `log`")
        keys.take(event, position)
        before = position
    need(checkpoint.origin == bundle["origin"], 0, "the checkpoint names another origin than the bundle")
    keys.check(checkpoint, 0)
    before, version, shown = 0, 0, False
    for entry in bundle["events"]:
        position, event = read_entry(entry, checkpoint, True)
        need(position > before, position, "the entries of `events` are not in order")
        before, version = position, version + 1
        if event is not None:
            need(event["stream"] == bundle["ticket"], position, f"the event is of {event['stream']}, not of the ticket")
            need(event["version"] == version, position, f"version {event['version']} where {version} is next")
            shown = True
    need(shown, 0, "no event of the ticket is shown")
    seen = set()
    for entry in bundle["accounts"]:
        position, event = read_entry(entry, checkpoint, False)
        need(position not in seen, position, "the account stands twice")
        need(event["type"] == "account-created.v1", position, "this is not the creation of an account")
        need(set(entry.get("values", {})) <= {"/data/name"}, position, "more than the name is disclosed")
        seen.add(position)
    return checkpoint, keys.believe(pinned)


def main():
    parser = argparse.ArgumentParser(description="Verifies an export of the log or an evidence bundle.")
    what = parser.add_subparsers(dest="what", required=True)
    for name in ("export", "bundle"):
        command = what.add_parser(name)
        command.add_argument("file")
        command.add_argument("--key", help="the verifier key to believe")
        if name == "export":
            command.add_argument("--checkpoint", action="append", default=[], help="a file with an older checkpoint")
    given = parser.parse_args()
    try:
        with open(given.file, "rb") as file:
            pinned = Key(given.key, 0) if given.key else None
            if given.what == "bundle":
                checkpoint, belief = verify_bundle(file, pinned)
            else:
                older = [Checkpoint(open(name, encoding="utf-8", newline="").read(), 0) for name in given.checkpoint]
                checkpoint, belief = verify_export(file, pinned, older)
    except Fault as fault:
        print(fault)
        return 1
    except (OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"ok {given.what} of {checkpoint.origin}: size {checkpoint.size}, root {base64.b64encode(checkpoint.root).decode()}, {belief}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
