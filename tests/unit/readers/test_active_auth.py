"""Active Authentication: the computed signatures, and forged ones made with the same throw-away structure."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from readers.emrtd import active_auth
from readers.emrtd.curves import CURVES
from readers.emrtd.lds.dg15 import ActiveKey, parse_dg15
from readers.emrtd.lds.security_infos import parse_security_infos
from readers.errors import ActiveAuthError, TlvError
from readers.iso7816 import der, tlv
from tests.support.proof_chip import ec_spki, oid
from tests.support.proof_chip import spki as spki_of
from tests.support.readers_vectors import octets, vectors

COMPUTED = vectors("active-auth")["active_authentication_computed"]
TABLES = {name: table for name, table in COMPUTED.items() if "n" in table}
EC_TABLE = COMPUTED["ecdsa_sha256"]
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


def padded(*, head=0x6B, pad=b"\xbb\xbb\xba", message=b"\x42" * 20, full=False, challenge=CHALLENGE):
    """A representative whose message is shorter than the room: header, BB … BA, message, hash, BC."""
    digest = hashlib.sha1(message if full else message + challenge, usedforsecurity=False).digest()
    fill = b"\xbb" * (256 - 1 - len(pad) - len(message) - 20 - 1)
    return bytes([head]) + fill + pad + message + digest + b"\xbc"


def total(*, head=0x4A, challenge=CHALLENGE):
    """Total recovery: the message, challenge included, is all inside."""
    message = b"\x42" * (256 - 1 - 20 - 1 - len(challenge)) + challenge
    return bytes([head]) + message + hashlib.sha1(message, usedforsecurity=False).digest() + b"\xbc"


RECOVERIES = {
    "partial": (representative(), "partial"),
    "partial-padded": (padded(), "partial"),
    "total": (total(), "total"),
    "total-padded": (padded(head=0x4B, message=b"\x42" + CHALLENGE, full=True), "total"),
    "total-of-the-challenge-alone": (padded(head=0x4B, message=CHALLENGE, full=True), "total"),
}


@pytest.mark.parametrize("name", RECOVERIES)
def test_partial_and_total_recovery(name):
    text, recovery = RECOVERIES[name]
    facts = active_auth.require_answer(KEY, CHALLENGE, sign(text))
    assert (facts["aa_recovery"], facts["aa_key"], facts["aa_trailer"]) == (recovery, "rsa-2048", "bc")


BAD = {
    "total-replayed": sign(total(challenge=bytes(8))),
    "total-padded-replayed": sign(padded(head=0x4B, message=bytes(8), full=True)),
    "total-without-the-challenge": sign(padded(head=0x4B, full=True)),
    "total-empty": sign(padded(head=0x4B, message=b"", full=True)),
    "partial-empty": sign(padded(message=b"")),
    "padding-without-end": sign(padded(pad=b"\xbb\xbb\xbb")),
    "padding-to-the-end": sign(b"\x6b" + b"\xbb" * 254 + b"\xbc"),
    "header-7a": sign(representative(head=0x7A)),
    "header-2a": sign(representative(head=0x2A)),
    "trailer-ripemd-160": sign(representative(trailer=b"\x31\xcc")),
    "trailer-whirlpool": sign(representative(trailer=b"\x37\xcc")),
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
        ({"modulus": (1 << 1023) + 1}, None),
        ({"modulus": (1 << 1022) + 1}, "key-size"),
        ({"modulus": (1 << 767) + 1}, "key-size"),
        ({"modulus": (1 << 2047) - 1}, "key-size"),
        ({"modulus": (1 << 9000) + 1}, "key-size"),
        ({"exponent": 1}, "key-exponent"),
        ({"exponent": 3}, "key-exponent"),
        ({"exponent": 65538}, "key-exponent"),
        ({"exponent": (1 << 256) + 1}, "key-exponent"),
        ({"family": "ec"}, "key-family-unsupported"),
        ({"family": "ec", "weakness": "curve-unsupported"}, "curve-unsupported"),
        ({"family": "other"}, "key-family-unsupported"),
    ],
)
def test_keys_that_can_prove_nothing(changes, reason):
    fields = {"family": "rsa", "modulus": KEY.modulus, "exponent": 65537, "spki": b"", **changes}
    assert active_auth.weakness(ActiveKey(**fields)) == reason


def spki(algorithm, key):
    return spki_of(oid(algorithm), key)


def test_dg15_with_other_keys():
    key = parse_dg15(tlv.encode(0x6F, spki("1.2.840.10045.2.1", b"\x04")))
    assert (key.family, key.weakness) == ("ec", "key-malformed")
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


# --- ECDSA -------------------------------------------------------------------------------------------------

PLAIN = "0.4.0.127.0.7.1.1.4.1"
EC_DIGESTS = {f"{PLAIN}.1": "sha1", f"{PLAIN}.2": "sha224", f"{PLAIN}.3": "sha256", f"{PLAIN}.4": "sha384"}
EC_DIGESTS |= {f"{PLAIN}.5": "sha512", "1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.1": "sha1"}


def ec_key(parameter_id, private, **form):
    point = CURVES[parameter_id].multiply(private)
    return parse_dg15(tlv.encode(0x6F, ec_spki(parameter_id, point, **form)))


def ec_sign(parameter_id, private, digest, *, challenge=CHALLENGE, nonce=0x1234567):
    """Plain r || s by the textbook (SEC 1 4.1.3)."""
    curve = CURVES[parameter_id]
    n, size = curve.n, (curve.n.bit_length() + 7) // 8
    hashed = hashlib.new(digest, challenge, usedforsecurity=False).digest()
    number = int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - n.bit_length())
    r = curve.multiply(nonce).x % n
    s = pow(nonce, -1, n) * (number + r * private) % n
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def in_der(plain):
    half = len(plain) // 2
    numbers = (int.from_bytes(part, "big") for part in (plain[:half], plain[half:]))
    return tlv.encode(der.SEQUENCE, *(der.encode_integer(number) for number in numbers))


def test_computed_ecdsa_signature():
    key = parse_dg15(octets(EC_TABLE, "EF_DG15"))
    infos = parse_security_infos(tlv.encode(der.SET, octets(EC_TABLE, "ActiveAuthenticationInfo")))
    declared = infos.active_auth_algorithm
    assert active_auth.weakness(key, declared) is None
    facts = active_auth.require_answer(
        key, octets(EC_TABLE, "RND_IFD"), octets(EC_TABLE, "signature_plain"), declared=declared
    )
    assert facts == {
        "aa_key": "ecdsa-brainpoolP256r1",
        "aa_key_bits": 256,
        "aa_hash_algorithm": "sha256",
        "aa_hash_source": "declared",
        "aa_signature": "plain",
    }


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("declared", EC_DIGESTS)
def test_every_curve_and_declared_hash(curve, declared):
    private = CURVES[curve].n - 3
    key = ec_key(curve, private, form="explicit" if curve % 2 else "standard")
    digest = EC_DIGESTS[declared]
    signature = ec_sign(curve, private, digest)
    assert active_auth.weakness(key, declared) is None
    assert active_auth.require_signature(key, CHALLENGE, signature, declared=declared) == digest
    other = ec_sign(curve, private, "sha384" if digest == "sha512" else "sha512")
    with pytest.raises(ActiveAuthError, match="signature"):
        active_auth.require_signature(key, CHALLENGE, other, declared=declared)


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("curve", [8, 11, 13, 14, 18])
def test_hash_that_nobody_declares_is_found_and_recorded(curve, digest):
    facts = active_auth.require_answer(ec_key(curve, 77), CHALLENGE, ec_sign(curve, 77, digest))
    assert (facts["aa_hash_algorithm"], facts["aa_hash_source"]) == (digest, "assumed")


def test_der_signature_is_taken_and_recorded():
    plain = ec_sign(13, 77, "sha256")
    facts = active_auth.require_answer(ec_key(13, 77), CHALLENGE, in_der(plain), declared=f"{PLAIN}.3")
    assert facts["aa_signature"] == "der"


N = CURVES[13].n.to_bytes(32, "big")
GOOD_EC = ec_sign(13, 77, "sha256")
BAD_EC = {
    "signature-range-r0": bytes(32) + GOOD_EC[32:],
    "signature-range-s0": GOOD_EC[:32] + bytes(32),
    "signature-range-rn": N + GOOD_EC[32:],
    "signature-range-sn": GOOD_EC[:32] + N,
    "signature-range-high": b"\xff" * 64,
    "signature-range-negative": tlv.encode(0x30, b"\x02\x01\xff", der.encode_integer(5)),
    "signature-replayed": ec_sign(13, 77, "sha256", challenge=bytes(8)),
    "signature-of-another-key": ec_sign(13, 78, "sha256"),
    "signature-swapped": GOOD_EC[32:] + GOOD_EC[:32],
    "signature-length-short": GOOD_EC[:-1],
    "signature-length-long": GOOD_EC + b"\0",
    "signature-length-empty": b"",
    "signature-length-trailing": in_der(GOOD_EC) + b"\0",
    "signature-length-three": tlv.encode(0x30, *(der.encode_integer(5) for _ in range(3))),
    "signature-length-not-numbers": tlv.encode(0x30, tlv.encode(4, b"\5"), tlv.encode(4, b"\5")),
}


@pytest.mark.parametrize("name", BAD_EC)
@pytest.mark.parametrize("declared", [None, f"{PLAIN}.3"])
def test_ecdsa_forgeries(name, declared):
    with pytest.raises(ActiveAuthError) as caught:
        active_auth.require_signature(ec_key(13, 77), CHALLENGE, BAD_EC[name], declared=declared)
    assert name.startswith(caught.value.facts["reason"])
    assert set(caught.value.facts) == {"reason"}


def test_hash_value_of_zero_bits_does_not_crash(monkeypatch):
    monkeypatch.setattr(
        active_auth.hashlib, "new", lambda *_: type("Zero", (), {"digest": lambda _: bytes(32)})()
    )
    with pytest.raises(ActiveAuthError):
        active_auth.require_signature(ec_key(13, 77), CHALLENGE, GOOD_EC, declared=f"{PLAIN}.3")


# --- what DG14 declares ------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [f"{PLAIN}.1", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.13"])
def test_declared_algorithm_must_be_the_one_used(declared):
    with pytest.raises(ActiveAuthError, match="declared-algorithm"):
        active_auth.require_signature(KEY, CHALLENGE, sign(representative()), declared=declared)


@pytest.mark.parametrize("declared", [None, "1.2.840.113549.1.1.5", "1.2.3.4"])
def test_rsa_with_an_agreeing_or_unknown_declaration(declared):
    assert active_auth.weakness(KEY, declared) is None
    assert active_auth.require_signature(KEY, CHALLENGE, sign(representative()), declared=declared) == "sha1"


def test_ecdsa_declared_as_rsa():
    with pytest.raises(ActiveAuthError, match="declared-algorithm"):
        active_auth.require_signature(ec_key(13, 77), CHALLENGE, GOOD_EC, declared="1.2.840.113549.1.1.11")


@pytest.mark.parametrize("declared", [f"{PLAIN}.6", "1.2.3.4"])
def test_ecdsa_with_an_unknown_declaration_proves_nothing(declared):
    assert active_auth.weakness(ec_key(13, 77), declared) == "declared-algorithm"


def test_short_key_is_recorded():
    table = TABLES["rsa1024_sha1"]
    key = key_of(table)
    assert active_auth.weakness(key) is None
    facts = active_auth.require_answer(key, octets(table, "RND_IFD"), octets(table, "signature"))
    assert (facts["aa_key"], facts["aa_note"]) == ("rsa-1024", "key-below-2048")


# --- keys that no honest issuer signs ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (ec_spki(13, b"\4" + bytes(64)), "bad-point"),
        (ec_spki(13, b"\0"), "infinity"),
        (
            ec_spki(13, CURVES[13].generator, form="explicit", g=CURVES[13].encode(CURVES[13].multiply(5))),
            "curve-",
        ),
    ],
)
def test_faulty_ec_keys_fail_before_anything_is_sent(key, reason):
    with pytest.raises(ActiveAuthError, match=reason):
        active_auth.weakness(parse_dg15(tlv.encode(0x6F, key)))


@pytest.mark.parametrize(
    ("algorithm", "weakness"),
    [
        (oid("1.2.840.10045.2.1") + oid("1.3.132.0.10"), "curve-unsupported"),
        (oid("1.2.840.10045.2.1") + b"\5\0", "curve-unsupported"),
        (oid("1.2.840.10045.2.1") + tlv.encode(0x30), "key-malformed"),
        (oid("0.4.0.127.0.7.1.2") + der.encode_integer(99), "curve-unsupported"),
    ],
)
def test_unusable_ec_keys(algorithm, weakness):
    key = parse_dg15(tlv.encode(0x6F, spki_of(algorithm, b"\4")))
    assert active_auth.weakness(key) == weakness
    assert key.bits == 0


def test_ec_key_hides_in_repr():
    key = ec_key(13, 77)
    assert str(key.ec.point.x) not in repr(key)
    assert key.spki.hex() not in repr(key)


@pytest.mark.parametrize("curve", CURVES.values(), ids=lambda curve: curve.name)
@pytest.mark.parametrize("library", [True, False])
def test_own_arithmetic_is_for_curves_that_the_library_lacks(curve, library, monkeypatch):
    """A wrong answer without a declared hash is tried with every hash: that must not be slow where it need not be."""
    private, challenge = 0x1234567, bytes(range(8))
    key = parse_dg15(tlv.encode(0x6F, ec_spki(curve.parameter_id, curve.multiply(private))))
    nonce, size = 0x7654321, (curve.n.bit_length() + 7) // 8
    hashed = hashlib.sha256(challenge).digest()
    number = int.from_bytes(hashed, "big") >> max(0, 256 - curve.n.bit_length())
    r = curve.multiply(nonce).x % curve.n
    s = pow(nonce, -1, curve.n) * (number + r * private) % curve.n
    own = []
    real = active_auth.ecdsa_holds
    monkeypatch.setattr(active_auth, "ecdsa_holds", lambda *given: own.append(1) or real(*given))
    if not library:
        monkeypatch.setattr(active_auth, "library_verifies", lambda *given, **named: None)
    signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    assert active_auth.require_answer(key, challenge, signature)["aa_hash_algorithm"] == "sha256"
    with pytest.raises(ActiveAuthError):
        active_auth.require_answer(key, challenge[::-1], signature)
    assert bool(own) is (not library or curve.parameter_id in {9, 11, 14})
