from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reports.certificate import VALID_DAYS, certificate_fingerprint, make_station_certificate

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
NAME = "proctor.real/0a1b2c3d"


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_the_same_station_has_the_same_certificate_all_day(key: ec.EllipticCurvePrivateKey):
    assert make_station_certificate(key, NAME, AT) == make_station_certificate(
        key, NAME, AT + timedelta(hours=9)
    )


def test_key_name_and_day_each_change_it(key: ec.EllipticCurvePrivateKey):
    made = {
        certificate_fingerprint(make_station_certificate(*arguments))
        for arguments in (
            (key, NAME, AT),
            (key, "proctor.real/ffffffff", AT),
            (key, NAME, AT + timedelta(days=1)),
            (ec.generate_private_key(ec.SECP256R1()), NAME, AT),
        )
    }
    assert len(made) == 4


def test_it_may_sign_documents_and_nothing_else(key: ec.EllipticCurvePrivateKey):
    certificate = x509.load_der_x509_certificate(make_station_certificate(key, NAME, AT))
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.subject == certificate.issuer
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == NAME
    assert certificate.not_valid_before_utc == datetime(2026, 11, 22, tzinfo=UTC)
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == VALID_DAYS
    certificate.verify_directly_issued_by(certificate)
