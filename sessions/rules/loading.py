"""Reading a rules file: every key known, every value possible, and the file's SHA-256 kept."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from sessions.errors import RetentionError, RulesError, UnknownComponentError, UnknownRulesError
from sessions.record import CHECK_NAMES, Verdict
from sessions.roster.names import comparison_key
from sessions.rules.terms import STATUSES, Term, parse_terms

CHIP_VERDICTS: Final = (
    "genuine",
    "genuine-revocation-unknown",
    "signer-unknown",
    "not-proven",
    "altered",
    "unreadable",
    "no-chip",
)
KINDS: Final = ("driving-test", "exam")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SECTIONS: Final = {
    "": (
        {
            "id",
            "title",
            "kind",
            "source",
            "valid",
            "components",
            "checks",
            "chip",
            "face",
            "access",
            "notice",
            "deadlines",
        },
        {"retention"},
    ),
    "source": ({"title", "article", "status", "retrieved"}, set[str]()),
    "valid": ({"from"}, {"until"}),
    "checks": ({"required", "refuse_on_failed"}, set[str]()),
    "chip": (set(CHIP_VERDICTS), set[str]()),
    "face": ({"fmr_accept", "fmr_refer"}, set[str]()),
    "access": ({"pace_tries", "bac"}, set[str]()),
    "notice": ({"version"}, set[str]()),
    "deadlines": ({"apdu_s", "chip_s", "face_capture_s"}, set[str]()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule comes from, and how well that was checked: primary, secondary or unconfirmed."""

    title: str
    article: str
    status: str
    retrieved: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a test or exam: identifier, the law's label, place in the order, other names in rosters."""

    component_id: str
    label: str
    order: int
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long we wait, in seconds."""

    apdu_s: float
    chip_s: float
    face_capture_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One rules file. `data` are its bytes; `sha256` is theirs and goes into every attempt.

    `retention` is by kind of data, and empty in files of before there was such a section.
    """

    rules_id: str
    title: str
    kind: str
    source: Source
    valid_from: date
    valid_until: date | None
    components: Mapping[str, Component]
    required: frozenset[str]
    refuse_on_failed: frozenset[str]
    chip_at_best: Mapping[str, Verdict]
    fmr_accept: float
    fmr_refer: float
    pace_tries: int
    bac_allowed: bool
    notice_version: str
    deadlines: Deadlines
    sha256: str
    data: bytes = field(repr=False, default=b"")
    retention: Mapping[str, Term] = field(default_factory=dict)

    def in_force(self, day: date) -> bool:
        """Whether the rules hold on a day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def require_component(self, text: str) -> Component:
        """Return the component of an identifier, label or alias; raises UnknownComponentError."""
        key = comparison_key(text)
        for component in self.components.values():
            names = (component.component_id, component.label, *component.aliases)
            if key in {comparison_key(name) for name in names}:
                return component
        raise UnknownComponentError(rules=self.rules_id, known=" ".join(self.components))


def list_rules() -> tuple[Rules, ...]:
    """Return every rules file that comes with the program, by id; raises RulesError."""
    return tuple(load_rules(rules_id) for rules_id in _known_ids())


def load_rules(rules_id: str) -> Rules:
    """Return the rules of an id; raises UnknownRulesError, or RulesError naming the wrong key."""
    path = _folder() / f"{rules_id}.toml"
    if not _ID.fullmatch(rules_id) or not path.is_file():
        raise UnknownRulesError(rules=rules_id[:64], known=" ".join(_known_ids()))
    rules = parse_rules(path.read_bytes())
    if rules.rules_id != rules_id:
        raise RulesError(key="id")
    return rules


def parse_rules(data: bytes) -> Rules:
    """Return the rules of a file's bytes; raises RulesError naming the first wrong key."""
    try:
        fields = tomllib.loads(data.decode("utf-8"))
    except ValueError:
        raise RulesError(key="(toml)") from None
    for section, (needed, optional) in _SECTIONS.items():
        _require_keys(fields if not section else fields[section], needed, optional, section)
    try:
        return _rules(fields, data)
    except RetentionError as error:
        raise RulesError(**error.facts) from None
    except (TypeError, AttributeError, KeyError):
        raise RulesError(key="(types)") from None


