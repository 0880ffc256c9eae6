"""Claims as payers deliver them (CARIN Blue Button): what a patient has of nothing but bills, and what bills repeat."""

import pytest

from chartline.lake import tables
from chartline.timeline import events
from chartline.timeline.timeline import timeline
from tests.deid import walking
from tests.timeline.silver import deliver, gold, pseudonym, runs_of, subject

NDC, CPT = "http://hl7.org/fhir/sid/ndc", "http://www.ama-assn.org/go/cpt"
REVENUE = "https://www.nubc.org/CodeSystem/RevenueCodes"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
KIND = "http://terminology.hl7.org/CodeSystem/claim-type"


def concept(system, code):
    return {"coding": [{"system": system, "code": code}]}


def payment(kind, *items, **more):
    told = {"status": "active", "use": "claim", "outcome": "complete", "created": "2021-04-01", "item": list(items)}
    told |= {"insurer": {"reference": "Organization/i"}, "provider": {"reference": "Organization/h"}}
    told |= {"insurance": [{"focal": True, "coverage": {"reference": "Coverage/c"}}]}
    return {"resourceType": "ExplanationOfBenefit", **told, "type": concept(KIND, kind), **more}


PHARMACY = payment(
    "pharmacy",
    {
        "sequence": 1,
        "productOrService": concept(NDC, "00093-1048-01"),
        "servicedDate": "2021-03-05",
        "quantity": {"value": 30},
        "detail": [{"sequence": 1, "productOrService": concept(NDC, "00093-7424-56"), "quantity": {"value": 2}}],
    },
    billablePeriod={"start": "2021-03-05"},
)
PROFESSIONAL = payment(
    "professional",
    {
        "sequence": 1,
        "productOrService": concept(CPT, "99213"),
        "servicedPeriod": {"start": "2021-03-06", "end": "2021-03-06"},
    },
    {
        "sequence": 2,
        "productOrService": concept(CPT, "83036"),
        "servicedPeriod": {"start": "2021-03-07", "end": "2021-03-07"},
    },
    billablePeriod={"start": "2021-03-06", "end": "2021-03-07"},
)
INSTITUTIONAL = payment(
    "institutional",
    {
        "sequence": 1,
        "revenue": concept(REVENUE, "0450"),
        "productOrService": concept(ABSENT, "not-applicable"),
    },
    billablePeriod={"start": "2021-03-08", "end": "2021-03-10"},
)
OTHER_CODING = {"system": "http://snomed.info/sct", "code": "43396009"}
TWICE_CODED = payment(
    "professional",
    {
        "sequence": 1,
        "productOrService": {"coding": [OTHER_CODING, *concept(CPT, "83036")["coding"]]},
        "servicedDate": "2021-03-07",
    },
)
KIT = {"sequence": 1, "productOrService": concept(CPT, "99070"), "quantity": {"value": 4}}
ADDED = payment(
    "professional",
    {
        "sequence": 1,
        "productOrService": concept(CPT, "99213"),
        "servicedDate": "2021-03-06",
        "detail": [{"sequence": 1, "productOrService": concept(CPT, "36415"), "subDetail": [KIT]}],
    },
    addItem=[
        {"productOrService": concept(CPT, "99214"), "servicedDate": "2021-03-07", "quantity": {"value": 1}},
        {
            "productOrService": concept(NDC, "00093-1048-01"),
            "servicedPeriod": {"start": "2021-03-08", "end": "2021-03-09"},
            "detail": [{"productOrService": concept(CPT, "96372"), "subDetail": [{**KIT, "quantity": {"value": 5}}]}],
        },
    ],
    billablePeriod={"start": "2021-03-06"},
)
BILLS = {"pharmacy": PHARMACY, "professional": PROFESSIONAL, "institutional": INSTITUTIONAL}


