"""QR code, DG1, DG13 and the number: two findings refuse, everything else warns."""

from dataclasses import replace
from datetime import date

import pytest

from readers.cccd.cross_check import require_agreement
from readers.cccd.id_number import parse_id_number
from readers.cccd.qr import parse_qr
from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import ConsistentChip, Holder, Portrait, SecurityObject, freeze
from readers.errors import CardExpiredError, QrMismatchError

TODAY = date(2026, 11, 22)
QR = "001099000001|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Hà Nội|20012026"
HOLDER = Holder(
    id_number="001099000001",
    surname_given="NGUYEN VAN MAU",
    full_name="Nguyễn Văn Mẫu",
    birth=PartialDate(year=1999, month=1, day=15),
    sex="M",
    expiry=date(2039, 1, 15),
    nationality="VNM",
    document_type="ID",
    document_number="099000001",
    issuing_state="VNM",
)
DETAILS = {
    "id-number": "001099000001",
    "full-name": "Nguyễn Văn Mẫu",
    "birth": "15/01/1999",
    "sex": "Nam",
    "issued": "20/01/2026",
    "expiry": "15/01/2039",
}


def chip(holder=HOLDER, details=DETAILS):
    sod = SecurityObject(
        raw=b"",
        hash_algorithm="sha256",
        data_group_hashes={},
        signer_certificate=b"",
        signing_time=None,
        facts=freeze({}),
    )
    return ConsistentChip(
        holder=holder,
        portrait=Portrait(image=b"", format="jpeg", facts=freeze({})),
        details=details,
        sod=sod,
        proven_by="aa",
        facts=freeze({}),
    )


def test_a_card_that_agrees_with_itself():
    agreement = require_agreement(parse_qr(QR), chip(), TODAY)
    assert agreement.warnings == ()
    assert agreement.facts == {"compared_with": "qr", "warnings": "", "warning_count": 0}


def test_number_or_nothing_to_compare_with():
    assert (
        require_agreement(parse_id_number("001099000001"), chip(), TODAY).facts["compared_with"] == "number"
    )
    assert require_agreement(None, chip(), TODAY).facts["compared_with"] == "none"


@pytest.mark.parametrize("other", [QR.replace("001099000001", "002099000001"), "002099000001"])
def test_another_cards_code_with_the_same_last_six_digits(other):
    access = parse_qr(other) if "|" in other else parse_id_number(other)
    with pytest.raises(QrMismatchError) as caught:
        require_agreement(access, chip(), TODAY)
    assert caught.value.conclusive
    assert "099000001" not in str(caught.value)


def test_expiry_day_itself_is_still_valid():
    require_agreement(None, chip(replace(HOLDER, expiry=TODAY)), TODAY)
    with pytest.raises(CardExpiredError) as caught:
        require_agreement(None, chip(replace(HOLDER, expiry=date(2026, 11, 21))), TODAY)
    assert caught.value.conclusive
    assert not caught.value.facts
    assert require_agreement(None, chip(replace(HOLDER, expiry=None)), TODAY).warnings == (
        "dg13-expiry-differs",
        "expiry-other-threshold",
    )


@pytest.mark.parametrize(
    ("change", "field"), [(("Mẫu|15", "Mẩu Khác|15"), "name"), (("15011999", "16011999"), "birth")]
)
def test_a_code_with_this_number_and_another_person_is_not_this_cards(change, field):
    with pytest.raises(QrMismatchError) as caught:
        require_agreement(parse_qr(QR.replace(*change)), chip(), TODAY)
    assert dict(caught.value.facts) == {"field": field}


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (("|Nam|", "|Nữ|"), "qr-sex-differs"),
        (("|Nam|", "||"), "qr-odd-sex"),
    ],
)
def test_qr_warnings(change, warning):
    assert require_agreement(parse_qr(QR.replace(*change)), chip(), TODAY).warnings == (warning,)


@pytest.mark.parametrize(
    ("key", "value", "warning"),
    [
        ("id-number", "001099000002", "dg13-number-differs"),
        ("full-name", "Trần Văn Mẫu", "dg13-name-differs"),
        ("sex", "Nữ", "dg13-sex-differs"),
        ("birth", "16/01/1999", "dg13-birth-differs"),
        ("expiry", "16/01/2039", "dg13-expiry-differs"),
        ("issued", "01/06/2021", "expiry-other-threshold"),
    ],
)
def test_detail_warnings(key, value, warning):
    assert require_agreement(None, chip(details={**DETAILS, key: value}), TODAY).warnings == (warning,)


def test_no_details_no_warnings():
    assert require_agreement(None, chip(details={}), TODAY).warnings == ()
    assert require_agreement(None, chip(details={"expiry": "Không thời hạn"}), TODAY).warnings == ()


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"sex": "F"}, "number-sex-differs"),
        ({"birth": PartialDate(year=1998)}, "number-birth-differs"),
        ({"id_number": "C01234567"}, "number-not-national"),
    ],
)
def test_number_warnings(changes, warning):
    assert require_agreement(None, chip(replace(HOLDER, **changes), {}), TODAY).warnings == (warning,)


def test_expiry_of_no_rule():
    odd = replace(HOLDER, expiry=date(2038, 5, 5))
    assert require_agreement(parse_qr(QR), chip(odd, {}), TODAY).warnings == ("expiry-not-by-rule",)


def test_nothing_of_a_person_in_repr_and_facts():
    agreement = require_agreement(parse_qr(QR.replace("|Nam|", "|Nữ|")), chip(), TODAY)
    shown = repr(agreement) + repr(chip())
    for secret in ("NGUYEN", "Nguyễn", "099000001", "1999", "2039"):
        assert secret not in shown
