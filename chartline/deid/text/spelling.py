"""How clinicians may write what the record tells: patterns of each form of a value, and what a text must hold of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache, lru_cache

import regex

from chartline.deid.text import datetext, lexicon
from chartline.deid.text.lexicon import kind, plain
from chartline.fhir.known import Known

Form = tuple[str, bool]
"""A pattern, and whether a match needs more than itself: it may be a common word."""

_WHOLE_NAMES = frozenset({"NAME", "RELATIVE", "STAFF"})
PERSONS = _WHOLE_NAMES | {"GIVEN", "FAMILY"}
_NUMBERS = frozenset({"PHONE", "SSN", "MRN", "ID"})
_WHOLE = 4  # letters from which a name that is no word is one wherever it stands


@cache
def _called() -> dict[str, tuple[str, ...]]:
    """First names, each with those that may stand for it: the short of a long one, the long of a short one."""
    made: dict[str, list[str]] = {}
    for line in lexicon.lines("nicknames"):
        full, *short = line.split()
        made.setdefault(full, []).extend(short)
        for name in short:
            made.setdefault(name, []).append(full)
    return {name: tuple(dict.fromkeys(others)) for name, others in made.items()}


def called(first: str) -> tuple[str, ...]:
    """What a person of a first name may be called besides, in lower case."""
    return _called().get(first.lower(), ())


# --- letters -----------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def folded(text: str) -> str:
    """The text without accents, character for character, so that offsets stay."""
    return text if text.isascii() else "".join(map(_base, text))


@lru_cache(maxsize=4096)
def _base(char: str) -> str:
    made = plain(char)
    return (made.upper() if char.isupper() else made) if len(made) == 1 else char


def solid(text: str) -> str:
    """The letters and digits of a text, without case and whatever stands between them."""
    return "".join(filter(str.isalnum, text.lower().replace("ʼ", "")))


def words(value: str) -> list[str]:
    """The words of a value without accents."""
    return [w for w in regex.split(r"[\s,.]+", folded(value)) if any(c.isalnum() for c in w)]


_TITLES = frozenset("dr mr mrs ms miss mx prof rev sr jr md do phd rn np pa dds dpm ii iii iv esq".split())


@lru_cache(maxsize=1 << 14)
def name_words(value: str) -> tuple[str, ...]:
    """The words of a whole name, first names first, without titles: of ``Doe, Jane Q.`` too."""
    before, _, after = value.partition(",")
    named = [w for w in words(after) if w.lower() not in _TITLES]
    told = [*named, *words(before)] if named else words(before)
    return tuple(w for w in told if w.lower() not in _TITLES) or tuple(told)


# Letters that two others stand for where the keyboard lacks them.
_TWO = {"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th"}


def _letter(char: str) -> str:
    if char in "'’ʼ`":
        return "['’ʼ`]?"
    if char == "-":
        return r"[\s\-]?"
    two = _TWO.get(char.lower())
    return f"(?:{char}|{two})" if two else regex.escape(char)


def _spelled(word: str) -> str:
    """A pattern of a word with or without its apostrophes and hyphens, which clinicians drop."""
    return "".join(map(_letter, word))


_BETWEEN = r"(?:[\s,.'’_\-/|;^+]{1,3}|\s{1,16})"


def _loose(parts: Iterable[str]) -> str:
    return _BETWEEN.join(map(_spelled, parts))


def _either(forms: Iterable[str]) -> str:
    return rf"(?:{'|'.join(sorted(dict.fromkeys(forms), key=lambda f: (-len(f), f)))})"


# --- what a text must hold ---------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def needles(known: Known) -> tuple[str, ...]:
    """Pieces of which every one of a value's ``forms`` holds at least one, as ``solid`` reads it."""
    value = folded(known.value)
    return tuple(dict.fromkeys(map(solid, _needles(known.type, value)))) if value.isascii() else ("",)


