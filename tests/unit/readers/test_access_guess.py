"""A PACEInfo that names no parameters: which standardised ones the chip means is found without using up a key."""

import pytest

from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.emrtd.dh import GROUPS
from readers.errors import AccessDeniedError, AccessLockedError, ChipStatusError, PaceFailedError
from readers.iso7816 import der, tlv
from tests.support.access_cases import BAC_ALLOWED, CAN, MRZ, WRONG_CANS, card, opener
from tests.support.access_chip import algorithm, domain_info, infos, pace_info

AES_128 = CipherSuite.AES_128
REFUSALS = [0x6300, 0x6700, 0x6900, 0x6982, 0x6985, 0x6A80, 0x6A86, 0x6A88, 0x6F00]
MOST_FORMS = 2 * len(CURVES)


def unnumbered(parameter_id, mapping="ecdh-gm", **options):
    """A chip on these parameters that does not say so."""
    options.setdefault("static_key", 0x1234567)
    return card(infos(pace_info(mapping, AES_128, None)), parameter_id=parameter_id, **options)


@pytest.mark.parametrize("checks_keys", [True, False])
@pytest.mark.parametrize("naming", ["ignored", "refused", "required", "optional"])
@pytest.mark.parametrize("parameter_id", sorted(CURVES))
def test_every_curve_is_found_however_the_chip_takes_its_name(parameter_id, naming, checks_keys):
    chip = unnumbered(parameter_id, naming=naming, checks_keys=checks_keys)
    granted = opener(chip).open([WRONG_CANS[0], CAN])
    assert granted.domain == CURVES[parameter_id].name
    assert granted.facts["tries"] == chip.said("token") == 2
    assert chip.said("mse") <= MOST_FORMS + 1


@pytest.mark.parametrize("parameter_id", sorted(GROUPS))
@pytest.mark.parametrize("mapping", ["dh-gm", "dh-im"])
def test_every_group_is_found_too(mapping, parameter_id):
    chip = unnumbered(parameter_id, mapping, naming="ignored")
    granted = opener(chip).open([CAN])
    assert (granted.domain, granted.facts["tries"]) == (GROUPS[parameter_id].name, 1)


@pytest.mark.parametrize("mapping", ["ecdh-im", "ecdh-cam"])
def test_the_other_mappings_find_their_curve_as_well(mapping):
    granted = opener(unnumbered(12, mapping, naming="ignored"), protected=NoFiles()).open([CAN])
    assert (granted.domain, granted.facts["tries"]) == ("secp256r1", 1)


class NoFiles:
    """A chip without EF.CardSecurity."""

    def read(self, spec):
        raise ChipStatusError(sw="6982")

    read_by_sfi = read


@pytest.mark.parametrize("sw", REFUSALS)
def test_whatever_the_chip_says_to_a_key_of_another_curve(sw):
    chip = unnumbered(16, naming="ignored", answers={"foreign-key": sw})
    granted = opener(chip).open([CAN])
    assert (granted.domain, granted.facts["tries"]) == ("brainpoolP384r1", 1)
    assert chip.said("foreign-key") == 2


def test_the_chips_own_key_tells_its_curve():
    chip = unnumbered(18, naming="ignored", checks_keys=False)
    assert opener(chip).open([CAN]).domain == "secp521r1"
    assert (chip.said("foreign-key"), chip.said("mse")) == (1, 2)


def test_the_domain_that_was_found_is_asked_for_with_the_next_key():
    chip = unnumbered(12, naming="ignored")
    assert opener(chip).open([*WRONG_CANS[:2], CAN]).facts["tries"] == 3
    assert [step for step in chip.log if step.startswith("mse-")] == ["mse-2-0d", *3 * ["mse-2-0c"]]


@pytest.mark.parametrize("sw", REFUSALS)
def test_a_chip_that_refuses_every_curve_costs_no_try_and_ends(sw):
    chip = unnumbered(13, naming="ignored", answers={"map": sw}, bac_seed=MRZ.bac_seed)
    access = opener(chip, policy=BAC_ALLOWED)
    with pytest.raises(ChipStatusError) as caught:
        access.open([CAN, *WRONG_CANS])
    assert caught.value.facts == {"command": "general-authenticate-mapping-key", "sw": f"{sw:04X}"}
    assert access.tries == chip.said("token") == chip.said("application") == 0
    assert chip.said("mse") == MOST_FORMS


def test_a_chip_that_blocks_while_it_is_asked_is_asked_no_more():
    chip = unnumbered(12, naming="ignored", answers={"foreign-key": 0x6983})
    with pytest.raises(AccessLockedError):
        opener(chip).open([CAN])
    assert chip.said("mse") == 1


def bent(tag, bend):
    return lambda chip, octets: tlv.encode(
        0x7C, tlv.encode(tag, bend(tlv.parse_one(octets, 0x7C).child(tag).value))
    )


BROKEN = {
    "no-curve": ("map", bent(0x82, lambda point: bytes(len(point)))),
    "other-length": ("map", bent(0x82, lambda point: point + b"\0")),
    "nothing": ("map", lambda chip, octets: b""),
    "later": ("agree", bent(0x84, lambda point: bytes(len(point)))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_key_of_no_curve_is_no_reason_to_go_on(name):
    step, bend = BROKEN[name]
    chip = unnumbered(13, bend={step: bend}, bac_seed=MRZ.bac_seed)
    access = opener(chip, policy=BAC_ALLOWED)
    with pytest.raises(PaceFailedError):
        access.open([CAN, MRZ])
    assert (chip.said("mse"), chip.said("token"), chip.said("application")) == (1, 0, 0)


def test_a_refusal_after_the_curve_is_known_ends_it():
    chip = unnumbered(13, answers={"agree": 0x6A80})
    with pytest.raises(ChipStatusError) as caught:
        opener(chip).open([CAN, MRZ])
    assert caught.value.facts["command"] == "general-authenticate-ephemeral-key"
    assert chip.said("mse") == 1


def test_a_wrong_key_is_one_whatever_the_curve():
    with pytest.raises(AccessDeniedError) as caught:
        opener(unnumbered(12, naming="ignored")).open(WRONG_CANS[:2])
    assert caught.value.facts == {"sw": "6300", "tries": 2}


STANDARDISED = algorithm("0.4.0.127.0.7.1.2", der.encode_integer(13))
ANNOUNCED = {
    "by-number": infos(pace_info()),
    "by-description": infos(pace_info(parameter_id=None), domain_info("ecdh-gm", STANDARDISED)),
}


@pytest.mark.parametrize("checks_keys", [True, False])
@pytest.mark.parametrize("name", ANNOUNCED)
def test_an_announced_curve_is_never_given_up_for_another(name, checks_keys):
    chip = card(ANNOUNCED[name], parameter_id=12, naming="ignored", checks_keys=checks_keys)
    with pytest.raises(ChipStatusError if checks_keys else PaceFailedError):
        opener(chip).open([CAN, MRZ])
    assert (chip.said("mse"), chip.said("token")) == (1, 0)
