"""Notes about patients whose record is known, each value written in one of the forms that clinicians write it in.

The frames around the values tell nothing: what is found is found by the record. A span's label is the form's name.
"""

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.hard import values as v
from bench.hard.notes import Note
from bench.hard.templates import NEGATIVES

NICKNAMES = {
    "Elizabeth": "Betsy", "Margaret": "Peggy", "Katherine": "Kate", "Jennifer": "Jenny", "Patricia": "Trish",
    "Deborah": "Debbie", "Rebecca": "Becky", "Dorothy": "Dottie", "Guadalupe": "Lupe", "Rosario": "Chayo",
    "Francisca": "Paca", "Ekaterina": "Katya", "Aleksandra": "Sasha", "William": "Billy", "Robert": "Bob",
    "Richard": "Dick", "James": "Jim", "Charles": "Chuck", "Edward": "Ted", "Lawrence": "Larry", "Francisco": "Paco",
    "José": "Pepe", "Jesús": "Chuy", "Ignacio": "Nacho", "Dmitri": "Dima", "Mikhail": "Misha", "Antonio": "Toño",
    "Nathaniel": "Nate", "Donald": "Don", "Gabriel": "Gabe", "Jonathan": "Jon", "Philip": "Phil",
}  # fmt: skip
FRAMES = """
    {} in am.|Also {} please.|then {} again,|re {} today:|Left word with {}.|{} ok?|no answer x2, {} prn.|not yet {};|so {} it is.|see {} below
    """.strip().split("|")
_STREET = {"Street": "St", "Avenue": "Ave", "Boulevard": "Blvd", "Road": "Rd", "Drive": "Dr", "Lane": "Ln"}


@dataclass(frozen=True)
class Record:
    """What the record tells of a patient, as FHIR tells it."""

    person: v.Person
    relative: v.Person
    born: date
    phone: str
    ssn: str
    mrn: str
    email: str
    street: str
    city: str
    zip: str

    def known(self) -> list[dict[str, str]]:
        """The values as ``chartline deid text`` takes them."""
        return [
            {"type": "NAME", "value": f"{self.person.first} {self.person.middle} {self.person.last}"},
            {"type": "GIVEN", "value": self.person.first},
            {"type": "FAMILY", "value": self.person.last},
            {"type": "RELATIVE", "value": f"{self.relative.first} {self.relative.last}"},
            {"type": "BIRTHDATE", "value": self.born.isoformat()},
            {"type": "PHONE", "value": self.phone},
            {"type": "SSN", "value": self.ssn},
            {"type": "MRN", "value": self.mrn},
            {"type": "EMAIL", "value": self.email},
            {"type": "STREET", "value": self.street},
            {"type": "CITY", "value": self.city},
            {"type": "ZIP", "value": self.zip},
        ]


def _record(rng: random.Random) -> Record:
    person = v.person(rng)
    if rng.random() < 0.25:
        first = rng.choice(list(NICKNAMES))
        person = v.Person(first, person.middle, person.last, person.sex, person.origin)
    spelled = re.sub(r"\W", "", _bare(person.first + person.last)).lower()
    street = f"{rng.randrange(1, 9999)} {v.spaced(rng.choice([s for s in v.STREETS if len(s.split('|')) > 1]))}"
    return Record(
        person=person,
        relative=v.person(rng, last=person.last if rng.random() < 0.5 else None),
        born=v.day(rng).replace(year=rng.randrange(1930, 2015), day=rng.randrange(1, 29)),
        phone=v.code(rng, "2##-5##-####", "(3##) 4##-####", "+1 7##-6##-####"),
        ssn=v.code(rng, "4##-##-####"),
        mrn=v.code(rng, "########", "E#######", "###-##-##", "00######"),
        email=f"{spelled}{rng.randrange(99)}@example.org",
        street=street,
        city=v.spaced(rng.choice(v.CITIES)),
        zip=v.code(rng, "#####"),
    )


