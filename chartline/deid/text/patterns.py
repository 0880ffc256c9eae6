"""Identifiers that have a form: numbers with and without labels, contact points, addresses, ages over 89."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from string import ascii_letters, digits

import regex

from chartline.deid.text.hints import Hints, Place, alternatives, literals, lowered, windows
from chartline.deid.text.lexicon import POSTAL, STATES
from chartline.deid.text.lexicon import kind as word_kind
from chartline.deid.text.measures import is_measure
from chartline.deid.text.spans import Found

_STATE_NAMES = sorted((n for s in STATES for n in (s.title().replace("Of", "[Oo]f"), s.upper())), key=len, reverse=True)
STATE = rf"(?:(?-i:{'|'.join(POSTAL)})|{'|'.join(n.replace(' ', chr(92) + 's+') for n in _STATE_NAMES)})"
_STREETS = alternatives(
    r"Street|St|Avenue|Ave|Av|Boulevard|Blvd|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Circle|Cir|Place|Pl|Terrace|Ter|Terr"
    r"|Trail|Trl|Way|Parkway|Pkwy|Highway|Hwy|Square|Sq|Loop|Alley|Aly|Row|Crescent|Cres|Plaza|Plz|Pike|Turnpike|Tpke"
    r"|Crossing|Xing|Path|Point|Pt|Ridge|Run|Heights|Hts|Hollow|Bend|Cove|Grove|Expressway|Expy|Freeway|Fwy|Route|Rte"
    r"|Broadway|Commons?|Landing|Meadows?|Estates?|Cottages?|Walk|Glen|View|Vista|Park|Green|Junction|Mall|Manor|Mews|Station|Brae|Wynd|Croft|Close|Rise"
    r"|Extension|Ext|Camp|Center|Ramp|Spur|Bypass|Causeway|Canyon|Valley|Stravenue|Divide|Knoll|Lodge|Mission|Orchard"
    r"|Overpass|Promenade|Rapids|Shoals?|Skyway|Spring|Springs|Summit|Throughway|Trace|Track|Tunnel|Union|Village|Wells"
    r"|Gardens?|Gateway|Harbors?|Haven|Island|Isle|Key|Lakes?|Light|Locks|Mills?|Mount|Mountain|Neck|Oval|Pines|Plains"
    r"|Prairie|Radial|Ranch|Rest|River|Shores?|Stream|Tunnel|Viaduct|Ville|Brook|Burg|Cape|Cliffs?|Club|Corners?"
    r"|Creek|Crest|Crossroads?|Curve|Annex|Arcade|Bayou|Beach|Bluffs?|Hills?|Parks|Passage|Squares|Trafficway|Trails|Valleys|Views|Villages|Walks|Dale|Dam|Falls|Ferry|Fields?|Flats?|Ford|Forest|Forge|Forks?|Fort|Inlet|Parkways|Port"
)
STREET = rf"(?:{'|'.join(_STREETS)})"
_UNIT = (
    r"(?:[,\s]+(?:\d{1,2}(?:st|nd|rd|th)\s+(?:[Ff]loor|[Ff]l\b)|(?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl|Bldg|Building|Lot|Trlr|Spc|Space|PMB|\#)\.?\s*\#?\s*[\w\-]{1,6}"
    r"|(?:apt|apartment|suite|ste|unit|room|rm|bldg|lot|trlr)\.?\s*\#?\s*(?:[A-Za-z]?\d{1,5}[A-Za-z]?|[A-Za-z])(?![\w\-])))?"
)
_TOWN = r"(?:(?:St|Ste|Ft|Mt|Pt)\.|[A-Z][A-Za-z'’\-]+)"
_CITY = rf"{_TOWN}(?:[ \t]+{_TOWN}){{0,3}}"
_ZIP = r"\d{5}(?:-\d{4})?"
_UNIT_SERVED = r"\d{1,3}(?:st|nd|rd|th|d)[ ](?:Airborne|ABN|Cav(?:alry)?|Inf(?:antry)?|Armored|Marines?|Battalion|Bn|Brigade|Regiment|Squadron|Mountain|Engineer|Artillery|Field[ ]Artillery|Signal|Fighter|Bomb|Air|Aviation|Ranger|Special[ ]Forces|Support|Sustainment|Transportation|MP)(?:[ ](?:Division|Regiment|Regt|Battalion|Bn|Brigade|Squadron|Wing|Group|Company|Corps|Force|Expeditionary[ ]\p{Lu}\p{Ll}+))?\b"
_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}"  # British
_TAIL = rf"(?:\s*(?:[,|]|\n(?=[ \t]*{_CITY}[ \t]*(?:,|\n|\Z|\b{STATE}\b|\d{{5}})))\s*(?!(?i:city|town|state|zip)\b){_CITY})?(?:\s*,?\s*\b{STATE}\b)?(?:[\s,]+{_ZIP}\b|(?<=[a-z])(?:[ ]|[ ]?[-–][ ]?)\d{{6}}\b)?"
# What American streets are called most often, which people write without the word for a street.
_BARE_STREETS = """
    Elm Oak Maple Pine Cedar Walnut Main Washington Sycamore Chestnut Spruce Birch Willow Hickory Ash Poplar Magnolia
    Cherry Dogwood Locust Juniper Laurel Linden Broadway Lincoln Jefferson Madison Jackson Adams Monroe Franklin Hamilton
    Church Mill Market Lake Sunset Elmwood Lakeview Fairview Highland Prospect Pleasant Cottonwood Mulberry Redwood Beech
    Hawthorne Summit Meadow Woodland Riverside Hillcrest Oakwood Maplewood Cedarwood Park Front Water College School Union
    First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth
    """.split()
# A word of a street's name; only what is cut short has a stop behind it: ``16 PO. VSS. Pt`` is no street.
_OF_STREET = (
    r"[A-Z][\w'’\-]*(?:(?<=\b(?:[A-Z]|St|Ste|Ft|Mt|Jr|Sr|Dr|Wm|Geo|Chas|Gen|Col|Capt|Sgt|Rev|Pres|N[EW]|S[EW]))\.(?:[A-Z]\.)*)?"
    r"(?:\.[\w'’\-]+)*"
)
DIGIT_SAID = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_VALUE = r"(?P<v>(?=[A-Z0-9\-_./]*\d)[A-Z0-9](?:[A-Z0-9]|[\-_./](?=[A-Z0-9])){2,28})"
_IS = r"(?:\s*(?:number|numbers|no\.?|num|nbr|id|code|template|tag|record|value|\#))*\s*(?:is|was|of|are|as)?\s*[:=#|*}\-–]*\s*[\(\[\"']?\s*"


# The words that bring an identifier; each alternative starts with letters.
_LABELS = {
    "vehicle": r"VIN|licen[sc]e plate|number plate|plate|vehicle(?: tag)?|tag",
    "mrn": r"MRN|MR|med(?:ical)?\.? ?rec(?:ord)?|medical (?:chart|record)|patient (?:chart|record)|chart|record|hospital|unit|chart ?MRN|EMPI|patient|pt|subject|UHID|hosp(?=\.? no)|IP(?= no)|OP(?= no)|IPD|OPD",
    "account": r"acct|account|acc|billing|invoice|statement|bill|guarantor|FIN|CSN|HAR|bank|routing|card ends in|card ending in|card",
    "plan": r"health plan|plan|member(?:ship)?|subscriber|policy|insurance|insured|group|grp|beneficiary|medicare|medicaid|MBI|HICN|payer|coverage|claim|aetna|cigna|humana|anthem|tricare|blue cross|BCBS|united ?health(?:care)?|kaiser|authori[sz]ation|auth|referral|BIN|PCN|rxBIN|rxPCN",
    "license": r"licen[sc]e|lic|DEA|NPI|certificate|cert|certification|registration|reg|permit|passport|credential|badge|employee|technician|tech id|operator|driver'?s?|DL(?<!/DL)|visa|green card",
    "device": r"serial|S/N|SN(?!\d{1,4}[A-Z])|device|implant|pacemaker|UDI|lot|model|pump|IMEI|asset|monitor|lead|generator|machine",
    "label": r"accession|docket|order|kit|HRN|subj|msg|UNOS|ems run|run\s?\#|batch|chk|check\s?\#|last\s?4|last\s?four|incident|badge|commission|job|requisition|specimen|sample|study|protocol|case|reference|ref|confirmation|ticket|visit|encounter|appointment|rx|prescription|tracking|transaction|identifier|ID|file|document|trial|enrol?lment|participant|episode|ident|barcode|session|request|req|report|biometric|finger ?print|palm ?print|iris|face ?print|voice ?print|retinal(?: scan)?|token|username|user|login|password|pin|pw|pwd|passcode|index(?<!mass index)(?!:?\s\d{1,3}\.\d{1,2}-\d{1,3}\.\d{1,2}(?![\w\-])(?!\.\d))|gate|lockbox|door code|JN|VJ|DocID|wristband|bands?|cabin|procurement|TIN|EIN|FEIN|tax(?= id)|booking|OID(?=\W{1,3}\d{5,8}(?![\d.]))|inmate|offender|flight|donor|key|customer|access code|activation code|share code|invite code|with code|census|ROI log|fedex",
}  # fmt: skip


def _labelled(name: str) -> str:
    return rf"(?<![A-Za-z])(?!(?<=[A-Za-z]-)[A-Za-z]+-\d)(?:{_LABELS[name]})(?-i:(?![a-z]|(?<=[A-Z])(?!(?:NO|NUM|NBR|ID)(?![A-Z]))[A-Z]{{2,}}))(?:\.(?=\s?(?:no|num|id|\#)))?{_IS}{_VALUE}(?![\w])"


_FORMS: list[tuple[str, str, regex.Pattern[str], str]] = [
    (kind, name, regex.compile(pattern, regex.IGNORECASE if fold else 0), group)
    for kind, name, pattern, fold, group in [
        ("URL", "url", r"\b(?:https?|ftp|sftp)://[^\s<>\"')\]}]+|\bwww\.[^\s<>\"')\]}]+", True, ""),
        ("URL", "host", r"(?<![@\w.\-])(?:[a-z0-9\-]+\.)+(?:com|org|net|edu|gov|io|health|info|us|co|example|clinic|care)(?:/[^\s<>\"')\]}]*)?(?![\w@])", True, ""),
        ("URL", "handle", r"(?<![\w.@/])@(?!(?:work|home|night|rest|school|bedtime|noon|lunch|bedside)\b|\d[\d.]*(?:[ap]m?|[cm]m|m[lg]|cc|mcg|kg|lpm|l|h(?:rs?)?|w(?:\dd?|ks?)?|min|bpm|hz)(?!\w))(?=[\w.]*[A-Za-z])\w[\w.\-]{2,29}(?<![.\-])(?!\s?\.\w)|(?<![\w/])u/[\w\-]{3,20}", True, ""),
        ("URL", "handle-label", r"\b(?:instagram|insta|ig|twitter|tiktok|snap(?:chat)?|facebook|fb|discord|reddit|venmo|cash ?app|telegram|linkedin|whatsapp|youtube|twitch|skype|(?:user|screen) ?name|handle)\b(?:\s(?:is|name|user(?:name)?|handle|id|account|page|as|at))*\s*[:(=]?\s*(?P<v>(?!(?-i:[A-TV-Z])\d[\dA-Z](?:\.[\dA-Z]{1,4})?(?![\w.]))@?(?=[\w.\-]*(?:(?<=@)\w|[._\d\-]\w|\d|#\d))[A-Za-z][\w.\-]{2,29}(?:#\d{3,5})?)(?<![.\-])", True, "v"),
        ("URL", "handle-said", r"\b(?:snap(?:chat)?|insta(?:gram)?|ig|twitter|tiktok|venmo|discord|psn|xbox|steam|gamer ?tag|kik|cash ?app|zelle|telegram|skype|screen ?name|username|login|handle)(?:\s?[:=]\s?(?P<v>[@$]?[A-Za-z][\w.\-]{2,29})|\s(?P<v>\$?(?=[\w.\-]*\d)[A-Za-z][\w.\-]{3,29})|(?<=username)\s(?P<v>[A-Za-z]{6,29}))(?<![.\-])(?!\w)", True, "v"),
        ("ID", "file", r"(?<![\w.@/\-])(?=[\w\-.]{0,60}[A-Za-z])\w[\w\-]{0,60}(?:\.[\w\-]{1,20}){0,2}\.(?:jpe?g|png|gif|tiff?|bmp|heic|webp|dcm|mp4|mov|avi|wav|mp3|m4a)(?![\w.@]*\w)", True, ""),
        ("ID", "file-named", r"(?<![\w.@/\-])(?=[\w\-]*(?:\d{6}|[A-Z][a-z]+[_\-][A-Z][a-z]+))\w[\w\-]{2,80}\.(?:pdf|docx?|rtf|xlsx?|csv|txt|xml|html?|zip)(?![\w.@]*\w)", False, ""),
        ("EMAIL", "email", r"(?<![\w.+%\-])[\w.+%\-]++(?:@(?=[\w.\-]*[a-z])[\w\-]+(?:\.[\w\-]+)+|\s?(?:\(at\)|\[at\]|\{at\}| at )\s?[\w\-]+(?:\s?(?:\(dot\)|\[dot\]|\{dot\}| dot )\s?[\w\-]{2,})+|\s@\s?[\w\-]*[a-z_][\w\-]*(?:\.[a-z]{2,}|\s?\.\s?(?:com|org|net|edu|gov|us|io|info|example))\b)", True, ""),
        ("EMAIL", "email-said", r"(?:(?<=\be-?mail(?: is)?[:\s]{1,2})|(?=[\w\-]*[._\d]))(?<![\w.])[\w.+%\-]+ at [\w\-]+(?:\.[\w\-]+)*\.(?:com|org|net|edu|gov)\b", True, ""),
        ("IP", "ip", r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)", False, ""),
        ("IP", "ip6", r"(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])|(?<![\w:])(?=[0-9a-f:]*::)(?:[0-9a-f]{1,4}:){1,7}:?(?::?[0-9a-f]{1,4}){0,6}(?:%\w+)?(?![\w:])", True, ""),
        ("IP", "mac", r"(?<![\w:])(?:[0-9a-f]{2}[:\-]){5}[0-9a-f]{2}(?![\w:])|(?<![\w.])(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}(?![\w.])", True, ""),
        ("SSN", "ssn", r"(?<![\w\-])(?:\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{3}\.\d{2}\.\d{4}|(?:\*{3}|[Xx]{3})-(?:\*{2}|[Xx]{2})-\d{4})(?![\d\-])", False, ""),
        ("SSN", "ssn-label", r"\b(?:SSN|SS\#|social(?: security)?(?: number| no\.?)?)[\s:#is(]*(?P<v>\d(?:[ \-]{1,3}\d){8}|\d[\d \-]{7,11}\d|(?:ending (?:in\s*)?|last (?:4|four)[\s):#]*)?\d{4})\b", True, "v"),
        # Numbers that other countries give to each person, by what they are called there.
        ("SSN", "national", r"(?<![A-Za-z])(?:social insurance|CPF|AHV|Aadhaar|NIR|DNI|NIE|BSN|PESEL|CURP|NINO?|codice fiscale)(?![A-Za-z])(?:[\s\-]?(?:number|nummer|num|nr|no))?\.?[\s:#]{0,3}(?:is\s)?(?P<v>(?:(?-i:[A-Z]{1,2})[ ]?)?\d(?:[ .\-/]?\d){5,19}(?:[ \-]?(?-i:[A-Z]))?|(?-i:[A-Z]{4,6}\d[A-Z\d]{9,12}))(?!\w)", True, "v"),
        ("PHONE", "phone", r"(?<![\w.\-/])(?:(?:\+|00)?1[\s.\-]*|[2-9]\d{1,2}[ ](?=\d{3}[ ]\d{3}[ ]\d{4}))?(?:(?:\(\s?\d{3}\s?\)[\-–./]?\s*|\(\d{3}/|\d{3}(?:[\s.\-–/]|-[ ]))\d{3}(?:[\s.\-–/]|-[ ])\d{4}|\(\d{3}\)[ ]?\d{7})(?:\s*(?:,|;)?\s*(?:x|ext\.?|extension)\s*\#?\d{1,6})?(?![\w\-]\d|\d)", True, ""),
        ("PHONE", "phone-marked", r"(?<![\w.\-/*])[2-9]\d{2}(?P<s>\s?[*·]\s?|\s\.\s)\d{3}(?P=s)\d{4}(?!\w)", False, ""),
        ("PHONE", "phone-few", r"(?:\bp[hH]|\bphone|\btel|\bcell|\bmobile|\bcall|\bfax|\bpgr|\bpager|\bvm|\bmsg|\bmessage)\b[\s.:#]{0,2}(?:at\s|@\s?)?(?P<v>\d-\d{4}|\d{3}[ ]\d{4}|[2-9]\d{2}[ ]\d{3}[ ]\d\d[ ]\d\d)(?![\w/%]|[.\-]\d)", True, "v"),
        ("PHONE", "phone-intl", r"(?<![\w.])\+\d{1,3}[\s.\-]?(?:\(?\d{1,4}\)?[\s.\-]?){2,5}\d{2,4}(?!\w)", False, ""),
        ("PHONE", "phone-city", r"(?<![\w.\-/])\(\d\d\)[ ]?\d{4}[ \-]\d{4}(?!\w)", False, ""),
        ("PHONE", "phone-local", r"(?<![\w.\-/])\d{3}[\-.]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?(?![\w\-]|\.\d)", True, ""),
        ("PHONE", "phone-zero", r"(?<![\w.+/\-])(?:0\d{1,3}[ ]\d{3,4}[ ]\d{4}|0\d{4}[ ](?:\d{3}[ ]\d{3}|\d{5,6})|0\d{3}[ ]\d{3}[ ]\d{3}|\(0\d{1,4}\)[ ]?\d{3,4}[ ]?\d{3,4})(?![\w%]|[.\-/]\d)", False, ""),
        ("ADDRESS", "address-abroad", rf"(?<![\w.\-/])(?:(?:Flat|Apt\.?|Unit|Apartment)[ ]\w{{1,4}},?[ ])?\d{{1,4}}[A-Za-z]?,?[ ][A-Z][\w'’\-]*(?:[ ][A-Za-z][\w'’\-]*){{0,4}}(?:,[ ]?[A-Z][\w'’ \-]{{1,30}}|\n[A-Z][\w'’ \-]{{1,30}}){{0,3}},?[ \n]{_POSTCODE}(?!\w)", False, ""),
        ("ADDRESS", "address-line", r"(?:(?<=(?:^|[\n|\t{*;]|[ ]{2})[ *_]{0,3})|(?<=\b(?:home|mailing|street|member|patient|current|permanent|full|new|old)[ ]))(?:address|addr|direcci[oó]n|domicilio|adresse|residence)[*_}]{0,2}[ ]?(?::|[ ][-–])[*_]{0,2}[ ]{1,3}(?-i:(?P<v>(?=[^\n|;{}]{0,70}\d)(?:[A-Z]|\d[\w\-/]*[ ,]+[A-Z])[^\n|;{}\t]{5,90}?))(?=[ ]*(?:\n|\Z|[|;{}\t]|[ ]{2}|[.,]?[ ](?:Phone|Tel|Ph|Cell|Mobile|City|DOB|Email|Fax|Insurance|He|She|They|Pt|Lives)\b|(?<=\w{4})\.[ ]))", True, "v"),
        ("ADDRESS", "coordinates-said", r"\blat(?:itude)?\.?[:=\s]{1,3}-?\d{1,2}\.\d{1,8}°?(?:\s?[NS]\b)?[,;/\s]{1,3}(?:and\s)?(?:lon|long|lng|longitude)\.?[:=\s]{1,3}-?\d{1,3}\.\d{1,8}(?:°|\s?[EW]\b)?", True, ""),
        ("ADDRESS", "coordinates", r"(?<![\w.])-?\d{1,2}\.\d{4,8},-\d{1,3}\.\d{4,8}(?!\w|\.\d)|(?:(?<=\b(?i:gps|coord\w{0,8}|geo\w{0,9}|location|position)[:\s(]{1,3})|(?=-?\d{1,3}\.\d{4,8}(?:°|,?\s{1,2}(?:long?\.?[:\s]{1,2})?-))|(?=-))(?<![\w.])-?\d{1,3}\.\d{4,8}°?\s?[NS]?,?\s{1,2}(?:long?\.?[:\s]{1,2})?-?\d{1,3}\.\d{4,8}(?:°\s?[EW]?)?(?!\w|\.\d)", False, ""),
        ("ADDRESS", "minutes", r"[NS][ ]?\d\d[ °]\s?\d{1,2}\.\d{1,3}['’]?[, ]{1,3}[EW][ ]?\d{2,3}[ °]\s?\d{1,2}\.\d{1,3}['’]?(?!\w)", False, ""),
        ("NAME", "markup-name", r"<(?:given|family|first_?name|last_?name|sur_?name|middle_?name)>\s?(?P<v>[^<>\n]{2,40}?)\s?<|[\"'](?:given|family|(?:first|last|middle|given|family|maiden|full|patient|pt|[flm])_?name|sur_?name|[fl]n)[\"']\s?:\s?[\"'](?P<v>[^\"\n]{2,40})[\"']", True, "v"),
        ("LOCATION", "markup-place", r"<(?:city|county|postal_?code|zip(?:_?code)?)>\s?(?P<v>[^<>\n]{2,40}?)\s?<|[\"'](?:city|county|postal_?code|zip(?:_?code)?)[\"']\s?:\s?[\"'](?P<v>[^\"\n]{2,40})[\"']", True, "v"),
        ("MRN", "markup-mrn", r"<(?:mrn|patient_?id|pt_?id|acc(?:oun)?t(?:_?(?:no|number|id))?)>\s?(?P<v>[^<>\n]{2,40}?)\s?<|[\"'](?:mrn|medical_?record_?(?:no|number)?|patient_?id|acc(?:oun)?t_?(?:no|number|id)?)[\"']\s?:\s?[\"']?(?P<v>(?=[\w\-]*\d)[\w\-]{3,24})", True, "v"),
        ("PHONE", "phone-short", r"\bP[Hh]\b[ ]?(?:[Nn]o\.?)?[ ]?[.:#\-]{0,2}[ ]?(?P<v>\+?\(?\d(?:[ ().\-]{0,2}\d){8,13})(?!\w|\.\d)", False, "v"),
        ("NAME", "user", r"\b(?i:(?:(?:co-?|e-?)?signed|transcribed|printed|entered|typed|edited|modified|updated|filed|created|authenticated|verified|ordered|reviewed|documented|scanned|logged)(?:[ ]electronically)?[ ]by|user(?:[ ]?id|[ ]?name)?|transcriptionist|typist)[ ]?:?[ ](?:(?P<v>[A-Z]{5,14}\d{0,4}|(?<=:[ ])[a-z]{5,14}\d{0,4})(?=[ ]?(?:[\d(;,@\]\n]|\Z|on\b|at\b))|(?P<v>[a-z]{3,20}\d{1,6}[a-z]?)(?!\w))", False, "v"),
        ("PHONE", "phone-label", r"\b(?:phone|tel(?:ephone)?|cell|mobile|fax|pager|pgr|beeper|bleep|vocera|spectra(?:link)?|ascom|page(?=[ ]\*?\d{4})|contact|callback|call(?: back)?|reach(?:ed|able)?(?: at)?|ext(?:ension)?)\b[\s.:#*]*(?:number|no\.?|is|at|on|us|him|her|them|\s)*[:#]?\s*(?P<v>\+?\(?\d(?:[\d \t(\-]|\)(?=[\s.\-]?\d{3}[\s.\-])|\.(?=\d)){5,18}\d|(?<=ext[.:\s]{1,2})(?:\d-)?\d{3,6}|(?<=extension )\d{3,6}|(?<=(?:pager|pgr|beeper|bleep|page|vocera|spectra|spectralink|ascom)[:\s#*]{1,3})(?:\d-)?\d{3,7})(?!\w)", True, "v"),
        ("PHONE", "phone-said", r"\b(?:call(?:ed|ing)?|phon(?:ed?|ing)|ring|text(?:ed|ing)?|reach(?:ed)?|answer(?:ing)?|messages?)\b(?:\s[a-z']+){0,4}\s(?:on|at|@)\s(?P<v>(?=(?:\D?\d){7})\+?\(?\d[\d ().\-]{5,18}\d)(?![\w/:])", True, "v"),
        ("ACCOUNT", "card", r"(?<![\w\-])(?:\d{4}[ \-]){3}\d{1,7}(?![\w\-])|(?<![\w\-])3\d{3}[ \-]\d{6}[ \-]\d{5}(?![\w\-])", False, ""),
        ("VEHICLE", "vin", r"\b(?=[A-HJ-NPR-Z0-9]*\d)(?=[A-HJ-NPR-Z0-9]*[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{17}\b", False, ""),
        ("VEHICLE", "vehicle", _labelled("vehicle"), True, "v"),
        ("VEHICLE", "plate", r"\b(?:plate|tag|license plate|lic\.? plate)s?\b[\s:#]*(?:no\.?|number|is)?[\s:#]*(?P<v>(?=[A-Z0-9 \-]*\d)(?=[A-Z0-9 \-]*[A-Z])(?:[A-Z]{2}[ \-])?(?:[A-Z0-9]{2,4}[ \-][A-Z0-9]{2,4}|[A-Z0-9][ \-][A-Z0-9]{4,6}))(?!\w)", True, "v"),
        ("VEHICLE", "plate-british", r"(?<=\b(?:registration|reg\.?|number[ ]plate|plate)(?:[ ](?:no\.?|number))?:?[ ])[A-Z]{2}\d{2}[ ][A-Z]{3}(?!\w)", False, ""),
        ("MRN", "mrn", _labelled("mrn"), True, "v"),
        ("ACCOUNT", "account", _labelled("account"), True, "v"),
        ("PLAN", "plan", _labelled("plan"), True, "v"),
        ("PLAN", "mbi", r"(?<![\w\-])[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}(?![\w\-])", False, ""),
        ("LICENSE", "license", _labelled("license"), True, "v"),
        ("DEVICE", "device", _labelled("device"), True, "v"),
        ("ID", "label", _labelled("label"), True, "v"),
        ("ID", "bracket", r"(?<=[\[\(#])\s?(?P<v>[A-Z]{0,4}-?\d{5,12})(?=\s?[\]\)]|\b)", False, "v"),
        ("ID", "mixed", r"(?<![\w./\-])(?=[A-Z0-9\-]{6,}(?![\w]))(?=(?:[A-Z0-9\-]*\d){4})(?:[A-Z]{1,6}-?(?:[A-Z0-9]+-?)*\d[A-Z0-9\-]*|\d+-?[A-Z]{1,5}-?\d{3,}[A-Z0-9\-]*|\d{2,}[A-Z]+\d[A-Z0-9]{2,})(?![\w])", False, ""),
        ("ID", "mixed-lower", r"(?<![\w./\-])(?=[a-z0-9\-_]{7,}(?![\w]))(?=(?:[a-z0-9\-_]*\d){4})[a-z]{1,6}[\-_]?\d{4,}[a-z0-9\-_]*(?![\w])", False, ""),
        ("ID", "number", r"(?<![\w.,/\-$])\d{7,18}(?:-\d{1,2})?(?![\w%]|[.,/]\d|\s*(?:mg|mcg|mL|copies|cells|units|IU|/))", False, ""),
        ("ID", "grouped", r"(?<![\w.,/\-])(?:\d{3,9}-\d{3,8}(?:-\d{1,8})*|\d{2,4}(?:-\d{2,6}){2,4})(?![\w\-]|\.\d)", False, ""),
        ("ID", "glued", r"(?<![a-z])(?:MRN|SSN|ACCT|DOB|NPI|DEA)(?P<v>\d{5,12})", True, "v"),
        ("ID", "hash", r"(?<![\d#])#:?\s?(?P<v>(?=[A-Z]{0,2}(?:[ ]?\d){7})[A-Z]{0,2}\d{2,6}(?:[ ]\d{2,6}){1,3}(?![\-.]\d)|[A-Z]{1,5}-?\d{3,}[\w\-]*|\d\d-\d{4,8}|\d{4,}(?:-(?:\d+|[A-Z]+))*)(?![\w])", False, "v"),
        ("PHONE", "extension", r"(?:(?<=[A-Za-z.),;:|/]\s{1,4}|[\n|(])x\s?(?:\d-)?\d{3,5}|(?<=[\w.)]\s)p\d{4,5})(?![\w%/]|\.\d|\s?(?:mg|mcg|units?|ml|days?|doses?|g|times?|magnification)\b)", True, ""),
        ("ID", "access-code", r"(?:code|key)(?:[ ]is)?:?[ ](?P<v>(?-i:(?=[\dA-Z\-]*[A-Z])(?=(?:[A-Z\-]*\d){2})[A-Z\d]{4,10}(?:-[A-Z\d]{4,8})*(?<=[\w\-]{7})))(?![\w.])", True, "v"),
        ("ID", "docket", r"(?<![\w:])\d{1,2}:\d{2}-[a-z]{2}-\d{3,6}(?:-[A-Z]{2,4})*(?![\w])|(?<![\w\-])(?!\d{2,3}[ ](?:PR|CR|FA|OP)[ ]\d{3}(?!\d))\d{2,4}[\- ]?(?:CV|CR|CIV|PR|GN|JV|DR|FA|FL|OP)[\- ]?\d{3,8}(?![\w])", True, ""),
        ("ID", "spec", r"(?<![\w:])\d{4}:[A-Z]{1,3}\d{4,6}[A-Z]?(?!\w)", False, ""),
        ("ID", "tail", r"(?<![\w\-])N\d{2,4}[A-HJ-NP-Z]{1,2}(?![\w\-])", False, ""),
        ("ID", "spelled", rf"\b(?:(?:double\s+)?{DIGIT_SAID}[\s,\-]+){{4,}}{DIGIT_SAID}\b", True, ""),
        # Of a study, a series or an image (DICOM PS3.5 9); those of HL7, of value sets and of DICOM itself are everybody's.
        ("ID", "uid", r"(?<![\w.\-])(?=[\d.]{20})(?!2\.16\.840\.1\.11(?:3883|4222)\.|1\.2\.840\.10008\.)[012](?:\.\d{1,39}){5,}(?!\w|\.\d)", False, ""),
        ("ID", "uuid", r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", True, ""),
        ("ID", "encoded", r"(?<![\w+/=])(?=[\w+/]*[a-z])(?=[\w+/]*[A-Z])(?=[\w+/]*\d)(?:(?:[A-Za-z0-9+/]{60,}\r?\n)+[A-Za-z0-9+/]{1,76}(?![\w+/])|[A-Za-z0-9+/]{40,}(?![\w+/]))={0,2}", False, ""),
        ("ADDRESS", "street", rf"(?<![\w./\-])(?<!\d:)(?:\#|[NSEW](?=\d{{3}}))?\d{{1,6}}(?:-\d{{1,4}})?[A-Z]?(?:\s*½|[ ]\d/\d)?[ \t]+(?!(?i:by|per|with|and|for|from|via|to|[ap]\.?m\.?)\s+(?i:dr)\b|(?i:(?:lead|at|in|on)\s+st)\b|(?i:puffs?|tab(?:let)?s?|cap(?:sule)?s?|pills?|drops?|units?|weeks?|wks?|days?|months?|hours?|hrs?|years?)\b)(?:(?:[NSEW]|[NS][EW]|North|South|East|West)\.?[ \t]+)?(?:(?:{_OF_STREET}|\d{{1,3}}(?:st|nd|rd|th)|of|the|de|la|el)[ \t]+){{1,5}}(?-i:{STREET})\b(?<!\b(?i:per|by|with|and|from|to|see|saw|call|notified)[ ]Dr)\.?(?:\s+(?:[NSEW]|[NS][EW])\b\.?)?{_UNIT}{_TAIL}", False, ""),
        ("ADDRESS", "street-caps", rf"(?<![\w./\-])\d{{1,6}}[ \t]+(?!LEAD[ ]ST\b)(?:[A-Z'.\-]+[ \t]+){{1,4}}(?-i:{STREET.upper()})\b(?<!\b(?:PER|BY|WITH|AND|FROM|TO|SEE|SAW|CALL|NOTIFIED|[AP]\.?M\.?)[ ]DR)\.?{_UNIT}(?:\s*,\s*[A-Z][A-Z .'\-]+)?(?:,?\s*\b{STATE}\b)?(?:[\s,]+{_ZIP}\b)?", False, ""),
        ("ADDRESS", "street-lower", rf"(?<=\b(?:at|lives at|address|address:|resides at|home:?|mailing address:?)\s)\d{{1,6}}\s+(?:[a-z'.\-]+\s+){{1,4}}{STREET.lower()}\b\.?", False, ""),
        ("ADDRESS", "street-zip", rf"(?<![\w./\-+]|\d[ ])\d{{1,6}}[ \t]+(?:[A-Z0-9][\w'’.\-]*[ \t]+){{0,5}}[A-Z0-9][\w'’.\-]*{_UNIT}\s*[,\n]?\s*{_CITY}\s*,?\s*\b{STATE}\b[\s,]+{_ZIP}\b", False, ""),
        ("ADDRESS", "street-named", rf"(?<![\w./\-])\d{{1,6}}[ \t]+(?:[NSEW]\.?[ \t]+)?(?:(?:Via|(?<=\d{{3}}[ \t])(?<!\b(?:19|20)\d\d[ \t])via(?=[ ][A-Z][a-z])|Camino|Calle|Avenida|Paseo|Rue|VIA|CAMINO|CALLE|AVENIDA|PASEO|RUE)|(?i:Avenue|Ave|Highway|Hwy|Route|Rte|Interstate|County[ ]Road|County[ ]Rd|State[ ]Road|State[ ]Route|Farm[\s\-]to[\s\-]Market[ ]Road|Rural[ ]Route))[ \t]+(?:(?i:de|del|la|las|los|el)[ \t]+)*(?:[A-Z0-9][\w'’\-]*)(?:[ \t]+(?:North|South|East|West|[NSEW])\b\.?)?{_UNIT}{_TAIL}", False, ""),
        ("ADDRESS", "street-bare", rf"(?<![\w./\-])\d{{1,5}}[ \t]+(?:[NSEW]\.?[ \t]+)?(?:{'|'.join(_BARE_STREETS)})\b(?=[ \t]*(?:[,;.)|\n]|$|(?:until|in|with|near|off|since|by|and|apt)\b))(?:[ \t]*,[ \t]*{_CITY}(?=[ \t]*,?[ \t]*\b{STATE}\b))?(?:\s*,?\s*\b{STATE}\b)?(?:[\s,]+{_ZIP}\b)?", False, ""),
        ("ADDRESS", "street-said", rf"(?=\d{{1,5}}[ \t]+(?:[NSEW]\.?[ \t]+)?[A-Z])(?!\d+[ \t]+(?:French|Fr)\b)(?i:(?<=\b(?:(?:lives?|lived|living|resides?|residing)(?: (?:at|@|on|in))?|stays at|residence|home|address|addr|mailing address|old address|new address|new|mov(?:e|ed|ing) to|staying at|mail to|sent to|c/o[^\n,]{{2,30}},)[\s:]{{1,2}}))\d{{1,5}}[ \t]+(?:[NSEW]\.?[ \t]+)?[A-Z][a-z'’]+(?:[ \t]+[A-Z][a-z'’]+){{0,2}}(?=[ \t]*(?:[,;.)|\n]|$|(?:w/|\#|(?:with|near|since|alone|and|until|by|apt)\b))){_UNIT}", False, ""),
        ("ADDRESS", "street-on", r"(?<=\b(?i:on|off|near|from|at|to|of|and|down|along|onto|by)\s)(?:[NSEW]\.?[ ])?(?:\p{Lu}\p{Ll}[\w'’\-]+|\d{1,3}(?:st|nd|rd|th))(?:[ ]\p{Lu}\p{Ll}+)?[ ](?:Street|Avenue|Ave|Blvd|Boulevard|Road|Rd|Lane|Ln|Parkway|Pkwy|Highway|Hwy|St(?!\.?[ ]\p{Lu}))\b\.?(?:(?<=(?:County|State|Ranch)[ ]\w+)[ ]\d{1,4}\b)?", False, ""),
        ("ADDRESS", "crossing", r"(?<=\b(?i:corner of|intersection of|at|near|on|off|by|to|from)\s)(?:\p{Lu}\p{Ll}{2,}\s(?:and|&)\s\d{1,3}(?:st|nd|rd|th)\b|\d{1,3}(?:st|nd|rd|th)\s(?:and|&)\s\p{Lu}\p{Ll}{2,}\b)(?!\s(?i:toes?|fingers?|digits?|ribs?|days?|degrees?|weeks?|grades?|MT|PIP|DIP|interspace))", False, ""),
        ("FACILITY", "unit-served", rf"{_UNIT_SERVED}(?:(?:,[ ]|[ ]of[ ]the[ ]){_UNIT_SERVED})?", False, ""),
        ("ADDRESS", "home-on", r"\b(?i:corner|intersection)\sof\s(?P<v>\p{Lu}\p{Ll}{2,}(?:\s\p{Lu}\p{Ll}+)?\s(?:and|&)\s\p{Lu}\p{Ll}{2,}(?:\s\p{Lu}\p{Ll}+)?)|\b(?i:apt|apartment|house|condo|trailer|duplex|lives|living|office|store|shelter|motel|corner|apts|clinic|stays|staying|hotel|church|bar|shop|bus\sstop|bridge|fell|mvc|mva|mcc|crash|accident|hit|struck|assaulted|attacked|shot|stabbed|robbed|jumped|found|walking|running|biking|bike|picked\sup|tent|camps?|camping|camped|encampment|wreck|wrecked|rollover|rolled|ejected|collision|pedestrian|collapsed|walks|jogging|(?:accident|crash|collision)\s(?:happened|occurred))\s(?:(?:over|down|up)\s)?(?:on|off)\s(?:of\s)?(?P<v>\p{Lu}\p{Ll}{3,}(?:\s\p{Lu}\p{Ll}+)?)(?=[,.;)\n]|\s(?:and|with|w/|near|nr|in|since|until|for|by|at|when|where|while)\b)", False, "v"),
        ("ADDRESS", "hl7-address", r"(?<=[|~])[^|^~\n]{3,60}\^[^|^\n]{0,40}\^[^|^\n]{2,40}\^[A-Za-z]{2}\^\d{5}(?:-?\d{4})?", False, ""),
        ("MRN", "hl7-id", r"(?<=PID\|[^|\n]{0,4}\|[^|\n]{0,40}\|)[^|^\n]{3,}", False, ""),
        ("NAME", "hl7-field", r"(?<=PID\|(?:[^|\n]*\|){4})[^|\n]+|(?<=NK1\|[^|\n]*\|)[^|\n]+", False, ""),
        ("NAME", "hl7-name", r"(?:(?<![\w^])|(?<=\|\d{4,12}\^))\p{L}[\p{L}'’ \-.]+\^\p{L}[\p{L}'’\-.]*(?:\^[\p{L}.]{0,20})*", False, ""),
        ("ADDRESS", "military", rf"(?:(?:PSC|CMR|OMC|Unit)[ ]\#?\d{{1,6}},?\s+(?:Box[ ]\#?\d{{1,6}})?(?:,?\s+|(?<=\s)))?(?:APO|FPO|DPO),?\s+A[AEP][\s,]+{_ZIP}\b|(?:PSC|CMR)[ ]\#?\d{{1,6}},?\s+Box[ ]\#?\d{{1,6}}\b", True, ""),
        ("ADDRESS", "home-park", r"(?:(?:Lot|Space|Spc|Site|Unit|Trailer|\#)[ ]?\#?\d{1,4}[A-Z]?,?[ ](?:at[ ]|in[ ])?)?(?!(?:A|An|The|This|Local|In|At)[ ])(?:\p{Lu}[\w'’\-]+[ ]){1,3}(?:Mobile[ ]Home|Trailer|RV|Manufactured[ ]Home)[ ](?:Park|Court|Village|Estates|Community)\b", False, ""),
        ("ADDRESS", "home-lines", rf"(?m)^[ \t>]*(?P<v>\d{{1,6}}[A-Z]?[ ]\p{{Lu}}[^\n]{{2,40}}\n[ \t>]*(?:Apt|Apartment|Suite|Ste)\.?[ ]\#?\w{{1,6}}(?:[ \t,]*\n[ \t>]*{_CITY}(?:,?[ ]{STATE})?(?:[ ]{_ZIP})?)?(?:[ \t,]*\n[ \t>]*(?:{_CITY}[ ])?\d{{4,5}})?)[ \t]*$", False, "v"),
        ("ADDRESS", "po-box", rf"\b(?:P\.?\s?O\.?|Post Office)\s?Box\s+\#?\d+(?:[ ](?-i:{_CITY})(?:,?[ ]{STATE})?[ ]{_ZIP}\b|{_TAIL})", True, ""),
        ("PHONE", "hl7-phone", r"\^\d{3}\^\d{7}(?=[|^~\r\n]|$)", False, ""),
        ("ADDRESS", "rural-box", r"\b(?:R\.?R\.?|Rural Route|Route|Rte?\.?|HC|Star Route|SR|County Road|CR|Hwy)\s?#?\d{1,4},?\s*Box\s*#?\d+[A-Z]?\b", True, ""),
        ("ADDRESS", "rural", r"\b(?:RR|Rural Route|HC|Hwy|Highway|County Road|CR|State Route|SR)\s?\#?\d{1,4}(?:,?\s*Box\s*\d+)?(?=[\s,.])(?=.{0,40}\b\d{5}\b)", False, ""),
        ("LOCATION", "city-state", rf"\b(?P<v>{_CITY}\s*,\s*{STATE})\b(?:[\s,]+{_ZIP}\b)?", False, ""),
        ("LOCATION", "county-label", r"\bCounty(?:[ ]of[ ][Rr]esidence)?:[ ]{1,3}(?P<v>\p{Lu}\p{Ll}+(?:[ ]\p{Lu}\p{Ll}+){0,2})", False, "v"),
        ("ADDRESS", "milepost", r"\b(?:Highway|Hwy\.?|Route|Rte\.?|Interstate|US|SR|CR|I)[ \-]?\d{1,4}(?:[ ]?[NSEW]B?)?(?:,|[ ](?:at|near|and|by|around|@|,))?[ ](?:mile[ ]?(?:post|marker)|MM|MP|exit)[ ]?\#?\d{1,3}(?:\.\d)?\b", True, ""),
        ("LOCATION", "county", rf"\b(?:{_TOWN}\s+){{1,3}}(?:County|Parish|Borough|Township|Precinct)\b", False, ""),
        ("ZIP", "zip", rf"\b(?:(?:ZIP|postal)(?:[\s\-]?code)?(?:\s+(?:on|in|of|for)\s+(?:the\s+)?\w+)?\s*(?:(?:is|[:|\#])?\s*(?P<v>{_ZIP})|[:\#]\s*(?P<v>\d{{3,4}}|\d\d-\d{{3}})))\b", True, "v"),
        ("ZIP", "state-zip", rf"\b(?:{STATE}|N\.[YJMHCD]\.|S\.[CD]\.|W\.V\.|D\.C\.)[\s,*•·]+(?P<v>{_ZIP})\b", False, "v"),
        ("ZIP", "zip-abroad", r"(?<!\w)(?:(?!T\dN|E\dV\dM)(?<!(?i:montreal|vienna)[ :(]{1,2})[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ ]?\d[ABCEGHJ-NPRSTV-Z]\d|(?<=[A-Za-z]{3},?\s)[A-Z]{1,2}\d[A-Z\d]?[ ]\d(?!(?:MG|MM|ML|CM|TH|RD|ND|ST|HR|PM|AM|OZ|LB|KG)\b)[ABD-HJLNP-UW-Z]{2}|(?<=[A-Za-z]{3},?\s)[A-Z]{2}\d{2}[ ]\d[ABD-HJLNP-UW-Z]{2})(?!\w)", False, ""),
        ("ADDRESS", "street-abroad", rf"(?:Calle|Avenida|Avda\.?|Carrera|Paseo|Camino|Calzada|Rua|Rue)[ ](?:(?:de|del|la|las|los|el)[ ]){{0,2}}(?:[A-Z][\w'’]+|\d{{1,3}})(?:[ ][A-Z][\w'’]+){{0,2}},?[ ](?:\#|No\.?|n[º°])?[ ]?\d{{1,5}}\b{_TAIL}", False, ""),
        ("ADDRESS", "street-grid", r"(?<![\w./\-])\d{3,5}[ ](?:[NSEW]|[NS][EW])\.?[ ]\p{Lu}\p{Ll}{3,}(?=[ ]*(?:[,;.)|\n]|$)|[ ](?:[Aa]pt|[Uu]nit|\#|w/|for\b|by\b|near\b|with\b))", False, ""),
        ("ADDRESS", "street-behind", r"\p{Lu}[\w\-]*(?:straße|strasse|str\.|gasse|weg|allee|platz|straat|laan|gracht|singel|vej|gatan|vägen|veien|katu),?[ ]\d{1,4}[a-z]?(?:[/\-]\d{1,3})?\b(?:,?[ ](?:[A-Z]{1,2}-)?\d{2}-?\d{2,3}(?:[ ][A-Z]{2})?[ ]\p{Lu}\p{L}[\p{L}\-]+)?", False, ""),
        ("PLAN", "plan-spaced", r"(?:medicare|NHS|HCN|PHN|OHIP|health ?card|member|policy)(?:[ ](?:no\.?|number|id|is)|[ ]?\#)*[ ]?:?[ ](?P<v>(?=(?:[ -]?\d){8})\d{2,5}(?:[ -]\d{1,6}){1,4}(?:/\d)?(?:[ -][A-Z]{1,2}\b)?)", True, "v"),
        ("MRN", "record-spaced", r"(?:(?:MRN|acct|account|FIN|CSN|accession|encounter)(?:[ ]?(?:no\.?|number|id|\#))*[ ]?[:=]?|(?:MR|med(?:ical)?\.?[ ]?rec(?:ord)?|chart|record|unit(?=[ ](?:no|num|\#)))(?:[ ]?(?:no\.?|number|id|\#))*[ ]?(?:[:=]|(?<=no\.?|number|id|\#)))[ ]*(?P<v>\d{2,4}(?:[ ]\d{2,4}){2,5})(?![\w%/]|[ ]?(?:mg|ml|mcg|mmHg)\b)", True, "v"),
        ("ID", "code-spaced", r"(?:claim|card|policy|member|subscriber|licen[sc]e|BCBS|hosp(?:ital)?|med(?:ical)?\.?[ ]?rec(?:ord)?|chart|record|patient[ ]id|case|MR(?=\#|[ ]?no\b|[ ]?:)|MRN|acct|account|medicaid|medicare|cigna|aetna|humana|anthem|tricare|insurance)(?:,?[ ]?(?:no\.?|number|id|\#)(?:[ ](?:there[ ])?is)?)?[ ]?[:}*]*[ .]*(?P<v>(?-i:[A-Z]{1,3})\d{0,4}(?:[ ](?:\d{2,6}|(?-i:[A-Z])(?=[ ]\d))){2,4}(?:[ ]\d)?|(?-i:[A-Z])\d{4}[ ]\d{3,6}|(?!(?:ID|NO|NUM|NBR|IS|MRN)\b)(?:(?-i:[A-Z]{1,5})[ ]\d{5,10}(?-i:[A-Z]?)|(?<=[:\#][ ]?)(?-i:[A-Z]{1,4})[ ]\d{4}))(?![\w%/]|[ ]?(?:mg|ml|mcg|mmHg)\b)", True, "v"),
        ("ID", "ends-in", r"(?:\b(?:phone|cell|mobile|number|no\.?|card|acct|account|ssn|social|mrn|fax|line|visa|mastercard|amex|debit|license|vin|id)|\#)(?:[ ][a-z]+){0,2}[ ]?(?:end(?:s|ing|ed)?[ ](?:(?:in|with)[ ])?|(?:last|final)[ ](?:4|four|6|six)(?:[ ]digits)?(?:[ ](?:are|is|of))?[ :]*)(?P<v>-?\d{3,6})\b", True, "v"),
        ("ID", "id-spaced", r"(?:zoom|meeting|mtg|webex|confirmation|reference|ref|member|tracking|fedex|ups|certified)[ ]?(?:id|no\.?|number|\#|code)?[ ]?[:\#]?[ ](?P<v>\d{3,4}(?:[ ]\d{3,4}){2,4}|1Z(?:[ ]?[0-9A-Z]{2,4}){5,6})(?![\w])", True, "v"),
        # A beneficiary of Medicare as CMS writes the number on the card, and a unit of blood (ISBT 128).
        ("PLAN", "mbi-spaced", r"(?<!\w)[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d[ ][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d[ ][AC-HJKMNP-RT-Y]{2}\d\d(?!\w)", False, ""),
        ("ID", "blood-unit", r"(?<!\w)[A-Z]\d{4}[ ]\d\d[ ]\d{6}(?!\d)", False, ""),
        ("PLAN", "digits-letter", r"(?<!\w)\d{8}[A-HJ-NP-Z](?!\w)", False, ""),
        ("NAME", "stamp", r"(?<=:\d\d:\d\d )[A-Z][A-Za-z0-9]{2,14}(?=\])", False, ""),
        ("ID", "signed-code", r"(?<=[ ]M\.D\.[ ])[A-Z]{2}\d{1,4}(?=[ ]*(?:\n|$))", False, ""),
        ("ID", "code-line", r"(?:[A-Z]{2}\d{2,4}/\d{3,6}|\d{6,10})(?=[ \t]*(?:\n|$))", False, ""),
        ("NAME", "typist", r"(?:(?<=\n)|(?<=\d[ \t]{1,3})|(?<=\b[Bb]y:?[ ]))[A-Z]{2,4}[/:][a-z]{2,4}(?=[ \t]*(?:\n|$|[ ]{2}|[ ](?:Job|Doc)\b))|(?<=\d/\d{1,2}/\d\d(?:\d\d)?[ ]{1,3})(?:(?!am|pm|ed|or|to)[a-z]{2,3}|[a-z]{2,4}[/:][a-z]{2,3})(?=[ ]*(?:\n|$))", False, ""),
        ("AGE", "age", r"(?<![\d.])(?:9\d|1[0-4]\d)[\-‑ ]?(?:years?|yrs?|y)[\-‑ ]?(?:old|o)\b|(?<![\d.])(?:9\d|1[0-4]\d)(?:\s?(?:yo[mf]?|y/o[mf]?|y\.o\.)(?!\w)|(?=\s+(?:years?|yrs?)\b(?!\s+(?:ago|later|earlier|after|before))))", True, ""),
        ("AGE", "age-label", r"\b(?:aged|âge|age(?: is| of)?|turned|turning|turns)(?:\s*[:=]\s*|\s+)(?:9\d|1[0-4]\d)\b(?!\s*(?:%|mg|mm|cm|bpm|/))", True, ""),
        ("AGE", "age-sex", r"(?<![\d./])(?P<v>(?:9\d|1[0-4]\d)\s?(?:(?:y|yrs?)[ ]?[,/]?[ ]?)?(?:[MF]|male|female)\b)(?!/)|(?<![\d./])(?P<v>9\d)f\b(?!/)|(?<=[ ]{2})(?P<v>9\d)[ ]{2,6}[MF]\b(?=[ ]{2}|[ ]*\n|\Z)", False, ""),
        ("AGE", "age-words", r"\b(?:ninety(?:[\s\-](?:one|two|three|four|five|six|seven|eight|nine))?|(?:one|a)\s+hundred(?:\s+(?:and\s+)?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?)(?:(?:[\s\-]+years?)(?:[\s\-]+(?:old|of\s+age))?\b|\s?(?:yo|y/o|y\.o\.)(?!\w))|\b(?:nonagenarian|centenarian)\b|\baged\s+ninety(?:[\s\-](?:one|two|three|four|five|six|seven|eight|nine))?\b", True, ""),
        ("AGE", "age-decade", r"(?:\bin (?:his|her|their) |(?<=\b(?:mother|father|mom|dad|brother|sister|aunt|uncle|wife|husband|lady|woman|gentleman|grand(?:mother|father|ma|pa)|[mp]g[mf]),? (?:(?:is|was|died|now|living) )?(?:in )?(?:the )?))(?:early |mid |late |mid-)?(?:90|100)['’]?s\b|\b(?:early |mid |late |mid-)?(?:90|100)['’]?s(?=\s*(?:years|male|female|man|woman)\b)", True, ""),
    ]
]  # fmt: skip
# Of forms that a label introduces, words of plain writing that the label may be followed by instead of an identifier.
_NOT_VALUES = regex.compile(
    r"\d{1,3}|\d{1,2}(?:-\d{1,2})?x(?:/\w+)?|\d{1,2}w\d{0,2}d?|\d{1,3}/[MF]|\d+\.\d{1,4}|(?:19|20)\d\d|\d[a-d]?N[\dX][a-c]?(?:M[\dX])?|\d{1,3}(?:st|nd|rd|th)|\d{1,5}(?:mg|mcg|ml|kg|mm|cm|yo|hrs?|%|years?|weeks?|days?|months?|hours?|min)(?:[/.\-]\w+)*|\d{1,3}(?:g|y|m|f|d|h|x)(?:[/.\-]\w+)*"
    r"|\d{1,3}[/\-]\d{1,3}|[A-Z]\d{1,2}(?:[.\-][A-Z]?\d{1,3})?|\d{1,2}-\d{1,2}-\d{1,2}|COVID-?19|[A-Z]{1,4}-?\d{1,2}|\d{1,3}-(?:year|week|day|month|hour|yo|lb|mg|hole|level|vessel|lead|point|item|view|way|lumen|fold|french|prong|pack)\w*(?:-\w+)*"
    r"|\d{1,2}\.\d{1,3}(?:/[A-Z]+|T)?|COS[MV]\d+|ENS[TGPER]\d{11}|[VRS]CV\d{9}",
    regex.IGNORECASE,
)


_PATTERN = {name: (of, pattern, group) for of, name, pattern, group in _FORMS}
# Rules that a word opens: they are tried where the word stands.
_OPENED = {name: literals(alternatives(words)) for name, words in _LABELS.items()} | {
    "plate": ["plate", "tag", "license plate", "lic"],
    "glued": ["mrn", "ssn", "acct", "dob", "npi", "dea"],
    "phone-label": [
        "phone",
        "tel",
        "cell",
        "mobile",
        "fax",
        "pager",
        "pgr",
        "beeper",
        "bleep",
        "vocera",
        "spectra",
        "ascom",
        "page",
        "contact",
        "call",
        "reach",
        "ext",
    ],
    "phone-short": ["ph"],
    "phone-few": "ph tel cell mobile call fax pgr pager vm msg message".split(),
    "user": "signed cosign co-sign esign e-sign transcri printed entered typed edited modified updated filed created authenticated verified ordered reviewed documented scanned logged user typist".split(),
    "access-code": ["code", "key"],
    "national": [*"cpf ahv aadhaar nir dni nie bsn pesel curp nin codice".split(), "social insurance"],
    "ssn-label": ["ssn", "ss#", "social"],
    "handle-label": "insta ig twitter tiktok snap facebook fb discord reddit venmo cash telegram linkedin whatsapp youtube twitch skype user screen handle".split(),
    "record-spaced": [
        *"mrn acct account fin csn accession encounter mr med chart record".split(),
        "unit no",
        "unit num",
        "unit #",
    ],
    "phone-said": "call phon ring text reach answer message".split(),
    "home-on": "apt apartment house condo trailer duplex lives living office store shelter motel corner clinic stays staying hotel church bar shop bus bridge fell mvc mva mcc crash accident hit struck assaulted attacked shot stabbed robbed jumped found walking running biking bike picked intersection tent camp encampment wreck rollover rolled ejected collision pedestrian collapsed walks jogging".split(),
    "handle-said": "snap insta ig twitter tiktok venmo discord psn xbox steam gamer kik cash zelle telegram skype screen user login handle".split(),
    "address-line": ["address", "addr", "direcci", "domicilio", "adresse", "residence"],
    "county-label": ["county"],
    "coordinates-said": ["lat", "latitude"],
    "rural-box": ["rr", "r.r", "rural", "route", "rt", "hc", "star", "sr", "county", "cr", "hwy"],
    "street-abroad": ["calle", "avenida", "avda", "carrera", "paseo", "camino", "calzada", "rua", "rue"],
    "code-spaced": [
        *"claim policy member subscriber licen bcbs chart record case mr mrn acct account medicaid medicare cigna aetna humana anthem tricare insurance".split(),
        "patient id",
        *(
            "card ",
            "hospital no",
            "hospital #",
            "hospital num",
            "hosp no",
            "hosp #",
            "med rec",
            "med. rec",
            "medical rec",
        ),
    ],
    "id-spaced": "zoom meeting mtg webex confirmation reference ref member tracking fedex ups certified".split(),
    "plan-spaced": ["medicare", "nhs", "hcn", "phn", "ohip", "health card", "healthcard", "member", "policy"],
    "rural": ["rr", "rural route", "hc", "hwy", "highway", "county road", "cr", "state route", "sr"],
}
# Rules that look around a word: how far before it and after it.
_AROUND: dict[str, tuple[str, int, int]] = {
    "url": (":// www.", 12, 2000),
    "file": (".jpg .jpeg .png .gif .tif .bmp .heic .webp .dcm .mp4 .mov .avi .wav .mp3 .m4a", 120, 6),
    "file-named": (".pdf .doc .rtf .xls .csv .txt .xml .htm .zip", 120, 6),
    "host": (".com .org .net .edu .gov .io .health .info .us .co .example .clinic .care", 120, 400),
    "email-said": (".com .org .net .edu .gov", 80, 1),
    "email": ("(dot) [dot] {dot} dot", 120, 120),
    "email-at": ("@", 120, 120),
    "ip6": ("::", 40, 40),
    "handle": ("@ u/", 2, 40),
    "po-box": ("box", 16, 120),
    "military": ("apo fpo dpo psc cmr", 60, 40),
    "ends-in": ("end ends ending ended last final", 40, 24),
    "home-park": ("mobile trailer rv manufactured", 70, 40),
    "home-lines": ("apt apartment suite ste", 60, 100),
    "street-on": ("street avenue ave blvd boulevard road rd lane ln parkway pkwy highway hwy st. st,", 44, 12),
    "county": ("county parish borough township precinct", 80, 12),
    "milepost": ("milepost mile mm mp exit", 40, 16),
    "zip": ("zip postal", 1, 70),
    "age-words": ("ninety nineties hundred nonagenarian centenarian", 20, 50),
    "ssn": ("xxx- ***-", 3, 12),
    "spelled": ("four five six seven eight nine zero", 60, 60),
}
_HINTS = Hints(
    {f"={name}": words for name, words in _OPENED.items()}
    | {name: words.split() for name, (words, _, _) in _AROUND.items()}
)
_FROM_DIGIT = re.compile(r"\d[\w\-]*")
_SSN = re.compile(r"(?<!\d)\d{3}[-. ]\d\d[-. ]\d{4}(?!\d)")
_TYPED = re.compile(r"[/:][a-z]{2,4}(?=[ \t]*(?:\n|\Z|  )| Job| Doc)")
_TYPED_AFTER = re.compile(r" (?<=\d )[a-z]{2,3}(?=[ ]*(?:\n|\Z))")
_DEGREES = re.compile(r"\.\d{4,8}(?=°|,? |,-)")
_MARKED = re.compile(
    r"(?:name|given|family|city|county|code|zip|[\"'][fl]n|mrn|id|acc(?:oun)?t|no|number)(?:>|[\"'] ?:)",
    re.IGNORECASE,
)
_STAMPED = re.compile(r" (?<=\d )[A-Z][A-Za-z0-9]{2,14}\]")
_BRACKETS = frozenset("[(#")
_LONGEST_HOST = 1000
_LOCAL = regex.compile(r"(?r)[\w.+%\-]+\s?")
_LONGEST_LOCAL = 120
_ENCODED = 20  # letters and digits that Base64 has in a row somewhere
_OF_HOSTS = f"{ascii_letters}{digits}.-"
_COURT = re.compile(r"\d{1,2}:\d\d-|\d{2,4}[\- ]?(?:CV|CR|CIV|PR|GN|JV|DR|FA|FL|OP)", re.IGNORECASE)
_CHUNK = re.compile(r"\d[\d\s\-.()/–]{5,}\d")
_STOPS = re.compile(r"\.\d{1,39}\.\d{1,39}\.\d{1,39}\.\d")
_DOTTED = re.compile(r"(?<![\w.])[012](?=(?:\.\d+){5})")
_COLONS = re.compile(
    r"[:\-.](?:(?<=[0-9A-Fa-f][:\-])[0-9A-Fa-f]{1,4}[:\-][0-9A-Fa-f]{1,4}[:\-]|(?<=(?<![\w.])[0-9A-Fa-f]{4}\.)[0-9A-Fa-f]{4}\.)"
)
_OLD = regex.compile(r"(?<!\d)(?:9\d|1[0-4]\d)(?!\d)")
_POST = re.compile(_POSTCODE)
_STATE_AFTER = re.compile(r",\s*([A-Z][A-Za-z]+)")
_STATE_STARTS = frozenset(POSTAL) | frozenset(w for s in STATES for w in (s.split()[0].title(), s.split()[0].upper()))
STREET_WORDS = frozenset(w.lower() for a in _STREETS for w in ((a[:-2], a[:-2] + a[-2]) if a.endswith("?") else (a,)))
_STREET_OPENERS = frozenset(
    "via camino calle avenida paseo rue avenue ave highway hwy route rte interstate county state farm rural".split()
)
# What follows a street's number in small letters, and the letters that end what leads to one.
_STREET_STARTS = frozenset("of the de la el".split()) | _STREET_OPENERS
_HOME_LETTERS = frozenset("tse:")
# How streets end that a number stands behind.
_ENDS_OF_STREETS = tuple(
    f"{end} "
    for end in "straße strasse str. gasse weg allee platz straat laan gracht singel vej gatan vägen veien katu".split()
)
_LAST_OF_STREETS = frozenset(end[-2:] for end in _ENDS_OF_STREETS)
_WORD_AFTER = re.compile(r"[\s½]*([A-Za-z]+)")
_ZIP_NEAR = re.compile(r"(?<!\d)\d{5}(?!\d)")
_WORD = re.compile(r"[A-Za-z]+")
# Codes by their sort (``_sort``), and between which lengths they lie.
_MIXED = (
    *(("vin", "Am", 17, 10_000), ("mbi", "m", 11, 13), ("mixed", "Am", 6, 10_000), ("mixed-lower", "a", 7, 10_000)),
    *(("number", "9-m", 7, 10_000), ("grouped", "-", 5, 10_000), ("uuid", "Aa9-m", 36, 10_000)),
)
# Signs of a group of a beneficiary's number, of a number of Medi-Cal, and of the degrees of a latitude: ``N40``.
_GROUP, _OF_STATE, _LATITUDE = 4, 9, 3
_AGES = ("age", "age-sex", "age-decade")
_BETWEEN = " \t\r\n\f\v-‑'’"
_AGE_LETTERS = "ymfs"  # that begin what tells an age behind it


_NUMBERS = frozenset({"PHONE", "ZIP", "ID", "MRN", "DEVICE", "PLAN", "ACCOUNT", "LICENSE"})


def find(text: str) -> Iterator[Found]:
    """Every identifier that has a form."""
    for name, match in _matches(text):
        of, _, group = _PATTERN[name]
        start, end = match.span(group) if group and match.group(group) else match.span()
        if group and of not in ("PHONE", "ZIP", "SSN", "AGE") and _NOT_VALUES.fullmatch(text, start, end):
            continue
        if name in _NAMED_STREETS and _no_street(text[start:end].split()[_NAMED_STREETS[name]]):
            continue
        if _refused(name, text, start, end) or (of in _NUMBERS and is_measure(text, start, end)):
            continue
        if name == "hl7-name" and (end := _person_end(text, start, match.group())) == start:
            continue
        if name == "city-state":
            start = _trimmed(text, start, end)
            if _SHORT_FORMS.search(text, start, end) or _VIEWS.search(text, start, end):
                continue  # two abbreviations; ``Chest X-Ray, PA``
            if _doctor(text, start, end) or _by_id(text, start, end):
                continue
        if name in _LABELS and text[end : end + 1] == " " and (further := _FURTHER.match(text, end)):
            end = further.end()
        yield Found(start, end, of, f"pattern:{name}")


# What a pump gives, and what a prescription of dialysis is called: ``Rx: F180``.
_UNIT_NEXT = re.compile(r"\s?(?:mg|mcg|ug|g|mL|ml|cc|units?|mEq)\b")
_DIALYZER = re.compile(r"F\d{2,3}")


def _refused(name: str, text: str, start: int, end: int) -> bool:
    """Whether what a form found is a word, a count, a code or a step, by what only that form may take for one."""
    piece = text[start:end]
    if name == "handle-said":
        return piece.isalpha() and text[start - 1] == " " and not _made_up(piece)
    if name in ("grouped", "number", "phone-local") and _CELL_RANGE.search(text[max(0, start - _CELL) : end + 1]):
        low, high = map(int, piece.split("-"))
        return low < high
    if name == "device" and piece.isdigit() and _UNIT_NEXT.match(text, end):
        return True
    if name == "street-named" and text[start - 1 : start] == "$":
        return True
    if name == "label" and _DIALYZER.fullmatch(piece):
        return True
    if name == "mrn":
        return _TREATED.fullmatch(piece) is not None and _TREATMENT.search(text, max(0, start - 6), start) is not None
    if name == "age-sex" and piece.endswith(" F"):
        return _HEAT.search(text, max(0, start - 16), start) is not None
    if name == "grouped" and _HOURS.fullmatch(piece):
        return True
    if name in ("grouped", "number"):
        return _no_number(text, start, piece)
    if name == "mac":
        return piece.replace("-", "").isdigit()  # the steps of a taper
    if name == "bracket":
        return _of_vocabulary(text, start, end)
    if name in ("mixed", "mixed-lower", "label"):
        return _CODE.fullmatch(piece) is not None or _of_vocabulary(text, start, end)
    if name == "user":
        return not _made_up(piece.rstrip("0123456789").lower())
    return name == "typist" and _nobody_typed(text, piece, end)


_GOES_ON = re.compile(r"[ ]*\n[a-z]")


def _nobody_typed(text: str, piece: str, end: int) -> bool:
    """Whether letters are a word, and not of who typed: with a stroke one of medicine; else any, as in a sentence."""
    if "/" in piece or ":" in piece:
        return any(map(_of_medicine, piece.split("/")))
    return _GOES_ON.match(text, end) is not None or not _made_up(piece)


# What a therapist bills (the codes of CPT for medicine), behind the letters of the service: ``PT: 97110``.
_TREATED, _TREATMENT = re.compile(r"9\d{4}"), re.compile(r"\b(?:PT|pt|Pt):? ?\Z")
_HEAT = re.compile(r"\b(?:T|temp\w*|tmax|fever)(?: (?:of|to|was|is|max))?:? \Z", re.IGNORECASE)
_HOURS = re.compile(r"(?:[01]\d|2[0-4])[0-5]\d-(?:[01]\d|2[0-4])[0-5]\d")  # from when to when: ``0742-1133``


def _no_number(text: str, start: int, digits: str) -> bool:
    """Whether digits are a term of a vocabulary, the same for everyone, or a range."""
    end = start + len(digits)
    in_one = _of_vocabulary(text, start, end) or _DOSED.match(text, end) is not None
    return in_one or (_RANGE.fullmatch(digits) is not None and _spans(digits))


def _of_vocabulary(text: str, start: int, end: int) -> bool:
    """Whether the vocabulary that a code is of stands before it, or behind it: ``(233604007 SNOMED CT)``."""
    before = text[max(0, start - 16) : start].rstrip(" :#").upper().removesuffix(" CODE")
    return before.endswith(_VOCABULARIES) or _VOCABULARY_BEHIND.match(text, end) is not None


_DIRECTIONS = frozenset("NSEW")
_GRID = 3  # letters and digits that the number of a house on a grid has at least: ``W3390``
# Streets without a word for one, and which of their words is the name.
_NAMED_STREETS = {"home-on": 0, "street-grid": -1}
_ON_WHAT = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december christmas thanksgiving easter admission arrival exam examination ultrasound imaging doppler holter telemetry head
    units face back ice concrete stairs treadmill
    """.split()
)


