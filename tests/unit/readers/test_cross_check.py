"""What opened the chip, DG1, DG13, DG11 and the number: two findings refuse, everything else warns."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from readers.cccd.access_plan import read_mrz
from readers.cccd.cross_check import WARNINGS, require_agreement
from readers.cccd.id_number import parse_id_number
from readers.cccd.qr import parse_qr
from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import ConsistentChip, Portrait, SecurityObject, freeze
from readers.emrtd.holder import parse_holder
from readers.emrtd.lds.dg11 import PersonalDetails
from readers.emrtd.lds.dg12 import DocumentDetails
from readers.emrtd.lds.dg13 import NationalDetails
from readers.emrtd.lds.mrz import check_digit, parse_mrz
from readers.errors import CardExpiredError, QrMismatchError
from tests.support.readers_vectors import vectors

TODAY = date(2026, 11, 22)
TEXTS = Path(__file__).resolve().parents[3] / "proctor" / "text"
QR = "001099000001|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Hà Nội|20012026"


def mrz_text(*, number="001099000001", birth="990115", sex="M", expiry="390115", nation="VNM", document=None):
    """The card's MRZ with right check digits."""
    document = document or number[-9:]
    head = f"IDVNM{document}{check_digit(document)}{number}<<{check_digit(number)}"
    middle = f"{birth}{check_digit(birth)}{sex}{expiry}{check_digit(expiry)}{nation}{'<' * 11}"
    composite = check_digit(head[5:30] + middle[:7] + middle[8:15] + middle[18:29])
    return f"{head}{middle}{composite}NGUYEN<<VAN<MAU<<<<<<<<<<<<<<<"


NATIONAL = NationalDetails(
    id_number="001099000001",
    full_name="Nguyễn Văn Mẫu",
    birth=PartialDate(year=1999, month=1, day=15),
    sex="M",
    nationality="Việt Nam",
    issued=PartialDate(year=2026, month=1, day=20),
    expiry=PartialDate(year=2039, month=1, day=15),
    old_number="012345678",
    fields={"sex": "Nam"},
    warnings=(),
)
PORTRAIT = Portrait(image=b"", format="jpeg", declared="jpeg", facts=freeze({"trailing_octets": 0}))
PASSPORT = "".join(vectors("mrz")["mrz"]["td3"][line] for line in ("line_1", "line_2"))


def chip(text=None, *, national=NATIONAL, personal=None, document=None, portrait=PORTRAIT, holder=None):
    mrz = parse_mrz(text or mrz_text())
    told = parse_holder(mrz, national, personal)
    sod = SecurityObject(
        raw=b"",
        hash_algorithm="sha256",
        data_group_hashes={},
        signer_certificate=b"",
        signing_time=None,
        facts=freeze({}),
    )
    return ConsistentChip(
        holder=replace(told, **(holder or {})),
        portrait=portrait,
        mrz=mrz,
        national=national,
        personal=personal,
        document=document,
        sod=sod,
        proven_by="aa",
        facts=freeze({}),
    )


def national(**changes):
    return replace(NATIONAL, **changes)


def passport(text=PASSPORT, **changes):
    """A passport that has not expired (the century of the worked example's expiry is ours to choose)."""
    return chip(
        text, national=None, holder={"expiry": date(2030, 4, 15), **changes.pop("holder", {})}, **changes
    )


def test_a_card_that_agrees_with_itself():
    agreement = require_agreement(parse_qr(QR), chip(), TODAY)
    assert agreement.warnings == ()
    assert agreement.facts == {"compared_with": "qr", "warnings": "", "warning_count": 0}


def test_number_mrz_or_nothing_to_compare_with():
    number = parse_id_number("001099000001")
    for access, name in ((number, "number"), (read_mrz(mrz_text()), "mrz"), (None, "none")):
        agreement = require_agreement(access, chip(), TODAY)
        assert (agreement.facts["compared_with"], agreement.warnings) == (name, ())


