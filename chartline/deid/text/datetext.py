"""Dates as people write them: found by a grammar, reduced to the year, or shifted and written back in the form found.

Durations, ratios, scores, doses and times of day are not dates.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

import regex

from chartline.deid.text.hints import Hints, Place, Places, lowered, windows
from chartline.deid.text.spans import Found

MONTHS = """
    January February March April May June July August September October November December
    """.split()
_MONTH_OF = {name[:n].lower(): i + 1 for i, name in enumerate(MONTHS) for n in (3, len(name))} | {"sept": 9}
_ORDINALS = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth
    twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
    """.split()
_NTH_WORDS = "|".join(w.replace("-", r"[\s\-]") for w in sorted(_ORDINALS, key=len, reverse=True))
_MON_WORDS = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
_MON = rf"(?P<mon>{_MON_WORDS})(?![A-Za-z])\.?"
_UPPER_MON = r"(?P<mon>JAN|FEB|MAR|APR|JUNE?|JULY?|AUG|SEPT?|OCT|NOV|DEC)(?![A-Za-z])"
_DAY = r"(?P<d>0?[1-9]|[12]\d|3[01])(?P<ord>st|nd|rd|th)?"
_Y4 = r"(?P<y>(?:19|20)\d\d)"
_YEAR = r"(?:(?P<y>(?:19|20)\d\d)|['’]?(?P<y2>\d\d))"
_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ONE, _TEEN, _TEN = ("|".join(words) for words in (_ONES, _TEENS, _TENS))
_BELOW_100 = rf"(?:{_TEEN}|(?:{_TEN})(?:[\s\-](?:{_ONE}))?)"
# A year as it is said: ``nineteen fifty two``, ``twenty twenty-one``, ``two thousand and four``.
_YEAR_SAID = (
    rf"(?P<ys>two\s+thousand(?:\s+(?:and\s+)?(?:{_BELOW_100}|{_ONE}))?|nineteen\s+(?:hundred|oh\s(?:{_ONE})|{_BELOW_100})"
    rf"|twenty\s+(?:oh\s(?:{_ONE})|{_BELOW_100}))\b"
)
_WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s+(?:the\s+)?)?"
_BEFORE = r"(?<![\w/.\-])"
_AFTER = r"(?![\w/]|[.\-]\d)"
_HOLIDAYS = (
    r"(?:Christmas(?:\s+(?:Eve|Day))?|Thanksgiving(?:\s+Day)?|New\s+Year['’]?s?(?:\s+(?:Eve|Day)|(?<=\b(?i:since|before|after|until|around|by|over)\sNew\sYear['’]?s)(?!\s\w)|(?<=\b(?i:spent)\sNew\sYear['’]?s))|(?:Lunar|Chinese|Hmong)\s+New\s+Year|Holy\s+(?:Thursday|Saturday)|Easter(?:\s+Sunday)?"
    r"|Halloween|(?:the\s+)?Fourth\s+of\s+July|Labor\s+Day|Memorial\s+Day|Independence\s+Day|Flag\s+Day|Juneteenth|Cinco\s+de\s+Mayo|Groundhog\s+Day|Boxing\s+Day|Black\s+Friday|Palm\s+Sunday|Ash\s+Wednesday|Yom\s+Kippur|Rosh\s+Hashanah|Ramadan|Eid(?:\s+al-\w+)?|Kwanzaa|Indigenous\s+Peoples['’]?\s+Day|MLK\s+Day|Valentine['’]?s\s+Day"
    r"|(?:Mother|Father)['’]s\s+Day|Veterans\s+Day|Presidents['’]?\s+Day|Columbus\s+Day|Hanukkah|Passover|Diwali"
    r"|St\.?\s+Patrick['’]?s\s+Day|Martin\s+Luther\s+King(?:\s+Jr\.?)?\s+Day|Good\s+Friday|Mardi\s+Gras|X-?mas(?:\s+Eve)?)"
)
# What says that a date is of birth.
_BORN = r"(?:DOB|D\.O\.B\.?|born|birth\s?date|date of birth)[:#]{0,2}\s{0,2}"
# Months that are no other word, and words before a month that may be another one or is short.
_PLAIN_MONTH = r"(?i:January|February|July|September|October|November|December)"
_IN_MONTH = r"(?<=\b(?i:in|since|start(?:s|ed|ing)?|last|next|until|till?|by|before|after|from|to|through|thru|during|early|late|mid|this|around|of|due|repeat|recheck|RTC|A1C|seen|visit|surgery|exam|comparison:?|return|returns|RTW|f/u)[\s\-]\s?)"
_NOT_DAY = r"(?!\s*(?:percentile|week|wk|day|floor|rib|grade|degree|digit|toe|finger|metatarsal|metacarpal|nerve|interspace|intercostal|trimester|century|dose|cycle|vertebra|ICS|edition))"
_NO_SCORE = r"(?<!\b(?i:PHQ|PHQ-?[29]|GAD|GAD-?7|GCS|MMSE|MoCA|SLUMS|BIMS|EPDS|Tinetti|Braden|Norton|Morse|Berg|Katz|Lawton|Barthel|Epworth|ESS|CIWA|COWS|AUDIT|DAST|Bishop|Ballard|Apgars?|scored?|scale|points|answered|correct|Allred|HLA|Pain)(?:\s(?:of|is|was|now|at|level|rated))?(?::?\s|\s?\|\s?))"
# ``2/2`` before a word that goes on no date is short for "secondary to".
_NOT_DUE = r"(?!2/2\s(?!(?:for|with|w/|by|and|at|to|after|from|or|until|in|on|then)\b)[A-Za-z])"

# What stands before a day that nothing else tells from a share or a score.
_BRINGS_DAY = (
    r"(?:(?<=\b(?:on|since|until|till?|wk\sof|week\sof|by|before|after|around|effective|starting|stopped|dated|from|through|thru|as\sof|seen|visit|review|clinic|appt|"
    r"adm|admitted|discharged?|disch|d/c(?:['’]?d)?|dc(?:['’]?d)?|scheduled|due|born|DOB|DOS|DOA|LMP|EDD|EDC|RTC|returns?|f/u|next\s\w{3,12}|resolved|date|started|last|next|birthday(?:\sis)?|b-?day(?:\sis)?|today|tomorrow|"
    r"yesterday|MVC|MVA|accident|sick\scall|DOI|recert|surgery|rec'd|received|CT|MRI|CXR|EKG|ECG|echo|labs|DEXA|DXA|EGD|EEG|EMG|PFTs?|bx|biopsy|TKA|THA|TSA|ORIF|CABG|TAVR|ACDF|TURP|laminectomy|hysterectomy|arthroplasty|support\sgroup|PET|mammo(?:gram)?|colonoscopy|delivered|SOC|ROC|appointment|hearing|court|filled|refilled|dispensed|faxed|mailed|denied|approved|(?:note|letter|report|result|order|email|visit|labs)\sof|recheck(?:ed)?|repeated|re-?eval|collected|resulted|IME|MMI|DOL|LBM|last\sBM|fell|again|extubated|intubated|pressors|trach|PEG|(?:POD|HD|DOL)\s?\#?\d{1,3},?|C\d{1,2}(?:D\d{1,2})?|home|walk-?in|missed|(?:ordered|scheduled|planned|booked|set|due)\sfor|reminded\sof|cancell?ed|no-?show(?:ed)?|resched(?:uled)?|(?:Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)(?:day|nesday|rsday|urday)?,?)\s)|(?<=\b(?:DOB|DOS|DOA|LMP|EDD|date|seen|visit|on|birthday|b-?day)(?::\s?|\s?\|\s)))"
)
# Who stands before a day, or whose.
_OFFICES = r"(?:MD|DO|RN|NP|PA|LPN|LVN|CNA|PT|OT|SLP|Dr\.?|Mrs?\.?|Ms\.?|Sr\.|Fr\.)"
# Months of the languages that are written into American charts, where a day stands before them.
_MON_ABROAD = (
    r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre|janvier|f[eé]vrier|mars|avril|mai"
    r"|juin|juillet|ao[uû]t|septembre|octobre|d[eé]cembre|janeiro|fevereiro|mar[cç]o|maio|junho|julho|setembro|outubro|novembro|dezembro"
    r"|januar|februar|m[aä]rz|juni|juli|oktober|dezember|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|maj)"
)

