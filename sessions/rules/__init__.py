"""Rules as dated data: one TOML file each; a new text is a new file and old files stay."""

from sessions.rules.confirming import Confirmation, confirmations, confirmed, open_keys
from sessions.rules.families import find_rules
from sessions.rules.loading import list_rules, load_rules, parse_rules
from sessions.rules.model import (
    Component,
    Deadlines,
    DocumentRule,
    Fees,
    Grading,
    IncidentKind,
    LicenceClass,
    Reverify,
    Rules,
    SecondRule,
    SectionSource,
    Source,
    Ungraded,
    sections_of,
)

__all__ = [
    "Component",
    "Confirmation",
    "Deadlines",
    "DocumentRule",
    "Fees",
    "Grading",
    "IncidentKind",
    "LicenceClass",
    "Reverify",
    "Rules",
    "SecondRule",
    "SectionSource",
    "Source",
    "Ungraded",
    "confirmations",
    "confirmed",
    "find_rules",
    "list_rules",
    "load_rules",
    "open_keys",
    "parse_rules",
    "sections_of",
]
