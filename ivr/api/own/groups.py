"""Groups: whom a voice is looked for among."""

from __future__ import annotations

from uuid import UUID

import msgspec

from ivr.api.errors import NotFoundError
from ivr.api.operations import Operation, Visit
from ivr.api.own import places
from ivr.api.own.profiles import account_of
from ivr.api.own.values import AccountName, ListName, PageQuery
from ivr.api.scopes import Scope
from ivr.storage import FIRST

PLACE = "page token of groups"
MEMBERS_PLACE = "page token of members"


class GroupsAnswer(msgspec.Struct, frozen=True):
    """A page of groups, by name."""

    groups: tuple[str, ...]
    next_page: str | None


class MemberAnswer(msgspec.Struct, frozen=True):
    """Who is in a group."""

    profile: UUID
    account: str


class MembersAnswer(msgspec.Struct, frozen=True):
    """A page of members."""

    members: tuple[MemberAnswer, ...]
    next_page: str | None


async def page(visit: Visit) -> GroupsAnswer:
    """Return a page of groups."""
    asked = visit.query(PageQuery)
    after = places.read(visit, PLACE, asked.page, str) if asked.page else ""
    found = await visit.office.browsing.groups(visit.tenant, after, asked.limit)
    full = len(found) == asked.limit
    return GroupsAnswer(tuple(found), places.write(visit, PLACE, found[-1]) if full else None)


async def members(visit: Visit) -> MembersAnswer:
    """Return a page of a group's members; a group without any is empty."""
    asked, group = visit.query(PageQuery), visit.part("group", ListName)
    after = places.read(visit, MEMBERS_PLACE, asked.page, UUID) if asked.page else FIRST
    found = await visit.office.browsing.members(visit.tenant, group, after, asked.limit)
    full = len(found) == asked.limit
    following = places.write(visit, MEMBERS_PLACE, found[-1].profile) if full else None
    return MembersAnswer(
        tuple(MemberAnswer(each.profile, each.account) for each in found), following
    )


async def join(visit: Visit) -> None:
    """Make a person a member; the group is made if need be."""
    group, account = visit.part("group", ListName), await account_of(visit)
    told = {"who": visit.program.who, "why": visit.why}
    if not await visit.office.watchlists.join(visit.tenant, group, account, **told):
        raise NotFoundError("there is no such profile")


async def leave(visit: Visit) -> None:
    """Take a person out of a group."""
    group, account = visit.part("group", ListName), await account_of(visit)
    told = {"who": visit.program.who, "why": visit.why}
    if not await visit.office.watchlists.leave(visit.tenant, group, account, **told):
        raise NotFoundError("the group has no such member")


_MEMBER = {"group": ListName, "account": AccountName}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="list_groups",
        method="GET",
        path="/groups",
        scope=Scope.PROFILES_READ,
        perform=page,
        summary="List groups, by name",
        query=PageQuery,
        gives=GroupsAnswer,
    ),
    Operation(
        name="list_members",
        method="GET",
        path="/groups/{group}/members",
        scope=Scope.PROFILES_READ,
        perform=members,
        summary="List the members of a group",
        query=PageQuery,
        gives=MembersAnswer,
        parts={"group": ListName},
    ),
    Operation(
        name="join_group",
        method="PUT",
        path="/groups/{group}/members/{account}",
        scope=Scope.GROUPS_WRITE,
        perform=join,
        summary="Make a person a member of a group, which is made if need be",
        status=204,
        parts=_MEMBER,
        refusals=(NotFoundError,),
    ),
    Operation(
        name="leave_group",
        method="DELETE",
        path="/groups/{group}/members/{account}",
        scope=Scope.GROUPS_WRITE,
        perform=leave,
        summary="Take a person out of a group",
        status=204,
        parts=_MEMBER,
        refusals=(NotFoundError,),
    ),
)
