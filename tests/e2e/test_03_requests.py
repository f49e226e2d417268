"""HTTP/1.1 requests, strictly: the H rows. What is refused never reaches the tunnel.

A row is refused whole and byte by byte (H46; every split is in tests/unit/http). That nothing reached the client is seen
by a request sent afterwards: it is the only one that the client has got.
"""
import threading
import time

import pytest

from wht.server import eventually

BIG = 1 << 20


def head(*fields, start="GET /@/x HTTP/1.1", host=True):
    lines = [start, *(["Host: a"] if host else []), *fields]
    return "\r\n".join(lines) + "\r\n\r\n"


def post(*fields, body=""):
    return head(*fields, start="POST /@/x HTTP/1.1") + body


def chunked(body):
    return post("Transfer-Encoding: chunked", body=body)


CHUNK = "5\r\nhello\r\n0\r\n\r\n"
CL5 = "Content-Length: 5"
TE = "Transfer-Encoding: "

# Refused when the head is read: row -> bytes. "@" stands for the id.
REFUSED = {
    "H01 CL TE": post(CL5, TE + "chunked", body=CHUNK), "H01 TE CL": post(TE + "chunked", CL5, body=CHUNK),
    "H01 any case": post("content-LENGTH: 5", "TRANSFER-encoding: CHUNKED", body=CHUNK),
    **{f"H02 {second}": post(CL5, f"Content-Length: {second}", body="hello") for second in (5, 6)},
    **{f"H02 {both}": post(f"Content-Length: {both}", body="hello") for both in ("5, 5", "5,6")},
    **{f"H03 {value!r}": post(f"Content-Length: {value}", body="hello")
       for value in ("+5", "-1", "0x5", "5_0", "5 6", "1e1", "5;", "", "\xa05")},
    **{f"H04 {value}": post(f"Content-Length: {value}") for value in (2**63, 2**64 - 1, 2**64, "9" * 30)},
    **{f"H06 {value}": post(TE + value, body=CHUNK)
       for value in ("xchunked", "chunkedx", "chunked;q=1", '"chunked"', "identity", "gzip", "gzip, chunked", "", ",chunked")},
    "H07 twice": post(TE + "chunked", TE + "chunked", body=CHUNK),
    **{f"H07 {value}": post(TE + value, body=CHUNK) for value in ("chunked, chunked", "chunked, identity")},
    **{f"H08 {value!r}": post(TE + value, body=CHUNK)
       for value in ("\x0bchunked", "\x0cchunked", "chunked\0", "\xa0chunked", "chunked\xa0", "chun\tked")},
    "H09 TE on 1.0": head("Transfer-Encoding: chunked", start="POST /@/x HTTP/1.0") + CHUNK,
    "H10 CL": post("Content-Length : 5", body="hello"), "H10 TE": post("Transfer-Encoding : chunked", body=CHUNK),
    "H11 leading SP": "GET /@/x HTTP/1.1\r\n Host: a\r\n\r\n", "H11 SP inside": head("X A: b"), "H11 TAB inside": head("X\tA: b"),
    "H12 obs-fold": head("X-A: b\r\n c"), "H12 obs-fold TAB": head("X-A: b\r\n\tc"), "H12 TE": post("Transfer-Encoding:\r\n chunked", body=CHUNK),
    "H13 no colon": head("nonsense"), "H13 empty name": head(": x"),
    **{f"H14 {byte:#04x} in a value": head(f"X-A: b{chr(byte)}c") for byte in (0, 1, 8, 0x0b, 0x0c, 0x1b, 0x1f, 0x7f)},
    **{f"H14 {byte:#04x} in a name": head(f"X{chr(byte)}A: b") for byte in (0, 1, 0x1f, 0x7f, 0x80, 0xff)},
    "H15 LF line": "GET /@/x HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "H15 LF request line": "GET /@/x HTTP/1.1\nHost: a\r\n\r\n",
    "H15 LF LF": "GET /@/x HTTP/1.1\r\nHost: a\n\n", "H15 all LF": "GET /@/x HTTP/1.1\nHost: a\n\n",
    "H15 CR only": "GET /@/x HTTP/1.1\rHost: a\r\r", "H15 CR X": head("X-A: b\rX-B: c"),
    "H16": "GET /@/x HTTP/1.1\r\nHost: a\r\n\n",
    "H27 absent": head(host=False), "H27 twice": head("Host: a"), "H27 two": head("Host: b"),
    **{f"H27 {host!r}": head(f"Host: {host}", host=False) for host in ("a,b", "a@b", "a/b", "a b")},
    "H29 GET *": head(start="GET * HTTP/1.1"), "H29 */x": head(start="GET */x HTTP/1.1"),
    "H30 authority": head(start="CONNECT a:80 HTTP/1.1"), "H30 path": head(start="CONNECT /@/x HTTP/1.1"),
    "H31 TRACE": head(start="TRACE /@/x HTTP/1.1"),
    **{f"H32 {method[:9]}": head(start=f"{method} /@/x HTTP/1.1") for method in ("BREW", "get", "G", "X" * 8000)},
    **{f"H33 {version!r}": head(start=f"GET /@/x {version}")
       for version in ("HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/1.10", "HTTP/1", "http/1.1", "HTTP/1.1 ", "HTTPS/1.1")},
    "H33 none": "GET /@/x\r\nHost: a\r\n\r\n",
    "H34 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "H35 DESCRIBE": head(start="DESCRIBE /@/x RTSP/1.0"), "H35 SOURCE": head(start="SOURCE /@/x ICE/1.0"),
    "H35 RTSP": head(start="GET /@/x RTSP/1.0"),
    "H36 SP in target": head(start="GET /@/x y HTTP/1.1"), "H36 two SP": head(start="GET  /@/x HTTP/1.1"),
    "H36 two SP behind": head(start="GET /@/x  HTTP/1.1"), "H36 TAB": head(start="GET\t/@/x\tHTTP/1.1"),
    **{f"H37 {byte:#04x}": head(start=f"GET /@/x{chr(byte)} HTTP/1.1") for byte in (0, 9, 0x0c, 0x7f, 0x80, 0xff)},
    "H37 fragment": head(start="GET /@/x#y HTTP/1.1"),
    "H41": head(start=f"GET /@/{'x' * 8300} HTTP/1.1"), "H48 foo": post("Expect: foo", CL5, body="hello"),
    "H56 Transfer_Encoding": post("Transfer_Encoding: chunked", CL5, body="hello"), "H56 Content_Length": post("Content_Length: 5", CL5, body="hello"),
}
STATUS = {"H04": (400, 413), "H06": (400, 501), "H07": (400, 501), "H08": (400, 501), "H09": (400, 501), "H27": (400,), "H30": (405, 501),
          "H31": (405, 501), "H32": (400, 501), "H33": (400, 505), "H34": (400, 501, 505), "H35": (400, 501, 505), "H41": (414,),
          "H48": (417,)}

