"""whclient as a developer and a worker use it: its shapes, profiles, what it does to requests, how it stays up."""
import base64
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from wht import auth_service
from wht.auth_service import AuthService
from wht.client import URL, events, url_of, whclient
from wht.origin import Connection
from wht.process import BIN, ROOT, Process
from wht.proxy import Mangler
from wht.server import eventually
from wht.terminal import Terminal
from wht.token import mint

hawk = pytest.mark.skipif(not auth_service.available(), reason="node and the npm package hawk are wanted")


def profile(tmp_path, text):
    file = tmp_path / "config"
    file.write_text(text)
    file.chmod(0o600)
    return file


# --- shapes ---

def test_the_short_one_with_the_environment(wht):
    origin, id = wht.origin(), wht.new_id()
    client = whclient(wht, origin.port, WHT_URL=url_of(wht), WHT_TOKEN=mint(id))
    assert client.id == id and wht.get(f"/{id}/x").status == 200


def test_profiles_and_several_tunnels_at_once(wht, tmp_path):
    web, api = wht.origin(lambda c, r: c.answer(b"web")), wht.origin(lambda c, r: c.answer(b"api"))
    (tmp_path / "api.jwt").write_text(mint("p-" + wht.new_id()))
    config = profile(tmp_path, f"[default]\nserver = {url_of(wht)}\n[web]\ntoken = {mint(wht.new_id())}\ntarget = {web.port}\n"
                     f"[api]\n# a comment\ntoken-file = {tmp_path}/api.jwt\ntarget = {api.port}\n")
    client = whclient(wht, "--config", config, "start", "web", "api")
    assert eventually(lambda: len(client.output) == 2)
    answers = {wht.get("/" + url.rsplit("/", 1)[1] + "/").body for url in client.output}
    assert answers == {b"web", b"api"}


@pytest.mark.parametrize("text, why", [("[a]\ntarget = 1\nnonsense = 1\n", "no such setting"), ("server\n", "neither"),
                                       ("[a]\nlog-level = debug\n", "no such setting")])
def test_a_profile_that_is_wrong_is_not_taken(wht, tmp_path, text, why):
    client = whclient(wht, "--config", profile(tmp_path, text), "--profile", "a", "3000", wait=False)
    assert client.wait() == 2 and any(why in line for line in client.lines)


def test_a_profile_that_others_may_read_is_not_taken(wht, tmp_path):
    file = profile(tmp_path, "[default]\n")
    file.chmod(0o644)
    client = whclient(wht, "--config", file, "3000", wait=False)
    assert client.wait() == 2 and any("chmod 600" in line for line in client.lines)


def test_login_writes_a_profile_that_works(wht, tmp_path):
    id, config = wht.new_id(), tmp_path / "deep" / "config"
    made = subprocess.run([BIN / "whclient", "--config", config, "login", url_of(wht)], input=mint(id) + "\n", text=True,
                          capture_output=True)
    assert made.returncode == 0, made.stderr
    assert config.stat().st_mode & 0o777 == 0o600 and mint(id)[:20] not in made.stderr
    client = whclient(wht, "--config", config, wht.origin().port)
    assert wht.get(f"/{client.id}/").status == 200


def test_login_with_a_bad_token_writes_nothing(wht, tmp_path):
    config = tmp_path / "config"
    made = subprocess.run([BIN / "whclient", "--config", config, "login", url_of(wht)], text=True, capture_output=True,
                          input=mint(wht.new_id(), secret="other") + "\n")
    assert made.returncode == 3 and not config.exists() and "401" in made.stderr


def test_check_disturbs_nobody(wht):
    client = wht.client(arguments=["--exit-on-loss"])
    origin = wht.origin()
    checked = subprocess.run([BIN / "whclient", "--check", url_of(wht), client.id, str(origin.port), "--token", mint(client.id)],
                             text=True, capture_output=True)
    lines = checked.stdout.splitlines()
    assert checked.returncode == 0 and len(lines) == 10, checked.stdout + checked.stderr
    assert client.process.poll() is None and wht.get(f"/{client.id}/").status == 200


@pytest.mark.parametrize("wrong, name", [("token", "acceptance"), ("target", "target"), ("server", "TCP"), ("id", "token")])
def test_check_says_what_is_wrong(wht, wrong, name):
    id = wht.new_id()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    token = mint(id, secret="other") if wrong == "token" else mint("another") if wrong == "id" else mint(id)
    server = f"http://127.0.0.1:{free}" if wrong == "server" else url_of(wht)
    target = free if wrong == "target" else wht.origin().port
    checked = subprocess.run([BIN / "whclient", "--check", server, id, str(target), "--token", token], text=True,
                             capture_output=True)
    failed = re.findall(r"^FAILED +(\S+)", checked.stdout, re.M)
    assert checked.returncode == 1 and name in failed, checked.stdout


