"""What is remembered of card types, and that a broken file is only an empty one."""

import json

import pytest

from readers.emrtd.reader_memory import MAX_ENTRIES, FileMemory, ForgetfulMemory

ATR = bytes.fromhex("3B89800152544F")


@pytest.fixture(params=["process", "file"])
def memory(request, tmp_path):
    return ForgetfulMemory() if request.param == "process" else FileMemory(tmp_path / "lengths.json")


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
    memory.put(ATR, -5)
    assert memory.get(ATR) == 0


def test_the_oldest_entry_is_forgotten(memory):
    for number in range(MAX_ENTRIES + 1):
        memory.put(bytes([number]), 256)
    assert memory.get(bytes([0])) is None
    assert memory.get(bytes([MAX_ENTRIES])) == 256


def test_a_file_outlives_the_process_and_shows_no_answer_to_reset(tmp_path):
    FileMemory(tmp_path / "m.json").put(ATR, 2000)
    assert FileMemory(tmp_path / "m.json").get(ATR) == 2000
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
    ],
)
def test_a_broken_file_is_ignored_and_rewritten(tmp_path, content):
    path = tmp_path / "m.json"
    path.write_bytes(content)
    memory = FileMemory(path)
    assert memory.get(ATR) is None
    memory.put(ATR, 256)
    assert memory.get(ATR) == 256
    assert len(json.loads(path.read_text())) == 1


def test_a_folder_that_is_not_there_costs_nothing_else(tmp_path):
    memory = FileMemory(tmp_path / "missing" / "m.json")
    memory.put(ATR, 256)
    assert memory.get(ATR) is None