# The head is good, the framing of the body is not: the client may see a beginning, never a whole request.
BAD_BODY = {
    **{f"H17 {size!r}": chunked(size + "\r\nhello\r\n0\r\n\r\n")
       for size in ("0x5", "+5", "-5", "5_0", " 5", "5 ", "5\t", "", ";a", "g")},
    "H18 17 digits": chunked("1" + "0" * 16 + "\r\nhello"), "H18 2^63": chunked(f"{2**63:x}\r\nhello"),
    "H18 leading zeros": chunked("0" * 10000 + "5\r\nhello\r\n0\r\n\r\n"),
    **{f"H19 {behind!r}": chunked("5\r\nhello" + behind + "0\r\n\r\n") for behind in ("XX", "\n", "")},
    **{f"H21 {extension!r}": chunked(f"5;a={extension}\r\nhello\r\n0\r\n\r\n") for extension in ("\n", "\r", "\0", '"b')},
    "H16 end of a chunked body": chunked("5\r\nhello\r\n0\r\n\n"), "H17 LF": chunked("5\nhello\r\n0\r\n\r\n"),
}

# Accepted: row -> (bytes, the body that arrives).
ACCEPTED = {
    "H05 00005": (post("Content-Length: 00005", body="hello"), b"hello"), "H05 5 SP": (post("Content-Length: 5 ", body="hello"), b"hello"),
    "H08 OWS": (post("Transfer-Encoding: \t chunked \t", body=CHUNK), b"hello"), "H08 case": (post(TE + "cHuNkEd", body=CHUNK), b"hello"),
    "H20 extension": (chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), b"hello"), "H20 quoted": (chunked('5;a="b;c"\r\nhello\r\n0\r\n\r\n'), b"hello"),
    "H24 00": (chunked("5\r\nhello\r\n00\r\n\r\n"), b"hello"), "H24 extension": (chunked("5\r\nhello\r\n0;x=y\r\n\r\n"), b"hello"),
    "H14 0x80 in a value": (head("X-A: \x80\xff"), b""), "H27 1.0 without Host": (head(start="GET /@/x HTTP/1.0", host=False), b""),
    "H39 leading CRLF": ("\r\n" + head(), b""), "H48 Expect on 1.0": (head("Expect: 100-continue", start="GET /@/x HTTP/1.0"), b""),
    "H49 GET": (head(CL5) + "hello", b"hello"), "H49 DELETE": (head(CL5, start="DELETE /@/x HTTP/1.1") + "hello", b"hello"),
    "H49 POST 0": (post("Content-Length: 0"), b""), "H49 POST": (post(), b""), "H41 8000": (head(start=f"GET /@/x?{'y' * 7900} HTTP/1.1"), b""),
}


