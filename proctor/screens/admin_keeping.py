"""The administration page's sections about what is kept: backup, retention, self-test, diagnostics files."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from proctor.errors import CommandError
from proctor.keeping import BackupPlaces
from proctor.screens.admin import (
    SECOND,
    Found,
    Order,
    Read,
    Row,
    Section,
    Setting,
    Task,
    Wanted,
    by_two,
    read_of,
)
from sessions.errors import SessionsError
from sessions.record import parse_utc
from sessions.vietnam import VIETNAM


def _backup(_reads: Sequence[Read], setting: Setting) -> Found:
    texts, root = setting.texts, setting.opened.root
    try:
        places = BackupPlaces.load(root)
    except (CommandError, SessionsError) as error:
        return Found(lines=((texts.say(error.code, **error.facts), "cross"),))
    if places is None:
        return Found(
            lines=((texts["admin-page.backup.none"], "bang"), _last(setting)),
            without=frozenset({"backup-now"}),
        )
    lines = [
        (texts.say("admin-page.backup.to", folder=str(places.to)), "tick" if places.to.is_dir() else "cross")
    ]
    if not places.to.is_dir():
        lines.append((texts["admin-page.backup.gone"], "cross"))
    if places.keys_to is None:
        lines.append((texts["admin-page.backup.no-keys"], "bang"))
    else:
        sign = "tick" if places.keys_to.is_dir() else "cross"
        lines.append((texts.say("admin-page.backup.keys-to", folder=str(places.keys_to)), sign))
    if not places.apart:
        lines.append((texts["admin-page.backup.same-disk"], "bang"))
    if not any((root.trust_dir / "department").glob("*.pub")):
        lines.append((texts["admin-page.backup.no-department"], "bang"))
    fills = {"to": str(places.to), "keys_to": "" if places.keys_to is None else str(places.keys_to)}
    lines.append(_last(setting))
    return Found(lines=(*lines, (texts["admin-page.backup.restore"], "dots")), fills=fills)


def _last(setting: Setting) -> tuple[str, str]:
    """Say when the last backup was made, by the log."""
    found = [each for each in setting.opened.store.entries("export") if each.body.get("what") == "backup"]
    if not found:
        return setting.texts["admin-page.backup.never"], "bang"
    at = parse_utc(found[-1].body["at"]).astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
    return setting.texts.say("admin-page.backup.last", at=at, entry=found[-1].seq), "dots"


def _set(order: Order) -> tuple[str, ...]:
    keys = (f"--keys-to={order['keys_to']}",) if order.get("keys_to") else ()
    return ("backup", f"--set={order['to']}", *keys)


def _retention(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    rows = []
    for each in data.get("sessions", ()):
        if not each["kinds"]:
            state = texts[f"admin-page.retention.{each['state']}"]
            rows.append(Row(key=each["session"], cells=(each["session"], "–", "–", "–", state)))
        for kind in each["kinds"]:
            held = sum(kind["held"].values())
            state = texts[f"admin-page.retention.{'due' if kind['due'] else 'later'}"]
            if held:
                state = texts.say("admin-page.retention.held", state=state, count=held)
            cells = (
                each["session"],
                texts[f"erasure.kind.{kind['kind']}"],
                date.fromisoformat(kind["due_on"]).strftime("%d/%m/%Y"),
                str(kind["total"]),
                state,
            )
            rows.append(Row(key=f"{each['session']} {kind['kind']}", cells=cells))
    total = int(data.get("total", 0))
    key = "admin-page.retention.total" if total else "admin-page.retention.nothing"
    if data:
        lines = (*lines, (texts.say(key, total=total), "bang" if total else "tick"))
    without = frozenset() if total else frozenset({"retention-run"})
    return Found(rows=tuple(rows), lines=lines, without=without)


def _run(order: Order) -> tuple[str, ...]:
    clock = ("--clock-checked",) if order.get("clock_checked") else ()
    return ("retention", "run", "--yes", *clock, f"--second={order[SECOND]}")


def _test(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    rows = tuple(
        Row(
            key=each["name"],
            cells=(
                texts[f"doctor.{each['name']}"],
                texts["doctor.ok"]
                if each["ok"]
                else texts["doctor.bad"]
                if each["needed"]
                else texts["admin-page.test.missing"],
                each["detail"],
            ),
            detail=each["advice"],
        )
        for each in data.get("items", ())
    )
    if data:
        good = data["ok"]
        key = "admin-page.test.ready" if good else "admin-page.test.not-ready"
        lines = (*lines, (texts[key], "tick" if good else "cross"))
    return Found(rows=rows, lines=lines)


def _files(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    rows = tuple(
        Row(
            key=Path(each["file"]).name,
            cells=(
                texts[f"admin-page.report.{each['kind']}"],
                Path(each["file"]).name,
                str(-(-each["octets"] // 1024)),
            ),
            detail=each["file"],
        )
        for each in data.get("files", ())
    )
    if data:
        lines = (*lines, (texts.say("admin-page.report.folder", folder=data["folder"]), "dots"))
    return Found(rows=rows, lines=lines)


BACKUP: Final = Section(
    name="backup",
    found=_backup,
    tasks=(
        Task(
            name="backup-set",
            action="export",
            fields=(
                Wanted(name="to", kind="folder", text="backup-to", help=True),
                Wanted(name="keys_to", kind="folder", needed=False, help=True),
            ),
            words=_set,
            proves=True,
        ),
        Task(name="backup-now", action="export", words=lambda _order: ("backup",), tells=True),
    ),
)
RETENTION: Final = Section(
    name="retention",
    reads=(("retention", "plan"),),
    found=_retention,
    columns=("session", "data", "due-on", "count", "state"),
    wide="state",
    tasks=(
        by_two(
            "retention-run",
            _run,
            "erase",
            fields=(Wanted(name="clock_checked", kind="tick", needed=False, help=True),),
            tells=True,
            ways=True,
        ),
    ),
)
TEST: Final = Section(
    name="test",
    reads=(("doctor",),),
    found=_test,
    columns=("part", "state", "found"),
    wide="found",
    tasks=(Task(name="test-record", action="start", words=lambda _order: ("doctor", "--record")),),
)
FILES: Final = Section(
    name="files",
    reads=(("diagnostics", "list"),),
    found=_files,
    columns=("what", "file", "size"),
    wide="file",
    tasks=(
        Task(name="files-make", words=lambda _order: ("diagnostics", "make")),
        Task(
            name="files-show", row=True, words=lambda order: ("diagnostics", "show", order["row"]), shows=True
        ),
    ),
)
