"""The service's side of the admin socket, played: for answers that a healthy whtd cannot be brought to give."""
import http.server
import json
import pathlib
import shutil
import socketserver
import tempfile
import threading
import urllib.parse


class AdminStub:
    """answers: "GET /v1/status" -> an object, or (status, object), or a function of the query that answers either."""

    def __init__(self, answers):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="stub"))
        self.path = self.directory / "admin.sock"
        self.answers, self.asked = answers, []
        self.server = _Server(str(self.path), _Handler)
        self.server.stub = self
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.directory, ignore_errors=True)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def answer(self):
        stub = self.server.stub
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        stub.asked.append((self.command, path, query, body))
        found = stub.answers.get(f"{self.command} {path}", (404, {"error": "not_found", "message": "no such thing", "hint": ""}))
        found = found(query) if callable(found) else found
        status, answer = found if isinstance(found, tuple) else (200, found)
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer
