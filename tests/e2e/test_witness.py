"""Witnesses by the command line: two stations, a collector in a process of its own, sheets, sticks, alarms."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdf
import pytest

from sessions.root import DataRoot
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.schemas import require_valid

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
BOTH = {**AN, **BINH}
PEOPLE = ("--by", "an", "--second", "binh", "--json")
PASSPHRASE = "mật khẩu bên đồng ký"
WARNING = "CHƯA ĐỒNG KÝ"


def made_station(home: Path) -> Path:
    assert proctor("user", "add", "an", "--first", "--json", secrets=AN).status == 0
    added = proctor(*("user", "add", "binh", "--by", "an", "--role", "administrator"), secrets=BOTH)
    assert added.status == 0, added.err
    return home / "station"


@pytest.fixture
def station(home: Path) -> Path:
    return made_station(home)


def vkey_of(station: Path) -> Path:
    (found,) = (station / "trust" / "stations").glob("*.vkey")
    return found


def made_witness(folder: Path, *options: str) -> dict[str, Any]:
    ran = proctor(
        *("witness", "init", "--dir", folder, "--name", f"witness.example/{folder.name}", "--json", *options),
        secrets={"witness": PASSPHRASE},
    )
    assert ran.status == 0, ran.err
    require_valid("witness-own", ran.json)
    return ran.json


@contextmanager
def serving(folder: Path, listen: str = "127.0.0.1:0") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A collector in a process of its own; yields its address."""
    reading, writing = os.pipe()
    os.write(writing, f"witness:{PASSPHRASE}\n".encode())
    os.close(writing)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "proctor", "witness", "serve", "--dir", str(folder), "--listen", listen),
            *("--json", "--secrets-fd", str(reading)),
        ],
        stdout=subprocess.PIPE,
        pass_fds=(reading,),
        text=True,
    )
    os.close(reading)
    try:
        text = ""
        assert process.stdout is not None
        for line in process.stdout:
            text += line
            if line.rstrip() == "}":
                break
        document = json.loads(text)
        require_valid("witness-own", document)
        yield f"https://{document['listening']}", process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, -signal.SIGKILL}
        process.stdout.close()


def add(made: dict[str, Any], address: str, *options: str) -> Ran:
    return proctor(
        *("witness", "add", "--address", address, "--vkey", made["vkey"], "--tls-pin", made["tls_pin"]),
        *(*options, *PEOPLE),
        secrets=BOTH,
    )


def push(*options: str) -> Ran:
    return proctor("witness", "push", "--by", "an", "--json", *options, secrets=AN)


def session(roster: Path) -> str:
    ran = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=AN,
    )
    assert ran.status == 0, ran.err
    found: str = ran.json["id"]
    return found


def printed(session_id: str, folder: Path) -> str:
    ran = proctor(
        *("sheets", "attendance", "--session", session_id, "--out", folder, "--by", "an", "--json"),
        secrets=AN,
    )
    assert ran.status == 0, ran.err
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(ran.json["file"]).pages)


def show(folder: Path) -> Ran:
    ran = proctor("witness", "show", "--dir", folder, "--json")
    require_valid("witness-show", ran.json)
    return ran


