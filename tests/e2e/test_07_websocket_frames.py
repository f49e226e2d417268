"""WebSocket frames from a tunnel client, right and wrong: the W rows. Every split of a frame is in tests/unit/ws.

Where wslay finds the fault its Close may be empty or carry 1002, and a bare end is as good: what counts is that the
session is over, its id free and its viewers told.
"""
import socket

import pytest

from wht.server import eventually
from wht.tunnel import ACK, SYN, encode, replying
from wht.websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, frame

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LATE_ACK = encode(ACK, 2 ** 31, 0)  # for a stream that does not exist: ignored, so a harmless message
ENDS = (None, 1000, 1002, 1007, 1008, 1009)

ENDING = {
    "W01 unmasked": frame(BINARY, LATE_ACK, mask=False),
    **{f"W02 RSV{n}": frame(BINARY, LATE_ACK, rsv=bit) for n, bit in ((1, 4), (2, 2), (3, 1))},
    **{f"W03 opcode {opcode}": frame(opcode, b"") for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "W04 ping of 126": frame(PING, b"x" * 126), "W04 ping in fragments": frame(PING, b"x", fin=False),
    "W04 close in fragments": frame(CLOSE, close_payload(1000), fin=False),
    "W05 short in 16 bits": frame(BINARY, LATE_ACK, form=16), "W05 short in 64 bits": frame(BINARY, LATE_ACK, form=64),
    "W05 bit 63": frame(BINARY, LATE_ACK, form=64, announce=2**63 + 9),
    "W06 continuation first": frame(CONTINUATION, LATE_ACK),
    "W06 message in a message": frame(BINARY, LATE_ACK[:2], fin=False) + frame(BINARY, LATE_ACK),
    "W09 text": frame(TEXT, b"hello"), "W09 not UTF-8": frame(TEXT, b"\xff\xfe"),
    **{f"W10 2^{n}": frame(BINARY, b"x", form=64, announce=2**n) for n in (31, 40, 62)},
    "W13 empty close": frame(CLOSE), **{f"W13 {code}": frame(CLOSE, close_payload(code)) for code in (1000, 3000, 4999)},
    "W14 close of 1 byte": frame(CLOSE, b"\x03"),
    **{f"W14 {code}": frame(CLOSE, close_payload(code)) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000)},
    "W15 not UTF-8": frame(CLOSE, close_payload(1000, b"\xff\xfe")),
    "W15 124 bytes": frame(CLOSE, close_payload(1000, b"x" * 124)),
    "W16 data behind a close": frame(CLOSE, close_payload(1000)) + frame(BINARY, LATE_ACK) + frame(TEXT, b"x"),
}
CODES = {"W09 text": (1008, 1007, 1003), "W09 not UTF-8": (1007, 1008, 1003), "W10": (1009,), "W13 1000": (1000,), "W13 3000": (3000,),
         "W13 4999": (4999,)}


# M29: each of these ends a session from inside the parser; AddressSanitizer watches who is freed when.
@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "W08 bytewise"])
@pytest.mark.parametrize("row", ENDING)
def test_the_session_ends_and_the_id_is_free(wht, row, bytewise):
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    tunnel.expect(SYN)
    memory = wht.memory()
    tunnel.raw(ENDING[row], bytewise)
    tunnel.expect_over(*CODES.get(row, CODES.get(row[:3], ENDS + (3000, 4999))))
    assert viewer.response().status == 502
    assert eventually(lambda: wht.get(f"/{tunnel.id}/").status == 404)
    assert wht.memory() - memory < 16 << 20
    assert wht.get("/__heartbeat__").status == 200


HARMLESS = {
    "W07 fragments": frame(BINARY, LATE_ACK[:3], fin=False) + frame(PING, b"between") + frame(CONTINUATION, LATE_ACK[3:6], fin=False)
    + frame(CONTINUATION, LATE_ACK[6:]),
    "W07 empty fragments": frame(BINARY, LATE_ACK, fin=False) + frame(CONTINUATION, b"", fin=False) + frame(CONTINUATION),
    "W19 ping of 125": frame(PING, b"x" * 125), "W19 ten pings": b"".join(frame(PING, b"%d" % n) for n in range(10)),
    "W20 a pong nobody asked for": frame(PONG, b"surprise") + frame(PONG),
}


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "W08 bytewise"])
@pytest.mark.parametrize("row", HARMLESS)
def test_the_session_goes_on(wht, row, bytewise):
    tunnel = wht.tunnel(serve=replying(OK))
    tunnel.raw(HARMLESS[row], bytewise)
    assert tunnel.alive()
    assert wht.get(f"/{tunnel.id}/").body == b"ok"


