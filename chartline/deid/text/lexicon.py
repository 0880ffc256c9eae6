"""Word lists, loaded once: what is a name, what is a word, what is a drug or a place. Sources: ``data/README.md``."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from chartline.errors import MachineError

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_DATA = Path(__file__).with_name("data")
_COMMON_FIRST = 1500  # the most frequent first names of each sex, certain enough to stand alone
_COMMON_LAST = 10_000  # the most frequent surnames, likely after a first name even where they are words
_ENDINGS = (
    ("ies", "y"),
    ("ied", "y"),
    ("es", ""),
    ("s", ""),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("al", ""),
)
_ENDINGS_BY_LETTER = {last: [e for e in _ENDINGS if e[0][-1] == last] for last in {end[-1] for end, _ in _ENDINGS}}

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
    tanzania thailand tobago togo tonga trinidad tunisia turkey turkmenistan tuvalu uganda ukraine uruguay uzbekistan vanuatu venezuela
    vietnam wales yemen zambia zimbabwe africa asia europe america
    """.split()
)
POSTAL = """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR
    PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR
    """.split()

# Health systems, and companies of home care, equipment, dialysis, rehabilitation and laboratories of the United States, of
# one word that is no other; public knowledge.
CARE_COMPANIES = frozenset(
    """
    accentcare adapthealth advocare allina altru amedisys apria aspirus aveanna bayada bayhealth bioreference bioscrip
    brightspring caremark carilion centerwell christianacare concentra davita edgepark elara enhabit erlanger essentia
    evergreenhealth froedtert genoptix gentiva gundersen healthpartners healthsouth honorhealth inogen integris labcorp
    lifebridge lincare luminis manorcare marshfield medexpress medstar memorialcare mercyone minuteclinic multicare
    novacare numotion omnicare optioncare overlake peacehealth pharmerica promedica pruitthealth rotech shriners thedacare
    tidalhealth unitypoint valleywise vidant vitas wellmont wellspan wellstar zynex
    """.split()
)

UNIONS = frozenset(
    """
    teamsters laborers ironworkers pipefitters steelworkers steamfitters boilermakers plumbers electricians carpenters
    millwrights machinists ibew uaw seiu ufcw afscme usw iatse cwa afge
    """.split()
)
"""Unions, which a number follows, with or without a word between: ``Ironworkers Local 1``, ``Teamsters 705``."""
LODGES = frozenset("local lodge council post chapter aerie grange troop".split())
"""What a union or an order calls a part of it that has a number."""
TEAMS = frozenset(
    """
    panthers tigers eagles wildcats bulldogs timbers hawks lions wolves cougars falcons knights rams sharks raiders
    trojans spartans vikings warriors titans mustangs broncos huskies ravens hornets jaguars rebels pirates chargers
    rockets bobcats bruins cyclones badgers gators longhorns thunderbirds crusaders stallions dragons cobras blazers
    cardinals grizzlies seahawks bearcats redhawks wolverines
    """.split()
)
"""What teams of schools and towns are called most."""
GREEK = frozenset(
    """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi
    omega
    """.split()
)
"""What sororities and fraternities are called, in twos and threes."""

