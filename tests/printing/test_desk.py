"""The print desk with a printer that only the test moves: what no daemon does on demand."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from proctor.printing import Outcome, outcome_of
from proctor.printing.errors import (
    AlreadyPrintedError,
    ForbiddenError,
    JobEndedError,
    JobOpenError,
    JobUnknownError,
    PrintingError,
    QueueDamagedError,
    QueueFullError,
    RefusedError,
    SheetGoneError,
    SheetUnknownError,
    SystemDownError,
    TimedOutError,
    ToolMissingError,
)
from proctor.printing.model import Document, Order, PrinterInfo, Seen, State
from proctor.printing.queue import FILE, FOLDER, MAX_OPEN, PrintQueue
from proctor.printing.settings import Choice, PrinterSettings
from proctor.printing.words import job_reason
from proctor.texts import load_texts
from sessions.errors import RoleForbiddenError, StoreFullError
from tests.support.printing import Station, sha256, station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proctor.printing.desk import PrintDesk


@dataclass
class Fake:
    """A print system of one printer; every call is kept."""

    infos: tuple[PrinterInfo, ...] = (PrinterInfo(name="may-1", trays=("tray-1",)),)
    seen: Seen | None = field(default_factory=lambda: Seen(state=State.PRINTED))
    titles: dict[str, str] = field(default_factory=dict)
    fail: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.fail.get(name):
            raise self.fail[name].pop(0)

    def printers(self) -> tuple[PrinterInfo, ...]:
        self._call("printers")
        return self.infos

    def submit(self, document: Document, order: Order) -> str:
        self._call("submit")
        assert document.data.startswith(b"%PDF")
        self.orders.append(order)
        return f"{order.printer}-{len(self.orders)}"

    def job(self, job_id: str, title: str = "") -> Seen | None:
        self._call("job")
        return self.seen

    def find(self, title: str) -> str | None:
        self._call("find")
        return self.titles.get(title)

    def cancel(self, job_id: str) -> None:
        self._call("cancel")

    def hold(self, job_id: str) -> None:
        self._call("hold")

    def resume(self, job_id: str) -> None:
        self._call("resume")

    def restart(self, job_id: str) -> None:
        self._call("restart")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    with station(tmp_path_factory.mktemp("station")) as made:
        yield made


def last(desk: PrintDesk) -> Any:
    return desk.jobs()[-1]


def test_the_caller_never_waits_for_the_printer(work: Station) -> None:
    """The printer blocks for as long as the test likes; the sheet is taken, and cancelled, all the same."""
    gate, entered = threading.Event(), threading.Event()

    class Mute(Fake):
        def printers(self) -> tuple[PrinterInfo, ...]:
            entered.set()
            assert gate.wait(20)
            return self.infos

    desk = work.desk(Mute())
    desk.start()
    try:
        first = desk.submit(work.sheet())
        assert entered.wait(20)
        second = desk.submit(work.sheet())
        assert (first.state, second.state) == (State.QUEUED, State.QUEUED)
        desk.cancel(second.number)
    finally:
        gate.set()
        desk.stop()
    desk.wait([first.number, second.number], 10)
    assert [job.state for job in desk.jobs()[-2:]] == [State.PRINTED, State.CANCELLED]


def test_settings_choose_and_what_is_asked_for_comes_first(work: Station) -> None:
    root, fake = work.opened.root.path, Fake()
    settings = PrinterSettings.load(root).put("attendance", Choice(printer="may-1", tray="tray-1", copies=2))
    try:
        desk = work.desk(fake)
        desk.submit(work.sheet())
        desk.submit(work.sheet(), Choice(copies=5))
        desk.wait([1, 2], 5)
    finally:
        settings.put("attendance", None)
    assert [(order.tray, order.copies) for order in fake.orders[-2:]] == [("tray-1", 2), ("tray-1", 5)]
    assert "proctor attendance " in fake.orders[0].title
    assert work.session not in fake.orders[0].title


def test_without_a_choice_the_default_or_the_only_printer_prints(work: Station) -> None:
    two = (PrinterInfo(name="may-1"), PrinterInfo(name="may-2", default=True))
    desk = work.desk(Fake(infos=two))
    desk.wait([desk.submit(work.sheet()).number], 5)
    assert last(desk).printer == "may-2"
    desk = work.desk(Fake(infos=(PrinterInfo(name="may-1"), PrinterInfo(name="may-2"))))
    desk.wait([desk.submit(work.sheet()).number], 5)
    assert (last(desk).state, last(desk).reasons) == (State.FAILED, ("no-printer",))
    assert work.ends[-1]["printer"] == "-"


@pytest.mark.parametrize(
    ("error", "tries", "reason"),
    [
        (SystemDownError(), 3, "system-down"),
        (ToolMissingError(tool="lp", package="cups-client"), 1, "tool-missing"),
        (RefusedError(tool="lp"), 1, "refused"),
    ],
)
def test_only_what_handed_nothing_over_is_tried_again(
    work: Station, error: PrintingError, tries: int, reason: str
) -> None:
    fake = Fake(fail={"submit": [error] * 9})
    sheet, desk = work.sheet(), work.desk(fake)
    desk.wait([desk.submit(sheet).number], 5)
    assert fake.calls.count("submit") == tries
    assert (last(desk).tries, last(desk).reasons) == (tries, (reason,))
    assert all("thử lại" not in job_reason(load_texts("vi"), last(desk), why) for why in last(desk).told)
    assert outcome_of(work.opened.store, sha256(sheet)) is Outcome.FAILED
    fake.fail.clear()
    desk.wait([desk.retry(last(desk).number).number], 5)
    assert last(desk).state is State.PRINTED


def test_a_command_that_hangs_is_looked_for_and_never_sent_twice(work: Station) -> None:
    fake = Fake(fail={"submit": [TimedOutError(tool="lp")]})
    desk = work.desk(fake)
    number = desk.submit(work.sheet()).number
    desk.step()
    assert last(desk).state is State.SENDING
    fake.titles[last(desk).title] = "may-1-77"
    desk.wait([number], 5)
    assert (last(desk).state, last(desk).system_job) == (State.PRINTED, "may-1-77")
    fake.fail["submit"] = [TimedOutError(tool="lp")]
    desk.wait([desk.submit(work.sheet()).number], 5)
    assert (last(desk).state, last(desk).reasons) == (State.FAILED, ("timed-out",))
    assert fake.calls.count("submit") == 2


def test_a_printer_that_only_an_administrator_starts_is_said(work: Station) -> None:
    fake = Fake(
        seen=Seen(state=State.STOPPED, reasons=("paused",)),
        fail={"resume": [ForbiddenError(printer="may-1")]},
    )
    desk = work.desk(fake)
    number = desk.submit(work.sheet()).number
    desk.step()
    desk.step()
    desk.resume(number)
    desk.step()
    assert (last(desk).state, last(desk).reasons) == (State.STOPPED, ("forbidden", "paused"))
    fake.seen = Seen(state=State.PRINTED)
    desk.wait([number], 5)
    for act in (desk.cancel, desk.resume):
        with pytest.raises(JobEndedError):
            act(number)
    with pytest.raises(JobOpenError):
        desk.retry(number)
    with pytest.raises(JobUnknownError):
        desk.cancel(9999)


def test_cancelled_too_late_it_is_printed(work: Station) -> None:
    fake = Fake(seen=Seen(state=State.PRINTING), fail={"cancel": [RefusedError(tool="cancel")]})
    sheet, desk = work.sheet(), work.desk(fake)
    number = desk.submit(sheet).number
    desk.step()
    fake.seen = Seen(state=State.PRINTED)
    desk.cancel(number)
    desk.wait([number], 5)
    assert work.ends[-1]["outcome"] == "printed"
    with pytest.raises(AlreadyPrintedError):
        desk.submit(sheet)


def test_an_end_is_entered_once_whenever_the_crash_comes(work: Station) -> None:
    """Before the entry, and between the entry and the list."""
    root = work.opened.root.path
    desk = work.desk(Fake())
    number = desk.submit(work.sheet()).number
    desk.wait([number], 5)
    entered, count = last(desk).entry, len(work.ends)
    PrintQueue(root).change(number, entry=None)
    desk = work.desk(Fake())
    desk.step()
    assert (last(desk).entry, len(work.ends)) == (entered, count)
    PrintQueue(root).change(number, entry=None, head=work.opened.store.head().size)
    desk = work.desk(Fake())
    desk.step()
    assert len(work.ends) == count + 1, "an entry that is older than the end is another job's"


def test_a_full_disk_delays_the_entry(work: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = work.desk(Fake())
    number = desk.submit(work.sheet()).number

    def full(*_args: object, **_values: object) -> None:
        raise StoreFullError

    with monkeypatch.context() as patch:
        patch.setattr(work.opened.store, "append", full)
        with pytest.raises(StoreFullError):
            desk.wait([number], 5)
    assert (last(desk).state, last(desk).entry) == (State.PRINTED, None)
    desk.wait([number], 5)
    assert last(desk).entry is not None


def test_whoever_may_not_print_sends_nothing(work: Station) -> None:
    def allow(_session: str) -> None:
        raise RoleForbiddenError(role="proctor", action="print")

    desk = work.desk(Fake(), allow=allow)
    with pytest.raises(RoleForbiddenError):
        desk.submit(work.sheet())


def test_files_that_are_no_sheets_are_refused(work: Station, tmp_path: Path) -> None:
    desk = work.desk(Fake())
    with pytest.raises(SheetGoneError):
        desk.submit(tmp_path / "khong-co.pdf")
    with pytest.raises(SheetGoneError):
        desk.submit(tmp_path)
    (tmp_path / "la.pdf").write_bytes(b"%PDF-1.4 not of this log")
    with pytest.raises(SheetUnknownError):
        desk.submit(tmp_path / "la.pdf")


def test_a_signed_copy_is_a_file_of_the_log_too(work: Station, tmp_path: Path) -> None:
    first = work.sheet()
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(first.read_bytes() + b"% signed\n")
    body = {
        "session": work.session,
        "pdf_sha256": sha256(first),
        "signed_sha256": sha256(signed),
        "field": "KySo1",
        "role": "head",
        "certificate": "00" * 32,
        "status": "valid",
    }
    work.opened.store.append("sheet-signature", body, operator=work.opened.require_login().operator)
    desk = work.desk(Fake())
    desk.wait([desk.submit(signed).number], 5)
    store = work.opened.store
    assert outcome_of(store, sha256(first)) is Outcome.PRINTED
    assert outcome_of(store, sha256(first), exactly=True) is Outcome.NONE
    assert outcome_of(store, sha256(signed)) is Outcome.PRINTED


def test_another_run_enters_the_end_as_the_station(work: Station) -> None:
    desk = work.desk(Fake(seen=Seen(state=State.PRINTING)))
    number = desk.submit(work.sheet()).number
    desk.step()
    PrintQueue(work.opened.root.path).change(number, by="somebody-else")
    desk = work.desk(Fake())
    desk.wait([number], 5)
    entry = work.opened.store.entry(last(desk).entry)
    assert entry.body["operator"]["id"] == "station"


# -- the list --------------------------------------------------------------------------------------


def queue_file(work: Station) -> Path:
    return work.opened.root.path / FOLDER / FILE


def test_the_list_is_private_and_has_a_limit(work: Station) -> None:
    assert queue_file(work).stat().st_mode & 0o077 == 0
    assert queue_file(work).parent.stat().st_mode & 0o077 == 0
    whole = queue_file(work).read_bytes()
    document = json.loads(whole)
    row = next(row for row in document["jobs"]) | {"state": "queued", "entry": None}
    document["jobs"] = [row | {"number": number} for number in range(1, MAX_OPEN + 1)]
    document["next"] = MAX_OPEN + 1
    try:
        queue_file(work).write_text(json.dumps(document))
        with pytest.raises(QueueFullError):
            work.desk(Fake()).submit(work.sheet())
    finally:
        queue_file(work).write_bytes(whole)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "gone"},
        {"copies": 0},
        {"copies": True},
        {"reasons": [1]},
        {"reasons": ["Nguyễn Văn Mẫu"]},
        {"number": -1},
        {"entry": "1"},
        {"file": None},
        {"title": "x" * 5000},
        {"duplex": "both"},
        {"more": 1},
    ],
)
def test_a_damaged_list_is_an_error(work: Station, tmp_path: Path, change: dict[str, Any]) -> None:
    document = json.loads(queue_file(work).read_bytes())
    document["jobs"] = [document["jobs"][0] | change]
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / FILE).write_text(json.dumps(document))
    with pytest.raises(QueueDamagedError):
        PrintQueue(tmp_path)
    for data in (b"", b"[]", b"[" * 100_000, b'{"schema": 1, "next": 1, "jobs": {}, "a": 1}', b"\xff"):
        (folder / FILE).write_bytes(data)
        with pytest.raises(QueueDamagedError):
            PrintQueue(tmp_path)


def test_a_job_that_the_log_knows_nothing_of_is_not_printed(work: Station) -> None:
    """Somebody wrote a job for a file of their own into the list."""
    fake = Fake()
    desk = work.desk(fake)
    desk.submit(work.sheet())
    path = work.folder / "khac.pdf"
    path.write_bytes(b"%PDF-1.4 another")
    PrintQueue(work.opened.root.path).change(last(desk).number, file=str(path), sha256=sha256(path))
    count, desk = len(work.ends), work.desk(fake)
    desk.wait([last(desk).number], 5)
    assert (last(desk).state, last(desk).reasons) == (State.FAILED, ("altered",))
    assert "submit" not in fake.calls
    assert len(work.ends) == count
