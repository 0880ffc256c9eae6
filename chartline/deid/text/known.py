"""Values that the patient's own record tells, found in every form in which a clinician may write them again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import regex
from ahocorasick_rs import AhoCorasick

from chartline.deid.context import PatientContext
from chartline.deid.text import normalise, spelling
from chartline.deid.text.lexicon import kind, plain
from chartline.deid.text.reading import NO_INITIALS, PLAIN
from chartline.deid.text.spans import Found
from chartline.deid.text.spelling import UNPARTED, folded, solid
from chartline.fhir.known import Known

_TYPES = {
    "NAME": "NAME",
    "GIVEN": "NAME",
    "FAMILY": "NAME",
    "RELATIVE": "NAME",
    "STAFF": "NAME",
    "PHONE": "PHONE",
    "EMAIL": "EMAIL",
    "STREET": "ADDRESS",
    "CITY": "LOCATION",
    "ZIP": "ZIP",
    "SSN": "SSN",
    "MRN": "MRN",
    "ID": "ID",
    "URL": "URL",
    "BIRTHDATE": "DATE",
    "ORGANIZATION": "FACILITY",
}


@dataclass(frozen=True)
class Rule:
    """A pattern of forms of values of one type.

    Attributes:
        type: of what it finds.
        pattern: the forms.
        unsure: whether a match needs a context, for it may be a common word.
    """

    type: str
    pattern: regex.Pattern[str]
    unsure: bool


def find(text: str, patient: PatientContext, providers: Providers | None = None) -> Iterator[Found]:
    """Every known value of the patient, and of the providers, in a text."""
    if patient.known:
        known = _as_read(patient.known)
        held, alone = solid(folded(text)), _words_of(text)
        yield from _matches(text, _own_rules(held, alone, _as_kept(known)), "known")
        yield from _near(text, known)
        yield from _initials(text, known)
        yield from _read_again(text, known)
        yield from _over_gaps(text, held, alone, known)
        yield from _last_digits(text, held, known)
        yield from _birthday(text, held, known)
        yield from _spread(text, held, known)
    if providers is not None:
        yield from _matches(text, providers.rules(text), "known-provider")


_PARTS_NAMES = regex.compile(r"[*/_;+&|\\]+")


@lru_cache(maxsize=256)
def _as_read(known: tuple[Known, ...]) -> tuple[Known, ...]:
    """The values as a text that holds them is read: letters that look like others, signs set between names."""
    return tuple(dict.fromkeys(Known(k.type, v) for k in known for v in _readings(k.type, k.value) if v))


def _readings(of: str, value: str) -> Iterator[str]:
    read = normalise.normalise(value).text
    yield _PARTS_NAMES.sub(" ", read).strip() if of in spelling.PERSONS else read
    if of in spelling.PERSONS and not value.isascii() and read != value:
        # Of some letters only the capital, or only the small one, looks like another.
        yield from (normalise.normalise(form).text for form in (value.upper(), value.lower()))


def _read_again(text: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """What is known where a scan or a system divided a word or lost a letter of it."""
    for reading in normalise.again(text):
        read = reading.normal.text
        told = _without_letters(known) if reading.lost else known
        yield from _across(reading, _own_rules(solid(folded(read)), _words_of(read), told))


def _over_gaps(text: str, held: str, alone: frozenset[str], known: tuple[Known, ...]) -> Iterator[Found]:
    """What is known and written over cells of a table, quoted lines or wide blanks: they change no word."""
    # Blanks between names are among their forms, however many.
    told = known if "|" in text or ">" in text else _but_names(known)
    rules = tuple(_own_rules(held, alone, told))
    reading = normalise.closed(text) if rules else None
    if reading is not None:
        yield from _across(reading, rules)


def _across(reading: normalise.Again, rules: Iterable[Rule]) -> Iterator[Found]:
    """What is known in another reading of a text where it lies over what that changed."""
    for found in _matches(reading.normal.text, rules, "known-again"):
        if any(found.start - reading.lost < at < found.end for at in reading.changed):
            yield Found(*reading.normal.back(found.start, found.end), found.type, found.source)


@lru_cache(maxsize=256)
def _but_names(known: tuple[Known, ...]) -> tuple[Known, ...]:
    return tuple(k for k in known if k.type not in spelling.PERSONS)


def _spread(text: str, held: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """Long names that a scan or a layout wrote with gaps in them: ``Halv orsen``, ``H alvorsen``."""
    told = [name for name in _long_names(known) if name in held]
    plainly = folded(text).lower() if told else ""
    for name in told:
        if held.count(name) > plainly.count(name):
            for m in _with_gaps(name).finditer(plainly):
                pieces = _PIECE.findall(m.group())
                if len(pieces) > 1 and any(map(_no_word, pieces)):
                    yield Found(m.start(), m.end(), "NAME", "known-spread")


def _no_word(piece: str) -> bool:
    """Whether letters between gaps are no word, nor what is left of one behind an apostrophe."""
    return piece not in "aist" if len(piece) == 1 else not kind(piece).word and plain(piece) not in PLAIN


@lru_cache(maxsize=256)
def _long_names(known: tuple[Known, ...]) -> tuple[str, ...]:
    """Names of six letters and more that are no word."""
    named = (n for k in known if k.type in spelling.PERSONS for n in spelling.pieces(spelling.name_words(k.value)))
    return tuple(dict.fromkeys(n for n in named if len(n) >= _LONG and n.isascii() and not kind(n).word))


@lru_cache(maxsize=1024)
def _with_gaps(name: str) -> regex.Pattern[str]:
    return regex.compile(r"(?<!\p{L})" + r"[\s.\-_]{0,3}".join(name) + r"(?!\p{L})")


@lru_cache(maxsize=256)
def _without_letters(known: tuple[Known, ...]) -> tuple[Known, ...]:
    """The names without the letters that ASCII lacks."""
    names = (k for k in known if k.type in spelling.PERSONS and not k.value.isascii())
    return tuple(Known(k.type, "".join(filter(str.isascii, k.value))) for k in names)


@lru_cache(maxsize=256)
def _as_kept(known: tuple[Known, ...]) -> tuple[Known, ...]:
    """The values, and long names as a system keeps them that knows ASCII only."""
    kept = (k for k in _without_letters(known) if len(k.value) > _LONG - 2 and not kind(k.value).word)
    return tuple(dict.fromkeys([*known, *kept]))


_PIECE = regex.compile(r"[^\W\d_]+")


def _words_of(text: str) -> frozenset[str]:
    return frozenset(_PIECE.findall(folded(text).lower()))


def _own_rules(held: str, alone: frozenset[str], known: tuple[Known, ...]) -> Iterator[Rule]:
    """The patterns of the patient's values that a text may hold: a piece of them somewhere, short ones as a word.

    Args:
        held: the text as ``solid`` reads it.
        alone: its words.
        known: the values.
    """
    names: dict[Known, tuple[_Forms, _Forms, tuple[str, ...]]] = {}
    for value in known:
        short = spelling.short_names(value)
        if any(n in (alone if n in short else held) for n in spelling.own_needles(value)):
            names = names or _fresh(known)
            yield from _of_name(*names[value]) if value in names else _alone(value)
    codes = _codes(known)
    if any(code in held for code in codes):
        yield _coded_rule(codes)


_Forms = tuple[spelling.Form, ...]


@lru_cache(maxsize=256)
def _fresh(known: tuple[Known, ...]) -> dict[Known, tuple[_Forms, _Forms, tuple[str, ...]]]:
    """Of each name the forms, the names of users, and what lies inside of a word, that no name before it has."""
    seen: set[spelling.Form | str] = set()
    made = {}
    for value in known:
        if value.type in spelling.PERSONS:
            forms = dict.fromkeys(spelling.forms(value))
            users = dict.fromkeys(form for form in spelling.own_forms(value) if form not in forms)
            inside = dict.fromkeys(spelling.glued(value))
            made[value] = (
                tuple(f for f in forms if f not in seen),
                tuple(f for f in users if f not in seen),
                tuple(f for f in inside if f not in seen),
            )
            seen.update(forms, users, inside)
    return made


@lru_cache(maxsize=4096)
def _of_name(forms: _Forms, users: _Forms, inside: tuple[str, ...]) -> tuple[Rule, ...]:
    """Patterns of a name: in one of them a name would hide the user that it begins."""
    made = [rule for group in (forms, users) for rule in _compiled(("NAME", form) for form in group)]
    return (*made, Rule("NAME", regex.compile("|".join(inside)), False)) if inside else tuple(made)


@lru_cache(maxsize=4096)
def _alone(value: Known) -> tuple[Rule, ...]:
    made = tuple(_compiled((_TYPES[value.type], form) for form in spelling.own_forms(value)))
    run_into = spelling.glued_number(value)
    return (*made, Rule(_TYPES[value.type], regex.compile(run_into), False)) if run_into else made


@lru_cache(maxsize=256)
def _codes(known: tuple[Known, ...]) -> frozenset[str]:
    return frozenset(map(solid, spelling.coded(known)))


@lru_cache(maxsize=1024)
def _coded_rule(codes: frozenset[str]) -> Rule:
    return Rule("SSN", _bounded(codes, letters=False), False)


_LIKE = str.maketrans({"ſ": "s", "ı": "i"})
"""Letters that a pattern takes for others in any case, and that ``folded`` leaves."""


class Providers:
    """The values of a cohort's providers, thousands of them: a text is searched for those of which it holds a piece."""

    def __init__(self, values: tuple[Known, ...]) -> None:
        self._values = values
        self._heard: set[Known] | None = None
        of: dict[str, list[int]] = {}
        for place, value in enumerate(values):
            for needle in spelling.needles(value):
                of.setdefault(needle, []).append(place)
        self._always = of.pop("", [])
        self._places = list(of.values())
        self._pieces = AhoCorasick(list(of))

    def __bool__(self) -> bool:
        return bool(self._values)

    @contextmanager
    def hearing(self) -> Iterator[set[Known]]:
        """Within it the values are told that the texts which are asked about may hold."""
        self._heard = set()
        try:
            yield self._heard
        finally:
            self._heard = None

    def rules(self, text: str) -> Iterator[Rule]:
        """The patterns that may match a text."""
        return chain.from_iterable(map(_of_provider, self.met(text)))

    def met(self, text: str) -> tuple[Known, ...]:
        """The values that a text may hold, in their order; whoever is hearing is told them."""
        held = solid(folded(text)).translate(_LIKE)
        hits = self._pieces.find_matches_as_indexes(held, overlapping=True)
        found = {*self._always, *(place for index in {i for i, _, _ in hits} for place in self._places[index])}
        met = tuple(self._values[place] for place in sorted(found))
        if self._heard is not None:
            self._heard.update(met)
        return met


