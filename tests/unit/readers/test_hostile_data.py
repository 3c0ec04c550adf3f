"""What a hostile card or code may put into its data, each case by name: a defined result, never a traceback, and work
bounded by the input's own size."""

import unicodedata
from contextlib import suppress
from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from biometrics.decode import PortraitDecoder
from biometrics.errors import ImageMalformedError, ImageTooLargeError
from readers.cccd.access_plan import plan_for, read_access
from readers.cccd.cross_check import require_agreement
from readers.cccd.qr import MAX_OCTETS, parse_qr
from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import ConsistentChip, SecurityObject, freeze
from readers.emrtd.holder import parse_holder
from readers.emrtd.lds.com import parse_com
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg2 import parse_portrait
from readers.emrtd.lds.dg11 import parse_dg11
from readers.emrtd.lds.dg12 import parse_dg12
from readers.emrtd.lds.dg13 import parse_dg13
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import parse_dg15
from readers.emrtd.lds.mrz import check_digit, parse_mrz
from readers.errors import MrzError, PortraitError, QrError, ReaderError, TlvError
from readers.iso7816 import der, tlv
from tests.support.readers_vectors import octets, vectors
from tests.unit.readers.test_dg2 import dg2, record
from tests.unit.readers.test_dg13 import ALL, dg13

FILES = {
    0x60: parse_com,
    0x61: parse_dg1,
    0x6B: parse_dg11,
    0x6C: parse_dg12,
    0x6D: parse_dg13,
    0x6E: parse_dg14,
    0x6F: parse_dg15,
    0x75: parse_portrait,
}
EVERY_FILE = pytest.mark.parametrize("tag", FILES)
TODAY = date(2026, 11, 22)
QR = "001099000001|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Hà Nội|01062021"
TD1 = "IDVNM0990000017001099000001<<89901155M2401151VNM<<<<<<<<<<<2NGUYEN<<VAN<MAU<<<<<<<<<<<<<<<"
TD3 = "".join(vectors("mrz")["mrz"]["td3"][line] for line in ("line_1", "line_2"))
TD2 = "".join(vectors("mrz")["mrz"]["td2"][line] for line in ("line_1", "line_2"))


# --- TLV -------------------------------------------------------------------------------------------------------


@EVERY_FILE
def test_a_length_of_84ffffffff(tag):
    for file in (bytes([tag]) + b"\x84\xff\xff\xff\xff", tlv.encode(tag, b"\x30\x84\xff\xff\xff\xff")):
        with pytest.raises(TlvError):
            FILES[tag](file)


@EVERY_FILE
def test_nesting_of_1000(tag):
    inner = b""
    for _ in range(1000):
        inner = tlv.encode(0x30, inner)
    with pytest.raises(TlvError):
        FILES[tag](tlv.encode(tag, inner))


def test_nesting_of_1000_inside_a_field_of_dg13():
    inner = tlv.encode(0x0C, b"x")
    for _ in range(1000):
        inner = tlv.encode(0x30, inner)
    with pytest.raises(TlvError):
        parse_dg13(dg13({**ALL, 14: inner}))


@EVERY_FILE
def test_zero_length(tag):
    if tag in {0x6B, 0x6C}:
        assert FILES[tag](bytes([tag, 0])).warnings
    else:
        with pytest.raises(TlvError):
            FILES[tag](bytes([tag, 0]))


@EVERY_FILE
def test_trailing_bytes(tag):
    with pytest.raises(TlvError):
        FILES[tag](bytes([tag, 0, 0]))


def test_trailing_bytes_behind_good_files():
    for good, parse in (
        (octets(vectors("lds")["lds"]["ef_com"], "EF_COM"), parse_com),
        (octets(vectors("lds")["lds"]["ef_dg1_td1"], "EF_DG1"), parse_dg1),
        (dg13(ALL), parse_dg13),
        (dg2(record()), parse_portrait),
    ):
        parse(good)
        with pytest.raises(TlvError):
            parse(good + b"\0")


@EVERY_FILE
def test_the_tag_of_another_file(tag):
    with pytest.raises(TlvError):
        FILES[tag](tlv.encode(0x77, b""))


# --- DG13 ------------------------------------------------------------------------------------------------------