@lru_cache(maxsize=1 << 14)
def own_needles(known: Known) -> tuple[str, ...]:
    """As ``needles``, for ``own_forms``."""
    value = folded(known.value)
    parts = words(value)
    more: list[str] = []
    if known.type == "STREET":
        unit = _unit_at(parts)
        more = [f"{home}{parts[-1]}" for home in _HOMES] if unit < len(parts) - 1 else []
    elif known.type == "ORGANIZATION":
        more = [_acronym(parts), *parts[:1]]
    elif known.type == "EMAIL":
        more = [value.partition("@")[0]]
    return tuple(dict.fromkeys([*needles(known), *(solid(n) for n in more if n)]))


@lru_cache(maxsize=1 << 14)
def short_names(known: Known) -> frozenset[str]:
    """Needles that nearly any text holds somewhere and that tell only as words: ``mo`` of Maureen."""
    if known.type not in PERSONS:
        return frozenset()
    names = name_words(known.value)
    others = {n for name in (*names, known.value) for n in called(name) if len(n) < _WHOLE}
    return frozenset(others - set(map(solid, names)))


def _needles(of: str, value: str) -> list[str]:
    parts = words(value)
    if of in PERSONS:
        names = name_words(value) if of in _WHOLE_NAMES else (value,)
        found = [regex.sub(r"\d+$", "", p) for name in names for p in (name, *_pieces(name))]
        return found + [n for name in names for n in called(name)]
    if of in _NUMBERS:
        number = _bare_number(of, value)
        digits = regex.sub(r"\D", "", number)
        local = digits[-7:] if len(digits) > 9 else digits
        return [local] if of == "PHONE" else [number.lstrip("0"), digits.lstrip("0")]
    if of == "BIRTHDATE":
        months, days = ((part, part.lstrip("0")) for part in (value[5:7], value[8:10]))
        return [*(a + b for m in months for d in days for a, b in ((m, d), (d, m))), *_month(value)]
    if of == "STREET":
        if _unit_at(parts) == 0:
            return [value]
        box = _BOX.search(value)
        said = [w for w in _core(parts) if w.lower() not in _STREET_WORDS]
        return [box["b"]] if box else [max(said or [""], key=len)]
    if of == "ORGANIZATION":
        return [max([p for p in parts if p.lower() not in _FACILITY_WORDS] or [""], key=len).rstrip("sS")]
    if of == "EMAIL" and "@" in value:
        return [max(value.partition("@")[0].split("."), key=len)]
    if of == "CITY":
        return [max(parts, key=len, default="")]
    return [value[:5] if of == "ZIP" else value]


# --- forms -------------------------------------------------------------------------------------------


def forms(known: Known) -> Iterator[Form]:
    """The forms of a value of whomever."""
    value = folded(known.value)
    if known.type in _WHOLE_NAMES:
        yield from _name_forms(list(name_words(value)))
    elif known.type in ("GIVEN", "FAMILY"):
        yield from _part_forms(value, given=known.type == "GIVEN")
    elif known.type in _NUMBERS:
        yield from ((form, False) for form in _number_forms(known.type, value))
    elif known.type == "BIRTHDATE":
        yield from ((form, False) for form in _birth_forms(value))
    elif known.type == "STREET":
        yield from ((form, False) for form in _street_forms(value))
    elif known.type == "CITY":
        if len(value) > 2 and value.lower() not in lexicon.STATES:
            yield _town_form(words(value)), len(value.split()) == 1 and (kind(value).word or kind(value).medical)
    elif known.type == "ORGANIZATION":
        yield from _facility_forms(words(value))
    elif known.type == "ZIP":
        if len(value) >= 5:
            yield (
                regex.escape(value[:5]) + (rf"(?:[\s\-]?{regex.escape(value[5:].strip('- '))})?" if value[5:] else ""),
                False,
            )
    elif known.type == "EMAIL" and "@" in value:
        yield _email_form(value), False
    elif len(value) > 4:
        yield regex.escape(value), False


def own_forms(known: Known) -> Iterator[Form]:
    """The forms of a value of the patient: those of whomever, and what is short for it in the patient's own notes."""
    yield from forms(known)
    value = folded(known.value)
    if known.type in ("NAME", "RELATIVE"):
        yield from _handle_forms([_letters(w) for w in name_words(value)])
    elif known.type == "STREET":
        yield from _street_names(value)
    elif known.type == "ORGANIZATION":
        yield from _facility_names(words(value))
    elif known.type == "EMAIL":
        yield from _user_forms(value.partition("@")[0])


