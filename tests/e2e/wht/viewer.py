"""A viewer that sends exactly the bytes it is told to, and reads answers without forgiving anything."""
import contextlib
import socket
import ssl
import struct

TIMEOUT = 50  # of any one wait: "never", on the slowest machine, and yet less than a whtd's own limits are (server.py)


class Cut(Exception):
    """The connection ended in the middle of something."""


class Head:
    """Start line and fields of a message; the bytes stay at hand in raw."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw[:-4].decode("latin-1").split("\r\n")
        self.start = lines[0]
        self.fields = [(name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines[1:])]

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default


class Request(Head):
    """A request as it came out of the tunnel."""

    def __init__(self, raw, body):
        super().__init__(raw)
        self.method, self.target, self.version = self.start.split(" ")
        self.body = body


class Response(Head):
    """complete is False when the connection ended before the body did; interim are the 1xx before it."""

    def __init__(self, raw):
        super().__init__(raw)
        self.version, status, self.reason = (self.start + " ").split(" ", 2)
        self.status, self.reason = int(status), self.reason.rstrip()
        self.body, self.complete, self.interim, self.trailers = b"", True, [], []

    @property
    def error(self):
        return self.get("x-webhooktunnel-error")

    def __repr__(self):
        return f"<{self.start!r} error={self.error} {len(self.body)} bytes{'' if self.complete else ', cut'}>"


class Reader:
    """Reads heads and bodies from anything with recv()."""

    def __init__(self, receive):
        self.receive, self.buffer, self.ended = receive, bytearray(), False

    def fill(self):
        data = b"" if self.ended else self.receive()
        self.ended = not data
        self.buffer += data
        return bool(data)

    def take(self, count):
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise Cut(self.take(count))
        return self.take(count)

    def until(self, mark):
        start = 0
        while (at := self.buffer.find(mark, start)) < 0:
            start = max(0, len(self.buffer) - len(mark))
            if not self.fill():
                raise Cut(bytes(self.buffer))
        return self.take(at + len(mark))

    def rest(self):
        while self.fill():
            pass
        return self.take(len(self.buffer))

    def chunks(self):
        """Yields the chunks of a body, then its trailer lines as a list."""
        while size := int(self.until(b"\r\n")[:-2].split(b";")[0], 16):
            yield self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        trailers = []
        while (line := self.until(b"\r\n")) != b"\r\n":
            trailers.append(line[:-2].decode("latin-1"))
        yield trailers

    def read_chunked(self):
        body = bytearray()
        for chunk in self.chunks():
            if isinstance(chunk, list):
                return bytes(body), chunk
            body += chunk

    def request(self):
        """The next whole request, or None at the end of the stream."""
        try:
            head = Head(self.until(b"\r\n\r\n"))
            if head.get("transfer-encoding"):
                body, _ = self.read_chunked()
            else:
                body = self.exactly(int(head.get("content-length", 0)))
        except Cut:
            return None
        return Request(head.raw, body)

    def response(self, method="GET", keep_interim=False):
        interim = []
        while True:
            response = Response(self.until(b"\r\n\r\n"))
            if response.status >= 200 or response.status == 101 or keep_interim:
                break
            interim.append(response)
        response.interim = interim
        self.read_body(response, method)
        return response

    def read_body(self, response, method):
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return
        try:
            if response.get("transfer-encoding"):
                for chunk in self.chunks():
                    if isinstance(chunk, list):
                        response.trailers = chunk
                    else:
                        response.body += chunk
            elif response.get("content-length") is not None:
                want = int(response.get("content-length"))
                response.body = self.exactly(want)
            else:
                response.body = self.rest()
        except Cut as cut:
            response.body += cut.args[0]
            response.complete = False


class Viewer(Reader):
    def __init__(self, port, *, tls=None, server_name=None, receive_buffer=None):
        super().__init__(self._receive)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(("127.0.0.1", port))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)

    def _receive(self):
        try:
            return self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            return b""

    def send(self, data):
        """A peer that has closed already is no fault of the test: what it answered counts."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            self.socket.sendall(data)
        return self

    def send_bytewise(self, data):
        for at in range(len(data)):
            self.send(data[at:at + 1])
        return self

    def finish(self):
        """Sends FIN: nothing more will come from here, but we still read."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def ask(self, data, method="GET"):
        return self.send(data).response(method)

    def closed(self, within=TIMEOUT):
        """Did the server close, and without another byte?"""
        self.socket.settimeout(within)
        try:
            return not self.buffer and not self.fill()
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(TIMEOUT)

    def silent(self, seconds):
        """Nothing comes, not even an end, for so long. Only for what must not happen."""
        self.socket.settimeout(seconds)
        try:
            return not self.buffer and not self.fill() and False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(TIMEOUT)
