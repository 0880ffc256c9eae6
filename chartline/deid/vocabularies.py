"""What the codes of published vocabularies look like: a name or a number that was written in their place does not.

Forms and check digits: SNOMED CT (Release File Specification, 5.3 and Appendix: Verhoeff), LOINC (Users' Guide,
appendix on check digits: Luhn), ICD-10-CM and ICD-9-CM (CDC), ICD-10-PCS (CMS), CPT (AMA), RxNorm (NLM), NDC
(21 CFR 207.33), CVX (CDC), language tags (RFC 5646 without what is for private use).
"""

from __future__ import annotations

import re
from functools import lru_cache

_OID = "urn:oid:2.16.840.1.113883."
_FORMS = {
    "snomed": r"[1-9]\d{5,17}",
    "loinc": r"\d{1,7}-\d|L[AGLP]\d{1,7}-\d",
    "icd-10-cm": r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?",
    "icd-9-cm": r"(?:\d{3}|V\d\d|E\d{3})(?:\.?\d{1,2})?|\d\d(?:\.?\d{1,2})?",
    "icd-10-pcs": r"[0-9A-HJ-NP-Z]{7}",
    "cpt": r"\d{4}[0-9A-Z](?:-[0-9A-Z]{2})?",
    "rxnorm": r"\d{1,7}",
    "ndc": r"\d{4,5}-\d{3,4}(?:-\d{1,2})?|\d{9,11}",
    "cvx": r"\d{1,3}",
    "language": r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?",
}
_PATTERNS = {name: re.compile(form) for name, form in _FORMS.items()}
_SYSTEMS = {
    "http://snomed.info/sct": "snomed",
    "http://snomed.info/sct/731000124108": "snomed",
    "http://snomed.info/sct/900000000000207008": "snomed",
    f"{_OID}6.96": "snomed",
    "http://loinc.org": "loinc",
    f"{_OID}6.1": "loinc",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10": "icd-10-cm",
    f"{_OID}6.90": "icd-10-cm",
    "http://hl7.org/fhir/sid/icd-9-cm": "icd-9-cm",
    f"{_OID}6.103": "icd-9-cm",
    "http://www.cms.gov/Medicare/Coding/ICD10": "icd-10-pcs",
    f"{_OID}6.4": "icd-10-pcs",
    "http://www.ama-assn.org/go/cpt": "cpt",
    f"{_OID}6.12": "cpt",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    f"{_OID}6.88": "rxnorm",
    "http://hl7.org/fhir/sid/ndc": "ndc",
    f"{_OID}6.69": "ndc",
    "http://hl7.org/fhir/sid/cvx": "cvx",
    f"{_OID}12.292": "cvx",
    "urn:ietf:bcp:47": "language",
}
# The dihedral group of ten and the permutation that Verhoeff's check digit is made with.
_TIMES = tuple(
    tuple((a + b) % 5 + 5 * (b > 4) if a < 5 else (a - b) % 5 + 5 * (b < 5) for b in range(10)) for a in range(10)
)
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


@lru_cache(maxsize=1 << 16)
def fits(system: str, code: str) -> bool:
    """Whether a code can be one of a vocabulary, by its form and check digit; of one without a known form any can."""
    name = _SYSTEMS.get(system)
    if name is None:
        return True
    if _PATTERNS[name].fullmatch(code) is None:
        return False
    if name == "snomed":
        return _verhoeff(code)
    return name != "loinc" or code[0] == "L" or _luhn(code.replace("-", ""))


def is_language(tag: str) -> bool:
    """Whether a tag names a language, a script and a region at most: what is for private use can be anything."""
    return _PATTERNS["language"].fullmatch(tag) is not None


def _verhoeff(digits: str) -> bool:
    check, turned = 0, list(range(10))
    for digit in reversed(digits):
        check = _TIMES[check][turned[int(digit)]]
        turned = [_TURN[n] for n in turned]
    return check == 0


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(d), 10)) if i % 2 else int(d) for i, d in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0
