"""Replacements: a type label, or a surrogate of the same kind and format that is nobody's in the cohort.

Form and case stay: a name keeps its order, its initials and the class of its length, a number its digits and signs, an
address its parts. A street, town or number is drawn again as long as it equals a value that the cohort knows.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from itertools import chain

import regex

from chartline.deid.context import Cohort, PatientContext
from chartline.deid.policy import TextRules
from chartline.deid.text import ages, datetext, lexicon
from chartline.deid.text.lexicon import plain
from chartline.deid.text.patterns import DIGIT_SAID
from chartline.deid.text.reading import FORM, TOKEN
from chartline.fhir.known import Known

_NAMES = 1500  # surrogates are drawn from the most frequent names, which tell least
_STREETS = tuple(
    """
    Maple Oak Cedar Elm Pine Walnut Chestnut Spruce Birch Juniper Aspen Poplar Alder Hickory Linden Magnolia Laurel
    Cypress Sycamore Willow Hemlock Mulberry Dogwood Tamarack Hawthorn Redwood Cottonwood Sassafras
    Boxwood Ironwood Buckeye Catalpa
    """.split()
)
_FRONTS = "North West East South Hill Brook Stone Clear Fair Glen Oak Pine Lake Spring Summer Green Silver Mill Ridge"
_ENDS = "side brook gate field crest dale bridge water haven ford mont wood ton"
_PLACES = tuple(front + end for front in _FRONTS.split() for end in _ENDS.split() if front.lower() != end)
"""Names of towns, facilities and employers, of words that tell nothing."""
# The only words of a facility's or employer's name that a surrogate keeps: what stands last may be anything.
_FACILITY_WORDS = frozenset(
    """
    hospital clinic center centre hospice pharmacy institute university school health medical urgent care elementary
    middle high college academy church company corporation inc llc bank nursing home rehabilitation
    associates laboratory labs group
    """.split()
)
_NOT_PART = frozenset(
    """
    md do rn np pa phd jr sr ii iii iv dr drs mr mrs ms miss mx prof rev fr tpr ofc officer sgt det cpl lt capt dep hon
    de la las los van von der den del di da du st
    """.split()
)


@cache
def _pool(which: str) -> tuple[str, ...]:
    """Common names of a list, without those common in the other: a made first name must not be the real last one."""
    lists = lexicon.load()
    others = ((lists.female, 1000), (lists.male, 500)) if which == "last" else ((lists.last, 10_000),)
    ranked = {"female": lists.female, "male": lists.male, "last": lists.last}[which]
    top = [w for w, _ in sorted(ranked.items(), key=lambda i: i[1])[:_NAMES]]
    both = {w for ranks, common in others for w, rank in ranks.items() if rank <= common}
    return tuple(w for w in top if len(w) > 2 and w not in both and not lexicon.kind(w).word)


@cache
def _pool_of(which: str, size: int) -> tuple[str, ...]:
    """Names of a class of length: up to four letters, up to seven, longer."""
    return tuple(n for n in _pool(which) if _size(n) == size)


_HEAD = re.compile(r".[^aeiouy]*[aeiouy]*[^aeiouy]{1,2}(?=.)")
_END = re.compile(r"(?<=.)[aeiouy]+[^aeiouy]+[aeiouy]*$")


def _coined(names: tuple[str, ...], start: int) -> Iterator[str]:
    """Names made of the beginning of one of a list and the end of another."""
    for i in range(_COINED):
        one, other = names[(start + i) % len(names)], names[(start + 7 * i + 3) % len(names)]
        head, tail = _HEAD.match(one), _END.search(other)
        if head and tail:
            yield head.group() + tail.group().lower()


def _size(name: str) -> int:
    return 0 if len(name) < 5 else 1 if len(name) < 8 else 2


@lru_cache(maxsize=256)
def _own_words(known: tuple[Known, ...]) -> frozenset[str]:
    """The words of everything that is known of a patient: no part of a surrogate is one."""
    return frozenset(plain(word) for value in known for word in re.split(r"[\s,.\-]+", value.value) if word)


@dataclass(frozen=True)
class Around:
    """What a text tells of each of its pieces.

    Attributes:
        digest: of the whole text, the scope of consistency within a document.
        year: of which its dates without a year are taken to be; None where it tells no year.
        names: its names of several words.
    """

    digest: str = ""
    year: int | None = None
    names: tuple[str, ...] = field(default=(), repr=False)


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
        self._taken = frozenset(_bare(k.value) for k in cohort.providers)
        self._drawn: dict[str, bool] | None = None

    @contextmanager
    def drawing(self) -> Iterator[dict[str, bool]]:
        """Within it the surrogates that are drawn are told, and of each whether it is somebody's of the cohort."""
        self._drawn = {}
        try:
            yield self._drawn
        finally:
            self._drawn = None

    def somebodys(self, made: str) -> bool:
        """Whether a surrogate is what somebody or something of the cohort is called."""
        taken = made.casefold() in self._cohort.names or _bare(made) in self._taken
        if self._drawn is not None:
            self._drawn[made] = taken
        return taken

    def replacement(self, kind: str, text: str, patient: PatientContext, around: Around) -> str:
        """What stands in place of ``text``, a piece of type ``kind``.

        Args:
            kind: type of the piece.
            text: the piece.
            patient: whose record it is in.
            around: what the rest of its text tells.
        """
        if kind == "DATE":
            return self._date(text, patient, around.year)
        if kind == "AGE":
            return _age(text)
        if self._rules.replacement == "label":
            return f"[{kind}]"
        scope = {"patient": patient.patient_id, "document": around.digest, "none": ""}[self._rules.consistency]
        draw = _draw(self._key, scope)
        own = {_bare(text), *(_bare(k.value) for k in patient.known)}
        for attempt in range(_ATTEMPTS):
            again = draw if not attempt else _draw(self._key, f"{scope}|{attempt}")
            made = self._surrogate(kind, text, patient, around, again)
            if _bare(made) not in own and not self.somebodys(made):
                return made
        return f"[{kind}]"

    def _date(self, text: str, patient: PatientContext, year: int | None) -> str:
        if not ages.may_stay(text, patient):
            return "[DATE]"
        if self._rules.dates == "shift" and patient.offset_days is not None:
            return datetext.shifted(text, patient.offset_days, year) or "[DATE]"
        if self._rules.dates == "year" and not patient.on_axis:
            return datetext.year_of(text) or "[DATE]"
        return "[DATE]"

    def _surrogate(self, kind: str, text: str, patient: PatientContext, around: Around, draw: Draw) -> str:
        if kind == "NAME":
            return self._name(text, patient, around.names, draw)
        if kind in ("ADDRESS", "LOCATION"):
            return self._place(kind, text, patient, draw)
        if kind == "FACILITY":
            lines = [_of_a_kind(line) if line.strip() else ("", line) for line in text.split("\n")]
            made = ((self._among(_PLACES, name, patient, draw) if name else "") + end for name, end in lines)
            return _like(text, "\n".join(made))
        if kind == "EMAIL":
            return f"user{draw(text.lower(), 10**6):06d}" + ("@example.com" if "@" in text else "")
        if kind == "URL":
            return "https://example.com/"
        if kind == "IP":
            return _host(text, draw(text.lower(), 253))
        if kind == "ZIP":
            return _LETTER.sub("X", _ZIP_DIGIT.sub("0", text))
        if kind == "PHONE":
            lead = _COUNTRY.match(text)
            code, number = (lead.group(), text[lead.end() :]) if lead else ("", text)
            aside = _ASIDE.search(number)
            number, behind = (number[: aside.start()], number[aside.start() :]) if aside else (number, "")
            start = "555" if sum(c.isdigit() for c in number) >= 10 else ""
            return code + _signs(number, draw, start) + _signs(behind, draw, "", _ASIDE)
        if _SAID.fullmatch(text):
            return _said(text, draw)
        if kind == "SSN":
            return _signs(text, draw, "9", _LAST_FOUR)  # no number of Social Security begins with 9
        return _signs(text, draw, "")

    def _among(self, names: tuple[str, ...], piece: str, patient: PatientContext, draw: Draw) -> str:
        return self._free(names, plain(piece), patient, draw) or "Elsewhere"

    def _free(self, names: tuple[str, ...], piece: str, patient: PatientContext, draw: Draw) -> str | None:
        """A name of a list that is nobody's of the cohort, nothing of the patient's and no word of the piece.

        For one that is taken the next stands in: who joins the cohort changes only what was drawn to their own name.
        A large cohort has all names of a list; then one is made of two.
        """
        own, start = {*_own_words(patient.known), *piece.split()}, draw(piece, len(names))
        turned = (names[(start + i) % len(names)] for i in range(min(len(names), _TURNS)))
        tried = chain(turned, _coined(names, start))
        return next((name for name in tried if name.casefold() not in own and not self.somebodys(name)), None)

    def _place(self, kind: str, text: str, patient: PatientContext, draw: Draw) -> str:
        """An address or a town, part by part: numbers as numbers, the state as it is, the ZIP as zeros."""
        tail = _STATE_TAIL.search(text)
        rest, state = (text[: tail.start()], tail.group()) if tail else (text, "")
        box, street = _BOX.match(rest), _STREET.match(rest)
        if box is not None:
            made, rest = box[1] + _signs(box[2], draw, ""), rest[box.end() :]
        elif street is not None:
            named = f"{self._among(_STREETS, street[2], patient, draw)} Street"
            made, rest = f"{_signs(street[1], draw, '', _ASIDE)} {_like(street[2], named)}", rest[street.end() :]
        else:
            made = ""
        unit = _UNIT.match(rest)
        if unit is not None and (made or kind == "ADDRESS"):
            made, rest = made + unit[1] + _signs(unit[2], draw, "", _ASIDE), rest[unit.end() :]
        town = regex.fullmatch(r"(\W*)(.*?)(\W*)", rest, regex.DOTALL)
        if town is not None and town[2]:
            names = _PLACES if made or kind == "LOCATION" else _STREETS
            made += town[1] + _like(town[2], self._among(names, town[2], patient, draw)) + town[3]
        return str(made + _ZIP_DIGIT.sub("0", state))

    def _name(self, text: str, patient: PatientContext, beside: tuple[str, ...], draw: Draw) -> str:
        """Word by word, so that a first name alone and in a whole name become the same one.

        An initial is that of the false name of whoever of the record, or of the same text and surname, it stands for.
        """
        words = regex.split(r"([\s,.\-^|>]+)", text)
        parts = [i for i in range(0, len(words), 2) if words[i] and plain(words[i]) not in _NOT_PART]
        comma = next((i for i in range(1, len(words), 2) if "," in words[i] or "^" in words[i]), None)
        if comma is None or not [i for i in parts if i > comma]:
            last = parts[-1:] if len(parts) > 1 else []
        else:
            last = [i for i in parts if i < comma]
        surname = words[last[0]] if last else ""
        known = tuple(k.value for k in patient.known if k.type in _PEOPLE)
        lasts, firsts = _names_of(known, beside)
        if len(parts) == 1:
            titled = any(FORM.fullmatch(w) for w in words)
            last = parts if titled or plain(words[parts[0]]) in lasts else []
        told_first = [i for i in parts if i not in last]
        given = frozenset(plain(words[i]) for i in told_first if i == told_first[0] or not _is_family(words[i]))
        given = given if len(parts) > 1 else firsts
        told = [*known, *(n for n in beside if surname and surname in n)]
        sexes = (_sexes((text,)), _sexes(beside))
        sex = next((of[w] for of in sexes for i in parts if (w := plain(words[i])) in of), patient.gender)
        role = partial(self._part, sex=sex, given=given, told=told, draw=draw, patient=patient)
        families = {*last, *(i for i in told_first[1:] if _is_family(words[i]))}
        return "".join(role(w, i in families) if i in parts else w for i, w in enumerate(words))

    def _part(
        self,
        word: str,
        last: bool,
        *,
        sex: str | None,
        given: frozenset[str],
        told: Sequence[str],
        draw: Draw,
        patient: PatientContext,
    ) -> str:
        name = plain(word)
        if not name:
            return word
        if len(name) == 1:
            whole = next((w for n in told for w in n.split() if len(w) > 1 and plain(w)[:1] == name), None)
            if not whole:
                return _letter(word, draw)
            return self._part(whole, last, sex=sex, given=given, told=(), draw=draw, patient=patient)[:1].upper()
        if len(name) <= _INITIALS and word.isupper() and word.isalpha() and _is_nobody(name):
            return "".join(_letter(letter, draw) for letter in word)
        pool = _pool_of(_list_of(name, last=last, given=name in given, sex=sex), _size(name))
        made = self._free(pool, name, patient, draw) or "x"
        made = made.upper() if word.isupper() else made.title() if word[0].isupper() else made
        return made + word[-2:] if word[-2:].lower() in ("'s", "’s") else made


