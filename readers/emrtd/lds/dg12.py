"""EF.DG12, additional document details (9303-10 4.7.12): optional texts about the document, never a gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from readers.emrtd.files import DATA_GROUPS
from readers.emrtd.lds.data_elements import ElementWalk, require_shallow
from readers.iso7816 import tlv

if TYPE_CHECKING:
    from readers.emrtd.dates import PartialDate

_NAMES: Final = {
    0x5F19: "issuing-authority",
    0x5F26: "issued",
    0x5F1A: "other-person",
    0x5F1B: "endorsements",
    0x5F1C: "tax-exit",
    0x5F1D: "front-image",
    0x5F1E: "rear-image",
    0x5F55: "personalised-at",
    0x5F56: "personalised-by",
}
_BCD_OCTETS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """What the file says, NFC and safe to show; absent texts are "", absent dates None. All hidden from repr.

    `personalised_at` has no time zone: the standard names none. `personalised_by`: serial number of the system."""

    issuing_authority: str = field(default="", repr=False)
    issued: PartialDate | None = field(default=None, repr=False)
    other_persons: tuple[str, ...] = field(default=(), repr=False)
    endorsements: str = field(default="", repr=False)
    tax_exit: str = field(default="", repr=False)
    front_image: bytes = field(default=b"", repr=False)
    rear_image: bytes = field(default=b"", repr=False)
    personalised_at: datetime | None = field(default=None, repr=False)
    personalised_by: str = field(default="", repr=False)
    warnings: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    raw: bytes = field(default=b"", repr=False)


def parse_dg12(octets: bytes) -> DocumentDetails:
    """Parse the file, template included. Raises TlvError when the elements cannot be told apart."""
    require_shallow(octets)
    walk = ElementWalk("dg12", _NAMES)
    walk.walk(tlv.parse_one(octets, DATA_GROUPS[12].tag).children())
    return DocumentDetails(
        issuing_authority=walk.words("issuing-authority"),
        issued=walk.date("issued"),
        other_persons=walk.people("other-person"),
        endorsements=walk.words("endorsements"),
        tax_exit=walk.words("tax-exit"),
        front_image=walk.values.get("front-image", b""),
        rear_image=walk.values.get("rear-image", b""),
        personalised_at=_moment(walk),
        personalised_by=walk.text("personalised-by"),
        warnings=tuple(walk.warnings),
        repaired=tuple(walk.repaired),
        raw=octets,
    )


def _moment(walk: ElementWalk) -> datetime | None:
    """CCYYMMDDhhmmss, as fourteen digits or seven octets of BCD."""
    octets = walk.values.get("personalised-at", b"")
    if not octets:
        return None
    digits = octets.hex() if len(octets) == _BCD_OCTETS else octets.decode("ascii", errors="replace")
    try:
        if not (len(digits) == 2 * _BCD_OCTETS and digits.isascii() and digits.isdigit()):
            raise ValueError
        return datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007  no zone in the file
    except ValueError:
        walk.warn("odd-personalised-at")
        return None
