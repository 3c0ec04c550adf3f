"""The figures of a close add up on their line: who came and was not let in, and who is not due, stand in it too."""

from proctor.day_totals import _total_line
from proctor.texts import load_texts
from sessions.course.reconcile import Total

VI, EN = load_texts("vi"), load_texts("en")


def total(**counts: int) -> Total:
    kept = {"listed": 8, "present": 2, "not_let_in": 2, "absent": 3, "excused": 1} | counts
    return Total(component="theory", licence_class="", **kept)


def test_every_listed_candidate_is_in_one_figure_of_the_line() -> None:
    assert _total_line(total(), "Lý thuyết", VI) == (
        "Lý thuyết: danh sách 8 (tám); có mặt 2 (hai); vắng 3 (ba); "
        "đã đến, chưa được vào 2 (hai); không phải hoặc không được dự 1 (một)"
    )
    assert _total_line(total(), "Theory", EN) == (
        "Theory: listed 8; present 2; absent 3; came and not let in 2; not due 1"
    )


def test_nobody_is_not_said() -> None:
    assert _total_line(total(listed=5, not_let_in=0, excused=0), "Theory", EN) == (
        "Theory: listed 5; present 2; absent 3"
    )
