"""The roster page: everybody of the session at one component, searched while it is typed; what is done about one of
them stands beside the table.
"""

import tkinter
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.gui.keyboard import split
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.parts import Flow, wrapped
from proctor.gui.station.roster.decide import DecidePane
from proctor.gui.station.roster.details import DetailsPane
from proctor.gui.station.roster.filters import Filters
from proctor.gui.station.roster.panes import AddPane, CallPane, MovePane, RosterPane
from proctor.gui.station.roster.table import RosterTable
from proctor.gui.station.work import WorkPage
from proctor.screens.roster import Roll, Row, found, in_order, state_key
from proctor.screens.roster_feed import RosterFeed
from proctor.screens.roster_offers import ABOUT_ONE, ACTS, why_not
from sessions.session import load_session

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow
    from sessions.session import Session

POLL_MS: Final = 60
SIDE_BY_SIDE: Final = 1.0
"""Up to this size of the text a form stands beside the table; from there on in its place."""
SHORT_FROM: Final = 1.5
"""From this size on what stands above the table says less, so that there is room for the table."""
PANES: Final[Mapping[str, type[RosterPane]]] = {
    "call": CallPane,
    "details": DetailsPane,
    "decide": DecidePane,
    "move": MovePane,
    "add": AddPane,
}


