"""Tokens that end while whclient goes on: where the next one comes from, and what a session notices of it."""
import os
import re
import subprocess
import threading
import time

import pytest

from wht import auth_service
from wht.auth_service import AuthService
from wht.client import events, url_of, wait_event, whclient
from wht.proxy import Mangler
from wht.server import eventually
from wht.token import mint

hawk = pytest.mark.skipif(not auth_service.available(), reason="node and the npm package hawk are wanted")
LONG = True
SHORT = 20  # seconds; the next token is wanted a second before


def short(id, seconds=SHORT):
    now = int(time.time())
    return mint(id, nbf=now - 10, exp=now + seconds)


class Source:
    """A file that is replaced, or a pipe that is written to."""

    def __init__(self, kind, tmp_path, token):
        self.kind, self.file, self.client = kind, tmp_path / "token.jwt", None
        self.arguments = ["--token-file", self.file] if kind == "file" else []
        self.stdin = subprocess.PIPE if kind == "stdin" else subprocess.DEVNULL
        self.first = token
        if kind == "file":
            self.give(token)

    def start(self, wht, *arguments):
        self.client = whclient(wht, *arguments, *self.arguments, "--json", wait=False, stdin=self.stdin)
        if self.kind == "stdin":
            self.give(self.first)
        return self.client

    def give(self, token):
        if self.kind == "stdin":
            self.client.process.stdin.write(token + "\n")
            self.client.process.stdin.flush()
        else:
            self.file.with_suffix(".new").write_text(token + "\n")
            os.replace(self.file.with_suffix(".new"), self.file)


class Asking:
    """A viewer that asks all the while."""

    def __init__(self, wht, path):
        self.statuses, self.over = [], threading.Event()
        self.thread = threading.Thread(target=self._run, args=(wht.viewer(), path), daemon=True)
        self.thread.start()

    def _run(self, viewer, path):
        while not self.over.is_set():
            self.statuses.append(viewer.ask(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).status)

    def stop(self):
        self.over.set()
        self.thread.join(60)
        return self.statuses


@pytest.mark.parametrize("kind", ["file", "stdin"])
def test_the_next_token_comes_before_the_old_one_ends(wht, tmp_path, kind):
    """The session goes on over it, no request fails, and the next registration is by the new one."""
    mangler, id = wht.keep(Mangler(wht.port)), wht.new_id()
    source = Source(kind, tmp_path, short(id))
    client = source.start(wht, f"http://localhost:{mangler.port}", id, wht.origin().port)
    end = wait_event(client, "up")["expires"]
    asking = Asking(wht, f"/{id}/")
    wait_event(client, "token", text="wanted", expires=end)
    source.give(mint(id))
    renewed = wait_event(client, "token", text="renewed")
    assert renewed["expires"] > end + 3000
    assert eventually(lambda: time.time() > end)
    statuses = asking.stop()
    assert set(statuses) == {200} and mangler.connections == 1 and not events(client, "down")
    mangler.cut()
    assert eventually(lambda: len(events(client, "up")) == 2), client.lines[-8:]
    assert wht.get(f"/{id}/").status == 200
    assert {event["url"] for event in events(client, "up")} == {f"http://localhost/{id}"}
    assert not any("refused the tunnel" in line for line in client.lines)


def test_a_server_that_ends_sessions_with_their_tokens(start, tmp_path):
    """Then the client is back at once, by the token that it has got meanwhile, and under the same name."""
    server = start(WHT_CLOSE_AT_EXPIRY=1)
    id = server.new_id()
    source = Source("file", tmp_path, short(id, 25))  # a session that lasted begins the back-off anew
    client = source.start(server, url_of(server), id, server.origin().port)
    wait_event(client, "up")
    source.give(mint(id))
    assert eventually(lambda: len(events(client, "up")) == 2), client.lines[-8:]
    assert [event["ms"] for event in events(client, "resting")] == [0]
    assert server.get(f"/{id}/").status == 200
    assert not any("refused the tunnel" in line for line in client.lines)


