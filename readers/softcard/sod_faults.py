"""EF.SODs that are wrong in one thing each."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from readers.emrtd.files import EF_SOD
from readers.iso7816 import der, tlv
from readers.softcard import sod_file
from readers.softcard.security_files import oid, sequence
from readers.softcard.signing import pss_identifier, signature_algorithm_of, signature_by
from readers.softcard.spoilt_files import nested

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from readers.softcard.faults import SodFault
    from readers.softcard.signing import Credential

_DATA: Final = "1.2.840.113549.1.7.1"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_RSA_SHA256: Final = "1.2.840.113549.1.1.11"
_END_OF_CONTENTS: Final = b"\0\0"
_WEAK: Final = ("sha1", "md5")


def encode_faulty_sod(
    data_groups: Mapping[int, bytes],
    signer: Credential,
    signing_time: datetime,
    fault: SodFault,
    *,
    csca: Credential,
) -> bytes:
    """EF.SOD over the data groups, signed by `signer`, with this fault; `csca` is what one of them carries
    within."""
    if fault == "zero-length":
        return bytes([EF_SOD.tag, 0])
    if fault == "nested":
        return nested(EF_SOD.tag)
    digest = fault if fault in _WEAK else "sha256"
    made = _Parts(data_groups, signer, signing_time, digest)
    builders: dict[str, Callable[[], bytes]] = {
        "no-signer": lambda: sod_file.wrap(made.content, [signer.encoded], []),
        "two-signers": lambda: sod_file.wrap(made.content, [signer.encoded], [made.info(), made.info()]),
        "no-certificate": lambda: sod_file.wrap(made.content, [], [made.info()]),
        "indefinite": lambda: _indefinite(made.honest()),
        "wrong-content-type": made.wrong_content_type,
        "wrong-digest": made.wrong_digest,
        "signature-over-content": lambda: made.signed_over(made.content),
        "csca-inside": lambda: sod_file.wrap(made.content, [signer.encoded, csca.encoded], [made.info()]),
        "algorithm-mismatch": lambda: made.claiming(sequence(oid(_RSA_SHA256), tlv.encode(der.NULL))),
        "bad-pss": lambda: made.claiming(pss_identifier("sha256", 32, mgf_digest="sha1")),
        "huge-length": lambda: _announcing(made.honest(), 0xFFFFFFFF),
        "trailing": lambda: made.honest() + bytes(16),
    }
    return builders.get(fault, made.honest)()


class _Parts:
    """Content, attributes and signer of one file."""

    def __init__(
        self, data_groups: Mapping[int, bytes], signer: Credential, signing_time: datetime, digest: str
    ) -> None:
        self._signer = signer
        self._signing_time = signing_time
        self._digest = digest
        self.content = sod_file.security_object(data_groups, digest)
        self._attributes = sod_file.signed_attributes(self.content, signing_time, algorithm=digest)

    def info(
        self, *, attributes: bytes | None = None, signed: bytes | None = None, algorithm: bytes | None = None
    ) -> bytes:
        """The SignerInfo, with one of its parts replaced. md5: no ECDSA identifier exists, SHA-256's stands
        there."""
        carried = self._attributes if attributes is None else attributes
        digest = "sha256" if self._digest == "md5" else self._digest
        return sod_file.signer_info(
            self._signer.encoded,
            carried,
            signature_by(self._signer, carried if signed is None else signed, digest),
            digest_algorithm=self._digest,
            signature_algorithm=algorithm or signature_algorithm_of(self._signer, digest),
        )

    def honest(self) -> bytes:
        """The file without a fault but its hash."""
        return sod_file.wrap(
            self.content, [self._signer.encoded], [self.info()], digest_algorithm=self._digest
        )

    def wrong_content_type(self) -> bytes:
        """Content and attribute say plain data."""
        attributes = sod_file.signed_attributes(self.content, self._signing_time, content_type=_DATA)
        info = self.info(attributes=attributes)
        return sod_file.wrap(self.content, [self._signer.encoded], [info], content_type=_DATA)

    def wrong_digest(self) -> bytes:
        """A messageDigest of something else, rightly signed."""
        other = hashlib.sha256(self.content + b"?").digest()
        attributes = sod_file.signed_attributes(self.content, self._signing_time).replace(
            hashlib.sha256(self.content).digest(), other
        )
        return sod_file.wrap(self.content, [self._signer.encoded], [self.info(attributes=attributes)])

    def signed_over(self, octets: bytes) -> bytes:
        """The signature covers these octets instead of the attributes."""
        return sod_file.wrap(self.content, [self._signer.encoded], [self.info(signed=octets)])

    def claiming(self, algorithm: bytes) -> bytes:
        """The SignerInfo names another signature algorithm."""
        return sod_file.wrap(self.content, [self._signer.encoded], [self.info(algorithm=algorithm)])


def _announcing(sod: bytes, length: int) -> bytes:
    """The file with another length in its own header."""
    header = tlv.read_header(sod)
    return bytes([EF_SOD.tag, 0x84]) + length.to_bytes(4, "big") + sod[header.size :]


def _indefinite(sod: bytes) -> bytes:
    """The outer ContentInfo in BER with an indefinite length."""
    message = tlv.parse_one(sod, EF_SOD.tag).children()[0]
    return tlv.encode(EF_SOD.tag, bytes([der.SEQUENCE, 0x80]) + message.value + _END_OF_CONTENTS)
