"""The faces that are mounted."""

from __future__ import annotations

from ivr.api.azure import FACE as AZURE
from ivr.api.face import Face
from ivr.api.own import FACE as OWN

FACES: tuple[Face, ...] = (OWN, AZURE)
