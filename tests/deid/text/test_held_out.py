"""Rules mended from notes written before anyone saw what the engine makes of them: what they find, what they leave."""

import pytest

from tests.deid.text.written import NOBODY


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Her PCP is Varnhagen. Covering for Varnhagen tonight.", ["Varnhagen"]),
        ("Would like Lundgren's opinion. Owen's mother called.", ["Lundgren", "Owen"]),
        ("Lundgren recommended a stent; on rounds Lindqvist felt the rub was gone.", ["Lundgren", "Lindqvist"]),
        ("Seen at noon. Rivers recommended rest. Ivy (CNA) will sit.", ["Rivers", "Ivy"]),
        ("Then Ivy reports pain. Ivy's teacher called.", ["Ivy"]),
        ("Her husband Amble, who drove, left.", ["Amble"]),
        ('Brother "K-Dog" is not to visit. Dating "Spud" for a year.', ["K-Dog", "Spud"]),
        ("What is the dose for Tamsyn? She is 8.", ["Tamsyn"]),
        ("T.V., age 9, was placed. Donor V.K. matched. B.K. called. JT (mother) agrees.", ["T.V", "V.K", "B.K", "JT"]),
        ("Shot given by VK. Hyg: SJ. Result called @0417 by vkm.", ["VK", "SJ", "vkm"]),
        ("Checked by K. Varnhagen/D. Lundgren today.", ["Varnhagen", "D. Lundgren"]),
        ("Booked LUNDGREN, OWEN K to pod 4.", ["LUNDGREN", "OWEN"]),
        ("Booked FIELDS, OWEN K to pod 4.", ["FIELDS", "OWEN K"]),
        ("Agnes,\nplease call her.\nThx,\nvk", ["Agnes", "vk"]),
        ("Dr.: Lundgren. SW: Lundgren", ["Lundgren"]),
        ("Owen & Tamsyn in to visit; call Owen and Tamsyn.", ["Owen", "Tamsyn"]),
        ("Ask Varnhagen (617) 555-0144 or Tamsyn x3310.", ["Varnhagen", "Tamsyn"]),
        ("kids are owen, agnes, & patience at home with the pt tonight", ["owen", "agnes"]),
    ],
)
def test_who_is_told_by_what_is_done_or_had_goes(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Referrals sent to Varnhold and Tarnmoor.", ["Varnhold", "Tarnmoor"]),
        ("Works at Lantern Row, prev Kestrel, Tarnmoor.", ["Lantern", "Kestrel", "Tarnmoor"]),
        ("Works HR for Lantern Row. Copy editor for the Lantern. Cadet at VQI.", ["Lantern", "VQI"]),
        ("Retired Tarnmoor Northern brakeman. Welder with Tarnmoor.", ["Tarnmoor"]),
        ("DME Tarnair delivered. Detox (Varnhold) 2018. OSH Varnhold, stable.", ["Tarnair", "Varnhold"]),
        ("Bed offer at Varnhold. Lives at Tarnmoor (ALF).", ["Varnhold", "Tarnmoor"]),
        ("Agreeable to Lantern Valley Elder Services. Pt from Holy Redeemer.", ["Lantern", "Redeemer"]),
        ("Raised in the Varnhold House. By Varnhold Fire to Varnhold Towers.", ["Varnhold"]),
        ("Catholic, St. Agnes.\nMOVED FROM ST VINCENTS.", ["Agnes", "VINCENTS"]),
        ("Served on the USS Lantern and at Camp Varnhold.", ["Lantern", "Varnhold"]),
        ("Supplies by Bayada; hospice is VITAS.", ["Bayada", "VITAS"]),
        ("pt tx from varnhold last week, works @ tarnmoor nights and is well", ["varnhold", "tarnmoor"]),
        ("pt was seen at mgh last week and is doing well at home now", ["mgh"]),
        ("Place of birth: Las Cruces. Lives Dunmere, grew up Varnhold.", ["Las Cruces", "Dunmere", "Varnhold"]),
        ("Stays in an apt on Lindqvist, no heat.", ["Lindqvist"]),
    ],
)
def test_where_somebody_works_lives_or_is_cared_for_goes(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("D/c home 8-14. IME 9/12, claim denied 6/6, recheck 2/6.", ["8-14", "9/12", "6/6", "2/6"]),
        ("Ca 125: Jan 44, Apr 38, stable.", ["Jan", "Apr"]),
        ("Trop 0.04 (3/30), was 2.1 (4/12).", ["3/30", "4/12"]),
        ("Flu shot 10/5 & 11/2.", ["10/5", "11/2"]),
        ("Call on 6/10 2pm. Last drink sat the 3rd, port by xmas eve.", ["6/10", "3rd", "xmas"]),
        ("2/2 Pt seen. POD1 3/7, C2D1 5/5, trach 3/10.", ["2/2", "3/7", "5/5", "3/10"]),
        ("Admitted 3/4, d/c 3/11, rash 3/9.", ["3/4", "3/11", "3/9"]),
    ],
)
def test_days_that_charts_write_short_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Plate AZ 7QT 118, zoom id 771 5512 0093, gate code 4471.", ["7QT", "5512", "4471"]),
        ("Index No. QTXWZ82RA JN: 77102477 / VJ: 7719028", ["QTXWZ82RA", "77102477", "7719028"]),
        ("Signed\nKV114/7730\n571083\nVARNHAGEN, M.D. VK46", ["KV114", "571083", "VK46"]),
        ("snap: velmaroo, psn varn_77, cashapp $VTarn22", ["velmaroo", "varn_77", "VTarn22"]),
        ("SSN ending 4471.", ["4471"]),
    ],
)
def test_codes_and_handles_without_a_form_of_their_own_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Nissen, Allis, Babcock, Kelly, Kocher. Alport, Liddle, Gitelman.",
        "Hunt-Hess 2, Stanley-Brown plan, Kirby-Bauer disks, Weil-Felix, Passy Muir.",
        "San Francisco syncope rule 0. Salem sump to suction. Simpson EF 38. Vanderbilt +.",
        "Denies SI, HI. PSV 10/5. NDC 0074-4339-02. CXR PA and lateral. Nurse Aide Registry.",
        "Vineland-3 78. Norwood II, Hurley III. Smokes a pack a day of Salem.",
        "Drinks Jim Beam and Dr Pepper, uses Mrs. Dash. Attends Bingo.",
        "Father. Union dues paid. Her husband, tearful, left. Father Deceased.",
        "St. John's wort. St. Jude valve in 2004. Prev 0.04. Strength (4/5).",
        "MICU NURSING NOTE.",
        "alert, mae to command, perrl, no edema, tolerating feeds, cam neg",
        "transferred to floor in am, sent to lab, seen by ortho, home w/ services",
    ],
)
def test_what_medicine_and_shops_call_after_people_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Maiden name: Varnhagen  Place of birth: Osgard", "Place of birth"),
        ("coworker mirek brought him in, he is well and at home now", "brought him"),
        ("Smoked Tarnmoors for 30 years.", "Tarnmoors"),
        ("30. Mayo elbow score 85.", "30. Mayo"),
        ("Patient was at Varnhold Hospice\nAddress: none", "Address"),
    ],
)
def test_what_stands_beside_what_goes_stays(engine, text, kept):
    assert kept in engine.deidentify(text, NOBODY).text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Found at the Red Roof Inn. Shops Whataburger, then Hampton Inn Reading.", ["Red Roof", "Whata", "Hampton"]),
        ("she stays at the red roof inn and eats at whataburger most days, sleeps ok", ["red roof inn", "whataburger"]),
        ("ADMITTED FROM RED ROOF INN WITH CONFUSION.", ["RED ROOF INN"]),
    ],
)
def test_shops_and_hotels_of_the_list_go_however_they_are_written(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Takes St. John's wort. Rides a red roof, sleeps in, is at home now.",
        "the room has a red roof, in good repair, walks outside well",
        "Progressing, 9/24 visits used; tx 6/12, PHQ 9/27, boost 5/25 fx. Clinimix 5/15. Murmur 2/6.",
        "Sutures out in 10-14 days. Goal 12-16 cm, peak flow 11-13.",
        "Seen. pt resting, abd soft, no edema, tolerating feeds, cam neg. Plan as above.",
    ],
)
def test_words_shares_and_ranges_that_look_like_them_stay(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Smear neg x3, cultures converted 3/30. Booked 11/30 by night staff.", ["3/30", "11/30"]),
        ("Packet to Ms. Varnhagen 3/6. Sup visit by R Tarn RN 12-11.", ["3/6", "12-11"]),
        ("Tdap given 12-11.", ["12-11"]),
    ],
)
def test_days_behind_a_word_that_is_no_score_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (
            "Assessment: Stable. pt's wife agnes lindqvist called from ogden last night.",
            ["agnes", "lindqvist", "ogden"],
        ),
        ("Nursing Note\nson owen at bedside, spoke with dr lindqvist.\nPlan: Continue.", ["owen", "lindqvist"]),
        (
            "FEV1 2.41 (BL 2.88). pt agnes drove from ogden, bronch w dr lindqvist",
            ["agnes", "ogden", "lindqv"],
        ),
        ("npn: pt alert, visited by Tsovinar and son, ate well, slept well, foley clear", ["Tsovinar"]),
    ],
)
def test_names_in_the_small_sentences_of_a_note_in_both_cases_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Labs drawn at Lantern, then seen at Healing Osgard.", ["Lantern", "Healing Osgard"]),
        ("Moved from Osgarde, then flew to Tarnhold; nightmares since Velmorra.", ["Osgarde", "Tarnhold", "Velmorra"]),
        ("Works Lantern. After school (Lantern Creek) she naps.", ["Works Lantern", "Lantern Creek"]),
        ("Transport Velmorra late. Teaches at Osgard Dental Care.", ["Velmorra", "Osgard Dental Care"]),
        ("Hearing at Osgard Library. Choir at Osgard Motherhouse.", ["Osgard Library", "Osgard Motherhouse"]),
        ("Seen. booked by ogden pd, then home to bed.", ["ogden pd"]),
    ],
)
def test_capitals_behind_what_leads_to_a_place_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Hello, this is Teal's mom. He threw up.", ["Teal"]),
        ("Llama la hijo Beltran. Prescriber Varnhagen faxed it.", ["Beltran", "Varnhagen"]),
        ("S: Varnhagen, rm 512-2, HR 140s.", ["Varnhagen"]),
        ("pt seen w agnes 8/21, ate well and walked the hall", ["agnes", "8/21"]),
    ],
)
def test_who_is_told_by_kin_room_or_role_goes(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Pain at Best: 2/10. Pain at Worst: 7/10. Improved 4/5, graded 3/6, rated 7/9.",
        "He is from Ukraine and served in Korea. Transferred to Dermatology from Surgery.",
        "Petersen's space closed. Erb's point clear. Seen at the Pain Clinic at noon.",
        "Uses a Black Box warning sheet. A glass of wine in the evening at home.",
    ],
)
def test_capitals_and_shares_that_lead_nowhere_stay(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "gone"), [("Booked 4/8. Quit 5/6. Drain exchanged 2/3, wound opened 3/7.", ["4/8", "5/6", "2/3", "3/7"])]
)
def test_days_of_what_was_done_go(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    ["Had some exposure to Velmor at home.", "Seen by Dr. Y and Dr. Z last week."],
)
def test_what_somebody_is_exposed_to_and_letters_for_a_doctor_stay(engine, text):
    assert engine.deidentify(text, NOBODY).text == text
