"""Every link of the documents leads somewhere."""

from __future__ import annotations

from tests.unit.documents import anchors, links


def test_every_link_leads_somewhere() -> None:
    """To a file of this repository, and to a heading of it."""
    broken = []
    for page, link in links():
        path, _, anchor = link.text.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{link.where}: {link.text}")
    assert broken == []
