"""Sheets with everything that may come after the seal: officials' signatures, time stamps, stored proofs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec

from reports.certificate import make_station_certificate
from reports.dss import Dss, add_dss
from reports.pdf import Drawn, draw
from reports.signature import seal_pdf
from reports.signing_official import Official, official_fields, sign_field
from reports.stamping import add_stamp
from reports.verify_revisions import split_revisions
from reports.verify_sheet import Believed
from tests.support.reports_sheets import mixed_roll, sheet_of, signer, texts
from tests.support.signing_pki import Holder, pki
from tests.support.stamping import token

AT = datetime(2026, 11, 22, 8, 30, 5, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = make_station_certificate(KEY, signer().key.name, AT)


@cache
def drawn(rows: int = 2) -> Drawn:
    """A drawn sheet."""
    return draw(sheet_of(mixed_roll(rows)), signer())


@cache
def sealed(rows: int = 2) -> bytes:
    """The same, sealed by the station."""
    return seal_pdf(drawn(rows), key=KEY, certificate=CERTIFICATE, at=AT, texts=texts())


def signed_by(pdf: bytes, holder: Holder, number: int = 1) -> bytes:
    """The file with an official's signature in field `number`."""
    official = Official(certificate=holder.der, chain=holder.chain_der[:-1], sign=holder.sign)
    place = official_fields(pdf)[number - 1]
    return sign_field(pdf, place, official, at=datetime.now(UTC), unknown=True, texts=texts())


@cache
def signed(rows: int = 2) -> bytes:
    """A sheet with two officials' signatures: an ECDSA key and an RSA key."""
    return signed_by(signed_by(sealed(rows), pki().official), pki().other, 2)


def stamped_by(pdf: bytes, holder: Holder, number: int = 1) -> bytes:
    """The file with a time stamp."""
    return add_stamp(pdf, number, lambda digest: token(digest, holder))


@cache
def stamped() -> bytes:
    """The signed sheet at level B-T."""
    return stamped_by(signed(), pki().tsa)


@cache
def proven() -> bytes:
    """The signed sheet at level B-LT."""
    return with_store(stamped(), proofs())


@cache
def archived() -> bytes:
    """The signed sheet at level B-LTA."""
    return stamped_by(proven(), pki().tsa, 2)


@cache
def proofs() -> Dss:
    """Every certificate of the signatures, and lists of both authorities."""
    known = pki()
    holders = (known.official, known.other, known.tsa)
    certificates = (*(each.der for each in holders), *known.official.chain_der)
    return Dss(certificates=certificates, crls=(known.issuing.crl(), known.root.crl()))


def with_store(pdf: bytes, store: Dss) -> bytes:
    """The file with a store of proofs."""
    return add_dss(pdf, split_revisions(pdf), store)


def believed(*, lists: bool = True) -> Believed:
    """The test PKI's root, pinned for everything; `lists`: with revocation lists."""
    root = (pki().root.der,)
    found = Believed(signatures=root, time_stamps=root)
    return replace(found, crls=proofs().crls) if lists else found
