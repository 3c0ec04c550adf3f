"""The report of presentation attacks in words: one object, one Markdown text, one CSV table with the same figures."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from biometrics.pad_metrics import CheckFigures, Group, Rate, Tally
from proctor.commands.show import reason_json
from proctor.pad_report import Fault, PadReport
from proctor.texts import Texts

REQUIRED: Final = "required"
COLUMNS: Final = (
    "source", "split", "check", "label", "species", "measure", "count", "n", "share", "low", "high", "subjects",
)  # fmt: skip
_DIGITS: Final = 6


def report_json(report: PadReport) -> dict[str, Any]:
    """Return the report as `--json` prints it. Shares 0 to 1."""
    left_out = sum(fault.left_out for fault in report.faults)
    return {
        "ok": not report.faults and bool(report.judged),
        "folder": report.folder,
        "rules": report.rules or None,
        "required": list(report.required),
        "models": dict(report.models),
        "recordings": {"found": report.found, "evaluated": len(report.judged), "left_out": left_out},
        "groups": [_group(group) for group in report.groups],
        "not_evaluated": [_fault(fault) for fault in report.faults],
        "presentations": [
            {
                "folder": each.presentation.name,
                "label": each.presentation.label,
                "species": each.presentation.species,
                "source": each.presentation.source,
                "split": each.presentation.split,
                "answers": {name: {"answer": answer, **_why(each.facts.get(name, {}))}
                            for name, answer in sorted(each.presentation.answers.items())},
                "matched": each.presentation.matched,
            }
            for each in report.judged
        ],
        "statements": list(statements(report)),
        "lacking": [{"code": code, **values} for code, values in lacking(report)],
    }  # fmt: skip


def _why(facts: Any) -> dict[str, str]:
    return {"why": str(facts["why"])} if "why" in facts else {}


def rate_json(rate: Rate) -> dict[str, Any]:
    """Return a rate: count, n, share, the interval and, where none was counted, the rule of three's bound."""
    interval = rate.interval
    return {
        "count": rate.count,
        "n": rate.n,
        "share": _rounded(rate.share),
        "low": None if interval is None else _rounded(interval[0]),
        "high": None if interval is None else _rounded(interval[1]),
        "rule_of_three": _rounded(rate.three),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _group(group: Group) -> dict[str, Any]:
    worst = group.system.worst
    return {
        "source": group.source,
        "split": group.split,
        "attacks": group.attacks,
        "bona_fide": group.bona_fide,
        "subjects": group.subjects,
        "required": _check(group.required),
        "checks": [_check(check) for check in group.checks],
        "iapar": {
            "worst": worst,
            "headline": None if worst is None else rate_json(group.system.iapar[worst]),
            "species": {name: rate_json(rate) for name, rate in group.system.iapar.items()},
            "no_reference": group.system.no_reference,
        },
        "conditions": [
            {"name": name, "value": value, **_check(check)}
            for (name, value), check in group.conditions.items()
        ],
    }


def _check(check: CheckFigures) -> dict[str, Any]:
    worst = check.worst
    return {
        "check": check.check,
        "worst": None if worst is None else worst.species,
        "apcer": None if worst is None else rate_json(worst.apcer),
        "attacks": [_attack(tally) for tally in check.attacks],
        "bona_fide": None if check.bona_fide is None else _bona_fide(check.bona_fide),
    }


def _attack(tally: Tally) -> dict[str, Any]:
    return {
        **_counts(tally),
        "apcer": rate_json(tally.apcer),
        "apnrr": rate_json(tally.non_response),
        "through": rate_json(tally.through),
    }


def _bona_fide(tally: Tally) -> dict[str, Any]:
    return {
        **_counts(tally),
        "bpcer": rate_json(tally.bpcer),
        "bpnrr": rate_json(tally.non_response),
        "to_a_person": rate_json(tally.held),
    }


def _counts(tally: Tally) -> dict[str, Any]:
    names = ("species", "subjects", "passed", "failed", "unclear", "missing")
    return {name: getattr(tally, name) for name in names}


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "folder": fault.folder,
        "file": fault.file,
        "left_out": fault.left_out,
        **reason_json(fault.code, fault.facts),
        "facts": dict(fault.facts),
    }


