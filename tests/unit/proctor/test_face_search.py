"""1:N inside a session: who is found, who is not, when a hit may stop somebody, and that the erased are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from biometrics.template_code import Space, decode
from proctor.checks import CheckName
from proctor.face_gallery import SessionGallery
from proctor.face_ranking import Ranking, rank
from proctor.face_search import (
    ALARMS,
    FaceElsewhereError,
    SearchedFace,
    SessionFaces,
    planned_comparisons,
    search_fmr_for,
    space_of,
)
from proctor.policy import decide
from sessions import retention
from sessions.closing import close_session
from sessions.errors import EvidenceErasedError
from sessions.record import CHECK_NAMES, Check, Outcome, Verdict
from sessions.selection import GROUPS, select
from sessions.session import Session
from sessions.shredding import shred_selection
from sessions.store import Store
from tests.support.erasure import BOTH, CHIEF
from tests.support.face_templates import MODEL, SHA256, SPACE, come, face, live, still
from tests.support.packs import open_session
from tests.support.sessions_station import START, Bench

HIGH = 0.6


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Thresholds as a calibration might give them."""

    model: str = MODEL
    accept: float = 0.475
    refer: float = 0.4
    refer_fmr: float = 1e-3
    search: float | None = HIGH
    search_fmr: float | None = 1e-6
    rule: str = "mean"
    flip: bool = False


STRICT = Thresholds()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Bench(path=tmp_path / "station.db").create() as opened:
        yield opened


@pytest.fixture
def session(store: Store) -> Session:
    return open_session(store)


def desk(store: Store, session: Session, *, stops: bool = True) -> SessionFaces:
    gallery = SessionGallery(store, session.session_id)
    return SessionFaces(gallery, session, weights_sha256=SHA256, stops=stops)


def look(
    faces: SessionFaces, sbd: str | None, chip: int | None, person: int, thresholds: Thresholds = STRICT
) -> SearchedFace:
    reference = None if chip is None else still(face(chip))
    return faces.require_single(sbd, reference, live(face(person, 50)), thresholds)


def test_the_first_candidate_is_alone(store: Store, session: Session) -> None:
    found = look(desk(store, session), "001", 1, 1)
    assert found.not_performed_code is None
    assert (found.facts["templates"], found.facts["comparisons"]) == (0, 0)


@pytest.mark.parametrize(
    ("chip", "person", "of"),
    [
        (2, 1, "probe"),  # one person sits for two
        (1, 3, "reference"),  # one portrait under two names
        (None, 1, "probe"),  # no portrait could be read
    ],
)
def test_the_same_face_under_two_names(
    store: Store, session: Session, chip: int | None, person: int, of: str
) -> None:
    entry = come(store, session, "001", face(1), face(1, 7))
    come(store, session, "003", face(9), face(9, 7))
    with pytest.raises(FaceElsewhereError) as caught:
        look(desk(store, session), "002", chip, person)
    facts = caught.value.facts
    assert (facts["other"], facts["other_entry"]) == ("001", entry)
    assert facts["of"] == of
    assert HIGH * 1e4 <= int(facts["score_e4"]) <= 1e4
    assert facts["templates"] == 4
    assert facts["comparisons"] == (4 if chip is None else 8)
    assert all(isinstance(value, str | int) for value in facts.values())


def test_a_face_whose_card_is_another_candidates(store: Store, session: Session) -> None:
    """017 was here with their own card and somebody else's face; the somebody comes with a card of their own."""
    entry = come(store, session, "017", face(17), face(18, 3))
    with pytest.raises(FaceElsewhereError) as caught:
        look(desk(store, session), "018", 18, 18)
    assert (caught.value.facts["other"], caught.value.facts["like"]) == ("017", "probe")
    assert caught.value.facts["other_entry"] == entry


