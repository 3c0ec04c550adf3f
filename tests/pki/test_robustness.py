"""Whatever a chip sends as certificate or CRL, only a ReaderError comes out."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.emrtd.pki.asn1 import Fields, in_utc, parsing, require_der
from readers.emrtd.pki.certificate import read_certificate
from readers.emrtd.pki.chain import Anchor, Document, require_fit, require_in_time, require_issuer
from readers.emrtd.pki.crl import read_crl
from readers.emrtd.pki.errors import CertificateMalformedError
from readers.emrtd.pki.public_key import load_public_key
from readers.errors import ReaderError, TlvError
from readers.iso7816 import tlv
from tests.support.softcard import NOW
from tests.support.softcard_certificates import authority

CSCA = authority()
ANCHOR = Anchor(certificate=read_certificate(CSCA.encoded), scope="identity-card")
SIGNER = CSCA.signer(document_types=("ID",), authority_serial=5).encoded
CRL = CSCA.crl(1, 2, 3)


def spoil(octets: bytes, position: int, patch: bytes) -> bytes:
    where = position % len(octets)
    return octets[:where] + patch + octets[where + len(patch) :]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=5))
def test_spoilt_signer_certificates(position: int, patch: bytes) -> None:
    with suppress(ReaderError):
        found = read_certificate(spoil(SIGNER, position, patch))
        load_public_key(found.spki)
        with suppress(ReaderError):
            assert require_issuer(found, [ANCHOR]) == ANCHOR
            assert found.signed_part == read_certificate(SIGNER).signed_part, "a signature over other octets"
        with suppress(ReaderError):
            require_fit(found, ANCHOR, Document(code="ID", issuing_state="VNM", signing_time=NOW))
        require_in_time(found, ANCHOR.certificate, NOW, NOW)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=5))
def test_spoilt_crls(position: int, patch: bytes) -> None:
    with suppress(ReaderError):
        assert read_crl(spoil(CRL, position, patch)).age_days(NOW) is not None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_octets(octets: bytes) -> None:
    for read in (read_certificate, read_crl, load_public_key):
        with pytest.raises(ReaderError):
            read(tlv.encode(0x30, octets))


def test_times_without_a_zone_are_malformed() -> None:
    with pytest.raises(CertificateMalformedError), parsing(CertificateMalformedError):
        in_utc(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the test
    assert in_utc(NOW) == NOW


def test_fields_are_taken_in_order_and_all() -> None:
    sequence = tlv.parse_one(bytes.fromhex("30050201010400"))
    fields = Fields(sequence)
    assert fields.take_optional(0x05) is None
    with pytest.raises(TlvError):
        fields.take(0x04)
    fields.take(0x02)
    with pytest.raises(TlvError):
        fields.end()
    with pytest.raises(TlvError):
        Fields(sequence, 0x31)


@pytest.mark.parametrize("octets", ["2400", "30022400", "30800201010000", "30022300"])
def test_strings_in_pieces_are_no_der(octets: str) -> None:
    with pytest.raises(TlvError):
        require_der(bytes.fromhex(octets))


def test_a_key_of_an_unknown_kind_is_not_evidence() -> None:
    ed25519 = bytes.fromhex("302a300506032b6570032100") + bytes(32)
    with pytest.raises(ReaderError) as caught:
        load_public_key(ed25519)
    assert caught.value.code == "pa-unsupported-algorithm"
    assert not caught.value.conclusive


@pytest.mark.parametrize("character", ["\ufdfa", "\u3300", "\U0001d5a0", "a"])
def test_a_name_that_grows_when_it_is_compared_is_refused_at_once(character: str) -> None:
    """One character of a BMPString becomes eighteen; comparing names walks over each of them."""
    grown = len(unicodedata.normalize("NFKC", character))
    for count, good in ((200 // grown, True), (3000, False), (600, False)):
        octets = authority(name={"country_name": "VN", "common_name": character * count}).encoded
        if good:
            assert read_certificate(octets).subject.common_name == character * count
        else:
            with pytest.raises(CertificateMalformedError):
                read_certificate(octets)
