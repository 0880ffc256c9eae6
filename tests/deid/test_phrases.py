"""The memory before the text engine: no work twice, and no word of a patient's own forgotten for it."""

from chartline.deid.context import Known, PatientContext
from chartline.deid.phrases import Phrases, telling
from tests.deid.walking import PATIENT, SECRET, Engine

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


def test_words_that_point_to_nobody_are_not_telling():
    assert telling("10 Old Mill Rd") == {"old", "mill"}
    assert telling("Li") == {"li"}
    assert telling("02139") == {"02139"}
    assert telling("617-555-0188") == {"6175550188"}
