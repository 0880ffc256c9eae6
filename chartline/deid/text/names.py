"""People, and with them facilities and places: all that looks for them, in turn, and names that nothing leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import regex

from chartline.deid.text import beside, labelled, last_first, letterheads, organizations, rosters, runs, signed, titled
from chartline.deid.text.beside import HOUSES
from chartline.deid.text.hints import Places
from chartline.deid.text.lexicon import COUNTRIES, EPONYMS, Kind, kind, plain
from chartline.deid.text.places import facilities, told_again, towns
from chartline.deid.text.reading import (
    KIN_WORD,
    PARTICLES,
    PLACEHOLDER,
    PLAIN,
    RESULTED,
    SEEN,
    STAGED,
    TOKEN,
    Reading,
    Token,
    begins_sentence,
    of_list,
    of_thing,
    shape_of,
    tokens,
)
from chartline.deid.text.runs import ACRONYM, DOES, NUMBER_AFTER, SAYS, SPOKEN, is_followed
from chartline.deid.text.spans import Found


def find(reading: Reading) -> Iterator[Found]:
    """Names of people, facilities and places."""
    text, words, hints, things = reading
    found = _places(reading)
    cared = {f.start for f in found if f.type == "FACILITY" and " " in text[f.start : f.end]}
    turned = (f for f in last_first.find(text, words) if not things.hold(f.end - 1, f.end))
    found += (f for f in turned if cared.isdisjoint(range(f.start + 1, f.end)))  # ``Ilka Tarn, Osgard Hospital``
    found += last_first.by_comma(text)
    found += titled.find(reading)
    found += labelled.find(reading)
    found += signed.find(reading)
    found += _by_themselves(reading)
    found += rosters.find(text, words, hints)
    claimed = Places((f.start, f.end) for f in found)
    found += (f for f in runs.find(text, words) if not things.hold(f.start, f.end))
    found = [labelled.within_field(text, f) for f in found if not PLACEHOLDER.fullmatch(text, f.start, f.end)]
    # What is found behind a name is looked behind in its turn.
    found += beside.behind(text, found)
    found += signed.initials(text, words, hints)
    found += beside.before(text, found)
    found += beside.paired(text, words, found)
    found += beside.joined(text, words, found)
    found += signed.shortened(text, words, found)
    found += _again(text, words, [f for f in found if f.type == "NAME"], things, claimed)
    lone = (f for f in _lone(text, words) if not things.hold(f.start, f.end))
    found += (f for f in lone if not claimed.hold(f.start, f.end))
    yield from (_owner(text, f) for f in _persons_first(text, found))


def _places(reading: Reading) -> list[Found]:
    """Facilities and places that tell themselves, but those within a thing of medicine."""
    text, words, hints, things = reading
    found = [f for f in facilities(text, hints) if not things.hold(f.start, f.end)]
    found += (f for f in organizations.find(text, hints) if not things.hold(f.start, f.end))
    found += (f for f in letterheads.find(text) if not things.hold(f.start, f.end))
    found += told_again(words, found, text)
    found += (f for f in towns(text, words, hints) if not things.hold(f.start, f.end))
    return found


def _by_themselves(reading: Reading) -> Iterator[Found]:
    """Names told by how they are written: of two words that are seen, a family's, misread, in Eastern script."""
    text, words, hints, _ = reading
    yield from _described(text) if "seen" in hints else ()
    yield from _families(text, words)
    yield from _misread(text)
    yield from _eastern(text, words)


_OF_PERSONS = frozenset({"name:credential", "name:kin", "name:title", "name:last-first", "name:rowed"})


def _persons_first(text: str, found: list[Found]) -> list[Found]:
    """All but the places within what a title, kin, a label or a credential says is a person: ``From: Ilka Tarn, RN``."""
    sure = [f for f in found if f.type == "NAME" and (f.source in _OF_PERSONS or _labels_a_person(text, f))]
    held = {i for f in sure for i in range(f.start, f.end)}
    return [f for f in found if f.type not in HOUSES or not all(i in held for i in range(f.start, f.end))]


