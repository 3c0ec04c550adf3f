"""`proctor pack …`: a session's file for the department; made at the station, verified and opened anywhere."""

from pathlib import Path
from typing import Any

from proctor.anchors import anchors_of, witness_keys
from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.commands.show import reason_json
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.packing import WrittenPack, department_of, export_pack
from proctor.roots import machine_pins
from proctor.seconds import second_of_export
from proctor.texts import Texts
from sessions.checkpoint import station_of
from sessions.department import MAX_FILE, DepartmentPrivate, is_bare, read_private
from sessions.errors import NoteFormatError, PackError, WrongSecretError
from sessions.pack_file import open_pack_file
from sessions.pack_finding import PackFinding
from sessions.pack_open import open_pack
from sessions.pack_verify import Outside, PackReport, verify_pack
from sessions.pins import StationPins

DEPARTMENT = "department"
"""As whose secret the department's passphrase is asked for."""
_TRAINING = "proctor.training/"
_SHOWN = 10


def export(context: Context) -> int:
    """Write a session's pack, sealed to the department."""
    options = context.options
    sheets = None if options.sheets is None else Path(options.sheets)
    with open_session(context, options.session, login=True) as (opened, session):
        session.rules.require_may(opened.require_login().operator, "export")
        department_of(opened)  # without its key there is no pack: say so before anybody else is asked
        second = second_of_export(context, opened, session)
        written = export_pack(opened, session, Path(options.out), sheets=sheets, second=second)
    data = pack_json(written) | {"ok": True, "session": options.session}
    say = context.texts.say
    lines = [
        str(written.path),
        say(
            "result.pack",
            size=written.size,
            evidence=written.evidence,
            sheets=written.sheets,
            entry=written.entry,
        ),
    ]
    if written.missing:
        lines.append(say("result.pack-sheets-missing", entries=", ".join(map(str, written.missing))))
    context.result(data, tuple(lines))
    return 0


def pack_json(written: WrittenPack) -> dict[str, Any]:
    """A pack as docs/json.md has it."""
    return {
        "file": str(written.path),
        "sha256": written.sha256,
        "octets": written.octets,
        "size": written.size,
        "root": written.root,
        "recipient": written.recipient,
        "entry": written.entry,
        "evidence": written.evidence,
        "sheets": written.sheets,
        "sheets_missing": list(written.missing),
        "sheets_left_out": list(written.left_out),
    }


def verify(context: Context) -> int:
    """Examine a pack. Exit 0 only when nothing was found, under a station key this machine believes."""
    path = Path(context.options.file)
    report = verify_pack(path, _outside(context, path))
    data = report_json(report)
    context.result(data, report_lines(report, context.texts))
    return 0 if report.ok else 1


def open_file(context: Context) -> int:
    """Examine a pack with the department's key and write what it holds."""
    path, folder = Path(context.options.file), Path(context.options.out)
    try:
        opened = open_pack(path, folder, _outside(context, path))
    except OSError:
        raise CommandError("cannot-write", file=str(folder)) from None
    data = report_json(opened.report) | {"folder": str(folder), "files": [str(file) for file in opened.files]}
    lines = report_lines(opened.report, context.texts)
    if opened.report.ok:
        lines = (*lines, context.texts.say("result.pack-opened", files=len(opened.files), folder=str(folder)))
    context.result(data, lines)
    return 0 if opened.report.ok else 1


def _outside(context: Context, path: Path) -> Outside:
    """Return what is believed beforehand: pins, witnesses, anchors, the department's key."""
    options = context.options
    return Outside(
        pins=pins_of(context),
        witnesses=witness_keys(options.witness_key or ()),
        anchors=tuple(anchor for file in options.anchor or () for anchor in anchors_of(file)),
        department=_department(context, options.department_key, path),
    )


