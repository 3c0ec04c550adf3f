"""The pane of one section: its table and lines, its tasks as buttons, and the form of the task that is open."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ttkbootstrap as ttk

from proctor.desk.runner import Done
from proctor.errors import CommandError
from proctor.gui.station.admin.compare import ComparePane
from proctor.gui.station.admin.rows import RowTable
from proctor.gui.station.admin.task import TaskPane
from proctor.gui.station.parts import Flow, Line, wrapped
from proctor.screens.admin import COMPARED, Found, Order, Row, Section, Task, offered, seconds
from proctor.screens.admin_sections import SECTIONS

if TYPE_CHECKING:
    from proctor.gui.station.admin.page import AdminPage

MOST_LINES: Final = 60


class SectionPane(ttk.Frame):
    """What is chosen in the list. One of three stands beneath its heading: the overview, a form, a comparison."""

    def __init__(self, master: Any, page: "AdminPage") -> None:
        super().__init__(master)
        self.page, self.look, self.texts = page, page.look, page.texts
        self.section: Section = SECTIONS[0]
        self.read: Found | None = None
        self.task: TaskPane | None = None
        self.compare: ComparePane | None = None
        self.buttons: dict[str, ttk.Button] = {}
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        self.heading = ttk.Label(self, font=self.look.title, anchor="w", justify="left")
        self.heading.grid(row=0, column=0, sticky="ew")
        wrapped(self.heading, 2)
        self.about = ttk.Label(self, anchor="w", justify="left")
        self.about.grid(row=1, column=0, sticky="ew", pady=(0, self.look.px(4)))
        wrapped(self.about, 2)
        self.overview = ttk.Frame(self)
        self.overview.columnconfigure(0, weight=1)
        self.overview.rowconfigure(0, weight=1)
        self.table: RowTable | None = None
        self.detail = ttk.Label(self.overview, anchor="w", justify="left")
        wrapped(self.detail, 2)
        self.lines = ttk.Frame(self.overview)
        self.lines.columnconfigure(0, weight=1)
        self.flow = Flow(self.overview, self.look)
        self.detail.grid(row=1, column=0, sticky="ew")
        self.lines.grid(row=2, column=0, sticky="new", pady=(self.look.px(4), 0))
        self.flow.grid(row=3, column=0, sticky="ew", pady=(self.look.px(6), 0))
        self.overview.grid(row=2, column=0, sticky="nsew")

    # --- the overview ---

    def begin(self, section: Section) -> None:
        """Show a section that is not read yet."""
        self._shut()
        self.section, self.read = section, None
        self._entitle(f"section.{section.name}", f"about.{section.name}")
        if self.table is not None:
            self.table.destroy()
            self.table = None
        self.overview.rowconfigure(0, weight=1 if section.columns else 0)
        self.overview.rowconfigure(2, weight=0 if section.columns else 1)
        if section.columns:
            heads = [(name, self.texts[f"admin-page.column.{name}"]) for name in section.columns]
            self.table = RowTable(
                self.overview, self.look, heads, wide=section.wide, room=self.page.room, on_row=self._row
            )
            self.table.grid(row=0, column=0, sticky="nsew")
            self.table.view.lower()  # Tab reaches it before the buttons
        self._tell(((self.texts["admin-page.reading"], "dots"),))
        self.flow.clear()
        self.flow.arrange()
        self.buttons.clear()
        self.detail.configure(text="")
        self.page.follow_all()

    def found(self, found: Found) -> None:
        """Show what was read; the chosen row and an open form stay."""
        self.read = found
        self._tell(found.lines)
        if self.table is not None:
            self.table.fill(found.rows, str(self.page.begun.get("row", "")))
            (self.table.grid if found.rows else self.table.grid_remove)()
            self.overview.rowconfigure(0, weight=1 if found.rows else 0)
            self.overview.rowconfigure(2, weight=0 if found.rows else 1)
        self._offer()
        task = str(self.page.begun.get("task", ""))
        if task in self.buttons and self.task is None:
            opened = self.open(task)
            if opened is not None:
                opened.put_back(self.page.begun.get("values", {}))
        self.page.begun = {}
        self.page.follow_all()

    @property
    def row(self) -> Row | None:
        """The row that is chosen."""
        return None if self.table is None else self.table.chosen

    def _row(self, row: Row | None) -> None:
        left = "" if self.table is None or row is None else self.table.left_out(row)
        self.detail.configure(text="\n".join(text for text in (left, row.detail if row else "") if text))
        self._offer()

    def _offer(self) -> None:
        """Offer what can be done about the chosen row. The buttons are made anew only where they are others."""
        if self.read is None:
            return
        window = self.page.window
        every = offered(self.section, self.row, window.may, training=window.opened.training)
        tasks = [task for task in every if task.name not in self.read.without]
        if [task.name for task in tasks] == list(self.buttons):
            return
        held = next((name for name, button in self.buttons.items() if button is self.focus_get()), "")
        self.flow.clear()
        self.buttons.clear()
        for number, task in enumerate(tasks, 1):
            button = self.flow.add("", partial(self._open, task.name), main=False)
            self.page.letters.label(button, f"&{number}  {self.texts[f'admin-page.task.{task.name}']}")
            self.buttons[task.name] = button
        self.flow.arrange()
        if held in self.buttons:
            self.buttons[held].focus_set()
        self.page.follow_all()

    def _tell(self, lines: tuple[tuple[str, str], ...]) -> None:
        for child in self.lines.winfo_children():
            child.destroy()
        for at, (text, sign) in enumerate(lines[:MOST_LINES]):
            line = Line(self.lines, self.look)
            line.show(text, sign)
            line.grid(row=at, column=0, sticky="ew", pady=self.look.px(1))

    def _entitle(self, heading: str, about: str) -> None:
        self.heading.configure(text=self.texts[f"admin-page.{heading}"])
        named = heading.startswith("section.") and not self.page.beside  # then the list above says it
        (self.heading.grid_remove if named else self.heading.grid)()
        self.about.configure(text=self.texts[f"admin-page.{about}"])

    # --- a task ---

    def open(self, name: str) -> TaskPane | None:
        """Open a task's form and return it; one that asks for nothing is done at once."""
        task = next(task for task in self.section.tasks if task.name == name)
        row = self.row if task.row else None
        self.page.window.say("", "")
        people = self._people(task)
        if task.second and not people and not task.second.endswith("?") and not self._training:
            self.page.window.say(self.texts["admin-page.no-second"], "cross")
            return None
        found = self.read or Found()
        if not task.fields and not task.second:
            self._run(task, {"row": row.key if row else ""})
            return None
        self.overview.grid_remove()
        self.task = TaskPane(self, self.page, task, found=found, row=row, people=people)
        self.task.grid(row=2, column=0, sticky="nsew")
        self._entitle(f"task.{name}", f"lead.{name}")
        self.page.make_room(True)
        self.page.refoot()
        self.page.follow_all()
        self.task.begin()
        return self.task

    def _open(self, name: str) -> None:
        self.open(name)

    @property
    def _training(self) -> bool:
        return bool(self.page.window.opened.training)

    def _people(self, task: Task) -> tuple[tuple[str, str], ...]:
        if not task.second or self._training:
            return ()
        return seconds(self.page.window.opened, task.second.rstrip("?"))

    def _run(self, task: Task, order: Order) -> None:
        looks = task.compares is not None and not order.get(COMPARED)
        by = None if self.task is None or looks else self.task.proving
        self.page.run(task, order, done=partial(self._done, task, order), failed=self._failed, by=by)

    def _done(self, task: Task, order: Order, result: Done) -> None:
        if task.compares is not None and not order.get(COMPARED):
            self._compare(task, order, result, task.compares(result.data, self.page.setting()))
        elif task.shows:
            self._shut()
            self._show(result)
        else:
            self._shut()
            self.page.entered(task, result)
            self._focus(task.name)

    def _failed(self, error: Exception) -> None:
        if self.task is not None:
            self.task.failed(error if isinstance(error, CommandError) else None)

    def _show(self, result: Done) -> None:
        """Show what a command found out, beneath the table."""
        lines = tuple((line.rstrip(), "") for line in (*result.said, *result.lines) if line.strip())
        self._tell(lines)
        self.page.window.say(
            self.texts["admin-page.shown" if result.status == 0 else "admin-page.shown.wrong"],
            "tick" if result.status == 0 else "bang",
        )
        self.page.follow_all()

    def _compare(self, task: Task, order: Order, result: Done, rows: tuple[Row, ...]) -> None:
        if not rows:
            self._shut()
            self.page.window.say(self.texts["admin-page.trust.nothing-new"], "bang")
            return
        if self.task is not None:
            self.task.grid_remove()
        whole = str(result.data.get("file_sha256", ""))
        self.compare = ComparePane(self, self.page, rows, digest=whole, second=order.get("second", ""))
        compared = whole or str(result.data["fingerprint"])
        self.compare.carry = partial(self._run, task, {**order, COMPARED: compared})
        self.compare.grid(row=2, column=0, sticky="nsew")
        self._entitle("compare", "lead.compare")
        self.page.refoot()
        self.page.follow_all()
        self.compare.begin()

    def _shut(self) -> None:
        """Close form and comparison; the overview stands there again."""
        for each in (self.task, self.compare):
            if each is not None:
                each.close()
                each.destroy()
        if self.task is not None or self.compare is not None:
            self.task = self.compare = None
            self._entitle(f"section.{self.section.name}", f"about.{self.section.name}")
            self.overview.grid()
            self.page.make_room(False)
            self.page.refoot()

    def _focus(self, name: str) -> None:
        """Put the focus where the work goes on: on the table, else the button that was pressed."""
        if self.table is not None:
            self.table.view.focus_set()
        elif name in self.buttons:
            self.buttons[name].focus_set()
        else:
            self.page.list.focus_set()

    # --- keys ---

    def main_text(self) -> str:
        """Return the key of the text of the main button; "" for none."""
        if self.compare is not None:
            return "admin-page.pin" if self.section.name == "trust" else "admin-page.enter"
        if self.task is None:
            return ""
        if self.task.task.compares:
            return "admin-page.compare-now"
        own = f"admin-page.enter.{self.task.task.name}"  # what cannot be undone says what it is
        return own if own in self.texts else "admin-page.enter"

    def forward(self) -> None:
        """Enter: what the open form is for; from the list to the table, from there to the buttons."""
        if self.compare is not None:
            if self.compare.ready() and self.compare.carry is not None:
                self.compare.carry()
            return
        if self.task is not None:
            order = self.task.order()
            if order is not None:
                self._run(self.task.task, order)
            return
        at_table = self.table is not None and self.focus_get() is self.table.view
        if self.table is not None and self.table.rows and not at_table:
            self.table.view.focus_set()
        elif self.buttons:
            next(iter(self.buttons.values())).focus_set()

    def back(self) -> bool:
        """Escape: a comparison goes back to its form, a form to the overview."""
        if self.compare is not None and self.task is not None:
            self.compare.destroy()
            self.compare = None
            self._entitle(f"task.{self.task.task.name}", f"lead.{self.task.task.name}")
            self.task.grid()
            self.task.begin()
            self.page.refoot()
            return True
        if self.task is None:
            return False
        name = self.task.task.name
        self._shut()
        self.page.window.say("", "")
        self._focus(name)
        return True

    def kept(self) -> Mapping[str, Any]:
        """Return the chosen row, and the open form with what was typed. No secrets: none are in forms."""
        kept: dict[str, Any] = {"row": self.row.key if self.row else ""}
        if self.task is not None:
            kept |= {"task": self.task.task.name, "values": self.task.kept()}
        elif "task" in self.page.begun:  # not read again yet
            kept |= {
                name: self.page.begun[name] for name in ("row", "task", "values") if name in self.page.begun
            }
        return kept

    def close(self) -> None:
        """The page goes away."""
        if self.task is not None:
            self.task.close()
