"""The process: how it starts, and how it stops."""
import base64
import resource
import signal
import socket
import time

import pytest

from wht.process import SANITIZED, Process
from wht.server import eventually
from wht.tunnel import SYN, replying
from wht.viewer import Cut

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ENDLESS = {"WHT_RESPONSE_TIMEOUT": 3600}  # what would end the waiting for a response, in the end
SECRETS = {"TASKCLUSTER_PROXY_SECRET_A": "a", "TASKCLUSTER_PROXY_SECRET_B": "b"}


def waiting(server, tunnel):
    """A viewer whose request is with the client, and the stream to answer it."""
    viewer = server.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    stream = tunnel.expect_stream()
    stream.request()
    return viewer, stream


def status(viewer):
    """Of the next response; None if there is none."""
    try:
        return viewer.response().status
    except Cut:
        return None


def listening(server):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0


def test_C01_draining(start):
    """SIGTERM: nobody new, those under way are finished, sessions get 1001, exit 0."""
    server = start()
    tunnel, idle = server.tunnel(serve=None), server.tunnel()
    viewer, stream = waiting(server, tunnel)
    server.signal(signal.SIGTERM)
    assert eventually(lambda: not listening(server))
    stream.send(OK)
    assert viewer.response().body == b"ok" and viewer.closed()
    tunnel.expect_over(1001)
    idle.expect_over(1001)
    assert server.wait() == 0


def test_C01_a_viewer_that_is_stuck_does_not_hold_the_drain_up_for_ever(start):
    server = start(WHT_DRAIN_TIMEOUT=1, **ENDLESS)
    viewer, _ = waiting(server, server.tunnel(serve=None))
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert viewer.closed() or viewer.response().status in (502, 503)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_C02_the_second_signal_ends_it_at_once(start, second):
    server = start(WHT_DRAIN_TIMEOUT=3600, **ENDLESS)
    waiting(server, server.tunnel(serve=None))
    server.signal(signal.SIGTERM)
    assert eventually(lambda: not listening(server))
    server.signal(second)
    server.wait()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGQUIT])
def test_C02_the_keyboards_signals_wait_for_no_request(start, first):
    server = start(WHT_DRAIN_TIMEOUT=3600, **ENDLESS)
    viewer, _ = waiting(server, server.tunnel(serve=None))
    server.signal(first)
    assert server.wait() == 0
    assert viewer.closed() or viewer.response().status == 503


def test_C03_a_signal_right_after_the_start(start):
    server = start()
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


@pytest.mark.parametrize("name, env", [
    ("no hostname", {**SECRETS}), ("no secrets", {"HOSTNAME": "a"}), ("bad port", {**SECRETS, "HOSTNAME": "a", "PORT": "http"}),
    ("bad prefix", {**SECRETS, "HOSTNAME": "a", "URL_PREFIX": "not a url"}),
    ("bad limit", {**SECRETS, "HOSTNAME": "a", "WHT_HEAD_MAX": "many"}), ("bad workers", {**SECRETS, "HOSTNAME": "a", "WHT_WORKERS": "0"}),
    ("C06 bad certificate", {**SECRETS, "HOSTNAME": "a", "TLS_KEY": "AAAA", "TLS_CERTIFICATE": "AAAA"}),
    ("C06 key only", {**SECRETS, "HOSTNAME": "a", "TLS_KEY": "AAAA"}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_C06_C09_what_does_not_start(tmp_path, name, env):
    process = Process(tmp_path, "whtd", env={"PORT": "0", "WHT_LISTEN": "127.0.0.1", **env})
    assert process.wait() not in (0, 99)
    assert process.lines
    process.check_reports()


def test_C06_a_key_of_another_certificate(tmp_path, certs):
    other = certs.ca.with_name("ca.key")
    encode = lambda path: base64.b64encode(path.read_bytes()).decode()
    process = Process(tmp_path, "whtd", env={**SECRETS, "HOSTNAME": "a", "PORT": "0", "TLS_KEY": encode(other),
                                             "TLS_CERTIFICATE": encode(certs.certificate)})
    assert process.wait() not in (0, 99)


def test_C09_a_port_in_use(tmp_path):
    """By another program; a second whtd may share it, for a restart without a gap."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = Process(tmp_path, "whtd", env={**SECRETS, "HOSTNAME": "a", "PORT": str(taken.getsockname()[1]),
                                                 "WHT_LISTEN": "127.0.0.1"})
        assert process.wait() not in (0, 99)
    assert any("in use" in line for line in process.lines)


def test_C09_an_unknown_option(tmp_path):
    process = Process(tmp_path, "whtd", "--nonsense", env={**SECRETS, "HOSTNAME": "a"})
    assert process.wait() not in (0, 99) and process.lines


def test_C07_viewers_that_leave_at_every_point(start):
    """The peer is gone whenever we write: no SIGPIPE, no descriptor left."""
    server = start()
    tunnel = server.tunnel(serve=replying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000))
    with server.no_socket_left():
        for size in (0, 1, 100, 10_000, 100_000):
            for _ in range(5):
                viewer = server.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                viewer.exactly(size)
                viewer.reset()
    assert tunnel.alive()


def test_S08_too_few_descriptors(start):
    """More viewers than descriptors: what stands keeps working, the processor stays cool, and it recovers."""
    server = start()
    tunnel = server.tunnel()
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (64, 64))
    crowd = [server.viewer() for _ in range(100)]
    assert tunnel.alive()

    def cool():
        cpu, begin = server.cpu(), time.monotonic()
        time.sleep(1)
        return (server.cpu() - cpu) / (time.monotonic() - begin) < 0.8
    assert eventually(cool)  # when it has seen to all of them; who spins never is
    for viewer in crowd:
        viewer.close()
    assert eventually(lambda: server.get(f"/{tunnel.id}/").status == 200)


def test_S10_the_limit_of_viewers(start):
    """Beyond the limit: 503 or a closed connection, at once; below it again: served."""
    server = start(WHT_VIEWERS_MAX=20)
    ask = b"GET /__heartbeat__ HTTP/1.1\r\nHost: a\r\n\r\n"
    viewers = [server.viewer() for _ in range(40)]
    heads = [status(viewer.send(ask)) for viewer in viewers]
    assert heads.count(200) <= 20 and set(heads) <= {200, 503, None}
    for viewer in viewers:
        viewer.close()
    assert eventually(lambda: status(server.viewer().send(ask)) == 200)


def test_S10_the_limit_of_streams(start):
    server = start(WHT_STREAMS_MAX=5)
    tunnel = server.tunnel(serve=None)
    waiting = [server.viewer().send(f"GET /{tunnel.id}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()) for _ in range(5)]
    for _ in waiting:
        tunnel.expect(SYN)
    answer = server.get(f"/{tunnel.id}/")
    assert (answer.status, answer.error) == (503, "too_many_streams")


def test_S13_coming_and_going(start):
    """Thousands of sessions, one after the other: descriptors and memory where they were. A line of the log may wait for its
    reader now and then; what leaks grows each time."""
    server = start()

    def growth():
        before = server.memory()
        for _ in range(1000):
            server.tunnel("s13").close()
            server.opened.clear()
        return server.memory() - before
    growth()
    with server.no_socket_left():
        assert any(growth() < (64 << 20 if SANITIZED else 4 << 20) for _ in range(4))