def _labels_a_person(text: str, found: Found) -> bool:
    """Whether what stands behind a label begins with a first name and goes on."""
    words = TOKEN.findall(text, found.start, found.end) if found.source == "name:label" else []
    return len(words) > 1 and (kind(words[0]).common_first or len(words[0]) == 1) and not kind(words[-1]).medical


# Particles with a capital that no first name is, before a name: ``De la Cruz``.
_PARTICLE_BEFORE = re.compile(r"\b(?:Del?|Della|Dos|Das|Von|Ste?\.) \Z")
# The initial of a first name behind a last: ``HOLLOWAY,B``, ``Bautista, R. 71kg``.
_INITIAL_BEHIND = re.compile(r",[A-Z](?![\w.])|, [A-Z]\.(?= \d)|, [A-Z](?= {2,}|\t)")
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


def _families(text: str, words: list[Token]) -> Iterator[Found]:
    """A family by its surname: ``the Lundgrens``."""
    for before, token in pairwise(words):
        if token.shape != "capital" or token.text[-1] != "s" or before.text not in ("the", "The"):
            continue
        found, one = token.kind, kind(token.text[:-1])
        family = one.surname and one.strong and not one.eponym and not (found.word or found.medical or found.eponym)
        if family and text[before.end : token.start] == " ":
            yield Found(token.start, token.end, "NAME", "name:family")


# Chinese and Korean surnames by what they are written with most often; without those that medicine begins words with.
_EASTERN = frozenset(
    "王李張张劉刘陳陈楊杨趙赵吳吴周徐孫孙朱胡郭林羅罗鄭郑梁謝谢宋許许韓韩馮冯鄧邓曹彭曾蕭萧田董潘蔡葉叶程蘇苏魏呂吕丁"
    "沈姚盧卢姜崔鍾钟譚谭廖賈贾夏韋韦鄒邹孟熊秦邱施侯陶黎賀贺顧顾龔龚邵錢钱嚴严洪金김이박최정강조윤장임한오서신권황안송류전홍"
)
# Two to four of their signs, alone in a line, in brackets, or before an age; and who has a form of address.
_SIGNS_OF_NAME = regex.compile(
    r"(?<![\p{Han}\p{Hangul}])(?<=(?:^|[\n:(])[ \t]?)(?P<v>\p{Han}{2,4}|\p{Hangul}{2,4})(?=\)|[ \t]*(?:\n|\Z)|,?[ ]\d{1,3}[ ]?(?:y|歲|岁|세|/|M\b|F\b))"
    r"|(?<!\p{Han})(?P<v>\p{Han}{1,3})(?=女士|先生|太太|小姐|夫人|医生|醫生|大夫|护士|護士|教授)"
    r"|(?<=\b(?:Ms|Mrs?|Dr|Miss)\.?[ ])(?P<v>\p{Han}{1,4}|\p{Hangul}{1,4})(?![\p{Han}\p{Hangul}])"
)
# The same between words of Latin script.
_SIGNS_ALONE = regex.compile(r"(?<=\p{Latin}[ ,:(]{1,3})(?P<v>\p{Han}{2,4})(?![\p{Han}\p{Hangul}])")
_LATIN = regex.compile(r"\p{Latin}")
_MOSTLY = 4  # Latin letters to a Chinese sign, from which on a text is written in Latin script


def _eastern(text: str, words: list[Token]) -> Iterator[Found]:
    """Names in Chinese and Korean script among words of Latin script."""
    if text.isascii() or not any(w.text > "\u2fff" for w in words):
        return
    signs = sum("\u3400" <= c <= "\u9fff" for c in text)
    forms = (_SIGNS_OF_NAME, _SIGNS_ALONE) if len(_LATIN.findall(text)) > _MOSTLY * signs else (_SIGNS_OF_NAME,)
    for m in (m for form in forms for m in form.finditer(text)):
        if m["v"][0] in _EASTERN:
            yield Found(m.start("v"), m.end("v"), "NAME", "name:eastern")
