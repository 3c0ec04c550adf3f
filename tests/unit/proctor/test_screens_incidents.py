"""What the forms of incidents and exceptions offer, and the commands they come to."""

import pytest

from proctor.errors import CommandError
from proctor.screens.exceptions import (
    LATER,
    ManualOffer,
    Person,
    accepted_documents,
    decision_reasons,
    heads_of,
    incident_code,
    manual_reasons,
    manual_words,
    own_text,
    person_of,
)
from proctor.screens.incidents import (
    Typed,
    add_words,
    concerned,
    consequences_of,
    kinds_of,
    may_lay_down,
    minutes_words,
    note_of,
)
from proctor.texts import load_texts
from tests.support.course_results import seat, session_of

VI = load_texts("vi")
SESSION = session_of(seat(1), seat(2), seat(12))


def test_every_kind_of_the_rules_has_a_key_of_its_own() -> None:
    kinds = kinds_of(SESSION, load_texts("vi"))
    assert [kind.code for kind in kinds] == list(SESSION.rules.incidents)
    assert [kind.key for kind in kinds[:3]] == ["1", "2", "3"]
    assert len({kind.key for kind in kinds}) == len(kinds)


def test_candidates_are_named_as_people_say_them_each_once() -> None:
    assert [person.sbd for person in concerned(SESSION, "12, 1;012 2")] == ["012", "001", "002"]
    assert concerned(SESSION, "") == ()
    with pytest.raises(CommandError, match="sbd=77"):
        concerned(SESSION, "1 77")
    assert person_of(SESSION, "9") is None


def test_who_may_not_decide_only_proposes() -> None:
    of_chairman = dict(consequences_of(SESSION, "phone", "chairman", VI))
    of_examiner = dict(consequences_of(SESSION, "phone", "identity-examiner", VI))
    assert of_chairman["suspended"] == "đình chỉ"
    assert of_examiner["suspended"] == "đề nghị đình chỉ"
    assert of_examiner["reminded"] == "nhắc nhở"
    assert may_lay_down(SESSION, "phone", "chairman")
    assert not may_lay_down(SESSION, "phone", "secretary")


def test_witnesses_and_who_else_was_concerned_stand_in_the_note_alone() -> None:
    people = concerned(SESSION, "1 2")
    typed = Typed(
        code="phone", text=" Chuông reo. ", witnesses="Mẫu Một,  Mẫu Hai", place="hàng 2", hour="09:40"
    )
    assert note_of(typed, VI, people[1:]) == (
        "Chuông reo.\nThí sinh cùng liên quan: 002.\nNgười chứng kiến: Mẫu Một, Mẫu Hai."
    )
    words = add_words(SESSION, typed, "001")
    assert words[3:] == ("--code=phone", "--sbd=001", "--place=hàng 2", "--at=09:40")
    assert "Mẫu" not in " ".join(words)
    assert "Chuông" not in repr(typed)
    assert minutes_words(SESSION, "I-1", "/x")[-1] == "--out=/x"


def test_the_reason_goes_with_the_document() -> None:
    assert [each.code for each in manual_reasons("vneid", "check-in")] == ["vneid"]
    assert manual_reasons("passport", "check-in")[0].code == "passport"
    assert "passport" not in {each.code for each in manual_reasons("cccd-chip", "check-in")}
    assert [each.code for each in manual_reasons("cccd-chip", LATER)] == ["later-proof"]
    documents = accepted_documents(SESSION.rules, SESSION)
    assert "passport" in documents
    assert {"cmnd-9", "none", "other"}.isdisjoint(documents)


def test_the_command_says_only_what_was_compared() -> None:
    offer = ManualOffer(person=Person(sbd="001", name="Mẫu", birth="15/01/1999"))
    values = {"document": "passport", "reason": "passport", "result": "not"}
    words = manual_words(SESSION, offer, values, ["name", "photo"])
    assert "--compared=photo,name" in words
    assert "--not-established" in words
    later = ManualOffer(person=offer.person, purpose=LATER)
    assert "--later-proof" in manual_words(SESSION, later, values, ["name"])


def test_reasons_of_a_decision_fit_it() -> None:
    admit, refuse = ({each.code for each in decision_reasons(way)} for way in (True, False))
    assert "identity-established" in admit - refuse
    assert "fraud-suspected" in refuse - admit
    assert incident_code(SESSION.rules) == "identity-refused"
    assert "chủ tịch" in heads_of(SESSION, load_texts("vi"))


def test_an_error_that_names_options_has_words_of_the_window() -> None:
    assert own_text("exception-note-missing", VI) == "exception-pane.error.exception-note-missing"
    assert own_text("face-tries-left", VI) == "face-tries-left"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_text_of_the_panes_names_an_option(language: str) -> None:
    texts = load_texts(language)
    own = {
        key: text
        for key, text in texts.items()
        if key.startswith(("incident-page", "exception-pane", "results-page"))
    }
    assert own
    assert [key for key, text in own.items() if "--" in text] == []
