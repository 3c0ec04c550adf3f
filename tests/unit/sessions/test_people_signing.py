"""Two persons sign what they answer for: nobody with the station's keys and his own secret signs for the other one."""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sessions import users
from sessions.checkpoint import Signer, VerifierKey
from sessions.enrolment import change_password, enrol
from sessions.errors import RoleForbiddenError
from sessions.key_slots import KeySlots
from sessions.log_file import opened
from sessions.people_changes import is_card_of, register_card, register_token, set_active, set_role
from sessions.people_errors import (
    AddingAloneError,
    PersonKeyError,
    SharedAccountError,
    UserDisabledError,
    UserStateError,
)
from sessions.people_keys import name_key, renew_key, with_own_key
from sessions.people_signing import Bound, Keys, fault, signed
from sessions.record import CHECK_NAMES, Operator, Second
from sessions.root import DataRoot
from sessions.rows_export import export_rows
from sessions.store import Store
from sessions.users import Login, NewUser
from sessions.verify import LogReport
from tests import second_verifier
from tests.support.keeping import AN, BINH, BY_AN, SECOND, House
from tests.support.sessions_station import CHEAP, START, check, evidence, record

VECTORS = Path(__file__).parents[2] / "vectors"
CHI = NewUser(
    user_id="chi", role="auditor", name="LÊ VĂN MẪU", secret="mật khẩu mẫu 3", signing_seed=b"3" * 32
)
DUNG = replace(CHI, user_id="dung", role="chairman", signing_seed=b"4" * 32)
HOLD = {"session": "S-1", "event": "placed", "reason": "specimen"}
FORGER = Signer("binh", b"f" * 32)
Write = Callable[["Desk"], Any]


@dataclass
class Desk:
    """The open log of a house of three, and what an insider does in it."""

    house: House
    login: Login
    store: Store

    def hold(self, second: Second = SECOND, **others: Any) -> Any:
        return self.store.append("hold", HOLD, operator=BY_AN, second=second, **others)

    def forge(self, change: Callable[[dict[str, Any]], Any], second: Second = SECOND) -> Any:
        """Write an entry whose signatures were changed: the writer only checks those that it lets persons make."""
        whole = {**HOLD, "operator": BY_AN.as_body(), "second": second.as_body()}
        whole |= {"schema": 2, "kind": "hold", "origin": self.store.origin}
        head = self.store.head()
        bound, keys = Bound.fresh(head.size, head.root), self.store.people().signing
        known = Keys(own={"an": AN.signer.key, "binh": FORGER.key}, tokens=keys.tokens)
        by = replace(second, signer=FORGER)
        made = signed(whole, bound, known, operator=BY_AN, second=by)["signatures"]
        change(made)
        return self.hold(second, signatures=made)

    def presence(
        self, by: Second = SECOND, *, signatures: dict[str, Any] | None = None, **changes: Any
    ) -> int:
        body = {
            "user": "binh",
            "action": "erase",
            "outcome": "passed",
            "chip_verdict": "genuine",
            "results": {name: check().as_body() for name in CHECK_NAMES},
            "card": self.store.people().cards.get("binh", 0),
            "session": "S-1",
        }
        whole = {**body, **changes}
        return self.store.append("presence", whole, operator=BY_AN, second=by, signatures=signatures).seq


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House.build(tmp_path_factory.mktemp("built") / "station", attempts=0)
    login = users.authenticate(house.root, AN.user_id, AN.secret)
    with house.open(login.keys) as store:
        for user in (CHI, DUNG):
            users.add(house.root, store, login, user, second=SECOND, cost=CHEAP)
    return house


@pytest.fixture
def desk(built: House, tmp_path: Path) -> Iterator[Desk]:
    house = built.copied(tmp_path / "station")
    login = users.authenticate(house.root, AN.user_id, AN.secret)
    with house.open(login.keys) as store:
        yield Desk(house, login, store)


def judged(desk: Desk) -> LogReport:
    """What both verifiers say; they must agree. The quick check must say it too."""
    report = desk.house.verify(desk.login.keys)
    path, root = desk.house.root.database, desk.house.root
    with opened(path, desk.login.keys.bundle.database_key) as connection:
        lines = list(export_rows(connection, KeySlots(root.keys_dir / "evidence.slots", None)))
    second = second_verifier.verify(lines, pins=[key.encode() for key in root.pins.keys])
    first = None if report.first_bad is None else report.first_bad.seq
    assert (second["code"], second["first_bad"]) == (report.code, first), report.findings
    return report


def last_body(desk: Desk) -> dict[str, Any]:
    return dict(desk.store.entries()[-1].body)


