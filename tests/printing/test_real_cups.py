"""Sheets through a real cupsd to a backend that captures them: what came out, what the log says, what survives."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

import pytest

from proctor.printing import Outcome, outcome_of
from proctor.printing.cups import CupsPrinter
from proctor.printing.errors import (
    AlreadyPrintedError,
    PrinterUnknownError,
    PrintUnknownError,
    SheetUnknownError,
    UnderwayError,
)
from proctor.printing.model import Document, Order, State
from proctor.printing.queue import PrintQueue
from proctor.printing.settings import Choice
from tests.support.printing import WAIT_S, Station, sha256, station, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proctor.printing.desk import PrintDesk
    from tests.support.cups import CapturePrinter, PrivateCups

_NAMES = (f"may-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    with station(tmp_path_factory.mktemp("station")) as made:
        yield made


@pytest.fixture
def work(shared: Station, private_cups: PrivateCups, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    """The station, with CUPS's programs talking to the private service, and no job of another test open."""
    for name, value in private_cups.environment.items():
        monkeypatch.setenv(name, value)
    before = len(shared.ends)
    yield shared
    left = [job for job in PrintQueue(shared.opened.root.path).jobs() if not job.done]
    assert not left
    assert len(shared.ends) > before


@pytest.fixture
def printer(private_cups: PrivateCups) -> CapturePrinter:
    return private_cups.printer(next(_NAMES))


def finished(desk: PrintDesk, number: int) -> State:
    desk.wait([number], WAIT_S)
    return next(job.state for job in desk.jobs() if job.number == number)


def state(desk: PrintDesk, number: int) -> tuple[State, tuple[str, ...]]:
    job = next(job for job in desk.jobs() if job.number == number)
    return job.state, job.reasons


def test_what_comes_out_is_the_file_byte_for_byte(work: Station, private_cups: PrivateCups) -> None:
    printer = private_cups.printer(next(_NAMES), trays=True)
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    choice = Choice(printer=printer.name, tray="tray-2", copies=3, duplex="short-edge")
    assert finished(desk, desk.submit(sheet, choice).number) is State.PRINTED
    assert printer.printed == [sheet.read_bytes()]
    copies, options = printer.options[0]
    assert copies == 3
    assert {"InputSlot=Tray2", "PageSize=A4", "sides=two-sided-short-edge"} <= set(options.split())
    assert work.ends[-1] == {"printer": printer.name, "outcome": "printed", "copies": 3}
    assert outcome_of(work.opened.store, sha256(sheet)) is Outcome.PRINTED
    with pytest.raises(AlreadyPrintedError):
        desk.submit(sheet, choice)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("media-empty-error", "out-of-paper"),
        ("media-jam-error", "jam"),
        ("cover-open-error", "cover-open"),
        ("offline-report", "offline"),
    ],
)
def test_a_printer_in_trouble_says_why_and_goes_on(
    work: Station, printer: CapturePrinter, trouble: str, reason: str
) -> None:
    printer.set(trouble)
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    number = desk.submit(sheet, Choice(printer=printer.name)).number
    until(desk, lambda: state(desk, number) == (State.STOPPED, (reason,)))
    with pytest.raises(UnderwayError):
        desk.submit(sheet, Choice(printer=printer.name))
    printer.clear(trouble)
    desk.resume(number)
    assert finished(desk, number) is State.PRINTED
    assert printer.printed == [sheet.read_bytes()]


def test_a_job_is_cancelled_while_the_printer_waits_for_paper(work: Station, printer: CapturePrinter) -> None:
    printer.set("media-empty-error")
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    number = desk.submit(sheet, Choice(printer=printer.name)).number
    until(desk, lambda: state(desk, number)[0] is State.STOPPED)
    desk.cancel(number)
    assert finished(desk, number) is State.CANCELLED
    printer.clear("media-empty-error")
    assert printer.printed == []
    assert work.ends[-1]["outcome"] == "cancelled"
    assert outcome_of(work.opened.store, sha256(sheet)) is Outcome.CANCELLED


def test_what_the_printer_gives_up_is_sent_again_and_is_no_reprint(
    work: Station, printer: CapturePrinter
) -> None:
    printer.set("fail")
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    first = desk.submit(sheet, Choice(printer=printer.name, copies=2)).number
    assert finished(desk, first) is State.FAILED
    assert outcome_of(work.opened.store, sha256(sheet)) is Outcome.FAILED
    printer.clear("fail")
    again = desk.retry(first)
    assert (again.number, again.copies) == (first + 1, 2)
    assert finished(desk, again.number) is State.PRINTED
    assert [end["outcome"] for end in work.ends[-2:]] == ["failed", "printed"]
    assert work.ends[-2]["reason"] == "aborted"
    assert printer.printed == [sheet.read_bytes()]


