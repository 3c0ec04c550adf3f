"""Incidents: what each makes of an answer, when, and that it happens once."""

from __future__ import annotations

import pytest

from readers.softcard.faults import AnswerLostError, CardPulledError, CardSilentError, Incident
from readers.softcard.incidents import Incidents
from readers.softcard.tables import TableError

ANSWER = bytes(range(20)) + b"\x90\x00"


def befall(
    text: str, *, commands: int = 3, octets: int = 0, waited: list[float] | None = None
) -> list[bytes]:
    happening = Incidents([Incident.parse(text)], sleep=(waited if waited is not None else []).append)
    return [happening.befall(ANSWER, octets * number) for number in range(1, commands + 1)]


def test_flip_turns_one_bit_once() -> None:
    first, second, third = befall("flip@2")
    assert first == third == ANSWER
    assert sum((left ^ right).bit_count() for left, right in zip(second, ANSWER, strict=True)) == 1


def test_truncate_and_status() -> None:
    assert befall("truncate@1")[0] == ANSWER[:11]
    assert befall("status@1")[0] == b"\x6f\x00"
    assert befall("status@1=6982")[:2] == [b"\x69\x82", ANSWER]


def test_delay_waits_and_answers() -> None:
    waited: list[float] = []
    assert befall("delay@2=0.5", waited=waited) == 3 * [ANSWER]
    assert waited == [0.5]


@pytest.mark.parametrize(
    ("text", "error"), [("drop@1", AnswerLostError), ("mute@1", CardSilentError), ("pull@1", CardPulledError)]
)
def test_what_leaves_no_answer(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        befall(text)


def test_pulled_for_so_long() -> None:
    for text, back in (("pull@1=2.5", 2.5), ("pull@1", None)):
        with pytest.raises(CardPulledError) as caught:
            befall(text)
        assert caught.value.back_after_s == back


def test_at_an_octet_of_the_portrait() -> None:
    answers = befall("status@dg2:4000", commands=4, octets=2000)
    assert [answer == ANSWER for answer in answers] == [True, False, True, True]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "flip",
        "flip@",
        "flip@x",
        "flip@0",
        "pull@dg2:0",
        "pull@dg2:999999",
        "sneeze@1",
        "flip@dg3:1",
        "status@1=xyz",
        "status@1=5000",
        "delay@1=-1",
        "delay@1=x",
    ],
)
def test_texts_that_are_no_incident(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several kinds
        Incident.parse(text)


def test_exactly_one_place() -> None:
    for where in ({}, {"at_command": 1, "at_octet": 1}):
        with pytest.raises(TableError):
            Incident(kind="drop", **where)
