"""The web server behind a client: threads, raw sockets, and a function that says what each request gets."""
import contextlib
import socket
import threading

from .viewer import Reader


class Connection(Reader):
    """One connection of the client to us."""

    def __init__(self, sock):
        super().__init__(lambda: sock.recv(65536))
        self.socket = sock

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, body=b"", *, status="200 OK", fields=()):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)


def echo(connection, request):
    connection.answer(request.body)


class Origin:
    """serve(connection, request) is called for every request; on_head(connection, head) instead, when given, before the
    body is read, for bodies that are too long to keep."""

    def __init__(self, serve=None, on_head=None):
        self.serve, self.on_head = serve or echo, on_head
        self.requests, self.connections = [], []
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.changed:
                    self.connections.append(sock)
                threading.Thread(target=self._run, args=(Connection(sock),), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError), connection.socket:
            if self.on_head:
                return self.on_head(connection)
            while request := connection.request():
                with self.changed:
                    self.requests.append(request)
                    self.changed.notify_all()
                if self.serve(connection, request) == "close":
                    return

    def close(self):
        self.listener.close()
        for sock in self.connections:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
                sock.close()
