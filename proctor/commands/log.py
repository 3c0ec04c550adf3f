"""`proctor log verify`, `log show`, `log export`."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proctor.anchors import anchors_of, witness_keys
from proctor.commands.context import Context
from proctor.commands.show import reason_json
from proctor.errors import CommandError
from proctor.files import require_folder
from proctor.log_target import find_target
from proctor.roots import machine_pins
from proctor.texts import Texts
from sessions import codec
from sessions.anchor import Anchor
from sessions.checkpoint import VerifierKey, station_of
from sessions.errors import CanonicalFormError, NoteFormatError
from sessions.finding import Finding, Severity
from sessions.log_file import opened
from sessions.pins import StationPins
from sessions.rows_export import export_rows
from sessions.tiles import export_tiles
from sessions.verify import QUICK, LogReport, verify_log

_SHOWN = 20
_NOT_WHOLE = frozenset({"epoch-entries-lost", "epoch-forked", "anchor-lost"})


def verify(context: Context) -> int:
    """Recompute a log. Exit 0 only when nothing was found, under a station key this machine believes."""
    options = context.options
    anchors = _anchors(options.anchor or ())
    witnesses = witness_keys(options.witness_key or ())
    target = find_target(context)
    report = verify_log(
        target.path,
        database_key=target.database_key,
        pins=_with_own_key(_pins(context), target.own_key),
        evidence_key=target.evidence_key,
        origin=target.origin,
        full=True if options.full else False if options.quick else None,
        anchors=anchors,
        witnesses=(*witnesses, *(key for key in target.witnesses if key not in witnesses)),
        key_file=target.key_file,
        now=datetime.now(UTC),
    )
    data = report_json(report)
    context.result(data, report_lines(report, data, context.texts))
    return 0 if report.ok else 1


def show(context: Context) -> int:
    """Print an entry's body, or those of a session: what is hashed, and no evidence. Nothing is verified here."""
    options = context.options
    if (options.entry is None) == (options.session is None):
        raise CommandError("show-what", usage=True)
    target = find_target(context)
    column, value = ("seq", options.entry) if options.session is None else ("session", options.session)
    sql = f"SELECT seq, body FROM entries WHERE {column} = ? ORDER BY seq"  # noqa: S608 - one of two names
    with opened(target.path, target.database_key) as connection:
        rows = connection.execute(sql, (value,)).fetchall()
    if not rows:
        raise CommandError("entry-missing", entry=str(value)[:80])
    found = [{"seq": seq, "body": _body(data)} for seq, data in rows]
    lines = tuple(f"{row['seq']}: {codec.encode(row['body']).decode()}" for row in found)
    context.result({"entries": found}, lines)
    return 0


def export(context: Context) -> int:
    """Write a log for other software: as C2SP tiles into a new folder, or all its rows into a file."""
    options = context.options
    if (options.tiles is None) == (options.rows is None):
        raise CommandError("export-target", usage=True)
    target = find_target(context)
    with opened(target.path, target.database_key) as connection:
        if options.tiles is not None:
            folder = _new_folder(Path(options.tiles))
            written = export_tiles(connection, folder)
            data = {
                "ok": True,
                "folder": str(folder),
                "size": written.size,
                "files": written.files,
                "bundles_left_out": list(written.left_out),
            }
            line = context.texts.say("result.log-exported", size=written.size, out=str(folder))
        else:
            path = Path(options.rows)
            count = _write_lines(path, export_rows(connection, target.slots()))
            data = {"ok": True, "file": str(path), "lines": count}
            line = context.texts.say("result.log-rows-exported", count=count, out=str(path))
    context.result(data, (line,))
    return 0


# -- what is asked ---------------------------------------------------------------------------------


def _anchors(files: Sequence[str]) -> tuple[Anchor, ...]:
    return tuple(anchor for file in files for anchor in anchors_of(file))


def _pins(context: Context) -> StationPins:
    fingerprints = context.options.station_key
    if not fingerprints:
        return machine_pins(context.places)
    try:
        return StationPins.of_fingerprint(*fingerprints)
    except NoteFormatError:
        raise CommandError("bad-fingerprint", usage=True, value=" ".join(fingerprints)) from None


def _with_own_key(pins: StationPins, own: VerifierKey | None) -> StationPins:
    """Return the pins; where this very station is pinned, the key that its own key folder holds, by fingerprint.

    A pin lies in a plain file beside the log; whoever can write the one can write the other. The key in force signs
    the newest checkpoints, whatever rotations and epochs came before.
    """
    if own is None or pins.fingerprints:
        return pins
    if not any(station_of(key.name) == station_of(own.name) for key in pins.keys):
        return pins
    return StationPins.of_fingerprint(own.fingerprint)


