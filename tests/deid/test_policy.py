"""Policies: every element decided, mistakes refused with file, path and fix, the 18 categories of Safe Harbor."""

from pathlib import Path

import pytest

from chartline.deid import policy
from chartline.errors import UsageError
from chartline.fhir import definitions
from chartline.settings import room
from tests.deid.walking import POLICIES

TREE = definitions.load()


def written(tmp_path, body, base="base"):
    """A policy file that extends the shipped base and says something more."""
    (tmp_path / "base.toml").write_bytes((room("policies") / "base.toml").read_bytes())
    own = (
        (room("policies") / "expert_determination.toml").read_text().replace('extends = "base"', f'extends = "{base}"')
    )
    path = tmp_path / "mine.toml"
    path.write_text(own + body)
    return str(path)


def refusal(tmp_path, body, **more):
    with pytest.raises(UsageError) as caught:
        policy.load(written(tmp_path, body, **more))
    return caught.value


def decision(rules, path):
    """What a policy does to the element at a path of one step below a type."""
    owner, _, name = path.rpartition(".")
    return rules.effect(rules.decide(owner, path, TREE[owner].elements[name]).action)


# --- every element -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POLICIES)
def test_every_element_of_every_type_is_decided_with_a_reason(name):
    rules = policy.load(name)
    decided = {path: d for path, _, d in policy.decisions(rules)}
    for owner, definition in TREE.items():
        if definition.kind != "datatype" and owner.partition(".")[0] not in rules.resources:
            continue
        for element in definition.elements:
            found = decided[f"{owner}.{element}"]
            assert found.action in policy.ACTIONS
            assert found.reason.strip()
            assert found.rule


@pytest.mark.parametrize("name", POLICIES)
def test_the_default_is_to_drop(name):
    decided = [d for _, _, d in policy.decisions(policy.load(name))]
    assert {d.action for d in decided if d.rule == "default"} <= {"drop"}


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize(
    "kind", ["string", "markdown", "uri", "url", "canonical", "base64Binary", "Identifier", "HumanName", "ContactPoint"]
)
def test_free_text_and_identifiers_never_pass_untouched(name, kind):
    rules = policy.load(name)
    treated = {"drop", "clean-text", "code-check", "zip3", "zip5", "reference"}
    kept = {path for path, of, d in policy.decisions(rules) if of == kind and rules.effect(d.action) not in treated}
    checked = {"Attachment.data", "Reference.type"}  # through the text engine; only names of resource types
    assert kept <= checked | ({"Address.city"} if name == "limited_data_set" else set())


SAFE_HARBOR = {
    "A names": [
        "Patient.name",
        "Patient.contact",
        "RelatedPerson.name",
        "Practitioner.name",
        "FamilyMemberHistory.name",
        "Organization.name",
        "Location.name",
        "Annotation.author[x]",
    ],
    "B geography": [
        "Address.line",
        "Address.city",
        "Address.district",
        "Address.postalCode",
        "Address.text",
        "Location.position",
    ],
    "C dates": [
        "Patient.birthDate",
        "Encounter.period",
        "Observation.effectiveDateTime",
        "Period.start",
        "Patient.deceasedDateTime",
    ],
    "D telephone": ["Patient.telecom", "Organization.telecom"],
    "E fax": ["Practitioner.telecom"],
    "F e-mail": ["RelatedPerson.telecom"],
    "G social security": ["Patient.identifier"],
    "H record number": ["Encounter.identifier", "DocumentReference.masterIdentifier"],
    "I health plan": ["Coverage.subscriberId", "Coverage.identifier", "Coverage.class", "Coverage.dependent"],
    "J account": ["Claim.identifier", "ExplanationOfBenefit.identifier"],
    "K licence": ["Practitioner.qualification", "Practitioner.identifier"],
    "L vehicle": ["Claim.accident"],
    "M device": [
        "Device.serialNumber",
        "Device.udiCarrier",
        "Device.distinctIdentifier",
        "Device.lotNumber",
        "Device.identifier",
    ],
    "N URL": ["Attachment.url", "Meta.source", "Meta.profile", "Device.url"],
    "O IP address": ["Provenance.signature"],
    "P biometric": ["Provenance.signature", "Media.content"],
    "Q photograph": ["Patient.photo", "Practitioner.photo", "Media.content"],
    "R any other code": [
        "Meta.versionId",
        "ImagingStudy.series.instance",
        "ImagingStudy.series.uid",
        "Identifier.value",
        "Specimen.accessionIdentifier",
        "Reference.identifier",
    ],
}


