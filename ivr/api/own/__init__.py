"""Countersign's own face, `/v1`: its words, its profiles by account, problems by RFC 9457."""

from ivr.api.face import Face
from ivr.api.own import (
    comparing,
    enrollments,
    groups,
    operating_points,
    profiles,
    records,
    watchlists,
)
from ivr.api.rendering import bearer, render_problem

FACE = Face(
    "/v1",
    (
        *profiles.OPERATIONS,
        *enrollments.OPERATIONS,
        *comparing.OPERATIONS,
        *groups.OPERATIONS,
        *watchlists.OPERATIONS,
        *operating_points.OPERATIONS,
        *records.OPERATIONS,
    ),
    bearer,
    render_problem,
)
