"""The second person of any form: who it is, how presence is proven, and what a card and a face need for that."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from biometrics.errors import BiometricsError
from proctor.errors import CommandError
from proctor.gui.station.forms import Field, Form
from proctor.screens.second import Seconds
from proctor.seconds import CARD_FACE, PASSWORD
from proctor.texts import load_texts
from readers.errors import ReaderError

if TYPE_CHECKING:
    from proctor.desk.runner import Done, Runner

SECOND: Final = "second"
PROOF: Final = "proof"
CARD: Final = "card"
DOING: Final = "window.station.doing"
NAMES: Final = (SECOND, PROOF, CARD)

Run = Callable[..., "Done"]


def second_fields(
    seconds: Seconds,
    texts: Any,
    *,
    lends: bool = False,
    labels: str = "exception-pane",
    value: str = "",
) -> tuple[Field, ...]:
    """Return the fields for the second person: chosen of who may; in training any other name is typed. `lends`: whether
    there is a reader and a camera for it, so that card and face are among the proofs; `labels`: the first part of the
    labels' keys; `value`: who is chosen beforehand."""
    label = {name: f"{labels}.{name}" for name in NAMES}
    if seconds.training:
        return (Field(name=SECOND, text=label[SECOND], value=value),)
    fields = [Field(name=SECOND, text=label[SECOND], kind="choice", choices=seconds.people, value=value)]
    proofs = seconds.at(lends=lends)
    if proofs != (PASSWORD,):
        choices = tuple((proof, texts[f"checkin.decision.proof.{proof}"]) for proof in proofs)
        fields.append(Field(name=PROOF, text=label[PROOF], kind="choice", choices=choices, value=proofs[0]))
    if CARD_FACE in proofs:
        said = texts.say("checkin.decision.card-how", notice=texts["presence.notice"])
        fields.append(Field(name=CARD, text=label[CARD], kind="secret", said=said))
    return tuple(fields)


def second_words(form: Form, seconds: Seconds) -> tuple[str, ...]:
    """Return the options that name the second person."""
    words = (f"--second={form.value(SECOND)}",)
    if seconds.training:
        return words
    return (*words, f"--second-proof={form.value(PROOF) if PROOF in form.widgets else PASSWORD}")


class Proving:
    """A second person's card and face in one form: the field, what is scanned for it, and the devices meanwhile.

    `show` is called when the form was made and whenever the proof was changed in it.
    """

    def __init__(self, window: Any, form: Form) -> None:
        self._window, self._form = window, form
        self._hidden = False
        form.bind("<Destroy>", self._gone, add="+")

    @property
    def by_card(self) -> bool:
        """Whether card and face are the proof now."""
        form = self._form
        if CARD not in form.widgets or self._hidden:
            return False
        return form.value(PROOF) == CARD_FACE

    @property
    def working(self) -> str:
        """The key of what is said while a command runs."""
        return "checkin.decision.presence" if self.by_card else DOING

    def show(self, wanted: bool = True) -> None:
        """Ask for a card only where card and face are the proof. `wanted`: whether a second person is at all."""
        self._hidden = not wanted
        if CARD not in self._form.widgets:
            return
        self._form.show(CARD, self.by_card)
        if self.by_card:
            self._window.awaiting.begin(self, self._take, lambda: not self._form.value(CARD))
        else:
            self._window.awaiting.end(self)

    def run(self, runner: "Runner") -> Run:
        """Return what runs commands as typed now, with the reader and camera where they are the proof. It is called
        beside the window: `run(*words, typed=…)`."""
        lend = self._window.lend
        if not self.by_card or lend is None:
            return runner.run
        card = self._form.value(CARD).strip()
        kind = "qr" if "|" in card else "number"
        notice = load_texts("vi")["presence.notice"]  # it stands in the form, and needs no second telling

        def run(*words: str, typed: str | Mapping[str, str] = "") -> "Done":
            values = {"-": typed} if isinstance(typed, str) else dict(typed)
            try:
                with lend() as (reader, camera):
                    devices = (f"--second-reader={reader}", f"--second-camera={camera}")
                    known = values | {f"-{CARD}": card}
                    done = runner.run(*words, f"--second-{kind}=-{CARD}", *devices, typed=known)
                    return replace(done, said=tuple(line for line in done.said if notice not in line))
            except (ReaderError, BiometricsError) as error:
                raise CommandError.of(error.code, error.facts) from None

        return run

    def _take(self, text: str) -> None:
        self._form.put(CARD, text)
        self._form.right()
        self._form.widgets[CARD].focus_set()

    def _gone(self, event: Any) -> None:
        if event.widget is self._form:
            self._window.awaiting.end(self)
