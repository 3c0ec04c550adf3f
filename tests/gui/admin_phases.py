"""The administration page, section by section: what somebody at the keyboard does to come there."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from biometrics.camera_info import CameraInfo
from proctor.screens.admin_sections import SECTIONS

CAMERA = CameraInfo(
    kind="device", physical=True, name="USB Camera", driver="uvcvideo", index=0, vid="046d", pid="0825"
)


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


def opened(section: str, name: str, window: Any) -> None:
    """The form of a task for which there is nothing now, as where there is."""
    to(section, window)
    assert window.shown.pane.open(name) is not None
    assert window.pump(lambda: not window.background.busy)


def with_camera(window: Any) -> None:
    """The form of a camera, as where one is plugged in."""
    with mock.patch("proctor.commands.cameras.installed_cameras", return_value=[CAMERA]):
        task("cameras", "camera-allow", window)


def hold(window: Any) -> None:
    """The form of a hold: there is a session to be held."""
    path = Path(os.environ["PROCTOR_HOME"]) / "list.csv"
    rows = ("SBD,Họ và tên,Ngày sinh,Số định danh,Hạng", "001,Nguyễn Văn Mẫu,15/01/1999,001099000001,B")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    rules = ("--rules=driving-tt108-2026", "--component=all", "--place=Trung tâm Mẫu")
    assert window.runner().run("session", "create", f"--roster={path}", *rules).status == 0
    task("holds", "hold-place", window)


def first(window: Any) -> None:
    """A machine without a station: the form of its first administrator."""
    window.press("<Return>")
    assert window.at("first")


def first_wrong(window: Any) -> None:
    """A shared name and two different passwords."""
    first(window)
    values = {"id": "an.nv", "name": "Nguyễn Văn Mẫu", "password": "mật khẩu số 1", "again": "mật khẩu số 2"}
    for name, value in values.items():
        window.shown.form.put(name, value)
    window.press("<Return>")
    assert window.pump(lambda: bool(window.shown.form.said) and not window.background.busy)


FIRST: Mapping[str, Callable[[Any], None]] = {"first": first, "first-wrong": first_wrong}
"""Where there is no station."""
PHASES: Mapping[str, Callable[[Any], None]] = {
    **{f"admin-{each.name}": partial(to, each.name) for each in SECTIONS},
    "admin-user-add": partial(task, "people", "user-add"),
    "admin-user-disable": partial(task, "people", "user-disable", row="nd"),
    "admin-trust-import": partial(task, "trust", "trust-import"),
    "admin-rules-confirm": partial(task, "rules", "rules-confirm"),
    "admin-devices-set": partial(task, "devices", "devices-set"),
    "admin-camera-allow": with_camera,
    "admin-backup-set": partial(task, "backup", "backup-set"),
    "admin-department-key": partial(task, "keys", "department-key"),
    "admin-witness-add": partial(task, "witnesses", "witness-add"),
    "admin-heads-take": partial(task, "heads", "heads-take"),
    "admin-authority-add": partial(task, "authorities", "authority-add"),
    "admin-authority-crl": partial(opened, "authorities", "authority-crl"),
    "admin-authority-service": partial(task, "authorities", "authority-service"),
    "admin-hold-place": hold,
    "admin-retention-run": partial(opened, "retention", "retention-run"),
}
