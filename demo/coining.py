"""Companies and persons that do not exist: names, spellings, registration numbers, websites.

Belongs here: making up one company, and how its name is spelt otherwise. Does not belong here: who lists it (world.py).
"""
# ruff: noqa: PLR2004, S311 (the numbers are shares and ranges of an invented world, and its chance guards no secret)

import hashlib
import tomllib
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import stdnum.at.uid
import stdnum.de.vat
import stdnum.es.nif
import stdnum.fr.siret
import stdnum.fr.tva
import stdnum.gb.vat
import stdnum.it.iva
from anyascii import anyascii
from rapidfuzz.distance import Levenshtein
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from demo.world import SEED, Company

SPELLINGS = {
    "as_listed": 5,
    "legal_form_missing": 5,
    "legal_form_differs": 3,
    "upper_case": 2,
    "typo": 2,
    "abbreviation": 2,
    "ampersand": 2,
    "glued_words": 2,
    "word_order": 2,
    "accents_dropped": 2,
    "transliteration": 9,
    "domain_with_different_names": 1,
}
WITHOUT_LEGAL_FORM = frozenset({"public_sector", "education"})
WORDS_REORDERED_IN = frozenset({"german", "french", "iberian", "italian"})
# Languages whose spellings only a website or an id can join: the characters do not give away how a name sounds.
UNREADABLE_WITHOUT_DOMAIN = frozenset({"chinese", "japanese", "arabic"})
MINIMUM_STEM_DISTANCE = 3
VAT_TEMPLATES: dict[str, tuple[str, Any]] = {
    "AT": ("ATU########", stdnum.at.uid),
    "DE": ("DE#########", stdnum.de.vat),
    "ES": ("ESB########", stdnum.es.nif),
    "FR": ("FR###########", stdnum.fr.tva),
    "GB": ("GB#########", stdnum.gb.vat),
    "IT": ("IT###########", stdnum.it.iva),
}
ID_COLUMNS = {
    "us": ("lei", "duns", "vat", "siret", "cik"),
    "heliograph": ("lei", "duns", "vat", "siret", "cik"),
    "tidewell": ("duns",),
    "kestrelworks": ("lei", "vat"),
    "rheinblick": ("vat",),
}
SHORT_NAMES = {
    "Anna": "Annie", "Daniel": "Dan", "Elena": "Lena", "Marcus": "Marc", "Matteo": "Teo", "Oskar": "Ossi",
    "Samuel": "Sam", "Sofia": "Sofie", "Viktor": "Vik",
}  # fmt: skip
DEMO_FOLDER = Path(__file__).parent


def load_words() -> dict[str, Any]:
    """Read words.toml, the vocabulary of names, places and delivered values."""
    with (DEMO_FOLDER / "words.toml").open("rb") as handle:
        return tomllib.load(handle)


