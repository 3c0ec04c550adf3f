"""Two persons at a real station: each proves to be there at the window, and the log has both, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proctor.gui.password import PasswordDialog
from proctor.gui.station.exceptions.manual import ManualPane
from sessions.record import Verdict
from tests.gui.admin_phases import task
from tests.gui.incident_phases import STORY, alone, incidents, results
from tests.gui.pane_phases import fill
from tests.gui.screenshot import settled
from tests.gui.session_phases import EVERYBODY, people, start_session
from tests.gui.station_phases import PHASES as AT_THE_DESK
from tests.gui.station_phases import FakeDesk, Host
from tests.gui.test_station_roster import page_of
from tests.gui.test_station_start import ND, Bench, OpenStation, Watched, bench, log_in, open_station
from tests.support.cli import proctor
from tests.support.course_cli import roster_csv, write_attempt
from tests.support.softhsm import PIN, TOKEN, make_token

__all__ = ["bench", "open_station"]
pytestmark = pytest.mark.timeout(240)
HOA = EVERYBODY["hoa"]
ND_BY = ("user", "add", "nd", "--by", "an", "--second", "binh", "--role", "identity-examiner")


@pytest.fixture
def real(home: Path, tmp_path: Path) -> str:
    """A real station: two administrators, a chairman, a secretary, an examiner; a session of today that was started."""
    people()
    assert proctor(*ND_BY, secrets={**EVERYBODY, **ND}).status == 0
    path = tmp_path / "list.csv"
    path.write_bytes(roster_csv(8))
    made = proctor(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=EVERYBODY,
    )
    assert made.status == 0, made.err
    start_session(str(made.json["id"]))
    return str(made.json["id"])


@pytest.fixture
def station(real: str, open_station: OpenStation) -> Watched:
    """The window, nobody logged in."""
    return open_station()


def enter(window: Watched, user: str) -> None:
    """Somebody logs in."""
    log_in(window, user, {**EVERYBODY, **ND}[user])
    assert window.at("start"), window.said


def entries(window: Watched, kind: str) -> list[dict[str, Any]]:
    """What the log has, read while the window holds it."""
    return [dict(entry.body) for entry in window.opened.store.entries(kind)]


def answer(window: Watched, secret: str) -> None:
    """Enter, then the second person types a password into the dialog."""
    window.press("<Return>")

    def dialogs() -> list[Any]:
        return [each for each in window.winfo_children() if isinstance(each, PasswordDialog)]

    assert window.pump(lambda: bool(dialogs())), (window.said, window.shown_texts)
    window.pump(seconds=0.1)
    dialogs()[0].entry.insert(0, secret)
    window.tk.call("event", "generate", str(dialogs()[0].entry), "<Return>")
    settled(window)


def words_of(widget: Any, user: str) -> str:
    """The line of a list that offers a person."""
    return next(str(value) for value in widget.cget("values") if str(value).endswith(user))


def test_documents_by_two_persons_and_who_was_refused_by_the_chairman(station: Watched, real: str) -> None:
    window = station
    enter(window, "nd")
    for sbd, verdict in (("001", Verdict.ADMIT), ("002", Verdict.REFUSE)):
        write_attempt(window.opened, real, sbd, verdict=verdict)
    pane = alone(ManualPane, sbd="3")(window)
    offered = [str(value) for value in pane.form.widgets["second"].cget("values")]
    assert offered
    assert not any(value.endswith("nd") for value in offered)  # nobody is their own second person
    fill(window, pane.form, document="hộ chiếu")
    fill(window, pane.form, reason=str(pane.form.widgets["reason"].cget("values")[0]))
    second = offered[0].rsplit(" ", 1)[-1]
    fill(window, pane.form, result="đúng", second=offered[0], **{"saw-photo": "1"})
    typed = pane.form.values()
    answer(window, "không phải")
    assert entries(window, "manual") == []
    assert len(window.said) > 20
    assert pane.form.values() == typed
    answer(window, EVERYBODY[second])
    (body,) = entries(window, "manual")
    assert (body["sbd"], body["outcome"], body["second"]["id"]) == ("003", "admitted", second)
    assert body["second"]["proof"] == "password"
    pane = incidents(window)  # an examiner enters, but does not lay down what follows
    window.press("<Return>", "<Key-1>")
    fill(window, pane.form, concerned="1", text=STORY)
    if pane.form.value("minutes"):
        fill(window, pane.form, minutes="")
    window.press("<Return>")
    settled(window)
    assert [each["sbd"] for each in entries(window, "incident")] == ["001"]
    window.press("<Control-Key-1>")
    assert window.at("start")
    window.log_out()
    assert window.at("login")

    enter(window, "hoa")
    pane = incidents(window)
    window.press("<Alt-q>")
    settled(window)
    fill(window, pane.form, consequence="đình chỉ", second=words_of(pane.form.widgets["second"], "thu"))
    answer(window, EVERYBODY["thu"])
    last = entries(window, "incident")[-1]
    assert (last["sbd"], last["consequence"], last["second"]["id"]) == ("001", "suspended", "thu")
    window.press("<Alt-n>", "<Return>")
    settled(window)
    form = pane.inner.form
    fill(window, form, decided="cho vào")
    fill(window, form, reason=str(form.widgets["reason"].cget("values")[0]), happened=STORY)
    fill(window, form, second=words_of(form.widgets["second"], "thu"))
    before = len(entries(window, "incident"))
    window.press("<Return>")
    assert set(form.said) == {"note"}
    assert len(entries(window, "incident")) == before
    fill(window, form, note="Hộ chiếu và hồ sơ.")
    answer(window, "không phải")
    assert entries(window, "decision") == []
    answer(window, EVERYBODY["thu"])
    (body,) = entries(window, "decision")
    assert (body["sbd"], body["decided"], body["second"]["id"]) == ("002", "admitted", "thu")
    about = [each for each in entries(window, "incident") if each["code"] == "identity-refused"]
    assert [each["incident"] for each in about] == [body["incident"]]  # the wrong password left no second one


@pytest.mark.slow
def test_a_correction_whose_second_person_cannot_prove_it_enters_nothing_and_says_why(
    station: Watched, real: str
) -> None:
    window = station
    enter(window, "nd")
    write_attempt(window.opened, real, "001")
    window.log_out()
    assert window.at("login")
    enter(window, "thu")
    pane = results(window)
    window.type("28")
    window.press("<Return>")
    settled(window)
    assert [body["sbd"] for body in entries(window, "result")] == ["001"]
    pane.table.select("001")
    window.press("<Alt-a>")
    settled(window)
    form = pane.inner.form
    fill(window, form, points="29", second=words_of(form.widgets["second"], "hoa"))
    fill(window, form, reason=str(form.widgets["reason"].cget("values")[0]))
    answer(window, "không phải")
    assert entries(window, "correction") == []
    assert form.value("points") == "29"
    answer(window, EVERYBODY["hoa"])  # these rules want a token for it, and the second person has none here
    assert entries(window, "correction") == []
    assert "token" in window.said
    assert form.value("points") == "29"


def test_with_card_and_face_the_desk_lends_its_devices(station: Watched, real: str) -> None:
    """The desk stands for one; what is looked at is what the command is given, and when."""
    window = station
    enter(window, "nd")
    window.press("<Return>")
    assert window.at("checkin"), window.said
    lent: list[str] = []

    @contextmanager
    def lend() -> Iterator[tuple[str, str]]:
        lent.append("lent")
        try:
            yield "Đầu đọc 1", "/dev/video9"
        finally:
            lent.append("back")

    window.driver.lend = lend  # type: ignore[union-attr]
    pane = alone(ManualPane, sbd="3")(window)
    form = pane.form
    assert not form.shows("card")
    fill(window, form, document="hộ chiếu")
    fill(window, form, reason=str(form.widgets["reason"].cget("values")[0]))
    fill(window, form, result="đúng", **{"saw-photo": "1"})
    offered = [str(value) for value in form.widgets["second"].cget("values")]
    fill(window, form, second=offered[0], proof="thẻ và khuôn mặt")
    assert form.shows("card")
    assert window.texts["presence.notice"] in window.shown_texts
    window.press("<Return>")
    assert set(form.said) == {"card"}
    fill(window, form, card="001099000777")
    assert "001099000777" not in str(pane.kept())
    answer(window, EVERYBODY[offered[0].rsplit(" ", 1)[-1]])
    assert lent == ["lent", "back"]
    assert entries(window, "manual") == []  # nobody here has a registered card: said, nothing entered
    assert "chưa đăng ký" in window.said, window.said
    assert form.value("result") == "same"


@pytest.fixture
def token_of_thu(real: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secretary registered a token of her own."""
    token = make_token(tmp_path / "token")
    monkeypatch.setenv("SOFTHSM2_CONF", token.environment["SOFTHSM2_CONF"])
    ran = proctor(
        *("user", "token", "--by", "thu", "--second", "an", "--pkcs11", token.library),
        *("--token", TOKEN, "--key", "thu"),
        secrets={**EVERYBODY, "thu/pin": PIN},
    )
    assert ran.status == 0, ran.err


