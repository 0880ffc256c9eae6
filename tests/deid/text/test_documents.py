"""Every kind of document: what identifies does not survive any way of writing it, and the markup around it does."""

import base64
import gzip
import html
import re
import zlib

import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from chartline.deid.context import PatientContext
from chartline.deid.text.documents import decoded, kind_of, markup, plain
from chartline.fhir.known import Known
from tests.deid.text.pages import page

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


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>Doing  well.</p>\n<p>Next &amp; last</p>", "Doing well.\nNext & last"),
        ("<html><body><h1>Note</h1>\n<div>A<br/>B</div></body></html>", "Note\nA\nB"),
        (
            "<table><tr><th>Lab</th><th>Value</th></tr>\n<tr><td>Hgb</td><td>9</td></tr></table>end",
            "Lab | Value\nHgb | 9\nend",
        ),
        ("<table><tr><td></td><td>4</td></tr></table>", "| 4"),
        ("no <b>edema</b>\n\nstable", "no edema\n\nstable"),
        ("<pre>K    4.1\n  Na 138</pre><p>x</p>", "K    4.1\n  Na 138\nx"),
        ("<ul><li>one</li> <li>two</li></ul>", "one\ntwo"),
        ("", ""),
        ("<p></p>", ""),
    ],
)
def test_markup_is_read_in_lines_and_cells(written, read):
    assert plain(written) == read


@given(st.lists(st.tuples(st.sampled_from(["p", "b", "td", "tr", "div", "pre", "li"]), st.text("ab 1\n", max_size=6))))
def test_reading_markup_loses_no_word_of_it(given_pieces):
    written = "".join(f"<{tag}>{html.escape(text)}</{tag}>" for tag, text in given_pieces)
    assert re.sub(r"[\s|]", "", plain(written)) == re.sub(r"\s", "", "".join(text for _, text in given_pieces))


def test_a_note_is_told_without_its_markup_and_the_document_keeps_it(engine):
    made = engine.document(b"<p>Seen by Dr. Prewitt</p><p>K 4.1</p>", HTML, NOBODY)
    assert made.data == b"<p>Seen by [NAME]</p><p>K 4.1</p>"
    assert made.plain == "Seen by [NAME]\nK 4.1"
    assert engine.document(b"K < 4.1 & <p>", "text/plain", NOBODY).plain == "K < 4.1 & <p>"


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
    kept = re.sub(r"</?x>|[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text).replace("&", "")
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


LATIN = "José Peña, 5 µg"


@pytest.mark.parametrize("charset", ["iso-8859-1", "shift_jis", "windows-1252", "gbk", "utf-16"])
def test_bytes_that_are_utf8_are_read_so_whatever_is_declared(charset):
    assert decoded(LATIN.encode(), f"text/plain; charset={charset}") == LATIN


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "raw_unicode_escape"])
def test_encodings_of_python_that_are_no_charsets_are_not_believed(charset):
    assert decoded(b"Peter \\ud800 b\xfccher-9xa", f"text/plain; charset={charset}") == "Peter \\ud800 bücher-9xa"


ZIPPED = [
    zlib.compress(b"Ms. Prewitt, MRN 4829137, takes lisinopril 20 mg and metformin 500 mg. " * 3),
    b"\x03\x04\x05a",
    base64.b64encode(b"Ms. Prewitt, MRN 4829137"),
    gzip.compress(b"Prewitt", mtime=0),
]


@pytest.mark.parametrize("data", ZIPPED)
def test_what_is_packed_or_coded_once_more_is_no_text_and_withheld(engine, data):
    assert engine.document(data, "text/plain", NOBODY).status == "withheld"


def test_letters_and_digits_of_base64_in_a_text_are_no_words_of_it(engine):
    coded = base64.encodebytes(b"Ms. Xanthe Prewitt, MRN HX4829137, 12 Alder Street, takes lisinopril. " * 3).decode()
    made = engine.document(f"Attached:\n{coded}\nBP 120/80".encode(), "text/plain", NOBODY).text
    assert not any(line in made for line in coded.split())
    assert made.startswith("Attached:")
    assert made.endswith("BP 120/80")


