"""A station whose signing key is in a PKCS#11 token: the PIN is asked for once, and kept nowhere."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from sessions.errors import KeysDamagedError
from sessions.keys import Unlocked
from sessions.people_errors import ProofMissingError
from sessions.pkcs11 import TokenKey, TokenSigner, find_or_make_key
from sessions.root import DataRoot
from sessions.users import Login

USER_PIN = "/pin"
"""As whose secret the PIN of a person's own token is asked for: the line `USER/pin:…`."""
PIN = "token-pin"
"""As whose secret the PIN is asked for: the line `token-pin:…` of --secrets-fd."""

AskSecret = Callable[[str], str]


def with_token(root: DataRoot, keys: Unlocked, ask: AskSecret, stack: ExitStack) -> Unlocked:
    """Return the keys with their token open, closed again by `stack`; unchanged where there is no token.

    Raises TokenPinError and the other errors of `sessions.pkcs11`: then nothing was opened.
    """
    if keys.bundle.token is None:
        return keys
    signer = TokenSigner.open(root.origin, keys.bundle.token, ask(PIN))
    stack.callback(signer.close)
    return replace(keys, bundle=replace(keys.bundle, signing=signer))


class TokenPerson:
    """The key in a person's own token: it signs where the person gave its PIN, and is closed again at once."""

    def __init__(self, user: str, key: TokenKey, pin: str) -> None:
        self._user, self._key, self._pin = user, key, pin

    @classmethod
    def of(cls, login: Login, ask: AskSecret) -> "TokenPerson":
        """Return the token that a user registered, its PIN asked for and tried.

        Raises ProofMissingError, and the errors of `sessions.pkcs11`.
        """
        user = login.operator.user_id
        known = login.keys.personal.get("token")
        if known is None:
            raise ProofMissingError(user=user, proof="token")
        try:
            key = TokenKey.of_fields(json.loads(known))
        except ValueError:
            raise KeysDamagedError(why="token") from None
        person = cls(user, key, ask(f"{user}{USER_PIN}"))
        person.sign(b"proctor token person 1\n")
        return person

    def __repr__(self) -> str:
        return f"TokenPerson({self._user!r})"

    def sign(self, message: bytes) -> bytes:
        """Return the signature of the token's key; raises TokenPinError, TokenLostError, TokenKeyError."""
        signer = TokenSigner.open(self._user, self._key, self._pin)
        try:
            return signer.sign(message)
        finally:
            signer.close()


def take_token(
    root: DataRoot, *, library: str, token: str, label: str, ask: AskSecret, stack: ExitStack
) -> tuple[TokenKey, TokenSigner]:
    """Return the key of a token that is to sign from now on, made there if need be, and its open signer."""
    pin = ask(PIN)
    key = find_or_make_key(library, token, label, pin)
    signer = TokenSigner.open(root.origin, key, pin)
    stack.callback(signer.close)
    return key, signer
