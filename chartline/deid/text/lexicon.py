"""Word lists, loaded once: what is a name, what is a word, what is a drug or a place. Sources: ``data/README.md``."""

from __future__ import annotations

import gzip
import json
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from chartline.errors import MachineError

_DATA = Path(__file__).with_name("data")
_COMMON_FIRST = 1500  # the most frequent first names of each sex, certain enough to stand alone
_COMMON_LAST = 10_000  # the most frequent surnames, likely after a first name even where they are words
_ENDINGS = (
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("al", ""),
)

STATES = frozenset(
    {
        *("alabama", "alaska", "arizona", "arkansas", "california", "colorado", "connecticut", "delaware", "florida"),
        *("georgia", "hawaii", "idaho", "illinois", "indiana", "iowa", "kansas", "kentucky", "louisiana", "maine"),
        *("maryland", "massachusetts", "michigan", "minnesota", "mississippi", "missouri", "montana", "nebraska"),
        *("nevada", "new hampshire", "new jersey", "new mexico", "new york", "north carolina", "north dakota", "ohio"),
        *("oklahoma", "oregon", "pennsylvania", "rhode island", "south carolina", "south dakota", "tennessee", "texas"),
        *("utah", "vermont", "virginia", "washington", "west virginia", "wisconsin", "wyoming", "puerto rico"),
        "district of columbia",
    }
)
# Countries in English; a country alone is no part of a state.
COUNTRIES = frozenset(
    """
    afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahamas bahrain bangladesh
    barbados belarus belgium belize benin bhutan bolivia bosnia botswana brazil brunei bulgaria burma burundi cambodia
    cameroon canada chad chile china colombia congo croatia cuba cyprus denmark djibouti dominica ecuador egypt england
    eritrea estonia eswatini ethiopia fiji finland france gabon gambia germany ghana greece grenada guatemala guinea guyana
    haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya
    kiribati korea kosovo kuwait kyrgyzstan laos latvia lebanon lesotho liberia libya liechtenstein lithuania luxembourg
    madagascar malawi malaysia maldives mali malta mauritania mauritius mexico micronesia moldova monaco mongolia
    montenegro morocco mozambique myanmar namibia nauru nepal netherlands nicaragua niger nigeria norway oman pakistan
    palau palestine panama paraguay peru philippines poland portugal qatar romania russia rwanda samoa scotland senegal
    serbia seychelles singapore slovakia slovenia somalia spain sudan suriname sweden switzerland syria taiwan tajikistan
    tanzania thailand togo tonga tunisia turkey turkmenistan tuvalu uganda ukraine uruguay uzbekistan vanuatu venezuela
    vietnam wales yemen zambia zimbabwe africa asia europe america
    """.split()
)
POSTAL = """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR
    PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR
    """.split()

# Persons after whom medicine names things; such a name alone, or before its noun, is not a patient's.
EPONYMS = frozenset(
    """
    achilles addison adson alzheimer apgar argyll arnold asperger austin babinski baker barlow barr barre barrett
    bartholin bartter basedow beck becker behcet bell bennett berger bernard binswanger biot bishop bitot blalock
    blount boerhaave bouchard bowen boxer braden bristol broca brodie brown brudzinski brugada budd buerger burkitt
    caesar calve carroll castleman celsius chagas charcot chediak cheyne chiari child chvostek clark coats colles
    conn coombs cooley cori coxsackie creutzfeldt crigler crohn cullen cushing dandy dercum dix doppler down
    dressler dubin duchenne duke dupuytren eaton ebstein ehlers eisenmenger ellison epley epstein erb ewing fabry
    fallot fanconi felty finkelstein fitz foley fordyce forrester fournier friedreich galeazzi ganz gardner gaucher
    gilbert glasgow gleason goldman goodpasture gottron gower graham gram grave graves grey guillain hallpike
    hamilton hansen harris hartmann hashimoto hawkins heberden heimlich henoch hill hirschsprung hodgkin hoffmann
    holter homan homans horner hunt hunter huntington hurler hutchinson ishihara jacksonian jakob janeway jarisch
    jeghers jones kaposi kartagener kawasaki kegel kehr kellgren kernig kienbock killip klinefelter klumpke kocher
    koplik korotkoff korsakoff krebs kupffer kussmaul lachman lambert lamaze langerhans laurence leber legg leopold
    lewy lhermitte likert lisfranc little ludwig lyme lynch maddox mallampati mallory marfan marie maze mcardle
    mcburney mcintosh mcmurray meckel meige meniere merkel meyer milroy mobitz moebius montgomery moro morse morton
    munchausen murphy najjar neer nissen norton ober ortolani osgood osler paget pap papanicolaou parinaud parkes
    parkinson patrick payne perthes peutz peyronie pfannenstiel phalen pick plummer pompe pott pugh purkinje ramsay
    ranson raynaud reed refsum reiter reye rinne ritter robertson romberg roth rotor roux rovsing salter scheuermann
    schirmer schlatter schober schwann sever shiga sims sjogren smith snellen spurling still stokes sturge swan
    sydenham takayasu takotsubo tanner tay tetralogy thomas tietze tinel tooth tourette trendelenburg trousseau
    turner unna valsalva vincent virchow von wallenberg walker weber wegener weil weiss wells wenckebach wernicke
    auer babcock ballard balfour bankart barthel billroth bookwalter bovie breslow debakey epworth framingham hampton
    karnofsky kerley metzenbaum nottingham penrose sezary tinetti zubrod westergren west whipple white willebrand williams wilms wilson wolff wood yergason zenker zollinger
    """.split()
)


