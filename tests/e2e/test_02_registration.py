"""Registrations and ids: the R rows."""
import pytest

from wht import websocket
from wht.token import mint
from wht.tunnel import ACK, DAT, SYN, encode, registration, replying
from wht.viewer import Viewer

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def without(request, name):
    lines = request.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(name.lower().encode() + b":"))


def replaced(request, name, value):
    return without(request, name).replace(b"\r\n\r\n", f"\r\n{name}: {value}\r\n\r\n".encode("latin-1"), 1)


@pytest.mark.parametrize("faults, status", [
    (("id", "token", "upgrade"), 400), (("token", "upgrade"), 400), (("upgrade", "signature"), 404),
    (("signature", "key"), 401), (("key",), 400), (("version",), 400),
], ids=lambda value: "+".join(value) if isinstance(value, tuple) else str(value))
def test_R01_order_of_the_checks(wht, faults, status):
    request = registration("r/1" if "id" in faults else "r1", mint("r1", secret="other") if "signature" in faults else mint("r1"))
    if "token" in faults:
        request = without(request, "authorization")
    if "upgrade" in faults:
        request = without(without(request, "upgrade"), "connection")
    if "key" in faults:
        request = replaced(request, "Sec-WebSocket-Key", "short")
    if "version" in faults:
        request = replaced(request, "Sec-WebSocket-Version", "12")
    assert wht.viewer().ask(request).status == status


def test_R02_an_id_header_with_a_path_is_a_viewer(wht):
    tunnel = wht.tunnel()
    wht.viewer().ask(registration("other", mint("other"), path=f"/{tunnel.id}/x"))
    assert tunnel.expect_requests(1)[0].target == "/x"


def test_R03_a_query_is_allowed(wht):
    assert wht.viewer().ask(registration("r3", mint("r3"), path="/?a=b")).status == 101


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
def test_R04_only_get_registers(wht, method):
    request = registration("r4", mint("r4")).replace(b"GET", method.encode(), 1)
    assert wht.viewer().ask(request, method).status in (400, 405)
    assert wht.get("/r4/").status == 404


@pytest.mark.parametrize("change", [
    (b"x-webhooktunnel-id:", b"X-WEBHOOKTUNNEL-ID:"), (b"Authorization: ", b"aUTHORIZATION:\t "),
    (b"Upgrade: websocket", b"upgrade:  websocket \t"), (b"-id: r5", b"-id: \tr5 \t"),
], ids=["case of the id header", "OWS before the token", "OWS after a value", "OWS around the id"])
def test_R05_case_and_white_space(wht, change):
    assert wht.viewer().ask(registration("r5", mint("r5")).replace(*change)).status == 101


@pytest.mark.parametrize("second", ["x-webhooktunnel-id: r6", "x-webhooktunnel-id: r7", "x-websocktunnel-id: r7"])
def test_R06_two_id_headers(wht, second):
    assert wht.viewer().ask(registration("r6", mint("r6"), extra=[second])).status == 400


def test_both_families_with_the_same_id_are_one_id(wht):
    """What whclient sends, so that it works with any server."""
    tunnel = wht.tunnel("r6both", extra=["x-websocktunnel-id: r6both"])
    assert tunnel.response.get("x-webhooktunnel-client-url") or tunnel.response.get("x-websocktunnel-client-url")


def test_R07_an_empty_id_header_is_no_registration(wht):
    assert wht.viewer().ask(registration("", mint(""))).status == 404


@pytest.mark.parametrize("family", ["webhooktunnel", "websocktunnel"])
def test_R08_client_url(wht, family):
    tunnel = wht.tunnel(family=family)
    assert tunnel.url == f"http://localhost/{tunnel.id}"
    other = {"webhooktunnel": "websocktunnel", "websocktunnel": "webhooktunnel"}[family]
    assert tunnel.response.get(f"x-{other}-client-url") is None


@pytest.mark.parametrize("prefix", ["https://tunnels.example/x", "https://tunnels.example/x/"])
def test_R08_url_prefix(start, prefix):
    assert start(URL_PREFIX=prefix).tunnel("r8").url == "https://tunnels.example/x/r8"


