"""Values that the patient's own record tells, found in every form in which a clinician may write them again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache

import regex

from chartline.deid.context import Known, PatientContext
from chartline.deid.text import lexicon
from chartline.deid.text.lexicon import kind, plain
from chartline.deid.text.reading import NO_INITIALS, PLAIN
from chartline.deid.text.spans import Found

_TIMEOUT = 5.0
Rules = tuple[tuple[str, "regex.Pattern[str]", bool], ...]
_TYPES = {
    "NAME": "NAME",
    "GIVEN": "NAME",
    "FAMILY": "NAME",
    "RELATIVE": "NAME",
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
# Short forms of first names in common American use.
_NICKNAMES: dict[str, tuple[str, ...]] = {
    full: tuple(short.split())
    for full, short in {
        "william": "bill billy will willie liam",
        "robert": "bob bobby rob robbie",
        "richard": "rick ricky dick rich",
        "james": "jim jimmy jamie",
        "john": "jack johnny jon",
        "joseph": "joe joey",
        "michael": "mike mikey mick",
        "thomas": "tom tommy",
        "charles": "charlie chuck chas",
        "christopher": "chris topher",
        "daniel": "dan danny",
        "matthew": "matt matty",
        "anthony": "tony",
        "andrew": "andy drew",
        "edward": "ed eddie ted ned",
        "david": "dave davey",
        "steven": "steve stevie",
        "stephen": "steve stevie",
        "kenneth": "ken kenny",
        "ronald": "ron ronnie",
        "timothy": "tim timmy",
        "gregory": "greg",
        "jeffrey": "jeff",
        "lawrence": "larry",
        "nicholas": "nick nicky",
        "benjamin": "ben benny",
        "samuel": "sam sammy",
        "alexander": "alex sandy xander",
        "patrick": "pat paddy",
        "peter": "pete",
        "raymond": "ray",
        "theodore": "ted teddy theo",
        "walter": "walt wally",
        "zachary": "zach zack",
        "elizabeth": "liz lizzie beth betty betsy eliza libby",
        "margaret": "maggie meg peggy marge margie rita",
        "katherine": "kate kathy katie kat",
        "catherine": "cathy kate katie cat",
        "jennifer": "jen jenny",
        "susan": "sue susie",
        "patricia": "pat patty tricia trish",
        "barbara": "barb barbie",
        "deborah": "deb debbie",
        "rebecca": "becky becca",
        "dorothy": "dot dottie dolly",
        "kimberly": "kim kimmy",
        "christina": "chris tina chrissy",
        "christine": "chris chrissy",
        "jacqueline": "jackie",
        "victoria": "vicky tori",
        "alexandra": "alex sandra lexi",
        "samantha": "sam sammy",
        "amanda": "mandy",
        "melissa": "missy mel",
        "abigail": "abby gail",
        "theresa": "terry tess",
        "virginia": "ginny",
        "francis": "frank fran",
        "frances": "fran frannie",
        "leonard": "len lenny leo",
        "frederick": "fred freddie",
        "gerald": "gerry jerry",
        "harold": "hal harry",
        "henry": "hank harry",
        "eugene": "gene",
        "albert": "al bert",
        "judith": "judy",
        "pamela": "pam",
        "sandra": "sandy",
        "cynthia": "cindy",
        "nancy": "nan",
        "mary": "molly polly",
        "nathaniel": "nate nat",
        "nathan": "nate",
        "donald": "don donnie",
        "gabriel": "gabe",
        "gabriela": "gaby",
        "jonathan": "jon jonny",
        "philip": "phil",
        "phillip": "phil",
        "douglas": "doug",
        "vincent": "vince vinny",
        "maximilian": "max",
        "josephine": "josie jo",
        "caroline": "carrie",
        "charlotte": "lottie charlie",
        "eleanor": "ellie nell nellie",
        "evelyn": "evie",
        "florence": "flo",
        "harriet": "hattie",
        "isabella": "bella izzy",
        "isabel": "bella izzy",
        "lillian": "lily lil",
        "martha": "marty",
        "matilda": "tilly mattie",
        "mildred": "millie",
        "stephanie": "steph",
        "valerie": "val",
        "veronica": "ronnie",
        "winifred": "winnie",
        "francisco": "paco pancho cisco",
        "francisca": "paca paquita",
        "jose": "pepe chepe",
        "jesus": "chuy",
        "ignacio": "nacho",
        "guadalupe": "lupe lupita",
        "rosario": "chayo",
        "consuelo": "chelo",
        "dolores": "lola",
        "concepcion": "concha conchita",
        "antonio": "tony tono",
        "manuel": "manny manolo",
        "eduardo": "eddie lalo",
        "enrique": "kike quique",
        "alejandro": "alex ale jandro",
        "fernando": "nando",
        "roberto": "beto",
        "ricardo": "rick richie",
        "dmitri": "dima mitya",
        "dmitry": "dima mitya",
        "mikhail": "misha",
        "aleksandr": "sasha alex",
        "aleksandra": "sasha alex",
        "ekaterina": "katya kate",
        "tatiana": "tanya",
        "svetlana": "sveta",
        "natalia": "natasha nata",
        "anastasia": "nastya stacy",
        "vladimir": "vova volodya",
        "ivan": "vanya",
        "mohammed": "mo",
        "muhammad": "mo",
    }.items()
    for short in [short]
}
_PERSONAL = regex.compile(
    r"(?i:\b(?:mr|mrs|ms|miss|dr|patient|pt|name|named|called|mother|father|son|daughter|wife|husband|sister|brother|dear|by|with|for)"
    r"\b\.?[\s:,]+)$"
)
_PLACED = regex.compile(r"(?i:\b(?:in|from|near|outside|around|city of|town of|home to|to|of|via)\s+)$")


def nicknames(first: str) -> tuple[str, ...]:
    """The short forms in common use of a first name, in lower case."""
    return _NICKNAMES.get(first.lower(), ())


def find(text: str, patient: PatientContext, providers: Providers | None = None) -> Iterator[Found]:
    """Every known value of the patient, and of the providers, in a text."""
    if patient.known:
        yield from _matches(text, rules(_met(text, patient.known)), "known")
        yield from _near(text, patient.known)
        yield from _initials(text, patient.known)
    if providers is not None:
        yield from _matches(text, providers.rules(text), "known-provider")


_BEGIN = 3  # letters by which a provider's value is looked for in a label
_SHORT = 400  # characters of a text in which most of what is known of a patient cannot be


def _met(text: str, known: tuple[Known, ...]) -> tuple[Known, ...]:
    """The values that a text may hold: to compile the patterns of all takes longer than to read a short text."""
    if len(text) > _SHORT or not text.isascii():
        return known
    solid = _solid(text)
    return tuple(k for k in known if any(n in solid for n in _needles(k)))


class Providers:
    """The values of a cohort's providers, thousands of them, by how what each of their forms holds begins.

    A label is asked only for those it may hold; for a note the patterns of all are made once.
    """

    def __init__(self, values: tuple[Known, ...]) -> None:
        self._values = values
        self._begins: dict[str, list[tuple[str, int]]] = {}
        self._always: list[int] = []
        for place, value in enumerate(values):
            needles = _needles(value)
            if any(len(n) < _BEGIN for n in needles):
                self._always.append(place)
            else:
                for needle in needles:
                    self._begins.setdefault(needle[:_BEGIN], []).append((needle, place))

    def __bool__(self) -> bool:
        return bool(self._values)

    @cached_property
    def _all(self) -> Rules:
        return rules(self._values)

    def rules(self, text: str) -> Rules:
        """The patterns that may match a text."""
        return self._all if len(text) > _SHORT or not text.isascii() else rules(self.met(text))

    def met(self, text: str) -> tuple[Known, ...]:
        """The values that a text in ASCII may hold."""
        solid, found = _solid(text), set(self._always)
        for i in range(len(solid) - _BEGIN + 1):
            for needle, place in self._begins.get(solid[i : i + _BEGIN], ()):
                if solid.startswith(needle, i):
                    found.add(place)
        return tuple(self._values[i] for i in sorted(found))


def _solid(text: str) -> str:
    """The letters and digits of a text, without case and whatever stands between them."""
    return "".join(filter(str.isalnum, text.lower()))


@lru_cache(maxsize=1 << 14)
def _needles(known: Known) -> tuple[str, ...]:
    """Pieces of which every form of a value that ``_forms`` gives holds at least one, as ``_solid`` reads it."""
    value = _folded(known.value)
    if not value.isascii():
        return ("",)
    words, digits = _words(value), regex.sub(r"\D", "", value)
    if known.type in ("NAME", "RELATIVE", "GIVEN", "FAMILY"):
        parts = words if known.type in ("NAME", "RELATIVE") else [value]
        nicks = (n for w in parts for n in _NICKNAMES.get(w.lower(), ()))
        found = [*(regex.sub(r"\d+$", "", w) for w in parts), *nicks]
    elif known.type in ("PHONE", "SSN", "MRN", "ID"):
        found = [value, digits[1:]] if len(digits) == 11 else [value, value.lstrip("0")]
    elif known.type == "BIRTHDATE":
        month, day = value[5:7], value[8:10]
        found = [
            value[2:4],
            month + day,
            month.lstrip("0") + day.lstrip("0"),
            month.lstrip("0") + day,
            month + day.lstrip("0"),
        ]
    elif known.type == "STREET":
        unit = _unit_at(words)
        said = [w for w in words[:unit] if w.lower() not in _STREET_WORDS]
        found = [max(said[1 if unit > 2 and words[0].isdigit() else 0 :] or [""], key=len)]
    elif known.type == "ZIP":
        found = [value[:5]]
    else:
        found = [value]
    return tuple(dict.fromkeys(map(_solid, found)))


@lru_cache(maxsize=256)
def rules(known: tuple[Known, ...]) -> Rules:
    """Patterns by type, each for all values of that type; the flag tells that a match needs a person's context."""
    sure: dict[str, set[str]] = {}
    doubtful: dict[str, set[str]] = {}
    for value in known:
        kind_of = _TYPES[value.type]
        for pattern, unsure in _forms(value):
            (doubtful if unsure else sure).setdefault(kind_of, set()).add(pattern)
    return (
        *((of, _any(patterns), False) for of, patterns in sure.items()),
        *((of, _any(patterns), True) for of, patterns in doubtful.items()),
    )


