"""Who is who, as the `key` entries of a log say it: users, roles, keys, tokens, cards. Pure; takes bodies in order.

It believes every entry that it is given: the verifier gives it those that are right, the station its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from sessions.checkpoint import VerifierKey
from sessions.errors import NoteFormatError
from sessions.people_roles import may_confirm_all
from sessions.people_signing import Keys


class Register:
    """`roles`: users who may act, with their role; `disabled`: those who may not any more. `keys`, `tokens`: public
    keys by user; `cards`: the number of the entry that registered a user's card; `totp`: who logs in with a code;
    `former`: roles that users had before.
    """

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}
        self.disabled: dict[str, str] = {}
        self.keys: dict[str, VerifierKey] = {}
        self.tokens: dict[str, VerifierKey] = {}
        self.cards: dict[str, int] = {}
        self.totp: set[str] = set()
        self.former: dict[str, set[str]] = {}

    @classmethod
    def of(cls, entries: Iterable[tuple[int, Mapping[str, Any]]]) -> Register:
        """Return the register of a log's `key` entries: number and body, in order."""
        register = cls()
        for seq, body in entries:
            register.take(seq, body)
        return register

    @property
    def people(self) -> frozenset[str]:
        """Everybody who was ever added."""
        return frozenset({*self.roles, *self.disabled})

    def confirmers(self, but: str) -> frozenset[str]:
        """Users who may act, have a key and may be second persons of the station, without one."""
        able = {user for user, role in self.roles.items() if user in self.keys and may_confirm_all(role)}
        return frozenset(able - {but})

    def add_takes_two(self, user: str) -> bool:
        """Whether adding a user takes two persons: two others could be them."""
        return len(self.confirmers(user)) >= 2

    @property
    def signing(self) -> Keys:
        """The keys that sign."""
        return Keys(own=self.keys, tokens=self.tokens)

    def take(self, seq: int, body: Mapping[str, Any]) -> None:
        """Take in a `key` entry; others, and those of other events, change nothing."""
        event, user = body.get("event"), body.get("user")
        handler = _HANDLERS.get(event) if isinstance(event, str) else None
        if handler is not None and type(user) is str:
            handler(self, user, seq, body)

    # -- events -----------------------------------------------------------------------------------

    def _added(self, user: str, _seq: int, body: Mapping[str, Any]) -> None:
        if type(body.get("role")) is str and user not in self.people:
            self.roles[user] = body["role"]
            self._name_key(self.keys, user, body)

    def _enrolled(self, user: str, _seq: int, body: Mapping[str, Any]) -> None:
        """A new password opens nothing of what the old one sealed: key and codes are gone with it."""
        self.totp.discard(user)
        self._name_key(self.keys, user, body)

    def _key(self, user: str, _seq: int, body: Mapping[str, Any]) -> None:
        self._name_key(self.keys, user, body)

    def _token(self, user: str, _seq: int, body: Mapping[str, Any]) -> None:
        self.tokens.pop(user, None)
        self._name_key(self.tokens, user, body)

    def _card(self, user: str, seq: int, body: Mapping[str, Any]) -> None:
        self.cards.pop(user, None)
        if body.get("state") == "on":
            self.cards[user] = seq

    def _totp(self, user: str, _seq: int, body: Mapping[str, Any]) -> None:
        (self.totp.add if body.get("state") == "on" else self.totp.discard)(user)

    def _role(self, user: str, _seq: int, body: Mapping[str, Any]) -> None:
        if user in self.roles and type(body.get("role")) is str:
            self.former.setdefault(user, set()).add(self.roles[user])
            self.roles[user] = body["role"]

    def _disabled(self, user: str, _seq: int, _body: Mapping[str, Any]) -> None:
        if user in self.roles:
            self.disabled[user] = self.roles.pop(user)

    def _enabled(self, user: str, _seq: int, _body: Mapping[str, Any]) -> None:
        if user in self.disabled:
            self.roles[user] = self.disabled.pop(user)

    @staticmethod
    def _name_key(keys: dict[str, VerifierKey], user: str, body: Mapping[str, Any]) -> None:
        vkey = body.get("vkey")
        if type(vkey) is str:
            with suppress(NoteFormatError):
                keys[user] = VerifierKey.parse(vkey)


def key_named(body: Mapping[str, Any]) -> VerifierKey | None:
    """Return the key that an entry gives a user; None where it gives none. Raises NoteFormatError for text that is no
    key, or that of somebody else.
    """
    vkey = body.get("vkey")
    if type(vkey) is not str:
        return None
    key = VerifierKey.parse(vkey)
    if key.name != body.get("user"):
        raise NoteFormatError(why="user")
    return key


_HANDLERS: Final[Mapping[str, Callable[[Register, str, int, Mapping[str, Any]], None]]] = {
    "user-added": Register._added,
    "user-enrolled": Register._enrolled,
    "user-key": Register._key,
    "user-token": Register._token,
    "user-card": Register._card,
    "user-totp": Register._totp,
    "user-role": Register._role,
    "user-disabled": Register._disabled,
    "user-enabled": Register._enabled,
}
