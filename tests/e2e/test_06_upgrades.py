"""A viewer's WebSocket through the tunnel: the U rows. The bridge is raw: bytes are copied, not messages."""
import asyncio
import contextlib
import threading

import pytest
import websockets

from wht import websocket
from wht.server import eventually
from wht.tunnel import replying
from wht.viewer import TIMEOUT, Head

ASK = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {websocket.KEY}"]
ACCEPT = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
          + websocket.accept_of(websocket.KEY).encode() + b"\r\n\r\n")


def ask(wht, tunnel, fields=ASK, method="GET", version="HTTP/1.1"):
    viewer = wht.viewer()
    lines = [f"{method} /{tunnel.id}/ws {version}", "Host: a", *fields]
    return viewer, viewer.ask(("\r\n".join(lines) + "\r\n\r\n").encode())


def accepting(stream, request):
    """101, and then every byte comes back until the stream ends."""
    stream.send(ACCEPT)
    while data := stream.buffer and stream.take(len(stream.buffer)) or stream.receive():
        stream.send(data)


def test_U01_bytes_both_ways(wht):
    viewer, answer = ask(wht, wht.tunnel(serve=accepting))
    assert answer.status == 101 and answer.get("upgrade") == "websocket" and answer.get("connection").lower() == "upgrade"
    assert answer.get("sec-websocket-accept") == websocket.accept_of(websocket.KEY)
    noise = bytes(range(256)) * 100
    assert viewer.send(noise).exactly(len(noise)) == noise


def test_U01_bytes_right_behind_the_101(wht):
    def serve(stream, request):
        stream.send(ACCEPT + b"\x81\x02hi")
    viewer, answer = ask(wht, wht.tunnel(serve=serve))
    assert answer.status == 101 and viewer.exactly(4) == b"\x81\x02hi"


@pytest.mark.parametrize("status", [200, 403, 404])
def test_U02_another_answer_than_101(wht, status):
    tunnel = wht.tunnel(serve=replying(b"HTTP/1.1 %d Answer\r\nContent-Length: 2\r\n\r\nno" % status))
    viewer, answer = ask(wht, tunnel)
    assert (answer.status, answer.body) == (status, b"no")
    assert viewer.ask(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()).status == status


