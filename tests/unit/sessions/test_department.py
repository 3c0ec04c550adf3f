"""The department's key: wrapped things open there and nowhere else; files are read with suspicion."""

import json
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.department import DepartmentPrivate, DepartmentPublic, read_private, require_fingerprint
from sessions.errors import (
    DepartmentKeyError,
    DepartmentMismatchError,
    DepartmentWrapError,
    SecretTooShortError,
    WrongSecretError,
)
from tests.support.hpke_reader import open_single, schedule
from tests.support.sessions_station import CHEAP

VECTOR = tomllib.loads((Path(__file__).parents[2] / "vectors" / "hpke.toml").read_text(encoding="utf-8"))
PASSPHRASE = "câu mật khẩu của sở"


def octets(name: str) -> bytes:
    return bytes.fromhex(VECTOR[name])


@pytest.fixture(scope="module")
def key() -> DepartmentPrivate:
    return DepartmentPrivate.generate("Sở  Mẫu")


def test_the_second_reader_agrees_with_rfc_9180() -> None:
    found = schedule(octets("sk_rm"), octets("enc"), octets("info"), VECTOR["aead_id"])
    assert found.shared_secret == octets("shared_secret")
    assert (found.key, found.base_nonce) == (octets("key"), octets("base_nonce"))
    assert AESGCM(found.key).encrypt(found.base_nonce, octets("pt"), octets("aad")) == octets("ct")


def test_the_second_reader_agrees_with_the_library() -> None:
    public = X25519PublicKey.from_public_bytes(octets("pk_rm"))
    for aead, number in ((hpke.AEAD.AES_128_GCM, 1), (hpke.AEAD.AES_256_GCM, 2)):
        suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, aead)
        sealed = suite.encrypt(b"data", public, octets("info"))
        assert open_single(octets("sk_rm"), sealed, octets("info"), number) == b"data"


def test_a_second_reader_opens_what_is_wrapped(key: DepartmentPrivate) -> None:
    seed = bytes.fromhex(json.loads(key.bare())["bare"])
    sealed = key.public.wrap(b"data", info=b"what for")
    assert len(sealed) == 4 + 48
    assert open_single(seed, sealed, b"proctor department 1\nwhat for") == b"data"


def test_wrapped_things_open_with_the_key_and_the_purpose(key: DepartmentPrivate) -> None:
    sealed = key.public.wrap(b"data", info=b"a")
    assert key.unwrap(sealed, info=b"a") == b"data"
    assert key.public.wrap(b"data", info=b"a") != sealed
    with pytest.raises(DepartmentWrapError):
        key.unwrap(sealed, info=b"b")
    with pytest.raises(DepartmentWrapError):
        DepartmentPrivate.generate("B").unwrap(sealed, info=b"a")
    for place in range(len(sealed)):
        with pytest.raises(DepartmentWrapError):
            key.unwrap(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], info=b"a")
    for length in (0, 31, 32, 47, len(sealed) - 1):
        with pytest.raises(DepartmentWrapError):
            key.unwrap(sealed[:length], info=b"a")


def test_a_key_of_low_order_wraps_nothing() -> None:
    with pytest.raises(DepartmentKeyError):
        DepartmentPublic(name="A", public=bytes(32)).wrap(b"data", info=b"")


def test_the_public_file_is_one_line_with_a_checksum(key: DepartmentPrivate) -> None:
    line = key.public.encode()
    assert "\n" not in line
    assert key.public.name == "Sở Mẫu"
    for form in (line, f"{line}\n", f"{line}\r\n".encode(), b"\xef\xbb\xbf" + line.encode()):
        assert DepartmentPublic.parse(form) == key.public
    for place in range(len(line)):
        flipped = line[:place] + chr(ord(line[place]) ^ 1) + line[place + 1 :]
        with pytest.raises(DepartmentKeyError):
            DepartmentPublic.parse(flipped)
    for wrong in ("", "x", line.replace(" ", "  "), line + " ", line * 200, b"\xff" + line.encode()):
        with pytest.raises(DepartmentKeyError):
            DepartmentPublic.parse(wrong)


def test_the_private_file_opens_by_its_passphrase(key: DepartmentPrivate) -> None:
    sealed = key.seal(PASSPHRASE, CHEAP)
    assert DepartmentPrivate.open(sealed, PASSPHRASE) == key
    for wrong in ("nicht der Satz", None):
        with pytest.raises(WrongSecretError):
            DepartmentPrivate.open(sealed, wrong)
    with pytest.raises(SecretTooShortError):
        key.seal("kurz", CHEAP)
    seed = json.loads(key.bare())["bare"]
    assert seed not in sealed.decode()
    assert seed not in repr(key)


def test_a_bare_key_opens_in_training_only(key: DepartmentPrivate) -> None:
    assert DepartmentPrivate.open(key.bare(), None, training=True) == key
    with pytest.raises(DepartmentKeyError):
        DepartmentPrivate.open(key.bare(), PASSPHRASE)


@pytest.mark.parametrize(
    "changes",
    [
        {"form": "proctor department private 2"},
        {"public": "proctor-department-1"},
        {"public": 7},
        {"kdf": "scrypt"},
        {"passes": 0},
        {"passes": 65},
        {"passes": True},
        {"memory_kib": 2**40},
        {"memory_kib": "64"},
        {"lanes": 0},
        {"lanes": 64, "memory_kib": 64},
        {"salt": "zz"},
        {"salt": ""},
        {"sealed": "00"},
        {"sealed": None},
    ],
)
def test_hostile_private_files(key: DepartmentPrivate, changes: dict[str, object]) -> None:
    document = {**json.loads(key.seal(PASSPHRASE, CHEAP)), **changes}
    with pytest.raises(DepartmentKeyError):
        DepartmentPrivate.open(json.dumps(document).encode(), PASSPHRASE)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 5000, b" " * 9000])
def test_what_is_no_private_file(data: bytes) -> None:
    with pytest.raises(DepartmentKeyError):
        read_private(data)


def test_another_pair_in_one_file_is_refused(key: DepartmentPrivate) -> None:
    other = json.loads(DepartmentPrivate.generate("B").bare())
    document = {**json.loads(key.bare()), "bare": other["bare"]}
    with pytest.raises(DepartmentKeyError):
        DepartmentPrivate.open(json.dumps(document).encode(), None, training=True)


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\x07b", "a\u202eb"])
def test_impossible_names(name: str) -> None:
    with pytest.raises(DepartmentKeyError):
        DepartmentPrivate.generate(name)


def test_fingerprints(key: DepartmentPrivate) -> None:
    printed = key.public.fingerprint.upper()
    assert require_fingerprint(f" {printed[:32]} {printed[32:]}") == key.public.fingerprint
    assert key.require(key.public.fingerprint) is key
    with pytest.raises(DepartmentMismatchError):
        key.require("00" * 32)
    with pytest.raises(DepartmentKeyError):
        require_fingerprint("zz")
