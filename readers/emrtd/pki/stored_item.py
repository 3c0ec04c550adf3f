"""One line of a trust store's manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from readers.emrtd.pki.certificate import MAX_SHOWN, shown

_MAX_TITLE: Final = 3 * MAX_SHOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """One anchor or CRL. kind: "csca" or "crl"; subject: the name as it is compared, of a CRL its issuer's; number:
    of a CRL, -1 if it has none; at: ISO 8601, UTC.

    scope: what a CSCA is pinned for, and what a CRL counts for, as its signer does; of a CRL "" for both.
    name: the subject for people. link: SHA-256 of the CSCA that signed a link certificate, else "". source: SHA-256
    of the file it was imported from, "" where that was it alone. key_id: the subject key identifier of a CSCA, in
    hexadecimal, so that one of many of the name is found unparsed."""

    kind: str
    sha256: str
    subject: str
    scope: str = ""
    number: int = -1
    by: str
    second: str
    at: str
    country: str = ""
    name: str = ""
    link: str = ""
    source: str = ""
    key_id: str = ""

    @property
    def title(self) -> str:
        """What to call it on a screen, whoever wrote the manifest."""
        return shown(self.name or self.subject, _MAX_TITLE)
