"""`proctor softcard`: a software card in a virtual PC/SC reader, one sample, one holder or a whole roster in turn."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
    """One card after another; each is made when it is its turn. The last stays in the reader."""
    seconds: float | None = context.options.seconds
    lines = None if last or seconds is not None else _Lines()
    for made in cards:
        stop = threading.Event()
        with _changing(stop, None if last else seconds, lines):
            _serve(context, made, address, model, stop)
        threading.Event().wait(CHANGE_S)


def _serve(
    context: Context, made: MadeCard, address: tuple[str, int], model: LinkModel | None, stop: threading.Event
) -> None:
    shown = threading.Event()

    def on_insert() -> None:
        if shown.is_set():
            return
        shown.set()
        data = {"number": made.holder.id_number, "qr": made.access_text, "vpcd": context.options.vpcd}
        context.result(data, (made.holder.id_number, made.access_text))
        context.flush()
        context.say("result.softcard", address=context.options.vpcd)

    replacement = None if made.replacement is None else _linked(made.replacement, model)
    try:
        serve_vpcd(_linked(made.card, model), *address, stop, on_insert=on_insert, replacement=replacement)
    except KeyboardInterrupt:
        stop.set()
        raise


def _linked(card: Card, model: LinkModel | None) -> Card:
    return card if model is None else LinkedCard(card, LinkClock(model))


class _Lines:
    """Enter on standard input, waited for in a thread of its own: nothing else may block there."""

    def __init__(self) -> None:
        self._current: threading.Event | None = None
        threading.Thread(target=self._listen, daemon=True, name="enter").start()

    def attach(self, stop: threading.Event | None) -> None:
        """Set this event at the next line."""
        self._current = stop

    def _listen(self) -> None:
        for _ in sys.stdin:
            if self._current is not None:
                self._current.set()


@contextmanager
def _changing(stop: threading.Event, seconds: float | None, lines: _Lines | None) -> Iterator[None]:
    """Set `stop` after so many seconds, or at the next line."""
    timer = threading.Timer(seconds, stop.set) if seconds is not None else None
    if lines is not None:
        lines.attach(stop)
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


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
