"""An official signs a sheet with their own token: everything is chosen and read before the PIN is asked for."""

from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final

from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Flow
from proctor.gui.station.sheets.pane import Pane, Step
from proctor.screens.sheet_tokens import certificates, libraries, told
from proctor.screens.sheets import copy_words, made_words
from proctor.tokens import USER_PIN

LOOK_MS: Final = 60


class SignPane(Pane):
    """Role, token, certificate; Enter reads the token, then signs."""

    MAIN = "sheets-page.sign.main"
    HEAD = "sheets-page.sign.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        px = self.look.px
        self._told: SimpleQueue[str] = SimpleQueue()
        self._lines: list[tuple[str, str]] = []
        roles = tuple(step.about["roles"])
        known = libraries()
        first = self.memory.token or next(iter(known), "")
        self.form = Form(
            self,
            self.look,
            self.texts,
            self.letters,
            [
                Field(
                    name="role",
                    text="sheets-page.field.role",
                    kind="choice",
                    choices=tuple(roles),
                    value=roles[0][0] if len(roles) == 1 else "",
                ),
                Field(
                    name="token",
                    text="sheets-page.field.token",
                    kind="open-choice",
                    choices=tuple((each, each) for each in known),
                    value=first,
                    help="sheets-page.field.token.help",
                ),
                Field(name="label", text="sheets-page.field.label", needed=False),
                Field(
                    name="certificate",
                    text="sheets-page.field.certificate",
                    kind="choice",
                    choices=tuple(step.about.get("certificates", ())),
                ),
            ],
            on_change=self._changed,
        )
        self.what = self.lines(self)
        self.what.grid(row=1, column=0, sticky="ew", pady=(0, px(4)))
        self.say_lines(self.what, [(line, "") for line in self._sheet()], head=True)
        self.form.grid(row=2, column=0, sticky="ew")
        self.form.put_back(step.kept)
        self.flow = Flow(self, self.look)
        self.flow.grid(row=3, column=0, sticky="ew", pady=px(3))
        self.button(self.flow, "sheets-page.sign.read", self._read)
        self.flow.arrange()
        self.said = self.lines(self)
        self.said.grid(row=4, column=0, sticky="ew")
        self.form.show("certificate", "certificates" in step.about)

    def _sheet(self) -> tuple[str, ...]:
        """Return which sheet is about to be signed: nobody signs what is not named."""
        shelf, seq = self.memory.shelf, int(self.step.about["seq"])
        made = None if shelf is None else shelf.one(seq)
        if made is None:
            return ()
        entry = self.texts.say(
            "sheets-page.file.entry", entry=seq, at=made.at, copy=copy_words(self.texts, made)
        )
        return made_words(self.texts, made, self.labels()), entry

    def begin(self) -> None:
        """Begin at the first field that needs something."""
        if not self.step.about["roles"]:
            self.page.window.say(self.texts["sheets-page.sign.no-field"], "bang")
        self.form.begin()

    def kept(self) -> dict[str, Any]:
        """Return what was chosen."""
        return dict(self.form.kept())

    def forward(self) -> None:
        """Read the token; once its certificates are known, sign."""
        if not self.step.about["roles"]:
            self.page.window.say(self.texts["sheets-page.sign.no-field"], "bang")
        elif "certificates" not in self.step.about:
            self._read()
        elif self.form.check():
            self._sign()

    def _changed(self, name: str) -> None:
        """Another library or token has other certificates."""
        if name in {"token", "label"} and self.step.about.pop("certificates", None) is not None:
            self.form.offer("certificate", ())
            self.form.show("certificate", False)

    # --- the token ---

    def _token_words(self) -> tuple[str, ...]:
        values = self.form.values()
        label = (f"--token-label={values['label']}",) if values["label"] else ()
        return (f"--token={values['token']}", *label)

    def _read(self) -> None:
        if self.form.check():
            self.page.command(
                *("sheets", "token", *self._token_words()),
                done=self._found,
                working="sheets-page.sign.reading",
            )

    def _found(self, done: Any) -> None:
        known = certificates(done.data)
        self.memory.token = self.form.value("token")
        self.say_lines(self.said, [(line, "") for line in told(done.data, done.lines)])
        if not known:
            self.page.window.say(self.texts["sheets-page.sign.no-certificate"], "cross")
            return
        self.step.about["certificates"] = known
        self.form.offer("certificate", known)
        self.form.show("certificate", True)
        if len(known) == 1:
            self.form.put("certificate", known[0][0])
        self.form.begin()
        self.page.follow_all()

    # --- the signature ---

    def _sign(self) -> None:
        values = self.form.values()
        words = (
            *("sheets", "sign", str(self.step.about["file"]), f"--session={self.memory.session}"),
            *(f"--field={values['role']}", f"--certificate={values['certificate']}"),
            *self._token_words(),
        )
        window = self.page.window
        holder = dict(self.step.about["certificates"]).get(values["certificate"], "").partition(" · ")[0]
        runner = window.runner().speaking(self.texts.language, partial(_asked, window.background.ask, holder))
        self._lines = []
        self.page.ask_for(
            lambda: runner.run(*words, tell=self._told.put),
            self._signed,
            working="sheets-page.sign.signing",
        )
        self._listen()

    def _listen(self) -> None:
        """Show what the program says before it asks for the PIN."""
        if not self.winfo_exists():
            return
        before = len(self._lines)
        while True:
            try:
                self._lines.append((self._told.get_nowait(), "arrow"))
            except Empty:
                break
        if len(self._lines) != before:
            self.say_lines(self.said, self._lines)
        if self.page.window.background.busy:
            self.after(LOOK_MS, self._listen)

    def _signed(self, done: Any) -> None:
        self.page.window.say(" ".join(done.lines), "tick")
        self.memory.way.pop()
        self.page.replace("file", seq=self.step.about["seq"], just=True)


def _asked(ask: Callable[[str], str], holder: str, wanted: str) -> str:
    """Ask for a secret; the PIN is the official's, whoever is logged in."""
    return ask(f"{holder}{USER_PIN}" if wanted.endswith(USER_PIN) else wanted)
