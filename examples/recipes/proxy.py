"""A client behind a company's proxy that shows certificates of the company's own authority.

python proxy.py http://proxy.example:3128 company-ca.pem "a cat dancing" cat.mp4
"""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING

import httpx

from unified_video import UnifiedVideo

if TYPE_CHECKING:
    import os


def client_behind(proxy: str, authority: str | os.PathLike[str]) -> UnifiedVideo:
    trusted = ssl.create_default_context()  # what this machine trusts anyway,
    trusted.load_verify_locations(authority)  # and the company's own authority
    # For AsyncUnifiedVideo: httpx.AsyncHTTPTransport, with the same arguments.
    return UnifiedVideo(transport=httpx.HTTPTransport(proxy=proxy, verify=trusted))


if __name__ == "__main__":
    with client_behind(sys.argv[1], sys.argv[2]) as client:
        print(client.generate(sys.argv[3], output=sys.argv[4]).path)