# -- honest ------------------------------------------------------------------------------------------------


def test_both_persons_sign_and_both_verifiers_read_it(desk: Desk) -> None:
    desk.hold()
    body = last_body(desk)
    keys = {"operator": AN.signer.key, "second": BINH.signer.key}
    assert fault(body, keys) is None
    assert body["signatures"].keys() == {"nonce", "size", "root", "operator", "second"}
    assert judged(desk).ok


def test_nothing_of_a_key_lies_outside_the_password(desk: Desk) -> None:
    seeds = [user.signing_seed for user in (AN, BINH, CHI)]
    files = [path.read_bytes() for path in desk.house.root.path.rglob("*") if path.is_file()]
    assert not [1 for data in files for seed in seeds if seed in data or seed.hex().encode() in data]
    everything = json.dumps(desk.login.keys.bundle.as_fields(), default=bytes.hex)
    assert BINH.signing_seed.hex() not in everything
    assert "signer" not in repr(BY_AN)
    assert AN.signing_seed.hex() not in repr(desk.login)


def test_a_person_whose_key_is_not_open_writes_nothing(desk: Desk) -> None:
    size = desk.store.head().size
    for second in (replace(SECOND, signer=None), replace(SECOND, signer=FORGER)):
        with pytest.raises(PersonKeyError):
            desk.hold(second)
    assert desk.store.head().size == size


def test_a_key_survives_a_new_password_and_is_replaced_by_two_others(desk: Desk) -> None:
    house, store = desk.house, desk.store
    change_password(house.root, store, desk.login, AN.secret, "mật khẩu mới 1", cost=CHEAP)
    again = users.authenticate(house.root, "an", "mật khẩu mới 1")
    assert isinstance(again.operator.signer, Signer)
    assert again.operator.signer.key == AN.signer.key
    enrol(house.root, store, desk.login, second=SECOND, user_id="chi", secret="mật khẩu mới 3", cost=CHEAP)
    renewed = users.authenticate(house.root, "chi", "mật khẩu mới 3").operator.signer
    assert isinstance(renewed, Signer)
    assert store.people().keys["chi"] == renewed.key != CHI.signer.key
    report = judged(desk)
    assert report.ok
    assert "user-key-replaced" in {each.code for each in report.findings}


def test_a_user_of_before_gets_a_key_at_the_next_log_in(tmp_path: Path) -> None:
    """A station of before people had keys: nobody's is named, until they log in one by one."""
    root, by = (
        DataRoot.create(tmp_path / "before", "real", now=START),
        Operator(user_id="an", role="administrator"),
    )
    keys = root.create_keys(custody="sealed", keyring=None)
    em = replace(CHI, user_id="em", role="chairman", secret="mật khẩu mẫu 5")
    house = House(root)
    with Store.create(root.database, **users.store_parts(root, keys, house.clock)) as store:
        for user in (AN, em):
            shown = {"role": user.role, "name": user.name}
            root.keys.add_slot(keys.master, user.user_id, user.secret, shown, CHEAP)
            body = {"event": "user-added", "user": user.user_id, "role": user.role}
            store.append("key", body, {"identity": b"{}"}, operator=by)
        an = with_own_key(root, users.authenticate(root, "an", AN.secret), AN.secret)
        desk = Desk(house, an, store)
        assert name_key(store, an.operator) is not None

        def hold(signer: Any) -> dict[str, Any]:
            second = Second(user_id="em", role="chairman", signer=signer)
            store.append("hold", HOLD, operator=an.operator, second=second)
            return last_body(desk)

        assert "second" not in hold(None)["signatures"]
        login = with_own_key(root, users.authenticate(root, "em", em.secret), em.secret)
        assert name_key(store, login.operator) is not None
        assert name_key(store, login.operator) is None
        assert "second" in hold(login.operator.signer)["signatures"]
        hold(renew_key(root, store, login, em.secret)[0].operator.signer)
        assert judged(desk).ok


def test_a_further_user_takes_two_persons_as_soon_as_there_are_two(desk: Desk) -> None:
    em = replace(CHI, user_id="em", role="overseer", signing_seed=b"5" * 32)
    size = desk.store.head().size
    with pytest.raises(AddingAloneError):
        users.add(desk.house.root, desk.store, desk.login, em, cost=CHEAP)
    assert desk.store.head().size == size
    assert "em" not in desk.house.root.keys.slot_ids()
    users.add(desk.house.root, desk.store, desk.login, em, second=SECOND, cost=CHEAP)
    assert last_body(desk)["signatures"].keys() >= {"operator", "second"}
    assert judged(desk).ok


