"""The hardened TLV parser: sound structures, and the ones a hostile chip sends."""

import time

import pytest

from readers.errors import ChipMalformedError, TlvError
from readers.iso7816 import der, tlv


def test_round_trip_of_long_forms():
    for length in (0, 1, 127, 128, 255, 256, 65535, 65536):
        item = tlv.parse_one(tlv.encode(0x7F49, bytes(length)), 0x7F49)
        assert len(item.value) == length
        assert item.constructed


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("", "no-tag"),
        ("30", "no-length"),
        ("3080", "indefinite-length"),
        ("30808000", "indefinite-length"),
        ("3085000000000100", "length-too-long"),
        ("3084FFFFFFFF", "value-truncated"),
        ("308200", "length-truncated"),
        ("3003020101FF", "trailing-bytes"),
        ("3004020101", "value-truncated"),
        ("1F", "tag-truncated"),
        ("1F8181818101", "tag-too-long"),
    ],
)
def test_broken_structures(octets, reason):
    with pytest.raises(TlvError) as caught:
        tlv.parse_one(bytes.fromhex(octets))
    assert caught.value.facts["reason"] == reason
    assert isinstance(caught.value, ChipMalformedError)


def test_huge_length_is_refused_at_once_without_allocation():
    started = time.process_time()
    for _ in range(1000):
        with pytest.raises(TlvError):
            tlv.parse_one(bytes.fromhex("3084FFFFFFFF00"))
    assert time.process_time() - started < 5


def nested(depth):
    octets = b""
    for _ in range(depth):
        octets = tlv.encode(0x30, octets)
    return octets


def test_nesting_of_1000_is_refused_and_24_is_not():
    assert tlv.check_nesting(nested(24)) == 24
    for depth in (25, 1000):
        with pytest.raises(TlvError) as caught:
            tlv.check_nesting(nested(depth))
        assert caught.value.facts["reason"] == "too-deep"


def test_too_many_siblings():
    with pytest.raises(TlvError):
        tlv.parse_all(b"\x04\x00" * 1025)


def test_header_may_announce_more_than_there_is():
    header = tlv.read_header(bytes.fromhex("75823A50"))
    assert (header.tag, header.size, header.length, header.total) == (0x75, 4, 0x3A50, 0x3A54)


def test_zero_length_is_an_empty_value():
    assert tlv.parse_one(b"\x30\x00").children() == ()


def test_missing_child_and_wrong_tag():
    with pytest.raises(TlvError):
        tlv.parse_one(b"\x30\x00").child(0x02)
    with pytest.raises(TlvError):
        tlv.parse_one(b"\x30\x00", 0x31)


def test_value_is_not_in_repr():
    assert "MAU" not in repr(tlv.parse_one(tlv.encode(0x5F1F, b"MAU")))


@pytest.mark.parametrize(
    "dotted", ["2.5.4.6", "0.4.0.127.0.7.2.2.4.2.2", "2.999.3", "1.0.10646.1.0.8", "2.23.136.1.1.1"]
)
def test_object_identifiers(dotted):
    item = tlv.parse_one(tlv.encode(0x06, der.encode_oid(dotted)))
    assert der.decode_oid(item) == dotted


@pytest.mark.parametrize("octets", ["0600", "060188", "0221" + "01" * 33, "06" + "21" + "01" * 33])
def test_broken_object_identifiers(octets):
    with pytest.raises(TlvError):
        der.decode_oid(tlv.parse_one(bytes.fromhex(octets)))


def test_integers():
    for value in (0, 1, 127, 128, 65537, 1 << 2047):
        assert der.decode_integer(tlv.parse_one(der.encode_integer(value))) == value
    with pytest.raises(TlvError):
        der.decode_integer(tlv.parse_one(b"\x02\x00"))
    with pytest.raises(TlvError):
        der.decode_bit_string(tlv.parse_one(b"\x03\x02\x07\x80"))
