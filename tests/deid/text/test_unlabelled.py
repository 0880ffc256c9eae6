"""What people write of each other without a label goes; what only looks like it stays."""

import pytest

from tests.deid.text.written import NOBODY


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Find me on insta @lena_k7 or venmo @Lena-K.", ["lena_k7", "Lena-K"]),
        ("Router 3c22.fb90.1a2b, address fe80::1ff:fe23:4567:890a.", ["3c22", "fe80"]),
        ("Filed as 3:22-cv-00817; flown in on N407MH.", ["00817", "N407MH"]),
        ("Now lives at 418 Elm, old address Rt 2 Box 118.", ["418 Elm", "Box 118"]),
        ("MVC 10/3, sick call 2/16, note to 9/14, seen Weds 13th.", ["10/3", "2/16", "9/14", "13th"]),
        ("Pt JQ is a 44F here for follow-up. JQ denies pain.", ["JQ"]),
        ("Dressing changed. -mk", ["mk"]),
        ("She works for Norvane and attends Blue Lantern.", ["Norvane", "Lantern"]),
        ("Wojciech called; spoke with Thandiwe about pain.", ["Wojciech", "Thandiwe"]),
        ("Abd al-Rahman bin Yusuf al-Harbi was seen.", ["Rahman", "Yusuf", "Harbi"]),
        ("Mr. Day missed a dose. Later Day reports nausea on Day 3.", ["Mr. Day", "Later Day"]),
        ("Rep Tesfaye W. x499 called.", ["x499", "Tesfaye"]),
        ("Collected 03/14/2021-0630 by lab.", ["03/14"]),
        ("Rounds\n3/8 1900 assumed care. Vomited 12/1 at 0847.", ["3/8", "12/1"]),
        ("Ref to Dr. Lundgren x4-2207, RD p4417, spec 0214:C00318S.", ["4-2207", "4417", "00318"]),
        ("DEXA 5/2 normal. Filled 11/4, delivered 6/10, admitted 2/2 for CHF.", ["5/2", "11/4", "6/10", "2/2"]),
        ("Performed by: Vasquez RN, Ingrid", ["Vasquez", "Ingrid"]),
        ("PATIENT: BRANNIGAN, TOBIAS K  ROOM 4", ["BRANNIGAN", "TOBIAS K"]),
        ("Thickener taught. Ingrid Lundgren, CDCES", ["Lundgren"]),
        ("CNM Halvorsen at bedside. Pt Prewitt back from CT.", ["Halvorsen", "Prewitt"]),
        ("Here with both moms, Ingrid and Kirsten.", ["Ingrid", "Kirsten"]),
        ("Took the kids (Connor, 9, and Hailey, 6) to school.", ["Connor", "Hailey"]),
        ("Patient and Marjorie voiced understanding. Will ask Marlene to fax it.", ["Marjorie", "Marlene"]),
        ("Follow in 3 months. Lundgren", ["Lundgren"]),
        ("Ulcer cultured. JW, PGY-2", ["JW"]),
        ("CT from Osprey Lake Regional was read as normal.", ["Osprey"]),
        (
            "Seen by Prairie Lark Home Care; to Hospice of the Plains on Friday.",
            ["Prairie Lark", "Hospice of the Plains"],
        ),
        (
            "Flare in October, worse since last March; back in April. A1c in Sept 7.1.",
            ["October", "March", "April", "Sept"],
        ),
        ("he was admitted in may and again last march, seen in january", ["may", "march", "january"]),
        ("Film taken 11/06, next visit 7/29. Profile until 15 FEB.", ["11/06", "7/29", "15 FEB"]),
        ("Coll: O9/l2/23, fax (231) 555-O174.", ["l2", "O174"]),
        ("record number eight eight two four one nine zero", ["eight", "nine"]),
        ("MR HALVORSEN SEEN AGAIN TODAY BY VIDEO, A1C MAR 6.9, RTC SEPT. /es/", ["HALVORSEN", "MAR", "SEPT"]),
        ("Dawn, 104yo, sleepy. 14 mo old Zephyrin w/ fever. Shared lunch with Hazel.", ["Dawn", "Zephyrin", "Hazel"]),
        (
            "sib zephyrin w/ cough, gf minnie here, daughter lily's cold, nurse patty called",
            ["minnie", "lily", "patty"],
        ),
        ("Crew Gamble/Okonjo. Closed by Tremblay/Gorsky.", ["Gamble", "Okonjo", "Tremblay", "Gorsky"]),
        ("Will ask SW (Art). Family (Hoa) notified. dietitian Joy weekly.", ["Art", "Hoa", "Joy"]),
        ("Labs fine. /Begaye/", ["Begaye"]),
        ("Candida noted. - Begaye 12/4", ["Begaye", "12/4"]),
        ("Bed 12A - Di Lorenzo, Concetta. Pt van den Berg, Saskia seen.", ["Di", "Concetta", "van den", "Saskia"]),
        ("J.T. left early. D.W. to bring snacks.", ["J.T", "D.W"]),
        ("Call Osei GI fellow. Tubbs doing well. Page Adeyemi today.", ["Osei", "Tubbs", "Adeyemi"]),
        ("He is relocating to Flagstaff; family in Accra and Kathmandu.", ["Flagstaff", "Accra", "Kathmandu"]),
        ("VETERAN, FORMERLY OF FARGO. RAISED NEAR SELMA.", ["FARGO", "SELMA"]),
        ("Moved to 927 Prospect, Las Cruces. Seen at U of C.", ["927", "Las", "U of C"]),
        ("Home with Visiting Nurse Service of Ossining. Referral to Bluebonnet Trails.", ["Ossining", "Bluebonnet"]),
        ("Drives truck for Norvane. Bowls at Thunder Alley. Sent her to HealthWorks.", ["Norvane", "Alley", "Works"]),
        ("he was at ochsner last week and his brother is well", ["ochsner"]),
        ("Sib zion has a cough, Brother jamal too. Duplex 8/24. Tumor board 9/14.", ["zion", "jamal", "8/24", "9/14"]),
        ("ANGEL, 103 Y/O, ASLEEP. GRANDMOTHER ROSE HERE. DEPUTY BOOKER TOO.", ["ANGEL", "ROSE", "BOOKER"]),
        ("deputy makoa present. b. khosravi lpn gave meds to the man", ["makoa", "b. khosravi"]),
        ("Letter sent, 555-0188. Zhiwei Z.", ["Zhiwei Z"]),
        ("RTC May 14th. /van den Berg/", ["van den Berg"]),
        ("Caller Kou from home. Subscriber Qian Wisniewski.", ["Kou", "Qian", "Wisniewski"]),
        ("Had a stent at Eastern Dakota in 2019. Works nights at Harbor Point.", ["Eastern", "Harbor"]),
        ("Visit 5/3/24. Swab 5/12, cast off 5/20; wires out 6/4.", ["5/12", "5/20", "6/4"]),
        ("Compared with 10/13, 10/2 and 9/4.", ["10/13", "10/2", "9/4"]),
        ("RTC NOV 14. Repeat Sept. Held past the 17th, since Juneteenth.", ["NOV 14", "Sept", "17th", "Juneteenth"]),
        ("Phone 001-555-830-2217x491, cell 802/555/0115.", ["2217", "491", "0115"]),
        ("Run # 24-018832, batch 77310, last4 H7719, card ending in 4471.", ["018832", "77310", "7719", "4471"]),
        ("Hearing aid 3317Q4KPZ. Lives at 12 Tamsin Crossroad.", ["3317Q4KPZ", "Tamsin"]),
        ("Found on Larkin Ave, off Bellamy Road.", ["Larkin", "Bellamy"]),
        ("Dialysis by Osgard Kidney Care; care moved from Bluestem Midwives.", ["Osgard", "Bluestem"]),
        ("Seen by the Osgard Spine Group. Guest of Tarnow Veterans Home.", ["Osgard", "Tarnow"]),
        ("Evaluated by the Headache Institute of Dunmore.", ["Headache Institute of Dunmore"]),
        ("Labs at Dunhold Memorial. Two days later he was back in Dunhold.", ["Dunhold"]),
        ("Employer: Osgard, Pell and Tarn", ["Osgard", "Pell", "Tarn"]),
        ("His employer, Brightwater Ferries, called. Discharged from Western Prairie.", ["Brightwater", "Prairie"]),
        ("Airlifted to Tarnow Ridge. Taken by ambulance to Osgard.", ["Tarnow", "Osgard"]),
        ("Care at St. B's and Saint Ambrose's. Admitted through Mercy St. Ambrose.", ["St. B", "Ambrose"]),
        ("He came from Port Ansel and flew back from Hensburgh.", ["Port Ansel", "Hensburgh"]),
        ("SW Yolanda helping. Marge from pharmacy came. MD on call Okonjo notified.", ["Yolanda", "Marge", "Okonjo"]),
        ("Pt Faith found on the floor. Daughter of Anand.", ["Faith", "Anand"]),
        ("Nutrition: Zephyrin, 34, sleeps well. Huddle with Marge and B.J.", ["Zephyrin", "B.J"]),
        ('Veteran Amos "Buck" Halvorsen seen. Please Call Marlene for a ride.', ["Amos", "Buck", "Marlene"]),
        ("[09:14] rn_kay: he wants to leave\n[09:15] zephyrin: ok", ["rn_kay", "zephyrin"]),
        ("Pt: Kim, Sung-min. Inmate Brannigan, Zephyrin seen.", ["Kim", "Sung-min", "Zephyrin"]),
        ("Hospital: Tarnow Ridge. Lab: Keystone Arts. Seen by Norwick Rheum.", ["Tarnow", "Keystone", "Norwick"]),
        ("Seen (dob 6 6 68). Mom and Grace, both well.", ["6 6 68", "Grace"]),
        ("RECORD Halvorsen-Bell, Luna 04-17-2020 reviewed.", ["Halvorsen", "Luna"]),
    ],
)
def test_what_people_write_without_a_label_goes(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Strength 4/5, pain 3/10, murmur 2/6, GCS 14/15, PHQ 9/27, dose 1/2 tab.",
        "Density C. No mass. Hepatitis B. Grade B. Vitamin D.",
        "Ultrasound Multiframe Image Storage.",
        "Discharged to Hospice; transferred to Telemetry; referred to Cardiology.",
        "Heparin x5000 units, #120 tabs, #15 blade, ratio 3:1 at 10:22:33.",
        "Pt NPO is told; PT reports progress; OT states goals are met.",
        "Patient cardiac enzyme profile negative. Klebsiella not grown, likely Candida; Bartonella IgG negative.",
        "He is Danish; mother: Non-Hodgkin’s lymphoma.",
        "Watch 1900-0700. Taper 60-50-40-30-20-10.",
        "Neuro: Babinski downgoing. Murmur at Erb's point. Lambl's excrescences. Circle of Willis patent.",
        "NYHA I. Takes metoprolol. ASA II, Mallampati 2. Dx: A. TVA with HGD.",
        "Await Nephrology input. Saw Cardiology today. Seen in the Walk-In Clinic. Sent to the Methadone Clinic.",
        "Two stents (LAD PCI) done; removal of Ex-Fix.",
        "Hi, I'm well. Okay, I'll call. Good, I've been sleeping.",
        "Dear Colleague, thank you for the referral.",
        "He fell from a Christmas tree. She attends Gamblers Anonymous.",
        "His aunt had Lou Gehrig's disease. A native of Norway, being seen for cough.",
        "Pain may recur; the patient may march in place. May resume aspirin. Given per MAR. Dec in pain, oct scan.",
        "Two to five, four to six, one or two times. Type I/II, Lunch 3/7 @ 10. Home visit.",
        "GRAFT IN 2004 BY DR.",
        "Takes 2 puffs. Dr. on call aware. Takes Vitamin D.",
        "PATIENT ROSE SLOWLY. The pt rose, then will walk.",
        "Boston prep 8, Forrest III. Thomas, Ober, Ely negative. Child-Pugh B. Portal vein patent. Barrett C1M2.",
        "Completed Allen Cognitive Level Screen. Cowden, Li-Fraumeni, Peutz-Jeghers unlikely.",
        "FH: MOTHER DIED OF STROKE AT REST; REFERRAL TO CARDIOLOGY; SENT TO PATHOLOGY.",
        "Trendelenburg L. Phalen positive R. Maitland grade III. Trial done. - Aspirin",
        "his son will call, mom may come, dad drew a picture; hope to rise",
        "Pain 10/10 at 0800, strength 5/5. Admitted 2/2 pneumonia.",
        "Allergies peak in April and rise every September. Ticks are active from March.",
        "The risk rises in March and in May. Cases are more common in August.",
        "Grade 3. May-Hegglin anomaly excluded. Staged pT2N1 today.",
        "A Dobhoff was placed. Balloon tip in right PA. Bookwalter set up. Explant path @ the lab. Donor well.",
        "Confusion for the last 1-2 minutes. Surveillance per Seattle protocol.",
        "d/c to HEP. re: MSSA bacteremia. Group Therapy, Review of Systems, Support Group, Home.",
        "Lab: Pending. Clinic: Cardiology. Hospital: Stable. Dispo: Home.",
        "Notes of Dr. X and Dr. XYZ were read.",
        "Chest X-ray PA and lateral. Social Determinants Of Health. Portable Medical Order Form.",
    ],
)
def test_what_only_looks_like_it_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


