"""A session's day from the command line: two stations share one, a crash in the middle, a real station's start."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.roots import ensure_training_root, open_training
from tests.e2e.conftest import write_frames
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.plain_rules import plain_file
from tests.support.schemas import require_valid
from tests.support.sessions_station import record

ROSTER = """SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng
001,Nguyễn Văn Mẫu,15/01/1999,001099000001,B,P1
002,Trần Thị Mẫu,08/03/1999,001199000002,B,P1
003,Lê Văn Mẫu,09/03/1999,001099000003,B,P2
004,Phạm Văn Mẫu,10/03/1999,001099000004,B,P2
"""
MAU = "001099000001"
AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "four.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


def created(roster: Path, *more: str) -> str:
    made = proctor(
        *(
            "session",
            "create",
            "--roster",
            roster,
            "--rules",
            plain_file(roster.parent),
            "--component",
            "theory",
        ),
        *("--place", "Trung tâm Mẫu", "--json", *more),
        secrets=AN if "--by" in more else None,
    )
    assert made.status == 0, made.err
    session_id: str = made.json["id"]
    return session_id


def said(name: str, ran: Ran, status: int = 0) -> dict[str, object]:
    """The object of a command, held against its schema."""
    assert ran.status == status, ran.out + ran.err
    require_valid(name, ran.json)
    found: dict[str, object] = ran.json
    return found


def check_in(session: str, camera: Path) -> Ran:
    return proctor(
        *("check-in", "--session", session, "--reader", "softcard", "--camera", camera, "--json"),
        *("--number", "-"),
        stdin=MAU + "\n",
    )


def admitted_by_nobody_asked(root: Path, session_id: str, sbd: str) -> None:
    """What a station without the part's gate would have written."""
    with open_training(ensure_training_root(root)) as opened:
        attempt = record(
            900,
            attempt_id="without-the-gate",
            session_id=session_id,
            sbd=sbd,
            operator=opened.require_login().operator,
        )
        opened.store.begin_attempt(
            attempt.attempt_id, session=session_id, component="theory", operator=attempt.operator
        )
        opened.store.append_attempt(attempt, {})


