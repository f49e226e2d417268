"""JWTs for registrations, right ones and every kind of wrong one."""
import base64
import hashlib
import hmac
import json
import time

SECRET_A, SECRET_B = "secretA", "secretB"
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode(value):
    """Bytes pass as they are, so that a test can send what is no JSON."""
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def sign(header, claims, secret=SECRET_A, hash=hashlib.sha256):
    signed = f"{encode(header)}.{encode(claims)}"
    return f"{signed}.{b64(hmac.new(secret.encode(), signed.encode(), hash).digest())}"


def claims(tid, *, drop=(), **changes):
    """The claims of a token that is good for an hour, with changes; drop names those left out."""
    now = int(time.time())
    made = {"tid": tid, "iat": now, "nbf": now - 300, "exp": now + 3600, **changes}
    return {name: value for name, value in made.items() if name not in drop}


def mint(tid, *, secret=SECRET_A, alg="HS256", header=None, drop=(), **changes):
    return sign({"alg": alg, "typ": "JWT", **(header or {})}, claims(tid, drop=drop, **changes),
                secret, HASHES.get(alg, hashlib.sha256))
