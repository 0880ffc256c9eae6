"""Writing without cases: lines all in capitals and texts all in small letters, written as the recognizers expect them.

Letter for letter, so that offsets stay. What is a name, a month, a street or a facility by the lists and by its
neighbours gets a capital; every other word loses it.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase

from chartline.deid.text import leads, lexicon
from chartline.deid.text.lexicon import POSTAL, STATES, kind, plain
from chartline.deid.text.patterns import STREET_WORDS
from chartline.deid.text.reading import KIN_WORD, PARTICLES, PLAIN

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_LINE = re.compile(r"[^\n]*\n+|[^\n]+")
_BREAK = re.compile(r"(?<=[.!?]\s)(?<!\b[sm]t\.\s)(?<!\b[dm]r\.\s)(?<!\bms\.\s)(?<!\bmrs\.\s)")
_SMALL_START = re.compile(r"[.!?\n]\s?[a-z]")
_BEGUN = re.compile(r"[A-Z](?=[a-z])")
_CELL = re.compile(r"[^|]+\|*|\|+")
# How the name of a company ends that is all of a line in capitals.
_COMPANY = re.compile(r"[A-Z][A-Z&'’,. \-]{4,60}[ ,](?:P?LLC|LLP|INC|P\.?[CA]|CORP|LTD)\.?\s*\Z")
_CALENDAR = frozenset(
    """
    january february march april june july august september october november december jan feb mar apr jun jul aug sep
    sept oct nov dec monday tuesday wednesday thursday friday saturday sunday christmas thanksgiving easter halloween
    labor memorial
    """.split()
)
_TITLES = frozenset("dr mr mrs ms miss prof doctor drs".split())
_CREDENTIALS = frozenset(
    "md do rn np pa phd lpn lvn cna crna cnm dnp aprn msw lcsw lmft lpc pharmd rph dpt psyd mph rd bsn msn dds"
    " cht cma rma rrt lmsw licsw fnp arnp cota pta rdh lsw bcba emt cpht otr ccma".split()
)
_OPENS = frozenset(
    """
    patient pt name provider attending physician surgeon nurse therapist midwife doula son daughter wife husband mother
    father mom dad brother sister partner spouse aunt uncle friend roommate caregiver guardian neighbor cousin niece
    nephew grandmother grandfather named called client resident landlord officer re fob subscriber guarantor member
    witness aide rep worker author sib ex gf bf dtr dau gma gpa nana auntie hubby grandma grandpa girlfriend boyfriend
    caller crew deputy sender chaplain grandson granddaughter counselor coordinator dietitian teacher coach
    stepmother stepfather stepmom stepdad fiance fiancee
    """.split()
)
_FACILITIES = frozenset(
    """
    hospital clinic center hospice pharmacy school church university college rehab nursing manor
    pediatrics orthopedics dermatology cardiology dialysis infirmary shelter jail academy
    institute associates living elementary deaconess department llc inc works roofing plumbing trucking schools
    bakery restaurant diner farms foods motors construction industries logistics company corp transport hotel motel
    middle pd fd towers inn lodge suites estates apartments gardens terrace ranch dental market grocery cafe salon gym
    library bank tire auto furniture lumber brewery general hosp memorial regional methodist baptist
    ctr cemetery
    """.split()
)
_MIDDLE = frozenset(
    """
    medical health general regional memorial community family women's children's urgent care nursing and dialysis pain
    primary radiology cardiology orthopedic imaging
    middle high va county fire police public steel sons regional home memory
    st mt mercy holy sacred heart good samaritan our lady of university first baptist
    """.split()
)
_GOES = frozenset(
    """
    lives live lived living resides residing raised born grew up moved moving relocated from here back works worked
    travel traveled travelled trip flew visiting school clinic seen treated
    """.split()
)
_SYSTEMS = frozenset("kaiser upmc intermountain adventhealth bon secours banner sutter ascension mercy sanford".split())
# Health systems of one word that is no other.
_NAMED_SYSTEMS = frozenset(
    "ochsner sentara northwell montefiore geisinger novant moffitt lahey scripps vanderbilt".split()
)
_BRINGS = re.compile(r"(?:\b(?:at|from|to)|@) (?:the )?\Z")
_BRINGING = 9  # letters that it has at most
# Health systems by their letters, of which none is a short form of medicine.
_LETTERED_SYSTEMS = frozenset(
    "mgh bidmc bwh nyu ucsf ucla ucsd upmc utsw utmb uva ohsu musc nyp mskcc uihc uwmc".split()
)
_STREETS = frozenset(
    """
    street st avenue ave road rd drive dr lane ln court ct boulevard blvd place pl terrace ter trail trl way parkway
    pkwy highway hwy circle cir square route
    """.split()
)
_UNITS = frozenset("kg lb lbs cm mm mg mcg ml yo y f m min hr hrs days weeks wks mo months years yrs".split())
_SMALL = frozenset("and of the or in on at to by with for from as is was an a i per x".split())
_WORDS_TOO = frozenset("in or me hi ok oh id de la".split())  # postal codes of states that are words
# After whom a common first name is a name though it is a word too, and who is called by the last name.
_CALLED = _OPENS - frozenset("patient pt name client resident provider re author worker".split())
_OFFICERS = frozenset("chaplain deputy officer sergeant".split())
_OLD = re.compile(r"\d{1,3} ?y")
# First names that are what somebody does.
_DOES = frozenset("drew mark pat bill rob sue chase grant wade skip pierce lance josh art buck bob trace".split())
# What stands behind a name in talk and dictation and is a surname too.
_BEHIND = frozenset(
    """
    said says end period comma works died doing fell came went got passed called told took drove ate lost left paid
    brought spoke wrote woke rode wore chose spent felt taught caught bought fought law him
    wants needs goes gave held sees kept made met ran sat saw sold sent slept stood thinks knows gets puts lays lies
    """.split()
)
_GAP = frozenset({" ", "  ", ", ", "-", ". ", "^", "’", "'"})
_ORDINALS = frozenset(
    """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth twentieth twenty thirtieth thirty
    """.split()
)
_AFTER_MAY = frozenset(
    "be have need not cause require also still help indicate represent suggest reflect result warrant benefit".split()
)
_WORKS_WHERE = frozenset("at for as in nights days with from".split())
# Short forms of notes that are first names too: moves all extremities, a delirium scale, an antibody.
_SHORT_FORMS = frozenset("mae cam tia ana asa ali lis sol rae aki gerd nash".split())
# Words that say something of those beside them; codes, ages behind a name, what may be a state, which do too.
_CUES = (
    _OPENS
    | _OFFICERS
    | _TITLES
    | _CREDENTIALS
    | _FACILITIES
    | _SYSTEMS
    | _LETTERED_SYSTEMS
    | STREET_WORDS
    | {"st", "may", "road", "highway", "box"}
)
_ASKS = re.compile(r"\b(?=\w*[^\W\d_])(?:[^\W\d]*\d){4}|,\s*(?:\d+ ?y|\w\w\b)|\b[^\W\d]{2}\W+\d{5}")
_NTH = re.compile(r"\d{1,2}(?:st|nd|rd|th)", re.IGNORECASE)
_LOWER, _UPPER = ascii_lowercase.encode(), ascii_uppercase.encode()
_LEAST = 24  # a text in small letters shorter than this is a code or a unit, not writing
_SHORTEST = 12  # the same of a sentence
_SAMPLE = 4000


def cased(text: str) -> str:
    """The text with its lines in capitals and its sentences in small letters written in both cases."""
    if len(text) >= _LEAST and _small(text[:_SAMPLE]):
        return _rewritten(text, upper=False)
    parts = (text.replace("|", "\n") if "|" in text else text).split("\n")
    if not _starts_small(text) and not any(_capitals(part) for part in parts):
        return text
    return "".join(_line(line) for line in _LINE.findall(text) or [text])


def _starts_small(text: str) -> bool:
    """Whether a text or a sentence of it begins with a small letter."""
    return "a" <= text[:1] <= "z" or _SMALL_START.search(text) is not None


def _line(line: str) -> str:
    """A line as it is or rewritten; of a table in both cases, the cells in capitals."""
    if _capitals(line):
        return _titled(line) if _COMPANY.match(line) else _rewritten(line, upper=True)
    if "|" in line:
        return "".join(_rewritten(c, upper=True) if _capitals(c) else c for c in _CELL.findall(line))
    if not _starts_small(line):
        return line
    return "".join(_rewritten(s, upper=False) if _begun_small(s) and not _plain(s) else s for s in _BREAK.split(line))


def _titled(line: str) -> str:
    """A company's name with a capital for each word."""
    return _TOKEN.sub(lambda m: m.group() if m.group().lower() in _COMPANIES else _capital(m.group()), line)


