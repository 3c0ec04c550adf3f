"""A test PKI for signatures on paper: root, issuing authority, officials, lists, answers, time stamps, a token.

Every name says TEST. Nothing here is believed unless a test pins it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from unittest import mock

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.support.softhsm import PIN, TOKEN, SoftToken, make_token

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
OFFICIAL = "TRẦN THỊ MẪU (TEST)"
OTHER_OFFICIAL = "LÊ VĂN THỬ (TEST)"
OCSP_URL = "http://ocsp.test.invalid/"
CRL_URL = "http://crl.test.invalid/test.crl"


def now() -> datetime:
    """This second, UTC."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Holder:
    """A certificate with its key and the certificates above it, nearest first, the root last."""

    key: Key = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def chain_der(self) -> tuple[bytes, ...]:
        """The certificates above it."""
        return tuple(each.public_bytes(serialization.Encoding.DER) for each in self.chain)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def pkcs8(self) -> bytes:
        """The key, DER, bare."""
        return self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        """Return a signature as a token would make it: ECDSA or PKCS #1 v1.5, SHA-256."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True)
class Authority(Holder):
    """A certificate authority that issues, revokes and answers."""

    def issue(
        self,
        common_name: str,
        *,
        rsa_bits: int = 0,
        start: datetime | None = None,
        days: int = 365,
        ca: bool = False,
        usage: Sequence[str] = ("digital_signature", "content_commitment"),
        extended: Sequence[x509.ObjectIdentifier] = (),
        urls: bool = False,
        key: Key | None = None,
    ) -> Holder:
        """Return a holder of a certificate from this authority."""
        key = key or new_key(rsa_bits)
        start = start or now() - timedelta(days=30)
        builder = _builder(common_name, key, self.certificate.subject, start, days, ca=ca, usage=usage)
        if extended:
            critical = ExtendedKeyUsageOID.TIME_STAMPING in extended
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(extended)), critical=critical)
        if urls:
            builder = _with_urls(builder)
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = builder.add_extension(issuer_key, critical=False).sign(self.key, hashes.SHA256())
        made = Authority if ca else Holder
        return made(key=key, certificate=certificate, chain=(self.certificate, *self.chain))

    def crl(
        self,
        *revoked: Holder | int,
        number: int = 1,
        at: datetime | None = None,
        days: int = 7,
        reason: x509.ReasonFlags = x509.ReasonFlags.key_compromise,
    ) -> bytes:
        """A revocation list, DER; `revoked` since an hour before `at`, by default an hour ago (tests take time)."""
        at = at or now() - timedelta(hours=1)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + timedelta(days=days))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        for each in revoked:
            serial = each if isinstance(each, int) else each.certificate.serial_number
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(at - timedelta(hours=1))
                .add_extension(x509.CRLReason(reason), critical=False)
            )
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def ocsp(self, holder: Holder, *, status: str = "good", at: datetime | None = None) -> bytes:
        """Return an answer about a holder, DER, signed by this authority itself: good, revoked or unknown."""
        at = at or now() - timedelta(minutes=30)
        revoked = status == "revoked"
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=holder.certificate,
            issuer=self.certificate,
            algorithm=hashes.SHA1(),  # noqa: S303 - what responders and pyHanko identify certificates by
            cert_status=ocsp.OCSPCertStatus[status.upper()],
            this_update=at,
            next_update=at + timedelta(hours=12),
            revocation_time=at - timedelta(hours=1) if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        answer = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
        return answer.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Pki:
    """Root → issuing authority → officials (`official` on P-256, `other` RSA-2048); the time-stamp authority `tsa`."""

    root: Authority
    issuing: Authority
    official: Holder
    other: Holder
    tsa: Holder


@cache
def pki() -> Pki:
    """The PKI of this test run."""
    root = new_root("TEST Root (proctor)")
    issuing = root.issue("TEST Issuing (proctor)", ca=True, days=1_000)
    assert isinstance(issuing, Authority)
    stamping = (ExtendedKeyUsageOID.TIME_STAMPING,)
    return Pki(
        root=root,
        issuing=issuing,
        official=issuing.issue(OFFICIAL),
        other=issuing.issue(OTHER_OFFICIAL, rsa_bits=2048),
        tsa=issuing.issue("TEST Time stamps (proctor)", extended=stamping),
    )


def new_root(common_name: str, *, start: datetime | None = None, days: int = 3_000) -> Authority:
    """Return a self-signed authority."""
    key = new_key()
    start = start or now() - timedelta(days=60)
    own = x509.Name(_name(common_name))
    builder = _builder(common_name, key, own, start, days, ca=True, usage=())
    return Authority(key=key, certificate=builder.sign(key, hashes.SHA256()))


def new_key(rsa_bits: int = 0) -> Key:
    """Return a new P-256 key, or an RSA one."""
    if rsa_bits:
        return rsa.generate_private_key(public_exponent=65_537, key_size=rsa_bits)
    return ec.generate_private_key(ec.SECP256R1())


def holder_token(folder: Path, *holders: Holder, label: str = TOKEN) -> SoftToken:
    """Make a software token that holds these keys, their certificates (labels `ky-1`, `ky-2`…) and chains; or skip.

    PIN: `tests.support.softhsm.PIN`. The environment of the token is needed where it is read.
    """
    token = make_token(folder, label)
    for number, holder in enumerate(holders, start=1):
        name, identifier = f"ky-{number}", f"{number:02x}"
        path = folder / f"{name}.p8"
        pem = holder.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(pem)
        util = ("softhsm2-util", "--import", str(path), "--token", label, "--pin", PIN)
        _run(token, *util, "--label", name, "--id", identifier)
        path.unlink()
        _write_certificate(token, holder.der, name, identifier, label)
    chain = {der: None for holder in holders for der in holder.chain_der}
    for number, der in enumerate(chain, start=1):
        _write_certificate(token, der, f"ca-{number}", f"c{number:x}", label)
    return token


@cache
def shared_token() -> SoftToken:
    """A token for this process with both officials of `pki()`; or skip. A library reads its settings once."""
    folder = Path(tempfile.mkdtemp(prefix="proctor-token-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    token = holder_token(folder / "token", pki().official, pki().other)
    with mock.patch.dict(os.environ, token.environment):
        pkcs11.lib(token.library)
    return token


def _write_certificate(token: SoftToken, der: bytes, label: str, identifier: str, token_label: str) -> None:
    path = token.folder / f"{label}.der"
    path.write_bytes(der)
    tool = ("pkcs11-tool", "--module", token.library, "--token-label", token_label, "--login", "--pin", PIN)
    _run(
        token,
        *(*tool, "--write-object", str(path), "--type", "cert"),
        *("--label", label, "--id", identifier if len(identifier) % 2 == 0 else f"0{identifier}"),
    )


def _run(token: SoftToken, *command: str) -> None:
    environment = {**os.environ, **token.environment}
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=60)


def _name(common_name: str) -> list[x509.NameAttribute[str]]:
    return [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST (proctor)"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]


def _builder(
    common_name: str,
    key: Key,
    issuer: x509.Name,
    start: datetime,
    days: int,
    *,
    ca: bool,
    usage: Sequence[str],
) -> x509.CertificateBuilder:
    bits = {"key_cert_sign", "crl_sign", "digital_signature"} if ca else set(usage)
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    more = ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name(_name(common_name)))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{name: name in bits for name in (*names, *more)}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _with_urls(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(CRL_URL)], None, None, None)
    answers = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(OCSP_URL)
    )
    return builder.add_extension(x509.CRLDistributionPoints([point]), critical=False).add_extension(
        x509.AuthorityInformationAccess([answers]), critical=False
    )
