"""What a closed session came to, in figures and in words: by component and class, and who is still out."""

from typing import Any

from proctor.names import component_name
from proctor.texts import Texts
from reports.words import number_words
from sessions.course.board import Board
from sessions.course.day import state_of
from sessions.course.health import scans
from sessions.course.progress import Progress
from sessions.course.reconcile import Total, Unsettled, totals, unsettled
from sessions.reader import LogReader
from sessions.record import parse_utc
from sessions.vietnam import VIETNAM


def closing_json(board: Board) -> dict[str, Any]:
    """The totals and who is unsettled, as docs/json.md has it."""
    return {
        "totals": [_total_json(total) for total in totals(board)],
        "unsettled": [
            {"candidate": row.sbd, "component": row.component, "state": row.state.value}
            for row in unsettled(board)
        ],
    }


def _total_json(total: Total) -> dict[str, Any]:
    return {
        "component": total.component,
        "class": total.licence_class or None,
        "listed": total.listed,
        "present": total.present,
        "not_let_in": total.not_let_in,
        "absent": total.absent,
        "excused": total.excused,
    }


def closing_lines(board: Board, texts: Texts, progress: Progress | None = None) -> tuple[str, ...]:
    """The totals in figures and words, then whoever is unsettled. `progress`: as `totals` takes it."""
    rules = board.session.rules
    labels = {name: component_name(rules, name, texts) for name in rules.components}
    lines = [_total_line(total, labels[total.component], texts) for total in totals(board, progress)]
    return (*lines, *(_unsettled_line(row, labels[row.component], texts) for row in unsettled(board)))


def _total_line(total: Total, label: str, texts: Texts) -> str:
    """One line, whose figures add up. The words are Vietnamese: they are what goes on paper."""
    counts = {"listed": total.listed, "present": total.present, "absent": total.absent}
    words = {f"{name}_words": number_words(count) for name, count in counts.items()}
    key = "day.total-class" if total.licence_class else "day.total"
    others = {"day.total-not-let-in": total.not_let_in, "day.total-excused": total.excused}
    rest = [
        texts.say(name, count=count, words=number_words(count)) for name, count in others.items() if count
    ]
    line = texts.say(key, component=label, name=total.licence_class, **counts, **words)
    return "; ".join((line, *rest))


def _unsettled_line(row: Unsettled, label: str, texts: Texts) -> str:
    return texts.say(f"day.outstanding-{row.state.value}", sbd=row.sbd, component=label)


def day_json(store: LogReader, board: Board) -> dict[str, Any]:
    """When a session was started and paused, and how many chips were read where the rules charge for it."""
    state = state_of(store, board.session)
    charged = scans(board.entries, board.session.rules)
    fee = {"count": charged.count, "fee_vnd": charged.fee_vnd, "total_vnd": charged.total_vnd}
    return {
        "started": None if state.started is None else state.started.body["at"],
        "paused": None if state.paused is None else state.paused.body["at"],
        **({"scans": fee} if charged.enabled else {}),
    }


def day_lines(data: dict[str, Any], texts: Texts) -> list[str]:
    """What `session show` says of the day, from its object: roster hash, part, start, pause, fee."""
    lines = [texts.say("day.roster-hash-line", hash=data["roster_hash"])]
    if data["part"] is not None:
        lines.append(texts.say("day.part-line", part=f"{data['part']['number']}/{data['part']['of']}"))
    lines += [
        texts.say(f"day.{name}-line", at=_local(data[name])) for name in ("started", "paused") if data[name]
    ]
    if "scans" in data:
        fee = data["scans"]
        lines.append(texts.say("day.scans", count=fee["count"], fee=fee["fee_vnd"], total=fee["total_vnd"]))
    return [f"  {line}" for line in lines]


def _local(at: str) -> str:
    return f"{parse_utc(at).astimezone(VIETNAM):%d/%m/%Y %H:%M}"
