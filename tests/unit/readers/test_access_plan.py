"""From a QR code, a number or an MRZ to the keys, in the order in which they are tried."""

from datetime import date

import pytest

from readers.cccd import expiry
from readers.cccd.access_plan import MAX_KEYS, number_of, plan_for, read_access, read_mrz
from readers.cccd.id_number import IdNumber, parse_id_number
from readers.cccd.qr import QrCard, parse_qr
from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.lds.mrz import Mrz
from readers.errors import IdNumberError, MrzError, MrzInputError, QrError
from tests.support.readers_vectors import vectors

QR = "001099000001|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Hà Nội|01062021"
TD1 = ("IDVNM0990000017001099000001<<8", "9901155M2401151VNM<<<<<<<<<<<2", "NGUYEN<<VAN<MAU<<<<<<<<<<<<<<<")
EXAMPLES = vectors("mrz")["mrz"]


def lines(table):
    return [table[key] for key in ("line_1", "line_2", "line_3") if key in table]


def values(text):
    return [key.value for key in plan_for(read_access(text)).keys]


def test_a_qr_code_gives_the_can_and_then_the_candidates_of_the_rule():
    plan = plan_for(parse_qr(QR))
    assert plan.labels == ("can", "mrz-rule", "mrz-next", "mrz-indefinite")
    assert plan.keys == (
        Can("000001"),
        MrzInformation("099000001799011552401151"),
        MrzInformation("099000001799011553901153"),
        MrzInformation("099000001799011559912315"),
    )
    assert (plan.label(1), plan.label(3), plan.label(0), plan.label(5)) == ("can", "mrz-next", "", "")


def test_the_document_number_is_the_last_nine_digits():
    assert all(value.startswith("0990000017") for value in values(QR)[1:])


def test_born_on_29_february_has_both_days_of_a_common_year():
    plan = plan_for(parse_qr(QR.replace("15011999", "29022000").replace("01062021", "01062022")))
    assert plan.labels == ("can", "mrz-rule", "mrz-29feb", "mrz-next")
    assert [key.value[17:23] for key in plan.keys[1:]] == ["250228", "250301", "400229"]


@pytest.mark.parametrize(
    ("printed", "in_mrz", "expires"), [("1999", "99<<<<", "240101"), ("00031999", "9903<<", "240301")]
)
def test_a_birth_of_which_day_or_month_is_unknown(printed, in_mrz, expires):
    keys = values(QR.replace("15011999", printed))
    assert keys[1][10:16] == in_mrz
    assert keys[1][17:23] == expires


def test_an_old_holder_has_only_the_indefinite_candidate():
    plan = plan_for(parse_qr(QR.replace("15011999", "1950")))
    assert plan.labels == ("can", "mrz-indefinite")
    assert plan.keys[1].value.endswith("9912315")


@pytest.mark.parametrize(
    "payload", [QR.rpartition("|")[0], QR.replace("01062021", "x"), QR.replace("15011999", "x")]
)
def test_without_both_dates_only_the_can_is_known(payload):
    assert plan_for(parse_qr(payload)).labels == ("can",)


def test_a_year_beyond_the_calendar_is_no_traceback():
    plan = plan_for(parse_qr(QR.replace("15011999", "15019990")))
    assert plan.labels[0] == "can"
    assert len(set(plan.keys)) == len(plan.keys)
    assert expiry.birthday(date(9990, 1, 15), 60) == date.max


def test_never_more_than_four_keys():
    for year in range(1930, 2021):
        for day in ("0101", "2902"):
            born = f"{day}{year}"
            for issued in range(2021, 2027):
                plan = plan_for(parse_qr(QR.replace("15011999", born).replace("01062021", f"0106{issued}")))
                assert (
                    2 <= len(plan.keys) == len(plan.labels) <= MAX_KEYS
                    or "qr-odd-birth" in parse_qr(QR.replace("15011999", born)).warnings
                )


def test_a_number_gives_its_can():
    plan = plan_for(parse_id_number("001099000001"))
    assert (plan.labels, plan.keys) == (("can",), (Can("000001"),))


def test_the_mrz_of_the_card_gives_its_own_key_and_then_the_can():
    plan = plan_for(read_mrz("\n".join(TD1)))
    assert plan.labels == ("mrz", "can")
    assert plan.keys == (MrzInformation("099000001799011552401151"), Can("000001"))
    assert number_of(read_mrz("".join(TD1))) == IdNumber("001099000001")


