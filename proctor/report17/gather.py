"""Which sessions of a period count, each once, and which do not, with why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from proctor.report17.packs import ReadPack, RefusedPack, source_of_pack
from proctor.report17.source import Source, differences
from reports.model17_tally import Tally
from sessions.errors import StoreAlteredError
from sessions.pack_finding import PackFinding

BAD = frozenset({"pack", "contradicts", "incomplete", "damaged"})
"""Reasons that somebody has to see to; the others are as they should be."""
_TRAINING = "training"
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
"""What values that no station of ours writes end in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A session that counts, and what it comes to. `differs`: what its close entry says otherwise."""

    source: Source = field(repr=False)
    tally: Tally
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What does not count, and why: "open", "part", "training", "real", "same", or one of `BAD`.

    `code`, `facts`: of a pack that does not verify, what its examination said.
    """

    why: str
    session: str = ""
    station: str = ""
    day: date | None = None
    file: str = ""
    code: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All of a period. `training`: these are training sessions."""

    counted: tuple[Counted, ...]
    left_out: tuple[LeftOut, ...]
    training: bool

    @property
    def good(self) -> bool:
        """Whether nothing is left out that should have counted, and nothing contradicts itself."""
        return not any(each.why in BAD for each in self.left_out) and not any(c.differs for c in self.counted)


def gather(
    sources: Iterable[Source],
    packs: Iterable[ReadPack | RefusedPack],
    *,
    since: date,
    until: date,
    training: bool,
) -> Gathered:
    """Return what counts of a log's sessions and of packs, the days from `since` to `until` inclusive.

    `training`: whether training sessions are counted, or real ones; never both.
    """
    own = list(sources)
    read, left = _split(packs)
    good, contradicting = _newest(read)
    left += contradicting
    by_key = {pack.key: pack for pack in good}
    for pack in good:
        found = _source(pack, by_key)
        if isinstance(found, LeftOut):
            left.append(found)
        elif since <= found.day <= until:
            own.append(found)
    wanted = _TRAINING if training else "real"
    unique, again = _once(own)
    left += again
    counted = []
    for source in unique:
        why = _why_not(source, wanted)
        if why:
            left.append(_left(source, why))
            continue
        result = _counted(source)
        if isinstance(result, LeftOut):
            left.append(result)
        else:
            counted.append(result)
    return Gathered(
        counted=tuple(counted), left_out=tuple(sorted(left, key=_order)), training=wanted == _TRAINING
    )


def _split(packs: Iterable[ReadPack | RefusedPack]) -> tuple[list[ReadPack], list[LeftOut]]:
    read: list[ReadPack] = []
    refused = []
    for pack in packs:
        if isinstance(pack, ReadPack):
            read.append(pack)
        else:
            refused.append(_refused(pack))
    return read, refused


def _refused(pack: RefusedPack) -> LeftOut:
    report, first = pack.report, pack.report.first_bad
    return LeftOut(
        why="pack",
        session=report.session,
        station=report.origin,
        file=pack.file,
        code=report.code if first is None else first.code,
        facts=report.facts if first is None else _facts(first),
    )


def _facts(found: PackFinding) -> Mapping[str, str | int]:
    """Return what a finding's text needs: where it is, too."""
    seq = "" if found.seq is None else str(found.seq)
    return {**found.facts, "seq": seq, "member": " ".join(part for part in (found.member, seq) if part)}


def _newest(packs: Sequence[ReadPack]) -> tuple[list[ReadPack], list[LeftOut]]:
    """Return the longest pack of each session, and the others; of packs that contradict one another, none is good."""
    good, left = [], []
    for _, group in groupby(sorted(packs, key=lambda p: (p.key, p.size, p.file)), key=lambda pack: pack.key):
        same = list(group)
        why = "contradicts" if any(pack.contradicts(same[-1]) for pack in same[:-1]) else "same"
        if why == "same":
            good.append(same.pop())
        left += [_left_pack(pack, why) for pack in same]
    return good, left


def _source(pack: ReadPack, others: Mapping[tuple[str, str], ReadPack]) -> Source | LeftOut:
    try:
        return source_of_pack(pack, others)
    except (StoreAlteredError, *_MALFORMED):
        return LeftOut(why="damaged", session=pack.session, station=pack.station, file=pack.file)


def _counted(source: Source) -> Counted | LeftOut:
    """Return what a session comes to. A station can sign entries that make no sense: such a pack is named."""
    try:
        found = source.tally()
        return Counted(source=source, tally=found, differs=differences(source, found))
    except _MALFORMED:
        if not source.file:
            raise  # this machine's own log has the forms of its writer
        return _left(source, "damaged")


def _once(sources: Iterable[Source]) -> tuple[list[Source], list[LeftOut]]:
    """Return each session once: a log's own before the pack of it."""
    kept: dict[tuple[str, str], Source] = {}
    again = []
    for source in sources:
        if source.key in kept:
            again.append(_left(source, "same"))
        else:
            kept[source.key] = source
    return sorted(kept.values(), key=lambda each: (each.day, each.station, each.session)), again


def _why_not(source: Source, wanted: str) -> str:
    if source.kind != wanted:
        return source.kind
    if source.part:
        return "part"
    if source.close is None:
        return "open"
    return "incomplete" if source.incomplete else ""


def _left(source: Source, why: str) -> LeftOut:
    return LeftOut(why=why, session=source.session, station=source.station, day=source.day, file=source.file)


def _left_pack(pack: ReadPack, why: str) -> LeftOut:
    return LeftOut(why=why, session=pack.session, station=pack.station, file=pack.file)


def _order(left: LeftOut) -> tuple[str, str, str, str]:
    return left.why, left.station, left.session, left.file
