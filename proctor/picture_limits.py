"""What the process that reads pictures may use, and the words it answers with: no more, so that both load fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PREFIX: Final = "PRS1:"
MAX_FOUND: Final = 16
"""So many seals on one page of a file: nobody photographs more sheets at once."""
PAGES_MM: Final = ((297, 210, 33), (210, 297, 40))
"""Width and height of a page, lying and upright, and the longest side of its seal, in mm: as `reports.geometry`."""
SEAL_RIGHT_MM: Final = 15
SEAL_BOTTOM_MM: Final = 20
"""How far the seal stands from the right and lower edge."""
MODULE_MM: Final = 0.52
"""Side of a seal's module where the seal is not held to the longest side; as `reports.pdf`."""
DONE: Final = "done"
LATE: Final = "late"
UNREADABLE: Final = "unreadable"
TOO_LARGE: Final = "too-large"
TOO_MANY: Final = "too-many-pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Pixels and side of a page, pages of a file, memory in MiB, seconds for the file and for one page."""

    max_pixels: int
    max_side: int
    max_pages: int
    memory_mib: int
    seconds: int
    page_seconds: int

    def arguments(self) -> list[str]:
        """Return the child's command line."""
        names = ("max_pixels", "max_side", "max_pages", "memory_mib", "seconds", "page_seconds")
        return [str(getattr(self, name)) for name in names]

    @classmethod
    def of(cls, arguments: list[str]) -> Limits:
        """Return the limits of a command line."""
        pixels, side, pages, memory, seconds, page = (int(value) for value in arguments)
        return cls(
            max_pixels=pixels,
            max_side=side,
            max_pages=pages,
            memory_mib=memory,
            seconds=seconds,
            page_seconds=page,
        )
