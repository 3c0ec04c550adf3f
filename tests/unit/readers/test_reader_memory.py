"""What is remembered of card types, and that a broken file is only an empty one."""

import json
from datetime import date, timedelta

import pytest

from readers.emrtd.reader_memory import MAX_ENTRIES, FileMemory, ForgetfulMemory

ATR = bytes.fromhex("3B89800152544F")
DAY = date(2026, 11, 22)


class Calendar:
    def __init__(self):
        self.day = DAY

    def __call__(self):
        return self.day


@pytest.fixture
def calendar():
    return Calendar()


@pytest.fixture(params=["process", "file"])
def memory(request, tmp_path, calendar):
    if request.param == "process":
        return ForgetfulMemory(calendar)
    return FileMemory(tmp_path / "lengths.json", calendar)


def file_memory(path):
    return FileMemory(path, Calendar())


def test_remembers_and_changes_its_mind(memory):
    assert memory.get(ATR) is None
    memory.put(ATR, 1024)
    memory.put(ATR[:-1], 256)
    assert (memory.get(ATR), memory.get(ATR[:-1])) == (1024, 256)
    memory.put(ATR, 256)
    assert memory.get(ATR) == 256


def test_values_are_kept_in_range(memory):
    memory.put(ATR, 10**9)
    assert memory.get(ATR) == 65536
    for octets in (-5, 0, 64, 255):
        memory.put(ATR, octets)
        assert memory.get(ATR) == 256, "a card could slow its type down for good"


@pytest.mark.parametrize(("days", "known"), [(0, 256), (6, 256), (7, None), (400, None), (-1, None)])
def test_short_answers_are_asked_about_anew_after_a_week(memory, calendar, days, known):
    memory.put(ATR, 256)
    memory.put(ATR[:-1], 1024)
    calendar.day = DAY + timedelta(days=days)
    assert memory.get(ATR) == known
    assert memory.get(ATR[:-1]) == 1024
    memory.put(ATR, 256)
    assert memory.get(ATR) == 256


def test_the_oldest_entry_is_forgotten(memory):
    for number in range(MAX_ENTRIES + 1):
        memory.put(bytes([number]), 256)
    assert memory.get(bytes([0])) is None
    assert memory.get(bytes([MAX_ENTRIES])) == 256


def test_a_file_outlives_the_process_and_shows_no_answer_to_reset(tmp_path):
    file_memory(tmp_path / "m.json").put(ATR, 2000)
    assert file_memory(tmp_path / "m.json").get(ATR) == 2000
    assert ATR.hex() not in (tmp_path / "m.json").read_text().lower()
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1, 2]",
        b"7",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"0123456789abcdef": "256", "fedcba9876543210": true, "x": 256, "aaaaaaaaaaaaaaaa": -1}',
        b'{"' + b"a" * 100_000,
        b'{"0123456789abcdef": 64, "fedcba9876543210": [64, 739576], "aaaaaaaaaaaaaaaa": [256]}',
        b'{"0123456789abcdef": [256, true], "fedcba9876543210": [1e9, 1]}',
    ],
)
def test_a_broken_file_is_ignored_and_rewritten(tmp_path, content):
    path = tmp_path / "m.json"
    path.write_bytes(content)
    memory = file_memory(path)
    assert memory.get(ATR) is None
    memory.put(ATR, 256)
    assert memory.get(ATR) == 256
    assert len(json.loads(path.read_text())) == 1


def test_a_folder_that_is_not_there_costs_nothing_else(tmp_path):
    memory = file_memory(tmp_path / "missing" / "m.json")
    memory.put(ATR, 256)
    assert memory.get(ATR) is None
