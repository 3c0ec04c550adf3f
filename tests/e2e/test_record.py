"""Closing a session, a new epoch, who looked at evidence: by the command line, in real and training roots."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor

BOTH = {"an": PASSWORD, "binh": SECOND_PASSWORD}


@pytest.fixture
def station(home: Path) -> Path:
    """A real station with two administrators."""
    first = proctor("user", "add", "an", "--first", "--json", secrets={"an": PASSWORD})
    assert first.status == 0, first.err
    second = proctor("user", "add", "binh", "--role", "overseer", "--by", "an", secrets=BOTH)
    assert second.status == 0, second.err
    return home / "station"


@pytest.fixture
def session(station: Path, roster: Path) -> str:
    assert station.is_dir()
    made = proctor(
        *("session", "create", "--by", "an", "--json", "--roster", roster, "--rules", "driving-tt108-2026"),
        *("--component", "theory", "--place", "Trung tâm Mẫu"),
        secrets={"an": PASSWORD},
    )
    assert made.status == 0, made.err
    session_id: str = made.json["id"]
    return session_id


def epoch(*more: str, secrets: dict[str, str] | None = None) -> Ran:
    return proctor(
        *("log", "epoch", "--by", "an", "--second", "binh", "--reason", "chuyển máy", "--json", *more),
        secrets=BOTH if secrets is None else secrets,
    )


def listed() -> Ran:
    return proctor("session", "list", "--by", "an", "--json", secrets={"an": PASSWORD})


def test_a_session_is_closed_once_and_its_counts_are_in_the_log(session: str) -> None:
    closed = proctor("session", "close", session, "--by", "an", "--json", secrets={"an": PASSWORD})
    assert closed.status == 0, closed.err
    assert closed.json["counts"] == {
        "candidates": 2,
        "admitted": 0,
        "referred": 0,
        "refused": 0,
        "absent": 2,
        "attempts": 0,
    }
    shown = proctor("session", "show", session, "--by", "an", "--json", secrets={"an": PASSWORD})
    assert shown.json["closed"] is True
    again = proctor("session", "close", session, "--by", "an", "--json", secrets={"an": PASSWORD})
    assert again.status == 1
    assert again.json["code"] == "session-closed"


def test_nobody_is_checked_in_after_the_close(training_session: str, hopper_frames: Path) -> None:
    assert proctor("session", "close", training_session).status == 0
    late = proctor(
        *("check-in", "--session", training_session, "--number", "-", "--reader", "softcard", "--json"),
        *("--camera", hopper_frames),
        stdin="001099000001",
    )
    assert late.status == 1
    assert late.json["code"] == "session-closed"
    shown = proctor("session", "show", training_session, "--json")
    assert shown.json["roll"][0]["attempts"] == 0


def test_the_role_of_an_overseer_closes_nothing(session: str) -> None:
    refused = proctor(
        "session", "close", session, "--by", "binh", "--json", secrets={"binh": SECOND_PASSWORD}
    )
    assert refused.status == 1
    assert refused.json["code"] == "role-forbidden"


def test_a_copied_station_writes_nothing_before_two_persons_begin_an_epoch(
    session: str, station: Path
) -> None:
    assert session.startswith("S-")
    copy = station.with_name("copied")
    shutil.copytree(station, copy)
    shutil.rmtree(station)
    copy.rename(station)
    stopped = listed()
    assert stopped.status == 1
    assert stopped.json["code"] == "store-instance-changed"
    alone = epoch(secrets={"an": PASSWORD, "binh": "falsch und lang"})
    assert alone.status == 1
    assert alone.json["code"] == "login-failed"
    same = proctor(
        *("log", "epoch", "--by", "an", "--second", "an", "--reason", "x"), secrets={"an": PASSWORD}
    )
    assert same.status == 2
    begun = epoch()
    assert begun.status == 0, begun.err
    assert begun.json["origin"].endswith("/2")
    assert begun.json["lost_entries"] == 0
    assert listed().status == 0


@pytest.mark.slow
def test_an_older_state_put_back_loses_entries_and_the_epoch_says_so(
    session: str, station: Path, tmp_path: Path
) -> None:
    older = tmp_path / "older.db"
    shutil.copyfile(station / "station.db", older)
    assert proctor("session", "close", session, "--by", "an", secrets={"an": PASSWORD}).status == 0
    (station / "station.db").write_bytes(older.read_bytes())
    assert listed().json["code"] == "store-instance-changed"
    assert listed().json["facts"]["why"] == "behind"
    begun = epoch()
    assert begun.status == 0, begun.err
    entry = proctor("log", "verify", "--by", "an", "--json", secrets={"an": PASSWORD})
    assert entry.json["ok"] is True, entry.out


def test_the_epoch_names_the_checkpoint_that_left_the_machine(
    session: str, station: Path, tmp_path: Path
) -> None:
    older = tmp_path / "older.db"
    shutil.copyfile(station / "station.db", older)
    assert proctor("session", "close", session, "--by", "an", secrets={"an": PASSWORD}).status == 0
    anchored = proctor(
        "log", "anchor", "--by", "an", "--out", tmp_path / "usb", "--json", secrets={"an": PASSWORD}
    )
    assert anchored.status == 0, anchored.err
    note = next(path for path in (tmp_path / "usb").iterdir() if path.read_text().startswith("proctor."))
    (station / "station.db").write_bytes(older.read_bytes())
    foreign = epoch("--anchor", str(tmp_path / "roster.csv"))
    assert foreign.status in {1, 2}
    assert foreign.json["code"] == "anchor-foreign"
    begun = epoch("--anchor", str(note))
    assert begun.status == 0, begun.err
    assert begun.json["lost_entries"] >= 1


def test_the_epoch_takes_anchors_of_every_key_of_the_station(
    session: str, station: Path, home: Path, tmp_path: Path
) -> None:
    assert session.startswith("S-")

    def anchor(folder: str) -> Path:
        ran = proctor(
            "log", "anchor", "--by", "an", "--out", tmp_path / folder, "--json", secrets={"an": PASSWORD}
        )
        assert ran.status == 0, ran.err
        found: Path = next(path for path in (tmp_path / folder).iterdir() if path.suffix == ".note")
        return found

    before = tmp_path / "before"
    early = anchor("early")
    shutil.copytree(station, before)
    rotated = ("keys", "rotate", "station", "--by", "an", "--second", "binh", "--reason", "x", "--json")
    assert proctor(*rotated, secrets=BOTH).status == 0
    late = anchor("late")
    newer = (station / "station.vkey").read_text(encoding="utf-8")
    kept = tmp_path / "kept"
    station.rename(kept)
    shutil.copytree(before, station)
    assert epoch("--anchor", str(late)).json["code"] == "anchor-foreign"
    (tmp_path / "new.vkey").write_text(newer, encoding="utf-8")
    assert proctor("trust", "station", "import", tmp_path / "new.vkey").status == 0
    begun = epoch("--anchor", str(late), "--anchor", str(early))
    assert begun.status == 0, begun.err
    assert begun.json["lost_entries"] >= 1
    shutil.rmtree(station)
    shutil.copytree(kept, station)
    again = epoch("--anchor", str(early))
    assert (again.status, again.json["lost_entries"]) == (0, 0)


def test_who_looks_at_evidence_is_on_record(rehearsal: dict[str, Any], home: Path, tmp_path: Path) -> None:
    shutil.copytree(rehearsal["root_folder"], home / "t")
    begun = proctor(
        *("log", "epoch", "--training", "--root", home / "t", "--reason", "bản sao", "--second", "binh")
    )
    assert begun.status == 0, begun.err  # a copy is no station before that
    shown = proctor("session", "show", rehearsal["session"], "--root", home / "t", "--json")
    entry = shown.json["roll"][0]["entry"]
    before = shown.json["roll"][0]
    looked = proctor(
        *("log", "evidence", str(entry), "--training", "--root", home / "t", "--out", tmp_path / "seen"),
        *("--reason", "khiếu nại", "--json"),
    )
    assert looked.status == 0, looked.err
    files = {Path(path).name for path in looked.json["files"]}
    assert files == {f"{entry}-chip-portrait.jpg", f"{entry}-identity.json", f"{entry}-live-portrait.jpg"}
    identity = json.loads((tmp_path / "seen" / f"{entry}-identity.json").read_text(encoding="utf-8"))
    assert identity["name"] == "Nguyễn Văn Mẫu"
    assert looked.json["view_entry"] > before["entry"]
    nothing = proctor(
        *("log", "evidence", "1", "--training", "--root", home / "t", "--out", tmp_path / "seen"),
        *("--reason", "x", "--json"),
    )
    assert nothing.status in {0, 1}
    absent = proctor(
        *("log", "evidence", "9999", "--training", "--root", home / "t", "--out", tmp_path / "seen"),
        *("--reason", "x", "--json"),
    )
    assert absent.status == 1
    assert absent.json["code"] == "evidence-missing"
