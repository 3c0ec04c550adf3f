"""The forms beside the real desk, by keys: `python -m tests.gui.pane_phases DIR vi|en SCALE [PHASE …]`.

A training desk at the whole window: a candidate comes, the machine refers or refuses, and a form of people is opened.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from tests.gui.screenshot import at_home, settled, shoot
from tests.gui.test_station_failures import Desk
from tests.gui.test_station_start import Watched

STORY = "Khuôn mặt khác hẳn ảnh trong chip; thí sinh nói là anh em sinh đôi."


def pick(window: Watched, widget: Any, wanted: str) -> None:
    """Choose a line of a list by the keyboard: open it, go down, take it."""
    widget.focus_set()
    window.press("<Down>")
    popdown = str(window.tk.call("ttk::combobox::PopdownWindow", str(widget)))
    values = [str(value) for value in widget.cget("values")]
    at = next(at for at, value in enumerate(values) if value.startswith(wanted))
    window.tk.call("event", "generate", f"{popdown}.f.l", "<Control-Home>")
    for _ in range(at):
        window.tk.call("event", "generate", f"{popdown}.f.l", "<Down>")
    window.tk.call("event", "generate", f"{popdown}.f.l", "<Return>")
    window.pump(seconds=0.05)
    assert widget.get().startswith(wanted), (widget.get(), wanted)


def fill(window: Watched, form: Any, **values: str) -> None:
    """Fill in fields: a list by its line's first words, a text letter by letter, a box by the space bar."""
    for name, value in values.items():
        widget = form.widgets[name]
        kind = widget.winfo_class()
        if kind == "TCombobox":
            pick(window, widget, value)
            continue
        widget.focus_set()
        window.update()
        if kind == "TCheckbutton":
            window.press("<space>")
        else:
            window.type(value)


def comes(desk: Desk, way: str, at: int = 1) -> Any:
    """A candidate comes, and the attempt ends."""
    desk.comes(at, way)
    run = desk.until("verdict", "deciding")
    settled(desk.window)
    return run


def opened(desk: Desk, key: str) -> Any:
    """Open a form beside the desk; return it once it knows what it asks for."""
    window: Any = desk.window
    window.press(key)
    assert window.pump(lambda: window.shown.form is not None), window.said
    settled(window)
    return window.shown.form


def manual(desk: Desk) -> Any:
    """After a REFER: by documents."""
    comes(desk, "unknown-signer")
    return opened(desk, "<Control-m>")


def manual_filled(desk: Desk) -> Any:
    """The same, filled in."""
    pane = manual(desk)
    english = desk.window.texts.language == "en"
    fill(desk.window, pane.form, document="passport" if english else "hộ chiếu")
    fill(desk.window, pane.form, reason=str(pane.form.widgets["reason"].cget("values")[0]))
    fill(desk.window, pane.form, **{"saw-photo": "1", "saw-name": "1"})
    fill(desk.window, pane.form, number="B1234567", result="it is" if english else "đúng", second="binh")
    return pane


def manual_nobody(desk: Desk) -> Any:
    """With nobody at the desk: who is it about."""
    return opened(desk, "<Control-m>")


def incident_free(desk: Desk) -> Any:
    """With nobody at the desk: an incident."""
    return opened(desk, "<Control-i>")


def incident(desk: Desk) -> Any:
    """After a REFUSE: an incident about whoever stands there."""
    comes(desk, "altered-chip")
    return opened(desk, "<Control-i>")


def refused(desk: Desk) -> Any:
    """After a REFUSE: the decision of who heads the council."""
    comes(desk, "altered-chip")
    return opened(desk, "<Control-d>")


PHASES: Mapping[str, Callable[[Desk], Any]] = {
    "desk-manual": manual,
    "desk-manual-filled": manual_filled,
    "desk-manual-nobody": manual_nobody,
    "desk-incident": incident,
    "desk-incident-nobody": incident_free,
    "desk-refused": refused,
}


def main(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase, as the screen shows it."""
    for name in names or list(PHASES):
        means = real_means(DeskOptions(sounds=False))
        with at_home(lambda _home: None, language=language, scale=scale, means=means) as window:
            PHASES[name](Desk(window))
            window.pump(seconds=0.5)
            shoot(window, folder, name, language, scale)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
