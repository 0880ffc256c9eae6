"""The mapping language: what a row becomes, what a mapping may say, how a file is recognised."""

import csv
import io
import json
import re

import pytest

from chartline.errors import UsageError
from chartline.fhir import extracts, validate
from chartline.fhir.extracts import AMBIGUOUS, UNKNOWN, Filtered, Unfit
from tests.conftest import ROOT

OBSERVATION = {"resourceType": "Observation", "id": "{ID}", "status": "final", "code": {"text": "x"}}
PERSON = {"resourceType": "Patient", "id": "{ID}"}


@pytest.fixture
def mapped(tmp_path):
    """Loads one mapping of a file with the columns ID, A and B, which it must have, and C, which it may."""

    def load(resource, **facts):
        file = {"must": ["ID", "A", "B"], "may": ["C"], "resource": resource}
        (tmp_path / "own.json").write_text(json.dumps({"files": {"some": file}} | facts))
        return extracts.load(tmp_path)

    return load


@pytest.fixture
def made(mapped):
    """What a row of ID 1 and these cells becomes."""

    def make(resource, a="", b="", **facts):
        sheet = mapped(resource, **facts).judge(b"ID,A,B\n", "x.csv")
        return json.loads(sheet.resource(["1", a, b]))

    return make


def test_an_empty_cell_leaves_out_its_member_and_what_only_constants_are_left_of(made):
    code = {"coding": [{"system": "http://loinc.org", "code": "{A}", "display": "{B}"}]}
    template = OBSERVATION | {"code": code, "bodySite": code, "subject": {"reference": "Patient/{C}"}}
    assert made(template, "8302-2", "")["code"] == {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}
    assert set(made(template, "", "")) == {"resourceType", "id", "status"}


def test_an_object_of_constants_alone_stays(made):
    assert made(OBSERVATION)["code"] == {"text": "x"}


@pytest.mark.parametrize(
    ("conversion", "cell", "value"),
    [
        ("number", "7.240", 7.24),
        ("number", ".5", 0.5),
        ("number", "-1e3", -1000),
        ("integer", "12", 12),
    ],
)
def test_numbers_are_read_as_written(made, conversion, cell, value):
    place = "valueQuantity" if conversion == "number" else "valueInteger"
    template = {"value": "{A|number}"} if conversion == "number" else "{A|integer}"
    found = made(OBSERVATION | {place: template}, cell)[place]
    assert (found["value"] if conversion == "number" else found) == value


def test_a_number_keeps_its_digits(mapped):
    sheet = mapped(OBSERVATION | {"valueQuantity": {"value": "{A|number}"}}).judge(b"ID,A,B\n", "x")
    assert b'"value":12345678901234567890.10' in sheet.resource(["1", "12345678901234567890.10", ""])


@pytest.mark.parametrize(
    ("template", "cell", "value"),
    [
        ("{A|time}", "2009-09-27T14:12:44Z", "2009-09-27T14:12:44Z"),
        ("{A|time}", "2009-09-27", "2009-09-27"),
        ("{A|time}", "1998", "1998"),
        ("{A|time}", "2020-01-01 10:00:00.000", "2020-01-01T10:00:00.000-05:00"),
        ("{A|time}", "2020-07-01 10:00", "2020-07-01T10:00:00-04:00"),
        ("{A|time}", "2020-07-01 10:00:00 +0200", "2020-07-01T10:00:00+02:00"),
        ("{A|time}", "2020-11-01 01:30:00", "2020-11-01T01:30:00-04:00"),
        ("{A|time %m/%d/%Y %H:%M}", "07/01/2020 10:00", "2020-07-01T10:00:00-04:00"),
        ("{A|time %d.%m.%Y}", "01.07.2020", "2020-07-01"),
        ("{A|date}", "1982-10-16 12:00:00.000", "1982-10-16"),
        ("{A|date %d%b%Y}", "16OCT1982", "1982-10-16"),
    ],
)
def test_times_are_those_of_the_mappings_zone(made, template, cell, value):
    assert (
        made(OBSERVATION | {"effectiveDateTime": template}, cell, zone="America/New_York")["effectiveDateTime"] == value
    )


