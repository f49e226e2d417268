"""What happens late: a response that its viewer takes its time for, an answer of the audit's, an end that does not come.

The rule behind most of it: a response is over when its last byte has left for the viewer's socket, and not before.
"""
import contextlib
import sqlite3
import threading
import time

import pytest

from wht.process import DEADLINE, SANITIZED
from wht.server import eventually
from wht.token import mint
from wht.tunnel import FIN, registration, replying

LONG = True
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEARTBEAT = b"GET /__heartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n"
SMALL_BUFFER = 4096


def chunked(body, size=16):
    return b"".join(b"%x;ext=1234567890\r\n%s\r\n" % (len(piece), piece) for piece in
                    (body[at:at + size] for at in range(0, len(body), size))) + b"0\r\n\r\n"


def request(tunnel, path="/", version="HTTP/1.1", fields=(), method="GET"):
    return ("\r\n".join([f"{method} /{tunnel.id}{path} {version}", "Host: a", *fields]) + "\r\n\r\n").encode()


# --- slow viewers


def sip(viewer, seconds):
    """Everything that comes until the connection ends, a little at a time."""
    got = bytearray()
    begin = time.monotonic()
    while data := viewer.socket.recv(16384):
        got += data
        if time.monotonic() - begin < seconds:
            time.sleep(0.1)
    return bytes(got)


@pytest.mark.parametrize("how", ["HTTP/1.0, until the end", "HTTP/1.0, chunks", "close", "keep-alive"])
def test_S03_a_slow_viewer_gets_all_of_it(start, how):
    """Longer than any goodbye lasts and any connection may idle, but never without progress: nothing is cut off."""
    server = start(WHT_IDLE_TIMEOUT=1, WHT_BODY_TIMEOUT=8)
    body = bytes(range(256)) * 16384  # more than the kernel keeps for a small window
    framing = {"HTTP/1.0, until the end": b"\r\n" + body,
               "HTTP/1.0, chunks": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, 65536)}.get(
                   how, b"Content-Length: %d\r\n\r\n" % len(body) + body)
    tunnel = server.tunnel(serve=replying(b"HTTP/1.1 200 OK\r\n" + framing, fin="until" in how))
    viewer = server.viewer(receive_buffer=SMALL_BUFFER)
    fields = {"close": ["Connection: close"]}.get(how, [])
    viewer.send(request(tunnel, version=how[:8] if "HTTP" in how else "HTTP/1.1", fields=fields))
    time.sleep(2)
    got = sip(viewer, 9)
    head, _, rest = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and len(rest) == len(body) and rest == body


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_S03_a_viewer_that_takes_nothing_is_given_up(start, version):
    """Also when all of the response is here: its end must not look like a complete one."""
    server = start(WHT_IDLE_TIMEOUT=60, WHT_BODY_TIMEOUT=1)
    body = b"x" * (4 << 20)
    tunnel = server.tunnel(serve=replying(b"HTTP/1.1 200 OK\r\n\r\n" + body[:-1], b"x", fin=True))
    with server.no_socket_left():
        viewer = server.viewer(receive_buffer=SMALL_BUFFER).send(request(tunnel, version=version))
        viewer.until(b"\r\n\r\n")
    with pytest.raises((ConnectionResetError, AssertionError)):
        got = bytearray(viewer.buffer)
        while data := viewer.socket.recv(65536):
            got += data
        assert version == "HTTP/1.0" or got.endswith(b"0\r\n\r\n")
    viewer.close()
    assert tunnel.alive()


def test_H44_answers_of_our_own_wait_for_the_viewer(wht):
    """Pipelined heartbeats, and nobody reads: memory stays where it is, and every one is answered in the end."""
    count, before = 150_000, wht.memory()
    viewer = wht.viewer(receive_buffer=SMALL_BUFFER)
    sender = threading.Thread(target=viewer.send, args=(HEARTBEAT * count,), daemon=True)
    sender.start()
    sender.join(2)
    assert sender.is_alive()  # it is held back
    assert wht.memory() - before < (64 << 20 if SANITIZED else 4 << 20)
    for _ in range(count):
        assert viewer.response().status == 200
    sender.join(DEADLINE)
    assert not sender.is_alive()


def test_H57_answers_of_our_own_reach_a_viewer_that_is_done_sending(wht):
    count = 3000
    viewer = wht.viewer(receive_buffer=SMALL_BUFFER).send(HEARTBEAT * count).finish()
    assert [viewer.response().status for _ in range(count)] == [200] * count
    assert viewer.closed()


def test_M14_credit_comes_back_for_framing_that_no_viewer_sees(whts):
    """Chunk extensions are paid for by the client and dropped here: their credit must not be, or the stream stands."""
    body = bytes(range(256)) * 4096
    for version in ("HTTP/1.0", "HTTP/1.1"):
        tunnel = whts.tunnel(serve=replying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body)))
        answer = whts.viewer().ask(request(tunnel, version=version))
        assert answer.body == body and answer.complete


