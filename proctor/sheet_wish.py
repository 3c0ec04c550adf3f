"""Which sheet is wished, how the log names it, and how often it was printed before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import unquote

if TYPE_CHECKING:
    from sessions.reader import LogReader


_PARTS: Final = ("component", "licence_class", "room", "incident", "entry")
KINDS: Final = (
    "attendance",
    "call-list",
    "results",
    "slip",
    "exceptions",
    "incident",
    "self-test",
    "summary",
    "seal",
    "collection",
    "notice",
    "erasure",
)
"""Every kind of sheet, by the name of its command."""
OF_COMPONENT: Final = frozenset({"attendance", "call-list", "collection"})
"""Kinds of sheets that are about one component."""
LISTS: Final = frozenset({"attendance", "call-list", "results", "exceptions", "collection", "summary"})
"""Kinds with which spreadsheets are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A sheet somebody asks for. What is empty is not restricted.

    `component`: id; `licence_class`, `room`, `incident` as the list, the draw and the log write them; `entry`: the
    number of the entry it proves; `sbd`: whose; `posted`: a copy for a wall; `at`: the size of the tree head it shows,
    None for the newest; `reason`: why it is printed again; `copy`: number of the reprint; `pdf_only`: no spreadsheets;
    `template`: SHA-256 of the agency's heads it was printed with; `day`: when it was made, a day in Vietnam as
    YYYY-MM-DD, which stands beside the place; `later`: entries the log had beyond the tree head that was wished.
    """

    kind: str = ""
    component: str = ""
    licence_class: str = ""
    room: str = ""
    incident: str = ""
    entry: str = ""
    sbd: str = ""
    posted: bool = False
    at: int | None = None
    copy: int = 0
    pdf_only: bool = False
    template: str = ""
    day: str = ""
    later: int = 0
    reason: str = field(default="", repr=False)

    @classmethod
    def of_entry(cls, body: Mapping[str, Any]) -> Self:
        """Return what a `print` entry (its body) was made for."""
        variant = dict(part.split("=", 1) for part in body.get("variant", "").split(";") if "=" in part)
        named = cls(**{name: unquote(variant.get(name, "")) for name in _PARTS})  # type: ignore[arg-type]  # texts
        return replace(
            named,
            kind=body["sheet"],
            sbd=body.get("sbd", ""),
            posted=bool(body.get("posted", 0)),
            at=body["sheet_size"],
            copy=body.get("copy", 0),
            day=body.get("day", ""),
            later=body.get("later", 0),
        )

    def at_component(self, component: str) -> Self:
        """Return the wish with its component named, where the kind of sheet is about one."""
        return replace(self, component=component) if self.kind in OF_COMPONENT else self

    @property
    def variant(self) -> str:
        """What tells sheets of one kind apart, as the log writes it: `component=theory;room=P1`."""
        parts = ((name, getattr(self, name)) for name in _PARTS)
        return ";".join(f"{name}={_quoted(value)}" for name, value in parts if value)

    @property
    def fields(self) -> dict[str, str | int]:
        """The fields of the `print` entry."""
        found: dict[str, str | int] = {"variant": self.variant, "sbd": self.sbd}
        found |= {"posted": int(self.posted), "copy": self.copy, "template": self.template}
        found |= {"day": self.day, "later": self.later}
        return {name: value for name, value in found.items() if value}


def _quoted(value: str) -> str:
    """Return a value that cannot be taken for two, as `unquote` gives it back."""
    return "".join(f"%{ord(char):02X}" if char in "%;=" else char for char in value)


def reprint_number(store: "LogReader", session_id: str, wish: Wish) -> int:
    """Return how often this sheet came out before: 0 for a first print.

    A print all of whose ways to a printer failed or were cancelled never came out, and does not count; one of which
    nobody knows does.
    """
    from proctor.printing.outcomes import Outcome, outcome_of  # noqa: PLC0415 - the command line needs none of it

    wanted = _key(_body(wish))
    same = [entry for entry in store.entries("print", session_id) if _key(entry.body) == wanted]
    out = {Outcome.NONE, Outcome.PRINTED, Outcome.UNKNOWN}
    return sum(outcome_of(store, entry.body["pdf_sha256"]) in out for entry in same)


def _body(wish: Wish) -> Mapping[str, Any]:
    return {"sheet": wish.kind, **wish.fields}


def _key(body: Mapping[str, Any]) -> tuple[Any, ...]:
    return body["sheet"], body.get("variant", ""), body.get("sbd", ""), body.get("posted", 0)