def digest(text: str) -> int:
    """A number that depends on the text alone, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{SEED}/{text}".encode()).digest()[:12], "big")


def salesforce_id(prefix: str, text: str) -> str:
    """An 18-character Salesforce id: 15 case-sensitive characters and 3 that make it safe without case.

    Each of the last three encodes, for five characters, which of them are upper case (Salesforce's published scheme).
    """
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = digest(text)
    body = prefix + "Fh00000"
    while len(body) < 15:
        number, remainder = divmod(number, len(alphabet))
        body += alphabet[remainder]
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << offset for offset, letter in enumerate(body[start : start + 5]) if letter.isupper())
        suffix += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]
    return body + suffix


def source_id(party: str, text: str) -> str:
    """The id under which a party's system knows an account, contact or activity."""
    number = digest(f"{party}/{text}")
    if party == "us":
        return salesforce_id("001", text)
    if party == "heliograph":
        return str(20_000_000_000 + number % 9_999_999_999)
    if party == "tidewell":
        return f"xb-{number % 16**9:09x}"
    if party == "kestrelworks":
        return f"KW-{number % 10**6:06d}"
    return f"{number % 10**6:08d}"  # rheinblick: eight digits, leading zeros included


def entries(text: str) -> list[tuple[str, str]]:
    """Split 'native=latin' words at | or blanks; a word without = stands for both."""
    parts = text.split("|") if "|" in text else text.split()
    return [(native, latin or native) for native, _, latin in (part.partition("=") for part in parts)]


def options(text: str) -> list[tuple[str, str]]:
    """Split 'native=latin|native=latin' where the words may hold blanks."""
    return [(native, latin or native) for native, _, latin in (part.partition("=") for part in text.split("|"))]


def ascii_slug(text: str) -> str:
    """Lower-case ASCII letters and digits of a text, as a web domain would spell it."""
    return "".join(letter for letter in anyascii(text).lower() if letter.isalnum())


def registration_ids(company: str, country: str) -> dict[str, str]:
    """All registration ids that a company of this country could have, with valid check digits.

    LEI: ISO 17442, ISO 7064 mod 97-10; VAT and SIRET: python-stdnum's rules of the country; DUNS: nine digits, with the
    mod-10 digit that was in use until 2006; CIK: ten digits, no check digit.
    """
    rng = Random(f"{SEED}/ids/{company}")
    lei_body = "9845" + "00" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(12))
    duns_body = "55" + "".join(rng.choice("0123456789") for _ in range(6))
    ids = {
        "lei": lei_body + mod_97_10.calc_check_digits(lei_body),
        "duns": duns_body + luhn.calc_check_digit(duns_body),
        "cik": f"0009{rng.randrange(10**6):06d}",
    }
    if country == "FR":
        siren_body = "9" + "".join(rng.choice("0123456789") for _ in range(7))
        siret_body = siren_body + luhn.calc_check_digit(siren_body) + "0001"
        ids["siret"] = siret_body + luhn.calc_check_digit(siret_body)
    if country in VAT_TEMPLATES:
        template, checker = VAT_TEMPLATES[country]
        while "vat" not in ids:
            candidate = "".join(rng.choice("0123456789") if mark == "#" else mark for mark in template)
            if checker.is_valid(candidate):
                ids["vat"] = candidate
    return ids


class Coiner:
    """Makes companies with names that nobody else in the demo has."""

    def __init__(self, words: dict[str, Any]) -> None:
        self.words = words
        self.stems: list[str] = []

    def reserve(self, names: list[str]) -> None:
        """Keep coined words away from every word of the scenarios' names."""
        self.stems.extend(word for name in names for word in anyascii(name).lower().split() if len(word) > 5)

    def stem(self, language: str, rng: Random) -> tuple[str, str]:
        """A coined word (native, latin) at a distance from all others."""
        vocabulary = self.words["languages"][language]
        pairs = list(product(entries(vocabulary["first"]), entries(vocabulary["second"])))
        while True:
            first, second = rng.choice(pairs)
            joint = " " if language == "arabic" else ""
            native = first[0] + joint + second[0]
            latin = first[1] + joint + second[1].replace("_", " ")
            plain = anyascii(latin).lower()
            if plain in self.stems:
                continue
            near = MINIMUM_STEM_DISTANCE if language in ("english", "german", "iberian", "french") else 2
            if all(Levenshtein.distance(plain, other, score_cutoff=near - 1) >= near for other in self.stems):
                self.stems.append(plain)
                return native, latin

    def company(self, number: int, country: str, rng: Random) -> tuple[Company, dict[str, str]]:
        """Coin a company and the parts of its name.

        Returns:
            The company, and its name's parts: native, latin (stem and descriptor), stem, descriptor, form, native_form
            and language.
        """
        place = self.words["countries"][country]
        language = place["language"]
        descriptors = self.words["descriptors"][language]
        industry = rng.choice(sorted(descriptors))
        native_stem, stem = self.stem(language, rng)
        native_word, word = rng.choice(options(descriptors[industry]))
        native_form, form = rng.choice(options(place["forms"]))
        if industry in WITHOUT_LEGAL_FORM:
            native_form = form = ""
        city, _, state = rng.choice(place["cities"].split("|")).partition(",")
        employees = round(10 ** rng.uniform(1.3, 3.9))
        revenue = self.words["industries"][industry]["revenue_per_head"] * employees * rng.uniform(0.7, 1.3)
        first_word = word.split()[0]
        domain = ""
        if language in UNREADABLE_WITHOUT_DOMAIN or rng.random() < 0.78:
            domain = f"{ascii_slug(stem + first_word)}.{place['tld']}"
        name = f"company-{number:04d}-{ascii_slug(stem)}"
        company = Company(
            company=name,
            family="",
            country=country,
            state=state,
            city=city,
            industry=industry,
            employees=employees,
            revenue_usd=round(revenue, -4) or 10_000,
            domain=domain,
            phone=phone_number(place["phone"], rng),
            ids=registration_ids(name, country),
        )
        tight = language in ("japanese", "chinese")
        parts = {
            "native": native_stem + ("" if tight else " ") + native_word,
            "latin": f"{stem} {word}",
            "stem": stem,
            "descriptor": word,
            "form": form,
            "native_form": native_form,
            "language": language,
        }
        return company, parts


