"""Chips that do things in ways of their own: the read goes on where the standard allows it, and says what it did."""

import secrets
import time
from dataclasses import replace
from types import MappingProxyType

import pytest

from readers.emrtd.passive_auth import require_consistent
from readers.emrtd.reader_memory import ForgetfulMemory
from readers.emrtd.reading import ChipReader
from readers.errors import ReaderError, SecureMessagingError
from readers.softcard.chip import SoftCard
from readers.softcard.file_system import FileSystem
from readers.softcard.in_process import InProcessConnection
from readers.softcard.options import ActiveVariant, ChipAuthVariant, ChipOptions
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.refusal import CommandRefusedError
from readers.softcard.samples import sample_holder
from tests.support.softcard import NOW, fake_jpeg

HOLDER = sample_holder("mau", today=NOW.date())
KEY = HOLDER.number.can
INTERNAL_AUTHENTICATE = 0x88


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    pki = training_pki(tmp_path_factory.mktemp("pki"), now=NOW)

    def image(**options):
        return personalise(HOLDER, fake_jpeg(3000), pki, now=NOW, options=ChipOptions(**options))

    return image


class Ending(InProcessConnection):
    """Ends the session with a bare 6700 where `refuses` says so of a command."""

    def __init__(self, card, refuses=lambda command: False):
        super().__init__(card)
        self.card, self.refuses, self.refused = card, refuses, 0

    def transceive(self, command):
        if self.refuses(command):
            self.refused += 1
            self.card.reset()
            return b"\x67\x00"
        return super().transceive(command)


def read(connection, *, memory=None):
    reader = ChipReader(connection, randbytes=secrets.token_bytes, monotonic=time.monotonic, memory=memory)
    keys = require_consistent(reader.open(KEY))
    return reader, reader.read(reader.require_genuine(keys, secrets.token_bytes(8)))


def asks_for_signature(command, *, long):
    return command[1] == INTERNAL_AUTHENTICATE and (command[4] == 0) is long


# --- the form of a long signature --------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2048, 3072])
def test_a_chip_remembered_as_short_that_signs_in_the_extended_form_alone(make, bits):
    image = make(active_auth=ActiveVariant("rsa", bits, "sha256"), active_auth_trailer="named")
    memory = ForgetfulMemory()
    memory.put(SoftCard(image).atr, 256)
    card = Ending(SoftCard(image), lambda command: asks_for_signature(command, long=False))
    reader, raw = read(card, memory=memory)
    assert raw.genuine.proven_by == "ca+aa"
    assert card.refused == 1
    assert {step.name: step.outcome for step in reader.steps}["aa"] == "passed"
    assert memory.get(card.atr) > 256, "that it takes long commands was learnt, not that it wants less"
    again = Ending(SoftCard(image), lambda command: asks_for_signature(command, long=False))
    assert read(again, memory=memory)[1].genuine.proven_by == "ca+aa"
    assert again.refused == 0


def test_a_chip_of_which_nothing_is_known_is_asked_in_the_short_form_first(make):
    """Without EF.CardAccess there is no trial; a chip that knows no extended form would end the session."""
    card = Ending(SoftCard(make(card_access="missing", extended_length=False)))
    reader, raw = read(card)
    assert raw.genuine.proven_by == "ca+aa"
    assert reader.tries == 1


def test_a_chip_remembered_as_short_that_takes_a_long_key_in_the_extended_form_alone(make):
    """A card of the same answer to reset was short: this one knows no chaining, and ends the session over it."""
    image = make(chip_auth=(ChipAuthVariant.parse("dh:aes-128:2"),))
    memory = ForgetfulMemory()
    memory.put(SoftCard(image).atr, 256)
    _, raw = read(Ending(SoftCard(image)), memory=memory)
    assert raw.genuine.proven_by == "ca+aa"
    assert memory.get(SoftCard(image).atr) > 256


def test_a_chip_that_signs_in_no_form_ends_after_two(make):
    card = Ending(SoftCard(make()), lambda command: command[1] == INTERNAL_AUTHENTICATE)
    with pytest.raises(SecureMessagingError):
        read(card)
    assert card.refused == 2


# --- opening files that are refused ------------------------------------------------------------------------


def refusing(monkeypatch, file_id, sw):
    select = FileSystem.select

    def refuse(self, command, *, protected):
        if command.data == file_id:
            raise CommandRefusedError(sw)
        return select(self, command, protected=protected)

    monkeypatch.setattr(FileSystem, "select", refuse)


@pytest.mark.parametrize("sw", [0x6982, 0x6985, 0x6A81, 0x6A82, 0x6A86, 0x6A88])
def test_a_missing_com_is_recorded(make, monkeypatch, sw):
    refusing(monkeypatch, b"\x01\x1e", sw)
    image = make()
    kept = {name: octets for name, octets in image.files.items() if name != "COM"}
    reader, raw = read(InProcessConnection(SoftCard(replace(image, files=MappingProxyType(kept)))))
    assert raw.genuine.keys.opened.facts["absent"] == "COM"
    assert {step.name: step.outcome for step in reader.steps}["COM"] == "not-performed"


@pytest.mark.parametrize("sw", [0x6982, 0x6985, 0x6A82, 0x6A86, 0x6A88])
def test_a_withheld_dg15_is_said_to_be_withheld_by_whatever_status(make, monkeypatch, sw):
    refusing(monkeypatch, b"\x01\x0f", sw)
    _, raw = read(InProcessConnection(SoftCard(make())))
    assert raw.genuine.keys.facts["withheld"] == "DG15"
    assert raw.genuine.proven_by == "ca"
    assert raw.genuine.facts["active_authentication"] == "suppressed"


@pytest.mark.parametrize(
    "com", [b"", b"\x60", b"\x61\x02\x5f\x01", b"\x60\x82\x24\x00" + bytes(60), b"junk" * 9]
)
def test_a_malformed_com_ends_nothing(make, com):
    image = make()
    image = replace(image, files=MappingProxyType({**image.files, "COM": com}))
    _, raw = read(InProcessConnection(SoftCard(image)))
    assert raw.genuine.proven_by == "ca+aa"


def test_a_sod_that_is_refused_ends_it(make, monkeypatch):
    refusing(monkeypatch, b"\x01\x1d", 0x6982)
    with pytest.raises(ReaderError):
        read(InProcessConnection(SoftCard(make())))


# --- SELECT ------------------------------------------------------------------------------------------------


def test_a_chip_that_selects_only_with_an_answer(make, monkeypatch):
    select = FileSystem.select
    asked = []

    def only_with_answer(self, command, *, protected):
        asked.append(command.p2)
        if command.p2 == 0x0C:
            raise CommandRefusedError(0x6A86)
        return select(self, command, protected=protected)

    monkeypatch.setattr(FileSystem, "select", only_with_answer)
    _, raw = read(InProcessConnection(SoftCard(make())))
    assert raw.genuine.proven_by == "ca+aa"
    assert asked[-3:] == [0x00] * 3, "what the chip takes is learnt"
