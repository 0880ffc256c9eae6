"""People, facilities and places: runs of capitalised words judged by the word lists and by what stands around them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import regex

from chartline.deid.text import lexicon
from chartline.deid.text.hints import Hints, Place, Places, literals, lowered, windows
from chartline.deid.text.lexicon import Kind, kind, plain
from chartline.deid.text.spans import Found

_TIMEOUT = 5.0
TOKEN = regex.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*(?:-[^\W\d_]+(?:['’][^\W\d_]+)*)*")
_TITLES = r"(?:Dr|Drs|Mr|Mrs|Ms|Mx|Miss|Prof|Doctor|Professor|Nurse|Sister|Rev|Reverend|Pastor|Rabbi|Father|Sgt|SGT|Cpl|CPL|Pvt|PFC|SPC|Lt|LT|Maj|MAJ|Cmdr|CDR|Capt|CPT|Ofc|Officer|Det|Detective|Dep|Deputy|Trp|Trooper|Judge|Atty|Attorney|Bro|Imam|Chaplain|Auntie|Aunty|Tia|Tio|Dra|Srta|Preacher|Deacon|Hon|Sir|Dame|Madam|NP|PA|RN|LPN|LVN|CNA|CNM|CRNA|APRN|DDS|DMD|LCSW|MSW|SLP|PharmD|RDH|PTA|COTA|EMT|PHN|Attending|Resident|Señor|Sra|Sr)"
_CREDENTIALS = r"(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-C)?|Ph\.?D|D\.?D\.?S|D\.?M\.?D|LPN|LVN|CNA|CRNA|CNM|DNP|FNP(?:-C|-BC)?|APRN|ARNP|MSN|BSN|MSW|LCSW|LMSW|LMFT|LPC|PharmD|RPh|DPT|PT|OTR(?:/L)?|SLP|RD|RDN|PsyD|MBBS|FACP|FACS|FACC|Jr|Sr|II|III|IV|Esq|MPH|CCC-SLP|RT|MA|DC|DPM|OD|CNS|ACNP|AGNP|RDH|CGC|CMA|COTA|PTA|RRT|CRT|LICSW|LISW|BCBA|IBCLC|ATC|EMT(?:-[PB])?|FAAP|FACEP|CCRN|CDCES|CDE|RPSGT|CPhT|LMHC|LCPC|LPCC|LCDC|CADC|LSW|CTRS|RVT|RDMS|RDCS|CRRN|CWOCN|WOCN|OCN|CEN|CHPN|(?:PMHNP|WHNP|AGACNP|PNP|NNP)(?:-BC)?|CNP|AuD|BCPS|CSFA|EdD|QMHP)\b\.?"
_KIN = r"(?:son|ex|dtr|dau|gma|gpa|hubby|bf|gf|auntie|nana|MGM|MGF|PGM|PGF|FOC|MOC|sib|daughter|wife|husband|mother|father|mom|dad|brother|sister|partner|spouse|aunt|uncle|friend|roommate|caregiver|guardian|neighbou?r|fianc[eé]e?|cousin|niece|nephew|(?:grand|step)(?:mother|father|son|daughter|child|ma|pa|dad|mom)|girlfriend|boyfriend|widow|sibling|twin|relative|contact|next of kin|NOK|FOB|MOB|POA|HCP|proxy|sig(?:nificant)? other|landlord|sibling|grandparents?|employer|boss|coworker|nanny|babysitter|teacher|coach|parents?|companion|interpreter|advocate|daughter-in-law|son-in-law|mother-in-law|father-in-law)"
_LABELS = r"(?:patient(?: name)?|pt(?: name)?|name|full name|first name|last name|surname|given name|maiden name|alias|aka|a\.k\.a\.|preferred name|goes by|known as|called|named|provider|attending|physician|surgeon|nurse|author|signed(?: by)?|electronically signed by|dictated by|transcribed by|reviewed by|seen by|ordered by|referred by|referring|consultant|PCP|primary care|cc|dear|attn|attention|to|from|re|regarding|client|resident|student|proband|caller|crew|preop|notary|member|subscriber|guarantor|informant|contact|emergency contact|therapist|counselor|pharmacist|technician|case manager|social worker|anesthesiologist|radiologist|pathologist|oncologist|cardiologist|neurologist|psychiatrist|pediatrician|dentist|recipient|requester|coordinator|clinician|examiner|interviewer|witness|relative|spoke with|discussed with|per|thank you|sincerely|regards|by)"
_FORM = regex.compile(r"(?:Dr|Drs|Mr|Mrs|Ms|Mx|Miss|Prof)\b", regex.IGNORECASE)
PARTICLES = frozenset(
    """
    de la van von der den del della di da dos das du le bin ibn bint binti ben bat wa abu al el ter ten y e st mc mac af av
    ap zu dela delos los las viuda vda
    """.split()
)
# Capitalised words that carry no name: headings, sections, sentence starts.
PLAIN = (
    frozenset(
        """
    patient patients pt name names mr mrs ms miss dr doctor nurse provider attending physician surgeon history
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
    navajo cherokee lakota medicare medicaid veterans
    affairs united states best latest what which when where why how if as but also then than so such any all each
    every some most more less many treatment management guidelines therapy options protocol advise appropriate
    recommended standard evidence review search called
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
    e-mail emails my me us re via med meds rec recs mrn acct appt tx rx hx dx sx fx cx bx pmh psh fh sh ros hpi cc ap sincerely regards signed max ok
    ortho neuro cards renal heme onc endo pulm psych peds gyn optho ophtho rheum derm tele anesthesia radiology triage
    handoff shift bed wound diet fall neg pos hold gbs npo prn bid tid qid iv im po sq nc ra vs vss ct mri xr us ekg ecg
    ems icu ccu picu nicu pacu or ed er hr rr bp spo temp dd dt dos doa edd lmp fob gcs esi npi dea upin vin tag ext
    crew caller proband overnight student notary preop postop attn subject run
    ssn dcfs cps aps fbi pd am pm cont continued none nil denies reports status post home room air alert oriented
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
_ROLES = (
    r"(?:nurse|midwife|doula|therapist|counsel?lor|psychologist|psychiatrist|\w+ologist|p(?:a)?ediatrician|obstetrician|surgeon"
    r"|attending|resident|intern|fellow|hospitalist|intensivist|PCP|PGY-?\d|aide|landlord|landlady|(?:case|social)\s?worker|worker"
    r"|manager|officer|detective|deputy|trooper|sheriff|paramedic|EMT|pharmacist|pharmD|chaplain|pastor|coach|interpreter|sitter"
    r"|coordinator|rep|scribe|technician|dentist|attorney|lawyer|principal|supervisor|assistant|provider|practitioner|physician"
    r"|donor|recipient|informant|witness|bystander|passenger|coord|rep|liaison|adjuster|adj|adv|ped|nephro|cards|onc|rheum|derm|uro|neuro|ortho|endo|GI|proceduralist|cashier|clerk|registrar|volunteer|inmate|detainee|offender|enrollee|counsel|sender|driver|owner|dispatcher|prosector|sonographer|tech|phlebotomist|requestor|author|student|boss|instructor|trainer|sponsor|stylist|baby (?:girl|boy))"
)
_MEETS = (
    r"(?:(?:spoke|speak|spoken|met|meet|meets|talked|conferred|discussed|reviewed|consulted|conversation|visit|d/w|s/w|seen|lives|living|married)"
    r"\s+(?:with|w/?|to)|(?:seen|evaluated|followed|examined|signed|dictated|ordered|referred|accompanied|assisted|performed|placed|read|asked"
    r"|called|updated|written|interviewed|witnessed|staffed|prescribed|brought in|raised|requested|recommended|supervised|transcribed)"
    r"\s+by|(?:report|handoff|sign-?out|call|message|voicemail|letter|note|text|VM)\s+(?:from|to|for)|(?:paged|notified|informed|attn|d/w|s/w"
    r"|per|cc|thanks|thank you|sincerely|regards|dear|hi|hello|consult(?:ation)? (?:for|by)|care of|c/o|named after|children|kids|siblings|sons|daughters|moms|dads|mothers|fathers|sisters|brothers|grandparents|aunts|uncles|cousins|friends|roommates|born to|bedside|parents?))"
)
_EPONYM_NOUNS = (
    r"(?:['’]s?)?[\s\-]+(?i:disease|syndrome|sign|test|maneuver|manoeuvre|criteria|score|scale|index|classification|palsy|phenomenon"
    r"|cyst|lymphoma|sarcoma|tumou?r|thyroiditis|esophagus|oesophagus|ulcers?|fracture|dystrophy|chorea|ataxia|encephalopathy"
    r"|contracture|nodes?|nodules?|spots?|lines?|bodies|body|cells?|stain|catheter|procedure|operation|repair|fundoplication"
    r"|pouch|drain|tube|reflex|response|triad|tetralogy|law|formula|equation|rule|rules|method|technique|position|incision"
    r"|anemia|anaemia|purpura|vasculitis|arteritis|disorder|dementia|psychosis|angina|hernia|diverticul\w+|ligament|tendon"
    r"|canal|duct|gland|glands|fascia|membrane|circle|area|aphasia|amnesia|paralysis|neuralgia|neuroma|deformity|malformation"
    r"|anomaly|complex|virus|fever|rash|lesions?|plaques?|crisis|attack|seizures?|epilepsy|monitor|exam|smear|count|grade|stage"
    r"|scoring|screen|screening|inventory|questionnaire|assessment|protocol|regimen|splint|brace|boot|bandage|wrap|solution"
    r"|thyrotoxicosis|nephropathy|retinopathy|neuropathy|arthropathy|osteotomy|arthroplasty|stage|probability|prediction|risk(?:\s+score)?|heart\s+study"
    r"|respiration|respirations|breathing|pattern|murmur|waves?|block|arrhythmia|tachycardia|in\s+situ|arch|class)\b"
)
_EPONYM = regex.compile(
    rf"\b[A-Z][\w'’]+(?:[\s\-–/]+(?:and\s+)?[A-Z][\w'’]+){{0,3}}{_EPONYM_NOUNS}|\b[A-Z][a-z]+['’]s\b(?=[\s\-]+[a-z])", 0
)
# Parts of the body that are called after somebody, and the name.
_PARTS = (
    "circle|sphincter|foramen|foramina|ligament|triangle|ampulla|canal|duct|ducts|crypt|crypts|islet|islets|loop|bundle|valve"
    "|valves|gland|glands|pouch|angle|fissure|space|tubercle|fascia|plexus|artery|vein|band|bands|zone|layer|organ"
)
_PART_OF = regex.compile(rf"(?i:{_PARTS})\s+of\s+\p{{Lu}}\p{{L}}+")
_LEAD = regex.compile(
    rf"(?:(?i:\b{_TITLES})\.?|(?i:\b{_KIN})\s*[,:(\-–]?|(?i:\b{_ROLES})\s*[,:(\-–]?|(?i:\b{_MEETS})[:,]?"
    r"|(?i:\b(?:named|called|known as|goes by|name is|name:|calls (?:him|her)self)))\s*$"
)
# What follows a person and hardly anything else.
_AGED = regex.compile(
    r"\s*[,;(\[|-]?\s*(?:(?:is\s+)?(?:an?\s+)?(?:[\w\-]+\s+){0,2}?\d{1,3}[\s\-]?(?:y\.?/?o|yr|year|month|mo\b|m\.?o|week|wk|day)|(?i:DOB|D\.O\.B|MRN|M\.R\.N|med(?:ical)? rec|record (?:no|num|\#)|age[d]?\s*:?\s*\d|born\b|SSN|DOS\b|acct)|\d{1,3}\s?[MF]\b|[MF]\s?\d{1,3}\b)"
    r"|\s+[\[(]#?\s?[A-Z]{0,3}-?\d{4,}|\s+A\s?[&+]\s?O"
)
_KINFOLK = regex.compile(
    rf"\s*[,(]\s*(?i:(?:his|her|their|the|pt['’]?s?|patient['’]?s?)\s+)?(?i:{_KIN})\b|['’]s\s+(?i:{_KIN}|chart|parents|family|PCP|room)\b|\s+(?:and|&)\s+(?:his|her)\s+(?i:{_KIN})\b"
)
_SAYS = regex.compile(
    r",?\s+(?:also\s+|still\s+|now\s+)?(?:reports|reported|denies|denied|states|stated|endorses|endorsed|complains|complained|says|said|admits|agrees|agreed|verbali[sz]es|verbali[sz]ed|describes|described|declines|declined|wants|called|lives|smokes|drinks|works|refuses|refused|drove|visits|visited|texted|phoned|asked|asks|thinks|believes|hopes|walked|ate|slept|arrived|gave|voiced|voices|expressed|expresses|requested|requests|understands|understood|brought|stays|stayed|sleeps|eats|plays|loves|likes|enjoys|attends)\b"
)
_FACILITY_END = (
    r"(?:Hospitals?|Hosp\.?(?!\w)|Regional|VNA|Home\s+(?:Care|Health(?:\s?[Cc]are)?)|Outreach|Rheumatology|Hematology|Podiatry|Chiropractic|Orthodontics|Endodontics|Periodontics|Optometry|Midwifery|Nails|Tire|Health[Cc]ent(?:er|re)|Deaconess|Med(?=[\s,.;)])(?!\s+(?i:rec|list|h\b|hx|surg|c|refill|student|man))|General|Presbyterian|Methodist|Baptist|Adventist|Lutheran|Clinics?|Med(?:ical)?\.?\s+(?:Ctr|Center)\.?|Medical(?:\s+Pavilion)?(?=[\s,.;:?)]|$)(?!\s+(?i:rec|hist|prob|decision|assist|student|director|necess|manage|exam|staff|equip|device|illness))|Medical\s+(?:Center|Centre|Group|Associates|Clinic|Practice|Park|Office|Plaza|Arts)|Health(?:\s+(?:Center|Centre|System|Clinic|Network|Services|Department|Partners|Group|Plan|Care|Campus))?"
    r"|Healthcare(?:\s+(?:Center|System|Clinic|Network|Services|Partners|Group))?|Hospice|Nursing\s+(?:Home|Facility|Center|Center)|Rehab(?:ilitation)?(?:\s+(?:Center|Hospital|Clinic|Institute|Facility|Unit))?"
    r"|Pediatrics|Orthop(?:a)?edics|Dermatology|Cardiology|Oncology|Neurology|Urology|Radiology|Endocrinology|Gastroenterology|Nephrology|Psychiatry|Surgery|Dental|Dentistry|Ophthalmology|Eye\s+(?:Center|Clinic|Institute|Associates)|Internal\s+Medicine|Family\s+(?:Practice|Medicine|Health|Clinic|Care|Physicians)|Primary\s+Care|Women['’]?s\s+(?:Clinic|Health|Center|Hospital)|Children['’]?s(?:\s+(?:Hospital|Clinic|Center|Medical\s+Center))?"
    r"|Urgent\s+Care(?:\s+(?:Center|Clinic))?|(?:Ambulatory\s+|Day\s+)?Surgery\s+Center|Surgical\s+(?:Center|Associates)|Cancer\s+(?:Center|Institute|Clinic|Care)|Heart\s+(?:Center|Institute|Hospital|Clinic|Group)|Imaging(?:\s+Center)?|Diagnostics?(?:\s+Center)?|Institute|Infirmary|Sanatorium|Sanitarium|Memorial(?:\s+Hospital)?|Pharmacy|Dialysis(?:\s+(?:Center|Clinic|Unit))?|Laborator(?:y|ies)|Labs|Physicians|Associates"
    r"|University(?:\s+(?:Hospital|Medical\s+Center|Health|Clinic))?|College|Academy|(?:Elementary|Middle|High|Primary)\s+School|School|Church|Temple|Synagogue|Mosque|(?:Assisted|Senior|Independent)\s+Living(?:\s+\w+)?|Care\s+(?:Center|Centre|Home|Facility)|Convalescent(?:\s+(?:Home|Center|Hospital))?|Retirement\s+(?:Home|Community|Village)|Memory\s+Care|Wellness(?:\s+Center)?|Treatment\s+Center|Recovery\s+Center|Birth\s+Center|Community\s+Center|Practice|Hospitalists|Correctional\s+Facility|Detention\s+Center|Prison|Jail|Shelter|VA(?:\s+(?:Hospital|Medical\s+Center|Clinic))?|VAMC|Campus|Trauma\s+Center|Specialists|Specialty\s+(?:Clinic|Center)|Sports\s+Medicine|Pain\s+(?:Center|Clinic|Management|Institute)|Sleep\s+(?:Center|Clinic|Lab)|Fertility\s+(?:Center|Clinic)|Elementary|Preschool|Daycare|Montessori|Kindergarten|Head\s+Start|(?:Police|Fire|Sheriff['’]?s?)\s+(?:Department|Dept\.?|Office)|Public\s+Schools|School\s+District|Nursery|Manor|Villa|Bank|Credit\s+Union|Hotel|Motel|Casino|Restaurant|Diner|Supermarket|Hardware|Roofing|Plumbing|Electric|Trucking|Landscaping|Auto(?:motive)?(?:\s+(?:Body|Repair|Parts))?|(?:Steel|Iron|Water)\s+Works|Law\s+(?:Group|Firm|Offices?)|Realty|Farms?|Dairy|Mills|Brothers|Bros\.?|(?:&|and)\s+(?:Sons?|Daughters|Co(?:mpany)?)|Mission|Ministries|Mortuary|Funeral\s+Home|Parenthood|Courthouse|Superior\s+Court|District\s+Court|Svcs\.?(?!\w)|(?:Social|Legal|Family|Community|Human|Protective)\s+Services|Legal\s+Aid|Police|Sheriff|EMS|Ambulance|Derm|Gastro|Ortho|Cardio|Peds|Uro|Neuro|DME|Rx|Drugstore|Apothecary|Dispensary|Salon|Grill|Caf[eé]|Bakery|Brewery|Motors|Warehouse|Foundation|Legion|VFW|YMCA|YWCA|Senior\s+Center|Group\s+Home|Sober\s+Living|Halfway\s+House|Nursing|Dermatopathology|Pathology|Transport|Freight|Airlines?|Railroad|Turnpike\s+Authority|Bottling|Brewing|Packing|Meats|Poultry|Mining|Energy|Chemical|Pharmaceuticals|Insurance|Mutual|Inc|LLC|LLP|Corp(?:oration)?|Company|Industries|Manufacturing|Logistics|Foods|Construction|Consulting|Enterprises)"
)
_FACILITY = regex.compile(
    r"(?<![\w])(?P<prefix>(?:(?:St|Ste|Mt|Ft)\.?\s+|(?:[A-Z][\w'’\-]*|&)\s+(?:(?:of|and|the|for|de|la)\s+(?:the\s+)?(?=[A-Z]))?){1,6})"
    rf"(?P<end>(?:{_FACILITY_END})(?:\s+(?:{_FACILITY_END}|Center|Centre|System|Network|Group|Campus|Pavilion|Tower|Building))*)(?:\s+(?:of|at|in)\s+(?:the\s+)?[A-Z][\w'’\-]+(?:\s+[A-Z][\w'’\-]+){{0,2}})?(?![\w])(?:\s*,\s*(?:Inc|LLC|PC|PLLC|PA)\b\.?)?"
)
# Health systems whose names carry no such word; public knowledge, the best known ones of each region.
_SYSTEMS = regex.compile(
    r"\b(?:Johns\s+Hopkins(?:\s+(?:Hospital|Medicine|Bayview))?|Mayo\s+Clinic|Cleveland\s+Clinic|Cedars?[\s\-]Sinai(?:\s+Medical\s+Center)?|Kaiser(?:\s+Permanente)?"
    r"|NYU(?:\s+Langone)?|UCSF|UCLA|UCSD|UCI|UPMC|UNC|UAB|UTSW|UTMB|UVA|UMass|UIHC|OHSU|MUSC|MGH|BIDMC|BWH|CHOP|HUP|NYP|MSKCC|(?:U[WM]|UMD)[\s\-]?(?:Med(?:icine|ical)?|MC)|UWMC"
    r"|Mass(?:achusetts)?\s+General(?:\s+Brigham)?|Brigham(?:\s+(?:and|&)\s+Wom[ae]n['’]?s)?(?:\s+Hospital)?|Beth\s+Israel(?:\s+Deaconess)?|Dana[\s\-]Farber"
    r"|(?:Memorial\s+)?Sloan[\s\-]Kettering|M\.?D\.?\s+Anderson|M(?:ount|t\.?)\s+Sinai|Stanford(?:\s+(?:Health|Hospital|Medicine))?|Duke(?:\s+(?:Health|Hospital))?|Emory|Vanderbilt"
    r"|Geisinger|Intermountain|Scripps|Providence\s+(?:Health|Hospital)|Sentara|Ochsner|Northwell|Montefiore|Barnes[\s\-]Jewish|Henry\s+Ford|Baylor"
    r"|Houston\s+Methodist|Tufts|Lahey|Northwestern|Penn\s+Medicine|Jefferson\s+Health|Temple\s+Health|Yale[\s\-]New\s+Haven|Hackensack|Novant|WakeMed|Moffitt"
    r"|City\s+of\s+Hope|Fred\s+Hutch(?:inson)?|Roswell\s+Park|(?:Boston|Texas|Nationwide|Seattle)\s+Children['’]?s|Children['’]?s\s+National"
    r"|New\s?York[\s\-]Presbyterian|NY[\s\-]Presbyterian)\b"
    r"(?:\s+(?i:clinics?|hosp(?:ital)?|med(?:ical)?\.?\s+(?:center|ctr)|ER|ED|campus|office|health)\b)?"
)
_GENERIC = PLAIN | frozenset(
    """
    outpatient inpatient emergency intensive critical cardiac surgical pediatric psychiatric orthopedic neurology cardiology
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
    cigna aetna humana anthem pulmonary medicine renal hepatology infectious disease diseases endoscopy colorectal
    geriatric geriatrics lymphedema ostomy headache movement disorders continence osteoporosis arthritis ortho neuro
    office program services at in on by via per cc hx dx rx tx sx fx cx fu f u s p w o c re
    """.split()
)
_CITY_LEAD = regex.compile(
    r"(?i:\b(?:in|from|near|outside|around|to|of|at|city|town|village|resident of|native of|lives in|living in|moved to|based in|hometown|visiting|traveled to|residing in|born in|our|the))\s*:?\s*$"
)
_CITY_TRAIL = regex.compile(r"\s+(?i:office|branch|location|campus|clinic|hospital|site|facility)\b")
# What laboratories and wards print between a last and a first name: ``Smith RN, John``.
_OFFICES = "MD|DO|RN|NP|PA|LPN|RPh|MLS|MT|RT|CRT"
_LAST_FIRST = regex.compile(
    rf"(?<![\w,])(?P<last>(?:St\.\s)?[^\W\d_][\w'’\-]+(?:\s+(?:Jr|Sr|II|III|IV|{_OFFICES})\.?)?),[ \t]?(?P<first>[^\W\d_][\w'’\-]+)(?P<mid>(?:\s+[^\W\d_]\b\.?|\s+[A-Z][\w'’\-]+)?)"
)
_LABELLED = regex.compile(
    rf"(?i:\b{_LABELS})(?:\s*[:|=]\s*|\s+[\-–—]\s+|\t\s*|\s?(?:\.\s?){{2,}})(?P<v>[^\W\d_][^\n|;:()\[\]\d@/]{{1,48}})"
)
_LOWER_TITLED = regex.compile(
    r"(?i:\b(?:mr|mrs|ms|dr|miss|doctor)\b\.?)\s+(?P<v>[^\W\d_]['’\w\-]+(?:\s+[^\W\d_]['’\w\-]+)?)|(?i:\b(?:pt|patient|client|resident|named))\s+(?P<p>[a-z]['’\w\-]+\s+[a-z]['’\w\-]+|[a-z]['’\w\-]+)\b"
)
_CREDENTIAL = regex.compile(rf"{_CREDENTIALS}")
_CREDENTIAL_OF = regex.compile(rf"\b{_CREDENTIALS}\s+(?:of|at|from|with)\s+")
_GENERATION = frozenset({"II", "III", "IV", "MA", "RT", "PT", "DC", "OD"})  # also classes, grades and other things