# --- names -------------------------------------------------------------------------------------------

# Parts of family names that are never one alone.
_PARTICLES = frozenset(
    """
    van von der den dem de del della degli di da do dos das du la las le les los el al bin ibn abu san santa ten ter y e
    i
    """.split()
)


def _pieces(name: str) -> list[str]:
    """The names that hyphens or spaces join in one; none of a name that is one."""
    parts = [p for p in regex.split(r"[\s\-]+", name) if p]
    return [p for p in parts if len(p) > 2 and p.lower() not in _PARTICLES] if len(parts) > 1 else []


def pieces(names: Iterable[str]) -> list[str]:
    """The letters of names and of those that hyphens join in one, in lower case."""
    return [p for name in names for piece in (_pieces(name) or [name]) if (p := _letters(piece).lower())]


def _letters(word: str) -> str:
    return "".join(filter(str.isalpha, word))


def _name_forms(names: list[str]) -> Iterator[Form]:
    if len(names) < 2:
        if names:
            yield from _part_forms(names[0], given=True)
        return
    first, *middle, last = names
    rest = _loose([*middle, last])
    yield _loose(names), False
    yield rf"{_spelled(first)}\s+(?-i:\p{{Lu}})\w*\.?\s+{rest}", False
    # Where the family name begins is not told: of ``Jo Ann Van der Berg`` every part may be it.
    for i in range(1, len(names)):
        family, before = _loose(names[i:]), _loose(names[:i])
        words_only = all(kind(w).word for w in names[i:])
        yield rf"{family},\s*{before}", False
        yield rf"{family}\s+{before}", words_only
        yield rf"{family},\s*(?-i:{regex.escape(first[0].upper())})\b\.?", False
        # ``A Young`` is a person, ``a young`` and ``A young`` are not.
        cased = rf"(?-i:{family}|{_loose([w.upper() for w in names[i:]])})" if words_only else family
        initial = rf"(?-i:{regex.escape(first[0].upper())})" if words_only else regex.escape(first[0])
        yield rf"{initial}\.?\s*(?:\w\.?\s+)?(?<=[\s.]){cased}", False
        if len(names) - i > 1:
            yield rf"{family}s?", False
    yield rf"{_loose([last])},\s*{_loose([first])}", False
    yield rf"{_loose([last])}\s+{_loose([first])}", kind(last).word
    for i in range(1, len(names)):
        # A middle name is told by the record more often than by the note.
        tail = names[i:]
        if i > 1:
            yield _loose([first, *tail]), False
            yield rf"{_loose(tail)},?\s*{_spelled(first)}", False
        for parts in ([*names[:i], *tail], [first, *tail], [*tail, first]):
            joined = "".join(parts)
            if len(joined) > 3 and not kind(joined).word:
                yield _spelled(joined), False
    yield rf"{_spelled(first)}\s+{regex.escape(last[0])}\b\.?", not len(first) > 3
    for short in called(first):
        yield rf"{short}\s+{_spelled(last)}", False
    for name in names:
        yield from _part_forms(name, given=name == first)


# Three capitals are an abbreviation (``TED hose``) but where a person is spoken of.
_TO_PERSON = (
    r"(?:(?:spoke|talked|met|visited|seen|discussed)\s(?:with|w/|to|by)|called|named?|dear|mr|mrs|ms|miss|cc)[.:]?\s"
)
_PERSON_SAYS = r"\s(?:says|said|reports|denies|states|stated|came|feels|lives|agrees|wants|asks|called|complains)\b"


UNPARTED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
"""Scripts that put nothing between words, or nothing between a name and what is said of it."""
_IN_SYLLABLES = regex.compile(rf"[{UNPARTED}]{{2,}}")