def test_a_printer_that_its_own_failure_stopped_is_started_again(
    work: Station, private_cups: PrivateCups
) -> None:
    printer = private_cups.printer(next(_NAMES), policy="stop-printer")
    printer.set("fail")
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    number = desk.submit(sheet, Choice(printer=printer.name)).number
    until(desk, lambda: state(desk, number) == (State.STOPPED, ("paused",)))
    printer.clear("fail")
    desk.resume(number)
    assert finished(desk, number) is State.PRINTED
    assert printer.printed == [sheet.read_bytes()]


def test_a_disabled_printer_waits_and_one_that_takes_nothing_fails(
    work: Station, private_cups: PrivateCups, printer: CapturePrinter
) -> None:
    private_cups.run("cupsdisable", printer.name)
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    number = desk.submit(sheet, Choice(printer=printer.name)).number
    until(desk, lambda: state(desk, number) == (State.STOPPED, ("paused",)))
    desk.resume(number)
    assert finished(desk, number) is State.PRINTED
    private_cups.run("cupsreject", printer.name)
    other = desk.submit(work.sheet(), Choice(printer=printer.name)).number
    assert finished(desk, other) is State.FAILED
    assert state(desk, other)[1] == ("not-accepting",)
    assert desk.jobs()[-1].tries == 3


def test_a_held_job_waits_for_somebody(work: Station, printer: CapturePrinter) -> None:
    cups = CupsPrinter()
    printer.set("slow")  # so that the second job has not begun
    desk = work.desk(cups)
    first = desk.submit(work.sheet(), Choice(printer=printer.name)).number
    second = desk.submit(work.sheet(), Choice(printer=printer.name)).number
    until(desk, lambda: state(desk, second)[0] is State.SENT and state(desk, first)[0] is State.PRINTING)
    cups.hold(desk.jobs()[-1].system_job)
    printer.clear("slow")
    assert finished(desk, first) is State.PRINTED
    until(desk, lambda: state(desk, second) == (State.STOPPED, ("held",)))
    desk.resume(second)
    assert finished(desk, second) is State.PRINTED
    sheets = printer.printed
    printer.empty()
    cups.restart(desk.jobs()[-1].system_job)  # somebody at the machine itself: no job of this station
    end = time.monotonic() + WAIT_S
    while printer.printed != sheets[1:] and time.monotonic() < end:
        time.sleep(0.02)
    assert printer.printed == sheets[1:]


def test_a_service_that_dies_in_the_middle_loses_nothing(
    work: Station, private_cups: PrivateCups, printer: CapturePrinter
) -> None:
    printer.set("slow")
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    number = desk.submit(sheet, Choice(printer=printer.name)).number
    until(desk, lambda: state(desk, number)[0] is State.PRINTING)
    before = len(work.ends)
    private_cups.kill()
    until(desk, lambda: state(desk, number) == (State.STOPPED, ("system-down",)))
    private_cups.start()
    assert (
        finished(work.desk(CupsPrinter()), number) is State.PRINTED
    )  # and the station was started again, too
    assert sheet.read_bytes() in printer.printed
    assert len(work.ends) == before + 1


def test_a_service_that_is_down_gets_the_sheet_when_it_is_back(
    work: Station, private_cups: PrivateCups, printer: CapturePrinter
) -> None:
    private_cups.kill()
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    number = desk.submit(sheet, Choice(printer=printer.name)).number
    desk.step()
    assert state(desk, number) == (State.QUEUED, ("system-down",))
    private_cups.start()
    assert finished(desk, number) is State.PRINTED
    private_cups.kill()
    lost = desk.submit(work.sheet(), Choice(printer=printer.name)).number
    assert finished(desk, lost) is State.FAILED
    assert work.ends[-1] == {
        "printer": printer.name,
        "outcome": "failed",
        "copies": 1,
        "reason": "system-down",
    }
    private_cups.start()
    assert finished(desk, desk.retry(lost).number) is State.PRINTED


@pytest.mark.parametrize(
    ("device", "name", "tray", "reason"),
    [
        ("", "khong-co", "", "printer-unknown"),
        ("file:///dev/null", "bo-di", "", "no-device"),
        ("capture:/nowhere", "khong-khay", "tray-9", "tray-unknown"),
    ],
)
def test_a_choice_that_cannot_be_printed_sends_nothing(
    work: Station, private_cups: PrivateCups, device: str, name: str, tray: str, reason: str
) -> None:
    if device:
        private_cups.run("lpadmin", "-p", name, "-E", "-v", device)
    desk = work.desk(CupsPrinter())
    number = desk.submit(work.sheet(), Choice(printer=name, tray=tray)).number
    assert finished(desk, number) is State.FAILED
    assert state(desk, number)[1] == (reason,)
    assert desk.jobs()[-1].system_job == ""