@pytest.mark.slow
def test_a_day_with_two_witnesses(station: Path, roster: Path, tmp_path: Path) -> None:
    """One Ed25519 and required, one ML-DSA-44; heads, sheets, the witness away, the stick, the verification."""
    made = {name: made_witness(tmp_path / name, *rest) for name, rest in {"w1": (), "w2": ("--pq",)}.items()}
    session_id = session(roster)
    assert "Trạm không cấu hình bên đồng ký." in printed(session_id, tmp_path / "before")
    with serving(tmp_path / "w1") as (first, _), serving(tmp_path / "w2") as (second, _):
        require_valid("witness", add(made["w1"], first, "--require").json)
        added = add(made["w2"], second)
        assert added.status == 0, added.err
        listed = proctor("witness", "list", "--by", "an", "--json", secrets=AN)
        require_valid("witness-list", listed.json)
        assert [row["required"] for row in listed.json["witnesses"]] == [True, False]

        unknown = push()
        require_valid("witness-push", unknown.json)
        assert unknown.status == 1
        assert {row["code"] for row in unknown.json["witnesses"]} == {"witness-unknown-log"}
        for name in made:
            trusted = proctor("witness", "trust", vkey_of(station), "--dir", tmp_path / name, "--json")
            assert trusted.json["origin"] == DataRoot.open(station).origin
        good = push()
        assert (good.status, good.json["ok"]) == (0, True)
        assert all(row["signed"] for row in good.json["witnesses"])

        paper = printed(session_id, tmp_path / "with")
        assert WARNING not in paper
        assert f"witness.example/w1 ({made['w1']['key_id']})" in paper
        assert f"witness.example/w2 ({made['w2']['key_id']})" in paper

        stick = proctor(*("log", "anchor", "--out", tmp_path / "stick", "--by", "an", "--json"), secrets=AN)
        require_valid("anchor", stick.json)
        assert stick.status == 0, stick.err
        assert len(stick.json["cosigned"]) == 2
        assert Path(stick.json["file"]).read_text(encoding="utf-8").count("\u2014") == 3
        fetched = proctor(
            *("witness", "fetch", "--address", first, "--vkey", made["w1"]["vkey"]),
            *(
                "--tls-pin",
                made["w1"]["tls_pin"],
                "--origin",
                good.json["origin"],
                "--out",
                tmp_path / "fetched",
            ),
            "--json",
        )
        require_valid("anchor", fetched.json)
        assert fetched.json["size"] == stick.json["size"]
    away = printed(session_id, tmp_path / "away")
    assert WARNING in away
    assert "Thiếu bên bắt buộc: witness.example/w1." in away
    sheet = ("sheets", "attendance", "--session", session_id, "--by", "an", "--out", tmp_path / "said")
    said = proctor(*sheet, secrets=AN)
    assert said.status == 0
    assert "witness.example/w1" in said.out.splitlines()[0]  # the required one first, and what to do about it
    assert "Không liên lạc được với bên đồng ký" in said.out.splitlines()[0]
    rows = proctor(*sheet, "--json", secrets=AN).json["witnesses"]
    assert [row["code"] for row in rows] == ["witness-unreachable"] * 2
    lost = push("--wait", "2")
    assert (lost.status, lost.json["witnesses"][0]["code"]) == (1, "witness-unreachable")
    verified = proctor("log", "verify", "--by", "an", "--json", secrets=AN)
    assert verified.status == 0, verified.out
    assert show(tmp_path / "w1").status == 0
    gone = proctor("witness", "remove", "witness.example/w1", *PEOPLE, secrets=BOTH)
    assert gone.status == 0, gone.err
    assert WARNING not in printed(session_id, tmp_path / "removed")


@pytest.mark.slow
def test_two_stations_and_one_that_is_put_back(
    home: Path, roster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collector keeps them apart, and finds yesterday's database."""
    made = made_witness(tmp_path / "w1", "--unattended")
    with serving(tmp_path / "w1") as (address, _):
        for name in ("a", "b"):
            monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / name))
            station = made_station(tmp_path / name)
            assert proctor("witness", "trust", vkey_of(station), "--dir", tmp_path / "w1").status == 0
            assert add(made, address, "--require").status == 0
            assert push().status == 0
        assert len(show(tmp_path / "w1").json["logs"]) == 2
        kept = {path: path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file()}
        session(roster)
        assert push().status == 0
        for path in (tmp_path / "b").rglob(
            "*"
        ):  # the whole disk as it was, what the machine remembers included
            if path.is_file() and path not in kept:
                path.unlink()
        for path, data in kept.items():
            path.write_bytes(data)
        back = push()
        assert back.status == 1
        assert back.json["witnesses"][0]["code"] == "witness-ahead"
        assert back.json["witnesses"][0]["alarm"]
        seen = show(tmp_path / "w1")
        assert (seen.status, seen.json["alarms"]) == (1, 1)
        assert [row["code"] for row in seen.json["notices"]] == ["witness-notice-behind"]
        session(roster)
        session(roster)
        forked = push()
        assert (forked.status, forked.json["witnesses"][0]["code"]) == (1, "witness-fork")
        begun = proctor("log", "epoch", "--reason", "disk put back", *PEOPLE, secrets=BOTH)
        assert begun.status == 0, begun.err
        assert push().status == 0  # it goes on, and the alarm that entries are missing stays
        codes = {row["code"]: row["alarm"] for row in show(tmp_path / "w1").json["notices"]}
        assert codes["witness-notice-epoch-unproven"] is True
        monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "a"))
        session(roster)
        assert push().status == 0


