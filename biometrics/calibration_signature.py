"""The signature of a calibration file: its form, in one spelling only, and what it signs.

The signature's table is the file's last bytes. What is signed lies in front of it, and nothing may lie behind: a file
is good only where its end is, byte for byte, the table that `signature_block` makes of what was read from it.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

SIGNED_AS: Final = b"proctor/calibration/1\n"
SIGNER: Final = re.compile(r"[a-z]{1,16}\.[a-z]{1,16}/[0-9a-f]{8}(/[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed: the key's name, its 32 public bytes, the 64 bytes of the signature."""

    signer: str
    public: bytes
    ed25519: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public bytes, lowercase hexadecimal: what people compare."""
        return sha256(self.public).hexdigest()


def signed_message(signer: str, body: bytes) -> bytes:
    """Return what is signed. `body`: every byte in front of the line "[signature]"."""
    return SIGNED_AS + signer.encode() + b"\n" + body


def signature_block(signature: Signature) -> bytes:
    """Return the last bytes of a signed file, from the line "[signature]" on."""
    lines = (
        "[signature]",
        f'signer = "{signature.signer}"',
        f'public = "{signature.public.hex()}"',
        f'ed25519 = "{signature.ed25519.hex()}"',
    )
    return ("\n".join(lines) + "\n").encode()


def signed_part(data: bytes, signature: Signature) -> bytes | None:
    """Return the bytes that are signed: all in front of the signature's table, None where the file does not end so."""
    block = signature_block(signature)
    if not data.endswith(b"\n" + block) or data.count(b"\n[signature]\n") != 1:
        return None
    return data.removesuffix(block)
