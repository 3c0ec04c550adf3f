from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sessions.checkpoint import Checkpoint, Signer, VerifierKey, parse_note, verify_checkpoint
from sessions.errors import NoteFormatError, NoteSignatureError

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "notes.toml").read_text(encoding="utf-8"))
ORIGIN = "proctor.training/0a1b2c3d"


@pytest.fixture
def signer() -> Signer:
    return Signer(ORIGIN, bytes(range(32)))


@pytest.mark.parametrize("case", VECTORS["note"])
def test_published_and_own_notes_verify(case: dict[str, str]) -> None:
    key = VerifierKey.parse(case["vkey"])
    assert key.encode() == case["vkey"]
    assert parse_note(case["note"]).verify(key) == case["text"]


@pytest.mark.parametrize("case", VECTORS["checkpoint"])
def test_own_checkpoint_is_reproduced(case: dict[str, str]) -> None:
    signer = Signer(case["origin"], bytes.fromhex(case["seed"]))
    assert signer.key.encode() == case["vkey"]
    assert signer.key.fingerprint == case["fingerprint"]
    head = Checkpoint(origin=case["origin"], size=int(case["size"]), root=bytes.fromhex(case["root"]))
    assert head.sign(signer).note == case["note"]
    assert verify_checkpoint(case["note"], signer.key) == head


def test_every_flipped_byte_of_a_note_is_refused(signer: Signer) -> None:
    note = Checkpoint(origin=ORIGIN, size=12, root=bytes(32)).sign(signer).note
    data = note.encode()
    for place in range(len(data)):
        changed = bytes([*data[:place], data[place] ^ 1, *data[place + 1 :]])
        try:
            text = changed.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises((NoteFormatError, NoteSignatureError)):
            verify_checkpoint(text, signer.key)


def test_another_key_of_the_same_name(signer: Signer) -> None:
    other = Signer(ORIGIN, bytes(32))
    note = Checkpoint(origin=ORIGIN, size=1, root=bytes(32)).sign(other).note
    with pytest.raises(NoteSignatureError, match="no-line"):
        verify_checkpoint(note, signer.key)


def test_origin_must_be_the_key_name(signer: Signer) -> None:
    with pytest.raises(NoteFormatError, match="origin"):
        Checkpoint(origin="proctor.real/00000000", size=1, root=bytes(32)).sign(signer)
    foreign = signer.sign_note(Checkpoint(origin="proctor.real/00000000", size=1, root=bytes(32)).text)
    with pytest.raises(NoteSignatureError, match="origin"):
        verify_checkpoint(foreign, signer.key)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "a b+00000000+AQ==", f"{ORIGIN}+00000000+{'A' * 44}", "x+zz+AQ=="],
)
def test_no_vkey(text: str) -> None:
    with pytest.raises(NoteFormatError):
        VerifierKey.parse(text)


def test_vkey_with_a_wrong_hash(signer: Signer) -> None:
    name, _, key = signer.key.encode().split("+", 2)
    with pytest.raises(NoteFormatError, match="vkey-hash"):
        VerifierKey.parse(f"{name}+00000000+{key}")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "no signature\n",
        "text\n\n",
        "text\n\nname AAAA\n",
        "text\n\n\u2014 name !!!!\n",
        "text\n\n\u2014 name AAAA\n",
        "text\r\n\n\u2014 name AAAAAAAA\n",
        "x" * 20_000,
    ],
)
def test_no_note(note: str) -> None:
    with pytest.raises(NoteFormatError):
        parse_note(note)


@pytest.mark.parametrize("size", ["01", "-1", "1 ", "x", ""])
def test_size_is_canonical_decimal(signer: Signer, size: str) -> None:
    text = f"{ORIGIN}\n{size}\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    if "\n\n" in text:
        with pytest.raises(NoteFormatError):
            signer.sign_note(text)
        return
    with pytest.raises(NoteFormatError):
        verify_checkpoint(signer.sign_note(text), signer.key)


def test_repr_shows_no_secret(signer: Signer) -> None:
    assert bytes(range(32)).hex() not in repr(signer)
    with pytest.raises(NoteFormatError):
        signer.sign_note("no newline")
