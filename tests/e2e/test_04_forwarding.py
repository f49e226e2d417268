"""What is forwarded, and as what: the F rows."""
import pytest

from wht.tunnel import replying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nok"


def through(wht, *fields, method="GET", body=b"", host="a"):
    """The request as the client gets it."""
    tunnel = wht.tunnel()
    assert wht.get(f"/{tunnel.id}/x", fields=fields, method=method, body=body, host=host).status == 200
    return tunnel.requests[0]


def back(wht, *fields):
    """The response as the viewer gets it."""
    lines = b"".join(f"{field}\r\n".encode("latin-1") for field in fields)
    return wht.get(f"/{wht.tunnel(serve=replying(OK % lines)).id}/")


def test_F01_what_connection_names_stays_here(wht):
    request = through(wht, "Connection: X-Hop, close", "X-Hop: secret", "X-Other: kept")
    assert request.get("x-hop") is None and request.get("connection") in (None, "keep-alive", "close")
    assert request.get("x-other") == "kept"
    answer = back(wht, "Connection: X-Hop", "X-Hop: secret", "X-Other: kept")
    assert answer.get("x-hop") is None and answer.get("x-other") == "kept"


HOP = ["Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: gzip", "Upgrade: h2c",
       "Proxy-Authorization: Basic x", "Proxy-Authenticate: Basic"]


@pytest.mark.parametrize("field", HOP)
def test_F02_hop_by_hop_fields(wht, field):
    name = field.split(":")[0]
    assert through(wht, field).get(name) is None
    assert back(wht, field).get(name) is None


@pytest.mark.parametrize("named", ["Host", "Content-Length", "Transfer-Encoding", "x-webhooktunnel-original-path", "Authorization"])
def test_F03_connection_cannot_name_everything_away(wht, named):
    request = through(wht, f"Connection: {named}", "Authorization: Bearer kept", method="POST", body=b"hello")
    assert request.body == b"hello" and request.all("host") == ["a"]
    assert request.get("authorization") == "Bearer kept"
    assert request.get("x-webhooktunnel-original-path", "").endswith("/x")


def test_F04_no_user_agent_is_invented(wht):
    assert through(wht).get("user-agent") is None


def test_F05_repeated_fields_keep_their_order_and_number(wht):
    request = through(wht, "X-A: 1", "Cookie: a=1", "X-A: 2", "Cookie: b=2")
    assert request.all("x-a") == ["1", "2"]
    assert "; ".join(request.all("cookie")) == "a=1; b=2"
    answer = back(wht, "Set-Cookie: a=1", "X-A: 1", "Set-Cookie: b=2", "Set-Cookie: c=3, d", "X-A: 2")
    assert answer.all("set-cookie") == ["a=1", "b=2", "c=3, d"]
    assert answer.all("x-a") == ["1", "2"]


def test_F06_case_and_bytes_are_kept(wht):
    fields = ["X-MiXeD-cAsE: a  b\tc", "x-bytes: \xe4\xff\x80"]
    request, answer = through(wht, *fields), back(wht, *fields)
    for message in (request, answer):
        assert b"X-MiXeD-cAsE: a  b\tc\r\n" in message.raw and b"x-bytes: \xe4\xff\x80\r\n" in message.raw


def test_F07_forwarded_fields_are_ours(wht):
    spoof = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: gopher", "X-Forwarded-Host: evil", "Forwarded: for=1.2.3.4",
             "x-forwarded-for: 5.6.7.8"]
    request = through(wht, *spoof, host="public.example")
    assert request.all("x-forwarded-for") == ["127.0.0.1"]
    assert request.all("x-forwarded-proto") == ["http"]
    assert request.all("x-forwarded-host") == ["public.example"]
    assert b"1.2.3.4" not in request.raw and b"evil" not in request.raw


def test_F07_forwarded_proto_over_tls(whts):
    tunnel = whts.tunnel()
    assert whts.get(f"/{tunnel.id}/", host=whts.hostname).status == 200
    assert tunnel.requests[0].all("x-forwarded-proto") == ["https"]


def test_F08_authorization_is_the_clients_business(wht):
    assert through(wht, "Authorization: Basic dTpw").get("authorization") == "Basic dTpw"


def test_the_host_is_unchanged(wht):
    assert through(wht, host="public.example:8443").all("host") == ["public.example:8443"]


def test_a_body_is_framed_anew_but_unchanged(wht):
    tunnel = wht.tunnel()
    request = (f"PUT /{tunnel.id}/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
    assert wht.viewer().ask(request + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").status == 200
    assert tunnel.requests[0].body == b"abcde" and tunnel.requests[0].method == "PUT"
