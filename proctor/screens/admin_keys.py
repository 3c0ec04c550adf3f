"""The administration page's sections about keys of others: witnesses, and the department's key."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from proctor.fingerprints import grouped
from proctor.screens.admin import (
    COMPARED,
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
    looked_at,
    read_of,
)
from proctor.witness.settings import load_witnesses
from sessions.cosignature import Cosignature, verify_lines
from sessions.errors import SessionsError
from sessions.vietnam import VIETNAM

SHOWN: Final = 17
"""Characters of a fingerprint in a table: two groups."""


def _witnesses(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    if not data:
        return Found(lines=lines)
    texts = setting.texts
    try:
        size, signed = _cosigned(setting)
    except SessionsError as error:
        size, signed = 0, {}
        lines = (*lines, (texts.say(error.code, **error.facts), "cross"))
    rows = tuple(_witness(each, size, signed, setting) for each in data["witnesses"])
    if not rows:
        lines = (*lines, (texts["admin-page.witness.none"], "bang"))
    without = frozenset() if rows else frozenset({"witness-push"})
    return Found(rows=rows, lines=lines, without=without)


def _cosigned(setting: Setting) -> tuple[int, Mapping[str, Cosignature]]:
    """Return the newest size that somebody cosigned, and who did, by the id of the key. Raises SessionsError."""
    store, root = setting.opened.store, setting.opened.root
    size = store.last_cosigned()
    if size is None:
        return 0, {}
    keys = [witness.key for witness in load_witnesses(root, store)]
    found = verify_lines(store.cosignatures(size), store.checkpoint(size).text, keys)
    return size, {each.key_id: each for each in found}


def _witness(each: Mapping[str, Any], size: int, signed: Mapping[str, Cosignature], setting: Setting) -> Row:
    texts = setting.texts
    found = signed.get(each["key_id"])
    state = texts["admin-page.witness.unsigned"]
    if found is not None:
        at = datetime.fromtimestamp(found.at, UTC).astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
        state = texts.say("admin-page.witness.signed", size=size, of=setting.opened.store.head().size, at=at)
    must = texts["witness.required" if each["required"] else "witness.optional"]
    detail = texts.say(
        "admin-page.witness.detail", key=grouped(each["fingerprint"]), pin=grouped(each["tls_pin"])
    )
    return Row(key=each["key_id"], cells=(each["name"], each["address"], must, state), detail=detail)


def _add_witness(order: Order) -> tuple[str, ...]:
    given = tuple(f"--{name}={order[field]}" for name, field in _WITNESS.items())
    must = ("--require",) if order.get("require") else ()
    return ("witness", "add", *given, *must, *looked_at(order))


_WITNESS: Final = {"address": "address", "vkey": "vkey", "tls-pin": "tls_pin"}


def _witness_rows(data: Mapping[str, Any], setting: Setting) -> tuple[Row, ...]:
    """Return what its keeper has on paper: the key's fingerprint, and that of the certificate of its machine."""
    kinds = (("witness-key", "fingerprint"), ("witness-pin", "tls_pin"))
    return tuple(
        Row(
            key=str(data[name]),
            cells=(setting.texts[f"admin-page.kind.{kind}"], str(data["name"]), grouped(str(data[name]))),
        )
        for kind, name in kinds
    )


def _keys(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    if not data:
        return Found(lines=lines)
    texts, department = setting.texts, data["department"]
    rows = [_key("station", data["origin"], data["signing"], setting)]
    custody = texts.say("admin-page.keys.custody", custody=texts[f"doctor.keys.{data['custody']}"])
    lines = (*lines, (custody, "dots"))
    if department is None:
        lines = (*lines, (texts["admin-page.keys.no-department"], "bang"))
    else:
        rows.append(_key("department", department["name"], department, setting))
    return Found(rows=tuple(rows), lines=lines)


def _key(kind: str, name: str, key: Mapping[str, Any], setting: Setting) -> Row:
    digest = grouped(key["fingerprint"])
    cells = (setting.texts[f"admin-page.kind.{kind}"], name, str(key["since"]), digest[:SHOWN])
    return Row(key=kind, cells=cells, detail=f"SHA-256: {digest}")


def _department(order: Order) -> tuple[str, ...]:
    if not order.get(COMPARED):
        return ("department", "show", order["file"])
    compared = f"--compared={order[COMPARED]}"
    return ("keys", "department", order["file"], f"--second={order[SECOND]}", compared)


def _department_rows(data: Mapping[str, Any], setting: Setting) -> tuple[Row, ...]:
    digest = str(data["fingerprint"])
    kind = setting.texts["admin-page.kind.department"]
    return (Row(key=digest, cells=(kind, str(data["name"]), grouped(digest))),)


WITNESSES: Final = Section(
    name="witnesses",
    reads=(("witness", "list"),),
    found=_witnesses,
    columns=("name", "address", "must", "state"),
    wide="state",
    tasks=(
        by_two(
            "witness-add",
            _add_witness,
            "keys",
            fields=(
                Wanted(name="address", help=True),
                Wanted(name="vkey", kind="file", help=True),
                Wanted(name="tls_pin", help=True),
                Wanted(name="require", kind="tick", needed=False, help=True),
            ),
            ways=True,
            compares=_witness_rows,
        ),
        by_two(
            "witness-remove",
            lambda order: ("witness", "remove", f"--second={order[SECOND]}", order["row"]),
            "keys",
            row=True,
            ways=True,
        ),
        Task(name="witness-push", action="keys", words=lambda _order: ("witness", "push"), tells=True),
    ),
)
KEYS: Final = Section(
    name="keys",
    reads=(("keys", "show"),),
    found=_keys,
    columns=("kind", "name", "entry", "fingerprint"),
    wide="name",
    tasks=(
        by_two(
            "department-key",
            _department,
            "keys",
            real=True,
            fields=(Wanted(name="file", kind="file", text="department-file", help=True),),
            ways=True,
            compares=_department_rows,
        ),
    ),
)
