"""Roots, keys, users, roles, pins."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sessions import users
from sessions.checkpoint import Signer
from sessions.errors import (
    KeysDamagedError,
    KeysMissingError,
    NoteFormatError,
    RoleForbiddenError,
    RootBusyError,
    RootDamagedError,
    RootExistsError,
    RootKindError,
    RootMissingError,
    RulesError,
    SecretTooShortError,
    StationKeyMismatchError,
    StationPinReplaceError,
    StoreMissingError,
    UnknownRoleError,
    UnknownStationError,
    UserExistsError,
    UserIdError,
    WrongSecretError,
)
from sessions.keys import KeyBundle, KeyringBackend
from sessions.os_keyring import working_keyring
from sessions.pins import StationPins
from sessions.record import Operator
from sessions.roles import load_roles, require_may
from sessions.root import DataRoot
from sessions.users import NewUser
from sessions.verify import verify_log
from tests.support.sessions_station import CHEAP, TestClock

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ADMIN = NewUser(user_id="qt01", role="administrator", name="NGUYỄN VĂN MẪU", secret="mật khẩu dài")
REPO = Path(__file__).parents[3]


class MemoryKeyring:
    """A keyring that works."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class ForgetfulKeyring(MemoryKeyring):
    """A keyring that takes values and has none."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


@pytest.fixture
def real(tmp_path: Path) -> DataRoot:
    return DataRoot.create(tmp_path / "real", "real", now=NOW)


@pytest.fixture
def training(tmp_path: Path) -> DataRoot:
    return DataRoot.create(tmp_path / "training", "training", now=NOW)


def first(root: DataRoot, keyring: KeyringBackend | None = None) -> users.Login:
    role = "administrator" if root.kind == "real" else "trainee"
    return users.add_first(root, replace(ADMIN, role=role), clock=TestClock(), keyring=keyring, cost=CHEAP)


def bytes_below(root: DataRoot) -> bytes:
    return b"".join(path.read_bytes() for path in root.path.rglob("*") if path.is_file())


def test_a_root_keeps_its_kind(real: DataRoot, tmp_path: Path) -> None:
    assert DataRoot.open(real.path) == real
    assert real.origin.startswith("proctor.real/")
    with pytest.raises(RootKindError):
        DataRoot.open(real.path, kind="training")
    with pytest.raises(RootExistsError):
        DataRoot.create(real.path, "training", now=NOW)
    with pytest.raises(RootKindError):
        DataRoot.create(tmp_path / "x", "real", now=NOW, origin="proctor.training/00000000")
    with pytest.raises(RootKindError):
        real.create_keys(custody="bare")
    with pytest.raises(RootMissingError):
        DataRoot.open(tmp_path / "absent")


def test_a_training_root_made_real_by_hand_is_refused(training: DataRoot) -> None:
    mark = training.path / "root.toml"
    text = mark.read_text(encoding="utf-8")
    mark.write_text(text.replace('"training"', '"real"'), encoding="utf-8")
    with pytest.raises(RootDamagedError):
        DataRoot.open(training.path)
    mark.write_text(text.replace("training", "real"), encoding="utf-8")
    with pytest.raises(RootKindError):
        DataRoot.open(training.path).unlock()


@pytest.mark.parametrize("line", ["extra = 1", "schema = 2", 'created = "yesterday"', "=", 'kind = "other"'])
def test_damaged_root(training: DataRoot, line: str) -> None:
    mark = training.path / "root.toml"
    kept = [
        old
        for old in mark.read_text(encoding="utf-8").splitlines()
        if old.split()[0] != line.split(maxsplit=1)[0]
    ]
    mark.write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(RootDamagedError):
        DataRoot.open(training.path)


def test_training_keys_lie_bare_and_open_without_a_password(training: DataRoot) -> None:
    keys = training.unlock()
    text = (training.keys_dir / "database.key").read_text(encoding="ascii")
    assert bytes.fromhex(text) == keys.bundle.database_key
    assert training.keys.custody == "bare"
    assert training.station_key() == keys.bundle.signer(training.origin).key


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX modes")
def test_modes(training: DataRoot) -> None:
    first(training)
    for path in [training.path, *training.path.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_real_keys_are_nowhere_bare(real: DataRoot) -> None:
    with pytest.raises(KeysMissingError):
        real.unlock()
    login = first(real)
    everything = bytes_below(real)
    bundle = login.keys.bundle
    for key in (
        bundle.database_key,
        bundle.evidence_key,
        bundle.signing_seed,
        bundle.seal_pkcs8,
        login.keys.master,
    ):
        assert key not in everything
        assert key.hex().encode() not in everything
    assert "MẪU".encode() not in everything
    assert real.keys.custody == "sealed"
    with pytest.raises(KeysMissingError):
        real.unlock()
    with pytest.raises(KeysMissingError):
        real.unlock(MemoryKeyring())


def test_login(real: DataRoot) -> None:
    made = first(real)
    login = users.authenticate(real, "qt01", "mật khẩu dài")
    assert login.operator == Operator(user_id="qt01", role="administrator", name="NGUYỄN VĂN MẪU")
    assert login.keys.bundle == made.keys.bundle
    for user_id, secret in (("qt01", "mật khẩu sai"), ("qt02", "mật khẩu dài"), ("../qt01", "x")):
        with pytest.raises(WrongSecretError):
            users.authenticate(real, user_id, secret)


def test_a_password_typed_decomposed_is_the_same(real: DataRoot) -> None:
    import unicodedata

    first(real)
    assert users.authenticate(real, "qt01", unicodedata.normalize("NFD", "mật khẩu dài"))


def test_first_user_once(real: DataRoot) -> None:
    first(real)
    with pytest.raises(UserExistsError):
        first(real)


def test_first_user_after_a_cut_addition(real: DataRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power went when the keys were there and the log was not."""

    def cut(*_arguments: object, **_named: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(users.Store, "create", cut)
        with pytest.raises(InterruptedError):
            first(real)
    key = real.station_key()
    again = first(real)
    assert again.keys.bundle.signer(real.origin).key == key


def test_a_deleted_log_is_not_made_again(real: DataRoot) -> None:
    first(real)
    real.database.unlink()
    with pytest.raises(StoreMissingError):
        first(real)


def test_further_users_are_logged(real: DataRoot) -> None:
    login = first(real)
    clerk = NewUser(user_id="shv02", role="identity-examiner", name="TRẦN THỊ MẪU", secret="12345678")
    with users.open_store(real, login.keys, TestClock()) as store:
        users.add(real, store, login, clerk, cost=CHEAP)
        with pytest.raises(UserExistsError):
            users.add(real, store, login, clerk, cost=CHEAP)
        other = users.authenticate(real, "shv02", "12345678")
        assert users.require_logged(store, other).role == "identity-examiner"
        with pytest.raises(RoleForbiddenError):
            users.add(real, store, other, replace(clerk, user_id="shv03"), cost=CHEAP)
        assert users.logged_users(store) == {"qt01": "administrator", "shv02": "identity-examiner"}
        assert [entry.body["operator"]["id"] for entry in store.entries("key")] == ["station", "qt01", "qt01"]
        raised = replace(other, operator=replace(other.operator, role="administrator"))
        with pytest.raises(RoleForbiddenError):
            users.require_logged(store, raised)
    assert [user.user_id for user in users.list_users(real, login.keys)] == ["qt01", "shv02"]
    pins = real.pins
    assert verify_log(real.database, database_key=login.keys.bundle.database_key, pins=pins).ok


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"secret": "1234567"}, SecretTooShortError),
        ({"user_id": "A B"}, UserIdError),
        ({"user_id": "station"}, UserIdError),
        ({"user_id": "../x"}, UserIdError),
        ({"role": "king"}, UnknownRoleError),
        ({"role": "trainee"}, UnknownRoleError),
    ],
)
def test_impossible_users(real: DataRoot, changes: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        users.add_first(real, replace(ADMIN, **changes), clock=TestClock(), cost=CHEAP)
    assert not real.keys.exists


def test_keyring_holds_the_master_key(real: DataRoot) -> None:
    ring = MemoryKeyring()
    made = first(real, keyring=ring)
    assert real.keys.custody == "keyring"
    assert real.unlock(ring).bundle == made.keys.bundle
    assert users.authenticate(real, "qt01", "mật khẩu dài").keys.bundle == made.keys.bundle
    assert made.keys.master.hex().encode() not in bytes_below(real)
    with pytest.raises(KeysMissingError):
        real.unlock()
    ring.kept = dict.fromkeys(ring.kept, "zz")
    with pytest.raises(KeysDamagedError):
        real.unlock(ring)


def test_keyring_only_after_a_probe() -> None:
    ring = MemoryKeyring()
    assert working_keyring(lambda: ring) is ring
    assert not ring.kept
    assert working_keyring(ForgetfulKeyring) is None

    def broken() -> KeyringBackend:
        raise RuntimeError

    assert working_keyring(broken) is None


@pytest.mark.parametrize("name", ["keys.toml", "bundle.sealed", "slots/qt01.slot"])
def test_damaged_key_files(real: DataRoot, name: str) -> None:
    first(real)
    (real.keys_dir / name).write_bytes(b"{}" * 40)
    with pytest.raises(KeysDamagedError):
        users.authenticate(real, "qt01", "mật khẩu dài")


def test_sealed_keys_of_another_root_do_not_open(real: DataRoot) -> None:
    first(real)
    moved = replace(real, origin="proctor.real/ffffffff")
    with pytest.raises(KeysDamagedError):
        users.authenticate(moved, "qt01", "mật khẩu dài")


def test_altered_role_in_a_slot(real: DataRoot) -> None:
    login = first(real)
    slot = real.keys_dir / "slots" / "qt01.slot"
    text = slot.read_text(encoding="utf-8")
    at = text.rindex('"') - 4
    slot.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :], encoding="utf-8")
    with pytest.raises(KeysDamagedError):
        users.list_users(real, login.keys)


