"""What a user might pick instead of Heldto, holding the same records or adding up the same money.

    python3 peers.py records RECORDS_FILE --batch 10000 [--only name,...]
    python3 peers.py money MOVEMENTS_CSV [--runs 5] [--only name,...]

RECORDS_FILE holds for each record its length (u32, big-endian) and its bytes. MOVEMENTS_CSV has the header
`date,body,amount`, the amount in whole pounds. Each peer and setting prints one line of JSON. `pip install -r
requirements.txt` brings the Python peers. All stores and journals are made in a temporary folder (see TMPDIR).
"""

import argparse
import csv
import functools
import itertools
import json
import os
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from time import perf_counter as clock

LIMIT = 600  # seconds for one run of a program of `money`
PATH = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])


class Missing(Exception):
    """The peer is not on this machine."""


def program(name, how):
    found = shutil.which(name, path=PATH)
    if not found:
        raise Missing(f"no program {name}: {how}")
    return found


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip() and "complete log of this run" not in line]  # npm's
    return lines[-1] if lines else ""


def said(*command, **more):
    """What a command prints; when it fails, its last line as an error."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode:
        raise RuntimeError(last_line(done.stderr) or f"exit status {done.returncode}")
    return done.stdout.strip()


def attempt(kind, name, setting, work, *given):
    """Prints the line of a peer and setting, or why there is none. False when the peer is missing."""
    line = {kind: name, "setting": setting}
    try:
        line |= work(*given)
    except (Missing, ImportError) as why:
        line = {kind: name, "missing": str(why)}
    except subprocess.TimeoutExpired:
        line["timed_out"] = LIMIT
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic in a peer's native code is no Exception
        line["failed"] = last_line(str(error)) or type(error).__name__
    print(json.dumps({key: round(value, 1) if isinstance(value, float) else value for key, value in line.items()}), flush=True)
    return "missing" not in line


# records: each peer says how many records it then held, how many bytes where its read shows them, and its seconds.


def batches(path, size):
    with open(path, "rb") as file:
        few = []
        while head := file.read(4):
            few.append(file.read(int.from_bytes(head, "big")))
            if len(few) == size:
                yield few
                few = []
        if few:
            yield few


def append_all(path, batch, prepare, append):
    """Only the append is timed, not the reading of the file nor the making of the peer's own objects."""
    took = 0
    for few in batches(path, batch):
        ready = prepare(few)
        start = clock()
        append(ready)
        took += clock() - start
    return took


def git(path, batch, store, given):
    """One commit a record, each on the one before; a checkpoint a batch, at which git writes out pack and branch."""
    options, heap = given
    found = said(program("git", "install git"), "--version").removeprefix("git version ")
    env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | heap
    run = functools.partial(said, "git", "-C", str(store), *options, env=env)
    store.mkdir()
    run("init", "--bare", "-b", "log")
    commit = b"commit refs/heads/log\ncommitter a <a@b> 1700000000 +0000\ndata 0\nM 100644 inline e\ndata %d\n%b\n"
    with tempfile.TemporaryFile() as stream:
        for few in batches(path, batch):
            stream.writelines(commit % (len(record), record) for record in few)
            stream.write(b"checkpoint\n")
        stream.seek(0)
        started = clock()
        run("fast-import", "--quiet", stdin=stream)
    appended = clock()
    run("fsck", "--full")
    verified = clock()
    run("log", "--format=%H", "log")
    log, stored = clock() - verified, int(run("rev-list", "--count", "log"))
    times = {"append": appended - started, "verify": verified - appended, "log_ns": log * 1e9 / stored}
    return {"version": found, "stored": stored} | times


