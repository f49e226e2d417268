"""A tunnel client over a raw socket: it can be a model citizen or break every rule, and remembers every frame.

A reader thread keeps the record. What it does by itself can be switched off: answering pings (pong), accepting
streams (accept: the credit of the ACK, None: never), giving credit back (consume), and serving requests (serve: a
function that gets a Stream and a Request, run in a thread per stream, looked up for each request; None: nobody serves).
"""
import contextlib
import dataclasses
import socket
import struct
import threading
import time

from . import token as tokens
from . import websocket
from .viewer import TIMEOUT, Cut, Reader, Viewer

DAT, SYN, ACK, FIN, RST = 0, 1, 2, 3, 5
NAMES = {DAT: "DAT", SYN: "SYN", ACK: "ACK", FIN: "FIN", RST: "RST"}
MUX = "window=262144, rst"  # the extension header of a client of today


@dataclasses.dataclass
class Frame:
    kind: int
    stream: int
    payload: bytes
    when: float

    @property
    def number(self):
        return struct.unpack("<I", self.payload)[0]

    def __repr__(self):
        return f"{NAMES.get(self.kind, self.kind)}({self.stream}, {self.payload[:40]!r})"


def encode(kind, stream, payload=b""):
    if isinstance(payload, int):
        payload = struct.pack("<I", payload)
    return bytes([kind]) + struct.pack("<I", stream) + payload


def registration(id, token, *, family="webhooktunnel", path="/", mux=None, host="localhost", extra=()):
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: websocket",
             "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {websocket.KEY}", f"x-{family}-id: {id}",
             f"Authorization: Bearer {token}"]
    if mux:
        lines.append(f"x-webhooktunnel-mux: {mux}")
    return ("\r\n".join([*lines, *extra]) + "\r\n\r\n").encode("latin-1")


def mirror(stream, request):
    """Answers with the request itself, byte for byte."""
    body = request.raw + request.body
    stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + (body if request.method != "HEAD" else b""))


def replying(*pieces, fin=False):
    """Serves every request with these bytes, each piece in a frame of its own."""
    def serve(stream, request):
        for piece in pieces:
            stream.send(piece)
        if fin:
            stream.fin()
    return serve


class Stream(Reader):
    """One stream that the server opened, from our side."""

    def __init__(self, tunnel, id, credit):
        super().__init__(self._receive)
        self.tunnel, self.id, self.credit = tunnel, id, credit
        self.arrived, self.ended_by = bytearray(), None  # FIN, RST or "session"
        self.received = 0  # bytes of DAT, ever

    def _receive(self):
        with self.tunnel.changed:
            self.tunnel.wait(lambda: self.arrived or self.ended_by)
            data = bytes(self.arrived)
            self.arrived.clear()
        if data and self.tunnel.consume:
            self.ack(len(data))
        return data

    def ack(self, credit):
        self.tunnel.send(ACK, self.id, credit)

    def send(self, data, size=16384):
        """Sends within the credit we hold, waiting for more. False when the stream ended meanwhile."""
        data = memoryview(data)
        while data:
            with self.tunnel.changed:
                self.tunnel.wait(lambda: self.credit or self.ended_by)
                if self.ended_by:
                    return False
                count = min(len(data), self.credit, size)
                self.credit -= count
            self.dat(data[:count])
            data = data[count:]
        return True

    def dat(self, data):
        """Whether we have the credit or not."""
        self.tunnel.send(DAT, self.id, bytes(data))

    def fin(self):
        self.tunnel.send(FIN, self.id)

    def rst(self, reason=40):
        self.tunnel.send(RST, self.id, reason)

    def start(self):
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        """Serves one request after the other, as the tunnel says at that moment."""
        with contextlib.suppress(OSError, AssertionError):  # the test says what it missed
            while request := self.request():
                self.tunnel.note(request)
                self.tunnel.serve(self, request)
            self.fin()


