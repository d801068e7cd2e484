"""What the documents take for granted: files, people and answers before a command is typed."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ivr.domain.call import AccountId, CallId, CallState, Purpose
from ivr.domain.news import News
from ivr.lab.scenes import PHRASE
from ivr.storage import ProfileAdministration, desk_feed
from ivr.storage.watchlists import Watchlists
from tests.documents import people
from tests.documents.expected import AZURE
from tests.documents.machine import Machine
from tests.documents.place import ARI_PASSWORD, DATABASE_PASSWORD
from tests.documents.typed import commands, pages
from tests.unit.desk.site import PASSWORD as DESK_PASSWORD
from tests.unit.documents import blocks
from tests.unit.storage.records import opening

HIS = AccountId("4711")
"""The account that the documents write."""


Scene = Callable[[Machine], Awaitable[None]]

SETTINGS: Mapping[str, str] = {
    "operations.md": "operations.md",
    "api.md": "api.md",
    "moving-from-azure.md": "moving-from-azure.md",
    "operating-point.md": "api.md",
    "desk.md": "desk.md",
}
"""Whose settings the service runs with from a page on."""

IN_THE_TREE = frozenset(
    {"operations.md", "passphrases.md", "policy.md", "prompts.md", "docker-compose.yml"}
)
"""Pages whose commands are typed in this project's own folder; others in the service's."""

ANSWERS: Mapping[str, str] = {
    "createuser --pwprompt": f"{DATABASE_PASSWORD}\n{DATABASE_PASSWORD}\n",
    "countersign desk users add": f"{DESK_PASSWORD}\n",
}
"""What is typed where a command asks."""

VARIABLES: Mapping[str, str] = {
    "1f0c9a52-5d7e-4c1b-9a43-2f6f0f3f7b11": "$BATCH",
    "0f8fad5b-d9cb-469f-a165-70867728950e": "$KEY_ID",
    "ACCOUNT": "$ACCOUNT",
    "FOLDER": "held-$ACCOUNT",
    "NUMBER": "+493012345",
    "models use ID": "models use telephone-2026-11c",
    "--config FILE": "--config /etc/countersign/countersign.toml",
    "--why WHY": "--why a-reason",
    "--why REASON": "--why a-reason",
}
"""What somebody puts for the documents' capitals and made-up ids."""

LEARNT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "countersign api-keys create --name crm": (("KEY_ID", r"id +(\S+)"),),
    "countersign api-keys create --tenant bank": (("KEY", r"(cs_\S+)"),),
    "countersign batch status": (("BATCH", r"^(\S{36}) enroll"),),
    f"{AZURE}?": (("ID", r'"profileId": ?"([^"]+)"'),),
}
"""What is taken over from an output into the shell's variables."""


async def a_person(machine: Machine) -> None:
    """Somebody is enrolled whose account is in $ACCOUNT."""
    async with machine.records() as records:
        account = await people.enroll_somebody(*records)
    await machine.sure(f"ACCOUNT={account}")


async def a_stranger(machine: Machine) -> None:
    """Nobody is known yet by the account in $ACCOUNT."""
    await machine.sure("ACCOUNT=somebody-new")


async def asterisk_has_the_user(machine: Machine) -> None:
    """The block of docs/install.md stands in ari.conf."""
    (block,) = (each for each in blocks(pages()["install.md"]) if "type = user" in each.text)
    file = machine.asterisk.folder / "etc/ari.conf"
    before = file.read_text().partition("[countersign]")[0]
    file.write_text(f"{before}{block.text.replace('...', ARI_PASSWORD)}\n")


async def the_configuration(machine: Machine) -> None:
    """The settings of docs/install.md stand in its file."""
    configure(machine, "install.md")


def configure(machine: Machine, page: str) -> None:
    """Take over what a page's blocks set of Countersign."""
    for block in blocks(pages()[page]):
        if re.match(r"\[(ari|database|keys|health|api|desk)\]\n", block.text):
            machine.configure(block.text)
    if "api" in machine.settings:
        # The port that it has by itself may be another's here.
        machine.settings["api"]["port"] = machine.place.ports["api"]
        machine.write_settings()


async def packages_are_lent(machine: Machine) -> None:
    """What the lock names is there, as after the command before."""
    machine.place.lend_packages()


async def an_empty_database(machine: Machine) -> None:
    """The service is stopped, and the database is as after `createdb`."""
    await machine.stop()
    await machine.sure("dropdb countersign")
    await machine.sure("createdb --owner=countersign --template=template0 countersign")


async def nobody_is_4711(machine: Machine) -> None:
    """Nobody is enrolled under the account of the documents any more."""
    async with machine.records() as (database, _):
        erase = ProfileAdministration(database).erase
        await erase(people.TENANT, HIS, who="test", why="another page")


async def recordings_to_enroll(machine: Machine) -> None:
    """Three takes of his, nobody being enrolled, and what he says when he calls again."""
    await nobody_is_4711(machine)
    await asyncio.to_thread(_record, machine.folder)


