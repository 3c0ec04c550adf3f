"""The evidence of a read, taken at one desk and verified at another: exit status, JSON, what is shown and what not."""

import base64
import json
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proctor.challenge import Challenge
from proctor.chip_evidence import evidence_of_read, require_new, write_evidence, write_private
from proctor.chip_means import card_source, chip_desks
from proctor.config import Places
from proctor.errors import CommandError
from proctor.pipeline import read_chip
from proctor.present import AccessText
from proctor.recorder import Recorder
from proctor.roots import ensure_training_root
from proctor.softcards import open_workshop
from readers.emrtd.evidence_check import challenge_of
from readers.emrtd.evidence_file import read_evidence
from tests.support.cli import Ran, proctor
from tests.support.schemas import require_valid

NUMBER = "001099000001"
TREE_ROOT = bytes(range(32))


def take(path: Path, *, sample: str = "mau", number: str = NUMBER) -> Path:
    """Read a software card of the training root, and write what was kept of it."""
    root = ensure_training_root(Places.of(None).training)
    workshop, trust = open_workshop(root, root.unlock())
    source = card_source(
        f"softcard:{sample}", training=True, workshop=workshop, apdu_deadline_s=5.0, wait_s=1.0
    )
    recorder = Recorder(now=lambda: datetime.now(UTC))
    desk, trusting = chip_desks(
        AccessText("number", number), source, trust, training=True, tree_root=TREE_ROOT
    )
    try:
        proven = read_chip(desk, trusting, recorder)
    finally:
        desk.close()
    write_evidence(str(path), proven, recorder, desk, trust)
    return path


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One training root for all: nothing here changes it."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCTOR_HOME", str(folder))
        patch.setenv("PROCTOR_TRACEBACK", "1")
        patch.setattr("proctor.roots.working_keyring", lambda: None)
        yield folder


@pytest.fixture(scope="module")
def taken(home: Path) -> Path:
    return take(home / "mau.evidence")


def verify(path: Path, *options: str) -> Ran:
    return proctor("chip", "verify", path, "--training", "--json", *options)


def test_genuine_card(taken: Path) -> None:
    ran = verify(taken)
    assert ran.status == 0, ran.out
    require_valid("chip-verify", ran.json)
    assert ran.json["verdict"] == ran.json["station"]["verdict"] == "genuine"
    assert ran.json["checks"]["aa"]["outcome"] == ran.json["checks"]["aa-challenge"]["outcome"] == "passed"
    assert ran.json["checks"]["ca"] == {
        "outcome": "not-performed",
        "code": "evidence-not-repeatable",
        "facts": {},
    }
    assert "holder" not in ran.json
    assert NUMBER not in ran.out


def test_challenge_and_everything_read_is_kept(taken: Path) -> None:
    evidence = read_evidence(taken.read_bytes())
    (proof,) = evidence.proofs
    assert proof.root == TREE_ROOT
    assert challenge_of(proof.random, proof.root) == proof.challenge
    assert Challenge(proof.random, proof.root).value == proof.challenge
    assert {"CardAccess", "COM", "SOD", "DG1", "DG2", "DG13", "DG14", "DG15"} <= set(evidence.files)
    assert {row.name for row in evidence.checks} >= {"chip-open", "pa-trusted", "cross-check"}
    assert {step.name for step in evidence.steps} >= {"pace", "ca", "aa", "DG2"}
    assert "cam" in evidence.not_done


@pytest.mark.parametrize("language", ["vi", "en"])
def test_for_people(taken: Path, language: str) -> None:
    ran = proctor("chip", "verify", taken, "--training", "--lang", language)
    assert ran.status == 0
    assert ran.out.startswith("genuine: ")
    assert ("HUẤN LUYỆN" if language == "vi" else "TRAINING") in ran.out
    assert "[" not in ran.out
    assert NUMBER not in ran.out
    assert "NGUY" not in ran.out


def test_the_holder_only_when_asked(taken: Path) -> None:
    assert verify(taken, "--show-holder").json["holder"]["number"] == NUMBER
    assert NUMBER in proctor("chip", "verify", taken, "--training", "--show-holder").out


def test_on_a_machine_that_does_not_know_the_issuer(taken: Path) -> None:
    ran = proctor("chip", "verify", taken, "--json")
    assert (ran.status, ran.json["verdict"]) == (1, "signer-unknown")
    assert ran.json["checks"]["pa-trusted-now"]["code"] == "pa-no-trust-anchor"


@pytest.mark.parametrize("form", ["hex", "base64"])
def test_a_checkpoint_from_elsewhere(taken: Path, form: str) -> None:
    root = TREE_ROOT.hex() if form == "hex" else base64.b64encode(TREE_ROOT).decode()
    ran = verify(taken, "--checkpoint", root)
    assert ran.json["checks"]["time"]["outcome"] == "passed"
    other = verify(taken, "--checkpoint", "00" * 32)
    assert (other.status, other.json["checks"]["time"]["outcome"]) == (0, "not-performed")