def test_a_list_that_was_tampered_with_is_refused(station: Path, roster: Path, tmp_path: Path) -> None:
    made = made_witness(tmp_path / "w1")
    assert add(made, "https://127.0.0.1:9", "--require").status == 0
    path = station / "trust" / "witnesses.toml"
    text = path.read_text(encoding="utf-8")
    session_id = session(roster)
    for changed in (
        text.replace("required = true", "required = false"),
        text.replace(":9", ":10"),
        "schema = 1\n",
    ):
        path.write_text(changed, encoding="utf-8")
        for command in (
            ("witness", "list", "--by", "an"),
            ("witness", "push", "--by", "an"),
            ("sheets", "attendance", "--session", session_id, "--out", tmp_path / "x", "--by", "an"),
            ("log", "anchor", "--out", tmp_path / "x", "--by", "an"),
        ):
            ran = proctor(*command, "--json", secrets=AN)
            assert (ran.status, ran.json["code"]) == (1, "witnesses-altered"), command
    path.unlink()
    ran = proctor("witness", "list", "--by", "an", "--json", secrets=AN)
    assert (ran.status, ran.json["code"]) == (1, "witnesses-altered")
    assert add(made, "https://127.0.0.1:9", "--require").status == 0  # two persons make it good
    assert proctor("witness", "list", "--by", "an", "--json", secrets=AN).status == 0


def test_one_person_adds_no_witness(station: Path, tmp_path: Path) -> None:
    made = made_witness(tmp_path / "w1")
    options = (
        "witness",
        "add",
        "--address",
        "https://a",
        "--vkey",
        made["vkey"],
        "--tls-pin",
        made["tls_pin"],
    )
    assert proctor(*options, "--by", "an", secrets=AN).status == 2
    assert proctor(*options, "--by", "an", "--second", "an", secrets=AN).status == 2
    wrong = proctor(*options, *PEOPLE, secrets={**AN, "binh": "wrong password"})
    assert (wrong.status, wrong.json["code"]) == (1, "login-failed")
    for bad in ({"--address": "http://a"}, {"--tls-pin": "00"}, {"--vkey": "a+b+c"}):
        fields = {"--address": "https://a", "--vkey": made["vkey"], "--tls-pin": made["tls_pin"], **bad}
        ran = proctor(
            "witness", "add", *(text for pair in fields.items() for text in pair), *PEOPLE, secrets=BOTH
        )
        assert ran.status == 2, bad
    assert proctor("witness", "list", "--by", "an", "--json", secrets=AN).json["witnesses"] == []
    assert push().json == {**push().json, "ok": True, "witnesses": []}


def test_the_collector_needs_its_passphrase_and_its_folder(tmp_path: Path) -> None:
    made_witness(tmp_path / "w1")
    again = proctor(
        *("witness", "init", "--dir", tmp_path / "w1", "--name", "x", "--json"),
        secrets={"witness": PASSPHRASE},
    )
    assert (again.status, again.json["code"]) == (1, "witness-folder-invalid")
    for wrong in ("another passphrase", ""):
        ran = proctor(
            *("witness", "serve", "--dir", tmp_path / "w1", "--listen", "127.0.0.1:0", "--json"),
            secrets={"witness": wrong},
        )
        assert ran.status == 1
    for listen in ("127.0.0.1", "127.0.0.1:x", ":80", "127.0.0.1:99999"):
        ran = proctor("witness", "serve", "--dir", tmp_path / "w1", "--listen", listen)
        assert ran.status == 2, listen
    assert proctor("witness", "show", "--dir", tmp_path, "--json").status == 1
    note = tmp_path / "x.vkey"
    note.write_text("nothing\n", encoding="utf-8")
    assert proctor("witness", "trust", note, "--dir", tmp_path / "w1").status == 2


def test_tpm_commands_say_plainly_that_there_is_none(
    station: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = proctor("tpm", "check", "--by", "an", "--json", secrets=AN)
    require_valid("tpm", ran.json)
    assert (ran.status, ran.json["code"]) == (0, "tpm-none")
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = proctor("tpm", "init", "--by", "an", "--json", secrets=AN)
    assert (ran.status, ran.json["code"]) == (1, "tpm-error")
    ran = proctor("tpm", "count", "--by", "an", "--json", secrets=AN)
    assert (ran.status, ran.json["code"]) == (0, "tpm-none")
