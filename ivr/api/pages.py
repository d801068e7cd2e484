"""A page to try a face: it reads the document beside it, and asks nothing of any other server."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

FOLDER: Final = Path(__file__).parent / "page"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES: Final = {
    "/try": ("try.html", "text/html"),
    "/try.js": ("try.js", "text/javascript"),
    "/try.css": ("try.css", "text/css"),
}


def add_page(application: web.Application) -> None:
    """Serve the page at `/try` of a face."""
    for path, (name, kind) in _FILES.items():
        content = (FOLDER / name).read_bytes()
        application.router.add_get(path, partial(_show, content, kind))


async def _show(content: bytes, kind: str, _: web.Request) -> web.Response:
    return web.Response(
        body=content,
        content_type=kind,
        charset="utf-8",
        headers={"Content-Security-Policy": POLICY},
    )
