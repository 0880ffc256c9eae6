"""A text read once for all that look for names in it: its words, where hints stand, and the things of medicine.

With it the grammar that people and places share: titles, credentials, kin, labels, and words that are never a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import regex

from chartline.deid.text import lexicon
from chartline.deid.text.hints import Hints, Place, Places, alternatives, by_letter, literals, lowered, windows
from chartline.deid.text.lexicon import Kind, kind, plain

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*(?:-[^\W\d_]+(?:['’][^\W\d_]+)*)*")
# Words that bring a person, each an alternative of the pattern made of them; hints are made of them too.
EVERY_TITLE = alternatives(
    r"Dr|Drs|Mr|Mrs|Ms|Mx|Miss|Prof|Doctor|Professor|Nurse|Sister|Rev|Reverend|Pastor|Rabbi|Father|Sgt|SGT|Cpl|CPL|Pvt|PFC|SPC|Lt|LT|Maj|MAJ|Cmdr|CDR|Capt|CPT|Ofc|Officer|Det|Detective|Dep|Deputy|Trp|Trooper|Judge|Atty|Attorney|Bro|Imam|Chaplain|Chap(?=\.)|Bishop|Sheikh|Auntie|Aunty|Tia|Tio|Dra|Srta|Preacher|Deacon|Hon|Sir|Dame|Madam|NP|PA|RN|LPN|LVN|CNA|CNM|CRNA|APRN|MD|DDS|DMD|LCSW|MSW|SLP|PharmD|RDH|PTA|COTA|EMT|PHN|PCT|CRC|CHW|IBCLC|RRT|HHA|PSW|Coach|Elder|Minister|Priest|Marshal|Constable|Sergeant|Lieutenant|Colonel|Corporal|Captain|Commander|Chief|Warden|Mayor|Dean|Senator|Attending|Resident|Señor|Sra|Sr|Fr(?<!\d ?Fr)(?=\.)|BB|BG"
)
TITLES = rf"(?:{'|'.join(EVERY_TITLE)})"
SHORT = r"(?:(?<!\b(?:MD|NP|PA|RN|LPN|LVN|CNA|CNM|CRNA|APRN|DDS|DMD|LCSW|PharmD|RDH|COTA|RRT|SLP|MSW|PTA|EMT|(?i:father|sister|nurse|doctor|officer|detective|deputy|judge|attending|resident|elder|minister|priest|marshal|constable|sergeant|lieutenant|colonel|corporal|captain|commander|chief|warden|mayor|dean|senator)))\.)?"
"""The stop behind a title; behind an office in capitals, and behind a word that is none cut short, it ends a sentence."""
SEEN = r"Thunder|Horses?|Dog|Bear|Eagle|Elk|Bulls?|Cloud|Hawk|Wolf|Feathers?|Bird|Crow|Buffalo|Shield|Moon|Fox|Deer|Lightning|Owl|Weasel|Antelope|Arrow|Bonnet"
"""What surnames of two words tell: ``Spotted Elk``."""
CREDENTIALS = r"(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-C)?|Ph\.?D|D\.?D\.?S|D\.?M\.?D|LPN|LVN|CNA|CRNA|CNM|DNP|FNP(?:-C|-BC)?|APRN|ARNP|MSN|BSN|MSW|LCSW|LMSW|LMFT|LPC|PharmD|RPh|DPT|PT|OTR(?:/L)?|SLP|RD|RDN|PsyD|MBBS|FACP|FACS|FACC|Jr|Sr|II|III|IV|Esq|MPH|CCC-SLP|RT|MA|DC|DPM|OD|CNS|ACNP|AGNP|RDH|CGC|CMA|COTA|PTA|RRT|CRT|LICSW|LISW|BCBA|IBCLC|ATC|EMT(?:-[PB])?|FAAP|FACEP|CCRN|CDCES|CDE|RPSGT|CPhT|LMHC|LCPC|LPCC|LCDC|CADC|LSW|CPNP|RNFA|FRCP|FRCS|FRCR|FCAP|FAAN|FAAD|FACR|FACOG|NRP|LSN|CHT|OCS|CTRS|RVT|RDMS|RDCS|CRRN|CWOCN|WOCN|OCN|CEN|CHPN|(?:PMHNP|WHNP|AGACNP|PNP|NNP)(?:-BC)?|CNP|AuD|BCPS|CSFA|CST|RCIS|EdD|QMHP|ABPP|Au\.D)\b\.?"
EVERY_KIN = alternatives(
    r"godmother|godfather|godson|goddaughter|granny|mommy|momma|mama|daddy|papa|bro|sis|housemate|cellmate|buddy|son|ex|dtr|dau|gma|gpa|hubby|husb|bf|gf|auntie|nana|MGM|MGF|PGM|PGF|FOC|MOC|sib|daughter|wife|husband|mother|father|mom|dad|brother|sister|partner|spouse|aunt|uncle|friend|roommate|caregiver|guardian|neighbou?r|fianc[eé]e?|cousin|niece|nephew|(?:grand|step)(?:mother|father|son|daughter|child|ma|pa|dad|mom)|girlfriend|boyfriend|widow|sibling|twin|relative|contact|next of kin|NOK|FOB|MOB|POA|HCP|proxy|sig(?:nificant)? other|landlord|sibling|grandparents?|employer|boss|coworker|nanny|babysitter|teacher|coach|parents?|companion|interpreter|advocate|son[ \-]in[ \-]law|daughter[ \-]in[ \-]law|dtr[ \-]in[ \-]law|dau[ \-]in[ \-]law|mother[ \-]in[ \-]law|mom[ \-]in[ \-]law|father[ \-]in[ \-]law|dad[ \-]in[ \-]law|brother[ \-]in[ \-]law|bro[ \-]in[ \-]law|sister[ \-]in[ \-]law|sis[ \-]in[ \-]law|hijo|hija|esposo|esposa|hermano|hermana|abuelo|abuela|nieto|nieta|primo|prima|sobrino|sobrina|suegro|suegra|cuñado|cuñada|vecino|vecina|novio|novia|nuera|yerno|comadre|compadre|tío|tía|madrina|padrino|abuelit[ao]"
)
KIN = rf"(?:{'|'.join(EVERY_KIN)})"
EVERY_LABEL = alternatives(
    r"patient(?: (?:name|label|sticker))?|pt(?: name)?|name|full name|first name|last name|surname|given name|maiden name|alias|aka|a\.k\.a\.|preferred name|pref name|pref\. name|goes by|known as|called|named|provider|attending|endoscopist|dr\.?|rn|lpn|lvn|cna|np|crna|sw|cm|rd|fellow|hyg|hygienist|judge|assistant|asst|md|technologist|circulator|scrub|first assist|physician|surgeon|nurse|author|signed|dictated|referring|consultant|PCP|primary care|cc|dear|attn|attention|to|from|re|regarding|client|resident|student|proband|caller|crew|preop|consult|dict|copy|anesth|anes|surg|circ|attg|notary|member(?: name)?|subscriber|guarantor|informant|contact|emergency contact|therapist|counselor|pharmacist|technician|case manager|social worker|anesthesiologist|radiologist|pathologist|oncologist|cardiologist|neurologist|psychiatrist|pediatrician|dentist|recipient|requester|recorder|operator|staff|att|neph|interp|sitter|driver|ordering|requesting|performing|reading|read|escort|accepting|coordinator|clinician|examiner|interviewer|witness|relative|spoke with|discussed with|per|thank you|sincerely|regards|by|ref|submitting|prosector|tech|scorer|presenter|adjuster|supervisor|doula|chaperone|ride|cosigner|req|sig|signature|sign-?out|signout|hand-?off|auth|authorizing|admitting|covering|clin|emergency|EC|notified|informed|supervising|preceptor|collected|accessioned|grossed|typed|entered|transcribed|witnessed|cosigned|double check|responsible party|power of attorney|decision maker|pick-?up|PI|GAL"
)
LABELS = rf"(?:{'|'.join(EVERY_LABEL)})"
FORM = regex.compile(r"(?:Dr|Drs|Mr|Mrs|Ms|Mx|Miss|Prof)\b", regex.IGNORECASE)
PARTICLES = frozenset(
    """
    de la van von der den del della di da dos das du le bin ibn bint binti ben bat wa abu al el ter ten y e st mc mac af av
    ap zu dela delos los las viuda vda
    """.split()
)
LED_BY = "van|von|de|del|della|di|da|du|la|le|ten|der|den"
"""Particles that stand before a last name in small letters."""
SYLLABLES = regex.compile(
    r"(?!(?i:re|pre|post|non|mid|anti|follow|co|self|low|in|on|over|two|one|up|well|de|un|sub)-)\p{Lu}\p{Ll}{1,4}-\p{L}\p{Ll}{1,5}"
)
"""A given name of two syllables, as Koreans and Chinese write it: ``Mi-ra``."""
# Capitalised words that carry no name: headings, sections, sentence starts.
PLAIN = (
    frozenset(
        """
    warmly patient patients pt name names mr mrs ms miss dr doctor nurse provider attending physician surgeon history
    physical exam examination assessment plan chief complaint diagnosis diagnoses medications medication allergies
    allergy social family review systems vital vitals signs labs lab imaging impression recommendations discharge
    admission admitted progress note notes summary report consult consultation procedure procedures operative follow
    followup return visit encounter date dob mrn ssn age sex gender male female phone fax email address emergency
    contact insurance plan member account record chart the a an and or of for with without to in on at by from this
    that these those she he they her his their it its we our i you your is was are were be been has have had do does
    did will would can could should may might must not no yes please new old current prior past present previous
    next last first second third left right bilateral upper lower total partial acute chronic severe mild moderate
    stable normal abnormal positive negative monday tuesday wednesday thursday friday saturday sunday january
    february march april may june july august september october november december today tomorrow yesterday morning
    evening afternoon night day week month year birth born seen signed reviewed dictated transcribed hospital clinic
    center medical health care unit room ward bed floor department division service team office facility urgent call
    callback home work cell mobile state county city street avenue road drive zip code status type class grade stage
    level score test result results blood urine stool sputum culture panel count rate pressure heart lung liver
    kidney brain chest abdomen pelvis back neck head spine skin muscle bone joint eye ear nose throat mouth english
    spanish french american african asian hispanic caucasian white black latino latina latin native danish swedish
    norwegian finnish dutch german italian greek polish russian ukrainian czech hungarian romanian bulgarian serbian
    croatian bosnian albanian turkish armenian arabic hebrew persian farsi pashto urdu hindi punjabi bengali tamil
    telugu gujarati nepali chinese mandarin cantonese japanese korean vietnamese thai lao khmer hmong burmese tagalog
    filipino samoan tongan hawaiian somali amharic tigrinya swahili yoruba igbo hausa haitian creole cuban mexican
    portuguese brazilian irish scottish welsh british canadian australian indian pakistani egyptian ethiopian nigerian
    navajo cherokee lakota kichwa quechua nahuatl mixteco oromo dari burmese kinyarwanda lingala wolof medicare medicaid veterans
    affairs united states best latest what which when where why how if as but also then than so such any all each
    every some most more less many treatment management guidelines therapy options protocol advise appropriate
    recommended standard evidence review search called died dies res asst dept attg ashkenazi sephardic jewish nota
    enfermeria paciente fecha edad diagnostico motivo antecedentes alergias medicamentos historia direccion telefono cita
    tratamiento dispo pgy records vit subj inj syp tab tabs att vac vacs freq pod mon tues wed thurs fri fr muslim buddhist hindu sikh protestant
    """.split()
    )
    | frozenset(
        # Greetings and what people say with an apostrophe, as they stand in letters and in talk that is written down.
        """
    dear hi hello hey okay yeah yep nope thanks thank oh um uh gosh bye goodbye im ive ill id youre youve youll hes shes
    thats whats theres heres lets theyre theyve theyll weve dont didnt doesnt cant wont isnt wasnt arent couldnt wouldnt
    shouldnt havent hasnt
    """.split()
    )
    | frozenset(
        # Short forms and headings of clinical writing.
        """
    e-mail emails my me us re via med meds rec recs mrn acct appt tx rx hx dx sx fx cx bx pmh psh fh sh ros hpi cc ap sincerely respectfully cordially regards signed max ok
    ortho neuro cards renal heme onc endo pulm psych peds gyn optho ophtho rheum derm tele anesthesia radiology triage
    handoff shift bed wound prev thx abd tel neurosurg nsurg vasc micu sicu tsicu cvicu ctsicu stepdown diet fall neg pos hold gbs npo prn bid tid qid iv im po sq nc ra vs vss ct mri xr us ekg ecg
    ems icu ccu picu nicu pacu or ed er hr rr bp spo temp dd dt dos doa edd lmp fob gcs esi npi dea upin vin tag ext
    crew caller proband overnight student notary preop postop attn subject run route intake scanned client clients dec deceased decd
    ssn dcfs cps aps fbi pd am pm cont continued none nil denies reports status post home room air alert oriented
    human homeroom loc referring oob dnr dni rtc rtw ltg stg poc wfl ntd ctm nka nkda scd scds ngt ett cvl pcn bmt ocp gfr cbt dbt nsr cpr
    """.split()
    )
    | frozenset(
        # What claims and explanations of benefit call their amounts and parties: displays of the HL7 code systems
        # adjudication, payeetype and C4BBAdjudication.
        """
    submitted amount allowed paid copay copayment coinsurance deductible eligible noncovered covered unallocated
    benefit benefits charge charges claim claims payer payee payment subscriber beneficiary liability discount
    reimbursed reimbursement denied preauthorization adjudication
    """.split()
    )
)
EVERY_ROLE = alternatives(
    r"nurse|midwife|doula|therapist|counsel?lor|psychologist|psychiatrist|\w+ologist|p(?:a)?ediatrician|obstetrician|surgeon"
    r"|attending|resident|intern|fellow|hospitalist|intensivist|PCP|PMD|PGY-?\d|aide|landlord|landlady|(?:case|social)\s?worker|worker"
    r"|manager|officer|detective|deputy|trooper|sheriff|paramedic|EMT|pharmacist|pharmD|chaplain|pastor|coach|interpreter|sitter"
    r"|coordinator|rep|scribe|technician|dentist|attorney|lawyer|principal|supervisor|assistant|provider|practitioner|physician"
    r"|donor|recipient|informant|witness|bystander|passenger|coord|rep|liaison|adjuster|adj|adv|ped|nephro|cards|onc|rheum|derm|uro|neuro|ortho|endo|GI|proceduralist|cashier|clerk|registrar|volunteer|inmate|detainee|offender|enrollee|counsel|sender|driver|owner|dispatcher|agent|peer|camper|athlete|investigator|prosector|sonographer|tech|phlebotomist|requestor|author|student|boss|instructor|trainer|sponsor|stylist|crew|caller|notary|proband|subscriber|dieti[ct]ian|prescriber|examiner|evaluator|reviewer|operator|collector|promotora|nutritionist|hygienist|baby (?:girl|boy)|(?:twin|baby) [AB]|asst|supv|mgr|director|administrator|dispatch|histotech|cytotech|anes|anesthetist|orderly|secretary|receptionist|scheduler|biller|navigator|ombudsman|preceptor|custodian|janitor|medic|interp|translator|mentor|tutor|MW|on-?call|child life|vol|member|beneficiary|insured|policyholder|trustee|guardian ad litem|conservator|execut(?:or|rix)|payee|magistrate|prosecutor|defender|solicitor|coroner|mortician|undertaker|claimant|applicant|plaintiff|defendant|petitioner|respondent|complainant|victim|employee|visitor|caretaker|surrogate|superintendent|commissioner|perfusionist|orthotist|prosthetist|podiatrist|optometrist|chiropractor|osteopath|naturopath|acupuncturist|masseu(?:r|se)|esthetician|transporter|extern|trainee|handyman|underwriter|auditor|paraprofessional|headmaster|councilm[ae]n|councilwoman|nocturnist|laborist|surgicalist|internist|homemaker"
)
ROLES = rf"(?:{'|'.join(EVERY_ROLE)})"
_EPONYM_NOUNS = by_letter(
    alternatives(
        r"disease|syndrome|sign|test|maneuver|manoeuvre|criteria|score|scale|index|classification|palsy|phenomenon"
        r"|cyst|lymphoma|sarcoma|tumou?r|thyroiditis|esophagus|oesophagus|ulcers?|fracture|dystrophy|chorea|ataxia|encephalopathy"
        r"|contracture|nodes?|nodules?|spots?|lines?|bodies|body|cells?|stain|catheter|procedure|operation|repair|fundoplication"
        r"|pouch|drain|tube|reflex|response|triad|tetralogy|law|formula|equation|rule|rules|method|technique|position|incision"
        r"|anemia|anaemia|purpura|vasculitis|arteritis|disorder|dementia|psychosis|angina|hernia|diverticul\w+|ligament|tendon"
        r"|canals?|ducts?|spaces?|triangle|fossa|tubercle|ampulla|sphincter|foramen|gland|glands|fascia|membrane|circle|area|aphasia|amnesia|paralysis|neuralgia|neuroma|deformity|malformation"
        r"|anomaly|complex|virus|fever|rash|lesions?|plaques?|crisis|attack|seizures?|epilepsy|monitor|exam|smear|count|grade|stage"
        r"|scoring|screen|screening|inventory|questionnaire|assessment|protocol|regimen|splint|brace|boot|bandage|wrap|solution"
        r"|thyrotoxicosis|nephropathy|retinopathy|neuropathy|arthropathy|osteotomy|arthroplasty|stage|probability|prediction|risk(?:\s+score)?|heart\s+study"
        r"|anonymous|respiration|respirations|breathing|pattern|murmur|waves?|block|arrhythmia|tachycardia|in\s+situ|arch|class|clamps?|retractors?|forceps|scissors|rongeurs?|trocars?|speculum|views?"
    )
)
EPONYM_NOUN = regex.compile(_EPONYM_NOUNS)
_EPONYM = regex.compile(
    rf"\b[A-Z][\w'’]+(?:[\s\-–/]+(?:and\s+)?[A-Z][\w'’]+){{0,3}}(?:['’]s?)?[\s\-]+(?i:{_EPONYM_NOUNS})\b|\b(?:Ma?c)?[A-Z][a-z]+['’]s\b(?=[\s\-]+[a-z])",
    0,
)
# Parts of the body that are called after somebody, and the name.
_PARTS = (
    "circle|sphincter|foramen|foramina|ligament|triangle|ampulla|canal|duct|ducts|crypt|crypts|islet|islets|loop|bundle|valve"
    "|valves|gland|glands|pouch|angle|fissure|space|tubercle|fascia|plexus|artery|vein|band|bands|zone|layer|organ"
)
_PART_OF = regex.compile(rf"(?i:{_PARTS})\s+of\s+\p{{Lu}}\p{{L}}+")
# Things called after people or towns by two words, which no noun need follow.
_THINGS_OF_NAMES = [
    *(
        "braxton hicks",
        "mary joseph",
        "ann arbor",
        "mifflin-st jeor",
        "mifflin st jeor",
        "mifflin-st. jeor",
        "argyll robertson",
        "savi scout",
        *(
            "roche cobas",
            "cobas e",
            "beckman coulter",
            "beckman au",
            "saint louis enceph",
            "st. louis enceph",
            "st louis enceph",
            "timothy grass",
            "timothy ig",
            "camila 0",
        ),
        *("sydney system", "sydney class", "jamestown canyon", "ehrlich u", "bethesda unit", "todd unit", "jo-1"),
        *(
            f"{of} {told}"
            for of in ("duffy", "kidd", "lewis", "kell")
            for told in ("null", "neg", "pos", "antigen", "pheno")
        ),
        *(f"{of} {a} {told}" for of in ("duffy", "kidd", "lewis") for a in "ab" for told in ("neg", "pos", "antigen")),
        *("initial public health case report", "public health case report"),
        "west haven crit",
        "west haven grade",
        "west haven enceph",
        "modified duke",
        "montreal a1",
        "montreal a2",
        "montreal a3",
        "montreal class",
        "le fort",
        "le fort i",
        "le fort ii",
        "le fort iii",
    ),
    *(
        "tyrer-cuzick",
        "kleine-levin",
        "klein-levin",
        "hailey-hailey",
        "joel-cohen",
        "schmitt-thompson",
        "palmer point",
        "palmer's point",
        "kaplan line",
        "gail model",
        "jewett brace",
        "tlso jewett",
        "gonio shaffer",
        "austin moore",
        "endo ice",
        "crystal light",
        "jehovah's witness",
        "jehovah’s witness",
        "jehovah's witnesses",
        "christian faith",
        "christian church",
        "christian science",
    ),
    *(
        "bacterial flora",
        "bowel flora",
        "commensal flora",
        "enteric flora",
        "fecal flora",
        "genital flora",
        "gut flora",
    ),
    *("intestinal flora", "mixed flora", "normal flora", "oral flora", "oropharyngeal flora", "respiratory flora"),
    *("skin flora", "urogenital flora", "usual flora", "vaginal flora", "flora absent"),
    *("austin flint", "graham steell", "ramsay hunt", "marcus gunn", "bence jones", "brown-sequard", "brown-séquard"),
    *(
        "charles bonnet",
        "montreal cognitive",
        "cleveland clinic score",
        "foster kennedy",
        "jackson pratt",
        "jackson-pratt",
        "lou gehrig",
        "harris-benedict",
        "harris benedict",
    ),
    *("hoehn and yahr", "hoehn & yahr", "lund and browder", "lund-browder", "kellgren lawrence", "kellgren-lawrence"),
    *("salter harris", "salter-harris", "gustilo anderson", "gustilo-anderson", "rancho los amigos", "blalock-taussig"),
    *(
        "blalock taussig",
        "st. louis encephalitis",
        "st louis encephalitis",
        "la crosse encephalitis",
        "stevens johnson",
    ),
    *("stevens-johnson", "miami j", "robin hood", "sengstaken-blakemore", "montevideo unit"),
    *("mueller-hinton", "jebsen-taylor", "jebsen taylor", "allen cognitive"),
    *("stanley-brown", "kirby-bauer", "weil-felix", "wong-baker", "wong baker", "hunt-hess", "hunt and hess", "rey-o"),
    *("stanford-binet", "stanford binet", "woodcock-johnson", "halstead-reitan", "hardy-rand", "fugl-meyer"),
    *("san francisco syncope", "salem sump", "mayo stand", "king airway", "king lt", "jackson table", "wilson frame"),
    *("hester davis", "johns hopkins fall", "humpty dumpty", "young mania", "passy muir", "ivor lewis", "yale-brown"),
    *("montgomery-asberg", "barnes akathisia", "simpson-angus", "bush-francis", "ages and stages", "mayo elbow"),
    *("roles-maudsley", "roles maudsley", "merle d'aubigne", "merle d’aubigne", "hawkins-kennedy", "roland-morris"),
    *(
        "factor v leiden",
        "ryan white",
        "bair hugger",
        "le fort",
        "johnson and johnson",
        "johnson & johnson",
        "puerto rican",
        "st. john wort",
        "st john wort",
        "thomas splint",
        "hare traction",
        "burch-wartofsky",
        "holliday-segar",
        "glasgow-blatchford",
        "boston naming",
    ),
]
# Drinks, foods and shows called after people, which nobody is.
_GOODS_OF_NAMES = [
    *(
        "jack russell",
        "jack daniel",
        "jim beam",
        "johnnie walker",
        "jose cuervo",
        "captain morgan",
        "bud light",
        "mrs. dash",
    ),
    *(
        "mrs dash",
        "aunt jemima",
        "uncle ben's",
        "uncle ben’s",
        "dr pepper",
        "dr. pepper",
        "ben & jerry",
        "ben and jerry",
    ),
    *("little debbie", "betty crocker", "marie callender", "judge judy", "dr scholl"),
    *(
        "dr. scholl",
        "dr phil",
        "dr. phil",
        "mr clean",
        "mr. clean",
        "papa john",
        "jimmy john",
        "famous amos",
        "sara stedy",
    ),
    *("trader joe", "mr. rogers", "mr rogers", "mister rogers", "jack in the box"),
]
# Parts of a body and pictures of it, of words that are also names and places: ``into Central Vein``.
_VESSELS_AND_IMAGES = [
    *("superior vena cava", "inferior vena cava", "central vein", "peripheral vein", "central artery"),
    *("peripheral artery", "magnetic resonance imaging", "computed tomography imaging", "transcranial doppler"),
]
CREDENTIAL = regex.compile(rf"{CREDENTIALS}")
# What somebody is by trade, up to where several words of it are alike.
_OCCUPIED = """
    accountant analyst apprentice architect assembler baker barber barista bartender bookkeeper brakeman butcher
    cadet carpenter cashier chef clerk conductor consultant cook copywriter crossing custodian deckhand designer
    developer dishwasher dispatcher driver editor electrician engineer fabricator farmhand firefighter fisherman
    flight foreman groundskeeper guard housekeeper inspector instructor janitor journalist librarian lineman loader
    longshoreman machinist manager mason mechanic millwright miner nurse operator packer painter paralegal pilot
    plumber porter professor programmer realtor receptionist recruiter reporter researcher roofer sales salesman
    scientist seamstress secretary server steward stocker stylist supervisor surveyor tailor teacher technician
    teller trucker usher waiter waitress welder writer producer pipefitter lifeguard musician organist sorter picker
    handler rancher bailiff translator lecturer
    """.split()
# Words that a rule needs, and without which it is not tried.
TERRAIN = (
    "springs|hollow|falls|beach|heights|hills|valley|creek|ridge|grove|lake|harbor|bay|island|junction|landing|crossing|rapids|prairie|mountain|bluffs?|cove"
    "|shores|river|bridge|mesa|canyon|flats|ferry|plains|city|fork|corners"
)
"""Words that end the name of a town."""
_HINTS = Hints(
    {
        "title": literals(EVERY_TITLE),
        "form": "mr mrs ms dr miss doctor pt patient client resident named".split(),
        "patient": "pt patient client resident infant child".split(),
        "called": "called dating named nicknamed goes known prefers alias aka nickname rep agent supervisor caseworker dr mr ms".split(),
        "label": [*literals([w for w in EVERY_LABEL if not w.startswith("a\\.")]), "a.k.a"],
        "kin": """
            son dtr dau gma gpa hubby husb bf gf auntie nana mgm mgf pgm pgf foc moc sib ex daughter wife husband mother father mom dad brother sister partner spouse aunt uncle friend roommate
            caregiver guardian neighb fianc cousin niece nephew grand step girlfriend boyfriend widow sibling twin
            relative contact next nok poa proxy employer boss coworker nanny babysitter teacher coach parent
            companion interpreter advocate godmother godfather godson goddaughter granny momma mama papa bro sis housemate cellmate buddy hijo hija esposo esposa hermano hermana abuelo abuela nieto nieta primo prima sobrino
            sobrina suegro suegra cuñado cuñada vecino vecina novio novia nuera yerno comadre compadre tío tía madrina padrino abuelit
            """.split(),
        "kinfolk": """
            sons daughters children kids brothers sisters parents twins siblings sibs nieces nephews cousins aunts uncles friends
            roommates dtrs grand step
            """.split(),
        "field": "last first middle maiden given family name surname".split(),
        "is to": ["'ll have ", "’ll have ", "will have ", "to have "],
        "talk": ["it's", "it’s", "its", "this is", "i'm", "i’m", "i am", "my name"],
        "seen": [*literals(alternatives(SEEN)), "rope"],
        "farewell": """
            signed your thanks thank thx tysm ty regards best cheers sincerely warmly yours take respectfully cordially love
            """.split(),
        "credential": """
            md m.d do d.o rn r.n np n.p pa p.a ph.d phd d.d.s dd.s d.ds dds d.m.d dm.d d.md dmd lpn lvn cna crna cnm
            dnp fnp aprn arnp msn bsn msw lcsw lmsw lmft lpc pharmd rph dpt pt otr slp rd rdn psyd mbbs facp facs
            facc jr sr ii iii iv esq mph ccc rt ma dc dpm od cns acnp agnp rdh cgc cma cota pta rrt crt licsw lisw bcba
            ibclc atc emt faap facep ccrn cdces cde rpsgt cpht lmhc lcpc lpcc lcdc cadc lsw cpnp rnfa frcp frcs frcr fcap faan faad facr facog nrp lsn cht ocs ctrs rvt rdms rdcs crrn cwocn
            wocn ocn cen chpn pmhnp whnp agacnp pnp nnp cnp aud bcps csfa cst rcis edd qmhp
            """.split(),
        "lives": [
            *"""
            drove drive driving lives living resides residing resident native mov born raised grew hometown relocat formerly travel city
            near outside flies flying town vill: village brgy barangay taluk tahsil mandal: commutes place birthplace vive from trip flew vacation immigrated emigrated visit sent transferred
            """.split(),
            "home is",
        ],
        "facility": [
            *"""
            regional vna outreach rheumatology hematology podiatry chiropractic orthodontics endodontics periodontics
            optometry midwifery nails tire hospital hosp health deaconess general presbyterian methodist baptist adventist lutheran clinic med health nursing rehab
            pediatrics orthop dermatology cardiology oncology neurology urology radiology endocrinology
            gastroenterology nephrology psychiatry surgery dental dentistry ophthalmology eye internal family primary
            women children urgent ambulatory day surgical cancer heart imaging diagnostic institute infirmary sanat
            sanit memorial pharmacy dialysis laborator labs physicians associates university college academy
            elementary middle high school church temple synagogue mosque assisted senior independent care convalescent
            retirement memory wellness treatment recovery birth community practice correctional detention prison jail
            shelter va cboc campus trauma specialists specialty sports pain sleep fertility inc llc corp company industries
            manufacturing logistics foods construction consulting enterprises preschool daycare montessori kindergarten
            head police fire sheriff public nursery manor villa bank credit hotel motel casino restaurant diner
            supermarket hardware roofing plumbing electric trucking landscaping auto steel iron water law realty farm
            supply drug movement disorders learning consultant snf alf ltach reference spine cemetery crematory donor
            courthouse superior district svc social legal human protective police sheriff ems derm gastro
            ortho cardio peds uro neuro dme rx drugstore apothecary dispensary salon grill caf bakery brewery motors warehouse
            house village haven pines acres fire fd pd mart garage apartments apts towers cycles
            foundation legion vfw ymca ywca group sober halfway pathology dermatopathology transport freight airline railroad
            turnpike bottling brewing packing meats poultry mining energy chemical pharmaceuticals insurance mutual llp
            innovations convent motherhouse monastery rectory stadium arena coliseum theater theatre library museum tavern pub
            saloon lanes cinema club orchard greenhouse kennel stables quarry sawmill refinery mine depot hatchery cannery
            distillery speedway elem intermediate dental center centre lifeflight medflight airflight careflight
            kidney midwives assoc gym fitness inn suites resort soldiers veterans ltd plc gardens terrace estates commons pointe
            airport winery ranch transit lumber furniture towing shipyard foundry technologies systems solutions partners
            allergy pulmonary vascular spine eyecare counseling behavioral surgeons obstetrics ob gynecology home hall lodge er ed
            uc therapy vision audiology kidney group rheum nephro pulm ent
            teleradiology paving pathologists radiologists anesthesiologists prosthetics orthotics fsed residential alliance symphony orchestra
            breast stroke burn vein endoscopy infusion wound diabetes transplant autism arthritis laser hearing birthing
            maternity crisis cardiovascular digestive hand foot asthma drug drugs
            authority ambulette paratransit medivan poison colony trust chapel commissary tabernacle cathedral gurdwara juvenile tribal probate visiting
            dairy mills brothers bros sons mission ministries mortuary funeral parenthood son daughters co
            """.split(),
            *(f"{what} flight" for what in "life med air care".split()),
            *("early learning", "outpatient pavilion", "& son", "& co", "& daughters", "& bro"),
        ],
        "brings": [
            *"""
            accepted admitted agency agreeable alum appointment appt attend bed born call called ceo
            chair church classes college commode congregation counseling coursework cpap d/c day daycare
            dc declined degree delivered detox dialyzes diploma discharge dme done drive drives driving
            dropped employ enrolled establish evaluated expelled facility fired followed founder
            freshman given goes grad grade graduated hd hired hospitali imaging infused inpt intern
            intubated iop job junior lab laid lives ltac o2 occupation osh outside owner owns oxygen
            packet parish partner pharmacy php preschool picked placed placement president re-establish records
            reestablish refer rehab resident residential resides respite retired rw school scoped screen
            seen senior sent shelter site snf sophomore stabilized stay staying stays stented student
            supplier supplies surgery taught teaches trabaja transfer transport transportation treated
            union university vaccinated vendor vna volunteers wheelchair work workplace
            """.split(),
            *(
                "admit to",
                "admit at",
                "pharm:",
                "jail:",
                "hospice:",
                "hospice w",
                "hh:",
                "hh w",
                "funeral home:",
                "for choosing",
            ),
            *(
                "body released",
                "remains released",
                "code 1",
                "code 2",
                "code 3",
                "lifeflight",
                "life flight",
                "denied by",
            ),
            "resettled by",
            *(
                f"{done} by"
                for done in "managed operated flown delivered transcribed supplied serviced processed".split()
            ),
            *_OCCUPIED,
            *"bib f/b infusion: vessel: roi tour chose quit member custody dispo choice plays ride transport: camp: hhc: booked cruise ship:".split(),
            *("rn at", "rn @", "lpn at", "cna at", "emt at", "ems from", "checked out", "signed out"),
            *(
                "back to",
                "tx to",
                "tx from",
                "txd to",
                "body to",
                "backtransfer",
                "waitlist",
                "wait-list",
                "pt through",
            ),
            *("home health through", "home care through", "hospice through", "hha through", "hhc through"),
            *(
                "picks",
                "selected",
                "prior admi",
                "previous admi",
                "past admi",
                "prior psych",
                "prior hosp",
                "prior treat",
            ),
            *("previous hosp", "past hosp", "previous treat", "past treat", "prior detox", "prior rehab", "prior inpt"),
            *("family wants", "family prefers", "family likes"),
            *("pt of", "pt at", "patient of", "patient at", "patient @", "pt @"),
            *("home w", "home health w", "services by", "services from", "services via", "services thr"),
            *("care at", "care @", "program at", "program @", "therapy at", "therapy @"),
            *("visit at", "visit @", "visits at", "visits @", "evaluation at", "eval at"),
            *(f"{ward} {at}" for ward in ("nicu", "picu", "icu", "cath lab") for at in "at @".split()),
            *("eval @", "known to", "group home", "hospital bed", "meals from", "meals via"),
            *("meals thr", "meals by", "walker from", "walker via", "walker thr", "inpatient at"),
            *("outpatient at", "equipment from", "equipment via", "equipment thr", "equipment by"),
        ],
        "head": """
            shelter day preschool school church hospice group sober funeral mortuary detox iop php vna hha hhc hh dme snf alf ltac
            hd dialysis dialyzes jail camp gym ems biba pharmacy methadone lodging hotel motel respite placement resides
            lives stays staying stayed housed stationed enrolled graduated freshman sophomore junior volunteers shops dispo fh:
            prior admit hospitalized 1st 2nd 3rd first second third ride travels delivers welds cleans
            sells cooks runs hauls roofs paints sent ref refer return rx script send slides auth applied applying foster
            starting f/u rehab transport report record eye tissue organ food milk dispatched trial study burial cremation mosque masjid
            synagogue parish congregation casino kindergarten prek pre-k prison incarcerated detained dropped ged hearing lwbs roi osh bartends
            manages landscapes contractor works bowls rides bus walks bikes insured hosp snf facility bed 4th 5th 6th 7th 8th 9th 10th 11th 12th
            """.split(),
        "admits": [
            *"""
            bed beds reviewing capacity network take admit accept accepted declined deliver staff admissions intake liaison faxed
            requests requested requesting waitlist wait-list
            """.split(),
            *("wait list", "no longer", "out of stock"),
            *(f"{does} {what}" for does in ("drops", "brings") for what in ("meals", "groceries", "supplies")),
            *(f"confirmed {what}" for what in ("receipt", "delivery", "bed", "appt")),
        ],
        "occupied": _OCCUPIED,
        "retired": ["retired", "former"],
        "noun": """
            school camp rig transport ambulance lab dme vna snf ltac irf alf osh pharmacy detox iop php dialysis hospice shelter daycare preschool masjid mosque sober labs
            church parish facility hospitali agency rehab group freshman sophomore
            """.split()
        + [f"{place} (" for place in "work job workplace bakery restaurant shop store gym temple".split()],
        "bracketed": """
            (alf (snf (ltac (irf (ipr (acute (subacute (rehab (psych (hosp (nursing (group (shelter (dial (school (employer
            (pharm (hospice (agency (dme (vna
            """.split(),
        "at": "at @ from past near thru outside behind into".split(),
        "of where": [
            f"{what} of"
            for what in """
            care center centre service services assoc assoc. associates association sisters brothers daughters society league
            council surgery imaging retina kidney specialists physicians partners pediatrics friends diocese order
            """.split()
        ],
        "emergency": ["ed", "er"],
        "placed": [
            *"""
            institution facility practice clinic hospital servicing performing ordering sending receiving submitting location site dest origin campus
            """.split(),
            *("dental home", "medical home", "referring facility", "delivery site"),
        ],
        "went": "en route enroute uber lab clinic hospital brought taken went going airlifted flown xfer faxed f/u fax join roi presented drove transported volunteer".split(),
        "new": [
            f"{word} "
            for word in "new port west east north south lake mount mt mt. fort ft ft. san santa el los las saint".split()
        ],
        "terrain": literals(alternatives(TERRAIN)),
        "kind": """
            pharmacy hospital elementary high middle nursing clinic parish church mall funeral daycare school police warehouse courthouse
            snf (snf alf (alf ltac apartment apt parking trailer motel hotel casino preschool campground jail prison shelter temple synagogue
            academy college university factory plant truck bus depot mosque gym hospice softball soccer football basketball
            baseball hockey volleyball lacrosse scholarship alum grad student employee worker
            """.split()
        + [
            f"{of} cent"
            for of in "care rehab medical surgery dialysis imaging wellness recovery treatment garden health infusion cancer birth community senior".split()
        ],
        "saint": ["st", "saint"],
        "chain": """
            cvs walgreens rite walmart wal-mart kroger publix costco safeway wegmans heb h-e-b hy-vee giant food harris duane
            shoprite albertsons winn-dixie sam stop meijer fred king ralphs vons hannaford ingles
            """.split(),
        "of": """
            jewish catholic lutheran presbyterian episcopal adventist islamic mennonite
            university college hospital hospice church temple city planned children first second our upmc kaiser intermountain
            adventhealth bon sutter ascension dignity mercy trinity providence banner hca atrium novant sanford baptist
            methodist holy sacred good blessed little uss usns uscgc f/v m/v camp fort nas vfw joint st visiting vna vns ymca ywca boys ssm chi peacehealth vamc cboc clínica clinica klinikum policl ospedale hôpital hopital sanatorio
            """.split(),
        "system": [
            "u of",
            *"""
            johns mayo cleveland cedar kaiser nyu uc up un ua ut uv um ui oh mu mg bi bw ch hu ny ms uw mass brigham
            beth dana memorial sloan md m.d mount mt stanford duke emory vanderbilt geisinger intermountain scripps
            providence sentara ochsner northwell montefiore barnes henry baylor houston tufts lahey northwestern penn
            jefferson temple yale hackensack novant wakemed moffitt city fred roswell boston texas nationwide seattle
            children new
            """.split(),
        ],
        "company": lexicon.CARE_COMPANIES,
        "union": lexicon.UNIONS,
        "lodge": lexicon.LODGES,
        "team": lexicon.TEAMS,
        "greek": [f"{letter} " for letter in lexicon.GREEK],
        "eponym": """
            's ’s disease syndrome sign test maneuver manoeuvre criteria score scale index class palsy phenomenon cyst
            lymphoma sarcoma tumo thyroiditis esophagus oesophagus ulcer fracture dystrophy chorea ataxia
            encephalopathy contracture nod spot line bod cell stain catheter procedure operation repair fundoplication
            pouch drain tube reflex response triad tetralogy law formula equation rule method technique position
            incision anemia anaemia purpura vasculitis arteritis disorder dementia psychosis angina hernia diverticul
            ligament tendon canal duct space triangle fossa tubercle ampulla sphincter foramen gland fascia membrane circle area aphasia amnesia paralysis neur deformity
            malformation anomaly complex virus fever rash lesion plaque crisis attack seizure epilepsy monitor exam
            smear count grade stage scor screen inventory questionnaire assessment protocol regimen splint brace boot
            bandage wrap solution thyrotoxicosis nephropathy retinopathy arthropathy osteotomy arthroplasty
            probability prediction risk heart respiration breathing pattern murmur wave block arrhythmia tachycardia
            arch anonymous point clamp retractor forceps scissors rongeur trocar speculum view
            """.split(),
        "part": [f"{part} of" for part in _PARTS.split("|")],
        "in situ": ["in situ"],
        "of things": [
            *(
                f"{what}:"
                for what in """
                implant implants pacer pacemaker leads generator prosthesis components suture sutures instruments hardware
                lens stent graft valve mask masks formula feeds vaccines immunizations dressing dressings diet allergies etoh
                tob tobacco scales tests psh casts vent
                """.split()
            ),
            "surgical history:",
        ],
        "thing": _THINGS_OF_NAMES + _GOODS_OF_NAMES + _VESSELS_AND_IMAGES,
    }
)


class Token(NamedTuple):
    """A word with its place, its writing (capitalised, upper, initial, lower) and what the lists say of it."""

    text: str
    start: int
    end: int
    shape: str
    kind: Kind


class Reading(NamedTuple):
    """A text with what its recognizers share: its words, where hints stand, and the things of medicine in it."""

    text: str
    words: list[Token]
    hints: dict[str, list[Place]]
    things: Places


def read(text: str) -> Reading:
    """A text made ready for ``find``."""
    hints = _HINTS.places(lowered(text))
    parts = [m.span() for m in opened(_PART_OF, text, hints, "part")]
    named = parts + hints.get("thing", []) + list(_lists_of_things(text, hints))
    named += _written_by_laboratories(text)
    things = Places(named + eponyms(text, hints.get("eponym", []) + hints.get("in situ", [])))
    return Reading(text, tokens(text), hints, things)


_HEMOGLOBINS = "(?:Lepore|Bart['’]?s?|Constant Spring|Kenya|K[oö]ln|Chesapeake|Kansas|Gun Hill|Hammersmith|Z[uü]rich|Seattle|Hasharon)"
_AMINO = "Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val"
# What laboratories write, each with letters that it holds: blood groups, serovars, antibodies, hemoglobins, fields of a
# microscope and strains; and a maker of valves.
_OF_LABORATORIES = [
    (sign, regex.compile(pattern))
    for sign, pattern in [
        ("St. Jude", r"(?<=\b(?i:valves?|MVR|AVR|PPM|ICD)\W{1,3})St\.[ ]Jude(?!\w)"),
        (" Rh", r"(?<![\p{L}\d])(?:AB|A|B|O)[ ]Rh(?![\p{L}])"),
        (
            "Salmonella ",
            r"(?<=\bSalmonella (?:enterica )?(?:(?:ser\.|sv\.|serovar|serotype) )?)(?!\p{L}+ (?:of|at|in|from)\b)"
            r"\p{Lu}\p{Ll}+(?:[ ]\p{Lu}\p{Ll}+)?(?!['’]s)",
        ),
        ("nti-", r"(?<!\p{L})[Aa]nti-\p{Lu}[\p{L}]{0,12}(?:[ ]Abs?\b)?(?!['’]s)"),
        *((f"{name} ", rf"\b{name}[ ]{_HEMOGLOBINS}\b") for name in ("Hgb", "Hb", "Hemoglobin", "hemoglobin")),
        *((field, rf"(?<=/[ ]?){field}s?\b") for field in ("HPF", "LPF", "hpf", "lpf")),
        *((f"{flu}/", rf"(?<=\b{flu}/)(?:\p{{Lu}}[\p{{L}} ]{{2,24}}(?=/\d)|(?:Yamagata|Victoria)\b)") for flu in "AB"),
    ]
]
_VARIED = re.compile(r"[A-Z][a-z]{2}(?=\d)")
_VARIANT = re.compile(rf"(?<![A-Za-z])(?:{_AMINO})\d{{1,5}}(?:{_AMINO}|Ter|fs|del|dup|ins|[A-Z=*](?![A-Za-z\d]))")


def _written_by_laboratories(text: str) -> Iterator[Place]:
    for sign, pattern in _OF_LABORATORIES:
        if sign in text:
            yield from (m.span() for m in pattern.finditer(text))
    yield from (m.span() for m in _VARIED.finditer(text) if _VARIANT.match(text, m.start()))


# What brings a person or a place into a list of things.
_BRINGS = regex.compile(
    rf"\b(?i:per|by|from|with|w|at|on|to|in|Drs?|Mrs?|Ms|M\.?D|RN|{KIN})\b|@|\bc/o\b",
)
_ITEMS_END = re.compile(r"[.;\n](?!\S)")
_LONGEST_LIST = 240


def _lists_of_things(text: str, hints: dict[str, list[Place]]) -> Iterator[Place]:
    """Lists behind a heading of things, ``Implants: Osgard Tarn, ...``, into which nothing brings a person or a place."""
    for start, end in hints.get("of things", ()):
        stop = _ITEMS_END.search(text, end, end + _LONGEST_LIST)
        close = stop.start() if stop else min(len(text), end + _LONGEST_LIST)
        if "," in text[end:close] and not _BRINGS.search(text, end, close):
            yield start, close


def tokens(text: str) -> list[Token]:
    """The words of a text."""
    found = []
    for m in TOKEN.finditer(text):
        start, end = m.span()
        word = text[start:end]
        shape, told = _judge(word)
        found.append(_token(Token, (word, start, end, shape, told)))
    return found


_token = tuple.__new__  # a NamedTuple's own is Python, a fifth of what the words of a note cost


@lru_cache(maxsize=1 << 16)
def _judge(word: str) -> tuple[str, Kind]:
    return shape_of(word), kind(word)


_ARTICLE = regex.compile(r"(?:al|el|an|ar|as|ash|at|az|ad)[-’']\p{Lu}.+")


def shape_of(word: str) -> str:
    """How a word is written: ``initial``, ``upper``, ``capital`` or ``lower``."""
    if len(word) == 1:
        return "initial" if word.isupper() else "lower"
    if word.isupper():
        return "upper"
    return "capital" if word[0].isupper() or (not word.isalpha() and _ARTICLE.fullmatch(word)) else "lower"


def opened(
    pattern: regex.Pattern[str], text: str, hints: dict[str, list[Place]], hint: str, *, capital: bool = False
) -> Iterator[regex.Match[str]]:
    """Matches that begin where a hint stands; ``capital`` tells that all of them begin with a capital."""
    for start, _ in hints.get(hint, ()):
        if capital and not text[start].isupper():
            continue
        match = pattern.match(text, start)
        if match is not None:
            yield match


_CAPITAL = regex.compile(r"[A-Z][\w]+")
# Nouns that only a thing of medicine takes: whoever stands before them gave it the name.
_SCORE = regex.compile(
    r"\s(?:reflex|sign|score|scale|index|criteria|classification|phenomenon|triad|maneuver|risk|heart\s+study|syndrome|murmur)$"
)
# What a surgeon holds.
_TOOL = regex.compile(r"\s(?:clamps?|retractors?|forceps|scissors|rongeurs?|trocars?|speculum)$")
_VIEW = re.compile(r"\sviews?$")
# Behind which a thing in capitals is a place.
_AT_PLACE = re.compile(r"\b(?:at|from) \Z")
_BEFORE_VIEW = re.compile(r"\b(?:[Aa]n?|[Tt]he)\s\Z")
_INSTRUMENT = regex.compile(
    r"\s(?:Test|Scale|Score|Index|Screen|Screening|Inventory|Questionnaire|Assessment|Battery|Exam|Criteria)$"
)
# Parts of the body that nobody owns.
_PART = regex.compile(
    r"['’]s\s(?i:space|triangle|fossa|tubercle|ampulla|sphincter|foramen|fascia|pouch|ligament|duct|point)$"
)
_OF_DISEASE = regex.compile(r"['’]s?\s(?:disease|syndrome)$")
_KIN_BEFORE = regex.compile(rf"\b(?i:{KIN})\s$")
_OF_KIN = regex.compile(rf"(?<=['’]s)\s(?i:{KIN})\b")
_TITLED_BEFORE = regex.compile(rf"(?:\b(?i:{TITLES})\.?|\b[A-Z]\.)\s+$")


def eponyms(text: str, nouns: list[Place]) -> list[Place]:
    """Places where a capitalised word names a thing of medicine, not a person or a town; ``nouns`` tell where to look."""
    places = []
    near = windows((n for n in nouns if capital_before(text, n[0])), 72, 24)
    for m in (m for a, b in near for m in _EPONYM.finditer(text, word_start(text, a), b)):
        words = [w for w in _CAPITAL.findall(m.group()) if plain(w) != "and"]
        if _TITLED_BEFORE.search(text, max(0, m.start() - 12), m.start()) or _OF_KIN.match(text, m.end()):
            continue
        if _INSTRUMENT.search(m.group()) and any(map(_word_only, words[1:])):
            places.append(m.span())
            continue
        viewed = _VIEW.search(m.group()) and _BEFORE_VIEW.search(text, max(0, m.start() - 4), m.start())
        told = viewed or _SCORE.search(m.group()) or _PART.search(m.group()) or _TOOL.search(m.group())
        if (len(words) == 1 and told) or m.group().endswith("Anonymous"):
            places.append(m.span())
            continue
        if len(words) == 2 and kind(words[0]).first and kind(words[1]).eponym and _OF_DISEASE.search(m.group()):
            places.append(m.span())
            continue
        if words and m.group().endswith(("'s", "’s")):
            only = kind(words[0])
            kin = only.first and _KIN_BEFORE.search(text, max(0, m.start() - 16), m.start())
            if only.eponym or (only.word and not only.common_first and not kin):
                places.append(m.span())
        elif words and all(kind(w).eponym or kind(w).word for w in words) and not _is_where(text, m, words):
            places.append(m.span())
    return places


def _is_where(text: str, m: regex.Match[str], words: list[str]) -> bool:
    """Whether a thing in capitals stands where a place does: ``at Osgard View``."""
    led = len(words) > 1 and m.group()[-1].islower() and _AT_PLACE.search(text, max(0, m.start() - 5), m.start())
    return bool(led)


_SENTENCE_BEGUN = re.compile(r"(?:[.!?:]\s{1,2}|\n)\Z")


def begins_sentence(text: str, at: int) -> bool:
    """Whether a sentence, a line or what stands behind a label begins at a place."""
    return at == 0 or _SENTENCE_BEGUN.search(text, max(0, at - 3), at) is not None


def capital_before(text: str, at: int) -> bool:
    """Whether the word before a noun of medicine begins with a capital; what owns a thing stands for itself."""
    if text[at] in "'’":
        return True
    end = at
    while end and (text[end - 1].isspace() or text[end - 1] == "-"):
        end -= 1
    start = end
    while start and (text[start - 1].isalnum() or text[start - 1] in "'’_"):
        start -= 1
    return start < end and text[start].isupper()


def _word_only(word: str) -> bool:
    """Whether a word is no name."""
    found = kind(word)
    return found.word and not (found.first or found.last)


def word_start(text: str, at: int) -> int:
    """The start of the word at a place, so that no rule begins inside of it."""
    while at and not text[at - 1].isspace():
        at -= 1
    return at


KIN_WORD = regex.compile(rf"(?i:(?:ex-)?{KIN})")
ROLE_WORD = regex.compile(rf"(?i:{ROLES})")
NOUN = regex.compile(
    r"[ -](?P<w>[a-z]{3,})\b|\s\+(?=[\s.,;)]|$)|[ \t]+[+\-]?(?!(?:(?:[01]\d|2[0-3])[0-5]\d|19\d\d)\b)\d+(?:/\d+)?\b(?!\s?(?:y|mo|wk|day|M\b|F\b)|[\-.]\d{4}\b)|\s(?P<genus>[a-z]{3,}(?:ae|is|us|um|ans|ii|oides|ensis|cus|ens))\b"
)
_NOT_NOUN = frozenset(
    """
    and the for with was has had who will can may did does from into over than that this when while but not are were his
    her she him they per via also now then once came come came goes went said says told asked seen here there presents
    presented presenting reports reported reporting denies denied states stated complains complained complaining lives
    lived appears feels felt returns returned remains takes took works worked smokes drinks uses used underwent called
    needs wants wanted agrees agreed describes described continues continued arrived arrives admits declined declines
    tolerated tolerates received receives ambulated denying aged born about after again already before being both been
    because during until since without within under upon still only just very well today yesterday tomorrow tonight
    every some most back down even ever never always usually twice daily weekly nightly whether above below between through
    against around behind beyond near having done made gone going take taken taking given think keep helps helping visits
    visiting staying cleans assists handles signs sits whom them your next last first other another same different early
    late later away alone thanks paged notified updated informed contacted aware stable unstable asleep awake alert calm tearful
    crying feeding eating walking sitting standing resting sleeping doing fine okay better worse improved improving sick ill
    pregnant ready upset angry sad happy anxious agitated confused quiet pleasant cooperative fell slipped tripped vomited
    seized coughed choked slept ate drank bathed showered ambulated ambulates transferred refused refuses consented signed
    drove flew quit latched fed nursing admitted discharged
    """.split()
)


def of_thing(text: str, end: int) -> bool:
    """Whether a capitalised word stands before a noun of medicine or a number: ``Penrose drain``, ``Berg 41/56``."""
    m = NOUN.match(text, end)
    if m is None:
        return False
    word = m.group("w")
    return word is None or (word not in _NOT_NOUN and (kind(word).medical or word in THINGS))


# A word that a list goes on from, and to.
_LISTED_BEFORE = regex.compile(r"(?P<w>\p{L}[\p{L}'’\-]+),\s\Z")
_LISTED_AFTER = regex.compile(r",\s(?P<w>\p{Lu}[\p{L}'’\-]+)")
# What parts a list from the sentences around it, its items, and how many of them are things in one of things.
_LIST_ENDS = re.compile(r"[.:;\n](?!\S)")
_ITEM = regex.compile(r"(?:\A|[,/])\s?(?P<w>\p{Lu}[\p{L}'’\-]+)")
_LIST_REACH = 120
_THINGS_OF_LIST = 3
_GOES_ON_LIST = frozenset({",", "/", ".", " ", ""})


def of_list(text: str, start: int, end: int) -> bool:
    """Whether a list of things of medicine goes on with a place: ``Allis, Babcock, Kelly, Kocher``."""
    listed = text[max(0, start - 2) : start] == ", "
    if not listed and text[start - 1 : start] != "/" and text[end : end + 1] not in (",", "/"):
        return False
    before = _LISTED_BEFORE.search(text, max(0, start - 24), start) if listed else None
    if before is not None and _a_thing(before["w"]):
        after = _LISTED_AFTER.match(text, end)
        if after is None or kind(after["w"]).eponym or kind(after["w"]).medical:
            return True
    low, high = max(0, start - _LIST_REACH), end + _LIST_REACH
    if (
        text[end : end + 1] not in _GOES_ON_LIST
        or text.count(",", low, high) + text.count("/", low, high) < _THINGS_OF_LIST
    ):
        return False
    opens = [m.end() for m in _LIST_ENDS.finditer(text, low, start)]
    closes = _LIST_ENDS.search(text, end, high)
    run = text[opens[-1] if opens else low : closes.start() if closes else high]
    surely = (
        _a_thing(m["w"]) and not kind(m["w"]).surname for m in _ITEM.finditer(run.strip())
    )  # ``Turner`` may be here
    return sum(surely) >= _THINGS_OF_LIST


def _a_thing(word: str) -> bool:
    """Whether a word with a capital is of a thing of medicine."""
    found = kind(word)
    return found.eponym or (found.medical and word[0].isupper())


# The stops around a word that is all of a sentence, with more of them in the line.
_ENDS_BEFORE = re.compile(r"[.!?] +\Z")
_ENDS_BEHIND = re.compile(r"\. +(?=\S)")


def a_sentence(text: str, start: int, end: int) -> bool:
    """Whether a word is all of a sentence within a line, as in a list of findings."""
    return _ENDS_BEHIND.match(text, end) is not None and _ENDS_BEFORE.search(text, max(0, start - 3), start) is not None


THINGS = frozenset(
    """
    drain hump squeeze scissors protocol clamp forceps retractor cautery scale score grade sign test criteria index
    exam maneuver position fracture lesion procedure repair method stain strips stocking stockings wrap diet trial
    study method line tube bag hook blade needle suture technique formula equation regimen virus fever spotted
    chromosome collar dressing dressings guideline guidelines brace treadmill sleepiness pos neg equivocal downgoing upgoing rule rules cell cells bodies nodes spots ring rings phenomenon law contractions protein screw
    sump stand tray frame table stirrups blade airway cuff headrest angle bend forward compression rods casts pouch loop stent graft pump lift brace sutures pulley respirations lines
    """.split()
)
# A stage, class or grade: whoever stands before it gave a scale the name.
STAGED = regex.compile(r"\s+(?:stage|class|grade|type|score|[IVX]+[A-Ea-e]?(?!\w|\.\w)|[A-D]?\d[a-d]?)\b")
# A result of a test, which is not said of a person or a town.
RESULTED = regex.compile(
    r"\s+(?:(?:tests?|sign|was|were|is)\s+){0,2}(?:negative|positive|neg|pos|equivocal|absent)\b(?!\s+for)"
)
# A Roman number behind one word grades a thing; behind two it may count generations.
GRADED = regex.compile(r"\s(?:I{1,3}|IV|V)[A-Ca-c]?(?!\w|\.\w)")
# How often or how much is taken of what stands before it: ``T. Osgard-AM 1 OD``, ``Osgard 1-0-1``.
DOSED = re.compile(
    r"\s(?:[A-Z]{0,2}\d[\d./\-]*\s?)?(?:mg|mcg|ml|mL|g|OD|BD|BID|TDS|TID|QID|QDS|HS|SOS)\b|\s\d\s?-\s?\d\s?-\s?\d\b"
)
# Letters that stand for who works or is related, for treatment or for finding, where a sentence begins or after a patient.
NO_INITIALS = frozenset(
    """
    cnp rn np pa md do pt ot st sw cm rt rd ms ma aa ta tx rx hx dx sx fx bx po iv im sq sc pr pv bid tid qid prn hs qd qod qhs ac
    pc npo moc foc mgm mgf pgm pgf so bf gf ed er or icu ccu ems mom dad lpn lvn cna emt slp crna aprn pcp mds drs cc hpi
    ros ap ua us ct mri mr xr cxr ekg ecg bp hr rr vs wt ht bmi inr bun cr wbc hgb hct plt na cl ca mg ph gi gu gyn ob ent
    neuro ortho id hem onc endo psy ir nm mso dvt pe mi cad chf htn dm cva tia copd uti uri aki ckd esrd hiv hcv tb ms als
    sob doe cp ha n v nv nvd abd wnl nad rrr ctab ok yes no aox ao a&o ama dc d/c fu f/u w/ wo s/p sp los loc gcs nih
    hpf hpfs lpf lpfs tntc rh hep ltac ltach irf alf sar fall neg pos lab labs rec recs via per the and for but not was his her she him who all day sat sun mon tue wed thu fri
    jan feb mar apr may jun jul aug sep oct nov dec min max avg tab cap inj gtt mwf tts tths
    tte tee eeg emg ncv ncs cta mra mrcp ercp egd pft pfts dexa dxa kub cbc bmp cmp lfts tsh psa bnp uds utox upt ppd rpr esr crp
    ee asa hcg afp cea nst bpp afi abg vbg hus ucx bcx sm ad
    """.split()
)
# What stands for a name in an example.
PLACEHOLDER = regex.compile(
    r"(?:[Dd]r|[Mm]rs?|[Mm]s)?\.?\s?(?:XYZ|ABCD?|X+|Y{2,}|Z{2,}|(?<=(?i:dr|mrs?|ms)\.?\s)[YZ]|(?i:sample|dummy|test))(?:['’]s)?"
)
