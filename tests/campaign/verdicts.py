"""Asks for verdicts on what is published while it changes, and on what was tampered with, and checks that each is the right one.

    python3 verdicts.py publishes --program PATH [--publishes 80] [--verifications 200] [--kills 100] [--seed N]
    python3 verdicts.py manipulations --program PATH [--runs 100] [--seed N]

`publishes` appends facts, some of them sensitive, and publishes them in one folder, over and over, while two other processes verify that folder, with a
key and without: each verification must exit with 0. Then it kills `publish` at random moments and, where there is strace, just before a certain call.
After each kill the folder must be sound, and the next `publish` must succeed and continue every checkpoint that was seen. After the last one, which
is without `--sensitive`, no file in the folder may hold the text of a sensitive fact.

`manipulations` changes copies of published folders, exports, proofs and ledgers, each in a way drawn from the table below, and verifies them. The exit
code must be one that the table has for it, within 20 seconds; verifying must change no file of what others gave; and JSON must tell what is signed,
checked and expected. Each way is drawn once before any is drawn again.

The last line printed is JSON. Exits 1 when anything was wrong, and keeps the folder.
"""

import argparse
import base64
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from pathlib import Path

SOUND, FAILED, USAGE, BROKEN, UNSIGNED = 0, 1, 2, 4, 6
LIMIT = 20  # Seconds that a verification may take.
WIDTH = 256  # Entries in a full bundle.
MEMORY = 4 << 30  # Bytes that a process may take, so that what has no end ends here.
ORIGIN = "example.org/verdicts"
SECRET = "zq-unpublished"  # Stands in the text of every sensitive fact, and nowhere else.
CALLS = {"write": 40, "rename": 8, "fsync": 20, "openat": 60, "unlink": 8}  # Before what a kill strikes, and how many such calls a publish makes or more.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("HELDTO_")}


def start(program, *words, under=()):
    pipe = subprocess.PIPE
    return subprocess.Popen([*under, program, *words], stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=ENVIRONMENT, start_new_session=True)


def run(program, *words, limit=120):
    """Exit code, what it printed, and what it said."""
    process = start(program, *words)
    try:
        out, err = process.communicate(timeout=limit)
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "none", "", f"it did not end within {limit} seconds"


def ok(program, *words):
    code, out, err = run(program, *words)
    if code:
        raise SystemExit(f"{words}: exit {code}: {err}")
    return out


class Keeper:
    """A ledger, and whoever appends to it and publishes it."""

    def __init__(self, program, ledger, origin=ORIGIN, name="fact"):
        self.program, self.ledger, self.name, self.made = program, ledger, name, 0
        if not ledger.exists():
            self.key = re.search(r"public key +(\S+)", ok(program, "init", ledger, "--origin", origin))[1]

    def words(self, *words):
        return ["--ledger", self.ledger, *words]

    def do(self, *words):
        return ok(self.program, *self.words(*words))

    def facts(self, count, sensitive=0):
        """A facts file of parties, and of statements that are sensitive."""
        path = self.ledger.parent / "facts.jsonl"
        with open(path, "w") as out:
            for n in range(self.made, self.made + count):
                fact = {"id": f"{self.name}-{n}", "name": f"Party {n}", "kind": "council", "note": f"note {n} " * (n % 9)}
                print(json.dumps({"party": {k: v for k, v in fact.items() if v}}), file=out)
            for n in range(self.made + count, self.made + count + sensitive):
                fact = {"id": f"{self.name}-{n}", "text": f"{SECRET} {n}", "by": f"{self.name}-0", "voice": "critic", "act": "case", "occurred": "2024-02-17",
                        "sensitive": True, "cites": [{"source": f"{self.name}-source", "at": "p. 1"}]}
                print(json.dumps({"statement": fact}), file=out)
        self.made += count + sensitive
        return path

    def append(self, count, sensitive=0, *words):
        self.do("append", self.facts(count, sensitive), *words)

    def source(self):
        path = self.ledger.parent / "source.jsonl"
        path.write_text(json.dumps({"source": {"id": f"{self.name}-source", "title": "A paper", "publisher": "P", "published": "2024-01-10"}}) + "\n")
        self.do("append", path)


def holding_secrets(folder):
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


