"""Runs of capitalised words: whether they are a person, by lists and by what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import regex

from chartline.deid.text import lexicon
from chartline.deid.text.hints import alternatives, by_letter
from chartline.deid.text.lexicon import is_done, is_seldom_a_name, kind, plain
from chartline.deid.text.places import GENERIC, NOWHERE
from chartline.deid.text.reading import (
    DOSED,
    EPONYM_NOUN,
    EVERY_KIN,
    EVERY_ROLE,
    EVERY_TITLE,
    GRADED,
    KIN,
    KIN_WORD,
    NOUN,
    PARTICLES,
    PLAIN,
    ROLE_WORD,
    SHORT,
    STAGED,
    THINGS,
    Token,
    a_sentence,
    begins_sentence,
    of_list,
    of_thing,
)
from chartline.deid.text.spans import Found

# Deeds and words that bring a person right behind them.
_BRINGERS = by_letter(
    alternatives(
        r"paged|notified|informed|asked|told|reminded|thanked|phoned|texted|emailed|e-mailed|messaged|(?-i:ask|tell|remind|thank|call)|attn|d/w|s/w|per|cc|covering\sfor|coverage\s(?:for|by)|thanks|thank you|sincerely|regards|dear|hi|hello|consult(?:ation)? (?:for|by)|care of|c/o|named after|children|kids|siblings|sons|daughters|moms|dads|mothers|fathers|sisters|brothers|grandparents|aunts|uncles|cousins|friends|roommates|born to|bedside|parents?|(?:son|daughter|dtr|child|baby|mother|father|wife|husband|widow|widower|spouse|partner|sister|brother|niece|nephew|aunt|uncle|cousin|grandson|granddaughter|guardian)\s+of"
    ),
    last=True,
)
_MEETS = (
    r"(?:(?:spoke|speak|spoken|met|meet|meets|talked|conferred|discussed|reviewed|consulted|conversation|visit|d/w|s/w|seen|lives|living|married)\s+(?:with|w/?|to)|(?:seen|evaluated|followed|examined|signed|dictated|ordered|referred|accompanied|assisted|performed|placed|read|asked|called|updated|written|interviewed|witnessed|survived|notified|informed|contacted|staffed|prescribed|brought in|raised|requested|recommended|supervised|transcribed)\s+by|(?:report|handoff|sign-?out|call|message|voicemail|letter|note|text|VM)(?:\s(?:given|called|received|sent))?\s+(?:from|to|for|by)|"
    rf"{_BRINGERS})"
)
# An office at a line's end has named who stands before it; only a form of address goes on in the next.
SAME_LINE = r"(?:(?<=\b(?i:Drs?|Mrs?|Ms|Mx|Miss|Prof|Doctor)\.?)|(?!\s*\n|\s{2}))"
_LEAD = regex.compile(
    rf"(?r)(?:(?i:\b{by_letter(EVERY_TITLE, last=True)}){SHORT}{SAME_LINE}|(?i:\b{by_letter(EVERY_KIN, last=True)})\s*[,:(\-–]?|(?i:\b{by_letter(EVERY_ROLE, last=True)})(?:\s*[,:(\-–]?|\s(?:is|was))|(?i:\b{_MEETS})[:,]?"
    r"|\b(?:(?i:family)|SW|CM|RN|LPN|CNA)\s*\(|\b(?:SW|CM|HHA|DON|ADON|PCA|A?DA|PI|AME|GAL|CASA|[AC]PS|DCF)|\b(?i:aka|nickname|attg|(?:1st|first)\sassist|(?:LM|VM|msg|message|voicemail)\s(?:for|w/)|guarantor|accepting|scrub|circ(?:ulator)?|relief|float|charge)\s?:?|(?i:\b(?:named|called|known as|goes by|(?:first|last|middle|maiden) name|name (?:is|was)|name:|calls (?:him|her)self)))\s*+$"
)
# What follows a person and hardly anything else.
AGED = regex.compile(
    r"\s*[,;(\[|-]?\s*(?:(?!(?:for|over|past|after|since|within|until|every|x)\s)(?:is\s+)?(?:an?\s+)?(?:[\w\-]+\s+){0,2}?\d{1,3}[\s\-]?(?:y\.?/?o|Y\.?/?O|yr|year|month|mo\b|m\.?o|week|wk|day)|(?i:DOB|D\.O\.B|MRN|M\.R\.N|med(?:ical)? rec|record (?:no|num|\#)|age[d]?\s*:?\s*\d|born\b|SSN|DOS\b|acct)|\d{1,3}\s?[MF]\b|\d\d[mf]\b|[MF]\s?\d{1,3}\b)"
    r"|\s?[,(]\s?(?i:rm|room|bed)\.?\s?\#?\d|\s+[\[(]#?\s?[A-Z]{0,3}-?\d{4,}|\s+A\s?[&+]\s?O"
    r"|\s?[,(:]?\s(?:\(?\d{3}\)?[\-. ]\d{3}[\-. ]\d{4}\b|\d{3}-\d{4}\b|(?:(?:cell|mobile|ph|pgr|pager|beeper)\.?:?\s?\#?\s?|x)\d{3})"
)
_KINFOLK = regex.compile(
    rf"\s*[,(]\s*(?i:(?:his|her|their|the|pt['’]?s?|patient['’]?s?)\s+)?(?i:{KIN})\b|['’]s\s+(?i:{KIN}|chart|parents|family|PCP|room|opinion|notes?|recs|recommendations?|input|team|service|office|patient|bedside|belongings|school|signout|pain|labs|meds|inhaler|wound|dressing|mood|speech|gait|weight|feeds|crib|bath|place|house|apartment|car|truck|phone|cell|fax|bday|birthday|funeral|death|wishes|concerns?|account|statement|insurance|appointment|appt|visit|discharge|teacher|aide|sponsor|lawyer|pharmacy)\b|\s+(?:and|&)\s+(?:his|her)\s+(?i:{KIN})\b"
)
# A department, an office or kin in brackets behind who is of it: ``Osgard (path)``.
_OFFICE = (
    r"path(?:ology)?|IR|(?:rad|radiation|med|medical)\s?onc\w*|onc(?:ology)?|heme(?:[/ ]onc)?|(?:[\w/]+\s)?surg(?:ery|ical)?|thoracic"
    r"|ortho\w*|neuro\w*|cards?|cardiology|pulm\w*|GI|renal|nephro\w*|ID|derm\w*|psych\w*|peds|anesth\w*|radiology|pharm\w*|nutrition|PT|OT"
    r"|SLP|SW|CM|case\smanagement|social\swork|palliative|chaplain\w*|fellow|resident|attending|intern|PGY-?\d|MS-?[34]|hospitalist|rheum\w*|endo\w*"
    r"|uro\w*|ENT|OB(?:/?GYN)?|gyn\w*|MFM|NICU|ICU|RN|NP|PA(?:-C)?|MD|charge|tech|rep|interpreter|scribe|coordinator|transport|dietary"
)
_OF_OFFICE = regex.compile(rf"\s\((?i:{_OFFICE}|{KIN})\)")
# An office in brackets behind a first name that is a word too: ``Dawn (CNA)``.
_OF_WHOM = regex.compile(rf"\s\((?i:RN|LPN|CNA|PT|OT|SLP|SW|CM|RT|NP|PA(?:-C)?|MD|RD|MA|tech|aide|{KIN})\)")
# A department before who is of it: ``renal (Osgard)``.
_BY_OFFICE = regex.compile(rf"\b(?i:{_OFFICE})\s\($")
SAYS = regex.compile(
    r",?\s+(?:also\s+|still\s+|now\s+)?(?:reports|reported|denies|denied|states|stated|endorses|endorsed|complains|complained|says|said|admits|agrees|agreed|verbali[sz]es|verbali[sz]ed|describes|described|declines|declined|wants|called|lives|smokes|drinks|works|refuses|refused|drove|visits|visited|texted|phoned|asked|asks|thinks|believes|hopes|walked|ate|slept|arrived|gave|voiced|voices|expressed|expresses|requested|requests|understands|understood|brought|stays|stayed|is\s(?:tearful|anxious|sleeping|resting|alert|awake|calm|upset|agreeable|adamant|worried|asking|requesting|refusing|complaining|crying|agitated|pleasant|cooperative|unable|eager|scared|frustrated)|vomits|vomited|sleeps|eats|plays|loves|likes|enjoys|attends|shared|shares|told|mentioned|mentions|recalled|recalls|prefers|preferred|plans|insists|insisted|worries|cried|cries|smiled|laughed|feels|doing\s(?:well|ok|okay|fine|better|great)(?!\w))\b"
)
# What is done by colleagues who are called by a surname alone.
_ACTS = regex.compile(
    r"\s+(?:also\s+|then\s+|still\s+)?(?:recommend(?:s|ed)?|disagree[sd]?|felt|thought|suggest(?:s|ed)|resected|repaired|removed|repeated|performed|operated"
    r"|scoped|excised|drained|stented|ablated|biopsied|cleared|examined|evaluated|reviewed|consulted|consented|ordered|prescribed|started|stopped|held|increased"
    r"|decreased|switched|placed|tapped|intubated|extubated|delivered|assisted|precepted|staffed|saw|sees|did|does|doesn['’]t|didn['’]t|would|wouldn['’]t|will|won['’]t"
    r"|covers|covering|covered|rounded|rounding|following|follows|(?:is\s)?on\scall|signing|to\s(?:see|follow|call|scope|eval(?:uate)?|review|assess|advise|discuss|perform|place|do|dictate|consent|scan|read|staff|cover|round|operate|examine|admit|accept|cosign|attest|repair|close|drain|inject|decide|clarify|arrange|update)|at\sbedside|present|scrubbed|concurs?|concurred|okayed|OKed|oked|confirms?|confirmed|arrives|scrubs|scrubbing|reads|reading|interpreted|accepts|accepted|attending|assisting|approved|agrees?|proposes?d?|dissents|dissented|favors|favored|attempted|tried|(?:took|takes)\sover|wants?|and\sI|changed|adjusted|explained|deferred|offered|injected|aspirated|reduced|debrided|irrigated|sutured|inserted|cannulated|scanned|discharged|in\sto\seval|ok\sw/?|out\s(?:until|til|of\stown)|declines|performs)\b"
)


def find(text: str, words: list[Token]) -> Iterator[Found]:
    """Capitalised words that follow each other, with initials and particles between."""
    run: list[Token] = []
    for i, token in enumerate(words):
        if run and not _joined(text, run[-1], token):
            yield from _judged(text, run)
            run = []
        named = token.shape in ("capital", "upper", "initial") and not _unit(text, token)
        if (named and not _no_name(text, token)) or (token.text in PARTICLES and _before_name(words, i)):
            run.append(token)
        elif run:
            yield from _judged(text, run)
            run = []
    yield from _judged(text, run)


_MON = "(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)"
_MONTHS = re.compile(f"{_MON}-{_MON}")  # ``Apr-May``
_GRADES = frozenset("I II III IV V VI".split())


def _no_name(text: str, token: Token) -> bool:
    """Whether a capitalised word is two months, or a grade of a murmur: ``II/VI``."""
    if token.text in _GRADES:
        return "/" in (text[token.start - 1 : token.start], text[token.end : token.end + 1])
    return "-" in token.text and _MONTHS.fullmatch(token.text) is not None


def _before_name(words: list[Token], i: int) -> bool:
    """Whether particles from here on stand before a capitalised word, as in ``van den Berg``."""
    while i < len(words) and words[i].text in PARTICLES:
        i += 1
    return i < len(words) and words[i].shape in ("capital", "upper")


# Nouns that a letter goes with: it is no initial.
_LETTERED = regex.compile(
    r"(?:\d|\b(?i:hepatitis|hep|influenza|flu|grade|stage|class|type|vitamin|density|category|group|level|zone|profile|factor|part|plan"
    r"|schedule|option|step|bed|room|appendix|figure|table|series|child[\s\-]pugh|pugh|protein|troponin|immunoglobulin|strain|category|column"
    r"|section|block|specimen:?|item|exhibit|arm|cohort|wing|unit|building|tower|pod|team|twin|baby|grp|cat|vit|strep|LA|u\sof"
    r"|NYHA|CCS|ASA|WHO|FIGO|AJCC|KDIGO|Killip|Mallampati|Fitzpatrick|Bosniak|Bethesda|Hinchey|Garden|Gustilo|Wagner|Rai)\s)\Z"
)


def _unit(text: str, token: Token) -> bool:
    """Whether a single capital is a unit or begins a code, as in ``36.8 °C.``, ``g/L.`` or ``C1M2``."""
    if token.shape != "initial":
        return False
    return text[token.start - 1 : token.start] in ("°", "/", "º") or text[token.end : token.end + 1].isdigit()


def _joined(text: str, left: Token, right: Token) -> bool:
    between = text[left.end : right.start]
    if between == ". " and left.shape == "initial" and (_lettered(text, left) or is_done(right.text, right.kind)):
        return False  # ``Bob F. Consent signed``
    if between == ". " and left.text in ("L", "R", "I", "V", "X"):
        sided = _SIDED.search(text, max(0, left.start - 20), left.start)
        if sided and (sided["w"] in _RESULTS or kind(sided["w"]).eponym or EPONYM_NOUN.fullmatch(sided["w"])):
            return False
    return (
        between == " "
        or (between == "  " and goes_on(text, left, right))
        or (between == "\n" and not right.kind.first and _PROSE.match(text, right.end) and goes_on(text, left, right))
        or (between in (". ", ".") and (left.shape == "initial" or left.text in ("St", "Jr", "Sr")))
    )


# What a sentence goes on with behind a name, and on the same line.
_PROSE = re.compile(r"(?:['’]s)?,?[ ](?=[a-z(])")
_SENTENCE = re.compile(r"(?:['’]s)?(?:[ ](?=[a-z(])|[.,;)]|[ ]*(?:\n|\Z))")


def goes_on(text: str, left: Token, right: Token) -> bool:
    """Whether a name goes on over a line's end or a gap: with another name, written as the first.

    A word on no list is one behind a first name, where the sentence goes on: ``with Ilka`` and on the next line ``Tarnly today``.
    """
    unheard = right.kind.unknown and left.kind.first and _SENTENCE.match(text, right.end) is not None
    return (right.kind.strong or unheard) and not right.kind.medical and left.shape == right.shape != "upper"


# What a side follows at a sentence's end.
_RESULTS = THINGS | frozenset("positive negative pos neg equivocal absent present".split())
_SIDED = regex.compile(r"\b(?P<w>\p{L}\p{Ll}{2,})\s$")
ACRONYM = 4  # letters of a word in capitals that may stand for several


def is_acronym(token: Token) -> bool:
    """Whether a word in capitals is so short that it is more likely an abbreviation, and no common surname."""
    return token.shape == "upper" and len(token.text) < ACRONYM and not token.kind.surname


def is_short(token: Token) -> bool:
    """Whether a word in capitals is no longer than most abbreviations."""
    return token.shape == "upper" and len(token.text) <= ACRONYM


@lru_cache(maxsize=1 << 16)
def of_kin_or_role(word: str) -> bool:
    """Whether a word tells who somebody is to somebody, or by trade."""
    return KIN_WORD.fullmatch(word) is not None or ROLE_WORD.fullmatch(word) is not None


def _plain(token: Token, after: Token | None, ahead: Token | None) -> bool:
    """Whether a word cannot be part of a name where it stands.

    After a first name nearly any word can be a last name; a word that is also a drug or a plant is a first name when
    a plain last name follows.
    """
    if token.shape == "initial" or token.text in PARTICLES:
        return False
    name, found = plain(token.text), token.kind
    if token.text[1] == "-" and "-" not in token.text[2:]:
        return True  # ``Z-Pak``
    if len(token.text) <= ACRONYM and token.shape == "capital" and not token.text[1:].islower():
        return token.text[1] not in "'’"  # ``IgE`` is no Ige
    led = after is not None and (after.kind.strong or after.kind.common_first) and after.kind.first
    if led and after is not None and (found.surname or name not in PLAIN):
        if token.shape == "upper" and of_kin_or_role(token.text):
            return True  # ``REI NURSE NOTE``
        # ``Peter CHALMERS`` is written so on purpose; ``Peter ECG`` is not.
        surname = found.strong and found.last and not found.medical and len(token.text) > ACRONYM
        return token.shape == "upper" and after.shape != "upper" and not surname
    if (name in PLAIN and not _is_called_so(token, ahead)) or of_kin_or_role(token.text):
        return True
    if after is not None and after.shape == "initial":
        return found.medical and not found.last
    if found.medical and not (found.common_first or found.surname):
        return not (
            token.shape == "capital"
            and not found.eponym
            and ahead is not None
            and ahead.shape == "capital"
            and not ahead.kind.medical
            and (found.first or found.last)
            and (ahead.kind.unknown or (ahead.kind.strong and ahead.kind.last))
        )
    if token.shape == "upper" and not found.strong:
        return not (after is not None and after.shape == "upper" and found.unknown)
    return found.word and not (found.first or found.last)


def _is_called_so(token: Token, ahead: Token | None) -> bool:
    """Whether a short form of notes is a first name: ``Max Tarnly``, not ``Max assist``."""
    surname = ahead is not None and ahead.shape == "capital" and (ahead.kind.strong or ahead.kind.unknown)
    return surname and token.text in SHORT_NAMES


def _judged(text: str, run: list[Token]) -> Iterator[Found]:
    if not run:
        return
    part: list[Token] = []
    for token, ahead in zip([*run, None], [*run[1:], None, None], strict=True):
        if token is not None and not part and token.shape == "initial" and _lettered(text, token):
            continue
        if token is not None and not _plain(token, part[-1] if part else None, ahead):
            part.append(token)
            continue
        if token is not None and (_between(part, token, ahead) or _last_name_that_is_a_word(text, part, token)):
            part.append(token)
            continue
        if token is not None and ((not part and _led_by_rare(text, token, ahead)) or _initialled(text, part, token)):
            part.append(token)
            continue
        if part:
            yield from _person(text, part)
            part = []
    if len(run) > 1:
        yield from _upper_case(text, run)


def _initialled(text: str, part: list[Token], token: Token) -> bool:
    """Whether a surname that notes have everywhere stands behind an initial: ``J. Day``."""
    if len(part) != 1 or part[0].shape != "initial" or text[part[0].end : token.start] != ". ":
        return False
    name = plain(token.text)
    surname = name in NAMES_TOO and name != "may" and token.kind.surname and token.shape == "capital"
    return surname and not NUMBER_AFTER.match(text, token.end)


_COUNTING = frozenset("ABCDEFGH")


def _of_parts(text: str, token: Token) -> bool:
    """Whether a letter with a stop counts the parts of something: ``A. Colon, biopsy`` where ``B.`` stands too."""
    if text[token.end : token.end + 2] != ". " or not begins_sentence(text, token.start):
        return False
    beside = chr(ord(token.text) + (1 if token.text == "A" else -1))
    return any(f"{sign}{beside}. " in text for sign in ("\n", " "))


def _lettered(text: str, token: Token) -> bool:
    if token.text in _COUNTING and _of_parts(text, token):
        return True
    return _LETTERED.search(text, max(0, token.start - 16), token.start) is not None


def _between(part: list[Token], token: Token, ahead: Token | None) -> bool:
    """Whether a rare word stands between two names: it is one."""
    rare = token.shape == "capital" and not token.kind.everyday and not token.kind.medical
    if not rare or not part or ahead is None or plain(token.text) in PLAIN or not token.text[1:].islower():
        return False
    return part[-1].kind.strong and ahead.kind.strong and ahead.shape == "capital"


def _last_name_that_is_a_word(text: str, part: list[Token], token: Token) -> bool:
    """Whether a word after one unknown capitalised word is its last name: where a person is named, or before a stop."""
    names = [t for t in part if t.shape == "capital"]
    if len(names) != 1 or token.shape != "capital" or plain(token.text) in PLAIN or KIN_WORD.fullmatch(token.text):
        return False
    if not (names[0].kind.unknown or names[0].kind.strong or names[0].kind.first):
        return False
    if opens_list(text, part[0].start):
        return True
    return (
        names[0].kind.unknown
        and not token.kind.medical
        and text[token.end : token.end + 1] in (",", ";", ":", "(", "[", ")", "|")
    )


SURNAME_NEXT = re.compile(r" (?P<w>[A-Z][a-z]+)(?![\w'’\-])")


def rare_first(text: str, token: Token) -> bool:
    """Whether a rare word stands before a surname that is no word: ``Ilka Varga`` is a person where one is named."""
    found = token.kind
    rare = token.shape == "capital" and found.word and not (found.everyday or found.medical)
    after = SURNAME_NEXT.match(text, token.end) if rare else None
    if after is None or plain(token.text) in PLAIN or of_kin_or_role(token.text):
        return False
    last = kind(after["w"])
    new = last.unknown and len(after["w"]) > ACRONYM
    return (new or (last.strong and last.surname)) and not (last.medical or last.eponym or last.city)


def _led_by_rare(text: str, token: Token, ahead: Token | None) -> bool:
    """Whether a rare word begins a sentence with a surname behind it."""
    return ahead is not None and ahead.kind.surname and rare_first(text, token) and opens_list(text, token.start)


def _upper_case(text: str, run: list[Token]) -> Iterator[Found]:
    """Two words in capitals where a person is named, such as ``for ESME NUNEZ:``."""
    names = [t for t in run if t.shape == "upper"]
    usable = len(names) == len([t for t in run if t.shape != "initial"]) in (2, 3)
    if not usable or any(len(t.text) < 3 or t.kind.medical or plain(t.text) in PLAIN for t in names):
        return
    named = any(t.kind.surname or t.kind.common_first for t in names)
    if all(map(is_acronym, names)) or (all(map(is_short, names)) and not named):
        return
    sure = names[0].kind.common_first and names[-1].kind.surname and is_followed(text, run[-1].end)
    if sure or (any(t.kind.unknown or t.kind.first for t in names) and opens_list(text, run[0].start)):
        yield Found(run[0].start, run[-1].end, "NAME", "name:upper")


def is_followed(text: str, end: int) -> bool:
    """Whether what follows a place tells of a person: an age, a birth date, a record number, a relative."""
    return bool(AGED.match(text, end) or _KINFOLK.match(text, end) or _owned(text, end))


def _owned(text: str, end: int) -> bool:
    """Whether kin or what a person has is told of as hers or his: ``Abra's mother``."""
    return text[end - 2 : end] in ("'s", "’s") and _KINFOLK.match(text, end - 2) is not None


