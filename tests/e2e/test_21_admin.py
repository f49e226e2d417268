"""The operator's door: who gets in, what can be asked, and what no peer can do to it."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import select
import shutil
import socket
import sqlite3
import stat
import subprocess
import tempfile
import time

import pytest

from wht import token as tokens
from wht.admin import Admin, Connection
from wht.process import Process
from wht.server import eventually
from wht.tunnel import Tunnel
from wht.viewer import Cut

SECRETS = {"TASKCLUSTER_PROXY_SECRET_A": "a", "TASKCLUSTER_PROXY_SECRET_B": "b"}
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
NOBODY = 65534


def admin_of(server):
    return Admin(server.directory / "wht-state" / "admin.sock")


@pytest.fixture
def admin(wht):
    return admin_of(wht)


@pytest.fixture
def open_folder():
    """A folder that other users can reach, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="wht-admin-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def starts(directory, **env):
    """Starts a service that may refuse to."""
    return Process(directory, "whtd", env={"HOSTNAME": "a", "PORT": "0", "WHT_LISTEN": "127.0.0.1", "WHT_WORKERS": "1", **SECRETS, **env})


def refuses(directory, words, **env):
    process = starts(directory, **env)
    assert process.wait() not in (0, 99)
    assert any(words in line for line in process.lines), process.lines
    process.check_reports()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def about(admin, subject):
    """The rows about a tunnel."""
    return [row for row in admin.events() if row["subject"] == subject]


