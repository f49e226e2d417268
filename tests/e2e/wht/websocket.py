"""WebSocket frames by hand: legal ones, and every illegal one that a test wants to send."""
import base64
import hashlib
import os
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def accept_of(key):
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


def masked(key, payload):
    if key == b"\0\0\0\0" or not payload:
        return payload
    stream = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")


def frame(opcode, payload=b"", *, fin=True, rsv=0, mask=True, form=None, announce=None):
    """form: 16 or 64 writes the length in that many bits whether it needs them or not; announce: a length
    that is not the payload's."""
    length = len(payload) if announce is None else announce
    form = form or (7 if length < 126 else 16 if length < 65536 else 64)
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if form == 7:
        head += bytes([bit | length])
    elif form == 16:
        head += bytes([bit | 126]) + struct.pack(">H", length)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", length)
    if not mask:
        return head + payload
    # A mask of zeros is as good as any; long payloads take it because Python is slow.
    key = os.urandom(4) if len(payload) < 4096 else b"\0\0\0\0"
    return head + key + masked(key, payload)


def close_payload(code=None, reason=b""):
    return b"" if code is None else struct.pack(">H", code) + reason


def read_frame(reader):
    """(opcode, fin, payload) from a Reader."""
    first, second = reader.exactly(2)
    length = second & 127
    if length == 126:
        length, = struct.unpack(">H", reader.exactly(2))
    elif length == 127:
        length, = struct.unpack(">Q", reader.exactly(8))
    key = reader.exactly(4) if second & 0x80 else b"\0\0\0\0"
    return first & 15, bool(first & 0x80), masked(key, reader.exactly(length))
