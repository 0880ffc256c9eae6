"""Replacements: a type label, or a surrogate of the same kind and format that is nobody's in the cohort."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import cache

import regex

from chartline.deid.context import Cohort, PatientContext
from chartline.deid.policy import TextRules
from chartline.deid.text import datetext, lexicon
from chartline.deid.text.lexicon import plain

_NAMES = 1500  # surrogates are drawn from the most frequent names, which tell least
_STREETS = (
    "Maple",
    "Oak",
    "Cedar",
    "Elm",
    "Pine",
    "Walnut",
    "Chestnut",
    "Spruce",
    "Birch",
    "Juniper",
    "Aspen",
    "Poplar",
)
_TOWNS = (
    "Fairview",
    "Midway",
    "Oakland",
    "Riverside",
    "Franklin",
    "Centerville",
    "Greenville",
    "Clinton",
    "Georgetown",
    "Salem",
)
_PLACES = ("Northside", "Westbrook", "Eastgate", "Southfield", "Hillcrest", "Brookdale", "Stonebridge", "Clearwater")
# The only words of a facility's name that a surrogate keeps: what stands last may be anything.
_FACILITY_WORDS = frozenset(
    ("hospital", "clinic", "center", "centre", "hospice", "pharmacy", "institute", "university", "school", "health")
)
_TITLE = regex.compile(r"^(?:dr|mr|mrs|ms|miss|prof)\.?\s+", regex.IGNORECASE)
_NOT_PART = frozenset(
    """
    md do rn np pa phd jr sr ii iii iv dr mr mrs ms miss prof de la van von der den del
    """.split()
)


@cache
def _pool(which: str) -> tuple[str, ...]:
    lists = lexicon.load()
    ranked = {"female": lists.female, "male": lists.male, "last": lists.last}[which]
    top = [w for w, _ in sorted(ranked.items(), key=lambda i: i[1])[:_NAMES]]
    return tuple(w for w in top if len(w) > 2 and not lexicon.kind(w).word)


Draw = Callable[[str, int], int]


def _draw(key: bytes, scope: str) -> Draw:
    """A keyed choice: the same piece in the same scope always gives the same number below ``n``."""

    def choose(piece: str, n: int) -> int:
        mac = hmac.new(key, f"{scope}|{piece}".encode(), hashlib.sha256).digest()
        return int.from_bytes(mac[:8], "big") % n

    return choose


class Replacer:
    """Gives a found piece its replacement under the policy's text rules."""

    def __init__(self, rules: TextRules, key: bytes, cohort: Cohort) -> None:
        self._rules = rules
        self._key = key
        self._cohort = cohort
        self._towns, self._places, self._streets = (
            tuple(n for n in names if n.lower() not in cohort.names) or ("Elsewhere",)
            for names in (_TOWNS, _PLACES, _STREETS)
        )

    def replacement(self, kind: str, text: str, patient: PatientContext, document: str) -> str:
        """What stands in place of ``text``, a piece of type ``kind``.

        Args:
            kind: type of the piece.
            text: the piece.
            patient: whose record it is in.
            document: digest of the whole text, the scope of consistency within a document.
        """
        if kind == "DATE":
            return self._date(text, patient)
        if kind == "AGE":
            return "90+" if text.strip().isdigit() else "aged 90+" if text[:1].isalpha() else "90+ years old"
        if self._rules.replacement == "label":
            return f"[{kind}]"
        scope = {"patient": patient.patient_id, "document": document, "none": ""}[self._rules.consistency]
        made = self._surrogate(kind, text, patient, _draw(self._key, scope))
        return made if made.casefold() != text.casefold() else f"[{kind}]"

    def _date(self, text: str, patient: PatientContext) -> str:
        if self._rules.dates == "shift" and patient.offset_days is not None:
            return datetext.shifted(text, patient.offset_days) or "[DATE]"
        if self._rules.dates == "year":
            return datetext.year_of(text) or "[DATE]"
        return "[DATE]"

    def _surrogate(self, kind: str, text: str, patient: PatientContext, draw: Draw) -> str:
        if kind == "NAME":
            return self._name(text, patient, draw)
        if kind == "ADDRESS":
            street = self._streets[draw(text.lower(), len(self._streets))]
            return f"{100 + draw(text, 9800)} {street} Street"
        if kind == "LOCATION":
            return self._towns[draw(text.lower(), len(self._towns))]
        if kind == "FACILITY":
            end = next((w for w in reversed(text.split()) if w.lower() in _FACILITY_WORDS), "Clinic")
            return f"{self._places[draw(text.lower(), len(self._places))]} {end}"
        if kind == "EMAIL":
            return f"user{draw(text.lower(), 10**6):06d}@example.com"
        if kind == "URL":
            return "https://example.com/"
        if kind == "IP":
            return f"192.0.2.{1 + draw(text, 253)}"
        if kind == "PHONE":
            return _digits(text, "555" + f"{draw(text, 10**9):09d}")
        if kind == "ZIP":
            return "00000"
        return _digits(text, f"{draw(text.lower(), 10**18):018d}" * 2)

    def _name(self, text: str, patient: PatientContext, draw: Draw) -> str:
        """Word by word, so that a first name alone and in a whole name become the same one."""
        words = regex.split(r"([\s,.\-]+)", text)
        parts = [i for i in range(0, len(words), 2) if words[i]]
        return "".join(
            self._part(w, i == parts[-1] and len(parts) > 1, patient, draw) if i in parts else w
            for i, w in enumerate(words)
        )

    def _part(self, word: str, last: bool, patient: PatientContext, draw: Draw) -> str:
        name = plain(word)
        if name in _NOT_PART or not name:
            return word
        lists = lexicon.load()
        female, male = lists.female.get(name, 1 << 20), lists.male.get(name, 1 << 20)
        if min(female, male) == 1 << 20 or (last and name in lists.last):
            pool = _pool("last")
        elif female == male:
            pool = _pool("female" if patient.gender == "female" else "male")
        else:
            pool = _pool("female" if female < male else "male")
        start = draw(name, len(pool))
        made = next(
            (pool[(start + i) % len(pool)] for i in range(200) if self._free(pool[(start + i) % len(pool)], name)), "x"
        )
        if len(word) == 1:
            return made[0].upper()
        return made.upper() if word.isupper() else made.title() if word[0].isupper() else made

    def _free(self, made: str, original: str) -> bool:
        return made not in self._cohort.names and made != original


def _digits(text: str, supply: str) -> str:
    """The text with each digit replaced from a supply, separators and letters' places kept."""
    source = iter(supply)
    out = []
    for char in text:
        if char.isdigit():
            out.append(next(source, "0"))
        elif char.isalpha() and len(text) - sum(c.isalpha() for c in text) > 2:
            out.append("X" if char.isupper() else "x")
        else:
            out.append(char)
    return "".join(out)
