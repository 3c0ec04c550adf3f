"""A frame that scrolls where the screen is too small for it, and follows the keyboard's focus."""

import tkinter
from functools import partial
from typing import Any, Final

import ttkbootstrap as ttk

_SETTLE_MS: Final = 40
_STRUT_COLUMN: Final = 9
_STRUT_ROWS: Final = 9
_TIMES: Final = 4
_EDGE: Final = 2
_NO_FOCUS: Final = ("TFrame", "TLabel")  # they hear of the focus of what is in them


class Scrolled(ttk.Frame):
    """`inside` is as wide as this frame and as high as it needs; with `stretch` as high as this frame at least.

    What stretches is the row of `inside` that has weight.
    """

    def __init__(self, master: Any, *, stretch: bool = False) -> None:
        super().__init__(master)
        self._canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, width=1, height=1)
        self._canvas.configure(background=ttk.Style().lookup("TFrame", "background"))
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._canvas.yview)
        self._canvas.configure(yscrollcommand=self._bar.set)
        self._canvas.pack(side="left", fill="both", expand=True)
        self.inside = ttk.Frame(self._canvas)
        item = self._canvas.create_window(0, 0, anchor="nw", window=self.inside)
        self._item = item
        self._strut = ttk.Frame(self.inside, width=0) if stretch else None
        if self._strut is not None:
            self._strut.grid(row=0, column=_STRUT_COLUMN, rowspan=_STRUT_ROWS, sticky="ns")
        self._waiting = False
        self._bringing = ""
        self._stood = 0.0
        for widget in (self._canvas, self.inside):
            widget.bind("<Configure>", lambda _event: self._fit_soon())
        # A page that gets lower while it is scrolled far down is out of sight, and hears of no new size there.
        self.inside.bind("<Unmap>", lambda _event: self._fit_soon())
        self._tag = f"Follow{id(self)}"
        self.bind_class(self._tag, "<FocusIn>", self._follow)
        for event, step in (("<Button-4>", -1), ("<Button-5>", 1)):
            self.bind_class(self._tag, event, partial(self._turned, step=step))
        self.bind_class(self._tag, "<MouseWheel>", self._turned)
        self.bind("<Map>", lambda _event: self.follow_all())

    def follow_all(self) -> None:
        """Let every widget inside bring itself into view when it gets the focus."""
        waiting: list[Any] = [self.inside]
        while waiting:
            widget = waiting.pop()
            waiting += widget.winfo_children()
            if self._tag not in widget.bindtags():
                widget.bindtags((*widget.bindtags(), self._tag))

    def _fit_soon(self) -> None:
        """Fit when the layout has settled: a scroll bar that comes or goes while it is made stops it half-way."""
        if not self._waiting:
            self._waiting = True
            self.after_idle(self._fit)

    def _fit(self) -> None:
        self._waiting = False
        if not self.winfo_exists():
            return
        self._canvas.itemconfigure(self._item, width=self._canvas.winfo_width())
        if self._strut is not None:
            self._strut.configure(height=self._canvas.winfo_height())
        self._canvas.configure(scrollregion=(0, 0, 1, self.inside.winfo_reqheight()))
        too_high = self.inside.winfo_reqheight() > self.winfo_height()
        if too_high and not self._bar.winfo_manager():
            self._bar.pack(side="right", fill="y", before=self._canvas)
        elif not too_high and self._bar.winfo_manager():
            self._bar.pack_forget()
            self._canvas.yview_moveto(0)

    def turn(self, pages: int) -> None:
        """Page down (1) or up (-1), where there is more than fits."""
        if self._bar.winfo_manager():
            self._canvas.yview_scroll(pages, "pages")

    def _turned(self, event: "tkinter.Event[Any]", step: int = 0) -> None:
        """The mouse's wheel turns the page; over a table it turns the table."""
        if event.widget.winfo_class() != "Treeview" and self._bar.winfo_manager():
            self._canvas.yview_scroll(step or (-1 if event.delta > 0 else 1), "units")

    def _follow(self, event: "tkinter.Event[Any]") -> None:
        """Bring what got the focus into view."""
        if event.widget.winfo_class() not in _NO_FOCUS:
            self.bring(event.widget)

    def bring(self, widget: Any) -> None:
        """Bring something inside into view, once the page has its measures."""
        if self._bringing:
            self.after_cancel(self._bringing)
        self._stood = self._canvas.canvasy(0)
        self._bringing = self.after(_SETTLE_MS, self._bring, widget)

    def destroy(self) -> None:
        """Go, and with it what was to be brought into view."""
        if self._bringing:
            self.after_cancel(self._bringing)
            self._bringing = ""
        super().destroy()

    def _bring(self, widget: Any, before: tuple[int, ...] = (), times: int = _TIMES) -> None:
        self._bringing = ""
        if not widget.winfo_exists() or not self.winfo_exists():
            return
        self._fit()  # what was shown just now counts, too
        high = max(1, self.inside.winfo_reqheight())
        seen = self._canvas.winfo_height()
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        bottom = max(self._bottom(each) for each in (widget, *getattr(widget, "beneath", ())))
        measures = (top, bottom, seen)
        if measures == before:
            return
        if times:  # lines that break anew, or a message beneath the page, may still move it
            self._bringing = self.after(_SETTLE_MS, self._bring, widget, measures, times - 1)
        first = self._stood  # not where a measure too early has moved it
        if top < first:
            self._canvas.yview_moveto(max(0, top - 8) / high)
        elif bottom > first + seen:  # what is said of a field is read with it; the field itself is seen whole
            self._canvas.yview_moveto(min(bottom + 8 - seen, max(0, top - 8)) / high)
        elif before:
            self._canvas.yview_moveto(first / high)

    def _bottom(self, part: Any) -> int:
        shown = int(part.winfo_ismapped()) * int(part.winfo_height())
        return int(part.winfo_rooty()) - int(self.inside.winfo_rooty()) + shown if shown else 0


def scroll_bar(view: Any) -> ttk.Scrollbar:
    """Return a bar at the right edge of a table, shown where there is more than fits. It stands on the table: nothing
    moves when it comes or goes."""
    bar = ttk.Scrollbar(view.master, orient="vertical", command=view.yview)

    def moved(first: str, last: str) -> None:
        bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            bar.place_forget()
        elif not bar.winfo_manager():
            bar.place(in_=view, relx=1, x=-_EDGE, y=_EDGE, relheight=1, height=-2 * _EDGE, anchor="ne")

    view.configure(yscrollcommand=moved)
    return bar
