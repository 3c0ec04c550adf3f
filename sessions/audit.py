"""The part of verification that walks the entries: bodies, leaves, nodes, checkpoints, evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sessions import codec, merkle
from sessions.checkpoint import Checkpoint, Note, VerifierKey, parse_checkpoint
from sessions.errors import CanonicalFormError, NoteFormatError, NoteSignatureError, StoreAlteredError
from sessions.evidence_box import unbox
from sessions.finding import Findings
from sessions.record import SCHEMA, parse_utc
from sessions.roster.binding import roster_hash

_COMMON: Final = {
    "schema": int,
    "kind": str,
    "seq": int,
    "origin": str,
    "at": str,
    "monotonic_ms": int,
    "boot_id": str,
    "operator": dict,
}
_OPERATOR: Final = {"id", "role"}
_NODES: Final = "SELECT level, idx, hash FROM nodes"
_NOTES: Final = "SELECT size, note FROM checkpoints"
_ENTRIES: Final = "SELECT seq, body, kind, session, attempt FROM entries ORDER BY seq"
_KEYS: Final = "SELECT seq, wrapped FROM evidence_keys"
_EVIDENCE: Final = "SELECT seq, name, ciphertext FROM evidence"


class Audit:
    """One pass over a log.

    `claimed` is the key that the log says is its station's; `size` and `root` are those of its last head.
    """

    def __init__(self, findings: Findings, evidence_key: bytes | None) -> None:
        self._findings = findings
        self._evidence_key = evidence_key
        self.claimed: VerifierKey | None = None
        self.origin = ""
        self.size = 0
        self.root = merkle.EMPTY_ROOT
        self.first_foreign: int | None = None
        self._edge: tuple[bytes, ...] | None = ()
        self._before: Checkpoint | None = None
        self._nodes: dict[tuple[Any, ...], bytes] = {}
        self._stored: dict[tuple[Any, ...], bytes] = {}
        self._bound: dict[tuple[int, str], str] = {}
        self._bound_keys: dict[int, str] = {}
        self._rosters: dict[int, str] = {}
        self._key: VerifierKey | None = None

    def run(self, connection: Any, pinned: Mapping[str, VerifierKey]) -> None:
        """Walk the log; `pinned` are the keys this machine believes, by origin."""
        self._stored = {row[:2]: row[2] for row in self._rows(connection, _NODES, (int, int, bytes))}
        notes = dict(self._rows(connection, _NOTES, (int, str)))
        self._learn(connection, notes, pinned)
        expected = 0
        for seq, body, *columns in self._rows(connection, _ENTRIES, (int, bytes)):
            if seq < 0:
                self._findings.add("log-altered-extra", what="entry")
                continue
            if seq != expected:
                self._gap(expected, seq)
            self._entry(seq, tuple(columns), body, notes.get(seq + 1))
            expected = seq + 1
        self._after(expected, notes)
        self._evidence(connection)

    # -- the station's key ------------------------------------------------------------------------

    def _learn(self, connection: Any, notes: Mapping[int, str], pinned: Mapping[str, VerifierKey]) -> None:
        """Take origin, head and claimed key from the log; the pinned key of the origin is the one used."""
        if notes:
            self.size = max(notes)
            try:
                head, _ = parse_checkpoint(notes[self.size])
                self.origin, self.root = head.origin, head.root
            except NoteFormatError:
                self._findings.add("log-altered-checkpoint", seq=self.size - 1)
        row = connection.execute("SELECT body FROM entries WHERE seq = 0").fetchone()
        self.claimed = _claimed_key(row[0] if row else b"")
        if self.claimed is None:
            self._findings.add("log-altered-body", seq=0, why="station-key")
        origin = self.claimed.name if self.claimed else self.origin
        self.origin = origin
        self._key = pinned.get(origin, self.claimed)

    # -- one entry --------------------------------------------------------------------------------

    def _entry(self, seq: int, columns: tuple[Any, ...], data: bytes, note: str | None) -> None:
        own, leaf = merkle.leaf_hash(data), self._stored.get((0, seq))
        head = self._checkpoint(seq, note)
        if self._edge is None:
            self._edge = self._resynchronised(seq)
        used = self._grow(seq, own, leaf, head)
        if used is not None and used != own:
            self._findings.add("log-altered-body", seq=seq, why="hash")
        elif leaf is not None and leaf != own:
            self._findings.add("log-altered-leaf", seq=seq)
        self._before = head
        self._body(seq, columns, data)

    def _resynchronised(self, size: int) -> tuple[bytes, ...] | None:
        """Return the edge of the stored tree if the signed checkpoint before this entry confirms it."""
        places = merkle.edge(size)
        if self._before is None or self._before.size != size or not self._stored.keys() >= set(places):
            return None
        edge = tuple(self._stored[place] for place in places)
        return edge if merkle.fold(edge) == self._before.root else None

    def _grow(self, seq: int, own: bytes, leaf: bytes | None, head: Checkpoint | None) -> bytes | None:
        """Grow the tree by the leaf that the checkpoint confirms; return it, or None if there is none."""
        if self._edge is None:
            return None
        choices = [own] if leaf is None or leaf == own else [own, leaf]
        growths = [merkle.grow(seq, self._edge, each) for each in choices]
        fits = [growth for growth in growths if head is None or growth.root == head.root]
        if not fits:
            self._findings.add("log-altered-body", seq=seq, why="root")
            self._findings.skip("roots-after-first-bad-entry")
            self._edge = None
            return None
        chosen = fits[0]
        self._edge = chosen.edge
        self._nodes.update({(level, index): digest for level, index, digest in chosen.nodes})
        return chosen.nodes[0][2]

    def _checkpoint(self, seq: int, note: str | None) -> Checkpoint | None:
        """Return the tree head that covers this entry last, if it is there and signed by the station."""
        if note is None:
            self._findings.add("log-altered-checkpoint", seq=seq, why="missing")
            return None
        try:
            head, parsed = parse_checkpoint(note)
            if (head.origin, head.size) != (self.origin, seq + 1):
                raise NoteFormatError(why="place")
            if len(parsed.signatures) != 1:
                raise NoteFormatError(why="signatures")
            self._signature(parsed, seq)
        except (NoteFormatError, NoteSignatureError):
            self._findings.add("log-altered-checkpoint", seq=seq)
            return None
        return head

    def _signature(self, note: Note, seq: int) -> None:
        """Verify by the pinned key; where the log names another key of the same name, note its first use."""
        if self._key is None:
            return
        try:
            note.verify(self._key)
        except NoteSignatureError:
            if self.claimed in {None, self._key}:
                raise
            note.verify(self.claimed)
            self.first_foreign = seq if self.first_foreign is None else self.first_foreign

    def _body(self, seq: int, columns: tuple[Any, ...], data: bytes) -> None:
        """Check the form of a body, its common fields, its columns, and note what evidence it binds."""
        try:
            body = codec.decode(data)
            _require_common(body, seq, self.origin)
        except (CanonicalFormError, ValueError):
            self._findings.add("log-altered-body", seq=seq, why="form")
            return
        if columns != (body["kind"], body.get("session"), body.get("attempt")):
            self._findings.add("log-altered-body", seq=seq, why="columns")
        for name, digest in body.get("evidence", {}).items():
            self._bound[seq, name] = digest
        if "evidence_key" in body:
            self._bound_keys[seq] = body["evidence_key"]
        if body["kind"] == "open":
            self._rosters[seq] = str(body.get("roster_hash"))

    def _gap(self, expected: int, found: int) -> None:
        for seq in range(expected, min(found, expected + 10)):
            self._findings.add("log-altered-gap", seq=seq)
        self._findings.skip("roots-after-first-bad-entry")
        self._edge = None

    # -- the whole --------------------------------------------------------------------------------

    def _after(self, size: int, notes: Mapping[int, str]) -> None:
        """Check that tree and checkpoints end where the entries end."""
        if self._edge is not None and size:
            self.size, self.root = size, merkle.fold(self._edge)
        later = sorted(each for each in notes if each > size)
        if later:
            self._findings.add("log-altered-gap", seq=size, why="checkpoint-without-entry")
        if any(each < 1 for each in notes):
            self._findings.add("log-altered-checkpoint", why="size")
        if size == 0:
            self._findings.add("log-altered-gap", seq=0)
        for level, index in sorted(self._stored.keys() | self._nodes.keys()):
            self._node(level, index, size)

    def _node(self, level: int, index: int, size: int) -> None:
        place = (level, index)
        last = (index + 1 << level) - 1 if 0 <= level <= 62 and index >= 0 else size
        facts: dict[str, str | int] = {"level": level, "index": index}
        if last >= size:
            self._findings.add("log-altered-extra", what="node", **facts)
        elif place not in self._stored:
            self._findings.add("log-altered-node", seq=last, why="missing", **facts)
        elif level and place in self._nodes and self._stored[place] != self._nodes[place]:
            self._findings.add("log-altered-node", seq=last, why="hash", **facts)

    def _evidence(self, connection: Any) -> None:
        """Compare ciphertexts and wrapped keys with the hashes in the bodies, in both directions."""
        keys: dict[int, bytes | None] = dict(self._rows(connection, _KEYS, (int,)))
        for seq in sorted(keys.keys() | self._bound_keys.keys()):
            self._bytes(seq, "evidence_key", keys.get(seq), self._bound_keys.get(seq))
        seen = set()
        for seq, name, data in self._rows(connection, _EVIDENCE, (int, str)):
            seen.add((seq, name))
            self._bytes(seq, name, data, self._bound.get((seq, name)))
            self._open(seq, name, data, keys.get(seq))
        for seq, name in sorted(self._bound.keys() - seen):
            self._bytes(seq, name, None, self._bound[seq, name])

    def _bytes(self, seq: int, name: str, data: bytes | None, digest: str | None) -> None:
        if digest is None:
            self._findings.add("log-altered-evidence", seq=seq, name=name[:40], why="unbound")
        elif type(data) is not bytes:
            self._findings.add("log-altered-evidence", seq=seq, name=name[:40], why="missing")
        elif hashlib.sha256(data).hexdigest() != digest:
            self._findings.add("log-altered-evidence", seq=seq, name=name[:40], why="hash")

    def _open(self, seq: int, name: str, data: bytes | None, wrapped: bytes | None) -> None:
        """Decrypt a piece of evidence where we have the key, and compare rosters with their open entries."""
        if self._evidence_key is None:
            self._findings.skip("evidence-not-decrypted")
            return
        if type(data) is not bytes or type(wrapped) is not bytes:
            return
        try:
            plain = unbox(data, wrapped, evidence_key=self._evidence_key, origin=self.origin, name=name)
        except StoreAlteredError:
            self._findings.add("log-altered-evidence", seq=seq, name=name[:40], why="closed")
            return
        if name == "roster" and roster_hash(plain) != self._rosters.get(seq):
            self._findings.add("log-altered-roster", seq=seq)

    def _rows(self, connection: Any, sql: str, kinds: tuple[type, ...]) -> Iterator[tuple[Any, ...]]:
        """Yield rows whose first columns are of these types; another type means another table."""
        cursor = connection.execute(sql)
        while rows := cursor.fetchmany(200):
            for row in rows:
                if all(type(value) is kind for value, kind in zip(row, kinds, strict=False)):
                    yield row
                else:
                    self._findings.add("log-altered-schema", object=sql.rpartition(" ")[2], change="types")


def _claimed_key(data: bytes) -> VerifierKey | None:
    """Return the key that the first entry names, or None."""
    try:
        body = json.loads(data)
        return VerifierKey.parse(body["vkey"]) if body["event"] == "station-key" else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NoteFormatError):
        return None


def _require_common(body: Mapping[str, Any], seq: int, origin: str) -> None:
    """Raise ValueError unless a body has the fields of every entry, with the right types and place."""
    if any(type(body.get(name)) is not kind for name, kind in _COMMON.items()):
        raise ValueError("common fields")
    if (body["schema"], body["seq"], body["origin"]) != (SCHEMA, seq, origin):
        raise ValueError("place")
    if set(body["operator"]) != _OPERATOR:
        raise ValueError("operator")
    parse_utc(body["at"])
    bound = body.get("evidence", {})
    if not isinstance(bound, dict) or bool(bound) != ("evidence_key" in body):
        raise ValueError("evidence")