def phone_number(prefix: str, rng: Random) -> str:
    """A telephone number in a range that no real subscriber has, as far as a country keeps one."""
    digits = "".join(rng.choice("0123456789") for _ in range(4))
    return f"{prefix}-01{digits[:2]}" if prefix == "+1 555" else f"{prefix} {digits}"


def full_name(parts: dict[str, str]) -> str:
    """The name as the company itself writes it, legal form included."""
    native, form, language = parts["native"], parts["native_form"], parts["language"]
    if language in ("japanese", "korean"):
        return f"{form}{' ' if language == 'korean' else ''}{native}"
    if language == "chinese":
        return native + form
    if language == "arabic":
        return f"شركة {native} {form}"
    if form == "ТОВ":
        return f"{form} {native}"
    return f"{native} {form}".strip()


def respell(spelling: str, parts: dict[str, str], words: dict[str, Any]) -> str | None:
    """Another spelling of a company's name, or None where this kind of spelling does not apply to it."""
    latin, form = parts["latin"], parts["form"]
    legal = f"{latin} {form}".strip()
    if parts["native"] != latin:
        return legal if spelling == "transliteration" else None
    other_form = dict(options(words["spellings"]["other_forms"])).get(form)
    whole_names = {
        "as_listed": legal,
        "legal_form_missing": latin if form else None,
        "legal_form_differs": f"{latin} {other_form}" if other_form else None,
        "upper_case": legal.upper(),
        "typo": f"{misspell(parts['stem'])} {parts['descriptor']} {form}".strip(),
    }
    if spelling in whole_names:
        return whole_names[spelling]
    result = respell_words(spelling, parts, words)
    return result if result != latin else None


def respell_words(spelling: str, parts: dict[str, str], words: dict[str, Any]) -> str:
    """The name without legal form, its words shortened, joined or reordered; unchanged where that does not apply."""
    latin, stem, word = parts["latin"], parts["stem"], parts["descriptor"]
    if spelling == "abbreviation":
        short = dict(options(words["spellings"]["abbreviations"]))
        return " ".join(short.get(token, token) for token in latin.split())
    if spelling == "ampersand":
        result = latin.replace(" & ", " and ")
        for conjunction in (" and ", " und ", " et ", " en "):
            result = result if result != latin else latin.replace(conjunction, " & ")
        return result
    if spelling == "word_order" and parts["language"] in WORDS_REORDERED_IN:
        return f"{word} {stem}"
    if spelling == "glued_words" and " " not in word:
        return f"{stem}{word}"
    return anyascii(latin) if spelling == "accents_dropped" else latin


def misspell(word: str) -> str:
    """One slip of the keyboard inside a word: two letters swapped, one lost or one doubled."""
    rng = Random(f"{SEED}/slip/{word}")
    at = rng.randrange(2, len(word) - 2)
    slip = rng.randrange(3)
    if slip == 0 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip == 1:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def website_of(domain: str, rng: Random) -> str:
    """A domain as people type websites."""
    if not domain:
        return ""
    return rng.choice((domain, f"https://www.{domain}", f"https://{domain}", f"http://www.{domain}/", f"www.{domain}"))