def test_the_out_file_and_json_events(wht, tmp_path):
    file, origin = tmp_path / "url", wht.origin()
    id = wht.new_id()
    client = whclient(wht, url_of(wht), id, origin.port, "--json", "--out-file", file, "--token", mint(id), wait=False)
    client.wait_line(re.compile(r'"event":"up"'), lines=client.output)
    assert file.read_text() == json.loads(client.output[0])["url"]
    wht.get(f"/{id}/a%0ab?c")
    client.wait_line(re.compile(r'"event":"request"'), lines=client.output)
    event = next(e for e in map(json.loads, client.output) if e["event"] == "request")
    assert (event["method"], event["path"], event["status"]) == ("GET", "/a%0ab?c", 200)


# --- the Auth service ---

@hawk
def test_the_original_command_line(wht):
    """The service of old says who we are and where; a used-up token is replaced, and the new name is said aloud."""
    ids = [wht.new_id(), wht.new_id()]
    answers = [{"tunnelId": id, "token": mint(id), "proxyUrl": url_of(wht)} for id in ids]
    answers[0]["token"] = mint(ids[0], exp=int(time.time()) + 20, nbf=int(time.time()) - 10)
    auth = wht.keep(AuthService({"my-client/abc": {"key": "my-access-token", "answers": answers}}))
    origin = wht.origin()
    client = whclient(wht, "my-client/abc", "my-access-token", origin.port, WHT_AUTH_URL=auth.url)
    assert client.id == ids[0] and wht.get(f"/{ids[0]}/").status == 200
    assert auth.next()["url"] == "/v1/webhooktunnel"
    assert "my-access-token" not in pathlib.Path(f"/proc/{client.pid}/cmdline").read_text()
    assert auth.next()["url"] == "/v1/webhooktunnel"  # before the first one ends, and the session goes on
    assert client.process.poll() is None and client.output == [f"http://localhost/{ids[0]}"]


@hawk
def test_temporary_credentials_and_todays_service(wht):
    id = wht.new_id()
    answer = {"wstClient": id, "wstAudience": "aud", "token": mint(id), "expires": "2030-01-01T00:00:00Z"}
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": [answer]}}))
    certificate = '{"version":1,"scopes":["*"],"start":1,"expiry":9999999999999,"seed":"abc","signature":"sig"}'
    client = whclient(wht, wht.origin().port, "--audience", "aud", "--id", id, WHT_URL=url_of(wht), TASKCLUSTER_CLIENT_ID="c",
                      TASKCLUSTER_ACCESS_TOKEN="k", TASKCLUSTER_CERTIFICATE=certificate, TASKCLUSTER_ROOT_URL=auth.url)
    said = auth.next()
    assert said["url"] == f"/api/auth/v1/websocktunnel/aud/{id}"
    assert said["ext"] == base64.b64encode(b'{"certificate":' + certificate.encode() + b"}").decode()  # as captured of the original
    assert wht.get(f"/{client.id}/").status == 200


@hawk
def test_credentials_that_the_service_does_not_know(wht):
    auth = wht.keep(AuthService({}))
    client = whclient(wht, "nobody", "nothing", "3000", WHT_AUTH_URL=auth.url, wait=False)
    assert client.wait() == 3 and any("does not accept the credentials" in line for line in client.lines)


# --- what becomes of requests ---

def test_rules_about_heads(wht):
    origin, id = wht.origin(), wht.new_id()
    whclient(wht, url_of(wht), id, origin.port, "--token", mint(id), "--host-header", "rewrite", "--header", "X-A: 1",
             "--header", "User-Agent: us")
    wht.get(f"/{id}/x", method="POST", body=b"abc", fields=["X-A: theirs", "User-Agent: them"])
    request = origin.requests[0]
    assert request.get("host") == f"localhost:{origin.port}" and request.body == b"abc"
    assert request.all("x-a") == ["1"] and request.all("user-agent") == ["us"]