def test_dg13_with_an_unknown_field():
    details = parse_dg13(dg13({**ALL, 17: b"", 99: b"\x0c\x01x"}))
    assert details.warnings == ("dg13-unknown-field",)
    assert details.full_name == "Nguyễn Văn Mẫu"


@pytest.mark.parametrize("number", range(1, 17))
def test_dg13_with_a_missing_field(number):
    details = parse_dg13(dg13({key: value for key, value in ALL.items() if key != number}))
    assert len(details.warnings) == (1 if number <= 4 else 0)


def test_dg13_with_a_duplicate_field_keeps_the_first():
    again = tlv.encode(0x30, der.encode_integer(2), tlv.encode(0x0C, "Người Khác".encode()))
    details = parse_dg13(dg13(ALL, extra=again))
    assert (details.full_name, details.warnings) == ("Nguyễn Văn Mẫu", ("dg13-repeated-full-name",))


def test_dg13_with_a_residence_of_400_octets():
    residence = "Đường Mẫu " * 40
    assert len(residence.encode()) > 400
    assert parse_dg13(dg13({**ALL, 9: tlv.encode(0x0C, residence.encode())})).fields["residence"] == residence


def test_dg13_in_another_order_and_with_integers_of_two_octets():
    entries = [tlv.encode(0x30, b"\x02\x02\x00" + bytes([n]), ALL[n]) for n in reversed(ALL)]
    details = parse_dg13(tlv.encode(0x6D, tlv.encode(0x31, *entries)))
    assert (details.id_number, details.warnings) == ("001099000001", ())


def test_dg13_that_is_not_utf_8_is_shown_escaped_and_kept_raw():
    file = dg13({**ALL, 2: tlv.encode(0x0C, b"Nguy\xea\xf1n")})
    details = parse_dg13(file)
    assert details.full_name == "Nguy\\xea\\xf1n"
    assert details.raw == file
    assert details.repaired == ("full-name",)


@pytest.mark.parametrize(
    "character", ["\u202e", "\u2066", "\u200f", "\u2028", "\u0000", "\u001b", "\ufeff", "\ue000"]
)
def test_dg13_with_u202e_and_other_unseen_characters(character):
    file = dg13({**ALL, 2: tlv.encode(0x0C, f"Mẫu{character}gnp".encode())})
    details = parse_dg13(file)
    assert details.full_name == f"Mẫu\\u{ord(character):04x}gnp"
    assert character not in "".join(details.fields.values())
    assert details.raw == file


def test_dg13_with_more_fields_than_any_card():
    entries = [tlv.encode(0x30, der.encode_integer(n), b"") for n in range(1025)]
    with pytest.raises(TlvError):
        parse_dg13(tlv.encode(0x6D, tlv.encode(0x31, *entries)))


# --- DG2 -------------------------------------------------------------------------------------------------------


def picture(kind, **options):
    sink = BytesIO()
    Image.new("RGB", (300, 400), (90, 80, 70)).save(sink, kind, **options)
    return sink.getvalue()


@pytest.fixture(scope="module")
def decoder():
    with PortraitDecoder() as decoder:
        yield decoder


@pytest.mark.parametrize(("kind", "data_type"), [("JPEG", 1), ("JPEG2000", 0)])
def test_dg2_whose_magic_is_not_the_declared_type(decoder, kind, data_type):
    portrait = parse_portrait(dg2(record(picture(kind), data_type=data_type)))
    assert portrait.format != portrait.declared
    assert decoder.decode(portrait.image, portrait.format).shape == (400, 300, 3)
    with pytest.raises(ImageMalformedError):
        decoder.decode(portrait.image, portrait.declared)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_dg2_of_30000_by_30000(decoder, kind):
    data = bytearray(picture(kind))
    marker, size = (
        (b"\xff\xc0", (30000).to_bytes(2, "big"))
        if kind == "JPEG"
        else (b"\xff\x4f\xff\x51", (30000).to_bytes(4, "big"))
    )
    at = data.index(marker) + (5 if kind == "JPEG" else 8)
    data[at : at + 2 * len(size)] = size * 2
    portrait = parse_portrait(dg2(record(bytes(data))))
    assert (portrait.facts["width"], portrait.facts["height"]) == (30000, 30000)
    with pytest.raises(ImageTooLargeError):
        decoder.decode(portrait.image, portrait.format)


