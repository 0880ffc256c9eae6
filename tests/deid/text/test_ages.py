"""What notes tell of an age over 89, in sentences invented here."""

import json
from datetime import UTC, datetime

import pytest

from chartline import keys
from chartline.deid import patients, policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.text import ages, build
from chartline.deid.text.lines import jsonl
from chartline.fhir.known import Known

EARLIEST = 2026 - 89
OLD = PatientContext("o", (Known("BIRTHDATE", "1929-05-16"),), None, "1929-05-16", -40, 2026, EARLIEST, over_89=True)
YOUNG = PatientContext("y", (), None, "1988-02-03", -40, 2026, EARLIEST)
UNLIMITED = PatientContext("u", (), None, "1929-05-16", None)


@pytest.fixture(scope="module", params=["safe_harbor", "expert_determination"])
def engine(request, key_file):
    return build(policy.load(request.param), keys.load(key_file), "test", Cohort())


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("DOB 5/16/1929, seen today.", "1929"),
        ("dob 5/16/29, seen today.", "29"),
        ("Born May 16, 1929 at home.", "1929"),
        ("Widowed, b. 1930.", "1930"),
        ("Served in the navy in 1931.", "1931"),
        ("She was 67yo in 1997.", "67"),
        ("A 67-year-old woman, seen on 3/4/1997.", "67"),
        ("Aged sixty-seven in 1997.", "sixty-seven"),
        ("Age: 88, lives alone.", "88"),
    ],
)
def test_nothing_in_a_note_of_a_person_over_89_tells_the_birth(engine, text, gone):
    assert gone not in engine.deidentify(text, OLD).text
    assert gone not in engine.clean(text, OLD), "nor in a short text"


@pytest.mark.parametrize(
    "text", ["Given 1800 mg and 1850 ml.", "Seen at 1900 hrs.", "HbA1c 6.7, creatinine 67 umol/l", "67 years ago"]
)
def test_amounts_and_hours_are_no_years_and_no_ages(engine, text):
    assert engine.deidentify(text, OLD).text == text


@pytest.mark.parametrize("patient", [OLD, YOUNG])
@pytest.mark.parametrize("text", ["Seen on 10/28 for cough.", "Follow up March 31.", "Seen 30 Oct for cough."])
def test_a_day_of_the_month_is_no_year_of_two_digits(key_file, text, patient):
    shifted = build(policy.load("expert_determination"), keys.load(key_file), "test", Cohort())
    made = shifted.deidentify(text, patient).text
    assert made != text
    assert "[DATE]" not in made


def test_who_is_94_is_90_or_older(engine):
    assert engine.deidentify("A 94-year-old man.", OLD).text == "A 90+-year-old man."
    assert engine.deidentify("She is aged ninety-four.", YOUNG).text == "She is aged 90+."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Father died at 95 of a stroke.", "Father died at 90+ of a stroke."),
        ("Grandmother lived to be ninety-six.", "Grandmother lived to be 90+."),
        ("Mother is 97 and well.", "Mother is 90+ and well."),
        ("Home for his 90th birthday.", "Home for his 90+ birthday."),
        ("In her late nineties.", "In her late 90+."),
        ("Age at death: 93.", "Age at death: 90+."),
        ("Brother alive at 92.", "Brother alive at 90+."),
        ("Aunt living at 97. Father dec. at 90.", "Aunt living at 90+. Father dec. at 90+."),
        ("Mother is ninety-two.", "Mother is 90+."),
        ("Now in her tenth decade.", "Now in her [AGE] decade."),
        ("At 93, she drives.", "At 90+, she drives."),
        ("MGF had prostate ca at 70, d 96.", "MGF had prostate ca at 70, d 90+."),
        ("PGM, d. at 101\nDaughter 8.", "PGM, d. at 90+\nDaughter 8."),
        (
            "Mother in 90s with AD. Father died in 90s. MGM, late 90s.",
            "Mother in 90+ with AD. Father died in 90+. MGM, late 90+.",
        ),
        ("HR 90s, sats in the 90s, BP 150s/90s.", "HR 90s, sats in the 90s, BP 150s/90s."),
        ("A 93 y F with a cough.", "A 90+ y F with a cough."),
        ("A ninety four y/o man.", "A 90+ y/o man."),
    ],
)
def test_an_age_over_89_goes_whosever_it_is(engine, text, left):
    assert engine.deidentify(text, YOUNG).text == left


YEARS = [
    f"Seen today, {age}."
    for age in ("94y", "94yrs", "94 Y", "094Y", "94/F", "94 ans", "94 Jahre", "94 JAHRE", "94 AÑOS")
]


@pytest.mark.parametrize("text", ["He is 96 now.", "Nearly 98, frail.", "She was 62 in 1991.", "96 y, frail"])
def test_of_whom_the_record_tells_to_be_so_old_an_age_needs_no_word_for_it(engine, text):
    assert not set("689") & set(engine.deidentify(text, OLD).text.replace("90+", "").replace("1991", ""))


