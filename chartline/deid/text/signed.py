"""Who signs: a name before a credential, a signature, who closes or opens a message, and initials."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

import regex

from chartline.deid.text.hints import Place
from chartline.deid.text.lexicon import kind, plain
from chartline.deid.text.reading import (
    CREDENTIAL,
    FORM,
    LED_BY,
    NO_INITIALS,
    PLAIN,
    TOKEN,
    Reading,
    Token,
    of_thing,
    opened,
)
from chartline.deid.text.runs import ACRONYM, NAMES_TOO, bids, does, is_acronym, is_short, is_usual, of_kin_or_role
from chartline.deid.text.spans import Found


def find(reading: Reading) -> Iterator[Found]:
    """People whom a credential, a signature or the close of a message tells; initials are looked for by ``initials``."""
    text, words, hints, things = reading
    yield from _credentialed(text, words, hints)
    yield from (f for f in _signers(text) if not things.hold(f.start, f.end))
    yield from _valediction(text, hints)


_GENERATION = frozenset({"II", "III", "IV", "MA", "RT", "PT", "DC", "OD"})  # also classes, grades and other things
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
            and not _DONE_BY.search(text, max(0, begins - 5), begins)
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
_DONE_BY = re.compile(r"\b[Bb]y: ?\Z")
# A credential that is nothing else, at the end of what is signed: ``Marsh RN 3/4``.
_HOLDS = re.compile(r"(?:RN|LPN|LVN|CNA|CRNA|MD|NP|PA-C|FNP|LCSW|MSW|DPT|PharmD)\b(?=\s*(?:[.,;)\n]|\Z|\d))")


def _is_credential(token: Token) -> bool:
    return token.shape != "lower" and CREDENTIAL.fullmatch(token.text) is not None


# What stands between the words of a name; before a credential a comma too.
_NEXT = (frozenset({"", "."}), frozenset({"", ",", ".", ".,"}))
# What stands before who signs, the name with what ends it, and a first name with an initial that ends a note.
_SIGNS = regex.compile(r"(?<!\S)/(?=[^\W\d_])|[.!?)]\s{1,2}[-–—]{1,2}\s?(?=[^\W\d_])")
_SIGNATURE = regex.compile(
    rf"(?:(?:{LED_BY})\s){{0,2}}\p{{Lu}}[\w'’\-]+(?:\s\p{{Lu}}[\w'’.\-]*)?(?=/\s*(?:\Z|\n)|\s\d{{1,2}}/\d|\.?\s*\Z)"
)
_ENDS_NOTE = regex.compile(r"(?<=[.!?\d]\s)\p{Lu}\p{Ll}{2,}\s\p{Lu}\.(?=\s*\Z)")


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
# Who closes a message without a word for it, in a line of the name's own.
_CLOSES = regex.compile(r"(?<=[.!?\d][ ]?)\n[ ]?(?P<v>\p{Lu}\p{Ll}{2,12})(?=[ ]*(?:\n[ ]*(?:\n|\Z)|\Z))")
_GREETINGS = ("Hi ", "Hello ", "Hey ")
_NOBODY = frozenset("sir sirs madam colleague colleagues friend friends all everyone team staff".split())


def _valediction(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Who closes a message: ``Thanks! Abra``, ``thx ilo``."""
    for m in opened(_VALEDICTION, text, hints, "farewell"):
        word = m.group("v").split()[0]
        found = kind(word)
        capital = word[0].isupper()
        lined = word.lower() not in NO_INITIALS and "\n" in text[m.start() : m.start("v")]
        named = lined and capital and found.common_first  # ``Thank you!`` and in the next line ``Dawn``
        if plain(word) in PLAIN or (found.medical and not named) or of_kin_or_role(word):
            continue
        unknown = found.unknown and (len(word) > 2 or lined)  # initials too, in a line of their own
        if found.common_first or found.namely or unknown or (capital and not found.everyday):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:valediction")
    for m in _ADDRESSES.finditer(text) if "Dear " in text or text.startswith(_GREETINGS) else ():
        words = TOKEN.findall(m["v"])
        if not any(plain(w) in _NOBODY or (plain(w) in PLAIN and len(w) > 1) or of_kin_or_role(w) for w in words):
            yield Found(m.start("v"), m.end("v"), "NAME", "name:greeting")
    for m in _CLOSES.finditer(text) if "\n" in text else ():
        found = kind(m["v"])
        if (found.first or found.unknown) and not (found.word or found.medical) and plain(m["v"]) not in PLAIN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:valediction")
    if m := _GREETS.match(text):
        found = kind(m["v"])
        if found.common_first and not found.medical and plain(m["v"]) not in PLAIN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:greeting")


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
_MOST_INITIALS = 3
_NOT_SIGNED = PLAIN | NO_INITIALS
# Who wrote an entry, behind its day: ``02/15/23 abc: Claim denied``.
_LOGGED = re.compile(r"(?m)^[ \t]*\d{1,2}/\d{1,2}(?:/\d{2,4})?(?: \d{1,2}:?\d\d)? (?P<v>[a-z]{2,3}|[A-Z]{2,3}):(?= )")


def initials(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
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


# Initials with stops behind a word that brings a person; ``M.D.`` and ``P.O.`` are none.
_DOTTED = regex.compile(
    r"\b(?i:with|w/|and|by|to|from|for|patient|pt|call|called|son|daughter|mother|father|wife|husband|cousin|friend|brother|sister|uncle|aunt|nephew|niece|roommate|neighbor|boyfriend|girlfriend|partner|coworker|buddy|mr\.?|ms\.?|mrs\.?|initials|recipient|donor):?\s(?P<v>\p{Lu}\.\s?\p{Lu}\.(?:\s?\p{Lu}\.)?)(?!\w|\s\p{Lu}\p{Ll})"
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


# Where initials sign, or tell by whom: at a sentence's start or behind a dash, a stroke or ``per``, with nothing behind.
_SIGNING = regex.compile(r"(?:(?:^|[\n.;:)\]*-])\s?|\d\s|[-–—/]\s?|\b(?i:per|by|w/|with|cosign|signed)\s)\Z")
_SIGNED = re.compile(r"(?=[ ]*(?:\n|\Z|[/.,;)]|\d))")


def shortened(text: str, words: list[Token], found: list[Found]) -> Iterator[Found]:
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
