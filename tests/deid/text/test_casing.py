"""Lines in capitals and texts in small letters are read as if written in both cases; the offsets stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.hard import make
from chartline.deid.text.casing import cased
from tests.deid.text.written import NOBODY


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_letter_for_letter(text):
    made = cased(text)
    assert len(made) == len(text)
    assert [a for a, b in zip(text, made, strict=True) if a != b and a.lower() != b.lower()] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SEEN BY DR. HALVORSEN ON MARCH 3, 2021.", "seen by Dr. Halvorsen on March 3, 2021."),
        ("LIVES AT 14 OLD POST ROAD, DULUTH, MN 55802", "lives at 14 Old Post Road, Duluth, MN 55802"),
        ("FOLLOW UP AT HOLY CROSS HOSPITAL IN MAY 2021", "follow up at Holy Cross Hospital in May 2021"),
        ("THE POTASSIUM ROSE; THE RASH MAY GRANT RELIEF", "the potassium rose; the rash may grant relief"),
        ("his daughter ngozi adeyemi is from bakersfield, ca", "his daughter Ngozi Adeyemi is from Bakersfield, CA"),
        ("BMP, CBC, CRP AND HCT", "BMP, CBC, CRP and HCT"),
    ],
)  # fmt: skip
def test_names_months_streets_and_facilities_get_their_capital(text, wanted):
    assert cased(text) == wanted


@pytest.mark.parametrize("text", ["mg/dL", "ok", "BP 120/80", "Seen with Dr. Halvorsen, stable on room air today."])
def test_writing_in_both_cases_and_short_texts_stay(text):
    assert cased(text) == text


SENTENCES = [
    ("Patient Margaret Halvorsen was seen by Dr. Prewitt at Lakemont Regional Hospital on March 3, 2021.",
     ("Margaret", "Halvorsen", "Prewitt", "Lakemont", "March")),
    ("Her husband Robert Kowalski lives in Bakersfield, CA and can be reached at 661-555-0142.",
     ("Robert", "Kowalski", "Bakersfield", "661")),
]  # fmt: skip


@pytest.mark.parametrize("case", [str.upper, str.lower])
@pytest.mark.parametrize(("text", "secrets"), SENTENCES)
def test_names_are_found_in_every_case(engine, text, secrets, case):
    made = engine.deidentify(case(text), NOBODY).text.lower()
    assert [s for s in secrets if s.lower() in made] == []


@pytest.mark.parametrize("case", [str.upper, str.lower])
@pytest.mark.parametrize(
    "text",
    [
        "The potassium rose and the patient may resume a soft diet; continue metoprolol 25 mg twice a day.",
        "Kernig and Brudzinski signs were negative and the lungs were clear to auscultation on both sides.",
        "No acute distress. Abdomen soft, no rebound or guarding. Strength 5/5 in all extremities.",
    ],
)
def test_medicine_is_left_in_every_case(engine, text, case):
    assert engine.deidentify(case(text), NOBODY).text == case(text)


def test_hard_notes_are_drawn_from_their_seed_with_spans_that_fit():
    notes = make(3, 60)
    assert notes == make(3, 60)
    assert notes != make(4, 60)
    assert {n.kind for n in notes} & {n.kind for n in make(3, 60, "later")} == {"no identifiers"}
    for note in notes:
        assert all(0 <= a < b <= len(note.text) for a, b, _ in note.spans)
        assert [a for (_, b, _), (a, _, _) in zip(note.spans, note.spans[1:], strict=False) if a < b] == []
        assert note.spans or note.kind == "no identifiers"


@pytest.mark.parametrize(("which", "least"), [("first", 0.94), ("later", 0.92), ("third", 0.85)])
def test_hard_notes_do_not_get_worse(engine, which, least):
    found = missed = 0
    for note in make(21, 90, which):
        changed = {i for s in engine.deidentify(note.text, NOBODY).spans for i in range(s.start, s.end)}
        wanted = {i for a, b, _ in note.spans for i in range(a, b) if note.text[i].isalpha()}
        found, missed = found + len(wanted & changed), missed + len(wanted - changed)
    assert found / (found + missed) > least