# --- another person's code -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [QR.replace("001099000001", "002099000001"), "002099000001", mrz_text(number="002099000001")],
    ids=["qr", "number", "mrz"],
)
def test_qr_of_a_on_card_of_b_with_the_same_last_digits_fails_and_names_nobody(other):
    access = parse_qr(other) if "|" in other else read_mrz(other) if "<" in other else parse_id_number(other)
    with pytest.raises(QrMismatchError) as caught:
        require_agreement(access, chip(), TODAY)
    assert caught.value.conclusive
    assert dict(caught.value.facts) == {"field": "id-number"}
    for secret in ("099000001", "NGUYEN", "Nguyễn", "1999"):
        assert secret not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("change", "field"), [(("Mẫu|15", "Mẩu Khác|15"), "name"), (("15011999", "16011999"), "birth")]
)
def test_a_code_with_this_number_and_another_person_is_not_this_cards(change, field):
    with pytest.raises(QrMismatchError) as caught:
        require_agreement(parse_qr(QR.replace(*change)), chip(), TODAY)
    assert dict(caught.value.facts) == {"field": field}


@pytest.mark.parametrize(
    ("change", "field"), [({"document": "099000002"}, "document-number"), ({"birth": "990116"}, "birth")]
)
def test_the_mrz_of_another_document(change, field):
    with pytest.raises(QrMismatchError) as caught:
        require_agreement(read_mrz(mrz_text(**change)), chip(), TODAY)
    assert dict(caught.value.facts) == {"field": field}


def test_a_year_only_birth_agrees_with_every_day_of_it():
    card = chip(mrz_text(birth="99<<<<"), national=national(birth=PartialDate(year=1999)))
    assert card.holder.birth == PartialDate(year=1999)
    assert require_agreement(parse_qr(QR.replace("15011999", "1999")), card, TODAY).warnings == ()
    with pytest.raises(QrMismatchError):
        require_agreement(parse_qr(QR.replace("15011999", "1998")), card, TODAY)


# --- expiry ----------------------------------------------------------------------------------------------------


def test_expiry_day_itself_is_still_valid():
    require_agreement(None, chip(mrz_text(expiry="261122")), TODAY)
    with pytest.raises(CardExpiredError) as caught:
        require_agreement(None, chip(mrz_text(expiry="261121")), TODAY)
    assert caught.value.conclusive
    assert not caught.value.facts


def test_991231_is_indefinite_and_never_1999():
    old = QR.replace("15011999", "15011960").replace("001099", "001060")
    told = national(
        id_number="001060000001",
        birth=PartialDate(year=1960, month=1, day=15),
        expiry=None,
        indefinite=True,
    )
    card = chip(mrz_text(number="001060000001", birth="600115", expiry="991231"), national=told)
    assert card.holder.expiry is None
    assert require_agreement(parse_qr(old), card, TODAY).warnings == ()


def test_an_indefinite_expiry_that_the_rule_does_not_give():
    card = chip(mrz_text(expiry="991231"))
    assert require_agreement(None, card, TODAY).warnings == ("dg13-expiry-differs", "expiry-other-threshold")


@pytest.mark.parametrize("expiry", ["390115", "991231"])
@pytest.mark.parametrize("indefinite", [True, False])
def test_dg13_and_dg1_on_expiry(expiry, indefinite):
    told = national(indefinite=indefinite, expiry=None if indefinite else NATIONAL.expiry, issued=None)
    found = require_agreement(None, chip(mrz_text(expiry=expiry), national=told), TODAY).warnings
    assert found == (() if indefinite == (expiry == "991231") else ("dg13-expiry-differs",))


@pytest.mark.parametrize(
    ("issued", "expiry", "warnings"),
    [
        ((2026, 1, 20), "390115", ()),
        ((2026, 1, 20), "590115", ("expiry-other-threshold",)),
        ((2026, 1, 20), "991231", ("expiry-other-threshold",)),
        ((2026, 1, 20), "380505", ("expiry-not-by-rule",)),
        ((2021, 6, 1), "390115", ("expiry-other-threshold",)),
    ],
)
def test_expiry_by_the_rule(issued, expiry, warnings):
    told = national(
        issued=PartialDate(year=issued[0], month=issued[1], day=issued[2]), expiry=None, fields={}
    )
    assert require_agreement(None, chip(mrz_text(expiry=expiry), national=told), TODAY).warnings == warnings