_FORMS: list[tuple[str, regex.Pattern[str]]] = [
    (name, regex.compile(pattern, regex.IGNORECASE if fold else 0))
    for name, pattern, fold in [
        (
            "iso",
            rf"{_BEFORE}{_Y4}(?P<s>[-/.])(?P<m>0?[1-9]|1[0-2])(?P=s){_DAY}(?P<time>T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w/]|[.\-]\d)",
            False,
        ),
        # With both zeros it is nothing else, whatever it runs into: ``2021-03-04/2021-03-09``, ``2021-03-04_b``.
        (
            "iso-within",
            rf"(?<!\d){_Y4}(?P<s>[-/])(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>0[1-9]|[12]\d|3[01])(?P<time>T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)",
            False,
        ),
        ("compact", rf"(?<![\w.\-]){_Y4}(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\w]|[.\-]\d)", False),
        (
            # As HL7 v2 and C-CDA write a moment (TS), and ISO 8601 without signs: ``20120111155950-0500``, ``20120111T1559Z``.
            "moment",
            rf"(?<![\w.\-]){_Y4}(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?P<time>T?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d{{1,6}})?)?(?:Z|[+-](?:0\d|1[0-4])[0-5]\d)?)(?![\w]|[.\-]\d)",
            False,
        ),
        (
            "month-range",
            rf"{_BEFORE}{_WEEKDAY}{_MON}\s*{_DAY}\s*(?:-|–|—|to|through|thru|and|or)\s*(?:(?P<d2>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?)(?:,?\s*{_Y4})?{_AFTER}",
            True,
        ),
        (
            "month-day",
            rf"{_BEFORE}{_WEEKDAY}{_MON}(?!\s*\n\s*\d{{1,2}}[.)]\s)[\s\-/]*(?:the\s+)?{_DAY}(?:(?:\s*,\s*|\s+|[\-/]){_YEAR}(?!\s*(?:mg|mcg|ml|units?|tab))|(?![\w/%]|:\d|[.,\-]?\d|\s?(?:mg|mcg|m[lL]|mm|cm)\b))",
            False,
        ),
        (
            "month-day-upper",
            rf"{_BEFORE}(?:{_MON}[\s\-/]*{_DAY}(?:,\s*|\s+|[\-/]){_Y4}{_AFTER}"
            rf"|(?-i:(?P<mon>JAN|FEB|APR|JUNE?|JULY?|AUG|SEPT?|OCT|NOV|DEC)[ ]{_DAY}(?![\w:/%]|[.,\-]?\d|\s*(?:mg|mL|mm|cm|units?|tab))))",
            True,
        ),
        (
            "days-month",
            rf"{_BEFORE}{_DAY}\s*(?:-|–|—|to|until|through|thru|and|&)\s*(?P<d2>0?[1-9]|[12]\d|3[01])(?P<ord2>st|nd|rd|th)?(?:\s+of)?\s+{_MON}(?:[\s,.]*{_YEAR}(?!\d|:\d|%))?{_AFTER}(?!-[A-Za-z])",
            True,
        ),
        (
            "day-month",
            rf"{_BEFORE}{_WEEKDAY}(?:the\s+)?{_DAY}(?:(?:\s+day)?\s+of)?(?!\.\s+{_MON}\s+[a-z])[\s\-/.]*(?:{_MON}|{_UPPER_MON})(?:[\s\-/,.]*{_YEAR}(?!\d|:\d|%))?{_AFTER}(?!-[A-Za-z])",
            False,
        ),
        ("day-month-year", rf"{_BEFORE}{_DAY}(?:\s+of)?[\s\-/.]*{_MON}[\s\-/,.]*{_Y4}{_AFTER}", True),
        (
            "month-year",
            rf"{_BEFORE}(?:(?:early|mid|late)[\s\-]+)?{_MON},?(?:\s+of)?[\s\-/]*(?:{_Y4}|['’](?P<y2>\d\d)){_AFTER}",
            False,
        ),
        (
            "month-year-lower",
            rf"{_BEFORE}(?P<mon>january|february|april|june|july|august|september|october|november|december)\s+{_Y4}{_AFTER}",
            True,
        ),
        (
            "month-word",
            rf"{_BEFORE}{_MON}\s+(?:the\s+)?(?P<dw>{_NTH_WORDS})\b(?:,?\s*(?:{_Y4}|{_YEAR_SAID}))?",
            True,
        ),
        (
            "word-month",
            rf"\bthe\s+(?P<dw>{_NTH_WORDS})\s+of\s+{_MON}(?:,?\s*(?:{_Y4}|{_YEAR_SAID}))?",
            True,
        ),
        (
            # A month is a part of a date, with or without a day.
            "month",
            rf"(?:{_BEFORE}|(?<=\b(?i:early|mid|late)-))(?:(?P<mon>{_PLAIN_MONTH})|{_IN_MONTH}(?P<mon>March|April|May|June|August|Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
            rf"|(?<=\b(?i:since|last|next|until|early|late|mid|A1C)\s)(?P<mon>Mar))\b(?!['’\-]\w)",
            False,
        ),
        (
            # From a month to another: ``May-July``, ``Apr-May 2021``.
            "month-span",
            rf"{_BEFORE}{_MON}\s?[-–/]\s?(?P<mon2>{_MON_WORDS})(?:,?\s?{_Y4}{_AFTER}|(?![\w'’]|[\s\-/.]*\d))",
            True,
        ),
        (
            # Months in a list of values: ``Jan 44, Apr 38``.
            "month-valued",
            rf"{_BEFORE}{_MON}(?=\s\d{{1,4}}(?:\.\d+)?%?[,;]\s{_MON_WORDS}\s\d)|(?<={_MON_WORDS}\s\d{{1,4}}(?:\.\d{{1,2}})?%?[,;]\s){_MON}(?=\s\d)",
            False,
        ),
        (
            "numeric",
            rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])(?P<s>[/\-.]){_DAY}(?P=s){_YEAR}(?:(?=\s)|(?=-\d{{4}}(?!\d))|{_AFTER}|(?<=/\d{{4}})(?=[A-Z][a-z]))",
            False,
        ),
        ("numeric-eu", rf"{_BEFORE}{_DAY}(?P<s>[/\-.])(?P<m>0?[1-9]|1[0-2])(?P=s){_YEAR}{_AFTER}", False),
        (
            "numeric-range",
            rf"{_BEFORE}{_NO_SCORE}(?P<m>0?[1-9]|1[0-2])/{_DAY}\s*(?:-|–|—|to|thru|through)\s*(?P<m2>0?[1-9]|1[0-2])/(?P<d2>0?[1-9]|[12]\d|3[01])(?:/{_YEAR})?{_AFTER}",
            False,
        ),
        (
            "numeric-pair",
            rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])(?P<s>[/\-.]){_DAY}(?P=s){_YEAR}\s*(?:-|–|—|to|thru|through|(?<=-\d\d)/)\s*(?P<m2>0?[1-9]|1[0-2])(?P=s)(?P<d2>0?[1-9]|[12]\d|3[01])(?P=s)(?P<z>(?:19|20)?\d\d){_AFTER}",
            False,
        ),
        (
            "month-pair",
            rf"{_BEFORE}{_MON}\s*{_DAY}\s*(?:-|–|—|to|through|thru)\s*(?P<mon2>{_MON_WORDS})\.?\s*(?P<d2>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?:,?\s*{_Y4})?{_AFTER}",
            True,
        ),
        (
            "month-day-lower",
            rf"{_BEFORE}(?:(?P<mon>january|february|march|april|june|july|august|september|october|november|december|jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec)\s+{_DAY}|(?P<mon>march|may|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\s+(?P<d>0?[1-9]|[12]\d|3[01])(?P<ord>st|nd|rd|th))(?![\w:/]|[.,\-]\d|\s*(?:mg|ml|mm|cm|%|units?|tab))",
            False,
        ),
        (
            "day-month-lower",
            rf"{_BEFORE}{_DAY}[\s\-](?P<mon>jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec)(?![\w\-'’])",
            True,
        ),
        (
            "month-pair-years",
            rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])/{_Y4}\s?(?:-|–|—|to)\s?(?P<m2>0?[1-9]|1[0-2])/(?P<z>(?:19|20)\d\d){_AFTER}",
            False,
        ),
        (
            "month-pair-named",
            rf"{_BEFORE}{_MON},?\s?{_Y4}\s?(?:-|–|—|to)\s?(?P<mon2>{_MON_WORDS})\.?,?\s?(?P<z>(?:19|20)\d\d){_AFTER}",
            False,
        ),
        ("days-of-year", rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])/{_DAY}-(?P<d2>0?[1-9]|[12]\d|3[01])/{_YEAR}{_AFTER}", False),
        (
            "week-of-year",
            rf"\b(?:week|wk|day)\s\d{{1,3}}(?:,|\sof)\s{_Y4}\b|(?<!\w){_Y4}-?W[0-5]\d(?:-?[1-7])?(?!\w)",
            True,
        ),
        # As Chinese and Japanese write it: ``2025年3月7日``.
        ("year-first-signs", rf"(?<!\d){_Y4}年(?P<m>0?[1-9]|1[0-2])月(?P<d>0?[1-9]|[12]\d|3[01])日", False),
        ("month-slash-year", rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])[/\-](?:{_Y4}|['’](?P<y2>\d\d)){_AFTER}", False),
        ("year-month", rf"{_BEFORE}{_Y4}[\-/](?P<m>0[1-9]|1[0-2]){_AFTER}", False),
        ("spaced", rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])\s*(?P<s>[/\-.])\s*{_DAY}\s*(?P=s)\s*{_YEAR}{_AFTER}", False),
        (
            "born",
            rf"(?<=\b{_BORN})(?P<m>0?[1-9]|1[0-2])[ ]{_DAY}[ ]{_YEAR}{_AFTER}",
            True,
        ),
        # Behind what says so it is one in whatever form: ``DOB5/17/49``, ``DOB 03/02/88F``, ``DOB 3/2/88-36yo``.
        (
            "born-near",
            rf"(?<=\b{_BORN})(?P<m>0?[1-9]|1[0-2])(?P<s>[/.\-\\]){_DAY}(?P=s){_YEAR}(?!\d|/)",
            True,
        ),
        (
            "born-said",
            rf"(?<=\b(?:date of birth|DOB|birth ?date|birthday|born)(?:\s(?:is|on)|[,:])?\s)"
            rf"(?:oh|{_ONE}|{_BELOW_100})(?:[\s,]+(?:oh|hundred|thousand|{_ONE}|{_BELOW_100})){{2,}}\b",
            True,
        ),
        # ``four twenty-two two thousand one``, as a day is said in numbers.
        (
            "numbers-said",
            rf"\b(?:{_ONE}|ten|eleven|twelve)[\s,]+(?:oh[\s\-])?(?:{_ONE}|{_TEEN}|(?:twenty|thirty)(?:[\s\-](?:{_ONE}))?)[\s,]+{_YEAR_SAID}"
            r"(?![\s\-](?:and|one|two|three|four|five|six|seven|eight|nine|hundred|thousand|hours?|days?|weeks?|minutes?|milli\w+|units?|steps|dollars)\b)",
            True,
        ),
        ("born-year-first", rf"(?<=\b{_BORN})(?P<y2>\d\d)/(?P<m>0[1-9]|1[0-2])/(?P<d>1[3-9]|[0-3]\d)(?!\d|/)", True),
        ("born-compact", rf"(?<=\b{_BORN})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01]){_YEAR}(?!\w|[.\-]\d)", True),
        (
            "service-compact",
            r"(?<=\b(?:DOS|DOA|DOD)[:\s]{1,2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?P<y2>\d\d)(?!\w|[.\-]\d)",
            True,
        ),
        ("month-of-trial", rf"(?<![\w/.\-])(?:UNK?|XX|--)[\- ]?{_UPPER_MON}[\- ]?{_Y4}{_AFTER}", False),
        (
            # ``25FEB-03MAR2023``
            "days-months-solid",
            rf"(?<![\w/.\-]){_DAY}{_UPPER_MON}-(?P<d2>0?[1-9]|[12]\d|3[01])(?P<mon2>JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC){_Y4}{_AFTER}",
            False,
        ),
        # The month's name between the year and the day: ``1988 Mar 2``, ``2024/Jun/03``.
        ("year-month-day", rf"{_BEFORE}{_Y4}(?P<s>[ \-/.]){_MON}(?P=s){_DAY}{_AFTER}", True),
        (
            # Of two, two and four digits it is nothing else: ``03 04 2021``.
            "blanks",
            rf"(?<![\w/.\-]|\d )(?:(?P<m>0[1-9]|1[0-2])[ ](?P<d>0[1-9]|[12]\d|3[01])|(?P<d>1[3-9]|2\d|3[01])[ ](?P<m>0[1-9]|1[0-2]))[ ]{_Y4}{_AFTER}",
            False,
        ),
        (
            "partial",
            rf"(?=\d{{1,2}}[/\-]\d{{1,2}}(?![\d/\-])){_BRINGS_DAY}"
            rf"{_NOT_DUE}(?P<m>0?[1-9]|1[0-2])[/\-]{_DAY}(?![\d/\-]|x(?:/|\b)|\.\d|\s*(?:mg|strength|power|pain|points?|scale|days?|weeks?|months?|min(?:ute)?s?|doses?|times|visits|sessions|appts|appointments|classes|%|ppd|tabs?|hours?|hrs?|reps?|VAS|intensity|motor|grade|in\s(?:all|both|the)|bilat|throughout|murmur|systolic|tsp|cup|pack|ppd|L\b|mL))",
            True,
        ),
        (
            "partial-day-first",
            rf"(?=\d\d/\d{{1,2}}(?![\d/\-])){_BRINGS_DAY}(?P<d>1[3-9]|2\d|3[01])/(?P<m>0?[1-9]|1[0-2])(?![\w/%]|\.\d|\s*(?:mg|mL|points?|scale))",
            True,
        ),
        (
            "abroad",
            rf"(?<![\w/.\-])(?:0?[1-9]|[12]\d|3[01])(?:er|º|°|\.(?!\s+[Mm]a(?:yo|rs|i)\b))?\s+(?:de\s+)?{_MON_ABROAD}\b(?:\s+(?:del?\s+)?{_Y4})?|(?<=\ben\s){_MON_ABROAD}\b(?:\s+del?\s+{_Y4})?",
            True,
        ),
        (
            # A day and month that no share, score or dose is written as: a padded one, or over a number rare below a line.
            "day-of-month",
            rf"{_BEFORE}{_NO_SCORE}(?P<m>0?[1-9]|1[0-2])/(?P<d>0[1-9]|1[379]|2[23679]|31|(?<!\b[124]/)1|(?<=\b0[1-9]/)[12]\d|(?<=\b0[1-9]/)30)(?![\w/%]|[.\-]\d|\s*(?:mg|mL|points?|hours?|tabs?|strength|scale))",
            False,
        ),
        (
            # Over a number that is no scale, at a line's start or before a time of day.
            "day-timed",
            rf"(?=\d{{1,2}}/\d{{1,2}}(?![\d/]))(?:{_BEFORE}(?P<m>0?[1-9]|1[0-2])/(?!(?:5|10)\b){_DAY}(?=,?\s+(?:(?:at\s+|[@~]\s*)?(?:[01]?\d|2[0-3]):?[0-5]\d(?!\d|\s*(?:mg|mcg|m[lL]|units?|cc)\b)|(?:at|@)\s?\d{{1,2}}\s?(?:am|pm|AM|PM)\b))|{_BEFORE}(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=,?\s\d{{1,2}}\s?(?:am|pm|AM|PM)\b)"
            rf"|(?<=(?:^|\n)\s*)(?P<m>0?[1-9]|1[0-2])/(?!(?:5|10)\b){_DAY}(?=\s*(?::\s|\n|$|[-–—]\s)|\s(?:[Pp]t|PT|Patient|Client|Spoke|Called|TC|LM|LVM|Saw|Seen|Visit|Addendum|Note|Late\sentry|seen|called|spoke)\b)"
            rf"|(?<=[.;]\s)(?P<m>0?[1-9]|1[0-2])/(?!(?:5|10)\b){_DAY}(?=\s?[-–—:]\s|\s(?:Pt|Patient|Client|Spoke|Called|TC|Saw|Seen|Addendum|LVM|LM|labs?|called|spoke|saw|seen|CT|MRI|CXR|echo|adm|admitted|d/c|dc)\b)"
            # In brackets behind the value of that day: ``9.1 (4/12)``.
            rf"|(?:(?<=\.\d{{1,2}}\s\()|(?<=\d\d\s\()(?!\d{{1,2}}/(?:[4-6]|10|15|30)\b))(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=[),;])"
            # In brackets behind the day of a stay.
            rf"|(?<=\b(?:HD|POD|DOL|PPD|PPS|Day|day)\s?\#?\d{{1,3}}\s\()(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=[),;])"
            # Between a time of day and who called.
            rf"|(?<=\b(?:[01]\d|2[0-3])[0-5]\d\s)(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=\s(?i:by)\b)"
            # Behind who saw somebody, at a sentence's end.
            rf"|(?<=\b(?:by|with|w/?|per|PCP|Drs?\.?|NP|PA)\s\p{{Lu}}[\w'’\-]+\s)(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=\s*(?:[.,;)\n]|$)))",
            False,
        ),
        (
            # Over a number that is also below a line, where a word that no score or dose follows stands before it.
            "day-brought",
            r"(?<=\b(?:to|rec'd|received|done|given|filled|placed|removed|drawn|sent|called|repeat|recheck|rechecked|recert|procedure|surgery|note|letter|out|home|back|per|thru|eff|eff\.|"
            r"appt|appointment|f/u|follow[\s\-]up|refill|visit|admit|report|scan|bx|biopsy|clamp|transfer|transferred|closed|signed|faxed|mailed|hearing|court|expired|exam|exp|return|reviewed|"
            r"consult|dose|shot|vaccine|booster|flu|covid|zoster|tdap|eval|board|conference|duplex|doppler|taken|cath|TTE|TEE|echo|holter|SNV|IDT|discharge|ended|ends|begins|began|fell|fall|injury|DOI|SOC|ROC|EGD|colonoscopy|mammo|mammogram|xray|x-ray|US|PET|DEXA)[:,]?\s)"
            r"(?P<m>0?[1-9]|1[0-2])/(?P<d>1[1-9]|2\d|3[01])(?![\w/%]|[.\-]\d|\s*(?:mg|mL|points?|hours?|hrs?|tabs?|strength|scale|on\s(?:the|a)\s|for\s(?:pain|age)))",
            True,
        ),
        (
            # It falls, so it is no range: ``given 12-11``.
            "falling",
            rf"(?<=(?:\b[a-z]{{3,16}}|\b{_OFFICES})\s)(?:(?P<m>12)-(?P<d>1[01]|[1-9])|(?P<m>11)-(?P<d>10|[1-9])|(?P<m>10)-(?P<d>[1-9]))(?=[.,;)]?(?:\s|$))(?!\s?(?:mg|mm|cm|mL|lb|days|weeks|hours|to)\b)",
            False,
        ),
        (
            "weekday-nth",
            r"\b(?:Mon|Tues?|Wed(?:nes)?|Weds|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s+(?:the\s+)?(?P<d>[12]?\d|3[01])(?:st|nd|rd|th)\b"
            r"|\b(?:mon|tues?|wed(?:nes)?|thurs?|fri|sat(?:ur)?|sun)(?:day)?\s+the\s+(?P<d>[12]?\d|3[01])(?:st|nd|rd|th)\b"
            rf"|\b(?i:mon|tues|wednes|thurs|fri|satur|sun)day\s+the\s+(?:{_NTH_WORDS})\b"
            r"|\b(?:Mon|Tues?|Weds?|Wednesday|Thurs?|Thu|Fri)(?:day)?[ ](?P<d>[12]?\d|3[01])(?=[ ]?@|[ ]at[ ]\d{1,2}(?:[:ap]|[ ][ap]m))",
            False,
        ),
        (
            "sign-off",
            rf"(?=\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\s*(?:$|\n|[,;@]|\d))(?:(?<=\b(?:MD|DO|RN|NP|PA-?C?|LPN|APRN|PharmD|PGY-?\d|MS-?\d)\.?,?\s)|(?<=(?:^|\s)[-–—]{{1,2}}\s?\p{{Lu}}[\w.'’\- ]{{1,30}}\s))"
            rf"(?P<m>0?[1-9]|1[0-2])/{_DAY}(?:/{_YEAR})?(?=\s*(?:$|\n|[,;]|@|\d\d:?\d\d\b))",
            False,
        ),
        (
            "the-nth",
            rf"(?<=\b(?:on|around|about|until|till?|past|thru|through|by|since|before|after|from|for|dated|(?:day|night|morning|afternoon|evening)\sof|the\s\d{{1,2}}(?:st|nd|rd|th)\s(?:to|and|or))\s)the\s+(?P<d>[12]?\d|3[01])(?:st|nd|rd|th)\b{_NOT_DAY}",
            True,
        ),
        (
            "the-nth-bare",
            r"\bthe\s(?P<d>1[3-9]|2[0-9]|3[01])(?:st|nd|rd|th)(?=[.,;!?)\n]|$|\s(?:at|for|w/|with|to|and|if|so|but|by)\b)"
            r"|\bthe\s(?P<d>[12]?\d|3[01])(?:st|nd|rd|th)(?=\s(?:to|through|thru|until)\sthe\s\d)",
            True,
        ),
        (
            "the-nth-word",
            rf"(?:(?<=\b(?:on|until|till?|by|since|before|after)\s)the\s+(?!first\b|second\b|third\b)(?:{_NTH_WORDS})|\bthe\s(?:twenty[\s\-]\w+(?:st|nd|rd|th)|thirtieth|thirty[\s\-]first))(?=\s*(?:[.,;!?)\n]|$)|\s(?:i|at|we|he|she|they|so|because|but)\b)",
            True,
        ),
        (
            "holiday",
            rf"\b{_HOLIDAYS}(?:(?:\s+of|,)?\s+{_Y4})?\b(?!\s+(?:trees?|disease|factor|holidays?|season|dinner|part(?:y|ies)|lights|cards?|gifts?|break))",
            True,
        ),
        (
            # The first of two days as Germans write them: ``12.02. to 19.02.2025``.
            "dotted",
            r"(?<![\w.])(?P<d>0?[1-9]|[12]\d|3[01])\.(?P<m>0?[1-9]|1[0-2])\.(?=\s?(?:-|–|to|until|bis|und|and)\s?\d{1,2}\.\d{1,2}\.(?:\d{4}|\d\d)(?![\w.]\d))",
            False,
        ),
        ("quarter", rf"\bQ[1-4][\s\-/']*(?:of\s+)?{_Y4}\b", False),
        (
            "weekday-date",
            rf"\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?(?=,?\s+(?:{_MON}|\d{{1,2}}[/\-]\d))",
            False,
        ),
    ]
]
_PATTERN = dict(_FORMS)
# The forms of months by what they hold: a day before the month, a number behind it, or the month.
_OF_MONTH: list[tuple[regex.Pattern[str], tuple[str, ...]]] = [
    (regex.compile(pattern, regex.IGNORECASE), tuple(forms.split()))
    for pattern, forms in [
        (
            rf"\d(?:st|nd|rd|th)?(?:(?:\s+day)?\s+of)?[\s\-/.]*{_MON_WORDS}(?![A-Za-z])",
            "days-months-solid days-month day-month day-month-year day-month-lower year-month-day",
        ),
        (
            rf"{_MON_WORDS}(?![A-Za-z])[.,]*(?:\s+of)?[\s\-/]*(?:the\s+)?['’]?\d",
            "month-range month-day month-day-upper month-of-trial month-pair-named month-year month-year-lower month-pair month-day-lower month-valued",
        ),
        (rf"{_MON_WORDS}(?![A-Za-z])", "month-word word-month month month-span"),
    ]
]
_WORDS = {
    "month": "jan feb mar apr may jun jul aug sep oct nov dec",
    "holiday": "christmas xmas x-mas thanksgiving easter halloween labor memorial independence valentine mother father veterans"
    " president columbus flag juneteenth cinco groundhog boxing black palm ash yom rosh ramadan eid kwanzaa indigenous mlk hanukkah passover diwali patrick martin mardi fourth good new lunar chinese hmong holy",
    "weekday": "mon tue wed thu fri sat sun",
    "quarter": "q1 q2 q3 q4",
    "said": "birth dob born",
    "year said": "nineteen thousand twenty",
    "born": "birth dob d.o.b born",
    "service": "dos doa dod",
    "counted": "week wk day",
    "ordinal": " ".join([*_ORDINALS[3:20], "twenty", "thirty", "thirtieth"]),
    "abroad": "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre janvier"
    " fevrier février mars avril mai juin juillet aout août septembre octobre decembre décembre janeiro fevereiro marco"
    " março maio junho julho setembro outubro novembro dezembro januar februar marz märz juni juli oktober dezember"
    " gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre maj",
}
# Which forms are looked for around which hint, and how far before it and after it.
_AROUND: dict[str, tuple[tuple[str, ...], int, int]] = {
    "month": (tuple(form for _, forms in _OF_MONTH for form in forms), 28, 52),
    "holiday": (("holiday",), 20, 40),
    "weekday": (("weekday-date", "weekday-nth"), 1, 30),
    "quarter": (("quarter",), 1, 16),
    "ordinal": (("the-nth-word",), 12, 12),
    "abroad": (("abroad",), 10, 16),
    "apart": (("spaced",), 12, 24),
    "blanks": (("blanks",), 2, 6),
    "service": (("service-compact",), 0, 10),
    "born": (("born", "born-near", "born-year-first", "born-compact"), 0, 14),
    "said": (("born-said",), 0, 80),
    "year said": (("numbers-said",), 32, 32),
    "dotted": (("dotted",), 0, 14),
    "counted": (("week-of-year",), 0, 16),
    "year-first": (("week-of-year", "year-first-signs"), 6, 16),
    "eight": (("compact",), 2, 4),
    "moment": (("moment",), 2, 14),
    "nth": (("the-nth", "the-nth-bare"), 8, 24),
}
# Which forms are tried where so many digits stand before a stroke, a dash or a stop; not behind one of these.
_DAY_OR_MONTH = (
    *("numeric", "numeric-eu", "numeric-pair", "numeric-range", "month-pair-years", "days-of-year", "month-slash-year"),
    "partial",
    *("partial-day-first", "day-of-month", "day-timed", "day-brought", "falling", "sign-off"),
)
_PARTED = {1: _DAY_OR_MONTH, 2: _DAY_OR_MONTH, 4: ("iso", "year-month", "iso-within")}
_GOES_ON = frozenset("/.-_")
_WENT_ON = {4: ("iso-within",)}
_HINTS = Hints({name: words.split() for name, words in _WORDS.items()})
_SIGNS = {
    "parted": re.compile(r"\d[/\-]['’]?\d|\d\.\d{1,2}\.\d"),
    "blanks": re.compile(r"[0-3]\d [0-3]\d (?=(?:19|20)\d\d)"),
    "apart": re.compile(r"\d\s+[/.\-]\s*\d|\d[/.\-]\s+\d"),
    "year-first": re.compile(r"\d-?[Ww](?=\d)|年"),
    "eight": re.compile(r"(?:19|20)(?<!\d\d\d)\d{6}(?!\d)"),
    "moment": re.compile(r"(?:19|20)(?<!\d\d\d)\d{6}T?\d{4}(?:\d\d)?(?!\d)"),
    "nth": re.compile(r"\d(?:st|nd|rd|th)\b", re.IGNORECASE),
}
# Behind a word that is a hint, what makes it one.
_GO_ON = {
    "born": re.compile(r"(?:\s?date)?\.?[:#]{0,2}\s{0,2}(?=\d)", re.IGNORECASE),
    "counted": re.compile(r" (?=\d{1,3}(?:,| of) (?:19|20)\d\d)"),
}
_DOTTED = re.compile(r"\d{1,2}\.\d{1,2}\. ?(?=[-–tubia])")  # before a date with stops
_OCCURRENCE_YEAR = 2001  # not a leap year; stands in where a date has no year


