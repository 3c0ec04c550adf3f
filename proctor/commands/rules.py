"""`proctor rules …`: what comes with the program, what a site brings, and who confirmed what."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.rules_words import rules_lines, span_words
from proctor.commands.session import open_for, open_session
from proctor.errors import CommandError
from proctor.texts import Texts, load_texts
from sessions.course.rules_confirmation import confirm_rules
from sessions.errors import SessionsError
from sessions.roles import load_roles
from sessions.rules import Rules, confirmations, find_rules, list_rules, open_keys, parse_rules
from sessions.rules.errors import RulesIdTakenError
from sessions.rules.families import Seam, differences, family_of, read_rules_file, seams
from sessions.rules.loading import require_own_id
from sessions.store import Store
from sessions.vietnam import today


def list_all(context: Context) -> int:
    """List the rules that come with the program; with a log open, what was confirmed there."""
    options = context.options
    day = None if options.date is None else _day(options.date)
    chosen = [
        rules
        for rules in list_rules()
        if (day is None or rules.in_force(day)) and options.kind in {None, rules.kind}
    ]
    chosen.sort(key=lambda rules: (rules.kind, family_of(rules), rules.valid_from))
    with _maybe_store(context) as store:
        rows = [_row(rules, store) for rules in chosen]
    lines = [
        line for row, rules in zip(rows, chosen, strict=True) for line in _row_lines(context, row, rules)
    ]
    met = () if day is not None else seams(chosen)
    lines += [_seam_line(context.texts, seam) for seam in met]
    if store is None and any(rules.unconfirmed for rules in chosen):
        lines.append(context.texts.say("rules.confirmations-unseen"))
    data = {"date": options.date, "rules": rows, "seams": [_seam_json(seam) for seam in met]}
    context.result(data, tuple(lines) if rows else (context.texts.say("rules.none-listed"),))
    return 0 if rows else 1


def show(context: Context) -> int:
    """Say in words what a file holds, whole or for one class."""
    options = context.options
    rules = find_rules(options.rules)
    day = today() if options.date is None else _day(options.date)
    lines = tuple(rules_lines(rules, context.texts, day=day, licence=options.licence))
    with _maybe_store(context) as store:
        data = _row(rules, store) | _content(rules, day, options.licence)
    unsure = [f"      {key}" for key in data["unconfirmed"]] if options.licence is None else []
    context.result(data, (*lines, *_unconfirmed_lines(context, data), *unsure))
    return 0


def check(context: Context) -> int:
    """Check files of a site: exit 1 where one is no rules file or has an impossible value."""
    found = [_checked(Path(name)) for name in context.options.files]
    sound = [rules for _, rules in found if rules is not None]
    families = {family_of(rules) for rules in sound}
    ids = {rules.rules_id for rules in sound}
    beside = [rules for rules in list_rules() if family_of(rules) in families and rules.rules_id not in ids]
    met = seams([*sound, *beside])
    lines = [line for row, rules in found for line in _check_lines(context.texts, row, rules)]
    lines += [_seam_line(context.texts, seam) for seam in met]
    ok = all(row["ok"] for row, _ in found)
    data = {"ok": ok, "files": [row for row, _ in found], "seams": [_seam_json(seam) for seam in met]}
    context.result(data, tuple(lines))
    return 0 if ok else 1


def confirm(context: Context) -> int:
    """Enter where unconfirmed rules are to be read; the entry binds the file's hash."""
    options = context.options
    if (options.session is None) == (options.rules is None):
        raise CommandError("rules-one-of", usage=True)
    with _store_to_confirm(context) as (opened, rules):
        receipt, keys = confirm_rules(
            opened.store,
            rules,
            reference=options.reference,
            operator=opened.require_login().operator,
            keys=options.key or (),
        )
        left = open_keys(opened.store, rules)
    say, reference = context.texts.say, " ".join(options.reference.split())
    data = {
        "ok": True,
        "rules": rules.rules_id,
        "sha256": rules.sha256,
        "keys": list(keys),
        "reference": reference,
        "entry": {"seq": receipt.seq, "size": receipt.size, "root": receipt.root.hex()},
        "open": list(left),
    }
    line = say(
        "rules.confirmed",
        count=len(keys),
        id=rules.rules_id,
        keys=", ".join(keys),
        reference=reference,
    )
    rest = say("rules.confirmed-rest", count=len(left), keys=", ".join(left))
    context.result(data, (line, rest if left else say("rules.confirmed-all")))
    return 0


