"""A C-CDA document of an invented patient, as small as the US Realm Header lets it be."""

HEADER = """<?xml version="1.0" encoding="{encoding}"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<realmCode code="US"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="2.16.840.1.113883.10.20.22.1.1" extension="2015-08-01"/>
<templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/>
<id root="1.2.3.4" extension="{name}"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summarization of Episode Note"/>
<title>Summary</title><effectiveTime value="{time}"/>
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="en-US"/>
<recordTarget><patientRole><id root="1.2.3.5" extension="{patient}"/>
<addr use="HP"><streetAddressLine>77 Quarrymead Lane</streetAddressLine><city>Fenwick</city><state>OH</state>
<postalCode>44101</postalCode></addr><telecom value="tel:+1-216-555-0142" use="HP"/>
<patient><name><given>Isolde</given><family>Brannoch\u00e9</family></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19710423"/></patient>
</patientRole></recordTarget>
<author><time value="{time}"/><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="1234567893"/>
<addr nullFlavor="UNK"/><telecom nullFlavor="UNK"/>
<assignedPerson><name><given>Corvin</given><family>Halloway</family></name></assignedPerson></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><id root="1.2.3.6"/><name>Merribeck Hospital</name>
<telecom nullFlavor="UNK"/><addr nullFlavor="UNK"/></representedCustodianOrganization></assignedCustodian></custodian>
"""
SECTION = """<component><structuredBody><component><section>
<templateId root="2.16.840.1.113883.10.20.22.2.5.1" extension="2015-08-01"/>
<code code="11450-4" codeSystem="2.16.840.1.113883.6.1"/><title>Problems</title>
<text>{text}</text>{entries}</section></component>{more}</structuredBody></component>"""
IMMUNIZATIONS = """<component><section>
<templateId root="2.16.840.1.113883.10.20.22.2.2.1" extension="2015-08-01"/>
<code code="11369-6" codeSystem="2.16.840.1.113883.6.1"/><title>Immunizations</title><text>Influenza</text>
{entries}</section></component>"""


def problem(name: str, code: str = "233604007", low: str = "20140227", status: str = "active") -> str:
    """An entry of the problem list; without ``low`` it breaks a rule of its template."""
    began = f'<effectiveTime><low value="{low}"/></effectiveTime>' if low else ""
    return f"""<entry><act classCode="ACT" moodCode="EVN">
<templateId root="2.16.840.1.113883.10.20.22.4.3" extension="2015-08-01"/><id root="1.2.3.7" extension="a{name}"/>
<code code="CONC" codeSystem="2.16.840.1.113883.5.6"/><statusCode code="{status}"/>
<effectiveTime><low value="20140302"/></effectiveTime><entryRelationship typeCode="SUBJ">
<observation classCode="OBS" moodCode="EVN">
<templateId root="2.16.840.1.113883.10.20.22.4.4" extension="2015-08-01"/><id root="1.2.3.8" extension="{name}"/>
<code code="55607006" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="completed"/>{began}
<value xsi:type="CD" code="{code}" codeSystem="2.16.840.1.113883.6.96" displayName="Pneumonia"/>
</observation></entryRelationship></act></entry>"""


def immunization(day: str = "20120815") -> str:
    """An entry of the immunizations."""
    return f"""<entry><substanceAdministration classCode="SBADM" moodCode="EVN" negationInd="false">
<templateId root="2.16.840.1.113883.10.20.22.4.52" extension="2015-08-01"/><id root="1.2.3.9" extension="i1"/>
<statusCode code="completed"/><effectiveTime value="{day}"/><consumable><manufacturedProduct classCode="MANU">
<templateId root="2.16.840.1.113883.10.20.22.4.54" extension="2014-06-09"/><manufacturedMaterial>
<code code="88" codeSystem="2.16.840.1.113883.12.292" displayName="Influenza"/><lotNumberText>b71</lotNumberText>
</manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>"""


def document(
    *entries: str,
    name: str = "d1",
    patient: str = "p1",
    time: str = "20140303101500-0500",
    text: str = "Isolde Brannoch\u00e9 was seen by Dr. Halloway.",
    given: str = "",
    body: str = "",
    encoding: str = "utf-8",
) -> bytes:
    """A document with these entries in its problem list and what was given, or with another body."""
    header = HEADER.format(name=name, patient=patient, time=time, encoding=encoding)
    more = IMMUNIZATIONS.format(entries=given) if given else ""
    body = body or SECTION.format(text=text, entries="".join(entries), more=more)
    return f"{header}{body}</ClinicalDocument>".encode(encoding)
