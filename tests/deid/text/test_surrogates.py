"""Surrogates keep what a reader needs of the piece they stand for, and are nobody's."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chartline.deid import policy
from chartline.deid.context import Cohort, PatientContext
from chartline.deid.text import datetext, lexicon, surrogates
from chartline.deid.text.surrogates import Around, Replacer
from chartline.fhir.known import Known

RULES = policy.load("expert_determination").text
KEY = b"k" * 32
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
NTH = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth
    twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
    """.split()


def nth(n):
    return f"{n}{'th' if 11 <= n % 100 <= 13 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def told(text):
    """Whether a date tells its form: 10/11/2020 may pad its numbers or not, May may be short or whole."""
    return not re.search(r"^(?:\w+ )?1\d[/.]\d\d(?:\D|$)|(?<![a-z])may(?![a-z])", text, re.IGNORECASE)


WHOLE = [
    lambda d: f"{d.month}/{d.day}/{d.year}",
    lambda d: f"{d:%m/%d/%Y}",
    lambda d: f"{d:%m-%d-%y}",
    lambda d: f"{d.month}.{d.day}.{d.year}",
    lambda d: f"{d:%Y-%m-%d}",
    lambda d: f"{d:%Y/%m/%d}",
    lambda d: f"{d:%Y%m%d}",
    lambda d: f"{d:%Y-%m-%d}T08:15:00Z",
    lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{MONTHS[d.month - 1].upper()} {d.day}, {d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {nth(d.day)}, {d.year}",
    lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{d.day}-{MONTHS[d.month - 1][:3]}-{d.year}",
    lambda d: f"{d.day:02d}{MONTHS[d.month - 1][:3].upper()}{d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {NTH[d.day - 1]}, {d.year}",
    lambda d: f"the {NTH[d.day - 1]} of {MONTHS[d.month - 1]}, {d.year}",
    lambda d: f"{DAYS[d.weekday()]}, {MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{DAYS[d.weekday()][:3]} {d.month}/{d.day}/{d.year}",
]
PARTIAL = [
    lambda d: f"{d.month}/{d.day}",
    lambda d: f"{MONTHS[d.month - 1]} {d.day}",
    lambda d: f"{MONTHS[d.month - 1].lower()} {nth(d.day)}",
    lambda d: f"{nth(d.day)} of {MONTHS[d.month - 1]}",
    lambda d: f"{MONTHS[d.month - 1][:3]} {nth(d.day)}",
    lambda d: f"the {NTH[d.day - 1]} of {MONTHS[d.month - 1]}",
]
days = st.dates(min_value=date(1931, 1, 1), max_value=date(2029, 12, 31))
offsets = st.integers(-400, 400).filter(bool)


@settings(max_examples=300, deadline=None)
@given(days, offsets, st.sampled_from(WHOLE))
def test_a_whole_date_moves_and_keeps_its_form(day, offset, form):
    moved = day + timedelta(days=offset)
    assume(1931 <= moved.year <= 2029)
    assume(told(form(day)))
    assert datetext.shifted(form(day), offset) == form(moved)


@settings(max_examples=200, deadline=None)
@given(days, offsets, st.sampled_from(PARTIAL))
def test_a_date_without_a_year_moves_and_keeps_its_form(day, offset, form):
    assume((day.month, day.day) != (2, 29))
    assume(told(form(day)))
    assert datetext.shifted(form(day), offset) == form(day.replace(year=2001) + timedelta(days=offset))


@settings(max_examples=200, deadline=None)
@given(days, st.integers(1, 20), offsets)
def test_both_ends_of_a_range_move(day, length, offset):
    end = day + timedelta(days=length)
    a, b = day + timedelta(days=offset), end + timedelta(days=offset)
    assume(a.year >= 1931 and b.year <= 2029)
    us, iso = WHOLE[0], WHOLE[8]
    assume(told(us(day)) and told(us(end)))
    assert datetext.shifted(f"{us(day)} - {us(end)}", offset) == f"{us(a)} - {us(b)}"
    assert datetext.shifted(f"{us(day)} {us(end)}", offset) == f"{us(a)} {us(b)}"
    first, last = f"{MONTHS[day.month - 1]} {day.day}", iso(end)
    assert datetext.shifted(f"{first} to {last}", offset) == f"{MONTHS[a.month - 1]} {a.day} to {iso(b)}"
    if day.month == end.month:
        made = datetext.shifted(f"{MONTHS[day.month - 1]} {day.day}-{end.day}, {day.year}", offset)
        second = f"{b.day}" if a.month == b.month else f"{MONTHS[b.month - 1]} {b.day}"
        assert made == f"{MONTHS[a.month - 1]} {a.day}-{second}, {b.year}"


@settings(max_examples=100, deadline=None)
@given(days, offsets, st.sampled_from(PARTIAL))
def test_a_weekday_without_a_year_moves_as_many_days_as_the_date(day, offset, form):
    made = datetext.shifted(f"Tuesday, {form(day)}", offset)
    assert made is None or made.startswith(f"{DAYS[(1 + offset) % 7]}, ")


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [
        ("january twenty-third two thousand twenty four", -30, "december twenty-fourth twenty twenty three"),
        ("March the fourteenth nineteen fifty two", 1, "March the fifteenth nineteen fifty two"),
        ("the first of january twenty twenty one", -1, "the thirty-first of december twenty twenty"),
        ("December thirty-first nineteen ninety nine", 1, "January first two thousand"),
        ("May second two thousand and four", 7, "May ninth two thousand four"),
    ],
)
def test_a_year_that_is_said_moves_in_words(text, days, moved):
    assert datetext.shifted(text, days) == moved


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("march the fourteenth nineteen eighty two", "nineteen eighty two"),
        ("march the fourteenth nineteen twenty two", "[DATE]"),
        ("march the fourteenth", "[DATE]"),
    ],
)
def test_of_a_day_in_words_the_year_stays_unless_it_tells_an_age_over_89(text, left):
    replacer = Replacer(policy.load("safe_harbor").text, KEY, Cohort())
    patient = PatientContext("p", earliest_year=1937)
    assert replacer.replacement("DATE", text, patient, Around("d")) == left


