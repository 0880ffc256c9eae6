"""Templates by kind of note, written from how American clinical notes are written; ``{...}`` is filled by ``notes.py``."""

TEMPLATES: dict[str, list[str]] = {
    "discharge summary": [
        """DISCHARGE SUMMARY
Patient Name: {p.lfm}
MRN: {mrn}     DOB: {dob}
Admit Date: {date.us}   Discharge Date: {date.us}
Attending: {d.fml}, MD
PCP: {d2.full} ({clinic})

HOSPITAL COURSE: {p.title} {p.last} is a {young} with CHF and COPD who was transferred from {hosp} on {part.md} after a
syncopal episode at home. {neg} Cardiology ({d2.last}) was consulted. {r.rel} {r.first} was at the bedside and
updated by Dr. {d.last}. {neg}
DISPOSITION: Discharged to {home}. Follow up with {d2.first} {d2.last} on {date.weekday}.
Dictated by: {d.il}, MD  DD: {date.us2} DT: {date.us2} Job #{id}
""",
        """{p.full} was admitted on {date.long} to {hosp} for DKA. By {part.mon} the gap had closed. {neg} On {part.ofwords}
{p.she} was walking with PT. {neg} Discharged {part.words} in good condition; the family ({r.full}, {r.rel_low}) was taught
insulin. Call {phone} with questions. cc: {d2.full}, MD; {d.last} Medical Records.""",
    ],
    "history and physical": [
        """HISTORY AND PHYSICAL
Name: {p.lf}    Age/Sex: 67 M    Acct: {acct}
CC: chest pain
HPI: {p.title} {p.last} is a {young} from {cityst} with a history of CAD s/p CABG in {part.my} at {hosp} (Dr. {d.last}),
who presents with two days of chest pressure. {neg} {p.first} lives with {p.her} {r.rel_low}, {r.first}, who works for {employer}.
PMH: Crohn's disease, Graves' disease, s/p Whipple 2016. {neg}
SH: Retired teacher ({school}). Quit smoking in {part.my}. Moved here from {abroad} in 1998.
FH: mother died at {old}, father at 72 of MI.
Labs from {part.md}: Na 138, K 4.1, Cr 1.2, WBC 9.8, Hgb 12.1, Plt 210.
Assessed by {d2.full} DO, PGY-2, pager {pager}
""",
    ],
    "radiology": [
        """EXAM: CT CHEST W CONTRAST
PATIENT: {p.lfu}   MRN {mrn}   ACC: {acc}
EXAM DATE: {date.us2} 14:35
REFERRING: {d.lf} MD
COMPARISON: CT {date.us}, {hosp}.
TECHNIQUE: 5 mm axial images, 100 mL Omnipaque 350.
FINDINGS: 4 x 6 mm nodule in the right upper lobe (series 3, image 45). {neg}
IMPRESSION: 1. No PE. 2. Fleischner follow-up in 6-12 months.
Findings discussed with {n.full}, RN by {d2.last} at 14:35 on {date.us}.
Electronically signed by: {d2.full}, M.D. {date.stamp}
""",
        """MAMMOGRAM BILATERAL. Hx: {young} F. Prior: {date.my} at {clinic}. BI-RADS 2. {neg} Read by {d.il} MD, {date.mil}.""",
    ],
    "pathology": [
        """SURGICAL PATHOLOGY REPORT
Accession #: {acc}      Collected: {date.us}   Received: {date.us}
Patient: {p.up}     Med Rec: {mrn}
Submitting physician: {d.full}, M.D., {hosp}
GROSS: Received in formalin labeled "{p.lf}, right breast" is a 3.2 x 2.1 x 1.0 cm fragment, cassettes A1-A4.
DIAGNOSIS: Invasive ductal carcinoma, Nottingham grade 2, ER 95%, PR 80%, HER2 1+, Ki-67 14%. {neg}
Slides reviewed at conference with Drs. {d.last} and {d2.last}. Block sent to {city} for Oncotype.
""",
    ],
    "nursing": [
        """NURSING NOTE 0715: Rec'd report from {n.first} RN. Pt {p.first} A&Ox3, VSS, 2L NC. {neg} {r.first} ({r.rel_low}) called x2, asked
to be reached on cell {phone}. Foley draining. Heparin gtt at 12 mL/hr. Dr. {d.last} paged @ 0830 re: K 3.1. Pt to go to {home}
{part.md}. Report to {n2.full}, LPN. --{n.il}""",
        """Shift handoff: Bed 12A - {p.lf}, {old}, fall risk, Braden 14. Bed 12B - {p2.last} s/p lap chole POD#1. {neg} Next dose Zosyn 1800.
Family contact: {r.full} {phone}. {n.fi} RN""",
    ],
    "psychiatry": [
        """PSYCHIATRIC EVALUATION
{p.first} is a {young} who goes by "{nick}". {p.She} was raised in {city} by {p.her} grandmother {r.full}. {p.She} attended
{school} until grade 10, then worked at {employer}. Ex-husband {r2.first} has a restraining order (case no. {id}).
PHQ-9 = 17, GAD-7 = 12, C-SSRS negative. {neg} Last hospitalization: {hosp}, {part.my}. Prior therapist: {d2.full}, LCSW.
Plan: sertraline 50 mg; safety plan reviewed with {r.first}; return {date.weekday}. -- {d.full}, PsyD, license {lic}
""",
    ],
    "obstetrics": [
        """OB: {p.full}, G3P1011 at 36w4d by 8w US (EDD {date.us}), LMP {date.us}. GBS neg. {neg} FOB {r.full} involved. Prior LTCS
{part.my} at {hosp} ({d.last}). Baby girl will be named {kid.first}. Doula: {n.full}. L&D call: {phone}. Bishop score 6.
Declined Tdap on {part.md}. Midwife {d2.first} to see her next week.""",
    ],
    "paediatrics": [
        """WELL CHILD: {p.first} is a 4 m.o. brought by mother ({r.full}) and aunt {r2.first}. Born {dob} at {hosp}, 3.4 kg, Apgars 8/9.
Takes Similac 5 oz q4h. {neg} Sibling {kid.first} has asthma. Daycare: {school}. Pediatrician Dr. {d.last}; vaccine lot {lot}. Next visit
{part.longth}. Mom's e-mail {email}.""",
    ],
    "ED triage": [
        """TRIAGE {time} ESI 3. {p.lf} {young} arr via EMS unit 14 from {street}, c/o CP x 2h. {r.rel} {r.first} with pt. Allergic PCN. BP 162/94 HR
104 RR 20 T 37.1 SpO2 95% RA. {neg} Seen at {clinic} on {part.md}. DL {lic}. Contact {phone}. TRN: {n.last}""",
        """Trauma alert. Unknown male later ID'd as {p.full} ({date.us}) by {city} PD, badge {id}. MVC on I-95 in a vehicle plate {plate}. GCS 14.
FAST neg. {neg} Trauma attending {d.last}, ED {d2.last}.""",
    ],
    "telephone encounter": [
        """Telephone encounter {date.us2} 14:35: {r.full}, {r.rel_low} of {p.full}, called from {phone} asking about refill of lisinopril 20 mg. Spoke w/
{n.first}. Pharmacy is on {street}, {city}. {neg} Will route to {d.last}. Call back tomorrow after 3.""",
        """Pt called. States {d.full} told her to stop Eliquis before {part.mon}. Advised per Dr. {d.last}. Left VM for {n.first} ext {ext}. {neg}
{n2.fi} RN""",
    ],
    "referral letter": [
        """{date.long}

{d2.full}, MD
{clinic}
{addr}
Fax: {phone}

RE: {p.full}    DOB: {dob}

Dear Dr. {d2.last}:

Thank you for seeing {p.first}, a pleasant {young} who has had Raynaud phenomenon since {part.my}. {neg} {p.title} {p.last} was seen at
{hosp} by {d3.full} in {part.month}. Insurance: Aetna {plan}.

Sincerely,
{d.first} {d.last}, M.D.
NPI {npi}
""",
    ],
    "operative note": [
        """OPERATIVE REPORT
DATE OF PROCEDURE: {date.us}
SURGEON: {d.full}, MD   ASSISTANT: {d2.full}, PA-C   ANESTHESIA: {d3.il}, CRNA
PATIENT: {p.lastup}, {p.first}   {mrnl}
PROCEDURE: Right total knee arthroplasty.
IMPLANTS: Stryker Triathlon size 5, serial {serial}, lot {lot}.
The patient was identified by wristband as {p.full} and brought to OR 4. {neg} Kocher and Allis clamps were used. A #15 blade,
3-0 Vicryl, Penrose drain. EBL 150 mL. Counts correct. Family ({r.first}) updated by Dr. {d.last}.
""",
    ],
    "social work": [
        """SW NOTE: Met with {p.first} and {p.her} {r.rel_low} {r.full} re: discharge. Pt lives at {addr}; landlord {n2.full}. Employed by
{employer} since {part.my}. SSN {ssn}; Medicaid {plan}. DCFS worker {n.full}, {phone}. Car: 2011 Corolla, VIN {vin}, tag {plate}.
{neg} Church: {church}. Probation officer {d.last} in {countyc}. Immigrated from {abroad}. Portal login {url}. -- {d2.full}, MSW""",
    ],
    "dictation": [
        """this is doctor {d.low} dictating on patient {p.low} medical record number {mrn} date of birth {part.lowsaid} the patient is a {young}
comma seen today {part.words} in follow up period {p.she} lives in {citylow} with {p.her} {r.rel_low} {r.firstlow} period next paragraph
exam is unremarkable period plan is metoprolol twenty five b i d period copy to doctor {d2.lastlow} thank you end of dictation""",
    ],
    "messages": [
        """{p.firstlow} here, my knee is still swollen, dr {d.lastlow} said to text u at {phone}. can i take 2 tylenol? my bday is {part.md} btw""",
        """[{time}] {n.first}: pt in 7 wants to go AMA
[{time}] {d.first}: ok omw. did {r.first} (his {r.rel_low}) leave a number?
[{time}] {n.first}: {phone}, email {email}
[{time}] {d.first}: thx. mrn {mrn}? K was 5.6, repeat bmp at 4""",
    ],
    "problem list": [
        """PROBLEM LIST - {p.lf} ({mrn})
1. HTN - dx {part.mslash}, Dr. {d.last}
2. Baker cyst, L
3. T2DM, A1c 8.1 on {date.us}
4. S/p appy {part.my} ({hosp})
5. {neg}
6. Lyme disease, treated in {cityst}
Updated {date.iso} by {n.full}""",
    ],
    "table": [
        """Name | DOB | MRN | Unit | Provider
{p.lf} | {dob} | {mrn} | 4W-12 | {d.last}
{p2.lf} | {dob} | {mrn} | 4W-14 | {d2.last}
{p3.full} | {dob} | {mrn} | ICU | {d.last}

Date,Test,Value,Unit
{date.us},Sodium,139,mmol/L
{date.us},Potassium,4.4,mmol/L
{date.us},Creatinine,0.9,mg/dL""",
        """PT: {p.up}\tDOB: {dob}\tSSN: {ssn}
PHONE: {phone}\tADDR: {addr}
GUARANTOR: {r.up}\tINS ID: {plan}\tGRP: {group}""",
    ],
    "HL7 and exports": [
        """PID|1||{mrn}^^^MRN||{p.caret}||{dobc}|{p.sex}|||{street}^^{city}^{st}^{zip}||{phone}
PV1|1|I|4W^12^A|||||{npi}^{d.caret}
OBX|1|NM|2345-7^Glucose^LN||112|mg/dL|70-99|H|||F|||{stampc}""",
    ],
    "case question": [
        """What is the best anticoagulant for {p.full}, a {old} seen at {hosp} on {date.longth} with CrCl 22?""",
        """pt {p.fi}, {young} f w/ SLE + Raynaud's, last at our {city} office {part.month}, {mrnl}. rituximab vs belimumab?""",
        """Is it safe to give {p.title} {p.last} ({young}, {cityst}) ibuprofen with warfarin? INR 3.4 on {part.md}.""",
        """Per Dr. {d.full} at {clinic}: patient {p.lf} (ID {id}) has hematuria. Does 2021 AUA guidance advise CT urography?""",
    ],
    "insurance": [
        """PRIOR AUTHORIZATION. Member: {p.full}  Member ID {plan}  Group {group}. Subscriber {r.full} ({r.rel_low}). Claim # {acct} for DOS {date.us}
denied; appeal by {d.full} MD, NPI {npi}, DEA {dea}. Bank draft acct {acct}. Mail to {addr}. {neg} Portal {url}, IP {ip}.""",
    ],
    "device clinic": [
        """DEVICE CHECK {date.dmon}: {p.fml}, Medtronic Azure XT DR MRI, serial number {serial}; leads 5076-52 s/n {serial}. Implanted {part.my} by
{d.last} at {hosp}. Battery 9.4 y. AP 34%, VP 2%. {neg} Home monitor {mac}. Rep: {n.full}.""",
    ],
    "consult": [
        """Neurology consult for {p.last}, {p.first}. Asked by {d.last} to see this {young} with new seizures. {neg} Collateral from {r.first}, {p.her}
{r.rel_low}: she was fine until {part.holiday}. Travel to {abroad} in {part.my}. Discussed w {d2.last} (ID) and {n.first} (pharmD). {d3.full}, PGY4 {part.md}""",
        """Seen with Dr {d.last}. {p.last} doing well. {p.First_or_last} denies fever. Wife {r.first} agrees. {neg} - {d2.last} {part.md}""",
    ],
    "research": [
        """Subject {id} ({p.fi}) enrolled in the SPRINT-like trial on {date.dmy}; consent witnessed by {n.full}. Screen ECG {date.iso}. Coordinator
{d.full}, {phone}, {email}. {neg} Biometric ID {bio}.""",
    ],
    "home health": [
        """HOME HEALTH 485. Pt {p.full} {p.sex} {old}. Cert period {range}. SOC {date.us}. Caregiver: {r.rel_low} {r.full}, same address ({street},
{city}, {stname}). Aide {n.first} 3x/wk. {neg} Physician {d.full}, UPIN {lic}. Directions: off {street2} past the gas station in {city}.""",
    ],
}
"""Kinds of notes and their templates."""

