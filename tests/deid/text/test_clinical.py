"""C-CDA documents as attachments: what their header tells is known to whoever reads their narrative."""

import pytest

from chartline import keys
from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.text import build, clinical
from chartline.deid.text.documents import parsed
from chartline.fhir.known import Known
from tests.fhir.clinical_document import document, problem

GUARDIAN = """<guardian><code code="MTH" codeSystem="2.16.840.1.113883.5.111"/>
<telecom value="mailto:mq@example.org"/><guardianPerson><name><given>Maelis</given><family>Quorn</family></name>
</guardianPerson></guardian></patient>"""


@pytest.fixture(scope="module")
def engine(key_file):
    return build(policy.load("safe_harbor"), keys.load(key_file), "test", Cohort())


def told(data):
    return {(k.type, k.value) for k in clinical.known(parsed(data.decode()))}


def test_header_tells_of_patient_relatives_and_those_who_treat():
    data = document(problem("1"), patient="MRN-881203").replace(b"</patient>", GUARDIAN.encode())
    assert told(data) == {
        ("NAME", "Isolde Brannoché"),
        ("GIVEN", "Isolde"),
        ("FAMILY", "Brannoché"),
        ("ID", "MRN-881203"),
        ("STREET", "77 Quarrymead Lane"),
        ("CITY", "Fenwick"),
        ("ZIP", "44101"),
        ("PHONE", "+1-216-555-0142"),
        ("BIRTHDATE", "1971-04-23"),
        ("RELATIVE", "Maelis Quorn"),
        ("GIVEN", "Maelis"),
        ("FAMILY", "Quorn"),
        ("EMAIL", "mq@example.org"),
        ("STAFF", "Corvin Halloway"),
        ("ID", "1234567893"),
        ("ORGANIZATION", "Merribeck Hospital"),
    }


def test_a_number_of_social_security_is_known_as_one():
    data = document(patient="219-09-9377").replace(b'root="1.2.3.5"', b'root="2.16.840.1.113883.4.1"')
    assert ("SSN", "219-09-9377") in told(data)


def test_words_in_place_of_a_name_and_names_of_drugs_tell_nobody():
    drug = "<entry><act><consumable><manufacturedProduct><manufacturerOrganization><name>Brimstane</name>"
    drug += "</manufacturerOrganization></manufacturedProduct></consumable></act></entry>"
    data = document(drug).replace(b"Isolde", b"Mother").replace("Brannoché".encode(), b"Unknown")
    assert not {value for _, value in told(data)} & {"Mother", "Unknown", "Mother Unknown", "Brimstane"}


def test_the_narrative_is_read_with_what_the_header_tells(engine):
    text = "maelis phoned from fenwick; quorn house, see merribeck. halloway agrees. brannoche to stay on aspirin."
    data = document(problem("1"), text=text).replace(b"</patient>", GUARDIAN.encode())
    nobody = PatientContext("p", known=(Known("ID", "unrelated-77"),))
    made = engine.document(data, "application/hl7-cda+xml", nobody)
    assert made.status == "deidentified"
    assert not [
        name for name in ("maelis", "fenwick", "quorn", "merribeck", "halloway", "brannoche") if name in made.plain
    ]
    assert "aspirin" in made.plain
    assert "phoned from" in made.plain
    alone = engine.document(text.encode(), "text/plain", nobody)
    assert "brannoche" in alone.plain, "or the header would not have been needed"


def test_what_one_document_tells_is_not_known_to_the_next(engine):
    nobody = PatientContext("p")
    engine.document(document(text="brannoche"), "text/xml", nobody)
    other = document(text="met brannoche there").replace("Brannoché".encode(), b"Vant")
    assert "brannoche" in engine.document(other, "text/xml", nobody).plain
