"""The log's verifier: recomputes everything from the file, trusts nothing in it, never imports the writer.

Order: pages, schema, then every entry with its leaf, nodes, checkpoint and evidence, then whose key signed, then what
left the machine. The quick mode leaves out what costs most and says so; what it finds wrong, the full walk names.
The form it checks is docs/log-format.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sessions import pages, schema, wal
from sessions.anchor import Anchor
from sessions.audit import Question, Walked, walk
from sessions.audit_anchors import Compared
from sessions.checkpoint import station_of
from sessions.cosignature import CosignerKey
from sessions.engine import Database, DatabaseError, connect
from sessions.errors import (
    KeyFileError,
    StationKeyMismatchError,
    StoreError,
    StoreUnreadableError,
    UnknownStationError,
)
from sessions.evidence_keys import FILE_NAME
from sessions.finding import Finding, Findings, Severity
from sessions.key_slots import KeySlots
from sessions.keyschedule import Trust, judge
from sessions.log_file import has_wal, readable, strange_beside
from sessions.pins import StationPins
from sessions.record import Outcome

OK: Final = "ok"
CANNOT_OPEN: Final = "log-cannot-open"
FULL: Final = "full"
QUICK: Final = "quick"
FULL_ENTRIES: Final = 20_000
FULL_BYTES: Final = 256 * 1024 * 1024
"""Up to so many entries, in a file up to so large, everything is checked without being asked."""
_CACHE_PAGES: Final = 4_000
_STRUCTURE_BYTES: Final = 32 * 1024 * 1024
"""In a larger file SQLite does not go over the ciphertexts' pages a second time."""
_TEXT: Final = partial(str, encoding="utf-8", errors="replace")
"""Text that is not UTF-8 is a finding at its own row, not the end of the walk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReport:
    """What verification came to.

    `code` is "ok", a finding's code, "unknown-station", "station-key-mismatch" or "log-cannot-open".
    `outcome` is FAILED for evidence against the log, INDETERMINATE where nothing could be decided. `size` and
    `root` are those of the last checkpoint read, proven only if `ok`. `findings` may hold irregular ones though the
    log is `ok`. `skipped` names checks not made. `cosigned` says how far each known witness cosigned.
    """

    code: str
    outcome: Outcome
    mode: str = FULL
    origin: str = ""
    size: int = 0
    root: str = ""
    station_fingerprint: str = ""
    findings: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()
    anchors: tuple[Compared, ...] = ()
    cosigned: Mapping[str, int] = field(default_factory=dict)
    facts: dict[str, str | int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing altered was found, under a pinned key."""
        return self.outcome is Outcome.PASSED

    @property
    def first_bad(self) -> Finding | None:
        """The first altered page, else the first bad entry, else what is wrong with the whole."""
        first = self.findings[0] if self.findings else None
        return first if first is not None and first.severity is Severity.ALTERED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What `verify_log` was called with."""

    database_key: bytes = field(repr=False)
    pins: StationPins
    evidence_key: bytes | None = field(repr=False)
    slots: KeySlots | None
    anchors: Sequence[Anchor]
    witnesses: Sequence[CosignerKey]
    now: datetime | None

    def question(self, *, full: bool, version: int) -> Question:
        return Question(
            full=full,
            schema=version,
            pinned={key.name: key for key in self.pins.keys},
            witnesses=self.witnesses,
            anchors=self.anchors,
            evidence_key=self.evidence_key,
            slots=self.slots,
            now=self.now,
        )


def verify_log(
    path: Path,
    *,
    database_key: bytes,
    pins: StationPins,
    evidence_key: bytes | None = None,
    origin: str | None = None,
    full: bool | None = None,
    anchors: Sequence[Anchor] = (),
    witnesses: Sequence[CosignerKey] = (),
    key_file: Path | None = None,
    now: datetime | None = None,
) -> LogReport:
    """Return the report on a log file; the file is not changed. Never raises for what is in the file.

    With `evidence_key`, evidence is decrypted as well, and each roster compared with its open entry; the keys are in
    `key_file`, by default where a station has it. With `origin`, a log of another station is a finding, pinned or not.
    `full` None: everything of a small log, the quick check of a large one. `now` is for sessions nobody closed.
    """
    path = path.resolve()  # SQLite's own files lie beside what a link points to
    asked = _Asked(
        database_key=database_key,
        pins=pins,
        evidence_key=evidence_key,
        slots=_slots(path, evidence_key, key_file),
        anchors=anchors,
        witnesses=witnesses,
        now=now,
    )
    try:
        mode, walked, findings = _examine(path, asked, full)
    except StoreError as error:
        facts: dict[str, str | int] = {**error.facts, "cause": error.code}
        return LogReport(code=CANNOT_OPEN, outcome=Outcome.INDETERMINATE, facts=facts)
    except OSError:
        return LogReport(code=CANNOT_OPEN, outcome=Outcome.INDETERMINATE, facts={"cause": "store-io"})
    for what in strange_beside(path):
        findings.add("log-altered-extra", what=what)
    if origin is not None and station_of(walked.origin if walked else "") != station_of(origin):
        findings.add("log-other-station")
    return _judge(mode, walked, findings, pins)


def _slots(path: Path, evidence_key: bytes | None, key_file: Path | None) -> KeySlots | None:
    """Return the key file, read before the database is: what is in a later database has its slot there already."""
    if key_file is None and evidence_key is None:
        return None
    slots = KeySlots(key_file or path.parent / "keys" / FILE_NAME, evidence_key)
    with suppress(KeyFileError):
        slots.load()
    return slots


# -- the file --------------------------------------------------------------------------------------


def _examine(path: Path, asked: _Asked, full: bool | None) -> tuple[str, Walked | None, Findings]:
    """Check quickly where that is enough; whatever is wrong then, the full walk says."""
    if not path.is_file():
        raise StoreUnreadableError(why="no-file")
    if full is False or (full is None and _is_large(path, asked)):
        findings = Findings()
        with readable(path) as copy:
            walked = _pass(copy, asked, findings, full=False)
        if walked is not None and not findings.altered:
            for what in ("database-structure", "pages"):
                findings.skip(what)
            return QUICK, walked, findings
    findings = Findings()
    with readable(path) as copy:  # anew: SQLite merges a write-ahead log when it closes
        walked, bad = _pages_and_pass(copy, asked, findings)
    for number in bad:
        findings.add("log-altered-page", page=number)
    if walked is None and not findings.altered:
        findings.add("log-altered-page")
    return FULL, walked, findings


def _pages_and_pass(path: Path, asked: _Asked, findings: Findings) -> tuple[Walked | None, tuple[int, ...]]:
    """Check every page while the file is walked; before it, where walking changes the copy."""
    with ThreadPoolExecutor(1) as pool:
        bad = pool.submit(pages.bad_pages, path, asked.database_key)
        if has_wal(path):
            wait([bad])
        walked = _pass(path, asked, findings, full=True)
        return walked, bad.result()


def _is_large(path: Path, asked: _Asked) -> bool:
    """Whether a database has many pages or entries, by its own count, those in its write-ahead log left aside."""
    try:
        with closing(connect(path, asked.database_key, read_only=True).conn) as connection:
            if _pages(connection) * pages.PAGE > FULL_BYTES:
                return True
            row = connection.execute("SELECT max(seq) FROM entries").fetchone()
    except (DatabaseError, StoreError):
        return False
    return isinstance(row[0], int) and row[0] >= FULL_ENTRIES


def _pass(path: Path, asked: _Asked, findings: Findings, *, full: bool) -> Walked | None:
    """Walk a file once; None where the database library cannot read it to the end."""
    with_wal = has_wal(path)
    wal_path = path.with_name(f"{path.name}-wal")
    for number in wal.bad_frames(wal_path, path, asked.database_key) if with_wal else ():
        findings.add("log-altered-page", frame=number)
    try:
        with closing(connect(path, asked.database_key, read_only=not with_wal).conn) as connection:
            connection.text_factory = _TEXT
            connection.execute(f"PRAGMA cache_size = {_CACHE_PAGES}")
            size = path.stat().st_size
            _check_length(connection, findings, size, with_wal=with_wal)
            version = _check_schema(Database(connection), findings)
            if full:
                _check_structure(connection, findings, size)
            return walk(connection, findings, asked.question(full=full, version=version))
    except (DatabaseError, OverflowError):
        findings.skip("entries-unreadable")
        return None


def _pages(connection: Any) -> int:
    """Return how many pages a database has, by its header; page 1 is authentic, or it could not be read."""
    return int(connection.execute("PRAGMA page_count").fetchone()[0])


def _check_length(connection: Any, findings: Findings, size: int, *, with_wal: bool) -> None:
    """Compare a file's size with its header: nothing follows the last page, and only what is in the write-ahead log may
    be missing. Whole pages of something else would otherwise go unseen where not every page is read.
    """
    count = _pages(connection)
    if size > count * pages.PAGE:
        findings.add("log-altered-page", page=count + 1)
    elif size < count * pages.PAGE and not with_wal:
        findings.add("log-altered-page", page=size // pages.PAGE + 1)


def _check_schema(db: Database, findings: Findings) -> int:
    """Compare tables, indexes, triggers and versions with the format; return the schema to read the file by."""
    found_version = db.conn.execute("PRAGMA user_version").fetchone()[0]
    version = found_version if found_version in schema.SCHEMAS else schema.USER_VERSION
    rows = db.conn.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    found = {(kind, name): sql for kind, name, sql in rows}
    wanted = {**schema.SCHEMAS[version], **dict.fromkeys(schema.AUTOMATIC)}
    for kind, name in sorted(found.keys() ^ wanted.keys()):
        change = "extra" if (kind, name) in found else "missing"
        findings.add("log-altered-schema", object=f"{kind} {name}"[:80], change=change)
    for kind, name in sorted(found.keys() & wanted.keys()):
        if found[kind, name] != wanted[kind, name]:
            findings.add("log-altered-schema", object=f"{kind} {name}", change="other")
    if found_version != version:
        findings.add("log-altered-schema", object="user_version", change="other")
    if db.conn.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
        findings.add("log-altered-schema", object="application_id", change="other")
    return version


def _check_structure(connection: Any, findings: Findings, size: int) -> None:
    """Let the library check trees and indexes: of a small file all, of a large one all but the ciphertexts' pages."""
    tables = [""]
    if size > _STRUCTURE_BYTES:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        tables = [f"('{name}')" for (name,) in names if name != "evidence" and name.isidentifier()]
        counts = [
            connection.execute(f"SELECT count(*) FROM evidence {how}").fetchone()[0]  # noqa: S608
            for how in ("NOT INDEXED", "INDEXED BY sqlite_autoindex_evidence_1")
        ]
        if counts[0] != counts[1]:
            findings.add("log-altered-schema", object="evidence", change="index")
    for table in tables:
        if connection.execute(f"PRAGMA integrity_check{table}").fetchone()[0] != "ok":
            findings.add("log-altered-schema", object="integrity", change="other")


