"""What the generator fills into its templates: people, places, dates and numbers, each in a form drawn by chance.

Names are written here by origin, common ones and rare ones, names that are words, names that are eponyms; places are
real towns with words among them. Nothing here is read by the engine.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

ORIGINS: dict[str, tuple[str, str, str]] = {
    "anglo": (
        "Emily Charlotte Madison Harper Paisley Brooklyn Kaylee Addison Mackenzie Delaney Bernadette Opal Mabel",
        "Ethan Jayden Brayden Landon Colton Tucker Wyatt Jaxon Desmond Percival Clyde Thaddeus Emmett",
        "Whitaker Ellsworth Hathaway Pennington Winthrop Thornbury Ashworth Crenshaw Birdsong Holloway Tillman Sizemore",
    ),
    "black": (
        "Latoya Shaniqua Keisha Aaliyah Tanisha Ebony Imani Nia Zuri Precious",
        "DeShawn Jamal Tyrone Darnell Malik Kareem Terrell D'Angelo Marquis Lamar",
        "Washington Booker Gaines Mosley Muhammad Broadnax Pettway Tubbs Ruffin Gadson",
    ),
    "mexican": (
        "Guadalupe Xochitl Marisol Itzel Yesenia Ximena Lupita Esperanza",
        "Jesús Ángel Refugio Cuauhtémoc Efraín Ignacio Heriberto Moisés",
        "Hernández Zavala Villaseñor Ybarra Cisneros Olmos Huerta Quiñones Magaña Ledezma",
    ),
    "hispanic-two": (
        "María-Elena Ana-Lucía Rocío Paloma",
        "José-Luis Juan-Carlos Gonzalo Leopoldo",
        "García-Robles Ortiz|Maldonado De|la|Torre Vega-Santos Del|Río Montes|de|Oca",
    ),
    "chinese": (
        "Xiaoling Meifeng Yanhong Qian Jiayi",
        "Zhiwei Guoqiang Jianhua Haoran Bin",
        "Zhang Xu Qiu Ouyang Tang Zhao Guo Hsieh Ng Yip",
    ),
    "vietnamese": ("Thuy Ngoc Linh Phuong Hanh", "Quang Duc Tuan Khoa Hieu", "Nguyen Tran Huynh Vo Truong Bui Dinh"),
    "korean": (
        "Soo-jin Hye-won Min-ji Eunkyung",
        "Jae-hyun Sung-min Dong-wook Hyunwoo",
        "Kim Park Choi Bae Yoon Seong Hwang Gwak",
    ),
    "japanese": ("Sakura Haruka Yuki Chiyo", "Takeshi Hiroshi Kenji Daisuke", "Tanaka Yamashita Nakagawa Oshiro Kuwabara"),
    "indian": (
        "Priya Lakshmi Aishwarya Deepika Sunita Kavya",
        "Rajesh Venkatesh Arjun Sandeep Harish Balakrishna",
        "Patel Krishnamurthy Subramanian Chatterjee Iyer Venkataraman Reddy Singh Mukherjee",
    ),
    "arab": (
        "Fatima Noor Zainab Hanan Rania",
        "Mohammed Abdulrahman Khalid Youssef Tariq",
        "Al-Khatib El-Sayed Haddad Abu-Bakr bin|Rashid Mansour Qureshi Farouk",
    ),
    "persian": ("Shirin Nasrin Parisa", "Behrouz Kourosh Farhad", "Tehrani Ahmadinejad Khosravi Moghaddam"),
    "nigerian": (
        "Chiamaka Ngozi Adaeze Folake Oluwaseun",
        "Chukwuemeka Babatunde Ifeanyi Olumide Emeka",
        "Okonjo Adeyemi Nwosu Ogunleye Balogun Eze Chukwu",
    ),
    "ethiopian": ("Tigist Selamawit Hiwot", "Tesfaye Getachew Dawit", "Bekele Gebremariam Woldemichael Haile"),
    "somali": ("Hodan Ifrah Sahra", "Abdirahman Cabdi Liban", "Warsame Jama Farah Hirsi"),
    "polish": (
        "Agnieszka Małgorzata Bożena",
        "Krzysztof Wojciech Zbigniew",
        "Wiśniewski Szczepański Brzezinski Krawczyk Dąbrowska",
    ),
    "russian": ("Svetlana Lyudmila Oksana Yevgenia", "Dmitri Vyacheslav Gennady Arkady", "Volkov Ivanenko Kuznetsova Shevchenko Petrov"),
    "german": ("Gretchen Liesl Ingeborg", "Wolfgang Dieter Heinrich", "von|Hohenberg Schreiber Müller Zimmermann Kraus Vogelsang"),
    "dutch": ("Saskia Marijke", "Pieter Willem", "van|den|Berg Vandermeer ten|Broek DeVries Hoekstra"),
    "italian": ("Giovanna Ornella Concetta", "Giuseppe Salvatore Vincenzo", "Di|Lorenzo DeLuca Esposito Mastroianni Lo|Presti"),
    "french": ("Geneviève Solange Mireille", "Jean-Baptiste Thierry Gaétan", "Thibodeaux Beauchamp LeBlanc Boudreaux St.|Pierre"),
    "irish": ("Siobhan Niamh Maeve Caoimhe", "Padraig Declan Eoin", "O'Shaughnessy McGillicuddy MacDougall Fitzsimmons O'Malley"),
    "greek": ("Despina Evangelia", "Panagiotis Stavros", "Papadopoulos Anagnostou Theodorakis Kostas"),
    "filipino": ("Maricel Jhoanna Analyn", "Rodrigo Bayani Jomar", "Macaraeg Dimaculangan Bautista Pangilinan"),
    "hmong": ("Mai Pa|Houa Yer", "Tou Kou Chue", "Xiong Vang Yang Moua Lor"),
    "hawaiian": ("Leilani Kalea", "Keoni Kaimana", "Kahananui Kealoha Makoa"),
    "native": ("Winona Aiyana", "Elan Chaska", "Begay Tsosie Yellowhorse Whitebear Locklear"),
    "words": (
        "Rose Grace Hope Faith Joy Dawn April June Summer Autumn Ivy Violet Pearl Ruby Angel Destiny Melody Precious",
        "Will Mark Bill Grant Chase Hunter Frank Rich Art Gene Dean Ray Drew Chance Miles Jack Rusty Sterling",
        "Young Long Rice Case Price Hill Wood Brown White Black Stone Park Day Weeks Cross Field Pope Bird Fox Wolf Lamb"
        " Banks Rivers Waters Snow Frost Winter Moody Small Short Little Sharp Swift Best Cook Love Pain Burns Bone Hand"
        " Foot Head Savage Strange Coffee Sugar Bacon Bean Berry Flowers Gamble Grave Hardy Church Street May March August",
    ),
    "eponyms": (
        "Mary Ellen Judith",
        "Thomas Leonard Victor",
        "Parkinson Baker Wilson Graves Bell Gilbert Addison Hunter Barrett Crohn Bishop Gleason Foley Down Turner Marfan"
        " Murphy Paget Norton Braden Glasgow Weber Fowler Sims Kelly Allen",
    ),
}  # fmt: skip
NICK = "Bubba Tiny Skip Junior Mimi Papa|Joe Dot Buddy Red Ace".split()
CITIES = """
    Bakersfield Duluth Cheyenne Poughkeepsie Albuquerque Chattanooga Waukesha Schenectady Tuscaloosa Kalamazoo
    Sheboygan Pawtucket Brattleboro Winnemucca Yakima Texarkana Ypsilanti Baton|Rouge St.|Louis Fort|Wayne
    Terre|Haute Coeur|d'Alene Winston-Salem San|Bernardino Las|Cruces El|Paso Green|Bay Cedar|Rapids Grand|Forks
    Council|Bluffs Mobile Phoenix Buffalo Orange Reading Independence Normal Lyme Norwalk Salem Hope Liberty Augusta
    Eureka Cumberland Marion Troy Corona Providence Enterprise Opportunity Helena Gary Wheeling Rush|City Golden
    Boring Hazard Surprise Burns Bath Mystic Framingham Lancaster Charlotte Jackson Houston Dallas
    """.split()
WORD_CITIES = frozenset("Mobile Orange Reading Normal Hope Liberty Corona Providence Enterprise Opportunity".split())
ABROAD = """
    Oaxaca Port-au-Prince Marburg Guadalajara Lagos Kathmandu Ho|Chi|Minh|City Kinshasa Kraków Tegucigalpa Chengdu
    Mogadishu Managua Cebu|City Ludhiana Aleppo
    """.split()
STATES = (
    "AL AZ CA CO CT FL GA IA ID IL IN KY LA MA MD ME MI MN MO NC NE NJ NM NV NY OH OK OR PA SC TN TX VA WA WI".split()
)
STATE_NAMES = "Alabama Arizona Colorado Georgia Idaho Iowa Kentucky Maine Ohio Oregon Texas Virginia Wisconsin".split()
COUNTIES = "Maricopa Cook Hennepin Cuyahoga Tarrant Allegheny Yoknapatawpha St.|Tammany Prince|George's Kern".split()
STREETS = """
    Maplewood|Dr N.|42nd|Street Martin|Luther|King|Jr|Blvd Old|Post|Road SW|Barbur|Boulevard Peachtree|St|NE
    E|Main|St Country|Club|Ln County|Road|9 Pine|Ridge|Ct Via|Dolorosa Camino|del|Rey Lakeshore|Ter Rue|Bourbon|Ave
    Wagon|Wheel|Trl Avenue|C Highway|61|South Fox|Run Farm-to-Market|Road|1960 Elm
    """.split()
HOSPITALS = """
    {city}|General|Hospital {city}|Regional|Medical|Center St.|Agnes|Hospital St.|Jude's Mercy|{city} Sacred|Heart|Hospital
    Good|Samaritan|Hospital {last}|Memorial|Hospital Our|Lady|of|Lourdes|Medical|Center {city}|VA|Medical|Center
    Holy|Cross|Hospital University|of|{state}|Medical|Center {city}|Children's|Hospital Bon|Secours|{city} UPMC|{city}
    Kaiser|{city} AdventHealth|{city} {city}|Community|Hospital Intermountain|{city} Banner|{city}|Medical|Center
    {city}|Deaconess Mount|{last}|Hospital {county}|County|Medical|Center
    """.split()
CLINICS = """
    {city}|Family|Medicine {last}|Orthopedics|and|Sports|Medicine {city}|Women's|Health {last}|Pediatrics
    {city}|Urgent|Care Northside|Cardiology|Associates Planned|Parenthood|of|{city} {city}|Dialysis|Center
    {last}|&|{last}|Dermatology Sunrise|Eye|Institute {city}|Pain|Clinic {last}|Clinic
    """.split()
HOMES = """
    Golden|Oaks|Care|Center Shady|Pines|Assisted|Living {city}|Rehab|and|Nursing|Center Brookdale|{city}|Memory|Care
    Villa|{last}|Retirement|Community Evergreen|Manor|Nursing|Home Harbor|House|Shelter {county}|County|Jail
    """.split()
SCHOOLS = """
    {city}|High|School {last}|Elementary {last}|Middle|School {city}|Community|College St.|Brendan's|School
    University|of|{city}
    """.split()
EMPLOYERS = """
    {last}|Plumbing|LLC {city}|Steel|Works {last}|&|Sons|Roofing {city}|Police|Department {city}|Public|Schools
    {last}|Trucking|Inc. {city}|Fire|Department First|Baptist|Church|of|{city} {last}|Law|Group
    """.split()
FIRMS = """
    Quillmark Norvane Kestrel|Foods Blue|Lantern Red|Anchor Tallgrass Stonebridge Brightwell Harbor|Point Costwise Velora
    """.split()
BARE_STREETS = "Elm Oak Sycamore Walnut Willow Chestnut Magnolia Lakeview Prospect Spruce".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
NTH = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth
    twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
    """.split()
