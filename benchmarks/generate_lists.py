"""Invented company lists with planted pairs, for when no real labelled lists are at hand or they are too short.

Belongs here: names made of syllables, the ways two lists write one company differently, near-namesakes that are other
companies, and names recombined of real ones. Does not belong here: scoring (matching.py). No invented name was seen in
the wild: good figures on these lists say that nothing is broken, not that real lists will do as well.
"""

import csv
import gzip
import random
from collections import Counter
from pathlib import Path

SEED = 20261001
COMPANY_COUNT = 1500
SHARED_SHARE = 0.4
SIBLING_SHARE = 0.15
COLUMNS = ("id", "name", "website", "country", "state", "city", "industry", "employees")

_ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gl",
    "h",
    "j",
    "k",
    "kr",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "sk",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou"]
_CODAS = ["", "l", "m", "n", "nd", "r", "rt", "s", "x"]
_ACTIVITIES = [
    "Technologies",
    "Systems",
    "Foods",
    "Logistics",
    "Energy",
    "Pharmaceuticals",
    "Insurance",
    "Engineering",
    "Textiles",
    "Software",
    "Packaging",
    "Instruments",
    "Shipping",
    "Consulting",
    "Materials",
    "Analytics",
    "Robotics",
]
_STRUCTURES = ["", "", "", "Group", "Holdings", "International"]
_FORMS: dict[str, list[tuple[str, ...]]] = {
    "US": [("Inc.", "Incorporated", "Inc"), ("LLC", "L.L.C.", "Limited Liability Company"), ("Corp.", "Corporation")],
    "GB": [("Ltd", "Limited", "Ltd."), ("plc", "PLC", "Public Limited Company")],
    "DE": [("GmbH", "Gesellschaft mit beschränkter Haftung", "gmbh"), ("AG", "Aktiengesellschaft")],
    "FR": [("SAS", "S.A.S."), ("S.A.", "SA", "Société Anonyme")],
    "JP": [("Co., Ltd.", "Co.,Ltd.", "CO LTD"), ("K.K.", "Kabushiki Kaisha")],
}
_CITIES = {
    "US": ["Denver", "Boston"], "GB": ["Leeds", "London"], "DE": ["Köln", "Ulm"], "FR": ["Lille", "Lyon"],
    "JP": ["Kobe", "Osaka"],
}  # fmt: skip
_ABBREVIATIONS = {
    "Technologies": "Tech", "Systems": "Sys", "Pharmaceuticals": "Pharma", "Insurance": "Ins", "Engineering": "Eng",
    "International": "Intl", "Holdings": "Hldgs", "Group": "Grp", "Instruments": "Instr",
}  # fmt: skip


def _word(rng: random.Random) -> str:
    syllables = rng.choice([2, 2, 3])
    return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(syllables)).title()


def _company(rng: random.Random) -> dict[str, str]:
    country = rng.choice(list(_FORMS))
    brand = _word(rng) if rng.random() < 0.7 else f"{_word(rng)} {_word(rng)}"  # noqa: PLR2004 - a share, not a rule
    name = " ".join(part for part in (brand, rng.choice(_ACTIVITIES), rng.choice(_STRUCTURES)) if part)
    site = brand.lower().replace(" ", "") + ".example"
    return {"core": name, "country": country, "city": rng.choice(_CITIES[country]), "website": site}


def _typo(text: str, rng: random.Random) -> str:
    place = rng.randrange(1, max(len(text) - 1, 2))
    return (
        text[:place] + text[place + 1 :]
        if rng.random() < 0.5  # noqa: PLR2004 - either way as often
        else text[:place] + text[place : place + 1] + text[place:]
    )


