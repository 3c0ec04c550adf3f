"""An official's own PKCS#11 token: its certificates without a PIN, a signature with one. The PIN is kept nowhere.

Keys: ECDSA on the NIST curves, RSA with PKCS #1 v1.5, both over SHA-256. The package python-pkcs11 is needed only here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from reports.signing_errors import SigningCertificateError
from reports.signing_revocation import is_authority
from reports.signing_status import MAX_CERTIFICATE, read_certificate
from reports.wording import clean
from sessions.errors import SessionsError

MAX_CERTIFICATES: Final = 64
MIN_FINGERPRINT: Final = 8
_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo of SHA-256, to be followed by the digest (RFC 8017, 9.2)."""
UNKNOWN, FEW, LAST, NONE = "unknown", "few", "last", "none"
"""How many tries at the PIN are left, as far as a token says."""
_WRONG: Final = {UNKNOWN: "wrong", FEW: "wrong-few", LAST: "wrong-last", NONE: "locked"}


class SigningPinError(SessionsError):
    """The token does not take the PIN. `left`: tries as far as it says; `why` repeats it: wrong, wrong-few, wrong-last,
    locked.
    """

    code = "signing-pin"


class SigningTokenError(SessionsError):
    """A token that cannot be used: not there, several of them, several or no certificates to choose from, no key, gone.

    `why` says which; `known`: what there is.
    """

    code = "signing-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCertificate:
    """A certificate in a token: DER, label, CKA_ID, and whether it is an authority's."""

    der: bytes = field(repr=False)
    label: str
    key_id: bytes
    authority: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def parsed(self) -> x509.Certificate:
        """The certificate."""
        return x509.load_der_x509_certificate(self.der)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldToken:
    """A token that is plugged in: its label, its certificates, how many tries at the PIN it has left."""

    label: str
    certificates: tuple[TokenCertificate, ...]
    tries: str
    _token: Any = field(repr=False)

    @property
    def holders(self) -> tuple[TokenCertificate, ...]:
        """The certificates that are a person's."""
        return tuple(each for each in self.certificates if not each.authority)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates of authorities that the token carries along, DER."""
        return tuple(each.der for each in self.certificates if each.authority)

    def choose(self, wanted: str | None) -> TokenCertificate:
        """Return the certificate of a label or of a fingerprint's beginning; without either, the only one.

        Raises SigningTokenError.
        """
        found = self.holders
        if wanted is not None:
            key = wanted.replace(" ", "").replace(":", "").lower()
            found = tuple(
                each
                for each in found
                if each.label == wanted or (len(key) >= MIN_FINGERPRINT and each.fingerprint.startswith(key))
            )
        if len(found) != 1:
            known = ", ".join(f"{each.label} ({each.fingerprint[:MIN_FINGERPRINT]})" for each in self.holders)
            raise SigningTokenError(why="certificates" if found else "no-certificate", known=known or "-")
        return found[0]

    @contextmanager
    def unlocked(self, certificate: TokenCertificate, pin: str) -> Iterator[Callable[[bytes], bytes]]:
        """Give what signs a message with a certificate's key while this lasts.

        Raises SigningPinError, SigningTokenError.
        """
        session = self._log_in(pin)
        try:
            key = _private_key(session, certificate)
            yield lambda message: _sign(key, certificate.parsed, message)
        finally:
            with suppress(Exception):
                session.close()

    def _log_in(self, pin: str) -> Any:
        errors = _module().exceptions
        try:
            return self._token.open(user_pin=pin)
        except (errors.PinIncorrect, errors.PinInvalid, errors.PinLenRange, errors.ArgumentsBad):
            left = tries_left(self._token)
            raise SigningPinError(why=_WRONG[left], left=left) from None
        except (errors.PinLocked, errors.PinExpired):
            raise SigningPinError(why="locked", left=NONE) from None
        except errors.UserAlreadyLoggedIn:  # whoever opened it: this PIN would not be looked at
            raise SigningTokenError(why="shared", known=self.label) from None
        except errors.PKCS11Error as error:
            raise SigningTokenError(why="lost", known=type(error).__name__) from None


def held_token(library: str, label: str | None) -> HeldToken:
    """Return the token of a label that a PKCS#11 library sees; without a label the only one. No PIN is asked for.

    Raises SigningTokenError.
    """
    tokens = _tokens(library)
    found = [each for each in tokens if label is None or _label(each) == label]
    if len(found) != 1:
        known = ", ".join(_label(each) for each in tokens) or "-"
        raise SigningTokenError(why="tokens" if found else "no-token", known=known)
    with _lost():
        certificates = _certificates(found[0])
        tries = tries_left(found[0])
    return HeldToken(label=_label(found[0]), certificates=certificates, tries=tries, _token=found[0])


def tries_left(token: Any) -> str:
    """Return how many tries at the PIN are left, as far as a token says: PKCS #11 has no number for it."""
    flags = _module().TokenFlag
    with suppress(_module().exceptions.PKCS11Error):
        now = token.slot.get_token().flags
        if now & flags.USER_PIN_LOCKED:
            return NONE
        if now & flags.USER_PIN_FINAL_TRY:
            return LAST
        if now & flags.USER_PIN_COUNT_LOW:
            return FEW
    return UNKNOWN


