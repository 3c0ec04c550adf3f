"""What roles may not do in a real log, whatever the rules of a session say: fixed lists, so that verifiers need no
rules file. Rules may be stricter. Form: docs/log-format.md, "People".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ADDERS: Final = frozenset({"administrator"})
"""Roles that add users."""
NEVER_SECOND: Final = frozenset({"auditor", "trainee"})
"""Roles that confirm nothing in a real log, and decide nothing about what the machine said."""
OF_SESSIONS: Final = frozenset({"invigilator", "identity-examiner", "component-examiner"})
"""Roles that confirm in a session only, where its rules let them; never what the station as a whole is asked."""
_WATCHERS: Final = frozenset({"overseer", "auditor", "inspector"})
"""Roles that check nobody in."""
_CHECK_IN: Final = frozenset({"begin", "attempt"})
_DECIDING: Final = frozenset({"override", "decision", "manual", "correction", "roster"})
_ACTION_OF: Final[Mapping[str, str]] = {
    "start": "start",
    "override": "override",
    "decision": "decide",
    "manual": "manual",
    "correction": "correct",
    "roster": "roster-add",
    "incident": "incident",
    "consequence": "consequence",
    "shred": "erase",
    "hold": "erase",
    "export": "export",
    "key": "keys",
    "epoch": "keys",
}


def may_confirm_all(role: str) -> bool:
    """Whether a role may be a second person outside sessions too."""
    return role not in NEVER_SECOND | OF_SESSIONS


def may_operate(kind: str, role: str) -> bool:
    """Whether an entry of a kind may be made in a role."""
    if kind in _CHECK_IN:
        return role not in _WATCHERS
    return kind not in _DECIDING or role not in NEVER_SECOND


def is_for(shown: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether presence was shown for what an entry does."""
    action = _ACTION_OF.get(body["kind"])
    return action is None or shown.get("action") == action
