"""A card that lies on an allowed reader, with the key that may open it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from readers.cccd.id_number import IdNumber
from readers.cccd.qr import QrCard
from readers.emrtd.access_key import Can


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentCard:
    """Access data read from a QR payload or typed: it opens the chip, it identifies nobody (the QR is unsigned)."""

    number: IdNumber = field(repr=False)
    qr: QrCard | None = field(repr=False)
    key: Can = field(repr=False)
    reader_kind: str
    challenge_seed: bytes | None = field(default=None, repr=False)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """How the key came in and what kind of reader it is; the ATR itself is no evidence and is not kept."""
        warnings = self.qr.warnings if self.qr is not None else ()
        return MappingProxyType(
            {
                "source": "number" if self.qr is None else "qr",
                "reader": self.reader_kind,
                **{f"warning_{i}": code for i, code in enumerate(warnings, 1)},
            }
        )


@dataclass(frozen=True, slots=True)
class RefusedCamera:
    """The camera may not be used: that goes on record whether a card was there or not."""


CaptureGround = PresentCard | RefusedCamera
"""Why a picture is asked for: somebody's card is on the reader, or the refusal of the camera is to be recorded."""
