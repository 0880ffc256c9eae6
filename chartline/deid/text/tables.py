"""Tables in plain text: the heading of a column tells what its cells are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartline.deid.text.lexicon import is_seldom_a_name, kind
from chartline.deid.text.spans import Found

_HEADINGS = {
    "NAME": "name|patient|pt|patient name|full name|first name|last name|given name|family name|surname|provider"
    "|first|last|firstname|lastname"
    "|attending|physician|doctor|nurse|rn|resident|pcp|author|clinician|therapist|surgeon|contact|emergency contact"
    "|guardian|guarantor|subscriber|ordering provider|signed by|seen by|caregiver|next of kin|nok|mother|father|spouse"
    "|wife|husband|partner|son|daughter|alias|maiden name|md|attg|attending md|assigned rn",
    "DATE": "date|visit date|date of visit|service date|date of service|dos|dob|date of birth|birth date|admit date"
    "|discharge date|collected|date given",
    "MRN": "mrn|mr|mr no|medical record|medical record number|med rec|chart|chart no|patient id|pt id|pid|hospital no",
    "ID": "id|encounter|encounter id|visit id|accession|accession no|order id|specimen id|csn|fin|case no|case"
    "|visit no|plate|license plate|license|license no|driver license|vin|serial no|serial number|badge no",
    "AGE": "age|age (years)|age (yrs)|age yrs|age years",
    "ACCOUNT": "acct|account|account no|account number|har|guarantor id",
    "SSN": "ssn|social security|social security number",
    "PLAN": "member id|plan id|policy no|policy number|subscriber id|insurance id|group no|medicare id|medicaid id|mbi",
    "PHONE": "phone|tel|telephone|cell|mobile|fax|pager|home phone|work phone|phone number",
    "EMAIL": "email|e-mail",
    "ADDRESS": "address|street|street address|home address",
    "LOCATION": "city|town|county",
    "ZIP": "zip|zip code|postal code",
    "FACILITY": "hospital|facility|clinic|site|employer|school|pharmacy|location",
}
_TYPES = {heading: of for of, headings in _HEADINGS.items() for heading in headings.split("|")}
_CELL = {sep: re.compile(rf"[^{re.escape(sep)}\n]+") for sep in "|\t"}
_CELL[","] = re.compile(r"\"[^\"\n]*\"|[^,\n]+|(?<=,)(?=,|$)")
# The headings of values parted by commas: a line of words with no blank behind a comma.
_COMMAS = re.compile(
    r"(?im)^\"?(?:mrn|(?:patient|pt|encounter)?[ _]?id|(?:patient|pt|first|last|full)?[ _]?name|last|first|dob|date)\"?"
    r",\"?[a-z]\S*,"
)
_FORM = {
    "NAME": re.compile(r"[^\W\d_]"),
    "ADDRESS": re.compile(r"\d+\s+\w"),
    "DATE": re.compile(r"^\d{1,2}[/\-.]\d{1,2}$"),
    "FACILITY": re.compile(r"[A-Z][a-z]+ [A-Z]"),
    "LOCATION": re.compile(r"^[A-Z][^\W\d_]"),
    "AGE": re.compile(r"^(?:9\d|1[01]\d)$"),
}
_DIGIT = re.compile(r"\d")
_AROUND = ' \r*#:.-"'  # signs about a heading
_SHORT = 5  # letters of what is an abbreviation in capitals
_PAIR = 2  # cells of a row that has its heading before what it tells
_SIDES = frozenset("left right both bilateral upper lower".split())
# What only persons have: beside it a name is a person's, and else may be a problem's.
_OF_PERSONS = frozenset({"MRN", "ACCOUNT", "SSN", "PLAN", "PHONE", "EMAIL", "ADDRESS"})


def find(text: str) -> Iterator[Found]:
    """Cells of columns whose headings name people, numbers of people or places."""
    for sep in ("|", "\t"):
        if text.count(sep) >= 3:
            yield from _find(text, sep)
    if text.count(",") - text.count(", ") > 3 and _COMMAS.search(text):
        yield from _find(text, ",")


def _empty(cell: str) -> bool:
    """Whether a cell tells in a word that it holds nobody: ``closed``."""
    found = kind(cell) if cell.isalpha() and cell.islower() else None
    return found is not None and found.word and not (found.first or found.last)


def _is_thing(cell: str) -> bool:
    """Whether a cell is words and not who bears them: ``Dark stools``, ``CBC with Differential``."""
    kinds = [kind(w) for w in re.findall(r"[^\W\d_]+", cell) if not (w.isupper() and len(w) <= _SHORT)]
    if not kinds or not all(k.word for k in kinds):
        return False
    return all(map(is_seldom_a_name, kinds)) or any(not (k.first or k.last) for k in kinds)


def _is_of_the_body(cell: str) -> bool:
    """Whether a cell says where on a body: ``Left Arm``."""
    return cell.partition(" ")[0].casefold() in _SIDES


def _find(text: str, sep: str) -> Iterator[Found]:
    columns: list[str | None] = []
    of_things = empty = False
    at = 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if not line.strip():
            empty = True  # as markup has it between its rows too
            continue
        apart, empty = empty, False
        cells = [m.span() for m in _CELL[sep].finditer(text, start, start + len(line))] if sep in line else []
        if len(cells) < 2:
            columns = []
            continue
        headings = [
            _TYPES.get(text[a:b].strip(_AROUND).casefold().replace("_", " ").replace(" #", " no")) for a, b in cells
        ]
        filled = [i for i, (a, b) in enumerate(cells) if text[a:b].strip()]
        if sum(h is not None for h in headings) >= 2 or (
            not columns and {"NAME", "DATE"} & set(headings) and len(filled) > 2
        ):
            columns = headings
            of_things = _OF_PERSONS.isdisjoint(filter(None, headings))
        elif len(cells) == len(columns):
            if apart and _begins_anew([text[a:b].strip() for a, b in cells], columns):
                columns = []
                continue
            yield from _told(text, cells, columns, of_things)
        elif len(filled) == _PAIR and not columns and headings[filled[0]] and not headings[filled[1]]:
            yield from _told(text, [cells[i] for i in filled], [None, headings[filled[0]]], of_things=True)


def _begins_anew(cells: list[str], columns: list[str | None]) -> bool:
    """Whether a row behind an empty line has the headings of another table: words where the columns hold numbers."""
    numbered = any(of is not None and of not in _FORM for of in columns)
    named = [c for c, of in zip(cells, columns, strict=True) if of == "NAME"]
    words = [w for c in cells for w in c.split()]
    return numbered and all(c.isalpha() for c in named) and all(w.isalpha() and kind(w).word for w in words)


def _told(text: str, cells: list[tuple[int, int]], columns: list[str | None], of_things: bool) -> Iterator[Found]:
    """The cells of a row that their headings tell."""
    for (a, b), of in zip(cells, columns, strict=True):
        cell = text[a:b].strip()
        if (of == "NAME" and of_things and _is_thing(cell)) or (of == "FACILITY" and _is_of_the_body(cell)):
            continue
        if of is not None and len(cell) > 1 and _FORM.get(of, _DIGIT).search(cell) and not _empty(cell):
            first = a + (len(text[a:b]) - len(text[a:b].lstrip()))
            yield Found(first, first + len(cell), of, "table:column")
