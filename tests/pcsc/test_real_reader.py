"""The software card in a real PC/SC reader: pcscd, vsmartcard-vpcd and pyscard between reader and chip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from readers.softcard.pki import training_pki
from tests.support.pcsc import READER, SECOND_READER
from tests.support.softcard import NOW, trust_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pcsc import PrivatePcsc

pytestmark = pytest.mark.pcsc
NUMBER = "001099000001"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the training PKI and a store that trusts it."""
    folder = tmp_path_factory.mktemp("trust")
    trust_store(folder / "store", training_pki(folder / "pki", now=NOW))
    return folder


def read(pcsc: PrivatePcsc, folder: Path, *arguments: str, number: str = NUMBER) -> list[dict[str, Any]]:
    """What the reading process printed."""
    done = pcsc.run(
        "-m", "tests.support.pcsc_read", "--number", number, "--store", str(folder / "store"), *arguments
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def card(folder: Path, sample: str, *more: str) -> list[str]:
    """Arguments of the card process."""
    return ["--sample", sample, "--pki", str(folder / "pki"), *more]


def test_whole_read_over_pcsc(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with private_pcsc.card(*card(pki, "mau")) as shown:
        first, second = read(private_pcsc, pki, "--tries", "2")
    assert shown["number"] == NUMBER
    assert shown["qr"].startswith(NUMBER + "|")
    for result in (first, second):
        assert result["code"] == "read", result
        assert result["proven_by"] == "ca+aa"
        assert result["verified"] == "DG1 DG2 DG13 DG14 DG15"


def test_second_slot_serves_a_second_card(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with (
        private_pcsc.card(*card(pki, "mau")),
        private_pcsc.card(*card(pki, "second", "--port", "35964")) as shown,
    ):
        (result,) = read(private_pcsc, pki, "--reader", SECOND_READER, number=shown["number"])
    assert result["code"] == "read"


def test_no_card_in_the_reader(private_pcsc: PrivatePcsc, pki: Path) -> None:
    (result,) = read(private_pcsc, pki, "--wait", "0.5")
    assert result["code"] == "no-card"


def test_unknown_reader(private_pcsc: PrivatePcsc, pki: Path) -> None:
    (result,) = read(private_pcsc, pki, "--reader", "No Such Reader")
    assert result["code"] == "reader-not-found"


def test_wrong_access_number(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with private_pcsc.card(*card(pki, "mau")):
        (result,) = read(private_pcsc, pki, number="001099000002")
    assert result["code"] == "access-wrong-key"
    assert "000002" not in str(result)


@pytest.mark.parametrize(
    ("sample", "code"),
    [
        ("altered-dg2", "pa-dg-hash"),
        ("clone", "ca-failed"),
        ("unknown-signer", "pa-no-trust-anchor"),
        ("revoked", "pa-revoked"),
        ("wrong-mac", "sm-failed"),
        ("huge-length", "chip-file-too-large"),
    ],
)
def test_hostile_samples(private_pcsc: PrivatePcsc, pki: Path, sample: str, code: str) -> None:
    with private_pcsc.card(*card(pki, sample)):
        (result,) = read(private_pcsc, pki)
    assert result["code"] == code


def test_card_pulled_and_put_back(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with private_pcsc.card(*card(pki, "pulled")):
        first, second = read(private_pcsc, pki, "--tries", "2", "--wait", "8")
    assert first["code"] == "card-lost"
    assert second["code"] == "card-lost", "the card came back, was opened again and pulled again"
    with private_pcsc.card(*card(pki, "mau")):
        (result,) = read(private_pcsc, pki)
    assert result["code"] == "read"


def test_mute_card_is_given_up_at_the_deadline(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with private_pcsc.card(*card(pki, "mute")):
        (result,) = read(private_pcsc, pki, "--deadline", "1.0")
    assert result["code"] == "card-mute"
    with private_pcsc.card(*card(pki, "mau")):
        (result,) = read(private_pcsc, pki, "--wait", "10")
    assert result["code"] == "read"


def test_dead_chip_ends_with_a_code(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with private_pcsc.card(*card(pki, "dead")):
        (result,) = read(private_pcsc, pki)
    assert result["code"] == "chip-status"


def test_readers_are_listed_as_virtual(private_pcsc: PrivatePcsc) -> None:
    script = "from readers.transport.pcsc import list_readers; print([(r.name, r.virtual) for r in list_readers()])"
    done = private_pcsc.run("-c", script)
    assert f"('{READER}', True)" in done.stdout, done.stderr


def test_readers_are_listed_with_what_lies_in_them(private_pcsc: PrivatePcsc, pki: Path) -> None:
    command = ("-m", "proctor", "chip", "readers", "--json")
    with private_pcsc.card(*card(pki, "mau")):
        rows = json.loads(private_pcsc.run(*command).stdout)["readers"]
    mine = next(row for row in rows if row["name"] == READER)
    assert (mine["virtual"], mine["card"]) == (True, "present")
    said = private_pcsc.run(*command[:-1], "--lang", "en").stdout
    assert f"{READER}: " in said
    assert "virtual reader" in said


def test_loopback_is_the_only_network(private_pcsc: PrivatePcsc) -> None:
    script = "import socket; print([name for _, name in socket.if_nameindex()])"
    names = private_pcsc.run("-c", script).stdout
    assert "'lo'" in names
    assert "eth" not in names


def test_service_gone(private_pcsc: PrivatePcsc, pki: Path) -> None:
    arguments = ("-m", "tests.support.pcsc_read", "--number", NUMBER, "--store", str(pki / "store"))
    done = private_pcsc.run(*arguments, env={"PCSCLITE_CSOCK_NAME": "/run/nothing.comm"})
    assert json.loads(done.stdout)["code"] == "pcsc-unavailable"
