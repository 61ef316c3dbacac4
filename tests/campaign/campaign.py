"""Kills the program, and cuts the power under it, many times over, and checks that nothing is lost that was acknowledged.

    python3 campaign.py kills --program PATH --runs 1000 [--seed N]
    python3 campaign.py cuts --program PATH --runs 200 [--seed N] [--require]     (as root, on Linux)
    python3 campaign.py cuts --method-check                                       (can the method find a loss at all?)

After each kill or cut the ledger must open and pass `heldto verify`, which holds every entry and every record of the index in the database against
the journal; every fact must be there whose append had printed its result or exited with 0; and any
other append must be there whole or not at all. The last line printed is JSON. Exits 1 when anything was lost, half there or not to be opened, and keeps the
folder, with what was found as `run-N`; 77 where cuts cannot be made and `--require` is not given.

`kills` sends SIGKILL. The page cache survives that, so it tests the order of things within the process, not what reaches the disk. Where there is strace,
some runs of either campaign (phase `call`, and `sealing`, of an append that seals) are killed by it just before a certain call: so each moment is struck that is too short to be hit by chance, and
the power is cut when most has been written and nothing has been made durable.

`cuts` makes three file systems, each in a file on the one before. `three` is ext4 with its defaults and holds the ledger. Its loop device writes to
`two/three.img`: that file holds what reached the drive, and the page cache of `two` plays the drive's own cache, which only a flush empties into
`one/two.img`. To cut the power `one` is frozen (FIFREEZE), wherever the program is; no flush can complete from then on. Nothing above is synced by that.
Then one of three pictures is taken of what a drive may hold afterwards:

    flushed   only what was flushed (`one/two.img`, mounted by itself): everything in the drive's cache is lost
    written   everything that reached the drive (`two/three.img`); only what was dirty in the page cache of `three` is lost
    mixed     of what was not flushed some blocks, and others not, as a drive may that writes in any order

The picture is mounted, so that ext4 replays its journal; the ledger is checked; and it must then take 1,100 more facts. Not modelled: a drive that lies
about flushes, or that damages what it did not write.
"""

import argparse
import fcntl
import json
import mmap
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

SIZES = (1, 20, 500, 1100, 3000)
CALLS = ("write", "pwrite64", "fsync", "fdatasync", "fdatasync", "sync_file_range", "rename", "openat")
SEALING = {"pwrite64": 30, "fsync": 8, "sync_file_range": 6, "unlink": 3}  # Calls of an append that seals, and how many it makes or more.
LIVES = (2, 5, 40)  # How many runs a ledger lives for: the first is its `init`.
PICTURES = ("flushed", "written", "mixed")
FREEZE, THAW, MAP_LOCKED = 0xC0045877, 0xC0045878, 0x2000


class Program:
    """The program under test, on one ledger."""

    notes = Counter()  # What the program mended by itself.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HELDTO_")}

    def __init__(self, path, ledger):
        self.path, self.ledger, self.owed = path, ledger, {}

    def start(self, *words, under=()):
        words = ["init", self.ledger] if words == ("init",) else ["--ledger", self.ledger, *words]
        pipe = subprocess.PIPE
        return subprocess.Popen([*under, self.path, *words], stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=self.environment)

    def run(self, *words):
        """What it printed, and why it failed, if it did."""
        out, err = (process := self.start(*words)).communicate()
        self.notes.update(re.sub(rb"[(:0-9].*", b"", line[6:]).strip().decode() for line in err.splitlines() if line.startswith(b"note: "))
        return out, f"{words[0]}: exit {process.returncode}: {err.decode()}" if process.returncode else None

    def check(self, owed, flying):
        """The first thing that is wrong, and how many facts of each batch are there."""
        out, why = self.run("verify")
        if not why:
            out, why = self.run("export")
        held = Counter(int(batch) for batch, _ in set(re.findall(rb'"id":"batch-(\d+)-(\d+)"', out)))
        wrong = ("unopenable", why) if why else None
        for batch, size in owed.items():
            if held[batch] != size:
                wrong = wrong or ("lost", f"batch {batch} was acknowledged: {held[batch]} of its {size} facts are there")
        for batch in held.keys() - owed.keys():
            if held[batch] != flying.get(batch):
                wrong = wrong or ("half", f"batch {batch}: {held[batch]} facts are there, {flying.get(batch)} or none ought to be")
        return wrong, held

    def check_founding(self, acknowledged):
        """A ledger whose `init` was acknowledged is there; any other can be made now. Both have their key."""
        why = self.run("verify")[1]
        if why and not acknowledged:
            why = self.run("init")[1]
        why = why or self.run("checkpoint")[1]
        return ("unopenable", f"acknowledged: {acknowledged}; {why}") if why else None