_OF_DOSES = frozenset("0123456789mgOBTQHS")  # that begin what is taken
_GOOD_DAY = re.compile(r" (?:morning|afternoon|evening|day|night)\b")


def _person(text: str, part: list[Token]) -> Iterator[Found]:
    if text[part[-1].end + 1 : part[-1].end + 2] in _OF_DOSES and DOSED.match(text, part[-1].end):
        return
    led_by = part[0].start
    while part and part[0].text in PARTICLES and part[0].shape == "lower":
        part = part[1:]
    while part and part[-1].shape == "lower":
        part = part[:-1]
    part = _trimmed(text, part)
    if not part or (part[-1].text == "Good" and _GOOD_DAY.match(text, part[-1].end)):
        return
    names = [t for t in part if t.shape != "initial" and t.text not in PARTICLES]
    if all(map(is_acronym, names)):
        return
    short = all(map(is_short, names))
    if short and text[part[-1].end : part[-1].end + 1] == ":":
        return  # ``ORD PHYS:``
    imaging = text[max(0, led_by - 3) : led_by] in ("MR ", "DR ") and not names[0].kind.namely
    led = not short and not imaging and bool(_LEAD.search(text, max(0, led_by - 32), led_by))
    led = led or (text.startswith(" (", part[-1].end) and _of_office(text, part[-1].end, names))
    if _eponym_alone(text, part, names, led=led):
        return
    if text[part[0].start : part[-1].end].lower() in lexicon.STATES:
        return
    if not led and STAGED.match(text, part[-1].end) and any(t.kind.eponym for t in names):
        return
    if led and len(part) == 1 and names[0].kind.city and _before_thing(text, part[0].end):
        return
    if not led and len(part) == 1 and (GRADED.match(text, part[0].end) or _a_cell(text, part[0])):
        return
    if led or _is_person(text, part, names):
        end = part[-1].end
        if part[-1].shape == "initial" and text[end : end + 1] == ".":
            end += 1
        start = led_by if text[led_by : part[0].start] in _NOBLE else part[0].start
        yield Found(start, end, "NAME", "name:run")


