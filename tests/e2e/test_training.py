"""`proctor training`, and what an insider might do to what it left behind."""

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf import PdfReader
from sqlcipher3 import dbapi2

from proctor.sheets import seal_certificate
from reports.errors import ReportsError
from reports.verification import verify_pdf
from sessions import codec, merkle, schema
from sessions.checkpoint import Checkpoint, Signer
from sessions.root import DataRoot
from tests.support.cli import Ran, proctor
from tests.support.schemas import require_valid


@pytest.fixture(scope="module")
def trained(rehearsal: dict[str, Any]) -> dict[str, Any]:
    """The run's rehearsal, run as a process of its own without a display."""
    require_valid("training", rehearsal)
    home = Path(rehearsal["root_folder"]).parent
    assert home.name == "rehearsal"
    assert not (home / ".local").exists()  # all its state lies under --out
    return rehearsal


@pytest.fixture
def copy(trained: dict[str, Any], tmp_path: Path) -> Path:
    """A copy of the whole data root, for an insider to work on."""
    return Path(shutil.copytree(trained["root_folder"], tmp_path / "copy"))


def verify(path: Path | str, *arguments: str) -> Ran:
    ran = proctor("log", "verify", path, "--json", *arguments)
    require_valid("log-verify", ran.json)
    return ran


def test_every_scenario_ends_as_it_should(trained: dict[str, Any]) -> None:
    assert trained["verdicts"] == {"ADMIT": 1, "REFER": 2, "REFUSE": 3}
    ends = {row["scenario"]: (row["verdict"], row["chip_verdict"]) for row in trained["candidates"]}
    assert ends == {
        "right-person": ("ADMIT", "genuine"),
        "impostor": ("REFUSE", "genuine"),
        "altered-chip": ("REFUSE", "altered"),
        "unknown-signer": ("REFER", "signer-unknown"),
        "not-on-roster": ("REFER", "genuine"),
        "absent": (None, None),
        "cloned-chip": ("REFUSE", "not-proven"),
    }


def test_the_log_verifies_only_under_a_key_from_outside(trained: dict[str, Any], home: Path) -> None:
    unknown = verify(trained["database"])
    assert (unknown.status, unknown.json["code"]) == (1, "unknown-station")
    assert unknown.json["outcome"] == "indeterminate"
    assert unknown.json["station_key"] == trained["station_key"]
    pinned = verify(trained["database"], "--station-key", trained["station_key"])
    assert (pinned.status, pinned.json["root"]) == (0, trained["log"]["root"])
    other = verify(trained["database"], "--station-key", "0" * 64)
    assert (other.status, other.json["code"]) == (1, "station-key-mismatch")
    assert proctor("trust", "station", "import", trained["station_key_file"]).status == 0
    assert verify(trained["database"]).status == 0
    assert trained["station_key"] in proctor("trust", "station", "list").out


