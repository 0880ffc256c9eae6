"""Facilities, employers, schools and towns: by the word that such a name ends in, and by what brings it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise

import regex

from chartline.deid.text import lexicon
from chartline.deid.text.hints import Place, alternatives, by_letter, lowered, windows
from chartline.deid.text.lexicon import kind, plain
from chartline.deid.text.reading import (
    CREDENTIAL,
    CREDENTIALS,
    FORM,
    KIN_WORD,
    NO_INITIALS,
    PLACEHOLDER,
    PLAIN,
    RESULTED,
    ROLE_WORD,
    STAGED,
    TERRAIN,
    TOKEN,
    Token,
    a_sentence,
    begins_sentence,
    capital_before,
    of_list,
    of_thing,
    opened,
    word_start,
)
from chartline.deid.text.spans import Found

# What no letter begins is the longer form, and comes first: the order of the groups is that of the first of each.
_FACILITY_END = by_letter(
    alternatives(
        r"(?:Police|Fire|Sheriff['’]?s?)\s+(?:Department|Dept\.?|Office)|Hospitals?(?!\s+C(?:ourse|OURSE)\b)|Hosp\.?(?!\w)|Regional|VNA|Home\s+(?:Care|Health(?:\s?[Cc]are)?)|Outreach|Rheumatology|Hematology|Podiatry|Chiropractic|Orthodontics|Endodontics|Periodontics|Optometry|Midwifery|Nails|Tire|Health[Cc]ent(?:er|re)|Deaconess|Med(?=[\s,.;)])(?!\s+(?i:rec|list|h\b|hx|surg|c|refill|student|man))|General|Presbyterian|Methodist|Baptist|Adventist|Lutheran|Clinics?|Med(?:ical)?\.?\s+(?:Ctr|Center)\.?|Medical(?:\s+Pavilion)?(?=[\s,.;:?)]|$)(?!\s+(?i:rec|hist|prob|order|decision|assist|student|director|necess|oncolog|genetic|photogr|social|alert|interpr|scribe|clearance|therap|attention|manage|exam|staff|equip|device|illness))|Medical\s+(?:Center|Centre|Group|Associates|Clinic|Practice|Park|Office|Plaza|Arts)|Health(?:\s+(?:Center|Centre|System|Clinic|Network|Services|Department|Partners|Group|Plan|Care|Campus))?(?!\s+(?i:information|maintenance|history|literacy|care\s+(?:plan|proxy|provider|surrogate|agent|directive|power|team|worker)s?)\b|(?<=Care)\s+(?i:plan|proxy|provider|surrogate|agent|directive|power|team|worker)s?\b)"
        r"|Healthcare(?:\s+(?:Center|System|Clinic|Network|Services|Partners|Group))?|Hospice|Nursing\s+(?:Home|Facility|Center|Center)|Rehab(?:ilitation)?(?:\s+(?:Center|Hospital|Clinic|Institute|Facility|Unit))?"
        r"|Pediatrics|Orthop(?:a)?edics|Endocrine|Dermatology|Cardiology|Oncology|Neurology|Urology|Radiology|Endocrinology|Gastroenterology|Nephrology|Psychiatry|Surgery|Dental(?:\s+(?:Care|Group|Associates|Arts))?|Dentistry|Ophthalmology|Eye\s+(?:Center|Clinic|Institute|Associates)|(?:Breast|Stroke|Burn|Vein|Endoscopy|Infusion|Wound|Wound\s+Care|Diabetes|Transplant|Autism|Arthritis|Laser|Hearing|Birthing|Maternity|Mental\s+Health|Crisis|Health\s+Sciences?|Cardiovascular|Digestive|Hand|Foot|Asthma|Kidney|Vision|Spine)\s+(?:Center|Centre|Ctr\.?|Institute|Associates|Specialists|Group)|Drug\s?[Ss]tore|Drugs?(?=[ ]*(?:[,.;()\n]|$|\bon\b|\bin\b))|Internal\s+Medicine|Family\s+(?:Practice|Medicine|Health|Clinic|Care|Physicians)|Primary\s+Care|Women['’]?s\s+(?:Clinic|Health|Center|Hospital)|Children['’]?s(?:\s+(?:Hospital|Clinic|Center|Medical\s+Center))?"
        r"|Urgent\s+Care(?:\s+(?:Center|Clinic))?|(?:Ambulatory\s+|Day\s+)?Surgery\s+Center|Surgical\s+(?:Center|Associates)|Cancer\s+(?:Center|Institute|Clinic|Care)|Heart\s+(?:Center|Institute|Hospital|Clinic|Group)|Imaging(?:\s+Center)?|Diagnostics?(?:\s+Center)?|Inst(?:itute)?|Infirmary|Sanatorium|Sanitarium|Memorial(?:\s+Hospital)?|Pharmacy|Dialysis(?:\s+(?:Center|Clinic|Unit))?|Laborator(?:y|ies)|Labs|Physicians|Associates|Pathologists|Radiologists|Anesthesiologists|Prosthetics|Orthotics|Teleradiology|Paving|Early\s+Learning|Women['’]?s\s+Care|(?:Surgical|Outpatient)\s+Pavilion|Dental\s+Lab|Infusion|FSED|Residential|Alliance|Symphony|Orchestra"
        r"|University(?:\s+(?:Hospital|Medical\s+Center|Health|Clinic))?|College|Academy|(?:Elementary|Middle|High|Primary)\s+School|School|Church|Temple|Synagogue|Mosque|(?:Assisted|Senior|Independent)\s+Living(?:\s+[A-Z]\w+)?|Care\s+(?:Center|Centre|Home|Facility)|Convalescent(?:\s+(?:Home|Center|Hospital))?|Retirement\s+(?:Home|Community|Village)|Memory\s+Care|Wellness(?:\s+Center)?|Treatment\s+Center|Recovery\s+Center|Birth\s+Center|Community\s+Center|Practice|Hospitalists|Correctional\s+Facility|Detention\s+Center|Prison|Jail|Shelter|VA(?:\s+(?:Hospital|Medical\s+Center|Clinic))?|VAMC|CBOC|Campus|Trauma\s+Center|Specialists|Specialty\s+(?:Clinic|Center)|Sports\s+Medicine|Pain\s+(?:Center|Clinic|Management|Institute)|Sleep\s+(?:Center|Clinic|Lab)|Fertility\s+(?:Center|Clinic)|Elementary|Preschool|Daycare|Montessori|Kindergarten|Head\s+Start|Public\s+Schools|School\s+District|Nursery|Manor|Villa|Bank|Credit\s+Union|Hotel|Motel|Casino|Restaurant|Diner|Supermarket|Hardware|Roofing|Plumbing|Electric|Trucking|Landscaping|Auto(?:motive)?(?!-)(?:\s+(?:Body|Repair|Parts))?|(?:Steel|Iron|Water)\s+Works|Law\s+(?:Group|Firm|Offices?)|Realty|Farms?|Dairy|Mills|Brothers|Bros\.?|(?:&|and)\s+(?:Sons?|Daughters|Co(?:mpany)?)|Mission|Ministries|Mortuary|Funeral\s+Home|Parenthood|Courthouse|Superior\s+Court|District\s+Court|Svcs?\.?(?!\w)|(?:Social|Legal|Donor|Family|Community|Human|Protective|Elder|Senior|Aging|Youth|Developmental|Disability|Residential|Homeless|Recovery|Addiction|Nursing)\s+Services?|Specialty(?=\s*(?:[,.;)\n]|$|\band\b|\bin\b))|Legal\s+Aid|Police|Sheriff|EMS|Ambulance|Derm|Gastro|Ortho|Cardio|Peds|Uro|Neuro|DME|Rx|Drugstore|Apothecary|Dispensary|Salon|Grill|Caf[eé]|Bakery|Brewery|Motors|Warehouse|Foundation|Legion|House|Village|Haven|Pines|Acres|Fire(?:/Rescue|\s+Rescue|\s+Dept\.?)?|FD|PD|Mart|Garage|Apartments|Apts|Towers|Cycles|VFW|YMCA|YWCA|Senior\s+Center|Group\s+Home|Sober\s+Living|Halfway\s+House|Nursing|Dermatopathology|Pathology|Transport|Freight|Airlines?|Railroad|(?:Turnpike|Housing|Utility|Port|Transit|Power|Water|Airport)\s+Authority|Authority|Ambulette|Paratransit|Medivan|Poison\s+(?:Control\s+)?Center|Colony|Trust|Commissary|Chapel(?:\s+(?:AME(?:\s+Zion)?|UMC|UCC|CME|COGIC))?|Tabernacle|Cathedral|Gurdwara|(?:Juvenile|Family|Tribal|Probate|Municipal)\s+Court|Visiting\s+Nurses?(?:\s+(?:Association|Service))?|Bottling|Brewing|Packing|Meats|Poultry|Kidney\s+Care|Drug\s+Court|(?:Movement\s+)?Disorders\s+Center|Learning\s+Center|Consultants?|SNF(?!\w)|ALF(?!\w)|LTACH|Reference\s+Lab|Pain\s+(?:&|and)\s+Spine|Spine\s+(?:&|and)\s+Pain|Cemetery|Crematory|Midwives|Assoc\b\.?|Gym|Fitness|Inn|Suites|Resort|(?:Soldiers|Veterans)['’]?\s+Home|Ltd|PLC|Gardens|Terrace|Estates|Commons|Pointe|Airport|Winery|Ranch|Transit|Lumber|Furniture|Towing|Shipyard|Foundry|Technologies|Systems|Solutions|Partners|Allergy|Pulmonary|Vascular|Spine|Eyecare|Counseling|Behavioral|Surgeons|Obstetrics|OB[/\-]?GYN|Gynecology|Home|Hall|Lodge|ER|ED|UC|Therapy|Vision|Audiology|Rheum|Nephro|Pulm|ENT|Group|Mining|Energy|Chemical|Pharmaceuticals|Insurance|Mutual|Inc|LLC|LLP|Corp(?:oration)?|Company|Industries|Manufacturing|Logistics|Foods|Construction|Consulting|Enterprises|Innovations|Convent|Motherhouse|Monastery|Rectory|Stadium|Arena|Coliseum|Theat(?:er|re)|Library|Museum|Tavern|Pub|Saloon|Lanes|Cinemas?|Club|Orchards?|Greenhouses?|Kennels?|Stables|Quarry|Sawmill|Refinery|Mines?|Depot|Hatchery|Cannery|Distillery|Speedway|Middle|High|Primary|Elem|Intermediate|Cent(?:er|re)|(?:Life|Med|Air|Care)[ ]?Flight"
    )
)
_MONTHS = frozenset("january february march april may june july august september october november december".split())
_MONTH = "|".join(sorted({name for m in _MONTHS for name in (m.title(), m[:3].title())} | {"Sept"}))
_FACILITY = regex.compile(
    r"(?<![\w])(?P<prefix>(?:(?:St|Ste|Mt|Ft)\.?\s+|(?:[A-Z][\w'’\-]*|&)\s+(?:(?:of|and|the|for|de|la)\s+(?:the\s+)?(?=[A-Z]))?){1,6})"
    rf"(?P<end>(?:{_FACILITY_END})(?:\s+(?:{_FACILITY_END}|Center|Centre|System|Network|Group|Campus|Pavilion|Tower|Building|Plaza|Supply)|\s(?:&|and)\s(?:Sleep|Allergy|Critical\s+Care|Rehab|Wellness|Spine|Vein|Hyperbaric|Sports|Recovery|Pain|Laser|Aesthetics|Nutrition|Research)\b(?!\s+[a-z]))*)(?P<where>\s+(?:of|at|in)\s+(?:the\s+)?(?!(?:{_MONTH})\b)[A-Z][\w'’\-]+(?:\s+[A-Z][\w'’\-]+){{0,2}})?(?![\w])(?:\s*,\s*(?:(?:Inc|LLC|PC|PLLC|PA)\b\.?|P\.(?:S\.)?[AC]\.))?"
)
_END = regex.compile(rf"(?:{_FACILITY_END})(?!\w)")
# Health systems whose names carry no such word; public knowledge, the best known ones of each region.
_SYSTEMS = regex.compile(
    r"(?<!-)\b(?:Johns\s+Hopkins(?:\s+(?:Hospital|Medicine|Bayview))?|Mayo\s+Clinic|Cleveland\s+Clinic|Cedars?[\s\-]Sinai(?:\s+Medical\s+Center)?|Kaiser(?:\s+Permanente)?"
    r"|U\s?of\s?[A-Z]|NYU(?:\s+Langone)?|UCSF|UCLA|UCSD|UCI|UPMC|UNC|UAB|UTSW|UTMB|UVA|UMass|UIHC|OHSU|MUSC|MGH|BIDMC|BWH|CHOP|HUP|NYP|MSKCC|(?:U[WM]|UMD)[\s\-]?(?:Med(?:icine|ical)?|MC)|UWMC"
    r"|Mass(?:achusetts)?\s+General(?:\s+Brigham)?|Brigham(?:\s+(?:and|&)\s+Wom[ae]n['’]?s)?(?:\s+Hospital)?|Beth\s+Israel(?:\s+Deaconess)?|Dana[\s\-]Farber"
    r"|(?:Memorial\s+)?Sloan[\s\-]Kettering|M\.?D\.?\s+Anderson|M(?:ount|t\.?)\s+Sinai|Stanford(?:\s+(?:Health|Hospital|Medicine))?|Duke(?:\s+(?:Health|Hospital))?|Emory|Vanderbilt"
    r"|Geisinger|Intermountain|Scripps|Providence\s+(?:Health|Hospital)|Sentara|Ochsner|Northwell|Montefiore|Barnes[\s\-]Jewish|Henry\s+Ford|Baylor"
    r"|Houston\s+Methodist|Tufts|Lahey|Northwestern|Penn\s+Medicine|Jefferson\s+Health|Temple\s+Health|Yale[\s\-]New\s+Haven|Hackensack|Novant|WakeMed|Moffitt"
    r"|City\s+of\s+Hope|Fred\s+Hutch(?:inson)?|Roswell\s+Park|(?:Boston|Texas|Nationwide|Seattle)\s+Children['’]?s|Children['’]?s\s+National"
    r"|New\s?York[\s\-]Presbyterian|NY[\s\-]Presbyterian)\b"
    r"(?:\s+(?i:clinics?|hosp(?:ital)?|med(?:ical)?\.?\s+(?:center|ctr)|ER|ED|campus|office|health)\b)?"
)
GENERIC = PLAIN | frozenset(
    """
    est graduated attended attends orthopaedic paediatric gynaecology haematology anaesthetic outpatient inpatient emergency intensive critical cardiac surgical pediatric psychiatric orthopedic neurology cardiology
    oncology primary specialty general local outside regional community teaching academic tertiary rural urban
    public private referral wound pain memory sleep travel diabetes coumadin anticoagulation weight women womens men
    mens children childrens eye dental infusion dialysis burn stroke trauma cancer heart lung liver kidney
    transplant rehabilitation behavioral mental nursing skilled long term short acute sub post pre day night walk
    telehealth virtual mobile school student employee occupational family internal sports physical speech therapy
    imaging radiology laboratory pathology pharmacy retail mail order home palliative hospice maternity labor
    delivery neonatal nicu picu icu micu sicu ccu ed er or pacu step down tele telemetry national international
    federal state county city municipal university college high middle elementary same other another dermatology
    urology gynecology obstetrics endocrinology gastroenterology nephrology rheumatology hematology allergy asthma
    hiv std hepatitis fracture hand foot spine joint breast vascular thoracic plastic bariatric ent gi gu ob gyn
    obgyn vision assisted independent senior retirement group board certified licensed department division section
    cigna aetna humana anthem molina ambetter wellcare amerigroup caresource pulmonary medicine renal hepatology infectious disease diseases endoscopy colorectal
    employer supervisor intake screen adult child surgery psychiatry trauma triage anesthesia
    radiation gynecologic interventional oral maxillofacial nuclear reconstructive integrative addiction adolescent
    hyperbaric ambulatory genetics genetic perinatal fetal station segment gip obs observation coroner morgue comfort hospitalist
    utilization peer case undecided stay excuse ready goals session sessions
    geriatric geriatrics lymphedema ostomy headache movement disorders continence osteoporosis arthritis ortho neuro
    bingo phd tai chi yoga zumba pilates crossfit mass aa na
    attends attended resides works worked lives goes visits visited sees saw
    discharged transferred admitted expired deceased office program services at in on by via per cc hx dx rx tx sx fx cx fu f u s p w o c re
    """.split()
)
# Where nobody tells which: rooms, things to lie on, times, states of a body, and who somebody is sent to.
NOWHERE = frozenset(
    """
    specialist specialists home house apartment apt room bathroom toilet kitchen bed bedside chair wheelchair couch sofa recliner stretcher gurney
    floor stairs door hallway hall table porch yard garage shower commode window desk station lobby triage waiting bath
    er ed icu ccu micu sicu nicu picu pacu or ld unit ward lab xray radiology ct mri cath tele telemetry stepdown obs clinic
    hospital hosp snf ltac ltach rehab irf alf hospice facility pharmacy office morgue admitting dialysis surgery psych psychiatry
    night nights noon midnight bedtime breakfast lunch dinner supper meals mealtime mealtimes present baseline rest goal risk
    times time least most once first last work school church store mall gym park beach bar restaurant library court jail
    prison shelter street car bus bank farm factory warehouse airport daycare college university camp hotel town city country
    county state mom moms dad dads family pt patient team staff nurse nursing provider pcp self him her them us me all both
    higher lower outside same other another current previous prior full half part regular normal low high max maximum minimum
    play sport sports sleep sitting standing side sides left right supine prone neutral bedrest duty light heavy voice touch
    pain stimuli command commands hand hands foot feet arm arms leg legs knee knees waist chest back front top bottom outpt
    outpatient inpt inpatient op ip mother father parents sister brother daughter son wife husband friend friends neighbor
    neighbors roommate group lift bag cup bottle tube line pump rate speed dose doses level levels step steps end start begin
    arrival admission discharge presentation onset birth delivery transfer handoff report signout change shift scene field
    ems squad police custody foster care society service services med meds medicine medication ground tub sink public private
    local nearby here there where somewhere anywhere elsewhere abroad overseas months month week weeks day days year years
    age ages old young new total odds ease length issue large base center middle corner edge bay hallway ramp curb driveway
    basement attic roof tree ladder horse bike truck motorcycle height standing scalp face mouth nose stool urine vomit exam
    pending today tomorrow yesterday tonight morning afternoon evening weekend collections voicemail vm liquid solid solids
    room2 air ra trach vent bipap cpap o2 oxygen nc nonrebreather crutches walker cane brace boot cast sling splint
    lusb rusb llsb lsb apex axilla umbilicus conference rounds huddle board hearing interview
    assist independence independent function functional ambulation eating drinking smoking alcohol drinking etoh drugs
    """.split()
)
_CITY_LEAD = regex.compile(
    r"(?i:\b(?:in|from|near|outside|around|to|of|at|city|town|village|resident of|native of|lives in|living in|moved to|based in|hometown|visiting|traveled to|residing in|born in|birth|birthplace|our|the))\s*:?\s*$"
    r"|\d\s(?:[A-Z][\w'’.]+\s?){1,4},\s$"
)
_CITY_TRAIL = regex.compile(
    r"\s+(?i:office|branch|location|campus|clinic|hospital|site|facility|warehouse|plant|store|mill|factory|depot)\b"
)
_CREDENTIAL_OF = regex.compile(rf"\b{CREDENTIALS}\s+(?:of|at|from|with)\s+")
_LIVES = regex.compile(
    r"\b(?i:lives in|living in|resides(?: in)?|residing in|resident of|native of|near|outside(?: of)?|home is(?: in)?|flies to|flying to|mov(?:ed|es|ing) (?:here )?(?:to|from)|born(?: in)?|raised(?: in)?|grew up(?: in)?|"
    r"hometown(?: of| is)?|relocat(?:ed|es|ing) (?:to|from)|formerly (?:of|from)|travel(?:l?ed|s|l?ing)? (?:to|from|in)|trip to|flew (?:to|from|in from)|vacation(?:ed|ing)? in|immigrated from|emigrated from|visit(?:ed|ing)?|dr(?:ove|iv(?:e|es|ing)) (?:(?:up|down|over|out|back) )?(?:to|from)|sent to|transferred from|city of|town of|village of|city|town|vill(?:age)?(?=:)|(?:brgy|barangay)\.?|ta(?:luk|luka|hsil)(?=:)|mandal(?=:)|commutes (?:to|from)|place of birth|birthplace|vive en|lives|living|from)[:\s]+"
    r"(?P<v>[A-Z][\w'’\-]+(?:\s+[A-Z][\w'’\-]+){0,3})"
)


def facilities(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities, employers and schools, with the city behind them."""
    yield from _ended(text, hints)
    yield from _brought(text, hints)
    for m in opened(_WENT, text, hints, "went"):
        end = named_place(text, m.start("v"), m.end("v"), works=False, sure=m["fly"] is not None)
        if end > m.start("v"):
            person = _is_a_person(text[m.start("v") : end])
            yield Found(m.start("v"), end, "NAME" if person else "FACILITY", "name:went")
    yield from _in_fields(text, hints)
    yield from _studied(text)
    yield from _lettered_dated(text, hints)
    yield from _behind_nouns(text, hints)
    yield from _of_where(text, hints)
    yield from _headed(text, hints)
    yield from _admitting(text, hints)
    yield from _lettered(text, hints)
    for m in opened(_RETIRED, text, hints, "retired"):
        if not all(kind(w).word for w in m.group("v").split()):
            yield Found(m.start("v"), m.end("v"), "FACILITY", "name:retired-from")
    for m in opened(_CHAIN, text, hints, "chain", capital=True):
        if m.group("v") is None or plain(m.group("v")) not in PLAIN:
            yield Found(m.start(), m.end(), "FACILITY", "name:chain")
    for m in opened(_SAINT, text, hints, "saint", capital=True):
        saint = kind(m.group("v").removesuffix("s")) if m.group("v") else None
        if saint is None or saint.common_first or (saint.first and saint.strong):
            yield Found(m.start(), m.end(), "FACILITY", "name:saint")
    for m in opened(_SYSTEMS, text, hints, "system", capital=True):
        if not of_thing(text, m.end()):
            yield Found(m.start(), _city_after(text, m.end()), "FACILITY", "name:health-system")
    for m in opened(_OF, text, hints, "of", capital=True):
        end = _city_after(text, m.start("city") - 1) if m.group("city") else m.end()
        if not m.group("city") or end > m.start("city"):
            yield Found(m.start(), end, "FACILITY", "name:facility-of")


