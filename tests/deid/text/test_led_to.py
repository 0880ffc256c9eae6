"""Who and where are told by an office, a label, a deed or a noun before or behind them: what goes, and what stays."""

import pytest

from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    "lead",
    [
        *("Trustee", "Guardian ad litem", "Conservator", "Executrix", "Payee", "Magistrate", "Prosecutor", "Coroner"),
        *("Claimant", "Plaintiff", "Petitioner", "Complainant", "Victim", "Visitor", "Caretaker", "Superintendent"),
        *("Podiatrist", "Optometrist", "Chiropractor", "Perfusionist", "Orthotist", "Masseuse", "Nocturnist", "Extern"),
        *("PI", "DA", "ADA", "AME", "GAL", "CASA", "APS", "CPS"),
        *("Elder", "Priest", "Constable", "Sergeant", "Lieutenant", "Captain", "Warden", "Mayor", "Chief", "Marshal"),
        *("Relief", "Float", "Charge"),
        *("Widow of", "Niece of", "Cousin of"),
        *("Staffed", "Electronically signed", "Collected", "Transcribed", "Accessioned", "Witnessed"),
    ],
)
def test_who_stands_behind_an_office_or_a_deed_goes(engine, lead):
    assert left(engine, f"Seen today. {lead} Whitlock 3/4. Thanks.", ["Whitlock"]) == []


@pytest.mark.parametrize(
    "label",
    [
        *("Req", "Sig", "Signature", "Sign out", "Sign-out", "Signout", "Handoff", "Auth", "Admitting", "Covering"),
        *("Emergency", "EC", "Informed", "Supervising", "Collected", "Accessioned", "Typed", "Double check"),
        *("Responsible party", "Power of attorney", "Decision maker", "Pickup", "PI", "GAL", "Trustee"),
        *("Electronically signed by", "Transcribed by", "Reviewed by", "Submitted by", "Read by", "Copy to"),
    ],
)
def test_who_stands_behind_a_label_goes(engine, label):
    assert left(engine, f"Seen today. {label}: Osgardson", ["Osgardson"]) == []


@pytest.mark.parametrize(
    "deed",
    [
        *("to dictate", "to consent", "to staff", "rounding later", "proposes a scan", "dissents", "took over 0700"),
        *("is on call", "in to eval", "scrubbed", "takes over tomorrow", "and I agreed on comfort care"),
    ],
)
@pytest.mark.parametrize("who", ["Osgardson", "Whitlock", "Marsh"])
def test_who_does_what_only_colleagues_do_goes(engine, who, deed):
    assert left(engine, f"Stable. {who} {deed}.", [who]) == []


@pytest.mark.parametrize(
    "deed",
    [
        *(
            "attempted x2",
            "favors surgery",
            "wants a scan first",
            "out until Monday",
            "twins here",
            "changed the dressing",
        ),
        *("back from CT", "found her on the floor", "witnessed the fall", ", baby boy, well"),
    ],
)
def test_a_surname_does_what_others_do_too(engine, deed):
    assert left(engine, f"Stable. Whitlock {deed}.".replace(" ,", ","), ["Whitlock"]) == []


@pytest.mark.parametrize("what", ["pain", "labs", "inhaler", "place", "phone", "bday", "wishes", "aide", "pharmacy"])
def test_who_has_what_people_have_goes(engine, what):
    assert left(engine, f"Stable. Velmira's {what} again.", ["Velmira"]) == []


@pytest.mark.parametrize(
    "lead",
    [
        *("Dest:", "Destination:", "Origin:", "Submitting:", "Submitting facility:", "Eye bank", "Dispatched to"),
        *("Trial site", "Mosque", "Parish", "Casino", "Burial", "LWBS", "GED", "OSH", "5th gr", "11th grade", "Prison"),
        *("Bartends", "Manages", "Landscapes for", "Contractor for", "Bowls with", "Bus to", "Hospice choice"),
    ],
)
def test_where_stands_behind_a_field_or_a_noun_goes(engine, lead):
    assert left(engine, f"Seen today. {lead} Norvane Pines today.", ["Norvane"]) == []