_COMPANIES = frozenset("llc pllc llp pc pa p c a".split())


def _plain(sentence: str) -> bool:
    """Whether a sentence in small letters holds nothing that would be written otherwise: a quick look."""
    if not sentence.islower() or _ASKS.search(sentence):
        return False
    words = _TOKEN.findall(sentence)
    if not all(map(_idle, words)):
        return False
    wholes, run = _of_several(), sentence.replace(". ", " ")
    return not any(name in run for word in words if word in wholes for name in wholes[word])


@lru_cache(maxsize=65_536)
def _idle(word: str) -> bool:
    """Whether a word is no name, and none that tells of one beside it."""
    if word.isdigit():
        return True
    found = kind(word)
    may = (found.unknown and len(word) > 3) or found.strong or found.city or _sure(word, upper=False)
    return not (may or word in _CUES or word in lexicon.load().cities)


@cache
def _of_several() -> dict[str, list[str]]:
    """Chains, and towns of two words and more, by their first word."""
    made: dict[str, list[str]] = {}
    towns = (town.replace(". ", " ") for town in lexicon.load().cities if " " in town)
    for name in (*towns, *(name for names in lexicon.load().chains.values() for name in names)):
        made.setdefault(_TOKEN.findall(name)[0], []).append(name.replace(". ", " "))
    return made


