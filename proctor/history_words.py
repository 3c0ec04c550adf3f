"""What the log says of one candidate, one sentence for each entry."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from proctor.texts import Texts
from sessions.course.entries import SessionEntry
from sessions.course.reasons import reason_label
from sessions.rules import Rules

_STATES: Final = {"ADMIT": "admitted", "REFER": "referred", "REFUSE": "refused"}


def words_of(entry: SessionEntry, rules: Rules, texts: Texts) -> str:
    """Return one entry as a sentence; its kind for one that has no words here."""
    make = _WORDS.get(entry.kind)
    return entry.kind if make is None else make(entry.body, rules, texts)


def short_reasons(codes: list[str], texts: Texts) -> str:
    """Return reasons in the few words that the sheets have for them."""
    return "; ".join(texts.get(f"sheet.reason.{code}", code) for code in codes)


def _attempt(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
    purpose = str(body.get("purpose", "check-in"))
    verdict = texts.say(f"state.{_STATES[body['verdict']]}")
    told = short_reasons(list(body["reasons"]), texts)
    what = texts.get(f"history.purpose.{purpose}", purpose)
    line = texts.say("history.attempt", what=what, verdict=verdict)
    return f"{line} ({told})" if told else line


def _manual(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
    outcome = texts.say(f"history.manual.{body['outcome']}")
    reason = reason_label("manual", str(body["reason"]), texts.language)
    return texts.say("history.manual", outcome=outcome, reason=reason)


def _incident(body: Mapping[str, Any], rules: Rules, texts: Texts) -> str:
    code, consequence = str(body["code"]), str(body.get("consequence", ""))
    kind = rules.incidents.get(code)
    label = code if kind is None else kind.label
    line = texts.say("history.incident", label=label)
    if consequence in {"", "none"}:
        return line
    return f"{line}: {texts.get(f'consequence.{consequence}', consequence)}"


def _view(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
    what = str(body["what"])
    key = "history.view.pictures" if what.startswith("evidence ") else "history.view"
    reason = str(body.get("reason", ""))
    return texts.say(key) + (f": {reason}" if reason else "")


def _by_reason(act: str) -> Callable[[Mapping[str, Any], Rules, Texts], str]:
    def make(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
        return texts.say(f"history.{act}", reason=reason_label(act, str(body["reason"]), texts.language))

    return make


def _decision(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
    reason = reason_label("decision", str(body["reason"]), texts.language)
    return texts.say(f"history.decision.{body['decided']}", reason=reason)


def _addition(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
    return texts.say("history.roster", reason=reason_label("addition", str(body["reason"]), texts.language))


def _by_outcome(kind: str) -> Callable[[Mapping[str, Any], Rules, Texts], str]:
    def make(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
        return texts.say(f"history.{kind}.{body['outcome']}")

    return make


def _plain(kind: str) -> Callable[[Mapping[str, Any], Rules, Texts], str]:
    return lambda _body, _rules, texts: texts.say(f"history.{kind}")


def _spot_check(body: Mapping[str, Any], _rules: Rules, texts: Texts) -> str:
    return texts.say("history.spot-check", outcome=texts.say(f"spot-check.{body['outcome']}"))


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any], Rules, Texts], str]]] = {
    "attempt": _attempt,
    "begin": _plain("begin"),
    "component": _plain("called"),
    "consent": _by_outcome("consent"),
    "correction": _plain("correction"),
    "decision": _decision,
    "draw": _plain("draw"),
    "exit": _by_reason("exit"),
    "incident": _incident,
    "manual": _manual,
    "override": _by_reason("override"),
    "re-entry": _by_outcome("re-entry"),
    "result": _by_outcome("result"),
    "roster": _addition,
    "spot-check": _spot_check,
    "view": _view,
}
