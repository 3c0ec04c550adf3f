"""Answers of the print protocol, whole and broken."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.printing import ipp
from proctor.printing.errors import AnswerError
from proctor.printing.model import reasons_of


def attribute(tag: int, name: str, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value


HEAD = struct.pack(">BBHI", 2, 0, 0, 1) + b"\x01" + attribute(0x47, "attributes-charset", b"utf-8")
JOB = b"\x02" + attribute(0x21, "job-id", struct.pack(">i", 12)) + attribute(0x42, "job-name", "tờ".encode())
PRINTER = (
    b"\x04"
    + attribute(0x44, "printer-state-reasons", b"media-empty-error")
    + attribute(0x44, "", b"cover-open-report")
    + attribute(0x22, "printer-is-accepting-jobs", b"\x00")
    + attribute(0x33, "copies-supported", bytes(8))
)
WHOLE = HEAD + JOB + PRINTER + b"\x03"


def test_jobs_and_printers_are_read() -> None:
    answer = ipp.read(WHOLE)
    assert answer.good
    assert answer.groups == (
        {"job-id": (12,), "job-name": ("tờ",)},
        {
            "printer-state-reasons": ("media-empty-error", "cover-open-report"),
            "printer-is-accepting-jobs": (False,),
            "copies-supported": ("",),
        },
    )


def test_every_cut_is_refused() -> None:
    for size in range(len(WHOLE)):
        with pytest.raises(AnswerError):
            ipp.read(WHOLE[:size])


@given(st.binary(max_size=300))
def test_noise_is_an_answer_or_an_error(data: bytes) -> None:
    try:
        answer = ipp.read(HEAD + data)
    except AnswerError:
        return
    assert all(isinstance(name, str) for group in answer.groups for name in group)


def test_an_integer_of_another_length_is_refused() -> None:
    with pytest.raises(AnswerError):
        ipp.read(HEAD + b"\x02" + attribute(0x21, "job-id", b"\x00") + b"\x03")


def test_a_request_reads_back() -> None:
    data = ipp.request(
        ipp.GET_JOB, uri=("job-uri", "ipp://localhost/jobs/7"), user="an", wanted=("job-id", "job-state")
    )
    assert data[:8] == struct.pack(">BBHI", 2, 0, ipp.GET_JOB, 1)
    assert data.endswith(attribute(0x44, "", b"job-state") + b"\x03")
    assert attribute(0x45, "job-uri", b"ipp://localhost/jobs/7") in data


def test_keywords_become_our_words() -> None:
    said = (
        "media-empty-warning",
        "door-open-report",
        "media-jam",
        "toner-low-report",
        "none",
        "job-printing",
    )
    assert reasons_of(said) == ("out-of-paper", "cover-open", "jam", "low-toner")
    assert reasons_of(("com.maker-something-error", "com.maker-hint-report")) == ("attention",)