def test_two_stations_share_a_session_from_division_to_close(
    home: Path, roster: Path, hopper_frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb, other = tmp_path / "usb", tmp_path / "other"
    session = created(roster, "--training")
    hole = proctor("session", "split", session, "--by-range", "001-002,004-004", "--out", usb, "--json")
    assert (hole.status, hole.json["code"], hole.json["facts"]["sbd"]) == (1, "split-hole", "003")
    arguments = ("session", "split", session, "--parts", "2", "--by-room", "P2:P1", "--out", usb, "--json")
    split = said("session-split", proctor(*arguments))
    again = said("session-split", proctor(*arguments))
    assert (split["entry"] is None, again["entry"]) == (False, None)
    key = str(split["station_key"])
    early = proctor("session", "close", session, "--json")
    assert (early.status, early.json["code"]) == (1, "parts-not-merged")
    assert "vắng" in early.json["vi"]

    monkeypatch.setenv("PROCTOR_HOME", str(other))
    file = usb / f"{session}-p2.part"
    unknown = proctor("session", "join", file, "--training", "--json")
    assert (unknown.status, unknown.json["code"]) == (1, "unknown-station")
    joined = said(
        "session-join", proctor("session", "join", file, "--training", "--station-key", key, "--json")
    )
    part = str(joined["session"])
    assert (part, joined["candidates"], joined["roster_hash"]) == (f"{session}-p2", 2, split["roster_hash"])
    twice = proctor("session", "join", file, "--training", "--station-key", key, "--json")
    assert (twice.status, twice.json["code"]) == (1, "part-exists")
    assert check_in(part, hopper_frames).status == 0
    seats = proctor("session", "allocate", part, "--rooms", "P1", "--json")
    assert (seats.status, seats.json["code"]) == (1, "allocation-divided")
    monkeypatch.setenv("PROCTOR_HOME", str(home))
    elsewhere = check_in(session, hopper_frames)
    assert (elsewhere.status, elsewhere.json["verdict"]) == (1, "REFER")
    assert elsewhere.json["checks"]["roster"]["code"] == "other-part"
    admitted_by_nobody_asked(Places.of(None).training, session, "001")

    monkeypatch.setenv("PROCTOR_HOME", str(other))
    closed = proctor("session", "close", part, "--json")
    assert (closed.status, closed.json["code"]) == (1, "part-closes")
    handed = proctor("session", "hand-over", part, "--out", usb, "--json")
    assert handed.status == 0, handed.err
    assert handed.json["counts"]["not_seen"] == 1
    theirs, pack = handed.json["station_key"], handed.json["file"]
    late = proctor("session", "resume", part, "--json")
    assert (late.status, late.json["code"]) == (1, "session-closed")  # nothing of the day follows a hand-over
    after = ("result", "enter", "--session", part, "--sbd", "001", "--component", "theory", "--points", "29")
    refused = proctor(*after, "--json")
    assert (refused.status, refused.json["code"]) == (1, "part-handed-over")

    monkeypatch.setenv("PROCTOR_HOME", str(home))
    strange = proctor("session", "merge", session, pack, "--json")
    assert (strange.status, strange.json["code"]) == (1, "unknown-station")
    arguments = ("session", "merge", session, pack, "--station-key", theirs, "--json")
    merged = said("session-merge", proctor(*arguments), 1)
    doubles = [(row["sbd"], row["why"]) for row in merged["double"]]  # type: ignore[attr-defined]
    assert doubles == [("001", "twice")]
    assert merged["missing"] == []
    assert proctor(*arguments).json["code"] == "merge-part-twice"
    end = proctor("session", "close", session, "--json")
    assert end.status == 0, end.err
    whole = next(row for row in end.json["totals"] if row["class"] is None)
    assert (whole["listed"], whole["present"], whole["absent"]) == (4, 1, 3)
    shown = said("session", proctor("session", "show", session, "--json"))
    assert shown["part"] == {"number": 1, "of": 2, "group": session}
    assert proctor("log", "verify", "--training", "--json").status == 0


def test_places_calls_and_draws(training_session: str, hopper_frames: Path) -> None:
    session = training_session
    arguments = ("session", "allocate", session, "--rooms", "P1,P2", "--capacity", "2", "--seed", "00" * 32)
    first = said("session-allocate", proctor(*arguments, "--json"))
    again = proctor(*arguments, "--json")
    assert (again.status, again.json["code"]) == (1, "allocation-again")
    second = said("session-allocate", proctor(*arguments, "--reason", "đổi phòng", "--json"))
    assert second["places"] == first["places"]
    too_many = proctor(
        "session", "allocate", session, "--rooms", "P1", "--capacity", "25", "--reason", "x", "--json"
    )
    assert too_many.json["code"] == "allocation-capacity"
    called = said("session-call", proctor("session", "call", session, "--next", "1", "--json"))
    assert [row["candidate"] for row in called["called"]] == ["001"]  # type: ignore[attr-defined]
    said("session-call", proctor("session", "call", session, "--json"))
    nobody = said("session-call", proctor("session", "call", session, "--json"), 1)
    assert nobody["called"] == []
    early = proctor("session", "draw", session, "--count", "1", "--json")
    assert early.json["code"] == "draw-nobody"
    paused = proctor("session", "pause", session, "--reason", "break")
    assert paused.status == 0
    refused = check_in_text(session, hopper_frames)
    assert (refused.status, refused.json["code"]) == (1, "session-paused")
    said("session-resume", proctor("session", "resume", session, "--json"))
    assert check_in_text(session, hopper_frames).status == 0
    drawn = said("session-draw", proctor("session", "draw", session, "--share", "10", "--json"))
    assert drawn["drawn"] == ["001"]
    late = proctor("session", "allocate", session, "--rooms", "P1", "--reason", "x", "--json")
    assert late.json["code"] == "allocation-too-late"
    said("session-call", proctor("session", "call", session, "--start-at", "7h30", "--json"))
    said("session-call", proctor("session", "call", session, "--end", "--json"))
    assert proctor("session", "call", session, "--start-at", "noon").status == 2
    assert proctor("log", "verify", "--training", "--json").status == 0


def check_in_text(session: str, camera: Path) -> Ran:
    return proctor(
        *("check-in", "--session", session, "--reader", "softcard", "--camera", camera, "--json"),
        *("--number", "-"),
        stdin=MAU,
    )


def test_a_kill_in_the_middle_of_a_check_in_is_resumed_at_the_same_candidate(
    home: Path, training_session: str, tmp_path: Path
) -> None:
    frames = write_frames(tmp_path / "frames", "hopper")
    arguments = ["check-in", "--session", training_session, "--reader", "softcard", "--camera", str(frames)]
    (tmp_path / "number").write_text(MAU, encoding="utf-8")
    child = subprocess.Popen(
        [sys.executable, "-m", "proctor", *arguments, "--number", f"@{tmp_path / 'number'}", "--json"],
        env={**os.environ, "PROCTOR_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    database = home / "training" / "station.db-wal"
    before = _size(database)
    deadline = time.monotonic() + 120
    while _size(database) <= before and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    found = said("session-resume", proctor("session", "resume", training_session, "--json"))
    report = proctor("log", "verify", "--training", "--json")
    assert report.status == 0
    interrupted = found["interrupted"]
    assert isinstance(interrupted, list)
    assert interrupted
    assert found["candidate"] == "001"
    assert found["entry"] is not None
    assert proctor("session", "resume", training_session, "--json").json["entry"] is None
    assert check_in_text(training_session, frames).status == 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_a_real_session_starts_with_a_self_test_or_two_persons(home: Path, roster: Path) -> None:
    assert (
        proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", "--json", secrets=AN).status == 0
    )
    added = proctor("user", "add", "binh", "--by", "an", "--role", "administrator", secrets={**AN, **BINH})
    assert added.status == 0, added.err
    session = created(roster, "--by", "an")
    none = proctor("session", "start", session, "--by", "an", "--json", secrets=AN)
    assert (none.status, none.json["code"], none.json["facts"]["why"]) == (1, "self-test-needed", "none")
    tested = proctor("doctor", "--record", "--by", "an", "--session", session, "--json", secrets=AN)
    require_valid("self-test", tested.json)
    assert tested.status == (1 if tested.json["outcome"] == "failed" else 0)
    if tested.json["outcome"] == "failed":  # no reader, no camera here
        failed = proctor("session", "start", session, "--by", "an", "--json", secrets=AN)
        assert failed.json["facts"]["why"] == "failed"
        alone = proctor(
            *("session", "start", session, "--by", "an", "--without-self-test", "đang sửa", "--json"),
            secrets=AN,
        )
        assert alone.status == 2
    wrong = proctor(
        *("session", "start", session, "--by", "an", "--roster-hash", "ab" * 8, "--json"), secrets=AN
    )
    assert wrong.json["code"] == "roster-hash-differs"
    shown = proctor("session", "show", session, "--by", "an", "--json", secrets=AN).json
    started = proctor(
        *(
            "session",
            "start",
            session,
            "--by",
            "an",
            "--roster-hash",
            shown["roster_hash"],
            "--second",
            "binh",
        ),
        *("--without-self-test", "đầu đọc dự phòng đang trên đường", "--json"),
        secrets={**AN, **BINH},
    )
    assert said("session-start", started)["compared"] is True
    assert json.loads(started.out)["exception"] == "no-self-test"
    assert proctor("log", "verify", "--by", "an", "--json", secrets=AN).status == 0


@pytest.mark.slow
def test_a_real_part_travels_sealed(home: Path, roster: Path, tmp_path: Path) -> None:
    assert (
        proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", "--json", secrets=AN).status == 0
    )
    session = created(roster, "--by", "an")
    secret = {"part": "câu mật khẩu trên đường"}
    arguments = (
        "session",
        "split",
        session,
        "--even",
        "--parts",
        "2",
        "--out",
        tmp_path,
        "--by",
        "an",
        "--json",
    )
    assert proctor(*arguments, secrets={**AN, "part": "ngắn"}).json["code"] == "secret-too-short"
    split = said("session-split", proctor(*arguments, secrets={**AN, **secret}))
    file = Path(split["parts"][1]["file"])  # type: ignore[index]
    assert b"NGUY" not in file.read_bytes()
    wrong = proctor(
        *("session", "join", file, "--station-key", str(split["station_key"]), "--by", "an", "--json"),
        secrets={**AN, "part": "câu mật khẩu khác"},
    )
    assert wrong.json["code"] == "part-passphrase-wrong"
    own = proctor("session", "join", file, "--by", "an", "--json", secrets={**AN, **secret})
    assert own.json["code"] == "part-exists"
