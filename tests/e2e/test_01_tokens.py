"""Tokens: the J rows. Strictness is tested to the bone in tests/unit/auth; here it is seen to be in force."""
import json
import threading
import time

import pytest

from wht import token as tokens
from wht.process import Process
from wht.token import claims, mint, sign
from wht.tunnel import registration

HS256 = {"alg": "HS256", "typ": "JWT"}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
now = lambda: int(time.time())


def register(server, token, id="j1", **how):
    return server.viewer().ask(registration(id, token, **how)).status


def flip(segment):
    """One bit of one segment; not in its last character, whose low bits may be unused."""
    parts = mint("j1").split(".")
    text = parts[segment]
    at = len(text) // 2
    parts[segment] = text[:at] + ALPHABET[ALPHABET.index(text[at]) ^ 1] + text[at + 1:]
    return ".".join(parts)


def unused_bits():
    """32 bytes end in a character with two unused bits: the same signature, spelt otherwise."""
    token = mint("j1")
    return token[:-1] + ALPHABET[ALPHABET.index(token[-1]) | 1]


def unsigned(alg, signature):
    head, body, good = sign({"alg": alg}, claims("j1")).split(".")
    return f"{head}.{body}.{good if signature else ''}"


def raw_claims(text):
    return sign(HS256, text.encode() if isinstance(text, str) else text)


def text_of(**changes):
    return json.dumps(claims("j1", **changes))


BAD = {
    "J02 other key": lambda: mint("j1", secret="other"),
    **{f"J02 bit flipped in segment {n}": lambda n=n: flip(n) for n in range(3)},
    **{f"J03 alg {alg!r} {'signed' if signed else 'unsigned'}": lambda alg=alg, signed=signed: unsigned(alg, signed)
       for alg in ("none", "None", "nOnE", "") for signed in (0, 1)},
    **{f"J04 {alg}": lambda alg=alg: mint("j1", alg=alg) for alg in ("HS384", "HS512")},
    **{f"J05 {alg} with our HMAC": lambda alg=alg: sign({"alg": alg}, claims("j1")) for alg in ("RS256", "ES256", "PS256")},
    "J06 alg absent": lambda: sign({"typ": "JWT"}, claims("j1")),
    **{f"J06 alg {alg!r}": lambda alg=alg: sign({"alg": alg}, claims("j1")) for alg in (1, None, ["HS256"], "hs256")},
    "J08 crit": lambda: mint("j1", header={"crit": ["x"], "x": 1}),
    **{f"J09 {shape}": lambda shape=shape: shape for shape in ("abc", "a.b", "a.b.c.d", "a.b.c.d.e", ".", "..", "...", "a..b")},
    "J11 length 1 mod 4": lambda: mint("j1") + "AA",
    "J12 unused bits set": unused_bits,
    **{f"J13 header {value!r}": lambda value=value: sign(value, claims("j1")) for value in (b"x", ["HS256"], "HS256", 1, None)},
    **{f"J13 claims {value!r}": lambda value=value: sign(HS256, value) for value in (b"x", ["j1"], "j1", 1, None)},
    "J14 trailing bytes": lambda: raw_claims(text_of() + " x"),
    "J15 tid twice, good last": lambda: raw_claims('{"tid":"other",' + text_of()[1:]),
    "J15 tid twice, good first": lambda: raw_claims(text_of()[:-1] + ',"tid":"other"}'),
    **{f"J16 without {' and '.join(drop)}": lambda drop=drop: mint("j1", drop=drop)
       for drop in (["exp"], ["nbf"], ["exp", "nbf"])},
    **{f"J17 {name} {value!r}": lambda name=name, value=value: mint("j1", **{name: value})
       for name in ("exp", "nbf") for value in ("1", True, None, {}, [])},
    "J19 expired": lambda: mint("j1", exp=now() - 2),
    "J19 not yet": lambda: mint("j1", nbf=now() + 60),
    "J20 nbf 0": lambda: mint("j1", nbf=0),
    **{f"J21 exp {text}": lambda text=text: raw_claims(text_of(exp="@").replace('"@"', text))
       for text in ("1e18", "1e300", "9223372036854775808", "18446744073709551616", "-1", "-1e300", "1e999")},
    "J22 31 days and 10 s": lambda: mint("j1", nbf=now() - 5, exp=now() + 31 * 86400 + 5),
    "J22 400 days": lambda: mint("j1", exp=now() + 400 * 86400),
    **{f"J24 tid {tid!r}": lambda tid=tid: mint(tid) for tid in ("j", "j12", "J1", "xj1", 1, None, ["j1"])},
    "J24 tid absent": lambda: mint("j1", drop=["tid"]),
    "J33 8 KiB of nothing": lambda: "x" * 8192,
    "J34 raw 0xff": lambda: raw_claims(text_of().encode().replace(b'"j1"', b'"j\xff"')),
    "J34 overlong": lambda: raw_claims(text_of().encode().replace(b'"j1"', b'"j\xc0\xb1"')),
    "J34 control character": lambda: raw_claims(text_of().encode().replace(b'"j1"', b'"j\x011"')),
}
GOOD = {
    "J01 secret A": lambda: mint("j1"),
    "J01 secret B": lambda: mint("j1", secret=tokens.SECRET_B),
    "J07 kid": lambda: mint("j1", header={"kid": "/etc/passwd", "jku": "http://127.0.0.1:9/", "jwk": {}, "x5u": "file:///"}),
    "J18 exp with a fraction": lambda: mint("j1", exp=now() + 3600.5),
    "J18 exp with an exponent": lambda: raw_claims(text_of(exp="@").replace('"@"', f"{(now() + 3600) / 1e9:.9f}e9")),
    "J19 nearly expired": lambda: mint("j1", exp=now() + 5),
    "J22 30 days": lambda: mint("j1", nbf=now() - 5, exp=now() + 30 * 86400),
    "J23 iat absent": lambda: mint("j1", drop=["iat"]),
    "J23 iat in the future": lambda: mint("j1", iat=now() + 999),
    "J23 iat a string": lambda: mint("j1", iat="yesterday"),
    "J30 any aud": lambda: mint("j1", aud="somebody else"),
}
BAD_AUTHORIZATION = {
    "J10 plus": "Bearer " + mint("j1")[:-1] + "+", "J10 slash": "Bearer a/b.c.d", "J10 equals": "Bearer a.b.c=",
    "J10 space": "Bearer a.b c", "J10 tab": "Bearer a.b\tc", "J10 NUL": "Bearer a.b\0c",
    "J31 lower case": "bearer " + mint("j1"), "J31 two spaces": "Bearer  " + mint("j1"),
    "J31 tab": "Bearer\t" + mint("j1"), "J31 Basic": "Basic dTpw", "J31 empty": "", "J31 bare": "Bearer",
}


