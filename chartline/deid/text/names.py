"""People, and with them facilities and places: who is told by a title, a label, a list, a signature or a sentence."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import regex

from chartline.deid.text import datetext, letterheads, organizations, rosters, runs
from chartline.deid.text.hints import Place, Places
from chartline.deid.text.lexicon import COUNTRIES, EPONYMS, Kind, is_done, is_seldom_a_name, kind, plain
from chartline.deid.text.places import facilities, named_place, told_again, towns
from chartline.deid.text.reading import (
    CREDENTIAL,
    CREDENTIALS,
    FORM,
    GRADED,
    KIN,
    KIN_WORD,
    LABELS,
    NO_INITIALS,
    PARTICLES,
    PLACEHOLDER,
    PLAIN,
    RESULTED,
    ROLE_WORD,
    SEEN,
    SHORT,
    STAGED,
    TITLES,
    TOKEN,
    Reading,
    Token,
    begins_sentence,
    of_list,
    of_thing,
    opened,
    shape_of,
    tokens,
    word_start,
)
from chartline.deid.text.runs import (
    ACRONYM,
    AGED,
    DOES,
    NAMES_TOO,
    NUMBER_AFTER,
    ORDERED,
    SAME_LINE,
    SAYS,
    SHORT_NAMES,
    SPOKEN,
    SURNAME_NEXT,
    bids,
    does,
    goes_on,
    is_acronym,
    is_followed,
    is_short,
    is_usual,
    of_kin_or_role,
    opens_list,
    rare_first,
)
from chartline.deid.text.spans import Found

_LED_BY = "van|von|de|del|della|di|da|du|la|le|ten|der|den"
_PARTICLE = regex.compile(rf"(?:(?i:St\.|{_LED_BY})\s){{0,3}}")
# What laboratories and wards print between a last and a first name: ``Smith RN, John``.
_OFFICES = "MD|DO|RN|NP|PA|LPN|RPh|MLS|MT|RT|CRT"
_LAST_FIRST = regex.compile(
    rf"(?<![\w,])(?P<last>(?:(?i:St\.|{_LED_BY})\s){{0,3}}[^\W\d_][\w'’\-]+(?:\s+(?:Jr|Sr|II|III|IV|{_OFFICES})\.?)?),[ \t]?(?P<first>[^\W\d_][\w'’\-]+)(?P<mid>(?:\s[^\W\d_]\b\.?|\s+[A-Z][\w'’\-]+)?)"
)
_LABELLED = regex.compile(
    rf"(?i:\b{LABELS})(?:\s*\}}?[:|=]\s*|\s?(?:[*_\"]{{1,2}}|</\w{{1,6}}>)\s?[:=]\s?[\"*_]{{0,2}}|:\s?(?:[*_]{{1,2}}|</\w{{1,6}}>|\")\s?|\s+[\-–—]\s+|\t\s*|\s?(?:\.\s?){{2,}})(?P<v>[^\W\d_][^\n|;:(){{}}\[\]\d@/]{{1,48}})"
)
# A label of up to three words with a sign behind it, or a stop in it: a quick look.
_LABEL, _SIGN = r"[\w.]+(?: [\w.]+){0,2}", r"(?<=\.)|\s*[:|=}\-–—\t.]"
_LABEL_ENDS = re.compile(rf"{_LABEL}(?:{_SIGN})")
_LABEL_MARKED = re.compile(rf"{_LABEL}(?:{_SIGN}|\s?(?:[*_\"]{{1,2}}|</\w{{1,6}}>)\s?[:=])")
# What ends a field of a form.
_FIELD_ENDS = re.compile(r"[ ]*(?:\n|\Z|[|;]|[ ]{2})|,?\s(?:DOB|MRN|[Aa]ge|[Ss]ex)\b")
_MARKUP = ("*:", '":', "</", "_:")
_LOWER_TITLED = regex.compile(
    r"(?i:\b(?:(?:mr|mrs|ms(?<!\d ?ms)|dr|miss)\b\.?|doctor\b))[ \t]+(?P<v>[^\W\d_]['’\w\-]+(?:[ ][^\W\d_]['’\w\-]+)?)|(?i:\b(?:pt|patient|client|resident|named))\s+(?P<p>[a-z]['’\w\-]+\s+[a-z]['’\w\-]+|[a-z]['’\w\-]+)\b"
)
_GENERATION = frozenset({"II", "III", "IV", "MA", "RT", "PT", "DC", "OD"})  # also classes, grades and other things
_TITLED = regex.compile(
    rf"\b(?:{TITLES})\b{SHORT}{SAME_LINE}\s+(?P<v>(?:[A-Z]\.\s?){{0,2}}\p{{Lu}}[\w'’\-]+(?:\s+(?:[A-Z]\.|(?:de|la|van|von|der|del)\s+\p{{Lu}}[\w'’\-]+|\p{{Lu}}[\w'’\-]+)){{0,3}})"
)
# Who is written with one letter behind a form of address: ``per Dr. K``.
_TITLED_LETTER = regex.compile(r"(?:Drs?|Mrs?|Ms)\.?\s[A-WYZ](?![\w'’\-/&+]|\.\w|\.\s\p{Lu}|\s\p{Lu}\p{Ll})")
_ONE = r"(?P<n>(?:(?:van|von|de|del|della|di|ten|la|den|der)\s+){0,2}\p{Lu}[\p{L}'’\-]+(?:\s\p{Lu}[\p{L}'’\-]+)?)"
_DOCTORS = regex.compile(rf"\b(?:Drs|Doctors)\.?\s+{_ONE}(?:(?:\s*(?:,|/|&|\band\b)){{1,2}}\s*{_ONE}){{1,6}}")
_RELATED = regex.compile(
    rf"\b(?!(?i:ex)-)(?i:{KIN})(?:\s*[,:(\-–]\s*|\s\*{{2}}|\s+(?:is\s+|named\s+|called\s+)?)(?P<v>[A-Z][\w'’\-]+(?:(?:[ \t]+|[ \t]*\n[ \t]*)(?:[A-Z]\.|[A-Z][\w'’\-]+)){{0,2}})"
)
_RELATED_LOWER = regex.compile(rf"\b(?!(?i:ex)-)(?i:{KIN})\s(?P<v>[a-z]['’\w\-]+)")


def find(reading: Reading) -> Iterator[Found]:
    """Names of people, facilities and places."""
    text, words, hints, things = reading
    found: list[Found] = []
    found += (f for f in facilities(text, hints) if not things.hold(f.start, f.end))
    found += (f for f in organizations.find(text, hints) if not things.hold(f.start, f.end))
    found += (f for f in letterheads.find(text) if not things.hold(f.start, f.end))
    found += told_again(words, found, text)
    found += (f for f in towns(text, words, hints) if not things.hold(f.start, f.end))
    found += (f for f in _titled(text, hints) if not things.hold(f.start, f.end))
    found += _labelled(text, hints)
    cared = {f.start for f in found if f.type == "FACILITY" and " " in text[f.start : f.end]}
    turned = (f for f in _last_first(text, words) if not things.hold(f.end - 1, f.end))
    found += (f for f in turned if cared.isdisjoint(range(f.start + 1, f.end)))  # ``Ilka Tarn, Osgard Hospital``
    found += _speakers(text)
    found += (f for f in _signers(text) if not things.hold(f.start, f.end))
    found += _nicknamed(text)
    found += _kinfolk(text, hints)
    found += _valediction(text, hints)
    found += _fields(text, hints)
    found += _families(text, words)
    found += _parents(text)
    found += rosters.find(text, words, hints)
    found += _on_labels(text)
    found += _staff(text)
    found += _entries(text)
    found += _eastern(text, words)
    found += _misread(text)
    found += _described(text) if "seen" in hints else ()
    found += _by_comma(text)
    found += _told_in_talk(text, hints)
    found += _credentialed(text, words, hints)
    claimed = Places((f.start, f.end) for f in found)
    found += (f for f in runs.find(text, words) if not things.hold(f.start, f.end))
    found = [_within_field(text, f) for f in found if not PLACEHOLDER.fullmatch(text, f.start, f.end)]
    found += _behind(text, found)
    found += _initials(text, words, hints)
    found += _first_before(text, found)
    found += _paired(text, words, found)
    found += _joined_by_and(text, words, found)
    found += _shortened(text, words, found)
    found += _again(text, words, [f for f in found if f.type == "NAME"], things, claimed)
    found += (f for f in _lone(text, words) if not things.hold(f.start, f.end) and not claimed.hold(f.start, f.end))
    yield from (_owner(text, f) for f in _persons_first(text, found))


_OF_PERSONS = frozenset({"name:credential", "name:kin", "name:title", "name:last-first", "name:rowed"})


def _persons_first(text: str, found: list[Found]) -> list[Found]:
    """All but the places within what a title, kin, a label or a credential says is a person: ``From: Ilka Tarn, RN``."""
    sure = [f for f in found if f.type == "NAME" and (f.source in _OF_PERSONS or _labels_a_person(text, f))]
    held = {i for f in sure for i in range(f.start, f.end)}
    return [f for f in found if f.type not in _HOUSES or not all(i in held for i in range(f.start, f.end))]


def _labels_a_person(text: str, found: Found) -> bool:
    """Whether what stands behind a label begins with a first name and goes on."""
    words = TOKEN.findall(text, found.start, found.end) if found.source == "name:label" else []
    return len(words) > 1 and (kind(words[0]).common_first or len(words[0]) == 1) and not kind(words[-1]).medical


# What begins the next field of a form: ``Tarn    Unit no.:``.
_FIELD_BEGINS = re.compile(r"(?:\n|[ \t]{2})\s*(?=[A-Z][\w/.'’]*(?: [\w/.'’]+){0,2} ?[:#])")


# The month, one that nobody is called, that a name ends with before its day: ``Branson Apr 27``.
_DAY_BEGINS = re.compile(
    r",?[ ](?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr|Jul(?:y)?|Aug|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
    r"\.?[ ]\d{1,2}(?!\d)"
)


def _within_field(text: str, found: Found) -> Found:
    """A piece without what begins the next field of a form, or the day behind it."""
    day = _DAY_BEGINS.search(text, found.start, found.end + 5) if text[found.end : found.end + 2].strip(" .") else None
    if day and found.start < day.start() < found.end:
        return Found(found.start, day.start(), found.type, found.source)
    if "\n" in text[found.start : found.end] or "  " in text[found.start : found.end]:
        begins = _FIELD_BEGINS.search(text, found.start)
        if begins and begins.start() < found.end:
            return Found(found.start, begins.start(), found.type, found.source)
    return found


# A name in which a scanner read a letter as a digit: ``Lundgr3n`` is rare, ``Th0rnquist`` is not.
_MISREAD = re.compile(r"[01](?=[a-z])")
_MISREAD_WORD = re.compile(r"[A-Z][a-z]*(?:[01][a-z]+)+(?!\w)")
_MISREAD_LEAST = 6


def _misread(text: str) -> Iterator[Found]:
    """Names on a list in which a nought or a one stands for a letter."""
    for digit in _MISREAD.finditer(text):
        start = digit.start()
        while start and text[start - 1].isalnum():
            start -= 1
        word = _MISREAD_WORD.match(text, start) if text[start].isupper() else None
        if word is None or len(word.group()) < _MISREAD_LEAST:
            continue
        kinds = [kind(word.group().replace("0", "o").replace("1", letter)) for letter in "li"]
        if any(k.strong or k.last for k in kinds) and not any(k.word or k.medical for k in kinds):
            yield Found(start, word.end(), "NAME", "name:misread")


_STROKE = re.compile(r"/(?<=[^\W\d_].)(?=[A-ZÀ-ÖØ-Þ])| / (?<=[^\W\d_]...)(?=[A-ZÀ-ÖØ-Þ])")


def _paired(text: str, words: list[Token], found: list[Found]) -> Iterator[Found]:
    """Who is written with a stroke beside somebody: ``Tremblay/Okoye``."""
    signs = {m.start() for m in _STROKE.finditer(text)} if "/" in text else ()
    strokes = [(a, b) for a, b in pairwise(words) if a.end in signs] if signs else ()
    if not strokes:
        return
    behind = {a.start: b for a, b in pairwise(words)}
    starts, ends = {f.start for f in found if f.type == "NAME"}, {f.end for f in found if f.type == "NAME"}
    for left, right in strokes:
        other = right if left.end in ends else left if right.start in starts else None
        start = right.start
        if other is right and right.shape == "initial":
            other = behind.get(start)  # ``K. Tremblay/D. Okoye``
            if other is None or text[right.end : other.start] not in (". ", " "):
                continue
        if other is None or other.shape not in ("capital", "upper") or plain(other.text) in PLAIN or other.kind.medical:
            continue
        if other.kind.last or other.kind.first or other.kind.unknown:
            yield Found(other.start if other is left else start, other.end, "NAME", "name:paired")


# What a person is named behind: a line's start, a label, ``with``.
_NAMED_BEHIND = re.compile(r"(?:\A|\n[ \t]*|[.:;][ ]{1,2}|\b(?:with|w/|by|per) )\Z")
_CAPITAL_BEFORE = re.compile(r"(?<![\w'’\-])[A-Z][a-z]+(?:-[A-Za-z][a-z]+)? \Z")
_CREDENTIAL_NEXT = regex.compile(rf",?[ ]{CREDENTIALS}(?![\w'’])")


def _first_before(text: str, found: list[Found]) -> Iterator[Found]:
    """A first name that is a word, before a surname with a birth date, an age or a credential: ``Paw Tarnovic, DOB``."""
    for f in found:
        name = text[f.start : f.end]
        if f.type != "NAME" or text[f.start - 1 : f.start] != " " or " " in name:
            continue
        before = _CAPITAL_BEFORE.search(text, max(0, f.start - 20), f.start)
        if before is None or not _NAMED_BEHIND.search(text, max(0, before.start() - 6), before.start()):
            continue
        word = before.group().rstrip()
        first, last = kind(word), kind(name)
        syllables = _SYLLABLES.fullmatch(word) is not None
        if plain(word) in PLAIN or of_kin_or_role(word) or (not syllables and (first.medical or is_done(word, first))):
            continue
        if (last.namely or last.unknown) and (AGED.match(text, f.end) or _CREDENTIAL_NEXT.match(text, f.end)):
            yield Found(before.start(), before.start() + len(word), "NAME", "name:first-before")


# What joins two people.
_AND = re.compile(r" (?:and|&|\+) (?=[A-Z])")


def _joined_by_and(text: str, words: list[Token], found: list[Found]) -> Iterator[Found]:
    """Who is named together with somebody: ``Abra and Ilo``, ``Ilo & Bram``."""
    ends, starts = {f.end for f in found if f.type == "NAME"}, {f.start for f in found if f.type == "NAME"}
    both = [m for m in _AND.finditer(text) if not (m.start() in ends and m.end() in starts)]
    signs = [m for m in both if m.start() in ends or m.end() in starts or _of_two(text, m.end())]
    if not signs:
        return
    by_end, by_start = {t.end: t for t in words}, {t.start: t for t in words}
    for sign in signs:
        left, right = by_end.get(sign.start()), by_start.get(sign.end())
        if left is None or right is None:
            continue
        if not (left.end in ends or right.start in starts):
            sure = left.kind.last and right.kind.last
            if _colleague(left) and _colleague(right) and (sure or _AGREES.match(text, right.end)):
                yield from (Found(t.start, t.end, "NAME", "name:joined") for t in (left, right))
            continue
        known, other = (left, right) if left.end in ends else (right, left)
        if not known.kind.eponym and other.shape == "capital" and _a_person(other) and not of_thing(text, other.end):
            yield Found(other.start, other.end, "NAME", "name:joined")


# What two people do or are: ``Tarn & Pell agree``.
_OF_TWO = regex.compile(
    r"\p{Lu}[\p{L}'’\-]+\s(?:agree|concur|aware|notified|paged|updated|both|will|were|are|following|to\s(?:see|scrub|assist|follow|discuss)|present|saw|scrubbed|recommend|consulted|rounding|rounded)\b"
)


_AGREES = re.compile(r"\s(?:agree|concur|aware|notified|paged|updated|scrubbed|rounding|rounded)\b")


def _of_two(text: str, at: int) -> bool:
    return _OF_TWO.match(text, at) is not None


def _colleague(token: Token) -> bool:
    """Whether a word is a surname and nothing else, or on no list."""
    found = token.kind
    named = (found.last and found.strong) or (found.unknown and len(token.text) > ACRONYM)
    return token.shape == "capital" and named and not (found.eponym or found.medical or found.city)


def _a_person(token: Token) -> bool:
    """Whether a word may be who is named beside somebody, by the lists alone."""
    found = token.kind
    flower = found.common_first and found.everyday
    if (
        found.eponym
        or (found.medical and not flower)
        or found.city
        or plain(token.text) in PLAIN
        or not token.text[1:].islower()
    ):
        return False
    return found.common_first or found.strong or (found.unknown and len(token.text) > ACRONYM)


# Particles with a capital that no first name is, before a name: ``De la Cruz``.
_PARTICLE_BEFORE = re.compile(r"\b(?:Del?|Della|Dos|Das|Von|Ste?\.) \Z")
# The initial of a first name behind a last: ``HOLLOWAY,B``, ``Bautista, R. 71kg``.
_INITIAL_BEHIND = re.compile(r",[A-Z](?![\w.])|, [A-Z]\.(?= \d)")
# A sex, and what a chart tells beside it, between an age and a name: ``45 yo F Maria Lopez``, ``34yo WM John Doe``.
_OF_SEX = regex.compile(
    r"(?<=\d\s?(?i:yo|y/o|y\.o\.|yr|y)\s|\b(?i:old|sex:|gender:)\s)(?:[WBHA]\s?[MF]|AA[MF]|[MF])\s(?=\p{Lu})"
)
_ENDS_OF_PARTICLES = frozenset({"e ", "l ", "a ", "s ", "n ", ". "})


# What is left of a name that the end of a line divides: ``Van-`` and on the next line ``derbrook``.
_DIVIDED = re.compile(r"-[ \n](?P<w>[a-z]{4,})(?![\w'’-])")


def _owner(text: str, found: Found) -> Found:
    """A name with the particle that begins it, without the ending that tells what is its own."""
    if found.type == "NAME" and (rest := _DIVIDED.match(text, found.end)) and kind(rest["w"]).unknown:
        return Found(found.start, rest.end(), "NAME", found.source)
    if found.type == "NAME" and text[found.start - 2 : found.start] in _ENDS_OF_PARTICLES:
        led = _PARTICLE_BEFORE.search(text, max(0, found.start - 7), found.start)
        found = Found(led.start(), found.end, "NAME", found.source) if led else found
    if found.type == "NAME" and (initial := _INITIAL_BEHIND.match(text, found.end)):
        found = Found(found.start, initial.end(), "NAME", found.source)
    if found.type == "NAME" and (of_sex := _OF_SEX.match(text, found.start, found.end)):
        found = Found(of_sex.end(), found.end, "NAME", found.source)
    owns = found.type == "NAME" and text[found.end - 2 : found.end] in ("'s", "’s")
    return Found(found.start, found.end - 2, "NAME", found.source) if owns and found.end - found.start > 3 else found


def _titled(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """A name after a title or a word that brings a person, whatever its case."""
    for m in opened(_TITLED, text, hints, "title", capital=True):
        for found in _kept(text, m.start("v"), m.end("v"), "name:title", first=bool(FORM.match(m.group()))):
            # A form of address goes with the name; an office ("Nurse", "Attending") stays.
            yield Found(m.start() if FORM.match(m.group()) else found.start, found.end, found.type, found.source)
    for m in opened(_TITLED_LETTER, text, hints, "form", capital=True):
        yield Found(m.start(), m.end(), "NAME", "name:title")
    for m in opened(_DOCTORS, text, hints, "title", capital=True) if "Drs" in text or "Doctors" in text else ():
        for start, end in m.spans("n"):
            yield Found(start, end, "NAME", "name:doctors")
    yield from _called(text, hints)
    for m in opened(_LOWER_TITLED, text, hints, "form"):
        group = "v" if m.group("v") else "p"
        word = m.group(group).split()[0]
        if m.group()[:2] in ("MR", "DR", "MS") and _no_form(m.group()[2], word):
            continue  # an image, an insufficiency, a retinopathy too
        yield from _lower(text, m.start(group), m.end(group), titled=group == "v")
    for m in opened(_RELATED, text, hints, "kin"):
        kept = list(_kept(text, m.start("v"), m.end("v"), "name:kin", first=False))
        yield from kept
        if not kept and _called_by_a_word(text, m):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:called-by-a-word")
    for m in opened(_RELATED_LOWER, text, hints, "kin"):
        named = kind(m.group("v"))
        if named.first and named.strong and m.group("v") not in NO_INITIALS:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:kin")


def _no_form(sign: str, word: str) -> bool:
    """Whether two capitals before a word are no form of address: before what nobody is called, a thing, letters."""
    found = kind(word)
    if sign == " ":
        return not found.namely
    return found.eponym or (word.isupper() and len(word) <= ACRONYM and not found.namely)


def _called(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """What somebody is called, in quotes, and the surname behind it."""
    for hint in ("called", "kin") if '"' in text or "“" in text else ("called",):
        for m in opened(_CALLED, text, hints, hint):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:called")
            behind = SURNAME_NEXT.match(text, m.end())
            if behind is not None and ((name := kind(behind["w"])).namely or name.unknown):
                yield Found(behind.start("w"), behind.end(), "NAME", "name:called")


_MISTER = re.compile(r"\bM(?:rs?|s|iss)\.?\s\Z")


def _kept(text: str, start: int, end: int, source: str, *, first: bool) -> Iterator[Found]:
    """The words of a candidate up to the first that is plainly none of a name."""
    stop, before = start, None
    for i, m in enumerate(TOKEN.finditer(text, start, end)):
        token = Token(m.group(), m.start(), m.end(), shape_of(m.group()), kind(m.group()))
        name = plain(token.text)
        likely = not token.kind.word or token.kind.first or token.kind.last or (first and i == 0)
        syllables = _SYLLABLES.fullmatch(token.text) is not None
        likely = likely or syllables or (not i and rare_first(text, token))
        short = len(token.text) <= ACRONYM and token.shape == "capital" and not token.text[1:].islower()
        if not i and not token.text[1:].islower() and CREDENTIAL.fullmatch(token.text):
            break  # ``RN BSN``, ``MD PhD``
        if not i and name == "aide":
            break  # ``Nurse Aide``
        if not i and not first and is_short(token) and (token.kind.unknown or name in NO_INITIALS):
            break  # ``SLP MBSS``, ``Attending NA``
        dotted = token.shape == "initial" and text[m.end() : m.end() + 1] == "."
        called = not i and token.shape == "capital" and token.kind.surname
        called = called and _MISTER.search(text, max(0, start - 6), start) is not None
        named = dotted or called or (token.shape == "capital" and name in NAMES_TOO) or token.text in SHORT_NAMES
        named = named or (token.text == "Her" and before is not None)  # a surname of the Hmong
        if (name in PLAIN and not named) or not likely:
            break
        if i and text[token.start - 2 : token.start] == ". " and is_done(token.text, token.kind):
            break  # ``Dr. B. Bring the records``
        if i and short and token.text[1] not in "'’":
            break  # ``BrCa``
        of_a_name = token.kind.first or token.kind.last or syllables or (first and not i and not short)
        if token.kind.medical and not of_a_name:
            break
        if before is not None and (_apart(text, before, token) or _order_behind(before, token)):
            break
        stop, before = m.end(), token
    if stop > start:
        yield Found(start, stop, "NAME", source)


def _apart(text: str, left: Token, right: Token) -> bool:
    """Whether a gap or a line's end parts two words of what may be a name."""
    between = text[left.end : right.start]
    if between.count("\n") > 1:
        return True
    return between != " " and between.isspace() and not goes_on(text, left, right)


