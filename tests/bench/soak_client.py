"""soak_client.py [SECONDS [SEED]] - a whclient behind a way that cuts, stalls, delays and refuses, for so long (default 2700).

Over TLS, as at a developer's. Viewers ask all the while, on kept connections and on new ones, small and large; every byte of
an answer must be of the one to its own request, also of an answer that breaks off. After each disturbance the time until the client
serves again is compared with the pause that it had announced. Memory and sockets are looked at between disturbances.
Prints a line a minute and the figures at the end; exits 1 when something did not hold.
"""
import collections
import contextlib
import json
import pathlib
import random
import re
import secrets
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from wht.certs import Certs  # noqa: E402
from wht.origin import Origin  # noqa: E402
from wht.proxy import Mangler  # noqa: E402
from wht.server import Server, eventually  # noqa: E402
from wht.process import Process  # noqa: E402
from wht.token import mint  # noqa: E402
from wht.viewer import Viewer  # noqa: E402

ID = "soak"
SLACK = 3.5  # a dial, a handshake with delays, a request
DEAD = 45  # silence until either end must have seen that the way is dead
GROWTH = 2048  # KiB between the first third and the last: what an allocator may keep of bursts
KINDS = {"cut": 4, "refuse": 4, "stall": 3, "delay": 3, "silence": 1}


def answer_to(method, path, body):
    """Everything that tells one request from another, as often as the path says."""
    return (f"{method} {path} ".encode() + body + b"\n") * int(path.rsplit("/", 1)[1])


def serve(connection):
    """The local target; it remembers nothing, for a soak has too many requests."""
    while request := connection.request():
        body = answer_to(request.method, request.target, request.body)
        if len(body) % 2:
            connection.answer(body)
            continue
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(body), 20_000):
            piece = body[at:at + 20_000]
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.send(b"0\r\n\r\n")


class Viewers:
    """What they got: right, refused (an error of the server's), broken (cut off, or no answer), WRONG."""

    def __init__(self, server, count):
        self.server, self.tally, self.wrong, self.stop = server, collections.Counter(), [], threading.Event()
        for number in range(count):
            threading.Thread(target=self._run, args=(number % 2 == 0,), daemon=True).start()

    def connect(self):
        return Viewer(self.server.port, tls=self.server.certs.context, server_name=self.server.hostname)

    def ask(self, viewer):
        """One request, and the word for its answer."""
        method, repeat = random.choice(["GET", "GET", "POST"]), random.choice([1, 1, 1, 1, 40, 5000])
        path, body = f"/{secrets.token_hex(8)}/{repeat}", b""
        head = f"{method} {path} HTTP/1.1\r\nHost: {ID}.{self.server.hostname}\r\n"
        if method == "POST":
            body = secrets.token_hex(random.choice([4, 400] if repeat > 1 else [4, 4, 20_000])).encode()
            head += f"Content-Length: {len(body)}\r\n"
        answer = viewer.ask(head.encode() + b"\r\n" + body, method)
        if answer.status != 200:
            return "refused"
        expected = answer_to(method, path, body)
        if answer.body == expected:
            return "right"
        if not answer.complete and expected.startswith(answer.body):
            return "broken"
        self.wrong.append(f"{method} {path}: {answer!r} {answer.body[:200]!r}")
        return "WRONG"

    def _run(self, keep):
        viewer = None
        while not self.stop.is_set():
            word = "broken"
            with contextlib.suppress(Exception):  # of a connection that ends in the middle
                viewer = viewer or self.connect()
                word = self.ask(viewer)
            self.tally[word] += 1
            if viewer and (word != "right" or not keep):
                viewer.close()
                viewer = None
            time.sleep(0.05 if word == "right" else 0.1)

    def served(self, within):
        """How long until one of ours is answered, or None."""
        begin = time.monotonic()
        while time.monotonic() - begin < within:
            with contextlib.suppress(Exception), contextlib.closing(self.connect()) as viewer:
                if self.ask(viewer) == "right":
                    return time.monotonic() - begin
            time.sleep(0.05)
        return None


