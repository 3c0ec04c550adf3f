"""A rules file in words: what an administrator reads before a session runs under it."""

from collections.abc import Iterator
from datetime import date

from proctor.errors import CommandError
from proctor.texts import Texts
from sessions.roles import load_roles
from sessions.rules import Grading, LicenceClass, Rules, Ungraded

_LAW = ("unconfirmed", "secondary")


def day_words(texts: Texts, day: date | None) -> str:
    """Return a day as people write it, or that there is none."""
    return texts.say("rules.open-end") if day is None else day.strftime("%d/%m/%Y")


def span_words(texts: Texts, rules: Rules) -> dict[str, str]:
    """Return first and last day for a text."""
    return {"since": day_words(texts, rules.valid_from), "until": day_words(texts, rules.valid_until)}


def rules_lines(rules: Rules, texts: Texts, *, day: date, licence: str | None) -> Iterator[str]:
    """Yield everything that a file says, or of one class only its head and that class. Raises CommandError."""
    source = rules.source
    kind = texts.say(f"rules.kind.{rules.kind}")
    yield rules.title
    yield texts.say("rules.show.id", id=rules.rules_id, kind=kind, **span_words(texts, rules))
    yield f"SHA-256 {rules.sha256}"
    yield texts.say(
        "rules.show.source",
        title=source.title,
        article=source.article,
        status=texts.say(f"rules.status.{source.status}"),
        retrieved=day_words(texts, source.retrieved),
    )
    if licence is not None:
        yield from _class_lines(rules, texts, _class_of(rules, licence))
        return
    yield from _course_lines(rules, texts)
    for found in rules.classes.values():
        yield from _class_lines(rules, texts, found)
    yield from _people_lines(rules, texts)
    yield from _desk_lines(rules, texts, day)


def _class_of(rules: Rules, text: str) -> LicenceClass:
    found = rules.licence_class(text)
    if found is None:
        raise CommandError("rules-class-unknown", rules=rules.rules_id, known=" ".join(rules.classes) or "—")
    return found


def _course_lines(rules: Rules, texts: Texts) -> Iterator[str]:
    say = texts.say
    labels = ", ".join(component.label for component in rules.components.values())
    yield say("rules.show.components", components=labels)
    order = "rules.show.sequential" if rules.sequential else "rules.show.free"
    yield say(order) + _mark(rules, texts, "order")
    if rules.keep_years is None:
        yield say("rules.show.no-keeping")
    else:
        keeping = "rules.show.keeping-health" if rules.keep_needs_health else "rules.show.keeping"
        yield say(keeping, years=rules.keep_years) + _mark(rules, texts, "keeping")
    if rules.late_minutes is None:
        yield say("rules.show.no-late")
    else:
        yield say("rules.show.late", minutes=rules.late_minutes) + _mark(rules, texts, "late")
    yield say("rules.show.room", count=rules.room_capacity) + _mark(rules, texts, "rooms")
    for name, grading in rules.gradings.items():
        yield _part(rules, texts, name, grading, f"grading.{name}")


def _class_lines(rules: Rules, texts: Texts, found: LicenceClass) -> Iterator[str]:
    yield f"{found.label}:"
    for name in rules.components:
        key = f"classes.{found.class_id}.{name}"
        if name in found.parts:
            yield _part(rules, texts, name, found.parts[name], key)
        elif name in found.ungraded:
            yield _part(rules, texts, name, found.ungraded[name], key)


def _part(rules: Rules, texts: Texts, name: str, part: Grading | Ungraded, key: str) -> str:
    form = "" if part.questions is None else texts.say("rules.show.questions", count=part.questions, why=name)
    form += "" if part.minutes is None else texts.say("rules.show.minutes", count=part.minutes)
    label = rules.components[name].label
    mark = _mark(rules, texts, key)
    if isinstance(part, Ungraded):
        return texts.say("rules.show.ungraded", component=label, form=form) + mark
    said = texts.say(
        "rules.show.grading",
        component=label,
        form=form,
        max=points(part.max_e1),
        critical=texts.say("rules.show.critical") if part.critical else "",
        **{"pass": points(part.pass_e1)},
    )
    return said + mark


def points(tenths: int) -> str:
    """Return points × 10 as people write them: "27", "7,5"."""
    whole, rest = divmod(tenths, 10)
    return f"{whole},{rest}" if rest else str(whole)


def _mark(rules: Rules, texts: Texts, key: str) -> str:
    status = rules.sources[key].status if key in rules.sources else rules.source.status
    if status not in _LAW:
        return ""
    return texts.say("rules.show.unsure" if status == "unconfirmed" else "rules.show.secondary")


def _people_lines(rules: Rules, texts: Texts) -> Iterator[str]:
    known = load_roles()
    if rules.role_table:
        yield texts.say("rules.show.roles")
    for role, may in rules.role_table.items():
        actions = "; ".join(texts.say(f"rules.action.{action}") for action in sorted(may))
        yield f"  {known[role].label}: {actions}"
    if rules.seconds:
        yield texts.say("rules.show.seconds")
    for action, second in rules.seconds.items():
        roles = [
            known[role].label for role in known if role in second.roles and not known[role].training_only
        ]
        proofs = [texts.say(f"rules.proof.{proof}") for proof in sorted(second.proofs - {"training"})]
        yield texts.say(
            "rules.show.second",
            action=texts.say(f"rules.action.{action}"),
            roles=", ".join(roles),
            proofs=", ".join(proofs),
        )


def _desk_lines(rules: Rules, texts: Texts, day: date) -> Iterator[str]:
    say = texts.say
    if rules.documents:
        yield say("rules.show.documents", day=day_words(texts, day))
    for kind in rules.documents:
        yield f"  {say(f'rules.document.{kind}')}: {say(f'rules.verdict.{rules.document(kind, day)}')}"
    if rules.incidents:
        yield say("rules.show.incidents")
    for code, incident in rules.incidents.items():
        follows = ", ".join(say(f"rules.consequence.{each}") for each in incident.consequences)
        yield f"  {code} – {incident.label}: {follows}" + _mark(rules, texts, f"incidents.{code}")
    yield say(
        "rules.show.face",
        accept=f"{rules.fmr_accept:g}",
        refer=f"{rules.fmr_refer:g}",
        tries=rules.face_tries,
    )
    again = rules.reverify
    yield say(
        "rules.show.reverify",
        start=_yes(texts, again.component_start),
        back=_yes(texts, again.re_entry),
        percent=points(again.spot_check_e4 // 10),
    )
    starting = "rules.show.start" if rules.session_start_required else "rules.show.no-start"
    yield say(starting, minutes=rules.idle_minutes)
    fee = (
        say("rules.show.vnd", count=rules.fees.scan_vnd) if rules.fees.enabled else say("rules.show.no-fees")
    )
    yield say("rules.show.fees", fee=fee)
    yield say(f"rules.show.signatures-{rules.unknown_revocation}")
    terms = [
        say("rules.show.term", kind=say(f"rules.kept.{kind}"), days=term.days)
        + _mark(rules, texts, f"retention.{kind}")
        for kind, term in rules.retention.items()
    ]
    if terms:
        yield say("rules.show.keep", terms="; ".join(terms))


def _yes(texts: Texts, value: bool) -> str:
    return texts.say("rules.yes" if value else "rules.no")
