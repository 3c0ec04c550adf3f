"""The session page: tabs that show, forms that do, and the panes of incidents and results beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from proctor.commands.rules_words import rules_lines
from proctor.gui.station.parts import Line, PageKeys
from proctor.gui.station.second_person import DOING, Proving
from proctor.gui.station.session.sharing import SHARING, SharePane
from proctor.gui.station.session.tabs import TabBar
from proctor.gui.station.session.tasks import TaskPane
from proctor.gui.station.session.views import VIEWS
from proctor.gui.station.work import WorkPage
from proctor.screens.session import Looker, Overview
from proctor.screens.session_feed import SessionFeed
from proctor.screens.session_tasks import NEW, WITHOUT_SESSION, next_task, offered

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.opening import SessionLine
    from sessions.session import Session

OVERVIEW: Final = "overview"
OTHERS: Final = {
    "incidents": ("proctor.gui.station.incidents.pane", "IncidentPane", frozenset({"incident", "decide"})),
    "results": ("proctor.gui.station.results.pane", "ResultsPane", frozenset({"result", "correct", "prior"})),
}
"""Panes of other parts: module, class, and whoever may do one of these is shown it."""
SIGNS: Final = {
    "not-started": "arrow",
    "ready": "tick",
    "running": "tick",
    "paused": "bang",
    "closed": "dots",
}
AGAIN_MS: Final = 40
FIRST_MS: Final = 20
"""Until the page is drawn: reading and drawing at once makes both slow."""
LOOKER: Final = "session looker"
POLL_MS: Final = 300


class SessionPage(WorkPage):
    """The session of the desk, or the one that is chosen on the start page; without one only a new one is made.

    `component`: the one that was chosen last, for the forms. `known`: what was looked at last;
    `fresh`: since this page was opened.
    """

    def __init__(self, window: Any, kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        self.known: Overview | None = None
        self.fresh = False
        self.offers: tuple[str, ...] = ()
        self.next_task = ""
        self.component = str(kept.get("component", ""))
        self.tab = str(kept.get("tab", OVERVIEW))
        self.pane: Any = None
        self.hot = PageKeys(window)
        self._panes: dict[str, Any] = dict(kept.get("panes", {}))
        self._told: tuple[str, str] = ("", "")
        self._feed: SessionFeed | None = None
        self._ticking = ""
        self.inside.columnconfigure(0, weight=1)
        self.inside.rowconfigure(2, weight=1, minsize=self.look.px(200))
        self.bar = TabBar(self.inside, self.look, self.letters, self._tabs(), self.open_tab)
        self.bar.grid(row=0, column=0, sticky="ew")
        self.bar.grid_remove()
        self.where = Line(self.inside, self.look)
        self.where.grid(row=1, column=0, sticky="ew", pady=self.look.px(5))
        if self.session is None:
            self._without_session()
            return
        self.hot.bind("<F5>", lambda _event: self.see())
        if not self.begun.get("task"):
            self.bar.show(self.tab)
            self.bar.grid()
        self.looker = self._looker_of(self.session)
        last = self.looker.last
        if last is not None and not self.begun.get("task"):
            self.after_idle(self._show_last, last)
            return
        self.where.show(self.texts["session-page.looking"], "")
        self.after(FIRST_MS, self._see_first)

    # --- what is read ---

    def _looker_of(self, session: "Session") -> Looker:
        """Return what reads the session: the one of the last time where it is the same session in this language."""
        opened, kept, language = self.window.opened, self.window.going.kept, self.texts.language
        known: Looker | None = kept.get(LOOKER, {}).get(language)
        if known is None or known.session_id != session.session_id:
            known = Looker(opened, session)
            kept[LOOKER] = {language: known}
        return known

    def _show_last(self, last: Overview) -> None:
        """Show what was seen last; what came since is read at once and shows by itself."""
        if not self.winfo_exists() or self.known is not None:
            return
        if self.window.background.busy:  # no tab opens meanwhile
            self.after(AGAIN_MS, self._show_last, last)
            return
        self._seen(last, fresh=False)

    def _see_first(self) -> None:
        """Look at the session as soon as nothing else is being done."""
        if not self.winfo_exists():
            return
        if self.window.background.busy:
            self.after(AGAIN_MS, self._see_first)
            return
        self.see()

    def see(self) -> None:
        """Look at the session anew."""
        if self.session is None or self.window.opened is None:
            return
        looker, texts = self.looker, self.texts
        self.ask_for(
            lambda: looker.look(texts, datetime.now(UTC)), self._seen, working="session-page.looking"
        )

    def _seen(self, seen: Overview, fresh: bool = True) -> None:
        first = self.known is None
        self.known, self.fresh = seen, self.fresh or fresh
        self.offers = offered(seen, self.window.may)
        self.next_task = next_task(seen, self.offers)
        self.component = seen.component(self.component).component
        if first:
            self._keep_up()
        self.where.show(self._state_words(seen), SIGNS[seen.state])
        if first:
            wanted = self.begun.get("task", "")
            if wanted in self.offers:
                self.open_task(wanted, self.begun.get("values", {}))
            else:
                self.open_tab(self.tab)
        else:
            self.pane.show(seen)
        self.show_main()
        self.follow_all()
        if any(self._told):
            self.window.say(*self._told)
            self._told = ("", "")

    # --- what comes by itself ---

    def _keep_up(self) -> None:
        """From now on what others enter is shown by itself."""
        self._feed = SessionFeed(self.looker, self.texts, at_once=not self.fresh)
        self._ticking = self.after(POLL_MS, self._poll)

    def _poll(self) -> None:
        """Show what was read; a form that is open is left as it is, a tab of another part is its own affair."""
        self._ticking = self.after(POLL_MS, self._poll)
        news = None if self._feed is None or self.window.background.busy else self._feed.newest()
        if news is None or news is not self.looker.last:  # an older look than the one that is shown
            return
        self.fresh = True
        if not isinstance(self.pane, tuple(VIEWS.values())):
            self.known = news
            return
        pane: Any = self.pane
        inside = str(self.focus_get() or "").startswith(str(pane))
        self._seen(news)
        if inside and not str(self.focus_get() or "").startswith(str(pane)):
            pane.take_focus()

    def _stop_following(self) -> None:
        if self._ticking:
            self.after_cancel(self._ticking)
            self._ticking = ""
        if self._feed is not None:
            self._feed.close()

    def let_go(self) -> None:
        """The data root is about to be closed."""
        self._stop_following()

    def _state_words(self, seen: Overview) -> str:
        key = f"session-page.is.{seen.state}"
        if seen.state == "ready" and seen.training and not seen.started:
            key = f"{key}.training"
        words = self.texts.say(key, since=seen.since, count=seen.candidates)
        part = seen.session.part
        if part is not None:
            words = f"{self.texts.say('session-page.is.part', part=part.number, of=part.of)} {words}"
        day = seen.session.day.strftime("%d/%m/%Y")
        return f"{seen.session.place}, {day}. {words}"

    def rules_lines(self, seen: Overview) -> tuple[str, ...]:
        """Return the rules of the session in words."""
        return tuple(rules_lines(seen.session.rules, self.texts, day=seen.session.day, licence=None))

    # --- what is shown ---

    def _tabs(self) -> list[tuple[str, str]]:
        names = [*VIEWS, *(name for name in OTHERS if self._has(name))]
        return [
            (name, f"&{number} {self.texts[f'session-page.tab.{name}']}")
            for number, name in enumerate(names, 1)
        ]

    def _has(self, name: str) -> bool:
        """Whether a pane of another part is there, and who is here has something to do in it."""
        module, _, actions = OTHERS[name]
        return find_spec(module) is not None and any(self.window.may(action) for action in actions)

    def open_tab(self, name: str) -> None:
        """Show a tab; one that is asked for before the session is read comes with it."""
        if self.known is None:
            self.tab = name
            return
        if self.window.background.busy:
            self.bar.show(self.tab)
            return
        self._clear()
        self.tab = name if name in self.bar.buttons else OVERVIEW
        if self.tab in OTHERS:
            module, made, _ = OTHERS[self.tab]
            pane = getattr(import_module(module), made)(
                self.inside, self.window, kept=self._panes.get(self.tab)
            )
        else:
            pane = VIEWS[self.tab](self.inside, self)
            pane.show(self.known)
        self._put(pane)

    def open_task(self, name: str, values: Mapping[str, str] | None = None) -> None:
        """Show the form of a task, or the steps to a new session."""
        if self.window.background.busy or (self.known is None and name not in WITHOUT_SESSION):
            return
        values = dict(values or {})
        self._clear()
        if name == NEW:
            from proctor.gui.station.session.new import NewPane  # noqa: PLC0415 - it loads what reads lists

            self._put(NewPane(self.inside, self, values))
        elif name in SHARING:
            self._put(SharePane(self.inside, self, name, self.known, values))
        elif self.known is not None:
            self._put(TaskPane(self.inside, self, name, self.known, values))

    def close_task(self) -> None:
        """Take the form away; the session is looked at anew."""
        if self.known is None:
            self.window.to_desk()
            return
        self.open_tab(self.tab)
        self.see()

    def task_done(self, task: str, status: int, words: str) -> None:
        """A task was done: back to the tab where what it came to is seen, its words in the window's line."""
        self._told = (words, "tick" if status == 0 else "bang")
        self.tab = {"draw": "lists", "spot-check": "lists", "allocate": "rooms"}.get(task, OVERVIEW)
        self.begun["list"] = "drawn" if task == "draw" else self.begun.get("list", "")
        self.open_tab(self.tab)
        self.see()

    def _clear(self) -> None:
        """Take the pane away before the next is made: their letters may be the same."""
        if self.pane is not None:
            self._keep_pane()
            self.pane.destroy()
            self.pane = None

    def _put(self, pane: Any) -> None:
        self.pane = pane
        pane.grid(row=2, column=0, sticky="nsew")
        form, new = self._kind != "view", self._kind == "new"
        self.bar.show("" if form else self.tab)
        for part, hidden in ((self.bar, new or self.known is None), (self.where, form)):
            (part.grid_remove if hidden else part.grid)()
        if self.known is not None:
            self.window.retitle(session=not new)
        self.show_main()
        self.follow_all()
        self.after_idle(self._focus, pane)

    @property
    def _kind(self) -> str:
        """What stands in the page; panes of other parts show."""
        return str(getattr(self.pane, "KIND", "view"))

    def _focus(self, pane: Any) -> None:
        if pane.winfo_exists():
            pane.take_focus()

    def _keep_pane(self) -> None:
        if self.tab in OTHERS and self._kind == "view":
            self._panes[self.tab] = dict(self.pane.kept())

    def show_main(self) -> None:
        """Give the window's main button the text of what Enter does now; without one it goes."""
        main = getattr(self.window, "main", None)
        if main is None or not main.winfo_exists():
            return
        key = self.main_text()
        if key:
            main.configure(text=self.texts[key].replace("&", ""), underline=-1)
            main.grid()
        else:
            main.grid_remove()

    def _without_session(self) -> None:
        if self.window.may("create-session"):
            self.offers = WITHOUT_SESSION
            wanted = self.begun.get("task", NEW)
            self.open_task(wanted if wanted in WITHOUT_SESSION else NEW, self.begun.get("values", {}))
        else:
            self.where.show(self.texts["session-page.no-session"], "bang")

    def took_anew(self, lines: "Sequence[SessionLine]") -> None:
        """Take in the sessions as they were read again; an open desk's is the newest, too."""
        window = self.window
        window.lines = tuple(lines)
        desk = window.going.desk
        known = {line.session_id: line.session for line in lines}
        if desk is not None and desk.session.session_id in known:
            session = known[desk.session.session_id].at(desk.session.component)
            window.going.desk = replace(desk, session=session)

    def open_made(self, session_id: str) -> None:
        """Show a session that was made just now; while a desk is open the page stays with the desk's."""
        window = self.window
        self.forget()
        if window.session is not None:
            self.close_task()
        else:
            window.took(window.lines, session_id)
            window.go("session")

    def forget(self) -> None:
        """Let the next page of this kind begin anew."""
        self.window.going.kept["session"] = {}

    # --- what the window asks ---

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        return str(self.pane.main_text()) if self.pane is not None else ""

    def forward(self) -> None:
        """Enter, and the main button."""
        queues = getattr(self.pane, "QUEUES", False)
        if self.pane is not None and (queues or not self.window.background.busy):
            self.pane.forward()

    def back(self) -> bool:
        """Escape: close the form or what is open in the pane, then the tab; False on the overview."""
        if self.pane is None or self.window.background.busy:
            return False
        if self.pane.back():
            return True
        if self.tab != OVERVIEW:
            self.open_tab(OVERVIEW)
            return True
        return False

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed and chosen."""
        found: dict[str, Any] = {"tab": self.tab, "component": self.component, "panes": self._panes}
        if self.pane is not None:
            self._keep_pane()
            if self.tab not in OTHERS or self._kind != "view":
                found |= dict(self.pane.kept())
        return found

    def close(self) -> None:
        """The page goes away with its keys."""
        self._stop_following()
        self.hot.release()

    # --- commands ---

    def run(
        self,
        *words: str,
        typed: str,
        done: "Callable[[Done], None]",
        failed: Callable[[Exception], bool],
        by: Proving | None = None,
    ) -> None:
        """Run a command; `failed` says whether it has shown the refusal itself; `by`: how a second person proves to be
        there."""
        runner = self.window.runner()
        run, working = (runner.run, DOING) if by is None else (by.run(runner), by.working)
        self.have_done(lambda: run(*words, typed=typed), done=done, failed=failed, working=working)

    def have_done(
        self,
        job: Callable[[], Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], bool],
        working: str = "window.station.doing",
    ) -> None:
        """Have something done beside the window; `failed` as in `run`."""
        if self.window.background.busy:
            return
        self.window.working(working)
        self.window.background.start(
            job, done=partial(self._came, done), failed=partial(self._refused, failed)
        )

    def _refused(self, failed: Callable[[Exception], bool], error: Exception) -> None:
        self.window.idle()
        self.window.say("", "")
        if not self.winfo_exists() or not failed(error):
            self.window.failed(error)
