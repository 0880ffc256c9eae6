"""Only what changed is built again, and what comes out is what a build from nothing gives."""

import random

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from chartline.settings import Settings
from chartline.timeline.timeline import timeline
from tests.timeline.silver import deliver, gold, runs_of, subject

pytestmark = pytest.mark.spark
LOINC = "http://loinc.org"
DRUGS = "http://www.nlm.nih.gov/research/umls/rxnorm"


def patient(born="1950-01-02", **more):
    return {"gender": "female", "birthDate": born, **more}


def observation(value, when="2021-03-05T10:00:00Z", status="final"):
    code = {"coding": [{"system": LOINC, "code": "2345-7", "display": "Glucose"}]}
    return {
        "status": status,
        "code": code,
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "code": "mg/dL"},
    }


def visit(end="2021-03-07"):
    return {"status": "finished", "class": {"code": "IMP"}, "period": {"start": "2021-03-05T08:00:00Z", "end": end}}


def diagnosis(encounter):
    from tests.timeline.silver import pseudonym

    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.65"}]}
    return {"code": code, "encounter": {"reference": f"Encounter/{pseudonym(encounter)}"}}


def listing(condition):
    from tests.timeline.silver import pseudonym

    return {"diagnosis": [{"condition": {"reference": f"Condition/{pseudonym(condition)}"}, "rank": 1}]}


def drug(code):
    return {"code": {"coding": [{"system": DRUGS, "code": code}]}}


def order(medication):
    from tests.timeline.silver import pseudonym

    named = {"reference": f"Medication/{pseudonym(medication)}"}
    fast = [{"doseAndRate": [{"rateQuantity": {"value": 5, "unit": "mL/h"}}]}]
    told = {"status": "active", "intent": "order", "authoredOn": "2021-03-05", "dosageInstruction": fast}
    return told | {"medicationReference": named}


def bill(code):
    line = {"sequence": 1, "productOrService": drug(code)["code"], "servicedDate": "2021-03-05"}
    return {"status": "active", "type": {"text": "pharmacy"}, "created": "2021-03-06", "item": [line]}


def first_state():
    state = {("Medication", "m"): (None, drug("1"))}
    for i in range(8):
        who = f"p{i}"
        state["Patient", who] = (who, patient())
        state["Encounter", f"e{i}"] = (who, visit())
        state["Observation", f"o{i}"] = (who, observation(100 + i))
        state["Condition", f"c{i}"] = (who, diagnosis(f"e{i}"))
        state["MedicationRequest", f"r{i}"] = (who, order("m" if i < 2 else "gone"))
    return state


def built(spark, lake, run):
    return timeline(spark, lake, run_id=run)


def anew(spark, lake, folder, state):
    other = Settings(lake=folder, project=lake.project, key=lake.key)
    deliver(spark, other, state)
    built(spark, other, "full")
    return gold(other)


def test_each_kind_of_change_builds_only_the_touched_and_equals_a_build_from_nothing(spark, lake, tmp_path):
    state = first_state()
    deliver(spark, lake, state)
    assert built(spark, lake, "first").extra["buckets"] is None
    # A late result, a corrected one, one taken back, a visit that ended later, a patient who left.
    state["Observation", "late"] = ("p0", observation(55, "2020-01-01T00:00:00Z"))
    state["Observation", "o1"] = ("p1", observation(999))
    state["Observation", "o2"] = ("p2", observation(102, status="entered-in-error"))
    state["Encounter", "e3"] = ("p3", visit("2021-04-01"))
    for key in [k for k, (who, _) in state.items() if who == "p4"]:
        del state[key]
    deliver(spark, lake, state)
    assert built(spark, lake, "second").counts.filtered["entered_in_error"] == 1
    runs = runs_of(lake)
    assert {who for who in ("p0", "p1", "p2", "p3", "p5", "p6", "p7") if runs[subject(who)] == "second"} == {
        "p0",
        "p1",
        "p2",
        "p3",
    }
    assert subject("p4") not in runs
    second = gold(lake)
    assert second == anew(spark, lake, tmp_path / "a", state)
    # The code of a medication, a merge of p6 into p5.
    before = dict(state)
    state["Medication", "m"] = (None, drug("2"))
    for key, (who, resource) in before.items():
        if who == "p6":
            state[key] = ("p5", resource)
    deliver(spark, lake, state)
    merged = built(spark, lake, "third")
    assert merged.counts.filtered["merged_record"] == 1
    runs = runs_of(lake)
    assert {w for w in ("p0", "p1", "p2", "p3", "p5", "p7") if runs[subject(w)] == "third"} == {"p0", "p1", "p5"}
    assert subject("p6") not in runs
    assert gold(lake) == anew(spark, lake, tmp_path / "b", state)
    # The merge is undone.
    deliver(spark, lake, before)
    built(spark, lake, "fourth")
    assert runs_of(lake)[subject("p6")] == "fourth"
    assert gold(lake) == second


KINDS = ("late", "corrected", "error", "deleted", "visit", "merged", "unmerged", "drug", "billed", "listed")


def drawn(seed):
    """Three deliveries of five changes: patient, kind, number."""
    draw = random.Random(seed)
    return [[(draw.randrange(4), draw.choice(KINDS), draw.randrange(10)) for _ in range(5)] for _ in range(3)]


def applied(state, change):
    who, kind, n = change
    name = f"p{who}"
    if kind == "late":
        state["Observation", f"x{n}"] = (name, observation(n, f"20{10 + n}-01-01"))
    elif kind == "corrected":
        state["Observation", f"o{who}"] = (name, observation(100 + n))
    elif kind == "error":
        state["Observation", f"o{who}"] = (name, observation(1, status="entered-in-error"))
    elif kind == "deleted":
        state.pop(("Observation", f"o{who}"), None)
    elif kind == "visit":
        state["Encounter", f"e{who}"] = (name, visit(f"2021-03-1{n}"))
    elif kind == "billed":
        state["Claim", f"b{who}"] = (name, bill(str(n % 3)))
    elif kind == "listed":
        state["Encounter", f"l{n % 2}{who}"] = (name, visit(f"2021-03-2{n}") | listing(f"c{who}"))
        state["Condition", f"c{who}"] = (name, {"code": diagnosis("")["code"]})
    elif kind == "drug":
        state["Medication", "m"] = (None, drug(str(n % 3)))
    else:
        for key in [k for k in state if k[1][1:] == str(who)]:
            state[key] = ("p7" if kind == "merged" else name, state[key][1])


@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1_000_000))
def test_any_sequence_of_deliveries_equals_a_build_from_nothing(spark, key_file, tmp_path_factory, seed):
    lake = Settings(lake=tmp_path_factory.mktemp("steps") / "lake", project="test", key=key_file)
    state = first_state()
    deliver(spark, lake, state)
    built(spark, lake, "start")
    for step, delivery in enumerate(drawn(seed)):
        for change in delivery:
            applied(state, change)
        deliver(spark, lake, state)
        built(spark, lake, f"step{step}")
    assert gold(lake) == anew(spark, lake, tmp_path_factory.mktemp("whole") / "lake", state)
