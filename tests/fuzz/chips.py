"""A chip that is honest but for what an input says: whole reads, with single answers replaced.

An input is a row of replacements: the number of the answer (one octet), how it is replaced (one octet: bit 0 the
protected answer as it goes over the air, else what is protected), two octets of length, the octets. Access is by BAC
with keys that both sides know, which costs little; what lies behind is the same for every protocol.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.crypto import CipherSuite, mac_blocks, pad
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.pace import PaceReader
from readers.emrtd.passive_auth import require_consistent, require_hashes
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.errors import CardLostError, ReaderError
from readers.iso7816 import tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.iso7816.channel import PlainChannel
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card
from tests.support.softcard import NOW, fake_jpeg

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.softcard.active_auth import Prover
    from readers.softcard.personalise import ChipImage

CHALLENGE = bytes(range(1, 9))
_SAMPLES = ("passport", "mau")


def fixed_octets(start: int = 0) -> Callable[[int], bytes]:
    """The same "random" octets every time, others for each start."""
    numbers = count(start)

    def octets(size: int) -> bytes:
        return hashlib.shake_128(next(numbers).to_bytes(4, "big")).digest(size)

    return octets


class _SignsOnce:
    """The card's signatures, each made once: what the card computes is not what is measured."""

    def __init__(self, prover: Prover) -> None:
        self._prover = prover
        self._made: dict[bytes, bytes] = {}

    def sign(self, challenge: bytes, randbytes: Callable[[int], bytes]) -> bytes:
        """As the prover does."""
        if challenge not in self._made:
            self._made[challenge] = self._prover.sign(challenge, randbytes)
        return self._made[challenge]


@cache
def images() -> dict[str, ChipImage]:
    """A passport with BAC and Active Authentication, and an identity card; both with small portraits."""
    with TemporaryDirectory() as folder:
        pki = training_pki(Path(folder), now=NOW)
        made = {name: sample_card(name, fake_jpeg(300), pki, now=NOW) for name in _SAMPLES}
    return {
        name: replace(image, prover=None if image.prover is None else _SignsOnce(image.prover))
        for name, image in made.items()
    }


def replacements(octets: bytes) -> dict[int, tuple[bool, bytes]]:
    """The answers to replace, by number."""
    found: dict[int, tuple[bool, bytes]] = {}
    while len(octets) >= 4:
        length = int.from_bytes(octets[2:4], "big")
        found[octets[0]] = bool(octets[1] & 1), octets[4 : 4 + length]
        octets = octets[4 + length :]
    return found


def replacement(number: int, octets: bytes, *, outer: bool = False) -> bytes:
    """One replacement, for a seed."""
    return bytes([number, outer]) + len(octets).to_bytes(2, "big") + octets


class SpoilingCard(SoftCard):
    """Replaces answers."""

    def __init__(self, image: ChipImage, spoilt: dict[int, tuple[bool, bytes]]) -> None:
        self._spoilt = spoilt
        self._number = -1
        self.cpu_s = 0.0
        super().__init__(image, fixed_octets(1 << 16))

    def process(self, octets: bytes) -> bytes:
        self._number += 1
        began = time.process_time()
        answer = super().process(octets)
        self.cpu_s += time.process_time() - began
        outer, given = self._spoilt.get(self._number, (False, b""))
        return given if outer else answer

    def _dispatch(self, command: CommandApdu, *, protected: bool, room: int) -> ResponseApdu:
        outer, given = self._spoilt.get(self._number, (True, b""))
        answer = super()._dispatch(command, protected=protected, room=room)
        return answer if outer or len(given) < 2 else ResponseApdu.decode(given)


def whole_read(octets: bytes) -> float:
    """The whole read of a passport with these answers replaced; returns the card's own CPU time in seconds."""
    image = images()["passport"]
    clock = count()
    card = SpoilingCard(image, replacements(octets))
    reader = ChipReader(
        InProcessConnection(card),
        randbytes=fixed_octets(),
        monotonic=lambda: next(clock) / 1000,
        limits=ReadLimits(bac_allowed=True),
    )
    with suppress(ReaderError):
        opened = reader.open(MrzInformation(image.mrz_information))
        genuine = reader.require_genuine(require_consistent(opened), CHALLENGE)
        require_hashes(reader.read(genuine))
    return card.cpu_s