def _body(data: Any) -> dict[str, Any]:
    try:
        return codec.decode(data)
    except (CanonicalFormError, AttributeError, TypeError):
        return {"not_canonical": bytes(data).hex() if isinstance(data, bytes) else str(data)[:200]}


def _new_folder(path: Path) -> Path:
    folder = require_folder(path)
    if any(folder.iterdir()):
        raise CommandError("export-folder-not-empty", out=str(folder))
    return folder


def _write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write a private file, whole under its name or not at all."""
    if path.exists():
        raise CommandError("file-exists", file=str(path))
    part = path.with_name(f".{path.name}.part")
    count = 0
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(f"{line}\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return count


# -- how it looks ----------------------------------------------------------------------------------


def report_json(report: LogReport) -> dict[str, Any]:
    """The report as docs/json.md has it."""
    return {
        "ok": report.ok,
        "code": report.code,
        "outcome": report.outcome.value,
        "mode": report.mode,
        "size": report.size,
        "root": report.root,
        "first_bad": None if report.first_bad is None else _finding(report.first_bad),
        "findings": [_finding(finding) for finding in report.findings],
        "anchors": [
            {
                "file": each.anchor.label,
                "origin": each.anchor.origin,
                "size": each.anchor.size,
                "root": each.anchor.root.hex(),
                "code": each.code,
            }
            for each in report.anchors
        ],
        "cosigned": dict(report.cosigned),
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
        "severity": finding.severity.value,
        "entry": finding.seq,
        "page": finding.page,
        "detail": dict(finding.facts),
    }


def report_lines(report: LogReport, data: dict[str, Any], texts: Texts) -> tuple[str, ...]:
    """The report for a person."""
    lines = [*_verdict_lines(report, data, texts), *_outside_lines(report, texts)]
    odd = [row for row in data["findings"] if row["severity"] == Severity.IRREGULAR]
    if odd:
        whole = report.ok and not _lost(report)
        key = "result.log-irregular" if whole else "result.log-irregular-besides"
        lines.append(texts.say(key, count=len(odd)))
        lines += [f"  - {row[texts.language]}" for row in odd[:_SHOWN]]
        lines += ["  …"] if len(odd) > _SHOWN else []
    if report.skipped:
        key = "result.log-mode-quick" if report.mode == QUICK else "result.log-skipped"
        lines.append(
            texts.say(key, skipped=", ".join(texts.say(f"skipped.{each}") for each in report.skipped))
        )
    return tuple(lines)


def _verdict_lines(report: LogReport, data: dict[str, Any], texts: Texts) -> list[str]:
    if report.ok:
        key = "result.log-ok-lost" if _lost(report) else "result.log-ok"
        return [texts.say(key, size=report.size, root=report.root)]
    first = data["first_bad"] or next((row for row in data["findings"] if row["code"] == report.code), None)
    detail = first[texts.language] if first else texts.say(report.code, **report.facts)
    lines = [texts.say("result.log-bad", detail=detail)]
    bad = [row for row in data["findings"] if row["severity"] != Severity.IRREGULAR]
    lines += [_finding_line(row, texts) for row in bad[:_SHOWN]]
    lines += ["  …"] if len(bad) > _SHOWN else []
    if report.station_fingerprint:
        lines.append(f"  {report.origin}  {report.station_fingerprint}")
    return lines


def _finding_line(row: dict[str, Any], texts: Texts) -> str:
    """One finding: how grave, where, the sentence, and the code behind it."""
    place = ""
    if row["entry"] is not None:
        place = texts.say("result.at-entry", seq=row["entry"])
    elif row["page"] is not None:
        place = texts.say("result.at-page", page=row["page"])
    severity = texts.say(f"severity.{row['severity']}")
    return f"  - {severity}{place}: {row[texts.language]} ({row['code']})"


def _lost(report: LogReport) -> bool:
    """Whether an epoch says that entries of this station are not in this log: no word of it being whole, then."""
    return any(finding.code in _NOT_WHOLE for finding in report.findings)


def _outside_lines(report: LogReport, texts: Texts) -> list[str]:
    """What was compared with the world outside: anchors, and who cosigned how far."""
    lines = []
    for each in report.anchors:
        state = texts.say(f"anchor-state.{each.code}")
        name = each.anchor.label or each.anchor.origin
        lines.append(texts.say("result.log-anchor", anchor=name, size=each.anchor.size, state=state))
    return lines + [
        texts.say("result.log-cosigned", witness=name, size=size)
        for name, size in sorted(report.cosigned.items())
    ]
