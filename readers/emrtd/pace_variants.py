"""Which way of PACE to take among those a chip offers, and how to name it to the chip (9303-11 4.4.4.1, 9.2.1, 9.2.2).

Order of preference, stated once and kept: AES-256, AES-192, AES-128, 3DES; where ciphers are equal Chip
Authentication Mapping, generic, integrated; where those are equal elliptic curves before Diffie-Hellman; then the
order of the file. The choice is made once, before any key is used, and never made again with a weaker result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Final

from readers.emrtd import dh
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import curve_by_name
from readers.emrtd.ec_parameters import EC_PUBLIC_KEY, STANDARDIZED_PARAMETERS, UNKNOWN_FIELD, read_curve
from readers.emrtd.lds.security_infos import ID_PACE, PaceInfo
from readers.emrtd.pace_mapping import Domain, EcDomain, dh_domain, ec_domain, standard_domain
from readers.emrtd.pace_mapping import supports_point_encoding as encodes_points
from readers.emrtd.pki.errors import CurveParametersError, UnsupportedAlgorithmError
from readers.errors import PaceNotOfferedError, TlvError
from readers.iso7816 import der

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from readers.emrtd.lds.security_infos import PaceDomainInfo, SecurityInfos
    from readers.iso7816 import tlv

SUPPORTED_VERSION: Final = 2
RESERVED_IDS: Final = range(32)
"""Parameter ids of standardised parameters; explicit ones must not use them (9303-11 9.5)."""
_MAX_PARAMETER_ID: Final = 0xFFFF
_CIPHERS: Final = (CipherSuite.AES_256, CipherSuite.AES_192, CipherSuite.AES_128, CipherSuite.TDES)
_MAPPINGS: Final = ("cam", "gm", "im")
_WORST: Final = (len(_CIPHERS), len(_MAPPINGS), True)
_GUESSED_CURVES: Final = (13, 12, 16, 15, 17, 18, 14, 11, 10, 9, 8)
_GUESSED_GROUPS: Final = (2, 1, 0)
_PKCS3_DH: Final = "1.2.840.113549.1.3.1"
_X942_DH: Final = "1.2.840.10046.2.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of MSE:Set AT: the domain that it means, and the parameter id that it names in DO'84', if any.
    `guessed`: nothing that the chip has said means this domain."""

    domain: Domain = field(repr=False)
    reference: int | None
    guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceVariant:
    """What was chosen, and the forms in which the chip may want to hear it, likeliest first. Never empty."""

    info: PaceInfo
    forms: tuple[Form, ...]


ASSUMED: Final = PaceInfo(
    oid=f"{ID_PACE}.2.2",
    mapping="ecdh-gm",
    suite=CipherSuite.AES_128,
    version=SUPPORTED_VERSION,
    parameter_id=curve_by_name("brainpoolP256r1").parameter_id,
)
"""What the Vietnamese card is known to speak, for chips whose EF.CardAccess cannot be read."""


def assumed_variant() -> PaceVariant:
    """The variant of `ASSUMED`."""
    return PaceVariant(info=ASSUMED, forms=_standard_forms(ASSUMED.parameter_id or 0, ambiguous=False))


def choose_variant(offered: SecurityInfos) -> PaceVariant:
    """The best usable way that the chip offers.

    Raises PaceNotOfferedError when there is none, CurveParametersError when explicit parameters differ from the
    standardised curve over the same field (CVE-2020-0601), TlvError."""
    usable = _usable_variants(offered)
    if not usable:
        raise PaceNotOfferedError(offered=len(offered.pace))
    return min(usable, key=lambda variant: _rank(variant.info))


def offers_better(signed: SecurityInfos, protocol: str) -> bool:
    """Whether the chip signs a usable way that ranks above the one it was opened with, by its recorded name; every
    one ranks above a name that this reader never records.

    Raises CurveParametersError, TlvError."""
    ranks = [_rank(variant.info) for variant in _usable_variants(signed)]
    used = next((rank for name, rank in _ranked_names() if name == protocol), _WORST)
    return any(rank < used for rank in ranks)


def _ranked_names() -> Iterator[tuple[str, tuple[int, int, bool]]]:
    for agreement in ("ecdh", "dh"):
        for mapping, suite in product(_MAPPINGS, _CIPHERS):
            info = replace(ASSUMED, mapping=f"{agreement}-{mapping}", suite=suite)
            yield info.protocol, _rank(info)


def _usable_variants(offered: SecurityInfos) -> list[PaceVariant]:
    infos = offered.pace
    several = len({info.parameter_id for info in infos}) > 1
    described = _Described(offered.pace_domains)
    return [
        PaceVariant(info=info, forms=forms)
        for info in infos
        if info.version == SUPPORTED_VERSION
        and (forms := tuple(_usable(info, _forms(info, described, ambiguous=several))))
    ]


