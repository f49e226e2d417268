"""Fixtures: a server for each module, once with one worker and once with four; everything else hangs on it."""
import os

import pytest

from wht.certs import Certs
from wht.process import BIN
from wht.server import Server


def pytest_configure(config):
    if not os.access(BIN / "whtd", os.X_OK):
        pytest.exit(f"{BIN}/whtd is not built: ./dev e2e builds it", returncode=2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests of one module and one number of workers share a server, so one xdist process gets them all. A module that waits for
    long says LONG, and begins first: the others are over by the time that it is."""
    items.sort(key=lambda item: not getattr(item.module, "LONG", False))
    for item in items:
        workers = getattr(item, "callspec", None) and item.callspec.params.get("workers", 0)
        item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__}-{workers}"))


@pytest.fixture(scope="module", params=[1, 4], ids=["1-worker", "4-workers"])
def workers(request):
    return request.param


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


class Shared:
    """A module's server. One that died is the failure of one test; the next gets another."""

    def __init__(self, directory, **how):
        self.directory, self.how, self.servers = directory, how, []

    def server(self):
        if not self.servers or self.servers[-1].process.poll() is not None:
            self.servers.append(Server(self.directory / str(len(self.servers)), **self.how))
        return self.servers[-1]

    def run(self):
        try:
            yield self
            if self.servers and self.servers[-1].process.poll() is None:
                self.servers[-1].stop()
        finally:
            for server in self.servers:
                server.kill()


@pytest.fixture(scope="module")
def shared(workers, tmp_path_factory):
    yield from Shared(tmp_path_factory.mktemp("whtd"), workers=workers).run()


@pytest.fixture(scope="module")
def shared_tls(workers, certs, tmp_path_factory):
    yield from Shared(tmp_path_factory.mktemp("whtds"), workers=workers, certs=certs).run()


@pytest.fixture
def wht(shared):
    """The module's server, over plain HTTP. What a test opens through it is closed when the test ends."""
    server = shared.server()
    yield server
    server.end_of_test()


@pytest.fixture
def whts(shared_tls):
    """The same over TLS, with a star certificate."""
    server = shared_tls.server()
    yield server
    server.end_of_test()


@pytest.fixture
def start(workers, tmp_path):
    """A server of the test's own: start(WHT_HEAD_TIMEOUT=0.5). It must end well, too."""
    servers = []

    def start(**how):
        servers.append(Server(tmp_path / f"whtd{len(servers)}", **{"workers": workers, **how}))
        return servers[-1]

    yield start
    try:
        for server in servers:
            if server.process.poll() is None:
                server.end_of_test()
                server.stop()
            server.check_reports()
    finally:
        for server in servers:
            server.kill()
