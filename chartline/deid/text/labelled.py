"""People told by a label, a field of a form, an entry of a log, or a line of talk; and where the next field begins."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from chartline.deid.text import talk
from chartline.deid.text.hints import Place
from chartline.deid.text.lexicon import is_seldom_a_name, kind, plain
from chartline.deid.text.reading import (
    CREDENTIAL,
    GRADED,
    KIN_WORD,
    LABELS,
    PARTICLES,
    PLAIN,
    ROLE_WORD,
    TOKEN,
    Reading,
    Token,
    opened,
    shape_of,
)
from chartline.deid.text.runs import NAMES_TOO, SHORT_NAMES, SURNAME_NEXT, is_short, of_kin_or_role, rare_first
from chartline.deid.text.spans import Found


def find(reading: Reading) -> Iterator[Found]:
    """People whom a form, a log or talk tells."""
    text, _, hints, _ = reading
    yield from _labelled(text, hints)
    yield from _fields(text, hints)
    yield from _on_labels(text)
    yield from _staff(text)
    yield from _entries(text)
    yield from _speakers(text)
    yield from _told_in_talk(text, hints)


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


def _labelled(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """What stands after ``Patient:`` and its like."""
    ends = _LABEL_MARKED if any(sign in text for sign in _MARKUP) else _LABEL_ENDS
    labels = [p for p in hints.get("label", ()) if ends.match(text, p[0])]
    spoken = talk.starts(text)
    for m in opened(_LABELLED, text, {"label": labels}, "label"):
        if m.start() in spoken and _is_said(text, m):
            continue
        start, stop, begun, sure, named = m.start("v"), m.start("v"), 0, 0, 0
        for t in TOKEN.finditer(text, m.start("v"), m.end("v")):
            token = Token(t.group(), t.start(), t.end(), shape_of(t.group()), kind(t.group()))
            gap = text[stop : t.start()] if stop > start else ""
            if _ends_before(text, gap, token, whole=stop - begun > 2, first=stop == start) or _is_none(text, m, token):
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


def _ends_before(text: str, gap: str, token: Token, *, whole: bool, first: bool) -> bool:
    """Whether a name behind a label has ended before a word: by what parts them, or by what begins with the word."""
    if gap.strip(" .,'’") or len(gap) > 3 or _begins_credential(text, gap, token):
        return True
    if len(gap) > 1 and gap.isspace() and (token.text in _FIELDS or token.kind.word):
        return True  # a field of its own
    if first and token.shape == "lower" and KIN_WORD.fullmatch(token.text):
        return True  # ``Accompanied by: mom``
    if token.kind.unknown and (of_kin_or_role(token.text) or (first and is_short(token))):
        return True  # ``Covering: Hospitalist``
    return gap.startswith(".") and whole  # a sentence ends


def _is_none(text: str, m: regex.Match[str], token: Token) -> bool:
    """Whether a word behind a label is none of a name."""
    name, first = plain(token.text), token.start == m.start("v")
    too = (name in NAMES_TOO and token.shape != "lower") or token.text in SHORT_NAMES
    if name in PLAIN and token.shape != "initial" and not too:
        return True
    if token.kind.medical and not token.kind.first and not token.kind.last:
        return True
    rare = rare_first(text, token) or (first and _begins_a_name(text, m, token))
    if token.kind.word and not (token.kind.first or token.kind.last) and not rare:
        return True
    known = token.kind.strong or token.kind.unknown or token.text in PARTICLES
    return token.shape == "lower" and not known


_FIRST_TWO = regex.compile(r"(?P<a>[\p{L}'’\-]+)(?:[ ](?P<b>[\p{L}'’\-]+))?")


def _is_said(text: str, m: regex.Match[str]) -> bool:
    """Whether a turn of talk begins with a word and not with who somebody is: ``Patient: Will there be``."""
    words = _FIRST_TWO.match(text, m.start("v"))
    if words is None:
        return True
    first, behind = kind(words["a"]), words["b"] or ""
    return behind[:1].islower() and (first.word or first.unknown or behind == "that")


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


# Fields of a form in capitals, with nothing but white space before what is written in them.
_FIELD = regex.compile(
    r"\b(?:(?:LAST|FIRST|MIDDLE|MAIDEN|GIVEN|FAMILY)(?:[ ]NAME)?|NAME|SURNAME)[ \t]{1,6}(?P<v>\p{Lu}\p{Ll}[\p{L}'’\-]*(?:[ ]\p{Lu}[\p{L}'’.\-]*){0,2})(?=[ ]{2,}|\t|[ ]*(?:\n|$))"
)


# The initial behind first and last names; alone MI is an infarction.
_MIDDLE = regex.compile(r"\b(?i:first|given)(?:[ ](?i:name))?:[^\n:]{2,40}\bMI:[ ]?(?P<v>\p{Lu})(?![\w/])")


def _fields(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Names in the fields of a form: ``LAST NAME Osgard      FIRST Ilo``."""
    for m in opened(_FIELD, text, hints, "field", capital=True):
        if plain(m.group("v").split()[0]) not in PLAIN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:field")
    for m in opened(_MIDDLE, text, hints, "field"):
        yield Found(m.start("v"), m.end("v"), "NAME", "name:field")