@cache
def read_seeds() -> list[bytes]:
    """Every answer of an honest read, replaced by itself, by a status word and by nothing."""
    image = images()["passport"]
    answers: list[bytes] = []

    class Noting(SpoilingCard):
        def _dispatch(self, command: CommandApdu, *, protected: bool, room: int) -> ResponseApdu:
            answer = super()._dispatch(command, protected=protected, room=room)
            answers.append(answer.encode())
            return answer

    clock = count()
    reader = ChipReader(
        InProcessConnection(Noting(image, {})),
        randbytes=fixed_octets(),
        monotonic=lambda: next(clock) / 1000,
        limits=ReadLimits(bac_allowed=True),
    )
    opened = reader.open(MrzInformation(image.mrz_information))
    reader.read(reader.require_genuine(require_consistent(opened), CHALLENGE))
    own = [replacement(number, octets) for number, octets in enumerate(answers)]
    words = [
        replacement(number, word) for number in range(len(answers)) for word in (b"\x6c\x10", b"\x67\x00")
    ]
    outer = [replacement(number, b"\x61\x10", outer=True) for number in range(len(answers))]
    return [b"", *own, *words, *outer]


class _Answers:
    """Gives the answers in an input one after the other, two octets of length before each."""

    name, atr = "answers", b""

    def __init__(self, octets: bytes, mend: Callable[[bytes], bytes] = bytes) -> None:
        self._left, self._mend = octets, mend

    def transceive(self, _: bytes) -> bytes:
        if len(self._left) < 2:
            raise CardLostError(step="transmit")
        length = int.from_bytes(self._left[:2], "big")
        answer, self._left = self._left[2 : 2 + length], self._left[2 + length :]
        return self._mend(answer)

    def close(self) -> None:
        """Nothing is held."""


def answers(*octets: bytes) -> bytes:
    """An input of these answers."""
    return b"".join(len(one).to_bytes(2, "big") + one for one in octets)


def pace(octets: bytes) -> None:
    """PACE of the identity card with these answers."""
    (info,) = parse_card_access(images()["mau"].files["CardAccess"]).pace
    PaceReader(PlainChannel(_Answers(octets)), info, randbytes=fixed_octets()).establish(Can("000001"))


class _Noting:
    """A card whose answers are kept."""

    name, atr = "noting", b""

    def __init__(self, card: SoftCard) -> None:
        self._card = card
        self.answers: list[bytes] = []

    def transceive(self, command: bytes) -> bytes:
        self.answers.append(self._card.process(command))
        return self.answers[-1]

    def close(self) -> None:
        """Nothing is held."""


@cache
def pace_seeds() -> list[bytes]:
    """The answers of an honest run, and of one with a wrong key."""
    (info,) = parse_card_access(images()["mau"].files["CardAccess"]).pace
    card = _Noting(SoftCard(images()["mau"], fixed_octets(1 << 16)))
    PaceReader(PlainChannel(card), info, randbytes=fixed_octets()).establish(Can("000001"))
    return [answers(*card.answers), answers(*card.answers[:-1], b"\x63\x00"), answers(*card.answers[:2])]


_SUITES = tuple(CipherSuite)


def secure_messaging(octets: bytes) -> None:
    """Protected answers with good MACs over whatever they hold; bit 2 of the first octet leaves the MAC as it is."""
    if not octets:
        return
    suite, mended = _SUITES[octets[0] & 3], not octets[0] & 4
    keys = SessionKeys(suite=suite, enc=bytes(suite.key_octets), mac=bytes(range(suite.key_octets)))
    numbers = count(2, 2)

    def mend(answer: bytes) -> bytes:
        number = next(numbers)
        if not mended or len(answer) < 2:
            return answer
        counter = number.to_bytes(suite.block_octets, "big")
        mac = mac_blocks(suite, keys.mac, pad(counter + answer[:-2], suite.block_octets))
        return answer[:-2] + tlv.encode(0x8E, mac) + answer[-2:]

    channel = SecureChannel(PlainChannel(_Answers(octets[1:], mend)), keys)
    for command in (
        CommandApdu(ins=0xB0, le=256),
        CommandApdu(ins=0xB1, data=b"\x54\x02\x80\x00", le=256),
    ) * 4:
        channel.send(command)


def secure_seeds() -> list[bytes]:
    """A bare status, data with every suite, and 61xx."""
    bare = answers(b"\x99\x02\x90\x00\x90\x00")
    data: Any = answers(b"\x87\x11\x01" + bytes(16) + b"\x99\x02\x90\x00\x90\x00")
    odd = answers(b"\x85\x10" + bytes(16) + b"\x99\x02\x90\x00\x90\x00")
    parts = answers(b"\x61\x10", b"\x99\x02\x90\x00\x90\x00")
    return [bytes([first]) + body * 3 for first in range(8) for body in (bare, data, odd, parts)]
