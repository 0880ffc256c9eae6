"""Short texts and documents through the text engine, each work done once.

A hospital's records repeat the same few thousand labels. A label is read once without a patient; for each patient it
is only compared, word by word, with what is known of that patient, and read again when they share a word: the value
itself, a short form of a name, initials, or a strange word that is one letter away from a name. What a thing of
medicine is called after somebody (``Parkinson disease``) is nobody's name, also for a patient of that name.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise, product
from typing import TYPE_CHECKING

from chartline.deid.context import PatientContext
from chartline.deid.readings import Readings, basis
from chartline.deid.text.datetext import MONTHS
from chartline.fhir.known import Known

if TYPE_CHECKING:
    from datetime import date

    from chartline.deid.text import DocumentResult, TextEngine

_NOBODY = PatientContext("nobody")
_OLD = PatientContext("nobody", earliest_year=9999)  # of whom no year and no age over 89 may stay
_WORD = re.compile(r"[^\W_]+")
# A local code that could be somebody's: seven digits in a row, an address of mail or of a machine, or a sentence.
_FREE_FORM = re.compile(r"\d{7}|@|(?:\S+\s+){4}|.{65}|\A\d{1,3}(?:\.\d{1,3}){3}\Z", re.DOTALL)
_MANY_DIGITS = 5  # from which a number is matched however it is grouped
_GROUPS = 6  # parts in which a number may be written
_LONG_DISTANCE = 11  # digits of an American telephone number with the 1 before it
_LOCAL = 7  # digits of one without its area
_NAMES = frozenset({"NAME", "GIVEN", "FAMILY", "RELATIVE"})
_INITIALS = re.compile(r"(?:[^\W\d_]\.\s?){2,4}")
_LONG_NAME = 5  # letters of a name that is looked for inside of a word, or one letter away
_LONG_WORD = 3  # shorter words of a longer value are found with the whole of it or not at all
_LABEL = 80  # letters of a text that may be a label
_LABELS = 200_000  # remembered labels of a worker; a hospital has fewer
_PATIENTS = 32  # remembered patients of a worker; their rows come together
_TEXTS = 5_000  # remembered texts of a patient
_DOCUMENTS = 32  # remembered documents of a patient: narrative and attachment repeat each other within a resource
_MISSING: frozenset[str] | None = frozenset({"\0"})


@dataclass
class About:
    """What is remembered of one patient: the words known of the patient, those of names, and what was read.

    It holds the patient, so that the patient's address stays taken. ``mark`` stands for it where it need not be held.
    """

    patient: PatientContext
    known: frozenset[str]
    names: frozenset[str] = frozenset()
    texts: dict[str, str] = field(default_factory=dict)
    labels: dict[str, bool] = field(default_factory=dict)
    documents: dict[bytes, DocumentResult] = field(default_factory=dict)
    mark: object = field(default_factory=object)

    @cached_property
    def basis(self) -> bytes:
        """Digest of what is known of the patient."""
        return basis(self.patient)


@lru_cache(maxsize=1 << 14)
def words(text: str) -> frozenset[str]:
    """What a text may share with a known value: its words, its many digits, its initials, its strange words' marks."""
    found = _plain_words(text)
    marks = (mark for word in found if _strange(word) for mark in _marks(word))
    alone = _alone(found)
    return frozenset([*found, *marks, *(_pieces(alone) if _strange(alone) else ()), *_initials(text)])


def _alone(found: frozenset[str]) -> str:
    """The letters of a text that is one word, a login's without its number (``doe7``); empty for any other text."""
    lettered = [word for word in found if not word.isdigit()]
    return "".join(filter(str.isalpha, lettered[0])) if len(lettered) == 1 else ""


def _parts(text: str) -> list[str]:
    """The words and numbers of a text as the text engine reads it, without case and accents."""
    from chartline.deid.text.normalise import normalise

    plain = text
    if not text.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", normalise(text).text) if not unicodedata.combining(c))
    return _WORD.findall(plain.casefold())


def _plain_words(text: str) -> frozenset[str]:
    """The words of a text, without case and accents, and its numbers as they may be grouped otherwise."""
    parts = _parts(text)
    return frozenset([*parts, *_numbers(parts)])


