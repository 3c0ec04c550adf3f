"""libmrtd (of mrtdreader) through ctypes: Basic Access Control and secure messaging by somebody else's reader.

It talks to a card through one function of libnfc. A stand-in for libnfc, compiled here, hands that function's octets
to Python, and from there they go to the software card. Tests skip with a reason where the library or a compiler is
missing.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIBRARY = "libmrtd.so.0"
_LARGEST = 20_000
_STAND_IN = """
#include <stddef.h>
#include <stdint.h>
static int (*card)(const uint8_t *, size_t, uint8_t *, size_t);
void use_card(int (*given)(const uint8_t *, size_t, uint8_t *, size_t)) { card = given; }
int nfc_initiator_transceive_bytes(void *device, const uint8_t *command, size_t length, uint8_t *answer, size_t room,
                                   int timeout) { return card(command, length, answer, room); }
"""
_CARD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t)


def require_libmrtd(folder: Path) -> MrtdReader:
    """The reader; skips where a part is missing (Debian 12 has the library, Debian 13 no longer)."""
    compiler = shutil.which("gcc")
    reason = "" if compiler else "no gcc"
    if compiler:
        source, built = folder / "nfc.c", folder / "libnfc.so.6"
        source.write_text(_STAND_IN)
        flags = ("-shared", "-fPIC", "-Wl,-soname,libnfc.so.6", "-o", str(built), str(source))
        subprocess.run([compiler, *flags], check=True, capture_output=True)
        try:
            stand_in = ctypes.CDLL(str(built), mode=ctypes.RTLD_GLOBAL)
            return MrtdReader(ctypes.CDLL(LIBRARY), stand_in)
        except OSError:
            reason = f"{LIBRARY} is not installed (apt-get install libmrtd0)"
    pytest.skip(reason)


class MrtdReader:
    """One reader; `insert` a card, then `open` it and `read` its files."""

    def __init__(self, library: ctypes.CDLL, stand_in: ctypes.CDLL) -> None:
        self._library, self._stand_in = library, stand_in
        self._enc, self._mac = (ctypes.create_string_buffer(16) for _ in range(2))
        self._counter = ctypes.c_uint64()
        self.primitives = Primitives(library)

    def insert(self, process: Callable[[bytes], bytes]) -> None:
        """The card that commands go to from now on."""

        def card(command: int, length: int, answer: int, room: int) -> int:
            octets = process(ctypes.string_at(command, length))
            if len(octets) > room:
                return -1
            ctypes.memmove(answer, octets, len(octets))
            return len(octets)

        self._callback = _CARD(card)
        self._stand_in.use_card(self._callback)

    def open(self, mrz_information: str) -> bool:
        """Whether Basic Access Control succeeded."""
        handshake = self._library.mrtd_bac_keyhandshake
        key = ctypes.create_string_buffer(mrz_information.encode("ascii"))
        return handshake(None, key, self._enc, self._mac, ctypes.byref(self._counter)) == 0

    def read(self, identifier: int) -> bytes:
        """A file; the library neither checks MACs nor status words."""
        output, length = ctypes.create_string_buffer(_LARGEST), ctypes.c_int()
        name = ctypes.create_string_buffer(identifier.to_bytes(2, "big"), 2)
        state = (self._enc, self._mac, ctypes.byref(self._counter))
        assert self._library.mrtd_fileread_read(None, name, output, ctypes.byref(length), *state) == 0
        return output.raw[: length.value]


class Primitives:
    """The library's key derivation, two-key 3DES, retail MAC and padding."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def access_keys(self, mrz_information: str) -> tuple[bytes, bytes]:
        """K_ENC and K_MAC of Basic Access Control."""
        return self._two("mrtd_bac_kmrz_to_kenc_kmac", mrz_information.encode("ascii"))

    def keys(self, seed: bytes) -> tuple[bytes, bytes]:
        """Session keys."""
        return self._two("mrtd_bac_kenc_kmac", seed)

    def encrypt(self, key: bytes, data: bytes) -> bytes:
        """CBC, whole blocks."""
        return self._cipher("mrtd_crypto_encrypt_3des", key, data)

    def decrypt(self, key: bytes, data: bytes) -> bytes:
        """CBC, whole blocks."""
        return self._cipher("mrtd_crypto_decrypt_3des", key, data)

    def mac(self, key: bytes, data: bytes) -> bytes:
        """Retail MAC over data of any length, padded by the library."""
        output = ctypes.create_string_buffer(8)
        self._library.mrtd_crypto_mac_padding(_buffer(data), output, len(data), _buffer(key))
        return output.raw

    def pad(self, data: bytes) -> bytes:
        """Padding method 2."""
        return self._resized("mrtd_crypto_padding", data)

    def unpad(self, data: bytes) -> bytes:
        """Undo `pad`."""
        return self._resized("mrtd_crypto_padding_remove", data)

    def _two(self, name: str, data: bytes) -> tuple[bytes, bytes]:
        enc, mac = ctypes.create_string_buffer(16), ctypes.create_string_buffer(16)
        getattr(self._library, name)(_buffer(data), enc, mac)
        return enc.raw, mac.raw

    def _cipher(self, name: str, key: bytes, data: bytes) -> bytes:
        output = ctypes.create_string_buffer(len(data))
        getattr(self._library, name)(_buffer(data), output, len(data), _buffer(key))
        return output.raw

    def _resized(self, name: str, data: bytes) -> bytes:
        output, length = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
        getattr(self._library, name)(_buffer(data), output, len(data), ctypes.byref(length))
        return output.raw[: length.value]


def _buffer(octets: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(octets, len(octets))
