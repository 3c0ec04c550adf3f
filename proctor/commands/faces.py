"""`proctor face search`: who is alike in a session; suggestions for two people, and the log says who asked."""

from typing import Any

from biometrics.thresholds import Thresholds
from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.errors import CommandError
from proctor.face_gallery import Enrolled, SessionGallery
from proctor.face_ranking import MOST, Alike, Ranking, rank
from proctor.face_search import planned_comparisons, search_fmr_for, space_of
from proctor.faces_in_use import faces_in_use
from sessions.session import Session

WHAT = "face-search"


def search(context: Context) -> int:
    """Rank who is alike among a session's attempts. The view entry is committed first."""
    options = context.options
    if not 1 <= options.top <= MOST:
        raise CommandError("number-range", usage=True, option="--top", low=1, high=MOST)
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "view")
        used = faces_in_use(opened)
        asked = search_fmr_for(session)
        thresholds = used.thresholds(session.rules, search_fmr=asked)
        gallery = SessionGallery(opened.store, session.session_id)
        body = {"what": WHAT, "session": session.session_id}
        body |= {} if options.reason is None else {"reason": options.reason}
        receipt = opened.store.append("view", body, operator=operator)
        gallery.refresh()
        found = rank(
            gallery,
            thresholds,
            space_of(thresholds, used.weights_sha256),
            planned=planned_comparisons(len(session.seats), len(session.components)),
            top=options.top,
            every=options.all,
        )
        gallery.clear()
        parts = [entry.body["part"] for entry in opened.store.entries("merge", session.session_id)]
    data = _json(session, found, thresholds, parts) | {"search_fmr_asked": asked, "view_entry": receipt.seq}
    context.result(data, (*_head(context, data, found, thresholds), *_pairs(context, data, found)))
    return 0


def _json(session: Session, found: Ranking, thresholds: Thresholds, parts: list[int]) -> dict[str, Any]:
    return {
        "session": session.session_id,
        "suggestions_only": True,
        "templates": found.templates,
        "candidates": found.candidates,
        "comparisons": found.comparisons,
        "refer_threshold": round(thresholds.refer, 4),
        "expected_by_chance": round(found.by_chance, 2),
        "search_threshold": None if thresholds.search is None else round(thresholds.search, 4),
        "search_fmr": None if thresholds.search is None else thresholds.search_fmr,
        "expected_false_alarms": None if found.alarms is None else round(found.alarms, 4),
        "stops": found.stops,
        "pairs": [_pair(pair) for pair in found.alike],
        "apart": {
            "other_models": found.others,
            "without_number": found.numberless,
            "unreadable": list(found.unreadable),
            "parts": sorted(parts),
        },
    }


def _pair(pair: Alike) -> dict[str, Any]:
    return {
        "score": round(pair.score, 4),
        "over_search_threshold": pair.over,
        "model": pair.space.model,
        "one": _side(pair.one),
        "other": _side(pair.other),
    }


def _side(who: Enrolled) -> dict[str, Any]:
    return {
        "candidate": who.sbd,
        "picture": who.kind,
        "entry": who.entry,
        "component": who.component,
        "at": who.at,
    }


def _head(context: Context, data: dict[str, Any], found: Ranking, thresholds: Thresholds) -> tuple[str, ...]:
    """What was compared, what it is worth, and what chance alone brings."""
    say = context.texts.say
    counts = {name: data[name] for name in ("session", "templates", "candidates", "comparisons")}
    return (
        say("face-search.head", **counts),
        say("face-search.suggestions"),
        _threshold_line(context, found, thresholds, data["search_fmr_asked"]),
        say("face-search.by-chance", threshold=f"{thresholds.refer:.3f}", count=_number(found.by_chance)),
    )


def _pairs(context: Context, data: dict[str, Any], found: Ranking) -> tuple[str, ...]:
    """The pairs, how to look at the first of them, and what was compared apart or not at all."""
    say, apart = context.texts.say, data["apart"]
    lines = [_pair_line(context, number, pair) for number, pair in enumerate(found.alike, 1)]
    if found.alike:
        first = found.alike[0]
        lines.append(say("face-search.look", one=first.one.entry, other=first.other.entry))
    else:
        lines.append(say("face-search.none", threshold=f"{found.floor:.3f}"))
    left = {
        "other-models": apart["other_models"],
        "without-number": apart["without_number"],
        "unreadable": len(apart["unreadable"]),
        "parts": len(apart["parts"]),
    }
    return (*lines, *(say(f"face-search.{name}", count=count) for name, count in left.items() if count))


def _threshold_line(context: Context, found: Ranking, thresholds: Thresholds, asked: float) -> str:
    if thresholds.search is None or found.alarms is None or thresholds.search_fmr is None:
        return context.texts.say("face-search.no-threshold", fmr=f"{asked:.1e}")
    return context.texts.say(
        "face-search.stops" if found.stops else "face-search.too-many",
        threshold=f"{thresholds.search:.3f}",
        fmr=f"{thresholds.search_fmr:.1e}",
        alarms=_number(found.alarms),
    )


def _pair_line(context: Context, number: int, pair: Alike) -> str:
    say = context.texts.say
    sides = {}
    for name, who in (("one", pair.one), ("other", pair.other)):
        sides[name] = who.sbd or say("face-search.nobody")
        sides[f"{name}_picture"] = say(f"face-search.{who.kind}")
        sides[f"{name}_entry"] = str(who.entry)
    mark = say("face-search.over") if pair.over else ""
    return say("face-search.pair", number=number, score=f"{pair.score:.3f}", mark=mark, **sides).rstrip()


def _number(value: float) -> str:
    """Return an expected number as people read it: 0.03, 1.4, 18."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}" if value else "0"
