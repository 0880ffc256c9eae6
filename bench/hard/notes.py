"""Notes drawn from the templates, with gold spans that follow every change of case, noise and hiding."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.hard import values as v
from bench.hard.templates import LATER, LATER_NEGATIVES, NEGATIVES, TEMPLATES, THIRD, THIRD_NEGATIVES

Piece = tuple[str, str]
_FIELD = re.compile(r"\{([\w.]+)\}")
_RELATIVES = {"F": "Wife Daughter Mother Sister Aunt Grandmother Girlfriend".split(), "M": "Husband Son Father Brother Uncle Boyfriend Nephew".split()}  # fmt: skip
_OCR = {"l": "1", "O": "0", "I": "l", "S": "5", "rn": "m", "e": "c"}
_LOOKS = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441", "A": "\u0410", "M": "\u041c"}


@dataclass(frozen=True)
class Note:
    """A note: kind, how it was changed, text, and spans as ``(start, end, label)``."""

    kind: str
    noise: str
    text: str
    spans: tuple[tuple[int, int, str], ...]


class Case:
    """The people and values of one note."""

    def __init__(self, rng: random.Random, harmless: list[str]) -> None:
        self.rng = rng
        self.harmless = harmless
        self.people: dict[str, v.Person] = {}
        self._numbers: dict[str, str] = {}

    def who(self, key: str) -> v.Person:
        if key not in self.people:
            shared = self.people["p"].last if key == "r" and "p" in self.people and self.rng.random() < 0.5 else None
            self.people[key] = v.person(self.rng, last=shared)
        return self.people[key]

    def named(self, template: str) -> str:
        """A place or a company with its blanks filled."""
        rng = self.rng
        return v.spaced(template).format(
            city=v.spaced(rng.choice(v.CITIES)),
            last=v.person(rng).last,
            county=v.spaced(rng.choice(v.COUNTIES)),
            state=rng.choice(v.STATE_NAMES),
        )

    def once(self, key: str, make: Callable[[], str]) -> str:
        """The same number in the same note."""
        return self._numbers.setdefault(key, make())

    def value(self, name: str) -> Piece:
        """Text and label of a field; an empty label marks what identifies nobody."""
        head, _, form = name.partition(".")
        if re.fullmatch(r"(?:p|d|n|r|kid)\d?", head) and form:
            return self._person(self.who(head), form)
        if head in ("date", "part"):
            return self._date(head, form)
        made = _VALUES[head]
        return made[1](self), made[0]

    def _person(self, p: v.Person, form: str) -> Piece:
        said = {
            "title": ("Ms." if p.sex == "F" else "Mr."),
            "she": "she" if p.sex == "F" else "he",
            "She": "She" if p.sex == "F" else "He",
            "her": "her" if p.sex == "F" else "his",
            "sex": p.sex,
            "rel": _RELATIVES[p.sex][len(p.last) % 7],
            "rel_low": _RELATIVES[p.sex][len(p.last) % 7].lower(),
        }
        if form in said:
            return said[form], ""
        if form == "First_or_last":
            form = self.rng.choice(("first", "last"))
        return v.NAME_FORMS[form](p), "NAME"

    def _date(self, head: str, form: str) -> Piece:
        rng, d = self.rng, v.day(self.rng)
        if form == "holiday":
            return rng.choice(("Thanksgiving", "Christmas Eve", "Labor Day", "the 4th of July", "Easter 2019")), "DATE"
        forms = {**v.DATE_FORMS, **v.PART_FORMS}
        drawn = form or rng.choice(list(v.DATE_FORMS if head == "date" else v.PART_FORMS))
        return forms[drawn](d), "DATE"


def _born(c: Case) -> str:
    return v.DATE_FORMS[c.rng.choice(("us", "us2", "iso", "long", "dash", "mil", "dmon"))](v.day(c.rng))


def _address(c: Case) -> str:
    rng = c.rng
    line = f"{rng.randrange(1, 19999)} {v.spaced(rng.choice(v.STREETS))}"
    unit = rng.choice(("", "", "", ", Apt 4B", " #12", ", Unit 7", " Ste 300"))
    city, state = v.spaced(rng.choice(v.CITIES)), rng.choice([*v.STATES, *v.STATE_NAMES])
    return f"{line}{unit}, {city}{rng.choice((', ', ' '))}{state} {v.code(rng, '#####', '#####', '#####-####')}"


def _mail(c: Case) -> str:
    p = c.who("p")
    first, last = (re.sub(r"\W", "", s).lower() for s in (p.first, p.last))
    host = c.rng.choice(("gmail.com", "yahoo.com", "aol.com", "health.example.org", "comcast.net"))
    return c.rng.choice((f"{first}.{last}@{host}", f"{first[:1]}{last}{c.rng.randrange(99)}@{host}", f"{first}_{last} at {host}"))  # fmt: skip


def _of(*forms: str) -> Callable[[Case], str]:
    return lambda c: v.code(c.rng, *forms)


def _place(names: list[str]) -> Callable[[Case], str]:
    return lambda c: v.spaced(c.rng.choice(names))


def _facility(templates: list[str]) -> Callable[[Case], str]:
    return lambda c: c.named(c.rng.choice(templates))


def _record(c: Case) -> str:
    return c.once("mrn", lambda: v.code(c.rng, "########", "#######", "######", "@######", "###-##-###", "E########", "00######"))  # fmt: skip


_VALUES: dict[str, tuple[str, Callable[[Case], str]]] = {
    "dob": ("DATE", _born),
    "dobc": ("DATE", lambda c: v.DATE_FORMS["compact"](v.day(c.rng))),
    "stampc": ("DATE", lambda c: v.DATE_FORMS["compact"](v.day(c.rng)) + "0815"),
    "range": ("DATE", lambda c: v.ranged(v.day(c.rng))),
    "old": ("AGE", lambda c: v.over89(c.rng)),
    "young": ("", lambda c: v.young(c.rng)),
    "time": ("", lambda c: f"{c.rng.randrange(24):02d}:{c.rng.randrange(60):02d}"),
    "phone": ("PHONE", lambda c: v.phone(c.rng)),
    "pager": ("PHONE", _of("#####", "####", "###-####")),
    "ext": ("PHONE", _of("####", "###")),
    "email": ("EMAIL", _mail),
    "url": ("URL", lambda c: c.rng.choice(("https://mychart.example.org/p/", "www.portal.example.com/", "http://ehr.example.net?id=")) + v.digits(c.rng, 6)),
    "ip": ("IP", lambda c: ".".join(str(c.rng.randrange(1, 254)) for _ in range(4))),
    "mac": ("IP", lambda c: ":".join(f"{c.rng.randrange(256):02X}" for _ in range(6))),
    "mrn": ("MRN", _record),
    "acct": ("ACCOUNT", _of("##########", "#########", "@@-########", "####-####-###")),
    "plan": ("PLAN", _of("@@@#########", "W##########", "#@@#-@@#-@@##", "#########@", "@########-##")),
    "group": ("PLAN", _of("#######", "@@####", "0###-###")),
    "lic": ("LICENSE", _of("@#######", "@@######", "####-####-####", "@######")),
    "npi": ("LICENSE", _of("1#########")),
    "dea": ("LICENSE", _of("@@#######")),
    "vin": ("VEHICLE", _of("1HGCM#####A######", "JTD@U#####@######")),
    "plate": ("VEHICLE", _of("@@@ ####", "@@@-####", "#@@@###", "### @@@")),
    "serial": ("DEVICE", _of("@@@######@", "RN#######", "@@#-#####-##", "########")),
    "lot": ("DEVICE", _of("@@####", "#####@", "@#@##")),
    "ssn": ("SSN", _of("###-##-####", "### ## ####", "#########", "XXX-XX-####")),
    "acc": ("ID", _of("S##-#####", "@@-##-######", "########", "CR##########", "SP####-####")),
    "id": ("ID", _of("######", "@@-######", "##-CV-####", "@####")),
    "bio": ("ID", _of("FP-########", "IRIS-@@####")),
    "addr": ("ADDRESS", _address),
    "street": ("ADDRESS", lambda c: f"{c.rng.randrange(1, 19999)} {v.spaced(c.rng.choice(v.STREETS))}"),
    "street2": ("ADDRESS", lambda c: f"{c.rng.randrange(1, 19999)} {v.spaced(c.rng.choice(v.STREETS))}"),
    "city": ("LOCATION", _place(v.CITIES)),
    "citylow": ("LOCATION", lambda c: v.spaced(c.rng.choice([n for n in v.CITIES if n not in v.WORD_CITIES])).lower()),
    "cityst": ("LOCATION", lambda c: f"{v.spaced(c.rng.choice(v.CITIES))}, {c.rng.choice([*v.STATES, *v.STATE_NAMES])}"),
    "st": ("LOCATION", _place(v.STATES)),
    "stname": ("LOCATION", _place(v.STATE_NAMES)),
    "county": ("LOCATION", _place(v.COUNTIES)),
    "countyc": ("LOCATION", lambda c: f"{v.spaced(c.rng.choice(v.COUNTIES))} County"),
    "zip": ("ZIP", _of("#####", "#####-####")),
    "abroad": ("LOCATION", _place(v.ABROAD)),
    "hosp": ("FACILITY", _facility(v.HOSPITALS)),
    "clinic": ("FACILITY", _facility(v.CLINICS)),
    "home": ("FACILITY", _facility(v.HOMES)),
    "school": ("FACILITY", _facility(v.SCHOOLS)),
    "employer": ("FACILITY", _facility(v.EMPLOYERS)),
    "church": ("FACILITY", _facility(["St.|Brendan's|Church", "First|Baptist|Church|of|{city}", "{last}|Temple"])),
    "firm": ("FACILITY", _place(v.FIRMS)),
    "bare": ("ADDRESS", lambda c: f"{c.rng.randrange(2, 1999)} {c.rng.choice(v.BARE_STREETS)}"),
    "handle": ("URL", lambda c: c.rng.choice(("@{f}_{n}", "@{f}.{l}", "{f}{n}_x")).format(
        f=re.sub(r"\W", "", c.who("p").first).lower(), l=re.sub(r"\W", "", c.who("p").last).lower(), n=c.rng.randrange(10, 99))),
    "docket": ("ID", _of("#:##-cv-#####", "20##CV######", "##-CR-####")),
    "tail": ("ID", _of("N###@@", "N##@@")),
    "ip6": ("IP", lambda c: f"fe80::{c.rng.randrange(1, 65535):x}:{c.rng.randrange(1, 65535):x}:{c.rng.randrange(1, 65535):x}"),
    "nick": ("NAME", _place(v.NICK)),
    "neg": ("", lambda c: c.rng.choice(c.harmless)),
}  # fmt: skip


def _filled(c: Case, template: str) -> list[Piece]:
    out: list[Piece] = []
    at = 0
    for m in _FIELD.finditer(template):
        out.append((template[at : m.start()], ""))
        if m[1] == "mrnl":
            out += [(c.rng.choice(("MRN ", "MRN# ", "MR#", "chart no. ", "Med Rec # ")), ""), (_record(c), "MRN")]
        else:
            out.append(c.value(m[1]))
        at = m.end()
    return [*out, (template[at:], "")]


def _scanned(rng: random.Random, text: str) -> str:
    """Letters misread by a scanner, one of thirty; digits stay."""
    return "".join(_OCR.get(c, c) if rng.random() < 0.03 else c for c in text)


def _hidden(rng: random.Random, piece: Piece) -> Piece:
    """An identifier with invisible, look-alike or wide letters."""
    text, label = piece
    if label not in ("NAME", "SSN", "PHONE", "MRN"):
        return piece
    way = rng.choice(("zero", "look", "wide", "soft", "plain"))
    if way == "zero":
        text = "\u200b".join(text)
    elif way == "soft":
        at = len(text) // 2
        text = text[:at] + "\u00ad" + text[at:]
    elif way == "look":
        text = "".join(_LOOKS.get(c, c) for c in text)
    elif way == "wide":
        text = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    return text, label


NOISES: dict[str, Callable[[random.Random, Piece], Piece]] = {
    "plain": lambda rng, p: p,
    "upper": lambda rng, p: (p[0].upper(), p[1]),
    "lower": lambda rng, p: (p[0].lower(), p[1]),
    "scanned": lambda rng, p: (_scanned(rng, p[0]), p[1]),
    "hidden": _hidden,
}
_WEIGHTS = (70, 8, 8, 6, 8)


def _note(kind: str, noise: str, pieces: list[Piece]) -> Note:
    text, spans = "", []
    for piece, label in pieces:
        if label and piece:
            spans.append((len(text), len(text) + len(piece), label))
        text += piece
    return Note(kind, noise, text, tuple(spans))


SETS = {
    "first": (TEMPLATES, NEGATIVES),
    "later": (LATER, LATER_NEGATIVES),
    "third": (THIRD, THIRD_NEGATIVES),
}
"""Kinds of notes and harmless sentences by when they were written."""


def make(seed: int, count: int, which: str = "first") -> list[Note]:
    """Notes of every kind in turn, one of eight without identifiers; the same seed gives the same notes.

    Args:
        seed: what the draws begin with.
        count: how many notes.
        which: of which of ``SETS``.
    """
    rng = random.Random(seed)
    templates, harmless = SETS[which]
    kinds = list(templates)
    out = []
    for i in range(count):
        noise = rng.choices(list(NOISES), _WEIGHTS)[0]
        if i % 8 == 7:
            pieces: list[Any] = [(" ".join(rng.sample(harmless, rng.randrange(3, 7))), "")]
            kind, noise = "no identifiers", "plain"
        else:
            kind = kinds[(i - i // 8) % len(kinds)]
            pieces = _filled(Case(rng, harmless), rng.choice(templates[kind]))
        out.append(_note(kind, noise, [NOISES[noise](rng, p) for p in pieces]))
    return out
