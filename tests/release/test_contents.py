"""What a release holds, counted, on texts whose copies are known."""

import random

from chartline.release import contents

WORDS = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(500)]
EVENTS = "subject_id long, event_id string, text_value string, source_type string"


def prose(seed, words=60):
    return " ".join(random.Random(seed).sample(WORDS, words))


def test_copies_and_templates_are_told_and_short_answers_are_no_notes(spark):
    said = prose("said")
    form = "visit {}: the patient was seen today and feels well."  # 9 words and a number
    texts = [f"{form.format(i)}\n{prose(i, 50)}" for i in range(12)]
    texts += [said, said, said.rsplit(" ", 1)[0] + " otherwise", "yes", None]
    rows = [(i, f"e{i:02d}", text, "DocumentReference") for i, text in enumerate(texts)]
    told = contents.texts(spark.createDataFrame(rows, EVENTS))
    words = 12 * (10 + 50) + 3 * 60
    assert told == {
        "notes": 15,
        "words": words,
        "identical": round(1 / 15, 6),
        "near_duplicate": round(2 / 15, 6),
        "template": round(12 * 10 / words, 6),
    }


def test_without_notes_nothing_is_told(spark):
    assert contents.texts(spark.createDataFrame([(1, "e", "yes", "Observation")], EVENTS)) is None


def test_the_one_type_that_few_patients_have_is_not_told_by_the_total(spark):
    have = {"Observation": 40, "Claim": 15, "Coverage": 25, "Goal": 6}
    rows = [(i, f"{kind}{i}", None, kind) for kind, n in have.items() for i in range(n)]
    told = {k["type"]: k["events"] for k in contents.kinds(spark.createDataFrame(rows, EVENTS))}
    assert told == {"Observation": 40, "Coverage": 25, "Claim": None, "Goal": None}


def test_types_that_few_patients_have_or_lack_do_not_tell_these_few(spark):
    have = {"Observation": 30, "Claim": 15, "Coverage": 25, "Goal": 6, "Flag": 5}
    rows = [(i, f"{kind}{i}", None, kind) for kind, n in have.items() for i in range(n)]
    assert contents.kinds(spark.createDataFrame(rows, EVENTS)) == [
        {"type": "Observation", "events": 30, "patients": 30},
        {"type": "Coverage", "events": 25, "patients": None},
        {"type": "Claim", "events": 15, "patients": 15},
        {"type": "Goal", "events": None, "patients": None},
        {"type": "Flag", "events": None, "patients": None},
    ]
