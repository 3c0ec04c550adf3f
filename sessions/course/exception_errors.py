"""Why an exception cannot be made so: overrides, decisions, the manual path, additions, incidents, who is out.

Facts identify nobody: candidate numbers of a session, codes, entry numbers, ids.
"""

from __future__ import annotations

from sessions.errors import SessionsError

# -- what was typed ------------------------------------------------------------------------------------


class ReasonUnknownError(SessionsError):
    """A reason that reasons.toml has not for this act; fact `known`: those there are."""

    code = "exception-reason-unknown"


class NoteMissingError(SessionsError):
    """A reason that needs words, and none were given; fact `reason`."""

    code = "exception-note-missing"


class NoteInvalidError(SessionsError):
    """A note that is too long or no text; facts `why`, `limit`."""

    code = "exception-note-invalid"


class PhotoInvalidError(SessionsError):
    """A photo that is no JPEG or PNG file, or too large; facts `why`, `limit`."""

    code = "exception-photo-invalid"


class PlaceInvalidError(SessionsError):
    """A place that is too long, or might hold a person's number; fact `limit`."""

    code = "incident-place-invalid"


class HourInvalidError(SessionsError):
    """An hour that is none, or lies ahead."""

    code = "incident-hour-invalid"


class CandidateUnknownError(SessionsError):
    """Nobody of this session has the candidate number; fact `session`."""

    code = "exception-candidate-unknown"


# -- overrides and decisions ---------------------------------------------------------------------------


class NoAttemptError(SessionsError):
    """The candidate was not at the desk for this component; facts `sbd`, `component`."""

    code = "exception-no-attempt"


class AttemptUnknownError(SessionsError):
    """No attempt of this id ended in this session at this station."""

    code = "exception-attempt-unknown"


class AttemptOfAnotherError(SessionsError):
    """The attempt names another candidate, or two persons said so already; facts `sbd`, `named`."""

    code = "exception-attempt-of-another"


class AttemptOtherComponentError(SessionsError):
    """The attempt was for another component; facts `component`, `wanted`."""

    code = "exception-attempt-other-component"


class AttemptNotLastError(SessionsError):
    """A later attempt decides; fact `last`: its id."""

    code = "exception-attempt-not-last"


class AttemptOtherPurposeError(SessionsError):
    """The attempt was made for another purpose; facts `purpose`, `wanted`."""

    code = "exception-attempt-other-purpose"


class AttemptTooOldError(SessionsError):
    """The attempt came before the exit or draw that it is to answer; fact `of`."""

    code = "exception-attempt-too-old"


class AlreadyInError(SessionsError):
    """The candidate was let in before; facts `how`, `entry`."""

    code = "exception-already-in"


class OverrideAfterRefuseError(SessionsError):
    """The machine refused: only the chairman decides; facts `sbd`, `of`."""

    code = "override-after-refuse"


class OverrideNotForError(SessionsError):
    """What kept the candidate out is no question of identity; fact `why`: the attempt's reason."""

    code = "override-not-for"


class OverrideNothingSeenError(SessionsError):
    """The attempt was cut short: there is nothing that two persons could judge; fact `of`."""

    code = "override-nothing-seen"


class OverrideUnnamedError(SessionsError):
    """The attempt names nobody: its id and the reason `suggestion-confirmed` are needed; fact `of`."""

    code = "override-unnamed"


class NotSuggestedError(SessionsError):
    """Nothing that was read suggests this candidate; facts `sbd`, `suggested`."""

    code = "override-not-suggested"


class DecisionNotRefusedError(SessionsError):
    """The attempt was not refused; fact `verdict`."""

    code = "decision-not-refused"


class DecisionTakenError(SessionsError):
    """This refusal was decided about before; fact `entry`."""

    code = "decision-taken"


class HeadNeededError(SessionsError):
    """Neither of the two persons may decide; fact `role`: whose decision it is."""

    code = "decision-head-needed"


