"""The report after ISO/IEC 30107-3: a folder of labelled recordings, each judged as it would be judged live.

Nothing is passed over in silence: what cannot be read, judged or compared is named by folder and file.
"""

import hashlib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from biometrics.decode import PortraitDecoder
from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError, FaceNoMatchError, FaceReferError
from biometrics.evidence import Reference
from biometrics.frames import Burst, Frame
from biometrics.notice import NoticeShown
from biometrics.pad.judging import judge
from biometrics.pad.recording import FRAME_LIMITS, TABLE, Recording, read_recording
from biometrics.pad_metrics import Answer, Group, Presentation, groups_of
from biometrics.tables import read_table
from biometrics.thresholds import Thresholds
from proctor.errors import CommandError
from sessions.rules import Rules

ALL_CHECKS: Final = ("pad", "pad-turn", "pad-eyes", "pad-flash")
CONDITIONS: Final = "conditions.toml"
MAX_RECORDINGS: Final = 20_000
MAX_DEPTH: Final = 8
_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg"})
_PROBE_FRAMES: Final = 5
_LOOKED_AT: Final = 40
_SPACING_S: Final = 0.2
_MAX_CONDITIONS: Final = 4096
_ANSWERS: Final[Mapping[str, Answer]] = {"passed": "passed", "failed": "failed", "unclear": "unclear"}

_RECORDED: Final = NoticeShown(
    version="recorded", sha256="00" * 32, shown_at=datetime(1970, 1, 1, tzinfo=UTC)
)
"""Nobody is before a camera: the frames were taken under the notice of their recording."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What could not be evaluated: `folder` below the one asked for, `file` in it, and why. `left_out`: the whole
    recording is in no figure; else only its comparison with the reference is missing."""

    folder: str
    file: str
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    left_out: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A judged presentation with what each check says of itself."""

    presentation: Presentation
    facts: Mapping[str, Mapping[str, str | int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a site should collect; units in models/pad_plan.toml."""

    subjects: int
    devices: int
    lights: int
    presentations_per_species: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PadReport:
    """The report. `found`: folders with a recording in them, or with pictures and none."""

    folder: str
    rules: str
    required: tuple[str, ...]
    models: Mapping[str, str]
    found: int
    judged: tuple[Judged, ...]
    faults: tuple[Fault, ...]
    groups: tuple[Group, ...]
    plan: Plan


def load_plan() -> Plan:
    """Return what a site should collect. Raises ModelTableError."""
    names = ("subjects", "devices", "lights", "presentations_per_species")
    table, _ = read_table("pad_plan", {"source": str, **dict.fromkeys(names, int)})
    return Plan(**{name: table[name] for name in names})


def pad_report(
    folder: Path, engine: FaceEngine, rules: Rules | None, *, on_progress: Progress = lambda done, of: None
) -> PadReport:
    """Judge every recording below `folder`. Raises CommandError "pad-no-recordings", "pad-too-many"."""
    found = tuple(recording_folders(folder))
    if not found:
        raise CommandError("pad-no-recordings", folder=str(folder))
    if len(found) > MAX_RECORDINGS:
        raise CommandError("pad-too-many", folder=str(folder), limit=MAX_RECORDINGS)
    turns = None if rules is None else rules.pad_turns
    fmrs = {} if rules is None else {"fmr": rules.fmr_accept, "refer_fmr": rules.fmr_refer}
    judged: list[Judged] = []
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    with PortraitDecoder(FRAME_LIMITS) as decoder:
        bench = Bench(engine, decoder, thresholds=engine.thresholds(**fmrs), turns=turns)
        for number, place in enumerate(found):
            on_progress(number, len(found))
            name = _printable(place.relative_to(folder).as_posix())
            try:
                _require_new(place, name, seen)
                one, wrong = bench.judge(place, name)
            except BiometricsError as error:
                file = str(error.facts.get("file", TABLE))
                faults.append(Fault(folder=name, file=file, code=error.code, facts=error.facts))
                continue
            except CommandError as error:
                faults.append(Fault(folder=name, file=TABLE, code=error.code, facts=error.facts))
                continue
            judged.append(one)
            faults += wrong
    required = required_of(rules)
    return PadReport(
        folder=str(folder),
        rules="" if rules is None else rules.rules_id,
        required=required,
        models={
            "detector": engine.models.detector.weights.sha256,
            "embedder": engine.models.embedder.weights.sha256,
            "thresholds": bench.thresholds.model,
        },
        found=len(found),
        judged=tuple(judged),
        faults=tuple(faults),
        groups=groups_of((each.presentation for each in judged), required),
        plan=load_plan(),
    )


def required_of(rules: Rules | None) -> tuple[str, ...]:
    """Return the checks that must pass: those of the rules, in a fixed order; without rules all there are."""
    if rules is None:
        return ALL_CHECKS
    return tuple(name for name in (*ALL_CHECKS, "pad-model") if name in rules.required)


