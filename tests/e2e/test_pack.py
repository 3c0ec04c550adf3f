"""`proctor pack`: a session goes to the department, is verified elsewhere, and opens there only."""

import hashlib
import json
from pathlib import Path

import pytest

from proctor.packing import export_pack
from proctor.roots import open_training
from sessions.errors import PackAlteredError
from sessions.root import DataRoot
from sessions.session import load_session
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.packs import attend
from tests.support.schemas import require_valid

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
DEPARTMENT = {"department": "mật khẩu cơ quan mẫu"}


@pytest.fixture
def station(home: Path) -> Path:
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN).status == 0
    added = proctor(*("user", "add", "binh", "--by", "an", "--role", "administrator"), secrets={**AN, **BINH})
    assert added.status == 0, added.err
    return home / "station"


@pytest.fixture
def real_session(station: Path, roster: Path) -> str:
    made = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=AN,
    )
    assert made.status == 0, made.err
    session_id: str = made.json["id"]
    return session_id


def sheets(session: str, folder: Path, secrets: dict[str, str] | None) -> None:
    by = () if secrets is None else ("--by", "an")
    printed = proctor("sheets", "attendance", "--session", session, "--out", folder, *by, secrets=secrets)
    assert printed.status == 0, printed.err


def pinned(folder: Path, root: Path) -> Path:
    """A folder with the station's key, as the department keeps it."""
    folder.mkdir()
    (folder / "station.vkey").write_text(DataRoot.open(root).station_key().encode(), encoding="utf-8")
    return folder


def verify(file: Path, *more: str | Path, secrets: dict[str, str] | None = None) -> Ran:
    ran = proctor("pack", "verify", file, "--json", *more, secrets=secrets)
    if ran.status != 2:
        require_valid("pack-verify", ran.json)
    return ran