class Campaign:
    """What the runs have in common: how long things usually take, and what came out."""

    def __init__(self, options, folder):
        self.options, self.folder, self.random = options, folder, random.Random(options.seed)
        self.usual, self.phases, self.failures = {}, {}, []
        self.count = Counter(runs=0, acknowledged=0, killed_before_ack=0, lost=0, unopenable=0, half=0)

    def facts(self, batch, size):
        """A facts file; some of the facts are too long for a block of the archive."""
        with open(self.folder / "facts.jsonl", "w") as out:
            for n in range(size):
                party = {"id": f"batch-{batch}-{n}", "name": f"Party {n} of batch {batch}", "kind": "council"}
                if n % 50 == 7:
                    party["note"] = "so it goes " * (300 + n % 700)
                print(json.dumps({"party": party}), file=out)
        return out.name

    def measure(self, program):
        """How long everything takes that is not interrupted."""
        for n, what in enumerate(["init", *SIZES, "checkpoint", "verify", "status"]):
            words = ["append", self.facts(n, what)] if what in SIZES else [what]
            start = time.monotonic()
            if why := program.run(*words)[1]:
                raise SystemExit(why)
            self.usual[what] = time.monotonic() - start
        shutil.rmtree(program.ledger)

    def start(self, program, run, new, phases):
        """Starts something in the program to strike it in a phase. Gives the phase, what was started, the size of an append, when to strike, the process."""
        phase = self.random.choice(["init"] if new else phases)
        what = phase if phase in self.usual else self.random.choice(SIZES)
        share = {"opening": self.usual["status"] / self.usual[what], "closing": 1.2}.get(phase, 1.1)
        delay = self.usual[what] * self.random.uniform(0.8 if phase == "closing" else 0, share)
        words, under = ["append", self.facts(run, what)] if what in SIZES else [what], ()
        self.doing = " ".join(map(str, ["append" if what in SIZES else "", what])).strip()
        if shutil.which("strace") and phase == "sealing":
            what, call = self.random.choice((1100, 3000)), self.random.choice(list(SEALING))
            words = ["append", self.facts(run, what)]
            inject = f"inject={call}:signal=KILL:when={self.random.randint(1, SEALING[call])}"
            under, self.doing = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject], f"append {what}, {inject}"
        elif shutil.which("strace") and (phase == "call" or what not in SIZES and self.random.random() < 0.5):
            call, phase = self.random.choice(CALLS), "call"
            inject = f"inject={call}:signal=KILL:when={self.random.randint(1, 12)}"
            under, self.doing = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject], f"{self.doing}, {inject}"
        return phase, what, what if what in SIZES else 0, delay, program.start(*words, under=under)

    def wait(self, process, what, delay):
        """Waits, but no longer than until it prints its result, which is its acknowledgement. Gives whether it has."""
        start = time.monotonic()
        done = bool(select.select([process.stdout], [], [], delay)[0])
        took = time.monotonic() - start
        if done or took > self.usual[what]:
            self.usual[what] += (took * (1 if done else 1.2) - self.usual[what]) / 4
        return done

    def note(self, phase, acknowledged, wrong):
        self.count["runs"] += 1
        self.count["acknowledged" if acknowledged else "killed_before_ack"] += not phase.startswith(("status", "verify"))
        self.phases.setdefault(phase, [0, 0])[acknowledged] += 1
        if wrong:
            self.count[wrong[0]] += 1
            self.failures.append(f"run {self.count['runs'] - 1}, {phase} ({self.doing}): {wrong[0]}: {wrong[1]}")
            print(self.failures[-1], file=sys.stderr)
        if self.count["runs"] % 50 == 0:
            print(dict(self.count), file=sys.stderr)

    def end(self):
        phases = {name: {"before_ack": no, "after_ack": yes} for name, (no, yes) in sorted(self.phases.items())}
        print(json.dumps({"campaign": self.options.campaign, **self.count, "by_phase": phases, "notes": Program.notes}))
        if self.failures:
            (self.folder / "failures.txt").write_text("\n".join([f"seed {self.options.seed}", *self.failures, ""]))
        return bool(self.failures)


