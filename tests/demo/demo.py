"""demo.py [--once] - the whole thing on one machine: a service, a web page nobody can reach, a client, and a webhook.

Stays up until Ctrl-C, so that the page can be opened in a browser. --once: exits right after the webhook, 0 if its
answer was the expected one. Whatever was started is stopped in both cases.
"""
import contextlib
import os
import pathlib
import queue
import re
import shlex
import signal
import socket
import subprocess
import sys
import textwrap
import threading

import origin

BIN = pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "bin"
WEBHOOK = '{"event": "push", "text": "hello through the tunnel"}'
ANSWER = f"the web page got {len(WEBHOOK)} bytes: {WEBHOOK}\n"
PATIENCE = 60  # seconds for any one step


class Failure(Exception):
    pass


def heading(text):
    print(f"\n\033[1m{text}\033[0m", flush=True)


def show(text):
    print(textwrap.indent(text.rstrip("\n"), "    "), flush=True)


def preferred_port():
    """8080 when nobody has it: easier to remember. Else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8080))
        except OSError:
            return "0"
        return "8080"


class Program:
    """A child whose output is kept at hand; ends with us."""

    def __init__(self, name, *arguments, **env):
        self.name, self.lines = name, queue.Queue()
        self.process = subprocess.Popen([BIN / name, *arguments], env={**os.environ, **env}, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, pattern):
        seen = []
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                line = None
            if line is None:
                raise Failure(f"{self.name} did not come up:\n{''.join(seen)}")
            seen.append(line)
            if match := re.search(pattern, line):
                return match

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run(stack, once):
    requests = queue.Queue()
    heading("1. A web page on this machine, that nobody else can reach")
    page = stack.enter_context(origin.server(requests.put))
    threading.Thread(target=page.serve_forever, daemon=True).start()
    stack.callback(page.shutdown)
    port = str(page.server_address[1])
    show(f"http://127.0.0.1:{port}/")

    heading("2. The service, as it would run on a public host")
    show("$ whtd --dev")
    service = Program("whtd", "--dev", PORT=preferred_port())
    stack.callback(service.stop)
    url, id, token = service.wait_for(r"whclient (\S+) (\S+) \S+ --token (\S+)").groups()

    heading("3. The client, which connects the two")
    show(f"$ whclient {url} {id} {port} --token {token[:12]}...")
    client = Program("whclient", url, id, port, "--token", token)
    stack.callback(client.stop)
    public = client.wait_for(r"^(https?://\S+)$")[1]
    show(public)

    heading("4. A webhook, sent by a stranger to the public URL")
    command = ["curl", "-sS", "-i", "--max-time", str(PATIENCE), "-d", WEBHOOK, f"{public}/hook"]
    show(f"$ {shlex.join(['curl', '-i', '-d', WEBHOOK, public + '/hook'])}")
    sent = subprocess.run(command, capture_output=True, text=True)
    heading("   what the web page received")
    with contextlib.suppress(queue.Empty):
        show(requests.get(timeout=PATIENCE))
    heading("   what the sender was answered")
    show(sent.stdout + sent.stderr)
    head, _, body = sent.stdout.partition("\n\n")  # text mode made CR LF one character
    if sent.returncode or " 200 " not in head.split("\n")[0] or body != ANSWER:
        raise Failure(f"expected {ANSWER!r}, got {body!r}")

    heading(f"It works. The public URL is {public}/")
    if not once:
        print("Open it in a browser, or send it something; Ctrl-C ends the demo.", flush=True)
        while True:
            show(requests.get() + "\n")


def main(arguments):
    if arguments not in ([], ["--once"]):
        sys.exit("usage: demo [--once]")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with contextlib.ExitStack() as stack:
            run(stack, once=bool(arguments))
    except Failure as failure:
        print(f"\nthe demo failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
