"""A witness on this machine for tests (C2SP tlog-witness and tlog-cosignature), which says on its
first lines its key and its address.

It knows one ledger by one key, checks consistency as RFC 6962 does, and answers as the standard
says. `--behave` makes it misbehave: `silent` answers 500, `false` gives a false cosignature, and
`spoil` adds a false signature by the ledger's key.
"""

import argparse
import base64
import hashlib
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def key_hash(name: str, algorithm: int, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + bytes([10, algorithm]) + key).digest()[:4]


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_consistent(first: int, second: int, first_hash: bytes, second_hash: bytes, proof: list[bytes]) -> bool:
    """RFC 9162, section 2.1.4.2."""
    if first == second:
        return first_hash == second_hash and not proof
    if first == 0:
        return not proof
    path = proof if first & (first - 1) else [first_hash, *proof]
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for hash_ in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(hash_, fr), node(hash_, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, hash_)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_hash and sr == second_hash


class Witness(BaseHTTPRequestHandler):
    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        state = self.server.state
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if state["behave"] == "silent" or self.path != "/add-checkpoint":
            return self.answer(500)
        head, note = body.split("\n\n", 1)
        lines = head.split("\n")
        old = int(lines[0].removeprefix("old "))
        proof = [base64.b64decode(line) for line in lines[1:]]
        text, signatures = note.split("\n\n", 1)
        text += "\n"
        origin, size, root = text.split("\n")[:3]
        name, hash_, key = state["log"].split("+", 2)
        if origin != name:
            return self.answer(404)
        public = base64.b64decode(key)[1:]
        signed = False
        for line in signatures.splitlines():
            signer, signature = line.removeprefix("\u2014 ").split(" ")
            raw = base64.b64decode(signature)
            if signer == name and raw[:4].hex() == hash_:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
                signed = True
        if not signed:
            return self.answer(403)
        if old != state["size"]:
            return self.answer(409, f"{state['size']}\n")
        root = base64.b64decode(root)
        if int(size) < old or not is_consistent(old, int(size), state["root"], root, proof):
            return self.answer(422)
        state["size"], state["root"] = int(size), root
        now = int(time.time())
        message = f"cosignature/v1\ntime {now}\n{text}" if state["behave"] != "false" else text
        signature = state["key"].sign(message.encode())
        raw = key_hash(state["name"], 4, state["public"]) + now.to_bytes(8, "big") + signature
        line = f"\u2014 {state['name']} {base64.b64encode(raw).decode()}\n"
        if state["behave"] == "spoil":
            line += f"\u2014 {name} {base64.b64encode(bytes.fromhex(hash_) + bytes(64)).decode()}\n"
        self.answer(200, line)


parser = argparse.ArgumentParser()
parser.add_argument("--log", required=True)
parser.add_argument("--name", default="witness.example/w1")
parser.add_argument("--behave", default="well")
arguments = parser.parse_args()
private = Ed25519PrivateKey.generate()
public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
server = HTTPServer(("127.0.0.1", 0), Witness)
server.state = {
    "log": arguments.log, "name": arguments.name, "behave": arguments.behave,
    "key": private, "public": public, "size": 0, "root": hashlib.sha256(b"").digest(),
}
encoded = base64.b64encode(b"\x04" + public).decode()
print(f"{arguments.name}+{key_hash(arguments.name, 4, public).hex()}+{encoded}", flush=True)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