def _part_forms(name: str, *, given: bool) -> Iterator[Form]:
    if _IN_SYLLABLES.fullmatch(name):
        yield name, False
        return
    for part in (name, *_pieces(name)):
        found, letters = kind(part), sum(c.isalnum() for c in part)
        if letters > 2:
            yield _spelled(part), found.word or letters < _WHOLE
        elif letters == len(part) == 2:
            # ``Li`` and ``Ng`` are people where they are written as names are; ``NG`` and ``ho`` are not.
            yield rf"(?-i:{regex.escape(part[0].upper() + part[1].lower())})", True
        if letters > 2 and not given:
            many = f"{part}es" if part[-1] in "sxz" else f"{part}s"
            yield _spelled(many), found.word or letters < _WHOLE or kind(many).word
    if given:
        for other in called(name):
            short = len(other) < _WHOLE
            yield (rf"(?-i:{other.title()}|{other})" if short else other), short or kind(other).word
            if short and not (kind(other).word or kind(other).medical):
                up = other.upper()
                yield rf"(?-i:{up})(?<=\b(?:{_TO_PERSON}{up}|{up}(?={_PERSON_SAYS})))", False
    # Synthea writes a number behind each name; clinicians drop it.
    bare = regex.sub(r"\d+$", "", name)
    if bare != name and len(bare) > 2:
        yield regex.escape(bare), kind(bare).word


def _handle_forms(names: list[str]) -> Iterator[Form]:
    """Names of users and files made of a name: ``jsmith42``, ``smith_john``, ``johns``."""
    names = [n for n in names if n]
    if len(names) < 2:
        return
    first, *middle, last = names
    heads = [first[0], *([first[0] + middle[0][0], "".join(names[:-1])] if middle else []), first, *called(first)]
    tails = dict.fromkeys("".join(names[i:]) for i in range(1, len(names)))
    long = [t for t in tails if len(t) > 2]
    number = r"(?:[._\-]?\d{1,4})?"
    if long:
        common = [w for h in heads for t in long for w in (h + t, t + h) if kind(w).word or kind(w).medical]
        but = rf"(?!{_either(common)}(?![^\W_]))" if common else ""
        yield rf"{but}{_either(heads)}[._\-]?{_either(long)}{number}", False
        yield rf"{but}{_either(long)}[._\-]?{_either(heads)}{number}", False
    if len(first) > 3 and not kind(first + last[0]).word:
        yield rf"{first}[._\-]?{last[0]}{number}", False
    for name in (first, *tails):
        if len(name) > 2:
            yield rf"{name}[._\-]?\d{{2,4}}", kind(name).word
        if len(name) > 3 and name[:3].lower() not in _MONTHS:
            yield rf"{name}\d{{2,4}}", False


def glued(known: Known) -> Iterator[str]:
    """Patterns of a whole name in one word, wherever in it, and of its parts in a word with inner capitals."""
    told = [w for w in name_words(known.value) if _letters(w)] if known.type in PERSONS else []
    names = list(map(_letters, told))
    if known.type in ("NAME", "RELATIVE") and len(names) > 1:
        for pair in ((told[0], told[-1]), (told[-1], told[0]), (*told[:-1], told[-1])):
            letters = sum(len(_letters(n)) for n in pair)
            if letters > 7:
                yield rf"(?i:{''.join(map(_spelled, pair))})"
            elif letters > 3:
                yield rf"(?<!\p{{Lu}}){''.join(n.title() for n in pair)}(?!\p{{Ll}})"
    for name in (*names, *(_letters(p) for w in told for p in _pieces(w))):
        if len(name) >= _WHOLE and not kind(name).word and not kind(name).medical:
            written = _either([name.title(), name[0].upper() + name[1:]])
            yield rf"(?<=\p{{Ll}}){written}(?!\p{{Ll}})|(?<!\p{{L}}){written}(?=\p{{Lu}}\p{{Ll}})"


# --- numbers -----------------------------------------------------------------------------------------

_RUN_INTO = 7  # digits and letters of a number that is known also where words ran into it
_EXTENSION = regex.compile(r"[\s,;]*(?:x|ext|extn|extension|\#)[.:]?\s*(\d{1,6})\s*$", regex.IGNORECASE)
_SIGNS = r"[\s.\-()/_:|*+]"


def _bare_number(of: str, value: str) -> str:
    """The digits and letters of a number, of a telephone's without its extension."""
    return str(regex.sub(r"[^0-9A-Za-z]", "", _EXTENSION.sub("", value) if of == "PHONE" else value))


