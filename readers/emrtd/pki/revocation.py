"""Which revocation lists a trust store takes and keeps: whose signature counts, what is older, what must stay.

A list may lose serials on its way: rolled over to another key, numbered anew, or issued by somebody who would like to
see one gone. So lists are followed key by key, and a serial that any of them once named stays revoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from readers.emrtd.pki.chain import likely_issuers
from readers.emrtd.pki.errors import CrlRefusedError, UnsupportedAlgorithmError, WeakAlgorithmError
from readers.emrtd.pki.public_key import SignatureRefusedError, load_public_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from readers.emrtd.pki.certificate import Certificate
    from readers.emrtd.pki.chain import Anchor
    from readers.emrtd.pki.crl import Crl


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlSigner:
    """The key that signed a list, and the kind of document it is pinned for; "" where it is pinned for both."""

    certificate: Certificate
    scope: str


def require_crl_signer(crl: Crl, known: Sequence[Anchor]) -> CrlSigner:
    """Return which of the CSCAs, all of the issuer's country, signed the list.

    Its issuer's newest key signs for the older ones (9303-12 7.1.4), under the same name or another; but it must be a
    CSCA for the same kind of document as one with the issuer's name, and may sign lists. Raises CrlRefusedError."""
    scopes = {anchor.scope for anchor in known if anchor.certificate.subject.key == crl.issuer.key}
    pointed = [anchor for anchor in known if crl.authority_key_id in (None, anchor.certificate.key_id)]
    if not scopes or not pointed:
        raise CrlRefusedError(reason="signer-unknown")
    fit = [anchor for anchor in pointed if anchor.scope in scopes]
    if not fit:
        raise CrlRefusedError(reason="signer-scope")
    able = [anchor for anchor in fit if _may_sign_lists(anchor.certificate)]
    if not able:
        raise CrlRefusedError(reason="key-usage")
    own_first = sorted(able, key=lambda anchor: anchor.certificate.subject.key != crl.issuer.key)
    for found in likely_issuers(crl.authority_key_id, [anchor.certificate for anchor in own_first]):
        if signed_by(crl, found):
            pinned = sorted({anchor.scope for anchor in able if anchor.certificate.spki == found.spki})
            return CrlSigner(certificate=found, scope=pinned[0] if len(pinned) == 1 else "")
    raise CrlRefusedError(reason="signature")


def _may_sign_lists(authority: Certificate) -> bool:
    return authority.key_usage is None or "crl_sign" in authority.key_usage


def signed_by(crl: Crl, authority: Certificate) -> bool:
    """Whether the CSCA's key signed the list."""
    try:
        load_public_key(authority.spki).verify(crl.signature, crl.signed_part, crl.algorithm)
    except (SignatureRefusedError, WeakAlgorithmError, UnsupportedAlgorithmError):
        return False
    return True


def is_older(offered: Crl, stored: Crl) -> bool:
    """Whether a list of the same key goes back behind the stored one; a number once given is not given up."""
    if stored.number is not None and (offered.number is None or offered.number <= stored.number):
        return True
    return offered.this_update < stored.this_update


def lost_serials(offered: Crl, before: Crl | None) -> int:
    """How many certificates the list before named that this newer one does not."""
    if before is None or offered.this_update < before.this_update:
        return 0
    return len(before.serials - offered.serials)


def superseded(new: Crl, replaced: Sequence[Crl], others: Sequence[Crl]) -> set[str]:
    """The SHA-256 of those replaced lists, oldest first, that name nothing which the rest does not name too.

    `others`: the lists of other keys. A list that still revokes somebody stays, as the proof of it."""
    named = new.serials.union(*(crl.serials for crl in others))
    gone: set[str] = set()
    for old in reversed(replaced):
        if old.serials <= named:
            gone.add(old.fingerprint)
        named |= old.serials
    return gone
