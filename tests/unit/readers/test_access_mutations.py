"""One answer of an honest chip is spoilt at random: opening ends with a ReaderError or a channel, never otherwise."""

import random
from contextlib import suppress

import pytest

from readers.emrtd.access import Granted
from readers.emrtd.crypto import CipherSuite
from readers.errors import ReaderError
from tests.support.access_cases import BAC_ALLOWED, BOTH, CAN, CARD_ACCESS, MRZ, Files, opener
from tests.support.access_chip import CHIP_AUTH_INFO, AccessChip, infos, pace_info

WAYS = [
    ("ecdh-gm", CipherSuite.AES_128, 13),
    ("ecdh-cam", CipherSuite.AES_256, 12),
    ("ecdh-im", CipherSuite.AES_192, 9),
    ("dh-gm", CipherSuite.TDES, 0),
    ("dh-im", CipherSuite.AES_128, 0),
    None,
]


def flip(chance, answer):
    place = chance.randrange(len(answer))
    return answer[:place] + bytes([answer[place] ^ 1 << chance.randrange(8)]) + answer[place + 1 :]


MUTATIONS = (
    flip,
    lambda chance, answer: answer[: chance.randrange(len(answer) + 1)],
    lambda chance, answer: chance.randbytes(chance.randrange(300)),
    lambda chance, answer: answer[:-2] + chance.randbytes(2),
    lambda chance, answer: chance.randbytes(chance.randrange(1, 40)) + answer,
    lambda chance, answer: answer + b"\x90\x00",
    lambda chance, answer: b"\x7c\x84\xff\xff\xff\xff" + answer,
    lambda chance, answer: answer[:-2] + b"\x61\x00",
)


class Spoilt(AccessChip):
    """The n-th answer is spoilt; what then confuses the chip gives 6F00."""

    def spoil(self, place, mutate):
        self.left, self.mutate = place, mutate
        return self

    def transceive(self, octets):
        try:
            answer = super().transceive(octets)
        except (KeyError, IndexError, ValueError, AttributeError, TypeError, ReaderError):
            answer = b"\x6f\x00"
        self.left -= 1
        return self.mutate(answer) if self.left == 0 else answer


def chip_of(way):
    if way is None:
        return Spoilt(answers={"mse": 0x6D00}, bac_seed=MRZ.bac_seed)
    return Spoilt(
        files={CARD_ACCESS: infos(CHIP_AUTH_INFO, pace_info(*way))},
        secrets=BOTH,
        parameter_id=way[2],
        static_key=0x1234567,
    )


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("number", range(len(MUTATIONS)))
def test_spoilt_answers(way, number):
    chance = random.Random(f"{way} {number}")
    for place in range(1, 11):
        chip = chip_of(way).spoil(place, lambda answer: MUTATIONS[number](chance, answer))
        access = opener(chip, policy=BAC_ALLOWED, protected=Files(b"content"))
        with suppress(ReaderError):
            assert isinstance(access.open([CAN, MRZ]), Granted)
        assert access.tries <= 2
