"""Responses from a tunnel client that means harm, or is merely broken: the P rows.

What comes out of a tunnel is trusted no more than what comes from a viewer.
"""
import re
import time

import pytest

from wht.tunnel import DAT, FIN, SYN, replying

OK = b"HTTP/1.1 200 OK\r\n"
CL2 = b"Content-Length: 2\r\n"


def answer(wht, *pieces, fin=False, method="GET", version="HTTP/1.1", fields=(), tunnel=None, viewer=None):
    tunnel = tunnel or wht.tunnel(serve=replying(*pieces, fin=fin))
    viewer = viewer or wht.viewer()
    lines = [f"{method} /{tunnel.id}/x {version}", "Host: a", *fields]
    return viewer.ask(("\r\n".join(lines) + "\r\n\r\n").encode(), method), tunnel, viewer


BAD = {
    "P01 CL TE": OK + CL2 + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "P01 two CL": OK + CL2 + b"Content-Length: 3\r\n\r\nok!",
    **{f"P01 CL {value!r}": OK + b"Content-Length: " + value + b"\r\n\r\nok" for value in (b"+2", b"-1", b"2,3", b"0x2", b"", b"2 2")},
    "P01 TE gzip": OK + b"Transfer-Encoding: gzip\r\n\r\nok", "P01 TE twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "P01 obs-fold": OK + CL2 + b"X: a\r\n b\r\n\r\nok", "P01 NUL": OK + CL2 + b"X: a\0b\r\n\r\nok",
    "P01 bare CR": OK + CL2 + b"X: a\rb\r\n\r\nok", "P01 bare LF": OK + CL2 + b"X: a\nY: b\r\n\r\nok",
    "P01 SP in a name": OK + CL2 + b"X Y: a\r\n\r\nok", "P01 SP before colon": OK + b"Content-Length : 2\r\n\r\nok",
    "P01 empty name": OK + CL2 + b": a\r\n\r\nok",
    "P04 garbage": b"\x16\x03\x01garbage\r\n\r\n", "P04 LF only": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "P05 a long head": OK + b"X: " + b"x" * 40_000 + b"\r\n\r\n", "P05 10,000 fields": OK + b"X: y\r\n" * 10_000 + b"\r\n",
    **{f"P06 {line!r}": line + b"\r\n" + CL2 + b"\r\nok" for line in (
        b"HTTP/1.1 000 X", b"HTTP/1.1 99 X", b"HTTP/1.1 600 X", b"HTTP/1.1 1000 X", b"HTTP/1.1 20 X", b"HTTP/1.1 2 0 X",
        b"HTTP/2.0 200 OK", b"HTTP/0.9 200 OK", b"ICY 200 OK", b"HTTP/1.1 abc X")},
    "P08 101 unasked": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n",
    "P20": OK + b"Content-Length: 18446744073709551615\r\n\r\nok",
}


@pytest.mark.parametrize("legacy", [False, True], ids=["rst", "legacy"])
@pytest.mark.parametrize("row", BAD)
def test_bad_response_is_502(wht, row, legacy):
    tunnel = (wht.legacy if legacy else wht.tunnel)(serve=replying(BAD[row]))
    got, tunnel, viewer = answer(wht, tunnel=tunnel)
    assert (got.status, got.error) == (502, "bad_response")
    assert got.body not in (b"ok", b"ok!") and b"garbage" not in got.raw + got.body
    assert tunnel.alive()


@pytest.mark.parametrize("row, pieces", [("nothing", ()), ("half a line", (b"HTTP/1.",)), ("half a head", (OK + b"X: ",))])
def test_P04_end_before_the_head(wht, row, pieces):
    got, tunnel, _ = answer(wht, *pieces, fin=True)
    assert got.status == 502 and got.error in ("empty_response", "short_response", "bad_response")