@pytest.mark.parametrize("name", EXAMPLES)
def test_mrz_information_of_the_worked_examples(name):
    mrz = read_mrz("\n".join(lines(EXAMPLES[name])))
    plan = plan_for(mrz)
    assert plan.labels == ("mrz",)
    assert plan.keys[0].value == EXAMPLES[name]["MRZ_information"]
    assert plan.keys[0].secret.hex().upper() == EXAMPLES[name]["H_SHA1_MRZ_information_hex"]
    assert number_of(mrz) is None


@pytest.mark.parametrize("glue", ["", "\n", "\r\n", " ", " \n ", "\n\n"])
@pytest.mark.parametrize("name", ["td1", "td2", "td3"])
def test_lines_may_be_joined_or_apart(name, glue):
    text = f"\ufeff  {glue.join(lines(EXAMPLES[name]))}\r\n"
    source = read_access(text)
    assert isinstance(source, Mrz)
    assert source.format == EXAMPLES[name]["format"]
    assert read_access(text.encode()) == source


@pytest.mark.parametrize("name", ["td1", "td2", "td3"])
def test_small_letters_typed_by_hand_are_capitals(name):
    text = "\n".join(lines(EXAMPLES[name]))
    assert read_mrz(text.lower()) == read_access(text.title()) == read_mrz(text)


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (("VNM099", "VNMO99"), {"field": "document-number", "reason": "letter-o"}),
        (("9901155M", "99O1155M"), {"field": "birth", "reason": "letter-o"}),
        (("M2401151", "M24O1151"), {"field": "expiry", "reason": "letter-o"}),
        (("7001099", "7OO1099"), {"field": "composite", "reason": "letter-o"}),
        (("0990000017", "0990000018"), {"field": "document-number"}),
        (("9901155M", "9901156M"), {"field": "birth"}),
        (("M2401151", "M2401152"), {"field": "expiry"}),
        (("<<<2NGUYEN", "<<<3NGUYEN"), {"field": "composite"}),
        (("VNM099", "vnmo99"), {"field": "document-number", "reason": "letter-o"}),
        (("9901155M", "99o1155m"), {"field": "birth", "reason": "letter-o"}),
        (("NGUYEN", "nguyên"), {"field": "characters"}),
        (("NGUYEN<<VAN", "NGUYEN<<V\u0131N"), {"field": "characters"}),
        (("NGUYEN<<VAN", "NGUYEN<<VA\u017f"), {"field": "characters"}),
        (("NGUYEN", "NGUYÊN"), {"field": "characters"}),
        (("IDVNM", "DVNM"), {"field": "length"}),
    ],
)
def test_an_mrz_that_is_not_right_names_the_part(change, facts):
    text = "".join(TD1)
    assert change[0] in text
    with pytest.raises(MrzInputError) as caught:
        read_mrz(text.replace(*change))
    assert caught.value.code == "mrz-input-invalid"
    assert isinstance(caught.value, MrzError)
    assert dict(caught.value.facts) == facts
    assert "099" not in str(caught.value) + repr(caught.value)


def test_td3_optional_data_and_number_with_a_letter_o():
    text = "".join(lines(EXAMPLES["td3"]))
    for change, field in (
        (("L898902C3", "L8989O2C3"), "document-number"),
        (("<<<<<10", "<<<<<20"), "optional"),
    ):
        with pytest.raises(MrzInputError) as caught:
            read_mrz(text.replace(*change))
        assert caught.value.facts["field"] == field


def test_what_comes_in_is_told_apart():
    assert isinstance(read_access(QR), QrCard)
    assert isinstance(read_access("001099000001\n"), IdNumber)
    assert isinstance(read_access("".join(TD1)), Mrz)
    for broken, error in (
        ("12345", IdNumberError),
        ("1|2", QrError),
        ("IDVNM<", MrzInputError),
        ("9" * 30, MrzInputError),
        ("9" * 4097, MrzInputError),
        (b"\xff", IdNumberError),
        ("", IdNumberError),
        ("\ud800", IdNumberError),
    ):
        with pytest.raises(error):
            read_access(broken)


@pytest.mark.parametrize("text", ["001099000001", "".join(TD1), ""])
def test_what_is_no_qr_payload_is_said_to_be_none(text):
    with pytest.raises(QrError) as caught:
        parse_qr(text)
    assert dict(caught.value.facts) == {"field": "payload", "reason": "no-separator"}


def test_nothing_secret_in_repr():
    shown = (
        repr(plan_for(parse_qr(QR))) + repr(read_mrz("".join(TD1))) + repr(plan_for(read_mrz("".join(TD1))))
    )
    for secret in ("000001", "0990", "9901", "NGUYEN"):
        assert secret not in shown
