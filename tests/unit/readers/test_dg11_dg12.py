"""DG11 and DG12: typed, tolerant, and silent about the person in repr and warnings."""

from datetime import datetime

import pytest

from readers.emrtd.dates import PartialDate
from readers.emrtd.lds.dg11 import parse_dg11
from readers.emrtd.lds.dg12 import parse_dg12
from readers.emrtd.lds.texts import date_ccyymmdd
from readers.errors import TlvError
from readers.iso7816 import tlv
from tests.support.readers_vectors import octets, vectors


def group(tag, *items, listed=True):
    tags = b"".join(item[0].to_bytes(2, "big") for item in items if item[0] != 0xA0)
    head = tlv.encode(0x5C, tags) if listed else b""
    values = (value if isinstance(value, bytes) else value.encode() for _, value in items)
    body = (tlv.encode(item[0], value) for item, value in zip(items, values, strict=True))
    return tlv.encode(tag, head, *body)


def listing(tag, *names, count=None):
    number = tlv.encode(0x02, bytes([len(names) if count is None else count]))
    return 0xA0, number + b"".join(tlv.encode(tag, name.encode()) for name in names)


DG11 = group(
    0x6B,
    (0x5F0E, "NGUYỄN<<VĂN<MẪU"),
    listing(0x5F0F, "NGUYEN<<MAU", "MAU<<VAN"),
    (0x5F10, "001099000001"),
    (0x5F2B, "19990115"),
    (0x5F11, "Hà Nội<Việt Nam"),
    (0x5F42, "Số 1 Đường Mẫu<Hà Nội"),
    (0x5F12, "0240000000"),
    (0x5F13, "Kỹ sư"),
    (0x5F14, "TS"),
    (0x5F15, "Không có"),
    (0x5F16, b"\xff\xd8\xff"),
    (0x5F17, "C0000001<C0000002"),
    (0x5F18, "Không"),
)


def test_every_field_of_dg11():
    details = parse_dg11(DG11)
    assert details.full_name == "NGUYỄN VĂN MẪU"
    assert details.other_names == ("NGUYEN MAU", "MAU VAN")
    assert details.personal_number == "001099000001"
    assert details.birth == PartialDate(year=1999, month=1, day=15)
    assert details.place_of_birth == ("Hà Nội", "Việt Nam")
    assert details.address == ("Số 1 Đường Mẫu", "Hà Nội")
    assert (details.telephone, details.profession, details.title) == ("0240000000", "Kỹ sư", "TS")
    assert (details.summary, details.custody) == ("Không có", "Không")
    assert details.citizenship_image == b"\xff\xd8\xff"
    assert details.other_documents == ("C0000001", "C0000002")
    assert (details.warnings, details.repaired, details.raw) == ((), (), DG11)


def test_the_worked_example_of_dg11():
    table = vectors("lds")["lds"]["ef_dg11"]
    details = parse_dg11(octets(table, "EF_DG11"))
    assert details.full_name == table["full_name"]
    assert details.place_of_birth == tuple(table["place_of_birth"])
    assert details.address == tuple(table["address"])
    assert (details.telephone, details.profession) == (table["telephone"], table["profession"])
    assert details.warnings == ()
    with pytest.raises(TlvError):  # as printed, its length is wrong
        parse_dg11(b"\x6b\x63" + octets(table, "EF_DG11")[2:])


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        (b"19990115", PartialDate(year=1999, month=1, day=15)),
        (b"\x19\x99\x01\x15", PartialDate(year=1999, month=1, day=15)),
        (b"19990000", PartialDate(year=1999)),
        (b"199901<<", PartialDate(year=1999, month=1)),
        (b"\x19\x99\x00\x00", PartialDate(year=1999)),
        (b"19990230", None),
        (b"00000000", None),
        (b"\x19\x99\x0a\x15", None),
        (b"990115", None),
        ("١٩٩٩".encode(), None),
        (b"\xff" * 8, None),
    ],
)
def test_dates_in_digits_and_in_bcd(encoded, expected):
    assert date_ccyymmdd(encoded) == expected
    details = parse_dg11(group(0x6B, (0x5F2B, encoded)))
    assert details.birth == expected
    assert details.warnings == (() if expected else ("dg11-odd-birth",))


