"""`proctor face compare`."""

from typing import Any

from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError
from biometrics.evidence import Comparison
from proctor.commands.context import Context
from proctor.commands.show import reason_json
from proctor.face_models import dlib_setting
from proctor.files import read_file
from proctor.texts import Texts

MAX_IMAGE_FILE = 32 * 1024 * 1024


def compare(context: Context) -> int:
    """Compare two pictures. Exit 0 on a match; without a comparison the decision is "refer" with a code."""
    reference = read_file(context.options.reference, MAX_IMAGE_FILE)
    probe = read_file(context.options.probe, MAX_IMAGE_FILE)
    with FaceEngine.load(dlib=dlib_setting()) as engine:
        thresholds = engine.thresholds()
        data: dict[str, Any] = {
            "decision": "refer",
            "code": "ok",
            "score": None,
            "threshold": thresholds.accept,
            "refer_threshold": thresholds.refer,
            "model": {"name": thresholds.model, "sha256": engine.models.embedder.weights.sha256},
            "quality": {"reference": None, "probe": None},
            "times_ms": {},
            "advisory": {},
        }
        try:
            found = engine.compare_images(reference, probe, thresholds)
        except BiometricsError as error:
            reason = reason_json(error.code, error.facts)
            data |= {**reason, "facts": dict(error.facts)}
            context.result(data, (context.texts.say("decision.refer"), reason[context.texts.language]))
            return 1
    data |= _found(found)
    context.result(data, tuple(_lines(found, context.texts)))
    return 0 if found.decision == "match" else 1


def _found(found: Comparison) -> dict[str, Any]:
    return {
        "decision": found.decision,
        "score": round(found.score, 4),
        "quality": {side: dict(facts) for side, facts in found.quality.items()},
        "times_ms": dict(found.times_ms),
        "advisory": dict(found.advisory),
    }


def _lines(found: Comparison, texts: Texts) -> list[str]:
    return [
        texts.say(f"decision.{found.decision}"),
        f"  {found.score:.4f}  (≥ {found.threshold:.3f}; {found.refer_threshold:.3f})  {found.model['name']}",
        f"  {found.times_ms['total']} ms",
    ]