@given(st.integers(1900, 2099))
def test_a_year_in_words_is_that_year(year):
    said = datetext.shifted(f"May second {datetext._year_said(year)}", 0)
    assert datetext.years_of(said) == [str(year)]


@pytest.mark.parametrize("text", ["Christmas 2019", "Q3 2020", "the 14th", "2/30/2020", "13/45/2020", "no date"])
def test_what_names_no_calendar_day_is_not_moved(text):
    assert datetext.shifted(text, 10) is None


lists = lexicon.load()
firsts = st.sampled_from(sorted({*list(lists.female)[:400], *list(lists.male)[:400]}))
lasts = st.sampled_from(sorted(list(lists.last)[:2000]))
people = st.sampled_from(["a", "b", "c", "d"])


COHORT = Cohort()


def made(kind, text, patient="a", cohort=COHORT, known=()):
    person = PatientContext(patient, known, offset_days=-9)
    return Replacer(RULES, KEY, cohort).replacement(kind, text, person, Around("d"))


@settings(max_examples=200, deadline=None)
@given(firsts, lasts, people)
def test_a_person_is_the_same_in_every_form(first, last, patient):
    assume(
        first != last and len(first) > 1 and len(last) > 1 and first not in ("st", "van") and last not in ("st", "van")
    )
    whole = made("NAME", f"{first.title()} {last.title()}", patient)
    a, b = whole.split()
    assert made("NAME", f"{last.title()}, {first.title()}", patient) == f"{b}, {a}"
    assert made("NAME", f"{last} {first}".upper().replace(" ", ", "), patient) == f"{b}, {a}".upper()
    assert made("NAME", f"{first.title()} Q. {last.title()}", patient).split()[::2] == [a, b]
    assert a.lower() != first
    assert b.lower() != last
    for old, new in ((first, a), (last, b)):
        assert [len(w) < 5 for w in (old, new)] in ([True, True], [False, False])
        assert [len(w) > 7 for w in (old, new)] in ([True, True], [False, False])


@pytest.mark.parametrize("surname", ["Thomas", "Lee", "Carter", "James", "Santiago", "Smith"])
def test_a_surname_alone_is_that_of_the_whole_name(surname):
    whole, around = f"Mary {surname}", Around("d", None, (f"Mary {surname}",))
    person = PatientContext("a", offset_days=-9)
    by = Replacer(RULES, KEY, COHORT).replacement
    last = by("NAME", whole, person, around).split()[-1]
    assert by("NAME", surname, person, around) == last
    assert by("NAME", f"Mrs. {surname}", person, Around("d")) == f"Mrs. {last}", "a form of address tells it too"
    assert by("NAME", "Mary", person, around) == by("NAME", whole, person, around).split()[0]
    known = PatientContext("a", (Known("NAME", whole),), offset_days=-9)
    assert by("NAME", surname, known, Around("d")) == by("NAME", whole, known, Around("d")).split()[-1]