TOLD = [
    "Dr. P&#114;ewi&#x74;t, MRN HX4829&#49;37",
    "Dr. P&amp;#114;ewi&amp;amp;#x74;t, MRN HX4829&amp;#49;37",
    "Dr.&nbsp;Prewitt, MRN&nbsp;HX4829137",
    r"Dr. P\'72ewi\'74t, MRN HX4829\'3137",
    r"Dr. P\u114?ewitt, MRN HX4829\u49?37",
    "Dr. Pre<b>witt, MRN HX48<i>29137",
]


@pytest.mark.parametrize("text", TOLD)
@pytest.mark.parametrize("patient", [NOBODY, PREWITT], ids=["alone", "known"])
def test_characters_told_by_their_numbers_are_read_in_any_text(engine, text, patient):
    for kind in ("text/plain", HTML):
        made = engine.document(text.encode(), kind, patient)
        assert "[NAME]" in made.text
        assert "37" not in made.text
        assert "witt" not in made.text


def test_references_of_a_plain_text_that_name_nobody_stay(engine):
    text = r"Na &gt; 135 &amp; K &lt; 5, height 5\'11, A&B; temp 98.6&deg;"
    assert engine.document(text.encode(), "text/plain", NOBODY).text == text


UNENDED = ["<!--", "<![CDATA[", "<?", "<!", "<script ", "<style>", "<svg>", "<head>x</head", "<script></style>", '<a "']


@pytest.mark.parametrize("piece", UNENDED)
def test_markup_that_is_never_ended_is_text_and_read_in_one_pass(engine, piece):
    text = f"<p>Dr. Prewitt</p>{piece * (1_000_000 // len(piece))}<p>Dr. Prewitt"
    made = markup(text, lambda read: [(m.start(), m.end(), "") for m in re.finditer("Prewitt", read)])
    assert "Prewitt" not in made


def test_lines_are_lines_in_preformatted_text_and_where_no_tag_makes_any(engine):
    note = "Name|DOB|MRN\nPrewitt|3/14/1962|48291377\nBP 120/80"
    for text in (f"<h1>Note</h1><pre>{note}</pre>", f"<div>{note}</div>", f"<b>{note}</b>"):
        made = engine.document(text.encode(), HTML, NOBODY).text
        assert "\n[NAME]|1962|[MRN]\nBP 120/80" in made


@pytest.mark.parametrize("end", ["\r", "\r\n", "\x0b", "\x0c", "\u2028"])
def test_every_end_of_a_line_ends_it(engine, end):
    note = end.join(["Name|DOB|MRN", "Prewitt|3/14/1962|48291377", "BP 120/80"])
    assert engine.deidentify(note, NOBODY).text == end.join(["Name|DOB|MRN", "[NAME]|1962|[MRN]", "BP 120/80"])


def test_a_table_of_one_paragraph_a_row_is_read_by_its_headings(engine):
    rows = ["Name|DOB|MRN", "Prewitt|3/14/1962|48291377"]
    made = engine.document("".join(f"<p>{row}</p>\n" for row in rows).encode(), HTML, NOBODY).text
    assert "<p>[NAME]|1962|[MRN]</p>" in made


def test_a_cell_that_is_closed_does_not_run_into_what_follows(engine):
    made = engine.document(b"<table><tr><th>DOB</th>07/23/1951<td>x</td></tr></table>", HTML, PREWITT).text
    assert "07/23" not in made


@pytest.mark.parametrize(
    "text", ["SSN: 512-44-9083Phone: none", "DOB: 07/23/1951Address: none", "No. 48291377Phone: none"]
)
def test_numbers_into_which_the_next_word_ran_are_found(engine, text):
    known = (Known("SSN", "512-44-9083"), Known("BIRTHDATE", "1951-07-23"), Known("MRN", "48291377"))
    made = engine.deidentify(text, PatientContext("p", known, offset_days=-20)).text
    assert not any(number in made for number in ("44-9083", "07/23", "48291377"))
    assert made.endswith(": none")