def _begun_small(sentence: str) -> bool:
    """Whether a sentence begins with a small letter and holds hardly a capital."""
    return len(sentence) >= _SHORTEST and sentence[0].islower() and _small(sentence)


def _counted(text: str) -> tuple[int, int]:
    """How many small letters a text has, and how many capitals."""
    if not text.isascii():
        return sum(map(str.islower, text)), sum(map(str.isupper, text))
    small = text.encode().translate(None, _LOWER)
    return len(text) - len(small), len(small) - len(small.translate(None, _UPPER))


def _small(text: str) -> bool:
    """Whether a text is written in small letters, short forms and one word in a hundred letters aside."""
    small, capitals = _counted(text)
    if capitals * 10 > small:
        return False
    return len(_BEGUN.findall(text)) * 100 < small


def _capitals(line: str) -> bool:
    """Whether a line of two words and more is written in capitals, one small letter in twenty aside."""
    if _counted(line[:12])[0] > 1:
        return False
    small, capitals = _counted(line)
    return small * 20 <= capitals > 0 and sum(len(w) > 2 for w in line.split()) > 1


def _rewritten(text: str, *, upper: bool) -> str:
    found = list(_TOKEN.finditer(text))
    words = [m.group().lower() for m in found]
    gaps = [text[a.end() : b.start()] for a, b in pairwise(found)] + ["\n"]
    sure = [_sure(word, upper=upper) for word in words]
    high = list(sure)
    for i in range(len(words)):
        high[i] = high[i] or _beside(words, gaps, high, i, upper=upper)
    _places(words, gaps, high)
    for i in leads.persons(words, gaps) + leads.places(words, gaps):
        high[i] = True
    _chains(text.lower(), found, high)
    _before_facilities(words, gaps, high, upper=upper)
    _streets(words, gaps, high)
    out, at = [], 0
    for i, (m, word) in enumerate(zip(found, words, strict=True)):
        out += [text[at : m.start()], _written(m.group(), word, words, gaps, i, high=high[i], upper=upper)]
        at = m.end()
    made = "".join([*out, text[at:]])
    return made if len(made) == len(text) else text


def _sure(word: str, *, upper: bool) -> bool:
    """Whether a word is a name on its own, or of the calendar."""
    if word in _CALENDAR or word in _TITLES or word in _NAMED_SYSTEMS or word in lexicon.CARE_COMPANIES:
        return True
    found = kind(word)
    if word in STATES:
        return True
    if (
        word in _SHORT_FORMS
        or plain(word) in PLAIN
        or word in _SMALL
        or word in _OPENS
        or found.word
        or found.medical
        or len(word) < 3
    ):
        return False
    if upper:
        return found.strong or found.city or (found.unknown and len(word) > 4)
    return (found.common_first or found.surname or (found.city and not found.word)) and not found.eponym


