"""Personalisation: a holder record and a portrait become the files and keys of one chip."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from readers.emrtd.files import DATA_GROUPS, DG2, EF_CARD_ACCESS, EF_COM, EF_SOD
from readers.softcard import lds_files, security_files, spoilt_files
from readers.softcard.chip_auth import ChipKey
from readers.softcard.chip_keys import FRESH_KEYS, KeySource
from readers.softcard.faults import NO_FAULTS, Faults
from readers.softcard.file_names import ATR_INFO, CARD_SECURITY
from readers.softcard.holder import mrz_information
from readers.softcard.options import CCCD, ActiveVariant, ChipOptions
from readers.softcard.sod_faults import encode_faulty_sod
from readers.softcard.sod_file import encode_sod, sign_content

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from readers.softcard.active_auth import Prover
    from readers.softcard.holder import HolderRecord
    from readers.softcard.pki import Credential, TrainingPki

SECURITY_OBJECT: Final = "0.4.0.127.0.7.3.2.1"
_LOCKED_OCTETS: Final = 64
_INFINITY: Final = b"\x00"
_FOREIGN_CAN: Final = "987654"
_FOREIGN_MRZ: Final = "987654321" * 2 + "987654"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipImage:
    """Everything inside one chip: files by name, secrets, keys, options, faults. Shows nothing in repr.

    static_key: the private key that PACE's chip-authentication mapping proves, on the curve of that variant."""

    files: Mapping[str, bytes] = field(repr=False)
    can: str = field(repr=False)
    mrz_information: str = field(repr=False)
    prover: Prover | None = field(repr=False)
    chip_keys: tuple[ChipKey, ...] = field(repr=False)
    static_key: int | None = field(default=None, repr=False)
    options: ChipOptions = CCCD
    faults: Faults = NO_FAULTS

    def password(self, kind: str) -> bytes:
        """The octets of a PACE password: "can" or "mrz" (9303-11 9.7.3)."""
        return self.can.encode("ascii") if kind == "can" else self._mrz_digest

    @property
    def bac_seed(self) -> bytes:
        """The key seed of BAC (9303-11 9.7.2)."""
        return self._mrz_digest[:16]

    @property
    def _mrz_digest(self) -> bytes:
        return hashlib.sha1(self.mrz_information.encode("ascii"), usedforsecurity=False).digest()


def personalise(
    holder: HolderRecord,
    portrait: bytes,
    pki: TrainingPki,
    *,
    now: datetime,
    options: ChipOptions = CCCD,
    faults: Faults = NO_FAULTS,
    signer: Credential | None = None,
    chip_proofs: bool = True,
    keys: KeySource = FRESH_KEYS,
) -> ChipImage:
    """Make the chip of this holder, signed at `now` (UTC) by `signer`, by default the PKI's own for such a
    chip.

    `chip_proofs` False takes the keys of Active and Chip Authentication away. `keys`: where they come from;
    making an RSA key takes a tenth of a second, so a roster shares a few."""
    if not chip_proofs:
        options = replace(options, chip_auth=(), terminal_auth=False, active_auth=ActiveVariant())
    press = _Press(holder, portrait, options, faults, keys)
    signer = signer or pki.signer_for(options)
    content = press.data_groups()
    files = {DATA_GROUPS[number].name: octets for number, octets in content.items()}
    files |= press.plain_files(pki, now)
    files[EF_COM.name] = lds_files.encode_com(content.keys() - faults.unlisted)
    signed = {number: octets for number, octets in content.items() if number not in faults.unsigned}
    if faults.sod:
        sod = encode_faulty_sod(signed, signer, now, faults.sod, csca=pki.unknown_csca)
    else:
        sod = encode_sod(signed, signer, now, options)
    files[EF_SOD.name] = sod
    if faults.reissued:
        press = _Press(holder, portrait, options, faults, keys)
        again = press.data_groups()
        files |= {DATA_GROUPS[number].name: again[number] for number in faults.reissued}
    return ChipImage(
        files=MappingProxyType(_spoil(files, faults)),
        can=_FOREIGN_CAN if faults.foreign_can else holder.number.can.value,
        mrz_information=_FOREIGN_MRZ if faults.foreign_mrz else mrz_information(holder, options),
        prover=keys.prover(options) if faults.foreign_active_key else press.prover,
        chip_keys=press.working_chip_keys(),
        static_key=press.static_key,
        options=options,
        faults=faults,
    )