@dataclass(frozen=True)
class Lexicon:
    """The lists as sets of lower-case, accent-free words."""

    female: dict[str, int]
    male: dict[str, int]
    last: dict[str, int]
    world_first: frozenset[str]
    world_last: frozenset[str]
    words: frozenset[str]
    medical: frozenset[str]
    cities: frozenset[str]
    everyday: frozenset[str]


def _listing(name: str) -> list[str]:
    return (_DATA / f"{name}.txt").read_text(encoding="utf-8").split()


@cache
def load() -> Lexicon:
    """The lists.

    Raises:
        MachineError: CL3030 the file is missing or damaged: without it names would pass.
    """
    try:
        body = json.loads(gzip.decompress((_DATA / "lexicon.json.gz").read_bytes()))
        ranked = {k: {w: i for i, w in enumerate(body[k].split())} for k in ("female", "male", "last")}
        made = Lexicon(
            **ranked,
            world_first=frozenset(body["world_first"].split()),
            world_last=frozenset(body["world_last"].split()),
            words=frozenset(body["words"].split()),
            medical=frozenset(body["medical"].split() + body["drugs"].split() + _listing("brands")),
            cities=frozenset(body["cities"].split("|")),
            everyday=frozenset(_listing("everyday")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise MachineError("CL3030", "the word lists are missing or damaged.", "Install the package again.") from None
    if min(map(len, (made.female, made.last, made.world_first, made.words, made.cities, made.everyday))) < 1000:
        raise MachineError("CL3030", "the word lists are missing or damaged.", "Install the package again.")
    return made


# Letters with a stroke, which do not decompose into a letter and an accent.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "ħ": "h"})


@lru_cache(maxsize=1 << 17)
def plain(word: str) -> str:
    """Lower case, without accents and without a possessive ending."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    return folded.translate(_STROKES).replace("’", "'").removesuffix("'s").replace("'", "")


@dataclass(frozen=True)
class Kind:
    """What the lists say of one word."""

    first: bool
    common_first: bool
    last: bool
    surname: bool
    word: bool
    medical: bool
    city: bool
    eponym: bool
    everyday: bool

    @property
    def namely(self) -> bool:
        """A name, and at most a word that few people know: ``Dieter`` and ``Jama``."""
        return (self.first or self.last) and not self.everyday and not self.medical

    @property
    def strong(self) -> bool:
        """A name and not a word."""
        return (self.first or self.last) and not self.word

    @property
    def unknown(self) -> bool:
        """On no list: most likely a name."""
        return not (self.first or self.last or self.word)


@lru_cache(maxsize=1 << 17)
def kind(word: str) -> Kind:
    """What the lists say of a word; a hyphenated word is a name when a part is, a word when all parts are."""
    parts = [p for p in plain(word).split("-") if p]
    if len(parts) > 1:
        kinds = [kind(p) for p in parts]
        return Kind(
            first=any(k.first and not k.word for k in kinds),
            common_first=any(k.common_first and not k.word for k in kinds),
            last=any(k.last and not k.word for k in kinds),
            surname=any(k.surname for k in kinds),
            word=all(k.word for k in kinds),
            medical=any(k.medical for k in kinds),
            city=False,
            eponym=all(k.eponym for k in kinds),
            everyday=all(k.everyday for k in kinds),
        )
    lists, name = load(), "".join(parts)
    rank = min(lists.female.get(name, 1 << 20), lists.male.get(name, 1 << 20))
    surname = lists.last.get(name, 1 << 20) < _COMMON_LAST
    # The dictionary has ``kim`` and ``patel``: a common name is a word where people use it as one.
    sure = (rank < _COMMON_FIRST or surname) and name not in lists.everyday
    medical = not sure and _listed(name, lists.medical)
    return Kind(
        first=rank < 1 << 20 or name in lists.world_first,
        common_first=rank < _COMMON_FIRST or name in lists.world_first,
        last=name in lists.last or name in lists.world_last,
        surname=surname,
        word=not sure and ((medical and rank >= _COMMON_FIRST) or _listed(name, lists.words)),
        medical=medical,
        city=name in lists.cities,
        eponym=name in EPONYMS,
        everyday=name in lists.everyday,
    )


def _listed(name: str, words: frozenset[str]) -> bool:
    return name in words or any(
        name.endswith(e) and name[: -len(e)] + r in words for e, r in _ENDINGS if len(name) > len(e) + 2
    )
