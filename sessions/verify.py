"""The log's verifier: recomputes everything from the file, trusts nothing in it, never imports the writer.

Order: pages, schema, then every entry with its leaf, nodes, checkpoint and evidence, then whose key signed.
The form it checks is docs/log-format.md.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sessions import pages, schema, wal
from sessions.audit import Audit
from sessions.checkpoint import VerifierKey
from sessions.engine import Database, DatabaseError, connect
from sessions.errors import (
    StationKeyMismatchError,
    StoreBusyError,
    StoreError,
    UnknownStationError,
)
from sessions.finding import Finding, Findings
from sessions.pins import StationPins
from sessions.record import Outcome

OK: Final = "ok"
CANNOT_OPEN: Final = "log-cannot-open"
_COPY_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReport:
    """What verification came to.

    `code` is "ok", a finding's code, "unknown-station", "station-key-mismatch" or "log-cannot-open".
    `outcome` is FAILED for evidence against the log, INDETERMINATE where nothing could be decided. `size` and
    `root` are those of the last checkpoint read, proven only if `ok`. `skipped` names checks not made.
    """

    code: str
    outcome: Outcome
    origin: str = ""
    size: int = 0
    root: str = ""
    station_fingerprint: str = ""
    findings: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()
    facts: dict[str, str | int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything was checked and nothing was found, under a pinned key."""
        return self.outcome is Outcome.PASSED

    @property
    def first_bad(self) -> Finding | None:
        """The first altered page, else the first bad entry, else what is wrong with the whole."""
        return self.findings[0] if self.findings else None


def verify_log(
    path: Path,
    *,
    database_key: bytes,
    pins: StationPins,
    evidence_key: bytes | None = None,
    origin: str | None = None,
) -> LogReport:
    """Return the report on a log file; the file is not changed. Never raises for what is in the file.

    With `evidence_key`, evidence is decrypted as well, and each roster compared with its open entry. With
    `origin`, a log of another station is a finding, pinned or not.
    """
    path = path.resolve()  # SQLite's own files lie beside what a link points to
    try:
        with _readable(path) as copy:
            audit, findings = _examine(copy, database_key, pins, evidence_key)
    except StoreError as error:
        facts: dict[str, str | int] = {**error.facts, "cause": error.code}
        return LogReport(code=CANNOT_OPEN, outcome=Outcome.INDETERMINATE, facts=facts)
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists() and journal.stat().st_size > 0:  # it would be rolled back into a log that has none
        findings.add("log-altered-extra", what="journal")
    if origin is not None and audit.origin != origin:
        findings.add("log-other-station")
    return _judge(audit, findings, pins)


def _examine(
    path: Path, database_key: bytes, pins: StationPins, evidence_key: bytes | None
) -> tuple[Audit, Findings]:
    findings = Findings()
    for number in pages.bad_pages(path, database_key):
        findings.add("log-altered-page", page=number)
    wal_path = path.with_name(f"{path.name}-wal")
    has_wal = wal_path.exists() and wal_path.stat().st_size > 0
    for number in wal.bad_frames(wal_path, path, database_key) if has_wal else ():
        findings.add("log-altered-page", frame=number)
    audit = Audit(findings, evidence_key)
    try:
        with closing(connect(path, database_key, read_only=not has_wal).conn) as connection:
            connection.text_factory = _text
            _check_file(Database(connection), findings)
            audit.run(connection, _pinned(pins))
    except DatabaseError:
        findings.skip("entries-unreadable")
        if not findings.found:
            findings.add("log-altered-page")
    return audit, findings


def _text(data: bytes) -> str:
    """Text that is not UTF-8 is a finding at its own row, not the end of the walk."""
    return data.decode("utf-8", errors="replace")


def _pinned(pins: StationPins) -> dict[str, VerifierKey]:
    return {key.name: key for key in pins.keys}


def _check_file(db: Database, findings: Findings) -> None:
    """Compare schema and version with the format, and let the library check pages and indexes."""
    for (text,) in db.conn.execute("PRAGMA cipher_integrity_check").fetchall():
        number = "".join(char for char in str(text).rpartition("page")[2] if char.isdigit())
        findings.add("log-altered-page", page=int(number or 0))
    rows = db.conn.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    found = {(kind, name): sql for kind, name, sql in rows}
    wanted = {**schema.STATEMENTS, **dict.fromkeys(schema.AUTOMATIC)}
    for kind, name in sorted(found.keys() ^ wanted.keys()):
        change = "extra" if (kind, name) in found else "missing"
        findings.add("log-altered-schema", object=f"{kind} {name}"[:80], change=change)
    for kind, name in sorted(found.keys() & wanted.keys()):
        if found[kind, name] != wanted[kind, name]:
            findings.add("log-altered-schema", object=f"{kind} {name}", change="other")
    for pragma, value in (("user_version", schema.USER_VERSION), ("application_id", schema.APPLICATION_ID)):
        if db.conn.execute(f"PRAGMA {pragma}").fetchone()[0] != value:
            findings.add("log-altered-schema", object=pragma, change="other")
    if db.conn.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
        findings.add("log-altered-schema", object="integrity", change="other")


def _judge(audit: Audit, findings: Findings, pins: StationPins) -> LogReport:
    """Return the report: findings first, then whether the signer is known."""
    claimed = audit.claimed
    code, outcome = OK, Outcome.PASSED
    facts: dict[str, str | int] = {}
    try:
        if claimed is not None:
            pins.require(claimed)
    except StationKeyMismatchError as error:
        findings.add(error.code, seq=audit.first_foreign or 0)
        facts.update(error.facts)
    except UnknownStationError as error:
        code, outcome, facts = error.code, Outcome.INDETERMINATE, dict(error.facts)
    found = findings.in_order()
    if found:
        code, outcome = found[0].code, Outcome.FAILED
    elif claimed is None:
        code, outcome = "unknown-station", Outcome.INDETERMINATE
    mismatch = next((each.code for each in found if each.code == StationKeyMismatchError.code), None)
    return LogReport(
        code=mismatch or code,
        outcome=outcome,
        origin=audit.origin,
        size=audit.size,
        root=audit.root.hex(),
        station_fingerprint=claimed.fingerprint if claimed else "",
        findings=found,
        skipped=findings.skipped,
        facts=facts,
    )


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """Yield a file that can be read without changing `path`: itself, or a copy with its write-ahead log."""
    wal_path = path.with_name(f"{path.name}-wal")
    if not wal_path.exists() or wal_path.stat().st_size == 0:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="proctor-verify-") as directory:
        copy = Path(directory) / "log.db"
        _copy_still(path, wal_path, copy)
        yield copy


def _copy_still(path: Path, wal_path: Path, copy: Path) -> None:
    """Copy both files at a moment when neither changes; raises StoreBusyError when there is none."""
    for _ in range(_COPY_TRIES):
        before = _state(path), _state(wal_path)
        shutil.copyfile(path, copy)
        if wal_path.exists():
            shutil.copyfile(wal_path, copy.with_name(f"{copy.name}-wal"))
        if (_state(path), _state(wal_path)) == before:
            return
    raise StoreBusyError(why="changing")


def _state(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return -1, 0
    return stat.st_mtime_ns, stat.st_size