def _numbers(parts: Sequence[str]) -> Iterator[str]:
    """All digits as one number where there are many, and what neighbours with a digit make together: ``A 12-34``."""
    numeric = [p for p in parts if any(map(str.isdigit, p))]
    yield from _bare("".join(numeric))
    for i in range(len(parts) if numeric else 0):
        for end in range(i + 2, min(i + _GROUPS, len(parts)) + 1):
            whole = "".join(parts[i:end])
            if any(map(str.isdigit, whole)):
                yield whole


def _bare(number: str) -> Iterator[str]:
    """The digits of a number where there are many, and without the zeros that a system prints before them."""
    digits = "".join(filter(str.isdigit, number))
    yield from (d for d in (digits, digits.lstrip("0")) if len(d) >= _MANY_DIGITS)


@lru_cache(maxsize=1 << 16)
def _strange(word: str) -> bool:
    """Whether a word is on no list, so that it may be a name with an error in it or with something attached."""
    from chartline.deid.text import lexicon

    if len(word) < _LONG_NAME or not word.isalpha():
        return False
    found = lexicon.kind(word)
    return not (found.word or found.medical or found.eponym)


def _marks(word: str) -> Iterator[str]:
    """The word, and each that is left when one letter is missing: words one error apart share one of these."""
    yield f"~{word}"
    for i in range(len(word)):
        yield f"~{word[:i]}{word[i + 1 :]}"


@lru_cache(maxsize=1 << 16)
def _listed(word: str) -> bool:
    """Whether a word is everyday's or medicine's, or a number; a short one only in small letters: no initials."""
    from chartline.deid.text import lexicon

    found = lexicon.kind(word)
    return word.isdecimal() or ((found.word or found.medical) and (len(word) >= _LONG_WORD or word.islower()))


def _says_nothing(text: str) -> frozenset[str] | None:
    """What a short text of listed words might share with a name or number, also in a plural or in two pieces.

    None for any other text: it may hold a name in a form that only the text engine knows.
    """
    parts = _WORD.findall(text)
    if len(text) > _LABEL or not text.isascii() or not all(map(_listed, parts)):
        return None
    plain = [part.casefold() for part in parts]
    singular = (word[:-1] for word in plain if word.endswith("s"))
    joined = (one + other for one, other in pairwise(plain))
    return words(text).union(singular, joined)


def _pieces(word: str) -> Iterator[str]:
    """The long pieces of a word that stands alone: one may be a name that was written into it."""
    for start in range(len(word) - _LONG_NAME + 1):
        for end in range(start + _LONG_NAME, len(word) + 1):
            yield f"*{word[start:end]}"


def _near(name: str, word: str) -> bool:
    """Whether a word is a long name with an error in it."""
    return len(name) > _LONG_NAME and not frozenset(_marks(name)).isdisjoint(_marks(word))


def _initials(text: str) -> Iterator[str]:
    """A text that is nothing but initials with their points."""
    if len(text) <= 12 and _INITIALS.fullmatch(text):
        yield "." + "".join(c for c in text.casefold() if c.isalpha())


@lru_cache(maxsize=1 << 16)
def telling(value: str) -> frozenset[str]:
    """What of a known value can point to its owner: not ``10`` or ``to`` of an address, but ``Li`` alone; ``A-12``."""
    parts = _parts(value)
    whole = "".join(parts)
    found = {w for w in parts if len(w) >= (_MANY_DIGITS if w.isdigit() else _LONG_WORD)}
    if not found and whole.isalpha():
        return frozenset(parts)
    if len(parts) == 1 or all(w.isdigit() for w in found):
        found |= {whole, whole[1:]} if len(whole) == _LONG_DISTANCE and whole.isdigit() else {whole}
        found.update(_bare(whole), [whole[-_LOCAL:]] if whole.isdigit() and len(whole) > _LOCAL else [])
    return frozenset(found)


def _of_day(day: date) -> frozenset[str]:
    """What a label that tells a day may hold of it, as ``_numbers`` joins it: ``07031951``, ``3jul``."""
    months, days = ([f"{n}", f"{n:02d}"] for n in (day.month, day.day))
    years = [f"{day.year}", f"{day.year % 100:02d}"]
    month = MONTHS[day.month - 1].lower()
    named = [month, month[:3]]
    orders = [(years[:1], months, days), (months, days, years), (days, months, years), (named, days), (days, named)]
    orders += [(years[:1], named, days), (named, days, years), (days, named, years)]
    return frozenset("".join(pieces) for order in orders for pieces in product(*order))


