"""The signing key in a token: each test in a process of its own, since a PKCS#11 library is loaded once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sessions.checkpoint import VerifierKey
from sessions.errors import KeysDamagedError, TokenLibraryError, TokenNeededError
from sessions.pkcs11 import PublicSigner, TokenKey, find_or_make_key
from tests.support.keeping import House
from tests.support.softhsm import LABEL, PIN, TOKEN, SoftToken, make_token

REPO = Path(__file__).parents[3]
FIELDS = {"library": "/lib/x.so", "token": "t", "label": "l", "public": "00" * 32}


@pytest.fixture
def token(tmp_path: Path) -> SoftToken:
    return make_token(tmp_path / "token")


def run(token: SoftToken, code: str, *arguments: str | Path) -> str:
    """Run a piece of Python with the token; `library`, `PIN`, `TOKEN`, `LABEL` are known to it."""
    head = (
        "import sys; from pathlib import Path\n"
        "from tests.support.softhsm import PIN, TOKEN, LABEL\n"
        "from sessions.errors import *\n"
        "from sessions.pkcs11 import TokenKey, TokenSigner, find_or_make_key\n"
        f"library = {token.library!r}\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", head + code, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **token.environment, "PYTHONPATH": str(REPO)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_key_is_made_in_the_token_and_signs(token: SoftToken) -> None:
    out = run(
        token,
        """
key = find_or_make_key(library, TOKEN, LABEL, PIN)
assert find_or_make_key(library, TOKEN, LABEL, PIN) == key
signer = TokenSigner.open("proctor.real/0a1b2c3d", key, PIN)
assert PIN not in repr(signer) and key.label not in repr(signer)
again = signer.named("proctor.real/0a1b2c3d/2")
note = again.sign_note("a text\\n")
print(key.public.hex(), signer.sign(b"message").hex(), repr(note), sep="\\n")
""",
    )
    public, signature, note = out.splitlines()
    key = VerifierKey(name="proctor.real/0a1b2c3d", public=bytes.fromhex(public))
    assert key.verify(bytes.fromhex(signature), b"message") == b"message"
    assert "proctor.real/0a1b2c3d/2" in note


def test_the_private_key_does_not_come_out(token: SoftToken) -> None:
    out = run(
        token,
        """
import pkcs11
find_or_make_key(library, TOKEN, LABEL, PIN)
session = pkcs11.lib(library).get_token(token_label=TOKEN).open(user_pin=PIN)
private, = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
print(private[pkcs11.Attribute.SENSITIVE], private[pkcs11.Attribute.EXTRACTABLE])
try:
    private[pkcs11.Attribute.VALUE]
except pkcs11.exceptions.PKCS11Error as error:
    print(type(error).__name__)
""",
    )
    assert out.split() == ["True", "False", "AttributeSensitive"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("find_or_make_key(library, TOKEN, LABEL, '0000')", "token-pin"),
        ("find_or_make_key(library, TOKEN, LABEL, '')", "token-pin"),
        ("find_or_make_key(library, 'another', LABEL, PIN)", "token-lost"),
        ("find_or_make_key('/nowhere/lib.so', TOKEN, LABEL, PIN)", "token-library"),
        ("TokenSigner.open('o', TokenKey(library, TOKEN, 'none', bytes(32)), PIN)", "token-key"),
        ("TokenSigner.open('o', TokenKey(library, TOKEN, LABEL, bytes(31) + b'1'), PIN)", "token-key"),
    ],
)
def test_what_is_wrong_has_a_code_and_no_pin_in_it(token: SoftToken, call: str, error: str) -> None:
    call = call.replace("TokenKey(library, TOKEN, ", "TokenKey(library=library, token=TOKEN, label=").replace(
        ", bytes(", ", public=bytes("
    )
    out = run(
        token,
        f"""
find_or_make_key(library, TOKEN, LABEL, PIN)
try:
    {call}
except SessionsError as error:
    assert PIN not in str(error)
    print(error.code)
""",
    )
    assert out == error


ROTATE = """
from sessions.rotation import rotate_station
from sessions.root import DataRoot
from tests.support.keeping import House, BY, require_whole
from tests.support.keeping import AN, BY_AN
from tests.support.sessions_station import evidence, record
house = House(DataRoot.open(Path(sys.argv[1])))
house.clock.at, house.clock.monotonic_ms = house.clock.at.replace(hour=5), 10_000_000
"""


def test_the_station_signs_with_the_token_and_waits_without_it(tmp_path: Path, token: SoftToken) -> None:
    house = House.build(tmp_path / "station")
    out = run(
        token,
        ROTATE
        + """
