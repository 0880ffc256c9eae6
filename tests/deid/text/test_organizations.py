"""Organisations go, by their numbers, letters, teams and what they are; clinical words like them stay."""

import pytest

from chartline.deid.text import TextEngine
from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("He was a steward with QBM Local 1142 and then Teamsters 705.", ["QBM Local 1142", "Teamsters 705"]),
        ("Member of Knights of Osgard Council 3361 and Tollard Legion Post 12.", ["Osgard Council 3361", "Post 12"]),
        ("Cub Scout Troop 4512; old buddy from Laborers 83", ["4512", "Laborers 83"]),
        (
            "Served in the 2nd Battalion, 8th Marines; squad leader from 1st Cav.",
            ["2nd Battalion", "8th Marines", "1st Cav"],
        ),
        ("Cheers with the West Osgard Panthers, coaches Tollard FC Timbers", ["Panthers", "Tollard FC Timbers"]),
        ("Running back for the Bulldogs at school.", ["Bulldogs"]),
        ("We're both in Kappa Delta so everyone is sick.", ["Kappa Delta"]),
        ("Drives a water truck for Osgard Tribal Utility Authority.", ["Osgard", "Utility Authority"]),
        ("Osgard Visiting Nurses\nSKILLED NURSING VISIT NOTE", ["Osgard Visiting Nurses"]),
        ("Guardian per Salt Osgard County Juvenile Court.", ["Osgard County Juvenile Court"]),
        ("Sings in the choir at Brown Chapel AME; message Osgard Valley Colony.", ["Chapel AME", "Valley Colony"]),
        ("Transport arranged with Osgard Ambulette for 2 pm.", ["Osgard Ambulette"]),
        ("I called the Housing Authority and nobody came.", ["Housing Authority"]),
        ("Osgard Pulmonary & Sleep\n900 Tollard Ave.", ["Osgard Pulmonary & Sleep"]),
        ("Wound Care Coordinator\nOsgard Wound & Hyperbaric Center\n11", ["Osgard Wound & Hyperbaric Center"]),
        ("Pharmacy: Walgreens 15th & Tollard", ["15th & Tollard"]),
        ("Pharmacy: Giant #0773, Osgard River Tpke, 703", ["Giant #0773", "Osgard River Tpke"]),
        ("Crash on Highway 53 at milepost 9, near Osgard.", ["Highway 53", "milepost 9"]),
        ("State: OK   County: Oklahoma", ["Oklahoma"]),
        ("plate K 4R771, approx 50 mph", ["4R771"]),
        ("Osgard Correctional, OID 241877, TST positive", ["241877"]),
        ("date of birth?\nHer, four twenty-two two thousand one.", ["four twenty-two two thousand one"]),
    ],
)
def test_it_goes(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Local 3 cm lesion, local 12 mm margin. Post 24 h. Chapter 7.",
        "Kappa Lambda ratio 1.2, on alpha beta blockers, Sigma receptors",
        "Colony count 100,000. Trust issues noted. Has authority to decide.",
        "We gave ten twenty nineteen ninety units.",
        "OID 2.16.840.1.113883.6.1",
        "removal of the Foley with scheduled acetaminophen",
        "Ins: Delta Dental, subscriber is spouse.",
        "CaOH placed, Cavit. With a Savi Scout reflector. A glass of Moscato on weekends. Quit Newports in 2018.",
        "SERVICE: Orthopaedic Surgery",
        "lives with a Jack Russell terrier; modified Duke definite; Grade 2 West Haven encephalopathy",
        "Crohn's disease (ileocolonic, Montreal A2L3B2)",
        "Occupation: Petroleum engineer",
        "Ambulatory Care Pharmacy - Anticoagulation Visit",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).text == text
