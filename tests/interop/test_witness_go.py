"""Our witness against a log and a client in Go: golang.org/x/mod/sumdb makes the tree, the proofs and the notes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from proctor.witness.folder import DATABASE
from sessions.checkpoint import VerifierKey
from sessions.witness_store import WitnessStore
from tests.support.witness import NOW, hosted, make_folder

MODULES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")
SOURCE = Path(__file__).parent / "witness_client.go"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built offline from the distribution's packages."""
    if shutil.which("go") is None or not MODULES.is_dir():
        if os.environ.get("PROCTOR_REQUIRE_VPCD"):
            pytest.fail("golang-go or golang-golang-x-mod-dev is not installed")
        pytest.skip("golang-go or golang-golang-x-mod-dev is not installed")
    folder = tmp_path_factory.mktemp("go")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    program = folder / "witness_client"
    subprocess.run(["go", "build", "-o", program, SOURCE], env=environment, check=True, timeout=250)
    return program


def run(client: Path, *arguments: str) -> list[str]:
    done = subprocess.run([client, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_a_log_in_go_is_cosigned_and_verifies_it(client: Path, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "w1")
    with WitnessStore.open(folder.path / DATABASE) as store:
        store.trust(VerifierKey.parse(run(client, "key")[0]), at=NOW)
    with hosted(folder) as host:
        said = run(client, "run", host.address, folder.key.encode())
    assert said == ["200"] * 11 + ["409 70", "409", "409"]
    with WitnessStore.open(folder.path / DATABASE) as store:
        assert sorted(notice.kind for notice in store.notices()) == ["behind", "fork"]
