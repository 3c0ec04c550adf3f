"""The attacks on chip and access that every reader must withstand, each by name, from the card to the verdict.

A row: what the attack is, the sample of the software card that makes it, the check that stops it, with outcome and
code, and the verdict in words. Everything goes through the pipeline that the station uses, with BAC allowed by the
rules, so that a refusal to fall back is the reader's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from proctor.checks import CheckName as C
from proctor.checks import ChipVerdict as V
from proctor.chip_means import chip_desks
from proctor.desks import CardSource
from proctor.pipeline import Proven, read_chip
from proctor.policy import chip_verdict
from proctor.present import AccessText
from proctor.recorder import Recorder
from readers.emrtd.reading import ReadLimits
from readers.softcard.chip import SoftCard
from readers.softcard.holder import access_text
from readers.softcard.in_process import InProcessConnection
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import require_sample, sample_holder
from sessions.record import Outcome as O  # noqa: N817 - a table reads better
from tests.support.softcard import NOW
from tests.support.softcard_samples import image_of, whole_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from readers.emrtd.pki.store import TrustStore
    from readers.emrtd.steps import Step
    from sessions.record import Check

MSE_SET_AT = bytes.fromhex("0022C1A4")
GET_CHALLENGE = bytes.fromhex("0084")
CHIP = (C.CHIP_OPEN, C.PA_KEYS, C.CHIP_GENUINE, C.CHIP_READ, C.PA_CONSISTENT, C.PA_TRUSTED, C.CROSS_CHECK)
ROWS = [
    # --- the chip proves itself
    ("AA: a replayed answer", "replayed-aa", C.CHIP_GENUINE, O.FAILED, "aa-failed", V.NOT_PROVEN),
    (
        "AA: recovered length is not the modulus'",
        "truncated-aa",
        C.CHIP_GENUINE,
        O.FAILED,
        "aa-failed",
        V.NOT_PROVEN,
    ),
    ("AA: a trailer of no hash", "unknown-trailer", C.CHIP_GENUINE, O.FAILED, "aa-failed", V.NOT_PROVEN),
    ("AA: a signature of zeros", "zeros-aa", C.CHIP_GENUINE, O.FAILED, "aa-failed", V.NOT_PROVEN),
    ("AA: refused", "refused-aa", C.CHIP_GENUINE, O.FAILED, "aa-failed", V.NOT_PROVEN),
    (
        "AA: exponent 3 proves nothing",
        "exponent-3",
        C.CHIP_GENUINE,
        O.NOT_PERFORMED,
        "chip-not-proven",
        V.NOT_PROVEN,
    ),
    (
        "AA: good, but DG15 is not the signed one",
        "altered-dg15",
        C.PA_KEYS,
        O.FAILED,
        "pa-dg-hash",
        V.ALTERED,
    ),
    ("AA: a copy without the key", "aa-clone", C.CHIP_GENUINE, O.FAILED, "aa-failed", V.NOT_PROVEN),
    ("AA: DG15 withheld", "hidden-dg15", C.CHIP_GENUINE, O.NOT_PERFORMED, "chip-key-withheld", V.NOT_PROVEN),
    ("CA: a key on no curve", "ca-bad-point", C.CHIP_GENUINE, O.FAILED, "ca-failed", V.NOT_PROVEN),
    ("CA: a copy without the key", "ca-clone", C.CHIP_GENUINE, O.FAILED, "ca-failed", V.NOT_PROVEN),
    (
        "CA: messages with the old keys",
        "old-keys-after-ca",
        C.CHIP_GENUINE,
        O.FAILED,
        "ca-failed",
        V.NOT_PROVEN,
    ),
    ("CA: refused", "ca-refused", C.CHIP_GENUINE, O.FAILED, "ca-failed", V.NOT_PROVEN),
    ("CA: DG14 is not the signed one", "altered-dg14", C.PA_KEYS, O.FAILED, "pa-dg-hash", V.ALTERED),
    ("CA: DG14 withheld", "hidden-dg14", C.PA_KEYS, O.INDETERMINATE, "pa-dg-withheld", V.UNREADABLE),
    ("CAM: a false proof", "cam-wrong-proof", C.CHIP_GENUINE, O.FAILED, "ca-failed", V.NOT_PROVEN),
    ("CAM: no proof", "cam-no-proof", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("both: a copy without any key", "clone", C.CHIP_GENUINE, O.FAILED, "ca-failed", V.NOT_PROVEN),
    # --- access
    (
        "PACE stripped from CardAccess",
        "card-access-stripped",
        C.PA_KEYS,
        O.FAILED,
        "access-downgrade",
        V.ALTERED,
    ),
    (
        "CardAccess and PACE taken away",
        "card-access-gone",
        C.PA_KEYS,
        O.FAILED,
        "access-downgrade",
        V.ALTERED,
    ),
    (
        "the better of two PACE variants stripped from CardAccess",
        "card-access-weaker",
        C.PA_KEYS,
        O.FAILED,
        "access-downgrade",
        V.ALTERED,
    ),
    (
        "CardAccess taken away, DG14 signs better PACE than the assumed",
        "card-access-hidden",
        C.PA_KEYS,
        O.FAILED,
        "access-downgrade",
        V.ALTERED,
    ),
    (
        "CardAccess says what DG14 does not",
        "card-access-extra",
        C.PA_KEYS,
        O.FAILED,
        "card-access-mismatch",
        V.ALTERED,
    ),
    ("PACE: mapping point of zeros", "pace-zero-point", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("PACE: mapping point on no curve", "pace-bad-point", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("PACE: mapping point sent back", "pace-reflected", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("PACE: identical ephemeral keys", "pace-identical", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("PACE: nonce of zeros", "pace-zero-nonce", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("PACE: wrong token", "pace-wrong-token", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("PACE: no token", "pace-no-token", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("PACE: no data objects", "pace-malformed", C.CHIP_OPEN, O.FAILED, "pace-failed", V.ALTERED),
    ("SM: 9000 without DO'8E'", "sm-no-mac", C.CHIP_OPEN, O.INDETERMINATE, "sm-failed", V.UNREADABLE),
    (
        "SM: DO'99' is not the status word",
        "sm-status-mismatch",
        C.CHIP_OPEN,
        O.INDETERMINATE,
        "sm-failed",
        V.UNREADABLE,
    ),
    ("SM: no DO'99'", "sm-no-status", C.CHIP_OPEN, O.INDETERMINATE, "sm-failed", V.UNREADABLE),
    ("SM: wrong MAC", "wrong-mac", C.CHIP_OPEN, O.INDETERMINATE, "sm-failed", V.UNREADABLE),
    ("SM: counter off by one", "sm-ssc-off-by-one", C.CHIP_OPEN, O.INDETERMINATE, "sm-failed", V.UNREADABLE),
    ("SM: bad padding", "sm-bad-padding", C.CHIP_OPEN, O.INDETERMINATE, "sm-failed", V.UNREADABLE),
    ("SM: an answer in the open", "sm-unprotected", C.CHIP_OPEN, O.INDETERMINATE, "sm-failed", V.UNREADABLE),
    ("no key fits", "wrong-can", C.CHIP_OPEN, O.INDETERMINATE, "access-wrong-key", V.UNREADABLE),
    # --- lengths
    (
        "DG2 announces four gigabytes",
        "huge-length",
        C.CHIP_READ,
        O.INDETERMINATE,
        "chip-file-too-large",
        V.UNREADABLE,
    ),
    (
        "60 KB announced, it ends early",
        "sixty-kb",
        C.CHIP_READ,
        O.INDETERMINATE,
        "chip-malformed",
        V.UNREADABLE,
    ),
    (
        "60 KB announced, short blocks",
        "sixty-kb-short",
        C.CHIP_READ,
        O.INDETERMINATE,
        "chip-malformed",
        V.UNREADABLE,
    ),
    (
        "60 KB announced, empty blocks",
        "sixty-kb-empty",
        C.CHIP_READ,
        O.INDETERMINATE,
        "chip-malformed",
        V.UNREADABLE,
    ),
    (
        "60 KB announced, the first block again and again",
        "sixty-kb-repeated",
        C.CHIP_READ,
        O.INDETERMINATE,
        "chip-malformed",
        V.UNREADABLE,
    ),
]


@dataclass(frozen=True, slots=True)
class Read:
    """How one read ended."""

    proven: Proven
    checks: Mapping[C, Check]
    steps: tuple[Step, ...]
    commands: tuple[bytes, ...]

    @property
    def verdict(self) -> V:
        return chip_verdict(self.checks)


class Listening:
    """A connection that remembers the commands."""

    def __init__(self, card: SoftCard) -> None:
        self._inner = InProcessConnection(card)
        self.commands: list[bytes] = []
        self.name, self.atr = self._inner.name, self._inner.atr

    def transceive(self, command: bytes) -> bytes:
        self.commands.append(command)
        return self._inner.transceive(command)

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, pki: TrainingPki) -> TrustStore:
    return whole_store(tmp_path_factory.mktemp("store") / "s", pki)


def read(name: str, pki: TrainingPki, store: TrustStore, *, bac: bool = True, text: str = "") -> Read:
    """Read a sample as the station does."""
    options = require_sample(name).chip
    text = text or access_text(sample_holder(name, today=NOW.date()), options)
    card = Listening(SoftCard(image_of(name, pki), sleep=lambda _: None))
    recorder = Recorder(now=lambda: datetime.now(UTC))
    desk, trusting = chip_desks(
        AccessText("mrz" if options.document == "passport" else "qr", text),
        CardSource(kind="software", connect=lambda: card),
        store,
        training=True,
        limits=ReadLimits(bac_allowed=bac),
    )
    try:
        proven = read_chip(desk, trusting, recorder)
    finally:
        desk.close()
    return Read(proven, recorder.checks, desk.steps, tuple(card.commands))


@pytest.mark.parametrize(
    ("attack", "sample", "check", "outcome", "code", "verdict"), ROWS, ids=[row[0] for row in ROWS]
)
def test_attack(
    attack: str,
    sample: str,
    check: C,
    outcome: O,
    code: str,
    verdict: V,
    pki: TrainingPki,
    store: TrustStore,
) -> None:
    result = read(sample, pki, store)
    row = result.checks[check]
    assert (row.outcome, row.code, result.verdict) == (outcome, code, verdict), attack
    before = CHIP[: CHIP.index(check)]
    assert all(result.checks[name].outcome is O.PASSED for name in before)
    if outcome is not O.NOT_PERFORMED:
        after = CHIP[CHIP.index(check) + 1 :]
        assert all(result.checks[name].outcome is O.NOT_PERFORMED for name in after)
        assert result.proven.holder is None


@pytest.mark.parametrize("sample", [row[1] for row in ROWS if row[4] == "pace-failed"])
def test_a_failed_pace_is_never_followed_by_bac(sample: str, pki: TrainingPki, store: TrustStore) -> None:
    result = read(sample, pki, store)
    assert not [command for command in result.commands if command.startswith(GET_CHALLENGE)]
    assert "bac" not in {step.name for step in result.steps}


@pytest.mark.parametrize("sample", ["card-access-stripped", "card-access-gone", "bac-only"])
def test_no_bac_where_the_rules_forbid_it(sample: str, pki: TrainingPki, store: TrustStore) -> None:
    result = read(sample, pki, store, bac=False)
    assert result.checks[C.CHIP_OPEN].code == "pace-not-offered"
    assert not [command for command in result.commands if command.startswith(GET_CHALLENGE)]


def test_four_wrong_keys_and_no_more(pki: TrainingPki, store: TrustStore) -> None:
    result = read("wrong-can", pki, store)
    sent = [command for command in result.commands if command.startswith(MSE_SET_AT)]
    assert 1 <= len(sent) <= 4
    assert result.checks[C.CHIP_OPEN].facts["tries"] == len(sent)


def test_qr_of_one_person_on_the_card_of_another(pki: TrainingPki, store: TrustStore) -> None:
    other = access_text(sample_holder("second", today=NOW.date()))
    result = read("mau", pki, store, text=other)
    assert result.checks[C.CHIP_OPEN].code == "access-wrong-key"
    assert "Trần" not in str(result.checks)
    assert "001199000002" not in str(result.checks)


def test_data_that_differ_are_warnings_each_by_its_name(pki: TrainingPki, store: TrustStore) -> None:
    warned = {
        sample: read(sample, pki, store).checks[C.CROSS_CHECK].facts["warnings"]
        for sample in (
            "dg13-other-name",
            "dg13-other-number",
            "dg13-other-sex",
            "dg13-other-birth",
            "expiry-not-by-rule",
        )
    }
    assert "dg13-name-differs" in str(warned["dg13-other-name"])
    assert "dg13-number-differs" in str(warned["dg13-other-number"])
    assert "dg13-sex-differs" in str(warned["dg13-other-sex"])
    assert "dg13-birth-differs" in str(warned["dg13-other-birth"])
    assert "expiry-not-by-rule" in str(warned["expiry-not-by-rule"])


def test_a_genuine_card_passes_every_check(pki: TrainingPki, store: TrustStore) -> None:
    result = read("mau", pki, store)
    assert result.verdict is V.GENUINE
    assert all(result.checks[name].outcome is O.PASSED for name in CHIP)
