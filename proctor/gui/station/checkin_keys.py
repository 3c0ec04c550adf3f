"""The keys of the check-in page: what can be asked for now, as buttons and as keys, and what Enter does first."""

import tkinter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.desk.screen import Action, Screen
from proctor.gui.keyboard import split
from proctor.gui.station.beside import ACTIONS as BESIDE
from proctor.gui.station.beside import Beside
from proctor.gui.station.parts import PageKeys
from proctor.gui.station.two_persons import TwoPersons

if TYPE_CHECKING:
    from proctor.gui.station.checkin import CheckInPage

LARGE: Final = 1.5
"""From this size of the text on buttons say it shorter, and what stands beside the desk has its keys and its lines in
the menu, but no buttons: the photographs need the room."""
MENU_ONLY: Final = frozenset({"consent"})
"""Forms without a key of their own: offered whenever an incident may be entered."""
FORM_KEYS: Final = frozenset({"Control-m", "Control-i", "Control-d"})
"""Of the forms beside the desk: pressed too early they are answered, lest what is typed next goes elsewhere."""
IN_MENU: Final = ("lock", "leave")
"""Of the window's menu, which is there on every page."""


class DeskKeys:
    """One for each check-in page. `buttons`: those that are shown, by the name of what they do."""

    def __init__(self, page: "CheckInPage", window: Any, two: TwoPersons, beside: Beside) -> None:
        self._page, self._window, self._two, self._beside = page, window, two, beside
        self._look, self._texts = window.look, window.texts
        self._actions: tuple[Action, ...] = ()
        self.buttons: dict[str, ttk.Button] = {}
        self._early = False
        self._bound = PageKeys(window)
        self._bound.bind("<Key>", self._typed)

    def release(self) -> None:
        """The page goes away, and its keys with it."""
        self._bound.release()

    def primary(self, screen: Screen) -> Action | None:
        """Return what Enter does; where two persons may not let in here, it is to leave it for later."""
        pane = self._two.pane
        wanted = "later" if screen.decision and pane is not None and not pane.open else ""
        wanted = "leave" if screen.phase == "closed" else wanted
        for action in screen.actions:
            if action.name == wanted or (not wanted and action.primary):
                return action
        return None

    def show(self) -> None:
        """Show what can be asked for now."""
        screen = self._page.screen
        if screen is None:
            return
        shown = self._beside.actions() or self._offered(screen)
        if shown == self._actions:
            return
        roomy = self._look.scale < LARGE or self._beside.open
        if self._early:
            self._early = False
            self._window.say("", "")  # something else can be done now
        held = next((name for name, button in self.buttons.items() if button == self._focused()), "")
        self._actions = shown
        self._page.flow.clear()
        main = (
            next((each for each in shown if each.primary), None)
            if self._beside.open
            else self.primary(screen)
        )
        self.buttons = {
            action.name: self._button(action, main=action is main)
            for action in shown
            if roomy or action.name not in BESIDE
        }
        self._page.flow.arrange()
        if held:
            self.buttons.get(held, self._page).focus_set()

    def _offered(self, screen: Screen) -> tuple[Action, ...]:
        """Return the desk's own actions, and those beside it that whoever is here may do; what Enter does first."""
        open_menu = screen.phase == "closed"
        own = [each for each in screen.actions if open_menu or each.name not in IN_MENU]
        offered = [each for each in own if self._beside.may(each.name)]
        primary = self.primary(screen)
        if primary is not None and primary.name == "later":
            offered = [each for each in offered if each.name != "decide"]
        order = [*offered, *self._two.actions()]
        order.sort(key=lambda action: (action is not primary, action.name in BESIDE))
        return tuple(order)

    def _button(self, action: Action, *, main: bool) -> ttk.Button:
        key = "Enter" if main else action.shown
        short = f"{action.words.key}.short"
        words = self._texts[short] if self._look.scale >= LARGE and short in self._texts else ""
        words = words or split(action.words.said(self._texts))[0]
        text = self._texts.say("checkin.key", key=key, action=words)
        return self._page.flow.add(text, partial(self._page.do, action.name), main=main)

    def _focused(self) -> Any:
        try:
            return self._window.focus_get()
        except KeyError:  # a list of a combobox: Tk knows it, tkinter does not
            return None

    def _typed(self, event: "tkinter.Event[Any]") -> str | None:
        """A key of the page, wherever the focus is; digits go into the number while one may be typed."""
        if event.keysym in ("Return", "KP_Enter", "Escape") or self._beside.open:
            return None
        control = bool(int(event.state) & 0x4)
        if self.press(f"Control-{event.keysym.lower()}" if control else event.keysym):
            return "break"
        if self._page.entry is None or control or not event.char.isdigit():
            return None
        if isinstance(self._focused(), tkinter.Entry):
            return None
        self._page.entry.focus_set()
        self._page.entry.insert("end", event.char)
        return "break"

    def press(self, key: str) -> bool:
        """Do what a key stands for; False where it stands for nothing now."""
        action = next((action for action in self._actions if action.key == key), None)
        if action is not None and not self._window.background.busy:
            self._page.do(action.name)
        return action is not None or self._refused(key)

    def _refused(self, key: str) -> bool:
        """Say it where a key stands for what the role of whoever is here may not do, or for a form whose time has not
        come; False where it does not."""
        actions = () if self._page.screen is None else self._page.screen.actions
        refused = any(each.key == key and not self._beside.may(each.name) for each in actions)
        if refused:
            self._window.say(self._texts["role-forbidden"], "cross")
        elif key in FORM_KEYS:
            self._not_now()
        return refused or key in FORM_KEYS

    def _not_now(self) -> None:
        """Say that it cannot be done now, as long as that is so."""
        self._window.say(self._texts["checkin.beside.not-now"], "bang")
        self._early = True

    def ask(self, name: str) -> None:
        """What the menu asks for: what stands beside the desk, where it can be done now."""
        screen = self._page.screen
        free = screen is not None and any(action.name == "incident" for action in screen.actions)
        offered = any(action.name == name for action in self._actions)
        if offered or (name in MENU_ONLY and free and not self._beside.open):
            self._page.do(name)
        elif not self._beside.open:
            self._not_now()
