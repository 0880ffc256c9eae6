"""People told by a title, a form of address, kin, or what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from chartline.deid.text import talk
from chartline.deid.text.hints import Place
from chartline.deid.text.lexicon import is_done, kind, plain
from chartline.deid.text.reading import (
    CREDENTIAL,
    FORM,
    KIN,
    NO_INITIALS,
    PLAIN,
    SHORT,
    SYLLABLES,
    TITLES,
    TOKEN,
    Reading,
    Token,
    begins_sentence,
    opened,
    shape_of,
    word_start,
)
from chartline.deid.text.runs import (
    ACRONYM,
    DOES,
    NAMES_TOO,
    ORDERED,
    SAME_LINE,
    SHORT_NAMES,
    SURNAME_NEXT,
    goes_on,
    is_short,
    rare_first,
)
from chartline.deid.text.spans import Found


def find(reading: Reading) -> Iterator[Found]:
    """People whom a title, kin or what they are called tells."""
    text, _, hints, things = reading
    yield from (f for f in _titled(text, hints) if not things.hold(f.start, f.end))
    yield from _kinfolk(text, hints)
    yield from _parents(text)
    yield from _nicknamed(text)


_TITLED = regex.compile(
    rf"\b(?:{TITLES})\b{SHORT}{SAME_LINE}\s+(?P<v>(?:[A-Z]\.\s?){{0,2}}\p{{Lu}}[\w'’\-]+(?:\s+(?:[A-Z]\.|(?:de|la|van|von|der|del)\s+\p{{Lu}}[\w'’\-]+|\p{{Lu}}[\w'’\-]+)){{0,3}})"
)
# Who is written with one letter behind a form of address: ``per Dr. K``.
_TITLED_LETTER = regex.compile(r"(?:Drs?|Mrs?|Ms)\.?\s[A-WYZ](?![\w'’\-/&+]|\.\w|\.\s\p{Lu}|\s\p{Lu}\p{Ll})")
_ONE = r"(?P<n>(?:(?:van|von|de|del|della|di|ten|la|den|der)\s+){0,2}\p{Lu}[\p{L}'’\-]+(?:\s\p{Lu}[\p{L}'’\-]+)?)"
_DOCTORS = regex.compile(rf"\b(?:Drs|Doctors)\.?\s+{_ONE}(?:(?:\s*(?:,|/|&|\band\b)){{1,2}}\s*{_ONE}){{1,6}}")
_LOWER_TITLED = regex.compile(
    r"(?i:\b(?:(?:mr|mrs|ms(?<!\d ?ms)|dr|miss)\b\.?|doctor\b))[ \t]+(?P<v>[^\W\d_]['’\w\-]+(?:[ ][^\W\d_]['’\w\-]+)?)|(?i:\b(?:pt|patient|client|resident|named))\s+(?P<p>[a-z]['’\w\-]+\s+[a-z]['’\w\-]+|[a-z]['’\w\-]+)\b"
)
_RELATED = regex.compile(
    rf"\b(?!(?i:ex)-)(?i:{KIN})(?:\s*[,:(\-–]\s*|\s\*{{2}}|\s+(?:is\s+|named\s+|called\s+)?)(?P<v>[A-Z][\w'’\-]+(?:(?:[ \t]+|[ \t]*\n[ \t]*)(?:[A-Z]\.|[A-Z][\w'’\-]+)){{0,2}})"
)
_RELATED_LOWER = regex.compile(rf"\b(?!(?i:ex)-)(?i:{KIN})\s(?P<v>[a-z]['’\w\-]+)")


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
    spoken = talk.starts(text)
    for m in opened(_RELATED, text, hints, "kin"):
        if m.start() in spoken and kind(m["v"].split()[0]).word:
            continue  # ``Mother: Better, but``
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


_CALLED = regex.compile(
    rf"\b(?i:called|named|nicknamed|goes by|known as|prefers|alias|aka|nickname(?: is)?|dating|rep|agent|supervisor|caseworker|(?:dr|mr|mrs|ms)\.?|{KIN})\s+\(?['\"‘“](?P<v>[A-Z][\w'’\-]+?(?:\s+[A-Z][\w'’\-]+?)?)['\"’”]"
)


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
        syllables = SYLLABLES.fullmatch(token.text) is not None
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
        if (
            before is not None
            and token.shape == "upper" != before.shape
            and (token.kind.abbreviation or name in NO_INITIALS)
        ):
            break  # ``brother Osgard ADHD``
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
_KINS = (
    "(?:grand|step)?(?:sons|daughters|children|kids|brothers|sisters|parents|twins|siblings|sibs|nieces|nephews|cousins|aunts|uncles|friends"
    "|roommates|dtrs)"
)
_A_NAME = r"(?P<n>\p{Lu}\p{Ll}[\w'’\-]*)(?:\s\([^()\n]{1,24}\)|,?\s\d{1,2}(?:\s?(?:yo?|mo))?(?=[,;\s]))?"
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


# What people are called, in quotes or brackets between their names: ``Amos "Buck" Tarn``.
_QUOTED = re.compile(r"\s[\"“‘(](?=[A-Z][a-z]+[\"”’)]\s[A-Z])")
_NICKNAMED = regex.compile(r"(?P<f>\p{Lu}[\w'’\-]+)\s[\"“‘(](?P<n>\p{Lu}\p{Ll}+)[\"”’)][ ](?P<l>\p{Lu}[\w'’\-]+)")


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
