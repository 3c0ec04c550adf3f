"""The page of pictures: its numbers by hand, intervals as published, and what stands on the page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from proctor.texts import load_texts
from reports.pictures_data import Pictures, Sitting, Spread, pictures_of, wilson
from reports.pictures_page import PageWords, pictures_pdf
from reports.pictures_scale import axis_step, bin_width, by_station, histogram, hours, most_frequent
from sessions.course.entries import SessionEntry
from sessions.record import format_utc
from tests.support.reports_pages import page_texts

START = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)  # 07:00 in Vietnam
ORIGIN = "proctor.training/0a1b2c3d"


class Log:
    """Entries by hand, a second after another unless told otherwise."""

    def __init__(self) -> None:
        self.entries: list[SessionEntry] = []

    def put(self, kind: str, at_s: float, origin: str = ORIGIN, **fields: Any) -> None:
        seq = len(self.entries)
        body = {
            "kind": kind,
            "seq": seq,
            "at": format_utc(START + timedelta(seconds=at_s)),
            "origin": origin,
            "component": "theory",
            **fields,
        }
        self.entries.append(SessionEntry(seq=seq, kind=kind, body=body, origin=origin, held=seq))

    def check(
        self,
        sbd: str,
        at_s: float,
        verdict: str = "ADMIT",
        *reasons: str,
        user: str = "cb1",
        took: float = 10,
    ) -> None:
        number = f"{sbd}-{len(self.entries)}"
        self.put("begin", at_s - took, attempt=number, sbd=sbd)
        operator = {"id": user, "role": "invigilator"}
        self.put(
            "attempt",
            at_s,
            attempt=number,
            sbd=sbd,
            verdict=verdict,
            reasons=list(reasons),
            checks={},
            method="chip-face",
            operator=operator,
        )

    def override(self, sbd: str, at_s: float, user: str) -> None:
        operator = {"id": user, "role": "invigilator"}
        self.put("override", at_s, of=f"{sbd}-x", sbd=sbd, verdict="ADMIT", operator=operator)

    @property
    def found(self) -> Pictures:
        return pictures_of([Sitting(day="2026-11-20", entries=self.entries, components=("theory",))])


@pytest.fixture
def log() -> Log:
    log = Log()
    log.put("component", 0, event="started", starts_at=format_utc(START))
    log.put("component", 100, event="called", called=["001", "002"])
    log.check("001", 160)  # called: 60 s
    log.check("002", 220, "REFER", "face-none", user="cb1")
    log.override("002", 400, user="cb2")  # called: 300 s
    log.check("003", 1_000, "REFER", "face-none", "card-expired", user="cb1")
    log.check("004", 1_200, "REFUSE", "face-no-match")
    log.check("005", 2_000)  # started: 2,000 s
    return log


def test_the_numbers_are_those_of_the_entries(log: Log) -> None:
    found = log.found
    assert found.verdicts == {"ADMIT": 2, "REFER": 2, "REFUSE": 1}
    assert found.attempts == 5
    counts = found.throughput[ORIGIN]
    assert {at: count for at, count in enumerate(counts) if count} == {28: 2, 30: 1}  # 07:00, 07:30
    waiting = found.waiting
    assert (waiting.called.seconds, waiting.started.seconds) == ((60.0, 300.0), (2_000.0,))
    assert (waiting.before, waiting.unknown) == (0, 0)
    assert waiting.desk.seconds == (10.0, 10.0, 190.0)
    assert [(each.code, each.refer, each.refuse) for each in found.reasons] == [
        ("face-none", 2, 0),
        ("card-expired", 1, 0),
        ("face-no-match", 0, 1),
    ]
    assert [(each.user, each.overrides, each.cases) for each in found.rates] == [("cb1", 0, 1), ("cb2", 1, 1)]
    assert found.mean == 0.5


def test_who_comes_before_the_start_waits_for_nothing() -> None:
    log = Log()
    log.check("001", 50)
    log.put("component", 60, event="started", starts_at=format_utc(START + timedelta(hours=1)))
    log.check("002", 70)
    waiting = log.found.waiting
    assert (waiting.wait.n, waiting.before, waiting.unknown) == (0, 1, 1)


def test_intervals_are_wilsons() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 857, table I, method 3
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, n), (low, high) in published.items():
        assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 5)[1] == 1.0


def test_quantiles_are_values_that_occurred() -> None:
    spread = Spread(seconds=tuple(float(at) for at in range(1, 101)))
    assert (spread.quantile(0.5), spread.quantile(0.95), spread.quantile(1)) == (50.0, 95.0, 100.0)
    assert Spread(seconds=(7.0,)).quantile(0.5) == 7.0
    assert Spread(seconds=()).quantile(0.5) is None


def test_bins_hold_everybody() -> None:
    spread = Spread(seconds=(*(float(at) for at in range(1_000)), 1e6))
    step = bin_width(spread)
    bins = histogram(spread, step)
    assert sum(bins) == 1_001
    assert (step, len(bins), bins[0], bins[-1]) == (60, 21, 60, 1)
    assert histogram(Spread(seconds=()), 60) == ()


def test_axes_and_groups() -> None:
    assert [axis_step(most) for most in (0, 5, 6, 24, 60, 1_000)] == [1, 1, 2, 5, 20, 200]
    assert hours([0] * 30 + [1] + [0] * 65) == (28, 36)
    assert hours([0] * 95 + [1]) == (88, 96)
    rows = by_station({f"s/{at}": (at, 0) for at in range(1, 7)}, "khác")
    assert [name for name, _ in rows] == ["s/6", "s/5", "s/4", "khác"]
    assert rows[-1][1] == (6, 0)
    log = Log()
    for at in range(15):
        log.check(f"{at:03d}", at + 1, "REFER", f"code-{at}")
    shown = most_frequent(log.found.reasons)
    assert (len(shown), shown[-1].code, sum(each.total for each in shown)) == (10, "", 15)


def page_of(found: Pictures) -> Iterator[str]:
    words = PageWords(
        title="HÌNH MẪU", subtitle="ngày mẫu", source="Nguồn: mẫu.", training=("HUẤN LUYỆN", "X")
    )
    pdf = pictures_pdf(found, words, load_texts("vi"))
    assert pdf == pictures_pdf(found, words, load_texts("vi"))
    assert b"/Helvetica" not in pdf
    yield from page_texts(pdf)


def test_the_page_says_its_numbers_in_vietnamese(log: Log) -> None:
    (page,) = page_of(log.found)
    text = " ".join(page.split())
    for said in (
        "HÌNH MẪU",
        "n = 5 lượt kiểm tra: 2 cho vào, 2 chuyển người xét, 1 từ chối",
        "Không thấy khuôn mặt",
        "Khuôn mặt không khớp ảnh chíp",
        "trung vị 5 phút 00 giây",
        "p95 33 phút 20 giây",
        "cb1 0/1",
        "cb2 1/1",
        "mức chung của mọi cán bộ: 50 %",
        "thời gian của máy",
        "Trạm 0a1b2c3d",
        "Nguồn: mẫu.",
        "HUẤN LUYỆN",
    ):
        assert said in text, said


def test_a_page_of_nothing_is_a_page() -> None:
    (page,) = page_of(Log().found)
    assert page.count("Chưa có số liệu") == 4
    text = " ".join(page.split())
    assert "mức chung của mọi cán bộ: —" in text
    assert "0 %" not in text


def test_one_supervisor_is_compared_with_nobody() -> None:
    log = Log()
    log.check("001", 10, "REFER", "face-none")
    (page,) = page_of(log.found)
    assert "là của chính người này" in " ".join(page.split())
    (several,) = page_of(Log().found)
    assert "là của chính người này" not in " ".join(several.split())
