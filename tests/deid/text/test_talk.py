"""Who is named in talk and messages goes, and what is said stays."""

import pytest

from chartline.deid.context import PatientContext
from chartline.deid.text import TextEngine, talk
from chartline.fhir.known import Known
from tests.deid.text.written import NOBODY, left

TALK = "Doctor: How are you?\nMother: {}\nDoctor: I see.\nMother: Yes.\nDoctor: Good."


@pytest.mark.parametrize(
    "text",
    [
        TALK.format("Better, but coughing at night."),
        TALK.format("There was a leak in the bathroom."),
        TALK.replace("Mother", "Patient").format("Will there be a woman doctor?"),
        "Accompanied by: mom, who worries about speech. Mom agrees.",
    ],
)
def test_what_is_said_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (TALK.replace("Mother", "Patient").format("Ilka Tarnovic, and you?"), ["Ilka", "Tarnovic"]),
        ("Rehab is set.\n\nThank you!\nDawn\n\nCONFIDENTIALITY NOTICE", ["Dawn"]),
        ("My cell is 718-555-0133.\nSvetlana\n\nFrom: a nurse", ["Svetlana"]),
        ("EF 62. I'll have Shirley schedule it.", ["Shirley"]),
        ("And my cousin J.R. texting me.", ["J.R."]),
        ("Last: Tarnovic        First: Adaeze       MI: C\nPreferred name: Ada", ["MI: C"]),
        ("1400   Ramanathan, S           08/13/48", ["Ramanathan", ", S"]),
        ("Sons Pieter (local) and Dale (Osgard, MI) agree", ["Pieter", "Dale"]),
        ("Taken by: Crystal, MA\n\nReason: fever. Closed. Crystal", ["by: Crystal"]),
    ],
)
def test_who_is_named_goes(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


def test_an_age_over_89_is_an_answer_too(engine: TextEngine) -> None:
    patient = PatientContext("p", earliest_year=1937)
    made = engine.deidentify("Doctor: How old are you now, sir?\nPatient: Ninety-one.", patient)
    assert [s.type for s in made.spans] == ["AGE"]


def test_a_condition_behind_a_relatives_name_stays(engine: TextEngine) -> None:
    made = engine.deidentify("Family: brother Hamza ADHD, aunt bipolar.", NOBODY).text
    assert "Hamza" not in made
    assert "ADHD, aunt bipolar." in made


@pytest.mark.parametrize("text", ["Drawn from {}.", "Message from {}: knee hurts", "History from {} and daughter"])
def test_whom_the_record_knows_is_no_place(engine: TextEngine, text: str) -> None:
    patient = PatientContext("p", (Known("NAME", "Halina Tarnovic"), Known("FAMILY", "Tarnovic")))
    assert [s.type for s in engine.deidentify(text.format("Halina Tarnovic"), patient).spans] == ["NAME"]


def test_talk_is_lines_of_several_speakers() -> None:
    assert len(talk.starts(TALK.format("Yes."))) == 5
    assert talk.starts("Patient: Ilka Tarn\nPhysician: A. Osgard\nNurse: B.") == frozenset()
    assert talk.starts("Patient: A\nPatient: B\nPatient: C\nPatient: D") == frozenset()