def _of_office(text: str, end: int, names: list[Token]) -> bool:
    """Whether an office in brackets stands behind words that may be a name."""
    if any(t.kind.medical or t.kind.everyday or not (t.kind.namely or t.kind.unknown) for t in names):
        return False
    return (
        all(t.text[1:].islower() or _inner_capital(t.text) for t in names) and _OF_OFFICE.match(text, end) is not None
    )


# A letter that belongs to what follows: ``A&O``, ``M 95 y.o.``.
_LETTER_OF = regex.compile(
    r"\s?[&+]\s?O|(?<=[FM])\s\d{1,3}(?![\d/.%])|(?<=[LR])\s(?:hand|arm|leg|knee|eye|ear|foot|hip|shoulder|side|sided|dominant)|\s\d{1,3}\s?(?i:y|mo|age)|\s(?i:aged?)\s\d|\s(?i:ninety)|/o\b"
)


def _trimmed(text: str, part: list[Token]) -> list[Token]:
    """The words of a name without a letter or a short form that only stands behind it."""
    if len(part) == 2 and part[0].text == "A" and text[part[0].end] == " " and begins_sentence(text, part[0].start):
        return part[1:]  # an article
    if len(part) > 1 and (len(part) > 2 or part[0].text == "See") and bids(text, part[0]):
        return part[1:]
    if len(part) > 1 and does(part[0]) and not part[0].kind.namely and begins_sentence(text, part[0].start):
        return part[1:]  # ``Referring Ilka Tarn``
    if len(part) == 2 and _asks_of(text, *part):
        return part[1:]
    if len(part) > 1 and part[0].text in ("L", "R") and text[part[0].end] == " " and is_acronym(part[1]):
        return []  # a side of what has a short form: ``R IJ``
    last = part[-1] if len(part) > 1 else None
    if last is not None and last.shape == "initial" and last.text in "AMFLRSDW" and _LETTER_OF.match(text, last.end):
        return part[:-1]
    told = last is not None and (last.text in ORDERED or not last.kind.surname)
    short = last is not None and told and last.shape == "upper" and len(last.text) < ACRONYM
    return part[:-1] if short and any(t.shape == "capital" for t in part) else part


