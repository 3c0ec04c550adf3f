"""Reading files: honest chips of several habits, and hostile ones."""

import pytest

from readers.emrtd import files
from readers.emrtd.file_reader import FileReader, Progress
from readers.errors import (
    CardMuteError,
    ChipFileMissingError,
    ChipFileTooLargeError,
    ChipMalformedError,
    ChipStatusError,
)
from readers.iso7816 import tlv
from readers.iso7816.apdu import ResponseApdu
from tests.support.readers_fakes import FileChannel

DG2 = b"\x01\x02"


def make(octets, *, spec=files.DG2, block=223, progress=None, **options):
    channel = FileChannel({spec.file_id_bytes: octets}, **options)
    progress = progress or Progress(on_progress=None, monotonic=lambda: 0.0, deadline=1.0)
    return FileReader(channel, block=block, progress=progress), channel


def content(length, tag=0x75):
    return tlv.encode(tag, bytes(index * 7 % 251 for index in range(length)))


@pytest.mark.parametrize("length", [300, 14931, 0x7FFF, 0x8000, 40000, 65530])
def test_whole_file(length):
    reader, channel = make(content(length))
    assert reader.read(files.DG2) == content(length)
    assert all(command.le is None or command.le <= 256 for command in channel.commands)


@pytest.mark.parametrize("length", [100, 128, 200])
def test_bytes_behind_the_template_are_not_read(length):
    spec = files.DG15
    reader, _ = make(content(length, spec.tag) + b"JUNK" * 50, spec=spec)
    assert reader.read(spec) == content(length, spec.tag)


def test_by_short_identifier():
    reader, channel = make(content(60, 0x31), spec=files.EF_CARD_ACCESS, block=256)
    assert reader.read_by_sfi(files.EF_CARD_ACCESS) == content(60, 0x31)
    assert channel.commands[0].encode().hex().upper() == "00B09C0010"


def test_smaller_blocks_after_6700_are_remembered():
    reader, channel = make(content(3000), most=100)
    assert reader.read(files.DG2) == content(3000)
    assert sum(command.ins == 0xB0 and command.le > 100 for command in channel.commands) == 2


def test_6cxx_names_the_length():
    def tweak(command, response):
        if command.ins == 0xB0 and command.le > 50:
            return ResponseApdu(sw=0x6C32)
        return response

    reader, _ = make(content(400), tweak=tweak)
    assert reader.read(files.DG2) == content(400)


def test_short_answers_and_6282_are_accepted():
    def tweak(command, response):
        return ResponseApdu(data=response.data[:40], sw=0x6282) if command.ins == 0xB0 else response

    reader, _ = make(content(1000), tweak=tweak)
    assert reader.read(files.DG2) == content(1000)


def refuse(**answers):
    def tweak(command, response):
        far = command.ins in {0xB0, 0xB1} and (command.p1 or command.p2 or command.ins == 0xB1)
        return answers["later"] if far else response

    return tweak


def empty(command, response):
    return ResponseApdu(sw=0x9000) if command.ins == 0xB0 else response


def drip(command, response):
    return ResponseApdu(data=response.data[:1], sw=0x9000) if command.p1 or command.p2 else response


HOSTILE = {
    "empty-from-the-start": (content(300), empty, "empty-read"),
    "empty-later": (content(900), refuse(later=ResponseApdu(sw=0x9000)), "empty-read"),
    "short": (content(900)[:500], None, "empty-read"),
    "wrong-offset": (content(900), refuse(later=ResponseApdu(sw=0x6B00)), "shorter-than-announced"),
    "more-than-asked": (
        content(900),
        refuse(later=ResponseApdu(data=bytes(256), sw=0x9000)),
        "more-than-asked",
    ),
    "one-octet-at-a-time": (content(60000), drip, "too-many-reads"),
    "other-tag": (content(300, 0x61), None, "unexpected-tag"),
    "no-header": (b"\xff" * 300, None, "header"),
    "indefinite": (b"\x75\x80" + bytes(300), None, "header"),
    "far-object-broken": (
        content(40000),
        lambda c, r: ResponseApdu(data=b"\x53\x05\x01", sw=0x9000) if c.ins == 0xB1 else r,
        "read-object",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_chips(name):
    octets, tweak, reason = HOSTILE[name]
    reader, channel = make(octets, tweak=tweak)
    with pytest.raises(ChipMalformedError) as caught:
        reader.read(files.DG2)
    assert caught.value.facts == {"file": "DG2", "reason": reason}
    assert len(channel.commands) < 2000


@pytest.mark.parametrize("header", ["7584FFFFFFFF", "7583010000", "7583FFFFFF"])
def test_announced_length_beyond_the_cap(header):
    reader, channel = make(bytes.fromhex(header) + bytes(300))
    with pytest.raises(ChipFileTooLargeError) as caught:
        reader.read(files.DG2)
    assert caught.value.facts["cap"] == 65536
    assert len(channel.commands) == 2


def test_sod_cap_is_8_kb():
    octets = tlv.encode(0x77, bytes(9000))
    reader, _ = make(octets, spec=files.EF_SOD)
    with pytest.raises(ChipFileTooLargeError):
        reader.read(files.EF_SOD)


def test_missing_and_locked_files():
    reader, _ = make(content(300))
    with pytest.raises(ChipFileMissingError) as caught:
        reader.read(files.DG13)
    assert caught.value.facts == {"file": "DG13"}
    reader, _ = make(content(300), tweak=lambda command, response: ResponseApdu(sw=0x6982))
    with pytest.raises(ChipStatusError) as status:
        reader.read(files.DG2)
    assert status.value.facts == {"command": "select-file", "file": "DG2", "sw": "6982"}
    reader, _ = make(content(300), tweak=refuse(later=ResponseApdu(sw=0x6985)))
    with pytest.raises(ChipStatusError):
        reader.read(files.DG2)


def test_progress_and_deadline():
    seen = []
    clock = iter(range(100))
    progress = Progress(
        on_progress=lambda *step: seen.append(step), monotonic=lambda: float(next(clock)), deadline=5.5
    )
    reader, _ = make(content(5000), progress=progress)
    with pytest.raises(CardMuteError) as caught:
        reader.read(files.DG2)
    assert caught.value.facts == {"reason": "read-deadline", "file": "DG2"}
    assert seen[0] == ("DG2", 223, 5004)
    assert len(seen) == 6


def test_file_table():
    assert files.data_group_by_tag(0x6D) is files.DG13
    assert files.data_group_by_tag(0x60) is None
    assert files.EF_SOD.file_id_bytes == b"\x01\x1d"
    assert len({spec.file_id for spec in files.ALL_FILES}) == 19