def _known_ids() -> list[str]:
    names = (path.name for path in _folder().iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def _folder() -> Traversable:
    return files("sessions.rules")


def _rules(fields: Mapping[str, Any], data: bytes) -> Rules:
    components = {name: _component(name, table) for name, table in fields["components"].items()}
    rules = Rules(
        rules_id=fields["id"],
        title=fields["title"],
        kind=fields["kind"],
        source=Source(**fields["source"]),
        valid_from=fields["valid"]["from"],
        valid_until=fields["valid"].get("until"),
        components=dict(sorted(components.items(), key=lambda item: item[1].order)),
        required=frozenset(fields["checks"]["required"]),
        refuse_on_failed=frozenset(fields["checks"]["refuse_on_failed"]),
        chip_at_best={name: _verdict(name, text) for name, text in fields["chip"].items()},
        fmr_accept=fields["face"]["fmr_accept"],
        fmr_refer=fields["face"]["fmr_refer"],
        pace_tries=fields["access"]["pace_tries"],
        bac_allowed=fields["access"]["bac"],
        notice_version=fields["notice"]["version"],
        deadlines=Deadlines(**fields["deadlines"]),
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        retention=parse_terms(fields["retention"]) if "retention" in fields else {},
    )
    _require_possible(rules)
    return rules


def _component(name: str, table: Mapping[str, Any]) -> Component:
    _require_keys(table, {"label", "order"}, {"aliases"}, f"components.{name}")
    if not _ID.fullmatch(name):
        raise RulesError(key=f"components.{name}")
    return Component(
        component_id=name, label=table["label"], order=table["order"], aliases=tuple(table.get("aliases", ()))
    )


def _verdict(name: str, text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise RulesError(key=f"chip.{name}") from None


def _require_possible(rules: Rules) -> None:
    """Raise RulesError for values that no rule can have, and for any that would admit without proof."""
    checks = rules.required | rules.refuse_on_failed
    admitting = {name for name, best in rules.chip_at_best.items() if best is Verdict.ADMIT}
    problems = {
        "id": not _ID.fullmatch(rules.rules_id),
        "kind": rules.kind not in KINDS,
        "source.status": rules.source.status not in STATUSES,
        "valid.until": rules.valid_until is not None and rules.valid_until < rules.valid_from,
        "components": not rules.components,
        "checks": not checks <= set(CHECK_NAMES),
        "checks.required": not {"pa-trusted", "face-match", "roster"} <= rules.required,
        "chip": admitting != {"genuine"},
        "chip.altered": rules.chip_at_best["altered"] is not Verdict.REFUSE,
        "face": not 0 < rules.fmr_accept <= rules.fmr_refer < 0.1,
        "access.pace_tries": not 1 <= rules.pace_tries <= 4,
        "access.bac": not isinstance(rules.bac_allowed, bool),
        "notice.version": not rules.notice_version,
        "deadlines": min(rules.deadlines.apdu_s, rules.deadlines.chip_s, rules.deadlines.face_capture_s) <= 0,
    }
    wrong = [key for key, is_wrong in problems.items() if is_wrong]
    if wrong:
        raise RulesError(key=wrong[0])


def _require_keys(table: Any, needed: set[str], optional: set[str], section: str) -> None:
    """Raise RulesError naming the first key that is unknown or missing."""
    if not isinstance(table, dict):
        raise RulesError(key=section)
    wrong = sorted(set(table) - needed - optional) or sorted(needed - set(table))
    if wrong:
        raise RulesError(key=f"{section}.{wrong[0]}" if section else wrong[0])
