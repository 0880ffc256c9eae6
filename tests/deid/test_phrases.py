"""The memory before the text engine: no work twice, and no word of a patient's own forgotten for it."""

import json

import pytest

from chartline.deid import phrases as phrases_module
from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.phrases import Phrases, telling, words
from chartline.deid.text import build, lexicon
from chartline.deid.walker import Deidentifier, Result
from chartline.fhir.known import Known
from chartline.keys import Key
from chartline.settings import room
from tests.deid.walking import PATIENT, SECRET, Engine, outcome, state

ROBERT = PatientContext("p3", (Known("GIVEN", "Robert"),))
OTHER = PatientContext("p2", (Known("FAMILY", "Wells"), Known("STREET", "10 Old Mill Road")))


def test_a_free_text_is_read_once_for_each_patient_also_when_they_share_no_word():
    class Nicknames(Engine):
        def clean(self, text, patient):
            made = super().clean(text, patient)
            return made.replace("Bob", "[NAME]") if patient is ROBERT else made

    engine = Nicknames()
    phrases = Phrases(engine)
    assert [phrases.clean("Bob called", p) for p in (PATIENT, ROBERT, ROBERT)] == ["Bob called", *["[NAME] called"] * 2]
    assert engine.calls == ["Bob called"] * 2


def test_a_text_with_a_word_known_of_the_patient_is_read_with_the_patient():
    phrases = Phrases(Engine())
    assert phrases.clean("Wells score", PATIENT) == "Wells score"
    assert phrases.clean("Wells score", OTHER) == "[NAME] score"
    assert phrases.identifies("Wells", OTHER)
    assert not phrases.identifies("Wells", PATIENT)


def test_a_text_that_names_anyone_is_never_passed_on():
    phrases = Phrases(Engine())
    assert phrases.clean(f"{SECRET} walks", OTHER) == "[NAME] walks"
    assert phrases.clean(f"{SECRET} walks", PATIENT) == "[NAME] walks"


def test_a_label_that_shares_a_word_with_the_patient_is_read_once():
    engine = Engine()
    phrases = Phrases(engine)
    for _ in range(5):
        assert not phrases.identifies("Mill", OTHER)
    assert engine.calls == ["Mill", "Mill"]


@pytest.mark.parametrize("code", ["QUIXMIRE1", "zquixmire61", "quixmire48213", "zq7quixmire"])
def test_a_code_that_is_a_login_made_of_a_name_is_not_a_code(code):
    phrases, owner = Phrases(Engine()), PatientContext("p4", (Known("FAMILY", "Quixmire"),))
    assert phrases.free_form(code, owner)
    assert not phrases.free_form(code, PATIENT)


def test_words_that_point_to_nobody_are_not_telling():
    assert telling("10 Old Mill Rd") == {"old", "mill"}
    assert telling("Li") == {"li"}
    assert telling("02139") == {"02139"}
    assert telling("617-555-0188") == {"6175550188", "5550188"}


# --- with the real engine ----------------------------------------------------------------------------

BOB = PatientContext(
    "b", (Known("NAME", "Robert James Quixmire"), Known("GIVEN", "Robert"), Known("FAMILY", "Quixmire")), "male"
)
EPONYMOUS = PatientContext(
    "e", (Known("NAME", "Mary Parkinson"), Known("GIVEN", "Mary"), Known("FAMILY", "Parkinson")), "female"
)


@pytest.fixture(scope="module")
def real():
    rules, key = policy.load("expert_determination"), Key("k", bytes(range(1, 33)))
    return Phrases(build(rules, key, "test", Cohort()))


@pytest.mark.parametrize(
    "label",
    [
        *("Quixmire", "quixmire", "QUIXMIRE", "Bob", "Bobby", "Bobby Q", "Bob Quixmire", "Robert Q.", "Jim Quixmire"),
        *("Quixmyre", "Quixmier", "Quixmre", "quixmyre", "panel for Quixmyre", "Bob's insulin", "Quixmire-01"),
        *("R.Q.", "R. Q.", "R.J.Q.", "RQuixmire", "RJQuixmire", "robertquixmire", "quixmirer"),
    ],
)
def test_a_label_with_any_form_of_a_known_name_identifies_its_patient_and_no_other(real, label):
    for _ in range(2):
        assert real.identifies(label, BOB)
    if len(label) <= 6 or label.islower():
        assert not real.identifies(label, EPONYMOUS)


BORN = PatientContext("n", (Known("BIRTHDATE", "1951-07-03"), Known("MRN", "00482193"), Known("PHONE", "570-555-0142")))


@pytest.mark.parametrize(
    "label",
    [
        *("07 03 1951", "1951-Jul-3", "3 July", "7.3.51", "Jul3,1951", "03JUL51", "born 7-3", "0000482193", "x482193"),
        *("555-0142", "555 0142", "phone ending in 0142", "MRN xxxx2193"),
    ],
)
def test_a_label_with_a_day_or_number_of_its_patient_identifies_the_patient(real, label):
    assert real.identifies(label, BORN)


