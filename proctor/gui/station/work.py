"""The pages of work beside the check-in: which there are, who is offered them, and what each has in common."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from proctor.gui.scrolled import Scrolled
from proctor.texts import in_a_row

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow
    from sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkScreen:
    """One page of work. Its texts are `window.station.page.<name>` and `window.station.menu.<name>`.

    `place`: "module:class"; `actions`: whoever may do one of these is offered it; `session`: it is about one session;
    `key`: opens it from every page, `keys`: the same as people write it.
    """

    name: str
    place: str
    actions: frozenset[str]
    session: bool
    key: str
    keys: str


_DIRECTION: Final = frozenset(
    {"create-session", "start", "close", "result", "incident", "spot-check", "roster-add", "decide"}
)
SCREENS: Final[Mapping[str, WorkScreen]] = {
    screen.name: screen
    for screen in (
        WorkScreen(
            name="roster",
            place="proctor.gui.station.roster.page:RosterPage",
            actions=frozenset({"view", "check-in"}),
            session=True,
            key="<Control-Key-2>",
            keys="Ctrl+2",
        ),
        WorkScreen(
            name="session",
            place="proctor.gui.station.session.page:SessionPage",
            actions=_DIRECTION,
            session=False,
            key="<Control-Key-3>",
            keys="Ctrl+3",
        ),
        WorkScreen(
            name="sheets",
            place="proctor.gui.station.sheets.page:SheetsPage",
            actions=frozenset({"print"}),
            session=True,
            key="<Control-Key-4>",
            keys="Ctrl+4",
        ),
        WorkScreen(
            name="admin",
            place="proctor.gui.station.admin.page:AdminPage",
            actions=frozenset({"add-user", "trust", "keys", "export", "erase", "confirm-rules"}),
            session=False,
            key="<Control-Key-5>",
            keys="Ctrl+5",
        ),
    )
}
DESK_KEY: Final = "<Control-Key-1>"
DESK_KEYS: Final = "Ctrl+1"
NEW_KEY: Final = "<Control-n>"
NEW_KEYS: Final = "Ctrl+N"


def page_class(screen: WorkScreen) -> "Callable[..., WorkPage]":
    """Return the class of a page of work; its module is loaded now."""
    module, _, name = screen.place.partition(":")
    made: Callable[..., WorkPage] = getattr(import_module(module), name)
    return made


def load_pages() -> None:
    """Load what the pages of work are made of, beside the window: the first of them would wait for it."""
    for screen in SCREENS.values():
        page_class(screen)


class WorkPage(Scrolled):
    """One page of work. Enter is `forward`, Escape `back`; `kept` is what the next page of its kind begins with, when
    language, size or lock have it built anew.

    A page reads and writes beside the window's thread only: `ask_for` and `command`.
    """

    def __init__(self, window: "StationWindow", kept: Mapping[str, Any]) -> None:
        super().__init__(window, stretch=True)
        self.window = window
        self.look, self.texts, self.letters = window.look, window.texts, window.letters
        self.begun = dict(kept)

    @property
    def session(self) -> "Session | None":
        """The session of the desk, else the one that is chosen on the start page."""
        return self.window.session or self.window.chosen_session()

    @abstractmethod
    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""

    @abstractmethod
    def forward(self) -> None:
        """Enter, and the main button."""

    def back(self) -> bool:
        """Escape: close what is open inside the page. False where nothing was: then the window leaves the page."""
        return False

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed and chosen, for the page that is built in this one's place. No secrets."""
        return {}

    def let_go(self) -> None:
        """The data root is about to be closed: end what reads it by itself. `close` comes after it."""

    def close(self) -> None:
        """The page goes away."""

    def ask_for(
        self, job: Callable[[], Any], done: Callable[[Any], None], *, working: str = "window.station.looking"
    ) -> None:
        """Have something done beside the window; `done` gets it, an error is said. `working`: said meanwhile."""
        if self.window.background.busy:
            return
        self.window.working(working)
        self.window.background.start(job, done=partial(self._came, done), failed=self.window.failed)

    def command(
        self,
        *words: str,
        done: "Callable[[Done], None]",
        typed: str | Mapping[str, str] = "",
        working: str = "window.station.doing",
    ) -> None:
        """Run one command as who is logged in, beside the window; see `proctor.desk.runner`."""
        runner = self.window.runner()
        self.ask_for(lambda: runner.run(*words, typed=typed), done, working=working)

    def say_done(self, done: "Done") -> None:
        """Say what a command came to in the window's line."""
        self.window.say(in_a_row((*done.said, *done.lines)), "tick" if done.status == 0 else "bang")

    def _came(self, done: Callable[[Any], None], result: Any) -> None:
        self.window.idle()
        if self.winfo_exists():
            self.window.say("", "")
            done(result)
        else:
            self.window.entered_unseen(result)
