"""A chip that ends its session over an optional file is opened again: in the same way, with no further key."""

import secrets
from dataclasses import replace

import pytest

from readers.emrtd.access import Granted, difference
from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.evidence import Access, freeze
from readers.emrtd.limits import ReadLimits
from readers.emrtd.passive_auth import require_consistent
from readers.emrtd.reading import ChipReader
from readers.errors import AccessDeniedError, AccessDowngradeError, AccessLockedError, CardSwappedError
from readers.iso7816 import tlv
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from readers.softcard.options import ChipOptions, PaceVariant
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from tests.support.access_chip import infos, pace_info
from tests.support.lifted_card import LiftedConnection, Table, commands_of
from tests.support.softcard import NOW, fake_jpeg, read_all

HOLDER = sample_holder("mau", today=NOW.date())
CAN = HOLDER.number.can
STRONG = (PaceVariant("ecdh-gm", CipherSuite.AES_256, 13),)
WEAK_CURVE = (PaceVariant("ecdh-gm", CipherSuite.AES_256, 12),)


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    pki = training_pki(tmp_path_factory.mktemp("pki"), now=NOW)

    def image(**options):
        return personalise(HOLDER, fake_jpeg(4_000), pki, now=NOW, options=ChipOptions(**options))

    return image


class Between:
    """Somebody between card and reader: answers the n-th SELECT of the application's files with a bare 6A82, and
    lets the reader talk to another card from then on."""

    def __init__(self, first, then, at=2):
        self.inner, self.then = InProcessConnection(SoftCard(first)), then
        self.left = at
        self.name, self.atr = "between", b""

    def transceive(self, command):
        if command[0] & 0x0C and command[1] == 0xA4:
            self.left -= 1
            if self.left == 0:
                self.inner = InProcessConnection(SoftCard(self.then))
                return b"\x6a\x82"
        return self.inner.transceive(command)

    def close(self):
        self.inner.close()


def reader_of(connection, **limits):
    return ChipReader(
        connection, randbytes=secrets.token_bytes, monotonic=lambda: 0.0, limits=ReadLimits(**limits)
    )


WRONG = tuple(Can(f"99999{digit}") for digit in range(3))


def test_what_the_first_session_took_to_open_stays_on_record(make):
    image = make()
    connection = Between(image, image)
    reader = reader_of(connection)
    opened = reader.open(*WRONG, CAN)
    assert (opened.facts["key_index"], opened.facts["tries"], reader.tries) == (4, 4, 4)
    assert opened.facts["absent"] == "COM"
    with pytest.raises(AccessLockedError):
        reader.open(CAN)


def test_a_second_session_that_refuses_the_key_is_the_last(make):
    image = make()
    reader = reader_of(Between(image, replace(image, can="654321")))
    with pytest.raises(AccessDeniedError):
        reader.open(CAN)
    with pytest.raises(AccessLockedError):
        reader.open(Can("654321"))


def test_a_lifted_card_is_opened_again_after_four_keys(make):
    image = make()
    at = len(commands_of(image, CAN)) - 5
    table = Table(LiftedConnection(image, at + 4 * 3), lambda: LiftedConnection(image))
    reader = table.reader()
    opened = reader.open(*WRONG, CAN)
    genuine = reader.require_genuine(require_consistent(opened), table.challenge())
    assert reader.read(genuine).facts["resumes"] == 1
    assert reader.tries == 4


def with_card_access(image, octets, **options):
    return replace(
        image, files={**image.files, "CardAccess": octets}, options=replace(image.options, **options)
    )


def without_pace(image):
    infos = tlv.parse_one(image.files["CardAccess"], 0x31).children()
    return with_card_access(image, tlv.encode(0x31, *(info.raw for info in infos[:-1])))


def test_the_same_chip_goes_on(make):
    image = make()
    steps = read_all(reader_of(Between(image, image)), CAN)
    assert steps.opened.facts["absent"] == "COM"
    assert steps.genuine.proven_by == "ca+aa"


def test_bac_of_the_first_session_is_not_hidden_by_pace_in_the_second(make):
    image = make()
    connection = Between(without_pace(image), image, at=4)
    with pytest.raises(AccessDowngradeError) as caught:
        reader_of(connection, bac_allowed=True).open(MrzInformation(image.mrz_information))
    assert caught.value.facts == {"protocol": "pace-ecdh-gm-aes-128", "reason": "access-protocol"}


@pytest.mark.parametrize(
    ("offer", "pace", "reason"),
    [
        (
            pace_info("ecdh-gm", CipherSuite.TDES, 8),
            (PaceVariant("ecdh-gm", CipherSuite.TDES, 8),),
            "access-protocol",
        ),
        (pace_info("ecdh-gm", CipherSuite.AES_256, 12), WEAK_CURVE, "access-domain"),
        (pace_info("ecdh-gm", CipherSuite.AES_256, 13), STRONG, "card-access"),
    ],
)
def test_another_offer_in_the_second_session(make, offer, pace, reason):
    image = make(pace=STRONG)
    second = with_card_access(image, infos(offer), pace=pace)
    with pytest.raises(AccessDowngradeError) as caught:
        reader_of(Between(image, second)).open(CAN)
    assert caught.value.facts["reason"] == reason


def test_card_access_that_is_gone_after_the_application_was_selected(make):
    image = make()
    files = {name: octets for name, octets in image.files.items() if name != "CardAccess"}
    steps = read_all(reader_of(Between(image, replace(image, files=files))), CAN)
    assert steps.opened.access.card_access == "file-id"
    assert steps.keys.facts["card_access"] == "signed"


def test_a_lifted_card_may_not_come_back_on_a_weaker_curve(make):
    image = make(pace=STRONG)
    second = with_card_access(image, infos(pace_info("ecdh-gm", CipherSuite.AES_256, 12)), pace=WEAK_CURVE)
    table = Table(
        LiftedConnection(image, len(commands_of(image, CAN)) - 10), lambda: LiftedConnection(second)
    )
    with pytest.raises(CardSwappedError) as caught:
        table.read(CAN)
    assert caught.value.facts == {"reason": "access-domain"}


@pytest.mark.parametrize(
    ("first", "again", "differs"),
    [
        (b"1", b"1", None),
        (b"1", None, None),
        (b"1", b"2", "card-security"),
        (None, b"1", "card-security"),
    ],
)
def test_card_security_is_compared_too(first, again, differs):
    def granted(octets):
        return Granted(
            channel=None,
            access=Access(protocol="pace-ecdh-cam-aes-128", password="can", card_access="file-id"),
            card_access=b"0",
            card_security=octets,
            key=CAN,
            facts=freeze({"curve": "brainpoolP256r1"}),
        )

    assert difference(granted(first), granted(again)) == differs
