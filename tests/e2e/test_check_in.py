"""`proctor check-in` as an operator would use it, with every kind of card, face and mistake."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from proctor.config import Places
from proctor.roots import ensure_training_root, open_training
from tests.e2e.conftest import write_frames
from tests.support.cli import Ran, proctor
from tests.support.plain_rules import plain_file
from tests.support.schemas import require_valid

MAU = "001099000001"


def check_in(session: str, camera: Path | str, *, reader: str = "softcard", number: str = MAU) -> Ran:
    ran = proctor(
        *(
            "check-in",
            "--session",
            session,
            "--reader",
            reader,
            "--camera",
            camera,
            "--json",
            "--number",
            "-",
        ),
        stdin=number + "\n",
    )
    require_valid("check-in", ran.json)
    return ran


ATTEMPT = 2
"""Entries of one attempt: its beginning and its end."""


def entries(session: str) -> int:
    """Entries in the log, by the log's own count."""
    report = proctor("log", "verify", "--training", "--json")
    assert report.status == 0, report.out
    size: int = report.json["size"]
    return size


def outcome(result: dict[str, Any], name: str) -> tuple[str, str]:
    check = result["checks"][name]
    return check["outcome"], check["code"]


def test_the_right_person_is_admitted_once(training_session: str, hopper_frames: Path) -> None:
    before = entries(training_session)
    first = check_in(training_session, hopper_frames)
    assert first.status == 0
    assert first.json["verdict"] == "ADMIT"
    assert first.json["candidate"] == "001"
    assert outcome(first.json, "pad-turn") == ("not-performed", "pad-not-asked")
    assert entries(training_session) == before + ATTEMPT
    again = check_in(training_session, hopper_frames)
    assert (again.status, again.json["verdict"]) == (1, "REFER")
    assert outcome(again.json, "duplicate")[1] == "already-checked-in"
    assert entries(training_session) == before + 2 * ATTEMPT


def test_another_persons_face_is_refused(training_session: str, astronaut_frames: Path) -> None:
    ran = check_in(training_session, astronaut_frames)
    assert (ran.status, ran.json["verdict"]) == (1, "REFUSE")
    assert outcome(ran.json, "face-match") == ("failed", "face-no-match")


@pytest.mark.parametrize(
    ("sample", "verdict", "check", "result"),
    [
        pytest.param(
            "altered-dg1", "REFUSE", "pa-consistent", ("failed", "pa-dg-hash"), marks=pytest.mark.slow
        ),
        ("altered-dg2", "REFUSE", "pa-consistent", ("failed", "pa-dg-hash")),
        ("unknown-signer", "REFER", "pa-trusted", ("indeterminate", "pa-no-trust-anchor")),
        ("revoked", "REFUSE", "pa-trusted", ("failed", "pa-revoked")),
        ("clone", "REFUSE", "chip-genuine", ("failed", "ca-failed")),
        ("no-aa", "REFER", "chip-genuine", ("not-performed", "chip-not-proven")),
        ("expired", "REFER", "cross-check", ("failed", "card-expired")),
        ("pulled", "REFER", "chip-read", ("indeterminate", "card-lost")),
        pytest.param("mute", "REFER", "chip-read", ("indeterminate", "card-mute"), marks=pytest.mark.slow),
        pytest.param(
            "wrong-mac", "REFER", "chip-open", ("indeterminate", "sm-failed"), marks=pytest.mark.slow
        ),
        ("huge-length", "REFER", "chip-read", ("indeterminate", "chip-file-too-large")),
    ],
)
def test_each_bad_card_has_one_outcome_one_entry_and_a_text(
    training_session: str,
    hopper_frames: Path,
    sample: str,
    verdict: str,
    check: str,
    result: tuple[str, str],
) -> None:
    before = entries(training_session)
    ran = check_in(training_session, hopper_frames, reader=f"softcard:{sample}")
    assert (ran.status, ran.json["verdict"]) == (1, verdict)
    assert outcome(ran.json, check) == result
    reason = next(reason for reason in ran.json["reasons"] if reason["code"] == result[1])
    assert len(reason["vi"]) > 20
    assert len(reason["en"]) > 20
    assert "Traceback" not in ran.err
    assert entries(training_session) == before + ATTEMPT
    if check in {"chip-genuine", "pa-consistent"} and result[0] == "failed":
        assert outcome(ran.json, "face-match")[0] == "not-performed"


