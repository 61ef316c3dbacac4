"""An independent verifier of heldto ledgers, written from docs/FORMAT.md alone; it shares no code with the program.

    python3 verify.py FILE...

A FILE ending in `.json` is a vector (section 6), any other is an export (section 5). An export that is sound exits with 0,
a broken one with 4. A vector whose verdict is not the expected one exits with 1. Signatures are not checked.
"""

import base64
import hashlib
import json
import re
import sys
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from blake3 import blake3


class Broken(Exception):
    """Why a ledger is not sound and, where one can be named, the first bad entry."""

    def __init__(self, why: str, entry: int | None = None) -> None:
        super().__init__(why if entry is None else f"entry {entry}: {why}")
        self.why, self.entry = why, entry


class Unreadable(Exception):
    """A fact of a version or kind that this verifier does not know: no fault."""


@contextmanager
def blame(entry: int) -> Iterator[None]:
    try:
        yield
    except Broken as broken:
        raise Broken(broken.why, entry) from None


def require(condition: bool, why: str, entry: int | None = None) -> None:
    if not condition:
        raise Broken(why, entry)


# Section 1: notation. A type is a function that takes its value off the front of a reader.

class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        require(length <= len(self.data) - self.at, "a value goes beyond the bytes that are there")
        self.at += length
        return self.data[self.at - length:self.at]

    def finish(self) -> None:
        require(self.at == len(self.data), "bytes are left over")


Type = Callable[[Reader], Any]


def u8(reader: Reader) -> int:
    return reader.take(1)[0]


def uint(reader: Reader) -> int:
    first = u8(reader)
    if first <= 250:
        return first
    require(first <= 253, "a number begins with byte 254 or 255")
    width, least = {251: (2, 251), 252: (4, 1 << 16), 253: (8, 1 << 32)}[first]
    value = int.from_bytes(reader.take(width), "little")
    require(value >= least, "a number is not in its shortest form")
    return value


def signed(reader: Reader) -> int:
    zigzag = uint(reader)
    return -(zigzag + 1) // 2 if zigzag % 2 else zigzag // 2


def boolean(reader: Reader) -> bool:
    value = u8(reader)
    require(value <= 1, "a byte is neither 0 nor 1")
    return value == 1


def octets(reader: Reader) -> bytes:
    return reader.take(uint(reader))


def text(reader: Reader) -> str:
    try:
        return octets(reader).decode("utf-8")
    except UnicodeDecodeError:
        raise Broken("a text is not UTF-8") from None


def fixed(length: int) -> Type:
    return lambda reader: reader.take(length)


def many(item: Type) -> Type:
    return lambda reader: [item(reader) for _ in range(uint(reader))]


def opt(item: Type) -> Type:
    return lambda reader: item(reader) if boolean(reader) else None


def group(*items: Type) -> Type:
    return lambda reader: tuple(item(reader) for item in items)


def choice(*cases: Type) -> Type:
    def read(reader: Reader) -> tuple[int, Any]:
        case = uint(reader)
        require(case < len(cases), f"unknown case {case} of a choice")
        return case, cases[case](reader)
    return read


def word(words: str) -> Type:
    known = words.split()

    def read(reader: Reader) -> str:
        number = u8(reader)
        require(number < len(known), f"unknown word {number} of the list {known[0]}, …")
        return known[number]
    return read


# Section 4: facts.

DAY = r"\d{4}(?:-\d\d(?:-\d\d)?)?[~?%]?"
EDTF = re.compile(rf"unknown|{DAY}|{DAY}/{DAY}|(?:\.\.)?/{DAY}|{DAY}/(?:\.\.)?"
                  rf"|\[{DAY}\.\.{DAY}\]|\[\.\.{DAY}\]|\[{DAY}\.\.\]|\[{DAY}(?:,{DAY})+\]", re.ASCII)