def recording_folders(folder: Path) -> Iterator[Path]:
    """Yield, by name, the folders that hold a recording, or pictures and no table of them; links are not followed."""
    if not folder.is_dir():
        raise CommandError("pad-no-recordings", folder=str(folder))
    base = len(folder.parts)
    for place, below, files in os.walk(folder):
        below.sort()
        here = Path(place)
        if len(here.parts) - base >= MAX_DEPTH:
            below.clear()
        if TABLE in files:
            below.clear()
            yield here
        elif any(Path(name).suffix.lower() in _PICTURES for name in files):
            yield here


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() and letter not in "|`" else "?" for letter in name)


def _require_new(place: Path, name: str, seen: dict[str, str]) -> None:
    """Raise CommandError "pad-recording-twice" for a copy: counted twice, it would make every figure look surer."""
    digest = hashlib.sha256()
    pictures = sorted(
        path for path in place.iterdir() if path.suffix.lower() in _PICTURES and path.stem.isdigit()
    )
    if not pictures:
        return
    for path in (pictures[0], pictures[len(pictures) // 2], pictures[-1]):
        try:
            with path.open("rb") as file:
                digest.update(hashlib.sha256(file.read(FRAME_LIMITS.max_bytes)).digest())
        except OSError:
            return  # reading it for good says what is wrong
    digest.update(str(len(pictures)).encode())
    other = seen.setdefault(digest.hexdigest(), name)
    if other != name:
        raise CommandError("pad-recording-twice", other=other)


class Bench:
    """Judges recordings with one engine and one decoder."""

    def __init__(
        self, engine: FaceEngine, decoder: PortraitDecoder, *, thresholds: Thresholds, turns: int | None
    ) -> None:
        self._engine = engine
        self._decoder = decoder
        self._turns = turns
        self.thresholds = thresholds

    def judge(self, place: Path, name: str) -> tuple[Judged, list[Fault]]:
        """Return a presentation, and what of it could not be done. Raises BiometricsError, CommandError."""
        recording = read_recording(place, self._decoder)
        conditions = read_conditions(place)
        found = (
            judge(recording, self._engine)
            if self._turns is None
            else judge(recording, self._engine, turns=self._turns)
        )
        matched, faults = self._matched(recording, name)
        presentation = Presentation(
            name=name,
            label=recording.label,
            species=recording.species,
            subject=recording.subject,
            source=recording.source,
            split=recording.split,
            answers={check: _ANSWERS[outcome] for check, (outcome, _) in found.items()},
            matched=matched,
            conditions=conditions,
        )
        return Judged(
            presentation=presentation, facts={check: facts for check, (_, facts) in found.items()}
        ), faults

    def _matched(self, recording: Recording, name: str) -> tuple[bool | None, list[Fault]]:
        """Return what the comparison says of the best frames, as the desk makes it: no usable frame is no match."""
        if recording.reference is None:
            return None, []
        try:
            reference = self._engine.reference(self._decoder.decode(recording.reference))
        except BiometricsError as error:
            fault = Fault(
                folder=name, file="reference.jpg", code=error.code, facts=error.facts, left_out=False
            )
            return None, [fault]
        return self._match(reference, recording.frames), []

    def _match(self, reference: Reference, frames: Sequence[Frame]) -> bool:
        good = self._good(frames)
        if not good:
            return False
        burst = Burst(frames=tuple(good), notice=_RECORDED, camera_kind="file")
        try:
            live = self._engine.probe(burst)
            self._engine.require_match(reference, live, self.thresholds)
        except (FaceReferError, FaceNoMatchError):
            return False
        except BiometricsError:
            return False  # another person in between, a second face: the desk would not let it through either
        return True

    def _good(self, frames: Sequence[Frame]) -> list[Frame]:
        """Return the first good frames, far enough apart; only so many are looked at."""
        good: list[Frame] = []
        looked, due = 0, float("-inf")
        for frame in frames:
            if frame.monotonic_s < due:
                continue
            due = frame.monotonic_s + _SPACING_S
            looked += 1
            if self._engine.usable(frame):
                good.append(frame)
            if len(good) == _PROBE_FRAMES or looked == _LOOKED_AT:
                break
        return good


def read_conditions(place: Path) -> Mapping[str, str]:
    """Return the device and light of a recording, from conditions.toml beside it; nothing where there is none.

    Raises CommandError "pad-conditions-invalid".
    """
    path = place / CONDITIONS
    if not path.exists():
        return {}
    try:
        with path.open("rb") as file:
            table = tomllib.loads(file.read(_MAX_CONDITIONS).decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise CommandError("pad-conditions-invalid", file=CONDITIONS) from None
    good = {"device", "light"} >= table.keys()
    if not good or not all(isinstance(value, str) and 0 < len(value) <= 40 for value in table.values()):
        raise CommandError("pad-conditions-invalid", file=CONDITIONS)
    return dict(sorted(table.items()))
