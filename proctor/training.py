"""A whole training session without hardware: the same pipeline, store and sheet, software cards and recorded faces.

The faces are two public-domain portraits that installed packages ship; a face is admitted once, all other candidates
fail on purpose or do not come.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from biometrics.recorded import portrait_jpeg
from biometrics.scenes.camera import SceneCamera
from proctor.app import Desk, Transaction, open_desk
from proctor.attempt import AttemptResult
from proctor.config import Places
from proctor.desks import CardSource
from proctor.packing import WrittenPack, export_pack
from proctor.present import AccessText
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.scenes import BONA_FIDE, scene_of
from proctor.sheets import WrittenSheet
from proctor.softcards import CardWorkshop, open_workshop, specimen_faces
from proctor.texts import load_texts
from proctor.training_day import TrainingDay
from readers.emrtd.dates import PartialDate
from readers.emrtd.pki.store import TrustStore
from readers.softcard.chip import SoftCard
from readers.softcard.faults import Faults
from readers.softcard.holder import HolderRecord, qr_payload
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from sessions.pins import StationPins
from sessions.record import Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.verify import LogReport, verify_log
from sessions.vietnam import today

MAX_CANDIDATES = 999
TRIES = 2
DRAW = 2026
"""Where the rehearsal's drawn challenges begin."""
NUMBERS_PER_SESSION = 1_000
GIVEN_NAMES = ("Mẫu", "Thử", "Ví Dụ", "Luyện", "Tập", "Giả Định", "Minh Hoạ")
SURNAMES = ("Nguyễn Văn", "Trần Văn", "Lê Văn", "Phạm Văn", "Hoàng Văn", "Đặng Văn", "Vũ Văn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How one candidate turns up. `listed`: on the roster; `card_face`, `live_face`: specimens, None: stays away."""

    name: str
    card_face: str | None = None
    live_face: str | None = None
    species: str = "bona-fide"
    listed: bool = True
    signer: str = "signer"
    faults: Faults = field(default_factory=Faults)


SCENARIOS = (
    Scenario(name="right-person", card_face="hopper", live_face="hopper"),
    Scenario(name="impostor", card_face="hopper", live_face="astronaut"),
    Scenario(
        name="altered-chip",
        card_face="astronaut",
        live_face="astronaut",
        faults=Faults(altered=frozenset({2})),
    ),
    Scenario(name="unknown-signer", card_face="astronaut", live_face="astronaut", signer="unknown_signer"),
    Scenario(name="not-on-roster", card_face="astronaut", live_face="astronaut", listed=False),
    Scenario(name="absent"),
    Scenario(
        name="cloned-chip",
        card_face="astronaut",
        live_face="astronaut",
        faults=Faults(foreign_active_key=True),
    ),
    Scenario(name="photograph", card_face="hopper", live_face="hopper", species="bent-print"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is rehearsed: rules, the components held (the first is where everybody comes), the place, rooms by SBD."""

    rules: str
    components: tuple[str, ...]
    place: str
    rooms: Mapping[str, str] = field(default_factory=dict)

    @property
    def exam(self) -> bool:
        """Whether it is an exam in rooms, not a driving test."""
        return bool(self.rooms)


DRIVING = Kind(
    rules="driving-tt108-2026", components=("theory", "yard", "road"), place="Trung tâm Sát hạch Mẫu"
)
EXAM = Kind(
    rules="written-exam",
    components=("mathematics",),
    place="Điểm thi Mẫu",
    rooms={"004": "P2"},
)
ROOM = "P1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCandidate:
    """One candidate of the training roster and how they turn up."""

    sbd: str
    holder: HolderRecord = field(repr=False)
    scenario: Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What a training session leaves behind. `results`: by SBD, of the first component; None for who stayed away."""

    session: Session
    candidates: tuple[TrainingCandidate, ...]
    results: Mapping[str, AttemptResult | None]
    sheets: tuple[WrittenSheet, ...]
    pack: WrittenPack
    report: LogReport
    database: Path
    station_key: str
    station_key_file: Path


OnCandidate = Callable[[TrainingCandidate, AttemptResult | None], None]
OnStep = Callable[[str, Mapping[str, str | int]], None]


def candidates(count: int, today: date, *, group: int = 0) -> Iterator[TrainingCandidate]:
    """Yield `count` candidates: the scenarios in order, then absent ones. The people are plainly specimens.

    `group`: how many sessions came before; each has numbers of its own, since nobody is admitted twice a day.
    """
    for index in range(count):
        scenario = SCENARIOS[index] if index < len(SCENARIOS) else Scenario(name="absent")
        birth = date(1999, 1 + index % 12, 1 + (14 + index) % 28)
        name = f"{SURNAMES[index % len(SURNAMES)]} {GIVEN_NAMES[index // 7 % len(GIVEN_NAMES)]}"
        holder = HolderRecord(
            id_number=f"001099{(group * NUMBERS_PER_SESSION + index + 1) % 1_000_000:06d}",
            full_name=name,
            birth=PartialDate.of(birth),
            sex="Nam",
            issued=date(today.year, 1, 1),
        )
        yield TrainingCandidate(sbd=f"{index + 1:03d}", holder=holder, scenario=scenario)


def roster_csv(rows: tuple[TrainingCandidate, ...], rooms: Mapping[str, str] | None = None) -> bytes:
    """Return the training roster as an operator would get it."""
    rooms = rooms or {}
    classed = "" if rooms else "B,"
    lines = [f"SBD,Họ và tên,Ngày sinh,Số định danh,{'Hạng,' if classed else ''}Phòng"]
    for row in rows:
        if row.scenario.listed:
            birth = row.holder.birth.full
            printed = "" if birth is None else birth.strftime("%d/%m/%Y")
            place = f"{classed}{rooms.get(row.sbd, ROOM)}"
            lines.append(f"{row.sbd},{row.holder.full_name},{printed},{row.holder.id_number},{place}")
    return ("\n".join(lines) + "\n").encode()


def run_training(
    places: Places, count: int, *, on_step: OnStep, on_candidate: OnCandidate, kind: Kind = DRIVING
) -> TrainingResult:
    """Run one training session in the training root of `places`, sheets included."""
    root = ensure_training_root(places.training)
    on_step("progress.prepare", {})
    with open_training(root) as opened:
        workshop, trust = open_workshop(opened.root, opened.keys)
        before = len(opened.store.entries("open"))
        people = tuple(candidates(count, today(), group=before))
        session = _create(opened, people, kind)
        on_step(
            "progress.training",
            {"session": session.session_id, "count": count, "root": str(root.path)},
        )
        crowd = _Crowd(opened, trust, workshop, people)
        day = TrainingDay(opened=opened, session=session, say=on_step)
        results = crowd.exam(day, on_candidate) if kind.exam else crowd.driving_test(day, on_candidate)
        sheets = day.end(results=not kind.exam)
        pack = export_pack(opened, session, root.path / "packs", sheets=root.sheets_dir)
        keys, key = opened.keys, root.station_key()
    report = verify_log(
        root.database,
        database_key=keys.bundle.database_key,
        evidence_key=keys.bundle.evidence_key,
        pins=StationPins.load(root.stations_dir),
        origin=root.origin,
    )
    key_file = root.path / "station.vkey"
    key_file.write_text(key.encode() + "\n", encoding="utf-8")
    return TrainingResult(
        session=session,
        candidates=people,
        results=results,
        sheets=sheets,
        pack=pack,
        report=report,
        database=root.database,
        station_key=key.fingerprint,
        station_key_file=key_file,
    )


def _create(opened: OpenRoot, people: tuple[TrainingCandidate, ...], kind: Kind) -> Session:
    return create_session(
        opened.store,
        root_kind="training",
        roster=read_roster(roster_csv(people, kind.rooms)),
        rules=load_rules(kind.rules),
        component=kind.components[0],
        components=kind.components[1:],
        place=kind.place,
        day=today(),
        operator=opened.require_login().operator,
    )


class _Crowd:
    """The candidates of a training session as they come to a desk."""

    def __init__(
        self,
        opened: OpenRoot,
        trust: TrustStore,
        workshop: CardWorkshop,
        people: tuple[TrainingCandidate, ...],
    ) -> None:
        self._opened, self._trust, self._workshop = opened, trust, workshop
        self._people = {person.sbd: person for person in people}
        self._faces = specimen_faces(("hopper", "astronaut"))

    def driving_test(self, day: TrainingDay, on_candidate: OnCandidate) -> dict[str, AttemptResult | None]:
        """Theory with all that can happen there; then the yard, where one has to wait, and the road."""
        first = next(iter(self._people))
        with self._desk(day.session) as desk:
            day.agree(first, load_texts("vi")["notice.text"])
            results = self._attend(desk, on_candidate)
        passed, failed = self._decide(day, results)
        if passed is not None:
            day.result(passed, "theory", 29)
        if failed is not None:
            day.result(failed, "theory", 20)
        yard = day.session.at("yard")
        with self._desk(yard) as desk:
            for sbd in (passed, failed):
                if sbd is not None:
                    self._say(day, sbd, self._look(desk, sbd, "check-in"))
            if passed is not None:
                day.out_and_in(desk, yard, passed, self._look)
                day.spot_check(desk, yard, self._look)
                day.result(passed, "yard", 85)
        if passed is not None:
            with self._desk(day.session.at("road")) as desk:
                self._say(day, passed, self._look(desk, passed, "check-in"), "road")
            day.result(passed, "road", 90)
        return results

    def exam(self, day: TrainingDay, on_candidate: OnCandidate) -> dict[str, AttemptResult | None]:
        """One subject in one room: who belongs to another, a passport, a telephone."""
        day.started(day.session.component, minutes_ago=5)
        with self._desk(day.session, room=ROOM) as desk:
            results = self._attend(desk, on_candidate)
        for sbd, result in results.items():
            scenario = self._people[sbd].scenario.name
            if scenario == "altered-chip" and result is not None:
                day.keep_out(sbd, result)
            elif scenario == "absent" and int(sbd) < len(SCENARIOS):
                day.by_hand(sbd)
            elif result is not None and result.verdict is Verdict.ADMIT:
                day.suspend(sbd)
        return results

    def _decide(
        self, day: TrainingDay, results: Mapping[str, AttemptResult | None]
    ) -> tuple[str | None, str | None]:
        """Let two persons decide what the machine could not; return who was let in by it, and who by them."""
        passed = failed = None
        for sbd, result in results.items():
            scenario = self._people[sbd].scenario.name
            if result is None:
                continue
            if result.verdict is Verdict.ADMIT:
                passed = passed or sbd
            elif scenario == "unknown-signer" and day.let_in(sbd, result, "signer-unknown"):
                failed = sbd
            elif scenario == "altered-chip":
                day.keep_out(sbd, result)
        return passed, failed

    def _desk(self, session: Session, room: str = "") -> AbstractContextManager[Desk]:
        return open_desk(
            self._opened,
            session,
            self._trust,
            show_notice=lambda version, text: None,
            room=room,
            search_stops=False,  # two portraits stand for everybody
            random=Random(DRAW),  # noqa: S311 - a rehearsal that goes the same way every time
        )

    def _attend(self, desk: Desk, on_candidate: OnCandidate) -> dict[str, AttemptResult | None]:
        """Everybody comes, in the list's order."""
        results: dict[str, AttemptResult | None] = {}
        for sbd, person in self._people.items():
            comes = person.scenario.card_face is not None
            results[sbd] = result = self._look(desk, sbd, "check-in") if comes else None
            on_candidate(person, result)
            if result is not None and result.interrupted:
                raise KeyboardInterrupt  # the attempt is recorded; now the session stops
        return results

    def _look(self, desk: Desk, sbd: str, purpose: str) -> AttemptResult:
        """An attempt of somebody who has a card; who slips at a challenge does it again, as at any desk."""
        for again in range(TRIES):
            work = self._transaction(sbd, purpose, again)
            if work is None:
                raise KeyError(sbd)
            result = desk.check_in(work)
            slipped = bool(result.decision.reasons) and all(
                code.startswith("pad-") for code in result.decision.reasons
            )
            if not slipped or self._people[sbd].scenario.species != BONA_FIDE:
                break
        return result

    def _say(self, day: TrainingDay, sbd: str, result: AttemptResult, component: str = "yard") -> None:
        label = day.session.rules.components[component].label
        facts = {"sbd": sbd, "component": label, "verdict": result.verdict.value}
        day.say("training.next", facts)

    def _transaction(self, sbd: str, purpose: str, again: int = 0) -> Transaction | None:
        """Return what somebody brings to the desk; None for who stays away."""
        person = self._people[sbd]
        scenario = person.scenario
        if scenario.card_face is None or scenario.live_face is None:
            return None
        card_image, card_face = self._faces[scenario.card_face]
        pki = self._workshop.pki
        image = personalise(
            person.holder,
            portrait_jpeg(card_image, face=card_face),
            pki,
            now=datetime.now(UTC),
            faults=scenario.faults,
            signer=pki.unknown_signer if scenario.signer == "unknown_signer" else pki.signer,
        )
        scene = scene_of(scenario.live_face, scenario.species, seed=int(sbd) + 10 * again)
        return Transaction(
            access=AccessText("qr", qr_payload(person.holder)),
            source=CardSource(kind="software", connect=lambda: InProcessConnection(SoftCard(image))),
            open_camera=lambda: SceneCamera(scene),
            screen=scene,
            purpose=purpose,
        )
