"""EF.COM, the MRZ and DG1, SecurityInfos, DG14: worked examples and broken files."""

from datetime import date

import pytest

from readers.emrtd.dates import PartialDate
from readers.emrtd.holder import parse_holder
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.lds.com import parse_com
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg13 import NationalDetails
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.mrz import check_digit, parse_mrz
from readers.errors import MrzError, TlvError
from readers.iso7816 import der, tlv
from tests.support.readers_vectors import octets, vectors

MRZ = vectors("mrz")
LDS = vectors("lds")["lds"]
SPECIMEN = (
    "IDVNM0990000017001099000001<<8"
    "9901155M2401151VNM<<<<<<<<<<<2"
    "NGUYEN<<VAN<MAU<<<<<<<<<<<<<<<"
)  # fmt: skip


def lines(table):
    return "".join(table[key] for key in ("line_1", "line_2", "line_3") if key in table)


@pytest.mark.parametrize("name", MRZ["check_digit"])
def test_check_digits(name):
    assert check_digit(MRZ["check_digit"][name]["data"]) == MRZ["check_digit"][name]["check_digit"]


@pytest.mark.parametrize("name", MRZ["mrz"])
def test_worked_examples(name):
    table = MRZ["mrz"][name]
    mrz = parse_mrz(lines(table))
    number = table.get("document_number_full", table["document_number"]).rstrip("<")
    assert (mrz.format, mrz.document_number) == (table["format"], number)
    assert mrz.issuing_state == table["issuing_state_or_organization"]
    assert (mrz.nationality, mrz.sex) == (table["nationality"], table["sex"])
    assert f"{mrz.surname}<<{mrz.given_names}".replace(" ", "<") == table["name"].rstrip("<")
    assert mrz.birth.iso[2:].replace("-", "") == table["date_of_birth"]
    assert f"{mrz.expiry:%y%m%d}" == table["date_of_expiry"]


@pytest.mark.parametrize("name", MRZ["mrz_negative"])
def test_wrong_check_digits(name):
    table = MRZ["mrz_negative"][name]
    with pytest.raises(MrzError) as caught:
        parse_mrz(lines(table))
    assert (
        table["wrong_check_digit"]
        .removeprefix("date of ")
        .startswith(caught.value.facts["field"].split("-")[0])
    )


def spoil(position, character):
    text = list(SPECIMEN)
    text[position] = character
    return "".join(text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (spoil(14, "8"), "document-number"),
        (spoil(36, "6"), "birth"),
        (spoil(44, "2"), "expiry"),
        (spoil(59, "3"), "composite"),
        (spoil(30, "O"), "birth"),
        (spoil(38, "O"), "expiry"),
        (spoil(16, "8"), "composite"),
        (spoil(37, "N"), "sex"),
        (SPECIMEN[:-1], "length"),
        ("", "length"),
        (SPECIMEN.lower(), "characters"),
        (spoil(61, "Đ"), "characters"),
    ],
)
def test_spoilt_specimen(text, field):
    with pytest.raises(MrzError) as caught:
        parse_mrz(text)
    assert caught.value.facts == {"field": field}


def sealed(birth="990115", sex="M", expiry="240115"):
    """The specimen with other dates and right check digits."""
    head = SPECIMEN[:30]
    second = f"{birth}{check_digit(birth)}{sex}{expiry}{check_digit(expiry)}VNM<<<<<<<<<<<"
    composite = check_digit(head[5:30] + second[:7] + second[8:15] + second[18:29])
    return head + second + composite + SPECIMEN[60:]


def test_the_helper_rebuilds_the_specimen():
    assert sealed() == SPECIMEN


def test_dates():
    assert parse_mrz(sealed(expiry="991231")).expiry is None
    assert parse_mrz(sealed(birth="9901<<")).birth == PartialDate(year=1999, month=1)
    assert parse_mrz(sealed(birth="99<<<<")).birth == PartialDate(year=1999)
    assert parse_mrz(sealed(birth="200115", expiry="340115")).birth.year == 2020
    assert parse_mrz(sealed(sex="<")).sex == "X"
    for broken in ({"birth": "991301"}, {"birth": "990230"}, {"expiry": "240230"}, {"birth": "<<0115"}):
        with pytest.raises(MrzError):
            parse_mrz(sealed(**broken))


def test_long_document_number_needs_its_own_digit():
    text = lines(MRZ["mrz"]["d2_td1_long_number"]).replace("<7349<", "<7348<")
    with pytest.raises(MrzError, match="document-number"):
        parse_mrz(text)


@pytest.mark.parametrize("name", ["ef_dg1_td1", "ef_dg1_td2", "ef_dg1_td3"])
def test_dg1(name):
    file = octets(LDS[name], "EF_DG1")
    assert file.startswith(octets(LDS[name], "prefix"))
    mrz = parse_dg1(file)
    assert mrz == parse_mrz(lines(MRZ["mrz"][name.removeprefix("ef_dg1_")]))
    assert (mrz.surname, mrz.given_names) == ("ERIKSSON", "ANNA MARIA")


def dg1(text):
    return tlv.encode(0x61, tlv.encode(0x5F1F, text.encode()))


def test_holder_of_a_national_card():
    holder = parse_holder(parse_mrz(SPECIMEN))
    assert holder.id_number == "001099000001"
    assert holder.surname_given == holder.display_name == "NGUYEN VAN MAU"
    assert holder.birth == PartialDate(year=1999, month=1, day=15)
    assert holder.expiry == date(2024, 1, 15)
    details = NationalDetails(full_name="Nguyễn Văn Mẫu", fields={}, warnings=())
    assert parse_holder(parse_mrz(SPECIMEN), details).display_name == "Nguyễn Văn Mẫu"
    unsafe = NationalDetails(full_name="Mẫu\\u202e", fields={}, warnings=(), repaired=("full-name",))
    assert parse_holder(parse_mrz(SPECIMEN), unsafe).full_name is None