@pytest.mark.parametrize("label", ["0142", "2193", "7", "July", "1951", "7.3", "84229001", "99213", "Grade 3"])
def test_a_label_that_shares_digits_with_its_patient_stays(real, label):
    assert not real.identifies(label, BORN)


@pytest.mark.parametrize(
    "label",
    [
        *("Parkinson disease", "Parkinson's disease", "Secondary Parkinson disease", "Parkinsonism", "Bell palsy"),
        *("X-ray of knee", "Knee X-ray", "mg", "MP", "Systolic blood pressure", "Robertsonian translocation"),
        *("Rich in fibre", "Rob disease score", "Cat dander IgE Ab in Serum"),
    ],
)
def test_a_clinical_label_stays_whatever_its_patient_is_called(real, label):
    assert not real.identifies(label, BOB)
    assert not real.identifies(label, EPONYMOUS)


@pytest.mark.parametrize(
    "label", ["Parkinson", "Mrs. Parkinson", "Mary Parkinson", "Parkinson disease of M. Parkinson"]
)
def test_the_name_of_a_thing_is_a_name_where_it_stands_for_the_patient(real, label):
    assert real.identifies(label, EPONYMOUS)


def test_common_surnames_take_no_clinical_label(real):
    labels = [
        *(
            "Essential hypertension",
            "Body mass index",
            "Hemoglobin A1c",
            "Influenza vaccine",
            "Chest pain",
            "Acute bronchitis",
        ),
        *("Carbon dioxide", "Total cholesterol", "Wheezing", "Otitis media", "Peanut allergy", "Urine dipstick"),
        *("Graves disease", "Wells score", "Down syndrome", "Cat dander IgE", "Long bone fracture", "Brown stool"),
    ]
    lists = lexicon.load()
    first = [w for w, rank in lists.female.items() if rank < 100] + [w for w, rank in lists.male.items() if rank < 100]
    lost = []
    for i, family in enumerate(w for w, rank in lists.last.items() if rank < 1000):
        given = first[i % len(first)].title()
        known = (Known("NAME", f"{given} {family.title()}"), Known("GIVEN", given), Known("FAMILY", family.title()))
        patient = PatientContext(f"p{i}", known)
        lost += [(label, family) for label in labels if real.identifies(label, patient)]
    assert [pair for pair in lost if pair[1] not in pair[0].casefold()] == []
    assert {family for _, family in lost} <= {"long", "brown", "wells"}


# --- known values written otherwise ------------------------------------------------------------------

NUMBERED = PatientContext(
    "k",
    (
        *(Known("MRN", "A-1234"), Known("MRN", "12-34-567"), Known("ID", "QX12"), Known("PHONE", "1-212-555-0143")),
        *(Known("NAME", "José Müllerström"), Known("GIVEN", "José"), Known("FAMILY", "Müllerström")),
        Known("NAME", "Ai Li"),
    ),
)


@pytest.mark.parametrize(
    "label",
    [
        *("A-1234", "A1234", "a 1234", "12 34 567 of 2015", "qx-12", "QX 12"),
        *("2125550143", "Müllerström", "Mullerstrm", "panel for Mu\u0308llerstro\u0308m", "Mu\u0308llerstro\u0308m"),
        *("Mül\u200blerström", "Mül\u00adlerström", "Ai Li"),
    ],
)
def test_a_known_value_is_found_in_a_label_however_it_is_grouped_or_spelled(real, label):
    assert real.identifies(label, NUMBERED)
    assert not real.identifies(label, BOB)
    assert real.clean(label, NUMBERED) != label


@pytest.mark.parametrize("text", ["R.Q.", "R. Q.", "R.J.Q."])
def test_a_text_that_is_nothing_but_the_patients_initials_does_not_stay(real, text):
    assert real.clean(text, BOB) != text
    assert real.clean(text, EPONYMOUS) == text


def test_a_code_of_a_public_vocabulary_may_be_like_a_zip_but_not_a_name_or_number_of_the_patient(real):
    known = (*NUMBERED.known, Known("ZIP", "99213"), Known("FAMILY", "Bell"), Known("FAMILY", "Final"))
    patient = PatientContext("z", known)
    stay = ("99213", "8480-6", "final", "vital-signs", "J1100", "2106-3", "44054006", "M")
    assert [code for code in stay if real.names(code, patient)] == []
    assert [
        code for code in ("Müllerström", "mullerstrom", "A-1234", "1234567", "Bell") if not real.names(code, patient)
    ] == []


