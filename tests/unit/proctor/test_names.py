"""What components, kinds of incidents and roles are called: the law's words in Vietnamese, our own in English."""

import re

import pytest

from proctor.names import component_name, component_of, kind_name, role_name
from proctor.texts import load_texts
from sessions.roles import load_roles
from sessions.rules import Rules, list_rules

VI, EN = load_texts("vi"), load_texts("en")
VIETNAMESE = re.compile("[À-ỹĐđ]")


@pytest.mark.parametrize("rules", list_rules(), ids=lambda rules: rules.rules_id)
def test_whatever_the_shipped_rules_name_has_an_english_name(rules: Rules) -> None:
    for component, part in rules.components.items():
        assert component_name(rules, component, VI) == part.label
        assert f"component-name.{component}" in EN
        assert not VIETNAMESE.search(component_name(rules, component, EN))
    for code, kind in rules.incidents.items():
        assert kind_name(rules.incidents, code, VI) == kind.label
        assert f"incident-name.{code}" in EN
        assert not VIETNAMESE.search(kind_name(rules.incidents, code, EN))


def test_every_role_has_an_english_name() -> None:
    for role, known in load_roles().items():
        assert role_name(role, VI) == known.label
        assert f"role-name.{role}" in EN
        assert "-" not in role_name(role, EN)
    assert role_name("night-watchman", EN) == "night watchman"


def test_what_only_a_rules_file_knows_keeps_its_words() -> None:
    class Part:
        label = "Bắn súng"

    class OfAClub:
        component, component_label = "shooting", "Bắn súng"

    assert kind_name({"shooting": Part()}, "shooting", EN) == "Bắn súng"
    assert kind_name({}, "unheard-of", EN) == "unheard-of"
    session: object = OfAClub()
    assert component_of(session, EN) == "Bắn súng"  # type: ignore[arg-type]


def test_a_component_among_the_facts_of_an_error_is_spoken() -> None:
    assert "Lý thuyết" in VI.say("allocation-too-late", component="theory")
    assert "Theory" in EN.say("allocation-too-late", component="theory")
    assert "Bắn súng" in EN.say("allocation-too-late", component="Bắn súng")
