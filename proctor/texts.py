"""Every text of screen, paper and error, keyed by code, Vietnamese and English (`proctor/text/<language>/*.toml`)."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

STOPS: Final = (".", ":", ";", ",", "!", "?", "…")

LANGUAGES = ("vi", "en")
DEFAULT_LANGUAGE = "vi"
_AT_WINDOW = "at-window."
_SPOKEN = {
    "stated": "result-status",
    "computed": "result-status",
    "action": "rules.action",
    "job_state": "print.state",
    "defect": "defect",
    "kind": "calibrate.kind",
    "component": "component-name",
}
"""Values that are codes, by the place's name: what their texts begin with."""


class DuplicateTextError(Exception):
    """Two files of one language define the same key."""


class Texts(Mapping[str, str]):
    """The texts of one language. A key without a text is a `KeyError`: a test keeps every code covered."""

    def __init__(self, language: str, table: Mapping[str, str]) -> None:
        self.language = language
        self._table = MappingProxyType(dict(table))

    def __getitem__(self, key: str) -> str:
        return self._table[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def say(self, key: str, /, **values: str | int) -> str:
        """Return the text of `key` with `{name}` places filled; an unknown key comes back in brackets.

        A text of its own for the cause, `key.why`, comes before the one for all causes.
        """
        text = self._table.get(f"{key}.{values['why']}" if "why" in values else key, self._table.get(key))
        if text is None:
            return f"[{key}]"
        return text.format_map(_Places({name: self._spoken(name, value) for name, value in values.items()}))

    def _spoken(self, name: str, value: str | int) -> str | int:
        """Return a value in words, where it is a code of a kind that has them."""
        kind = _SPOKEN.get(name)
        return value if kind is None else self._table.get(f"{kind}.{value}", value)


class _Places(dict[str, str | int]):
    """`str.format_map` places: one without a value shows as a dash, so that an error text can never raise."""

    def __missing__(self, key: str) -> str:
        return "—"


@cache
def load_texts(language: str = DEFAULT_LANGUAGE) -> Texts:
    """Return the texts of `language` ("vi" or "en"). Raises `DuplicateTextError`, `FileNotFoundError`."""
    table: dict[str, str] = {}
    folder = resources.files("proctor") / "text" / language
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        for key, value in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if key in table:
                raise DuplicateTextError(f"{language}/{file.name}: {key}")
            table[key] = value
    return Texts(language, table)


@cache
def window_texts(language: str = DEFAULT_LANGUAGE) -> Texts:
    """Return the texts of `language` as the window says them: what names a command there names a key or a page."""
    table = load_texts(language)
    own = {key.removeprefix(_AT_WINDOW): text for key, text in table.items() if key.startswith(_AT_WINDOW)}
    return Texts(language, {**table, **own})


def in_a_row(lines: Iterable[str]) -> str:
    """Return what a command said line by line as one line: a line that ends without a stop gets one before the next."""
    said = [line.strip() for line in lines if line.strip()]
    ended = [line if line.endswith(STOPS) else f"{line}." for line in said[:-1]]
    return " ".join((*ended, *said[-1:]))
