"""A printer that stands, goes and comes back, at the whole window: a real print service, by keys."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from tests.gui import sheets_phases as phases
from tests.gui.test_station_sheets import OpenSheets, at, bench, bodies, made, open_sheets, open_station, pane
from tests.gui.test_station_start import ND, OpenStation, Watched, log_in, real
from tests.support.cups import CapturePrinter, PrivateCups, private_cups

__all__ = ["bench", "made", "open_sheets", "open_station", "private_cups", "real"]
_NAMES = (f"phong-{number}" for number in itertools.count(1))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def printer(private_cups: PrivateCups, monkeypatch: pytest.MonkeyPatch) -> Iterator[CapturePrinter]:
    """The only printer of a print service of the test's own."""
    monkeypatch.setenv("CUPS_SERVER", private_cups.environment["CUPS_SERVER"])
    name = next(_NAMES)
    yield private_cups.printer(name, trays=True)
    private_cups.run("lpadmin", "-x", name)


def says(window: Watched, *words: str) -> bool:
    """Wait until the page says something; what is not said fails with what is."""
    seen = window.pump(lambda: all(word in window.shown_texts for word in words), seconds=60)
    assert seen, window.shown_texts
    return True


def usable(window: Watched, button: Callable[[], Any]) -> None:
    """Wait until a button can be pressed and nothing is being done."""
    assert window.pump(lambda: "disabled" not in str(button().state()), seconds=60), window.shown_texts
    assert window.free()


def printed(window: Watched) -> list[tuple[str, str]]:
    return [(body["outcome"], body.get("reason", "")) for body in bodies(window, "print-job")]


def test_a_queue_that_stands_then_is_gone_then_is_back_prints_the_sheet_once(
    private_cups: PrivateCups, printer: CapturePrinter, open_sheets: OpenSheets, home: Path
) -> None:
    window = open_sheets()
    private_cups.run("cupsdisable", printer.name)
    phases.draft(window)
    phases.settled(window)
    assert pane(window).form.value("printer") == printer.name
    window.press("<Return>")
    assert at(window, "file"), window.said
    says(window, "bị tạm dừng: bấm tiếp tục")
    assert printed(window) == []
    private_cups.kill()
    says(window, "không trả lời")
    private_cups.start()
    usable(window, lambda: pane(window).paper)
    says(window, "bị tạm dừng: bấm tiếp tục")
    window.press("<Alt-i>")
    says(window, "Giấy: đã in")
    assert printed(window) == [("printed", "")]
    assert len(bodies(window, "print")) == 1
    assert printer.printed == [next(home.rglob("attendance-*.pdf")).read_bytes()]


def test_what_never_came_out_goes_again_without_a_second_number(
    private_cups: PrivateCups, printer: CapturePrinter, open_sheets: OpenSheets, home: Path
) -> None:
    window = open_sheets()
    printer.set("fail")
    phases.draft(window)
    phases.settled(window)
    window.press("<Return>")
    assert at(window, "file"), window.said
    says(window, "Gửi lại máy in")
    assert [outcome for outcome, _ in printed(window)] == ["failed"]
    printer.clear("fail")
    usable(window, lambda: pane(window).paper)
    window.press("<Alt-i>")
    says(window, "Giấy: đã in")
    assert [outcome for outcome, _ in printed(window)] == ["failed", "printed"]
    (entered,) = bodies(window, "print")
    assert "copy" not in entered
    assert printer.printed == [next(home.rglob("attendance-*.pdf")).read_bytes()]


def test_without_a_print_service_the_sheet_is_kept_and_printed_when_it_is_back(
    private_cups: PrivateCups, printer: CapturePrinter, open_sheets: OpenSheets
) -> None:
    window = open_sheets()
    private_cups.kill()
    phases.made(window)
    assert len(bodies(window, "print")) == 1
    assert "Không in" in window.shown_texts or "chưa in" in window.shown_texts
    private_cups.start()
    usable(window, lambda: pane(window).paper)
    window.press("<Alt-i>")
    says(window, "Giấy: đã in")
    assert len(printer.printed) == 1
    assert len(bodies(window, "print")) == 1


def test_a_real_station_says_what_the_printer_lacks_and_when_it_is_back(
    private_cups: PrivateCups, printer: CapturePrinter, real: str, open_station: OpenStation
) -> None:
    assert real
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    log_in(window, "nd", ND["nd"])
    assert window.at("start"), window.said
    fix = window.texts["equipment.fix.printer"]
    assert printer.name
    says(window, "Máy in", "Đầu đọc thẻ: không thấy")
    assert fix not in window.shown_texts
    private_cups.kill()
    says(window, fix)
    private_cups.start()
    assert window.pump(lambda: fix not in window.shown_texts, seconds=60), window.shown_texts
