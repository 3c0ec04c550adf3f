"""Phases of the sheets page: a training session with candidates who were let in, brought to each pane by keys."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.course_cli import Sitting, sitting
from tests.support.signing_pki import shared_token

ADMITTED = ("001", "002", "003", "005")


def session_of(home: Path, count: int = 12) -> Sitting:
    """A training session; some of its candidates were let in."""
    made = sitting(home, count=count)
    made.admit(*ADMITTED[: max(1, min(len(ADMITTED), count))])
    return made


def enter(window: Any, session: str) -> None:
    """Into training, to the session, to its sheets."""
    window.press("<Alt-u>" if window.texts.language == "vi" else "<Alt-t>")
    assert window.at("start"), window.said
    assert window.pump(lambda: bool(window.lines) and not window.background.busy)
    window.shown.table.selection_set(session)
    window.pump(seconds=0.05)
    window.press("<Control-Key-4>")
    settled(window)


def settled(window: Any) -> None:
    """Wait until the page read and drew what it shows."""
    window.pump(seconds=0.15)
    assert window.pump(lambda: not window.background.busy, seconds=60)
    window.pump(seconds=0.15)
    assert window.pump(lambda: not window.background.busy, seconds=60)


def choose(window: Any, key: str) -> None:
    """Choose a sheet of the first pane by arrows."""
    rows = window.shown.pane.rows.view
    for _ in range(40):
        if rows.selection() == (key,):
            return
        at, wanted = rows.index(rows.selection()[0]), rows.index(key)
        window.press("<Down>" if at < wanted else "<Up>")
    raise AssertionError(key)


ATTENDANCE = "attendance:component=theory"


def draft(window: Any, key: str = ATTENDANCE) -> None:
    """The draft of a sheet, its first page drawn."""
    choose(window, key)
    window.press("<Return>")
    shown(window)


def shown(window: Any) -> None:
    """Wait for a page's picture."""
    assert window.pump(lambda: bool(window.bugs) or window.shown.pane.picture.shown, seconds=60), window.said
    if window.bugs:
        raise window.bugs[0]
    settled(window)


def zoomed(window: Any) -> None:
    draft(window)
    window.press("<plus>", "<plus>")
    settled(window)


def made(window: Any) -> None:
    """A sheet that was entered, its file shown."""
    draft(window)
    window.press("<Return>")
    assert window.pump(lambda: window.shown.pane.step.name == "file", seconds=60), window.said
    shown(window)


def again(window: Any) -> None:
    made(window)
    window.press("<Alt-b>" if window.texts.language == "vi" else "<Alt-r>")
    shown(window)


def listed(window: Any) -> None:
    made(window)
    window.press("<Escape>", "<Alt-l>" if window.texts.language == "vi" else "<Alt-m>")
    settled(window)


def signing(window: Any) -> None:
    made(window)
    window.press("<Return>")
    settled(window)


def verified(window: Any) -> None:
    made(window)
    window.press("<Alt-t>" if window.texts.language == "vi" else "<Alt-c>")
    settled(window)


def verify(window: Any) -> None:
    """Which file is to be checked."""
    window.press("<Alt-k>" if window.texts.language == "vi" else "<Alt-c>")
    settled(window)


def altered(window: Any) -> None:
    """A file that somebody changed, checked."""
    made(window)
    path = next(iter(window.shown.memory.here.values()))
    path.write_bytes(path.read_bytes() + b"\n% them\n")
    window.press("<Escape>")
    settled(window)
    verify(window)
    window.type(str(path))
    window.press("<Return>")
    settled(window)
    assert window.shown.pane._verdict[0][1] == "cross"


def away(window: Any) -> None:
    """A sheet whose file is at the station no more."""
    made(window)
    next(iter(window.shown.memory.here.values())).unlink()
    window.press("<Escape>", "<Alt-l>" if window.texts.language == "vi" else "<Alt-m>")
    settled(window)


def none_made(window: Any) -> None:
    """The list of what was made, with nothing in it."""
    window.press("<Alt-l>" if window.texts.language == "vi" else "<Alt-m>")
    settled(window)


def token(window: Any) -> None:
    """An official's token was read: whose certificates are on it."""
    signing(window)
    window.shown.pane.form.widgets["role"].current(1)
    window.shown.pane.form.put("token", shared_token().library)
    window.press("<Alt-o>")
    assert window.pump(lambda: window.shown.pane.form.shows("certificate"), seconds=60), window.said
    settled(window)


def pack(window: Any) -> None:
    window.press("<Alt-g>" if window.texts.language == "vi" else "<Alt-p>")
    settled(window)


def backup(window: Any) -> None:
    window.press("<Alt-s>" if window.texts.language == "vi" else "<Alt-n>")
    settled(window)


def written(window: Any) -> None:
    """Enter, into a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        window.type(folder)
        window.press("<Return>")
        assert window.pump(window.shown.pane.done.winfo_children, seconds=60), window.said
        settled(window)


def packed(window: Any) -> None:
    """The pack was written."""
    pack(window)
    assert window.pump(lambda: window.shown.pane.plan is not None and not window.background.busy)
    written(window)


def backed_up(window: Any) -> None:
    """The backup was written."""
    backup(window)
    written(window)


PHASES: dict[str, Callable[[Any], None]] = {
    "list": lambda window: choose(window, ATTENDANCE),
    "draft": draft,
    "zoomed": zoomed,
    "slip": lambda window: draft(window, "slip:"),
    "made": made,
    "again": again,
    "listed": listed,
    "signing": signing,
    "verified": verified,
    "token": token,
    "verify": verify,
    "altered": altered,
    "away": away,
    "none-made": none_made,
    "pack": pack,
    "packed": packed,
    "backup": backup,
    "backed-up": backed_up,
}
