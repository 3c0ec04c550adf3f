"""Erasing, holding and keeping to the schedule, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from proctor.roots import TRAINING_ROLE, TRAINING_USER, ensure_training_root
from sessions.errors import EvidenceErasedError
from sessions.record import Operator, SystemClock
from sessions.root import DataRoot
from sessions.store import Store
from sessions.users import open_store
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.erasure import Hall, Person
from tests.support.schemas import require_valid
from tests.support.sessions_station import Bench, TestClock
from tests.support.traces import plain_bytes, seen, spellings, windows

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
PEOPLE = 5


@pytest.fixture
def root(home: Path) -> DataRoot:
    return ensure_training_root(home / "training")


@contextmanager
def opened(root: DataRoot, at: datetime | None = None) -> Iterator[Store]:
    """The root's log, at another time if one is given."""
    clock = TestClock()
    clock.at = at or clock.at
    with open_store(root, root.unlock(), SystemClock() if at is None else clock) as store:
        yield store


def filled(root: DataRoot, at: datetime | None = None, *, close: bool = True) -> Hall:
    people = [Person(index=index) for index in range(PEOPLE)]
    trainee = Operator(user_id=TRAINING_USER, role=TRAINING_ROLE)
    hall = Hall(bench=Bench(path=root.database), people=people, operator=trainee)
    with opened(root, at) as store:
        hall.session = hall.fill(store).session_id
        if close:
            hall.close(store)
    return hall


def erase(session: str, *arguments: str | Path) -> Ran:
    line = ("erase", "--session", session, "--second", "binh", "--reason", "request", "--yes", "--json")
    return proctor(*line, *arguments)


def test_a_candidate_is_erased_and_a_proof_is_written(root: DataRoot, tmp_path: Path) -> None:
    hall = filled(root)
    gone, stays = hall.people[1], hall.people[2]
    key = root.unlock().bundle.database_key
    looked_for = [*spellings(gone.name), gone.number.encode()]
    shown = proctor(
        "erase",
        "--session",
        hall.session,
        "--candidate",
        gone.sbd,
        "--reason",
        "request",
        "--dry-run",
        "--json",
    )
    assert shown.status == 0, shown.err
    require_valid("erase", shown.json)
    assert shown.json["pieces"] == {"chip-portrait": 1, "identity": 1, "live-portrait": 1, "roster": 1}
    assert not shown.json["entries"]
    ran = erase(hall.session, "--candidate", gone.sbd, "--out", tmp_path / "proofs")
    assert ran.status == 0, ran.err
    require_valid("erase", ran.json)
    assert ran.json["pieces"] == shown.json["pieces"]
    (done,) = ran.json["entries"]
    assert done["entry"]["size"] == ran.json["before"]["size"] + 1
    proof = Path(done["proof"]["file"])
    assert proof.name == f"erasure-{hall.session}-{done['entry']['size']}.pdf"
    text = "".join(page.extract_text() for page in PdfReader(proof).pages)
    for words in (
        "XÁC NHẬN XOÁ DỮ LIỆU",
        hall.session,
        "request",
        "binh",
        "tap-huan",
        "SBD: 002",
        "HUẤN LUYỆN",
    ):
        assert words in text
    plain = text.replace("\n", "").replace(" ", "")
    assert done["entry"]["root"] in plain
    assert ran.json["before"]["root"] in plain
    for person in hall.people:
        assert person.name not in text
        assert person.number not in text
    session = proctor("session", "show", hall.session, "--json").json
    assert [row["candidate"] for row in session["roll"]] == ["001", None, "003", "004", "005"]
    assert session["roll"][1]["state"] == "erased"
    assert "(đã xoá)" in proctor("session", "show", hall.session).out
    everything = plain_bytes(root.database, key)
    assert seen(everything, [*looked_for, *windows(gone.picture("chip", 6_400))]) == 0
    with opened(root) as store:
        assert store.entries()[-1].body["pdf_sha256"] == done["proof"]["sha256"]
        seq = {entry.body["sbd"]: entry.seq for entry in store.entries("attempt")}
        with pytest.raises(EvidenceErasedError):
            store.evidence(seq[gone.sbd], "identity")
        assert store.evidence(seq[stays.sbd], "identity")
    assert proctor("log", "verify", "--training", "--json").json["ok"]


