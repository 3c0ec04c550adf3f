"""The replay of the pilot, made small: what is printed is what the log says, and moves with who is there."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from proctor.policy import decide
from proctor.replay.outcomes import recorded
from proctor.replay.plan import SEED, SHOWN_FIRST, Size, Without, pilot, plan
from proctor.replay.recount import Recount
from proctor.replay.run import Played, Printed, Replay, replay
from proctor.roots import ensure_training_root, open_training
from reports.words import number_words
from sessions.rules import load_rules
from tests.support.record_outcomes import record
from tests.support.reports_pages import page_texts

PEOPLE = len(SHOWN_FIRST) + 1
SMALL = Size(sessions=2, people=PEOPLE)
STRUCTURAL = {"checks", "checks-good", "unlisted", "weak", "unassigned", "incident-entries"}
LOGGED = {"entries", "prints"}
"""Counts of entries, which more than the candidates make."""
"""Counts that no candidate of the list is part of, or none of this replay."""


def play(folder: Path, without: Without | None = None, *, paper: bool = False, size: Size = SMALL) -> Replay:
    return replay(
        Places.of(str(folder / "root")), seed=SEED, size=size, without=without or Without(), paper=paper
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Replay, Path]:
    folder = tmp_path_factory.mktemp("replay")
    return play(folder, paper=True), folder / "root"


def bodies_of(root: Path, session: str) -> list[Mapping[str, Any]]:
    with open_training(ensure_training_root(root)) as opened:
        return [entry.body for entry in opened.store.entries(session=session)]


def sheet_of(played: Played, kind: str, variant: str = "") -> Printed:
    return next(sheet for sheet in played.sheets if sheet.kind == kind and variant in {"", sheet.variant})


def test_the_load_is_the_pilots() -> None:
    sizes = [count for *_, count in pilot()]
    assert (len(sizes), sum(sizes)) == (18, 5_170)
    assert (sizes[0], sum(sizes[1:16]), sizes[16:]) == (191, 4_483, [248, 248])
    sittings = plan(SEED, Size(), Without())
    assert [len(each.people) + len(each.added) for each in sittings] == sizes


def test_a_candidate_or_a_session_less_changes_nothing_for_the_others() -> None:
    whole = plan(SEED, Size(), Without())
    less = plan(SEED, Size(), Without(candidates=frozenset({("005", 3)}), sessions=frozenset({7})))
    assert [each.number for each in less] == [each.number for each in whole if each.number != 7]
    assert {
        (each.number, person) for each in whole if each.number != 7 for person in (*each.people, *each.added)
    } - {(each.number, person) for each in less for person in (*each.people, *each.added)} == {
        (3, whole[2].people[4])
    }


@pytest.mark.parametrize("name", sorted(recorded()))
def test_recorded_checks_still_come_to_the_verdict_they_came_to(name: str) -> None:
    rules = load_rules("driving-tt108-2026")
    decision = decide(
        recorded()[name].checks,
        required=rules.required,
        refuse_on_failed=rules.refuse_on_failed,
        chip_at_best=rules.chip_at_best,
    )
    assert decision.verdict.value == recorded()[name].verdict


def test_recording_again_gives_the_same_codes() -> None:
    name = "cloned-chip"
    body = record(frozenset({name}))[name]
    codes = {check: (row["outcome"], row["code"]) for check, row in body["checks"].items()}
    kept = {check.value: (row.outcome.value, row.code) for check, row in recorded()[name].checks.items()}
    assert (codes, body["verdict"]) == (kept, recorded()[name].verdict)


def test_every_printed_count_is_what_the_log_says(played: tuple[Replay, Path]) -> None:
    done, _ = played
    assert done.report.ok, done.report.findings
    assert done.differences == ()
    assert [each.candidates for each in done.sittings] == [PEOPLE, PEOPLE]
    kinds = {sheet.kind for each in done.sittings for sheet in each.sheets}
    assert kinds == {
        "attendance",
        "call-list",
        "exceptions",
        "results",
        "summary",
        "seal",
        "self-test",
        "incident",
    }


def test_the_counts_stand_on_the_paper_itself_in_figures_and_words(played: tuple[Replay, Path]) -> None:
    for each in played[0].sittings:
        for kind in ("attendance", "exceptions", "results"):
            sheet = sheet_of(each, kind)
            assert sheet.path is not None
            text = unicodedata.normalize(
                "NFC", " ".join(" ".join(page_texts(sheet.path.read_bytes())).split())
            )
            shown = Counter(
                count for name, count in sheet.counts.items() if ":" not in name and name not in {"missing"}
            )
            for count in shown:
                if count:
                    assert f"{count} ({number_words(count)})" in text, (kind, count)


def test_a_wrong_count_on_a_sheet_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import reports.attendance

    right = reports.attendance.attendance_counts
    monkeypatch.setattr(
        reports.attendance,
        "attendance_counts",
        lambda *given: {**right(*given), "present": right(*given)["present"] + 1},
    )
    done = play(tmp_path, size=Size(sessions=1, people=3))
    assert {(found.name, found.printed == (found.counted or 0) + 1) for found in done.differences} == {
        ("present", True)
    }
    assert not done.ok


def class_of_sitting(played: Played) -> str:
    """The class of all candidates of a session, as its own counts name it."""
    (name,) = {
        name.removesuffix(":files") for name in sheet_of(played, "summary").counts if name.endswith(":files")
    }
    return name


def recount_of(played: Played, root: Path, *, without: str | None = None) -> Recount:
    """The second count of a session as of its seal, with or without everything about a candidate."""
    size = sheet_of(played, "seal").size
    bodies = [body for body in bodies_of(root, played.session) if body["seq"] < size]
    if without is not None:
        bodies = [kept for body in bodies if (kept := _without(body, without, bodies)) is not None]
    order = tuple(sheet.variant for sheet in played.sheets if sheet.kind == "attendance")
    return Recount(bodies, order, sequential=played.number != 1, licence_class=class_of_sitting(played))


def _without(body: Mapping[str, Any], sbd: str, bodies: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """An entry as it would be without a candidate; None: it would not be there. Draws look at somebody else."""
    if body["kind"] == "roster" and sbd in body["sbds"]:
        return None
    if body["kind"] == "open":
        added = any(sbd in each.get("sbds", ()) for each in bodies if each["kind"] == "roster")
        return {**body, "candidates": body["candidates"] - (not added)}
    return body if body.get("sbd") != sbd or body["kind"] == "spot-check" else None


def counts_of(recount: Recount, played: Played) -> dict[tuple[str, str, str], int]:
    return {
        (sheet.kind, sheet.variant, name): count
        for sheet in played.sheets
        if sheet.kind not in {"incident", "self-test"}
        for name, count in recount.of(sheet.kind, sheet.variant or "").items()
        if name not in LOGGED
    }


def printed_of(played: Played) -> dict[tuple[str, str, str], int]:
    return {
        (sheet.kind, sheet.variant, name): count
        for sheet in played.sheets
        if sheet.kind not in {"incident", "self-test"}
        for name, count in sheet.counts.items()
        if name not in LOGGED
    }


@pytest.mark.parametrize("way", ["decided", "corrected"])
def test_one_candidate_less_moves_exactly_the_counts_they_were_in(
    played: tuple[Replay, Path], tmp_path: Path, way: str
) -> None:
    done, root = played
    sbd = f"{SHOWN_FIRST.index(way) + 1:03d}"
    less = play(tmp_path, Without(candidates=frozenset({(sbd, 2)}), sessions=frozenset({1})))
    (without,) = less.sittings
    assert less.ok
    expected = counts_of(recount_of(done.sittings[1], root, without=sbd), done.sittings[1])
    assert printed_of(without) == expected
    before = printed_of(done.sittings[1])
    moved = {name for _, _, name in (key for key, count in before.items() if expected[key] != count)}
    assert {"listed", "files", "present", "called"} <= moved


def test_every_printed_count_has_somebody_whose_absence_moves_it(played: tuple[Replay, Path]) -> None:
    done, root = played
    for each in done.sittings:
        before = printed_of(each)
        moved: set[tuple[str, str, str]] = set()
        for at in range(1, PEOPLE + 1):
            after = counts_of(recount_of(each, root, without=f"{at:03d}"), each)
            moved |= {key for key, count in before.items() if after[key] != count}
        still = {key for key, count in before.items() if count and key not in moved}
        assert {name for _, _, name in still} <= STRUCTURAL


def test_a_session_less_takes_its_sheets_and_every_count_of_them(
    played: tuple[Replay, Path], tmp_path: Path
) -> None:
    whole = played[0]
    less = play(tmp_path, Without(sessions=frozenset({1})))
    before, after, gone = _sums(whole), _sums(less), printed_of(whole.sittings[0])
    assert len(less.sittings) == len(whole.sittings) - 1
    assert {key: before[key] - after[key] for key in gone} == gone


def _sums(done: Replay) -> Counter[tuple[str, str, str]]:
    """Every printed count, added up over the sessions."""
    found: Counter[tuple[str, str, str]] = Counter()
    for each in done.sittings:
        found.update(printed_of(each))
    return found
