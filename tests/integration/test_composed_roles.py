"""The roles that the compose file has PostgreSQL make: enough for the application, and no more."""

from __future__ import annotations

import asyncio
import re

from ivr.storage.checkup import rights
from ivr.storage.cluster import Cluster
from ivr.storage.database import Database
from ivr.storage.migrate import migrate
from tests.postgres import execute
from tests.unit.documents import ROOT

SCRIPT = ROOT / ".docker/database-roles"
ROLE = "countersign_app"
"""Of the whole server, and there already."""


async def test_the_login_of_the_containers_owns_its_database_alone(own_cluster: Cluster) -> None:
    """It migrates it and works in it, and is not above row-level security."""
    superuser = own_cluster.dsn("postgres", "postgres")
    await execute(superuser, "DROP DATABASE IF EXISTS composed WITH (FORCE)")
    await execute(superuser, "DROP ROLE IF EXISTS composed")
    (statements,) = re.findall(r"<<'SQL'\n(.*)SQL\n", SCRIPT.read_text(), re.DOTALL)
    assert f"CREATE ROLE {ROLE} NOLOGIN;\n" in statements
    here = statements.replace(f"CREATE ROLE {ROLE} NOLOGIN;\n", "")
    named = re.sub(r"\bcountersign\b", "composed", here)
    await asyncio.to_thread(own_cluster.sql, "\\set password 'it''s secret'\n" + named)
    dsn = own_cluster.dsn("composed", "composed")
    await migrate(dsn)
    async with await Database.connect(dsn) as database:
        found = await rights(database)
    assert (found.unbound, found.role_owns) == (False, 0)