class _Press:
    """The files of one chip, from its holder, options and keys."""

    def __init__(
        self, holder: HolderRecord, portrait: bytes, options: ChipOptions, faults: Faults, keys: KeySource
    ) -> None:
        self._holder = holder
        self._portrait = portrait
        self._options = options
        self._faults = faults
        self._keys = keys
        self.prover = keys.prover(options)
        self._chip_keys = keys.chip_keys(options)
        self._cam_key = keys.mapping_key(options)

    @property
    def static_key(self) -> int | None:
        """What PACE with chip-authentication mapping proves."""
        return None if self._cam_key is None else self._cam_key.private

    def data_groups(self) -> dict[int, bytes]:
        """Every data group of the chip, by number."""
        holder, options, faults = self._holder, self._options, self._faults
        content = {
            1: spoilt_files.mrz_file(lds_files.encode_dg1(holder, options), faults.mrz),
            2: spoilt_files.portrait_file(self._portrait, faults.portrait, coding=options.portrait_coding),
        }
        if options.dg3:
            content[3] = lds_files.encode_dg3(secrets.token_bytes(_LOCKED_OCTETS))
        if options.dg11:
            content[11] = lds_files.encode_dg11(holder)
        if options.dg12:
            content[12] = lds_files.encode_dg12(holder, options)
        if options.dg13:
            told = spoilt_files.disagreeing(holder, faults.disagree)
            content[13] = spoilt_files.details_file(told, faults.details)
        infos = self._dg14_infos()
        if infos:
            content[14] = security_files.encode_dg14(infos)
        if self.prover is not None:
            content[15] = security_files.encode_dg15(self.prover)
        return content

    def plain_files(self, pki: TrainingPki, now: datetime) -> dict[str, bytes]:
        """The files outside the application."""
        files: dict[str, bytes] = {}
        stripped = self._faults.card_access == "stripped"
        if self._options.card_access != "missing" and (self._options.pace or self._faults.card_access):
            infos = self._base_infos() + ([] if stripped else security_files.pace_infos(self._options))
            if infos:
                files[EF_CARD_ACCESS.name] = spoilt_files.card_access(infos, self._faults.card_access)
        if self._options.atr_info:
            files[ATR_INFO.name] = security_files.encode_atr_info(self._options)
        if self._cam_key is not None:
            files[CARD_SECURITY.name] = self._card_security(pki, now, self._cam_key)
        return files

    def working_chip_keys(self) -> tuple[ChipKey, ...]:
        """The keys that the chip can use: others than DG14's on a copy."""
        if self._faults.chip_auth == "foreign-key":
            return self._keys.chip_keys(self._options)
        return self._chip_keys

    def _base_infos(self) -> list[bytes]:
        infos = [security_files.terminal_auth_info()] if self._options.terminal_auth else []
        return infos + security_files.chip_auth_infos(self._chip_keys)

    def _dg14_infos(self) -> list[bytes]:
        options = self._options
        infos = self._base_infos() + security_files.pace_infos(options)
        style = options.chip_auth_parameters
        infos += [security_files.chip_key_info(key, style, self._announced(key)) for key in self._chip_keys]
        if options.active_auth_info and self.prover is not None:
            infos.append(security_files.active_auth_info(self.prover, options.active_auth.hash))
        return infos

    def _announced(self, key: ChipKey) -> bytes:
        public = key.public
        if self._faults.chip_auth == "infinity-key":
            return _INFINITY
        spoilt = self._faults.chip_auth == "off-curve-key"
        return public[:-1] + bytes([public[-1] ^ 1]) if spoilt else public

    def _card_security(self, pki: TrainingPki, now: datetime, key: ChipKey) -> bytes:
        """EF.CardSecurity: the infos of EF.CardAccess and the key, signed (9303-11 9.2.9, TR-03110-3 A.1.2.5)."""
        infos = self._base_infos() + security_files.pace_infos(self._options)
        infos.append(security_files.chip_key_info(key, "standard"))
        return sign_content(
            security_files.encode_infos(infos),
            pki.signer_for(self._options),
            now,
            self._options,
            content_type=SECURITY_OBJECT,
            template=None,
        )


def _spoil(files: dict[str, bytes], faults: Faults) -> dict[str, bytes]:
    for number in faults.altered:
        name = DATA_GROUPS[number].name
        files[name] = spoilt_files.alter(name, files[name])
    if faults.announced_octets is not None:
        files[DG2.name] = spoilt_files.announce(files[DG2.name], faults.announced_octets)
    return {name: octets for name, octets in files.items() if name not in faults.hidden}