LATER: dict[str, list[str]] = {
    "progress note": [
        """Subjective: {p.title} {p.last} slept poorly. Overnight {n.full} noted a fever to 38.9. Objective: T 38.1, HR 96, lungs with rhonchi. {neg}
A/P: Pneumonia, day 3 of ceftriaxone. Spoke to {r.first} {r.last} ({r.rel_low}) by phone at {phone}. Anticipate d/c {part.md} to {home}. {d.full} MD pgr {pager}""",
        """HD#4. Pt seen & examined w/ team (Drs. {d.last}, {d2.last}). {neg} {p.last} wants to go home to {city} by {part.holiday}. Will ask SW ({n.first}) re: placement.""",
    ],
    "eye clinic": [
        """{p.full} ({mrn}) VA 20/30 OD 20/60 OS. IOP 16/18 @ {time}. Humphrey 24-2 MD -3.4. {neg} Referred by {d2.full} OD of {clinic}. RTC {part.month}. /{d.last}/""",
    ],
    "dental": [
        """Pt: {p.lf}. #14 MOD composite, lido 2% w/ epi 1:100k x2 carps. {neg} Next: SRP w/ {n.first}, RDH, {date.us2}. Pt's boss at {employer} needs a work note faxed to {phone}.""",
    ],
    "physical therapy": [
        """PT EVAL: {p.first} {p.last} is s/p R TKA on {date.us} by Dr. {d.full} at {hosp}. Goal: return to bowling league w/ {p.her} friend {r.first}. ROM 5-95. TUG 18 s. {neg} POC x 6 wks. {n.full}, DPT lic# {lic}""",
    ],
    "anesthesia record": [
        """PREOP: {p.lastup},{p.first}  DOB {dob}  ASA 3  NPO since 2200. Prior GA {part.my} ({hosp}) grade 2b view. {neg} Consent w/ {r.rel_low} {r.full}. Attending: {d.il}; CRNA: {n.il}.""",
    ],
    "death note": [
        """Called to bedside by RN {n.first}. {p.title} {p.full}, {old}, pronounced at {time} on {date.long}. Family ({r.full}; {r2.first}) notified. ME {d2.full} declined the case. Funeral home: {employer}. {d.full}, MD""",
    ],
    "poison control": [
        """Caller {r.first} from {cityst} ({phone}) reports {kid.first}, 2 yo, ate ~5 gummies at grandma {r2.last}'s house. {neg} Case {id}. Recontact {n.full} at 0600.""",
    ],
    "secure e-mail": [
        """From: {p.full} <{email}>
To: {d.full}, MD
Sent: {date.weekday} {time}
Subject: refill

Hi Dr. {d.last}, it's {p.first}. I am out of metoprolol and I am in {city} until {part.mon} visiting {r.first}. Can you call it in to the CVS at {street}? Thanks! {p.first} {p.last}, {dob}""",
    ],
    "school form": [
        """Student: {p.lf}  Grade 5  {school}. DOB {dob}. Parent/Guardian: {r.full}, cell {phone}. Asthma action plan: green zone PEF > 240. {neg} Nurse {n.last} may give albuterol 2 puffs. Dr. {d.last} {date.us}""",
    ],
    "genetics": [
        """Proband {p.first} {p.last} (III-2). Her {r.rel_low}, {r.first}, carries the same BRCA2 c.5946delT variant. {neg} Sample {acc} rec'd {date.dmon} from {hosp}; counselor {n.full}, MS, CGC. {abroad} ancestry.""",
    ],
    "transport": [
        """EMS run {id}: unit 7 disp {time} to {street}, {city}. Pt {p.lf}, {old}, GCS 15. {neg} Meds with pt. Transported to {hosp}; care to {n.first} RN. Crew {d.last}/{d2.last}. Mileage 12.4.""",
    ],
    "advance directive": [
        """I, {p.full}, born {date.long}, of {addr}, appoint my {r.rel_low} {r.full} ({phone}) as agent. Witness: {n.full}, {city}. Signed {date.ofof}. Notary {d2.full}, commission no. {lic}.""",
    ],
}
"""Kinds written after the rules, to measure them on what they have not seen."""

