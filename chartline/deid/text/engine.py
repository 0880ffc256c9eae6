"""The text engine: Presidio around our recognizers, proved on a control note, failing closed."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine
from presidio_anonymizer import AnonymizerEngine, OperatorConfig
from presidio_anonymizer.operators import Operator, OperatorType

from chartline.deid.context import Cohort, PatientContext, knowing
from chartline.deid.policy import Policy
from chartline.deid.text import ages, clinical, datetext, documents, known, lexicon, names, ner, patterns, tables
from chartline.deid.text.beside import HOUSES
from chartline.deid.text.casing import cased
from chartline.deid.text.hints import Places
from chartline.deid.text.normalise import normalise
from chartline.deid.text.reading import read
from chartline.deid.text.spans import TYPES, Found, Span, union
from chartline.deid.text.surrogates import Around, Replacer
from chartline.deid.text.within import within
from chartline.errors import ChartlineError, DataError, MachineError
from chartline.fhir.known import Known
from chartline.keys import Key

CAP = 4_000_000
"""Largest note in bytes; a larger one is set aside."""
DEADLINE = 120.0
"""Seconds of a processor that one note may take."""
_CONTROL = (
    "Patient: Harold Lindqvist (MRN 00482913) was seen by Dr. Okonkwo on March 3, 2021 at Lakemont Regional Hospital;"
    " call 617-555-0188 or write to h.lindqvist@example.com, 12 Alder Street, Dunmore, PA 18512. Plan told to qyzzvin."
)
_CONTROL_KNOWN = (Known("GIVEN", "Qyzzvin"),)  # a word that nothing but the record can tell
_CONTROL_FINDS = (
    "qyzzvin",
    "Lindqvist",
    "00482913",
    "Okonkwo",
    "March 3",
    "Lakemont",
    "617-555-0188",
    "h.lindqvist",
    "12 Alder",
)
_CACHE = 4096
_GUESSES = frozenset({"ner:person", "name:run"})
_DAY = re.compile(r"\d{1,4}([\-/.])\d{1,2}\1\d{1,4}|\d\d[A-Z][a-z]{2}\d{4}")  # a day written as few numbers are
_DAY_CODE = re.compile(r"(?:19|20)\d\d([\-.])(?:0[1-9]|1[0-2])(?:\1(?:0[1-9]|[12]\d|3[01]))?")  # a day or a month
_PART = 64  # pieces that Presidio replaces in one go


@dataclass(frozen=True)
class TextResult:
    """A cleaned text and what was replaced, with offsets in the input."""

    text: str = field(repr=False)
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Leaning:
    """What of the cohort the treatment of a document leans on: it stands as long as this is the same.

    Attributes:
        cohort: digest of the cohort that it was read with.
        providers: digest of the providers' values that its texts may hold.
        free: surrogates that were nobody's.
        taken: surrogates that were passed over, because they are somebody's.
    """

    cohort: str = ""
    providers: str = ""
    free: tuple[str, ...] = field(default=(), repr=False)
    taken: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class DocumentResult:
    """A cleaned document.

    Attributes:
        data: the document's bytes, empty when withheld.
        content_type: its kind after cleaning.
        text: its text.
        spans: pieces replaced, with offsets in ``text`` where the document is plain text, else none.
        status: ``deidentified``, or ``withheld`` for a kind that cannot be read.
        leaning: what of the cohort it leans on.
    """

    data: bytes = field(repr=False)
    content_type: str
    text: str = field(repr=False)
    spans: tuple[Span, ...]
    status: str
    leaning: Leaning = field(default=Leaning(), repr=False)

    @property
    def plain(self) -> str:
        """Its text without markup."""
        of_markup = self.content_type.startswith(("text/html", "application/xhtml+xml"))
        return documents.plain(self.text) if of_markup else self.text


_Clean = Callable[[str, tuple[Known, ...]], TextResult]
"""Cleans a text, with what its document tells of persons besides."""


class _Recognizer(EntityRecognizer):  # type: ignore[misc]
    """One of our finders as a Presidio recognizer; what it raises is not swallowed.

    Presidio keeps one of several results that are alike, and asks its recognizers in no order: a score of its own for
    each tells which of them is named for a piece that two found.
    """

    def __init__(self, name: str, score: float, find: Callable[[Any], Any]) -> None:
        self._find, self._score = find, score
        super().__init__(supported_entities=list(TYPES), name=name, supported_language="en")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        """Presidio's results of the pieces found; the artifacts are our reading of the text."""
        return [
            RecognizerResult(f.type, f.start, f.end, self._score, recognition_metadata={"recognizer_name": f.source})
            for f in union(self._find(nlp_artifacts))
        ]


