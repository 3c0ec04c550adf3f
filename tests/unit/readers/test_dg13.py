"""DG13 is walked tolerantly: what can be shown is shown safely, the rest are warnings."""

import unicodedata

import pytest

from readers.emrtd.lds.dg13 import escape, parse_dg13
from readers.errors import TlvError
from readers.iso7816 import der, tlv

UTF8, PRINTABLE = 0x0C, 0x13
BASE = {
    1: tlv.encode(PRINTABLE, b"001099000001"),
    2: tlv.encode(UTF8, "Nguyễn Văn Mẫu".encode()),
    3: tlv.encode(PRINTABLE, b"15/01/1999"),
    4: tlv.encode(UTF8, b"Nam"),
}


def dg13(fields, *, order=None, extra=b""):
    entries = [tlv.encode(0x30, der.encode_integer(number), fields[number]) for number in order or fields]
    oid = tlv.encode(6, der.encode_oid("1.0.10646.1.0.8"))
    return tlv.encode(0x6D, tlv.encode(0x30, der.encode_integer(1), oid, tlv.encode(0x31, *entries, extra)))


def test_fields_in_any_order():
    details = parse_dg13(dg13(BASE, order=(4, 2, 1, 3)))
    assert details.fields == {
        "id-number": "001099000001",
        "full-name": "Nguyễn Văn Mẫu",
        "birth": "15/01/1999",
        "sex": "Nam",
    }
    assert details.warnings == ()


def test_long_residence_expiry_text_and_empty_spouse():
    residence = "Số 1 Đường Mẫu, " * 25
    details = parse_dg13(
        dg13(
            {
                **BASE,
                9: tlv.encode(UTF8, residence.encode()),
                12: tlv.encode(UTF8, "Không thời hạn".encode()),
                14: b"",
            }
        )
    )
    assert details.fields["residence"] == residence
    assert details.fields["expiry"] == "Không thời hạn"
    assert "spouse" not in details.fields
    assert details.warnings == ()


def test_parents():
    father, mother = (tlv.encode(0x30, tlv.encode(UTF8, name.encode())) for name in ("Cha Mẫu", "Mẹ Mẫu"))
    details = parse_dg13(dg13({**BASE, 13: father + mother}))
    assert (details.fields["father"], details.fields["mother"]) == ("Cha Mẫu", "Mẹ Mẫu")
    third = parse_dg13(dg13({**BASE, 13: father + mother + father}))
    assert third.warnings == ("dg13-odd-parents",)


def test_decomposed_text_is_composed():
    details = parse_dg13(dg13({**BASE, 2: tlv.encode(UTF8, unicodedata.normalize("NFD", "Mẫu").encode())}))
    assert details.fields["full-name"] == "Mẫu"


def test_missing_unknown_repeated_and_odd_fields():
    repeated = tlv.encode(0x30, der.encode_integer(4), tlv.encode(UTF8, "Nữ".encode()))
    odd = tlv.encode(0x30, tlv.encode(UTF8, b"x")) + tlv.encode(0x04, b"x")
    fields = {key: value for key, value in BASE.items() if key != 3}
    details = parse_dg13(dg13({**fields, 77: b"", 6: b"\x05\x00"}, extra=repeated + odd))
    assert details.fields["sex"] == "Nam"
    assert set(details.warnings) == {
        "dg13-missing-birth",
        "dg13-unknown-field",
        "dg13-repeated-sex",
        "dg13-odd-field",
    }


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"M\xe1u", "M\\xe1u"),
        ("Mẫu\u202egnp".encode(), "Mẫu\\u202egnp"),
        (b"M\x00u", "M\\u0000u"),
        (b"M\nu", "M\\u000au"),
    ],
)
def test_unsafe_text_is_escaped(octets, shown):
    details = parse_dg13(dg13({**BASE, 2: tlv.encode(UTF8, octets)}))
    assert details.fields["full-name"] == shown
    assert details.repaired == ("full-name",)
    assert details.warnings == ("dg13-unreadable-full-name",)


@pytest.mark.parametrize(
    "octets", [b"", b"\x6d\x00", tlv.encode(0x6D, tlv.encode(0x30)), b"\x6d\x03\x31\x05\x00"]
)
def test_nothing_to_walk(octets):
    with pytest.raises(TlvError):
        parse_dg13(octets)


def test_a_bare_set_is_walked_too():
    entry = tlv.encode(0x30, der.encode_integer(1), BASE[1])
    assert parse_dg13(tlv.encode(0x6D, tlv.encode(0x31, entry))).fields == {"id-number": "001099000001"}


def test_nothing_of_a_person_in_repr_or_warnings():
    details = parse_dg13(dg13({**BASE, 2: tlv.encode(UTF8, b"M\xe1u")}))
    assert "001099000001" not in repr(details)
    assert "M\\xe1u" not in repr(details)


def test_escape_keeps_vietnamese():
    assert escape("Nguyễn Thị Đẫu") == "Nguyễn Thị Đẫu"