def _asks_of(text: str, verb: Token, whom: Token) -> bool:
    """Whether a word that few are called by tells, at a sentence's start, what to do with somebody: ``Reach Ilka at``."""
    found = verb.kind
    rare = found.word and not (found.first or found.surname or found.city)
    follows = text[whom.end : whom.end + 1] == " " and text[whom.end + 1 : whom.end + 2].islower()
    return rare and whom.kind.common_first and follows and begins_sentence(text, verb.start)


def _eponym_alone(text: str, part: list[Token], names: list[Token], *, led: bool) -> bool:
    """Whether all names of a part are those of things of medicine and nothing but a heading or a side stands before."""
    if not all(t.kind.eponym for t in names) or any(t.kind.common_first for t in names):
        return False
    side = part[0].text in ("L", "R", "A") and text[part[0].end] != "."
    return not led or side or bool(_HEADED.search(text, max(0, part[0].start - 12), part[0].start))


# A specialty with a colon heads a finding as often as a person.
_HEADED = regex.compile(r"\b(?i:GI|neuro|ortho|derm|uro|nephro|cards|onc|rheum|endo|ped)\s*:\s*$")
# Particles that begin a surname, with the space behind them.
_NOBLE = frozenset(
    {
        *(
            "van ",
            "von ",
            "de ",
            "del ",
            "di ",
            "da ",
            "dos ",
            "das ",
            "du ",
            "ten ",
            "ter ",
            "bin ",
            "ibn ",
            "al ",
            "el ",
            "la ",
        ),
        *("van der ", "van den ", "van de ", "von der ", "de la ", "de las ", "de los ", "de la ", "zu "),
    }
)


def _before_thing(text: str, end: int) -> bool:
    """Whether the noun of a thing stands behind a name: ``Epley maneuver``."""
    noun = NOUN.match(text, end)
    return noun is not None and noun.group("w") in THINGS


_CELL_ENDS = re.compile(r"\s*(?:\||\n|\Z)")


