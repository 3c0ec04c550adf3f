"""What the day's commands refuse: opening, dividing, joining, calling and drawing. Facts identify nobody."""

from __future__ import annotations

from sessions.errors import SessionsError


class SelfTestNeededError(SessionsError):
    """No self-test of the equipment in the last hours that passed; facts `why` (none, failed), `hours`."""

    code = "self-test-needed"


class SelfTestExceptionError(SessionsError):
    """A start without a self-test needs its reason in words and a second person."""

    code = "self-test-exception"


class AlreadyStartedError(SessionsError):
    """The session was started before; facts `session`, `at`."""

    code = "session-already-started"


class AlreadyPausedError(SessionsError):
    """The session is paused already; facts `session`, `at`."""

    code = "session-already-paused"


class RosterHashDiffersError(SessionsError):
    """The roster hash that was read from paper is not this session's; fact `session`."""

    code = "roster-hash-differs"


class SplitHoleError(SessionsError):
    """A candidate belongs to no part; facts `sbd`, `count`."""

    code = "split-hole"


class SplitOverlapError(SessionsError):
    """A candidate belongs to two parts; facts `sbd`, `parts`."""

    code = "split-overlap"


class SplitRangeError(SessionsError):
    """What was given is no list of ranges; fact `text`."""

    code = "split-range"


class SplitRoomError(SessionsError):
    """A room that is given nowhere on the list, or twice; fact `room`."""

    code = "split-room"


class SplitEmptyError(SessionsError):
    """A part has nobody; fact `part`."""

    code = "split-empty"


class SplitCountError(SessionsError):
    """The number of parts is not one that can be; facts `parts`, `given`."""

    code = "split-count"


class SplitLateError(SessionsError):
    """Somebody was at the desk before the session was divided; fact `session`."""

    code = "split-too-late"


class SplitAgainError(SessionsError):
    """The session was divided before, or is itself a part; fact `session`."""

    code = "split-again"


class ErasedRowsError(SessionsError):
    """Rows of the list were erased: it cannot be given on; fact `session`."""

    code = "split-erased"


class PartFileError(SessionsError):
    """No part file, or not whole; fact `why`."""

    code = "part-file-bad"


class PartSecretError(SessionsError):
    """Another passphrase than the file's, or the file was altered."""

    code = "part-passphrase-wrong"


class PartKindError(SessionsError):
    """A training part in a real station, or the other way; facts `found`, `here`."""

    code = "part-other-kind"


class PartExistsError(SessionsError):
    """This part was joined here before, or the file comes from this very station; fact `session`."""

    code = "part-exists"


class NotAPartError(SessionsError):
    """The session is no other station's part; fact `session`."""

    code = "not-a-part"


class PartMainError(SessionsError):
    """Only the main station's own session can do this, this one is a part; fact `session`."""

    code = "part-main"


class PartHandedOverError(SessionsError):
    """The part was handed over: what comes later belongs to the main station; fact `session`."""

    code = "part-handed-over"


class PartAdditionError(SessionsError):
    """Who is added to the list of a divided session is added at the main station; fact `session`."""

    code = "part-addition"


class AllocationDividedError(SessionsError):
    """Places are drawn before a session is divided; fact `session`."""

    code = "allocation-divided"


class PartClosesError(SessionsError):
    """A part is handed over, not closed; fact `session`."""

    code = "part-closes"


class NotSplitError(SessionsError):
    """The session was not divided: there is nothing to join; fact `session`."""

    code = "session-not-split"


class NotMergedError(SessionsError):
    """Parts were not taken over yet; facts `session`, `parts`."""

    code = "parts-not-merged"


class MergePackError(SessionsError):
    """A pack that does not verify here; facts `file`, `cause`."""

    code = "merge-pack-bad"


class MergeOtherError(SessionsError):
    """A pack of another session, roster, rules or station; facts `file`, `why`."""

    code = "merge-other-session"


class MergeTwiceError(SessionsError):
    """A part that was taken over before, or is given twice; fact `part`."""

    code = "merge-part-twice"


class MergeOpenError(SessionsError):
    """The part was exported before it was handed over; facts `file`, `part`."""

    code = "merge-not-handed-over"


class AllocationRoomsError(SessionsError):
    """Rooms or cars are given twice, or are no names; fact `text`."""

    code = "allocation-rooms"


class AllocationSmallError(SessionsError):
    """There are not enough places; facts `needed`, `places`, `rooms`."""

    code = "allocation-too-small"


class AllocationCapacityError(SessionsError):
    """More places in a room than the rules allow; facts `given`, `limit`."""

    code = "allocation-capacity"


class AllocationAgainError(SessionsError):
    """Places were given before: only with a reason; fact `entry`."""

    code = "allocation-again"


class AllocationLateError(SessionsError):
    """Somebody was admitted to the component already; fact `component`."""

    code = "allocation-too-late"


class DrawSeedError(SessionsError):
    """No seed of 64 hexadecimal digits."""

    code = "draw-seed"


class DrawCountError(SessionsError):
    """A number or share that cannot be drawn; facts `given`, `population`."""

    code = "draw-count"


class DrawNobodyError(SessionsError):
    """Nobody was admitted to this component yet; fact `component`."""

    code = "draw-nobody"


class ComponentEndedError(SessionsError):
    """The component was ended; facts `component`, `at`."""

    code = "component-ended"


class AllocationNobodyError(SessionsError):
    """Nobody on the list takes the component; fact `component`."""

    code = "allocation-nobody"