def _any(patterns: set[str]) -> regex.Pattern[str]:
    ordered = sorted(patterns, key=lambda p: (-len(p), p))
    return regex.compile(rf"(?<![^\W_])(?:{'|'.join(ordered)})(?![^\W_])", regex.IGNORECASE)


def _matches(text: str, rules: Rules, source: str) -> Iterator[Found]:
    folded = _folded(text)
    for of, pattern, unsure in rules:
        brings = _PLACED if of == "LOCATION" else _PERSONAL
        for m in pattern.finditer(folded, timeout=_TIMEOUT):
            if (
                unsure
                and text[m.start()].isupper()
                and (plain(m.group()) not in PLAIN or _said_of(text, m.start(), m.end()))
                and not (of == "LOCATION" and _starts_sentence(text, m.start()))
            ):
                yield Found(m.start(), m.end(), of, source)
                continue
            if unsure and not (text[m.start()].isupper() or brings.search(text, max(0, m.start() - 16), m.start())):
                continue
            if (
                unsure
                and not brings.search(text, max(0, m.start() - 16), m.start())
                and _starts_sentence(text, m.start())
            ):
                continue
            yield Found(m.start(), m.end(), of, source)


_PERSON_DOES = regex.compile(
    r"\s+(?:is|was|has|had|reports|reported|denies|denied|presents|presented|states?|stated|complains|comes|came|lives|appears|feels"
    r"|says?|said|describes?|continues|returns|remains|takes|works|smokes|drinks|uses|underwent|who|and\s+(?:his|her))\b"
    r"|,?\s+(?:a|an)\s+\d|['’]s\b|\s+(?:\p{Lu}['’]?\s)?\p{Lu}\p{Ll}+"
)


