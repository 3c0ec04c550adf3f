"""Full verification opens what a merge took over and holds the entry against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sessions import codec
from sessions.course.merge import merge_parts
from sessions.record import Verdict
from sessions.verify import LogReport
from tests.support.parts import Shared
from tests.support.sessions_station import OPERATOR


def attended(folder: Path) -> Shared:
    """Two stations; one let in somebody of the other and referred whom the other refused."""
    shared = Shared.divided(folder, "001-003,004-006")
    shared.attend(1, "001")
    shared.attend(1, "002", Verdict.REFUSE, ("refused",))
    shared.attend(2, "001")
    shared.attend(2, "002", Verdict.REFER, ("x",))
    shared.attend(2, "004")
    return shared


def examined(shared: Shared) -> LogReport:
    bench = shared.benches[0]
    for store in shared.stores:
        store.close()
    slots = bench.path.parent / "keys" / "evidence.slots"
    return bench.verify(full=True, evidence_key=bench.bundle.evidence_key, key_file=slots)


def test_a_merge_that_names_doubles_and_conflicts_verifies(tmp_path: Path) -> None:
    shared = attended(tmp_path)
    merged = merge_parts(shared.stores[0], shared.main, [shared.pack(2, tmp_path)], operator=OPERATOR)
    assert merged.doubles
    assert merged.conflicts
    report = examined(shared)
    assert report.ok, report.findings


@pytest.mark.parametrize(
    "case",
    [
        "as it is",
        "garbage",
        "fewer",
        "other station",
        "other session",
        "order",
        "kind",
        "double",
        "conflicts",
        "form",
    ],
)
def test_a_merge_that_was_made_up_is_found(tmp_path: Path, case: str) -> None:
    shared = attended(tmp_path)
    merge_parts(shared.stores[0], shared.main, [shared.pack(2, tmp_path)], operator=OPERATOR)
    entry = shared.stores[0].entries("merge")[0]
    lines = shared.stores[0].evidence(entry.seq, "part").splitlines()
    other = attended(tmp_path / "again")
    fields = {
        name: entry.body[name] for name in ("session", "part", "part_origin", "size", "root", "pack_sha256")
    }
    fields |= {name: json.loads(json.dumps(entry.body[name])) for name in ("entries", "double", "conflicts")}
    bodies: list[dict[str, Any]] = [json.loads(line) for line in lines]
    last = bodies[-1]
    if case == "fewer":
        bodies.pop(1)
    elif case == "other station":
        last["origin"] = "proctor.training/ffffffff"
    elif case == "other session":
        last["session"] = fields["session"]
    elif case == "order":
        last["seq"] = bodies[0]["seq"]
    elif case == "kind":
        last["kind"] = "merge"
    elif case == "form":
        del last["operator"]
    elif case in {"double", "conflicts"}:
        fields[case].pop()
    text = b"".join(codec.encode(body) + b"\n" for body in bodies)
    text = b"no part\n" * len(lines) if case == "garbage" else text
    other.stores[0].append("merge", fields, {"part": text}, operator=OPERATOR)
    for store in shared.stores:
        store.close()
    report = examined(other)
    wrong = [found.facts.get("why") for found in report.findings if found.code == "log-altered-evidence"]
    assert wrong == ([] if case == "as it is" else ["part"]), report.findings