def test_roles_and_deactivation_count_for_the_log_in_too(desk: Desk) -> None:
    root, store = desk.house.root, desk.store
    set_role(store, "dung", "overseer", operator=BY_AN, second=SECOND)
    dung = users.authenticate(root, "dung", DUNG.secret)
    assert users.require_logged(store, dung).role == "overseer"
    set_active(store, "dung", active=False, reason="nghỉ", operator=BY_AN, second=SECOND)
    with pytest.raises(UserDisabledError):
        users.require_logged(store, dung)
    set_active(store, "dung", active=True, reason="trở lại", operator=BY_AN, second=SECOND)
    assert users.require_logged(store, dung).role == "overseer"
    with pytest.raises(UserStateError):
        set_role(store, "binh", "auditor", operator=BY_AN, second=SECOND)
    with pytest.raises(RoleForbiddenError):
        set_role(store, "chi", "secretary", operator=replace(BY_AN, role="auditor"), second=SECOND)
    assert judged(desk).ok


@pytest.mark.parametrize("user_id", ["admin", "can-bo-2", "thuky", "invigilator", "root"])
def test_an_id_that_several_would_share_is_refused(tmp_path: Path, user_id: str) -> None:
    root = DataRoot.create(tmp_path / "new", "real", now=START)
    with pytest.raises(SharedAccountError):
        users.add_first(root, replace(AN, user_id=user_id), clock=House(root).clock, cost=CHEAP)


def test_the_vector_is_read_with_the_standard_library_alone() -> None:
    known = tomllib.loads((VECTORS / "person-signatures-1.toml").read_text(encoding="utf-8"))
    body = json.loads((VECTORS / "person-signatures-1.json").read_bytes())
    given = body.pop("signatures")
    fields = {
        name: value for name, value in body.items() if name not in {"seq", "at", "monotonic_ms", "boot_id"}
    }
    fields["origin"] = "proctor.real/0a1b2c3d"
    fields["signatures"] = {name: given[name] for name in ("nonce", "root", "size")}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    signed_text = b"proctor entry signature 1\n" + text.encode()
    assert hashlib.sha256(signed_text).hexdigest() == known["message_sha256"]
    for name in ("operator", "second"):
        public = base64.b64decode(known[name].split("+", 2)[2])[1:]
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(given[name]), signed_text)
    keys = {name: VerifierKey.parse(known[name]) for name in ("operator", "second")}
    whole = {**body, "signatures": given}
    assert fault(whole, keys) is None
    for name, value in body.items():
        if name not in {"seq", "at", "monotonic_ms", "boot_id", "origin"}:
            assert fault({**whole, name: "other" if type(value) is str else 8}, keys) is not None, name
    assert fault({**whole, "origin": "proctor.real/0a1b2c3e"}, keys) == "operator-wrong"


# -- the insider: station keys, master key, his own secret ----------------------------------------------


def copy_of_an_older_one(desk: Desk) -> None:
    desk.hold()
    desk.hold(signatures=last_body(desk)["signatures"])


def other_reason(desk: Desk) -> None:
    desk.hold()
    body = {**HOLD, "reason": "another"}
    desk.store.append("hold", body, operator=BY_AN, second=SECOND, signatures=last_body(desk)["signatures"])


def wrong_head(desk: Desk) -> None:
    whole = {**HOLD, "operator": BY_AN.as_body(), "second": SECOND.as_body()}
    whole |= {"schema": 2, "kind": "hold", "origin": desk.store.origin}
    keys = desk.store.people().signing
    made = signed(whole, Bound.fresh(2, bytes(32)), keys, operator=BY_AN, second=SECOND)
    desk.hold(signatures=made["signatures"])


def key_of_the_other(desk: Desk) -> None:
    """The insider names a key of his for the second person, and signs with it."""
    body = {"event": "user-key", "user": "binh", "vkey": FORGER.key.encode()}
    desk.store.append("key", body, operator=BY_AN, signatures={})
    desk.forge(lambda made: None)


def key_by_reset_alone(desk: Desk) -> None:
    body = {"event": "user-enrolled", "user": "binh", "role": "administrator", "vkey": FORGER.key.encode()}
    second = Second(user_id="dung", role="chairman")
    desk.store.append("key", body, operator=BY_AN, second=second, signatures={})
    desk.forge(lambda made: None)


def added_again(desk: Desk) -> None:
    body = {
        "event": "user-added",
        "user": "binh",
        "role": "administrator",
        "vkey": FORGER.key.encode(),
    }
    desk.store.append("key", body, {"identity": b"{}"}, operator=BY_AN)
    desk.forge(lambda made: None)


