"""The part of verification that compares evidence with what the bodies bind: ciphertexts, keys, erasures, rosters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sessions.audit_merge import Merges
from sessions.audit_rows import Beside, rows
from sessions.checkpoint import station_of
from sessions.errors import EvidenceErasedError, KeyFileError, StoreAlteredError
from sessions.events import event_of
from sessions.evidence_box import commitment, unbox, unbox_1
from sessions.finding import Findings
from sessions.key_slots import KeySlots
from sessions.roster.binding import roster_rows

_KEYS: Final = "SELECT seq, wrapped FROM evidence_keys ORDER BY seq"
_SHREDDED: Final = "SELECT seq, name, by FROM shredded"
_FULL: Final = "SELECT seq, name, ciphertext FROM evidence ORDER BY seq, name"
_QUICK: Final = "SELECT seq, name, ciphertext IS NOT NULL FROM evidence ORDER BY seq, name"
_ROSTERS: Final = frozenset({"open", "roster", "shred"})


class Evidence:
    """Takes the bodies in order, beside the rows of `evidence` and `evidence_keys`.

    `full` reads and hashes every ciphertext; with `key`, the station's evidence key, they are opened too. `slots` is
    the key file, or None where nobody gave one. `schema` is that of the file.
    """

    def __init__(
        self,
        connection: Any,
        findings: Findings,
        *,
        full: bool,
        schema: int,
        key: bytes | None,
        slots: KeySlots | None,
    ) -> None:
        self._findings, self._full, self._key = findings, full, key
        self._slots = slots
        sql = _FULL if full else _QUICK
        self._pieces = Beside(rows(connection, findings, sql, (int, str)), self._stray_piece)
        self._wrapped = Beside(rows(connection, findings, _KEYS, (int,)), self._stray_key)
        self._shredded: dict[tuple[int, str], Any] = {}
        if schema > 1:
            found = rows(connection, findings, _SHREDDED, (int, str, int))
            self._shredded = {(seq, name): by for seq, name, by in found}
        self._used: set[int] = set()
        self._rosters: dict[str, str] = {}
        self._listed: dict[str, tuple[bytes, ...]] = {}
        self._rules: dict[str, str] = {}
        self._merges = Merges()
        self._opened: set[int] = set()
        self._unfinished: set[int] = set()
        self._keyless: list[tuple[int, str]] = []
        self._restored = (0, 0, 0)

    # -- one entry --------------------------------------------------------------------------------

    def entry(self, seq: int, body: Mapping[str, Any] | None) -> None:
        """Compare one entry's evidence; `body` is None where it could not be read, and then binds nothing."""
        found = {row[1]: row[2] for row in self._pieces.take(seq)}
        wrapped = self._wrapped.take(seq)
        bound: Mapping[str, Any] = {} if body is None else body.get("evidence", {})
        if body is not None and body["kind"] in _ROSTERS:
            self._note_session(body)
        if body is not None and self._full and self._key is not None:
            self._merges.note(body)
        if body is not None and body["kind"] == "key" and body.get("event") == "restored":
            self._note_restored(seq, body)
        if not (bound or found or wrapped):
            return
        whole = body if body is not None else {}
        key = self._wrapped_key(seq, whole, wrapped, bound)
        if self._full or self._shredded or found != dict.fromkeys(bound, 1):
            for name in sorted(found.keys() | bound.keys()):
                self._piece(seq, name, found, bound.get(name))
        if whole.get("schema") == 2:
            self._slotted(seq, whole, found)
            if whole["kind"] == "merge" and seq not in self._opened:
                self._merges.unread(whole)
        elif self._full and isinstance(key, bytes):
            self._open_old(seq, whole, found, key)

    def _piece(self, seq: int, name: str, found: Mapping[str, Any], digest: Any) -> None:
        data = found.get(name)
        if digest is None:
            self._bad(seq, name, "unbound")
        elif name not in found:
            self._bad(seq, name, "missing")
        elif not self._there(data):
            if (seq, name) not in self._shredded:
                self._bad(seq, name, "missing")
        else:
            if self._full and (type(data) is not bytes or hashlib.sha256(data).hexdigest() != digest):
                self._bad(seq, name, "hash")
            if (seq, name) in self._shredded:
                self._unfinished.add(seq)

    def _there(self, data: Any) -> bool:
        """Whether a row still has its ciphertext: the bytes, or in quick mode 1."""
        return data is not None and data != 0

    def _bad(self, seq: int, name: str, why: str) -> None:
        self._findings.add("log-altered-evidence", seq=seq, name=name[:40], why=why)

    def _stray_piece(self, row: tuple[Any, ...]) -> None:
        self._bad(row[0], row[1], "unbound")

    def _stray_key(self, row: tuple[Any, ...]) -> None:
        self._bad(row[0], "evidence_key", "unbound")

    # -- schema 1: one wrapped key for an entry ---------------------------------------------------

    def _wrapped_key(
        self, seq: int, body: Mapping[str, Any], found: list[tuple[Any, ...]], bound: Mapping[str, Any]
    ) -> Any:
        """Compare the wrapped key of an entry of schema 1 with its hash, and return it."""
        digest = body.get("evidence_key")
        gone = bool(bound) and all((seq, name) in self._shredded for name in bound)
        if digest is None:
            if found:
                self._bad(seq, "evidence_key", "unbound")
            return None
        data = found[0][1] if found else None
        if type(data) is not bytes:
            if data is not None or not found or not gone:
                self._bad(seq, "evidence_key", "missing")
            return None
        if hashlib.sha256(data).hexdigest() != digest:
            self._bad(seq, "evidence_key", "hash")
        if gone:
            self._unfinished.add(seq)
        return data

    def _open_old(self, seq: int, body: Mapping[str, Any], found: Mapping[str, Any], wrapped: bytes) -> None:
        if self._key is None:
            self._findings.skip("evidence-not-decrypted")
            return
        for name, data in found.items():
            if type(data) is not bytes or (seq, name) in self._shredded:
                continue
            try:
                plain = unbox_1(data, wrapped, evidence_key=self._key, origin=body["origin"], name=name)
            except StoreAlteredError:
                self._bad(seq, name, "closed")
                continue
            self._plain(seq, body, name, plain)

    # -- schema 2: a slot for each piece ----------------------------------------------------------

    def _slotted(self, seq: int, body: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        for place, name in enumerate(sorted(body.get("evidence", {}))):
            slot = body["evidence_slot"] + place
            if slot in self._used:
                self._bad(seq, name, "slot-twice")
            self._used.add(slot)
            if self._slots is None:
                continue
            key = self._slot_key(seq, body, name, slot)
            if key is not None and self._full and type(found.get(name)) is bytes:
                self._open(seq, body, name, found[name], key)

    def _slot_key(self, seq: int, body: Mapping[str, Any], name: str, slot: int) -> bytes | None:
        """Return a live piece's key if it is the one the body is bound to; None where there is none to judge."""
        if self._slots is None:
            return None
        erased = (seq, name) in self._shredded
        try:
            if erased:
                if not self._slots.is_destroyed(slot):
                    self._unfinished.add(seq)
                return None
            if not (self._full and self._slots.opens):
                self._slots.require_there(slot)
                return None
            key = self._slots.read(slot, station_of(body["origin"]))
        except EvidenceErasedError:
            self._keyless.append((seq, name))
        except KeyFileError as error:
            self._bad(seq, name, f"key-{error.facts.get('why', 'file')}")
        else:
            if commitment(key) == body["evidence_keys"][name]:
                return key
            self._bad(seq, name, "key-other")
        return None

    def _open(self, seq: int, body: Mapping[str, Any], name: str, data: bytes, key: bytes) -> None:
        try:
            plain = unbox(data, key, station=station_of(body["origin"]), name=name)
        except StoreAlteredError:
            self._bad(seq, name, "closed")
            return
        self._plain(seq, body, name, plain)

    # -- rosters and rules ------------------------------------------------------------------------

    def _note_session(self, body: Mapping[str, Any]) -> None:
        session = body.get("session")
        if type(session) is str and body["kind"] != "shred":
            self._rosters[session] = str(body.get("roster_hash"))
            if body["kind"] == "open":
                self._rules[session] = str(body.get("rules_sha256"))

    def _plain(self, seq: int, body: Mapping[str, Any], name: str, plain: bytes) -> None:
        """Compare a roster or rules file with what the session's entries say of it."""
        session = str(body.get("session"))
        if body["kind"] == "merge" and name == "part":
            self._merged(seq, body, plain)
        if body["kind"] not in _ROSTERS:
            return
        if name == "roster" and not self._is_roster(session, body, plain):
            self._findings.add("log-altered-roster", seq=seq)
        if name == "rules" and hashlib.sha256(plain).hexdigest() != self._rules.get(session):
            self._bad(seq, name, "rules")

    def _merged(self, seq: int, body: Mapping[str, Any], plain: bytes) -> None:
        """Compare what a merge took over with what its entry says of it."""
        self._opened.add(seq)
        event = event_of("merge", body)
        fault = "part" if event is None or any(event.faults(body)) else self._merges.part(body, plain)
        if fault:
            self._bad(seq, fault, "part")

    def _is_roster(self, session: str, body: Mapping[str, Any], plain: bytes) -> bool:
        """Whether a roster gives the hash in force; a later one has every row of the one before, and more behind."""
        bound, listed = roster_rows(plain)
        before = self._listed.get(session, ())
        self._listed[session] = listed
        added = body["kind"] != "roster" or listed[: len(before)] == before
        return bound == self._rosters.get(session) and added

    # -- the whole --------------------------------------------------------------------------------

    def finish(self, named: Mapping[tuple[int, str], int]) -> None:
        """Compare the erased pieces with what the shred entries name."""
        self._pieces.rest()
        self._wrapped.rest()
        for seq, name in sorted(piece for piece, by in self._differing(named)):
            self._bad(seq, name, "shred")
        for seq in sorted(self._unfinished):
            self._findings.add("erasure-unfinished", seq=seq)
        self._judge_keyless()
        if not self._full:
            for what in ("ciphertext-hashes", "evidence-not-decrypted", "evidence-keys", "rosters-and-rules"):
                self._findings.skip(what)
        elif self._key is None and self._used:
            self._findings.skip("evidence-not-decrypted")

    def _note_restored(self, seq: int, body: Mapping[str, Any]) -> None:
        size, count = body.get("size"), body.get("without_keys")
        if body["schema"] == 2 and type(size) is int and type(count) is int and count > 0:
            self._restored = (size, count, seq)

    def _judge_keyless(self) -> None:
        """A piece without its key is altered, unless a restore from a backup without keys says that it would be so."""
        before, count, restored = self._restored
        declared = [piece for piece in self._keyless if piece[0] < before]
        if len(declared) > count:
            declared = []
        for seq, name in self._keyless:
            if (seq, name) not in declared:
                self._bad(seq, name, "key-destroyed")
        if declared:
            self._findings.add("evidence-without-keys", seq=restored, count=len(declared))

    def _differing(self, named: Mapping[tuple[int, str], int]) -> Iterator[tuple[tuple[int, str], Any]]:
        yield from named.items() - self._shredded.items()
        yield from self._shredded.items() - named.items()