@pytest.mark.parametrize("category", SAFE_HARBOR)
def test_each_category_of_safe_harbor(category):
    rules = policy.load("safe_harbor")
    for path in SAFE_HARBOR[category]:
        owner, _, name = path.rpartition(".")
        names = [n for n, e in TREE[owner].elements.items() if n == name or f"{e.choice}[x]" == name]
        assert names, path
        for found in names:
            kind = TREE[owner].elements[found].type
            effect = decision(rules, f"{owner}.{found}")
            assert (
                effect in ({"year", "drop"} if kind in policy.DATES else {"drop", "zip3", "reference"})
                or kind == "Period"
            ), path


def test_references_carry_no_identifier_and_no_display():
    rules = policy.load("safe_harbor")
    assert decision(rules, "Reference.display") == "drop"
    assert decision(rules, "Reference.identifier") == "drop"


def test_the_three_policies_differ_where_they_say():
    loaded = {name: policy.load(name) for name in POLICIES}
    assert {n: p.means["date"] for n, p in loaded.items()} == {
        "safe_harbor": "year",
        "expert_determination": "shift",
        "limited_data_set": "keep",
    }
    assert loaded["safe_harbor"].pseudonyms == "random"
    assert len({p.hash for p in loaded.values()}) == 3
    assert loaded["expert_determination"].shift == (-365, -1)


