"""What the sheets page has done beside the window. What draws, signs and packs takes a second to load: it is loaded
there, when it is needed first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # see above
    from proctor.screens.sheet_draft import Draft
    from proctor.screens.sheet_pack import PackPlan
    from proctor.screens.sheets import Made, Shelf
    from proctor.sheet_wish import Wish
    from sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet that was made, to be shown: its file, its pages' sizes in points, the fields that nobody signed."""

    pdf: bytes = field(repr=False)
    sizes: tuple[tuple[float, float], ...]
    roles: tuple[tuple[str, str], ...]


def draft(opened: Any, session: "Session", wish: "Wish") -> "Draft":
    """As `proctor.screens.sheet_draft.make_draft`."""
    from proctor.screens.sheet_draft import make_draft  # noqa: PLC0415 - see above

    return make_draft(opened, session, wish)


def draft_page(words: str, pdf: bytes, page: int, dpi: int) -> bytes:
    """As `proctor.screens.sheet_draft.draft_png`."""
    from proctor.screens.sheet_draft import draft_png  # noqa: PLC0415 - see above

    return draft_png(pdf, page, dpi, words)


def file_page(pdf: bytes, page: int, dpi: int) -> bytes:
    """As `proctor.page_pictures.page_png`."""
    from proctor.page_pictures import page_png  # noqa: PLC0415 - see above

    return page_png(pdf, page, dpi)


def sheet(opened: Any, session: "Session", made: "Made", path: Path, *, enter: bool) -> Sheet:
    """Return a sheet that was made; `enter`: the log says who looks. Raises as `look_at`, "page-unreadable"."""
    from proctor.page_pictures import page_sizes  # noqa: PLC0415 - see above
    from proctor.screens.sheet_look import look_at, open_roles, read_made  # noqa: PLC0415

    pdf = look_at(opened, session, made, path) if enter else read_made(made, path)
    return Sheet(pdf=pdf, sizes=page_sizes(pdf), roles=open_roles(pdf))


def roles(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the fields of a sheet in which nobody signed, without its being shown."""
    from proctor.screens.sheet_files import read_pdf  # noqa: PLC0415 - see above
    from proctor.screens.sheet_look import open_roles  # noqa: PLC0415

    return open_roles(read_pdf(path))


def plan(opened: Any, session: "Session", shelf: "Shelf", here: Mapping[str, Path]) -> "PackPlan":
    """As `proctor.screens.sheet_pack.pack_plan`."""
    from proctor.screens.sheet_pack import pack_plan  # noqa: PLC0415 - see above

    return pack_plan(opened, session, shelf, here)


def backup_place(opened: Any) -> str:
    """As `proctor.screens.sheet_pack.backup_place`."""
    from proctor.screens.sheet_pack import backup_place as found  # noqa: PLC0415 - see above

    return found(opened)
