"""A card that is lifted in the middle of a read goes on where it stopped, if it proves to be the same."""

from dataclasses import replace

import pytest

from readers.emrtd.limits import ReadLimits
from readers.emrtd.passive_auth import require_consistent
from readers.errors import (
    CardLostError,
    CardMuteError,
    CardSwappedError,
    NoCardError,
    ReaderGoneError,
)
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card, sample_holder
from tests.support.lifted_card import LiftedConnection, Table, commands_of
from tests.support.softcard import NOW, fake_jpeg, read_all

KEY = sample_holder("mau", today=NOW.date()).number.can
OTHER_KEY = sample_holder("second", today=NOW.date()).number.can


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def make(pki):
    return lambda name="mau": sample_card(name, fake_jpeg(12_000), pki, now=NOW)


@pytest.fixture(scope="module")
def image(make):
    return make()


@pytest.fixture(scope="module")
def total(image):
    """Commands of an undisturbed read."""
    return len(commands_of(image, KEY))


def resumes(steps):
    return [(step.outcome, step.code) for step in steps.reader.steps if step.name == "resume"]


def raw_of(table, **options):
    """The raw chip of a read, without the hashes, for its facts."""
    reader = table.reader(**options)
    keys = require_consistent(reader.open(KEY))
    return reader, reader.read(reader.require_genuine(keys, table.challenge()))


@pytest.mark.parametrize("back", [1, 2, 20, 40, 55])
def test_a_lifted_card_goes_on_where_it_stopped(image, total, back):
    table = Table(LiftedConnection(image, total - back), lambda: LiftedConnection(image))
    steps = table.read(KEY)
    assert len(steps.chip.portrait.image) == 12_000
    assert resumes(steps) == [("passed", "")]
    (again,) = table.put_back
    assert len(again.commands) < total - 20 + min(back, 20), "octets that were read are not read again"
    assert table.first.closed
    assert steps.reader.tries == 1


def test_the_record_says_that_it_was_resumed(image, total):
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(image))
    reader, raw = raw_of(table)
    assert raw.facts["resumes"] == 1
    first, second = raw.genuine.active_proofs
    assert first.challenge != second.challenge
    assert [first.challenge, second.challenge] == table.challenges
    assert first.signature != second.signature
    (row,) = (step for step in reader.steps if step.name == "resume")
    assert row.apdus > 10
    assert next(step for step in reader.steps if step.name == "DG2").outcome == "passed"


def test_progress_never_goes_back(image, total):
    table = Table(
        LiftedConnection(image, total - 30),
        lambda: LiftedConnection(image, 30),
        lambda: LiftedConnection(image),
    )
    table.read(KEY)
    done = [octets for name, octets, _ in table.progress if name == "DG2"]
    assert done == sorted(done)
    names = [name for name, *_ in table.progress]
    assert names.count("SOD") <= 12, "what is compared again is no progress"
    assert ("DG2", done[-1], done[-1]) in table.progress


def test_three_times_and_no_more(image, total):
    short = [lambda: LiftedConnection(image, 30)] * 3
    table = Table(LiftedConnection(image, total - 40), *short, lambda: LiftedConnection(image))
    with pytest.raises(CardLostError):
        table.read(KEY)
    assert table.waited == 3


def test_lifted_again_while_it_proves_itself(image, total):
    table = Table(
        LiftedConnection(image, total - 40),
        lambda: LiftedConnection(image, 5),
        lambda: LiftedConnection(image, 15),
        lambda: LiftedConnection(image),
    )
    steps = table.read(KEY)
    assert resumes(steps) == [("indeterminate", "card-lost")] * 2 + [("passed", "")]


def test_another_card_does_not_open_with_the_key(image, make, total):
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(make("second")))
    with pytest.raises(CardSwappedError) as caught:
        table.read(KEY)
    assert caught.value.facts == {"reason": "access-wrong-key"}


def test_another_card_of_the_same_holder_shows_another_sod(image, make, total):
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(make()))
    with pytest.raises(CardSwappedError) as caught:
        table.read(KEY)
    assert caught.value.facts == {"reason": "sod"}