def test_a_token_that_nobody_can_replace(wht):
    """Said once, in time; the session goes on."""
    id = wht.new_id()
    client = whclient(wht, url_of(wht), id, wht.origin().port, "--token", short(id), "--json", wait=False)
    wanted = wait_event(client, "token", text="wanted")
    assert any("no other can come" in event["text"] for event in events(client, "notice"))
    assert eventually(lambda: time.time() > wanted["expires"])
    assert wht.get(f"/{id}/").status == 200 and len(events(client, "token")) == 1


@hawk
def test_the_auth_service_is_asked_until_it_answers(wht):
    """It fails for a while when the token is about to end; a session does not notice."""
    id = wht.new_id()
    good = {"tunnelId": id, "token": mint(id), "proxyUrl": url_of(wht)}
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": [{**good, "token": short(id)}, 500, 500, good]}}))
    client = whclient(wht, "c", "k", wht.origin().port, "--json", WHT_AUTH_URL=auth.url, wait=False)
    wait_event(client, "token", text="renewed")
    assert len(events(client, "up")) == 1 and not events(client, "down")
    assert [event["text"] for event in events(client, "token")] == ["wanted", "taken", "wanted", "renewed"]
    assert wht.get(f"/{id}/").status == 200


@hawk
def test_a_refused_token_is_not_tried_again(wht):
    id = wht.new_id()
    answers = [{"tunnelId": id, "token": token, "proxyUrl": url_of(wht)} for token in (mint(id, secret="other"), mint(id))]
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": answers}}))
    client = whclient(wht, "c", "k", wht.origin().port, WHT_AUTH_URL=auth.url)
    assert client.id == id and wht.get(f"/{id}/").status == 200
    assert sum("refused the tunnel with 401" in line for line in client.lines) == 1


@hawk
def test_another_name_is_said_aloud(wht):
    """The service of old chooses the name. When it chooses another one, people are told, and the URL stands there again."""
    mangler = wht.keep(Mangler(wht.port))
    ids = [wht.new_id(), wht.new_id()]
    answers = [{"tunnelId": id, "token": token, "proxyUrl": f"http://localhost:{mangler.port}"}
               for id, token in ((ids[0], short(ids[0])), (ids[1], mint(ids[1])))]
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": answers}}))
    client = whclient(wht, "c", "k", wht.origin().port, WHT_AUTH_URL=auth.url)
    auth.next()
    auth.next()  # the second token is there, and the session is still the first
    assert client.output == [f"http://localhost/{ids[0]}"] and mangler.connections == 1
    mangler.cut()
    assert eventually(lambda: client.output == [f"http://localhost/{id}" for id in ids])
    client.wait_line(re.compile(f"the tunnel is called {ids[1]} from now on, not {ids[0]}"))
    client.wait_line(re.compile(f"the URL is another one now: http://localhost/{ids[1]}"))


def test_a_token_for_another_name_does_not_change_it(wht, tmp_path):
    """The name was the first token's. A file that then holds somebody else's is refused, with the reason in words."""
    mangler, id, other = wht.keep(Mangler(wht.port)), wht.new_id(), wht.new_id()
    source = Source("file", tmp_path, mint(id))
    client = source.start(wht, "--server", f"http://localhost:{mangler.port}", wht.origin().port)
    wait_event(client, "up", id=id)
    source.give(mint(other))
    mangler.cut()
    client.wait_line(re.compile(f"the token is for the id {other}"))
    assert len(events(client, "up")) == 1 and wht.get(f"/{other}/").status == 404
    source.give(mint(id))
    assert eventually(lambda: len(events(client, "up")) == 2)
    assert wht.get(f"/{id}/").status == 200


@hawk
def test_a_clock_that_is_wrong(wht):
    """Hawk signs the time. An Auth service an hour ahead refuses ours, and is asked again by its own."""
    id = wht.new_id()
    answer = {"tunnelId": id, "token": mint(id), "proxyUrl": url_of(wht)}
    auth = wht.keep(AuthService({"c": {"key": "k", "answers": [answer]}}, offset=3600))
    client = whclient(wht, "c", "k", wht.origin().port, WHT_AUTH_URL=auth.url)
    assert "error" in auth.next() and "error" not in auth.next()
    assert wht.get(f"/{client.id}/").status == 200
