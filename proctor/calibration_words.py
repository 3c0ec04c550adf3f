"""What calibration tells: objects for --json, lines for people. No file names of images, no people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from biometrics.calibration import CalibrationFile, GroupPoint, Point, Rate
from biometrics.calibration_points import Support, is_stated
from biometrics.metrics import clopper_pearson
from biometrics.rule_of_three import needed
from proctor.calibrating import Outcome
from proctor.calibrations import Listed, Unserved
from proctor.texts import Texts, load_texts

Json = dict[str, Any]


def outcome_json(outcome: Outcome, found: CalibrationFile) -> Json:
    """Return a calibration run: what `file_json` says of its file, and what only the run knows."""
    measured, scored, labelled = outcome.measured, outcome.scored, outcome.labelled
    references, probes = len(labelled.references), len(labelled.probes)
    return {
        "ok": True,
        **file_json(found),
        "asked": list(measured.asked),
        "form": labelled.form,
        "people_known": labelled.people_known,
        "burst_measured": labelled.has_bursts,
        "enrol_failures": _failures(scored.enrol_failures, references),
        "acquire_failures": _failures(scored.acquire_failures, probes),
        "groups": [_group(name, measured.group_support[name], measured.groups) for name in labelled.groups],
        "worse": [
            {
                "kind": each.kind,
                "group": each.group,
                "fmr": each.fmr,
                "rate": _rate(each.rate),
                "rate_of_all": _rate(each.all_rate),
                "clearly": each.clearly,
            }
            for each in measured.worse
        ],
    }


def file_json(found: CalibrationFile) -> Json:
    """Return what a calibration file says."""
    signature, known = found.signature, found.counts.get("people_known")
    return {
        "model": found.model,
        "rule": found.rule,
        "flip": found.flip,
        "made_on": found.made_on,
        "source": found.source,
        "sha256": found.sha256,
        "card_sha256": found.card_sha256,
        "weights_sha256": found.weights_sha256,
        "detector_sha256": found.detector_sha256,
        "pairs_sha256": found.pairs_sha256,
        "counts": dict(found.counts),
        "people_known": None if known is None else known == 1,
        "points": [_point(point) for point in found.points],
        "single": [_point(point) for point in found.single],
        "group_points": [_group_point(each) for each in found.groups],
        "signer": None if signature is None else signature.signer,
        "signer_fingerprint": None if signature is None else signature.fingerprint,
    }


def _point(point: Point) -> Json:
    return {
        "fmr": point.fmr,
        "threshold": point.threshold,
        "impostor": _rate(point.impostor),
        "genuine": _rate(point.genuine),
        "basis": point.basis,
    }


def _group_point(each: GroupPoint) -> Json:
    return {
        "group": each.group,
        "fmr": each.fmr,
        "threshold": each.threshold,
        "impostor": _rate(each.impostor),
        "genuine": _rate(each.genuine),
    }


def _rate(rate: Rate | None) -> Json | None:
    """Return a rate: null in its place where the pairs support only that it is at most the interval's upper end."""
    if rate is None:
        return None
    return {
        "rate": _short(rate.value) if is_stated(rate) else None,
        "errors": rate.errors,
        "comparisons": rate.comparisons,
        "independent": rate.independent,
        "interval": [_short(rate.low), _short(rate.high)],
    }


def _group(name: str, support: Support, points: Sequence[GroupPoint]) -> Json:
    rows = []
    for each in points:
        if each.group != name:
            continue
        row = {
            "fmr": each.fmr,
            "threshold": each.threshold,
            "fnmr": _rate(each.genuine),
            "fmr_in_group": None,
        }
        row["needed"] = needed(each.fmr)
        if each.impostor is not None:
            row["fmr_in_group"] = _rate(each.impostor)
        rows.append(row)
    return {
        "group": name,
        "genuine": support.genuine,
        "genuine_people": support.people,
        "impostor": support.impostor,
        "person_pairs": support.person_pairs,
        "points": rows,
    }


