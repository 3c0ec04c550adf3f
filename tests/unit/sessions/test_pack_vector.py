"""A pack of version 1, kept for ever: read by the product, and by a second reader that shares no code with it."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sessions.cosignature import CosignerKey
from sessions.department import DepartmentPrivate
from sessions.pack_open import open_pack
from sessions.pack_verify import Outside, verify_pack
from sessions.pins import StationPins
from tests import second_pack_reader
from tests.support.packs import PDF, verified

FOLDER = Path(__file__).parents[2] / "vectors"
FACTS: dict[str, Any] = json.loads((FOLDER / "pack-1.json").read_text(encoding="utf-8"))
PACK = FOLDER / "pack-1.pack"
DEPARTMENT = DepartmentPrivate.open(json.dumps(FACTS["department"]).encode(), None, training=True)
REFUSALS = (second_pack_reader.RefusedError, ValueError, LookupError, struct.error, TypeError)


def outside() -> Outside:
    return Outside(
        pins=StationPins().add(FACTS["station"]),
        witnesses=[CosignerKey.parse(text) for text in FACTS["witnesses"]],
        department=DEPARTMENT,
    )


def test_version_1_stays_readable(tmp_path: Path) -> None:
    report = verify_pack(PACK, outside())
    assert report.ok, report
    assert (report.version, report.session, report.size, report.root) == (
        1,
        FACTS["session"],
        FACTS["size"],
        FACTS["root"],
    )
    assert dict(report.counts) == FACTS["counts"]
    assert [list(pair) for pair in report.cosigned] == FACTS["cosigned"]
    assert (report.skipped, report.findings) == ((), ())
    opened = open_pack(PACK, tmp_path / "out", outside())
    assert len(opened.files) == 2 + sum(FACTS["counts"][name] for name in ("entries", "evidence", "sheets"))


def test_a_second_reader_agrees() -> None:
    manifest, entries, members = second_pack_reader.read(PACK.read_bytes(), FACTS["station"])
    assert (manifest["size"], manifest["root"]) == (FACTS["size"], FACTS["root"])
    assert len(entries) == FACTS["counts"]["entries"]
    private = bytes.fromhex(FACTS["department"]["bare"])
    clear = second_pack_reader.unseal(manifest, entries, members, private)
    assert PDF in clear.values()
    assert f"evidence/{FACTS['erased_entry']}/chip-portrait" not in clear
    assert f"evidence/{FACTS['erased_entry']}/identity" in clear


def test_a_second_reader_is_a_program() -> None:
    line = [sys.executable, second_pack_reader.__file__, str(PACK)]
    done = subprocess.run([*line, FACTS["station"]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    other = FACTS["station"].replace("0a1b2c3d", "0a1b2c3e", 1)
    assert subprocess.run([*line, other], capture_output=True, text=True, check=False).returncode == 1


def test_both_readers_refuse_the_same_mutations() -> None:
    data, chance = PACK.read_bytes(), random.Random("both")
    for _ in range(150):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        assert not verified(bytes(changed), pins=StationPins().add(FACTS["station"])).ok
        with pytest.raises(REFUSALS):
            second_pack_reader.read(bytes(changed), FACTS["station"])