LATER_NEGATIVES = """
Thomas test and FABER were negative; Ely and Noble compression positive.
She uses a Rollator, a Hoyer lift and a Purewick at night.
CIWA 8, RASS -1, CAM-ICU negative, Norton 14, Morse fall 55.
Started on Jardiance, Farxiga was stopped; Lasix 20 mg M/W/F.
Impression: Salter-Harris II fracture; Bennett fracture excluded.
Cobb angle 32 degrees; Risser 3; Adams forward bend positive.
The Dukes criteria and Light criteria were met; Virchow node not palpable.
Grew Enterococcus faecalis and Bacteroides fragilis; Legionella antigen negative.
Continue Miralax, Dulcolax PR prn, Colace; Fleet enema x1.
Ambien 5 mg qhs, Zoloft 50 to 75 mg, Haldol 2 mg IM once.
Braxton Hicks contractions; McRoberts maneuver and Rubin screw were used.
Cheyne-Stokes respirations; Kussmaul breathing; Biot pattern.
Bence Jones protein, Reed-Sternberg cells and Heinz bodies were not seen.
Epi 0.3 mg IM, Benadryl 50 mg IV, Solu-Medrol 125 mg.
Hardy and Wells agree in the literature that risk rises in March and in May.
The green stool, the brown nevus and the white plaque were unchanged.
Zone 2 flexor repair; A1 pulley release; Kleinert protocol; Bunnell suture.
NSTEMI type 2, Killip class I, TIMI 3 flow, Rentrop 0.
Hemoglobin fell from 11.2 to 9.8 g/dL; ferritin 12; transfused 1 of 2 units.
Fick output 4.2, PCWP 18, PVR 2.1 Wood units.
Old burns on the hand and foot; long arm cast; small bore feeding tube.
Tylenol #3, Percocet 5/325, Norco 10/325 1-2 tabs q6h prn.
Grave prognosis; hardy appetite; bright and early; a fair historian.
Sutures out in 10-14 days; ROM 0-120; pain 2-3/10; I:E 1:2.
Miranda rights were not discussed; Maslow hierarchy and Erikson stage reviewed.
""".strip().splitlines()
"""Sentences that identify nobody, written after the rules."""

