import pytest

from reports.words import LIMIT, number_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"),
        (1, "một"),
        (4, "bốn"),
        (5, "năm"),
        (10, "mười"),
        (11, "mười một"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (25, "hai mươi lăm"),
        (100, "một trăm"),
        (101, "một trăm linh một"),
        (105, "một trăm linh năm"),
        (110, "một trăm mười"),
        (191, "một trăm chín mươi mốt"),
        (299, "hai trăm chín mươi chín"),
        (1_000, "một nghìn"),
        (1_005, "một nghìn không trăm linh năm"),
        (1_010, "một nghìn không trăm mười"),
        (4_483, "bốn nghìn bốn trăm tám mươi ba"),
        (5_170, "năm nghìn một trăm bảy mươi"),
        (10_024, "mười nghìn không trăm hai mươi tư"),
        (1_000_000, "một triệu"),
        (1_000_001, "một triệu không trăm linh một"),
        (2_004_000_000, "hai tỷ không trăm linh bốn triệu"),
    ],
)
def test_numbers_are_spoken_as_on_paper(number: int, words: str):
    assert number_words(number) == words


def test_no_two_numbers_share_their_words():
    spoken = {number_words(number) for number in range(20_000)}
    assert len(spoken) == 20_000


@pytest.mark.parametrize("number", [-1, LIMIT, True])
def test_a_number_outside_the_range_is_refused(number: int):
    with pytest.raises(ValueError, match="words"):
        number_words(number)
