"""What in a pack is sealed to the department: its key, the keys of the pieces, evidence and sheets in the clear."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions import pack
from sessions.checkpoint import station_of
from sessions.department import DepartmentPrivate
from sessions.errors import DepartmentWrapError, PackAlteredError, PackRecipientError, StoreAlteredError
from sessions.evidence_box import commitment, unbox
from sessions.pack import Member
from sessions.pack_file import PackFile

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Seals:
    """The opened keys of a pack, by member. No repr shows one."""

    station: str
    _keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def open(cls, file: PackFile, department: DepartmentPrivate) -> Seals:
        """Return the keys of a pack; raises PackRecipientError, PackAlteredError, PackFormatError."""
        manifest = file.manifest
        if department.public.fingerprint != manifest.recipient:
            raise PackRecipientError(recipient=manifest.recipient, found=department.public.fingerprint)
        wrapped = file.read(manifest.member(pack.PACK_KEY))
        try:
            pack_key = department.unwrap(wrapped, info=pack.wrap_info(manifest))
        except DepartmentWrapError:
            raise PackAlteredError(member=pack.PACK_KEY) from None
        return cls.of_pack_key(file, pack_key)

    @classmethod
    def of_pack_key(cls, file: PackFile, pack_key: bytes) -> Seals:
        """Return the keys under a known pack key; raises PackAlteredError, PackFormatError."""
        manifest = file.manifest
        box = file.read(manifest.member(pack.KEYS))
        try:
            listed = AESGCM(pack_key).decrypt(box[:12], box[12:], pack.keys_aad(manifest))
        except (InvalidTag, ValueError):
            raise PackAlteredError(member=pack.KEYS) from None
        names = [member.name for member in manifest.members if member.sealed]
        if len(listed) != KEY_BYTES * len(names):
            raise PackAlteredError(member=pack.KEYS)
        keys = {name: listed[KEY_BYTES * at : KEY_BYTES * (at + 1)] for at, name in enumerate(names)}
        return cls(station_of(manifest.origin), keys)

    def evidence(self, member: Member, ciphertext: bytes, body: Mapping[str, Any]) -> bytes:
        """Return a piece in the clear, if ciphertext and key are those that the entry's body binds.

        Raises PackAlteredError.
        """
        seq, name = member.piece or (0, "")
        key = self._keys[member.name]
        if hashlib.sha256(ciphertext).hexdigest() != body.get("evidence", {}).get(name):
            raise PackAlteredError(seq=seq, member=member.name)
        if body["schema"] != 1 and commitment(key) != body.get("evidence_keys", {}).get(name):
            raise PackAlteredError(seq=seq, member=pack.KEYS)
        try:
            return unbox(ciphertext, key, station=self.station, name=name, schema=body["schema"])
        except StoreAlteredError:
            raise PackAlteredError(seq=seq, member=member.name) from None

    def sheet(self, member: Member, ciphertext: bytes, body: Mapping[str, Any]) -> bytes:
        """Return a sheet, if it is the one that its print entry names; raises PackAlteredError."""
        seq = member.sheet or 0
        try:
            pdf = AESGCM(self._keys[member.name]).decrypt(
                ciphertext[:12], ciphertext[12:], pack.sheet_aad(self.station, seq)
            )
        except (InvalidTag, ValueError):
            raise PackAlteredError(seq=seq, member=member.name) from None
        if hashlib.sha256(pdf).hexdigest() != body.get("pdf_sha256"):
            raise PackAlteredError(seq=seq, member=member.name)
        return pdf