def test_century_comes_from_the_number():
    text = sealed(birth="250115", expiry="991231").replace("001099000001", "001225000001")
    line = text[:30]
    digits = check_digit(line[5:30] + text[30:37] + text[38:45] + text[48:59])
    holder = parse_holder(parse_mrz(line + text[30:59] + digits + text[60:]))
    assert holder.birth == PartialDate(year=2025, month=1, day=15)
    assert holder.expiry is None


def test_holder_of_a_foreign_document():
    holder = parse_holder(parse_dg1(octets(LDS["ef_dg1_td3"], "EF_DG1")))
    assert holder.id_number == holder.document_number == "L898902C3"


def test_nothing_of_a_person_in_repr():
    shown = (
        repr(parse_mrz(SPECIMEN))
        + repr(parse_holder(parse_mrz(SPECIMEN)))
        + repr(PartialDate(year=1999, month=1))
    )
    for secret in ("NGUYEN", "099000001", "1999", "VNM", "'M'"):
        assert secret not in shown


def test_com():
    com = parse_com(octets(LDS["ef_com"], "EF_COM"))
    assert (com.lds_version, com.unicode_version, com.data_groups) == ("0107", "040000", (1, 2, 4, 12))
    assert parse_com(octets(LDS["ef_com_15_99"], "EF_COM")).lds_version == "1599"


def test_offset_objects_of_read_binary():
    offsets = LDS["read_binary_offset"]
    assert tlv.encode(0x54, b"\x01") == octets(offsets, "offset_0001_DO54")
    assert tlv.encode(0x54, b"\xff\xff") == octets(offsets, "offset_FFFF_DO54")


@pytest.mark.parametrize(
    "change", [("5C046175766C", "5C046175FF6C"), ("30313037", "3031303A"), ("5F0104", "5F0204")]
)
def test_broken_com(change):
    with pytest.raises(TlvError):
        parse_com(bytes.fromhex(LDS["ef_com"]["EF_COM"].replace(*change)))


CARD_ACCESS = bytes.fromhex(
    "3134300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F0007020204020202010202010D"
)


def test_card_access_of_the_national_card():
    infos = parse_card_access(CARD_ACCESS)
    (info,) = infos.pace
    assert (info.protocol, info.version, info.parameter_id) == ("pace-ecdh-gm-aes-128", 2, 13)
    (chip,) = infos.chip_auth
    assert (chip.version, chip.key_id) == (1, None)
    assert infos.chip_auth_keys == ()
    assert infos.active_auth_algorithm is None


def info_object(oid, *values):
    return tlv.encode(0x30, tlv.encode(6, der.encode_oid(oid)), *values)


def test_dg14_and_what_is_missing_from_it():
    key = info_object("0.4.0.127.0.7.2.2.1.2", tlv.encode(0x30), der.encode_integer(1))
    signing = info_object(
        "2.23.136.1.1.5", der.encode_integer(1), tlv.encode(6, der.encode_oid("0.4.0.127.0.7.1.1.4.1.3"))
    )
    known = tlv.parse_one(CARD_ACCESS).value
    full = parse_dg14(tlv.encode(0x6E, tlv.encode(0x31, known, key, signing)))
    assert parse_card_access(CARD_ACCESS).missing_from(full) == ()
    assert full.chip_auth_keys[0].key_id == 1
    assert full.active_auth_algorithm == "0.4.0.127.0.7.1.1.4.1.3"
    stripped = parse_dg14(tlv.encode(0x6E, tlv.encode(0x31, key)))
    assert len(parse_card_access(CARD_ACCESS).missing_from(stripped)) == 3


def test_unknown_pace_variants_are_not_offered():
    odd = info_object("0.4.0.127.0.7.2.2.4.9.2", der.encode_integer(2))
    odder = info_object("0.4.0.127.0.7.2.2.4.2.2.1", der.encode_integer(2))
    no_curve = info_object("0.4.0.127.0.7.2.2.4.2.4", der.encode_integer(2))
    infos = parse_card_access(tlv.encode(0x31, odd, odder, no_curve))
    assert [(info.protocol, info.parameter_id) for info in infos.pace] == [("pace-ecdh-gm-aes-256", None)]


@pytest.mark.parametrize(
    "octets_",
    [
        b"",
        b"\x31\x00",
        b"\x30\x00",
        b"\x31\x02\x30\x00",
        tlv.encode(0x31, info_object("1.2.3")),
        CARD_ACCESS + b"\0",
        tlv.encode(0x31, *[info_object("1.2.3", b"\x02\x01\x01")] * 33),
    ],
)
def test_broken_security_infos(octets_):
    with pytest.raises(TlvError):
        parse_card_access(octets_)


def test_partial_dates():
    assert PartialDate.of(date(1999, 1, 15)).full == date(1999, 1, 15)
    assert PartialDate(year=1999, month=1).full is None
    assert [PartialDate(year=1999, **rest).iso for rest in ({}, {"month": 1}, {"month": 1, "day": 15})] == [
        "1999",
        "1999-01",
        "1999-01-15",
    ]
    assert PartialDate(year=1999).agrees_with(PartialDate(year=1999, month=3))
    assert not PartialDate(year=1999, month=2).agrees_with(PartialDate(year=1999, month=3))
    for broken in ({"day": 1}, {"month": 13}, {"month": 2, "day": 30}):
        with pytest.raises(ValueError, match=r".+"):
            PartialDate(year=1999, **broken)
