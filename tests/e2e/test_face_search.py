"""The same face under two names, from the command line: ranked, logged, erased, and never taken out of the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from biometrics.engine import FaceEngine
from biometrics.recorded import vary
from biometrics.template import Template
from biometrics.template_code import Space
from proctor.face_search import space_of
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.softcards import specimen_faces
from sessions.roles import load_roles
from sessions.session import load_session
from tests.support.cli import Ran, proctor
from tests.support.face_templates import come
from tests.support.schemas import require_valid

SECOND = ("--second", "binh")


@dataclass(frozen=True, kw_only=True)
class Faces:
    """Three pictures of each specimen, as templates of the program's own model."""

    space: Space
    hopper: tuple[Template, ...]
    astronaut: tuple[Template, ...]


@pytest.fixture(scope="module")
def faces() -> Faces:
    with FaceEngine.load() as engine:
        made = {
            name: tuple(
                engine.reference(vary(image, seed=seed, face=face, frames=1)[0]).template for seed in range(3)
            )
            for name, (image, face) in specimen_faces(("hopper", "astronaut")).items()
        }
        space = space_of(engine.thresholds(), engine.models.embedder.weights.sha256)
    return Faces(space=space, **made)


@contextmanager
def station(home: Path) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(home / "training")) as opened:
        yield opened


@pytest.fixture
def attended(home: Path, training_session: str, faces: Faces) -> str:
    """001 comes with their own card and face; 002 with a card of their own, and the face of 001; 001 once more."""
    space, hopper, astronaut = faces.space, faces.hopper, faces.astronaut
    with station(home) as opened:
        session = load_session(opened.store, training_session)
        operator = opened.require_login().operator
        for sbd, reference, probe, more in (
            ("001", hopper[0], hopper[1], {"identity": b"{}"}),
            ("002", astronaut[0], hopper[2], {"identity": b"{}"}),
            ("001", hopper[0], hopper[2], {}),
        ):
            come(opened.store, session, sbd, reference, probe, space=space, operator=operator, more=more)
    return training_session


def search(session: str, *arguments: str) -> Ran:
    ran = proctor("face", "search", "--session", session, "--json", *arguments)
    assert ran.status == 0, ran.err
    require_valid("face-search", ran.json)
    return ran


def test_the_pair_is_first_and_the_look_is_on_record(home: Path, attended: str) -> None:
    found = search(attended, "--reason", "khiếu nại").json
    assert (found["templates"], found["candidates"]) == (5, 2)  # the portrait that came twice is one
    assert found["comparisons"] == 3 * 2
    (pair,) = found["pairs"]
    assert {pair["one"]["candidate"], pair["other"]["candidate"]} == {"001", "002"}
    assert pair["score"] > found["refer_threshold"]
    assert pair["other"]["picture"] == "probe"
    assert found["suggestions_only"] is True
    with station(home) as opened:
        view = opened.store.entry(found["view_entry"])
        assert (view.kind, view.body["what"], view.body["session"]) == ("view", "face-search", attended)
        assert view.body["reason"] == "khiếu nại"
        for entry in opened.store.entries():
            assert "score" not in json.dumps(entry.body) or entry.kind == "attempt"
    assert proctor("log", "verify", "--training", "--json").status == 0


def test_it_says_that_these_are_suggestions_and_what_chance_brings(attended: str) -> None:
    for language, words in (
        ("vi", ("Chỉ là gợi ý", "Sinh đôi", "ngẫu nhiên", "001 (", "002 (", "proctor log evidence")),
        ("en", ("Only suggestions", "Twins", "Chance alone", "001 (", "002 (", "proctor log evidence")),
    ):
        ran = proctor("face", "search", "--session", attended, "--lang", language)
        assert ran.status == 0, ran.err
        for word in words:
            assert word in ran.out


def test_all_and_top(attended: str) -> None:
    assert len(search(attended, "--all").json["pairs"]) == 1  # two candidates are one pair
    for wrong in ("0", "-1", "1001"):
        assert proctor("face", "search", "--session", attended, "--top", wrong).status == 2
    assert proctor("face", "search", "--session", "HL-20000101-01", "--json").status == 1


def test_an_empty_session_has_nobody(training_session: str) -> None:
    found = search(training_session, "--all").json
    assert (found["pairs"], found["templates"], found["comparisons"]) == ([], 0, 0)


def test_only_who_may_look_at_evidence(home: Path, attended: str, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = load_roles()
    blind = {name: role.may - {"view"} for name, role in roles.items()}
    monkeypatch.setattr("sessions.roles.Role.may", property(lambda role: blind[role.role_id]), raising=False)
    with station(home) as opened:
        before = opened.store.head().size
    ran = proctor("face", "search", "--session", attended, "--json")
    assert (ran.status, ran.json["code"]) == (1, "role-forbidden")
    with station(home) as opened:
        assert opened.store.head().size == before


def test_erased_templates_are_found_no_more(attended: str) -> None:
    line = ("erase", "--session", attended, *SECOND, "--reason", "request", "--yes", "--json")
    gone = proctor(*line, "--candidate", "002", "--pieces", "template")
    assert gone.status == 0, gone.err
    assert gone.json["pieces"] == {"template": 1}
    left = search(attended, "--all").json
    assert (left["pairs"], left["templates"], left["candidates"]) == ([], 3, 1)


def test_the_term_takes_templates_and_leaves_the_rest(home: Path, attended: str) -> None:
    assert proctor("session", "close", attended, "--json").status == 0

    def due(days: int) -> Mapping[str, int]:
        day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
        planned = proctor("retention", "plan", "--training", "--on", day, "--json")
        assert planned.status == 0, planned.err
        (row,) = planned.json["sessions"]
        return {kind["kind"]: kind["total"] for kind in row["kinds"] if kind["due"]}

    assert due(29) == {}
    assert due(31) == {"template": 3}


def test_a_template_leaves_the_store_neither_as_a_file_nor_in_a_pack(
    home: Path, attended: str, tmp_path: Path
) -> None:
    entry = search(attended).json["pairs"][0]["other"]["entry"]
    looked = proctor(
        *("log", "evidence", str(entry), "--training", "--out", tmp_path / "seen", "--reason", "x", "--json")
    )
    assert looked.status == 0, looked.err
    assert looked.json["kept"] == ["template"]
    assert [path.name for path in (tmp_path / "seen").iterdir()] == [f"{entry}-identity.json"]
    assert proctor("session", "close", attended, "--json").status == 0
    packed = proctor("pack", "export", "--session", attended, "--out", tmp_path / "packs", "--json")
    assert packed.status == 0, packed.err
    data = Path(packed.json["file"]).read_bytes()
    assert b"/identity" in data
    assert b"/template" not in data