def encoded(text, id):
    return text.replace("@", id, 1).encode("latin-1")


def only_the_sentinel_reached(wht, tunnel):
    assert wht.get(f"/{tunnel.id}/sentinel").status == 200
    assert [request.target for request in tunnel.requests] == ["/sentinel"]


def refused(wht, row, send):
    tunnel = wht.tunnel()
    viewer = wht.viewer()
    send(viewer, encoded(REFUSED[row], tunnel.id))
    answer = viewer.response()
    assert answer.status in STATUS.get(row[:3], (400,)), answer
    assert answer.error and viewer.closed()
    assert len(tunnel.streams) == 0
    only_the_sentinel_reached(wht, tunnel)


@pytest.mark.parametrize("row", REFUSED)
def test_refused(wht, row):
    refused(wht, row, lambda viewer, data: viewer.send(data))


@pytest.mark.parametrize("row", REFUSED)
def test_H46_refused_byte_by_byte(wht, row):
    refused(wht, row, lambda viewer, data: viewer.send(data[:-400]).send_bytewise(data[-400:]))


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("row", BAD_BODY)
def test_bad_chunks(wht, row, bytewise):
    tunnel = wht.tunnel()
    viewer = wht.viewer()
    data = encoded(BAD_BODY[row], tunnel.id)
    viewer.send(data[:-400]).send_bytewise(data[-400:]) if bytewise else viewer.send(data)
    answer = viewer.response()
    assert answer.status == 400 and viewer.closed()
    only_the_sentinel_reached(wht, tunnel)


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("row", ACCEPTED)
def test_accepted(wht, row, bytewise):
    tunnel = wht.tunnel()
    viewer = wht.viewer()
    data = encoded(ACCEPTED[row][0], tunnel.id)
    viewer.send_bytewise(data) if bytewise else viewer.send(data)
    assert viewer.response().status == 200
    assert [request.body for request in tunnel.requests] == [ACCEPTED[row][1]]