@lru_cache(maxsize=1 << 14)
def _of_value(known: Known) -> frozenset[str]:
    """What a label that tells a value holds of it: all of it, its last four digits, or the day."""
    from chartline.deid.text.spelling import day_of, last_four

    ending = last_four(known)
    born = day_of(known.value) if known.type == "BIRTHDATE" else None
    return telling(known.value) | (_of_day(born) if born else frozenset()) | ({ending} if ending else frozenset())


def _named(patient: PatientContext) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a patient's names with their short forms, and what else tells of them: marks and initials."""
    read = [_of_name(k.value) for k in patient.known if k.type in _NAMES]
    names = frozenset[str]().union(*(names for names, _ in read))
    told = frozenset[str]().union(*(told for _, told in read))
    return names, told | {f"*{name}" for name in names if len(name) >= _LONG_NAME}


@lru_cache(maxsize=1 << 14)
def _of_name(value: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of one name with their short forms, and its marks and initials."""
    from chartline.deid.text.spelling import called

    names: set[str] = set()
    told: set[str] = set()
    parts = [p for p in _parts(value) if not p.isdigit()]
    for part in (p.rstrip("0123456789") for p in parts):
        names |= {part, *called(part)}
        told.update(_marks(part) if _strange(part) else ())
    first = "".join(p[0] for p in parts)
    told |= {f".{first}", f".{first[:1]}{first[-1:]}", f".{first[-1:]}{first[:1]}"} if len(first) > 1 else set()
    return frozenset(names), frozenset(told)


@lru_cache(maxsize=1 << 14)
def _a_name(word: str) -> bool:
    """Whether a word of a name is a name wherever it stands."""
    from chartline.deid.text import lexicon

    found = lexicon.kind(word)
    return len(word) >= _LONG_WORD and not (found.word or found.medical)


def holds_name(text: str) -> bool:
    """Whether one of the words is a person's name in common use and nothing else, in any writing."""
    from chartline.deid.text import lexicon

    found = (lexicon.kind(w) for w in _parts(text) if len(w) > _LONG_WORD and _a_name(w))
    return any(kind.common_first or kind.surname for kind in found)


_LETTERS = re.compile(r"[a-z]{4,}")
_NAME_WORD = re.compile(r"[^\W\d_]{4,}")


def repeats(code: str, display: str) -> bool:
    """Whether a code spells a name that its display tells, or an initial and the beginning of one."""
    from chartline.deid.text import lexicon

    words = [w for w in _NAME_WORD.findall(display.lower()) if not lexicon.kind(w).word]
    return any(
        w.startswith((run, run[1:] if len(run) > 4 else run)) for run in _LETTERS.findall(code.lower()) for w in words
    )


# The words of a code: ``JaneDoe``, ``jane.doe``, ``Room12Smith``, ``JSMITH42``.
_RUN = re.compile(r"[^\W\d_a-z]+(?![a-z])|[^\W\d_a-z]?[^\W\d_A-Z]+")
_PART_LEAST, _SURNAME_LEAST = 3, 5


@lru_cache(maxsize=1 << 14)
def spells_somebody(code: str) -> bool:
    """Whether a code is made of a person's names: one in common use, two in one word, an initial before a surname."""
    from chartline.deid.text import lexicon

    lists = lexicon.load()

    def named(word: str) -> bool:
        found = lexicon.kind(word)
        given = word in lists.frequent
        rare = found.last and len(word) > _SURNAME_LEAST and not found.city
        return found.strong and (given or found.surname or rare) and not found.medical

    for run in _RUN.findall(code):
        word = run.lower()
        if len(word) > _PART_LEAST and named(word):
            return True
        if not lexicon.kind(word).unknown:
            continue
        if len(word) > _SURNAME_LEAST and named(word[1:]):
            return True
        cuts = range(_PART_LEAST, len(word) - _PART_LEAST + 1)
        if any(named(word[:at]) and named(word[at:]) for at in cuts):
            return True
    return False


@lru_cache(maxsize=1 << 14)
def _without_things(label: str) -> str:
    """A label without the names that things of medicine have from somebody: ``Parkinson`` before ``disease``."""
    from chartline.deid.text.casing import cased
    from chartline.deid.text.reading import read

    reading = read(cased(label))
    named = [t for t in reading.words if t.kind.eponym and reading.things.hold(t.start, t.end)]
    for token in reversed(named):
        label = label[: token.start] + label[token.end :]
    return label.strip()


class Phrases:
    """A text engine with a memory: of labels for good, of texts and documents while the patient is the same.

    Args:
        engine: the text engine.
    """

    def __init__(self, engine: TextEngine) -> None:
        self._engine = engine
        self._labels: dict[str, frozenset[str] | None] = {}
        self._plain: dict[str, frozenset[str] | None] = {}
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
            names, told = _named(patient)
            known = frozenset().union(told, filter(_a_name, names))
            known = known.union(*map(_of_value, patient.known))
            memory = self._patients[id(patient)] = About(patient, known, names)
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
        return self.concerns(found, patient) and self._of_patient(text, self.about(patient))

    def _of_patient(self, text: str, about: About) -> bool:
        """Whether a label that shares something with what is known of a patient holds it as an identifier."""
        made = about.labels.get(text)
        if made is None:
            made = about.labels[text] = self._compared(text, about)
        return made

    def _compared(self, text: str, about: About) -> bool:
        own = _plain_words(text)
        if not about.known.isdisjoint(_initials(text)):
            return True
        if own <= {*about.names, *(n[0] for n in about.names if n)} and any(map(_a_name, own & about.names)):
            return True
        alone = _alone(own)
        long = [n for n in about.names if len(n) >= _LONG_NAME and _a_name(n)]
        if _strange(alone) and any(n in alone or _near(n, alone) for n in long):
            return True
        return self._engine.identifies(_without_things(text), about.patient)

    def free_form(self, code: str, patient: PatientContext) -> bool:
        """Whether a code of a local vocabulary may hold a person's number, name or words instead of a code."""
        return _FREE_FORM.search(code) is not None or spells_somebody(code) or self.identifies(code, patient)

    def names(self, code: str, patient: PatientContext) -> bool:
        """Whether a code of a public vocabulary is something known of the patient; a procedure may be like a ZIP."""
        if len(code) <= _MANY_DIGITS and code.isdigit():
            return False
        return self.concerns(words(code), patient) and self._of_patient(code, self.about(patient))

    def clean(self, text: str, patient: PatientContext) -> str:
        """A free text without identifiers, read with each patient: a nickname shares no word with the name.

        A short one of listed words, of which none may be a name or number of the patient's, is read once for all. A
        text that is nothing but the patient's initials does not stay.
        """
        about = self.about(patient)
        made = about.texts.get(text)
        if made is None:
            if len(about.texts) >= _TEXTS:
                about.texts.clear()
            made = text if self._is_plain(text, about) else self._engine.clean(text, patient)
            if made == text and not about.known.isdisjoint(_initials(text)):
                made = ""
            about.texts[text] = made
        return made

    def _is_plain(self, text: str, about: About) -> bool:
        found = self._plain.get(text, _MISSING)
        if found is _MISSING:
            found = _says_nothing(text)
            if found is not None and self._engine.clean(text, _OLD) != text:
                found = None
            if len(self._plain) < _LABELS:
                self._plain[text] = found
        if found is None or about.patient.over_89:
            return False
        return found.isdisjoint(about.known) and found.isdisjoint(about.names)

    def document(
        self, data: bytes, content_type: str, patient: PatientContext, readings: Readings | None = None
    ) -> DocumentResult:
        """A whole document without identifiers; the same bytes of the same patient are read once.

        Args:
            data: its bytes.
            content_type: its kind.
            patient: whose it is.
            readings: those of the person's last run, which serve as long as they stand; None for none.
        """
        about = self.about(patient)
        digest = hashlib.sha256(content_type.encode() + b"\0" + data).digest()
        made = about.documents.get(digest)
        if made is None:
            if len(about.documents) >= _DOCUMENTS:
                about.documents.clear()
            made = about.documents[digest] = self._read(data, content_type, about, digest, readings)
        return made

    def _read(
        self, data: bytes, content_type: str, about: About, digest: bytes, readings: Readings | None
    ) -> DocumentResult:
        if readings is None:
            return self._engine.document(data, content_type, about.patient)
        name = hashlib.sha256(about.basis + digest).hexdigest()
        made = readings.before.get(name)
        if made is None or not self._engine.stands(made.leaning, data, content_type):
            made = self._engine.document(data, content_type, about.patient)
        readings.used[name] = made
        return made