ONES = "zero one two three four five six seven eight nine".split()


@dataclass(frozen=True)
class Person:
    """A person of a note."""

    first: str
    middle: str
    last: str
    sex: str
    origin: str


def spaced(text: str) -> str:
    return text.replace("|", " ")


def person(rng: random.Random, origin: str | None = None, last: str | None = None) -> Person:
    """A person of a drawn origin; one of four has a name that is a word or an eponym."""
    drawn = origin or rng.choice([*list(ORIGINS), "words", "words", "words", "eponyms", "anglo", "mexican", "black"])
    female, male, family = ORIGINS[drawn]
    sex = rng.choice("FM")
    first = spaced(rng.choice((female if sex == "F" else male).split()))
    middle = rng.choice("ABCDEFGHJKLMNPRSTVW")
    return Person(first, middle, last or spaced(rng.choice(family.split())), sex, drawn)


NAME_FORMS: dict[str, Callable[[Person], str]] = {
    "full": lambda p: f"{p.first} {p.last}",
    "first": lambda p: p.first,
    "last": lambda p: p.last,
    "lf": lambda p: f"{p.last}, {p.first}",
    "lfm": lambda p: f"{p.last}, {p.first} {p.middle}.",
    "lfu": lambda p: f"{p.last}, {p.first} {p.middle}".upper(),
    "fml": lambda p: f"{p.first} {p.middle}. {p.last}",
    "il": lambda p: f"{p.first[0]}. {p.last}",
    "fi": lambda p: f"{p.first} {p.last[0]}.",
    "ini": lambda p: f"{p.first[0]}{p.last[0]}".upper(),
    "up": lambda p: f"{p.first} {p.last}".upper(),
    "lastup": lambda p: p.last.upper(),
    "low": lambda p: f"{p.first} {p.last}".lower(),
    "lastlow": lambda p: p.last.lower(),
    "firstlow": lambda p: p.first.lower(),
    "caret": lambda p: f"{p.last}^{p.first}^{p.middle}".upper(),
}