import shutil
from dataclasses import replace
keys = house.log_in()
key = find_or_make_key(library, TOKEN, LABEL, PIN)
signer = TokenSigner.open(house.root.origin, key, PIN)
with house.open(keys) as store:
    keys, receipt = rotate_station(house.root, store, keys, BY, token=(key, signer))
    assert store.entry(receipt.seq).body["custody"] == "pkcs11"
    store.append_attempt(record(10, operator=BY_AN), evidence(10))
    print(PIN in repr(keys), keys.bundle.signing_seed == b"")

closed = house.log_in()  # a log-in without the PIN reads, and signs nothing
assert closed.bundle.signing is None
with house.open(closed) as store:
    assert store.attempt("attempt-0010") is not None
    try:
        store.append_attempt(record(11, operator=BY_AN), evidence(11))
    except TokenNeededError as error:
        print(error.code, error.facts["pending"])

opened = replace(closed, bundle=replace(closed.bundle, signing=signer))
with house.open(opened) as store:  # with the PIN, what waited is recorded
    assert store.attempt("attempt-0011").body["reasons"][0] == "record-late"
    signer._session.close()  # the token is pulled
    try:
        store.append_attempt(record(12, operator=BY_AN), evidence(12))
    except TokenLostError as error:
        print(error.code, error.facts["pending"])
again = TokenSigner.open(house.root.origin, key, PIN)
opened = replace(closed, bundle=replace(closed.bundle, signing=again))
with house.open(opened) as store:
    assert store.attempt("attempt-0012").body["reasons"][0] == "record-late"
print(house.verify(opened).ok)
""",
        house.root.path,
    )
    assert out.splitlines() == ["False True", "token-needed 1", "token-lost 1", "True"]
    assert PIN.encode() not in b"".join(
        path.read_bytes() for path in house.root.path.rglob("*") if path.is_file() and path.suffix == ".toml"
    )


def test_back_from_the_token_to_the_bundle(tmp_path: Path, token: SoftToken) -> None:
    house = House.build(tmp_path / "station")
    out = run(
        token,
        ROTATE
        + """
keys = house.log_in()
key = find_or_make_key(library, TOKEN, LABEL, PIN)
signer = TokenSigner.open(house.root.origin, key, PIN)
with house.open(keys) as store:
    keys, _ = rotate_station(house.root, store, keys, BY, token=(key, signer))
    try:
        rotate_station(house.root, store, keys, BY, token=(key, signer))
    except RotationRefusedError as error:
        print(error.facts["why"])
    rotate_station(house.root, store, keys, BY)
require_whole(house)
""",
        house.root.path,
    )
    assert out.splitlines() == ["same-key"]


def test_from_one_key_of_a_token_to_another(tmp_path: Path, token: SoftToken) -> None:
    house = House.build(tmp_path / "station")
    out = run(
        token,
        ROTATE
        + """
keys = house.log_in()
first = find_or_make_key(library, TOKEN, LABEL, PIN)
signer = TokenSigner.open(house.root.origin, first, PIN)
with house.open(keys) as store:
    keys, _ = rotate_station(house.root, store, keys, BY, token=(first, signer))
    other = find_or_make_key(library, TOKEN, "log-2", PIN)
    fresh = TokenSigner.open(house.root.origin, other, PIN)
    keys, _ = rotate_station(house.root, store, keys, BY, token=(other, fresh))
    store.append_attempt(record(10, operator=BY_AN), evidence(10))
fresh.close()
signer.close()
print(house.verify(house.log_in()).ok, first.public != other.public)
""",
        house.root.path,
    )
    assert out == "True True"


def test_a_closed_token_signs_nothing() -> None:
    signer = PublicSigner("proctor.real/0a1b2c3d", bytes(31) + b"\x01")
    assert signer.named("proctor.real/0a1b2c3d/2").key.name.endswith("/2")
    with pytest.raises(TokenNeededError):
        signer.sign_note("a\n")


@pytest.mark.parametrize(
    "changes", [{"public": "00"}, {"public": 7}, {"token": ""}, {"label": "x" * 1025}, {"library": None}]
)
def test_damaged_fields_of_a_token(changes: dict[str, object]) -> None:
    assert TokenKey.of_fields(FIELDS).as_fields() == FIELDS
    whole = {**FIELDS, **changes}
    if changes == {"library": None}:
        del whole["library"]
    with pytest.raises(KeysDamagedError):
        TokenKey.of_fields(whole)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(TokenLibraryError):
        find_or_make_key("/lib/x.so", TOKEN, LABEL, PIN)
