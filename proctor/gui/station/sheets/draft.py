"""A sheet before it is entered: its draft as pictures, what may be chosen about it, and Enter makes and prints it."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from proctor.gui.station.forms import Field, Form
from proctor.gui.station.sheets import jobs
from proctor.gui.station.sheets.pane import Step
from proctor.gui.station.sheets.picture_host import PicturePane
from proctor.screens.sheets import (
    WITH_CANDIDATE,
    WITH_ROOM,
    Item,
    command_words,
    item_words,
    known_printers,
    short_place,
)
from proctor.sheet_wish import Wish

if TYPE_CHECKING:  # it takes a second to load
    from proctor.screens.sheet_draft import Draft

NOT: Final = "-"
"""The choice of no printer: the sheet is only written."""
COPIES: Final = 5
AT_ONCE: Final = frozenset({"room", "posted"})
"""Fields whose change shows another draft at once."""


class DraftPane(PicturePane):
    """Looks first: what is entered is what was seen, with the choices that were seen."""

    MAIN = "sheets-page.draft.main"
    HEAD = "sheets-page.draft.head"

    def __init__(self, page: Any, step: Step) -> None:
        super().__init__(page, step)
        self.draft: Draft | None = None
        shelf = self.memory.shelf
        found = None if shelf is None else shelf.item(str(step.about["item"]))
        if found is None:
            raise ValueError(step.about["item"])
        self.item: Item = found
        px = self.look.px
        self.said = self.lines(self.side)
        self.said.grid(row=0, column=0, sticky="ew", pady=(0, px(4)))
        self.form = Form(
            self.side,
            self.look,
            self.texts,
            self.letters,
            self._fields(),
            on_change=self._changed,
            stacked=True,
        )
        self.form.grid(row=1, column=0, sticky="ew")
        self.form.put_back(step.kept.get("form", {}))
        self.form.show("reason", False)
        self._say()

    def _fields(self) -> list[Field]:
        item, shelf = self.item, self.memory.shelf
        texts, found = self.texts, []
        rooms = () if shelf is None else shelf.rooms.get(item.wish.component, ())
        if item.kind in WITH_ROOM and rooms:
            choices = (("", texts["sheets-page.every-room"]), *((room, room) for room in rooms))
            found.append(
                Field(
                    name="room", text="sheets-page.field.room", kind="choice", choices=choices, needed=False
                )
            )
        if item.kind in WITH_CANDIDATE:
            found.append(
                Field(
                    name="sbd",
                    text="sheets-page.field.sbd",
                    needed=False,
                    help=f"sheets-page.field.sbd.{item.kind}",
                )
            )
        if item.posted:
            found.append(Field(name="posted", text="sheets-page.field.posted", kind="tick", needed=False))
        if item.listed:
            found.append(Field(name="tables", text="sheets-page.field.tables", kind="tick", needed=False))
        found.append(Field(name="reason", text="sheets-page.field.reason"))
        printers = ((NOT, texts["sheets-page.no-printer"]),)
        found.append(
            Field(
                name="printer", text="sheets-page.field.printer", kind="choice", choices=printers, value=NOT
            )
        )
        counts = tuple((str(number), str(number)) for number in range(1, COPIES + 1))
        found.append(
            Field(name="copies", text="sheets-page.field.copies", kind="choice", choices=counts, value="1")
        )
        own = texts.say("sheets-page.field.folder.own", place=short_place(self.page.own_folder()))
        found.append(
            Field(
                name="folder",
                text="sheets-page.field.folder",
                value=self.memory.folder,
                needed=False,
                said=own,
            )
        )
        return found

    # --- what is wished ---

    def wish(self) -> Wish:
        """Return what the form says, the reason and the printer left out."""
        values = self.form.values()
        return replace(
            self.item.wish,
            room=values.get("room", ""),
            sbd=values.get("sbd", ""),
            posted=bool(values.get("posted")),
        )

    def begin(self) -> None:
        """Draw the draft, then ask which printers there are."""
        self.picture.canvas.focus_set()
        if "printers" not in self.step.about:
            self._look_for_printers()
        else:
            self._offer(self.step.about["printers"])
        self._redraw(page=int(self.step.kept.get("page", 0)))

    def kept(self) -> dict[str, Any]:
        """Return what was typed, and which page is shown."""
        return {**super().kept(), "form": self.form.kept()}

    # --- the draft ---

    def _redraw(self, *, page: int = 0) -> None:
        opened, session, wish = self.page.window.opened, self.page.require_session(), self.wish()
        self.draft = None

        def done(draft: "Draft") -> None:
            self._drafted(draft, page)

        self.page.ask_for(
            lambda: jobs.draft(opened, session, wish), done, working="sheets-page.draft.drawing"
        )

    def _drafted(self, draft: "Draft", page: int) -> None:
        self.draft = draft
        words = self.texts["sheets-page.draft.mark"]
        self.show_pdf(
            draft.pdf,
            draft.sizes,
            draw=partial(jobs.draft_page, words),
            page=page,
        )
        self.form.show("reason", bool(draft.copy))
        self._say()
        self.page.follow_all()

    def _say(self) -> None:
        said = [(item_words(self.texts, self.item, self.labels()), "")]
        if self.draft is not None and self.draft.copy:
            said.append((self.texts.say("sheets-page.draft.copy", number=self.draft.copy), "bang"))
        if self.item.kind in {"slip", "attendance", "results"}:
            said.append((self.texts["sheets-page.draft.no-portraits"], ""))
        self.say_lines(self.said, said, head=True)

    def _changed(self, name: str) -> None:
        if name in AT_ONCE:
            self._redraw()

    # --- printers ---

    def _look_for_printers(self) -> None:
        opened, kind = self.page.window.opened, self.item.kind

        def came(found: tuple[str, tuple[str, ...]]) -> None:
            self.step.about["printers"] = found
            if self.winfo_exists():
                self._offer(found)
                self.form.put("printer", found[0] or NOT)

        self.page.quietly(lambda: known_printers(opened, kind), came)

    def _offer(self, found: tuple[str, tuple[str, ...]]) -> None:
        choices = (*((name, name) for name in found[1]), (NOT, self.texts["sheets-page.no-printer"]))
        self.form.offer("printer", choices)

    # --- Enter ---

    def forward(self) -> None:
        """Enter the sheet and print it; where something was changed since it was drawn, show that first."""
        if self.draft is None or self.draft.wish != self.wish():
            self._redraw()
            return
        if not self.form.check():
            return
        values = self.form.values()
        self.memory.folder = values["folder"]
        wish = replace(
            self.wish(),
            reason=values.get("reason", ""),
            pdf_only=self.item.listed and not values.get("tables"),
        )
        words = command_words(self.memory.session, wish, str(self.page.folder()))
        if values["printer"] != NOT:
            words += (
                "--print",
                f"--printer={values['printer']}",
                f"--copies={values['copies']}",
                "--wait=0",
            )
        self.page.command(*words, done=self._made, working="sheets-page.draft.making")

    def _made(self, done: Any) -> None:
        sheets = done.data.get("sheets", [done.data])
        entry = int(sheets[0]["entry"])
        key = "sheets-page.draft.done" if len(sheets) == 1 else "sheets-page.draft.done-all"
        self.page.window.say(self.texts.say(key, entry=entry, count=len(sheets)), "tick")
        if len(sheets) == 1:
            self.page.replace("file", seq=entry, just=True)
        else:
            self.page.replace("made")
