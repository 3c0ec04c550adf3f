"""A published specimen passport, made and signed by others: its files parse, its security object holds, and it is
judged as what it is."""

from __future__ import annotations

import hashlib

import pytest

from readers.emrtd import active_auth, chip_auth
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import parse_dg15
from readers.emrtd.pki.certificate import read_certificate
from readers.emrtd.pki.errors import SodSignatureError
from readers.emrtd.pki.sod import require_signed
from tests.support.readers_vectors import octets, vectors


def specimen(name: str) -> bytes:
    """One file."""
    return octets(vectors("specimen-tr03105")[name], "octets")


def test_the_security_object_is_signed_with_rsa_pss() -> None:
    sod = require_signed(specimen("sod"))
    assert sod.facts["signature_algorithm"] == "rsa-pss-sha256"
    assert sod.signing_time is None
    assert sorted(sod.data_group_hashes) == [1, 2, 3, 4, 14]
    for number, name in ((1, "dg1"), (14, "dg14")):
        assert sod.data_group_hashes[number] == hashlib.sha256(specimen(name)).digest()


@pytest.mark.parametrize("offset", [100, 900, -1])
def test_one_octet_changed_and_it_holds_no_more(offset: int) -> None:
    spoilt = bytearray(specimen("sod"))
    spoilt[offset] ^= 1
    try:
        sod = require_signed(bytes(spoilt))
    except SodSignatureError:
        return
    assert sod.signer_certificate != require_signed(specimen("sod")).signer_certificate


def test_the_signer() -> None:
    signer = read_certificate(require_signed(specimen("sod")).signer_certificate)
    assert signer.subject.country == "DE"
    assert not signer.self_issued


def test_dg1() -> None:
    mrz = parse_dg1(specimen("dg1"))
    assert (mrz.document_code, mrz.issuing_state) == ("P", "D")


def test_chip_authentication_with_explicit_parameters_and_3des() -> None:
    choice = chip_auth.choose(parse_dg14(specimen("dg14")))
    assert choice is not None
    assert choice.protocol == "ca-ecdh-3des"
    assert choice.facts["ca_key"] == "brainpoolP224r1"
    assert choice.weakness is None


def test_the_key_of_active_authentication_is_of_its_time() -> None:
    key = parse_dg15(specimen("dg15"))
    assert key.label == "rsa-1024"
    assert active_auth.weakness(key) is None