def kills(options, folder):
    campaign, life, ledger, before = Campaign(options, folder), 0, folder / "ledger", folder / "before"
    campaign.measure(Program(options.program, ledger))
    for run in range(options.runs):
        new = life == 0
        if new:
            shutil.rmtree(ledger, ignore_errors=True)
            program, life = Program(options.program, ledger), campaign.random.choice(LIVES)
        phases = ["opening", "middle", "middle", "closing", "closing", "call", "sealing", "exit"] * 3 + ["checkpoint", "status", "verify"]
        phase, what, size, delay, process = campaign.start(program, run, new, phases)
        if phase not in ("call", "sealing", "exit"):
            if campaign.wait(process, what, delay) and phase == "closing":
                time.sleep(campaign.random.uniform(0, 0.002))
            process.kill()
        out, err = process.communicate()
        acknowledged = process.returncode == 0 or bool(out)
        shutil.rmtree(before, ignore_errors=True)
        if ledger.exists():
            shutil.copytree(ledger, before)
        if process.returncode not in (0, -signal.SIGKILL):
            wrong = ("unopenable", f"{what}: exit {process.returncode}: {err.decode()}")
        elif new:
            wrong = program.check_founding(acknowledged)
        else:
            flying = {run: size} if size else {}
            program.owed.update(flying if acknowledged else {})
            wrong, held = program.check(program.owed, flying)
            # Once seen it stays, acknowledged or not; and what is not there now does not come back.
            program.owed.update(flying if run in held else {})
        campaign.note(phase, acknowledged, wrong)
        life = 0 if wrong else life - 1
        if wrong and before.exists():
            before.rename(folder / f"run-{run}")
    return campaign.end()


def mount(image, place, options="loop"):
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "ext4", "-o", options, image, place], check=True)


def thaw(place):
    """Lets a file system go on, if it was frozen."""
    subprocess.run(["fsfreeze", "--unfreeze", place], stderr=subprocess.DEVNULL)


def unmount(places):
    """Thaws them from the first and unmounts them from the last."""
    places = [place for place in places if os.path.ismount(place)]
    for place in places:
        thaw(place)
    for place in reversed(places):
        subprocess.run(["umount", place], check=True)


@contextmanager
def frozen(place):
    fd = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, FREEZE, 0)
        yield
    finally:
        os.close(fd)
        thaw(place)


def clean_up_after_the_dead():
    """Unmounts what campaigns left that were killed themselves; never another's."""
    pattern = re.compile(re.escape(tempfile.gettempdir()) + r"/heldto-cuts-(\d+)-[^/]*/\w+$")
    mounted = [(pattern.match(place), Path(place)) for place in (line.split()[1] for line in open("/proc/mounts"))]
    unmount([place for found, place in mounted if found and not Path("/proc", found[1]).exists()])


def start_copy(source, target):
    """Reads a file plainly from end to end: asking for its holes could wait for a lock that a frozen write holds."""
    target.unlink(missing_ok=True)
    return subprocess.Popen(["dd", f"if={source}", f"of={target}", "bs=256K", "conv=sparse", "status=none"])


def copy(source, target):
    if start_copy(source, target).wait():
        raise SystemExit(f"{source} was not copied")