def _failures(codes: Mapping[str, int], of: int) -> Json:
    count = sum(codes.values())
    low, high = clopper_pearson(count, of)
    return {"count": count, "of": of, "interval": [_short(low), _short(high)], "codes": dict(codes)}


def _reason(texts: Texts, code: str) -> str:
    """Return why a picture gave no template, in few words; what a candidate should do helps nobody here."""
    for key in (f"sheet.reason.{code}", f"sheet.reason.reference-{code}"):
        if key in texts:
            return texts[key]
    return texts.say(code)


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def unserved_json(rows: Sequence[Unserved]) -> list[Json]:
    """Return the rates of the rules that a calibration cannot serve."""
    return [{"use": row.use, "fmr": row.fmr, "rules": list(row.rules)} for row in rows]


def unserved_words(row: Unserved) -> Mapping[str, str]:
    """Return the places of the warning's text."""
    return {"rules": ", ".join(row.rules), "fmr": _percent(row.fmr), "rate": f"{row.fmr:g}"}


def listed_json(rows: Sequence[Listed], model: str, in_force: CalibrationFile | None, *, ok: bool) -> Json:
    """Return what a station has."""
    own = in_force is not None and in_force.signature is None
    return {
        "ok": ok,
        "model": model,
        "in_force": None
        if in_force is None
        else {"own": own, "sha256": in_force.sha256, "made_on": in_force.made_on},
        "calibrations": [_listed(row) for row in rows],
    }


def _listed(row: Listed) -> Json:
    told: Json = {"file": row.file, "state": row.state}
    if row.calibration is not None:
        found = row.calibration
        told |= {"model": found.model, "rule": found.rule, "flip": found.flip, "made_on": found.made_on}
        told |= {"sha256": found.sha256, "points": [[point.fmr, point.threshold] for point in found.points]}
    if row.error is not None:
        facts = row.error.facts
        told |= {"code": row.error.code}
        told |= {language: load_texts(language).say(row.error.code, **facts) for language in ("vi", "en")}
    return told


def outcome_lines(texts: Texts, told: Json) -> Iterator[str]:
    """Yield a run for people: counts, thresholds, the single frame beside the burst, groups, files."""
    say = texts.say
    yield from _head(texts, told)
    for key in ("enrol_failures", "acquire_failures"):
        each = told[key]
        yield say(
            f"calibrate.{key}", count=each["count"], of=each["of"], interval=_interval(each["interval"])
        )
        for code, count in each["codes"].items():
            yield f"    {count}: {_reason(texts, code)}"
    yield from _points(texts, told["points"], "calibrate.burst", told["asked"])
    if told["burst_measured"]:
        yield from _points(texts, told["single"], "calibrate.single", told["asked"])
    else:
        yield say("calibrate.no-burst")
    for group in told["groups"]:
        yield from _group_lines(texts, group)
    for each in told["worse"]:
        key = "calibrate.worse" if each["clearly"] else "calibrate.worse-maybe"
        yield say(
            key,
            group=each["group"],
            kind=each["kind"].upper(),
            at=_percent(each["fmr"]),
            rate=_briefly(each["rate"]),
            of_all=_briefly(each["rate_of_all"]),
        )
    yield from _caveats(texts, told)
    yield say("calibrate.written", file=told["file"], picture=told["picture"])
    yield say("calibrate.signed", signer=told["signer"])


def file_lines(texts: Texts, told: Json) -> Iterator[str]:
    """Yield a calibration file for people."""
    yield from _head(texts, told)
    yield from _points(texts, told["points"], "calibrate.burst", None)
    yield from _points(texts, told["single"], "calibrate.single", None)
    for each in told["group_points"]:
        yield texts.say(
            "calibrate.group-row",
            group=each["group"],
            threshold=f"{each['threshold']:.4f}",
            fmr=_stated(texts, each["impostor"]),
            fnmr=_stated(texts, each["genuine"]),
        )
    yield from _caveats(texts, told)
    if told["signer"] is not None:
        yield texts.say("calibrate.signed", signer=told["signer"])
        yield texts.say("trust.fingerprint", fingerprint=told["signer_fingerprint"])