def _said_of(text: str, start: int, end: int) -> bool:
    """Whether a capitalised word is spoken of as a person: what follows is what people do."""
    return text[start].isupper() and _PERSON_DOES.match(text, end) is not None


def _starts_sentence(text: str, at: int) -> bool:
    return text[max(0, at - 40) : at].rstrip(" ")[-1:] in ("", ".", "\n", ":", "-", "*", "#")


@lru_cache(maxsize=64)
def _folded(text: str) -> str:
    """The text without accents, character for character, so that offsets stay."""
    return text if text.isascii() else "".join(_base(c) for c in text)


@lru_cache(maxsize=4096)
def _base(char: str) -> str:
    made = plain(char)
    return (made.upper() if char.isupper() else made) if len(made) == 1 else char


def _loose(words: list[str]) -> str:
    return r"[\s,.'’_\-]{1,3}".join(map(_spelled, words))


# Letters that two others stand for where the keyboard lacks them.
_TWO = {"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th"}


def _spelled(word: str) -> str:
    """A pattern of a word with or without its apostrophes and hyphens, which clinicians drop."""
    return "".join(_letter(c) for c in word)


def _letter(char: str) -> str:
    if char in "'’ʼ`":
        return "['’ʼ`]?"
    if char == "-":
        return r"[\s\-]?"
    two = _TWO.get(char.lower())
    return f"(?:{char}|{two})" if two else regex.escape(char)


