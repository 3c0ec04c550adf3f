"""Whole lines: however the octets come, a code is given once and in one piece, or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from readers.qr.lines import MAX_OCTETS, LineBuffer

CODE = "001099000001|123456789|Nguyễn Văn Mẫu|15011999|Nam|Hà Nội|01012024"
ends = st.sampled_from([b"\r", b"\n", b"\r\n", b"\n\r"])
texts = st.text(
    st.characters(exclude_characters="\r\n\0\ufeff \t", exclude_categories=["Cs"]), min_size=1, max_size=60
)


@given(st.lists(st.tuples(texts, ends), max_size=5), st.data())
def test_codes_come_out_whole_however_they_are_cut(
    codes: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    octets = b"".join(text.encode() + end for text, end in codes)
    buffer, found, at = LineBuffer(), list[str](), 0
    while at < len(octets):
        step = data.draw(st.integers(1, 40))
        found += buffer.feed(octets[at : at + step], 0.0)
        at += step
    assert found == [text for text, _ in codes]
    assert buffer.dropped == 0


def test_half_a_code_is_never_glued_to_the_next_one() -> None:
    buffer = LineBuffer(stale_s=1.0)
    assert buffer.feed(CODE[:20].encode(), 0.0) == ()
    assert buffer.feed(b"", 0.9) == ()
    assert buffer.feed(f"{CODE}\r\n".encode(), 2.0) == (CODE,)
    assert buffer.dropped == 1


def test_a_code_that_comes_slowly_is_still_one() -> None:
    buffer = LineBuffer(stale_s=1.0)
    for number, letter in enumerate(CODE):
        assert buffer.feed(letter.encode(), number * 0.5) == ()
    assert buffer.feed(b"\r", len(CODE) * 0.5) == (CODE,)


def test_a_line_without_an_end_takes_no_more_room_than_a_code() -> None:
    buffer = LineBuffer()
    for _ in range(50):
        assert buffer.feed(b"x" * 1000, 0.0) == ()
        assert len(buffer._part) <= MAX_OCTETS
    assert buffer.feed(b"\n", 0.0) == ()
    assert buffer.dropped == 1
    assert buffer.feed(f"{CODE}\n".encode(), 0.0) == (CODE,)


def test_after_the_cable_was_out_nothing_of_before_counts() -> None:
    buffer = LineBuffer()
    buffer.feed(b"0010990", 0.0)
    buffer.forget()
    assert buffer.feed(b"00001\r", 0.1) == ("00001",)


def test_what_is_no_utf_8_stays_recognisable_as_such() -> None:
    (line,) = LineBuffer().feed(b"001\xff|x\r", 0.0)
    assert line.encode(errors="surrogateescape") == b"001\xff|x"
