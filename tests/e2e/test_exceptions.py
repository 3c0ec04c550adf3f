"""Exceptions from the command line: each command, its entry, its refusals, and what the log then says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from proctor.roots import ensure_training_root, open_training
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.schemas import require_valid

TWO = ("--second", "giam-sat", "--json")


def check_in(
    session: str, *options: str, number: str = "001099000001", camera: Path, card: str = "softcard"
) -> Ran:
    return proctor(
        *("check-in", "--session", session, "--reader", card, "--camera", camera),
        *("--number", "-", "--json", *options),
        stdin=number,
    )


def show(session: str, sbd: str) -> Any:
    rows = proctor("session", "show", session, "--json").json["roll"]
    return next(row for row in rows if row["candidate"] == sbd)


def test_the_manual_path_is_one_command_and_leaves_no_mark(training_session: str) -> None:
    ran = proctor(
        *("manual", "--session", training_session, "--sbd", "001", "--vneid", *TWO, "--note", "-"),
        stdin="Nguyễn Văn Mẫu, xem trên điện thoại",
    )
    assert ran.status == 0, ran.err
    require_valid("exception", ran.json)
    assert (ran.json["outcome"], ran.json["reason"], ran.json["weak"]) == ("admitted", "vneid", False)
    assert show(training_session, "001")["state"] == "manual"
    again = proctor("manual", "--session", training_session, "--sbd", "001", "--vneid", *TWO)
    assert (again.status, again.json["code"]) == (1, "exception-already-in")
    veil = proctor(
        *("manual", "--session", training_session, "--sbd", "002", "--document", "cccd-chip"),
        *("--reason", "veil", *TWO),
    )
    assert (veil.status, veil.json["reason"]) == (0, "face-by-persons")
    exported = proctor("log", "verify", "--training", "--json")
    assert exported.json["altered"] is False if "altered" in exported.json else exported.status == 0


def test_one_person_is_not_two(training_session: str) -> None:
    base = ("manual", "--session", training_session, "--sbd", "001", "--vneid")
    assert proctor(*base).status == 2
    assert proctor(*base, "--second", "tap-huan").status == 2
    assert show(training_session, "001")["state"] == "not-seen"


def test_refusing_a_picture_is_entered_and_the_desk_takes_none(
    training_session: str, hopper_frames: Path
) -> None:
    ran = proctor("consent", "--session", training_session, "--sbd", "001", "--refused", "--json")
    assert (ran.status, ran.json["outcome"]) == (0, "refused")
    require_valid("exception", ran.json)
    seen = check_in(training_session, camera=hopper_frames)
    assert seen.status != 0
    assert "consent-refused" in seen.out
    manual = ("--document", "cccd-chip", "--reason", "biometrics-refused")
    assert proctor("manual", "--session", training_session, "--sbd", "001", *manual, *TWO).status == 0


def test_who_refused_is_not_photographed_whatever_opened_the_chip(
    training_session: str, hopper_frames: Path
) -> None:
    proctor("consent", "--session", training_session, "--sbd", "001", "--refused", "--json")
    mrz = "IDVNM0990000017<<<<<<<<<<<<<<<\n9901155M3901153VNM<<<<<<<<<<<8\nNGUYEN<<VAN<MAU<<<<<<<<<<<<<<<"
    ran = proctor(
        *("check-in", "--session", training_session, "--reader", "softcard", "--camera", hopper_frames),
        *("--mrz", "-", "--json"),
        stdin=mrz,
    )
    assert (ran.status, ran.json["verdict"]) == (1, "REFER")
    assert [reason["code"] for reason in ran.json["reasons"]] == ["consent-refused"]
    assert ran.json["checks"]["pa-trusted"]["outcome"] == "passed"
    assert ran.json["checks"]["face-capture"]["code"] == "not-reached"
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        (entry,) = opened.store.entries("attempt")
        assert set(entry.body["evidence"]) == {"identity"}


def test_a_referral_is_overridden_and_an_admission_is_not(training_session: str, hopper_frames: Path) -> None:
    seen = check_in(training_session, camera=hopper_frames, number="001199000002", card="none-such")
    assert (seen.status, seen.json["verdict"]) == (1, "REFER")
    sbd = ("--session", training_session, "--sbd", seen.json["candidate"] or "002")
    options = ("--attempt", seen.json["attempt"], "--reason", "chip-not-read")
    ran = proctor("override", *sbd, *options, *TWO)
    assert ran.status == 0, ran.out
    require_valid("exception", ran.json)
    assert (ran.json["verdict_on_record"], ran.json["of"]) == ("REFER", seen.json["attempt"])
    assert (show(training_session, "002")["state"], show(training_session, "002")["how"]) == (
        *("admitted", "override"),
    )
    again = proctor("override", *sbd, *options, *TWO)
    assert (again.status, again.json["code"]) == (1, "exception-already-in")
    assert len(again.json["vi"]) > 20


@pytest.mark.slow
def test_after_a_refusal_the_chairman_decides(training_session: str, astronaut_frames: Path) -> None:
    tries = [check_in(training_session, camera=astronaut_frames) for _ in range(3)]
    assert {seen.json["verdict"] for seen in tries} == {"REFUSE"}
    who = ("--session", training_session, "--sbd", "001")
    refused = proctor("override", *who, "--reason", "face-compared", *TWO)
    assert refused.json["code"] == "override-after-refuse"
    assert proctor("manual", *who, "--vneid", *TWO).json["code"] == "manual-after-refuse"
    incident = proctor("incident", "add", *who, "--code", "identity-refused", "--json").json["incident"]
    options = ("--incident", incident, "--reason", "identity-established", "--note", "-", *TWO)
    assert proctor("decision", *who, *options, stdin="hồ sơ gốc").status == 2
    ran = proctor("decision", *who, "--admit", *options, stdin="hồ sơ gốc")
    assert ran.status == 0, ran.out
    require_valid("exception", ran.json)
    row = show(training_session, "001")
    assert (row["state"], row["verdict"], row["how"]) == ("decided", "REFUSE", "decision")


def test_an_incident_in_one_command(training_session: str) -> None:
    who = ("--session", training_session)
    ran = proctor(
        *("incident", "add", *who, "--sbd", "001", "--code", "phone", "--place", "hàng 2", "--at", "00:01"),
        *("--consequence", "suspended", "--note", "-", "--json"),
        stdin="điện thoại reo",
    )
    assert ran.status == 0, ran.out
    require_valid("exception", ran.json)
    assert ran.json["incident"] == f"I-{training_session}-01"
    listed = proctor("incident", "list", *who, "--json").json
    require_valid("incidents", listed)
    assert [(row["candidate"], row["consequence"]) for row in listed["incidents"]] == [("001", "suspended")]
    assert show(training_session, "001")["state"] == "suspended"
    blocked = proctor("manual", *who, "--sbd", "001", "--vneid", *TWO)
    assert blocked.json["code"] == "candidate-suspended"
    decided = ("--incident", ran.json["incident"], "--consequence", "reminded")
    assert proctor("incident", "decide", *who, *decided, *TWO).status == 0
    assert show(training_session, "001")["state"] == "not-seen"
    wrong = proctor("incident", "add", *who, "--code", "gossip", "--json")
    assert (wrong.status, "phone" in wrong.json["vi"]) == (1, True)


def test_out_and_in_again(training_session: str) -> None:
    who = ("--session", training_session, "--sbd", "001")
    assert proctor("exit", *who, "--reason", "toilet", "--json").json["code"] == "movement-not-in"
    assert proctor("manual", *who, "--vneid", *TWO).status == 0
    left = proctor("exit", *who, "--reason", "toilet", "--json")
    require_valid("exception", left.json)
    assert show(training_session, "001")["state"] == "out"
    back = proctor("re-entry", *who, "--json")
    if back.status:
        assert back.json["code"] == "re-entry-unverified"
        assert proctor("manual", *who, "--vneid", "--purpose", "re-entry", *TWO).status == 0
        back = proctor("re-entry", *who, "--json")
    assert (back.status, back.json["outcome"]) == (0, "admitted")
    assert show(training_session, "001")["state"] == "back"
    drawn = proctor("spot-check", *who, "--outcome", "same-person", "--json")
    assert drawn.json["code"] == "spot-check-not-drawn"


def test_a_walk_in_is_added_with_two_persons_and_then_listed(training_session: str, tmp_path: Path) -> None:
    person = ("--name", "Phạm Thị Mẫu", "--birth", "01/02/2000", "--number", "-", "--class", "B")
    options = ("session", "add-candidate", "--session", training_session, "--reason", "walk-in", *TWO)
    before = proctor("session", "show", training_session, "--json").json["roster_hash"]
    ran = proctor(*options, *person, stdin="001300000009")
    assert ran.status == 0, ran.out
    require_valid("exception", ran.json)
    assert (ran.json["added"], ran.json["addition"], ran.json["roster_before"]) == (["003"], 1, before)
    assert (
        proctor("session", "show", training_session, "--json").json["roster_hash"] == ran.json["roster_hash"]
    )
    again = proctor(*options, *person, stdin="001300000009")
    assert (again.status, again.json["code"], "001300000009" in again.out + again.err) == (
        *(1, "addition-field", False),
    )
    path = tmp_path / "more.csv"
    path.write_text(
        "SBD,Họ và tên,Ngày sinh,Số định danh\n010,Lê Văn Mẫu,02/03/1999,001099000033\n", encoding="utf-8"
    )
    assert proctor(*options, "--file", path).json["added"] == ["010"]
    assert proctor(*options, "--name", "Ai").status == 2
    assert show(training_session, "010")["state"] == "not-seen"
    assert proctor("log", "verify", "--training").status == 0


def test_no_entry_holds_a_name_a_number_or_a_note(training_session: str, tmp_path: Path) -> None:
    who = ("--session", training_session)
    words = "Bà Trần Thị Mẫu 001199000002 đeo khăn"
    manual = ("--document", "cccd-chip", "--reason", "veil", "--note", "-")
    assert proctor("manual", *who, "--sbd", "002", *manual, *TWO, stdin=words).status == 0
    assert (
        proctor(
            "incident", "add", *who, "--code", "health", "--sbd", "001", "--note", "-", stdin=words
        ).status
        == 0
    )
    person = ("--name", "Phạm Thị Mẫu", "--birth", "01/02/2000", "--number", "-", "--reason", "walk-in")
    assert proctor("session", "add-candidate", *who, *person, *TWO, stdin="001300000009").status == 0
    rows = tmp_path / "rows.jsonl"
    assert proctor("log", "export", "--training", "--rows", rows).status == 0
    bodies = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    import base64

    plain = "".join(
        base64.b64decode(row["row"][-1]["blob"]).decode() for row in bodies if row.get("table") == "entries"
    )
    assert '"manual"' in plain
    assert not re.search(r"\d{12}(?!\d)(?<!0{12})", re.sub(r"[0-9a-f]{64}", "", plain))
    for secret in ("veil", "khăn", "Trần", "Phạm"):
        assert secret not in plain


AN = {"an": PASSWORD}


@pytest.fixture
def real(home: Path, roster: Path) -> str:
    """A real session, with an examiner and a chairman."""
    del home
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN).status == 0
    for user, role, secret in (
        ("shv", "identity-examiner", SECOND_PASSWORD),
        ("ct", "chairman", "mật khẩu mẫu 3"),
        ("gs", "overseer", "mật khẩu mẫu 4"),
    ):
        second = ("--second", "ct") if user == "gs" else ()
        line = ("user", "add", user, "--by", "an", "--role", role, *second)
        added = proctor(*line, secrets={**AN, "ct": "mật khẩu mẫu 3", user: secret})
        assert added.status == 0, added.err
    made = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=AN,
    )
    assert made.status == 0, made.err
    return str(made.json["id"])


def test_a_real_session_asks_who_and_in_which_role(real: str) -> None:
    shv, ct = {"shv": SECOND_PASSWORD}, {"ct": "mật khẩu mẫu 3"}
    gs = {"gs": "mật khẩu mẫu 4"}
    overseer = proctor(
        *("incident", "add", "--session", real, "--code", "phone", "--by", "gs", "--json"), secrets=gs
    )
    assert overseer.json["code"] == "role-forbidden"
    proposed = proctor(
        *("incident", "add", "--session", real, "--code", "phone", "--sbd", "001", "--by", "shv", "--json"),
        *("--consequence", "suspended"),
        secrets=shv,
    )
    assert (proposed.json["consequence"], proposed.json["proposed"]) == ("none", "suspended")
    manual = ("manual", "--session", real, "--sbd", "002", "--vneid", "--by", "shv", "--json")
    early = proctor(*manual, "--second", "gs", secrets={**shv, **gs})
    assert (early.status, early.json["code"]) == (1, "session-not-started")
    added = proctor(
        *("session", "add-candidate", "--session", real, "--name", "Phạm Thị Mẫu", "--birth", "2000"),
        *("--number", "-", "--reason", "omitted", "--by", "ct", "--second", "gs", "--json"),
        stdin="001300000009",
        secrets={**ct, **gs},
    )
    assert added.status == 0, added.out
    assert (added.json["second"], added.json["weak"]) == (
        {"id": "gs", "role": "overseer", "proof": "password"},
        True,
    )
    assert proctor("log", "verify", "--by", "an", secrets=AN).status == 0


def test_neither_number_nor_note_is_taken_from_the_command_line(
    training_session: str, hopper_frames: Path, tmp_path: Path
) -> None:
    camera = ("--reader", "softcard", "--camera", hopper_frames)
    base = ("manual", "--session", training_session, "--sbd", "001", "--vneid", *TWO)
    for command in (
        ("check-in", "--session", training_session, *camera, "--number", "001099000001", "--json"),
        (*base, "--note", "Nguyễn Văn Mẫu"),
        (*base, "--number", "001099000001"),
    ):
        ran = proctor(*command)
        assert (ran.status, "@TỆP" in ran.out + ran.err) == (2, True)
    (tmp_path / "note.txt").write_text("xem trên điện thoại", encoding="utf-8")
    assert proctor(*base, "--note", f"@{tmp_path / 'note.txt'}").status == 0


@pytest.mark.parametrize("reason", ["Gọi 0912345678 rồi đóng", "001099000001"])
def test_no_number_of_a_person_stands_in_a_close(training_session: str, reason: str) -> None:
    ran = proctor("session", "close", training_session, "--reason", reason, "--json")
    assert (ran.status, ran.json["code"]) == (1, "text-has-number")
