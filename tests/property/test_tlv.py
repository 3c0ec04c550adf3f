"""For any octets the TLV parser returns or raises TlvError, and never does more work than the input has
octets."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.emrtd.lds.com import parse_com
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg2 import parse_portrait
from readers.emrtd.lds.dg11 import parse_dg11
from readers.emrtd.lds.dg12 import parse_dg12
from readers.emrtd.lds.dg13 import parse_dg13
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import parse_dg15
from readers.emrtd.lds.security_infos import parse_security_infos
from readers.errors import ReaderError, TlvError
from readers.iso7816 import tlv

ONE_OCTET = bytes.fromhex("02 04 06 0C 30 31 5C 61 65 6D 6E 6F 75 80 A0 A1 A7")
TWO_OCTETS = (0x5F0E, 0x5F0F, 0x5F1F, 0x5F26, 0x5F2B, 0x5F2E, 0x5F55, 0x7F2E, 0x7F60, 0x7F61)
TAGS = st.sampled_from([*ONE_OCTET, *TWO_OCTETS])
TREES = st.recursive(
    st.binary(max_size=20),
    lambda inner: st.lists(st.tuples(TAGS, inner), max_size=4).map(
        lambda items: b"".join(tlv.encode(tag, value) for tag, value in items)
    ),
    max_leaves=20,
)


@given(st.binary(max_size=400))
def test_any_octets(data):
    try:
        count = tlv.check_nesting(data)
    except TlvError:
        return
    assert count <= len(data)


@given(TREES)
def test_what_was_encoded_is_read_back(data):
    item, end = tlv.read_tlv(tlv.encode(0x30, data))
    assert (item.value, end) == (data, len(item.raw))


@given(data=TREES, position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_every_flipped_bit_ends_in_a_result_or_a_reader_error(data, position, bit):
    octets = bytearray(tlv.encode(0x30, data))
    octets[position % len(octets)] ^= 1 << bit
    with contextlib.suppress(TlvError):
        assert b"".join(item.raw for item in tlv.parse_all(bytes(octets))) == octets


@pytest.mark.parametrize(
    ("parser", "tag"),
    [
        (parse_com, 0x60),
        (parse_dg1, 0x61),
        (parse_portrait, 0x75),
        (parse_dg11, 0x6B),
        (parse_dg12, 0x6C),
        (parse_dg13, 0x6D),
        (parse_dg14, 0x6E),
        (parse_dg15, 0x6F),
    ],
)
@given(data=TREES)
def test_file_parsers_raise_nothing_but_reader_errors(parser, tag, data):
    with contextlib.suppress(ReaderError):
        assert parser(tlv.encode(tag, data)) is not None


@given(data=TREES)
def test_security_infos_raise_nothing_but_reader_errors(data):
    with contextlib.suppress(ReaderError):
        infos = parse_security_infos(tlv.encode(0x31, data))
        assert infos.infos
        _ = infos.pace, infos.chip_auth, infos.chip_auth_keys, infos.active_auth_algorithm


@given(data=TREES, where=st.sampled_from([0x5F2E, 0x7F2E]))
def test_any_face_record_raises_nothing_but_reader_errors(data, where):
    for block in (data, tlv.encode(0xA1, data), tlv.encode(0x65, data), b"FAC\x00010\x00" + data):
        template = tlv.encode(0x7F60, tlv.encode(where, block))
        with contextlib.suppress(ReaderError):
            portrait = parse_portrait(tlv.encode(0x75, tlv.encode(0x7F61, b"\x02\x01\x01", template)))
            assert portrait.image in block, "a picture is octets of the file, nothing else"


@given(st.lists(st.tuples(st.integers(0, 20), TREES), max_size=20))
def test_any_field_of_dg13_raises_nothing_but_reader_errors(fields):
    entries = (tlv.encode(0x30, bytes([2, 1, number]), value) for number, value in fields)
    with contextlib.suppress(ReaderError):
        details = parse_dg13(tlv.encode(0x6D, tlv.encode(0x31, *entries)))
        assert repr(details).startswith("NationalDetails(warnings=")
