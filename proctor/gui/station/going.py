"""What the station's window works with: the desk that is open, the root, and what tests give stand-ins for."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from proctor.config import Places
from proctor.idle import since_start
from proctor.texts import Texts

if TYPE_CHECKING:  # what opens a root takes a second to load: it is loaded beside the window
    from types import ModuleType

    from proctor.desk.equipment import EquipmentRow
    from proctor.gui.station.opening import Held, SessionLine
    from proctor.roots import OpenRoot
    from sessions.session import Session


def sessions_of(held: "Held") -> "tuple[SessionLine, ...]":
    """Return the open sessions of a root. Takes a moment."""
    found: tuple[SessionLine, ...] = opening().sessions_of(held.opened)
    return found


def opening() -> "ModuleType":
    """What opens roots and sessions."""
    from proctor.gui.station import opening  # noqa: PLC0415 - see above

    return opening


class DeskDriver(Protocol):
    """A desk at work, as `driver.Driver` is: its state, what it is told, what it asks of the window."""

    @property
    def state(self) -> Any: ...

    @property
    def busy(self) -> bool: ...

    def send(self, event: Any) -> None: ...

    def poll(self) -> bool: ...

    def asked(self) -> tuple[Any, ...]: ...

    def rows(self, texts: Texts) -> "tuple[EquipmentRow, ...]": ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDesk:
    """A desk that was opened: `practice` in training only."""

    session: "Session"
    room: str
    driver: DeskDriver = field(repr=False)
    practice: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the window is made of beside itself; tests give stand-ins. `open_desk(opened, session, room, stood,
    language)` runs beside the window. `lend(opened)` lends the station's reader and camera where no desk is open; None:
    there are none."""

    open_desk: Callable[..., OpenDesk]
    make_page: Callable[[Any, Any, Any], Any]
    make_bar: Callable[[Any, Any, Any], Any]
    examine: Callable[[Places, Texts, bool], "Iterable[EquipmentRow]"]
    clock: Callable[[], float] = since_start
    lend: "Callable[[OpenRoot], AbstractContextManager[tuple[str, str]]] | None" = None


@dataclass(slots=True, kw_only=True)
class Going:
    """What outlives a window that breaks: the next one goes on with it."""

    held: "Held | None" = field(default=None, repr=False)
    desk: OpenDesk | None = field(default=None, repr=False)
    page: str = "login"
    locked: bool = False
    report: str = ""
    breaks: list[float] = field(default_factory=list)
    runner: Any = field(default=None, repr=False)
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    kept_check_in: tuple[str, dict[str, Any]] = field(default=("", {}), repr=False)
