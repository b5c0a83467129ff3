"""Who is to be forgotten: persons who asked for it, known again without saying who they are, and parties that withdrew.

Belongs here: the list of keyed hashes, its key, and recognising a person in a row or a text. Does not belong here:
taking out what was loaded before (orchestration/forgetting).

A plain hash of an address protects nothing, since addresses can be guessed and hashed; so every entry is an HMAC with a
key of the workspace. The list and its key lie beside the seeds, where `var` can be thrown away without losing them.
"""

import csv
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.columns import Batch, id_keys, map_fields
from orchestration.ingestion.mapping import Header
from orchestration.ingestion.remarks import Remark
from orchestration.ingestion.snapshots import FileRefusedError, RefusedRow
from orchestration.objects import OBJECTS

ERASED = "[erased]"
# Rule → what a refused row says of itself, and what to do about it.
RULES = {
    "erased_person": (
        "The row is about a person who asked to be forgotten, so nothing of it is kept.",
        "Take the person out of the source system and out of the delivered file.",
    ),
    "withdrawn": (
        "The row is about a record of a party that has withdrawn, so nothing of it is kept.",
        "Delete the row from the delivered file.",
    ),
}
_LIST, _KEY = "persons.csv", "key"
# Not that of columns.py, which takes all that a cell holds: in a text, an address ends where its letters do.
_ADDRESS = re.compile(r"[\w.+%-][\w.+%'-]*@[\w-]+(?:\.[\w-]+)+")
_WORD = re.compile(r"[^\W_]+")
_WORDS_OF_A_NAME = (4, 3, 2)
# Between the words of a name; and between its parts, where the last name comes first or stands in a cell of its own.
_IN_A_NAME = re.compile(r"[\s.'’-]{1,3}")
_BETWEEN_ITS_PARTS = re.compile(r"[\s,\"\\]{1,5}")
_SUFFIX_OF_DERIVED_ID = re.compile(r"^(h-[0-9a-f]{16})-[0-9a-f]{8}$")


def forgotten_folder(seeds: Path) -> Path:
    """Folder of the list, beside the seeds folder."""
    return seeds.parent / "forgotten"


