"""Whole chips of every length habit: the read succeeds or ends with a code, and the next insertion succeeds."""

import secrets
import time

import pytest

from readers.emrtd.evidence import freeze
from readers.emrtd.limits import ReadLimits
from readers.emrtd.passive_auth import require_consistent
from readers.emrtd.reader_memory import ForgetfulMemory
from readers.emrtd.reading import ChipReader
from readers.errors import CardLostError, ReaderError, SecureMessagingError
from readers.iso7816.apdu import CommandApdu
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from readers.softcard.options import ActiveVariant, ChipOptions
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from tests.support.softcard import NOW, fake_jpeg

HOLDER = sample_holder("mau", today=NOW.date())
KEY = HOLDER.number.can


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    pki = training_pki(tmp_path_factory.mktemp("pki"), now=NOW)
    made = {}

    def image(octets=12_000, **options):
        key = (octets, repr(options))
        if key not in made:
            made[key] = personalise(HOLDER, fake_jpeg(octets), pki, now=NOW, options=ChipOptions(**options))
        return made[key]

    return image


class Counting:
    """Passes on, counts and may refuse: `refuse(command)` gives the answer in the card's place, or an error."""

    def __init__(self, image, refuse=lambda command: None):
        self.inner = InProcessConnection(SoftCard(image))
        self.refuse = refuse
        self.commands = []
        self.name, self.atr = "counting", self.inner.atr

    def transceive(self, command):
        self.commands.append(command)
        answer = self.refuse(command)
        if isinstance(answer, Exception):
            self.inner.close()
            raise answer
        return self.inner.transceive(command) if answer is None else answer

    def close(self):
        self.inner.close()


def is_long(command):
    return len(command) >= 7 and command[4] == 0


def is_protected(command):
    return command[0] & 0x0C == 0x0C


def read(connection, *, memory=None, **limits):
    reader = ChipReader(
        connection,
        randbytes=secrets.token_bytes,
        monotonic=time.monotonic,
        limits=ReadLimits(**limits),
        memory=memory,
    )
    keys = require_consistent(reader.open(KEY))
    return reader, reader.read(reader.require_genuine(keys, secrets.token_bytes(8)))


HABITS = {
    "plain": {},
    "atr-info": {"atr_info": True},
    "atr-info-short": {"atr_info": True, "extended_length": False},
    "short-only": {"extended_length": False},
    "small-buffer": {"max_answer": 512},
    "small-declared-buffer": {"max_answer": 700, "atr_info": True},
    "small-blocks": {"max_block": 100},
    "rsa-4096": {"active_auth": ActiveVariant("rsa", 4096, "sha256"), "active_auth_trailer": "named"},
    "rsa-4096-short": {
        "active_auth": ActiveVariant("rsa", 4096, "sha256"),
        "active_auth_trailer": "named",
        "extended_length": False,
    },
}


@pytest.mark.parametrize("remembers", [False, True])
@pytest.mark.parametrize("name", HABITS)
def test_every_habit_is_read_and_read_again(make, name, remembers):
    image = make(**HABITS[name])
    memory = ForgetfulMemory() if remembers else None
    counts = []
    for _ in range(2):
        connection = Counting(image)
        _, raw = read(connection, memory=memory)
        assert raw.genuine.proven_by == "ca+aa"
        assert {name: image.files[name] for name in raw.files} == raw.files
        counts.append(len(connection.commands))
    assert counts[1] <= counts[0]


def test_a_capable_chip_is_read_in_a_third_of_the_commands(make):
    image, memory = make(), ForgetfulMemory()
    plain = Counting(image)
    read(plain, extended_length=False)
    probed = Counting(image)
    _, raw = read(probed, memory=memory)
    assert len(probed.commands) < len(plain.commands) * 0.6
    assert raw.facts["answer_length_by"] == "trial"
    again = Counting(image)
    _, raw = read(again, memory=memory)
    assert raw.facts["answer_length_by"] == "remembered"
    assert len(again.commands) <= len(probed.commands) - 3
    assert not any(is_long(command) and not is_protected(command) for command in again.commands)