@contextmanager
def _store_to_confirm(context: Context) -> Iterator[tuple[Any, Rules]]:
    options = context.options
    if options.session is not None:
        with open_session(context, options.session, login=True) as (opened, session):
            yield opened, session.rules
    else:
        rules = find_rules(options.rules)
        with open_for(context, training=options.training, login=True) as opened:
            yield opened, rules


@contextmanager
def _maybe_store(context: Context) -> Iterator[Store | None]:
    """Open the log if somebody was named who may see it; the shipped files are nobody's secret."""
    options = context.options
    if not options.training and options.by is None:
        yield None
    else:
        with open_for(context, training=options.training, login=False) as opened:
            yield opened.store


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError("bad-date", usage=True, value=text) from None


def _row(rules: Rules, store: Store | None) -> dict[str, Any]:
    """Return a file in one row; `confirmed` None where no log was asked."""
    stated = () if store is None else confirmations(store, rules)
    return {
        "id": rules.rules_id,
        "title": rules.title,
        "kind": rules.kind,
        "family": family_of(rules),
        "from": rules.valid_from.isoformat(),
        "until": None if rules.valid_until is None else rules.valid_until.isoformat(),
        "status": rules.source.status,
        "sha256": rules.sha256,
        "unconfirmed": list(rules.unconfirmed_keys if store is None else open_keys(store, rules)),
        "confirmed": None
        if store is None
        else [
            {"keys": list(each.keys), "reference": each.reference, "by": each.by, "entry": each.seq}
            for each in stated
        ],
    }


def _row_lines(context: Context, row: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    texts = context.texts
    span = span_words(texts, rules)
    status = row["status"]
    if status == "unconfirmed" and "source" not in row["unconfirmed"]:
        status = "secondary"
    said = texts.say(f"rules.status.{status}")
    yield f"{rules.rules_id}  {span['since']} – {span['until']}  {said}  {rules.title}"
    yield from _unconfirmed_lines(context, row)


def _unconfirmed_lines(context: Context, row: Mapping[str, Any]) -> Iterator[str]:
    for each in row["confirmed"] or ():
        yield context.texts.say(
            "rules.row-confirmed", reference=each["reference"], by=each["by"], entry=each["entry"]
        )
    if row["unconfirmed"]:
        counts = Counter(key.partition(".")[0] for key in row["unconfirmed"])
        keys = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in counts.items())
        yield context.texts.say("rules.row-open", count=len(row["unconfirmed"]), keys=keys)


def _content(rules: Rules, day: date, licence: str | None) -> dict[str, Any]:
    """Return what `show` says beyond a row, for programs: points are × 10."""
    classes = {
        name: {
            component: _part_json(found.parts.get(component) or found.ungraded[component])
            for component in rules.components
            if component in found.components
        }
        for name, found in rules.classes.items()
        if licence is None or found is rules.licence_class(licence)
    }
    return {
        "components": [{"id": each.component_id, "label": each.label} for each in rules.components.values()],
        "sequential": rules.sequential,
        "keep_years": rules.keep_years,
        "late_minutes": rules.late_minutes,
        "room_capacity": rules.room_capacity,
        "session_start_required": rules.session_start_required,
        "face_tries": rules.face_tries,
        "classes": classes,
        "roles": {role: sorted(may) for role, may in rules.role_table.items()},
        "second": {
            action: {"roles": sorted(second.roles), "proofs": sorted(second.proofs)}
            for action, second in rules.seconds.items()
        },
        "role_labels": {role: known.label for role, known in load_roles().items()},
        "documents": {kind: rules.document(kind, day) for kind in rules.documents},
        "incidents": {
            code: {"label": each.label, "consequences": list(each.consequences), "minutes": each.minutes}
            for code, each in rules.incidents.items()
        },
        "retention": {kind: term.days for kind, term in rules.retention.items()},
    }