def test_the_sheet_of_an_erased_candidate_keeps_its_rows(root: DataRoot, tmp_path: Path) -> None:
    hall = filled(root)
    before = proctor("sheets", "attendance", "--session", hall.session, "--out", tmp_path, "--json").json
    ran = erase(hall.session, "--candidate", "002", "--out", tmp_path)
    assert ran.status == 0, ran.err
    assert [copy["what"] for copy in ran.json["copies"]] == ["sheet-attendance"] * 3  # PDF, XLSX, CSV
    after = proctor("sheets", "attendance", "--session", hall.session, "--out", tmp_path, "--json").json
    texts = [
        "".join(page.extract_text() for page in PdfReader(each["file"]).pages) for each in (before, after)
    ]
    assert hall.people[1].number in texts[0]
    assert hall.people[1].number not in texts[1]
    assert "(đã xoá)" in texts[1]
    assert f"danh sách: {PEOPLE}" in texts[1]
    hashes = [proctor("session", "show", hall.session, "--json").json["roster_hash"]]
    assert hashes[0][:16] in texts[0].replace("\n", "")
    assert hashes[0][:16] in texts[1].replace("\n", "")


def test_a_sheet_that_still_lies_in_the_station_is_named(root: DataRoot) -> None:
    hall = filled(root)
    made = proctor("sheets", "attendance", "--session", hall.session, "--out", root.sheets_dir, "--json").json
    ran = erase(hall.session)
    assert {copy["file"] for copy in ran.json["copies"]} == {made["file"], *made["tables"]}
    assert made["file"] in erase_lines(hall)


def erase_lines(hall: Hall) -> str:
    return proctor("erase", "--session", hall.session, "--reason", "request", "--dry-run").out


def test_a_whole_session_by_kinds_then_all(root: DataRoot) -> None:
    hall = filled(root, close=False)
    line = ("erase", "--session", hall.session, "--second", "binh", "--reason", "request")
    assert "chưa đóng" in proctor(*line, "--dry-run").out
    ran = erase(hall.session, "--pieces", "portrait")
    assert ran.json["pieces"] == {"chip-portrait": PEOPLE, "live-portrait": PEOPLE}
    ran = erase(hall.session)
    assert ran.json["pieces"] == {"identity": PEOPLE, "roster": 1}
    again = erase(hall.session)
    assert (again.status, again.json["code"]) == (1, "erasure-nothing")
    proof = root.sheets_dir
    assert len(list(proof.glob("erasure-*.pdf"))) == 2
    seq = ran.json["entries"][0]["entry"]["seq"]
    printed = proctor("erase", "--session", hall.session, "--proof", str(seq), "--json")
    assert printed.status == 0
    other = proctor("erase", "--session", hall.session, "--proof", "1", "--json")
    assert (other.status, other.json["code"]) == (1, "erase-no-entry")


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("--second", "binh"), 1, "erase-not-confirmed"),
        (("--yes",), 2, None),
        (("--yes", "--second", "tap-huan"), 2, None),
        (("--yes", "--second", "binh", "--pieces", "face"), 2, None),
        (("--yes", "--second", "binh", "--pieces", ","), 2, None),
        (("--yes", "--second", "binh", "--candidate", "2"), 1, "erasure-nothing"),
    ],
)
def test_refusals_leave_everything(
    root: DataRoot, arguments: tuple[str, ...], status: int, code: str | None
) -> None:
    hall = filled(root)
    ran = proctor("erase", "--session", hall.session, "--reason", "request", "--json", *arguments)
    assert ran.status == status, ran.err
    if code is not None:
        assert ran.json["code"] == code
    with opened(root) as store:
        assert not store.entries("shred")


def test_a_reason_is_a_code(root: DataRoot) -> None:
    hall = filled(root)
    line = ("erase", "--session", hall.session, "--second", "binh", "--yes", "--json")
    assert proctor(*line).status == 2
    named = proctor(*line, "--reason", "Nguyễn Văn Mẫu xin xoá")
    assert (named.status, named.json["code"]) == (1, "hold-invalid")