def test_an_unknown_signer_is_referred_with_a_score(training_session: str, hopper_frames: Path) -> None:
    ran = check_in(training_session, hopper_frames, reader="softcard:unknown-signer")
    assert ran.json["chip_verdict"] == "signer-unknown"
    assert ran.json["checks"]["face-match"]["facts"]["score_e4"] > 4750


def test_a_wrong_number_does_not_open_the_card(training_session: str, hopper_frames: Path) -> None:
    ran = check_in(training_session, hopper_frames, number="001099000002")
    assert ran.json["verdict"] == "REFER"
    assert outcome(ran.json, "chip-open") == ("indeterminate", "access-wrong-key")
    assert ran.json["chip_verdict"] == "unreadable"


def test_the_number_of_another_card_with_the_same_last_digits_is_found(
    training_session: str, hopper_frames: Path
) -> None:
    ran = check_in(training_session, hopper_frames, number="002099000001")
    assert ran.json["verdict"] != "ADMIT"
    assert outcome(ran.json, "cross-check") == ("failed", "qr-card-mismatch")
    assert "002099000001" not in ran.out


@pytest.mark.parametrize(
    "text",
    [
        *(
            pytest.param(text, marks=pytest.mark.slow)
            for text in ("hello", "00109900000", "001099000O01", "|")
        ),
        *("0010990000011", "001099000001|x"),
    ],
)
def test_a_broken_qr_is_one_defined_outcome(training_session: str, hopper_frames: Path, text: str) -> None:
    before = entries(training_session)
    ran = check_in(training_session, hopper_frames, number=text)
    assert ran.json["verdict"] == "REFER"
    assert outcome(ran.json, "card-access")[1] in {"qr-invalid", "id-number-invalid"}
    assert entries(training_session) == before + ATTEMPT


