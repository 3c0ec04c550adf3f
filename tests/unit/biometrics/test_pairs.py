"""Who is to be compared with whom, and who is one person."""

import pytest

from biometrics.calibration_errors import PairsFormatError
from biometrics.calibration_points import support_of
from biometrics.pairs import MAX_FRAMES, read_pairs

NAMED = "reference,probe,same,reference_subject,probe_subject\n"


def refused(text, **options):
    with pytest.raises(PairsFormatError) as caught:
        read_pairs(text if isinstance(text, bytes) else text.encode(), **options)
    return caught.value.facts["row"], caught.value.facts["column"], caught.value.facts["defect"]


def named(found):
    """The comparisons by file names."""
    return {
        (found.references[left].files[0], ";".join(found.probes[right].files), bool(same))
        for left, right, same in zip(found.reference, found.probe, found.same, strict=True)
    }


def test_pairs_with_a_burst():
    found = read_pairs(b"reference,probe,same\na.png,b.png; c.png,1\na.png,d.png,0\n")
    assert named(found) == {("a.png", "b.png;c.png", True), ("a.png", "d.png", False)}
    assert found.has_bursts
    assert not found.people_known


def test_people_are_concluded_from_what_is_said_to_be_one_person():
    found = read_pairs(b"reference,probe,same\na,b,1\nb,c,1\nx,a,0\nx,c,0\ny,c,0\n")
    support = support_of(found)
    assert (support.genuine, support.people) == (2, 1)
    assert (support.impostor, support.person_pairs) == (3, 2)  # x with one person twice, y with that person


def test_subjects_that_are_named_count_once():
    text = "reference,probe,same,reference_subject,probe_subject\n"
    text += "a1,b1,0,a,b\na2,b2,0,a,b\na1,a2,1,a,a\n"
    found = read_pairs(text.encode())
    assert found.people_known
    assert (support_of(found).impostor, support_of(found).person_pairs) == (2, 1)


def test_without_roles_each_two_images_are_compared_once():
    found = read_pairs(b"image,subject\na1,a\na2,a\nb1,b\n")
    assert named(found) == {("a1", "a2", True), ("a1", "b1", False), ("a2", "b1", False)}


def test_with_roles_every_reference_meets_every_probe():
    text = "image,subject,role\na1,a,reference\nb1,b,reference\na2;a3,a,probe\nb2,b,probe\na1,a,probe\n"
    found = read_pairs(text.encode())
    assert named(found) == {
        ("a1", "a2;a3", True), ("a1", "b2", False), ("b1", "a2;a3", False), ("b1", "b2", True), ("b1", "a1", False),
    }  # fmt: skip


def test_a_burst_is_only_a_probe_and_never_meets_its_own_frames():
    found = read_pairs(b"image,subject\na1,a\nb1,b\na1;a2,a\n")
    assert named(found) == {("a1", "b1", False), ("b1", "a1;a2", False)}


