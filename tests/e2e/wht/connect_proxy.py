"""An HTTP proxy that knows one way: whatever name it is asked for, it leads to the same port. It remembers who asked."""
import base64
import contextlib
import socket
import threading

from .viewer import Cut, Head, Reader


class ConnectProxy:
    def __init__(self, port, user=None):
        """user: "name:password" that it wants."""
        self.to, self.heads = port, []
        self.wanted = user and "Basic " + base64.b64encode(user.encode()).decode()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, near):
        with contextlib.suppress(OSError, Cut), near:
            reader = Reader(lambda: near.recv(65536))
            head = Head(reader.until(b"\r\n\r\n"))
            self.heads.append(head)
            if self.wanted and head.get("proxy-authorization") != self.wanted:
                near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self.to)) as far:
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                threading.Thread(target=self._copy, args=(far, near), daemon=True).start()
                self._copy(near, far)

    @staticmethod
    def _copy(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()
