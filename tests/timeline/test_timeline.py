"""What Spark joins to the rows of the mapping."""

import pytest

from chartline.lake import tables
from chartline.timeline import build, events

pytestmark = pytest.mark.spark
WHEN = "2021-03-05T10:00:00Z"
DRUG = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1"}]}


def staged(spark, *resources):
    import pyarrow as pa

    made = [row for r in resources for row in events.rows(r["resourceType"], r["id"], r.get("subject_id", 7), r, None)]
    schema = pa.schema([(n, tables.arrow_type(t)) for n, t in events.ROW.items()])
    return spark.createDataFrame(pa.Table.from_pylist(made, schema=schema))


def related(spark, *resources, few=True):
    rows = staged(spark, *resources)
    notes = spark.createDataFrame(
        [], "resource_id string, note_id string, content_type string, text string, status string"
    )
    parts = build.told_again(rows), build.encounters(rows), build.medications(rows)
    return build.all_events(rows, *parts, notes, few)


def joined(spark, *resources):
    return {r["source_id"]: r for r in related(spark, *resources).collect()}


def given(rid, status, drug):
    return {
        "resourceType": "MedicationAdministration",
        "id": rid,
        "status": status,
        "effectiveDateTime": WHEN,
        "medicationReference": {"reference": f"Medication/{drug}"},
    }


def test_what_was_not_given_stays_not_given_once_its_medication_is_known(spark):
    drug = {"resourceType": "Medication", "id": "m", "code": DRUG}
    mix = {"resourceType": "Medication", "id": "x", "ingredient": [{"itemReference": {"reference": "Medication/m"}}]}
    made = joined(
        spark,
        drug,
        mix,
        given("a", "completed", "m"),
        given("b", "not-done", "m"),
        given("c", "not-done", "gone"),
        given("d", "completed", "x"),
    )
    assert {k: r["code"] for k, r in made.items()} == {
        "a": "RXNORM//1",
        "b": "RXNORM//1//NOT_DONE",
        "c": "MEDICATION//UNKNOWN//NOT_DONE",
        "d": "RXNORM//1",
    }
    fast = {"dosage": {"rateQuantity": {"value": 5, "unit": "mL/h"}}}
    rows = related(spark, drug, given("a", "stopped", "m") | fast, given("b", "completed", "gone") | fast).collect()
    assert {(r["code"], tuple(r["parents"] or ())) for r in rows} == {
        ("RXNORM//1", ()),
        ("RXNORM//1//STOPPED", ()),
        ("RATE//RXNORM//1", ("RXNORM//1",)),
        ("MEDICATION//UNKNOWN", ()),
        ("RATE//MEDICATION//UNKNOWN", ("MEDICATION//UNKNOWN",)),
    }


def test_an_undated_diagnosis_is_placed_and_known_at_the_end_of_its_visit(spark):
    visit = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "period": {"start": WHEN, "end": "2021-03-07T10:00:00Z"},
    }
    diagnosis = {"resourceType": "Condition", "id": "c", "code": DRUG, "encounter": {"reference": "Encounter/e"}}
    made = joined(spark, visit, diagnosis)["c"]
    assert (made["time"], made["available_time"]) == (made["v_over"], made["v_over"])
    assert (made["time_precision"], made["days"]) == ("inferred_encounter_end", 2.0)
    assert made["age"] is None, "of a patient whose birth is not known"


def stay(rid, start, end, *diagnoses, **more):
    listed = [{"condition": {"reference": f"Condition/{name}"}, "rank": i + 1} for i, name in enumerate(diagnoses)]
    told = {"resourceType": "Encounter", "id": rid, "status": "finished", "diagnosis": listed, **more}
    return told | {"period": {"start": start, "end": end} if end else {"start": start}}


