"""The administration page's sections about sheets: the agency's heads, and whose signatures and times count."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from proctor.desk.runner import Done
from proctor.errors import CommandError
from proctor.fingerprints import grouped
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
    day_of,
    looked_at,
    read_of,
)
from proctor.sheet_template import check_template, template_file
from reports.errors import ReportsError
from reports.template import KINDS, Template


def _heads(_reads: Sequence[Read], setting: Setting) -> Found:
    path, texts = template_file(setting.opened.root.path), setting.texts
    if not path.exists():
        return Found(lines=((texts.say("admin-page.heads.none", file=str(path)), "bang"),))
    there = frozenset({"heads-sample"})
    try:
        known = check_template(path)
    except (CommandError, ReportsError) as error:
        return Found(lines=((texts.say(error.code, **error.facts), "cross"),), without=there)
    rows = tuple(Row(key=kind, cells=(texts[f"template.kind.{kind}"], *_head(known, kind))) for kind in KINDS)
    return Found(rows=rows, lines=((texts.say("template.good", file=str(path)), "tick"),), without=there)


def _head(known: Template, kind: str) -> tuple[str, ...]:
    head = known.letterhead_of(kind)
    names = " · ".join(name for name in (head.parent, head.agency) if name)
    lists = (known.recipients_of(kind), known.signatures.get(kind, ()))
    return tuple(each or "…" for each in (names, head.symbol, *(" | ".join(row) for row in lists)))


def _authorities(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    purposes = tuple((name, texts[f"admin-page.purpose.{name}"]) for name in ("signatures", "time-stamps"))
    rows = tuple(
        Row(
            key=each["fingerprint"],
            cells=(
                each["name"],
                ", ".join(texts[f"admin-page.purpose.{name}"] for name in each["purposes"]),
                day_of(each["until"]),
            ),
            detail=_detail(each, setting),
        )
        for each in data.get("authorities", ())
    )
    if data and not rows:
        lines = (*lines, (texts["admin-page.authority.none"], "bang"))
    for each in data.get("revocation_lists", ()):
        key = "signing.crl-stale" if each["stale"] else "signing.crl-row"
        until = "–" if each["next_update"] is None else day_of(each["next_update"])
        said = texts.say(key, number=each["number"] or "—", until=until, revoked=each["revoked"])
        lines = (*lines, (said.strip(), "bang" if each["stale"] else "tick"))
    for each in data.get("findings", ()):
        said = texts.say(f"signing.found-{each['code']}", fingerprint=grouped(each["fingerprint"]))
        lines = (*lines, (said, "cross"))
    lines = (*lines, _service(reads, setting))
    address = reads[1].data["url"] if len(reads) > 1 and isinstance(reads[1], Done) else ""
    without = frozenset() if rows else frozenset({"authority-crl"})
    return Found(
        rows=rows, lines=lines, choices={"purposes": purposes}, fills={"url": address}, without=without
    )


def _service(reads: Sequence[Read], setting: Setting) -> tuple[str, str]:
    """Say whom the station asks for the time."""
    read = reads[1]
    if isinstance(read, CommandError):
        return setting.texts.say(read.code, **read.facts), "cross"
    return read.lines[0], "tick" if read.data["url"] else "dots"


def _detail(each: Mapping[str, Any], setting: Setting) -> str:
    asked = setting.texts.say("signing.authority-ocsp", address=each["ocsp"]) if each["ocsp"] else ""
    return "\n".join(text for text in (f"SHA-256: {grouped(each['fingerprint'])}", asked.strip()) if text)


def _add(order: Order) -> tuple[str, ...]:
    ocsp = (f"--ocsp={order['ocsp']}",) if order.get("ocsp") else ()
    words = ("sheets", "authority", "add", order["file"], f"--purpose={order['purpose']}")
    return (*words, *ocsp, *looked_at(order))


def _rows(data: Mapping[str, Any], setting: Setting) -> tuple[Row, ...]:
    if not data["new"]:
        return ()
    digest, kind = str(data["fingerprint"]), setting.texts[f"admin-page.purpose.{data['purpose']}"]
    return (Row(key=digest, cells=(kind, str(data["name"]), grouped(digest))),)


def _crl(order: Order) -> tuple[str, ...]:
    issuer = (f"--issuer={order['issuer']}",) if order.get("issuer") else ()
    return ("sheets", "authority", "crl", order["file"], *issuer)


def _remove(order: Order) -> tuple[str, ...]:
    return ("sheets", "authority", "remove", f"--second={order[SECOND]}", order["row"])


HEADS: Final = Section(
    name="heads",
    found=_heads,
    columns=("sheet", "agency", "symbol", "recipients", "signers"),
    wide="agency",
    tasks=(
        Task(name="heads-sample", action="trust", words=lambda _order: ("sheets", "template", "--write")),
        Task(
            name="heads-take",
            action="trust",
            fields=(Wanted(name="file", kind="file", text="heads-file", help=True),),
            words=lambda order: ("sheets", "template", f"--take={order['file']}"),
            proves=True,
        ),
    ),
)
AUTHORITIES: Final = Section(
    name="authorities",
    reads=(("sheets", "authority", "list"), ("sheets", "authority", "service")),
    found=_authorities,
    columns=("name", "purpose", "until"),
    wide="name",
    tasks=(
        by_two(
            "authority-add",
            _add,
            "trust",
            fields=(
                Wanted(name="file", kind="file", text="authority-file", help=True),
                Wanted(name="purpose", kind="choice", source="purposes"),
                Wanted(name="ocsp", needed=False, help=True),
            ),
            second="trust",
            compares=_rows,
        ),
        Task(name="authority-remove", action="trust", row=True, words=_remove, second="trust", proves=True),
        Task(
            name="authority-crl",
            action="trust",
            fields=(
                Wanted(name="file", kind="file", text="crl-file", help=True),
                Wanted(name="issuer", kind="file", needed=False, help=True),
            ),
            words=_crl,
        ),
        Task(
            name="authority-service",
            action="trust",
            fields=(Wanted(name="url", needed=False, help=True),),
            words=lambda order: ("sheets", "authority", "service", f"--url={order.get('url', '')}"),
            proves=True,
        ),
    ),
)
