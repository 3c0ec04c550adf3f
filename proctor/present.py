"""A card that lies on an allowed reader, with the keys that may open it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from readers.cccd.access_plan import AccessPlan, AccessSource
from readers.cccd.id_number import IdNumber
from readers.cccd.qr import QrCard
from readers.emrtd.lds.mrz import Mrz

AccessKind = Literal["qr", "number", "mrz", "can"]
ACCESS_KINDS: tuple[AccessKind, ...] = ("qr", "number", "mrz", "can")


@dataclass(frozen=True, slots=True)
class AccessText:
    """What was scanned or typed to open the chip: `kind` "qr" (payload), "number" (12 digits), "mrz" (its
    lines) or "can" (six digits, which say nothing of whose card it is)."""

    kind: AccessKind
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentCard:
    """Access data from a QR payload, a number or an MRZ: it opens the chip, it identifies nobody (none is signed)."""

    access: AccessSource | None = field(repr=False)
    plan: AccessPlan = field(repr=False)
    number: IdNumber | None = field(repr=False)
    reader_kind: str

    @property
    def facts(self) -> Mapping[str, str | int]:
        """How the keys came in and what kind of reader it is; the ATR itself is no evidence and is not kept."""
        warnings = self.access.warnings if isinstance(self.access, QrCard) else ()
        return MappingProxyType(
            {
                "source": "can" if self.access is None else _SOURCES[type(self.access)],
                "keys": len(self.plan.keys),
                "reader": self.reader_kind,
                **{f"warning_{i}": code for i, code in enumerate(warnings, 1)},
            }
        )


_SOURCES: Mapping[type, str] = MappingProxyType({QrCard: "qr", IdNumber: "number", Mrz: "mrz"})


@dataclass(frozen=True, slots=True)
class RefusedCamera:
    """The camera may not be used: that goes on record whether a card was there or not."""


CaptureGround = PresentCard | RefusedCamera
"""Why a picture is asked for: somebody's card is on the reader, or the refusal of the camera is to be recorded."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose attempt this is, by the chip, or only by the number that was given; None: nobody's of the list."""

    sbd: str | None