def test_every_field_of_dg12():
    details = parse_dg12(
        group(
            0x6C,
            (0x5F19, "Bộ Công an"),
            (0x5F26, "20210601"),
            listing(0x5F1A, "NGUYEN<<BE"),
            (0x5F1B, "Không"),
            (0x5F1C, "-"),
            (0x5F1D, b"front"),
            (0x5F1E, b"rear"),
            (0x5F55, "20210601083000"),
            (0x5F56, "SN1"),
        )
    )
    assert details.issuing_authority == "Bộ Công an"
    assert details.issued == PartialDate(year=2021, month=6, day=1)
    assert details.other_persons == ("NGUYEN BE",)
    assert (details.endorsements, details.tax_exit) == ("Không", "-")
    assert (details.front_image, details.rear_image) == (b"front", b"rear")
    assert details.personalised_at == datetime(2021, 6, 1, 8, 30)  # noqa: DTZ001  the file names no zone
    assert (details.personalised_by, details.warnings) == ("SN1", ())


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        (bytes.fromhex("20210601083000"), datetime(2021, 6, 1, 8, 30)),  # noqa: DTZ001
        (b"20210601", None),
        (b"20211301083000", None),
        (b"2021060108300x", None),
        (b"\xff" * 14, None),
    ],
)
def test_time_of_personalisation(encoded, expected):
    details = parse_dg12(group(0x6C, (0x5F55, encoded)))
    assert details.personalised_at == expected
    assert details.warnings == (() if expected else ("dg12-odd-personalised-at",))


@pytest.mark.parametrize(
    "parse", [lambda rest: parse_dg11(b"\x6b" + rest), lambda rest: parse_dg12(b"\x6c" + rest)]
)
def test_empty_and_odd_groups_warn(parse):
    assert any("tag-list" in warning for warning in parse(b"\x00").warnings)
    unknown = tlv.encode(0x5C, b"\x5f\x7a") + tlv.encode(0x5F7A, b"?")
    assert any("unknown-field" in warning for warning in parse(bytes([len(unknown)]) + unknown).warnings)


@pytest.mark.parametrize(
    ("items", "warning"),
    [
        (((0x5F0E, "A"), (0x5F0E, "B")), "dg11-repeated-full-name"),
        ((listing(0x5F0F, "A", count=2),), "dg11-odd-list"),
        (((0xA0, b"\x5f"),), "dg11-odd-list"),
        ((listing(0x5F7A, "A"),), "dg11-unknown-field"),
        (((0x5F0E, b"M\xe1u"),), "dg11-unreadable-full-name"),
        (((0x5F0E, "Mẫu\u202egnp"),), "dg11-unreadable-full-name"),
    ],
)
def test_dg11_warnings(items, warning):
    details = parse_dg11(group(0x6B, *items))
    assert details.warnings == (warning,)


def test_unsafe_text_is_escaped_and_named():
    details = parse_dg11(group(0x6B, (0x5F0E, "Mẫu\u202egnp\u2028")))
    assert details.full_name == "Mẫu\\u202egnp\\u2028"
    assert details.repaired == ("full-name",)


def test_an_other_name_outside_a_list_counts():
    assert parse_dg11(group(0x6B, (0x5F0F, "MAU<<VAN"))).other_names == ("MAU VAN",)


def test_a_tag_list_that_leaves_something_out():
    short = tlv.encode(
        0x6B, tlv.encode(0x5C, b"\x5f\x0e"), tlv.encode(0x5F0E, b"A"), tlv.encode(0x5F10, b"1")
    )
    assert parse_dg11(short).warnings == ("dg11-tag-list",)
    assert parse_dg11(group(0x6B, (0x5F0E, "A"), listed=False)).warnings == ("dg11-tag-list",)


@pytest.mark.parametrize("parse", [parse_dg11, parse_dg12])
@pytest.mark.parametrize(
    "broken", [b"", b"\x6b", b"\x6d\x00", b"\x6b\x03\x5f\x0e\x05", b"\x6c\x02\x5f\x26", b"\x6b\x00\x00"]
)
def test_what_is_no_such_group(parse, broken):
    with pytest.raises(TlvError):
        parse(broken)


def test_nothing_of_a_person_in_repr():
    assert repr(parse_dg11(DG11)) == "PersonalDetails(warnings=(), repaired=())"
    assert (
        repr(parse_dg12(group(0x6C, (0x5F19, "Bộ Công an")))) == "DocumentDetails(warnings=(), repaired=())"
    )
