"""What a file is that somebody wants imported: certificates, CRLs and master lists in it, or what it looks like."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass, field, replace
from typing import Final

from readers.emrtd.pki.asn1 import TIMES
from readers.emrtd.pki.cms import content_type_of
from readers.emrtd.pki.errors import TrustFileUnknownError
from readers.emrtd.pki.ldif import looks_like_ldif, read_ldif
from readers.emrtd.pki.master_list import MASTER_LIST
from readers.errors import TlvError
from readers.iso7816 import der, tlv

MAX_PEM_BLOCKS: Final = 10_000
_PEM_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----")
_LOOKS: Final = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"<", "HTML or XML"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFile:
    """The contents of a file, none of them verified. form: certificate, crl, master-list, pem or ldif; `signers`:
    document signers, counted and left out; `broken`: names of what could not be decoded."""

    form: str
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    master_lists: tuple[bytes, ...] = field(default=(), repr=False)
    signers: int = 0
    broken: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether the file brings many at once: then a bad one is left out, and counted, instead of refusing all."""
        return self.form == "ldif" or bool(self.master_lists)


def read_trust_file(octets: bytes) -> TrustFile:
    """Sort a file by its contents. Raises TrustFileUnknownError, with what it looks like as fact `found`."""
    if looks_like_ldif(octets):
        read = read_ldif(octets)
        file = TrustFile(
            form="ldif",
            certificates=read.authorities,
            crls=read.crls,
            master_lists=read.master_lists,
            signers=read.signers,
            broken=read.broken,
        )
        if not (file.certificates or file.crls or file.master_lists or file.signers):
            raise TrustFileUnknownError(found="LDIF without certificates")
        return file
    if b"-----BEGIN " in octets:
        return _read_pem(octets)
    return _sort_der(octets)


def _read_pem(octets: bytes) -> TrustFile:
    file = TrustFile(form="pem")
    for count, block in enumerate(_PEM_BLOCK.finditer(octets)):
        label = block[1].decode("ascii")
        if count >= MAX_PEM_BLOCKS:
            raise TrustFileUnknownError(found="PEM with too many blocks")
        if label not in ("CERTIFICATE", "X509 CRL", "CMS", "PKCS7"):
            raise TrustFileUnknownError(found=f"PEM {label}")
        try:
            found = _sort_der(b64decode(b"".join(block[2].split()), validate=True))
        except (binascii.Error, ValueError):
            raise TrustFileUnknownError(found="PEM with broken base64") from None
        file = replace(
            file,
            certificates=file.certificates + found.certificates,
            crls=file.crls + found.crls,
            master_lists=file.master_lists + found.master_lists,
        )
    if not (file.certificates or file.crls or file.master_lists):
        raise TrustFileUnknownError(found="PEM without a whole block")
    return file


def _sort_der(octets: bytes) -> TrustFile:
    try:
        return _sort_signed(octets)
    except TlvError:
        pass
    content_type = content_type_of(octets)
    if content_type == MASTER_LIST:
        return TrustFile(form="master-list", master_lists=(octets,))
    raise TrustFileUnknownError(found=_look(octets) if content_type is None else f"CMS {content_type}")


def _sort_signed(octets: bytes) -> TrustFile:
    """A certificate or a CRL: the same outside, told apart by what follows the issuer's name."""
    parts = tlv.parse_one(octets, der.SEQUENCE).children()
    if [part.tag for part in parts] != [der.SEQUENCE, der.SEQUENCE, der.BIT_STRING]:
        raise TlvError(reason="structure")
    fields = [item.tag for item in parts[0].children()[:4]]
    if any(tag in TIMES for tag in fields):
        return TrustFile(form="crl", crls=(octets,))
    return TrustFile(form="certificate", certificates=(octets,))


def _look(octets: bytes) -> str:
    if not octets.strip():
        return "empty"
    for start, name in _LOOKS:
        if octets.lstrip()[:8].startswith(start):
            return name
    if octets[0] == der.SEQUENCE:
        return "ASN.1"
    try:
        octets[:4096].decode("utf-8")
    except UnicodeDecodeError:
        return "binary"
    return "text"
