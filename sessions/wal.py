"""The write-ahead log beside a database: which of its frames SQLite would drop without a word.

SQLite stops at the first frame whose checksum is wrong and forgets the rest, so an altered frame would
quietly undo what follows it. Format: sqlite.org/fileformat2.html, section 4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sessions.pages import PAGE, hmac_key, page_intact

_HEADER: Final = 32
_FRAME: Final = 24
_MAGIC: Final = (0x377F0682, 0x377F0683)
_OLDEST: Final = 2**31
"""Generations count up by 1; half the range is surely behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """`chained`: it belongs to the present generation, which ends at the first frame that does not; `continues`: its
    checksum continues that of the frame before it, whatever its generation.
    """

    number: int
    page: int
    salts: bytes
    intact: bool
    chained: bool
    continues: bool


def bad_frames(path: Path, database: Path, key: bytes) -> tuple[int, ...]:
    """Return the numbers (from 1) of frames that were altered; 0 stands for the file's header.

    A frame of the present generation must continue the checksums; any other is left over of an earlier one and must
    look so, see `_Leftovers`. Every frame must hold an intact page. A frame cut off at the end is what a crash leaves
    and is no finding.
    """
    data = path.read_bytes()
    if len(data) < _HEADER:
        return ()
    magic, _version, page, _sequence = struct.unpack(">4I", data[:16])
    order = ">" if magic & 1 else "<"
    checksum = _checksum(order, data[:24], (0, 0))
    if magic not in _MAGIC or page != PAGE or struct.pack(">2I", *checksum) != data[24:32]:
        return (0,)
    with database.open("rb") as stream:
        mac_key = hmac_key(stream.read(16), key)
    frames = _frames(data, order, checksum, mac_key)
    leftovers = _Leftovers(data[16:24])
    return tuple(
        frame.number for frame in frames if not (frame.chained or leftovers.fits(frame)) or not frame.intact
    )


class _Leftovers:
    """What may stand behind the present generation: its predecessors, newer ones first.

    SQLite counts the first salt up by 1 and draws the second anew whenever it begins again at the front, so a leftover
    has a smaller first salt, another second one than every other generation, and continues the checksums of the frame
    before it exactly if that is of the same generation. A frame of the present whose salts were changed does not.
    """

    def __init__(self, present: bytes) -> None:
        self._present = int.from_bytes(present[:4], "big")
        self._age = 0
        self._salts, self._seconds = present, {present[4:]}

    def fits(self, frame: _Frame) -> bool:
        """Take the next frame behind the present generation; whether it can be a leftover."""
        age = (self._present - int.from_bytes(frame.salts[:4], "big")) % 2**32
        if frame.salts == self._salts:
            return frame.continues and self._age > 0
        if not self._age < age < _OLDEST or frame.salts[4:] in self._seconds or frame.continues:
            return False
        self._age, self._salts = age, frame.salts
        self._seconds.add(frame.salts[4:])
        return True


def _frames(data: bytes, order: str, checksum: tuple[int, int], mac_key: bytes) -> list[_Frame]:
    """Return every whole frame; `chained` ends at the first one that does not continue the checksums."""
    found: list[_Frame] = []
    chained = True
    salts = data[16:24]
    for start in range(_HEADER, len(data) - _FRAME - PAGE + 1, _FRAME + PAGE):
        head, content = data[start : start + _FRAME], data[start + _FRAME : start + _FRAME + PAGE]
        page = int.from_bytes(head[:4], "big")
        own = struct.unpack(">2I", head[16:24])
        continues = _checksum(order, content, _checksum(order, head[:8], checksum)) == own
        chained = chained and continues and head[8:16] == salts
        intact = page_intact(content[16:] if page == 1 else content, page, mac_key)
        number = len(found) + 1
        found.append(
            _Frame(
                number=number,
                page=page,
                salts=head[8:16],
                intact=intact,
                chained=chained,
                continues=continues,
            )
        )
        checksum = own
    return found


def _checksum(order: str, data: bytes, start: tuple[int, int]) -> tuple[int, int]:
    """Return SQLite's running checksum over 8-byte steps."""
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & 0xFFFFFFFF
        second = (second + words[index + 1] + first) & 0xFFFFFFFF
    return first, second
