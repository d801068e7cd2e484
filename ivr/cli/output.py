"""What commands print for programs."""

from __future__ import annotations

import json
from typing import Any


def print_json(answer: Any) -> None:
    """Print plain values."""
    print(json.dumps(answer, indent=2, ensure_ascii=False))
