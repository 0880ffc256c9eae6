"""ZIP codes: three digits by an allow list, whatever is unknown becomes 000."""

import csv
import json

import pytest

from chartline.deid import geography
from chartline.settings import room
from tests.deid.walking import through

# 45 CFR 164.514(b)(2)(i)(B) with the 2010 and 2020 census: areas of 20,000 people or fewer.
SMALL = [
    *("036", "059", "102", "202", "203", "204", "205", "369", "556"),
    *("692", "753", "772", "821", "823", "878", "879", "884", "893"),
]


@pytest.mark.parametrize("area", SMALL)
def test_a_small_area_is_not_told(area):
    assert geography.zip3(f"{area}01") == "000"


@pytest.mark.parametrize(
    ("code", "made"), [("02139", "021"), ("02139-4307", "021"), ("021394307", "021"), (" 90210 ", "902")]
)
def test_a_large_area_is_told(code, made):
    assert geography.zip3(code) == made


@pytest.mark.parametrize("code", ["", "2139", "SW1A 1AA", "K1A 0B1", "02139-43", "0213A"])
def test_what_is_no_zip_does_not_pass(code):
    assert geography.zip3(code) is None
    assert geography.zip5(code) is None


def test_an_unknown_area_is_not_told():
    assert geography.zip3("00001") == "000"


def test_five_digits_are_cut_from_nine():
    assert geography.zip5("02139-4307") == "02139"


def test_the_list_names_its_rule_source_and_vintage():
    body = json.loads((room("schemas") / "zip3.json").read_text())
    assert body["vintages"] == ["2010", "2020"]
    assert "164.514" in body["rule"]
    assert "Census" in body["source"]
    assert body["zip3"] == sorted(set(body["zip3"]))


def test_the_list_is_what_the_census_files_give(corpora):
    folder = corpora / "reference" / "zip-population"
    if not folder.is_dir():
        pytest.skip("no census files here")
    people = {}
    for path in sorted(folder.rglob("*.csv")):
        vintage = people.setdefault(path, {})
        for row in csv.reader(path.open(encoding="utf-8")):
            if len(row) >= 2 and row[0].strip().isdigit() and row[-1].strip().replace(",", "").isdigit():
                area = row[0].strip().zfill(5)[:3]
                vintage[area] = vintage.get(area, 0) + int(row[-1].replace(",", ""))
    counted = [v for v in people.values() if len(v) > 500]
    if not counted:
        pytest.skip("census files of another shape")
    expected = set.intersection(*({a for a, n in v.items() if n > 20_000} for v in counted))
    assert geography.areas() == expected


@pytest.mark.parametrize(
    "name", ["Apt 4, 88 Vexation Hollow Road", "617-555-0193", "ada@canary.example", "MRN88120937"]
)
def test_what_is_no_town_does_not_stay_as_one(name):
    address = [{"city": name, "state": "MA"}]
    assert through({"resourceType": "Patient", "id": "p1", "address": address}, "limited_data_set")["address"] == [
        {"state": "MA"}
    ]


def test_a_town_stays_in_a_limited_data_set():
    address = [{"city": "St. Mary's-by-the-Sea"}]
    assert (
        through({"resourceType": "Patient", "id": "p1", "address": address}, "limited_data_set")["address"] == address
    )


@pytest.mark.parametrize("policy", ["safe_harbor", "expert_determination", "limited_data_set"])
@pytest.mark.parametrize("name", ["MA", "Massachusetts", "US-MA", "JP-13"])
def test_a_zip_code_in_the_place_of_a_state_or_country_does_not_stay(policy, name):
    def regions(**told):
        return through({"resourceType": "Patient", "id": "p1", "address": [told]}, policy).get("address")

    assert regions(state=name, country="US") == [{"state": name, "country": "US"}]
    assert regions(state="72099", country=name) == [{"country": name}]
    assert regions(state=name, country="72099-1234") == [{"state": name}]


@pytest.mark.parametrize("name", ["Georgia", "Puerto Rico", "new hampshire", "MA", "ma", "US-MA", "Ontario", "México"])
def test_a_state_or_country_is_told_as_it_is_written(name):
    assert geography.state_or_country(name) == name


@pytest.mark.parametrize("name", ["Boston", "Topeka", "Queens", "Kent", "Wendoverton", "Paris", "", "MA 02139"])
def test_a_town_or_county_in_place_of_a_state_does_not_pass(name):
    assert geography.state_or_country(name) is None


@pytest.mark.parametrize(
    ("country", "kept"), [("US", "902"), ("USA", "902"), (None, "902"), ("DE", None), ("France", None), ("MX", None)]
)
def test_five_digits_of_another_country_are_no_zip(country, kept):
    home = {"state": "Bayern", "postalCode": "90210", **({"country": country} if country else {})}
    made = through({"resourceType": "Patient", "id": "p1", "address": [home]})
    assert made["address"][0].get("postalCode") == kept


@pytest.mark.parametrize("policy", ["safe_harbor", "expert_determination"])
def test_only_a_known_state_or_country_stays_in_an_address(policy):
    home = {"state": "Tulsa", "country": "Wendoverton"}
    made = through({"resourceType": "Patient", "id": "p1", "address": [home, {"state": "Georgia"}]}, policy)
    assert made["address"] == [{"state": "Georgia"}]