def ids(admin, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return [tunnel["id"] for tunnel in admin.get(f"/v1/tunnels?{text}")["tunnels"]]


# --- the socket -------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_A01_the_socket_is_its_owners(tmp_path, start, umask):
    (tmp_path / "own").mkdir(mode=0o700)
    old = os.umask(umask)
    try:
        server = start(WHT_ADMIN_SOCKET=tmp_path / "own/a.sock", WHT_STATE_DIR=tmp_path / "own")
    finally:
        os.umask(old)
    assert mode(tmp_path / "own/a.sock") == 0o600
    assert Admin(tmp_path / "own/a.sock").get("/v1/status")["state"] == "serving"
    server.stop()
    assert not (tmp_path / "own/a.sock").exists()


@ROOT_ONLY
def test_A01_a_group_may_be_let_in(open_folder, start):
    start(WHT_ADMIN_SOCKET=open_folder / "a.sock", WHT_ADMIN_GROUP=NOBODY)
    info = os.stat(open_folder / "a.sock")
    assert stat.S_IMODE(info.st_mode) == 0o660 and info.st_gid == NOBODY


def test_A01_a_folder_that_everybody_may_write_to(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    refuses(tmp_path / "whtd", "may be written by everybody", WHT_ADMIN_SOCKET=str(tmp_path / "open/a.sock"))


def test_A02_what_a_crash_left_behind_is_replaced(tmp_path, start):
    path = tmp_path / "a.sock"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as stale:
        stale.bind(str(path))
        stale.listen()
    start(WHT_ADMIN_SOCKET=path)
    assert Admin(path).get("/v1/status")["state"] == "serving"


def test_A02_what_is_no_socket_stays(tmp_path):
    file, link, folder = tmp_path / "file", tmp_path / "link", tmp_path / "folder"
    file.write_text("precious")
    link.symlink_to(tmp_path / "nothing.sock")
    folder.mkdir()
    for path in (file, link, folder):
        refuses(tmp_path / "whtd", "is there and is no socket", WHT_ADMIN_SOCKET=str(path))
    assert file.read_text() == "precious" and link.is_symlink() and folder.is_dir()


def test_A02_a_path_that_does_not_fit_or_has_no_folder(tmp_path):
    refuses(tmp_path / "whtd", "107 bytes", WHT_ADMIN_SOCKET="/tmp/" + "x" * 103)
    refuses(tmp_path / "whtd", "No such file", WHT_ADMIN_SOCKET=str(tmp_path / "nowhere/a.sock"))


@pytest.mark.parametrize("name, value", [("WHT_ADMIN_GROUP", "no such group"), ("WHT_ADMIN_GROUP_ROLE", "king"),
                                         ("WHT_METRICS", "everywhere")])
def test_A02_settings_that_mean_nothing(tmp_path, name, value):
    refuses(tmp_path / "whtd", name, **{name: value})


def test_A03_the_second_on_the_same_path(tmp_path, start):
    path = tmp_path / "a.sock"
    start(WHT_ADMIN_SOCKET=path)
    refuses(tmp_path / "second", "another whtd listens on", WHT_ADMIN_SOCKET=str(path))
    assert Admin(path).get("/v1/status")["state"] == "serving"


# --- who is there -----------------------------------------------------------------------------------


def as_user(uid, gid, path, method, target):
    """Status and error word that somebody else gets."""
    command = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "curl", "-sS", "--max-time", "20", "-X", method,
               "--unix-socket", str(path), "-w", "\n%{http_code}", f"http://whtd{target}"]
    body, status = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.rsplit("\n", 1)
    return int(status), json.loads(body).get("error")


@ROOT_ONLY
def test_A08_a_stranger_is_told_no(open_folder, start):
    path = open_folder / "a.sock"
    server = start(WHT_ADMIN_SOCKET=path, WHT_STATE_DIR=server_state(open_folder))
    tunnel = server.tunnel()
    path.chmod(0o666)  # somebody's mistake: the mode alone is not what keeps strangers out
    for method, target in [("GET", "/v1/status"), ("GET", "/metrics"), ("DELETE", f"/v1/tunnels/{tunnel.id}")]:
        assert as_user(NOBODY, NOBODY, path, method, target) == (403, "forbidden")
    assert tunnel.alive()
    assert not Admin(path).events("admin.*")


def server_state(folder):
    state = folder / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    return state


@ROOT_ONLY
@pytest.mark.parametrize("role, allowed", [("view", [200, 403, 403]), ("operate", [200, 200, 403]), ("admin", [200, 200, 200]),
                                           (None, [200, 200, 403])])
def test_A08_a_member_of_the_group_has_its_role(open_folder, start, role, allowed):
    path = open_folder / "a.sock"
    server = start(WHT_ADMIN_SOCKET=path, WHT_ADMIN_GROUP=NOBODY, WHT_ADMIN_GROUP_ROLE=role)
    tunnel = server.tunnel()
    asked = [("GET", "/v1/status"), ("DELETE", f"/v1/tunnels/{tunnel.id}"), ("POST", "/v1/reload")]
    assert [as_user(NOBODY, NOBODY, path, *ask)[0] for ask in asked] == allowed
    rows = Admin(path).events("admin.*")
    assert len(rows) == allowed[1:].count(200)
    assert all(row["actor"] == f"uid:{NOBODY}" and row["detail"]["uid"] == NOBODY and row["detail"]["pid"] > 1 for row in rows)


# --- what it is sent --------------------------------------------------------------------------------


GARBAGE = [b"\0" * 100, b"hello\n\n", b"GET /v1/status\r\n\r\n", b"GET /v1/status HTTP/1.1\r\nHost: a\r\nx: \0\r\n\r\n",
           b"\xc3\xa9\xff\xfe\r\n\r\n", b"GET /" + b"x" * (1 << 20), b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 10000,
           b"POST /v1/bans HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
           b"POST /v1/bans HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"]


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
def test_A04_garbage(wht, admin, data):
    with contextlib.closing(admin.raw()) as peer:
        with contextlib.suppress(OSError):
            peer.sendall(data)
        answer = b""
        with contextlib.suppress(OSError):
            while more := peer.recv(65536):
                answer += more
    assert not answer or int(answer.split(b" ")[1]) in range(400, 506)
    assert len(answer) < 2000
    assert admin.get("/v1/status")["state"] == "serving"


def test_A04_a_body_that_is_too_large(admin):
    answer = admin("POST", "/v1/bans", {"match": "a", "reason": "x" * 100_000})
    assert (answer.status, answer.json["error"]) == (413, "body_too_large")
    assert not admin.get("/v1/bans")["bans"]


def test_A04_byte_by_byte(admin):
    with contextlib.closing(admin.raw()) as peer:
        for byte in b"GET /v1/tunnels?match=%61* HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
            peer.send(bytes([byte]))
        assert b" 200 OK" in peer.recv(65536)


def test_A04_one_connection_many_requests(admin):
    """Kept alive, and pipelined: the answers come in order."""
    with contextlib.closing(admin.raw()) as peer:
        asked = ["/v1/bans", "/v1/nothing", "/v1/status", "/metrics", "/v1/audit"] * 5
        peer.sendall(b"".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in asked[:-1]))
        peer.sendall(f"GET {asked[-1]} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        text = b""
        while more := peer.recv(65536):
            text += more
    statuses = [int(part.split(b" ", 1)[0]) for part in text.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 404, 200, 200, 200] * 5


def test_A05_a_hundred_who_say_nothing(wht, admin):
    """They keep neither viewers nor an operator out, and the oldest of them goes."""
    tunnel = wht.tunnel()
    with wht.no_socket_left():
        crowd = [admin.raw() for _ in range(100)]
        assert admin.get("/v1/status")["tunnels"] >= 1
        assert wht.get(f"/{tunnel.id}/", fields=["Connection: close"]).status == 200
        assert eventually(lambda: len(select.select(crowd, [], [], 0)[0]) >= 36)
        assert all(peer.recv(1) == b"" for peer in select.select(crowd, [], [], 0)[0])
        for peer in crowd:
            peer.close()


def test_A05_one_that_never_reads(wht, admin):
    """A thousand answers that nobody takes: reading stops, nothing grows, others are served."""
    tunnel = wht.tunnel()
    admin.get("/v1/config")
    memory = wht.memory()
    with contextlib.closing(admin.raw()) as peer:
        peer.settimeout(2)
        with contextlib.suppress(TimeoutError):
            for _ in range(20_000):
                peer.sendall(b"GET /v1/config HTTP/1.1\r\nHost: a\r\n\r\n")
        assert wht.memory() - memory < 16 << 20
        assert admin.get("/v1/status")["state"] == "serving"
        assert wht.get(f"/{tunnel.id}/").status == 200


@pytest.mark.parametrize("target", ["/v1/tunnels/..", "/v1/tunnels/__x", "/v1/tunnels/a%00b", "/v1/tunnels/%1b[2J", "/v1/tunnels/%2e%2e%2f",
                                    "/v1/tunnels/" + "a" * 129, "/v1/tunnels/"])
def test_A06_odd_ids(admin, target):
    for method in ("GET", "DELETE"):
        answer = admin(method, target)
        assert answer.status in (400, 404) and answer.json["hint"]


def test_A06_nobody_of_that_name(admin):
    for method in ("GET", "DELETE"):
        answer = admin(method, "/v1/tunnels/nobody-of-that-name")
        assert (answer.status, answer.json["error"]) == (404, "no_such_tunnel")


def test_A06_kills_and_takeovers_at_once(wht, admin):
    """Whoever wins, in the end one is there, every row has its end, and nobody has crashed."""
    id = wht.new_id()

    def kill(_):
        return admin("DELETE", f"/v1/tunnels/{id}").status

    def take_over(_):
        with contextlib.suppress(OSError, Cut):
            return wht.keep(Tunnel(wht.port, id)).status
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        work = [pool.submit((kill, take_over)[n % 2], n) for n in range(80)]
        assert {future.result() for future in work} <= {101, 200, 404, None}
    last = wht.tunnel(id)
    assert eventually(lambda: ids(admin, match=id) == [id])
    assert wht.get(f"/{id}/").status == 200
    sessions = admin.get(f"/v1/sessions?id={id}&limit=1000")["sessions"]
    assert eventually(lambda: [s["closed_at"] for s in admin.get(f"/v1/sessions?id={id}&limit=1000")["sessions"]].count(None) == 1)
    assert {session["reason"] for session in sessions} <= {None, "killed", "replaced", "eof", "io", "link_lost"}
    last.close()


def test_A07_while_it_drains(start):
    server = start()
    admin = admin_of(server)
    tunnel = server.tunnel(serve=None)
    viewer = server.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stream = tunnel.expect_stream()
    stream.request()
    assert admin("POST", "/v1/drain").json == {"state": "draining"}
    assert admin("POST", "/v1/drain").json == {"state": "draining"}
    assert admin.get("/v1/status")["state"] == "draining"
    assert ids(admin) == [tunnel.id]
    answer = admin("POST", "/v1/reload")
    assert (answer.status, answer.json["error"]) == (409, "draining")
    assert admin("POST", "/v1/bans", {"match": "x"}).status == 200
    stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert viewer.response().status == 200
    assert server.wait() == 0


def test_A09_hostile_names_make_one_line(wht, admin):
    tunnel = wht.tunnel(extra=["User-Agent: \xff\xfe\"quoted\" <b> \\ 'x'"])
    body = admin("GET", f"/v1/tunnels?match={tunnel.id}").body
    assert body.count(b"\n") == 1 and body.endswith(b"\n") and all(0x20 <= byte < 0x7F for byte in body[:-1])
    assert json.loads(body)["tunnels"][0]["agent"].startswith("\\xff\\xfe\"quoted\"")
    for target in ("sessions?id=" + tunnel.id, "audit?id=" + tunnel.id):
        body = admin("GET", "/v1/" + target).body
        assert body.count(b"\n") == 1 and all(0x20 <= byte < 0x7F for byte in body[:-1])


def test_A09_a_hostile_path_in_the_story_of_a_failure(wht, admin):
    request = "r" + wht.new_id()
    assert wht.get("/nobody-there/%1b[2J\"'<>", fields=[f"X-Request-Id: {request}"]).status == 404
    answer = admin("GET", f"/v1/requests/{request}")
    assert answer.status == 200 and answer.body.count(b"\n") == 1
    facts = answer.json
    assert facts["reason"] == "no_tunnel" and facts["status"] == 404 and "no client is connected" in facts["sentence"]


def test_A10_gone_before_the_request_was_whole(wht, admin):
    tunnel = wht.tunnel()
    rows = len(admin.events())
    with wht.no_socket_left():
        for part in (b"DELETE", f"DELETE /v1/tunnels/{tunnel.id} HTTP/1.1\r\nHost: a\r\n".encode(),
                     b"POST /v1/bans HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"match\": \"a\"}"):
            with contextlib.closing(admin.raw()) as peer:
                peer.sendall(part)
    assert tunnel.alive() and not admin.get("/v1/bans")["bans"]
    assert len(admin.events()) == rows


def test_A10_gone_before_the_answer(wht, admin):
    """The command was given: it is done, whole, and on record."""
    tunnel = wht.tunnel()
    with contextlib.closing(admin.raw()) as peer:
        peer.sendall(f"DELETE /v1/tunnels/{tunnel.id} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    tunnel.expect_over(1008)
    assert eventually(lambda: [row["event"] for row in about(admin, tunnel.id)] == ["tunnel.open", "admin.tunnel.kill", "tunnel.killed"])


# --- commands ---------------------------------------------------------------------------------------


def test_a_listing_is_narrowed_sorted_and_paged(wht, admin):
    prefix = wht.new_id()
    tunnels = [wht.tunnel(f"{prefix}-{n}") for n in range(5)]
    for _ in range(3):
        wht.get(f"/{tunnels[2].id}/")
    names = [tunnel.id for tunnel in tunnels]
    assert ids(admin, match=prefix + "*") == names
    assert ids(admin, match=prefix + "-%5B13%5D") == [names[1], names[3]]
    assert ids(admin, match=prefix + "*", sort="requests")[0] == names[2]
    page = admin.get(f"/v1/tunnels?match={prefix}*&limit=2&offset=2")
    assert [tunnel["id"] for tunnel in page["tunnels"]] == names[2:4] and (page["total"], page["next"]) == (5, 4)
    shown = admin.get(f"/v1/tunnels/{names[2]}")
    assert shown["requests"] == 3 and shown["url"].endswith("/" + names[2]) and shown["session"] > 0


def test_a_kill_takes_effect_at_once(wht, admin):
    """1008, its viewers end with it; with a good token it may come back."""
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    tunnel.expect_stream().request()
    assert admin("DELETE", f"/v1/tunnels/{tunnel.id}?reason=noisy").json == {"ended": 1}
    answer = viewer.response()
    assert (answer.status, answer.error) == (502, "killed")
    tunnel.expect_over(1008)
    assert eventually(lambda: len(about(admin, tunnel.id)) == 3)
    _, kill, ended = about(admin, tunnel.id)
    assert kill["event"] == "admin.tunnel.kill" and kill["detail"]["reason"] == "noisy"
    assert ended["event"] == "tunnel.killed" and ended["actor"] == f"uid:{os.geteuid()}"
    assert wht.tunnel(tunnel.id).alive()


def test_a_ban_ends_and_keeps_out(wht, admin):
    prefix = wht.new_id()
    banned, other = wht.tunnel(prefix + "-a"), wht.tunnel()
    answer = admin("POST", "/v1/bans", {"match": prefix + "*", "for": "1h", "reason": "abuse"}).json
    assert answer["ended"] == 1 and answer["until"]
    banned.expect_over(1008)
    assert wht.keep(Tunnel(wht.port, prefix + "-a")).status == 403
    assert wht.keep(Tunnel(wht.port, prefix + "-b")).status == 403
    assert other.alive()
    [ban] = admin.get("/v1/bans")["bans"]
    assert ban["match"] == prefix + "*" and ban["reason"] == "abuse" and ban["by"] == f"uid:{os.geteuid()}"
    assert admin("DELETE", f"/v1/bans/{prefix}%2A").status == 200
    assert admin("DELETE", f"/v1/bans/{prefix}%2A").json["error"] == "no_such_ban"
    assert wht.tunnel(prefix + "-a").alive()


def test_a_ban_runs_out(wht, admin):
    id = wht.new_id()
    admin("POST", "/v1/bans", {"match": id, "for": "5s"})
    assert wht.keep(Tunnel(wht.port, id)).status == 403
    assert eventually(lambda: not admin.get("/v1/bans")["bans"])
    assert wht.tunnel(id).alive()


def test_a_minted_token_opens_its_tunnel_alone(wht, admin):
    id = wht.new_id()
    minted = admin("POST", "/v1/tokens", {"id": id, "ttl": "1h"}).json
    assert wht.tunnel(id, token=minted["token"]).alive()
    assert wht.keep(Tunnel(wht.port, wht.new_id(), token=minted["token"])).status == 401
    assert admin("POST", "/v1/tokens", {"id": id, "ttl": "40d"}).status == 400
    assert minted["token"] not in json.dumps(admin.events())


def test_no_secret_is_shown(wht, admin):
    text = json.dumps(admin.get("/v1/config")) + json.dumps(admin.events())
    assert tokens.SECRET_A not in text and tokens.SECRET_B not in text
    settings = {setting["name"]: setting for setting in admin.get("/v1/config")["settings"]}
    assert settings["TASKCLUSTER_PROXY_SECRET_A"]["value"] == "(not shown)"
    assert settings["WHT_WORKERS"]["value"] == str(wht.workers) and settings["WHT_WORKERS"]["source"] == "environment"


def test_a_reload_says_what_is_wrong(start, tmp_path):
    file = tmp_path / "env"
    file.write_text("WHT_HEAD_MAX=32KiB\n")
    server = start(WHT_ENV_FILE=file)
    admin = admin_of(server)
    assert admin("POST", "/v1/reload").json == {"warnings": []}
    file.write_text("WHT_HEAD_MAX=many\nWHT_NONSENSE=1\n")
    answer = admin("POST", "/v1/reload")
    assert answer.status == 422 and "WHT_HEAD_MAX" in answer.json["message"]
    file.write_text("WHT_NONSENSE=1\n")
    assert "WHT_NONSENSE" in admin("POST", "/v1/reload").json["warnings"][0]
    assert [row["event"] for row in admin.events("*re*")].count("admin.reload") == 3


def test_the_log_level_changes(start):
    server = start()
    admin = admin_of(server)
    assert admin.get("/v1/status")["log_level"] == "info"
    assert admin("PUT", "/v1/log-level", {"level": "error"}).json == {"level": "error"}
    assert admin.get("/v1/status")["log_level"] == "error"
    assert admin("PUT", "/v1/log-level", {"level": "loud"}).status == 400


def test_whoever_follows_hears_at_once(wht, admin):
    tunnel = wht.new_id()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        following = pool.submit(admin.get, f"/v1/audit/follow?id={tunnel}&wait=60s")
        time.sleep(0.3)
        assert not following.done()
        begin = time.monotonic()
        wht.tunnel(tunnel)
        [row] = following.result()["rows"]
    assert row["event"] == "tunnel.open" and time.monotonic() - begin < 30  # not at the end of its waiting
    page = admin.get(f"/v1/audit/follow?after={row['seq']}&id={tunnel}&wait=0s")
    assert page["rows"] == [] and page["next"] >= row["seq"]


def test_the_audit_is_paged_and_whole(wht, admin):
    for _ in range(5):
        admin("PUT", "/v1/log-level", {"level": "info"})
    rows, after = [], 0
    while after is not None:
        page = admin.get(f"/v1/audit?limit=2&after={after}")
        rows, after = rows + page["rows"], page["next"]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(this["prev_hash"] == before["hash"] for before, this in zip(rows, rows[1:]))
    assert admin.get("/v1/audit?last=3")["rows"] == admin.get("/v1/audit?limit=1000")["rows"][-3:]
    verdict = admin.get("/v1/audit/verify")
    assert verdict["ok"] and verdict["rows"] >= len(rows) and verdict["broken_seq"] is None


def test_what_cannot_be_recorded_is_not_done(start):
    """Another process holds the database: changes are refused, what is there keeps serving."""
    server = start()
    admin, tunnel = admin_of(server), server.tunnel()
    lock = sqlite3.connect(server.directory / "wht-state" / "webhooktunnel.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    answer = admin("POST", "/v1/bans", {"match": tunnel.id})
    assert (answer.status, answer.json["error"]) == (503, "not_recorded") and answer.headers["Retry-After"]
    assert tunnel.alive() and admin.get("/v1/status")["ledger"]["troubled"]
    assert not admin.get("/v1/bans")["bans"]
    lock.execute("ROLLBACK")
    assert eventually(lambda: admin("POST", "/v1/bans", {"match": tunnel.id}).status == 200)
    tunnel.expect_over(1008)


# --- metrics ----------------------------------------------------------------------------------------


def samples(text):
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_the_metrics_count(wht, admin):
    tunnel = wht.tunnel()
    before = samples(admin("GET", "/metrics").body.decode())
    assert wht.get(f"/{tunnel.id}/").status == 200
    assert wht.get("/nobody-here/").status == 404
    after = samples(admin("GET", "/metrics").body.decode())
    grown = lambda name: float(after[name]) - float(before[name])
    assert grown('wht_requests_total{class="2xx"}') == 1 and grown('wht_requests_total{class="4xx"}') == 1
    assert grown('wht_time_to_first_byte_seconds_count') == 1
    assert sum(float(after[f'wht_tunnels{{worker="{n}"}}']) for n in range(wht.workers)) >= 1


@pytest.mark.skipif(not shutil.which("promtool"), reason="Debian's package prometheus has promtool")
def test_promtool_has_nothing_to_say(wht, admin):
    wht.get(f"/{wht.tunnel().id}/")
    checked = subprocess.run(["promtool", "check", "metrics"], input=admin("GET", "/metrics").body, capture_output=True)
    assert checked.returncode == 0 and not checked.stderr, checked.stderr


def test_metrics_over_tcp_and_nothing_else(start):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    server = start(WHT_METRICS=f"127.0.0.1:{port}")
    curl = lambda *how: server.curl("-w", "%{http_code}", *how).stdout.decode()
    assert curl(f"http://127.0.0.1:{port}/metrics").endswith("200")
    for how in ([f"http://127.0.0.1:{port}/v1/status"], ["-X", "POST", f"http://127.0.0.1:{port}/v1/drain"],
                ["-X", "DELETE", f"http://127.0.0.1:{port}/v1/tunnels/a"], ["-X", "POST", f"http://127.0.0.1:{port}/metrics"],
                [f"http://127.0.0.1:{port}/metrics?x=1"]):
        assert curl(*how).endswith("404")
    assert admin_of(server).get("/v1/status")["state"] == "serving"


def test_curl_speaks_to_it(wht, admin):
    answer = wht.curl("--unix-socket", admin.path, "http://whtd/v1/bans", "-d", '{"match": "curls-ban"}')
    assert json.loads(answer.stdout)["match"] == "curls-ban"
    assert admin("DELETE", "/v1/bans/curls-ban").status == 200


def test_a_connection_is_kept(admin):
    connection = Connection(admin.path)
    for _ in range(3):
        connection.request("GET", "/v1/bans")
        assert json.loads(connection.getresponse().read())["total"] == 0
    connection.close()