class Tunnel:
    def __init__(self, port, id, token=None, *, family="webhooktunnel", mux=MUX, tls=None, server_name=None,
                 accept=0, consume=True, serve=mirror, pong=True, behind=b"", extra=(), secret=tokens.SECRET_A,
                 credit=None, host="localhost"):
        """accept: with the extension the credit is the window already, so 0; a legacy client names its buffer.
        behind: bytes sent in one piece with the registration. credit: what we may send at first, if it is
        not what the two headers say."""
        self.id, self.accept, self.consume, self.serve, self.pong = id, accept, consume, serve, pong
        self.frames, self.streams, self.requests, self.pings = [], {}, [], []
        self.pinged = 0  # by the server, so often
        self.taken, self.changed = set(), threading.Condition()
        self.closed_with, self.over = None, False
        self.send_lock = threading.Lock()
        self.viewer = Viewer(port, tls=tls, server_name=server_name)
        token = token or tokens.mint(id, secret=secret)
        self.viewer.send(registration(id, token, family=family, mux=mux, extra=extra, host=host) + behind)
        self.response = self.viewer.response()
        self.url = self.response.get(f"x-{family}-client-url")
        self.status = self.response.status
        self.mux = self.response.get("x-webhooktunnel-mux")
        self.credit = credit if credit is not None else window_of(self.mux) if self.mux else accept or 0
        if self.status == 101:
            self.viewer.socket.settimeout(None)
            self.reader = threading.Thread(target=self._read, daemon=True)
            self.reader.start()

    # --- sending

    def raw(self, data, bytewise=False):
        """Nothing of ours, a pong for instance, gets in between."""
        with self.send_lock, contextlib.suppress(OSError):
            for piece in (data[at:at + 1] for at in range(len(data))) if bytewise else [data]:
                self.viewer.socket.sendall(piece)

    def ws(self, opcode, payload=b"", **how):
        self.raw(websocket.frame(opcode, payload, **how))

    def send(self, kind, stream, payload=b""):
        self.ws(websocket.BINARY, encode(kind, stream, payload))

    def close_frame(self, code=1000, reason=b""):
        self.ws(websocket.CLOSE, websocket.close_payload(code, reason))

    # --- the record

    def wait(self, true, timeout=TIMEOUT):
        """Under self.changed: waits until something holds."""
        assert self.changed.wait_for(lambda: true() or self.over, timeout), f"nothing came: {self.frames[-10:]}"

    def note(self, request):
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()

    def expect(self, kind, stream=None, timeout=TIMEOUT):
        """The next frame of that kind that no expect() has answered with before."""
        def find():
            for at, frame in enumerate(self.frames):
                if at not in self.taken and frame.kind == kind and stream in (None, frame.stream):
                    return at
        with self.changed:
            found = self.changed.wait_for(lambda: find() is not None or self.over, timeout)
            assert find() is not None, f"no {NAMES[kind]} {'came' if found else 'in time'}: {self.frames[-10:]}"
            at = find()
            self.taken.add(at)
            return self.frames[at]

    def expect_stream(self):
        return self.streams[self.expect(SYN).stream]

    def expect_requests(self, count, timeout=TIMEOUT):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count or self.over, timeout), self.requests
            return self.requests

    def expect_over(self, *codes, timeout=TIMEOUT):
        """The session ends; with one of these close codes, if any are named (None: without a Close)."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.over, timeout), "the session goes on"
        code = self.closed_with and self.closed_with[0]
        assert not codes or code in codes, f"closed with {self.closed_with}"

    def alive(self):
        """The session answers a ping."""
        probe = b"alive%d" % len(self.pings)
        self.pings.append(probe)
        self.ws(websocket.PING, probe)
        with self.changed:
            return self.changed.wait_for(lambda: probe not in self.pings or self.over, TIMEOUT) and not self.over

    def sent_by_server(self, kind, stream=None):
        return [f for f in self.frames if f.kind == kind and stream in (None, f.stream)]

    # --- the reader thread

    def _read(self):
        message = b""
        with contextlib.suppress(OSError, Cut, ValueError):
            while True:
                opcode, fin, payload = websocket.read_frame(self.viewer)
                if opcode == websocket.PING:
                    self.pinged += 1
                    if self.pong:
                        self.ws(websocket.PONG, payload)
                elif opcode == websocket.PONG:
                    with self.changed:
                        self.pings = [ping for ping in self.pings if ping != payload]
                        self.changed.notify_all()
                elif opcode == websocket.CLOSE:
                    self.closed_with = (struct.unpack(">H", payload[:2])[0] if payload else None, payload[2:])
                    self.ws(websocket.CLOSE, payload)
                else:
                    message += payload
                    if fin:
                        self._take(message)
                        message = b""
        with self.changed:
            self.over = True
            for stream in self.streams.values():
                stream.ended_by = stream.ended_by or "session"
            self.changed.notify_all()

    def _take(self, message):
        frame = Frame(message[0], struct.unpack("<I", message[1:5])[0], message[5:], time.monotonic())
        with self.changed:
            self.frames.append(frame)
            stream = self.streams.get(frame.stream)
            if frame.kind == SYN:
                self._opened(frame.stream)
            elif stream and frame.kind == DAT:
                stream.arrived += frame.payload
                stream.received += len(frame.payload)
            elif stream and frame.kind == ACK:
                stream.credit += frame.number
            elif stream and frame.kind in (FIN, RST):
                stream.ended_by = frame.kind
            self.changed.notify_all()

    def _opened(self, id):
        stream = self.streams[id] = Stream(self, id, self.credit)
        if self.accept is not None:
            stream.ack(self.accept)
        if self.serve:
            stream.start()

    def kill(self):
        """TCP ends without a word: RST. A reader that still waits would keep the socket open."""
        self.viewer.socket.shutdown(socket.SHUT_RD)
        if threading.current_thread() is not self.reader:
            self.reader.join(TIMEOUT)
        self.viewer.reset()

    def close(self):
        with contextlib.suppress(OSError):
            self.viewer.socket.shutdown(2)
        self.viewer.close()


def window_of(mux):
    for word in mux.split(","):
        name, _, value = word.strip().partition("=")
        if name == "window":
            return int(value)
    return 0
