"""What is said of a field is read with it: on a small screen the page brings both into sight, and opens at its top."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gui import admin_phases
from tests.gui.test_station_start import Watched, bench, open_station

__all__ = ["bench", "open_station"]

Open = Callable[..., Watched]


@pytest.mark.usefixtures("home")
def test_a_field_is_brought_into_sight_with_what_is_said_of_it(open_station: Open) -> None:
    window = open_station(scale=2.0)
    admin_phases.first(window)
    page = window.shown
    canvas, form = page._canvas, page.form

    def settled() -> bool:
        return not page._bringing and not page._waiting

    assert window.pump(settled)
    assert canvas.canvasy(0) == 0
    help_ = form._helps["password"]
    low = canvas.winfo_rooty() + canvas.winfo_height()
    assert help_.winfo_rooty() > low, "the page is as long as the test takes it to be"
    form.widgets["password"].focus_set()
    window.update()
    assert window.pump(settled)
    assert help_.winfo_rooty() + help_.winfo_height() <= low
    assert form.widgets["password"].winfo_rooty() >= canvas.winfo_rooty()
