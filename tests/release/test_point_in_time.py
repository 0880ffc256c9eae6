"""What was known at a time is the same from a release and from the next one, by the code of the ML team's page."""

import re
from datetime import UTC, datetime

import polars as pl
import pytest

from chartline.lake import tables
from chartline.timeline.timeline import timeline
from tests.conftest import ROOT
from tests.timeline.silver import deliver, pseudonym, subject

pytestmark = pytest.mark.spark
AT = datetime(2021, 6, 1, tzinfo=UTC)
SCT = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def coded(code, system=ICD):
    return {"code": {"coding": [{"system": system, "code": code}]}}


def result(value, when, issued, status="final"):
    told = {"effectiveDateTime": when, "issued": issued, "valueQuantity": {"value": value, "code": "mg/dL"}}
    return {"status": status, **coded("2345-7", "http://loinc.org"), **told}


def patient(**more):
    return {"gender": "female", "birthDate": "1950-01-02", **more}


def visit(end=None):
    period = {"start": "2021-05-30T08:00:00Z"} | ({"end": end} if end else {})
    told = {"class": {"code": "IMP"}, "period": period, "reasonCode": [coded("R07.4")["code"]]}
    return {"status": "finished" if end else "in-progress", **told}


def billed(encounter, code="E11.65", **more):
    return {**coded(code), "encounter": {"reference": f"Encounter/{pseudonym(encounter)}"}, **more}


def order(status):
    drug = {"medicationCodeableConcept": coded("387458008", SCT)["code"]}
    return {"status": status, "intent": "order", "authoredOn": "2021-05-05T10:00:00Z", **drug}


def came(*classes):
    """A visit that began as an emergency; its classes as they were known."""
    days = zip(classes, ("2021-05-20T08:00:00Z", "2021-06-20T08:00:00Z"), strict=False)
    history = [{"class": {"code": c}, "period": {"start": day}} for c, day in days]
    told = {"status": "in-progress", "class": {"code": classes[-1]}, "period": {"start": "2021-05-20T08:00:00Z"}}
    return told | {"classHistory": history}


def plan(status, **end):
    return {"status": status, "category": [coded("734163000", SCT)["code"]], "period": {"start": "2021-02-02", **end}}


def aim(status, day):
    aimed = coded("289169006", SCT)["code"]
    return {"lifecycleStatus": status, "startDate": "2021-02-02", "statusDate": day, "description": aimed}


def scan(status):
    return {"status": status, "intent": "order", "authoredOn": "2021-05-05T10:00:00Z", **coded("77477000", SCT)}


FIRST = {
    ("Patient", "p"): ("p", patient()),
    ("Patient", "q"): ("q", patient()),
    ("Encounter", "open"): ("p", visit()),
    ("Condition", "billed"): ("p", billed("open")),
    ("Condition", "of the stay"): ("p", billed("open", "N17.9", onsetDateTime="2021-05-31")),
    ("Condition", "asthma"): ("p", {**coded("J45"), "recordedDate": "2020-01-01"}),
    ("Observation", "early"): ("p", result(100, "2021-03-05T10:00:00Z", "2021-03-05T12:00:00Z")),
    ("Encounter", "came"): ("q", came("EMER")),
    ("CarePlan", "plan"): ("q", plan("active", end="2022-01-01")),
    ("Goal", "aim"): ("q", aim("active", "2021-02-02")),
    ("ServiceRequest", "scan"): ("q", scan("active")),
    ("MedicationRequest", "order"): ("q", order("active")),
    ("Observation", "other"): ("q", result(90, "2021-03-06T10:00:00Z", "2021-03-06T12:00:00Z")),
}
LATER = FIRST | {
    ("Patient", "q"): ("q", patient(deceasedDateTime="2022-02-02")),
    ("Patient", "new"): ("new", patient()),
    ("Encounter", "open"): ("p", visit("2021-06-20T09:00:00Z")),
    ("Condition", "asthma"): ("p", {**coded("J45"), "recordedDate": "2020-01-01", "abatementDateTime": "2021-08-01"}),
    ("Condition", "found later"): ("p", {**coded("I10"), "onsetDateTime": "2019-01-01", "recordedDate": "2021-09-09"}),
    ("Observation", "issued later"): ("p", result(500, "2021-05-31T10:00:00Z", "2021-06-02T08:00:00Z")),
    ("Encounter", "came"): ("q", came("EMER", "IMP")),
    ("CarePlan", "plan"): ("q", plan("completed", end="2021-07-01")),
    ("Goal", "aim"): ("q", aim("completed", "2021-08-08")),
    ("ServiceRequest", "scan"): ("q", scan("revoked")),
    ("MedicationRequest", "order"): ("q", order("cancelled")),
    ("Observation", "after"): ("new", result(80, "2022-01-01T10:00:00Z", "2022-01-01T12:00:00Z")),
}