def day(rng: random.Random) -> date:
    return date(2009, 1, 1) + timedelta(days=rng.randrange(6000))


def _ordinal(n: int) -> str:
    return f"{n}{'th' if 11 <= n % 100 <= 13 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


DATE_FORMS: dict[str, Callable[[date], str]] = {
    "us": lambda d: f"{d.month}/{d.day}/{d.year}",
    "us2": lambda d: f"{d.month:02d}/{d.day:02d}/{d.year % 100:02d}",
    "dash": lambda d: f"{d.month}-{d.day}-{d.year % 100:02d}",
    "dot": lambda d: f"{d.month:02d}.{d.day:02d}.{d.year}",
    "iso": lambda d: d.isoformat(),
    "compact": lambda d: f"{d:%Y%m%d}",
    "long": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    "longth": lambda d: f"{MONTHS[d.month - 1]} {_ordinal(d.day)}, {d.year}",
    "short": lambda d: f"{MONTHS[d.month - 1][:3]} {d.day} {d.year}",
    "mil": lambda d: f"{d.day:02d}{MONTHS[d.month - 1][:3].upper()}{d.year}",
    "dmy": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    "dmon": lambda d: f"{d.day}-{MONTHS[d.month - 1][:3]}-{d.year % 100:02d}",
    "weekday": lambda d: f"{DAYS[d.weekday()]}, {MONTHS[d.month - 1]} {d.day}, {d.year}",
    "ofof": lambda d: f"the {_ordinal(d.day)} of {MONTHS[d.month - 1]}, {d.year}",
    "stamp": lambda d: f"{d.isoformat()}T08:15:00Z",
}
PART_FORMS: dict[str, Callable[[date], str]] = {
    "md": lambda d: f"{d.month}/{d.day}",
    "mon": lambda d: f"{MONTHS[d.month - 1]} {d.day}",
    "month": lambda d: f"{MONTHS[d.month - 1][:3]} {_ordinal(d.day)}",
    "my": lambda d: f"{MONTHS[d.month - 1]} {d.year}",
    "mslash": lambda d: f"{d.month}/{d.year}",
    "words": lambda d: f"{MONTHS[d.month - 1]} {NTH[d.day - 1]}",
    "ofwords": lambda d: f"the {NTH[d.day - 1]} of {MONTHS[d.month - 1]}",
    "lowsaid": lambda d: f"{MONTHS[d.month - 1]} {NTH[d.day - 1]} nineteen fifty six".lower(),
    "apos": lambda d: f"{MONTHS[d.month - 1][:3]} '{d.year % 100:02d}",
}


