"""The screen that faces the candidate: what a challenge asks for, and the light it sheds on the face."""

from typing import Literal, Protocol

Prompt = Literal["look-ahead", "turn-left", "turn-right", "close-eyes", "open-eyes", "watch-colours", "done"]
Colour = tuple[int, int, int]  # red, green, blue, 0 to 255, sRGB


class CandidateScreen(Protocol):
    """`turn-left` is towards the candidate's own left: in the camera's picture the nose moves to the image's right."""

    @property
    def can_flash(self) -> bool:
        """Whether it can fill itself with a colour: a terminal cannot."""

    @property
    def skip_asked(self) -> bool:
        """Whether candidate or supervisor asked to go on without this challenge; asked again after each prompt."""

    def prompt(self, prompt: Prompt) -> None:
        """Show what to do. Returns when it is on the screen."""

    def hint(self, code: str) -> None:
        """Show what hinders the picture, by the code of the error ("face-too-small"); "" takes it away."""

    def colour(self, rgb: Colour | None) -> None:
        """Fill the screen with a colour; None: back to the usual one."""
