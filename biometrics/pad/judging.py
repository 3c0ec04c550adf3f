"""Judge a recorded presentation with the evaluators of the live challenges."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from biometrics.detect import Points
from biometrics.errors import BiometricsError
from biometrics.evidence import Reference
from biometrics.frames import Frame, Image
from biometrics.pad.eyes import judge_eyes
from biometrics.pad.finding import Facts, Finding, Outcome
from biometrics.pad.flash import colour_steps, judge_flash
from biometrics.pad.following import follow, keep_near, spacing_s
from biometrics.pad.observation import Box, Look, Observation
from biometrics.pad.passive import judge_passive
from biometrics.pad.recording import Recording, Shown
from biometrics.pad.settings import PadRules, load_pad_rules
from biometrics.pad.turn import SIGN, judge_turns
from biometrics.template import Template
from biometrics.thresholds import Thresholds

TURNS = 3


class ObservingFaces(Protocol):
    """What of the face engine the challenges need: `engine.FaceEngine`, or the worker that runs it."""

    def observe(self, frame: Frame, look: Look) -> Observation:
        """Return what a frame shows."""

    def thresholds(self) -> Thresholds:
        """Return the thresholds of the comparison."""


class ReferencingFaces(ObservingFaces, Protocol):
    """The engine, with templates of single pictures."""

    def reference(self, image: Image) -> Reference:
        """Return the face of a picture."""


def judge(
    recording: Recording, faces: ReferencingFaces, *, rules: PadRules | None = None, turns: int = TURNS
) -> Mapping[str, tuple[Outcome, Facts]]:
    """Return outcome and facts of every check the recording has frames for; fact `why` names what was no pass.

    "pad" always; "pad-turn", "pad-eyes", "pad-flash" when the screen asked for them. Raises RecordingError when a
    frame cannot be read, and what the engine raises.
    """
    rules = rules or load_pad_rules()
    seen = _observed(recording, faces, rules)
    same_person = faces.thresholds().refer
    found: dict[str, Finding] = {}
    shown = recording.shown
    if any(one.prompt in SIGN for one in shown):
        part, asked = _part(seen, shown, {"turn-left", "turn-right"})
        found["pad-turn"] = judge_turns(part, asked, rules, turns=turns, same_person=same_person)
    if any(one.prompt == "close-eyes" for one in shown):
        part, asked = _part(seen, shown, {"close-eyes", "open-eyes"})
        found["pad-eyes"] = judge_eyes(part, asked, rules, same_person=same_person)
    if colour_steps(shown):
        found["pad-flash"] = judge_flash(seen, shown, rules, same_person=same_person)
    found["pad"] = judge_passive(seen, rules)
    return MappingProxyType({name: (one.outcome, facts_of(one)) for name, one in found.items()})


def facts_of(found: Finding) -> Facts:
    """Return the facts with `why` when there is one."""
    return {**found.facts, "why": found.why} if found.why else dict(found.facts)


def _part(
    seen: Sequence[Observation], shown: Sequence[Shown], prompts: set[str]
) -> tuple[list[Observation], list[Shown]]:
    """Return the frames and prompts of one challenge: from the prompt before its first to the one after its last."""
    asked = [index for index, one in enumerate(shown) if one.prompt in prompts]
    first = max(0, asked[0] - 1)
    begin = shown[first].at_s if first < asked[0] else float("-inf")
    later = [
        one.at_s for one in shown[asked[-1] + 1 :] if one.prompt not in prompts and one.prompt != "look-ahead"
    ]
    colours = [one.at_s for one in shown[asked[-1] + 1 :] if one.colour is not None]
    end = min([*later, *colours, float("inf")])
    return [o for o in seen if begin <= o.at_s <= end], [one for one in shown if begin <= one.at_s <= end]


def _observed(recording: Recording, faces: ReferencingFaces, rules: PadRules) -> list[Observation]:
    """Look at every frame that is not too close to the one before."""
    seen: list[Observation] = []
    last: Observation | None = None
    like: Template | None = None
    points: Points | None = None
    near: Box | None = None
    marks = 0
    for frame in recording.frames:
        asked = [one for one in recording.shown if one.at_s <= frame.monotonic_s]
        if seen and frame.monotonic_s - seen[-1].at_s < spacing_s(asked, rules.observe):
            continue
        if like is None and last is not None and last.face is not None:
            like = _template(faces, frame)
        count = len(seen)
        last = faces.observe(
            frame,
            Look(
                near=near,
                points=points,
                others=count % rules.observe.others_every == 0,
                light=True,
                eyes=True,
                artefacts=count % 5 == 2 and marks < rules.passive.artefact_frames,
                like=like if count % 5 == 0 else None,
            ),
        )
        near = None if last.face is None else keep_near(near, last.face.box, rules.observe)
        points = None if last.face is None else follow(points, last.face.points, rules.observe)
        marks += last.artefacts is not None
        seen.append(last)
    return seen


def _template(faces: ReferencingFaces, frame: Frame) -> Template | None:
    """Return the template of a frame's face, None when it cannot be compared."""
    try:
        return faces.reference(frame.image).template
    except BiometricsError:
        return None