def _words(value: str) -> list[str]:
    return [w for w in regex.split(r"[\s,.]+", _folded(value)) if any(c.isalnum() for c in w)]


def _forms(known: Known) -> Iterator[tuple[str, bool]]:
    value = _folded(known.value)
    if known.type in ("NAME", "RELATIVE"):
        yield from _name_forms(_words(value))
    elif known.type in ("GIVEN", "FAMILY"):
        yield from _part_forms(value, nick=known.type == "GIVEN")
    elif known.type in ("PHONE", "SSN", "MRN", "ID"):
        yield from _number_forms(value)
    elif known.type == "BIRTHDATE":
        yield from ((form, False) for form in _birth_forms(value))
    elif known.type == "STREET":
        yield from ((form, False) for form in _street_forms(_words(value)))
    elif known.type == "CITY":
        if len(value) > 2 and value.lower() not in lexicon.STATES:
            yield _loose(value.split()), len(value.split()) == 1 and (kind(value).word or kind(value).medical)
    elif known.type == "ORGANIZATION":
        if len(value) > 5 and len(value.split()) > 1:
            yield r"[\s,.&]+".join(regex.escape(w) for w in _words(value)), False
    elif known.type == "ZIP":
        if len(value) >= 5:
            yield (
                regex.escape(value[:5]) + (rf"(?:-?{regex.escape(value[5:].lstrip('-'))})?" if len(value) > 5 else ""),
                False,
            )
    elif len(value) > 4:
        yield regex.escape(value), False


def _name_forms(words: list[str]) -> Iterator[tuple[str, bool]]:
    if len(words) < 2:
        if words:
            yield from _part_forms(words[0], nick=True)
        return
    first, *middle, last = words
    rest = _loose([*middle, last])
    yield _loose(words), False
    yield rf"{_spelled(first)}\s+(?-i:\p{{Lu}})\w*\.?\s+{rest}", False
    # Where the family name begins is not told: of ``Jo Ann Van der Berg`` every part may be it.
    for i in range(1, len(words)):
        family, before = _loose(words[i:]), _loose(words[:i])
        words_only = all(kind(w).word for w in words[i:])
        yield rf"{family},\s*{before}", False
        yield rf"{family}\s+{before}", words_only
        yield rf"{family},\s*(?-i:{regex.escape(first[0].upper())})\b\.?", False
        # ``A Young`` is a person, ``a young`` and ``A young`` are not.
        cased = rf"(?-i:{family}|{_loose([w.upper() for w in words[i:]])})" if words_only else family
        initial = rf"(?-i:{regex.escape(first[0].upper())})" if words_only else regex.escape(first[0])
        yield rf"{initial}\.?\s*(?:\w\.?\s+)?(?<=[\s.]){cased}", False
    yield rf"{_loose([last])},\s*{_loose([first])}", False
    yield rf"{_loose([last])}\s+{_loose([first])}", kind(last).word
    for i in range(1, len(words)):
        # A middle name is told by the record more often than by the note.
        tail = words[i:]
        if i > 1:
            yield _loose([first, *tail]), False
            yield rf"{_loose(tail)},?\s*{_spelled(first)}", False
        for parts in ([*words[:i], *tail], [first, *tail]):
            solid = "".join(parts)
            if len(solid) > 3 and not kind(solid).word:
                yield _spelled(solid), False
    yield rf"{_spelled(first)}\s+{regex.escape(last[0])}\b\.?", not len(first) > 3
    for short in _NICKNAMES.get(first.lower(), ()):
        yield rf"{short}\s+{_spelled(last)}", False
    for word in words:
        yield from _part_forms(word, nick=word == first)


