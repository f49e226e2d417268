"""A program under test: started with a clean environment, its lines kept, its sanitizers' reports too."""
import contextlib
import os
import pathlib
import signal
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = ROOT / "build" / os.environ.get("WHT_PRESET", "dev") / "bin"
SANITIZED = BIN.parent.name in ("asan", "tsan")  # what is freed stays resident for a while
DEADLINE = 60


class Process:
    def __init__(self, directory, name, *arguments, env=None, stdin=subprocess.DEVNULL):
        directory.mkdir(parents=True, exist_ok=True)
        self.reports = directory / f"{name}.sanitizer"
        self.lines, self.output, self.changed = [], [], threading.Condition()
        options = f"log_path={self.reports}:exitcode=99:detect_leaks=1"
        environment = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": options, "UBSAN_OPTIONS": options + ":print_stacktrace=1",
                       "TSAN_OPTIONS": options, **(env or {})}
        self.process = subprocess.Popen([BIN / name, *map(str, arguments)], env=environment, cwd=directory, stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        self.threads = [threading.Thread(target=self._read, args=(pipe, mine), daemon=True)
                        for pipe, mine in ((self.process.stdout, self.output), (self.process.stderr, []))]
        for thread in self.threads:
            thread.start()

    def _read(self, pipe, mine):
        for line in pipe:
            with self.changed:
                mine.append(line.rstrip("\n"))
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def wait_line(self, pattern, timeout=DEADLINE, lines=None):
        """The first line, past or to come, that the pattern (compiled) is found in, as a match."""
        lines = self.lines if lines is None else lines
        def find():
            return next((match for line in lines if (match := pattern.search(line))), None)
        with self.changed:
            self.changed.wait_for(lambda: find() or self.process.poll() is not None, timeout)
        for thread in self.threads if self.process.poll() is not None else ():
            thread.join(DEADLINE)
        found = find()
        assert found, f"no line like {pattern.pattern}:\n" + "\n".join(self.lines[-20:])
        return found

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=DEADLINE):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("does not end:\n" + "\n".join(self.lines[-20:])) from None
        for thread in self.threads:
            thread.join(DEADLINE)
        return status

    def check_reports(self):
        found = list(self.reports.parent.glob(self.reports.name + ".*"))
        assert not found, "sanitizer report:\n" + "\n".join(path.read_text()[:4000] for path in found)

    def stop(self, expect=(0,)):
        """SIGTERM, the exit status, and what the sanitizers have to say."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        self.check_reports()
        assert status in expect, f"exit {status}:\n" + "\n".join(self.lines[-20:])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def sockets(self):
        """How many are open. Other descriptors may be opened late, for good (a reserve, an event queue)."""
        count = 0
        for number in os.listdir(f"/proc/{self.pid}/fd"):
            with contextlib.suppress(OSError):
                count += os.readlink(f"/proc/{self.pid}/fd/{number}").startswith("socket:")
        return count

    def memory(self):
        """Resident bytes."""
        pages = int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu(self):
        """Seconds of processor time, user and system, of the threads that there are: to the nanosecond,
        where /proc/PID/stat counts ticks."""
        threads = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
