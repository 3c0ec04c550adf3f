"""Asks for one person's password, beside the window that needs it."""

import tkinter
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.background import Question
from proctor.gui.keyboard import split
from proctor.gui.look import Look
from proctor.texts import Texts


class PasswordDialog(ttk.Toplevel):
    """Enter answers, Escape gives up. The password goes to the worker and is kept nowhere else."""

    def __init__(self, master: Any, look: Look, texts: Texts, question: Question) -> None:
        super().__init__(master=master, title=texts["window.password.title"])
        self._question = question
        self.answered = False
        gap = look.px(10)
        self.configure(highlightthickness=2, highlightbackground="#1d4e89", highlightcolor="#1d4e89")
        user, _, what = question.user_id.partition("/")
        key = f"window.password.{what}"
        text = texts.say(key if what and key in texts else "window.password", user=user)
        ttk.Label(self, text=text).grid(row=0, column=0, columnspan=2, sticky="w", padx=gap, pady=gap)
        self.entry = ttk.Entry(self, show="•", font=look.body, width=28)
        self.entry.grid(row=1, column=0, columnspan=2, sticky="ew", padx=gap)
        self.give_up = ttk.Button(self, text=split(texts["window.cancel"])[0], command=self._cancel)
        self.give_up.grid(row=2, column=0, sticky="w", padx=gap, pady=gap)
        self.log_in = ttk.Button(
            self, text=split(texts["window.log-in"])[0], command=self._answer, bootstyle="success"
        )
        self.log_in.grid(row=2, column=1, sticky="e", padx=gap, pady=gap)
        self.columnconfigure(1, weight=1)
        self.bind("<Return>", lambda _event: self._answer())
        self.bind("<Escape>", lambda _event: self._cancel())
        self.protocol("WM_DELETE_WINDOW", self._cancel)
        self.bind("<Destroy>", self._gone, add="+")
        self.geometry(f"+{master.winfo_rootx() + look.px(60)}+{master.winfo_rooty() + look.px(60)}")
        self.transient(master)
        self.after_idle(self._take_over)

    def _take_over(self) -> None:
        """All keys come here until it is answered; a window that is not yet on the screen cannot do that."""
        try:
            self.grab_set()
        except tkinter.TclError:
            self.after(20, self._take_over)
            return
        self.lift()
        self.entry.focus_force()

    def _answer(self) -> None:
        self._end(self.entry.get())

    def _cancel(self) -> None:
        self._end(None)

    def _gone(self, event: "tkinter.Event[tkinter.Misc]") -> None:
        """The window took the dialog away (a page built anew, a lock): whoever waits for an answer goes on."""
        if event.widget is self and not self.answered:
            self.answered = True
            self._question.reply.put(None)

    def _end(self, answer: str | None) -> None:
        if not self.answered:
            self.answered = True
            self.entry.delete(0, "end")
            self.destroy()
            self._question.reply.put(answer)
