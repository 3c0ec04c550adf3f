"""What can happen on a day: each event is one call of the product, as a command makes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sessions.closing import close_session
from sessions.course.additions import add_candidates
from sessions.course.calls import commit_start
from sessions.course.consent import enter_consent
from sessions.course.day import pause_session, resume_session, start_session
from sessions.course.draw import make_draw
from sessions.course.grading import Outcome as Result
from sessions.course.incidents import add_incident, decide_incident
from sessions.course.manual import ManualCase, enter_manual
from sessions.course.movement import come_back, enter_spot_check, leave
from sessions.course.overrides import decide, override
from sessions.course.priors import commit_priors, plan_priors
from sessions.course.results import (
    Given,
    correct,
    enter,
    require_correction,
    require_result,
    require_target,
    require_values,
)
from sessions.course.states import State
from sessions.roster.reading import read_roster
from tests.support.flow import SECOND, TRAINEE, Broken, Day, Event


def desk(
    sbd: str, component: str, *, room: str = "", purpose: str = "check-in", broken: Broken | None = None
) -> Event:
    """Somebody comes to the desk."""
    return lambda day: day.attempt(sbd, component, room=room, purpose=purpose, broken=broken or {})


def passes(text: str) -> Event:
    """A file of components passed elsewhere is imported."""

    def event(day: Day) -> None:
        plan = plan_priors(day.progress, text.encode())
        assert plan.refused == ()
        commit_priors(
            day.store, day.session(), plan, source="Trung tâm Ví Dụ", reference="QĐ 12", operator=TRAINEE
        )

    return event


def overridden(sbd: str, component: str, reason: str = "face-compared") -> Event:
    """Two persons let somebody in whom the machine referred."""
    return lambda day: override(
        day.store,
        day.session(component),
        sbd=sbd,
        reason=reason,
        operator=TRAINEE,
        second=SECOND,
        note="đã so ảnh lớn",
    )


def incident(sbd: str, code: str, component: str | None = None, at: str | None = None) -> Event:
    """Something happened."""

    def event(day: Day) -> None:
        day.incidents[sbd] = add_incident(
            day.store,
            day.session(),
            code=code,
            sbd=sbd,
            component=component,
            at=at,
            operator=TRAINEE,
            note="Biên bản mẫu.",
            now=day.bench.clock.at,
        )[0]

    return event


def consequence(sbd: str, what: str) -> Event:
    """What follows from somebody's incident, by two persons."""
    return lambda day: decide_incident(
        day.store,
        day.session(),
        incident_id=day.incidents[sbd],
        consequence=what,
        operator=TRAINEE,
        second=SECOND,
    )


def decided(sbd: str, component: str, *, admit: bool) -> Event:
    """The chairman decides about somebody whom the machine refused."""
    return lambda day: decide(
        day.store,
        day.session(component),
        sbd=sbd,
        admit=admit,
        incident=day.incidents[sbd],
        reason="identity-established" if admit else "fraud-suspected",
        operator=TRAINEE,
        second=SECOND,
        note="giấy tờ gốc",
    )


def by_hand(sbd: str, component: str, document: str, reason: str, **changes: Any) -> Event:
    """Two persons establish who somebody is."""
    return lambda day: enter_manual(
        day.store,
        day.session(component),
        ManualCase(sbd=sbd, document=document, reason=reason, **changes),
        operator=TRAINEE,
        second=SECOND,
        now=day.bench.clock.at,
    )[0]


def consent(sbd: str, outcome: str) -> Event:
    """A candidate was shown the notice."""
    return lambda day: enter_consent(
        day.store, day.session(), sbd=sbd, outcome=outcome, notice="Thông báo mẫu", operator=TRAINEE
    )


def out(sbd: str, component: str, reason: str = "toilet") -> Event:
    """Somebody leaves the room."""
    return lambda day: leave(day.store, day.session(component), sbd=sbd, reason=reason, operator=TRAINEE)


