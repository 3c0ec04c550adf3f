"""What a rules file says, as values: every section of before there was one has what held then."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sessions.errors import RoleForbiddenError, UnknownComponentError
from sessions.record import Operator, Verdict
from sessions.roles import STATION_ACTIONS, load_roles
from sessions.roster.names import comparison_key
from sessions.rules.terms import Term

PROOFS: Final = frozenset({"password", "token", "card-face", "training"})
"""How a second person may prove presence; "password" alone is weak."""
RESULT_CODES: Final[Mapping[str, str]] = {"passed": "DA", "failed": "RO", "absent": "VA", "incomplete": "KH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule comes from, and how well that was checked: primary, secondary or unconfirmed."""

    title: str
    article: str
    status: str
    retrieved: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSource:
    """Whose rule one section is: `status` as of Source, or "policy" for what no text demands."""

    text: str
    status: str


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
class OldPhoto:
    """Of a photograph at least `years` old on the session's day the grey band begins at `fmr_refer`."""

    years: int
    fmr_refer: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """How a component is marked. `max_e1`, `pass_e1`: points × 10; `critical`: one question that fails the paper.

    `questions` and `minutes` are None where the rules give none.
    """

    questions: int | None
    minutes: int | None
    max_e1: int
    pass_e1: int
    critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ungraded:
    """A component without a pass mark that anybody could confirm: a person says whether it was passed."""

    questions: int | None
    minutes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceClass:
    """One class of licence: what is taken for it and how it is marked, in the order of the components."""

    class_id: str
    label: str
    parts: Mapping[str, Grading]
    ungraded: Mapping[str, Ungraded] = field(default_factory=dict)

    @property
    def components(self) -> frozenset[str]:
        """The identifiers of all components of this class."""
        return frozenset(self.parts) | frozenset(self.ungraded)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondRule:
    """Who may be the second person of an action, and which proofs of presence are enough (of PROOFS)."""

    roles: frozenset[str]
    proofs: frozenset[str]

    @property
    def weak_suffices(self) -> bool:
        """Whether a second password alone is taken, and recorded as weak."""
        return "password" in self.proofs


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRule:
    """What one kind of document leads to in a span of days (None: open): "accept", "manual" or "refuse".

    `own_expiry`: the document's own printed expiry ends it earlier.
    """

    valid_from: date | None
    valid_until: date | None
    verdict: str
    own_expiry: bool = False

    def covers(self, day: date) -> bool:
        """Whether the span has this day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentKind:
    """One kind of incident: the label, what may follow from it, who may say so, whether minutes are written.

    `decides`: roles for a consequence other than "none" and "reminded"; empty: whoever may `consequence`.
    """

    label: str
    consequences: tuple[str, ...]
    minutes: bool
    decides: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverify:
    """When a candidate is looked at again. `spot_check_e4`: share of those in the room, × 10⁴; 0: none."""

    component_start: bool = False
    re_entry: bool = False
    spot_check_e4: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """The fee for one scan in đồng. Off by default: scans are counted in any case."""

    enabled: bool = False
    scan_vnd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One rules file. `data` are its bytes; `sha256` is theirs and goes into every attempt.

    Fields with a default are sections that older files do not have. `retention` is by kind of data. `role_table`: what
    each role may do in a session; empty: as roles.toml says. `unknown_revocation`: "refuse" or "mark" an official's
    signature whose certificate nobody knows to be good. `sources`: whose rule each section is, by key path.
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
    family: str = ""
    classes: Mapping[str, LicenceClass] = field(default_factory=dict)
    gradings: Mapping[str, Grading] = field(default_factory=dict)
    sequential: bool = False
    keep_years: int | None = None
    keep_needs_health: bool = False
    late_minutes: int | None = None
    room_capacity: int = 24
    session_start_required: bool = False
    idle_minutes: int = 10
    face_tries: int = 3
    search_fmr: float = 1e-6
    old_photo: OldPhoto | None = None
    pad_advised: frozenset[str] = frozenset()
    pad_turns: int = 3
    consent_required: bool = False
    reverify: Reverify = Reverify()
    fees: Fees = Fees()
    unknown_revocation: str = "refuse"
    result_codes: Mapping[str, str] = field(default_factory=lambda: dict(RESULT_CODES))
    role_table: Mapping[str, frozenset[str]] = field(default_factory=dict)
    seconds: Mapping[str, SecondRule] = field(default_factory=dict)
    signatories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    documents: Mapping[str, tuple[DocumentRule, ...]] = field(default_factory=dict)
    incidents: Mapping[str, IncidentKind] = field(default_factory=dict)
    sources: Mapping[str, SectionSource] = field(default_factory=dict)

    @property
    def pad_checks(self) -> frozenset[str]:
        """The checks for presentation attacks that are made: required, or for advice only."""
        return frozenset(name for name in self.required | self.pad_advised if name.split("-")[0] == "pad")

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

    def licence_class(self, text: str) -> LicenceClass | None:
        """Return the class that a roster's text names ("B", "hạng b"), or None: an unknown one, or rules without."""
        named = unicodedata.normalize("NFC", text).upper().strip().removeprefix("HẠNG")
        return self.classes.get("".join(named.split()))

    def grading(self, component_id: str, licence_class: str) -> Grading | None:
        """Return how a component is marked, for a class where the rules have classes; None: without a pass mark."""
        if not self.classes:
            return self.gradings.get(component_id)
        found = self.licence_class(licence_class)
        return None if found is None else found.parts.get(component_id)

    def components_of(self, licence_class: str) -> tuple[str, ...]:
        """Return what is taken for a class, in order; without classes, or for an unknown one, all components."""
        found = self.licence_class(licence_class)
        return tuple(name for name in self.components if found is None or name in found.components)

    def kept_until(self, passed_on: date) -> date | None:
        """Return the last day on which a component passed on a day still counts; None: it is not kept."""
        if self.keep_years is None:
            return None
        year = passed_on.year + self.keep_years
        try:
            return passed_on.replace(year=year)
        except ValueError:  # 29 February
            return date(year, 2, 28)

    @property
    def keep_days(self) -> int | None:
        """The keeping of passed components in days, about: `kept_until` counts the law's years."""
        return None if self.keep_years is None else self.keep_years * 365

    def may(self, role: str, action: str) -> bool:
        """Whether a role may do this in a session of these rules.

        What is done at the station and not in a session (STATION_ACTIONS), the trainee, and files without a table of
        roles are as roles.toml says.
        """
        known = load_roles().get(role)
        if known is None:
            return False
        if not self.role_table or action in STATION_ACTIONS or known.training_only:
            return action in known.may
        return action in self.role_table.get(role, frozenset())

    def require_may(self, operator: Operator, action: str) -> Operator:
        """Return the operator if these rules permit the action; raises RoleForbiddenError."""
        if not self.may(operator.role, action):
            raise RoleForbiddenError(role=operator.role, action=action)
        return operator

    def second(self, action: str) -> SecondRule:
        """Return who may be the second person of an action; where the file is silent, whoever may confirm."""
        if action in self.seconds:
            return self.seconds[action]
        return SecondRule(
            roles=frozenset(role for role in load_roles() if self.may(role, "confirm")), proofs=PROOFS
        )

    def document(self, kind: str, day: date) -> str:
        """Return "accept", "manual" or "refuse" for a kind of document on a day.

        A file without the section accepts the chip and leaves everything else to two persons. A kind or a day that no
        row covers is refused.
        """
        if not self.documents:
            return "accept" if kind in {"cccd-chip", "can-cuoc-2024"} else "manual"
        verdicts = [rule.verdict for rule in self.documents.get(kind, ()) if rule.covers(day)]
        return verdicts[0] if verdicts else "refuse"

    @property
    def unconfirmed_keys(self) -> tuple[str, ...]:
        """The key paths of all sections that nobody has read in a text; "source" stands for the file itself."""
        return tuple(key for key, source in self.sources.items() if source.status == "unconfirmed")

    @property
    def unconfirmed(self) -> bool:
        """Whether anything in the file is unconfirmed: screens and sheets say so until an administrator confirms it."""
        return bool(self.unconfirmed_keys)


def sections_of(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the sections that key paths lie in, each once, in order; texts name them by `rules.section.<name>`."""
    return tuple(dict.fromkeys(key.partition(".")[0] for key in keys))
