"""The multiplexing itself, from a client that keeps, bends and breaks its rules: the M rows."""
import threading
import time

import pytest

from wht import websocket
from wht.server import eventually
from wht.tunnel import ACK, DAT, FIN, RST, SYN, encode, replying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BREACH = (1008, 1002)


def ask(wht, tunnel, path="/", more=b""):
    """A viewer whose request is under way; its answer is read when the test wants it."""
    return wht.viewer().send(f"GET /{tunnel.id}{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() + more)


def open_stream(wht, tunnel):
    viewer = ask(wht, tunnel)
    return viewer, tunnel.expect_stream()


def big_response(size):
    return replying(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)


@pytest.fixture(params=["rst", "legacy"])
def client(request, wht):
    """Makes tunnel clients of either kind."""
    return wht.tunnel if request.param == "rst" else wht.legacy


BREACHES = {
    **{f"M01 {n} bytes": b"\0" * n for n in range(5)},
    **{f"M02 type {kind:#x}": encode(kind, 0) for kind in (4, 6, 0x7f, 0xff)},
    **{f"M03 ACK of {n} bytes": encode(ACK, 0, b"\0" * n) for n in (0, 1, 2, 3, 5)},
}


@pytest.mark.parametrize("row", BREACHES)
def test_a_breach_ends_the_session(wht, client, row):
    tunnel = client(serve=None)
    viewer, stream = open_stream(wht, tunnel)
    assert stream.id == 0
    tunnel.ws(websocket.BINARY, BREACHES[row])
    tunnel.expect_over(*BREACH)
    assert viewer.response().status == 502
    assert eventually(lambda: wht.get(f"/{tunnel.id}/").status == 404)


def test_M02_a_reset_from_a_client_that_did_not_agree_on_it(wht):
    tunnel = wht.legacy(serve=None)
    _, stream = open_stream(wht, tunnel)
    stream.rst()
    tunnel.expect_over(*BREACH)


IGNORED = {
    "M03 SYN with payload": [(SYN, 1, b"zz")], "M03 FIN with payload on an unknown stream": [(FIN, 77, b"zz")],
    "M04 DAT": [(DAT, 1000, b"late")], "M04 ACK": [(ACK, 1000, 5)], "M04 FIN": [(FIN, 1000, b"")],
    "M05 odd SYNs": [(SYN, odd, b"") for odd in (1, 3, 5, 7)], "M07 SYN twice": [(SYN, 1, b"")] * 2,
    "M08 200 SYNs": [(SYN, 2 * n + 1, b"") for n in range(200)],
}


@pytest.mark.parametrize("row", IGNORED)
def test_what_is_ignored(wht, client, row):
    tunnel = client(serve=replying(OK))
    for frame in IGNORED[row]:
        tunnel.send(*frame)
    assert tunnel.alive()
    assert wht.get(f"/{tunnel.id}/").body == b"ok"
    assert not [frame for frame in tunnel.sent_by_server(ACK) if frame.stream % 2]


def test_M06_a_SYN_with_one_of_our_ids(wht, client):
    """Ends the session or is ignored, but what we have open is not disturbed in silence."""
    tunnel = client(serve=None)
    viewer, stream = open_stream(wht, tunnel)
    tunnel.send(SYN, stream.id)
    tunnel.send(SYN, stream.id + 100)
    if tunnel.alive():
        stream.request()
        stream.send(OK)
        assert viewer.response().body == b"ok"
        tunnel.serve = replying(OK)
        stream.start()
        assert wht.get(f"/{tunnel.id}/").body == b"ok"
    else:
        tunnel.expect_over(*BREACH)
        assert viewer.response().status == 502


def test_M08_201_SYNs(wht, client):
    tunnel = client(serve=None)
    for n in range(201):
        tunnel.send(SYN, 2 * n + 1)
    tunnel.expect_over(*BREACH)
    assert eventually(lambda: wht.get(f"/{tunnel.id}/").status == 404)


def test_M09_credit_is_what_may_be_sent(wht):
    """ACK 0 blocks, ACK 1 lets one byte pass, and a huge one lets all of it."""
    tunnel = wht.legacy(serve=None, window=0)
    _, stream = open_stream(wht, tunnel)
    assert tunnel.alive() and stream.received == 0
    for n in (1, 2, 3):
        stream.ack(1)
        assert tunnel.expect(DAT, stream.id).payload == b"GET"[n - 1:n]
        assert tunnel.alive() and stream.received == n
    stream.ack(0xFFFFFFFF - 3)
    assert stream.until(b"\r\n\r\n").startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize("credits", [(0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 1, 1)])
def test_M10_M11_credit_beyond_all_bounds(wht, credits):
    """Saturates or ends the session; it never wraps to a little."""
    tunnel = wht.legacy(serve=None, window=0, consume=False)
    viewer, stream = open_stream(wht, tunnel)
    for credit in credits:
        stream.ack(credit)
    if tunnel.alive():
        assert stream.request().target == "/"
        stream.send(OK)
        assert viewer.response().body == b"ok"
    else:
        tunnel.expect_over(*BREACH)
        assert viewer.response().status == 502


def test_M12_more_than_the_window(wht):
    """A client that pours 32 MiB into a stream whose viewer does not read: over, and the viewer has a true beginning."""
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer(receive_buffer=4096).send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stream = tunnel.expect_stream()
    memory = wht.memory()
    stream.dat(b"HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n")
    for n in range(2048):
        if tunnel.over:
            break
        stream.dat(b"%015d\n" % n * 1024)
    tunnel.expect_over(*BREACH)
    answer = viewer.response()
    assert answer.status == 200 and not answer.complete
    want = b"".join(b"%015d\n" % n * 1024 for n in range(len(answer.body) // 16384 + 1))
    assert want.startswith(answer.body)
    assert wht.memory() - memory < 64 << 20


def test_I02_M12_a_legacy_client_may_be_4_MiB_ahead(wht):
    """A client of 2026 has windows of 4 MiB and assumes that ours are as wide."""
    size = (4 << 20) - 100
    tunnel = wht.legacy(serve=None, window=4 << 20)
    viewer = wht.viewer(receive_buffer=4096).send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stream = tunnel.expect_stream()
    stream.request()
    stream.dat(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * (size - 100))
    assert tunnel.alive()
    stream.dat(b"x" * 100)
    assert len(viewer.response().body) == size


@pytest.mark.parametrize("window", [1, 7, 1024, 4096])
def test_M13_the_clients_window_is_respected(wht, window):
    """A recording client with a small buffer: at no moment has it been sent more than it gave credit for."""
    size = 2000 if window < 100 else 200_000
    tunnel = wht.legacy(window=window, serve=replying(OK))
    body = b"y" * size
    assert wht.get(f"/{tunnel.id}/", method="POST", body=body).body == b"ok"
    assert tunnel.requests[0].body == body
    frames = tunnel.sent_by_server(DAT)
    assert max(len(frame.payload) for frame in frames) <= min(window, 16384)
    assert sum(len(frame.payload) for frame in frames) >= size


def test_M13_nothing_beyond_the_credit_even_when_much_waits(wht):
    tunnel = wht.legacy(window=1000, serve=None, consume=False)
    wht.viewer().send(f"POST /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n".encode() + b"z" * 100_000)
    stream = tunnel.expect_stream()
    given = 1000
    while given < 20_000:
        with tunnel.changed:
            tunnel.wait(lambda: stream.received >= given)
        assert tunnel.alive() and stream.received == given
        stream.ack(333)
        given += 333


@pytest.mark.parametrize("kind", ["rst", "legacy"])
def test_M14_a_slow_viewer_slows_the_client(wht, kind):
    """The viewer does not read: what the client could send is the window and the buffers on the way, not 64 MiB."""
    tunnel = (wht.tunnel if kind == "rst" else wht.legacy)(serve=big_response(64 << 20))
    viewer = wht.viewer(receive_buffer=4096).send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    tunnel.expect_stream()
    viewer.until(b"\r\n\r\n")

    def blocked():
        """No credit left, and none comes while a ping goes round."""
        stream = tunnel.streams[0]
        return stream.credit == 0 and tunnel.alive() and stream.credit == 0
    assert eventually(blocked)
    given = sum(ack.number for ack in tunnel.sent_by_server(ACK)) + (tunnel.credit if kind == "rst" else 65536)
    assert given < 16 << 20
    assert len(viewer.exactly(1 << 20)) == 1 << 20  # and reading sets it going again


def test_M15_empty_DATs(wht, client):
    def serve(stream, request):
        for piece in (b"", OK[:10], b"", b"", OK[10:], b""):
            stream.dat(piece)
    tunnel = client(serve=serve)
    assert wht.get(f"/{tunnel.id}/").body == b"ok"
    assert tunnel.alive()


def test_M16_data_behind_a_FIN(wht, client):
    def serve(stream, request):
        stream.send(b"HTTP/1.1 200 OK\r\n\r\nall")
        stream.fin()
        stream.dat(b" and more")
    assert wht.get(f"/{client(serve=serve).id}/").body == b"all"


def test_M17_FIN_twice(wht, client):
    def serve(stream, request):
        stream.send(OK)
        stream.fin()
        stream.fin()
    tunnel = client(serve=serve)
    assert wht.get(f"/{tunnel.id}/").body == b"ok"
    assert tunnel.alive()


def test_M17_FIN_before_the_ACK(wht):
    tunnel = wht.legacy(serve=None, window=None)
    viewer = ask(wht, tunnel)
    tunnel.send(FIN, tunnel.expect(SYN).stream)
    assert viewer.response().status == 502


def test_M18_a_legacy_client_that_keeps_sending_gets_credit_until_a_limit(start):
    """The viewer left: FIN, then credit for late bytes so that the client's writer does not hang, then no more."""
    server = start(WHT_LINGER_TIMEOUT=1, WHT_LINGER_BYTES=1 << 20)
    tunnel = server.legacy(serve=big_response(64 << 20))
    viewer = server.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stream = tunnel.expect_stream()
    viewer.until(b"xxxx")
    viewer.reset()
    tunnel.expect(FIN, stream.id)
    # The linger ends by bytes or by time; either way the credit dries up, and the session lives.
    given = lambda: sum(ack.number for ack in tunnel.sent_by_server(ACK, stream.id))
    last = [0]

    def dry():
        seen, last[0] = last[0], given()
        time.sleep(0.2)
        return seen == last[0]
    assert eventually(dry)
    assert tunnel.alive()
    tunnel.serve = replying(OK)
    assert server.get(f"/{tunnel.id}/").body == b"ok"


def test_M18_with_resets_agreed_on_the_client_is_told_at_once(wht):
    tunnel = wht.tunnel(serve=big_response(64 << 20))
    viewer = ask(wht, tunnel)
    stream = tunnel.expect_stream()
    viewer.until(b"xxxx")
    viewer.reset()
    tunnel.expect(RST, stream.id)
    assert tunnel.alive()


def test_M19_a_stream_that_is_not_accepted(start):
    server = start(WHT_OPEN_TIMEOUT=0.5)
    tunnel = server.legacy(serve=None, window=None)
    viewer = ask(server, tunnel)
    answer = viewer.response()
    assert (answer.status, answer.error) == (504, "open_timeout")
    tunnel.send(ACK, tunnel.frames[0].stream, 1000)  # late, and harmless
    assert tunnel.alive()


def test_M20_a_thousand_streams_at_once(wht):
    tunnel = wht.tunnel(serve=None)
    viewers = [ask(wht, tunnel, f"/{n}") for n in range(1000)]
    streams = [tunnel.expect_stream() for _ in viewers]
    assert len({stream.id for stream in streams}) == 1000
    for stream in streams:
        target = stream.request().target.encode()
        stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target) + target)
    assert [viewer.response().body for viewer in viewers] == [b"/%d" % n for n in range(1000)]


def test_M20_a_legacy_client_never_has_200_streams_unaccepted(wht):
    """The original deadlocks on 200: the 191st waits until others are accepted."""
    tunnel = wht.legacy(serve=None, window=None)
    viewers = [ask(wht, tunnel, f"/{n}") for n in range(250)]
    assert eventually(lambda: len(tunnel.sent_by_server(SYN)) >= 190)
    assert tunnel.alive() and len(tunnel.sent_by_server(SYN)) < 200
    tunnel.accept, tunnel.credit, tunnel.serve = 65536, 65536, replying(OK)
    for frame in tunnel.sent_by_server(SYN):
        stream = tunnel.streams[frame.stream]
        stream.credit = 65536
        stream.ack(65536)
        stream.start()
    assert [viewer.response().body for viewer in viewers] == [b"ok"] * 250


def test_M22_M23_a_client_that_never_reads(start):
    """Its viewers' uploads pile up to a bound; it is dropped when silent; others do not notice."""
    server = start(WHT_PING_INTERVAL=8)
    tunnel, other = server.tunnel(serve=None), server.tunnel()
    memory = server.memory()
    tunnel.viewer.socket.settimeout(0.001)  # the reader thread ends with its next wait
    tunnel.raw(websocket.frame(websocket.PING))
    with tunnel.changed:
        tunnel.wait(lambda: tunnel.over)
    viewers = [server.viewer() for _ in range(8)]
    threads = [threading.Thread(target=viewer.send, daemon=True, args=(
        f"POST /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\nContent-Length: {32 << 20}\r\n\r\n".encode() + b"u" * (32 << 20),))
        for viewer in viewers]
    for thread in threads:
        thread.start()
    assert server.get(f"/{other.id}/").status == 200
    assert {viewer.response().status for viewer in viewers} <= {502, 503}
    assert server.memory() - memory < 64 << 20
    assert server.get(f"/{tunnel.id}/").status == 404


def test_M24_one_stuck_viewer_does_not_hold_up_the_others(wht):
    tunnel = wht.tunnel(serve=lambda stream, request: big_response(64 << 20 if request.target == "/stuck" else 10)(stream, request))
    stuck = wht.viewer(receive_buffer=4096).send(f"GET /{tunnel.id}/stuck HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stuck.until(b"xxxx")
    assert eventually(lambda: tunnel.streams[0].credit == 0)
    assert [wht.get(f"/{tunnel.id}/").body for _ in range(99)] == [b"x" * 10] * 99
    assert tunnel.alive()


def test_M25_both_directions_full_with_tiny_windows(wht):
    """Eight uploads that are echoed as they come, through windows of 100 bytes: no deadlock, no byte lost."""
    size = 20_000

    tunnel = wht.legacy(window=100, serve=None)

    def serve(stream):
        stream.until(b"\r\n\r\n")
        stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        left = size
        while left:
            data = stream.take(len(stream.buffer)) if stream.buffer else stream.receive()
            left -= len(data)
            stream.send(data)
    bodies = [bytes([65 + n]) * size for n in range(8)]
    viewers = [wht.viewer() for _ in bodies]
    for viewer, body in zip(viewers, bodies):
        threading.Thread(target=viewer.send, daemon=True, args=(
            f"POST /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode() + body,)).start()
    for _ in viewers:
        threading.Thread(target=serve, args=(tunnel.expect_stream(),), daemon=True).start()
    assert [viewer.response().body for viewer in viewers] == bodies


def test_M26_a_flood_of_ACKs(wht):
    tunnel, other = wht.tunnel(serve=None), wht.tunnel()
    _, stream = open_stream(wht, tunnel)
    flood = websocket.frame(websocket.BINARY, encode(ACK, 2**31, 0)) * 100_000
    sender = threading.Thread(target=tunnel.raw, args=(flood,), daemon=True)
    sender.start()
    while sender.is_alive():
        assert wht.get(f"/{other.id}/").status == 200
    assert tunnel.alive()


def test_M27_many_DATs_of_one_byte(wht):
    size = 100_000

    def serve(stream, request):
        stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        one = websocket.frame(websocket.BINARY, encode(DAT, stream.id, b"1"))
        stream.tunnel.raw(one * size)
    tunnel = wht.tunnel(serve=serve)
    assert wht.get(f"/{tunnel.id}/").body == b"1" * size


@pytest.mark.parametrize("state", ["SYN sent", "request half sent", "response half sent", "upgraded"])
def test_M28_the_session_ends_in_every_state_of_a_viewer(wht, client, state):
    tunnel = client(serve=None)
    if state == "SYN sent":
        tunnel.accept = None
    if state == "request half sent":
        viewer = wht.viewer().send(f"POST /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf".encode())
        tunnel.expect_stream().until(b"half")
    elif state == "upgraded":
        viewer = wht.viewer().send((f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {websocket.KEY}\r\n\r\n").encode())
        tunnel.expect_stream().send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + websocket.accept_of(websocket.KEY).encode() + b"\r\n\r\n")
        assert viewer.response().status == 101
    else:
        viewer = ask(wht, tunnel)
        stream = tunnel.expect_stream()
        if state == "response half sent":
            stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            viewer.until(b"half")
    tunnel.kill()
    if state in ("SYN sent", "request half sent"):
        assert viewer.response().status == 502  # after a time-out it would be 504
    else:
        assert viewer.closed()


def test_one_round_trip_with_the_window_agreed_on(wht):
    """SYN and the request come together, before any ACK of ours."""
    tunnel = wht.tunnel(serve=None, accept=None)
    ask(wht, tunnel)
    stream = tunnel.expect_stream()
    assert tunnel.expect(DAT, stream.id).payload.startswith(b"GET / ")


def test_a_stream_is_used_again(wht):
    """A second request soon after the first needs no new stream; a legacy client's either."""
    for client in (wht.tunnel, wht.legacy):
        tunnel = client(serve=replying(OK))
        viewer = wht.viewer()
        for _ in range(5):
            assert viewer.ask(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()).body == b"ok"
        assert len(tunnel.requests) == 5


def test_no_reuse_when_it_is_switched_off(start):
    server = start(WHT_REUSE_TIMEOUT=0)
    tunnel = server.tunnel(serve=replying(OK))
    viewer = server.viewer()
    for _ in range(3):
        assert viewer.ask(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()).body == b"ok"
    assert len(tunnel.sent_by_server(SYN)) == 3