NEGATIVES = """
Kernig and Brudzinski signs were negative; Murphy sign was equivocal.
She takes Synthroid 88 mcg, Lasix 40 mg BID and Bactrim DS.
Pain 7/10, down to 3/10 after Toradol 15 mg IV.
Strength 5/5 in the uppers and 4+/5 in the left hip flexors.
Cultures grew Klebsiella pneumoniae, Proteus mirabilis and Candida albicans.
Wells score 4.5, CHA2DS2-VASc 3, HAS-BLED 2, MELD 14, Child-Pugh B.
The EGFR L858R and BRCA1 c.68_69delAG variants were noted; KRAS G12D was absent.
May resume diet as tolerated; will march in place with PT.
Negative Lachman and McMurray tests; positive Tinel at the wrist.
He rose slowly and had hope that the pain will subside.
The mark on his arm is a bill of no concern; the rash may grant little relief.
Per the DAPA-HF, PARADIGM-HF and SPRINT trials, therapy was intensified.
Foley catheter, Jackson-Pratt drain and Swan-Ganz catheter in place.
Lyme titers and Rocky Mountain spotted fever serologies were sent; Norwalk virus was suspected.
Marburg and Lassa fevers were thought unlikely; West Nile IgM negative.
Ejection fraction 55-60%, E/e' 8, TAPSE 1.9 cm, LVEDD 4.8 cm.
Take 1-2 tablets by mouth every 4-6 hours, max 8 per 24 h.
Gestational age 32 weeks 4 days, fundal height 31 cm, FHR 140s.
Colles fracture of the left wrist and a Bankart lesion of the right shoulder.
Sodium 134-138 over the last 3 days; creatinine 1.1 -> 1.4 -> 1.2.
Titrate to a goal MAP of 65; Levophed at 0.05 mcg/kg/min, Precedex off.
Babinski downgoing, Romberg steady, Hoffmann absent, Spurling negative.
Hashimoto thyroiditis and Addison disease run in the family.
APGAR 8 and 9 at 1 and 5 minutes; Ballard 38 weeks.
Dose 1/2 tab for 10 days, then 1/4 tab; recheck in 6-8 weeks.
The Epworth Sleepiness Scale was 11 and the Mallampati class III.
Type 1 diabetes since age 12, on Humalog 1:10 carb ratio and Lantus 22 units.
Gram stain showed gram-positive cocci; Ziehl-Neelsen negative.
Visual acuity 20/40 OD, 20/25 OS; IOP 14/15; Goldmann fields full.
Bruce protocol, 9.5 METs, Duke treadmill score 7.
Doppler of the lower extremities showed no DVT in the popliteal vein.
A Whipple procedure and a Roux-en-Y were discussed; Billroth II anatomy noted.
Follows the Mediterranean diet, drinks Ensure and Gatorade, uses Tums and Advil PM.
No JVD, no S3/S4, PMI nondisplaced, 2/6 systolic murmur at LUSB.
Sharp, stabbing pain; brown stool; white sclera; long bone survey; young appearing.
CT A/P with PO and IV contrast; MRI T1/T2 FLAIR; PET/CT SUV 4.2.
Chief complaint, Past Medical History, Review of Systems and Social History were reviewed.
Burkitt lymphoma, Hodgkin disease and Kaposi sarcoma are in the differential.
Trendelenburg gait, Ober test positive, Thompson squeeze intact, Ortolani and Barlow negative.
Pt. ambulated 150 ft x2 with RW and CGA, Tinetti 19/28, Berg 41/56.
Monday Wednesday Friday dialysis schedule via a left arm AV fistula.
Vitamin B12 312, folate 9, TSH 2.41, free T4 1.1, HbA1c 6.8%.
Lot of anxiety about case management; the price of Ozempic is a hardship.
Apply Neosporin and Ace wrap; Tegaderm over PICC; Mepilex to sacrum stage 2 4x3 cm.
Ranson criteria 2, Ludwig angina excluded, Rovsing and McBurney tenderness absent.
ICD-10 E11.9, I10, Z79.4; CPT 99214, 93000; LOINC 4548-4.
BRCA, PTEN, MYC, TP53, FLT3-ITD and JAK2 V617F were tested.
Stage IIB (T2N1M0), Gleason 3+4=7, Breslow 1.2 mm, Clark level IV.
Crackles at both bases; Kerley B lines; Hampton hump absent.
Suture with 4-0 Monocryl and Dermabond; Steri-Strips; Ethilon 5-0.
Rinne AC>BC, Weber midline, Dix-Hallpike positive, Epley performed.
IV fluids at 125 mL/hr, 1:1 sitter, q15 checks, NPO after midnight.
Staph aureus MSSA bacteremia; Cefazolin 2 g q8h through a PICC for 6 weeks.
Works as a baker, lives in a house with stairs, drinks 2 beers a week, has a cat.
A Ryan White case; Good Samaritan donor kidney; Heimlich maneuver performed by a bystander.
Positive ANA 1:640, anti-Smith and anti-Ro; C3 62, C4 9.
Turner syndrome, Down syndrome and Prader-Willi were excluded by karyotype 46,XX.
Non-Hodgkin lymphoma, Sezary cells, Auer rods, Howell-Jolly bodies on smear.
Penrose drain, Bovie cautery, Babcock clamp, DeBakey forceps, Mayo scissors, Bookwalter retractor.
Rule out Wernicke encephalopathy; give thiamine 500 mg IV TID and Ativan per CIWA.
Vent settings AC 14/450/5/40%, ABG 7.38/42/88/24, P:F 220, RSBI 58.
Takes St. John's wort, Coenzyme Q10, Bach Rescue Remedy and Metamucil.
""".strip().splitlines()
"""Sentences that identify nobody."""