def test_P05_an_endless_head(wht):
    def endless(stream, request):
        stream.send(OK)
        while stream.send(b"X-Endless: and on\r\n" * 100):
            pass
    before = wht.memory()
    got, _, _ = answer(wht, tunnel=wht.tunnel(serve=endless))
    assert got.status == 502 and wht.memory() - before < 16 << 20


@pytest.mark.parametrize("end", ["fin", "rst", "kill"])
@pytest.mark.parametrize("body", [b"Content-Length: 10\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
                                  b"Transfer-Encoding: chunked\r\n\r\n8\r\nhalf"], ids=["CL", "chunks", "half a chunk"])
def test_P02_P03_a_short_body_is_seen_to_be_short(wht, body, end):
    def serve(stream, request):
        stream.send(OK + body)
        {"fin": stream.fin, "rst": stream.rst, "kill": stream.tunnel.kill}[end]()
    got, _, viewer = answer(wht, tunnel=wht.tunnel(serve=serve))
    if got.status == 200:
        assert not got.complete and b"half".startswith(got.body) and viewer.closed()
    else:  # the end overtook the head
        assert end == "kill" and got.status == 502


@pytest.mark.parametrize("reason", [b"", b" O\x1b[31mK", b" O\0K", b" " + b"x" * 8000], ids=["none", "ESC", "NUL", "8 KB"])
def test_P07_a_reason_phrase_is_cleaned(wht, reason):
    got, _, _ = answer(wht, b"HTTP/1.1 200" + reason + b"\r\n" + CL2 + b"\r\nok")
    assert got.status in (200, 502)
    assert re.fullmatch(r"HTTP/1.1 \d{3} [ -~]{0,200}", got.start)


def test_P08_interim_responses(wht):
    got, _, _ = answer(wht, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK + CL2 + b"\r\nok")
    assert [(one.status, one.get("link")) for one in got.interim] == [(103, "</a>")]
    assert (got.status, got.body) == (200, b"ok")


def test_P08_no_interim_responses_for_1_0(wht):
    got, _, _ = answer(wht, b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + CL2 + b"\r\nok", version="HTTP/1.0")
    assert not got.interim and (got.status, got.body) == (200, b"ok")


