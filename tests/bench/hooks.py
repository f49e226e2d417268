"""The operator's script: what it costs each request, and what others notice of one that runs wild.

Cost: server processor time a request with a script of three hooks, beside the same service without one. In many
rounds, each with processes of its own: where a process happens to lie in memory is worth a tenth. Within a round they
take turns, in another order each time: what the machine does meanwhile is worth as much, and falls on all of them.
Told is the mean of the middle half of the rounds, and how far it may be off: twice the standard error of a mean.
Attacks: the slowest in 100 of a tunnel's viewers, while the calls for another tunnel on the same, only worker do the
worst that a script can do, two hundred times a second; as a ratio to what it was before."""
import contextlib
import random
import signal
import statistics
import threading
import time

from wht.client import Client
from wht.server import Server
from wht.viewer import Viewer

ROUNDS, TURNS = 30, 2
ATTACKS_PER_SECOND, ATTACKERS = 200, 4

# Two header edits, two field edits, and the questions that a route is decided by.
SCRIPT = """
function on_route(req)
  if req.headers["x-canary"] == "yes" or wht.starts(req.path, "/old/") then
    return { id = "bench" }
  end
end
function on_request(req)
  req.headers["X-Tunnel"] = req.id
  req.headers["X-Viewer"] = req.peer
end
function on_log(event)
  event.bytes = nil
  event.zone = "eu-1"
end
"""
SCRIPTS = {"none": None, "empty": "-- nothing\n", "three": SCRIPT}

ATTACKS = {
    "L01 loop": "while true do end",
    "L02 loop in pcall": "while true do pcall(function() while true do end end) end",
    "L02 loop in coroutine": "coroutine.wrap(function() while true do end end)()",
    "L02 loop in metamethod": "local t = setmetatable({}, { __index = function() while true do end end }) local x = t.x",
    "L02 coroutine tree": "local function tree(d) for i = 1, 20 do coroutine.wrap(tree)(d - 1) end end tree(9)",
    "L03 string.rep": "local s = ('a'):rep(1e9)",
    "L03 table growth": "local t = {} while true do t[#t + 1] = {} end",
    "L03 kept growth": "kept = kept or {} while true do kept[#kept + 1] = {} end",
    "L03 closures": "local t = {} for i = 1, 1e6 do t[i] = function() return i end end",
    "L04 glob": "while true do wht.glob(('a'):rep(16384), ('*a'):rep(127) .. 'b') end",
    "L04 sha256": "while true do wht.sha256(('a'):rep(1e6)) end",
    "L04 long comparison": "local s, t = ('\\0'):rep(5e5), ('\\0'):rep(5e5 + 1) while s < t do end",
    "L05 error": "error(setmetatable({}, { __tostring = function() error('x') end }))",
    "L06 yield": "coroutine.yield()",
    "L08 stale handle": "old = old or req local x = old.path old = req",
    "L09 bad header": "req.headers['X-A'] = 'a\\r\\nb'",
}


@contextlib.contextmanager
def served(directory, target, script):
    """A server of one worker with that script, and one tunnel to the target."""
    directory.mkdir(parents=True)
    settings = {}
    if script:
        (directory / "hooks.lua").write_text(script)
        settings["WHT_LUA"] = directory / "hooks.lua"
    server = Server(directory, workers=1, **settings)
    try:
        client = Client(server, "bench", f"http://{target}")
        try:
            yield server, f"http://127.0.0.1:{server.port}/bench/small"
        finally:
            client.kill()
    finally:
        server.kill()


# --- cost


def measure_round(directory, target, under_load, viewers):
    """Microseconds a request under each script. The first turn of each is not counted."""
    costs = {name: [] for name in SCRIPTS}
    with contextlib.ExitStack() as stack:
        served_by = {name: stack.enter_context(served(directory / name, target, script)) for name, script in SCRIPTS.items()}
        for _ in range(1 + TURNS):
            for name in random.sample(list(SCRIPTS), len(SCRIPTS)):
                server, url = served_by[name]
                costs[name].append(under_load(url, viewers, server)[1])
    return {name: statistics.mean(each[1:]) for name, each in costs.items()}


def middle(values):
    """The mean of the middle half: as steady as a mean, and no single round decides it."""
    cut = len(values) // 4
    return statistics.mean(sorted(values)[cut:len(values) - cut])


def measure_cost(table, directory, target, under_load, viewers):
    costs = {name: [] for name in SCRIPTS}
    for round_ in range(ROUNDS):
        for name, cost in measure_round(directory / f"{viewers}-{round_}", target, under_load, viewers).items():
            costs[name].append(cost)
    table.add(f"no script, {viewers}", "us/request", middle(costs["none"]))
    for name in ("empty", "three"):
        more = [(b / a - 1) * 100 for a, b in zip(costs["none"], costs[name])]
        table.add(f"{name}: more cpu, {viewers}", "%", middle(more))
        table.add(f"{name}: give or take, {viewers}", "%", 2 * statistics.stdev(more) / len(more) ** 0.5)


# --- attacks


def reload(server, text):
    before = len(server.lines)
    (server.directory / "hooks.lua").write_text(text)
    server.signal(signal.SIGHUP)
    while not any("server.reload" in line for line in server.lines[before:]):
        time.sleep(0.01)


@contextlib.contextmanager
def attacked(server):
    """So many requests a second for the tunnel that the script runs wild for."""
    stop = threading.Event()

    def attacker():
        viewer, due = Viewer(server.port), time.monotonic()
        while not stop.is_set():
            due += ATTACKERS / ATTACKS_PER_SECOND
            stop.wait(max(0, due - time.monotonic()))
            assert viewer.ask(b"GET /attacked/x HTTP/1.1\r\nHost: a\r\n\r\n").status in (404, 500)
        viewer.close()
    threads = [threading.Thread(target=attacker) for _ in range(ATTACKERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def measure_attacks(table, directory, target, under_load):
    with served(directory / "attacks", target, "-- quiet") as (server, url):
        under_load(url, 32, server)
        for name, attack in ATTACKS.items():
            reload(server, f"function on_request(req) if req.id == 'attacked' then {attack} end end")
            ratios = []
            for _ in range(3):
                quiet = under_load(url, 32, server)[3]
                with attacked(server):
                    ratios.append(under_load(url, 32, server)[3] / quiet)
            table.add(name, "x quiet p99", statistics.median(ratios))
