"""What has been proven about a chip so far is in the type: opened → keys → genuine → raw → consistent →
verified.

Each step takes the one before it, so raw bytes can reach neither the face comparison nor the roster. Every
object has `facts`, which are non-identifying and go into the record; everything else is hidden from repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from readers.emrtd.dates import PartialDate
    from readers.emrtd.lds.dg11 import PersonalDetails
    from readers.emrtd.lds.dg12 import DocumentDetails
    from readers.emrtd.lds.dg13 import NationalDetails
    from readers.emrtd.lds.dg15 import ActiveKey
    from readers.emrtd.lds.mrz import Mrz
    from readers.emrtd.lds.security_infos import SecurityInfos

Facts = MappingProxyType[str, str | int]
ProvenBy = Literal["nothing", "aa", "ca", "cam", "ca+aa", "cam+aa", "cam+ca", "cam+ca+aa"]
"""By what a chip showed that it is no copy: Active or Chip Authentication, PACE with Chip Authentication Mapping."""
CardAccessOrigin = Literal["file-id", "sfi", "assumed"]


def freeze(facts: Mapping[str, str | int]) -> Facts:
    """A read-only copy."""
    return MappingProxyType(dict(facts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the chip was opened: protocol (pace-ecdh-gm-aes-128), password kind (can), where CardAccess came
    from."""

    protocol: str
    password: str
    card_access: CardAccessOrigin

    @property
    def is_bac(self) -> bool:
        """Whether the weaker protocol was used: then the signed DG14 must not offer PACE."""
        return self.protocol.startswith("bac")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipMapping:
    """What PACE with Chip Authentication Mapping gave (9303-11 4.4.3.3.3), to be checked against the signed key.

    `mapping_key`: the chip's public mapping key, uncompressed point; `data`: the decrypted CA_IC."""

    oid: str
    parameter_id: int
    mapping_key: bytes = field(repr=False)
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedChip:
    """Access was granted; CardAccess, CardSecurity, COM, SOD, DG14, DG15 as read, by name, as far as present.
    Nothing is proven."""

    files: Mapping[str, bytes] = field(repr=False)
    access: Access
    mapping: ChipMapping | None = field(default=None, repr=False)
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityObject:
    """The parsed EF.SOD: what its signer signed. Whether the signer is trusted is decided by the chain."""

    raw: bytes = field(repr=False)
    hash_algorithm: str
    data_group_hashes: Mapping[int, bytes] = field(repr=False)
    signer_certificate: bytes = field(repr=False)
    signing_time: datetime | None
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSecurityInfos:
    """The parsed EF.CardSecurity (9303-11 9.2.11), signed by `signer_certificate`; its chain is checked with the
    SOD's."""

    infos: SecurityInfos
    signer_certificate: bytes = field(repr=False)
    signing_time: datetime | None
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistentKeys:
    """The SOD's signature holds under its own certificate, and DG14 and DG15 are the ones it lists."""

    opened: OpenedChip
    sod: SecurityObject
    active_key: ActiveKey | None
    security_infos: SecurityInfos | None
    card_security: SignedSecurityInfos | None = None
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveProof:
    """A good answer to INTERNAL AUTHENTICATE. Identity data: it stays with the encrypted evidence."""

    challenge: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenuineChip:
    """No proof of genuineness failed; `proven_by` says which ones succeeded, "nothing" included."""

    keys: ConsistentKeys
    proven_by: ProvenBy
    active_proofs: tuple[ActiveProof, ...] = field(default=(), repr=False)
    facts: Facts

    @property
    def not_performed_code(self) -> str | None:
        """The code under which the record says that nothing was proven, None where something was."""
        if self.proven_by != "nothing":
            return None
        suppressed = self.facts.get("active_authentication") == "suppressed"
        return "chip-key-withheld" if suppressed else "chip-not-proven"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawChip:
    """DG1, DG2 and, where the SOD lists them, DG11, DG12 and DG13, as read, by name. Not yet compared with the
    SOD. `genuine` has every proof, those of a resumed read included."""

    genuine: GenuineChip
    files: Mapping[str, bytes] = field(repr=False)
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """The encoded picture of DG2. `format` by its first octets: "jpeg", "jpeg2000" or "unknown"."""

    image: bytes = field(repr=False)
    format: str
    declared: str = "unknown"
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who the card says its holder is. `expiry` None: indefinite. `full_name` (DG13) has the diacritics."""

    id_number: str = field(repr=False)
    surname_given: str = field(repr=False)
    full_name: str | None = field(default=None, repr=False)
    birth: PartialDate = field(repr=False)
    sex: str = field(repr=False)
    expiry: date | None = field(repr=False)
    nationality: str = field(repr=False)
    document_type: str = field(repr=False)
    document_number: str = field(repr=False)
    issuing_state: str = field(repr=False)

    @property
    def display_name(self) -> str:
        """The name to show: DG13's with diacritics, else the MRZ's."""
        return self.full_name or self.surname_given


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistentChip:
    """Every data group read is the one the SOD lists; only now were they parsed. The issuer is not yet
    known.

    DG1 is `mrz`; DG13, DG11 and DG12 are `national`, `personal` and `document`, None where not read or unusable.
    `details`: the texts of DG13 by name."""

    holder: Holder = field(repr=False)
    portrait: Portrait = field(repr=False)
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    mrz: Mrz | None = field(default=None, repr=False)
    national: NationalDetails | None = field(default=None, repr=False)
    personal: PersonalDetails | None = field(default=None, repr=False)
    document: DocumentDetails | None = field(default=None, repr=False)
    sod: SecurityObject
    card_security: SignedSecurityInfos | None = None
    proven_by: ProvenBy
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedChip:
    """The signer's chain ends at a pinned CSCA, was valid in time and is not revoked."""

    chip: ConsistentChip
    facts: Facts
