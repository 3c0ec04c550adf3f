"""The log-signing key in a PKCS#11 token: Ed25519 (CKM_EDDSA), made there, never outside.

The PIN opens one session and is kept nowhere; a token that goes away makes every signature fail with a StoreError, so
that the attempt under way waits in pending/ like one that the disk would not take. The package python-pkcs11 is
needed only where a token is.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sessions.checkpoint import Signer, VerifierKey
from sessions.errors import (
    KeysDamagedError,
    NoteSignatureError,
    TokenKeyError,
    TokenLibraryError,
    TokenLostError,
    TokenNeededError,
    TokenPinError,
)

_MAX_TEXT: Final = 1024
_CURVES: Final = (bytes.fromhex("130c656477617264733235353139"), bytes.fromhex("06032b6570"))
"""CKA_EC_PARAMS of Ed25519: the name "edwards25519" (PKCS#11 3.0), or the OID 1.3.101.112 (RFC 8410)."""
_PROBE: Final = b"proctor token probe 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """Which key of which token: library file, labels, and the 32 public bytes that it must have."""

    library: str
    token: str
    label: str
    public: bytes

    def as_fields(self) -> dict[str, str]:
        """Return the fields as they stand in the bundle."""
        return {
            "library": self.library,
            "token": self.token,
            "label": self.label,
            "public": self.public.hex(),
        }

    @classmethod
    def of_fields(cls, fields: Any) -> Self:
        """Return the key of `as_fields`; raises KeysDamagedError."""
        try:
            texts = {name: str(fields[name]) for name in ("library", "token", "label")}
            public = bytes.fromhex(fields["public"])
        except (KeyError, TypeError, ValueError):
            raise KeysDamagedError(why="token") from None
        if len(public) != 32 or any(not text or len(text) > _MAX_TEXT for text in texts.values()):
            raise KeysDamagedError(why="token")
        return cls(**texts, public=public)


class PublicSigner(Signer):
    """The signer of a station whose token is not open: it has the public key, and signs nothing."""

    __slots__ = ()

    def __init__(self, name: str, public: bytes) -> None:
        self.key = VerifierKey(name=name, public=public)

    def named(self, name: str) -> Signer:
        """Return the same key under another name."""
        return PublicSigner(name, self.key.public)

    def sign(self, message: bytes) -> bytes:
        """Raise TokenNeededError."""
        raise TokenNeededError(key=self.key.fingerprint)


class TokenSigner(Signer):
    """A signer whose private key is in an open token. No repr shows more than the public key."""

    __slots__ = ("_lock", "_private_object", "_session")

    def __init__(self, name: str, public: bytes, session: Any, private_object: Any, lock: Any = None) -> None:
        self.key = VerifierKey(name=name, public=public)
        self._session, self._private_object = session, private_object
        self._lock = lock or threading.RLock()

    @classmethod
    def open(cls, name: str, key: TokenKey, pin: str) -> Self:
        """Return the signer of a key in a token; it signed once, and well, before it is believed.

        Raises TokenLibraryError, TokenLostError, TokenPinError, TokenKeyError.
        """
        session = _session(key.library, key.token, pin, writing=False)
        try:
            private = _private(session, key.label)
            signer = cls(name, key.public, session, private)
            try:
                signer.key.verify(signer.sign(_PROBE), _PROBE)
            except NoteSignatureError:
                raise TokenKeyError(why="other-key") from None
        except BaseException:
            with suppress(Exception):
                session.close()
            raise
        return signer

    def __repr__(self) -> str:
        return f"TokenSigner({self.key.name!r}, {self.key.fingerprint})"

    def named(self, name: str) -> TokenSigner:
        """Return the same key under another name."""
        return TokenSigner(name, self.key.public, self._session, self._private_object, self._lock)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature; raises TokenLostError when the token does not answer."""
        mechanism = _module().Mechanism.EDDSA
        with self._lock, _lost():
            signature = bytes(self._private_object.sign(message, mechanism=mechanism))
        if len(signature) != 64:
            raise TokenLostError(why="signature")
        return signature

    def close(self) -> None:
        """Close the session; the token asks for its PIN again."""
        with self._lock, suppress(Exception):
            self._session.close()


def find_or_make_key(library: str, token: str, label: str, pin: str) -> TokenKey:
    """Return the Ed25519 key of this label in a token, made there if there is none.

    A key that is made is private, sensitive and not extractable. Raises as `TokenSigner.open`.
    """
    session = _session(library, token, pin, writing=True)
    try:
        with _lost():
            public = _public(session, label) or _make(session, label)
        return TokenKey(library=library, token=token, label=label, public=public)
    finally:
        with suppress(Exception):
            session.close()


def _module() -> Any:
    try:
        import pkcs11  # noqa: PLC0415 - needed only where a token is
    except ImportError:
        raise TokenLibraryError(why="package") from None
    return pkcs11


def _session(library: str, token: str, pin: str, *, writing: bool) -> Any:
    pkcs11 = _module()
    errors = pkcs11.exceptions
    try:
        found = pkcs11.lib(library)
    except (OSError, RuntimeError, errors.PKCS11Error):
        raise TokenLibraryError(why="library") from None
    try:
        chosen = found.get_token(token_label=token)
        try:
            return chosen.open(rw=writing, user_pin=pin)
        except errors.UserAlreadyLoggedIn:  # by another session of this process, whose log-in holds for all
            return chosen.open(rw=writing)
    except (errors.PinIncorrect, errors.PinInvalid, errors.PinLenRange, errors.ArgumentsBad):
        raise TokenPinError(why="wrong") from None
    except (errors.PinLocked, errors.PinExpired):
        raise TokenPinError(why="locked") from None
    except errors.MultipleTokensReturned:
        raise TokenKeyError(why="token-twice") from None
    except (errors.PKCS11Error, LookupError):
        raise TokenLostError(why="absent") from None


def _private(session: Any, label: str) -> Any:
    pkcs11 = _module()
    with _lost():
        objects = tuple(session.get_objects(_template(pkcs11, label, pkcs11.ObjectClass.PRIVATE_KEY)))
    if len(objects) != 1:
        raise TokenKeyError(why="label", found=len(objects))
    return objects[0]


def _public(session: Any, label: str) -> bytes | None:
    """Return the public bytes of the key of a label, or None where there is none."""
    pkcs11 = _module()
    objects = tuple(session.get_objects(_template(pkcs11, label, pkcs11.ObjectClass.PUBLIC_KEY)))
    private = tuple(session.get_objects(_template(pkcs11, label, pkcs11.ObjectClass.PRIVATE_KEY)))
    if not objects and not private:
        return None
    if len(objects) != 1 or len(private) != 1:
        raise TokenKeyError(why="label", found=len(private))
    return _point(objects[0])


def _make(session: Any, label: str) -> bytes:
    pkcs11 = _module()
    private = {
        pkcs11.Attribute.SENSITIVE: True,
        pkcs11.Attribute.EXTRACTABLE: False,
        pkcs11.Attribute.PRIVATE: True,
        pkcs11.Attribute.SIGN: True,
    }
    for curve in _CURVES:
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
        )
        with suppress(
            pkcs11.exceptions.DomainParamsInvalid,
            pkcs11.exceptions.AttributeValueInvalid,
        ):
            public, _ = parameters.generate_keypair(
                mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                store=True,
                label=label,
                id=hashlib.sha256(label.encode()).digest()[:8],
                private_template=private,
            )
            return _point(public)
    raise TokenKeyError(why="no-ed25519")


def _template(pkcs11: Any, label: str, kind: Any) -> Mapping[Any, Any]:
    attribute = pkcs11.Attribute
    return {attribute.CLASS: kind, attribute.LABEL: label, attribute.KEY_TYPE: pkcs11.KeyType.EC_EDWARDS}


def _point(public: Any) -> bytes:
    """Return the 32 bytes of CKA_EC_POINT, which tokens give bare or as a DER OCTET STRING."""
    point = bytes(public[_module().Attribute.EC_POINT])
    raw = point[2:] if len(point) == 34 and point[:2] == b"\x04\x20" else point
    try:
        return Ed25519PublicKey.from_public_bytes(raw).public_bytes_raw()
    except ValueError:
        raise TokenKeyError(why="point") from None


@contextmanager
def _lost() -> Iterator[None]:
    """Turn what a token says while it is at work into our errors; its words are dropped."""
    errors = _module().exceptions
    try:
        yield
    except (errors.MechanismInvalid, errors.MechanismParamInvalid):
        raise TokenKeyError(why="no-ed25519") from None
    except errors.PKCS11Error as error:
        raise TokenLostError(why=type(error).__name__) from None