def one_key_for_two(desk: Desk) -> None:
    body = {
        "event": "user-added",
        "user": "em",
        "role": "chairman",
        "vkey": Signer("em", AN.signing_seed).key.encode(),
    }
    desk.store.append("key", body, {"identity": b"{}"}, operator=BY_AN)


def deactivated(desk: Desk) -> None:
    set_active(desk.store, "dung", active=False, reason="nghỉ", operator=BY_AN, second=SECOND)
    desk.hold(Second(user_id="dung", role="chairman", signer=DUNG.signer))


PUPPET = Signer("ma", b"m" * 32)
AN_WITHOUT_PASSWORD = Operator(user_id="an", role="administrator")


def puppet(
    desk: Desk, by: Operator, second: Second | None = None, *, keyed: bool = True, signed_by: bool = True
) -> None:
    """Somebody names a person who does not exist: a chairman, who confirms afterwards."""
    body = {"event": "user-added", "user": "ma", "role": "chairman"}
    body |= {"vkey": PUPPET.key.encode()} if keyed else {}
    given = None if signed_by else {}
    desk.store.append("key", body, {"identity": b"{}"}, operator=by, second=second, signatures=given)


def mute_puppet(desk: Desk, proof: str = "password") -> None:
    puppet(desk, BY_AN, SECOND, keyed=False)
    desk.hold(
        Second(user_id="ma", role="chairman", proof=proof, presence=3 if proof == "card-face" else None)
    )


def mute_puppet_with_a_key(desk: Desk) -> None:
    puppet(desk, BY_AN, SECOND, keyed=False)
    ma = Operator(user_id="ma", role="chairman", signer=PUPPET)
    desk.store.append("key", {"event": "user-key", "user": "ma", "vkey": PUPPET.key.encode()}, operator=ma)


def attempt_by(role: str) -> Write:
    """Somebody of a role that checks nobody in does it; or an auditor says that another one is right."""

    def write(desk: Desk) -> None:
        em = NewUser(user_id="em", role=role, name="X", secret="mật khẩu mẫu 5", signing_seed=b"5" * 32)
        users.add(desk.house.root, desk.store, desk.login, em, second=SECOND, cost=CHEAP)
        by = Operator(user_id="em", role=role, signer=em.signer)
        desk.store.append_attempt(record(1, session_id="S-1", operator=by), evidence(1))

    return write


def correct_as_auditor(desk: Desk) -> None:
    by = Operator(user_id="chi", role="auditor", signer=CHI.signer)
    body = {"session": "S-1", "corrects": 1, "reason": "x"}
    desk.store.append("correction", body, operator=by, second=SECOND)