def dialog_of(window: Watched) -> PasswordDialog:
    """The dialog that asks for a secret."""
    found: list[Any] = []

    def there() -> bool:
        found[:] = [each for each in window.winfo_children() if isinstance(each, PasswordDialog)]
        return bool(found)

    assert window.pump(there), (window.said, window.shown_texts)
    window.pump(seconds=0.1)
    return found[0]


def give(window: Watched, *secrets: str) -> list[str]:
    """Enter, then a secret into each dialog that comes; what each dialog asked."""
    window.press("<Return>")
    asked = []
    for secret in secrets:
        dialog = dialog_of(window)
        asked.append(" ".join(str(each.cget("text")) for each in dialog.grid_slaves(row=0)))
        dialog.entry.insert(0, secret)
        window.tk.call("event", "generate", str(dialog.entry), "<Return>")
    settled(window)
    return asked


def by_documents(window: Watched, sbd: str, second: str, proof: str) -> Any:
    """The form by documents, filled in to its end."""
    pane = alone(ManualPane, sbd=sbd)(window)
    fill(window, pane.form, document="hộ chiếu")
    fill(window, pane.form, reason=str(pane.form.widgets["reason"].cget("values")[0]))
    fill(window, pane.form, result="đúng", **{"saw-photo": "1"})
    fill(window, pane.form, second=words_of(pane.form.widgets["second"], second), proof=proof)
    return pane