def test_H19_what_was_forwarded_ends_in_a_reset(wht):
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(encoded(chunked("5\r\nhello\r\n"), tunnel.id))
    stream = tunnel.expect_stream()
    assert b"hello" in stream.until(b"hello")
    viewer.send(b"5\r\nworldXX")
    assert viewer.response().status == 400
    with tunnel.changed:
        tunnel.wait(lambda: stream.ended_by)
    assert stream.ended_by == 5 and not bytes(stream.arrived).endswith(b"0\r\n\r\n")


def test_H22_one_byte_chunks(wht):
    tunnel = wht.tunnel()
    answer = wht.viewer().ask(encoded(chunked("1\r\nx\r\n" * 100_000 + "0\r\n\r\n"), tunnel.id))
    assert answer.status == 200 and tunnel.requests[0].body == b"x" * 100_000


def test_H23_trailers_are_not_merged(wht):
    tunnel = wht.tunnel()
    assert wht.viewer().ask(encoded(chunked("5\r\nhello\r\n0\r\nX-Late: 1\r\nHost: evil\r\n\r\n"), tunnel.id)).status == 200
    request = tunnel.requests[0]
    assert request.get("x-late") is None and request.all("host") == ["a"] and request.body == b"hello"


@pytest.mark.parametrize("body", [post(CL5, body="hel"), chunked("5\r\nhello\r\n"), chunked("5\r\nhel")])
@pytest.mark.parametrize("how", ["finish", "reset"])
def test_H25_H26_H58_a_short_body_is_never_a_whole_request(wht, body, how):
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(encoded(body, tunnel.id))
    stream = tunnel.expect_stream()
    stream.until(b"hel")
    getattr(viewer, how)()
    with tunnel.changed:
        tunnel.wait(lambda: stream.ended_by)
    assert stream.ended_by == 5  # RST: agreed on by this client
    assert tunnel.alive()


def test_H26_a_legacy_client_gets_a_fin_and_no_end_of_the_body(wht):
    tunnel = wht.legacy(serve=None)
    viewer = wht.viewer().send(encoded(chunked("5\r\nhello\r\n"), tunnel.id))
    stream = tunnel.expect_stream()
    stream.until(b"hello")
    viewer.reset()
    assert stream.rest().rstrip(b"\r\n") == b""
    assert stream.ended_by == 3


@pytest.mark.parametrize("target, seen", [("http://other/@/x?q", "/x?q"), ("HTTP://other:99/@/x", "/x"), ("http://other/@", "/")])
def test_H28_absolute_form(wht, target, seen):
    tunnel = wht.tunnel()
    assert wht.viewer().ask(encoded(head(start=f"GET {target} HTTP/1.1"), tunnel.id)).status == 200
    assert tunnel.requests[0].target == seen
    assert tunnel.requests[0].all("host") == [target.split("/")[2]]


def test_H29_options_star_is_ours(wht):
    assert wht.viewer().ask(encoded(head(start="OPTIONS * HTTP/1.1"), "x")).status in (200, 204, 404)


@pytest.mark.parametrize("character", list('\\"<>^`{}|'))
def test_H38_odd_characters_in_a_target_pass_or_are_refused(wht, character):
    tunnel = wht.tunnel()
    answer = wht.viewer().ask(encoded(head(start=f"GET /@/a{character}b HTTP/1.1"), tunnel.id))
    if answer.status == 200:
        assert tunnel.requests[0].target == f"/a{character}b"
    else:
        assert answer.status == 400 and not tunnel.streams


def test_H39_endless_empty_lines(start):
    server = start(WHT_HEAD_TIMEOUT=1)
    viewer = server.viewer()
    begin = time.monotonic()
    for _ in range(10_000):
        viewer.send(b"\r\n" * 1000)
        if time.monotonic() - begin > 10:
            break
    assert viewer.response().status in (400, 408, 431)


