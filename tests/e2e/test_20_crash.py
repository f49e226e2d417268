"""What is on record outlives everything: kill -9 at any moment, somebody else's lock, a second service.

WHT_CRASH_ROUNDS is how often the service is killed, for each number of workers; 25 unless said.
"""
import concurrent.futures
import contextlib
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from wht import token as tokens
from wht.admin import Admin
from wht.process import DEADLINE, ROOT, Process
from wht.server import Server, eventually
from wht.tunnel import Tunnel, registration
from wht.viewer import Cut

ROUNDS = int(os.environ.get("WHT_CRASH_ROUNDS", 25))
CLIENTS = 8
VERIFIER = re.search(r"```python\n(.*?)```", (ROOT / "docs/audit.md").read_text(encoding="utf-8"), re.S)[1]


def database(directory):
    return directory / "wht-state" / "webhooktunnel.db"


@contextlib.contextmanager
def looking_at(path, mode="ro"):
    connection = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=DEADLINE, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def ask(server, question, *values):
    with looking_at(database(server.directory)) as look:
        return look.execute(question, values).fetchall()


def verified(path):
    """By the script that docs/audit.md gives to anybody."""
    run = subprocess.run([sys.executable, "-c", VERIFIER, path], capture_output=True, text=True)
    return run.returncode == 0, run.stdout + run.stderr


class Storm:
    """Clients that register and come back under new ids until the service is gone. It remembers who asked, and
    who saw 101."""

    def __init__(self, server, round):
        self.server, self.round = server, round
        self.asked, self.seen, self.lock = set(), set(), threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        for turn in range(10000):
            if self.over.is_set():
                return
            id = f"r{self.round}-c{number}-{turn}"
            with self.lock:
                self.asked.add(id)
            tunnel = None
            with contextlib.suppress(OSError, Cut, AssertionError):
                tunnel = Tunnel(self.server.port, id, serve=None)
                if tunnel.status == 101:
                    with self.lock:
                        self.seen.add(id)
                if turn % 3 == 0:
                    tunnel.close()
            if not tunnel:
                return  # it is gone

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(DEADLINE)


def check_round(server, storm):
    """The database as the kill left it, before anything repairs it."""
    with looking_at(database(server.directory)) as look:
        assert look.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = {id for (id,) in look.execute("SELECT id FROM sessions WHERE id GLOB ?", (f"r{storm.round}-*",))}
    whole, why = verified(database(server.directory))
    assert whole, why
    assert storm.seen <= rows, f"saw 101 and has no row: {storm.seen - rows}"
    assert rows <= storm.asked, f"a row of nobody: {rows - storm.asked}"
    # A row may be there whose 101 did not arrive: of those that were asking when the service was killed.
    assert len(rows - storm.seen) <= CLIENTS, rows - storm.seen
    return rows - storm.seen


def test_A11_kill_9_under_load_loses_nothing_that_was_acknowledged(workers, tmp_path):
    seen, unheard, directory = 0, 0, tmp_path / "whtd"
    for round in range(ROUNDS):
        server = Server(directory, workers=workers)
        assert ask(server, "SELECT count(*) FROM tunnels") == [(0,)], "the last crash left sessions open"
        storm = Storm(server, round)
        wanted = random.randrange(10 * CLIENTS)  # and somewhere on the way to the next one
        assert eventually(lambda: len(storm.seen) >= wanted)
        time.sleep(random.uniform(0, 0.02))
        server.signal(signal.SIGKILL)
        server.wait()
        storm.end()
        unheard += len(check_round(server, storm))
        seen += len(storm.seen)
        server.check_reports()
    server = Server(directory, workers=workers)
    assert ask(server, "SELECT count(*) FROM audit WHERE event = 'server.crash_recovered'") == [(ROUNDS,)]
    assert ask(server, "SELECT count(*) FROM sessions WHERE closed IS NULL OR reason IS NULL") == [(0,)]
    server.stop()
    assert seen > ROUNDS, "the storm was no load"
    print(f"\n{ROUNDS} kills, {seen} acknowledged, {unheard} committed whose 101 did not arrive")


def test_A11_a_clean_end_is_no_crash(start, tmp_path):
    for _ in range(2):
        server = Server(tmp_path / "whtd")
        Tunnel(server.port, "alpha", serve=None)
        server.stop()
        assert verified(database(server.directory))[0]
    events = [event for (event,) in ask(server, "SELECT event FROM audit ORDER BY seq")]
    assert events == ["server.start", "tunnel.open", "tunnel.close", "server.stop"] * 2


