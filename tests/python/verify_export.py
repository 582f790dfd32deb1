"""Verifies an export of the log or an evidence bundle, from docs/audit-format.md alone.

    verify_export.py export FILE [--key VKEY] [--checkpoint FILE]...
    verify_export.py bundle FILE [--key VKEY]

Prints `ok ...` and exits with 0, or `position P: <what is wrong>` and exits with 1; 2 when nothing can be said: called
wrongly, a file that cannot be read, a bundle given as an export or the other way round.
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
TIME = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z", re.ASCII)
HEX_32 = re.compile(r"[0-9a-f]{64}")
STREAM = re.compile(r"[A-Za-z0-9._-]{1,120}")
CHANNELS = {"rest", "soap", "courier", "timer", "admin"}
CLOCK_BEHIND_MAX = datetime.timedelta(seconds=5)
# Limits of docs/audit-format.md.
JSON_DEPTH_MAX, PLAINTEXT_DEPTH_MAX = 102, 127
NUMBER_MAX, EPOCH_MAX, LOST_MAX = 2**62, 2**32 - 1, 2**64 - 1
EVENT_BYTES_MAX, LINE_BYTES_MAX, BUNDLE_BYTES_MAX = 65535, 1024 * 1024, 256 * 1024 * 1024
HEAD_BYTES = 64 * 1024
# Characters of one printed line.
SHOWN_CHARS_MAX = 1000
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
# Default_Ignorable_Code_Point and blanks that Python counts as printable.
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Ed25519: the field, the curve's d, and the y of the points of small order.
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SMALL_ORDER = {0, 1, P - 1, P, P + 1} | {int.from_bytes(bytes.fromhex(y), "little") for y in (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}


class Fault(Exception):
    def __str__(self):
        return f"position {self.args[0]}: {self.args[1]}"


class Unsaid(Exception):
    """Nothing can be said."""


def need(holds, position, what):
    if not holds:
        raise Fault(position, what)


def shown(text):
    """The text for a terminal: what cannot be seen, moves the cursor or turns the direction of writing as its number."""
    cut = text if len(text) <= SHOWN_CHARS_MAX else text[:SHOWN_CHARS_MAX] + "\u2026"
    return "".join(c if c.isprintable() and not UNSEEN.match(c) else f"\\u{{{ord(c):x}}}" for c in cut)


def once(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    if any(name.startswith("$serde_json::") for name in found):
        raise ValueError("a name is reserved")
    return found


def refuse(constant):
    raise ValueError(constant)


def number(text):
    if not abs(float(text)) < 1e308:
        raise ValueError("a number out of range")
    return float(text) if text == "-0" or not text.lstrip("-").isdigit() else int(text)


def parse(given, position, what, depth_max=JSON_DEPTH_MAX, plain_envelope=False):
    """The value of a JSON text that has one reading."""
    try:
        text = given.decode()
        depth = 0
        for token in TOKEN.finditer(text):
            token = token.group()
            depth += (token in "[{") - (token in "]}")
            if depth > depth_max:
                raise ValueError("objects and arrays lie too deep in each other")
            if plain_envelope and depth == 1 and "\\" in token:
                raise ValueError("the names and texts of an envelope are written without escapes")
        value = json.loads(text, object_pairs_hook=once, parse_constant=refuse, parse_int=number, parse_float=number)
        if "\\u" in text:
            # Half of a surrogate pair is no character.
            json.dumps(value, ensure_ascii=False).encode()
        return value
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


def is_time(text):
    try:
        return matches(TIME, text) and datetime.datetime.fromisoformat(text[:-1]) is not None
    except ValueError:
        return False


def envelope(stored, position):
    need(len(stored) <= EVENT_BYTES_MAX, position, f"the event has more than {EVENT_BYTES_MAX} bytes")
    event = parse(stored, position, "the event", plain_envelope=True)
    optional = ("occurred_at", "sent_at", "on_behalf_of", "causation_id")
    required = ("id", "stream", "version", "type", "at", "by", "channel", "command_id", "command_digest", "correlation_id", "data")
    need(members(event, required, optional), position, "the event has not the members of an envelope")
    for name in ("id", "by", "command_id", "correlation_id", "on_behalf_of", "causation_id"):
        need(name not in event or matches(UUID, event[name]), position, f"`{name}` is not a UUID")
    for name in ("at", "occurred_at", "sent_at"):
        need(name not in event or is_time(event[name]), position, f"`{name}` is not a time in UTC with microseconds")
    need(matches(STREAM, event["stream"]), position, "`stream` is not the name of a stream")
    need(type(event["version"]) is int and 1 <= event["version"] <= NUMBER_MAX, position, "`version` is not a number from 1")
    need(isinstance(event["type"], str) and event["type"], position, "`type` is not a text")
    need(isinstance(event["channel"], str) and event["channel"] in CHANNELS, position, "`channel` is not one")
    need(matches(HEX_32, event["command_digest"]), position, "`command_digest` is not 64 hexadecimal digits")
    need(isinstance(event["data"], dict), position, "`data` is not an object")
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


def small_order(point):
    return int.from_bytes(point, "little") & (2**255 - 1) in SMALL_ORDER


def is_point(point):
    """Whether 32 bytes are a point of edwards25519: x\u00b2 = (y\u00b2 - 1) / (dy\u00b2 + 1) has a root."""
    y = int.from_bytes(point, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    return square == 0 or pow(square, (P - 1) // 2, P) == 1


class Key:
    def __init__(self, text, position):
        parts = text.split("+", 2) if isinstance(text, str) else []
        need(len(parts) == 3 and is_origin(parts[0]), position, "a verifier key has the form name+id+key")
        self.text, self.name = text, parts[0]
        public = unbase64(parts[2], 33, position, "the verifier key")
        need(public[0] == 1 and is_point(public[1:]), position, "the verifier key is not for Ed25519")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + public).digest()[:4]
        need(self.id.hex() == parts[1], position, "the id of the verifier key is not its own")
        self.public = Ed25519PublicKey.from_public_bytes(public[1:])

    def signed(self, message, signature):
        try:
            # A point of small order verifies more than one message.
            is_sound = not small_order(self.public.public_bytes_raw()) and not small_order(signature[:32])
            return is_sound and self.public.verify(signature, message) is None
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
            need(members(data, ("epoch", "origin"), ("before", "reason")), position, "the epoch has not the members of one")
            need(type(data["epoch"]) is int and 0 <= data["epoch"] <= EPOCH_MAX, position, "the number of the epoch is not one")
            need(isinstance(data.get("reason", ""), str), position, "the reason of the epoch is not a text")
            if "before" in data:
                before = data["before"]
                need(members(before, ("lost_from", "lost_to"), ("origin", "checkpoint")), position, "the epoch before has not the members of one")
                bounds = (before["lost_from"], before["lost_to"])
                need(all(type(bound) is int and 0 <= bound <= LOST_MAX for bound in bounds), position, "what was lost is not told by positions")
                texts = (before.get("origin", ""), before.get("checkpoint", ""))
                need(all(isinstance(text, str) for text in texts), position, "the epoch before is not told by texts")
            need(is_origin(data["origin"]), position, "the origin of the epoch is not one")
            self.origin = data["origin"]
        elif event["type"] == "log-key-enrolled.v1":
            need(members(data, ("key",), ("endorsement",)), position, "the enrolled key has not the members of one")
            key = Key(data["key"], position)
            need(key.name == self.origin, position, f"the key is named {key.name}, but the log {self.origin}")
            if "endorsement" in data:
                word = data["endorsement"]
                need(members(word, ("by", "signature")) and self.enrolled, position, "the endorsement is not one")
                before = self.enrolled[-1][1]
                signature = unbase64(word["signature"], 64, position, "the endorsement")
                message = f"guichet/endorse/1\n{key.name}\n{key.text}\n".encode()
                need(word["by"] == before.text and before.signed(message, signature), position, "the endorsement is not by the key before")
            self.enrolled.append((position, key, "endorsement" in data))
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
        # Where a key was enrolled more than once, the last time counts.
        start = len(texts) - 1 - texts[::-1].index(pinned.text) if pinned else 0
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
        at = datetime.datetime.fromisoformat(event["at"][:-1])
        need(self.latest - at <= CLOCK_BEHIND_MAX, position, "`at` is more than 5 s behind that of an earlier event")
        self.latest = max(self.latest, at)
        need(position > 1 or event["type"] == "log-epoch-begun.v1", position, "a log begins with log-epoch-begun.v1")
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


def read_line(file, position):
    line = file.readline(LINE_BYTES_MAX + 2)
    need(len(line) <= LINE_BYTES_MAX + line.endswith(b"\n"), position, f"the line is longer than {LINE_BYTES_MAX} bytes")
    need(not line.endswith(b"\r\n"), position, "the line ends with a carriage return")
    return line


def verify_export(file, pinned, older):
    older = sorted(older, key=lambda checkpoint: checkpoint.size)
    line = read_line(file, 0)
    header = parse(line, 0, "the first line")
    is_header = members(header, ("guichet_export", "origin", "first", "last")) and type(header["last"]) is int and is_origin(header["origin"])
    need(is_header, 0, "the first line has not the members of one")
    origin, last = header["origin"], header["last"]
    form = f'{{"guichet_export":1,"origin":{json.dumps(origin, ensure_ascii=False)},"first":1,"last":{last}}}\n'
    need(1 <= last <= NUMBER_MAX and line == form.encode(), 0, "the first line has not the form of one")
    log = Log()
    for position in range(1, last + 1):
        line = read_line(file, position)
        prefix = b'{"position":%d,"event":' % position
        need(line.startswith(prefix) and line.endswith(b"}\n"), position, "the line does not hold the event of this position")
        log.take(line[len(prefix):-2], position)
        while older and older[0].size <= position:
            need(older[0].size == position, 0, "a checkpoint of size 0 says nothing")
            log.check(older.pop(0), position)
    end = last + 1
    need(not older, end, f"the log has {last} events, but a checkpoint says more")
    line = read_line(file, end)
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
        need(not re.search("~(?![01])", step), position, f"{pointer} is no pointer")
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and re.fullmatch("0|[1-9][0-9]*", step) and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            raise Fault(position, f"there is nothing at {pointer}")
    is_sealed = members(value, ("sealed",)) and members(value["sealed"], ("v", "subject", "commitment", "ciphertext"))
    need(is_sealed and type(value["sealed"]["v"]) is int and value["sealed"]["v"] == 1 and matches(UUID, value["sealed"]["subject"]),
         position, f"no sealed value stands at {pointer}")
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
        return plaintext[1:].decode() if plaintext[:1] == b"t" else parse(plaintext[1:], position, "the value", PLAINTEXT_DEPTH_MAX)
    except UnicodeDecodeError:
        raise Fault(position, f"the value at {pointer} is not UTF-8")


def read_entry(entry, checkpoint, may_redact):
    """The position, and the event, or None for a redacted one."""
    position = entry.get("position") if isinstance(entry, dict) else None
    need(type(position) is int and 1 <= position <= NUMBER_MAX, 0, "an entry has no position")
    need(position <= checkpoint.size, position, "the position is above the checkpoint's size")
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
    need(isinstance(values, dict), position, "the values are not some")
    for pointer, value_key in values.items():
        need(pointer.startswith("/data/"), position, f"{pointer} is no place in the data")
        value_key = unbase64(value_key, 32, position, "a value key")
        open_value(sealed_at(event, pointer, position), value_key, position, pointer)
    return position, event


def verify_bundle(file, pinned):
    document = file.read(BUNDLE_BYTES_MAX + 1)
    if len(document) > BUNDLE_BYTES_MAX:
        raise Unsaid(f"a bundle has at most {BUNDLE_BYTES_MAX} bytes")
    bundle = parse(document, 0, "the bundle")
    form = members(bundle, ("guichet_bundle", "origin", "ticket", "checkpoint", "keys", "events", "accounts"))
    need(form and type(bundle["guichet_bundle"]) is int and bundle["guichet_bundle"] == 1, 0, "the bundle has not the members of one")
    need(all(isinstance(bundle[part], list) for part in ("keys", "events", "accounts")), 0, "the bundle has not the lists of one")
    need(all(isinstance(bundle[part], str) for part in ("origin", "ticket")), 0, "the bundle has not the texts of one")
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


def outside(given):
    """The key and the checkpoints that were given; what is wrong with them is no fault of the file."""
    try:
        older = [Checkpoint(open(name, encoding="utf-8", newline="").read(), 0) for name in getattr(given, "checkpoint", [])]
        return Key(given.key, 0) if given.key else None, older
    except Fault as fault:
        raise Unsaid(f"what was given beside the file cannot be used: {fault.args[1]}")


def other_kind(file, what):
    """Points to the other command when the file is of the other kind."""
    head = file.read(HEAD_BYTES).lstrip()
    file.seek(0)
    is_export = head.startswith(b'{"guichet_export"')
    if what == "bundle" and is_export:
        raise Unsaid("this is an export of the log: verify it with `export`")
    if what == "export" and not is_export and b'"guichet_bundle"' in head:
        raise Unsaid("this is an evidence bundle: verify it with `bundle`")


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
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        pinned, older = outside(given)
        with open(given.file, "rb") as file:
            other_kind(file, given.what)
            if given.what == "bundle":
                checkpoint, belief = verify_bundle(file, pinned)
            else:
                checkpoint, belief = verify_export(file, pinned, older)
    except Fault as fault:
        print(shown(str(fault)))
        return 1
    except (OSError, UnicodeDecodeError, Unsaid) as error:
        print(shown(str(error)), file=sys.stderr)
        return 2
    root = base64.b64encode(checkpoint.root).decode()
    print(shown(f"ok {given.what} of {checkpoint.origin}: size {checkpoint.size}, root {root}, {belief}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