def _number_forms(of: str, value: str) -> Iterator[str]:
    number = _bare_number(of, value)
    if len(number) < 4 or not any(c.isdigit() for c in number):
        return
    digits, extension = regex.sub(r"\D", "", number), _EXTENSION.search(value) if of == "PHONE" else None
    apart = rf"{_SIGNS}{{0,{4 if len(number) > 8 else 2}}}"
    behind = rf"(?:[\s,;]*(?:x|ext|extn|extension|\#)?[.:]?\s*{extension[1]})?" if extension else ""
    if of == "PHONE":
        apart = r"[\s.\-()/_,:|*+]{0,4}"
        local = digits[-10:]
        away = rf"(?:\+?1{apart})?"
        if len(local) == 10:
            yield rf"(?:{away}{apart.join(local[:3])}{apart})?{apart.join(local[3:])}{behind}"
        else:
            yield rf"{away}{apart.join(local)}{behind}"
        if digits != local:
            yield apart.join(digits) + behind
        return
    # Zeros before a number and a letter at its ends are of the system that printed it.
    bare, sign = number.lstrip("0"), r"\p{L}?" if digits == number and len(number) > 5 else ""
    if len(bare) > 4:
        own_zeros = rf"(?:0{apart}){{0,{len(number) - len(bare)}}}" if len(number) > len(bare) else ""
        yield rf"{sign}{own_zeros}0{{0,6}}{apart.join(map(regex.escape, bare))}{sign}"
    else:
        yield rf"{sign}{apart.join(map(regex.escape, number))}{sign}"
    own = digits.lstrip("0")
    if digits != number and len(own) > 4:
        yield rf"0{{0,6}}{apart.join(own)}"


def last_four(known: Known) -> str:
    """The last digits of a number that has more; else nothing."""
    digits = regex.sub(r"\D", "", _bare_number(known.type, known.value)) if known.type in _NUMBERS else ""
    return digits[-4:] if len(digits) > 4 else ""


def glued_number(known: Known) -> str | None:
    """A pattern of a long number, or of a day of birth, that the words around it have run into (``1951Address``)."""
    value = folded(known.value)
    if known.type == "BIRTHDATE":
        forms = list(_numeric_birth_forms(value))
    else:
        number = _bare_number(known.type, value) if known.type in _NUMBERS else ""
        long = len(number) >= _RUN_INTO and sum(map(str.isdigit, number)) >= _RUN_INTO - 2
        forms = [rf"{_SIGNS}{{0,2}}".join(map(regex.escape, number))] if long else []
    return rf"(?<!\d)(?:{'|'.join(forms)})(?!\d)" if forms else None


# --- days of birth -----------------------------------------------------------------------------------


_MONTHS = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())