def test_a_token_of_their_own_proves_the_second_person(
    real: str, token_of_thu: None, open_station: OpenStation
) -> None:
    window = open_station()
    enter(window, "nd")
    pane = by_documents(window, "3", "thu", "token")
    asked = give(window, EVERYBODY["thu"], "0000")
    assert ["Mật khẩu" in asked[0], "PIN" in asked[1]] == [True, True]
    assert entries(window, "manual") == []
    assert window.said.strip() == window.texts["token-pin"]
    assert pane.form.value("result") == "same"
    give(window, EVERYBODY["thu"], PIN)
    (body,) = entries(window, "manual")
    assert (body["sbd"], body["second"]["id"], body["second"]["proof"]) == ("003", "thu", "token")
    assert {"operator", "second", "token"} <= set(body["signatures"])
    pane = by_documents(window, "4", "hoa", "token")  # who has none is told so, and nothing is entered
    give(window, HOA)
    assert [each["sbd"] for each in entries(window, "manual")] == ["003"]
    assert "hoa" in window.said
    assert "chưa đăng ký" in window.said
    window.log_out()
    assert window.at("login")
    assert proctor("log", "verify", "--by", "an", "--json", secrets=EVERYBODY).json["ok"]


def test_who_may_not_do_it_is_told_so_and_nothing_is_entered(real: str, open_station: OpenStation) -> None:
    gs = {"gs": "tổ giám sát 1"}
    ran = proctor(
        *("user", "add", "gs", "--by", "an", "--second", "binh", "--role", "overseer"),
        secrets=EVERYBODY | gs,
    )
    assert ran.status == 0, ran.err
    window = open_station()
    forbidden = window.texts["role-forbidden"]
    log_in(window, "gs", gs["gs"])
    assert window.at("start"), window.said
    for key in ("<Control-Key-3>", "<Control-Key-4>", "<Control-Key-5>"):
        window.press(key)
        assert (window.page, window.said.strip()) == ("start", forbidden)
        window.silent_now()
    window.log_out()
    assert window.at("login")
    window.press("<Control-Key-5>")
    assert (window.page, window.said.strip()) == ("login", "")  # nobody is here: nothing to refuse

    enter(window, "thu")  # a secretary looks at no documents herself
    before = len(window.opened.store.entries())
    pane = alone(ManualPane, sbd="3")(window)
    assert pane.form is None
    assert forbidden in window.shown_texts
    window.press("<Return>")
    settled(window)
    assert len(window.opened.store.entries()) == before


