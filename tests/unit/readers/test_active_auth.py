"""Active Authentication: the computed signatures, and forged ones made with the same throw-away structure."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from readers.emrtd import active_auth
from readers.emrtd.lds.dg15 import ActiveKey, parse_dg15
from readers.errors import ActiveAuthError, TlvError
from readers.iso7816 import der, tlv
from tests.support.readers_vectors import octets, vectors

TABLES = vectors("active-auth")["active_authentication_computed"]
CHALLENGE = bytes.fromhex("F173589974BF40C6")
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NUMBERS = PRIVATE.private_numbers()
KEY = ActiveKey(family="rsa", modulus=NUMBERS.public_numbers.n, exponent=65537, spki=b"")


def key_of(table):
    return ActiveKey(
        family="rsa", modulus=int(table["n"], 16), exponent=int(table["e"], 16), spki=octets(table, "EF_DG15")
    )


@pytest.mark.parametrize("name", TABLES)
def test_computed_signatures(name):
    table = TABLES[name]
    algorithm = active_auth.require_signature(
        key_of(table), octets(table, "RND_IFD"), octets(table, "signature")
    )
    assert algorithm == table["hash"].replace("-", "").lower()
    parsed = parse_dg15(octets(table, "EF_DG15"))
    assert (parsed.modulus, parsed.exponent, parsed.family) == (
        int(table["n"], 16),
        int(table["e"], 16),
        "rsa",
    )


def test_changed_signature():
    table = vectors("active-auth")["active_authentication_computed_negative"]["rsa2048_sha256_changed"]
    key = ActiveKey(family="rsa", modulus=int(table["n"], 16), exponent=int(table["e"], 16), spki=b"")
    with pytest.raises(ActiveAuthError):
        active_auth.require_signature(key, octets(table, "RND_IFD"), octets(table, "signature"))


def test_representative_of_the_standard():
    """The standard prints F = S^e mod n but no key: with e = 1 the signature is F itself."""
    table = vectors("active-auth")["active_authentication"]["rsa"]
    representative = octets(table, "F")
    key = ActiveKey(family="rsa", modulus=(1 << 1024) - 1, exponent=1, spki=b"")
    assert active_auth.require_signature(key, octets(table, "RND_IFD"), representative) == "sha1"


def sign(representative):
    number = int.from_bytes(representative, "big")
    return pow(number, NUMBERS.d, KEY.modulus).to_bytes(256, "big")


def representative(*, head=0x6A, trailer=b"\xbc", algorithm="sha1", challenge=CHALLENGE, fill=b"\x42"):
    size = hashlib.new(algorithm).digest_size
    message = fill * (256 - 1 - size - len(trailer))
    digest = hashlib.new(algorithm, message + challenge).digest()
    return bytes([head]) + message + digest + trailer


GOOD = {
    "bc": (b"\xbc", "sha1"),
    "33cc": (b"\x33\xcc", "sha1"),
    "34cc": (b"\x34\xcc", "sha256"),
    "35cc": (b"\x35\xcc", "sha512"),
    "36cc": (b"\x36\xcc", "sha384"),
    "38cc": (b"\x38\xcc", "sha224"),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_trailer(name):
    trailer, algorithm = GOOD[name]
    signature = sign(representative(trailer=trailer, algorithm=algorithm))
    assert active_auth.require_signature(KEY, CHALLENGE, signature) == algorithm


def test_smaller_root_is_accepted():
    """ISO/IEC 9796-2 lets the signer publish n - s instead of s."""
    signature = int.from_bytes(sign(representative()), "big")
    other = (KEY.modulus - signature).to_bytes(256, "big")
    assert active_auth.require_signature(KEY, CHALLENGE, other) == "sha1"


BAD = {
    "replayed-answer": sign(representative(challenge=bytes(8))),
    "header-4a": sign(representative(head=0x4A)),
    "header-6b": sign(representative(head=0x6B)),
    "unknown-hash": sign(representative(trailer=b"\x31\xcc")),
    "hash-of-another-algorithm": sign(representative(trailer=b"\x34\xcc", algorithm="sha1")),
    "trailer-of-neither-kind": sign(representative(trailer=b"\x34\xdc")),
    "too-short": sign(representative())[:-1],
    "too-long": b"\x00" + sign(representative()),
    "empty": b"",
    "zero": bytes(256),
    "one": bytes(255) + b"\x01",
    "modulus": KEY.modulus.to_bytes(256, "big"),
    "above-modulus": b"\xff" * 256,
}


@pytest.mark.parametrize("name", BAD)
def test_forgeries(name):
    with pytest.raises(ActiveAuthError) as caught:
        active_auth.require_signature(KEY, CHALLENGE, BAD[name])
    assert caught.value.conclusive
    assert set(caught.value.facts) == {"reason"}


def test_recovered_part_must_leave_room():
    small = ActiveKey(family="rsa", modulus=(1 << 256) - 189, exponent=1, spki=b"")
    text = b"\x6a" + bytes(29) + b"\x34\xcc"
    with pytest.raises(ActiveAuthError, match="recovered-length"):
        active_auth.require_signature(small, CHALLENGE, text)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"modulus": (1 << 1023) + 1}, "key-size"),
        ({"modulus": (1 << 2047) - 1}, "key-size"),
        ({"modulus": (1 << 9000) + 1}, "key-size"),
        ({"exponent": 1}, "key-exponent"),
        ({"exponent": 3}, "key-exponent"),
        ({"exponent": 65538}, "key-exponent"),
        ({"family": "ec"}, "key-family-unsupported"),
    ],
)
def test_keys_that_can_prove_nothing(changes, reason):
    fields = {"family": "rsa", "modulus": KEY.modulus, "exponent": 65537, "spki": b"", **changes}
    assert active_auth.weakness(ActiveKey(**fields)) == reason


def spki(algorithm, key):
    return tlv.encode(
        0x30, tlv.encode(0x30, tlv.encode(6, der.encode_oid(algorithm))), tlv.encode(3, b"\0", key)
    )


def test_dg15_with_other_keys():
    assert parse_dg15(tlv.encode(0x6F, spki("1.2.840.10045.2.1", b"\x04"))).family == "ec"
    assert parse_dg15(tlv.encode(0x6F, spki("1.3.101.112", b"\x04"))).family == "other"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        tlv.encode(0x30),
        spki("1.2.840.113549.1.1.1", b""),
        spki("1.2.840.113549.1.1.1", tlv.encode(0x30, der.encode_integer(5))),
        spki("1.2.840.113549.1.1.1", tlv.encode(0x30, der.encode_integer(0), der.encode_integer(3))),
        spki("1.2.840.113549.1.1.1", tlv.encode(0x30, der.encode_integer(5), b"\x02\x01\xff")),
        spki("1.2.840.113549.1.1.1", tlv.encode(0x30, der.encode_integer(5), der.encode_integer(3)) + b"\0"),
    ],
)
def test_broken_dg15(content):
    with pytest.raises(TlvError):
        parse_dg15(tlv.encode(0x6F, content))


def test_key_hides_in_repr():
    assert str(KEY.modulus) not in repr(KEY)
