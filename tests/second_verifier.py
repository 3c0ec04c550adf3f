"""A second verifier of the log, written from docs/log-format.md alone: the standard library and one call for Ed25519.

It shares no code with the first. It reads what `proctor log export --rows` writes, and prints verdict, first bad entry,
size and root as JSON. What it does not do: pages (they are gone in an export), SQLite's own check, decryption.

    python second_verifier.py ROWS.jsonl --vkey VKEY [--fingerprint HEX] [--witness VKEY] [--anchor ORIGIN,SIZE,ROOT]
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALTERED = (
    "page gap body leaf checkpoint node evidence roster event clock order signature cosignature extra schema"
)
CODES = [f"log-altered-{name}" for name in re.split(" ", ALTERED)]
CODES += ["anchor-mismatch", "anchor-ahead", "log-other-station", "station-key-mismatch"]
UNDECIDED = ["anchor-unproven", "anchor-other-station", "anchor-lost", "epoch-previous-unproven"]
HASH = re.compile("[0-9a-f]{64}")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
USER = re.compile("[a-z0-9][a-z0-9._-]{0,31}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
STATION = re.compile(r"(proctor\.(?:real|training)/[0-9a-f]{8})(?:/([1-9][0-9]{0,5}))?")
BODY, DEEP, LARGEST = 262_144, 17, 2**53
# field:type, "?" may be absent, without a type: text; after "|" the evidence; "*": two persons
KINDS = {
    "begin": "session:id attempt:id component sbd? purpose?",
    "attempt": "session:id attempt:id component verdict reasons:list checks:object chip_verdict method "
    "begun:object rules_sha256:hash roster_hash trust:object facts:object sbd? late:object? purpose? "
    "place? | chip-portrait? frames? identity? live-portrait? template?",
    "open": "session:id root_kind day place component component_label rules rules_sha256:hash "
    "roster_hash:hash roster_file:hash? candidates:integer refused_rows:integer components:list? "
    "part:object? changed_rows:integer? required:list? | roster rules",
    "start": "session:id roster_hash:hash self_test:integer? notice exception? | note?",
    "pause": "session:id reason | note?",
    "resume": "session:id reason after | note?",
    "self-test": "outcome checks:object session:id? | note?",
    "component": "session:id component event starts_at:time? room? called:list?",
    "allocation": "session:id component seed:hash seed_source? method capacity:integer rooms:list groups:list "
    "places:object replaces:integer? reason? carried:integer? | note?",
    "draw": "session:id component seed:hash method population:integer among:list drawn:list fresh:hash "
    "size:integer root:hash",
    "close": "session:id reason candidates:integer admitted:integer referred:integer refused:integer "
    "absent:integer? attempts:integer not_seen:integer? totals:object? unsettled:list? part:object?",
    "override": "* session:id of:id sbd verdict reason component? incident:id? of_station? | note?",
    "decision": "* session:id of:id sbd component decided reason incident:id of_station? | note?",
    "manual": "* session:id sbd component document outcome reason of:id? facts:object? rules_sha256:hash "
    "roster_hash:hash purpose? | identity? live-portrait? note? photo?",
    "correction": "* session:id corrects:integer reason sbd? component? values:object? of_station? "
    "of_seq:integer? | identity? note?",
    "incident": "session:id code sbd? attempt_of:id? incident:id? component? place? happened_at:time? "
    "consequence? proposed? | identity? minutes? note? photo?",
    "result": "session:id sbd component outcome points_e1:integer? source maximum_e1:integer? "
    "critical_failed:integer? code? batch:id? points_e2:integer? file:hash? | note?",
    "prior": "session:id source reference passes:list file:hash? | note?",
    "spot-check": "session:id sbd outcome draw of:id? component? | live-portrait? note?",
    "exit": "session:id sbd reason component?",
    "re-entry": "session:id sbd outcome of:id? component?",
    "consent": "session:id sbd version notice_sha256:hash outcome",
    "split": "session:id group:id number:integer method parts:object roster_hash:hash",
    "merge": "session:id part:integer part_origin size:integer root:hash pack_sha256:hash entries:integer "
    "double:list conflicts:list | part",
    "presence": "* user:id action outcome chip_verdict results:object card:integer? session:id? | identity?",
    "rules-confirmed": "rules rules_sha256:hash reference keys:list? | note?",
    "camera": "event camera:object session:id? notice:object?",
    "clock": "jump_ms:integer before:object",
    "print": "session:id sheet sheet_size:integer sheet_root:hash pdf_sha256:hash seal_certificate:hash variant? "
    "sbd? posted:integer? copy:integer? unsigned_sha256:hash? template:hash? files:object? day? "
    "later:integer? | note?",
    "print-job": "session:id pdf_sha256:hash printer outcome copies:integer reason?",
    "sheet-signature": "session:id pdf_sha256:hash signed_sha256:hash field role certificate:hash status "
    "authority:hash? | chain? revocation?",
    "sheet-timestamp": "session:id pdf_sha256:hash stamped_sha256:hash level authority:hash",
    "export": "what sha256:hash size:integer root:hash session:id? recipient? files:object?",
    "view": "what session:id? sbd? reason?",
    "roster": "* session:id reason added:integer roster_hash:hash sbds:list? addition:integer? "
    "roster_before:hash? | roster note?",
    "shred": "* scope reason targets:list session:id? sbd? kept:list? | roster? rules?",
    "hold": "* session:id event reason sbd?",
    "epoch": "* epoch:integer remembered:object? reason vkey:vkey previous:object",
    "key/station-key": "vkey:vkey",
    "key/user-added": "user:id role vkey:vkey? | identity",
    "key/user-enrolled": "* user:id role vkey:vkey?",
    "key/user-key": "user:id vkey:vkey",
    "key/user-token": "* user:id state vkey:vkey?",
    "key/user-card": "* user:id state | identity?",
    "key/user-totp": "user:id state",
    "key/user-role": "* user:id role",
    "key/user-disabled": "* user:id reason",
    "key/user-enabled": "* user:id reason",
    "key/user-unlocked": "* user:id",
    "key/login-refused": "user:id count:integer since:time counter",
    "key/face-model": "* model:id card:hash weights:hash state",
    "key/face-calibration": "* model:id calibration:hash state",
    "key/camera": "* camera:object state",
    "key/signing-authority": "* fingerprint:hash purpose state",
    "key/signing-crl": "fingerprint:hash issuer:hash authority:hash number this_update:time",
    "key/password-changed": "user:id",
    "key/schema-migrated": "from:integer to:integer",
    "key/station-key-rotated": "* vkey:vkey custody reason",
    "key/station-key-in-force": "fingerprint:hash",
    "key/department-key": "* fingerprint:hash",
    "key/witness-added": "* vkey address tls_pin:hash? required:integer?",
    "key/witness-removed": "* vkey",
    "key/secrets-rotated": "* reason",
    "key/tpm-counter": "index value:integer",
    "key/restored": "* size:integer root:hash shreds:integer without_keys:integer?",
    "key/trust-import-begun": "* fingerprint:hash cscas:integer crls:integer planned_sha256:hash",
    "key/csca-imported": "* fingerprint:hash cscas:integer crls:integer planned_sha256:hash "
    "store_version:integer store_sha256:hash",
    "key/crl-imported": "* fingerprint:hash cscas:integer crls:integer planned_sha256:hash "
    "store_version:integer store_sha256:hash",
    "key/crl-rolled-back": "fingerprint:hash stored_number offered_number",
    "key/crl-unlisted": "fingerprint:hash count:integer",
}
TYPES = {
    "text": lambda value: type(value) is str,
    "id": lambda value: type(value) is str and ID.fullmatch(value),
    "hash": lambda value: type(value) is str and HASH.fullmatch(value),
    "integer": lambda value: type(value) is int,
    "list": lambda value: type(value) is list,
    "object": lambda value: type(value) is dict,
    "vkey": lambda value: type(value) is str and value.count("+") >= 2,
    "time": lambda value: type(value) is str and is_time(value),
}
NOT_AFTER = {
    "allocation",
    "attempt",
    "begin",
    "component",
    "consent",
    "draw",
    "exit",
    "manual",
    "merge",
    "pause",
    "re-entry",
    "resume",
    "roster",
    "split",
    "spot-check",
    "start",
}
INSIDE = NOT_AFTER | {
    "close",
    "correction",
    "decision",
    "hold",
    "incident",
    "override",
    "print",
    "print-job",
    "prior",
    "result",
    "sheet-signature",
    "sheet-timestamp",
}
NEVER_SECOND, OF_SESSIONS = {"auditor", "trainee"}, {"invigilator", "identity-examiner", "component-examiner"}
CHECK_IN, WATCHERS = {"begin", "attempt"}, {"overseer", "auditor", "inspector"}
DECIDING = {"override", "decision", "manual", "correction", "roster"}
SHOWN_FOR = {"start": "start", "override": "override", "decision": "decide", "manual": "manual"}
SHOWN_FOR |= {"correction": "correct", "roster": "roster-add", "incident": "incident", "shred": "erase"}
SHOWN_FOR |= {
    "consequence": "consequence",
    "hold": "erase",
    "export": "export",
    "key": "keys",
    "epoch": "keys",
}
BY_OTHERS = {"user-enrolled", "user-role", "user-disabled", "user-enabled", "user-unlocked"}
AGAIN = ("component-start", "re-entry", "spot-check", "watch")
CARD = ("card-access", "chip-open", "pa-keys", "chip-genuine", "pa-consistent", "pa-trusted", "face-capture")
SIGNATURE_FORM = {
    "nonce": re.compile("[0-9a-f]{32}"),
    "root": HASH,
    **dict.fromkeys(("operator", "second", "token"), re.compile("[0-9a-f]{128}")),
}


# -- small things ----------------------------------------------------------------------------------


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError(text)
    return data


def named(person):
    """Whether this is an object that names a person: id and role."""
    right = type(person) is dict and all(
        type(person.get(each)) is str and person[each] for each in ("id", "role")
    )
    return right and bool(USER.fullmatch(person["id"]))


def station(origin):
    found = STATION.fullmatch(origin)
    return found[1] if found else origin


def epoch_number(origin):
    found = STATION.fullmatch(origin)
    return int(found[2]) if found and found[2] else 1


def read_vkey(text, kinds=(1,)):
    """Return (name, type, public key) of a vkey."""
    name, key_hash, packed = text.strip().split("+", 2)
    data = unbase64(packed)
    if data[0] not in kinds or sha(name.encode(), b"\n", data)[:4].hex() != key_hash:
        raise ValueError(text)
    if data[0] in {1, 4} and len(data) != 33:
        raise ValueError(text)
    return name, data[0], data[1:]


def signed(public, signature, message):
    """The one crypto call."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except Exception:  # noqa: BLE001 - whatever it says, it is not signed
        return False
    return True


