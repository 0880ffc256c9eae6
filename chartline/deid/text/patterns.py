"""Identifiers that have a form: numbers with and without labels, contact points, addresses, ages over 89."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from chartline.deid.text.lexicon import POSTAL, STATES
from chartline.deid.text.lexicon import kind as word_kind
from chartline.deid.text.spans import Found

_TIMEOUT = 5.0
STATE = rf"(?:(?-i:{'|'.join(POSTAL)})|{'|'.join(regex.escape(s.title()).replace(' ', chr(92) + 's+') for s in sorted(STATES, key=len, reverse=True))})"
STREET = (
    r"(?:Street|St|Avenue|Ave|Av|Boulevard|Blvd|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Circle|Cir|Place|Pl|Terrace|Ter|Terr"
    r"|Trail|Trl|Way|Parkway|Pkwy|Highway|Hwy|Square|Sq|Loop|Alley|Aly|Row|Crescent|Cres|Plaza|Plz|Pike|Turnpike|Tpke"
    r"|Crossing|Xing|Path|Point|Pt|Ridge|Run|Heights|Hts|Hollow|Bend|Cove|Grove|Expressway|Expy|Freeway|Fwy|Route|Rte"
    r"|Broadway|Commons?|Landing|Meadows?|Estates?|Walk|Glen|View|Vista|Park|Green|Junction|Mall|Manor|Mews|Station"
    r"|Extension|Ext|Camp|Center|Ramp|Spur|Bypass|Causeway|Canyon|Valley|Stravenue|Divide|Knoll|Lodge|Mission|Orchard"
    r"|Overpass|Promenade|Rapids|Shoals?|Skyway|Spring|Springs|Summit|Throughway|Trace|Track|Tunnel|Union|Village|Wells"
    r"|Gardens?|Gateway|Harbors?|Haven|Island|Isle|Key|Lakes?|Light|Locks|Mills?|Mount|Mountain|Neck|Oval|Pines|Plains"
    r"|Prairie|Radial|Ranch|Rest|River|Shores?|Stream|Tunnel|Viaduct|Ville|Brook|Burg|Cape|Cliffs?|Club|Corners?"
    r"|Creek|Crest|Curve|Dale|Dam|Falls|Ferry|Fields?|Flats?|Ford|Forest|Forge|Forks?|Fort|Inlet|Parkways|Port)"
)
_UNIT = (
    r"(?:[,\s]+(?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl|Bldg|Building|Lot|Trlr|PMB|\#)\.?\s*\#?\s*[\w\-]{1,6})?"
)
_CITY = r"[A-Z][A-Za-z'’.\-]+(?:\s+[A-Z][A-Za-z'’.\-]+){0,3}"
_ZIP = r"\d{5}(?:-\d{4})?"
_TAIL = rf"(?:\s*[,\n|]\s*{_CITY})?(?:\s*,?\s*\b{STATE}\b)?(?:[\s,]+{_ZIP}\b)?"
_VALUE = r"(?P<v>(?=[A-Z0-9\-_./]*\d)[A-Z0-9](?:[A-Z0-9]|[\-_./](?=[A-Z0-9])){2,24})"
_IS = r"(?:\s*(?:number|numbers|no\.?|num|nbr|id|code|template|tag|record|value|\#))*\s*(?:is|was|of|are|as)?\s*[:=#|\-–]*\s*[\(\[\"']?\s*"


def _labelled(words: str) -> str:
    return rf"(?<![A-Za-z])(?:{words}){_IS}{_VALUE}(?![\w])"


_FORMS: list[tuple[str, str, regex.Pattern[str], str]] = [
    (kind, name, regex.compile(pattern, regex.IGNORECASE if fold else 0), group)
    for kind, name, pattern, fold, group in [
        ("URL", "url", r"\b(?:https?|ftp|sftp)://[^\s<>\"')\]}]+|\bwww\.[^\s<>\"')\]}]+", True, ""),
        ("URL", "host", r"(?<![@\w.\-])(?:[a-z0-9\-]+\.)+(?:com|org|net|edu|gov|io|health|info|us|co|example|clinic|care)(?:/[^\s<>\"')\]}]*)?(?![\w@])", True, ""),
        ("EMAIL", "email", r"[\w.+%\-]+@[\w\-]+(?:\.[\w\-]+)+|[\w.+%\-]+\s?(?:\(at\)|\[at\]|\{at\}| at )\s?[\w\-]+(?:\s?(?:\(dot\)|\[dot\]|\{dot\}| dot )\s?[\w\-]{2,})+|[\w.+%\-]+\s@\s?[\w\-]+\s?\.\s?[a-z]{2,}\b", True, ""),
        ("IP", "ip", r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)", False, ""),
        ("IP", "ip6", r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){2,6}:[0-9a-f:]{1,20}(?![\w])", True, ""),
        ("IP", "mac", r"(?<![\w:])(?:[0-9a-f]{2}[:\-]){5}[0-9a-f]{2}(?![\w:])", True, ""),
        ("SSN", "ssn", r"(?<![\w\-])(?:\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{3}\.\d{2}\.\d{4}|(?:\*{3}|[Xx]{3})-(?:\*{2}|[Xx]{2})-\d{4})(?![\w\-])", False, ""),
        ("SSN", "ssn-label", r"\b(?:SSN|social security(?: number| no\.?)?)[\s:#is]*(?P<v>\d[\d \-]{7,11}\d|(?:ending in\s*)?\d{4})\b", True, "v"),
        ("PHONE", "phone", r"(?<![\w.\-/])(?:\+?1[\s.\-]*)?(?:\(\s?\d{3}\s?\)\s*|\d{3}[\s.\-–/])\d{3}[\s.\-–]\d{4}(?:\s*(?:,|;)?\s*(?:x|ext\.?|extension)\s*\#?\d{1,6})?(?![\w\-]\d|\d)", True, ""),
        ("PHONE", "phone-intl", r"(?<![\w.])\+\d{1,3}[\s.\-]?(?:\(?\d{1,4}\)?[\s.\-]?){2,5}\d{2,4}(?!\w)", False, ""),
        ("PHONE", "phone-local", r"(?<![\w.\-/])\d{3}[\-.]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?(?![\w\-]|\.\d)", True, ""),
        ("PHONE", "phone-label", r"\b(?:phone|tel(?:ephone)?|cell|mobile|fax|pager|beeper|contact|callback|call(?: back)?|reach(?:ed|able)?(?: at)?|ext(?:ension)?)\b[\s.:#]*(?:number|no\.?|is|at|on|us|him|her|them|\s)*[:#]?\s*(?P<v>\+?\(?\d[\d\s().\-]{5,18}\d|(?<=ext[.:\s]{1,2})\d{2,6}|(?<=extension )\d{2,6}|(?<=pager[:\s#]{1,3})\d{3,7}|(?<=beeper[:\s#]{1,3})\d{3,7})(?!\w)", True, "v"),
        ("ACCOUNT", "card", r"(?<![\w\-])(?:\d{4}[ \-]){3}\d{1,7}(?![\w\-])|(?<![\w\-])3\d{3}[ \-]\d{6}[ \-]\d{5}(?![\w\-])", False, ""),
        ("VEHICLE", "vin", r"\b(?=[A-HJ-NPR-Z0-9]*\d)(?=[A-HJ-NPR-Z0-9]*[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{17}\b", False, ""),
        ("VEHICLE", "vehicle", _labelled(r"VIN|(?:licen[sc]e |number )?plate|vehicle(?: tag)?|tag"), True, "v"),
        ("MRN", "mrn", _labelled(r"MRN|MR|med(?:ical)?\.? ?rec(?:ord)?|(?:medical |patient )?(?:chart|record)|hospital|unit|chart ?MRN|EMPI|patient|pt|subject"), True, "v"),
        ("ACCOUNT", "account", _labelled(r"acct|account|acc|billing|invoice|statement|bill|guarantor|FIN|CSN|HAR|bank|routing|card"), True, "v"),
        ("PLAN", "plan", _labelled(r"(?:health )?plan|member(?:ship)?|subscriber|policy|insurance|insured|group|beneficiary|medicare|medicaid|MBI|HICN|payer|coverage|claim|authori[sz]ation|auth|referral"), True, "v"),
        ("LICENSE", "license", _labelled(r"licen[sc]e|lic|DEA|NPI|certificate|cert|certification|registration|reg|permit|passport|credential|badge|employee|driver'?s?|DL|visa|green card"), True, "v"),
        ("DEVICE", "device", _labelled(r"serial|S/?N|device|implant|pacemaker|UDI|lot|model|pump|IMEI|asset|monitor|lead|generator"), True, "v"),
        ("ID", "label", _labelled(r"accession|order|requisition|specimen|sample|study|protocol|case|reference|ref|confirmation|ticket|visit|encounter|appointment|rx|prescription|tracking|transaction|identifier|ID|file|document|trial|enrol?lment|participant|episode|ident|barcode|session|request|req|report|biometric|finger ?print|palm ?print|iris|face ?print|voice ?print|retinal(?: scan)?|token|username|user|login|password|pin|wristband|donor|key"), True, "v"),
        ("ID", "bracket", r"(?<=[\[\(#])\s?(?P<v>[A-Z]{0,4}-?\d{5,12})(?=\s?[\]\)]|\b)", False, "v"),
        ("ID", "mixed", r"(?<![\w./\-])(?=[A-Z0-9\-]{6,}(?![\w]))(?=(?:[A-Z0-9\-]*\d){4})(?:[A-Z]{1,6}-?(?:[A-Z0-9]+-?)*\d[A-Z0-9\-]*|\d+-?[A-Z]{1,5}-?\d{3,}[A-Z0-9\-]*)(?![\w])", False, ""),
        ("ID", "mixed-lower", r"(?<![\w./\-])(?=[a-z0-9\-_]{7,}(?![\w]))(?=(?:[a-z0-9\-_]*\d){4})[a-z]{1,6}[\-_]?\d{4,}[a-z0-9\-_]*(?![\w])", False, ""),
        ("ID", "number", r"(?<![\w.,/\-$])\d{7,18}(?![\w%]|[.,/]\d|\s*(?:mg|mcg|mL|copies|cells|units|IU|/))", False, ""),
        ("ID", "grouped", r"(?<![\w.,/\-])(?:\d{3,6}-\d{3,8}(?:-\d{1,8})*|\d{2,4}(?:-\d{2,6}){2,4})(?![\w\-]|\.\d)", False, ""),
        ("ID", "glued", r"(?<![a-z])(?:MRN|SSN|ACCT|DOB|chartMRN|NPI|DEA)(?P<v>\d{5,12})", True, "v"),
        ("ID", "uuid", r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", True, ""),
        ("ADDRESS", "street", rf"(?<![\w./\-])\#?\d{{1,6}}(?:-\d{{1,4}})?[A-Z]?(?:\s*½)?[ \t]+(?:(?:[NSEW]|[NS][EW]|North|South|East|West)\.?[ \t]+)?(?:(?:[A-Z][\w'’.\-]*|\d{{1,3}}(?:st|nd|rd|th)|of|the|de|la|el)[ \t]+){{1,5}}(?-i:{STREET})\b\.?(?:\s+(?:[NSEW]|[NS][EW])\b\.?)?{_UNIT}{_TAIL}", False, ""),
        ("ADDRESS", "street-caps", rf"(?<![\w./\-])\d{{1,6}}[ \t]+(?:[A-Z'.\-]+[ \t]+){{1,4}}(?-i:{STREET.upper()})\b\.?{_UNIT.upper() if False else _UNIT}(?:\s*,\s*[A-Z][A-Z .'\-]+)?(?:,?\s*\b{STATE}\b)?(?:[\s,]+{_ZIP}\b)?", False, ""),
        ("ADDRESS", "street-lower", rf"(?<=\b(?:at|lives at|address|address:|resides at|home:?|mailing address:?)\s)\d{{1,6}}\s+(?:[a-z'.\-]+\s+){{1,4}}{STREET.lower()}\b\.?", False, ""),
        ("ADDRESS", "po-box", rf"\b(?:P\.?\s?O\.?|Post Office)\s?Box\s+\#?\d+{_TAIL}", True, ""),
        ("ADDRESS", "rural", r"\b(?:RR|Rural Route|HC|Hwy|Highway|County Road|CR|State Route|SR)\s?\#?\d{1,4}(?:,?\s*Box\s*\d+)?(?=[\s,.])(?=.{0,40}\b\d{5}\b)", False, ""),
        ("LOCATION", "city-state", rf"\b(?P<v>{_CITY}\s*,\s*{STATE})\b(?:[\s,]+{_ZIP}\b)?", False, ""),
        ("LOCATION", "county", r"\b(?:[A-Z][\w'’.\-]+\s+){1,3}(?:County|Parish|Borough|Township|Precinct)\b", False, ""),
        ("ZIP", "zip", rf"\b(?:(?:ZIP|postal)(?:[\s\-]?code)?(?:\s+(?:on|in|of|for)\s+(?:the\s+)?\w+)?\s*(?:is|:|\#)?\s*(?P<v>{_ZIP}))\b", True, "v"),
        ("ZIP", "state-zip", rf"\b{STATE}[\s,]+(?P<v>{_ZIP})\b", False, "v"),
        ("AGE", "age", r"(?<![\d.])(?:9\d|1[0-4]\d)[\-‑ ]?(?:years?|yrs?|y)[\-‑ ]?(?:old|o)\b|(?<![\d.])(?:9\d|1[0-4]\d)(?:\s?(?:yo|y/o|y\.o\.)(?!\w)|(?=\s+(?:years?|yrs?)(?:\s+of\s+age|\s+old)?\b))", True, ""),
        ("AGE", "age-label", r"\b(?:aged|âge|age(?: is| of)?|turned|turning)(?:\s*[:=]\s*|\s+)(?:9\d|1[0-4]\d)\b(?!\s*(?:%|mg|mm|cm|bpm|/))", True, ""),
        ("AGE", "age-sex", r"(?<![\d./])(?P<v>(?:9\d|1[0-4]\d)\s?(?:[MF]|male|female)\b)(?!/)", False, ""),
        ("AGE", "age-words", r"\b(?:ninety(?:[\s\-](?:one|two|three|four|five|six|seven|eight|nine))?|(?:one|a)\s+hundred(?:\s+(?:and\s+)?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?)(?:[\s\-]+years?)(?:[\s\-]+(?:old|of\s+age))?\b|\b(?:nonagenarian|centenarian)\b", True, ""),
        ("AGE", "age-decade", r"\b(?:in (?:his|her|their) )?(?:early |mid |late |mid-)?(?:90|100)['’]?s\b(?=\s*(?:years|male|female|man|woman|[.,;]|$))", True, ""),
    ]
]  # fmt: skip
# Of forms that a label introduces, words of plain writing that the label may be followed by instead of an identifier.
_NOT_VALUES = regex.compile(
    r"\d{1,3}|\d+\.\d+|(?:19|20)\d\d|\d{1,3}(?:st|nd|rd|th)|\d+(?:mg|mcg|ml|kg|g|mm|cm|yo|y|m|f|d|h|hr|hrs|x|%|years?|weeks?|days?|months?|hours?|min)(?:[/.\-]\w+)*"
    r"|\d{1,3}[/\-]\d{1,3}|[A-Z]\d{1,2}(?:[.\-][A-Z]?\d{1,3})?|\d{1,2}-\d{1,2}-\d{1,2}|COVID-?19|[A-Z]{1,4}-?\d{1,2}|\d{1,3}-(?:year|week|day|month|hour|yo|lb|mg)\w*(?:-\w+)*",
    regex.IGNORECASE,
)


def find(text: str) -> Iterator[Found]:
    """Every identifier that has a form."""
    for kind, name, pattern, group in _FORMS:
        for match in pattern.finditer(text, timeout=_TIMEOUT):
            start, end = match.span(group) if group and match.group(group) else match.span()
            if group and kind not in ("PHONE", "ZIP", "SSN", "AGE") and _NOT_VALUES.fullmatch(text, start, end):
                continue
            if name == "city-state":
                start = _trimmed(text, start, end)
                if _doctor(text, start, end):
                    continue
            yield Found(start, end, kind, f"pattern:{name}")


def _doctor(text: str, start: int, end: int) -> bool:
    """Whether ``Name, MD`` is a physician rather than a place in Maryland."""
    piece = text[start:end]
    first = word_kind(piece.split()[0].strip(",")) if piece.strip() else None
    return (
        first is not None
        and piece.endswith(("MD", "PA"))
        and (first.first or first.unknown)
        and (len(piece.split()) > 2 or not first.city)
    )


_LEADING = regex.compile(
    r"(?:From|In|At|Near|To|Of|City|The|Lives|Living|Resides|Patient|Pt|Home|Address|And|Town|Moved|Seen|Born|Currently|Destination|Clinic in|Location|Residence|Works|Via|By|On|For|With|Is|Was|A|An|Dr|His|Her|Our|Visiting|Travel(?:ed|led)? to)[\s:,]+"
)


def _trimmed(text: str, start: int, end: int) -> int:
    while True:
        match = _LEADING.match(text, start, end)
        if match is None:
            return start
        start = match.end()