def test_U08_a_stuck_viewer_of_an_upgrade_is_given_up(start):
    """Silence is a bridge's right; to leave what is there is not."""
    server = start(WHT_BODY_TIMEOUT=1)

    def pour(stream, asked):
        stream.send(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n")
        while stream.send(b"x" * 16384):
            pass
    tunnel = server.tunnel(serve=pour)
    viewer = server.viewer(receive_buffer=SMALL_BUFFER).send(request(tunnel, fields=["Connection: Upgrade", "Upgrade: foo"]))
    stream = tunnel.expect_stream()
    with tunnel.changed:
        tunnel.wait(lambda: stream.ended_by)
    assert tunnel.alive()
    viewer.close()


# --- clients that never finish

def babble(stream):
    with contextlib.suppress(OSError):
        while True:
            stream.dat(b"more")
            time.sleep(0.05)


@pytest.mark.parametrize("legacy", [False, True], ids=["rst", "legacy"])
def test_M18_streams_that_a_client_never_ends_are_forgotten(start, legacy):
    """The response was complete, we said FIN; the client says nothing, or goes on talking."""
    server = start(WHT_REUSE_TIMEOUT=0, WHT_LINGER_TIMEOUT=5, WHT_STREAMS_MAX=3)
    tunnel = (server.legacy if legacy else server.tunnel)(serve=None)
    for talks in (False, True, True):
        viewer = server.viewer().send(request(tunnel))
        stream = tunnel.expect_stream()
        stream.send(OK)
        assert viewer.response().body == b"ok"
        tunnel.expect(FIN, stream.id)
        if talks:
            threading.Thread(target=babble, args=(stream,), daemon=True).start()
    tunnel.serve = replying(OK)
    assert server.get(f"/{tunnel.id}/").status == 503
    assert eventually(lambda: server.get(f"/{tunnel.id}/").status == 200)
    assert tunnel.alive()


def test_P18_a_head_that_comes_drop_by_drop_is_late_all_the_same(start):
    server = start(WHT_RESPONSE_TIMEOUT=1)

    def drops(stream, asked):
        stream.send(b"HTTP/1.1 200 OK\r\n")
        while stream.send(b"X: y\r\n"):
            time.sleep(0.1)
    answer = server.viewer().ask(request(server.tunnel(serve=drops)))  # the drops end when the stream does
    assert (answer.status, answer.error) == (504, "response_timeout")


# --- registrations and the audit


def locked(server):
    """The database, held so that nobody else can write; close() lets go."""
    other = sqlite3.connect(server.directory / "wht-state" / "webhooktunnel.db", isolation_level=None, timeout=DEADLINE)
    other.execute("BEGIN IMMEDIATE")
    return other


@pytest.fixture
def client_that_waits(start):
    """A registration on its way while the audit cannot be written."""
    server = start(WHT_ADMIT_TIMEOUT=3)
    tunnel = server.tunnel()
    lock = locked(server)
    id = server.new_id()
    viewer = server.viewer().send(registration(id, mint(id)))
    yield server, viewer, id, lock
    assert eventually(lambda: server.get(f"/{tunnel.id}/").status == 200)


def test_A12_the_answer_of_the_audit_comes_too_late(client_that_waits):
    """503 at the admission's end; the row that is written afterwards finds nobody, and no harm is done."""
    server, viewer, id, lock = client_that_waits
    answer = viewer.response()
    assert (answer.status, answer.error) == (503, "not_recorded")
    lock.close()  # while the connection still says goodbye
    for _ in range(20):
        assert server.get("/__heartbeat__").status == 200
        time.sleep(0.05)
    assert server.get(f"/{id}/").status == 404


def test_R22_a_client_that_stops_talking_before_it_is_admitted(client_that_waits):
    server, viewer, id, lock = client_that_waits
    viewer.finish()
    time.sleep(0.3)
    lock.close()
    assert viewer.closed() or viewer.response().status == 503
    assert server.get(f"/{id}/").status == 404


# --- heads


@pytest.mark.parametrize("broken, status", [(b"nonsense", 502), (b"", 504)])
def test_P09_an_answer_of_ours_to_HEAD_has_no_body(start, broken, status):
    server = start(WHT_RESPONSE_TIMEOUT=0.5 if status == 504 else 60)
    viewer = server.viewer().send(request(server.tunnel(serve=replying(broken)), method="HEAD"))
    answer = viewer.response("HEAD")
    assert answer.status == status and viewer.rest() == b""


@pytest.mark.parametrize("status", [103, 204])
def test_P09_no_length_where_none_may_be(wht, status):
    tunnel = wht.tunnel(serve=replying(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status + (OK if status < 200 else b"")))
    answer = wht.viewer().ask(request(tunnel, method="HEAD"), "HEAD")
    assert (answer.interim[0] if status < 200 else answer).get("content-length") is None


def test_H40_H41_a_head_at_its_limit_with_a_target_at_its_limit(wht):
    """What we add, the path among it, is not the viewer's to pay for."""
    tunnel = wht.tunnel(serve=replying(OK))
    line = request(tunnel, "/" + "t" * 8000)[:-2]
    filler = b"X-Fill: " + b"f" * (32 * 1024 - len(line) - len(b"X-Fill: \r\n\r\n")) + b"\r\n\r\n"
    assert wht.viewer().ask(line + filler).status == 200


def test_H28_without_a_host_field_the_target_names_the_host(wht):
    tunnel = wht.tunnel(serve=replying(OK))
    assert wht.viewer().ask(f"GET http://other.example:81/{tunnel.id}/x HTTP/1.0\r\n\r\n".encode()).status == 200
    assert tunnel.expect_requests(1)[0].all("host") == ["other.example:81"]


def test_H28_no_other_scheme_gets_through_a_tunnels_own_host(whts):
    tunnel = whts.tunnel(serve=replying(OK))
    answer = whts.viewer().ask(f"GET ftp://a/x HTTP/1.1\r\nHost: {tunnel.id}.{whts.hostname}\r\n\r\n".encode())
    assert answer.status == 400 and not tunnel.requests


def test_U03_a_101_that_names_no_protocol(wht):
    tunnel = wht.tunnel(serve=replying(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"))
    answer = wht.viewer().ask(request(tunnel, fields=["Connection: Upgrade", "Upgrade: foo"]))
    assert (answer.status, answer.error) == (502, "bad_response")