# Persons after whom medicine names things; such a name alone, or before its noun, is not a patient's.
EPONYMS = frozenset(
    """
    abrikossoff achard achenbach achilles adamkiewicz addison adson airy alagille albers alcock allis alpert alport
    alzheimer amplatz amsler amyand angelman anitschkow antopol apert apgar apley arbor argyll arlt arnold artz asberg
    aschoff asherman ashman ashworth askanazy asperger aubigne auenbrugger auer auspitz austin axenfeld ayre babcock
    babinski bado baehr baerveldt bainbridge baker bakri balfour balint ballard balser bankart banti barany bardet
    barkan barlow barr barraquer barre barrett barthel bartholin bartter basedow bassini baux baveno bayley bayliss
    bazett bazex bazin bech bechterew beck becker beckwith beers beevor beger behcet beighton bekhterev bell belsey
    bence bennett berger bernard bernese bertin bezold bhutan bhutani biederman bielschowsky biglieri billroth binet
    binswanger biot birt bishop bismarck bitot bivona bjerrum blackfan blalock blatchford blom blount boas bochdalek
    boeck boerhaave bogota bookwalter borg bormann bosniak bouchard bouin bourneville bouveret bovie bowditch bowen
    boxer brackmann braden bragard brazelton breisky brescia breslow bricker briganti brissaud bristol broca brocq
    broders brodie brodmann brostrom brown bruch brudzinski brugada brunnstrom bruton buchwald budd buerger bumke bunyan
    burkitt burow caesar calot calve canavan cannizzaro cantlie capgras caplan carabelli carhart carnett caroli
    carpentier carroll carvallo castleman castroviejo catterall celsius chaddock chagas charcot charlson charnley
    chauffard cheadle chediak chevron cheyne chiari chilaiditi child chopart chvostek cierny cimino clark clauss clopper
    cloquet coats cockcroft cockett codman cogan colles conn cooley coombs coopersmith cori cormack corti costen cotard
    courvoisier cowden cowper coxsackie crede creutzfeldt crigler crohn cronkhite crosti crouzon cruveilhier cullen
    curling curreri cushing czerny dalrymple damus dandy danis darier davidoff deauville deaver debakey degos dejerine
    delorme denonvilliers dercum descemet dietl dieulafoy dittrich dix doege dohle donath donders doppler dor dornier
    down draeger drager drance dressler dubin dubowitz duchenne duke dupuytren duret durie durkan duroziez dworak eagle
    eaton ebola ebstein eck ehlers eichhoff eisenmenger ekbom ellison elschnig enneking epley eppinger epstein epworth
    erb erdheim erichsen esmarch essex eustachian ewart ewing exner fabry faget fahr fairbank falk fallot fanconi favre
    fazekas fehling felty fergusson fibonacci fick finkelstein fitz flechsig fleischner flexner foix foley fontan
    fordyce forestier forrester fothergill fournier framingham frankl fraumeni freiberg frenzel friedlander friedreich
    fristoe froehlich frohlich froin froment froriep fuchs fugl gaenslen gaertner galant galeazzi galezia gallant gamna
    ganser ganz gardner gardos garre gartland gaucher gault gehrig gelle gennari gerota gerstmann gesell ghon giannelli
    giannotti giemsa gigli gilbert gillet gimbernat girdlestone gitelman glanzmann glasgow gleason gleeson glisson
    glogau goldman goldmann golgi goligher gomori goodenough goodpasture goodsall gorlin gosselin gottman gottron
    goutallier gower gowers gradenigo graefe graham gram grave graves grawitz greenfield greenough greulich grey
    griesinger grisel gritti grocott guillain gustilo guyon hachinski hageman haglund hallervorden halliwick hallopeau
    hallpike halsted hamilton hampton hansen hardinge harris hartel hartmann hartnup hasford hashimoto hasner hassall
    hawkins hayem heberden hebra hegar heimlich heineke hellin helmholtz henle henoch hensen hering hertel hertwig
    heschl hesselbach heubner highmore hilgenreiner hill hinchey hippel hirano hirschberg hirschsprung hodgkin hoehn
    hoffa hoffmann hohl hohmann hollenhorst holter homan homans horner hotchkiss hounsfield howship hoyer huber hueter
    hughston huhner hume hunner hunt hunter huntington hurler hurthle hutchinson hyrtl ilizarov inouye insall iselin
    ishak ishihara jaboulay jackins jacksonian jacod jadassohn jaffe jakob jamar jamshidi janeway jannetta janus jarisch
    jarvik jatene jeghers jendrassik jobe jones judet kallmann kanavel kaposi karnofsky kartagener kasabach kasai kashin
    kattan kawasaki kayser kegel kehr kehrer kellgren kerckring kerley kernig kestenbaum khorana kienbock kiesselbach
    kikuchi killip kimmelstiel kirschner klapp klatskin kleiger kleihauer kleine klinefelter klippel klumpke knodell
    kobberling kocher koebner koplik korotkoff korsakoff kostmann koyter krabbe kraske krebs kristeller krogh krukenberg
    kudo kugelberg kuntscher kupffer kurtzke kussmaul kveim labbe lachman laennec lafora lamaze lambert lambl lancisi
    landolt langer langerhans langhans lanz lapidus larmor laron larrey lasegue latarjet latzko lauge laurence leber
    legg lehane leiter leksell lembert lemmel lenegre lennox leopold leri leriche lesch leser letournel lewy leyden
    lhermitte libman lichtenstein lichtman lieberkuhn likert lille lindau linehan linton lisch lisfranc little littler
    littre lobstein loeffler loffler lovset lowenberg lown ludwig lugano lugol luria luschka lutembacher lyell lyme
    lynch lysholm macintosh mackay maddox maddrey madelung maffucci magendie magerl mahaim mahurkar maisonneuve maitland
    malassez malecot malgaigne malherbe mallampati mallory malpighi mandard mandl mankin mantoux marburg marchiafava
    marcille marfan marie marjolin marlatt martorell masako masaoka masson masuda masuko matas mattis maudsley maugeri
    mauriceau maze mazzoni mcadam mcardle mcburney mccune mcgeer mcintosh mcmurray mcroberts mcvay meckel meibom meige
    meigs mendel mendelsohn mendelson menetrier meniere menkes merendino merkel merland merseburg metzenbaum meyer
    meyerding miettinen mifflin mikulicz millon milroy mirizzi mitrofanoff mobitz moebius mohrenheim mohs mollaret
    mondor monro monteggia montgomery morgagni morison moro morquio morrey morse mortimer morton morvan moschcowitz
    mosler mosteller mowat mulliken munchausen munchmeyer munro murphy musset mustard naboth naegele naffziger nageotte
    najjar neer negri neisser nelaton nernst nesbit neurath neviaser nezelof nicoladoni niebauer niemann nikaidoh
    nikolsky nissen nitabuch noonan norrie norton norwalk nothnagel nottingham nuck nurick nylen ober oberst ochsner
    oddi oestern ogilvie oldfield ollier ondine oppenheimer orbeli ormond ortolani osgood osler oswestry outerbridge
    owren pacchioni pacini paget pancoast paneth pap papanicolaou papez papile parinaud parkes parkinson parkland
    parsonage partin passy pasteur patau patrick pautrier pauwels pavlik payne pel pelger penfield penrose perls perthes
    peutz peyer peyronie pfannenstiel pfeiffer phalen pick pirogoff plaut plummer pohl poiseuille poland politzer
    pomeroy pompe poncet ponseti ponsky porro pott poupart prader prague prechtl prehn preiser pribram prinzmetal
    prochaska proust prussak puestow pugh purkinje putti puusepp queckenstedt quincke rai ramond ramsay ranke ranschburg
    ransohoff ranson ranvier rapaport rapoport rastelli rathke ratschow raynaud recamier recklinghausen reed refetoff
    refsum reil reinke reissner reitan reiter rendu rett retzius rey reye rhinne riche riedel rieder rinne risser ritter
    rives robertson rockall rodin rodnan rokitansky rolandic rolando romberg rosai rosenbach rosenbek rosenmuller roser
    rossolimo rotch roth rotor rotter rotterdam rouget rous roux rovsing rubinstein ruffini russe rutgeerts ryle sabin
    sachs saenger saethre sahli salter samter sandifer santorini sappey sarnat sartorius savary scarpa schamberg
    schamroth schatzki schaudinn schaumann schede scheie scheuermann schiff schilder schilling schirmer schlatter
    schlemm schmorl schober schonlein schultze schwabach schwalbe schwann scoville segar seldinger seldon sellick semont
    sengstaken senning sertoli sever sezary sgarbossa shaker sharpey shenton shiga shiley shirodkar shober shouldice
    shprintzen shwachman shwartz sibson siggaard silfverskiold simmonds sims sippy sistrunk sjogren skene sluder smith
    snellen soave sokal somogyi souttar spens spiegelberg spigelian spigelman spiro spitz sprengel spurling stargardt
    steindler steinert steinmann stellwag stener stensen stenver stickler stieda stierlin still stinchfield stokes
    stoppa stransky strassmann stroop strumpell sturge sudeck sugarbaker sulzberger swan swediaur sydenham sylvius syme
    symonds szilagyi tachdjian takayama takayasu takotsubo tanaka tanner tarlov taussig tay tegner teichmann tempus
    tenckhoff tenon terson tetralogy thal thiersch thomas thomsen thornwaldt thudichum tietze tillaux tinel tinetti tinu
    toldt tolosa tonnis tooth torkildsen tornwaldt toupet tourette townes trantas treacher treitz trelat trendelenburg
    treves troisier trousseau tscherne tullio turcot turner tyrrell tzanck uhthoff unna unterberger urbach valentini
    valsalva vandenbos vaquez vater verbrugge vereckei veress verheyen verhoeff verner verocay vidian vieussens vincent
    vineberg virchow volhard volkmann von voorhoeve waardenburg wada wagstaffe walch waldenstrom waldeyer waldmann
    walker walldius wallenberg wallerian warburg warkentin wartenberg warthin wassermann waterhouse waterston weber
    wechsler wegener weigl weil weill weiss wellens wells wenckebach werdnig werlhof wernicke west westaby westergren
    westley wharton whipple white whitehall wickham widal wiggers wildermuth willebrand willi williams wilms wilson
    winquist winterbottom wirsung wiskott wissler wolff wolfram wolman wood woodbridge wrisberg wyburn yale yamakawa
    yankauer yeoman yergason yerkes yuzpe zadek zadik zahn zancolli zanelli zavanelli zeis zellweger zenker zickel ziehl
    zielke zieman zieve zinn zollinger zondek zubrod zuckerkandl zuelzer zwipp
    """.split()
)