def test_R09_extensions_and_subprotocols_are_not_negotiated(wht):
    tunnel = wht.tunnel(extra=["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat, superchat"])
    assert tunnel.response.get("sec-websocket-extensions") is None
    assert tunnel.response.get("sec-websocket-protocol") is None
    assert tunnel.response.get("sec-websocket-accept") == websocket.accept_of(websocket.KEY)


@pytest.mark.parametrize("version", ["0", "8", "12", None, "13, 8"])
def test_R10_only_version_13(wht, version):
    request = registration("r10", mint("r10"))
    request = replaced(request, "Sec-WebSocket-Version", version) if version else without(request, "Sec-WebSocket-Version")
    answer = wht.viewer().ask(request)
    assert answer.status in (400, 426)
    assert answer.status == 400 or answer.get("sec-websocket-version") == "13"


@pytest.mark.parametrize("key", [None, "", "AAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA=", "*" * 24, "twice"])
def test_R11_key(wht, key):
    request = registration("r11", mint("r11"))
    if key == "twice":
        request = request.replace(b"\r\n\r\n", f"\r\nSec-WebSocket-Key: {websocket.KEY}\r\n\r\n".encode())
    else:
        request = replaced(request, "Sec-WebSocket-Key", key) if key is not None else without(request, "Sec-WebSocket-Key")
    assert wht.viewer().ask(request).status == 400


@pytest.mark.parametrize("name, value", [("Connection", "keep-alive, Upgrade"), ("Connection", "UPGRADE"), ("Upgrade", "WebSocket")])
def test_R12_tokens_of_the_handshake(wht, name, value):
    assert wht.viewer().ask(replaced(registration("r12", mint("r12")), name, value)).status == 101


def test_R13_every_byte_in_an_id(wht):
    """A CR LF LF or SP at the edges is the header's, so the byte stands between two letters."""
    good = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~.%-"
    wrong = []
    for byte in range(256):
        id = b"a" + bytes([byte]) + b"b"
        request = registration("@@", mint(id.decode("latin-1"))).replace(b"@@", id)
        viewer = Viewer(wht.port)
        if viewer.ask(request).status != (101 if byte in good else 400):
            wrong.append(byte)
        viewer.close()
    assert not wrong


@pytest.mark.parametrize("id", [b"r14\r\n ", b"r14\r\n\tx", b"r14\0", b"r14\n", b"r14\0x"])
def test_R14_tricks_at_the_end_of_an_id(wht, id):
    assert wht.viewer().ask(registration("@@", mint("r14")).replace(b"@@", id)).status == 400
    assert wht.get("/r14/").status == 404


@pytest.mark.parametrize("length, status", [(1, 101), (128, 101), (129, 400), (8000, 400)])
def test_R15_length(wht, length, status):
    assert wht.viewer().ask(registration("l" * length, mint("l" * length))).status == status


@pytest.mark.parametrize("id", [".", "..", "__", "__heartbeat__", "__lbheartbeat__", "__x"])
def test_R16_names_that_are_not_ids(wht, id):
    assert wht.viewer().ask(registration(id, mint(id))).status == 400


@pytest.mark.parametrize("id", ["a%2fb", "a%00b", "...", "~", "_x", "%"])
def test_R17_ids_are_literal(wht, id):
    tunnel = wht.tunnel(id)
    assert wht.get(f"/{id}/x").status == 200
    assert wht.get("/a/b/x").status == 404
    assert [request.target for request in tunnel.requests] == ["/x"]