def test_nothing_secret_in_repr() -> None:
    bundle = KeyBundle.generate()
    assert repr(bundle) == "KeyBundle()"
    assert "mật" not in repr(ADMIN)
    assert "MẪU" not in repr(ADMIN)
    assert "MẪU" not in repr(Operator(user_id="a", role="b", name="NGUYỄN VĂN MẪU"))


def test_bundle_makes_its_keys() -> None:
    bundle = KeyBundle.generate()
    assert bundle.seal_private_key().curve.name == "secp256r1"
    assert bundle.signer("a").key.fingerprint == bundle.signer("b").key.fingerprint


def test_one_process_holds_a_root(training: DataRoot) -> None:
    code = (
        "import sys; from pathlib import Path; from sessions.root import DataRoot\n"
        "from sessions.errors import RootBusyError\n"
        "try:\n    with DataRoot.open(Path(sys.argv[1])).lock(): sys.exit(0)\n"
        "except RootBusyError: sys.exit(7)"
    )
    command = [sys.executable, "-c", code, str(training.path)]
    environment = {**os.environ, "PYTHONPATH": str(REPO)}
    with training.lock():
        assert subprocess.run(command, check=False, env=environment).returncode == 7
        with pytest.raises(RootBusyError), training.lock():
            pass
    assert subprocess.run(command, check=False, env=environment).returncode == 0


