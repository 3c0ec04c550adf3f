"""Whose card somebody says it is: a QR code or number, scanned or typed. It opens a chip, it proves nothing."""

import re
from dataclasses import dataclass, field

from proctor.desk.events import Reason, Scanned, Source
from proctor.present import AccessKind, AccessText
from readers.cccd.access_plan import number_of, read_access
from readers.cccd.id_number import IdNumber
from readers.cccd.qr import QrCard
from readers.errors import ReaderError

MOST_CHARACTERS = 4096
CAN_SHOWN = "CAN ••••••"
CAN = re.compile(r"[0-9]{6}")
"""Printed beneath the photograph of a document that is no citizen's card; says nothing of whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What was given, read once. `name` only of a QR code; `masked`: the number for the screen; `again`: of whoever
    was here just now, asked for on purpose: the card that still lies there will do."""

    access: AccessText
    source: Source
    person: str = field(repr=False)
    name: str = field(default="", repr=False)
    masked: str = field(default="", repr=False)
    again: bool = False

    def same_person(self, other: "Claim | None") -> bool:
        """Whether both mean the same person, whichever way they came."""
        return other is not None and self.person == other.person


def claim_of(scanned: Scanned) -> Claim | Reason:
    """Return what was scanned or typed as a claim, or why it is none. Blanks in a typed number do not matter; six
    digits that were typed are a card access number."""
    text = scanned.text
    if len(text) > MOST_CHARACTERS:
        return Reason(code="qr-invalid")
    if scanned.source == "typed" and "|" not in text and "<" not in text:
        text = "".join(text.split())
    if scanned.source == "typed" and CAN.fullmatch(text):
        return Claim(access=AccessText("can", text), source="typed", person=f"can {text}", masked=CAN_SHOWN)
    try:
        access = read_access(text)
    except ReaderError as error:
        return Reason(code=error.code, facts=dict(error.facts))
    kind: AccessKind = (
        "qr" if isinstance(access, QrCard) else "number" if isinstance(access, IdNumber) else "mrz"
    )
    number = number_of(access)
    return Claim(
        access=AccessText(kind, text),
        source=scanned.source,
        person="".join(text.split()).upper() if number is None else number.value,
        name=access.full_name if isinstance(access, QrCard) else "",
        masked="" if number is None else number.masked,
    )
