"""What is asked of an address, and what is done with an answer that is late, large or none."""

import time

import pytest
from cryptography.x509 import ocsp

from proctor import signing_ocsp
from proctor.signing_ocsp import ask, is_address
from reports.signing_revocation import MAX_OCSP
from tests.support.ocsp_responder import responder
from tests.support.signing_pki import pki

HOLDER, ISSUER = pki().official, pki().issuing


def test_an_answer_comes_back_as_it_is_and_only_the_serial_was_sent() -> None:
    answer = ISSUER.ocsp(HOLDER)
    with responder(200, answer) as (url, asked):
        assert ask(url, HOLDER.der, ISSUER.der) == answer
    request = ocsp.load_der_ocsp_request(asked[0])
    assert request.serial_number == HOLDER.certificate.serial_number


@pytest.mark.parametrize(("status", "body"), [(500, b"x"), (302, b""), (200, b"x" * (MAX_OCSP + 1))])
def test_no_answer_is_none(status: int, body: bytes) -> None:
    with responder(status, body) as (url, _):
        assert ask(url, HOLDER.der, ISSUER.der) is None


def test_one_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_ocsp, "DEADLINE_S", 0.2)
    with responder(200, b"x" * 10, slowly=True) as (url, _):
        begun = time.monotonic()
        assert ask(url, HOLDER.der, ISSUER.der) is None
        assert time.monotonic() - begun < 2


def test_nobody_there_is_none() -> None:
    assert ask("http://127.0.0.1:1/", HOLDER.der, ISSUER.der) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ocsp.test.invalid",
        "file:///etc/passwd",
        "ftp://x/",
        "http://",
        "http://a b/",
        "http://x:99999999/",
    ],
)
def test_what_is_no_address_is_never_asked(url: str) -> None:
    assert not is_address(url)
    assert ask(url, HOLDER.der, ISSUER.der) is None


def test_an_address() -> None:
    assert is_address("http://ocsp.test.invalid/a?b=c")
    assert is_address("https://ocsp.test.invalid:8443")
