"""The administration page's sections about people, and about oneself."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from proctor.screens.admin import (
    SECOND,
    Found,
    Order,
    Read,
    Row,
    Section,
    Setting,
    Task,
    Wanted,
    by_two,
    read_of,
)
from sessions.roles import roles_for

ACTIVE: Final = "active"
_LIST: Final = ("user", "list")


def _about(command: str, *options: str) -> Any:
    """Return what makes the words of a command about the chosen user."""

    def words(order: Order) -> tuple[str, ...]:
        given = (f"--{name}={order[name]}" for name in options)
        return ("user", command, order["row"], *given, f"--second={order[SECOND]}")

    return words


def _add(order: Order) -> tuple[str, ...]:
    second = (f"--second={order[SECOND]}",) if order.get(SECOND) else ()
    return ("user", "add", f"--name={order['name']}", f"--role={order['role']}", *second, order["id"])


def _card(order: Order) -> tuple[str, ...]:
    return ("user", "card", "--number=-", f"--second={order[SECOND]}")


def _token(order: Order) -> tuple[str, ...]:
    given = (f"--pkcs11={order['library']}", f"--token={order['token']}", f"--key={order['key']}")
    return ("user", "token", *given, f"--second={order[SECOND]}")


def _people(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    rows = tuple(_row(user, setting) for user in data.get("users", ()))
    return Found(rows=rows, lines=lines, choices={"roles": _roles(setting)})


def _roles(setting: Setting) -> tuple[tuple[str, str], ...]:
    return tuple((role, setting.role(role)) for role in roles_for(training=False))


def _row(user: Mapping[str, Any], setting: Setting) -> Row:
    texts = setting.texts
    state = texts[f"users.{user['state']}"]
    if user["wrong_passwords"]:
        state = texts.say("admin-page.wrong-passwords", state=state, count=user["wrong_passwords"])
    proofs = ", ".join(texts[f"admin-page.proof.{proof}"] for proof in user["proofs"])
    cells = (user["id"], user["name"], setting.role(user["role"]), state, proofs)
    own = texts["admin-page.own-row"] if user["id"] == setting.me else ""
    return Row(
        key=user["id"],
        cells=cells,
        detail=own,
        fills={"state": user["state"], "role": user["role"], "own": "1" if own else ""},
    )


def _others(row: Row) -> bool:
    return not row.fills["own"]


def _others_active(row: Row) -> bool:
    return _others(row) and row.fills["state"] == ACTIVE


def _others_disabled(row: Row) -> bool:
    return _others(row) and row.fills["state"] != ACTIVE


def _change(command: str, *options: str, fields: tuple[Wanted, ...] = (), rows: Any = _others_active) -> Task:
    """Return a change of another person, by two: its options are fields of the form."""
    words = _about(command, *options)
    return by_two(f"user-{command}", words, "keys", row=True, rows=rows, fields=fields, ways=True)


def _own(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    for user in data.get("users", ()):
        if user["id"] == setting.me:
            cells = _row(user, setting).cells
            said = setting.texts.say(
                "admin-page.me", user=cells[0], name=cells[1], role=cells[2], proofs=cells[4]
            )
            lines = (*lines, (said, ""))
            has = user["proofs"]
            for proof in ("token", "card-face"):
                key = f"admin-page.me.{proof}.{'on' if proof in has else 'off'}"
                lines = (*lines, (setting.texts[key], "tick" if proof in has else "dots"))
    return Found(lines=lines)


_REASON: Final = Wanted(name="reason", kind="text")
PEOPLE: Final = Section(
    name="people",
    reads=(_LIST,),
    found=_people,
    columns=("id", "name", "role", "state", "proofs"),
    wide="name",
    real=True,
    tasks=(
        by_two(
            "user-add",
            _add,
            "add-user",
            fields=(
                Wanted(name="id", help=True),
                Wanted(name="name", text="full-name"),
                Wanted(name="role", kind="choice", source="roles"),
            ),
            second="confirm?",
            ways=True,
        ),
        _change("role", "role", fields=(Wanted(name="role", kind="choice", source="roles"),)),
        _change("reset"),
        _change("disable", "reason", fields=(_REASON,)),
        _change("enable", "reason", fields=(_REASON,), rows=_others_disabled),
        _change("unlock"),
    ),
)
OWN: Final = Section(
    name="own",
    reads=(_LIST,),
    found=_own,
    real=True,
    tasks=(
        Task(name="own-password", words=lambda _order: ("user", "password")),
        by_two(
            "own-card",
            _card,
            fields=(Wanted(name="number", help=True),),
            typed="number",
            ways=True,
        ),
        by_two(
            "own-token",
            _token,
            fields=(
                Wanted(name="library", kind="file", help=True),
                Wanted(name="token"),
                Wanted(name="key", text="token-key"),
            ),
            ways=True,
        ),
    ),
)
