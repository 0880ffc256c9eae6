"""Who and where somebody is in writing without cases, told by the words that lead there, everyday words too."""

from __future__ import annotations

import re

from chartline.deid.text.lexicon import STATES, kind, plain
from chartline.deid.text.places import GENERIC, NOWHERE
from chartline.deid.text.reading import KIN_WORD, ROLE_WORD

# What leads, by ``at`` and its like, to where somebody works or learns, and to where somebody is cared for.
_WORKS = frozenset(
    """
    works work worked working employed job volunteers volunteered teaches taught retired cashier clerk cook nurse
    welder mechanic driver manager server bartender janitor teacher guard engineer technician waitress stocker
    cleans enrolled student freshman sophomore junior senior drives laid fired hired
    """.split()
)
_FROM = frozenset(
    """
    transfer transferred transferring transport transported admitted admission admissions discharged dc tx txd xfer
    xferred sent accepted placement records back recd received arrived arrives bib biba bibems staff nurse rn
    returned returning referred referral d walked came comes coming pt patient notes report call called fax letter
    walker wheelchair cpap boot brace supplies equipment commode oxygen meals hha aide driver transportation
    paperwork labs results imaging films slides immunizations calls airlifted flown lifeflight o2 ride bus scan ct mri
    """.split()
)
_OF = frozenset("resident patient pt member employee student graduate grad care staff client parishioner".split())
_THROUGH = frozenset(
    "health care hospice pt ot services meals nursing supplies hha equipment insurance oxygen o2".split()
)
_WITHOUT = frozenset("attends attended attending employer toured touring attend choosing".split())
# By whom an admission is decided or somebody is sent, by the first letters.
_DECIDED = frozenset(("by", word[:6]) for word in "denied declined accepted resettled sent ref referred".split())
_LABELS = frozenset(
    """
    pharmacy pharm vna snf dme facility school employer agency clinic hospital hospice church ltac dispo daycare
    shelter hh jail site
    """.split()
)
_AT = frozenset({"at", "from", "to", "for", "of", "by", "with", "through", "thru", "via"})
# What goes ``to`` a facility as well as to anything else is done.
_TO = frozenset(
    """
    transfer transferred transferring transport transported admitted discharged dc tx txd xfer xferred sent accepted
    back body returned returning referred referral admission d placed goes go went waitlisted waitlist records
    packet faxed moved moving airlifted flown lifeflight uber admit released
    """.split()
)
_FOR = frozenset("works work worked working cashier clerk driver drives nurse welder mechanic".split())
# What may stand behind a name and begins something else, and how other words end that do.
_CLOSERS = frozenset(
    """
    and or but for with w wo since x until til till on in at by to from as when who where which that then than is
    was are were she he they pt nights days evenings weekends full part per via because due today tomorrow yesterday
    tonight last next this yest tmrw prn if so now here there again after before during between while re not no has
    had have will would can may daily weekly monthly mwf tts twice once fulltime parttime both also staff report
    approx about over did do neg pos normal nl wnl reviewed showed shows
    """.split()
)
# What ends a name and is a part of it.
_ENDS = frozenset(
    """
    womens childrens peds derm ortho cards ent uro neuro eye dental kids pediatrics imaging diagnostics surgery
    home house lodge park plant snf alf ltac ltach irf rehab hospice pharmacy clinic hospital church school shelter
    jail prison college university apartments mosque temple center manor living hall inn motel hotel store county er
    ed
    """.split()
)
_PARTICIPLE = re.compile(r"[a-z]{3,}ed\Z")
_MOST = 4  # words of a name at most
_SHORTEST = 5  # letters of a name on no list


def runs(words: list[str], gaps: list[str]) -> list[tuple[int, int]]:
    """Where names of facilities, employers and schools begin and end in words with the gaps behind them."""
    out = []
    for i in range(1, len(words)):
        tier = _led(words, gaps, i)
        if tier and (end := _run(words, gaps, i, tier)) > i:
            out.append((i, end))
    return out + _again(words, {tuple(words[start:end]) for start, end in out}) if out else []


