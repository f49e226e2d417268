"""Connections that move between workers. Every id falls to one worker, every connection is accepted by any: with four
workers three connections in four must move, and with one nothing may. Both are the same to the peers.
"""
import threading

import pytest

from wht.server import eventually
from wht.token import mint
from wht.tunnel import SYN, registration
from wht.viewer import Viewer


def named(stream, request):
    """Answers with the id of the tunnel that got the request."""
    body = f"{stream.tunnel.id} {request.target}".encode()
    stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def ask(tunnel, path="/", host="a"):
    return f"GET /{tunnel.id}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


@pytest.fixture(params=["plain", "tls"])
def server(request, workers):
    return request.getfixturevalue({"plain": "wht", "tls": "whts"}[request.param])


@pytest.fixture
def tunnels(server):
    return [server.tunnel(serve=named) for _ in range(16)]


def test_a_viewer_goes_from_tunnel_to_tunnel(server, tunnels):
    """One connection, each request to another id: it follows from worker to worker."""
    viewer = server.viewer()
    for turn in range(5):
        for tunnel in tunnels:
            assert viewer.ask(ask(tunnel, f"/{turn}", server.hostname)).body.decode() == f"{tunnel.id} /{turn}"


def test_pipelined_requests_to_many_tunnels(server, tunnels):
    """All in one write: what is unread moves along, in order, none lost and none twice."""
    order = [tunnels[n * 7 % 16] for n in range(200)]
    viewer = server.viewer().send(b"".join(ask(tunnel, f"/{n}", server.hostname) for n, tunnel in enumerate(order)))
    assert [viewer.response().body.decode() for _ in order] == [f"{tunnel.id} /{n}" for n, tunnel in enumerate(order)]
    assert sum(len(tunnel.requests) for tunnel in tunnels) == 200


def test_pipelined_byte_by_byte(server, tunnels):
    """Cuts everywhere, so that moves happen in the middle of the next head."""
    viewer = server.viewer().send_bytewise(b"".join(ask(tunnel, "/", server.hostname) for tunnel in tunnels))
    assert [viewer.response().body.decode().split()[0] for _ in tunnels] == [tunnel.id for tunnel in tunnels]


def test_a_body_behind_a_head_that_moves(server):
    """The head decides where to go; the body, partly read, partly under way, comes along."""
    body = bytes(range(256)) * 4096
    for _ in range(8):
        tunnel = server.tunnel()
        assert server.get(f"/{tunnel.id}/", method="PUT", body=body, host=server.hostname).status == 200
        assert tunnel.requests[0].body == body


def test_registrations_land_where_they_belong(server):
    """A registration moves like a viewer; frames right behind it come along."""
    for _ in range(16):
        tunnel = server.tunnel(serve=named)
        assert server.get(f"/{tunnel.id}/", host=server.hostname).body.startswith(tunnel.id.encode())


def test_a_connection_that_served_a_viewer_registers(server, tunnels):
    """Request to one id, registration of another, on one connection."""
    for tunnel in tunnels:
        viewer, id = server.viewer(), server.new_id()
        assert viewer.ask(ask(tunnel, "/", server.hostname)).status == 200
        assert viewer.ask(registration(id, mint(id), host=server.hostname)).status == 101


def test_errors_and_local_answers_in_between(server, tunnels):
    viewer = server.viewer()
    for tunnel in tunnels:
        assert viewer.ask(f"GET /__heartbeat__ HTTP/1.1\r\nHost: {server.hostname}\r\n\r\n".encode()).status == 200
        assert viewer.ask(ask(tunnel, "/", server.hostname)).status == 200
        assert viewer.ask(f"GET /nosuch/ HTTP/1.1\r\nHost: {server.hostname}\r\n\r\n".encode()).status == 404


def test_many_viewers_wander_at_once(server, tunnels):
    wrong = []

    def wander(seed):
        viewer = server.viewer()
        for turn in range(25):
            tunnel = tunnels[(seed * 5 + turn * 3) % 16]
            answer = viewer.ask(ask(tunnel, f"/{seed}.{turn}", server.hostname)).body.decode()
            if answer != f"{tunnel.id} /{seed}.{turn}":
                wrong.append(answer)
    threads = [threading.Thread(target=wander, args=(seed,)) for seed in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not wrong


def test_viewers_meet_a_take_over_and_a_disconnect(server):
    """Viewers under way to a tunnel that is replaced or leaves: an answer for each, from the old, the new, or an error."""
    id = server.new_id()
    tunnel, got = server.tunnel(id, serve=named), []

    def knock():
        for _ in range(40):
            answer = server.get(f"/{id}/", host=server.hostname)
            got.append(answer.error or answer.body.decode())
    threads = [threading.Thread(target=knock) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(10):
        if turn % 2:
            tunnel.kill()
        tunnel = server.tunnel(id, serve=named)
    for thread in threads:
        thread.join(120)
    assert len(got) == 160
    assert set(got) <= {f"{id} /", "replaced", "link_lost", "no_tunnel", "empty_response", "eof", "io", "stream_reset"}
    assert server.get(f"/{id}/", host=server.hostname).body.decode() == f"{id} /"


def test_connections_that_end_while_they_move(server, tunnels):
    """Reset right behind the head: somebody adopts a connection that is already dead, and nothing stays open."""
    with server.no_socket_left():
        for tunnel in tunnels * 4:
            how = {"tls": server.certs.context, "server_name": server.hostname} if server.certs else {}
            Viewer(server.port, **how).send(ask(tunnel, "/", server.hostname)).reset()
    assert all(tunnel.alive() for tunnel in tunnels)


def test_records_that_were_not_read_yet(whts):
    """TLS: a head and its body in one burst of records, of which some are still undecrypted when the connection moves."""
    body = b"r" * 200_000
    for _ in range(8):
        tunnel, viewer = whts.tunnel(), whts.viewer()
        viewer.send(f"POST /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                    + f"GET /{tunnel.id}/next HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert [viewer.response().status, viewer.response().status] == [200, 200]
        assert [len(request.body) for request in tunnel.requests] == [len(body), 0]


def test_a_waiting_viewer_is_told_when_its_tunnel_goes(server):
    tunnels = [server.tunnel(serve=None) for _ in range(8)]
    viewers = [server.viewer().send(ask(tunnel, "/", server.hostname)) for tunnel in tunnels]
    for tunnel in tunnels:
        tunnel.expect(SYN)
        tunnel.close_frame()
    assert {viewer.response().status for viewer in viewers} == {502}
    assert eventually(lambda: all(server.get(f"/{tunnel.id}/", host=server.hostname).status == 404 for tunnel in tunnels))
