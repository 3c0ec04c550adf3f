"""`proctor log verify`."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.show import reason_json
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import ensure_training_root, kind_at, machine_pins, unlock_real
from proctor.texts import Texts
from sessions.checkpoint import VerifierKey
from sessions.errors import NoteFormatError, RootMissingError
from sessions.finding import Finding
from sessions.keys import Unlocked
from sessions.pins import StationPins
from sessions.root import DataRoot
from sessions.verify import LogReport, verify_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A log to verify: file, the key that opens it, and, for a root of our own, evidence key and origin."""

    path: Path
    database_key: bytes = field(repr=False)
    evidence_key: bytes | None = field(default=None, repr=False)
    origin: str | None = None
    own_key: VerifierKey | None = None


def verify(context: Context) -> int:
    """Recompute a log. Exit 0 only when nothing was found, under a station key this machine believes."""
    target = _target(context)
    report = verify_log(
        target.path,
        database_key=target.database_key,
        pins=_with_own_key(_pins(context), target.own_key),
        evidence_key=target.evidence_key,
        origin=target.origin,
    )
    data = report_json(report)
    context.result(data, report_lines(report, data, context.texts))
    return 0 if report.ok else 1


def _pins(context: Context) -> StationPins:
    fingerprints = context.options.station_key
    if not fingerprints:
        return machine_pins(context.places)
    try:
        return StationPins.of_fingerprint(*fingerprints)
    except NoteFormatError:
        raise CommandError("bad-fingerprint", usage=True, value=" ".join(fingerprints)) from None


def _with_own_key(pins: StationPins, own: VerifierKey | None) -> StationPins:
    """Return the pins, a pin of this very station replaced by the key its own key folder holds.

    A pin lies in a plain file beside the log; whoever can write the one can write the other.
    """
    if own is None or pins.key_of(own.name) in {None, own}:
        return pins
    others = tuple(key for key in pins.keys if key.name != own.name)
    return StationPins(keys=(*others, own), fingerprints=pins.fingerprints)


def _target(context: Context) -> Target:
    """Find the log and its key: --key-file, a training root's bare key, or a log-in."""
    options, places = context.options, context.places
    if options.path is not None:
        path = Path(options.path)
    else:
        real = places.real if not options.training and kind_at(places.real) else places.training
        path = real
    database = path / "station.db" if path.is_dir() else path
    if options.path is None and not database.is_file():
        raise CommandError("no-station", root=str(places.real))
    if not database.is_file():
        raise CommandError("file-missing", file=str(database))
    if options.key_file is not None:
        return Target(path=database, database_key=_key_of(options.key_file))
    return _own_target(context, database)


def _own_target(context: Context, database: Path) -> Target:
    try:
        root = DataRoot.open(database.parent)
    except RootMissingError:
        raise CommandError("log-key-needed", usage=True, file=str(database)) from None
    keys: Unlocked
    if root.kind == "training":
        keys = ensure_training_root(root.path).unlock()
    else:
        keys = unlock_real(root, by=context.options.by, ask=context.ask)
    return Target(
        path=database,
        database_key=keys.bundle.database_key,
        evidence_key=keys.bundle.evidence_key,
        origin=root.origin,
        own_key=keys.bundle.signer(root.origin).key,
    )


def _key_of(path: str) -> bytes:
    with suppress(ValueError):
        key = bytes.fromhex(read_file(path, 1024).decode("ascii", errors="replace").strip())
        if len(key) == 32:
            return key
    raise CommandError("bad-key-file", usage=True, file=path)


def report_json(report: LogReport) -> dict[str, Any]:
    """The report as docs/json.md has it."""
    return {
        "ok": report.ok,
        "code": report.code,
        "outcome": report.outcome.value,
        "size": report.size,
        "root": report.root,
        "first_bad": None if report.first_bad is None else _finding(report.first_bad),
        "findings": [_finding(finding) for finding in report.findings],
        "origin": report.origin,
        "station_key": report.station_fingerprint,
        "skipped": list(report.skipped),
        "facts": dict(report.facts),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    facts = {**finding.facts}
    if finding.seq is not None:
        facts["seq"] = finding.seq
    if finding.page is not None:
        facts["page"] = finding.page
    return {
        **reason_json(finding.code, facts),
        "entry": finding.seq,
        "page": finding.page,
        "detail": dict(finding.facts),
    }


def report_lines(report: LogReport, data: dict[str, Any], texts: Texts) -> tuple[str, ...]:
    """The report for a person."""
    if report.ok:
        return (texts.say("result.log-ok", size=report.size, root=report.root),)
    first = data["first_bad"]
    detail = first[texts.language] if first else texts.say(report.code, **report.facts)
    lines = [texts.say("result.log-bad", detail=detail)]
    for finding in data["findings"][:20]:
        place = f"entry {finding['entry']}" if finding["entry"] is not None else f"page {finding['page']}"
        lines.append(f"  {finding['code']}: {place}")
    if report.station_fingerprint:
        lines.append(f"  {report.origin}  {report.station_fingerprint}")
    return tuple(lines)