def _again(words: list[str], names: set[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Where names stand again in words."""
    starts: dict[str, list[tuple[str, ...]]] = {}
    for name in names:
        if len(name) > 1 or not kind(name[0]).medical:
            starts.setdefault(name[0], []).append(name)
    found = ((i, name) for i, word in enumerate(words) if word in starts for name in starts[word])
    return [(i, i + len(name)) for i, name in found if tuple(words[i : i + len(name)]) == name]


def _led(words: list[str], gaps: list[str], i: int) -> str:
    """What leads to a word: ``works`` for an employer or a school, ``cares`` for any facility, else nothing.

    ``new`` stands for what leads to things too, and to a facility only by a name that is no word.
    """
    before, gap = words[i - 1], gaps[i - 1]
    if before == "the" and gap == " " and i > 1:
        return _led(words, gaps, i - 1)
    if gap == ": " and before in _LABELS:
        return "works" if before in ("employer", "school") else "cares"
    if gap in (" @ ", " @"):
        return "works" if before in _WORKS else "cares"
    if gap != " ":
        return ""
    if before in _WITHOUT:
        return "works"
    if before not in _AT or i < 2 or gaps[i - 2][:1] != " ":
        return "cares" if before == "at" and i > 1 else ""
    lead = words[i - 2]
    if lead in ("down", "out", "off") and i > 2 and gaps[i - 3] == " ":
        lead = words[i - 3]
    if lead == "c" and i > 2 and words[i - 3] == "d" and gaps[i - 3] == "/":
        lead = "d"
    if before == "of":
        return "cares" if lead in _OF else ""
    if before in ("through", "thru", "via"):
        return "cares" if lead in _THROUGH else "new" if lead in _FROM else ""
    if before == "for":
        return "works" if lead in _FOR else ""
    if before == "to":
        return "cares" if lead in _TO else "new" if lead in _WORKS else ""
    if before in ("by", "with"):
        return "cares" if (before, lead[:6]) in _DECIDED else "new" if lead in _FROM or lead in _WORKS else ""
    cared = before == "at" or lead in _FROM or _AGED.match(lead)  # ``61f from``
    return "works" if lead in _WORKS else "cares" if cared else ""


def _run(words: list[str], gaps: list[str], start: int, tier: str) -> int:
    """The end of a name at a word, the word itself where none stands there."""
    at = start
    while at < len(words) and at - start < _MOST and _may_name(words[at], works=tier == "works"):
        if at > start and (gaps[at - 1] != " " or _closes(words[at])):
            break
        at += 1
    new = at > start and _no_word(words[start])
    if at < len(words) and start < at < start + _MOST and gaps[at - 1] == " " and words[at] in _ENDS:
        return at + 1
    counted = at < len(words) and words[at].lstrip("x")[:1].isdigit()
    open_end = at < len(words) and gaps[at - 1] == " " and not (_closes(words[at]) or counted)
    if open_end or at == start + _MOST or (tier == "new" and not new):
        return start + new
    return at


def _no_word(word: str) -> bool:
    """Whether a word is a name or on no list, and nothing else."""
    found = kind(word)
    return len(word) > _SHORTEST - 2 and (found.unknown or found.strong or (found.city and not found.word))


def _closes(word: str) -> bool:
    return word in _CLOSERS or _PARTICIPLE.match(word) is not None


def _may_name(word: str, *, works: bool) -> bool:
    if word in ("st", "mt", "ft"):
        return True
    if word in _CLOSERS or word in NOWHERE or len(word) < 3 or not word.isalpha() or word in STATES:
        return False
    if plain(word) in GENERIC or KIN_WORD.fullmatch(word) or ROLE_WORD.fullmatch(word):
        return False
    found = kind(word)
    return works or not found.medical or found.last or found.city


# What leads to a person: to one whose name is on no list, and to one whose surname is a word.
_MEETS = frozenset(
    """
    per paged page cc attending accepting hospitalist atty attorney co po sponsor text texted tell told ask asked
    call called w with by notified notify updated seeing saw and parole probation tech aide kids children sons
    daughters np pa rn md rt rd rph sw cm slp ot emt medic crna pharm recorder operator driver sitter interp anes scrub
    circ perfusionist pastor student inmate vet child baby infant pcp surg onc cards renal neph ofc hha refill
    """.split()
)
_BY_WHOM = frozenset(
    {
        *(
            (done, "by")
            for done in "seen evaluated examined signed placed performed reviewed dictated called ordered".split()
        ),
        *((done, "from") for done in "report care handoff signout".split()),
        *((met, by) for met in ("spoke", "met", "lives", "talked") for by in ("w", "with")),
        *(("out", "to"), ("report", "to"), ("talked", "to"), ("spoke", "to"), ("spoken", "to"), ("given", "to")),
    }
)
_SURELY = frozenset("paged atty attorney attending accepting hospitalist officer deputy detective judge".split())
# What a person does or is.
_DOES = re.compile(
    r"(?:called|calls|calling|states|stated|reports|reported|denies|denied|wants|wanted|says|said|refuses|refused|refusing|drove"
    r"|thinks|lives|lived|tearful|fell|crying|cried|asked|asks|agrees|agreed|visited|visiting|arrived|brought|endorses|smokes"
    r"|drinks|prefers|declines|declined|texted|slept|ate|sleeping|verbalized|verbalizes|lpn|cna|rn|aware|notified|requesting|requests|lvm|paged|updated|presents|recs|recommends|recommended)\Z"
)


# An age and what goes with it: ``44f``.
_AGED = re.compile(r"\d{1,3}(?:yo[mf]?|mo)\Z|\d\d[mf]\Z")


def persons(words: list[str], gaps: list[str]) -> list[int]:
    """Words that a person is called by who is told by nothing but what leads to a person or what a person does."""
    return [i for i, word in enumerate(words) if _person(words, gaps, i, word)]


def _person(words: list[str], gaps: list[str], i: int, word: str) -> bool:
    name = word.removesuffix("'s").removesuffix("’s")
    found = kind(name)
    new = (found.unknown or found.strong) and not found.medical and len(name) >= _SHORTEST - found.strong
    told = new or (found.word and (found.surname or found.common_first))
    if not told or not name.isalpha() or name in NOWHERE or name in _CLOSERS:
        return False
    if plain(name) in GENERIC or KIN_WORD.fullmatch(name) or ROLE_WORD.fullmatch(name):
        return False
    ahead = words[i + 1] if i + 1 < len(words) and gaps[i] in (" ", " (") else ""
    ends = not ahead or gaps[i] == " (" or _closes(ahead) or ahead.lstrip("x")[:1].isdigit()
    if _met(words[max(0, i - 3) : i], gaps[max(0, i - 3) : i], new=new) and (ends or _DOES.match(ahead)):
        return True
    if not new:
        return False
    if i + 1 < len(words) and gaps[i] in (" ", ", ") and _AGED.match(words[i + 1]):
        return True
    if KIN_WORD.fullmatch(ahead) and (gaps[i] == " (" or name != word):
        return True
    return gaps[i] == " " and _DOES.match(ahead) is not None


def _met(before: list[str], gaps: list[str], *, new: bool) -> bool:
    """Whether words bring a person: any by whom one is met for a name on no list, else those that bring nobody else."""
    if not before or gaps[-1] != " ":
        return False
    last, earlier = before[-1], before[-2] if len(before) > 1 else ""
    if last in _SURELY or (new and last in _MEETS):
        return True
    if last == "w" and earlier in ("d", "s") and gaps[-2] == "/":
        return True
    return (earlier, last) in _BY_WHOM


# What leads, by a preposition, to where somebody lives, goes or comes from.
_THERE = frozenset(
    """
    lives lived living live resides born raised moved moving move grew up farm family son daughter sister brother
    parents kids mom dad jail hospital clinic school stationed vacation layover wedding funeral homeless camping
    hiking works commutes drove drives flew trip travel travels traveled travelled cruise back returned returning
    native arrived retired farmer visit
    """.split()
)
_NEAR = frozenset("near outside".split())
_INTO = frozenset("in from to of near outside via".split())
_DWELLS = frozenset("lives living lived apt apartment house corner".split())
_NO_STREET = frozenset("disability income ssi ssdi fire street streets own welfare benefits savings".split())


def places(words: list[str], gaps: list[str]) -> list[int]:
    """Words that are on no list, or a town's, where somebody lives or goes to; and the streets somebody lives on."""
    return [i for i in range(2, len(words)) if gaps[i - 1] == " " and _place(words, gaps, i)]


def _place(words: list[str], gaps: list[str], i: int) -> bool:
    before, lead, word = words[i - 1], words[i - 2], words[i]
    street = before in ("on", "off") and lead in _DWELLS
    if not (street or before in _NEAR or (before in _INTO and lead in _THERE)) or gaps[i - 2] != " ":
        return False
    if not _may_name(word, works=False) or word in _NO_STREET or len(word) < _SHORTEST - street:
        return False
    found = kind(word)
    ends = i + 1 == len(words) or gaps[i] != " " or _closes(words[i + 1]) or words[i + 1][0].isdigit()
    return ends and (found.unknown or found.strong or ((found.city or street) and (found.last or not found.word)))