@pytest.mark.parametrize("name, fields, want", [
    ("8 KiB", [f"X-{n}: {'x' * 1000}" for n in range(8)], 200), ("31 KiB", [f"X-{n}: {'x' * 1000}" for n in range(31)], 200),
    ("33 KiB", [f"X-{n}: {'x' * 1000}" for n in range(33)], 431), ("1 MiB", ["X-A: " + "x" * BIG], 431),
    ("99 fields", ["X-A: b"] * 99, 200), ("100 and Host", ["X-A: b"] * 100, 431), ("10,000 fields", ["X-A: b"] * 10_000, 431),
    ("a long name", ["x" * 65536 + ": y"], 431),
])
def test_H40_size_of_the_head(wht, name, fields, want):
    tunnel = wht.tunnel()
    before = wht.memory()
    viewer = wht.viewer()
    assert viewer.ask(encoded(head(*fields), tunnel.id)).status == want
    assert want == 200 or viewer.closed()
    assert wht.memory() - before < 16 << 20


def test_H42_http_1_0(wht):
    tunnel = wht.tunnel()
    viewer = wht.viewer()
    assert viewer.ask(encoded(head(start="GET /@/x HTTP/1.0"), tunnel.id)).status == 200
    assert viewer.closed()


def test_H42_http_1_0_keep_alive(wht):
    tunnel = wht.tunnel()
    viewer = wht.viewer()
    answer = viewer.ask(encoded(head("Connection: keep-alive", start="GET /@/x HTTP/1.0"), tunnel.id))
    assert answer.status == 200 and answer.complete and viewer.closed()


def test_H43_close_and_bytes_behind(wht):
    tunnel = wht.tunnel()
    viewer = wht.viewer().send(encoded(head("Connection: close"), tunnel.id) + encoded(head(), tunnel.id))
    assert viewer.response().status == 200 and viewer.closed()
    assert len(tunnel.requests) == 1


