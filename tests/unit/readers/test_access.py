"""Opening a chip: the order of keys and ways, tries, what a chip may refuse."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from readers.emrtd.access import AccessPolicy, Tries
from readers.emrtd.access_key import refuse_pin
from readers.emrtd.crypto import CipherSuite
from readers.errors import (
    AccessDeniedError,
    AccessLockedError,
    AccessPinRefusedError,
    ChipFileMissingError,
    ChipMalformedError,
    ChipStatusError,
    PaceNotOfferedError,
    SecureMessagingError,
)
from readers.iso7816 import tlv
from tests.support.access_cases import (
    BAC_ALLOWED,
    CAN,
    MRZ,
    OFFER,
    WRONG_CANS,
    WRONG_MRZ,
    Files,
    card,
    opener,
    passport,
)
from tests.support.access_chip import CHIP_AUTH_INFO, infos, pace_info

# --- keys and tries ---


def test_first_key_opens():
    chip = card()
    granted = opener(chip).open([CAN, MRZ])
    assert granted.channel.alive
    assert granted.key is CAN
    assert granted.card_access == OFFER
    assert granted.card_security is None
    assert granted.mapping is None
    assert not granted.application_selected
    assert not granted.access.is_bac
    assert granted.facts == {
        "protocol": "pace-ecdh-gm-aes-128",
        "curve": "brainpoolP256r1",
        "password": "can",
        "key_index": 1,
        "tries": 1,
        "card_access": "file-id",
    }
    assert chip.said("mf") == chip.said("application") == chip.said("sfi") == 0


def test_keys_are_tried_in_order_and_the_one_that_worked_is_recorded():
    chip = card()
    granted = opener(chip).open([WRONG_CANS[0], WRONG_MRZ, MRZ, CAN])
    assert granted.key is MRZ
    assert (granted.facts["password"], granted.facts["key_index"], granted.facts["tries"]) == ("mrz", 3, 3)
    assert [step for step in chip.log if step.startswith("mse-")] == ["mse-2", "mse-1", "mse-1"]


def test_nothing_secret_shows_in_repr():
    granted = opener(card()).open([CAN])
    assert "Can" not in repr(granted)
    assert "000001" not in repr(granted)
    assert OFFER.hex() not in repr(granted).replace("\\x", "")


def test_four_wrong_keys_and_no_more():
    chip = card()
    access = opener(chip)
    with pytest.raises(AccessDeniedError) as caught:
        access.open(WRONG_CANS)
    assert caught.value.facts == {"sw": "6300", "tries": 4}
    assert access.tries == chip.said("token") == 4
    before = len(chip.log)
    with pytest.raises(AccessLockedError) as locked:
        access.open([CAN])
    assert locked.value.facts == {"tries": 4}
    assert len(chip.log) == before


def test_tries_of_several_calls_and_of_an_earlier_connection_add_up():
    chip = card()
    access = opener(chip, policy=AccessPolicy(pace_tries=3), tries=Tries(sent=1))
    with pytest.raises(AccessDeniedError):
        access.open(WRONG_CANS[:1])
    assert access.open([CAN]).facts["tries"] == 3
    with pytest.raises(AccessLockedError):
        access.open([CAN])


@pytest.mark.parametrize("make", [card, lambda: passport(infos(CHIP_AUTH_INFO))])
def test_the_key_that_worked_opens_again_where_no_tries_are_left(make):
    tries, policy = Tries(), AccessPolicy(pace_tries=2, bac_allowed=True)
    opener(make(), policy=policy, tries=tries).open([WRONG_MRZ, MRZ])
    again = opener(make(), policy=policy, tries=tries)
    assert again.open_again(MRZ).key is MRZ
    assert tries == Tries(sent=2)
    with pytest.raises(AccessLockedError):
        again.open([MRZ])


@pytest.mark.parametrize("make", [card, lambda: passport(infos(CHIP_AUTH_INFO))])
def test_a_key_that_worked_and_is_refused_now_is_the_last(make):
    tries = Tries(sent=1)
    again = opener(make(), policy=BAC_ALLOWED, tries=tries)
    with pytest.raises(AccessDeniedError):
        again.open_again(WRONG_MRZ)
    chip = make()
    for access in (again, opener(chip, policy=BAC_ALLOWED, tries=tries)):
        with pytest.raises(AccessLockedError):
            access.open([MRZ])
        with pytest.raises(AccessLockedError):
            access.open_again(MRZ)
    assert chip.log == []
    assert tries == Tries(sent=1, over=True)


def test_a_try_counts_when_the_chip_breaks_off():
    access = opener(card(answers={"agree": 0x6A80}))
    with pytest.raises(ChipStatusError):
        access.open([CAN, MRZ])
    assert access.tries == 1


@dataclass(frozen=True)
class Pin:
    """What somebody might pass in for a holder's PIN."""

    reference: int = 3
    kind: ClassVar[str] = "pin"
    secret: ClassVar[bytes] = b"123456"
    bac_seed: ClassVar[None] = None


