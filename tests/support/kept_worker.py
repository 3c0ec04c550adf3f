"""A face worker whose child is kept for the next test that wants the same engine: loading it costs more than the test.

The station itself keeps one child for a day of candidates. What a child holds of one attempt is forgotten between two
tests as between two candidates; a child that failed, or was asked for something else, is ended as always.
"""

import pickle
from typing import Any, ClassVar

from biometrics.errors import BiometricsError
from biometrics.worker import FaceWorker


class KeptFaceWorker(FaceWorker):
    """As `FaceWorker`; `end_all` ends the children that wait."""

    _waiting: ClassVar[dict[bytes, Any]] = {}

    def close(self) -> None:
        """Keep the child where it is in order."""
        child = self._child
        if not self._closed and self.restarts == 0 and child is not None and child.loaded:
            try:
                self._ask(int, "forget")
            except BiometricsError:
                child = None
            with self._lock:
                if child is not None and self._child is child and self._key() not in self._waiting:
                    self._waiting[self._key()] = child
                    self._child = None
        super().close()

    @classmethod
    def end_all(cls) -> None:
        """End every child that waits."""
        while cls._waiting:
            cls._waiting.popitem()[1].end(grace_s=2.0)

    def _ready(self) -> Any:
        if self._child is None and self._children == 0 and not self._closed:
            child = self._waiting.pop(self._key(), None)
            if child is not None and child.process.poll() is None:
                child._on_end = self._lost
                self._child, self._children = child, 1
        return super()._ready()

    def _key(self) -> bytes:
        """What the child was loaded with; where no site's model is in use, its folder is none of it."""
        options = dict(self._options)
        if options.get("model") is None and options.get("pad") is None:
            options.pop("site", None)
        return pickle.dumps(sorted(options.items(), key=lambda item: item[0]))