def test_a_diagnosis_that_only_visits_name_hangs_to_the_first_and_is_known_at_its_end(spark):
    bare, own = ({"resourceType": "Condition", "id": name, "code": DRUG} for name in ("bare", "own"))
    visits = [
        stay("planned", "2021-01-01", None, "bare", status="planned"),
        stay("later", "2021-05-01", "2021-05-02", "bare", "own"),
        stay("first", WHEN, "2021-03-07T10:00:00Z", "old", "bare", "open"),
        stay("open", "2021-01-02", None, "going", status="in-progress"),
    ]
    told = joined(
        spark,
        *visits,
        bare,
        own | {"encounter": {"reference": "Encounter/first"}},
        bare | {"id": "old", "onsetDateTime": "2015-01-01"},
        bare | {"id": "going", "onsetDateTime": "2021-01-02"},
        bare | {"id": "elsewhere", "subject_id": 8},
        stay("other", WHEN, "2021-03-08", "elsewhere") | {"subject_id": 8},
        stay("foreign", "2020-03-05", "2020-03-06", "elsewhere"),
    )
    assert {name: told[name]["encounter_id"] for name in ("bare", "own", "old", "elsewhere")} == {
        "bare": "first",
        "own": "first",
        "old": "first",
        "elsewhere": "other",
    }
    over = told["bare"]["v_over"]
    assert (told["bare"]["time"], told["bare"]["available_time"], told["bare"]["days"]) == (over, over, 2257.4166666667)
    assert (told["old"]["available_time"], told["old"]["days"], told["old"]["flags"]) == (over, 0.0, None)
    assert (told["going"]["encounter_id"], told["going"]["available_time"]) == ("open", None)
    assert not any(told[name]["encounter_inferred"] for name in ("bare", "own", "old", "going"))


def test_a_billing_code_is_never_known_where_nobody_tells_when_its_visit_ended(spark):
    named = {name: {"encounter": {"reference": f"Encounter/{name}"}} for name in ("over", "untold", "missing")}
    billed = {"resourceType": "Condition", "code": DRUG, "onsetDateTime": "2021-03-05"}
    told = joined(
        spark,
        stay("over", WHEN, "2021-03-07T10:00:00Z"),
        stay("untold", WHEN, None),
        *(billed | {"id": f"c-{name}", **visit} for name, visit in named.items()),
        billed | {"id": "c-lone", "onsetDateTime": "2022-03-05"},
    )
    known = {name: told[f"c-{name}"]["available_time"] is not None for name in (*named, "lone")}
    assert known == {"over": True, "untold": False, "missing": False, "lone": True}


def result(rid, **more):
    return {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "code": DRUG,
        "effectiveDateTime": WHEN,
        **more,
    }


def report(rid, issued, *results, **more):
    listed = [{"reference": f"Observation/{name}"} for name in results]
    return {
        "resourceType": "DiagnosticReport",
        "id": rid,
        "status": "final",
        "code": DRUG,
        "result": listed,
        **more,
    } | ({"issued": issued} if issued else {})


def test_a_result_that_does_not_tell_is_known_with_its_report_and_a_specimens_when_its_visit_ended(spark):
    drawn = {"specimen": {"reference": "Specimen/s"}}
    inside = {"encounter": {"reference": "Encounter/stay"}}
    told = joined(
        spark,
        stay("stay", "2021-03-05T08:00:00Z", "2021-03-11T10:00:00Z"),
        report("r", "2021-03-08T09:00:00Z", "culture", "again", "told", effectiveDateTime=WHEN),
        report("later", "2021-03-09T09:00:00Z", "again", effectiveDateTime=WHEN),
        report("silent", None, "unreported", effectiveDateTime=WHEN),
        result("culture", **drawn, **inside),
        result("again"),
        result("told", issued="2021-03-06T09:00:00Z"),
        result("unreported", **drawn, **inside),
        result("placed", **drawn),
        result("plain"),
    )
    known = {
        name: str(told[name]["available_time"])[5:13] for name in told if told[name]["source_type"] == "Observation"
    }
    assert known == {
        "culture": "03-08 09",
        "again": "03-08 09",
        "told": "03-06 09",
        "unreported": "03-11 10",
        "placed": "03-11 10",
        "plain": "03-05 10",
    }
    assert {str(told[name]["time"])[:13] for name in known} == {"2021-03-05 10"}