@dataclass(frozen=True)
class Lexicon:
    """The lists as sets of lower-case, accent-free words.

    Attributes:
        frequent: first names that are the most frequent of their sex in the census.
        born: first names that many were given, among them some that are words or towns too.
    """

    female: dict[str, int]
    male: dict[str, int]
    last: dict[str, int]
    frequent: frozenset[str]
    born: frozenset[str]
    world_first: frozenset[str]
    world_last: frozenset[str]
    words: frozenset[str]
    medical: frozenset[str]
    cities: frozenset[str]
    everyday: frozenset[str]
    abbreviations: frozenset[str]
    chains: dict[str, tuple[str, ...]]


def _by_start(names: list[str]) -> dict[str, tuple[str, ...]]:
    """Names of several words by the first, the longest first."""
    out: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        out.setdefault(_WORD.findall(name)[0], []).append(name)
    return {word: tuple(several) for word, several in out.items()}


def listing(name: str) -> list[str]:
    """The words of a list that was written by hand."""
    return (_DATA / f"{name}.txt").read_text(encoding="utf-8").split()


def lines(name: str) -> list[str]:
    """The lines of a list that was written by hand."""
    return (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@cache
def load() -> Lexicon:
    """The lists.

    Raises:
        MachineError: CL3030 the file is missing or damaged: without it names would pass.
    """
    try:
        body = json.loads(gzip.decompress((_DATA / "lexicon.json.gz").read_bytes()))
        given = {k: body[k].split() + body[born].split() for k, born in (("female", "girls"), ("male", "boys"))}
        ranked = {
            k: {w: i for i, w in enumerate(dict.fromkeys(names))}
            for k, names in {**given, "last": body["last"].split()}.items()
        }
        made = Lexicon(
            **ranked,
            frequent=frozenset(n for k in ("female", "male") for n in body[k].split()[:_COMMON_FIRST]),
            born=frozenset(body["girls"].split() + body["boys"].split()),
            world_first=frozenset(body["world_first"].split()),
            world_last=frozenset(body["world_last"].split()),
            words=frozenset(body["words"].split()),
            medical=frozenset(body["medical"].split() + body["drugs"].split() + listing("brands")),
            cities=frozenset(body["cities"].split("|") + body["abroad"].split("|")),
            everyday=frozenset(listing("everyday")),
            abbreviations=frozenset(listing("abbreviations")),
            chains=_by_start(body["chains"].split("|")),
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
    folded = word.casefold()
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
        folded = folded.translate(_STROKES).replace("’", "'")
    return folded.removesuffix("'s").replace("'", "") if "'" in folded else folded


class Kind(NamedTuple):
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
    abbreviation: bool = False

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
        return not (self.first or self.last or self.word or self.abbreviation)


# Nobody is called so, and no thing follows it: ``Htn``, ``Cbc``.
_ABBREVIATION = Kind(
    first=False,
    common_first=False,
    last=False,
    surname=False,
    word=False,
    medical=False,
    city=False,
    eponym=False,
    everyday=False,
    abbreviation=True,
)


def is_seldom_a_name(found: Kind) -> bool:
    """Whether a word is one that few people are called: ``Weight``, not ``Marsh``."""
    return found.word and not (found.surname or found.common_first or found.city)


def is_done(word: str, found: Kind) -> bool:
    """Whether a word, which few people are called, tells what is done: ``Ordering``, ``Consent``."""
    return is_seldom_a_name(found) and (found.medical or word.endswith("ing"))


# How words of medicine and drugs end (the stems of international nonproprietary names among them).
_MADE = re.compile(
    r"\w{2}(?:ec|o|os)tomy$|\w{3}(?:olog(?:y|ist|ic|ical)|iatr(?:y|ic|ics|ist)|suspension|oscop(?:y|ic)|ograph(?:y|ic)|oplasty|itis|emia|aemia"
    r"|uria|algia|opath(?:y|ic)|osis|iasis|megaly|penia|plegi[ac]|paresis|lysis|cillin|mycin|floxacin|prazole|conazole|sartan"
    r"|assay|fluorescence|fixation|blot|phoresis|chromatography|(?:spectr|densit|color|cyt|fluor)ometry"
    r"|statin|olol|tinib|ciclib|lizumab|[iou]mab|gliptin|gliflozin|glutide|xaban|triptan|oxetine|azepam|dipine|setron)$"
)
# A word that is made of another and stands in no dictionary: ``noninvasive``.
_COMPOUND = re.compile(
    r"(?:non|anti|multi|immuno|chemi|inter|intra|hyper|hypo|micro|ultra|under|over|super|semi|neuro|cardio)(?P<w>\w{5,})\Z"
)
_MARRIED = 2  # names that one person has with a dash, at most
_UNDIVIDED = {"x-ray": "radiograph", "x-rays": "radiographs"}  # nobody called Ray
_PREFIXES = frozenset({"non", "anti", "pre", "post", "peri", "sub", "pro", "self", "x", "e"})


@lru_cache(maxsize=1 << 17)
def kind(word: str) -> Kind:
    """What the lists say of a word; a hyphenated word is a name when a part is, a word when all parts are."""
    whole = plain(word)
    parts = [p for p in _UNDIVIDED.get(whole, whole).split("-") if p]
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
            # Of three names one is enough: one person seldom has as many.
            eponym=any(k.eponym and (not k.last or len(parts) > _MARRIED) for k in kinds)
            or all(k.eponym for k in kinds),
            everyday=all(k.everyday for k in kinds),
        )
    lists, name = load(), "".join(parts)
    if name in lists.abbreviations:
        return _ABBREVIATION
    surname = lists.last.get(name, 1 << 20) < _COMMON_LAST
    # The dictionary has ``kim`` and ``patel``: a common name is a word where people use it as one.
    given = name in lists.frequent or name in lists.born
    sure = (given or surname) and name not in lists.everyday
    made = name not in lists.last and _MADE.search(name) is not None
    medical = not sure and (made or _listed(name, lists.medical))
    return Kind(
        first=name in lists.female or name in lists.male or name in lists.world_first,
        common_first=given or name in lists.world_first,
        last=name in lists.last or name in lists.world_last,
        surname=surname,
        word=not sure
        and (
            (medical and (not given or name in lists.everyday))
            or _listed(name, lists.words)
            or (name not in lists.last and (m := _COMPOUND.match(name)) is not None and _listed(m["w"], lists.words))
        ),
        medical=medical,
        city=name in lists.cities,
        eponym=name in EPONYMS,
        everyday=name in lists.everyday,
    )


def _listed(name: str, words: frozenset[str]) -> bool:
    if name in words:
        return True
    for end, root in _ENDINGS_BY_LETTER.get(name[-1:], ()):
        if len(name) > len(end) + 2 and name.endswith(end) and name[: -len(end)] + root in words:
            return True
    return False