def _no_street(word: str) -> bool:
    """Whether what somebody is found or hit on is a day, a test or a part of the body."""
    found = word_kind(word)
    return word.lower() in _ON_WHAT or (found.medical and not found.last)


def _made_up(word: str) -> bool:
    """Whether a word is on no list."""
    found = word_kind(word)
    return found.unknown and not found.medical


def _of_medicine(word: str) -> bool:
    """Whether small letters are a word of medicine, not somebody's initials."""
    return word.islower() and word_kind(word).medical


# Groups of digits that a labelled number goes on with, where they are no time, age or count.
_FURTHER = re.compile(
    r"(?<=\d\d\d)(?:(?: \d{2,6}){2,4}| \d{3}| \d{5,6}|(?<=\b\d{4}) (?!(?:19|20)\d\d)\d{4}|(?<=\d{8}) \d\d(?=\s*(?:\n|\Z)))(?=[.,;)\n]|\Z| [A-Za-z(])(?! (?:mg|mcg|mL|visits|units|days))"
)


def _matches(text: str) -> Iterator[tuple[str, regex.Match[str]]]:
    """Rule and match, each rule tried only where its hint stands."""
    yield from _at_words(text)
    yield from _at_signs(text)
    numbered = [(_word_start(text, m.start()), m.end()) for m in _FROM_DIGIT.finditer(text)]
    if not numbered:
        return
    yield from _codes(text, numbered)
    yield from _telephones(text, numbered)
    yield from _with_stops(text)
    yield from _aged(text)
    yield from _addresses(text, numbered)
    yield from _short_codes(text, numbered)
    if "^" in text:
        yield from _in(text, ("hl7-phone", "hl7-address", "hl7-id", "hl7-field", "hl7-name"), [(0, len(text))])


