"""Every kind of sheet is read back from its file and held against the log: order, letters, rows, totals, words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.replay.plan import SEED, Size, Without
from proctor.replay.run import replay
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.sheet_kinds import BUILDERS, write_kind
from proctor.sheet_wish import LISTS, Wish
from reports.words import number_words
from sessions.session import Session, load_session
from tests.support.reports_pages import page_texts

NATION, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
COUNT = re.compile(r"(\d+(?:\.\d{3})*) \(([^()\d]+)\)")
WISHES = [
    *(
        Wish(kind="attendance", component=name, posted=posted)
        for name in ("theory", "yard")
        for posted in (0, 1)
    ),
    Wish(kind="call-list", component="theory"),
    Wish(kind="call-list", component="theory", posted=True),
    *(Wish(kind=kind) for kind in ("results", "exceptions", "summary", "seal", "self-test", "notice")),
    Wish(kind="results", posted=True),
    Wish(kind="slip", sbd="001"),
    Wish(kind="incident", incident="I-{session}-01"),
]
OF_EVERYBODY = {"attendance", "results"}
ELSEWHERE = {"collection", "erasure"}
"""Kinds that a driving test without an erasure does not have: read back by tests/e2e/test_forms.py."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenRoot]:
    root = tmp_path_factory.mktemp("played") / "root"
    size = Size(sessions=1, people=14)
    assert replay(Places.of(str(root)), seed=SEED, size=size, without=Without(), paper=False).ok
    with open_training(ensure_training_root(root)) as played:
        yield played


@pytest.fixture(scope="module")
def session(opened: OpenRoot) -> Session:
    (entry,) = opened.store.entries("open")
    return load_session(opened.store, entry.body["session"])


def test_every_kind_is_read_back_here_or_elsewhere() -> None:
    assert {wish.kind for wish in WISHES} | ELSEWHERE == set(BUILDERS)


@pytest.mark.parametrize(
    "wish", WISHES, ids=lambda wish: f"{wish.kind}-{wish.component}{'-posted' * wish.posted}"
)
def test_a_sheet_says_what_the_log_says(
    opened: OpenRoot, session: Session, tmp_path: Path, wish: Wish
) -> None:
    meant = Wish(
        kind=wish.kind,
        component=wish.component,
        posted=bool(wish.posted),
        sbd=wish.sbd,
        incident=wish.incident.format(session=session.session_id),
    )
    (written,) = write_kind(opened, session, meant, tmp_path)
    texts = page_texts(written.path.read_bytes())
    whole = " ".join(" ".join(texts).split())
    assert unicodedata.is_normalized("NFC", whole)
    assert written.path.name.startswith(f"{wish.kind}-")
    places = [whole.index(words) for words in (NATION, MOTTO, session.session_id, "Nơi nhận:")]
    assert places == sorted(places)
    assert all(f"Trang {number}/{len(texts)}" in text for number, text in enumerate(texts, start=1))
    assert all(written.root in text and session.roster_hash in text for text in texts)
    for figure, words in COUNT.findall(whole):
        if words.split()[0] in SPOKEN:
            assert number_words(int(figure.replace(".", ""))) == words, (figure, words)
    if wish.kind in OF_EVERYBODY:
        assert numbers_of(whole, session) == [seat.sbd for seat in session.seats]
    if meant.posted:
        assert not any(seat.id_number in whole for seat in session.seats if seat.id_number)
    elif wish.kind == "attendance":
        assert all(seat.id_number in whole and seat.full_name in whole for seat in session.seats)
    assert len(written.tables) == (2 if wish.kind in LISTS else 0)


SPOKEN = {number_words(number).split()[0] for number in range(100)}
"""With what a number in words begins: brackets that begin otherwise hold no count."""


def numbers_of(text: str, session: Session) -> list[str]:
    """The candidate numbers of the table's rows, in the order in which they stand: each before its name."""
    found = [(text.index(f"{seat.sbd} {seat.full_name}"), seat.sbd) for seat in session.seats]
    return [sbd for _, sbd in sorted(found)]
