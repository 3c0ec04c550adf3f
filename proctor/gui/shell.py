"""What every window has: head, message, foot; language and size of the text; work beside it; bugs said, not hidden."""

import tkinter
from abc import ABC, abstractmethod
from functools import partial
from types import TracebackType
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.background import Background, Question
from proctor.gui.choices import whole_choices
from proctor.gui.keyboard import Letters, press_by_keys
from proctor.gui.look import COLOURS, SCALES, Look
from proctor.gui.password import PasswordDialog
from proctor.texts import window_texts
from sessions.errors import SessionsError

THEME: Final = "bootstrap-light"

FOCUS_LINE: Final = "#0b5ed7"


class Shell(ttk.Window, ABC):
    """A window of pages. A change of language or size builds the page anew from what the window keeps.

    A subclass says which page is shown (`page_title`, `make_page`, `left_text`, `main_text`) and what its two buttons
    do (`back`, `forward`, `leave`); `keep` saves what was typed before the page is built anew. A page is a `Scrolled`.
    """

    def __init__(self, *, training: bool, language: str, scale: float = 1.0) -> None:
        super().__init__(title="", theme=THEME, iconphoto=None)
        self.training = training
        self.alive = True
        self.texts = window_texts(language)
        self.look = Look(self, self.style, scale)
        self._said: tuple[str, str] = ("", "")
        self.letters = Letters(self)
        self.background = Background(self, self._question)
        self._fit_screen()
        press_by_keys(self)
        whole_choices(self)
        self._bind_keys()

    # --- what a window says of itself ---

    @abstractmethod
    def window_title(self) -> str:
        """Return the window's title."""

    @abstractmethod
    def page_title(self) -> str:
        """Return the page's title."""

    @abstractmethod
    def make_page(self) -> Any:
        """Return the page that is shown now."""

    @abstractmethod
    def left_text(self) -> str:
        """Return the key of the text of the button on the left."""

    @abstractmethod
    def main_text(self) -> str:
        """Return the key of the text of the main button."""

    @abstractmethod
    def back(self) -> None:
        """Escape, and the button on the left."""

    @abstractmethod
    def forward(self) -> None:
        """Enter, and the main button."""

    def keep(self) -> None:
        """Save what was typed: the page is about to be built anew."""

    # --- building ---

    def _fit_screen(self) -> None:
        wide, high = self.winfo_screenwidth(), self.winfo_screenheight()
        self.geometry(f"{min(wide, self.look.px(1000))}x{min(high - 40, self.look.px(560))}+0+0")
        self.minsize(min(wide, 640), min(high, 400))

    def _bind_keys(self) -> None:
        self.protocol("WM_DELETE_WINDOW", self.leave)
        self.bind("<Return>", lambda _event: self.main.invoke())
        self.bind("<KP_Enter>", lambda _event: self.main.invoke())
        self.bind("<Escape>", lambda _event: self.back())
        self.bind("<Next>", partial(self._turned, 1))
        self.bind("<Prior>", partial(self._turned, -1))
        for keys, step in ((("plus", "equal", "KP_Add"), 1), (("minus", "KP_Subtract"), -1)):
            for key in keys:
                self.bind(f"<Control-{key}>", partial(self._resized, step))

    def build(self) -> None:
        """Build the page that is shown, in the language and size of now."""
        for child in self.winfo_children():
            child.destroy()
        self.letters.forget()
        self._restyle()
        self.title(self.window_title())
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        gap = self.look.px(8)
        self._head().grid(row=0, column=0, sticky="ew", padx=gap, pady=(self.look.px(4), 0))
        self.shown = self.make_page()
        self.shown.grid(row=1, column=0, sticky="nsew", padx=gap, pady=self.look.px(4))
        self.message = ttk.Label(self, style="Message.TLabel", anchor="w", justify="left", compound="left")
        self.message.grid(row=2, column=0, sticky="ew", padx=gap)
        margin = self.look.sign("tick").width() + gap
        self.message.bind(
            "<Configure>", lambda event: self.message.configure(wraplength=event.width - margin)
        )
        self._foot().grid(row=3, column=0, sticky="ew", padx=gap, pady=self.look.px(4))
        self.say(*self._said)

    def _restyle(self) -> None:
        px = self.look.px
        self.style.configure(
            "Figure.Toolbutton", font=self.look.body, padding=(px(4), px(2)), anchor="center"
        )
        self.style.map("Figure.Toolbutton", foreground=[("selected", "white"), ("", "#1f2328")])
        self.style.map("Figure.Toolbutton", background=[("selected", "#1d4e89"), ("", "#eceff2")])
        for name in ("TButton", "primary.TButton", "success.TButton"):
            self.style.configure(name, font=self.look.body, padding=(px(8), px(3)))
        self.style.configure(
            "Training.TLabel", background="#ffd54d", foreground="#2b2000", font=self.look.title
        )
        self.style.configure("Message.TLabel", space=px(6))  # between the sign and every line of the words
        for name in ("TCombobox", "TEntry"):
            self.style.configure(name, padding=(px(4), px(3)))
        edges: dict[str, Any] = {  # a table shows that it has the focus
            line: [("focus", FOCUS_LINE), ("", self.style.lookup("Treeview", line))]
            for line in ("bordercolor", "lightcolor", "darkcolor")
        }
        self.style.map("Treeview", None, **edges)
        self.option_add("*TCombobox*Listbox.font", self.look.body)

    def _head(self) -> ttk.Frame:
        row = ttk.Frame(self)
        row.columnconfigure(0, weight=1)
        ttk.Label(row, text=self.page_title(), font=self.look.title, anchor="w").grid(
            row=0, column=0, sticky="ew"
        )
        if self.training:
            mark = ttk.Label(row, text=self.texts["window.training"], style="Training.TLabel")
            mark.grid(row=0, column=1, padx=self.look.px(6))
        for place, (name, command) in enumerate(
            (("smaller", partial(self.resize_text, -1)), ("larger", partial(self.resize_text, 1))), 2
        ):
            button = ttk.Button(row, text=self.texts[f"window.{name}"], command=command, takefocus=False)
            button.grid(row=0, column=place, padx=self.look.px(1))
        self.language = ttk.Button(row, command=self.change_language)
        self.letters.label(self.language, self.texts["window.language"])
        self.language.grid(row=0, column=4, padx=(self.look.px(4), 0))
        return row

    def _foot(self) -> ttk.Frame:
        row = ttk.Frame(self)
        row.columnconfigure(1, weight=1)
        self.left = ttk.Button(row, command=self.back)
        self.letters.label(self.left, self.texts[self.left_text()])
        self.left.grid(row=0, column=0)
        self.progress = ttk.Progressbar(row, mode="indeterminate")
        self.progress.grid(row=0, column=1, sticky="ew", padx=self.look.px(12))
        self.progress.grid_remove()
        self.main = ttk.Button(row, command=self.forward, bootstyle="success")
        self.letters.label(self.main, self.texts[self.main_text()])
        self.main.grid(row=0, column=2)
        return row

    # --- what every window does ---

    def leave(self) -> None:
        """Close the window; what is being written is written first."""
        if not self.background.busy:
            self.alive = False
            self.background.close()
            self.destroy()

    def change_language(self) -> None:
        """Vietnamese or English; nothing that was typed is lost."""
        if not self.background.busy:
            self.keep()
            self.texts = window_texts("en" if self.texts.language == "vi" else "vi")
            self._said = ("", "")
            self.build()

    def resize_text(self, step: int) -> None:
        """Larger or smaller text, 14 points at least."""
        at = min(max(SCALES.index(self.look.scale) + step, 0), len(SCALES) - 1)
        if not self.background.busy and SCALES[at] != self.look.scale:
            self.keep()
            self.look.set_scale(SCALES[at])
            self.build()

    def _turned(self, pages: int, event: "tkinter.Event[Any]") -> None:
        """Page Down and Page Up turn the page; in a table they are the table's."""
        if event.widget.winfo_class() not in {"Treeview", "TCombobox"}:
            self.shown.turn(pages)

    def _resized(self, step: int, _event: "tkinter.Event[Any]") -> None:
        self.resize_text(step)

    def working(self, key: str) -> None:
        """Say what is being done; nothing can be pressed meanwhile."""
        self.say(self.texts[key], "")
        self.progress.grid()
        self.progress.start(20)
        for button in (self.main, self.left, self.language):
            button.state(["disabled"])

    def idle(self) -> None:
        """The work is done."""
        self.progress.stop()
        self.progress.grid_remove()
        for button in (self.main, self.left, self.language):
            button.state(["!disabled"])

    def failed(self, error: Exception) -> None:
        """Say an error in words."""
        self.idle()
        if isinstance(error, (CommandError, SessionsError)):
            self.say(self.texts.say(error.code, **error.facts), "cross")
        else:
            name = getattr(error, "filename", None) or "—"
            self.say(self.texts.say("cannot-write", file=str(name)), "cross")

    def say(self, text: str, sign: str) -> None:
        """Show a message with its sign; it stays until the next."""
        self._said = (text, sign)
        self.message.configure(text=text, image=self.look.sign(sign) if sign else "")
        self.message.configure(foreground=COLOURS.get(sign, ""))

    def silent(self) -> None:
        """Take the message away with the page it belonged to."""
        self._said = ("", "")

    def _question(self, question: Question) -> None:
        PasswordDialog(self, self.look, self.texts, question)

    def report_callback_exception(
        self, kind: type[BaseException], error: BaseException, _trace: TracebackType | None
    ) -> None:
        """A bug: said in the window, with its kind and place and nothing of anybody's data."""
        from proctor.recorder import place_of  # noqa: PLC0415 - not with the first page

        self.idle()
        place = place_of(error) if isinstance(error, Exception) else ""
        self.say(self.texts.say("internal-error", error=kind.__name__, place=place), "cross")