@pytest.mark.parametrize(
    "deed",
    [
        *("faxed 12 pgs", "faxed orders", "requests records", "is reviewing clinicals", "has a wait list"),
        *(
            "delivers tomorrow",
            "will deliver",
            "drops meals",
            "confirmed receipt",
            "no longer stocks it",
            "student",
            "employee",
            "worker",
            "softball",
        ),
    ],
)
def test_where_stands_before_what_only_it_does_or_has_goes(engine, deed):
    assert left(engine, f"Seen today. Norvane {deed}.", ["Norvane"]) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Found at the corner of Elm and Tarnow.", ["Elm", "Tarnow"]),
        ("Lives 118 Alder w/ daughter. Was living @ 22 Birchwood with her son.", ["118", "Alder", "22", "Birchwood"]),
        ("D/c'd 4-4, adm 3-2.", ["4-4", "3-2"]),
        (
            "Cr 2.8 3/5 -> 1.6. Random 3/6 AM. Dictated 9-2-16/9-3-16. Seen 11/'19.",
            ["3/5", "3/6", "9-2", "9-3", "11/'19"],
        ),
        (
            "Camila is here. 3 wk old Dara fussy. Jaxson VanderMolen may return.",
            ["Camila", "Dara", "Jaxson", "VanderMolen"],
        ),
        (
            "Mrs. Her and Ms. Do called. Prescriber WHITLOCK,B noted. Whitlock, R. 71 kg.",
            ["Mrs. Her", "Ms. Do", ",B", " R."],
        ),
        ("Page *71180, Vocera 4417. MyChart login: shilan.k", ["71180", "4417", "shilan"]),
        ("SS# ending 0198. Last four of social 0198. Docket No. 313-2019-GI-00221.", ["0198", "313-2019"]),
        ('{"MRN": 44812, "x": 1} <mrn>55812</mrn>', ["44812", "55812"]),
        ("Seen by E. Th0rn MD. Wi11iam J. Kowa1ski was here.", ["Th0rn", "0rn", "Wi11iam", "Kowa1ski"]),
        ("Tent on Larkin. Camps off Velmor near the mall.", ["Larkin", "Velmor"]),
        ("The accident happened on Larkin by the school. Rollover on Velmor.", ["Larkin", "Velmor"]),
        ("Shops Norvane by herself. Spoke Whitlock today. Appreciate Whitlock.", ["Norvane", "Whitlock"]),
    ],
)
def test_streets_shops_and_people_that_a_deed_leads_to_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Req: CBC. Sig: 1 tab daily. Auth: pending. Emergency: none. Collected: today. EC aspirin daily.",
        "Relief: Tylenol. Pain relief with Motrin. Chief Complaint: cough.",
        "Elder Abuse screen negative. Charge: Level 4.",
        "Informed: family. Notified: MD. Signature: on file. Admitting: Medicine. Covering: Hospitalist.",
        "Collected Blood. Accepted Cardiology. Spoke Spanish. Appreciate Renal recs. Consent obtained.",
        "DA scan. PI pending.",
        "HR 77 PR 160 QRS 98. HR 60 PR 200. BP 150s/90s. Sats high 90s, HR 90s. Smoked in the 90s.",
        "5-beat run VT, MD aware. No BM, MD notified. In AF RVR, NP aware. 5 beats NSVT, RN notified. PT, OT, RD.",
        "pT3 N1b (3/22 nodes), carcinoma in 2/15 lymph nodes, 4/12 cores positive, Allred 8/8, 10/10 HLA match.",
        "Tyrer-Cuzick 34%, Klein-Levin, Hailey-Hailey, Joel-Cohen entry. Jehovah's Witness. Drinks Crystal Light.",
        "Le Fort I fracture, LE FORT III osteotomy. Changed at home 20 French and clamped. D/c'd 1/2 tab.",
        "Dest: Home. Origin: Unknown. Origin: Left Ventricle. Submitting: Pathology. OSH CT negative. Parish nurse.",
        "Manages Diabetes well. Bus to School. Walks to Bathroom. 5th gr Math.",
        "Medical student. Nursing student here. Construction worker. High school student.",
        "Federal employee. Spanish student. PhD student.",
        "Records faxed over. Office faxed records. Mom faxed over the form. Patient requests records.",
        "Fell on Tuesday. Collapsed on Monday. Walks on Tuesday and Friday. Corner of the room. Rash on Keflex.",
        "Staff found pt on floor. Police found him. Neighbor brings meals. Nurse witnessed fall. Conjoined twins.",
        "Today's labs. Crohn's pain. Parkinson's gait. The whole family.",
        "Radiology and I reviewed. Called back from CT.",
        "Cultures to follow. Pharmacy to dose. Staff to consent. Labs to review. Surgery is on call.",
    ],
)
def test_what_the_same_leads_bring_of_medicine_and_every_day_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text
