"""For any octets the TLV parser returns or raises TlvError, and never does more work than the input has
octets."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.emrtd.lds.com import parse_com
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg2 import parse_portrait
from readers.emrtd.lds.dg13 import parse_dg13
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import parse_dg15
from readers.emrtd.lds.security_infos import parse_security_infos
from readers.errors import ReaderError, TlvError
from readers.iso7816 import tlv

TAGS = st.sampled_from(
    [0x02, 0x04, 0x06, 0x0C, 0x30, 0x31, 0x5F1F, 0x5F2E, 0x61, 0x6D, 0x6E, 0x6F, 0x75, 0x7F60, 0x7F61]
)
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