@pytest.mark.parametrize("keys", [[Pin()], [CAN, Pin()], [Pin(4)]])
def test_a_pin_is_refused_before_anything_is_sent(keys):
    chip = card()
    with pytest.raises(AccessPinRefusedError):
        opener(chip).open(keys)
    assert chip.log == []
    with pytest.raises(AccessPinRefusedError):
        refuse_pin()


def test_no_key_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="no access key"):
        opener(card()).open([])


@pytest.mark.parametrize("refusal", [0x6A88, 0x6A80])
def test_an_unknown_kind_of_password_costs_no_try(refusal):
    chip = card(secrets={1: MRZ.secret})
    granted = opener(chip).open([CAN, *WRONG_CANS, MRZ])
    assert granted.key is MRZ
    assert (granted.facts["key_index"], granted.facts["tries"]) == (8, 1)
    assert [step for step in chip.log if step.startswith("mse-")] == ["mse-2", "mse-2-0d", "mse-1"]


@pytest.mark.parametrize("step", ["mse", "nonce"])
@pytest.mark.parametrize("sw", [0x6A80, 0x6A86, 0x6A87, 0x6A88, 0x6985, 0x6982, 0x6700, 0x6D00, 0x6F00])
def test_a_chip_that_refuses_to_begin(step, sw):
    access = opener(card(answers={step: sw}), policy=BAC_ALLOWED)
    with pytest.raises(ChipStatusError) as caught:
        access.open([CAN, MRZ])
    assert caught.value.facts["sw"] == f"{sw:04X}"
    assert access.tries == 0


@pytest.mark.parametrize(("step", "sw"), [("mse", 0x63C0), ("mse", 0x6983), ("nonce", 0x6983)])
def test_a_blocked_password(step, sw):
    access = opener(card(answers={step: sw}))
    with pytest.raises(AccessLockedError) as caught:
        access.open([CAN, MRZ])
    assert caught.value.facts == {"sw": f"{sw:04X}", "tries": 0}


@pytest.mark.parametrize("sw", [0x6300, 0x63C2, 0x6982, 0x6985, 0x6988, 0x6A80, 0x6A88])
def test_whatever_a_chip_says_to_a_wrong_token_the_next_key_is_tried(sw):
    granted = opener(card(answers={"wrong-token": sw})).open([*WRONG_CANS[:2], CAN])
    assert (granted.key, granted.facts["tries"]) == (CAN, 3)
    with pytest.raises(AccessDeniedError) as caught:
        opener(card(answers={"wrong-token": sw})).open(WRONG_CANS[:2])
    assert caught.value.facts == {"sw": f"{sw:04X}", "tries": 2}


@pytest.mark.parametrize("sw", [0x63C0, 0x6983])
def test_a_password_that_a_wrong_token_blocked_is_not_asked_for_again(sw):
    chip = card(answers={"wrong-token": sw})
    with pytest.raises(AccessLockedError) as caught:
        opener(chip).open(WRONG_CANS[:3])
    assert caught.value.facts == {"sw": f"{sw:04X}", "tries": 1}
    assert chip.said("mse") == 1
    assert opener(card(answers={"wrong-token": sw})).open([*WRONG_CANS[:3], MRZ]).facts["tries"] == 2


# --- the form of MSE:Set AT ---


@pytest.mark.parametrize("naming", ["required", "optional", "refused"])
@pytest.mark.parametrize("several", [False, True])
def test_parameters_are_named_or_not_as_the_chip_likes(naming, several):
    more = (pace_info("ecdh-gm", CipherSuite.TDES, 12),) if several else ()
    chip = card(infos(pace_info(), *more), naming=naming)
    access = opener(chip)
    assert access.open([WRONG_CANS[0], CAN]).facts["tries"] == 2
    asked = [step for step in chip.log if step.startswith("mse-")]
    first = "mse-2-0d" if several else "mse-2"
    works = {"required": "mse-2-0d", "refused": "mse-2"}.get(naming, first)
    assert asked == ([first] if first != works else []) + [works, works]


