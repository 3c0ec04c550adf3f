"""Packs for the fuzzers: whole files, and each list of a pack under a manifest that fits it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from sessions import pack
from sessions.cosignature import CosignerKey
from sessions.department import DepartmentPrivate
from sessions.pack_file import pack_of
from sessions.pack_parts import split_entries, split_notes, split_proof
from sessions.pack_verify import Outside, examine
from sessions.pins import StationPins
from tests.support.packs import Loose

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
PARTS = (pack.ENTRIES, pack.CHECKPOINTS, pack.PROOF, pack.KEYS, pack.PACK_KEY)


@cache
def _whole() -> bytes:
    return (FOLDER / "pack-1.pack").read_bytes()


@cache
def _outside() -> Outside:
    facts = json.loads((FOLDER / "pack-1.json").read_text(encoding="utf-8"))
    return Outside(
        pins=StationPins().add(facts["station"]),
        witnesses=[CosignerKey.parse(text) for text in facts["witnesses"]],
        department=DepartmentPrivate.open(json.dumps(facts["department"]).encode(), None, training=True),
    )


def whole(octets: bytes) -> None:
    """A file that says it is a pack."""
    examine(pack_of(octets), _outside())


def part(octets: bytes) -> None:
    """One member exchanged; the manifest has its hash, and only the signature is wrong."""
    if not octets:
        return
    loose, name = Loose.of(_whole()), PARTS[octets[0] % len(PARTS)]
    data = octets[1:]
    loose.members[name] = data
    if name == pack.ENTRIES:
        loose.frames = list(split_entries(data)[0])
    elif name == pack.CHECKPOINTS:
        loose.notes = list(split_notes(data)[0])
    elif name == pack.PROOF:
        loose.proof = list(split_proof(data)[0])
    examine(pack_of(loose.assemble()), _outside())


def whole_seeds() -> list[bytes]:
    """The pack that is kept for ever, its beginning, and a manifest of its own length."""
    data = _whole()
    return [data, data[:600], pack.HEADER.pack(pack.MAGIC, pack.VERSION, 2) + b"{}" + bytes(64)]


def part_seeds() -> list[bytes]:
    """The members as they are."""
    members = Loose.of(_whole()).members
    return [bytes([at]) + members[name] for at, name in enumerate(PARTS)]