# -- the verdict -----------------------------------------------------------------------------------


def _judge(mode: str, walked: Walked | None, findings: Findings, pins: StationPins) -> LogReport:
    """Return the report: findings first, then whether the signer is known."""
    trust = Trust() if walked is None else judge(walked.schedule, pins, walked.entries)
    facts = _trust_facts(trust)
    if trust.refused and walked is not None:
        findings.add(StationKeyMismatchError.code, seq=max((walked.first_foreign or 1) - 1, 0))
    found = findings.in_order()
    known = walked is not None and bool(walked.schedule.periods)
    code, outcome = OK, Outcome.PASSED
    if found and found[0].severity is not Severity.IRREGULAR:
        code = found[0].code
        outcome = Outcome.FAILED if findings.altered else Outcome.INDETERMINATE
    if outcome is not Outcome.FAILED and (trust.unknown is not None or not known):
        code, outcome = UnknownStationError.code, Outcome.INDETERMINATE
    if trust.refused:
        code = StationKeyMismatchError.code
    if walked is None:
        return LogReport(
            code=code, outcome=outcome, mode=mode, findings=found, skipped=findings.skipped, facts=facts
        )
    signer = walked.schedule.last
    return LogReport(
        code=code,
        outcome=outcome,
        mode=mode,
        origin=walked.origin,
        size=walked.size,
        root=walked.root.hex(),
        station_fingerprint=signer.fingerprint if signer else "",
        findings=found,
        skipped=findings.skipped,
        anchors=walked.anchors,
        cosigned=walked.cosigned,
        facts=facts,
    )


def _trust_facts(trust: Trust) -> dict[str, str | int]:
    if trust.found is not None:
        pinned = {} if trust.mismatch is None else {"pinned": trust.mismatch.fingerprint}
        return {"origin": trust.found.name, "found": trust.found.fingerprint, **pinned}
    if trust.unknown is not None:
        key = trust.unknown.key
        since: dict[str, str | int] = {"since": trust.unknown.seq} if trust.unknown.seq else {}
        return {"origin": key.name, "found": key.fingerprint, **since}
    return {}
