"""Keys by the command line: shown, made anew, taken from a token; passwords; the department's key."""

import json
import shutil
from pathlib import Path

import pytest

from proctor.config import Places
from sessions.pins import StationPins
from sessions.root import DataRoot
from sessions.verify import verify_log
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.schemas import require_valid

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
BOTH = {**AN, **BINH}
WHY = ("--reason", "thử")


@pytest.fixture
def station(home: Path) -> Path:
    made = proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", "--json", secrets=AN)
    assert made.status == 0, made.err
    added = proctor(*("user", "add", "binh", "--by", "an", "--role", "administrator"), secrets=BOTH)
    assert added.status == 0, added.err
    return home / "station"


def keys(*arguments: str | Path, secrets: dict[str, str] | None = None) -> Ran:
    return proctor("keys", *arguments, "--by", "an", "--json", secrets=secrets or BOTH)


def verify() -> Ran:
    return proctor("log", "verify", "--by", "an", "--json", secrets=AN)


def rotate(what: str, *others: str | Path, secrets: dict[str, str] | None = None) -> Ran:
    return keys("rotate", what, "--second", "binh", *WHY, *others, secrets=secrets)


def test_a_new_signing_key_and_the_old_entries_still_verify(station: Path) -> None:
    before = keys("show").json
    require_valid("keys-show", before)
    old = (station / "station.vkey").read_text(encoding="utf-8")
    ran = rotate("station")
    assert ran.status == 0, ran.err
    after = keys("show").json
    assert after["signing"]["fingerprint"] == ran.json["fingerprint"] != before["signing"]["fingerprint"]
    assert [each["fingerprint"] for each in after["earlier"]] == [before["signing"]["fingerprint"]]
    assert (station / "station.vkey").read_text(encoding="utf-8") != old
    report = verify()
    assert report.status == 0, report.out
    assert proctor("trust", "list", "--by", "an", "--json", secrets=AN).status == 0


def test_new_secrets_and_old_copies_open_nothing(station: Path) -> None:
    kept = {path: path.read_bytes() for path in (station / "keys").rglob("*") if path.is_file()}
    ran = rotate("secrets")
    assert ran.status == 0, ran.err
    assert ran.json["kinds"] == ["database", "evidence", "master", "seal"]
    assert ran.json["left_out"] == []
    assert verify().status == 0
    users = proctor("user", "list", "--by", "binh", "--json", secrets=BINH)
    assert [user["name"] for user in users.json["users"]] == ["Nguyễn Văn Mẫu", "binh"]
    for path, data in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    assert verify().json["code"] in {"log-cannot-open", "store-cannot-open"}


def test_a_dropped_user_is_enrolled_again(station: Path) -> None:
    chi = {"chi": "mật khẩu mẫu 3"}
    line = ("user", "add", "chi", "--by", "an", "--second", "binh", "--role", "auditor")
    added = proctor(*line, secrets={**BOTH, **chi})
    assert added.status == 0
    ran = rotate("secrets", "--drop", "chi")
    assert ran.json["left_out"] == ["chi"]
    gone = proctor("user", "list", "--by", "chi", "--json", secrets=chi)
    assert gone.json["code"] == "login-failed"
    new = {"chi": "mật khẩu mẫu 4"}
    again = keys("enrol", "chi", "--second", "binh", secrets={**BOTH, **new})
    assert again.status == 0, again.err
    assert proctor("user", "list", "--by", "chi", "--json", secrets=new).status == 0
    shown = {user["id"]: user for user in keys("show").json["users"]}
    assert shown["chi"] == {"id": "chi", "role": "auditor", "slot": True}
    assert (
        keys("enrol", "ma", "--second", "binh", secrets={**BOTH, "ma": "12345678"}).json["code"]
        == "user-unknown"
    )


def test_a_new_password_is_given_by_two_others(station: Path) -> None:
    for user in ("an", "binh"):
        ran = keys("enrol", user, "--second", "binh", secrets={**BOTH, user: BOTH[user]})
        assert (ran.status, ran.json["code"]) == (1, "enrol-refused")