def statements(report: PadReport) -> Iterator[str]:
    """Yield what must be said beside these figures: codes of texts `pad.says.…`."""
    sources = {group.source for group in report.groups}
    yield from (f"{source}" for source in ("rendered", "laboratory", "field") if source in sources)
    if any(group.split == "tuning" for group in report.groups):
        yield "tuning"
    if not report.rules:
        yield "no-rules"
    if any(group.system.no_reference for group in report.groups):
        yield "no-reference"
    if any(each.missing for group in report.groups for each in _tallies(group.required)):
        yield "missing"
    yield from ("persons", "not-certified")


def lacking(report: PadReport) -> Iterator[tuple[str, dict[str, str | int]]]:
    """Yield what a site's own collection still lacks of the plan: code of a text `pad.lacks.…`, and its values."""
    plan = report.plan
    for group in report.groups:
        if group.source == "rendered":
            continue
        here: dict[str, str | int] = {"source": group.source, "split": group.split}
        bona = group.required.bona_fide
        persons = 0 if bona is None else bona.subjects
        if persons < plan.subjects:
            yield "subjects", {**here, "have": persons, "need": plan.subjects}
        for name, need in (("device", plan.devices), ("light", plan.lights)):
            have = len([key for key in group.conditions if key[0] == name])
            if have < need:
                yield f"{name}s", {**here, "have": have, "need": need}
        for tally in group.required.attacks:
            if tally.asked < plan.presentations_per_species:
                need = plan.presentations_per_species
                yield "presentations", {**here, "species": tally.species, "have": tally.asked, "need": need}


def _tallies(check: CheckFigures) -> tuple[Tally, ...]:
    return check.attacks if check.bona_fide is None else (*check.attacks, check.bona_fide)


# -- words -------------------------------------------------------------------------------------------


def markdown(report: PadReport, texts: Texts) -> str:
    """Return the report as Markdown."""
    say = texts.say
    lines = [f"# {say('pad.title')}", ""]
    lines += [say(f"pad.says.{code}") for code in statements(report)]
    lines += [
        "",
        say("pad.counts", found=report.found, evaluated=len(report.judged), faults=len(report.faults)),
    ]
    lines += [say("pad.required", checks=", ".join(report.required) or "–", rules=report.rules or "–")]
    for group in report.groups:
        lines += ["", *_group_lines(group, texts)]
    lines += ["", f"## {say('pad.faults')}", "", *(_fault_line(fault, texts) for fault in report.faults)]
    if not report.faults:
        lines.append(say("pad.no-faults"))
    missing = [say(f"pad.lacks.{code}", **values) for code, values in lacking(report)]
    if missing:
        lines += ["", f"## {say('pad.lacking')}", "", *(f"- {line}" for line in missing)]
    lines += ["", f"## {say('pad.terms')}", "", say("pad.terms-text"), ""]
    return "\n".join(lines)


def _group_lines(group: Group, texts: Texts) -> list[str]:
    say = texts.say
    source = say(f"pad.source.{group.source}")
    lines = [
        f"## {say('pad.group', source=source, split=group.split)}",
        "",
        say("pad.group-counts", attacks=group.attacks, bona_fide=group.bona_fide, subjects=group.subjects),
        "",
        f"| {say('pad.measure')} | {say('pad.worst')} | {say('pad.figure')} |",
        "|---|---|---|",
    ]
    worst = group.required.worst
    lines.append(_headline("APCER", worst.species if worst else "–", worst.apcer if worst else None, texts))
    bona = group.required.bona_fide
    lines.append(_headline("BPCER", "bona fide", bona.bpcer if bona else None, texts))
    lines.append(_headline(say("pad.to-a-person"), "bona fide", bona.held if bona else None, texts))
    name = group.system.worst
    lines.append(_headline("IAPAR", name or "–", group.system.iapar[name] if name else None, texts))
    lines += ["", say("pad.cells"), "", *_table(group, texts)]
    if group.conditions:
        lines += ["", *_condition_table(group, texts)]
    return lines