def test_what_was_before_the_visit_that_tells_it_is_not_known_before_that_began(spark):
    inside = {"encounter": {"reference": "Encounter/stay"}}
    told = joined(
        spark,
        stay("stay", "2021-03-05T08:00:00Z", "2021-03-11T10:00:00Z"),
        result("smoked", **inside) | {"effectiveDateTime": "2009-05-05"},
        result("recorded", **inside, issued="2009-05-06T00:00:00Z") | {"effectiveDateTime": "2009-05-05"},
        result("alone") | {"effectiveDateTime": "2009-05-05"},
    )
    assert {name: str(told[name]["available_time"])[:10] for name in ("smoked", "recorded", "alone")} == {
        "smoked": "2021-03-05",
        "recorded": "2009-05-06",
        "alone": "2009-05-05",
    }
    assert str(told["smoked"]["time"])[:10] == "2009-05-05"


def test_a_visit_of_another_patient_ties_nobody_to_it(spark):
    foreign = {"encounter": {"reference": "Encounter/theirs"}}
    told = joined(
        spark,
        stay("theirs", WHEN, "2021-03-07T10:00:00Z") | {"subject_id": 8},
        result("a", **foreign),
        result("b", **foreign),
        result("c", **foreign) | {"subject_id": 9},
    )
    mine = told["a"]["encounter_id"]
    assert mine not in (None, "theirs")
    assert (told["b"]["encounter_id"] == mine, told["c"]["encounter_id"] == mine) == (True, False)
    assert len(mine) == 32


def test_other_codings_of_a_medication_come_with_it(spark):
    ndc = {"system": "http://hl7.org/fhir/sid/ndc", "code": "00093-7214-01"}
    drug = {"resourceType": "Medication", "id": "m", "code": {"coding": [ndc, *DRUG["coding"]]}}
    fast = {"dosage": {"rateQuantity": {"value": 5, "unit": "mL/h"}}}
    rows = related(spark, drug, given("a", "completed", "m") | fast).collect()
    assert {r["code"]: r["parents"] for r in rows} == {
        "RXNORM//1": ["NDC//00093-7214-01"],
        "RATE//RXNORM//1": ["RXNORM//1", "NDC//00093-7214-01"],
    }


def test_nothing_was_part_of_a_visit_that_did_not_happen(spark):
    result = {"resourceType": "Observation", "id": "o", "status": "final", "code": DRUG, "effectiveDateTime": WHEN}
    short = ("2021-03-05T09:00:00Z", "2021-03-05T11:00:00Z")
    told = joined(
        spark,
        result,
        stay("long", "2021-03-04T10:00:00Z", "2021-03-07T10:00:00Z"),
        stay("slot", *short, status="cancelled"),
        stay("plan", *short, status="planned"),
    )
    assert (told["o"]["encounter_id"], told["o"]["encounter_inferred"]) == ("long", True)


def test_what_is_sent_to_the_tasks_and_what_is_shuffled_give_the_same_events(spark):
    period = {"start": WHEN, "end": "2021-03-07T10:00:00Z"}
    lives = [
        {"resourceType": "Patient", "id": f"p{n}", "subject_id": n, "gender": "male", "birthDate": f"19{n}0-05-01"}
        for n in (7, 8)
    ]
    visit = {"resourceType": "Encounter", "id": "e", "status": "finished", "period": period}
    visit |= {"diagnosis": [{"condition": {"reference": "Condition/n"}}]}
    listed = {"resourceType": "Condition", "id": "n", "code": DRUG}
    billed = {"resourceType": "Condition", "id": "c", "code": DRUG, "encounter": {"reference": "Encounter/e"}}
    lone = {"resourceType": "Observation", "id": "o", "status": "final", "code": DRUG, "effectiveDateTime": WHEN}
    other = {**lone, "id": "x", "subject_id": 8}
    sent, shuffled = (
        {str(r.asDict()) for r in related(spark, *lives, visit, listed, billed, lone, other, few=few).collect()}
        for few in (True, False)
    )
    assert sent == shuffled
    told = joined(spark, *lives, visit, listed, billed, lone, other)
    assert [told[name]["encounter_id"] for name in ("o", "n", "x")] == ["e", "e", None]
    assert (round(told["o"]["age"]), round(told["x"]["age"])) == (51, 41)