def test_W07_a_response_cut_into_fragments_of_every_size(wht):
    """One DAT message as fragments of 1, 2, 3 ... bytes: the same response."""
    def serve(stream, request):
        message = encode(0, stream.id, OK)
        size = 1 + len(stream.tunnel.requests)
        pieces = [message[at:at + size] for at in range(0, len(message), size)]
        stream.tunnel.raw(b"".join(frame(BINARY if n == 0 else CONTINUATION, piece, fin=n == len(pieces) - 1)
                                   for n, piece in enumerate(pieces)))
    tunnel = wht.tunnel(serve=serve)
    viewer = wht.viewer()
    for _ in range(30):
        assert viewer.ask(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()).body == b"ok"


@pytest.mark.parametrize("fragments", [1, 100])
def test_W11_a_message_over_the_limit(wht, fragments):
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stream = tunnel.expect(SYN).stream
    memory = wht.memory()
    piece = b"x" * (64 << 20 if fragments == 1 else 1 << 20)
    for n in range(fragments):
        tunnel.raw(frame(BINARY if n == 0 else CONTINUATION, encode(0, stream) + piece if n == 0 else piece, fin=False))
    tunnel.expect_over(None, 1008, 1009)
    assert viewer.response().status == 502
    assert wht.memory() - memory < 32 << 20


def test_W12_a_hundred_thousand_empty_fragments(wht):
    tunnel, other = wht.tunnel(serve=None), wht.tunnel()
    tunnel.raw(frame(BINARY, LATE_ACK, fin=False) + frame(CONTINUATION, b"", fin=False) * 100_000 + frame(CONTINUATION))
    assert tunnel.alive() or tunnel.over
    assert wht.get(f"/{other.id}/").status == 200


def test_W17_a_close_with_200_viewers(wht):
    tunnel = wht.tunnel(serve=None)
    viewers = [wht.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()) for _ in range(200)]
    for _ in viewers:
        tunnel.expect(SYN)
    tunnel.close_frame()
    assert {viewer.response().status for viewer in viewers} == {502}  # after a time-out it would be 504
    assert wht.get(f"/{tunnel.id}/").status == 404


def test_W18_our_close_is_not_answered(wht):
    """A client that never answers the Close is cut off; when exactly is in unit/link/silence_test.c."""
    tunnel = wht.tunnel(serve=None)
    answers = tunnel.ws
    tunnel.ws = lambda opcode, *rest, **how: None if opcode == CLOSE else answers(opcode, *rest, **how)
    tunnel.raw(frame(TEXT, b"x"))
    tunnel.expect_over(1008, 1007, 1003)


@pytest.mark.parametrize("how", ["fin", "reset"])
def test_W21_the_connection_ends_without_a_close(wht, how):
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    tunnel.expect(SYN)
    if how == "fin":
        tunnel.viewer.socket.shutdown(socket.SHUT_WR)
    else:
        tunnel.kill()
    answer = viewer.response()
    assert answer.status == 502 and answer.error in ("link_lost", "eof", "io")
    assert eventually(lambda: wht.get(f"/{tunnel.id}/").status == 404)


def test_W21_M21_silence(start):
    """No pong, no byte: gone after two intervals; meanwhile the server pinged."""
    server = start(WHT_PING_INTERVAL=2)
    tunnel = server.tunnel(serve=None)
    viewer = server.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    tunnel.expect(SYN)
    tunnel.pong = False
    answer = viewer.response()
    assert answer.status == 502 and answer.error in ("ping_timeout", "link_lost")
    tunnel.expect_over(None, 1001)
    assert tunnel.pinged


def test_M21_any_byte_is_a_sign_of_life(start):
    """A client that never answers pings but says something now and then is alive."""
    server = start(WHT_PING_INTERVAL=2)
    tunnel = server.tunnel(serve=None, pong=False)

    def pinged_again_and_again():
        tunnel.raw(frame(PONG, b"unasked"))
        return tunnel.pinged >= 4 or tunnel.over
    assert eventually(pinged_again_and_again) and not tunnel.over


def test_W22_tls_ends_without_close_notify(whts):
    tunnel = whts.tunnel(serve=None)
    viewer = whts.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: {whts.hostname}\r\n\r\n".encode())
    tunnel.expect(SYN)
    socket.socket.shutdown(tunnel.viewer.socket, socket.SHUT_WR)
    assert viewer.response().status == 502