class _Replace(Operator):  # type: ignore[misc]
    """Presidio's operator that asks a ``Replacer``, once for each piece (its own ``custom`` asks twice)."""

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:
        """The replacement of a piece."""
        given = params or {}
        return str(given["replace"](given["entity_type"], text))

    def validate(self, params: dict[str, Any] | None = None) -> None:
        """Nothing to check: the engine makes the parameters."""

    def operator_name(self) -> str:
        """Its name in the registry of operators."""
        return "chartline"

    def operator_type(self) -> OperatorType:
        """It anonymizes."""
        return OperatorType.Anonymize


class _NoContext(ContextAwareEnhancer):  # type: ignore[misc]
    """Our finders read their own context."""

    def __init__(self) -> None:
        super().__init__(0, 0, 0, 0)

    def enhance_using_context(self, text: str, raw_results: Any, *_: Any, **__: Any) -> Any:
        """The results as they are."""
        return raw_results


def _quiet() -> None:
    """Presidio's loggers may print text; only our own errors speak."""
    for name in (
        "presidio-analyzer",
        "presidio-anonymizer",
        "presidio_analyzer",
        "presidio_anonymizer",
        "decision_process",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class TextEngine:
    """Built once a worker by ``build``; finds and replaces identifiers in notes and short texts."""

    def __init__(self, policy: Policy, key: Key, project: str, cohort: Cohort) -> None:
        _quiet()
        self._providers = known.Providers(cohort.providers)
        self._replacer = Replacer(policy.text, key.derive("surrogate", project), cohort)
        self._cohort = _digest([[(k.type, k.value) for k in cohort.providers], sorted(cohort.names)])
        self._kept = {"DATE", "AGE"} if policy.text.dates == "keep" else set()
        if policy.text.geography == "city":
            self._kept |= {"LOCATION", "ZIP"}
        registry = RecognizerRegistry(supported_languages=["en"])
        registry.recognizers = [
            _Recognizer("dates", 1.0, lambda reading: datetext.find(reading.text)),
            _Recognizer("patterns", 0.99, lambda reading: patterns.find(reading.text)),
            _Recognizer("names", 0.98, names.find),
            _Recognizer("tables", 0.97, lambda reading: tables.find(reading.text)),
        ]
        nlp = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
        self._analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=nlp, supported_languages=["en"], context_aware_enhancer=_NoContext()
        )
        self._anonymizer = AnonymizerEngine()
        self._anonymizer.add_anonymizer(_Replace)
        self._short: OrderedDict[str, TextResult] = OrderedDict()
        self._nobody = PatientContext("")
        self.prove()

    # --- notes ---------------------------------------------------------------------------------------

    def prove(self) -> None:
        """Find what is planted in the control note.

        Raises:
            MachineError: CL3031 a recognizer is silent, CL3032 the language model is missing, CL3033 it is silent;
                nothing that this worker did may count.
        """
        ner.prove()
        found = [
            _CONTROL[f.start : f.end] for f in self._recognized(_CONTROL, PatientContext("control", _CONTROL_KNOWN))
        ]
        missing = sum(not any(piece in f or f in piece for f in found) for piece in _CONTROL_FINDS)
        if missing:
            raise MachineError("CL3031", f"the text engine missed {missing} of {len(_CONTROL_FINDS)} control pieces.")

    def deidentify(self, text: str, patient: PatientContext) -> TextResult:
        """Replace every identifier in a text.

        Raises:
            DataError: CL1110 the text is over the cap, CL1111 it took longer than the deadline, CL1112 a recognizer
                failed; the text must be set aside.
        """
        documents.refuse_large(text.encode("utf-8", "surrogatepass") if len(text) * 4 > CAP else b"", CAP)
        with _failing_closed():
            return self._replaced(text, self._find(text, patient), patient)

    def _find(self, text: str, patient: PatientContext) -> list[Found]:
        """Pieces to replace, in code points of the input, joined and in order."""
        normal = normalise(text)
        found = self._recognized(normal.text, patient)
        kept = [f for f in found if f.type not in self._kept and f.end > f.start]
        if "DATE" in self._kept:
            days = [f for f in found if f.type == "DATE" and any(map(str.isdigit, normal.text[f.start : f.end]))]
            kept = [f for f in kept if not _in_day(normal.text, f, days)]
        pieces = union(kept)
        if normal.starts is not None:
            pieces = union(Found(*normal.back(f.start, f.end), f.type, f.source) for f in pieces)
        return _touching(text, [_unstopped(text, f) for f in pieces])

    def _recognized(self, text: str, patient: PatientContext) -> list[Found]:
        """Everything that any recognizer finds in a normalised text, overlaps and what the policy keeps included."""
        reading = read(cased(text))
        # Each of our recognizers finds every type; asking for one of them asks for all.
        results = self._analyzer.analyze(text, language="en", entities=["NAME"], nlp_artifacts=reading)
        found = [
            Found(r.start, r.end, r.entity_type, str((r.recognition_metadata or {}).get("recognizer_name", "")))
            for r in results
        ]
        if patient.known or self._providers:
            told = list(known.find(text, patient, self._providers))
            persons = Places((f.start, f.end) for f in told if f.type == "NAME")
            # Whom the record knows is no place, whatever word leads there: ``drawn from Ilka Tarn``.
            found = [f for f in found if f.type not in HOUSES or not persons.hold(f.start, f.end)] + told
        found += ages.find(text, patient)
        found += ner.find(reading, found)
        return found

    def _replaced(self, text: str, found: list[Found], patient: PatientContext) -> TextResult:
        if not found:
            return TextResult(text, ())
        pieces = [(f.type, text[f.start : f.end]) for f in found]
        around = Around(
            hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
            datetext.usual_year(piece for of, piece in pieces if of == "DATE"),
            tuple(dict.fromkeys(piece for of, piece in pieces if of == "NAME" and " " in piece)),
        )
        chosen = partial(self._replacer.replacement, patient=patient, around=around)
        operators = {"DEFAULT": OperatorConfig("chartline", {"replace": chosen})}
        out: list[str] = []
        spans: list[Span] = []
        at = 0
        # Presidio copies its whole text for each piece, so a long note goes to it in parts.
        for part in (found[i : i + _PART] for i in range(0, len(found), _PART)):
            stop = part[-1].end
            results = [RecognizerResult(f.type, f.start - at, f.end - at, 1.0) for f in part]
            done = self._anonymizer.anonymize(text[at:stop], results, operators, merge_entities_with_spaces=False)
            items = sorted(done.items, key=lambda i: i.start)
            if len(items) != len(part):
                raise DataError("CL1113", "pieces of a note were lost on the way.", "The note was set aside.")
            made = [done.text[i.start : i.end] for i in items]
            spans += (Span(f.start, f.end, f.type, m, f.source) for f, m in zip(part, made, strict=True))
            out.append(done.text)
            at = stop
        return TextResult("".join([*out, text[at:]]), tuple(spans))

    # --- short texts ---------------------------------------------------------------------------------

    def _judged(self, text: str, patient: PatientContext) -> TextResult:
        made = self._short.get(text)
        if made is None:
            made = self._short[text] = self.deidentify(text, self._nobody)
            if len(self._short) > _CACHE:
                self._short.popitem(last=False)
        return self.deidentify(text, patient) if made.spans or self._knows(text, patient) else made

    def _knows(self, text: str, patient: PatientContext) -> bool:
        """Whether a short text holds anything known of the patient, as it is or as it reads, or tells the age."""
        with _failing_closed():
            plain = normalise(text).text
            told = chain(known.find(plain, patient) if patient.known else (), ages.find(plain, patient))
            return next(told, None) is not None

    def clean(self, text: str, patient: PatientContext) -> str:
        """A short text, such as a code's text, without identifiers."""
        return self._judged(text, patient).text

    def identifies(self, text: str, patient: PatientContext) -> bool:
        """Whether a code or label holds anything identifying; plain numbers and unit expressions do not."""
        if len(text) <= 6 or (text.replace(".", "").replace("-", "").replace(" ", "").isdigit() and len(text) <= 10):
            day = "DATE" not in self._kept and _DAY_CODE.fullmatch(text) is not None
            return day or self._knows(text, patient)
        return _labels_somebody(text, self._judged(text, patient).spans)

    # --- documents -----------------------------------------------------------------------------------

    def document(self, data: bytes, content_type: str, patient: PatientContext) -> DocumentResult:
        """Clean a document of any kind; what cannot be read is withheld.

        Raises:
            DataError: as ``deidentify``.
        """
        documents.refuse_large(data, CAP)
        with self._providers.hearing() as heard, self._replacer.drawing() as drawn, _failing_closed():
            made = self._document(data, content_type, lambda text, told: self.deidentify(text, knowing(patient, told)))
            free, taken = (tuple(sorted(n for n, was in drawn.items() if was is of)) for of in (False, True))
            return replace(made, leaning=Leaning(self._cohort, _told(heard), free, taken))

    def stands(self, leaning: Leaning, data: bytes, content_type: str) -> bool:
        """Whether a document would be treated as it was, but for what else it depends on: the patient and the policy.

        Raises:
            DataError: as ``deidentify``.
        """
        if leaning.cohort == self._cohort:
            return True
        if any(map(self._replacer.somebodys, leaning.free)) or not all(map(self._replacer.somebodys, leaning.taken)):
            return False
        with self._providers.hearing() as heard, _failing_closed():
            self._document(data, content_type, self._heard)
            return _told(heard) == leaning.providers

    def _heard(self, text: str, _: tuple[Known, ...]) -> TextResult:
        self._providers.met(normalise(text).text)
        return TextResult(text, ())

    def _document(self, data: bytes, content_type: str, clean: _Clean) -> DocumentResult:
        withheld = DocumentResult(b"", content_type, "", (), "withheld")
        kind = documents.kind_of(content_type, data)
        if kind == "pdf":
            text = documents.pdf(data)
            return withheld if text is None else _plain(clean(text, ()))
        text = None if kind == "other" else documents.decoded(data, content_type)
        if text is None:
            return withheld
        if kind == "rtf":
            plain = documents.rtf(text)
            return withheld if plain is None else _plain(clean(plain, ()))
        if kind == "plain":
            return _plain(clean(text, ()))

        def edits(piece: str, told: tuple[Known, ...] = ()) -> list[documents.Edit]:
            return [(s.start, s.end, s.replacement) for s in clean(piece, told).spans]

        made = documents.markup(text, edits) if kind == "markup" else clinical.cleaned(text, edits)
        if made is None:
            return withheld
        of_xml = kind == "cda" or "xml" in content_type.partition(";")[0].lower()
        label = "application/xhtml+xml" if of_xml else "text/html"
        return DocumentResult(made.encode(), f"{label}; charset=utf-8", made, (), "deidentified")