def test_a_line_is_at_its_service_with_its_quantity_and_known_when_the_bill_was_written():
    made = [r for b in BILLS.values() for r in events.rows(b["resourceType"], "a" * 32, 7, b, None)]
    lines = {r["code"]: (r["time_precision"], r.get("numeric_value")) for r in made if r["kind"] == "line"}
    assert lines == {
        "EOB//NDC//00093-1048-01": ("day", 30.0),
        "EOB//NDC//00093-7424-56": ("day", 2.0),
        "EOB//CPT4//99213": ("day", None),
        "EOB//CPT4//83036": ("day", None),
        "EOB//REVENUECODES//0450": ("day", None),
    }
    day = {r["code"]: r["time"] // 86_400_000_000 for r in made}
    assert [day[c] - day["EOB//NDC//00093-1048-01"] for c in lines] == [0, 0, 1, 2, 3]
    assert {r["available_time"] // 86_400_000_000 - r["time"] // 86_400_000_000 for r in made} == {27, 26, 25, 24}
    assert [r["kind"] for r in made if r["first"]] == ["event"] * 3, "a line that is left out takes no bill with it"


@pytest.mark.parametrize("kind", ["Claim", "ExplanationOfBenefit"])
def test_a_procedure_of_a_bill_is_at_its_own_date(kind):
    done = [
        {"sequence": 1, "procedureCodeableConcept": concept(CPT, "44970"), "date": "2021-03-09"},
        {"sequence": 2, "procedureCodeableConcept": concept(CPT, "47562")},
    ]
    bill = INSTITUTIONAL | {"resourceType": kind, "procedure": done}
    kept = [r for r in events.rows(kind, "a" * 32, 7, bill, None) if "CPT4" in (r["code"] or "")]
    day = 86_400_000_000
    assert [r["time"] // day - kept[1]["time"] // day for r in kept] == [1, 0]
    assert [(r["end_time"] or 0) // day - kept[1]["time"] // day for r in kept][1] == 2
    assert (kept[0]["end_time"], kept[0]["available_time"]) == (None, kept[1]["available_time"])
    offsets = {"created": 20.0, "billablePeriod.start": 5.0, "billablePeriod.end": 7.0, "procedure.date": 6.0}
    hidden = [r for r in events.rows(kind, "a" * 32, 7, bill, offsets) if "CPT4" in (r["code"] or "")]
    assert [r["position"] for r in hidden] == [6.0, 5.0]


def test_a_bill_without_a_kind_and_lines_that_others_tell_stays_a_bill():
    bare = {k: v for k, v in PHARMACY.items() if k != "type"}
    assert events.rows("ExplanationOfBenefit", "a" * 32, 7, bare, None)[0]["code"] == "EOB//BILL"


def test_parts_of_parts_and_what_the_insurer_added_are_lines_too():
    rows = [r for r in events.rows("ExplanationOfBenefit", "a" * 32, 7, ADDED, None) if r["kind"] == "line"]
    first = rows[0]["time"]
    assert [(r["code"], (r["time"] - first) // 86_400_000_000, r.get("numeric_value")) for r in rows] == [
        ("EOB//CPT4//99213", 0, None),
        ("EOB//CPT4//36415", 0, None),
        ("EOB//CPT4//99070", 0, 4.0),
        ("EOB//CPT4//99214", 1, 1.0),
        ("EOB//NDC//00093-1048-01", 2, None),
        ("EOB//CPT4//96372", 2, None),
        ("EOB//CPT4//99070", 2, 5.0),
    ]
    assert len({r["event_id"] for r in rows}) == 7
    claim = {k: v for k, v in ADDED.items() if k != "addItem"} | {"resourceType": "Claim"}
    told = [r["code"] for r in events.rows("Claim", "a" * 32, 7, claim, None) if r["kind"] == "line"]
    assert told == ["CLAIM//CPT4//99213", "CLAIM//CPT4//36415", "CLAIM//CPT4//99070"]


@pytest.mark.parametrize("bill", [*BILLS.values(), ADDED], ids=[*BILLS, "added"])
def test_under_safe_harbor_each_line_keeps_its_day(bill):
    treated = walking.state(walking.PATIENT, anchor=4321)
    bill = bill | {"id": "b", "patient": {"reference": "Patient/p1"}}
    result = walking.outcome(walking.walker("safe_harbor"), bill, treated)
    rows, shown = (
        [r for r in events.rows("ExplanationOfBenefit", "a" * 32, 7, told, offsets) if r["kind"] == "line"]
        for told, offsets in ((result.resource, result.offsets), (bill, None))
    )
    assert [r["code"] for r in rows] == [r["code"] for r in shown]
    assert [r["position"] - 4321 for r in rows] == [r["position"] for r in shown]


# --- what else is told of the patient decides -------------------------------------------------------------


def course(who, **more):
    told = {("Patient", who): (who, {"gender": "female", "birthDate": "1950-01-02"})}
    told |= {("ExplanationOfBenefit", f"{who} {kind}"): (who, bill) for kind, bill in BILLS.items()}
    period = {"start": "2021-01-01", "end": "2021-12-31"}
    told["Coverage", f"{who} cover"] = (who, {"status": "active", "type": concept(KIND, "EHCPOL"), "period": period})
    return told | {(kind, f"{who} {kind}"): (who, resource) for kind, resource in more.items()}


VISIT = {"status": "finished", "class": {"code": "AMB"}, "type": [concept(CPT, "99213")]}
VISIT["period"] = {"start": "2021-03-05"}
RESULT = {"status": "final", "code": concept(CPT, "83036"), "effectiveDateTime": "2021-03-07", "valueInteger": 6}
CANCELLED = RESULT | {"status": "cancelled"}
CANCELLED["code"] = {"coding": [*concept("http://loinc.org", "4548-4")["coding"], *RESULT["code"]["coding"]]}
ORDER = {
    "status": "active",
    "intent": "order",
    "authoredOn": "2021-03-05",
    "medicationReference": {"reference": f"Medication/{pseudonym('m')}"},
}
RELATIVE = {"status": "completed", "date": "2021", "condition": [{"code": concept(CPT, "83036")}]}
STATE = {
    ("Medication", "m"): (None, {"code": concept(NDC, "00093-1048-01")}),
    **course("alone"),
    **course("both", Encounter=VISIT, Observation=RESULT, MedicationRequest=ORDER),
    **course("near", Observation=CANCELLED, FamilyMemberHistory=RELATIVE),
    **course("coded", Observation=RESULT),
    **course("later", Observation=RESULT | {"issued": "2023-01-01T00:00:00Z"}),
    ("ExplanationOfBenefit", "coded professional"): ("coded", TWICE_CODED),
}


def lines(lake, who):
    rows = tables.read(lake, "gold.events", columns=["subject_id", "code", "parents"]).to_pylist()
    codes = [r["code"] for r in rows if r["subject_id"] == subject(who) and r["code"].startswith("EOB//")]
    return sorted(c.removeprefix("EOB//") for c in codes if "CLAIM-TYPE" not in c)


ALL = ["CPT4//83036", "CPT4//99213", "NDC//00093-1048-01", "NDC//00093-7424-56", "REVENUECODES//0450"]


def test_a_line_under_a_prefix_keeps_its_other_codings_as_parents():
    (line,) = (r for r in events.rows("ExplanationOfBenefit", "a" * 32, 7, TWICE_CODED, None) if r["kind"] == "line")
    assert (line["code"], line["parents"]) == ("EOB//SNOMED//43396009", ["SNOMED//43396009", "CPT4//83036"])


@pytest.mark.spark
def test_lines_stand_for_care_that_nothing_else_tells_of_and_build_by_build_as_at_once(spark, lake, tmp_path):
    deliver(spark, lake, STATE)
    first = timeline(spark, lake, run_id="first")
    assert first.counts.lost == 0
    assert first.extra["flags"] == {"repeated_line": 4}
    assert lines(lake, "alone") == lines(lake, "near") == lines(lake, "later") == ALL
    assert lines(lake, "both") == ["NDC//00093-7424-56", "REVENUECODES//0450"]
    assert lines(lake, "coded") == ["NDC//00093-1048-01", "NDC//00093-7424-56", "REVENUECODES//0450"]
    # A visit of the first comes late, the second's result was an error, and its medication has another code.
    state = dict(STATE)
    state["Encounter", "late"] = ("alone", VISIT)
    state["Observation", "both Observation"] = ("both", RESULT | {"status": "entered-in-error"})
    state["Medication", "m"] = (None, {"code": concept(NDC, "00093-7424-56")})
    deliver(spark, lake, state)
    second = timeline(spark, lake, run_id="second")
    assert (second.counts.lost, second.extra["flags"]) == (0, {"repeated_line": 4})
    assert {w for w in ("alone", "both", "near") if runs_of(lake)[subject(w)] == "second"} == {"alone", "both"}
    assert lines(lake, "alone") == [c for c in ALL if c != "CPT4//99213"]
    assert lines(lake, "both") == ["CPT4//83036", "NDC//00093-1048-01", "REVENUECODES//0450"]
    anew = type(lake)(lake=tmp_path / "anew", project=lake.project, key=lake.key)
    deliver(spark, anew, state)
    timeline(spark, anew, run_id="full")
    assert gold(anew) == gold(lake)