def _headline(measure: str, species: str, rate: Rate | None, texts: Texts) -> str:
    return f"| {measure} | {species} | {'–' if rate is None else rate_text(rate, texts)} |"


def rate_text(rate: Rate, texts: Texts) -> str:
    """Return a rate with count, n and interval; 0 of n with the rule of three."""
    if rate.share is None or rate.interval is None:
        return texts.say("pad.rate-none")
    values: dict[str, str | int] = {
        "count": rate.count,
        "n": rate.n,
        "share": _percent(rate.share),
        "low": _percent(rate.interval[0]),
        "high": _percent(rate.interval[1]),
    }
    said = texts.say("pad.rate", **values)
    return said if rate.three is None else f"{said}; {texts.say('pad.three', bound=_percent(rate.three))}"


def cell_text(rate: Rate) -> str:
    """Return a rate in a table's cell: count of n, share, interval."""
    if rate.share is None or rate.interval is None:
        return "0/0"
    low, high = (_percent(bound) for bound in rate.interval)
    return f"{rate.count}/{rate.n} {_percent(rate.share)} [{low}–{high}]"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _table(group: Group, texts: Texts) -> list[str]:
    say = texts.say
    heads = (
        say("pad.check"), say("pad.species"), "APCER / BPCER", "APNRR / BPNRR", say("pad.through"), "IAPAR",
        say("pad.not-made"),
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for check in (group.required, *group.checks):
        word = say("pad.all-required") if check.check == REQUIRED else check.check
        for tally in _tallies(check):
            bona = tally is check.bona_fide
            rate = group.system.iapar.get(tally.species) if check.check == REQUIRED and not bona else None
            cells = (
                word,
                "bona fide" if bona else tally.species,
                cell_text(tally.bpcer if bona else tally.apcer),
                cell_text(tally.non_response),
                cell_text(tally.through),
                "" if rate is None else cell_text(rate),
                str(tally.missing),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _condition_table(group: Group, texts: Texts) -> list[str]:
    say = texts.say
    lines = [f"| {say('pad.condition')} | APCER ({say('pad.worst')}) | BPCER |", "|---|---|---|"]
    for (name, value), check in group.conditions.items():
        worst, bona = check.worst, check.bona_fide
        apcer = "–" if worst is None else f"{worst.species}: {cell_text(worst.apcer)}"
        bpcer = "–" if bona is None else cell_text(bona.bpcer)
        lines.append(f"| {say(f'pad.condition.{name}')} {value} | {apcer} | {bpcer} |")
    return lines


def _fault_line(fault: Fault, texts: Texts) -> str:
    why = texts.say(fault.code, **fault.facts)
    word = "pad.fault" if fault.left_out else "pad.fault-reference"
    return f"- {texts.say(word, folder=fault.folder, file=fault.file)} {why}"


def csv_text(report: PadReport) -> str:
    """Return every figure as a row of CSV: COLUMNS."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for group in report.groups:
        for check in (group.required, *group.checks):
            for label, tally, measure, rate in _figures(check):
                head = (group.source, group.split, check.check, label, tally.species, measure)
                writer.writerow((*head, *_cells(rate), tally.subjects))
        for species, rate in group.system.iapar.items():
            head = (group.source, group.split, REQUIRED, "attack", species, "IAPAR")
            writer.writerow((*head, *_cells(rate), ""))
    return out.getvalue()


def _figures(check: CheckFigures) -> Iterator[tuple[str, Tally, str, Rate]]:
    for tally in check.attacks:
        yield "attack", tally, "APCER", tally.apcer
        yield "attack", tally, "APNRR", tally.non_response
        yield "attack", tally, "through", tally.through
    if check.bona_fide is not None:
        yield "bona-fide", check.bona_fide, "BPCER", check.bona_fide.bpcer
        yield "bona-fide", check.bona_fide, "BPNRR", check.bona_fide.non_response
        yield "bona-fide", check.bona_fide, "to-a-person", check.bona_fide.held


def _cells(rate: Rate) -> tuple[int, int, str, str, str]:
    found = rate_json(rate)
    share, low, high = ("" if found[name] is None else str(found[name]) for name in ("share", "low", "high"))
    return rate.count, rate.n, share, low, high