def test_a_real_session_goes_to_the_department(real_session: str, station: Path, tmp_path: Path) -> None:
    export = ("pack", "export", "--session", real_session, "--out", tmp_path / "packs", "--by", "an")
    both = (*export, "--second", "binh")
    refused = proctor(*export, "--json", secrets=AN)
    assert (refused.status, refused.json["code"]) == (1, "department-not-pinned")
    assert "proctor keys department" in refused.json["vi"]
    assert not list(tmp_path.glob("packs/*"))

    office = tmp_path / "office"
    made = proctor("department", "init", "--out", office, "--name", "Sở Mẫu", "--json", secrets=DEPARTMENT)
    assert made.status == 0, made.err
    pinning = ("keys", "department", office / "department.pub", "--by", "an", "--second", "binh")
    assert proctor(*pinning, secrets={**AN, **BINH}).status == 0
    sheets(real_session, tmp_path / "sheets", AN)
    sheets(real_session, tmp_path / "kept-back", AN)
    (tmp_path / "sheets" / "another.pdf").write_bytes(b"%PDF another session's")
    alone = proctor(*export, "--sheets", tmp_path / "sheets", "--json", secrets=AN)
    assert alone.status == 2
    assert "--second" in alone.err
    assert not list(tmp_path.glob("packs/*"))
    done = proctor(*both, "--sheets", tmp_path / "sheets", "--json", secrets={**AN, **BINH})
    assert done.status == 0, done.err
    require_valid("pack-export", done.json)
    file = Path(done.json["file"])
    assert done.json["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (done.json["evidence"], done.json["sheets"], len(done.json["sheets_missing"])) == (2, 1, 1)
    assert done.json["sheets_left_out"] == ["another.pdf"]
    assert done.json["recipient"] == made.json["fingerprint"]
    shown = proctor("log", "verify", "--by", "an", "--json", secrets=AN)
    assert shown.json["size"] == done.json["entry"] + 1
    assert [path.name for path in file.parent.iterdir()] == [file.name]

    pins = pinned(tmp_path / "pins", station)
    assert verify(file, "--pins", pins).status == 0
    fingerprint = DataRoot.open(station).station_key().fingerprint
    assert verify(file, "--station-key", fingerprint).status == 0
    unknown = verify(file, "--root", tmp_path / "elsewhere")
    assert (unknown.status, unknown.json["code"]) == (1, "unknown-station")
    assert unknown.json["station_key"] == fingerprint
    other = verify(file, "--station-key", "0" * 64)
    assert (other.status, other.json["code"]) == (1, "station-key-mismatch")
    assert verify(file, "--station-key", "no fingerprint").status == 2
    assert verify(file, "--pins", pins, "--witness-key", "a+b+c").status == 2
    unread = verify(file, "--pins", pins, "--anchor", pins / "station.vkey")
    assert (unread.status, unread.json["code"]) == (1, "anchor-unreadable")
    for sheet in (tmp_path / "sheets").glob("attendance*.pdf"):  # its page's seal is an anchor
        assert verify(file, "--pins", pins, "--anchor", sheet).status == 0
    assert verify(file, "--pins", tmp_path / "none").status == 2

    key = ("--department-key", office / "department.key")
    wrong = verify(file, "--pins", pins, *key, secrets={"department": "not the one"})
    assert (wrong.status, wrong.json["code"]) == (1, "department-passphrase")
    whole = verify(file, "--pins", pins, *key, secrets=DEPARTMENT)
    assert (whole.status, whole.json["skipped"]) == (0, [])
    out = tmp_path / "opened"
    opened = proctor(
        *("pack", "open", file, "--pins", pins, *key, "--out", out, "--json"), secrets=DEPARTMENT
    )
    assert opened.status == 0, opened.err
    require_valid("pack-verify", opened.json)
    roster = next(Path(name) for name in opened.json["files"] if name.endswith("-roster.json"))
    assert json.loads(roster.read_bytes())["rows"][0]["row"]["id_number"] == "001099000001"
    assert [path.read_bytes()[:5] for path in (out / "sheets").iterdir()] == [b"%PDF-"]
    again = proctor("pack", "open", file, "--pins", pins, *key, "--out", out, "--json", secrets=DEPARTMENT)
    assert (again.status, again.json["code"]) == (1, "pack-folder-used")


def test_a_sheet_with_the_sessions_name_that_was_never_printed_stops_the_export(
    training_session: str, home: Path, tmp_path: Path
) -> None:
    sheets(training_session, tmp_path / "sheets", None)
    printed = next((tmp_path / "sheets").glob("*.pdf"))
    printed.write_bytes(printed.read_bytes()[:-1] + b"\0")
    export = ("pack", "export", "--session", training_session, "--out", tmp_path / "packs")
    ran = proctor(*export, "--sheets", tmp_path / "sheets", "--json")
    assert (ran.status, ran.json["code"]) == (1, "pack-sheet-unknown")
    assert printed.name in ran.json["vi"]
    assert proctor(*export, "--sheets", tmp_path / "none").status == 1
    assert proctor("pack", "export", "--session", "HL-20000101-99", "--out", tmp_path, "--json").status == 1


def test_a_training_pack_opens_with_the_roots_own_key(
    training_session: str, home: Path, tmp_path: Path
) -> None:
    done = proctor("pack", "export", "--session", training_session, "--out", tmp_path / "packs", "--json")
    assert done.status == 0, done.err
    file, root = Path(done.json["file"]), home / "training"
    assert verify(file).status == 0
    said = proctor("pack", "verify", file)
    assert said.status == 0
    assert training_session in said.out
    key = root / "keys" / "department.key"
    opened = proctor("pack", "open", file, "--department-key", key, "--out", tmp_path / "out")
    assert opened.status == 0, opened.err
    changed = bytearray(file.read_bytes())
    changed[-1] ^= 1
    file.write_bytes(bytes(changed))
    bad = verify(file)
    assert bad.status == 1
    assert bad.json["first_bad"]["entry"] is not None
    lines = proctor("pack", "verify", file, "--lang", "en")
    assert "NOT accepted" in lines.out
    refused = proctor("pack", "open", file, "--department-key", key, "--out", tmp_path / "out2")
    assert refused.status == 1
    assert not (tmp_path / "out2").exists()


def test_an_anchor_tells_an_older_pack(training_session: str, home: Path, tmp_path: Path) -> None:
    export = ("pack", "export", "--session", training_session, "--out", tmp_path / "packs", "--json")
    older = Path(proctor(*export).json["file"])
    newer = Path(proctor(*export).json["file"])
    with open_training(DataRoot.open(home / "training")) as opened:
        anchor = tmp_path / "usb.txt"
        anchor.write_text(opened.store.note(opened.store.head().size - 1), encoding="utf-8")
    ran = verify(older, "--anchor", anchor)
    assert (ran.status, ran.json["code"]) == (1, "pack-older")
    assert verify(newer, "--anchor", anchor).status == 0


def test_a_pack_that_does_not_verify_is_neither_logged_nor_left(
    training_session: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that gives back something else: the export stops before the entry."""

    def rotten(path: Path, parts: object) -> tuple[str, int]:
        data = bytearray(b"".join(parts))  # type: ignore[call-overload]
        data[-1] ^= 1
        path.write_bytes(bytes(data))
        return "0" * 64, len(data)

    with open_training(DataRoot.open(home / "training")) as opened:
        session = load_session(opened.store, training_session)
        attend(opened.store, session, 0)
        export_pack(opened, session, tmp_path / "good")
        size = opened.store.head().size
        monkeypatch.setattr("proctor.packing.write_pack", rotten)
        with pytest.raises(PackAlteredError):
            export_pack(opened, session, tmp_path / "packs")
        assert opened.store.head().size == size
    assert list((tmp_path / "packs").iterdir()) == []


def test_what_an_interrupted_export_left_is_cleared(
    training_session: str, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "packs"
    folder.mkdir()
    left = folder / f".pack-{training_session}-3.pack.part"
    left.write_bytes(b"cut short")
    other = folder / ".pack-HL-20000101-01-3.pack.part"
    other.write_bytes(b"another session's")
    done = proctor("pack", "export", "--session", training_session, "--out", folder, "--json")
    assert done.status == 0
    assert not left.exists()
    assert other.exists()
