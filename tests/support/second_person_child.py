"""A real station's whole window in a private PC/SC, and a second person who proves with card and face:
`python -m tests.support.second_person_child SESSION PKI FILMS PHASE …`. Says what each phase came to as a line of JSON.

Keys only; the scanner's lines come as from its thread.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from proctor.config import Places
from proctor.desk.events import Scanned
from proctor.gui.password import PasswordDialog
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from tests.gui.pane_phases import fill
from tests.gui.test_station_start import Watched, log_in
from tests.support.second_person import OTHER, OWN, Cards, code, entries_of, stand_for_devices

FIRST, SECOND = "nd", "thu"
LIFTED_S = 30.0


class Desk:
    """The window at an open desk."""

    def __init__(self, window: Watched, cards: Cards, films: Path) -> None:
        self.window, self.cards, self.films = window, cards, films
        self.driver: Any = window.driver

    def scan(self, text: str) -> None:
        """The serial scanner reads a line."""
        self.driver.runtime.post(Scanned(text=text, source="serial"))
        self.window.pump(seconds=0.3)

    def film(self, name: str) -> None:
        """Who stands before the camera."""
        self.driver.runtime.use_camera(str(self.films / name))

    def form(self, sbd: str = "3") -> Any:
        """The form by documents, filled in as far as the second person's card."""
        window = self.window
        window.press("<Control-m>")
        assert window.pump(lambda: window.shown.form is not None and window.shown.form.form is not None)
        pane = window.shown.form
        fill(window, pane.form, sbd=sbd)
        window.press("<Return>")
        assert window.pump(lambda: "document" in pane.form.widgets), window.said
        fill(window, pane.form, document="hộ chiếu")
        fill(window, pane.form, reason=str(pane.form.widgets["reason"].cget("values")[0]))
        choices = [str(value) for value in pane.form.widgets["second"].cget("values")]
        second = next(value for value in choices if value.endswith(SECOND))
        fill(window, pane.form, result="đúng", second=second, proof="thẻ và khuôn mặt", **{"saw-photo": "1"})
        return pane

    def answer(self, key: str = "<Return>") -> None:
        """Enter; the second person types the password, or gives up with Escape. Then wait for what it comes to."""
        self.begin(key)
        assert self.window.pump(lambda: not self.window.background.busy, seconds=90), self.window.said
        self.window.pump(seconds=0.3)

    def begin(self, key: str = "<Return>") -> None:
        """Enter, and the password."""
        window = self.window
        window.press("<Return>")
        assert window.pump(lambda: self.dialog is not None or not window.background.busy), window.said
        if self.dialog is not None:
            window.pump(seconds=0.1)
            self.dialog.entry.insert(0, os.environ["SECOND"])
            window.tk.call("event", "generate", str(self.dialog.entry), key)

    @property
    def dialog(self) -> PasswordDialog | None:
        """What asks for a password."""
        return next((each for each in self.window.winfo_children() if isinstance(each, PasswordDialog)), None)


def try_form(
    desk: Desk,
    laid: AbstractContextManager[None] | None = None,
    *,
    line: str = "",
    film: str = "hopper",
    key: str = "<Return>",
) -> dict[str, Any]:
    """Fill in the form, scan the card, lay it, enter; what came of it."""
    desk.film(film)
    pane = desk.form()
    desk.scan(line or code(OWN))
    taken = pane.form.value("card")
    state = desk.driver.state
    claimed = state.claim is not None or state.next_claim is not None
    with laid or nullcontext():
        desk.window.pump(seconds=0.5)
        desk.answer(key)
        after = told(desk)
        desk.scan(code(OTHER))  # whoever is next; the second person's card still lies there
        after |= {"began": desk.driver.state.run is not None}
        if desk.window.shown.form is not None:
            desk.window.press("<Escape>")
    assert desk.window.pump(lambda: not desk.driver.state.cards, seconds=LIFTED_S)
    desk.window.press("<Escape>")
    return {"taken": taken == (line or code(OWN)), "claimed": claimed} | after


