"""What a candidate says to the notice: it was shown, they agree, or no picture may be taken of them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from proctor.gui.station.exceptions.pane import ActionPane
from proctor.gui.station.forms import Field
from proctor.screens.exceptions import person_of
from proctor.texts import load_texts

if TYPE_CHECKING:
    from proctor.desk.runner import Done
    from proctor.gui.station.window import StationWindow

ANSWERS: Final = ("shown", "agreed", "refused")


class ConsentPane(ActionPane):
    """A form of `proctor consent` for one candidate. `sbd`: of whom, "" where it is typed; `on_done`: gets the
    command's `Done`, None where left. The notice stands in it as the candidate reads it: in Vietnamese.
    """

    WRONG: ClassVar[Mapping[str, str]] = {"exception-candidate-unknown": "sbd"}

    def __init__(
        self,
        parent: Any,
        window: "StationWindow",
        *,
        sbd: str,
        attempt_id: str = "",
        on_done: "Callable[[Done | None], None]",
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent, window, on_done=on_done, kept=kept)
        self.attempt_id = attempt_id
        self.heading(self.texts["exception-pane.consent.what"], 0)
        answers = tuple((name, self.texts[f"exception-pane.consent.{name}"]) for name in ANSWERS)
        fields = (
            Field(name="sbd", text="exception-pane.sbd", value=sbd),
            Field(name="answer", text="exception-pane.consent.answer", kind="choice", choices=answers),
        )
        form = self.make_form(fields, 1)
        form.put_back(self.begun.get("values", {}))
        self.heading(load_texts("vi")["notice.text"], 2, bold=False)
        self.enter_is("exception-pane.consent.enter")
        self.after_idle(self.take_focus)

    def forward(self) -> None:
        """Enter: enter the answer."""
        form, session = self.form, self.session
        if form is None or session is None or self.window.background.busy or not form.check():
            return
        person = person_of(session, form.value("sbd"))
        if person is None:
            form.wrong("sbd", self.texts["exception-pane.error.exception-candidate-unknown"])
            return
        words = ("consent", f"--session={session.session_id}", f"--sbd={person.sbd}")
        self.command(*words, f"--{form.value('answer')}", done=self.finish)

    def kept(self) -> Mapping[str, Any]:
        """Return what was typed and chosen."""
        return {} if self.form is None else {"values": self.form.kept()}