def _a_cell(text: str, token: Token) -> bool:
    """Whether a word is all of a table's cell and one that few people are called: ``| Cheese | Allergy |``."""
    before = text[max(0, token.start - _CELL) : token.start].rstrip(" \t")
    beside = before.endswith("|") and _CELL_ENDS.match(text, token.end) is not None
    return beside and is_seldom_a_name(token.kind)


_CELL = 40  # blanks that markup leaves in a cell


def _is_person(text: str, part: list[Token], names: list[Token]) -> bool:
    initials = len(part) - len(names)
    strong_first = sum(t.kind.first and t.kind.strong for t in names)
    strong = sum(t.kind.strong for t in names)
    unknown = sum(t.kind.unknown and t.shape == "capital" for t in names)
    if any(not t.text[1:].islower() and t.shape == "capital" and not _inner_capital(t.text) for t in names):
        names_ok = strong_first > 0
    else:
        names_ok = True
    if len(names) >= 2:
        rest = names[1:]
        if not initials and _before_thing(text, part[-1].end):
            return False
        if not any(t.kind.medical for t in names) and is_followed(text, part[-1].end):
            return True
        if (
            names_ok
            and unknown == 1
            and names[0].kind.unknown
            and (
                initials
                or opens_list(text, part[0].start)
                or text[part[-1].end : part[-1].end + 1] in (",", ";", ":", "(", "[", ")", "|")
            )
        ):
            return True
        acting = SAYS.match(text, part[-1].end) or SPOKEN.match(text, part[-1].end)
        if (
            acting
            and not all(map(is_short, names))
            and names[0].kind.last
            and all(t.kind.strong and t.kind.last for t in rest)
        ):
            return True
        ambiguous_first = (
            (names[0].kind.common_first and any(t.kind.last for t in rest))
            or (
                (names[0].kind.first or names[0].kind.namely)
                and any(t.kind.strong or (t.kind.unknown and t.shape == "capital") for t in rest)
            )
            or (names[0].kind.strong and all(t.kind.namely for t in rest))
        )
        if all(t.shape == "upper" for t in names):
            told = any(not is_short(t) or (t.kind.common_first and len(t.text) > 2) for t in names)
            return told and strong_first > 0 and strong_first + sum(t.kind.last or t.kind.unknown for t in names) >= 2
        return names_ok and (
            strong_first > 0 or strong + unknown >= 2 or ambiguous_first or (strong > 0 and initials > 0)
        )
    return _one_name(text, part, names[0], initials=initials, usual=names_ok)


_STOPS = regex.compile(r"\s?[,;:()|]|\s*(?:\n|$)")


def _surely(text: str, only: Token) -> bool:
    """Whether what stands around a capitalised word tells that it is a person, even before a noun of medicine."""
    if not only.kind.eponym and (_of_whom(text, only) or _advises(text, only)):
        return True
    if _acts(text, only) or _family(text, only) or _done_by(text, only) or _is_of_trade(text, only):
        return True
    return text[only.end + 1 : only.end + 2].isdigit() and (_lies(text, only) or _bore(text, only))


# How old and how often pregnant a mother is: ``to Osgard 33 G3P2``.
_BORE = re.compile(r"\s[1-5]\d\s?(?:y/?o\s)?G\d")


def _bore(text: str, only: Token) -> bool:
    """Whether a name that is no word stands before an age and a count of pregnancies."""
    return (only.kind.strong or _new(only)) and _BORE.match(text, only.end) is not None


_AND_BEFORE = re.compile(r"\b([A-Z][a-z]+),? and \Z")
_FROM_WHERE = re.compile(r"(?:\b(?:in|from|to|visit(?:ed|ing)?|via|through)|[a-z],)\s\Z")
# What is said of a thing called after somebody: ``in modified Osgard``.
_OF_KIND = regex.compile(r"\b(?i:modified|revised|reverse|inverted|classic|positive|negative|pos|neg|simplified)\s\Z")
_ENDS_OF_KINDS = frozenset({"d ", "e ", "c ", "s ", "g "})


def _of_kind(text: str, at: int) -> bool:
    return _OF_KIND.search(text, max(0, at - 12), at) is not None


def _is_a_country(text: str, only: Token) -> bool:
    """Whether the name of a country is that: somebody is from it or goes to it, or it is that of a war."""
    if plain(only.text) not in lexicon.COUNTRIES:
        return False
    led = _FROM_WHERE.search(text, max(0, only.start - 10), only.start)
    beside = _AND_BEFORE.search(text, max(0, only.start - 24), only.start)
    of_two = beside is not None and beside[1].lower() in lexicon.COUNTRIES
    return led is not None or of_two or text.startswith((" vet", " Vet", " era", " War"), only.end)


def _one_name(text: str, part: list[Token], only: Token, *, initials: int, usual: bool) -> bool:
    """Whether one name, with or without initials, is a person's; ``usual`` tells that it is written as names are."""
    if _is_a_country(text, only):
        return False
    said = (
        SAYS.match(text, only.end)
        or _arrives(text, only)
        or _owned(text, only.end)
        or (
            (only.kind.strong or only.kind.common_first or _new(only) or _a_patient(text, only))
            and _PATIENT.search(text, max(0, only.start - 10), only.start)
        )
    )
    if only.shape == "capital" and _surely(text, only):
        return True
    given = only.kind.common_first and only.kind.strong and not only.kind.eponym
    if given and only.shape == "capital" and not only.kind.city and _AGE_ALONE.match(text, only.end):
        return True
    if not (initials or said) and (
        (of_thing(text, only.end) and not (given and _IS_DOING.match(text, only.end)))
        or of_list(text, part[0].start, only.end)
        or (text[part[0].start - 2 : part[0].start] in _ENDS_OF_KINDS and _of_kind(text, part[0].start))
    ):
        return False
    if only.shape == "capital" and (_in_company(text, only) or _is_of_office(text, only)):
        return True
    if only.shape == "capital" and _capital_told(text, only, said=bool(said)):
        return True
    if initials and is_acronym(only):
        return False
    if part[-1].shape == "initial" and only.shape == "capital" and AGED.match(text, _stopped(text, part[-1].end)):
        return not only.kind.medical and (only.kind.strong or only.kind.unknown)  # ``Osgard M 44F``
    if initials:
        if only.kind.eponym and part[-1].text in ("I", "V", "X"):
            return False  # a stage
        if part[0].shape == "initial" and opens_list(text, part[0].start) and text[part[0].end] == ".":
            return not (only.kind.medical and not only.kind.last)
        if part[0].shape == "initial":
            return usual and (
                only.kind.strong
                or (only.kind.unknown and only.shape == "capital")
                or (only.kind.last and text[part[0].end] == ".")
            )
        return only.kind.first and (
            only.kind.strong
            or text[part[-1].end : part[-1].end + 1] == "."
            or (only.kind.common_first and _STOPS.match(text, part[-1].end) is not None)
        )
    if only.shape == "upper":
        return _in_row(text, only) or (len(only.text) > ACRONYM and _acts(text, only))
    lone = only.kind.surname and a_sentence(text, only.start, only.end)
    return usual and not lone and only.kind.common_first and only.kind.strong and not only.kind.eponym


def _stopped(text: str, end: int) -> int:
    """The end of an initial with its stop."""
    return end + (text[end : end + 1] == ".")


