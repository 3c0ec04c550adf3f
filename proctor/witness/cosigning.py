"""Getting cosignatures: the exchange with one witness, all of them at once, and in the background while the desk works.

What comes back is verified against the witness's pinned key before it is kept. Nothing here can fail an attempt.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from proctor.witness.client import DEADLINE_S, Reply, WitnessClient
from proctor.witness.errors import (
    WitnessAheadError,
    WitnessAnswerError,
    WitnessError,
    WitnessForkError,
    WitnessKeyRefusedError,
    WitnessUnknownLogError,
)
from sessions.checkpoint import Checkpoint, epoch_of, parse_note, station_of
from sessions.cosignature import Cosignature, read_head, verify_lines
from sessions.errors import NoteFormatError, NoteSignatureError, SessionsError
from sessions.merkle import consistency_proof, inclusion_proof
from sessions.store import Store
from sessions.witness_protocol import ROTATED, LeftEntry, add_checkpoint_body
from sessions.witnesses import Witness

SHEET_DEADLINE_S: Final = 3.0
_ROUNDS: Final = 5
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
_NUMBER_DIGITS: Final = 16

Connect = Callable[[Witness], WitnessClient]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one witness did about a head: its cosignature, or why there is none."""

    witness: Witness
    size: int
    cosignature: Cosignature | None = None
    error: SessionsError | None = None
    unleft: SessionsError | None = None
    """Why erasures could not be left with it, though it signed."""

    @property
    def alarm(self) -> bool:
        """Whether this is evidence: the log was rolled back, forked or runs twice, or somebody plays the witness."""
        return self.error is not None and self.error.conclusive


class Exchange:
    """A station's talk with one witness over one connection; remembers how far the witness is."""

    def __init__(self, store: Store, client: WitnessClient) -> None:
        self._store = store
        self._client = client
        self._known: dict[str, int] = {}
        self._left: set[int] | None = None

    @property
    def witness(self) -> Witness:
        """Whom this talks with."""
        return self._client.witness

    def cosign(self, head: Checkpoint) -> Cosignature:
        """Return the witness's verified cosignature of a head of this log. Raises WitnessError; nothing is kept yet."""
        try:
            return self._add(head)
        except WitnessKeyRefusedError:
            if not self._catch_up():
                raise
            return self._add(head)

    def _add(self, head: Checkpoint) -> Cosignature:
        refuted: int | None = None
        for _ in range(_ROUNDS):
            old = self._known.get(head.origin, _guess(head))
            if old > head.size:
                raise WitnessAheadError(witness=self.witness.name, theirs=old, ours=head.size)
            if old == refuted:
                raise WitnessForkError(witness=self.witness.name, size=old)
            proof = consistency_proof(old, head.size, self._store.node) if 0 < old < head.size else ()
            reply = self._client.add_checkpoint(add_checkpoint_body(old, proof, head.note))
            if reply.status == 200:
                found = self._verified(reply, head)
                self._known[head.origin] = head.size
                return found
            if reply.status == 422 and old > 0 and refuted is None and epoch_of(head.origin) > 1:
                refuted = old  # of the epoch before, if this one is new there: then it goes on from nothing
                self._known[head.origin] = 0
                continue
            self._learn(reply, head, old)
        raise WitnessAnswerError(why="rounds", witness=self.witness.name)

    def _verified(self, reply: Reply, head: Checkpoint) -> Cosignature:
        try:
            lines = reply.text.removesuffix("\n").split("\n")
            found = verify_lines(lines[:16], head.text, [self.witness.key])
        except (NoteFormatError, NoteSignatureError):
            raise WitnessAnswerError(why="signature", witness=self.witness.name) from None
        if not found:
            raise WitnessAnswerError(why="no-line", witness=self.witness.name)
        return found[0]

    def _learn(self, reply: Reply, head: Checkpoint, old: int) -> None:
        """Take in how far the witness is, or raise what its answer means."""
        name = self.witness.name
        if reply.status == 404:
            raise WitnessUnknownLogError(witness=name)
        if reply.status == 403:
            raise WitnessKeyRefusedError(witness=name)
        if reply.status == 422:
            raise WitnessForkError(witness=name, size=old)
        if reply.status != 409:
            raise WitnessAnswerError(status=reply.status, witness=name)
        if reply.content_type != "text/x.tlog.size":
            raise WitnessForkError(witness=name, size=head.size)
        size = _size(reply, name)
        if size == old:
            raise WitnessAnswerError(why="size", witness=name)
        self._known[head.origin] = size

    # -- what is left with the witness ------------------------------------------------------------

    def _catch_up(self) -> bool:
        """Show the witness every epoch and every rotation of our key that it has not seen, oldest first.

        Return whether one was new to it.
        """
        steps = [entry for entry in self._store.entries("key") if entry.body.get("event") == ROTATED]
        steps = sorted((*steps, *self._store.entries("epoch")), key=lambda entry: entry.seq)
        heads = [(entry, self._store.checkpoint(entry.seq + 1)) for entry in steps]
        reached = self._reached({head.origin for _, head in heads})
        told = False
        for entry, covering in heads:
            if (epoch_of(covering.origin), covering.size) < reached:
                continue
            try:
                self._add(covering)
            except (WitnessAheadError, WitnessKeyRefusedError):  # another way, or one that needs a pin
                continue
            told |= (
                entry.kind == "epoch"
                or self._client.leave(left_entry(self._store, entry.seq, covering)).status == 200
            )
        return told

    def _reached(self, origins: set[str]) -> tuple[int, int]:
        """Return the newest epoch of ours that the witness has signed, and the size; not verified, it saves alarms."""
        for origin in sorted(origins, key=epoch_of, reverse=True):
            try:
                note = self._client.last_note(origin)
                if note is not None:
                    return epoch_of(origin), read_head(parse_note(note).text).size
            except (NoteFormatError, WitnessAnswerError):
                continue
        return 0, 0

    def leave_shreds(self, head: Checkpoint) -> None:
        """Leave the erasures that the witness does not have yet: a restore asks for them. Raises WitnessError.

        The head must be one that the witness signed.
        """
        seqs = [entry.seq for entry in self._store.entries("shred") if entry.seq < head.size]
        if not seqs:
            return
        if self._left is None:
            self._left = {entry.seq for entry in self._client.left(station_of(head.origin))}
        for seq in seqs:
            if seq not in self._left:
                reply = self._client.leave(left_entry(self._store, seq, head))
                if reply.status != 200:
                    raise WitnessAnswerError(status=reply.status, witness=self.witness.name)
                self._left.add(seq)


