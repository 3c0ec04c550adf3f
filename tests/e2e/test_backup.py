"""Backup and restore by the command line: of a training station with evidence, and of a real one by two persons."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.schemas import require_valid

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
BOTH = {**AN, **BINH}
PASSPHRASE = {"department": "câu mật khẩu của sở"}
WHY = ("--reason", "thử")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    data, keys = tmp_path / "stick", tmp_path / "safe"
    data.mkdir()
    keys.mkdir()
    return data, keys


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offline") / "department"
    made = proctor("department", "init", "--out", folder, "--name", "Sở Mẫu", "--json", secrets=PASSPHRASE)
    assert made.status == 0, made.err
    return folder


@pytest.fixture
def station(home: Path, department: Path, roster: Path) -> Path:
    made = proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", "--json", secrets=AN)
    assert made.status == 0, made.err
    added = proctor(*("user", "add", "binh", "--by", "an", "--role", "administrator"), secrets=BOTH)
    assert added.status == 0, added.err
    created = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=AN,
    )
    assert created.status == 0, created.err
    return home / "station"


def pin(department: Path) -> None:
    arguments = ("keys", "department", department / "department.pub", "--second", "binh", "--by", "an")
    assert proctor(*arguments, secrets=BOTH).status == 0


def back_up(*arguments: str | Path) -> Ran:
    return proctor("backup", *arguments, "--by", "an", "--json", secrets=AN)


def bring_back(target: Path, *arguments: str | Path, secrets: dict[str, str] | None = None) -> Ran:
    line = ("restore", *arguments, "--root", target, "--by", "an", "--second", "binh", *WHY, "--json")
    return proctor(*line, secrets={**BOTH, **PASSPHRASE} if secrets is None else secrets)


def test_a_real_station_comes_back(
    station: Path, department: Path, places: tuple[Path, Path], tmp_path: Path
) -> None:
    pin(department)
    ran = back_up("--to", places[0], "--keys-to", places[1])
    assert ran.status == 0, ran.err
    made = ran.json
    require_valid("backup", made)
    parts = (made["data"]["file"], "--keys", made["keys"]["file"])
    whole = (*parts, "--department-key", department / "department.key")
    new = tmp_path / "new"
    back = bring_back(new, *whole)
    assert back.status == 0, back.out
    require_valid("restore", back.json)
    assert (back.json["size"], back.json["root"]) == (made["size"], made["root"])
    assert back.json["evidence_without_keys"] == 0
    verified = proctor("log", "verify", "--root", new, "--by", "an", "--json", secrets=AN)
    assert verified.status == 0, verified.out
    assert verified.json["size"] == made["size"] + 2
    sessions = proctor("session", "list", "--root", new, "--by", "binh", "--json", secrets=BINH)
    assert sessions.status == 0, sessions.out
    assert len(sessions.json["sessions"]) == 1
    again = bring_back(new, *whole)
    assert again.json["code"] == "restore-target"


def test_a_backup_of_before_a_rotation_takes_anchors_of_after_it(
    station: Path, places: tuple[Path, Path], tmp_path: Path
) -> None:
    data = back_up("--to", places[0], "--keys-to", places[1]).json["data"]["file"]
    by = ("--by", "an", "--second", "binh", *WHY, "--json")
    former = proctor("keys", "rotate", "station", *by, secrets=BOTH).json["before"]
    stick, newer, new = tmp_path / "usb", tmp_path / "newer.vkey", tmp_path / "new"
    assert proctor("log", "anchor", "--by", "an", "--out", stick, secrets=AN).status == 0
    shutil.copyfile(station / "station.vkey", newer)
    shutil.rmtree(station)
    whole = (data, "--without-evidence", "--anchor", stick, "--station-key", former)
    assert bring_back(new, *whole).json["code"] == "restore-anchor"
    back = bring_back(new, *whole, "--station-key", newer)
    assert back.status == 0, back.out
    assert back.json["ahead"][0]["lost"] >= 1
    newer.write_text("no key", encoding="utf-8")
    assert bring_back(tmp_path / "x", *whole, "--station-key", newer).status == 2


def test_without_a_department_key_the_keys_part_is_refused(
    station: Path, places: tuple[Path, Path], tmp_path: Path
) -> None:
    ran = back_up("--to", places[0], "--keys-to", places[1])
    assert (ran.status, ran.json["code"]) == (1, "department-not-pinned")
    require_valid("backup", ran.json)
    assert ran.json["data"]["file"].endswith(".backup")
    assert not list(places[1].iterdir())
    same = back_up("--to", places[0], "--keys-to", places[0])
    assert (same.status, same.json["code"]) == (1, "backup-same-place")
    gone = back_up("--to", tmp_path / "absent")
    assert gone.json["code"] == "backup-target"
    new = tmp_path / "new"
    back = bring_back(new, ran.json["data"]["file"], "--without-evidence")
    assert back.status == 0, back.out
    assert back.json["evidence_without_keys"] > 0
    assert (
        back_up("--to", places[0]).json["code"] == "store-instance-changed"
    )  # the restored one took its place


def test_every_closed_session_is_backed_up(
    station: Path, department: Path, places: tuple[Path, Path]
) -> None:
    pin(department)
    assert back_up("--set", places[0], "--keys-to", places[1]).status == 0
    session = proctor("session", "list", "--by", "an", "--json", secrets=AN).json["sessions"][0]["id"]
    closed = proctor("session", "close", session, "--by", "an", "--json", secrets=AN)
    assert closed.status == 0, closed.out
    assert closed.json["backup"]["ok"]
    assert [path.suffix for path in places[0].iterdir()] == [".backup"]
    assert [path.suffix for path in places[1].iterdir()] == [".backup-keys"]
    shutil.rmtree(places[0])
    assert back_up().json["code"] == "backup-target"


@pytest.mark.slow
def test_wrong_persons_and_wrong_keys_bring_nothing_back(
    station: Path, department: Path, places: tuple[Path, Path], tmp_path: Path
) -> None:
    pin(department)
    made = back_up("--to", places[0], "--keys-to", places[1]).json
    data, keys = made["data"]["file"], made["keys"]["file"]
    whole = (data, "--keys", keys, "--department-key", department / "department.key")
    new = tmp_path / "new"
    wrong = bring_back(new, *whole, secrets={**BOTH, "department": "nicht der Satz"})
    assert wrong.json["code"] == "department-passphrase"
    nobody = bring_back(new, *whole, secrets={**PASSPHRASE, **AN, "binh": "nicht das Wort"})
    assert nobody.json["code"] == "login-failed"
    other = tmp_path / "other"
    assert proctor(*("department", "init", "--out", other, "--name", "B"), secrets=PASSPHRASE).status == 0
    foreign = bring_back(new, data, "--keys", keys, "--department-key", other / "department.key")
    assert foreign.json["code"] == "department-key-mismatch"
    half = bring_back(new, data, "--keys", keys)
    assert half.status == 2
    second = back_up("--to", places[0], "--keys-to", places[1]).json
    mixed = bring_back(
        new, data, "--keys", second["keys"]["file"], "--department-key", department / "department.key"
    )
    assert mixed.json["code"] == "restore-keys"
    fingerprint = bring_back(new, *whole, "--station-key", "00" * 32)
    assert fingerprint.json["code"] == "station-key-mismatch"
    assert not new.exists()
    assert [path.name for path in tmp_path.iterdir() if "restoring" in path.name] == []


def test_a_training_station_comes_back_with_its_evidence(
    training_session: str, home: Path, places: tuple[Path, Path], tmp_path: Path
) -> None:
    ran = proctor("backup", "--training", "--to", places[0], "--keys-to", places[1], "--json")
    assert ran.status == 0, ran.err
    new = tmp_path / "new"
    key = home / "training" / "keys" / "department.key"
    back = proctor(
        *("restore", ran.json["data"]["file"], "--keys", ran.json["keys"]["file"], "--department-key", key),
        *("--root", new, "--training", *WHY, "--json"),
    )
    assert back.status == 0, back.out
    shown = proctor("session", "show", training_session, "--root", new, "--json")
    assert shown.status == 0, shown.out
    assert [row["candidate"] for row in shown.json["roll"]] == ["001", "002"]
    assert json.loads((new / "keys" / "department.key").read_text(encoding="utf-8"))["kdf"] == "none"


@pytest.mark.slow
def test_an_anchor_says_what_is_lost(
    station: Path, department: Path, places: tuple[Path, Path], tmp_path: Path
) -> None:
    pin(department)
    made = back_up("--to", places[0], "--keys-to", places[1]).json
    note = tmp_path / "later.note"
    from sessions.checkpoint import parse_checkpoint
    from sessions.record import SystemClock
    from sessions.root import DataRoot
    from sessions.users import authenticate, open_store

    root = DataRoot.open(station)
    login = authenticate(root, "an", PASSWORD)
    with open_store(root, login.keys, SystemClock(), outside=station.parent / "memory") as store:
        note.write_text(store.note(), encoding="utf-8")
    size = parse_checkpoint(note.read_text(encoding="utf-8"))[0].size
    whole = (made["data"]["file"], "--keys", made["keys"]["file"])
    new = tmp_path / "new"
    back = bring_back(new, *whole, "--department-key", department / "department.key", "--anchor", note)
    assert back.status == 0, back.out
    assert back.json["ahead"] == [{"anchor": "later.note", "size": size, "lost": size - made["size"]}]
    note.write_text(
        note.read_text(encoding="utf-8").replace(f"\n{size}\n", f"\n{size + 1}\n"), encoding="utf-8"
    )
    foreign = bring_back(
        tmp_path / "b", *whole, "--department-key", department / "department.key", "--anchor", note
    )
    assert foreign.json["code"] == "restore-anchor"
