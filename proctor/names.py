"""What rules and roles call things, in the language of who reads: their own words are the law's, Vietnamese.

For what the program itself knows there are English names; what only a rules file knows keeps the file's words.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from proctor.texts import Texts

if TYPE_CHECKING:
    from sessions.rules import Rules
    from sessions.session import Session


class Labelled(Protocol):
    """A component or a kind of incident as the rules have it."""

    @property
    def label(self) -> str: ...


def component_name(rules: "Rules", component: str, texts: Texts) -> str:
    """Return what a component is called. Raises KeyError for one that the rules do not have."""
    return _named("component-name", component, rules.components[component].label, texts)


def component_of(session: "Session", texts: Texts) -> str:
    """Return what the component of a session is called that a desk serves."""
    return _named("component-name", session.component, session.component_label, texts)


def kind_name(kinds: Mapping[str, Labelled], code: str, texts: Texts) -> str:
    """Return what a kind of incident is called; its code where the rules do not know it."""
    kind = kinds.get(code)
    return code if kind is None else _named("incident-name", code, kind.label, texts)


def role_name(role: str, texts: Texts) -> str:
    """Return a role as people say it; one that nobody knows by its identifier's words."""
    from sessions.roles import load_roles  # noqa: PLC0415 - who starts the window asks for no role yet

    known = load_roles().get(role)
    return _named("role-name", role, role.replace("-", " ") if known is None else known.label, texts)


def _named(kind: str, name: str, label: str, texts: Texts) -> str:
    """Return the label in Vietnamese; in another language the text `<kind>.<name>`, where there is one."""
    key = f"{kind}.{name}"
    return texts[key] if texts.language != "vi" and key in texts else label
