"""Verifies the proof of one fact with the Python package of Sigstore: its note parser, its check of a checkpoint's signature and root, its Merkle proof.

Usage: sigstore_check.py FOLDER KEY PROOF. Nothing of Heldto's code is used. Exits 0 only if everything is accepted.
"""

import base64
import sys
from pathlib import Path
from types import SimpleNamespace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
from sigstore.errors import VerificationError


class Keyring:
    """The one key, in the form in which Sigstore asks for it."""

    def __init__(self, key: bytes) -> None:
        self.key = Ed25519PublicKey.from_public_bytes(key)

    def verify(self, *, key_id: bytes, signature: bytes, data: bytes) -> None:
        try:
            self.key.verify(signature, data)
        except InvalidSignature as error:
            raise VerificationError("wrong signature") from error


def entries(folder: Path, size: int) -> list[bytes]:
    """The entries of a published folder of fewer than 256,000 entries."""
    found = []
    for start in range(0, size, 256):
        width = min(256, size - start)
        name = f"{start // 256:03}" + ("" if width == 256 else f".p/{width}")
        data = (folder / "tile/entries" / name).read_bytes()
        while data:
            end = 2 + int.from_bytes(data[:2], "big")
            found.append(data[2:end])
            data = data[end:]
    return found


def main() -> None:
    folder, (_name, hash_hex, key), proof = Path(sys.argv[1]), sys.argv[2].split("+", 2), Path(sys.argv[3]).read_text()
    head, envelope = proof.split("\n\n", 1)
    lines = head.split("\n")
    checkpoint = SignedCheckpoint.from_text(envelope).checkpoint
    index = int(lines[2].removeprefix("index "))
    inclusion = SimpleNamespace(
        log_index=index,
        tree_size=checkpoint.log_size,
        root_hash=bytes.fromhex(checkpoint.log_hash),
        hashes=[base64.b64decode(line, validate=True) for line in lines[3:]],
        checkpoint=SimpleNamespace(envelope=envelope),
    )
    entry = SimpleNamespace(_inner=SimpleNamespace(
        inclusion_proof=inclusion,
        canonicalized_body=entries(folder, checkpoint.log_size)[index],
        log_id=SimpleNamespace(key_id=bytes.fromhex(hash_hex)),
    ))
    verify_checkpoint(Keyring(base64.b64decode(key)[1:]), entry)
    verify_merkle_inclusion(entry)
    print(f"entry {index} of {checkpoint.log_size} is proved")


if __name__ == "__main__":
    main()
