"""Nothing weakens silently: a broken PACE ends it, and BAC opens a chip only where a rule and the chip say so."""

import pytest

from readers.emrtd.access import AccessPolicy
from readers.errors import (
    AccessDeniedError,
    AccessLockedError,
    BacFailedError,
    ChipFileMissingError,
    ChipMalformedError,
    ChipStatusError,
    PaceFailedError,
    PaceNotOfferedError,
)
from readers.iso7816 import tlv
from tests.support.access_cases import BAC_ALLOWED, CAN, MRZ, WRONG_MRZ, card, opener, passport
from tests.support.access_chip import CHIP_AUTH_INFO, infos

# --- no silent downgrade ---


def bad_object(chip, octets):
    return tlv.encode(0x7C, tlv.encode(0x99, b""))


def bad_values(tag):
    def bend(chip, octets):
        value = tlv.parse_one(octets, 0x7C).child(tag).value
        return tlv.encode(0x7C, tlv.encode(tag, bytes(len(value))))

    return bend


BENT = {
    "nonce-object": ("nonce", bad_object),
    "map-object": ("map", bad_object),
    "map-zero-point": ("map", bad_values(0x82)),
    "agree-zero-point": ("agree", bad_values(0x84)),
    "agree-object": ("agree", bad_object),
    "token-object": ("token", bad_object),
    "token-zero": ("token", bad_values(0x86)),
    "token-nothing": ("token", lambda chip, octets: b""),
}


@pytest.mark.parametrize("name", BENT)
def test_a_broken_pace_ends_it_without_another_key_or_bac(name):
    step, bend = BENT[name]
    chip = card(bend={step: bend}, bac_seed=MRZ.bac_seed)
    with pytest.raises(PaceFailedError):
        opener(chip, policy=BAC_ALLOWED).open([CAN, MRZ, MRZ])
    assert chip.said("mse") == 1
    assert not {"challenge", "application"} & set(chip.log)


@pytest.mark.parametrize("step", ["mse", "nonce", "map", "agree", "token"])
@pytest.mark.parametrize("sw", [0x6300, 0x6982, 0x6985, 0x6A80, 0x6A86, 0x6A87, 0x6A88, 0x6D00, 0x6F00])
def test_no_refusal_of_an_offered_pace_becomes_bac(step, sw):
    chip = card(answers={step: sw}, bac_seed=MRZ.bac_seed)
    with pytest.raises((ChipStatusError, AccessDeniedError)):
        opener(chip, policy=BAC_ALLOWED).open([CAN, MRZ])
    assert not {"challenge", "application"} & set(chip.log)


def test_stripped_offer_without_a_rule_for_bac():
    chip = passport(infos(CHIP_AUTH_INFO))
    with pytest.raises(PaceNotOfferedError) as caught:
        opener(chip).open([CAN, MRZ])
    assert caught.value.facts == {"offered": 0, "bac": "not-allowed"}
    assert chip.log == ["file"]


# --- BAC ---


def test_bac_where_the_rule_allows_it_and_no_pace_is_offered():
    chip = passport(infos(CHIP_AUTH_INFO))
    granted = opener(chip, policy=BAC_ALLOWED).open([CAN, WRONG_MRZ, MRZ])
    assert granted.access.is_bac
    assert granted.application_selected
    assert granted.key is MRZ
    assert granted.channel._crypto._keys == chip.session
    assert granted.facts == {
        "protocol": "bac-3des",
        "bac_reason": "no-pace-offered",
        "password": "mrz",
        "key_index": 3,
        "tries": 2,
        "card_access": "file-id",
    }
    assert "mse" not in chip.log


@pytest.mark.parametrize("answer", [0x6D00, 0x6A80, 0x6A88, 0x6A86, 0x6982, 0x6985, 0x6E00])
@pytest.mark.parametrize("select", [0x6A82, 0x6D00, 0x6A86])
def test_bac_of_a_passport_without_card_access(answer, select):
    chip = passport(select=select, sfi=0x6A82, answers={"mse": answer})
    granted = opener(chip, policy=BAC_ALLOWED).open([MRZ])
    assert granted.facts["bac_reason"] == "no-card-access"
    assert granted.facts["tries"] == 1


@pytest.mark.parametrize("answer", [0x6B00, 0x6999, 0x6881, 0x6A81, 0x6A86, 0x6D00, 0x6E00, 0x6900, 0x6F00])
def test_bac_of_a_passport_that_does_nothing_before_its_application(answer):
    granted = opener(passport(silent=answer), policy=BAC_ALLOWED).open([CAN, MRZ])
    assert granted.facts["bac_reason"] == "no-card-access"
    with pytest.raises((PaceNotOfferedError, ChipStatusError)):
        opener(passport(silent=answer)).open([CAN, MRZ])


