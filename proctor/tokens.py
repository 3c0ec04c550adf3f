"""A station whose signing key is in a PKCS#11 token: the PIN is asked for once, and kept nowhere."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from sessions.keys import Unlocked
from sessions.pkcs11 import TokenKey, TokenSigner, find_or_make_key
from sessions.root import DataRoot

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


def take_token(
    root: DataRoot, *, library: str, token: str, label: str, ask: AskSecret, stack: ExitStack
) -> tuple[TokenKey, TokenSigner]:
    """Return the key of a token that is to sign from now on, made there if need be, and its open signer."""
    pin = ask(PIN)
    key = find_or_make_key(library, token, label, pin)
    signer = TokenSigner.open(root.origin, key, pin)
    stack.callback(signer.close)
    return key, signer
