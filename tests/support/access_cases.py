"""Chips and openers for the tests of access: who knows which password, who offers what."""

import secrets

from readers.emrtd.access import AccessOpener, AccessPolicy
from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.file_reader import FileReader, Progress
from readers.emrtd.secure_messaging import SecureChannel
from readers.errors import ReaderError
from readers.iso7816.channel import PlainChannel
from tests.support.access_chip import CHIP_AUTH_INFO, AccessChip, infos, pace_info

CAN, MRZ = Can("000001"), MrzInformation("099000001799011552401151")
WRONG_CANS = tuple(Can(f"00001{digit}") for digit in range(6))
WRONG_MRZ = MrzInformation("099000001799011553901153")
CARD_ACCESS = bytes.fromhex("011C")
OFFER = infos(CHIP_AUTH_INFO, pace_info())
BAC_ALLOWED = AccessPolicy(bac_allowed=True)
BOTH = {1: MRZ.secret, 2: CAN.secret}


class Files:
    """Files over a protected channel, without protection: what is in them is not the point here."""

    def __init__(self, content):
        self.content = content
        self.asked = []

    def read(self, spec):
        return self.read_by_sfi(spec)

    def read_by_sfi(self, spec):
        self.asked.append(spec.name)
        if isinstance(self.content, ReaderError):
            raise self.content
        return self.content


def opener(chip, *, policy=None, protected=None, **options):
    progress = Progress(on_progress=None, monotonic=lambda: 0.0, deadline=1.0)

    def reader_for(channel):
        if isinstance(channel, SecureChannel):
            return protected
        return FileReader(channel, block=256, progress=progress)

    return AccessOpener(
        PlainChannel(chip), randbytes=secrets.token_bytes, reader_for=reader_for, policy=policy, **options
    )


def card(offer=OFFER, **options):
    """A chip that knows both passwords and offers this."""
    options.setdefault("secrets", BOTH)
    return AccessChip(files={} if offer is None else {CARD_ACCESS: offer}, **options)


def passport(offer=None, **options):
    """A chip that knows nothing but BAC."""
    options.setdefault("answers", {"mse": 0x6D00})
    return card(offer, secrets={}, bac_seed=MRZ.bac_seed, **options)