@pytest.mark.parametrize("wrong", [
    ACCEPT.replace(b"Upgrade: websocket", b"Upgrade: foo"),
    ACCEPT.replace(websocket.accept_of(websocket.KEY).encode(), b"AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
], ids=["another protocol", "wrong accept"])
def test_U03_a_101_is_between_the_ends(wht, wrong):
    """The bridge is raw: whoever asked for the upgrade judges the answer, and gets it as it was given."""
    _, answer = ask(wht, wht.tunnel(serve=replying(wrong)))
    assert answer.status == 101
    assert (answer.get("upgrade"), answer.get("sec-websocket-accept")) == (Head(wrong).get("upgrade"), Head(wrong).get("sec-websocket-accept"))


@pytest.mark.parametrize("end", ["fin", "kill", "rst"])
def test_U04_the_clients_side_ends(wht, end):
    def serve(stream, request):
        stream.send(ACCEPT + b"last")
        {"fin": stream.fin, "kill": stream.tunnel.kill, "rst": stream.rst}[end]()
    viewer, answer = ask(wht, wht.tunnel(serve=serve))
    assert answer.status == 101 or end != "fin"
    assert b"last".startswith(viewer.rest()) or viewer.closed()


@pytest.mark.parametrize("end", ["close", "reset"])
def test_U04_the_viewer_leaves(wht, end):
    tunnel = wht.tunnel(serve=replying(ACCEPT))
    viewer, answer = ask(wht, tunnel)
    getattr(viewer, end)()
    stream = tunnel.streams[0]
    with tunnel.changed:
        tunnel.wait(lambda: stream.ended_by)
    assert stream.ended_by in (3, 5) and tunnel.alive()


@pytest.mark.parametrize("protocol", ["h2c", "TLS/1.0", "foo, h2c"])
def test_U05_protocols_under_http_itself_are_not_passed_on(wht, protocol):
    """What would change the protocol between us and the viewer is ours to refuse: a plain request is forwarded."""
    tunnel = wht.tunnel()
    _, answer = ask(wht, tunnel, ["Connection: Upgrade, HTTP2-Settings", f"Upgrade: {protocol}", "HTTP2-Settings: AAAA"])
    assert answer.status == 200
    assert tunnel.requests[0].get("upgrade") is None and tunnel.requests[0].get("http2-settings") is None


@pytest.mark.parametrize("how", [
    {"method": "POST"}, {"version": "HTTP/1.0"}, {"fields": ASK[1:]},
], ids=["POST", "1.0", "no Connection"])
def test_U06_what_is_no_upgrade(wht, how):
    tunnel = wht.tunnel()
    _, answer = ask(wht, tunnel, **how)
    assert answer.status in (200, 400)
    assert all(request.get("upgrade") is None for request in tunnel.requests)


def test_U05_any_other_protocol_is_between_viewer_and_target(wht):
    tunnel = wht.tunnel(serve=accepting)
    viewer, answer = ask(wht, tunnel, ["Connection: Upgrade", "Upgrade: foo"])
    assert tunnel.requests[0].get("upgrade") == "foo" and answer.status == 101


def test_U07_frames_before_the_101(wht):
    tunnel = wht.tunnel(serve=accepting)
    lines = [f"GET /{tunnel.id}/ws HTTP/1.1", "Host: a", *ASK]
    viewer = wht.viewer().send(("\r\n".join(lines) + "\r\n\r\n").encode() + b"early")
    answer = viewer.response()
    assert answer.status == 101 and viewer.exactly(5) == b"early" or answer.status == 400


class EchoServer:
    """A WebSocket server by the websockets package, in a thread: the origin behind a real whclient."""

    def __init__(self):
        self.loop, self.ready, self.closed = asyncio.new_event_loop(), threading.Event(), {}
        threading.Thread(target=self.loop.run_until_complete, args=(self._main(),), daemon=True).start()
        assert self.ready.wait(TIMEOUT)

    async def _main(self):
        self.done = asyncio.Event()
        async with websockets.serve(self._echo, "127.0.0.1", 0, max_size=None, subprotocols=["chat.v2"]) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self.ready.set()
            await self.done.wait()

    async def _echo(self, connection):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in connection:
                if message == "close me":
                    await connection.close(4321, "as you wish")
                else:
                    await connection.send(message)
        self.closed[connection.path] = (connection.close_code, connection.close_reason)

    def close(self):
        self.loop.call_soon_threadsafe(self.done.set)


@pytest.fixture
def websockets_through(wht):
    """Connects through the tunnel to an echoing server behind whclient."""
    server = wht.keep(EchoServer())
    client = wht.client(origin=server)
    connect = lambda path="/", **how: websockets.connect(
        f"ws://127.0.0.1:{wht.port}/{client.id}{path}", max_size=None, **how)
    connect.server = server
    return connect


def test_U01_text_binary_ping_and_close_codes(websockets_through):
    async def talk():
        async with websockets_through() as connection:
            for message in ("text äöü", b"\x00\xff" * 10, "", b"x" * (1 << 20)):
                await connection.send(message)
                assert await connection.recv() == message
            await (await connection.ping(b"hello"))
            await connection.send("close me")
            with pytest.raises(websockets.ConnectionClosed):
                await connection.recv()
            return connection.close_code, connection.close_reason
    assert asyncio.run(talk()) == (4321, "as you wish")


def test_U01_the_viewers_close_code_arrives(websockets_through):
    async def talk():
        async with websockets_through("/bye") as connection:
            await connection.close(4001, "bye")
    asyncio.run(talk())
    assert eventually(lambda: websockets_through.server.closed == {"/bye": (4001, "bye")})


def test_U08_a_message_of_64_MiB(websockets_through):
    message = bytes(range(256)) * (64 << 12)

    async def talk():
        async with websockets_through(compression=None) as connection:
            await connection.send(message)
            return await connection.recv()
    assert asyncio.run(talk()) == message


def test_U08_100_bridges(websockets_through):
    async def one(number):
        async with websockets_through() as connection:
            for turn in range(5):
                await connection.send(f"{number} {turn}" * 100)
                assert await connection.recv() == f"{number} {turn}" * 100
        return number

    async def all():
        return await asyncio.gather(*(one(number) for number in range(100)))
    assert asyncio.run(all()) == list(range(100))


def test_U09_an_idle_bridge_outlives_the_timeouts_of_bodies(start):
    server = start(WHT_BODY_TIMEOUT=2, WHT_IDLE_TIMEOUT=2, WHT_RESPONSE_TIMEOUT=2, WHT_HEAD_TIMEOUT=2)
    viewer, answer = ask(server, server.tunnel(serve=accepting))
    assert answer.status == 101 and viewer.silent(5)
    assert viewer.send(b"still").exactly(5) == b"still"


def test_U10_subprotocols_end_to_end(websockets_through):
    async def talk():
        async with websockets_through(subprotocols=["chat.v1", "chat.v2"]) as connection:
            return connection.subprotocol
    assert asyncio.run(talk()) == "chat.v2"


def test_compression_is_end_to_end(websockets_through):
    """Extensions are the ends' business: the original dropped them."""
    async def talk():
        async with websockets_through(compression="deflate") as connection:
            await connection.send("a" * 10000)
            assert await connection.recv() == "a" * 10000
            return [extension.name for extension in connection.extensions]
    assert asyncio.run(talk()) == ["permessage-deflate"]
