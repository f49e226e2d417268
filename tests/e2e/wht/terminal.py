"""A real terminal, of any size, that a test can read and type into: tmux, on a server of its own."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from .process import DEADLINE

AVAILABLE = shutil.which("tmux") is not None


class Terminal:
    def __init__(self, command, *, width=80, height=24, cwd=None, env=None):
        """command: a list. When it has ended its last screen stays, and ended() is its exit status, as a shell tells it."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="tmux"))  # a socket's path must be short
        self.socket = self.directory / "s"
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "HOME": str(self.directory),
                       "SHELL": "/bin/sh", **(env or {})}
        (self.directory / "conf").write_text("set -g status off\nset -g history-limit 5000\n")
        self.status = self.directory / "status"
        keep = f'trap : INT; "$@"; echo $? >{self.status}.new; mv {self.status}.new {self.status}; exec cat'
        subprocess.run(["tmux", "-u", "-S", self.socket, "-f", self.directory / "conf", "new-session", "-d",
                        "-x", str(width), "-y", str(height), "-c", str(cwd or self.directory), "--", "sh", "-c", keep, "sh", *map(str, command)],
                       env=environment, check=True)

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *map(str, arguments)], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, check=True).stdout

    def type(self, *keys):
        """Characters, or tmux's names of keys: Enter, Tab, C-c."""
        self.tmux("send-keys", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", width, "-y", height)

    def lines(self):
        return self.tmux("capture-pane", "-p").split("\n")[:-1]

    def history(self):
        """What has scrolled away, too."""
        return self.tmux("capture-pane", "-p", "-S", "-")

    def text(self):
        return "\n".join(self.lines())

    def wait(self, true, timeout=DEADLINE):
        """Until the screen, as one text, is as wanted; answers it."""
        end = time.monotonic() + timeout
        while not true(text := self.text()):
            assert time.monotonic() < end, f"the screen stays so:\n{text}"
            time.sleep(0.05)
        return text

    def flag(self, name):
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    @property
    def pid(self):
        """Of the command."""
        return int(subprocess.check_output(["pgrep", "-P", self.flag("pane_pid")]))

    def ended(self, timeout=DEADLINE):
        self.wait(lambda text: self.status.exists(), timeout)
        return int(self.status.read_text())

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)
