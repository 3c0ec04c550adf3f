"""No screen that faces the candidate: prompts are not shown anywhere, colours cannot be."""

from biometrics.candidate_screen import Colour, Prompt


class BlankScreen:
    """Implements `CandidateScreen`. Nobody sees a prompt, so nobody follows one: a person decides."""

    can_flash = False
    skip_asked = False

    def prompt(self, prompt: Prompt) -> None:
        """Nothing is shown."""

    def hint(self, code: str) -> None:
        """Nothing is shown."""

    def colour(self, rgb: Colour | None) -> None:
        """Nothing is shown."""
