"""What can go wrong with the face process itself. None of it says anything about the candidate."""

from biometrics.errors import BiometricsError


class FaceWorkerGoneError(BiometricsError):
    """The face process could not be started, or ended before it answered. Facts: `call`, `reason`, `restarts`."""

    code = "face-worker-gone"


class FaceWorkerLateError(BiometricsError):
    """The face process did not answer in time and was ended. Facts: `call`, `deadline_ms`, `restarts`."""

    code = "face-worker-late"


class FaceWorkBugError(RuntimeError):
    """A bug inside the face process: kind and place, nothing of what was worked on."""

    def __init__(self, call: str, kind: str, place: str) -> None:
        super().__init__(f"{call}: {kind} at {place}")
        self.call = call
        self.kind = kind
        self.place = place
