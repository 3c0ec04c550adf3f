"""The errors of time stamps on sheets: one stable code each, facts that identify nobody."""

from reports.errors import ReportsError


class StampSettingsError(ReportsError):
    """No usable settings of a time-stamp authority; facts `file`, `why`."""

    code = "stamp-settings"


class StampUnreachableError(ReportsError):
    """No connection to the time-stamp authority, or no answer in time; fact `kind`."""

    code = "stamp-unreachable"


class StampAnswerError(ReportsError):
    """An answer that is no time stamp for what was asked; fact `why`."""

    code = "stamp-answer"


class StampUntrustedError(ReportsError):
    """A time stamp by somebody whom no pinned authority certified for that; fact `why`."""

    code = "stamp-untrusted"
    conclusive = True


class StampClockError(ReportsError):
    """A time stamp far from this machine's clock; fact `seconds`, positive where the authority is ahead."""

    code = "stamp-clock"


class StampProofError(ReportsError):
    """What proves a chain is missing, so that the level asked for cannot be reached.

    Facts `field`, `status`, and where it is known `why` and `issuer`: whose list or answer is missing.
    """

    code = "stamp-no-proof"
