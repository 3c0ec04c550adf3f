"""What a chip is read with: the way to the card, what the rules let it do, what was learnt of readers, a challenge."""

import os
from datetime import UTC, datetime
from pathlib import Path

from proctor.challenge import RANDOM_BYTES, Challenge
from proctor.desks import CardSource, ChipDesk, PassiveAuthDesk, Progress
from proctor.errors import SimulatedReaderError
from proctor.present import AccessText
from proctor.softcards import CardWorkshop, is_softcard
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.reader_memory import FileMemory, ReaderMemory
from readers.emrtd.reading import ReadLimits
from readers.transport import pcsc
from readers.transport.base import Connection, is_virtual_reader
from sessions.root import DataRoot
from sessions.rules import Rules
from sessions.vietnam import today

CARD_WAIT_S = 20.0
MEMORY_FILE = "card-types.json"
NO_ROOT = bytes(32)
"""In place of a tree head where there is no log: a chip read without a session."""


def card_source(
    reader: str,
    *,
    training: bool,
    workshop: CardWorkshop | None,
    apdu_deadline_s: float,
    wait_s: float = CARD_WAIT_S,
) -> CardSource:
    """Return how to reach the card on `reader`. Outside training a simulated reader raises when it is used."""
    if is_softcard(reader) or is_virtual_reader(reader):
        if not training:
            return CardSource(kind="simulated", connect=_refuse_simulated)
        if is_softcard(reader) and workshop is not None:
            slot = workshop.slot(reader)
            return CardSource(kind="software", connect=slot.connect, reconnect=slot.reconnect)

    def connect(wait_s: float) -> Connection:
        return pcsc.connect(reader, wait_s=wait_s, apdu_deadline_s=apdu_deadline_s)

    return CardSource(kind="pcsc", connect=lambda: connect(wait_s), reconnect=connect)


def _refuse_simulated() -> Connection:
    raise SimulatedReaderError(reader="simulated")


def limits_of(rules: Rules) -> ReadLimits:
    """Return what a rules file lets a chip read do."""
    return ReadLimits(
        pace_tries=rules.pace_tries, bac_allowed=rules.bac_allowed, total_s=rules.deadlines.chip_s
    )


def reader_memory(root: DataRoot) -> ReaderMemory:
    """Return what this station learnt about kinds of cards: how long a command each takes. No card's own data."""
    return memory_at(root.path)


def memory_at(place: Path) -> ReaderMemory:
    """As `reader_memory`, of a station whose root need not be open."""
    return FileMemory(place / MEMORY_FILE, lambda: datetime.now(UTC).date())


def fresh_challenge(tree_root: bytes = NO_ROOT) -> Challenge:
    """Return a challenge over the last tree head."""
    return Challenge(os.urandom(RANDOM_BYTES), tree_root)


def chip_desks(
    access: AccessText,
    source: CardSource,
    trust: TrustStore,
    *,
    training: bool,
    tree_root: bytes = NO_ROOT,
    limits: ReadLimits | None = None,
    memory: ReaderMemory | None = None,
    on_progress: Progress | None = None,
) -> tuple[ChipDesk, PassiveAuthDesk]:
    """Return the two desks that a chip read needs. `tree_root`: of the last checkpoint, for the challenges."""
    desk = ChipDesk(
        access=access,
        source=source,
        new_challenge=lambda: fresh_challenge(tree_root),
        training=training,
        limits=limits,
        memory=memory,
        on_progress=on_progress,
    )
    trusting = PassiveAuthDesk(trust, now=lambda: datetime.now(UTC), today=today)
    return desk, trusting
