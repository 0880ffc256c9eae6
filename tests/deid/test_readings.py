"""What a document became in an earlier run serves again exactly as long as reading it anew makes the same of it."""

import base64
from dataclasses import replace
from itertools import product

import pytest

from chartline import keys
from chartline.deid import policy, readings
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.phrases import Phrases
from chartline.deid.readings import Readings
from chartline.deid.text import build
from chartline.fhir.known import Known

PATIENT = PatientContext("p", (Known("NAME", "Xanthe Prewitt"), Known("MRN", "HX4829137")), offset_days=-20)
PLAIN, HTML = "text/plain", "text/html"
DOCUMENTS = [
    (b"Xanthe Prewitt was seen by Dr. Okonkwo on 2015-03-05; call 617-555-0188. BP 120/80.", PLAIN),
    (b"sorrelgate was told that prewitt is well", PLAIN),
    ("s\u00f2rrelgate was told, 37 \u00b0C".encode(), PLAIN),
    (b"<p>told to sorrel<b>gate</b>, 12 Alder Street, Dunmore, PA</p>", HTML),
    (rb"{\rtf1\ansi told to sorrelgate, Xanthe Prewitt\par}", "application/rtf"),
    (b"afebrile, ambulating, tolerating diet", PLAIN),
    ("\u0436 37 \u00b0C, told to nobody".encode(), PLAIN),
    (b"", PLAIN),
    (b"\x00\x01\x02\xff", "image/png"),
]
OTHERS = (Known("NAME", "Ottoline Farrowick"), Known("FAMILY", "Farrowick"))
NAMED = (*OTHERS, Known("NAME", "Bram Sorrelgate"), Known("FAMILY", "Sorrelgate"))


@pytest.fixture(scope="module")
def engine(key_file):
    """Makes the text engine of a cohort."""

    def make(*providers, names=()):
        rules = policy.load("expert_determination")
        return build(rules, keys.load(key_file), "test", Cohort(providers, frozenset(names)))

    return make


@pytest.fixture(scope="module")
def drawn(engine):
    """The surrogates of the first document."""
    return engine(*OTHERS).document(*DOCUMENTS[0], PATIENT).leaning.free


def test_what_stands_is_what_would_be_read(engine, drawn):
    names = [part.casefold() for name in drawn for part in name.split() if part.isalpha()]
    assert names
    cohorts = [engine(), engine(*OTHERS), engine(*NAMED), engine(*OTHERS, names=names)]
    outcomes = {True: 0, False: 0}
    for before, now in product(cohorts, cohorts):
        for document in DOCUMENTS:
            old, new = (e.document(*document, PATIENT) for e in (before, now))
            stands = now.stands(old.leaning, *document)
            outcomes[stands] += 1
            assert not stands or replace(old, leaning=new.leaning) == new
    assert min(outcomes.values()) > len(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS[5:])
def test_what_nothing_of_the_cohort_is_in_stands(engine, document):
    made = engine(*OTHERS).document(*document, PATIENT)
    assert engine(*NAMED).stands(made.leaning, *document)


@pytest.mark.parametrize("document", DOCUMENTS[1:5])
def test_a_new_provider_is_looked_for_where_the_name_may_stand(engine, document):
    made = engine(*OTHERS).document(*document, PATIENT)
    assert not engine(*NAMED).stands(made.leaning, *document)


def test_a_surrogate_does_not_stay_when_somebody_comes_who_is_called_so(engine, drawn):
    made = engine().document(*DOCUMENTS[0], PATIENT)
    name = next(n for n in made.leaning.free if n.isalpha())
    later = engine(names={name.casefold()})
    assert not later.stands(made.leaning, *DOCUMENTS[0])
    passed_over = later.document(*DOCUMENTS[0], PATIENT)
    assert name in passed_over.leaning.taken
    assert later.stands(passed_over.leaning, *DOCUMENTS[0])
    assert not engine().stands(passed_over.leaning, *DOCUMENTS[0])


def test_who_passes_over_a_name_changes_no_surrogate_of_another(engine, drawn):
    """Adding a patient changes no other (issue: properties): a name that is taken is passed over by who drew it."""
    untouched = engine(names={"unheardof"}).document(*DOCUMENTS[0], PATIENT)
    assert untouched.leaning.free == engine().document(*DOCUMENTS[0], PATIENT).leaning.free


def test_a_row_makes_the_same_reading_again(engine):
    made = {str(i): engine(*OTHERS).document(*document, PATIENT) for i, document in enumerate(DOCUMENTS)}
    rows = list(Readings({"0": made["0"]}, made).rows("p", "engine"))
    assert [readings.of_row(row) for row in rows] == list(made.values())
    assert [row["count"] for row in rows] == [1] + [0] * (len(made) - 1)
    assert len({row["row_hash"] for row in rows}) == len(rows)
    assert {row["person_id"] for row in rows} == {"p"}


class Counted:
    """A text engine that counts what it reads."""

    def __init__(self, engine):
        self.engine, self.times = engine, 0

    def document(self, *given):
        self.times += 1
        return self.engine.document(*given)

    def stands(self, *given):
        return self.engine.stands(*given)


def test_what_stands_is_not_read(engine):
    first, again = Readings(), Readings()
    counted = Counted(engine(*OTHERS))
    made = [Phrases(counted).document(*document, PATIENT, first) for document in DOCUMENTS]
    assert counted.times == len(first.used) == len(DOCUMENTS)
    again.before.update(first.used)
    assert [Phrases(counted).document(*document, PATIENT, again) for document in DOCUMENTS] == made
    assert counted.times == len(DOCUMENTS)
    assert again.used == first.used


@pytest.mark.parametrize(
    "patient",
    [
        replace(PATIENT, known=(*PATIENT.known, Known("GIVEN", "Tarquin"))),
        replace(PATIENT, offset_days=-21),
        replace(PATIENT, patient_id="q"),
        replace(PATIENT, over_89=True),
        replace(PATIENT, last_year=2020),
    ],
)
def test_another_patient_or_more_that_is_known_is_another_reading(engine, patient):
    first = Readings()
    phrases = Phrases(engine())
    phrases.document(*DOCUMENTS[0], PATIENT, first)
    later = Readings(first.used)
    phrases.document(*DOCUMENTS[0], patient, later)
    assert not later.used.keys() & first.used.keys()


def test_the_name_of_a_reading_tells_nothing_in_the_clear(engine):
    read = Readings()
    Phrases(engine()).document(*DOCUMENTS[0], PATIENT, read)
    (name,) = read.used
    assert len(bytes.fromhex(name)) == 32
    assert base64.b64encode(DOCUMENTS[0][0]).decode() not in name
