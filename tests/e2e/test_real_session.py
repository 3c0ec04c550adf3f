"""A real station: made by its first user, opened by passwords, and closed to every training part."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from readers.softcard.pki import training_pki
from sessions.root import DataRoot
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.softcard_certificates import authority

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
EXAMINER = {"nd": "sát hạch viên 1"}
TO_ADD = ("user", "add", "--by", "an", "--second", "binh")


@pytest.fixture
def station(home: Path) -> Path:
    made = proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", "--json", secrets=AN)
    assert made.status == 0, made.err
    added = proctor(*("user", "add", "binh", "--by", "an", "--role", "administrator"), secrets={**AN, **BINH})
    assert added.status == 0, added.err
    return home / "station"


def add_examiner() -> None:
    """Add the one who checks in: whoever runs the station does not."""
    ran = proctor(*TO_ADD, "nd", "--role", "identity-examiner", secrets={**AN, **BINH, **EXAMINER})
    assert ran.status == 0, ran.err


def start(session: str) -> None:
    """Start the session; two persons answer for a machine without the devices."""
    ran = proctor(
        *("session", "start", session, "--by", "an", "--second", "binh", "--without-self-test", "máy thử"),
        secrets={**AN, **BINH},
    )
    assert ran.status == 0, ran.err


def create(roster: Path, secrets: dict[str, str] | None = None, *, by: str = "an") -> Ran:
    return proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", by, "--json"),
        secrets=secrets or AN,
    )


def test_nothing_lies_bare_and_passwords_are_needed(station: Path) -> None:
    names = {path.name for path in (station / "keys").iterdir()}
    assert not [name for name in names if name.endswith(".key")]
    users = proctor("user", "list", "--by", "an", "--json", secrets=AN).json["users"]
    assert [(user["id"], user["role"]) for user in users] == [
        ("an", "administrator"),
        ("binh", "administrator"),
    ]
    wrong = proctor("user", "list", "--by", "an", "--json", secrets={"an": "wrong password"})
    assert (wrong.status, wrong.json["code"]) == (1, "login-failed")
    short = proctor(*TO_ADD, "em", "--role", "auditor", secrets={**AN, **BINH, "em": "short"})
    assert short.status == 1
    again = proctor("user", "add", "chi", "--first", "--json", secrets={"chi": PASSWORD})
    assert (again.status, again.json["code"]) == (1, "user-exists")


def test_the_log_of_a_real_station_verifies_with_a_log_in(station: Path, roster: Path) -> None:
    assert create(roster).status == 0
    ran = proctor("log", "verify", "--by", "an", "--json", secrets=AN)
    assert (ran.status, ran.json["size"]) == (0, 4)
    without = proctor("log", "verify", "--by", "an", "--json", secrets={"an": "not the one"})
    assert (without.status, without.json["code"]) == (1, "login-failed")


@pytest.mark.parametrize("camera", ["frames", "scene:bona-fide"])
def test_a_real_session_refuses_software_cards_and_recorded_cameras(
    station: Path, roster: Path, hopper_frames: Path, camera: str
) -> None:
    session = create(roster).json
    assert session["id"].startswith("S-")
    add_examiner()
    start(session["id"])
    spec = str(hopper_frames) if camera == "frames" else camera
    ran = proctor(
        *("check-in", "--session", session["id"], "--reader", "softcard", "--camera", spec, "--by", "nd"),
        *("--number", "-", "--json"),
        stdin="001099000001",
        secrets=EXAMINER,
    )
    assert (ran.status, ran.json["verdict"], ran.json["training"]) == (1, "REFUSE", False)
    assert ran.json["checks"]["card-access"]["code"] == "reader-not-physical"
    assert ran.json["checks"]["card-access"]["outcome"] == "failed"
    assert ran.json["entry"] is not None
    assert proctor("log", "verify", "--by", "an", "--json", secrets=AN).json["size"] == 8


def test_chip_read_needs_training_for_a_software_card(home: Path) -> None:
    ran = proctor("chip", "read", "--reader", "softcard", "--number", "-", "--json", stdin="001099000001")
    assert ran.status == 1
    assert ran.json["checks"]["card-access"]["code"] == "reader-not-physical"


def test_the_training_csca_is_never_imported(station: Path, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    pki = training_pki(tmp_path / "pki", now=datetime.now(UTC))
    for form, data in {
        "der": pki.csca.encoded,
        "pem": x509.load_der_x509_certificate(pki.csca.encoded).public_bytes(Encoding.PEM),
    }.items():
        path = tmp_path / f"csca.{form}"
        path.write_bytes(data)
        ran = proctor(
            *("trust", "import", path, "--by", "an", "--second", "binh", "--json"), secrets={**AN, **BINH}
        )
        assert (ran.status, ran.json["code"]) == (1, "training-anchor-refused")
    alone = proctor("trust", "import", path, "--by", "an", "--second", "an", secrets=AN)
    assert alone.status == 2
    listed = proctor("trust", "list", "--json").json
    assert listed["anchors"] == []


def test_a_real_root_and_a_training_root_never_mix(station: Path, home: Path, roster: Path) -> None:
    assert DataRoot.open(station).kind == "real"
    ran = proctor("training", "--headless", "--out", station, "--json")
    assert (ran.status, ran.json["code"]) == (1, "folder-not-training")
    made = proctor(
        *("session", "create", "--training", "--root", station, "--roster", roster, "--json"),
        *("--rules", "driving-tt108-2026", "--component", "theory", "--place", "X"),
    )
    assert (made.status, made.json["code"]) == (1, "folder-not-training")


def test_only_roles_that_may_check_in_do(station: Path, roster: Path, hopper_frames: Path) -> None:
    session = create(roster).json["id"]
    added = proctor(*TO_ADD, "gs", "--role", "overseer", secrets={**AN, **BINH, "gs": "tổ giám sát 1"})
    assert added.status == 0, added.err
    for user, secrets in (("gs", {"gs": "tổ giám sát 1"}), ("an", AN)):
        ran = proctor(
            *("check-in", "--session", session, "--reader", "x", "--camera", "0", "--by", user, "--json"),
            *("--number", "-"),
            stdin="001099000001",
            secrets=secrets,
        )
        assert (ran.status, ran.json["code"]) == (1, "role-forbidden")


def test_without_a_station_the_message_says_how_to_make_one(home: Path, roster: Path) -> None:
    ran = create(roster)
    assert (ran.status, ran.json["code"]) == (1, "no-station")
    assert "proctor user add --first" in ran.json["vi"]


def test_broken_rows_are_named_and_nothing_is_created(station: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(
        "SBD,Họ và tên,Ngày sinh,CCCD\n001,Nguyễn Văn Mẫu,31/02/1999,001099000001\n"
        "002,Trần Thị Mẫu,08/03/1999,00119900000\n003,Lê Văn Mẫu,1999,001099000003\n",
        encoding="utf-8",
    )
    ran = create(path)
    assert (ran.status, ran.json["code"]) == (1, "bad-rows")
    assert {(row["row"], row["column"]) for row in ran.json["refused_rows"]} >= {(2, "Ngày sinh")}
    assert all(len(row["vi"]) > 10 for row in ran.json["refused_rows"])
    assert proctor("session", "list", "--by", "an", "--json", secrets=AN).json["sessions"] == []


def test_another_process_at_the_station_is_said_so(
    station: Path, roster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proctor.roots.LOCK_WAIT_S", 0.2)
    with DataRoot.open(station).lock():
        ran = create(roster)
    assert (ran.status, ran.json["code"]) == (1, "root-busy")


def test_secrets_come_by_descriptor_or_terminal_only(station: Path, roster: Path) -> None:
    ran = proctor("session", "list", "--by", "an", "--json", secrets={"other": "x", "more": "y"})
    assert (ran.status, ran.json["code"]) == (1, "secret-missing")


@pytest.mark.parametrize("reader", ["softcard", "No Such Reader"])
def test_a_recorded_camera_is_on_record_even_without_a_card(
    station: Path, roster: Path, hopper_frames: Path, reader: str
) -> None:
    session = create(roster).json["id"]
    add_examiner()
    start(session)
    ran = proctor(
        *("check-in", "--session", session, "--reader", reader, "--camera", hopper_frames, "--by", "nd"),
        *("--number", "-", "--wait", "0.1", "--json"),
        stdin="001099000001",
        secrets=EXAMINER,
    )
    check = ran.json["checks"]["face-capture"]
    assert (check["outcome"], check["code"]) == ("failed", "camera-not-physical")
    assert (ran.json["verdict"], ran.json["entry"] is not None) == ("REFUSE", True)


def test_wrong_names_are_answered_with_those_there_are(station: Path, roster: Path) -> None:
    ran = proctor(
        *(
            "session",
            "create",
            "--roster",
            roster,
            "--rules",
            "nope",
            "--component",
            "theory",
            "--place",
            "X",
        ),
        *("--by", "an", "--json"),
        secrets=AN,
    )
    assert ran.status == 1
    assert "driving-tt108-2026" in ran.json["vi"]
    ran = proctor(*TO_ADD, "em", "--role", "king", "--json", secrets={**AN, **BINH, "em": PASSWORD})
    assert (ran.status, "invigilator" in ran.json["en"]) == (1, True)
    assert proctor("user", "add", "em", "--by", "an", secrets=AN).status == 2
    blank = proctor(
        *("session", "create", "--roster", roster, "--rules", "written-exam", "--component", "exam"),
        *("--place", " ", "--by", "an"),
        secrets=AN,
    )
    assert blank.status == 2


def test_a_pipe_is_no_terminal(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proctor", "user", "add", "an", "--first"],
        input=f"{PASSWORD}\n{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "GetPassWarning" not in done.stderr
    assert "--secrets-fd" in done.stderr
    assert not (home / "station" / "keys" / "keys.toml").exists()


def test_two_persons_pin_a_root_certificate_and_its_revocation_list(station: Path, tmp_path: Path) -> None:
    made = authority()
    for name, data in {"csca.cer": made.encoded, "list.crl": made.crl(0x1234)}.items():
        (tmp_path / name).write_bytes(data)
    added = proctor(*TO_ADD, "em", "--role", "invigilator", secrets={**AN, **BINH, "em": "mật khẩu mẫu 3"})
    assert added.status == 0
    weak = proctor(
        *("trust", "import", tmp_path / "csca.cer", "--by", "an", "--second", "em", "--json"),
        secrets={**AN, "em": "mật khẩu mẫu 3"},
    )
    assert (weak.status, weak.json["code"]) == (1, "role-forbidden")
    for name in ("csca.cer", "list.crl"):
        ran = proctor(
            *("trust", "import", tmp_path / name, "--by", "an", "--second", "binh", "--json"),
            secrets={**AN, **BINH},
        )
        assert ran.status == 0, ran.out
        assert ran.json["fingerprint"] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    listed = proctor("trust", "list", "--json").json
    assert [row["scope"] for row in listed["anchors"]] == ["identity-card"]
    assert len(listed["revocation_lists"]) == 1
    assert proctor("log", "verify", "--by", "an", "--json", secrets=AN).status == 0


def test_a_trust_store_put_back_stops_the_next_import(station: Path, tmp_path: Path) -> None:
    first, second = authority(), authority(name={"country_name": "VN", "common_name": "CSCA Test 2"})
    (tmp_path / "one.cer").write_bytes(first.encoded)
    (tmp_path / "two.cer").write_bytes(second.encoded)
    people = ("--by", "an", "--second", "binh", "--json")
    both = {**AN, **BINH}
    assert proctor("trust", "import", tmp_path / "one.cer", *people, secrets=both).status == 0
    folder = station / "trust" / "anchors"
    older = shutil.copytree(folder, tmp_path / "older")
    assert proctor("trust", "import", tmp_path / "two.cer", *people, secrets=both).status == 0
    shutil.rmtree(folder)
    shutil.copytree(older, folder)
    ran = proctor("trust", "import", tmp_path / "two.cer", *people, secrets=both)
    assert (ran.status, ran.json["code"]) == (1, "trust-store-altered")


def test_an_altered_trust_store_stops_the_start(station: Path, roster: Path, tmp_path: Path) -> None:
    """One octet of a pinned certificate: no station, no session, no read, and no advice to import it again."""
    path = tmp_path / "csca.cer"
    path.write_bytes(authority().encoded)
    people = ("--by", "an", "--second", "binh")
    assert proctor("trust", "import", path, *people, secrets={**AN, **BINH}).status == 0
    assert proctor("station", "--json").json["stopped"] == []
    (anchor,) = (station / "trust" / "anchors" / "certificates").iterdir()
    anchor.write_bytes(anchor.read_bytes() + b"\0")
    ran = proctor("station", "--json")
    assert (ran.status, ran.json["ok"], ran.json["stopped"]) == (1, False, ["trust"])
    assert "trust import" not in proctor("station").out
    created = create(roster)
    assert (created.status, created.json["code"]) == (1, "trust-store-altered")
    assert proctor("session", "list", "--by", "an", "--json", secrets=AN).json["sessions"] == []
