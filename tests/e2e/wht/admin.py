"""The admin socket as a script sees it: HTTP and JSON over a Unix socket."""
import http.client
import json
import socket


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout=90):
        super().__init__("whtd", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = raw(self.path, self.timeout)


def raw(path, timeout=90):
    """A connected socket, for bytes that no HTTP library would send."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(path))  # a full queue is waited for, which a socket with a timeout would not do
    connection.settimeout(timeout)
    return connection


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Admin:
    """admin("GET", "/v1/tunnels").json"""

    def __init__(self, path):
        self.path = path

    def __call__(self, method, target, body=None):
        connection = Connection(self.path)
        try:
            connection.request(method, target, None if body is None else json.dumps(body))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, target):
        answer = self("GET", target)
        assert answer.status == 200, answer.body
        return answer.json

    def raw(self):
        return raw(self.path)

    def events(self, event="*"):
        return self.get(f"/v1/audit?limit=1000&event={event}")["rows"]
