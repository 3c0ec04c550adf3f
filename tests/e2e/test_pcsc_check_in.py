"""A whole check-in over a real pcscd, vsmartcard's virtual reader and pyscard; the card is `proctor softcard`."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import PASSWORD, proctor
from tests.support.pcsc import READER, PrivatePcsc, private_pcsc
from tests.support.schemas import require_valid

__all__ = ["private_pcsc"]
pytestmark = pytest.mark.pcsc


@contextmanager
def softcard(pcsc: PrivatePcsc, home: Path, *arguments: str) -> Iterator[dict[str, str]]:
    """`proctor softcard` in the reader; yields what it printed when the card was in."""
    process = pcsc.start("-m", "proctor", "softcard", *arguments, env={"PROCTOR_HOME": str(home)})
    try:
        assert process.stdout is not None
        number, payload = process.stdout.readline().strip(), process.stdout.readline().strip()
        assert number, process.communicate(timeout=10)[1]
        yield {"number": number, "qr": payload}
    finally:
        pcsc.end(process)


def run(pcsc: PrivatePcsc, home: Path, *arguments: str, stdin: str) -> tuple[int, dict[str, Any]]:
    done: subprocess.CompletedProcess[str] = pcsc.run(
        "-m", "proctor", *arguments, "--json", stdin=stdin, env={"PROCTOR_HOME": str(home)}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_full_check_in_over_a_real_reader(
    private_pcsc: PrivatePcsc, home: Path, training_session: str, hopper_frames: Path
) -> None:
    with softcard(private_pcsc, home) as card:
        assert card["qr"].startswith(card["number"] + "|")
        status, result = run(
            private_pcsc,
            home,
            *("check-in", "--session", training_session, "--reader", READER),
            *("--camera", str(hopper_frames), "--qr", "-"),
            stdin=card["qr"],
        )
    require_valid("check-in", result)
    assert (status, result["verdict"], result["chip_verdict"]) == (0, "ADMIT", "genuine")
    assert result["checks"]["card-access"]["facts"]["reader"] == "pcsc"


@pytest.mark.slow
def test_chip_read_tells_a_genuine_card_from_an_altered_one(private_pcsc: PrivatePcsc, home: Path) -> None:
    verdicts = {}
    for sample in ("mau", "altered-dg2", "pulled"):
        with softcard(private_pcsc, home, "--sample", sample) as card:
            status, result = run(
                private_pcsc,
                home,
                *("chip", "read", "--reader", READER, "--training", "--number", "-"),
                stdin=card["number"],
            )
        require_valid("chip-read", result)
        verdicts[sample] = (status, result["verdict"])
    assert verdicts == {"mau": (0, "genuine"), "altered-dg2": (1, "altered"), "pulled": (0, "genuine")}, (
        "the pulled card is put back each time, and read to its end"
    )


def test_no_card_is_no_chip(private_pcsc: PrivatePcsc, home: Path) -> None:
    status, result = run(
        private_pcsc,
        home,
        *("chip", "read", "--reader", READER, "--training", "--wait", "1", "--number", "-"),
        stdin="001099000001",
    )
    assert (status, result["verdict"]) == (1, "no-chip")


@pytest.mark.slow
def test_a_virtual_reader_is_refused_in_a_real_session(
    private_pcsc: PrivatePcsc, home: Path, roster: Path, hopper_frames: Path
) -> None:
    assert proctor("user", "add", "an", "--first", secrets={"an": PASSWORD}).status == 0
    made = proctor(
        *("session", "create", "--json", "--roster", roster, "--rules", "driving-tt108-2026"),
        *("--component", "theory", "--place", "Trung tâm Mẫu"),
        secrets={"an": PASSWORD},
    )
    assert made.status == 0, made.err
    both = {"an": PASSWORD, "binh": PASSWORD, "shv": PASSWORD}
    for name, role in (("binh", "administrator"), ("shv", "identity-examiner")):
        two = () if name == "binh" else ("--second", "binh")
        added = proctor("user", "add", name, "--role", role, "--by", "an", *two, secrets=both)
        assert added.status == 0, added.err
    begun = ("--without-self-test", "đầu đọc ảo", "--by", "an", "--second", "binh")
    assert proctor("session", "start", made.json["id"], *begun, secrets=both).status == 0
    with softcard(private_pcsc, home) as card:
        typed = home / "typed"
        typed.write_text(card["number"], encoding="utf-8")
        process = private_pcsc.start(
            *("-c", "import sys; from proctor.cli import main; sys.exit(main())", "check-in", "--json"),
            *(
                "--session",
                made.json["id"],
                "--reader",
                READER,
                "--camera",
                str(hopper_frames),
                "--by",
                "shv",
            ),
            *("--number", f"@{typed}", "--secrets-fd", "0"),
            env={"PROCTOR_HOME": str(home)},
        )
        out, err = process.communicate(f"shv:{PASSWORD}\n", timeout=60)
    result = json.loads(out)
    assert process.returncode == 1, err
    assert result["verdict"] == "REFUSE"
    assert result["checks"]["card-access"]["code"] == "reader-not-physical"
    assert result["entry"] is not None
