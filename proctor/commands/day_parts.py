"""`proctor session split|join|hand-over|merge`: one session at several stations, by files."""

from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.day import entry_json
from proctor.commands.pack import pack_json, pins_of
from proctor.commands.session import open_for, open_session
from proctor.errors import CommandError
from proctor.files import read_file, require_folder
from proctor.fingerprints import grouped
from proctor.packing import department_of, export_pack
from proctor.roots import OpenRoot
from proctor.seconds import second_of_export
from proctor.texts import Texts
from proctor.trusting import open_logged_trust
from sessions.closing import close_part, require_open
from sessions.course.day_errors import NotAPartError, SplitCountError
from sessions.course.merge import Merged, merge_parts, read_pack
from sessions.course.merge_rows import Conflict, Double
from sessions.course.part_file import (
    MAX_FILE,
    SUFFIX,
    join_part,
    make_part,
    needs_passphrase,
    open_part,
    seal_part,
)
from sessions.course.parts import (
    Assignment,
    assignment_of,
    by_list,
    by_ranges,
    by_rooms,
    evenly,
    require_undivided,
    split_session,
)
from sessions.files import write_private
from sessions.keys import require_secret
from sessions.roles import require_may
from sessions.session import Session, load_session

PART = "part"
"""As whose secret the passphrase of part files is asked for."""


def split(context: Context) -> int:
    """Divide a session: this station keeps part 1, each other part becomes a file for its station."""
    options = context.options
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "merge")
        require_open(opened.store, session)
        assignment = _assignment(context, session)
        again = _is_again(opened, session, assignment)
        passphrase = None if opened.training else _new_passphrase(context)
        folder = require_folder(Path(options.out))
        receipt = None if again else split_session(opened.store, session, assignment, operator=operator)
        files = _write_parts(opened, load_session(opened.store, session.session_id), folder, passphrase)
        fingerprint = opened.keys.bundle.signer(opened.store.origin).key.fingerprint
    rows = [
        {
            "part": number,
            "candidates": len(sbds),
            "first": sbds[0],
            "last": sbds[-1],
            "file": str(files[number]) if number in files else None,
        }
        for number, sbds in assignment.parts.items()
    ]
    data = {
        "ok": True,
        "session": session.session_id,
        "method": assignment.method,
        "roster_hash": session.roster_hash,
        "station_key": fingerprint,
        "parts": rows,
        "entry": None if receipt is None else entry_json(receipt),
    }
    context.result(data, _split_lines(context.texts, data))
    return 0


def _is_again(opened: OpenRoot, session: Session, assignment: Assignment) -> bool:
    """Whether this very division was made before, and only its files are wanted again: a lost stick.

    Raises SplitAgainError for another division, SplitLateError, ErasedRowsError.
    """
    known = session.part is not None and session.part.number == 1
    if known and assignment_of(opened.store, session).parts == assignment.parts:
        return True
    require_undivided(opened.store, session)
    return False


def _split_lines(texts: Texts, data: dict[str, Any]) -> tuple[str, ...]:
    lines = [texts.say("day.split", session=data["session"], count=len(data["parts"]))]
    for row in data["parts"]:
        key = "day.split-here" if row["file"] is None else "day.split-part"
        facts = {name: row[name] or "" for name in ("part", "candidates", "first", "last", "file")}
        lines.append(texts.say(key, **facts))
    return (*lines, texts.say("day.split-key"), f"  {grouped(data['station_key'])}")


def _assignment(context: Context, session: Session) -> Assignment:
    options = context.options
    if options.by_range is not None:
        return by_ranges(session.seats, options.by_range, options.parts)
    if options.by_room is not None:
        return by_rooms(session.seats, options.by_room, options.parts)
    if options.by_list:
        return by_list(session.seats, options.parts)
    if options.parts is None:
        raise CommandError("split-parts-needed", usage=True)
    if options.parts > len(session.seats):
        raise SplitCountError(parts=options.parts, given=len(session.seats))
    return evenly(session.seats, options.parts)


def _write_parts(opened: OpenRoot, session: Session, folder: Path, passphrase: str | None) -> dict[int, Path]:
    """Write a file for each other part. Where one cannot be written the entry stands, and the same command again
    writes them.
    """
    signer = opened.keys.bundle.signer(opened.store.origin)
    files = {}
    for number in range(2, 1 + (session.part.of if session.part else 0)):
        path = folder / f"{session.session_id}-p{number}{SUFFIX}"
        try:
            write_private(
                path, seal_part(make_part(opened.store, session, number, signer=signer), passphrase)
            )
        except OSError:
            raise CommandError("cannot-write", file=str(path)) from None
        files[number] = path
    return files


def _new_passphrase(context: Context) -> str:
    """Return a passphrase that files can be sealed under. Raises SecretTooShortError, before anything is entered."""
    say = context.texts.say
    typed = context.secrets.new_secret_of(PART, say("day.part-passphrase"), say("day.part-passphrase-again"))
    return require_secret(typed)


