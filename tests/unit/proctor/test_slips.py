"""Slips and seal of a session in a log: pictures from the evidence, a file for each; who was erased; sheets before."""

import io
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest

from proctor.errors import CommandError
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.sheet_kinds import rebuild, write_kind
from proctor.sheet_wish import Wish
from proctor.sheets import own_part
from reports.pdf import render
from sessions.record import Second
from sessions.selection import select
from sessions.session import Session, load_session
from sessions.shredding import shred_selection
from tests.support.erasure import Hall, Person
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import portrait
from tests.support.sessions_station import Bench, record

SECOND = Second(user_id="giam-sat", role="trainee", proof="training")
PEOPLE = 4


class Pictured(Person):
    """A candidate whose pictures can be printed."""

    def picture(self, name: str, size: int) -> bytes:
        return portrait(self.index + len(name), (300, 400))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(tmp_path / "root")) as root:
        yield root


@pytest.fixture
def session(opened: OpenRoot) -> Session:
    """Everybody was let in once; the first was looked at again, and drawn by lot before."""
    people: list[Person] = [Pictured(index=index) for index in range(PEOPLE)]
    operator = opened.require_login().operator
    hall = Hall(bench=Bench(path=opened.root.database), people=people, operator=operator)
    opened_session = hall.fill(opened.store)
    again = record(
        99, session_id=opened_session.session_id, sbd="001", purpose="spot-check", operator=operator
    )
    opened.store.append_attempt(again, people[0].evidence())
    hall.session = opened_session.session_id
    hall.close(opened.store)
    return load_session(opened.store, opened_session.session_id)


def erase(opened: OpenRoot, session: Session, sbd: str | None) -> int:
    chosen = select(opened.store, session.session_id, sbd=sbd)
    scope = "session" if sbd is None else "candidate"
    operator = opened.require_login().operator
    receipts = shred_selection(
        opened.store, chosen, scope=scope, reason="request", operator=operator, second=SECOND
    )
    return receipts[-1].seq


def test_everybody_gets_a_slip_with_pictures_of_one_head_each_entered_by_number(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    size = opened.store.head().size
    written = write_kind(opened, session, Wish(kind="slip"), tmp_path)
    assert [sheet.path.name for sheet in written] == [
        f"slip-{index + 1:03d}-{session.session_id}-{size}.pdf" for index in range(PEOPLE)
    ]
    for index, sheet in enumerate(written):
        body = opened.store.entry(sheet.seq).body
        assert (body["sbd"], body["sheet_size"]) == (f"{index + 1:03d}", size)
        pages = page_texts(sheet.path.read_bytes())
        text = " ".join(" ".join(pages).split())
        assert Person(index=index).name in text
        assert not any(Person(index=other).name in text for other in range(PEOPLE) if other != index)
        told = [entry.seq for entry in opened.store.entries("attempt") if entry.body["sbd"] == body["sbd"]]
        assert all(f"mục {seq}" in text for seq in told)
    first = pypdf.PdfReader(io.BytesIO(written[0].path.read_bytes())).pages[0]
    sizes = sorted(image.image.size for image in first.images if image.image is not None)
    assert [found for found in sizes if 200 < found[0] < 400] == [(228, 304), (300, 400), (300, 400)]


@pytest.mark.parametrize("pair", [("001", "Đ001"), ("A/1", "A.1"), ("a1", "A1"), ("A-1", "A/1")])
def test_two_numbers_never_share_a_file(pair: tuple[str, str]) -> None:
    names = {own_part(sbd).casefold() for sbd in pair}
    assert len(names) == 2
    assert all(name.isascii() and not set(name) & set("/.") for name in names)


def test_a_slip_is_rebuilt_byte_for_byte_and_a_second_one_is_a_reprint(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    (first,) = write_kind(opened, session, Wish(kind="slip", sbd="001"), tmp_path)
    (other,) = write_kind(opened, session, Wish(kind="slip", sbd="002"), tmp_path)
    (again,) = write_kind(opened, session, Wish(kind="slip", sbd="001"), tmp_path)
    assert (first.copy, other.copy, again.copy) == (0, 0, 1)
    rebuilt = rebuild(opened, opened.store.entry(first.seq).body)
    unsigned = render(rebuilt, opened.keys.bundle.signer(opened.root.origin))
    assert first.path.read_bytes().startswith(unsigned)


def test_whose_data_were_erased_has_no_slip_and_the_others_have(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    entry = erase(opened, session, "002")
    with pytest.raises(CommandError) as caught:
        write_kind(opened, session, Wish(kind="slip", sbd="002"), tmp_path)
    assert (caught.value.code, caught.value.facts["entry"]) == ("candidate-erased", entry)
    with pytest.raises(CommandError) as unknown:
        write_kind(opened, session, Wish(kind="slip", sbd="777"), tmp_path)
    assert unknown.value.code == "candidate-perhaps-erased"
    assert list(tmp_path.glob("*.pdf")) == []
    assert len(write_kind(opened, session, Wish(kind="slip"), tmp_path)) == PEOPLE - 1


def test_a_session_erased_as_a_whole_has_no_slips(opened: OpenRoot, session: Session, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as unknown:
        write_kind(opened, session, Wish(kind="slip", sbd="777"), tmp_path)
    assert unknown.value.code == "candidate-unlisted"
    erase(opened, session, None)
    with pytest.raises(CommandError) as caught:
        write_kind(opened, session, Wish(kind="slip"), tmp_path)
    assert caught.value.code == "slip-nobody"


def test_the_seal_names_every_sheet_before_it_by_entry_and_hash(
    opened: OpenRoot, session: Session, tmp_path: Path
) -> None:
    slips = write_kind(opened, session, Wish(kind="slip"), tmp_path)
    (summary,) = write_kind(opened, session, Wish(kind="summary"), tmp_path)
    (seal,) = write_kind(opened, session, Wish(kind="seal"), tmp_path)
    text = " ".join(" ".join(page_texts(seal.path.read_bytes())).split())
    assert seal.path.name.startswith("seal-")
    assert "BIÊN BẢN NIÊM PHONG PHIÊN CỦA TRẠM NHẬN DẠNG" in text
    for sheet in (*slips, summary):
        assert f"mục {sheet.seq}, đầu cây {sheet.size}, băm {sheet.sha256[:16]}" in text
    assert seal.counts["prints"] == len(slips) + 1
    assert seal.root in text
    assert seal.certificate in text
    assert opened.root.station_key().fingerprint in text