def test_a_copy_put_in_its_place_fails_its_proof(image, make, total):
    copy = replace(make(), files=image.files)
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(copy))
    reader = table.reader()
    with pytest.raises(CardSwappedError) as caught:
        read_all(reader, KEY)
    assert caught.value.facts["reason"] in {"ca-failed", "aa-failed"}
    (row,) = (step for step in reader.steps if step.name == "resume")
    assert (row.outcome, row.code) == ("indeterminate", "card-swapped")


def test_a_card_that_breaks_rules_when_it_comes_back_is_another(image, make, total):
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(make("dead")))
    with pytest.raises(CardSwappedError) as caught:
        table.read(KEY)
    assert caught.value.facts == {"reason": "chip-status"}


def test_another_reader_is_another_card(image, total):
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(image, name="another reader"))
    with pytest.raises(CardSwappedError) as caught:
        table.read(KEY)
    assert caught.value.facts == {"reason": "reader"}
    assert table.put_back[0].closed


@pytest.mark.parametrize("missing", ["reconnect", "fresh_challenge"])
def test_without_the_means_a_lifted_card_is_lost(image, total, missing):
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(image))
    with pytest.raises(CardLostError):
        table.read(KEY, **{missing: None})
    assert table.waited == 0


def test_a_card_that_proved_nothing_is_not_waited_for(make):
    bare = make("no-aa")
    lost_at = len(commands_of(bare, KEY)) - 10
    table = Table(LiftedConnection(bare, lost_at), lambda: LiftedConnection(bare))
    with pytest.raises(CardLostError):
        table.read(KEY)
    assert table.waited == 0


def test_lifted_before_the_proof_is_lost(image):
    table = Table(LiftedConnection(image, 20), lambda: LiftedConnection(image))
    with pytest.raises(CardLostError):
        table.read(KEY)
    assert table.waited == 0


def after(table, seconds, connection):
    """A card that comes back after so many seconds."""

    def come_back():
        table.clock.now += seconds
        return connection

    return come_back


@pytest.mark.parametrize(("away_s", "read"), [(19.0, True), (21.0, False)])
def test_time_away_counts_against_its_own_limit_only(image, total, away_s, read):
    table = Table(LiftedConnection(image, total - 10))
    table._then = [after(table, away_s, LiftedConnection(image))]
    limits = ReadLimits(extended_length=False, total_s=5.0, resume_s=20.0)
    if read:
        assert len(table.read(KEY, limits=limits).chip.portrait.image) == 12_000
        return
    with pytest.raises(CardLostError) as caught:
        table.read(KEY, limits=limits)
    assert caught.value.facts == {"reason": "not-put-back"}
    assert table.put_back[0].closed


def test_time_with_the_card_still_counts(image, total):
    table = Table(LiftedConnection(image, total - 10))

    class Slow(LiftedConnection):
        def transceive(self, command):
            table.clock.now += 1.0
            return super().transceive(command)

    table._then = [lambda: Slow(image)]
    with pytest.raises(CardMuteError):
        table.read(KEY, limits=ReadLimits(extended_length=False, total_s=5.0))


def raising(error):
    def come_back():
        raise error

    return come_back


def test_a_card_put_down_badly_gets_another_chance(image, total):
    table = Table(
        LiftedConnection(image, total - 10),
        raising(CardMuteError(step="wait")),
        raising(CardLostError(step="connect")),
        lambda: LiftedConnection(image),
    )
    assert resumes(table.read(KEY)) == [("passed", "")]


def test_a_card_that_stays_away_is_lost(image, total):
    table = Table(LiftedConnection(image, total - 10), *[raising(NoCardError())] * 3)
    with pytest.raises(CardLostError) as caught:
        table.read(KEY)
    assert caught.value.facts == {"reason": "not-put-back"}
    assert table.waited == 3


def test_a_reader_that_goes_is_said_to_have_gone(image, total):
    table = Table(LiftedConnection(image, total - 10), raising(ReaderGoneError(step="connect")))
    with pytest.raises(ReaderGoneError):
        table.read(KEY)


def test_a_challenge_is_not_used_again_for_the_new_proof(image, total):
    table = Table(LiftedConnection(image, total - 10), lambda: LiftedConnection(image))
    same = b"12345678"
    reader = table.reader(fresh_challenge=lambda: same)
    keys = require_consistent(reader.open(KEY))
    genuine = reader.require_genuine(keys, same)
    with pytest.raises(ValueError, match="once"):
        reader.read(genuine)
