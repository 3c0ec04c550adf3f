import hashlib
import io
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.generic import ArrayObject, NameObject, NumberObject, StreamObject, TextStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata

from reports.certificate import make_station_certificate
from reports.dss import Dss
from reports.errors import (
    PdfFormatError,
    PdfOtherSignerError,
    PdfUnsignedError,
    ReportsError,
)
from reports.signature import fill_field, seal_pdf
from reports.signing_look import Shown, official_look
from reports.signing_official import Official, _HeldKey, official_fields, sign_field
from reports.signing_status import read_certificate
from reports.verification import verify_pdf
from reports.verify_revisions import split_revisions
from reports.verify_sheet import Level, SheetFinding, SignatureKind, verify_sheet
from tests.support.reports_sheets import signer, texts
from tests.support.signed_sheets import (
    AT,
    CERTIFICATE,
    KEY,
    archived,
    believed,
    drawn,
    proofs,
    proven,
    sealed,
    signed,
    signed_by,
    stamped,
    stamped_by,
    with_store,
)
from tests.support.signing_pki import new_root, now, pki

Change = Callable[[bytes], bytes]


def judged(pdf: bytes, *, lists: bool = True) -> SheetFinding:
    return verify_sheet(pdf, CERTIFICATE, believed(lists=lists), at=datetime.now(UTC))


def statuses(found: SheetFinding) -> dict[str, tuple[str, str]]:
    return {each.field: (each.status.value, each.level.value) for each in found.signatures}


# -- honest files ----------------------------------------------------------------------------------


def test_a_seal_alone_is_whole_and_names_who_has_not_signed():
    found = judged(sealed())
    assert found.credible
    assert found.whole
    assert [each.kind for each in found.signatures] == [SignatureKind.SEAL]
    assert [name for name, _ in found.open_fields] == ["KySo1", "KySo2", "KySo3"]
    assert found.unsigned_sha256 == hashlib.sha256(drawn().pdf).hexdigest()
    assert found.sealed_sha256 == hashlib.sha256(sealed()).hexdigest()


def test_officials_signatures_are_theirs_with_role_and_status():
    found = judged(signed())
    assert found.credible
    assert statuses(found) == {
        "NiemPhongTram": ("valid", "B-B"),
        "KySo1": ("valid", "B-B"),
        "KySo2": ("valid", "B-B"),
    }
    assert [each.role for each in found.signatures[1:]] == [each.role for each in drawn().places[:2]]
    assert found.signatures[1].certificate == pki().official.fingerprint
    assert "TRẦN" not in repr(found)
    assert verify_pdf(signed(), CERTIFICATE).signed_at == AT


def test_without_lists_nobody_knows():
    assert statuses(judged(signed(), lists=False))["KySo1"][0] == "unknown"


def test_without_a_pinned_authority_a_signature_is_not_believed():
    found = verify_sheet(signed(), CERTIFICATE, at=now())
    assert found.intact
    assert not found.credible
    assert statuses(found)["KySo1"][0] == "untrusted"


def test_a_certificate_of_the_same_name_by_another_authority_is_not_believed():
    other = new_root("TEST Root (proctor)").issue("TRẦN THỊ MẪU (TEST)")
    found = judged(signed_by(sealed(), other))
    assert (found.intact, found.credible) == (True, False)
    assert statuses(found)["KySo1"][0] == "untrusted"


def test_levels_grow_with_stamps_and_proofs():
    assert {level for _, level in statuses(judged(stamped())).values()} == {"B-T"}
    assert {level for _, level in statuses(judged(proven(), lists=False)).values()} == {"B-LT"}
    last = statuses(judged(archived(), lists=False))
    assert last.pop("DauThoiGian2") == ("valid", "B-T")
    assert set(last.values()) == {("valid", "B-LTA")}
    assert not judged(proven()).whole
    assert judged(archived()).whole


def test_without_the_roots_list_it_is_not_long_term_whoever_else_is_pinned():
    """The level must not depend on which of its authorities somebody pinned."""
    known = proofs()
    both = (pki().issuing.der, pki().root.der)
    asked = replace(believed(lists=False), signatures=both, time_stamps=both)
    for crls, level in ((known.crls, "B-LT"), (known.crls[:1], "B-T")):
        pdf = with_store(stamped(), replace(known, crls=crls))
        found = verify_sheet(pdf, CERTIFICATE, asked, at=datetime.now(UTC))
        assert {said for _, said in statuses(found).values()} == {level}


def test_a_stamp_by_nobody_known_dates_nothing():
    other = new_root("TEST Root (proctor)")
    tsa = other.issue("TEST Time stamps (proctor)", extended=(ExtendedKeyUsageOID.TIME_STAMPING,))
    found = judged(stamped_by(signed(), tsa))
    assert not found.credible
    assert statuses(found)["KySo1"] == ("valid", Level.BARE)


def test_a_stamp_by_a_certificate_for_signing_is_none():
    found = judged(stamped_by(signed(), pki().official))
    assert statuses(found)["DauThoiGian1"][0] == "untrusted"