@dataclass(frozen=True)
class Forgotten:
    """The hashes of all who asked, the key to make the like, and the parties that withdrew."""

    key: bytes = b""
    hashes: frozenset[str] = field(default_factory=frozenset)
    parties: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def read(cls, folder: Path, parties: Iterable[str] = ()) -> "Forgotten":
        """Read the list of a workspace; nobody is on it when there is none.

        Args:
            folder: that of forgotten_folder.
            parties: those that withdrew.

        Raises:
            ValueError: there is a list without its key, so that nobody on it would be known again.
        """
        if not (folder / _LIST).is_file():
            return cls(parties=frozenset(parties))
        if not (folder / _KEY).is_file():
            raise ValueError(
                f"{folder / _LIST} lists persons who asked to be forgotten, but its key, {folder / _KEY}, is missing: "
                "they would come back. Restore the key from a backup, then run again."
            )
        with (folder / _LIST).open(encoding="utf-8", newline="") as stream:
            hashes = frozenset(row["hash"] for row in csv.DictReader(stream))
        key = bytes.fromhex((folder / _KEY).read_text(encoding="utf-8").strip())
        return cls(key, hashes, frozenset(parties))

    def __bool__(self) -> bool:
        """Whether there is anybody to look for."""
        return bool(self.hashes or self.parties)

    def has_address(self, text: str) -> bool:
        """Whether an e-mail address is one of theirs."""
        return self._has("address", plain_address(text))

    def has_contact(self, party_id: str, source_id: str) -> bool:
        """Whether a party's contact is one of them."""
        return self._has("contact", contact_reference(party_id, source_id))

    def redact(self, text: str, accounts: Sequence[str] = (), *, names: bool = True) -> str:
        """Put a mark in the place of every address and name of theirs.

        Args:
            text: any text.
            accounts: the accounts that the text is about, as account_reference writes them. A name that others bear
                too is theirs only there.
            names: whether to look for names, not for addresses alone.

        Returns:
            The text without them; the same text when it names none of them.
        """
        if "@" in text:
            text = _ADDRESS.sub(lambda found: ERASED if self.has_address(found.group()) else found.group(), text)
        words = list(_WORD.finditer(text)) if names else []
        parts, done, at = [], 0, 0
        while at < len(words) - 1:
            for count in _WORDS_OF_A_NAME:
                run = words[at : at + count]
                if len(run) == count and self._has_name(run, accounts) and _is_one_name(text, words, at, count):
                    parts += [text[done : run[0].start()], ERASED]
                    done = run[-1].end()
                    at += count - 1
                    break
            at += 1
        return "".join([*parts, text[done:]]) if parts else text

    def refused_row(self, row: RefusedRow, object_name: str) -> RefusedRow:
        """Take them out of a row that was refused for another reason; of a contact's row nothing is left."""
        text, reason = self.redact(row.row_text), self.redact(row.reason)
        if object_name == "contacts" and (text, reason) != (row.row_text, row.reason):
            text, reason = ERASED, f"Row {row.row_number}: {RULES['erased_person'][0]}"
        return replace(row, row_text=text, reason=reason, shown=self.redact(row.shown) if row.shown else None)

    def header(self, header: Header) -> Header:
        """Take them out of the headers of a list, which stand in all that is said of it and in `extra`."""
        columns = []
        for column in header.columns:
            text = self.redact(column.header)
            shown = text if text == column.header else f"{text} (column {column.index + 1})"  # two may read alike now
            columns.append(replace(column, header=shown))
        return replace(header, columns=tuple(columns))

    def remark(self, remark: Remark) -> Remark:
        """Take them out of what a remark quotes."""
        return replace(
            remark,
            column_name=self.redact(remark.column_name) if remark.column_name else None,
            examples=self.redact(remark.examples) if remark.examples else None,
            reason=self.redact(remark.reason),
            remedy=self.redact(remark.remedy),
        )

    def refusal(self, problem: FileRefusedError) -> FileRefusedError:
        """Take them out of why a file is refused, which may quote its cells."""
        return FileRefusedError(problem.rule, self.redact(problem.reason), problem.remedy)

    def keep_others(self, party_id: str, header: Header, batch: Batch) -> tuple[Batch, list[RefusedRow]]:
        """Refuse the rows of a batch that are about them, and take them out of the texts of the others.

        Args:
            party_id: whose list it is.
            header: what its columns hold.
            batch: n row numbers, one string array of n per column as delivered, n readings of the rows' structure.

        Returns:
            The batch of the rows that stay, and the refused rows, without any text of them.
        """
        numbers, columns, structure = batch
        fields, _ = map_fields(columns, header)
        rules = self._rules(party_id, header.object, fields, len(numbers))
        refused = [
            RefusedRow(number, ERASED, rule, f"Row {number}: {RULES[rule][0]}", RULES[rule][1])
            for number, rule in zip(numbers.tolist(), rules, strict=True)
            if rule
        ]
        stays = pa.array([rule is None for rule in rules], pa.bool_())
        columns = [column.filter(stays) for column in columns]
        given = [fields[name].filter(stays).to_pylist() for name in OF_AN_ACCOUNT if name in fields]
        accounts = [
            tuple(account_reference(party_id, text) for text in row if text)
            for row in (zip(*given, strict=True) if given else ((),) * (len(numbers) - len(refused)))
        ]
        fields_by_index = {column.index: column.field for column in header.columns}
        for index, column in enumerate(columns):
            names = OBJECTS[header.object].may_name_persons(fields_by_index.get(index))
            if self.hashes and (names or pc.any(pc.match_substring(column, "@")).as_py()):
                texts = [
                    self.redact(text, refs, names=names) if text else text
                    for text, refs in zip(column.to_pylist(), accounts, strict=True)
                ]
                columns[index] = pa.array(texts, pa.string())
        return (numbers[stays.to_numpy(zero_copy_only=False)], columns, structure.filter(stays)), refused

    def _rules(self, party_id: str, object_name: str, fields: dict[str, pa.Array], count: int) -> list[str | None]:
        """Say for each row by which rule it is refused, if any."""
        missing = pa.nulls(count, pa.string())
        if object_name == "decisions":
            keys = [fields.get(name, missing).to_pylist() for name in ("left_record_key", "right_record_key")]
            return [
                "withdrawn" if any((key or "").strip().partition(":")[0] in self.parties for key in pair) else None
                for pair in zip(*keys, strict=True)
            ]
        if object_name != "contacts" or not self.hashes:
            return [None] * count
        addresses = fields.get("email", missing).to_pylist()
        ids = fields.get("source_id", missing).to_pylist()
        natural_keys = id_keys(fields, object_name).to_pylist()
        return [
            "erased_person"
            if (address and self.has_address(address)) or self.has_contact(party_id, given or derived_id(natural_key))
            else None
            for address, given, natural_key in zip(addresses, ids, natural_keys, strict=True)
        ]

    def _has_name(self, words: Sequence[re.Match[str]], accounts: Sequence[str]) -> bool:
        name = plain_name(" ".join(word.group() for word in words))
        return self._has("name", name) or any(self._has("name at", f"{account}|{name}") for account in accounts)

    def _has(self, kind: str, text: str) -> bool:
        return bool(self.hashes) and _hash(self.key, kind, text) in self.hashes