# --- loading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "number", "words"),
    [
        (
            '\n[paths]\n"Condition.not" = { action = "keep", reason = "x" }',
            "CL2040",
            ["mine.toml", "Condition.not", "note"],
        ),
        ('\n[paths]\n"Conditon.note" = { action = "keep", reason = "x" }', "CL2040", ["Conditon", "Condition"]),
        ('\n[paths]\n"Condition.note" = { action = "kep", reason = "x" }', "CL2040", ["kep", "keep"]),
        ('\n[paths]\n"Condition.note" = { action = "keep" }', "CL2044", ["Condition.note", "reason"]),
        ('\n[paths]\n"Condition.note" = { action = "keep", reason = " " }', "CL2044", ["reason"]),
        ('\n[paths]\n"Timing.repeat.timeOfDay" = { action = "date", reason = "x" }', "CL2045", ["time", "date"]),
        ('\n[paths]\n"Condition.code" = { action = "zip", reason = "x" }', "CL2045", ["CodeableConcept"]),
        ('\n[types]\n"Adress" = { action = "drop", reason = "x" }', "CL2040", ["Adress", "Address"]),
        ('\n[resources]\nPatientt = "x"', "CL2040", ["Patientt", "Patient"]),
        ('\n[resources]\nPatient = "drop"', "CL2072", ["[resources] Patient", "action"]),
        ('\n[extensions]\n"http://x" = "valeu"', "CL2040", ["valeu", "value"]),
        ("\n[extras]\nx = 1", "CL2040", ["extras"]),
        ('\n[paths]\n"Claim.insurance" = { action = "drop", reason = "x" }', "CL2049", ["Claim.insurance"]),
        ("\n[broken", "CL2042", ["mine.toml"]),
        ('\n[paths]\n"Condition.recordedDate" = { action = "age", reason = "x" }', "CL2045", ["dateTime", "Age"]),
        ('\n[paths]\n"Condition.code" = { action = "date", reason = "x" }', "CL2045", ["CodeableConcept"]),
        ('\n[types]\n"time" = { action = "date", reason = "x" }', "CL2045", ["time"]),
        ('\n[paths]\n"Patient.id" = { action = "keep", reason = "x" }', "CL2045", ["Patient.id", "pseudonym"]),
        ('\n[paths]\n"Task.input.valueId" = { action = "pseudonym", reason = "x" }', "CL2045", ["Task.input.valueId"]),
        (
            '\n[paths]\n"Task.input.valueBase64Binary" = { action = "attachment", reason = "x" }',
            "CL2045",
            ["Attachment"],
        ),
        ('\n[types]\n"base64Binary" = { action = "attachment", reason = "x" }', "CL2045", ["Attachment"]),
        ('\n[types]\n"id" = { action = "pseudonym", reason = "x" }', "CL2045", ["id", "pseudonym"]),
        ('\n[paths]\n"Reference.display" = { action = "keep", reason = "x" }', "CL2073", ["Reference.display"]),
        (
            '\n[paths]\n"Condition.subject.display" = { action = "clean-text", reason = "x" }',
            "CL2073",
            ["Condition.subject.display", '"Condition.subject"'],
        ),
        ('\n[paths]\n"Narrative.div" = { action = "drop", reason = "x" }', "CL2073", ["Narrative"]),
        ('\n[paths]\n"Patient.extension" = { action = "keep", reason = "x" }', "CL2073", ["[extensions]"]),
        ('\n[paths]\n"Patient.contained" = { action = "drop", reason = "x" }', "CL2073", ["Patient.contained"]),
        (
            '\n[paths]\n"Patient.contact.gender" = { action = "keep", reason = "x" }',
            "CL2072",
            ["Patient.contact.gender", '"Patient.contact"'],
        ),
        (
            '\n[paths]\n"Patient.birthDate" = { action = "keep", reason = "x" }',
            "CL2072",
            ["Patient.birthDate", 'action = "date"'],
        ),
        ('\n[paths]\n"Observation.value[x]" = { action = "keep", reason = "x" }', "CL2072", ["Observation.value[x]"]),
        ('\n[types]\ninstant = { action = "keep", reason = "x" }', "CL2072", ['"instant" is kept']),
        (
            '\n[paths]\n"Patient.name.family" = { action = "clean-text", reason = "x" }',
            "CL2072",
            ["Patient.name.family", '"Patient.name" is dropped'],
        ),
        (
            '\n[paths]\n"Observation.identifier.period.start" = { action = "date", reason = "x" }',
            "CL2072",
            ['"Observation.identifier" is dropped'],
        ),
        ('\n[resources]\nLibrary = ""', "CL2044", ["Library", "reason"]),
        ('\n[systems]\npublic = "http://loinc.org"', "CL2074", ["list"]),
        ('\n[systems]\npublic = ["", "http://loinc.org"]', "CL2074", ["list"]),
        ('\n[systems]\npublic = ["http:"]', "CL2074", ["list"]),
        ("\n[systems]\nprivate = []", "CL2040", ["private", "public"]),
    ],
)
def test_a_mistake_is_refused_with_file_path_and_fix(tmp_path, body, number, words):
    found = refusal(tmp_path, body)
    assert found.number == number
    assert found.fix
    for word in words:
        assert word in str(found)


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [
        ('date = "shift"', 'date = "shft"', "CL2040"),
        ('date = "shift"\n', "", "CL2046"),
        ('replacement = "surrogate"', 'replacement = "faker"', "CL2040"),
        ("low = -365", "low = 5", "CL2048"),
        ("low = -365", "low = -31536000", "CL2048"),
        ("low = -365", "low = -365.5", "CL2048"),
        ("low = -365", 'low = "-365 d"', "CL2048"),
        ("low = -365", "low = true", "CL2048"),
        ("low = -365", "low = -1", "CL2048"),
        ("low = -365\nhigh = -1", "low = -1\nhigh = 0", "CL2048"),
        ("low = -365", "low = -365\nunit = 1", "CL2040"),
        ('dates = "shift"', 'dates = "keep"', "CL2072"),
        ('date = "shift"', 'date = "year"', "CL2072"),
        ('geography = "state"', 'geography = "city"', "CL2072"),
        ('pseudonyms = "keyed"', "[pseudonyms]\nx = 1", "CL2074"),
        ("[dates]", "systems = 1\n[dates]", "CL2074"),
        ('pseudonyms = "keyed"', 'pseudonyms = "plain"', "CL2040"),
        ('basis = "45 CFR 164.514(b)(1)"', "", "CL2047"),
        ('basis = "45 CFR 164.514(b)(1)"', 'basis = "45 CFR 164.514(b)(2)"', "CL2072"),
        ('extends = "base"', 'extends = "mine"', "CL2043"),
        ('extends = "base"', 'extends = "nowhere"', "CL2041"),
    ],
)
def test_a_wrong_choice_is_refused(tmp_path, old, new, number):
    path = written(tmp_path, "")
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new))
    with pytest.raises(UsageError) as caught:
        policy.load(path)
    assert caught.value.number == number


