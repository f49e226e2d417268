"""soak_client.py [SECONDS] - a whclient behind a proxy that cuts, stalls, delays and refuses, for as long as that (default 2700).

Viewers ask all the while; each answer must be the one to its own request. After each disturbance the time until the client
serves again is compared with the pause that it had announced. Memory and descriptors are looked at between disturbances.
Prints a line a minute and a summary; exits 1 when something did not hold.
"""
import contextlib
import json
import pathlib
import random
import secrets
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from wht.origin import Origin  # noqa: E402
from wht.proxy import Mangler  # noqa: E402
from wht.server import Server  # noqa: E402
from wht.process import Process  # noqa: E402
from wht.token import mint  # noqa: E402
from wht.viewer import Viewer  # noqa: E402

SLACK = 3.5  # a dial, a handshake with delays, a request
DEAD = 45  # silence until either end must have seen that the way is dead


def ask(server, path, body=b""):
    """One request on a connection of its own, which is closed again: a soak has too many to keep."""
    with contextlib.closing(Viewer(server.port)) as viewer:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        return viewer.ask(head.encode() + body, "POST")


def viewer(server, id, stop, tally):
    while not stop.is_set():
        nonce = secrets.token_hex(random.choice([4, 4, 4, 2000]))
        try:
            answer = ask(server, f"/{id}/echo", nonce.encode())
        except Exception:  # the viewer's side of a broken answer
            tally["broken"] += 1
            time.sleep(0.1)
            continue
        if answer.status == 200 and answer.complete:
            tally["right" if answer.body == nonce.encode() else "WRONG"] += 1
        else:
            tally["refused"] += 1
            time.sleep(0.1)


def serving(server, id, limit):
    begin = time.monotonic()
    while time.monotonic() - begin < limit:
        try:
            if ask(server, f"/{id}/probe").status == 200:
                return time.monotonic() - begin
        except Exception:
            pass
        time.sleep(0.05)
    return None


def announced(client, since):
    """The longest pause, in seconds, that the client said since."""
    pauses = [json.loads(line).get("ms", 0) / 1000 for line in client.output[since:] if '"event":"resting"' in line]
    return max(pauses, default=0)


def disturb(mangler, kind):
    if kind == "cut":
        mangler.cut()
    elif kind == "refuse":
        mangler.refusing = True
        mangler.cut()
        time.sleep(random.uniform(0.5, 6))
        mangler.refusing = False
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


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 2700
    directory = pathlib.Path(tempfile.mkdtemp(prefix="soak-"))
    server = Server(directory / "server")
    origin = Origin()
    mangler = Mangler(server.port)
    id = "soak"
    client = Process(directory / "client", "whclient", f"http://localhost:{mangler.port}", id, origin.url, "--json", "--token",
                     mint(id, exp=int(time.time()) + 86400))
    stop, tally = threading.Event(), {"right": 0, "WRONG": 0, "refused": 0, "broken": 0}
    assert serving(server, id, 20) is not None, client.lines
    for _ in range(4):
        threading.Thread(target=viewer, args=(server, id, stop, tally), daemon=True).start()
    begin, faults, counts, worst, samples, minute = time.monotonic(), [], {}, {}, [], 0
    while (now := time.monotonic() - begin) < seconds:
        kind = random.choices(["cut", "refuse", "stall", "delay", "silence"], [4, 4, 3, 3, 1])[0]
        since = len(client.output)
        disturb(mangler, kind)
        took = serving(server, id, 120)
        allowed = announced(client, since) + SLACK + (DEAD if kind in ("stall", "silence") else 0)
        counts[kind] = counts.get(kind, 0) + 1
        worst[kind] = max(worst.get(kind, 0), took or 999)
        if took is None or took > allowed:
            faults.append(f"{now:.0f} s: {kind}: back after {took} s, allowed {allowed:.1f} s")
        time.sleep(random.uniform(1, 14))
        samples.append((client.memory() >> 10, client.sockets()))
        if now // 60 > minute:
            minute = now // 60
            print(f"{now:5.0f} s  {counts}  {tally}  worst back {({k: round(v, 2) for k, v in worst.items()})}  "
                  f"{samples[-1][0]} KiB {samples[-1][1]} sockets  faults {len(faults)}", flush=True)
    stop.set()
    third = max(1, len(samples) // 3)
    first, last = samples[third // 2:third + third // 2], samples[-third:]
    print(f"memory KiB: {sum(m for m, _ in first) // len(first)} early, {sum(m for m, _ in last) // len(last)} late; sockets: "
          f"{max(s for _, s in first)} early, {max(s for _, s in last)} late, most {max(s for _, s in samples)}")
    print(f"{tally}; disturbances {counts}; worst {worst}")
    print("\n".join(faults) or "no fault")
    client.stop()
    server.stop()
    return 1 if faults or tally["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
