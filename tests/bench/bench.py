"""bench.py [rate] [bulk] [idle] [audit] [hooks] [attacks] - what the tunnel costs, beside nginx as a plain reverse proxy from the same run.

rate   requests a second, and processor time of whtd a request, at 1, 32 and 128 viewers
bulk   one download and one upload of 200 MB
idle   resident memory of a tunnel that does nothing, plain and over TLS
audit  what the proof costs a registration, a storm of them, and viewers while the database is locked
hooks  what an operator's script costs each request
attacks what other tunnels' viewers notice of a script that runs wild for one

Everything runs on loopback of this one machine and shares its processors: wrk, whtd, whclient and the nginx behind it.
So the figures are good for comparing with the bars and with nginx beside them, not for sizing a site. The table goes to
stdout, the figures to build/bench.json.
"""
import contextlib
import json
import os
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import threading

os.environ.setdefault("WHT_PRESET", "release")
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from wht import token  # noqa: E402
from wht.certs import Certs  # noqa: E402
from wht.client import Client  # noqa: E402
from wht.server import Server  # noqa: E402
from wht.tunnel import registration  # noqa: E402
from wht.viewer import Viewer  # noqa: E402
import audit  # noqa: E402
import hooks  # noqa: E402
from nginx import Nginx, proxy_config, target_config  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", 5))
BULK = 200_000_000
IDLE_PLAIN, IDLE_TLS = 10_000, 2_000
VIEWERS = (1, 32, 128)
SECTIONS = ["rate", "bulk", "idle", "audit", "hooks", "attacks"]

BARS = {  # name: (compare, bound, unit)
    "cpu at 32": ("<=", 40, "us a request"), "rate at 32": (">=", 15_000, "requests/s"),
    "idle plain": ("<=", 10, "KiB a tunnel"), "idle tls": ("<=", 24, "KiB a tunnel"),
    "download": (">=", 300, "MB/s"), "upload": (">=", 300, "MB/s"),
    "of it for the audit": ("<=", 5, "ms"), "commits for them": ("<", 100, "commits"),
    "three: more cpu, 1": ("<=", 15, "%"), "three: more cpu, 32": ("<=", 15, "%"),
    **{name: ("<=", 2, "x quiet p99") for name in hooks.ATTACKS},
}


class Table:
    def __init__(self):
        self.rows = []

    def add(self, name, unit, ours, nginx=None):
        self.rows.append({"name": name, "unit": unit, "ours": ours, "nginx": nginx})
        print(f"  {name}: {ours:,.1f} {unit}" + (f" (nginx {nginx:,.1f})" if nginx else ""), flush=True)

    def verdict(self, row):
        if row["name"] not in BARS:
            return ""
        compare, bound, _ = BARS[row["name"]]
        met = {"<=": row["ours"] <= bound, "<": row["ours"] < bound, ">=": row["ours"] >= bound}[compare]
        return f"{compare} {bound:,}" + ("" if met else "  MISSED")

    def show(self):
        print(f"\n{'':24}{'unit':>14}{'webhooktunnel':>16}{'nginx':>12}{'ratio':>8}  bar")
        for row in self.rows:
            nginx = f"{row['nginx']:,.1f}" if row["nginx"] else "-"
            ratio = f"{row['ours'] / row['nginx']:.2f}" if row["nginx"] else "-"
            print(f"{row['name']:24}{row['unit']:>14}{row['ours']:16,.1f}{nginx:>12}{ratio:>8}  {self.verdict(row)}")
        (ROOT / "build" / "bench.json").write_text(json.dumps(self.rows, indent=1) + "\n")


# --- rate


def wrk(url, viewers):
    """Requests a second, how many there were, and the latency of half and of 99 in 100, in ms."""
    done = subprocess.run(["wrk", "-t", str(min(2, viewers)), "-c", str(viewers), "-d", f"{SECONDS}s", "--latency", url],
                          capture_output=True, text=True, check=True).stdout
    word = {line.split()[0]: line.split() for line in done.splitlines() if line.strip()}
    count = next(int(line.split()[0]) for line in done.splitlines() if " requests in " in line)
    if "Non-2xx" in done:
        sys.exit(f"wrk saw errors:\n{done}")
    return float(word["Requests/sec:"][1]), count, milliseconds(word["50%"][1]), milliseconds(word["99%"][1])


def milliseconds(text):
    for unit, factor in (("us", 0.001), ("ms", 1), ("s", 1000)):
        if text.endswith(unit):
            return float(text[:-len(unit)]) * factor


def under_load(url, viewers, process):
    cpu = process.cpu()
    rate, count, half, most = wrk(url, viewers)
    return rate, (process.cpu() - cpu) / count * 1e6, half, most


