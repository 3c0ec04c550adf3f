"""Go's own transparency log code (golang.org/x/mod/sumdb) reads what we export, and takes our proofs."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sessions import merkle
from sessions.cosignature import Cosigner, Kind
from sessions.engine import connect
from sessions.tiles import export_tiles
from tests.support.sessions_synthetic import Synthetic

GOPATH = Path("/usr/share/gocode")
SOURCE = Path(__file__).parent / "tlog_check.go"
SUMDB = GOPATH / "src" / "golang.org" / "x" / "mod" / "sumdb" / "tlog"
ATTEMPTS = 330  # more than two full tiles


def require_go() -> None:
    """Skip where Go is missing; fail instead where PROCTOR_REQUIRE_VPCD=1 says that all parts are there."""
    if shutil.which("go") is None or not SUMDB.is_dir():
        reason = "golang-go or golang-golang-x-mod-dev is not installed"
        if os.environ.get("PROCTOR_REQUIRE_VPCD") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@dataclass
class Exported:
    """A log, its tiles, and the program that judges them."""

    log: Synthetic
    folder: Path
    proofs: dict[str, Any]
    program: Path

    @property
    def vkey(self) -> str:
        return self.log.signer.key.encode()

    def judge(self, folder: Path, proofs: dict[str, Any], vkey: str) -> subprocess.CompletedProcess[str]:
        path = folder.parent / f"{folder.name}-proofs.json"
        path.write_text(json.dumps(proofs), encoding="utf-8")
        command = [str(self.program), str(folder), vkey, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def node_reader(connection: Any) -> Callable[[int, int], bytes]:
    sql = "SELECT hash FROM nodes WHERE level = ? AND idx = ?"
    return lambda level, index: connection.execute(sql, (level, index)).fetchone()[0]


def our_proofs(connection: Any, size: int) -> dict[str, Any]:
    """Inclusion and consistency proofs of many places and sizes, as our code makes them."""
    rng, read = random.Random(1), node_reader(connection)
    records, trees = [], []
    for of in (1, 2, 255, 256, 257, 511, size):
        root = merkle.root_at(of, read)
        for index in {0, of - 1, rng.randrange(of), rng.randrange(of)}:
            proof = merkle.inclusion_proof(index, of, read)
            records.append(
                {
                    "index": index,
                    "size": of,
                    "root": root.hex(),
                    "leaf": read(0, index).hex(),
                    "proof": [each.hex() for each in proof],
                }
            )
        for old in {1, of, max(1, of - 1), rng.randrange(1, of + 1)}:
            proof = merkle.consistency_proof(old, of, read)
            trees.append(
                {
                    "old": old,
                    "new": of,
                    "oldRoot": merkle.root_at(old, read).hex(),
                    "newRoot": root.hex(),
                    "proof": [each.hex() for each in proof],
                }
            )
    return {"records": records, "trees": trees}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    require_go()
    base = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(base / "cache"),
        "GOFLAGS": "",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
    }
    program = base / "tlog_check"
    command = ["go", "build", "-o", str(program), str(SOURCE)]
    subprocess.run(command, check=True, env=environment, cwd=base, timeout=280)
    log = Synthetic(base / "station.db", attempts=ATTEMPTS)
    log.write()
    folder = base / "tiles"
    witnesses = [
        Cosigner(f"proctor.witness/{kind:08d}", bytes([kind]) * 32, kind)
        for kind in (Kind.ED25519, Kind.ML_DSA_44)
    ]
    with closing(connect(log.path, log.bundle.database_key).conn) as connection:
        size, note = connection.execute("SELECT max(size), note FROM checkpoints").fetchone()
        text = note.partition("\n\n")[0] + "\n"
        lines = [(size, witness.cosign(text, 1_795_309_200)) for witness in witnesses]
        connection.executemany("INSERT INTO cosignatures VALUES (?, ?)", lines)
        export_tiles(connection, folder)
        proofs = our_proofs(connection, size)
    return Exported(log=log, folder=folder, proofs=proofs, program=program)


def test_go_takes_checkpoint_tiles_and_proofs(exported: Exported) -> None:
    """The checkpoint bears cosignatures of both kinds; Go reads past those it does not know."""
    done = exported.judge(exported.folder, exported.proofs, exported.vkey)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{2 * ATTEMPTS + 3} entries")
    assert (exported.folder / "checkpoint").read_text(encoding="utf-8").count("\u2014 ") == 3


def test_go_refuses_another_key(exported: Exported) -> None:
    other = Synthetic(Path("x"), attempts=0).bundle.signer(exported.log.signer.key.name)
    done = exported.judge(exported.folder, exported.proofs, other.key.encode())
    assert done.returncode == 1
    assert "note" in done.stderr


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/001", "tile/1/000.p/2", "tile/entries/000"])
def test_go_refuses_a_changed_file(exported: Exported, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "tiles"
    shutil.copytree(exported.folder, folder)
    data = bytearray((folder / name).read_bytes())
    data[40] ^= 1
    (folder / name).write_bytes(data)
    assert exported.judge(folder, {"records": [], "trees": []}, exported.vkey).returncode == 1


@pytest.mark.parametrize("kind", ["records", "trees"])
def test_go_refuses_a_changed_proof(exported: Exported, tmp_path: Path, kind: str) -> None:
    made = json.loads(json.dumps(exported.proofs))
    long = max(made[kind], key=lambda each: len(each["proof"]))
    long["proof"][0] = "00" * 32
    folder = tmp_path / "tiles"
    shutil.copytree(exported.folder, folder)
    done = exported.judge(folder, made, exported.vkey)
    assert done.returncode == 1
    assert "their" in done.stderr