def test_several_targets_by_path(wht):
    web, api = wht.origin(lambda c, r: c.answer(b"web")), wht.origin(lambda c, r: c.answer(r.target.encode()))
    id = wht.new_id()
    whclient(wht, url_of(wht), id, web.port, f"/api={api.port}", "--strip-prefix", "--token", mint(id))
    viewer = wht.viewer()
    ask = lambda path: viewer.ask(f"GET /{id}{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).body
    assert [ask(p) for p in ("/", "/api/x?y", "/apix", "/api", "/api?z", "/")] == [b"web", b"/x?y", b"web", b"/", b"/?z", b"web"]


def test_basic_auth(wht):
    origin, id = wht.origin(), wht.new_id()
    whclient(wht, url_of(wht), id, origin.port, "--token", mint(id), "--basic-auth", "me:pa:ss")
    basic = lambda text: "Authorization: Basic " + base64.b64encode(text.encode()).decode()
    assert wht.get(f"/{id}/").get("www-authenticate")
    statuses = [wht.get(f"/{id}/", fields=[basic(text)]).status for text in ("me:pa:ss", "me:pa:s", "me:pa:sss", "you:pa:ss")]
    assert statuses == [200, 401, 401, 401]
    assert len(origin.requests) == 1 and origin.requests[0].get("authorization") is None


def test_allow(wht):
    origin, ids = wht.origin(), [wht.new_id(), wht.new_id()]
    whclient(wht, url_of(wht), ids[0], origin.port, "--token", mint(ids[0]), "--allow", "127.0.0.0/8")
    whclient(wht, url_of(wht), ids[1], origin.port, "--token", mint(ids[1]), "--allow", "10.0.0.0/8", "--allow", "::1/128")
    lie = ["X-Forwarded-For: 10.0.0.1"]
    assert [wht.get(f"/{id}/", fields=lie).status for id in ids] == [200, 403]


def test_a_folder(wht, tmp_path):
    site = tmp_path / "dist"
    (site / "sub").mkdir(parents=True)
    (site / "index.html").write_text("<p>front")
    (site / "sub" / "a b.css").write_bytes(b"x" * 3_000_000)
    (site / "out").symlink_to("/etc/passwd")
    (tmp_path / "secret").write_text("secret")
    id = wht.new_id()
    whclient(wht, url_of(wht), id, f"file:{site}", "--token", mint(id))
    front = wht.get(f"/{id}/")
    assert (front.status, front.body, front.get("content-type")) == (200, b"<p>front", "text/html; charset=utf-8")
    style = wht.get(f"/{id}/sub/a%20b.css?v=1")
    assert len(style.body) == 3_000_000 and style.get("content-type") == "text/css; charset=utf-8"
    paths = ["/out", "/../secret", "/%2e%2e/secret", "/sub/..%2f..%2fsecret", "/none", "/a%00", "//etc/passwd"]
    assert {wht.get(f"/{id}{path}").status for path in paths} <= {404, 400}
    assert wht.get(f"/{id}/sub").status == 301 and wht.get(f"/{id}/", method="POST", body=b"x").status == 405
    assert wht.get(f"/{id}/", method="HEAD").status == 200


def tls_and_unix_targets(wht, certs, tmp_path):
    """Both answer "here"; the port of the first, the path of the second."""
    def serve(listener, wrap):
        while True:
            try:
                sock = wrap(listener.accept()[0])
            except ssl.SSLError:
                continue
            except OSError:
                return
            connection = Connection(sock)
            if connection.request():
                connection.answer(b"here", fields=["Connection: close"])
            sock.close()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs.certificate, certs.key)
    tls = wht.keep(socket.create_server(("127.0.0.1", 0)))
    unix = wht.keep(socket.socket(socket.AF_UNIX))
    unix.bind(str(tmp_path / "app.sock"))
    unix.listen()
    threading.Thread(target=serve, args=(tls, lambda s: context.wrap_socket(s, server_side=True)), daemon=True).start()
    threading.Thread(target=serve, args=(unix, lambda s: s), daemon=True).start()
    return tls.getsockname()[1], tmp_path / "app.sock"


def test_a_target_over_tls_and_over_a_unix_socket(wht, certs, tmp_path):
    port, path = tls_and_unix_targets(wht, certs, tmp_path)
    for target in (f"https://127.0.0.1:{port}", f"https://localhost:{port}", f"unix:{path}"):
        id = wht.new_id()
        whclient(wht, url_of(wht), id, target, "--token", mint(id))
        assert wht.get(f"/{id}/").body == b"here"


def test_a_target_elsewhere_must_show_a_certificate(wht, certs, tmp_path):
    """0.0.0.0 is this machine, too, but no name of it."""
    port, _ = tls_and_unix_targets(wht, certs, tmp_path)
    ids = [wht.new_id(), wht.new_id()]
    whclient(wht, url_of(wht), ids[0], f"https://0.0.0.0:{port}", "--token", mint(ids[0]))
    whclient(wht, url_of(wht), ids[1], f"https://0.0.0.0:{port}", "--token", mint(ids[1]), "--insecure-target")
    refused = wht.get(f"/{ids[0]}/")
    assert refused.status == 502 and b"certificate" in refused.body, refused.body
    assert wht.get(f"/{ids[1]}/").body == b"here"