@pytest.mark.parametrize("address", ["https://loinc.org", "https://loinc.org/", "http://dmd.nhs.uk"])
def test_a_listed_system_passes_under_http_and_https(address):
    assert policy.load("safe_harbor").public_part(address) == ""


def test_a_policy_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes('name = "münster"'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"CL2156.*UTF-8"):
        policy.load(str(path))


def test_a_reason_is_one_cell_of_the_table(tmp_path):
    body = '\n[paths]\n"Patient.gender" = { action = "drop", reason = """a | b\nc""" }'
    table = policy.policy_table(policy.load(written(tmp_path, body)))
    assert r"| Patient.gender | code | drop | a \| b c |" in table.splitlines()


def test_a_missing_policy_names_those_there_are():
    with pytest.raises(UsageError, match="safe_harbor"):
        policy.load("safeharbour")


def test_the_hash_covers_the_base_and_ignores_the_layout(tmp_path):
    one = policy.load(written(tmp_path, ""))
    (tmp_path / "sub").mkdir()
    two = policy.load(written(tmp_path / "sub", "\n# a remark\n"))
    three_at = tmp_path / "third"
    three_at.mkdir()
    path = written(three_at, "")
    base = three_at / "base.toml"
    base.write_text(base.read_text().replace('Flag = "clinical course"', ""))
    assert one.hash == two.hash
    assert policy.load(path).hash != one.hash


def test_a_path_may_override_a_type_and_a_choice_names_all_its_forms(tmp_path):
    rules = policy.load(written(tmp_path, '\n[paths]\n"Observation.value[x]" = { action = "drop", reason = "trial" }'))
    for name, element in TREE["Observation"].elements.items():
        if element.choice == "value":
            assert rules.decide("Observation", f"Observation.{name}", element).action == "drop"


def test_dropping_a_whole_takes_the_bases_rules_for_its_parts_with_it(tmp_path):
    rules = policy.load(written(tmp_path, '\n[paths]\n"Observation.component" = { action = "drop", reason = "trial" }'))
    assert "Observation.component.valueString" in policy.load("expert_determination").paths
    assert "Observation.component.valueString" not in rules.paths


@pytest.mark.parametrize("name", POLICIES)
def test_the_id_of_each_resource_becomes_a_pseudonym(name):
    rules = policy.load(name)
    assert {rules.decide(k, f"{k}.id", TREE[k].elements["id"]).action for k in rules.resources} == {"pseudonym"}


@pytest.mark.parametrize("name", POLICIES)
def test_every_resource_type_is_named_or_told_not_to_pass(name):
    rules = policy.load(name)
    refused = policy.policy_table(rules).rpartition("do not pass: ")[2].strip(". \n").split(", ")
    assert set(refused) | set(rules.resources) | {"Resource", "DomainResource"} == definitions.resource_types()
    assert set(refused).isdisjoint(rules.resources)


def test_the_officers_table_tells_every_decision():
    rules = policy.load("safe_harbor")
    table = policy.policy_table(rules)
    assert rules.hash in table
    assert "| Patient.birthDate | date | year | 164.514(b)(2)(i)(C): birth date |" in table
    refused = table.rpartition("do not pass: ")[2].strip(". \n").split(", ")
    assert set(refused) | set(rules.resources) | {"Resource", "DomainResource"} == definitions.resource_types()
    assert table.count("\n| ") == len(list(policy.decisions(rules))) + 1


@pytest.mark.parametrize("name", POLICIES)
def test_the_table_in_the_docs_is_that_of_the_policy(name):
    file = room("policies").parent / "docs" / "policies" / f"{name}.md"
    assert file.read_text(encoding="utf-8").strip() == policy.policy_table(policy.load(name)).strip(), (
        f"run: chartline policy table {name} > docs/policies/{name}.md"
    )
