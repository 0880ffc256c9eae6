"""What laboratories write is nobody's: fields of a microscope, variants, blood groups; numbers of studies are not."""

import pytest

from chartline.deid.text import TextEngine
from tests.deid.text.written import NOBODY


@pytest.mark.parametrize(
    "text",
    [
        *("Urine WBC 0-5 /hpf", "Urine WBC 5-10 /HPF", "casts 0-2 /LPF", "TNTC /HPF", "bacteria: few /hpf\nRBC 3 /HPF"),
        *("B Rh(D) negative", "ABO/Rh: O Rh POS", "Type O Rh positive", "AB Rh neg"),
        *("EGFR p.Val600Glu and JAK2 p.Val617Phe", "TTR Val30Met found", "c.1799T>A (p.Val600Glu)", "p.Val600fs"),
        *("MTHFR rs1801133 heterozygous", "ApoE rs429358 and rs7412: e3/e4"),
        *(
            "Stool: Salmonella Newport",
            "Salmonella Dublin and Salmonella Heidelberg",
            "Salmonella enterica serovar Newport",
        ),
        *("Influenza B/Yamagata lineage", "A/California/7/2009 (H1N1)", "Anti-Jo-1 negative", "anti-Kell 1:16"),
        *("Hgb Lepore trait", "Hemoglobin Constant Spring"),
        *(
            "Template 2.16.840.1.113883.10.20.22.4.2 applies",
            "SOP class 1.2.840.10008.5.1.4.1.1.2",
            "version 1.2.3.4.5.6",
        ),
    ],
)
def test_what_a_laboratory_writes_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Study UID: 1.2.840.113619.2.55.3.604688119.971.1268071029.321.", "1.2.840.113619.2.55"),
        ("series 1.3.12.2.1107.5.2.32.35162.30000012 reviewed", "1.3.12.2.1107"),
        ("Val Osgard has Salmonella Newport", "Val Osgard"),
        ("Lives in Newport, called today", "Newport"),
        ("Surgery on jan 12 went well. Next appt is feb 3 at 9:30.", "jan 12"),
        ("Surgery on jan 12 went well. Next appt is feb 3 at 9:30.", "feb 3"),
        ("Social Insurance Number 046 454 286 on file", "046"),
        ("CPF 529.982.247-25; AHV 756.9217.0769.85", "247"),
        ("CPF 529.982.247-25; AHV 756.9217.0769.85", "9217"),
        ("NIR 1 85 05 78 006 084 36", "85 05"),
        ("NINO QQ 12 34 56 C", "QQ"),
        ("codice fiscale RSSMRA85T10A562S", "RSSMRA"),
        ("Pt was in ED 12-jan with chest pain.", "12-jan"),
    ],
)
def test_whose_it_is_and_when_does_not(engine: TextEngine, text, gone):
    made = engine.deidentify(text, NOBODY)
    assert gone not in made.text


@pytest.mark.parametrize("text", ["OCT 2 mm lesion", "dec 10 mg daily", "sep 5%", "Jan said 12", "aug 2.5"])
def test_short_forms_before_a_number_are_no_months(engine, text):
    assert not [span for span in engine.deidentify(text, NOBODY).spans if span.type == "DATE"]
