"""What an honest chip can be: protocols, keys, files and limits, as one frozen record.

The same record is the `[chip]` table of a holder file and of the sample catalogue. The default is the identity
card of 2021."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from readers.emrtd.crypto import CipherSuite
from readers.softcard.tables import TableError, read_record

PACE_OID: Final = "0.4.0.127.0.7.2.2.4"
CHIP_AUTH_OID: Final = "0.4.0.127.0.7.2.2.3"
CHIP_KEY_OID: Final = "0.4.0.127.0.7.2.2.1"
MAPPINGS: Final = {"dh-gm": 1, "ecdh-gm": 2, "dh-im": 3, "ecdh-im": 4, "ecdh-cam": 6}
AGREEMENTS: Final = {"dh": 1, "ecdh": 2}
CIPHERS: Final = {suite.label: number for number, suite in enumerate(CipherSuite, start=1)}
CURVE_IDS: Final = range(8, 19)
GROUP_IDS: Final = range(3)
_NOT_ENCODABLE: Final = "10"
HASHES: Final = ("sha1", "sha224", "sha256", "sha384", "sha512")

Hash = Literal["sha1", "sha224", "sha256", "sha384", "sha512"]


def _suite(label: str) -> CipherSuite:
    return next(suite for suite in CipherSuite if suite.label == label)


def _split(text: str, count: int) -> list[str]:
    parts = text.split(":")
    if len(parts) != count:
        raise ValueError("parts")
    return parts


def _parameter_id(text: str, *, elliptic: bool) -> int:
    if not (text.isascii() and text.isdigit() and int(text) in (CURVE_IDS if elliptic else GROUP_IDS)):
        raise ValueError("parameter id")
    return int(text)


@dataclass(frozen=True, slots=True)
class PaceVariant:
    """One way into the chip: mapping, cipher, standardised parameters (9303-11 9.2.1, 9.5.1).

    Text form "ecdh-gm:aes-128:13"."""

    mapping: str
    suite: CipherSuite
    parameter_id: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        mapping, cipher, parameter = _split(text, 3)
        if mapping not in MAPPINGS or cipher not in CIPHERS or (mapping, cipher) == ("ecdh-cam", "3des"):
            raise ValueError("variant")
        elliptic = mapping.startswith("ecdh")
        if (mapping, parameter) == ("ecdh-im", _NOT_ENCODABLE):
            raise ValueError("integrated mapping on secp224r1")
        return cls(mapping, _suite(cipher), _parameter_id(parameter, elliptic=elliptic))

    @property
    def oid(self) -> str:
        """The object identifier of mapping and cipher."""
        return f"{PACE_OID}.{MAPPINGS[self.mapping]}.{CIPHERS[self.suite.label]}"


@dataclass(frozen=True, slots=True)
class ChipAuthVariant:
    """One key of Chip Authentication: agreement, cipher, parameters. Text form "ecdh:aes-128:13"."""

    agreement: str
    suite: CipherSuite
    parameter_id: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        agreement, cipher, parameter = _split(text, 3)
        if agreement not in AGREEMENTS or cipher not in CIPHERS:
            raise ValueError("variant")
        return cls(agreement, _suite(cipher), _parameter_id(parameter, elliptic=agreement == "ecdh"))

    @property
    def oid(self) -> str:
        """The object identifier of the protocol."""
        return f"{CHIP_AUTH_OID}.{AGREEMENTS[self.agreement]}.{CIPHERS[self.suite.label]}"

    @property
    def key_oid(self) -> str:
        """The object identifier of the key: id-PK-DH, id-PK-ECDH."""
        return f"{CHIP_KEY_OID}.{AGREEMENTS[self.agreement]}"


@dataclass(frozen=True, slots=True)
class ActiveVariant:
    """The key of Active Authentication. Text form "rsa:2048:sha1", "ecdsa:13:sha256" or "none"."""

    family: str = "none"
    size: int = 0
    """Bits of an RSA modulus; parameter id of a curve."""
    hash: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        if text == "none":
            return cls()
        family, size, digest = _split(text, 3)
        if digest not in HASHES or not (size.isascii() and size.isdigit()):
            raise ValueError("hash")
        known = {"rsa": range(1024, 4097, 256), "ecdsa": CURVE_IDS}.get(family, range(0))
        if int(size) not in known:
            raise ValueError("key")
        return cls(family, int(size), digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipOptions:
    """One chip. Lists are in the order of the files.

    document: the identity card of 2021, that of 2024 (as far as known: another QR code), or a passport.
    pace: ways in, none for a chip with BAC alone. passwords: those PACE knows. parameter_reference: tag 84 of
    MSE:Set AT. announced_parameters: "id" in PACEInfo, "none" at all, or in a PACEDomainParameterInfo:
    "standard-info" by their identifier, "explicit-info" spelt out. card_access: readable by "file" identifier
    and SFI, by "sfi" alone, or "missing". master_file: SELECT MF answers 6D00 or 9000. wrong_key_delay_ms:
    each wrong key makes the next attempt that much slower.

    chip_auth_parameters: "explicit" as on the genuine card, "named", or "standard" (by parameter id).
    chip_auth_key_ids: keys are numbered even if there is one. active_auth_trailer: BC (SHA-1 only) or the two
    octets that name the hash. active_auth_info: whether DG14 carries ActiveAuthenticationInfo.

    max_answer: octets of answer data above which an extended Le is refused (6700). max_block: READ BINARY hands
    out no more at once, 0: what fits. atr_info: whether EF.ATR/INFO exists."""

    document: Literal["cccd", "can-cuoc", "passport"] = "cccd"
    state: Literal["VNM", "UTO"] = "VNM"
    pace: tuple[PaceVariant, ...] = (PaceVariant("ecdh-gm", CipherSuite.AES_128, 13),)
    passwords: tuple[Literal["can", "mrz"], ...] = ("can", "mrz")
    bac: bool = True
    parameter_reference: Literal["optional", "required", "refused"] = "optional"
    announced_parameters: Literal["id", "none", "standard-info", "explicit-info"] = "id"
    card_access: Literal["file", "sfi", "missing"] = "file"
    master_file: Literal["unknown", "selectable"] = "unknown"
    wrong_key_delay_ms: int = 0
    chip_auth: tuple[ChipAuthVariant, ...] = (ChipAuthVariant("ecdh", CipherSuite.AES_128, 13),)
    chip_auth_parameters: Literal["explicit", "named", "standard"] = "explicit"
    chip_auth_key_ids: bool = False
    terminal_auth: bool = True
    active_auth: ActiveVariant = ActiveVariant("rsa", 2048, "sha1")
    active_auth_exponent: Literal[3, 65537] = 65537
    active_auth_trailer: Literal["bc", "named"] = "bc"
    active_auth_info: bool = False
    lds_version: Literal[0, 1] = 0
    sod_hash: Hash = "sha256"
    sod_signature: Literal["ecdsa", "rsa", "rsa-pss"] = "ecdsa"
    signer_parameters: Literal["named", "explicit"] = "named"
    portrait_coding: Literal["19794", "39794"] = "19794"
    portrait_format: Literal["jpeg", "jpeg2000"] = "jpeg"
    dg3: bool = True
    dg11: bool = False
    dg12: bool = False
    dg13: bool = True
    extended_length: bool = True
    max_answer: int = 65536
    max_block: int = 0
    atr_info: bool = False

    def __post_init__(self) -> None:
        """Raises TableError where two options contradict each other."""
        if not self.pace and not self.bac:
            raise TableError("pace", "no-way-in")
        if self.pace and not self.passwords:
            raise TableError("passwords", "empty")
        rules = {
            "active_auth_trailer": self._trailer_is_wrong,
            "max_answer": not 256 <= self.max_answer <= 65536,
        }
        rules["max_block"] = not 0 <= self.max_block <= 65536
        rules["wrong_key_delay_ms"] = not 0 <= self.wrong_key_delay_ms <= 60_000
        rules["extended_length"] = not self.extended_length and self._long_keys
        for name, is_wrong in rules.items():
            if is_wrong:
                raise TableError(name, "contradiction")

    @property
    def _trailer_is_wrong(self) -> bool:
        chosen = self.active_auth
        return chosen.family == "rsa" and self.active_auth_trailer == "bc" and chosen.hash != "sha1"

    @property
    def _long_keys(self) -> bool:
        """Whether a public key of the reader does not fit a short command: 2,048-bit groups."""
        return any(variant.mapping.startswith("dh") and variant.parameter_id for variant in self.pace) or any(
            variant.agreement == "dh" for variant in self.chip_auth
        )


CCCD: Final = ChipOptions()
"""The identity card of 2021."""


def read_options(table: Any, where: str = "chip") -> ChipOptions:
    """The options of a `[chip]` table. Raises TableError."""
    return read_record(ChipOptions, table, where)
