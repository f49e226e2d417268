"""The way to the server: proxies, what --check says of each part of it, and what must not be seen on it or of it."""
import base64
import contextlib
import datetime
import email.utils
import pathlib
import re
import socket
import ssl
import subprocess
import threading

import pytest

from wht import auth_service
from wht.auth_service import AuthService
from wht.certs import run as openssl
from wht.client import url_of, whclient
from wht.connect_proxy import ConnectProxy
from wht.process import BIN
from wht.proxy import Mangler
from wht.token import mint

hawk = pytest.mark.skipif(not auth_service.available(), reason="node and the npm package hawk are wanted")
NAMES = ["settings", "DNS", "TCP", "proxy", "TLS", "token", "upgrade", "acceptance", "clock", "target"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


# --- proxies that the environment names ---

@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_environments_proxy(whts, variable):
    """Its credentials are decoded; the server's name is the proxy's to resolve."""
    proxy = whts.keep(ConnectProxy(whts.port, user="me:p@ss"))
    id = whts.new_id()
    whclient(whts, f"https://{whts.hostname}:{whts.port}", id, whts.origin().port, "--ca", whts.certs.ca, "--token", mint(id),
             **{variable: f"http://me:p%40ss@127.0.0.1:{proxy.port}"})
    assert whts.get("/x", host=f"{id}.{whts.hostname}").status == 200
    assert [head.start for head in proxy.heads] == [f"CONNECT {whts.hostname}:{whts.port} HTTP/1.1"]


def test_no_proxy(whts):
    """A server that NO_PROXY names is not reached through it: here that means not at all."""
    proxy = whts.keep(ConnectProxy(whts.port))
    id = whts.new_id()
    client = whclient(whts, f"https://{whts.hostname}:{whts.port}", id, "3000", "--ca", whts.certs.ca, "--token", mint(id), "--once",
                      HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}", NO_PROXY=f"other,.{whts.hostname}", wait=False)
    assert client.wait() == 7 and proxy.heads == []


@hawk
def test_the_auth_service_is_asked_through_the_proxy_too(wht):
    id = wht.new_id()
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": [{"tunnelId": id, "token": mint(id), "proxyUrl": url_of(wht)}]}}))
    proxy = subprocess.Popen(["microsocks", "-i", "127.0.0.1", "-p", str(port := free_port()), "-u", "me", "-P", "pass"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert proxy.poll() is None
        whclient(wht, "c", "k", wht.origin().port, "--proxy", f"socks5://me:pass@127.0.0.1:{port}", WHT_AUTH_URL=auth.url)
        assert wht.get(f"/{id}/").status == 200
        proxy.terminate()
        asked = {int(port) for port in re.findall(r"connected to \S+:(\d+)", proxy.communicate()[1])}
        assert asked == {auth.port, wht.port}
    finally:
        proxy.kill()
        proxy.wait()


# --- secrets ---

def seen_of(client):
    """What others on this machine, and readers of logs, get to see."""
    return pathlib.Path(f"/proc/{client.pid}/cmdline").read_bytes().decode() + "\n".join(client.lines)


def test_secrets_do_not_show(whts):
    proxy = whts.keep(ConnectProxy(whts.port, user="me:hidden"))
    id = whts.new_id()
    token = mint(id)
    client = whclient(whts, f"https://{whts.hostname}:{whts.port}", id, whts.origin().port, "--ca", whts.certs.ca, "-t", token,
                      "--basic-auth", "me:hidden", "--header=X-Key: hidden", "--proxy", f"http://me:hidden@127.0.0.1:{proxy.port}",
                      "--verbose")
    assert whts.get("/x", host=f"{id}.{whts.hostname}", fields=["Authorization: Basic " + base64.b64encode(b"me:hidden").decode()])
    client.stop()
    seen = "\n".join(client.lines)
    assert token not in seen and "hidden" not in seen and base64.b64encode(b"me:hidden").decode() not in seen


def test_secrets_are_not_in_the_process_list(whts):
    id = whts.new_id()
    token = mint(id)
    client = whclient(whts, f"https://127.0.0.1:{whts.port}", id, whts.origin().port, "--ca", whts.certs.ca, f"--token={token}",
                      "--basic-auth=me:hidden", "--header", "X-Key: hidden", "--cert", '{"seed":"hidden"}', "--access-token=hidden",
                      "--proxy", "none")
    seen = seen_of(client)
    assert token not in seen and "hidden" not in seen and "whclient" in seen


def test_secrets_are_not_in_the_environment_either(wht):
    """ps shows that, too, to the same user."""
    id = wht.new_id()
    token = mint(id)
    client = whclient(wht, wht.origin().port, WHT_URL=url_of(wht), WHT_TOKEN=token, TASKCLUSTER_ACCESS_TOKEN="hidden",
                      TASKCLUSTER_CERTIFICATE='{"seed":"hidden"}')
    seen = pathlib.Path(f"/proc/{client.pid}/environ").read_text()
    assert url_of(wht) in seen and token not in seen and "hidden" not in seen
    assert wht.get(f"/{id}/").status == 200


@pytest.mark.parametrize("arguments, env", [
    (["https://me:hidden@localhost", "id", "3000", "--token", "hidden"], {}),
    (["https://localhost", "id", "http://me:hidden@localhost", "--token", "hidden"], {}),
    (["https://localhost", "id", "3000", "--tokne=hidden"], {}),
    (["https://localhost", "id", "3000", "--token", "hidden "], {}),
    (["https://localhost", "id", "3000", "--token", "hidden", "--basic-auth", "hidden"], {}),
    (["https://localhost", "id", "3000", "--token", "hidden", "--header", "hidden"], {}),
    (["https://localhost", "id", "3000", "--token", "hidden", "--proxy", "ftp://me:hidden@localhost"], {}),
    (["https://whp.example", "id", "3000", "--token", "hidden"], {"HTTPS_PROXY": "ftp://me:hidden@localhost"}),
    (["https://whp.example", "id", "3000", "--token", "hidden"], {"HTTPS_PROXY": "http://me:hidden@localhost:port"}),
    (["cid", "hidden", "3000", "--cert", '{"hidden'], {}),
    (["--check", "https://me:hidden@localhost", "id", "3000", "--token", "hidden"], {}),
    (["login", "https://me:hidden@localhost", "--token", "hidden"], {}),
], ids=lambda value: "env" if value and isinstance(value, dict) else "")
def test_errors_repeat_no_secret(tmp_path, arguments, env):
    ended = subprocess.run([BIN / "whclient", *arguments], env={"HOME": str(tmp_path), **env}, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=120)
    assert ended.returncode in (1, 2) and "hidden" not in ended.stdout + ended.stderr
    assert ended.stdout + ended.stderr


@pytest.mark.parametrize("wanted", ["me:other", None], ids=["refused by the proxy", "refused behind the proxy"])
def test_a_proxys_refusal_repeats_no_secret(whts, wanted):
    proxy = whts.keep(ConnectProxy(whts.port if wanted else free_port(), user=wanted))
    id = whts.new_id()
    client = whclient(whts, f"https://{whts.hostname}:1", id, "3000", "--token", mint(id), "--once", "--verbose",
                      HTTPS_PROXY=f"http://me:hidden@127.0.0.1:{proxy.port}", wait=False)
    assert client.wait() == 7 and len(proxy.heads) == 1
    said = "\n".join(client.lines)
    assert "hidden" not in said and base64.b64encode(b"me:hidden").decode() not in said
    assert not wanted or "it does not accept the user name and password" in said


# --- --check ---

class Check:
    """What whclient --check says: word and detail of each of its ten lines, by name."""

    def __init__(self, *arguments, **env):
        ended = subprocess.run([BIN / "whclient", "--check", *map(str, arguments)], env=env, stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, timeout=120)
        self.status, self.text = ended.returncode, ended.stdout + ended.stderr
        lines = [re.match(r"(\S+) +(\S+) +(.*)", line).groups() for line in ended.stdout.splitlines()]
        assert [name for _, name, _ in lines] == NAMES, self.text
        self.words = {name: word for word, name, _ in lines}
        self.details = {name: detail for _, name, detail in lines}
        self.failed = [name for name in NAMES if self.words[name] == "FAILED"]
        assert self.status == bool(self.failed), self.text


def test_check_of_a_way_that_is_all_right(whts):
    id = whts.new_id()
    check = Check(f"https://localhost:{whts.port}", id, whts.origin().port, "--ca", whts.certs.ca, "--token", mint(id))
    assert check.failed == [] and check.words["TLS"] == "ok" and check.words["clock"] == "ok", check.text
    assert re.search("trusted, the certificate ends in [12] days: soon", check.details["TLS"])
    assert "for the id " + id in check.details["token"] and " min" in check.details["token"]


def test_check_of_a_chain_that_is_not_trusted(whts):
    id = whts.new_id()
    check = Check(f"https://localhost:{whts.port}", id, whts.origin().port, "--token", mint(id))
    assert check.failed == ["TLS", "upgrade"] and "certificate" in check.details["TLS"], check.text


def test_check_of_a_certificate_that_has_expired(wht, certs, tmp_path):
    openssl(certs.ca.parent, "x509", "-req", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "-1",
            "-extfile", "names", "-out", tmp_path / "old.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "old.pem", certs.key)
    listener = wht.keep(socket.create_server(("127.0.0.1", 0)))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with contextlib.suppress(ssl.SSLError, ConnectionError), sock:
                    context.wrap_socket(sock, server_side=True)
    threading.Thread(target=serve, daemon=True).start()
    check = Check(f"https://localhost:{listener.getsockname()[1]}", "a", wht.origin().port, "--ca", certs.ca, "--token", mint("a"))
    assert check.failed == ["TLS", "upgrade"] and "expired" in check.details["TLS"], check.text


@pytest.mark.parametrize("hours", [0, 2, -2])
def test_check_of_the_clock(wht, hours):
    """Of a server that says what time it is."""
    def serve(connection, request):
        date = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        connection.answer(b"no", status="400 Bad Request", fields=[
            "x-webhooktunnel-error: bad_ws_version", "Date: " + email.utils.format_datetime(date, usegmt=True)])
    server = wht.origin(serve)
    check = Check(server.url, "a", wht.origin().port, "--token", mint("a"))
    assert check.failed == (["clock"] if hours else []), check.text
    assert re.search("differ by 2 hours|differ by 1[0-9]{2} min" if hours else "differ by [0-9] s", check.details["clock"])


def test_check_of_a_proxy(whts):
    id = whts.new_id()
    proxy = whts.keep(ConnectProxy(whts.port, user="me:pass"))
    common = [f"https://{whts.hostname}:{whts.port}", id, whts.origin().port, "--ca", whts.certs.ca, "--token", mint(id)]
    good = Check(*common, HTTPS_PROXY=f"http://me:pass@127.0.0.1:{proxy.port}")
    assert good.failed == [] and "lets us through" in good.details["proxy"], good.text
    wrong = Check(*common, HTTPS_PROXY=f"http://me:hidden@127.0.0.1:{proxy.port}")
    assert wrong.failed == ["proxy", "TLS", "upgrade"] and "(407)" in wrong.details["proxy"] and "hidden" not in wrong.text, wrong.text
    dead = Check(*common, HTTPS_PROXY=f"http://127.0.0.1:{free_port()}")
    assert dead.failed == ["TCP", "proxy", "TLS", "upgrade"], dead.text


def test_check_of_names_and_upgrades(wht):
    id, token = wht.new_id(), None
    token = mint(id)
    nowhere = Check("http://nowhere.invalid", id, wht.origin().port, "--token", token)
    assert nowhere.failed == ["DNS", "TCP", "upgrade"], nowhere.text
    no_server = wht.origin(lambda connection, request: connection.answer(b"hello"))
    assert Check(no_server.url, id, wht.origin().port, "--token", token).failed == ["upgrade", "acceptance"]


@pytest.mark.parametrize("claims, failed, why", [
    ({"exp": 1000}, ["token", "acceptance"], "expired at 1970"), ({"nbf": 9_000_000_000}, ["token", "acceptance"], "not valid before"),
    ({"tid": "another"}, ["token", "acceptance"], "for the id another"), ({"secret": "x"}, ["acceptance"], "good for another"),
    ({"drop": ["exp"]}, ["token", "acceptance"], "when it ends")], ids=["expired", "not yet", "another's", "forged", "endless"])
def test_check_of_tokens(wht, claims, failed, why):
    check = Check(url_of(wht), "mine", wht.origin().port, "--token", mint(**{"tid": "mine", **claims}))
    assert check.failed == failed and why in check.details["token"], check.text


def test_check_of_targets(wht, tmp_path):
    common = [url_of(wht), "mine", "--token", mint("mine")]
    good = wht.origin().port
    assert Check(*common, good, f"/files=file:{tmp_path}").failed == []
    for target, why in ((free_port(), "connection refused"), (f"file:{tmp_path}/none", "No such file"), ("unix:/none", "none")):
        check = Check(*common, good, f"/other={target}")
        assert check.failed == ["target"] and why in check.details["target"], check.text


def test_check_of_settings_that_make_no_sense(tmp_path):
    check = Check("3000", HOME=str(tmp_path))
    assert check.failed == ["settings"] and set(check.words.values()) == {"FAILED", "-"}


@hawk
def test_check_asks_the_auth_service(wht):
    """Which says server and id, and so what else there is to check."""
    id = wht.new_id()
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": [{"tunnelId": id, "token": mint(id), "proxyUrl": url_of(wht)}]}}))
    check = Check("c", "k", wht.origin().port, WHT_AUTH_URL=auth.url)
    assert check.failed == [] and id in check.details["token"], check.text
    check = Check("c", "hidden", wht.origin().port, WHT_AUTH_URL=auth.url)
    assert check.failed == ["settings"] and "does not accept the credentials" in check.text and "hidden" not in check.text


@hawk
def test_login_asks_the_auth_service(wht, tmp_path):
    """What goes into the profile are the credentials, not the token of an hour; and only if both services accept us."""
    id = wht.new_id()
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": [{"tunnelId": id, "token": mint(id), "proxyUrl": url_of(wht)}]}}))
    config = tmp_path / "config"

    def login(key):
        return subprocess.run([BIN / "whclient", "--config", config, "--auth-url", auth.url, "--client-id", "c", "--access-token", key,
                               "login", url_of(wht)], stdin=subprocess.DEVNULL, capture_output=True, text=True).returncode
    assert login("wrong") == 3 and not config.exists()
    assert login("k") == 0 and "access-token = k\n" in config.read_text() and "\ntoken" not in config.read_text()
    assert whclient(wht, "--config", config, wht.origin().port).id == id


# --- the end of a way ---

def test_exit_on_loss(wht):
    mangler, id = wht.keep(Mangler(wht.port)), wht.new_id()
    client = whclient(wht, f"http://localhost:{mangler.port}", id, "3000", "--token", mint(id), "--exit-on-loss")
    mangler.cut()
    assert client.wait() == 7 and mangler.connections == 1


def test_exit_on_loss_without_anybody_to_ask_for_a_token(tmp_path):
    ended = subprocess.run([BIN / "whclient", "c", "k", "3000", "--exit-on-loss", "--auth-url", f"http://127.0.0.1:{free_port()}"],
                           env={"HOME": str(tmp_path)}, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 7 and "no token from the Auth service" in ended.stderr
