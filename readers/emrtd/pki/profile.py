"""What a national PKI does differently from 9303-12 and is accepted for, each deviation recorded by name.

`VN-ID`: the Vietnamese identity card; its genuine certificates would fail a strict check. Every other
country is read under `ICAO`, where the same deviations are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from readers.emrtd.pki.certificate import Certificate

VN_ID: Final = "VN-ID"
ICAO: Final = "ICAO"
STATES: Final = {"VNM": "VN"}
"""Three-letter issuing state of the MRZ to two-letter country of the certificates (ISO 3166-1)."""


def profile_of(country: str) -> str:
    """The profile under which a country's certificates are judged."""
    return VN_ID if country == "VN" else ICAO


def deviations(signer: Certificate, anchor: Certificate) -> tuple[str, ...]:
    """Where the two certificates leave 9303-12 7.1.1, by fixed names."""
    localities = [text.upper() for text in signer.subject_localities]
    found = {
        "csca-no-san": not anchor.has_subject_alt_name,
        "csca-no-ian": not anchor.has_issuer_alt_name,
        "ds-no-san": not signer.has_subject_alt_name,
        "ds-no-ian": not signer.has_issuer_alt_name,
        "ds-san-locality": signer.has_subject_alt_name and not any(text in STATES for text in localities),
        "ds-no-document-type": signer.document_types is None,
        "ds-no-usage-period": signer.usage_period is None,
        "ds-no-key-usage": signer.key_usage is None,
    }
    return tuple(name for name, present in found.items() if present)