class FaceTriesLeftError(SessionsError):
    """The face did not match, and there are tries left; facts `left`, `tries`."""

    code = "face-tries-left"


# -- the manual path -----------------------------------------------------------------------------------


class ManualAfterRefuseError(SessionsError):
    """The machine refused: the manual path leads over the chairman's decision; facts `sbd`, `of`."""

    code = "manual-after-refuse"


class DocumentUnknownError(SessionsError):
    """A kind of document that there is none of; fact `known`."""

    code = "manual-document-unknown"


class DocumentRefusedError(SessionsError):
    """The rules take no such document on this day; facts `document`, `day`."""

    code = "manual-document-refused"


class DocumentDiffersError(SessionsError):
    """The number on the document is not the one on the list; fact `sbd`."""

    code = "manual-document-differs"


class DocumentNumberError(SessionsError):
    """A number of a document that is too long, or none."""

    code = "manual-document-number-invalid"


class VneidKeepsNothingError(SessionsError):
    """VNeID is seen by two persons and nothing of it is kept."""

    code = "manual-vneid-keeps-nothing"


class UndertakingNeededError(SessionsError):
    """Without a document only a signed undertaking lets somebody in."""

    code = "manual-undertaking-needed"


class NothingProvisionalError(SessionsError):
    """Nobody owes a later proof here; fact `sbd`."""

    code = "manual-nothing-provisional"


# -- the list ------------------------------------------------------------------------------------------


class AdditionRefusedError(SessionsError):
    """Rows that cannot be added; facts `rows`, `row`, `column`, `why`: of the first one."""

    code = "addition-refused"


class AdditionEmptyError(SessionsError):
    """Nothing to add."""

    code = "addition-empty"


class AdditionImpossibleError(SessionsError):
    """A list of form 1, or one that was erased, cannot be added to."""

    code = "addition-impossible"


# -- incidents -----------------------------------------------------------------------------------------


class IncidentCodeError(SessionsError):
    """A code that the rules have no incident of; fact `known`."""

    code = "incident-code-unknown"


class ConsequenceUnknownError(SessionsError):
    """A consequence that the rules do not foresee for this incident; fact `known`."""

    code = "incident-consequence-unknown"


class IncidentUnknownError(SessionsError):
    """No incident of this id in the session."""

    code = "incident-unknown"


class IncidentOfAnotherError(SessionsError):
    """The incident concerns another candidate; fact `incident`."""

    code = "incident-of-another"


class IncidentNobodyError(SessionsError):
    """A consequence without anybody it is for."""

    code = "incident-names-nobody"


# -- out and in again ----------------------------------------------------------------------------------


class NotInError(SessionsError):
    """The candidate was not let in; facts `sbd`, `component`."""

    code = "movement-not-in"


class AlreadyOutError(SessionsError):
    """The candidate went out and did not come back; facts `sbd`, `at`."""

    code = "movement-already-out"


class NotOutError(SessionsError):
    """The candidate did not go out; fact `sbd`."""

    code = "movement-not-out"


class UnverifiedError(SessionsError):
    """Nobody looked again at who comes back, and the rules want it; facts `sbd`, `session`."""

    code = "re-entry-unverified"


class NotDrawnError(SessionsError):
    """The candidate was not drawn; fact `sbd`."""

    code = "spot-check-not-drawn"


class SpotCheckTakenError(SessionsError):
    """What came of this draw for this candidate stands already; fact `entry`."""

    code = "spot-check-taken"


class SpotCheckWordError(SessionsError):
    """A machine looked since the draw: its attempt says what came of it, and no word; fact `of`."""

    code = "spot-check-word"


class OutcomeUnknownError(SessionsError):
    """An outcome that there is none of; fact `known`."""

    code = "exception-outcome-unknown"


class PhotoRefusedError(SessionsError):
    """A photo of somebody who agrees to none; fact `sbd`."""

    code = "photo-refused"


class ConsentRefusedError(SessionsError):
    """The candidate does not agree to a picture: the manual path, with the same rights; fact `sbd`."""

    code = "consent-refused"
