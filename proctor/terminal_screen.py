"""The candidate's prompts as lines, where no screen faces the candidate: somebody reads them out."""

from collections.abc import Callable, Mapping

from biometrics.candidate_screen import Colour, Prompt

Say = Callable[[str, Mapping[str, str | int]], None]
"""Given the key of a text and its facts."""


class TerminalScreen:
    """Implements `CandidateScreen`: a prompt is the text `screen.<prompt>`, a hint `hint.<code>`, said once until it
    changes. It cannot flash. `skip` counts while a challenge is shown, and is forgotten when it is done."""

    can_flash = False

    def __init__(self, say: Say) -> None:
        self._say = say
        self._asking = False
        self._skip = False
        self._hint = ""

    @property
    def skip_asked(self) -> bool:
        """Whether somebody asked to go on without the challenge that is shown."""
        return self._skip

    def skip(self) -> None:
        """Go on without the challenge that is shown; without one: nothing."""
        self._skip = self._asking

    def prompt(self, prompt: Prompt) -> None:
        """Say what to do."""
        self._asking = prompt != "done"
        self._skip = self._skip and self._asking
        self._hint = ""
        self._say(f"screen.{prompt}", {})

    def hint(self, code: str) -> None:
        """Say what hinders the picture, unless it was said just now."""
        if code and code != self._hint:
            self._say(f"hint.{code}", {})
        self._hint = code

    def colour(self, rgb: Colour | None) -> None:
        """Lines have no colour: nothing happens."""

    def notice(self, version: str, text: str) -> None:
        """The desk shows the notice itself: nothing happens."""

    def idle(self) -> None:
        """Nobody is at the desk."""
        self._asking = self._skip = False
        self._hint = ""

    def close(self) -> None:
        """Nothing is open."""
