"""The client of openapi-python-client: a file is sent and comes back byte for byte."""

import sys
from io import BytesIO
from pathlib import Path
from uuid import UUID

from guichet_client import AuthenticatedClient
from guichet_client.api.attachments import create_attachment, get_attachment
from guichet_client.models import Attachment, CreateAttachment
from guichet_client.types import File


def main(base: str, token: str, key: str, name: str) -> int:
    sent = Path(name).read_bytes()
    client = AuthenticatedClient(base_url=base, token=token)
    body = CreateAttachment(file=File(BytesIO(sent), "dot.png", "image/png"))
    made = create_attachment.sync(key, client=client, body=body)
    if not isinstance(made, Attachment):
        print(made)
        return 1
    got = get_attachment.sync_detailed(key, made.id, client=client)
    same = got.content == sent
    print(f"openapi-python-client: {len(got.content)} bytes, {'the same' if same else 'others'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
