"""The second person's own card and face at the whole window: a card in a real PC/SC reader, a recorded camera, and one
entry that both signed; or clear words, and nothing half entered.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gui.session_phases import EVERYBODY, people, start_session
from tests.gui.test_station_start import ND
from tests.support.cli import proctor
from tests.support.course_cli import roster_csv
from tests.support.desk_window import make_films
from tests.support.pcsc import PrivatePcsc, private_pcsc
from tests.support.second_person import CRL, CSCA, OWN, holder, issuer

__all__ = ["private_pcsc"]
pytestmark = [pytest.mark.pcsc, pytest.mark.slow, pytest.mark.timeout(600)]
ALL = {**EVERYBODY, **ND}


def done(*line: object, **more: Any) -> Any:
    """Run a command that has to go well."""
    ran = proctor(*line, secrets=ALL, **more)
    assert ran.status == 0, ran.err
    return ran


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    folder = tmp_path / "issuer"
    issuer(folder)
    return folder


@pytest.fixture
def films(tmp_path: Path) -> Path:
    make_films(tmp_path / "films")
    (tmp_path / "films" / "empty").mkdir()
    return tmp_path / "films"


@pytest.fixture
def session(home: Path, tmp_path: Path, pki: Path) -> str:
    """A real station that trusts the issuer; `thu`, the secretary, has registered a card; a session of today runs."""
    people()
    done("user", "add", "nd", "--by", "an", "--second", "binh", "--role", "identity-examiner")
    for file in (CSCA, CRL):
        done("trust", "import", pki / file, "--by", "an", "--second", "binh")
    card = ("user", "card", "--by", "thu", "--second", "an", "--number", "-")
    done(*card, stdin=holder(OWN).id_number)
    path = tmp_path / "list.csv"
    path.write_bytes(roster_csv(8))
    made = done(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
    )
    start_session(str(made.json["id"]))
    return str(made.json["id"])


class Window:
    """The window's process; `came` reads what the next phase came to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def came(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            pytest.fail(self._process.stderr.read()[-4000:])
        found: dict[str, Any] = json.loads(line)
        assert found["bugs"] == []
        return found


SIGNED = ["nonce", "operator", "root", "second", "size"]
FAILURES = {  # phase: what failed, and what is said of it
    "other card": ({"roster": "presence-failed"}, "không phải thẻ mà thu đã đăng ký"),
    "other chip": ({"chip-open": "access-wrong-key"}, "không mở được thẻ trên đầu đọc"),
    "pulled": ({"chip-read": "card-lost"}, "Thẻ của thu bị nhấc khi máy đang đọc"),
    "another face": ({"face-match": "face-no-match"}, "không khớp với ảnh trong thẻ của thu"),
    "camera gone": ({"face-capture": "camera-gone"}, "Không nhận được hình từ camera"),
}


def test_card_and_face_prove_the_second_person_or_nothing_is_entered(
    private_pcsc: PrivatePcsc, screen: str, home: Path, session: str, pki: Path, films: Path
) -> None:
    phases = ("cancelled", *FAILURES, "proved", "behind the lock")
    process = private_pcsc.start(
        *("-m", "tests.support.second_person_child", session, str(pki), str(films), *phases),
        env={"PROCTOR_HOME": str(home), "DISPLAY": screen, "FIRST": ND["nd"], "SECOND": EVERYBODY["thu"]},
    )
    window = Window(process)
    came = window.came()
    assert (came["manual"], came["presence"]) == ([], [])
    assert "chưa ghi gì" in came["said"]
    tries = []
    for phase, (failed, said) in FAILURES.items():
        assert (came["taken"], came["claimed"], came["began"]) == (True, False, False), came["phase"]
        assert came["form"] == {"result": "same", "proof": "card-face"}, came["phase"]
        came = window.came()
        tries.append(failed)
        assert (came["phase"], came["manual"]) == (phase, [])
        assert [each["failed"] for each in came["presence"]] == tries
        assert {each["outcome"] for each in came["presence"]} == {"failed"}
        assert said in came["said"], came["said"]

    came = window.came()
    (entry,) = came["manual"]
    shown = came["presence"][-1]
    assert (shown["outcome"], shown["failed"], shown["signed"]) == ("passed", {}, SIGNED)
    assert (shown["user"], shown["action"]) == ("thu", "manual")
    second = {"id": "thu", "role": "secretary", "proof": "card-face", "presence": shown["seq"]}
    assert (entry["sbd"], entry["outcome"], entry["second"]) == ("003", "admitted", second)
    assert (entry["operator"]["id"], entry["signed"]) == ("nd", SIGNED)
    assert (came["form"], came["began"]) == ({}, False)  # the card that lies there is no candidate's
    assert "003" in came["said"]

    came = window.came()
    assert [each["sbd"] for each in came["manual"]] == ["003", "004"]
    assert "004" not in came["locked"]
    assert (came["claimed"], came["held"], came["form"]) == (False, False, {})
    assert "004" in came["said"]
    assert "khoá" in came["said"]
    assert process.wait(30) == 0
    assert done("log", "verify", "--by", "an", "--json").json["ok"]
