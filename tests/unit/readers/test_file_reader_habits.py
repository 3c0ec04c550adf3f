"""Chips of odd habits: lengths they refuse, identifiers they do not take, answers beyond 7FFF."""

import pytest

from readers.emrtd import files
from readers.emrtd.file_reader import ChipHabits, FileReader, PartialFile, Progress
from readers.errors import CardLostError, ChipFileMissingError, ChipMalformedError, ChipStatusError
from readers.iso7816 import tlv
from readers.iso7816.apdu import ResponseApdu
from tests.support.readers_fakes import FileChannel


def content(length, tag=0x75):
    return tlv.encode(tag, bytes(index * 7 % 251 for index in range(length)))


def make(octets, *, spec=files.DG2, block=223, habits=None, on_progress=None, short_block=256, **options):
    channel = FileChannel({spec.file_id_bytes: octets}, **options)
    progress = Progress(on_progress=on_progress, monotonic=lambda: 0.0, deadline=1.0)
    reader = FileReader(channel, block=block, progress=progress, habits=habits, short_block=short_block)
    return reader, channel


def reads(channel):
    return [command for command in channel.commands if command.ins in {0xB0, 0xB1}]


def limit(most, sw):
    """A chip that gives at most so many octets and says `sw` to who asks for more."""

    def tweak(command, response):
        return ResponseApdu(sw=sw) if command.ins in {0xB0, 0xB1} and command.le > most else response

    return tweak


@pytest.mark.parametrize("block", [223, 1000, 4000])
@pytest.mark.parametrize(("most", "sw"), [(100, 0x6C64), (50, 0x6C32), (100, 0x6700), (17, 0x6700)])
def test_lengths_that_a_chip_refuses_are_learnt(block, most, sw):
    habits = ChipHabits()
    reader, channel = make(content(15_000), block=block, habits=habits, tweak=limit(most, sw))
    if 15_000 / habits_floor(most) > 15_000 // 32 + 64:
        with pytest.raises(ChipMalformedError, match="too-many-reads"):
            reader.read(files.DG2)
        return
    assert reader.read(files.DG2) == content(15_000)
    assert 16 <= habits.most_octets <= most
    refused = sum(command.le > most for command in reads(channel))
    assert refused <= 9
    other, channel = make(content(15_000), block=block, habits=habits, tweak=limit(most, sw))
    other.read(files.DG2)
    assert all(command.le <= most for command in reads(channel)), "and not asked of the same chip again"


def habits_floor(most):
    return 16 if most < 31 else most


def test_6c00_means_256():
    reader, _ = make(content(3000), block=1000, tweak=limit(256, 0x6C00))
    assert reader.read(files.DG2) == content(3000)


def test_6cxx_for_a_far_answer():
    reader, _ = make(content(40_000), tweak=limit(200, 0x6CC8))
    assert reader.read(files.DG2) == content(40_000)


@pytest.mark.parametrize("sw", [0x6B00, 0x6700])
def test_a_chip_that_will_not_read_past_its_end(sw):
    """EF.COM of 24 octets, asked for more than it has, and a read across 8000."""

    def tweak(command, response):
        offset = command.p1 << 8 | command.p2 if command.ins == 0xB0 else 0
        past = command.ins == 0xB0 and (offset + command.le > 80 or len(response.data) < command.le)
        return ResponseApdu(sw=sw) if past else response

    octets = content(78, files.DG15.tag)
    assert len(octets) == 80
    reader, _ = make(octets, spec=files.DG15, tweak=tweak)
    assert reader.read(files.DG15) == octets


def test_a_chip_that_will_not_read_across_7fff():
    def tweak(command, response):
        across = command.ins == 0xB0 and (command.p1 << 8 | command.p2) + command.le > 0x8000
        return ResponseApdu(sw=0x6B00) if across else response

    reader, channel = make(content(40_000), tweak=tweak)
    assert reader.read(files.DG2) == content(40_000)
    assert any(command.ins == 0xB1 for command in channel.commands)


@pytest.mark.parametrize("length", [0x7FFF - 4, 0x8000 - 4, 0x8001 - 4, 65_531])
@pytest.mark.parametrize("block", [223, 4000])
def test_files_around_and_beyond_7fff(length, block):
    reader, channel = make(content(length), block=block)
    assert reader.read(files.DG2) == content(length)
    far = [command for command in channel.commands if command.ins == 0xB1]
    assert far or length < 40_000
    for command in far:
        assert (command.p1, command.p2) == (0, 0)
        assert int.from_bytes(tlv.parse_one(command.data, 0x54).value, "big") >= 0x8000