def _part_forms(word: str, *, nick: bool) -> Iterator[tuple[str, bool]]:
    found, letters = kind(word), sum(c.isalnum() for c in word)
    if letters > 2:
        yield _spelled(word), found.word or letters < 4
    elif letters == len(word) == 2:
        # ``Li`` and ``Ng`` are people where they are written as names are; ``NG`` and ``ho`` are not.
        yield rf"(?-i:{regex.escape(word[0].upper() + word[1].lower())})", True
    if nick:
        for short in _NICKNAMES.get(word.lower(), ()):
            yield short, kind(short).word or len(short) < 4
    # Synthea writes a number behind each name; clinicians drop it.
    bare = regex.sub(r"\d+$", "", word)
    if bare != word and len(bare) > 2:
        yield regex.escape(bare), kind(bare).word


def _number_forms(value: str) -> Iterator[tuple[str, bool]]:
    solid = regex.sub(r"[^0-9A-Za-z]", "", value)
    if len(solid) < 4 or not any(c.isdigit() for c in solid):
        return
    digits = regex.sub(r"\D", "", value)
    apart = rf"[\s.\-()/]{{0,{4 if len(solid) > 8 else 2}}}"
    yield apart.join(regex.escape(c) for c in solid), False
    if solid.startswith("0") and len(solid.lstrip("0")) > 4:
        zeros = len(solid) - len(solid.lstrip("0"))
        yield rf"0{{0,{zeros}}}" + apart.join(regex.escape(c) for c in solid.lstrip("0")), False
    if len(digits) == 11 and digits[0] == "1":
        yield apart.join(digits[1:]), False


_UNIT = regex.compile(r"(?i:apt|apartment|unit|suite|ste|floor|fl|room|rm|lot|trlr)|#.*")


def _unit_at(words: list[str]) -> int:
    """Where the apartment of a street line begins; its length where there is none."""
    return next((i for i, w in enumerate(words) if i > 1 and _UNIT.fullmatch(w)), len(words))


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


def _street_word(word: str) -> str:
    same = _STREET_WORDS.get(word.lower())
    return rf"(?:{'|'.join(same)})" if same else regex.escape(word)


def _street_forms(words: list[str]) -> Iterator[str]:
    """A street line, and without its apartment or its house number."""
    apart = r"[\s,.]+"
    unit = _unit_at(words)
    if len(words) > 1:
        yield apart.join(map(_street_word, words))
        yield apart.join(map(_street_word, words[:unit]))
    if unit > 2 and words[0].isdigit():
        yield apart.join(map(_street_word, words[1:unit]))