# Words that a rule needs, and without which it is not tried.
_TITLED = regex.compile(
    rf"\b(?:{_TITLES})\b\.?\s+(?P<v>(?:[A-Z]\.\s?){{0,2}}[A-Z][\w'’\-]+(?:\s+(?:[A-Z]\.|(?:de|la|van|von|der|del)\s+[A-Z][\w'’\-]+|[A-Z][\w'’\-]+)){{0,3}})"
)
_ONE = r"(?P<n>(?:(?:van|von|de|del|della|di|ten|la|den|der)\s+){0,2}\p{Lu}[\p{L}'’\-]+(?:\s\p{Lu}[\p{L}'’\-]+)?)"
_DOCTORS = regex.compile(rf"\b(?:Drs|Doctors)\.?\s+{_ONE}(?:(?:\s*(?:,|/|&|\band\b)){{1,2}}\s*{_ONE}){{1,6}}")
_RELATED = regex.compile(
    rf"\b(?!(?i:ex)-)(?i:{_KIN})(?:\s*[,:(\-–]\s*|\s+(?:is\s+|named\s+|called\s+)?)(?P<v>[A-Z][\w'’\-]+(?:\s+(?:[A-Z]\.|[A-Z][\w'’\-]+)){{0,2}})"
)
_LIVES = regex.compile(
    r"\b(?i:lives in|living in|resides in|residing in|resident of|native of|moved (?:here )?(?:to|from)|born in|raised in|grew up in|"
    r"hometown(?: of| is)?|relocated (?:to|from)|travel(?:l?ed|s|l?ing)? (?:to|from|in)|trip to|flew (?:to|from|in from)|vacation(?:ed|ing)? in|immigrated from|emigrated from|visit(?:ed|ing)?|sent to|transferred from|city of|town of|village of|city|town|commutes (?:to|from)|from)[:\s]+"
    r"(?P<v>[A-Z][\w'’\-]+(?:\s+[A-Z][\w'’\-]+){0,3})"
)
_HINTS = Hints(
    {
        "title": literals(_TITLES[3:-1]),
        "form": "mr mrs ms dr miss doctor pt patient client resident named".split(),
        "patient": "pt patient client resident infant child".split(),
        "called": "called named nicknamed goes known prefers alias aka nickname".split(),
        "label": [*literals(_LABELS[3:-1].replace(r"a\.k\.a\.|", "")), "a.k.a"],
        "kin": """
            son dtr dau gma gpa hubby bf gf auntie nana mgm mgf pgm pgf foc moc sib ex daughter wife husband mother father mom dad brother sister partner spouse aunt uncle friend roommate
            caregiver guardian neighb fianc cousin niece nephew grand step girlfriend boyfriend widow sibling twin
            relative contact next nok poa proxy employer boss coworker nanny babysitter teacher coach parent
            companion interpreter advocate
            """.split(),
        "credential": """
            md m.d do d.o rn r.n np n.p pa p.a ph.d phd d.d.s dd.s d.ds dds d.m.d dm.d d.md dmd lpn lvn cna crna cnm
            dnp fnp aprn arnp msn bsn msw lcsw lmsw lmft lpc pharmd rph dpt pt otr slp rd rdn psyd mbbs facp facs
            facc jr sr ii iii iv esq mph ccc rt ma dc dpm od cns acnp agnp rdh cgc cma cota pta rrt crt licsw lisw bcba
            ibclc atc emt faap facep ccrn cdces cde rpsgt cpht lmhc lcpc lpcc lcdc cadc lsw ctrs rvt rdms rdcs crrn cwocn
            wocn ocn cen chpn pmhnp whnp agacnp pnp nnp cnp aud bcps csfa edd qmhp
            """.split(),
        "lives": """
            lives living resides residing resident native moved born raised grew hometown relocated travel city
            town village commutes from trip flew vacation immigrated emigrated visit sent transferred
            """.split(),
        "facility": """
            regional vna outreach rheumatology hematology podiatry chiropractic orthodontics endodontics periodontics
            optometry midwifery nails tire hospital hosp health deaconess general presbyterian methodist baptist adventist lutheran clinic med health nursing rehab
            pediatrics orthop dermatology cardiology oncology neurology urology radiology endocrinology
            gastroenterology nephrology psychiatry surgery dental dentistry ophthalmology eye internal family primary
            women children urgent ambulatory day surgical cancer heart imaging diagnostic institute infirmary sanat
            sanit memorial pharmacy dialysis laborator labs physicians associates university college academy
            elementary middle high school church temple synagogue mosque assisted senior independent care convalescent
            retirement memory wellness treatment recovery birth community practice correctional detention prison jail
            shelter va campus trauma specialists specialty sports pain sleep fertility inc llc corp company industries
            manufacturing logistics foods construction consulting enterprises preschool daycare montessori kindergarten
            head police fire sheriff public nursery manor villa bank credit hotel motel casino restaurant diner
            supermarket hardware roofing plumbing electric trucking landscaping auto steel iron water law realty farm
            courthouse superior district svcs social legal human protective police sheriff ems derm gastro
            ortho cardio peds uro neuro dme rx drugstore apothecary dispensary salon grill caf bakery brewery motors warehouse
            foundation legion vfw ymca ywca group sober halfway pathology dermatopathology transport freight airline railroad
            turnpike bottling brewing packing meats poultry mining energy chemical pharmaceuticals insurance mutual llp
            dairy mills brothers bros sons mission ministries mortuary funeral parenthood son daughters co
            """.split(),
        "brings": """
            work employ occupation facility site bed chair transport sales waiter waitress custodian janitor programmer accountant
            teller grade retired job drives driver foreman manager cashier nurse clerk barista cook server welder mechanic
            machinist supervisor teacher guard engineer stocker technician laid hired fired attend enrolled student
            freshman sophomore junior senior graduated goes dialyzes daycare day school shelter pharmacy lives resides
            resident stays staying admitted transfer accepted discharge d/c dc placed placement respite rehab hospitali
            seen evaluated treated surgery followed lab imaging done delivered born picked called call records referred
            volunteers sent agency vendor supplier
            """.split(),
        "at": ["at", "@"],
        "kind": "pharmacy hospital elementary high middle nursing daycare school police warehouse courthouse".split(),
        "saint": ["st"],
        "of": """
            university college hospital hospice church temple city planned children first second our upmc kaiser intermountain
            adventhealth bon sutter ascension dignity mercy trinity providence banner hca atrium novant sanford baptist
            methodist st
            """.split(),
        "system": """
            johns mayo cleveland cedar kaiser nyu uc up un ua ut uv um ui oh mu mg bi bw ch hu ny ms uw mass brigham
            beth dana memorial sloan md m.d mount mt stanford duke emory vanderbilt geisinger intermountain scripps
            providence sentara ochsner northwell montefiore barnes henry baylor houston tufts lahey northwestern penn
            jefferson temple yale hackensack novant wakemed moffitt city fred roswell boston texas nationwide seattle
            children new
            """.split(),
        "eponym": """
            's ’s disease syndrome sign test maneuver manoeuvre criteria score scale index class palsy phenomenon cyst
            lymphoma sarcoma tumo thyroiditis esophagus oesophagus ulcer fracture dystrophy chorea ataxia
            encephalopathy contracture nod spot line bod cell stain catheter procedure operation repair fundoplication
            pouch drain tube reflex response triad tetralogy law formula equation rule method technique position
            incision anemia anaemia purpura vasculitis arteritis disorder dementia psychosis angina hernia diverticul
            ligament tendon canal duct gland fascia membrane circle area aphasia amnesia paralysis neur deformity
            malformation anomaly complex virus fever rash lesion plaque crisis attack seizure epilepsy monitor exam
            smear count grade stage scor screen inventory questionnaire assessment protocol regimen splint brace boot
            bandage wrap solution thyrotoxicosis nephropathy retinopathy arthropathy osteotomy arthroplasty
            probability prediction risk heart respiration breathing pattern murmur wave block arrhythmia tachycardia
            arch
            """.split(),
        "part": [f"{part} of" for part in _PARTS.split("|")],
        "in situ": ["in situ"],
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
    parts = [m.span() for m in _opened(_PART_OF, text, hints, "part")]
    things = Places(parts + eponyms(text, hints.get("eponym", []) + hints.get("in situ", [])))
    return Reading(text, tokens(text), hints, things)


def tokens(text: str) -> list[Token]:
    """The words of a text."""
    return [Token(m.group(), m.start(), m.end(), *_judge(m.group())) for m in TOKEN.finditer(text)]


@lru_cache(maxsize=1 << 16)
def _judge(word: str) -> tuple[str, Kind]:
    return _shape(word), kind(word)


_ARTICLE = regex.compile(r"(?:al|el|an|ar|as|ash|at|az|ad)[-’']\p{Lu}.+")


def _shape(word: str) -> str:
    if len(word) == 1:
        return "initial" if word.isupper() else "lower"
    if word.isupper():
        return "upper"
    return "capital" if word[0].isupper() or _ARTICLE.fullmatch(word) else "lower"


def find(reading: Reading) -> Iterator[Found]:
    """Names of people, facilities and places."""
    text, words, hints, things = reading
    found: list[Found] = []
    found += (f for f in _facilities(text, hints) if f.source != "name:brought" or not things.hold(f.start, f.end))
    found += (f for f in _cities(text, words, hints) if not things.hold(f.start, f.end))
    found += (f for f in _titled(text, hints) if f.source != "name:kin" or not things.hold(f.start, f.end))
    found += _labelled(text, hints)
    found += _last_first(text, words)
    found += _speakers(text)
    found += _credentialed(text, words, hints)
    claimed = Places((f.start, f.end) for f in found)
    found += (f for f in _runs(text, words) if not things.hold(f.start, f.end))
    found = [f for f in found if not _PLACEHOLDER.fullmatch(text, f.start, f.end)]
    found += _initials(text, words, hints)
    found += _again(text, words, [f for f in found if f.type == "NAME"], things, claimed)
    yield from (_owner(text, f) for f in found)


def _owner(text: str, found: Found) -> Found:
    """A name without the ending that tells what is its own."""
    owns = found.type == "NAME" and text[found.end - 2 : found.end] in ("'s", "’s")
    return Found(found.start, found.end - 2, "NAME", found.source) if owns and found.end - found.start > 3 else found


def _opened(
    pattern: regex.Pattern[str], text: str, hints: dict[str, list[Place]], hint: str
) -> Iterator[regex.Match[str]]:
    """Matches that begin where a hint stands."""
    for start, _ in hints.get(hint, ()):
        match = pattern.match(text, start, timeout=_TIMEOUT)
        if match is not None:
            yield match


# Nouns that only a thing of medicine takes: whoever stands before them gave it the name.
_SCORE = regex.compile(
    r"\s(?:reflex|sign|score|scale|index|criteria|classification|phenomenon|triad|maneuver|risk|heart\s+study|syndrome|murmur)$"
)
_OF_DISEASE = regex.compile(r"['’]s?\s(?:disease|syndrome)$")
_TITLED_BEFORE = regex.compile(rf"(?:\b(?i:{_TITLES})\.?|\b[A-Z]\.)\s+$")


def eponyms(text: str, nouns: list[Place]) -> list[Place]:
    """Places where a capitalised word names a thing of medicine, not a person or a town; ``nouns`` tell where to look."""
    places = []
    near = windows(nouns, 72, 24)
    for m in (m for a, b in near for m in _EPONYM.finditer(text, _word_start(text, a), b, timeout=_TIMEOUT)):
        words = [w for w in regex.findall(r"[A-Z][\w]+", m.group()) if plain(w) not in ("and",)]
        if _TITLED_BEFORE.search(text, max(0, m.start() - 12), m.start()):
            continue
        if len(words) == 1 and _SCORE.search(m.group()):
            places.append(m.span())
            continue
        if len(words) == 2 and kind(words[0]).first and kind(words[1]).eponym and _OF_DISEASE.search(m.group()):
            places.append(m.span())
            continue
        if (words and all(kind(w).eponym or kind(w).word for w in words)) or (
            words and m.group().endswith(("'s", "’s")) and kind(words[0]).eponym
        ):
            places.append(m.span())
    return places


def _word_start(text: str, at: int) -> int:
    """The start of the word at a place, so that no rule begins inside of it."""
    while at and not text[at - 1].isspace():
        at -= 1
    return at


# --- people ------------------------------------------------------------------------------------------


def _runs(text: str, words: list[Token]) -> Iterator[Found]:
    """Capitalised words that follow each other, with initials and particles between."""
    run: list[Token] = []
    for i, token in enumerate(words):
        if run and not _joined(text, run[-1], token):
            yield from _judged(text, run)
            run = []
        if (token.shape in ("capital", "upper", "initial") and not _unit(text, token)) or (
            token.text in PARTICLES and _before_name(words, i)
        ):
            run.append(token)
        elif run:
            yield from _judged(text, run)
            run = []
    yield from _judged(text, run)


def _before_name(words: list[Token], i: int) -> bool:
    """Whether particles from here on stand before a capitalised word, as in ``van den Berg``."""
    while i < len(words) and words[i].text in PARTICLES:
        i += 1
    return i < len(words) and words[i].shape in ("capital", "upper")


# Nouns that a letter goes with: it is no initial.
_LETTERED = regex.compile(
    r"(?:\d|\b(?i:hepatitis|hep|influenza|flu|grade|stage|class|type|vitamin|density|category|group|level|zone|profile|factor|part|plan"
    r"|schedule|option|step|bed|room|appendix|figure|table|series|child[\s\-]pugh|pugh|protein|troponin|immunoglobulin|strain|category|column"
    r"|section|block|specimen|item|exhibit|arm|cohort|wing|unit|building|tower|pod|team|twin|baby|grp|cat|vit|strep|LA"
    r"|NYHA|CCS|ASA|WHO|FIGO|AJCC|KDIGO|Killip|Mallampati|Fitzpatrick|Bosniak|Bethesda|Hinchey|Garden|Gustilo|Wagner|Rai)\s)\Z"
)


def _unit(text: str, token: Token) -> bool:
    """Whether a single capital is a unit, as in ``36.8 °C.`` or ``g/L.``."""
    return token.shape == "initial" and text[token.start - 1 : token.start] in ("°", "/", "º")


def _joined(text: str, left: Token, right: Token) -> bool:
    between = text[left.end : right.start]
    return between in (" ", "  ") or (
        between in (". ", ".") and (left.shape == "initial" or left.text in ("St", "Jr", "Sr"))
    )


KIN_WORD = regex.compile(rf"(?i:(?:ex-)?{_KIN})")
_ROLE_WORD = regex.compile(rf"(?i:{_ROLES})")


_ACRONYM = 4  # letters of a word in capitals that may stand for several


def _plain(token: Token, after: Token | None, ahead: Token | None) -> bool:
    """Whether a word cannot be part of a name where it stands.

    After a first name nearly any word can be a last name; a word that is also a drug or a plant is a first name when
    a plain last name follows.
    """
    if token.shape == "initial" or token.text in PARTICLES:
        return False
    name, found = plain(token.text), token.kind
    if len(token.text) <= _ACRONYM and token.shape == "capital" and not token.text[1:].islower():
        return token.text[1] not in "'’"  # ``IgE`` is no Ige
    led = after is not None and (after.kind.strong or after.kind.common_first) and after.kind.first
    if led and after is not None and (found.surname or name not in PLAIN):
        # ``Peter CHALMERS`` is written so on purpose; ``Peter ECG`` is not.
        surname = found.strong and found.last and not found.medical and len(token.text) > _ACRONYM
        return token.shape == "upper" and after.shape != "upper" and not surname
    if name in PLAIN or KIN_WORD.fullmatch(token.text) or _ROLE_WORD.fullmatch(token.text):
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
        yield from _person(text, part)
        part = []
    yield from _upper_case(text, run)


def _lettered(text: str, token: Token) -> bool:
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
    if _opens(text, part[0].start):
        return True
    return (
        names[0].kind.unknown
        and not token.kind.medical
        and text[token.end : token.end + 1] in (",", ";", ":", "(", "[", ")", "|")
    )


def _upper_case(text: str, run: list[Token]) -> Iterator[Found]:
    """Two words in capitals where a person is named, such as ``for ESME NUNEZ:``."""
    names = [t for t in run if t.shape == "upper"]
    usable = len(names) == len([t for t in run if t.shape != "initial"]) in (2, 3)
    if not usable or any(len(t.text) < 3 or t.kind.medical or plain(t.text) in PLAIN for t in names):
        return
    if all(len(t.text) < _ACRONYM and not t.kind.surname for t in names):
        return
    if any(t.kind.unknown or t.kind.first for t in names) and _opens(text, run[0].start):
        yield Found(run[0].start, run[-1].end, "NAME", "name:upper")


_NOUN = regex.compile(
    r"[ -](?P<w>[a-z]{3,})\b|\s[+\-]?\d+(?:/\d+)?\b(?!\s?(?:y|mo|wk|day|M\b|F\b))|\s(?P<genus>[a-z]{3,}(?:ae|is|us|um|ans|ii|oides|ensis|cus|ens))\b"
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
    """.split()
)


def of_thing(text: str, end: int) -> bool:
    """Whether a capitalised word stands before a noun of medicine or a number: ``Penrose drain``, ``Berg 41/56``."""
    m = _NOUN.match(text, end)
    if m is None:
        return False
    word = m.group("w")
    return word is None or (word not in _NOT_NOUN and (kind(word).medical or word in _THINGS))


_THINGS = frozenset(
    """
    drain hump squeeze scissors protocol clamp forceps retractor cautery scale score grade sign test criteria index
    exam maneuver position fracture lesion procedure repair method stain strips stocking stockings wrap diet trial
    study method line tube bag hook blade needle suture technique formula equation regimen virus fever spotted
    treadmill sleepiness pos neg equivocal downgoing upgoing rule rules cell cells bodies nodes spots ring rings phenomenon law contractions protein screw
    angle bend forward compression rods casts pouch loop stent graft pump lift brace sutures pulley respirations lines
    """.split()
)


def _followed(text: str, end: int) -> bool:
    """Whether what follows a place tells of a person: an age, a birth date, a record number, a relative."""
    return bool(_AGED.match(text, end) or _KINFOLK.match(text, end))


def _person(text: str, part: list[Token]) -> Iterator[Found]:
    led_by = part[0].start if part else 0
    while part and part[0].text in PARTICLES and part[0].shape == "lower":
        part = part[1:]
    while part and part[-1].shape == "lower":
        part = part[:-1]
    if not part:
        return
    names = [t for t in part if t.shape != "initial" and t.text not in PARTICLES]
    short = all(t.shape == "upper" and len(t.text) <= _ACRONYM for t in names)
    if all(t.shape == "upper" and len(t.text) < _ACRONYM and not t.kind.surname for t in names):
        return
    imaging = text[max(0, led_by - 3) : led_by] in ("MR ", "DR ") and not names[:1][0].kind.namely if names else False
    led = not short and not imaging and bool(_LEAD.search(text, max(0, led_by - 32), led_by))
    if not names or _eponym_alone(text, part, names, led=led):
        return
    if text[part[0].start : part[-1].end].lower() in lexicon.STATES:
        return
    if not led and _STAGED.match(text, part[-1].end) and any(t.kind.eponym for t in names):
        return
    if led or _is_person(text, part, names):
        end = part[-1].end
        if part[-1].shape == "initial" and text[end : end + 1] == ".":
            end += 1
        start = led_by if text[led_by : part[0].start] in _NOBLE else part[0].start
        yield Found(start, end, "NAME", "name:run")


def _eponym_alone(text: str, part: list[Token], names: list[Token], *, led: bool) -> bool:
    """Whether all names of a part are those of things of medicine and nothing but a heading or a side stands before."""
    if not all(t.kind.eponym for t in names) or any(t.kind.common_first for t in names):
        return False
    side = part[0].text in ("L", "R", "A") and text[part[0].end] != "."
    return not led or side or bool(_HEADED.search(text, max(0, part[0].start - 12), part[0].start))


# A specialty with a colon heads a finding as often as a person.
_HEADED = regex.compile(r"\b(?i:GI|neuro|ortho|derm|uro|nephro|cards|onc|rheum|endo|ped)\s*:\s*$")
# A stage, class or grade: whoever stands before it gave a scale the name.
_STAGED = regex.compile(r"\s+(?:stage|class|grade|type|score|[IVX]+[A-Ea-e]?(?![\w.]\w)|[A-D]?\d[a-d]?)\b")


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
        thing = _NOUN.match(text, part[-1].end)
        if not initials and thing and thing.group("w") in _THINGS:
            return False
        if not any(t.kind.medical for t in names) and _followed(text, part[-1].end):
            return True
        if (
            names_ok
            and unknown == 1
            and names[0].kind.unknown
            and (
                initials
                or _opens(text, part[0].start)
                or text[part[-1].end : part[-1].end + 1] in (",", ";", ":", "(", "[", ")", "|")
            )
        ):
            return True
        does = _SAYS.match(text, part[-1].end) or _SPOKEN.match(text, part[-1].end)
        if does and names[0].kind.last and all(t.kind.strong and t.kind.last for t in rest):
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
            return strong_first > 0 and strong_first + sum(t.kind.last or t.kind.unknown for t in names) >= 2
        return names_ok and (
            strong_first > 0 or strong + unknown >= 2 or ambiguous_first or (strong > 0 and initials > 0)
        )
    return _one_name(text, part, names[0], initials=initials, usual=names_ok)


_STOPS = regex.compile(r"\s?[,;:()|]|\s*(?:\n|$)")


def _one_name(text: str, part: list[Token], only: Token, *, initials: int, usual: bool) -> bool:
    """Whether one name, with or without initials, is a person's; ``usual`` tells that it is written as names are."""
    said = _SAYS.match(text, only.end) or (
        only.kind.strong and _PATIENT.search(text, max(0, only.start - 10), only.start)
    )
    if not (initials or said) and of_thing(text, only.end):
        return False
    if only.shape == "capital" and not only.kind.medical:
        said = said or _followed(text, only.end)
        if (
            said
            and (only.kind.first or only.kind.last or only.kind.unknown)
            and (only.text[1:].islower() or _inner_capital(only.text))
        ):
            return True
        if not only.kind.city and not only.kind.eponym and _alone(text, only):
            return True
        if only.kind.namely and only.kind.first and _ASKED.search(text, max(0, only.start - 10), only.start):
            return True
        if only.kind.common_first and _YEARS.match(text, only.end):
            return True
        if (only.kind.common_first or (only.kind.strong and only.kind.first)) and _SPOKEN.match(text, only.end):
            return True
    if initials and only.shape == "upper" and len(only.text) < _ACRONYM and not only.kind.surname:
        return False
    if initials:
        if part[0].shape == "initial" and _opens(text, part[0].start) and text[part[0].end] == ".":
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
        return False
    return usual and only.kind.common_first and only.kind.strong and not only.kind.eponym


_ASKED = regex.compile(
    r"\b(?:asks?|asked|tell|told|remind|reminded|let|have|text|texted|call|called|saw|see|thank|thanked)\s$"
)
_YEARS = regex.compile(r",\s\d{1,2}(?:,|\)|;|\sand\b)")
_PATIENT = regex.compile(r"\b(?i:pts?|patient|client|inmate|veteran)\s$")
_BY = regex.compile(r"(?:\b(?:by|with|to|from|and|w/?|per|but|Drs?|discussed|via)|[(&|\-–—@/])\s*$")
_ONLY_BY = regex.compile(
    r"\b(?:by|(?:route|refer|forward|escalate|page|defer)(?:d|ed|red)? to|Drs?\.?\s\w+\s(?:and|&))\s+$"
)
_ENDED = regex.compile(r"\s*(?:[.,;:)|/\n]|$|\s(?:at|on|in|re|for|and|is|was|who|will|to|s/p|here)\b)")


def _alone(text: str, token: Token) -> bool:
    """Whether a lone surname stands where a colleague is named: ``route to Balogun.``, ``(Moua)``, ``| Hsieh``."""
    found = token.kind
    if not ((found.namely and found.last) or (found.unknown and len(token.text) > 3 and token.text[1:].islower())):
        return False
    before = (_BY if found.last else _ONLY_BY).search(text, max(0, token.start - 20), token.start)
    if before and _ENDED.match(text, token.end):
        return True
    closed = found.last and _CLOSES.match(text, token.end)
    return bool(closed and _CLOSED.search(text, max(0, token.start - 4), token.start))


# Who signs a note with a surname and no more.
_CLOSED = regex.compile(r"(?<!\d)[.!?]\s+$")
_CLOSES = regex.compile(r"\.?\s*\Z")


_SPOKEN = regex.compile(
    r",?\s+(?:seen|who|whose|presented|presents|was\s+(?:seen|admitted|born|brought|referred|discharged|accompanied|transferred)|(?:has|had)\s+been"
    r"|(?:is\s+)?s/p|is\s+(?:a|an|the|here|doing|seen|currently|accompanied)|will\s+(?:follow|return|call|see|come)|returns|returned|came|comes|takes|needs|grew\s+up|attended|moved|married|divorced|graduated|started|quit|completed|sent\s+from|has\s+(?:a|an|no|had))\b"
)


def _inner_capital(word: str) -> bool:
    return bool(regex.fullmatch(r"(?:Mc|Mac|De|Di|La|Le|Van|Fitz|O['’]|D['’]|[A-Z][\w]+-)[A-Z][\w'’\-]+", word))


def _titled(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """A name after a title or a word that brings a person, whatever its case."""
    for m in _opened(_TITLED, text, hints, "title"):
        for found in _kept(text, m.start("v"), m.end("v"), "name:title", first=bool(_FORM.match(m.group()))):
            # A form of address goes with the name; an office ("Nurse", "Attending") stays.
            yield Found(m.start() if _FORM.match(m.group()) else found.start, found.end, found.type, found.source)
    for m in _opened(_DOCTORS, text, hints, "title"):
        for start, end in m.spans("n"):
            yield Found(start, end, "NAME", "name:doctors")
    for m in _opened(_CALLED, text, hints, "called"):
        yield Found(m.start("v"), m.end("v"), "NAME", "name:called")
    for m in _opened(_LOWER_TITLED, text, hints, "form"):
        group = "v" if m.group("v") else "p"
        if m.group()[:3] in ("MR ", "DR ", "MS ") and not kind(m.group(group).split()[0]).namely:
            continue  # MR is also an image
        yield from _lower(text, m.start(group), m.end(group), titled=group == "v")
    for m in _opened(_RELATED, text, hints, "kin"):
        yield from _kept(text, m.start("v"), m.end("v"), "name:kin", first=False)


_NAMES_TOO = frozenset("will may june april august white black young long short day old new left call".split()) - {
    "old",
    "new",
    "left",
    "call",
}


def _kept(text: str, start: int, end: int, source: str, *, first: bool) -> Iterator[Found]:
    """The words of a candidate up to the first that is plainly none of a name."""
    stop = start
    for i, m in enumerate(TOKEN.finditer(text, start, end)):
        token = Token(m.group(), m.start(), m.end(), _shape(m.group()), kind(m.group()))
        name = plain(token.text)
        likely = not token.kind.word or token.kind.first or token.kind.last or (first and i == 0)
        if (name in PLAIN and not (token.shape == "capital" and name in _NAMES_TOO)) or not likely:
            break
        if token.kind.medical and not (token.kind.first or token.kind.last):
            break
        stop = m.end()
    if stop > start:
        yield Found(start, stop, "NAME", source)


_SIGNED_OFF = regex.compile(
    r"(?<=(?:[.!?)\]\n]\s?|\s)[-–—~]{1,2}\s?)(?P<v>\p{L}{2,3})(?=(?:,?\s(?i:rn|lpn|np|md|do|pa(?:-c)?|cna|ma|rd|sw|msw|pt|pta|ot|slp))?\.?\s*(?:$|\n))"
    r"|(?<=[.!?)]\s)(?P<v>[A-Z]{2,3})(?=,\s(?i:PGY-?\d|rn|lpn|np|md|do|pa(?:-c)?|rd|msw|pta))"
    r"|(?<=[.!?)]\s)(?P<v>[A-Z]{2})(?=\s*\Z)"
    r"|(?<=[.!?)]\s)(?P<v>[a-z]{2,3})(?=(?:\s(?i:rn|lpn|np|md|pa-c|cna|rd|msw|pta))?\.?\s*(?:$|\n))"
    r"|(?<=\s)(?P<v>[A-Z]{2,3}|[a-z]{2,3})(?=\s*(?:[.,;)\n]|$))(?<=(?:\b(?i:signed|reviewed|entered|transcribed|dictated|typed|"
    r"witnessed|verified|drawn|documented|cosigned|initials|initialed|read|prepared|taken|tech|sonographer|scribe|recorded|scanned|"
    r"roomed|charted|created|edited|logged|called)(?:\s?:|\sby:?|\s?/)|\b(?i:tech|sonographer|scribe|typist))\s\p{L}{2,3})"
)
_WRITTEN = r"[A-Z]\.?\s?[A-Z]\.?(?:\s?[A-Z]\.?)?"
_PT_INITIALS = regex.compile(
    rf"(?i:pt|patient|client|resident|infant|child)\s(?P<v>{_WRITTEN})(?=,?\s+(?i:is|was|has|had|will|reports?|reported|denie[sd]|states?|stated|says|said|endorse[sd]|complains?|"
    r"presents?|presented|came|comes|seen|returns?|returned|called|lives|an?\s\d|who)\b|,?\s\(?\d{1,3}[\s\-]?(?:y|m\b|f\b))"
)
_OPENING_INITIALS = regex.compile(
    r"(?:^|(?<=[.!?\n:]\s?))(?P<v>[A-Z]\.?[A-Z]\.?(?:[A-Z]\.)?)\s+(?:reports|reported|denies|denied|states|stated|endorses|says|said|complains|describes|verbalizes|lives)\b"
)
# Letters that stand for who works or is related, for treatment or for finding, where a sentence begins or after a patient.
NO_INITIALS = frozenset(
    """
    rn np pa md do pt ot st sw cm rt rd ms ma aa ta tx rx hx dx sx fx bx po iv im sq sc pr pv bid tid qid prn hs qd qod qhs ac
    pc npo moc foc mgm mgf pgm pgf so bf gf ed er or icu ccu ems mom dad lpn lvn cna emt slp crna aprn pcp mds drs cc hpi
    ros ap ua us ct mri mr xr cxr ekg ecg bp hr rr vs wt ht bmi inr bun cr wbc hgb hct plt na cl ca mg ph gi gu gyn ob ent
    neuro ortho id hem onc endo psy ir nm mso dvt pe mi cad chf htn dm cva tia copd uti uri aki ckd esrd hiv hcv tb ms als
    sob doe cp ha n v nv nvd abd wnl nad rrr ctab ok yes no aox ao a&o ama dc d/c fu f/u w/ wo s/p sp los loc gcs nih
    fall neg pos lab labs rec recs via per the and for but not was his her she him who all day sat sun mon tue wed thu fri
    jan feb mar apr may jun jul aug sep oct nov dec min max avg tab cap inj gtt
    """.split()
)


# What stands behind who signed; cheaper to try than what stands before.
_SIGN_ENDS = re.compile(
    r"(?:,?\s(?i:rn|lpn|np|md|do|pa(?:-c)?|cna|ma|rd|sw|msw|pt|pta|ot|slp))?\.?\s*(?:\Z|\n)|\s*[.,;)]"
)


def _initials(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Who signed with two or three letters, and a patient who is written with them, wherever they stand again."""
    for token in words:
        if not 2 <= len(token.text) <= 3 or not _SIGN_ENDS.match(text, token.end):
            continue
        name = plain(token.text)
        if name in NO_INITIALS or name in PLAIN or (token.shape == "lower" and (token.kind.word or token.kind.medical)):
            continue
        if _SIGNED_OFF.match(text, token.start, timeout=_TIMEOUT):
            yield Found(token.start, token.end, "NAME", "name:initials")
    opening = (t.start for t in words if t.shape == "initial" or (t.shape == "upper" and len(t.text) < 4))
    openings = (_OPENING_INITIALS.match(text, at, timeout=_TIMEOUT) for at in opening)
    known = set()
    for m in (*_opened(_PT_INITIALS, text, hints, "patient"), *filter(None, openings)):
        letters = m.group("v").replace(".", "").replace(" ", "")
        if letters.lower() not in NO_INITIALS:
            known.add(letters)
            yield Found(m.start("v"), m.end("v"), "NAME", "name:initials")
    if known:
        yield from (Found(t.start, t.end, "NAME", "name:initials") for t in words if t.text.removesuffix("'s") in known)


_CALLED = regex.compile(
    r"\b(?i:called|named|nicknamed|goes by|known as|prefers|alias|aka|nickname(?: is)?)\s+['\"‘“](?P<v>[A-Z][\w'’\-]+?(?:\s+[A-Z][\w'’\-]+?)?)['\"’”]"
)


def _lower(text: str, start: int, end: int, *, titled: bool) -> Iterator[Found]:
    stop = start
    for i, m in enumerate(TOKEN.finditer(text, start, end)):
        k = kind(m.group())
        name = plain(m.group())
        sure = k.strong or (k.unknown and (titled or i > 0)) or (titled and i == 0 and (k.last or k.first))
        if titled and i == 0 and name not in PLAIN and not k.medical:
            sure = True
        if name in PLAIN or not sure or (not titled and i == 0 and not (k.common_first or k.surname)):
            break
        stop = m.end()
    if stop > start:
        yield Found(start, stop, "NAME", "name:lower")


def _labelled(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """What stands after ``Patient:`` and its like."""
    for m in _opened(_LABELLED, text, hints, "label"):
        start, stop, begun, sure, named = m.start("v"), m.start("v"), 0, 0, 0
        for t in TOKEN.finditer(text, m.start("v"), m.end("v")):
            token = Token(t.group(), t.start(), t.end(), _shape(t.group()), kind(t.group()))
            gap = text[stop : t.start()] if stop > start else ""
            if gap.strip(" .,'’") or len(gap) > 3 or _CREDENTIAL.fullmatch(token.text):
                break
            if gap.startswith(".") and stop - begun > 2:
                break  # a sentence ends
            name = plain(token.text)
            if name in PLAIN and token.shape != "initial" and not (name in _NAMES_TOO and token.shape != "lower"):
                break
            if token.kind.medical and not token.kind.first and not token.kind.last:
                break
            if token.kind.word and not (token.kind.first or token.kind.last):
                break
            if token.shape == "lower" and not (token.kind.strong or token.kind.unknown) and token.text not in PARTICLES:
                break
            named += len(token.text) > 1 and (token.kind.first or token.kind.last) and token.shape != "lower"
            sure += token.kind.strong or token.kind.unknown or token.kind.common_first
            begun, stop = t.span()
        if (sure or named > 1) and stop > start:
            yield Found(start, stop, "NAME", "name:label")


_SPEAKER = regex.compile(
    r"(?<=\[\d{1,2}:\d{2}(?:\s?[AaPp][Mm])?\]\s)(?P<v>\p{Lu}[\w'’\-]+(?:\s\p{Lu}[\w'’.\-]*)?)(?=:)|(?<=\()(?P<w>\p{Lu}\p{Ll}[\w'’\-]*\s\p{Lu}\.)(?=\))"
)


def _speakers(text: str) -> Iterator[Found]:
    """Who speaks in a chat (``[10:42] Ana:``), and a first name with an initial in brackets (``(Ana B.)``)."""
    if "[" in text or "(" in text:
        for m in _SPEAKER.finditer(text, timeout=_TIMEOUT):
            first = kind(m.group().split()[0].rstrip("."))
            if not first.medical or first.common_first:
                yield Found(m.start(), m.end(), "NAME", "name:speaker")


def _comma_starts(text: str, words: list[Token]) -> Iterator[int]:
    """Where a capitalised word stands before a comma and another one."""
    for i, (left, right) in enumerate(pairwise(words)):
        if right.start - left.end <= 3 and text[left.end] in ",." and "," in text[left.end : right.start]:
            if left.text in _SUFFIXES and i:
                yield words[i - 1].start
            elif left.text[0].isupper() and right.text[0].isupper():
                yield left.start


_SUFFIXES = frozenset(f"Jr|Sr|II|III|IV|{_OFFICES}".split("|"))


def _last_first(text: str, words: list[Token]) -> Iterator[Found]:
    """Last name first, as in ``Smith, John A.``."""
    for at in _comma_starts(text, words):
        m = _LAST_FIRST.match(text, at, timeout=_TIMEOUT)
        if m is None:
            continue
        last, first = kind(m.group("last").removeprefix("St. ").split()[0]), kind(m.group("first"))
        same_case = m.group("last")[0].isupper() and m.group("first")[0].isupper()
        if (
            m.group().isupper()
            and len(m.group("last")) < 5
            and len(m.group("first")) < 5
            and not (last.last and first.first)
        ):
            continue
        mixed = m.group("last").isupper() and not m.group("first").isupper()
        if max(len(m.group("last")), len(m.group("first"))) < 3:
            continue
        if any(c.isdigit() for c in m.group()) or (m.group("first").isupper() and not m.group("last").isupper()):
            continue
        if mixed and not (last.namely or (last.unknown and len(m.group("last")) > 5)):
            continue
        if mixed and len(m.group("last").split()[0]) < _ACRONYM and not last.surname:
            continue
        if plain(m.group("last")) in PLAIN or plain(m.group("first")) in PLAIN:
            continue
        if last.namely and _CREDENTIALED.search(m.group("last")) and not first.medical:
            yield Found(m.start(), m.end("first"), "NAME", "name:last-first")
            continue
        named = first.first and first.strong and _opens(text, m.start())
        if (last.medical or last.eponym) and not named:
            continue
        if named and not first.medical and not _LISTED.match(text, m.end("first")):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
            continue
        sure = first.common_first and first.strong and not last.medical and last.last
        if (
            same_case and first.first and first.common_first and (last.last or last.unknown) and (not last.word or sure)
        ) or (same_case and _comma_name(text, m, last, first) and not _LISTED.match(text, m.end("first"))):
            yield Found(m.start(), _with_middle(text, m), "NAME", "name:last-first")
        elif (same_case and first.first and first.strong and last.last and not last.word) or (
            same_case
            and m.group("mid").strip(" .")
            and len(m.group("mid").strip(" .")) == 1
            and last.last
            and first.first
        ):
            yield Found(m.start(), m.end(), "NAME", "name:last-first")


_CREDENTIALED = re.compile(rf"\s(?:{_OFFICES})$")
_MIDDLE_ENDS = regex.compile(r"\s?(?:[,;(|)]|\s\s|\n|$)")


def _with_middle(text: str, m: regex.Match[str]) -> int:
    """The end of ``Last, First`` with a middle initial where nothing of the sentence follows it."""
    alone = len(m.group("mid").strip(" .")) == 1 and _MIDDLE_ENDS.match(text, m.end())
    return int(m.end() if alone else m.end("first"))


def _comma_name(text: str, m: regex.Match[str], last: Kind, first: Kind) -> bool:
    """Whether ``Last, First`` is a person when the lists do not say so: by what they do not know, or by the place."""
    if last.unknown and (first.first or first.unknown) and (first.first or not m.group().isupper()):
        return True
    if last.namely and not last.city and (first.unknown or first.namely) and not m.group().isupper():
        return not first.medical
    if (
        last.strong
        and last.last
        and first.last
        and not last.city
        and not first.medical
        and m.group("first")[1:].islower()
    ):
        return text[m.end("first") : m.end("first") + 1] in ("", ".", ";", ")", "\n", "|", "(")
    named = first.common_first or first.unknown or (first.first and first.strong) or last.unknown
    return named and not last.medical and not first.medical and _opens(text, m.start())


_LISTED = regex.compile(r",?\s+(?:and\s+)?[A-Z][a-z]+,|,\s+(?:and|or)\s")
_OPENS = regex.compile(
    r"(?:^|[\n:|;(\[—–•\t]|(?<=\s)--?|\.\s\.\s|\bw/|\b(?:for|by|with|to|from|is|was|professional|provider|recipient|relative|caregiver|guardian|member|linked to|patient|pt|subscriber|guardian|contact|inmate|detainee|emerg|sender|driver|counsel|trooper|deputy|rep|coordinator|chaplain|of|and))\s*$",
    regex.IGNORECASE,
)


def _opens(text: str, at: int) -> bool:
    """Whether a place is one where a person is named: a line's start, after a label or a word that brings a person."""
    return bool(_OPENS.search(text, max(0, at - 16), at))


def _credentialed(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
    """A name before ``MD`` and its like."""
    places = [a for a, b in hints.get("credential", ()) if text[a].isupper() and not text[b : b + 1].isalpha()]
    starts = [t.start for t in words] if places else []
    for at in places:
        if _CREDENTIAL.match(text, at, timeout=_TIMEOUT) is None:
            continue
        last = bisect_left(starts, at) - 1
        if last < 0 or words[last].end > at or _is_credential(words[last]):
            continue  # the second part of ``CCC-SLP``, or the second of ``MD, PhD``
        first, stop = last, at
        while first >= max(0, last - 4) and text[words[first].end : stop].strip(" ") in _NEXT[first == last]:
            token = words[first]
            plainly = plain(token.text) in PLAIN and not (token.shape == "initial" or plain(token.text) in _NAMES_TOO)
            if (
                token.shape == "lower"
                or plainly
                or _is_credential(token)
                or (token.kind.word and not (token.kind.first or token.kind.last))
            ):
                break
            first, stop = first - 1, token.start
        names = [t.kind for t in words[first + 1 : last + 1] if len(t.text) > 1]
        credential = _CREDENTIAL.match(text, at)
        if (
            credential
            and credential.group().rstrip(".") in _GENERATION
            and (len(names) < 2 or of_thing(text, credential.end()))
        ):
            continue
        if names and any(k.strong or k.unknown or k.common_first or k.namely for k in names):
            yield Found(words[first + 1].start, words[last].end, "NAME", "name:credential")


def _is_credential(token: Token) -> bool:
    return token.shape == "upper" and _CREDENTIAL.fullmatch(token.text) is not None


# What stands between the words of a name; before a credential a comma too.
_NEXT = (frozenset({"", "."}), frozenset({"", ",", ".", ".,"}))


def _again(text: str, words: list[Token], names: list[Found], eponyms: Places, claimed: Places) -> Iterator[Found]:
    """Parts of names found once, wherever they stand again in the text."""
    said = {
        plain(t.text): t
        for f in names
        for t in tokens(text[f.start : f.end])
        if len(t.text) > 2 and t.shape != "initial" and t.text not in PARTICLES
    }
    parts = {w for w, t in said.items() if not t.kind.word and w not in PLAIN}
    parts |= {p for w in parts for p in w.split("-") if len(p) > 3 and kind(p).strong}
    doubtful = said.keys() - parts
    for i, token in enumerate(words):
        name = plain(token.text)
        again = name in parts or (name in doubtful and _said_again(text, words, i))
        if again and token.shape in ("capital", "upper"):
            found = Found(token.start, token.end, "NAME", "name:again")
            if not eponyms.hold(found.start, found.end) and not claimed.hold(found.start, found.end):
                yield found


def _said_again(text: str, words: list[Token], i: int) -> bool:
    """Whether a word that was part of a name stands as one again: within a sentence, or as who speaks or acts."""
    token = words[i]
    if token.shape != "capital" or of_thing(text, token.end):
        return False
    if _SAYS.match(text, token.end) or _SPOKEN.match(text, token.end) or _followed(text, token.end):
        return True
    before = words[i - 1] if i else None
    inside = before is not None and before.shape == "lower" and text[before.end : token.start] == " "
    after = words[i + 1] if i + 1 < len(words) else None
    apart = after is None or text[token.end : after.start] != " " or after.shape == "lower"
    return inside and apart and not _NUMBER_AFTER.match(text, token.end)


_NUMBER_AFTER = regex.compile(r"\s?[#\d]")


# --- facilities and places ---------------------------------------------------------------------------


def _facilities(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    near = windows(((a, b) for a, b in hints.get("facility", ()) if text[a].isupper()), 110, 120)
    for m in (m for a, b in near for m in _FACILITY.finditer(text, _word_start(text, a), b, timeout=_TIMEOUT)):
        start = m.start()
        after = [c.end() for c in _CREDENTIAL_OF.finditer(text, m.start("prefix"), m.end("prefix"))]
        words = list(TOKEN.finditer(text, max([m.start("prefix"), *after]), m.end("prefix")))
        while words and (_names_none(words[0].group()) or _at_end(text, words[0])):
            words = words[1:]
        start = words[0].start() if words else m.start()
        telling = [w for w in words if w.group()[0].isupper() and _telling(w.group())]
        if len(telling) == len(words) == 1 and (
            _asks(text, words[0], m.group("end")) or _of_its_kind(telling[0].group(), m.group("end"))
        ):
            continue
        end = _city_after(text, m.end())
        named = _COMES.search(text, max(0, m.start() - 12), m.start()) and _COMMON_FACILITY.fullmatch(m.group())
        if telling or end > m.end() or named:
            yield Found(start if telling else m.start(), end, "FACILITY", "name:facility")
    yield from _brought(text, hints)
    for m in _opened(_SAINT, text, hints, "saint"):
        yield Found(m.start(), m.end(), "FACILITY", "name:saint")
    for m in _opened(_SYSTEMS, text, hints, "system"):
        if not of_thing(text, m.end()):
            yield Found(m.start(), _city_after(text, m.end()), "FACILITY", "name:health-system")
    for m in _opened(_OF, text, hints, "of"):
        end = _city_after(text, m.start("city") - 1) if m.group("city") else m.end()
        if not m.group("city") or end > m.start("city"):
            yield Found(m.start(), end, "FACILITY", "name:facility-of")


def _asks(text: str, word: regex.Match[str], end: str) -> bool:
    """Whether a word that begins a sentence tells what is done with a specialty: ``Await Nephrology``."""
    found = kind(word.group())
    opens = text[max(0, word.start() - 4) : word.start()].rstrip(" ")[-1:] in ".!?:;-•*"  # nothing too: a text's start
    return opens and found.word and not found.surname and not found.city and _SPECIALTY.fullmatch(end) is not None


def _of_its_kind(word: str, end: str) -> bool:
    """Whether a word of medicine tells which of a hospital's clinics is meant, not which hospital's."""
    found = kind(word)
    return found.medical and not (found.last or found.city) and end in ("Clinic", "Clinics")


_SPECIALTY = re.compile(
    r"Pediatrics|Orthopa?edics|\w+ology|\w+iatry|Surgery|Internal\s+Medicine|Primary\s+Care|Dental|Pharmacy|Imaging|Dialysis"
    r"|Home\s+(?:Care|Health)|Hospice|Rehab|Nursing|Labs?|Derm|Gastro|Ortho|Cardio|Peds|Uro|Neuro|Police|EMS"
)


def _names_none(word: str) -> bool:
    """Whether a word tells nothing at the start of a facility's name."""
    return plain(word) in _GENERIC and word not in ("St", "Mt", "Ft", "Ste")


def _at_end(text: str, word: regex.Match[str]) -> bool:
    """Whether a word is a credential at the end of a line."""
    return text[word.end() : word.end() + 1] == "\n" and _CREDENTIAL.fullmatch(word.group()) is not None


def _telling(word: str) -> bool:
    """Whether a word of a facility's name tells which one: not what all of its kind are called."""
    return not all(part in _GENERIC for part in plain(word).split("-")) and not _PLACEHOLDER.fullmatch(word)


# What stands for a name in an example.
_PLACEHOLDER = regex.compile(
    r"(?:[Dd]r|[Mm]rs?|[Mm]s)?\.?\s?(?:XYZ|ABCD?|X{2,}|Y{2,}|Z{2,}|(?i:sample|dummy|test))(?:['’]s)?"
)
_COMES = regex.compile(r"\b(?i:at|to|in|from|of)\s+(?i:the\s+)?$")
_COMMON_FACILITY = regex.compile(
    r"(?:(?:City|General|County|Community|Memorial|Regional|University|Central|State|Children['’]?s)\s+)+"
    r"(?:Hospitals?|Hosp\.?|General|Clinics?|Medical\s+Center|Health\s+Clinic)"
)
_OF = regex.compile(
    r"\b(?:University|College|Hospital|Hospice|Church|Temple|City|Planned\s+Parenthood|Children['’]?s\s+Hospital|(?:First|Second)\s+(?:Baptist|Methodist|Presbyterian)\s+Church)\s+(?:of|at)\s+(?:the\s+)?(?:(?:St|Ft|Mt)\.\s+)?[A-Z][\w'’\-]+(?:\s+[A-Z][\w'’\-]+){0,2}(?:\s+(?:Hospitals?|Medical\s+Center|Health(?:\s+System)?|Clinics?))?"
    r"|\bOur\s+Lady\s+of\s+(?:the\s+)?[A-Z]\w+(?:\s+[A-Z]\w+)?(?:\s+(?:Hospital|Medical\s+Center|Health|Church|School))?"
    r"|\b(?:UPMC|Kaiser|Intermountain|AdventHealth|Bon\s+Secours|Sutter|Ascension|Dignity|Mercy|Trinity|Providence|Banner|HCA|Atrium|Novant|Sanford|Baptist|Methodist|St\.?\s+\w+['’]s)\s+(?!Health\b)(?P<city>(?:St\.\s)?[A-Z][\w'’\-]+(?:\s(?:[A-Z]|d['’])[\w'’\-]+){0,2})"
)
_WORKS = (
    r"works?\s(?:full[\s\-]time\s|part[\s\-]time\s|nights\s)?(?:for|at|@|as\san?\s[a-z]+\s(?:at|for))|working\s(?:for|at|@)|worked\s(?:for|at|@)|employed\s(?:by|at|with)|employee\s(?:of|at)|(?:employer|occupation)\s?:?|retired\sfrom|job\s(?:at|with)"
    r"|(?:drives|driver|foreman|manager|cashier|nurse|clerk|barista|cook|server|waitress|waiter|welder|mechanic|machinist|supervisor|teacher|guard|engineer|stocker|technician|custodian|janitor|programmer|accountant|teller|sales)\s(?:for|at)|laid\soff\s(?:from|by)|hired\s(?:by|at)|fired\sfrom|attend(?:s|ed|ing)?"
    r"|enrolled\s(?:at|in)|(?:student|freshman|sophomore|junior|senior|grader?)\sat|graduated\sfrom|goes\sto|(?:daycare|day\scare|school|shelter|employment)\s?:|volunteers\s(?:at|for)"
)
_CARES = (
    r"(?:dialyzes|lives|resides|resident|stays|staying|placed|placement|respite|rehab|hospitali[sz]ed|seen|evaluated|treated|surgery|followed|labs?|imaging|done|delivered|born|picked\sup|bed|chair)\sat"
    r"|(?:pharmacy|facility|site|agency|vendor|supplier)\s?:|admitted\s(?:to|at)|transfer(?:red)?\s(?:from|to)|accepted\s(?:at|by)|discharged?\sto|d/c(?:'?d)?\sto|dc(?:'?d)?\sto|picked\sup\sfrom|call(?:ed)?\s(?:it\s)?in\sto|records\s(?:from|to)|referred\s(?:to|from|by)|transport(?:ed)?\s(?:from|to)"
)
_NAMED_PLACE = r"(?P<v>\p{Lu}[\w'’\-]*(?:[ \t]+(?:(?:of|and|&|the|de|la|del|for)[ \t]+){0,2}\p{Lu}[\w'’&\-]*){0,4})"
_BROUGHT = regex.compile(
    rf"\b(?i:(?P<work>{_WORKS})|{_CARES})\s+(?:the\s+)?{_NAMED_PLACE}(?![\w'’\-])(?!\s+(?:trial|study|program|protocol|registry|cohort|Anonymous)\b)(?<!\sAnonymous)"
)
_AT = regex.compile(rf"(?<=[a-z\d),;]\s|\()(?:at|@)\s+(?:the\s+)?{_NAMED_PLACE}")
_KIND_BEHIND = regex.compile(
    r"\b(?P<v>\p{Lu}\p{Ll}[\w'’\-]*(?:\s+\p{Lu}\p{Ll}[\w'’\-]*){0,2})\s+(?:pharmacy|hospital|elementary|high\sschool|middle\sschool|nursing\shome|daycare|school\sdistrict|police|warehouse|courthouse)\b"
)


def _brought(text: str, hints: dict[str, list[Place]]) -> Iterator[Found]:
    """Facilities, employers and schools that only the words before them tell, such as ``works at``."""
    for rule, hint in ((_BROUGHT, "brings"), (_AT, "at")):
        for m in _opened(rule, text, hints, hint):
            works = rule is _BROUGHT and m.group("work") is not None
            end = _named_place(text, m.start("v"), m.end("v"), works=works, sure=rule is _BROUGHT)
            if end > m.start("v"):
                yield Found(m.start("v"), end, "FACILITY", "name:brought")
    for start, end in windows(hints.get("kind", ()), 60, 16):
        for m in _KIND_BEHIND.finditer(text, start, end, timeout=_TIMEOUT):
            words = list(TOKEN.finditer(text, m.start("v"), m.end("v")))
            while words and (plain(words[0].group()) in _GENERIC or kind(words[0].group()).medical):
                words = words[1:]
            kinds = [kind(w.group()) for w in words]
            if (
                kinds
                and any(k.strong or k.unknown or k.city for k in kinds)
                and not any(k.medical and k.word for k in kinds)
            ):
                yield Found(words[0].start(), m.end("v"), "FACILITY", "name:kind")


def _named_place(text: str, start: int, end: int, *, works: bool, sure: bool) -> int:
    """The end of what is named from a place on, ``start`` where nothing is.

    ``works`` tells that the words before bring an employer or a school, ``sure`` that they bring any facility, not only a
    place or a time.
    """
    stop, telling, count = start, False, 0
    for m in TOKEN.finditer(text, start, end):
        word, found, name = m.group(), kind(m.group()), plain(m.group())
        if word[0].islower():
            continue
        if (
            (found.medical and not works and (found.eponym or not (found.city or found.last or count)))
            or _FORM.match(word)
            or _ROLE_WORD.fullmatch(word)
            or KIN_WORD.fullmatch(word)
        ):
            break
        if word.isupper() and (len(word) < 3 or not sure or name in NO_INITIALS) and not (count and len(word) == 1):
            break
        stop, count = m.end(), count + 1
        telling = telling or (name not in _GENERIC and name not in _MONTHS and (sure or not found.word or found.city))
    named = [w.group() for w in TOKEN.finditer(text, start, stop)]
    several = count > 1 and not all(_general(w) for w in named)
    return stop if (telling or several) and text[start:stop].lower() not in lexicon.STATES else start


_MONTHS = frozenset("january february march april may june july august september october november december".split())


def _general(word: str) -> bool:
    """Whether a word tells nothing of which facility is meant."""
    return plain(word) in _GENERIC or word[0].islower()


_SAINT = regex.compile(r"\bSt\.?\s+[A-Z][a-z]+['’]s\b(?!\s+wort)(?:\s+(?:Hosp(?:ital)?|Clinic|Medical\s+Center|ER))?")
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


def _cities(text: str, words: list[Token], hints: dict[str, list[Place]]) -> Iterator[Found]:
    starts = _city_starts()
    for i, token in enumerate(words):
        if token.shape != "capital" or token.text.lower() not in starts:
            continue
        for length in (3, 2, 1):
            part = words[i : i + length]
            if len(part) < length or any(t.shape != "capital" for t in part):
                continue
            if any(text[a.end : b.start] not in (" ", ". ") for a, b in pairwise(part)):
                continue
            name = " ".join(t.text.lower() for t in part)
            if not _town(name, text[part[-1].end : part[-1].end + 24]):
                continue
            if _is_place(text, part):
                trail = _CITY_TRAIL.match(text, part[-1].end)
                yield Found(token.start, trail.end() if trail else part[-1].end, "LOCATION", "name:city")
                break
    for m in _opened(_LIVES, text, hints, "lives"):
        found = list(TOKEN.finditer(text, m.start("v"), m.end("v")))
        stop = m.start("v")
        for t in found:
            k = kind(t.group())
            if plain(t.group()) in ("city", "town", "beach", "springs", "falls") and stop > m.start("v"):
                stop = t.end()
                continue
            if plain(t.group()) in PLAIN or k.medical or t.group().lower() in lexicon.STATES or t.group().isupper():
                break
            if k.word and stop == m.start("v") and not k.last:
                break
            stop = t.end()
        name = text[m.start("v") : stop].lower()
        if stop > m.start("v") and name not in lexicon.STATES and name not in lexicon.COUNTRIES:
            yield Found(m.start("v"), stop, "LOCATION", "name:place")


def _is_place(text: str, part: list[Token]) -> bool:
    led = _CITY_LEAD.search(text, max(0, part[0].start - 24), part[0].start)
    if not led and _STAGED.match(text, part[-1].end):
        return False
    trailed = _CITY_TRAIL.match(text, part[-1].end)
    comma = regex.match(r",\s+(?:[A-Z]{2}\b|[A-Z][a-z]+)", text[part[-1].end : part[-1].end + 24])
    if len(part) > 1:
        plainly = all(t.kind.word or plain(t.text) in PLAIN for t in part)
        return not plainly or bool(led or trailed or comma)
    only = part[0].kind
    if plain(part[0].text) in PLAIN or ((only.eponym or only.medical) and not (led or trailed)):
        return False
    if not (led or trailed or comma) and of_thing(text, part[0].end):
        return False
    if only.word:
        return bool((led and led.group().strip().lower() not in ("the", "our", "of", "to", "at")) or trailed) and (
            only.last or not only.everyday
        )
    return not only.common_first or bool(led or trailed)