# What nobody but a patient does or has done, behind ``Pt`` and a surname that is a word.
_COMES = regex.compile(
    r"\s(?:c/o|seen|states|denies|reports|presents|presented|returns|called|here|s/p|was|is\sa\s\d)\b"
)


def _a_patient(text: str, only: Token) -> bool:
    """Whether a surname that is a word too stands before what a patient does."""
    return is_usual(only) and _COMES.match(text, only.end) is not None


def _lies(text: str, only: Token) -> bool:
    """Whether a surname stands between a bed and an age: ``Rm 4 Osgard 54 ARDS``."""
    if not _YEARS_BARE.match(text, only.end) or not _BEDDED.search(text, max(0, only.start - 12), only.start):
        return False
    return only.kind.strong or _new(only) or is_usual(only)


_YEARS_BARE = re.compile(r"\s[1-9]\d\s(?=[A-Za-z])")
# What a noun of medicine may be that is what somebody does: ``Abra vomiting``, ``Abra picked up``; and an age alone.
_IS_DOING = re.compile(r"\s(?:(?!staining|casting|splinting|imaging|testing|scoring)[a-z]{3,}(?:ing|ed)\b|left\b)")
_AGE_ALONE = re.compile(r"\s[1-9]\d?(?:,\s(?!\d)|\sG\d|\sw/)")


def _new(token: Token) -> bool:
    """Whether a word is on no list, and written and as long as names are."""
    return token.kind.unknown and not token.kind.medical and len(token.text) > ACRONYM and token.text[1:].islower()


def _arrives(text: str, only: Token) -> bool:
    """Whether a name that is no word comes, calls or is seen: ``Osgard came in``, ``Osgard LVM``."""
    found = only.kind
    may = found.strong or _new(only)
    return may and not found.eponym and not found.medical and _ARRIVES.match(text, only.end) is not None


def _capital_told(text: str, only: Token, *, said: bool) -> bool:
    """Whether what stands around a capitalised word tells that it is a person; ``said`` that the person speaks or has."""
    found = only.kind
    if found.medical:
        bedded = found.surname and only.text[1:].islower() and _IN_BED.match(text, only.end) is not None
        told = said or _OF_AGE.match(text, only.end)
        # ``Angel``, ``Ivy`` and ``Marsh``
        return bool((said and found.common_first) or (told and is_usual(only)) or bedded)
    written = only.text[1:].islower() or _inner_capital(only.text)
    named = found.first or found.last or (found.unknown and len(only.text) > 2)  # ``Rt``
    if (said or is_followed(text, only.end)) and named and written:
        return True
    if not found.city and not found.eponym and _alone(text, only):
        return True
    if found.namely and found.first and _ASKED.search(text, max(0, only.start - 10), only.start):
        return True
    if written and _in_message(text, only):
        return True
    if written and (_for_whom(text, only) or _told(text, only) or _acts(text, only)):
        return True
    return (found.common_first or (found.strong and found.first)) and SPOKEN.match(text, only.end) is not None


# An age that is a person's: ``Marsh, 44F``.
_OF_AGE = re.compile(r"(?:,|\sis\san?)?\s\d{1,3}\s?(?:y\.?/?o\b|mo\b|[MF]\b)")


def is_usual(token: Token) -> bool:
    """Whether a word that everybody uses is a usual surname too, written as one: no place and no part of a body."""
    found = token.kind
    name = plain(token.text)
    written = token.text[1:].islower() and not found.eponym and name not in PLAIN
    return written and found.everyday and found.surname and name not in NOWHERE and name not in GENERIC


_IN_BED = re.compile(r"\s\((?:rm|room|bed)\s?\d")
# Whom a question is asked for.
_FOR = regex.compile(r"\b(?:for|about)\s$")
_ASKS = regex.compile(r"\?\s+(?:She|He|They|Pt|Patient)\b|,?\s(?:[Ss]he|[Hh]e)(?:['’]s|\sis|\shas)\s")


def _for_whom(text: str, only: Token) -> bool:
    """Whether somebody is told of right behind the question: ``the dose for Ilo? She is 8``."""
    found = only.kind
    may = (found.first or found.unknown) and not (found.medical or found.eponym) and only.text[1:].islower()
    return may and bool(_FOR.search(text, max(0, only.start - 8), only.start) and _ASKS.match(text, only.end))


# Age and sex behind a surname in capitals, in a list of patients: ``0730 OSGARD 58M``.
_ROW = regex.compile(r"\s\(?\d{1,3}\s?(?:[MFmf]\b|y\.?/?o)")
# A pager's number behind who signs a line with a surname.
_PAGED = regex.compile(r"\s(?:\#|x|p|pgr\s|pager\s|beeper\s)\s?\d{3,6}\s*(?:\n|$)")


def _in_row(text: str, only: Token) -> bool:
    """Whether a surname in capitals begins a row of a list of patients."""
    surname = only.kind.strong and not only.kind.medical and not is_acronym(only)
    return surname and _ROW.match(text, only.end) is not None


def _is_of_office(text: str, only: Token) -> bool:
    """Whether a lone word in brackets is who is of the department before them."""
    found = only.kind
    if text[only.start - 1 : only.start] != "(" or found.medical or not (found.first or found.last or found.unknown):
        return False
    closed = text[only.end : only.end + 1] in (")", ",")
    return closed and _BY_OFFICE.search(text, max(0, only.start - 24), only.start) is not None


def _in_company(text: str, only: Token) -> bool:
    """Whether a lone word is a person's by an age beside it (``Dawn, 14 mo``) or by who is with it (``with Hazel.``)."""
    found = only.kind
    if found.common_first:
        with_whom = _WITH.search(text, max(0, only.start - 13), only.start)
        ended = with_whom and (not found.everyday or _ENDED.match(text, only.end))
        return bool(is_followed(text, only.end) or (ended and not of_thing(text, only.end)))
    aged = (found.strong or found.unknown) and not (found.medical or found.eponym) and only.text[1:].islower()
    return aged and _OLD.search(text, max(0, only.start - 24), only.start) is not None


def _told(text: str, only: Token) -> bool:
    """Whether a lone name is a person's by an age behind it (``Ilka, 34,``) or by what is done with a colleague."""
    found = only.kind
    aged = found.common_first or found.strong or (found.unknown and len(only.text) > 3)
    if aged and _YEARS.match(text, only.end):
        return True
    return (found.strong or found.unknown) and _TOLD.match(text, only.end) is not None


def _acts(text: str, only: Token) -> bool:
    """Whether a surname that is nothing else does what colleagues do: ``Osgard recommended``."""
    found = only.kind
    surname = found.last and found.strong and not (found.city or found.eponym)
    return surname and (_ACTS.match(text, only.end) or SAYS.match(text, only.end)) is not None


# A family by its surname: ``the Tarn family is here``.
_FAMILY = regex.compile(
    r"\sfamily\s(?:at|here|is|are|wants?|notified|updated|aware|called|requests?|requesting|present|meeting|agrees?|arrived|visiting)\b|\sfamily\b(?!\shistory)(?<=\b[Tt]he\s\p{Lu}[\p{L}'’\-]+\sfamily)|\s(?:twins|triplets)\b|,\sbaby\s(?:boy|girl)\b"
)


def _family(text: str, only: Token) -> bool:
    """Whether a surname that is nothing else stands before its family."""
    found = only.kind
    return found.last and found.strong and not found.eponym and _FAMILY.match(text, only.end) is not None