def _is_none(word: str) -> bool:
    """Whether a word is no name wherever it stands: one of grammar, of kin or medicine, or that nobody is called by."""
    found = kind(word)
    if word in _SMALL or word in _BEHIND or any(c.isdigit() for c in word) or plain(word) in PLAIN or len(word) < 2:
        return True
    if KIN_WORD.fullmatch(word) or (found.medical and not (found.surname or found.common_first)):
        return True
    return found.word and not (found.first or found.last)


def _beside(words: list[str], gaps: list[str], sure: list[bool], i: int, *, upper: bool) -> bool:
    """Whether a word that may be a name stands by a name, or where a person is named."""
    word = words[i]
    found = kind(word)
    if _is_none(word):
        return False
    before = words[i - 1] if i and (gaps[i - 1] in _GAP or gaps[i - 1].strip() == ":") else ""
    after = _next(words, i) if gaps[i] in _GAP else ""
    addressed = before in _TITLES and (found.namely or not upper or gaps[i - 1] != " ")
    if addressed or (before in _OPENS and (found.namely or (found.unknown and len(word) > 3))):
        return True
    if upper and before in _OPENS and gaps[i - 1].strip() == ":" and gaps[i] == ", " and found.surname:
        return True  # ``PATIENT: MARSH, ILKA``
    if upper and before in _ROLES and i and gaps[i - 1].strip() == ":" and found.surname and _field_ends(gaps[i]):
        return True  # ``ATTENDING: BROOKS``
    if upper and i and gaps[i - 1] == "," and sure[i - 1] and found.first:
        return True  # ``MARSH,PATIENCE L``
    if before in _CALLED and found.common_first and gaps[i - 1] == " " and word not in _DOES:
        return True
    if before in _OFFICERS and found.surname:
        return True
    if found.common_first and gaps[i] == ", " and _OLD.match(" ".join(words[i + 1 : i + 3])):
        return True
    if after in _CREDENTIALS and gaps[i] == " " and (found.unknown or len(before) == 1) and len(word) > 3:
        return True
    if before.endswith(("'s", "’s")):
        return False
    if before in ("and", "") and i > 1 and found.common_first and word not in _DOES and _joined(words, gaps, sure, i):
        return True
    near = (before and sure[i - 1] and before not in _CALENDAR) or (
        after and sure[i + 1] and after not in _CALENDAR and after not in _TITLES
    )
    named = found.first or found.surname or (upper and found.namely)
    named = named or (not found.word and (found.last or len(word) > 3))
    if near and named and len(word) > 2:
        return True
    if before in _OPENS and found.common_first and found.word and _surname(after, gaps[i]):
        return True
    return found.word and (found.common_first or found.surname) and before in _OPENS and after in _CREDENTIALS


_ROLES = (
    _OPENS
    | _CREDENTIALS
    | frozenset("lead anesthesia rt recorder scribe charge resident fellow intern surg anes".split())
)


def _field_ends(gap: str) -> bool:
    """Whether a gap ends the field of a form."""
    return "\n" in gap or "  " in gap or gap.lstrip(" ")[:1] in ("/", "|", ";")


def _joined(words: list[str], gaps: list[str], sure: list[bool], i: int) -> bool:
    """Whether a first name stands before a place, with ``and`` or a sign for it between."""
    if words[i - 1] == "and" and gaps[i - 1] == " " and gaps[i - 2] in (" ", ", "):
        return sure[i - 2] and kind(words[i - 2]).first
    return gaps[i - 1].strip(" ,") in ("&", "+") and sure[i - 1] and kind(words[i - 1]).first


def _surname(word: str, gap: str) -> bool:
    return bool(word) and gap == " " and kind(word).surname and plain(word) not in PLAIN