def test_a_stamp_keeps_a_signature_good_after_its_certificate_expired():
    later = datetime.now(UTC) + timedelta(days=500)
    assert statuses(verify_sheet(signed(), CERTIFICATE, believed(), at=later))["KySo1"][0] == "expired"
    found = verify_sheet(archived(), CERTIFICATE, believed(), at=datetime.now(UTC) + timedelta(days=300))
    assert statuses(found)["KySo1"] == ("valid", "B-LTA")


# -- altered files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [signed, proven, archived])
def test_a_bit_flipped_anywhere_is_refused(make: Callable[[], bytes]):
    pdf, rng = make(), random.Random(20261122)
    own = len(sealed())
    places = [*rng.sample(range(own), 6), *rng.sample(range(own, len(pdf)), 26), len(pdf) - 1]
    for at in places:
        changed = bytearray(pdf)
        changed[at] ^= 1 << rng.randrange(8)
        try:
            found = judged(bytes(changed))
        except PdfFormatError:
            continue
        assert not found.intact, at
        assert found.signatures == ()


@pytest.mark.slow
def test_every_byte_of_an_uncovered_store_counts():
    """Its form is written again and compared; what it holds was signed by who made it."""
    pdf, start = proven(), len(stamped())
    for at in [*range(start, len(pdf), 797), *range(len(pdf) - 250, len(pdf), 50)]:
        changed = bytearray(pdf)
        changed[at] ^= 1
        assert not judged(bytes(changed)).intact, at


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def painted(writer: IncrementalPdfFileWriter) -> None:
    white = StreamObject(stream_data=b"q 1 g 100 300 400 100 re f Q")
    writer.add_stream_to_page(0, writer.add_object(white))


def with_field(writer: IncrementalPdfFileWriter) -> None:
    append_signature_field(writer, SigFieldSpec("Other", on_page=0, box=(10, 10, 100, 60)))


def _field(writer: IncrementalPdfFileWriter, number: int):
    pointer = writer.root["/AcroForm"]["/Fields"].raw_get(number)
    return pointer, pointer.get_object()


def other_look(writer: IncrementalPdfFileWriter) -> None:
    pointer, field = _field(writer, 1)
    _, second = _field(writer, 2)
    field[NameObject("/AP")] = second["/AP"]
    writer.mark_update(pointer)


def moved_signature(writer: IncrementalPdfFileWriter) -> None:
    _, first = _field(writer, 1)
    pointer, third = _field(writer, 3)
    third[NameObject("/V")] = first.raw_get("/V")
    writer.mark_update(pointer)


def cleared(writer: IncrementalPdfFileWriter) -> None:
    pointer, field = _field(writer, 2)
    del field["/V"]
    writer.mark_update(pointer)


def moved_box(writer: IncrementalPdfFileWriter) -> None:
    pointer, field = _field(writer, 3)
    field[NameObject("/Rect")] = ArrayObject(NumberObject(edge) for edge in (0, 0, 800, 500))
    writer.mark_update(pointer)


def other_role(writer: IncrementalPdfFileWriter) -> None:
    pointer, field = _field(writer, 3)
    field[NameObject("/TU")] = TextStringObject("TRƯỞNG ĐIỂM THI")
    writer.mark_update(pointer)


