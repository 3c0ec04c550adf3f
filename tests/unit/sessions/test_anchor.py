"""Anchors taken apart: notes, seals, and everything that is neither."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.seal import PageSeal, seal_text
from sessions import base45
from sessions.anchor import MAX_BYTES, Anchor, parse_anchor
from sessions.checkpoint import Checkpoint, Signer
from sessions.cosignature import Cosigner, Kind, with_lines
from sessions.errors import NoteFormatError

SIGNER = Signer("proctor.training/0a1b2c3d", bytes(32))
OTHER = Signer(SIGNER.key.name, b"1" * 32)
HEAD = Checkpoint(origin=SIGNER.key.name, size=8, root=bytes(range(32)))
SEAL = PageSeal(
    kind="attendance",
    origin=HEAD.origin,
    session_id="HL-20261122-01",
    page=1,
    pages=1,
    size=8,
    root=HEAD.root,
    roster=bytes(16),
    digest=bytes(16),
    rows=(("001", "A"),),
)


def as_head(anchor: Anchor) -> tuple[str, int, bytes]:
    return anchor.origin, anchor.size, anchor.root


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\t"])
def test_a_seal(end: str) -> None:
    anchor = parse_anchor((seal_text(SEAL, SIGNER) + end).encode(), label="paper")
    assert as_head(anchor) == (HEAD.origin, 8, HEAD.root)
    assert anchor.proven_by([OTHER.key, SIGNER.key])
    assert not anchor.proven_by([OTHER.key])
    assert not anchor.proven_by([SIGNER.named("proctor.training/ffffffff").key])
    assert anchor.label == "paper"


def test_a_note_and_its_cosignatures() -> None:
    note = HEAD.sign(SIGNER).note
    witness = Cosigner("proctor.witness/00000001", bytes(32), Kind.ML_DSA_44)
    cosigned = with_lines(note, [witness.cosign(HEAD.text, 1)])
    for text in (note, cosigned, cosigned.replace("\n", "\r\n"), note.rstrip("\n")):
        anchor = parse_anchor(text.encode())
        assert as_head(anchor) == (HEAD.origin, 8, HEAD.root)
        assert anchor.proven_by([SIGNER.key])
        assert not anchor.proven_by([OTHER.key])
    assert parse_anchor(cosigned.encode()).proven_by([], [witness.key])
    stranger = Cosigner(witness.key.name, b"2" * 32, Kind.ML_DSA_44)
    assert not parse_anchor(cosigned.encode()).proven_by([], [stranger.key])
    forged = with_lines(note, [witness.cosign(HEAD.text.replace("\n8\n", "\n9\n"), 1)])
    assert not parse_anchor(forged.encode()).proven_by([], [witness.key])


def sealed(message: object) -> bytes:
    return f"PRS1:{base45.encode(cbor2.dumps(message))}".encode()


PROTECTED = cbor2.dumps({1: -8, 4: bytes(8)})
PAYLOAD = cbor2.loads(cbor2.dumps([1, "k", "o", "s", 1, 1, 8, bytes(32), b"", b"", [], ""]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"PRS1:",
        b"PRS1:\xc3\xa9",
        b"PRS1:" + b"0" * 2_000,
        b"PRS1:AAAA",
        b"no note at all\n",
        b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"x" * (MAX_BYTES + 1),
        sealed(17),
        sealed(cbor2.CBORTag(17, [])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {}, b""])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {1: 2}, b"", b""])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {}, 7, b""])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {}, cbor2.dumps(PAYLOAD[:11]), b""])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {}, cbor2.dumps([2, *PAYLOAD[1:]]), b""])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {}, cbor2.dumps([*PAYLOAD[:6], -1, *PAYLOAD[7:]]), b""])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {}, cbor2.dumps([*PAYLOAD[:7], b"", *PAYLOAD[8:]]), b""])),
        sealed(cbor2.CBORTag(18, [PROTECTED, {}, cbor2.dumps([*PAYLOAD[:6], 2**60, *PAYLOAD[7:]]), b""])),
        sealed(cbor2.CBORTag(18, [cbor2.dumps({1: -7, 4: bytes(8)}), {}, cbor2.dumps(PAYLOAD), b""])),
        sealed(cbor2.CBORTag(18, [cbor2.dumps({1: -8}), {}, cbor2.dumps(PAYLOAD), b""])),
        sealed(cbor2.CBORTag(18, [cbor2.dumps({1: -8, 4: b"short"}), {}, cbor2.dumps(PAYLOAD), b""])),
        sealed(cbor2.CBORTag(18, [b"\xff", {}, cbor2.dumps(PAYLOAD), b""])),
    ],
)
def test_what_is_no_anchor(data: bytes) -> None:
    with pytest.raises(NoteFormatError):
        parse_anchor(data)


def tagged(number: int, value: object) -> cbor2.CBORTag:
    return cbor2.CBORTag(number, value)


@pytest.mark.parametrize(
    "value",
    [
        tagged(5, [10**9, 3]),  # 3 times 2 to the power of 10**9
        tagged(4, [1, "z"]),
        tagged(4, [10**30, 1]),
        tagged(30, [1, 0]),
        tagged(35, "(" * 50),
        tagged(2, b"\xff" * 400),
        tagged(1, 10**300),
        tagged(258, [[1], {}]),
        tagged(28, tagged(29, 0)),
        tagged(260, b"x"),
        tagged(37, b"x"),
    ],
)
def test_tags_are_refused_wherever_they_stand(value: object) -> None:
    raw = cbor2.dumps(value)
    places = [
        raw,
        cbor2.dumps(cbor2.CBORTag(18, [PROTECTED, {}, b"", value])),
        cbor2.dumps(cbor2.CBORTag(18, [PROTECTED, {}, raw, b""])),
        cbor2.dumps(cbor2.CBORTag(18, [raw, {}, cbor2.dumps(PAYLOAD), b""])),
        cbor2.dumps(
            cbor2.CBORTag(18, [PROTECTED, {}, cbor2.dumps([*PAYLOAD[:6], value, *PAYLOAD[7:]]), b""])
        ),
    ]
    for data in places:
        with pytest.raises(NoteFormatError):
            parse_anchor(f"PRS1:{base45.encode(data)}".encode())


@given(
    data=st.binary(max_size=200),
    head=st.sampled_from([b"", b"\xd2", b"\xd2\x84\x43\xa1\x01\x27\xa0"]),
    inside=st.booleans(),
)
def test_no_bytes_end_in_anything_but_a_refusal(data: bytes, head: bytes, inside: bool) -> None:
    whole = cbor2.dumps(cbor2.CBORTag(18, [PROTECTED, {}, data, b""])) if inside else head + data
    with pytest.raises(NoteFormatError):
        parse_anchor(f"PRS1:{base45.encode(whole)}".encode())


def test_deep_cbor_is_refused_and_does_not_hang() -> None:
    with pytest.raises(NoteFormatError):
        parse_anchor(f"PRS1:{base45.encode(bytes([0x81]) * 900)}".encode())
