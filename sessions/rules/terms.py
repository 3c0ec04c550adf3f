"""How long each kind of data is kept: the retention section of a rules file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sessions.errors import RetentionError

STATUSES: Final = ("primary", "secondary", "unconfirmed")
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "template": frozenset({"template"}),
    "live-portrait": frozenset({"live-portrait", "photo", "frames"}),
    "chip-portrait": frozenset({"chip-portrait"}),
    "identity": frozenset({"identity"}),
    "note": frozenset({"note", "minutes"}),
    "roster": frozenset({"roster"}),
    "log": frozenset(),
}
"""Kinds of data in the order in which they go, and the pieces of evidence they are. The log's entries hold nothing
about a person and are never erased: `log` says how long the log itself must be kept.
"""
_FIELDS: Final = {"days", "source", "status"}
_MAX_DAYS: Final = 36_525
_TEMPLATE_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a kind of data is kept: whole days after the session's close entry; whose rule, how well checked."""

    kind: str
    days: int
    source: str
    status: str


def parse_terms(table: Any) -> dict[str, Term]:
    """Return the terms of a retention section by kind, in the order of KINDS; raises RetentionError naming the key.

    A section names every kind. Templates go first: within 30 days, and no later than any picture.
    """
    if not isinstance(table, dict):
        raise RetentionError(key="retention")
    _require_keys(table, set(KINDS), "retention")
    terms = {kind: _term(kind, table[kind]) for kind in KINDS}
    template = terms["template"].days
    if template > _TEMPLATE_DAYS or any(term.days < template for term in terms.values()):
        raise RetentionError(key="retention.template")
    if any(term.days > terms["log"].days for term in terms.values()):
        raise RetentionError(key="retention.log")
    return terms


def _require_keys(table: dict[str, Any], needed: set[str], path: str) -> None:
    """Raise RetentionError naming the first key that is unknown, else the first that is missing."""
    wrong = sorted(set(table) - needed) or sorted(needed - set(table))
    if wrong:
        raise RetentionError(key=f"{path}.{wrong[0]}")


def _term(kind: str, fields: Any) -> Term:
    if not isinstance(fields, dict):
        raise RetentionError(key=f"retention.{kind}")
    _require_keys(fields, _FIELDS, f"retention.{kind}")
    days, source, status = fields["days"], fields["source"], fields["status"]
    if type(days) is not int or not 0 <= days <= _MAX_DAYS:
        raise RetentionError(key=f"retention.{kind}.days")
    if type(source) is not str or not source.strip() or status not in STATUSES:
        raise RetentionError(key=f"retention.{kind}.source")
    return Term(kind=kind, days=days, source=source, status=status)