@pytest.mark.parametrize("root", ["", "00", "zz" * 32, "AAAA"])
def test_a_checkpoint_that_is_none(taken: Path, root: str) -> None:
    assert proctor("chip", "verify", taken, "--training", "--checkpoint", root).status == 2


def test_a_forged_holder(taken: Path, tmp_path: Path) -> None:
    document = json.loads(taken.read_bytes())
    content = bytearray(base64.b64decode(document["files"]["DG1"]))
    content[40] ^= 1
    document["files"]["DG1"] = base64.b64encode(content).decode()
    forged = tmp_path / "forged"
    forged.write_text(
        json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n", encoding="utf-8"
    )
    ran = verify(forged, "--show-holder")
    assert (ran.status, ran.json["verdict"]) == (1, "altered")
    assert ran.json["checks"]["whole"]["facts"]["parts"] == "files.DG1"
    assert ran.json["checks"]["pa-consistent"]["code"] == "pa-dg-hash"
    assert "holder" not in ran.json


def test_a_bad_file_is_another_exit_status(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"{}\n")
    ran = verify(bad)
    assert (ran.status, ran.json["code"], ran.json["facts"]["field"]) == (2, "evidence-invalid", "format")
    assert verify(tmp_path / "absent").status == 2
    bad.write_bytes(bytes(2 << 20))
    assert verify(bad).json["code"] == "file-too-large"


def test_no_evidence_without_a_chip(tmp_path: Path) -> None:
    path = take(tmp_path / "none", number="001199000002")
    assert not path.exists()


@pytest.mark.parametrize(
    ("sample", "verdict"),
    [("altered-dg2", "altered"), ("clone", "not-proven"), ("unknown-signer", "signer-unknown")],
)
def test_what_the_station_found_is_found_again(tmp_path: Path, sample: str, verdict: str) -> None:
    ran = verify(take(tmp_path / sample, sample=sample))
    assert ran.status == 1
    assert ran.json["station"]["verdict"] == verdict
    if sample != "clone":  # the failed answer is not kept, and the read ended there
        assert ran.json["verdict"] == verdict


def test_the_file_is_private_and_overwrites_nothing(taken: Path, tmp_path: Path) -> None:
    if sys.platform != "win32":
        assert stat.S_IMODE(taken.stat().st_mode) == 0o600
    before = taken.read_bytes()
    for attempt in (lambda: write_private(str(taken), b"x"), lambda: require_new(str(taken))):
        with pytest.raises(CommandError, match="evidence-exists"):
            attempt()
    assert taken.read_bytes() == before
    require_new(None)
    require_new(str(tmp_path / "new"))
    with pytest.raises(CommandError, match="cannot-write"):
        write_private(str(tmp_path / "no" / "folder"), b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(CommandError, match="evidence-exists"):
        write_private(str(link), b"x")
    with pytest.raises(CommandError, match="evidence-exists"):
        require_new(str(link))
    assert not (tmp_path / "target").exists()


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("proctor.chip_evidence.os.fsync", full)
    with pytest.raises(CommandError, match="cannot-write"):
        write_private(str(tmp_path / "half"), b"x")
    assert not (tmp_path / "half").exists()


def test_nothing_opened_is_no_evidence() -> None:
    from proctor.pipeline import Proven

    nothing = Proven(present=None, opened=None, raw=None, holder=None)
    recorder = Recorder(now=lambda: datetime.now(UTC))
    at = datetime.now(UTC)
    assert evidence_of_read(nothing, recorder, steps=(), challenges=(), training=True, read_at=at) is None


@pytest.mark.parametrize("sample", ["ca-only", "no-aa"])
def test_without_a_signed_answer_nobody_can_tell_a_copy_again(tmp_path: Path, sample: str) -> None:
    ran = verify(take(tmp_path / sample, sample=sample))
    assert (ran.status, ran.json["verdict"]) == (1, "not-proven")
    assert [reason["code"] for reason in ran.json["reasons"]] == ["evidence-no-answer"]
    assert ran.json["station"]["proven_by"] == ("ca" if sample == "ca-only" else "nothing")


def test_read_and_verified_by_commands_alone(tmp_path: Path) -> None:
    path = tmp_path / "card.evidence"
    read = ("chip", "read", "--training", "--reader", "softcard:cam", "--number", "-", "--evidence", path)
    assert proctor(*read, "--json", stdin=NUMBER).json["verdict"] == "genuine"
    assert proctor(*read, stdin=NUMBER).status == 2
    ran = verify(path)
    assert (ran.status, ran.json["station"]["proven_by"]) == (0, "cam+ca+aa")
    assert ran.json["checks"]["cam"]["outcome"] == "passed"
    assert "CardSecurity" in read_evidence(path.read_bytes()).files
