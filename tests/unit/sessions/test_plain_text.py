"""Text for an entry's body: no number of a person; a tree head's digits are nobody's."""

from __future__ import annotations

import pytest

from sessions.plain_text import PersonalNumberError, one_line

HEAD = "012345678901234567890123456789abcdefabcdefabcdefabcdefabcdefabcd"


@pytest.mark.parametrize(
    "text", ["CCCD001099000001", "số 001099000001", "0901234567", f"{HEAD}0", f"x{HEAD}"]
)
def test_a_persons_number_is_refused(text: str) -> None:
    with pytest.raises(PersonalNumberError):
        one_line(text, 200)


def test_a_tree_head_is_no_number_and_lines_are_one() -> None:
    assert one_line(f"S-20261101-01 41\n {HEAD}", 200) == f"S-20261101-01 41 {HEAD}"
    assert one_line("12345678 \t kết quả\x00 tổ", 10) == "12345678 k"
