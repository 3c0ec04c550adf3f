from __future__ import annotations

import pickle
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.checkpoint import Checkpoint, Signer, parse_note
from sessions.cosignature import (
    Cosigner,
    CosignerKey,
    Kind,
    cosigned_message,
    parse_line,
    read_head,
    split_lines,
    verify_line,
    verify_lines,
    verify_note,
    with_lines,
)
from sessions.errors import NoteFormatError, NoteSignatureError, SessionsError

VECTORS = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "cosignatures.toml").read_text(encoding="utf-8")
)
ORIGIN = "proctor.training/0a1b2c3d"
HEAD = Checkpoint(origin=ORIGIN, size=8, root=bytes(range(32)))
KINDS = pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)


def cosigner(kind: Kind = Kind.ED25519, name: str = "witness.example/w1") -> Cosigner:
    return Cosigner(name, bytes(range(32)), kind)


@pytest.mark.parametrize("case", VECTORS["published"], ids=lambda case: case["key_id"])
def test_published_lines(case: dict[str, Any]) -> None:
    signature = parse_line(case["line"])
    assert signature.key_hash.hex() == case["key_id"]
    assert int.from_bytes(signature.signature[:8], "big") == case["at"]
    if "vkey" in case:
        key = CosignerKey.parse(case["vkey"])
        assert key.verify(case["text"], signature.signature) == case["at"]
        with pytest.raises(NoteSignatureError, match="no-time"):
            verify_line(case["line"], case["text"], key)


@pytest.mark.parametrize("case", VECTORS["vkey"], ids=lambda case: case["name"])
def test_published_keys(case: dict[str, Any]) -> None:
    key = CosignerKey.parse(case["text"])
    assert (key.name, key.kind, key.encode()) == (case["name"], case["kind"], case["text"])


@pytest.mark.parametrize("case", VECTORS["message"], ids=lambda case: str(case["kind"]))
def test_signed_messages(case: dict[str, Any]) -> None:
    made = cosigned_message(Kind(case["kind"]), case["name"], case["at"], case["text"])
    assert made == (bytes.fromhex(case["message_hex"]) if "message_hex" in case else case["message"].encode())


@pytest.mark.parametrize("case", VECTORS["made"], ids=lambda case: str(case["kind"]))
def test_own_lines(case: dict[str, Any]) -> None:
    kind = Kind(case["kind"])
    made = Cosigner(case["name"], bytes.fromhex(case["seed"]), kind)
    assert made.key.encode() == case["vkey"]
    assert made.key.fingerprint == case["fingerprint"]
    assert verify_line(case["line"], case["text"], made.key).at == case["at"]
    if kind is Kind.ED25519:
        assert made.cosign(case["text"], case["at"]) == case["line"]


@KINDS
def test_every_flipped_byte_of_a_line_is_refused(kind: Kind) -> None:
    signer = cosigner(kind)
    line = signer.cosign(HEAD.text, 1_795_309_323)
    data = line.encode()
    step = 1 if kind is Kind.ED25519 else 7
    for place in range(0, len(data), step):
        for bit in (0, 5):
            changed = bytes([*data[:place], data[place] ^ (1 << bit), *data[place + 1 :]])
            try:
                text = changed.decode()
            except UnicodeDecodeError:
                continue
            with pytest.raises((NoteFormatError, NoteSignatureError)):
                verify_line(text, HEAD.text, signer.key)


@KINDS
def test_every_flipped_byte_of_the_checkpoint_is_refused(kind: Kind) -> None:
    signer = cosigner(kind)
    line = signer.cosign(HEAD.text, 1_795_309_323)
    data = HEAD.text.encode()
    for place in range(len(data)):
        changed = bytes([*data[:place], data[place] ^ 1, *data[place + 1 :]])
        with pytest.raises((NoteFormatError, NoteSignatureError)):
            verify_line(line, changed.decode(errors="replace"), signer.key)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_gets_through(line: str, text: str) -> None:
    with pytest.raises(SessionsError):
        verify_line(line, text, cosigner().key)
    with pytest.raises(SessionsError):
        CosignerKey.parse(line)