def _places(words: list[str], gaps: list[str], high: list[bool]) -> None:
    """Towns of two words, towns before a state or after words that bring a place, and what follows a health system."""
    cities = lexicon.load().cities
    for i, word in enumerate(words):
        after = _next(words, i)
        both = f"{word} {after}"
        if gaps[i] in (" ", ". ") and (both in cities or f"{word}. {after}" in cities or both in STATES):
            high[i] = high[i + 1] = True
        if not (word in cities or high[i]) or plain(word) in PLAIN:
            continue
        stated = gaps[i] == ", " and (after.upper() in POSTAL or after in STATES)
        brought = i > 1 and words[i - 1] in ("in", "from", "to", "near") and words[i - 2] in _GOES
        found = kind(word)
        led = i > 0 and (words[i - 1] in ("in", "from", "near") or words[max(0, i - 2) : i] == ["formerly", "of"])
        brought = brought or (led and found.last and not found.everyday)
        if stated or brought or (i and words[i - 1] in _SYSTEMS):
            high[i] = True
    for start, end in leads.runs(words, gaps):
        high[start:end] = [True] * (end - start)
    for i in range(1, len(words)):
        saint = words[i].removesuffix("s")
        if words[i - 1] == "st" and gaps[i - 1] in (" ", ". ") and kind(saint).common_first and saint not in _DOES:
            high[i - 1] = high[i] = True
    for i in range(1, len(words)):
        if words[i] in ("county", "parish", "township") and gaps[i - 1] == " " and high[i - 1]:
            high[i] = True
    for i, word in enumerate(words):
        if word in _SYSTEMS and i + 1 < len(words) and (high[i + 1] or words[i + 1] in ("secours", "permanente")):
            high[i] = high[i + 1] = True


def _chains(low: str, found: list[re.Match[str]], high: list[bool]) -> None:
    """Shops, hotels, schools and health systems of the list, those of everyday words behind what brings a place."""
    chains = lexicon.load().chains
    for i, m in enumerate(found):
        for name in chains.get(low[m.start() : m.end()], ()):
            end = m.start() + len(name)
            if not low.startswith(name, m.start()) or low[end : end + 1].isalnum():
                continue
            count = sum(f.start() < end for f in found[i : i + 8])
            words = [low[f.start() : f.end()] for f in found[i : i + count]]
            brought = _BRINGS.search(low, max(0, m.start() - _BRINGING), m.start())
            if count == 1 or not all(kind(w).word for w in words) or brought:
                high[i : i + count] = [w not in _SMALL for w in words]
                break


# Ends of a facility's name with the word before, without which they are words of every note.
_OF_CARE = {
    "care": ("urgent", "primary", "dental", "eye", "pain", "memory", "wound", "cancer"),
    "group": ("medical", "dental", "radiology", "cardiology"),
    "practice": ("family",),
    "medicine": ("family", "internal", "sports"),
    "physicians": ("family", "emergency"),
    "counseling": ("family",),
    "services": ("health", "human", "donor"),
    "lab": ("reference",),
    "spine": ("pain",),
}


def _before_facilities(words: list[str], gaps: list[str], high: list[bool], *, upper: bool) -> None:
    """Words that lead to a noun of facilities, and the noun."""
    for i, word in enumerate(words):
        cares = i > 0 and words[i - 1] in _OF_CARE.get(word, ())
        if not (word in _FACILITIES or cares) or (word == "works" and _next(words, i) in _WORKS_WHERE):
            continue
        at = i
        while (
            at
            and gaps[at - 1] in (" ", ". ", "-", " & ")
            and i - at < 5
            and _leads(words[at - 1], high[at - 1], upper=upper)
        ):
            at -= 1
        if at < i:
            for j in range(at, i + 1):
                high[j] = words[j] not in _SMALL


def _next(words: list[str], i: int) -> str:
    return words[i + 1] if i + 1 < len(words) else ""


_LANDS = frozenset("desert sequoia lotus anchor saddle".split())
"""Words of lists of medicine that houses are called by."""


def _leads(word: str, named: bool, *, upper: bool) -> bool:
    if named or word in _FACILITIES or word in _MIDDLE:
        return word in _FACILITIES or word not in _CALENDAR
    found = kind(word)
    return (
        upper
        and word not in _SMALL
        and plain(word) not in PLAIN
        and (found.last or found.city or not found.medical or word in _LANDS)
        and word.isalpha()
    )


def _streets(words: list[str], gaps: list[str], high: list[bool]) -> None:
    """A number, one to four words and a word of streets."""
    for i, word in enumerate(words):
        if word not in STREET_WORDS:
            continue
        wide = (gaps[i][:1] in (",", "\n") or word in _STREETS) and i > 0 and gaps[i - 1] in (" ", "  ")
        for back in range(2, 6) if wide else ():
            gap = gaps[i - back] if i >= back else ""
            if gap not in (" ", "  ") and not (gap == ". " and len(words[i - back]) < 3):
                break
            if words[i - back].isdigit() and words[i - back + 1] not in _UNITS:
                high[i - back + 1 : i + 1] = [True] * back
                break
    for i, word in enumerate(words):
        if (
            i > 1
            and gaps[i - 1] == " "
            and word in ("road", "highway", "box")
            and words[i - 1] in ("county", "po", "state")
        ):
            high[i - 1] = high[i] = True


