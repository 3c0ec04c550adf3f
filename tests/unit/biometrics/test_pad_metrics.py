"""The figures of ISO/IEC 30107-3 against numbers worked out by hand and tables."""

import pytest

from biometrics.pad_metrics import Presentation, Rate, Tally, answer_of, check_figures, groups_of

TURN, EYES = "pad-turn", "pad-eyes"


def shown(species="flat-print", *, turn="failed", eyes="passed", count=1, label="attack", **more):
    answers = {name: answer for name, answer in ((TURN, turn), (EYES, eyes)) if answer is not None}
    more = {"source": "rendered", "split": "report", "matched": True, **more}
    return [
        Presentation(
            name=f"{species}-{n}", label=label, species=species, subject=f"p{n}", answers=answers, **more
        )
        for n in range(count)
    ]


def genuine(**more):
    return shown("bona-fide", label="bona-fide", **{"turn": "passed", **more})


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [  # Clopper and Pearson, two-sided 95 %, of published tables
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (0, 150, 0.0, 0.0243),
        (3, 100, 0.0062, 0.0852),
    ],
)
def test_intervals_are_exact(count, n, low, high):
    rate = Rate(count=count, n=n)
    assert rate.interval == pytest.approx((low, high), abs=6e-5)
    assert rate.share == count / n


def test_of_nothing_nothing_is_said():
    rate = Rate(count=0, n=0)
    assert (rate.share, rate.interval, rate.three) == (None, None, None)


@pytest.mark.parametrize(("n", "bound"), [(300, 0.01), (150, 0.02), (3, 1.0), (1, 1.0)])
def test_none_of_n_has_the_rule_of_three(n, bound):
    assert Rate(count=0, n=n).three == pytest.approx(bound)
    assert Rate(count=1, n=n).three is None


def test_apcer_is_of_those_answered_and_apnrr_of_all_asked():
    found = check_figures(
        TURN,
        [
            *shown(turn="passed", count=2),
            *shown(count=6),
            *shown(turn="unclear", count=4),
            *shown(turn=None, count=3),
        ],
        (TURN,),
    )
    (tally,) = found.attacks
    assert (tally.passed, tally.failed, tally.unclear, tally.missing) == (2, 6, 4, 3)
    assert tally.apcer == Rate(count=2, n=8)
    assert tally.non_response == Rate(count=4, n=12)
    assert tally.through == Rate(count=2, n=12)


def test_bpcer_and_who_goes_to_a_person():
    found = check_figures(
        TURN, [*genuine(count=7), *genuine(turn="failed"), *genuine(turn="unclear", count=2)], (TURN,)
    )
    assert found.bona_fide.bpcer == Rate(count=1, n=8)
    assert found.bona_fide.non_response == Rate(count=2, n=10)
    assert found.bona_fide.held == Rate(count=3, n=10)
    assert found.attacks == ()
    assert found.worst is None


def test_the_worst_species_leads_never_the_mean():
    attacks = [
        *shown("flat-print", count=99),
        *shown("bent-print", turn="passed"),
        *shown("bent-print", count=1),
    ]
    found = check_figures(TURN, attacks, (TURN,))
    assert found.worst.species == "bent-print"
    assert found.worst.apcer == Rate(count=1, n=2)


def test_of_equal_species_that_with_fewer_presentations_leads_and_one_without_answer_never():
    attacks = [*shown("a", count=50), *shown("b", count=3), *shown("c", turn="unclear", count=9)]
    assert check_figures(TURN, attacks, (TURN,)).worst.species == "b"


@pytest.mark.parametrize(
    ("turn", "eyes", "together"),
    [
        ("passed", "passed", "passed"),
        ("passed", "failed", "failed"),
        ("unclear", "failed", "failed"),
        ("unclear", "passed", "unclear"),
        ("failed", None, "missing"),
        ("passed", None, "missing"),
    ],
)
def test_a_set_of_checks(turn, eyes, together):
    (one,) = shown(turn=turn, eyes=eyes)
    assert answer_of(one.answers, (TURN, EYES)) == together


def test_without_a_check_everything_gets_through():
    group = groups_of([*shown(count=5), *genuine()], ())[0]
    assert group.required.worst.apcer == Rate(count=5, n=5)
    assert group.system.iapar["flat-print"] == Rate(count=5, n=5)


def test_sources_and_splits_are_never_in_one_figure():
    some = [
        *shown(turn="passed", count=2),
        *shown(turn="failed", split="tuning"),
        *shown(turn="failed", source="field"),
        *shown(turn="failed", source="laboratory"),
    ]
    groups = groups_of(some, (TURN,))
    assert [(group.source, group.split) for group in groups] == [
        ("field", "report"), ("laboratory", "report"), ("rendered", "report"), ("rendered", "tuning"),
    ]  # fmt: skip
    assert [group.required.worst.apcer.count for group in groups] == [0, 0, 2, 0]
    assert [group.required.worst.apcer.n for group in groups] == [1, 1, 2, 1]


def test_iapar_is_of_the_whole_system():
    attacks = [
        *shown(turn="passed", matched=True, count=2),  # through
        *shown(turn="passed", matched=False, count=3),  # another face
        *shown(turn="failed", matched=True, count=4),
        *shown(turn="unclear", matched=True, count=1),  # goes to a person
        *shown(turn="passed", matched=None, count=5),  # nothing to compare with
        *shown(turn=None, matched=True, count=6),  # not asked for
    ]
    (group,) = groups_of(attacks, (TURN,))
    assert group.system.iapar == {"flat-print": Rate(count=2, n=10)}
    assert group.system.no_reference == 5
    assert group.system.worst == "flat-print"


def test_conditions_have_figures_of_their_own():
    some = [
        *shown(turn="passed", conditions={"light": "window", "device": "a"}),
        *shown(count=3, conditions={"light": "office", "device": "a"}),
    ]
    (group,) = groups_of(some, (TURN,))
    assert {key: found.worst.apcer for key, found in group.conditions.items()} == {
        ("device", "a"): Rate(count=1, n=4),
        ("light", "office"): Rate(count=0, n=3),
        ("light", "window"): Rate(count=1, n=1),
    }


def test_subjects_are_counted_once():
    some = [*shown(count=3), *shown(count=2)]
    (group,) = groups_of(some, (TURN,))
    assert group.subjects == 3
    assert isinstance(group.required.attacks[0], Tally)
    assert group.required.attacks[0].subjects == 3