@pytest.mark.parametrize("bare", [b"\x67\x00", b"\x6c\x00", b"\x6c\xdf"])
def test_a_length_refused_outside_protection_ends_the_session_and_is_remembered(make, bare):
    """A chip that takes long commands in the open and not in a session: it is opened again and asked for less."""
    image, memory = make(), ForgetfulMemory()

    def refuse(command):
        return bare if is_long(command) and is_protected(command) else None

    for sessions in (2, 1):
        connection = Counting(image, refuse)
        _, raw = read(connection, memory=memory)
        assert raw.genuine.proven_by == "ca+aa"
        assert raw.facts["answer_octets"] == memory.get(connection.atr) == 256
        assert sum(command[:4] == MSE_SET_AT for command in connection.commands) == sessions


MSE_SET_AT = bytes.fromhex("0022C1A4")


@pytest.mark.parametrize(("takes", "sessions"), [(128, 2), (64, 3)])
def test_short_answers_refused_outside_protection_get_shorter_still_in_this_read_alone(make, takes, sessions):
    image, memory = make(), ForgetfulMemory()
    memory.put(InProcessConnection(SoftCard(image)).atr, 256)
    for _ in range(2):
        connection = Counting(image, lambda command: None)
        connection.transceive = shortening(connection, takes)
        _, raw = read(connection, memory=memory)
        assert raw.facts["answer_octets"] == takes
        assert sum(command[:4] == MSE_SET_AT for command in connection.commands) == sessions
        assert memory.get(connection.atr) == 256


def shortening(connection, most):
    """Answers a protected READ BINARY whose answer is longer than the card cares for with a bare 6700."""
    inner = connection.inner

    def transceive(command):
        connection.commands.append(command)
        answer = inner.transceive(command)
        too_long = is_protected(command) and command[1] == 0xB0 and len(answer) > most + 2
        return b"\x67\x00" if too_long else answer

    return transceive


def test_a_hostile_card_does_not_slow_its_type_down(make):
    image, memory = make(), ForgetfulMemory()
    honest = Counting(image)
    read(honest, memory=memory)
    sent = 0
    for _ in range(4):
        hostile = Counting(image, lambda command: b"\x67\x00" if is_protected(command) else None)
        with pytest.raises(SecureMessagingError):
            read(hostile, memory=memory)
        sent = max(sent, len(hostile.commands))
    assert sent < 50
    assert memory.get(honest.atr) == 256
    again = Counting(image)
    read(again, memory=memory)
    assert len(again.commands) < 2 * len(honest.commands) + 10


def test_a_chip_that_refuses_every_length_ends_the_read(make):
    connection = Counting(
        make(), lambda command: b"\x67\x00" if is_protected(command) and command[1] == 0xB0 else None
    )
    with pytest.raises(SecureMessagingError):
        read(connection)
    assert sum(command[:4] == MSE_SET_AT for command in connection.commands) == 4


@pytest.mark.parametrize("protected", [False, True])
def test_a_reader_that_cannot_carry_long_commands_loses_the_card_once(make, protected):
    image, memory = make(), ForgetfulMemory()

    def refuse(command):
        return (
            CardLostError(step="transmit")
            if is_long(command) and is_protected(command) is protected
            else None
        )

    with pytest.raises(CardLostError):
        read(Counting(image, refuse), memory=memory)
    _, raw = read(Counting(image, refuse), memory=memory)
    assert raw.genuine.proven_by == "ca+aa"


def test_a_card_lifted_after_long_answers_is_not_taken_for_a_refusal(make):
    image, memory = make(), ForgetfulMemory()
    long = []

    def refuse(command):
        if is_long(command) and is_protected(command):
            long.append(command)
        return CardLostError(step="transmit") if len(long) == 8 else None

    with pytest.raises(CardLostError):
        read(Counting(image, refuse), memory=memory)
    assert memory.get(InProcessConnection(SoftCard(image)).atr) == 1024


def test_given_as_known_short_nothing_long_is_ever_sent(make):
    connection = Counting(make())
    _, raw = read(connection, extended_length=False, block_octets=4000, memory=ForgetfulMemory())
    assert raw.genuine.proven_by == "ca+aa"
    assert not any(is_long(command) for command in connection.commands)


