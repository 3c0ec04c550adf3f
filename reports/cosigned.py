"""Who cosigned the tree head of a sheet, in words for its foot; and the warning where somebody who must did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.wording import Texts, clean, say
from sessions.witnesses import Cosigners

_ROOM: Final = 60
"""Characters of names that signed, and of names that are missing, in the foot's two lines; the rest is counted."""
_LONGEST: Final = 36


def cosigned_line(texts: Texts, cosigners: Cosigners | None) -> str:
    """Return the foot's words: who is missing, and who cosigned, with short key ids. Raises TextMissingError."""
    if cosigners is None or not cosigners.configured:
        return say(texts, "sheet.foot.no-witness")
    parts = []
    if cosigners.missing:
        names = [_short(name) for name in cosigners.missing]
        parts.append(say(texts, "sheet.foot.missing", names=_listed(names)))
    if cosigners.signed:
        names = [f"{_short(found.name)} ({found.key_id})" for found in cosigners.signed]
        parts.append(say(texts, "sheet.foot.cosigned", names=_listed(names)))
    else:
        parts.append(say(texts, "sheet.foot.cosigned-by-none"))
    return " ".join(parts)


def not_cosigned(texts: Texts, cosigners: Cosigners | None) -> str:
    """Return the warning of a sheet that a required witness did not cosign, else "". Raises TextMissingError."""
    if cosigners is None or cosigners.complete:
        return ""
    return say(texts, "sheet.foot.not-cosigned")


def _listed(names: Sequence[str]) -> str:
    """Return names one after the other as far as they fit, then how many more there are. The log has them all."""
    shown: list[str] = []
    for name in names:
        if shown and len(", ".join([*shown, name])) > _ROOM:
            return f"{', '.join(shown)} +{len(names) - len(shown)}"
        shown.append(name)
    return ", ".join(shown)


def _short(name: str) -> str:
    text = clean(name)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\u2026"