def _at_words(text: str) -> Iterator[tuple[str, regex.Match[str]]]:
    """What a word opens or stands in."""
    around: dict[str, list[Place]] = {}
    for group, places in _HINTS.places(lowered(text)).items():
        if group[0] == "=":
            yield from _at(text, group[1:], (start for start, _ in places))
        else:
            around[group] = places
    yield from _at(text, "host", sorted({_host_start(text, start) for start, _ in around.pop("host", ())}))
    yield from _at(text, "email", (_local_start(text, start) for start, _ in around.pop("email-at", ())))
    for name, places in around.items():
        yield from _in(text, (name,), windows(places, *_AROUND[name][1:]))


def _at_signs(text: str) -> Iterator[tuple[str, regex.Match[str]]]:
    """What a sign tells that needs no number: typists, markup, degrees and states."""
    yield from _at(text, "typist", (_letters_start(text, m.start()) for m in _TYPED.finditer(text)))
    yield from _at(text, "typist", (m.start() + 1 for m in _TYPED_AFTER.finditer(text)))
    if "]" in text:
        yield from _at(text, "stamp", (m.start() + 1 for m in _STAMPED.finditer(text)))
    yield from _in(text, ("coordinates",), windows((m.span() for m in _DEGREES.finditer(text)), 5, 30))
    marked = [m.span() for m in _MARKED.finditer(text)] if ">" in text or '":' in text or '" :' in text else []
    yield from _in(text, ("markup-name", "markup-place", "markup-mrn"), windows(marked, 18, 44))
    states = [m.span() for m in _STATE_AFTER.finditer(text) if m[1] in _STATE_STARTS]
    yield from _in(text, ("city-state",), windows(states, 100, 40))