def test_far_answers_with_longer_length_octets_than_needed():
    def tweak(command, response):
        if command.ins != 0xB1:
            return response
        data = tlv.parse_one(response.data, 0x53).value[:200]
        return ResponseApdu(data=b"\x53\x82" + len(data).to_bytes(2, "big") + data, sw=0x9000)

    habits = ChipHabits()
    reader, _ = make(content(40_000), tweak=tweak, habits=habits)
    assert reader.read(files.DG2) == content(40_000)
    assert habits.far_form == "wrapped"


def test_far_answers_without_the_object_are_taken_and_recorded():
    def tweak(command, response):
        return (
            ResponseApdu(data=tlv.parse_one(response.data, 0x53).value, sw=0x9000)
            if command.ins == 0xB1
            else response
        )

    octets = tlv.encode(0x75, bytes(40_000))
    habits = ChipHabits()
    reader, _ = make(octets, tweak=tweak, habits=habits)
    assert reader.read(files.DG2) == octets
    assert habits.far_form == "bare"


def test_a_chip_does_not_change_the_form_of_far_answers():
    seen = []

    def tweak(command, response):
        if command.ins != 0xB1:
            return response
        seen.append(command)
        return response if len(seen) == 1 else ResponseApdu(data=bytes(50), sw=0x9000)

    reader, _ = make(content(40_000), tweak=tweak)
    with pytest.raises(ChipMalformedError, match="read-object"):
        reader.read(files.DG2)


@pytest.mark.parametrize("sw", [0x6986, 0x6A86])
def test_far_reads_that_want_the_short_identifier(sw):
    def tweak(command, response):
        return ResponseApdu(sw=sw) if command.ins == 0xB1 and command.p2 != 2 else response

    reader, channel = make(content(40_000), tweak=tweak)
    assert reader.read(files.DG2) == content(40_000)
    assert sum(command.ins == 0xB1 and command.p2 == 0 for command in channel.commands) == 1


@pytest.mark.parametrize("sw", [0x6D00, 0x6E00, 0x6A81, 0x6982])
def test_a_chip_without_far_reads_ends_with_its_status(sw):
    def tweak(command, response):
        return ResponseApdu(sw=sw) if command.ins == 0xB1 else response

    reader, _ = make(content(40_000), tweak=tweak)
    with pytest.raises(ChipStatusError) as caught:
        reader.read(files.DG2)
    assert caught.value.facts["sw"] == f"{sw:04X}"


def test_a_last_part_is_not_asked_for_beyond_a_short_answer():
    """Between what fits a short protected answer and 256 octets there is no form of command that fits."""
    reader, channel = make(content(2 * 1000 + 240 - 4), block=1000, short_block=223)
    assert reader.read(files.DG2) == content(2236)
    assert not [command.le for command in reads(channel) if 223 < command.le <= 256]


# --- identifiers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sw", [0x6A82, 0x6D00, 0x6A86, 0x6982, 0x6A81])
def test_a_chip_that_takes_only_short_identifiers(sw):
    def tweak(command, response):
        return ResponseApdu(sw=sw) if command.ins == 0xA4 else response

    habits = ChipHabits()
    reader, channel = make(content(600), tweak=tweak, habits=habits)
    assert reader.fetch(PartialFile(spec=files.DG2)) == content(600)
    assert habits.way == "sfi"
    assert reader.fetch(PartialFile(spec=files.DG2)) == content(600)
    other_form = sw == 0x6A86  # SELECT with an answer is tried once where its P2 is not taken
    assert sum(command.ins == 0xA4 for command in channel.commands) == 1 + other_form


def test_a_chip_that_selects_is_not_asked_by_short_identifier():
    habits = ChipHabits()
    reader, channel = make(content(600), habits=habits)
    assert reader.fetch(PartialFile(spec=files.DG2)) == content(600)
    assert habits.way == "file-id"
    with pytest.raises(ChipFileMissingError):
        reader.fetch(PartialFile(spec=files.DG13))
    assert not [command for command in channel.commands if command.p1 & 0x80]


@pytest.mark.parametrize("odd", [b"", b"\x61\x05JUNK!", b"\xff\xff"])
def test_a_file_that_neither_identifier_gives_is_missing(odd):
    def tweak(command, response):
        return ResponseApdu(data=odd, sw=0x9000) if command.ins == 0xB0 else ResponseApdu(sw=0x6A82)

    reader, _ = make(content(600), tweak=tweak)
    with pytest.raises(ChipFileMissingError):
        reader.fetch(PartialFile(spec=files.DG2))


