import hashlib
import io
import random
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdf
import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from reports.certificate import certificate_fingerprint, make_station_certificate
from reports.errors import (
    PdfAlteredError,
    PdfFormatError,
    PdfOtherSignerError,
    PdfSealTimeError,
    PdfUnsignedError,
    ReportsError,
)
from reports.pdf import Drawn, draw
from reports.signature import FIELD_NAME, seal_pdf
from reports.verification import verify_pdf
from tests.support.reports_pages import needs_poppler, page_texts, poppler
from tests.support.reports_sheets import mixed_roll, sheet_of, signer, texts

AT = datetime(2026, 11, 22, 8, 30, 5, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = make_station_certificate(KEY, signer().key.name, AT)
DRAWN = draw(sheet_of(mixed_roll(8)), signer())
UNSIGNED = DRAWN.pdf


def seal(drawn: Drawn, key: ec.EllipticCurvePrivateKey = KEY, certificate: bytes = CERTIFICATE) -> bytes:
    return seal_pdf(drawn, key=key, certificate=certificate, at=AT, texts=texts())


SEALED = seal(DRAWN)


def test_what_the_station_sealed_is_accepted():
    sealed = verify_pdf(SEALED, CERTIFICATE)
    assert sealed.origin == signer().key.name
    assert sealed.signed_at == AT
    assert sealed.facts == {
        "fingerprint": hashlib.sha256(CERTIFICATE).hexdigest(),
        "origin": "proctor.real/0a1b2c3d",
        "signed_at": "2026-11-22T08:30:05+00:00",
    }


def test_a_fingerprint_is_enough_to_pin():
    pinned = certificate_fingerprint(CERTIFICATE)
    assert verify_pdf(SEALED, pinned) == verify_pdf(SEALED, pinned.upper()) == verify_pdf(SEALED, CERTIFICATE)


def test_the_pages_stay_and_the_seal_is_shown_in_the_stations_words():
    assert SEALED.startswith(UNSIGNED)
    assert page_texts(SEALED) == page_texts(UNSIGNED)
    last = pypdf.PdfReader(io.BytesIO(SEALED)).pages[-1]
    field, *officials = [item.get_object() for item in last["/Annots"]]
    assert [item["/T"] for item in officials] == ["KySo1", "KySo2", "KySo3"]
    assert not any("/V" in item for item in officials)
    assert field["/T"] == FIELD_NAME
    assert field["/V"]["/Reason"] == "Niêm phong điện tử của trạm"
    assert field["/V"]["/SubFilter"] == "/ETSI.CAdES.detached"
    left, bottom, right, top = (float(edge) for edge in field["/Rect"])
    assert right - left > 100
    assert top - bottom > 50


def test_it_is_pades_b_b_without_signing_time_or_time_stamp():
    (found,) = PdfFileReader(io.BytesIO(SEALED)).embedded_signatures
    info = found.signed_data["signer_infos"][0]
    kinds = {attribute["type"].native for attribute in info["signed_attrs"]}
    assert kinds == {"content_type", "message_digest", "signing_certificate_v2"}
    assert not info["unsigned_attrs"]
    assert len(found.signed_data["certificates"]) == 1


def test_a_file_without_a_seal_is_named_as_such():
    with pytest.raises(PdfUnsignedError):
        verify_pdf(UNSIGNED, CERTIFICATE)


@pytest.mark.parametrize("data", [b"", b"%PDF", b"\x89PNG", SEALED[1:]])
def test_what_is_no_pdf_is_named_as_such(data: bytes):
    with pytest.raises(PdfFormatError):
        verify_pdf(data, CERTIFICATE)


def test_a_certificate_of_the_same_name_proves_nothing():
    other = ec.generate_private_key(ec.SECP256R1())
    certificate = make_station_certificate(other, signer().key.name, AT)
    with pytest.raises(PdfOtherSignerError) as caught:
        verify_pdf(seal(DRAWN, other, certificate), CERTIFICATE)
    assert caught.value.conclusive
    assert caught.value.facts["fingerprint"] == certificate_fingerprint(certificate)


def test_the_pinned_certificate_with_another_key_proves_nothing():
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(PdfAlteredError) as caught:
        verify_pdf(seal(DRAWN, other, CERTIFICATE), CERTIFICATE)
    assert caught.value.facts == {"why": "signature"}


def test_a_byte_flipped_anywhere_is_refused():
    rng = random.Random(20261122)
    for at in sorted(rng.sample(range(len(SEALED)), 150)):
        changed = bytearray(SEALED)
        changed[at] ^= 1 << rng.randrange(8)
        with pytest.raises(ReportsError):
            verify_pdf(bytes(changed), CERTIFICATE)


def gap(pdf: bytes) -> range:
    """Where the hexadecimal CMS stands, brackets included."""
    start = pdf.index(b"/Contents <30") + len(b"/Contents ")
    return range(start, pdf.index(b">", start) + 1)


@pytest.mark.parametrize(("first", "bit"), [(0, 0), (1, 5)])
def test_a_bit_flipped_anywhere_in_the_envelope_is_refused(first: int, bit: int):
    """No byte of the CMS or its padding is free, not even a letter's case (bit 5)."""
    where = gap(SEALED)
    used = len(cms.ContentInfo.load(bytes.fromhex(SEALED[where[1] : where[-1]].decode())).dump()) * 2
    for at in [*where[first : used + 8 : 4], *where[used + 8 :: 97], where[-1]]:
        changed = bytearray(SEALED)
        changed[at] ^= 1 << bit
        with pytest.raises(ReportsError):
            verify_pdf(bytes(changed), CERTIFICATE)


def test_every_byte_of_the_byte_range_and_the_end_counts():
    start = SEALED.index(b"/ByteRange")
    for at in [*range(start, start + 60), *range(len(SEALED) - 30, len(SEALED))]:
        changed = bytearray(SEALED)
        changed[at] ^= 1
        with pytest.raises(ReportsError):
            verify_pdf(bytes(changed), CERTIFICATE)


def edited(pdf: bytes) -> bytes:
    """An incremental update that paints over the first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    white = StreamObject(stream_data=b"q 1 g 100 300 400 100 re f Q")
    writer.add_stream_to_page(0, writer.add_object(white))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_new_field(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec("Other", on_page=0, box=(10, 10, 100, 60)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def signed_again(pdf: bytes) -> bytes:
    from reports.signature import _StationKey, asn1_x509

    other = ec.generate_private_key(ec.SECP256R1())
    certificate = asn1_x509.Certificate.load(make_station_certificate(other, signer().key.name, AT))
    inner = _StationKey(certificate, other)
    meta = PdfSignatureMetadata(field_name="Other", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    outer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    return bytes(PdfSigner(meta, inner).sign_pdf(outer).getvalue())


def shifted(pdf: bytes) -> bytes:
    """The envelope moved: a byte of padding given to the signed part."""
    where = gap(pdf)
    return pdf[: where[-1] - 2] + pdf[where[-1] :]


@pytest.mark.parametrize(
    "change",
    [
        edited,
        with_new_field,
        lambda pdf: pdf + b"\n",
        lambda pdf: pdf + b"%comment\n",
        lambda pdf: pdf[:-1],
        lambda pdf: pdf + UNSIGNED,
        shifted,
    ],
    ids=["edit", "field", "newline", "comment", "cut", "second-file", "shifted"],
)
def test_what_was_added_or_cut_after_sealing_is_refused(change: Callable[[bytes], bytes]):
    with pytest.raises(PdfAlteredError):
        verify_pdf(change(SEALED), CERTIFICATE)


def test_a_second_signature_is_no_way_around(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(PdfSigner, "_enforce_certification_constraints", lambda *_: None)
    with pytest.raises(PdfAlteredError) as caught:
        verify_pdf(signed_again(SEALED), CERTIFICATE)
    assert caught.value.facts["why"] == "field-added"


def test_the_seal_of_one_sheet_does_not_fit_another():
    other = seal(draw(sheet_of(mixed_roll(9)), signer()))
    here, there = gap(SEALED), gap(other)
    moved = other[: there[0]] + SEALED[here[0] : here[-1] + 1] + other[there[-1] + 1 :]
    with pytest.raises(PdfAlteredError) as caught:
        verify_pdf(moved, CERTIFICATE)
    assert caught.value.facts == {"why": "content"}


@pytest.mark.parametrize("days", [-2, 3_700])
def test_a_seal_dated_outside_its_certificate_is_not_accepted(days: int):
    dated = seal_pdf(DRAWN, key=KEY, certificate=CERTIFICATE, at=AT + timedelta(days=days), texts=texts())
    with pytest.raises(PdfSealTimeError):
        verify_pdf(dated, CERTIFICATE)


@needs_poppler
def test_pdfsig_shows_the_seal(tmp_path: Path):
    shown = poppler("pdfsig", SEALED, tmp_path)
    assert "Signature is Valid" in shown
    assert "Total document signed" in shown
    assert "Signer Certificate Common Name: proctor.real/0a1b2c3d" in shown


def test_openssl_agrees(tmp_path: Path):
    (found,) = PdfFileReader(io.BytesIO(SEALED)).embedded_signatures
    where = gap(SEALED)
    files = {
        "envelope.der": found.signed_data.contents and found.pkcs7_content.rstrip(b"\0"),
        "content.bin": SEALED[: where[0]] + SEALED[where[-1] + 1 :],
        "station.der": CERTIFICATE,
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", "station.der", "-out", "station.pem"],
        cwd=tmp_path,
        check=True,
    )
    command = "openssl cms -verify -binary -inform DER -in envelope.der -content content.bin -out out.bin"
    trust = "-CAfile station.pem -purpose any -partial_chain -no_check_time"
    result = subprocess.run(
        [*command.split(), *trust.split()], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert "successful" in result.stderr