def _module() -> Any:
    try:
        import pkcs11  # noqa: PLC0415 - needed only where a token is
    except ImportError:
        raise SigningTokenError(why="package", known="-") from None
    return pkcs11


def _tokens(library: str) -> list[Any]:
    """Return the tokens that have been initialised."""
    pkcs11 = _module()
    if not Path(library).is_file() and os.sep in library:
        raise SigningTokenError(why="library", known="-")
    try:
        found = pkcs11.lib(library)
    except (OSError, RuntimeError, pkcs11.exceptions.PKCS11Error):
        raise SigningTokenError(why="library", known="-") from None
    with _lost():
        tokens = [slot.get_token() for slot in found.get_slots(token_present=True)]
    return [each for each in tokens if each.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED]


def _label(token: Any) -> str:
    return clean(str(token.label).rstrip("\0 "))


def _certificates(token: Any) -> tuple[TokenCertificate, ...]:
    pkcs11 = _module()
    attribute = pkcs11.Attribute
    found: dict[bytes, TokenCertificate] = {}
    with token.open() as session:
        for item in session.get_objects({attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}):
            if len(found) >= MAX_CERTIFICATES:
                break
            der = _value(item, attribute.VALUE)[: MAX_CERTIFICATE + 1]
            with suppress(SigningCertificateError):
                parsed = read_certificate(der)
                label = clean(_value(item, attribute.LABEL).decode("utf-8", "replace"))
                key_id = _value(item, attribute.ID)
                made = TokenCertificate(der=der, label=label, key_id=key_id, authority=is_authority(parsed))
                found.setdefault(der, made)
    return tuple(sorted(found.values(), key=lambda each: (each.label, each.fingerprint)))


def _value(item: Any, attribute: Any) -> bytes:
    """Return an attribute's octets; one that an object does not have is empty."""
    try:
        value = item[attribute]
    except _module().exceptions.AttributeTypeInvalid:
        return b""
    return value.encode("utf-8", "replace") if isinstance(value, str) else bytes(value or b"")


def _private_key(session: Any, certificate: TokenCertificate) -> Any:
    """Return the private key that goes with a certificate: by CKA_ID, else by label. Raises SigningTokenError."""
    pkcs11 = _module()
    attribute, private = pkcs11.Attribute, pkcs11.ObjectClass.PRIVATE_KEY
    with _lost():
        for name, value in ((attribute.ID, certificate.key_id), (attribute.LABEL, certificate.label)):
            keys = tuple(session.get_objects({attribute.CLASS: private, name: value})) if value else ()
            if len(keys) == 1:
                return keys[0]
    raise SigningTokenError(why="no-key", known=certificate.label or "-")


def _sign(key: Any, certificate: x509.Certificate, message: bytes) -> bytes:
    pkcs11 = _module()
    digest = hashlib.sha256(message).digest()
    with _lost():
        if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
            raw = bytes(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
            return _ecdsa_value(raw)
        with suppress(pkcs11.exceptions.MechanismInvalid):
            return bytes(key.sign(message, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
        return bytes(key.sign(_DIGEST_INFO + digest, mechanism=pkcs11.Mechanism.RSA_PKCS))


def _ecdsa_value(raw: bytes) -> bytes:
    """Return r and s, one after the other as PKCS #11 gives them, as an ECDSA-Sig-Value (RFC 3279, 2.2.3)."""
    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


@contextmanager
def _lost() -> Iterator[None]:
    """Turn what a token says while it is at work into our errors; its words are dropped."""
    errors = _module().exceptions
    try:
        yield
    except (errors.MechanismInvalid, errors.MechanismParamInvalid):
        raise SigningTokenError(why="no-mechanism", known="-") from None
    except errors.PKCS11Error as error:
        raise SigningTokenError(why="lost", known=type(error).__name__) from None