def _of_whom(text: str, only: Token) -> bool:
    """Whether an office or kin in brackets tells who a first name is that is a word too: ``Dawn (CNA)``."""
    return only.kind.common_first and _OF_WHOM.match(text, only.end) is not None


def _advises(text: str, only: Token) -> bool:
    """Whether a surname that is a word too, or a word on no list, does at a sentence's start what only a colleague does."""
    if not (is_usual(only) or _new(only) or (only.kind.surname and not only.kind.everyday)):
        return False
    begins = begins_sentence(text, only.start) or text[max(0, only.start - 2) : only.start] in (", ", "- ")
    return begins and _ADVISES.match(text, only.end) is not None


# What nobody but a colleague does: ``Marsh recommended``.
_ADVISES = regex.compile(
    r"\s+(?:recommend(?:s|ed)|disagree[sd]?|agree[sd]?|concurs?|concurred|will\s(?:follow|see)|to\s(?:see|dictate|consent|staff|scope|round|eval|cosign)|would\slike|round(?:ed|ing)|thinks|scoped|consented|proposes|dissents|and\sI|(?:took|takes)\sover|scrubbed|staffed|in\sto\seval|(?:is\s)?on\scall"
    r"|aware|notified|paged|updated|ok['’]?d|LVM|following\b(?!\s(?:commands|a|the|an)\b)|at\sbs|saw\son)\b"
)


# Trades and offices of one abbreviation before who is called by a surname: ``RT Osgard at bs``.
_TRADE = regex.compile(r"\b(?i:RT|RD|RPh|OT|pharm|vet|child|recorder|perfusionist|control)\s\Z")


_ENDS_OF_TRADES = frozenset({"T ", "D ", "h ", "m ", "t ", "d ", "r ", "l "})


def _is_of_trade(text: str, only: Token) -> bool:
    """Whether a trade stands before a surname or a word on no list that does something or ends."""
    if text[only.start - 2 : only.start] not in _ENDS_OF_TRADES:
        return False
    found = only.kind
    named = (found.strong or _new(only)) and not (found.eponym or found.medical or found.city)
    if not (named or is_usual(only)) or _TRADE.search(text, max(0, only.start - 14), only.start) is None:
        return False
    return bool(_ENDED.match(text, only.end) or DOES.match(text, only.end) or _ACTS.match(text, only.end))


# What somebody does who comes to be seen or calls.
_ARRIVES = regex.compile(
    r"\s(?:is\shere\b|has\sbeen\s(?:ill|sick|well|doing|sleeping|eating)\b|did\s(?:well|ok|okay|great|fine)\b|awake\b|picked\s(?:him|her|pt|up)\b|does(?:\snot|n['’]t)\s(?:want|like|feel|think|know|speak)\b|fell\b|cries\b|crying\b|slept\b|sleeping\b|tearful\b|goes\sby\b|(?:is\s)?here\sw\b|will\s(?:drive|bring|call|return|come|stay|sit|pick)\b|lived?\s|c/o\b|LVM\b|l/m\b|left\s(?:a\s)?(?:VM|v/?m|msg|message)|cb\b|called|texted|emailed|came\b|found\s(?:him|her|them|pt|patient)\b|witnessed\b|cooks\b|bathes\b|feeds\b|shops\b|translated\b|interpreted\b|back\sfrom\s(?:CT|MRI|XR|OR|IR|PACU|HD|dialysis|cath|surgery|lab|xray)\b|(?:is\s)?here(?:\s(?:w/|with|for|to)|[,;])|(?:d/c['’]d|dc['’]d|desatted|coded|spiked|vomited|voided|ambulated)\b|at\sbs\b|no[\s-]?show"
    r"|(?:was|were)\s(?:seen|born|brought|referred|discharged|admitted|transferred|accompanied|evaluated\sby)|presented\s|presents\s|returns\s|returned\s|to\ssee\b)"
)
# What is done with a colleague who is named without a title.
_TOLD = regex.compile(
    r"\s+(?:(?:notified|paged|informed|updated|contacted|made\saware|aware)\b|(?:fellow|intern|attending|hospitalist|resident|chief)(?=[.,;)\n]|$)|PGY-?\d\b)"
)
# Who is asked, told or asked after in a message, and what goes on behind the name.
_MESSAGED = regex.compile(
    r"\b(?:(?i:asked?|told|tell|remind|reminded|let|text|texted|call|called|see|seeing|thank|hey|update\son|news\son|is)|FYI|[Rr]e)\s\Z"
)
_ASKED_OF = regex.compile(
    r"\?|:\s|,\s(?:can|could)\syou\b|\s(?:to|know|re|about|if|that|in\s(?:yours|today|\d)|yours|still|cleared|ready|NPO|back)\b|\sd/?c['’]?d\b"
)
# Who is addressed at a line's start, and who lies where: ``Osgard can you``, ``Osgard bed 4``.
_CALLED_ON = regex.compile(r",?\s(?:can|could|would)\syou\b|,?\s(?:pls|please)\s|\s(?:bed|rm|room)\s?\#?\d{1,4}\b")


def _in_message(text: str, only: Token) -> bool:
    """Whether a name that is no word is asked, told of or addressed in a message."""
    found = only.kind
    if not (found.strong or _new(only)) or found.eponym or found.medical or found.city:
        return False
    if _CALLED_ON.match(text, only.end) and (
        begins_sentence(text, only.start) or text[only.start - 2 : only.start] == ": "
    ):
        return True
    before = _MESSAGED.search(text, max(0, only.start - 11), only.start)
    return before is not None and _ASKED_OF.match(text, only.end) is not None


_ASKED = regex.compile(
    r"\b(?i:asks?|asked|tell|told|remind|reminded|let|have|text|texted|call|called|saw|see|thank|thanked)\s$"
)
_WITH = regex.compile(r"\b(?:with|w/|w|by|(?i:she|he|they|him|her|mom|dad|wife|husband)\s(?:and|&|\+))\s?$")
_OLD = regex.compile(
    r"\b\d{1,3}\s?(?:(?i:y\.?/?o\.?|y(?:ea)?rs?(?:\sold)?|mo(?:nth)?s?(?:\sold)?|w(?:ee)?ks?\sold|days?\sold)(?:\s(?i:male|female|boy|girl|man|woman|[MF]))?|[MF])\s$"
)
_YEARS = regex.compile(r",\s\d{1,2}(?:,|\)|;|\sand\b)|\s\d{2},\s(?=[a-z])")
_PATIENT = regex.compile(r"\b(?i:pts?|patient|client|inmate|veteran|vet|child|infant|baby|toddler|newborn)\s$")
_BY = regex.compile(
    r"(?:\b(?:by|with|to|from|and|w/?|per|but|Drs?|discussed|d/w|via|[Ff]/?u|[Ss]aw|[Ss]ees?|seeing|before|until|asked|told|fr|under|(?i:call|page|paged|notify|text|contact|appreciate|spoke|prelim\sread|dict|consent)|(?:OR|(?i:rm|room|bed|bay|chair|slot))\s?#?\d{1,3}[A-Z]?)(?:\s(?:RT|RD|RPh|OB|GYN|ID|GI|IR|ENT|MFM|CTS|cards|renal|neuro|ortho|psych|heme|onc|pulm|surgery|anesthesia))?|[(&|–—@/]|(?<!(?:^|\n)\s?)-)\s*$"
)
_ONLY_BY = regex.compile(
    r"\b(?:by|(?:route|refer|forward|escalate|page|defer)(?:d|ed|red)? to|Drs?\.?\s\w+\s(?:and|&)|[DdSs]/w(?:\s(?:OB|GI|ID|IR|ENT|ortho|renal|cards|neuro|psych))?|(?i:mtg|meeting|conf|conference|visit|appt)\s(?:w/|with)|wasted\s[\w. ]{1,8}\s(?:w/?|with)|call|text|page|notify|update|states|pt,|[Ss]aw)\s+$"
)
_ENDED = regex.compile(
    r"\s*(?:[.,;:)|/\n]|$|\s(?:at|on|in|re|for|and|is|was|w/|with|who|will|to|s/p|here|next|last|this|when|if|about|today|tomorrow|just|both|GI|ID|IR|fellow|outpt|inpt|tmrw|re|yesterday|tonight|(?:19|20)\d\d|[012]\d[0-5]\d)\b|\s\(|\s\d{1,2}[/\-]\d)"
)


