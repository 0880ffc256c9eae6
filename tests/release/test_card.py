import pytest

from chartline.release import meds_files
from chartline.release.card import data_card
from chartline.release.meds_files import Split

FACTS = {
    "release_id": "r1",
    "approved_at": "2026-01-01",
    "policy": "p",
    "policy_hash": "h",
    "decision_id": "d",
    "report_hash": "rh",
    "subjects": 50,
    "events": 900,
    "codes": 12,
    "described": 9,
    "splits": {"train": Split(32, 700, 21.5), "tuning": Split(13, 150, 11), "held_out": Split(5, 50, 10)},
    "texts": None,
    "kinds": [{"type": "Observation", "events": 700}, {"type": "Condition", "events": None}],
    "terms": None,
    "years": [2019, 2020],
    "missing": {"unit": 0.25},
    "relative": False,
    "left_out": {"after_death": 3, "duplicate": 1, "undated": 2},
    "held_out_from": None,
}


@pytest.mark.parametrize("kept", ["| train | 32 | 700 | 21.5 |", "| Observation | 700 |", "| patients | 50 |"])
def test_large_counts_are_told(kept):
    assert kept in data_card(FACTS)


@pytest.mark.parametrize("hidden", ["held_out", "tuning", "Condition"])
def test_small_counts_and_what_would_tell_them_are_not(hidden):
    assert f"| {hidden} | not shown |" in data_card(FACTS)


def test_few_patients_are_not_counted():
    assert "| patients | not shown |" in data_card({**FACTS, "subjects": 10})


def test_missing_values_and_years_are_told():
    text = data_card(FACTS)
    assert "| `unit` | UCUM unit of numeric_value | 25.0% |" in text
    assert "2019 and 2020" in text


def test_without_dates_no_year_is_told():
    text = data_card({**FACTS, "relative": True, "years": []})
    assert "2019" not in text
    assert "1970-01-01 plus the days" in text


def test_what_is_left_out_is_told_by_reason():
    text = data_card(FACTS)
    assert "| no known time | 2 |" in text
    assert "| more than 30 days after death | 3 |" in text


def test_a_temporal_hold_out_is_told():
    assert "2021-06-01" not in data_card(FACTS)
    assert "only from 2021-06-01 on" in data_card({**FACTS, "held_out_from": "2021-06-01"})


def test_the_terms_are_told_in_one_row_each():
    terms = {"recipient": "A | B\nInstitute", "purpose": "a model", "no_reidentification": True, "sha256": "x"}
    text = data_card({**FACTS, "terms": terms})
    assert "| recipient | A \\| B Institute |" in text
    assert "passing on | yes |" in text


def test_how_much_text_is_said_again_is_told():
    texts = {"notes": 4697, "words": 900000, "identical": 0.01, "near_duplicate": 0.253, "template": 0.36}
    text = data_card({**FACTS, "texts": texts})
    assert "MinHash) | 25.3% |" in text
    assert "(template) | 36.0% |" in text
    assert "(template) | cannot be told" in data_card({**FACTS, "texts": texts, "subjects": 10})
    assert "no text of 20 words" in data_card(FACTS)


def test_every_column_of_the_files_is_explained():
    text = data_card(FACTS)
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert [row[0].strip("| `") for row in rows] == meds_files.SCHEMA.names
    assert all(row[1].strip() for row in rows)


def test_the_two_numbers_of_events_differ_by_what_is_left_out():
    assert "| events | 900 in the MEDS files, 906 in `curated.events` |" in data_card(FACTS)