def test_without_parameter_id_the_standardised_ones_are_asked_for_by_name():
    chip = card(infos(pace_info(parameter_id=None)), parameter_id=16)
    assert opener(chip).open([CAN]).facts["curve"] == "brainpoolP384r1"
    asked = [step for step in chip.log if step.startswith("mse-")]
    assert asked == ["mse-2-0d", "mse-2-0c", "mse-2-10"]


def test_without_parameter_id_a_chip_that_takes_no_name_gets_the_usual_curve():
    chip = card(infos(pace_info(parameter_id=None)), naming="refused")
    assert opener(chip).open([CAN]).facts["curve"] == "brainpoolP256r1"
    assert chip.log.count("mse") == 12


# --- EF.CardAccess ---


def test_card_access_by_short_identifier():
    granted = opener(card(select=0x6A82)).open([CAN])
    assert granted.access.card_access == granted.facts["card_access"] == "sfi"


@pytest.mark.parametrize("select", [0x6982, 0x6985, 0x6A82, 0x6D00, 0x6986])
@pytest.mark.parametrize("mf", [0x6D00, 0x6A82, 0x6982, 0x6E00])
def test_unreadable_card_access_is_assumed(select, mf):
    chip = card(select=select, sfi=0x6982, mf=mf)
    granted = opener(chip).open([CAN])
    assert granted.card_access is None
    assert granted.access.card_access == "assumed"
    assert granted.facts["protocol"] == "pace-ecdh-gm-aes-128"
    assert chip.said("mf") == 1


def test_the_master_file_helps_where_it_can_be_selected():
    chip = card(select=0x6982, sfi=0x6982, mf=0x9000)
    assert opener(chip).open([CAN]).access.card_access == "file-id"


@pytest.mark.parametrize(
    "octets", [bytes.fromhex("310230FF"), tlv.encode(0x31, bytes(12)), b"\x30\x0e" + bytes(14)]
)
def test_broken_card_access_ends_it(octets):
    chip = card(octets + bytes(16))
    with pytest.raises(ChipMalformedError):
        opener(chip, policy=BAC_ALLOWED).open([CAN, MRZ])
    assert not {"mse", "mf", "application"} & set(chip.log)


def test_an_unknown_version_or_mapping_is_not_offered_and_no_reason_for_bac():
    unknown = tlv.encode(0x30, bytes.fromhex("060A04007F00070202040902020102"))
    for offer in (pace_info(version=1), pace_info(parameter_id=19), unknown):
        chip = passport(infos(offer))
        with pytest.raises(PaceNotOfferedError):
            opener(chip, policy=BAC_ALLOWED).open([CAN, MRZ])
        assert not {"mse", "challenge"} & set(chip.log)


# --- Chip Authentication Mapping ---


def cam_card(**options):
    return card(infos(pace_info("ecdh-gm"), pace_info("ecdh-cam")), static_key=0x1234567, **options)


def test_card_security_is_read_after_the_mapping():
    protected = Files(b"signed data")
    granted = opener(cam_card(), protected=protected).open([CAN])
    assert granted.access.protocol == granted.facts["protocol"] == "pace-ecdh-cam-aes-128"
    assert granted.card_security == b"signed data"
    assert granted.facts["card_security"] == "read"
    assert protected.asked == ["CardSecurity"]
    assert (granted.mapping.parameter_id, granted.mapping.oid) == (13, "0.4.0.127.0.7.2.2.4.6.2")
    assert len(granted.mapping.mapping_key) == 65


@pytest.mark.parametrize(
    "error",
    [
        ChipFileMissingError(file="CardSecurity"),
        ChipStatusError(sw="6982"),
        ChipMalformedError(reason="header"),
    ],
)
def test_missing_card_security_is_recorded(error):
    granted = opener(cam_card(), protected=Files(error)).open([CAN])
    assert granted.card_security is None
    assert granted.facts["card_security"] == error.code
    assert granted.mapping is not None


def test_card_security_by_short_identifier():
    class ByShortId(Files):
        def read(self, spec):
            self.asked.append(spec.name)
            raise ChipStatusError(sw="6A86")

    protected = ByShortId(b"signed data")
    granted = opener(cam_card(), protected=protected).open([CAN])
    assert granted.card_security == b"signed data"
    assert protected.asked == ["CardSecurity", "CardSecurity"]


def test_a_broken_session_is_no_missing_file():
    with pytest.raises(SecureMessagingError):
        opener(cam_card(), protected=Files(SecureMessagingError(reason="wrong-mac"))).open([CAN])
