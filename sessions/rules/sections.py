"""The sections of a rules file that say what is taken, how it is marked, who does what, and what follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sessions.errors import RulesError
from sessions.roles import ACTIONS, STATION_ACTIONS, load_roles
from sessions.rules.faces import pad_section
from sessions.rules.model import (
    PROOFS,
    RESULT_CODES,
    Component,
    DocumentRule,
    Fees,
    Grading,
    IncidentKind,
    LicenceClass,
    Reverify,
    SecondRule,
    Ungraded,
)
from sessions.rules.tables import Table

DOCUMENTS: Final = (
    "cccd-chip",
    "can-cuoc-2024",
    "cccd-barcode",
    "cmnd-9",
    "passport",
    "passport-chip",
    "vneid",
    "none",
    "other",
)
DOCUMENT_VERDICTS: Final = ("accept", "manual", "refuse")
CONSEQUENCES: Final = ("none", "reminded", "suspended", "cancelled", "removed")
SHEETS: Final = (
    "attendance",
    "results",
    "exceptions",
    "incident",
    "summary",
    "self-test",
    "call-list",
    "erasure",
)
LATER_SHEETS: Final = ("slip", "seal", "collection", "notice")
"""Sheets of after the shipped files were written: a site's own file may name who signs them."""
SIGNATORIES: Final = (
    "preparer",
    "checker",
    "head",
    "examiner",
    "oversight",
    "invigilator-1",
    "invigilator-2",
    "site-head",
    "chairman",
    "deputy-chairman",
    "council-member",
    "secretary",
    "technician",
    "witness",
)
SECOND_ACTIONS: Final = (
    "override",
    "manual",
    "decide",
    "consequence",
    "incident",
    "start",
    "roster-add",
    "correct",
    "erase",
    "export",
)
CHECKING_IN: Final[Mapping[str, str]] = {"driving-test": "identity-examiner", "exam": "invigilator"}
"""Who checks in, by kind of rules: nobody else may, whatever a file says."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CLASS: Final = re.compile(r"[A-Z][A-Z0-9]{0,5}")
_CODE: Final = re.compile(r"[A-ZĐ0-9]{1,8}")
_DAY_MINUTES: Final = 24 * 60
_MAX_POINTS: Final = 10_000


def classes_of(tables: Mapping[str, Table], components: Mapping[str, Component]) -> dict[str, LicenceClass]:
    """Return the classes by identifier; a class names only components that the file has."""
    return {name: _licence_class(name, table, components) for name, table in tables.items()}


def _licence_class(name: str, table: Table, components: Mapping[str, Component]) -> LicenceClass:
    if not _CLASS.fullmatch(name):
        raise RulesError(key=table.path)
    table.only({"label"}, components)
    parts: dict[str, Grading] = {}
    ungraded: dict[str, Ungraded] = {}
    for component in components:
        if component not in table.value:
            continue
        inner = table.under(component)
        if "pass" in inner.value:
            parts[component] = grading_of(inner)
        else:
            inner.only((), {"questions", "minutes"})
            ungraded[component] = Ungraded(questions=_questions(inner), minutes=_minutes(inner))
    if not parts and not ungraded:
        raise RulesError(key=table.path)
    return LicenceClass(class_id=name, label=table.text("label"), parts=parts, ungraded=ungraded)


def grading_of(table: Table) -> Grading:
    """Return how one component is marked: `max` and `pass` in points, at most one decimal."""
    table.only({"max", "pass"}, {"questions", "minutes", "critical"})
    grading = Grading(
        questions=_questions(table),
        minutes=_minutes(table),
        max_e1=table.tenths("max", _MAX_POINTS),
        pass_e1=table.tenths("pass", _MAX_POINTS),
        critical=table.flag("critical") if "critical" in table.value else False,
    )
    if not 0 < grading.pass_e1 <= grading.max_e1:
        raise table.wrong("pass", "pass")
    return grading


def _questions(table: Table) -> int | None:
    return table.maybe("questions", lambda name: table.integer(name, 1, 1_000))


def _minutes(table: Table) -> int | None:
    return table.maybe("minutes", lambda name: table.integer(name, 1, _DAY_MINUTES))


def roles_of(tables: Mapping[str, Table], kind: str) -> dict[str, frozenset[str]]:
    """Return what each role may do in a session of these rules.

    The station's own affairs do not stand here. Only the role of CHECKING_IN checks in, and it does not confirm
    anything; an overseer only looks and confirms.
    """
    known = {role: found for role, found in load_roles().items() if not found.training_only}
    table_of: dict[str, frozenset[str]] = {}
    for role, table in tables.items():
        if role not in known:
            raise RulesError(key=table.path)
        may = frozenset(table.only({"may"}).texts("may", ACTIONS - STATION_ACTIONS))
        if "check-in" in may and role != CHECKING_IN[kind]:
            raise table.wrong("may.check-in")
        if role == "overseer" and not may <= {"view", "confirm"}:
            raise table.wrong(f"may.{sorted(may - {'view', 'confirm'})[0]}")
        table_of[role] = may
    if table_of and "check-in" not in table_of.get(CHECKING_IN[kind], frozenset()):
        raise RulesError(key=f"roles.{CHECKING_IN[kind]}.may.check-in")
    return table_of


def seconds_of(
    tables: Mapping[str, Table], role_table: Mapping[str, frozenset[str]]
) -> dict[str, SecondRule]:
    """Return who may be the second person, by action; each such role has to have "confirm" in the file's table."""
    confirming = {role for role, may in role_table.items() if "confirm" in may}
    rules: dict[str, SecondRule] = {}
    for action, table in tables.items():
        if action not in SECOND_ACTIONS:
            raise RulesError(key=table.path)
        table.only({"roles", "proofs"}).policy()
        roles, proofs = table.texts("roles"), table.texts("proofs", PROOFS - {"training"})
        if not roles or not set(roles) <= confirming:
            raise table.wrong("roles")
        if not proofs:
            raise table.wrong("proofs")
        trained = {role for role, found in load_roles().items() if found.training_only}
        rules[action] = SecondRule(roles=frozenset(roles) | trained, proofs=frozenset(proofs) | {"training"})
    return rules