# A day and month of which nothing but the dates around it tells that it is none of a score, a dose or a setting.
_LIKE = regex.compile(
    rf"(?<![\w/.%\-]){_NO_SCORE}(?<!\b(?i:BiPAP|IPAP|CPAP|PEEP|strength|power|motor|ratio|pulses|reflexes|DTRs?|murmur|pain|of)(?:[:\s]\s?|\s?\|\s?))"
    rf"(?P<m>0?[1-9]|1[0-2])/{_DAY}(?![\w/%]|[.\-]\d|\s*(?i:mg|mcg|mL|cm|mm|points?|strength|power|scale|murmur|hours?|hrs?|tabs?|tender|swollen|on\sthe|in\sall|bilat|out\sof)|\s(?:\p{{Ll}}+[\s\-]){{0,3}}murmur)"
)
_SLASHED = re.compile(r"/(?:(?<=(?<![\w/.])\d/)|(?<=(?<![\w/.])\d\d/))\d{1,2}(?![\w/])")
_SCALES = frozenset({4, 5, 6, 8, 10})  # days that scores have as their most
_NO_SCALE = frozenset({11, 14, 16, 18, 28})  # days that no score has as its most
# More than the whole is no share: ``6/5`` is a day, unless a pressure, a setting or two doses are written so.
_IMPROPER = regex.compile(
    rf"(?<![\w/.%\-])(?<=\p{{L}}[\p{{L}}\d.)]{{0,16}}[:,]?\s){_NO_SCORE}(?P<m>[2-9]|1[0-2])/(?P<d>[1-9]|1[01])(?=(?:[.,;)]|\s+(?:w/|with|by|at|@|per|and|for|to|in|on)\b)?(?:\s|$))"
    r"(?!\s*(?i:mg|mcg|mL|cm|mm|points?|strength|hours?|hrs?|tabs?|films?|tender|bilat|out\sof|on\s(?:room|RA)|[LSIR]\b))"
)
# Over a number that is the most of few scores, behind a word that is no score's, an office or who did something.
_ALONE = regex.compile(
    rf"(?<![\w/.%\-])(?<=(?:\b\p{{Ll}}{{2,16}}|\b\p{{Lu}}\p{{Ll}}{{2,14}}ed|\b{_OFFICES}|\b{_OFFICES}\s\p{{Lu}}[\p{{L}}'’\-]{{1,20}})[:,]?\s){_NO_SCORE}(?P<m>0?[1-9]|1[0-2])/(?P<d>1[1-9]|2\d|3[01])"
    r"(?![\w/%]|[.\-]\d|\s*(?i:mg|mcg|mL|cm|mm|points?|cores?|nodes?|fx|fractions?|visits?|sessions?|units?|treatments?|hours?|hrs?|tabs?|strength|scale|doses?|completed|attended|used|correct|lbs?|items|L\b|x\b))"
)
# Behind what was done or happened: any day behind an event, days that are no scale's most behind any other participle.
_EVENTS = (
    r"booked|stopped|resumed|implanted|inserted|exchanged|replaced|aspirated|transfused|cultured|quit|moved|married|divorced|died|broke|fractured|retired|hired|fired"
    r"|arrested|released|moves|starts|opens|closes|graduates|film|films|ultrasound|u/s|LP|tap|paracentesis|thoracentesis|transfusion|chemo|infusion|injection|epidural|cast|splint"
    r"|extraction|delivery|section|stroke|seizure|crash|trip|wedding|funeral|vacation|flight|interview|shift|game|camp|party|meeting|mtg|mediation|eviction|move"
    r"|deadline|birthday|anniversary|debridement|washout|revision|amputation|cx|cultures?|swab|titers?|levels?|prior|sleep\sstudy|stress\stest|US|KUB|CTA|MRA|MRCP|ERCP|VQ|DVT|PE|MI|CVA|TIA"
    r"|adm|OR|ED|INR|A1c|labs?|CXR|XR|consent|UA|UCx|pap|mammo(?:gram)?|colo(?:noscopy)?|EGD|cath|XRT|HD|dialysis|PICC|foley|trach|drain|RTW|LM|l/m|VM|msg"
    r"|PSG|HVF|OCT|QFT|PKU|HUS|[BUbu]cx|path|NV|missed|ships?|deploying|rx['’]d|(?:R|L)?IJ|CVL|a-?line|next:|return\sto\swork|last\sdrink|(?:wound|postop|post-op|pre-?op|weight|BP)\scheck"
    r"|letter|telehealth|HV|onset|court|hearing|PET|EEG|EMG|EKG|ECG|holter|PFTs?|DEXA|clinic|consult"
)
# What a day stands behind where nothing but the end of a clause, or by whom and where, follows it.
_MOMENTS = (
    r"tonight|tx|TLC|CVC|drawn|redrawn|taken|UDS|utox|UPT|PPD|TST|RPR|CBC|BMP|CMP|TSH|PSA|BNP|Mohs|PPV|LEEP|D&C|C-?section|C/S|S?VD|NSVD|VBAC|IUD|Nexplanon|Depo|TURBT|PCNL|ESWL"
    r"|ESI|MBB|RFA|PCI|ICD|PPM|ablation|cardioversion|DCCV|AVR|MVR|LVAD|whipple|chole|appy|bypass|sleeve|repair|I&D|BKA|AKA|TMA|STSG|CEA|EVAR|DIEP|fusion"
    r"|IVIG|infliximab|rituximab|Remicade|Prolia|Neulasta|Lupron|Vivitrol|Sublocade|Invega|Zometa|Reclast|Eylea|Botox|port"
    r"|\w{3,}(?:ectomy|otomy|ostomy|oscopy|plasty|pexy|centesis|gram)"
    r"|BW|V\d|inj|ext|cert|valid|release|recon|repeat\s[A-Za-z]{1,4}"
    r"|start|end|exp|expires?|refill|off|out|back|dx|rx|resume|recheck|leaves?|arrives|flies|begin|began|call|LVM|copy|rash|fever|symptoms|sx|circ|frenotomy|NST|HUS|crown|cleaning|prophy"
    r"|glasses|MMR|hep\s[AB]|varicella|polio|DTaP|Tdap|flu|covid|RSV|Prevnar|Shingrix|shot|dose\s\d|vaccine|booster|EDC|EDD|due|last\s(?:drink|use|fill|void|BM|seen|visit|chemo|tx|dose|period)|menses|period|recollect"
    r"|PPD\sread|clamp|transfer|pick[\s-]up|ride|conf|conference|eval|re-?eval|procedure|note|visit|began|ended|(?<!pain\s)sent|given|TEE|TTE|d\.|cast\soff|staples\sout|sutures\sout|drain\sout|chgd|d/c'?d|dc'?d|xferred|tx'?d"
    r"|placed|pulled|reviewed|exposed|vaccinated|treated|called|signed|updated|screened|randomi[sz]ed|consented|enrolled|weaned|readmitted|admitted|discharged|injured|kicked|bitten|burned|cleared|deployed"
    r"|collected|received|ordered|scheduled|rescheduled|cancelled|canceled|transferred|evicted|relapsed|overdosed|detoxed|baptized|buried|cremated|adopted|removed|closed|opened|mailed|faxed|emailed|texted"
    r"|biopsied|excised|aborted|miscarried|delivered|circumcised|immunized|boosted|refilled|dispensed|filled|last\sfilled|certified|recertified|licensed|approved|denied|appealed|referred|accepted|declined"
)
_CLAUSE_ENDS = r"(?=\s*[.,;:)\n]|\s?@|\s\([a-z]|\s*$|\s(?:w/?|with|by|at|for|and|in|on|via|re|per|neg|no|pos|nl|normal|wnl|clear|benign|stable|c/w|shows?|showed|to|from|but)\b(?!\s(?:the|his|her|all)\b|\splace))"
_DONE = regex.compile(
    rf"(?<=\b(?i:{_EVENTS}|(?:CT|MRI|XR|US|film)\s(?:head|brain|chest|abd|abdomen|pelvis|spine|neck|knee|hip|shoulder|renal|breast|A/P))[:,]?\s\(?)(?P<m>0?[1-9]|1[0-2])/{_DAY}(?![\w/%]|[.\-]\d|\s*(?i:mg|mcg|mL|cm|mm|points?|strength|fx|visits?|sessions?|doses?|sets?|bottles?|(?-i:GPC|GNR|GPR)|cores?|nodes?))"
    rf"|(?<=\b(?i:{_MOMENTS})[:,]?\s\(?){_NOT_DUE}(?P<m>0?[1-9]|1[0-2])/{_DAY}{_CLAUSE_ENDS}"
    rf"|(?<=\b\p{{L}}\p{{Ll}}{{2,14}}ed\s){_NOT_DUE}(?P<m>0?[1-9]|1[0-2])/(?P<d>[1-37-9])(?=[.,;)]?(?:\s|$))(?!\s*(?i:mg|mcg|mL|cm|mm|points?|strength|fx|visits?|sessions?|doses?|of\b|days|tabs?|items|lb))"
)
# What was done before it, by whom behind it, or a time of day before it.
_TOLD_OF = regex.compile(
    rf"(?:(?<=\b[Ss]/p\s(?:[\w/&\-]+\s){{1,4}}\(?){_NOT_DUE}(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=[.,;)\n]|$|\s(?:w/?|with|by|at|for)\b)"
    rf"|(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=\s(?:by\s|w/?\s|with\s)?Drs?\b)"
    rf"|(?<=\b(?:[01]\d|2[0-3])[0-5]\d\s)(?P<m>0?[1-9]|1[0-2])/(?!(?:5|10)\b){_DAY}(?=[.,;)\n]|$)"
    # Behind what was taken or seen last: ``last dose Osgardin 1/8``.
    rf"|(?<=\b[Ll]ast\s(?!BP\b)(?:[\w\-]+\s){{1,3}}(?:was\s)?)(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=[.,;)\n]|$)"
    # Behind the value of a day.
    rf"|(?<=\p{{L}}[\p{{L}}\d]*\s[<>]?\d{{1,4}}(?:\.\d+)?%?\s)(?P<m>0?[1-9]|1[0-2])/(?P<d>1[136-9]|2[1-35-9]|31)(?=[.,;)\n]|$)"
    # Behind a value with decimals, which no share stands behind, and before what came of it or the hour.
    rf"|(?<=\p{{L}}[\p{{L}}\d]*\s[<>]?\d{{1,3}}\.\d{{1,2}}\s)(?P<m>0?[1-9]|1[0-2])/(?!10\b){_DAY}(?=[.,;)\n]|$|\s?(?:->|→)|\s\d{{4}}\b(?!-)|\s[AP]M\b)"
    # Before what happens on a day.
    rf"|(?<=\b\p{{L}}{{2,16}}\s)(?P<m>0?[1-9]|1[0-2])/(?P<d>1[1-9]|2\d|3[01])(?=\s(?:echo|appt|appointment|MRI|CT|CXR|EGD|colonoscopy|surgery|procedure|biopsy|bx|admission|discharge|ultrasound|mammo(?:gram)?|cath|infusion|hearing|labs|note|scan)\b)"
    rf"|(?<=\b\p{{L}}{{2,16}}\s)(?![13]/[24])(?P<m>0?[1-9]|1[0-2])/{_DAY}(?=\s[AP]M\b)"
    # Behind a heading of several words in capitals.
    rf"|(?<=(?:^|\n)[A-Z]{{3,}}\s[A-Z][A-Z ]{{2,24}}\s)(?P<m>0?[1-9]|1[0-2])/(?!(?:5|10|15|30)\b){_DAY}(?=:\s))"
)
# By whom, behind a form of address or before an office, whatever the day.
_BY_WHOM = regex.compile(
    r"(?<=\b(?:Drs?|Mrs?|Ms|Sr|Fr)\.?\s(?:\p{Lu}[\p{L}'’\-]{1,20}\s){1,2})(?P<m>0?[1-9]|1[0-2])/(?P<d>0?[1-9]|[12]\d|3[01])(?=[.,;)\n]|$|\s(?:at|@|re|for|by|and|then)\b)"
)
# The day of what is done on one: ``the 5/7 session``.
_OF_A_VISIT = regex.compile(
    r"(?<=\bthe\s)(?P<m>0?[1-9]|1[0-2])/(?P<d>0?[1-9]|[12]\d|3[01])(?=\s(?:session|visit|labs?|appt|appointment|note|results?|MRI|CT|meeting|biopsy|dose|injection|infusion)\b)"
)
_UNLED = (_ALONE, _BY_WHOM, _DONE, _TOLD_OF)
# What is given in two strengths, and a score or a wheal, which no day follows.
_DOSED_BEFORE = re.compile(
    r"(?:suboxone|zubsolv|buprenorphine|naloxone|\bbup|\bsub|\baua(?:ss)?|histamine)\s{1,3}\Z", re.IGNORECASE
)
_NO_DAY_BEFORE = re.compile(
    r"(?:pap|\bps|psv|simv|prvc|\biop|\bta|press\w*|vent|settings?|support|ratio|pulses|reflex\w*|dtrs?|power|strength|motor|goals?|\bk|mg|boost|\bgy|sirs|sofa|centor|katz|lawton|cog|heart|timi|alvarado|bishop|beighton|bpp|flacc|cpot|cam|bang|audit|dast|vas|nrs|bleed|curb|sessions?|groups?|page|part|levels?\s|stage|recall|recalled|orientation|exam|nodes?|cores?|polyps|tanner|probing|grade|"
    r"suboxone|zubsolv|buprenorphine|\bbup|\bsub|naloxone|aua(?:ss)?|waddell|histamine|wheal|flare|films?|strips?|hctz|score|pain|apgars?|allred|hla|para|gravida|g\d|p\d|day|week|cycle|bottles?|\bsets?|over|of|from"
    r"|\b(?:(?<!last )tx|visits?|sessions?|treatments?|fractions?|fx|wk|total|attended|completed|met|correct|is|was|as|than|at|ate|number|took|takes|used|gave|size|the"
    r"|teach\s?back|about|only|improved|decreased|increased|graded|limited|reduced|measured|remained|tested|assessed|observed|missed|failed|needed|positioned|rate[sd]?|answered|scored?|line|gauge|trial|case|bed|room|phq|gad|gcs|moca|mmse|slums|bims|madrs|ymrs|hads?|hdrs|fim|berg|cows|ciwa|epds))[:,]?\s\Z",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.,;)\n]|\Z|\s(?:w/?|with|by|at|for)\b")
