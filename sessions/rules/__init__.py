"""Rules as dated data: one TOML file each; a new text is a new file and old files stay."""

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
)

__all__ = [
    "Component",
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
    "list_rules",
    "load_rules",
    "parse_rules",
]