def test_the_time_is_part_of_what_is_signed() -> None:
    signer = cosigner()
    early, late = signer.cosign(HEAD.text, 1), signer.cosign(HEAD.text, 2)
    assert early != late
    assert verify_line(early + "\n", HEAD.text, signer.key).at == 1
    for at in (-1, 2**63):
        with pytest.raises(NoteFormatError, match="time"):
            signer.cosign(HEAD.text, at)


def test_the_name_is_part_of_an_ml_dsa_message_and_of_no_ed25519_one() -> None:
    names = ("witness.example/w1", "witness.example/w2")
    pq = {cosigned_message(Kind.ML_DSA_44, name, 1, HEAD.text) for name in names}
    old = {cosigned_message(Kind.ED25519, name, 1, HEAD.text) for name in names}
    assert (len(pq), len(old)) == (2, 1)


def test_extension_lines_are_covered_or_refused() -> None:
    extended = HEAD.text + "more\n"
    assert read_head(extended) == HEAD
    line = cosigner().cosign(extended, 1)
    with pytest.raises(NoteSignatureError):
        verify_line(line, HEAD.text, cosigner().key)
    with pytest.raises(NoteFormatError, match="extension"):
        cosigner(Kind.ML_DSA_44).cosign(extended, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\n01\nAA==\n",
        f"{HEAD.text}\n",
        HEAD.text[:-1],
        HEAD.text.replace("8", "x"),
        "a\n1\nAA==\n",
    ],
)
def test_no_checkpoint(text: str) -> None:
    with pytest.raises(NoteFormatError):
        read_head(text)


def test_lines_of_unknown_keys_are_left_aside_and_a_wrong_one_of_a_known_key_is_not() -> None:
    first, second = cosigner(), cosigner(Kind.ML_DSA_44, "witness.example/w2")
    lines = [signer.cosign(HEAD.text, 7) for signer in (first, second)]
    assert [found.name for found in verify_lines(lines, HEAD.text, [first.key])] == [first.key.name]
    assert len(verify_lines(lines, HEAD.text, [first.key, second.key])) == 2
    assert verify_lines(lines, HEAD.text, []) == ()
    other = Checkpoint(origin=ORIGIN, size=9, root=bytes(32))
    with pytest.raises(NoteSignatureError):
        verify_lines(lines, other.text, [second.key])


def test_a_line_of_the_same_name_and_another_key() -> None:
    line = Cosigner("witness.example/w1", bytes(32)).cosign(HEAD.text, 1)
    with pytest.raises(NoteSignatureError, match="no-line"):
        verify_line(line, HEAD.text, cosigner().key)


def test_a_note_with_cosignatures_is_still_the_stations_note() -> None:
    station = Signer(ORIGIN, bytes(32))
    note = HEAD.sign(station).note
    lines = [cosigner(kind).cosign(HEAD.text, 5) for kind in Kind]
    whole = with_lines(note, lines)
    assert verify_note(parse_note(whole), station.key) == HEAD
    text, found = split_lines(whole)
    assert text == HEAD.text
    assert found[1:] == tuple(lines)
    with pytest.raises(NoteSignatureError, match="origin"):
        verify_note(parse_note(whole), Signer("proctor.real/00000000", bytes(32)).key)


def test_sixteen_post_quantum_lines_fit_a_note() -> None:
    signer = cosigner(Kind.ML_DSA_44)
    note = with_lines(HEAD.sign(Signer(ORIGIN, bytes(32))).note, [signer.cosign(HEAD.text, 5)] * 16)
    assert len(parse_note(note).signatures) == 17


def test_no_secret_is_shown_or_pickled() -> None:
    signer = cosigner()
    assert bytes(range(32)).hex() not in repr(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)
    with pytest.raises(NoteFormatError, match="seed"):
        Cosigner("a", b"short")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "x" * 129, "é" * 128])
def test_no_name(name: str) -> None:
    with pytest.raises(NoteFormatError, match="name"):
        CosignerKey(name=name, public=bytes(32))


def test_a_stations_key_is_no_cosigners_key() -> None:
    with pytest.raises(NoteFormatError, match="vkey-type"):
        CosignerKey.parse(Signer(ORIGIN, bytes(32)).key.encode())