def disturb(mangler, kind):
    if kind == "cut":
        mangler.cut()
    elif kind == "refuse":  # by the machine, or by a program that accepts and hangs up
        mangler.refuse(random.choice(["connects", "at once"]))
        mangler.cut()
        time.sleep(random.uniform(0.5, 6))
        mangler.refuse(None)
    elif kind == "stall":
        mangler.stalled = True
        time.sleep(random.choice([1, 3, 25]))
        mangler.stalled = False
    elif kind == "silence":  # nothing passes for so long that both must give up
        mangler.stalled = True
        time.sleep(42)
        mangler.stalled = False
    else:
        mangler.delay = (0, 0.5)
        time.sleep(random.uniform(2, 8))
        mangler.delay = (0, 0)


class Soak:
    def __init__(self, directory):
        certs = Certs(directory)
        self.server = Server(directory / "server", certs=certs)
        self.origin = Origin(on_head=serve)
        self.mangler = Mangler(self.server.port)
        self.client = Process(directory / "client", "whclient", f"https://localhost:{self.mangler.port}", ID, self.origin.url, "--json",
                              "--ca", certs.ca, "--token", mint(ID, exp=int(time.time()) + 86400))
        self.client.wait_line(re.compile('"event":"up"'))
        self.quiet = self.client.sockets()
        self.viewers = Viewers(self.server, 4)
        self.faults, self.counts, self.worst, self.samples = [], collections.Counter(), {}, []
        self.begin = time.monotonic()

    def announced(self, since):
        """The longest pause, in seconds, that the client said since."""
        pauses = [json.loads(line).get("ms", 0) / 1000 for line in self.client.output[since:] if '"event":"resting"' in line]
        return max(pauses, default=0)

    def turn(self):
        now, since = time.monotonic() - self.begin, len(self.client.output)
        kind = random.choices(list(KINDS), KINDS.values())[0]
        disturb(self.mangler, kind)
        took = self.viewers.served(120)
        allowed = self.announced(since) + SLACK + (DEAD if kind in ("stall", "silence") else 0)
        self.counts[kind] += 1
        self.worst[kind] = max(self.worst.get(kind, 0), took or 999)
        if took is None or took > allowed:
            self.faults.append(f"{now:.0f} s: {kind}: back after {took} s, allowed {allowed:.1f} s")
        time.sleep(random.uniform(1, 14))
        self.samples.append((self.client.memory() >> 10, self.client.sockets()))

    def say(self):
        worst = {kind: round(seconds, 2) for kind, seconds in self.worst.items()}
        print(f"{time.monotonic() - self.begin:5.0f} s  {dict(self.counts)}  {dict(self.viewers.tally)}  worst return {worst}  "
              f"{self.samples[-1][0]} KiB {self.samples[-1][1]} sockets  faults {len(self.faults)}", flush=True)

    def run(self, seconds):
        minute = 0
        assert self.viewers.served(20) is not None, self.client.lines
        while (now := time.monotonic() - self.begin) < seconds:
            self.turn()
            if now // 60 > minute:
                minute = now // 60
                self.say()
        self.viewers.stop.set()

    def judge(self):
        """The figures; what was flat must have been."""
        third = max(1, len(self.samples) // 3)
        (first, last), sockets = (self.samples[:third], self.samples[-third:]), [count for _, count in self.samples]
        early, late = (sum(memory for memory, _ in samples) // len(samples) for samples in (first, last))
        if late > early + GROWTH:
            self.faults.append(f"memory grew from {early} to {late} KiB")
        if not eventually(lambda: self.client.sockets() <= self.quiet):
            self.faults.append(f"{self.client.sockets()} sockets when nobody asks any more, {self.quiet} before anybody did")
        self.faults += self.viewers.wrong
        self.say()
        print(f"client: {early} KiB early, {late} KiB late, at most {max(memory for memory, _ in self.samples)} KiB; "
              f"{self.quiet} sockets before, {min(sockets)} to {max(sockets)} meanwhile, {self.client.sockets()} afterwards\n" +
              ("\n".join(self.faults) or "no fault"), flush=True)
        self.client.stop()
        self.server.stop()


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 2700
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print(f"{seconds} s, seed {seed}", flush=True)
    random.seed(seed)
    soak = Soak(pathlib.Path(tempfile.mkdtemp(prefix="soak-")))
    soak.run(seconds)
    soak.judge()
    return 1 if soak.faults else 0


if __name__ == "__main__":
    sys.exit(main())