def pins_of(context: Context) -> StationPins:
    """Return the station keys to believe: by fingerprint, from a folder, or this machine's."""
    options = context.options
    if options.station_key:
        try:
            return StationPins.of_fingerprint(*options.station_key)
        except NoteFormatError:
            raise CommandError("bad-fingerprint", usage=True, value=" ".join(options.station_key)) from None
    if options.pins is None:
        return machine_pins(context.places)
    folder = Path(options.pins)
    if not folder.is_dir():
        raise CommandError("file-missing", usage=True, file=str(folder))
    return StationPins.load(folder)


def _department(context: Context, file: str | None, pack: Path) -> DepartmentPrivate | None:
    """Return the department's private key; a bare one opens training packs and no other."""
    if file is None:
        return None
    data = read_file(file, MAX_FILE)
    if is_bare(read_private(data)):
        return DepartmentPrivate.open(data, None, training=_is_training(pack))
    prompt = "mật khẩu khoá cơ quan / department passphrase: "
    try:
        return DepartmentPrivate.open(data, context.secrets.secret_of(DEPARTMENT, prompt))
    except WrongSecretError:
        raise CommandError("department-passphrase", file=file) from None


def _is_training(path: Path) -> bool:
    try:
        with open_pack_file(path) as file:
            return station_of(file.manifest.origin).startswith(_TRAINING)
    except PackError:
        return True  # nothing in it will be opened


def report_json(report: PackReport) -> dict[str, Any]:
    """The report as docs/json.md has it."""
    return {
        "ok": report.ok,
        "code": report.code,
        "outcome": report.outcome.value,
        "version": report.version,
        "origin": report.origin,
        "session": report.session,
        "size": report.size,
        "root": report.root,
        "station_key": report.station_fingerprint,
        "recipient": report.recipient,
        "first_bad": None if report.first_bad is None else _finding(report.first_bad),
        "findings": [_finding(finding) for finding in report.findings],
        "skipped": list(report.skipped),
        "cosigned": [{"witness": name, "size": size} for name, size in report.cosigned],
        "counts": dict(report.counts),
        "facts": dict(report.facts),
    }


def _finding(finding: PackFinding) -> dict[str, Any]:
    return {
        **reason_json(finding.code, _facts(finding)),
        "severity": finding.severity,
        "entry": finding.seq,
        "member": finding.member,
        "detail": dict(finding.facts),
    }


def report_lines(report: PackReport, texts: Texts) -> tuple[str, ...]:
    """The report for a person."""
    lines = []
    if report.ok:
        lines.append(texts.say("result.pack-ok", session=report.session, size=report.size, **report.counts))
    else:
        first = report.first_bad
        detail = _said(first, texts) if first is not None else texts.say(report.code, **report.facts)
        code = report.code if first is None else first.code
        lines.append(texts.say("result.pack-bad", detail=f"{detail} ({code})"))
    rest = [finding for finding in report.findings if finding != report.first_bad]
    lines += [
        f"  - {texts.say(f'severity.{finding.severity}')}: {_said(finding, texts)} ({finding.code})"
        for finding in rest[:_SHOWN]
    ]
    lines += ["  …"] if len(rest) > _SHOWN else []
    lines += [f"  {texts.say(f'pack-skipped.{each}')}" for each in report.skipped]
    lines += [texts.say("result.pack-cosigned", witness=name, size=size) for name, size in report.cosigned]
    if report.station_fingerprint:
        lines.append(f"  {report.origin}  {report.station_fingerprint}")
    return tuple(lines)


def _said(finding: PackFinding, texts: Texts) -> str:
    return texts.say(finding.code, **_facts(finding))


def _facts(finding: PackFinding) -> dict[str, str | int]:
    """What the sentence of a finding may name; a place within a list is the list and the entry."""
    seq = "" if finding.seq is None else str(finding.seq)
    place = " ".join(part for part in (finding.member, seq) if part)
    return {**finding.facts, "seq": seq, "member": place}
