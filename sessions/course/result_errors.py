"""Why points, a result, a correction or a passed component cannot stand as given. Facts identify nobody."""

from __future__ import annotations

from sessions.errors import SessionsError


class PointsInvalidError(SessionsError):
    """Points that are no number with at most two decimals; fact `value`."""

    code = "points-invalid"


class PointsNegativeError(SessionsError):
    """Points below 0; fact `value`."""

    code = "points-negative"


class PointsAboveMaximumError(SessionsError):
    """More points than the component has; facts `value`, `maximum`."""

    code = "points-above-maximum"


class PointsNotWholeError(SessionsError):
    """A part of a point where the rules count whole ones; fact `value`."""

    code = "points-not-whole"


class CriticalNotAskedError(SessionsError):
    """A failed critical question in a component that has none; fact `component`."""

    code = "critical-not-asked"


class NoPassMarkError(SessionsError):
    """Passed or failed, said of a component for which the rules have no pass mark; fact `component`."""

    code = "no-pass-mark"


class OutcomeDiffersError(SessionsError):
    """Points and the outcome beside them do not agree; facts `stated`, `computed`."""

    code = "outcome-differs"


class ResultExistsError(SessionsError):
    """The candidate already has a result of this component; facts `sbd`, `component`, `entry`, `result`."""

    code = "result-exists"


class ResultNotAdmittedError(SessionsError):
    """A result of somebody who was never let in to the component: a sign of fraud; facts `sbd`, `component`."""

    code = "result-not-admitted"


class AbsentAdmittedError(SessionsError):
    """Absent, said of somebody who was let in to the component; facts `sbd`, `component`, `entry`."""

    code = "absent-but-admitted"


class SbdUnknownError(SessionsError):
    """A candidate number that the session's list does not have; fact `sbd`."""

    code = "sbd-unknown"


class CorrectionTargetError(SessionsError):
    """An entry that cannot be corrected so; facts `entry`, `why`.

    `why`: "none", "other-session", "kind", "superseded", "same", "candidate".
    """

    code = "correction-target"


class PriorNotKeptError(SessionsError):
    """The rules keep no components; fact `rules`."""

    code = "prior-not-kept"


class TableUnreadableError(SessionsError):
    """A file that is no table with the columns that are needed; facts `why`, `column`, `limit`."""

    code = "table-unreadable"
