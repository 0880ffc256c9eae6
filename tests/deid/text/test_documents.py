"""Every kind of document: what identifies does not survive any way of writing it, and the markup around it does."""

import io
import re

import pypdf
import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from chartline.deid.context import Known, PatientContext
from chartline.deid.text.documents import decoded, kind_of, markup

NOBODY = PatientContext("nobody", offset_days=-20)
PREWITT = PatientContext("p", (Known("NAME", "Xanthe Prewitt"), Known("MRN", "HX4829137")), offset_days=-20)
HTML = "text/html; charset=utf-8"


def letters(text):
    """Letters and digits of a document without its tags, as a reader could put them together again."""
    return re.sub(r"[\W_]", "", re.sub(r"<[^>]*>", "", text)).lower()


SPLIT = [
    "<p>Dr. <b>Pre</b>witt called about HX4829137.</p>",
    "<p>Dr. Pre<i>wi</i><b>tt</b>, MRN HX<u>4829</u>137</p>",
    "<p>Dr. P&#114;ewi&#x74;t, MRN HX4829&#49;37</p>",
    "<p>Dr. Pre&shy;witt, MRN: HX48&#8203;29137</p>",
    "<p>Dr. Pre\u200bwitt, MRN: HX4829137</p>",
    "<p>Dr. Prеwіtt, MRN: HX4829137</p>",
    "<p>Dr. Ｐｒｅｗｉｔｔ, MRN: ＨＸ４８２９１３７</p>",
    "<p>Dr.<span> </span><span>Prewitt</span> <span>MRN:</span><span>HX4829137</span></p>",
    "<table><tr><th>Patient</th><td>Prewitt, Xanthe</td></tr><tr><th>MRN</th><td>HX4829137</td></tr></table>",
    "<table><tr><td>Name</td><td>MRN</td></tr><tr><td>Prewitt</td><td>HX4829137</td></tr></table>",
    "<dl><dt>Patient:</dt><dd>Xanthe Prewitt</dd><dt>MRN:</dt><dd>HX4829137</dd></dl>",
    "<p>Seen by\n   Dr.\n   Prewitt. MRN:\n HX4829137</p>",
    "<div><div><p><em>Dr. <strong>Prewitt</strong></em></p></div></div>",
]
OUTSIDE = [
    "<!-- Prewitt HX4829137 --><p>stable</p>",
    "<p title='Prewitt' data-mrn='HX4829137'>stable</p>",
    '<p title="a > Prewitt" alt=Prewitt>stable</p>',
    "<a href='mailto:x.prewitt@mail.example?subject=HX4829137'>stable</a>",
    "<img alt='Prewitt' src='/HX4829137.png'/><p>stable</p>",
    "<head><title>Prewitt</title><meta name='author' content='Prewitt'></head><body>stable</body>",
    "<script>var p = 'Prewitt HX4829137'</script><p>stable</p>",
    "<style>.Prewitt { color: red } /* HX4829137 */</style><p>stable</p>",
    "<?prewitt HX4829137?><p>stable</p>",
    "<!DOCTYPE prewitt><p>stable</p>",
    "<![CDATA[Prewitt HX4829137]]><p>stable</p>",
    "<p>stable <x.prewitt@mail.example></p>",
    "<prewitt HX4829137>stable</prewitt>",
    "<td scope='Prewitt' type='HX4829137' lang='Prewitt' styleCode='Prewitt'>stable</td>",
    "<svg><text>Prewitt</text></svg><p>stable</p>",
    "<template>Prewitt</template><p>stable</p>",
]


@pytest.mark.parametrize("text", SPLIT)
@pytest.mark.parametrize("patient", [NOBODY, PREWITT], ids=["alone", "known"])
def test_what_is_split_or_hidden_in_markup_is_found(engine, text, patient):
    made = engine.document(text.encode(), HTML, patient)
    assert made.status == "deidentified"
    for secret in ("prewitt", "hx4829137", "4829137"):
        assert secret not in letters(made.text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_nothing_outside_the_text_of_markup_survives(engine, text):
    made = engine.document(text.encode(), HTML, NOBODY).text
    assert "stable" in made
    for secret in ("prewitt", "HX4829137", "4829137"):
        assert secret.lower() not in made.lower()


def test_every_word_stays_between_its_tags(engine):
    text = (
        "<table border='1'><tr><td><b>Dr.</b> Prewitt</td><td>BP <i>120</i>/80</td></tr></table>"
        "<ul><li>No <b>JVD</b></li></ul>"
    )
    made = engine.document(text.encode(), HTML, NOBODY).text
    assert made == (
        "<table border='1'><tr><td><b>[NAME]</b></td><td>BP <i>120</i>/80</td></tr></table>"
        "<ul><li>No <b>JVD</b></li></ul>"
    )


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["<b>", "</b>", "<td>", "<p>", "<br/>", "</i>", "<x>"]), st.text(max_size=6)),
        max_size=8,
    )
)
def test_markup_without_identifiers_keeps_its_text(parts):
    text = "".join(tag + piece.replace("<", "").replace("&", "") for tag, piece in parts)
    made = markup(text, lambda _: [])
    kept = re.sub(r"</?x>", "", text).replace("&", "")
    assert re.sub(r"&gt;", ">", made) == kept


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("José Peña, 5 µg".encode("latin-1"), "text/plain; charset=iso-8859-1"),
        ("José Peña, 5 µg".encode("cp1252"), "text/plain"),
        ("José Peña, 5 µg".encode("utf-16"), "text/plain"),
        ("José Peña, 5 µg".encode("utf-16-le"), "text/plain; charset=utf-16le"),
        ("José Peña, 5 µg".encode("utf-8-sig"), "text/plain"),
        ("José Peña, 5 µg".encode(), "text/plain; charset=no-such"),
        ("José Peña, 5 µg".encode(), "text/plain; charset=us-ascii"),
        ("José Peña, 5 µg".encode("cp037"), "text/plain; charset=cp037"),
    ],
)
def test_text_is_read_under_its_charset(data, kind):
    assert decoded(data, kind) == "José Peña, 5 µg"