@pytest.mark.parametrize("octets", [40_000, 60_000])
@pytest.mark.parametrize("block", [0, 4000])
def test_portraits_beyond_7fff(make, octets, block):
    image = make(octets)
    connection = Counting(image)
    _, raw = read(connection, block_octets=block)
    assert raw.files["DG2"] == image.files["DG2"]
    assert raw.facts["far_form"] == "wrapped"


# --- what is read, and what is not -------------------------------------------------------------------------


def test_dg11_and_dg12_are_read_where_the_sod_lists_them(make):
    reader, raw = read(Counting(make(dg11=True, dg12=True)))
    assert list(raw.files) == ["DG1", "DG2", "DG13", "DG11", "DG12"]
    assert {step.name: step.outcome for step in reader.steps}["DG12"] == "passed"
    reader, raw = read(Counting(make()))
    assert list(raw.files) == ["DG1", "DG2", "DG13"]
    rows = {step.name: (step.outcome, step.code) for step in reader.steps}
    assert rows["DG11"] == rows["DG12"] == ("not-performed", "not-listed")


def test_fingerprints_and_irises_are_never_asked_for(make, monkeypatch):
    """No protected command shows its file, so the chip's side tells."""
    from readers.softcard.file_system import FileSystem

    asked = []
    real = FileSystem.select

    def select(self, command, **options):
        asked.append(bytes(command.data))
        return real(self, command, **options)

    monkeypatch.setattr(FileSystem, "select", select)
    read(Counting(make(dg11=True, dg12=True)))
    assert b"\x01\x02" in asked
    assert b"\x01\x03" not in asked
    assert b"\x01\x04" not in asked


def test_every_step_of_a_whole_read_is_told(make):
    reader, _ = read(Counting(make()))
    rows = {step.name: step for step in reader.steps}
    passed = {name for name, step in rows.items() if step.outcome == "passed"}
    assert passed == {
        "card-access",
        "pace",
        "select",
        "COM",
        "SOD",
        "DG14",
        "DG15",
        "ca",
        "aa",
        "DG1",
        "DG13",
        "DG2",
    }
    assert (rows["cam"].outcome, rows["cam"].code) == ("not-performed", "not-offered")
    assert all(step.apdus and step.octets for name, step in rows.items() if name in passed)
    assert sum(step.apdus for step in reader.steps) == len(reader._tools.link._connection.commands)


def test_a_session_that_died_says_how_far_it_came(make):
    image = make()
    seen = []

    def refuse(command):
        seen.append(command)
        return b"\x69\x88" if len(seen) == 15 else None

    connection = Counting(image, refuse)
    reader = ChipReader(connection, randbytes=secrets.token_bytes, monotonic=time.monotonic)
    with pytest.raises(SecureMessagingError):
        reader.open(KEY)
    rows = [(step.outcome, step.code) for step in reader.steps]
    assert rows.count(("indeterminate", "sm-failed")) == 1
    assert rows[-1] == ("not-performed", "not-reached")


def test_facts_of_a_read_are_words_and_numbers_of_no_person(make):
    _, raw = read(Counting(make()))
    assert raw.facts == freeze(raw.facts)
    shown = repr(dict(raw.facts)) + repr(raw) + repr(raw.genuine)
    for secret in ("000001", "NGUYEN", raw.genuine.active_proofs[0].signature.hex()):
        assert secret not in shown


@pytest.mark.parametrize("at", range(1, 45, 2))
def test_any_command_may_be_the_last(make, at):
    """Whatever command the card is lost at, the end is card-lost, and nothing else is raised."""
    image = make()
    seen = []

    def refuse(command):
        seen.append(command)
        return CardLostError(step="transmit") if len(seen) == at else None

    with pytest.raises(ReaderError) as caught:
        read(Counting(image, refuse))
    assert caught.value.code == "card-lost"


def test_command_length_helper():
    assert is_long(CommandApdu(ins=0xB0, le=65536).encode())
    assert not is_long(CommandApdu(ins=0xB0, le=256).encode())