def test_markup_is_named_for_what_it_is_and_holds_no_character_that_it_may_not(engine):
    made = engine.document(b"<p>BP<br>120/80 on &#11;room\x01 air</p>", HTML, NOBODY)
    assert (made.content_type, made.text) == ("text/html; charset=utf-8", "<p>BP<br>120/80 on room air</p>")
    made = engine.document(b"<p>BP 120/80</p>", "application/xhtml+xml", NOBODY)
    assert made.content_type == "application/xhtml+xml; charset=utf-8"


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


def test_emoji_and_half_letters_of_rich_text_are_no_reason_to_set_it_aside(engine):
    made = engine.document(rb"{\rtf1\ansi Dr. Prewitt \u55357?\u56832? \u55357? BP 120/80\par}", "text/rtf", NOBODY)
    assert made.text == "[NAME] \U0001f600 \ufffd BP 120/80\n"


NAMED = rb"Seen by Dr. \'50rewi\'74t. BP 120/80\par"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (rb"{\rtf1\ansi " + NAMED + b"}", "text/plain"),
        (b"\n " + rb"{\rtf1\ansi " + NAMED + b"}", "text/plain"),
        (b"\xef\xbb\xbf" + rb"{\rtf1\ansi " + NAMED + b"}", ""),
        (rb"{\RTF1\ansi " + NAMED, "text/plain"),
        (b"MSH|x\n" + rb"{\rtf1\ansi " + NAMED + b"}", "text/plain"),
        ((rb"{\rtf1\ansi " + NAMED + b"}").decode().encode("utf-16"), "text/plain"),
        (rb"{\rtf1\ansi " + NAMED + b"}", "application/octet-stream"),
        (rb"{\rtf1\ansi " + NAMED + b"}", HTML),
        (NAMED, "application/rtf"),
    ],
)
def test_rich_text_is_known_by_what_it_holds(engine, data, kind):
    made = engine.document(data, kind, NOBODY)
    assert "rewi" not in made.text
    assert "BP 120/80" in made.text
    assert "par" not in made.text


def test_a_plain_text_delivered_as_rich_text_keeps_its_lines(engine):
    made = engine.document(b"MRN: 48291377\nDOB: 07/23/1951\nAddress: none", "application/rtf", NOBODY)
    assert made.text == "MRN: [MRN]\nDOB: 1951\nAddress: none"


