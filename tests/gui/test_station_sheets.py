"""The sheets page as an official uses it: keys, real Tk, a real training log, a software token."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pkcs11.exceptions
import pytest

from proctor.page_pictures import page_count
from proctor.signing_token import HeldToken
from sessions.record import Verdict
from tests.gui import sheets_phases as phases
from tests.gui.test_station_start import OpenStation, Watched, bench, open_station, out_of_reach
from tests.support.cli import proctor
from tests.support.course_cli import Sitting
from tests.support.cups import CapturePrinter, PrivateCups, private_cups
from tests.support.signing_pki import OFFICIAL, pki, shared_token
from tests.support.softhsm import PIN

__all__ = ["bench", "open_station", "private_cups"]
OpenSheets = Callable[..., Watched]


@pytest.fixture
def made(home: Path) -> Sitting:
    """A training session; two of its six were let in, one was refused."""
    found = phases.session_of(home, count=6)
    found.admit("004", verdict=Verdict.REFUSE)
    return found


@pytest.fixture
def open_sheets(open_station: OpenStation, made: Sitting) -> OpenSheets:
    """Opens the window at the sheets of the session."""

    def open_it(**options: Any) -> Watched:
        window = open_station(**options)
        phases.enter(window, made.session)
        return window

    return open_it


def bodies(window: Watched, kind: str) -> list[dict[str, Any]]:
    """What the open log has of a kind."""
    return [dict(entry.body) for entry in window.opened.store.entries(kind)]


def pane(window: Watched) -> Any:
    return window.shown.pane


def at(window: Watched, name: str) -> bool:
    """Wait for a pane."""
    return window.pump(lambda: pane(window).step.name == name and not window.background.busy, seconds=60)


def answer(window: Watched, text: str) -> str:
    """Answer the dialog that asks for a secret; return what it asked."""

    def dialog() -> Any:
        return next((each for each in window.winfo_children() if each.winfo_class() == "Toplevel"), None)

    assert window.pump(lambda: dialog() is not None and str(window.tk.call("focus")) == str(dialog().entry))
    asked = next(str(each.cget("text")) for each in dialog().winfo_children() if "text" in each.keys())  # noqa: SIM118
    dialog().entry.insert(0, text)
    window.press("<Return>")
    return asked


def test_a_draft_is_looked_at_first_and_leaves_nothing(open_sheets: OpenSheets, home: Path) -> None:
    window = open_sheets()
    keys = pane(window).rows.view.get_children()
    assert [key.partition(":")[0] for key in keys][:3] == ["notice", "self-test", "call-list"]
    assert "collection:component=theory" not in keys
    size = window.opened.store.head().size
    phases.draft(window)
    assert "nháp" in window.shown_texts.lower()
    draft = pane(window).draft
    key = window.opened.keys.bundle.signer(window.opened.store.origin).key
    assert key.fingerprint.encode() not in draft.pdf
    assert (len(draft.sizes), draft.copy) == (page_count(draft.pdf), 0)
    before = pane(window).picture._picture
    window.press("<Next>")
    assert window.pump(lambda: pane(window).picture._picture is not before)
    assert pane(window).picture.page == 1
    assert "Trang 2/" in window.shown_texts
    window.press("<plus>")
    phases.settled(window)
    assert "140 %" in window.shown_texts
    window.press("<Alt-d>")  # a copy for a wall: another draft at once
    phases.shown(window)
    assert pane(window).draft.wish.posted
    assert window.opened.store.head().size == size
    assert not list(home.rglob("*.pdf"))
    window.press("<Escape>")
    assert at(window, "list")
    assert pane(window).rows.chosen == phases.ATTENDANCE
    window.press("<Escape>")
    assert window.at("start")


def test_printing_enters_it_again_asks_why_and_each_look_is_entered(
    open_sheets: OpenSheets, home: Path, made: Sitting
) -> None:
    window = open_sheets()
    phases.made(window)
    (printed,) = bodies(window, "print")
    assert (printed["sheet"], printed["variant"]) == ("attendance", "component=theory")
    file = next(home.rglob("attendance-*.pdf"))
    assert file.parent == home / "training" / "sheets" / made.session
    assert not list(file.parent.glob("*.xlsx"))
    assert bodies(window, "view") == []
    window.press("<Alt-b>")
    assert at(window, "draft")
    phases.shown(window)
    assert "BẢN IN LẠI lần 1" in window.shown_texts
    window.press("<Return>")
    assert window.free()
    assert len(bodies(window, "print")) == 1
    assert pane(window).form.said["reason"]
    assert str(window.tk.call("focus")) == str(pane(window).form.widgets["reason"])
    window.type("bản đầu bị mờ")
    window.press("<Return>")
    assert at(window, "file"), window.said
    phases.shown(window)
    again = window.opened.store.entries("print")[-1]
    assert again.body["copy"] == 1
    assert window.opened.store.evidence(again.seq, "note").decode() == "bản đầu bị mờ"
    window.press("<Escape>", "<Escape>")
    assert at(window, "list")
    window.press("<Alt-l>")
    assert at(window, "made")
    phases.settled(window)
    view = pane(window).rows.view
    assert [view.set(key, "copy") for key in view.get_children()] == ["in lại lần 1", "bản đầu"]
    window.press("<Return>")
    assert at(window, "file")
    phases.shown(window)
    (seen,) = bodies(window, "view")
    assert (seen["what"], seen["session"]) == (f"sheet {again.seq}", made.session)
    window.press("<Alt-e>")  # another language is no second look
    phases.shown(window)
    assert len(bodies(window, "view")) == 1
    window.press("<Alt-c>")
    assert at(window, "verify")
    assert window.pump(lambda: bool(pane(window)._verdict) and not window.background.busy, seconds=60)
    assert pane(window)._verdict[0][1] == "tick", pane(window)._verdict


@pytest.mark.slow
def test_an_altered_file_is_said_to_be_altered_and_is_no_sheet_of_this_list(
    open_sheets: OpenSheets, home: Path
) -> None:
    window = open_sheets()
    phases.made(window)
    file = next(home.rglob("attendance-*.pdf"))
    file.write_bytes(file.read_bytes() + b"\n% them\n")
    window.press("<Escape>", "<Alt-l>")
    assert at(window, "made")
    phases.settled(window)
    assert "Không thấy tệp" in window.shown_texts
    window.press("<Escape>", "<Alt-k>")
    assert at(window, "verify")
    window.type(str(file))
    window.press("<Return>")
    assert window.pump(lambda: bool(pane(window)._verdict) and not window.background.busy, seconds=60)
    line, sign = pane(window)._verdict[0]
    assert "ĐÃ BỊ SỬA" in line
    assert sign == "cross"


@pytest.fixture
def token(made: Sitting, tmp_path: Path) -> Any:
    """An official's software token; the authority that issued its certificates is pinned in training."""
    found = shared_token()
    for name, data, words in (
        ("authority.der", pki().issuing.der, ("add", "--purpose", "signatures", "--second", "hai")),
        ("list.crl", pki().issuing.crl(), ("crl",)),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        ran = proctor("sheets", "authority", words[0], path, *words[1:], "--training")
        assert ran.status == 0, ran.err
    return found


@pytest.mark.slow
def test_an_official_signs_with_a_token_the_pin_is_theirs(
    token: Any, open_sheets: OpenSheets, home: Path
) -> None:
    window = open_sheets()
    phases.signing(window)
    assert at(window, "sign")
    form = pane(window).form
    form.widgets["role"].current(1)
    form.put("token", token.library)
    window.press("<Alt-o>")
    assert window.pump(lambda: form.shows("certificate") and not window.background.busy, seconds=60), (
        window.said
    )
    box = form.widgets["certificate"]
    which = next(at for at, words in enumerate(box["values"]) if OFFICIAL in words)
    box.current(which)
    window.press("<Return>")
    asked = answer(window, "sai")
    assert OFFICIAL in asked
    assert window.free()
    assert bodies(window, "sheet-signature") == []
    assert len(window.said) > 10
    window.press("<Return>")
    answer(window, PIN)
    assert at(window, "file"), window.said
    phases.shown(window)
    (signed,) = bodies(window, "sheet-signature")
    assert signed["field"] == "KySo2"
    assert next(home.rglob("*-signed-1.pdf")).exists()
    assert f"Đã ký: {signed['role']}" in window.shown_texts
    assert PIN not in window.shown_texts


@pytest.fixture
def printer(private_cups: PrivateCups, monkeypatch: pytest.MonkeyPatch) -> Iterator[CapturePrinter]:
    """A printer of a print service of the test's own, the only one there is."""
    monkeypatch.setenv("CUPS_SERVER", private_cups.environment["CUPS_SERVER"])
    yield private_cups.printer("phong-to-in", trays=True)
    private_cups.run("lpadmin", "-x", "phong-to-in")


@pytest.mark.slow
def test_it_goes_to_the_printer_stands_still_goes_on_and_its_end_is_entered(
    printer: CapturePrinter, open_sheets: OpenSheets, home: Path
) -> None:
    window = open_sheets()
    printer.set("media-empty-error")
    phases.draft(window)
    phases.settled(window)
    assert pane(window).form.value("printer") == printer.name
    window.press("<Return>")
    assert at(window, "file"), window.said
    assert window.pump(lambda: "hết giấy" in window.shown_texts, seconds=60), window.shown_texts
    assert bodies(window, "print-job") == []
    printer.clear("media-empty-error")
    window.pump(lambda: not window.background.busy)
    window.press("<Alt-i>")
    assert window.pump(lambda: bool(bodies(window, "print-job")), seconds=60), window.shown_texts
    assert window.pump(lambda: "Giấy: đã in" in window.shown_texts, seconds=60), window.shown_texts
    assert printer.printed == [next(home.rglob("attendance-*.pdf")).read_bytes()]
    assert str(pane(window).paper.state()).find("disabled") >= 0


@pytest.mark.slow
def test_pack_and_backup_say_what_is_in_them(
    open_sheets: OpenSheets, home: Path, tmp_path: Path, made: Sitting
) -> None:
    window = open_sheets()
    phases.made(window)
    window.press("<Escape>")
    assert at(window, "list")
    phases.pack(window)
    assert window.pump(lambda: pane(window).plan is not None and not window.background.busy)
    assert "phiên đã làm 1 tờ" in window.shown_texts
    assert "chưa đóng" in window.shown_texts
    out = tmp_path / "usb"
    window.press("<Return>")
    assert pane(window).form.said["folder"]
    window.type(str(out))
    window.press("<Return>")
    assert window.pump(lambda: bool(bodies(window, "export")) and not window.background.busy, seconds=60)
    phases.settled(window)
    file = next(out.glob(f"pack-{made.session}-*.pack"))
    assert file.name in window.shown_texts
    assert f"Thư mục: {out}" in window.shown_texts
    assert "1 tờ" in window.shown_texts
    window.press("<Escape>", "<Alt-s>")
    assert at(window, "backup")
    phases.settled(window)
    assert "chưa có nơi sao lưu" in window.shown_texts
    place = tmp_path / "sao-luu"
    place.mkdir()
    window.type(str(place))
    window.press("<Return>")
    assert window.pump(lambda: any(place.iterdir()) and not window.background.busy, seconds=60), window.said
    assert place.name in window.shown_texts


@pytest.mark.parametrize(
    ("language", "scale"),
    [("en", 2.0), ("vi", 2.0), ("vi", 1.5)],
)
@pytest.mark.slow
def test_panes_fit_a_small_screen_and_tab_reaches_all_of_them(
    open_sheets: OpenSheets, language: str, scale: float
) -> None:
    window = open_sheets(language=language, scale=scale)
    flow = [button for _, button in pane(window).flow._cells]
    assert out_of_reach(window, [pane(window).rows.view, *flow, window.main, window.left]) == []
    phases.draft(window)
    form = pane(window).form
    fields = [widget for name, widget in form.widgets.items() if form.shows(name)]
    assert out_of_reach(window, [pane(window).picture.canvas, *fields, window.main, window.left]) == []


def at_the_pin(window: Watched, library: str) -> None:
    """The certificate of the official is chosen and the PIN is asked for next."""
    phases.signing(window)
    assert at(window, "sign")
    form = pane(window).form
    form.widgets["role"].current(1)
    form.put("token", library)
    window.press("<Alt-o>")
    assert window.pump(lambda: form.shows("certificate") and not window.background.busy, seconds=60), (
        window.said
    )
    box = form.widgets["certificate"]
    box.current(next(at for at, words in enumerate(box["values"]) if OFFICIAL in words))
    window.press("<Return>")


@pytest.mark.slow
def test_a_token_pulled_out_or_locked_while_signing_leaves_nothing_half_signed(
    token: Any, open_sheets: OpenSheets, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_sheets()
    at_the_pin(window, token.library)
    before = {path: path.read_bytes() for path in home.rglob("*.pdf")}
    opening = HeldToken._log_in

    def fails(error: type[Exception]) -> Callable[..., Any]:
        def open_it(held: HeldToken, pin: str) -> Any:
            real = held._token

            class Gone:
                slot = real.slot

                def open(self, **_given: Any) -> Any:
                    raise error

            object.__setattr__(held, "_token", Gone())
            return opening(held, pin)

        return open_it

    said = []
    for error in (pkcs11.exceptions.TokenNotPresent, pkcs11.exceptions.PinLocked):
        monkeypatch.setattr(HeldToken, "_log_in", fails(error))
        answer(window, PIN)
        assert window.free()
        said.append(window.said)
        assert bodies(window, "sheet-signature") == []
        assert {path: path.read_bytes() for path in home.rglob("*.pdf")} == before
        assert at(window, "sign")
        window.press("<Return>")
    assert window.texts["signing-token.lost"] in said[0]
    assert window.texts["signing-pin.locked"] in said[1]
    monkeypatch.setattr(HeldToken, "_log_in", opening)
    answer(window, PIN)
    assert at(window, "file"), window.said
    assert len(bodies(window, "sheet-signature")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_forty_sheets_are_gone_through_by_keys_at_every_size(
    made: Sitting, open_sheets: OpenSheets, home: Path, scale: float
) -> None:
    folder = home / "training" / "sheets" / made.session
    for number in range(40):
        reason = ("--reason=bản mờ",) if number else ()
        words = ("notice", f"--session={made.session}", f"--out={folder}", *reason)
        ran = proctor("sheets", *words)
        assert ran.status == 0, ran.err
    window = open_sheets(scale=scale)
    window.press("<Alt-l>")
    assert at(window, "made")
    phases.settled(window)
    rows = pane(window).rows
    keys = rows.view.get_children()
    assert len(keys) == 40
    shown = [str(name) for name in rows.view.cget("displaycolumns")]
    body = window.look.body
    for name in shown:
        wide = int(rows.view.column(name, "width"))
        assert all(body.measure(rows.view.set(key, name)) < wide for key in keys), name
    assert sum(int(rows.view.column(name, "width")) for name in shown) <= rows.view.winfo_width() + 1
    window.press("<End>")
    for _ in range(len(keys)):
        if rows.chosen == keys[-1]:
            break
        window.press("<Down>")
    assert rows.chosen == keys[-1]
    assert rows.view.bbox(keys[-1])
    window.press("<Return>")
    assert at(window, "file")
    phases.shown(window)
    window.press("<Escape>")
    assert at(window, "made")
    phases.settled(window)
    assert pane(window).rows.chosen == keys[-1]