# What is named by what it does and where: ``Renal Care of Osgard``, ``Sisters of the Holy Osgard``.
_OF_WHERE = regex.compile(
    r"\p{Lu}\p{Ll}+\.?[ ]of[ ](?:the[ ])?(?P<w>(?:(?:St|Mt|Ft)\.[ ])?\p{Lu}[\p{L}'’\-]+(?:[ ]\p{Lu}[\p{L}'’\-]+){0,2})"
)
_CAPITALS_BEFORE = regex.compile(r"(?r)(?<![^\s(\"])(?:\p{Lu}[\p{L}'’&\-]*[ ]){1,4}")


def _of_where(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities, firms and orders that are named by what they do or are, and where."""
    for m in opened(_OF_WHERE, text, hints, "of where", capital=True):
        words = [w.group() for w in TOKEN.finditer(text, m.start("w"), m.end("w"))]
        kinds = [kind(w) for w in words]
        if any(FORM.match(w) or plain(w) in GENERIC for w in words) or (kinds[0].medical and not kinds[0].last):
            continue
        if len(words) > 1 or any(k.city or k.namely or k.unknown for k in kinds):
            before = _CAPITALS_BEFORE.match(text, max(0, m.start() - 48), m.start())
            yield Found(before.start() if before else m.start(), m.end(), "FACILITY", "name:of-where")


def _behind_nouns(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities and employers whose kind stands right before them, or behind them in brackets."""
    for m in opened(_EMPLOYS, text, hints, "occupied"):
        end = named_place(text, m.start("v"), m.end("v"), works=True, sure=True)
        if end > m.start("v"):
            yield Found(m.start("v"), end, "FACILITY", "name:employs")
    for hint in ("noun", "occupied"):
        for m in opened(_BEHIND_NOUN, text, hints, hint):
            sign = text[m.end("v") : m.end("v") + 1]
            apart = (
                sign == ")"
                or (sign == "," and "(" in text[m.start() : m.start("v")])
                or hint == "occupied"
                or ":" in text[m.start() : m.start("v")]
            )
            works = apart and _of_two_words(m["v"])
            end = named_place(text, m.start("v"), m.end("v"), works=works, sure=False)
            kinds = [kind(w.group()) for w in TOKEN.finditer(text, m.start("v"), m.end("v"))]
            if end == m.end("v") and not any(k.eponym or (k.medical and not works) for k in kinds):
                yield Found(m.start("v"), end, "FACILITY", "name:behind-noun")
    for start, _ in hints.get("bracketed", ()):
        m = _KIND_IN_BRACKETS.match(text, word_start(text, max(0, start - 1)))
        if m is not None and not kind(m["v"].split()[0]).medical and _telling(m["v"]):
            yield Found(m.start("v"), m.end("v"), "FACILITY", "name:kind-in-brackets")


def _headed(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities, employers and schools right behind what brings one, everyday words too."""
    near = [(a, b) for a, b in hints.get("head", ()) if not text[b : b + _HEAD_REACH].islower()]
    for m in opened(_HEADED, text, {"head": near}, "head"):
        words = [plain(w.group()) for w in TOKEN.finditer(text, m.start("v"), m.end("v"))]
        words = words[1:] if words[0] == "the" and len(words) > 1 else words
        # The first word tells which is meant, the last what it is.
        doubtful = any(w in _OF_A_HEAD or w in NOWHERE or w in PLAIN for w in words[:1])
        if doubtful or words[-1] in _OF_A_HEAD or (len(words) > 1 and words[-1] in PLAIN) or m["v"].isupper():
            continue
        if named_place(text, m.start("v"), m.end("v"), works=False, sure=True) == m.end("v"):
            person = _is_a_person(m["v"])
            yield Found(m.start("v"), m.end("v"), "NAME" if person else "FACILITY", "name:headed")
            yield from _listed_behind(text, m.end("v"), works=False)


def _ended(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities that the word tells which ends their name."""
    ends = (
        (a, b) for a, b in hints.get("facility", ()) if (text[a].isupper() or text[a] == "&") and _END.match(text, a)
    )
    near = windows(ends, 110, 120)
    matches = (m for a, b in near for m in _FACILITY.finditer(text, word_start(text, a), b))
    for m in chain.from_iterable(_by_line(text, m) for m in matches):
        words = _words_before(text, m)
        if words is None:
            continue
        start = words[0].start() if words else m.start()
        telling = [w for w in words if w.group()[0].isupper() and _telling(w.group())]
        if _BEGINS_FIELD.search(text, m.start("end") - 2, m.end("end") + 1) or m.group() == "Delta Dental":
            continue  # ``Osgard Tarn\nHospital: ...``; an insurer
        if _DOUBTFUL.fullmatch(m.group("end")) and not _owned(text, words, m.start("end")):
            continue
        if len(words) > 1 and words[-1].group().lower() == "of" and telling == [words[-2]]:
            continue  # ``Determinants of Health``
        if m.group("end").lower() == "health" and _OF_HEALTH.match(text, m.end("end")):
            continue  # ``No Known Health Concerns``
        if len(telling) == len(words) == 1 and (
            _asks(text, words[0], m.group("end")) or _of_its_kind(telling[0].group(), m.group("end"))
        ):
            continue
        end = _city_after(text, m.end())
        named = _COMES.search(text, max(0, m.start() - 12), m.start()) and _COMMON_FACILITY.fullmatch(m.group())
        if telling or end > m.end() or named or (m.group("where") and _in_town(m.group("where"))):
            line = text.rfind("\n", m.start(), m.start("end")) + 1
            yield Found(start if telling else max(line, m.start()), end, "FACILITY", "name:facility")


def _by_line(text: str, m: regex.Match[str]) -> list[regex.Match[str]]:
    """A name that goes over lines, or those that are whole on one of its lines."""
    stops = [i for i in range(m.start(), m.end()) if text[i] == "\n"]
    lines = pairwise([m.start(), *stops, m.end()]) if stops else ()
    return [whole for a, b in lines for whole in _FACILITY.finditer(text, a, b)] or [m]


_OF_HEALTH = re.compile(r" (?:concerns?|problems?|issues?|status|risks?|maintenance|history|goals?)\b", re.IGNORECASE)


def _words_before(text: str, m: regex.Match[str]) -> list[regex.Match[str]] | None:
    """The words of a facility's name before its last one; None where they are of another field of a form."""
    after = [c.end() for c in _CREDENTIAL_OF.finditer(text, m.start("prefix"), m.end("prefix"))]
    gaps = [c.end() for c in _WIDE.finditer(text, m.start("prefix"), m.end("prefix"))]
    words = list(TOKEN.finditer(text, max([m.start("prefix"), *after, *gaps]), m.end("prefix")))
    if gaps and not words:
        return None
    lines = [0, *(i for i, (a, b) in enumerate(pairwise(words), 1) if "\n" in text[a.end() : b.start()])]
    offices = [b for a, b in pairwise(lines) if not any(map(_may_tell, words[a:b]))]
    if offices:
        words = words[offices[-1] :]  # an office on a line of its own
    while words and (_names_none(words[0].group()) or _at_end(text, words[0])):
        if words[0].group() in _PARTS_OF_TOWNS and words[0].start() and len(words) > 1 and _telling(words[1].group()):
            break  # ``the New Osgard Clinic``
        words = words[1:]
    return words


def _may_tell(word: regex.Match[str]) -> bool:
    """Whether a word is a name, a town or on no list."""
    found = kind(word.group())
    return found.first or found.last or found.city or found.unknown


_BEGINS_FIELD = re.compile(r"(?:\n|\t|  )[^\W\d_]+:\Z")
_PARTS_OF_TOWNS = frozenset(
    "New Old North South East West Upper Lower Little Great Desert Mountain River Lake Ocean Canyon Prairie Golden".split()
)


# What parts the fields of a form.
_WIDE = re.compile(r"[ ]{3,}|\t|\n\s*\n")
# Ends that are words of every note too: only a name or a town before them tells a facility.
_DOUBTFUL = regex.compile(
    r"(?:SNF|ALF|Consultants?|Infusion|Residential|Alliance|Symphony|Orchestra|House|Village|Haven|Pines|Acres|Fire(?:/Rescue|\s+Rescue|\s+Dept\.?)?|FD|PD|Mart|Garage|Apartments|Apts|Towers|Cycles|Systems|Solutions|Partners|Allergy|Pulmonary|Vascular|Spine|Counseling|Behavioral|Surgeons|Home|Hall|Lodge|ER|ED|UC"
    r"|Cent(?:er|re)|Innovations|Stadium|Arena|Theat(?:er|re)|Library|Museum|Pub|Lanes|Cinemas?|Club|Stables|Mines?|Depot|Middle|High|Primary|Elem|Intermediate|Inst"
    r"|Authority|Colony|Trust|Chapel|Commissary|Cathedral|Drugs?|Rx|Therapy|Vision|Audiology|Rheum|Nephro|Pulm|ENT|Group|Terrace|Commons|Resort|Inn|Assoc\b\.?|OB[/\-]?GYN|Obstetrics|Gynecology)"
)


def _owned(text: str, words: list[regex.Match[str]], stop: int) -> bool:
    """Whether the words before the end of a facility's name hold a name or a town, and none of medicine."""
    if not words:
        return False
    longer = _END.match(text, words[-1].start())
    if longer and not _DOUBTFUL.fullmatch(longer.group()):
        return True  # ``Health Partners``
    telling = [w.group() for w in words if w.group()[1:2].islower() and _telling(w.group())]
    named = text[words[0].start() : stop].rstrip(" ")
    if "  " in named or any(c.isdigit() or c == "\n" for c in named):
        return False
    kinds = [kind(word) for word in telling]
    return any(k.city or k.namely or k.unknown for k in kinds) and not any(k.medical and not k.last for k in kinds)


def _in_town(where: str) -> bool:
    """Whether what follows a facility of a common name tells which: ``Headache Institute of Dunmore``."""
    name = plain(where.split()[-1])
    found = kind(name)
    return name not in GENERIC and name.isalpha() and (found.city or found.namely or found.unknown)


def _asks(text: str, word: regex.Match[str], end: str) -> bool:
    """Whether a word that begins a sentence tells what is done with a specialty: ``Await Nephrology``."""
    found = kind(word.group())
    if word.start() == 0 and _ADDRESS_BELOW.match(text, text.find("\n")):
        return False  # a letter's head
    opens = text[max(0, word.start() - 4) : word.start()].rstrip(" ")[-1:] in ".!?:;-•*"  # nothing too: a text's start
    return opens and found.word and not found.surname and not found.city and _SPECIALTY.fullmatch(end) is not None


def _of_its_kind(word: str, end: str) -> bool:
    """Whether a word of medicine tells which of a hospital's clinics is meant, not which hospital's."""
    found = kind(word)
    return found.medical and not (found.last or found.city) and end in ("Clinic", "Clinics")


_ADDRESS_BELOW = re.compile(r"\n[ \t]*(?:\d{1,6} |P\.?O\.? ?Box )")
_SPECIALTY = re.compile(
    r"Pediatrics|Orthopa?edics|\w+ology|\w+iatry|Surgery|Internal\s+Medicine|Primary\s+Care|Dental|Pharmacy|Imaging|Dialysis"
    r"|Home\s+(?:Care|Health)|Hospice|Rehab|Nursing|Labs?|Derm|Gastro|Ortho|Cardio|Peds|Uro|Neuro|Police|EMS"
)


def _names_none(word: str) -> bool:
    """Whether a word tells nothing at the start of a facility's name."""
    return plain(word) in GENERIC and word not in ("St", "Mt", "Ft", "Ste")


def _at_end(text: str, word: regex.Match[str]) -> bool:
    """Whether a word is a credential at the end of a line."""
    return text[word.end() : word.end() + 1] == "\n" and CREDENTIAL.fullmatch(word.group()) is not None


def _telling(word: str) -> bool:
    """Whether a word of a facility's name tells which one: not what all of its kind are called."""
    if len(word) == 1:
        return False
    return not all(part in GENERIC for part in plain(word).split("-")) and not PLACEHOLDER.fullmatch(word)


_COMES = regex.compile(r"\b(?i:at|to|in|from|of)\s+(?i:the\s+)?$")
_COMMON_FACILITY = regex.compile(
    r"(?:(?:City|General|County|Community|Memorial|Regional|University|Central|State|Children['’]?s)\s+)+"
    r"(?:Hospitals?|Hosp\.?|General|Clinics?|Medical\s+Center|Health\s+Clinic)"
)
_OF = regex.compile(
    r"\b(?:VNA|VNS|Visiting\s+Nurses?(?:\s+(?:Service|Association))?|University|College|Hospital|Hospice|Church|Temple|City|Planned\s+Parenthood|Children['’]?s\s+Hospital|(?:First|Second)\s+(?:Baptist|Methodist|Presbyterian)\s+Church)\s+(?:of|at)\s+(?:the\s+)?(?:(?:St|Ft|Mt)\.\s+)?[A-Z][\w'’\-]+(?:\s+[A-Z][\w'’\-]+){0,2}(?:\s+(?:Hospitals?|Medical\s+Center|Health(?:\s+System)?|Clinics?))?"
    r"|\b(?:Holy\s+(?:Family|Cross|Name|Spirit|Redeemer|Rosary|Trinity)|Sacred\s+Heart|Blessed\s+Sacrament|Little\s+Company\s+of\s+Mary)\b(?:\s+(?:Hospital|Medical\s+Center|Health|Church|School|ER|ED|Parish))?"
    r"|\b(?:VAMC|CBOC)\s+\p{Lu}\p{Ll}+(?:\s\p{Lu}\p{Ll}+)?|\b(?:Cl[ií]nica|Klinikum|Policl[ií]nic[oa]|Ospedale|H[oô]pital|Sanatorio)\s(?:(?:de|del|di|du|la|las|los|rechts|der|San|Santa)\s){0,3}\p{Lu}[\p{L}'’\-]+(?:\s\p{Lu}[\p{L}'’\-]+)?"
    r"|\b(?:Jewish|Catholic|Lutheran|Baptist|Methodist|Presbyterian|Episcopal|Adventist|Islamic|Mennonite)\s+(?:Family|Community|Social|Charit(?:y|ies)|Child|Children['’]s|Hospital|Health|Care|Home|Relief|Services?|Center)(?:\s+(?:and|&)?\s?(?:Services?|Homes?|Health|Center|System))*\b"
    r"|\bOur\s+Lady\s+of\s+(?:the\s+)?[A-Z]\w+(?:\s+[A-Z]\w+)?(?:\s+(?:Hospital|Medical\s+Center|Health|Church|School))?"
    r"|\b(?:USS|USNS|USCGC|F/V|M/V|Camp|Fort|NAS|VFW\s+Post|Joint\s+Base)\s+(?:\p{Lu}[\w'’\-]+(?:\s+\p{Lu}\p{Ll}+)?|\d{2,5})"
    r"|\b(?:Providence|Mercy|Ascension|SSM(?:\s+Health)?|CHI|Trinity|PeaceHealth|Dignity)\s+(?:St\.?|Saint|Sacred|Holy|Good)\s+[A-Z]\w+|\b(?:YMCA|YWCA|Boys\s+(?:and|&)\s+Girls\s+Club)\s+of\s+(?:the\s+)?[A-Z]\w+(?:\s+[A-Z]\w+)?"
    r"|\b(?:UPMC|Kaiser|Intermountain|AdventHealth|Bon\s+Secours|Sutter|Ascension|Dignity|Mercy|Trinity|Providence|Banner|HCA|Atrium|Novant|Sanford|Baptist|Methodist|St\.?\s+\w+['’]s)\s+(?!Health\b)(?P<city>(?:St\.\s)?[A-Z][\w'’\-]+(?:\s(?:[A-Z]|d['’])[\w'’\-]+){0,2})"
)
_OCCUPATIONS = (
    r"driver|trucker|roofer|plumber|electrician|carpenter|pilot|painter|mason|foreman|manager|cashier|nurse|clerk|barista|cook|server|waitress|waiter"
    r"|welder|mechanic|machinist|supervisor|teacher|guard|engineer|stocker|technician|custodian|janitor|programmer|accountant|teller|sales|dispatcher"
    r"|editor|writer|reporter|journalist|analyst|professor|instructor|firefighter|operator|conductor|brakeman|bartender|receptionist|secretary"
    r"|paralegal|realtor|salesman|baker|chef|dishwasher|housekeeper|cadet|scientist|researcher|stylist|barber|inspector|millwright|lineman"
    r"|bookkeeper|librarian|loader|packer|fabricator|surveyor|architect|developer|designer|consultant|groundskeeper|porter|usher|steward(?:ess)?"
    r"|flight\sattendant|crossing\sguard|apprentice|butcher|tailor|seamstress|assembler|longshoreman|deckhand|fisherman|miner|farmhand|recruiter|copywriter|producer|pipefitter|lifeguard|musician|organist|sorter|picker|handler|rancher|bailiff|translator|lecturer"
)
_WORKS = (
    r"drives?\s(?:an?\s)?(?:(?:truck|bus|cab|forklift|rig)s?\s)?for|drives?\s(?:truck|bus|cab|forklift|rig)s?\sat|work(?:s|ed|ing)?\s(?:(?!(?:for|at|with|up|out|on|well|better)\s)[\w/\-]+\s){0,4}(?:for|at|@)|works(?=\s\p{Lu}\p{Ll})|employed\s(?:by|at|with|w/)|employee\s(?:of|at)|(?:employer|occupation)\s?[:,]?|retired\sfrom|job\s(?:at|with)|job\s?:|quit(?=\s\p{Lu})|members?\s(?:of|at)"
    rf"|(?:drives|{_OCCUPATIONS}|RN|LPN|CNA|EMT)(?:\s\([A-Z]{{2,4}}\))?\s(?:for|at|@|w/|with)|laid\soff\s(?:from|by)|hired\s(?:by|at)|fired\sfrom|attend(?:s|ed)?|(?-i:attending)"
    r"|enrolled\s(?:at|in)|degree\sfrom|diploma\sfrom|dropped\sout\sof|expelled\sfrom|graduate\sof|grad\sof|alum(?:na|nus)?\sof|coursework\s(?:at|@)|transferred\sthere\sfrom|(?:student|freshman|sophomore|junior|senior|grader?)\sat|graduated\sfrom|goes\sto|trabaja\sen|(?:union|workplace|college|university|congregation|parish|church)\s?:|(?:laid\soff|fired|let\sgo|pension|pensioned)\sfrom|latterly\s(?:for|at)|retired\s(?:from|after\s\d+\s(?:years|yrs)\s(?:at|with))|(?:daycare|day\scare|(?:pre)?school|shelter|employment)\s?:|volunteers\s(?:at|for)|owns|owner\sof|founder\sof|president\sof|CEO\sof|partner\sat|intern(?:s|ed)?\sat|taught\sat|teaches\sat"
)
_CARES = (
    r"(?:delivers?|daycare|day\scare|dialyzes|lives|resides|resident|stays|staying|placed|placement|respite|rehab|hospitali[sz]ed|seen|evaluated|treated|surgery|followed|labs?|imaging|done|delivered|born|picked\sup|bed|chair|given|infused|vaccinated|scoped|stented|intubated|stabilized|detox|inpatient|inpt|outpatient|residential|visits?|appt|appointment|NICU|PICU|ICU|cath\slab|evaluation|eval|therapy|counseling|classes|program|care|stay|PT|IOP|PHP)\s(?:at|@)"
    r"|(?:pharm(?:acy)?|facility|camp|jail|hospice|transport|HHC?|HHA|daycare|site|agency|vendor|supplier|funeral\shome|DME|VNA|SNF|LTACH?|HD\sunit|infusion|vessel|dialysis\sunit|day\sprogram|group\shome|outside\shospital|OSH)\s?:|(?:managed|operated|flown|delivered|transcribed|supplied|serviced|processed)\sby|admit(?:ted)?\s(?:to|at)|(?:body|remains)\sreleased\sto|code\s[123]\sto|life\s?flight\w*\sto|for\schoosing|dispo(?:sition)?(?:\s?:|\s(?:to|is))|placement\s?:|(?:transfer(?:red)?|discharged?|checked|signed)\sout\sof|BIB\w*\sfrom|EMS\sfrom|booked\s(?:into|at)|custody\sof|air\s?lifted\sby|per\srecords?(?:\s(?:from|at))?|tour(?:ed|ing)|chose|ship\s?:|cruise\son|f/b|referral\ssent(?:\sto)?|ROI\s(?:signed\s)?(?:for|to)|referrals?\s(?:(?:sent|out)\s)?to|screen(?:ed|ing)?\s(?:for|by)|(?:prior|previous|past)\s(?:psych\s|inpt\s)?(?:admissions?|admits|hospitali[sz]ations?|treatment|detox|rehab)\s?:|pick(?:s|ed)|selected|(?:declined|denied|resettled)\sby|bed\s(?:offer\s)?(?:from|at)|agreeable\sto|known\sto|resident\sof|pharmacy\sis|family\s(?:wants|prefers|likes)|choices?(?:\slist)?(?:\sgiven)?\s?:|(?:transport|rides?)\s(?:by|via|w/|with)|plays\s(?:(?!for)\w+\s)?for|packets?\s(?:sent\s)?to|(?:re-?)?establish(?:ed|es|ing)?\s(?:care\s)?(?:at|with)|(?:pt|patient)\s(?:of|at)|services\s(?:by|from|via|through|thru)|(?:home(?:\shealth)?|HH|hospice)\sw(?:/|ith)|(?:O2|oxygen|CPAP|supplies|DME|walker|wheelchair|RW|commode|hospital\sbed|equipment|meals|transportation)(?:\s\w+)?\s(?:from|via|thru|through|by)|sent\s(?:(?:her|him|them|pt|back)\s)?to|transfer(?:red)?\s(?:from|to)|accepted\s(?:at|by|to)|discharged?\s(?:to|from)|released\s(?:from|to)|(?:back|tx|txd|body|backtransfer(?:red)?)\sto|tx\sfrom|(?:home\s(?:health|care)|hospice|HHA|HHC|PT|O2|oxygen)\sthrough|wait-?listed\s(?:for|at)|transfer\sof\scare\s(?:from|to)|d/c(?:'?d)?\s(?:to|from)|dc(?:'?d)?\sto|picked\sup\sfrom|call(?:ed)?\s(?:it\s)?in\sto|records\s(?:from|to)|referred\s(?:to|from|by)|transport(?:ed)?\s(?:from|to)"
)
_NAMED_PLACE = r"(?P<v>(?:(?:St|Mt|Ft)\.[ ])?\p{Lu}[\w'’\-]*(?:[ \t]+(?:(?:(?:of|and|&|the|de|la|del)[ \t]+){0,2}|(?<=(?:Center|Centre|Institute|Home|House|School|Hospital)[ \t]+)for[ \t]+)\p{Lu}[\w'’&\-]*){0,4})"
_BROUGHT = regex.compile(
    rf"\b(?i:(?P<work>{_WORKS})|{_CARES})\s+(?:the\s+)?{_NAMED_PLACE}(?![\w'’\-])(?!\s+(?:trial|study|program|protocol|registry|cohort|Anonymous)\b)(?<!\sAnonymous)"
)
_AT = regex.compile(
    rf"(?<=[\w),;.:]\s|\()(?:[Aa]t|@|from|past|near|thru|outside|behind|into)\s+(?:the\s+)?{_NAMED_PLACE}(?![\w'’\-]|\s?:)"
)
_WENT = regex.compile(
    rf"\b(?i:(?:brought|taken|(?P<fly>airlifted|flown|xferred|xfer|transported)|presented|drove|went|going)(?:\s(?:by\s\w+|via\s\w+|herself|himself))?\s(?:to|from|via)"
    rf"|en\s?route(?:\sto)?|uber\sto|fax(?:ed)?\sto|(?:lab|clinic|hospital)\s?:|join(?:ed|ing)?|ROI\sto|volunteer(?:s|ed|ing)?\s(?:with|w/)|f/u\s(?:w/|with|by))\s+(?:the\s+)?{_NAMED_PLACE}(?![\w'’\-])"
)
# What a facility or an employer stands behind without a word between: ``DME Osgard``, ``Detox (Osgard)``, ``cashier/Osgard``.
_BEHIND_NOUN = regex.compile(
    rf"\b(?:(?i:DME|VNA|SNF|LTACH?|IRF|ALF|OSH|pharmacy|detox|IOP|PHP|dialysis(?:\s(?:MWF|TTS|TTHS))?|hospice|shelter|daycare|preschool|masjid|mosque|church|parish|facility|hospitali[sz]ed"
    rf"|agency|rehab|group\shome|sober\s(?:house|home|living)|freshman|sophomore|transport|ambulance)(?:[ ]|[ ]?[(,:][ ]?|[ ][-–][ ])|(?i:(?:school|camp|rig)[ ]?|(?:work|job|workplace|bakery|restaurant|shop|store|gym|temple)[ ])\(|(?i:school|camp|rig)(?::[ ])|(?i:labs?)(?:[ ]?\(|:[ ](?!\p{{Lu}}[\w'’\-]*[ ]\d))|(?i:{_OCCUPATIONS})(?:[ ]?[,/][ ]?|[ ]with[ ]|[ ]\())(?:the\s)?{_NAMED_PLACE}(?=[,.;:)\n]|$|\s(?:\d|\(|[a-z]))"
)
# An employer right behind an occupation: ``bartender The Osgard``.
_EMPLOYS = regex.compile(
    rf"\b(?i:bartender|cashier|cook|waitress|waiter|barista|welder|machinist|janitor|custodian|stocker|driver|paralegal|teller|dishwasher|housekeeper|electrician|plumber|carpenter|roofer|lineman|millwright|trucker)[ ](?:[Tt]he[ ])?{_NAMED_PLACE}(?=[.,;)\n]|$|\s(?:x|for|since)\s)"
)
# What a facility, an employer or a school stands behind and hardly anything else with a capital: ``hospice Osgard``.
_HEADS = (
    r"shelter|day\s?care|preschool|school|church(?:\sis)?|hospice(?:\sis)?|group\shome|sober\s(?:house|home|living)|funeral\shome|mortuary|detox|IOP|PHP|VNA|HHA|HHC|HH"
    r"|DME|SNF|ALF|LTACH?|HD(?:\s(?:MWF|TTS|TTHS))?|dialysis(?:\s(?:MWF|TTS|TTHS))?|dialyzes|jail|camp|gym|EMS|BIBA|pharmacy|methadone|day\sprogram|lodging|hotel|motel"
    r"|respite|placement|resides|lives|stays|staying|stayed|housed|stationed|enrolled|graduated|freshman|sophomore|junior|volunteers|shops|dispo:?|FH:"
    r"|prior\s(?:stay|admission|admit)s?|(?:admit(?:ted)?|hospitalized)(?=\s\p{Lu}[\w'’ ]+\s(?:in\s)?(?:19|20)\d\d)|(?:1st|2nd|3rd|first|second|third)\schoice|(?:2nd|second)\sopinion"
    r"|ride\sw/?|travels\sfor|(?:delivers|welds|cleans|sells|cooks|runs|hauls|roofs|paints)\sfor|sent\sby|ref(?:er)?\s(?:to|by)|returns?\sto|returned\sto|(?:rx|script|send)\sto"
    r"|slides\sto|auth\sfor|(?:eye|tissue|organ|food|milk)\sbank|dispatched\sto|trial\ssite|study\ssite|burial|cremation|mosque|masjid|synagogue|parish|congregation|casino|kindergarten|pre-?k|prison|incarcerated|detained|dropped\sout|GED|hearing\saids|LWBS|ROI|OSH|bartends|manages|landscapes\sfor|contractor\sfor|works\snights|(?:bowls|rides?)\s(?:w/?|with)|(?:bus|walks|bikes)\sto|insured\sthrough|(?:hosp(?:ital)?|snf|facility|hospice|pharmacy)\schoice|bed\soffer|\d{1,2}th\sgr(?:ade)?|(?:1st|2nd|3rd)\sgr(?:ade)?|appl(?:ied|ying)\sto|foster\sw/?|starting(?=\s\p{Lu}[\w'’ ]+\sin\s(?:fall|spring|the))|f/u\sw/?|rehab|transport|reports?\s(?:called\s)?to|records"
)
_HEADED = regex.compile(
    rf"\b(?i:{_HEADS})[ ](?:the[ ])?{_NAMED_PLACE}(?=[.,;)\n]|$|\s\d|\sx\s?\d|\s(?:in|since|til|until|for|on|by|from|after|before|when|where|via|MWF|TTS|daily|w/?|with|and|at|x|today|yesterday|tomorrow|twice|this|last)\b)"
)
_HEAD_REACH = 20  # letters from a head's first word to the name, at most
# Words with a capital behind such a head that name no facility.
_OF_A_HEAD = frozenset(
    """
    protocol referral resources catheter walker eval evaluation order ordered orders pending packet potential placement
    options candidate team liaison coordinator consult information choice agency agencies company provider provided setup
    needs need planning available arranged declined accepted confirmed recommended requested training teaching education
    aide worker counselor teacher bus lunch form forms letter physical physicals sports supplies equipment machine run runs
    daily weekly monthly online list lists help alone independently goals goal criteria stay days day hours start end date time dose doses taper unit level care visit visits services
    math reading science spelling
    """.split()
)


# A kind of facility in brackets behind the name.
_KIND_IN_BRACKETS = regex.compile(
    r"(?<v>\p{Lu}\p{Ll}[\w'’\-]+(?:\s\p{Lu}\p{Ll}[\w'’\-]+){0,2})\s(?=\((?:ALF|SNF|LTACH?|IRF|IPR|(?:acute\s|subacute\s)?rehab|(?:psych\s)?hospital|nursing\shome|group\shome|shelter|dialysis|school|employer|pharmacy|hospice|agency|DME|VNA)\))"
)
# Shops with a pharmacy, the best known of the United States, with what tells which of them is meant.
_CHAIN = regex.compile(
    r"\b(?:CVS|Walgreens|Rite\s?Aid|Wal-?[Mm]art|Kroger|Publix|Costco|Safeway|Wegmans|HEB|H-E-B|Hy-Vee|Giant(?:\sEagle)?|Stop\s&\sShop|Meijer|Fred\sMeyer|King\sSoopers|Ralphs|Vons|Hannaford|Ingles|Food\sLion|Harris\sTeeter"
    r"|Duane\sReade|ShopRite|Albertsons|Winn-Dixie|Sam['’]s\sClub)(?:\s[Pp]harmacy)?\s+(?:\#\s?\d{2,6}(?:,\s(?:\p{Lu}[\w'’]+\s){1,3}(?:St|Ave|Rd|Blvd|Pike|Tpke|Hwy|Dr|Ln|Pkwy)\b\.?)?|\d{1,3}(?:st|nd|rd|th)(?:\sSt\.?)?\s(?:&|and|@)\s\p{Lu}[\w'’]+|(?:on|in|at|near)\s+(?:the\s)?(?P<v>\p{Lu}\p{Ll}[\w'’]+)(?:\s\p{Lu}[\w'’]+){0,2})"
)
# Whose worker somebody was: ``retired Osgard machinist``, ``mechanic, Osgard Motors``.
_RETIRED = regex.compile(
    rf"\b(?i:retired|former)\s(?!(?i:navy|army|marine|air\sforce|military|coast\sguard|union|federal|state|city|county|high|middle|elementary|school|lutheran|catholic|baptist|methodist|episcopal|presbyterian|jewish)\b)(?P<v>\p{{Lu}}\p{{Ll}}[\w'’\-]*(?:\s\p{{Lu}}\p{{Ll}}[\w'’\-]*){{0,2}})\s(?={_OCCUPATIONS}|executive|worker|employee)"
)
# Partners after whom a firm is named: ``Osgard, Pell and Tarn``.
_FIRM = regex.compile(r"\p{Lu}[\w'’\-]+,\s\p{Lu}[\w'’\-]+,?\s(?:and|&)\s\p{Lu}[\w'’\-]+")
_KIND_BEHIND = regex.compile(
    r"\b(?P<v>\p{Lu}\p{Ll}[\w'’\-]*(?:\s+\p{Lu}\p{Ll}[\w'’\-]*){0,2})\s+(?:(?P<sure>(?P<alone>hospice|nursing\shome|funeral\shome|motel|hotel)|elementary|(?:high|middle)\sschool|parish|church|mall|daycare|school\sdistrict"
    r"|\(?SNF|\(?ALF|LTACH?|apartments?|apts?|parking\slot|trailer\spark|casino|preschool|campground|jail|prison|shelter|temple|synagogue|academy)"
    r"|(?:softball|soccer|football|basketball|baseball|hockey|volleyball|lacrosse|scholarship|alum(?:nus|na|ni)|grad|student|employee|worker)(?!s)"
    r"|pharmacy|hospital|clinic|police|warehouse|courthouse|college|university|factory|plant|truck|bus|depot|mosque|gym"
    r"|(?:care|rehab|nursing|medical|surgery|dialysis|imaging|wellness|recovery|treatment|garden|health|infusion|cancer|birth|urgent\scare|community|senior)\scent(?:er|re))\b"
)


# What only a facility does or has: ``Osgard has no bed``.
_ADMITS = regex.compile(
    r"(?<![\w'’\-])(?P<v>\p{Lu}\p{Ll}[\w'’\-]+(?:[ ]\p{Lu}\p{Ll}[\w'’\-]+){0,3})\s(?:(?:(?:has|have|had|offer(?:s|ed|ing)|with|without)\s)?(?:(?:an?|no|one)\s)(?:[a-z/\-]+\s)?beds?\b|has\s(?:[a-z/\-]+\s)?beds?\b|(?:is\s)?(?:reviewing|accepting|at\scapacity)"
    r"|out\sof\snetwork|(?:can|will|cannot|can['’]t|unable\sto)\s(?:take|admit|accept)\b|declined,?\s(?:no|due|d/t|2/2)|accepted[,;.]?\s(?:bed|can|pt|patient|him|her|for)\b|bed\s(?:available|avail|offer)"
    r"|(?:to|will)\sdeliver|deliver(?:s|ing)\b|faxed\s(?:us|over|back|\d|records|orders|labs)|request(?:s|ed|ing)\s(?:records|clinicals|auth)|(?:is\s)?reviewing\sclinicals|has\s(?:a\s)?wait[\s-]?list|no\slonger\s(?:stocks|carries)|(?:drops|brings)\s(?:meals|groceries|supplies)|confirmed\s(?:receipt|delivery|bed|appt)|out\sof\sstock|(?:staff|admissions|intake|liaison)\b)"
)


def _admitting(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities told by what only they do."""
    for start, end in windows(hints.get("admits", ()), 64, 24):
        for m in _ADMITS.finditer(text, word_start(text, start), end):
            words = list(TOKEN.finditer(text, m.start("v"), m.end("v")))
            while words and (words[0].group() in ("Per", "The", "At") or plain(words[0].group()) in PLAIN):
                words = words[1:]
            if len(words) == 1 and kind(words[0].group()).everyday and m.group().endswith("intake"):
                continue  # ``Poor intake``
            if words and all(_admitter(w.group()) for w in words):
                yield Found(words[0].start(), m.end("v"), "FACILITY", "name:admits")


def _admitter(word: str) -> bool:
    """Whether a word may be of the name of who admits: no kind of facility, role, kin or thing of medicine."""
    found = kind(word)
    if _general(word) or plain(word) in NOWHERE or (found.medical and not (found.last or found.city)):
        return False
    return not (KIN_WORD.fullmatch(word) or ROLE_WORD.fullmatch(word) or FORM.match(word))


# An emergency department by the letters of its hospital: ``from QTMC ED``.
_LETTERED = re.compile(r"(?:to|from|at|in|via):?\s+(?P<v>[A-Z]{3,6})\s(?:ED|ER)\b", re.IGNORECASE)


def _lettered(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Hospitals of which nothing but letters is written before their emergency department."""
    for start, _ in hints.get("emergency", ()):
        m = _LETTERED.search(text, max(0, start - 14), start + 2) if text[start : start + 2].isupper() else None
        if (
            m is None
            or not m["v"].isupper()
            or kind(m["v"]).medical
            or plain(m["v"]) in GENERIC | NO_INITIALS | NOWHERE
        ):
            continue
        yield Found(m.start("v"), m.end("v"), "FACILITY", "name:lettered")


# Fields of a form that a facility stands in, everyday words too in the surer of them.
_PLACED = regex.compile(
    r"(?<=(?:^|[\n|\t{*]|[ ]{2}|[.;,][ ])[ *_]{0,3})(?i:(?P<sure>institution|facility|practice|clinic|hospital|(?:dental|medical)[ ]home|(?:servicing|performing|ordering|referring|sending|receiving)"
    r"[ ](?:facility|hospital|lab|institution)|delivery[ ]site|sending|receiving|submitting|dest(?:ination)?)|location|site|origin|campus)[*_}]{0,2}[ ]*:[ ]?[*_]{0,2}[ ]*"
    r"(?P<v>(?:St\.[ ])?\p{Lu}[\w'’&\-]*(?:[ ](?:of|and|&|the|at|-|–|\p{Lu}[\w'’&\-]*)){0,7})(?=[*_]{0,2}[ ]*(?:\n|\Z|[|,;(.]|[ ]{2}|(?:then|via|by|for)\b))"
)


_FIELD_REACH = 16  # letters from the first word of such a field to its sign, at most


def _in_fields(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities that nothing but the field of a form tells: ``Institution: Osgard Street MRI``."""
    fields = [(a, b) for a, b in hints.get("placed", ()) if ":" in text[b : b + _FIELD_REACH]]
    for m in opened(_PLACED, text, {"placed": fields}, "placed"):
        words = [w for w in m["v"].split() if w[0].isupper()]
        kinds = [kind(w) for w in words]
        telling = [
            k
            for w, k in zip(words, kinds, strict=True)
            if plain(w) not in GENERIC | NOWHERE and len(w) > 2 and not (k.medical and not (k.last or k.city))
        ]
        named = len(telling) > 1 or any(k.city or k.strong or k.unknown for k in telling)
        lone = len(words) == 1 and (m["v"].isupper() or kinds[0].medical or not named)
        plainly = m["sure"] and all(
            plain(w) in GENERIC or not k.medical or k.last or k.city for w, k in zip(words, kinds, strict=True)
        )
        if telling and not lone and (named or plainly):
            yield Found(m.start("v"), m.end("v"), "FACILITY", "name:in-field")


# Where a study was done, in brackets behind its day: ``CT 3/4/21 (Osgard)``.
_IN_BRACKETS = re.compile(r" \((?=[A-Z][a-z])")
_STUDIED = regex.compile(r"\((?P<v>\p{Lu}\p{Ll}[\w'’\-]+(?:[ ]\p{Lu}[\w'’\-]+){0,3})(?=\)|[ ](?:accession|case)\b)")
_STUDY = re.compile(
    r"\b(?:CT|MRI?|EEG|EMG|TT?E|TEE|[Ee]cho\w*|CXR|XR|US|PET|DEXA|ECG|EKG|PFTs?|[Bb]iopsy|[Bb]x|[Ff]ilms?|[Uu]ltrasound|[Mm]ammo\w*|[Cc]olonoscopy|[Ss]can|[Ll]abs?|[Cc]ath)\b[^\n.;:()]{0,40}\Z"
)


def _studied(text: str) -> Iterator[Found]:
    """Facilities in brackets behind the day of a study that was done there."""
    for sign in _IN_BRACKETS.finditer(text):
        m = _STUDIED.match(text, sign.start() + 1) if text[max(0, sign.start() - 1)].isdigit() else None
        if m is None or not _STUDY.search(text, max(0, sign.start() - 60), sign.start()):
            continue
        kinds = [kind(w) for w in m["v"].split()]
        named = any(k.city or k.strong or k.unknown or (k.last and not k.word) for k in kinds)
        if named and plain(m["v"]) not in PLAIN and not any(k.medical and not k.city for k in kinds):
            yield Found(m.start("v"), m.end("v"), "FACILITY", "name:studied")


# A hospital by its letters with a year or a day behind it: ``delivered at QTMC, 2016``.
_DATED_LETTERS = regex.compile(
    r"(?:at|@)\s(?P<v>\p{Lu}{3,5})(?=,?\s(?:(?:in|on)\s)?(?:(?:19|20)\d\d|\d{1,2}/\d{1,2}/\d\d)\b)", regex.IGNORECASE
)


def _lettered_dated(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Hospitals by their letters where something was at a time."""
    led = [(a, b) for a, b in hints.get("at", ()) if text[b + 1 : b + 4].isupper()]
    for m in opened(_DATED_LETTERS, text, {"at": led}, "at"):
        name = plain(m["v"])
        if m["v"].isupper() and not kind(m["v"]).medical and name not in GENERIC | NO_INITIALS | NOWHERE:
            yield Found(m.start("v"), m.end("v"), "FACILITY", "name:lettered")


_PERSONS = re.compile(r"\b(?:Drs?|Mrs?|Ms|Prof)\.?\s(?:[A-Z]\.\s?)*$")


def _may_be_a_person(name: str) -> bool:
    """Whether one word by which something was done is a surname, or on no list."""
    found = kind(name)
    return TOKEN.fullmatch(name) is not None and (found.unknown or (found.last and found.strong and not found.city))


def _is_a_person(name: str) -> bool:
    """Whether what a place is looked for in is who it is: a first name that is nothing else, alone or before a last."""
    first, *others = [kind(w) for w in name.split()]
    return first.common_first and first.strong and not first.city and len(others) < 2 and all(k.last for k in others)


def _brought(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities, employers and schools that only the words before them tell, such as ``works at``."""
    led = [p for p in hints.get("at", ()) if text[p[1] : p[1] + 6].removeprefix(" the").strip()[:1].isupper()]
    hints = {**hints, "at": led}
    for rule, hint in ((_BROUGHT, "brings"), (_AT, "at")):
        for m in opened(rule, text, hints, hint):
            if plain(m["v"]) in NOWHERE or {plain(w) for w in m["v"].split()} - {"and", "the"} <= lexicon.COUNTRIES:
                continue  # a heading: ``Age At Onset``, which is a town of Massachusetts too
            works = rule is _BROUGHT and m.group("work") is not None
            if works and _no_employer(text, m):
                continue
            firm = _FIRM.match(text, m.start("v")) if works else None
            sure = rule is _BROUGHT or text[m.start("v") + 1 : m.start("v") + 2].islower()
            named = works or (rule is _AT and text[m.start()] in "aA@" and _of_two_words(m["v"]))
            end = firm.end() if firm else named_place(text, m.start("v"), m.end("v"), works=named, sure=sure)
            if end > m.start("v"):
                end = _city_after(text, end) if text[end : end + 1] == "," else end
                begins = m.start("v")
                by_whom = text[max(0, begins - 10) : begins].endswith(("by ", "attending "))
                person = by_whom and _may_be_a_person(text[m.start("v") : end])
                person = person or (m["v"][-2:] in ("'s", "’s") and kind(m["v"]).common_first)
                town = rule is _AT and text[m.start()] not in "aA@" and _town(m["v"].lower(), "")
                yield Found(m.start("v"), end, "NAME" if person else "LOCATION" if town else "FACILITY", "name:brought")
                if rule is _BROUGHT:
                    yield from _listed_behind(text, end, works=works)
    for start, end in windows((h for h in hints.get("kind", ()) if capital_before(text, h[0])), 60, 16):
        for m in _KIND_BEHIND.finditer(text, start, end):
            words = list(TOKEN.finditer(text, m.start("v"), m.end("v")))
            sign = text[max(0, m.start("v") - 2) : m.start("v")]
            alone = m["alone"] is not None and sign[:1].islower()  # ``with Serenity hospice``
            sure = m["sure"] is not None and (len(words) > 1 or alone)
            while words and (plain(words[0].group()) in GENERIC or (kind(words[0].group()).medical and not sure)):
                words = words[1:]
            kinds = [kind(w.group()) for w in words]
            inside = sign in (": ", ", ") or sign[:1].islower()
            if (
                kinds
                and (any(k.strong or k.unknown or k.city for k in kinds) or (len(kinds) > 1 and inside) or alone)
                and not any(k.medical and k.word and not sure for k in kinds)
                and not _PERSONS.search(text, max(0, words[0].start() - 14), words[0].start())
            ):
                yield Found(words[0].start(), m.end("v"), "FACILITY", "name:kind")


_TRADE = regex.compile(rf"\s(?:{_OCCUPATIONS})\b")


def _no_employer(text: str, m: regex.Match[str]) -> bool:
    """Whether what seems an employer is of what sort somebody's trade is, or what somebody smoked."""
    if m["work"].lower().startswith("quit"):
        return kind(m["v"].split()[0]).medical
    return m["work"].lower().startswith("occupation") and _TRADE.match(text, m.end("v")) is not None


def _of_two_words(name: str) -> bool:
    """Whether a name is of two and more capitalised words of which none is a thing's: ``at Healing Osgard``."""
    words = [w for w in name.split() if w[0].isupper()]
    if len(words) == 2 and _TERRAIN_WORD.match(words[1]):
        return words[0][1:2].islower()
    return len(words) > 1 and all(w[1:2].islower() and not kind(w).eponym for w in words)


# What goes on a list of facilities or employers, and what may stand behind the last.
_MORE = regex.compile(
    rf"(?:,\s(?:(?i:and|or)\s)?|;\s|\s(?i:and|or|&)\s|\s?/\s?)(?:(?i:then|prev(?:iously)?|formerly|later|now|before\sthat|(?:2nd|3rd|second|third)(?:\schoice)?)\s)?(?:(?i:at|@|from|to)\s)?(?:the\s)?{_NAMED_PLACE}(?=[,.;)\n]|$|\s(?:and|or|in|x|for|until|since|on|as|but)\b|\s?/|\s\(|\s\d)"
)


def _listed_behind(text: str, end: int, *, works: bool) -> Iterator[Found]:
    """The others of a list whose first is told: ``referred to Osgard and Tollard``."""
    while (m := _MORE.match(text, end)) is not None:
        told = works and "," in text[end : m.start("v")]  # most employers are words
        stop = named_place(text, m.start("v"), m.end("v"), works=told, sure=told)
        words = [kind(w.group()) for w in TOKEN.finditer(text, m.start("v"), m.end("v"))]
        if stop < m.end("v") or any(k.eponym for k in words):
            return
        if not told and (any(k.medical for k in words) or all(k.word and not k.city for k in words)):
            return
        yield Found(m.start("v"), stop, "FACILITY", "name:listed")
        end = stop


def named_place(text: str, start: int, end: int, *, works: bool, sure: bool) -> int:
    """The end of what is named from a place on, ``start`` where nothing is.

    ``works`` tells that the words before bring an employer or a school, ``sure`` that they bring any facility, not only a
    place or a time.
    """
    stop, telling, count = start, False, 0
    tokens = list(TOKEN.finditer(text, start, end))
    for m, ahead in zip(tokens, [*tokens[1:], None], strict=True):
        word, found, name = m.group(), kind(m.group()), plain(m.group())
        if word[0].islower():
            continue
        if (
            PLACEHOLDER.fullmatch(word)
            or (
                found.medical
                and not works
                and not (count and text[m.start() - 2 : m.start()] == "& ")
                and (found.eponym or not (found.city or found.last or count or _names_on(ahead)))
            )
            or FORM.match(word)
            or name.removesuffix("s") in _WEEKDAYS
            or ROLE_WORD.fullmatch(word)
            or KIN_WORD.fullmatch(word)
        ):
            break
        if (_SHORT_FORMS.fullmatch(word) and not sure) or (not count and word in ("Left", "Right")):
            break
        lettered = count and (len(word) == 1 or word in _ENDS_LETTERED)
        if word.isupper() and (len(word) < 3 or not sure or name in NO_INITIALS) and not lettered:
            break
        stop, count = m.end(), count + 1
        telling = telling or (name not in GENERIC and name not in _MONTHS and (sure or not found.word or found.city))
    named = [w.group() for w in TOKEN.finditer(text, start, stop)]
    several = count > 1 and not all(_general(w) for w in named)
    whole = text[start:stop].lower()
    return stop if (telling or several) and whole not in lexicon.STATES | lexicon.COUNTRIES else start


def _names_on(ahead: regex.Match[str] | None) -> bool:
    """Whether the next word of a name is none of medicine, as in ``at Thunder Alley``."""
    found = kind(ahead.group()) if ahead and ahead.group()[0].isupper() else None
    return found is not None and (found.last or found.city) and not found.medical


_ENDS_LETTERED = frozenset({"MRI", "ENT", "GI", "PT", "VA", "EMS"})  # that a facility's name ends in
_SHORT_FORMS = re.compile(r"[A-Z]{2,4}s")  # ``IDs``
_WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday mon tue wed thu thur fri".split())


def _general(word: str) -> bool:
    """Whether a word tells nothing of which facility is meant."""
    return plain(word) in GENERIC or word[0].islower()


_SAINT = regex.compile(
    r"\b(?:Sts?\.?|Saint)[ ]+(?:[A-Z][a-z]*['’]s\b|(?<!\p{Lu}\p{Ll}+[ ]St\.?[ ]+)(?P<v>[A-Z][a-z]{3,})\b(?!['’]|\s+(?:[Vv]alve|Medical|[Ee]ncephalitis|ICD|AICD|[Pp]acemaker|[Dd]evice|[Ll]ead)))(?!\s+wort)(?:\s+(?:Hosp(?:ital)?|Clinic|Medical\s+Center|ER))?"
)
_AFTER_FACILITY = regex.compile(r",?\s+(?P<v>(?:St\.\s)?[A-Z][\w'’\-]+(?:\s+(?:[A-Z]|d['’])[\w'’\-]+){0,2})")


def _city_after(text: str, end: int) -> int:
    """The end of a facility with the city behind it (``Children's Hospital Boston``)."""
    m = _AFTER_FACILITY.match(text, end)
    words = m.group("v").split() if m else []
    for length in range(len(words), 0, -1):
        if m and " ".join(words[:length]).lower() in lexicon.load().cities:
            return int(m.start("v")) + len(" ".join(words[:length]))
    return end


@cache
def _city_starts() -> frozenset[str]:
    return frozenset(name.split()[0].rstrip(".") for name in lexicon.load().cities)


_STATED = re.compile(rf",\s*(?:{'|'.join(lexicon.POSTAL)}|{'|'.join(s.title() for s in lexicon.STATES)})\b")


def _town(name: str, after: str) -> bool:
    """Whether a name is a town's; a country's name is one only before the name of a state."""
    cities = lexicon.load().cities
    if name in lexicon.STATES or name == "christmas" or (name in lexicon.COUNTRIES and not _STATED.match(after)):
        return False
    return name in cities or name.replace("st ", "st. ", 1) in cities


def towns(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Towns of the list where one is meant, and whatever place somebody lives in or goes to."""
    yield from _companies(text, hints)
    if any(end in text for end in _COMPANY_ENDS):
        found = (m for m in _OF_TWO.finditer(text) if m["v"] not in _NO_COMPANY and not kind(m.group()).medical)
        yield from (Found(m.start(), m.end(), "FACILITY", "name:of-two") for m in found)
    yield from _chains(text, words)
    yield from _listed(text, words)
    yield from _founded(text, hints)
    yield from _on_terrain(text, hints)
    yield from _lived(text, hints)


def _companies(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Companies that care for people, by names that are nothing else."""
    for start, end in hints.get("company", ()):
        if text[start].isupper() and not text[end : end + 1].isalnum():
            yield Found(start, _branch(text, end), "FACILITY", "name:company")


def _chains(text: str, words: list[Token]) -> Iterator[Found]:
    """Shops, hotels, schools and health systems of the list, with what tells which of them is meant."""
    chains = lexicon.load().chains
    for token in words:
        if token.shape in ("capital", "upper") and token.text.lower() in chains:
            end = _chain(text, token, chains[token.text.lower()])
            if end > token.start:
                yield Found(token.start, _branch(text, _city_after(text, end)), "FACILITY", "name:chain")


# Companies by a word of two, the second of which tells what they do: ``OsgardRx``.
_COMPANY_ENDS = (
    "Rx",
    "Care",
    "Health",
    "Clinic",
    "Dental",
    "Rehab",
    "Hospice",
    "Imaging",
    "Pharm",
    "Labs",
    "Works",
    "Freight",
)
_OF_TWO = re.compile(rf"\b(?P<v>[A-Z][a-z]{{2,}})(?:{'|'.join(_COMPANY_ENDS)})\b")
_NO_COMPANY = frozenset("My Tele Self Home Day After Child Health Medi Patient Elder Well Under Inter".split())


# What tells which branch of a chain is meant.
_BRANCH = regex.compile(r"\s(?P<v>\p{Lu}\p{Ll}{3,})(?=[.,;:)\n]|\s(?:[a-z\d]|[A-Z]{2}\b)|$)")


def _branch(text: str, end: int) -> int:
    """The end of a chain's name with a word behind it that begins a town's: ``Osgard Klamath``."""
    m = _BRANCH.match(text, end)
    return m.end() if m and m["v"].lower() in _city_starts() and plain(m["v"]) not in PLAIN else end


def _chain(text: str, token: Token, names: tuple[str, ...]) -> int:
    """The end of the longest of some names at a word, ``token.start`` where none stands there."""
    for name in names:
        end = token.start + len(name)
        piece = text[token.start : end]
        if piece.lower() != name or text[end : end + 1].isalnum() or text[end : end + 2] in ("'s", "’s"):
            continue
        if not any(len(m.group()) > 3 and m.group()[0].islower() for m in TOKEN.finditer(piece)):
            return end
    return token.start


def _listed(text: str, words: list[Token]) -> Iterator[Found]:
    """Towns of the list, and words that are none or only a name where a place is led to."""
    starts = _city_starts()
    for i, token in enumerate(words):
        if token.shape != "capital":
            continue
        if token.text.lower() not in starts:
            if _so_named(text, token):
                yield Found(token.start, token.end, "LOCATION", "name:led-to")
            continue
        for length in (4, 3, 2, 1):
            part = words[i : i + length]
            if len(part) < length or any(t.shape != "capital" for t in part):
                continue
            if any(text[a.end : b.start] not in (" ", ". ") for a, b in pairwise(part)):
                continue
            name = " ".join(t.text.lower() for t in part)
            if not _town(name, text[part[-1].end : part[-1].end + 24]):
                continue
            if _is_place(text, part) and not _called_after_town(text, part):
                trail = _CITY_TRAIL.match(text, part[-1].end)
                led = i and words[i - 1].text in _PARTS_OF_TOWNS and text[words[i - 1].end : token.start] == " "
                yield Found(
                    words[i - 1].start if led else token.start,
                    trail.end() if trail else part[-1].end,
                    "LOCATION",
                    "name:city",
                )
                break


def _lived(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Where somebody lives or goes to."""
    for m in opened(_LIVES, text, hints, "lives"):
        found = list(TOKEN.finditer(text, m.start("v"), m.end("v")))
        stop = m.start("v")
        for t in found:
            k = kind(t.group())
            if plain(t.group()) in ("city", "town", "beach", "springs", "falls") and stop > m.start("v"):
                stop = t.end()
                continue
            if (
                plain(t.group()) in PLAIN
                or (k.medical and not k.city)
                or t.group().lower() in lexicon.STATES
                or t.group().isupper()
            ):
                break
            if k.word and stop == m.start("v") and not (k.last or k.city or _on_terrain_word(found)):
                break
            stop = t.end()
        name = text[m.start("v") : stop].lower()
        if stop > m.start("v") and name not in lexicon.STATES and name not in lexicon.COUNTRIES:
            yield Found(m.start("v"), stop, "LOCATION", "name:place")


_TERRAIN_WORD = re.compile(rf"(?:{TERRAIN})\Z", re.IGNORECASE)


def _on_terrain_word(words: list[regex.Match[str]]) -> bool:
    """Whether words of which the first is no name end as towns do: ``lives Gull Harbor``."""
    return len(words) == 2 and _TERRAIN_WORD.match(words[1].group()) is not None


# Words that begin the name of a town, and what leads to a place.
_TOWNSHIP = regex.compile(
    r"(?<=\b(?:in|from|near|to|outside)\s)(?:(?:New|Port|West|East|North|South|Lake|Mount|Fort|San|Santa|El|Los|Las|Saint)|(?:Mt|Ft)\.?)\s\p{Lu}\p{Ll}{2,}"
)
# A town whose name ends as towns do, where a place is led to: ``in Osgard Hollow``.
_TERRAINED = regex.compile(
    rf"(?<=\b(?:in|from|near|to|outside|off|past|of|through|at|around)\s)(?P<v>(?P<w>\p{{Lu}}\p{{Ll}}+)(?:\s\p{{Lu}}\p{{Ll}}+)?\s(?i:{TERRAIN}))\b(?!\s\p{{Lu}}|-)"
)
# What may be a thing's as well: ``exposure to Osgard``, ``switched to Osgard``.
_TO_THING = re.compile(
    r"\b(?:expos(?:ure|ed)|due|allerg(?:y|ic)|reaction|secondary|related|sensitive|resistant|similar|attributed|changed|switched|converted)\sto\s$"
)
_INTO = re.compile(r"(?<=[\w,;)] )(?:in|from|near|outside|to|via|through|thru|since|past|off|con|en)\s$")


def _founded(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Towns of two words on no list that begin as towns do: ``in Port Ansel``."""
    for m in opened(_TOWNSHIP, text, hints, "new", capital=True):
        name = m.group().split()[-1]
        found, known = kind(name), name.lower() in lexicon.COUNTRIES or m.group().lower() in lexicon.STATES
        if not known and plain(name) not in PLAIN and not of_thing(text, m.end()) and (found.namely or found.unknown):
            yield Found(m.start(), m.end(), "LOCATION", "name:township")


def _on_terrain(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Towns on no list that end as towns do: ``in Osgard Hollow``."""
    near = windows((h for h in hints.get("terrain", ()) if text[h[0]].isupper()), 36, 10)
    for m in (m for a, b in near for m in _TERRAINED.finditer(text, word_start(text, a), b)):
        if plain(m["w"]) not in GENERIC and not kind(m["w"]).eponym and not of_thing(text, m.end()):
            yield Found(m.start("v"), m.end("v"), "LOCATION", "name:terrain")


def _so_named(text: str, token: Token) -> bool:
    """Whether a word that is no other than a name stands where a place does: ``from Hensburgh``."""
    word, found = token.text, token.kind
    if len(word) < 4 or not word[1:].islower() or not (found.unknown or found.strong) or found.eponym or found.medical:
        return False
    before = max(0, token.start - 16)
    if not _INTO.search(text, before, token.start) or _TO_THING.search(text, before, token.start):
        return False
    place = word.lower() in lexicon.COUNTRIES or word.lower() in lexicon.STATES
    if place or plain(word) in PLAIN:
        return False
    return not of_thing(text, token.end) or _DAY_BEHIND.match(text, token.end) is not None


# A day and month, which no score is: ``in Osgard 5/16``.
_DAY_BEHIND = re.compile(r" (?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])(?![\d/])")


def told_again(words: list[Token], found: list[Found], text: str) -> Iterator[Found]:
    """A facility's name again, and the first word of one alone: ``Dunhold Memorial``, then ``back to Dunhold``."""
    firsts: dict[str, int] = {}
    wholes: set[str] = set()
    for f in found:
        if f.type != "FACILITY":
            continue
        piece = text[f.start : f.end]
        name = piece.split()[0]
        k = kind(name)
        if " " in piece:
            wholes.add(lowered(piece))
            if len(name) > 3 and (k.unknown or (k.strong and not k.common_first)) and not k.medical:
                firsts.setdefault(name, f.end)
        elif len(name) > 3 and name[1:].islower() and not k.medical and plain(name) not in GENERIC:
            firsts.setdefault(name, f.end if k.common_first or k.word else 0)
    for t in words if firsts else ():
        if t.start >= firsts.get(t.text, t.end) and (not t.kind.word or not begins_sentence(text, t.start)):
            yield Found(t.start, t.end, "FACILITY", "name:told-again")
    for whole in {text[f.start : f.end] for f in found if f.type == "FACILITY"} if "(" in text else ():
        letters = "".join(w[0] for w in TOKEN.findall(whole) if w[0].isupper())
        at = text.find(f"({letters})") if len(letters) > 1 and letters.lower() not in NO_INITIALS else -1
        if at >= 0:
            yield Found(at + 1, at + 1 + len(letters), "FACILITY", "name:told-again")
    low = lowered(text) if wholes else ""
    for whole in wholes:
        at = low.find(whole)
        while at >= 0:
            yield Found(at, at + len(whole), "FACILITY", "name:told-again")
            at = low.find(whole, at + 1)


# What is measured by a method that has the name of a town too: ``Simpson EF 38``.
_MEASURED = re.compile(r"\s[A-Z]{2,3}\s\d{1,3}\b(?!-\d)")


# Noun of what is called after a town, and what is smoked of a brand that is called after one.
_TOWN_THING = re.compile(r"\s(?:Diet|Stain|Procedure|Score|Scale|Criteria|Classification|Protocol|Study|Trial)\b")
_SMOKED = re.compile(r"\b(?:day|ppd|packs?|cigarettes)\s(?:of\s)?\Z", re.IGNORECASE)


def _called_after_town(text: str, part: list[Token]) -> bool:
    """Whether a town's name is that of a thing: ``the Osgard Diet``, ``a pack a day of Osgard``."""
    if _TOWN_THING.match(text, part[-1].end):
        return True
    return _SMOKED.search(text, max(0, part[0].start - 14), part[0].start) is not None


# What is taken, held or used, and a noun behind a town's name that it is none of.
_TAKEN = re.compile(
    r"\b(?:eats?|drinks?|smokes?d?|wears|drives|takes?|taking|uses?|using|tried|trial of|start(?:ed)?|per|on) \Z",
    re.IGNORECASE,
)
_NOUN_BEHIND = re.compile(r" (?P<w>[A-Z]?[a-z]{3,})\b(?! [A-Z][a-z])")


def _names_a_thing(text: str, token: Token) -> bool:
    """Whether what stands around a town's name that nothing brings tells that a thing is called so."""
    if of_thing(text, token.end) or _MEASURED.match(text, token.end) or of_list(text, token.start, token.end):
        return True
    if "/" in (text[token.start - 1 : token.start], text[token.end : token.end + 1]):
        return True
    behind = _NOUN_BEHIND.match(text, token.end)
    if behind is not None and kind(behind["w"]).medical and not kind(behind["w"]).last:
        return True
    return _TAKEN.search(text, max(0, token.start - 10), token.start) is not None


_COMMA_NAME = re.compile(
    rf",\s+(?:[A-Z]{{2}}\b|(?:{'|'.join(s.title() for s in sorted(lexicon.STATES | lexicon.COUNTRIES))})\b)"
)


def _is_place(text: str, part: list[Token]) -> bool:
    led = _CITY_LEAD.search(text, max(0, part[0].start - 40), part[0].start)
    if not led and (STAGED.match(text, part[-1].end) or RESULTED.match(text, part[-1].end)):
        return False
    if not led and text[part[-1].end : part[-1].end + 1] == ":":
        return False  # a rule or a heading: ``Ottawa: lateral malleolus``
    trailed = _CITY_TRAIL.match(text, part[-1].end)
    comma = _COMMA_NAME.match(text, part[-1].end, part[-1].end + 24)
    if len(part) > 1:
        plainly = all(t.kind.word or plain(t.text) in PLAIN for t in part)
        return not plainly or bool(led or trailed or comma)
    only = part[0].kind
    brought = trailed or comma or (led and led.group().strip().lower() not in ("the", "our"))
    if plain(part[0].text) in PLAIN or ((only.eponym or only.medical) and not brought):
        return False
    if not brought and _names_a_thing(text, part[0]):
        return False
    if not led and a_sentence(text, part[0].start, part[0].end):
        return False
    if only.word:
        return bool((led and led.group().strip().lower() not in ("the", "our", "of", "to", "at")) or trailed) and (
            only.last or not only.everyday
        )
    return not only.common_first or bool(led or trailed)