def test_groups_of_subjects_hold_within_the_group_alone():
    found = read_pairs(b"image,subject,sex\na1,a,f\na2,a,f\nb1,b,m\nc1,c,f\n", group="sex")
    assert found.groups == ("f", "m")
    within = {
        (row[0], row[1]) for row, group in zip(sorted(named(found)), [0] * 9, strict=False) if group == 0
    }
    assert within
    chosen = support_of(found, found.group == 0)
    assert (chosen.genuine, chosen.impostor) == (1, 2)
    assert support_of(found, found.group == 1).impostor == 0


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", (1, "reference", "missing")),
        ("a,b\n", (1, "image", "missing")),
        ("reference,probe\nx,y\n", (1, "same", "missing")),
        ("reference,probe,same\n", (1, "", "empty")),
        ("reference,probe,same\na,b,2\n", (2, "same", "value")),
        ("reference,probe,same\na,b,\n", (2, "same", "value")),
        ("reference,probe,same\na,b\n", (2, "", "cells")),
        ("reference,probe,same\na,,1\n", (2, "probe", "value")),
        ("reference,probe,same\na;b,c,1\n", (2, "reference", "frames")),
        ("reference,probe,same\na,b;b,1\n", (2, "probe", "frames")),
        ("reference,probe,same\na,b\0c,1\n", (2, "probe", "value")),
        ("reference,probe,same\na,a,1\n", (2, "probe", "itself")),
        ("reference,probe,same\na,b,1\na,b,0\n", (3, "same", "contradiction")),
        ("reference,probe,same\na,b,1\nb,c,1\nc,a,0\n", (4, "same", "contradiction")),
        ("reference,reference,same\na,b,1\n", (1, "", "heading")),
        ('reference,probe,same\na,"b,1\n', (2, "", "csv")),
        ("reference,probe,same\na,./a,1\n", (2, "probe", "itself")),
        ("reference,probe,same\na,b,1\nx/../a,b,0\n", (3, "same", "contradiction")),
        ("image,subject\na,x\n./a,y\n", (3, "subject", "people")),
        ("image,subject,role\na,x,reference\nb;c,x,probe\nc;d,y,probe\n", (4, "subject", "people")),
        (f"{NAMED}a,b,0,x,y\na,c,0,z,y\n", (3, "reference_subject", "people")),
        (f"{NAMED}a,b,1,x,y\n", (2, "same", "contradiction")),
        ("image,subject\na,\n", (2, "subject", "value")),
        ("image,subject\na,x\na,x\n", (3, "image", "twice")),
        ("image,subject,role\na,x,other\n", (2, "role", "value")),
        ("image,subject,role\na;b,x,reference\n", (2, "image", "frames")),
        (b"\xff\xfe\x00", (0, "", "encoding")),
    ],
)
def test_each_fault_names_its_row_and_column(text, where):
    row, column, defect = refused(text)
    if text == "":
        column = "reference"  # nothing at all lacks either heading
    assert (row, column, defect) == where


def test_a_burst_has_a_limit():
    cell = ";".join(f"f{number}" for number in range(MAX_FRAMES + 1))
    assert refused(f"reference,probe,same\na,{cell},1\n")[2] == "frames"


def test_a_square_of_comparisons_has_a_limit():
    rows = "".join(f"f{number},s{number}\n" for number in range(7_000))
    assert refused(f"image,subject\n{rows}")[2] == "comparisons"


def test_an_unknown_group_column_is_named():
    assert refused("reference,probe,same\na,b,1\n", group="age") == (1, "age", "missing")


def test_a_row_in_two_groups_is_named():
    text = "reference,probe,same,age\na,b,1,x\nc,d,0,x\na,b,1,y\n"
    assert refused(text, group="age") == (4, "age", "two groups")


def test_one_picture_counts_once_under_whatever_path():
    pairs = read_pairs(b"reference,probe,same\na,b,0\n./a,b,0\na,x/../b,0\n")
    assert named(pairs) == {("a", "b", False)}
    copies = {"a2": "a", "b2": "b"}
    assert named(read_pairs(b"image,subject\na,p\na2,p\nb,q\n", alias=copies)) == {("a", "b", False)}
    assert refused("image,subject\na,p\na2,q\n", alias=copies) == (3, "subject", "people")
    assert refused("reference,probe,same\na,a2,1\n", alias=copies) == (2, "probe", "itself")


def test_people_whom_nobody_named_do_not_multiply():
    """A hundred pictures of one against a hundred of another: a hundred pairs share no picture, not ten thousand."""
    rows = [f"a{one},b{other},0" for one in range(100) for other in range(100)]
    unnamed = read_pairs("\n".join(["reference,probe,same", "m,n,1", *rows]).encode())
    assert (support_of(unnamed).impostor, support_of(unnamed).person_pairs) == (10_000, 100)
    named_ones = read_pairs("\n".join([NAMED.strip(), "m,n,1,c,c", *(f"{row},a,b" for row in rows)]).encode())
    assert support_of(named_ones).person_pairs == 1
    disjoint = [f"a{number},b{number},0" for number in range(50)]
    assert support_of(read_pairs("\n".join(["reference,probe,same", *disjoint]).encode())).person_pairs == 50
