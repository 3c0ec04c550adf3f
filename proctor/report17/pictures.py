"""The page of pictures of some sessions: its numbers, the PDF and a picture of it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pypdfium2

from proctor.report17.source import Source
from proctor.texts import Texts
from reports.pictures_data import Pictures, Spread, pictures_of
from reports.pictures_data import Sitting as PicturedSitting
from reports.pictures_page import PageWords, pictures_pdf

_DPI = 150
_POINTS = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesWish:
    """What is asked for: the days, or one `session`; `source`: what it was computed from."""

    since: date
    until: date
    session: str
    source: str
    training: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPictures:
    """The page as PDF and PNG, and its numbers as docs/report.md has them."""

    pdf: bytes = field(repr=False)
    png: bytes = field(repr=False)
    data: dict[str, Any]


def draw_pictures(sources: Sequence[Source], wish: PicturesWish, texts: Texts) -> DrawnPictures:
    """Return the page of these sessions, up to their close where they have one."""
    found = pictures_of(
        PicturedSitting(day=each.day.isoformat(), entries=each.settled, components=each.components)
        for each in sources
    )
    opened = sum(each.close is None for each in sources)
    words = PageWords(
        title=texts.say("pictures.title"),
        subtitle=_subtitle(found, wish, texts, opened),
        source=wish.source,
        training=(texts["sheet.training.banner"], texts["sheet.training.mark"]) if wish.training else None,
    )
    pdf = pictures_pdf(found, words, texts)
    return DrawnPictures(pdf=pdf, png=_png(pdf), data=_json(found, wish, opened))


def _subtitle(found: Pictures, wish: PicturesWish, texts: Texts, opened: int) -> str:
    days = f"{wish.since:%d/%m/%Y}"
    if wish.until != wish.since:
        days = texts.say("pictures.days", since=days, until=f"{wish.until:%d/%m/%Y}")
    several = "pictures.subtitle" if found.sessions else "pictures.subtitle-none"
    key = "pictures.subtitle-one" if wish.session else several
    said = texts.say(key, days=days, sessions=found.sessions, session=wish.session)
    return said + (texts.say("pictures.open") if opened else "")


def _png(pdf: bytes) -> bytes:
    """Return the first page as a picture."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture = document[0].render(scale=_DPI / _POINTS).to_pil()
    finally:
        document.close()
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "PNG", dpi=(_DPI, _DPI))
    return buffer.getvalue()


def _json(found: Pictures, wish: PicturesWish, opened: int) -> dict[str, Any]:
    waiting = found.waiting
    return {
        "from": wish.since.isoformat(),
        "to": wish.until.isoformat(),
        "session": wish.session or None,
        "training": wish.training,
        "sessions": found.sessions,
        "open": opened,
        "days": found.days,
        "attempts": found.attempts,
        "verdicts": dict(found.verdicts),
        "throughput": [
            {"station": name, "from": f"{at // 4:02d}:{at % 4 * 15:02d}", "admitted": count}
            for name, counts in found.throughput.items()
            for at, count in enumerate(counts)
            if count
        ],
        "waiting": {
            **_spread(waiting.wait),
            "called": _spread(waiting.called),
            "started": _spread(waiting.started),
            "before_start": waiting.before,
            "unknown": waiting.unknown,
        },
        "desk": _spread(waiting.desk),
        "reasons": [
            {"code": each.code, "refer": each.refer, "refuse": each.refuse} for each in found.reasons
        ],
        "overrides": {
            "mean_e4": None if found.mean is None else _e4(found.mean),
            "users": [
                {
                    "user": each.user,
                    "overrides": each.overrides,
                    "cases": each.cases,
                    "share_e4": _e4(each.share),
                    "low_e4": _e4(each.low),
                    "high_e4": _e4(each.high),
                }
                for each in found.rates
            ],
        },
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {"n": spread.n, "median_ms": _ms(spread.quantile(0.5)), "p95_ms": _ms(spread.quantile(0.95))}


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000)


def _e4(share: float) -> int:
    return round(share * 10_000)