def test_the_proxy_protocol(wht):
    got = []

    def serve(sock):
        """A connection that was made for a request which another one took brings its greeting at most."""
        data = b""
        while b"\r\n\r\n" not in data[16:]:
            piece = sock.recv(65536)
            if not piece:
                return
            data += piece
        got.append(data)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    listener = wht.keep(socket.create_server(("127.0.0.1", 0)))
    threading.Thread(target=lambda: [serve(listener.accept()[0]) for _ in range(6)], daemon=True).start()
    id = wht.new_id()
    whclient(wht, url_of(wht), id, listener.getsockname()[1], "--token", mint(id), "--proxy-protocol")
    viewer = wht.viewer()
    for _ in range(2):
        assert viewer.ask(f"GET /{id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()).status == 200
    for data in got:
        assert data[:12] == b"\r\n\r\n\0\r\nQUIT\n" and data[12:16] == b"\x21\x11\0\x0c" and data[16:20] == b"\x7f\0\0\x01"
        assert data[28:].startswith(b"GET / ")


def test_a_websocket_through_rules(wht):
    def serve(connection, request):
        connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi")
        connection.send(connection.receive().upper())
        return "close"
    origin, id = wht.origin(serve), wht.new_id()
    whclient(wht, url_of(wht), id, origin.port, "--token", mint(id), "--header", "X-A: 1")
    viewer = wht.viewer().send(f"GET /{id}/ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n".encode())
    viewer.until(b"\r\n\r\nhi")
    viewer.send(b"raw bytes")
    assert viewer.until(b"RAW BYTES")


# --- staying up ---

def test_back_at_once_after_a_cut(wht):
    mangler = wht.keep(Mangler(wht.port))
    id = wht.new_id()
    client = whclient(wht, f"http://localhost:{mangler.port}", id, wht.origin().port, "--token", mint(id), "--json", wait=False)
    client.wait_line(re.compile(r'"event":"up"'))
    time.sleep(11)  # a session that lasted
    mangler.cut()
    assert eventually(lambda: len(events(client, "up")) == 2)
    assert [event["ms"] for event in events(client, "resting")] == [0] and wht.get(f"/{id}/").status == 200


def test_back_soon_after_waking(wht):
    """Stopped, and meanwhile the way to the server dies without a word."""
    mangler = wht.keep(Mangler(wht.port))
    id = wht.new_id()
    client = whclient(wht, f"http://localhost:{mangler.port}", id, wht.origin().port, "--token", mint(id), "--json", wait=False)
    client.wait_line(re.compile(r'"event":"up"'))
    client.signal(signal.SIGSTOP)
    time.sleep(8)
    mangler.lose()
    client.signal(signal.SIGCONT)
    assert eventually(lambda: sum('"event":"up"' in line for line in client.output) == 2, 20), client.output[-8:]  # by the pings alone: later


@pytest.mark.parametrize("kind", ["tinyproxy", "microsocks"])
def test_through_a_proxy(whts, tmp_path, kind):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    if kind == "tinyproxy":
        (tmp_path / "conf").write_text(f"Port {port}\nListen 127.0.0.1\nTimeout 600\nBasicAuth me pass\n")
        command, scheme = ["tinyproxy", "-d", "-c", tmp_path / "conf"], "http"
    else:
        command, scheme = ["microsocks", "-i", "127.0.0.1", "-p", str(port), "-u", "me", "-P", "pass"], "socks5"
    proxy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        common = [f"https://127.0.0.1:{whts.port}", "--ca", whts.certs.ca]
        id, bad = whts.new_id(), whts.new_id()
        whclient(whts, *common[:1], id, whts.origin().port, *common[1:], "--token", mint(id), "--proxy",
                 f"{scheme}://me:pass@127.0.0.1:{port}")
        answer = whts.get(f"/{id}/x", method="POST", body=b"b" * 500_000, host=whts.hostname)
        assert whts.get("/x", host=f"{id}.{whts.hostname}").status == 200 or answer.status == 200
        refused = whclient(whts, *common[:1], bad, whts.origin().port, *common[1:], "--token", mint(bad), "--once", "--proxy",
                           f"{scheme}://me:wrong@127.0.0.1:{port}", wait=False)
        assert refused.wait() == 7 and any("proxy" in line for line in refused.lines)
    finally:
        proxy.terminate()
        proxy.wait()


# --- the screen, and the library ---

@pytest.mark.parametrize("width, height", [(80, 24), (200, 50)])
def test_the_screen(wht, tmp_path, width, height):
    id, origin = wht.new_id(), wht.origin()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    (tmp_path / "token").write_text(mint(id))
    terminal = wht.keep(Terminal([BIN / "whclient", url_of(wht), id, origin.port, f"/down={free}", "--token-file", tmp_path / "token"],
                                 width=width, height=height))
    terminal.tmux("set", "-s", "set-clipboard", "on")
    shown = terminal.wait(lambda text: "online" in text and "token ends in" in text and "round trip" in text)
    assert f"http://localhost/{id} -> localhost:{origin.port}, /down localhost:{free}"[:width] in shown
    wht.get(f"/{id}/first")
    wht.get(f"/{id}/down/" + "x" * 100)
    terminal.wait(lambda text: re.search(r"GET +200 .* /first", text))
    shown = terminal.wait(lambda text: f"nothing listens on localhost:{free}: /down/x" in text)
    assert re.search(r"GET +502 .*nothing listens", shown) and "2 requests, 1 failed" in shown and "p50" in shown and "p90" in shown
    assert max(map(len, shown.splitlines())) <= width
    terminal.type("f", "f", "i", "r", "s", "t", "Enter")
    terminal.wait(lambda text: "/first" in text and "nothing listens" not in text)
    terminal.type("f", "Escape")
    terminal.wait(lambda text: "nothing listens" in text)
    terminal.type("c")
    terminal.wait(lambda text: "copied" in text)
    assert eventually(lambda: terminal.tmux("list-buffers")) and terminal.tmux("show-buffer") == f"http://localhost/{id}"
    terminal.resize(60, 12)
    shown = terminal.wait(lambda text: len(text.splitlines()) <= 12 and "q quit" in text)
    assert "online" in shown
    terminal.type("q")
    assert terminal.ended() == 0 and wht.get(f"/{id}/").status == 404


def test_why_the_screen_is_gone(wht):
    """What was said last is still there for a person to read."""
    command = [BIN / "whclient", url_of(wht), wht.new_id(), "3000", "--token", mint("another")]
    terminal = wht.keep(Terminal(command, width=100))
    assert terminal.ended() == 3
    terminal.wait(lambda text: "the token is for the id another" in text and "whclient: the server refused the token (401)" in text)


def test_the_librarys_example(wht):
    assert len((ROOT / "cli" / "examples" / "hello.c").read_text().splitlines()) <= 60
    id = wht.new_id()
    hello = wht.keep(Process(wht.directory / f"hello-{id}", "whclient_hello", env={"WHT_URL": url_of(wht), "WHT_TOKEN": mint(id)}))
    hello.close = hello.kill
    hello.wait_line(URL)
    viewer = wht.viewer()
    for n in (1, 2):
        answer = viewer.ask(f"GET /{id}/there HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert answer.body == b"Hello, number %d, at /there\n" % n
    posted = wht.get(f"/{id}/", method="POST", body=b"x" * 1_000_000, fields=["Content-Type: a/b"])
    assert posted.body == b"x" * 1_000_000 and posted.get("content-type") == "a/b"
    assert wht.get(f"/{id}/", method="POST", body=b"x" * 1_100_000).status == 413


# --- connections to the target ---

def test_a_targets_connection_is_used_again_where_that_is_safe(start):
    """The server gives each request a stream of its own; behind them GETs share a connection, and POSTs have their own."""
    server = start(WHT_REUSE_TIMEOUT=0)
    origin, id = server.origin(), server.new_id()
    whclient(server, url_of(server), id, origin.port, "--token", mint(id))
    viewer = server.viewer()
    for _ in range(20):
        assert viewer.ask(f"GET /{id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()).status == 200
    assert len(origin.connections) <= 3
    before = len(origin.connections)
    for _ in range(5):
        viewer.ask(f"POST /{id}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx".encode())
    assert len(origin.connections) == before + 5


def test_a_target_that_closes_idle_connections_loses_no_request(start):
    server = start(WHT_REUSE_TIMEOUT=0)

    def serve(connection, request):
        connection.answer(b"once")
        return "close"  # without having said so
    origin, id = server.origin(serve), server.new_id()
    whclient(server, url_of(server), id, origin.port, "--token", mint(id))
    viewer = server.viewer()
    answers = [viewer.ask(f"GET /{id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()) for _ in range(50)]
    assert {answer.body for answer in answers} == {b"once"}