def _record(folder: Path) -> None:
    for take in range(3):
        for name in (f"recordings/4711/{take + 1}.wav", f"4711/{take + 1}.wav", f"{take + 1}.wav"):
            people.record(folder / name, people.HIM, take)
    for number, name in enumerate(("call.wav", "one.wav", "now.wav")):
        people.record(folder / name, people.HIM, people.CALL + number)


async def a_group(machine: Machine) -> None:
    """He is of the group `agents`, and says as much as a search takes."""
    async with machine.records() as (database, keyring):
        assert await Watchlists(database, keyring).join(
            people.TENANT, "agents", HIS, who="test", why="test"
        )
    said, call = f"{PHRASE} {PHRASE}", machine.folder / "call.wav"
    await asyncio.to_thread(people.record, call, people.HIM, people.CALL + 5, said)


async def a_fraudster(machine: Machine) -> None:
    """Her voice is in caught.wav."""
    await asyncio.to_thread(people.record, machine.folder / "caught.wav", people.HER, people.CALL)


async def a_list_to_enroll(machine: Machine) -> None:
    """The table of docs/batch.md is in people.csv, and the recordings beside it."""
    await recordings_to_enroll(machine)
    (table,) = (each.text for each in blocks(pages()["batch.md"]) if each.text.startswith("file,"))
    (machine.folder / "people.csv").write_text(table + "\n")


async def a_folder_to_enroll(machine: Machine) -> None:
    """Somebody else's recordings lie in it, under her account."""
    shutil.rmtree(machine.folder / "recordings")
    for take in range(3):
        path = machine.folder / f"recordings/4712/{take + 1}.wav"
        await asyncio.to_thread(people.record, path, people.HER, take)


async def a_list_to_verify(machine: Machine) -> None:
    """A recording of his that was never heard."""
    path = machine.folder / "calls/1.wav"
    await asyncio.to_thread(people.record, path, people.HIM, people.CALL + 6)
    (machine.folder / "calls.csv").write_text("file,account\ncalls/1.wav,4711\n")


async def an_endpoint(machine: Machine) -> None:
    """The address of docs/moving-from-azure.md is this machine's."""
    await recordings_to_enroll(machine)
    await machine.sure(f"ENDPOINT=https://localhost:{machine.place.ports['api']}")


async def a_key(machine: Machine) -> None:
    """A key that may set operating points, and enroll and verify."""
    scopes = ("settings:write", "settings:read", "profiles:write", "verify")
    options = " ".join(f"--scope {each}" for each in scopes)
    made = await machine.sure(f"countersign api-keys create --name test {options} --why test")
    (key,) = re.findall(r"cs_\S+", made)
    await machine.sure(f"KEY={key}")


async def a_token(machine: Machine) -> None:
    """The desk takes programs that show $TOKEN, and has a secret for the webhook."""
    machine.settings["desk"]["token_file"] = str(machine.place.at("/etc/countersign/token"))
    machine.write_settings()
    await machine.sure("openssl rand -base64 32 > /etc/countersign/webhook-secret")
    await machine.sure("TOKEN=$(openssl rand -hex 24); echo $TOKEN > /etc/countersign/token")


async def a_call(machine: Machine) -> None:
    """The call of docs/desk.md is on the desk."""
    begun = replace(opening(tenant=people.TENANT), call=CallId("1717171717.42"))
    news = News(begun.tenant, begun.id, begun.call, begun.worker, Purpose.VERIFY)
    async with machine.records() as (database, _), desk_feed(database) as feed:
        feed.tell(replace(news, state=CallState.LISTENING))
        await feed.written()


async def two_more_enrollments(machine: Machine) -> None:
    """The three recordings that docs/moving-from-azure.md asks for are all sent."""
    (first,) = (each for each in commands(pages()["moving-from-azure.md"]) if "@one" in each.text)
    for take in ("1.wav", "2.wav"):
        await machine.sure(first.text.replace("one.wav", take))


async def a_program(machine: Machine) -> None:
    """It has a key, and recordings of somebody who is not enrolled."""
    await recordings_to_enroll(machine)
    await a_key(machine)


BEFORE: Mapping[str, Scene] = {
    'asterisk -rx "core reload"': asterisk_has_the_user,
    "/opt/countersign/bin/pip install --no-deps": packages_are_lent,
    "/opt/countersign/bin/countersign --config /etc/countersign/countersign.toml database": (
        the_configuration
    ),
    "pg_restore ": an_empty_database,
    "countersign enroll --account 4711": recordings_to_enroll,
    "countersign profiles begin ": a_stranger,
    "countersign identify ": a_group,
    "countersign watchlist add": a_fraudster,
    "countersign batch enroll people.csv": a_list_to_enroll,
    "countersign batch enroll recordings": a_folder_to_enroll,
    "countersign batch verify": a_list_to_verify,
    f"{AZURE}/$ID:verify": two_more_enrollments,
    'curl -H "Authorization: Bearer $TOKEN"': a_call,
}
"""Before a command, by how it begins."""

PAGES: Mapping[str, Scene] = {
    "api.md": a_program,
    "moving-from-azure.md": an_endpoint,
    "operating-point.md": a_key,
    "desk.md": a_token,
}
"""Before a page."""