class RosterPage(WorkPage):
    """Search and filters, the table, counts, what may be done; and one pane at a time."""

    def __init__(self, window: "StationWindow", kept: Mapping[str, Any]) -> None:
        super().__init__(window, kept)
        self.at = self._session()
        self.roll: Roll | None = None
        self.pane: RosterPane | None = None
        self._pane_name, self._held = "", 0
        self._place: Scrolled | None = None
        self._reason = str(kept.get("reason", ""))
        self._build()
        roll = kept.get("roll")
        if not isinstance(roll, Roll) or (roll.component, kept.get("of")) != (self.at.component, self._of):
            roll = None
        self._feed = self._make_feed(-1 if roll is None else roll.size)
        if roll is not None:
            self._read(roll)
            self.table.choose_sbd(str(kept.get("chosen", "")))
            self._open_again(kept)
        self.search.trace_add("write", lambda *_names: self._filter())
        self._ticking = self.after(POLL_MS, self._poll)
        if self.pane is None:
            self.after_idle(self.take_focus)

    # --- of whom ---

    def _session(self) -> "Session":
        """The session at the component that is shown: the one chosen here, at the desk, or on the start page."""
        session = self.session
        if session is None:  # the window opens no such page without one
            raise ValueError("session")
        wanted = str(self.begun.get("component", ""))
        if not wanted and self.window.session is None:
            wanted = self.window.variables["component"].get()
        return session.at(wanted) if wanted in session.components else session

    @property
    def _of(self) -> str:
        return self.at.session_id

    def _make_feed(self, known: int) -> RosterFeed:
        opened, at = self.window.opened, self.at

        def make_board() -> Any:
            from sessions.course.board import Board  # noqa: PLC0415 - beside the window's thread

            return Board(opened.store, at)

        return RosterFeed(make_board, at.component, known=known)

    @property
    def row(self) -> Row | None:
        """The candidate who is chosen."""
        place = self.table.chosen
        return None if place is None or self.roll is None else self.roll.rows[place]

    # --- building ---

    def _build(self) -> None:
        inside, px, texts = self.inside, self.look.px, self.texts
        inside.columnconfigure(0, weight=1)
        inside.rowconfigure(3, weight=1)
        large = self.look.scale >= SHORT_FROM
        lead = texts["roster-page.lead.short" if large else "roster-page.lead"]
        self.lead = ttk.Label(inside, text=lead, anchor="w", justify="left")
        self.lead.grid(row=0, column=0, sticky="ew")
        wrapped(self.lead, 4)
        self.filters = Filters(
            inside,
            self.look,
            texts,
            self.letters,
            at=self.at,
            kept=self.begun,
            across=4 if self.look.scale <= SIDE_BY_SIDE else 2,
            on_change=self._filter,
            on_component=self._other_component,
        )
        self.filters.grid(row=1, column=0, sticky="ew", pady=(px(4), px(2)))
        self.filters.entry.bind("<Down>", lambda _event: self._into_table())
        self.search = self.filters.search
        self.counted = ttk.Label(inside, anchor="w", justify="left", text=texts["roster-page.reading"])
        self.counted.grid(row=2, column=0, sticky="ew", pady=px(2))
        wrapped(self.counted, 4)
        self.counted.bind("<Configure>", self._hold, add="+")
        self.middle = ttk.Frame(inside)
        self.middle.grid(row=3, column=0, sticky="nsew")
        self.middle.rowconfigure(0, weight=1)
        self.middle.columnconfigure(0, weight=3)
        self.table = RosterTable(self.middle, self.look, texts, self._chosen)
        self.table.grid(row=0, column=0, sticky="nsew")
        self.table.view.bind("<KeyPress>", self._typed_in_table)
        self.buttons = Flow(inside, self.look)
        self.buttons.grid(row=4, column=0, sticky="ew", pady=(px(4), 0))
        self.acts: dict[str, ttk.Button] = {}
        for act in ("call", "decide", "add", "move"):  # what changes its words stands last
            if self.window.may(ACTS[act]):
                button = self.buttons.add("", partial(self.begin, act), main=False)
                self.letters.label(button, texts[f"roster-page.do.{act}"])
                self.acts[act] = button
        self.buttons.arrange()

    def take_focus(self) -> None:
        """Typing begins in the search."""
        if self.winfo_exists():
            self.filters.begin()

    # --- what was read ---

    def _poll(self) -> None:
        self._ticking = self.after(POLL_MS, self._poll)
        news = self._feed.newest()
        if isinstance(news, Roll):
            if news.component == self.at.component:
                self._read(news)
        elif news is not None:
            self.window.failed(news)

    def _read(self, roll: Roll) -> None:
        chosen = "" if self.row is None else self.row.sbd
        self.roll = roll
        self.table.fill(roll.rows)
        self.filters.offer(roll)
        self._filter()
        if chosen:
            self.table.choose_sbd(chosen)
        if "open" in self.begun:
            self._open_again(self.begun)

    # --- filters ---

    def _filter(self) -> None:
        if self.roll is None:
            return
        places = found(self.roll.rows, self.filters.wanted)
        self.table.filter(places)
        self._count(self.roll, len(places))
        self._chosen()

    def _count(self, roll: Roll, shown: int) -> None:
        """How many are in, and how many stand where; first how many are shown, where that is not everybody."""
        say, counts = self.texts.say, roll.counts
        parts = [say("roster-page.count.all", count=len(roll.rows), inside=roll.inside)]
        parts += [
            say("roster-page.count.state", state=self.texts[state_key(state)], count=counts[state])
            for state in in_order(counts)
            if self.look.scale < SHORT_FROM  # where there is no room, the filter says it
        ]
        if shown == len(roll.rows):
            unbroken = (part.replace(" ", "\u00a0") for part in parts)
            self.counted.configure(text="\u00a0· ".join(unbroken), font="TkDefaultFont")
        else:
            key = "roster-page.count.shown" if shown else "roster-page.count.none"
            self.counted.configure(text=say(key, shown=shown, count=len(roll.rows)), font="TkHeadingFont")

    def _hold(self, event: "tkinter.Event[Any]") -> None:
        """Keep the counts' room while one searches: the table does not move under the eyes."""
        if not self.filters.narrow:
            self._held = event.height + 2 * self.look.px(2)
            self.inside.rowconfigure(2, minsize=self._held)

    def _other_component(self, name: str) -> None:
        """Another component: its own places, states and calls. A pane that is open is about this one, and closes."""
        self.at = self.at.at(name)
        self._close_pane()
        self.roll = None
        self.counted.configure(text=self.texts["roster-page.reading"])
        self._feed.look_at(self.at.component)

    def _into_table(self) -> str:
        self.table.view.focus_set()
        place = self.table.chosen
        if place is not None:
            self.table.choose(place)
        return "break"

    def _typed_in_table(self, event: "tkinter.Event[Any]") -> str | None:
        """Letters and digits typed in the table begin a search; Alt and Ctrl stay what they are."""
        if event.keysym == "BackSpace":
            self.search.set(self.search.get()[:-1])
        elif len(event.char) == 1 and event.char.isalnum() and not int(event.state) & 0x2000C:
            self.search.set(self.search.get() + event.char)
        else:
            return None
        self.take_focus()
        return "break"

    def _chosen(self) -> None:
        """Say what the chosen candidate may do next on the button: go out, or come back."""
        row = self.row
        button = self.acts.get("move")
        if button is not None:
            key = "roster-page.do.move.back" if row is not None and row.out else "roster-page.do.move"
            if str(button.cget("text")) != split(self.texts[key])[0]:
                self.letters.label(button, self.texts[key])
                self.buttons.arrange()
        if self.pane is None:
            self.show_main()

    # --- panes ---

    def begin(self, act: str, kept: Mapping[str, Any] | None = None) -> None:
        """Open a pane, or say why it is not open to who is here, or to whom it would be about."""
        if self.window.background.busy:
            return
        why = why_not(act, self.window.may, self.roll, self.row)
        if why:
            sbd = "" if self.row is None else self.row.sbd
            self.window.say(self.texts.say(why, sbd=sbd), "bang")
            return
        self._close_pane()
        if kept is None:  # else the window is about to be built
            self.window.say("", "")
        self._pane_name = act
        self._place = place = Scrolled(self.middle, stretch=True)
        place.inside.columnconfigure(0, weight=1)
        beside = self.look.scale <= SIDE_BY_SIDE
        if beside:
            self.middle.columnconfigure(0, uniform="half")
            self.middle.columnconfigure(1, weight=2, uniform="half")
            place.grid(row=0, column=1, sticky="nsew", padx=(self.look.px(10), 0))
        else:
            for part in self._given_way():
                part.grid_remove()
            self.inside.rowconfigure(2, minsize=0)
            place.grid(row=0, column=0, sticky="nsew")
        self.pane = PANES[act](
            place.inside,
            self.window,
            at=self.at,
            row=self.row,
            on_done=self._pane_done,
            kept=self._beginning(act) if kept is None else kept,
        )
        self.pane.grid(row=0, column=0, sticky="nsew")
        self.show_main()
        place.follow_all()
        self.after_idle(self._focus_pane)

    def _beginning(self, act: str) -> Mapping[str, Any]:
        """What a pane begins with that the page knows."""
        if act == "details":
            return {"reason": self._reason}
        if act == "call" and self.roll is not None:
            names = tuple((row.sbd, row.name) for row in self.roll.rows)
            return {"rooms": self.roll.rooms, "room": self.filters.room, "names": names}
        return {}

    def _focus_pane(self) -> None:
        pane = self.pane
        if pane is None or not pane.winfo_exists():
            return
        if pane.form is not None:
            pane.take_focus()
        elif pane.buttons is None:
            self.window.main.focus_set()

    def _open_again(self, kept: Mapping[str, Any]) -> None:
        """Open the pane that was open before the page was built anew."""
        name, about = str(kept.get("open", "")), str(kept.get("chosen", ""))
        self.begun.pop("open", None)
        if name in PANES:
            self.table.choose_sbd(about)
            if name not in ABOUT_ONE or (self.row is not None and self.row.sbd == about):
                self.begin(name, kept.get("pane", {}))

    def _pane_done(self, done: "Done | None") -> None:
        """A pane entered something, or was left."""
        pane, name = self.pane, self._pane_name
        if isinstance(pane, DetailsPane):
            self._reason = pane.reason or self._reason
        if done is None or name != "call":
            self._close_pane()
            self.table.view.focus_set()
        if done is None:
            return
        if name != "call":
            self.say_done(done)
        added = done.data.get("added", ())
        if added:
            self.search.set(str(added[0]))
            self._list_changed()
        self._feed.again()

    def _list_changed(self) -> None:
        """Let every page work with the longer list."""
        opened, session_id = self.window.opened, self.at.session_id
        if opened is not None:
            job = partial(load_session, opened.store, session_id)
            self.window.background.start(job, done=self.window.took_session, failed=self.window.failed)

    def _close_pane(self) -> None:
        self.pane, place, self._place = None, self._place, None
        self._pane_name = ""
        if place is not None:
            place.destroy()
            self.middle.columnconfigure(0, uniform="")
            self.middle.columnconfigure(1, weight=0, uniform="")
            for part in self._given_way():
                part.grid()
            self.inside.rowconfigure(2, minsize=self._held)
        self.show_main()

    def _given_way(self) -> tuple[Any, ...]:
        """What goes where the text is so large that a pane needs all the room."""
        return (self.lead, self.filters, self.counted, self.table, self.buttons)

    # --- what the window asks ---

    def show_main(self) -> None:
        """Show what Enter does now on the window's main button."""
        button = getattr(self.window, "main", None)
        if button is None or not button.winfo_exists() or self.window.shown is not self:
            return
        key = self.main_text()
        if key:
            self.letters.label(button, self.texts[key])
            button.grid()
        else:
            button.grid_remove()

    def main_text(self) -> str:
        """What Enter does: what the pane says, else look at the chosen candidate."""
        if self.pane is not None:
            return self.pane.main_text()
        return "roster-page.look" if self.window.may(ACTS["details"]) else ""

    def forward(self) -> None:
        """Enter: the pane's own, else look at the chosen candidate."""
        if self.pane is not None:
            self.pane.forward()
        elif self.window.may(ACTS["details"]):
            self.begin("details")

    def back(self) -> bool:
        """Escape: close the pane, then take the search and the filters away, then leave."""
        if self.pane is not None:
            self.pane.back()
            return True
        if self.filters.narrow:
            self.filters.widen()
            self.take_focus()
            return True
        return False

    def turn(self, pages: int) -> None:
        """Page down or up: the pane where one is open."""
        if self._place is not None:
            self._place.turn(pages)
        else:
            super().turn(pages)

    def kept(self) -> Mapping[str, Any]:
        """Return what was searched, chosen and open, and the list itself: it is there again at once."""
        kept: dict[str, Any] = {
            **self.filters.kept(),
            "component": self.at.component,
            "chosen": "" if self.row is None else self.row.sbd,
            "reason": self._reason,
            "roll": self.roll,
            "of": self._of,
        }
        if self.pane is not None:
            kept |= {"open": self._pane_name, "pane": dict(self.pane.kept())}
        return kept

    def let_go(self) -> None:
        """The data root is about to be closed."""
        self._feed.close()

    def close(self) -> None:
        """Stop following the log."""
        if self._ticking:
            self.after_cancel(self._ticking)
            self._ticking = ""
        self._feed.close()
