"""A real whclient in front of an origin."""
import json
import re
import subprocess
import time

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


def whclient(wht, *arguments, wait=True, stdin=subprocess.DEVNULL, **env):
    """whclient with exactly these arguments and that environment."""
    directory = wht.directory / f"client-{time.monotonic_ns()}"
    client = wht.keep(Process(directory, "whclient", *arguments, env={"HOME": str(directory), **env}, stdin=stdin))
    client.close = lambda: client.process.poll() is None and client.stop()
    if wait:
        client.url = client.wait_line(URL, lines=client.output)[1]
        client.id = client.url.rsplit("/", 1)[1]
    return client


def url_of(wht):
    return f"http://localhost:{wht.port}"


def events(client, name):
    """Of a client with --json: the events called so, as far as they have come."""
    return [event for event in map(json.loads, list(client.output)) if event["event"] == name]


def wait_event(client, name, **members):
    """The first event with these members, past or to come."""
    members = "".join(f"(?=.*{re.escape(f'{json.dumps(key)}:{json.dumps(value)}')})" for key, value in members.items())
    found = client.wait_line(re.compile(f'^(?=.*"event":"{name}"){members}(.*)$'), lines=client.output)
    return json.loads(found[1])
