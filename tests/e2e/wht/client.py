"""A real whclient in front of an origin."""
import re

from . import token as tokens
from .process import Process

URL = re.compile(r"^(https?://\S+)$")


class Client(Process):
    def __init__(self, server, id, origin, *, token=None, wait=True, arguments=(), stdin=None, **env):
        self.id = id
        scheme = "https" if server.certs else "http"
        security = ["--ca", server.certs.ca] if server.certs else []
        given = [] if stdin else ["--token", token or tokens.mint(id)]
        pipes = {"stdin": stdin} if stdin else {}
        super().__init__(server.directory / f"client-{id}", "whclient", f"{scheme}://localhost:{server.port}", id,
                         origin.url if hasattr(origin, "url") else origin, *given, *security, *arguments, env=env, **pipes)
        if wait:
            self.url = self.wait_line(URL, lines=self.output)[1]

    def close(self):
        if self.process.poll() is None:
            self.stop()
        self.check_reports()