PLAIN, HTML, RTF, PDF = "text/plain", "text/html", "application/rtf", "application/pdf"


@pytest.mark.parametrize(
    ("attached", "told"),
    [
        ([(HTML, "as a page"), (RTF, "as RTF")], "as a page"),
        ([(PDF, "printed"), (RTF, "as RTF"), ("TEXT/PLAIN", "plain")], "plain"),
        ([(PLAIN, "one"), (HTML, "as a page"), (PLAIN, "two")], "one\n\ntwo"),
        ([("", "unnamed"), (PDF, "printed")], "printed"),
        ([("", "unnamed"), ("x/y", "odd")], "unnamed\n\nodd"),
        ([(PLAIN, None), (HTML, "as a page")], "as a page"),
    ],
)
def test_of_a_text_in_several_formats_the_plainest_is_told(spark, attached, told):
    rows = [
        ("d", f"n{number}", kind, text or "", "deidentified" if text else "withheld")
        for number, (kind, text) in enumerate(attached)
    ]
    names = "resource_id string, note_id string, content_type string, text string, status string"
    (found,) = build.texts(spark.createDataFrame(rows, names)).collect()
    assert (found["source_id"], found["n_text"]) == ("d", told)


def test_parts_of_a_note_come_in_their_order(spark):
    rows = [("d", f"{n:08x}", PLAIN, f"Part {n}.", "deidentified") for n in range(12)]
    names = "resource_id string, note_id string, content_type string, text string, status string"
    (found,) = build.texts(spark.createDataFrame(rows[::-1], names)).collect()
    assert found["n_text"].split("\n\n") == [f"Part {n}." for n in range(12)]


def test_times_beyond_nanoseconds_are_read_by_others_as_they_are(spark, tmp_path):
    import pyarrow.parquet as pq

    told = ["0001-01-01 00:00:00", "1066-10-14 00:00:00", "2999-12-31 00:00:00"]
    frame = spark.createDataFrame([(t,) for t in told], "t string").selectExpr("CAST(t AS timestamp) AS t")
    frame.coalesce(1).write.parquet(str(tmp_path / "t"))
    (file,) = (tmp_path / "t").glob("*.parquet")
    assert sorted(str(t)[:19] for t in pq.read_table(file)["t"].to_pylist()) == told


def test_what_was_not_is_below_no_code_of_what_was(spark):
    told = {
        "SNOMED//1": ["ICD10CM//C50.1"],
        "SNOMED//1//ABATED": ["ICD10CM//C50.1"],
        "SNOMED//1//NOT_DONE": ["ICD10CM//C50.1"],
        "FAMILY//SNOMED//1": ["SNOMED//1", "ICD10CM//C50.1"],
        "ALLERGY//RXNORM//1": ["RXNORM//1"],
        "PLAN//SNOMED//1": ["SNOMED//1"],
        "EOB//RXNORM//1": ["RXNORM//1"],
        "ICD10CM//C50.1//CANCELLED": None,
        "ICD10CM//C50.1": None,
    }
    rows = [(0, code, code, parents, 1, 1) for code, parents in told.items()]
    columns = "bucket int, code string, description string, parents array<string>, events long, subjects long"
    made = build.codes(spark.createDataFrame(rows, columns)).collect()
    assert {r["code"]: r["parent_codes"] for r in made if r["parent_codes"]} == {
        "SNOMED//1": ["ICD10CM//C50.1"],
        "SNOMED//1//ABATED": ["ICD10CM//C50.1", "SNOMED//1"],
        "EOB//RXNORM//1": ["RXNORM//1"],
        "ICD10CM//C50.1": ["ICD10CM//C50"],
    }