@pytest.mark.parametrize("expiry", ["330228", "330301"])
def test_both_days_of_a_common_year_follow_the_rule(expiry):
    number = "001208000001"
    told = national(id_number=number, birth=None, expiry=None)
    card = chip(mrz_text(number=number, birth="080229", expiry=expiry), national=told)
    assert card.holder.birth == PartialDate(year=2008, month=2, day=29)
    assert require_agreement(None, card, TODAY).warnings == ()


@pytest.mark.parametrize(
    ("label", "warnings"),
    [
        ("can", ()),
        ("mrz", ()),
        ("mrz-rule", ()),
        ("", ()),
        ("mrz-next", ("expiry-other-key",)),
        ("mrz-29feb", ("expiry-other-key",)),
        ("mrz-indefinite", ("expiry-other-key",)),
    ],
)
def test_a_later_key_is_itself_a_finding(label, warnings):
    agreement = require_agreement(parse_qr(QR), chip(), TODAY, opened_with=label)
    assert agreement.warnings == warnings
    assert agreement.facts.get("opened_with", "") == label


@pytest.mark.parametrize(("refused", "warnings"), [(0, ()), (1, ("access-key-refused",))])
def test_a_key_that_the_chip_refused_is_a_finding(refused, warnings):
    """Other than a kind of password that the chip does not know, which costs no try."""
    agreement = require_agreement(parse_qr(QR), chip(), TODAY, opened_with="mrz-rule", refused_keys=refused)
    assert agreement.warnings == warnings


# --- warnings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "warnings"),
    [
        (("|Nam|", "|Nữ|"), ("qr-sex-differs",)),
        (("|Nam|", "||"), ("qr-odd-sex",)),
        (("Nguyễn Văn Mẫu", "Nguyên Văn Mậu"), ("qr-name-differs",)),
        (("Nguyễn Văn Mẫu", "NGUYỄN VĂN MẪU"), ()),
        (("012345678", "876543210"), ("qr-old-number-differs",)),
        (("012345678", ""), ()),
        (("20012026", "21012026"), ("qr-issue-date-differs",)),
        (("20012026", "2026"), ()),
    ],
)
def test_qr_warnings(change, warnings):
    assert require_agreement(parse_qr(QR.replace(*change)), chip(), TODAY).warnings == warnings


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"sex": "F"}, "mrz-sex-differs"),
        ({"nation": "LAO"}, "mrz-nationality-differs"),
        ({"expiry": "590115"}, "mrz-expiry-differs"),
    ],
)
def test_typed_mrz_warnings(change, warning):
    assert require_agreement(read_mrz(mrz_text(**change)), chip(), TODAY).warnings == (warning,)


def test_a_name_has_no_check_digit_in_the_mrz():
    typed = read_mrz(mrz_text().replace("<MAU", "<MAI"))
    assert require_agreement(typed, chip(), TODAY).warnings == ("mrz-name-differs",)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"id_number": "001099000002"}, "dg13-number-differs"),
        ({"full_name": "Trần Văn Mẫu"}, "dg13-name-differs"),
        ({"sex": "F"}, "dg13-sex-differs"),
        ({"sex": ""}, "dg13-sex-differs"),
        ({"birth": PartialDate(year=1999, month=1, day=16)}, "dg13-birth-differs"),
        ({"birth": PartialDate(year=1899, month=1, day=15)}, "dg13-birth-differs"),
        ({"nationality": "Lào"}, "dg13-nationality-differs"),
        ({"expiry": PartialDate(year=2039, month=1, day=16)}, "dg13-expiry-differs"),
        ({"repaired": ("residence",)}, "dg13-unsafe-text"),
        ({"issued": PartialDate(year=2027)}, "issue-date-in-future"),
    ],
)
def test_dg13_warnings(changes, warning):
    assert require_agreement(None, chip(national=national(**changes)), TODAY).warnings == (warning,)


def test_no_details_no_warnings():
    assert require_agreement(None, chip(national=None), TODAY).warnings == ()
    empty = NationalDetails(fields={}, warnings=("dg13-missing-id-number",))
    assert require_agreement(None, chip(national=empty), TODAY).warnings == ()


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        (mrz_text(sex="F"), ("number-sex-differs",)),
        (mrz_text(birth="980115"), ("number-birth-differs",)),
        (mrz_text(nation="LAO"), ("dg1-nationality-differs",)),
        (mrz_text(document="123456789"), ("dg1-document-number-differs",)),
        (mrz_text(number="00109900000A", document="099000001"), ("number-not-national",)),
    ],
)
def test_number_and_first_line_warnings(text, warnings):
    assert require_agreement(None, chip(text, national=None), TODAY).warnings == warnings


