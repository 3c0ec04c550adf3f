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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    number: int
    page: int
    salts: bytes
    intact: bool
    chained: bool


def bad_frames(path: Path, database: Path, key: bytes) -> tuple[int, ...]:
    """Return the numbers (from 1) of frames that were altered; 0 stands for the file's header.

    A frame of the present generation (by either salt) must continue the checksums and hold an intact page; a
    frame of an earlier one is left over and must only hold an intact page. A frame cut off at the end is what
    a crash leaves and is no finding.
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
    return tuple(frame.number for frame in frames if _is_bad(frame, data[16:24]))


def _is_bad(frame: _Frame, salts: bytes) -> bool:
    present = frame.salts[:4] == salts[:4] or frame.salts[4:] == salts[4:]
    return not frame.intact or (present and not frame.chained)


def _frames(data: bytes, order: str, checksum: tuple[int, int], mac_key: bytes) -> list[_Frame]:
    """Return every whole frame; `chained` ends at the first one that does not continue the checksums."""
    found: list[_Frame] = []
    chained = True
    salts = data[16:24]
    for start in range(_HEADER, len(data) - _FRAME - PAGE + 1, _FRAME + PAGE):
        head, content = data[start : start + _FRAME], data[start + _FRAME : start + _FRAME + PAGE]
        page = int.from_bytes(head[:4], "big")
        if chained:
            checksum = _checksum(order, content, _checksum(order, head[:8], checksum))
            chained = head[8:16] == salts and struct.pack(">2I", *checksum) == head[16:24]
        intact = page_intact(content[16:] if page == 1 else content, page, mac_key)
        number = len(found) + 1
        found.append(_Frame(number=number, page=page, salts=head[8:16], intact=intact, chained=chained))
    return found


def _checksum(order: str, data: bytes, start: tuple[int, int]) -> tuple[int, int]:
    """Return SQLite's running checksum over 8-byte steps."""
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & 0xFFFFFFFF
        second = (second + words[index + 1] + first) & 0xFFFFFFFF
    return first, second
