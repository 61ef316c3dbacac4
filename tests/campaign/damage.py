"""Damages a ledger's files, and makes the system fail, many times over, and checks that nothing is lost that was acknowledged.

    python3 damage.py flips --program PATH --runs 20000 [--entries 400] [--seed N]
    python3 damage.py faults --program PATH [--runs N] [--seed N]        (with strace, on Linux)

`flips` makes a ledger of the seeds, signed, and of parties until it has so many entries. Each run flips one bit of a byte that is not zero in one of
the files that the ledger keeps, and runs a report and then `verify`. At most one of them may fail, with exit 1; then it must succeed when it is run
again. Every report must print the bytes that it printed before, and `verify` be sound with the same head. Every 50th run prints all reports.

`faults` runs each command under strace and lets one system call on the ledger's files fail: the first, the second, and so on, once or from then on.
The command must exit with 1, or with 0 and the right bytes; the next command must find a sound ledger, with every fact whose append exited with 0, and
the facts of any other append whole or not at all.

The last line printed is JSON. Exits 1 when anything was lost or wrong, and keeps a copy of each such ledger.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DAY = ["--as-of", "2026-11-22"]
REPORTS = [["report", *words, *DAY] for words in (
    ["pledges"], ["authority", "derbyshire-cc"], ["money"], ["amounts"], ["metrics"], ["questions"], ["slippage"], ["contradictions"], ["deliveries"],
    ["agenda"], ["pledges", "--about", "derbyshire-cc"], ["pledges", "--format", "json"], ["pledges", "--explain", "duty-20-weeks"])]
REPORTS += [["timeline", *DAY], ["show", "dcc-500-places", *DAY], ["status", *DAY]]
# What tells nothing of the log: whoever has it, who signs, what people wrote beside it.
APART = {"lock", "signing.key", "example.toml", ".gitignore"}
SEEDS = Path(__file__).resolve().parents[2] / "seeds"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("HELDTO_")}


def run(program, ledger, *words, under=()):
    """Exit code, what it printed, and what it said."""
    return bounded([*under, program, "--ledger", ledger, *words])


def bounded(command):
    """The same of any command, which has two minutes."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, start_new_session=True)
    try:
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "none", b"", "it did not end within two minutes"


def ok(program, ledger, *words):
    code, out, err = run(program, ledger, *words)
    if code:
        raise SystemExit(f"{words}: exit {code}: {err}")
    return out