def left_entry(store: Store, seq: int, head: Checkpoint) -> LeftEntry:
    """Return an entry's body with the proof that it is in the tree of a head."""
    return LeftEntry(
        seq=seq,
        body=store.body(seq),
        proof=inclusion_proof(seq, head.size, store.node),
        note=head.note,
    )


def _guess(head: Checkpoint) -> int:
    """Return from which size to offer a head to a witness of whom nothing is known.

    In a later epoch not 0: that would say that this epoch continues nothing, and the witness would keep an alarm.
    """
    return head.size if epoch_of(head.origin) > 1 else 0


def _size(reply: Reply, name: str) -> int:
    text = reply.text.removesuffix("\n")
    if not text.isascii() or not text.isdigit() or len(text) > _NUMBER_DIGITS:
        raise WitnessAnswerError(why="size", witness=name)
    return int(text)


def push(
    store: Store, witnesses: Sequence[Witness], *, deadline_s: float = DEADLINE_S
) -> tuple[Outcome, ...]:
    """Ask all witnesses at once for the newest head, keep what is good, and return what each did, in their order.

    Ends within about the deadline, whatever they do. Raises StoreError where the log cannot keep them.
    """
    head = store.head()
    if not witnesses:
        return ()
    clients = [WitnessClient(witness, deadline_s=deadline_s) for witness in witnesses]
    executor = ThreadPoolExecutor(max_workers=len(clients), thread_name_prefix="push")
    timer = threading.Timer(deadline_s, _abort_all, [clients])
    timer.daemon = True
    try:
        waiting = [executor.submit(_try, Exchange(store, client), head) for client in clients]
        timer.start()
        outcomes = tuple(future.result() for future in waiting)
    finally:
        timer.cancel()
        executor.shutdown()
        for client in clients:
            client.close()
    keep(store, head, outcomes)
    return outcomes


def _abort_all(clients: Sequence[WitnessClient]) -> None:
    for client in clients:
        client.abort()