def _written(piece: str, word: str, words: list[str], gaps: list[str], i: int, *, high: bool, upper: bool) -> str:
    before = gaps[i - 1] if i else ""
    if any(c.isdigit() for c in piece) or (upper and _coded(words, gaps, i)):
        return _number(piece, upper=upper)
    if not upper and piece[0].isupper():
        return piece
    if len(piece) == 1:
        return piece.upper() if upper or _initial(words, gaps, i) else piece
    if high and word in STREET_WORDS and len(word) == 2:
        return _capital(piece)
    if word in _LETTERED_SYSTEMS or (high and word in ("pd", "fd")):
        return piece.upper()
    if word in _CREDENTIALS and (upper or before.startswith(",") or (i and _named(words[i - 1]))):
        return piece.upper()
    stated = upper and word not in _WORDS_TOO
    listed = before.startswith(",") and (word != "ok" or words[i - 1] in lexicon.load().cities)
    listed = listed and not (word in _WORDS_TOO and kind(words[i - 1]).everyday)  # ``on a beach, in a car``
    if len(word) == 2 and word.upper() in POSTAL and (stated or listed or _zip_follows(words, gaps, i)):
        return piece.upper()
    if upper and word in _TITLES and gaps[i] == " " and not (i + 1 < len(words) and kind(words[i + 1]).namely):
        return piece  # an ``MR ANGIOGRAM`` is no mister
    if high or (word == "may" and _dated(words, gaps, i)):
        return _capital(piece)
    found = kind(word)
    if upper and len(piece) < 5 and (found.unknown or found.abbreviation) and word not in PARTICLES:
        return piece
    return piece.lower()


def _coded(words: list[str], gaps: list[str], i: int) -> bool:
    """Whether a word is of a code that ends in four digits and more: ``ED-MRN-004471``."""
    while gaps[i] == "-" and i + 1 < len(words):
        i += 1
        if words[i].isdigit():
            return len(words[i]) > 3
    return False


def _number(piece: str, *, upper: bool) -> str:
    """A word with digits: an ordinal in small letters, a number of many digits in capitals, others as they are."""
    if _NTH.fullmatch(piece):
        return piece.lower()
    return piece.upper() if not upper and sum(map(str.isdigit, piece)) > 3 else piece


def _initial(words: list[str], gaps: list[str], i: int) -> bool:
    """Whether a single letter stands before a name or ends one."""
    if words[i] in "aiwx":
        return False
    before_name = i + 1 < len(words) and gaps[i] in (" ", ". ") and _named(words[i + 1])
    ends_name = i > 0 and gaps[i - 1] in (" ", ", ") and _named(words[i - 1]) and gaps[i][:1] in (".", ",", ")", "\n")
    return before_name or ends_name


def _zip_follows(words: list[str], gaps: list[str], i: int) -> bool:
    return i + 1 < len(words) and not gaps[i].strip() and len(words[i + 1]) >= 5 and words[i + 1][:5].isdigit()


def _dated(words: list[str], gaps: list[str], i: int) -> bool:
    """Whether ``may`` is the month: by a number or an ordinal, or after words that bring a date."""
    after = _next(words, i) if gaps[i].strip() in ("", "the", "-", "/") else ""
    before = words[i - 1] if i else ""
    brought = before in ("since", "of", "early", "late", "mid") or before.isdigit()
    meant = before in ("in", "last", "next", "until") and after not in _AFTER_MAY
    return after[:1].isdigit() or after in _ORDINALS or brought or meant


def _named(word: str) -> bool:
    found = kind(word)
    return (found.strong and len(word) > 2) or (found.unknown and len(word) > 4)


def _capital(piece: str) -> str:
    low = piece.lower()
    if low[:2] in ("o'", "d'", "o’", "d’") or (low[:2] == "mc" and len(low) > 4):
        return low[0].upper() + low[1] + low[2:3].upper() + low[3:]
    return low[0].upper() + low[1:]
