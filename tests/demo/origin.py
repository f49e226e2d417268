"""origin.py - the demo's local web server: a page, and a hook that says what it was sent. Python's own library only."""
import http.server
import pathlib

PAGE = pathlib.Path(__file__).with_name("page.html")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    on_request = staticmethod(lambda text: None)  # gets each request as text, before it is answered

    def do_GET(self):
        self.tell(b"")
        self.answer(200, "text/html; charset=utf-8", PAGE.read_bytes())

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.tell(body)
        self.answer(200, "text/plain; charset=utf-8", b"the web page got %d bytes: %s\n" % (len(body), body))

    def tell(self, body):
        fields = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        self.on_request(f"{self.requestline}\n{fields}\n{body.decode('utf-8', 'replace')}")

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def server(on_request):
    """A server on a free port; serve_forever() runs it."""
    handler = type("Handler", (Handler,), {"on_request": staticmethod(on_request)})
    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