def signatories_of(table: Table) -> dict[str, tuple[str, ...]]:
    """Return who signs by hand, by kind of sheet, in the order of the blocks; at most four."""
    known = (*SHEETS, *LATER_SHEETS)
    table.only((), known).policy()
    found = {name: table.texts(name, SIGNATORIES) for name in known if name in table.value}
    for name, signing in found.items():
        if not 1 <= len(signing) <= 4:
            raise table.wrong(name)
    return found


def documents_of(table: Table) -> dict[str, tuple[DocumentRule, ...]]:
    """Return what each kind of document leads to, by spans of days that do not overlap."""
    table.only(DOCUMENTS, sourced=False)
    return {kind: _spans(table, kind) for kind in DOCUMENTS}


def _spans(table: Table, kind: str) -> tuple[DocumentRule, ...]:
    rules = tuple(_document(row) for row in table.rows(kind))
    for at, rule in enumerate(rules[1:], 1):
        before = rules[at - 1].valid_until
        if before is None or rule.valid_from is None or rule.valid_from <= before:
            raise table.wrong(f"{kind}[{at + 1}].from")
    return rules


def _document(row: Table) -> DocumentRule:
    row.only({"verdict"}, {"from", "until", "own_expiry"}).policy()
    rule = DocumentRule(
        valid_from=row.maybe("from", row.day),
        valid_until=row.maybe("until", row.day),
        verdict=row.one_of("verdict", DOCUMENT_VERDICTS),
        own_expiry=row.flag("own_expiry") if "own_expiry" in row.value else False,
    )
    if rule.valid_from and rule.valid_until and rule.valid_until < rule.valid_from:
        raise row.wrong("until")
    return rule


