"""Our reader on vsmartcard's card emulator, through pcscd and the virtual reader: its commands, its file system, its
secure messaging and OpenPACE's PACE; only the reader is ours."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.openpace import require_openpace
from tests.interop.vicc_card import CAN, MRZ_INFORMATION, require_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import PrivatePcsc

pytestmark = pytest.mark.pcsc


@pytest.fixture(scope="module", autouse=True)
def _foreign_parts() -> None:
    require_openpace()
    require_emulator()


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the training PKI that the card's files are signed under."""
    return tmp_path_factory.mktemp("pki")


@contextlib.contextmanager
def card(pcsc: PrivatePcsc, pki: Path) -> Iterator[dict[str, str]]:
    """The emulator's card in the reader; yields the SHA-256 of its files."""
    process = pcsc.start("-m", "tests.interop.vicc_card", "--pki", str(pki))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"the emulator did not start: {process.communicate(timeout=10)[1]}")
        yield json.loads(line)
    finally:
        pcsc.end(process)


def opened(pcsc: PrivatePcsc, *arguments: str) -> dict[str, Any]:
    """What the reading process printed."""
    done = pcsc.run("-m", "tests.interop.open_over_pcsc", *arguments)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(("kind", "value"), [("can", CAN), ("mrz", MRZ_INFORMATION)])
def test_pace_and_files(private_pcsc: PrivatePcsc, pki: Path, kind: str, value: str) -> None:
    with card(private_pcsc, pki) as files:
        result = opened(private_pcsc, f"--{kind}", value)
    assert result["code"] == "open", result
    assert result["protocol"] == "pace-ecdh-gm-aes-128"
    assert result["password"] == kind
    for name in ("COM", "SOD", "DG14", "DG15"):
        assert result["files"][name] == files[name], name


@pytest.mark.slow
def test_wrong_number(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with card(private_pcsc, pki):
        result = opened(private_pcsc, "--can", "222223")
    assert result["code"] == "access-wrong-key"
    assert "222223" not in str(result)
