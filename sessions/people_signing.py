"""What two persons sign of an entry, and whether they did. Form: docs/log-format.md, "Signatures of persons".

They sign the body without what the store sets by the entry's place, and with a nonce and a tree head of the log of
before: the signature belongs to this entry, to this log, and to no earlier moment. Read by writer and verifier.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sessions import codec
from sessions.checkpoint import VerifierKey, station_of
from sessions.errors import CanonicalFormError, NoteSignatureError
from sessions.people_errors import PersonKeyError
from sessions.record import Operator, PersonSigner, Second

SIGNATURES: Final = "signatures"
_DOMAIN: Final = b"proctor entry signature 1\n"
_BY_PLACE: Final = frozenset({"seq", "at", "monotonic_ms", "boot_id", SIGNATURES})
_UNSIGNED: Final = "checks"
"""No entry that persons sign has this field: verifiers need not parse it."""
_NONCE: Final = re.compile("[0-9a-f]{32}")
_HASH: Final = re.compile("[0-9a-f]{64}")
_SIGNATURE: Final = re.compile("[0-9a-f]{128}")
_HEAD: Final = ("nonce", "size", "root")
OF_OPERATOR: Final = ("user-key", "user-added")
"""The `key` events that their operator signs without a second person too."""
PARTS: Final = ("operator", "second", "token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the signatures of an entry are bound to: a random nonce (32 hexadecimal digits), size and root of the log
    before it.
    """

    nonce: str
    size: int
    root: str

    @classmethod
    def fresh(cls, size: int, root: bytes) -> Bound:
        """Return one with a nonce that was never used."""
        return cls(nonce=secrets.token_hex(16), size=size, root=root.hex())

    def as_body(self) -> dict[str, str | int]:
        """Return the fields."""
        return {"nonce": self.nonce, "size": self.size, "root": self.root}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys that the log names for people: their own, and those in their tokens, by user id."""

    own: Mapping[str, VerifierKey] = field(default_factory=dict)
    tokens: Mapping[str, VerifierKey] = field(default_factory=dict)


def message(body: Mapping[str, Any], bound: Mapping[str, Any]) -> bytes:
    """Return what is signed of a body; raises CanonicalFormError.

    The origin is the station's: what was signed before a new epoch may be written in it.
    """
    fields = {name: value for name, value in body.items() if name not in _BY_PLACE}
    fields["origin"] = station_of(str(body["origin"]))
    return _DOMAIN + codec.encode({**fields, SIGNATURES: {name: bound[name] for name in _HEAD}})


def signed(
    body: Mapping[str, Any], bound: Bound, keys: Keys, *, operator: Operator, second: Second | None
) -> dict[str, Any]:
    """Return the field `signatures` of a body, or nothing where the log names no key for anybody who must sign.

    Raises PersonKeyError where it names one that is not open.
    """
    if _UNSIGNED in body:
        raise ValueError("an entry of two persons has no checks")
    wanted: dict[str, tuple[str, VerifierKey | None, PersonSigner | None]] = {
        "operator": (operator.user_id, keys.own.get(operator.user_id), operator.signer)
    }
    if second is not None:
        wanted["second"] = (second.user_id, keys.own.get(second.user_id), second.signer)
        if second.proof == "token":
            wanted["token"] = (second.user_id, keys.tokens.get(second.user_id), second.token)
    if all(key is None for _, key, _ in wanted.values()):
        return {}
    text, made = message(body, bound.as_body()), {}
    for name, (user, key, signer) in wanted.items():
        if key is not None:
            made[name] = _sign(user, key, signer, text)
    return {SIGNATURES: {**bound.as_body(), **made}}


def _sign(user: str, key: VerifierKey, signer: PersonSigner | None, text: bytes) -> str:
    if signer is None:
        raise PersonKeyError(user=user, why="missing")
    signature = signer.sign(text)
    try:
        key.verify(signature, text)
    except NoteSignatureError:
        raise PersonKeyError(user=user, why="differs") from None
    return signature.hex()


def fault(body: Mapping[str, Any], keys: Mapping[str, VerifierKey]) -> str | None:
    """Return what is wrong with the signatures of a body, or None. `keys`: whose must be there, by part."""
    found = body.get(SIGNATURES)
    if found is None:
        return f"{min(keys)}-missing" if keys else None
    if not keys or not _has_form(found) or _UNSIGNED in body:
        return "form"
    for name in PARTS:
        if (name in keys) != (name in found):
            return f"{name}-missing" if name in keys else f"{name}-unknown"
    return _wrong(body, found, keys)


def _wrong(body: Mapping[str, Any], found: Mapping[str, Any], keys: Mapping[str, VerifierKey]) -> str | None:
    """Return the first signature that is not its key's, or None."""
    try:
        text = message(body, found)
    except CanonicalFormError:
        return "form"
    for name, key in keys.items():
        try:
            key.verify(bytes.fromhex(found[name]), text)
        except NoteSignatureError:
            return f"{name}-wrong"
    return None


def _has_form(found: Any) -> bool:
    if type(found) is not dict or not set(_HEAD) <= found.keys() <= {*_HEAD, *PARTS}:
        return False
    texts = {name: found[name] for name in found if name != "size"}
    if type(found["size"]) is not int or not all(type(text) is str for text in texts.values()):
        return False
    if not _NONCE.fullmatch(found["nonce"]) or not _HASH.fullmatch(found["root"]):
        return False
    return all(_SIGNATURE.fullmatch(found[name]) for name in PARTS if name in found)
