"""The first page: who is at the station; or training, by its own button. And the page that asks again after a while."""

from collections.abc import Callable, Sequence
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.keyboard import Letters
from proctor.gui.look import Look
from proctor.gui.scrolled import Scrolled
from proctor.gui.station.devices import DeviceRow
from proctor.texts import Texts

WIDE = 28


class LoginPage(Scrolled):
    """Name and password in the middle; training apart from it, never on Enter; the equipment beneath."""

    def __init__(
        self,
        master: Any,
        *,
        look: Look,
        texts: Texts,
        letters: Letters,
        users: Sequence[str],
        missing: str,
        user: Any,
        password: Any,
        on_training: Callable[[], None],
    ) -> None:
        super().__init__(master)
        px = look.px
        inside = self.inside
        inside.columnconfigure(0, weight=3, uniform="half")
        inside.columnconfigure(1, weight=2, uniform="half")
        who = ttk.Frame(inside)
        who.grid(row=0, column=0, sticky="nsew", padx=(0, px(16)), pady=px(8))
        who.columnconfigure(1, weight=1)
        heading = ttk.Label(who, text=texts["window.station.login.head"], font=look.title)
        heading.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(6)))
        self.user = ttk.Combobox(who, values=list(users), textvariable=user, font=look.body, width=WIDE)
        self.password = ttk.Entry(who, textvariable=password, show="•", font=look.body, width=WIDE)
        for row, (name, field) in enumerate((("user", self.user), ("password", self.password)), 1):
            label = ttk.Label(who)
            letters.leads(label, texts[f"window.station.login.{name}"], field)
            label.grid(row=row, column=0, sticky="w", padx=(0, px(8)), pady=px(3))
            field.grid(row=row, column=1, sticky="ew", pady=px(3))
        self.why = _wrapped(who, "")
        self.why.grid(row=3, column=0, columnspan=2, sticky="ew", pady=px(4))
        self.offer(users, missing)
        self._training(inside, look, texts, letters, on_training).grid(
            row=0, column=1, sticky="nsew", pady=px(8)
        )
        title = ttk.Label(inside, text=texts["window.station.equipment"], font=look.title)
        title.grid(row=1, column=0, columnspan=2, sticky="w", pady=(px(12), px(2)))
        self.devices = DeviceRow(inside, look, texts)
        self.devices.grid(row=2, column=0, columnspan=2, sticky="ew")

    def offer(self, users: Sequence[str], missing: str) -> None:
        """Offer who can log in; `missing`: why nobody can."""
        self.user.configure(values=list(users))
        self.why.configure(text=missing)
        for field in (self.user, self.password):
            field.state(["disabled" if missing else "!disabled"])

    def _training(
        self, inside: Any, look: Look, texts: Texts, letters: Letters, command: Callable[[], None]
    ) -> ttk.Frame:
        frame = ttk.Frame(inside)
        frame.columnconfigure(0, weight=1)
        head = ttk.Label(frame, text=texts["window.station.training.head"], font=look.title)
        head.grid(row=0, column=0, sticky="w", pady=(0, look.px(6)))
        _wrapped(frame, texts["window.station.training.what"]).grid(row=1, column=0, sticky="ew")
        self.training = ttk.Button(frame, command=command, style="Training.TButton")
        letters.label(self.training, texts["window.station.training.enter"])
        self.training.grid(row=2, column=0, sticky="w", pady=look.px(6))
        return frame


class LockPage(Scrolled):
    """Nothing of a session is shown; who was here proves it and goes on."""

    def __init__(
        self,
        master: Any,
        *,
        look: Look,
        texts: Texts,
        letters: Letters,
        user: str,
        password: Any,
        training: bool,
    ) -> None:
        super().__init__(master)
        px = look.px
        self.inside.columnconfigure(1, weight=1)
        key = "window.station.lock.training" if training else "window.station.lock.why"
        _wrapped(self.inside, texts.say(key, user=user)).grid(
            row=0, column=0, columnspan=2, sticky="ew", pady=(px(24), px(12))
        )
        self.password = ttk.Entry(self.inside, textvariable=password, show="•", font=look.body, width=WIDE)
        if not training:
            label = ttk.Label(self.inside)
            letters.leads(label, texts["window.station.login.password"], self.password)
            label.grid(row=1, column=0, sticky="w", padx=(0, px(8)))
            self.password.grid(row=1, column=1, sticky="w")


def _wrapped(master: Any, text: str) -> ttk.Label:
    label = ttk.Label(master, text=text, anchor="w", justify="left")
    label.bind("<Configure>", lambda event: label.configure(wraplength=event.width))
    return label