@lru_cache(maxsize=1 << 13)
def _of_provider(value: Known) -> tuple[Rule, ...]:
    return tuple(_compiled((_TYPES[value.type], form) for form in spelling.forms(value)))


def _compiled(told: Iterable[tuple[str, spelling.Form]]) -> Iterator[Rule]:
    patterns: dict[tuple[bool, str], set[str]] = {}
    for of, (pattern, unsure) in told:
        patterns.setdefault((unsure, of), set()).add(pattern)
    for (unsure, of), made in sorted(patterns.items()):
        yield Rule(of, _bounded(made, letters=of == "NAME" and not unsure), unsure)


def _bounded(patterns: Collection[str], *, letters: bool) -> regex.Pattern[str]:
    """Any of the patterns as whole words; a name's digits are none of it (``Smith1951``)."""
    ordered = sorted(patterns, key=lambda p: (-len(p), p))
    word = rf"[^\P{{L}}{UNPARTED}]" if letters else rf"[^\W_{UNPARTED}]"
    return regex.compile(rf"(?<!{word})(?:{'|'.join(ordered)})(?!{word})", regex.IGNORECASE)


_TWO_SENTENCES = regex.compile(r"\p{Ll}{3}\. ")


def _matches(text: str, rules: Iterable[Rule], source: str) -> Iterator[Found]:
    plain_text = folded(text)
    for rule in rules:
        for m in rule.pattern.finditer(plain_text):
            if rule.unsure and not _meant(rule.type, text, m.start(), m.end()):
                continue
            if not (rule.type == "NAME" and _no_name(text, m.start(), m.end())):
                yield Found(m.start(), m.end(), rule.type, source)