_LISTED = re.compile(r"(?:,\s?|;\s|\s?&\s?|\sand\s|\s?-\s?)\Z")
_GOES_ON_TO = re.compile(r"\s?[-–&,]\s?|\s(?:and|to|or|thru)\s")
_FIRST_MONTH = re.compile(r"(?:(?:19|20)\d\d[-/.])?(?P<m>1[0-2]|0?[1-9])[-/.]\d|.*?(?P<mon>[A-Za-z]{3})")
# What is said of a time of the year rather than of a day.
_GENERAL = re.compile(
    r"\b(?:every|each|usually|typically|often|seasonal(?:ly)?|endemic|outbreaks?|peak(?:s|ed|ing)?\s(?:in|from|between|around|during)"
    r"|active\s(?:in|from|between|during)|(?:more|most)\scommon|(?:higher|highest|greater|greatest)\s(?:\w+\s)?(?:risks?|rates?|incidence)"
    r"|(?:risks?|rates?|incidence|cases)\s(?:rises?|increases?|peaks?|climbs?))\b",
    re.IGNORECASE,
)
_SENTENCE = 160  # letters on either side that a sentence is looked for in


def ordinal(day: int) -> str:
    """A day of a month in words: ``third``."""
    return _ORDINALS[day - 1]


# What is counted as so many of so many: ``3/22 nodes``, ``10/10 HLA match``.
_COUNTED = regex.compile(
    r"\s(?:(?:of|the|random|total|biopsy|\p{Ll}+[ai][cr]|lymph|positive|sentinel|target(?:ed)?|regional|left|right)\s){0,2}"
    r"(?:nodes?|LNs?|SLNs?|cores?|HLA|antigens?|alleles?|bottles|blocks|fragments|criteria|joints|fractions|SL|films?|strips?|tsp|tbsp|cups?|teaspoons?|tablespoons?|tab(?:let)?s?|pills?|packs?|ppd|inch(?:es)?|hours?|hrs?|miles?)\b"
)
_BARE_SHARE = re.compile(r"\d{1,2}/\d{1,2}\Z")


