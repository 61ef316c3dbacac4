"""Kills, pauses, cuts off and restarts PostgreSQL servers under writers, and checks what is left.

    failover.py --program HELDTO [--kills N] [--pauses N] [--cuts N] [--restarts N] [--writers N]

Three servers on loopback: a primary and two standbys, of which one must have a commit before it is
acknowledged. Writers append one fact after another with the program, and append again what was not
acknowledged. A keeper signs checkpoints. After each incident the ledger is verified, against the
last checkpoint signed before it, and each acknowledged fact must be there once. HELDTO was built
with the feature `postgres`. Exits with 77 where PostgreSQL is not installed.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import postgres

PATIENCE = 3


class Cluster:
    """A primary and two standbys."""

    def __init__(self, folder):
        self.servers = [postgres.Server(folder, name) for name in ("a", "b", "c")]
        self.primary = self.servers[0]
        self.primary.initialise(["synchronous_standby_names = 'ANY 1 (a, b, c)'", "checkpoint_timeout = 30s"])
        self.primary.configure(["synchronous_standby_names = ''"])
        self.primary.start()
        self.primary.query("CREATE ROLE keeper LOGIN CREATEROLE")
        self.primary.query("CREATE DATABASE ledgers OWNER keeper")
        for standby in self.standbys():
            standby.copy_of(self.primary)
            standby.start()
        self.make_synchronous(self.primary)
        self.wait_for_standbys()

    def standbys(self):
        return [server for server in self.servers if server is not self.primary]

    def make_synchronous(self, server):
        server.configure(["synchronous_standby_names = 'ANY 1 (a, b, c)'"])
        server.query("SELECT pg_reload_conf()")

    def wait_for_standbys(self, count=2):
        for _ in range(1000):
            if self.primary.query("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'",
                                  quiet=True) == str(count):
                return
            time.sleep(0.02)
        raise RuntimeError("the standbys do not follow the primary")

    def fail_over(self):
        """Promotes the standby that has most, after both have let go of the old primary.

        One of the two has everything that was acknowledged, and from then on nothing more can be.
        """
        old, standbys = self.primary, self.standbys()
        for standby in standbys:
            standby.configure(["primary_conninfo = ''"])
            standby.query("SELECT pg_reload_conf()")
        for standby in standbys:
            while standby.query("SELECT count(*) FROM pg_stat_wal_receiver") != "0":
                time.sleep(0.01)
        received = {standby: standby.query("SELECT pg_last_wal_receive_lsn() - '0/0'::pg_lsn") for standby in standbys}
        best = max(standbys, key=lambda standby: float(received[standby] or 0))
        best.configure(["synchronous_standby_names = 'ANY 1 (a, b, c)'"])
        best.query("SELECT pg_reload_conf()")
        best.query("SELECT pg_promote(true, 20)")
        self.primary = best
        for standby in standbys:
            if standby is not best:
                standby.follow(best)
                standby.configure(["synchronous_standby_names = 'ANY 1 (a, b, c)'"])
                standby.query("SELECT pg_reload_conf()")
        self.wait_for_standbys(1)
        return old

    def rejoin(self, old):
        """Makes an old primary a standby of the new one."""
        if old.process.poll() is None:
            old.kill()
        old.proxy.mend()
        old.copy_of(self.primary)
        old.start()
        self.wait_for_standbys()

    def address(self, schema):
        hosts = ",".join(f"127.0.0.1:{server.proxy.port}" for server in self.servers)
        return (f"postgres://keeper@{hosts}/ledgers?schema={schema}&patience={PATIENCE}&connect_timeout=1")

    def stop(self):
        for server in self.servers:
            server.stop()


class Writers:
    """Threads that append facts with the program, one after another."""

    def __init__(self, program, address, folder, count):
        self.program, self.address, self.folder = program, address, folder
        self.acknowledged = {}
        self.unknown = 0
        self.refused = []
        self.is_done = False
        self.threads = [threading.Thread(target=self.write, args=(number,), daemon=True) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, *arguments):
        environment = {**os.environ, "HELDTO_NODE": str(self.folder / "node")}
        return subprocess.run([self.program, "--ledger", self.address, *arguments], capture_output=True, text=True,
                              check=False, env=environment, cwd=self.folder)

    def write(self, number):
        path = self.folder / f"facts-{number}.toml"
        n = 0
        while not self.is_done:
            name = f"writer-{number}-{n}"
            path.write_text(f'[[party]]\nid = "{name}"\nname = "{name}"\nkind = "council"\n')
            while not self.is_done:
                done = self.run("append", str(path), "-q")
                if done.returncode == 0:
                    self.acknowledged[name] = time.monotonic()
                    n += 1
                    break
                self.unknown += 1
                if "panicked" in done.stderr or done.returncode not in (0, 1):
                    self.refused.append(done.stderr)
                time.sleep(0.05)

    def longest_gap(self, since):
        times = sorted(at for at in list(self.acknowledged.values()) if at >= since)
        return max((b - a for a, b in zip([since, *times], times)), default=time.monotonic() - since)

    def stop(self):
        self.is_done = True
        for thread in self.threads:
            thread.join()


class Keeper:
    """A thread that signs checkpoints and keeps them."""

    def __init__(self, writers):
        self.writers = writers
        self.signed = []
        self.is_done = False
        self.thread = threading.Thread(target=self.sign, daemon=True)
        self.thread.start()

    def sign(self):
        while not self.is_done:
            done = self.writers.run("checkpoint")
            if done.returncode == 0:
                self.signed.append(done.stdout)
            elif done.returncode != 1:
                self.writers.refused.append(done.stderr)
            time.sleep(0.3)

    def stop(self):
        self.is_done = True
        self.thread.join()


def incident(cluster, kind, choice):
    if kind == "kill":
        cluster.primary.kill()
        cluster.rejoin(cluster.fail_over())
    elif kind == "pause":
        cluster.primary.pause()
        time.sleep(choice.uniform(0.1, 1))
        if choice.random() < 0.5:
            cluster.primary.resume()
            return
        old = cluster.fail_over()
        # The old primary wakes, does not know that it was replaced, and is reached first by some.
        old.resume()
        time.sleep(1)
        cluster.rejoin(old)
    elif kind == "cut":
        cluster.primary.proxy.cut()
        time.sleep(choice.uniform(0.1, 1))
        if choice.random() < 0.3:
            cluster.primary.proxy.mend()
            cluster.wait_for_standbys()
            return
        old = cluster.fail_over()
        old.proxy.mend()
        time.sleep(1)
        cluster.rejoin(old)
    elif kind == "restart":
        for server in choice.sample(cluster.servers, 3):
            server.kill()
        # The primary comes back first and alone: it may show what no standby has.
        cluster.primary.start()
        time.sleep(choice.uniform(0, 1))
        for server in cluster.standbys():
            server.start()
        cluster.wait_for_standbys()


def check(writers, keeper, acknowledged, signed):
    """Checks the ledger against what was acknowledged and signed before; returns its size."""
    arguments = []
    if signed:
        path = writers.folder / "expected"
        path.write_text(signed)
        arguments = ["--expect", str(path)]
    for _ in range(40):
        verified = writers.run("verify", *arguments)
        if verified.returncode != 1:
            break
        time.sleep(0.5)
    if verified.returncode != 0:
        raise SystemExit(f"BROKEN: {verified.stdout}{verified.stderr}")
    listed = writers.run("list", "parties", "--format", "json")
    ids = [row["id"] for row in json.loads(listed.stdout)["rows"]]
    assert len(ids) == len(set(ids)), "a fact is there twice"
    missing = [name for name in acknowledged if name not in set(ids)]
    if missing:
        raise SystemExit(f"LOST: {len(missing)} acknowledged, such as {missing[:3]}")
    if writers.refused:
        raise SystemExit(f"REFUSED: {writers.refused[0]}")
    return len(ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    for name, default in [("kills", 2), ("pauses", 1), ("cuts", 0), ("restarts", 0), ("writers", 4), ("seed", 0)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    if postgres.programs() is None:
        print("SKIPPED, for want of postgres: it is not installed")
        sys.exit(postgres.SKIPPED)
    program = os.path.realpath(arguments.program)
    choice = random.Random(arguments.seed)
    kinds = (["kill"] * arguments.kills + ["pause"] * arguments.pauses + ["cut"] * arguments.cuts
             + ["restart"] * arguments.restarts)
    choice.shuffle(kinds)
    servers_folder = postgres.workplace()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="heldto-failover-"))
    cluster = Cluster(servers_folder)
    gaps = {}
    try:
        address = cluster.address("campaign")
        environment = {**os.environ, "HELDTO_NODE": str(folder / "node")}
        subprocess.run([program, "init", address, "--origin", "example.org/campaign", "-q"], check=True,
                       env=environment)
        writers = Writers(program, address, folder, arguments.writers)
        keeper = Keeper(writers)
        time.sleep(2)
        for number, kind in enumerate(kinds, 1):
            time.sleep(choice.uniform(0.2, 1))
            acknowledged = list(writers.acknowledged)
            signed = keeper.signed[-1] if keeper.signed else None
            begun = time.monotonic()
            incident(cluster, kind, choice)
            # Somebody must be acknowledged again before the incident is over.
            before = len(writers.acknowledged)
            while len(writers.acknowledged) <= before:
                time.sleep(0.05)
                if time.monotonic() - begun > 120:
                    raise SystemExit(f"{kind}: no writer is acknowledged any more")
            gaps.setdefault(kind, []).append(writers.longest_gap(begun))
            size = check(writers, keeper, acknowledged, signed)
            print(f"{number} of {len(kinds)}, {kind}: {size} entries, all {len(acknowledged)} acknowledged are there, "
                  f"{len(keeper.signed)} checkpoints, {gaps[kind][-1]:.1f} s without a writer", flush=True)
        writers.is_done = keeper.is_done = True
        keeper.stop()
        writers.stop()
        size = check(writers, keeper, list(writers.acknowledged), keeper.signed[-1] if keeper.signed else None)
        for signed in keeper.signed[:: max(1, len(keeper.signed) // 20)]:
            check(writers, keeper, [], signed)
    finally:
        cluster.stop()
        shutil.rmtree(servers_folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    longest = ", ".join(f"{kind} {max(times):.1f} s" for kind, times in sorted(gaps.items()))
    print(f"{len(kinds)} incidents: 0 of {len(writers.acknowledged)} acknowledged lost, duplicated or forked; "
          f"{writers.unknown} runs ended without an answer and were resolved; {len(keeper.signed)} checkpoints, all of "
          f"what is there. Longest without a writer: {longest}")


if __name__ == "__main__":
    main()