def _birth_forms(value: str) -> Iterator[str]:
    try:
        born = date.fromisoformat(value)
    except ValueError:
        return
    month, short = f"{born:%B}", f"{born:%b}"
    y, m, d = born.year, born.month, born.day
    years = rf"(?:{y}|'?{y % 100:02d})"
    apart, named = r"\s?[-/.]\s?", rf"(?:{month}|{short})\.?"
    yield rf"{y}{apart}0?{m}{apart}0?{d}"
    yield rf"0?{m}{apart}0?{d}{apart}{years}"
    yield rf"0?{d}{apart}0?{m}{apart}{years}"
    yield rf"0?{m}\s0?{d}\s{y}|0?{d}\s0?{m}\s{y}|{y}\s0?{m}\s0?{d}"
    yield rf"{named}[\s\-]*0?{d}(?:st|nd|rd|th)?,?[\s\-]*(?:of\s+|in\s+)?{years}"
    yield rf"0?{d}(?:st|nd|rd|th)?[\s\-]*(?:day\s+)?(?:of\s+)?{named},?[\s\-]*(?:of\s+|in\s+)?{years}"
    yield rf"{y}[\s\-]+{named}[\s\-]+0?{d}(?:st|nd|rd|th)?"
    yield rf"{y}{m:02d}{d:02d}|{m:02d}{d:02d}(?:{y}|{y % 100:02d})"
    # Without a year, where it can be no share: strengths, visions and pains are told of 5, 6, 8, 10 and 12.
    padded = {f"{m:02d}/{d:02d}", f"{m:02d}/{d}", f"{m}/{d:02d}"} - {f"{m}/{d}"}
    share = d < 13 and d not in (7, 9, 11)
    forms = "|".join(sorted(padded | (set() if share and padded else {f"{m}/{d}"})))
    yield rf"(?<![\d/])(?:{forms})(?![/\d]|\s*(?:strength|power|pain|points?|scale|tabs?|days?|hours?|mg|mL|%))"


# --- one typing error --------------------------------------------------------------------------------

_WORD = regex.compile(r"[^\W\d_]{5,}")


def _near(text: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """Long names of the patient with one letter wrong, missing, doubled or swapped."""
    wanted = {
        _folded(w).lower()
        for k in known
        if k.type in ("NAME", "GIVEN", "FAMILY", "RELATIVE")
        for w in _words(k.value)
        if len(w) >= 6 and w.isalpha()
    }
    if not wanted:
        return
    for m in _WORD.finditer(text):
        word = _folded(m.group()).lower()
        if word in wanted or kind(word).word or (m.group()[0].islower() and not (kind(word).unknown and len(word) > 6)):
            continue
        if any(abs(len(word) - len(n)) <= 1 and word[0] == n[0] and _one_apart(word, n) for n in wanted):
            yield Found(m.start(), m.end(), "NAME", "known-near")


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
    r"(?<!\w)(?:(?<=\b(?i:pt|patient|client|resident|mr|mrs|ms|miss|mx)\.?\s)\p{Lu}{2,3}(?!\w)"
    rf"|\p{{Lu}}{{2,3}}(?!\w)(?={_PERSON_DOES.pattern}))"
)


def _initials(text: str, known: tuple[Known, ...]) -> Iterator[Found]:
    """``J.S.`` and ``J.Q.S.``, and ``JS`` where a patient is named or somebody does what people do."""
    wanted = _initials_of(known)
    if not wanted:
        return
    folded, alone = _folded(text), wanted - NO_INITIALS
    for m in _DOTTED_FORM.finditer(folded, timeout=_TIMEOUT):
        first, *others = (c for c in m.group().lower() if c.isalpha())
        if not wanted.isdisjoint(first + c for c in others):
            yield Found(m.start(), m.end(), "NAME", "known")
    for m in _SOLID_FORM.finditer(folded, timeout=_TIMEOUT):
        letters = m.group().lower()
        if letters[0] + letters[-1] in alone:
            yield Found(m.start(), m.end(), "NAME", "known")


@lru_cache(maxsize=1024)
def _initials_of(known: tuple[Known, ...]) -> frozenset[str]:
    """First and last letter of each name of the patient and the relatives, in lower case."""
    named = (_words(value.value) for value in known if value.type in ("NAME", "RELATIVE"))
    letters = (f"{words[0][0]}{words[-1][0]}".lower() for words in named if len(words) > 1)
    return frozenset(two for two in letters if two.isalpha()) - _DOTTED