def _codes(text: str, numbered: list[Place]) -> Iterator[tuple[str, regex.Match[str]]]:
    """Long numbers and codes, by their sort and length."""
    long = [(a, b) for a, b in numbered if b - a >= 5]
    yield from _in(text, ("state-zip",), windows(((a, b) for a, b in long if text[a:b][:5].isdigit()), 24, 5))
    codes = [(a, b - a, _sort(text[a:b])) for a, b in long]
    for name, sorts, least, most in _MIXED:
        yield from _at(text, name, (a for a, size, sort in codes if sort in sorts and least <= size <= most))
    four = [a for a, b in numbered if b - a == _GROUP and text[b : b + 1] == " "]
    yield from _at(text, "mbi-spaced", four)
    yield from _at(text, "minutes", (a for a, b in numbered if b - a == _LATITUDE and text[a] in "NS"))
    yield from _at(text, "blood-unit", (a for a, b in numbered if b - a == _GROUP + 1 and text[b : b + 1] == " "))
    yield from _at(text, "digits-letter", (a for a, b in long if b - a == _OF_STATE))
    yield from _in(text, ("bracket",), windows(((a, b) for a, b in long if _bracketed(text, a)), 4, 16))
    if any(b - a >= _ENCODED for a, b in long):
        yield from _in(text, ("encoded",), [(0, len(text))])


