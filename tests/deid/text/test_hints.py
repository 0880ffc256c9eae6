"""Alternations that are tried by their letters take what the same alternatives in a row take."""

import regex
from hypothesis import given
from hypothesis import strategies as st

from chartline.deid.text.hints import alternatives, by_letter
from chartline.deid.text.reading import EVERY_KIN, EVERY_ROLE, EVERY_TITLE

WORDS = st.lists(st.sampled_from("a b ab ba aba c ca abc cab bca".split()), min_size=1, max_size=6, unique=True)


@given(words=WORDS, text=st.text("abc ", max_size=30))
def test_alternatives_by_letter_match_whole_words_where_those_in_a_row_do(words: list[str], text: str) -> None:
    row = rf"\b(?:{'|'.join(words)})\b"
    for made in (by_letter(words), by_letter(words, last=True)):
        assert [m.span() for m in regex.finditer(rf"\b{made}\b", text)] == [m.span() for m in regex.finditer(row, text)]


def test_every_title_kin_and_role_is_still_matched_by_its_last_letter() -> None:
    for every in (EVERY_TITLE, EVERY_KIN, EVERY_ROLE):
        made = regex.compile(rf"(?i:{by_letter(every, last=True)})")
        words = [w for w in every if w.isalpha()]
        assert len(words) > 20
        assert [w for w in words if not made.fullmatch(w)] == []
        assert made.fullmatch("parsnip") is None


def test_what_brackets_hold_is_one_alternative() -> None:
    assert alternatives("a(?:b|c)|[|]d|e\\|f") == ["a(?:b|c)", "[|]d", "e\\|f"]
