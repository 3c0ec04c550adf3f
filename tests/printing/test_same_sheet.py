"""Two prints of one sheet: whatever the order of failures and retries, no two of them look like a first print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proctor.printing.errors import AlreadyPrintedError, RefusedError, SupersededError
from proctor.printing.model import Seen, State
from tests.printing.test_desk import Fake
from tests.support.printing import Station, station

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proctor.printing.desk import PrintDesk

FAILED = Seen(state=State.FAILED, reasons=("aborted",))
STOPPED = Seen(state=State.STOPPED, reasons=("out-of-paper",))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    with station(tmp_path_factory.mktemp("station")) as made:
        yield made


def job(desk: PrintDesk, number: int) -> tuple[State, tuple[str, ...]]:
    found = next(job for job in desk.jobs() if job.number == number)
    return found.state, found.told


def test_a_failed_first_print_is_not_sent_again_once_it_was_made_again(work: Station) -> None:
    fake = Fake(seen=FAILED)
    first, desk = work.sheet(variant="component=a"), work.desk(fake)
    failed = desk.submit(first).number
    desk.wait([failed], 5)
    fake.seen = Seen(state=State.PRINTED)
    second = work.sheet(variant="component=a")
    for act in (lambda: desk.retry(failed), lambda: desk.submit(first), lambda: desk.check(first)):
        with pytest.raises(SupersededError) as error:
            act()
        assert error.value.facts["entry"] == work.opened.store.entries("print")[-1].seq
    desk.wait([desk.submit(second).number], 5)
    assert len(fake.orders) == 2
    assert job(desk, failed) == (State.FAILED, ("superseded",))
    with pytest.raises(SupersededError):
        work.desk(fake).retry(failed)


@pytest.mark.parametrize("other", ["component=b", "component=a;room=P1"])
def test_another_sheet_of_its_kind_is_in_nobodys_way(work: Station, other: str) -> None:
    fake = Fake(seen=FAILED)
    mine = f"component=c;entry={other}"
    first, desk = work.sheet(variant=mine), work.desk(fake)
    failed = desk.submit(first).number
    desk.wait([failed], 5)
    fake.seen = Seen(state=State.PRINTED)
    work.sheet(variant=other)
    work.sheet("results", variant=mine)
    again = desk.retry(failed).number
    desk.wait([again], 5)
    assert job(desk, again)[0] is State.PRINTED
    assert job(desk, failed) == (State.FAILED, ("printed-later",))


def test_a_job_that_waits_in_the_station_ends_when_its_sheet_is_made_again(work: Station) -> None:
    fake, desk = (made := Fake()), work.desk(made)
    number = desk.submit(work.sheet(variant="component=d")).number
    work.sheet(variant="component=d", copy=1)
    desk.wait([number], 5)
    assert job(desk, number) == (State.CANCELLED, ("superseded",))
    assert work.ends[-1]["reason"] == "superseded"
    assert fake.orders == []


def test_a_retry_that_waits_for_paper_is_taken_back_before_the_new_one_goes_out(work: Station) -> None:
    fake = Fake(seen=FAILED)
    desk = work.desk(fake)
    failed = desk.submit(work.sheet(variant="component=e")).number
    desk.wait([failed], 5)
    fake.seen = STOPPED
    again = desk.retry(failed).number
    desk.step()
    desk.step()
    assert job(desk, again) == (State.STOPPED, ("out-of-paper",))
    new = desk.submit(work.sheet(variant="component=e")).number
    desk.step()
    assert (len(fake.orders), "cancel" in fake.calls) == (2, True)
    fake.seen = Seen(state=State.CANCELLED)
    desk.step()
    assert job(desk, again) == (State.CANCELLED, ("superseded",))
    fake.seen = Seen(state=State.PRINTED)
    desk.wait([new], 5)
    assert (job(desk, new)[0], len(fake.orders)) == (State.PRINTED, 3)


def test_a_retry_that_came_out_after_all_leaves_no_second_first_print(work: Station) -> None:
    fake = Fake(seen=FAILED)
    desk = work.desk(fake)
    failed = desk.submit(work.sheet(variant="component=f")).number
    desk.wait([failed], 5)
    fake.seen = Seen(state=State.PRINTING)
    again = desk.retry(failed).number
    desk.step()
    desk.step()
    sheet = work.sheet(variant="component=f")
    new = desk.submit(sheet).number
    desk.step()
    assert job(desk, new) == (State.QUEUED, ("waiting",))
    assert "cancel" not in fake.calls
    fake.seen = Seen(state=State.PRINTED)
    desk.wait([again, new], 5)
    assert job(desk, new) == (State.CANCELLED, ("printed-before",))
    assert len(fake.orders) == 2
    with pytest.raises(AlreadyPrintedError):
        desk.submit(sheet)


def test_a_reprint_with_its_number_waits_for_nobody(work: Station) -> None:
    fake = Fake(seen=STOPPED, fail={"cancel": [RefusedError(tool="cancel")] * 9})
    desk = work.desk(fake)
    first = desk.submit(work.sheet(variant="component=g")).number
    desk.step()
    desk.step()
    new = desk.submit(work.sheet(variant="component=g", copy=1)).number
    desk.step()
    assert len(fake.orders) == 2
    fake.seen = Seen(state=State.PRINTED)
    desk.wait([first, new], 5)
    assert {job(desk, number)[0] for number in (first, new)} == {State.PRINTED}
    assert "cancel" not in fake.calls
