"""Labelled comparisons from a CSV file: who is to be compared with whom, and whether that is the same person. Pure.

Two forms, told apart by the heading:
- pairs: `reference`, `probe`, `same` (1 or 0); also `reference_subject`, `probe_subject` where people are known;
- subjects: `image`, `subject`, also `role` (reference, probe or both): every reference with every probe; without
  roles every image with every other, once.
A cell of a probe may name several frames, separated by ";": a burst. A further column may name a group.
A picture is one picture by whatever path it is named: paths are normalised, and `alias` says which names hold the same
bytes. One picture is of one person, is in one group, and is compared with no copy of itself.
Form: UTF-8, comma. Nothing here opens an image.
"""

import csv
import io
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from biometrics.calibration_errors import PairsFormatError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_ROWS: Final = 1_000_000
MAX_COMPARISONS: Final = 20_000_000
MAX_FRAMES: Final = 32
MAX_CELL: Final = 4096
MAX_GROUPS: Final = 64
_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})
_PAIRS: Final = ("reference", "probe", "same")
_SUBJECTS: Final = ("image", "subject")
Row = Mapping[str, str]
Indices = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """One image, or the frames of one burst. `row`: where the file first names it."""

    files: tuple[str, ...]
    row: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """Comparisons: arrays of one length m. `reference`, `probe`: indices of `references` and `probes`; `same`: bool;
    `group`: index of `groups`, -1 none. `reference_person`, `probe_person`: of each reference and probe, int32.

    `people_known` False: who is the same person was only concluded from the pairs that say so; who is another person
    nobody said, so that two images may well be of one.
    """

    references: tuple[Presentation, ...]
    probes: tuple[Presentation, ...]
    reference_person: Indices
    probe_person: Indices
    reference: Indices
    probe: Indices
    same: NDArray[np.bool_]
    group: Indices
    groups: tuple[str, ...]
    form: Literal["pairs", "subjects"]
    people_known: bool

    @property
    def has_bursts(self) -> bool:
        """Whether any probe has several frames."""
        return any(len(probe.files) > 1 for probe in self.probes)

    def only(self, kept: NDArray[np.bool_]) -> "Labelled":
        """Return some of the comparisons; references and probes stay as they are."""
        return _replace(self, kept)


def read_pairs(
    data: bytes, *, group: str | None = None, alias: Mapping[str, str] = MappingProxyType({})
) -> Labelled:
    """Return the comparisons of a CSV file. `group`: the column of groups; `alias`: normalised path → the path that
    stands for its bytes.

    Raises PairsFormatError(row, column, defect): encoding, heading, values, limits, a pair that is labelled both ways,
    stands in two groups, or compares an image with itself; an image of two people.
    """
    if len(data) > MAX_BYTES:
        raise PairsFormatError(row=0, column="", defect="size")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PairsFormatError(row=0, column="", defect="encoding") from None
    rows = list(_rows(text))
    heading = rows[0][1] if rows else {}
    wanted = _PAIRS if "reference" in heading else _SUBJECTS
    for column in (*wanted, *(() if group is None else (group,))):
        if column not in heading:
            raise PairsFormatError(row=1, column=column[:64], defect="missing")
    if len(rows) == 1:
        raise PairsFormatError(row=1, column="", defect="empty")
    names = _Groups(group)
    build = _from_pairs if wanted is _PAIRS else _from_subjects
    return build(rows[1:], names, _Pictures(alias))


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the heading (columns as keys), then each row with its number. Blank lines do not count as rows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    heading: list[str] = []
    try:
        for cells in reader:
            number = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if number > MAX_ROWS + 1:
                raise PairsFormatError(row=number, column="", defect="rows")
            if not heading:
                heading = [cell.strip() for cell in cells]
                if len(set(heading)) != len(heading):
                    raise PairsFormatError(row=number, column="", defect="heading")
                yield number, dict.fromkeys(heading, "")
                continue
            if len(cells) != len(heading):
                raise PairsFormatError(row=number, column="", defect="cells")
            yield number, {name: cell.strip() for name, cell in zip(heading, cells, strict=True)}
    except csv.Error:
        raise PairsFormatError(row=reader.line_num, column="", defect="csv") from None


class _Groups:
    """Names of groups in the order they come."""

    def __init__(self, column: str | None) -> None:
        self._column = column
        self.names: dict[str, int] = {}

    def of(self, number: int, row: Row) -> int:
        if self._column is None or not row[self._column]:
            return -1
        name = row[self._column]
        if len(name) > 64 or not name.isprintable():
            raise PairsFormatError(row=number, column=self._column[:64], defect="value")
        found = self.names.setdefault(name, len(self.names))
        if found >= MAX_GROUPS:
            raise PairsFormatError(row=number, column=self._column[:64], defect="groups")
        return found

    def require_one(self, number: int, before: int, now: int) -> None:
        """Require that what is there twice is in the same group. Raises PairsFormatError."""
        if before != now:
            raise PairsFormatError(row=number, column=(self._column or "")[:64], defect="two groups")