# What begins the next field of a form: ``Tarn    Unit no.:``.
_FIELD_BEGINS = re.compile(r"(?:\n|[ \t]{2})\s*(?=[A-Z][\w/.'’]*(?: [\w/.'’]+){0,2} ?[:#])")
# The month, one that nobody is called, that a name ends with before its day: ``Branson Apr 27``.
_DAY_BEGINS = re.compile(
    r",?[ ](?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr|Jul(?:y)?|Aug|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
    r"\.?[ ]\d{1,2}(?!\d)"
)


def within_field(text: str, found: Found) -> Found:
    """A piece without what begins the next field of a form, or the day behind it."""
    day = _DAY_BEGINS.search(text, found.start, found.end + 5) if text[found.end : found.end + 2].strip(" .") else None
    if day and found.start < day.start() < found.end:
        return Found(found.start, day.start(), found.type, found.source)
    if "\n" in text[found.start : found.end] or "  " in text[found.start : found.end]:
        begins = _FIELD_BEGINS.search(text, found.start)
        if begins and begins.start() < found.end:
            return Found(found.start, begins.start(), found.type, found.source)
    return found


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


# What stands before who speaks in a chat, or before a name in brackets.
_SAID = re.compile(r"\[\d{1,2}:\d{2}(?:\s?[AaPp][Mm])?\]\s|\((?=[^\W\d_])")
_SPEAKER = regex.compile(
    r"(?<=\[\d{1,2}:\d{2}(?:\s?[AaPp][Mm])?\]\s)(?P<v>\p{Lu}[\w'’\-]+(?:\s\p{Lu}[\w'’.\-]*)?|(?P<h>\p{Ll}[\w.]{2,24}))(?=:)|(?<=\()(?P<w>\p{Lu}\p{Ll}[\w'’\-]*\s\p{Lu}\.)(?=\))"
)
# Who is called or did something, in brackets before a telephone or a day: ``(Abra 304-555-0155)``, ``EEG (Osgard, 3/30)``.
_IN_BRACKETS = regex.compile(
    r"\((?P<v>\p{Lu}\p{Ll}[\p{L}'’\-]+(?:\s\p{Lu}\p{Ll}[\p{L}'’\-]+)?),?\s(?=\(?\d{3}[)\-.\s]{1,2}\d{3}|(?:0?[1-9]|1[0-2])/\d{1,2}\b(?!/?\d|\s?%))"
)
_BRACKETS = re.compile(r"\([A-Z][a-z][^()\n]{1,40}? \(?\d")


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


# Who tells a name: ``it's Abra,``, ``this is Abra from``.
_TELLS = regex.compile(
    r"(?i:it['’]?s|this\sis|I['’]m|I\sam|my\sname(?:\sis|['’]s))\s(?:(?P<v>\p{Lu}\p{Ll}{2,})(?=[,.]|\s(?:from|calling|with|and\sI)\b)|(?P<v>\p{Lu}[\p{L}'’\-]+(?:[ ](?:la[ ]|los[ ])?\p{Lu}[\p{L}'’\-]+)?)(?=\scalling\b))"
)


# Who is to do something: ``I'll have Abra schedule it``.
_IS_TO = regex.compile(
    r"(?:['’]ll|will|to)[ ]have[ ](?P<v>\p{Lu}\p{Ll}{2,})(?=[ ](?:schedule|call|send|fax|set|check|draw|give|print|text|bring|arrange|book|order|reach|contact|help|show|walk|take|get|put|page|follow|come|see)\b)"
)


def _told_in_talk(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Who tells a name in talk or a message."""
    for m in opened(_TELLS, text, hints, "talk"):
        found = kind(m["v"])
        may = found.common_first or ((found.first or found.last or found.unknown) and not found.medical)
        may = may or text.startswith(" calling", m.end("v"))
        if may and plain(m["v"]) not in PLAIN and not found.eponym:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:tells")
    for m in opened(_IS_TO, text, hints, "is to"):
        if kind(m["v"]).first or kind(m["v"]).unknown:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:is-to")