class Publishes:
    def __init__(self, options, folder):
        self.options, self.folder, self.rng = options, folder, random.Random(options.seed)
        self.keeper, self.public = Keeper(options.program, folder / "ledger"), folder / "public"
        self.keeper.source()
        self.count, self.failures = Counter(publishes=0, verifications=0, kills=0, struck=0, wrong=0), []
        self.seen, self.publishing, self.took = [], threading.Event(), 0.2

    def wrong(self, what, code, err):
        self.count["wrong"] += 1
        self.failures.append(f"{what}: exit {code}: {err}")
        print(self.failures[-1], file=sys.stderr)

    def publish_words(self, most=15):
        """Appends something, and says how to publish it."""
        self.keeper.append(self.rng.randint(1, most), self.rng.choice([0, 0, 1, 3]))
        return self.keeper.words("publish", self.public, *(["--sensitive"] if self.rng.random() < 0.3 else []))

    def verify(self, what, *words):
        code, _, err = run(self.options.program, "verify", self.public, *words, limit=LIMIT)
        if code:
            self.wrong(what, code, err)

    def keep_checkpoint(self):
        self.seen.append(self.folder / f"seen-{len(self.seen)}")
        shutil.copy(self.public / "checkpoint", self.seen[-1])

    def watch(self, words):
        while self.publishing.is_set():
            self.verify(f"verify {' '.join(words)} beside publish {self.count['publishes']}", *words)
            self.count["verifications"] += 1

    def beside(self):
        ok(self.options.program, *self.publish_words())
        self.publishing.set()
        watchers = [threading.Thread(target=self.watch, args=(words,)) for words in (["--key", self.keeper.key], [])]
        for watcher in watchers:
            watcher.start()
        try:
            while self.count["publishes"] < self.options.publishes or self.count["verifications"] < self.options.verifications:
                if self.count["publishes"] == self.options.publishes // 2:
                    self.keeper.do("key", "rotate")
                words, began = self.publish_words(), time.monotonic()
                code, _, err = run(self.options.program, *words)
                self.took += (time.monotonic() - began - self.took) / 4
                self.count["publishes"] += 1
                if code:
                    self.wrong(f"publish {self.count['publishes']}", code, err)
                self.keep_checkpoint()
        finally:
            self.publishing.clear()
            for watcher in watchers:
                watcher.join()

    def kill(self):
        words, under = self.publish_words(), ()
        if shutil.which("strace") and self.rng.random() < 0.6:
            call = self.rng.choice(list(CALLS))
            inject = f"inject={call}:signal=KILL:when={self.rng.randint(1, CALLS[call])}"
            under = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        process = start(self.options.program, *words, under=under)
        if not under:
            time.sleep(self.rng.uniform(0, self.took * 1.1))
            process.kill()
        err = process.communicate()[1].decode(errors="replace")
        what = f"kill {self.count['kills']} ({under[-1] if under else 'at random'})"
        self.count["kills"] += 1
        self.count["struck"] += process.returncode == -signal.SIGKILL
        if process.returncode not in (0, -signal.SIGKILL):
            self.wrong(f"{what}: publish", process.returncode, err)
        key = ["--key", self.keeper.key]
        self.verify(f"{what}: verify", *key)
        self.verify(f"{what}: verify --expect", *key, "--expect", self.seen[-1])
        self.keep_checkpoint()
        words = self.publish_words(3) if self.rng.random() < 0.5 else words
        code, _, err = run(self.options.program, *words)
        if code:
            self.wrong(f"{what}: publish again", code, err)
        self.verify(f"{what}: verify what was published again", *key, "--expect", self.rng.choice(self.seen))
        self.keep_checkpoint()

    def all(self):
        self.beside()
        while self.count["struck"] < self.options.kills and self.count["kills"] < 5 * self.options.kills:
            self.kill()
        ok(self.options.program, *self.keeper.words("publish", self.public))
        self.verify("verify at the end", "--key", self.keeper.key, "--expect", self.seen[0])
        if held := holding_secrets(self.public):
            self.wrong("sensitive facts at the end", "", ", ".join(held))
        entries = int((self.public / "checkpoint").read_text().split("\n")[1])
        print(json.dumps({"campaign": "publishes", **self.count, "entries": entries}))
        return self.failures


# Ed25519 (RFC 8032), slow and plain: a keeper who cheats signs whatever there is to sign.

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def times(n, point=BASE):
    """A multiple of a point, in its 32 bytes."""
    sum_ = (0, 1, 1, 0)
    while n:
        sum_ = add(sum_, point) if n & 1 else sum_
        point, n = add(point, point), n >> 1
    inverse = pow(sum_[2], P - 2, P)
    return (sum_[1] * inverse % P | (sum_[0] * inverse % P & 1) << 255).to_bytes(32, "little")