def hidden(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(StreamObject(stream_data=b"q 0 g 0 0 100 100 re f Q"))


def other_title(writer: IncrementalPdfFileWriter) -> None:
    writer.root[NameObject("/PageLayout")] = NameObject("/TwoPageLeft")
    writer.update_root()


def swapped_page(pdf: bytes) -> bytes:
    """The first page drawn by another sheet's content."""
    other = PdfFileReader(io.BytesIO(sealed(7)))
    data = other.root["/Pages"]["/Kids"][0]["/Contents"].data

    def change(writer: IncrementalPdfFileWriter) -> None:
        pointer = writer.root["/Pages"]["/Kids"].raw_get(0)
        pointer.get_object()[NameObject("/Contents")] = writer.add_object(StreamObject(stream_data=data))
        writer.mark_update(pointer)

    return updated(pdf, change)


UPDATES = (
    painted,
    with_field,
    other_look,
    moved_signature,
    cleared,
    moved_box,
    other_role,
    hidden,
    other_title,
)


@pytest.mark.parametrize("change", UPDATES, ids=lambda change: change.__name__)
def test_an_update_after_signing_is_refused_although_viewers_call_the_signatures_valid(change: Change):
    for pdf in (signed(), stamped()):
        found = judged(updated(pdf, change))
        assert not found.intact
        assert found.error is not None
        assert found.error.code == "sheet-file-altered"
        assert found.error.conclusive


@pytest.mark.parametrize("change", UPDATES, ids=lambda change: change.__name__)
def test_an_official_cannot_sign_such_an_update_clean(change: Change):
    """Whoever signs third covers what was slipped in; the seal still does not permit it."""
    if change is moved_signature:
        return
    try:
        pdf = signed_by(updated(signed(), change), pki().official, 3)
    except ReportsError:
        return
    assert not judged(pdf).intact


def test_an_official_cannot_hide_content_in_the_step_that_signs():
    """Prepared before the signature, to be shown later: an object that nothing points to."""
    holder, place = pki().official, official_fields(sealed())[0]
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed()))
    hidden(writer)
    shown = Shown(role=place.role, holder="X", issuer="Y", at=now(), unknown=True)
    pdf = fill_field(
        writer,
        PdfSignatureMetadata(field_name="KySo1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES),
        _HeldKey(read_certificate(holder.der), Official(certificate=holder.der, chain=(), sign=holder.sign)),
        at=now(),
        look=official_look(place.box, shown, texts()),
        reserved=20_000,
    )
    assert not judged(pdf).intact


def test_a_page_of_another_sheet_is_refused():
    assert not judged(swapped_page(signed())).intact


def gap(pdf: bytes, number: int) -> tuple[int, int]:
    return split_revisions(pdf)[number].gap or (0, 0)


def test_a_signature_of_another_file_is_refused_and_its_place_named():
    other = signed(7)
    (start, end), (there, upto) = gap(signed(), 2), gap(other, 2)
    moved = signed()[:start] + other[there:upto] + signed()[end:]
    found = judged(moved)
    assert found.error is not None
    assert found.error.facts["revision"] == 2


def shorter_range(pdf: bytes) -> bytes:
    """The last signature covers less than everything before it."""
    start, end = gap(pdf, 3)
    text = f"/ByteRange [0 {start} {end} {len(pdf) - end}]".encode()
    less = f"/ByteRange [0 {start - 9} {end} {len(pdf) - end}]".encode().ljust(len(text))
    return pdf.replace(text, less[: len(text)])


@pytest.mark.parametrize(
    "change",
    [
        lambda pdf: pdf + b"\n",
        lambda pdf: pdf + b"%%EOF\n",
        lambda pdf: pdf + sealed(),
        lambda pdf: b"%!\n" + pdf,
        lambda pdf: pdf[:-1] + b" ",
        lambda pdf: pdf[: len(pdf) - 40],
        lambda pdf: pdf.replace(b"startxref", b"startXref"),
        lambda pdf: pdf + pdf[len(sealed()) :],
        lambda pdf: re.sub(rb"(\d{10}) 00000 n", rb"\1 00000 f", pdf),
        shorter_range,
    ],
    ids=[
        *("newline", "eof", "second-file", "prepended", "space", "cut", "tail-word", "update-twice"),
        *("freed", "byte-range"),
    ],
)
def test_bytes_added_cut_or_bent_are_refused(change: Change):
    found = judged(change(signed()))
    assert not found.intact
    assert found.signatures == ()


def test_cut_back_to_before_a_signature_it_says_fewer_signatures():
    whole = split_revisions(signed())
    found = judged(signed()[: whole[2].end])
    assert found.credible
    assert [each.field for each in found.signatures] == ["NiemPhongTram", "KySo1"]
    assert [name for name, _ in found.open_fields] == ["KySo2", "KySo3"]
    with pytest.raises(PdfUnsignedError):
        verify_pdf(signed()[: whole[0].end], CERTIFICATE)


def test_a_store_with_something_foreign_is_refused():
    foreign = new_root("TEST Foreign")
    for store in (
        Dss(certificates=(foreign.der,)),
        Dss(crls=(foreign.crl(),)),
        Dss(certificates=(b"\x30\x03\x02\x01\x01",)),
        Dss(ocsps=(b"\x30\x03\x0a\x01\x06",)),
    ):
        found = judged(with_store(signed(), store))
        assert found.error is not None
        assert found.error.facts["why"] in {"store-foreign", "certificates"}


def test_a_seal_by_another_key_of_the_same_name_is_no_seal_of_this_station():
    other = ec.generate_private_key(ec.SECP256R1())
    certificate = make_station_certificate(other, signer().key.name, AT)
    pdf = seal_pdf(drawn(), key=other, certificate=certificate, at=AT, texts=texts())
    assert isinstance(judged(pdf).error, PdfOtherSignerError)
    assert isinstance(judged(signed_by(pdf, pki().official)).error, PdfOtherSignerError)
    forged = seal_pdf(drawn(), key=other, certificate=CERTIFICATE, at=AT, texts=texts())
    assert judged(forged).error is not None
    assert KEY is not other


def test_certificates_beside_a_signature_must_be_its_chain():
    holder, foreign = pki().official, new_root("TEST Foreign").issue("TEST Foreign below", ca=True)
    official = Official(certificate=holder.der, chain=(*holder.chain_der[:-1], foreign.der), sign=holder.sign)
    place = official_fields(sealed())[0]
    pdf = sign_field(sealed(), place, official, at=now(), unknown=True, texts=texts())
    found = judged(pdf)
    assert found.error is not None
    assert found.error.facts == {"why": "certificates", "field": "KySo1", "revision": 2}
