"""SecurityInfos of EF.CardAccess, EF.CardSecurity and DG14 (9303-11 9.2; 9303-10 4.7.14)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from readers.emrtd.crypto import CipherSuite
from readers.errors import TlvError
from readers.iso7816 import der, tlv

BSI_DE: Final = "0.4.0.127.0.7"
ID_PK: Final = f"{BSI_DE}.2.2.1"
ID_TA: Final = f"{BSI_DE}.2.2.2"
ID_CA: Final = f"{BSI_DE}.2.2.3"
ID_PACE: Final = f"{BSI_DE}.2.2.4"
ID_STANDARDIZED_PARAMETERS: Final = f"{BSI_DE}.1.2"
ID_ACTIVE_AUTHENTICATION: Final = "2.23.136.1.1.5"
MAX_INFOS: Final = 32

_MAPPINGS: Final = {1: "dh-gm", 2: "ecdh-gm", 3: "dh-im", 4: "ecdh-im", 6: "ecdh-cam"}
_CIPHERS: Final = {
    1: CipherSuite.TDES,
    2: CipherSuite.AES_128,
    3: CipherSuite.AES_192,
    4: CipherSuite.AES_256,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityInfo:
    """One SecurityInfo: protocol, required and optional data as they stand in the file."""

    oid: str
    required: tlv.Tlv = field(repr=False)
    optional: tlv.Tlv | None = field(default=None, repr=False)
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceInfo:
    """One PACEInfo (9303-11 9.2.1). `parameter_id` None: the only domain parameters there are."""

    oid: str
    mapping: str
    suite: CipherSuite
    version: int
    parameter_id: int | None

    @property
    def protocol(self) -> str:
        """Readable name, as recorded: pace-ecdh-gm-aes-128."""
        return f"pace-{self.mapping}-{self.suite.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceDomainInfo:
    """One PACEDomainParameterInfo (9303-11 9.2.2): an AlgorithmIdentifier as it stands, not yet judged."""

    mapping: str
    algorithm: tlv.Tlv = field(repr=False)
    parameter_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipAuthInfo:
    """One ChipAuthenticationInfo (9303-11 9.2.5)."""

    oid: str
    version: int
    key_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipAuthKey:
    """One ChipAuthenticationPublicKeyInfo (9303-11 9.2.6): SubjectPublicKeyInfo as it stands."""

    oid: str
    spki: bytes = field(repr=False)
    key_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityInfos:
    """All infos of one file, in its order, unknown ones included."""

    infos: tuple[SecurityInfo, ...]

    @property
    def pace(self) -> tuple[PaceInfo, ...]:
        """The PACEInfos of known mappings and ciphers. Raises TlvError when one is malformed."""
        found = (_pace_info(info) for info in self.infos if info.oid.startswith(ID_PACE + "."))
        return tuple(info for info in found if info is not None)

    @property
    def offers_pace(self) -> bool:
        """Whether any info is about PACE, of whatever mapping, cipher or version: then BAC is a downgrade."""
        return any(info.oid.startswith(ID_PACE + ".") for info in self.infos)

    @property
    def pace_domains(self) -> tuple[PaceDomainInfo, ...]:
        """The PACEDomainParameterInfos of known mappings."""
        names = {f"{ID_PACE}.{arc}": name for arc, name in _MAPPINGS.items()}
        return tuple(
            PaceDomainInfo(
                mapping=names[info.oid],
                algorithm=info.required,
                parameter_id=_optional_integer(info.optional),
            )
            for info in self.infos
            if info.oid in names
        )

    @property
    def chip_auth(self) -> tuple[ChipAuthInfo, ...]:
        """The ChipAuthenticationInfos. Raises TlvError when one is malformed."""
        return tuple(
            ChipAuthInfo(
                oid=info.oid,
                version=der.decode_integer(info.required),
                key_id=_optional_integer(info.optional),
            )
            for info in self.infos
            if info.oid.startswith(ID_CA + ".")
        )

    @property
    def chip_auth_keys(self) -> tuple[ChipAuthKey, ...]:
        """The ChipAuthenticationPublicKeyInfos."""
        return tuple(
            ChipAuthKey(oid=info.oid, spki=info.required.raw, key_id=_optional_integer(info.optional))
            for info in self.infos
            if info.oid.startswith(ID_PK + ".")
        )

    @property
    def active_auth_algorithm(self) -> str | None:
        """The signature algorithm of an ActiveAuthenticationInfo (9303-11 9.2.7), if there is one."""
        for info in self.infos:
            if info.oid == ID_ACTIVE_AUTHENTICATION and info.optional is not None:
                return der.decode_oid(info.optional)
        return None

    def missing_from(self, other: SecurityInfos) -> tuple[str, ...]:
        """The protocols of infos here that `other` does not carry octet for octet."""
        known = {info.raw for info in other.infos}
        return tuple(info.oid for info in self.infos if info.raw not in known)

    def pace_missing_from(self, other: SecurityInfos) -> tuple[str, ...]:
        """As `missing_from`, of the infos about PACE alone, its domain parameters included."""
        return tuple(oid for oid in self.missing_from(other) if oid.startswith(ID_PACE + "."))


def _optional_integer(item: tlv.Tlv | None) -> int | None:
    return None if item is None or item.tag != der.INTEGER else der.decode_integer(item)


def _pace_info(info: SecurityInfo) -> PaceInfo | None:
    arcs = [int(arc) for arc in info.oid[len(ID_PACE) + 1 :].split(".")]
    if len(arcs) != 2 or arcs[0] not in _MAPPINGS or arcs[1] not in _CIPHERS:
        return None
    mapping, suite = _MAPPINGS[arcs[0]], _CIPHERS[arcs[1]]
    if mapping == "ecdh-cam" and suite is CipherSuite.TDES:
        return None
    return PaceInfo(
        oid=info.oid,
        mapping=mapping,
        suite=suite,
        version=der.decode_integer(info.required),
        parameter_id=_optional_integer(info.optional),
    )


def parse_security_infos(octets: bytes) -> SecurityInfos:
    """Parse SET OF SecurityInfo, exactly filling the octets. Raises TlvError."""
    tlv.check_nesting(octets)
    items = tlv.parse_one(octets, der.SET).children()
    if not 0 < len(items) <= MAX_INFOS:
        raise TlvError(reason="security-infos")
    return SecurityInfos(infos=tuple(_security_info(item) for item in items))


def _security_info(item: tlv.Tlv) -> SecurityInfo:
    fields = item.children() if item.tag == der.SEQUENCE else ()
    if not 2 <= len(fields) <= 3:
        raise TlvError(reason="security-info")
    optional = fields[2] if len(fields) == 3 else None
    return SecurityInfo(oid=der.decode_oid(fields[0]), required=fields[1], optional=optional, raw=item.raw)