def test_pins(tmp_path: Path) -> None:
    own, other = (
        Signer("proctor.real/00000001", bytes(32)).key,
        Signer("proctor.real/00000001", b"1" * 32).key,
    )
    pins = StationPins.load(tmp_path / "stations")
    with pytest.raises(UnknownStationError):
        pins.require(own)
    pins = pins.add(own.encode())
    assert pins.add(own.encode()) == pins
    assert StationPins.load(tmp_path / "stations").list() == (own,)
    assert pins.require(own) == own
    with pytest.raises(StationKeyMismatchError):
        pins.require(other)
    with pytest.raises(StationKeyMismatchError):
        pins.add(other.encode())
    with pytest.raises(StationPinReplaceError):
        pins.add(other.encode(), replace=other.fingerprint)
    with pytest.raises(NoteFormatError):
        pins.add(other.encode(), replace="abc")
    newer = pins.add(other.encode(), replace=own.fingerprint.upper())
    assert newer.list() == StationPins.load(tmp_path / "stations").list() == (other,)
    assert [path.stem for path in (tmp_path / "stations").iterdir()] == [other.fingerprint]
    with pytest.raises(StationKeyMismatchError):
        newer.require(own)
    assert newer.add(own.encode(), replace=other.fingerprint).list() == (own,)
    with pytest.raises(StationPinReplaceError):
        StationPins().add(own.encode(), replace=own.fingerprint)
    (tmp_path / "stations" / "z.vkey").write_text(other.encode(), encoding="utf-8")
    with pytest.raises(NoteFormatError, match="twice"):
        StationPins.load(tmp_path / "stations")


def test_fingerprint_pins() -> None:
    own, other = Signer("a", bytes(32)).key, Signer("a", b"1" * 32).key
    spaced = ":".join(own.fingerprint[at : at + 4] for at in range(0, 64, 4)).upper()
    pins = StationPins.of_fingerprint(spaced)
    assert pins.require(own) == own
    with pytest.raises(StationKeyMismatchError):
        pins.require(other)
    with pytest.raises(NoteFormatError):
        StationPins.of_fingerprint("abcd")


def test_roles_are_data() -> None:
    roles = load_roles()
    assert roles["overseer"].may == {"view", "confirm"}
    assert roles["administrator"].label == "quản trị"
    assert "check-in" not in roles["overseer"].may
    with pytest.raises(RoleForbiddenError):
        require_may(Operator(user_id="a", role="overseer"), "check-in")
    with pytest.raises(RoleForbiddenError):
        require_may(Operator(user_id="a", role="gone"), "view")
    for text in (
        "[other]\n",
        '[roles.x]\nlabel = "x"\nmay = ["fly"]\n',
        '[roles.x]\nlabel = "x"\n',
        '[roles.x]\nlabel = "x"\nmay = []\ncolour = 1\n',
    ):
        with pytest.raises(RulesError):
            load_roles(text)
