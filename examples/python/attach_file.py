"""Attaches a file to a ticket, and downloads it again.

usage: attach_file.py KEY FILE COPY

Sign-in: see sign_in.py.
"""

import hashlib
import os
import sys

from sign_in import Guichet, Refused

PIECE_BYTES = 65_536


def attach(guichet: Guichet, key: str, path: str) -> dict:
    """Attaches a file under its own name."""
    with open(path, "rb") as file:
        return guichet.call("POST", f"/v1/tickets/{key}/attachments", files={"file": (os.path.basename(path), file)}).json()


def download(guichet: Guichet, key: str, file_id: str, path: str) -> str:
    """Writes a file piece by piece; answers its SHA-256."""
    digest = hashlib.sha256()
    with guichet.call("GET", f"/v1/tickets/{key}/attachments/{file_id}", stream=True) as answer, open(path, "wb") as copy:
        for piece in answer.iter_content(PIECE_BYTES):
            digest.update(piece)
            copy.write(piece)
    return digest.hexdigest()


def main(key: str, path: str, copy: str) -> None:
    with Guichet() as guichet:
        file = attach(guichet, key, path)
        print(f"{file['id']} {file['name']}, {file['size']} bytes, {file['media_type']}")
        if download(guichet, key, file["id"], copy) != file["sha256"]:
            sys.exit(f"{copy} is not what was sent")
        print(f"{copy}: OK")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        sys.exit(str(refused))