@pytest.mark.parametrize(
    ("kind", "known", "text"),
    [
        ("NAME", "Agnes Bell", "bells"),
        ("NAME", "Agnes Bell", "bell"),
        ("NAME", "William Oldfield", "bill"),
        ("NAME", "William Oldfield", "call bill"),
        ("NAME", "Agnes Oldfield", "old field"),
        ("NAME", "Agnes Oldfield", "Old Field"),
        ("NAME", "Grace Young", "grace"),
        ("NAME", "Grace Young", "Mrs Young"),
        ("NAME", "Agnes Brown-Short", "short"),
        ("NAME", "Al Bell", "al"),
        ("NAME", "Agnes Bell", "AB"),
        ("RELATIVE", "Rose Park", "rose"),
        ("ORGANIZATION", "Mercy Hospital", "mercy"),
        ("STREET", "10 Old Mill Road", "old mill"),
        ("MRN", "40312", "40312"),
        ("MRN", "40312", "403 12"),
        ("BIRTHDATE", "1961-04-09", "april 9 1961"),
    ],
)
def test_a_text_of_everyday_words_is_read_as_the_engine_reads_it_with_the_patient(real, kind, known, text):
    patient = PatientContext("x", (Known(kind, known),))
    phrases = Phrases(real._engine)
    assert phrases.clean(text, PATIENT) in (text, real._engine.clean(text, PATIENT))
    assert phrases.clean(text, patient) == real._engine.clean(text, patient)


def test_a_text_of_everyday_words_is_read_once_for_all_patients():
    engine = Engine()
    phrases = Phrases(engine)
    for n in range(5):
        assert phrases.clean("Maintain blood pressure below 140", PatientContext(f"p{n}", (Known("FAMILY", "Bell"),)))
    assert len(engine.calls) == 1


def test_an_age_that_may_tell_a_birth_is_read_with_its_patient():
    engine = Engine()
    Phrases(engine).clean("living alone", PatientContext("p", over_89=True))
    Phrases(engine).clean("living alone", PatientContext("p", over_89=True))
    assert len(engine.calls) == 4  # once for nobody, once with the patient


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Born in 1921", "Born in [DATE]"),
        ("year of birth 1921", "year of birth [DATE]"),
        ("grandmother lived to 101", "grandmother lived to 90+"),
        ("in the early nineties", "in the early 90+"),
        ("patient is 96", "patient is 90+"),
    ],
)
def test_a_short_text_of_everyday_words_tells_no_age_over_89(real, text, left):
    assert Phrases(real._engine).clean(text, PatientContext("p", earliest_year=1937)) == left
    assert Phrases(real._engine).clean(text, PatientContext("p")) == text


@pytest.mark.parametrize("word", ["submitted", "Preeclampsia"])
def test_a_strange_word_alone_is_compared_only_where_a_name_may_be_in_it(word):
    assert not _shares(word, "Quixmire")
    assert _shares(word, word[1:6])


def _shares(word, name):
    patient = PatientContext("x", (Known("FAMILY", name.capitalize()),))
    return not Phrases(Engine()).about(patient).known.isdisjoint(words(word))


@pytest.mark.parametrize(
    "system",
    [
        *json.loads((room("schemas") / "timeline.json").read_text(encoding="utf-8"))["systems"],
        *("http://hl7.org/fhir/sid/icd-10-pcs", "http://hl7.org/fhir/sid/mvx"),
        "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType",
        *("http://terminology.hl7.org/CodeSystem/ex-USCLS", "http://terminology.hl7.org/CodeSystem/ex-tooth"),
        *(
            "http://www.ncbi.nlm.nih.gov/clinvar",
            "http://www.pharmvar.org",
            "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        ),
        *("http://fhir.de/CodeSystem/bfarm/ops", "https://codesystem.x12.org/005010/1365", "https://dmd.nhs.uk"),
    ],
)
def test_a_published_vocabulary_keeps_its_address_though_a_folder_is_called_as_somebody(real, system):
    walk = Deidentifier(policy.load("expert_determination"), real, lambda system: "urn:chartline:system:x")
    code = {"coding": [{"system": system, "code": "a-1", "display": "Pulse"}]}
    made = outcome(walk, {"resourceType": "Observation", "id": "o", "status": "final", "code": code}, state())
    assert isinstance(made, Result)
    assert made.resource["code"] == code


@pytest.mark.parametrize(
    ("code", "display", "repeated"),
    [
        ("ZBROWSKI", "Dr. Zbrowski", True),
        ("ZBROWSKI CUSTOM PANEL", "Zbrowski custom panel", True),
        ("MQUENNEV", "Quenneville M", True),
        ("GLUCOSE", "Glucose for Zbrowski", False),
        ("PANEL7", "Zbrowski panel", False),
        ("12345", "Zbrowski", False),
    ],
)
def test_a_code_that_spells_the_name_in_its_display_repeats_it(code, display, repeated):
    assert phrases_module.repeats(code, display) is repeated
