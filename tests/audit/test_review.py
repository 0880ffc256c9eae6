"""Notes to read: the text whole, the replaced marked, nothing of it markup."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.audit import review

SPANS = st.lists(st.fixed_dictionaries({"start": st.integers(0, 60), "end": st.integers(0, 60), "type": st.just("X")}))


@given(st.text(max_size=50), SPANS)
def test_the_pieces_are_the_text_whatever_the_spans(text, spans):
    found = list(review.pieces(text, spans))
    assert "".join(piece for piece, _ in found) == text
    assert all(piece for piece, _ in found)


@given(st.text(min_size=1, max_size=50), SPANS)
def test_what_is_marked_is_what_a_span_covers(text, spans):
    covered = {i for s in spans for i in range(s["start"], min(s["end"], len(text)))}
    marked, at = set(), 0
    for piece, kind in review.pieces(text, spans):
        marked |= set(range(at, at + len(piece))) if kind else set()
        at += len(piece)
    assert marked == covered


def note(text, spans=()):
    told = {"note_id": "n", "subject_id": 1, "resource_type": "DocumentReference", "resource_id": "ab"}
    return told | {"path": "DocumentReference.content", "text": text, "spans": list(spans), "length": len(text)}


def test_the_page_marks_and_escapes_and_tells_what_it_proves(lake):
    text = "Mrs. Oakley <script>x</script> is well"
    rows = [note(text, [{"start": 5, "end": 11, "type": "NAME", "source": "known"}])] * 299
    told = review.write(lake, "c1", rows, 4_697, 900)
    page = (lake.zone("restricted") / "review" / "c1" / "notes.html").read_text()
    assert "Mrs. <mark>Oakley<small>NAME</small></mark> &lt;script&gt;" in page
    assert "<script" not in page
    assert "299 of 4,697 cleaned notes" in page
    assert '<th scope="row">0</th><td>1.00 %</td>' in page
    assert told["sha256"] == hashlib.sha256(page.encode()).hexdigest()
    assert (told["notes"], told["of"], told["patients"]) == (299, 4_697, None)


@pytest.mark.parametrize(("subjects", "shown"), [(15, 15), (16, None), (25, None), (26, 15)])
def test_no_count_of_few_patients_is_left_by_subtraction(lake, subjects, shown):
    rows = [{**note("Stable."), "subject_id": n} for n in range(15)]
    assert review.write(lake, "c1", rows, 15, subjects)["patients"] == shown


def test_without_notes_there_is_no_page(lake):
    assert review.write(lake, "c1", [], 0, 0) is None
    assert not (lake.zone("restricted") / "review").exists()


def test_the_sample_is_as_large_as_a_bound_of_one_percent_asks():
    assert review.SIZE == 299