def written(company: dict[str, str], rng: random.Random, changes: int) -> dict[str, str]:
    """Write a company down as one list has it.

    Args:
        company: core, country, city, website.
        rng: source of chance.
        changes: how many things to write otherwise than usual.

    Returns:
        A row of a list, without its id.
    """
    words = company["core"].split()
    form = rng.choice(rng.choice(_FORMS[company["country"]]))
    website, country, city = company["website"], company["country"], company["city"]
    for _ in range(changes):
        change = rng.choice(["abbreviate", "typo", "no form", "case", "no website", "no place", "glue", "ampersand"])
        if change == "abbreviate":
            words = [_ABBREVIATIONS.get(word, word) for word in words]
        elif change == "typo" and len(words[0]) > 5:  # noqa: PLR2004 - a shorter word would become another
            words[0] = _typo(words[0], rng)
        elif change == "no form":
            form = ""
        elif change == "case":
            words = [word.upper() for word in words]
        elif change == "no website":
            website = ""
        elif change == "no place":
            country, city = "", ""
        elif change == "glue" and len(words) > 2:  # noqa: PLR2004 - two words would become one
            words = [words[0] + words[1].lower(), *words[2:]]
        elif change == "ampersand":
            form = f"& {form}" if form.startswith("Co") else form
    return {
        "name": " ".join([*words, form]).strip(), "website": website, "country": country, "state": "", "city": city,
        "industry": "", "employees": "",
    }  # fmt: skip


def write(folder: Path, company_count: int = COMPANY_COUNT, seed: int = SEED) -> Path:
    """Write a scenario: left.csv, right.csv, truth.csv.

    Args:
        folder: made if need be.
        company_count: companies on each side, near-namesakes apart.
        seed: same seed, same bytes.

    Returns:
        The folder.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    folder.mkdir(parents=True, exist_ok=True)
    shared = [_company(rng) for _ in range(round(company_count * SHARED_SHARE))]
    rest = company_count - len(shared)
    left = [(company, 0) for company in shared] + [(_company(rng), 1) for _ in range(rest)]
    right = [(company, rng.choice([1, 1, 2, 3])) for company in shared] + [(_company(rng), 1) for _ in range(rest)]
    for company in rng.sample(shared, round(len(shared) * SIBLING_SHARE)):
        # a namesake in another trade and place: another company
        sibling = _company(rng)
        sibling["core"] = (
            f"{company['core'].split()[0]} {sibling['core'].split(maxsplit=1)[1]} {rng.choice(['II', 'III', 'Asia'])}"
        )
        right.append((sibling, 1))
    rows: dict[str, list[dict[str, str]]] = {}
    for name, companies, letter in (("left", left, "L"), ("right", right, "R")):
        rows[name] = [
            {"id": f"{letter}{number:06d}", **written(company, rng, changes)}
            for number, (company, changes) in enumerate(companies)
        ]
        listed = rng.sample(rows[name], len(rows[name]))
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(listed)
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as stream:
        writer_ = csv.writer(stream, lineterminator="\n")
        writer_.writerow(["left_id", "right_id"])
        writer_.writerows((rows["left"][n]["id"], rows["right"][n]["id"]) for n in range(len(shared)))
    return folder


def recombine(source: Path, target: Path, count: int, seed: int = SEED) -> None:
    """Write more company names than there are: the first half of one real name with the second half of another.

    Words keep about their frequencies and legal forms their place, so such names are as hard to tell apart as real. A
    word that only one real name has is made anew each time, as a longer list has words that no shorter one had.

    Args:
        source: real companies, a gzipped CSV with at least name and country.
        target: the gzipped CSV to write, with the same columns; a name and its like but for case stand there once.
        count: names to write.
        seed: same seed and source, same names.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    with gzip.open(source, "rt", newline="", encoding="utf-8") as stream:
        companies = list(csv.DictReader(stream))
    name_counts = Counter(word for company in companies for word in set(company["name"].casefold().split()))
    known: set[str] = set()
    with gzip.open(target, "wt", newline="", encoding="utf-8", compresslevel=1) as stream:
        writer = csv.DictWriter(stream, companies[0], lineterminator="\n")
        writer.writeheader()
        while len(known) < count:
            one, other = rng.choice(companies), rng.choice(companies)
            head, tail = one["name"].split(), other["name"].split()
            words = head[: (len(head) + 1) // 2] + tail[(len(tail) + 1) // 2 :]
            name = " ".join(_word(rng) if name_counts[word.casefold()] == 1 else word for word in words)
            if name.casefold() not in known:
                known.add(name.casefold())
                writer.writerow({**other, "name": name})
