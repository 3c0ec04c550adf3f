"""Symmetric primitives of 9303-11 9.7 and 9.8: key derivation, CBC, MACs, padding; for 3DES and AES.

Keys are plain bytes here; the objects that hold them (secure messaging) hide them from repr.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher as _Cipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

MAC_OCTETS: Final = 8
KDF_ENC: Final = 1
KDF_MAC: Final = 2
KDF_PACE: Final = 3


class PaddingError(ValueError):
    """Padding method 2 of ISO/IEC 9797-1 does not hold."""


class CipherSuite(Enum):
    """Cipher of a session: (name, key octets, block octets, hash of the key derivation)."""

    TDES = ("3des", 16, 8, "sha1")
    AES_128 = ("aes-128", 16, 16, "sha1")
    AES_192 = ("aes-192", 24, 16, "sha256")
    AES_256 = ("aes-256", 32, 16, "sha256")

    def __init__(self, label: str, key_octets: int, block_octets: int, kdf_hash: str) -> None:
        self.label = label
        self.key_octets = key_octets
        self.block_octets = block_octets
        self.kdf_hash = kdf_hash


def derive_key(secret: bytes, counter: int, suite: CipherSuite) -> bytes:
    """KDF(K, c) of 9303-11 9.7.1: H(K || c), cut to the key length; 3DES keys get odd parity."""
    digest = hashlib.new(suite.kdf_hash, secret + counter.to_bytes(4, "big")).digest()
    key = digest[: suite.key_octets]
    return _odd_parity(key) if suite is CipherSuite.TDES else key


def _odd_parity(key: bytes) -> bytes:
    return bytes(octet & 0xFE | (octet >> 1).bit_count() & 1 ^ 1 for octet in key)


def pad(data: bytes, block_octets: int) -> bytes:
    """Padding method 2 of ISO/IEC 9797-1: 80, then 00 to the block."""
    return data + b"\x80" + b"\0" * (-(len(data) + 1) % block_octets)


def unpad(data: bytes, block_octets: int) -> bytes:
    """Undo `pad`. Raises PaddingError when there is no 80 or more than a block of padding."""
    stripped = data.rstrip(b"\0")
    if not stripped.endswith(b"\x80") or len(data) - len(stripped) >= block_octets:
        raise PaddingError("padding")
    return stripped[:-1]


def _algorithm(suite: CipherSuite, key: bytes) -> TripleDES | algorithms.AES:
    if len(key) != suite.key_octets:
        raise ValueError("key length")
    return TripleDES(key + key[:8]) if suite is CipherSuite.TDES else algorithms.AES(key)


def cbc_encrypt(suite: CipherSuite, key: bytes, iv: bytes, data: bytes) -> bytes:
    """CBC over whole blocks, no padding added."""
    encryptor = _Cipher(_algorithm(suite, key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def cbc_decrypt(suite: CipherSuite, key: bytes, iv: bytes, data: bytes) -> bytes:
    """Undo `cbc_encrypt`. Raises ValueError when the data is not whole blocks."""
    decryptor = _Cipher(_algorithm(suite, key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def encrypt_block(suite: CipherSuite, key: bytes, block: bytes) -> bytes:
    """One block, as for the IV of AES secure messaging: E(KS_ENC, SSC) of 9303-11 9.8.6.1."""
    return cbc_encrypt(suite, key, b"\0" * suite.block_octets, block)


def mac_blocks(suite: CipherSuite, key: bytes, data: bytes) -> bytes:
    """Eight-octet MAC over data that is whole blocks already (9303-11 9.8.6.2, 9.8.7.2).

    AES: CMAC cut to eight octets. 3DES: retail MAC, algorithm 3 of ISO/IEC 9797-1 with DES."""
    if suite is not CipherSuite.TDES:
        mac = CMAC(_algorithm(suite, key))
        mac.update(data)
        return mac.finalize()[:MAC_OCTETS]
    return _retail_mac(key, data)


def mac_token(suite: CipherSuite, key: bytes, data: bytes) -> bytes:
    """Eight-octet MAC over data of any length (authentication tokens, 9303-11 4.4.3.4): 3DES pads, CMAC
    does not."""
    return mac_blocks(suite, key, pad(data, 8) if suite is CipherSuite.TDES else data)


def _retail_mac(key: bytes, data: bytes) -> bytes:
    if len(data) % 8 or not data:
        raise ValueError("MAC input is not whole blocks")
    first, second = key[:8], key[8:16]
    zero = b"\0" * 8
    chain = _Cipher(TripleDES(first * 3), modes.CBC(zero)).encryptor()
    last = (chain.update(data) + chain.finalize())[-8:]
    inner = _Cipher(TripleDES(second * 3), modes.CBC(zero)).decryptor()
    middle = inner.update(last) + inner.finalize()
    outer = _Cipher(TripleDES(first * 3), modes.CBC(zero)).encryptor()
    return outer.update(middle) + outer.finalize()


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)