@pytest.mark.parametrize(
    "file",
    [
        dg2(count=0),
        dg2(record(), record(), count=2),
        dg2(record(faces=0)),
        dg2(record(faces=2)),
        tlv.encode(0x75, tlv.encode(0x7F61, der.encode_integer(0))),
    ],
    ids=["no-template", "two-templates", "no-face", "two-faces", "count-0"],
)
def test_dg2_with_two_or_zero_faces(file):
    with pytest.raises(PortraitError) as caught:
        parse_portrait(file)
    assert caught.value.facts["reason"] == "faces"


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_dg2_with_an_archive_behind_the_picture(decoder, kind):
    data = picture(kind)
    portrait = parse_portrait(dg2(record(data + b"PK\x03\x04" + b"x" * 2000)))
    assert portrait.image == data
    assert portrait.facts["trailing_octets"] == 2004
    assert decoder.decode(portrait.image, portrait.format).shape == (400, 300, 3)


def test_dg2_that_is_an_archive(decoder):
    portrait = parse_portrait(dg2(record(b"PK\x03\x04" + b"x" * 2000)))
    assert portrait.format == "unknown"
    with pytest.raises(ImageMalformedError):
        decoder.decode(portrait.image, portrait.format)


# --- MRZ -------------------------------------------------------------------------------------------------------

DIGITS = {
    "TD1": (TD1, {14: "document-number", 36: "birth", 44: "expiry", 59: "composite"}),
    "TD2": (TD2, {45: "document-number", 55: "birth", 63: "expiry", 71: "composite"}),
    "TD3": (TD3, {53: "document-number", 63: "birth", 71: "expiry", 86: "optional", 87: "composite"}),
}
CASES = [(text, place, field) for text, places in DIGITS.values() for place, field in places.items()]


@pytest.mark.parametrize(("text", "place", "field"), CASES)
def test_each_check_digit_of_the_mrz(text, place, field):
    for wrong in set("0123456789<A") - {text[place]}:
        with pytest.raises(MrzError) as caught:
            parse_mrz(text[:place] + wrong + text[place + 1 :])
        assert caught.value.facts["field"] == field


def test_a_td3_mrz_is_parsed_whole():
    mrz = parse_mrz(TD3)
    assert (mrz.format, mrz.document_code, mrz.issuing_state) == ("TD3", "P", "UTO")
    assert (mrz.surname, mrz.given_names, mrz.optional) == ("ERIKSSON", "ANNA MARIA", "ZE184226B")
    assert mrz.birth == PartialDate(year=1974, month=8, day=12)
    assert (mrz.sex, mrz.expiry) == ("F", date(2012, 4, 15))


def test_a_td3_mrz_without_optional_data_and_its_check_digit():
    """The digit may be a filler (9303-4 4.2.2); some issuers leave it so."""
    line = "L898902C36UTO7408122F1204159" + "<" * 15
    composite = check_digit(line[:10] + line[13:20] + line[21:43])
    mrz = parse_mrz(TD3[:44] + line + composite)
    assert (mrz.optional, mrz.information) == ("", "L898902C3674081221204159")


@pytest.mark.parametrize("text", [TD1, TD2, TD3])
def test_no_o_passes_for_a_zero(text):
    """Where a check digit stands guard: everywhere but in names, document code, issuer and nationality."""
    guarded = {
        len(TD1): [*range(5, 30), *range(30, 37), *range(38, 45)],
        len(TD2): [*range(36, 46), *range(49, 56), *range(57, 72)],
    }
    places = guarded.get(len(text), [*range(44, 54), *range(57, 64), *range(65, 88)])
    found = [place for place in places if text[place] == "0"]
    assert found
    for place in found:
        with pytest.raises(MrzError) as caught:
            parse_mrz(text[:place] + "O" + text[place + 1 :])
        assert caught.value.facts["reason"] == "letter-o"


