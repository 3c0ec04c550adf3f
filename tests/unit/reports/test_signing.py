"""The fields of a sealed sheet, and officials' signatures in them."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pypdf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from reports.certificate import make_station_certificate
from reports.pdf import SigningPlace, draw
from reports.signature import FIELD_NAME, seal_pdf
from reports.signing_errors import (
    SigningFieldError,
    SigningFieldTakenError,
    SigningFileError,
    SigningKeyError,
)
from reports.signing_look import Shown, official_box
from reports.signing_official import (
    Official,
    choose_field,
    official_fields,
    revisions,
    sign_field,
    signed_by,
)
from reports.verification import verify_pdf
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import mixed_roll, sheet_of, signer, texts
from tests.support.signing_pki import Holder, pki

AT = datetime(2026, 11, 22, 8, 30, 5, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = make_station_certificate(KEY, signer().key.name, AT)
DRAWN = draw(sheet_of(mixed_roll(3)), signer())
SEALED = seal_pdf(DRAWN, key=KEY, certificate=CERTIFICATE, at=AT, texts=texts())
FIELDS = official_fields(SEALED)
OFFICIAL = pki().official


def official(holder: Holder) -> Official:
    return Official(certificate=holder.der, chain=holder.chain_der, sign=holder.sign)


def signed(pdf: bytes = SEALED, index: int = 0, holder: Holder = OFFICIAL, *, unknown=False) -> bytes:
    return sign_field(pdf, FIELDS[index], official(holder), at=AT, unknown=unknown, texts=texts())


ONE = signed()


def test_all_fields_are_there_before_the_seal_and_the_print_stays_a_prefix() -> None:
    assert SEALED.startswith(DRAWN.pdf)
    assert (
        len(revisions(SEALED)) == len(revisions(DRAWN.pdf)) + 2
    )  # one step: with and without the last newline
    assert page_texts(SEALED) == page_texts(DRAWN.pdf)
    reader = PdfFileReader(io.BytesIO(SEALED))
    (seal,) = reader.embedded_signatures
    assert (seal.field_name, seal.docmdp_level) == (FIELD_NAME, MDPPerm.FILL_FORMS)
    assert [(each.name, each.role, each.box, each.signed) for each in FIELDS] == [
        (f"KySo{number}", place.role, place.box, False) for number, place in enumerate(DRAWN.places, start=1)
    ]
    assert verify_pdf(SEALED, CERTIFICATE).signed_at == AT


@pytest.mark.parametrize(("count", "fields", "level"), [(0, 0, 1), (1, 1, 2), (5, 5, 2), (7, 5, 2)])
def test_up_to_five_officials_sign(count: int, fields: int, level: int) -> None:
    places = tuple(
        SigningPlace(role=f"VAI {n}", page=0, box=(50 + n, 100, 90 + n, 140)) for n in range(count)
    )
    pdf = seal_pdf(replace(DRAWN, places=places), key=KEY, certificate=CERTIFICATE, at=AT, texts=texts())
    assert [each.role for each in official_fields(pdf)] == [f"VAI {n}" for n in range(fields)]
    (seal,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert seal.docmdp_level is MDPPerm(level)
    verify_pdf(pdf, CERTIFICATE)


def test_three_sign_one_after_the_other_and_nobodys_bytes_change() -> None:
    two = signed(ONE, 2, pki().other)
    assert two.startswith(ONE)
    assert ONE.startswith(SEALED)
    assert [each.signed for each in official_fields(two)] == [True, False, True]
    last = signed_by(two, "KySo3")
    assert (last.certificate, last.at) == (pki().other.der, AT)
    assert set(last.chain) == {pki().issuing.der}  # what is pinned needs no copy
    assert verify_pdf(two, CERTIFICATE).origin == signer().key.name
    values = {field["/T"]: field.get("/V") for field in fields_of(two)}
    assert values["KySo1"]["/Reason"] == f"Ký với vai trò {FIELDS[0].role}"
    assert values["KySo1"]["/SubFilter"] == "/ETSI.CAdES.detached"
    assert values["KySo2"] is None


def fields_of(pdf: bytes) -> list[pypdf.generic.DictionaryObject]:
    root = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    return [item.get_object() for item in root["/AcroForm"]["/Fields"]]


def test_a_field_is_signed_once() -> None:
    with pytest.raises(SigningFieldTakenError):
        signed(ONE, 0, pki().other)


def test_another_keys_signature_is_not_written() -> None:
    crossed = replace(official(pki().official), sign=pki().issuing.sign)
    with pytest.raises(SigningKeyError):
        sign_field(SEALED, FIELDS[0], crossed, at=AT, unknown=False, texts=texts())


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4\n%%EOF", DRAWN.pdf, SEALED[: len(SEALED) // 2]])
def test_a_file_without_fields_says_so(data: bytes) -> None:
    with pytest.raises(SigningFileError):
        official_fields(data)


@pytest.mark.parametrize(
    ("name", "roles", "chosen"),
    [
        ("KySo2", (), "KySo2"),
        ("kyso3", (), "KySo3"),
        (None, ("sát hạch viên",), "KySo2"),
        (None, ("Sat hach vien", FIELDS[2].role), "KySo3"),
        ("KySo2", (FIELDS[1].role,), "KySo2"),
    ],
)
def test_a_field_is_chosen_by_name_by_role_or_both(name: str | None, roles: tuple, chosen: str) -> None:
    assert choose_field(FIELDS, name=name, roles=roles).name == chosen


@pytest.mark.parametrize(
    ("name", "roles"), [("KySo4", ()), (None, ("CHỦ TỊCH",)), ("KySo1", (FIELDS[1].role,)), (None, ())]
)
def test_what_names_no_field_or_several_is_refused_with_what_there_is(name: str | None, roles: tuple) -> None:
    with pytest.raises(SigningFieldError) as caught:
        choose_field(FIELDS, name=name, roles=roles)
    assert FIELDS[1].role in str(caught.value.facts["known"])


def test_one_role_twice_is_settled_by_the_empty_field() -> None:
    twice = [replace(FIELDS[0], role="X"), replace(FIELDS[1], role="X")]
    with pytest.raises(SigningFieldError):
        choose_field(twice, name=None, roles=("X",))
    assert choose_field([replace(twice[0], signed=True), twice[1]], name=None, roles=("X",)) is twice[1]
    with pytest.raises(SigningFieldTakenError):
        choose_field([replace(each, signed=True) for each in twice], name=None, roles=("X",))


def shown(**given: object) -> Shown:
    whole: dict[str, object] = {
        "role": "SÁT HẠCH VIÊN",
        "holder": "TRẦN THỊ MẪU",
        "issuer": "TEST Issuing",
        "at": AT,
        "unknown": False,
        **given,
    }
    return Shown(**whole)  # type: ignore[arg-type]


def test_the_box_says_who_in_which_role_when_and_what_is_not_known() -> None:
    words = " ".join(page_texts(official_box((0, 0, 170, 57), shown(), texts()))[0].split())
    assert "Ký số: SÁT HẠCH VIÊN" in words
    assert "TRẦN THỊ MẪU" in words
    assert "22/11/2026 15:30:05" in words
    assert "CHƯA XÁC ĐỊNH" not in words
    marked = page_texts(official_box((0, 0, 170, 57), shown(unknown=True), texts()))[0]
    assert "CHƯA XÁC ĐỊNH" in marked
    assert "chưa bị thu hồi" not in marked


def test_long_names_in_a_narrow_box_lose_no_letter() -> None:
    name = "NGUYỄN PHÚC HOÀNG THỊ BÍCH NGỌC QUỲNH DƯƠNG ẨM ỄN"
    long = shown(
        holder=name, issuer="TEST " + "Cơ quan cấp chứng thư " * 4, role="PHÓ CHỦ TỊCH HỘI ĐỒNG SÁT HẠCH"
    )
    page = pypdf.PdfReader(io.BytesIO(official_box((0, 0, 105, 55), long, texts()))).pages[0]
    assert name.replace(" ", "") in "".join(page.extract_text().split())
    lowest: list[float] = []
    page.extract_text(visitor_text=lambda text, cm, tm, *_: lowest.append(tm[5]) if text.strip() else None)
    assert min(lowest) > 0


def test_no_repr_shows_a_certificate_or_a_key() -> None:
    assert "b'" not in repr(official(pki().official))
    assert "MẪU" not in repr(shown())
