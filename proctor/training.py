"""A whole training session without hardware: the same pipeline, store and sheet, software cards and recorded faces.

The faces are two public-domain portraits that installed packages ship; a face is admitted once, all other candidates
fail on purpose or do not come.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from biometrics.camera import RecordedCamera
from biometrics.detect import Face
from biometrics.frames import Image
from biometrics.recorded import portrait_jpeg, vary
from proctor.app import Desk, Transaction, open_desk
from proctor.attempt import AttemptResult
from proctor.config import Places
from proctor.desks import CardSource
from proctor.packing import WrittenPack, export_pack
from proctor.present import AccessText
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.sheets import WrittenSheet, write_attendance
from proctor.softcards import CardWorkshop, open_workshop, specimen_faces
from readers.emrtd.dates import PartialDate
from readers.softcard.chip import SoftCard
from readers.softcard.faults import Faults
from readers.softcard.holder import HolderRecord, qr_payload
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from sessions.closing import close_session
from sessions.pins import StationPins
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.verify import LogReport, verify_log

RULES = "driving-tt108-2026"
COMPONENT = "theory"
PLACE = "Trung tâm Sát hạch Mẫu"
MAX_CANDIDATES = 999
NUMBERS_PER_SESSION = 1_000
GIVEN_NAMES = ("Mẫu", "Thử", "Ví Dụ", "Luyện", "Tập", "Giả Định", "Minh Hoạ")
SURNAMES = ("Nguyễn Văn", "Trần Văn", "Lê Văn", "Phạm Văn", "Hoàng Văn", "Đặng Văn", "Vũ Văn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How one candidate turns up. `listed`: on the roster; `card_face`, `live_face`: specimens, None: stays away."""

    name: str
    card_face: str | None = None
    live_face: str | None = None
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
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCandidate:
    """One candidate of the training roster and how they turn up."""

    sbd: str
    holder: HolderRecord = field(repr=False)
    scenario: Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What a training session leaves behind. `results`: by SBD, None for those who stayed away."""

    session: Session
    candidates: tuple[TrainingCandidate, ...]
    results: Mapping[str, AttemptResult | None]
    sheet: WrittenSheet
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


def roster_csv(rows: tuple[TrainingCandidate, ...]) -> bytes:
    """Return the training roster as an operator would get it."""
    lines = ["SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng"]
    for row in rows:
        if row.scenario.listed:
            birth = row.holder.birth.full
            printed = "" if birth is None else birth.strftime("%d/%m/%Y")
            lines.append(f"{row.sbd},{row.holder.full_name},{printed},{row.holder.id_number},B,P1")
    return ("\n".join(lines) + "\n").encode()


def run_training(places: Places, count: int, *, on_step: OnStep, on_candidate: OnCandidate) -> TrainingResult:
    """Run one training session in the training root of `places`, sheets included."""
    root = ensure_training_root(places.training)
    on_step("progress.prepare", {})
    with open_training(root) as opened:
        workshop, trust = open_workshop(opened.root, opened.keys)
        before = len(opened.store.entries("open"))
        people = tuple(candidates(count, datetime.now().astimezone().date(), group=before))
        session = _create(opened, people)
        on_step(
            "progress.training",
            {"session": session.session_id, "count": count, "root": str(root.path)},
        )
        with open_desk(opened, session, trust, show_notice=lambda version, text: None) as desk:
            results = _attend(desk, workshop, people, on_candidate)
        close_session(opened.store, session, operator=opened.require_login().operator)
        sheet = write_attendance(opened, session, root.sheets_dir)
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
        sheet=sheet,
        pack=pack,
        report=report,
        database=root.database,
        station_key=key.fingerprint,
        station_key_file=key_file,
    )


def _create(opened: OpenRoot, people: tuple[TrainingCandidate, ...]) -> Session:
    return create_session(
        opened.store,
        root_kind="training",
        roster=read_roster(roster_csv(people)),
        rules=load_rules(RULES),
        component=COMPONENT,
        place=PLACE,
        day=datetime.now().astimezone().date(),
        operator=opened.require_login().operator,
    )


def _attend(
    desk: Desk, workshop: CardWorkshop, people: tuple[TrainingCandidate, ...], on_candidate: OnCandidate
) -> dict[str, AttemptResult | None]:
    faces = specimen_faces(("hopper", "astronaut"))
    results: dict[str, AttemptResult | None] = {}
    for seed, person in enumerate(people):
        work = _transaction(person, workshop, faces, seed)
        result = None if work is None else desk.check_in(work)
        results[person.sbd] = result
        on_candidate(person, result)
        if result is not None and result.interrupted:
            raise KeyboardInterrupt  # the attempt is recorded; now the session stops
    return results


def _transaction(
    person: TrainingCandidate, workshop: CardWorkshop, faces: Mapping[str, tuple[Image, Face]], seed: int
) -> Transaction | None:
    scenario = person.scenario
    if scenario.card_face is None or scenario.live_face is None:
        return None
    card_image, card_face = faces[scenario.card_face]
    live_image, live_face = faces[scenario.live_face]
    pki = workshop.pki
    image = personalise(
        person.holder,
        portrait_jpeg(card_image, face=card_face),
        pki,
        now=datetime.now(UTC),
        faults=scenario.faults,
        signer=pki.unknown_signer if scenario.signer == "unknown_signer" else pki.signer,
    )
    frames = vary(live_image, seed=seed, face=live_face)
    return Transaction(
        access=AccessText("qr", qr_payload(person.holder)),
        source=CardSource(kind="software", connect=lambda: InProcessConnection(SoftCard(image))),
        open_camera=lambda: RecordedCamera(frames),
    )