def test_nobody_is_refused_by_it() -> None:
    """A hit goes to people whatever the rules file requires, and refuses under none."""
    good = Check(outcome=Outcome.PASSED, code="ok", started_at=START, duration_ms=0, facts={})
    hit = replace(good, outcome=Outcome.FAILED, code=FaceElsewhereError.code)
    assert FaceElsewhereError.conclusive
    checks = {name: hit if name == "face-search" else good for name in CheckName}
    assert set(checks) == set(CHECK_NAMES)
    for required in (frozenset[str](), frozenset({"face-search"})):
        decision = decide(
            checks,
            required=required,
            refuse_on_failed=frozenset({"face-search"}),
            chip_at_best={"genuine": Verdict.ADMIT},
        )
        assert decision.verdict is Verdict.REFER
        assert decision.reasons == ("face-elsewhere",)


def test_the_same_candidate_again_is_no_hit(store: Store, session: Session) -> None:
    come(store, session, "001", face(1), face(1, 7))
    come(store, session, "001", face(1), face(1, 8), component="yard")
    faces = desk(store, session)
    found = look(faces, "001", 1, 1)
    assert (found.not_performed_code, found.facts["templates"]) == (None, 0)
    with pytest.raises(FaceElsewhereError):
        look(faces, "002", None, 1)


def test_the_other_component_of_the_session_is_searched(store: Store, session: Session) -> None:
    come(store, session, "001", face(1), face(1, 7), component="yard")
    with pytest.raises(FaceElsewhereError):
        look(desk(store, session), "002", 2, 1)


def test_another_session_is_not(store: Store, session: Session) -> None:
    come(store, session, "001", face(1), face(1, 7))
    other = open_session(store)
    assert look(desk(store, other), "002", 2, 1).facts["templates"] == 0


def test_each_new_attempt_is_found_by_the_next(store: Store, session: Session) -> None:
    faces = desk(store, session)
    look(faces, "001", 1, 1)
    come(store, session, "001", face(1), face(1, 7))
    look(faces, "002", 2, 2)
    come(store, session, "002", face(2), face(2, 7))
    faces.forget()  # and is read again
    with pytest.raises(FaceElsewhereError) as caught:
        look(faces, "003", 3, 2)
    assert caught.value.facts["other"] == "002"


def test_models_and_rules_are_never_mixed(store: Store, session: Session) -> None:
    for number, space in enumerate(
        (
            Space(model="another", model_sha256=SHA256, rule="mean"),
            Space(model=MODEL, model_sha256="cd" * 32, rule="mean"),
            Space(model=MODEL, model_sha256=SHA256, rule="best"),
            Space(model=MODEL, model_sha256=SHA256, rule="mean+flip"),
        )
    ):
        come(store, session, f"00{number}", None, face(1, number, model=space.model), space=space)
    assert look(desk(store, session), "009", None, 1).facts["templates"] == 0
    with pytest.raises(FaceElsewhereError) as caught:
        look(desk(store, session), "009", None, 1, replace(STRICT, flip=True))
    assert caught.value.facts["other"] == "003"


def test_without_a_supporting_calibration_nobody_is_stopped(store: Store, session: Session) -> None:
    come(store, session, "001", face(1), face(1, 7))
    found = look(desk(store, session), "002", 2, 1, replace(STRICT, search=None, search_fmr=None))
    assert found.not_performed_code == "search-not-calibrated"
    assert int(found.facts["highest_score_e4"]) > HIGH * 1e4
    assert not {"other", "search_threshold_e4", "expected_false_alarms_e4"} & set(found.facts)


def test_a_threshold_too_lax_for_the_session_stops_nobody(store: Store, session: Session) -> None:
    """Three candidates of one component: 12 comparisons; ten times as lax as 0.1 expected alarms allow."""
    come(store, session, "001", face(1), face(1, 7))
    planned = planned_comparisons(3, 1)
    assert planned == 12
    lax = look(desk(store, session), "002", 2, 1, replace(STRICT, search_fmr=1 / planned))
    assert lax.not_performed_code == "search-not-calibrated"
    assert lax.facts["expected_false_alarms_e4"] == 10_000
    with pytest.raises(FaceElsewhereError) as caught:
        look(desk(store, session), "002", 2, 1, replace(STRICT, search_fmr=ALARMS / planned))
    assert caught.value.facts["expected_false_alarms_e4"] == 1_000