def _order_behind(left: Token, right: Token) -> bool:
    """Whether two or three capitals behind a name tell how an order came: ``per Dr. Tarn VO``."""
    told = right.text in ORDERED or not right.kind.surname
    return right.shape == "upper" and len(right.text) < ACRONYM and left.shape == "capital" and told


# Whose a specimen is, in quotes as its label has it: ``labeled "Osgard, Ilo - left breast"``.
_ON_LABEL = regex.compile(
    r"\b(?:labell?ed|patient|marked|identified)(?:\s(?:as|with|by|the|patient['’]s|name|and))*:?\s[\"“](?P<v>\p{Lu}[\p{L}'’\-]+(?:,\s(?![LR]\s\p{Ll})\p{Lu}(?:[\p{L}'’\-]+|\.)?|(?=[\"”,])))"
)


def _on_labels(text: str) -> Iterator[Found]:
    """Whose specimens are, by what stands on them in quotes."""
    for m in _ON_LABEL.finditer(text) if 'ed "' in text or "ed “" in text or 'nt "' in text else ():
        named = [kind(w) for w in TOKEN.findall(m["v"]) if len(w) > 1]
        thing = any(k.medical or k.eponym for k in named) or plain(TOKEN.findall(m["v"])[0]) in PLAIN
        if not thing and (len(named) > 1 or named[0].last or named[0].unknown):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:on-label")


