"""From a CSV extract to timelines: references meet across files, times and values are right, nobody is named."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from chartline import pipeline
from chartline.audit.known import known_from_sources
from chartline.audit.sweep import Search, sweep
from chartline.lake import tables

P, E1, E2, DOCTOR, HOUSE, PAYER = (f"{i}0000000-0000-4000-8000-00000000000{i}" for i in range(1, 7))
FILES = {
    "patients": [
        "ID,BirthDate,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,"
        "ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE",
        f"{P},1961-04-09,,999-17-5017,S99984236,X19277260X,Mrs.,Zorblatta,Quixmire,,Vexleyby,M,asian,nonhispanic,F,"
        "Brimblewick  Massachusetts  US,1721 Snorvik Lane,Woburn,Massachusetts,Middlesex County,01801,42.4,-71.1,1,2",
    ],
    "providers": [
        "Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY,STATE,ZIP,LAT,LON,UTILIZATION",
        f"{DOCTOR},{HOUSE},Grommbart Wexelplonk,M,GENERAL PRACTICE,1 Elm St,Woburn,MA,01801,1,2,3",
    ],
    "organizations": [
        "Id,NAME,ADDRESS,CITY,STATE,ZIP,LAT,LON,PHONE,REVENUE,UTILIZATION",
        f'{HOUSE},"SNORVIK HOSPITAL, INC",1 Elm St,WOBURN,MA,01801,1,2,617-555-0188,0,1',
        f"{PAYER},Snorvik Mutual,,,,,,,,,",
    ],
    "encounters": [
        "STOP,START,Id,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,"
        "PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION",
        f"2020-03-02T10:30:00Z,2020-03-02T10:00:00Z,{E1},{P},{HOUSE},{DOCTOR},{PAYER},ambulatory,185345009,"
        "Encounter for symptom,1,2,3,195662009,Acute viral pharyngitis (disorder)",
        f"2020-05-12T12:00:00Z,2020-05-02T10:00:00Z,{E2},{P},{HOUSE},{DOCTOR},{PAYER},inpatient,185347001,Stay,1,2,3,,",
    ],
    "conditions": [
        "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
        f"2020-03-02,2020-03-12,{P},{E1},195662009,Acute viral pharyngitis (disorder)",
        f"2020-05-02,,{P},{E2},59621000,Hypertension",
    ],
    "allergies": ["START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION", f"2020-03-02,,{P},{E1},300916003,Latex allergy"],
    "observations": [
        "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
        f"2020-03-02T10:00:00Z,{P},{E1},vital-signs,8302-2,Body Height,161.5,cm,numeric",
        f'2020-03-02T10:00:00Z,{P},{E1},survey,72166-2,Smoking,"Never; told by ""Zorblatta""\nQuixmire",,text',
    ],
    "medications": [
        "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,REASONCODE,"
        "REASONDESCRIPTION",
        f"2020-05-02T10:00:00Z,2020-08-02T10:00:00Z,{P},{PAYER},{E2},314076,lisinopril 10 MG Oral Tablet,1,0,3,3,,",
    ],
    "devices": [
        "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,UDI",
        f"2020-05-02T11:00:00Z,,{P},{E2},705643001,Coronary artery stent,(01)13465995954590(21)488266988",
    ],
}


@pytest.mark.spark
def test_a_csv_extract_becomes_timelines_without_a_name(spark, lake, tmp_path):
    folder = tmp_path / "extract"
    folder.mkdir()
    for name, rows in FILES.items():
        (folder / f"{name}.csv").write_bytes("\r\n".join(rows).encode())
    results = {r.stage: r for r in pipeline.run(lake, [folder])}
    assert results["parse"].counts.totals() == {"in": 13, "out": 13, "quarantined": 0, "duplicate": 0, "filtered": 0}
    assert all(r.counts.lost == 0 for r in results.values())
    bronze = tables.read(lake, "bronze.resources").to_pylist()
    assert [r["resource_id"] for r in bronze if r["unresolved"]] == []

    events = tables.read(lake, "gold.events").to_pylist()
    assert len({e["subject_id"] for e in events}) == 1
    assert Counter(e["source_type"] for e in events if e["time"]) == {
        "Patient": 1,
        "Encounter": 5,
        "Condition": 3,
        "AllergyIntolerance": 1,
        "Observation": 2,
        "MedicationRequest": 2,
        "DeviceUseStatement": 1,
    }
    found = {e["code"]: e for e in events}
    start, end = found["ENCOUNTER//START//IMP"], found["ENCOUNTER//END//IMP"]
    assert end["time"] - start["time"] == timedelta(days=10, hours=2)
    order, over = found["RXNORM//314076"], found["RXNORM//314076//ENDED"]
    assert (order["time"], order["end_time"], over["time"] - order["time"]) == (start["time"], None, timedelta(days=92))
    assert order["encounter_id"] == start["encounter_id"]
    height = found["LOINC//8302-2"]
    assert (height["numeric_value"], height["unit"]) == (161.5, "cm")
    assert height["time"] == found["ENCOUNTER//START//AMB"]["time"]
    assert found["SNOMED//195662009//ABATED"]["time"] > found["SNOMED//195662009"]["time"]
    assert "Never" in found["LOINC//72166-2"]["text_value"]
    assert found["SNOMED//705643001"]["time"] - start["time"] == timedelta(hours=1)

    known = known_from_sources([folder])
    assert sweep([lake.zone("deidentified"), lake.zone("audit")], Search(known)).clean
    whole = json.dumps([events, tables.read(lake, "silver.resources").to_pylist()], default=str)
    secrets = (
        "Quixmire",
        "Zorblatta",
        "Vexleyby",
        "Wexelplonk",
        "Brimblewick",
        "999-17-5017",
        "S99984236",
        "X19277260X",
    )
    assert [s for s in (*secrets, P, E1, "488266988") if s in whole] == []