def _telephones(text: str, numbered: list[Place]) -> Iterator[tuple[str, regex.Match[str]]]:
    """Numbers written in groups: of a telephone, a person, a card, a host."""
    chunks = [m.span() for m in _CHUNK.finditer(text)]
    yield from _at(text, "ssn", (m.start() for a, b in chunks if b - a > 10 for m in _SSN.finditer(text, a, b)))
    near = list(windows(chunks, 8, 24))
    yield from _in(text, ("phone", "phone-local"), near)
    zeros = ((a, b) for a, b in near if " 0" in text[a:b] or "(0" in text[a:b] or text[a] == "0")
    yield from _in(text, ("phone-zero",), zeros)
    yield from _at(
        text,
        "phone-city",
        (a - 1 for a, b in numbered if b - a == 2 and text[a - 1 : a] == "(" and text[b : b + 1] == ")"),
    )
    if "+" in text:
        yield from _in(text, ("phone-intl",), near)
    if "*" in text or " . " in text or "·" in text:
        yield from _at(text, "phone-marked", (a for a, _ in numbered))
    if any(b - a > 15 for a, b in chunks):
        yield from _in(text, ("card",), near)
    yield from _in(text, ("ip",), ((a, b) for a, b in near if text.count(".", a, b) > 2))


def _with_stops(text: str) -> Iterator[tuple[str, regex.Match[str]]]:
    """Numbers with stops or colons within."""
    if _STOPS.search(text):
        yield from _at(text, "uid", (m.start() for m in _DOTTED.finditer(text)))
    yield from _in(text, ("mac", "ip6"), windows((m.span() for m in _COLONS.finditer(text)), 28, 40))


