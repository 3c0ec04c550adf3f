"""pdfsig, OpenSSL and pyHanko agree on an honest sheet with three signatures, and on one that was changed."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from reports.certificate import make_station_certificate
from reports.pdf import draw
from reports.signature import seal_pdf
from reports.signing_official import Official, official_fields, sign_field
from tests.support.reports_pages import needs_poppler, poppler
from tests.support.reports_sheets import mixed_roll, sheet_of, signer, texts
from tests.support.signing_pki import pki

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = make_station_certificate(KEY, signer().key.name, AT)
NAMES = ["NiemPhongTram", "KySo1", "KySo3"]


@pytest.fixture(scope="module")
def signed() -> bytes:
    """Station, then two officials: P-256 and RSA."""
    drawn = draw(sheet_of(mixed_roll(3)), signer())
    pdf = seal_pdf(drawn, key=KEY, certificate=CERTIFICATE, at=AT, texts=texts())
    fields = official_fields(pdf)
    for field, holder in ((fields[0], pki().official), (fields[2], pki().other)):
        official = Official(certificate=holder.der, chain=holder.chain_der, sign=holder.sign)
        pdf = sign_field(pdf, field, official, at=AT, unknown=False, texts=texts())
    return pdf


@needs_poppler
def test_pdfsig_finds_three_valid_ones_and_the_last_covers_all(signed: bytes, tmp_path: Path) -> None:
    said = poppler("pdfsig", signed, tmp_path, "-nocert")
    assert said.count("Signature is Valid.") == 3
    empty = said.count("The signature form field is not signed.")
    assert (empty, said.count("Total document signed")) == (1, 1)
    assert [name for name in NAMES if f"Signature Field Name: {name}\n" in said] == NAMES


def parts(pdf: bytes) -> list[tuple[bytes, bytes]]:
    """Of each signature the octets that it covers and its CMS."""
    found = []
    for numbers in re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf):
        _, length, resume, rest = map(int, numbers)
        cms = bytes.fromhex(pdf[length + 1 : resume - 1].decode())
        found.append((pdf[:length] + pdf[resume : resume + rest], cms))
    return found


def openssl(covered: bytes, cms: bytes, roots: Path, folder: Path) -> int:
    (folder / "content").write_bytes(covered)
    (folder / "cms").write_bytes(cms)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(folder / "cms")]
    command += ["-content", str(folder / "content"), "-CAfile", str(roots), "-purpose", "any"]
    command += ["-partial_chain", "-out", str(folder / "out")]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")
def test_openssl_verifies_each_over_the_octets_it_covers(signed: bytes, tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    station = x509.load_der_x509_certificate(CERTIFICATE)
    pinned = [pki().root.certificate, station]
    roots.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in pinned))
    for covered, cms in parts(signed):
        assert openssl(covered, cms, roots, tmp_path) == 0
        changed = bytearray(covered)
        changed[len(covered) // 2] ^= 1
        assert openssl(bytes(changed), cms, roots, tmp_path) != 0
    (first, _), (_, second), _ = parts(signed)
    assert openssl(first, second, roots, tmp_path) != 0


def test_pyhanko_finds_each_whole_trusted_and_nothing_changed_in_between(signed: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(signed))
    found = reader.embedded_signatures
    assert [each.field_name for each in found] == NAMES
    assert found[0].docmdp_level is MDPPerm.FILL_FORMS
    for each in found:
        roots = [CERTIFICATE, pki().root.der]
        context = ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(der) for der in roots], allow_fetching=False
        )
        status = validate_pdf_signature(each, signer_validation_context=context)
        assert status.bottom_line, status.summary()
        assert status.trusted
        assert status.docmdp_ok
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
