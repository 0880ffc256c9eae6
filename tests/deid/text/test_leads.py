"""Who and where are told by what leads to them, in notes without cases too: what goes, and what stays beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.deid.text.leads import persons, runs
from tests.deid.text.written import NOBODY, left


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("pt works at lantern supply, lives at quiet meadow x 2 yrs.", ["lantern", "meadow"]),
        ("she was biba from copper lantern for sob, here before.", ["copper", "lantern"]),
        ("d/c to silver meadow tomorrow, walker from lantern delivered.", ["silver", "meadow", "lantern"]),
        ("DAUGHTER STATES SHE ATTENDS LANTERN ACADEMY AND WORKS AT THE MEADOW.", ["LANTERN", "MEADOW"]),
        ("PHARMACY: QUIET MEADOW. LAID OFF FROM LANTERN.", ["QUIET", "MEADOW", "LANTERN"]),
        ("seen at quiet meadow twice. quiet meadow to fax the labs today.", ["quiet", "meadow"]),
        ("received pt from copper lantern snf @1430, skin intact.", ["copper", "lantern"]),
    ],
)
def test_facilities_of_everyday_words_go_without_cases(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "pt transferred from bed to chair, back to bed at noon, sleeps at night.",
        "works at night, works at home, goes to bed late, walks to store.",
        "seen at bedside, labs drawn at bedside, back to baseline, tolerated at rest.",
        "TRANSFERRED TO FLOOR. SENT TO LAB. ARRIVED FROM HOME. FOLLOWED AT HOME.",
        "returned to play, discharged to home with services, admitted from ed.",
    ],
)
def test_where_nobody_tells_which_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Hospice Lantern. Graduated Lantern 2012. Ref to Lantern.", ["Lantern"]),
        ("IOP Quiet Meadow. Lodging: none. Stays Quiet Meadow since May.", ["Quiet", "Meadow"]),
        ("Quiet Meadow has no bed; Copper Lantern reviewing.", ["Quiet", "Meadow", "Copper", "Lantern"]),
        ("Per Lantern staff she ate. At Quiet Meadow since May.", ["Lantern", "Quiet", "Meadow"]),
        ("Bartender The Lantern. Delivers for Lantern. Lives Gull Harbor.", ["Lantern", "Gull"]),
        ("Family likes Quiet Meadow. A bed at Quiet Meadow; QUIET MEADOW called.", ["Quiet Meadow"]),
        ("Home with Lantern Homecare. Prior admissions: Varnhold 2018.", ["Varnhold"]),
    ],
)
def test_facilities_behind_what_brings_one_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Hospice Referral. Rehab Potential: Good. SNF List given. HD Catheter in place.",
        "Return to Work. Report to Charge. Returned to Floor. Send to Micro.",
        "Patient declined, no reason given. Nursing staff aware. MICU has no bed.",
        "Attending reviewing. Insurance out of network. School Nurse. EMS Report.",
    ],
)
def test_titles_behind_what_brings_a_facility_stay(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Owen vomiting since noon. Then Owen left him. Owen picked up meds.", ["Owen"]),
        ("Lundgren confirms. Lundgren reading. The Lundgren family is here.", ["Lundgren"]),
        ("Lundgren & Varnhagen agree. Bed 3: Varnhagen, npo.", ["Lundgren", "Varnhagen"]),
        ("Marsh (rm 11): NPO. Ordering: Lundgren. Escort: Tamsyn", ["Marsh", "Lundgren", "Tamsyn"]),
        ("Tamsyn fell again. Tamsyn is here with mom.", ["Tamsyn"]),
        ("Her husband Amble drove. Owen 36, well.", ["Amble", "Owen"]),
        ("Dr. Tamsyn Lundgren saw her; lundgren called later.", ["lundgren"]),
        ("Owen VL <20. Partner ok.", ["Owen"]),
        ("ORDERING: LUNDGREN,K  Dictated by: VK/olm", ["LUNDGREN", "VK", "olm"]),
        ("Seen today and stable.\nBP ok. /vkl", ["vkl"]),
        ("Stable, home in am. VKL", ["VKL"]),
        (
            "paged marsh x2, seen by varnolde today, tamsolde called, tamsolde (wife) here.",
            ["marsh", "varnolde", "tamsolde"],
        ),
        ("RN Lundgren 14477. MyChart username velmaroo.", ["14477", "velmaroo"]),
    ],
)
def test_persons_told_by_what_they_do_or_who_meets_them_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Partner ok. Family at bedside. Supportive family is here.",
        "Cefazolin and Flagyl were given. Plan: NPO. DNR. RTC.",
        "Norton V, tolerated feeds. Followed by rest.",
        "seen by ortho today, followed by rest and ice, w walker, per protocol.",
    ],
)
def test_what_is_done_by_nobody_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("S/p lap chole 3/8. UDS 3/4. Mohs 2/10 Dr. Lundgren.", ["3/8", "3/4", "2/10"]),
        ("Start 6/12. Off work 6/12-8/28. LVM 3/4.", ["6/12", "8/28", "3/4"]),
        ("TUMOR BOARD 3/9: agreed. Hgb 9 4/23.", ["3/9", "4/23"]),
        ("Neulasta given. TC 5/9, port ok. Rash 5/7.", ["5/9", "5/7"]),
        ("TOD 0312 3/9. Sept 4th: called. Renfield May-July. Return Sept.", ["3/9", "Sept", "May-July"]),
        ("Screened 3/4. Placed 2/10. Hep B 6/12.", ["3/4", "2/10", "6/12"]),
        ("Admitted 7/28. She was well, then worse 7/9.", ["7/9"]),
    ],
)
def test_days_told_by_what_happens_on_a_day_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Centor 3/4. SIRS 2/4, qSOFA 2/3. Recall 3/5. Nodes 2/14.",
        "Ate 3/4 of lunch. Out 2/3 of way. Placed 2/3 of stent. Boost 10/5.",
        "Strength 4/5, grip 3/5. Pain 3/10, was 7/10. Murmur 2/6.",
        "Suboxone 8/2, was 4/1. BiPAP 12/6. Call 2/3 times a day.",
    ],
)
def test_shares_and_scores_beside_them_stay(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


_WORDS = st.lists(
    st.sampled_from("pt works at from to the lantern meadow tamsolde paged w per home called snf x".split()), min_size=1
)


@given(words=_WORDS)
def test_leads_stay_within_the_words_and_never_take_a_small_word(words):
    gaps = [" "] * (len(words) - 1) + ["\n"]
    taken = {i for start, end in runs(words, gaps) for i in range(start, end)} | set(persons(words, gaps))
    assert taken <= set(range(len(words)))
    assert not {"pt", "at", "from", "to", "the", "x"} & {words[i] for i in taken}


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("pt lives in dunmere with wife, son in varnhold, farm near tarnmoor.", ["dunmere", "varnhold", "tarnmoor"]),
        ("she has an apt on birch, flew to dunmere in may, well now.", ["birch", "dunmere"]),
        ("Hit on Birch. Shot on Lantern. Seen at Birch and 4th; by 9th & Lantern.", ["Birch", "Lantern", "4th", "9th"]),
    ],
)
def test_towns_and_streets_told_by_what_leads_there_go(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Found on Ultrasound. Fell on Monday. Numb near 2nd and Third toes. Hit on Head.",
        "pt lives on disability, house on fire, lives in own home, in rehab, in restraints.",
        "Philadelphia chromosome pos. Mayo guidelines.",
    ],
)
def test_what_nobody_lives_on_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text