def _bare(text: str) -> str:
    """Text without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _typo(rng: random.Random, word: str) -> str:
    """A word with one letter missing, doubled, changed or swapped with its neighbour, not the first."""
    at = rng.randrange(1, max(2, len(word) - 1))
    way = rng.choice("mdcs")
    if way == "m":
        return word[:at] + word[at + 1 :]
    if way == "d":
        return word[:at] + word[at] + word[at:]
    if way == "c":
        return word[:at] + rng.choice("aeioutrn".replace(word[at].lower(), "")) + word[at + 1 :]
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)[-10:]


def _short_street(street: str) -> str:
    return " ".join(_STREET.get(w, w) for w in street.split())


def _long(rng: random.Random, r: Record) -> str:
    """A part of the name with six letters or more, else the whole name."""
    parts = [w for w in (*r.person.first.split(), *r.person.last.split()) if len(w) > 5 and w.isalpha()]
    return _typo(rng, rng.choice(parts)) if parts else f"{r.person.first} {r.person.last}"


FORMS: dict[str, Callable[[random.Random, Record], str]] = {
    "full name": lambda g, r: f"{r.person.first} {r.person.last}",
    "with middle": lambda g, r: f"{r.person.first} {r.person.middle}. {r.person.last}",
    "capitals": lambda g, r: f"{r.person.first} {r.person.last}".upper(),
    "small letters": lambda g, r: f"{r.person.first} {r.person.last}".lower(),
    "no accents": lambda g, r: _bare(f"{r.person.first} {r.person.last}"),
    "last, first": lambda g, r: f"{r.person.last}, {r.person.first}",
    "LAST FIRST": lambda g, r: f"{r.person.last} {r.person.first}".upper(),
    "last,first small": lambda g, r: f"{r.person.last},{r.person.first}".lower(),
    "given alone": lambda g, r: r.person.first,
    "family alone": lambda g, r: r.person.last,
    "possessive": lambda g, r: f"{r.person.last}'s",
    "initial and family": lambda g, r: f"{r.person.first[0]} {r.person.last}",
    "initial. family": lambda g, r: f"{r.person.first[0]}. {r.person.last}",
    "given and initial": lambda g, r: f"{r.person.first} {r.person.last[0].upper()}.",
    "initials dotted": lambda g, r: f"{r.person.first[0]}.{r.person.last[0].upper()}.",
    "pt initials": lambda g, r: f"pt {r.person.first[0]}{r.person.last[0].upper()}",
    "nickname": lambda g, r: f"{NICKNAMES.get(r.person.first, r.person.first)} {r.person.last}",
    "nickname alone": lambda g, r: NICKNAMES.get(r.person.first, r.person.first),
    "typing error": _long,
    "solid": lambda g, r: f"{r.person.first}{r.person.last}".replace(" ", ""),
    "relative": lambda g, r: f"{r.relative.first} {r.relative.last}",
    "relative's given": lambda g, r: r.relative.first,
    "phone solid": lambda g, r: _digits(r.phone),
    "phone dotted": lambda g, r: "{}.{}.{}".format(*re.findall(r"(...)(...)(....)", _digits(r.phone))[0]),
    "phone apart": lambda g, r: "{} / {} {}".format(*re.findall(r"(...)(...)(....)", _digits(r.phone))[0]),
    "phone without area": lambda g, r: "{}-{}".format(*re.findall(r"...(...)(....)", _digits(r.phone))[0]),
    "ssn solid": lambda g, r: _digits(r.ssn),
    "ssn apart": lambda g, r: r.ssn.replace("-", " "),
    "ssn last four": lambda g, r: f"ssn {r.ssn[-4:]}",
    "mrn": lambda g, r: r.mrn,
    "mrn grouped": lambda g, r: " ".join(re.findall(r"..?", r.mrn.replace("-", ""))),
    "mrn without zeros": lambda g, r: r.mrn.lstrip("0"),
    "email capitals": lambda g, r: r.email.upper(),
    "born US": lambda g, r: f"{r.born.month}/{r.born.day}/{r.born.year}",
    "born short": lambda g, r: f"{r.born.month:02d}{r.born.day:02d}{r.born.year % 100:02d}",
    "born spoken": lambda g, r: f"{v.MONTHS[r.born.month - 1]} {r.born.day} {r.born.year}".lower(),
    "born day first": lambda g, r: f"{r.born.day}.{r.born.month}.{r.born.year}",
    "street": lambda g, r: r.street,
    "street small": lambda g, r: r.street.lower(),
    "street short": lambda g, r: _short_street(r.street),
    "street without number": lambda g, r: r.street.split(" ", 1)[1],
    "city": lambda g, r: r.city,
    "zip": lambda g, r: r.zip,
}  # fmt: skip
"""What is written, by the name of its form. ``pt`` and ``ssn`` before a value are part of what has to go or stay alike."""


def recorded(seed: int, count: int) -> list[tuple[Note, list[dict[str, Any]]]]:
    """Notes and what is known of their patients; every note holds six forms, and the same seed gives the same notes."""
    rng = random.Random(seed)
    names = list(FORMS)
    out = []
    for i in range(count):
        record = _record(rng)
        text, spans = "", []
        for form in (names[(6 * i + k) % len(names)] for k in range(6)):
            before, _, after = rng.choice(FRAMES).strip().partition("{}")
            value = v.spaced(FORMS[form](rng, record))
            led = re.match(r"(?:pt|ssn) ", value)
            text += before
            start = len(text) + (led.end() if led else 0)
            text += value
            spans.append((start, len(text) - 2 * value.endswith("'s"), form))
            text += f"{after} "
        out.append((Note("record", "plain", text + rng.choice(NEGATIVES), tuple(spans)), record.known()))
    return out