THIRD: dict[str, list[str]] = {
    "registration": [
        """NAME: {p.lfu}  SEX: {p.sex}  DOB {dob}  SSN {ssn}
ADDR {addr}  PH {phone}  EMPLOYER: {firm}
EMERG: {r.lf} ({r.rel_low}) {phone}  PLATE {plate}""",
        """Reg: verified name and address w/ pt. Moved to {bare}, {city}. Works at {firm}. Copay taken. MRN {mrn}. -{n.ini}""",
    ],
    "portal": [
        """hi its {p.low} from last week. rash is back. can dr {d.lastlow} call it in? text me at {phone} or find me on insta {handle}""",
        """Hello, my {r.rel_low} {r.first} fell on {part.md}. {neg} She is with me at {bare} until {part.month}. Thanks, {p.first} {p.last}""",
    ],
    "fax": [
        """TO: {d.fml} MD   FROM: {clinic}   DATE {date.us2}   PAGES 3
RE: {p.lf}  DOB {dob}
{neg} Please send records to {hosp}. Sender {n.il} RN {phone}""",
    ],
    "hospice": [
        """{p.first}, {old}, PPS 30, FAST 7c. {neg} {r.rel} {r.first} at bedside, respite at {home}. Chaplain {n.last} to visit {part.md}. {p.first} ate half. RN {n2.first}""",
    ],
    "newborn": [
        """Baby of {r.full}, 39+2, born {date.us} at {hosp}, Apgar 8/9. {neg} Father {d.first} works nights at {firm}. Ped {d2.last} appt {part.month}. Band {id}""",
    ],
    "corrections": [
        """Inmate {p.lf} #{id}, sick call {part.md}. C/o tooth pain. {neg} Deputy {d.last} present. {n.il} LPN""",
    ],
    "school nurse": [
        """{p.first} {p.last} sent from class by {d.title} {d.last} at 10:20. T 99. {neg} {r.rel} {r.first} works at {firm}, {phone}. {n.fi}""",
    ],
    "billing": [
        """Acct {acct} {p.full} DOS {date.us2} CPT 99214-25. Denied; spoke to {n.first}. Member {plan}. {neg} Rep {n2.fi} x{ext}. Letter to {addr}""",
    ],
    "legal": [
        """Re: {p.full} v. {firm}, No. {docket}. Deposition of Dr. {d.full} on {date.long}. {neg} Counsel {n.full}, {city}.""",
    ],
    "C-CDA": [
        """<text><paragraph>{p.full} was seen {date.iso} for asthma. {neg} Guardian: {r.full}. School: {school}.</paragraph></text>""",
    ],
    "intake": [
        """{p.first} grew up in {city} with {p.her} aunt {r.first}. {p.She} attended {firm} Academy and works for {firm}. {neg} Ex {d.first} blocked on Facebook ({handle}). {p.first} denies SI. Sober since {part.my}.""",
    ],
    "crash": [
        """MVC {part.md}: driver {p.full}, tag {plate}, VIN {vin}. Other driver {d.full}, policy {plan}. {neg} Trooper {n.last}, report {id}. Dash cam MAC {mac}, {ip6}.""",
    ],
    "initials": [
        """Pt {p.ini} is a {young} here for f/u. {neg} {p.ini} reports better sleep. Seen with Dr. {d.last}. Signed by {n.ini}.""",
    ],
    "transplant": [
        """Txp eval: {p.full} (donor: {r.full}), ABO O, PRA 0, listed at {hosp} on {date.us}. Coordinator {n.full}. {neg} Procurement {id}, flight {tail}.""",
    ],
}
"""Kinds written after the rules had been mended for the others; no rule was changed for them."""

THIRD_NEGATIVES = """
Ultrasound Multiframe Image Storage and Secondary Capture were listed; transfer syntax Explicit VR Little Endian.
Ann Arbor IIB, Deauville 3, Rai 1, Binet A, Child-Pugh A, Hinchey III.
Heller myotomy, Nissen, Toupet and Roux-en-Y were discussed.
Wears a Garmin, uses a Roho cushion, drinks Pedialyte and vapes Juul.
Candida, Klebsiella and Bartonella were not grown; Borrelia IgG negative.
EGFR L858R, KRAS G12C, Guardant360 negative, PD-L1 TPS 60%.
Alaris pump, Masimo probe, Accu-Chek and Pyxis checked.
Applicant number NDA020800; ANDA 077432; store below 25 C.
LKW 1340, NIHSS 11, TNK given at 1524, door to needle 22 min.
He is Danish and speaks Tagalog and English at home.
Strength 4/5, pain 3/10, murmur 2/6, GCS 14/15, PHQ 9/27.
Kudo II, Paris Is, Prague C1M3, Boston prep 8, Forrest III.
Density C. No mass. Hepatitis B. Grade B. Vitamin D.
""".strip().splitlines()
"""Sentences that identify nobody, for the third kinds."""
