"""What the proof costs: a registration's wait for its row, commits under a storm, viewers while the database is locked."""
import asyncio
import sqlite3
import statistics
import threading
import time

from wht import token
from wht.admin import Admin
from wht.tunnel import registration
from wht.viewer import Viewer

STORM = 1000
LOCKED_S = 15


def commits(server):
    text = Admin(server.directory / "wht-state" / "admin.sock")("GET", "/metrics").body.decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("wht_audit_commits_total "))


def answer_ms(server, id, jwt, status):
    """From the request's last byte to the answer's head, on a connection of its own."""
    viewer = Viewer(server.port)
    begin = time.perf_counter()
    viewer.send(registration(id, jwt, host=server.hostname))
    assert viewer.response().status == status
    spent = (time.perf_counter() - begin) * 1000
    viewer.close()
    return spent


def measure_registration(table, server):
    """Refused for its token a registration takes the same way, but waits for no row."""
    recorded = [answer_ms(server, f"r{n}", token.mint(f"r{n}"), 101) for n in range(300)]
    refused = [answer_ms(server, f"r{n}", token.mint("another"), 401) for n in range(300)]
    table.add("registration", "ms", statistics.median(recorded))
    table.add("of it for the audit", "ms", statistics.median(recorded) - statistics.median(refused))


async def one_of_many(server, id):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(registration(id, token.mint(id), host=server.hostname))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    return writer


async def storm(server):
    return await asyncio.gather(*(one_of_many(server, f"s{n}") for n in range(STORM)))


def measure_storm(table, server):
    before, begin = commits(server), time.perf_counter()
    held = asyncio.run(storm(server))
    table.add(f"{STORM} at once", "s", time.perf_counter() - begin)
    table.add("commits for them", "commits", commits(server) - before)
    assert len(held) == STORM


def hold_the_lock(path, taken, seconds):
    database = sqlite3.connect(path, isolation_level=None, timeout=10)
    database.execute("BEGIN EXCLUSIVE")
    taken.set()
    time.sleep(seconds)
    database.execute("ROLLBACK")
    database.close()


def measure_lock(table, server, wrk, url):
    """99 in 100 of a live tunnel's viewers, before and while somebody else holds the database."""
    *_, before = wrk(url, 32)
    taken = threading.Event()
    path = server.directory / "wht-state" / "webhooktunnel.db"
    holder = threading.Thread(target=hold_the_lock, args=(path, taken, LOCKED_S))
    holder.start()
    taken.wait()
    *_, during = wrk(url, 32)
    assert holder.is_alive()
    table.add("99 in 100, database free", "ms", before)
    table.add("99 in 100, database locked", "ms", during)
    holder.join()
