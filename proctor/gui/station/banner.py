"""What the band across the check-in page says of a screen: the verdict and of whom, or what goes on."""

from typing import Final

from proctor.desk.screen import Screen
from proctor.gui.station.verdict import Banner
from proctor.texts import Texts

WARNINGS: Final = frozenset(
    f"desk.title.{name}"
    for name in (
        "two-cards",
        "old-card",
        "ready",
        "paused",
        "no-reader",
        "no-disk",
        "no-camera",
        "no-scanner",
        "claim.typed",
    )
)
"""What goes on and should not."""


def banner_of(screen: Screen, texts: Texts) -> Banner:
    """Return what the band says: the verdict and of whom, or what goes on."""
    panel, found = screen.verdict, screen.candidate
    if panel is None or screen.locked:
        prompt = None if screen.locked else screen.prompt
        claim = screen.title if prompt is not None else screen.claim
        return Banner(
            colour="quiet",
            sign=_waiting_sign(screen),
            word=(prompt or screen.title).said(texts),
            line="" if claim is None or screen.locked else claim.said(texts),
        )
    named = found is not None and "sbd" in found.facts
    side = (
        tuple(str(found.facts.get(name, "")) for name in ("sbd", "name", "place")) if found and named else ()
    )
    line = panel.line.said(texts)
    if found is not None and not (
        named and found.key.startswith("desk.candidate") and "claimed" not in found.key
    ):
        line = f"{line} {found.said(texts)}" if not named else f"{line} {texts['checkin.by-claim']}"
    return Banner(
        colour=panel.colour,
        sign=panel.sign,
        word=panel.word.said(texts),
        line=line,
        side=tuple(text for text in side if text),
        loud=True,
    )


def _waiting_sign(screen: Screen) -> str:
    """A desk that is being opened is no fault: it works, as an attempt does."""
    if screen.locked:
        return "arrow"
    if screen.phase == "working" or screen.title.key == "desk.title.opening":
        return "dots"
    return "bang" if screen.phase == "closed" or screen.title.key in WARNINGS else "arrow"


def sbd_of(screen: Screen) -> str:
    """Return whom the attempt names; "" for nobody."""
    return "" if screen.candidate is None else str(screen.candidate.facts.get("sbd", ""))