def measure_rate(table, stage):
    for viewers in VIEWERS:
        rate, cpu, half, most = under_load(f"{stage.public}/small", viewers, stage.server)
        other = under_load(f"{stage.proxy.url}/small", viewers, stage.proxy)
        table.add(f"rate at {viewers}", "requests/s", rate, other[0])
        table.add(f"cpu at {viewers}", "us/request", cpu, other[1])
        table.add(f"half within, {viewers}", "ms", half, other[2])
        table.add(f"99 in 100 within, {viewers}", "ms", most, other[3])


# --- bulk


def curl_speed(which, *arguments):
    done = subprocess.run(["curl", "-sS", "--fail", "--max-time", "120", "-o", os.devnull, "-w", f"%{{{which}}}", *map(str, arguments)],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"curl: {done.stderr}")
    return float(done.stdout) / 1e6


def sink():
    """Takes uploads as fast as it can and answers when all is there; on its own port, behind the target nginx's back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def take(connection):
        with connection, contextlib.suppress(OSError, ValueError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536) or b"\r\n\r\n"
            head, _, body = head.partition(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            left, space = length - len(body), bytearray(1 << 20)
            while left > 0:
                left -= connection.recv_into(space) or left + 1
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def accept():
        while True:
            threading.Thread(target=take, args=(listener.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return f"127.0.0.1:{listener.getsockname()[1]}"


def measure_bulk(table, stage):
    table.add("download", "MB/s", curl_speed("speed_download", f"{stage.public}/bulk"),
              curl_speed("speed_download", f"{stage.proxy.url}/bulk"))
    upload = ["-H", "Expect:", "-T", stage.bulk]
    table.add("upload", "MB/s", curl_speed("speed_upload", *upload, f"{stage.public_sink}/x"),
              curl_speed("speed_upload", *upload, f"{stage.proxy.url}/sink/x"))


# --- idle


def register(server, id):
    """A tunnel as an original client makes it, that then says nothing."""
    how = {"tls": server.certs.context, "server_name": server.hostname} if server.certs else {}
    viewer = Viewer(server.port, **how)
    viewer.send(registration(id, token.mint(id), host=server.hostname))
    assert viewer.response().status == 101
    return viewer


def measure_idle(table, directory, certs, count, name):
    # Pings would only add the noise of pongs; the first ones warm up what is allocated once.
    server = Server(directory / name, workers=os.cpu_count(), certs=certs, WHT_PING_INTERVAL=600, WHT_VIEWERS_MAX=20_000)
    try:
        held = [register(server, f"warm{n}") for n in range(100)]
        before = server.memory()
        held += [register(server, f"idle{n}") for n in range(count)]
        table.add(f"idle {name}", "KiB/tunnel", (server.memory() - before) / count / 1024)
    finally:
        server.kill()
    print(f"    of {count:,} tunnels", flush=True)


# --- all of it


class Stage:
    """whtd, two whclients, and two nginx: the target behind the clients, and a reverse proxy in front of the same."""

    def __init__(self, stack, directory):
        self.bulk = directory / "www" / "bulk"
        self.bulk.parent.mkdir()
        with open(self.bulk, "wb") as file:
            file.truncate(BULK)
        sink_address = sink()
        self.target = stack.enter_context(Nginx(directory / "target", target_config(self.bulk.parent)))
        self.proxy = stack.enter_context(Nginx(directory / "proxy", proxy_config(self.target.address, sink_address)))
        self.server = Server(directory / "whtd", workers=os.cpu_count())
        stack.callback(self.server.kill)
        self.public, self.public_sink = (self.tunnel(stack, id, address)
                                         for id, address in (("bench", self.target.address), ("sink", sink_address)))

    def tunnel(self, stack, id, address):
        stack.callback(Client(self.server, id, f"http://{address}").kill)
        return f"http://127.0.0.1:{self.server.port}/{id}"


def main(wanted):
    wanted = wanted or SECTIONS
    if set(wanted) - set(SECTIONS):
        sys.exit(__doc__)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    table = Table()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        directory = pathlib.Path(name)
        directory.chmod(0o755)  # nginx's workers may be somebody else
        if {"rate", "bulk", "audit", "hooks", "attacks"} & set(wanted):
            stage = Stage(stack, directory)
            if "rate" in wanted:
                measure_rate(table, stage)
            if "bulk" in wanted:
                measure_bulk(table, stage)
            if "audit" in wanted:
                audit.measure_registration(table, stage.server)
                audit.measure_storm(table, stage.server)
                audit.measure_lock(table, stage.server, wrk, f"{stage.public}/small")
        if "hooks" in wanted:
            for viewers in (1, 32):
                hooks.measure_cost(table, directory, stage.target.address, under_load, viewers)
        if "attacks" in wanted:
            hooks.measure_attacks(table, directory, stage.target.address, under_load)
        if "idle" in wanted:
            plain = min(IDLE_PLAIN, hard - 200)
            measure_idle(table, directory, None, plain, "plain")
            (directory / "certs").mkdir()
            measure_idle(table, directory, Certs(directory / "certs"), IDLE_TLS, "tls")
    table.show()


if __name__ == "__main__":
    main(sys.argv[1:])
