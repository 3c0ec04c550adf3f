"""Files for the trust store, made for one test: master lists, LDIF, link certificates, EF.CardSecurity."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec

from readers.emrtd.card_security import SECURITY_OBJECT
from readers.emrtd.curves import curve_by_name
from readers.emrtd.pki.master_list import MASTER_LIST, MASTER_LIST_SIGNING
from readers.iso7816 import der, tlv
from readers.softcard import sod_file
from readers.softcard.security_files import explicit_parameters
from tests.support.softcard import NOW
from tests.support.softcard_certificates import (
    Authority,
    Signer,
    algorithm_of,
    authority,
    issue,
    sign_with,
    spki_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

EC_PUBLIC_KEY = "1.2.840.10045.2.1"


def country_authority(country: str, name: str = "CSCA", **changes: Any) -> Authority:
    """A self-signed CSCA of a country."""
    return authority(name={"country_name": country, "common_name": name}, **changes)


def list_signer(
    made: Authority, *, usages: Iterable[str] | None = (MASTER_LIST_SIGNING,), **changes: Any
) -> Signer:
    """A signer of master lists, of its CSCA's country."""
    extra = []
    if usages is not None:
        value = x509.ExtKeyUsageSyntax(list(usages))
        extra.append({"extn_id": "extended_key_usage", "critical": True, "extn_value": value})
    country = made.spec.subject["country_name"]
    subject = {"country_name": country, "common_name": "Master List Signer"}
    return made.signer(**{"subject": subject, "extra": extra, **changes})


def signed(
    content: bytes,
    content_type: str,
    signer: Signer,
    *,
    signing_time: datetime | None = NOW,
    others: Iterable[bytes] = (),
) -> bytes:
    """CMS signed data over the content, without an application tag around it."""
    attributes = sod_file.signed_attributes(content, signing_time, content_type=content_type)
    info = sod_file.signer_info(
        signer.encoded,
        attributes,
        sign_with(signer.key, attributes, "sha256"),
        signature_algorithm=algorithm_of(signer.key, "sha256").dump(),
    )
    whole = sod_file.wrap(content, [signer.encoded, *others], [info], content_type=content_type)
    return tlv.parse_one(whole).value


def master_list(signer: Signer, certificates: Iterable[bytes], *, version: int = 0, **changes: Any) -> bytes:
    """A CSCA master list (9303-12 8)."""
    content = tlv.encode(der.SEQUENCE, der.encode_integer(version), tlv.encode(der.SET, *certificates))
    return signed(content, MASTER_LIST, signer, **changes)


def card_security(signer: Signer, infos: bytes, **changes: Any) -> bytes:
    """EF.CardSecurity over a SET OF SecurityInfo."""
    return signed(infos, changes.pop("content_type", SECURITY_OBJECT), signer, **changes)


def ldif_entry(dn: str, **attributes: bytes) -> str:
    """One entry; values in base64, folded at 76 characters as the directory writes them."""
    lines = [f"dn: {dn}", "objectClass: top"]
    for name, value in attributes.items():
        text = f"{name.replace('__', ';')}:: {base64.b64encode(value).decode()}"
        lines += [text[:76], *(" " + text[start : start + 75] for start in range(76, len(text), 75))]
    return "\r\n".join([*lines, "", ""])


def link(old: Authority, new: Authority, **changes: Any) -> bytes:
    """The certificate by which the old CSCA key vouches for the new one."""
    spec = new.spec
    changed = type(spec)(
        **{
            **{name: getattr(spec, name) for name in spec.__dataclass_fields__},
            "issuer": old.spec.subject,
            "serial": 77,
            "authority_key_id": old.spec.key_id,
            **changes,
        }
    )
    return issue(changed, old.key)


def explicit_spki(key: ec.EllipticCurvePrivateKey, change: Any = None) -> bytes:
    """The SubjectPublicKeyInfo of a brainpoolP384r1 key with every parameter written out."""
    numbers = key.public_key().public_numbers()
    curve = curve_by_name("brainpoolP384r1")
    point = b"\x04" + numbers.x.to_bytes(48, "big") + numbers.y.to_bytes(48, "big")
    parameters = explicit_parameters(curve if change is None else change(curve))
    algorithm = tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid(EC_PUBLIC_KEY)), parameters)
    return tlv.encode(der.SEQUENCE, algorithm, tlv.encode(der.BIT_STRING, b"\0", point))


def explicit_authority(**changes: Any) -> Authority:
    """A CSCA whose key names its curve by parameters, as one in six of the published ones does."""
    key = ec.generate_private_key(ec.BrainpoolP384R1())
    return authority(key, spki=explicit_spki(key, changes.pop("change", None)), **changes)


def many(count: int, *, country: str = "DE") -> list[bytes]:
    """Different self-signed CSCAs under one key, so that making them is quick."""
    key = ec.generate_private_key(ec.SECP256R1())
    spki = spki_of(key)
    made = (
        authority(
            key,
            spki=spki,
            hash_name="sha256",
            name={"country_name": country, "common_name": f"CSCA {number}"},
            serial=number + 1,
        )
        for number in range(count)
    )
    return [one.encoded for one in made]


def in_ber(octets: bytes) -> bytes:
    """The same object with indefinite lengths, its octet strings of more than 64 octets in pieces."""
    item = tlv.parse_one(octets)
    tag = item.tag.to_bytes((item.tag.bit_length() + 7) // 8, "big")
    if item.tag == der.OCTET_STRING and len(item.value) > 64:
        pieces = [item.value[start : start + 64] for start in range(0, len(item.value), 64)]
        return b"\x24\x80" + b"".join(tlv.encode(der.OCTET_STRING, piece) for piece in pieces) + b"\0\0"
    if not item.constructed:
        return item.raw
    return tag + b"\x80" + b"".join(in_ber(child.raw) for child in item.children()) + b"\0\0"