def join(context: Context) -> int:
    """Join a session with the part in a file: the same list and rules, under this station's own log."""
    options = context.options
    data = read_file(options.file, MAX_FILE)
    passphrase = None
    if needs_passphrase(data):
        passphrase = context.secrets.secret_of(PART, context.texts.say("day.part-passphrase"))
    file = open_part(data, passphrase, pins_of(context))
    with open_for(context, training=options.training, login=True) as opened:
        operator = require_may(opened.require_login().operator, "create-session")
        if not opened.training:
            open_logged_trust(
                opened.root, opened.keys, opened.store
            )  # an altered trust store stops the day here
        session = join_part(opened.store, file, operator=operator)
    own = file.assignment.parts[file.part.number]
    shown = {
        "ok": True,
        "session": session.session_id,
        "part": file.part.as_body(),
        "roster_hash": session.roster_hash,
        "rules": session.rules_id,
        "rules_sha256": session.rules_sha256,
        "candidates": len(own),
        "listed": len(session.seats),
        "station_key": file.key.fingerprint,
    }
    line = context.texts.say(
        "day.joined",
        session=session.session_id,
        part=f"{file.part.number}/{file.part.of}",
        count=len(own),
        first=own[0],
        last=own[-1],
    )
    context.result(shown, (session.session_id, line))
    return 0


def hand_over(context: Context) -> int:
    """Close a part at its station and write the pack that the main station takes over; once more writes it again."""
    options = context.options
    sheets = None if options.sheets is None else Path(options.sheets)
    with open_session(context, options.session, login=True) as (opened, session):
        if session.part is None or session.part.number == 1:
            raise NotAPartError(session=session.session_id)
        operator = session.rules.require_may(opened.require_login().operator, "close")
        department_of(opened)  # without its key there is no pack: say so before the part is closed
        session.rules.require_may(operator, "export")
        second = second_of_export(context, opened, session)
        closed = opened.store.entries("close", session.session_id)
        if not closed:
            close_part(opened.store, session, operator=operator)
            closed = opened.store.entries("close", session.session_id)
        written = export_pack(opened, session, Path(options.out), sheets=sheets, second=second)
        fingerprint = opened.keys.bundle.signer(opened.store.origin).key.fingerprint
    body = closed[0].body
    names = ("candidates", "admitted", "referred", "refused", "not_seen", "attempts")
    counts = {name: body[name] for name in names if name in body}
    data = pack_json(written) | {
        "ok": True,
        "session": session.session_id,
        "part": session.part.as_body(),
        "counts": counts,
        "station_key": fingerprint,
    }
    say = context.texts.say
    part = f"{session.part.number}/{session.part.of}"
    lines = (
        str(written.path),
        say("day.handed-over", session=session.session_id, part=part, group=session.part.group, **counts),
        say("day.split-key"),
        f"  {grouped(fingerprint)}",
    )
    context.result(data, lines)
    return 0


def merge(context: Context) -> int:
    """Take other stations' parts over. Exit 1 where somebody was let in twice, or stations say different things."""
    options = context.options
    packs = [read_pack(Path(name), pins_of(context)) for name in options.packs]
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "merge")
        require_open(opened.store, session)
        merged = merge_parts(opened.store, session, packs, operator=operator)
    data = {
        "ok": merged.clean,
        "session": session.session_id,
        "merged": [
            {"part": number, "entry": entry_json(receipt)} for number, receipt in merged.receipts.items()
        ],
        "missing": list(merged.missing),
        "double": [row.as_body() for row in merged.doubles],
        "conflicts": [row.as_body() for row in merged.conflicts],
    }
    context.result(data, _merge_lines(context.texts, session, merged))
    return 0 if merged.clean else 1


def _merge_lines(texts: Texts, session: Session, merged: Merged) -> tuple[str, ...]:
    parts = ", ".join(map(str, merged.receipts))
    lines = [texts.say("day.merged", session=session.session_id, parts=parts)]
    lines += [_double_line(row, session, texts) for row in merged.doubles]
    lines += [_conflict_line(row, session, texts) for row in merged.conflicts]
    if merged.missing:
        lines.append(texts.say("day.merge-missing", parts=", ".join(map(str, merged.missing))))
    if not merged.clean:
        lines.append(texts.say("day.merge-decide"))
    elif not merged.missing:
        lines.append(texts.say("day.merge-whole", session=session.session_id))
    return tuple(lines)


def _double_line(row: Double, session: Session, texts: Texts) -> str:
    parts = ", ".join(map(str, row.parts))
    label = session.rules.components[row.component].label
    return "  " + texts.say(f"day.double-{row.why}", sbd=row.sbd, component=label, parts=parts)


def _conflict_line(row: Conflict, session: Session, texts: Texts) -> str:
    parts = ", ".join(map(str, row.parts))
    said = (_spoken(value, texts) for value in row.values)
    values = ", ".join(f"{part}: {value}" for part, value in zip(row.parts, said, strict=False))
    known = session.rules.components.get(row.component)
    label = row.component if known is None else known.label
    facts = {"sbd": row.sbd, "component": label, "parts": parts, "values": values}
    return "  " + texts.say(f"day.conflict-{row.what}", session=session.session_id, **facts)


def _spoken(value: str, texts: Texts) -> str:
    """Return a verdict or a result in words; what is neither, the numbers of entries, as it is."""
    keys = (f"{kind}.{value}" for kind in ("desk.verdict", "result-status"))
    return next((texts[key] for key in keys if key in texts), value)
