"""The administration page, section by section: what somebody at the keyboard does to come there."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from proctor.screens.admin_sections import SECTIONS


def to(section: str, window: Any) -> None:
    """Open the page and go down its list to a section, by keys."""
    assert window.pump(lambda: not window.background.busy)
    if window.page != "admin":
        window.press("<Control-Key-5>")
        assert window.pump(lambda: window.page == "admin")
    page = window.shown
    page.list.focus_set()
    names = [each.name for each in page.sections]
    for _ in names:
        if page.pane.section.name == section:
            break
        ahead = names.index(section) > names.index(page.pane.section.name)
        window.press("<Down>" if ahead else "<Up>")
    assert page.pane.section.name == section
    assert window.pump(lambda: page.pane.read is not None and not window.background.busy)


def task(section: str, name: str, window: Any, row: str = "") -> None:
    """Open a task's form by its digit."""
    to(section, window)
    pane = window.shown.pane
    if row:
        at = next(at for at, each in enumerate(pane.table.rows) if each.key.startswith(row))
        pane.table.view.focus_set()
        for _ in range(at):
            window.press("<Down>")
    window.press(f"<Alt-Key-{list(pane.buttons).index(name) + 1}>")
    assert window.pump(lambda: not window.background.busy)


PHASES: Mapping[str, Callable[[Any], None]] = {
    **{f"admin-{each.name}": partial(to, each.name) for each in SECTIONS},
    "admin-user-add": partial(task, "people", "user-add"),
    "admin-user-disable": partial(task, "people", "user-disable", row="nd"),
    "admin-trust-import": partial(task, "trust", "trust-import"),
    "admin-rules-confirm": partial(task, "rules", "rules-confirm"),
    "admin-devices-set": partial(task, "devices", "devices-set"),
    "admin-camera-allow": partial(task, "cameras", "camera-allow"),
    "admin-backup-set": partial(task, "backup", "backup-set"),
    "admin-department-key": partial(task, "keys", "department-key"),
    "admin-witness-add": partial(task, "witnesses", "witness-add"),
    "admin-authority-add": partial(task, "authorities", "authority-add"),
    "admin-retention-run": partial(task, "retention", "retention-run"),
}