def known():
    """The function that the page defines."""
    page = (ROOT / "docs/ml-team.md").read_text(encoding="utf-8")
    [block] = [b for b in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def known(" in b]
    namespace = {"pl": pl}
    exec(block[: block.index("\n\n\nat = ")], namespace)
    return namespace["known"]


def features(events):
    """For each patient and code how often, the last value, and how many had ended: rows in order."""
    then = known()(events, AT).sort("time", "event_id")
    made = then.group_by("subject_id", "code").agg(
        pl.len(), pl.col("numeric_value").last(), pl.col("end_time").is_not_null().sum()
    )
    return made.sort("subject_id", "code").rows()


@pytest.fixture(scope="module")
def releases(spark, key_file, tmp_path_factory):
    from chartline.settings import Settings

    lake = Settings(lake=tmp_path_factory.mktemp("then") / "lake", project="test", key=key_file)
    read = []
    for run, state in (("n", FIRST), ("n+1", LATER)):
        deliver(spark, lake, state)
        timeline(spark, lake, run_id=run)
        read.append(pl.from_arrow(tables.read(lake, "gold.events")))
    return read


def test_features_at_a_time_are_the_same_from_the_next_release(releases):
    before, after = releases
    assert len(after) > len(before), "late data must be there for this to prove anything"
    told = [row for row in features(after) if row[0] != subject("new")]
    assert told == features(before)
    found = {code: (n, value, ended) for who, code, n, value, ended in told if who == subject("p")}
    assert found["LOINC//2345-7"] == (1, 100.0, 0), "not the result that was issued later"
    assert found["ICD10CM//J45"] == (1, None, 0), "that it ended was not known"
    assert {"ICD10CM//I10", "ICD10CM//E11.65", "ENCOUNTER//END"} & set(found) == set()
    assert {"ICD10CM//N17.9", "REASON//ICD10CM//R07.4"} & set(found) == set(), "what is coded when the visit is over"


def test_what_became_of_plans_and_orders_is_told_later_and_only_then(releases):
    _, after = releases
    told = {code: (n, ended) for who, code, n, _, ended in features(after) if who == subject("q")}
    assert {"SNOMED//734163000", "SNOMED//289169006", "ORDER//SNOMED//77477000", "ENCOUNTER//START//EMER"} < set(told)
    became = after.filter(pl.col("code").str.contains("//(?:ENDED|CANCELLED)$"))
    at = dict(became.select("code", "available_time").iter_rows())
    revoked = ("ORDER//SNOMED//77477000", "SNOMED//387458008")
    assert [at.pop(f"{code}//CANCELLED") for code in revoked] == [None, None]
    assert set(at) == {"SNOMED//734163000//ENDED", "SNOMED//289169006//ENDED"} and min(at.values()) > AT
    before_then = after.filter(pl.col("end_time") > pl.col("available_time"))
    assert before_then.is_empty(), "none of these plans still goes on"


def test_the_birth_alone_does_not_make_a_patient_known(releases):
    _, after = releases
    assert {code for who, code, *_ in features(after) if who == subject("new")} == {"GENDER//female", "MEDS_BIRTH"}


def test_a_rule_by_when_it_was_true_would_not_hold(releases):
    """The test above can fail: by ``time`` alone the next release tells more."""
    before, after = releases
    by_time = [f.with_columns(available_time="time") for f in (before, after)]
    assert features(by_time[0]) != [row for row in features(by_time[1]) if row[0] != subject("new")]