@pytest.mark.parametrize("charset", ["utf-16", "utf-16le", "utf-32", "cp037", "utf-16be"])
def test_a_charset_that_cannot_be_is_not_believed(engine, charset):
    data = b"Seen by Dr. Prewitt, MRN 48291377. Stable on room air.."
    made = engine.document(data, f"text/plain; charset={charset}", NOBODY)
    assert "Prewitt" not in made.data.decode(errors="replace")
    assert "Stable on room air" in made.text


def test_a_charset_inside_the_markup_is_honoured():
    data = "<?xml version='1.0' encoding='iso-8859-2'?><p>Małgorzata</p>".encode("iso-8859-2")
    assert "Małgorzata" in (decoded(data, "application/xhtml+xml") or "")


def test_markup_delivered_as_plain_text_is_markup(engine):
    assert kind_of("text/plain", b"<div>Dr. <b>Pre</b>witt</div>") == "markup"
    assert kind_of("text/plain", b"BP <120 and HR >60") == "plain"
    assert "prewitt" not in letters(engine.document(b"<div>Dr. <b>Pre</b>witt</div>", "text/plain", NOBODY).text)


RTF = [
    rb"{\rtf1\ansi Seen by Dr. Pre{\b witt}. BP 120/80\par}",
    rb"{\rtf1\ansi Seen by Dr. \'50rewitt. BP 120/80\par}",
    rb"{\rtf1\ansi\uc1 Seen by Dr. \u80?rewitt. BP 120/80\par}",
    rb"{\rtf1\ansi{\info{\author Prewitt}{\title Prewitt}}{\*\generator Prewitt;}BP 120/80\par}",
    rb'{\rtf1\ansi{\field{\*\fldinst HYPERLINK "mailto:x.prewitt@mail.example"}{\fldrslt write}} BP 120/80\par}',
    rb"{\rtf1\ansi\trowd\cell Patient\cell Prewitt, Xanthe\cell\row BP 120/80\par}",
]


@pytest.mark.parametrize("data", RTF)
def test_rich_text_keeps_its_words_and_loses_names(engine, data):
    made = engine.document(data, "application/rtf", NOBODY)
    assert "120/80" in made.text
    assert "prewitt" not in made.text.lower()


def paged(text, **info):
    """A PDF of one page with a text layer and metadata."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 200)
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
                             NameObject("/BaseFont"): NameObject("/Helvetica")})  # fmt: skip
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
    page[NameObject("/Contents")] = stream
    writer.add_metadata({f"/{k}": v for k, v in info.items()})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_is_its_text_layer_and_no_metadata(engine):
    data = paged("Seen by Dr. Prewitt, BP 120/80", Author="Prewitt", Title="Prewitt HX4829137")
    made = engine.document(data, "application/pdf", NOBODY)
    assert made.content_type.startswith("text/plain")
    assert "BP 120/80" in made.text
    assert b"Prewitt" not in made.data
    assert b"HX4829137" not in made.data


def test_a_pdf_without_a_text_layer_is_withheld(engine):
    assert engine.document(paged(""), "application/pdf", NOBODY).status == "withheld"


@pytest.mark.parametrize("kind", ["application/json", "application/zip", "image/png", "application/octet-stream"])
def test_other_kinds_are_withheld(engine, kind):
    made = engine.document(b'{"family": "Prewitt"}', kind, NOBODY)
    assert (made.status, made.data) == ("withheld", b"")


def test_a_clinical_document_is_read_with_its_tables(engine):
    text = """<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><name>Xanthe Prewitt</name></recordTarget><section>
    <title>Care team</title><text><table border="1" width="100%"><thead><tr><th>Provider</th><th>Phone</th></tr></thead>
    <tbody><tr><td ID="Prewitt1">Prewitt</td><td>617-555-0142</td></tr><tr><td>Weight</td><td>70 kg</td></tr></tbody>
    </table><list listType="ordered"><item><content styleCode="Bold">Pre</content>witt, MD</item></list></text>
    </section></ClinicalDocument>"""
    made = engine.document(text.encode(), "text/xml", NOBODY)
    ElementTree.fromstring(made.data)
    assert "prewitt" not in letters(made.text)
    assert "5550142" not in letters(made.text)
    assert "<th>Provider</th><th>Phone</th>" in made.text
    assert '<list listType="ordered"><item><content styleCode="Bold">' in made.text
