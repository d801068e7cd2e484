"""Countersign's own face, `/v1`: its words, its profiles by account, problems by RFC 9457."""

from ivr.api.face import Face
from ivr.api.own import profiles
from ivr.api.rendering import bearer, render_problem

FACE = Face("/v1", profiles.OPERATIONS, bearer, render_problem)