def parties(path, first, count, batch="more"):
    rows = ({"party": {"id": f"{batch}-{n}", "name": f"Party {n} of {batch}", "kind": "council"}} for n in range(first, first + count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def make(program, folder, entries):
    """A signed ledger of the seeds, of parties recorded one by one at the end, and of a change of key."""
    ledger = folder / "ledger"
    subprocess.run([program, "init", ledger, "-q"], check=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL)
    ok(program, ledger, "append", SEEDS)
    ok(program, ledger, "key", "rotate")
    ok(program, ledger, "checkpoint")
    size = int(re.search(rb"(\d+) entries", ok(program, ledger, "verify"))[1])
    singles = min(9, entries - size)
    if entries - size > singles:
        ok(program, ledger, "append", parties(folder / "more.jsonl", 0, entries - size - singles))
    for n in range(singles):
        ok(program, ledger, "append", parties(folder / "one.jsonl", n, 1, "single"))
    ok(program, ledger, "checkpoint")
    return ledger


def contents(ledger):
    return {path.relative_to(ledger): path.read_bytes() for path in sorted(ledger.rglob("*")) if path.is_file()}


def restore(ledger, files):
    """Puts every file back as it was, and removes what was added; nobody else may read the folder (`status` says who may)."""
    ledger.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in [path for path in ledger.rglob("*") if path.is_file() and path.relative_to(ledger) not in files]:
        path.unlink()
    for name, content in files.items():
        path = ledger / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class Flips:
    def __init__(self, options, folder):
        self.options, self.folder, self.program = options, folder, options.program
        ledger = make(self.program, folder, options.entries)
        self.files = contents(ledger)
        self.live = {name: [at for at, byte in enumerate(content) if byte] for name, content in self.files.items() if str(name) not in APART}
        self.live = {name: places for name, places in self.live.items() if places}
        self.weights = [len(places) for places in self.live.values()]
        self.before = {tuple(words): ok(self.program, ledger, *words) for words in [*REPORTS, ["verify"]]}

    def worker(self, number):
        rng, count, failures = random.Random(self.options.seed * 1000 + number), Counter(), []
        ledger = self.folder / f"worker-{number}" / "ledger"
        for turn in range(number, self.options.runs, self.options.workers):
            restore(ledger, self.files)
            names = list(self.live)
            name = rng.choice(names) if rng.random() < 0.5 else rng.choices(names, self.weights)[0]
            place, bit = rng.choice(self.live[name]), rng.randrange(8)
            changed = bytearray(self.files[name])
            changed[place] ^= 1 << bit
            (ledger / name).write_bytes(changed)
            commands = [rng.choice(REPORTS), ["verify"]]
            if turn % 50 == 0:
                commands += REPORTS
            wrong, failed = None, 0
            for words in commands:
                code, out, err = run(self.program, ledger, *words)
                count["noted"] += "note: " in err
                if code == 1 and not failed:
                    failed = 1
                    code, out, err = run(self.program, ledger, *words)
                if code or out != self.before[tuple(words)]:
                    wrong = wrong or f"{' '.join(words)}: exit {code}{'' if code else ', other bytes'}: {err}"
            count["runs"] += 1
            count["failed once"] += failed
            count[f"in {str(name).split('/')[0]}"] += 1
            if wrong:
                count["wrong"] += 1
                failures.append(f"run {turn}, bit {bit} of byte {place} of {name}: {wrong}")
                print(failures[-1], file=sys.stderr)
        return count, failures

    def all(self):
        total = Counter(wrong=0)
        with ThreadPoolExecutor(self.options.workers) as pool:
            for count, _ in pool.map(self.worker, range(self.options.workers)):
                total += count
        total["wrong"] += 0
        print(json.dumps({"campaign": "flips", "entries": self.options.entries, **{k: total[k] for k in sorted(total)}, "wrong": total["wrong"]}))
        return bool(total["wrong"])


CALLS = {"read": "read,pread64,readv", "write": "write,pwrite64,pwritev,writev", "sync": "fsync,fdatasync,sync_file_range",
         "rename": "rename,renameat,renameat2", "open": "openat", "remove": "unlink,unlinkat,rmdir", "make": "mkdir,mkdirat"}
ERRORS = {"read": ["EIO"], "write": ["EIO", "ENOSPC"], "sync": ["EIO"], "rename": ["EIO"], "open": ["EIO", "EMFILE", "EACCES"], "remove": ["EIO"], "make": ["EIO"]}


class Faults:
    def __init__(self, options, folder):
        self.options, self.folder, self.program, self.rng = options, folder, options.program, random.Random(options.seed)
        self.ledger = make(self.program, folder, 1200)
        self.files = contents(self.ledger)
        self.facts = parties(folder / "few.jsonl", 0, 3, "few")
        self.many = parties(folder / "many.jsonl", 0, 1100, "many")
        ok(self.program, self.ledger, "export", folder / "export.jsonl")
        self.commands = {"append few": ["append", self.facts], "append many": ["append", self.many], "status": ["status", *DAY], "verify": ["verify"],
                         "report": ["report", "pledges", *DAY], "about": ["report", "authority", "derbyshire-cc", *DAY], "publish": ["publish", folder / "public"],
                         "checkpoint": ["checkpoint"], "key rotate": ["key", "rotate"], "restore": None}
        self.reads = {name: ok(self.program, self.ledger, *self.commands[name]) for name in ("status", "verify", "report", "about")}

    def start(self, name, under):
        if name == "restore":
            target = self.folder / "restored"
            shutil.rmtree(target, ignore_errors=True)
            return bounded([*under, self.program, "restore", self.folder / "export.jsonl", target])
        shutil.rmtree(self.folder / "public", ignore_errors=True)
        return run(self.program, self.ledger, *self.commands[name], under=under)

    def paths(self, name):
        """What the calls are on: every file and folder there is, and those that come to be."""
        ledger = self.folder / "restored" if name == "restore" else self.ledger
        known = {ledger / path for path in self.files} | {path for path in ledger.rglob("*")}
        for path in list(known):
            known.update(parent for parent in path.parents if ledger in parent.parents or parent == ledger)
        known |= {ledger / path for path in ("suspect", "rebuilt", "journal.new", "signed.new", "checkpoint.new", "acknowledged.new", "journal/segment-0",
                                             "archive/0/db", "archive/index/db", "archive/filter-0", "archive/filter-1", "archive/index", "archive/0", "archive")}
        known |= {ledger / "journal.new" / path for path in ("founding", "open-0", "open-1", "segment-0")}
        known |= {ledger / path / "db" for path in ("hot", "rebuilt/hot", "rebuilt/archive/0", "rebuilt/archive/index")}
        return sorted(known)

    def traced(self, name, calls, inject=()):
        filters = [word for path in self.paths(name) for word in ("-P", str(path))]
        log = self.folder / "trace"
        found = self.start(name, ["strace", "-f", "-o", str(log), "-e", f"trace={calls}", *inject, *filters])
        return found, log.read_text(errors="replace")

    def check(self, name, code, out, err, before):
        """What is wrong after a command that failed, or did not."""
        if code not in (0, 1):
            return f"exit {code}: {err}"
        if code == 0 and name in self.reads and out != self.reads[name]:
            return "other bytes with exit 0"
        if name == "restore":
            target = self.folder / "restored"
            if code == 0 and (verified := run(self.program, target, "verify"))[0]:
                return f"restored, and then: {verified[2]}"
            return None
        code_after, out_after, err_after = run(self.program, self.ledger, "verify")
        if code_after:
            return f"then verify: exit {code_after}: {err_after}"
        held = Counter(re.findall(rb'"id":"(few|many)-\d+"', run(self.program, self.ledger, "export")[1]))
        for batch, size in (("few", 3), ("many", 1100)):
            count = held[batch.encode()]
            asked = name == f"append {batch}"
            if count not in ((size,) if asked and code == 0 else (0, size) if asked else (0,)):
                return f"{count} of {size} facts of {batch} are there"
        for other, expected in self.reads.items():
            # The recorded head stands in what the reports print, so only where nothing was recorded.
            if not name.startswith(("append", "key")) and other != "status":
                code_after, out_after, err_after = run(self.program, self.ledger, *self.commands[other])
                if code_after or (out_after != expected and name not in ("checkpoint", "publish")):
                    return f"then {other}: exit {code_after}: {err_after}"
        again = run(self.program, self.ledger, "append", self.facts)
        return None if again[0] == 0 else f"it does not go on: {again[2]}"

    def all(self):
        planned = []
        for name in self.commands:
            for kind, calls in CALLS.items():
                restore(self.ledger, self.files)
                (code, _, err), trace = self.traced(name, calls)
                if code:
                    raise SystemExit(f"{name}: exit {code}: {err}")
                count = len([line for line in trace.splitlines() if "resumed" not in line and re.search(r" = |unfinished", line)])
                planned += [(name, kind, error, n, after) for error in ERRORS[kind] for n in range(1, count + 1) for after in ("", "+")]
        asked = len(planned)
        if self.options.runs and self.options.runs < asked:
            planned = self.rng.sample(planned, self.options.runs)
        count = Counter(runs=0, wrong=0)
        for name, kind, error, n, after in planned:
            restore(self.ledger, self.files)
            before = contents(self.ledger)
            inject = ("-e", f"inject={CALLS[kind]}:error={error}:when={n}{after}")
            (code, out, err), _ = self.traced(name, CALLS[kind], inject)
            wrong = self.check(name, code, out, err, before)
            count["runs"] += 1
            count[f"exit {code}"] += 1
            if wrong:
                count["wrong"] += 1
                print(f"{name}, {kind} {n}{after} {error}: {wrong}", file=sys.stderr)
            if count["runs"] % 200 == 0:
                print(dict(count), file=sys.stderr)
        print(json.dumps({"campaign": "faults", "of": asked, **count}))
        return bool(count["wrong"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=["flips", "faults"])
    parser.add_argument("--program", type=os.path.abspath, required=True)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--entries", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if options.campaign == "faults" and not shutil.which("strace"):
        print("SKIPPED: strace is not on this machine")
        return 77
    folder = Path(tempfile.mkdtemp(prefix=f"heldto-{options.campaign}-"))
    failed = True
    try:
        failed = {"flips": Flips, "faults": Faults}[options.campaign](options, folder).all()
        return int(failed)
    finally:
        if failed:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