def paged(text, **info):
    """A PDF of one page with a text layer and metadata."""
    return page(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET", **info)


def test_a_pdf_is_its_text_layer_and_no_metadata(engine):
    data = paged("Seen by Dr. Prewitt, BP 120/80", Author="Prewitt", Title="Prewitt HX4829137")
    made = engine.document(data, "application/pdf", NOBODY)
    assert made.content_type.startswith("text/plain")
    assert "BP 120/80" in made.text
    assert b"Prewitt" not in made.data
    assert b"HX4829137" not in made.data


@pytest.mark.parametrize("before", [b"", b"\n", b"\xef\xbb\xbf", b"junk\r\n"])
@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", HTML])
def test_a_pdf_is_known_by_what_it_holds(engine, before, kind):
    data = before + paged("Dr. Prewitt").replace(b"(Dr. Prewitt)", b"<" + b"Dr. Prewitt".hex().encode() + b">")
    made = engine.document(data, kind, NOBODY)
    assert made.status == "withheld" or made.text.strip() == "[NAME]"
    assert b"Prewitt".hex().encode() not in made.data


def test_a_pdf_without_its_first_line_is_no_plain_text(engine):
    data = paged("Dr. Prewitt").partition(b"\n")[2].partition(b"\n")[2]
    made = engine.document(data, "text/plain", NOBODY)
    assert b"obj" not in made.data


def test_a_pdf_without_a_text_layer_is_withheld(engine):
    assert engine.document(paged(""), "application/pdf", NOBODY).status == "withheld"


@pytest.mark.parametrize("kind", ["application/json", "application/zip", "image/png", "application/octet-stream"])
def test_other_kinds_are_withheld(engine, kind):
    made = engine.document(b'{"family": "Prewitt"}', kind, NOBODY)
    assert (made.status, made.data) == ("withheld", b"")


def clinical(inside, attributes=""):
    section = f"<section><text{attributes}>{inside}</text></section>"
    return f'<ClinicalDocument xmlns="urn:hl7-org:v3">{section}</ClinicalDocument>'


NOTE = "Seen by Dr. Prewitt; MRN: HX4829137; BP 142/88."
FORMS = [
    NOTE.encode(),
    NOTE.encode("utf-16"),
    f"<html><head><title>Prewitt</title></head><p title='HX4829137'>{NOTE}</p><!-- Prewitt --></html>".encode(),
    f'<div xmlns="http://www.w3.org/1999/xhtml"><table><tr><td>{NOTE}</td></tr></table></div>'.encode(),
    clinical(f"<table><tbody><tr><td ID='Prewitt'>{NOTE}</td></tr></tbody></table>").encode(),
    rb"{\rtf1\ansi{\info{\author Prewitt}}{\*\generator HX4829137;}\f0 " + NOTE.encode() + rb"\par}",
    paged(NOTE, Author="Prewitt", Title="HX4829137"),
]
KINDS = [
    "text/plain",
    HTML,
    "application/xhtml+xml",
    "text/xml",
    "text/rtf",
    "application/pdf",
    "",
    "text/plain; charset=x",
]
BITS = b"\x00 \x07 < > & ' { } \\ <!-- --> <![CDATA[ ]]> <? <script> </script> <p> </td> \\par \\* \xe2\x80\x8b".split()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(FORMS),
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.integers(0, 900), st.sampled_from(BITS)), max_size=3),
    st.tuples(st.integers(0, 40), st.integers(0, 60)),
)
def test_no_document_however_broken_keeps_a_known_value_or_fails_in_its_own_way(engine, data, kind, bits, cut):
    for at, bit in bits:
        data = data[:at] + bit + data[at:]
    made = engine.document(data[cut[0] : len(data) - cut[1]], kind, PREWITT)
    seen = html.unescape(made.data.decode())
    assert "Prewitt" not in seen
    assert "HX4829137" not in seen
    assert made.status == "deidentified" or (made.data, made.text) == (b"", "")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&;#x41!-?/[]\"' pre\n\x0b"), max_size=60))
def test_markup_made_of_anything_holds_only_tags_of_documents(text):
    made = markup(text, lambda _: [])
    assert all(tag.strip("</>") in {"p", "pre"} for tag in re.findall(r"<[^>]*>?", made))


@pytest.mark.parametrize(
    "text",
    [
        clinical("<content>" * 3000 + "Prewitt" + "</content>" * 3000),
        clinical(base64.b64encode(b"Ms. Prewitt, MRN 4829137").decode()),
        clinical(base64.b64encode(b"Ms. Prewitt, MRN 4829137").decode(), ' representation="b64"'),
        '<?xml version="1.0"?><note><name>Prewitt</name></note>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + clinical("Prewitt &x;"),
        '<!DOCTYPE a [<!ENTITY a "Prewitt"><!ENTITY b "&a;&a;">]>' + clinical("&b;&b;"),
        clinical("Prewitt")[:-9],
    ],
)
@pytest.mark.parametrize("kind", ["text/xml", "text/plain"])
def test_xml_that_is_no_clinical_document_with_a_narrative_is_withheld(engine, text, kind):
    made = engine.document(text.encode(), kind, NOBODY)
    assert (made.status, made.data, made.text) == ("withheld", b"", "")


def test_a_clinical_document_with_a_prefix_is_one_and_each_text_of_it_comes_once(engine):
    text = clinical("<text>Dr. Prewitt, BP 120/80</text>").replace("<", "<n:").replace("<n:/", "</n:")
    made = engine.document(text.replace("xmlns=", "xmlns:n=").encode(), "text/plain", NOBODY).text
    assert made.count("BP 120/80") == 1
    assert "Prewitt" not in made


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