class Disk:
    """Three file systems, each in a file on the one before."""

    def __init__(self, folder, options="loop"):
        self.folder, self.places = folder, {name: folder / name for name in ("one", "two", "three", "flushed", "probe")}
        below, self.held = folder, None
        try:
            for name, megabytes in (("one", 512), ("two", 320), ("three", 256)):
                image = below / f"{name}.img"
                image.unlink(missing_ok=True)
                with open(image, "wb") as file:
                    file.truncate(megabytes << 20)
                # All is written now that ext4 otherwise writes behind one's back: such a write, frozen, would hold up a reader.
                subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], check=True)
                below = self.places[name]
                mount(image, below, options if name == "three" else "loop,noatime")
            # From now on all of it stays in the page cache: a read from a loop device would wait behind a write that is frozen.
            with open(self.places["two"] / "three.img", "rb") as file:
                self.held = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_SHARED | MAP_LOCKED, prot=mmap.PROT_READ)
        except BaseException:
            self.close()
            raise
        self.place = below

    def close(self):
        if self.held:
            self.held.close()
        unmount(self.places.values())

    def cut(self, which, rng):
        """A file with one picture of what the drive holds after a power cut at this moment."""
        below, flushed, written = self.folder / "below.img", self.folder / "flushed.img", self.folder / "written.img"
        whole = False
        while not whole:
            # The second freeze cannot end while the first lasts, and yet holds up all that would still be written: the drive stands still.
            with open(self.places["two"] / "three.img") as drive, ThreadPoolExecutor(1) as behind:
                with frozen(self.places["one"]):
                    stopped = behind.submit(fcntl.ioctl, drive.fileno(), FREEZE, 0)
                    time.sleep(0.02)
                    copies = [start_copy(self.places["one"] / "two.img", below), start_copy(self.places["two"] / "three.img", written)]
                    end = time.monotonic() + 5
                    while not (whole := not any(copy.poll() is None for copy in copies)) and time.monotonic() < end:
                        time.sleep(0.002)
                stopped.result()
                thaw(self.places["two"])
            if any(copy.wait() for copy in copies):
                raise SystemExit("no picture could be taken")
            if not whole:
                print("a reader waited for what was frozen: once more", file=sys.stderr)
        mount(below, self.places["flushed"])
        copy(self.places["flushed"] / "three.img", flushed)
        unmount([self.places["flushed"]])
        if which == "mixed":
            mix(flushed, written, rng)
        return flushed if which == "flushed" else written

    @contextmanager
    def after(self, picture):
        """The file system that is found after the cut; the picture itself stays as it is."""
        copy(picture, self.folder / "probe.img")
        mount(self.folder / "probe.img", self.places["probe"])
        try:
            yield self.places["probe"]
        finally:
            unmount([self.places["probe"]])


def mix(flushed, written, rng):
    """Takes some of the blocks back that were not flushed."""
    block, share = rng.choice([512, 4096]), rng.choice([0.1, 0.5, 0.9])
    with open(flushed, "rb") as old, open(written, "r+b") as new:
        for at in range(0, flushed.stat().st_size, 1 << 16):
            before, now = old.read(1 << 16), os.pread(new.fileno(), 1 << 16, at)
            for n in range(0, len(before) if before != now else 0, block):
                if before[n:n + block] != now[n:n + block] and rng.random() < share:
                    os.pwrite(new.fileno(), before[n:n + block], at + n)


