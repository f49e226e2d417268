"""The whole thing: a viewer, whtd, a real whclient and a local web server behind it."""
import hashlib
import os
import signal
import socket
import subprocess
import threading

import pytest

from wht.origin import Origin, echo
from wht.server import eventually
from wht.token import mint
from wht.viewer import Head

SIZE = 64 << 20
BLOCK = os.urandom(1 << 20)
SUM = hashlib.sha256(BLOCK * 64).hexdigest()


def checksummed(connection):
    """GET sends 64 MiB; POST answers with the checksum of what came."""
    head = Head(connection.until(b"\r\n\r\n"))
    if head.start.startswith("GET"):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _ in range(64):
            connection.send(BLOCK)
        return
    digest = hashlib.sha256()
    if head.get("expect"):
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    if head.get("content-length"):
        left = int(head.get("content-length"))
        while left:
            data = connection.take(left) or connection.receive()
            digest.update(data)
            left -= len(data)
    else:
        for chunk in connection.chunks():
            if not isinstance(chunk, list):
                digest.update(chunk)
    connection.answer(digest.hexdigest().encode())


def streamed(connection, request):
    """Four chunks, each only when the test says so."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for number in range(4):
        streamed.go.acquire(timeout=60)
        data = b"data: %d\n\n" % number
        connection.send(b"%x\r\n%s\r\n" % (len(data), data))
    connection.send(b"0\r\n\r\n")


def test_get(wht):
    origin = wht.origin(lambda connection, request: connection.answer(b"hello", fields=["X-Origin: yes"]))
    client = wht.client(origin=origin)
    answer = wht.get(f"/{client.id}/a/b?c=d", fields=["X-Viewer: yes"])
    assert (answer.status, answer.body, answer.get("x-origin")) == (200, b"hello", "yes")
    request = origin.requests[0]
    assert (request.method, request.target, request.get("x-viewer")) == ("GET", "/a/b?c=d", "yes")


def test_the_url_is_printed_and_nothing_else(wht):
    client = wht.client()
    assert client.output == [f"http://localhost/{client.id}"]


def test_64_MiB_down_with_checksum(wht):
    client = wht.client(origin=wht.keep(Origin(on_head=checksummed)))
    answer = wht.get(f"/{client.id}/")
    assert hashlib.sha256(answer.body).hexdigest() == SUM and answer.complete


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_64_MiB_up_with_checksum(wht, framing):
    client = wht.client(origin=wht.keep(Origin(on_head=checksummed)))
    viewer = wht.viewer()
    viewer.send(f"POST /{client.id}/ HTTP/1.1\r\nHost: a\r\n".encode())
    if framing == "length":
        viewer.send(b"Content-Length: %d\r\n\r\n" % SIZE)
        for _ in range(64):
            viewer.send(BLOCK)
    else:
        viewer.send(b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(64):
            viewer.send(b"100000\r\n" + BLOCK + b"\r\n")
        viewer.send(b"0\r\n\r\n")
    assert viewer.response().body.decode() == SUM


def test_curl_uploads_with_expect_continue(wht, tmp_path):
    (tmp_path / "body").write_bytes(BLOCK * 2)
    client = wht.client(origin=wht.keep(Origin(on_head=checksummed)))
    got = wht.curl("-T", tmp_path / "body", "-H", "Expect: 100-continue", f"http://127.0.0.1:{wht.port}/{client.id}/x")
    assert got.stdout.decode() == hashlib.sha256(BLOCK * 2).hexdigest()


def test_events_arrive_when_they_are_sent(wht):
    """Server-sent events: each is with the viewer before the next is made."""
    streamed.go = threading.Semaphore(0)
    client = wht.client(origin=wht.origin(streamed))
    viewer = wht.viewer().send(f"GET /{client.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    viewer.until(b"\r\n\r\n")
    for number in range(4):
        streamed.go.release()
        assert viewer.until(b"data: %d\n\n" % number)
    assert viewer.until(b"0\r\n\r\n")


def test_200_viewers_at_once(wht):
    together = threading.Barrier(200)

    def serve(connection, request):
        together.wait(60)  # nobody is answered before all have asked
        connection.answer(request.target.encode())
    client = wht.client(origin=wht.origin(serve))
    viewers = [wht.viewer().send(f"GET /{client.id}/{n} HTTP/1.1\r\nHost: a\r\n\r\n".encode()) for n in range(200)]
    assert [viewer.response().body for viewer in viewers] == [b"/%d" % n for n in range(200)]


def test_many_requests_on_one_connection(wht):
    client = wht.client(origin=wht.origin(lambda connection, request: connection.answer(request.target.encode())))
    viewer = wht.viewer()
    for n in range(200):
        assert viewer.ask(f"GET /{client.id}/{n} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).body == b"/%d" % n


def test_the_client_is_killed_mid_response(wht):
    """What the viewer gets must look broken, never complete."""
    def serve(connection, request):
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        connection.receive()
    client = wht.client(origin=wht.origin(serve))
    viewer = wht.viewer().send(f"GET /{client.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    viewer.until(b"half")
    client.kill()
    assert b"0\r\n\r\n" not in viewer.rest()
    assert eventually(lambda: wht.get(f"/{client.id}/").status == 404)


def test_the_client_stops_when_told(wht):
    client = wht.client()
    client.stop()
    assert eventually(lambda: wht.get(f"/{client.id}/").status == 404)


def test_nothing_listens_at_the_target(wht):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    client = wht.client(origin=f"http://127.0.0.1:{free}")
    answer = wht.get(f"/{client.id}/")
    assert (answer.status, answer.error) == (502, "target_refused")


def test_the_target_closes_without_an_answer(wht):
    client = wht.client(origin=wht.origin(lambda connection, request: "close"))
    answer = wht.get(f"/{client.id}/")
    assert answer.status == 502 and answer.error in ("empty_response", "target_failed", "stream_reset")


def test_a_body_until_the_target_closes(wht):
    def serve(connection, request):
        connection.send(b"HTTP/1.0 200 OK\r\n\r\n" + b"z" * 100_000)
        return "close"
    client = wht.client(origin=wht.origin(serve))
    answer = wht.get(f"/{client.id}/")
    assert answer.body == b"z" * 100_000 and answer.complete


def test_a_newer_client_takes_the_id_over(wht):
    """Two clients under one id: the later one has it."""
    first = wht.client(origin=wht.origin(lambda c, r: c.answer(b"first")), arguments=["--once"])
    assert wht.get(f"/{first.id}/").body == b"first"
    wht.client(first.id, origin=wht.origin(lambda c, r: c.answer(b"second")))
    assert wht.get(f"/{first.id}/").body == b"second"
    assert first.wait() == 7  # --once: the session ended


def test_I04_the_client_comes_back_when_the_server_does(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = start(PORT=port)
    client = server.client(origin=server.origin(lambda c, r: c.answer(b"here")))
    assert server.get(f"/{client.id}/").body == b"here"
    server.opened.remove(client)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    again = start(PORT=port)
    again.keep(client)
    assert eventually(lambda: again.get(f"/{client.id}/").body == b"here")


def test_tokens_from_stdin(wht):
    """Without a token option every line on stdin is one; a program that mints tokens can stand in front."""
    id = wht.new_id()
    client = wht.client(id, stdin=subprocess.PIPE, wait=False)
    client.process.stdin.write(mint(id) + "\n")
    client.process.stdin.flush()
    assert eventually(lambda: wht.get(f"/{id}/").status == 200)


@pytest.mark.parametrize("token, status", [(lambda id: mint(id, secret="other"), 3), (lambda id: "not/a/token", 2)],
                         ids=["401", "no token at all"])
def test_a_refused_client_says_so_and_ends(wht, token, status):
    id = wht.new_id()
    client = wht.client(id, token=token(id), wait=False)
    assert client.wait() == status


def test_heartbeats_with_and_without_tunnels(wht):
    wht.client()
    for path in ("/__heartbeat__", "/__lbheartbeat__"):
        assert wht.get(path).status == 200


def test_curl_and_http_1_0(wht):
    client = wht.client(origin=wht.origin(echo))
    url = f"http://127.0.0.1:{wht.port}/{client.id}/hook"
    assert wht.curl("--http1.0", "-d", "a webhook", url).stdout == b"a webhook"
    assert wht.curl("-d", "a webhook", url).stdout == b"a webhook"
    head = wht.curl("-I", url).stdout
    assert head.startswith(b"HTTP/1.1 200") and b"\r\n\r\n" in head


def test_one_viewer_waits_while_others_are_served(wht):
    """A slow answer of the origin holds up nobody else."""
    release = threading.Event()

    def serve(connection, request):
        if request.target == "/slow":
            release.wait(60)
        connection.answer(b"done")
    client = wht.client(origin=wht.origin(serve))
    slow = wht.viewer().send(f"GET /{client.id}/slow HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert [wht.get(f"/{client.id}/").body for _ in range(50)] == [b"done"] * 50
    release.set()
    assert slow.response().body == b"done"


def test_a_viewer_that_leaves_is_felt_by_the_origin(wht):
    """The local server learns that nobody listens any more, and no descriptor stays."""
    gone = threading.Event()

    def serve(connection, request):
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        finally:
            gone.set()
    client = wht.client(origin=wht.origin(serve))
    sockets = client.sockets()
    viewer = wht.viewer().send(f"GET /{client.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    viewer.until(b"xxxx")
    viewer.reset()
    assert gone.wait(60)
    assert eventually(lambda: client.sockets() <= sockets)