@pytest.mark.parametrize(
    ("element", "template", "cell", "reason"),
    [
        ("valueQuantity", {"value": "{A|number}"}, "<5", "bad_number"),
        ("valueQuantity", {"value": "{A|number}"}, "1,5", "bad_number"),
        ("valueInteger", "{A|integer}", "1.5", "bad_number"),
        ("valueInteger", "{A|integer}", "1" * 5000, "bad_number"),
        ("effectiveDateTime", "{A|time}", "01/02/2020", "bad_date"),
        ("effectiveDateTime", "{A|time}", "2020-01 10:00", "bad_date"),
        ("effectiveDateTime", "{A|time %d.%m.%Y}", "32.01.2020", "bad_date"),
        ("effectiveDateTime", "{A|time}", "2020-01-01 10:00", "no_time_zone"),
        ("interpretation", [{"text": "{A|words}"}], "Z", "unmapped_value"),
        ("interpretation", [{"text": "{A|after :}"}], "no colon", "unmapped_value"),
    ],
)
def test_what_a_conversion_cannot_read_is_named_by_its_path(made, element, template, cell, reason):
    with pytest.raises(Unfit) as unfit:
        made(OBSERVATION | {element: template}, cell, tables={"words": {"H": "high"}})
    assert unfit.value.reason == reason
    assert unfit.value.rule.startswith(f"Observation.{element}")
    assert cell not in str(unfit.value)


@pytest.mark.parametrize("when", ["2020-03-08 02:30", "1850-01-01 00:00", "2020-01-01 25:00", "0000-01-01 10:00"])
def test_an_hour_that_no_clock_showed_is_no_time(made, when):
    with pytest.raises(Unfit, match="bad_date"):
        made(OBSERVATION | {"effectiveDateTime": "{A|time}"}, when, zone="America/New_York")


def test_a_table_gives_its_values_and_other_kinds_than_text(made):
    tables = {"yes": {"Y": True, "N": False}, "sex": {"1": "male", "9": None}}
    template = PERSON | {"deceasedBoolean": "{A|yes}", "gender": "{B|sex}"}
    found = made(template, "N", "1", tables=tables)
    assert (found["deceasedBoolean"], found["gender"]) == (False, "male")
    assert "gender" not in made(template, "N", "9", tables=tables)


def test_a_case_gives_the_first_that_holds(made):
    template = OBSERVATION | {
        "valueQuantity": {"case": [{"when": {"A": "num"}, "then": {"value": "{B|number}"}}]},
        "valueString": {"case": [{"when": {"A": ["text", "note:*"]}, "then": "{B}"}]},
        "status": {"case": [{"when": {"B": ""}, "then": "registered"}, {"then": "final"}]},
    }
    assert made(template, "num", "5")["valueQuantity"] == {"value": 5}
    assert made(template, "note:1", "5")["valueString"] == "5"
    assert made(template, "note", "5").keys().isdisjoint({"valueString", "valueQuantity"})
    assert made(template)["status"] == "registered"


def test_a_branch_may_say_that_there_is_nothing(made):
    template = PERSON | {"gender": {"case": [{"when": {"A": "0"}, "then": None}, {"then": "{A|sex}"}]}}
    tables = {"sex": {"1": "male"}}
    assert "gender" not in made(template, "0", tables=tables)
    assert made(template, "1", tables=tables)["gender"] == "male"


def test_a_row_is_of_the_kind_that_holds_is_left_out_by_name_or_has_no_rule(made):
    template = {
        "case": [
            {"when": {"A": "p"}, "then": PERSON},
            {"when": {"A": "money"}, "filtered": "payment"},
        ]
    }
    assert made(template, "p")["resourceType"] == "Patient"
    with pytest.raises(Filtered, match="payment"):
        made(template, "money")
    with pytest.raises(Unfit, match="no_row_rule"):
        made(template, "other")


def test_what_a_mapping_calls_empty_is_empty(made):
    assert "gender" not in made(PERSON | {"gender": "{A|sex}"}, "NULL", empty=["NULL"], tables={"sex": {"1": "male"}})