_WHOLE_DAY = r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}(?:,?\s\d{1,2}:?\d\d(?:\s?[AaPp][Mm])?)?[ ]*(?:\n|\Z)"
_SIGNED_OFF = regex.compile(
    r"(?<=(?:[.!?)\]\n]\s?|\s)[-–—~]{1,2}\s?)(?P<v>\p{L}{2,3})(?=(?:,?\s(?i:rn|lpn|np|md|do|pa(?:-c)?|cna|ma|rd|sw|msw|pt|pta|ot|slp))?\.?\s*(?:$|\n))"
    r"|(?<=[.!?)]\s)(?P<v>[A-Z]{2,3})(?=,\s(?i:PGY-?\d|rn|lpn|np|md|do|pa(?:-c)?|rd|msw|pta))"
    r"|(?<=[.!?)]\s)(?P<v>[A-Z]{2,3})(?=\s*\Z)|(?<=[\s.]/)(?P<v>[A-Z]{2,3}|[a-z]{2,3})(?=\s*\Z)"
    r"|(?<=[.!?)]\s)(?P<v>[a-z]{2,3})(?=(?:\s(?i:rn|lpn|np|md|pa-c|cna|rd|msw|pta))?\.?\s*(?:$|\n))"
    r"|(?<=\s)(?P<v>[A-Z]{2,3}|[a-z]{2,3})(?=\s*(?:[.,;)\n]|$)|\s(?:for\s(?i:dr)\b|\d{1,2}/\d))(?<=(?:\b(?i:signed|reviewed|entered|transcribed|dictated|typed|"
    r"witnessed|verified|drawn|documented|cosigned|initials|initialed|read|prepared|taken|tech|sonographer|scribe|recorded|scanned|"
    r"roomed|charted|created|edited|logged|closed|completed|called|note|entry|given|administered|accessed|obtained|collected|inserted|applied|approved|hyg|typist|technologist|transcriptionist)(?:\s?:|\sby:?|\s?/)|\d{4}\sby|\b(?i:tech|sonographer|scribe|typist))\s\p{L}{2,3})"
    # Before the day, at a line's end: ``Will follow. KBT 3/4/21``.
    rf"|(?:(?<=[.!?)\],]\s)(?P<v>[A-Z]{{2,4}})|(?<=\b(?i:signed|closed|completed|reviewed|by|initials|started|verified|answered):?,?\s)(?P<v>\p{{L}}{{2,3}}))(?=\s{_WHOLE_DAY})"
    r"|(?<=\b(?:MD|DO|DMD|DDS|NP|PA|RN)\s?/\s)(?P<v>[a-z]{2,3})(?=[ ]*(?:\n|\Z))"
    r"|(?<=\n)(?P<v>[A-Z]{2,4})(?=/(?:dictated|transcribed|typed|voice)\b)"
    r"|(?<=\n[ ]?>[ ])(?P<v>[A-Z]{2,3})(?=[ ]*(?:\n|\Z))"
    r"|(?<=\bby\s)(?P<v>[A-Z]{2,4})(?=\son\s\d{1,2}/\d)"
    r"|(?<=\b(?:[Ss]ignature|[Aa]bstractor|[Cc]oder|[Ii]nitials):?\s)(?P<v>[A-Z]{2,3})(?=[ ]*(?:\n|\Z)|\s\d{8}\b)"
)
_WRITTEN = r"[A-Z]\.?\s?[A-Z]\.?(?:\s?[A-Z]\.?)?"
_PT_INITIALS = regex.compile(
    rf"(?i:pt|patient|client|resident|infant|child):?\s(?P<v>{_WRITTEN})(?=,?\s+(?i:is|was|has|had|will|reports?|reported|denie[sd]|states?|stated|says|said|endorse[sd]|complains?|"
    r"presents?|presented|came|comes|seen|returns?|returned|called|lives|an?\s\d|who)\b|,?\s\(?\d{1,3}[\s\-]?(?i:y|m\b|f\b))"
)
_OPENING_INITIALS = regex.compile(
    r"(?:^|(?<=[.!?\n:]\s?))(?P<v>[A-Z]\.?[A-Z]\.?(?:[A-Z]\.)?)\s+(?:\((?:mother|father|mom|dad|wife|husband|son|daughter|sister|brother|partner)\)|reports|reported|denies|denied|states|stated|endorses|says|said|complains|describes|verbalizes|lives|is\san?\s\d{1,3}[\s\-]?(?:y|mo|day|w(?:ee)?k))"
    r"|(?:^|(?<=[.!?\n:]\s?))(?P<v>[A-Z]\.[A-Z]\.)\s+(?:left|shared|gave|told|called|phoned|seen|will|was|is|has|had|came|went|to\s(?:bring|call|follow|see)|agreed|asked|wants|feels)\b"
)
# What stands behind who signed; cheaper to try than what stands before.
_SIGN_ENDS = re.compile(
    r"(?:,?\s(?i:rn|lpn|np|md|do|pa(?:-c)?|cna|ma|rd|sw|msw|pt|pta|ot|slp))?\.?\s*(?:\Z|\n)|\s*[.,;)]"
    rf"|\s(?:{_WHOLE_DAY}|for\s[Dd]r\b|(?:on\s)?\d{{1,2}}/\d|\d{{8}}\b)|/(?:dictated|transcribed|typed|voice)\b"
)


# Initials with stops behind a word that brings a person; ``M.D.`` and ``P.O.`` are none.
_DOTTED = regex.compile(
    r"\b(?i:with|w/|and|by|to|from|for|patient|pt|call|called|son|daughter|mother|father|wife|husband|mr\.?|ms\.?|mrs\.?|initials|recipient|donor):?\s(?P<v>\p{Lu}\.\s?\p{Lu}\.(?:\s?\p{Lu}\.)?)(?!\w|\s\p{Lu}\p{Ll})"
)
_DOTTED_AGED = regex.compile(
    r"(?<![\w.])(?P<v>\p{Lu}\.\s?\p{Lu}\.(?:\s?\p{Lu}\.)?)"
    r"(?:,?\s+(?=(?i:aged?\s)?\d{1,3}(?:[\s\-]?(?:[MF]\b|y)|(?<=(?i:age|aged)\s\d{1,3})\b)|(?:reports|reported|denies|denied|states|stated|said|says|told|asked|wants)\b)"
    r"|(?=,)(?<=\d{1,3}\s?[MF],\s\p{Lu}\.\s?\p{Lu}\.))"
)
_STOPPED = regex.compile(r"[A-Z]\.\s?[A-Z]\.")


def _dotted(text: str) -> Iterator[regex.Match[str]]:
    """Initials with stops where a person is named."""
    for m in _STOPPED.finditer(text):
        found = _DOTTED.search(text, max(0, m.start() - 12), m.end() + 8) or _DOTTED_AGED.match(text, m.start())
        if found and found.group("v").replace(".", "").replace(" ", "").lower() not in NO_INITIALS | _STOPPED_TOO:
            yield found


_STOPPED_TOO = frozenset("us usa uk dc ny nj la co od os ou qd va am pm".split())


def _of_list_below(text: str, at: int) -> bool:
    """Whether a word is alone behind a dash that the line before or behind begins with too: a list, no signature."""
    start = text.rfind("\n", 0, at) + 1
    mark = text[start:at].strip()
    if mark not in ("-", "–", "—"):
        return False
    before = text.rfind("\n", 0, max(0, start - 1)) + 1
    behind = text.find("\n", at) + 1
    return (start > 0 and text.startswith(mark, before)) or (behind > 0 and text.startswith(mark, behind))


_MOST_INITIALS = 3
_NOT_SIGNED = PLAIN | NO_INITIALS
# Who wrote an entry, behind its day: ``02/15/23 abc: Claim denied``.
_LOGGED = re.compile(r"(?m)^[ \t]*\d{1,2}/\d{1,2}(?:/\d{2,4})?(?: \d{1,2}:?\d\d)? (?P<v>[a-z]{2,3}|[A-Z]{2,3}):(?= )")


