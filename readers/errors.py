"""Every error of the reader side, one class and one stable code each.

`code` is what the log, the texts and the tests use. `conclusive` says whether the error is evidence against
the card (True) or only means that we could not decide (False). Facts never carry personal data, keys or
chip bytes.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class ReaderError(Exception):
    """Base of all errors of `readers`; str() is the code and the facts, nothing else."""

    code: ClassVar[str]
    conclusive: ClassVar[bool] = False

    def __init__(self, **facts: str | int) -> None:
        self.facts: Mapping[str, str | int] = MappingProxyType(dict(facts))
        super().__init__(facts)

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process boundaries."""
        return partial(type(self), **self.facts), ()

    def __str__(self) -> str:
        return " ".join([self.code, *(f"{name}={value}" for name, value in self.facts.items())])


# --- transport ---------------------------------------------------------------------------------------------


class PcscUnavailableError(ReaderError):
    """No PC/SC service answers, or pyscard is not installed."""

    code = "pcsc-unavailable"


class ReaderNotFoundError(ReaderError):
    """No connected reader has this name."""

    code = "reader-not-found"


class ReaderBusyError(ReaderError):
    """Another program holds the reader exclusively."""

    code = "reader-busy"


class ReaderGoneError(ReaderError):
    """The reader was unplugged, or its service or process ended."""

    code = "reader-gone"


class NoCardError(ReaderError):
    """No card came into the reader within the waiting time."""

    code = "no-card"


class CardLostError(ReaderError):
    """The card left the reader, or was reset, in the middle of the conversation."""

    code = "card-lost"


class CardMuteError(ReaderError):
    """The card is present but gave no answer before the deadline."""

    code = "card-mute"


class RecordingRefusedError(ReaderError):
    """A conversation with a person's card must not be recorded."""

    code = "training-recording-refused"


# --- commands and files ------------------------------------------------------------------------------------


class ChipMalformedError(ReaderError):
    """What the chip sent does not have the form the standard prescribes."""

    code = "chip-malformed"


class TlvError(ChipMalformedError):
    """A BER-TLV structure is broken or beyond the limits; shares the code of its base."""


class ChipStatusError(ReaderError):
    """The chip refused a command it should have carried out; fact `sw` is the status word."""

    code = "chip-status"


class ChipFileMissingError(ReaderError):
    """A mandatory file is not on the chip; fact `file`."""

    code = "chip-file-missing"


class ChipFileTooLargeError(ReaderError):
    """A file's own header announces more than its cap; facts `file`, `announced`, `cap`."""

    code = "chip-file-too-large"


# --- access and secure messaging ---------------------------------------------------------------------------


class PaceNotOfferedError(ReaderError):
    """EF.CardAccess offers no PACE variant that this reader speaks; BAC is never tried instead."""

    code = "pace-not-offered"


class PaceFailedError(ReaderError):
    """The chip broke the rules of PACE: bad points, reflected keys, malformed answers."""

    code = "pace-failed"
    conclusive = True


class BacFailedError(ReaderError):
    """The chip broke the rules of Basic Access Control: wrong MAC or challenge, malformed answers."""

    code = "bac-failed"
    conclusive = True


class AccessDeniedError(ReaderError):
    """The access key does not open this chip; fact `tries` counts the attempts on this card."""

    code = "access-wrong-key"


class AccessLockedError(ReaderError):
    """The allowed number of attempts is used up; no further key is sent to the chip."""

    code = "access-tries-exhausted"


class AccessPinRefusedError(ReaderError):
    """Somebody offered the holder's PIN: it is never asked for, taken or sent."""

    code = "access-pin-refused"


class AccessDowngradeError(ReaderError):
    """The chip was opened in a weaker way than its signed DG14 offers, or in another way when it was opened again: what
    it offered was changed on the way; fact `protocol`."""

    code = "access-downgrade"
    conclusive = True


class SecureMessagingError(ReaderError):
    """A protected answer failed its checks; the session is dead from here on."""

    code = "sm-failed"


# --- proofs ------------------------------------------------------------------------------------------------


class ActiveAuthError(ReaderError):
    """The chip could not prove that it owns the key of DG15."""

    code = "aa-failed"
    conclusive = True


class ChipAuthError(ReaderError):
    """The chip could not prove that it owns the Chip Authentication key that its issuer signed; fact `reason`."""

    code = "ca-failed"
    conclusive = True


class CardSwappedError(ReaderError):
    """Another card, or one that cannot prove to be the same, was put back in the middle of a read."""

    code = "card-swapped"


class EvidenceFileError(ReaderError):
    """The file is not an evidence file of a chip read, or not whole; facts `field`, `reason`."""

    code = "evidence-invalid"


class EvidenceAlteredError(ReaderError):
    """Parts of an evidence file are not what their digests beside them say; fact `parts`."""

    code = "evidence-altered"
    conclusive = True


class EvidenceChallengeError(ReaderError):
    """A challenge in an evidence file is not made as its station says it was; fact `reason`."""

    code = "evidence-challenge"
    conclusive = True


class EvidenceClaimError(ReaderError):
    """An evidence file claims a proof that it does not contain or that does not hold; fact `claim`."""

    code = "evidence-claim"
    conclusive = True


class EvidenceTimeError(ReaderError):
    """An evidence file says that it was read in the future; fact `days_ahead`."""

    code = "evidence-time"
    conclusive = True


# --- data groups -------------------------------------------------------------------------------------------


class MrzError(ReaderError):
    """The MRZ has a wrong form or a check digit that does not hold; fact `field`."""

    code = "mrz-invalid"


class MrzInputError(MrzError):
    """The MRZ that somebody typed or scanned is not right; facts `field`, and `reason` where it is known."""

    code = "mrz-input-invalid"


class PortraitError(ReaderError):
    """DG2 holds no single readable portrait; fact `reason`."""

    code = "portrait-unreadable"


# --- the Vietnamese card -----------------------------------------------------------------------------------


class IdNumberError(ReaderError):
    """The text is not a 12-digit identity number; fact `reason`."""

    code = "id-number-invalid"


class QrError(ReaderError):
    """The QR payload is not that of an identity card; facts `field`, `reason`."""

    code = "qr-invalid"


class QrMismatchError(ReaderError):
    """The QR code belongs to another card than the one in the reader."""

    code = "qr-card-mismatch"
    conclusive = True


class CardExpiredError(ReaderError):
    """The card's own signed expiry date has passed."""

    code = "card-expired"
    conclusive = True