def test_an_id_from_key_columns_is_the_same_whatever_their_order_in_the_file(mapped):
    layouts = mapped(PERSON | {"id": "{A,B|hash}"})
    ids = set()
    for header, row in (("ID,A,B", "1,x,y"), ("b,id,a", "y,2,x"), (" A , B ,Id", "x,y,3")):
        sheet = layouts.judge(header.encode() + b"\n", "x.csv")
        ids.add(json.loads(sheet.resource(row.split(",")))["id"])
    other = layouts.judge(b"ID,A,B\n", "x.csv")
    assert len(ids) == 1
    assert json.loads(other.resource(["1", "xy", ""]))["id"] not in ids
    assert "id" not in json.loads(other.resource(["1", "", ""]))


def test_a_row_with_more_or_fewer_cells_is_ragged(mapped):
    sheet = mapped(PERSON).judge(b"ID,A,B\n", "x.csv")
    for cells in (["1", "2"], ["1", "2", "3", "4"]):
        with pytest.raises(Unfit, match="ragged_row"):
            sheet.resource(cells)


# --- recognising -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (b"ID,A,B\n", True),
        (b"b,c,a,id\r\n", True),
        (b'"ID","A","B"\n', True),
        (b"\xef\xbb\xbfID,A,B", True),
        (b"ID,A\n", False),
        (b"ID,A,B,D\n", False),
        (b"ID,A,B,a\n", False),
        (b"", False),
        (b'"ID\n', False),
    ],
)
def test_a_header_has_what_it_must_and_nothing_else_than_it_may(mapped, header, known):
    found = mapped(PERSON).judge(header, "anything.txt")
    assert (found == UNKNOWN) != known


def test_files_of_one_mapping_with_the_same_columns_are_told_apart_by_name_or_not_at_all():
    layouts = extracts.load()
    header = b"START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n"
    assert layouts.judge(header, "x.tar!/csv/Allergies-2020.csv").file.name == "allergies"
    assert layouts.judge(header, "conditions.csv").file.name == "conditions"
    assert layouts.judge(header, "part-0001.csv") == AMBIGUOUS
    assert layouts.judge(header + b"", "allergies and conditions.csv") == AMBIGUOUS


def test_two_mappings_that_know_a_header_know_it_not(mapped, tmp_path):
    mapped(PERSON)
    (tmp_path / "other.json").write_bytes((tmp_path / "own.json").read_bytes())
    assert extracts.load(tmp_path).judge(b"ID,A,B\n", "some.csv") == AMBIGUOUS


def test_a_mapping_of_the_same_name_stands_in_the_place_of_the_one_that_ships(tmp_path):
    header = b"PATIENT_NUM,BIRTH_DATE,SEX_CD\n"
    assert extracts.load().judge(header, "p.csv").file.layout == "i2b2"
    (tmp_path / "i2b2.json").write_text('{"files": {}}')
    assert extracts.load(tmp_path).judge(header, "p.csv") == UNKNOWN
    assert extracts.load(tmp_path).digest != extracts.load().digest