def is_counted(text: str, start: int, end: int) -> bool:
    """Whether a bare day and month is so many of what stands behind it."""
    return _COUNTED.match(text, end) is not None and _BARE_SHARE.match(text[start:end]) is not None


def find(text: str) -> Iterator[Found]:
    """Every date that is more exact than a year."""
    found = [f for f in _formed(text) if not is_counted(text, f.start, f.end)]
    yield from found
    yield from _like_others(text, found)
    yield from _like_dashed(text, found)


def _like_others(text: str, found: list[Found]) -> Iterator[Found]:
    """Bare days and months: what tells them stands beside them, or they are like other dates of the text."""
    if "/" not in text:
        return
    places, ends = Places((f.start, f.end) for f in found), {f.end for f in found}
    starts = {f.start for f in found}
    months = {m for f in found if (m := _month_of(text[f.start : f.end]))}
    bare: list[regex.Match[str]] = []
    for slashed in _SLASHED.finditer(text):
        start, _ = _digits(text, slashed.start() - 1)
        told = _told_beside(text, start)
        if told is None:
            match = _LIKE.match(text, start)
            taken = match is None or places.hold(*match.span()) or is_counted(text, *match.span())
            taken = taken or _DOSED_BEFORE.search(text, max(0, start - 16), start) is not None
            if match is not None and not taken and _possible(match):
                bare.append(match)
        elif not places.hold(*told.span()):
            ends.add(told.end())
            months.add(int(told["m"]))
            yield Found(told.start(), told.end(), "DATE", "date:beside")
    together = _of_one_month(text, bare)
    for match in bare if ends or together else ():
        if match in together or _like(text, match, months, ends, starts):
            ends.add(match.end())
            yield Found(match.start(), match.end(), "DATE", "date:like-others")