def _no_name(text: str, start: int, end: int) -> bool:
    """Whether a name's words are none here: of two sentences (``gamma ray. price of insulin``) or of medicine."""
    piece = text[start:end]
    return bool(piece.islower() and _TWO_SENTENCES.search(piece)) or _of_medicine(text, start, end)


# What only medicine has: a patient has a score, a test and a sign too.
_THING = regex.compile(
    r"(?:['’]?s|['’])?[\s\-](?i:disease|syndrome|palsy|catheter|phenomenon|lymphoma|contracture|ophthalmopathy|encephalopathy)\b"
)


# What a laboratory measures by a sign that is also a name, with its value, or alone as the name of the test.
_ANALYTE = regex.compile(r"(?:Na|NA|Li|LI|Ca|CA|Mg|MG|Fe|FE|Al|AL|Cl|CL)")
_MEASURED = regex.compile(r"\s?[:=]?\s?[<>]?\d")


def _of_medicine(text: str, start: int, end: int) -> bool:
    """Whether a name is that of a thing of medicine: ``Bell`` of ``Bell's palsy``, not of ``Mr. Bell's palsy``."""
    if _ANALYTE.fullmatch(text, start, end):
        return _MEASURED.match(text, end) is not None or not f"{text[:start]}{text[end:]}".strip()
    return _THING.match(text, end) is not None and kind(text[start:end]).eponym and not _before(_TITLED, text, start)