def day_of(value: str) -> date | None:
    """The day that a value tells; None for a month, a year or no date."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _month(value: str) -> list[str]:
    """The first letters of the month of a day."""
    day = day_of(value)
    return [datetext.MONTHS[day.month - 1][:3]] if day else []


def _numeric_birth_forms(value: str) -> Iterator[str]:
    born = day_of(value)
    if born is None:
        return
    month, day = (f"0?{n}" if n < 10 else f"{n}" for n in (born.month, born.day))
    yield rf"{born.year}[-/.]{month}[-/.]{day}"
    yield rf"{month}[-/.]{day}[-/.]{born.year}"
    yield rf"{day}[-/.]{month}[-/.]{born.year}"


def _birth_forms(value: str) -> Iterator[str]:
    born = day_of(value)
    if born is None:
        return
    month = datetext.MONTHS[born.month - 1]
    short = "Sept?" if born.month == 9 else month[:3]
    y, m, d = born.year, born.month, born.day
    mm, dd = (f"0?{n}" if n < 10 else f"{n}" for n in (m, d))
    years = rf"(?:{y}|'?{y % 100:02d})"
    apart, named = r"\s?[-/.\\_,]\s?", rf"(?:{month}|{short})\.?"
    day = rf"(?:{dd}(?:st|nd|rd|th)?|{datetext.ordinal(d).replace('-', '[ -]')})"
    yield rf"{y}{apart}{mm}{apart}{dd}"
    yield rf"{mm}{apart}{dd}{apart}{years}"
    yield rf"{dd}{apart}{mm}{apart}{years}"
    yield rf"{mm}\s{dd}\s{y}|{dd}\s{mm}\s{y}|{y}\s{mm}\s{dd}"
    # ``may 5`` and ``5 may`` are more often what may be done than a day.
    may = m == 5
    year = rf",?[\s\-/]*(?:of\s+|in\s+)?{years}"
    year = year if may else f"(?:{year})?"
    yield rf"{named}[\s\-/]*(?:the\s+)?{day}{year}"
    yield rf"(?:the\s+)?{day}[\s\-/]*(?:day\s+)?(?:of\s+)?{named}{year}"
    if may:
        yield rf"(?:the\s+)?{day}[\s\-]*(?:day\s+)?of\s+{named}"
    yield rf"{y}[\s\-]+{named}[\s\-]+{dd}(?:st|nd|rd|th)?"
    yield rf"{y}{m:02d}{d:02d}|{m:02d}{d:02d}(?:{y}|{y % 100:02d})"
    # Without a year, where it can be no share: strengths, visions and pains are told of 5, 6, 8, 10 and 12.
    padded = {f"{m:02d}/{d:02d}", f"{m:02d}/{d}", f"{m}/{d:02d}"} - {f"{m}/{d}"}
    share = d < 13 and d not in (7, 9, 11)
    days = "|".join(sorted(padded | (set() if share and padded else {f"{m}/{d}"})))
    yield rf"(?<![\d/])(?:{days})(?![/\d]|\s*(?:strength|power|pain|points?|scale|score|tabs?|days?|hours?|mg|mL|%))"


# --- addresses ---------------------------------------------------------------------------------------

_UNIT = regex.compile(r"(?i:apt|apartment|unit|suite|ste|floor|fl|room|rm|lot|trlr)|#.*")
_HOMES = "apartment apt unit suite ste room rm floor fl lot trailer trlr space spc".split()
_HOME = rf"(?:{'|'.join(_HOMES)})"
_ROUTE = r"(?:r\.?\s?r\.?|rural\s+(?:route|rte?)|route|rte?|h\.?c\.?)"
_BOX = regex.compile(
    rf"^(?:(?:p\.?\s*o\.?|post\s+office)\s*box|pob|(?P<r>{_ROUTE})\s*\#?\s*(?P<n>\d+)[,\s]*(?:box|bx))\s*\#?\s*(?P<b>\w+)",
    regex.IGNORECASE,
)


def _unit_at(parts: list[str]) -> int:
    """Where the apartment of a street line begins; its length where there is none."""
    return next((i for i, w in enumerate(parts) if i != 1 and _UNIT.fullmatch(w)), len(parts))


_STREET_GROUPS = [
    line.split()
    for line in """
    street st
    avenue ave av
    boulevard blvd
    road rd
    drive dr
    lane ln
    court ct
    circle cir
    place pl
    terrace ter terr
    trail trl
    parkway pkwy
    highway hwy
    square sq
    north n
    south s
    east e
    west w
    saint st
    mount mt
    fort ft
    """.strip().splitlines()
]
_STREET_WORDS = {
    word: sorted(dict.fromkeys(w for same in _STREET_GROUPS if word in same for w in same), key=len, reverse=True)
    for group in _STREET_GROUPS
    for word in group
}
"""Words of streets, each with those that may stand for it, the long ones first: ``st`` is a street or a saint."""
_SUFFIXES = frozenset([w for group in _STREET_GROUPS[:14] for w in group] + "way row loop path pike run".split())
_DIRECTIONS = frozenset("north n south s east e west w ne nw se sw".split())


def _street_word(word: str) -> str:
    same = _STREET_WORDS.get(word.lower())
    return rf"(?:{'|'.join(same)})" if same else _spelled(word)


def _town_form(parts: list[str]) -> str:
    """A town, of several words with the first as it is or shortened: ``St. Albans``, ``Saint Albans``."""
    if len(parts) < 2:
        return _loose(parts)
    return _BETWEEN.join([_street_word(parts[0]), *map(_spelled, parts[1:])])


def _core(parts: list[str]) -> list[str]:
    """The name of a street line's street, without number, direction, kind and apartment."""
    unit = _unit_at(parts)
    body = parts[1:unit] if parts[:1] and parts[0][0].isdigit() else parts[:unit]
    while len(body) > 1 and body[-1].lower() in _SUFFIXES | _DIRECTIONS:
        body = body[:-1]
    return body[1:] if len(body) > 1 and body[0].lower() in _DIRECTIONS else body


