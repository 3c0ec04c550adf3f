"""Who comes to which session, and how each of them turns up: drawn from one seed, each candidate by themselves.

Taking a candidate or a session away changes nothing for the others. The sizes are those of the pilot's report: 18
sessions and 5,170 candidates (mô hình 17, Thanh Hoá, 2024).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

SEED = 20261122
GRADUATION = "driving-graduation"
DRIVING = "driving-tt108-2026"
SHOWN_FIRST = (
    "right",
    "overridden",
    "not-decided",
    "decided",
    "refused",
    "impostor",
    "manual",
    "face-again",
    "card-again",
    "wrong-room",
    "twice",
    "out-and-back",
    "absent",
    "suspended",
    "no-paper",
    "corrected",
)
"""How the first candidates of every session turn up, so that each way is in each."""
_MIX = (
    ("right", 8_600),
    ("absent", 450),
    ("overridden", 300),
    ("face-again", 170),
    ("card-again", 110),
    ("twice", 80),
    ("manual", 80),
    ("wrong-room", 60),
    ("out-and-back", 50),
    ("corrected", 60),
    ("not-decided", 30),
    ("decided", 25),
    ("refused", 20),
    ("impostor", 15),
    ("suspended", 10),
)
_SURNAMES = ("Nguyễn Văn", "Trần Thị", "Lê Văn", "Phạm Thị", "Hoàng Văn", "Đặng Thị", "Vũ Văn", "Bùi Thị")
_GIVEN = ("Mẫu", "Thử", "Luyện", "Tập", "Ví Dụ", "Minh Hoạ", "Giả Định")
_LETTERS = "ABCDEĐGHIKLMNOPQRSTUVXY"
PASS_E4 = {"theory": 8_800, "simulation": 9_200, "yard": 8_700, "road": 9_300}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One candidate of the replay. `way`: how they turn up at their first component; later ones go by the dice."""

    sbd: str
    id_number: str
    name: str = field(repr=False)
    birth: str
    way: str
    dice: int

    def random(self, component: str) -> Random:
        """Return the dice of this candidate for a component: the same whoever else is there."""
        return Random(f"{self.dice}/{component}")  # noqa: S311 - a replay, nothing secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One session of the replay. `number` from 1; `added`: candidates added on the day."""

    number: int
    title: str
    rules: str
    licence_class: str
    components: tuple[str, ...]
    people: tuple[Person, ...]
    added: tuple[Person, ...] = ()
    outsiders: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What is replayed: the pilot's sessions, or the first `sessions` of each kind with at most `people` each."""

    sessions: int | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """Who is taken away: candidates as (number, session), whole sessions by number."""

    candidates: frozenset[tuple[str, int]] = frozenset()
    sessions: frozenset[int] = frozenset()


def pilot() -> tuple[tuple[str, str, str, tuple[str, ...], int], ...]:
    """Return the pilot's sessions: title, rules, class, components, candidates."""
    car = ("theory", "yard", "road")
    cars = [("Sát hạch ô tô", DRIVING, "B", car, 299)] * 14 + [("Sát hạch ô tô", DRIVING, "B", car, 297)]
    graduation = ("Thi tốt nghiệp ô tô", GRADUATION, "B", ("theory", "simulation", "yard", "road"), 191)
    motorcycles = [("Sát hạch mô tô", DRIVING, "A1", ("theory", "yard"), 248)] * 2
    return (graduation, *cars, *motorcycles)


def plan(seed: int, size: Size, without: Without) -> tuple[Sitting, ...]:
    """Return the sessions to replay."""
    sittings = []
    wanted = _chosen(size)
    for number in wanted:
        title, rules, licence_class, components, count = pilot()[number - 1]
        count = count if size.people is None else min(count, size.people)
        people = tuple(
            person
            for person in _people(seed, number, count)
            if (person.sbd, number) not in without.candidates
        )
        added = tuple(
            person for person in _added(seed, number, count) if (person.sbd, number) not in without.candidates
        )
        if number not in without.sessions:
            sittings.append(
                Sitting(
                    number=number,
                    title=title,
                    rules=rules,
                    licence_class=licence_class,
                    components=components,
                    people=people,
                    added=added,
                )
            )
    return tuple(sittings)


def _chosen(size: Size) -> tuple[int, ...]:
    """Return the numbers of the sessions: all, or so many, kinds in turn (graduation, car, motorcycle)."""
    every = tuple(range(1, len(pilot()) + 1))
    if size.sessions is None:
        return every
    order = (1, 2, len(every), *(number for number in every if number not in {1, 2, len(every)}))
    return tuple(sorted(order[: size.sessions]))


def _people(seed: int, number: int, count: int) -> Iterator[Person]:
    for at in range(1, count + 1 - _is_added_to(number)):
        yield _person(seed, number, at, SHOWN_FIRST[at - 1] if at <= len(SHOWN_FIRST) else "")


def _added(seed: int, number: int, count: int) -> Iterator[Person]:
    """Yield who is added on the day: the last candidate of every third session."""
    if _is_added_to(number):
        yield _person(seed, number, count, "right")


def _is_added_to(number: int) -> bool:
    return number % 3 == 1


def _person(seed: int, number: int, at: int, way: str) -> Person:
    dice = Random(f"{seed}/{number}/{at}")  # noqa: S311 - a replay, nothing secret
    drawn = dice.choices([name for name, _ in _MIX], [weight for _, weight in _MIX])[0]
    letters = _LETTERS[at % len(_LETTERS)] + _LETTERS[at // len(_LETTERS) % len(_LETTERS)]
    return Person(
        sbd=f"{at:03d}",
        id_number=f"0{1 + number:02d}199{at:06d}"[:12],
        name=f"{_SURNAMES[at % len(_SURNAMES)]} {_GIVEN[at // 8 % len(_GIVEN)]} {letters}",
        birth=f"{1 + at % 28:02d}/{1 + at % 12:02d}/{1980 + at % 25}",
        way=way or drawn,
        dice=dice.getrandbits(48),
    )
