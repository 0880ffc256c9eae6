"""Who, when and how old somebody is, told in few words: what the shortest notes hold."""

import pytest

from chartline import keys
from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.text import build, datetext
from tests.deid.text.written import NOBODY, left

SOMEBODY = PatientContext("p", earliest_year=1937)  # of whom no record tells a birth date


@pytest.fixture(scope="module")
def surrogates(key_file):
    """An engine that puts false names and shifted days."""
    return build(policy.load("expert_determination"), keys.load(key_file), "test", Cohort())


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("med mgmt Adeyemi next wk", ["Adeyemi"]),
        ("Agree except wt 81 kg. Hensley 1840", ["Hensley"]),
        ("ortho-Pruitt to see, Stable for d/c. Bukowski/pgr", ["Pruitt", "Bukowski"]),
        ("Dr. Strand saw pt. Strand recs MRI.", ["Strand"]),
        ("Seen by Sparks, NP. 0900 Sparks paged.", ["Sparks"]),
        ("Pt Elin Price here. Ms. Price ok. Price family aware.", ["Price"]),
        ("Price, RN at bs. Price gave meds.", ["Price"]),
        ("ph 555 0147, call 612 555 01 44, 773 . 555 . 0118", ["0147", "01 44", "0118"]),
        ("0900 metop 25 HENSLEY; 1300 held SBP 92 HENSLEY; 0640 RB by OYARZUN", ["HENSLEY", "OYARZUN"]),
        ("med mgmt Adeyemi 6/19, list of Hensley 3/2/50", ["Adeyemi", "Hensley"]),
        ("612*555*0144, fax 5-0119", ["0144", "0119"]),
        ("| Plate | ABC 1234 |\n| Spouse | Hank |\n| City | Peculiar |", ["ABC 1234", "Hank", "Peculiar"]),
        ("| SSN | 8841 |", ["8841"]),
        ("SSN\t8841\nMRN\t44123\nWife\tHank\nLicense\t88223", ["8841", "44123", "Hank", "88223"]),
        ('{"fn":"Anahit","ln":"Hakobyan"}', ["Anahit", "Hakobyan"]),
        ("Entered by HENSLEYR @ 6/11/24", ["HENSLEYR"]),
        ("see Thorsgaard_Dale_EKG_20240611.pdf", ["Thorsgaard", "Dale", "20240611"]),
    ],
)
def test_who_and_how_to_reach_them_goes(engine, text, gone):
    assert left(engine, text, gone) == []


@pytest.mark.parametrize(
    "text",
    [
        "Bmp Ok, Cbc Ok, Lfts Up. Pmh: Uti, Htn, Hld.",
        "Hx Gout, Gerd, Osa On Cpap, Afib On Eliquis.",
        "OR 0742-1133. PT: 97110, 97140. Lenke 1A, Aldrete 9.",
        "Takes Bach Rescue Remedy. Mom's at work. Bledsoe brace on.",
        "Price of meds is high. Strand of hair. Christmas disease. St. John wort. Bair Hugger applied.",
        "| Contact | Isolation |\n| Provider | notified |\n| Site | Left Arm |\n| Age | 44 |",
        "Braden 12/23, Norton 10/20, Berg 11/56, Epworth 12/24, Barthel 10/20.",
        "Johnson & Johnson vaccine. Puerto Rican male. See discharge_summary.pdf, labs.csv.",
        "back 4-6 weeks, msg 2-3 days, plt 140 105 12 44",
        "sats 94, HR (96), T 98, P 92, F 93. Temp 99 F today. wife 98.6, son 105 lbs",
    ],
)
def test_what_only_looks_like_somebody_stays(engine, text):
    assert engine.deidentify(text, NOBODY).text == text


@pytest.mark.parametrize("title", ["4:12 PM Dr.", "0900 AM Dr.", "4:12 p.m. Dr."])
def test_a_time_of_day_before_a_title_is_no_house_on_a_drive(engine, title):
    made = engine.deidentify(f"at {title} Vo called", NOBODY).text
    assert made.startswith(f"at {title[:-4]}")
    assert "Vo" not in made


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *((f"DOB: {day}", day) for day in ("030288", "03021988", "88/03/02", "1988 Mar 2", "1988-Mar-02")),
        *((text.format("3/2/88"), "3/2/88") for text in ("DOB: {}", "DOB {}F", "DOB{} seen", "DOB {}-36yo")),
        (r"DOB 3\2\88", r"3\2\88"),
        ("seen 1988/Mar/02", "Mar/02"),
    ],
)
def test_a_day_of_birth_goes_in_whatever_form_it_is_written(engine, text, day):
    made = engine.deidentify(text, NOBODY).text
    assert day not in made
    assert day.replace("1988", "") not in made