def test_R18_taking_over(wht):
    old = wht.tunnel(serve=None)
    waiting = wht.viewer().send(f"GET /{old.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    old.expect(SYN)
    new = wht.tunnel(old.id, serve=replying(ANSWER))
    answer = waiting.response()
    assert (answer.status, answer.error) == (502, "replaced")
    old.expect_over()
    assert wht.get(f"/{old.id}/").body == b"ok"
    assert new.requests and not old.requests


def test_R19_a_bad_token_takes_nothing_over(wht):
    old = wht.tunnel()
    assert wht.viewer().ask(registration(old.id, mint(old.id, secret="other"))).status == 401
    assert old.alive() and wht.get(f"/{old.id}/").status == 200


def test_R20_frames_behind_the_request(wht):
    """A ping and a stream's worth of stragglers in one segment with the registration."""
    behind = websocket.frame(websocket.PING, b"early") + websocket.frame(websocket.BINARY, encode(ACK, 4, 10))
    id = wht.new_id()
    viewer = wht.viewer().send(registration(id, mint(id)) + behind)
    assert viewer.response().status == 101
    frames = []
    while (websocket.PONG, True, b"early") not in frames:
        frames.append(websocket.read_frame(viewer))


@pytest.mark.parametrize("body", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"])
def test_R21_a_registration_has_no_body(wht, body):
    request = registration("r21", mint("r21"))[:-2] + body
    viewer = wht.viewer()
    assert viewer.ask(request).status == 400
    assert viewer.closed()


def test_R22_gone_before_the_first_frame(wht):
    """Killed at once, before or after reading the 101: the id is free again and nothing stays open."""
    with wht.no_socket_left():
        for read in (False, True):
            for _ in range(20):
                id = wht.new_id()
                viewer = Viewer(wht.port).send(registration(id, mint(id)))
                if read:
                    assert viewer.response().status == 101
                viewer.reset()


def test_R23_the_end_of_the_old_session_leaves_the_new_one(wht):
    id = wht.new_id()
    tunnels = [wht.tunnel(id) for _ in range(10)]
    for old in tunnels[:-1]:
        old.expect_over()
        old.close()
    assert wht.get(f"/{id}/x").status == 200
    assert [len(tunnel.requests) for tunnel in tunnels] == [0] * 9 + [1]


def test_taking_over_again_and_again_with_viewers_waiting(wht):
    """Ten clients fight for one id while viewers knock: every viewer gets an answer, the last client stays."""
    id = wht.new_id()
    tunnels, viewers = [], []
    for _ in range(10):
        tunnels.append(wht.tunnel(id, serve=None))
        viewers.append(wht.viewer().send(f"GET /{id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()))
        tunnels[-1].expect(SYN)
    last = wht.tunnel(id)
    assert [(answer.status, answer.error) for answer in (viewer.response() for viewer in viewers)] == [(502, "replaced")] * 10
    assert wht.get(f"/{id}/").status == 200 and len(last.requests) == 1


def test_a_stream_of_a_legacy_client(wht):
    """The original's dance: SYN, wait for the ACK, DAT within its credit, ACK of what was handed on, FIN."""
    tunnel = wht.legacy(serve=None, window=1024, consume=False)
    viewer = wht.viewer().send(f"GET /{tunnel.id}/hello HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stream = tunnel.expect_stream()
    request = stream.request()
    assert request.target == "/hello"
    assert tunnel.frames[0].kind == SYN and tunnel.frames[0].payload == b"" and tunnel.frames[0].stream % 2 == 0
    stream.dat(ANSWER)
    assert viewer.response().body == b"ok"
    assert sum(ack.number for ack in tunnel.sent_by_server(ACK)) >= len(ANSWER)
    assert {frame.kind for frame in tunnel.frames} <= {SYN, DAT, ACK, 3}


@pytest.mark.parametrize("mux, agreed", [
    ("window=262144, rst", True), ("rst,window=4096,unknown=1", True), ("window=0", False), ("window=x", False), ("", False),
])
def test_the_extension_header(wht, mux, agreed):
    tunnel = wht.tunnel(mux=mux or None, extra=["x-webhooktunnel-mux:"] if not mux else (), serve=None, accept=0)
    assert ("window=" in (tunnel.mux or "")) == agreed
    assert ("rst" in (tunnel.mux or "")) == ("rst" in mux)
    if agreed:  # no credit was ever given by ACK, and still the request comes
        wht.viewer().send(f"GET /{tunnel.id}/at-once HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert tunnel.expect_stream().request().target == "/at-once"
