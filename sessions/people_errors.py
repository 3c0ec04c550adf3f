"""Errors about people: who may act, with which key, and why not now. Facts hold ids and numbers only."""

from __future__ import annotations

from sessions.errors import SessionsError, StoreError


class PersonKeyError(StoreError):
    """The log names a key for a person of an entry, and that key is not open here; facts `user`, `why`
    ("missing": nobody opened it, "differs": another one lies in the slot).
    """

    code = "person-key"


class UserDisabledError(SessionsError):
    """The user was deactivated; fact `user`."""

    code = "user-disabled"


class UserStateError(SessionsError):
    """A user cannot be brought into a state: is in it already, or is one of the two who ask; facts `user`, `why`."""

    code = "user-state"


class AddingAloneError(SessionsError):
    """Two persons add a user here; fact `user`."""

    code = "second-missing"


class SharedAccountError(SessionsError):
    """The id is a function's and not a person's; fact `user`."""

    code = "shared-account"


class LoginLockedError(SessionsError):
    """Too many wrong passwords: wait; facts `user`, `seconds`, `count`."""

    code = "login-locked"


class TotpCodeError(SessionsError):
    """The six-digit code is wrong, was used before, or is missing; facts `user`, `why`."""

    code = "totp-code"


class TotpLostError(SessionsError):
    """The log says that the user logs in with a code, and the slot has no secret for it: an older slot was put back."""

    code = "totp-lost"


class TotpStateError(SessionsError):
    """The codes are on, or off, already; facts `user`, `why`."""

    code = "totp-state"


class SecondWeakError(SessionsError):
    """The rules do not take a password alone for this; facts `action`, `proofs`."""

    code = "second-weak"


class SecondRoleError(SessionsError):
    """The rules do not let this role confirm this; facts `role`, `action`, `roles`."""

    code = "second-role"


class ProofMissingError(SessionsError):
    """The person has no token or card registered; facts `user`, `proof`."""

    code = "proof-unregistered"


class PresenceError(SessionsError):
    """The second person's card and face did not prove presence; facts `user`, `check`, `why`."""

    code = "presence-failed"
