"""A TCP proxy between client and server that behaves as badly as it is told to."""
import contextlib
import random
import socket
import threading
import time


class Mangler:
    """delay: seconds added to each piece; stalled: nothing passes; refusing: connections are closed at once."""

    def __init__(self, port):
        self.to, self.delay, self.stalled, self.refusing = port, (0, 0), False, False
        self.pairs, self.lost, self.connections = [], set(), 0
        self.port = 0
        self._listen()

    def _listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def refuse(self, how):
        """"connects": nobody listens; "at once": connections are accepted and closed; None: no more."""
        self.refusing = how == "at once"
        if how == "connects":
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self.listener.close()
        elif self.listener.fileno() < 0:
            self._listen()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                self.connections += 1
                if self.refusing:
                    near.close()
                    continue
                try:
                    far = socket.create_connection(("127.0.0.1", self.to))
                except OSError:
                    near.close()
                    continue
                self.pairs.append((near, far))
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    def _copy(self, a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                if self.delay[1]:
                    time.sleep(random.uniform(*self.delay))
                while self.stalled or a in self.lost:
                    time.sleep(0.05)
                b.sendall(data)
        for sock in (a, b):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
                sock.close()

    def lose(self):
        """What is open passes nothing any more, and nobody is told; new connections are as ever."""
        self.lost.update(sock for pair in self.pairs for sock in pair)

    def cut(self):
        for pair in self.pairs:
            for sock in pair:
                self.lost.discard(sock)
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self.pairs.clear()

    def close(self):
        self.listener.close()
        self.cut()