# --- files gone on with ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["", "file-id", "sfi"])
@pytest.mark.parametrize("at", [1, 2, 3, 40, 150])
def test_a_file_is_gone_on_with_at_the_octet_where_it_stopped(way, at):
    octets, partial, seen = content(40_000), PartialFile(spec=files.DG2), []
    countdown = iter(range(at, -1, -1))

    def lose(command, response):
        if next(countdown) == 0:
            raise CardLostError(step="transmit")
        return response

    habits = ChipHabits(way=way)
    first, _ = make(octets, tweak=lose, habits=habits, on_progress=lambda *step: seen.append(step))
    with pytest.raises(CardLostError):
        first.fetch(partial)
    kept = len(partial.octets)
    second, channel = make(octets, habits=habits, on_progress=lambda *step: seen.append(step))
    assert second.fetch(partial) == octets
    asked = sum(command.le for command in reads(channel))
    assert asked <= 40_000 - kept + 256 + 5 * len(reads(channel))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_a_partial_file_hides_its_octets():
    partial = PartialFile(spec=files.DG1, octets=bytearray(b"NGUYEN"), total=95)
    assert "NGUYEN" not in repr(partial)
    assert partial.missing == 89


# --- hostile -----------------------------------------------------------------------------------------------


def endless(first, then):
    """The first answer to a read, and the one to every later read."""
    answers = iter([first])

    def tweak(command, response):
        return next(answers, then) if command.ins in {0xB0, 0xB1} else response

    return tweak


SIXTY_KB = content(60_000)
LATER = {
    "empty": (ResponseApdu(sw=0x9000), "empty-read"),
    "empty-at-end-of-file": (ResponseApdu(sw=0x6282), "empty-read"),
    "one-octet": (ResponseApdu(data=b"\x00", sw=0x9000), "too-many-reads"),
    "wrong-offset": (ResponseApdu(sw=0x6B00), "shorter-than-announced"),
    "too-much": (ResponseApdu(data=bytes(300), sw=0x9000), "more-than-asked"),
}


@pytest.mark.parametrize("name", LATER)
def test_a_header_that_says_60_kb_over_nothing(name):
    later, reason = LATER[name]
    reader, channel = make(SIXTY_KB, tweak=endless(ResponseApdu(data=SIXTY_KB[:223], sw=0x9000), later))
    with pytest.raises(ChipMalformedError) as caught:
        reader.read(files.DG2)
    assert caught.value.facts["reason"] == reason
    assert len(channel.commands) < 2000


def test_repeated_blocks_end_by_the_announced_length():
    """What repeats cannot be told from a picture; the hash refuses it, the header bounds it."""
    reader, channel = make(SIXTY_KB, tweak=endless(ResponseApdu(data=SIXTY_KB[:223], sw=0x9000), None))
    channel.tweak = lambda command, response: (
        ResponseApdu(data=SIXTY_KB[: min(command.le, 223)], sw=0x9000) if command.ins == 0xB0 else response
    )
    assert len(reader.read(files.DG2)) == len(SIXTY_KB)
    assert len(channel.commands) < 400


@pytest.mark.parametrize("sw", [0x6C01, 0x6CFF, 0x6C00, 0x6700, 0x6B00])
def test_a_status_for_ever_ends(sw):
    reader, channel = make(SIXTY_KB, tweak=lambda c, r: ResponseApdu(sw=sw) if c.ins == 0xB0 else r)
    with pytest.raises((ChipMalformedError, ChipStatusError)):
        reader.read(files.DG2)
    assert len(channel.commands) < 20


@pytest.mark.parametrize(("spec", "cap"), [(files.DG2, 65536), (files.EF_SOD, 8192), (files.DG1, 4096)])
def test_caps(spec, cap):
    from readers.errors import ChipFileTooLargeError

    for total, good in ((cap, True), (cap + 1, False)):
        body = total - 4
        octets = bytes([spec.tag, 0x82]) + body.to_bytes(2, "big") if body < 65536 else b""
        if not octets or len(tlv.encode(spec.tag, bytes(body))) != total:
            octets = bytes([spec.tag, 0x83]) + (total - 5).to_bytes(3, "big")
            body = total - 5
        reader, channel = make(octets + bytes(body), spec=spec)
        if good:
            assert len(reader.read(spec)) == cap
        else:
            with pytest.raises(ChipFileTooLargeError) as caught:
                reader.read(spec)
            assert caught.value.facts == {"file": spec.name, "announced": cap + 1, "cap": cap}
            assert len(channel.commands) == 2