# A day and month with a dash, which is a range where no date of the text is written so.
_DASHED = regex.compile(
    r"(?<=\b(?!(?:of|for|every|about|only|over|rates?|rated|pain|weeks?|wks?|days?|ages?|aged|visits?|goals?|level|score|least|most)\s)\p{Ll}{2,12}:?\s)(?P<m>0?[1-9]|1[0-2])-(?P<d>1[3-9]|2\d|3[01])(?=[.,;)\n]|\Z|\s(?:w/|with|at|by|for|and|from|to)(?!\w))"
)
_BARE_DASHED = re.compile(r"\d{1,2}-\d{1,2}\Z")
_NEXT_DASHED = regex.compile(
    r"(?:,|,? (?i:and)| &)[ ](?P<m>0?[1-9]|1[0-2])-(?P<d>0?[1-9]|[12]\d|3[01])(?![\w/\-]|\.\d)"
)
_DASHED_DAY = re.compile(r"\d{1,2}-\d{1,2}-\d{2,4}\Z")


def _like_dashed(text: str, found: list[Found]) -> Iterator[Found]:
    """Days with a dash behind another, and in a month of the whole dates that are written with dashes."""
    for end in (f.end for f in found if _BARE_DASHED.match(text[f.start : f.end])):
        at = end
        while (match := _NEXT_DASHED.match(text, at)) is not None and _possible(match):
            at = match.end()
            yield Found(match.start("m"), at, "DATE", "date:like-dashed")
    days = (text[f.start : f.end] for f in found if "-" in text[f.start : f.start + 3])
    months = {_month_of(day) for day in days if _DASHED_DAY.match(day)}
    if months:
        for match in _DASHED.finditer(text):
            if int(match["m"]) in months and _possible(match):
                yield Found(match.start(), match.end(), "DATE", "date:like-dashed")


