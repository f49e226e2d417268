"""TLS, and the two ways to name a tunnel: in the path, or as a host below the service's own name."""
import socket
import ssl

import pytest

from wht.token import mint
from wht.tunnel import registration
from wht.viewer import TIMEOUT, Viewer


def curl(whts, host, path, *more):
    return whts.curl("--cacert", whts.certs.ca, "--resolve", f"{host}:{whts.port}:127.0.0.1", *more,
                     f"https://{host}:{whts.port}{path}")


def test_a_client_is_told_a_host_of_its_own(whts):
    tunnel = whts.tunnel()
    assert tunnel.url == f"https://{tunnel.id}.{whts.hostname}"


def test_domain_hosted(whts):
    tunnel = whts.tunnel()
    got = curl(whts, f"{tunnel.id}.{whts.hostname}", "/a/b?c")
    assert got.returncode == 0, got.stderr
    request = tunnel.requests[0]
    assert request.target == "/a/b?c" and got.stdout.startswith(b"GET /a/b?c HTTP/1.1\r\n")
    assert request.get("host") == f"{tunnel.id}.{whts.hostname}:{whts.port}"


def test_single_hosted_as_well(whts):
    tunnel = whts.tunnel()
    got = curl(whts, whts.hostname, f"/{tunnel.id}/a/b?c")
    assert got.returncode == 0 and tunnel.requests[0].target == "/a/b?c"


@pytest.mark.parametrize("host", ["{id}.{name}", "{id}.{name}:{port}", "{id}.{upper}"])
def test_the_host_field_decides(whts, host):
    """Case does not matter in our name; in an id it does."""
    tunnel = whts.tunnel()
    host = host.format(id=tunnel.id, name=whts.hostname, port=whts.port, upper=whts.hostname.upper())
    assert whts.get("/x", host=host).status == 200
    assert tunnel.requests[0].target == "/x"


def test_unknown_hosts(whts):
    for host in (f"nosuch.{whts.hostname}", f"a.b.{whts.hostname}", "elsewhere.example", f".{whts.hostname}", f"__x.{whts.hostname}"):
        assert whts.get("/", host=host).status in (400, 404)


def test_a_path_below_a_tunnels_host_is_not_an_id(whts):
    one, two = whts.tunnel(), whts.tunnel()
    assert whts.get(f"/{two.id}/x", host=f"{one.id}.{whts.hostname}").status == 200
    assert one.requests[0].target == f"/{two.id}/x" and not two.requests


def test_heartbeats_at_the_services_own_name_only(whts):
    tunnel = whts.tunnel()
    assert whts.get("/__lbheartbeat__", host=whts.hostname).status == 200
    assert whts.get("/__lbheartbeat__", host=f"{tunnel.id}.{whts.hostname}").status == 200


def test_a_registration_is_at_the_services_own_name(whts):
    id = whts.new_id()
    answer = whts.viewer().ask(registration(id, mint(id), host=f"{id}.{whts.hostname}"))
    assert answer.status in (101, 404)


def test_a_real_client_over_tls(whts):
    client = whts.client(origin=whts.origin(lambda c, r: c.answer(b"over tls")))
    assert client.url == f"https://{client.id}.{whts.hostname}"
    assert curl(whts, f"{client.id}.{whts.hostname}", "/").stdout == b"over tls"


def test_a_client_that_does_not_trust_us_does_not_register(whts, tmp_path):
    client = whts.client(wait=False, arguments=["--once", "--ca", "/etc/ssl/certs/ca-certificates.crt"])
    assert client.wait() != 0


def test_64_MiB_both_ways_over_tls(whts):
    client = whts.client()
    body = bytes(range(256)) * (64 << 12)
    assert whts.get(f"/{client.id}/", method="POST", body=body, host=whts.hostname).body == body


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_C12_versions_of_tls(whts, version):
    context = ssl.create_default_context(cafile=whts.certs.ca)
    context.minimum_version = context.maximum_version = version
    assert whts.viewer(tls=context).ask(f"GET /__heartbeat__ HTTP/1.1\r\nHost: {whts.hostname}\r\n\r\n".encode()).status == 200


def test_C12_old_versions_are_refused(whts):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        whts.viewer(tls=context)


@pytest.mark.parametrize("protocols, chosen", [(["h2", "http/1.1"], "http/1.1"), (["h2"], None), (["http/1.1"], "http/1.1")])
def test_C13_alpn(whts, protocols, chosen):
    context = ssl.create_default_context(cafile=whts.certs.ca)
    context.set_alpn_protocols(protocols)
    viewer = whts.viewer(tls=context)
    assert viewer.socket.selected_alpn_protocol() == chosen


@pytest.mark.parametrize("name", [None, "unknown.example"])
def test_C13_other_server_names(whts, name):
    context = ssl.create_default_context(cafile=whts.certs.ca)
    context.check_hostname = False
    assert whts.viewer(tls=context, server_name=name).ask(b"GET /__heartbeat__ HTTP/1.1\r\nHost: x\r\n\r\n").status in (200, 404)


def test_plain_http_at_a_tls_port(whts):
    """Everybody's first mistake is answered or closed, not left hanging."""
    viewer = whts.keep(Viewer(whts.port))
    viewer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").rest()
    assert whts.get("/__heartbeat__", host=whts.hostname).status == 200


def test_C15_handshakes_that_are_left(whts):
    with whts.no_socket_left():
        hello = ssl.MemoryBIO()
        session = whts.certs.context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname=whts.hostname)
        with pytest.raises(ssl.SSLWantReadError):
            session.do_handshake()
        data = hello.read()
        for size in range(0, len(data), 20):
            with socket.create_connection(("127.0.0.1", whts.port)) as sock:
                sock.sendall(data[:size])


def test_S04_a_handshake_that_stands_still(start, certs):
    server = start(certs=certs, WHT_HANDSHAKE_TIMEOUT=0.5)
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as sock:
        sock.sendall(b"\x16\x03\x01")
        assert sock.recv(100) == b""


def test_domain_hosting_needs_tls(wht):
    """Without a certificate a host below ours names no tunnel."""
    tunnel = wht.tunnel()
    assert wht.get("/", host=f"{tunnel.id}.localhost").status == 404
