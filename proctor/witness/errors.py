"""What can go wrong between a station and a witness. Codes with texts; none of them ever fails an attempt."""

from sessions.errors import SessionsError


class WitnessError(SessionsError):
    """Base: a witness did not cosign."""

    code = "witness-error"


class WitnessUnreachableError(WitnessError):
    """No connection, no TLS, no answer in time."""

    code = "witness-unreachable"


class WitnessPinError(WitnessError):
    """Whoever answered at the witness's address shows another certificate key than the pinned one."""

    code = "witness-pin-mismatch"
    conclusive = True


class WitnessAnswerError(WitnessError):
    """The witness answered what it should not: another status, no signature line, or one that is not good."""

    code = "witness-answer-invalid"


class WitnessUnknownLogError(WitnessError):
    """The witness does not know this station: its key was never pinned there."""

    code = "witness-unknown-log"


class WitnessKeyRefusedError(WitnessError):
    """The witness does not believe the key that signs here, or has seen a later epoch of this station."""

    code = "witness-key-refused"


class WitnessAheadError(WitnessError):
    """The witness has cosigned a larger tree of this log than we have: this log was rolled back, or runs twice."""

    code = "witness-ahead"
    conclusive = True


class WitnessForkError(WitnessError):
    """The witness has cosigned another tree of this log: entries that it covers were rewritten here."""

    code = "witness-fork"
    conclusive = True