@pytest.mark.parametrize(
    ("phone", "lead"), [("1-800-555-1234", "1-"), ("+1 617 555 0199", "+1 "), ("+44 20 7946 0018", "+44 ")]
)
def test_a_telephone_keeps_what_dials_its_country(phone, lead):
    told = made("PHONE", phone)
    assert told.startswith(lead) and told != phone and len(told) == len(phone)


def test_a_made_first_name_is_no_common_last_name():
    common = {n for n, rank in lists.last.items() if rank <= 10_000}
    assert not common & {
        n.lower() for n in (made("NAME", f"{n.title()} Zyx").split()[0] for n in list(lists.female)[:300])
    }


@settings(max_examples=100, deadline=None)
@given(firsts)
def test_a_first_name_keeps_its_sex(first):
    female, male = lists.female.get(first, 1 << 20), lists.male.get(first, 1 << 20)
    assume(female != male and len(first) > 1)
    new = made("NAME", first.title()).lower()
    kept, other = (lists.female, lists.male) if female < male else (lists.male, lists.female)
    assert new in kept or new not in other


@settings(max_examples=60, deadline=None)
@given(lasts, st.sets(st.sampled_from(sorted(list(lists.last)[:1500])), min_size=600, max_size=700))
def test_a_surrogate_is_no_name_of_the_cohort(last, names):
    assume(len(last) > 1)
    assert made("NAME", f"Dr. {last.title()}", cohort=Cohort(names=frozenset(names))).split()[-1].lower() not in names


@settings(max_examples=60, deadline=None)
@given(lasts, st.sets(st.sampled_from(sorted(list(lists.last)[:1500])), min_size=600, max_size=700))
def test_no_part_of_a_surrogate_is_a_name_that_the_record_tells(last, names):
    assume(len(last) > 1)
    known = tuple(Known("FAMILY", n) for n in sorted(names))
    assert made("NAME", f"Dr. {last.title()}", known=known).split()[-1].lower() not in names


@pytest.mark.parametrize(
    ("kind", "form", "names"),
    [
        ("FACILITY", "{} Clinic", surrogates._PLACES),
        ("LOCATION", "{}, OH", surrogates._PLACES),
        ("ADDRESS", "{} Street", surrogates._STREETS),
    ],
)
def test_who_joins_the_cohort_changes_only_what_was_drawn_to_their_name(kind, form, names):
    theirs = names[::5]
    joined = Cohort(names=frozenset(name.casefold() for name in theirs))
    pieces = [form.format(place) for place in ("Quillholt", "Farrowmere", "Dunwick", "Ashbury", "Tolland", "Wexmoor")]
    changed = set()
    for patient in map(str, range(20)):
        for piece in pieces:
            alone, beside = made(kind, piece, patient), made(kind, piece, patient, joined)
            assert (alone != beside) == alone.startswith(theirs)
            changed.add(alone != beside)
    assert changed == {True, False}


ALL = frozenset(
    name.casefold()
    for names in (lists.last, lists.female, lists.male, surrogates._PLACES, surrogates._STREETS)
    for name in names
)


@pytest.mark.parametrize(
    ("kind", "form"),
    [("NAME", "Dr. {}"), ("FACILITY", "{} Clinic"), ("LOCATION", "{}, OH"), ("ADDRESS", "{} Street")],
)
def test_in_a_cohort_that_has_all_names_one_is_made_of_two(kind, form):
    pieces = [form.format(name) for name in ("Quillholt", "Farrowmere", "Dunwick", "Ashbury", "Tolland", "Wexmoor")]
    found = {made(kind, piece, cohort=Cohort(names=ALL)) for piece in pieces}
    words = {word for text in found for word in re.findall(r"[^\W\d]{3,}", text)}
    coined = {word for word in words if word.casefold() not in ALL}
    assert len(coined) >= len(found) >= 3
    assert "Elsewhere" not in words


def test_how_many_names_are_asked_for_does_not_grow_with_the_cohort():
    replacer = Replacer(RULES, KEY, Cohort(names=ALL))
    with replacer.drawing() as drawn:
        replacer.replacement("NAME", "Dr. Quillholt", PatientContext("p"), Around("d"))
    assert len(drawn) < 60


@pytest.mark.parametrize("street", surrogates._STREETS)
def test_a_street_is_never_its_own_surrogate(street):
    assert not any(street in made("ADDRESS", f"12 {street} Street", str(p)) for p in range(40))


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("PHONE", "617-555-0142 x12 (ask for Dorothea)", "x"),
        ("PHONE", "1-800-QUILLMORE ext. 4", "ext"),
        ("ZIP", "EC4Q 7VX", "X"),
        ("ADDRESS", "221QX Mapleholt Street", "Street"),
        ("ADDRESS", "42nd Mapleholt Street", "nd Street"),
        ("ADDRESS", "Apt Quill", "Apt"),
    ],
)
def test_no_letter_of_a_number_stays(kind, text, kept):
    was = re.findall(r"[^\W\d_]+", text)
    for patient in map(str, range(9)):
        assert {w for w in re.findall(r"[^\W\d_]+", made(kind, text, patient)) if w in was} <= set(kept.split())