_APART, _CLOSE = r"[\s,.]+", r"[\s,.]*"
_LINE_ENDS = rf"(?:\b(?:in|at|to)\s|[,\n]\s*|\b(?:{'|'.join(sorted(_SUFFIXES))})\.?\s)"


def _street_forms(value: str) -> Iterator[str]:
    """A street line, and without its apartment, its direction, its kind or its house number."""
    box = _BOX.search(value)
    if box is not None:
        yield _box_form(box)
    parts = words(value)
    unit, core = _unit_at(parts), _core(parts)
    if unit == 0:
        return
    home = ""
    if unit < len(parts):
        said = parts[-1].lstrip("#")
        home = rf"(?:[\s,.]*(?:{_HOME}|no|number|\#)[\s.]*\#?\s*{regex.escape(said)})?" if said else ""
    if len(parts) > 1:
        yield _APART.join(map(_street_word, parts))
        yield _APART.join(map(_street_word, parts[:unit])) + r"\b\.?" + home
    if not parts[0][0].isdigit() or not core or box is not None:
        return
    if unit > 2:
        yield _APART.join(map(_street_word, parts[1:unit]))
    at = len(parts[1:unit]) - len(core)
    if (len(core) > 1 or len(parts[0]) > 1) and sum(map(len, core)) > 2:
        kinds = _either(_street_word(w) for w in parts[1:unit] if w.lower() in _SUFFIXES) if at else ""
        tail = rf"(?:{_CLOSE}{kinds}\b\.?)?" if at and kinds != "(?:)" else ""
        turn = r"(?:(?:n|s|e|w|ne|nw|se|sw|north|south|east|west)\b[\s.]*)?"
        last = parts[unit - 1]
        toward = rf"(?:{_APART}{_street_word(last)}\b\.?)?" if last.lower() in _DIRECTIONS else ""
        yield rf"{regex.escape(parts[0])}{_CLOSE}{turn}{_CLOSE.join(map(_street_word, core))}{tail}{toward}{home}"


def _box_form(box: regex.Match[str]) -> str:
    number = regex.escape(box["b"])
    if box["r"]:
        return rf"{_ROUTE}\s*\#?\s*{box['n']}[,\s]*(?:box|bx)\s*\#?\s*{number}"
    return rf"(?:(?:p\.?\s*o\.?\s*|post\s+office\s+)?(?:box|bx)|p\.?\s?o\.?\s?b\.?)\s*\#?\s*{number}"


def _street_names(value: str) -> Iterator[Form]:
    """The name of the street alone, and the apartment alone."""
    parts = words(value)
    unit, core = _unit_at(parts), _core(parts)
    if unit < len(parts) - 1:
        told, said = parts[unit].lower().rstrip("."), regex.escape(parts[-1].lstrip("#"))
        home = rf"{_HOME}[\s.]*\#?\s*{said}"
        yield rf"{home}(?<={_LINE_ENDS}{home})", False
        if told in ("apt", "apartment"):
            yield rf"(?:apartment|apt)[\s.]*\#?\s*{said}", False
    if unit == 0 or _BOX.search(value) or not parts[0][0].isdigit():
        return
    if any(c.isdigit() for w in core for c in w):
        if len(core) == 1 and not core[0].isdigit():
            yield core[0], True
        return
    name = " ".join(core).lower()
    if len(name) > 2:
        yield (
            _APART.join(map(_street_word, core)),
            name in lexicon.STATES or not any(len(w) > 4 and kind(w).unknown for w in core),
        )


# --- facilities --------------------------------------------------------------------------------------

