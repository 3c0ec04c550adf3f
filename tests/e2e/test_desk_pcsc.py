"""The desk behind the window, with a card in a real PC/SC reader: laid, lifted early, laid again, and never twice."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.desk_child import END
from tests.support.pcsc import READER, PrivatePcsc, private_pcsc

__all__ = ["private_pcsc"]
pytestmark = [pytest.mark.pcsc, pytest.mark.slow, pytest.mark.timeout(180)]


@contextmanager
def card(pcsc: PrivatePcsc, home: Path) -> Iterator[str]:
    """`proctor softcard` in the reader; yields what its QR code says."""
    process = pcsc.start("-m", "proctor", "softcard", env={"PROCTOR_HOME": str(home)})
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.stdout.readline().strip()
    finally:
        pcsc.end(process)


class Child:
    """The desk's process, line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, *beginnings: str) -> str:
        """Read on until a line begins so; return it."""
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            self.lines.append(raw.strip())
            if raw.startswith(beginnings):
                return raw.strip()
        assert self.process.stderr is not None
        pytest.fail(f"{self.lines}\n{self.process.stderr.read()}")

    def scan(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()


def test_cards_are_laid_and_lifted_in_every_order(
    private_pcsc: PrivatePcsc, home: Path, training_session: str, hopper_frames: Path
) -> None:
    process = private_pcsc.start(
        "-m",
        "tests.support.desk_child",
        training_session,
        str(hopper_frames),
        env={"PROCTOR_HOME": str(home)},
    )
    desk = Child(process)
    desk.until("Device reader in")
    desk.until("Device camera in")
    with card(
        private_pcsc, home
    ) as code:  # the card first, the code after it; lifted in the middle of the read
        assert desk.until("CardIn") == f"CardIn {READER}"
        desk.scan(code)
        desk.until("Check chip-open passed")
    assert desk.until("Ended").startswith("Ended REFER")
    assert "card-lost" in desk.lines[-1] or "no-card" in desk.lines[-1]
    assert f"CardOut {READER}" in desk.lines
    desk.scan(END)
    assert float(desk.until("Closed").split()[1]) < 2.0
    assert process.wait(10) == 0


def test_a_whole_check_in_at_the_desk_over_a_real_reader(
    private_pcsc: PrivatePcsc, home: Path, training_session: str, hopper_frames: Path
) -> None:
    process = private_pcsc.start(
        "-m",
        "tests.support.desk_child",
        training_session,
        str(hopper_frames),
        env={"PROCTOR_HOME": str(home)},
    )
    desk = Child(process)
    with card(private_pcsc, home) as code:
        desk.scan(code)
        assert desk.until("Ended", "Failed") == "Ended ADMIT"
        assert f"CardIn {READER}" in desk.lines
        desk.scan("")  # an empty line is no scan
    desk.until("CardOut")
    assert [line for line in desk.lines if line.startswith("Ended")] == ["Ended ADMIT"]
    desk.scan(END)
    assert float(desk.until("Closed").split()[1]) < 2.0
    assert process.wait(10) == 0
