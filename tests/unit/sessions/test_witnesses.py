"""The list of witnesses, and its agreement with the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from sessions.checkpoint import Checkpoint
from sessions.cosignature import Cosigner, Kind
from sessions.errors import NoteFormatError, NoteSignatureError, WitnessNameError, WitnessSettingsError
from sessions.witnesses import (
    REMOVED,
    Witness,
    cosigners_of,
    find,
    logged,
    read_file,
    require_new,
    require_same,
    write_file,
)
from tests.support.witness import ORIGIN

SIGNERS = [
    Cosigner(f"witness.example/w{number}", bytes([number]) * 32, kind)
    for number, kind in enumerate((Kind.ED25519, Kind.ML_DSA_44, Kind.ED25519))
]
ONE, TWO, THREE = (
    Witness(
        key=signer.key,
        address=f"https://10.0.0.{number}:8443",
        tls_pin=f"{number:02x}" * 32,
        required=number == 1,
    )
    for number, signer in enumerate(SIGNERS)
)
HEAD = Checkpoint(origin=ORIGIN, size=3, root=bytes(32))


def removed(witness: Witness) -> dict[str, object]:
    return {"event": REMOVED, "vkey": witness.key.encode()}


def test_the_log_says_who_is_a_witness() -> None:
    assert logged([]) == ()
    assert logged([ONE.as_body(), TWO.as_body()]) == (ONE, TWO)
    assert logged([ONE.as_body(), TWO.as_body(), removed(ONE)]) == (TWO,)
    assert logged([ONE.as_body(), removed(ONE), ONE.as_body()]) == (ONE,)
    assert logged([{"event": "user-added"}, removed(THREE)]) == ()
    with pytest.raises(WitnessSettingsError, match="entry"):
        logged([{**ONE.as_body(), "vkey": "x"}])


def test_file_and_log_agree_or_nothing_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "witnesses.toml"
    assert read_file(path) == ()
    write_file(path, [ONE, TWO])
    assert read_file(path) == (ONE, TWO)
    assert require_same(read_file(path), [TWO, ONE]) == (TWO, ONE)
    for entered, why in (
        ([ONE], "not-in-log"),
        ([ONE, TWO, THREE], "missing"),
        ([ONE, Witness(key=TWO.key, address=TWO.address, tls_pin="ff" * 32, required=True)], "changed"),
    ):
        with pytest.raises(WitnessSettingsError, match=why):
            require_same(read_file(path), entered)
    path.unlink()
    with pytest.raises(WitnessSettingsError, match="missing"):
        require_same(read_file(path), [ONE])


def test_every_changed_byte_of_the_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "witnesses.toml"
    write_file(path, [ONE, THREE])
    data = path.read_bytes()
    for place in range(len(data)):
        for bit in (0, 3):
            path.write_bytes(bytes([*data[:place], data[place] ^ (1 << bit), *data[place + 1 :]]))
            try:
                require_same(read_file(path), [ONE, THREE])
            except WitnessSettingsError:
                continue
            assert chr(data[place]) in " \n", place  # white space of the form, which says nothing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema = 2\n",
        "schema = 1\nx = 2\n",
        "schema = 1\nwitness = 5\n",
        "schema = 1\nwitness = [5]\n",
        "\x00",
        "[",
    ],
)
def test_what_is_no_list(tmp_path: Path, text: str) -> None:
    path = tmp_path / "witnesses.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WitnessSettingsError, match="form"):
        read_file(path)


def test_who_can_be_added_and_found() -> None:
    assert require_new(THREE, [ONE, TWO]) == THREE
    renamed = Witness(
        key=type(ONE.key)(name="other", public=ONE.key.public), address=ONE.address, tls_pin=ONE.tls_pin
    )
    for witness in (ONE, renamed):
        with pytest.raises(WitnessNameError, match="present"):
            require_new(witness, [ONE])
    with pytest.raises(WitnessNameError, match="too-many"):
        require_new(THREE, [ONE] * 15)
    for name in (TWO.name, TWO.key.key_id, TWO.key.encode()):
        assert find(name, [ONE, TWO]) == TWO
    with pytest.raises(WitnessNameError, match="absent"):
        find("nobody", [ONE])


def test_who_cosigned_a_head() -> None:
    lines = [signer.cosign(HEAD.text, 5) for signer in SIGNERS[:2]]
    everyone = [ONE, TWO, THREE]
    found = cosigners_of(HEAD, lines, everyone)
    assert [signed.name for signed in found.signed] == [ONE.name, TWO.name]
    assert (found.configured, found.missing, found.complete) == (3, (), True)
    assert cosigners_of(HEAD, lines[:1], everyone).missing == (TWO.name,)
    assert cosigners_of(HEAD, lines, []).signed == ()
    again = [*lines, SIGNERS[0].cosign(HEAD.text, 9)]
    assert {signed.name: signed.at for signed in cosigners_of(HEAD, again, everyone).signed}[ONE.name] == 9
    other = Checkpoint(origin=ORIGIN, size=4, root=bytes(32))
    with pytest.raises(NoteSignatureError):
        cosigners_of(other, lines, everyone)


def test_a_pin_is_a_hash() -> None:
    with pytest.raises(NoteFormatError, match="tls-pin"):
        Witness(key=ONE.key, address=ONE.address, tls_pin="00")