def _plain(cleaned: TextResult) -> DocumentResult:
    """A plain text as a document, with the offsets of what was replaced in what it became."""
    moved = 0
    spans = []
    for s in cleaned.spans:
        start = s.start + moved
        moved += len(s.replacement) - (s.end - s.start)
        spans.append(Span(start, start + len(s.replacement), s.type, s.replacement, s.source))
    kind = "text/plain; charset=utf-8"
    return DocumentResult(cleaned.text.encode("utf-8", "replace"), kind, cleaned.text, tuple(spans), "deidentified")


def _told(providers: Iterable[Known]) -> str:
    return _digest(sorted((k.type, k.value) for k in providers))


def _digest(told: Any) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@contextmanager
def _failing_closed() -> Iterator[None]:
    """Whatever goes wrong with a note sets the note aside, and nothing else."""
    began = time.process_time()
    try:
        with within(DEADLINE):
            yield
        if time.process_time() - began > DEADLINE:
            raise TimeoutError
    except ChartlineError:
        raise
    except TimeoutError:
        raise DataError("CL1111", "a note took longer than it may.", "It was set aside.") from None
    except Exception as cause:
        raise DataError("CL1112", f"a note failed with {type(cause).__name__}.", "It was set aside.") from None


def _in_day(text: str, found: Found, days: Sequence[Found]) -> bool:
    """Whether a day that stays was taken for something else: its numbers by a form, its month for somebody's name."""
    around = [d for d in days if d.start <= found.start and found.end <= d.end]
    if found.source == "pattern:number" or found.type == "NAME":
        return bool(around)
    return found.source.startswith("pattern:") and any(_DAY.match(text, d.start, d.end) for d in around)