@pytest.mark.parametrize("row", BAD)
def test_bad_token_is_401(wht, row):
    answer = wht.viewer().ask(registration("j1", BAD[row]()))
    assert (answer.status, answer.error) == (401, "bad_token")


@pytest.mark.parametrize("row", GOOD)
def test_good_token_is_101(wht, row):
    assert register(wht, GOOD[row]()) == 101


@pytest.mark.parametrize("row", BAD_AUTHORIZATION)
def test_unusable_authorization_is_400(wht, row):
    request = registration("j1", "@").replace(b"Bearer @", BAD_AUTHORIZATION[row].encode("latin-1"))
    assert wht.viewer().ask(request).status == 400


def test_J31_no_authorization(wht):
    answer = wht.viewer().ask(registration("j1", "@").replace(b"Authorization: Bearer @\r\n", b""))
    assert (answer.status, answer.error) == (400, "no_token")


def test_J25_ids_are_bytes_and_never_decoded(wht):
    assert register(wht, mint("a b"), "a%20b") == 401
    assert register(wht, mint("a%20b"), "a%20b") == 101


AUDIENCES = {
    "J26 equal": ({"aud": "here"}, 101), "J26 other": ({"aud": "there"}, 401), "J26 prefix": ({"aud": "her"}, 401),
    "J27 absent": ({}, 401), "J27 empty": ({"aud": ""}, 401),
    "J28 array with": ({"aud": ["there", "here"]}, 101), "J28 array without": ({"aud": ["there"]}, 401),
    "J28 empty array": ({"aud": []}, 401),
    **{f"J29 {value!r}": ({"aud": value}, 401) for value in (1, {}, True, [1], {"here": 1})},
}


def test_J26_J27_J28_J29_audience(start):
    server = start(AUDIENCE="here")
    got = {row: register(server, mint("j1", **changes)) for row, (changes, _) in AUDIENCES.items()}
    assert got == {row: want for row, (_, want) in AUDIENCES.items()}


def test_J32_two_authorization_headers(wht):
    assert register(wht, mint("j1"), extra=["Authorization: Bearer " + mint("j1")]) == 400


def test_J33_900_KB_of_dots(wht):
    before = wht.memory()
    viewer = wht.viewer().send(registration("j1", "." * 900_000))
    assert viewer.response().status == 431
    assert wht.memory() - before < 8 << 20


def test_J35_nested_arrays(wht):
    assert register(wht, raw_claims(text_of()[:-1] + ',"deep":' + "[" * 1000 + "]" * 1000 + "}")) in (101, 401)


@pytest.mark.parametrize("secret", ["", None])
def test_J36_no_start_without_a_secret(workers, tmp_path, secret):
    env = {"HOSTNAME": "localhost", "PORT": "0", "TASKCLUSTER_PROXY_SECRET_B": "b"}
    if secret is not None:
        env["TASKCLUSTER_PROXY_SECRET_A"] = secret
    process = Process(tmp_path, "whtd", env=env)
    assert process.wait() != 0
    assert any("SECRET" in line for line in process.lines)


def test_J37_neither_token_nor_secret_is_logged(wht):
    token = mint("j37")
    wht.tunnel("j37", token=token)
    register(wht, token[:-3] + "abc", "j37")
    wht.get("/j37/", fields=["Authorization: Bearer viewer-secret-word"])
    text = "\n".join(wht.lines)
    for secret in (token, token.split(".")[2], token.split(".")[1], tokens.SECRET_A, tokens.SECRET_B, "viewer-secret-word"):
        assert secret not in text


def test_J38_a_flood_of_bad_tokens_holds_nobody_up(wht):
    """Each costs an HMAC of a bounded head: viewers of others are served in between."""
    tunnel, bad = wht.tunnel(), registration("j38", mint("j38", secret="other"))

    def flood():
        for _ in range(1000):
            wht.viewer().ask(bad)
    threads = [threading.Thread(target=flood) for _ in range(2)]
    for thread in threads:
        thread.start()
    served = 0
    while any(thread.is_alive() for thread in threads):
        assert wht.get(f"/{tunnel.id}/").status == 200
        served += 1
    assert served > 20  # one for each hundred bad ones, at the least
