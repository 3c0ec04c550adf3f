"""What the loader refuses, by key; and that nothing unknown gets in anywhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.texts import load_texts
from sessions.errors import RulesError
from sessions.rules import list_rules, load_rules, parse_rules
from sessions.rules.loading import MAX_FILE

TEXT = load_rules("driving-tt108-2026").data.decode()
EXAM = load_rules("written-exam").data.decode()


def refused(data: str | bytes) -> dict[str, Any]:
    with pytest.raises(RulesError) as caught:
        parse_rules(data if isinstance(data, bytes) else data.encode())
    return dict(caught.value.facts)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("sequential = true", "sequential = 1", "order.sequential"),
        ("years = 1", "years = 0", "keeping.years"),
        ("years = 1", "years = 1.5", "keeping.years"),
        ("health_certificate = true", "", "keeping.health_certificate"),
        ("capacity = 24", "capacity = 0", "rooms.capacity"),
        ("start_required = true", 'start_required = "yes"', "session.start_required"),
        ("idle_minutes = 10", "idle_minutes = -1", "session.idle_minutes"),
        ("tries = 3\nsearch", "tries = 0\nsearch", "face.tries"),
        ("search_fmr = 1.0e-6", "search_fmr = 2.0e-4", "face.search_fmr"),
        ("turns = 3", "turns = 7", "pad.turns"),
        ("turns = 3", "turn = 3", "pad.turn"),
        ('"face-match"]\n\n', '"face-match", "pad-turn"]\n\n', "checks.refuse_on_failed"),
        ("spot_check_percent = 5", "spot_check_percent = 101", "reverification.spot_check_percent"),
        ("spot_check_percent = 5", "spot_check_percent = 0.25", "reverification.spot_check_percent"),
        ("scan_vnd = 0", "scan_vnd = -5", "fees.scan_vnd"),
        ('passed = "DA"', 'passed = "đạt"', "result_codes.passed"),
        ('failed = "RO"', 'failed = "DA"', "result_codes.passed"),
        ('absent = "VA"', "", "result_codes.absent"),
        ("pass = 27", "pass = 31", "classes.B.theory.pass"),
        ("pass = 27", "pass = 0", "classes.B.theory.pass"),
        ("pass = 27", "pass = nan", "classes.B.theory.pass"),
        ("pass = 27", "pass = 26.55", "classes.B.theory.pass"),
        ("pass = 27\n", "", "classes.B.theory.critical"),
        ("max = 30\n", "", "classes.B.theory.max"),
        ("questions = 30", "questions = 0", "classes.B.theory.questions"),
        ("[classes.B.theory]", "[classes.B.simulation]", "classes.B.simulation"),
        ("[classes.B.theory]", "[classes.b.theory]", "classes.b"),
        ('label = "Hạng B"', 'label = ""', "classes.B.label"),
        ("[classes.B]\nlabel = ", "[classes.B]\nname = ", "classes.B.name"),
        ("[roles.overseer]\nmay = [", '[roles.overseer]\nmay = ["check-in", ', "roles.overseer.may.check-in"),
        ("[roles.overseer]\nmay = [", '[roles.overseer]\nmay = ["override", ', "roles.overseer.may.override"),
        (
            "[roles.secretary]\nmay = [",
            '[roles.secretary]\nmay = ["check-in", ',
            "roles.secretary.may.check-in",
        ),
        ("[roles.secretary]\nmay = [", '[roles.secretary]\nmay = ["fly", ', "roles.secretary.may"),
        ("[roles.secretary]\nmay = [", '[roles.secretary]\nmay = ["keys", ', "roles.secretary.may"),
        ("[roles.secretary]\n", "[roles.king]\n", "roles.king"),
        ("[roles.secretary]\n", "[roles.trainee]\n", "roles.trainee"),
        ('    "check-in", "print"', '    "print"', "roles.identity-examiner.may.check-in"),
        ("[second.override]\nroles = [", '[second.override]\nroles = ["auditor", ', "second.override.roles"),
        (
            "[second.override]\nroles = [",
            '[second.override]\nroles = ["identity-examiner", ',
            "second.override.roles",
        ),
        ("[second.override]", "[second.print]", "second.print"),
        ('proofs = ["token", "card-face"]', "proofs = []", "second.correct.proofs"),
        ('proofs = ["token", "card-face"]', 'proofs = ["nod"]', "second.correct.proofs"),
        ('proofs = ["token", "card-face"]', 'proofs = ["training"]', "second.correct.proofs"),
        ('self-test = ["preparer", "oversight"]', "self-test = []", "signatories.self-test"),
        ('self-test = ["preparer", "oversight"]', 'self-test = ["mayor"]', "signatories.self-test"),
        ('self-test = ["preparer", "oversight"]', "posters = []", "signatories.posters"),
        ("[[documents.vneid]]", "[[documents.library-card]]", "documents.library-card"),
        ("until = 2024-12-31", "until = 2025-01-01", "documents.cmnd-9[2].from"),
        ("until = 2024-12-31", "until = 2024-12-31T10:00:00", "documents.cmnd-9[1].until"),
        ("until = 2024-12-31", "from = 2025-02-01\nuntil = 2024-12-31", "documents.cmnd-9[1].until"),
        ("[[documents.vneid]]", '[[documents.vneid]]\ncolour = "red"', "documents.vneid[1].colour"),
        ('label = "Đến muộn"', 'label = "Đến muộn"\nfine = 5', "incidents.late.fine"),
        ("[incidents.late]", "[incidents.LATE]", "incidents.LATE"),
        (
            'consequences = ["none", "removed"]',
            'consequences = ["beaten"]',
            "incidents.health.consequences",
        ),
        ('consequences = ["none", "removed"]', "consequences = []", "incidents.health.consequences"),
        ('decides = ["chairman", "deputy-chairman"]', 'decides = ["overseer"]', "incidents.phone.decides"),
        ("[rooms]\ncapacity = 24\n", "[rooms]\ncapacity = 24\nbeds = 3\n", "rooms.beds"),
        ("[rooms]\ncapacity = 24\nsource = ", "[rooms]\ncapacity = 24\nsource = 1 #", "rooms.source"),
        (
            '[components.yard]\nlabel = "Thực hành lái xe trong hình"\norder = 2',
            '[components.yard]\nlabel = "Thực hành lái xe trong hình"\norder = 1',
            "components.theory.order",
        ),
        ('aliases = ["sa hình", ', 'aliases = ["LÝ THUYẾT", ', "components.yard.aliases"),
        ('family = "driving-test"', 'family = "Driving Test"', "family"),
        ("from = 2026-07-01", "from = 2026-07-01T00:00:00", "valid.from"),
        ("from = 2026-07-01", 'from = "2026-07-01"', "valid.from"),
        ('status = "secondary"\n\n# Components', 'status = "sure"\n\n# Components', "order.status"),
    ],
)
def test_an_impossible_value_names_its_key(old: str, new: str, key: str) -> None:
    assert old in TEXT
    facts = refused(TEXT.replace(old, new, 1))
    assert facts["key"] == key


def test_the_line_of_the_key_is_named() -> None:
    broken = TEXT.replace("pass = 27", "pass = 31", 1)
    facts = refused(broken)
    assert broken.splitlines()[facts["line"] - 1] == "pass = 31"
    missing = TEXT.replace("capacity = 24", "", 1)
    facts = refused(missing)
    assert missing.splitlines()[facts["line"] - 1] == "[rooms]"
    row = TEXT.replace("until = 2024-12-31", "until = 2025-01-01", 1)
    assert "from = 2025-01-01" in row.splitlines()[refused(row)["line"] - 1]


def test_a_role_table_without_anybody_who_checks_in_is_refused() -> None:
    swapped = EXAM.replace("[roles.invigilator]", "[roles.council-member]")
    assert refused(swapped)["key"] == "roles.council-member.may.check-in"
    examiner = EXAM.replace("[roles.invigilator]", "[roles.identity-examiner]")
    assert refused(examiner)["key"] == "roles.identity-examiner.may.check-in"


def test_second_rules_need_a_table_of_roles() -> None:
    fields = re.sub(r"\[roles\.[a-z-]+\]\nmay = \[[^\]]*\]\n", "", TEXT)
    assert refused(fields)["key"].startswith(("second", "incidents"))


def test_points_of_an_exam_stand_by_component() -> None:
    rules = parse_rules((EXAM + "\n[grading.mathematics]\nmax = 10\npass = 5.5\nminutes = 90\n").encode())
    found = rules.grading("mathematics", "")
    assert found is not None
    assert (found.max_e1, found.pass_e1, found.minutes) == (100, 55, 90)
    assert rules.grading("literature", "") is None
    assert refused(EXAM + "\n[grading.cooking]\nmax = 10\npass = 5\n")["key"] == "grading.cooking"
    assert refused(TEXT + "\n[grading.theory]\nmax = 10\npass = 5\n")["key"] == "grading"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"",
        b"id = 1",
        b"a = " + b"[" * 20_000,
        b"x" * (MAX_FILE + 1),
        "nội dung".encode("utf-16"),
        b"[source]\nsource = 1\n",
        b"components = 3",
    ],
)
def test_hostile_bytes_are_refused_by_a_key(data: bytes) -> None:
    assert refused(data)["key"]


def places(fields: dict[str, Any], path: str = "") -> Iterator[tuple[str, bool]]:
    """Every table of a file, by the header it has there."""
    for name, value in fields.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            if any(not isinstance(each, dict | list) or each == [] for each in value.values()) or any(
                isinstance(each, list) and each and not isinstance(each[0], dict) for each in value.values()
            ):
                yield inner, False
            yield from places(value, inner)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield inner, True


PLACES = [
    (rules.rules_id, header, many)
    for rules in list_rules()
    for header, many in places(tomllib.loads(rules.data.decode()))
]


@settings(max_examples=150, deadline=None)
@given(
    place=st.sampled_from(PLACES),
    name=st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).map(
        lambda text: f"x{text}"
    ),
    value=st.sampled_from(["1", '"a"', "true", "[]", "{}", "2026-01-01"]),
)
def test_an_unknown_key_anywhere_is_refused_by_name(
    place: tuple[str, str, bool], name: str, value: str
) -> None:
    rules_id, header, many = place
    text = load_rules(rules_id).data.decode()
    head = f"[[{header}]]\n" if many else f"[{header}]\n"
    assert head in text
    broken = text.replace(head, f"{head}{name} = {value}\n", 1)
    assert name in str(refused(broken)["key"])


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=10).map(lambda text: f"z{text}")
)
def test_an_unknown_section_is_refused_by_name(name: str) -> None:
    assert refused(f"{TEXT}\n[{name}]\na = 1\n")["key"] == name


@settings(max_examples=60, deadline=None)
@given(
    at=st.integers(0, len(TEXT) - 1), sign=st.sampled_from(['"', "[", "]", "=", "\n", "0", "x", "\x00", "é"])
)
def test_a_damaged_file_is_rules_or_an_error_and_nothing_else(at: int, sign: str) -> None:
    try:
        parse_rules((TEXT[:at] + sign + TEXT[at + 1 :]).encode())
    except RulesError as error:
        assert error.facts["key"]  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("pass = 27", "pass = 31", "pass"),
        ('status = "secondary"', 'status = "sure"', "status"),
        ("from = 2026-07-01", 'from = "01/07/2026"', "date"),
        ("from = 2026-07-01", "from = 01/07/2026", "toml"),
        ("[rooms]", "[rooms]\n[rooms]", "duplicate"),
        ("years = 1", "yearz = 1", "unknown"),
        ("pass = 27", "", "unknown"),
        ('absent = "VA"', "", "missing"),
        ("sequential = true", "sequential = 1", "flag"),
        ("questions = 30", "questions = 0", "number"),
        (TEXT, "  \n", "empty"),
        (TEXT, "id = ", "cut-off"),
    ],
)
def test_common_faults_are_told_in_words(old: str, new: str, why: str) -> None:
    assert old in TEXT
    facts = refused(TEXT.replace(old, new, 1))
    assert facts["why"] == why
    for language in ("vi", "en"):
        texts = load_texts(language)
        assert texts.say("rules-invalid", **facts) != texts.say("rules-invalid", key=facts["key"])
        assert f"rules-invalid.{why}" in texts


def test_a_text_that_is_no_utf8_says_so() -> None:
    assert refused(b'id = "\xff"')["why"] == "encoding"