@pytest.mark.parametrize(
    ("text", "days", "wanted"),
    [
        ("030288", 1, "030388"),
        ("03021988", -2, "02291988"),
        ("88/03/02", 1, "88/03/03"),
        ("1988 Mar 2", 30, "1988 Apr 1"),
        ("1988-Mar-02", 1, "1988-Mar-03"),
        (r"3\2\88", 1, r"3\3\88"),
        ("11/2019-2/2020", 31, "12/2019-3/2020"),
        ("Nov 2019-Feb 2020", 31, "Dec 2019-Mar 2020"),
        ("3/4-5/2020", 1, "3/5-6/2020"),
        ("2025年3月7日", 1, "2025年3月8日"),
        ("march 4", 1, "march 5"),
        ("week 10 of 2020", 1, None),
        ("2020-W10", 1, None),
    ],
)
def test_days_in_rarer_forms_move(text, days, wanted):
    assert datetext.shifted(text, days) == wanted
    assert [(f.start, f.end) for f in datetext.find(f"DOB {text} ")][:1] == [(4, 4 + len(text))]


@pytest.mark.parametrize("days", [-400, -200, 200, 400])
def test_a_day_without_a_year_moves_as_far_as_one_with_it_over_a_leap_day(surrogates, days):
    made = surrogates.deidentify("Adm 8/16/24, seen 8/17, d/c 8/20.", PatientContext("p", offset_days=days)).text
    first, second, last = (piece.rpartition(" ")[2].rstrip(".") for piece in made.split(","))
    month, day, _ = first.split("/")
    assert [second, last] in (
        [f"{month}/{int(day) + 1}", f"{month}/{int(day) + 4}"],
        [datetext.shifted("8/17", days, 2024), datetext.shifted("8/20", days, 2024)],
    )


def test_the_year_of_a_text_is_that_of_most_of_its_dates():
    assert datetext.usual_year(["3/4/1950", "8/16/24", "May 3, 2024", "8/17"]) == 2024
    assert datetext.usual_year(["3/4/1950", "8/16/24"]) == 2024
    assert datetext.usual_year(["8/17"]) is None


@pytest.mark.parametrize(
    "text",
    [
        *("lady, {}, from SNF", "M/{} with falls", "{} YOM here", "son {} at bs", "Pt ({}) calm", "mom d. {}"),
        *("FH: mo died {} CAD", "bro {}, sister {}, alive", "mother ({}) and father (d. {})", "{}/F admitted"),
        *("Age (years): {}", "Age ({})", "Age | {}", "Age; {}", "Age: {} / Sex: F", "y/o {}", "{} / F", "{}, F"),
        *("{}-F", "{} WM", "{} AAF", "DOB/Age: [DATE] ({})", "who is {}, reports", "nonagenarian ({})"),
    ],
)
def test_an_age_over_89_goes_in_few_words_too(engine, text):
    assert "93" not in engine.deidentify(text.format(93, 93), SOMEBODY).text
    young = text.format(73, 73)
    assert engine.deidentify(young, SOMEBODY).text == young or "nonagenarian" in text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("on the ninety-ninth birthday", "on the 90+ birthday"),
        ("at age ninety-three", "at age 90+"),
        ("1116 months old", "[AGE] old"),
        ("34,000 days old and 4,836 weeks old", "[AGE] old and [AGE] old"),
        ("18 months old", "18 months old"),
    ],
)
def test_ages_over_89_in_words_and_other_units_go(engine, text, wanted):
    assert engine.deidentify(text, SOMEBODY).text == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Polio in 1930, moved here in May 1931.", "Polio in [DATE], moved here in [DATE]."),
        ("Polio in 1940. Resting since 1830, meds at 1900.", "Polio in 1940. Resting since 1830, meds at 1900."),
    ],
)
def test_of_whom_no_birth_is_known_no_year_of_ninety_years_ago_stays(engine, text, wanted):
    assert engine.deidentify(text, SOMEBODY).text == wanted


def test_whom_the_record_tells_to_be_over_89_has_no_age_before_a_sex(engine):
    old = PatientContext("p", birth_date="1926-04-09", earliest_year=1937, over_89=True)
    assert engine.deidentify("Age/Sex: 93/F, 93 ans", old).text == "Age/Sex: 90+/F, 90+ ans"


@pytest.mark.parametrize("text", ["Traveled to Branson Apr 27-30.", "flew to Tulsa Apr 27 for a wedding"])
def test_a_day_behind_a_town_moves(surrogates, text):
    made = surrogates.deidentify(text, PatientContext("p", offset_days=3))
    assert {"LOCATION", "DATE"} == {s.type for s in made.spans}
    assert "30" in made.text


def test_a_number_told_in_words_becomes_another(surrogates):
    made = surrogates.deidentify("call five five five oh one two two", PatientContext("p")).text.split()[1:]
    assert len(made) == 7
    assert set(made) <= set("zero one two three four five six seven eight nine".split())
    assert made != "five five five oh one two two".split()


def test_an_initial_is_that_of_the_false_name(surrogates):
    made = surrogates.deidentify("Elin Thorsgaard here. E. Thorsgaard signed.", PatientContext("p")).text
    whole, short = made.split(" here. ")
    assert short.split()[0] == f"{whole[0]}."
    assert short.split()[1] == whole.split()[1]


def test_by_whom_something_was_done_is_a_person(surrogates):
    (span,) = surrogates.deidentify("accepted by Onwudiwe", PatientContext("p")).spans
    assert span.type == "NAME"
