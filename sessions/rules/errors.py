"""What can go wrong with a site's own rules file, and with a confirmation of one."""

from __future__ import annotations

from sessions.errors import SessionsError


class RulesFileError(SessionsError):
    """A rules file that is not there, cannot be read, or is no file."""

    code = "rules-file-unreadable"


class RulesKeyError(SessionsError):
    """A key to confirm that is not an unconfirmed one of this file; facts `key`, `known`."""

    code = "rules-key-not-open"


class RulesReferenceError(SessionsError):
    """A reference that is empty, too long, or has a number of a person in it."""

    code = "rules-reference-invalid"


class RulesSettledError(SessionsError):
    """Nothing in this file is unconfirmed any more; fact `rules`."""

    code = "rules-nothing-open"


class NoRulesInForceError(SessionsError):
    """No shipped rules of this kind are in force on a day; facts `kind`, `day`."""

    code = "rules-none-in-force"


class RulesIdTakenError(SessionsError):
    """A site's own file that bears the id of a shipped one but is not the same, octet for octet; fact `rules`."""

    code = "rules-id-taken"