def _caveats(texts: Texts, told: Json) -> Iterator[str]:
    """Yield what the figures do not know."""
    if told["people_known"] is False:
        yield texts.say("calibrate.people-concluded")
    yield texts.say("calibrate.interval-note")


def listed_lines(texts: Texts, told: Json) -> Iterator[str]:
    """Yield what a station has, for people."""
    in_force = told["in_force"]
    if in_force is None:
        yield texts.say("calibration.none-in-force", model=told["model"])
    else:
        key = "calibration.program-own" if in_force["own"] else "calibration.station-own"
        yield texts.say(key, model=told["model"], made_on=_day(in_force["made_on"]))
    for row in told["calibrations"]:
        yield texts.say(
            f"calibration.row-{row['state']}", file=row["file"], made_on=_day(row.get("made_on", "—"))
        )
        if texts.language in row:
            yield f"    {row[texts.language]}"


def _day(text: str) -> str:
    """Return a day as it is written here; what is none stays as it is."""
    try:
        return date.fromisoformat(text).strftime("%d/%m/%Y")
    except ValueError:
        return text


def _head(texts: Texts, told: Json) -> Iterator[str]:
    counts = told["counts"]
    rule = texts[f"calibrate.rule-{told['rule']}"]
    yield texts.say("calibrate.head", model=told["model"], rule=rule, made_on=_day(told["made_on"]))
    yield texts[f"calibrate.flip-{'on' if told['flip'] else 'off'}"]
    yield texts.say(
        "calibrate.counts",
        **{
            key: counts.get(key, "—")
            for key in ("people", "genuine", "genuine_people", "impostor", "person_pairs")
        },
    )
    if told["source"]:
        yield f"    {told['source']}"


def _points(texts: Texts, points: Sequence[Json], title: str, asked: Sequence[float] | None) -> Iterator[str]:
    if points:
        yield texts[title]
    for point in points:
        mark = "*" if asked is not None and point["fmr"] in asked else " "
        yield f"  {mark} " + texts.say(
            "calibrate.point",
            fmr=_percent(point["fmr"]),
            threshold=f"{point['threshold']:.4f}",
            measured=_stated(texts, point["impostor"]),
            fnmr=_stated(texts, point["genuine"]),
        )


def _group_lines(texts: Texts, group: Json) -> Iterator[str]:
    yield texts.say(
        "calibrate.group",
        group=group["group"],
        genuine=group["genuine"],
        people=group["genuine_people"],
        impostor=group["impostor"],
        pairs=group["person_pairs"],
    )
    for row in group["points"]:
        if row["fmr_in_group"] is None:
            fmr = texts.say(
                "calibrate.group-too-few",
                have=group["person_pairs"],
                need=row["needed"],
                fmr=_percent(row["fmr"]),
            )
        else:
            fmr = _stated(texts, row["fmr_in_group"])
        yield "    " + texts.say(
            "calibrate.group-row",
            group=group["group"],
            threshold=f"{row['threshold']:.4f}",
            fmr=fmr,
            fnmr=_stated(texts, row["fnmr"]),
        )


def _stated(texts: Texts, rate: Json | None) -> str:
    """Return a rate with n and interval; only its upper bound where the number supports no more."""
    if rate is None:
        return texts["calibrate.not-measured"]
    key = "calibrate.rate" if rate["rate"] is not None else "calibrate.at-most"
    return texts.say(
        key,
        rate="—" if rate["rate"] is None else _percent(rate["rate"]),
        high=_percent(rate["interval"][1]),
        errors=rate["errors"],
        comparisons=rate["comparisons"],
        independent=rate["independent"],
        interval=_interval(rate["interval"]),
    )


def _briefly(rate: Json) -> str:
    return _percent(rate["rate"]) if rate["rate"] is not None else f"≤ {_percent(rate['interval'][1])}"


def _interval(ends: Sequence[float]) -> str:
    return f"{_percent(ends[0])} – {_percent(ends[1])}"


def _percent(rate: float) -> str:
    return f"{rate * 100:.3g} %"
