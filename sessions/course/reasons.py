"""Reason codes of exceptions as data (`reasons.toml`), and the words and pictures that go with them."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sessions.course.exception_errors import (
    NoteInvalidError,
    NoteMissingError,
    PhotoInvalidError,
    ReasonUnknownError,
)
from sessions.errors import RulesError

ACTS: Final = ("override", "decision", "manual", "addition", "exit", "correction")
MAX_NOTE: Final = 4_000
"""Characters of a note: a page by hand."""
MAX_PHOTO: Final = 8_000_000
_FIELDS: Final = {"vi", "en", "note", "recorded"}
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason. `code` is what a person types, `recorded` what stands in the entry; `note`: words are needed."""

    code: str
    recorded: str
    labels: Mapping[str, str]
    note: bool

    def label(self, language: str) -> str:
        """Return the label in "vi" or "en"."""
        return self.labels[language]


@cache
def reasons(act: str) -> Mapping[str, Reason]:
    """Return the reasons of an act of ACTS by code; raises RulesError for a table that cannot be."""
    text = files("sessions.course").joinpath("reasons.toml").read_text(encoding="utf-8")
    return {code: _reason(act, code, fields) for code, fields in tomllib.loads(text)[act].items()}


def require_reason(act: str, code: str | None) -> Reason:
    """Return a reason of an act; raises ReasonUnknownError with those there are."""
    found = reasons(act).get(code or "")
    if found is None:
        raise ReasonUnknownError(known=" ".join(reasons(act)))
    return found


def reason_label(act: str, recorded: str, language: str = "vi") -> str:
    """Return the label of a reason as it stands in an entry; the code itself where the table has none such."""
    found = reasons(act).get(recorded)
    return recorded if found is None else found.label(language)


def note_of(reason: Reason, text: str) -> dict[str, bytes]:
    """Return the evidence `note` of a reason and free text, or nothing where there is nothing to keep.

    A reason that the entry does not say is the note's first line. Raises NoteMissingError, NoteInvalidError.
    """
    words = clean_note(text)
    if reason.note and not words:
        raise NoteMissingError(reason=reason.code)
    hidden = [] if reason.recorded == reason.code else [f"{reason.code}: {reason.label('vi')}"]
    whole = "\n".join([*hidden, *([words] if words else [])])
    return {"note": whole.encode()} if whole else {}


def clean_note(text: str) -> str:
    """Return free text in NFC, without control characters, at most MAX_NOTE long; raises NoteInvalidError."""
    if len(text) > 4 * MAX_NOTE:
        raise NoteInvalidError(why="long", limit=MAX_NOTE)
    words = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if any(char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cs"} for char in words):
        raise NoteInvalidError(why="characters", limit=MAX_NOTE)
    if len(words) > MAX_NOTE:
        raise NoteInvalidError(why="long", limit=MAX_NOTE)
    return words


def photo_of(data: bytes | None) -> dict[str, bytes]:
    """Return the evidence `photo` of a JPEG or PNG file, or nothing; raises PhotoInvalidError."""
    if data is None:
        return {}
    if len(data) > MAX_PHOTO:
        raise PhotoInvalidError(why="long", limit=MAX_PHOTO // 1_000_000)
    if not data.startswith(_PICTURES):
        raise PhotoInvalidError(why="form", limit=MAX_PHOTO // 1_000_000)
    return {"photo": data}


def _reason(act: str, code: str, fields: Mapping[str, Any]) -> Reason:
    if not {"vi", "en"} <= set(fields) <= _FIELDS:
        raise RulesError(file="reasons.toml", key=f"{act}.{code}")
    return Reason(
        code=code,
        recorded=str(fields.get("recorded", code)),
        labels={language: str(fields[language]) for language in ("vi", "en")},
        note=fields.get("note") is True,
    )