# --- QR --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fields", "warned"), [(6, True), (7, False), (8, True), (11, False), (15, True)])
def test_qr_of_so_many_fields(fields, warned):
    card = parse_qr("|".join((QR.split("|") + [""] * 8)[:fields]))
    assert ("qr-field-count" in card.warnings) is warned
    assert card.id_number.can.value == "000001"


@pytest.mark.parametrize("fields", [1, 5, 16])
def test_qr_of_too_few_or_too_many_fields(fields):
    with pytest.raises(QrError):
        parse_qr("|".join((QR.split("|") + [""] * 9)[:fields]))


@pytest.mark.parametrize(
    "payload", [QR + "\r\n", "\ufeff" + QR, "\ufeff" + QR + "\r\n", (QR + "\r\n").encode("utf-8-sig")]
)
def test_qr_with_crlf_and_bom(payload):
    assert parse_qr(payload) == parse_qr(QR)


def test_qr_in_decomposed_unicode():
    decomposed = unicodedata.normalize("NFD", QR)
    assert decomposed != QR
    assert parse_qr(decomposed) == parse_qr(QR)


def test_qr_of_4_kb():
    longest = QR.replace("Số 1", "x" * (MAX_OCTETS - len(QR.encode()) + len("Số 1".encode())))
    assert len(longest.encode()) == MAX_OCTETS
    assert len(parse_qr(longest).address) > 3900
    with pytest.raises(QrError) as caught:
        parse_qr(longest + "x")
    assert caught.value.facts["reason"] == "too-long"


@pytest.mark.parametrize("formula", ["=cmd()", "+1", "-1", "@SUM(A1)", "=HYPERLINK(1)"])
def test_qr_with_formula_characters_is_text_like_any_other(formula):
    card = parse_qr(QR.replace("Nguyễn Văn Mẫu", formula).replace("Số 1", formula))
    assert card.full_name == formula
    assert card.address.startswith(formula)


def test_qr_whose_number_and_dates_are_wild():
    for change in (
        ("15011999", "99999999"),
        ("15011999", "00000000"),
        ("01062021", "31129999"),
        ("15011999", "0001"),
    ):
        plan = plan_for(read_access(QR.replace(*change)))
        assert plan.labels[0] == "can"
        assert len(plan.keys) <= 4


# --- dates on the card that cannot be ---------------------------------------------------------------------------


def chip(mrz_text, fields):
    mrz, national = parse_mrz(mrz_text), parse_dg13(dg13(fields))
    sod = SecurityObject(
        raw=b"",
        hash_algorithm="sha256",
        data_group_hashes={},
        signer_certificate=b"",
        signing_time=None,
        facts=freeze({}),
    )
    return ConsistentChip(
        holder=parse_holder(mrz, national),
        portrait=parse_portrait(dg2(record())),
        mrz=mrz,
        national=national,
        sod=sod,
        proven_by="aa",
        facts=freeze({}),
    )


@pytest.mark.parametrize(
    "said", ["31/12/9999", "01/01/0001", "29/02/2100", "00/00/0000", "99/99/9999", "", "\u202e", "x" * 500]
)
def test_impossible_dates_on_the_card_warn_and_end_nothing(said):
    text = tlv.encode(0x0C, said.encode())
    middle = "9901155M" + "391231" + check_digit("391231") + "VNM<<<<<<<<<<<"
    composite = check_digit(TD1[5:30] + middle[:7] + middle[8:15] + middle[18:29])
    card = chip(TD1[:30] + middle + composite + TD1[60:], {**ALL, 3: text, 11: text, 12: text})
    for access in (read_access(QR), read_access("001099000001"), None):
        assert isinstance(require_agreement(access, card, TODAY).warnings, tuple)


def test_no_error_of_all_this_is_anything_but_a_reader_error():
    """What decides about holder or chip takes none of it; the other files are tolerant."""
    accepted = set()
    for tag, parse in FILES.items():
        for body in (
            b"",
            b"\x00",
            b"\xff" * 40,
            b"\x30\x80",
            b"\x5f",
            b"\x02\x00",
            b"\x31\x02\x30\x00",
            bytes(300),
        ):
            with suppress(ReaderError):
                parse(tlv.encode(tag, body))
                accepted.add(tag)
    assert not accepted & {0x61, 0x6E, 0x6F, 0x75}