def _aged(text: str) -> Iterator[tuple[str, regex.Match[str]]]:
    """Ages over 89."""
    old = [m.span() for m in _OLD.finditer(text)]
    yield from _in(text, ("age-label",), windows(old, 24, 24))
    told = ((a, b) for a, b in old if text[b : b + 6].lstrip(_BETWEEN)[:1].lower() in _AGE_LETTERS)
    yield from _in(text, _AGES, windows(told, 24, 24))


def _addresses(text: str, numbered: list[Place]) -> Iterator[tuple[str, regex.Match[str]]]:
    """Where somebody lives or serves, by the number of a house, a street or a unit; codes of the post and plates abroad."""
    yield from _streets(text, numbered)
    behind = (a for a, _ in numbered if text[a - 2 : a] in _LAST_OF_STREETS and _street_before(text, a))
    yield from _at(text, "street-behind", (_line_word(text, a) for a in behind))
    yield from _at(text, "zip-abroad", (a for a, b in numbered if text[a].isupper() and b - a in (2, 3, 4, 6)))
    coded = [(a, b + 4) for a, b in numbered if b - a in (3, 4) and text[a : a + 2].isalpha() and text[a:b].isupper()]
    yield from _at(text, "plate-british", (a for a, _ in coded))
    yield from _in(text, ("address-abroad",), windows((p for p in coded if _POST.match(text, p[0])), 110, 1))
    nth = [(a, b) for a, b in numbered if b - a < 6 and text[b - 2 : b] in ("st", "nd", "rd", "th")]
    yield from _in(text, ("crossing",), windows(nth, 40, 24))
    yield from _at(text, "unit-served", (a for a, b in nth if text[b + 1 : b + 2].isupper()))