def test_an_altered_file_is_never_sent(work: Station, printer: CapturePrinter) -> None:
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    whole = sheet.read_bytes()
    sheet.write_bytes(whole + b"\n")
    with pytest.raises(SheetUnknownError):
        desk.submit(sheet, Choice(printer=printer.name))
    sheet.write_bytes(whole)
    number = desk.submit(sheet, Choice(printer=printer.name)).number
    sheet.write_bytes(whole.replace(b"1.4", b"1.5"))
    assert finished(desk, number) is State.FAILED
    assert state(desk, number)[1] == ("altered",)
    sheet.unlink()
    assert printer.printed == []


def test_after_a_crash_the_service_is_asked(work: Station, printer: CapturePrinter) -> None:
    """The station died while it handed the sheet over: by its title the job is found, or nobody knows."""
    cups, path = CupsPrinter(), work.opened.root.path
    sheet, desk = work.sheet(), work.desk(cups)
    job = desk.submit(sheet, Choice(printer=printer.name))
    data = Document(data=sheet.read_bytes(), name=sheet.name)
    cups.submit(data, Order(printer=printer.name, title=job.title))
    PrintQueue(path).change(job.number, state=State.SENDING)
    assert finished(work.desk(cups), job.number) is State.PRINTED
    assert len(printer.printed) == 1
    other = work.sheet()
    lost = work.desk(cups).submit(other, Choice(printer=printer.name))
    PrintQueue(path).change(lost.number, state=State.SENDING)
    desk = work.desk(cups)
    assert finished(desk, lost.number) is State.FAILED
    assert work.ends[-1]["reason"] == "unknown"
    assert outcome_of(work.opened.store, sha256(other)) is Outcome.UNKNOWN
    with pytest.raises(PrintUnknownError):
        desk.submit(other, Choice(printer=printer.name))
    assert finished(desk, desk.retry(lost.number).number) is State.PRINTED


def test_a_job_that_the_service_forgot_is_said_to_be_unknown(work: Station, printer: CapturePrinter) -> None:
    desk = work.desk(CupsPrinter())
    number = desk.submit(work.sheet(), Choice(printer=printer.name)).number
    PrintQueue(work.opened.root.path).change(number, state=State.SENT, system_job=f"{printer.name}-99999")
    assert finished(work.desk(CupsPrinter()), number) is State.FAILED
    assert work.ends[-1]["reason"] == "unknown"


def test_a_number_that_another_job_has_by_now_is_not_ours(work: Station, printer: CapturePrinter) -> None:
    cups, sheet = CupsPrinter(), work.sheet()
    name = cups.submit(Document(data=b"%PDF-1.4", name="x"), Order(printer=printer.name, title="another"))
    number = work.desk(cups).submit(sheet, Choice(printer=printer.name)).number
    PrintQueue(work.opened.root.path).change(number, state=State.SENT, system_job=name)
    assert finished(work.desk(cups), number) is State.FAILED
    assert work.ends[-1]["reason"] == "unknown"


def test_a_thread_prints_beside_the_caller(work: Station, printer: CapturePrinter) -> None:
    printer.set("media-empty-error")
    sheet, desk = work.sheet(), work.desk(CupsPrinter())
    desk.start()
    try:
        number = desk.submit(sheet, Choice(printer=printer.name)).number
        seen: list[tuple[State, tuple[str, ...]]] = []
        end = time.monotonic() + WAIT_S
        while (State.STOPPED, ("out-of-paper",)) not in seen and time.monotonic() < end:
            seen += [(job.state, job.reasons) for job in desk.events()]
            time.sleep(0.01)
        printer.clear("media-empty-error")
        while State.PRINTED not in [state for state, _ in seen] and time.monotonic() < end:
            seen += [(job.state, job.reasons) for job in desk.events()]
            time.sleep(0.01)
    finally:
        desk.stop()
    states = [state for state, _ in seen]
    assert states[:2] == [State.QUEUED, State.SENDING]
    assert [number, State.PRINTED] == [desk.jobs()[-1].number, states[-1]]
    assert not [thread for thread in threading.enumerate() if thread.name == "printing"]


def test_an_unknown_printer_names_those_there_are(private_cups: PrivateCups, printer: CapturePrinter) -> None:
    for name, value in private_cups.environment.items():
        assert name != "CUPS_SERVER" or value.endswith("cups.sock")
    order = Order(printer="khong-co", title="proctor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUPS_SERVER", private_cups.environment["CUPS_SERVER"])
        with pytest.raises(PrinterUnknownError) as error:
            CupsPrinter().submit(Document(data=b"%PDF-1.4", name="x"), order)
    assert printer.name in str(error.value.facts["known"]).split(", ")


def test_nothing_is_left_of_the_systems_own_service(private_cups: PrivateCups, tmp_path: Path) -> None:
    assert "/run/cups" not in private_cups.log
    assert str(private_cups.folder) not in str(tmp_path)