# By whom something was done: ``relieved by Marsh 0700``.
_DONE_BY = regex.compile(
    r"\b(?!(?:follow|accompani|preced|caus|confirm|complicat|characteri[sz]|controll|improv|worsen|manag|cover|monitor|support|limit|fund|defin|replac)ed\b)"
    r"(?i:\w{3,}ed|found|taken|driven|given|hit|struck|bitten|drawn|ok['’]?d|read\sback|held|made|led|run)\sby\s\Z"
    r"|\b(?i:(?:signed|sign|handed|turned)[\s\-]?(?:out|off|over)\sto|care\s(?:assumed\s|taken\sover\s)?from)\s\Z"
    r"|\b(?i:(?:co)?signed|collected|accessioned|grossed|transcribed|typed|witnessed|staffed|precepted|accepted)\s\Z"
)
_ENDS_OF_DEEDS = frozenset({"by ", "to ", "om ", "ed "})


def _done_by(text: str, only: Token) -> bool:
    """Whether a first or last name that may be a word too tells by whom something was done."""
    found = only.kind
    if text[only.start - 3 : only.start] not in _ENDS_OF_DEEDS:
        return False
    named = (found.surname or found.common_first) and not (found.eponym or found.medical or found.city)
    if not (named or is_usual(only)) or not only.text[1:].islower():
        return False
    before = max(0, only.start - 24)
    return _ENDED.match(text, only.end) is not None and _DONE_BY.search(text, before, only.start) is not None


def _alone(text: str, token: Token) -> bool:
    """Whether a lone surname stands where a colleague is named: ``route to Balogun.``, ``(Moua)``, ``| Hsieh``."""
    found = token.kind
    if (found.namely or found.unknown) and begins_sentence(text, token.start) and _PAGED.match(text, token.end):
        return True
    if not (
        (found.namely and (found.last or found.strong))
        or (found.unknown and len(token.text) > 3 and (token.text[1:].islower() or _inner_capital(token.text)))
    ):
        return False
    before = (_BY if found.last else _ONLY_BY).search(text, max(0, token.start - 24), token.start)
    if before and _ENDED.match(text, token.end):
        return True
    if ((found.strong and found.last) or _new(token)) and _BEDDED.search(text, max(0, token.start - 12), token.start):
        return True
    closed = found.last and _CLOSES.match(text, token.end)
    return bool(closed and _CLOSED.search(text, max(0, token.start - 4), token.start))


# A bed before who lies in it.
_BEDDED = regex.compile(r"\b(?i:rm|room|bed|bay)\s?\#?\d{1,4}[A-Za-z]?:?\s\Z")
# Who signs a note with a surname and no more.
_CLOSED = regex.compile(r"(?<!\d)[.!?]\s+$")
_CLOSES = regex.compile(r"\.?\s*\Z")
SPOKEN = regex.compile(
    r",?\s+(?:seen|who|whose|presented|presents|was\s+(?:seen|admitted|born|brought|referred|discharged|accompanied|transferred)|(?:has|had)\s+been"
    r"|(?:is\s+)?s/p|is\s+(?:a|an|the|here|doing|seen|currently|accompanied)|will\s+(?:follow|return|call|see|come)|returns|returned|came|comes|takes|needs|from\s(?:SW|CM|PT|OT|ST|RT|IR|ED|pharmacy|lab|dietary|transport|radiology|nutrition|social\swork|case\smanagement|billing)|grew\s+up|at\s(?:the\s)?bedside|at\sbs\b|in\sto\s(?:visit|see)|here\s(?:with|to|for|from)|to\s(?:visit|pick|drive|bring|call|follow)|will\s(?:pick|drive|sit|bring|visit|be|stay)|phoned|helps|cares|manages|handles|visits|checks|attended|moved|married|divorced|graduated|started|quit|completed|sent\s+from|has\s+(?:a|an|no|had))\b"
)


_INNER = regex.compile(r"(?:Mc|Mac|De|Di|La|Le|Van|Fitz|O['’]|D['’]|[A-Z][\w]+-)[A-Z][\w'’\-]+")


def _inner_capital(word: str) -> bool:
    return _INNER.fullmatch(word) is not None


SHORT_NAMES = frozenset({"Max", "Ed", "Esi", "Ros"})
"""First names that are short forms of every note too."""
NAMES_TOO = frozenset("will may june april august white black young long short day".split())


ORDERED = frozenset({"VO", "TO"})  # by voice, by telephone; both are surnames too


# What somebody does or is, behind who it is.
DOES = re.compile(
    r"\s(?!as\b|his\b|this\b|yes\b)(?:[a-z]{2,12}(?:s|ed|ught)|drove|came|went|took|gave|said|told|saw|got|made|ate|did|slept|will|can|does|who|at|and|to)\b"
)
_OPENS = regex.compile(
    r"(?:^|[\n:|;(\[—–•\t]|(?<=\s)--?|\.\s\.\s|\bw/|\b(?:for|by|with|to|from|is|was|professional|provider|recipient|relative|caregiver|guardian|member|linked to|patient|pt|subscriber|guardian|contact|inmate|detainee|emerg|sender|driver|counsel|trooper|deputy|rep|coordinator|chaplain|of|and))\s*$",
    regex.IGNORECASE,
)


def opens_list(text: str, at: int) -> bool:
    """Whether a place is one where a person is named: a line's start, after a label or a word that brings a person."""
    return bool(_OPENS.search(text, max(0, at - 16), at))


def does(token: Token) -> bool:
    """Whether a word tells what somebody does and is no surname."""
    word = token.text.lower()
    if not word.endswith("ing") or token.kind.surname:
        return False
    stem = word[:-3]
    stem = stem[:-1] if stem[-2:-1] == stem[-1:] else stem
    return kind(stem).word or kind(f"{stem}e").word  # ``Referring``, but not ``Xiaoling``


def bids(text: str, token: Token) -> bool:
    """Whether a word begins a sentence and tells what to do with who follows: ``See``, ``Call``."""
    return token.text in ("See", "Call", "Ask", "Page", "Saw", "Per", "Text") and begins_sentence(text, token.start)


NUMBER_AFTER = regex.compile(r"\s?[#\d]")
