"""Rows of a CSV file: as many as were written, each with its line and its bytes, whatever is in them."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chartline.files import delimited
from chartline.files.delimited import rows

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8) | st.sampled_from(
    ['"', "a,b", "x\ny", "x\r\ny", ' " ', "é", ""]
)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=8)


def read(data, **facts):
    return list(rows(io.BytesIO(data), **facts))


def written(table, quoting, end, encoding="utf-8"):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows(table)
    return text.getvalue().encode(encoding)


@given(TABLES, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_is_written_is_read_with_its_lines(table, quoting, end, marked):
    data = (b"\xef\xbb\xbf" if marked else b"") + written(table, quoting, end)
    found = read(data)
    assert [r.cells for r in found] == [[cell.strip() for cell in row] for row in table]
    assert b"".join(r.raw for r in found) == data
    assert [r.line for r in found] == [1 + data[: r.start].count(b"\n") for r in found]
    assert not [r for r in found if r.fault]


@given(
    st.binary(max_size=60) | st.text('ab",\r\n é', max_size=40).map(str.encode), st.sampled_from(["utf-8", "cp1252"])
)
@example(b'a,"b\n\nc"x\n\n1,2', "utf-8")
def test_whatever_the_bytes_every_line_is_in_a_row_or_blank(data, encoding):
    at = 0
    for row in read(data, encoding=encoding):
        assert data[at : row.start].removeprefix(b"\xef\xbb\xbf").decode(encoding).replace('"', "").strip() == ""
        assert data[row.start : row.start + len(row.raw)] == row.raw
        assert bool(row.fault) != bool(row.cells)
        assert row.line == 1 + data[: row.start].count(b"\n")
        at = row.start + len(row.raw)
    assert data[at:].removeprefix(b"\xef\xbb\xbf").decode(encoding).replace('"', "").strip() == ""


@given(st.text('ab",\r\n', max_size=60).map(str.encode))
def test_a_file_cut_where_a_row_begins_has_the_same_rows(data):
    whole = read(data)
    for cut in whole[1:]:
        first = read(data, size=cut.start)
        rest = list(rows(io.BytesIO(data[cut.start :]), line=cut.line))
        assert [(r.line, r.raw, r.fault) for r in (*first, *rest)] == [(r.line, r.raw, r.fault) for r in whole]


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        (b"a,b\n1,\xff\n2,3\n", ["", "wrong_encoding", ""]),
        (b'a,b\n1,"x"y\n2,3\n', ["", "malformed_row", ""]),
        (b'a,b\n1,"x\n2,3\n', ["", "unclosed_quote"]),
        (b"a,b\r1,2\r", ["malformed_row"]),
        (b"a,b\n1,5' 6\"\n", ["", ""]),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_its_bytes(data, faults):
    found = read(data)
    assert [r.fault for r in found] == faults
    assert b"".join(r.raw for r in found) == data


def test_an_encoding_is_used_when_it_is_told_and_never_guessed():
    data = "a,“Müller”\n".encode("cp1252")
    assert [r.fault for r in read(data)] == ["wrong_encoding"]
    assert [r.cells for r in read(data, encoding="cp1252")] == [["a", "“Müller”"]]
    assert [r.fault for r in read(b"a,\x81\n", encoding="cp1252")] == ["wrong_encoding"]


def test_a_quote_that_is_never_closed_costs_no_memory(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_ROW", 100)
    found = read(b'a,b\n1,2\n3,"' + b"x,y\n" * 1000)
    assert [(r.line, r.fault, len(r.raw)) for r in found[1:]] == [(2, "", 4), (3, "row_too_long", 0)]


def test_one_line_that_is_too_long_takes_the_rest_with_it(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_ROW", 100)
    assert [r.fault for r in read(b"a,b\n" + b"x" * 500 + b"\n1,2\n")] == ["", "row_too_long"]
