"""Lines that end where the page does, tables below tables, pages drawn word by word: names go, shares stay."""

import io
import re

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf.generic import DictionaryObject, NameObject

from chartline.deid.context import PatientContext
from chartline.deid.text import TextEngine
from chartline.deid.text.documents import PICTURE
from chartline.deid.text.normalise import normalise
from tests.deid.text.pages import page
from tests.deid.text.written import NOBODY, left

SHIFTED = PatientContext("p", offset_days=-20)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Seen with her sister Wilhelmina\nTollardly today.", ["Wilhelmina", "Tollardly"]),
        ("Discussed with Dr. Aurelio\nQuestrotta and agreed.", ["Aurelio", "Questrotta"]),
        ("Spoke with Wilhelmina\nTollardly yesterday about it.", ["Wilhelmina", "Tollardly"]),
        ("Seen by Dr.   Aurelio   Questrotta today.", ["Aurelio", "Questrotta"]),
        ("Call (216) 555-\n0133 after 5.", ["216", "0133"]),
        ("Her phone is 216-\n555-0133, evenings.", ["216", "0133"]),
        ("Seen with her sister Wilhelmina Van-\ndertollard today.", ["Van", "dertollard"]),
        ("Signed off 3/12/24 qkj\nNext visit in May", ["qkj"]),
        ("LMP | 2/11 | Parity | 2", ["2/11"]),
    ],
)
def test_it_goes_over_the_end_of_a_line(engine: TextEngine, text: str, gone: list[str]) -> None:
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "stays",
    [
        *("for\nsepsis", "on\nwarfarin 5 mg", "was\nnegative", "CT\nof the head"),
        *(
            "2/6 systolic murmur",
            "2/6 late systolic murmur",
            "Pain was\n3/10 at rest",
            "| Pain | 3/10 |",
            "PHQ-9 | 5/27 |",
        ),
    ],
)
def test_what_a_line_ends_or_begins_with_is_no_initials_and_no_day(engine: TextEngine, stays: str) -> None:
    text = f"Admitted 3/12/24 for\nsepsis, home 3/20/24 on\nwarfarin 5 mg. MRI 3/15/24 was\nnegative.\n{stays}\n"
    assert stays in engine.deidentify(text, SHIFTED).text


@pytest.mark.parametrize(
    "text",
    [
        "The specimen is a 4.8 x 4.6 x 3.9 cm femoral head.",
        "CAP REFILL < 2 SEC.",
        "sister\nMetoprolol started",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert engine.deidentify(text, NOBODY).text == text


def test_a_facility_ends_before_the_sentence_goes_on(engine: TextEngine) -> None:
    made = engine.deidentify("Sent from Sunrise Assisted Living because of fever.", NOBODY).text
    assert made.endswith("because of fever.")
    assert "Sunrise" not in made


@pytest.mark.parametrize("sep", ["\t", " | "])
def test_the_headings_of_a_table_rule_no_other_below_it(engine: TextEngine, sep: str) -> None:
    people = [["Name", "Relationship", "Phone"], ["Calixta Morrowind", "Daughter", "216-555-0133"]]
    tests = [["Test", "Result", "Range"], ["Sodium", "138", "135-145"]]
    text = "\n\n".join("\n".join(sep.join(row) for row in table) for table in (people, tests))
    made = engine.deidentify(text, NOBODY).text
    assert made.endswith("\n".join(sep.join(row) for row in tests))
    assert left(engine, text, ["Calixta", "Morrowind", "0133"]) == []


def test_a_column_of_labels_that_begins_with_the_patient_is_no_column_of_patients(engine: TextEngine) -> None:
    rows = [("Patient", "Osgard Tollard"), ("HPI", "Cough"), ("MRI", "ACL tear"), ("Hgb", "12.1"), ("MRN", "7719204")]
    table = "<table>{}</table>".format("".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in rows))
    made = engine.document(table.encode(), "text/html", NOBODY).plain
    assert [line.partition(" | ")[0] for line in made.split("\n")] == [label for label, _ in rows]
    assert "Cough" in made
    assert "Tollard" not in made
    assert "7719204" not in made


def test_a_label_and_its_value_in_two_spans_are_two_words(engine: TextEngine) -> None:
    made = engine.document(b"<div><span>Attending</span><span>Sylvester Tollard</span></div>", "text/html", NOBODY)
    assert "Sylvester" not in made.plain
    assert "Tollard" not in made.plain


@pytest.mark.parametrize(
    ("data", "kind", "read"),
    [
        (b"<p>WBC 10.4 x 10<sup>3</sup>/uL</p>", "text/html", "WBC 10.4 x 10^3/uL"),
        (b"<p><del>Warfarin 5 mg</del> Apixaban 5 mg <s>BID</s></p>", "text/html", "Apixaban 5 mg"),
        (
            b"<p><input type='checkbox' checked> Smoker <input type=checkbox> Diabetic</p>",
            "text/html",
            "[x] Smoker [ ] Diabetic",
        ),
        (rb"{\rtf1\ansi WBC 10.4 x 10{\super 3}/uL}", "text/rtf", "WBC 10.4 x 10^3/uL"),
        (rb"{\rtf1\ansi {\deleted Warfarin 5 mg}Apixaban 5 mg}", "text/rtf", "Apixaban 5 mg"),
        ("Stable, 5 \u00b5g".encode("utf-16-be"), "text/plain; charset=utf-16", "Stable, 5 \u00b5g"),
        ("Stable, 5 \u00b5g".encode("utf-16-le"), "text/plain; charset=utf-16", "Stable, 5 \u00b5g"),
    ],
)
def test_what_a_sign_of_the_page_means_is_read(engine: TextEngine, data: bytes, kind: str, read: str) -> None:
    assert engine.document(data, kind, NOBODY).plain == read


def test_a_box_that_is_ticked_differs_from_one_that_is_not_in_the_document_too(engine: TextEngine) -> None:
    made = engine.document(b"<p><input type='checkbox' checked> Smoker</p>", "text/html", NOBODY)
    assert made.data == b"<p>[x] Smoker</p>"


def drawn(pieces: list[tuple[int, int, str]]) -> bytes:
    """A PDF of one page on which each piece is drawn alone, as print drivers do."""
    return page("".join(f"BT 1 0 0 1 {x} {y} Tm /F1 10 Tf 12 TL ({t}) Tj T* ET\n" for x, y, t in pieces))


def test_a_page_that_is_a_picture_is_told_beside_one_that_is_read(engine: TextEngine) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(drawn([(20, 200, "Stable.")])))
    scan = writer.add_blank_page(600, 300)
    scan[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): DictionaryObject()})
    out = io.BytesIO()
    writer.write(out)
    assert engine.document(out.getvalue(), "application/pdf", NOBODY).plain.split("\n") == ["Stable.", "", PICTURE]


