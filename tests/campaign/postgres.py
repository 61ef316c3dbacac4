"""Runs PostgreSQL servers on loopback for tests: one, or a primary with standbys behind proxies.

    postgres.py run -- COMMAND …   starts one server, runs the command with HELDTO_POSTGRES set to the
                                   address of an empty database on it, HELDTO_POSTGRES_DATA to its
                                   folder and HELDTO_POSTGRES_CA to its authority's certificate (empty
                                   without openssl), and stops the server

Exits with 77 where PostgreSQL is not installed.
"""

import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77


def programs():
    """Returns the folder of the server's programs; None if it is not installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if found:
        return pathlib.Path(found[-1]).parent
    on_path = shutil.which("postgres")
    return pathlib.Path(os.path.realpath(on_path)).parent if on_path else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_owner(command):
    """Returns the command run as the server's own user: the server refuses to run as root."""
    if os.geteuid() != 0:
        return command
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *map(str, command)]


class Proxy:
    """Forwards connections to a port, until it is cut."""

    def __init__(self, target):
        self.target = target
        self.port = free_port()
        self.is_cut = False
        self.pairs = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=2)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            self.pairs.append((client, server))
            for one, other in [(client, server), (server, client)]:
                threading.Thread(target=self.forward, args=(one, other), daemon=True).start()

    def forward(self, one, other):
        try:
            while data := one.recv(1 << 16):
                while self.is_cut:
                    time.sleep(0.02)
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Holds everything back, as a network does that is down."""
        self.is_cut = True

    def drop(self):
        """Ends every connection."""
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs = []

    def mend(self):
        self.drop()
        self.is_cut = False


class Server:
    """One server with its data folder; everything reaches it through a proxy."""

    def __init__(self, folder, name):
        self.bin = programs()
        self.name = name
        self.data = pathlib.Path(folder) / name
        self.port = free_port()
        self.proxy = Proxy(self.port)
        self.process = None

    def run(self, program, *arguments):
        command = as_owner([self.bin / program, *arguments])
        subprocess.run(list(map(str, command)), check=True, capture_output=True, cwd="/")

    def initialise(self, settings=()):
        self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync")
        self.configure([
            "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "shared_buffers = 64MB",
            "max_connections = 60", "wal_level = replica", "max_wal_senders = 8", "hot_standby = on",
            "wal_keep_size = 256MB", "wal_receiver_timeout = 2s", "wal_sender_timeout = 2s",
            "wal_retrieve_retry_interval = 100ms", "restart_after_crash = off", *settings])

    def certify(self):
        """Lets the server offer TLS as localhost, and returns its authority's certificate; None without openssl.

        The role tls_only may come by TLS alone.
        """
        if shutil.which("openssl") is None:
            return None
        authority, key = self.data / "authority.pem", self.data / "authority.key"
        def openssl(*arguments):
            command = as_owner(["openssl", *arguments])
            subprocess.run(list(map(str, command)), check=True, capture_output=True, cwd="/")
        new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        openssl(*new, "-subj", "/CN=authority", "-keyout", key, "-out", authority)
        openssl(*new, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                "-addext", "basicConstraints=critical,CA:FALSE", "-CA", authority, "-CAkey", key,
                "-keyout", self.data / "server.key", "-out", self.data / "server.crt")
        self.configure(["ssl = on"])
        access = self.data / "pg_hba.conf"
        access.write_text("hostnossl all tls_only all reject\n" + access.read_text())
        return authority

    def configure(self, settings):
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{setting}\n" for setting in [*settings, f"port = {self.port}"])

    def copy_of(self, primary):
        """Makes this a standby of another server."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.run("pg_basebackup", "-D", self.data, "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres",
                 "-c", "fast", "--no-sync")
        (self.data / "standby.signal").touch()
        self.follow(primary)

    def follow(self, primary):
        self.configure([f"primary_conninfo = 'host=127.0.0.1 port={primary.proxy.port} user=postgres "
                        f"application_name={self.name}'", "recovery_target_timeline = 'latest'",
                        "synchronous_standby_names = ''"])

    def start(self, wait=True):
        log = open(self.data.parent / f"{self.name}.log", "ab")
        self.process = subprocess.Popen(list(map(str, as_owner([self.bin / "postgres", "-D", self.data]))),
                                        stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/")
        while wait and not self.answers():
            if self.process.poll() is not None:
                raise RuntimeError((self.data.parent / f"{self.name}.log").read_text()[-2000:])
            time.sleep(0.02)

    def answers(self):
        return self.query("SELECT 1", quiet=True) == "1"

    def query(self, sql, database="postgres", quiet=False):
        done = subprocess.run([str(self.bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d",
                               database, "-XAtq", "-c", sql], capture_output=True, text=True, timeout=30, check=False,
                              cwd="/", env={**os.environ, "PGCONNECT_TIMEOUT": "3"})
        if done.returncode != 0 and not quiet:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def processes(self):
        """Returns the numbers of all its processes."""
        found = [self.process.pid]
        for status in glob.glob("/proc/[0-9]*/stat"):
            try:
                text = pathlib.Path(status).read_text()
            except OSError:
                continue
            if int(text.rsplit(")", 1)[1].split()[1]) == self.process.pid:
                found.append(int(text.split(" ", 1)[0]))
        return found

    def signal(self, number):
        for process in self.processes():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """Kills all its processes at once, as a crash of the machine does."""
        self.signal(signal.SIGSTOP)
        self.signal(signal.SIGKILL)
        self.process.wait()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.resume()
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()


def workplace():
    """Returns a folder that the server's user may enter."""
    folder = tempfile.mkdtemp(prefix="heldto-postgres-")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    return pathlib.Path(folder)


def main():
    if sys.argv[1:3] != ["run", "--"] or len(sys.argv) < 4:
        sys.exit(__doc__)
    if programs() is None:
        print("SKIPPED, for want of postgres: it is not installed")
        sys.exit(SKIPPED)
    folder = workplace()
    server = Server(folder, "one")
    try:
        server.initialise()
        authority = server.certify()
        server.start()
        # As one administrator of a ledger would be: may make schemas and roles, and is no superuser.
        server.query("CREATE ROLE keeper LOGIN CREATEROLE")
        server.query("CREATE DATABASE ledgers OWNER keeper")
        environment = {**os.environ, "HELDTO_POSTGRES": f"postgres://keeper@127.0.0.1:{server.port}/ledgers",
                       "HELDTO_POSTGRES_DATA": str(server.data), "HELDTO_POSTGRES_CA": str(authority or "")}
        code = subprocess.run(sys.argv[3:], env=environment, check=False).returncode
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
