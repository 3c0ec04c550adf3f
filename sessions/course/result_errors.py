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


class PointsNeededError(SessionsError):
    """Passed or failed, said without points of a component for which the rules have a pass mark; fact `component`."""

    code = "points-needed"


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


class ResultMissingError(SessionsError):
    """Neither points nor a word about the result."""

    code = "result-missing"


class WordUnknownError(SessionsError):
    """A word that says nothing this program knows about a result, or a critical question; fact `value`."""

    code = "result-word-unknown"


class NameDiffersError(SessionsError):
    """Another name than the session's list has for this candidate number; fact `sbd`."""

    code = "name-differs"


class NumberDiffersError(SessionsError):
    """Another personal number than the session's list has for this candidate number; fact `sbd`."""

    code = "number-differs"


class NumberUnknownError(SessionsError):
    """A personal number that the session's list does not have."""

    code = "number-unknown"


class CandidateMissingError(SessionsError):
    """A row that says neither candidate number nor personal number."""

    code = "candidate-missing"


class RowTwiceError(SessionsError):
    """The same candidate (and component) in another row of the file too; facts `sbd`, `rows`."""

    code = "row-twice"


class PriorDateError(SessionsError):
    """A day that is none, or after the session's; facts `value`, `day`."""

    code = "prior-date"


class PriorComponentError(SessionsError):
    """A component that is not taken for the candidate's class; facts `component`, `licence_class`."""

    code = "prior-component"


class PriorNotPassedError(SessionsError):
    """Points, or a word, that are no pass; facts `value`, `component`."""

    code = "prior-not-passed"


class PriorOwnSessionError(SessionsError):
    """A session cannot bring passed components to itself, nor a later one to an earlier; fact `session`."""

    code = "prior-own-session"