@pytest.mark.parametrize("by_letter", [False, True])
def test_a_page_that_is_drawn_piece_by_piece_is_read_in_its_lines(engine: TextEngine, by_letter: bool) -> None:
    text = "Seen with sister Hortensia Quillwright, phone 216-555-0133. Dose 5 mg daily."
    words = [(m.start(), m.group()) for m in re.finditer("." if by_letter else r"\S+", text)]
    made = engine.document(drawn([(20 + 6 * at, 200, w) for at, w in words]), "application/pdf", NOBODY).plain
    assert "Dose 5 mg daily." in made
    assert [w for w in ("Hortensia", "Quillwright", "0133") if w in made] == []


WRITTEN = " ".join(
    [
        "Seen at Osgard Tarn Clinic by Wilhelmina Tollardly, RN, on March 12, 2024 with her brother Aurelio",
        "Questrotta, who lives at 14 Alder Street, Dunmore, PA 17602 and may be called at (216) 555-0133 in the",
        "evening. Records come from https://records.example.net/patient/tollardly/7719204; her number is MRN 7719204.",
        "She takes apixaban 5 mg and has had no falls since the visit of 3/2/24.",
    ]
)


def broken(text: str, width: int, mark: str, indent: str) -> str:
    """A text with lines of at most so many signs, as a printer breaks them."""
    words = text.split(" ")
    lines = [mark + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append(indent + word)
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


@pytest.mark.parametrize(("mark", "indent"), [("", ""), ("- ", "  "), ("    ", "    "), ("> ", "> ")])
@pytest.mark.parametrize("width", range(52, 130, 5))
def test_where_lines_are_broken_changes_nothing_that_is_found(
    engine: TextEngine, width: int, mark: str, indent: str
) -> None:
    text = broken(WRITTEN, width, mark, indent)
    found = [text[s.start : s.end].replace("\n>", "\n").split() for s in engine.deidentify(text, NOBODY).spans]
    assert found == [WRITTEN[s.start : s.end].split() for s in engine.deidentify(WRITTEN, NOBODY).spans]


@given(st.lists(st.text("ab ->\n\u200b:", max_size=90), max_size=6).map("\n".join))
def test_what_is_read_leads_back_to_where_it_stands(text: str) -> None:
    normal = normalise(text)
    for i, char in enumerate(normal.text):
        start, end = normal.back(i, i + 1)
        assert 0 <= start < end <= len(text)
        assert char == text[start] or (char == " " and not text[start:end].strip("\n >"))


@pytest.mark.parametrize(
    "text",
    [
        "Attending physician of the ward: Ilka Tollard\nDunmore Clinic\nPhone: 4",
        "- Follow up with the clinic in two weeks for labs\n- Return if worse\n1. Rest\n2. Fluids",
        "Assessment and plan of care as discussed with her\nPLAN\nPlan: rest",
        "Tollard, Ilka | 9/4/2018 | 683714 | 4W-12 | Osgard\nTarn, Bram | 1/4/2018 | 683714 | 4W-14 | Osgard\nx | y",
    ],
)
def test_lines_of_a_form_or_a_list_are_lines(text: str) -> None:
    assert normalise(text).text == text
