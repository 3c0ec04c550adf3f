"""What one live frame shows: the verdict of the gate, for the hint on the screen and for choosing frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from biometrics.detect import Face
from biometrics.quality import Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameReport:
    """One frame judged. It carries no picture and no template, so it crosses processes cheaply.

    `code`: "" when the frame counts, otherwise the code of its defect ("face-too-small"): the key of the text for the
    desk; `hint.<code>` is the text for the candidate. `face`: the one the report is about, in pixels of the frame,
    `quality` its measurements; None when there is none, or when it was not measured. `in_zone`: that face's centre
    lies in the candidate's zone. `others`: further faces in the frame that stand in nobody's way. `facts`: the
    defect's, as the error would carry them.
    """

    code: str
    face: Face | None = field(default=None, repr=False)
    quality: Quality | None = None
    in_zone: bool = False
    others: int = 0
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether the frame would count in a probe."""
        return not self.code

    @property
    def hint(self) -> str:
        """The key of the words for the candidate, "" when there is nothing to say."""
        return f"hint.{self.code}" if self.code else ""