def test_another_delimiter_and_encoding_are_told_by_the_mapping(mapped):
    layouts = mapped(PERSON | {"name": [{"family": "{A}"}]}, delimiter=";", encoding="cp1252")
    data = "ID;A;B\n1;Müller;x\n".encode("cp1252")
    sheet = layouts.judge(data, "x.csv")
    (_, row) = sheet.rows(io.BytesIO(data))
    assert json.loads(sheet.resource(row.cells))["name"] == [{"family": "Müller"}]


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (PERSON | {"birthdate": "{A|date}"}, "Patient has no element birthdate"),
        (PERSON | {"name": [{"famly": "{A}"}]}, "HumanName has no element famly"),
        (PERSON | {"name": {"family": "{A}"}}, "it is a list in FHIR"),
        (PERSON | {"name": ["{A}"]}, "it is a HumanName in FHIR"),
        (PERSON | {"gender": "{A|sex}"}, "there is no conversion sex"),
        (PERSON | {"gender": "M"}, "a value is no code (unknown_code)"),
        (PERSON | {"gender": "{X}"}, "there is no column X"),
        (PERSON | {"gender": "{A"}, "a brace is open"),
        (PERSON | {"birthDate": "{A}"}, "Write {COLUMN|time}"),
        (PERSON | {"birthDate": "{A|date}T"}, "it is a date in FHIR"),
        (PERSON | {"multipleBirthInteger": "{A}"}, "Write {COLUMN|integer}"),
        (PERSON | {"gender": "{A|number}"}, "not a number"),
        (PERSON | {"active": "{A}"}, "Write {COLUMN|a table}"),
        (PERSON | {"photo": [{"data": "{A}"}]}, "Write {COLUMN|base64}"),
        (PERSON | {"gender": "{A,B}"}, "Only hash takes several"),
        (PERSON | {"gender": "{A|after}"}, "after needs argument"),
        (PERSON | {"birthDate": "{A|date %c}"}, "a date is not written with %c"),
        (PERSON | {"deceasedDateTime": "{A|time %x %-H}"}, "a time is not written with %-H %x"),
        (PERSON | {"managingOrganization": {"reference": "Patient/{A}"}}, "it may not refer to a Patient"),
        ({"resourceType": "Patient"}, "it has no id"),
        ({"resourceType": "Person-like", "id": "{ID}"}, "its resourceType is none of FHIR R4"),
        ({"resourceType": "Observation", "id": "{ID}", "status": "final"}, "Observation needs code"),
        ({"case": []}, "a case has nothing beside it"),
        ({"case": [{"when": {"X": "1"}, "then": PERSON}]}, "there is no column X"),
        ({"case": [{"when": {"A": 1}, "then": PERSON}]}, "neither a text nor a list of texts"),
        ({"case": [{"when": {"A": "1"}}]}, "one of 'then' and 'filtered'"),
        ({"case": [{"filtered": "Jane Doe"}]}, "the reason is no word"),
        (PERSON | {"gender": {"case": [{"filtered": "why"}]}}, "only a whole row is filtered"),
    ],
)
def test_a_mistake_in_a_template_names_file_path_and_what_to_do(mapped, resource, where):
    with pytest.raises(UsageError) as mistake:
        mapped(resource)
    text = str(mistake.value)
    assert mistake.value.number == "CL2080"
    assert "own.json: files.some.resource" in text
    assert where in text


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ({"zone": "Mars/Olympus"}, "own.json: zone"),
        ({"delimiter": "ab"}, "own.json: delimiter, encoding"),
        ({"encoding": "klingon"}, "own.json: delimiter, encoding"),
        ({"tables": {"time": {}}}, "own.json: tables.time"),
        ({"tables": []}, "own.json: tables: it is no object"),
        ({"files": []}, "own.json: files: it is no object"),
        ({"colour": "red"}, "has unknown members colour"),
        ({"files": {"some": {"must": ["ID"]}}}, "own.json: files.some: lacks resource"),
        ({"files": {"some": {"must": [], "resource": PERSON}}}, "own.json: files.some.must: it is empty"),
        ({"files": {"some": {"must": "ID", "resource": PERSON}}}, "own.json: files.some.must: it is no list of texts"),
        ({"empty": "NULL"}, "own.json: empty: it is no list of texts"),
        ({"tables": {"sex": {"M": "man"}}}, "gender (table sex): a value is no code (unknown_code)"),
    ],
)
def test_a_mistake_beside_the_templates_is_named_too(mapped, facts, where):
    with pytest.raises(UsageError, match="CL2080") as mistake:
        mapped(PERSON | {"gender": "{A|sex}"}, **{"tables": {"sex": {"M": "male"}}} | facts)
    assert where in str(mistake.value)


def test_what_is_no_json_and_a_folder_that_is_not_there_are_told(tmp_path):
    (tmp_path / "own.json").write_text('{"files"')
    with pytest.raises(UsageError, match=r"CL2080.*own\.json"):
        extracts.load(tmp_path)
    with pytest.raises(UsageError, match="CL2081"):
        extracts.load(tmp_path / "not there")


@pytest.mark.parametrize("text", ['{"resourceType": "Patient", "Quixmire": 1}', '["Quixmire"]', '{"Quixmire'])
def test_a_file_of_a_patient_among_the_mappings_is_refused_by_its_place(tmp_path, text):
    (tmp_path / "Quixmire.json").write_text(text)
    with pytest.raises(UsageError, match="CL2080: file 1") as mistake:
        extracts.load(tmp_path)
    assert "Quixmire" not in str(mistake.value)