def test_a_telephone_is_one_however_it_is_written():
    digits = {re.sub(r"\D", "", made("PHONE", t)) for t in ("(617) 201-3344", "617.201.3344", "617-201-3344")}
    assert len(digits) == 1
    assert digits == {re.sub(r"\D", "", made("PHONE", "617-201-3344 x12"))[:10]}


def test_a_bare_name_of_a_facility_gets_a_bare_name_and_one_with_its_kind_the_kind():
    bare, kind = made("FACILITY", "Varnhold"), made("FACILITY", "Varnhold Medical Center")
    assert bare in surrogates._PLACES
    assert kind == f"{bare} Medical Center"
    assert made("FACILITY", "Tarnmoor Motor Company").split()[1:] == ["Company"]
    assert made("FACILITY", "Varnhold Infirmary\nTarnmoor").count("\n") == 1


def test_a_first_name_on_no_list_is_one_of_the_sex_that_is_told():
    lists = lexicon.load()
    assert made("NAME", "Mr. Xyqolo Lundgren").split()[1].lower() in lists.male
    assert made("NAME", "Mrs. Xyqolo Lundgren").split()[1].lower() in lists.female
    assert made("NAME", "Rev. Xyqolo Lundgren").startswith("Rev. ")


def test_a_first_name_on_no_list_is_the_same_with_a_title_and_without():
    around, replacer = Around("d", names=("Mrs. Xyqolo Lundgren",)), Replacer(RULES, KEY, Cohort())
    whole, alone = (
        replacer.replacement("NAME", text, PatientContext("p"), around) for text in ("Mrs. Xyqolo Lundgren", "Xyqolo")
    )
    assert whole.split()[1] == alone


def test_what_is_short_for_a_value_keeps_its_form():
    assert made("NAME", "Quillmore's").endswith("'s")
    assert made("ADDRESS", "Apt 4B").startswith("Apt ")
    assert made("ADDRESS", "Mapleholt") in surrogates._STREETS
    assert "@" not in made("EMAIL", "quill51")
    assert not made("SSN", "Q6631").startswith("Q")


NUMBERS = [
    *(("PHONE", "(617) 555-0142 x12"), ("PHONE", "+44 20 7946 0958"), ("SSN", "219-09-9999"), ("MRN", "HX-4829137")),
    *(("PLAN", "1EG4-TE5-MK73"), ("ACCOUNT", "4111 1111 1111 1111"), ("LICENSE", "BX1234563"), ("VEHICLE", "ABC 1234")),
]


@pytest.mark.parametrize(("kind", "text"), NUMBERS)
def test_a_number_keeps_its_signs_and_is_none_that_is_known(kind, text):
    first = made(kind, text)
    shape = [c if not c.isalnum() else "9" if c.isdigit() else "a" for c in first]
    assert shape == [c if not c.isalnum() else "9" if c.isdigit() else "a" for c in text]
    assert first != text
    assert made(kind, text) == first
    again = made(kind, text, known=(Known("ID", first.replace("-", " ")),))
    assert again not in (first, text)
    assert made(kind, text, cohort=Cohort(providers=(Known("PHONE", first),))) not in (first, text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("12 Alder Street, Apt 3, Dunmore, PA 18512", ", PA 00000"),
        ("12 Alder Street", " Street"),
        ("PO Box 114, Dunmore, Ohio 45011-1234", ", Ohio 00000-0000"),
    ],
)
def test_an_address_keeps_its_parts_and_its_state(text, kept):
    new = made("ADDRESS", text)
    assert new.endswith(kept)
    assert new.count(",") == text.count(",")
    for word in ("Alder", "Dunmore", "18512", "45011", "114"):
        assert word not in new


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("95-year-old", "90+-year-old"),
        ("aged 101", "aged 90+"),
        ("97 yo", "90+ yo"),
        ("ninety-two year old", "90+ year old"),
        ("one hundred and two years old", "90+ years old"),
        ("nonagenarian", "90+"),
        ("in her 90s", "in her 90+"),
        ("94M", "90+M"),
        ("92nd", "90+"),
        ("nineties", "90+"),
    ],
)
def test_an_age_over_89_is_90_and_more(text, wanted):
    assert made("AGE", text) == wanted
