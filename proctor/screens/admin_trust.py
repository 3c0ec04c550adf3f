"""The administration page's sections about what is trusted: root certificates, rules, face models."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from proctor.desk.runner import Done
from proctor.fingerprints import grouped
from proctor.screens.admin import (
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

SHOWN_DIGITS: Final = 16


def _import(order: Order) -> tuple[str, ...]:
    scope = (f"--scope={order['scope']}",) if order.get("scope") else ()
    return ("trust", "import", order["file"], *scope, *looked_at(order))


def _trust(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    rows = tuple(
        Row(
            key=str(row["sha256"]),
            cells=(
                texts[f"admin-page.kind.{row['kind']}"],
                str(row["country"]),
                str(row["name"]),
                grouped(str(row["sha256"])[:SHOWN_DIGITS]),
                day_of(str(row["at"])),
            ),
            detail=f"SHA-256: {grouped(str(row['sha256']))}",
        )
        for row in (*data.get("anchors", ()), *data.get("revocation_lists", ()))
    )
    if not rows and not lines:
        lines = ((texts["admin-page.trust.none"], "bang"),)
    scopes = tuple((scope, texts[f"trust.scope.{scope}"]) for scope in ("identity-card", "passport"))
    return Found(rows=rows, lines=lines, choices={"scopes": scopes})


def _compared_rows(data: Mapping[str, Any], setting: Setting) -> tuple[Row, ...]:
    """Return what two persons compare with paper before anything is pinned: whoever vouches, then every item."""
    texts = setting.texts
    vouchers = tuple(
        Row(
            key=str(each["csca_sha256"]),
            cells=(
                texts["admin-page.kind.voucher"],
                texts.say("admin-page.voucher", country=each["country"]),
                grouped(str(each["csca_sha256"])),
            ),
        )
        for each in data.get("vouchers", ())
        if not each["pinned_before"]
    )
    items = tuple(
        Row(
            key=str(each["sha256"]),
            cells=(
                texts[f"admin-page.kind.{each['kind']}"],
                str(each["name"]) + (f" · {texts['admin-page.expired']}" if each["expired"] else ""),
                grouped(str(each["sha256"])),
            ),
        )
        for each in data.get("new", ())
    )
    return (*vouchers, *items)


def _rules(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    rows = []
    for each in sorted(
        data.get("rules", ()), key=lambda row: (not row["unconfirmed"], row["kind"], row["id"])
    ):
        unsure = len(each["unconfirmed"])
        state = (
            texts.say("admin-page.rules.open", count=unsure) if unsure else texts["admin-page.rules.settled"]
        )
        until = "…" if each["until"] is None else _date(each["until"])
        stated = "; ".join(
            texts.say(
                "rules.row-confirmed", reference=one["reference"], by=one["by"], entry=one["entry"]
            ).strip()
            for one in each["confirmed"] or ()
        )
        rows.append(
            Row(
                key=each["id"],
                cells=(each["id"], each["title"], f"{_date(each['from'])} – {until}", state),
                detail=stated,
                fills={"open": str(unsure)},
            )
        )
    return Found(rows=tuple(rows), lines=lines)


def _date(text: str) -> str:
    return date.fromisoformat(text).strftime("%d/%m/%Y")


def _faces(reads: Sequence[Read], setting: Setting) -> Found:
    lines: list[tuple[str, str]] = []
    for at, read in enumerate(reads):
        _, fault = read_of(reads, at, setting)
        told = read.lines if isinstance(read, Done) else ()
        lines += [*fault, *((line.strip(), "") for line in told)]
        if isinstance(read, Done) and read.status:
            lines.append((setting.texts["admin-page.faces.broken"], "cross"))
    return Found(lines=tuple(lines))


TRUST: Final = Section(
    name="trust",
    reads=(("trust", "list"),),
    found=_trust,
    columns=("kind", "country", "name", "fingerprint", "since"),
    wide="name",
    tasks=(
        by_two(
            "trust-import",
            _import,
            "trust",
            fields=(
                Wanted(name="file", kind="file", help=True),
                Wanted(name="scope", kind="choice", source="scopes", needed=False),
            ),
            second="trust",
            compares=_compared_rows,
        ),
        Task(
            name="trust-show",
            action="trust",
            row=True,
            words=lambda order: ("trust", "show", order["row"]),
            shows=True,
        ),
        Task(name="trust-verify", action="trust", words=lambda _order: ("trust", "verify"), shows=True),
    ),
)
RULES: Final = Section(
    name="rules",
    reads=(("rules", "list"),),
    found=_rules,
    columns=("rules", "title", "in-force", "state"),
    wide="title",
    tasks=(
        Task(
            name="rules-confirm",
            action="confirm-rules",
            row=True,
            rows=lambda row: row.fills["open"] != "0",
            fields=(Wanted(name="reference", kind="text", help=True),),
            words=lambda order: ("rules", "confirm", order["row"], f"--reference={order['reference']}"),
            proves=True,
        ),
        Task(
            name="rules-show",
            action="confirm-rules",
            row=True,
            words=lambda order: ("rules", "show", order["row"]),
            shows=True,
        ),
    ),
)
FACES: Final = Section(
    name="faces",
    reads=(("face", "model", "list"), ("face", "calibration", "list")),
    found=_faces,
)
