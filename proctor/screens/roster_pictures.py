"""The pictures that were kept of one entry, for eyes at the station only; first the log says who looked."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image

from biometrics.decode import PortraitDecoder
from biometrics.errors import BiometricsError
from proctor.commands.candidate import PICTURES
from proctor.commands.evidence_view import look_at
from proctor.roots import OpenRoot
from sessions.session import Session

_CHIP = "chip-portrait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Pictures by piece, JPEG or PNG; `lost`: pieces that were erased or are no picture; `entry`: who looked."""

    pictures: Mapping[str, bytes] = field(repr=False)
    lost: tuple[str, ...]
    entry: int


def pictures_of(opened: OpenRoot, session: Session, seq: int, reason: str) -> Looked:
    """Return the pictures of one entry; the view entry is committed first. Takes a moment: beside the window.

    A chip's picture comes from outside: a process of its own unpacks it. Raises RoleForbiddenError,
    EvidenceMissingError, StoreError.
    """
    operator = session.rules.require_may(opened.require_login().operator, "view")
    looked = look_at(opened, seq, reason=reason, operator=operator, only=PICTURES)
    pictures, lost = {}, list(looked.erased)
    for name in PICTURES:
        data = looked.pieces.get(name)
        if data is None:
            continue
        shown = _unpacked(data) if name == _CHIP else data
        if shown is None:
            lost.append(name)
        else:
            pictures[name] = shown
    return Looked(pictures=pictures, lost=tuple(lost), entry=looked.entry)


def _unpacked(data: bytes) -> bytes | None:
    """Return a chip's portrait (JPEG or JPEG 2000) as JPEG; None for what is none."""
    try:
        with PortraitDecoder() as decoder:
            image = decoder.decode(data)
    except BiometricsError:
        return None
    packed = io.BytesIO()
    Image.fromarray(image[:, :, ::-1].copy()).save(packed, "JPEG", quality=95)
    return packed.getvalue()