def test_a_key_of_the_desk_that_the_role_may_not_press_is_answered(
    screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    window = Host(AT_THE_DESK["refuse"](FakeDesk()))
    try:
        window.allowed = {"check-in", "view"}
        window.build()
        window.update()
        window.focus_force()
        sent = list(window.desk.sent)
        for key in ("<Control-d>", "<Control-i>"):
            window.say("", "")
            window.update()
            window.tk.call("event", "generate", ".", key)
            window.update()
            assert window.message.cget("text").strip() == window.texts["role-forbidden"], key
            assert window.shown.form is None
        assert window.desk.sent == sent
        assert window.bugs == []
    finally:
        window.leave()


PROOFS = ["mật khẩu", "token", "thẻ và khuôn mặt"]


def offered(form: Any) -> list[str]:
    """The proofs that a form offers, by their first words."""
    shown = [str(value) for value in form.widgets["proof"].cget("values")]
    return [next(each for each in PROOFS if value.startswith(each)) for value in shown]


def test_every_form_of_two_persons_offers_what_its_command_takes_also_without_a_desk(
    real: str, token_of_thu: None, open_station: OpenStation, bench: Bench
) -> None:
    lent: list[str] = []

    @contextmanager
    def lend(_opened: object) -> Iterator[tuple[str, str]]:
        lent.append("lent")
        yield "Đầu đọc 1", "/dev/video9"

    window = open_station(means=replace(bench.means(), lend=lend))
    enter(window, "hoa")
    page = page_of(window)
    page.begin("add")
    assert window.pump(lambda: page.pane is not None and page.pane.form is not None)
    settled(window)
    assert offered(page.pane.form) == PROOFS  # type: ignore[union-attr]
    window.press("<Control-Key-4>")
    assert window.at("sheets")
    window._page.open("pack")
    assert window.pump(lambda: "proof" in window._page.pane.form.widgets)
    assert offered(window._page.pane.form) == PROOFS
    window.log_out()
    assert window.at("login")

    enter(window, "an")
    task("trust", "trust-import", window)
    assert "proof" not in window.shown.pane.task.form.widgets  # its command takes a password alone
    window.press("<Escape>")
    task("people", "user-disable", window, row="nd")
    form = window.shown.pane.task.form
    assert offered(form) == PROOFS
    fill(window, form, reason="nghỉ việc", proof="thẻ và khuôn mặt")
    fill(window, form, second=next(str(v) for v in form.widgets["second"].cget("values") if "thu" in str(v)))
    form.widgets["card"].focus_set()
    window.type("001099000777")
    give(window, EVERYBODY["an"], EVERYBODY["thu"])
    assert lent == ["lent"]
    assert "thu" in window.said
    assert "chưa đăng ký" in window.said
    fill(window, form, proof="token")
    assert not form.shows("card")
    give(window, EVERYBODY["an"], EVERYBODY["thu"], PIN)
    last = entries(window, "key")[-1]
    assert (last["event"], last["user"]) == ("user-disabled", "nd")
    assert (last["second"]["id"], last["second"]["proof"]) == ("thu", "token")
