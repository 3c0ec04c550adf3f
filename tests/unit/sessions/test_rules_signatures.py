"""What a rules file says of signatures whose certificate nobody knows to be good."""

import pytest

from sessions.errors import RulesError
from sessions.rules import list_rules
from sessions.rules.loading import parse_rules

SHIPPED = list_rules()


@pytest.mark.parametrize("rules", SHIPPED, ids=lambda rules: rules.rules_id)
def test_where_a_file_is_silent_nothing_unknown_signs(rules) -> None:  # type: ignore[no-untyped-def]
    assert rules.unknown_revocation == "refuse"


@pytest.mark.parametrize("value", ["refuse", "mark"])
def test_a_file_may_say_either(value: str) -> None:
    data = SHIPPED[0].data + f'\n[signatures]\nunknown_revocation = "{value}"\n'.encode()
    rules = parse_rules(data)
    assert rules.unknown_revocation == value
    assert rules.sources["signatures"].status == "policy"


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ('unknown_revocation = "accept"', "signatures.unknown_revocation"),
        ("unknown_revocation = true", "signatures.unknown_revocation"),
        ("", "signatures.unknown_revocation"),
        ('unknown_revocation = "mark"\nrevoked = "mark"', "signatures.revoked"),
    ],
)
def test_nothing_else_may_be_said(section: str, key: str) -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules(SHIPPED[0].data + f"\n[signatures]\n{section}\n".encode())
    assert caught.value.facts["key"] == key
    assert caught.value.facts["line"]
