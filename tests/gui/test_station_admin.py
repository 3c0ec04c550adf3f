"""The administration page by keys: what is on it, what it leaves in the log, and what it refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from proctor.gui.password import PasswordDialog
from proctor.gui.station.admin.compare import grouped
from proctor.roots import open_real
from proctor.screens.admin_sections import SECTIONS
from proctor.station_settings import load_station
from tests.gui import admin_phases
from tests.gui.admin_phases import task, to
from tests.gui.test_station_start import (
    AN,
    BINH,
    ND,
    Watched,
    bench,
    into_training,
    open_station,
    out_of_reach,
)
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor
from tests.support.softcard_certificates import authority

__all__ = ["bench", "open_station"]

Open = Callable[..., Watched]
NEW = "mật khẩu của người mới"
CSCA = authority()


def make(home: Path) -> None:
    """A real station with two administrators and an examiner."""
    both = {**AN, **BINH}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCTOR_HOME", str(home))
        for place in ("proctor.commands.people", "proctor.roots"):
            patch.setattr(f"{place}.working_keyring", lambda: None)
        assert proctor("user", "add", "an", "--first", "--name", "Mẫu Một", secrets=AN).status == 0
        added = proctor("user", "add", "binh", "--by", "an", "--role", "administrator", secrets=both)
        assert added.status == 0
        named = ("user", "add", "nd", "--by", "an", "--second", "binh", "--role", "identity-examiner")
        assert proctor(*named, secrets={**both, **ND}).status == 0


@pytest.fixture
def people(home: Path) -> Path:
    """That station for one test that changes who is who."""
    make(home)
    return home


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That station, made once: a copy of it would be noticed."""
    home = tmp_path_factory.mktemp("made") / "home"
    make(home)
    return home