def ranged(d: date) -> str:
    e = d + timedelta(days=3)
    if e.month == d.month:
        return f"{MONTHS[d.month - 1]} {d.day}-{e.day}, {d.year}"
    return f"{d.month}/{d.day}-{e.month}/{e.day}/{d.year}"


def digits(rng: random.Random, n: int) -> str:
    return str(rng.randrange(1, 10)) + "".join(str(rng.randrange(10)) for _ in range(n - 1))


def phone(rng: random.Random) -> str:
    a, b, c = rng.randrange(201, 990), rng.randrange(201, 999), rng.randrange(10000)
    form = rng.choice(("{a}-{b}-{c:04d}", "({a}) {b}-{c:04d}", "{a}.{b}.{c:04d}", "{a} {b} {c:04d}", "+1 {a}-{b}-{c:04d}",
                       "1-{a}-{b}-{c:04d}", "{a}/{b}-{c:04d}", "({a}){b}-{c:04d}", "{a}{b}{c:04d}", "{a}-{b}-{c:04d} x{e}"))  # fmt: skip
    return form.format(a=a, b=b, c=c, e=rng.randrange(10, 9999))


def code(rng: random.Random, *forms: str) -> str:
    """``#`` is a digit, ``@`` a capital letter."""
    return "".join(
        str(rng.randrange(10)) if c == "#" else rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") if c == "@" else c
        for c in rng.choice(forms)
    )


def over89(rng: random.Random) -> str:
    n = rng.randrange(90, 106)
    word = f"ninety-{ONES[n - 90]}" if 90 < n < 100 else "ninety" if n == 90 else "one hundred"
    return rng.choice((f"{n}-year-old", f"{n} year old", f"{n} y.o.", f"{n}yo", f"{n} y/o", f"aged {n}",
                       f"{word}-year-old", f"{n}yr old", f"age {n}"))  # fmt: skip


def young(rng: random.Random) -> str:
    n = rng.randrange(18, 89)
    return rng.choice((f"{n}-year-old", f"{n} year old", f"{n} y.o.", f"{n}yo", f"{n} y/o"))
