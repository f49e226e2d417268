"""whtctl: the real binary against a real whtd, in a real terminal; and against a stub, where a healthy whtd cannot be
brought to say what has to be tried."""
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from wht import token as tokens
from wht.admin_stub import AdminStub
from wht.process import BIN, DEADLINE
from wht.server import eventually
from wht.terminal import AVAILABLE, Terminal
from wht.tunnel import Tunnel, replying

WHTCTL = BIN / "whtctl"
in_terminal = pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed")
OK, NO, USAGE, AWAY, DENIED, BUSY, FAILED = range(7)


def whtctl(*arguments, cwd="/", stdin=None, expect=OK, **env):
    ran = subprocess.run([WHTCTL, *map(str, arguments)], cwd=cwd, input=stdin, capture_output=True, text=True, timeout=DEADLINE,
                         env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", **env})
    assert ran.returncode == expect, f"exit {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran


@pytest.fixture
def ctl(wht):
    """whtctl where whtd runs: it finds the socket by itself."""
    def ctl(*arguments, **how):
        return whtctl(*arguments, cwd=wht.directory, **how)
    return ctl


@pytest.fixture
def stub():
    stubs = []

    def stub(answers):
        stubs.append(AdminStub(answers))
        return stubs[-1]
    yield stub
    for one in stubs:
        one.close()


@pytest.fixture
def terminal():
    terminals = []

    def terminal(*command, **how):
        terminals.append(Terminal(command, **how))
        return terminals[-1]
    yield terminal
    for one in terminals:
        one.close()


def in_(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def tunnel_row(id, **changes):
    return {"id": id, "url": f"https://h/{id}", "worker": 0, "session": 1, "peer": "10.0.0.7:51234", "agent": "whclient/0.1.0",
            "family": "webhooktunnel", "window": 262144, "rst": True, "iss": None, "sub": None, "jti": None,
            "token_expires_at": in_(3600), "opened_at": in_(-192), "requests": 12345, "bytes_in": 35651584, "bytes_out": 812,
            "rtt_ms": 1.5, "held_bytes": 0, "streams": 3, "stalled": 0, **changes}


def listing(*rows, next=None):
    return {"tunnels": list(rows), "total": len(rows), "next": next}


STATUS = {"version": "0.1.0", "state": "serving", "uptime_s": 192, "tunnels": 2, "streams": 5, "viewers": 7, "held_bytes": 0,
          "held_max_bytes": 536870912, "ledger": {"troubled": False}}


# --- what it says, against the real service -----------------------------------------------------------------------

def test_status_is_read_by_people_and_by_programs(wht, ctl):
    text = ctl("status").stdout
    assert re.search(r"^state +\S+$", text, re.M) and re.search(r"^uptime +\S+", text, re.M), text
    status = json.loads(ctl("status", "--json").stdout)
    assert status["workers"] == wht.workers and status["ledger"]["troubled"] is False


def test_live_tunnels_are_listed_shown_and_matched(wht, ctl):
    alpha, beta = wht.tunnel("ctl-alpha"), wht.tunnel("ctl-beta")
    lines = ctl("tunnel", "list").stdout.splitlines()
    assert lines[0].split()[:2] == ["ID", "PEER"]
    assert {"ctl-alpha", "ctl-beta"} <= {line.split()[0] for line in lines[1:]}
    assert [line.split()[0] for line in ctl("tunnel", "list", "--match", "ctl-a*", "--no-header").stdout.splitlines()] == ["ctl-alpha"]
    assert ctl("tunnel", "--match", "none*", "--no-header").stdout == ""
    found = json.loads(ctl("tunnel", "list", "--match", "ctl-*", "--sort", "id", "--json").stdout)
    assert [row["id"] for row in found["tunnels"]] == ["ctl-alpha", "ctl-beta"] and found["total"] == 2
    shown = ctl("tunnel", "show", "ctl-alpha").stdout
    assert re.search(r"^id +ctl-alpha$", shown, re.M) and re.search(r"^token expires at +\d{4}-.*\(in ", shown, re.M), shown
    assert alpha.alive() and beta.alive()


def test_a_killed_tunnel_is_gone_at_once_and_may_come_back(wht, ctl):
    tunnel = wht.tunnel("ctl-killed")
    assert ctl("tunnel", "kill", "ctl-killed", "--reason", "too loud").stdout == "1 tunnel ended\n"
    tunnel.expect_over(1008)
    assert "no client is connected" in ctl("tunnel", "kill", "ctl-killed", expect=NO).stderr
    assert ctl("tunnel", "show", "ctl-killed", expect=NO).stdout == ""
    assert wht.tunnel("ctl-killed").alive()
    row = ctl("audit", "--event", "admin.tunnel.kill", "--id", "ctl-killed", "--no-header").stdout.splitlines()[0]
    assert "too loud" in row, row


def test_a_ban_ends_what_it_matches_and_keeps_it_out(wht, ctl):
    tunnel = wht.tunnel("ctl-banned-1")
    said = ctl("ban", "add", "ctl-banned-*", "--for", "2h", "--reason", "abuse").stdout
    assert re.fullmatch(r"ctl-banned-\* is banned until [-\d]+ [:\d]+ \(in (1h59m|2h00m)\); 1 tunnel ended\n", said), said
    tunnel.expect_over(1008)
    assert Tunnel(wht.port, "ctl-banned-2").status == 403
    line = ctl("ban", "list", "--no-header").stdout
    assert line.startswith("ctl-banned-*") and "abuse" in line
    assert ctl("ban", "remove", "ctl-banned-*").stdout == "ctl-banned-* is no longer banned\n"
    assert ctl("ban", "list", "--no-header").stdout == ""
    assert wht.tunnel("ctl-banned-1").alive()
    ctl("ban", "remove", "ctl-banned-*", expect=NO)


def test_the_audit_tells_who_did_what(wht, ctl):
    wht.tunnel("ctl-audited").close()
    assert eventually(lambda: "tunnel.close" in ctl("audit", "--id", "ctl-audited").stdout)
    lines = ctl("audit", "--since", "1h", "--id", "ctl-audited").stdout.splitlines()
    assert lines[0].split() == ["SEQ", "AT", "EVENT", "ACTOR", "SUBJECT", "DETAIL"]
    assert [re.search(r"tunnel\.\w+", line)[0] for line in lines[1:]] == ["tunnel.open", "tunnel.close"]
    rows = json.loads(ctl("audit", "--json", "--last", "2").stdout)["rows"]
    assert len(rows) == 2 and {"seq", "at", "event", "prev_hash", "hash"} <= rows[0].keys()
    assert ctl("audit", "verify").stdout.startswith("the audit is whole: ")
    assert re.search(r"ctl-audited", ctl("sessions", "--id", "ctl-audited").stdout)


def test_follow_prints_rows_as_they_come(wht, ctl):
    following = subprocess.Popen([WHTCTL, "audit", "--follow", "--event", "tunnel.open", "--last", "1", "--json"], cwd=wht.directory,
                                 stdout=subprocess.PIPE, text=True)
    try:
        for id in ("ctl-follow-1", "ctl-follow-2"):
            wht.tunnel(id)
            end = time.monotonic() + DEADLINE
            while json.loads(following.stdout.readline())["subject"] != id:
                assert time.monotonic() < end
    finally:
        following.kill()
        following.wait()


def test_a_minted_token_stands_alone_and_opens_its_tunnel(wht, ctl):
    out = ctl("token", "mint", "ctl-minted", "--ttl", "1h").stdout
    token = out.removesuffix("\n")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token)
    assert wht.tunnel("ctl-minted", token=token).alive()
    inspected = ctl("token", "inspect", "-", stdin=out).stdout
    assert "nothing wrong in it" in inspected and re.search(r"^id +ctl-minted$", inspected, re.M)
    assert ctl("token", "mint", "ctl-minted", "--ttl", "400d", expect=USAGE).stdout == ""
    assert token.split(".")[2] not in ctl("audit", "--last", "50").stdout


def test_the_log_level_the_settings_and_the_metrics(wht, ctl):
    assert ctl("log", "level", "debug").stdout == "the log's level is debug, until the next reload\n"
    assert ctl("log", "level", "loud", expect=USAGE).stderr.count("\n") >= 1
    assert ctl("reload").stdout == "the configuration was read again\n"
    config = ctl("config").stdout
    assert re.search(r"^HOSTNAME +localhost +environment", config, re.M), config
    assert tokens.SECRET_A not in config and tokens.SECRET_B not in config
    assert re.search(r"^wht_tunnels", ctl("metrics").stdout, re.M)


def test_why_says_in_a_sentence_why_a_request_failed(wht, ctl):
    wht.tunnel("ctl-why", serve=replying(b"nonsense\r\n\r\n"))
    response = wht.get("/ctl-why/x", fields=["x-request-id: ctl-why-1"])
    assert response.status == 502
    told = ctl("why", "ctl-why-1").stdout
    assert "malformed response" in told.splitlines()[0] and re.search(r"^reason +bad_response$", told, re.M), told
    assert json.loads(ctl("why", "ctl-why-1", "--json").stdout)["status"] == 502
    ctl("why", "never-heard-of", expect=NO)


def test_why_knows_what_the_client_answered_in_place_of_its_target(wht, ctl):
    wht.tunnel("ctl-why-page", serve=replying(b"HTTP/1.1 502 Bad Gateway\r\nx-webhooktunnel-error: target_refused\r\n"
                                              b"Content-Length: 0\r\n\r\n"))
    assert wht.get("/ctl-why-page/x", fields=["x-request-id: ctl-why-2"]).status == 502
    assert json.loads(ctl("why", "ctl-why-2", "--json").stdout)["reason"] == "target_refused"


def test_drain_ends_the_service(start):
    server = start()
    assert whtctl("drain", cwd=server.directory).stdout.startswith("the service finishes")
    assert server.wait() == 0
    whtctl("status", cwd=server.directory, expect=AWAY)


# --- errors say what to do ----------------------------------------------------------------------------------------

def test_no_socket_is_said_with_the_places_looked_at(tmp_path):
    said = whtctl("status", cwd=tmp_path, expect=AWAY, WHT_STATE_DIR=str(tmp_path / "state")).stderr
    assert "/run/webhooktunnel/admin.sock" in said and str(tmp_path / "state/admin.sock") in said and "--socket" in said
    assert "nothing of that name" in whtctl("--socket", tmp_path / "s", "status", expect=AWAY).stderr


def test_a_socket_that_nobody_listens_on(stub, tmp_path):
    gone = stub({})
    gone.server.shutdown()
    gone.server.server_close()
    assert "nobody listens" in whtctl("-s", gone.path, "status", expect=AWAY).stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user")
def test_a_socket_of_somebody_else_names_the_group(stub):
    """A08"""
    mine = stub({"GET /v1/status": STATUS})
    mine.directory.chmod(0o755)
    mine.path.chmod(0o660)
    ran = subprocess.run([WHTCTL, "-s", mine.path, "status"], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
    assert ran.returncode == AWAY and "permission denied" in ran.stderr and "usermod -aG root" in ran.stderr
    mine.directory.chmod(0o700)
    ran = subprocess.run([WHTCTL, "-s", mine.path, "status"], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
    assert ran.returncode == AWAY and "Its folder is closed" in ran.stderr


@pytest.mark.parametrize("status, leave", [(400, USAGE), (403, DENIED), (404, NO), (409, NO), (422, NO),
                                           (500, FAILED), (503, BUSY), (504, BUSY)])
def test_what_the_service_refuses_is_said_in_its_words(stub, status, leave):
    refusing = stub({"GET /v1/status": (status, {"error": "x", "message": "it is \x1b[31mso", "hint": "do that"})})
    assert whtctl("-s", refusing.path, "status", expect=leave).stderr == "whtctl: it is \\x1b[31mso\ndo that\n"


@pytest.mark.parametrize("answer", [b"", b"not json", b"\x00" * 1000, b"[" * 100000])
def test_an_answer_that_is_no_json_is_no_crash(stub, answer):
    odd = stub({"GET /v1/status": (500, answer), "GET /v1/tunnels": (200, answer)})
    assert "status 500" in whtctl("-s", odd.path, "status", expect=FAILED).stderr
    assert "makes no sense" in whtctl("-s", odd.path, "tunnel", "list", expect=FAILED).stderr


def test_the_command_line_is_judged_before_anybody_is_asked():
    assert "ID is missing" in whtctl("tunnel", "kill", expect=USAGE).stderr
    assert "tunnel kil: there is no such command" in whtctl("tunnel", "kil", "x", expect=USAGE).stderr
    assert "usage: whtctl" in whtctl(expect=USAGE).stdout
    assert "usage: whtctl tunnel kill ID" in whtctl("tunnel", "kill", "--help").stdout
    assert whtctl("--version").stdout.startswith("whtctl ")
    assert whtctl("completion", "csh", expect=USAGE).stdout == ""


# --- what only a stub says ----------------------------------------------------------------------------------------

def test_a_broken_audit_is_exit_1_and_names_the_row(stub):
    """A24"""
    broken = stub({"GET /v1/audit/verify": {"ok": False, "rows": 41, "first_seq": 1, "last_seq": 90, "broken_seq": 42,
                                            "problem": "its hash does not fit", "head": "00"}})
    assert whtctl("-s", broken.path, "audit", "verify", expect=NO).stdout == "the audit is BROKEN at row 42: its hash does not fit\n"
    assert json.loads(whtctl("-s", broken.path, "audit", "verify", "--json", expect=NO).stdout)["broken_seq"] == 42


def test_hostile_text_stays_in_its_cell(stub):
    """A09 A20"""
    hostile = "a\x1b]0;x\x07\r\n\x00\u202e\u009b"
    odd = stub({"GET /v1/tunnels": listing(tunnel_row(hostile, agent=hostile)), "GET /v1/tunnels/x": tunnel_row(hostile),
                "DELETE /v1/tunnels/x": {"ended": 3}, "DELETE /v1/bans/x": {"match": hostile}})
    for command in (["tunnel", "list"], ["tunnel", "show", "x"], ["ban", "remove", "x"]):
        out = whtctl("-s", odd.path, *command).stdout
        assert all(char == "\n" or " " <= char <= "~" for char in out), out
    assert len(whtctl("-s", odd.path, "tunnel", "list").stdout.splitlines()) == 2


def test_all_pages_of_tunnels_are_fetched_and_one_of_sessions(stub):
    def tunnels(query):
        offset = int(query.get("offset", 0))
        return listing(tunnel_row(f"t{offset}"), next=offset + 1 if offset < 4 else None)
    session = {"session": 7, "id": "x", "opened_at": in_(-5)}
    paged = stub({"GET /v1/tunnels": tunnels, "GET /v1/sessions": lambda query: {"sessions": [session], "next": 7}})
    lines = whtctl("-s", paged.path, "tunnel", "list", "--no-header").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["t0", "t1", "t2", "t3", "t4"]
    ran = whtctl("-s", paged.path, "tunnel", "list", "--limit", "1", "--no-header")
    assert len(ran.stdout.splitlines()) == 1 and "--offset 1 shows the next" in ran.stderr
    assert "--before 7 shows the next" in whtctl("-s", paged.path, "sessions").stderr


def test_follow_outlives_a_service_that_is_away(stub):
    rows = iter([{"rows": [{"seq": 8, "at": in_(0), "event": "server.start", "actor": "", "subject": "", "detail": {}}], "next": 8},
                 (503, {"error": "shutdown", "message": "stopping"}),
                 {"rows": [{"seq": 9, "at": in_(0), "event": "server.stop", "actor": "", "subject": "", "detail": {}}], "next": 9}])
    served = stub({"GET /v1/audit/follow": lambda query: next(rows, (400, {"error": "x", "message": "enough"}))})
    ran = whtctl("-s", served.path, "audit", "follow", "--no-header", expect=USAGE)
    assert [line.split()[0] for line in ran.stdout.splitlines()] == ["8", "9"]
    assert "away" in ran.stderr and "enough" in ran.stderr
    assert [query.get("after") for _, _, query, _ in served.asked] == [None, "8", "8", "9"]


def test_what_is_asked_is_what_was_typed(stub):
    served = stub({"DELETE /v1/tunnels/a%252f%2A": {"ended": 0}, "POST /v1/bans": {"match": "b", "until": None, "ended": 2}})
    whtctl("-s", served.path, "tunnel", "kill", "a%2f*", "--reason", "\u00e9&=\n")
    assert served.asked[-1] == ("DELETE", "/v1/tunnels/a%252f%2A", {"reason": "\u00e9&=\n"}, b"")
    assert whtctl("-s", served.path, "ban", "add", "b").stdout == "b is banned for ever; 2 tunnels ended\n"
    assert json.loads(served.asked[-1][3]) == {"match": "b"}


@pytest.mark.parametrize("claims, wrong", [
    ({}, None), ({"exp": 10, "nbf": 5}, "expired"), ({"nbf": 9e9, "exp": 9.1e9}, "not valid yet"),
    ({"nbf": 1e9, "exp": 9e9}, "31 days"), ({"tid": "__x"}, "no tunnel can have"), ({"tid": 3}, "missing"), ({"exp": "x"}, "missing")])
def test_what_is_wrong_with_a_token_is_said_in_words(claims, wrong):
    token = tokens.sign({"alg": "HS256", "typ": "JWT"}, tokens.claims("alpha") | claims)
    out = whtctl("token", "inspect", token, expect=NO if wrong else OK).stdout
    assert f"{wrong or 'nothing wrong'}" in out.split("\n\n")[0], out


def test_a_token_that_is_none():
    assert "WRONG: not three" in whtctl("token", "inspect", "a.b", expect=NO).stdout
    assert "WRONG: not HS256" in whtctl("token", "inspect", tokens.mint("a", alg="HS512"), expect=NO).stdout
    whtctl("token", "inspect", "-", stdin="x" * 100000, expect=NO)
    hostile = whtctl("token", "inspect", tokens.mint("a", note="\x1b[2J"), expect=OK).stdout
    assert "\x1b" not in hostile and "\\x1b[2J" in hostile


# --- in a terminal ------------------------------------------------------------------------------------------------

LONG = "a-tunnel-whose-name-is-as-long-as-some-teams-like-to-have-them-for-every-branch-of-every-repository-" + 28 * "x"


@in_terminal
@pytest.mark.parametrize("width, height", [(80, 24), (200, 50), (40, 10)])
def test_a_listing_fits_the_terminal(stub, terminal, width, height):
    served = stub({"GET /v1/tunnels": listing(tunnel_row("short"), tunnel_row(LONG))})
    screen = terminal(WHTCTL, "-s", served.path, "tunnel", "list", width=width, height=height)
    assert screen.ended() == OK
    lines = [line for line in screen.lines() if line]
    assert len(lines) == 3 and lines[0].startswith("ID ") and lines[1].startswith("short "), lines
    assert "…" in lines[2] and all(len(line) <= width for line in lines)
    for heading in ("ID", "UP", "STREAMS", "REQUESTS"):
        assert heading in lines[0].split()
    assert ("WORKER" in lines[0]) == (width == 200)


@in_terminal
def test_columns_of_the_environment_win(stub, terminal):
    served = stub({"GET /v1/tunnels": listing(tunnel_row(LONG))})
    screen = terminal(WHTCTL, "-s", served.path, "tunnel", "list", width=200, height=50, env={"COLUMNS": "60"})
    assert screen.ended() == OK and max(map(len, screen.lines()[:2])) <= 60


@in_terminal
@pytest.mark.parametrize("width, height", [(80, 24), (200, 50)])
def test_top_lives_and_gives_the_terminal_back(stub, terminal, width, height):
    begin = time.monotonic()

    def tunnels(query):
        seconds = time.monotonic() - begin
        return listing(tunnel_row("busy", session=1, requests=int(1000 * seconds), streams=1),
                       tunnel_row("crowded", session=2, requests=5, streams=40, stalled=4),
                       *[tunnel_row(f"quiet-{i:03}", session=10 + i, requests=0, streams=0) for i in range(100)])
    served = stub({"GET /v1/tunnels": tunnels, "GET /v1/status": STATUS})
    script = f"echo before; '{WHTCTL}' -s '{served.path}' top; echo after $?"
    screen = terminal("sh", "-c", script, width=width, height=height)
    text = screen.wait(lambda text: re.search(r"^busy +(\d{2,3}|\d+\.\dk) ", text, re.M))
    lines = text.split("\n")
    assert "before" not in text and len(lines) == height and lines[0].startswith("whtd 0.1.0  serving") and lines[4].startswith("busy ")
    assert "q quit" in lines[-1] and "REQ/S" in lines[3] and sum("quiet-" in line for line in lines) == height - 3 - 2 - 1 - 2
    screen.type("s")
    screen.wait(lambda text: text.split("\n")[4].startswith("crowded "))
    screen.type("i")
    screen.wait(lambda text: text.split("\n")[4].startswith("busy "))
    screen.type("h")
    screen.wait(lambda text: "sort by bytes/s" in text)
    screen.type("h")
    screen.resize(60, 12)
    screen.wait(lambda text: len(text.split("\n")) == 12 and "quiet-" in text and "STREAMS" in text)
    screen.type("q")
    screen.wait(lambda text: "after" in text)
    assert screen.history().startswith("before\nafter 0\n")
    assert screen.flag("cursor_flag") == "1" and screen.flag("alternate_on") == "0"


@in_terminal
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_top_gives_the_terminal_back_when_a_signal_ends_it(stub, terminal, how):
    served = stub({"GET /v1/tunnels": listing(tunnel_row("busy")), "GET /v1/status": STATUS})
    before, after = served.directory / "before", served.directory / "after"
    screen = terminal("sh", "-c", f"trap : INT; stty -a >{before}; '{WHTCTL}' -s '{served.path}' top; s=$?; stty -a >{after}; exit $s")
    screen.wait(lambda text: "busy" in text)
    assert screen.flag("alternate_on") == "1" and screen.flag("cursor_flag") == "0"
    if how == signal.SIGINT:
        screen.type("C-c")
    else:
        os.kill(int(subprocess.check_output(["pgrep", "-P", str(screen.pid)])), how)
    assert screen.ended() == 128 + how
    assert before.read_text() == after.read_text()
    assert screen.flag("alternate_on") == "0" and screen.flag("cursor_flag") == "1"


@in_terminal
def test_top_says_when_there_is_no_news(stub, terminal):
    served = stub({"GET /v1/tunnels": listing(tunnel_row("busy")), "GET /v1/status": STATUS})
    screen = terminal(WHTCTL, "-s", served.path, "top")
    screen.wait(lambda text: "busy" in text)
    served.answers["GET /v1/status"] = (503, {"error": "shutdown", "message": "the service is shutting down"})
    text = screen.wait(lambda text: "NO NEWS: the service is shutting down" in text)
    assert "busy" in text
    served.answers["GET /v1/status"] = STATUS
    screen.wait(lambda text: "NO NEWS" not in text and "q quit" in text)
    screen.type("q")
    assert screen.ended() == OK


def test_top_is_for_terminals(stub):
    served = stub({"GET /v1/tunnels": listing()})
    assert "this is none" in whtctl("-s", served.path, "top", expect=USAGE).stderr


@in_terminal
def test_top_of_a_real_service(wht, terminal):
    wht.tunnel("ctl-top")
    screen = terminal(WHTCTL, "top", "--match", "ctl-t*", cwd=wht.directory)
    screen.wait(lambda text: "ctl-top" in text)
    text = screen.wait(lambda text: wht.get("/ctl-top/x") and re.search(r"^ctl-top +[1-9]", text, re.M))
    assert "audit well" in text
    screen.type("q")
    assert screen.ended() == OK


# --- completion ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_parses(shell, tmp_path):
    script = tmp_path / "script"
    script.write_text(whtctl("completion", shell).stdout)
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", script], check=True)


@in_terminal
def test_bash_completes_commands_and_live_ids(stub, terminal, tmp_path):
    served = stub({"GET /v1/tunnels": listing(tunnel_row("alpha-1"), tunnel_row("beta-2"))})
    (tmp_path / "rc").write_text(whtctl("completion", "bash").stdout + "PS1='$ '\n")
    screen = terminal("bash", "--noprofile", "--rcfile", tmp_path / "rc", "-i", cwd=tmp_path,
                      env={"PATH": f"{BIN}:{os.environ['PATH']}", "WHT_ADMIN_SOCKET": str(served.path)})
    screen.wait(lambda text: "$" in text)
    screen.type("whtctl tun", "Tab", "k", "Tab", "al", "Tab", "--re", "Tab")
    screen.wait(lambda text: "$ whtctl tunnel kill alpha-1 --reason" in text)
