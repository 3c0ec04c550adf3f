"""EF.DG11, additional personal details (9303-10 4.7.11): optional texts about the holder, never a gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd.files import DATA_GROUPS
from readers.emrtd.lds.data_elements import ElementWalk, require_shallow
from readers.iso7816 import tlv

if TYPE_CHECKING:
    from readers.emrtd.dates import PartialDate

_NAMES: Final = {
    0x5F0E: "full-name",
    0x5F0F: "other-name",
    0x5F10: "personal-number",
    0x5F2B: "birth",
    0x5F11: "place-of-birth",
    0x5F42: "address",
    0x5F12: "telephone",
    0x5F13: "profession",
    0x5F14: "title",
    0x5F15: "summary",
    0x5F16: "citizenship-image",
    0x5F17: "other-documents",
    0x5F18: "custody",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDetails:
    """What the file says, NFC and safe to show; absent texts are "", an absent date None. All hidden from repr.

    Places and addresses come in their parts. `birth` is whole (with its century) where every part is known.
    `repaired` names the fields of which something had to be escaped; `raw`: the file as read."""

    full_name: str = field(default="", repr=False)
    other_names: tuple[str, ...] = field(default=(), repr=False)
    personal_number: str = field(default="", repr=False)
    birth: PartialDate | None = field(default=None, repr=False)
    place_of_birth: tuple[str, ...] = field(default=(), repr=False)
    address: tuple[str, ...] = field(default=(), repr=False)
    telephone: str = field(default="", repr=False)
    profession: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    summary: str = field(default="", repr=False)
    citizenship_image: bytes = field(default=b"", repr=False)
    other_documents: tuple[str, ...] = field(default=(), repr=False)
    custody: str = field(default="", repr=False)
    warnings: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    raw: bytes = field(default=b"", repr=False)


def parse_dg11(octets: bytes) -> PersonalDetails:
    """Parse the file, template included. Raises TlvError when the elements cannot be told apart."""
    require_shallow(octets)
    walk = ElementWalk("dg11", _NAMES)
    walk.walk(tlv.parse_one(octets, DATA_GROUPS[11].tag).children())
    return PersonalDetails(
        full_name=walk.words("full-name"),
        other_names=walk.people("other-name"),
        personal_number=walk.text("personal-number").strip("< "),
        birth=walk.date("birth"),
        place_of_birth=walk.parts("place-of-birth"),
        address=walk.parts("address"),
        telephone=walk.text("telephone"),
        profession=walk.words("profession"),
        title=walk.words("title"),
        summary=walk.words("summary"),
        citizenship_image=walk.values.get("citizenship-image", b""),
        other_documents=walk.parts("other-documents"),
        custody=walk.words("custody"),
        warnings=tuple(walk.warnings),
        repaired=tuple(walk.repaired),
        raw=octets,
    )
