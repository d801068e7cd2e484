"""Healthy is an application that Asterisk has on its event socket: exit status 0."""

from __future__ import annotations

import base64
import urllib.request
from pathlib import Path

password = Path("/run/secrets/ari_password").read_text().strip()
login = base64.b64encode(f"countersign:{password}".encode()).decode()
urllib.request.urlopen(
    urllib.request.Request(
        "http://127.0.0.1:8088/ari/applications/countersign",
        headers={"Authorization": f"Basic {login}"},
    ),
    timeout=3,
)