def behind_the_lock(desk: Desk) -> dict[str, Any]:
    """The lock falls while the second person's card is read, and somebody scans a code meanwhile."""
    window, state = desk.window, lambda: desk.driver.state
    desk.film("hopper")
    desk.form("4")
    desk.scan(code(OWN))
    with desk.cards.laid(OWN):
        window.pump(seconds=0.5)
        desk.begin()
        assert window.pump(lambda: state().lent)
        window.press("<F12>")
        assert window.page == "locked"
        desk.scan(code(OTHER))
        assert window.pump(lambda: not window.background.busy, seconds=90)
        shown = window.shown_texts
        window.pump(seconds=0.3)
        window._page.password.focus_set()
        window.type(os.environ["FIRST"])
        window.press("<Return>")
        assert window.at("checkin"), window.said
        window.pump(lambda: "004" in window.said)
        claimed = state().claim is not None or state().next_claim is not None
    assert window.pump(lambda: not state().cards, seconds=LIFTED_S)
    return {"locked": shown, "claimed": claimed, "held": state().held} | told(desk)


def told(desk: Desk) -> dict[str, Any]:
    """What is said, what the form still has, and what the log has."""
    pane, store = desk.window.shown.form, desk.window.opened.store
    return {
        "said": desk.window.said.strip(),
        "form": {}
        if pane is None
        else {k: v for k, v in pane.form.kept().items() if k in {"result", "proof"}},
        "manual": [
            {name: body[name] for name in ("sbd", "outcome", "operator", "second")}
            | {"signed": sorted(body["signatures"])}
            for body in entries_of(store, "manual")
        ],
        "presence": [seen(body) for body in entries_of(store, "presence")],
        "bugs": [repr(bug) for bug in desk.window.bugs],
    }


def seen(body: dict[str, Any]) -> dict[str, Any]:
    """An entry of presence without what passed."""
    failed = {
        name: check["code"]
        for name, check in body["results"].items()
        if check["outcome"] in {"failed", "indeterminate"}
    }
    kept = {name: body[name] for name in ("seq", "user", "action", "outcome")}
    return kept | {"signed": sorted(body["signatures"]), "failed": failed}


PHASES: Mapping[str, Callable[[Desk], dict[str, Any]]] = {
    "cancelled": lambda desk: try_form(desk, desk.cards.laid(OWN), key="<Escape>"),
    "no card": try_form,
    "other card": lambda desk: try_form(desk, desk.cards.laid(OTHER), line=code(OTHER)),
    "other chip": lambda desk: try_form(desk, desk.cards.laid(OTHER)),
    "pulled": lambda desk: try_form(desk, desk.cards.laid(OWN, pulled=True)),
    "another face": lambda desk: try_form(desk, desk.cards.laid(OWN), film="astronaut"),
    "camera gone": lambda desk: try_form(desk, desk.cards.laid(OWN), film="empty"),
    "proved": lambda desk: try_form(desk, desk.cards.laid(OWN)),
    "behind the lock": behind_the_lock,
}


def main(session: str, pki: Path, films: Path, phases: list[str]) -> None:
    """Open the desk, and one phase after another."""
    stand_for_devices()
    options = DeskOptions(reader="Virtual", camera=str(films / "hopper"), sounds=False)
    window = Watched(Places.of(None), language="vi", means=real_means(options))
    window.focus_force()
    window.free()
    log_in(window, FIRST, os.environ["FIRST"])
    assert window.at("start"), window.said
    window.variables["session"].set(session)
    window.press("<Return>")
    assert window.at("checkin"), window.said
    desk = Desk(window, Cards.of(pki), films)
    assert window.pump(lambda: desk.driver.runtime.ready, seconds=60)
    for phase in phases:
        print(json.dumps({"phase": phase} | PHASES[phase](desk), ensure_ascii=False), flush=True)
    window.leave()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
