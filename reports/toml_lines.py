"""On which line of a TOML file something stands: what its parser does not tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_HEAD: Final = re.compile(r"\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'|\s*\.\s*)+?)\s*=")
_PART: Final = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")
_QUOTES: Final = ('"""', "'''", '"', "'")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line, from 1, of a key path of valid TOML: its own, else that of the nearest table around it.

    A number in the path counts the tables of an array from 0. 1 where nothing of the path is found.
    """
    wanted = tuple(path)
    best, line = 0, 1
    for number, found in _places(text):
        common = _common(found, wanted)
        if common == len(found) and common > best:
            best, line = common, number
    return line


def _places(text: str) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    """Yield every line that begins a table or a key, with its path."""
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in _statements(text):
        if head := _HEAD.fullmatch(line):
            names = _in_arrays(_parts(head[2]), counts)
            if head[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                if counts[names] == 0:
                    yield number, names
                names = (*names, counts[names])
            table = names
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_parts(key[1]))


def _in_arrays(names: tuple[str, ...], counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    """Return a table's path with the number of the array's table that it belongs to."""
    path: tuple[str | int, ...] = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if path in counts and place < len(names) - 1:
            path = (*path, counts[path])
    return path


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(key))


def _common(found: Sequence[str | int], wanted: Sequence[str | int]) -> int:
    count = 0
    for one, other in zip(found, wanted, strict=False):
        if one != other:
            break
        count += 1
    return count


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines on which a statement begins: none inside a list or a text of several lines."""
    depth, quote = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if depth == 0 and not quote:
            yield number, line
        depth, quote = _after(line, depth, quote)


def _after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Return how deep in brackets, and in which quotes of several lines, a line ends."""
    at = 0
    while at < len(line):
        if quote:
            if quote[0] == '"' and line[at] == "\\":
                at += 2
            elif line.startswith(quote, at):
                at, quote = at + len(quote), ""
            else:
                at += 1
            continue
        if line[at] == "#":
            break
        opened = next((mark for mark in _QUOTES if line.startswith(mark, at)), "")
        quote = opened
        depth += (line[at] in "[{") - (line[at] in "]}")
        at += len(opened) or 1
    return max(0, depth), quote if len(quote) == 3 else ""