def test_more_attempts_than_planned_count(store: Store, session: Session) -> None:
    """Everybody comes again and again: the comparisons that were really made decide, not those planned."""
    for again in range(6):
        for number in (1, 2, 3):
            come(store, session, f"00{number}", face(number), face(number, 7 + again))
    found = look(desk(store, session), "001", 1, 1, replace(STRICT, search_fmr=ALARMS / 12))
    assert found.not_performed_code == "search-not-calibrated"
    made = 3 * 7 * 7  # three pairs of candidates, a reference and six probes each
    assert found.facts["session_comparisons"] == made + 2 * 7


def test_the_rate_that_is_asked_for_follows_the_size(store: Store, session: Session) -> None:
    assert search_fmr_for(session) == session.rules.search_fmr == 1e-6
    large = replace(session, seats=session.seats * 1000)
    assert search_fmr_for(large) == 5.5e-9  # rounded down: a calibration that states what is shown is enough
    assert search_fmr_for(large) * planned_comparisons(3000, 1) <= ALARMS
    assert search_fmr_for(replace(session, seats=session.seats * 100)) == 5.5e-7
    assert planned_comparisons(300, 1) == 179_400
    assert planned_comparisons(300, 3) == 717_600


def test_training_may_be_told_only_to_advise(store: Store, session: Session) -> None:
    come(store, session, "001", face(1), face(1, 7))
    found = look(desk(store, session, stops=False), "002", 2, 1)
    assert found.not_performed_code == "search-advice"


def test_who_has_no_number_stops_nobody_and_is_stopped(store: Store, session: Session) -> None:
    come(store, session, None, None, face(1, 7))
    faces = desk(store, session)
    assert look(faces, "001", 1, 1).facts["templates"] == 0
    come(store, session, "001", face(1), face(1, 8))
    with pytest.raises(FaceElsewhereError) as caught:
        look(faces, None, None, 1)
    assert caught.value.facts["other"] == "001"


@pytest.mark.parametrize("selecting", [{"sbd": "001"}, {"names": GROUPS["template"]}])
def test_the_erased_vanish_while_the_desk_runs(
    store: Store, session: Session, selecting: dict[str, Any]
) -> None:
    faces = desk(store, session)
    come(store, session, "001", face(1), face(1, 7))
    come(store, session, "003", face(3), face(3, 7))
    with pytest.raises(FaceElsewhereError):
        look(faces, "002", 2, 1)
    chosen = select(store, session.session_id, **selecting)
    shred_selection(store, chosen, scope="session", reason="request", **BOTH)
    kept = 2 if "sbd" in selecting else 0
    assert look(faces, "002", 2, 1).facts["templates"] == kept


def test_the_term_takes_templates_first_and_leaves_the_rest(store: Store, session: Session) -> None:
    faces = desk(store, session)
    seqs = [
        come(store, session, f"00{n}", face(n), face(n, 7), more={"live-portrait": b"\xff\xd8"})
        for n in (1, 3)
    ]
    assert look(faces, "002", 2, 2).facts["templates"] == 4
    close_session(store, session, operator=CHIEF)
    closed = START.date()
    assert retention.run(store, retention.plan(store, closed + timedelta(days=29)), **BOTH) == ()
    done = retention.run(store, retention.plan(store, closed + timedelta(days=31)), **BOTH)
    assert [due.term.kind for _, due, _ in done] == ["template"]
    for seq in seqs:
        assert store.evidence(seq, "live-portrait")
        with pytest.raises(EvidenceErasedError):
            store.evidence(seq, "template")
    assert look(faces, "002", 2, 2).facts["templates"] == 0


def test_what_cannot_be_read_is_counted_and_left_out(store: Store, session: Session) -> None:
    come(store, session, "001", face(1), face(1, 7))
    come(store, session, "003", None, None, more={"template": b"of another program"})
    faces = desk(store, session)
    found = look(faces, "002", 2, 2)
    assert (found.facts["unreadable"], found.facts["templates"]) == (1, 2)


def test_what_an_attempt_keeps_is_what_the_search_reads(store: Store, session: Session) -> None:
    faces = desk(store, session)
    data = faces.piece(still(face(1)), live(face(1, 7)), STRICT)
    assert data is not None
    assert decode(data).space == space_of(STRICT, SHA256) == SPACE
    assert faces.piece(None, None, STRICT) is None