def _told_beside(text: str, start: int) -> regex.Match[str] | None:
    """A day and month that is more than a share may be, or that what stands beside it tells."""
    visit = _OF_A_VISIT.match(text, start)
    if visit is not None and _possible(visit):
        return visit
    over = _IMPROPER.match(text, start)
    if over and int(over["m"]) > int(over["d"]):
        told = over
    else:
        told = next(filter(None, (form.match(text, start) for form in _UNLED)), None)
    if told is None or not _possible(told) or _no_day_before(text, start) or is_counted(text, *told.span()):
        return None
    return told


def _no_day_before(text: str, start: int) -> bool:
    return _NO_DAY_BEFORE.search(text, max(0, start - 16), start) is not None


def _like(text: str, match: regex.Match[str], months: set[int], ends: set[int], starts: set[int]) -> bool:
    """Whether a day stands behind another date or within a month of one, and no score is written so."""
    month, day = int(match["m"]), int(match["d"])
    start = match.start()
    if day in _NO_SCALE or any(_LISTED.match(text, e, start) for e in _near(ends, start)):
        return True
    if (goes_on := _GOES_ON_TO.match(text, match.end())) and goes_on.end() in starts:
        return True
    celled = text[max(0, start - 2) : start] == "| " and text.startswith(" |", match.end())
    if month != day and (day not in _SCALES or celled) and month in months:
        return True
    near = any((month - m) % 12 in (0, 1, 11) for m in months)
    lined = start == 0 or text[start - 1] == "\n"
    return near and (day > 10 or month > day or lined)


def _of_one_month(text: str, bare: list[regex.Match[str]]) -> list[regex.Match[str]]:
    """Those of several days that are of one month: two scores over one another's most are rare."""
    days: dict[str, set[int]] = {}
    may = [m for m in bare if m["m"] != m["d"] and _ENDED.match(text, m.end()) and not _no_day_before(text, m.start())]
    for m in may:
        days.setdefault(m["m"], set()).add(int(m["d"]))
    return [m for m in may if len(days[m["m"]]) > 1 and not days[m["m"]] <= _SCALES]


def _near(ends: set[int], start: int) -> Iterator[int]:
    return (e for e in range(start - 5, start) if e in ends)


def _month_of(date_text: str) -> int | None:
    """The month of a date as it is most likely written."""
    match = _FIRST_MONTH.match(date_text)
    if match is None:
        return None
    return int(match["m"]) if match["m"] else _MONTH_OF.get(match["mon"].lower())


def _in_general(text: str, match: regex.Match[str]) -> bool:
    """Whether a month without day and year is a time of every year: ``peaks in April``."""
    start = max(0, match.start() - _SENTENCE)
    start = max(start, *(text.rfind(stop, start, match.start()) for stop in (". ", "\n", "? ")))
    stops = [text.find(stop, match.end(), match.end() + _SENTENCE) for stop in (". ", "\n", "? ")]
    end = min([s for s in stops if s >= 0], default=match.end() + _SENTENCE)
    return _GENERAL.search(text, start, end) is not None


def _formed(text: str) -> Iterator[Found]:
    """Dates that their form or what stands beside them tells."""
    hints: dict[str, list[Place]] = _HINTS.places(lowered(text))
    for name, sign in _SIGNS.items():
        hints[name] = [m.span() for m in sign.finditer(text)]
    for name, goes_on in _GO_ON.items():
        hints[name] = [(a, m.end()) for a, b in hints.get(name, ()) if (m := goes_on.match(text, b))]
    if any(text[a + 1] == "." for a, _ in hints["parted"]):
        hints["dotted"] = [m.span() for m in _DOTTED.finditer(text)]
    for start, end in sorted({_digits(text, a) for a, _ in hints.pop("parted")}):
        went_on = start > 0 and text[start - 1] in _GOES_ON
        for name in (_WENT_ON if went_on else _PARTED).get(end - start, ()):
            match = _PATTERN[name].match(text, start)
            if match is not None and _possible(match):
                yield Found(match.start(), match.end(), "DATE", f"date:{name}")
    for hint, places in hints.items():
        forms, before, after = _AROUND[hint]
        for start, end in windows(places, before, after):
            if hint == "month":
                forms = tuple(f for sign, several in _OF_MONTH if sign.search(text, start, end) for f in several)
            for name in forms:
                for match in _PATTERN[name].finditer(text, start, end):
                    if _possible(match) and not (name == "month" and _in_general(text, match)):
                        yield Found(match.start(), match.end(), "DATE", f"date:{name}")


def _digits(text: str, at: int) -> Place:
    """Where the digits begin and end of which a place is one."""
    start = end = at
    while start and text[start - 1].isdecimal():
        start -= 1
    while text[end : end + 1].isdecimal():
        end += 1
    return start, end


def _groups(match: regex.Match[str]) -> dict[str, str]:
    return {k: v for k, v in match.groupdict().items() if v}


_TO_SHARE = re.compile(r"\s?(?:-|–|to)\s?(?P<m>\d{1,2})/(?P<d>5|10)(?![\d/])")


def _share(match: regex.Match[str], month: int, day: str) -> bool:
    """Whether a month and a day are a strength or a pain that got less: ``4/5 to 5/5``, ``8/10 to 3/10``."""
    to = _TO_SHARE.match(match.string, match.end("d"))
    if day not in ("5", "10") or to is None or to["d"] != day:
        return False
    return int(to["m"]) < month if day == "10" else max(int(to["m"]), month) <= int(day)


_UNITS = frozenset({"7", "12"})  # what days and months are counted in; weeks are in 52
# Lengths of time as no day, and as no month and year, is written.
_LENGTHS = re.compile(
    r"(?<=\d)/(?:7|12)\sago\b|(?<![\d/])\d\s?[-–]\s?\d{1,2}/52(?![\d/])|(?<![\d/])\d{1,2}/52\s(?:ago|history|hx|of|cough)\b"
)
# What stands behind a length of time, and before it.
_LASTED = re.compile(r"\s(?:ago|hx|history|post\w*|time|later|then|course)\b", re.IGNORECASE)
_LASTS = re.compile(
    r"(?:(?<!\bbooked )(?<!\bscheduled )(?<!\blisted )(?<!\bplanned )(?<!\bdue )(?<!appt )(?<!appointment )\bfor|\b(?:in|x|every|over|past"
    r"|within|mane|nocte|bd|od|tds|qds|daily|prn)|~)\s?\Z",
    re.IGNORECASE,
)
_SOME_WEEKS = re.compile(r"(?<![\d/])(?:[1-9]|1[0-2])/52(?![\d/])")


def _lasts(match: regex.Match[str]) -> bool:
    """Whether a share is a length of time as the British write it, ``3/7`` for three days, in a text that tells so."""
    text, start, end = match.string, min(match.start("m"), match.start("d")), max(match.end("m"), match.end("d"))
    if "m2" in match.groupdict() or text[text.rfind("/", 0, end) + 1 : end] not in _UNITS:
        return False
    if _LASTED.match(text, end) is None and _LASTS.search(text, max(0, start - 28), start) is None:
        return False  # a day in July or December
    return _LENGTHS.search(text) is not None or ("/52" in text and len(_SOME_WEEKS.findall(text)) > 1)


def _possible(match: regex.Match[str]) -> bool:
    parts = _groups(match)
    month = _month(parts)
    day = parts.get("d")
    if month and day and int(day) > calendar.monthrange(2000, month)[1]:
        return False
    bare = month and day and "m" in parts and not parts.keys() & {"y", "y2"}
    if bare and month and day and (_share(match, month, day) or _lasts(match)):
        return False
    return not (parts.get("mon") in ("may", "mar") and not parts.keys() & {"y", "ord", "dw"})


def _month(parts: dict[str, str]) -> int | None:
    if "mon" in parts:
        return _MONTH_OF[parts["mon"].lower().rstrip(".")]
    return int(parts["m"]) if "m" in parts else None


_YEAR_TOLD = regex.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|^(?:19|20)\d\d")


def year_of(text: str) -> str | None:
    """The year written in a date, of four digits or in words, if there is one."""
    match = _YEAR_TOLD.search(text)
    if match is not None:
        return str(match.group())
    read = _read(text)
    return _groups(read[1]).get("ys") if read else None