def _initials(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Who signed with two or three letters, and a patient who is written with them, wherever they stand again."""
    for token in words:
        most = _MOST_INITIALS + (token.shape == "upper")
        if not 2 <= len(token.text) <= most or (token.shape == "lower" and (token.kind.word or token.kind.medical)):
            continue
        name = plain(token.text)
        if name in NO_INITIALS or name in PLAIN or not _SIGN_ENDS.match(text, token.end):
            continue
        if _SIGNED_OFF.match(text, token.start) and not _of_list_below(text, token.start):
            yield Found(token.start, token.end, "NAME", "name:initials")
    yield from (Found(m.start("v"), m.end("v"), "NAME", "name:dotted") for m in _dotted(text))
    for m in _LOGGED.finditer(text):
        if plain(m["v"]) not in _NOT_SIGNED and not (m["v"].islower() and kind(m["v"]).word):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:initials")
    opening = (t.start for t in words if t.shape == "initial" or (t.shape == "upper" and len(t.text) < 4))
    openings = (_OPENING_INITIALS.match(text, at) for at in opening)
    known = set()
    written = [(a, b) for a, b in hints.get("patient", ()) if text[b + 1 : b + 2].isupper() or text[b : b + 2] == ": "]
    for m in (*opened(_PT_INITIALS, text, {"patient": written}, "patient"), *filter(None, openings)):
        letters = m.group("v").replace(".", "").replace(" ", "")
        if letters.lower() not in NO_INITIALS:
            known.add(letters)
            yield Found(m.start("v"), m.end("v"), "NAME", "name:initials")
    if known:
        yield from (Found(t.start, t.end, "NAME", "name:initials") for t in words if t.text.removesuffix("'s") in known)


_CALLED = regex.compile(
    rf"\b(?i:called|named|nicknamed|goes by|known as|prefers|alias|aka|nickname(?: is)?|dating|rep|agent|supervisor|caseworker|(?:dr|mr|mrs|ms)\.?|{KIN})\s+\(?['\"‘“](?P<v>[A-Z][\w'’\-]+?(?:\s+[A-Z][\w'’\-]+?)?)['\"’”]"
)


# How words end that tell what somebody does or has done.
_PARTICIPLE = re.compile(r"(?:ed|ing|ly)\Z")
_DOINGS = frozenset("aware here present away busy late wants says came went saw".split())


def _lower(text: str, start: int, end: int, *, titled: bool) -> Iterator[Found]:
    stop = start
    for i, m in enumerate(TOKEN.finditer(text, start, end)):
        k = kind(m.group())
        name = plain(m.group())
        sure = k.strong or (k.unknown and (titled or i > 0)) or (titled and i == 0 and (k.last or k.first))
        if titled and i == 0 and name not in PLAIN and not k.medical:
            sure = (
                k.first or k.last or not (k.word and (_PARTICIPLE.search(name) or name in _DOINGS))
            )  # ``Dr notified``
        if (
            i
            and text[start].isupper()
            and (m.group().islower() or (m.group().isupper() and not text[start:stop].isupper()))
        ):
            break  # ``Tarn earlier``, ``Tarn VO``
        if name in PLAIN or not sure or (not titled and i == 0 and not (k.common_first or k.surname)):
            break
        stop = m.end()
    if stop > start:
        yield Found(start, stop, "NAME", "name:lower")


# Surnames of two words, of the Plains and elsewhere, by what is seen and how it is.
_HOW = r"(?:Little|Big|Red|White|Black|Yellow|Blue|Iron|Spotted|Running|Standing|Sitting|Flying|Walking|Two|Three|Many|Good|Bad|Brave|Crow|Lone|Swift|Hollow|Charging|Medicine|Holy|Crazy|Lame)"
_DESCRIBED = regex.compile(
    rf"(?<![\w'’])(?!Red Bull|Blue Shield|White Horse (?:Inn|Tavern|Road|Pike))(?:{_HOW}[ ](?:{SEEN})|Broken[ ]Rope)"
    r"(?:,[ ]\p{Lu}\p{Ll}+(?=,?\s(?:\p{Lu}\.|\d{1,3}\s?[yYmMfF]|DOB|MRN)))?(?![\w'’])"
)
_DESCRIBED_LED = regex.compile(
    rf"(?i)(?<=\b(?:dr|mr|mrs|ms|miss|pt|patient)\.?:?\s(?:\p{{L}}{{2,}}\s(?:[\"“]\p{{L}}+[\"”]\s)?)?){_HOW}[ ](?:{SEEN})(?![\w'’])"
)


def _described(text: str) -> Iterator[Found]:
    """Surnames that are a thing seen and how it is: ``Spotted Elk``, ``Spotted Elk, Ilka, 11 yo``."""
    for form in (_DESCRIBED, _DESCRIBED_LED):
        yield from (Found(m.start(), m.end(), "NAME", "name:described") for m in form.finditer(text))


def _labelled(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """What stands after ``Patient:`` and its like."""
    ends = _LABEL_MARKED if any(sign in text for sign in _MARKUP) else _LABEL_ENDS
    labels = [p for p in hints.get("label", ()) if ends.match(text, p[0])]
    for m in opened(_LABELLED, text, {"label": labels}, "label"):
        start, stop, begun, sure, named = m.start("v"), m.start("v"), 0, 0, 0
        for t in TOKEN.finditer(text, m.start("v"), m.end("v")):
            token = Token(t.group(), t.start(), t.end(), shape_of(t.group()), kind(t.group()))
            gap = text[stop : t.start()] if stop > start else ""
            if gap.strip(" .,'’") or len(gap) > 3 or _begins_credential(text, gap, token):
                break
            if len(gap) > 1 and gap.isspace() and (token.text in _FIELDS or token.kind.word):
                break  # a field of its own
            if token.kind.unknown and (of_kin_or_role(token.text) or (stop == start and is_short(token))):
                break  # ``Covering: Hospitalist``
            if gap.startswith(".") and stop - begun > 2:
                break  # a sentence ends
            name = plain(token.text)
            too = (name in NAMES_TOO and token.shape != "lower") or token.text in SHORT_NAMES
            if name in PLAIN and token.shape != "initial" and not too:
                break
            if token.kind.medical and not token.kind.first and not token.kind.last:
                break
            rare = rare_first(text, token) or (stop == start and _begins_a_name(text, m, token))
            if token.kind.word and not (token.kind.first or token.kind.last) and not rare:
                break
            if token.shape == "lower" and not (token.kind.strong or token.kind.unknown) and token.text not in PARTICLES:
                break
            named += len(token.text) > 1 and (token.kind.first or token.kind.last) and token.shape != "lower"
            sure += token.kind.strong or token.kind.unknown or token.kind.common_first
            begun, stop = t.span()
        if stop - start == 1 and text[stop : stop + 1] != ".":
            continue  # an article
        if text[start:stop].isupper() and GRADED.match(text, stop):
            continue  # ``ASA III``
        usual = begun == start and named and _FIELD_ENDS.match(text, stop)  # ``Pt: Marsh``, not ``Name | Dates``
        usual = usual and not is_seldom_a_name(kind(text[start:stop]))
        if (sure or named > 1 or usual) and stop > start:
            yield Found(start, stop, "NAME", "name:label")


def _begins_credential(text: str, gap: str, token: Token) -> bool:
    """Whether a word is a credential, or begins one behind a comma: ``Ilka Tarn, M.D.``."""
    dotted = "," in gap and text[token.end : token.end + 1] == "." and CREDENTIAL.match(text, token.start) is not None
    return dotted or CREDENTIAL.fullmatch(token.text) is not None


_FIELDS = frozenset("F M RM Rm Gr Ht Wt HT WT".split())
"""Short forms that begin the next field of a form."""


def _begins_a_name(text: str, m: regex.Match[str], token: Token) -> bool:
    """Whether a rare word stands behind a label of names and before what is only a name: ``Name: Paw Tarnovic``."""
    if token.shape != "capital" or token.kind.everyday or "name" not in text[m.start() : m.start("v")].lower():
        return False
    behind = SURNAME_NEXT.match(text, token.end)
    return behind is not None and kind(behind["w"]).strong


# What people are called, in quotes or brackets between their names: ``Amos "Buck" Tarn``.
_QUOTED = re.compile(r"\s[\"“‘(](?=[A-Z][a-z]+[\"”’)]\s[A-Z])")
_NICKNAMED = regex.compile(r"(?P<f>\p{Lu}[\w'’\-]+)\s[\"“‘(](?P<n>\p{Lu}\p{Ll}+)[\"”’)][ ](?P<l>\p{Lu}[\w'’\-]+)")
# Who is called or did something, in brackets before a telephone or a day: ``(Abra 304-555-0155)``, ``EEG (Osgard, 3/30)``.
_IN_BRACKETS = regex.compile(
    r"\((?P<v>\p{Lu}\p{Ll}[\p{L}'’\-]+(?:\s\p{Lu}\p{Ll}[\p{L}'’\-]+)?),?\s(?=\(?\d{3}[)\-.\s]{1,2}\d{3}|(?:0?[1-9]|1[0-2])/\d{1,2}\b(?!/?\d|\s?%))"
)
_BRACKETS = re.compile(r"\([A-Z][a-z][^()\n]{1,40}? \(?\d")
# What stands before who speaks in a chat, or before a name in brackets.
_SAID = re.compile(r"\[\d{1,2}:\d{2}(?:\s?[AaPp][Mm])?\]\s|\((?=[^\W\d_])")
_SPEAKER = regex.compile(
    r"(?<=\[\d{1,2}:\d{2}(?:\s?[AaPp][Mm])?\]\s)(?P<v>\p{Lu}[\w'’\-]+(?:\s\p{Lu}[\w'’.\-]*)?|(?P<h>\p{Ll}[\w.]{2,24}))(?=:)|(?<=\()(?P<w>\p{Lu}\p{Ll}[\w'’\-]*\s\p{Lu}\.)(?=\))"
)
# What stands before who signs, the name with what ends it, and a first name with an initial that ends a note.
_SIGNS = regex.compile(r"(?<!\S)/(?=[^\W\d_])|[.!?)]\s{1,2}[-–—]{1,2}\s?(?=[^\W\d_])")
_SIGNATURE = regex.compile(
    rf"(?:(?:{_LED_BY})\s){{0,2}}\p{{Lu}}[\w'’\-]+(?:\s\p{{Lu}}[\w'’.\-]*)?(?=/\s*(?:\Z|\n)|\s\d{{1,2}}/\d|\.?\s*\Z)"
)
_ENDS_NOTE = regex.compile(r"(?<=[.!?\d]\s)\p{Lu}\p{Ll}{2,}\s\p{Lu}\.(?=\s*\Z)")


def _speakers(text: str) -> Iterator[Found]:
    """Who speaks in a chat (``[10:42] Ana:``), and a first name with an initial in brackets (``(Ana B.)``)."""
    if "[" in text or "(" in text:
        spoken = (_SPEAKER.match(text, sign.end()) for sign in _SAID.finditer(text))
        for m in filter(None, spoken):
            first = kind(m.group().split()[0].rstrip("."))
            handle = m.group("h")
            if handle and (ROLE_WORD.fullmatch(handle) or not ("_" in handle or first.unknown or first.namely)):
                continue
            if not first.medical or first.common_first:
                yield Found(m.start(), m.end(), "NAME", "name:speaker")
    for m in _IN_BRACKETS.finditer(text) if _BRACKETS.search(text) else ():
        kinds = [kind(w) for w in TOKEN.findall(m["v"])]
        named = all(k.first or k.last or k.unknown for k in kinds) and not any(k.medical or k.eponym for k in kinds)
        if named and not (plain(m["v"].split()[0]) in PLAIN or of_kin_or_role(m["v"])):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:in-brackets")


def _nicknamed(text: str) -> Iterator[Found]:
    """Names with what their owner is called between them."""
    for quote in _QUOTED.finditer(text):
        m = _NICKNAMED.match(text, word_start(text, quote.start()))
        if m is None:
            continue
        first, called, last = (kind(m.group(g)) for g in "fnl")
        named = called.first or called.last or (first.common_first and text[m.start("n") - 1] not in "(")
        if first.first and named and last.last:
            yield from (Found(m.start(part), m.end(part), "NAME", "name:nicknamed") for part in "fnl")


# What somebody is called, in quotes in brackets behind the name, and an age over 89 behind it.
_BY_NICKNAME = regex.compile(r"\s\([\"“'](?P<v>\p{Lu}[\p{L}'’\- ]{1,20}?)[\"”']\)")
_BY_OTHER = re.compile(r" \((?P<v>[A-Z][a-z]{2,11})\)")
# Initials in brackets behind the name that they are of.
_BY_INITIALS = re.compile(r"\s\((?P<v>[A-Z]\.?\s?[A-Z]\.?(?:\s?[A-Z]\.?)?)\)")
# A day behind somebody or a facility, the next of several children, and the street that a facility stands on.
_BY_DAY = re.compile(
    r",? (?P<v>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01]))(?![\w/%]|[-.]\d| ?(?:mg|mcg|mL|cm|mm|points?|strength|power|scale|pain|mod|min|max|visits|sessions)\b)"
)
_BY_CODE = re.compile(r" (?P<v>(?!(?:19|20)\d\d)\d{5,9})(?=[.,;)\n]|\Z| by\b| on\b| \d)")
_BY_VETERAN = re.compile(r" {1,2}\(?(?P<v>[A-Z]\d{4})(?=\)|\s|\Z)")  # a letter and the last four
_NEXT_CHILD = regex.compile(r"(?:\s\(\d{1,2}\)(?:,|,?\sand|\s&)|,)\s(?P<v>\p{Lu}\p{Ll}[\w'’\-]+)(?=\s\(\d{1,2}\))")
_ON_STREET = regex.compile(r"\son\s(?P<v>\p{Lu}\p{Ll}{2,}(?:\s\p{Lu}\p{Ll}+)?)(?=[.,;)\n]|$|\s[a-z(])")
_BY_AGE = re.compile(r"(?:, | \()(?P<v>9\d|1[01]\d)(?=[,.;)]|\s(?:and|who|with)\b|\s*(?:\n|\Z))")


# A flat or a house of many behind what they are in: ``Osgard Ct apt 3``.
_UNIT_BEHIND = re.compile(
    r",? (?P<v>(?:apt|unit|bldg|lot|trlr|building)\.? ?#?(?:\d{1,4}[A-Z]?|[A-Z]\d{0,4}))\b", re.IGNORECASE
)
_UNITS = frozenset({" ap", " un", " bl", " lo", " tr", " bu", ", a", ", u", ", b", ", l"})
_HOUSES = frozenset({"FACILITY", "LOCATION"})


# Where somebody of a credential works: ``Osgard MD, Harbor Light``.
_AFFILIATED = regex.compile(
    rf"(?:,?[ ]{CREDENTIALS})+(?:,[ ]|[ ][-–][ ]|[ ]\()(?!{CREDENTIALS})(?P<v>\p{{Lu}}\p{{Ll}}[\w'’\-]*(?:[ ](?:of[ ]|the[ ])?\p{{Lu}}\p{{Ll}}[\w'’\-]*){{0,3}})(?=[.;)]?[ ]*(?:\n|\Z)|[;)])"
)
_NUMBER_OF_SHOP = re.compile(r" #\d{2,6}\b")
# A town named together with another: ``in Osgard and Tollard last year``.
_AND_TOWN = regex.compile(
    r" and (?P<v>\p{Lu}\p{Ll}{2,})(?=[.,;)\n]|\Z|\s(?:from|in|for|on|last|this|where|with|to|since|until)\b)"
)


def _a_town(word: str) -> bool:
    """Whether a word behind a town may be another: a town, a word on no list, or one that people seldom use."""
    found = kind(word)
    rare = found.unknown or found.strong or (found.word and not found.everyday)
    return found.city or (rare and not found.medical and plain(word) not in PLAIN)


def _a_town_of(word: str) -> bool:
    """Whether a word in brackets behind a name is the town somebody is of."""
    found = kind(word)
    return found.city and not (found.medical or plain(word) in PLAIN or of_kin_or_role(word))


# Whose a priest or a pastor is: ``Rev. Tarn of Osgard Fork``.
_CLERGY = re.compile(r"\b(?:Rev(?:erend)?|Fr|Father|Pastor|Rabbi|Imam|Bishop|Deacon|Chaplain|Sister|Brother|Elder)\b")
_CLERGY_OF = regex.compile(r" of (?:the )?(?P<v>\p{Lu}[\w'’.\-]+(?: \p{Lu}[\w'’\-]+){0,4})")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _behind(text: str, found: list[Found]) -> Iterator[Found]:
    """What tells more of who is named: ``Abra Tarn ("Bee")``, ``Abra, 93,``."""
    for f in found:
        near = text[f.end : f.end + 3]
        if near[-1:].isdigit() or near[1:2].isdigit() or near[:2] in ("  ", " ("):
            day = _BY_DAY.match(text, f.end) if f.type in ("NAME", "FACILITY", "LOCATION") else None
            if day is not None and not datetext.is_counted(text, *day.span("v")):
                yield Found(day.start("v"), day.end("v"), "DATE", "name:by-day")
            code = _BY_CODE.match(text, f.end) if f.type == "NAME" else None
            code = code or (_BY_VETERAN.match(text, f.end) if f.type == "NAME" else None)
            if code is not None:
                yield Found(code.start("v"), code.end("v"), "ID", "name:by-code")
        if near in (" of", " on", " an") or near[:2] == " #":
            yield from _place_behind(text, f)
        if f.type in _HOUSES and near.lower() in _UNITS and (unit := _UNIT_BEHIND.match(text, f.end)):
            yield Found(unit.start("v"), unit.end(), "ADDRESS", "name:unit-behind")
        sign = near[:2] if f.type == "NAME" else ""
        if sign in (' "', " “", " I"):
            yield from _goes_by(text, f)
        initial = _INITIALS_LAST.match(text, f.end) if near[:1] in (" ", ",") else None
        if initial is not None:
            yield Found(initial.start("v"), initial.end("v"), "NAME", "name:initial-behind")
        if near[-1:].isupper() and sign and (of := _AFFILIATED.match(text, f.end)):
            end = named_place(text, of.start("v"), of.end("v"), works=False, sure=False)
            if end > of.start("v"):
                yield Found(of.start("v"), end, "FACILITY", "name:affiliated")
        at = f.end if sign == " (" and near[-1:].isdigit() else -1
        while at > 0 and (child := _NEXT_CHILD.match(text, at)):
            yield Found(child.start("v"), child.end("v"), "NAME", "name:next-child")
            at = child.end("v")
        if sign == " (":
            yield from _in_brackets_behind(text, f)
        if sign in (", ", " (") and (aged := _BY_AGE.match(text, f.end)):
            yield Found(aged.start("v"), aged.end("v"), "AGE", "name:aged")


# What stands behind a name: the generation, and in quotes what somebody is called, before a surname or not.
_GENERATION_BEHIND = re.compile(r" (?P<v>III?|IV)(?=[.,;)]|\s|\Z)")
_QUOTED_BEHIND = regex.compile(r"\s[\"“](?P<n>\p{L}[\p{L}'’\-]{1,14})[\"”](?:[ ](?P<l>\p{L}[\p{L}'’\-]+))?")


# Initials behind a surname, where nothing goes on: ``Tarn, J.`` and ``Tarn O. P.``.
_INITIALS_LAST = regex.compile(
    r",? (?!(?:M\. ?[ABDPS]|D\. ?[CDNOP]|[BPNLFC]\. ?[APSRT]|R\. ?[DN]|[OJ]\. ?[DT])\.)(?P<v>\p{Lu}\.(?: ?\p{Lu}\.)?)(?=[ ]{2}|\n|[,;)\]]|\Z)"
)


def _goes_by(text: str, f: Found) -> Iterator[Found]:
    """The generation behind a name, and what somebody is called in quotes, with the surname behind it."""
    generation = _GENERATION_BEHIND.match(text, f.end)
    if generation:
        yield Found(generation.start("v"), generation.end("v"), "NAME", "name:generation")
    quoted = _QUOTED_BEHIND.match(text, f.end)
    if quoted is None or not _is_called(quoted["n"]):
        return
    yield Found(quoted.start("n"), quoted.end("n"), "NAME", "name:nicknamed")
    surname = kind(quoted["l"]) if quoted["l"] else None
    if surname and (surname.last or surname.unknown) and plain(quoted["l"]) not in PLAIN:
        yield Found(quoted.start("l"), quoted.end("l"), "NAME", "name:nicknamed")


def _is_called(word: str) -> bool:
    """Whether a word in quotes behind a name may be what its owner is called, and not what is said."""
    found = kind(word)
    named = found.first or found.unknown or (not found.everyday and (found.last or word[0].isupper()))
    return named and (found.last or not found.medical) and plain(word) not in PLAIN


def _in_brackets_behind(text: str, f: Found) -> Iterator[Found]:
    """What somebody is called too and the town somebody is of, in brackets behind the name."""
    called, other, short = (form.match(text, f.end) for form in (_BY_NICKNAME, _BY_OTHER, _BY_INITIALS))
    if called:
        yield Found(called.start("v"), called.end("v"), "NAME", "name:nicknamed")
    if other and _another(other["v"]):
        yield Found(other.start("v"), other.end("v"), "NAME", "name:nicknamed")
    if other and _a_town_of(other["v"]):
        yield Found(other.start("v"), other.end("v"), "LOCATION", "name:town-of")
    if short:
        initials = {word[0] for word in TOKEN.findall(text, f.start, f.end)}
        if initials.issuperset(c for c in short["v"] if c.isalpha()):
            yield Found(short.start("v"), short.end("v"), "NAME", "name:initials")


def _place_behind(text: str, f: Found) -> Iterator[Found]:
    """The number of a shop, the street that it stands on, the next of two towns, and whose priest somebody is."""
    number = _NUMBER_OF_SHOP.match(text, f.end) if f.type == "FACILITY" else None
    if number:
        yield Found(f.end + 1, number.end(), "FACILITY", "name:number-of-shop")
    street = _ON_STREET.match(text, f.end) if f.type == "FACILITY" else None
    if street and plain(street["v"].split()[0]) not in PLAIN and not street["v"].startswith(_WEEKDAYS):
        yield Found(street.start("v"), street.end("v"), "LOCATION", "name:on-street")
    town = _AND_TOWN.match(text, f.end) if f.type == "LOCATION" else None
    if town and _a_town(town["v"]):
        yield Found(town.start("v"), town.end("v"), "LOCATION", "name:and-town")
    of = _CLERGY_OF.match(text, f.end) if f.type == "NAME" else None
    if of and _CLERGY.search(text, max(0, f.start - 12), f.start + 12):
        end = named_place(text, of.start("v"), of.end("v"), works=True, sure=True)
        if end > of.start("v"):
            yield Found(of.start("v"), end, "FACILITY", "name:clergy")


def _another(word: str) -> bool:
    """Whether a word in brackets behind a name is what somebody is called too, and no kin or office."""
    found = kind(word)
    return (found.unknown or found.strong or found.common_first) and not (
        found.medical or found.city or plain(word) in PLAIN or of_kin_or_role(word)
    )


# Chinese and Korean surnames by what they are written with most often; without those that medicine begins words with.
_EASTERN = frozenset(
    "王李張张劉刘陳陈楊杨趙赵吳吴周徐孫孙朱胡郭林羅罗鄭郑梁謝谢宋許许韓韩馮冯鄧邓曹彭曾蕭萧田董潘蔡葉叶程蘇苏魏呂吕丁"
    "沈姚盧卢姜崔鍾钟譚谭廖賈贾夏韋韦鄒邹孟熊秦邱施侯陶黎賀贺顧顾龔龚邵錢钱嚴严洪金김이박최정강조윤장임한오서신권황안송류전홍"
)
# Two to four of their signs, alone in a line, in brackets, or before an age.
_SIGNS_OF_NAME = regex.compile(
    r"(?<![\p{Han}\p{Hangul}])(?<=(?:^|[\n:(])[ \t]?)(?P<v>\p{Han}{2,4}|\p{Hangul}{2,4})(?=\)|[ \t]*(?:\n|\Z)|,?[ ]\d{1,3}[ ]?(?:y|歲|岁|세|/|M\b|F\b))"
)


def _eastern(text: str, words: list[Token]) -> Iterator[Found]:
    """Names in Chinese and Korean script among words of Latin script."""
    if text.isascii() or not any(w.text > "\u2fff" for w in words):
        return
    for m in _SIGNS_OF_NAME.finditer(text):
        if m["v"][0] in _EASTERN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:eastern")


# Who wrote an entry of a log: ``18:30 (Ilka B):``.
_ENTRY = re.compile(r"\((?<=\d\d:\d\d \()(?P<v>[A-Z][a-z]{2,}(?: [A-Z](?:\.|\b)|(?: [A-Z][a-z]+)?))(?=\):)")


def _entries(text: str) -> Iterator[Found]:
    """Who wrote the entries of a log."""
    for m in _ENTRY.finditer(text) if "):" in text else ():
        first = m["v"].split()[0]
        found = kind(first)
        named = (found.first or found.unknown or found.surname) and not found.medical
        if named and plain(first) not in PLAIN and not of_kin_or_role(first):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:entry")


_KINS = (
    "(?:grand|step)?(?:sons|daughters|children|kids|brothers|sisters|parents|twins|siblings|sibs|nieces|nephews|cousins|aunts|uncles|friends"
    "|roommates|dtrs)"
)
_A_NAME = r"(?P<n>\p{Lu}\p{Ll}[\w'’\-]*)(?:\s\(\d{1,2}[^)\n]{0,8}\)|,?\s\d{1,2}(?:\s?(?:yo?|mo))?(?=[,;\s]))?"
_KINFOLK_NAMED = regex.compile(
    rf"\b(?i:{_KINS})(?:\s(?:are|named|called))?\s?[:(,\-–]?\s?{_A_NAME}(?:(?:[,;]?\s(?:and|&)\s|,\s|;\s|\s?/\s?|\s\+\s){_A_NAME}){{1,6}}"
)


def _kinfolk(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Who is listed behind a word for several kin: ``sons Ilo and Bram``."""
    for m in opened(_KINFOLK_NAMED, text, hints, "kinfolk"):
        places = m.spans("n")
        kinds = [kind(text[a:b]) for a, b in places]
        if not any(k.strong or k.common_first or k.unknown for k in kinds):
            continue
        for (a, b), k in zip(places, kinds, strict=True):
            aged = text[b : b + 2] == " (" and text[b + 2 : b + 3].isdigit()
            if plain(text[a:b]) in PLAIN or (not aged and (k.medical or (k.word and not (k.first or k.last)))):
                break
            yield Found(a, b, "NAME", "name:kinfolk")


# Fields of a form in capitals, with nothing but white space before what is written in them.
_FIELD = regex.compile(
    r"\b(?:(?:LAST|FIRST|MIDDLE|MAIDEN|GIVEN|FAMILY)(?:[ ]NAME)?|NAME|SURNAME)[ \t]{1,6}(?P<v>\p{Lu}\p{Ll}[\p{L}'’\-]*(?:[ ]\p{Lu}[\p{L}'’.\-]*){0,2})(?=[ ]{2,}|\t|[ ]*(?:\n|$))"
)


def _families(text: str, words: list[Token]) -> Iterator[Found]:
    """A family by its surname: ``the Lundgrens``."""
    for before, token in pairwise(words):
        if token.shape != "capital" or token.text[-1] != "s" or before.text not in ("the", "The"):
            continue
        found, one = token.kind, kind(token.text[:-1])
        family = one.surname and one.strong and not one.eponym and not (found.word or found.medical or found.eponym)
        if family and text[before.end : token.start] == " ":
            yield Found(token.start, token.end, "NAME", "name:family")


# Who is on the staff of an operation, in the fields of a log: ``Surg Marsh  Asst P. Osgard``.
_STAFF = regex.compile(
    r"\b(?:Surg|Asst|Anes|Circ|Scrub|Perf|Att)[ ]{1,2}(?P<v>(?:\p{Lu}\.?[ ])?\p{Lu}\p{Ll}[\p{L}'’\-]+(?:[ ]\p{Lu}\b\.?)?)(?=[ ]{2}|[ ]?(?:\n|\Z|[/;])|[ ](?:RN|PA|MD|CRNA)\b)"
)


def _staff(text: str) -> Iterator[Found]:
    """Surgeons and those with them in a log that has no colons."""
    for m in _STAFF.finditer(text) if "Surg " in text or "Anes " in text or "Circ " in text else ():
        name = m["v"].split()[0] if len(m["v"].split()[0].rstrip(".")) > 1 else m["v"].split()[1]
        found = kind(name)
        if (found.last or found.first or found.unknown) and plain(name) not in _NO_STAFF:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:staff")


_NO_STAFF = frozenset("general local spinal block none regional mac sedation topical".split())


# Whose child or wife somebody is, as Indians write it: ``W/o Osgard``.
_PARENT = regex.compile(
    r"\b[SDW]/o\.?\s(?:(?i:late|shri|sri|smt|mr|mrs)\.?\s){0,2}(?P<v>(?:\p{Lu}\.?\s){0,2}\p{Lu}\p{Ll}+(?:\s\p{Lu}\p{Ll}+)?)"
)


def _parents(text: str) -> Iterator[Found]:
    """Who stands behind ``S/o``, ``D/o`` and ``W/o``; what is done without something is no name."""
    for m in _PARENT.finditer(text) if "/o" in text else ():
        found = kind(TOKEN.findall(m["v"])[-1])
        if found.namely or found.unknown:  # ``D/o`` is a disorder too
            yield from _kept(text, m.start("v"), m.end("v"), "name:parent", first=False)


def _called_by_a_word(text: str, m: regex.Match[str]) -> bool:
    """Whether kin in small letters has a rare word for a name: ``her husband Amble, ...``."""
    word = m.group("v")
    found = kind(word)
    marked = text[m.start("v") - 2 : m.start("v")] == "**"
    if (
        found.medical
        or (found.everyday and not marked)
        or not word[1:].islower()
        or plain(word) in PLAIN
        or _ADJECTIVE.search(word)
    ):
        return False
    related = m.group().split()[0]
    if marked:
        return text.startswith("**", m.end("v"))
    lower = related.islower() or (related[1:].islower() and begins_sentence(text, m.start()))
    ended = text[m.end("v") : m.end("v") + 1] in (",", ".", ";", ")", "'") or DOES.match(text, m.end("v"))
    return lower and m.group() == f"{related} {word}" and bool(ended)


# How words end that say what somebody is like or was.
_ADJECTIVE = re.compile(
    r"(?:ed|ing|ic|al|ive|ous|ful|less|able|ible|ly|ant|ent|sis|itis|oma|emia|tion|ity|ist|ian|ese)$"
)


def _fields(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Names in the fields of a form: ``LAST NAME Osgard      FIRST Ilo``."""
    for m in opened(_FIELD, text, hints, "field", capital=True):
        if plain(m.group("v").split()[0]) not in PLAIN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:field")


_VALEDICTION = regex.compile(
    r"(?<![\w'’])(?i:thanks|thank\syou|thx|tysm|ty|regards|best|cheers|sincerely|signed(?=,)|your\spatient(?=,)|warmly|yours|take\scare|respectfully|cordially|love)"
    r"(?i:\s(?:so\smuch|again|a\slot|all|in\sadvance|truly|sincerely|wishes|regards|always))?[!.,]*\s{1,3}(?:[-–—~]{1,2}\s?)?"
    r"(?P<v>\p{L}['’\p{L}\-]{1,14}(?:\s\p{Lu}['’\p{L}\-]*\.?){0,2})(?=[.!]?[ ]*(?:\n|$))"
)


# Who is addressed, everyday words too: ``Dear Running Bear,``.
_ADDRESSES = regex.compile(
    r"(?:Dear|Hi|Hello|Hey)\s(?P<v>(?:\p{Lu}\.\s)?\p{Lu}[\p{L}'’\-]+(?:\s(?:la\s|los\s|de\s)?\p{Lu}[\p{L}'’\-]+){0,2})(?=,)"
)
# Who is addressed in a line of the letter's own.
_GREETS = regex.compile(r"\s*(?P<v>\p{Lu}\p{Ll}+)(?:\s(?:and|&)\s\p{Lu}\p{Ll}+)?,[ ]*\n")


_GREETINGS = ("Hi ", "Hello ", "Hey ")
_NOBODY = frozenset("sir sirs madam colleague colleagues friend friends all everyone team staff".split())


def _valediction(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Who closes a message: ``Thanks! Abra``, ``thx ilo``."""
    for m in opened(_VALEDICTION, text, hints, "farewell"):
        word = m.group("v").split()[0]
        found = kind(word)
        capital = word[0].isupper()
        if plain(word) in PLAIN or found.medical or ROLE_WORD.fullmatch(word) or KIN_WORD.fullmatch(word):
            continue
        lined = word.lower() not in NO_INITIALS and "\n" in text[m.start() : m.start("v")]
        unknown = found.unknown and (len(word) > 2 or lined)  # initials too, in a line of their own
        if found.common_first or found.namely or unknown or (capital and not found.everyday):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:valediction")
    for m in _ADDRESSES.finditer(text) if "Dear " in text or text.startswith(_GREETINGS) else ():
        words = TOKEN.findall(m["v"])
        if not any(plain(w) in _NOBODY or (plain(w) in PLAIN and len(w) > 1) or of_kin_or_role(w) for w in words):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:greeting")
    if m := _GREETS.match(text):
        found = kind(m["v"])
        if found.common_first and not found.medical and plain(m["v"]) not in PLAIN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:greeting")


def _signers(text: str) -> Iterator[Found]:
    """Who signs: ``/Begay/`` and ``- Begay 12/4`` where a line ends, ``Ana B.`` where the note does."""
    signed = [_SIGNATURE.match(text, m.end()) for m in _SIGNS.finditer(text)]
    for m in filter(None, [*signed, _ENDS_NOTE.search(text, max(0, len(text) - 40))]):
        named = [w for w in m.group().split() if len(w.rstrip(".")) > 1]
        first, last = kind(named[0]), kind(named[-1])
        if plain(named[-1]) in PLAIN or (last.word and not last.last):
            continue
        if not first.medical or first.common_first:
            yield Found(m.start(), m.end(), "NAME", "name:signed")


def _comma_starts(text: str, words: list[Token]) -> Iterator[int]:
    """Where a capitalised word stands before a comma and another one."""
    for i, (left, right) in enumerate(pairwise(words)):
        if right.start - left.end <= 3 and text[left.end] in ",." and "," in text[left.end : right.start]:
            if left.text in _SUFFIXES and i:
                yield words[i - 1].start
            elif left.text[0].isupper() and right.text[0].isupper():
                yield _with_particles(text, words, i)


def _with_particles(text: str, words: list[Token], i: int) -> int:
    """The start of a last name with the particles before it, as in ``van den Berg``."""
    at = words[i].start
    while i and _PARTICLE.fullmatch(text, words[i - 1].start, at) and at - words[i - 1].end < 3:
        i, at = i - 1, words[i - 1].start
    return at


_SUFFIXES = frozenset(f"Jr|Sr|II|III|IV|{_OFFICES}".split("|"))


def _last_first(text: str, words: list[Token]) -> Iterator[Found]:
    """Last name first, as in ``Smith, John A.``."""
    for at in _comma_starts(text, words):
        m = _LAST_FIRST.match(text, at)
        if m is None or _of_an_office(text, m):
            continue
        last, first = kind(_PARTICLE.sub("", m.group("last"), 1).split()[0]), kind(m.group("first"))
        if _plainly_last_first(m, last, first):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
            continue
        same_case = m.group("last")[0].isupper() and m.group("first")[0].isupper()
        if (
            (m.group("last") + m.group("first")).isupper()
            and len(m.group("last")) <= _LONGEST_ACRONYM
            and len(m.group("first")) <= _LONGEST_ACRONYM
            and not (last.surname and first.common_first)
        ):
            continue
        mixed = m.group("last").isupper() and not m.group("first").isupper()
        if _of_things(text, m):
            continue
        if any(c.isdigit() for c in m.group()) or (m.group("first").isupper() and not m.group("last").isupper()):
            continue
        if mixed and not (last.namely or (last.unknown and len(m.group("last")) > 5)):
            continue
        if mixed and len(m.group("last").split()[0]) < ACRONYM and not last.surname:
            continue
        if plain(m.group("last")) in PLAIN or plain(m.group("first")) in PLAIN:
            continue
        named = (
            first.first and first.strong and (opens_list(text, m.start()) or bool(_DATED.match(text, m.end("first"))))
        )
        if (last.medical or last.eponym or (first.eponym and not first.first)) and not named:
            continue
        if named and not first.medical and not _LISTED.match(text, m.end("first")):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
            continue
        sure = first.common_first and first.strong and not last.medical and last.last
        if (
            same_case and first.first and first.common_first and (last.last or last.unknown) and (not last.word or sure)
        ) or (same_case and _comma_name(text, m, last, first) and not _of_several(text, m)):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
        elif (same_case and first.first and first.strong and last.last and not last.word) or (
            same_case
            and m.group("mid").strip(" .")
            and len(m.group("mid").strip(" .")) == 1
            and last.last
            and first.first
        ):
            yield Found(m.start(), m.end(), "NAME", "name:last-first")


def _of_an_office(text: str, m: regex.Match[str]) -> bool:
    """Whether two words are kin behind a label and who it is, or who somebody is and the credential."""
    credential = CREDENTIAL.match(text, m.start("first"))
    if (
        credential
        and credential.end() >= m.end("first")
        and (m.end("first") > m.start("first") + 2 or credential.group().count(".") > 1)
    ):
        return True  # ``Tarn, PharmD``, ``Tarn, Au.D.``
    if plain(m.group("first")) in COUNTRIES and _COMES_FROM.search(text, max(0, m.start() - 8), m.start()):
        return True  # ``from Osgard, India``
    # ``Contact: Father, Quentin Tarn``
    return text[max(0, m.start() - 2) : m.start()] == ": " and KIN_WORD.fullmatch(m.group("last")) is not None


_COMES_FROM = re.compile(r"\b(?:in|from|of|to|via|near)\s\Z")
_LONGEST_ACRONYM = 5
_GRADED_LAST = re.compile(r"\s(?:II|III|IV)$")
_GRADED_TOO = re.compile(r"\s(?:I{1,3}|IV|V|[A-D]|\d)(?!\w|\.\w)")


def _of_things(text: str, m: regex.Match[str]) -> bool:
    """Whether two words are numbers or short forms, two of a list of things of medicine, or two scales with grades."""
    if max(len(m.group("last")), len(m.group("first"))) < 3 or _ROMAN.fullmatch(m.group("last")):
        return True
    if "-" in m.group("last") and "-" in m.group("first") and not kind(m.group("first")).first:
        return True  # ``Osgard-Tarn, Pell-Varga``
    graded = _GRADED_LAST.search(m.group("last")) and _GRADED_TOO.match(text, m.end("first"))
    return bool(graded) or of_list(text, m.start(), m.end("first"))


def _of_several(text: str, m: regex.Match[str]) -> bool:
    """Whether two words are of a longer list that brings no people, not a last and a first name."""
    if opens_list(text, m.start()):
        return False
    return bool(_LISTED.match(text, m.end("first")) or _IN_LIST.search(text, max(0, m.start() - 24), m.start()))


def _plainly_last_first(m: regex.Match[str], last: Kind, first: Kind) -> bool:
    """Whether an office, two syllables (``Sung, Mi-ra``) or capitals of a surname and a first name tell a person."""
    if last.namely and not last.eponym and first.common_first and AGED.match(m.string, m.end()):
        return True  # ``Tarn, Grant  DOB``
    named = last.surname and first.common_first and first.strong
    if named and not m.string[m.start() - 2 : m.start() - 1].isalpha() and AGED.match(m.string, m.end()):
        return True  # ``Long, Rita  44M``
    if m.group().isupper() and len(m.group("last")) > ACRONYM:
        return named
    if first.medical or first.everyday:
        return False
    if last.namely and _CREDENTIALED.search(m.group("last")):
        return plain(m.group("first")) not in PLAIN and m.group("first")[1:].islower()
    return last.last and _SYLLABLES.fullmatch(m.group("first")) is not None


# A given name of two syllables, as Koreans and Chinese write it: ``Mi-ra``.
_SYLLABLES = regex.compile(
    r"(?!(?i:re|pre|post|non|mid|anti|follow|co|self|low|in|on|over|two|one|up|well|de|un|sub)-)\p{Lu}\p{Ll}{1,4}-\p{L}\p{Ll}{1,5}"
)
_ROMAN = re.compile(r"[IVX]+[a-e]?")
_CREDENTIALED = re.compile(rf"\s(?:{_OFFICES})$")
_MIDDLE_ENDS = regex.compile(r"\s?(?:[,;(|)]|\s\s|\n|$)")


def _with_middle(text: str, m: regex.Match[str]) -> int:
    """The end of ``Last, First`` with a middle initial where nothing of the sentence follows it."""
    alone = len(m.group("mid").strip(" .")) == 1 and _MIDDLE_ENDS.match(text, m.end())
    return int(m.end() if alone else m.end("first"))


def _comma_name(text: str, m: regex.Match[str], last: Kind, first: Kind) -> bool:
    """Whether ``Last, First`` is a person when the lists do not say so: by what they do not know, or by the place."""
    told = first.first or not m.group().isupper() or _NUMBERED.match(text, m.end("first"))
    if last.unknown and (first.first or first.unknown) and told:
        return True
    if last.namely and not last.city and (first.unknown or first.namely) and not m.group().isupper():
        return not first.medical
    if (
        last.strong
        and last.last
        and first.last
        and not last.city
        and not first.medical
        and m.group("first")[1:].islower()
    ):
        return text[m.end("first") : m.end("first") + 1] in ("", ".", ";", ")", "\n", "|", "(")
    headed = _HEADS.search(text, max(0, m.start() - 12), m.start()) and not first.medical
    if headed and (last.namely or last.unknown) and not m.group().isupper():
        return True
    named = first.common_first or first.unknown or (first.first and first.strong) or last.unknown
    return named and not last.medical and not first.medical and opens_list(text, m.start())


# What a person's number or birth is told by.
_NUMBERED = re.compile(r"\s+(?:ID|MRN|DOB|HRN|EMPI)\b")
# What heads a person, and a date behind one.
_HEADS = regex.compile(r"\b(?i:pt|patient|name|inmate|resident|client|member|veteran)\s?:?\s\Z")
_DATED = regex.compile(r"\s+\(?\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_LISTED = regex.compile(r",?\s+(?:and\s+)?[A-Z][a-z]+,|,\s+[A-Z][a-z]+(?:\s\d|\.\s)|,\s+(?:and|or)\s")
_IN_LIST = regex.compile(r"\p{Lu}\p{L}[\p{L}\-]*(?:\s(?:[IVX]+|[A-D]|\d))?,\s\Z")


_SHORTENED = frozenset({"Wm", "Jas", "Chas", "Geo", "Thos", "Jos", "Robt"})
_A_KIND = regex.compile(r"[A-Z]-[a-z]+")  # ``X-ray``, ``T-score``


def _credentialed(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
    """A name before ``MD`` and its like."""
    places = [a for a, b in hints.get("credential", ()) if text[a].isupper() and not text[b : b + 1].isalpha()]
    starts = [t.start for t in words] if places else []
    for at in places:
        if CREDENTIAL.match(text, at) is None:
            continue
        last = bisect_left(starts, at) - 1
        if last < 0 or words[last].end > at or _is_credential(words[last]):
            continue  # the second part of ``CCC-SLP``, or the second of ``MD, PhD``
        if len(words[last].text) > ACRONYM and text[words[last].end : at] == ". ":
            continue  # of another sentence
        first, stop = last, at
        while first >= max(0, last - 4) and text[words[first].end : stop].strip(" ") in _NEXT[first == last]:
            token = words[first]
            plainly = plain(token.text) in PLAIN and not (token.shape == "initial" or plain(token.text) in NAMES_TOO)
            if (
                token.shape == "lower"
                or plainly
                or _A_KIND.fullmatch(token.text)
                or (first < last and (bids(text, token) or does(token)))
                or _is_credential(token)
                or (
                    first < last
                    and len(token.text) > 2
                    and text[token.end : token.end + 2] == ". "
                    and token.text not in _SHORTENED
                )
                or (token.kind.word and not (token.kind.first or token.kind.last))
            ):
                break
            first, stop = first - 1, token.start
        names = [t.kind for t in words[first + 1 : last + 1] if len(t.text) > 1]
        if all(map(is_acronym, words[first + 1 : last + 1])) and text[words[last].end] != ",":
            continue  # ``CXR PA``
        begins = words[first + 1].start
        short = all(t.shape == "upper" and is_short(t) and not t.kind.surname for t in words[first + 1 : last + 1])
        if short and not _INITIALLED.search(text, max(0, begins - 8), begins):
            continue  # ``no BM, MD notified``
        credential = CREDENTIAL.match(text, at)
        if (
            credential
            and credential.group().rstrip(".") in _GENERATION
            and (len(names) < 2 or of_thing(text, credential.end()))
        ):
            continue
        if credential and text[credential.end() : credential.end() + 2].lstrip()[:1] in _OF_FIELD and does(words[last]):
            continue  # ``Referring MD:``
        led = words[last - 1].shape == "initial" and text[words[last - 1].end : words[last].start] == ". "
        led = led or (len(names) == 1 and is_usual(words[last]) and _HOLDS.match(text, at) is not None)
        if names and (
            any(k.strong or k.unknown or k.common_first or k.namely for k in names) or (led and names[0].last)
        ):
            yield Found(words[first + 1].start, words[last].end, "NAME", "name:credential")


# Where initials are somebody's: at the beginning of a line or field, behind a sign or who did it.
_INITIALLED = re.compile(
    r"(?:^|[\n|\t({/:;~*]|[-–—]|[.:] |  |\b(?:[Bb]y|[Pp]er|[Ww]ith|[Ff]rom|[Tt]o|[Aa]nd|[Vv]ia|d/w|w/)|&)\s?\Z"
)
_OF_FIELD = frozenset({":", "/"})
# A credential that is nothing else, at the end of what is signed: ``Marsh RN 3/4``.
_HOLDS = re.compile(r"(?:RN|LPN|LVN|CNA|CRNA|MD|NP|PA-C|FNP|LCSW|MSW|DPT|PharmD)\b(?=\s*(?:[.,;)\n]|\Z|\d))")


def _is_credential(token: Token) -> bool:
    return token.shape != "lower" and CREDENTIAL.fullmatch(token.text) is not None


# What stands between the words of a name; before a credential a comma too.
_NEXT = (frozenset({"", "."}), frozenset({"", ",", ".", ".,"}))


# A surname with an initial that begins a row of a list: ``Osgard, M rm 4``.
_ROWED = regex.compile(
    r"(?<=\b(?i:to|for|on|pt:?|patient:?|name:?|ordering:?|labell?ed|of)\s[\"“]?)(?P<v>\p{Lu}[\p{L}'’\-]{3,},\s?(?![LR]\s\p{Ll})\p{Lu})(?=[ ]|\s*(?:\n|$))|"
    r"(?P<v>\p{Lu}[\p{L}'’\-]+,\s?\p{Lu})\.?,?(?=\s(?:calling|called|calls|here|[\"”]|(?i:rm|room|bed)\b|\d{1,3}\s?(?:[MF]\b|y)|(?:DOB|MRN)\b)|\s?[/|(])"
)
# Who is addressed: ``No problem, Abra.``
_ADDRESSED = regex.compile(
    r"(?<=\b(?i:yes|no|ok|okay|hi|hey|hello|sorry|thanks|you|problem|sure|right|well|good|great|morning|afternoon|evening|bye|care|luck|welcome|now|so|alright|listen|see|know)), (?P<v>\p{Lu}\p{Ll}{2,})(?=[.?!,])"
)
_COMMA = re.compile(r", ?(?=[A-Z](?:[a-z]{2,14}[.?!,]|(?![\w'’-])))")


def _capital_start(text: str, at: int) -> int:
    """The start of the word before a place, behind a quote."""
    start = word_start(text, at)
    return start + 1 if text[start] in '"“(' else start


def _by_comma(text: str) -> Iterator[Found]:
    """Surnames with an initial in a row of a list, and who is addressed in talk."""
    for comma in _COMMA.finditer(text):
        row = _ROWED.match(text, _capital_start(text, comma.start()))
        if row is not None:
            found = kind(row["v"].split(",")[0])
            if (found.last or found.unknown) and not found.medical and not found.eponym:
                yield Found(row.start("v"), row.end("v"), "NAME", "name:rowed")
        said = _ADDRESSED.match(text, comma.start())
        if said is not None and kind(said["v"]).common_first and plain(said["v"]) not in PLAIN:
            yield Found(said.start("v"), said.end("v"), "NAME", "name:addressed")


# Who tells a name: ``it's Abra,``, ``this is Abra from``.
_TELLS = regex.compile(
    r"(?i:it['’]?s|this\sis|I['’]m|I\sam|my\sname(?:\sis|['’]s))\s(?:(?P<v>\p{Lu}\p{Ll}{2,})(?=[,.]|\s(?:from|calling|with|and\sI)\b)|(?P<v>\p{Lu}[\p{L}'’\-]+(?:[ ](?:la[ ]|los[ ])?\p{Lu}[\p{L}'’\-]+)?)(?=\scalling\b))"
)


def _told_in_talk(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Who tells a name in talk or a message."""
    for m in opened(_TELLS, text, hints, "talk"):
        found = kind(m["v"])
        may = found.common_first or ((found.first or found.last or found.unknown) and not found.medical)
        may = may or text.startswith(" calling", m.end("v"))
        if may and plain(m["v"]) not in PLAIN and not found.eponym:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:tells")


# Where initials sign, or tell by whom: at a sentence's start or behind a dash, a stroke or ``per``, with nothing behind.
_SIGNING = regex.compile(r"(?:(?:^|[\n.;:)\]*-])\s?|\d\s|[-–—/]\s?|\b(?i:per|by|w/|with|cosign|signed)\s)\Z")
_SIGNED = re.compile(r"(?=[ ]*(?:\n|\Z|[/.,;)]|\d))")


def _shortened(text: str, words: list[Token], found: list[Found]) -> Iterator[Found]:
    """Who is named in full again by initials where one signs, or by a user's name: ``Ilo Tarn``, then ``itarn``."""
    short: set[str] = set()
    for whole in {text[f.start : f.end] for f in found if f.type == "NAME"}:
        if " " in whole or "-" in whole:
            short.update(form for form in _short_forms(whole) if form in text)
    for token in words if short else ():
        if token.text not in short:
            continue
        if token.shape == "lower":
            if len(token.text) > ACRONYM and not token.kind.word:
                yield Found(token.start, token.end, "NAME", "name:user-of")
        elif _SIGNING.search(text, max(0, token.start - 8), token.start) and _SIGNED.match(text, token.end):
            yield Found(token.start, token.end, "NAME", "name:initials-of")


@lru_cache(maxsize=4096)
def _short_forms(whole: str) -> frozenset[str]:
    """User's names in small letters and initials in capitals that a name is cut short to."""
    parts = [plain(t) for t in TOKEN.findall(whole) if not FORM.fullmatch(t)] or [""]
    first, last = parts[0], parts[-1]
    initials = {"-".join(p[0] for p in last.split("-") if p)}
    users = set()
    if len(parts) > 1:
        users = {first[0] + last, last + first[0], first + last}
        letters = "".join(p[0] for part in parts for p in part.split("-") if p)
        initials |= {letters, first[0] + letters[-1]}
    told = {i.upper() for i in initials if 1 < len(i) <= _MOST_INITIALS and i not in NO_INITIALS}
    return frozenset(told | users)


def _again(text: str, words: list[Token], names: list[Found], eponyms: Places, claimed: Places) -> Iterator[Found]:
    """Parts of names found once, wherever they stand again in the text."""
    said = {
        plain(t.text): t
        for name in {text[f.start : f.end] for f in names}
        for t in tokens(name)
        if len(t.text) > 2 and t.shape != "initial" and t.text not in PARTICLES
    }
    parts = {w for w, t in said.items() if not t.kind.word and w not in PLAIN}
    parts |= {p for w in parts for p in w.split("-") if len(p) > 3 and kind(p).strong}
    doubtful = said.keys() - parts
    bare = {t.text for t in words if t.shape == "lower"} if doubtful else set()
    small = {w for w in parts if len(w) > ACRONYM and not kind(w).medical}
    for i, token in enumerate(words):
        if token.shape not in ("capital", "upper") and token.text not in small:
            continue
        name = plain(token.text)
        if name in parts or (name in doubtful and (_said_again(text, words, i) or _same(text, token, bare))):
            found = Found(token.start, token.end, "NAME", "name:again")
            if not eponyms.hold(found.start, found.end) and not claimed.hold(found.start, found.end):
                yield found


def _said_again(text: str, words: list[Token], i: int) -> bool:
    """Whether a word that was part of a name stands as one again: within a sentence, or as who speaks or acts."""
    token = words[i]
    if token.shape != "capital" or of_thing(text, token.end):
        return False
    if SAYS.match(text, token.end) or SPOKEN.match(text, token.end) or is_followed(text, token.end):
        return True
    if token.kind.common_first and DOES.match(text, token.end) and begins_sentence(text, token.start):
        return True
    before = words[i - 1] if i else None
    inside = before is not None and before.shape == "lower" and text[before.end : token.start] == " "
    after = words[i + 1] if i + 1 < len(words) else None
    apart = after is None or text[token.end : after.start] != " " or after.shape == "lower"
    return inside and apart and not NUMBER_AFTER.match(text, token.end)


def _same(text: str, token: Token, bare: set[str]) -> bool:
    """Whether a surname that is a word too stands again, in a text that never uses the word."""
    found = token.kind
    if token.shape != "capital" or not found.surname or found.eponym or token.text.lower() in bare:
        return False
    if _RECOMMENDS.match(text, token.end):
        return True
    return not found.medical and not of_thing(text, token.end) and text[token.end : token.end + 1] not in _OF_LABEL


# What a colleague or a family does, in few letters: ``Strand recs``.
_RECOMMENDS = re.compile(r"\s(?:recs?|rec['’]d|aware|paged|updated|notified|okd?|family|at\sbs|@\s?bs|to\sbs)\b")
_OF_LABEL = frozenset({":", "="})
_LONE_LEAST = 4


def _lone(text: str, words: list[Token]) -> Iterator[Found]:
    """Surnames and first names that are nothing else, alone: ``seen by ortho (Osgard)``, ``ortho-Tarn 1840``."""
    for token in words:
        start = token.start
        if "-" in token.text and token.text[0].islower():
            service, _, name = token.text.partition("-")
            if plain(service) not in PLAIN or shape_of(name) != "capital":
                continue
            start, found = token.end - len(name), kind(name)
        elif token.shape == "capital" or (token.shape == "upper" and len(token.text) > ACRONYM):
            name, found = token.text, token.kind
        else:
            continue
        if len(plain(name)) < _LONE_LEAST or not _name_only(name, found) or KIN_WORD.fullmatch(plain(name)):
            continue
        # Things are called after surnames.
        given = found.common_first and not found.surname and token.shape == "capital"
        labels = text[token.end : token.end + 1] in _OF_LABEL or RESULTED.match(text, token.end) is not None
        thing = labels if given else _begins_a_thing(text, token.end)
        if not thing and not of_list(text, start, token.end):
            yield Found(start, token.end, "NAME", "name:lone")


def _begins_a_thing(text: str, end: int) -> bool:
    """Whether what stands behind a surname makes a label, a thing, a scale or a test of it."""
    if text[end : end + 1] in _OF_LABEL or _OF_TWO_WORDS.match(text, end) or RESULTED.match(text, end):
        return True
    return _DAY_BEHIND.match(text, end) is None and (of_thing(text, end) or STAGED.match(text, end) is not None)


def _name_only(name: str, found: Kind) -> bool:
    """Whether the lists know a word as a surname or common first name and as nothing else."""
    if not (found.last or found.common_first) or found.word or found.eponym or found.city or found.medical:
        return False
    parts = plain(name).split("-")
    if len(parts) > 1 and not all(len(p) > 2 and kind(p).last and kind(p).strong and p not in EPONYMS for p in parts):
        return False  # ``Paget-Schroetter``
    return plain(name) not in _NOBODY_ALONE


# A day behind a name, which no share or score is.
_DAY_BEHIND = re.compile(r" (?:0?[1-9]|1[0-2])/(?:\d{1,2}/\d\d(?:\d\d)?|1[3-9]|2\d|3[01])(?![\d/])")
# What something is called by two words: ``Bach Rescue Remedy``.
_OF_TWO_WORDS = regex.compile(r"[ ]\p{Lu}\p{Ll}{2,}")
# On the lists of surnames, and alone more often something else: whoever a scale, an instrument or a firm is called after.
_ALONE_A_THING = frozenset(
    """
    carolina europe bible brand osborn zimmer lenke conners balthazar richter sager poole bugbee cartwright bledsoe bremer
    haberman aldrete schwab vanderbilt ferriman levene melone modic fuhrman batts siewert nevin wellens senn heaney
    pederson kevorkian tischler toomey tiemann browne kell cromer lepore salzmann vogt spaeth titmus jaeger farnsworth
    blakemore bach maslow erikson piaget kohlberg bandura freud finnegan bode mcisaac sara hasson hibbs borden koos nyquist rhoton fukushima budde azure lloyd-davies
    """.split()
)
_NOBODY_ALONE = PLAIN | COUNTRIES | _ALONE_A_THING