def incidents_of(
    tables: Mapping[str, Table], role_table: Mapping[str, frozenset[str]]
) -> dict[str, IncidentKind]:
    """Return the kinds of incidents by code; who decides a consequence has "consequence" in the table of roles."""
    return {code: _incident(code, table, role_table) for code, table in tables.items()}


def _incident(code: str, table: Table, role_table: Mapping[str, frozenset[str]]) -> IncidentKind:
    if not NAME.fullmatch(code):
        raise RulesError(key=table.path)
    table.only({"label", "consequences"}, {"minutes", "decides"}).policy()
    consequences = table.texts("consequences", CONSEQUENCES)
    if not consequences:
        raise table.wrong("consequences")
    decides = table.texts("decides")
    if not _may_all(decides, "consequence", role_table):
        raise table.wrong("decides")
    return IncidentKind(
        label=table.text("label"),
        consequences=consequences,
        minutes=table.flag("minutes") if "minutes" in table.value else True,
        decides=frozenset(decides),
    )


def _may_all(roles: Iterable[str], action: str, role_table: Mapping[str, frozenset[str]]) -> bool:
    if role_table:
        return all(action in role_table.get(role, frozenset()) for role in roles)
    known = load_roles()
    return all(role in known and action in known[role].may for role in roles)


def small_sections(top: Table) -> dict[str, Any]:
    """Return the fields of Rules that the short sections give; what is absent keeps its default."""
    fields: dict[str, Any] = {}
    for name, read in _SMALL.items():
        if name in top.value:
            fields |= read(top.under(name))
    return fields


def _order(table: Table) -> dict[str, Any]:
    return {"sequential": table.only({"sequential"}).flag("sequential")}


def _keeping(table: Table) -> dict[str, Any]:
    table.only({"years", "health_certificate"})
    return {
        "keep_years": table.integer("years", 1, 50),
        "keep_needs_health": table.flag("health_certificate"),
    }


def _late(table: Table) -> dict[str, Any]:
    return {"late_minutes": table.only({"minutes"}).integer("minutes", 0, _DAY_MINUTES)}


def _rooms(table: Table) -> dict[str, Any]:
    return {"room_capacity": table.only({"capacity"}).integer("capacity", 1, 999)}


def _session(table: Table) -> dict[str, Any]:
    table.only({"start_required", "idle_minutes"}).policy()
    return {
        "session_start_required": table.flag("start_required"),
        "idle_minutes": table.integer("idle_minutes", 1, _DAY_MINUTES),
    }


def _consent(table: Table) -> dict[str, Any]:
    return {"consent_required": table.only({"required"}).flag("required")}


def _reverification(table: Table) -> dict[str, Any]:
    table.only({"component_start", "re_entry", "spot_check_percent"}).policy()
    return {
        "reverify": Reverify(
            component_start=table.flag("component_start"),
            re_entry=table.flag("re_entry"),
            spot_check_e4=table.tenths("spot_check_percent", 100.0) * 10,
        )
    }


def _fees(table: Table) -> dict[str, Any]:
    table.only({"enabled", "scan_vnd"}).policy()
    return {"fees": Fees(enabled=table.flag("enabled"), scan_vnd=table.integer("scan_vnd", 0, 100_000_000))}


def _signatures(table: Table) -> dict[str, Any]:
    table.only({"unknown_revocation"}).policy()
    return {"unknown_revocation": table.one_of("unknown_revocation", ("refuse", "mark"))}


def _result_codes(table: Table) -> dict[str, Any]:
    table.only(RESULT_CODES)
    codes = {name: table.text(name) for name in RESULT_CODES}
    for name, code in codes.items():
        if not _CODE.fullmatch(code) or list(codes.values()).count(code) > 1:
            raise table.wrong(name)
    return {"result_codes": codes}


_SMALL: Final = {
    "order": _order,
    "keeping": _keeping,
    "late": _late,
    "rooms": _rooms,
    "session": _session,
    "consent": _consent,
    "reverification": _reverification,
    "fees": _fees,
    "signatures": _signatures,
    "pad": pad_section,
    "result_codes": _result_codes,
}
SMALL_SECTIONS: Final = frozenset(_SMALL)