def test_the_mapping_in_the_guide_is_read_and_makes_valid_resources(tmp_path):
    (block,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "engineer.md").read_text(), re.DOTALL)
    (tmp_path / "ours.json").write_text(block)
    layouts = extracts.load(tmp_path)
    sheet = layouts.judge(b"MRN,Born,Sex,First name,Last name\n", "x.csv")
    person = json.loads(sheet.resource(["7", "04/09/1961", "?", "Ada", "Doe"]))
    sheet = layouts.judge(b"MRN,Drawn,LOINC,Result,Unit\n", "y.csv")
    result = json.loads(sheet.resource(["7", "2020-01-02 03:04", "718-7", "13.5", "g/dL"]))
    assert validate.issues(person) == validate.issues(result) == []
    assert result["subject"]["reference"] == f"Patient/{person['id']}"
    assert (person["birthDate"], result["effectiveDateTime"]) == ("1961-04-09", "2020-01-02T03:04:00-05:00")


# --- what ships --------------------------------------------------------------------------------------

SHIPPED = {f.name: f for f in extracts.load().files}
PATIENT = "3edac2e3"


def synthea(name, header, *cells):
    sheet = extracts.load().judge(header.encode() + b"\n", f"{name}.csv")
    assert sheet.file.name == name
    resource = json.loads(sheet.resource(next(csv.reader([",".join(cells)]))))
    assert validate.issues(resource) == []
    return resource


def test_the_mappings_that_ship_are_sound_and_need_columns():
    assert {"patients", "claims", "observation_fact"} <= set(SHIPPED)
    assert all(len(file.must) >= 3 for file in SHIPPED.values())


def test_an_older_procedure_has_a_day_and_a_newer_one_a_period():
    old = synthea(
        "procedures",
        "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
        *("2010-01-02T03:04:05Z", PATIENT, "e1", "430193006", "Medication Reconciliation", "1.0", "", ""),
    )
    new = synthea(
        "procedures",
        "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
        *("2010-01-02T03:04:05Z", "2010-01-02T03:34:05Z", PATIENT, "e1", "SNOMED-CT", "430193006"),
        *("Medication Reconciliation", "1.0", "72892002", "Normal pregnancy"),
    )
    assert old["performedDateTime"] == "2010-01-02T03:04:05Z"
    assert new["performedPeriod"] == {"start": "2010-01-02T03:04:05Z", "end": "2010-01-02T03:34:05Z"}
    assert "performedPeriod" not in old and "performedDateTime" not in new
    assert new["reasonCode"][0]["coding"][0]["code"] == "72892002"


def test_coverage_without_insurance_is_none_and_years_are_dates():
    header = "PATIENT,START_YEAR,END_YEAR,PAYER,OWNERSHIP"
    found = synthea("payer_transitions", header, PATIENT, "1983", "2001", "p1", "Guardian")
    assert found["period"] == {"start": "1983", "end": "2001"}
    sheet = extracts.load().judge(header.encode(), "x.csv")
    with pytest.raises(Filtered, match="no_insurance"):
        sheet.resource([PATIENT, "1983", "2001", "b1c428d6-4f07-31e0-90f0-68ffa6ff8c76", ""])


def test_an_observation_of_an_unknown_type_has_no_rule():
    header = "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,VALUE,UNITS,TYPE"
    row = ["2010-01-02T03:04:05Z", PATIENT, "e1", "8302-2", "Body Height", "127.9", "cm"]
    assert synthea("observations", header, *row, "numeric")["valueQuantity"]["value"] == 127.9
    assert synthea("observations", header, *row, "text")["valueString"] == "127.9"
    with pytest.raises(Unfit, match="no_row_rule"):
        extracts.load().judge(header.encode(), "x.csv").resource([*row, "picture"])


@pytest.mark.parametrize(
    ("sign", "value", "comparator"), [("E", "5", None), ("L", "5", "<"), ("GE", "5", ">=")], ids=["equal", "less", "ge"]
)
def test_a_number_of_i2b2_keeps_its_sign(sign, value, comparator):
    header = "ENCOUNTER_NUM,PATIENT_NUM,CONCEPT_CD,START_DATE,INSTANCE_NUM,VALTYPE_CD,TVAL_CHAR,NVAL_NUM"
    row = ["1", "2", "LAB:7", "2020-03-19 01:50:00", "1", "N", sign, value]
    made = json.loads(extracts.load().judge(header.encode(), "x.csv").resource(row))
    assert validate.issues(made) == []
    assert made["valueQuantity"].get("comparator") == comparator
    assert made["effectiveDateTime"] == "2020-03-19T01:50:00+00:00"