def test_nothing_of_a_template_is_in_a_body(store: Store, session: Session) -> None:
    vector = face(1).vector
    seq = come(store, session, "001", face(1), face(1, 7))
    body = store.body(seq)
    assert vector.tobytes()[:16] not in body
    assert vector.tobytes()[:16].hex().encode() not in body
    assert str(float(vector[0]))[:6].encode() not in body
    assert set(store.entry(seq).body["evidence"]) == {"template"}


def ranked(store: Store, session: Session, thresholds: Any = STRICT, **how: Any) -> Ranking:
    gallery = SessionGallery(store, session.session_id)
    gallery.refresh()
    options: dict[str, Any] = {"planned": 12, "top": 20, "every": False, **how}
    return rank(gallery, thresholds, space_of(thresholds, SHA256), **options)


def test_the_ranking_has_each_pair_once_best_first(store: Store, session: Session) -> None:
    come(store, session, "001", face(1), face(1, 7))
    entry = come(store, session, "002", face(2), face(1, 8))
    come(store, session, "003", face(3), face(3, 7))
    come(store, session, "003", face(3), face(3, 8), component="yard")
    come(store, session, None, None, face(3, 9))
    found = ranked(store, session)
    pairs = [(pair.one.sbd, pair.other.sbd, pair.over) for pair in found.alike]
    assert sorted(pairs, key=str) == [("001", "002", True), (None, "003", True)]
    scores = [pair.score for pair in found.alike]
    assert scores == sorted(scores, reverse=True)
    assert any(pair.other.entry == entry for pair in found.alike)
    assert (found.templates, found.candidates, found.numberless) == (8, 3, 1)
    assert found.comparisons == 2 * 2 + 2 * 3 + 2 * 3
    assert found.by_chance == pytest.approx(16e-3)
    assert found.stops
    every = ranked(store, session, every=True)
    assert {(pair.one.sbd, pair.other.sbd) for pair in every.alike} == {
        ("001", "002"), ("001", "003"), ("002", "003"), (None, "003"),
    }  # fmt: skip
    assert len(ranked(store, session, top=1, every=True).alike) == 1


def test_other_models_are_ranked_apart_and_have_no_threshold(store: Store, session: Session) -> None:
    space = Space(model="another", model_sha256=SHA256, rule="mean")
    for sbd in ("001", "002"):
        come(store, session, sbd, None, face(1, int(sbd), model="another"), space=space)
    come(store, session, "003", face(1), face(1, 7))
    found = ranked(store, session)
    assert [(pair.one.sbd, pair.other.sbd, pair.over, pair.space) for pair in found.alike] == [
        ("001", "002", None, space)
    ]
    assert (found.others, found.by_chance) == (2, 0)


def test_the_search_of_5000_templates_is_whole(store: Store, session: Session) -> None:
    """Exact: the one face among thousands is found, wherever it stands."""
    gallery = SessionGallery(store, session.session_id)
    come(store, session, "001", face(1), face(1, 7), operator=CHIEF)
    gallery.refresh()
    shelf = gallery.shelf(SPACE, 128)
    assert shelf is not None
    for number in range(2500):
        shelf.index.add(number + 10, face(number + 100).vector)
        shelf.enrolled.append(replace(shelf.enrolled[0], sbd=str(number)))
    ((who, found),) = shelf.nearest(face(1234 + 100, 3).vector, sbd="001")
    assert who.sbd == "1234"
    assert found.score > HIGH


@pytest.mark.parametrize("rule", ["best", "median"])
def test_only_a_threshold_of_mean_templates_stops(store: Store, session: Session, rule: str) -> None:
    """The search compares means of frames: a threshold for the best of several says nothing about those."""
    thresholds = replace(STRICT, rule=rule)
    come(store, session, "001", face(1), face(1, 7), space=space_of(thresholds, SHA256))
    found = look(desk(store, session), "002", 1, 1, thresholds)
    assert found.not_performed_code == "search-not-calibrated"
    assert int(found.facts["highest_score_e4"]) >= HIGH * 1e4