@pytest.fixture
def station(made: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That station for a test that leaves people as they are."""
    monkeypatch.setenv("PROCTOR_HOME", str(made))
    return made


def enter(window: Watched, user: str = "an", secret: str = PASSWORD) -> None:
    """Log in."""
    window.variables["user"].set(user)
    window.press("<Alt-k>" if window.texts.language == "vi" else "<Alt-p>")
    window.type(secret)
    window.press("<Return>")
    assert window.at("start"), window.said


def answer(window: Watched, *secrets: str | None) -> list[str]:
    """Answer the dialogs that come, one after another; return what each asked. None: Escape."""
    asked: list[str] = []
    known: set[str] = set()

    def dialog() -> Any:
        found = [each for each in window.winfo_children() if isinstance(each, PasswordDialog)]
        return next((each for each in found if str(each) not in known and not each.answered), None)

    for secret in secrets:
        assert window.pump(lambda: dialog() is not None), (asked, window.said)
        open_now = dialog()
        known.add(str(open_now))
        asked.append(str(open_now.winfo_children()[0].cget("text")))
        open_now.entry.focus_force()
        if secret is None:
            window.press("<Escape>")
        else:
            window.type(secret)
            window.press("<Return>")
    assert window.free()
    return asked


def fill(window: Watched, **values: str) -> None:
    """Fill fields of the open form, each where the focus is put by Tab."""
    form = window.shown.pane.task.form
    for name, value in values.items():
        form.widgets[name].focus_set()
        window.update()
        form.put(name, value)


def settled(window: Watched) -> bool:
    """Wait until the section was read again."""
    page = window.shown
    return window.pump(lambda: not page._settling and not window.background.busy)


def keys_entered(by: str = "an", secret: str = PASSWORD) -> list[Any]:
    """Every `key` entry of the log, the window being closed."""
    with open_real(Places.of(None).real, by=by, ask=lambda _: secret, login=True) as opened:
        return [entry.body for entry in opened.store.entries("key")]


def test_people_are_added_changed_and_deactivated_by_two_who_prove_it(
    open_station: Open, people: Path
) -> None:
    window = open_station()
    enter(window)
    task("people", "user-add", window)
    window.press("<Return>")
    assert window.shown.pane.task.form.said == {"id": "Chưa ghi. Điền ô này."}
    fill(window, id="moi", name="Người Mới", role="secretary")
    window.press("<Return>")
    asked = answer(window, PASSWORD, SECOND_PASSWORD, NEW, NEW)
    assert ["an" in asked[0], "binh" in asked[1], "moi" in asked[2], "moi" in asked[3]] == [True] * 4
    assert "mới" in asked[2]
    assert settled(window)
    pane = window.shown.pane
    assert [row.key for row in pane.table.rows] == ["an", "binh", "moi", "nd"]
    assert pane.table.rows[2].cells[:3] == ("moi", "Người Mới", "thư ký")
    assert "moi" in window.said
    task("people", "user-disable", window, row="nd")
    fill(window, reason="nghỉ việc", second="binh")
    window.press("<Return>")
    answer(window, PASSWORD, "sai mật khẩu")
    assert pane.task is not None, "a wrong password leaves the form open"
    assert pane.task.form.value("reason") == "nghỉ việc"
    window.press("<Return>")
    answer(window, PASSWORD, None)
    assert "chưa ghi gì" in window.said
    window.press("<Return>")
    answer(window, PASSWORD, SECOND_PASSWORD)
    assert settled(window)
    assert pane.task is None
    assert pane.row.key == "nd"
    assert "user-enable" in pane.buttons
    assert "user-role" not in pane.buttons
    to("own", window)
    window.press("<Alt-Key-1>")
    asked = answer(window, PASSWORD, NEW, NEW)
    assert ["an" in text for text in asked] == [True] * 3
    assert settled(window)
    window.leave()
    entered = [(body["event"], body.get("user")) for body in keys_entered(secret=NEW)]
    assert entered[-1][0] == "password-changed"
    assert entered.count(("user-disabled", "nd")) == 1
    assert ("user-added", "moi") in entered or any(user == "moi" for _, user in entered)


def test_a_certificate_is_pinned_only_after_two_compared_it_with_paper(
    open_station: Open, station: Path, tmp_path: Path
) -> None:
    path = tmp_path / "csca.cer"
    path.write_bytes(CSCA.encoded)
    digest = hashlib.sha256(CSCA.encoded).hexdigest()
    window = open_station()
    enter(window)
    task("trust", "trust-import", window)
    fill(window, file=str(path))
    window.press("<Return>")
    answer(window, PASSWORD)
    pane = window.shown.pane
    assert pane.compare is not None, window.said
    assert str(pane.compare.fingerprint.cget("text")) == grouped(digest)
    assert grouped(digest) in window.shown_texts
    window.press("<Return>")
    assert "so với giấy" in window.said
    window.press("<space>")
    path.write_bytes(CSCA.encoded + b"\n")
    window.press("<Return>")
    answer(window, PASSWORD)
    assert "không còn là tệp đã đối chiếu" in window.said
    path.write_bytes(CSCA.encoded)
    window.press("<Return>")
    asked = answer(window, PASSWORD, SECOND_PASSWORD)
    assert "binh" in asked[1]
    assert settled(window)
    assert [row.key for row in pane.table.rows] == [digest]
    window.leave()
    events = [body["event"] for body in keys_entered()]
    assert events.count("csca-imported") == 1


def test_the_desks_devices_are_chosen_and_kept(
    open_station: Open, station: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_station()
    enter(window)
    task("devices", "devices-set", window)
    fill(window, scanner="nowhere", candidate_screen="full")
    window.press("<Return>")
    assert window.free()
    assert "scanner" in window.shown.pane.task.form.said
    fill(window, scanner="1a86:7523")
    window.shown.pane.task.form.widgets["sounds"].focus_set()
    window.press("<space>", "<Return>")
    assert settled(window)
    kept = load_station(station)
    assert (kept.scanner, kept.candidate_screen, kept.sounds) == ("1a86:7523", "full", False)
    assert "Máy quét QR: 1a86:7523" in window.shown_texts


@pytest.mark.slow
def test_a_cameras_picture_is_shown_while_it_is_set_up_and_ends_with_the_form(open_station: Open) -> None:
    window = open_station()
    into_training(window)
    task("devices", "devices-set", window)
    pane = window.shown.pane
    fill(window, camera="scene:bona-fide?face=hopper")
    pane.task.form.widgets["look"].focus_set()
    window.press("<space>")
    live = pane.task.live
    assert window.pump(lambda: live.frames > 2)
    assert "Không lưu hình nào" in window.shown_texts
    thread = live._thread
    window.press("<Escape>")
    assert not thread.is_alive()
    assert pane.task is None


@pytest.mark.slow
def test_what_is_kept_is_tested_and_entered(open_station: Open, station: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    window = open_station()
    enter(window)
    task("backup", "backup-set", window)
    fill(window, to=str(tmp_path / "data"))
    window.press("<Return>")
    answer(window, PASSWORD)
    assert settled(window)
    assert f"Nơi sao lưu: {tmp_path / 'data'}" in window.shown_texts
    assert "phần khoá" in window.shown_texts
    window.press("<Alt-Key-2>")
    assert window.free()
    assert settled(window)
    assert list((tmp_path / "data").iterdir())
    assert "Bản sao lưu gần nhất" in window.shown_texts
    task("rules", "rules-confirm", window, row="driving-tt108-2026")
    fill(window, reference="Thông tư mẫu, Điều 1")
    window.press("<Return>")
    answer(window, PASSWORD)
    assert settled(window)
    assert "Thông tư mẫu, Điều 1" in str(window.shown.pane.detail.cget("text")) + window.shown_texts
    to("test", window)
    window.press("<Alt-Key-1>")
    assert window.free()
    assert settled(window)
    to("files", window)
    window.press("<Alt-Key-1>")
    assert window.free()
    assert settled(window)
    window.press("<Alt-Key-2>")
    assert window.free()
    assert '"where": "state"' in window.shown_texts
    window.leave()
    with open_real(Places.of(None).real, by="an", ask=lambda _: PASSWORD, login=True) as opened:
        kinds = {entry.kind for entry in opened.store.entries()}
    assert {"export", "rules-confirmed", "self-test"} <= kinds


def test_each_role_is_offered_what_it_may_and_training_has_no_people(
    open_station: Open, station: Path
) -> None:
    window = open_station()
    enter(window, "nd", ND["nd"])
    window.press("<Control-Key-5>")
    assert window.pump(lambda: window.page == "admin")
    names = {section.name for section in window.shown.sections}
    assert {"people", "trust", "rules", "retention"}.isdisjoint(names)
    assert {"own", "backup", "test", "files"} <= names
    assert settled(window)
    window.press("<Escape>")
    assert window.at("start")
    window.log_out()
    assert window.free()
    into_training(window)
    to("people", window)
    assert not window.shown.pane.buttons
    assert "Huấn luyện không có phần này" in window.shown_texts


@pytest.mark.slow
def test_language_and_size_leave_an_open_form_as_it_was(open_station: Open, station: Path) -> None:
    window = open_station()
    enter(window)
    task("people", "user-add", window)
    fill(window, id="moi", role="secretary")
    window.press("<Alt-e>")
    assert window.pump(lambda: window.shown.pane.task is not None and not window.background.busy)
    form = window.shown.pane.task.form
    assert (form.value("id"), form.value("role")) == ("moi", "secretary")
    assert "Add somebody" in window.shown_texts
    window.press("<Control-plus>")
    assert window.pump(lambda: window.shown.pane.task is not None and not window.background.busy)
    assert window.shown.pane.task.form.value("id") == "moi"
    window.press("<Escape>", "<Escape>")
    assert window.page == "admin"
    assert settled(window)
    window.press("<Escape>")
    assert window.at("start")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "scale"), [("vi", 1.0), ("en", 1.5), ("vi", 2.0)])
def test_every_section_and_form_fits_and_tab_reaches_all_of_it(
    open_station: Open, station: Path, language: str, scale: float
) -> None:
    window = open_station(language=language, scale=scale)
    enter(window)
    for name in admin_phases.PHASES:
        if name == "admin-camera-allow":  # no camera here: not offered
            continue
        if name == "admin-retention-run":
            continue
        admin_phases.PHASES[name](window)
        page = window.shown
        window.update()
        assert page.inside.winfo_reqwidth() <= page.winfo_width(), name
        pane = page.pane
        wanted = list(pane.task.form.widgets.values()) if pane.task else list(pane.buttons.values())
        assert out_of_reach(window, [*wanted, window.left]) == []
        if pane.task is not None:
            window.press("<Escape>")
            assert pane.task is None


def test_every_section_has_its_texts() -> None:
    from proctor.texts import load_texts

    for language in ("vi", "en"):
        texts = load_texts(language)
        for section in SECTIONS:
            keys = [f"section.{section.name}", f"about.{section.name}"]
            keys += [f"column.{name}" for name in section.columns]
            for each in section.tasks:
                keys.append(f"task.{each.name}")
                keys += [f"lead.{each.name}"] if each.fields or each.second else []
                for wanted in each.fields:
                    name = wanted.text or wanted.name
                    keys.append(f"field.{name}")
                    keys += [f"help.{name}"] if wanted.help else []
                    keys += [f"browse.{name}"] if wanted.kind in {"file", "folder"} else []
            assert [key for key in keys if f"admin-page.{key}" not in texts] == []