class _People:
    """Who is one person: names joined by what the rows say (union-find)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, name: str) -> str:
        top = name
        while (above := self._above.setdefault(top, top)) != top:
            top = above
        while name != top:  # next time the way is short
            above = self._above[name]
            self._above[name] = top
            name = above
        return top

    def join(self, names: Sequence[str]) -> None:
        top = self.of(names[0])
        for name in names[1:]:
            self._above[self.of(name)] = top


class _Presentations:
    """Presentations without repetition."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, ...], int] = {}
        self.rows: list[int] = []

    def add(self, files: tuple[str, ...], row: int) -> int:
        if files not in self.found:
            self.rows.append(row)
        return self.found.setdefault(files, len(self.found))

    def all(self) -> tuple[Presentation, ...]:
        return tuple(Presentation(files=files, row=self.rows[at]) for files, at in self.found.items())


class _Pictures:
    """What the cells name, each picture under one name, and whose picture each is."""

    def __init__(self, alias: Mapping[str, str]) -> None:
        self._alias = alias
        self._subject: dict[str, str] = {}

    def named(self, number: int, column: str, cell: str, most: int) -> tuple[tuple[str, ...], bool]:
        """Return the pictures of a cell, and whether it names all of them as they are named elsewhere."""
        names = [name.strip() for name in cell.split(";")]
        if not all(names) or len(cell) > MAX_CELL or not cell.isprintable():
            raise PairsFormatError(row=number, column=column, defect="value")
        paths = [posixpath.normpath(name) for name in names]
        if len(paths) > most or len(set(paths)) != len(paths):
            raise PairsFormatError(row=number, column=column, defect="frames")
        files = tuple(dict.fromkeys(self._alias.get(path, path) for path in paths))
        return files, list(files) == names

    def files(self, number: int, column: str, cell: str, most: int) -> tuple[str, ...]:
        """Return the pictures of a cell."""
        return self.named(number, column, cell, most)[0]

    def give(self, number: int, column: str, files: tuple[str, ...], subject: str) -> None:
        """Enter whose pictures these are. Raises PairsFormatError where one is another person's."""
        for name in files:
            if self._subject.setdefault(name, subject) != subject:
                raise PairsFormatError(row=number, column=column, defect="people")


def _is_same(number: int, cell: str) -> bool:
    word = cell.lower()
    if word not in _YES | _NO:
        raise PairsFormatError(row=number, column="same", defect="value")
    return word in _YES


def _from_pairs(rows: Sequence[tuple[int, Row]], groups: _Groups, pictures: _Pictures) -> Labelled:
    references, probes, people = _Presentations(), _Presentations(), _People()
    labels: dict[tuple[int, int], tuple[bool, int, int]] = {}
    known = all(column in rows[0][1] for column in ("reference_subject", "probe_subject"))
    for number, row in rows:
        one = pictures.files(number, "reference", row["reference"], 1)
        other = pictures.files(number, "probe", row["probe"], MAX_FRAMES)
        if one[0] in other:
            raise PairsFormatError(row=number, column="probe", defect="itself")
        same = _is_same(number, row["same"])
        people.join(other)
        people.of(one[0])
        if same:
            people.join((one[0], other[0]))
        if known:
            _join_subjects(number, row, {"reference": one, "probe": other}, people, pictures)
            if same != (row["reference_subject"] == row["probe_subject"]):
                raise PairsFormatError(row=number, column="same", defect="contradiction")
        key, group = (references.add(one, number), probes.add(other, number)), groups.of(number, row)
        before = labels.setdefault(key, (same, group, number))
        if before[0] != same:
            raise PairsFormatError(row=number, column="same", defect="contradiction")
        groups.require_one(number, before[1], group)
    ids: dict[str, int] = {}
    first, second = (
        np.array([ids.setdefault(people.of(files[0]), len(ids)) for files in each.found], dtype=np.int32)
        for each in (references, probes)
    )
    for (reference, probe), (same, _, number) in labels.items():
        if (first[reference] == second[probe]) != same:
            raise PairsFormatError(row=number, column="same", defect="contradiction")
    keys = np.array(list(labels), dtype=np.int32).reshape(-1, 2)
    return Labelled(
        references=references.all(),
        probes=probes.all(),
        reference_person=first,
        probe_person=second,
        reference=keys[:, 0],
        probe=keys[:, 1],
        same=np.array([same for same, _, _ in labels.values()], dtype=np.bool_),
        group=np.array([group for _, group, _ in labels.values()], dtype=np.int32),
        groups=tuple(groups.names),
        form="pairs",
        people_known=known,
    )


