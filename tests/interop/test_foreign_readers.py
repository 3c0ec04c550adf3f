"""Readers that are not ours on the software card in a real PC/SC reader: OpenPACE over pyscard, and OpenSC."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.interop.openpace import require_openpace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pcsc import PrivatePcsc

pytestmark = pytest.mark.pcsc


def test_openpace_reads_the_software_card(private_pcsc: PrivatePcsc, tmp_path: Path) -> None:
    require_openpace()
    with private_pcsc.card("--sample", "mau", "--pki", str(tmp_path / "pki")) as shown:
        done = private_pcsc.run("-m", "tests.interop.eac_over_pcsc", "--can", shown["number"][-6:])
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert set(read) == {"COM", "SOD", "DG1", "DG2", "DG13", "DG14", "DG15"}
    assert len(set(read.values())) == len(read)


def test_opensc_talks_to_the_software_card(private_pcsc: PrivatePcsc, tmp_path: Path) -> None:
    tool = shutil.which("opensc-tool")
    if tool is None:
        pytest.skip("opensc-tool is not installed (apt-get install opensc)")
    select, read = "00:A4:02:0C:02:01:1C", "00:B0:00:00:36"
    with private_pcsc.card("--sample", "mau", "--pki", str(tmp_path / "pki")):
        done = subprocess.run(
            private_pcsc.command(tool, "--wait", "--card-driver", "default", "-s", select, "-s", read),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("SW1=0x90, SW2=0x00") == 2
    assert "31 34 30 0D 06 08 04 00 7F 00 07 02 02 02" in done.stdout
