"""The Taskcluster Auth service, played by hawk_server.js; needs node and the package hawk (NODE_PATH)."""
import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
NODE_PATH = os.environ.get("NODE_PATH", str(ROOT / "build" / "node" / "node_modules"))


def available():
    return shutil.which("node") and (pathlib.Path(NODE_PATH) / "hawk").is_dir()


class AuthService:
    def __init__(self, clients, offset=0):
        """clients: who may ask, with which key, and what they are told (hawk_server.js); offset: its clock's, in seconds."""
        self.process = subprocess.Popen(["node", pathlib.Path(__file__).with_name("hawk_server.js"), json.dumps(clients)],
                                        env={**os.environ, "NODE_PATH": NODE_PATH, "OFFSET": str(offset)}, stdout=subprocess.PIPE, text=True)
        self.port = self.next()["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def next(self):
        """What the next request was."""
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
