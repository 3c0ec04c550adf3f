"""What a PKI does differently from 9303-12 and is accepted for, each deviation recorded by name.

`VN-ID`: the Vietnamese identity card, whose PKI goes its own ways. `ICAO`: passports, and the cards of every other
issuer. Genuine passports in use were issued under several editions of 9303, so the form of an
extension is recorded and never a reason to refuse; what carries the security is refused by the chain (ADR 0007).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from readers.emrtd.pki.states import states_of

if TYPE_CHECKING:
    from readers.emrtd.pki.certificate import Certificate

VN_ID: Final = "VN-ID"
ICAO: Final = "ICAO"
SEVENTH_EDITION: Final = datetime(2016, 1, 1, tzinfo=UTC)
"""From the year after the seventh edition of 9303 (2015), which made alternative names and document types
mandatory: a signer issued before then is no deviation for lacking them."""
REFUSED: Final = {VN_ID: frozenset[str](), ICAO: frozenset({"ds-no-key-usage"})}
"""What a profile does not accept: the key usage of a signer is mandatory in every edition, and it is a role."""


def profile_of(country: str, scope: str) -> str:
    """The profile for certificates of a country (two letters) that sign this kind of document."""
    return VN_ID if (country, scope) == ("VN", "identity-card") else ICAO


def edition_of(signer: Certificate) -> str:
    """Which rules were in force when the signer's certificate was issued."""
    issued = signer.validity.start
    return "before-7" if issued is not None and issued < SEVENTH_EDITION else "7"


def deviations(signer: Certificate, anchor: Certificate) -> tuple[str, ...]:
    """Where the two certificates leave 9303-12 7.1.1, by fixed names."""
    found = csca_deviations(anchor) + signer_deviations(signer)
    pointer = signer.authority_key_id
    return found if pointer in (None, anchor.key_id) else (*found, "ds-authority-key-differs")


def csca_deviations(anchor: Certificate) -> tuple[str, ...]:
    """Where a CSCA certificate leaves 9303-12 7.1.1."""
    found = {
        "csca-no-san": not anchor.has_subject_alt_name,
        "csca-no-ian": not anchor.has_issuer_alt_name,
        "csca-no-key-usage": anchor.key_usage is None,
        "csca-country-case": anchor.subject.odd_country,
        "csca-sha1-self-signature": anchor.algorithm.hash_name == "sha1",
    }
    return tuple(name for name, present in found.items() if present)


def signer_deviations(signer: Certificate) -> tuple[str, ...]:
    """Where the certificate of a document signer leaves 9303-12 7.1.1."""
    states = states_of(signer.subject.country)
    localities = {text.upper() for text in signer.subject_localities}
    found = {
        "ds-no-san": not signer.has_subject_alt_name,
        "ds-no-ian": not signer.has_issuer_alt_name,
        "ds-san-locality": signer.has_subject_alt_name and not localities & states,
        "ds-no-document-type": signer.document_types is None,
        "ds-no-usage-period": signer.usage_period is None,
        "ds-no-key-usage": signer.key_usage is None,
        "ds-no-authority-key": signer.authority_key_id is None,
        "ds-country-case": signer.subject.odd_country or signer.issuer.odd_country,
    }
    return tuple(name for name, present in found.items() if present)