_PLACES = frozenset({"ADDRESS", "FACILITY", "LOCATION"})


def _unstopped(text: str, found: Found) -> Found:
    """A place without the stop that ends it, which may end its sentence too: ``on Alder Blvd. Told her``."""
    stopped = found.type in _PLACES and text[found.end - 1] == "."
    return Found(found.start, found.end - 1, found.type, found.source) if stopped else found


def _touching(text: str, found: list[Found]) -> list[Found]:
    """Neighbours of one type on a line with only blanks between joined, as Presidio's anonymizer would join them."""
    out: list[Found] = []
    for piece in found:
        if out and out[-1].type == piece.type and not text[out[-1].end : piece.start].strip(" \t"):
            out[-1] = Found(out[-1].start, piece.end, piece.type, out[-1].source)
        else:
            out.append(piece)
    return out


def _labels_somebody(label: str, spans: tuple[Span, ...]) -> bool:
    """Whether what was found in a label is more than a guess at a name: ``X-ray`` looks like one in a line of capitals.

    A guess does not count when one of its words is on a list of words and none is a name and no word.
    """
    return any(s.source not in _GUESSES or not _of_words(label[s.start : s.end]) for s in spans)


def _of_words(piece: str) -> bool:
    kinds = [lexicon.kind(w) for w in piece.replace("-", " ").split()]
    return any(k.word or k.medical for k in kinds) and not any(k.strong for k in kinds)


def build(policy: Policy, key: Key, project: str, cohort: Cohort) -> TextEngine:
    """The text engine of a policy, proved on its control note.

    Raises:
        MachineError: CL3030 the word lists, CL3031 a recognizer, CL3032 or CL3033 the language model fails.
    """
    return TextEngine(policy, key, project, cohort)