class _Described:
    """The PACEDomainParameterInfos of a file. Each is read when it is first needed, and once: the chip names the
    parameters, and a compressed generator costs a square root."""

    def __init__(self, infos: Sequence[PaceDomainInfo]) -> None:
        self._infos = infos
        self._known: dict[bytes, Domain | None] = {}

    def of_agreement(self, info: PaceInfo) -> list[PaceDomainInfo]:
        """Those for the same mapping, else for the same key agreement."""
        same = [item for item in self._infos if item.mapping == info.mapping]
        return same or [
            item for item in self._infos if _is_elliptic(item.mapping) is _is_elliptic(info.mapping)
        ]

    def domain(self, item: PaceDomainInfo) -> Domain | None:
        """What `_read_domain` says of it. Raises what that raises."""
        encoded = item.algorithm.raw
        if encoded not in self._known:
            self._known[encoded] = _read_domain(item.algorithm)
        return self._known[encoded]


def _rank(info: PaceInfo) -> tuple[int, int, bool]:
    agreement, mapping = info.mapping.split("-")
    return _CIPHERS.index(info.suite), _MAPPINGS.index(mapping), agreement == "dh"


def _is_elliptic(mapping: str) -> bool:
    return mapping.startswith("ecdh")


def _usable(info: PaceInfo, forms: Sequence[Form]) -> Iterator[Form]:
    """Those whose domain fits the key agreement and the mapping."""
    for form in forms:
        domain = form.domain
        elliptic = isinstance(domain, EcDomain)
        if elliptic is not _is_elliptic(info.mapping):
            continue
        if isinstance(domain, EcDomain) and info.mapping == "ecdh-im" and not encodes_points(domain.curve):
            continue
        yield form


def _forms(info: PaceInfo, described: _Described, *, ambiguous: bool) -> Sequence[Form]:
    """How to name the parameters: DO'84' first where several sets are available, else left out first."""
    if info.parameter_id is None:
        return _unnumbered_forms(info, described)
    if info.parameter_id in RESERVED_IDS:
        return _standard_forms(info.parameter_id, ambiguous=ambiguous)
    if not 0 <= info.parameter_id <= _MAX_PARAMETER_ID:
        return ()
    same = [item for item in described.of_agreement(info) if item.parameter_id == info.parameter_id]
    domain = described.domain(same[0]) if len(same) == 1 else None
    return () if domain is None else _both(domain, info.parameter_id, ambiguous=ambiguous)


def _standard_forms(parameter_id: int, *, ambiguous: bool) -> tuple[Form, ...]:
    domain = standard_domain(parameter_id)
    return () if domain is None else _both(domain, parameter_id, ambiguous=ambiguous)


def _both(domain: Domain, reference: int, *, ambiguous: bool) -> tuple[Form, ...]:
    named, unnamed = Form(domain=domain, reference=reference), Form(domain=domain, reference=None)
    return (named, unnamed) if ambiguous else (unnamed, named)


def _unnumbered_forms(info: PaceInfo, described: _Described) -> tuple[Form, ...]:
    """Without parameterId: what PACEDomainParameterInfo says, else a guess: the standardised ids in a fixed order, all
    of them named, then all of them unnamed."""
    items = described.of_agreement(info)
    if items:
        found = [(described.domain(item), item.parameter_id) for item in items]
        known = [(domain, reference) for domain, reference in found if domain is not None]
        if len(items) == 1 and known:
            only, number = known[0]
            unnamed = Form(domain=only, reference=None)
            return (unnamed,) if number is None else (unnamed, Form(domain=only, reference=number))
        return tuple(
            Form(domain=domain, reference=reference) for domain, reference in known if reference is not None
        )
    ids = _GUESSED_CURVES if _is_elliptic(info.mapping) else _GUESSED_GROUPS
    domains = [domain for number in ids if (domain := standard_domain(number)) is not None]
    named = [Form(domain=domain, reference=domain.parameter_id, guessed=True) for domain in domains]
    return (*named, *(replace(form, reference=None) for form in named))


def _read_domain(algorithm: tlv.Tlv) -> Domain | None:
    """The standardised domain that an AlgorithmIdentifier means, None where it means no such one.

    Raises CurveParametersError, TlvError."""
    fields = algorithm.children() if algorithm.tag == der.SEQUENCE else ()
    if len(fields) != 2:
        raise TlvError(reason="pace-domain")
    oid, parameters = der.decode_oid(fields[0]), fields[1]
    if oid == STANDARDIZED_PARAMETERS:
        return standard_domain(der.decode_integer(parameters))
    if oid in (_X942_DH, _PKCS3_DH):
        return _read_group(parameters, with_order=oid == _X942_DH)
    return _read_curve(parameters) if oid == EC_PUBLIC_KEY else None


def _read_curve(parameters: tlv.Tlv) -> Domain | None:
    try:
        return ec_domain(read_curve(parameters))
    except UnsupportedAlgorithmError:
        return None
    except CurveParametersError as error:
        if error.facts["reason"] == UNKNOWN_FIELD:
            return None
        raise


def _read_group(parameters: tlv.Tlv, *, with_order: bool) -> Domain | None:
    """The group of X9.42 (p, g, q) or PKCS #3 (p, g) parameters."""
    numbers = [der.decode_integer(item) for item in parameters.children()[: 3 if with_order else 2]]
    if len(numbers) != (3 if with_order else 2):
        raise TlvError(reason="pace-domain")
    try:
        return dh_domain(
            dh.group_by_parameters(p=numbers[0], g=numbers[1], q=numbers[2] if with_order else None)
        )
    except dh.GroupError:
        return None
