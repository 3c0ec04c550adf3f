"""Personalisation: a holder record and a portrait become the files and keys of one chip."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import rsa

from readers.emrtd.curves import curve_by_name
from readers.emrtd.files import DATA_GROUPS, DG1, DG2, DG14, EF_CARD_ACCESS, EF_COM, EF_SOD
from readers.iso7816 import tlv
from readers.softcard import lds_files
from readers.softcard.faults import NO_FAULTS, Faults
from readers.softcard.key_agreement import CURVE_NAME
from readers.softcard.sod_file import encode_sod

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from readers.softcard.holder import HolderRecord
    from readers.softcard.pki import Credential, TrainingPki

AA_BITS: Final = 2048
_EXPONENT: Final = 65537
_LOCKED_OCTETS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipImage:
    """Everything inside one chip: files by name, access number, keys, faults. Shows nothing in repr."""

    files: Mapping[str, bytes] = field(repr=False)
    can: str = field(repr=False)
    active_key: rsa.RSAPrivateKey | None = field(repr=False)
    chip_key: int | None = field(repr=False)
    faults: Faults


def personalise(
    holder: HolderRecord,
    portrait_jpeg: bytes,
    pki: TrainingPki,
    *,
    now: datetime,
    faults: Faults = NO_FAULTS,
    signer: Credential | None = None,
    chip_proofs: bool = True,
) -> ChipImage:
    """Make the chip of this holder, signed at `now` (UTC) by `signer`, by default the PKI's own.

    `chip_proofs`: whether the card has the keys of Active and Chip Authentication (DG15, and the key in
    DG14)."""
    active_key = rsa.generate_private_key(_EXPONENT, AA_BITS) if chip_proofs else None
    chip_key = _chip_key() if chip_proofs else None
    content = _data_groups(holder, portrait_jpeg, active_key, chip_key)
    sod = encode_sod(content, signer or pki.signer, now)
    files = {DATA_GROUPS[number].name: octets for number, octets in content.items()}
    files[EF_CARD_ACCESS.name] = lds_files.encode_card_access(chip_auth=chip_proofs)
    files[EF_COM.name] = lds_files.encode_com(content.keys() - faults.unlisted)
    files[EF_SOD.name] = sod
    if faults.foreign_active_key:
        active_key = rsa.generate_private_key(_EXPONENT, AA_BITS)
    return ChipImage(
        files=MappingProxyType(_spoil(files, faults)),
        can=holder.number.can.value,
        active_key=active_key,
        chip_key=chip_key,
        faults=faults,
    )


def _chip_key() -> int:
    curve = curve_by_name(CURVE_NAME)
    return curve.random_scalar(secrets.token_bytes(curve.size + 8))


def _data_groups(
    holder: HolderRecord, portrait: bytes, active_key: rsa.RSAPrivateKey | None, chip_key: int | None
) -> dict[int, bytes]:
    point = None if chip_key is None else curve_by_name(CURVE_NAME).multiply(chip_key)
    content = {
        1: lds_files.encode_dg1(holder),
        2: lds_files.encode_dg2(portrait),
        3: lds_files.encode_dg3(secrets.token_bytes(_LOCKED_OCTETS)),
        13: lds_files.encode_dg13(holder),
        14: lds_files.encode_dg14(point),
    }
    if active_key is not None:
        content[15] = lds_files.encode_dg15(active_key.public_key())
    return content


def _spoil(files: dict[str, bytes], faults: Faults) -> dict[str, bytes]:
    for number in faults.altered:
        name = DATA_GROUPS[number].name
        files[name] = _alter(name, files[name])
    if faults.announced_octets is not None:
        header = tlv.read_header(files[DG2.name])
        length = b"\x84" + faults.announced_octets.to_bytes(4, "big")
        files[DG2.name] = bytes([DG2.tag]) + length + files[DG2.name][header.size :]
    return {name: octets for name, octets in files.items() if name not in faults.hidden}


def _alter(name: str, octets: bytes) -> bytes:
    """Change one octet so that the file still parses: a letter of the name, else one in the middle."""
    where = len(octets.rstrip(b"<")) - 1 if name == DG1.name else len(octets) // 2
    if name == DG14.name:
        where = len(octets) - 1
    changed = octets[where] - 1 if name == DG1.name and octets[where] > ord("A") else octets[where] ^ 1
    return octets[:where] + bytes([changed]) + octets[where + 1 :]