def _short_codes(text: str, numbered: list[Place]) -> Iterator[tuple[str, regex.Match[str]]]:
    """Short numbers that the sign beside them tells: of a court, a telephone, a typist, an aircraft."""
    yield from _at(text, "docket", (a for a, _ in numbered if _COURT.match(text, a)))
    yield from _in(
        text,
        ("hash",),
        windows(((a, b) for a, b in numbered if text[max(0, a - 3) : a].strip(" :")[-1:] == "#"), 3, 20),
    )
    yield from _at(text, "spec", (a for a, b in numbered if b - a == 4 and text[b : b + 1] == ":"))
    yield from _at(text, "extension", (a for a, _ in numbered if text[a] in "xXpP"))
    if "M.D. " in text:
        yield from _at(text, "signed-code", (a for a, b in numbered if b - a < 7 and text[a - 5 : a] == "M.D. "))
    yield from _at(text, "code-line", (a for a, _ in numbered if a == 0 or text[a - 1] == "\n"))
    yield from _at(text, "tail", (a for a, _ in numbered if text[a] == "N"))


def _sort(code: str) -> str:
    """A number (``9``), numbers with dashes (``-``), a digit with letters behind it (``m``), a capital or not."""
    if not code[0].isdecimal():
        return "A" if code[0].isupper() else "a"
    return "9" if code.isdecimal() else "-" if code.replace("-", "").isdecimal() else "m"