def test_a_credential_is_no_name_and_no_part_of_what_stands_in_the_next_line(engine):
    text = "Seen by Ingrid Lundgren, MD, PhD\nOsprey Rheumatology Associates"
    assert [text[s.start : s.end] for s in engine.deidentify(text, NOBODY).spans] == [
        "Ingrid Lundgren",
        "Osprey Rheumatology Associates",
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Pt Guadalupe A&Ox3.", "A&Ox3"),
        ("Carla Brzezinski M 95 y.o. seen.", " M "),
        ("my wife elena said so at home today", "said"),
        ("DNR PER ELENA BRZEZINSKI HCA TODAY.", "HCA"),
        ("Mother Maeve BrCa at 41.", "BrCa"),
        ("Block sent to Salem for Oncotype.", "for Oncotype"),
        ("Employer Foster Farms pays.", "Employer"),
        ("grandmother judith works at home and is well", "works"),
        ("Patient: Brzezinski, Elena   F   51", " F "),
        ("See Elena Brzezinski NP today.", "See "),
        ("Res Elena B. alert.", "Res "),
        ("Member: Elena Brzezinski  Member ID W1045395229  Group 0170-622", "Group"),
        ("She attends Blue Lantern Tuesdays.", "Tuesdays"),
        ("Seen 5/3/24. BiPAP 12/6, strength 6/5.", "12/6, strength 6/5"),
    ],
)
def test_what_only_stands_behind_a_name_stays(engine, text, kept):
    assert kept in engine.deidentify(text, NOBODY).text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Present: Varnhagen (rad onc), T. Okpara (IR); renal (Velmor) signed off.", ["Varnhagen", "Okpara", "Velmor"]),
        ("Case 3: K.W., 68M, smoker. Peer L.W. reported a threat.", ["K.W.", "L.W."]),
        ("Wife Perla, sons Tolan and Owaith at the bedside.", ["Tolan", "Owaith"]),
        ("Please fax it today. Thanks! Velda", ["Velda"]),
        ("can you send the forms over, thx velda", ["velda"]),
        ("Cough better, plan home.\nVarnhagen #4410", ["Varnhagen"]),
        ("0730 HALVORSEN 58M lap chole", ["HALVORSEN"]),
        ('Resident Ingrid Varn ("Bibi") fell.', ["Ingrid", "Bibi"]),
        ("Lives with Ingrid, 92, and Elena (91).", ["Ingrid", "92", "91"]),
        ("Labs: Paik, So-min, repeat draw.", ["Paik", "So-min"]),
        ("LAST NAME Varnhagen      FIRST Bisola", ["Varnhagen", "Bisola"]),
        ("Notes from Dr. A. Halvorsen's clinic.", ["Dr. A. Halvorsen"]),
        ("1502 MD Varnhagen at bedside. Parole agent Varnhagen called.", ["Varnhagen"]),
        ("He walks with Gloria every morning.", ["Gloria"]),
        ("Signed\nTKV/mrw\nD: 09/27/2022 T: 09/28/2022 kmv", ["TKV/mrw", "kmv"]),
        ("Call back at ext. 5-7719. Grp QAT117.", ["5-7719", "QAT117"]),
        ("Medicare 2950 44719 0 1. Lives at 7 Alder Rd, Ottawa K1K 0T2.", ["44719", "K1K", "0T2"]),
        ("Dirección: Calle Olmedo 415, cita el 3 de febrero.", ["Olmedo", "415", "3 de febrero"]),
        ("s/p TKA 6/7. Returns 2/28. Review 14/6.", ["6/7", "2/28", "14/6"]),
        ("My labs were on the twelfth. Crown prep 6/5 w/ hygienist.", ["twelfth", "6/5"]),
        ("Seen by PCP Varnhagen 7/15. Last seen August.", ["7/15", "August"]),
        ("Date | Service | Note\n1/5 | PCP | BP high\n2/2 | PCP | better", ["1/5", "2/2"]),
        ("Last visit|02/21/2024|VARNHAGEN CLINIC\nStatus|active now", ["VARNHAGEN"]),
        ("Sent to Varnhagen & Sons; script at Tollard's Drug, near Osgard mall.", ["Varnhagen", "Tollard", "Osgard"]),
        ("Location: Tollard Breast Center. Works nights at Amberline.", ["Tollard", "Amberline"]),
        ("Script at Walgreens on Tollard; sent by VNA of Dunmore.", ["Tollard", "VNA"]),
        ("Report given to Varnhagen at 0700. KV is a 9 yo with fever.", ["Varnhagen", "KV"]),
        (
            "Adopted by the Lundgrens. Notified by Faith on Monday. She works at St. Tollard.",
            ["Lundgren", "Faith", "Tollard"],
        ),
        ("He will bring her 4/8 at 1pm. Here for daughter Piper's recital.", ["4/8", "Piper"]),
        ("Advised not to drive to Hensburgh. Followed at Scott & White.", ["Hensburgh", "Scott", "White"]),
    ],
)
def test_what_charts_write_in_their_own_grammar_goes(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Braxton Hicks only. Montevideo units 210. Ann Arbor IIA, R-CHOP x6.",
        "Hernia at Tollard's space. Burkitt, Bartter unlikely. Sister Mary Joseph nodule absent.",
        "R IJ Trialysis placed. SPECIMEN: A. Cecal polyp. PREOP: ASA III, Mallampati II.",
        "PATIENT: A little better. He attends Quitters Anonymous.",
        "Referred to: Rheumatology. BI-RADS 2, PI-RADS 4.",
        "Atrial threshold 0.5@0.4. Tried Copaxone 2015-2018. Left at 1847 via POV.",
        "She works for ABC Company and was sent to XYZ Medical Center.",
        "IOP 12/10, K/Mg goal 4/2, CPAP 10/5, Suboxone 8/2 films, DTRs 2/2.",
        "On the fifth day she improved; this is the sixth and final cycle.",
        "Mother and sisters healthy. Best wishes. Thanks again.",
        "Ashkenazi Jewish. Nota de enfermeria.",
    ],
)
def test_what_charts_write_of_things_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Homeroom: Mrs. Velder\nGreen zone: albuterol.", "Green zone"),
        ("Eye drops per Dr. Velder\nPrevagen daily.", "Prevagen"),
        ("K. Velder  BI-RADS 2", "BI-RADS"),
        ("Lasix 40 per Dr. Velder VO today.", "VO"),
        ("Velder NP\nCase 3 was new.", "Case 3"),
        ("By Ilona Velder, NP     Clinic: Osgard", "Clinic:"),
        ("Pt Ilona R hand dominant.", " R hand"),
        ("Completed by Ilona Velder RN BSN today.", "RN BSN"),
        ("By Ilona Velder, MD   Sonographer: none", "Sonographer"),
        ("Addr|22 Cedar Ave|City|Dunmore", "|City|"),
        ("mom fell again at home today and is sore", "fell"),
    ],
)
def test_what_stands_in_the_next_line_or_field_stays(engine, text, kept):
    assert kept in engine.deidentify(text, NOBODY).text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("0900 OR2 Haddock / lap appy / Tolland R 51M / GA / Bledsoe\n0930 OR3", ["Tolland R", "Bledsoe"]),
        ("Line list\n3 Ostrova, K rm 12 onset of cough", ["Ostrova, K"]),
        ("Mother of Ilona (8), Camila (5) and a newborn.", ["Ilona", "Camila"]),
        ("His cousin Nimble brings the food.", ["Nimble"]),
        ("No problem, Gene. See you then.", ["Gene"]),
        ("Hi, its Olandra, I need my pills.", ["Olandra"]),
        ("Osgarda c/o HA since noon. Osgarda LVM.", ["Osgarda"]),
        ("EC: Ilse 555-0101 at all times.", ["Ilse", "555-0101"]),
        ("Twin A Ilse stable, Ilse paged.", ["Ilse"]),
    ],
)
def test_who_stands_in_a_row_in_talk_or_beside_kin_goes(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Transferred out of Silver Kettle last night.", ["Silver Kettle"]),
        ("BIBA from Amber Kettle for AMS. Dispo: Copper Thistle.", ["Amber Kettle", "Copper Thistle"]),
        ("Booked into Copper Thistle. Family prefers Amber Kettle.", ["Copper Thistle", "Amber Kettle"]),
        ("Occupation: welder, Copper Thistle, part time.", ["Copper Thistle"]),
        (
            "Lives in Copper Thistle apartments; fell in the Amber Kettle parking lot.",
            ["Copper Thistle", "Amber Kettle"],
        ),
        ("Echo done outside Copper Thistle, Employed w/ Amber Kettle.", ["Copper Thistle", "Amber Kettle"]),
        ("Seen at Amber Kettle on Thistle after the fall.", ["Amber Kettle", "Thistle"]),
        ("Family in Copper Hollow, camping near Amber Falls.", ["Copper Hollow", "Amber Falls"]),
        ("Seen by Dr. Osgard 5/9 for this; arrest at the Copper Thistle 2/8.", ["5/9", "2/8"]),
        ("CT head (3/14) neg, consent 4/9. She came the 23rd.", ["3/14", "4/9", "23rd"]),
        ("Acct 2210 0498 71 is closed.", ["2210", "0498", "71"]),
    ],
)
def test_a_place_a_day_and_a_number_go_by_what_stands_before_them(engine, text, gone):
    made = engine.deidentify(text, NOBODY).text
    assert [piece for piece in gone if piece in made] == []


@pytest.mark.parametrize(
    "text",
    [
        "Froment neg. Allen. Capillary refill normal.",
        "Child-Pugh A. Vienna. Next scan in three months.",
        "- Overall, he does well.",
        "Rocky Mountain spotted fever; tried the South Beach Diet.",
        "DISPOSITION: Discharged with family.",
        "Vit K declined. MRN none, 45 visits of 60.",
        "The 25th percentile, the 14th rib, the 20th week.",
        "HTN, DM, C. diff in the past (treated).",
    ],
)
def test_what_stands_where_a_name_a_place_or_a_day_could_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


def test_a_labelled_number_ends_before_an_age(engine):
    made = engine.deidentify("MRN 448829 45 yo male here.", NOBODY).text
    assert "448829" not in made
    assert "45 yo" in made