def test_the_check_digit_of_the_twelve_digits():
    line = mrz_text()[:29] + "9"
    text = mrz_text()
    composite = check_digit(line[5:30] + text[30:37] + text[38:45] + text[48:59])
    card = chip(line + text[30:59] + composite + text[60:], national=None)
    assert require_agreement(None, card, TODAY).warnings == ("dg1-number-digit",)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"personal_number": "001099000002"}, "dg11-number-differs"),
        ({"full_name": "Trần Văn Mẫu"}, "dg11-name-differs"),
        ({"birth": PartialDate(year=1999, month=2)}, "dg11-birth-differs"),
    ],
)
def test_dg11_warnings(changes, warning):
    card = chip(national=None, personal=PersonalDetails(**changes))
    assert require_agreement(None, card, TODAY).warnings == (warning,)


def test_dg11_that_agrees_and_other_kinds_of_number_and_script():
    for changes in (
        {"personal_number": "012345678", "full_name": "Nguyễn Văn Mẫu"},
        {"full_name": "阮文某", "birth": PartialDate(year=1999)},
    ):
        card = chip(national=None, personal=PersonalDetails(**changes))
        assert require_agreement(None, card, TODAY).warnings == ()


def test_dg12_date_of_issue():
    other = DocumentDetails(issued=PartialDate(year=2025, month=1, day=20))
    assert require_agreement(None, chip(document=other), TODAY).warnings == ("dg12-issue-date-differs",)
    future = DocumentDetails(issued=PartialDate(year=2027))
    assert require_agreement(None, chip(document=future, national=None), TODAY).warnings == (
        "issue-date-in-future",
    )


def test_a_birth_in_the_future_warns_and_ends_nothing():
    card = chip(mrz_text(number="001230000001", birth="300115", expiry="440115"), national=None)
    assert card.holder.birth.year == 2030
    assert require_agreement(None, card, TODAY).warnings == ("birth-in-future",)


@pytest.mark.parametrize(
    ("portrait", "warning"),
    [
        (replace(PORTRAIT, declared="jpeg2000"), "portrait-format-differs"),
        (replace(PORTRAIT, facts=freeze({"trailing_octets": 22})), "portrait-trailing-data"),
    ],
)
def test_portrait_warnings(portrait, warning):
    assert require_agreement(None, chip(portrait=portrait), TODAY).warnings == (warning,)


# --- passports -------------------------------------------------------------------------------------------------


def test_a_passport_follows_neither_the_number_nor_the_expiry_rule():
    issued = DocumentDetails(issued=PartialDate(year=2020, month=4, day=15))
    assert require_agreement(None, passport(document=issued), TODAY).warnings == ()
    typed = replace(read_mrz(PASSPORT), expiry=date(2030, 4, 15))
    assert require_agreement(typed, passport(), TODAY).warnings == ()


def test_a_passport_and_somebody_elses_number():
    with pytest.raises(QrMismatchError):
        require_agreement(parse_id_number("001099000001"), passport(), TODAY)


def test_another_issuers_names_are_not_folded_by_our_rules():
    personal = PersonalDetails(full_name="Müller Änne", personal_number="999999999")
    assert require_agreement(None, passport(personal=personal), TODAY).warnings == ()


# --- all codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_warning_has_a_text(language):
    table = tomllib.loads((TEXTS / language / "readers.toml").read_text(encoding="utf-8"))
    assert set(WARNINGS) <= table.keys()


def test_every_warning_has_a_test():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [code for code in WARNINGS if f'"{code}"' not in source] == []


def test_nothing_of_a_person_in_repr_and_facts():
    agreement = require_agreement(parse_qr(QR.replace("|Nam|", "|Nữ|")), chip(), TODAY)
    shown = repr(agreement) + repr(chip())
    for secret in ("NGUYEN", "Nguyễn", "099000001", "1999", "2039"):
        assert secret not in shown
