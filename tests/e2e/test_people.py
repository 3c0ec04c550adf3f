"""People by the command line: changes by two others, waits after wrong passwords, codes, tokens, an own card."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from sessions.people_totp import STEP_S, code_at
from tests.e2e.test_token import Station
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.schemas import require_valid
from tests.support.softhsm import PIN, TOKEN, make_token

AN, BINH, CHI = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}, {"chi": "mật khẩu mẫu 3"}
ALL = {**AN, **BINH, **CHI}


@pytest.fixture
def station(home: Path) -> Path:
    made = proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN)
    assert made.status == 0, made.err
    for user, role in (("binh", "chairman"), ("chi", "secretary")):
        line = ("user", "add", user, "--by", "an", "--role", role, "--name", f"Trần Thị Mẫu {user}")
        if user != "binh":  # two who could do it together are there
            assert proctor(*line, secrets=ALL).status == 2
            line = (*line, "--second", "binh")
        assert proctor(*line, secrets=ALL).status == 0
    return home / "station"


def two(*line: str, secrets: dict[str, str] | None = None) -> Ran:
    return proctor(*line, "--by", "an", "--second", "binh", "--json", secrets=secrets or ALL)


def listed(secrets: dict[str, str] = AN) -> dict[str, dict[str, Any]]:
    ran = proctor("user", "list", "--by", "an", "--json", secrets=secrets)
    require_valid("users", ran.json)
    return {row["id"]: row for row in ran.json["users"]}


def test_people_change_by_two_others(station: Path) -> None:
    before = listed()
    assert before["chi"]["state"] == "active"
    assert before["chi"]["proofs"] == ["password"]
    assert two("user", "role", "chi", "--role", "auditor").status == 0
    assert two("user", "disable", "chi", "--reason", "nghỉ việc").status == 0
    refused = proctor("user", "list", "--by", "chi", "--json", secrets=CHI)
    assert (refused.status, refused.json["code"]) == (1, "user-disabled")
    assert listed()["chi"] | {"proofs": []} == before["chi"] | {
        "role": "auditor",
        "state": "disabled",
        "proofs": [],
    }
    assert two("user", "disable", "chi", "--reason", "nghỉ việc").json["code"] == "user-state"
    assert two("user", "role", "binh", "--role", "auditor").json["code"] == "user-state"
    assert two("user", "enable", "chi", "--reason", "trở lại").status == 0
    new = {**AN, **BINH, "chi": "mật khẩu hoàn toàn mới"}
    reset = two("user", "reset", "chi", secrets=new)
    assert reset.status == 0, reset.err
    assert listed()["chi"]["key"] != before["chi"]["key"]
    report = proctor("log", "verify", "--by", "chi", "--json", secrets=new)
    assert report.status == 0, report.out
    assert "user-key-replaced" in {each["code"] for each in report.json["findings"]}


def test_wrong_passwords_make_one_wait_and_are_entered(station: Path) -> None:
    wrong = {"chi": "không phải mật khẩu"}
    codes = [proctor("user", "list", "--by", "chi", "--json", secrets=wrong).json["code"] for _ in range(6)]
    assert codes == ["login-failed"] * 5 + ["login-locked"]
    right = proctor("user", "list", "--by", "chi", "--json", secrets=CHI)
    assert right.json["code"] == "login-locked"
    assert right.json["facts"]["count"] == 5
    assert listed()["chi"]["wrong_passwords"] == 5
    assert two("user", "unlock", "chi").status == 0
    assert proctor("user", "list", "--by", "chi", "--json", secrets=CHI).status == 0
    rows = station.parent / "rows"
    assert proctor("log", "export", "--rows", rows, "--by", "an", secrets=AN).status == 0
    lines = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    cells = [line["row"][4]["blob"] for line in lines if line.get("table") == "entries"]
    bodies = [json.loads(base64.b64decode(cell)) for cell in cells]
    (refused,) = (body for body in bodies if body.get("event") == "login-refused")
    assert (refused["user"], refused["count"], refused["counter"]) == ("chi", 5, "kept")
    assert refused["operator"]["id"] == "station"
    assert proctor("log", "verify", "--by", "an", secrets=AN).status == 0


def test_codes_at_log_in(station: Path) -> None:
    begun = proctor("user", "totp", "--by", "chi", "--json", secrets=CHI)
    assert begun.status == 0, begun.err
    assert begun.json["address"].startswith("otpauth://totp/")
    text = begun.json["secret"]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    wrong = proctor(
        "user", "totp", "--confirm", "--by", "chi", "--json", secrets={**CHI, "chi/code": "000000"}
    )
    assert wrong.json["code"] == "totp-code"

    def code() -> str:
        return code_at(secret, int(time.time()) // STEP_S)

    first = code()
    done = proctor("user", "totp", "--confirm", "--by", "chi", "--json", secrets={**CHI, "chi/code": first})
    assert done.json["confirmed"], done.err
    assert listed()["chi"]["proofs"] == ["password", "totp"]
    again = proctor("user", "list", "--by", "chi", "--json", secrets={**CHI, "chi/code": first})
    assert again.json["code"] == "totp-code"  # seen over a shoulder, used again
    missing = proctor("user", "list", "--by", "chi", "--json", secrets=ALL)
    assert missing.json["code"] == "secret-missing"
    later = code_at(secret, int(time.time()) // STEP_S + 1)
    off = proctor("user", "totp", "--off", "--by", "chi", "--json", secrets={**CHI, "chi/code": later})
    assert off.status == 0, off.out
    assert proctor("user", "list", "--by", "chi", secrets=CHI).status == 0


@pytest.mark.slow
def test_a_token_proves_presence(tmp_path: Path) -> None:
    station = Station(tmp_path / "home", make_token(tmp_path / "token"))
    library = next(name for name in Path("/usr/lib").rglob("libsofthsm2.so"))
    an, binh, pin = f"an:{PASSWORD}", f"binh:{SECOND_PASSWORD}", f"binh/pin:{PIN}"
    assert station.run("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu")[0] == 0
    assert station.run("user", "add", "binh", "--by", "an", "--role", "administrator")[0] == 0
    disable = ("user", "unlock", "chi", "--by", "an", "--second", "binh", "--second-proof", "token")
    assert station.run(*disable, secrets=(an, binh, pin))[1]["code"] == "proof-unregistered"
    where = ("--pkcs11", library, "--token", TOKEN, "--key", "binh")
    register = ("user", "token", "--by", "binh", "--second", "an", *where)
    status, done = station.run(*register, secrets=(an, binh, pin))
    assert status == 0, done
    chi = ("user", "add", "chi", "--by", "an", "--role", "auditor", "--second", "binh")
    assert station.run(*chi, secrets=(an, binh, "chi:mật khẩu mẫu 3"))[0] == 0
    assert station.run(*disable, secrets=(an, binh, "binh/pin:0000"))[1]["code"] == "token-pin"
    status, done = station.run(*disable, secrets=(an, binh, pin))
    assert status == 0, done
    assert station.run("log", "verify", "--by", "an", secrets=(an,))[0] == 0


def test_a_card_of_ones_own_is_registered_before_a_second_person(station: Path) -> None:
    line = ("user", "card", "--by", "chi", "--second", "an", "--number", "-", "--json")
    done = proctor(*line, stdin="001099000001", secrets=ALL)
    assert done.status == 0, done.err
    assert "001099000001" not in done.out + done.err
    assert listed()["chi"]["proofs"] == ["password", "card-face"]
    bad = proctor(*line, stdin="12", secrets=ALL)
    assert bad.status == 1
    off = ("user", "card", "--off", "--by", "chi", "--second", "an", "--json")
    assert proctor(*off, secrets=ALL).status == 0
    assert listed()["chi"]["proofs"] == ["password"]


def hold(session: str, camera: Path, *, number: str = "001099000001") -> Ran:
    return proctor(
        *("hold", "place", "--session", session, "--reason", "dispute", "--second", "giam-sat", "--json"),
        *("--second-proof", "card-face", "--second-reader", "softcard", "--second-camera", camera),
        *("--second-number", "-"),
        stdin=number,
    )


def test_card_and_face_of_the_second_person_in_training(
    training_session: str, hopper_frames: Path, astronaut_frames: Path
) -> None:
    done = hold(training_session, hopper_frames)
    assert done.status == 0, done.err
    other = hold(training_session, astronaut_frames)
    assert (other.status, other.json["code"]) == (1, "presence-failed")
    assert other.json["facts"]["check"] == "face-match"
    known = proctor("hold", "list", "--training", "--json").json["holds"]
    assert [(row["by"], row["second"]) for row in known] == [("tap-huan", "giam-sat")]
    assert proctor("log", "verify", "--training", "--json").status == 0
    incomplete = proctor(
        *("hold", "place", "--session", training_session, "--reason", "dispute", "--second", "giam-sat"),
        *("--second-proof", "card-face"),
    )
    assert incomplete.status == 2
