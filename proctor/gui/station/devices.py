"""The equipment row: each device by name, sign and words; what is wrong, with what to do, beneath it."""

from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, get_args

import ttkbootstrap as ttk

from proctor.desk.device_kinds import DeviceKind
from proctor.gui.look import Look
from proctor.texts import Texts

if TYPE_CHECKING:  # what looks at devices takes a second to load: it is loaded beside the window
    from proctor.desk.equipment import EquipmentRow

KINDS: Final[tuple[DeviceKind, ...]] = tuple(kind for kind in get_args(DeviceKind) if kind != "screen")
"""Those that are there before a desk is open: the candidate's screen opens with it."""
LOOK_S: Final = 3.0
FAULT_EDGE: Final = 8
SIGNS: Final = {"tick": "tick", "warning": "bang", "cross": "cross"}

Examine = Callable[[Texts], "Iterable[EquipmentRow]"]


class DeviceRow(ttk.Frame):
    """One cell for each kind; `show` with what was found. Faults stand beneath with their fix, the worst first."""

    def __init__(self, master: Any, look: Look, texts: Texts, *, training: bool = False) -> None:
        super().__init__(master)
        self._look, self._texts, self._training = look, texts, training
        self.cells: dict[DeviceKind, ttk.Label] = {}
        names = [f" {texts[f'equipment.{kind}']}" for kind in KINDS]
        cell_px = [look.body.measure(name) + look.sign("tick").width() + look.px(10) for name in names]
        columns = columns_of(cell_px, master.winfo_screenwidth() - look.px(24))
        for place, kind in enumerate(KINDS):
            cell = ttk.Label(self, compound="left", anchor="w")
            cell.grid(row=place // columns, column=place % columns, sticky="ew", pady=look.px(1))
            self.columnconfigure(place % columns, weight=1)
            self.cells[kind] = cell
        self.faults = ttk.Frame(self)
        self.faults.grid(row=len(KINDS), column=0, columnspan=columns, sticky="ew")
        self.faults.columnconfigure(0, weight=1)
        self._shown: tuple[EquipmentRow, ...] | None = None
        self.show(())

    def show(self, rows: "tuple[EquipmentRow, ...]") -> None:
        """Show what was found; a kind that is not among it is being looked for."""
        if rows == self._shown:
            return
        self._shown = rows
        found = {row.kind: row for row in rows}
        for kind, cell in self.cells.items():
            row = found.get(kind)
            sign = "dots" if row is None else SIGNS[row.sign]
            cell.configure(text=f" {self._texts[f'equipment.{kind}']}", image=self._look.sign(sign))
        for child in self.faults.winfo_children():
            child.destroy()
        if self._training:  # what is missing is no fault here: software stands for it
            self._line(0, self._texts["window.station.training.devices"])
            return
        wrong = [row for row in rows if row.sign != "tick"]
        for place, row in enumerate(sorted(wrong, key=lambda each: each.sign != "cross")):
            self._fault(place, row)

    def _fault(self, place: int, row: "EquipmentRow") -> None:
        text = self._texts.say("window.station.device.gone", name=row.name, state=row.words, fix=row.fix)
        self._line(place, text)

    def _line(self, place: int, text: str) -> None:
        # broken from the first: one long line would move the whole page for a moment
        room = self.winfo_width() - FAULT_EDGE
        label = ttk.Label(self.faults, text=text, anchor="w", justify="left", wraplength=max(room, 0))
        label.grid(row=place, column=0, sticky="ew")
        label.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width - FAULT_EDGE))


def columns_of(cells: Sequence[int], room: int) -> int:
    """Return in how many columns cells of these widths fit side by side, without a single one being cut."""
    for columns in range(len(cells), 1, -1):
        if sum(max(cells[place::columns]) for place in range(columns)) <= room:
            return columns
    return 1


class DeviceWatch:
    """Looks at the equipment every few seconds in a thread of its own; the window takes the newest finding."""

    def __init__(self, examine: Examine, texts: Callable[[], Texts], every_s: float = LOOK_S) -> None:
        self._examine, self._texts, self._every_s = examine, texts, every_s
        self._stop = False
        self._wake = Event()
        self._queue: SimpleQueue[tuple[EquipmentRow, ...]] = SimpleQueue()
        self._thread = Thread(target=self._run, name="start-equipment", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def newest(self) -> "tuple[EquipmentRow, ...] | None":
        """Return what was found since the last call, None where nothing was."""
        found = None
        while True:
            try:
                found = self._queue.get_nowait()
            except Empty:
                return found

    def again(self) -> None:
        """Look at once."""
        self._wake.set()

    def close(self) -> None:
        """Stop looking."""
        self._stop = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(2.0)

    def _run(self) -> None:
        while not self._stop:
            self._wake.clear()
            self._queue.put(tuple(self._examine(self._texts())))
            self._wake.wait(self._every_s)