def _join_subjects(
    number: int, row: Row, sides: Mapping[str, tuple[str, ...]], people: _People, pictures: _Pictures
) -> None:
    """Join what is of one subject. The name of a subject lies apart from names of files by its first character."""
    for side, files in sides.items():
        column = f"{side}_subject"
        if not row[column] or len(row[column]) > MAX_CELL:
            raise PairsFormatError(row=number, column=column, defect="value")
        pictures.give(number, column, files, row[column])
        people.join((f"\0{row[column]}", files[0]))


def _from_subjects(rows: Sequence[tuple[int, Row]], groups: _Groups, pictures: _Pictures) -> Labelled:
    references, probes = _Presentations(), _Presentations()
    ids: dict[str, int] = {}
    people: tuple[list[int], list[int]] = ([], [])
    group: tuple[list[int], list[int]] = ([], [])
    with_roles = "role" in rows[0][1]
    for number, row in rows:
        files, as_named = pictures.named(number, "image", row["image"], MAX_FRAMES)
        if not row["subject"] or len(row["subject"]) > MAX_CELL:
            raise PairsFormatError(row=number, column="subject", defect="value")
        pictures.give(number, "subject", files, row["subject"])
        person, of_group = ids.setdefault(row["subject"], len(ids)), groups.of(number, row)
        role = (row["role"] or "both") if with_roles else "both"
        if role not in {"reference", "probe", "both"}:
            raise PairsFormatError(row=number, column="role", defect="value")
        for at, (side, wanted) in enumerate(((references, "reference"), (probes, "probe"))):
            if role not in {wanted, "both"}:
                continue
            if side is references and len(files) > 1:
                if role == "both":
                    continue  # a burst can only be a probe
                raise PairsFormatError(row=number, column="image", defect="frames")
            if files in side.found:
                groups.require_one(number, group[at][side.found[files]], of_group)
                if not as_named:
                    continue  # a copy of it
                raise PairsFormatError(row=number, column="image", defect="twice")
            side.add(files, number)
            people[at].append(person)
            group[at].append(of_group)
    return _crossed(references, probes, people, group, tuple(groups.names))


def _crossed(
    references: _Presentations,
    probes: _Presentations,
    people: tuple[list[int], list[int]],
    group: tuple[list[int], list[int]],
    groups: tuple[str, ...],
) -> Labelled:
    """Return every reference with every probe that shares no image with it; two images once, not both ways."""
    if len(references.found) * len(probes.found) > 2 * MAX_COMPARISONS:
        raise PairsFormatError(row=0, column="", defect="comparisons")
    person = tuple(np.array(each, dtype=np.int32) for each in people)
    of_group = tuple(np.array(each, dtype=np.int32) for each in group)
    parts = []
    files_of = list(probes.found)
    as_reference = np.array([references.found.get(files, -1) for files in files_of], dtype=np.int64)
    containing: dict[str, list[int]] = {}
    for at, files in enumerate(files_of):
        for name in files:
            containing.setdefault(name, []).append(at)
    for (name, *_), number in references.found.items():
        wanted = (as_reference < 0) | (as_reference > number)  # two images are compared once
        own = probes.found.get((name,))
        if own is None:  # this one is no probe: all others have to meet it
            wanted = np.ones(len(files_of), dtype=np.bool_)
        wanted[containing.get(name, [])] = False
        found = np.flatnonzero(wanted).astype(np.int32)
        parts.append((np.full(len(found), number, dtype=np.int32), found))
    first = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.int32)
    second = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, dtype=np.int32)
    if len(first) > MAX_COMPARISONS:
        raise PairsFormatError(row=0, column="", defect="comparisons")
    both = of_group[0][first]
    return Labelled(
        references=references.all(),
        probes=probes.all(),
        reference_person=person[0],
        probe_person=person[1],
        reference=first,
        probe=second,
        same=person[0][first] == person[1][second],
        group=np.where(both == of_group[1][second], both, -1).astype(np.int32),
        groups=groups,
        form="subjects",
        people_known=True,
    )


def _replace(labelled: Labelled, kept: NDArray[np.bool_]) -> Labelled:
    return Labelled(
        references=labelled.references,
        probes=labelled.probes,
        reference_person=labelled.reference_person,
        probe_person=labelled.probe_person,
        reference=labelled.reference[kept],
        probe=labelled.probe[kept],
        same=labelled.same[kept],
        group=labelled.group[kept],
        groups=labelled.groups,
        form=labelled.form,
        people_known=labelled.people_known,
    )
