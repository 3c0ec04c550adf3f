"""Roles as data: identifier, the law's term, and what each may do."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sessions.errors import RoleForbiddenError, RulesError, UnknownRoleError
from sessions.record import Operator

ACTIONS: Final = frozenset(
    {
        "add-user",
        "create-session",
        "check-in",
        "print",
        "trust",
        "view",
        "confirm",
        "close",
        "erase",
        "export",
        "keys",
        "start",
        "result",
        "correct",
        "prior",
        "override",
        "manual",
        "decide",
        "incident",
        "consequence",
        "roster-add",
        "movement",
        "spot-check",
        "merge",
        "confirm-rules",
    }
)
"""What people do. start: also pause, resume, call, draw and allocate; movement: exits and re-entries."""
STATION_ACTIONS: Final = frozenset({"add-user", "create-session", "trust", "keys", "confirm-rules"})
"""What is done at a station rather than in a session: never in a rules file's table of roles."""
_FIELDS: Final = {"label", "may", "training_only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One role: identifier, Vietnamese label, permitted actions."""

    role_id: str
    label: str
    may: frozenset[str]
    training_only: bool = False


def load_roles(text: str | None = None) -> dict[str, Role]:
    """Return the roles of roles.toml by identifier; raises RulesError naming an unknown key."""
    return dict(_shipped()) if text is None else _parse(text)


@cache
def _shipped() -> dict[str, Role]:
    return _parse((files("sessions") / "roles.toml").read_text(encoding="utf-8"))


def _parse(text: str) -> dict[str, Role]:
    data = tomllib.loads(text)
    unknown = set(data) - {"source", "roles"}
    if unknown:
        raise RulesError(file="roles.toml", key=sorted(unknown)[0])
    return {role_id: _role(role_id, fields) for role_id, fields in data["roles"].items()}


def _role(role_id: str, fields: dict[str, Any]) -> Role:
    wrong = sorted((set(fields) - _FIELDS) | (set(fields.get("may", ())) - ACTIONS))
    if wrong or not {"label", "may"} <= set(fields):
        raise RulesError(file="roles.toml", key=f"{role_id}.{wrong[0] if wrong else 'may'}")
    return Role(
        role_id=role_id,
        label=fields["label"],
        may=frozenset(fields["may"]),
        training_only=bool(fields.get("training_only", False)),
    )


def roles_for(*, training: bool) -> tuple[str, ...]:
    """Return the identifiers of the roles that may be given in a root of this kind."""
    return tuple(role_id for role_id, role in load_roles().items() if training or not role.training_only)


def require_role(role_id: str, *, training: bool) -> Role:
    """Return a role that may be given in a root of this kind; raises UnknownRoleError."""
    role = load_roles().get(role_id)
    if role is None or (role.training_only and not training):
        raise UnknownRoleError(role=role_id[:64], known=" ".join(roles_for(training=training)))
    return role


def require_may(operator: Operator, action: str) -> Operator:
    """Return the operator if the role permits the action; raises RoleForbiddenError."""
    role = load_roles().get(operator.role)
    if role is None or action not in role.may:
        raise RoleForbiddenError(role=operator.role, action=action)
    return operator
