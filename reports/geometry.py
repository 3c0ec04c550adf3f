"""Where things stand on the paper: A4 lying and upright, within the margins of Nghị định 30/2020.

Lengths are PDF points from the page's lower left corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reportlab.lib.units import mm

from reports.sheet import Sheet

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2."""
_A4: Final = (210 * mm, 297 * mm)
_LEFT: Final = 30.46 * mm
_RIGHT: Final = 15.46 * mm
"""A little more than 30 and 15 mm, so that half a frame's line does not reach into the margins."""
_BOTTOM: Final = 20.42 * mm
"""Below this stands nothing, not even the foot or the page seal. At these distances the seal of a lying sheet falls
best onto the dots of a picture of 100 dpi.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """The places of one kind of paper.

    `page` width and height; `left`, `right`, `top` the margins; rows end at `bottom`; the foot stands between
    `foot_top` and `foot_bottom`, the page seal at its right with sides of at most `seal_side`; `station` is the box on
    the last page where the signed file shows the station's own signature. `foot_width` is the room of the foot's lines,
    `notice_width` and `notice_lines` those of its last remark. `agency_width` and `nation_width` are the two blocks at
    the top, in `head_size` points; `totals_columns` and `signers` how many totals and signature blocks stand side by
    side.
    """

    page: tuple[float, float]
    left: float
    right: float
    top: float
    bottom: float
    foot_top: float
    foot_bottom: float
    seal_side: float
    station: Box
    foot_width: float
    notice_width: float
    notice_lines: int
    agency_width: float
    nation_width: float
    head_size: float
    totals_columns: int
    signers: int

    @property
    def width(self) -> float:
        """The width between the margins."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """The middle between the margins."""
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        """The height of a page's content."""
        return self.top - self.bottom


def _lying() -> Geometry:
    page = (_A4[1], _A4[0])
    left, right, foot_top, foot_bottom = _LEFT, page[0] - _RIGHT, _BOTTOM + 34 * mm, _BOTTOM
    station = (right - 96 * mm, foot_bottom + 3 * mm, right - 36 * mm, foot_top - 4 * mm)
    return Geometry(
        page=page,
        left=left,
        right=right,
        top=page[1] - 20 * mm,
        bottom=foot_top + 1.5 * mm,
        foot_top=foot_top,
        foot_bottom=foot_bottom,
        seal_side=33 * mm,
        station=station,
        foot_width=station[0] - left - 3 * mm,
        notice_width=station[0] - left - 3 * mm,
        notice_lines=2,
        agency_width=122 * mm,
        nation_width=122 * mm,
        head_size=13,
        totals_columns=2,
        signers=5,
    )


def _upright() -> Geometry:
    page = _A4
    left, right, foot_top, foot_bottom = _LEFT, page[0] - _RIGHT, _BOTTOM + 51 * mm, _BOTTOM
    seal_side = 40 * mm
    edge = right - seal_side - 3 * mm
    station = (edge - 70 * mm, foot_bottom + mm, edge, foot_bottom + 21.5 * mm)
    return Geometry(
        page=page,
        left=left,
        right=right,
        top=page[1] - 20 * mm,
        bottom=foot_top + 1.5 * mm,
        foot_top=foot_top,
        foot_bottom=foot_bottom,
        seal_side=seal_side,
        station=station,
        foot_width=edge - left,
        notice_width=station[0] - left - 3 * mm,
        notice_lines=6,
        agency_width=72 * mm,
        nation_width=91 * mm,
        head_size=12,
        totals_columns=1,
        signers=3,
    )


LYING: Final = _lying()
UPRIGHT: Final = _upright()


def geometry_of(sheet: Sheet) -> Geometry:
    """Return the places of a sheet's paper."""
    return UPRIGHT if sheet.portrait else LYING
