"""From a wish to a sheet: as of a tree head, byte for byte; reprints numbered; rebuilt as it was printed."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.errors import CommandError
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.sheet_kinds import rebuild, write_kind
from proctor.sheet_wish import Wish
from proctor.sheets import SheetDesk, attendance_sheet
from reports.pdf import render
from reports.sheet import Sheet
from sessions.as_of import LogAsOf
from sessions.errors import EvidenceMissingError
from sessions.session import Session
from sessions.vietnam import today
from tests.support.reports_pages import page_texts
from tests.unit.proctor.test_summary_refused import opened_session

ATTENDANCE = Wish(kind="attendance", component="theory")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(tmp_path / "root")) as root:
        yield root


@pytest.fixture
def session(opened: OpenRoot) -> Session:
    return opened_session(opened)


def unsigned(opened: OpenRoot, sheet: Sheet) -> bytes:
    return render(sheet, opened.keys.bundle.signer(opened.root.origin))


def incident(opened: OpenRoot, session: Session) -> int:
    body = {"session": session.session_id, "code": "other", "sbd": session.seats[0].sbd}
    return opened.store.append("incident", body, operator=opened.require_login().operator).seq


def job(opened: OpenRoot, session: Session, sha256: str, outcome: str, **more: str) -> None:
    body = {**more, "session": session.session_id, "pdf_sha256": sha256, "printer": "P", "outcome": outcome}
    operator = opened.require_login().operator
    opened.store.append("print-job", {**body, "copies": 1}, operator=operator)


def test_the_first_print_is_what_the_log_gives_at_that_head_byte_for_byte(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    size = opened.store.head().size
    (written,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    body = opened.store.entry(written.seq).body
    assert (body["sheet_size"], written.seq) == (size, size), "the print follows the last entry it covers"
    pdf = written.path.read_bytes()
    incident(opened, session)
    again = unsigned(opened, rebuild(opened, body))
    assert pdf.startswith(again)
    assert hashlib.sha256(again).hexdigest() == body["unsigned_sha256"]
    newest = unsigned(opened, attendance_sheet(SheetDesk(opened, session, ATTENDANCE)))
    assert newest != again


def test_a_reprint_is_numbered_and_says_so_on_every_page(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    copies, last = [], tmp_path
    for reason in ("", "jam", "lost"):
        (written,) = write_kind(opened, session, replace(ATTENDANCE, reason=reason), tmp_path)
        copies.append(written.copy)
        last = written.path
    assert copies == [0, 1, 2]
    assert all("BẢN IN LẠI lần 2" in text for text in page_texts(last.read_bytes()))
    entry = opened.store.entries("print", session.session_id)[-1]
    assert (entry.body["copy"], opened.store.evidence(entry.seq, "note")) == (2, b"lost")
    assert last.read_bytes().startswith(unsigned(opened, rebuild(opened, entry.body)))


def test_other_components_and_copies_for_the_wall_are_no_reprints(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    wishes = [ATTENDANCE, replace(ATTENDANCE, posted=True), Wish(kind="results"), Wish(kind="exceptions")]
    copies = [write_kind(opened, session, wish, tmp_path)[0].copy for wish in [*wishes, ATTENDANCE]]
    assert copies == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("ends", "number"),
    [((), 1), (("failed",), 0), (("cancelled", "failed"), 0), (("failed", "printed"), 1), (("printed",), 1)],
)
def test_what_never_came_out_of_a_printer_does_not_count(
    opened: OpenRoot, session: Session, tmp_path: Path, ends: tuple[str, ...], number: int
) -> None:
    (first,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    for end in ends:
        job(opened, session, first.sha256, end)
    (second,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    assert second.copy == number


def test_a_job_that_nobody_saw_end_may_lie_on_paper(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    (first,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    job(opened, session, first.sha256, "failed", reason="unknown")
    job(opened, session, "a" * 64, "printed")
    (second,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    assert second.copy == 1


def test_a_sheet_of_an_earlier_head_shows_that_head(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    before = opened.store.head()
    incident(opened, session)
    (then,) = write_kind(opened, session, replace(ATTENDANCE, at=before.size), tmp_path)
    (now,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    assert (then.size, then.root) == (before.size, before.root.hex())
    texts = ["".join(page_texts(written.path.read_bytes())) for written in (then, now)]
    assert ["Sự việc: 1" in text for text in texts] == [False, True]


@pytest.mark.parametrize("size", [-5, 0, 1, 10_000])
def test_a_head_at_which_there_was_no_session_is_wrong_usage_and_no_alarm(
    opened: OpenRoot, session: Session, tmp_path: Path, size: int
) -> None:
    with pytest.raises(CommandError) as caught:
        write_kind(opened, session, replace(ATTENDANCE, at=size), tmp_path)
    assert (caught.value.code, caught.value.usage) == ("sheet-head", True)
    assert caught.value.facts["first"] == session.seq + 1
    assert list(tmp_path.glob("*.pdf")) == []


def test_whoever_prints_an_earlier_head_says_so_on_every_page(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    size = opened.store.head().size
    incident(opened, session)
    incident(opened, session)
    (written,) = write_kind(opened, session, replace(ATTENDANCE, at=size), tmp_path)
    mark = f"THEO NHẬT KÝ ĐẾN MỤC {size}, CÒN 2 MỤC SAU"
    assert all(mark in text for text in page_texts(written.path.read_bytes()))
    body = opened.store.entry(written.seq).body
    assert body["later"] == 2
    assert written.path.read_bytes().startswith(unsigned(opened, rebuild(opened, body)))


def test_one_sheet_has_one_name_however_it_is_asked_for(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    """Case and blanks would make first prints of reprints."""
    licence_class = session.seats[0].licence_class
    asked = [licence_class, licence_class.lower(), f" {licence_class.lower()} "]
    copies = [
        write_kind(opened, session, Wish(kind="results", licence_class=name), tmp_path)[0].copy
        for name in asked
    ]
    assert copies == [0, 1, 2]
    room = session.seats[0].room
    rooms = [room, room.lower(), " ".join(room)]
    copies = [
        write_kind(opened, session, Wish(kind="call-list", component="theory", room=name), tmp_path)[0].copy
        for name in rooms
    ]
    assert copies == [0, 1, 2]
    variants = {entry.body["variant"] for entry in opened.store.entries("print")}
    assert variants == {f"licence_class={licence_class}", f"component=theory;room={room}"}


@pytest.mark.parametrize("room", ["P1;x=1", "=1+1", "50%", "Phòng số 1"])
def test_whatever_a_room_is_called_its_sheet_can_be_built_again(room: str) -> None:
    wish = Wish(kind="call-list", component="theory", room=room)
    again = Wish.of_entry({"sheet": "call-list", "sheet_size": 5, **wish.fields})
    assert (again.room, again.component, again.variant) == (room, "theory", wish.variant)


def test_the_day_beside_the_place_is_the_day_of_the_print(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    assert session.day != today()
    (written,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    now = today()
    month = f"{now.month:02d}" if now.month < 3 else str(now.month)
    text = " ".join(page_texts(written.path.read_bytes())[0].split())
    assert f"ngày {now.day:02d} tháng {month} năm {now.year}" in text
    assert opened.store.entry(written.seq).body["day"] == now.isoformat()


def test_nothing_sealed_is_written_before_the_log_has_it(
    opened: OpenRoot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "full")

    with monkeypatch.context() as patched:
        patched.setattr("proctor.sheets.write_private", full)
        with pytest.raises(CommandError, match="cannot-write"):
            write_kind(opened, session, ATTENDANCE, tmp_path)
    printed, job_entry = opened.store.entries(session=session.session_id)[-2:]
    assert (printed.kind, job_entry.kind) == ("print", "print-job")
    assert job_entry.body["pdf_sha256"] == printed.body["pdf_sha256"]
    assert job_entry.body["reason"] == "not-written"
    (again,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    assert again.copy == 0, "what was never written is no print that came out"


def test_an_unknown_kind_is_not_rebuilt(opened: OpenRoot, session: Session) -> None:
    with pytest.raises(CommandError, match="kind-unknown"):
        rebuild(opened, {"session": session.session_id, "sheet": "minutes", "sheet_size": 1})


def test_the_log_as_of_a_head_knows_nothing_later(opened: OpenRoot, session: Session) -> None:
    size = opened.store.head().size
    seq = incident(opened, session)
    then = LogAsOf(opened.store, size)
    assert then.head().size == size
    assert then.entries("incident") == ()
    assert [entry.seq for entry in then.entries()] == list(range(size))
    assert then.entries_after(-1, session.session_id)[-1].seq < seq
    assert opened.store.entry(seq).seq == seq
    for ask in (then.entry, then.body):
        with pytest.raises(EvidenceMissingError):
            ask(seq)
    with pytest.raises(EvidenceMissingError):
        then.evidence(seq, "note")


def test_a_sheet_is_built_again_with_the_heads_it_was_printed_with(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    template = opened.root.path / "sheet-template.toml"
    template.write_text('[letterhead]\nagency = "Trung tâm Mẫu Một"\n', encoding="utf-8")
    (written,) = write_kind(opened, session, ATTENDANCE, tmp_path)
    body = opened.store.entry(written.seq).body
    assert "TRUNG TÂM MẪU MỘT" in page_texts(written.path.read_bytes())[0]
    template.write_text('[letterhead]\nagencies = "broken by now"\n', encoding="utf-8")
    assert written.path.read_bytes().startswith(unsigned(opened, rebuild(opened, body)))
    template.write_text('[letterhead]\nagency = "Trung tâm Mẫu Hai"\n', encoding="utf-8")
    assert written.path.read_bytes().startswith(unsigned(opened, rebuild(opened, body)))
    template.unlink()
    assert written.path.read_bytes().startswith(unsigned(opened, rebuild(opened, body)))
    (plain,) = write_kind(opened, session, Wish(kind="exceptions"), tmp_path)
    assert "template" not in opened.store.entry(plain.seq).body
    template.write_text('[letterhead]\nagency = "Trung tâm Mẫu Ba"\n', encoding="utf-8")
    again = rebuild(opened, opened.store.entry(plain.seq).body)
    assert plain.path.read_bytes().startswith(unsigned(opened, again))
