"""`proctor softcard`: a software card in a virtual PC/SC reader, one sample, one holder or a whole roster in turn."""

import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import ensure_training_root
from proctor.softcards import CardWorkshop, MadeCard, open_workshop, portrait_of_file
from readers.softcard.faults import Incident
from readers.softcard.in_process import Card
from readers.softcard.link import LinkClock, LinkedCard, LinkModel
from readers.softcard.samples import samples
from readers.softcard.vpcd import serve_vpcd
from sessions.roster.csv_roster import MAX_BYTES, read_roster
from sessions.roster.model import Seat

CHANGE_S = 1.0
LINE_POLL_S = 0.2


def run(context: Context) -> int:
    """Be a card in a PC/SC reader until Ctrl-C; says its number and what opens it when it is in."""
    options = context.options
    if options.list:
        known = dict(samples(context.texts.language))
        width = max(len(name) for name in known)
        context.result({"samples": known}, tuple(f"{name:{width}} {text}" for name, text in known.items()))
        return 0
    address = _address(options.vpcd)
    incidents = tuple(_incident(text) for text in options.fault or ())
    model = _link(options.kbit, options.apdu_ms)
    seats = _seats(context)
    root = ensure_training_root(context.places.training)
    workshop, _trust = open_workshop(root, root.unlock())
    portrait = portrait_of_file(options.portrait) if options.portrait is not None else None
    cards: Iterator[MadeCard] = (
        workshop.of_seat(seat, portrait=portrait, incidents=incidents) for seat in seats
    )
    if not seats:
        cards = iter([_single(context, workshop, portrait, incidents)])
    context.say("progress.softcard", address=options.vpcd)
    with suppress(KeyboardInterrupt):
        _serve_all(context, cards, address, model, last=len(seats) <= 1)
    return 0


def _single(
    context: Context, workshop: CardWorkshop, portrait: bytes | None, incidents: tuple[Incident, ...]
) -> MadeCard:
    options = context.options
    if options.holder is not None and not options.holder.endswith(".toml"):
        raise CommandError("holder-not-toml", usage=True, file=options.holder)
    name = options.holder if options.holder is not None else (options.sample or "")
    return workshop.make(name, portrait=portrait, incidents=incidents)


def _seats(context: Context) -> tuple[Seat, ...]:
    """The candidates whose cards are wanted: the roster's, or the one whose number `--number` gives."""
    options = context.options
    if options.roster is None:
        if options.number is not None:
            raise CommandError("softcard-number-without-roster", usage=True)
        return ()
    seats = read_roster(read_file(options.roster, MAX_BYTES)).rows
    if options.number is not None:
        number = context.read_argument(options.number).strip()
        seats = tuple(seat for seat in seats if seat.id_number == number)
    if not seats:
        raise CommandError("softcard-nobody", file=options.roster)
    return seats


def _serve_all(
    context: Context,
    cards: Iterator[MadeCard],
    address: tuple[str, int],
    model: LinkModel | None,
    *,
    last: bool,
) -> None:
    """One card after another; each is made when it is its turn. A single one stays in the reader."""
    change = None if last else _changer(context.options.seconds)
    for made in cards:
        _serve(context, made, address, model, change)
        threading.Event().wait(CHANGE_S)


def _serve(
    context: Context,
    made: MadeCard,
    address: tuple[str, int],
    model: LinkModel | None,
    change: Callable[[threading.Event], None] | None,
) -> None:
    """Be this card until `change`, which begins to count when the card is in, says so."""
    stop, shown = threading.Event(), threading.Event()

    def on_insert() -> None:
        if shown.is_set():
            return
        shown.set()
        data = {"number": made.holder.id_number, "qr": made.access_text, "vpcd": context.options.vpcd}
        context.result(data, (made.holder.id_number, made.access_text))
        context.flush()
        context.say("result.softcard", address=context.options.vpcd)
        if change is not None:
            change(stop)

    replacement = None if made.replacement is None else _linked(made.replacement, model)
    try:
        serve_vpcd(_linked(made.card, model), *address, stop, on_insert=on_insert, replacement=replacement)
    finally:
        stop.set()


def _linked(card: Card, model: LinkModel | None) -> Card:
    return card if model is None else LinkedCard(card, LinkClock(model))


def _changer(seconds: float | None) -> Callable[[threading.Event], None]:
    """What sets an event after so many seconds, or at the next line of standard input."""
    if seconds is None:
        return _Lines().watch

    def after(stop: threading.Event) -> None:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()

    return after


class _Lines:
    """Enter on standard input, waited for in threads of their own: nothing else may block there."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True, name="enter").start()

    def watch(self, stop: threading.Event) -> None:
        """Set `stop` at the next line."""
        threading.Thread(target=self._await_line, args=(stop,), daemon=True, name="change").start()

    def _await_line(self, stop: threading.Event) -> None:
        while not stop.is_set():
            with suppress(queue.Empty):
                self._lines.get(timeout=LINE_POLL_S)
                stop.set()

    def _listen(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)


def _incident(text: str) -> Incident:
    try:
        return Incident.parse(text)
    except ValueError:
        raise CommandError("softcard-fault-unknown", usage=True, value=text[:64]) from None


def _link(kbit_s: int | None, apdu_ms: float | None) -> LinkModel | None:
    if kbit_s is None and apdu_ms is None:
        return None
    try:
        return LinkModel(kbit_s=kbit_s or 424, apdu_ms=apdu_ms or 0.0)
    except ValueError:
        raise CommandError("softcard-link-unknown", usage=True, value=str(apdu_ms)) from None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise CommandError("bad-address", usage=True, value=text)
    return host, int(port)
