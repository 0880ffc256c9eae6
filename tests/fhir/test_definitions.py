"""The compiled definitions: equal to fhir.resources, whole, and right where the models are not."""

import json
import subprocess
import sys

import pytest

from chartline.fhir import definitions
from chartline.settings import room

TREE = definitions.load()


def element(path):
    owner, _, name = path.rpartition(".")
    return TREE[owner].elements[name]


def test_the_file_is_what_the_installed_models_give(tmp_path):
    definitions.write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (room("schemas") / definitions.FILE).read_bytes()


def test_a_worker_does_not_import_the_models():
    code = "import sys; from chartline.fhir import definitions as d; d.load(); print('fhir.resources' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_every_kind_is_there():
    kinds = [d.kind for d in TREE.values()]
    assert [kinds.count(k) for k in ("resource", "datatype", "backbone")] == [143, 44, 496]
    assert definitions.resource_types() >= {"Patient", "Encounter", "Observation", "Bundle", "Parameters", "Binary"}
    assert all(name == d.name for name, d in TREE.items())
    assert all(name == e.name for d in TREE.values() for name, e in d.elements.items())


@pytest.mark.parametrize("name", ["MedicinalProduct", "EffectEvidenceSynthesis", "Encounter.actualPeriod", "Sequence"])
def test_types_of_other_versions_are_unknown(name):
    assert name not in TREE


def test_every_type_that_an_element_names_is_known():
    from chartline.fhir import validate

    named = {e.type for d in TREE.values() for e in d.elements.values()}
    assert named - set(TREE) - {"Resource"} == set(validate._PRIMITIVES)


def test_targets_are_resource_types_and_on_references_only():
    for definition in TREE.values():
        for e in definition.elements.values():
            assert e.targets <= definitions.resource_types()
            assert not e.targets or e.type == "Reference"
            assert e.codes is None or (e.type == "code" and e.codes)


def test_no_code_is_a_remnant_of_a_description():
    codes = {c for d in TREE.values() for e in d.elements.values() for c in e.codes or ()}
    assert not {c for c in codes if " " in c or c in ("+", "etc.", "...", "")}


@pytest.mark.parametrize(
    ("path", "required"),
    [
        ("Observation.status", True),
        ("Observation.code", True),
        ("Encounter.class", True),
        ("Extension.url", True),
        ("MedicationRequest.medicationReference", True),
        ("Patient.link.other", True),
        ("Condition.subject", True),
        ("Condition.code", False),
        ("Patient.gender", False),
        ("Observation.valueString", False),
    ],
)
def test_required_elements(path, required):
    assert element(path).required is required


@pytest.mark.parametrize(
    ("path", "type_", "many", "choice"),
    [
        ("Patient.birthDate", "date", False, None),
        ("Patient.name", "HumanName", True, None),
        ("Patient.contact", "Patient.contact", True, None),
        ("Observation.valueQuantity", "Quantity", False, "value"),
        ("Observation.issued", "instant", False, None),
        ("Patient.deceasedBoolean", "boolean", False, "deceased"),
        ("Patient.contained", "Resource", True, None),
        ("Attachment.data", "base64Binary", False, None),
        ("Encounter.class", "Coding", False, None),
        ("Encounter.period", "Period", False, None),
        ("Quantity.value", "decimal", False, None),
        ("Bundle.entry", "Bundle.entry", True, None),
        ("Bundle.entry.resource", "Resource", False, None),
        ("Observation.component.referenceRange", "Observation.referenceRange", True, None),
    ],
)
def test_shapes(path, type_, many, choice):
    found = element(path)
    assert (found.type, found.many, found.choice) == (type_, many, choice)


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("Patient.gender", {"male", "female", "other", "unknown"}),
        ("Patient.contact.gender", {"male", "female", "other", "unknown"}),
        ("Quantity.comparator", {"<", "<=", ">=", ">"}),
        ("Age.comparator", {"<", "<=", ">=", ">"}),
        ("Immunization.status", {"completed", "entered-in-error", "not-done"}),
        ("Patient.link.type", {"replaced-by", "replaces", "refer", "seealso"}),
    ],
)
def test_codes_of_required_bindings(path, codes):
    assert element(path).codes == codes


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("Observation.status", {"final", "amended", "corrected", "entered-in-error"}),
        ("Encounter.status", {"triaged", "onleave", "finished", "unknown"}),
        ("DiagnosticReport.status", {"partial", "appended"}),
        ("Timing.repeat.when", {"HS", "ACM", "MORN.early", "C", "PCV"}),
        ("Task.status", {"ready", "failed", "entered-in-error"}),
    ],
)
def test_value_sets_that_the_models_cut_short_are_whole(path, codes):
    assert codes <= element(path).codes


@pytest.mark.parametrize(
    "path",
    [
        "Expression.language",
        "CapabilityStatement.format",
        "Attachment.contentType",
        "Attachment.language",
        "Coding.code",
    ],
)
def test_open_value_sets_bind_nothing(path):
    assert element(path).codes is None


def test_references_of_r4_are_allowed():
    assert {"Patient", "Group", "Device", "Location"} <= element("Observation.subject").targets
    assert element("Condition.subject").targets == {"Patient", "Group"}
    assert element("Extension.valueReference").targets == frozenset()


def test_the_file_has_one_type_a_line():
    lines = (room("schemas") / definitions.FILE).read_text().splitlines()
    assert len(lines) == len(TREE) + 2
    assert json.loads("{" + lines[1].rstrip(",") + "}")