def _part_json(part: Any) -> dict[str, Any]:
    return {
        name: getattr(part, name, None) for name in ("questions", "minutes", "max_e1", "pass_e1", "critical")
    }


def _checked(path: Path) -> tuple[dict[str, Any], Rules | None]:
    """Return what is to be said of a file, and its rules where it is sound."""
    try:
        rules = parse_rules(read_rules_file(path))
    except SessionsError as error:
        return {"file": path.name, "ok": False, **_fault(error)}, None
    shipped = {each.rules_id: each for each in list_rules()}.get(rules.rules_id)
    taken: dict[str, Any] = {}
    try:
        require_own_id(rules)
    except RulesIdTakenError as error:
        taken = _fault(error)
    differing = () if shipped is None else differences(shipped.data, rules.data)
    return {
        "file": path.name,
        "ok": not taken,
        **taken,
        "id": rules.rules_id,
        "sha256": rules.sha256,
        "unconfirmed": [{"key": key, "source": rules.sources[key].text} for key in rules.unconfirmed_keys],
        "bac": rules.bac_allowed,
        "shipped": shipped is not None,
        "same": shipped is not None and shipped.sha256 == rules.sha256,
        "differences": [{"key": each.key, "shipped": each.ours, "file": each.theirs} for each in differing],
    }, rules


def _fault(error: SessionsError) -> dict[str, Any]:
    """Return what is wrong with a file, in both languages."""
    vi, en = (load_texts(language).say(error.code, **error.facts) for language in ("vi", "en"))
    where = {"key": error.facts.get("key"), "line": error.facts.get("line")}
    return {"code": error.code, **where, "vi": vi, "en": en}


def _check_lines(texts: Texts, row: Mapping[str, Any], rules: Rules | None) -> Iterator[str]:
    say = texts.say
    if rules is None:
        yield f"{row['file']}: {row[texts.language]}"
        return
    span = span_words(texts, rules)
    yield say("rules.check.sound", file=row["file"], id=rules.rules_id, sha256=rules.sha256, **span)
    for each in row["unconfirmed"]:
        yield say("rules.check.open", key=each["key"], source=each["source"])
    if rules.bac_allowed:
        yield say("rules.check.bac")
    if row["same"] or not row["shipped"]:
        yield say("rules.check.same" if row["same"] else "rules.check.own", id=rules.rules_id)
        return
    if not row["ok"]:
        yield f"  {row[texts.language]}"
    yield say("rules.check.differs", id=rules.rules_id, count=len(row["differences"]))
    yield from _difference_lines(texts, row["differences"])


def _difference_lines(texts: Texts, rows: Sequence[Mapping[str, str | None]]) -> Iterator[str]:
    absent = texts.say("rules.check.absent")
    for row in rows:
        yield texts.say(
            "rules.check.difference",
            key=row["key"] or "",
            shipped=row["shipped"] or absent,
            own=row["file"] or absent,
        )


def _seam_line(texts: Texts, seam: Seam) -> str:
    until = texts.say("rules.open-end") if seam.until is None else seam.until.strftime("%d/%m/%Y")
    return texts.say(
        f"rules.seam.{seam.kind}",
        first=seam.first,
        second=seam.second,
        since=seam.since.strftime("%d/%m/%Y"),
        until=until,
    )


def _seam_json(seam: Seam) -> dict[str, str | None]:
    return {
        "kind": seam.kind,
        "first": seam.first,
        "second": seam.second,
        "from": seam.since.isoformat(),
        "until": None if seam.until is None else seam.until.isoformat(),
    }