OF_AN_ACCOUNT = ("account_source_id", "account_name")


def add_to_list(folder: Path, today: date, entries: Iterable[tuple[str, str]]) -> None:
    """Put a person on the list; the list, its key and a .gitignore are made when missing.

    Args:
        folder: that of forgotten_folder.
        today: recorded with each entry.
        entries: kind (address, contact, name, name at) and what is to be known again, as the functions below write it.

    Raises:
        ValueError: as Forgotten.read.
    """
    before = Forgotten.read(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    key = before.key
    if not key:
        key = secrets.token_bytes(32)
        (folder / _KEY).unlink(missing_ok=True)
        with os.fdopen(os.open(folder / _KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(key.hex() + "\n")
    new = {_hash(key, kind, text): kind for kind, text in entries}
    is_new = not (folder / _LIST).is_file()
    with (folder / _LIST).open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if is_new:
            writer.writerow(["hash", "kind", "erased_on"])
        writer.writerows([digest, new[digest], today] for digest in sorted(new.keys() - before.hashes))


def plain_address(text: str) -> str:
    """An e-mail address as it is known again."""
    return text.strip().casefold()


def plain_name(text: str) -> str:
    """A name as it is known again: its words, whatever their order and whatever stands between them."""
    return " ".join(sorted(word.casefold() for word in _WORD.findall(text)))


def contact_reference(party_id: str, source_id: str) -> str:
    """A party's contact; a derived id counts without what sets rows of equal content apart."""
    return f"{party_id}:{_SUFFIX_OF_DERIVED_ID.sub(lambda found: found.group(1), source_id)}"


def account_reference(party_id: str, text: str) -> str:
    """An account as a list names it, by its own id or by name."""
    return f"{party_id}|{text.strip().casefold()}"


def derived_id(natural_key: str | None) -> str:
    """The id that a row without one gets from its content, as raw_tables.py gives it."""
    return "h-" + hashlib.md5((natural_key or "").encode(), usedforsecurity=False).hexdigest()[:16]


def _is_one_name(text: str, words: Sequence[re.Match[str]], at: int, count: int) -> bool:
    """Whether some words in a row belong together: `Doe, Jane` does, but not in `John Doe, Jane Roe`."""

    def gap(left: int) -> str:
        return text[words[left].end() : words[left + 1].start()] if 0 <= left < len(words) - 1 else ""

    gaps = [gap(place) for place in range(at, at + count - 1)]
    if all(_IN_A_NAME.fullmatch(between) for between in gaps):
        return True
    stands_alone = not _IN_A_NAME.fullmatch(gap(at - 1)) and not _IN_A_NAME.fullmatch(gap(at + count - 1))
    return stands_alone and all(_BETWEEN_ITS_PARTS.fullmatch(between) for between in gaps)


def _hash(key: bytes, kind: str, text: str) -> str:
    return hmac.digest(key, f"{kind}|{text}".encode(), "sha256").hex()