def test_a_wrong_key_cannot_open_and_a_spoiled_page_is_altered(
    trained: dict[str, Any], copy: Path, tmp_path: Path, home: Path
) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text("ab" * 32)
    ran = verify(trained["database"], "--key-file", str(wrong), "--station-key", trained["station_key"])
    assert (ran.status, ran.json["code"]) == (1, "log-cannot-open")
    database = copy / "station.db"
    data = bytearray(database.read_bytes())
    data[len(data) // 2] ^= 1
    database.write_bytes(data)
    ran = verify(database, "--station-key", trained["station_key"])
    assert (ran.status, ran.json["code"]) == (1, "log-altered-page")
    assert ran.json["first_bad"]["page"] > 0


def insider(root: Path) -> dbapi2.Connection:
    """The database as whoever has the station's own key opens it, triggers dropped."""
    connection = dbapi2.connect(str(root / "station.db"), isolation_level=None)
    key = (root / "keys" / "database.key").read_text().strip()
    connection.execute(f"PRAGMA key = \"x'{key}'\"")
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    return connection


def restore_triggers(connection: dbapi2.Connection) -> None:
    for (kind, _name), sql in schema.STATEMENTS.items():
        if kind == "trigger":
            connection.execute(sql)


def turn_into_admit(connection: dbapi2.Connection) -> int:
    """Change the first REFUSE to ADMIT, in canonical form; return its number."""
    for seq, body in connection.execute("SELECT seq, body FROM entries WHERE kind = 'attempt'").fetchall():
        fields = codec.decode(body)
        if fields["verdict"] == "REFUSE":
            edited = codec.encode({**fields, "verdict": "ADMIT"})
            connection.execute("UPDATE entries SET body = ? WHERE seq = ?", (edited, seq))
            return int(seq)
    raise AssertionError("no REFUSE in the training log")


def test_an_edited_entry_is_named(trained: dict[str, Any], copy: Path, home: Path) -> None:
    connection = insider(copy)
    seq = turn_into_admit(connection)
    restore_triggers(connection)
    connection.close()
    ran = verify(copy / "station.db", "--station-key", trained["station_key"])
    assert ran.status == 1
    assert ran.json["first_bad"]["entry"] == seq
    assert ran.json["code"].startswith("log-altered-")


def rebuild(connection: dbapi2.Connection, signer: Signer) -> None:
    """Recompute tree and checkpoints as the writer would, signed by `signer`."""
    connection.execute("DELETE FROM nodes")
    connection.execute("DELETE FROM checkpoints")
    size: int = 0
    edge: list[bytes] = []
    bodies = connection.execute("SELECT body FROM entries ORDER BY seq").fetchall()
    nodes: dict[tuple[int, int], bytes] = {}
    for (body,) in bodies:
        growth = merkle.grow(size, edge, merkle.leaf_hash(body))
        for level, index, digest in growth.nodes:
            nodes[level, index] = digest
            connection.execute(
                "INSERT INTO nodes (level, idx, hash) VALUES (?, ?, ?)", (level, index, digest)
            )
        size = growth.size
        edge = [nodes[place] for place in merkle.edge(size)]
        note = Checkpoint(origin=signer.key.name, size=size, root=growth.root).sign(signer).note
        connection.execute("INSERT INTO checkpoints (size, note) VALUES (?, ?)", (size, note))


def test_a_log_signed_again_by_another_key_of_the_same_name_is_named(
    trained: dict[str, Any], copy: Path, home: Path
) -> None:
    root = DataRoot.open(copy)
    forger = Signer(root.origin, bytes(range(32)))
    connection = insider(copy)
    turn_into_admit(connection)
    first = codec.decode(connection.execute("SELECT body FROM entries WHERE seq = 0").fetchone()[0])
    body = codec.encode({**first, "vkey": forger.key.encode()})
    connection.execute("UPDATE entries SET body = ? WHERE seq = 0", (body,))
    rebuild(connection, forger)
    restore_triggers(connection)
    connection.close()
    by_fingerprint = verify(copy / "station.db", "--station-key", trained["station_key"])
    assert (by_fingerprint.status, by_fingerprint.json["code"]) == (1, "station-key-mismatch")
    assert proctor("trust", "station", "import", trained["station_key_file"]).status == 0
    by_pin = verify(copy / "station.db")
    assert (by_pin.status, by_pin.json["code"]) == (1, "station-key-mismatch")
    assert by_pin.json["first_bad"] is not None


def test_the_signed_sheet_stands_and_one_flipped_byte_fails(trained: dict[str, Any]) -> None:
    root = DataRoot.open(Path(trained["root_folder"]))
    certificate = seal_certificate(root, root.unlock())
    for path in trained["sheets"]:
        assert verify_pdf(Path(path).read_bytes(), certificate).origin == root.origin
    pdf = Path(trained["sheets"][0]).read_bytes()
    for place in range(200, len(pdf), len(pdf) // 40):
        spoiled = bytearray(pdf)
        spoiled[place] ^= 1
        with pytest.raises(ReportsError):
            verify_pdf(bytes(spoiled), certificate)
    edited = BytesIO()
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root["/Extra"] = writer.root["/Type"]
    writer.update_root()
    writer.write(edited)
    with pytest.raises(ReportsError):
        verify_pdf(edited.getvalue(), certificate)


def test_the_sheet_shows_as_signed_in_pdfsig(trained: dict[str, Any]) -> None:
    shown = subprocess.run(
        ["pdfsig", trained["sheets"][0]], capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid" in shown
    assert "Total document signed" in shown


def test_the_sheet_says_what_the_log_says(trained: dict[str, Any]) -> None:
    reader = PdfReader(trained["sheets"][0])
    text = "\n".join(page.extract_text() for page in reader.pages)
    for page in reader.pages:
        assert "HUẤN LUYỆN" in page.extract_text()
    assert "DANH SÁCH ĐIỂM DANH" in text
    assert "Tổng số thí sinh trong danh sách: 6 (sáu)." in text
    assert "Có mặt, được vào: 2 (hai)." in text  # one by the machine, one by two persons
    assert "Trượt nhận dạng (máy không nhận): 3 (ba)." in text
    assert "Vắng: 1 (một)." in text
    assert "Lượt kiểm tra của người không có trong danh sách: 1 (một)." in text
    assert trained["session"] in text


def words(path: str) -> str:
    """The text of a sheet, every run of spaces as one."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def test_a_driving_test_is_rehearsed_to_its_last_sheet(trained: dict[str, Any]) -> None:
    sheets = {Path(path).name.split("-HL-")[0]: words(path) for path in trained["sheets"]}
    assert list(sheets) == [
        *(
            "attendance-theory",
            "attendance-yard",
            "attendance-road",
            "exceptions",
            "results",
            "summary",
            "seal",
        )
    ]
    assert "Đã vào lại" in sheets["attendance-yard"]
    assert "Chưa đạt nội dung trước" in sheets["attendance-yard"]  # who failed the theory came to the yard
    assert "Hai người quyết định cho vào: 1 (một)." in sheets["exceptions"]
    assert "Quyết định của chủ tịch hội đồng: 1 (một)." in sheets["exceptions"]
    assert "DA (đạt): 1 (một)." in sheets["results"]
    assert "RO (rớt): 1 (một)." in sheets["results"]
    assert "Lý thuyết: dự 2 (hai); đạt 1 (một); trượt 1 (một)" in sheets["summary"]
    assert "Tờ đã lập: 6 (sáu)" in sheets["seal"]
    assert "ĐÃ ĐÓNG" in sheets["seal"]


@pytest.mark.slow
def test_a_written_exam_is_rehearsed_too(tmp_path: Path, home: Path) -> None:
    ran = proctor("training", "--headless", "--exam", "--out", tmp_path / "exam", "--json")
    assert ran.status == 0, ran.err
    sheets = {Path(path).name.split("-HL-")[0]: words(path) for path in ran.json["sheets"]}
    assert list(sheets) == ["attendance-mathematics", "exceptions", "summary", "seal"]
    attendance = sheets["attendance-mathematics"]
    for said in ("Sai phòng", "Bị đình chỉ", "Nhận dạng thủ công", "Không nhận"):
        assert said in attendance
    assert "CÁN BỘ COI THI 1" in attendance
    session = proctor("session", "show", ran.json["session"], "--root", tmp_path / "exam", "--json").json
    states = {row["candidate"]: row["state"] for row in session["roll"]}
    assert states == {
        "001": "suspended",
        "002": "refused",
        "003": "refused",
        "004": "wrong-room",
        "006": "manual",
        "007": "refused",
    }


@pytest.mark.slow
def test_a_second_session_continues_the_same_log(trained: dict[str, Any], copy: Path, home: Path) -> None:
    again = ("training", "--headless", "--out", copy, "--candidates", "1", "--json")
    refused = proctor(*again)
    assert (refused.status, refused.json["code"]) == (1, "store-instance-changed")  # a copy is no station
    epoch = ("log", "epoch", "--training", "--root", copy, "--reason", "bản sao", "--second", "binh")
    assert proctor(*epoch).status == 0
    ran = proctor(*again)
    assert ran.status == 0, ran.err
    assert ran.json["session"].endswith("-02")
    assert ran.json["verdicts"]["ADMIT"] == 1  # other people: nobody is admitted twice a day
    assert ran.json["log"]["size"] > trained["log"]["size"]


@pytest.mark.parametrize("count", ["0", "1000", "x"])
def test_wrong_usage_is_exit_2(home: Path, tmp_path: Path, count: str) -> None:
    assert proctor("training", "--headless", "--out", tmp_path / "t", "--candidates", count).status == 2


def test_training_never_goes_into_other_data(home: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not touch")
    ran = proctor("training", "--headless", "--out", tmp_path, "--json")
    assert (ran.status, ran.json["code"]) == (1, "folder-not-training")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.txt"]


def test_a_station_does_not_act_on_a_log_that_was_edited(
    trained: dict[str, Any], copy: Path, home: Path
) -> None:
    connection = insider(copy)
    turn_into_admit(connection)
    restore_triggers(connection)
    connection.close()
    shown = proctor("session", "show", trained["session"], "--root", copy, "--json")
    assert (shown.status, shown.json["code"]) == (1, "store-altered")
    out = copy / "out"
    sheet = proctor(
        "sheets", "attendance", "--session", trained["session"], "--root", copy, "--out", out, "--json"
    )
    assert (sheet.status, sheet.json["code"]) == (1, "store-altered")
    assert not out.exists()


def test_a_pin_replaced_beside_a_log_signed_again_does_not_help(copy: Path, home: Path) -> None:
    root = DataRoot.open(copy)
    forger = Signer(root.origin, bytes(range(32)))
    connection = insider(copy)
    first = codec.decode(connection.execute("SELECT body FROM entries WHERE seq = 0").fetchone()[0])
    body = codec.encode({**first, "vkey": forger.key.encode()})
    connection.execute("UPDATE entries SET body = ? WHERE seq = 0", (body,))
    rebuild(connection, forger)
    restore_triggers(connection)
    connection.close()
    for pin in (copy / "trust" / "stations").iterdir():
        pin.write_text(forger.key.encode() + "\n")
    ran = proctor("log", "verify", "--root", copy, "--training", "--json")
    assert (ran.status, ran.json["code"]) == (1, "station-key-mismatch")


def test_a_link_to_the_log_hides_nothing(
    trained: dict[str, Any], copy: Path, home: Path, tmp_path: Path
) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    (copy / "station.db").rename(real / "x.db")
    (copy / "station.db").symlink_to(real / "x.db")
    connection = insider(copy)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    turn_into_admit(connection)
    restore_triggers(connection)
    assert (real / "x.db-wal").stat().st_size > 0
    ran = verify(copy / "station.db", "--station-key", trained["station_key"])
    connection.close()
    assert ran.status == 1
    assert ran.json["first_bad"] is not None


@pytest.mark.parametrize("data", [b"\xff\xfe binary", b"", b"x" * 5000])
def test_a_broken_pin_file_is_named(home: Path, trained: dict[str, Any], data: bytes) -> None:
    folder = home / "trust" / "stations"
    folder.mkdir(parents=True)
    (folder / "broken.vkey").write_bytes(data)
    ran = proctor("log", "verify", trained["database"], "--json")
    assert (ran.status, ran.json["code"]) == (1, "note-malformed")
    assert ran.json["facts"]["file"] == "broken.vkey"