@pytest.mark.parametrize("text", ["Patient is 91 and lives alone.", "She is 96, well.", "He was 101.", *YEARS])
def test_of_whom_no_record_tells_the_age_what_may_be_one_goes(engine, text):
    nobody = PatientContext("n", earliest_year=EARLIEST)
    assert "90+" in engine.deidentify(text, nobody).text
    assert engine.deidentify(text, YOUNG).text == text


@pytest.mark.parametrize("text", ["Sat is 96% on room air.", "He is 96.5 kg.", "Expired at 94 mL.", "Temp was 98.6."])
def test_measures_are_no_ages_of_the_old(engine, text):
    assert engine.deidentify(text, OLD).text == text


def test_the_age_of_a_younger_person_stays_and_an_early_year_that_is_no_birth(engine):
    text = "A 38 year old woman in a house of 1931."
    assert engine.deidentify(text, YOUNG).text == text


@pytest.mark.parametrize(
    ("birth", "death", "year", "stays"),
    [
        ("1940-02-03", None, 2029, True),
        ("1940-02-03", None, 2030, False),
        ("1929-05-16", None, 2027, False),
        ("1904-05-16", "1990-01-01", 1993, True),
        ("1904-05-16", "1990-01-01", 1994, False),
        ("1920-05-16", "1990-01-01", 2000, True),
        ("1920-05-16", "1990-01-01", 2001, False),
        (None, None, 2030, True),
    ],
)
def test_a_year_to_come_tells_no_age_over_89_beside_the_birth(engine, birth, death, year, stays):
    earliest, over_89, last = patients.lifetime(policy.load("safe_harbor"), 2026, birth, death)
    patient = PatientContext("p", (), None, birth, -40, last, earliest, over_89)
    assert (str(year) in engine.deidentify(f"Card ends in December {year}.", patient).text) is stays


def test_a_year_of_birth_too_early_goes_from_whosever_note(engine):
    assert "1931" not in engine.deidentify("Lives with a mother born in 1931.", YOUNG).text


def test_a_policy_that_keeps_dates_keeps_these(key_file):
    kept = build(policy.load("limited_data_set"), keys.load(key_file), "test", Cohort())
    assert kept.deidentify("DOB 5/16/1929, 67yo in 1997.", UNLIMITED).text == "DOB 5/16/1929, 67yo in 1997."


@pytest.mark.parametrize(("date", "stays"), [("3/4/97", True), ("3/4/29", False), ("3/4/26", True), ("1936", False)])
def test_two_digits_are_a_year_of_the_last_hundred_or_the_birth(date, stays):
    assert ages.may_stay(date, OLD) is stays


def test_lines_with_a_record_know_who_is_over_89(key_file):
    year = datetime.now(UTC).year - 95
    line = {"id": "n", "text": f"Born in {year}. 67yo in 1997.", "patient": {"id": "p", "birthDate": f"{year}-05-16"}}
    out: list[str] = []
    rules, key = policy.load("safe_harbor"), keys.load(key_file)
    assert jsonl([json.dumps(line).encode()], out.append, policy=rules, key=key, project="test") == 0
    assert json.loads(out[0])["text"] == "Born in [DATE]. [AGE] in 1997."


@pytest.mark.parametrize(
    ("death", "text"),
    [
        ("1980-01-02", "A 58-year-old man in 1978, born in 1921."),
        ("2013-01-02", "A [AGE] man in 1978, born in [DATE]."),
        (None, "A [AGE] man in 1978, born in [DATE]."),
        (1980, "A 58-year-old man in 1978, born in 1921."),
        (["1980"], "A [AGE] man in 1978, born in [DATE]."),
    ],
)
def test_lines_with_a_record_of_who_died_know_how_old_that_person_became(key_file, death, text):
    record = {"id": "p", "birthDate": "1921-05-16", "deceasedDateTime": death}
    line = {"id": "n", "text": "A 58-year-old man in 1978, born in 1921.", "patient": record}
    out: list[str] = []
    rules, key = policy.load("safe_harbor"), keys.load(key_file)
    assert jsonl([json.dumps(line).encode()], out.append, policy=rules, key=key, project="test") == 0
    assert json.loads(out[0])["text"] == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("quit 1971 when 41", "quit 1971 when [AGE]"),
        ("He was 41 when he quit smoking in 1971.", "He was [AGE] when he quit smoking in 1971."),
        ("menopause at 51; smoked from 18 to 41.", "menopause at [AGE]; smoked from [AGE] to [AGE]."),
        ("Retired at sixty-five", "Retired at [AGE]"),
        ("HR at 72, she was started at 25 mg, EF at 45%", "HR at 72, she was started at 25 mg, EF at 45%"),
    ],
)
def test_of_a_person_over_89_how_old_somebody_was_when_something_was_does_not_stay(key_file, text, left):
    engine = build(policy.load("safe_harbor"), keys.load(key_file), "test", Cohort())
    assert engine.deidentify(text, OLD).text == left
    assert engine.deidentify(text, YOUNG).text == text