def _bracketed(text: str, at: int) -> bool:
    """Whether a bracket or a number sign stands before a place, with at most one blank between."""
    before = text[max(0, at - 2) : at]
    return before[-1:] in _BRACKETS or (before[:1] in _BRACKETS and before[-1:].isspace())


def _host_start(text: str, at: int) -> int:
    """Where the name of a host begins that holds a place."""
    before = text[max(0, at - _LONGEST_HOST) : at]
    return at - len(before) + len(before.rstrip(_OF_HOSTS))


def _word_start(text: str, at: int) -> int:
    """Where the letters, digits and dashes before a place begin."""
    while at and (text[at - 1].isalnum() or text[at - 1] in "_-"):
        at -= 1
    return at


def _street_before(text: str, at: int) -> bool:
    """Whether a word that ends as streets do stands before a number."""
    return text[max(0, at - 8) : at].lower().endswith(_ENDS_OF_STREETS)


def _line_word(text: str, at: int) -> int:
    """Where the word before a place begins."""
    start = text.rfind(" ", 0, at - 1) + 1
    return max(start, text.rfind("\n", 0, at - 1) + 1)


def _local_start(text: str, at: int) -> int:
    """Where what stands before the sign of an address begins."""
    m = _LOCAL.match(text, max(0, at - _LONGEST_LOCAL), at)
    return at if m is None else int(m.start())


def _letters_start(text: str, at: int) -> int:
    """Where the letters before a place begin."""
    while at and text[at - 1].isalpha():
        at -= 1
    return at


def _streets(text: str, numbered: Iterable[Place]) -> Iterator[tuple[str, regex.Match[str]]]:
    """Street addresses: a number with a word of streets among the next words."""
    for start, end in numbered:
        grid = text[start] in _DIRECTIONS and text[start + 1 : end].isdigit() and end - start > _GRID
        if text[end : end + 1] not in (" ", "\t", "½") or not (text[start].isdigit() or grid):
            continue
        if text[max(0, start - 6) : start].lower() == "grade ":
            continue  # ``Grade 2 West Haven``
        after = _WORD_AFTER.match(text, end)
        word = after[1] if after else ""
        small = word[:1].islower()
        if small and word.lower() not in _STREET_STARTS and text[start - 2 : start - 1] not in _HOME_LETTERS:
            continue  # ``40 mg``
        if text[start:end].isdigit() and not small:
            if _ZIP_NEAR.search(text, end, end + 110):
                yield from _at(text, "street-zip", [start])
            yield from _at(text, "street-bare", [start])
            if text[end + 1 : end + 2] in _DIRECTIONS:
                yield from _at(text, "street-grid", [start])
            yield from _at(text, "street-said", [start])
        near = {w.lower() for w in _WORD.findall(text, end, end + 100)}
        if not near.isdisjoint(_STREET_OPENERS):
            yield from _at(text, "street-named", [start])
        if near.isdisjoint(STREET_WORDS):
            continue
        at = start - 1 if text[start - 1 : start] == "#" else start
        yield from _at(text, "street", [at])
        yield from _at(text, "street-caps", [start])
        yield from _at(text, "street-lower", [start])


def _at(text: str, name: str, starts: Iterable[int]) -> Iterator[tuple[str, regex.Match[str]]]:
    pattern = _PATTERN[name][1]
    for start in starts:
        match = pattern.match(text, start)
        if match is not None:
            yield name, match


def _in(text: str, rules: Iterable[str], places: Iterable[Place]) -> Iterator[tuple[str, regex.Match[str]]]:
    for start, end in places:
        for name in rules:
            for match in _PATTERN[name][1].finditer(text, start, end):
                yield name, match


_VOCABULARIES = (
    "NDC",
    "SNOMED",
    "SNOMED CT",
    "SNOMED-CT",
    "SCTID",
    "RXNORM",
    "RXCUI",
    "LOINC",
    "CPT",
    "HCPCS",
    "CVX",
    "PMID",
    "UMLS",
    "OMIM",
)
# A reference range alone in a cell, and strengths before their unit: ``| (850-3900) |``, ``50-325-40 MG``.
_CELL = 40  # blanks that markup leaves in a cell
_CELL_RANGE = re.compile(r"\|\s*\(\d{2,5}-\d{2,5}\)$")
_DOSED = re.compile(r"[ ]?(?:mg|mcg|ug|ml|meq|gm|iu|units?)\b", re.IGNORECASE)
# Not one before a code of its own: ``88123901 CPT 99213``.
_VOCABULARY_BEHIND = regex.compile(
    rf"[ ,|]{{0,3}}[(\[]?(?:{'|'.join(_VOCABULARIES)})(?![\w-])(?!\W{{0,3}}(?:codes?\W{{0,2}})?\p{{L}}?\d)",
    regex.IGNORECASE,
)
_RANGE = re.compile(r"\d{2,4}-\d{2,4}")
# Parity, and numbers of codes and approvals, which are the same for everyone.
_CODE = re.compile(
    r"G\d{1,2}P\d{1,8}|(?:A?NDA|BLA|NDC|RXCUI|LOINC|SNOMED|CPT|HCPCS|ICD|UNII|NCT|PMID|DOI)-?\d+|[ACGT]\d{3,6}[ACGT]|(?-i:rs)\d{3,10}|M[01]E[01]S[01]T[0-2](?:C[0-2])?|COS[MV]\d+|ENS[TGPER]\d{11}|[VRS]CV\d{9}",
    re.IGNORECASE,
)


def _spans(text: str) -> bool:
    """Whether two numbers of the same length are a range, as in ``sodium 134-138``, or two times, as in ``1900-0700``."""
    low, high = text.split("-")
    times = len(low) == len(high) == 4 and all(int(t[:2]) < 24 and t[2:] in _MINUTES for t in (low, high))
    years = len(low) == len(high) == 4 and {low[:2], high[:2]} <= {"19", "20"} and low <= high
    return times or years or (len(low) == len(high) <= 3 and int(low) < int(high))


_MINUTES = frozenset(f"{m:02}" for m in range(0, 60, 5))


_PERSON_ID = re.compile(r"\|\d{4,12}\^$")
# A term before the name of its system, and a message's type before its event.
_CODED = re.compile(
    r"\^(?:CPT-?\d?|LOINC|SCT|SNOMED(?:-?CT)?|ICD-?\d*|HCPCS|RXNORM|NDC|CVX|UCUM)(?![A-Za-z])|\^[A-Z]\d"
)


def _person_end(text: str, start: int, component: str) -> int:
    """The end of a person's name in an HL7 v2 component that starts at a place; the place where it is none."""
    end = start + len(component.partition("^^")[0])
    led = _PERSON_ID.search(text, max(0, start - 14), start) is not None
    person = not _CODED.search(text, start, end + 3) and _person_parts(text[start:end], led=led)
    return end if person else start


def _person_parts(component: str, *, led: bool) -> bool:
    """Whether the parts of an HL7 v2 component are a family and a given name; ``led`` that a person's number leads them."""
    parts = component.split("^")
    words = [word_kind(word) for part in parts for word in part.split()]
    if any((w.medical or w.word) and not (w.last or w.first) for w in words):
        return False
    family, given, *_ = map(word_kind, parts)
    unknown = family.unknown and given.unknown
    named = (family.last or given.first or unknown) and not (family.word and given.word)
    return led or (named and not (family.medical or given.medical))


_VIEWS = re.compile(r"\b(?:x-?rays?|cxr|films?|radiographs?|views?)\s*,\s*PA$", re.IGNORECASE)
_SHORT_FORMS = re.compile(r"(?<![A-Za-z])[A-Z]{1,3}\s*,\s*[A-Z]{2}$")
# What an identifier begins with, not Idaho: ``Osgard, ID Q2281``.
_ID_BEHIND = re.compile(r", ID[ :#]+(?!83\d{3}\b)(?=[A-Z]{0,5}[ \-]?\d)")


def _by_id(text: str, start: int, end: int) -> bool:
    """Whether the state at the end of a place is the label of a number."""
    label = _ID_BEHIND.search(text, start)
    return label is not None and label.start() < end


_INITIAL_BEFORE = re.compile(r"(?<![A-Za-z])[A-Z]\.? \Z")
_DEGREE_BEHIND = re.compile(r",\s(?:RDN?|CGC|CCC-SLP|PT|OTR|LPC|LMFT|LCSW|RN|PA-C|CNSC|ATC|BCBA|NCC|LMHC)\b")
_BY_BEFORE = re.compile(r"\b[Bb]y: ?\Z")
_TITLE_BEFORE = re.compile(r"\b(?:Drs?|Mrs?|Ms|Prof)\.?\s+$")


def _doctor(text: str, start: int, end: int) -> bool:
    """Whether ``Name, MD`` is a physician rather than a place in Maryland."""
    piece = text[start:end]
    first = word_kind(piece.split()[0].strip(",")) if piece.strip() else None
    if (
        piece.endswith(("MD", "PA", "DO", "MA"))
        and piece.count(" ") == 1
        and _BY_BEFORE.search(text, max(0, start - 5), start)
    ):
        return True
    if piece.endswith(("MS", "MA")) and _DEGREE_BEHIND.match(text, end):
        return True
    if piece.endswith("MA"):
        initial = text[start - 1 : start] == " " and _INITIAL_BEFORE.search(text, max(0, start - 3), start) is not None
        return initial or (first is not None and len(piece.split()) > 2 and first.common_first and not first.city)
    if piece.endswith(("MD", "PA", "DO")) and _TITLE_BEFORE.search(text, max(0, start - 10), start):
        return True
    return (
        first is not None
        and piece.endswith(("MD", "PA"))
        and (first.first or first.unknown or (first.last and not first.city))
        and (len(piece.split()) > 2 or not first.city)
    )


_LEADING = regex.compile(
    r"(?:(?:Electronically |Digitally )?(?:Signed|Verified|Dictated|Read)(?: Out)? By|Out By|From|In|At|Near|To|Of|City|The|Lives|Living|Resides|Patient|Pt|Home|Address|And|Town|Moved|Seen|Born|Currently|Destination|Clinic in|Location|Residence|Works|Via|By|On|For|With|Is|Was|A|An|Dr|His|Her|Our|Visiting|Travel(?:ed|led)? to)[\s:,]+"
)


def _trimmed(text: str, start: int, end: int) -> int:
    while True:
        match = _LEADING.match(text, start, end)
        if match is None:
            return start
        start = match.end()