def test_holds(root: DataRoot) -> None:
    hall = filled(root)
    line = ("--session", hall.session, "--second", "binh", "--reason", "dispute", "--json")
    assert proctor("hold", "list", "--training", "--json").json == {"holds": []}
    placed = proctor("hold", "place", "--candidate", "002", *line)
    assert placed.status == 0, placed.err
    require_valid("hold", placed.json)
    again = proctor("hold", "place", "--candidate", "002", *line)
    assert (again.status, again.json["code"]) == (1, "hold-invalid")
    held = erase(hall.session, "--candidate", "002")
    assert (held.status, held.json["code"]) == (1, "erasure-held")
    listed = proctor("hold", "list", "--training", "--json").json
    require_valid("hold", listed)
    assert [(row["candidate"], row["by"], row["second"]) for row in listed["holds"]] == [
        ("002", "tap-huan", "binh")
    ]
    rest = erase(hall.session)
    assert rest.json["pieces"]["identity"] == PEOPLE - 1
    assert rest.json["held"]["identity"] == 1
    assert rest.json["kept_rows"] == ["002"]
    released = proctor("hold", "release", "--candidate", "002", *line)
    assert released.status == 0, released.err
    assert erase(hall.session).json["pieces"] == {
        "chip-portrait": 1,
        "identity": 1,
        "live-portrait": 1,
        "roster": 1,
    }
    assert proctor("log", "verify", "--training", "--json").json["ok"]


def test_retention(root: DataRoot, tmp_path: Path) -> None:
    old = filled(root, datetime(2023, 3, 1, 2, tzinfo=UTC))
    new = filled(root)
    never = filled(root, close=False)
    plan = proctor("retention", "plan", "--training", "--json")
    assert plan.status == 0, plan.err
    require_valid("retention", plan.json)
    states = {row["session"]: row["state"] for row in plan.json["sessions"]}
    assert states == {old.session: "scheduled", new.session: "scheduled", never.session: "not-closed"}
    first = plan.json["sessions"][0]["kinds"]
    assert [(kind["kind"], kind["total"]) for kind in first if kind["due"]] == [
        ("template", 0),
        ("live-portrait", PEOPLE),
        ("chip-portrait", PEOPLE),
    ]
    assert plan.json["total"] == 2 * PEOPLE
    later = proctor("retention", "plan", "--training", "--on", "2099-01-01", "--json").json
    assert later["total"] == 2 * (3 * PEOPLE + 1)
    assert "chưa đóng" in proctor("retention", "plan", "--training").out
    assert proctor("retention", "plan", "--training", "--on", "soon").status == 2
    ran = proctor(
        "retention", "run", "--training", "--second", "binh", "--yes", "--out", tmp_path / "p", "--json"
    )
    assert ran.status == 0, ran.err
    require_valid("retention", ran.json)
    assert ran.json["total"] == plan.json["total"]
    assert len(ran.json["entries"]) == 2
    assert len(list((tmp_path / "p").glob("erasure-*.pdf"))) == 2
    again = proctor("retention", "run", "--training", "--second", "binh", "--yes", "--json")
    assert (again.status, again.json["entries"]) == (0, [])
    with opened(root) as store:
        assert [entry.body["reason"] for entry in store.entries("shred")] == [
            "retention-live-portrait",
            "retention-chip-portrait",
        ]
        assert not store.entries("shred", new.session)


def test_two_people_of_a_real_station(home: Path, roster: Path) -> None:
    made = proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", "--json", secrets=AN)
    assert made.status == 0, made.err
    for user, role in (("binh", "overseer"), ("chi", "auditor")):
        line = (
            "user",
            "add",
            user,
            "--by",
            "an",
            "--role",
            role,
            *(("--second", "binh") if user != "binh" else ()),
        )
        assert proctor(*line, secrets={**AN, "binh": SECOND_PASSWORD, user: SECOND_PASSWORD}).status == 0
    session = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=AN,
    ).json["id"]
    line = ("erase", "--session", session, "--reason", "request", "--yes", "--json", "--by")
    assert proctor(*line, "an", "--second", "an", secrets=AN).status == 2
    wrong = proctor(*line, "an", "--second", "binh", secrets={**AN, "binh": "not the one"})
    assert (wrong.status, wrong.json["code"]) == (1, "login-failed")
    may_not = proctor(*line, "an", "--second", "chi", secrets={**AN, "chi": SECOND_PASSWORD})
    assert (may_not.status, may_not.json["code"]) == (1, "second-role")
    nor_first = proctor(*line, "binh", "--second", "an", secrets={**AN, **BINH})
    assert (nor_first.status, nor_first.json["code"]) == (1, "role-forbidden")
    done = proctor(*line, "an", "--second", "binh", secrets={**AN, **BINH})
    assert done.status == 0, done.err
    assert done.json["pieces"] == {"roster": 1}
    verified = proctor("log", "verify", "--by", "an", "--json", secrets=AN)
    assert verified.json["ok"], verified.json