def signed_by(name, publics, line, text):
    """Whether one of these keys, under this name, made the signature line of a text."""
    for public in publics:
        key_hash = sha(name.encode(), b"\n\x01", public)[:4]
        if line[:2] == (name, key_hash) and signed(public, line[2], text.encode()):
            return True
    return False


def canonical(data):
    """Return the object of a body's bytes; raises ValueError unless they are its one form."""
    if len(data) > BODY:
        raise ValueError("long")
    body = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    if type(body) is not dict:
        raise ValueError("object")
    plain(body, 1)
    if json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() != data:
        raise ValueError("bytes")
    return body


def unique(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("duplicate")
    return dict(pairs)


def plain(value, depth):
    if depth > DEEP and type(value) in {dict, list}:
        raise ValueError("deep")
    if type(value) is dict:
        if not all(key.isascii() and key.isprintable() for key in value):
            raise ValueError("key")
        value = list(value.values())
    if type(value) is list:
        for each in value:
            plain(each, depth + 1)
    elif type(value) is int:
        if abs(value) >= LARGEST:
            raise ValueError("large")
    elif type(value) is not str:
        raise ValueError("type")


def read_time(text):
    if not TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def is_time(text):
    try:
        return bool(read_time(text))
    except ValueError:
        return False


def vietnamese_day(at):
    last = datetime.max.replace(tzinfo=UTC) - timedelta(hours=7)
    return (at + timedelta(hours=7) if at < last else at).date().isoformat()


def edges(size):
    """Return the perfect subtrees (level, index) of a tree of this size, left to right."""
    found, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def fold(hashes):
    root = hashes[-1] if hashes else sha(b"")
    for left in reversed(hashes[:-1]):
        root = sha(b"\x01", left, root)
    return root


# -- the file --------------------------------------------------------------------------------------


class Rows:
    """An export, taken apart."""

    def __init__(self, lines):
        lines = [json.loads(line) for line in lines]
        self.header, self.tables = lines[0], {}
        if self.header["form"] != "proctor rows 1" or lines[-1] != {"end": len(lines) - 2}:
            raise ValueError("this is no export, or not a whole one")
        for line in lines[1:-1]:
            self.tables.setdefault(line["table"], []).append([self.cell(each) for each in line["row"]])

    @staticmethod
    def cell(value):
        if type(value) is dict:
            kind, text = next(iter(value.items()))
            return base64.b64decode(text) if kind == "blob" else (kind, text)
        return value


def wanted_schema(version):
    """Return {(type, name): SQL} of a schema."""
    two = version == 2
    tables = {
        "entries": "seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, session TEXT, attempt TEXT, body BLOB NOT NULL",
        "nodes": "level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)",
        "checkpoints": "size INTEGER PRIMARY KEY, note TEXT NOT NULL",
        "cosignatures": "size INTEGER NOT NULL REFERENCES checkpoints(size), line TEXT NOT NULL, "
        "PRIMARY KEY (size, line)",
        "evidence_keys": "seq INTEGER PRIMARY KEY REFERENCES entries(seq), wrapped BLOB",
        "evidence": f"seq INTEGER NOT NULL REFERENCES {'entries' if two else 'evidence_keys'}(seq), "
        "name TEXT NOT NULL, ciphertext BLOB, PRIMARY KEY (seq, name)",
        "shredded": "seq INTEGER NOT NULL, name TEXT NOT NULL, by INTEGER NOT NULL REFERENCES entries(seq), "
        "PRIMARY KEY (seq, name), FOREIGN KEY (seq, name) REFERENCES evidence(seq, name)",
    }
    conditions = {
        "entries": "NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM entries)",
        "nodes": "EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND idx = NEW.idx)",
        "checkpoints": "NEW.size IS NOT (SELECT coalesce(max(size), 0) + 1 FROM checkpoints)",
        "cosignatures": "EXISTS (SELECT 1 FROM cosignatures WHERE size = NEW.size AND line = NEW.line)",
        "evidence_keys": "EXISTS (SELECT 1 FROM evidence_keys WHERE seq = NEW.seq)",
        "evidence": "EXISTS (SELECT 1 FROM evidence WHERE seq = NEW.seq AND name = NEW.name)",
        "shredded": "EXISTS (SELECT 1 FROM shredded WHERE seq = NEW.seq AND name = NEW.name)",
    }
    erase = {
        "evidence": " WHEN NEW.seq IS NOT OLD.seq OR NEW.name IS NOT OLD.name OR NEW.ciphertext IS NOT NULL "
        "OR NOT EXISTS (SELECT 1 FROM shredded WHERE seq = OLD.seq AND name = OLD.name)",
        "evidence_keys": " WHEN NEW.seq IS NOT OLD.seq OR NEW.wrapped IS NOT NULL OR NOT EXISTS "
        "(SELECT 1 FROM shredded WHERE seq = OLD.seq)",
    }
    late = {"cosignatures", "shredded"}
    by_key = {"nodes", *late}
    stop = "BEGIN SELECT raise(ABORT, 'append-only'); END"
    found = {("index", "sqlite_autoindex_evidence_1"): None}
    for name, columns in tables.items():
        if not two and name in late:
            continue
        tail = " STRICT, WITHOUT ROWID" if name in by_key else " STRICT"
        found["table", name] = f"CREATE TABLE {name} ({columns}){tail}"
        for event in ("UPDATE", "DELETE"):
            when = erase.get(name, "") if two and event == "UPDATE" else ""
            trigger = f"{name}_no_{event.lower()}"
            found["trigger", trigger] = f"CREATE TRIGGER {trigger} BEFORE {event} ON {name}{when} {stop}"
        found["trigger", f"{name}_only_next"] = (
            f"CREATE TRIGGER {name}_only_next BEFORE INSERT ON {name} WHEN {conditions[name]} {stop}"
        )
    only = " AND kind = 'attempt'" if two else ""
    indexes = {
        "entries_attempt": f"CREATE UNIQUE INDEX entries_attempt ON entries(attempt) WHERE attempt IS NOT NULL{only}",
        "entries_session": "CREATE INDEX entries_session ON entries(session, seq) WHERE session IS NOT NULL",
        "entries_kind": "CREATE INDEX entries_kind ON entries(kind, seq)",
    }
    if two:
        indexes["entries_begin"] = (
            "CREATE UNIQUE INDEX entries_begin ON entries(attempt) WHERE attempt IS NOT NULL AND kind = 'begin'"
        )
    return found | {("index", name): sql for name, sql in indexes.items()}


# -- the keys --------------------------------------------------------------------------------------


class Keys:
    """Who signs the checkpoint of which size. A period is (first size, names, public key, linked)."""

    def __init__(self, pins):
        self.periods, self.epochs = [], []
        self.pins = pins

    @property
    def origin(self):
        return self.periods[-1][1][0] if self.periods else ""

    def of(self, size):
        return next((period for period in reversed(self.periods) if period[0] <= size), None)

    def begin(self, first, name, public, *, linked):
        """A key that never signed is not kept; only its name is, where an epoch took the same key on at once."""
        dropped = [period for period in self.periods if period[0] >= first]
        self.periods = [period for period in self.periods if period[0] < first]
        names = [name] + [each for period in dropped if linked for each in period[1]]
        self.periods.append((first, names, public, linked))

    def entry(self, seq, body):
        """Take in a key or epoch entry; return whether it is as it must be."""
        kind, event = body["kind"], body.get("event")
        if kind == "key" and event not in {"station-key", "station-key-rotated"}:
            return True
        try:
            name, _, public = read_vkey(body["vkey"])
            if event == "station-key" and kind == "key":
                return self.first(seq, name, public)
            if body["schema"] == 1 or not self.periods:
                return False
            return self.rotation(seq, name, public) if kind == "key" else self.epoch(seq, body, name, public)
        except (KeyError, ValueError, TypeError, AttributeError, IndexError):
            return False

    def first(self, seq, name, public):
        if seq == 0:
            self.periods = []
            self.begin(1, name, public, linked=False)
        return seq == 0

    def rotation(self, seq, name, public):
        if name == self.origin:
            self.begin(seq + 2, name, public, linked=True)
        return name == self.origin

    def epoch(self, seq, body, name, public):
        number, before = body["epoch"], body["previous"]
        text, said, lines = note_parts(before["note"])
        right = type(number) is int and number == epoch_number(self.origin) + 1
        right = right and name == f"{station(self.origin)}/{number}" and text
        right = right and (before["origin"], before["size"], before["root"]) == (
            said[0],
            said[1],
            said[2].hex(),
        )
        if not right or said[1] < 1 or station(said[0]) != station(self.origin):
            return False
        known = {each[2] for each in self.periods} | {
            pin for each, pin in self.pins.items() if station(each) == station(said[0])
        }
        proven = any(signed_by(said[0], known, line, text) for line in lines)
        self.begin(seq + 1, name, public, linked=public == self.periods[-1][2])
        self.epochs.append((seq, name, said, proven))
        return True


def note_parts(note):
    """Return text, (origin, size, root) and signature lines of a signed note; extension lines are let be."""
    if "\r" in note or not note.endswith("\n"):
        raise ValueError("note")
    text, gap, tail = note.rpartition("\n\n")
    if not gap or not text or not tail:
        raise ValueError("note")
    lines = [signature_line(line) for line in tail[:-1].split("\n")]
    origin, size, root, *_rest = text.split("\n")
    if not re.fullmatch("0|[1-9][0-9]{0,15}", size) or len(unbase64(root)) != 32:
        raise ValueError("head")
    return f"{text}\n", (origin, int(size), unbase64(root)), lines


def signature_line(line):
    """Return (name, key hash, signature)."""
    dash, name, blob = line.split(" ")
    data = unbase64(blob)
    if dash != "\u2014" or not name or "+" in name or len(data) < 5:
        raise ValueError("line")
    return name, data[:4], data[4:]


# -- the log ---------------------------------------------------------------------------------------


class Log:
    def __init__(self, rows, pins, fingerprints, witnesses, anchors):
        self.header, self.found = rows.header, []
        self.pins = {name: public for name, _, public in map(read_vkey, pins)}
        self.fingerprints = set(fingerprints)
        self.witnesses = [(read_vkey(text, (4, 6)), text) for text in witnesses]
        self.anchors = anchors
        self.check_schema()
        two = self.version == 2
        self.entries = sorted(self.typed(rows, "entries", {0: int, 4: bytes}), key=lambda row: row[0])
        self.nodes = {tuple(row[:2]): row[2] for row in self.typed(rows, "nodes", {0: int, 1: int, 2: bytes})}
        self.notes = dict(row[:2] for row in self.typed(rows, "checkpoints", {0: int, 1: str}))
        self.lines = [row[:2] for row in self.typed(rows, "cosignatures", {0: int, 1: str})] if two else []
        self.wrapped = dict(row[:2] for row in self.typed(rows, "evidence_keys", {0: int}))
        self.evidence = {tuple(row[:2]): row[2] for row in self.typed(rows, "evidence", {0: int, 1: str})}
        shredded = self.typed(rows, "shredded", {0: int, 1: str, 2: int}) if two else []
        self.shredded = {tuple(row[:2]): row[2] for row in shredded}
        self.keys, self.computed, self.unplaced = Keys(self.pins), {}, {}
        self.edge, self.size, self.root, self.odd = [], 0, sha(b""), []
        self.head_origin = self.origin_of_head()

    def bad(self, name, seq=None):
        self.found.append((name if name in CODES + UNDECIDED else f"log-altered-{name}", seq))

    def typed(self, rows, table, types):
        """Return the rows whose columns are of the types that the table has."""
        found = []
        for row in rows.tables.get(table, []):
            if all(place < len(row) and type(row[place]) is kind for place, kind in types.items()):
                found.append(row)
            else:
                self.bad("schema")
        return found

    def check_schema(self):
        version = self.header["user_version"]
        self.version = version if version in {1, 2} else 2
        there = {(kind, name): sql for kind, name, sql in self.header["schema"]}
        if there != wanted_schema(self.version) or version != self.version:
            self.bad("schema")
        if self.header["application_id"] != 0x50524354:
            self.bad("schema")

    def origin_of_head(self):
        if not self.notes:
            return ""
        size = max(self.notes)
        try:
            head = note_parts(self.notes[size])[1]
        except ValueError:
            self.bad("checkpoint", max(size - 1, 0))
            return ""
        self.head_root, self.head_size = head[2], size
        return head[0]

    # -- walking ---------------------------------------------------------------------------------

    def run(self):
        bodies, expected = Bodies(self), 0
        before = None
        for seq, kind, session, attempt, data, *_more in self.entries:
            if seq < expected:
                self.bad("extra")
                continue
            if seq != expected:
                for missing in range(expected, min(seq, expected + 10)):
                    self.bad("gap", missing)
                self.edge, before = None, None
                if expected == 0:
                    self.stand_in()
            body = bodies.read(seq, data, (kind, session, attempt))
            if seq == 0 and not self.keys.periods:
                self.bad("body", 0)
                self.stand_in()
            before = self.place(seq, data, before)
            bodies.follow(seq, body)
            expected = seq + 1
        self.count = expected
        self.finish(bodies)

    def stand_in(self):
        public = self.pins.get(self.head_origin)
        if public is not None and not self.keys.periods:
            self.keys.begin(1, self.head_origin, public, linked=False)

    def checkpoint(self, seq):
        """Return the root that is signed for this entry, or None."""
        note, period = self.notes.get(seq + 1), self.keys.of(seq + 1)
        try:
            text, (origin, size, root), lines = note_parts(note)
            name = period[1][0] if period else self.head_origin
            if text.count("\n") != 3 or (origin, size) != (name, seq + 1) or len(lines) != 1:
                raise ValueError("form")
            if period and not signed_by(name, {period[2], self.pins.get(name, period[2])}, lines[0], text):
                raise ValueError("signature")
        except (ValueError, AttributeError, TypeError):
            self.bad("checkpoint", seq)
            return None
        return root

    def place(self, seq, data, before):
        """Put a leaf into the tree; return (size, signed root) for where the tree has to be taken up again."""
        own, stored, root = sha(b"\x00", data), self.nodes.get((0, seq)), self.checkpoint(seq)
        if self.edge is None and before is not None and before[0] == seq and before[1] is not None:
            known = [self.nodes.get(place) for place in edges(seq)]
            if None not in known and fold(known) == before[1]:
                self.edge = known
        if self.edge is None:
            self.unplaced[seq] = own
            return seq + 1, root
        for leaf in (own,) if stored is None else (own, stored):
            edge, new = self.grown(seq, leaf)
            if root is None or fold(edge) == root:
                self.edge = edge
                self.computed.update(new)
                self.size, self.root = seq + 1, fold(edge)
                if leaf != own:
                    self.bad("body", seq)
                return seq + 1, root
        self.bad("body", seq)
        self.edge, self.unplaced[seq] = None, own
        return seq + 1, root

    def grown(self, seq, leaf):
        edge, new, level, index, digest = list(self.edge), {(0, seq): leaf}, 0, seq, leaf
        while index & 1:
            digest = sha(b"\x01", edge.pop(), digest)
            level, index = level + 1, index >> 1
            new[level, index] = digest
        return [*edge, digest], new

    # -- the whole -------------------------------------------------------------------------------

    def finish(self, bodies):
        if self.notes and max(self.notes) > self.count:
            self.bad("gap", self.count)
        if not self.count:
            self.bad("gap", 0)
        if any(size < 1 for size in self.notes):
            self.bad("checkpoint")
        for place in self.nodes.keys() | self.computed.keys():
            self.node(*place)
        bodies.finish()
        self.cosignatures()
        self.trust()
        for seq, _, _, proven in self.keys.epochs:
            if not proven:
                self.bad("epoch-previous-unproven", seq)
        for anchor in self.anchors:
            self.anchor(*anchor)

    def node(self, level, index):
        last = ((index + 1) << level) - 1 if 0 <= level < 63 and index >= 0 else self.count
        stored, mine = self.nodes.get((level, index)), self.computed.get((level, index))
        if last >= self.count:
            self.bad("extra")
        elif stored is None:
            self.bad("node", last)
        elif level == 0:
            if stored != (mine or self.unplaced.get(index, stored)):
                self.bad("leaf", last)
        elif mine is not None and mine != stored:
            self.bad("node", last)

    def cosignatures(self):
        known = {
            (key[0], sha(key[0].encode(), b"\n", bytes([key[1]]), key[2])[:4]): key
            for key, _ in self.witnesses
        }
        for size, line in self.lines:
            try:
                name, key_hash, data = signature_line(line)
                text = note_parts(self.notes[size])[0]
            except (ValueError, KeyError):
                self.bad("cosignature", max(size - 1, 0))
                continue
            key = known.get((name, key_hash))
            if key is None or key[1] == 6:  # ML-DSA-44 would be a second crypto call
                continue
            moment = int.from_bytes(data[:8], "big")
            message = f"cosignature/v1\ntime {moment}\n{text}".encode()
            if len(data) != 72 or not moment or not signed(key[2], data[8:], message):
                self.bad("cosignature", max(size - 1, 0))

    def trust(self):
        """Say whether the log's keys are believed: those that signed, and from a pinned one onwards."""
        self.unknown = not self.keys.periods
        periods = [period for period in self.keys.periods if period[0] <= self.count]
        for first, names, _, _ in periods:
            publics = {public for _, others, public, _ in periods if names[0] in others}
            if not self.fingerprints and self.pins.get(names[0]) not in {None, *publics}:
                self.bad("station-key-mismatch", first - 1)
                return
        known = [any(self.believed(name, public) for name in names) for _, names, public, _ in periods]
        if not any(known):
            self.unknown = True
            if self.fingerprints and periods:
                self.bad("station-key-mismatch", 0)
            return
        after = len(known) - known[::-1].index(True)
        self.unknown = not all(linked for *_, linked in periods[after:])

    def believed(self, name, public):
        if self.fingerprints:
            return sha(public).hex() in self.fingerprints
        return self.pins.get(name) == public

    def anchor(self, origin, size, root):
        """Compare a tree head that left the machine; that it is genuine is taken for granted here."""
        here = self.keys.origin
        if station(origin) != station(here):
            self.bad("anchor-other-station")
            return
        number = epoch_number(origin)
        following = next((each for each in self.keys.epochs if epoch_number(each[1]) == number + 1), None)
        last = self.count if origin == here else following[0] if following else -1
        if size <= last:
            if self.root_at(size) != root:
                self.bad("anchor-mismatch")
        elif following and following[3] and self.declared(origin, size, root, following[2]):
            self.bad("anchor-lost")
        else:
            self.bad("anchor-ahead")

    def declared(self, origin, size, root, said):
        return origin == said[0] and (size < said[1] or (size, root) == (said[1], said[2]))

    def root_at(self, size):
        try:
            return fold([self.computed[place] for place in edges(size)])
        except KeyError:
            return None

    def verdict(self):
        mismatch = any(code == "station-key-mismatch" for code, _ in self.found)
        altered = [each for each in self.found if each[0] in CODES]
        altered.sort(key=lambda each: (each[1] is None, each[1] or 0, CODES.index(each[0])))
        code, first = altered[0] if altered else (None, None)
        if code is None:
            undecided = sorted(
                (seq is None, seq or 0, UNDECIDED.index(name))
                for name, seq in self.found
                if name in UNDECIDED
            )
            code = UNDECIDED[undecided[0][2]] if undecided else "ok"
            code = "unknown-station" if self.unknown else code
        return {
            "code": "station-key-mismatch" if mismatch else code,
            "first_bad": first,
            "size": self.size,
            "root": self.root.hex(),
            "irregular": sorted(self.odd),
            "findings": altered[:50],
        }


class Decided:
    """ "Exceptions": what people may write about what the machine said. Yields once for each thing that is wrong."""

    def __init__(self):
        self.tries, self.state, self.incidents, self.turned, self.hashes = {}, {}, {}, set(), {}
        self.drawn, self.parts, self.away, self.freed = {}, set(), set(), set()

    def wrong(self, seq, body):
        kind = body["kind"].replace("-", "_")
        judge = getattr(self, f"of_{kind}", None)
        return [*judge(seq, body)] if judge else []

    def place(self, session, sbd, component):
        empty = {"in": False, "refused": None, "owed": set(), "left": -1, "looks": {}}
        return self.state.setdefault((session, sbd, component), empty)

    def of_open(self, _seq, body):
        self.hashes.setdefault(body["session"], body["roster_hash"])
        return ()

    def of_incident(self, _seq, body):
        name = body["session"], str(body.get("incident", ""))
        if name in self.incidents and "incident" in body and "second" not in body:
            yield "alone"
        self.incidents.setdefault(name, body)
        tried = self.tries.get(body.get("attempt_of"))
        if tried and body.get("component", tried[2]) == tried[2]:
            self.confirmed(body, tried)

    def of_exit(self, seq, body):
        if "component" in body:
            self.place(body["session"], body["sbd"], body["component"])["left"] = seq
        return ()

    def of_draw(self, seq, body):
        self.drawn[body["session"], str(seq)] = body["drawn"]
        return ()

    def of_split(self, _seq, body):
        for part, sbds in body["parts"].items():
            if part != str(body["number"]) and type(sbds) is list:
                self.away |= {(body["session"], str(sbd)) for sbd in sbds}
        return ()

    def of_merge(self, _seq, body):
        self.parts.add((body["session"], "/".join(body["part_origin"].split("/")[:2])))
        return ()

    def of_attempt(self, seq, body):
        late, purpose = body.get("late"), body.get("purpose", "check-in")
        again = purpose in AGAIN
        refused = type(late) is dict and late.get("verdict") == "REFUSE"
        verdict = "REFUSE" if refused else body["verdict"]
        if "sbd" in body:
            place = self.place(body["session"], body["sbd"], body["component"])
            enters = verdict == "ADMIT" and not again
            if again:
                place["looks"][purpose] = (seq, body["attempt"])
            again = again and (place["in"] or (body["session"], body["sbd"]) in self.away)
            if again or not place["in"]:
                self.refusal(place, verdict, body["checks"], takes_back=enters or again)
            place["in"] |= enters
        self.tries[body["attempt"]] = (
            body["session"],
            body.get("sbd"),
            body["component"],
            verdict,
            again,
            (purpose, seq),
            body["checks"],
        )
        return ()

    @staticmethod
    def refusal(place, verdict, checks, *, takes_back):
        """Which refusal stands after an attempt; `takes_back`: an ADMIT of it does, for it lets in or looks again."""
        rows = {name: row.get("outcome") for name, row in checks.items() if type(row) is dict}
        compared = rows.get("face-match") in ("passed", "indeterminate")
        if (verdict == "ADMIT" and takes_back) or (place["refused"] == "face" and compared):
            place["refused"] = None
        if verdict == "REFUSE" and place["refused"] != "card":
            face = rows.get("face-match") == "failed" and not [c for c in CARD if rows.get(c) == "failed"]
            place["refused"] = "face" if face else "card"

    def confirmed(self, body, tried):
        """Whose an attempt was that named nobody."""
        if "sbd" in body and tried[1] is None and tried[0] == body["session"]:
            place = self.place(body["session"], body["sbd"], tried[2])
            if not place["in"]:
                self.refusal(place, tried[3], tried[6], takes_back=False)

    def meant(self, body, verdict):
        """The attempt that an entry is about; one of a part that was taken over is as the entry says it."""
        tried = self.tries.get(body["of"])
        if "of_station" not in body:
            return tried if tried and tried[0] == body["session"] else None
        if tried or (body["session"], body["of_station"]) not in self.parts or "component" not in body:
            return None
        again = self.place(body["session"], body["sbd"], body["component"])["in"]
        return (body["session"], body["sbd"], body["component"], verdict, again, ("", -1))

    def about(self, body, verdict, tried):
        """Of the attempt that an override or decision names: verdict, candidate, component; and only once."""
        _, sbd, component, said, *_ = tried
        if said != verdict:
            yield "of"
        if sbd not in (None, body["sbd"]) or body.get("component", component) != component:
            yield "sbd"
        if (body["kind"], body["of"]) in self.turned:
            yield "twice"
        self.turned.add((body["kind"], body["of"]))

    def of_override(self, _seq, body):
        tried = self.meant(body, "REFER")
        if not tried:
            if "of_station" in body:
                yield "of"
            return
        yield from self.about(body, "REFER", tried)
        place = self.place(body["session"], body["sbd"], tried[2])
        if body["verdict"] != "ADMIT":
            yield "verdict"
        if place["refused"]:
            yield "after-refuse"
        if place["in"] and not tried[4]:
            yield "admitted"
        place["in"] = True

    def of_decision(self, _seq, body):
        tried = self.meant(body, "REFUSE")
        if not tried:
            yield "of"
            return
        yield from self.about(body, "REFUSE", tried)
        self.confirmed(body, tried)
        known = self.incidents.get((body["session"], body["incident"]))
        if known is None:
            mine = "of_station" in body
        elif "sbd" in known:
            mine = known["sbd"] == body["sbd"]
        else:
            mine = known.get("attempt_of", body["of"]) == body["of"]
        if not mine:
            yield "incident"
        roles = {body["operator"]["role"], body["second"]["role"]}
        head = roles & {"chairman", "deputy-chairman", "site-head"}
        if not head and not body["origin"].startswith("proctor.training/"):
            yield "head"
        if body["decided"] == "admitted":
            place = self.place(body["session"], body["sbd"], tried[2])
            if place["in"] and not tried[4]:
                yield "admitted"
            place |= {"in": True, "refused": None}
            self.freed.add(body["of"])

    def of_manual(self, seq, body):
        place = self.place(body["session"], body["sbd"], body["component"])
        closes, purpose = body.get("facts", {}).get("closes"), body.get("purpose", "check-in")
        good, again = body["outcome"].startswith("admitted"), purpose in AGAIN and place["in"]
        if closes is not None:
            there = (body["session"], body["facts"].get("of_station")) in self.parts
            if type(closes) is not int or (closes not in place["owed"] and not there):
                yield "closes"
            elif not there:
                place["owed"].remove(closes)
        elif good:
            if place["refused"]:
                yield "after-refuse"
            if place["in"] and not again:
                yield "admitted"
            place["in"] = True
        if purpose in AGAIN:
            place["looks"][purpose] = (seq, "" if good else "-")
        if body["outcome"] == "admitted-provisionally":
            place["owed"].add(seq)

    def of_re_entry(self, _seq, body):
        if body["outcome"] != "admitted":
            return
        of = body.get("of", "")
        tried = self.tries.get(of)
        component = body.get("component", tried[2] if tried else "")
        place = self.place(body["session"], body["sbd"], component)
        seq, last = place["looks"].get("re-entry", (-1, ""))
        good = of == (last if seq > place["left"] else "")
        if tried:
            good &= tried[3] == "ADMIT" or ("override", of) in self.turned or of in self.freed
            good &= tried[2] == component
        if not good:
            yield "of"
        if place["refused"]:
            yield "after-refuse"

    def of_spot_check(self, _seq, body):
        drawn = self.drawn.get((body["session"], body["draw"]))
        if drawn is None or body["sbd"] not in drawn:
            yield "draw"
            return
        of, since = body.get("of", ""), int(body["draw"])
        tried = self.tries.get(of)
        component = body.get("component", tried[2] if tried else "")
        seq, last = self.place(body["session"], body["sbd"], component)["looks"].get("spot-check", (-1, ""))
        last = last if seq > since else ""
        if not tried:
            if last or of:
                yield "of"
            return
        says = {"ADMIT": "same-person", "REFER": "unsure", "REFUSE": "other-person"}[tried[3]]
        if tried[1] != body["sbd"]:
            says = "unsure" if tried[1] is None else "other-person"
        purpose, made = tried[5]
        late = made < since or (last not in ("", of) and seq > made)
        if purpose != "spot-check" or tried[2] != component or late:
            yield "of"
        elif body["outcome"] != says:
            yield "outcome"

    def of_roster(self, _seq, body):
        known = self.hashes.get(body["session"])
        if known is not None and body.get("roster_before", known) != known:
            yield "before"
        if "sbds" in body and len(body["sbds"]) != body["added"]:
            yield "sbds"
        self.hashes[body["session"]] = body["roster_hash"]


class Lots:
    """ "Parts" and "Lots": places, draws, self-tests, divisions. Yields once for each thing that is wrong."""

    def __init__(self):
        self.tests, self.admitted, self.excused = {}, {}, set()
        self.divided, self.parts = {}, set()
        self.tried, self.placed, self.out, self.listed, self.added = {}, {}, {}, {}, {}
        self.required = {}

    def wrong(self, seq, body, formed):
        kind, session = body["kind"].replace("-", "_"), body.get("session")
        if kind == "attempt":
            return not self.tries(session, body)
        judge = getattr(self, f"of_{kind}", None)
        if judge is None or not formed:
            return False
        try:
            return not judge(seq, session, body)
        except (TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError):
            return True

    def tries(self, session, body):
        """An attempt: the machine admits with every check passed that it must or the session asks for, and whom the
        places drawn there name."""
        again = body.get("purpose") in AGAIN
        if body.get("verdict") != "ADMIT":
            self.tried[str(body.get("attempt"))] = (str(body.get("component")), again)
            return True
        seated = (
            again or "sbd" not in body or self.let_in(session, str(body.get("component")), str(body["sbd"]))
        )
        checks, asked = (
            body.get("checks"),
            (*CARD, "notice", "chip-read", "cross-check", "roster", "duplicate"),
        )
        if type(checks) is not dict:
            return False
        rows = [checks.get(name) for name in (*asked, "face-match", *self.required.get(session, ()))]
        return seated and all(type(row) is dict and row.get("outcome") == "passed" for row in rows)

    def let_in(self, session, component, sbd):
        self.admitted.setdefault((session, component), set()).add(sbd)
        placed = self.placed.get((session, component))
        return placed is None or sbd in placed or sbd in self.added.get(session, ())

    def of_override(self, _seq, session, body):
        component, again = self.tried.get(body.get("of"), (None, False))
        said = str(body.get("verdict", body.get("decided", body.get("outcome"))))
        where = body.get("component", component)
        first = not again and body.get("purpose") not in AGAIN and where is not None
        if first and (said == "ADMIT" or said.startswith("admitted")):
            self.let_in(session, where, body["sbd"])
        return True

    of_decision = of_manual = of_override

    def of_incident(self, _seq, session, body):
        if "sbd" in body:
            self.excused.add((session, body["sbd"], body.get("component", "")))
        return True

    def of_exit(self, seq, session, body):
        self.out.setdefault((session, body["sbd"]), set()).add(body.get("component", ""))
        return self.of_incident(seq, session, body)

    def of_re_entry(self, _seq, session, body):
        out = self.out.get((session, body["sbd"]), set())
        where = out & {body["component"], ""} if "component" in body else set(out)
        if body["outcome"] == "admitted":
            out -= where
        return bool(where)

    def of_open(self, _seq, session, body):
        self.listed[session] = self.listed.get(session, 0) + body.get("candidates", body.get("added"))
        self.added.setdefault(session, set()).update(str(sbd) for sbd in body.get("sbds", ()))
        if body["kind"] == "open":
            self.required[session] = [str(name) for name in body.get("required", ())]
        if body["kind"] == "roster" and body["added"] and "sbds" not in body:
            self.placed = {key: value for key, value in self.placed.items() if key[0] != session}
        return True

    of_roster = of_open

    def numbers(self, seed):
        counter = 0
        while True:
            message = b"proctor lot 1\n" + counter.to_bytes(8, "big")
            block = hmac.new(seed, message, hashlib.sha256).digest()
            yield from (int.from_bytes(block[at : at + 8], "big") for at in (0, 8, 16, 24))
            counter += 1

    def shuffled(self, numbers, items):
        items = list(items)
        for place in reversed(range(1, len(items))):
            bound = place + 1
            other = next(n for n in numbers if n < 2**64 // bound * bound) % bound
            items[place], items[other] = items[other], items[place]
        return items

    def of_self_test(self, seq, session, body):
        self.tests[seq] = (read_time(body["at"]), body["outcome"], session)
        return True

    def of_start(self, _seq, session, body):
        if "self_test" not in body:
            real = body["origin"].startswith("proctor.real/")
            return not real or ("second" in body and "exception" in body)
        at, outcome, of = self.tests.get(body["self_test"], (None,) * 3)
        return (
            at is not None
            and read_time(body["at"]) - at <= timedelta(hours=12)
            and outcome != "failed"
            and of in (None, session)
        )

    def of_draw(self, _seq, session, body):
        among, fresh = body["among"], bytes.fromhex(body["fresh"])
        seed = hashlib.sha256(b"proctor draw seed 1\n" + fresh + bytes.fromhex(body["root"])).digest()
        left = self.admitted.get((session, body["component"]), set()) - set(among)
        drawn = self.shuffled(self.numbers(seed), among)[: len(body["drawn"])]
        return (
            all(type(sbd) is str for sbd in among)
            and among == sorted(set(among))
            and body["method"] == "proctor-lot-1"
            and body["population"] == len(among)
            and body["seed"] == seed.hex()
            and body["drawn"] == drawn != []
            and not [
                sbd
                for sbd in left
                if not self.excused & {(session, sbd, body["component"]), (session, sbd, "")}
            ]
        )

    def of_allocation(self, _seq, session, body):
        key = session, body["component"]
        everybody = {sbd for shift in body["groups"] for group in shift for sbd in group}
        if not self.has_places(body):
            return False
        self.placed[key] = everybody
        return not self.admitted.get(key) and len(everybody) <= self.listed.get(session, len(everybody))

    def has_places(self, body):
        rooms, capacity, cars = body["rooms"], body["capacity"], body["method"] == "proctor-lot-1/cars"
        everybody = [sbd for shift in body["groups"] for group in shift for sbd in group]
        if not cars and (body["method"] != "proctor-lot-1/rooms" or capacity < 1):
            return False
        if (
            capacity < 0
            or len(set(rooms)) != len(rooms)
            or len(set(everybody)) != len(everybody)
            or not everybody
        ):
            return False
        numbers, places = self.numbers(bytes.fromhex(body["seed"])), {}
        for shift, groups in enumerate(body["groups"], 1):
            order, first = [], 0
            for group in groups:
                if group != sorted(group):
                    return False
                lot = self.shuffled(numbers, group)
                order += lot
                for at, sbd in enumerate([] if cars else lot):
                    places[sbd] = [first + at // capacity + 1, at % capacity + 1, shift]
                first += 0 if cars else -(-len(group) // capacity)
            for at, sbd in enumerate(order if cars else []):
                places[sbd] = [at % len(rooms) + 1, at // len(rooms) + 1, shift]
        fits = all(
            room <= len(rooms) and not (cars and 0 < capacity < seat) for room, seat, _ in places.values()
        )
        return fits and places == body["places"]

    def of_split(self, _seq, session, body):
        parts, known = body["parts"], session in self.divided
        self.divided[session] = len(parts)
        everybody = [sbd for sbds in parts.values() for sbd in sbds]
        return (
            set(parts) == {str(number) for number in range(1, len(parts) + 1)}
            and len(parts) > 1
            and all(type(sbds) is list and sbds for sbds in parts.values())
            and len(set(everybody)) == len(everybody)
            and all(type(sbd) is str and sbd for sbd in everybody)
            and session == body["group"] + ("" if body["number"] == 1 else f"-p{body['number']}")
            and 1 <= body["number"] <= len(parts)
            and not known
        )

    def of_merge(self, _seq, session, body):
        again = (session, body["part"]) in self.parts
        self.parts.add((session, body["part"]))
        return not again and 2 <= body["part"] <= self.divided.get(session, 0)


class Bodies:
    """Form, fields, clocks, order and evidence, entry by entry."""

    def __init__(self, log):
        self.log, self.bad, self.before, self.schema = log, log.bad, None, 1
        self.begun, self.ended, self.sessions = {}, {}, {}
        self.formed, self.decided, self.lots = None, Decided(), Lots()
        self.users, self.within, self.heads = {}, {}, []
        self.own, self.tokens, self.cards, self.gone, self.mute = {}, {}, {}, {}, set()
        self.nonces, self.signed_heads, self.present = set(), [], {}
        self.names, self.named, self.slots, self.bound = {}, {}, Counter(), set()
        self.unfinished, self.last_at = set(), None
        self.keyless, self.restored = [], (0, 0, 0)
        slots = log.header["slots"]
        self.destroyed = None if slots is None else set(slots.get("destroyed", ()))
        self.damaged = set() if slots is None else set(slots.get("damaged", ()))
        self.slot_count = 0 if slots is None else slots.get("count", 0)

    def read(self, seq, data, columns):
        keys = self.log.keys
        try:
            body = canonical(data)
            at = self.common(seq, body)
        except (ValueError, RecursionError):
            self.bad("body", seq)
            return None
        if body["kind"] in {"key", "epoch"} and not keys.entry(seq, body) and seq:
            self.bad("event", seq)
        if body["origin"] != (keys.origin or self.log.head_origin):
            self.bad("body", seq)
            return None
        if columns != (body["kind"], body.get("session"), body.get("attempt")):
            self.bad("body", seq)
        if not self.schema <= body["schema"] <= self.log.version:
            self.bad("order", seq)
        self.schema = max(self.schema, body["schema"])
        if body["schema"] == 2:
            self.event(seq, body)
            self.clock(seq, body, at)
        self.before = (seq, at, body)
        return body

    def common(self, seq, body):
        kinds = {"schema": int, "seq": int, "monotonic_ms": int, "operator": dict}
        kinds |= dict.fromkeys(("kind", "origin", "at", "boot_id"), str)
        if any(type(body.get(name)) is not kind for name, kind in kinds.items()):
            raise ValueError("common")
        if body["schema"] not in {1, 2} or body["seq"] != seq or set(body["operator"]) != {"id", "role"}:
            raise ValueError("place")
        bound = body.get("evidence", {})
        if body["schema"] == 1:
            if type(bound) is not dict or bool(bound) != ("evidence_key" in body):
                raise ValueError("evidence")
        else:
            self.bound_2(body, bound)
        return read_time(body["at"])

    def bound_2(self, body, bound):
        there = {"evidence", "evidence_keys", "evidence_slot"} & set(body)
        if not all(type(each) is str and each for each in body["operator"].values()):
            raise ValueError("operator")
        if "evidence_key" in body or len(there) not in {0, 3}:
            raise ValueError("evidence")
        if not there:
            return
        keys, slot = body["evidence_keys"], body["evidence_slot"]
        if type(bound) is not dict or type(keys) is not dict or not bound or set(bound) != set(keys):
            raise ValueError("evidence")
        if type(slot) is not int or slot < 0:
            raise ValueError("slot")
        if not all(type(each) is str and HASH.fullmatch(each) for each in [*bound.values(), *keys.values()]):
            raise ValueError("hash")

    # -- one entry -------------------------------------------------------------------------------

    def event(self, seq, body):
        kind = body["kind"] if body["kind"] != "key" else f"key/{body.get('event')}"
        self.formed = None
        if kind not in KINDS or (body["kind"] != "key" and "/" in kind):
            self.bad("event", seq)
            return
        fields, _, evidence = KINDS[kind].partition("|")
        right = "second" not in body and "*" not in fields.split()
        right = (right or self.second(body)) and bool(USER.fullmatch(body["operator"]["id"]))
        for field in fields.replace("*", "").split():
            name, _, kind_of = field.rstrip("?").partition(":")
            if name not in body:
                right = right and field.endswith("?")
            else:
                right = right and bool(TYPES[kind_of or "text"](body[name]))
        self.formed = seq if right else None
        names = set(body.get("evidence", ()))
        allowed = {each.rstrip("?") for each in evidence.split()}
        needed = {each for each in evidence.split() if not each.endswith("?")}
        if not right or not needed <= names <= allowed:
            self.bad("event", seq)

    def second(self, body):
        second = body.get("second")
        if type(second) is not dict:
            return False
        proofs = {"password", "token", "card-face"}
        proofs |= {"training"} if body["origin"].startswith("proctor.training/") else set()
        named = all(type(second.get(each)) is str and second[each] for each in ("id", "role"))
        proof = second.get("proof")
        named = named and bool(USER.fullmatch(second["id"]))
        ids = {"station", second.get("id"), body["operator"]["id"]} if named else ()
        return len(ids) == 3 and type(proof) is str and proof in proofs

    def clock(self, seq, body, at):
        if self.before is None or self.before[0] != seq - 1 or body["kind"] == "epoch":
            return
        _, at_before, before = self.before
        jump = (at - at_before) // timedelta(milliseconds=1)
        jumped = jump < 0
        if body["boot_id"] == before["boot_id"]:
            advance = body["monotonic_ms"] - before["monotonic_ms"]
            jump -= advance
            jumped = abs(jump) > 2000
            if advance < 0:
                self.log.odd.append(("clock-back", seq))
        if jumped != (body["kind"] == "clock"):
            self.bad("clock", seq)
        elif jumped:
            clocks = {name: before[name] for name in ("at", "monotonic_ms", "boot_id")}
            if body.get("jump_ms") != jump or body.get("before") != clocks:
                self.bad("clock", seq)
            self.log.odd.append(("clock-jump", seq))

    def follow(self, seq, body):
        """What an entry says about what came before it, and its evidence."""
        self.evidence(seq, body or {})
        if body is None:
            return
        self.last_at = read_time(body["at"])
        self.names[seq] = set(body.get("evidence", ()))
        self.people(seq, body)
        if (body["kind"], body.get("event"), body["schema"]) == ("key", "restored", 2):
            size, count = body.get("size"), body.get("without_keys")
            if type(size) is int and type(count) is int and count > 0:
                self.restored = (size, count, seq)
        self.attempt(seq, body)
        session = body.get("session")
        if type(session) is str and (body["kind"] in INSIDE or body["kind"] == "open"):
            self.session(seq, session, body)
        if body["schema"] == 2:
            self.references(seq, body)
            self.exceptions(seq, body)
            self.lot(seq, body)
        if type(session) is str:
            self.within[seq] = session
        if body["kind"] == "shred" and body["schema"] == 2 and type(body.get("targets")) is list:
            self.targets(seq, body)

    def exceptions(self, seq, body):
        """What people decided about what the machine said."""
        for _ in self.decided.wrong(seq, body) if self.formed == seq else ():
            self.bad("order", seq)

    def lot(self, seq, body):
        """What follows by lot or from a division; a draw is bound to a tree head."""
        if self.lots.wrong(seq, body, self.formed == seq):
            self.bad("event", seq)
        if body["kind"] == "draw" and self.formed == seq:
            self.heads.append((seq, body["size"], body["root"]))

    def people(self, seq, body):
        """Who acts is a user of the log; in a training log a second person may be anybody."""
        by, second = body["operator"], body.get("second")

        def known(person):
            right = type(person) is dict and all(type(person.get(each)) is str for each in ("id", "role"))
            return right and self.users.get(person["id"]) == person["role"]

        event = body.get("event") if body["kind"] == "key" else None
        real = body["origin"].startswith("proctor.real/")
        if body["schema"] == 1:
            if event == "user-added":
                self.user_added(seq, body, known, real)
            return
        good = len(self.log.found)
        wanted = self.wanted(body, second if named(second) else None)
        first = event == "user-added" and not self.users
        if first:
            self.user_added(seq, body, known, real)
        stranger = (real or self.users) and by["id"] != "station" and not known(by)
        if stranger or (real and not self.may(body, by, second if named(second) else None, known)):
            self.bad("order", seq)
        self.signatures(seq, body, second if named(second) else None, wanted, real)
        if good != len(self.log.found) or first:
            return
        if body["kind"] == "presence" and named(second):
            self.present[seq] = body
        if event == "user-added":
            self.user_added(seq, body, known, real)
        elif event is not None and type(body.get("user")) is str:
            self.user_changed(seq, event, body, second if type(second) is dict else {})

    def may(self, body, by, second, known):
        """Whether these persons may make such an entry of a real log, whatever its rules say."""
        kind, adds = body["kind"], (body["kind"], body.get("event")) == ("key", "user-added")
        if by["id"] != "station":
            if kind in CHECK_IN and by["role"] in WATCHERS:
                return False
            if kind in DECIDING and by["role"] in NEVER_SECOND:
                return False
        if "second" not in body:
            if kind == "export" and body.get("what") == "pack" and by["id"] in self.own:
                return False
            able = {user for user, role in self.users.items() if role not in NEVER_SECOND | OF_SESSIONS}
            others = (able & self.own.keys()) - {body.get("user") if type(body.get("user")) is str else ""}
            return not (adds and type(body.get("user")) is str and len(others) >= 2)
        if second is None:
            return True
        never = second["role"] in NEVER_SECOND or (second["role"] in OF_SESSIONS and "session" not in body)
        return known(second) and not never and not {by["id"], second["id"]} & self.mute

    def user_added(self, seq, body, known, real):
        user, role, by = body.get("user"), body.get("role"), body["operator"]
        if type(user) is not str or type(role) is not str:
            return
        if not (known(by) if self.users else by.get("id") == user):
            return
        keyed = bool(self.own)
        lacks = keyed and (body["schema"] == 1 or by["id"] not in self.own)
        if real and self.users and (by["role"] != "administrator" or lacks):
            self.bad("order", seq)
        elif user in self.users or user in self.gone:
            if self.users.get(user) != role or "vkey" in body:
                self.bad("order", seq)
        elif self.user_key(seq, body):
            self.users[user] = role
            if type(body.get("vkey")) is str:
                self.own[user] = read_vkey(body["vkey"])[2]
            elif real and keyed:
                self.mute.add(user)

    def user_key(self, seq, body):
        """Whether the key that an entry gives a user is one, and nobody else's."""
        if type(body.get("vkey")) is not str:
            return True
        try:
            name, _, public = read_vkey(body["vkey"])
            right = name == body["user"]
        except (ValueError, IndexError):
            right = False
        if not right:
            self.bad("event", seq)
            return False
        others = [*self.own.items(), *self.tokens.items()]
        if any(key == public and user != name for user, key in others):
            self.bad("order", seq)
            return False
        return True

    def wanted(self, body, second):
        """Who signs an entry: by part, the key that the log named before it."""
        own, wanted = self.own, {}
        if second is not None:
            wanted = {"operator": own.get(body["operator"]["id"]), "second": own.get(second["id"])}
            if second.get("proof") == "token":
                wanted["token"] = self.tokens.get(second["id"])
        elif body["kind"] == "key" and body.get("event") in ("user-key", "user-added"):
            wanted = {"operator": own.get(body["operator"]["id"])}
        return {part: key for part, key in wanted.items() if key is not None}

    def signatures(self, seq, body, second, wanted, real):
        """Whoever has a key in the log signs what two persons answer for."""
        given = body.get("signatures")
        right = (given is None and not wanted) or self.signed_right(body, given, wanted)
        if right and given is not None:
            right = given["nonce"] not in self.nonces
            self.nonces.add(given["nonce"])
            self.signed_heads.append((seq, given["size"], given["root"]))
        if right and second is not None and second.get("proof") in ("token", "card-face"):
            if second["id"] not in self.own:
                right = not real
            elif second["proof"] == "token":
                right = second["id"] in self.tokens
            else:
                right = self.was_present(seq, body, second)
        if not right:
            self.bad("signature", seq)

    @staticmethod
    def signed_right(body, given, wanted):
        if type(given) is not dict or not wanted or "checks" in body:
            return False
        if given.keys() != {"nonce", "size", "root", *wanted} or type(given["size"]) is not int:
            return False
        if not all(
            type(given[name]) is str and form.fullmatch(given[name])
            for name, form in SIGNATURE_FORM.items()
            if name in given
        ):
            return False
        left = {"seq", "at", "monotonic_ms", "boot_id"}
        fields = {name: value for name, value in body.items() if name not in left}
        fields["origin"] = station(body["origin"])
        fields["signatures"] = {name: given[name] for name in ("nonce", "size", "root")}
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        message = b"proctor entry signature 1\n" + text.encode()
        return all(signed(key, bytes.fromhex(given[part]), message) for part, key in wanted.items())

    def was_present(self, seq, body, second):
        place = second.get("presence")
        shown = self.present.pop(place, None) if type(place) is int and place < seq else None
        if shown is None or shown["second"]["id"] != second["id"]:
            return False
        action = SHOWN_FOR.get(body["kind"], shown.get("action"))
        told = (shown.get("user"), shown.get("outcome"), shown.get("action"))
        if told != (second["id"], "passed", action):
            return False
        if type(shown.get("card")) is not int or shown["card"] != self.cards.get(second["id"]):
            return False
        if shown["operator"] != body["operator"] or body.get("session") not in {None, shown.get("session")}:
            return False
        soon = read_time(body["at"]) - read_time(shown["at"]) <= timedelta(seconds=600)
        soon = soon and body["monotonic_ms"] - shown["monotonic_ms"] <= 600_000
        return "rotation" in body or (soon and body["boot_id"] == shown["boot_id"])

    def user_changed(self, seq, event, body, second):
        user, by = body["user"], body["operator"]["id"]
        persons, keyed = {by, second.get("id")}, "vkey" in body
        wrong = event in {"user-key", "user-totp"} and user != by
        wrong |= event in BY_OTHERS and user in persons and (event != "user-enrolled" or keyed)
        wrong |= event in {"user-token", "user-card"} and user not in persons
        wrong |= event == "user-key" and user in self.mute
        if wrong:
            self.bad("order", seq)
            return
        if not self.user_key(seq, body):
            return
        key = read_vkey(body["vkey"])[2] if type(body.get("vkey")) is str else None
        if event == "user-enrolled" and keyed:
            self.mute.discard(user)
        if event == "user-enrolled" and keyed and user in self.own:
            self.log.odd.append(("user-key-replaced", seq))
        if event in {"user-enrolled", "user-key", "user-token", "user-card"}:
            self.means(seq, event, user, key, body)
        else:
            self.standing(event, user, body)

    def means(self, seq, event, user, key, body):
        """What somebody signs with, or proves presence with."""
        if event in {"user-enrolled", "user-key"} and key is not None:
            self.own[user] = key
        elif event == "user-token":
            self.tokens.pop(user, None)
            if key is not None:
                self.tokens[user] = key
        elif event == "user-card":
            self.cards.pop(user, None)
            if body.get("state") == "on":
                self.cards[user] = seq

    def standing(self, event, user, body):
        """Who may act, in which role."""
        if event == "user-role" and user in self.users and type(body.get("role")) is str:
            self.users[user] = body["role"]
        elif event == "user-disabled" and user in self.users:
            self.gone[user] = self.users.pop(user)
        elif event == "user-enabled" and user in self.gone:
            self.users[user] = self.gone.pop(user)

    def references(self, seq, body):
        kind, session = body["kind"], body.get("session")
        of, corrects = body.get("of"), body.get("corrects")
        about = kind in {"override", "spot-check", "re-entry"} and type(of) is str
        about = about and not (kind == "override" and "of_station" in body)
        if about and (of not in self.ended or self.ended[of] != session):
            self.bad("order", seq)
        if kind == "correction" and type(corrects) is int and self.within.get(corrects, "") != session:
            self.bad("order", seq)
        if kind in {"print", "export"}:
            size, root = ("sheet_size", "sheet_root") if kind == "print" else ("size", "root")
            if type(body.get(size)) is int:
                self.heads.append((seq, body[size], body.get(root)))

    def attempt(self, seq, body):
        name, kind = body.get("attempt"), body["kind"]
        if type(name) is not str:
            return
        if kind == "begin":
            if name in self.begun or name in self.ended:
                self.bad("order", seq)
            else:
                self.begun[name] = (seq, body.get("session"))
        elif kind == "attempt":
            other = name in self.begun and self.begun[name][1] != body.get("session")
            if name in self.ended or other:
                self.bad("order", seq)
            elif name not in self.begun and body["schema"] == 2:
                self.log.odd.append(("attempt-without-begin", seq))
            if body["schema"] == 2 and not self.right_end(body, begun=name in self.begun):
                self.bad("order", seq)
            self.ended.setdefault(name, body.get("session"))

    @staticmethod
    def right_end(body, *, begun):
        """A person ends an attempt; or the station does, as interrupted or as recorded late, and refers it."""
        late, reasons = body.get("late"), body.get("reasons")
        if body["operator"]["id"] != "station":
            return late is None
        if body.get("verdict") != "REFER" or type(reasons) is not list:
            return False
        if late is None:
            return begun and reasons == ["attempt-interrupted"]
        if type(late) is not dict or reasons[:1] != ["record-late"] or type(late.get("verdict")) is not str:
            return False
        who = late.get("operator")
        named = type(who) is dict and all(type(who.get(each)) is str for each in ("id", "role"))
        return named and bool(USER.fullmatch(who["id"])) and bool(who["role"])

    def session(self, seq, name, body):
        known = self.sessions.setdefault(name, {"first": seq, "open": None, "close": None, "attempts": 0})
        kind = body["kind"]
        if kind == "open":
            if known["open"] is not None:
                self.bad("order", seq)
            else:
                if known["first"] != seq:
                    self.bad("order", known["first"])
                known |= {"open": seq, "day": str(body.get("day", "")), "schema": body["schema"]}
        elif body["schema"] == 2 and known["close"] is not None:
            ended = kind == "attempt" and body["operator"]["id"] == "station"
            facts = body.get("facts")
            ended = ended or (kind == "manual" and isinstance(facts, dict) and "closes" in facts)
            if kind == "close" or (kind in NOT_AFTER and not ended):
                self.bad("order", seq)
        known["attempts"] += kind == "attempt"
        if kind == "close" and known["close"] is None:
            known["close"] = seq

    def targets(self, seq, body):
        given = {"session": (True, False), "candidate": (True, True)}.get(str(body.get("scope")))
        if given is not None and ("session" in body, "sbd" in body) != given:
            self.bad("event", seq)
            return
        for target in body["targets"]:
            right = (
                type(target) is dict and type(target.get("seq")) is int and type(target.get("names")) is list
            )
            if not right or not all(type(name) is str for name in target["names"]):
                self.bad("event", seq)
                return
            pieces = {(target["seq"], name) for name in target["names"]}
            there = self.names.get(target["seq"], set()) if 0 <= target["seq"] < seq else set()
            twice = len(set(target["names"])) < len(target["names"]) or pieces & self.named.keys()
            other = self.within.get(target["seq"]) != body.get("session")
            if not pieces or not set(target["names"]) <= there or twice or other:
                self.bad("event", seq)
                return
            self.named |= dict.fromkeys(pieces, seq)

    # -- evidence --------------------------------------------------------------------------------

    def evidence(self, seq, body):
        log, bound = self.log, body.get("evidence", {})
        for name, digest in bound.items():
            self.bound.add((seq, name))
            data = log.evidence.get((seq, name))
            erased = (seq, name) in log.shredded
            if data is None:
                if not erased or (seq, name) not in log.evidence:
                    self.bad("evidence", seq)
            elif type(data) is not bytes or sha(data).hex() != digest:
                self.bad("evidence", seq)
            if erased and data is not None:
                self.unfinished.add(seq)
        self.wrapped(seq, body.get("evidence_key"), bound)
        if "evidence_slot" in body:
            for place, name in enumerate(sorted(bound)):
                self.slot(seq, body["evidence_slot"] + place, erased=(seq, name) in log.shredded)

    def wrapped(self, seq, digest, bound):
        """Schema 1: the one key of an entry."""
        log, there = self.log, seq in self.log.wrapped
        data = log.wrapped.get(seq)
        gone = bool(bound) and all((seq, name) in log.shredded for name in bound)
        if digest is None:
            if there:
                self.bad("evidence", seq)
        elif type(data) is bytes:
            if sha(data).hex() != digest:
                self.bad("evidence", seq)
            if gone:
                self.unfinished.add(seq)
        elif data is not None or not there or not gone:
            self.bad("evidence", seq)

    def slot(self, seq, slot, *, erased):
        self.slots[slot] += 1
        if self.slots[slot] > 1:
            self.bad("evidence", seq)
        if self.destroyed is None:
            return
        if slot >= self.slot_count or (slot in self.damaged and not erased):
            self.bad("evidence", seq)
        elif slot in self.destroyed and not erased:
            self.keyless.append(seq)
        elif erased and slot not in self.destroyed:
            self.unfinished.add(seq)

    # -- at the end ------------------------------------------------------------------------------

    def finish(self):
        log = self.log
        known = {row[0] for row in log.entries}
        for seq, _name in log.evidence.keys() - self.bound:
            self.bad("evidence", seq)
        for seq in log.wrapped.keys() - known:
            self.bad("evidence", seq)
        for (seq, _name), _by in self.named.items() ^ log.shredded.items():
            self.bad("evidence", seq)
        self.judge_keyless()
        self.judge_heads("event", self.heads)
        self.judge_heads("signature", self.signed_heads)
        log.odd += [("erasure-unfinished", seq) for seq in self.unfinished]
        last = max((seq for seq, _ in self.begun.values()), default=-1)
        for name, (seq, _) in self.begun.items():
            if name not in self.ended and seq != last:
                log.odd.append(("attempt-unfinished", seq))
        today = "" if self.last_at is None else vietnamese_day(self.last_at)
        for known_session in self.sessions.values():
            self.incomplete(known_session, today)

    def judge_heads(self, name, heads):
        for seq, size, root in heads:
            own = self.log.root_at(size) if 0 <= size <= seq else b""
            if own is not None and own.hex() != root:
                self.bad(name, seq)

    def judge_keyless(self):
        declared = [seq for seq in self.keyless if seq < self.restored[0]]
        if len(declared) > self.restored[1]:
            declared = []
        for seq in self.keyless:
            if seq not in declared:
                self.bad("evidence", seq)
        if declared:
            self.log.odd.append(("evidence-without-keys", self.restored[2]))

    def incomplete(self, known, today):
        odd = self.log.odd
        if known["open"] is None:
            odd.append(("session-not-opened", known["first"]))
            return
        over = known["day"] < today
        if over and known["close"] is None and known["schema"] == 2:
            odd.append(("session-not-closed", known["open"]))
        if not known["attempts"] and (over or known["close"] is not None):
            odd.append(("session-empty", known["open"]))


def verify(lines, pins=(), fingerprints=(), witnesses=(), anchors=()):
    """Return the verdict on an export; `anchors` are (origin, size, 32 bytes of root)."""
    log = Log(Rows(lines), pins, fingerprints, witnesses, anchors)
    log.run()
    return log.verdict()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    for name in ("vkey", "fingerprint", "witness", "anchor"):
        parser.add_argument(f"--{name}", action="append", default=[])
    options = parser.parse_args()
    anchors = [text.split(",") for text in options.anchor]
    with Path(options.rows).open(encoding="utf-8") as file:
        verdict = verify(
            file,
            options.vkey,
            options.fingerprint,
            options.witness,
            [(origin, int(size), bytes.fromhex(root)) for origin, size, root in anchors],
        )
    print(json.dumps(verdict, indent=1))
    return 0 if verdict["code"] == "ok" else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError) as error:
        sys.exit(
            f"this is no log export that can be read ({type(error).__name__}): proctor log export --rows FILE"
        )
