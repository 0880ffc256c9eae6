"""Short texts and documents through the text engine, each work done once.

A hospital's records repeat the same few thousand labels. A label is read once without a patient; for each patient it
is only compared, word by word, with what is known of that patient, and read again when they share a word.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chartline.deid.context import PatientContext

if TYPE_CHECKING:
    from chartline.deid.text import DocumentResult, TextEngine

_NOBODY = PatientContext("nobody")
_WORD = re.compile(r"[^\W_]+")
# A local code that could be a number of a person: seven digits in a row, an address of mail, or a sentence.
_FREE_FORM = re.compile(r"\d{7}|@|(?:\S+\s+){4}|.{65}", re.DOTALL)
_MANY_DIGITS = 5  # from which a number is matched however it is grouped
_LONG_WORD = 3  # shorter words of a longer value are found with the whole of it or not at all
_LABELS = 200_000  # remembered labels of a worker; a hospital has fewer
_PATIENTS = 32  # remembered patients of a worker; their rows come together
_TEXTS = 5_000  # remembered texts of a patient
_DOCUMENTS = 32  # remembered documents of a patient: narrative and attachment repeat each other within a resource
_MISSING: frozenset[str] | None = frozenset({"\0"})


@dataclass
class About:
    """What is remembered of one patient: the words known of the patient, and what was read.

    It holds the patient, so that the patient's address stays taken.
    """

    patient: PatientContext
    known: frozenset[str]
    texts: dict[str, str] = field(default_factory=dict)
    labels: dict[str, bool] = field(default_factory=dict)
    documents: dict[bytes, DocumentResult] = field(default_factory=dict)


def words(text: str) -> frozenset[str]:
    """The words of a text, without case and accents, and its digits as one number where there are many."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    digits = "".join(c for c in plain if c.isdigit())
    return frozenset([*_WORD.findall(plain.casefold()), *([digits] if len(digits) >= _MANY_DIGITS else [])])


def telling(value: str) -> frozenset[str]:
    """The words of a known value that can point to its owner: not ``10`` or ``to`` of an address, but ``Li`` alone."""
    found = words(value)
    if len(found) == 1:
        return found
    return frozenset(w for w in found if len(w) >= (_MANY_DIGITS if w.isdigit() else _LONG_WORD))


class Phrases:
    """A text engine with a memory: of labels for good, of texts and documents while the patient is the same.

    Args:
        engine: the text engine.
    """

    def __init__(self, engine: TextEngine) -> None:
        self._engine = engine
        self._labels: dict[str, frozenset[str] | None] = {}
        self._patients: dict[int, About] = {}
        self._last: About | None = None

    def about(self, patient: PatientContext) -> About:
        """What is remembered of a patient."""
        if self._last is not None and self._last.patient is patient:
            return self._last
        memory = self._patients.get(id(patient))
        if memory is None:
            if len(self._patients) >= _PATIENTS:
                self._patients.clear()
            known = frozenset().union(*(telling(k.value) for k in patient.known))
            memory = self._patients[id(patient)] = About(patient, known)
        self._last = memory
        return memory

    def concerns(self, found: frozenset[str], patient: PatientContext) -> bool:
        """Whether any of these words is known of the patient."""
        return not self.about(patient).known.isdisjoint(found)

    def identifies(self, text: str, patient: PatientContext) -> bool:
        """Whether a label, code or unit holds anything identifying."""
        found = self._labels.get(text, _MISSING)
        if found is _MISSING:
            found = None if self._engine.identifies(text, _NOBODY) else words(text)
            if len(self._labels) < _LABELS:
                self._labels[text] = found
        if found is None:
            return True
        if not self.concerns(found, patient):
            return False
        labels = self.about(patient).labels
        made = labels.get(text)
        if made is None:
            made = labels[text] = self._engine.identifies(text, patient)
        return made

    def free_form(self, code: str, patient: PatientContext) -> bool:
        """Whether a code of a local vocabulary may hold a person's number or words instead of a code."""
        return _FREE_FORM.search(code) is not None or self.identifies(code, patient)

    def clean(self, text: str, patient: PatientContext) -> str:
        """A free text without identifiers, read with each patient: a nickname shares no word with the name."""
        texts = self.about(patient).texts
        made = texts.get(text)
        if made is None:
            if len(texts) >= _TEXTS:
                texts.clear()
            made = texts[text] = self._engine.clean(text, patient)
        return made

    def document(self, data: bytes, content_type: str, patient: PatientContext) -> DocumentResult:
        """A whole document without identifiers; the same bytes of the same patient are read once."""
        documents = self.about(patient).documents
        digest = hashlib.sha256(content_type.encode() + b"\0" + data).digest()
        made = documents.get(digest)
        if made is None:
            if len(documents) >= _DOCUMENTS:
                documents.clear()
            made = documents[digest] = self._engine.document(data, content_type, patient)
        return made