@pytest.mark.parametrize("count", [2, 100, 5000])
def test_H44_pipelining(wht, count):
    tunnel = wht.tunnel(serve=lambda stream, request: stream.send(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(request.target), request.target.encode())))
    viewer = wht.viewer()
    requests = b"".join(f"GET /{tunnel.id}/{n} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for n in range(count))
    sender = threading.Thread(target=viewer.send, args=(requests,))
    sender.start()
    assert [viewer.response().body for _ in range(count)] == [b"/%d" % n for n in range(count)]
    sender.join()


def test_H45_garbage_behind_a_request(wht):
    tunnel = wht.tunnel()
    viewer = wht.viewer().send(encoded(head(), tunnel.id) + b"\x01\x02\x03\r\n\r\n")
    assert [viewer.response().status, viewer.response().status] == [200, 400]
    assert viewer.closed() and len(tunnel.requests) == 1


def test_H47_expect_continue(wht):
    tunnel = wht.tunnel()
    viewer = wht.viewer().send(encoded(post("Expect: 100-continue", CL5), tunnel.id))
    assert viewer.response(keep_interim=True).status == 100
    assert viewer.send(b"hello").response().status == 200
    assert tunnel.requests[0].body == b"hello"


def test_H47_a_body_that_never_comes(start):
    server = start(WHT_BODY_TIMEOUT=0.5)
    tunnel = server.tunnel()
    viewer = server.viewer().send(encoded(post("Expect: 100-continue", CL5), tunnel.id))
    answer = viewer.response()
    assert (answer.status, answer.error) == (408, "body_timeout") and viewer.closed()
    assert not tunnel.requests


def test_H49_head_with_a_body(wht):
    tunnel = wht.tunnel()
    viewer = wht.viewer()
    assert viewer.ask(encoded(head(CL5, start="HEAD /@/x HTTP/1.1") + "hello", tunnel.id), "HEAD").status == 200
    assert viewer.ask(encoded(head(), tunnel.id)).status == 200
    assert tunnel.requests[0].body == b"hello"


@pytest.mark.parametrize("path", ["/", "/unknown/", "/unknown", "//id/x", "//"])
def test_H50_nothing_there(wht, path):
    answer = wht.get(path)
    assert answer.status == 404 and answer.error in ("no_tunnel", "not_found")


@pytest.mark.parametrize("path, seen", [
    ("/@", "/"), ("/@/", "/"), ("/@//a", "//a"), ("/@?q=1", "/?q=1"), ("/@?x=/y", "/?x=/y"),
    ("/@/a/../b", "/a/../b"), ("/@/%2e%2E/", "/%2e%2E/"), ("/@/a//b;c?d?e=%00", "/a//b;c?d?e=%00"), ("/@/?", "/?"), ("/@/../@", "/../@"),
])
def test_H51_H52_H53_the_target_behind_the_id(wht, path, seen):
    tunnel = wht.tunnel()
    assert wht.get(path.replace("@", tunnel.id, 1)).status == 200
    request = tunnel.requests[0]
    assert request.target == seen
    original = path.replace("@", tunnel.id, 1).split("?")[0]
    assert request.all("x-webhooktunnel-original-path") == [original]


@pytest.mark.parametrize("family", ["webhooktunnel", "websocktunnel"])
def test_H54_original_path_is_ours(wht, family):
    tunnel = wht.tunnel(family=family)
    fields = [f"X-{family}-Original-Path: /evil", f"x-{family.upper()}-ORIGINAL-path: /evil2", f"X_{family}_Original_Path: /evil3"]
    assert wht.get(f"/{tunnel.id}/a?b", fields=fields).status == 200
    assert tunnel.requests[0].all(f"x-{family}-original-path") == [f"/{tunnel.id}/a"]
    assert b"evil" not in tunnel.requests[0].raw


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", ["/__lbheartbeat__", "/__heartbeat__"])
def test_H55_heartbeat(wht, method, path):
    body = b"hello" if method == "POST" else b""
    answer = wht.get(path, method=method, body=body)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("path", ["/__lbheartbeat__/x", "/__heartbeat__x", "/__other__/"])
def test_H55_not_a_heartbeat(wht, path):
    assert wht.get(path).status == 404


@pytest.mark.parametrize("name", ["Keep_Alive", "Proxy_Connection", "X_Forwarded_For", "X_Forwarded_Proto", "Proxy_Authorization"])
def test_H56_underscores_do_not_smuggle(wht, name):
    tunnel = wht.tunnel()
    assert wht.get(f"/{tunnel.id}/", fields=[f"{name}: smuggled"]).status == 200
    assert b"smuggled" not in tunnel.requests[0].raw


def test_H57_half_close_behind_a_request(wht):
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(encoded(head(), tunnel.id)).finish()
    stream = tunnel.expect_stream()
    stream.request()
    stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert viewer.response().body == b"ok"


@pytest.mark.parametrize("state", ["SYN pending", "waiting", "mid-response"])
def test_H58_viewer_resets(wht, state):
    tunnel = wht.tunnel(serve=None, accept=None if state == "SYN pending" else 0)
    viewer = wht.viewer().send(encoded(head(), tunnel.id))
    stream = tunnel.expect_stream()
    if state == "mid-response":
        stream.request()
        stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        viewer.until(b"half")
    viewer.reset()
    with tunnel.changed:
        tunnel.wait(lambda: stream.ended_by)
    assert stream.ended_by in (3, 5) and tunnel.alive()


def test_head_timeout(start):
    server = start(WHT_HEAD_TIMEOUT=2)
    for beginning in (b"", b"G", b"GET / HTTP/1.1\r\nHost: a\r\n"):
        viewer = server.viewer().send(beginning)
        assert not beginning and viewer.closed() or viewer.response().status == 408


def test_idle_timeout(start):
    server = start(WHT_IDLE_TIMEOUT=0.5)
    viewer = server.viewer()
    assert viewer.ask(b"GET /__heartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
    assert viewer.closed()


def test_nothing_is_left_open(wht):
    with wht.no_socket_left():
        tunnel = wht.tunnel()
        for _ in range(50):
            wht.get(f"/{tunnel.id}/")
        wht.end_of_test()
    assert eventually(lambda: wht.get(f"/{tunnel.id}/").status == 404)