def days(point: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The first and the last day of a point, each as year, month and day."""
    year, *given = map(int, point.rstrip("~?%").split("-"))
    require(not given or 1 <= given[0] <= 12, "a date is not in the calendar")
    month = given[0] if given else 12
    length = monthrange(2000 + year % 400, month)[1]
    require(len(given) < 2 or 1 <= given[1] <= length, "a date is not in the calendar")
    return (year, *given, 1, 1)[:3], (year, month, *given[1:], length)[:3]


def edtf(reader: Reader) -> str:
    value = text(reader)
    require(EDTF.fullmatch(value) is not None, "a date is not in the spelling of section 4")
    points = [days(found) for found in re.findall(DAY, value)]
    if "," in value:
        rising = all(one[0] < other[0] for one, other in pairwise(points))
        require(rising and len(points) <= 100, "the points of a date are more than 100, or do not rise")
    elif len(points) == 2:
        require(points[0][0] <= points[1][1], "a date ends before it begins")
    return value


def window(reader: Reader) -> tuple[int, int]:
    earliest, latest = signed(reader), signed(reader)
    require(earliest <= latest, "the window of a date ends before it begins")
    return earliest, latest


def count(reader: Reader) -> int:
    number = uint(reader)
    require(1 <= number <= 10_000, "a count of time is not 1 to 10,000")
    return number


def identifier(reader: Reader) -> str:
    value = text(reader)
    require(re.fullmatch(r"[a-z0-9][a-z0-9-]{1,79}(?:\.[a-z0-9-]{1,40})?", value) is not None, "an id is not in its spelling")
    return value


date = group(edtf, opt(window))
span = group(count, word("days weeks months years"))
amount = group(
    opt(uint), opt(uint), text, word("exact about more-than at-least less-than nearly up-to share-of not-quantified"),
    opt(text), opt(uint), opt(uint),
    word("pledged allocated announced invested offered ordered paid asked-for underspent target limit delivered measured stated"
         " penalty recommended estimated shortfall debt"),
    opt(date), word("per-period in-total unknown"), opt(text), opt(uint))
level = group(text, amount, opt(amount))
target = choice(amount, level, level, text, text, group(text, uint),
                group(text, word("up down"), boolean, amount, opt(amount)), group(text, boolean, amount, date), text)
alternative = choice(date, text)
mode = choice(group(), group(), text, opt(span), many(alternative), text, group(), group(), group(count, date, text), text,
              many(group(date, target)))
due = group(mode, opt(date), opt(group(date, span, boolean)), opt(text))
terms = group(opt(target), opt(due), opt(text))
cite = group(text, text, opt(group(uint, uint, fixed(32))))
link = group(word("same-as repeats part-of may-overlap fulfils part-fulfils supports addresses measured-by contradicts supersedes"
                  " answers bears-on disputes"), text, word("stated probable possible"))

COMMON: dict[str, Type] = {
    "id": identifier, "text": text, "by": many(text), "about": many(text), "to": many(text), "reporter": opt(text),
    "attribution": word("stated implied uncertain unknown"),
    "voice": opt(word("record official self government critic reporter second-hand derived")),
    "occurred": opt(date), "period": opt(date), "place": opt(text), "sensitive": boolean,
    "salience": word("core supporting rhetorical"), "amounts": many(amount), "cites": many(cite), "links": many(link),
    "note": opt(text)}
FACTS: dict[str, dict[str, Type]] = {
    "party": {"kind of party": word(
        "council partnership nhs-board department government inspectorate ombudsman auditor improvement-board parliament"
        " political-group charity school media company office-holder people other area inquiry court regulator commissioners"
        " emergency-service committee"), "identifiers": many(group(text, text))},
    "source": {"publisher": opt(text), "author": opt(text), "published": opt(date), "known-from": opt(group(signed, text)),
               "url": opt(text), "blake3": opt(fixed(32)), "revises": opt(text)},
    "metric": {"definition": text, "unit": text, "direction": word("higher lower neither")},
    "inspection": {"outcome": text, "framework": opt(text), "findings": many(text)},
    "notice": {"form": text},
    "statement": {"act": word("speech reply apology criticism demand admission claim forecast ask case"), "outcome": opt(text)},
    "question": {"answer": word("answered partly-answered declined silence not-known")},
    "pledge": {"force": word("aspiration pledge requirement remedy duty"), "target": opt(target), "due": opt(due),
               "test": opt(text), "personal": boolean},
    "delivery": {"outcome": word("done part started progress setback not-done undone")},
    "complaint": {"decision": word("upheld not-upheld not-known"), "reference": opt(text), "fault": opt(text),
                  "injustice": opt(text), "count": opt(uint)},
    "payout": {"settles": text, "count": opt(uint)},
    "measurement": {"metric": text, "numerator": opt(uint), "denominator": opt(uint)},
    "change": {"what": word("body-set-up appointment departure control system-launched service-launched sitting review-opened"
                            " withdrawal office-ended other series-break"), "value": opt(text)},
    "publication": {"form": word("plan report minutes letter data other"), "announced": opt(uint), "parts": many(text)},
    "assessment": {"of": text, "verdict": text, "scale": text, "reasons": opt(text)},
    "succession": {"of": text, "passes": many(group(text, opt(text)))},
    "recommendation": {"publication": opt(text), "number": opt(text), "terms": terms, "answer due": opt(due)},
    "decision": {"ruling": word("accepted accepted-in-principle accepted-in-part rejected noted minded-to in-force varied deferred"
                                " revoked upheld partly-upheld quashed dismissed refused"),
                 "on": many(text), "terms": opt(terms), "conditions": opt(text)},
    "correction": {"of": text, "reason": text, "replacement": octets},
    "retraction": {"of": text, "reason": text}}
FACTS = {kind: COMMON | own for kind, own in FACTS.items()}
REPLACEMENTS = {kind: fields for kind, fields in FACTS.items() if kind not in ("correction", "retraction")}
RECORDS: dict[str, dict[str, Type]] = {  # the ledger's own, section 3
    "redaction": {"entry": uint, "part": uint, "ground": text, "by": text},
    "withholding": {"parts": many(group(uint, uint)), "ground": text, "by": text},
    "reserve-key": {"key": fixed(32), "signature by the one that signs": fixed(64), "signature by itself": fixed(64)},
    "key": {"new key": fixed(32), "signature by the old": fixed(64), "signature by the new": fixed(64)},
    "revocation": {"key": fixed(32), "ground": text}}
KINDS = ("party source metric inspection notice statement question pledge delivery complaint payout measurement change publication"
         " assessment correction retraction redaction key succession recommendation decision withholding reserve-key revocation").split()


def kind_word(reader: Reader) -> str:
    """A kind by its word; one that is not known, by its number."""
    number = u8(reader)
    return KINDS[number] if number < len(KINDS) else f"kind {number}"


def decode(data: bytes, tables: dict[str, dict[str, Type]], kind: str | None = None) -> dict[str, Any]:
    """The kind and fields of a fact or record, which must be of the kind given and of one of those in the tables."""
    reader = Reader(data)
    version, found = u8(reader), kind_word(reader)
    require(kind in (None, found), "a part is not of the kind of its entry")
    if tables is not RECORDS and (version != 1 or found not in KINDS):
        raise Unreadable
    require(version == 1, "a record of the ledger is of an unknown version")
    require(found in tables, f"{found} cannot stand here")
    fields = {"kind": found} | {name: read(reader) for name, read in tables[found].items()}
    reader.finish()
    if found == "correction":
        fields["replacement"] = decode(fields["replacement"], REPLACEMENTS)
    return fields


# Sections 2 and 3: hashes and entries.

ROLES = "ledger fact quotation private-note recorder tombstone"
PRIVATE = ("private-note", "recorder", "tombstone")
HEADER = group(uint, fixed(32), signed, kind_word, many(group(word(ROLES), fixed(32))))


@dataclass
class Entry:
    index: int
    previous: bytes
    recorded_at: int
    kind: str
    parts: list[tuple[str, bytes]]
    chain: bytes
    leaf: bytes


def derive(context: str, data: bytes) -> bytes:
    return blake3(data, derive_key_context=context).digest()


def u64le(number: int) -> bytes:
    return number.to_bytes(8, "little")


def tree_head(nodes: list[bytes]) -> bytes:
    """Joined in pairs, an odd one going up as it stands: the same tree as RFC 6962's."""
    while len(nodes) > 1:
        nodes = [hashlib.sha256(b"\x01" + b"".join(pair)).digest() if len(pair) == 2 else pair[0]
                 for pair in (nodes[at:at + 2] for at in range(0, len(nodes), 2))]
    return nodes[0] if nodes else hashlib.sha256(b"").digest()


def read_entry(line: Any) -> Entry:
    data = from_base64(line, "entry")
    require(len(data) <= 65_535, "the entry is too long")
    reader = Reader(data)
    require(u8(reader) == 1, "the entry is of an unknown version")
    fields = HEADER(reader)
    reader.finish()
    return Entry(*fields, derive("heldto ledger v1 entry", data), hashlib.sha256(b"\x00" + data).digest())


# Section 5: the export.

def field(line: Any, name: str, kind: type) -> Any:
    require(isinstance(line, dict) and type(line.get(name)) is kind, f"a line has no {name} of the right type")
    return line[name]


def no_other_key(line: Any, names: str) -> None:
    require(isinstance(line, dict) and set(line) <= set(names.split()), f"not an object, or with other keys than {names}")


def from_base64(line: Any, name: str) -> bytes:
    value = field(line, name, str)
    try:
        data = base64.b64decode(value, validate=True)
    except ValueError:
        raise Broken(f"{name} is not base64") from None
    require(base64.b64encode(data).decode() == value, f"{name} is not in the one spelling of base64")
    return data


def from_hex(line: Any, name: str) -> bytes:
    value = field(line, name, str)
    require(re.fullmatch("[0-9a-f]{64}", value) is not None, f"{name} is not 32 bytes of lower-case hexadecimal")
    return bytes.fromhex(value)


def genesis(line: Any) -> bytes:
    no_other_key(line, "heldto version origin key")
    require(field(line, "heldto", str) == "export" and field(line, "version", int) == 1, "not an export of version 1")
    key, name = from_hex(line, "key"), field(line, "origin", str)
    plain = not any(c.isspace() or c == "+" or unicodedata.category(c) in ("Cc", "Cs") for c in name)
    require(plain, "the origin holds a character that it may not")
    origin = name.encode()
    require(1 <= len(origin) <= 255, "the origin is not 1 to 255 bytes")
    return derive("heldto ledger v1 genesis", b"\x01" + u64le(len(origin)) + origin + key)


def check_shown(shown: Any, kind: str, fields: dict[str, Any]) -> None:
    """The readable fact beside an entry, compared in its kind, id and text."""
    require(isinstance(shown, dict) and list(shown) == [kind], "the readable fact is not of the kind of the entry")
    title = {"party": "name", "metric": "name", "source": "title"}.get(kind, "text")
    for shown_as, name in (("id", "id"), (title, "text")):
        if name in fields:
            require(field(shown, kind, dict).get(shown_as, "") == fields[name], f"the readable fact has another {shown_as}")


class Ledger:
    def __init__(self, lines: list[Any]) -> None:
        require(len(lines) > 0, "there is no line")
        self.genesis = genesis(lines[0])
        require(len(lines) > 1 and isinstance(lines[-1], dict) and "end" in lines[-1], "the last line is missing")
        no_other_key(lines[-1], "end chain root")
        self.keys = [from_hex(lines[0], "key")]  # the last one signs, at each place
        self.lines, self.size = lines[1:-1], field(lines[-1], "end", int)
        self.chain, self.root = from_hex(lines[-1], "chain"), from_hex(lines[-1], "root")
        self.entries: list[Entry] = []
        self.present: set[tuple[int, int]] = set()
        self.redactions: list[tuple[int, int, int]] = []  # each with the part that it names
        self.redacted: set[tuple[int, int]] = set()
        self.withheld: dict[int, list[tuple[int, int]]] = {}  # what each withholding names
        self.unreadable = 0
        self.shown: set[int] = set()
        self.facts: dict[int, dict[str, Any]] = {}  # those that can be read

    def verify(self) -> str:
        for at, line in enumerate(self.lines):
            with blame(at):
                no_other_key(line, "index entry parts fact")
                entry = read_entry(line)
                require(entry.index == field(line, "index", int) == at, "the entry is not in its place")
            self.check_link(at, entry)
            with blame(at):
                require(at == 0 or entry.recorded_at >= self.entries[-1].recorded_at, "recorded before the entry before it")
                self.entries.append(entry)
                self.check_parts(at, entry, line)
                require(line.get("fact") is None or at in self.shown, "a readable fact stands beside none that can be read")
        for named in self.redactions:
            self.check_named(*named)
        self.check_withholdings()
        withheld = self.check_missing()
        require(self.size == len(self.entries), f"the last line tells of {self.size} entries, {len(self.entries)} are here")
        chain = self.entries[-1].chain if self.entries else self.genesis
        root = tree_head([entry.leaf for entry in self.entries])
        if self.entries and chain != self.chain and root != self.root:
            raise Broken("changed: neither chain nor root are those of the last line", len(self.entries) - 1)
        require(chain == self.chain, "the chain value is not that of the last line")
        require(root == self.root, "the root is not that of the last line")
        self.check_corrections(self.check_ids())
        return (f"sound: {self.size} entries, chain {chain.hex()}, root {root.hex()}, {len(self.present)} parts checked, "
                f"{len(self.redacted)} erased, {withheld} withheld, {self.unreadable} unreadable")

    def check_link(self, at: int, entry: Entry) -> None:
        """An entry that does not fit the one before is itself the changed one, unless what follows still fits it."""
        if entry.previous == (self.entries[-1].chain if at else self.genesis):
            return
        try:
            follower = read_entry(self.lines[at + 1]).previous if at + 1 < len(self.lines) else self.chain
        except Broken:
            follower = b""
        require(entry.chain == follower, "the previous chain value is not that of what comes before", at)
        require(at > 0, "the founding line is not the one that entry 0 was chained to")
        raise Broken("changed: the entry after it was chained to something else", at - 1)

    def check_parts(self, at: int, entry: Entry, line: Any) -> None:
        main = [role for role, _ in entry.parts if role in ("ledger", "fact")]
        own = "ledger" if entry.kind in RECORDS else "fact"
        require(main == [own] and entry.parts[0][0] == own, "not exactly one fact or record of the ledger's own, in the first place")
        for part in field(line, "parts", list):
            no_other_key(part, "part role salt bytes")
            number = field(part, "part", int)
            require(0 <= number < len(entry.parts), f"the entry has no part {number}")
            require((at, number) not in self.present, f"part {number} is there twice")
            self.present.add((at, number))
            (role, commitment), salt, data = entry.parts[number], from_hex(part, "salt"), from_base64(part, "bytes")
            require(field(part, "role", str) == role, f"part {number} is not of the role that the entry gives it")
            require(len(data) <= 1_048_576, f"part {number} is too long")
            code = bytes([ROLES.split().index(role)])
            found = derive("heldto ledger v1 part", salt + code + u64le(len(data)) + data)
            require(found == commitment, f"part {number} does not match its commitment")
            if role in ("ledger", "fact"):
                self.check_fact(at, entry, data, RECORDS if role == "ledger" else FACTS, line.get("fact"))

    def check_fact(self, at: int, entry: Entry, data: bytes, tables: dict[str, dict[str, Type]], shown: Any) -> None:
        try:
            fields = decode(data, tables, entry.kind)
        except Unreadable:
            self.unreadable += 1
            return
        if shown is not None:
            check_shown(shown, entry.kind, fields)
            self.shown.add(at)
        if tables is FACTS:
            self.facts[at] = fields
        elif entry.kind == "redaction":
            self.redactions.append((at, fields["entry"], fields["part"]))
            self.redacted.add((fields["entry"], fields["part"]))
        elif entry.kind == "withholding":
            self.withheld[at] = fields["parts"]
        elif entry.kind == "reserve-key":
            require(fields["key"] != self.keys[-1], "the reserve key is the one that signs")
        elif entry.kind == "revocation":
            require(fields["key"] in self.keys[:-1], "revokes a key that is in force, was revoked, or is none of this ledger")
            self.keys.remove(fields["key"])
        else:
            self.keys.append(fields["new key"])

    def check_named(self, at: int, entry: int, part: int) -> None:
        """What a redaction or withholding at a place may name."""
        require(entry < at and part < len(self.entries[entry].parts), "names a part that is not before it", at)
        require(self.entries[entry].parts[part][0] != "ledger", "names a record of the ledger's own", at)

    def check_missing(self) -> int:
        """How many parts are missing that are not erased."""
        withheld, named = 0, {where for parts in self.withheld.values() for where in parts}
        for at, entry in enumerate(self.entries):
            for number, (role, _) in enumerate(entry.parts):
                there, redacted = (at, number) in self.present, (at, number) in self.redacted
                require(not (there and redacted), f"part {number} is there, and redacted", at)
                excused = role in PRIVATE or role != "ledger" and (at, number) in named
                require(there or redacted or excused, f"part {number} is missing without a redaction or withholding", at)
                withheld += not there and not redacted
        return withheld

    def check_withholdings(self) -> None:
        for at, parts in self.withheld.items():
            require(len(parts) > 0, "withholds nothing", at)
            require(all(one < other for one, other in pairwise(parts)), "the parts that it withholds do not rise", at)
            for entry, part in parts:
                self.check_named(at, entry, part)

    def check_ids(self) -> dict[str, str]:
        """The kind of the fact that was recorded under each id."""
        kinds: dict[str, str] = {}
        for at, fact in self.facts.items():
            require(fact["id"] not in kinds, "its id was recorded before", at)
            kinds[fact["id"]] = fact["kind"]
        return kinds

    def check_corrections(self, kinds: dict[str, str]) -> None:
        """A replacement has the id and kind of the fact first recorded, where that can be read."""
        for at, fact in self.facts.items():
            if fact["kind"] == "correction" and fact["of"] in kinds:
                found = fact["replacement"]["id"], fact["replacement"]["kind"]
                require(found == (fact["of"], kinds[fact["of"]]), "a correction that has no effect: of another id or kind", at)


def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    require(len(dict(pairs)) == len(pairs), "an object names a key twice")
    return dict(pairs)


def verify(lines: list[Any]) -> str:
    """What to say of a sound ledger; `Broken` otherwise. A vector may give its lines as text or as JSON."""
    parsed = []
    for at, line in enumerate(lines):
        try:
            parsed.append(json.loads(line, object_pairs_hook=no_key_twice) if isinstance(line, str) else line)
        except (ValueError, RecursionError, Broken) as fault:
            why = fault.why if isinstance(fault, Broken) else "not JSON"
            raise Broken(f"line {at + 1}: {why}", at - 1 if 0 < at < len(lines) - 1 else None) from None
    return Ledger(parsed).verify()


def verify_export(path: Path) -> int:
    try:
        print(verify(path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")))
        return 0
    except UnicodeDecodeError:
        print("broken: not UTF-8")
    except Broken as broken:
        print(f"broken: {broken}")
    return 4


def verify_vector(path: Path) -> int:
    vector = json.loads(path.read_text("utf-8"))
    try:
        found, entry = verify(vector["lines"]), None
    except Broken as broken:
        found, entry = f"broken: {broken}", broken.entry
    agrees = found.startswith(vector["expect"] + ":") and vector["entry"] in (None, entry)
    wanted = "" if agrees else f", expected {vector['expect']} at entry {vector['entry']}"
    print(f"{path.name}: {'agrees' if agrees else 'DISAGREES'}: {found}{wanted}")
    return 0 if agrees else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(max([verify_vector(Path(name)) if name.endswith(".json") else verify_export(Path(name)) for name in sys.argv[1:]]))