_DAY_NAMES = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DAY_NAME = re.compile(r"(?P<w>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*)(?P<dot>\.?,?\s+)(?:the\s+)?(?=\S)", re.IGNORECASE)
# Dates that are found by what stands before them are written without it.
_BARE = regex.compile(rf"(?P<m>0?[1-9]|1[0-2])[/.\-\\]{_DAY}(?:[/.\-\\]{_YEAR})?")
_BARE_MONTH = regex.compile(_MON, regex.IGNORECASE)
_BORN_BARE = regex.compile(
    rf"(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01]){_YEAR}|(?P<y2>\d\d)/(?P<m>0[1-9]|1[0-2])/(?P<d>[0-3]\d)"
)
_NO_DAY = frozenset(
    {
        "the-nth",
        "the-nth-word",
        "abroad",
        "born-said",
        "numbers-said",
        "weekday-nth",
        "holiday",
        "quarter",
        "weekday-date",
        "week-of-year",
    }
)


def shifted(text: str, days: int, year: int | None = None) -> str | None:
    """The date moved by a number of days and written in the form it was found in; None when it names no calendar day.

    Both ends of a range move. The name of a weekday becomes that of the new date.

    Args:
        text: the date.
        days: how far it moves.
        year: of which it is where it tells none: over a leap day it tells whether it keeps its distance to others.
    """
    read = _read(text)
    if read is None:
        return _each(text, days, year)
    form, match, name = read
    return None if form in _NO_DAY else _rewritten(match, days, name, year or _OCCURRENCE_YEAR)


def usual_year(dates: Iterable[str]) -> int | None:
    """The year that most of a text's dates tell, of several the last; None where none tells one."""
    told = Counter(_full(year) for text in dates for year in years_of(text))
    return max(told, key=lambda year: (told[year], year)) if told else None


def years_of(text: str) -> list[str]:
    """The years that a date tells, or each of several: as written, of four digits or two; a day is none."""
    read = _read(text)
    if read is not None:
        parts = _groups(read[1])
        said = [str(_year_meant(parts["ys"]))] if "ys" in parts else []
        return [*(parts[group] for group in ("y", "y2", "z") if group in parts), *said]
    return [year for start, end in _whole(text) if (start, end) != (0, len(text)) for year in years_of(text[start:end])]


@lru_cache(maxsize=1 << 12)
def _read(text: str) -> tuple[str, regex.Match[str], re.Match[str] | None] | None:
    """The form that the whole of a date is written in, its parts, and the name of a weekday before them."""
    name = _DAY_NAME.match(text)
    bare = text[name.end() :] if name else text
    for form, pattern in [*_FORMS, ("bare", _BARE), ("born-bare", _BORN_BARE), ("month-bare", _BARE_MONTH)]:
        match = pattern.fullmatch(bare)
        if match is not None and _possible(match):
            return form, match, name
    return None


def _each(text: str, days: int, year: int | None) -> str | None:
    """Several dates with nothing but signs between them, each moved."""
    out, at = [], 0
    for start, end in _whole(text):
        if (start, end) == (0, len(text)) or any(c.isalnum() for c in text[at:start]):
            return None
        moved = shifted(text[start:end], days, year)
        if moved is None:
            return None
        out += [text[at:start], moved]
        at = end
    return "".join([*out, text[at:]]) if at and not any(c.isalnum() for c in text[at:]) else None


def _whole(text: str) -> list[Place]:
    """Where dates stand, those that overlap joined."""
    return list(windows(((f.start, f.end) for f in find(text)), 0, 0))


def _rewritten(match: regex.Match[str], days: int, name: re.Match[str] | None, usual: int) -> str | None:
    parts = _groups(match)
    month = _month(parts)
    if month is None:
        return None
    year = int(parts["y"]) if "y" in parts else _century(parts["y2"]) if "y2" in parts else usual
    year = _year_meant(parts["ys"]) if "ys" in parts else year
    day = (
        int(parts["d"])
        if "d" in parts
        else _ORDINALS.index("-".join(parts["dw"].lower().split())) + 1
        if "dw" in parts
        else 15
    )
    last_month = int(parts["m2"]) if "m2" in parts else _MONTH_OF[parts["mon2"].lower()] if "mon2" in parts else month
    last_year = _full(parts["z"]) if "z" in parts else year
    if "z" not in parts and (last_month, int(parts.get("d2", 32))) < (month, day):
        year -= 1  # a range over New Year tells the year of its end
    try:
        moved = date(year, month, day) + timedelta(days=days)
        several = parts.keys() & {"d2", "m2", "mon2"}
        last = date(last_year, last_month, int(parts.get("d2", day))) + timedelta(days=days) if several else moved
    except (ValueError, OverflowError):
        return None
    told = moved if "z" in parts else last
    width = 2 if len(parts.get("d", "")) == 2 and match.group().isalnum() else _width(parts)
    new = {
        "y": f"{told.year:04d}",
        "y2": f"{told.year % 100:02d}",
        "ys": _cased(parts.get("ys", ""), _year_said(told.year)),
        "m": f"{moved.month:0{width}d}",
        "d": f"{moved.day:0{width}d}",
        "mon": _named(parts.get("mon", ""), moved.month),
        "ord": _cased(parts.get("ord", ""), _suffix(moved.day)),
        "dw": _cased(parts.get("dw", ""), _ORDINALS[moved.day - 1]),
        "m2": f"{last.month:0{width}d}",
        "d2": f"{last.day:0{width}d}",
        "ord2": _cased(parts.get("ord2", ""), _suffix(last.day)),
        "mon2": _named(parts.get("mon2", ""), last.month),
        "z": f"{last.year:04d}"[-len(parts.get("z", "")) :],
    }
    if "d2" in parts and not parts.keys() & {"m2", "mon2"} and last.month != moved.month:
        if match.start("d2") < match.start("mon"):  # ``21 to 27 December``
            behind = "ord" if "ord" in parts else "d"
            new[behind], new["mon"] = f"{new[behind]} {new['mon']}", _named(parts["mon"], last.month)
        else:
            new["d2"] = f"{_named(parts['mon'], last.month)} {last.day}"
    text = match.group()
    for group in sorted((g for g in parts if g in new), key=lambda g: -match.start(g)):
        a, b = match.start(group) - match.start(), match.end(group) - match.start()
        text = text[:a] + new[group] + text[b:]
    named = (
        _weekday(name, moved if parts.keys() & {"y", "y2", "ys"} else None, days) if name and "d2" not in parts else ""
    )
    return named + str(text)


def _weekday(name: re.Match[str], moved: date | None, days: int) -> str:
    """The name of a date's weekday as long as the one found, with the signs behind it.

    Where no year tells it, it is as many days on as the date.
    """
    found = name["w"]
    at = next(i for i, day in enumerate(_DAY_NAMES) if day[:3].lower() == found[:3].lower()) + days
    full = _DAY_NAMES[moved.weekday() if moved else at % 7]
    made = full if found.lower().endswith("day") and len(found) > 5 else full[:3]
    return _cased(found, made) + name["dot"]


def _cased(found: str, made: str) -> str:
    """A word in the case of the one found."""
    return made.upper() if found.isupper() else made.lower() if found.islower() else made[:1].upper() + made[1:]


def _year_meant(said: str) -> int:
    """The year of words such as ``nineteen fifty two``."""
    words = [w for w in said.lower().replace("-", " ").split() if w not in ("and", "oh", "hundred")]
    century, rest = (2000, words[2:]) if words[:2] == ["two", "thousand"] else (_CENTURIES[words[0]], words[1:])
    return century + sum(_WORTH[word] for word in rest)


def _year_said(year: int) -> str:
    """A year in words, as it is said most often."""
    rest = year % 100
    below = _ONES[rest - 1] if 0 < rest < 10 else _TEENS[rest - 10] if rest < 20 else _TENS[rest // 10 - 2]
    below += f" {_ONES[rest % 10 - 1]}" if rest > 20 and rest % 10 else ""
    if 2000 <= year < 2010:
        return f"two thousand {below}" if rest else "two thousand"
    century = {19: "nineteen", 20: "twenty"}.get(year // 100, str(year // 100))
    return f"{century} hundred" if not rest else f"{century} oh {below}" if rest < 10 else f"{century} {below}"


_CENTURIES = {"nineteen": 1900, "twenty": 2000}
_WORTH = {
    **{word: n for n, word in enumerate([*_ONES, *_TEENS], 1)},
    **{word: n for n, word in zip(range(20, 100, 10), _TENS, strict=True)},
}


def _full(year: str) -> int:
    return int(year) if len(year) == 4 else _century(year)


def _width(parts: dict[str, str]) -> int:
    """Digits of a day or month: two where the date pads one of them, or could and has no single one."""
    numbers = [parts[g] for g in ("m", "d", "m2", "d2") if g in parts]
    padded = any(n[0] == "0" for n in numbers)
    return 2 if padded or ("m" in parts and all(len(n) == 2 for n in numbers)) else 1


def _century(two: str) -> int:
    return 2000 + int(two) if int(two) <= 30 else 1900 + int(two)


def _named(found: str, month: int) -> str:
    name = MONTHS[month - 1]
    bare = found.rstrip(".")
    made = (
        name if bare.lower() in (m.lower() for m in MONTHS) and (len(bare) > 3 or bare.lower() == "may") else name[:3]
    )
    return _cased(bare, made)


def _suffix(day: int) -> str:
    return "th" if 11 <= day % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