def test_who_verifies_takes_the_new_key_and_refuses_the_old_one(station: Path, tmp_path: Path) -> None:
    key_file = station / "station.vkey"
    auditor = tmp_path / "auditor"

    def there(*arguments: str | Path) -> Ran:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PROCTOR_HOME", str(auditor))
            return proctor(*arguments, "--json")

    def verified(root: Path) -> str:
        database_key = DataRoot.open(root).keys.open_with_secret("an", PASSWORD).bundle.database_key
        pins = StationPins.load(Places(home=auditor).pins)
        return verify_log(root / "station.db", database_key=database_key, pins=pins).code

    assert there("trust", "station", "import", key_file).json["replaced"] is None
    thief = tmp_path / "thief"
    shutil.copytree(station, thief)
    old, ran = keys("show").json["signing"]["fingerprint"], rotate("station")
    new = ran.json["fingerprint"]
    differs = there("trust", "station", "import", key_file)
    assert (differs.status, differs.json["code"]) == (1, "station-pin-differs")
    assert {differs.json["facts"]["pinned"], differs.json["facts"]["found"]} == {old, new}
    wrong = there("trust", "station", "import", key_file, "--replace", new)
    assert (wrong.status, wrong.json["code"]) == (1, "station-pin-replace")
    assert there("trust", "station", "import", key_file, "--replace", "x").status == 2
    taken = there("trust", "station", "import", key_file, "--replace", old)
    assert (taken.status, taken.json["replaced"], taken.json["fingerprint"]) == (0, old, new)
    assert (verified(station), verified(thief)) == ("ok", "station-key-mismatch")


def test_ones_own_password(station: Path) -> None:
    ran = keys("passwd", secrets={**AN, "new-password": "mật khẩu mới nhất"})
    assert ran.status == 0, ran.err
    assert proctor("user", "list", "--by", "an", "--json", secrets=AN).json["code"] == "login-failed"
    assert proctor("user", "list", "--by", "an", secrets={"an": "mật khẩu mới nhất"}).status == 0
    short = proctor("keys", "passwd", "--by", "binh", "--json", secrets={**BINH, "new-password": "kurz"})
    assert short.json["code"] == "secret-too-short"


def test_two_persons(station: Path) -> None:
    assert keys("rotate", "station", *WHY).status == 2
    assert keys("rotate", "station", "--second", "an", *WHY).status == 2
    wrong = keys("rotate", "station", "--second", "binh", *WHY, secrets={**AN, "binh": "nicht das Richtige"})
    assert wrong.json["code"] == "login-failed"
    assert keys("rotate", "secrets", "--second", "binh", "--reason", " ").status == 2
    assert rotate("secrets", "--pkcs11", "x", "--token", "a", "--key", "b").status == 2
    assert rotate("station", "--drop", "binh").status == 2
    assert rotate("secrets", "--drop", "binh").json["code"] == "rotation-refused"


@pytest.mark.slow
def test_the_departments_key(station: Path, tmp_path: Path) -> None:
    offline = tmp_path / "offline"
    arguments = ("department", "init", "--out", offline, "--name", "Sở Mẫu", "--json")
    made = proctor(*arguments, secrets={"department": "câu mật khẩu của sở"})
    assert made.status == 0, made.err
    text = (offline / "department.key").read_text(encoding="utf-8")
    assert json.loads(text)["kdf"] == "argon2id"
    assert proctor(*arguments, secrets={"department": "câu mật khẩu của sở"}).json["code"] == "file-exists"
    public = offline / "department.pub"
    assert proctor("department", "show", public, "--json").json["fingerprint"] == made.json["fingerprint"]
    assert keys("show").json["department"] is None
    pinned = keys("department", public, "--second", "binh")
    assert pinned.status == 0, pinned.err
    assert keys("department", public, "--second", "binh").json["entry"] is None
    assert keys("show").json["department"]["fingerprint"] == made.json["fingerprint"]
    stored = station / "trust" / "department" / f"{made.json['fingerprint']}.pub"
    stored.write_text("proctor-department-1", encoding="utf-8")
    assert keys("show").json["code"] == "department-altered"
    assert keys("department", public, "--second", "binh").status == 0
    assert keys("show").status == 0
    flipped = public.read_text(encoding="utf-8").replace("Sở", "Sơ")
    public.write_text(flipped, encoding="utf-8")
    assert keys("department", public, "--second", "binh").json["code"] == "department-key-invalid"
