"""`proctor softcard`, end to end against a small virtual reader."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from readers.cccd.qr import parse_qr
from readers.softcard.chip import ATR
from readers.softcard.samples import samples
from tests.support.cli import proctor
from tests.support.softcard_vpcd import SELECT_CARD_ACCESS, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROSTER = """SBD,Họ và tên,Ngày sinh,Số định danh
001,Nguyễn Văn Mẫu,15/01/1999,001099000001
002,Trần Thị Mẫu,08/03/1999,001199000002
"""
HOLDER = """
id_number = "001099000001"
full_name = "Nguyễn Văn Mẫu"
birth = 1999-01-15
sex = "Nam"
issued = 2021-06-01
[chip]
document = "passport"
state = "UTO"
passwords = ["mrz"]
dg3 = false
dg13 = false
"""


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A face as a file, so that no model need look for one."""
    from biometrics.recorded import specimen_portraits

    path = tmp_path / "face.jpg"
    path.write_bytes(specimen_portraits()["hopper"])
    return path


def played(reader: Reader, script: Callable[[], None], *arguments: str | Path, stdin: str = "") -> list[dict]:
    """Run the command while the reader's side plays its part; the objects it printed."""
    failed: list[BaseException] = []

    def play() -> None:
        try:
            script()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)
        finally:
            reader.close()

    other = threading.Thread(target=play)
    other.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("readers.softcard.vpcd._connect", _once(reader))
        ran = proctor("softcard", "--json", "--vpcd", f"127.0.0.1:{reader.port}", *arguments, stdin=stdin)
    other.join()
    assert not failed, failed
    assert ran.status == 0, ran.err
    decoder, found, text = json.JSONDecoder(), [], ran.out.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def _once(reader: Reader):
    """Connect as ever, but take a reader that is gone for the operator's Ctrl-C."""
    from readers.softcard import vpcd

    connect = vpcd._connect

    def once(host, port, stop, wait_s):
        if reader.listener.fileno() < 0:
            raise KeyboardInterrupt
        return connect(host, port, stop, wait_s)

    return once


def test_list_in_both_languages() -> None:
    for language in ("vi", "en"):
        ran = proctor("softcard", "--list", "--json", "--lang", language)
        assert ran.json["samples"] == dict(samples(language))
    assert proctor("softcard", "--list").out.count("\n") == len(samples())


def test_roster_in_turn(reader: Reader, roster: Path, picture: Path) -> None:
    def script() -> None:
        for _ in range(2):
            reader.accept()
            assert reader.ask(b"\x04") == ATR
            assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"
            reader.await_removal()

    shown = played(reader, script, "--roster", roster, "--seconds", "1.0", "--portrait", picture)
    assert [card["number"] for card in shown] == ["001099000001", "001199000002"]
    assert all(parse_qr(card["qr"]).id_number.value == card["number"] for card in shown)


def test_enter_changes_the_card(reader: Reader, roster: Path, picture: Path) -> None:
    def script() -> None:
        for _ in range(2):
            reader.accept()
            reader.await_removal()

    shown = played(reader, script, "--roster", roster, "--portrait", picture, stdin="\n\n")
    assert [card["number"] for card in shown] == ["001099000001", "001199000002"]


def test_one_of_a_roster(reader: Reader, roster: Path, picture: Path) -> None:
    def script() -> None:
        reader.accept()
        assert reader.ask(b"\x04") == ATR

    typed = roster.with_name("number")
    typed.write_text("001199000002", encoding="utf-8")
    arguments = ("--roster", roster, "--number", f"@{typed}", "--portrait", picture)
    (card,) = played(reader, script, *arguments)
    assert card["number"] == "001199000002"


def test_passport_of_a_holder_file_shows_its_mrz(reader: Reader, tmp_path: Path, picture: Path) -> None:
    path = tmp_path / "holder.toml"
    path.write_text(HOLDER, encoding="utf-8")

    def script() -> None:
        reader.accept()
        assert reader.ask(b"\x04") == ATR
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"

    (card,) = played(
        reader, script, "--holder", path, "--portrait", picture, "--kbit", "848", "--apdu-ms", "1"
    )
    assert card["qr"].startswith("P<UTONGUYEN<<VAN<MAU")


def test_fault_to_order(reader: Reader, picture: Path) -> None:
    def script() -> None:
        reader.accept()
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x69\x85"
        assert reader.ask(SELECT_CARD_ACCESS) == b""
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"

    played(
        reader,
        script,
        "--sample",
        "mau",
        "--portrait",
        picture,
        "--fault",
        "status@2=6985",
        "--fault",
        "drop@3",
    )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--fault", "sneeze@1"), 2, "sneeze@1"),
        (("--apdu-ms", "-5"), 2, "-5"),
        (("--number", "001099000001"), 2, "--roster"),
        (("--kbit", "300"), 2, "300"),
        (("--vpcd", "nowhere"), 2, "nowhere"),
        (("--holder", "x.json"), 2, "x.json"),
        (("--roster", "/no/such.csv"), 1, "/no/such.csv"),
    ],
)
def test_calls_that_make_no_sense(arguments: tuple[str, ...], status: int, said: str) -> None:
    ran = proctor("softcard", *arguments)
    assert ran.status == status
    assert said in ran.err


def test_nobody_of_the_roster(roster: Path) -> None:
    ran = proctor("softcard", "--roster", roster, "--number", "-", stdin="001099000009\n")
    assert (ran.status, "roster.csv" in ran.err) == (1, True)