class Signer:
    """The key of a file `signing.key`, or a new one."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.scalar, self.prefix = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254, digest[32:]
        self.public = times(self.scalar)

    @classmethod
    def of_file(cls, path):
        return cls(base64.b64decode(path.read_text().strip().split("+", 4)[4])[1:])

    def line(self, text, name=ORIGIN):
        number = lambda data: int.from_bytes(hashlib.sha512(data).digest(), "little") % Q
        nonce = number(self.prefix + text.encode())
        point = times(nonce)
        signature = point + ((nonce + number(point + self.public + text.encode()) * self.scalar) % Q).to_bytes(32, "little")
        key_hash = hashlib.sha256(name.encode() + b"\n\x01" + self.public).digest()[:4]
        return f"— {name} {base64.b64encode(key_hash + signature).decode()}\n"


def note(size, root, *signers, origin=ORIGIN):
    """The text of a checkpoint, with signatures."""
    text = f"{origin}\n{size}\n{root if isinstance(root, str) else base64.b64encode(root).decode()}\n"
    return text + "\n" + "".join(signer.line(text) for signer in signers)


def merkle(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle(hashes[:half]) + merkle(hashes[half:])).digest()


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def place(index, width):
    return f"{index:03}" if width == WIDTH else f"{index:03}.p/{width}"


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


class Published:
    """All entries and parts of a published folder of less than 256,000 entries, to be changed and written again with hashes that fit."""

    def __init__(self, folder):
        self.folder, self.entries, self.parts = folder, [], []
        self.size = int((folder / "checkpoint").read_text().split("\n")[1])
        for bundle in self.bundles(self.size):
            rest = (folder / "tile/entries" / bundle).read_bytes()
            while rest:
                length = 2 + int.from_bytes(rest[:2], "big")
                self.entries.append(rest[2:length])
                rest = rest[length:]
            rest = (folder / "parts" / bundle).read_bytes()
            while rest:
                count, rest, parts = int.from_bytes(rest[:2], "big"), rest[2:], []
                for _ in range(count):
                    number, length = struct.unpack(">HI", rest[:6])
                    parts.append((number, rest[6:6 + length]))
                    rest = rest[6 + length:]
                self.parts.append(parts)

    @staticmethod
    def bundles(size):
        return [place(n // WIDTH, min(WIDTH, size - n)) for n in range(0, size, WIDTH)]

    def write_parts(self):
        """Writes the parts alone, with none in what older checkpoints left."""
        shutil.rmtree(self.folder / "parts")
        of_entry = lambda parts: struct.pack(">H", len(parts)) + b"".join(struct.pack(">HI", number, len(part)) + part for number, part in parts)
        for n, bundle in enumerate(self.bundles(len(self.entries))):
            put(self.folder / "parts" / bundle, b"".join(map(of_entry, self.parts[n * WIDTH:(n + 1) * WIDTH])))

    def write(self, signer):
        """Writes all of it, as if it had been so from the beginning."""
        shutil.rmtree(self.folder / "tile")
        hashes = leaves = [leaf(entry) for entry in self.entries]
        for level in range(9):
            for n, tile in enumerate(self.bundles(len(hashes))):
                put(self.folder / f"tile/{level}/{tile}", b"".join(hashes[n * WIDTH:(n + 1) * WIDTH]))
            hashes = [merkle(hashes[n:n + WIDTH]) for n in range(0, len(hashes) - WIDTH + 1, WIDTH)]
        for n, bundle in enumerate(self.bundles(len(self.entries))):
            put(self.folder / f"tile/entries/{bundle}", b"".join(struct.pack(">H", len(e)) + e for e in self.entries[n * WIDTH:(n + 1) * WIDTH]))
        self.write_parts()
        (self.folder / "checkpoint").write_text(note(len(self.entries), merkle(leaves), signer))



KINDS = []


def kind(target, key, bare=None, expect=()):
    """Puts a manipulation into the table: what it changes, and with which codes `verify` may end with a key, without one, and with a checkpoint
    expected; where none is given, the same as without. What the manipulation returns replaces them: codes, or a dictionary of the same three."""
    as_set = lambda codes: {codes} if isinstance(codes, int) else set(codes)

    def add_to_table(change):
        KINDS.append((target, change, {"key": as_set(key), "bare": as_set(key if bare is None else bare), "expect": as_set(expect)}))
        return change
    return add_to_table


def flip(path, rng, at=None):
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content)) if at is None else at
    content[at] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return at


def files(folder, pattern="**/*"):
    return sorted(path for path in folder.glob(pattern) if path.is_file() and not path.is_symlink())


def needed(folder):
    """The files of a published folder that its checkpoint needs. The others are what older checkpoints left."""
    size, names = Published(folder).size, ["checkpoint", "first-key"]
    names += [f"{kind}/{bundle}" for bundle in Published.bundles(size) for kind in ("tile/entries", "parts")]
    for level in range(9):
        names += [f"tile/{level}/{tile}" for tile in Published.bundles(size >> 8 * level)]
    return [folder / name for name in names]


# Published folders. `w` is the world of one run: `w.at` is the copy to change, `w.rng` chances, and the rest what was made beforehand.

@kind("public", BROKEN)
def a_bit_of_a_tile_a_bundle_or_the_first_key(w):
    flip(w.rng.choice([path for path in files(w.at) if path.name != "checkpoint"]), w.rng)


@kind("public", (BROKEN, UNSIGNED), (SOUND, BROKEN))
def a_bit_of_the_checkpoint(w):
    path = w.at / "checkpoint"
    signed = path.read_bytes().index(b"\n\n")
    if flip(path, w.rng) < signed:
        return BROKEN


@kind("public", BROKEN)
def a_byte_removed_or_added(w):
    path = w.rng.choice([path for path in files(w.at) if path.name != "checkpoint"])
    content, at = path.read_bytes(), w.rng.randrange(path.stat().st_size)
    path.write_bytes(content[:at] + w.rng.choice([b"", b"\0" + content[at:at + 1]]) + content[at + 1:])


@kind("public", BROKEN)
def a_needed_file_is_missing(w):
    w.rng.choice(needed(w.at)).unlink()


@kind("public", SOUND)
def what_an_older_checkpoint_left_is_missing(w):
    for path in set(files(w.at)) - set(needed(w.at)):
        path.unlink()


@kind("public", BROKEN)
def two_entries_swapped_and_all_signed_again(w):
    all_ = Published(w.at)
    a, b = w.rng.sample(range(all_.size), 2)
    for held in (all_.entries, all_.parts):
        held[a], held[b] = held[b], held[a]
    all_.write(w.signer)


@kind("public", BROKEN)
def two_entries_swapped_in_their_bundle(w):
    all_, checkpoint = Published(w.at), (w.at / "checkpoint").read_bytes()
    tiles = w.at.parent / "tiles"
    shutil.copytree(w.at / "tile", tiles)
    a, b = w.rng.sample(range(all_.size), 2)
    all_.entries[a], all_.entries[b] = all_.entries[b], all_.entries[a]
    all_.write(w.signer)
    for level in ("0", "1"):
        shutil.rmtree(w.at / "tile" / level)
        shutil.move(tiles / level, w.at / "tile" / level)
    (w.at / "checkpoint").write_bytes(checkpoint)


@kind("public", BROKEN)
def an_entry_dropped_or_doubled_and_all_signed_again(w):
    all_ = Published(w.at)
    at = w.rng.randrange(1, all_.size - 1)
    for held in (all_.entries, all_.parts):
        held[at:at + 1] = w.rng.choice([[], [held[at]] * 2])
    all_.write(w.signer)


@kind("public", SOUND, expect=BROKEN)
def the_end_cut_off_and_all_signed_again(w):
    # Before the change of key, and after the withholding: the first key signs what is left.
    all_ = Published(w.at)
    size = w.rng.randrange(w.rotated - 40, w.rotated)
    all_.entries, all_.parts = all_.entries[:size], all_.parts[:size]
    all_.write(w.first_signer)


@kind("public", BROKEN)
def a_part_left_out_without_a_withholding(w):
    all_ = Published(w.at)
    w.rng.choice([parts for parts in all_.parts if parts]).pop()
    all_.write_parts()


@kind("told", SOUND)
def a_withheld_part_left_out(w):
    all_, left_out = Published(w.at), Published(w.public)
    at = w.rng.choice([n for n, parts in enumerate(all_.parts) if len(parts) > len(left_out.parts[n])])
    all_.parts[at] = left_out.parts[at]
    all_.write_parts()


@kind("public", SOUND)
def a_withheld_part_put_back(w):
    all_, told = Published(w.at), Published(w.told)
    at = w.rng.choice([n for n, parts in enumerate(all_.parts) if len(parts) < len(told.parts[n])])
    all_.parts[at] = told.parts[at]
    all_.write_parts()


@kind("public", BROKEN)
def a_withheld_part_put_back_changed_or_elsewhere(w):
    all_, told = Published(w.at), Published(w.told)
    at = w.rng.choice([n for n, parts in enumerate(all_.parts) if len(parts) < len(told.parts[n])])
    (number, part), *_ = told.parts[at]
    changed = w.rng.choice([(number, bytes([part[0] ^ 1]) + part[1:]), (number + 1, part), (number, part + b"\0"), (number, part[:-1]), (number, b"")])
    all_.parts[at] = [changed]
    all_.write_parts()


@kind("public", BROKEN)
def the_withholding_taken_out_and_all_signed_again(w):
    all_ = Published(w.at)
    at = w.rng.choice([n for n, parts in enumerate(all_.parts) if parts and parts[0][1][33] == 22])
    for held in (all_.entries, all_.parts):
        del held[at:]
    all_.write(w.first_signer)


@kind("public", UNSIGNED, SOUND)
def signed_by_another_key(w):
    all_ = Published(w.at)
    (w.at / "checkpoint").write_text(note(all_.size, merkle([leaf(e) for e in all_.entries]), w.stranger))


@kind("public", SOUND)
def signed_by_another_key_too(w):
    path = w.at / "checkpoint"
    text, line = path.read_text().split("\n\n")
    path.write_text(f"{text}\n\n" + "".join(w.rng.sample([line, w.stranger.line(text + "\n")], 2)))


@kind("public", (BROKEN, UNSIGNED), (SOUND, BROKEN))
def signed_with_no_or_a_false_signature(w):
    path = w.at / "checkpoint"
    text, lines = path.read_text().split("\n\n")
    # The key in force signs first; earlier ones may sign beside it.
    signature = base64.b64decode(lines.split("\n")[0].split(" ")[2])
    false = w.rng.choice([bytes(64), signature[36:] + signature[4:36], signature[4:36] + Q.to_bytes(32, "little"), signature[4:-1]])
    path.write_text(f"{text}\n\n" + w.rng.choice(["", f"— {ORIGIN} {base64.b64encode(signature[:4] + false).decode()}\n"]))


@kind("public", BROKEN)
def another_size_in_the_checkpoint(w):
    all_ = Published(w.at)
    size = w.rng.choice([0, 1, WIDTH, all_.size - 1, all_.size + 1, all_.size + WIDTH, 2**32, 2**56, 2**63, 2**64 - 1, 2**64, f"0{all_.size}", "-1", ""])
    (w.at / "checkpoint").write_text(note(size, merkle([leaf(e) for e in all_.entries]), w.signer))


@kind("public", BROKEN)
def another_root_in_the_checkpoint(w):
    root = w.rng.choice([w.rng.randbytes(32), bytes(32), hashlib.sha256(b"").digest(), w.rng.randbytes(31), b""])
    (w.at / "checkpoint").write_text(note(Published(w.at).size, root, w.signer))


@kind("public", BROKEN)
def another_origin_in_the_checkpoint(w):
    all_ = Published(w.at)
    origin = w.rng.choice(["example.org/other", ORIGIN + "/", ORIGIN.upper(), " " + ORIGIN, ""])
    (w.at / "checkpoint").write_text(note(all_.size, merkle([leaf(e) for e in all_.entries]), w.signer, origin=origin))


@kind("public", BROKEN)
def a_checkpoint_cut_short(w):
    path = w.at / "checkpoint"
    path.write_bytes(path.read_bytes()[:w.rng.choice([0, -1, w.rng.randrange(path.stat().st_size)])])


@kind("public", SOUND, expect=BROKEN)
def an_older_checkpoint(w):
    shutil.copy(w.rng.choice(w.older), w.at / "checkpoint")


@kind("public", BROKEN)
def a_huge_size_and_looping_links(w):
    (w.at / "checkpoint").write_text(note(2**56, w.rng.randbytes(32), w.signer))
    for folder in ("tile/entries", "tile/0", "tile/1", "parts"):
        for n in range(w.rng.choice([1, 256])):
            (w.at / folder / f"x{n:03}").symlink_to(w.rng.choice([".", "../..", w.at / folder, f"x{n:03}"]))


@kind("public", BROKEN)
def a_link_instead_of_a_folder(w):
    path = w.rng.choice(sorted({parent for path in needed(w.at) for parent in path.parents if w.at in parent.parents}))
    path.rename(w.at.parent / "elsewhere")
    path.symlink_to(w.rng.choice([w.at.parent / "elsewhere", ".", "..", w.public / path.relative_to(w.at)]))


ENDLESS = Path("/proc/self/pagemap")  # A plain file of no length, by what the system says, that one can read for hours.


@kind("public", (SOUND, BROKEN))
def a_link_instead_of_a_file(w):
    # That it is the same file elsewhere may be taken or refused. A link round and round is an error of the system's.
    path = w.rng.choice(needed(w.at))
    path.rename(elsewhere := w.at.parent / "elsewhere")
    target = w.rng.choice([elsewhere, path.name, "..", "/dev/zero", "/dev/null", *[ENDLESS] * ENDLESS.exists()])
    path.symlink_to(target)
    return {elsewhere: None, path.name: {FAILED, BROKEN}}.get(target, {BROKEN})


@kind("public", BROKEN)
def no_plain_file_or_one_without_end(w):
    path = w.rng.choice(needed(w.at))
    path.unlink()
    w.rng.choice([path.mkdir, lambda: os.mkfifo(path), lambda: (path.touch(), os.truncate(path, 2**40))])()


@kind("public", SOUND)
def a_live_ledgers_folders_put_in(w):
    source = w.rng.choice([w.ledger, w.other.ledger])
    for name in w.rng.sample(["hot", "journal", "acknowledged", "signed", "signing.key", "lock", "suspect", "partial"], 5):
        if (source / name).is_dir():
            shutil.copytree(source / name, w.at / name)
        elif (source / name).exists():
            shutil.copy(source / name, w.at / name)


@kind("public", SOUND)
def drafts_wider_tiles_and_unknown_names(w):
    full, width = divmod(Published(w.at).size, WIDTH)
    names = [".heldto-draft", "checkpoint.new", "index.html", "tile/README", "tile/9/000", "tile/x/000", f"tile/entries/{full:03}", f"parts/{full:03}",
             f"tile/0/{full:03}", f"parts/{full + 1:03}", f"tile/entries/{full:03}.p/{width}.new"]
    widths = (width + 1, 255, 256, 999, "0", f"0{width - 1}", "+3", "x")
    names += [f"{folder}/{full:03}.p/{name}" for folder in ("tile/0", "tile/entries", "parts") for name in widths]
    for name in w.rng.sample(names, 5):
        put(w.at / name, w.rng.randbytes(50))


@kind("public", BROKEN)
def a_false_part_in_what_an_older_checkpoint_left(w):
    full, width = divmod(Published(w.at).size, WIDTH)
    put(w.at / f"{w.rng.choice(['tile/0', 'tile/entries', 'parts'])}/{full:03}.p/{w.rng.randrange(1, width)}", w.rng.randbytes(50))


@kind("public", BROKEN)
def another_first_key(w):
    path = w.at / "first-key"
    text = path.read_text()
    other = w.rng.choice([w.twin.key + "\n", w.other.key + "\n", text.strip(), text + "\n", text.replace("\n", "\r\n"), " " + text, w.new_key + "\n", ""])
    path.write_text(other)


@kind("public", BROKEN)
def a_file_of_another_ledger(w):
    names = [path.relative_to(w.at) for path in files(w.at) if (w.other_public / path.relative_to(w.at)).exists()]
    # The page is for readers, and no file of the ledger.
    name = w.rng.choice([name for name in names if str(name) not in ("checkpoint", "index.html")])
    shutil.copy(w.other_public / name, w.at / name)


@kind("public", UNSIGNED, SOUND, BROKEN)
def another_ledger_of_the_same_origin(w):
    shutil.rmtree(w.at)
    shutil.copytree(w.twin_public, w.at)


@kind("public", SOUND, expect=BROKEN)
def a_history_rewritten_without_the_change_of_key(w):
    # Whoever has the first key alone cannot tell; whoever kept a checkpoint can, with any key.
    shutil.rmtree(w.at)
    shutil.copytree(w.fork_public, w.at)
    w.key = w.rng.choice([w.key, w.new_key])
    return {"key": {UNSIGNED if w.key == w.new_key else SOUND}, "bare": {SOUND}, "expect": {BROKEN}}


@kind("public", BROKEN)
def the_checkpoint_of_another_history(w):
    shutil.copy(w.rng.choice([w.fork_public, w.twin_public, w.other_public]) / "checkpoint", w.at / "checkpoint")


@kind("public", SOUND)
def nothing(w):
    pass


# Exports: nobody signs them, so one that is sound has code 6 where a key is given.

def lines_of(w):
    return w.at.read_text().splitlines()


def write_lines(w, lines):
    w.at.write_text("".join(line if line.endswith("\n") else line + "\n" for line in lines))


def an_entry(w, lines, has=""):
    """The number of a line that holds an entry, and a text."""
    return w.rng.choice([n for n, line in enumerate(lines[:-1]) if n and has in line])


@kind("export", BROKEN)
def a_bit_of_an_export(w):
    flip(w.at, w.rng)


@kind("export", BROKEN)
def lines_dropped_doubled_or_swapped(w):
    lines = lines_of(w)
    a, b = sorted(w.rng.sample(range(len(lines)), 2))
    before, first, between, second, after = lines[:a], lines[a], lines[a + 1:b], lines[b], lines[b + 1:]
    write_lines(w, w.rng.choice([[*before, *between, second, *after], [*before, first, *between, first, second, *after], [*before, second, *between, first, *after],
                                 lines[:b], [*lines, "{}"], [*lines, lines[-1]]]))


@kind("export", BROKEN)
def a_key_told_twice(w):
    lines = lines_of(w)
    at = an_entry(w, lines, '"fact":')
    whole, other = json.loads(lines[at]), json.loads(lines[an_entry(w, lines, '"fact":')])
    forged = json.loads(json.dumps(whole["fact"]).replace("Party", "Forged party"))
    shown = lambda value: json.dumps(value, separators=(",", ":"))
    ways = [("{", f'{{"fact":{shown(forged)},'), ("{", f'{{"fact":{shown(whole["fact"])},'), ("{", f'{{"entry":{shown(other["entry"])},'),
            ("{", f'{{"index":{whole["index"]},'), ("{", f'{{"parts":{shown(other["parts"])},'), ('{"id"', '{"id":"forged","id"'),
            ('{"part"', '{"part":0,"part"'), ('"salt"', '"salt":"","salt"'), ("{", '{"\\u0066act":{},')]
    before, after = w.rng.choice([(a, b) for a, b in ways if a in lines[at]])
    lines[at] = lines[at].replace(before, after, 1)
    write_lines(w, lines)


@kind("export", BROKEN)
def an_unknown_key(w):
    lines = lines_of(w)
    at = w.rng.choice([0, len(lines) - 1, an_entry(w, lines), an_entry(w, lines, '"fact":')])
    ways = [("{", '{"note":"x",'), ('{"id"', '{"seen":1,"id"'), ('{"part"', '{"kind":0,"part"'), ("}", ',"Index":0}')]
    before, after = w.rng.choice([(a, b) for a, b in ways if a in lines[at]])
    lines[at] = lines[at].replace(before, after, 1) if before != "}" else lines[at][:-1] + after
    write_lines(w, lines)


@kind("export", BROKEN)
def a_false_readable_fact(w):
    lines = lines_of(w)
    at = an_entry(w, lines, '"fact":')
    whole, other = json.loads(lines[at]), json.loads(lines[w.rng.choice([n for n in range(1, len(lines) - 1) if n != at and '"fact":' in lines[n]])])
    word, fields = next(iter(whole["fact"].items()))
    whole["fact"] = w.rng.choice([other["fact"], None, {}, {"pledge": fields}, {word: {**fields, "id": "forged"}},
                                  {word: {**fields, "sensitive": False}}, {word: {}}])
    lines[at] = json.dumps(whole)
    write_lines(w, lines)


@kind("export", UNSIGNED, SOUND)
def the_same_written_otherwise(w):
    lines = lines_of(w)
    for n in range(len(lines)):
        value = json.loads(lines[n])
        if "fact" in value and w.rng.random() < 0.2:
            del value["fact"]
        if "index" in value and w.rng.random() < 0.5:
            value = dict(w.rng.sample(list(value.items()), len(value)))
            lines[n] = json.dumps(value, ensure_ascii=w.rng.random() < 0.5)
    write_lines(w, lines)


@kind("export", BROKEN)
def a_part_taken_out_of_an_export(w):
    lines = lines_of(w)
    # Those of sensitive facts may go, since a withholding names them.
    at = w.rng.choice([n for n, line in enumerate(lines) if '"role":' in line and SECRET not in line])
    value = json.loads(lines[at])
    value["parts"].clear()
    value.pop("fact", None)
    lines[at] = json.dumps(value)
    write_lines(w, lines)


@kind("export", BROKEN)
def a_part_that_is_told_twice_or_of_another(w):
    lines = lines_of(w)
    at, other = w.rng.sample([n for n, line in enumerate(lines) if '"role":"fact"' in line], 2)
    value, its = json.loads(lines[at]), json.loads(lines[other])["parts"]
    part = value["parts"][0]
    value["parts"] = w.rng.choice([[part, part], its, [part, {**part, "part": 1}], [{**part, "role": "quotation"}], [{**part, "role": "ledger"}],
                                   [{**part, "part": 65536}], [{**part, "salt": part["salt"].upper()}], [{**part, "bytes": part["bytes"] + "===="}]])
    lines[at] = json.dumps(value)
    write_lines(w, lines)


@kind("export_public", BROKEN)
def the_withholding_taken_out_of_an_export(w):
    lines = lines_of(w)
    at = w.rng.choice([n for n, line in enumerate(lines) if '"role":"ledger"' in line and base64.b64decode(json.loads(line)["parts"][0]["bytes"])[1] == 22])
    if w.rng.random() < 0.5:
        del lines[at]
    else:
        # With a last line that fits what is left: the entry taken out names the chain value before it.
        entries = [base64.b64decode(json.loads(line)["entry"]) for line in lines[1:at]]
        taken, index = base64.b64decode(json.loads(lines[at])["entry"]), at - 1
        start = 2 if index < 251 else 4
        lines[at:] = [json.dumps({"end": index, "chain": taken[start:start + 32].hex(), "root": merkle([leaf(entry) for entry in entries]).hex()})]
    write_lines(w, lines)


@kind("export", UNSIGNED, SOUND, BROKEN)
def the_export_of_another_ledger(w):
    shutil.copy(w.rng.choice([w.other_export, w.twin_export]), w.at)


@kind("export", BROKEN)
def another_founding(w):
    lines = lines_of(w)
    first = json.loads(lines[0])
    first.update(w.rng.choice([{"origin": "example.org/other"}, {"key": w.stranger.public.hex()}, {"key": first["key"].upper()}, {"version": 2}, {"heldto": "proof"}]))
    write_lines(w, [json.dumps(first), *lines[1:]])


@kind("export", BROKEN)
def another_last_line(w):
    lines = lines_of(w)
    last = json.loads(lines[-1])
    last.update(w.rng.choice([{"end": last["end"] + 1}, {"end": 2**56}, {"end": float(last["end"])}, {"chain": "00" * 32}, {"chain": None}, {"root": last["chain"]},
                              {"root": last["root"].upper()}]))
    write_lines(w, [*lines[:-1], json.dumps(last)])


@kind("export", BROKEN)
def deep_brackets_or_no_export_at_all(w):
    lines = lines_of(w)
    at = w.rng.randrange(len(lines))
    lines[at] = w.rng.choice(["[" * 10**6, '{"fact":' * 10**5, "", "null", "[]", "\0", '"', '{"index":1e99}', lines[at] + lines[at], "\ufeff" + lines[at]])
    write_lines(w, lines)


@kind("export", UNSIGNED, SOUND)
def an_export_as_it_is(w):
    pass


# Proofs. With a checkpoint of another size they cannot be held against it: wrongly asked, code 2.

@kind("proof", (BROKEN, UNSIGNED), (SOUND, BROKEN), (SOUND, BROKEN))
def a_bit_of_a_proof(w):
    body = w.at.read_bytes().rindex(b"\n\n")
    if flip(w.at, w.rng) < body:
        return BROKEN


@kind("proof", UNSIGNED, SOUND, (USAGE, BROKEN))
def the_proof_of_another_ledger(w):
    shutil.copy(w.rng.choice([w.other_proof, w.twin_proof]), w.at)


def proof_with(w, change):
    """Writes what a proof carries otherwise."""
    lines = w.at.read_text().split("\n")
    lines[1] = "extra " + base64.b64encode(change(base64.b64decode(lines[1][6:]).decode()).encode()).decode()
    w.at.write_text("\n".join(lines))


@kind("proof", BROKEN)
def a_second_spelling_in_a_proof(w):
    ways = [("{", '{"heldto":"forged",'), ('"id"', '"id":"forged","id"'), (",", ", "), ('"index"', '"entry":"","index"'), ("{", '{"note":1,'),
            ('"version":1', '"version":1.0'), ('"version":1', '"version":2'), ('"heldto":"proof"', '"heldto":"export"'), ('"fact', '"\\u0066act'),
            ("]}", '],"part":""}'), ('"entries"', '"Entries"')]
    before, after = w.rng.choice(ways)
    proof_with(w, lambda text: text.replace(before, after, 1))


@kind("proof", BROKEN)
def another_fact_in_a_proof(w):
    def change(text):
        value = json.loads(text)
        first = value["entries"][0]
        part = bytearray(base64.b64decode(first["part"]))
        part[w.rng.randrange(len(part))] ^= 1
        path, entries = first["path"], value["entries"]
        w.rng.choice([lambda: first.update(part=base64.b64encode(part).decode()), lambda: first.update(part=""), lambda: first.update(index=first["index"] + 1),
                      lambda: value.update(id="forged"), lambda: value.update({"first-key": w.twin.key}), lambda: path.pop(), lambda: path.append(path[0]),
                      entries.reverse, entries.clear, lambda: entries.append(first)])()
        return json.dumps(value, separators=(",", ":"))
    proof_with(w, change)


# The key before the change signs beside the new one: a reader who knows it alone is shown its signature.
@kind("proof", (UNSIGNED, SOUND), SOUND)
def the_change_of_key_left_out_of_a_proof(w):
    def change(text):
        value = json.loads(text)
        value["entries"] = value["entries"][:1]
        return json.dumps(value, separators=(",", ":"))
    proof_with(w, change)


@kind("proof", UNSIGNED, SOUND)
def a_proof_signed_by_another_key(w):
    text, checkpoint = w.at.read_text().split("\n\n", 1)
    _, size, root, *_ = checkpoint.split("\n")
    w.at.write_text(f"{text}\n\n" + note(size, root, w.stranger))


@kind("proof", BROKEN)
def a_proof_of_another_tree(w):
    text, checkpoint = w.at.read_text().split("\n\n", 1)
    _, size, root, *_ = checkpoint.split("\n")
    size, root = w.rng.choice([(size, w.rng.randbytes(32)), (2**56, root), (0, root), (1, root)])
    w.at.write_text(f"{text}\n\n" + note(size, root, w.signer))


@kind("proof", BROKEN)
def a_proof_cut_short_or_longer(w):
    content = w.at.read_bytes()
    w.at.write_bytes(w.rng.choice([content[:w.rng.randrange(30, len(content))], content + b"\n", content + content, content + b"x"]))


@kind("proof", SOUND)
def a_proof_as_it_is(w):
    pass


# Ledgers of one's own: one copy mends the other.

def live(w, *names):
    return [path for name in names for path in files(w.at, name) if any(path.read_bytes())]


@kind("ledger", SOUND)
def a_bit_of_the_journal_or_the_database(w):
    path = w.rng.choice(live(w, "journal/*", "hot/**/*", "archive/**/*"))
    flip(path, w.rng, w.rng.choice([n for n, byte in enumerate(path.read_bytes()) if byte]))
    w.once_more = True


@kind("ledger", SOUND)
def a_bit_of_a_small_file(w):
    flip(w.rng.choice(live(w, "acknowledged", "signed", "checkpoint")), w.rng)
    w.once_more = True


@kind("ledger", SOUND)
def one_copy_lost(w):
    for name in w.rng.choice([["journal"], ["hot", "archive"]]):
        shutil.rmtree(w.at / name, ignore_errors=True)
    w.once_more = True


@kind("ledger", BROKEN)
def an_old_ledger_beside_newer_marks(w):
    marks = w.rng.choice([["acknowledged"], ["signed"], ["signed", "checkpoint"], ["acknowledged", "signed", "checkpoint"]])
    kept = {name: (w.at / name).read_bytes() for name in marks}
    shutil.rmtree(w.at)
    shutil.copytree(w.old, w.at)
    for name, content in kept.items():
        (w.at / name).write_bytes(content)


@kind("ledger", SOUND, SOUND, BROKEN)
def an_old_ledger_with_its_own_marks(w):
    shutil.rmtree(w.at)
    shutil.copytree(w.old, w.at)


@kind("ledger", UNSIGNED, SOUND)
def the_signature_removed(w):
    (w.at / "checkpoint").unlink()
    (w.at / "signed").unlink()


@kind("ledger", SOUND)
def one_of_the_two_signed_files_removed(w):
    (w.at / w.rng.choice(["checkpoint", "signed"])).unlink()
    w.once_more = True


@kind("ledger", BROKEN)
def a_forged_pair_of_signed_files(w):
    # The root is another's; what stands in `signed` fits its check.
    forged = note(*w.rng.choice([(w.entries, w.rng.randbytes(32)), (w.entries + 1, w.rng.randbytes(32))]), w.signer)
    lines = (w.at / "signed").read_bytes().split(b"\n")[:3]
    if w.rng.random() < 0.5:
        (w.at / "checkpoint").write_text(forged)
        (w.at / "signed").unlink()
    else:
        body = b"\n".join(lines) + b"\n" + forged.encode()
        (w.at / "signed").write_bytes(body + b"check %08x\n" % zlib.crc32(body))
        (w.at / "checkpoint").write_text(forged)


@kind("ledger", BROKEN)
def the_journal_of_another(w):
    shutil.rmtree(w.at / "journal")
    shutil.copytree(w.rng.choice([w.other, w.twin]).ledger / "journal", w.at / "journal")


@kind("ledger", SOUND)
def the_database_of_another(w):
    shutil.rmtree(w.at / "hot")
    shutil.copytree(w.rng.choice([w.other, w.twin]).ledger / "hot", w.at / "hot")


@kind("ledger", (SOUND, FAILED, BROKEN))
def links_in_a_ledger(w):
    path = w.at / w.rng.choice(["journal", "hot", "checkpoint", "signed", "acknowledged", "journal/open-0"])
    path.rename(w.at.parent / "elsewhere")
    path.symlink_to(w.rng.choice([w.at.parent / "elsewhere", path.name, "."]))


@kind("ledger", UNSIGNED, SOUND, BROKEN)
def another_ledger(w):
    shutil.rmtree(w.at)
    shutil.copytree(w.rng.choice([w.twin, w.other]).ledger, w.at)


@kind("ledger", SOUND)
def a_ledger_as_it_is(w):
    pass


def fingerprint(path):
    """Names, kinds, contents and times of a file or of all in a folder; links are not followed."""
    def of(path):
        about = path.lstat()
        content = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).digest() if path.is_file() and about.st_size < 2**30 else None
        return str(path), about.st_mode, about.st_size, about.st_mtime_ns, content
    inside = (Path(folder, name) for folder, folders, names in os.walk(path) for name in folders + names)
    return sorted(map(of, [path, *inside]), key=lambda row: row[0])


class World:
    """What all manipulations start from, and of one run the copy that is changed."""

    def __init__(self, program, folder):
        folder.mkdir()
        self.program, self.public, self.told, self.ledger = program, folder / "public", folder / "told", folder / "ledger"
        keeper = Keeper(program, self.ledger)
        self.key, self.first_signer = keeper.key, Signer.of_file(self.ledger / "signing.key")
        keeper.source()
        self.older = []
        # The second bundle holds what is withheld; then comes the rotation; then so much that some is sealed; and the end leaves partial files.
        for count, sensitive, words in ((200, 0, []), (90, 6, ["--recorder", "office", "--checked-by", "other office"])):
            keeper.append(count, sensitive, *words)
            keeper.do("publish", self.public)
        keeper.append(60)
        keeper.do("checkpoint")
        self.old = folder / "old"
        shutil.copytree(self.ledger, self.old)
        self.rotated = int((self.ledger / "checkpoint").read_text().split("\n")[1])
        keeper.do("key", "rotate")
        self.signer = Signer.of_file(self.ledger / "signing.key")
        for count in (700, 20, 9):
            keeper.append(count)
            keeper.do("publish", self.public)
            self.older.append(folder / f"older-{count}")
            shutil.copy(self.public / "checkpoint", self.older[-1])
        self.expected, self.new_key = self.older.pop(), json.loads(ok(program, "verify", self.public, "--json"))["signed-by"]
        self.entries = int(self.expected.read_text().split("\n")[1])
        self.older = self.older[-1:]
        shutil.copytree(self.public, self.told)
        keeper.do("publish", self.told, "--sensitive")
        # `fork` goes on from the old copy, `twin` has the same origin and another key, `other` has another origin.
        shutil.copytree(self.old, folder / "fork")
        fork, self.twin = Keeper(program, folder / "fork", name="fork"), Keeper(program, folder / "twin", name="twin")
        self.other = Keeper(program, folder / "other", "example.org/other", "other")
        for each in (fork, self.twin, self.other):
            each.append(self.entries - self.rotated if each is fork else self.entries + 7)
            each.do("publish", folder / f"{each.name}-public")
            each.do("export", folder / f"{each.name}-export")
            (folder / f"{each.name}-proof").write_text(each.do("prove", f"{each.name}-3"))
        self.fork_public, self.twin_public, self.other_public = (folder / f"{name}-public" for name in ("fork", "twin", "other"))
        self.twin_export, self.other_export, self.twin_proof, self.other_proof = (folder / f"{n}-{of}" for of in ("export", "proof") for n in ("twin", "other"))
        self.export, self.export_public, self.proof = folder / "export", folder / "export-public", folder / "proof"
        keeper.do("export", self.export)
        keeper.do("export", self.export_public, "--public")
        self.proof.write_text(keeper.do("prove", "fact-7"))
        self.stranger = Signer(bytes(32))
        if holding_secrets(self.public) or not holding_secrets(self.told):
            raise SystemExit("sensitive facts are where they should not be, or the other way round")

    def run(self, folder, rng, target, change, codes):
        """What was asked, what is wrong, and with which code it ended."""
        w = World.__new__(World)
        w.__dict__.update(self.__dict__, rng=rng, at=folder / target, once_more=False)
        folder.mkdir()
        source = getattr(self, target)
        shutil.copytree(source, w.at) if source.is_dir() else shutil.copy(source, w.at)
        allowed = change(w)
        if allowed is not None:
            codes = allowed if isinstance(allowed, dict) else {name: {allowed} if isinstance(allowed, int) else allowed for name in codes}
        has_key, has_expect, as_json = rng.random() < 0.7, rng.random() < 0.35, rng.random() < 0.5
        may = codes["expect"] if has_expect and codes["expect"] else codes["key" if has_key else "bare"]
        words = ["verify", w.at, *(["--key", w.key] if has_key else []), *(["--expect", self.expected] if has_expect else []), *(["--json"] if as_json else [])]
        before = fingerprint(w.at)
        code, out, err = run(self.program, *words, limit=LIMIT)
        if code == FAILED and w.once_more:
            code, out, err = run(self.program, *words, limit=LIMIT)
        wrong = []
        if code not in may:
            wrong.append(f"exit {code}, and not {' or '.join(map(str, sorted(may)))}: {err.strip() or out.strip()}")
        if target != "ledger" and fingerprint(w.at) != before:
            wrong.append("verifying changed what was verified")
        if code == SOUND and as_json:
            try:
                missing = {"signed", "signature-checked", "expected"} - json.loads(out).keys()
                wrong += [f"the JSON has no {name}" for name in sorted(missing)]
            except ValueError:
                wrong.append(f"what it printed is not JSON: {out[:60]!r}")
        return " ".join(map(str, words)), "; ".join(wrong), code


def manipulations(options, folder):
    rng, count, failures = random.Random(options.seed), Counter(runs=0, wrong=0), []
    world, drawn = World(options.program, folder / "world"), []
    for n in range(options.runs):
        drawn = drawn or rng.sample(KINDS, len(KINDS))
        target, change, codes = drawn.pop()
        place, what = folder / f"run-{n}", change.__name__.replace("_", " ")
        asked, wrong, code = world.run(place, rng, target, change, codes)
        count["runs"] += 1
        count[f"exit {code}"] += 1
        if wrong:
            count["wrong"] += 1
            failures.append(f"run {n}, {target}, {what} ({asked}): {wrong}")
            print(failures[-1], file=sys.stderr)
        else:
            shutil.rmtree(place)
    print(json.dumps({"campaign": "manipulations", "kinds": len(KINDS), **count}))
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=["publishes", "manipulations"])
    parser.add_argument("--program", type=os.path.abspath, required=True)
    parser.add_argument("--publishes", type=int, default=80)
    parser.add_argument("--verifications", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    folder = Path(tempfile.mkdtemp(prefix=f"heldto-{options.campaign}-"))
    failures = ["it did not end"]
    try:
        failures = manipulations(options, folder) if options.campaign == "manipulations" else Publishes(options, folder).all()
        return int(bool(failures))
    finally:
        if failures:
            (folder / "failures.txt").write_text("\n".join([f"seed {options.seed}", *failures, ""]))
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