def umadb(path, batch, store, conditional):
    """Its server on loopback and its Python client, which is how it is used from Python."""
    import umadb as uma

    store.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % free.getsockname()[1]
    serve = [sys.executable, "-c", "from umadb.umadb_server_cli import main; main()"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([*serve, "--listen", address, "--db-path", str(store)], **quiet)
    try:
        for left in range(100, -1, -1):
            try:
                client = uma.Client("http://" + address)
                break
            except uma.TransportError:
                if not left or server.poll() is not None:
                    raise
                time.sleep(0.1)
        # One append is one message, of which the server takes at most 4 MiB.
        batch = min(batch, (4 << 20) // (64 + max(len(record) for few in batches(path, batch) for record in few)))
        tags, log, head = ["log"] if conditional else [], uma.Query([uma.QueryItem(tags=["log"])]), None

        def append(events):
            nonlocal head
            head = client.append(events, uma.AppendCondition(log, after=head) if conditional else None)

        took = append_all(path, batch, lambda few: [uma.Event("recorded", record, tags) for record in few], append)
        stored = size = 0
        start, answer = clock(), client.read()
        while few := answer.next_batch():
            stored += len(few)
            size += sum(len(one.event.data) for one in few)
        read = clock() - start
    finally:
        server.terminate()
        server.wait()
    return {"version": version("umadb"), "stored": stored, "size": size, "append": took, "verify": read, "batch": batch}


def eventsourcing(path, batch, store, _):
    """Its SQLite application recorder, which takes a batch as one transaction, though it inserts the events singly."""
    from uuid import UUID

    from eventsourcing.persistence import StoredEvent
    from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

    store.mkdir()
    recorder = SQLiteApplicationRecorder(SQLiteDatastore(str(store / "db")))
    recorder.create_table()
    stream, numbers = UUID(int=1), itertools.count(1)

    def events(few):
        return [StoredEvent(stream, next(numbers), "recorded", record) for record in few]

    took = append_all(path, batch, events, recorder.insert_events)
    stored = size = 0
    start = clock()
    while few := recorder.select_notifications(stored + 1, batch):
        stored += len(few)
        size += sum(len(one.state) for one in few)
    read = clock() - start
    recorder.datastore.close()
    return {"version": version("eventsourcing"), "stored": stored, "size": size, "append": took, "verify": read}


def pymerkle(path, batch, store, wal):
    """Its SqliteTree, a batch a transaction."""
    from pymerkle import SqliteTree, verify_inclusion

    store.mkdir()
    with SqliteTree(str(store / "db")) as tree:
        if wal:
            tree.con.execute("PRAGMA journal_mode = WAL")
        took = append_all(path, batch, list, tree.append_entries)
        stored, root = tree.get_size(), tree.get_root()
    with SqliteTree(str(store / "db")) as tree:
        start, db = clock(), sqlite3.connect(store / "db")
        # It has no call that hashes the entries again; its table is documented.
        hashed = all(tree.hash_buff(entry) == leaf for entry, leaf in db.execute("SELECT entry, hash FROM leaf"))
        db.close()
        rooting = clock()
        if not hashed or tree.get_root() != root:
            raise RuntimeError("it does not verify")
        verified, some = clock(), range(1, stored + 1, max(1, stored // 1000))
        for index in some:
            verify_inclusion(tree.get_leaf(index), root, tree.prove_inclusion(index))
        proved = (clock() - verified) * 1e9 / len(some)
    times = {"append": took, "verify": verified - start, "root_ns": (verified - rooting) * 1e9 / stored, "one_proof_ns": proved}
    return {"version": version("pymerkle"), "stored": stored} | times


HYPERCORE = {"dependencies": {"hypercore": "11.39.5"}, "overrides": {"hypercore-storage": "3.3.1"}}


@functools.cache
def installed():
    """A temporary folder with hypercore in it; removed when this process ends."""
    program("node", "install Node.js")
    home = tempfile.TemporaryDirectory(prefix="peers-")
    Path(home.name, "package.json").write_text(json.dumps(HYPERCORE))
    said(program("npm", "install npm"), "install", "--no-audit", "--no-fund", cwd=home.name)
    shutil.copy(Path(__file__).with_name("hypercore.mjs"), home.name)
    return home


def hypercore(path, batch, store, flush):
    found = json.loads(said("node", installed().name + "/hypercore.mjs", path, str(batch), str(store), flush))
    return {"version": "hypercore %s, hypercore-storage %s" % tuple(next(iter(of.values())) for of in HYPERCORE.values())} | found


SYNCED = ["-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync"]
HEAP = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20)}  # else glibc gives zlib's memory back and takes it again with each object
PEERS = {  # its title, its function, what its verify does, and each setting with what that does for durability
    "git": ("git fast-import", git, "git fsck --full: hashes every object again and follows every link", {
        "default": ("fsyncs pack and index a batch, not the branch", ([], {})),
        "core.fsync=all": ("fsyncs pack, index and branch a batch", (SYNCED, {})),
        "core.fsync=all, glibc keeps its heap": ("fsyncs pack, index and branch a batch", (SYNCED, HEAP)),
    }),
    "umadb": ("UmaDB", umadb, "reads all back through the client; it has nothing to check", {
        "append without a condition": ("fdatasyncs an append", False),
        "append if the log still ends here": ("fdatasyncs an append", True),
    }),
    "eventsourcing": ("eventsourcing", eventsourcing, "reads all back; it has nothing to check", {
        "SQLite application recorder": ("SQLite WAL, synchronous=FULL: fsyncs a batch", None),
    }),
    "hypercore": ("hypercore", hypercore, "its audit: hashes every block and every node of the tree again", {
        "default": ("writes RocksDB's log, never fsyncs it", ""),
        "flushed a batch": ("flushes RocksDB to fsynced files a batch", "flush"),
    }),
    "pymerkle": ("pymerkle SqliteTree", pymerkle, "hashes every entry again and computes the root from the leaves", {
        "default": ("SQLite rollback journal, synchronous=FULL: fsyncs a batch", False),
        "journal_mode=WAL": ("SQLite WAL, synchronous=FULL: fsyncs a batch", True),
    }),
}  # fmt: skip


def measure(peer, verify, durable, option, path, batch, expected):
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        store = Path(folder, "store")
        found = peer(path, batch, store, option)
        disk = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    n = found.pop("stored")
    if (n, found.pop("size", expected[1])) != expected:
        raise RuntimeError(f"it holds {n} records, or their bytes are not as many as they were")
    line = {"version": found.pop("version"), "durable": durable, "records": n, "append_ns": found.pop("append") * 1e9 / n}
    return line | {"verify": verify, "verify_ns": found.pop("verify") * 1e9 / n, "disk": disk / n} | found


def records(path, batch, only):
    lengths = [(len(few), sum(map(len, few))) for few in batches(path, batch)]
    expected = sum(n for n, _ in lengths), sum(size for _, size in lengths)
    for title, peer, verify, settings in (PEERS[name] for name in only):
        for setting, (durable, option) in settings.items():
            if not attempt("peer", title, setting, measure, peer, verify, durable, option, path, batch, expected):
                break


# money: each program as a whole process over a journal of its own.


def movements_of(path):
    with open(path, newline="") as file:
        yield from ((row["date"], row["body"], row["amount"]) for row in csv.DictReader(file))


def ledger_journal(path, _, out):
    for date, body, amount in movements_of(path):
        out.write(f"{date} movement\n    Expenses:{body}  {amount} GBP\n    Assets:Bank\n\n")


def beancount_journal(path, bodies, out):
    names = {body: f"Expenses:{body[:1].upper()}{body[1:]}" for body in bodies}
    out.writelines(f"1900-01-01 open {name}\n" for name in ["Assets:Bank", *names.values()])
    for date, body, amount in movements_of(path):
        out.write(f'\n{date} * "movement"\n  {names[body]}  {amount} GBP\n  Assets:Bank\n')


QUERY = "SELECT account, sum(position) GROUP BY account ORDER BY account"
CACHES = {"cache disabled": {"BEANCOUNT_DISABLE_LOAD_CACHE": "1"}, "default, its cache warm": {}}  # both read the variable
PROGRAMS = {  # its binary, how to get it, its arguments before and after the journal, the journal, its settings
    "ledger": ("ledger", "install ledger", ["--args-only", "-f"], "bal", ledger_journal, {"default": {}}),
    "hledger": ("hledger", "install hledger", ["-f"], "bal", ledger_journal, {"default": {}}),
    "beancount": ("bean-query", "pip install beancount beanquery", [], QUERY, beancount_journal, CACHES),
    "rledger": ("rledger", "cargo install rustledger", ["report"], "balances", beancount_journal, CACHES),
}


def once(command, env, out):
    """Milliseconds and peak megabytes of one run. The peak is at least that of this small process, which forks it."""
    with open(out, "w") as stdout, tempfile.TemporaryFile("w+") as stderr:
        start = clock()
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        took = clock() - start
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if took >= LIMIT:
            raise subprocess.TimeoutExpired(command, LIMIT)
        if process.returncode:
            stderr.seek(0)
            raise RuntimeError(last_line(stderr.read()) or f"exit status {process.returncode}")
    return took * 1000, usage.ru_maxrss / 1024


def forget(folder):
    """Drops the pages of the journal, and of a cache beside it, from the page cache."""
    for name in folder.iterdir():
        with open(name, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def report(name, how, before, after, write, change, path, totals, runs):
    binary = program(name, how)
    env = {key: value for key, value in os.environ.items() if not key.startswith("BEANCOUNT_")} | {"LC_ALL": "C.UTF-8"} | change
    with tempfile.TemporaryDirectory(prefix="peers-") as folder, tempfile.NamedTemporaryFile() as out:
        journal = Path(folder, "money.beancount" if write is beancount_journal else "money.journal")
        with open(journal, "w") as file:
            write(path, totals, file)
        run = functools.partial(once, [binary, *before, str(journal), after], env, out.name)
        run()  # warms up, and is the run whose figures are checked
        printed = set(re.findall(r"-?\d+", Path(out.name).read_text().replace(",", "")))
        if lacking := [sum_ for sum_ in (*totals.values(), -sum(totals.values())) if sum_ and str(sum_) not in printed]:
            raise RuntimeError(f"{len(lacking)} balances are not in its report, such as {lacking[0]}")
        warm = [run() for _ in range(runs)]
        cold = [(forget(journal.parent), run())[1] for _ in range(runs)]
        cache = len(list(journal.parent.iterdir())) > 1
    line = {"version": said(binary, "--version").splitlines()[0], "movements": sum(1 for _ in movements_of(path))}
    line |= {name: statistics.median(ms for ms, _ in some) for name, some in (("warm_ms", warm), ("cold_ms", cold))}
    return line | {"peak_mb": max(mb for _, mb in warm + cold)} | ({"wrote_cache": cache} if write is beancount_journal else {})


def money(path, runs, only):
    totals = {}
    for _, body, amount in movements_of(path):
        totals[body] = totals.get(body, 0) + int(amount)
    for name in only:
        *entry, settings = PROGRAMS[name]
        for setting, change in settings.items():
            if not attempt("program", name, setting, report, *entry, change, path, totals, runs):
                break


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for work, number, usual, names in ((records, "--batch", 10000, PEERS), (money, "--runs", 5, PROGRAMS)):
        command = commands.add_parser(work.__name__)
        command.add_argument("path", type=os.path.abspath)
        command.add_argument(number, dest="number", type=int, default=usual)
        command.add_argument("--only", type=lambda text: text.split(","), default=list(names), help=",".join(names))
        command.set_defaults(work=work, names=names)
    given = parser.parse_args()
    if unknown := set(given.only) - set(given.names):
        parser.error(f"--only knows {', '.join(given.names)}, not {', '.join(sorted(unknown))}")
    given.work(given.path, given.number, given.only)


if __name__ == "__main__":
    main()