FORGERIES: dict[str, tuple[Write, str]] = {
    "none at all": (lambda desk: desk.hold(signatures={}), "log-altered-signature"),
    "without the second": (lambda desk: desk.forge(lambda made: made.pop("second")), "log-altered-signature"),
    "by a key of his own": (lambda desk: desk.forge(lambda made: None), "log-altered-signature"),
    "the operator's for both": (
        lambda desk: desk.forge(lambda made: made.update(second=made["operator"])),
        "log-altered-signature",
    ),
    "no hexadecimal": (
        lambda desk: desk.forge(lambda made: made.update(second="x")),
        "log-altered-signature",
    ),
    "of no person": (
        lambda desk: desk.forge(lambda made: made.update(token="0" * 128)),
        "log-altered-signature",
    ),
    "copied": (copy_of_an_older_one, "log-altered-signature"),
    "under another text": (other_reason, "log-altered-signature"),
    "bound to no head of this log": (wrong_head, "log-altered-signature"),
    "a key named by one": (key_of_the_other, "log-altered-signature"),
    "a key given by a reset nobody signed": (key_by_reset_alone, "log-altered-signature"),
    "a key by a second addition": (added_again, "log-altered-order"),
    "one key for two": (one_key_for_two, "log-altered-order"),
    "a deactivated second": (deactivated, "log-altered-order"),
    "an auditor as second": (
        lambda desk: desk.hold(Second(user_id="chi", role="auditor", signer=CHI.signer)),
        "log-altered-order",
    ),
    "a token that nobody registered": (
        lambda desk: desk.hold(replace(SECOND, proof="token")),
        "log-altered-signature",
    ),
    "a puppet in another's name": (
        lambda desk: puppet(desk, AN_WITHOUT_PASSWORD, SECOND, signed_by=False),
        "log-altered-signature",
    ),
    "a puppet by one alone": (lambda desk: puppet(desk, BY_AN), "log-altered-order"),
    "a puppet by somebody who adds nobody": (
        lambda desk: puppet(desk, Operator(user_id="dung", role="chairman", signer=DUNG.signer), SECOND),
        "log-altered-order",
    ),
    "a puppet without a key": (mute_puppet, "log-altered-order"),
    "a puppet without a token": (lambda desk: mute_puppet(desk, "token"), "log-altered-order"),
    "a puppet without a card": (lambda desk: mute_puppet(desk, "card-face"), "log-altered-order"),
    "a puppet that gives itself a key": (mute_puppet_with_a_key, "log-altered-order"),
    "a card that nobody read": (
        lambda desk: desk.hold(replace(SECOND, proof="card-face", presence=2)),
        "log-altered-signature",
    ),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_second_person_is_not_forged(desk: Desk, how: str) -> None:
    write, code = FORGERIES[how]
    write(desk)
    report = judged(desk)
    assert report.code == code, report.findings
    assert report.outcome == "failed"


@pytest.mark.parametrize("role", ["overseer", "auditor", "inspector", "corrects"])
def test_who_watches_does_not_act(desk: Desk, role: str) -> None:
    (correct_as_auditor if role == "corrects" else attempt_by(role))(desk)
    report = judged(desk)
    assert report.code == "log-altered-order"
    assert "operator-role" in {each.facts.get("why") for each in report.findings}


# -- proofs of presence ------------------------------------------------------------------------------------


def with_card(desk: Desk) -> None:
    operator = Operator(user_id="binh", role="administrator", signer=BINH.signer)
    second = Second(user_id="an", role="administrator", signer=AN.signer)
    receipt = register_card(desk.store, "001099000001", operator=operator, second=second)
    assert is_card_of(desk.store, receipt.seq, "001099000001")
    assert not is_card_of(desk.store, receipt.seq, "001099000002")
    assert b"001099000001" not in desk.store.body(receipt.seq)
    assert b"001099000001" not in desk.store.evidence(receipt.seq, "identity")


def test_card_and_face_prove_presence_for_one_entry(desk: Desk) -> None:
    with_card(desk)
    seq = desk.presence()
    desk.hold(replace(SECOND, proof="card-face", presence=seq))
    assert judged(desk).ok
    desk.hold(replace(SECOND, proof="card-face", presence=seq))
    assert judged(desk).code == "log-altered-signature"


@pytest.mark.parametrize(
    "changes",
    [{"user": "dung"}, {"outcome": "failed"}, {"card": 1}, {"session": "S-2"}, {"action": "override"}],
    ids=["another person", "failed", "another card", "another session", "another action"],
)
def test_a_presence_that_does_not_fit_is_none(desk: Desk, changes: dict[str, Any]) -> None:
    with_card(desk)
    seq = desk.presence(**changes)
    desk.hold(replace(SECOND, proof="card-face", presence=seq))
    assert judged(desk).code == "log-altered-signature"


def test_a_presence_that_the_second_person_did_not_sign_is_none(desk: Desk) -> None:
    with_card(desk)
    seq = desk.presence(SECOND, signatures={})
    desk.hold(replace(SECOND, proof="card-face", presence=seq))
    report = judged(desk)
    assert [each.seq for each in report.findings if each.code == "log-altered-signature"] == [seq, seq + 1]


def test_a_presence_of_before_a_restart_is_none(desk: Desk) -> None:
    with_card(desk)
    seq = desk.presence()
    desk.house.clock.boot_id = "99999999-2222-3333-4444-555555555555"
    desk.hold(replace(SECOND, proof="card-face", presence=seq))
    assert judged(desk).code == "log-altered-signature"


def test_a_presence_is_good_for_ten_minutes(desk: Desk) -> None:
    with_card(desk)
    seq = desk.presence()
    desk.house.clock.at += timedelta(minutes=11)
    desk.house.clock.monotonic_ms += 11 * 60_000
    desk.hold(replace(SECOND, proof="card-face", presence=seq))
    assert judged(desk).code == "log-altered-signature"


def test_a_token_signs_beside_the_password(desk: Desk) -> None:
    key = Signer("binh", b"t" * 32)
    operator = Operator(user_id="binh", role="administrator", signer=BINH.signer)
    second = Second(user_id="an", role="administrator", signer=AN.signer)
    register_token(desk.store, key.key, operator=operator, second=second)
    desk.hold(replace(SECOND, proof="token", token=key))
    assert judged(desk).ok
    with pytest.raises(PersonKeyError):
        desk.hold(replace(SECOND, proof="token"))
    register_token(desk.store, None, operator=operator, second=second)
    desk.hold(replace(SECOND, proof="token", token=key))
    assert judged(desk).code == "log-altered-signature"