def test_somebody_who_is_not_on_the_roster_is_referred(
    home: Path, tmp_path: Path, hopper_frames: Path
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("SBD;Họ và tên;Ngày sinh;CCCD\n7;Lê Văn Mẫu;1999;001099000007\n", encoding="utf-8")
    made = proctor(
        *(
            "session",
            "create",
            "--training",
            "--json",
            "--roster",
            path,
            "--rules",
            plain_file(tmp_path, "written-exam"),
        ),
        *("--component", "exam", "--place", "Trường Mẫu"),
    )
    assert made.status == 0, made.err
    ran = check_in(made.json["id"], hopper_frames)
    assert (ran.json["verdict"], ran.json["candidate"]) == ("REFER", None)
    assert outcome(ran.json, "roster")[1] == "not-on-roster"


def blank(folder: Path, image: np.ndarray) -> Path:
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


@pytest.mark.slow
def test_no_face_two_faces_and_darkness_are_told_apart(
    training_session: str, tmp_path: Path, hopper_frames: Path, astronaut_frames: Path
) -> None:
    grey = blank(tmp_path / "grey", np.full((480, 640, 3), 128, np.uint8))
    black = blank(tmp_path / "black", np.zeros((480, 640, 3), np.uint8))
    left, right = (cv2.imread(str(folder / "0000.png")) for folder in (hopper_frames, astronaut_frames))
    both = blank(tmp_path / "both", np.hstack([left[:, 120:520], right[:, 120:520]]))
    found = {
        name: outcome(check_in(training_session, folder).json, "face-capture")
        for name, folder in {"grey": grey, "black": black, "both": both}.items()
    }
    assert found == {
        "grey": ("indeterminate", "face-none"),
        "black": ("indeterminate", "face-dark"),
        "both": ("indeterminate", "face-several"),
    }


def test_a_camera_that_is_gone_is_said_so(training_session: str, tmp_path: Path) -> None:
    arguments = ("--reader", "softcard", "--number", "-", "--camera")
    typo = proctor("check-in", "--session", training_session, *arguments, tmp_path / "no.mp4", stdin=MAU)
    assert typo.status == 2  # nothing begins with a camera that nobody has
    assert not proctor("session", "show", training_session, "--json").json["roll"][0]["attempts"]
    ran = check_in(training_session, "97")
    assert ran.json["verdict"] == "REFER"
    assert outcome(ran.json, "face-capture") == ("indeterminate", "camera-gone")


def test_a_qr_payload_opens_the_card_too(training_session: str, hopper_frames: Path) -> None:
    payload = f"{MAU}|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Hà Nội|01062021"
    ran = proctor(
        *("check-in", "--session", training_session, "--reader", "softcard", "--camera", hopper_frames),
        *("--json", "--qr", "-"),
        stdin=payload,
    )
    assert ran.status == 0, ran.out
    assert ran.json["checks"]["card-access"]["facts"]["source"] == "qr"


def test_nothing_personal_leaves_by_json_or_messages(training_session: str, hopper_frames: Path) -> None:
    ran = check_in(training_session, hopper_frames)
    for word in (MAU, "Nguyễn", "NGUYEN", "1999"):
        assert word not in ran.out
        assert word not in ran.err


def test_a_larger_frame_is_no_worse(training_session: str, tmp_path: Path) -> None:
    frames = write_frames(tmp_path / "hd", "hopper", size=(1280, 720))
    assert check_in(training_session, frames).json["verdict"] == "ADMIT"


def session_of(path: Path, rows: str) -> str:
    path.write_text("SBD,Họ và tên,Ngày sinh,CCCD\n" + rows, encoding="utf-8")
    made = proctor(
        *("session", "create", "--training", "--json", "--roster", path, "--rules", plain_file(path.parent)),
        *("--component", "theory", "--place", "Trung tâm Mẫu"),
    )
    assert made.status == 0, made.err
    found: str = made.json["id"]
    return found


@pytest.mark.parametrize(
    ("name", "birth", "facts"),
    [
        ("Trần Thị Khác", "15/01/1999", {"name": "differs", "birth": "same"}),
        ("Nguyễn Văn Mẫu", "01/01/1960", {"name": "same", "birth": "differs"}),
    ],
)
def test_a_number_beside_another_person_is_referred(
    home: Path, tmp_path: Path, hopper_frames: Path, name: str, birth: str, facts: dict[str, str]
) -> None:
    session = session_of(tmp_path / "swapped.csv", f"001,{name},{birth},{MAU}\n")
    ran = check_in(session, hopper_frames)
    assert ran.json["verdict"] == "REFER"
    assert outcome(ran.json, "roster") == ("indeterminate", "roster-person-differs")
    assert ran.json["checks"]["roster"]["facts"] == facts
    assert ran.json["candidate"] == "001"  # by claim, so that the sheet shows it
    assert name not in ran.out


@pytest.mark.parametrize(
    "name",
    [
        "NGUYEN VAN MAU",
        pytest.param("nguyễn  văn mẫu", marks=pytest.mark.slow),
        "Nguye\u0302\u0303n Va\u0306n Ma\u0302\u0303u",
    ],
)
def test_spelling_is_no_difference(home: Path, tmp_path: Path, hopper_frames: Path, name: str) -> None:
    session = session_of(tmp_path / "spelt.csv", f"001,{name},1999,{MAU}\n")
    assert check_in(session, hopper_frames).json["verdict"] == "ADMIT"


@pytest.mark.slow
def test_training_repeats_itself_with_the_same_specimen(
    home: Path, tmp_path: Path, hopper_frames: Path
) -> None:
    rows = f"001,Nguyễn Văn Mẫu,15/01/1999,{MAU}\n"
    for name in ("one", "two"):
        session = session_of(tmp_path / f"{name}.csv", rows)
        assert check_in(session, hopper_frames).json["verdict"] == "ADMIT"


def test_a_code_with_the_right_number_and_another_person_is_referred(
    training_session: str, hopper_frames: Path
) -> None:
    payload = f"{MAU}|012345678|Nguyễn Văn Sai|15011999|Nam|Số 1 Đường Mẫu, Hà Nội|01062021"
    ran = proctor(
        *("check-in", "--session", training_session, "--reader", "softcard", "--camera", hopper_frames),
        *("--json", "--qr", "-"),
        stdin=payload,
    )
    assert ran.json["verdict"] == "REFER"
    assert outcome(ran.json, "cross-check") == ("failed", "qr-card-mismatch")
    assert "Sai" not in ran.out


def test_what_does_not_agree_but_decides_nothing_is_shown(training_session: str, hopper_frames: Path) -> None:
    payload = f"{MAU}|012345678|Nguyễn Văn Mẫu|15011999|Nữ|Số 1 Đường Mẫu, Hà Nội|01062021"
    ran = proctor(
        *("check-in", "--session", training_session, "--reader", "softcard", "--camera", hopper_frames),
        *("--json", "--qr", "-"),
        stdin=payload,
    )
    assert ran.json["verdict"] == "ADMIT"
    assert "qr-sex-differs" in [row["code"] for row in ran.json["warnings"]]


def test_a_hidden_key_is_told_apart_from_no_key(training_session: str, hopper_frames: Path) -> None:
    ran = check_in(training_session, hopper_frames, reader="softcard:hidden-dg15")
    assert (ran.json["verdict"], ran.json["chip_verdict"]) == ("REFER", "not-proven")
    assert outcome(ran.json, "chip-genuine")[1] == "chip-key-withheld"


HOLDER = """
id_number = "034305000777"
full_name = "Phạm Thị Hai Nghìn"
birth = 2005-11-20
sex = "Nữ"
issued = 2026-02-01
expires = "indefinite"
"""


def test_a_holder_born_in_this_century_whose_card_never_expires(
    home: Path, tmp_path: Path, hopper_frames: Path
) -> None:
    path = tmp_path / "thẻ mẫu.toml"
    path.write_text(HOLDER, encoding="utf-8")
    read = proctor(
        *(
            "chip",
            "read",
            "--training",
            "--reader",
            f"softcard:{path}",
            "--number",
            "-",
            "--json",
            "--show-holder",
        ),
        stdin="034305000777",
    )
    assert (read.status, read.json["verdict"]) == (0, "genuine")
    assert read.json["holder"]["birth"] == "2005-11-20"
    assert read.json["holder"]["expiry"] is None
    session = session_of(tmp_path / "born.csv", "001,Phạm Thị Hai Nghìn,20/11/2005,034305000777\n")
    ran = check_in(session, hopper_frames, reader=f"softcard:{path}", number="034305000777")
    assert ran.json["verdict"] == "ADMIT"


@pytest.mark.parametrize("spec", ["softcard:nosuch", "softcard:/no/such.toml"])
def test_a_software_card_that_does_not_exist_begins_no_attempt(
    training_session: str, hopper_frames: Path, spec: str
) -> None:
    before = entries(training_session)
    ran = proctor(
        *("check-in", "--session", training_session, "--reader", spec, "--camera", hopper_frames, "--json"),
        *("--number", "-"),
        stdin=MAU,
    )
    assert (ran.status, "softcard" in ran.json["code"]) == (1, True)
    assert entries(training_session) == before


def test_an_interrupted_attempt_is_recorded_and_said(
    training_session: str, hopper_frames: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("proctor.desks.require_chain", interrupt)
    before = entries(training_session)
    ran = check_in(training_session, hopper_frames)
    assert ran.status == 130
    assert outcome(ran.json, "pa-trusted") == ("indeterminate", "interrupted")
    assert outcome(ran.json, "face-match") == ("not-performed", "interrupted")
    assert entries(training_session) == before + ATTEMPT


def test_every_challenge_and_the_chips_answer_stay_with_the_identity(
    training_session: str, hopper_frames: Path
) -> None:
    """A lifted card is asked twice. Of neither challenge nor answer does the signed body know anything."""
    ran = check_in(training_session, hopper_frames, reader="softcard:lifted")
    assert outcome(ran.json, "chip-read") == ("passed", "ok")
    seq = ran.json["entry"]["seq"]
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        (entry,) = [found for found in opened.store.entries("attempt") if found.seq == seq]
        heads = {found.body["seq"]: found for found in opened.store.entries()}
        rows = json.loads(opened.store.evidence(seq, "identity"))["aa"]
    assert len(rows) == 2
    assert len({row["random"] for row in rows}) == 2
    for row in rows:
        assert len(bytes.fromhex(row["random"])) == len(bytes.fromhex(row["root"])) == 32
        assert len(bytes.fromhex(row["signature"])) == 256
        body = json.dumps(entry.body)
        assert not any(row[name] in body for name in ("random", "signature"))
    assert entry.body["facts"]["aa_checkpoint_size"] == seq
    assert len(heads) == seq + 1
