"""Why somebody cannot be checked in now, here, for this: errors of the day. Facts identify nobody."""

from __future__ import annotations

from sessions.errors import SessionsError


class WrongRoomError(SessionsError):
    """The candidate belongs to another room; facts `room` (theirs), `here`."""

    code = "wrong-room"


class OtherPartError(SessionsError):
    """The candidate belongs to another station's part of the session; fact `part`: its number."""

    code = "other-part"


class LateError(SessionsError):
    """The component has been running for longer than the rules let anybody in; facts `minutes`, `limit`."""

    code = "too-late"


class ComponentBlockedError(SessionsError):
    """An earlier component has to be passed first; facts `component`, `first`."""

    code = "component-blocked"


class ComponentNotOwedError(SessionsError):
    """The component was passed before and still counts; facts `component`, `passed_on`."""

    code = "component-not-owed"


class SuspendedError(SessionsError):
    """An incident's consequence keeps the candidate out; facts `incident`, `consequence`."""

    code = "candidate-suspended"


class DecidedError(SessionsError):
    """The chairman decided not to admit the candidate to this component; facts `sbd`, `entry`."""

    code = "decided-not-admitted"


class NotYetAdmittedError(SessionsError):
    """Somebody who is to be looked at again was never let in to this component; facts `sbd`, `component`."""

    code = "not-yet-admitted"


class SessionNotStartedError(SessionsError):
    """A session in which nobody may be checked in yet; fact `session`."""

    code = "session-not-started"


class SessionPausedError(SessionsError):
    """A session that was paused and not resumed; facts `session`, `at`."""

    code = "session-paused"
