"""A station whose signing key moves into a token, by the command line, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import PASSWORD, SECOND_PASSWORD
from tests.support.softhsm import LABEL, PIN, TOKEN, SoftToken, make_token

REPO = Path(__file__).parents[2]
AN, BINH, PIN_LINE = f"an:{PASSWORD}", f"binh:{SECOND_PASSWORD}", f"token-pin:{PIN}"


class Station:
    """Runs commands with a token; secrets go over a descriptor."""

    def __init__(self, home: Path, token: SoftToken) -> None:
        self.environment = {
            **os.environ,
            **token.environment,
            "PROCTOR_HOME": str(home),
            "PYTHONPATH": str(REPO),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def run(self, *arguments: str | Path, secrets: tuple[str, ...] = (AN, BINH)) -> tuple[int, Any]:
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{line}\n" for line in secrets).encode())
        os.close(writing)
        line = [sys.executable, "-m", "proctor", *map(str, arguments), "--json", "--secrets-fd", str(reading)]
        try:
            done = subprocess.run(
                line, check=False, capture_output=True, text=True, env=self.environment, pass_fds=(reading,)
            )
        finally:
            os.close(reading)
        assert PIN not in done.stderr + done.stdout
        return done.returncode, json.loads(done.stdout or "{}")


@pytest.fixture
def station(tmp_path: Path) -> Station:
    station = Station(tmp_path / "home", make_token(tmp_path / "token"))
    assert station.run("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu")[0] == 0
    assert station.run("user", "add", "binh", "--by", "an", "--role", "administrator")[0] == 0
    return station


@pytest.mark.slow
def test_the_signing_key_moves_into_a_token(station: Station, tmp_path: Path) -> None:
    library = next(name for name in Path("/usr/lib").rglob("libsofthsm2.so"))
    move = ("keys", "rotate", "station", "--by", "an", "--second", "binh", "--reason", "thử")
    where = ("--pkcs11", library, "--token", TOKEN, "--key", LABEL)
    assert station.run(*move, *where, secrets=(AN, BINH, "token-pin:0000"))[1]["code"] == "token-pin"
    status, moved = station.run(*move, *where, secrets=(AN, BINH, PIN_LINE))
    assert (status, moved["custody"]) == (0, "pkcs11")
    shown = station.run("keys", "show", "--by", "an")[1]
    assert shown["signing"]["token"] == {"library": str(library), "token": TOKEN, "key": LABEL}
    assert shown["signing"]["fingerprint"] == moved["fingerprint"]
    assert station.run("keys", "passwd", "--by", "an", secrets=(AN, "new-password:12345678"))[1]["code"] == (
        "secret-missing"  # nothing is signed without the PIN
    )
    assert station.run("log", "verify", "--by", "an")[0] == 0
    lost = ("log", "epoch", "--by", "an", "--second", "binh", "--reason", "mất", "--new-signing-key")
    copy = tmp_path / "copy"  # the same loss on the machine itself: nobody asks for the PIN
    shutil.copytree(tmp_path / "home" / "station", copy)
    memory = tmp_path / "home" / "memory"
    shutil.copytree(memory, tmp_path / "remembered")
    assert station.run(*lost, "--root", copy)[0] == 0
    assert station.run("log", "verify", "--root", copy, "--by", "an")[0] == 0
    assert station.run("keys", "show", "--root", copy, "--by", "an")[1]["signing"]["custody"] == "file"
    assert station.run("keys", "show", "--by", "an")[1]["code"] == "store-instance-changed"
    shutil.rmtree(memory)  # as if the copy had been another machine's
    shutil.copytree(tmp_path / "remembered", memory)
    target = tmp_path / "stick"
    target.mkdir()
    status, saved = station.run("backup", "--to", target, "--by", "an", secrets=(AN, PIN_LINE))
    assert (status, saved["code"]) == (1, "backup-same-place")  # no keys part was asked for
    new = tmp_path / "new"
    back = ("restore", saved["data"]["file"], "--without-evidence", "--root", new, "--by", "an")
    line = (*back, "--second", "binh", "--reason", "mất thiết bị")
    status, restored = station.run(*line, "--new-signing-key")
    assert status == 0, restored
    status, report = station.run("log", "verify", "--root", new, "--by", "an")
    assert status == 0, report
    assert station.run("keys", "show", "--root", new, "--by", "an")[1]["signing"]["custody"] == "file"