_FACILITY_GROUPS = [
    line.split()
    for line in """
    hospital hosp
    center centre ctr cntr
    medical med
    regional reg reg'l regl
    saint st
    mount mt
    fort ft
    university univ
    memorial mem meml
    general gen genl
    community comm cmty
    health hlth
    company co
    incorporated inc
    corporation corp
    associates assoc
    department dept
    and &
    clinic clin
    """.strip().splitlines()
]
_FACILITY_SAME = {w: group for group in _FACILITY_GROUPS for w in group}
_FACILITY_WORDS = frozenset(
    """
    the of for in at a school services service group care system systems county city state national international
    """.split()
) | frozenset(_FACILITY_SAME)


def _facility_word(word: str) -> str:
    """A word of a facility's name, its short forms, and with or without the possessive of a saint."""
    same = _FACILITY_SAME.get(word.lower())
    if same:
        return _either(regex.escape(w) for w in same)
    return _spelled(regex.sub(r"['’]?s$", "", word)) + "(?:['’]?s)?"


def _facility_forms(parts: list[str]) -> Iterator[Form]:
    if len(parts) > 1 and sum(map(len, parts)) > 4:
        yield r"[\s,.&\-]+".join(_facility_word(w) for w in parts if w != "&"), False


def _acronym(parts: list[str]) -> str:
    """The first letters of a facility's words, where they are three or more; else nothing that a text could lack."""
    told = (w for w in parts if w.lower() not in ("of", "the", "and", "for", "in", "at"))
    letters = "".join(next(filter(str.isalnum, w)) for w in told)
    return letters.upper() if len(letters) > 2 else (parts or [""])[0]


def _facility_names(parts: list[str]) -> Iterator[Form]:
    """What people call a facility: its first words, or its letters."""
    if not parts:
        return
    letters, first = _acronym(parts), parts[0]
    if letters.isupper() and len(letters) > 2 and len(parts) > 2 and not (kind(letters).word or kind(letters).medical):
        # Three letters are many things; four that are no word are one.
        plain = regex.escape(letters)
        told = "" if len(letters) > 3 else rf"(?<=\b(?i:at|from|to|by|via|for|of)[\s|]{{1,4}}(?i:the\s)?{plain})"
        yield rf"(?-i:{plain}){told}", False
    if len(parts) == 1:
        if len(first) > 4 and not kind(first).word:
            yield _spelled(first), not kind(first).unknown
        return
    two = " ".join(parts[:2]).lower()
    if len(parts) > 2 and two not in lexicon.STATES and first.lower() not in ("the", "university", "state"):
        plainly = all(kind(w).word or w.lower() in _FACILITY_WORDS for w in parts[:2])
        yield r"[\s,.&\-]+".join(map(_facility_word, parts[:2])), plainly
    if len(first) > 4 and kind(first).unknown and not kind(first).city:
        yield _spelled(first), False


# --- mail --------------------------------------------------------------------------------------------


def _email_form(value: str) -> str:
    """An address with its signs as signs or as words: ``a dot b at c dot d``."""
    dot, at = r"\s*(?:\.|\[dot\]|\(dot\)|\sdot\s)\s*", r"\s*(?:@|\[at\]|\(at\)|\sat\s)\s*"
    user, _, host = value.partition("@")
    before, after = (dot.join(map(regex.escape, part.split("."))) for part in (user, host))
    return rf"(?:mailto:)?{before}{at}{after}"


def _user_forms(user: str) -> Iterator[Form]:
    """What stands before the sign of an e-mail address is often a name of a user elsewhere."""
    letters = _letters(user)
    if len(user) > 4 and not (kind(letters).word and letters == user):
        yield regex.escape(user), False


def coded(known: Iterable[Known]) -> set[str]:
    """The first letter of a family name with the last four of the social security number, as the VA names a patient."""
    values = list(known)
    letters = {n[0] for k in values if k.type == "FAMILY" for n in [_letters(folded(k.value))] if n}
    fours = {regex.sub(r"\D", "", k.value)[-4:] for k in values if k.type == "SSN"}
    return {f"{letter}{four}" for letter in letters for four in fours if len(four) == 4}
