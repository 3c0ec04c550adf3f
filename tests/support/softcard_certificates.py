"""Certificates, CRLs and EF.SODs made for one test, right or wrong in exactly one thing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import algos, core, crl, keys, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from readers.iso7816 import der, tlv
from readers.softcard import sod_file
from tests.support.softcard import NOW

_HASHES = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_CSCA_NAME = {"country_name": "VN", "organization_name": "Test", "common_name": "CSCA Test"}
_SIGNER_NAME = {"country_name": "VN", "organization_name": "Test", "common_name": "Signer Test"}


def spki_of(key: Any) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def key_id_of(spki: bytes) -> bytes:
    return keys.PublicKeyInfo.load(spki).sha1


@dataclass
class Spec:
    """What goes into a certificate; `replace` it to break one thing. None leaves an extension out."""

    subject: dict[str, str]
    issuer: dict[str, str]
    spki: bytes
    serial: int = 0x1234
    start: datetime = NOW - timedelta(days=10)
    end: datetime = NOW + timedelta(days=3650)
    used_until: datetime | None = NOW + timedelta(days=80)
    is_ca: bool = False
    usage: frozenset[str] | None = frozenset({"digital_signature"})
    key_id: bytes | None = None
    authority_key_id: bytes | None = None
    authority_serial: int | None = None
    document_types: tuple[str, ...] | None = None
    locality: str | None = "VN"
    critical: str | None = None
    extra: list[dict[str, Any]] = field(default_factory=list)


def _authority_key(spec: Spec) -> x509.AuthorityKeyIdentifier:
    found: dict[str, Any] = {"key_identifier": spec.authority_key_id}
    if spec.authority_serial is not None:
        found["authority_cert_issuer"] = [x509.GeneralName("directory_name", x509.Name.build(spec.issuer))]
        found["authority_cert_serial_number"] = spec.authority_serial
    return x509.AuthorityKeyIdentifier(found)


def _document_types(document_types: tuple[str, ...]) -> core.ParsableOctetString:
    codes = b"".join(tlv.encode(0x13, code.encode()) for code in document_types)
    return core.ParsableOctetString(
        tlv.encode(der.SEQUENCE, der.encode_integer(0), tlv.encode(der.SET, codes))
    )


def _extensions(spec: Spec) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(spec.extra)

    def add(name: str, value: Any, *, critical: bool = False) -> None:
        found.append({"extn_id": name, "critical": critical, "extn_value": value})

    if spec.is_ca:
        add("basic_constraints", x509.BasicConstraints({"ca": True, "path_len_constraint": 0}), critical=True)
    if spec.usage is not None:
        add("key_usage", x509.KeyUsage(set(spec.usage)), critical=True)
    if spec.key_id is not None:
        add("key_identifier", core.OctetString(spec.key_id))
    if spec.authority_key_id is not None or spec.authority_serial is not None:
        add("authority_key_identifier", _authority_key(spec))
    if spec.used_until is not None:
        period = {"not_before": spec.start, "not_after": spec.used_until}
        add("private_key_usage_period", x509.PrivateKeyUsagePeriod(period))
    if spec.locality is not None and not spec.is_ca:
        name = x509.Name.build({"locality_name": spec.locality})
        add("subject_alt_name", x509.GeneralNames([x509.GeneralName("directory_name", name)]))
    if spec.document_types is not None:
        add("2.23.136.1.1.6.2", _document_types(spec.document_types))
    if spec.critical is not None:
        add(spec.critical, core.ParsableOctetString(b"\x05\x00"), critical=True)
    return found


def algorithm_of(key: Any, hash_name: str) -> algos.SignedDigestAlgorithm:
    family = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa"
    return algos.SignedDigestAlgorithm({"algorithm": f"{hash_name}_{family}"})


def sign_with(key: Any, octets: bytes, hash_name: str) -> bytes:
    chosen = _HASHES[hash_name]()
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), chosen)
    return key.sign(octets, ec.ECDSA(chosen))


def issue(spec: Spec, key: Any, *, hash_name: str = "sha384") -> bytes:
    """The certificate of the spec, signed by the key."""
    algorithm = algorithm_of(key, hash_name)
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": spec.serial,
            "signature": algorithm,
            "issuer": x509.Name.build(spec.issuer),
            "validity": {
                "not_before": x509.Time("general_time", spec.start),
                "not_after": x509.Time("general_time", spec.end),
            },
            "subject": x509.Name.build(spec.subject),
            "subject_public_key_info": keys.PublicKeyInfo.load(spec.spki),
            "extensions": _extensions(spec),
        }
    )
    octets = body.dump()
    signature = tlv.encode(der.BIT_STRING, b"\0", sign_with(key, octets, hash_name))
    return tlv.encode(der.SEQUENCE, octets, algorithm.dump(), signature)


@dataclass
class Authority:
    """A CSCA with its key; make signers and CRLs from it."""

    key: Any
    spec: Spec
    encoded: bytes

    def signer_spec(self, key: Any, **changes: Any) -> Spec:
        spec = Spec(
            subject=_SIGNER_NAME,
            issuer=self.spec.subject,
            spki=spki_of(key),
            authority_key_id=self.spec.key_id,
        )
        return replace(spec, **changes)

    def signer(self, key: Any | None = None, *, hash_name: str = "sha384", **changes: Any) -> Signer:
        key = key or ec.generate_private_key(ec.BrainpoolP384R1())
        return Signer(encoded=issue(self.signer_spec(key, **changes), self.key, hash_name=hash_name), key=key)

    def crl(
        self,
        *serials: int,
        number: int | None = 1,
        this_update: datetime = NOW - timedelta(hours=1),
        key: Any | None = None,
        authority_key_id: bytes | None = None,
        entry_extensions: list[dict[str, Any]] | None = None,
        critical: str | None = None,
    ) -> bytes:
        key = key or self.key
        algorithm = algorithm_of(key, "sha384")
        extensions: list[dict[str, Any]] = []
        if number is not None:
            extensions.append({"extn_id": "crl_number", "extn_value": core.Integer(number)})
        identifier = crl.AuthorityKeyIdentifier({"key_identifier": authority_key_id or self.spec.key_id})
        extensions.append({"extn_id": "authority_key_identifier", "extn_value": identifier})
        if critical is not None:
            value = core.ParsableOctetString(b"\x05\x00")
            extensions.append({"extn_id": critical, "critical": True, "extn_value": value})
        entries = [
            {
                "user_certificate": serial,
                "revocation_date": x509.Time("utc_time", this_update),
                **({"crl_entry_extensions": entry_extensions} if entry_extensions else {}),
            }
            for serial in serials
        ]
        body = crl.TbsCertList(
            {
                "version": "v2",
                "signature": algorithm,
                "issuer": x509.Name.build(self.spec.subject),
                "this_update": x509.Time("utc_time", this_update),
                "next_update": x509.Time("utc_time", this_update + timedelta(days=90)),
                **({"revoked_certificates": entries} if entries else {}),
                "crl_extensions": extensions,
            }
        )
        octets = body.dump()
        signature = tlv.encode(der.BIT_STRING, b"\0", sign_with(key, octets, "sha384"))
        return tlv.encode(der.SEQUENCE, octets, algorithm.dump(), signature)


@dataclass
class Signer:
    """A document signer: certificate and key, in the form the software card signs with."""

    encoded: bytes
    key: Any


def authority(key: Any | None = None, *, hash_name: str = "sha384", **changes: Any) -> Authority:
    """A self-signed CSCA."""
    key = key or ec.generate_private_key(ec.SECP384R1())
    spki = changes.pop("spki", None) or spki_of(key)
    name = changes.pop("name", _CSCA_NAME)
    spec = Spec(
        subject=name,
        issuer=name,
        spki=spki,
        serial=1,
        start=NOW - timedelta(days=400),
        end=NOW + timedelta(days=9000),
        used_until=NOW + timedelta(days=1400),
        is_ca=True,
        usage=frozenset({"key_cert_sign", "crl_sign"}),
        key_id=key_id_of(spki),
    )
    spec = replace(spec, **changes)
    return Authority(key=key, spec=spec, encoded=issue(spec, key, hash_name=hash_name))


def data_groups() -> dict[int, bytes]:
    return {1: b"\x61\x02\x5f\x1f", 2: b"\x75\x01\x00", 15: b"\x6f\x01\x00"}


def make_sod(
    signer: Signer,
    *,
    content: bytes | None = None,
    signing_time: datetime | None = NOW - timedelta(days=1),
    attributes: bytes | None = None,
    signed: bytes | None = None,
    signature: bytes | None = None,
    digest_algorithm: str = "sha256",
    signature_hash: str = "sha256",
    signature_algorithm: bytes | None = None,
    certificates: list[bytes] | None = None,
    infos: list[bytes] | None = None,
    content_type: str = sod_file.LDS_SECURITY_OBJECT,
) -> bytes:
    """An EF.SOD over `data_groups`; every argument replaces one part of it."""
    content = sod_file.security_object(data_groups()) if content is None else content
    if attributes is None:
        attributes = sod_file.signed_attributes(content, signing_time, algorithm=digest_algorithm)
    if signature is None:
        signature = sign_with(signer.key, attributes if signed is None else signed, signature_hash)
    if signature_algorithm is None:
        signature_algorithm = algorithm_of(signer.key, signature_hash).dump()
    info = sod_file.signer_info(
        signer.encoded,
        attributes or None,
        signature,
        digest_algorithm=digest_algorithm,
        signature_algorithm=signature_algorithm,
    )
    return sod_file.wrap(
        content,
        [signer.encoded] if certificates is None else certificates,
        [info] if infos is None else infos,
        content_type=content_type,
    )