def _is_family(word: str) -> bool:
    """Whether a word behind a first name is a surname and no first name, as the first of two surnames is."""
    lists, name = lexicon.load(), plain(word)
    return name in lists.last and name not in lists.female and name not in lists.male


def _list_of(name: str, *, last: bool, given: bool, sex: str | None) -> str:
    """Which list a name is drawn from: surnames, or first names of its own sex, else of who bears it."""
    lists = lexicon.load()
    female, male = lists.female.get(name, 1 << 20), lists.male.get(name, 1 << 20)
    listed = min(female, male) < 1 << 20
    if (last and (name in lists.last or not listed)) or not (listed or given):
        return "last"
    if female == male:
        return "female" if sex == "female" else "male"
    return "female" if female < male else "male"


_INITIALS = 3
_SEX_OF = {"mr": "male", "mrs": "female", "ms": "female", "miss": "female"}


@lru_cache(maxsize=64)
def _names_of(known: tuple[str, ...], beside: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Last words of whole names that none of them begins with, and first words, once for all pieces of a text."""
    split = [(name.partition(",")[0], name.partition(",")[2] or name) for name in (*known, *beside)]
    ends = {plain(found[-1]) for last, _ in split if (found := TOKEN.findall(last))}
    untitled = ([w for w in TOKEN.findall(first) if not FORM.fullmatch(w)] for _, first in split)
    begins = {plain(found[0]) for found in untitled if found}
    return frozenset(ends - begins), frozenset(begins - ends)


@lru_cache(maxsize=64)
def _sexes(names: tuple[str, ...]) -> dict[str, str]:
    """The sex of who is called by a word, where a title before a whole name of the text tells it."""
    told: dict[str, str] = {}
    for words in (TOKEN.findall(name) for name in names):
        sex = _SEX_OF.get(words[0].lower()) if words else None
        told |= {plain(word): sex for word in words[1:] if sex and plain(word) not in told}
    return told


def _is_nobody(name: str) -> bool:
    """Whether letters are on no list of names: initials."""
    found = lexicon.kind(name)
    return not (found.first or found.last)


_ZIP_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
# What dials a country, which stays.
_COUNTRY = re.compile(r"(?:\+|00)?1(?=[\s.\-(])|\+1(?=\d{10}(?!\d))|\+\d{1,3}(?=[\s.\-(])")
_LAST_FOUR = re.compile(r"ending(?: in)?|last (?:4|four)", re.IGNORECASE)
# In a number, what is no part of it: before an extension, behind the number of a street.
_ASIDE = re.compile(r"(?<![^\W\d_])(?:x|ext|extension|st|nd|rd|th)(?![^\W\d_])", re.IGNORECASE)
_ATTEMPTS = 20
_TURNS = 20  # names of a list that are tried
_COINED = 200
_PEOPLE = frozenset({"NAME", "GIVEN", "RELATIVE"})
_STATE_TAIL = regex.compile(
    rf"(?:,?\s+(?:{'|'.join(lexicon.POSTAL)})|,\s+(?i:{'|'.join(lexicon.STATES)}))?(?:,?\s+\d{{5}}(?:-\d{{4}})?)?\s*$"
)
_BOX = regex.compile(r"((?:P\.?\s?O\.?|Post Office)\s?Box\s+#?)(\d+)", regex.IGNORECASE)
_STREET = regex.compile(
    r"(#?\d[\w\-]*)\s+([^,\n#]+?)(?=\s*(?:,|\n|\#|$|\s(?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl)\b))",
    regex.IGNORECASE,
)
_UNIT = regex.compile(
    r"([,\s]*(?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl|Bldg|Lot|\#)\.?\s*\#?\s*)([\w\-]{1,6})", regex.IGNORECASE
)
_OLD = regex.compile(
    r"(?<!\d)(?:9\d|1\d\d)(?!\d)(?:['’]?s\b|(?:st|nd|rd|th)\b|-something\b)?|\bnineties\b"
    rf"|\b{ages.NINETIETH}\b|\b(?:ninety|one\s+hundred|a\s+hundred)(?:[\s\-]+(?:and\s+)?(?:one|two|three|four|five|six|seven"
    r"|eight|nine|ten|eleven|twelve))?\b|\b(?:nonage|cente)narian\b",
    regex.IGNORECASE,
)


def _age(text: str) -> str:
    """An age over 89 as 90+, the words around it as they are; a younger one that may not stay goes."""
    return str(_OLD.sub("90+", text, count=1)) if _OLD.search(text) else "[AGE]"


def _bare(text: str) -> str:
    """Letters and digits only, to compare values however they are written."""
    return "".join(c for c in text.casefold() if c.isalnum())


def _like(found: str, made: str) -> str:
    return made.upper() if found.isupper() else made.lower() if found.islower() else made


def _of_a_kind(text: str) -> tuple[str, str]:
    """The name of a facility or employer without the words for what it is, and the last of these behind a blank."""
    words = text.split()
    told = [w.strip(",.").lower() in _FACILITY_WORDS for w in words]
    last = max((i + 1 for i, kept in enumerate(told) if kept), default=0)
    first = next((i for i in range(last, 0, -1) if not told[i - 1]), 0)
    name = [w for w, kept in zip(words, told, strict=True) if not kept]
    return " ".join(name) or text, "".join(f" {w.strip(',.').title()}" for w in words[first:last])


def _letter(word: str, draw: Draw) -> str:
    """Another letter of the same case."""
    made = chr(ord("a") + (ord(plain(word)[0]) - ord("a") + 1 + draw(plain(word), 25)) % 26) if word.isascii() else "x"
    return made.upper() if word.isupper() else made


def _host(text: str, number: int) -> str:
    """An address of a machine out of the ranges kept for documents (RFC 5737, 3849 and 7042)."""
    if "." in text:
        return f"192.0.2.{1 + number}"
    sign = "-" if "-" in text else ":"
    return (
        sign.join(("00", "00", "5e", "00", "53", f"{number:02x}"))
        if text.count(sign) == 5
        else f"2001:db8::{1 + number:x}"
    )


_DIGITS = "zero one two three four five six seven eight nine".split()
_SAID = re.compile(rf"(?:(?:double\s+)?{DIGIT_SAID}[\s,\-]*)+", re.IGNORECASE)


def _said(text: str, draw: Draw) -> str:
    """A number told in words, each digit another one."""

    def other(match: re.Match[str]) -> str:
        at = _DIGITS.index(match[0].lower()) if match[0].lower() in _DIGITS else 0
        return _like(match[0], _DIGITS[(at + 1 + draw(f"{text.lower()}|{match.start()}", 9)) % 10])

    return re.sub(DIGIT_SAID, other, text, flags=re.IGNORECASE)


def _signs(text: str, draw: Draw, start: str, stay: re.Pattern[str] | None = None) -> str:
    """Each digit and letter of a number replaced; its signs stay, and the words for what it is that are to stay."""
    told = _bare(text)  # however it is written, it is one number
    source = iter(start + f"{draw(told, 10**18):018d}" + f"{draw(told + '|', 10**18):018d}" * 3)
    chosen = f"{draw(told + '|a', 16**12):012x}"
    staying = {i for match in stay.finditer(text) for i in range(*match.span())} if stay else ()
    out = []
    for i, char in enumerate(text):
        if char.isdigit():
            out.append(next(source, "0"))
        elif char.isalpha() and i not in staying:
            made = "abcdefghjkmnprstuvwxyz"[(int(chosen[i % len(chosen)], 16) + ord(char) + i) % 22]
            out.append(made.upper() if char.isupper() else made)
        else:
            out.append(char)
    return "".join(out)