def cuts(options, folder):
    campaign, life, disk = Campaign(options, folder), 0, Disk(folder)
    try:
        campaign.measure(Program(options.program, disk.place / "ledger"))
        for run in range(options.runs):
            new = life == 0
            if new:
                disk.close()
                disk = Disk(folder)
                program, life = Program(options.program, disk.place / "ledger"), campaign.random.choice(LIVES)
            phases = ["opening", "middle", "middle", "line", "exit", "call", "call", "call"] * 2 + ["checkpoint", "status", "later"]
            phases = ["sealing"] if campaign.random.random() < options.aim else phases
            phase, what, size, delay, process = campaign.start(program, run, new, phases)
            with process:
                if phase in ("exit", "later", "call", "sealing") or new and campaign.random.random() < 0.5:
                    process.wait()
                    time.sleep(campaign.random.uniform(0, 8) if phase == "later" else 0)
                    acknowledged = bool(process.stdout.peek())
                else:
                    acknowledged = campaign.wait(process, what, 60 if phase == "line" else delay)
                which = campaign.random.choice(PICTURES)
                picture = disk.cut(which, campaign.random)
                err = process.communicate()[1]
            if process.returncode not in (0, -signal.SIGKILL):
                raise SystemExit(f"{what}: exit {process.returncode}: {err.decode()}")
            flying = {run: size} if size else {}
            with disk.after(picture) as place:
                found = Program(options.program, place / "ledger")
                if new:
                    wrong = found.check_founding(acknowledged)
                else:
                    wrong = found.check(program.owed | (flying if acknowledged else {}), flying)[0]
                why = None if wrong else found.run("append", campaign.facts(10**6, 1100))[1] or found.run("verify")[1]
                wrong = wrong or (why and ("unopenable", f"it does not go on: {why}"))
            if process.returncode and not wrong:
                # It was killed as well: told again, it does what it did not do.
                why = None if new else program.run(*(["append", campaign.facts(run, size)] if size else [what]))[1]
                wrong = program.check_founding(acknowledged) if new else why and ("unopenable", f"after the kill: {why}")
            program.owed.update(flying)
            campaign.note(f"{phase}, {which}", acknowledged, wrong)
            life = 0 if wrong else life - 1
            if wrong:
                for kept in {picture, folder / "flushed.img"}:
                    copy(kept, folder / f"run-{run}-{kept.name}")
    finally:
        disk.close()
    return campaign.end()


def method_check(options, folder):
    """A plain writer in the program's place: without `fsync`; with it, but without barriers in ext4; with both, in which case nothing may be lost."""
    rng, lost = random.Random(options.seed), Counter()
    for name, synced, barrier, pictures in (("lost", False, 1, ["flushed", "written"]), ("lost_without_barrier", True, 0, ["flushed"]),
                                            ("lost_with_fsync", True, 1, PICTURES)):
        disk = Disk(folder, f"loop,barrier={barrier}")
        try:
            for run in range(options.runs):
                line = f"line {run}\n".encode()
                with open(disk.place / "log", "ab", buffering=0) as log:
                    log.write(line)
                    if synced:
                        os.fsync(log.fileno())
                with disk.after(disk.cut(pictures[run % len(pictures)], rng)) as place:
                    log = place / "log"
                    lost[name] += not log.exists() or line not in log.read_bytes()
        finally:
            disk.close()
    print(json.dumps({"campaign": "method", "runs_each": options.runs, **lost}))
    return not lost["lost"] or not lost["lost_without_barrier"] or bool(lost["lost_with_fsync"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=["kills", "cuts"])
    parser.add_argument("--program", type=os.path.abspath)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--aim", type=float, default=0.5, help="the share of cuts that are aimed at sealing")
    parser.add_argument("--require", action="store_true", help="fail where cuts cannot be made")
    parser.add_argument("--method-check", action="store_true", help="with cuts: show that the method finds losses")
    options = parser.parse_args()
    if not options.program and not options.method_check:
        parser.error("--program is missing")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix=f"heldto-{options.campaign}-{os.getpid()}-"))
    failed = True
    try:
        if options.campaign == "cuts":
            try:
                clean_up_after_the_dead()
                Disk(folder).close()
            except (OSError, subprocess.SubprocessError) as why:
                print(f"skipped: no power can be cut here, it takes root and loop devices: {why}")
                failed = False
                return 1 if options.require else 77
        campaign = method_check if options.method_check else {"kills": kills, "cuts": cuts}[options.campaign]
        failed = campaign(options, folder)
        return int(failed)
    finally:
        if failed:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