def _try(exchange: Exchange, head: Checkpoint) -> Outcome:
    try:
        found = exchange.cosign(head)
    except SessionsError as error:
        return Outcome(witness=exchange.witness, size=head.size, error=error)
    unleft = None
    try:
        exchange.leave_shreds(head)
    except SessionsError as error:
        unleft = error
    return Outcome(witness=exchange.witness, size=head.size, cosignature=found, unleft=unleft)


def keep(store: Store, head: Checkpoint, outcomes: Sequence[Outcome]) -> None:
    """Put the cosignatures among outcomes into the log."""
    lines = [found.cosignature.line for found in outcomes if found.cosignature is not None]
    if lines:
        store.add_cosignatures(head.size, lines)


@dataclass(slots=True, kw_only=True)
class _Track:
    """Where one witness stands: its exchange, the last size it cosigned, when to try again after a failure."""

    witness: Witness
    exchange: Exchange | None = None
    client: WitnessClient | None = None
    size: int = 0
    failures: int = 0
    not_before: float = 0.0
    last: Outcome | None = field(default=None)


class CosignWorker:
    """Sends the newest head to the witnesses from one thread while the desk works.

    `kick` after each committed entry; heads that come while one is under way are sent as one. A witness that fails is
    asked again after a while; one that hangs ends at its deadline. An attempt never waits for any of this.
    """

    def __init__(
        self,
        store: Store,
        witnesses: Sequence[Witness],
        *,
        connect: Connect = WitnessClient,
        on_outcome: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._store = store
        self._connect = connect
        self._on_outcome = on_outcome
        self._tracks = [_Track(witness=witness) for witness in witnesses]
        self._wake = threading.Condition()
        self._kicked = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="cosign", daemon=True)

    def start(self) -> "CosignWorker":
        """Start, and send the present head. Without witnesses nothing is started."""
        if self._tracks:
            self._thread.start()
            self.kick()
        return self

    def kick(self) -> None:
        """Say that there is a new head; returns at once."""
        with self._wake:
            self._kicked = True
            self._wake.notify()

    def close(self, wait_s: float = 3.0) -> None:
        """Stop, cutting off what is under way; call this before the store is closed."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        for track in self._tracks:
            if track.client is not None:
                track.client.abort()
        if self._thread.is_alive():
            self._thread.join(wait_s)

    def __enter__(self) -> "CosignWorker":
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each witness did last, as far as it was asked."""
        return tuple(track.last for track in self._tracks if track.last is not None)

    def _run(self) -> None:
        while self._wait():
            for track in self._tracks:
                if not self._stopped and time.monotonic() >= track.not_before:
                    self._serve(track)
        for track in self._tracks:
            if track.client is not None:
                track.client.close()

    def _wait(self) -> bool:
        """Wait for a kick, or until a witness that failed may be asked again; return whether to go on."""
        with self._wake:
            while not self._kicked and not self._stopped:
                due = [track.not_before for track in self._tracks if track.failures]
                rest = min(due) - time.monotonic() if due else None
                if rest is not None and rest <= 0:
                    break
                self._wake.wait(rest)
            self._kicked = False
            return not self._stopped

    def _serve(self, track: _Track) -> None:
        """Bring one witness to the newest head."""
        try:
            head = self._store.head()
            if head.size == track.size:
                return
            outcome = self._ask(track, head)
        except SessionsError as error:  # the log itself cannot be read: the desk sees that too
            outcome = Outcome(witness=track.witness, size=0, error=error)
        track.last = outcome
        if outcome.error is None:
            track.size, track.failures, track.not_before = outcome.size, 0, 0.0
        else:
            track.failures += 1
            wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(track.failures - 1, 10))
            track.not_before = time.monotonic() + wait
        if self._on_outcome is not None:
            self._on_outcome(outcome)

    def _ask(self, track: _Track, head: Checkpoint) -> Outcome:
        if track.exchange is None:
            track.client = self._connect(track.witness)
            track.exchange = Exchange(self._store, track.client)
        outcome = _try(track.exchange, head)
        if isinstance(outcome.error, WitnessError) and outcome.error.conclusive:
            track.exchange = (
                None  # ask afresh next time: what was remembered of this witness may be what is wrong
            )
        keep(self._store, head, [outcome])
        return outcome