# --- pieces of numbers and days ----------------------------------------------------------------------

_OF_MORE = regex.compile(
    r"(?i:\bend(?:s|ing)?(?:\s(?:in|with))?|\b(?:last|final)[\s\-](?:4|four)(?:\s\p{L}+){0,4}|[x*•.#…]{2})"
    r"[\s\-:=#(|]{0,8}(?P<four>\d{4})(?![^\W_])"
)


def _last_digits(text: str, held: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """The last four of a number where something tells that there was more."""
    fours = {four: of for four, of in _fours(known).items() if four in held}
    for m in _OF_MORE.finditer(text) if fours else ():
        if m["four"] in fours:
            yield Found(m.start("four"), m.end("four"), fours[m["four"]], "known")


@lru_cache(maxsize=256)
def _fours(known: tuple[Known, ...]) -> dict[str, str]:
    """The last four of each number of the patient, with what they are of."""
    return {four: _TYPES[value.type] for value in known if (four := spelling.last_four(value))}


_BORN = regex.compile(
    r"(?i:\b(?:born|birth\s?day|dob|turn(?:s|ed)\s\d{1,3})(?:\s(?:is|was|on|the)){0,2})[\s:|]{1,4}"
    r"(?P<day>\d\d?-\d\d?)(?![\-\w])"
)


def _birthday(text: str, held: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """The day of birth without its year and with a hyphen, as shares are not written, where it is told as one."""
    days = _days(known)
    held_one = any(day.replace("-", "") in held for day in days)
    for m in _BORN.finditer(text) if held_one else ():
        if m["day"] in days:
            yield Found(m.start("day"), m.end("day"), "DATE", "known")


@lru_cache(maxsize=256)
def _days(known: tuple[Known, ...]) -> frozenset[str]:
    """The day of birth with and without zeros: ``3-7`` and ``03-07``."""
    told = ((k.value[5:7], k.value[8:10]) for k in known if k.type == "BIRTHDATE" and len(k.value) == 10)
    return frozenset(
        f"{m}-{d}" for month, day in told for m in (month, month.lstrip("0")) for d in (day, day.lstrip("0"))
    )


# --- words that are also names -----------------------------------------------------------------------

_TITLED = regex.compile(r"(?i:\b(?:mr|mrs|ms|miss|mx|dr|named?|called|dear)\b\.?[\s:,]+)$")
_OF_PERSON = regex.compile(
    r"(?i:\b(?:patient|pt|mother|mom|father|dad|son|daughter|wife|husband|sister|brother|partner|nurse|resident|client)\b[\s:,]+)$"
)
_SPOKEN_WITH = regex.compile(
    r"(?i:\b(?:spoke|speak|spoken|talked|met|discussed|seen|saw|called|visited|phoned|paged|reviewed)\s(?:with\s|w/?\s|by\s|to\s)?(?:pt\s|patient\s)?)$"
)
_PLACED = regex.compile(r"(?i:\b(?:in|from|near|outside|around|city of|town of|home to|to|of|via)\s+)$")
_PLACE_OF = regex.compile(r"(?i:[\s\-](?:resident|native|area|based|born)\b)")
_ON = regex.compile(r"(?i:\b(?:on|off|near|along|at|from|to|around|of)\s(?:the\s|old\s)?)$")
_HOUSED = regex.compile(
    r"(?i:\b(?:liv(?:es?|ed|ing)|resid\p{L}+|hous?e|home|stay(?:s|ed|ing)?|moved|address|corner|place)\s(?:\p{L}+\s)?"
    r"(?:on|off|near|along|at|to|of)\s(?:the\s)?)$"
)
_AT = regex.compile(r"(?i:\b(?:at|from|to|via|for|by|the)\s)$")
_PERSON_DOES = regex.compile(
    r"\s+(?:is|was|has|had|reports|reported|denies|denied|presents|presented|states?|stated|complains|comes|came|lives|appears|feels"
    r"|says?|said|describes?|continues|returns|remains|takes|works|smokes|drinks|uses|underwent|who|and\s+(?:his|her)|will|would"
    r"|agrees|agreed|called|wants|arrived|asked|tolerated|ambulated)\b"
    r"|,?\s+(?:a|an)\s+\d|['’]s\b|\s+(?:\p{Lu}['’]?\s)?\p{Lu}\p{Ll}+"
)
_DOES = regex.compile(
    r"(?i:\s+(?:is|was|has|had|reports|reported|denies|denied|presents|presented|states|stated|complains|comes|came|lives|appears|feels"
    r"|says|said|describes|continues|returns|remains|takes|works|smokes|drinks|uses|underwent|tolerated|ambulated|agrees|agreed"
    r"|wants|asks|asked|called|arrived|stable|seen|alert|doing|feeling|resting|sleeping|sitting|admitted|discharged|transferred"
    r"|at\sbedside|by\sphone|in\s(?:am|pm|bed|clinic))\b)"
)
_NO_PERSON = regex.compile(r"\s(?:of|for|that|the|this|an?|levels?|counts?)\s")
_AHEAD = 24  # letters in which what tells of a person, a place or a street stands
_BESIDE = 6  # letters that tell whether all is written in capitals


def _meant(of: str, text: str, start: int, end: int) -> bool:
    """Whether a word that is also a name is one here."""
    if of == "LOCATION":
        # A word that few people know is a town where it is written as one: ``Yakima``, not ``Mobile`` or ``Orange``.
        placed = _before(_PLACED, text, start) or _PLACE_OF.match(text, end) is not None
        return placed or _named(text, start, end) or (_is_rare(text[start:end]) and _capital(text, start, end))
    if of == "ADDRESS":
        return _before(_HOUSED, text, start) or (_capital(text, start, end) and _before(_ON, text, start))
    if of == "FACILITY":
        return _before(_AT, text, start) or _named(text, start, end)
    return _a_person(text, start, end)


def _a_person(text: str, start: int, end: int) -> bool:
    if _before(_TITLED, text, start):
        return True
    if not _capital(text, start, end):
        of_person = _before(_OF_PERSON, text, start)
        told = _is_rare(text[start:end])
        return _before(_SPOKEN_WITH, text, start) or (of_person and (told or _DOES.match(text, end) is not None))
    if plain(text[start:end]) not in PLAIN:
        return not (_starts_sentence(text, start) and _NO_PERSON.match(text, end))
    does = _PERSON_DOES.match(text, end) is not None
    return does or not _starts_sentence(text, start) or _before(_OF_PERSON, text, start)


def _is_rare(word: str) -> bool:
    """Whether few people use a word: it is likelier a name."""
    return not kind(word).everyday and plain(word) not in PLAIN


def _named(text: str, start: int, end: int) -> bool:
    return _capital(text, start, end) and not _starts_sentence(text, start)


_GAP = regex.compile(r"[\s|]*\|[\s|]*|\s{2,}")


def _before(what: regex.Pattern[str], text: str, start: int) -> bool:
    """Whether something stands before a piece, in the cell before it too."""
    return what.search(_GAP.sub(" ", text[max(0, start - _AHEAD) : start])) is not None


def _capital(text: str, start: int, end: int) -> bool:
    """Whether a piece is written with a capital where others are not."""
    if not text[start].isupper():
        return False
    around = text[max(0, start - _BESIDE) : start] + text[end : end + _BESIDE]
    return not (end - start > 2 and text[start:end].isupper() and around.isupper())


def _starts_sentence(text: str, at: int) -> bool:
    return text[max(0, at - 40) : at].rstrip(" ")[-1:] in ("", ".", "\n", ":", "-", "*", "#")


# --- one typing error --------------------------------------------------------------------------------

_LONG = 6  # letters of a name in which one may be wrong wherever it stands


def _near(text: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """Names and towns of the patient with one letter wrong, missing, doubled or swapped."""
    wanted, begun = _wanted(known)
    for m in begun.finditer(folded(text)) if wanted else ():
        word = m.group().lower().replace("'", "").replace("’", "")
        if word in wanted:
            continue
        of = next((of for n, of in wanted.items() if abs(len(word) - len(n)) < 2 and _alike(word, n)), None)
        if of and _mistakable(word, capital=m.group()[0].isupper()):
            yield Found(m.start(), m.end(), of, "known-near")


@lru_cache(maxsize=256)
def _wanted(known: tuple[Known, ...]) -> tuple[dict[str, str], regex.Pattern[str]]:
    """Names and towns of five letters and more, without accents and signs, with their types; words that begin so."""
    made: dict[str, str] = {}
    for value in known:
        if value.type in spelling.PERSONS or value.type == "CITY":
            for name in spelling.pieces(spelling.name_words(value.value)):
                long = _LONG - (value.type != "CITY") + 2 * kind(name).everyday
                if name.isascii() and len(name) >= long:
                    made.setdefault(name, _TYPES[value.type])
    first = "".join(sorted({name[0] for name in made}))
    letter = r"[^\W\d_]"
    return made, regex.compile(
        rf"(?<!{letter})(?i:[{first or 'x'}])(?:{letter}{{3,}}(?:['’]{letter}+)?|['’]{letter}{{3,}})(?!{letter})"
    )


def _alike(word: str, name: str) -> bool:
    """Whether one letter tells them apart, not the first, which writers get right."""
    return word[0] == name[0] and word[-2:] != name[-2:] + "s" and _one_apart(word, name)


def _mistakable(word: str, *, capital: bool) -> bool:
    """Whether a word is likelier a name with a typing error than itself: short ones on no list only."""
    found = kind(word)
    if found.word or found.medical:
        return False
    if len(word) >= _LONG:
        return capital or not found.everyday
    return (found.unknown or found.namely) and (capital or len(word) == _LONG - 1)


def _one_apart(a: str, b: str) -> bool:
    if len(a) == len(b):
        wrong = [i for i in range(len(a)) if a[i] != b[i]]
        swapped = (
            len(wrong) == 2 and wrong[1] == wrong[0] + 1 and a[wrong[0]] == b[wrong[1]] and a[wrong[1]] == b[wrong[0]]
        )
        return len(wrong) == 1 or swapped
    short, long = sorted((a, b), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


# --- initials ----------------------------------------------------------------------------------------

_DOTTED = frozenset("po iv im md do rn np pa pt ot am pm dc ed er ob ms mr dr st us".split())
_DOTTED_FORM = regex.compile(r"(?<!\w)\p{Lu}\.\s?(?:\p{Lu}\.\s?)?\p{Lu}(?:\.|(?!\w))")
_SOLID_FORM = regex.compile(
    r"(?<!\w)(?:(?<=\b(?i:pt|patient|client|resident|mr|mrs|ms|miss|mx|initials)[.:]?[\s|]{1,4})\p{Lu}{2,3}(?!\w)"
    rf"|\p{{Lu}}{{2,3}}(?!\w)(?={_PERSON_DOES.pattern}))"
)


def _initials(text: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """``J.S.`` and ``J.Q.S.``, and ``JS`` where a patient is named or somebody does what people do."""
    wanted = _initials_of(known)
    if not wanted:
        return
    plainly, alone = folded(text), wanted - NO_INITIALS
    for m in _DOTTED_FORM.finditer(plainly):
        first, *others = (c for c in m.group().lower() if c.isalpha())
        if not wanted.isdisjoint(first + c for c in others):
            yield Found(m.start(), m.end(), "NAME", "known")
    for m in _SOLID_FORM.finditer(plainly):
        letters = m.group().lower()
        labelled = plainly[max(0, m.start() - 12) : m.start()].lower().rstrip(":| \r\n").endswith("initials")
        if letters[0] + letters[-1] in (wanted if labelled else alone):
            yield Found(m.start(), m.end(), "NAME", "known")


@lru_cache(maxsize=1024)
def _initials_of(known: tuple[Known, ...]) -> frozenset[str]:
    """First letters of the first and of another name of the patient and the relatives, in lower case."""
    named = (spelling.name_words(value.value) for value in known if value.type in ("NAME", "RELATIVE"))
    letters = (f"{first[0]}{other[0]}".lower() for first, *others in filter(None, named) for other in others)
    return frozenset(two for two in letters if two.isalpha()) - _DOTTED
