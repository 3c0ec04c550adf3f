"""The names of the checks of one attempt. Every name has a row in every attempt, performed or not."""

from enum import StrEnum


class CheckName(StrEnum):
    """One check of the check-in, in the order in which the pipeline makes them."""

    NOTICE = "notice"
    CARD_ACCESS = "card-access"
    CHIP_OPEN = "chip-open"
    PA_KEYS = "pa-keys"
    CHIP_GENUINE = "chip-genuine"
    CHIP_READ = "chip-read"
    PA_CONSISTENT = "pa-consistent"
    PA_TRUSTED = "pa-trusted"
    CROSS_CHECK = "cross-check"
    ROSTER = "roster"
    DUPLICATE = "duplicate"
    FACE_CAPTURE = "face-capture"
    PAD = "pad"
    PAD_TURN = "pad-turn"
    PAD_EYES = "pad-eyes"
    PAD_FLASH = "pad-flash"
    PAD_MODEL = "pad-model"
    FACE_MATCH = "face-match"
    FACE_SEARCH = "face-search"


class ChipVerdict(StrEnum):
    """What the chip's evidence says; never collapsed into one tick."""

    GENUINE = "genuine"
    REVOCATION_UNKNOWN = "genuine-revocation-unknown"
    SIGNER_UNKNOWN = "signer-unknown"
    NOT_PROVEN = "not-proven"
    ALTERED = "altered"
    UNREADABLE = "unreadable"
    NO_CHIP = "no-chip"
