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
    abrikossoff achard achilles addison adson airy alagille albers allis alpert alport alzheimer amsler anitschkow
    apert apgar arbor argyll arnold aschoff asherman askanazy asperger auer austin babcock babinski bainbridge baker
    balfour balint ballard bankart banti barany barlow barr barre barrett barthel bartholin bartter basedow bassini
    bazett bechterew beck becker beckwith beers behcet bell bence bennett berger bernard bernese bertin bhutan
    billroth binet binswanger biot birt bishop bismarck bitot bjerrum blackfan blalock blom blount boas bochdalek
    boerhaave bogota bookwalter borg bormann bosniak bouchard bouveret bovie bowen boxer braden breslow bricker
    bristol broca broders brodie brostrom brown brudzinski brugada brunnstrom bruton buchwald budd buerger bunyan
    burkitt burow caesar calot calve canavan cantlie caroli carroll castleman celsius chagas charcot chediak chevron
    cheyne chiari child chopart chvostek clark cloquet coats cockcroft codman cogan colles conn cooley coombs cori
    corti costen courvoisier cowden cowper coxsackie creutzfeldt crigler crohn crouzon cullen curling cushing
    dalrymple dandy danis darier deauville deaver debakey dejerine dercum dieulafoy dix dohle donath doppler dor
    dornier down dressler dubin duchenne duke dupuytren durie eagle eaton ebola ebstein eck ehlers eisenmenger ekbom
    ellison epley epstein epworth erb erdheim essex ewart ewing fabry faget falk fallot fanconi fazekas felty
    fergusson fick finkelstein fitz flechsig foley fontan fordyce forrester fournier framingham freiberg friedreich
    froehlich froin froment fuchs galant galeazzi gallant ganz gardner gardos gaucher gault gehrig gerota gerstmann
    ghon giannotti giemsa gilbert girdlestone glasgow gleason gleeson glisson goldman golgi gomori goodpasture
    goodsall gosselin gottman gottron gower gowers graefe graham gram grave graves greenfield greulich grey grocott
    guillain guyon hageman haglund hallervorden hallpike halsted hamilton hampton hansen hardinge harris hartmann
    hartnup hashimoto hassall hawkins heberden hebra heimlich henle henoch hering hertel hesselbach hill hinchey
    hirschsprung hodgkin hoehn hoffa hoffmann hollenhorst holter homan homans horner hotchkiss howship hoyer huhner
    hume hunner hunt hunter huntington hurler hurthle hutchinson ishak ishihara jacksonian jaffe jakob janeway janus
    jarisch jarvik jatene jeghers jendrassik jobe jones kaposi karnofsky kartagener kasabach kasai kawasaki kayser
    kegel kehr kellgren kerley kernig kestenbaum kienbock kiesselbach killip kirschner klatskin kleihauer kleine
    klinefelter klippel klumpke knodell kocher koplik korotkoff korsakoff kostmann kraske krebs kudo kugelberg
    kupffer kussmaul kveim labbe lachman laennec lafora lamaze lambert landolt langer langerhans lanz lapidus
    lasegue latarjet latzko lauge laurence leber legg lembert lennox leopold leriche lesch lewy lhermitte libman
    lichtenstein lieberkuhn likert lille lindau linton lisfranc little littre lobstein loeffler lovset lown ludwig
    lugano lugol luschka lutembacher lyell lyme lynch mackay maddox madelung maffucci magendie mahurkar maisonneuve
    malecot mallampati mallory malpighi mankin mantoux marburg marfan marie marjolin masaoka masson masuda masuko
    matas maugeri maze mcardle mcburney mccune mcintosh mcmurray mcvay meckel meige meigs mendel mendelsohn
    mendelson menetrier meniere menkes merkel metzenbaum meyer mikulicz milroy mirizzi mobitz moebius mohs mollaret
    monro montgomery morgagni moro morquio morse mortimer morton mowat mulliken munchausen munro murphy musset
    mustard naegele naffziger najjar neer neisser nernst nesbit nezelof niemann nikolsky nissen noonan norrie norton
    norwalk nottingham nylen ober oberst oddi ogilvie oldfield ollier ondine ormond ortolani osgood osler
    outerbridge paget pancoast paneth pap papanicolaou papez parinaud parkes parkinson parkland passy pasteur patau
    patrick pavlik payne pel pelger penfield penrose perls perthes peutz peyronie pfannenstiel pfeiffer phalen pick
    pirogoff plaut plummer pohl poiseuille poland pomeroy pompe ponseti pott poupart prader prague prinzmetal
    puestow pugh purkinje putti queckenstedt quincke rai ramsay ranke ranson ranvier rapoport rathke raynaud
    recklinghausen reed refetoff refsum reinke reiter rendu rett reye rhinne riedel rinne risser ritter rives
    robertson rockall rodin romberg rosai roth rotor rotterdam rouget rous roux rovsing sabin sachs saethre salter
    sandifer santorini sarnat schamroth schatzki schaumann scheuermann schiff schilling schirmer schlatter schlemm
    schmorl schober schonlein schwann scoville seldinger seldon semont sengstaken senning sertoli sever sezary
    shaker shenton shiga shober shouldice shprintzen shwachman siggaard simmonds sims sistrunk sjogren skene sluder
    smith snellen soave souttar spigelian spiro spitz spurling stargardt steinert stensen stickler still stokes
    stoppa strassmann strumpell sturge sudeck sulzberger swan sydenham sylvius syme symonds tachdjian takayama
    takayasu takotsubo tanaka tanner tarlov taussig tay tempus tenckhoff tetralogy thal thiersch thomas thomsen
    tietze tinel tinetti tinu tolosa tooth torkildsen toupet tourette townes treacher trendelenburg treves trousseau
    tullio turcot turner tyrrell tzanck uhthoff unna valsalva vater veress verner vidian vincent vineberg virchow
    volkmann von voorhoeve waardenburg wada waldenstrom waldeyer walker wallenberg warburg warthin waterhouse
    waterston weber wechsler wegener weil weiss wells wenckebach werdnig wernicke west westergren wharton whipple
    white whitehall wickham wiggers willebrand willi williams wilms wilson wiskott wolff wolfram wood wrisberg yale
    yergason zadik zahn zancolli zellweger zenker ziehl zieve zinn zollinger zubrod
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


def listing(name: str) -> list[str]:
    """The words of a list that was written by hand."""
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
            medical=frozenset(body["medical"].split() + body["drugs"].split() + listing("brands")),
            cities=frozenset(body["cities"].split("|")),
            everyday=frozenset(listing("everyday")),
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


_PREFIXES = frozenset({"non", "anti", "pre", "post", "peri", "sub", "pro", "self", "x", "e"})


@lru_cache(maxsize=1 << 17)
def kind(word: str) -> Kind:
    """What the lists say of a word; a hyphenated word is a name when a part is, a word when all parts are."""
    parts = [p for p in plain(word).split("-") if p]
    if len(parts) > 1 and parts[0] in _PREFIXES:
        parts = parts[1:]
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
        word=not sure
        and ((medical and (rank >= _COMMON_FIRST or name in lists.everyday)) or _listed(name, lists.words)),
        medical=medical,
        city=name in lists.cities,
        eponym=name in EPONYMS,
        everyday=name in lists.everyday,
    )


def _listed(name: str, words: frozenset[str]) -> bool:
    return name in words or any(
        name.endswith(e) and name[: -len(e)] + r in words for e, r in _ENDINGS if len(name) > len(e) + 2
    )
