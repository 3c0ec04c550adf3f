"""OpenPACE (libeac 3) through ctypes: PACE, Chip Authentication and secure messaging by somebody else's code.

Only its own arithmetic, key derivation, ciphers and MACs are used; the APDUs around them are in `eac_chip` and
`eac_reader` beside this file. Tests that need it skip with a reason where the library is not installed.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, c_char_p, c_int, c_size_t, c_ubyte, c_ulong, c_void_p
from functools import cache
from typing import Any

import pytest

LIBRARY = "libeac.so.3"
MRZ, CAN = 1, 2
_ID_PACE, _ID_CA = 0, 1


class _Buffer(Structure):
    _fields_ = (("length", c_size_t), ("data", c_void_p), ("max", c_size_t), ("flags", c_ulong))


class _ChipAuth(Structure):
    _fields_ = (
        ("version", c_ubyte),
        ("protocol", c_int),
        ("id", c_int),
        ("flags", c_int),
        ("agreement", c_void_p),
    )


class _Context(Structure):
    _fields_ = (
        ("version", c_int),
        ("numbers", c_void_p),
        ("digests", c_void_p),
        ("ciphers", c_void_p),
        ("pace", c_void_p),
        ("paces", c_void_p),
        ("ri", c_void_p),
        ("ris", c_void_p),
        ("ta", c_void_p),
        ("ca", POINTER(_ChipAuth)),
        ("cas", c_void_p),
        ("session", c_void_p),
        ("counter", c_void_p),
    )


_BUF, _CTX = POINTER(_Buffer), POINTER(_Context)
_SIGNATURES = {
    "EAC_init": (None,),
    "EAC_CTX_new": (_CTX,),
    "EAC_CTX_clear_free": (None, _CTX),
    "EAC_CTX_init_ef_cardaccess": (c_int, c_char_p, c_size_t, _CTX),
    "EAC_CTX_init_ef_cardsecurity": (c_int, c_char_p, c_size_t, _CTX),
    "EAC_CTX_init_ca": (c_int, _CTX, c_int, c_int),
    "EAC_CTX_set_encryption_ctx": (c_int, _CTX, c_int),
    "EAC_OBJ_txt2nid": (c_int, c_char_p),
    "PACE_SEC_new": (c_void_p, c_char_p, c_size_t, c_int),
    "PACE_SEC_clear_free": (None, c_void_p),
    "PACE_STEP1_enc_nonce": (_BUF, _CTX, c_void_p),
    "PACE_STEP2_dec_nonce": (c_int, _CTX, c_void_p, _BUF),
    "PACE_STEP3A_generate_mapping_data": (_BUF, _CTX),
    "PACE_STEP3A_map_generator": (c_int, _CTX, _BUF),
    "PACE_STEP3B_generate_ephemeral_key": (_BUF, _CTX),
    "PACE_STEP3B_compute_shared_secret": (c_int, _CTX, _BUF),
    "PACE_STEP3C_derive_keys": (c_int, _CTX),
    "PACE_STEP3D_compute_authentication_token": (_BUF, _CTX, _BUF),
    "PACE_STEP3D_verify_authentication_token": (c_int, _CTX, _BUF),
    "CA_disable_passive_authentication": (None, _CTX),
    "TA_STEP3_generate_ephemeral_key": (_BUF, _CTX),
    "CA_set_key": (c_int, _CTX, c_char_p, c_size_t, c_char_p, c_size_t),
    "CA_STEP2_get_eph_pubkey": (_BUF, _CTX),
    "KA_CTX_generate_key": (_BUF, c_void_p, c_void_p),
    "KA_CTX_compute_key": (c_int, c_void_p, _BUF, c_void_p),
    "KA_CTX_derive_keys": (c_int, c_void_p, _BUF, c_void_p),
    "EAC_increment_ssc": (c_int, _CTX),
    "EAC_reset_ssc": (c_int, _CTX),
    "EAC_encrypt": (_BUF, _CTX, _BUF),
    "EAC_decrypt": (_BUF, _CTX, _BUF),
    "EAC_authenticate": (_BUF, _CTX, _BUF),
    "EAC_add_iso_pad": (_BUF, _CTX, _BUF),
    "EAC_remove_iso_pad": (_BUF, _BUF),
    "BUF_MEM_create_init": (_BUF, c_char_p, c_size_t),
    "BUF_MEM_clear_free": (None, _BUF),
}


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    for name, (result, *arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.EAC_init()
    return library


def require_openpace() -> None:
    """Skip where the library is missing; fail instead where PROCTOR_REQUIRE_VPCD=1 says that all parts are there."""
    if _library() is None:
        reason = f"{LIBRARY} is not installed (apt-get install libeac3)"
        if os.environ.get("PROCTOR_REQUIRE_VPCD") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


class ForeignRefusalError(Exception):
    """The library refused what it was given."""


class Foreign:
    """The library as a set of functions: octets in place of buffers and of (pointer, length) pairs."""

    def __init__(self) -> None:
        library = _library()
        assert library is not None, "call require_openpace() first"
        self._library = library

    def call(self, name: str, *arguments: object) -> object:
        """Call a function; a buffer comes back as octets, or None where it failed."""
        function = getattr(self._library, name)
        rest, given, lent = list(arguments), [], []
        for kind in function.argtypes:
            if kind is c_size_t:
                given.append(len(given[-1]))
            elif kind is _BUF and rest[0] is not None:
                octets = rest.pop(0)
                lent.append(self._library.BUF_MEM_create_init(octets, len(octets)))  # type: ignore[arg-type]
                given.append(lent[-1])
            else:
                given.append(rest.pop(0))
        result = function(*given)
        for pointer in lent:
            self._library.BUF_MEM_clear_free(pointer)
        if function.restype is not _BUF:
            return result
        if not result:
            return None
        octets = ctypes.string_at(result.contents.data, result.contents.length)
        self._library.BUF_MEM_clear_free(result)
        return octets


class Side:
    """One party of the protocols: a context of the library."""

    def __init__(self) -> None:
        self._foreign = Foreign()
        self._context: Any = self._foreign.call("EAC_CTX_new")
        self._password: object = None

    def close(self) -> None:
        """Free what the library holds."""
        if self._password is not None:
            self._foreign.call("PACE_SEC_clear_free", self._password)
        self._foreign.call("EAC_CTX_clear_free", self._context)

    def offer(self, card_access: bytes) -> None:
        """Take the PACE variant of an EF.CardAccess."""
        self._must(self._foreign.call("EAC_CTX_init_ef_cardaccess", card_access, self._context))

    def password(self, text: str, kind: int) -> None:
        """The CAN, or the whole MRZ without line ends."""
        self._password = self._must(self._foreign.call("PACE_SEC_new", text.encode("ascii"), kind))

    # --- PACE ---

    def encrypted_nonce(self) -> bytes:
        """Chip: a new nonce under the password."""
        return self._octets("PACE_STEP1_enc_nonce", self._password)

    def take_nonce(self, encrypted: bytes) -> None:
        """Reader: decrypt it."""
        self._do("PACE_STEP2_dec_nonce", self._password, encrypted)

    def mapping_data(self) -> bytes:
        """A mapping key of the generic mapping."""
        return self._octets("PACE_STEP3A_generate_mapping_data")

    def map(self, data: bytes) -> None:
        """Map the generator with the other side's key."""
        self._do("PACE_STEP3A_map_generator", data)

    def ephemeral_key(self) -> bytes:
        """A key on the mapped generator."""
        return self._octets("PACE_STEP3B_generate_ephemeral_key")

    def agree(self, key: bytes) -> None:
        """Shared secret and session keys."""
        self._do("PACE_STEP3B_compute_shared_secret", key)
        self._do("PACE_STEP3C_derive_keys")

    def token(self, key: bytes) -> bytes:
        """The authentication token over the other side's ephemeral key."""
        return self._octets("PACE_STEP3D_compute_authentication_token", key)

    def check_token(self, token: bytes) -> None:
        """Raises ForeignRefusalError."""
        self._do("PACE_STEP3D_verify_authentication_token", token)

    def begin_pace_session(self) -> None:
        """From here on messages are protected with the keys of PACE."""
        self._do("EAC_CTX_set_encryption_ctx", _ID_PACE)
        self._do("EAC_reset_ssc")

    # --- Chip Authentication, version 1 (no nonce, no token) ---

    def offer_chip_auth(self, oid: str, parameter_id: int) -> None:
        """Choose the protocol and the standardised parameters of the static key."""
        self._do("EAC_CTX_init_ca", self._foreign.call("EAC_OBJ_txt2nid", oid.encode()), parameter_id)

    def chip_auth_key(self) -> bytes:
        """A new key: the chip's static one, or the reader's ephemeral one."""
        inside = self._context.contents
        made = self._foreign.call("KA_CTX_generate_key", inside.ca.contents.agreement, inside.numbers)
        return self._must(made)

    def chip_auth_agree(self, key: bytes) -> None:
        """Shared secret and keys, without the nonce that version 2 adds."""
        inside = self._context.contents
        agreement = inside.ca.contents.agreement
        self._must(self._foreign.call("KA_CTX_compute_key", agreement, key, inside.numbers))
        self._must(self._foreign.call("KA_CTX_derive_keys", agreement, None, inside.digests))

    def begin_chip_auth_session(self) -> None:
        """From here on messages are protected with the keys of Chip Authentication."""
        self._do("EAC_CTX_set_encryption_ctx", _ID_CA)
        self._do("EAC_reset_ssc")

    # --- secure messaging ---

    def count(self) -> None:
        """One command or answer more."""
        self._do("EAC_increment_ssc")

    def encrypt(self, data: bytes) -> bytes:
        """Pad and encrypt."""
        return self._octets("EAC_encrypt", self.pad(data))

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt and take the padding off."""
        return self._must(self._foreign.call("EAC_remove_iso_pad", self._octets("EAC_decrypt", data)))

    def mac(self, padded: bytes) -> bytes:
        """MAC over the counter and data that is padded already."""
        return self._octets("EAC_authenticate", padded)

    def pad(self, data: bytes) -> bytes:
        """Pad to the block of the session."""
        return self._octets("EAC_add_iso_pad", data)

    def _octets(self, name: str, *arguments: object) -> bytes:
        return self._must(self._foreign.call(name, self._context, *arguments))

    def _do(self, name: str, *arguments: object) -> None:
        self._must(self._foreign.call(name, self._context, *arguments))

    @staticmethod
    def _must(result: Any) -> Any:
        if result is None or (isinstance(result, int) and result in (0, -1)):
            raise ForeignRefusalError
        return result