def test_A12_a_lock_held_by_somebody_refuses_registrations_and_nothing_else(start):
    server = start()
    tunnel = server.tunnel("alpha")
    with looking_at(database(server.directory), "rw") as other:
        other.execute("BEGIN EXCLUSIVE")
        begin = time.monotonic()
        refused = Tunnel(server.port, "beta", serve=None)
        assert refused.status == 503 and refused.response.get("x-webhooktunnel-error") == "not_recorded"
        assert refused.response.get("retry-after")
        assert time.monotonic() - begin > 1.5
        begin = time.monotonic()
        assert {Tunnel(server.port, "gamma", serve=None).status for _ in range(20)} == {503}
        assert time.monotonic() - begin < 20  # nobody waits for what lasts: that would be two seconds for each
        assert {server.get("/alpha/x").status for _ in range(20)} == {200}  # before the lock goes
        other.execute("COMMIT")
    assert eventually(lambda: Tunnel(server.port, "delta", serve=None).status == 101)
    assert tunnel.alive()
    assert eventually(lambda: ask(server, "SELECT json_extract(detail, '$.refused') >= 2 FROM audit WHERE event = 'audit.gap'") == [(1,)])
    assert ask(server, "SELECT count(*) FROM sessions WHERE id IN ('beta', 'gamma') AND closed IS NULL") == [(0,)]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte, where we may make one."""
    path = tmp_path / "disk"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path], capture_output=True).returncode:
        pytest.skip("only root makes a file system")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_A13_a_full_disk_refuses_registrations_until_there_is_room(start, small_disk):
    server = start(WHT_STATE_DIR=small_disk / "wht-state", WHT_ADMIN_SOCKET=small_disk.with_name("admin.sock"))
    tunnel = server.tunnel("alpha")
    full = small_disk / "full"
    with contextlib.suppress(OSError), full.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert Tunnel(server.port, "beta", serve=None).status == 503
    assert server.get("/alpha/x").status == 200 and tunnel.alive()
    full.unlink()
    assert eventually(lambda: Tunnel(server.port, "gamma", serve=None).status == 101)
    server.end_of_test()
    server.stop()
    with looking_at(database(small_disk)) as look:
        assert look.execute("SELECT count(*) FROM audit WHERE event = 'audit.gap'").fetchone() == (1,)
        assert look.execute("SELECT count(*) FROM sessions WHERE id = 'beta'").fetchone() == (0,)
        assert look.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_A15_a_database_that_is_none_is_a_sentence_and_no_crash(tmp_path):
    def refuses(words):
        process = Process(tmp_path, "whtd", env={
            "HOSTNAME": "a", "PORT": "0", "WHT_LISTEN": "127.0.0.1", "TASKCLUSTER_PROXY_SECRET_A": "a", "TASKCLUSTER_PROXY_SECRET_B": "b"})
        assert process.wait() == 1
        assert any(words in line for line in process.lines), process.lines
        process.check_reports()

    path = database(tmp_path)
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"no database at all " * 500)
    refuses("file is not a database")
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    refuses("database of another program")
    path.unlink()
    path.mkdir()
    refuses("webhooktunnel.db")


def test_A15_a_database_deleted_while_running_refuses_registrations(start):
    server = start()
    tunnel = server.tunnel("alpha")
    path = database(server.directory)
    path.rename(path.with_suffix(".away"))
    assert Tunnel(server.port, "beta", serve=None).status == 503
    assert server.get("/alpha/x").status == 200 and tunnel.alive()
    path.with_suffix(".away").rename(path)
    assert eventually(lambda: Tunnel(server.port, "gamma", serve=None).status == 101)


def test_A22_a_second_service_on_the_same_database_is_refused(start):
    first = start()
    second = Process(first.directory, "whtd", env={
        "HOSTNAME": "a", "PORT": "0", "WHT_LISTEN": "127.0.0.1", "TASKCLUSTER_PROXY_SECRET_A": "a", "TASKCLUSTER_PROXY_SECRET_B": "b"})
    assert second.wait() == 1
    assert any(f"is in use by another whtd (process {first.pid})" in line for line in second.lines), second.lines
    assert first.tunnel().alive()


def test_A23_a_database_of_a_newer_version_is_refused(tmp_path):
    server = Server(tmp_path)
    server.stop()
    with sqlite3.connect(database(tmp_path)) as future:
        future.execute("PRAGMA user_version = 999")
    process = Process(tmp_path, "whtd", env={
        "HOSTNAME": "a", "PORT": "0", "WHT_LISTEN": "127.0.0.1", "TASKCLUSTER_PROXY_SECRET_A": "a", "TASKCLUSTER_PROXY_SECRET_B": "b"})
    assert process.wait() == 1
    assert any("its schema has version 999" in line for line in process.lines), process.lines


def test_many_at_once_are_few_commits(start):
    """A reconnect storm; each of them saw 101 only when its row was there."""
    server, count = start(), 300
    commits = lambda: Admin(database(server.directory).with_name("admin.sock")).get("/v1/status")["ledger"]["commits"]
    before = commits()
    server.signal(signal.SIGSTOP)  # so that they are at once, however slow we are
    clients = [server.viewer().send(registration(f"storm-{n}", tokens.mint(f"storm-{n}"))) for n in range(count)]
    server.signal(signal.SIGCONT)
    assert all(client.response().status == 101 for client in clients)
    assert ask(server, "SELECT count(*) FROM tunnels WHERE id GLOB 'storm-*'") == [(count,)]
    assert commits() - before < 100
    for client in clients:
        client.close()
    assert eventually(lambda: ask(server, "SELECT count(*) FROM tunnels") == [(0,)])


def test_tokens_and_secrets_are_in_no_row(start):
    """J37 for the database: what could be used to register is not in it."""
    server = start()
    token = tokens.mint("alpha")
    Tunnel(server.port, "alpha", token, serve=None)
    Tunnel(server.port, "beta", token, serve=None)  # not for that id
    assert eventually(lambda: ask(server, "SELECT count(*) FROM audit WHERE event = 'auth.refused'") == [(1,)])
    server.end_of_test()
    server.stop()
    bytes = database(server.directory).read_bytes()
    for secret in (token, *token.split("."), tokens.SECRET_A, tokens.SECRET_B):
        assert secret.encode() not in bytes