def back(sbd: str, component: str) -> Event:
    """Somebody comes back; the last attempt says who it was."""
    return lambda day: come_back(day.store, day.session(component), sbd=sbd, operator=TRAINEE)[0]


def drawn(component: str, count: int) -> Event:
    """A random check is drawn."""

    def event(day: Day) -> tuple[str, ...]:
        rows = day.board(component).standings(component)
        head = day.store.head()
        among = [row.sbd for row in rows if row.admitted and row.state is not State.SUSPENDED]
        lot = make_draw(among, count, size=head.size, root=head.root, random_bytes=bytes, component=component)
        body = {"session": day.session_id, "component": component, **lot.as_body()}
        day.store.append("draw", body, operator=TRAINEE)
        return lot.drawn

    return event


def spot_checked(sbd: str, component: str) -> Event:
    """What came of a random check, by the last attempt."""
    return lambda day: enter_spot_check(
        day.store, day.session(component), sbd=sbd, operator=TRAINEE, attempt_id=day.last[sbd, component]
    )[0]


def result(sbd: str, component: str, points: int, *, critical: bool = False) -> Event:
    """The points of a component; the outcome in words."""

    def event(day: Day) -> str:
        ready = require_result(
            day.progress,
            Given(sbd=sbd, component=component, points_e2=points * 100, critical_failed=critical),
        )
        enter(day.store, day.session(), ready, source="máy chấm", operator=TRAINEE)
        return ready.outcome.value

    return event


def absent(sbd: str, component: str) -> Event:
    """A result "absent" in words."""

    def event(day: Day) -> str:
        ready = require_result(day.progress, Given(sbd=sbd, component=component, outcome=Result.ABSENT))
        enter(day.store, day.session(), ready, source="danh sách gọi", operator=TRAINEE)
        return ready.outcome.value

    return event


def corrected(sbd: str, component: str, points: int, reason: str = "counted-wrongly") -> Event:
    """Two persons correct a result; the old entry stays."""

    def event(day: Day) -> str:
        progress = day.progress
        known = progress.outcome(sbd, component)
        assert known is not None
        assert known.entry is not None
        newest = known.corrections[-1] if known.corrections else known.entry
        _, target = require_target(progress, day.store, newest.seq)
        ready = require_values(progress, Given(sbd=sbd, component=component, points_e2=points * 100))
        asked = require_correction(progress, target, ready.values)
        correct(day.store, day.session(), asked, reason=reason, note={}, operator=TRAINEE, second=SECOND)
        return ready.outcome.value

    return event


def added(row: str, heading: str, reason: str = "walk-in") -> Event:
    """Somebody is added to the list, with a reason and two persons."""
    return lambda day: add_candidates(
        day.store,
        day.session(),
        read_roster(f"{heading}\n{row}\n".encode()),
        reason=reason,
        operator=TRAINEE,
        second=SECOND,
    )


def component_starts(component: str, *, room: str = "") -> Event:
    """A component starts now."""
    return lambda day: commit_start(
        day.store, day.session(component), component, day.bench.clock.at, room=room, operator=TRAINEE
    )


def minutes(count: int) -> Event:
    """Time goes by."""

    def event(day: Day) -> None:
        day.bench.clock.at += timedelta(minutes=count)
        day.bench.clock.monotonic_ms += count * 60_000

    return event


def started(day: Day) -> None:
    """The session starts."""
    start_session(day.store, day.session(), operator=TRAINEE, now=day.bench.clock.at)


def paused(day: Day) -> None:
    """The session pauses."""
    pause_session(day.store, day.session(), operator=TRAINEE, reason="lunch")


def resumed(day: Day) -> None:
    """And goes on."""
    resume_session(day.store, day.session(), operator=TRAINEE)


def closed(day: Day) -> None:
    """The session closes."""
    close_session(day.store, day.session(), operator=TRAINEE)