@pytest.mark.parametrize("answer", [0x6982, 0x6985, 0x6983, 0x6700, 0x6581])
def test_bac_is_not_reached_by_refusing_everything_before_the_application(answer):
    chip = passport(silent=answer)
    with pytest.raises((PaceNotOfferedError, ChipStatusError, AccessLockedError)):
        opener(chip, policy=BAC_ALLOWED).open([MRZ])
    assert set(chip.log) == {"silent"}


@pytest.mark.parametrize("answer", [0x6999, 0x6D00, 0x6E00, 0x6A81, 0x6881])
@pytest.mark.parametrize("step", ["mse", "nonce"])
def test_bac_of_a_passport_that_says_no_to_the_assumed_way(step, answer):
    chip = card(None, answers={step: answer}, bac_seed=MRZ.bac_seed, sfi=0x6B00)
    assert opener(chip, policy=BAC_ALLOWED).open([MRZ]).access.is_bac


DIFFERING = {
    "file-hidden": {"select": 0x6982, "sfi": 0x6F00, "mf": 0x6F00},
    "sfi-hidden": {"select": 0x6F00, "sfi": 0x6982, "mf": 0x6F00},
    "mf-hidden": {"select": 0x6F00, "sfi": 0x6F00, "mf": 0x6985},
    "mf-there": {"select": 0x6F00, "sfi": 0x6F00, "mf": 0x9000},
    "two-words": {"select": 0x6900, "sfi": 0x6F00, "mf": 0x6F00},
}


@pytest.mark.parametrize("name", DIFFERING)
def test_an_answer_without_a_diagnosis_is_a_reason_for_bac_only_where_it_is_the_only_one(name):
    same = {"select": 0x6F00, "sfi": 0x6F00, "mf": 0x6F00, "answers": {"mse": 0x6F00}}
    assert opener(passport(**same), policy=BAC_ALLOWED).open([MRZ]).access.is_bac
    chip = passport(**(same | DIFFERING[name]))
    with pytest.raises(ChipStatusError):
        opener(chip, policy=BAC_ALLOWED).open([MRZ])
    assert not {"challenge", "application"} & set(chip.log)


def test_an_empty_card_access_is_none_and_a_cut_one_is_broken():
    empty = passport(b"", mf=0x6B00)
    empty.on_read = lambda command: empty.open_file(b"", 0x6B00)
    assert opener(empty, policy=BAC_ALLOWED).open([MRZ]).facts["bac_reason"] == "no-card-access"
    offer = infos(CHIP_AUTH_INFO, CHIP_AUTH_INFO, CHIP_AUTH_INFO)
    cut = passport(offer)
    cut.on_read = lambda command: offer[:16] if command.p2 == 0 else cut.open_file(b"", 0x6B00)
    with pytest.raises(ChipMalformedError):
        opener(cut, policy=BAC_ALLOWED).open([MRZ])
    assert not {"mse", "challenge"} & set(cut.log)


def test_hidden_card_access_is_no_reason_for_bac():
    chip = passport(select=0x6982, sfi=0x6982)
    with pytest.raises(PaceNotOfferedError) as caught:
        opener(chip, policy=BAC_ALLOWED).open([MRZ])
    assert caught.value.facts == {"command": "mse-set-at", "sw": "6D00"}
    assert "challenge" not in chip.log


def test_odd_answer_to_the_assumed_way_is_no_reason_for_bac():
    chip = passport(answers={"mse": 0x6F00})
    with pytest.raises(ChipStatusError):
        opener(chip, policy=BAC_ALLOWED).open([MRZ])
    assert "challenge" not in chip.log


def test_bac_needs_the_mrz():
    with pytest.raises(PaceNotOfferedError) as caught:
        opener(passport(), policy=BAC_ALLOWED).open([CAN])
    assert caught.value.facts["bac"] == "no-mrz-key"


def test_tries_of_bac():
    chip = passport()
    access = opener(chip, policy=AccessPolicy(pace_tries=2, bac_allowed=True))
    with pytest.raises(AccessDeniedError) as caught:
        access.open([WRONG_MRZ, CAN, WRONG_MRZ, MRZ])
    assert caught.value.facts == {"sw": "6300", "tries": 2}
    assert chip.said("external-sent") == 2
    with pytest.raises(AccessLockedError):
        access.open([MRZ])


def test_a_broken_bac_ends_it():
    chip = passport(bend={"external": lambda chip, octets: octets[:-1] + bytes([octets[-1] ^ 1])})
    with pytest.raises(BacFailedError):
        opener(chip, policy=BAC_ALLOWED).open([MRZ, MRZ])
    assert chip.said("external-sent") == 1


@pytest.mark.parametrize(("sw", "error"), [(0x6A82, ChipFileMissingError), (0x6982, ChipStatusError)])
def test_bac_needs_the_application(sw, error):
    chip = passport(answers={"mse": 0x6D00, "application": sw})
    access = opener(chip, policy=BAC_ALLOWED)
    with pytest.raises(error):
        access.open([MRZ])
    assert access.tries == 0
