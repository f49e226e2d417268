"""A real whtd, and the shortest way to everything that speaks to it."""
import base64
import contextlib
import re
import secrets
import subprocess
import time

from . import token as tokens
from .client import Client
from .origin import Origin
from .process import DEADLINE, Process
from .tunnel import Tunnel
from .viewer import Viewer

LISTENING = re.compile(r"server\.listening.*:(\d+)\b")
PATIENT = {"WHT_HANDSHAKE_TIMEOUT": 60, "WHT_HEAD_TIMEOUT": 60, "WHT_ADMIT_TIMEOUT": 60}  # unless a test says otherwise


def base64_of(path):
    """How the original takes keys: PEM in base64 in the environment."""
    return base64.b64encode(path.read_bytes()).decode()


class Server(Process):
    def __init__(self, directory, *, workers=1, certs=None, **env):
        """env: whtd's settings; None takes one of the usual ones away."""
        self.directory, self.certs, self.workers = directory, certs, workers
        settings = {"HOSTNAME": "localhost", "PORT": "0", "WHT_LISTEN": "127.0.0.1", "WHT_WORKERS": workers,
                    "TASKCLUSTER_PROXY_SECRET_A": tokens.SECRET_A, "TASKCLUSTER_PROXY_SECRET_B": tokens.SECRET_B, **PATIENT}
        if certs:
            settings |= {"HOSTNAME": certs.host, "TLS_KEY": base64_of(certs.key), "TLS_CERTIFICATE": base64_of(certs.certificate)}
        settings |= env
        super().__init__(directory, "whtd", env={name: str(value) for name, value in settings.items() if value is not None})
        self.hostname = settings["HOSTNAME"]
        self.opened = []  # what end_of_test() closes
        self.port = int(self.wait_line(LISTENING)[1])

    def keep(self, thing):
        self.opened.append(thing)
        return thing

    def end_of_test(self):
        for thing in reversed(self.opened):
            with contextlib.suppress(OSError):
                thing.close()
        self.opened.clear()
        assert self.process.poll() is None, "whtd died:\n" + "\n".join(self.lines[-20:])
        self.check_reports()

    def new_id(self):
        """Another id each time: they fall to all workers."""
        return "t" + secrets.token_hex(6)

    def _tls(self, how):
        if self.certs:
            how = {"tls": self.certs.context, "server_name": self.hostname, **how}
        return how

    def viewer(self, **how):
        return self.keep(Viewer(self.port, **self._tls(how)))

    def tunnel(self, id=None, **how):
        """A tunnel client of ours that speaks the extensions, registered."""
        tunnel = self.keep(Tunnel(self.port, id or self.new_id(), host=self.hostname, **self._tls(how)))
        assert tunnel.status == 101, tunnel.response
        return tunnel

    def legacy(self, id=None, *, window=65536, **how):
        """The same as an original client is: every window said by ACK."""
        return self.tunnel(id, **{"mux": None, "accept": window, "family": "websocktunnel", **how})

    def origin(self, serve=None):
        return self.keep(Origin(serve))

    def client(self, id=None, origin=None, **how):
        """A real whclient in front of an origin."""
        origin = origin or self.origin()
        client = self.keep(Client(self, id or self.new_id(), origin, **how))
        return client

    def get(self, path, *, method="GET", fields=(), body=b"", host="localhost", **how):
        """One request on a connection of its own."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return self.viewer(**how).ask(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body, method)

    def curl(self, *arguments, **how):
        return subprocess.run(["curl", "-sS", "--max-time", "60", *map(str, arguments)], capture_output=True, **how)

    @contextlib.contextmanager
    def no_socket_left(self, within=DEADLINE):
        """What is opened inside is closed by the server, in its own time."""
        before = self.sockets()
        yield
        assert eventually(lambda: self.sockets() <= before, within), f"{before} sockets became {self.sockets()}"


def eventually(true, within=DEADLINE):
    """For what shows only from outside the process, where no event tells."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