@pytest.mark.parametrize("status", [204, 304])
def test_P09_no_body_where_none_may_be(wht, status):
    got, tunnel, viewer = answer(wht, b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\nhello" % status)
    assert got.status == status
    tunnel.serve = replying(OK + CL2 + b"\r\nok")
    assert answer(wht, tunnel=tunnel, viewer=viewer)[0].body == b"ok"


def test_P09_head_with_a_body(wht):
    got, tunnel, viewer = answer(wht, OK + b"Content-Length: 5\r\n\r\nhello", method="HEAD")
    assert got.status == 200 and got.get("content-length") == "5"
    tunnel.serve = replying(OK + CL2 + b"\r\nok")
    assert answer(wht, tunnel=tunnel, viewer=viewer)[0].body == b"ok"


def test_P10_bytes_behind_a_response_are_dropped(wht):
    evil = OK + b"Content-Length: 4\r\n\r\nevil"
    got, tunnel, viewer = answer(wht, OK + CL2 + b"\r\nok" + evil)
    assert got.body == b"ok"
    tunnel.serve = replying(OK + CL2 + b"\r\nno")
    assert answer(wht, tunnel=tunnel, viewer=viewer)[0].body == b"no"
    assert len(tunnel.sent_by_server(SYN)) == 2  # never on the stream that said too much


def test_P11_an_answer_before_the_request_is_complete(wht):
    tunnel = wht.tunnel(serve=None)
    viewer = wht.viewer().send(f"POST /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello".encode())
    stream = tunnel.expect_stream()
    stream.until(b"hello")
    stream.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
    got = viewer.response()
    assert (got.status, got.body) == (413, b"no")
    # Either the rest is swallowed and the connection goes on, or it is closed; it is never taken for a request.
    viewer.send(b"x" * 999_995 + b"GET /__heartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n")
    assert viewer.closed() or viewer.response().status == 200


def test_P12_an_answer_before_the_stream_is_accepted(wht):
    tunnel = wht.legacy(serve=None, window=None)
    viewer = wht.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    tunnel.send(DAT, tunnel.expect(SYN).stream, OK + CL2 + b"\r\nok")
    assert viewer.response().status == 502


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_P13_a_body_until_the_end(wht, version):
    got, _, viewer = answer(wht, OK + b"\r\n", b"until ", b"the end", fin=True, version=version)
    assert got.body == b"until the end" and got.complete
    assert (got.get("transfer-encoding") == "chunked") == (version == "HTTP/1.1")
    assert version == "HTTP/1.1" or viewer.closed()


def test_P14_chunks_for_1_0(wht):
    got, _, viewer = answer(wht, OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", version="HTTP/1.0")
    assert got.body == b"abcde" and got.get("transfer-encoding") is None and viewer.closed()


def test_P15_extensions_and_sizes_of_chunks(wht):
    big = b"y" * (16 << 20)
    pieces = [OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;a=b\r\nx\r\n" * 1000, b"%x\r\n" % len(big) + big + b"\r\n", b"0\r\n\r\n"]
    got, _, _ = answer(wht, *pieces)
    assert got.body == b"x" * 1000 + big


def test_P16_trailers_are_not_merged(wht):
    got, tunnel, viewer = answer(wht, OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: a=1\r\nContent-Length: 9\r\n\r\n")
    assert got.body == b"ok" and got.get("set-cookie") is None and got.get("content-length") is None
    assert not any(line.lower().startswith("content-length") for line in got.trailers)
    tunnel.serve = replying(OK + CL2 + b"\r\nno")
    assert answer(wht, tunnel=tunnel, viewer=viewer)[0].body == b"no"


@pytest.mark.parametrize("said", [b"close", b"keep-alive"])
def test_P17_the_clients_connection_is_its_own(wht, said):
    pieces = OK + CL2 + b"Connection: " + said + b"\r\nKeep-Alive: timeout=1\r\n\r\nok"
    got, tunnel, viewer = answer(wht, pieces)
    assert got.get("keep-alive") is None and got.get("connection") in (None, "keep-alive")
    assert answer(wht, tunnel=tunnel, viewer=viewer)[0].body == b"ok"


def test_P18_no_answer_ever(start):
    server = start(WHT_RESPONSE_TIMEOUT=0.5)
    tunnel = server.tunnel(serve=lambda stream, request: stream.tunnel.expect(FIN, stream.id))
    got, _, _ = answer(server, tunnel=tunnel)
    assert (got.status, got.error) == (504, "response_timeout")
    assert tunnel.alive()


def test_P19_a_body_that_stands_still(start):
    server = start(WHT_BODY_TIMEOUT=0.5)
    got, tunnel, _ = answer(server, OK + b"Content-Length: 10\r\n\r\nhalf")
    assert got.status == 200 and got.body == b"half" and not got.complete
    assert tunnel.alive()


def test_P19_progress_is_what_counts(start):
    """A byte now and then, each within the limit, for longer than the limit in all."""
    server = start(WHT_BODY_TIMEOUT=3)

    def slow(stream, request):
        stream.send(OK + b"Content-Length: 10\r\n\r\n")
        for _ in range(10):
            time.sleep(0.5)
            stream.send(b"x")
    got, _, _ = answer(server, tunnel=server.tunnel(serve=slow))
    assert got.body == b"x" * 10 and got.complete


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_byte_at_a_time(wht, method):
    """The verdict on a response does not depend on how its bytes arrive."""
    whole = OK + b"Transfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    got, _, _ = answer(wht, *[whole[at:at + 1] for at in range(len(whole))], method=method)
    assert (got.body, got.get("x-a"), got.complete) == (b"abc", "b", True)
