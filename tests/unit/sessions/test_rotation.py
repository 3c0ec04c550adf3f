"""New keys: the old ones open nothing any more, old entries verify, and what must not begin does not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sessions import rotation, users
from sessions.engine import DatabaseError, connect
from sessions.enrolment import change_password, enrol
from sessions.errors import (
    KeyFileError,
    KeysDamagedError,
    KeysTrainingError,
    RootBusyError,
    RotationRefusedError,
    UnknownUserError,
    WrongSecretError,
)
from sessions.evidence_keys import EvidenceKeys
from sessions.pins import StationPins
from sessions.rekeying import rekey, reseal
from sessions.rotation import (
    By,
    begin_epoch_with_new_key,
    rotate_secrets,
    rotate_station,
    settle,
)
from sessions.slots import make_slot, seal
from sessions.store import Store
from sessions.users import Login
from sessions.verify import LogReport, verify_log
from tests.support.keeping import AN, ATTEMPTS, BINH, BY, BY_AN, SECOND, House, require_whole
from tests.support.sessions_station import CHEAP
from tests.unit.sessions.test_people import MemoryKeyring


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House.build(tmp_path / "station")


def opens(path: Path, key: bytes) -> bool:
    connection = connect(path, key).conn
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except DatabaseError:
        return False
    finally:
        connection.close()
    return True


def test_a_new_signing_key(house: House) -> None:
    before = house.log_in()
    old = before.bundle.verifier_key(house.root.origin)
    with house.open(before) as store:
        keys, receipt = rotate_station(house.root, store, before, BY)
        assert store.entry(receipt.seq).body["custody"] == "file"
        store.append("key", {"event": "password-changed", "user": "an"}, operator=BY_AN)
    new = keys.bundle.verifier_key(house.root.origin)
    assert house.root.station_key() == new != old
    assert house.log_in().bundle == keys.bundle
    require_whole(house)
    for pinned in (old, new):  # whoever pinned the old key believes what it named
        report = rotation_report(house, StationPins().add(pinned.encode()))
        assert report.ok, report
    with house.open(house.log_in()) as store:
        rotate_station(house.root, store, house.log_in(), BY)
    require_whole(house)


def rotation_report(house: House, pins: StationPins) -> LogReport:
    return verify_log(house.root.database, database_key=house.log_in().bundle.database_key, pins=pins)


def test_a_new_signing_key_in_a_later_epoch(house: House) -> None:
    keys = house.log_in()
    with house.open(keys) as store:
        store.begin_epoch(reason="thử", operator=BY_AN, second=SECOND, path=house.root.database)
        rotate_station(house.root, store, keys, BY)
    assert house.root.station_key().name.endswith("/2")
    require_whole(house)


@pytest.mark.parametrize("cut", [False, True])
def test_a_lost_signing_key_begins_an_epoch(house: House, cut: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = house.log_in()
    with Store.open(
        house.root.database, for_epoch=True, **users.store_parts(house.root, keys, house.clock)
    ) as store:
        if cut:
            monkeypatch.setattr(rotation, "_take_over", lambda *_: keys)
        begin_epoch_with_new_key(house.root, store, keys, BY)
    monkeypatch.undo()
    after = require_whole(house)
    assert after.bundle.signing_seed != keys.bundle.signing_seed
    assert house.root.station_key().name.endswith("/2")
    old_only = StationPins().add(keys.bundle.verifier_key(house.root.origin).encode())
    assert rotation_report(house, old_only).code == "unknown-station"  # nobody vouched for the new key


def test_the_new_key_is_in_force_as_soon_as_the_log_names_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = house.log_in()
    with house.open(keys) as store, monkeypatch.context() as patched:
        patched.setattr(rotation, "_take_over", lambda *_: keys)
        rotate_station(house.root, store, keys, BY)
    assert house.root.keys.open_bundle(keys.master).work is not None
    after = require_whole(house)
    assert after.bundle.signing_seed != keys.bundle.signing_seed


def test_a_key_that_the_log_never_named_was_never_in_force(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = house.log_in()
    with house.open(keys) as store:
        monkeypatch.setattr(store, "rotate_key", lambda *_a, **_k: (_ for _ in ()).throw(KeysDamagedError))
        with pytest.raises(KeysDamagedError):
            rotate_station(house.root, store, keys, BY)
    after = require_whole(house)
    assert after.bundle == keys.bundle


def test_new_secrets(house: House) -> None:
    before = house.log_in()
    slots = house.root.keys_dir / "evidence.slots"
    sealed = slots.read_bytes()
    with house.open(before) as store:
        done = rotate_secrets(house.root, store, before, BY, clock=house.clock)
    assert done.kinds == ("database", "evidence", "master", "seal")
    after = require_whole(house)
    old, new = before.bundle, after.bundle
    assert not {old.database_key, old.evidence_key, old.seal_pkcs8} & {
        new.database_key,
        new.evidence_key,
        new.seal_pkcs8,
    }
    assert new.signing_seed == old.signing_seed
    assert not opens(house.root.database, old.database_key)
    with pytest.raises(KeysDamagedError):
        house.root.keys.open_bundle(before.master)
    assert slots.read_bytes() != sealed
    with pytest.raises(KeyFileError):
        EvidenceKeys.open(slots, old.evidence_key, house.root.origin, taken=1).read(0)
    assert sorted(path.name for path in house.root.keys_dir.iterdir()) == [
        *("bundle.2.sealed", "evidence.slots", "keys.toml", "slots.2"),
    ]
    with house.open(house.log_in()) as store:
        entry = store.entries("key")[-2]
        assert entry.body["keys"] == list(done.kinds)
        assert (entry.body["operator"]["id"], entry.body["second"]["id"]) == ("an", "binh")


def test_new_secrets_again_and_again(house: House) -> None:
    for _ in range(3):
        keys = house.log_in()
        with house.open(keys) as store:
            rotate_secrets(house.root, store, keys, BY, clock=house.clock)
    require_whole(house)
    assert house.root.keys.generation == 4


def test_a_user_left_out_is_enrolled_again(house: House) -> None:
    login = users.authenticate(house.root, "an", AN.secret)
    chi = replace(BINH, signing_seed=b"3" * 32, user_id="chi", role="auditor", secret="mật khẩu mẫu 3")
    with house.open(login.keys) as store:
        users.add(house.root, store, login, chi, second=SECOND, cost=CHEAP)
        done = rotate_secrets(house.root, store, login.keys, BY, clock=house.clock, drop=("chi",))
    assert done.left_out == ("chi",)
    with pytest.raises(WrongSecretError):
        users.authenticate(house.root, "chi", chi.secret)
    again = Login(operator=BY_AN, keys=done.keys)
    with house.open(done.keys) as store:
        enrol(house.root, store, again, second=SECOND, user_id="chi", secret="ein neues Wort", cost=CHEAP)
        found = users.authenticate(house.root, "chi", "ein neues Wort")
        assert users.require_logged(store, found).role == "auditor"
        assert found.operator.name == "TRẦN THỊ MẪU"
        with pytest.raises(UnknownUserError):
            enrol(house.root, store, again, second=SECOND, user_id="dao", secret="12345678")
    require_whole(house)


def test_ones_own_password(house: House) -> None:
    login = users.authenticate(house.root, "an", AN.secret)
    with house.open(login.keys) as store:
        change_password(house.root, store, login, AN.secret, "ein neues Wort", cost=CHEAP)
        with pytest.raises(WrongSecretError):
            change_password(house.root, store, login, AN.secret, "noch ein Wort", cost=CHEAP)
        with pytest.raises(WrongSecretError):
            change_password(house.root, store, login, "ein neues Wort", "ein neues Wort", cost=CHEAP)
    with pytest.raises(WrongSecretError):
        users.authenticate(house.root, "an", AN.secret)
    assert users.authenticate(house.root, "an", "ein neues Wort").keys.master == login.keys.master


def test_what_must_not_begin(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = house.log_in()
    with house.open(keys) as store:
        for drop in (("an",), ("binh",), ("dao",)):
            with pytest.raises(RotationRefusedError):
                rotate_secrets(house.root, store, keys, BY, clock=house.clock, drop=drop)
        (house.root.path / "pending").mkdir(exist_ok=True)
        (house.root.path / "pending" / "attempt-9").write_bytes(b"")
        with pytest.raises(RotationRefusedError):
            rotate_secrets(house.root, store, keys, BY, clock=house.clock)
        (house.root.path / "pending" / "attempt-9").unlink()
        monkeypatch.setattr(rotation, "_ROOM", 10**15)
        with pytest.raises(RotationRefusedError):
            rotate_secrets(house.root, store, keys, BY, clock=house.clock)
    with pytest.raises(RotationRefusedError):
        By(operator=BY_AN, second=SECOND, reason="  ")
    training = replace(house.root, kind="training")
    with pytest.raises(KeysTrainingError):
        rotate_secrets(training, store, keys, BY, clock=house.clock)
    require_whole(house)


def test_slots_of_the_first_form_are_carried_over_at_log_in(house: House) -> None:
    keys = house.log_in()
    slot = house.root.keys.slots_dir / "an.slot"
    slot.write_bytes(
        old_slot(keys.master, "an", AN.secret, {"role": "administrator", "name": "NGUYỄN VĂN MẪU"})
    )
    assert house.root.keys.is_old_slot("an")
    binh = users.authenticate(house.root, "binh", BINH.secret).keys
    with house.open(binh) as store, pytest.raises(RotationRefusedError):
        rotate_secrets(house.root, store, binh, BY, clock=house.clock)
    login = users.authenticate(house.root, "an", AN.secret)
    assert login.operator.name == "NGUYỄN VĂN MẪU"
    assert not house.root.keys.is_old_slot("an")
    with house.open(login.keys) as store:
        rotate_secrets(house.root, store, login.keys, BY, clock=house.clock)
    require_whole(house)


def old_slot(master: bytes, user_id: str, secret: str, user: dict[str, str]) -> bytes:
    """A slot as the first version wrote it (docs/log-format.md, "Keys on disk")."""
    salt = bytes(16)
    fields = {
        "schema": 1,
        "kdf": "argon2id",
        "passes": CHEAP.passes,
        "memory_kib": CHEAP.memory_kib,
        "lanes": CHEAP.lanes,
        "salt": salt.hex(),
        "wrapped": seal(
            CHEAP.derive(secret, salt), master, b"proctor user slot 1\n" + user_id.encode()
        ).hex(),
        "user": seal(master, json.dumps(user).encode(), b"proctor user 1\n" + user_id.encode()).hex(),
    }
    return json.dumps(fields).encode()


def test_a_slot_that_was_slipped_in_gets_no_new_master_key(house: House) -> None:
    keys = house.log_in()
    foreign = make_slot(bytes(32), "dao", "mật khẩu của kẻ lạ", {"role": "administrator"}, CHEAP)
    (house.root.keys.slots_dir / "dao.slot").write_bytes(foreign)
    with house.open(keys) as store, pytest.raises(KeysDamagedError):
        rotate_secrets(house.root, store, keys, BY, clock=house.clock)
    (house.root.keys.slots_dir / "dao.slot").unlink()
    require_whole(house)


def test_keys_that_another_process_changed_meanwhile_are_not_used(house: House) -> None:
    stale = house.log_in()
    with house.open(stale) as store:
        rotate_secrets(house.root, store, stale, BY, clock=house.clock)
    with pytest.raises(RootBusyError):
        settle(house.root, stale, clock=house.clock)


def test_the_keyring_follows(tmp_path: Path) -> None:
    house = House.build(tmp_path / "station")
    ring = MemoryKeyring()
    keys = house.log_in()
    ring.set_password("proctor", house.root.origin, keys.master.hex())
    (house.root.keys_dir / "keys.toml").write_text('schema = 1\ncustody = "keyring"\n', encoding="utf-8")
    with house.open(keys) as store:
        rotate_secrets(house.root, store, keys, BY, clock=house.clock, keyring=ring)
    assert list(ring.kept) == [("proctor", f"{house.root.origin}#2")]
    assert house.root.unlock(ring).bundle == house.log_in().bundle
    with house.open(house.log_in()) as store:
        rotate_secrets(house.root, store, house.log_in(), BY, clock=house.clock, keyring=None)
    assert house.root.keys.custody == "sealed"  # no keyring to tell: passwords alone open it now
    require_whole(house)


def test_rekey_and_reseal_twice_are_once(house: House) -> None:
    keys = house.log_in()
    old, new = keys.bundle.database_key, bytes(range(32))
    rekey(house.root.database, old, new)
    rekey(house.root.database, old, new)
    assert opens(house.root.database, new)
    assert not opens(house.root.database, old)
    path = house.root.keys_dir / "evidence.slots"
    assert reseal(path, keys.bundle.evidence_key, new, house.root.origin) > ATTEMPTS
    assert reseal(path, keys.bundle.evidence_key, new, house.root.origin) == 0
    assert reseal(path, new, new, house.root.origin) == 0


def test_destroyed_slots_stay_destroyed(house: House) -> None:
    keys = house.log_in()
    with house.open(keys) as store:
        store.evidence_keys.destroy([0, 2])
        path = store.evidence_keys.path
    reseal(path, keys.bundle.evidence_key, bytes(range(32)), house.root.origin)
    after = EvidenceKeys.open(path, bytes(range(32)), house.root.origin, taken=3)
    assert [after.is_destroyed(slot) for slot in range(3)] == [True, False, True]
