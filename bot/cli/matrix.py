"""``tocsin matrix …``: the account's identity, and its recovery."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.app import Application
from bot.cli.output import Exit, Failure, context
from bot.jobs import LEASE
from bot.store import leases

if TYPE_CHECKING:
    from bot.channels.matrix.session import MatrixSession

Result = TypeVar("Result")
group = typer.Typer(no_args_is_help=True, help="The Matrix account and its recovery.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="matrix")


@group.command("setup")
def setup(
    ctx: typer.Context,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Replace a recovery key that was lost.")
    ] = False,
) -> None:
    """Log in, sign the device, and print the recovery key: once, on this terminal alone.

    Write the key down and keep it away from this machine. tocsin run must be stopped.
    """
    from bot.channels.matrix.recovery import RecoveryKey, SecretStorage

    shared = context(ctx)

    async def prepare(session: MatrixSession) -> str:
        await session.start()
        storage = SecretStorage(session.client)
        if await storage.exists() and not new_key:
            return ""
        key = RecoveryKey.new()
        await storage.keep(session.identity, key)
        return key.written

    written = asyncio.run(_alone(shared.application, prepare))
    if not written:
        shared.say("The account is ready and has a recovery key already; lost it: --new-key.")
        return
    shared.show(
        {"recovery_key": written},
        lambda: (
            "The account is ready. Its recovery key, which is shown this once:\n\n"
            f"    {written}\n\nWrite it down and keep it away from this machine."
        ),
    )


@group.command("recover")
def recover(
    ctx: typer.Context,
    key: Annotated[
        str, typer.Option(prompt="Recovery key", hide_input=True, help="Asked for when not given.")
    ],
) -> None:
    """Put the account's identity back on a machine that lost data_dir/matrix.

    It logs in as a new device with matrix.password and signs it with the identity people know.
    Run it before tocsin run, which would otherwise make a new identity.
    """
    from bot.channels.matrix.recovery import RecoveryError, RecoveryKey, SecretStorage

    shared = context(ctx)
    user = shared.application.settings.matrix.user

    async def restore(session: MatrixSession) -> bool:
        known = RecoveryKey.read(key)
        return await session.take_identity(
            lambda client: SecretStorage(client).identity(user, known)
        )

    try:
        signed = asyncio.run(_alone(shared.application, restore))
    except RecoveryError as error:
        raise Failure(str(error), Exit.INPUT) from error
    if not signed:
        raise Failure("the identity is back, but the device could not be signed", Exit.PARTIAL)
    shared.say("The identity is back: people see the account they know, on a new device.")


async def _alone(
    application: Application, work: Callable[[MatrixSession], Awaitable[Result]]
) -> Result:
    """Use the Matrix account while nobody else does."""
    from bot.app import peers
    from bot.channels.matrix.session import MatrixSession

    if not application.settings.matrix.homeserver:
        raise Failure("[matrix] is not configured", Exit.CONFIGURATION)
    database, holder = application.database, uuid.uuid4()
    if not await database.run(leases.take, peers.MATRIX_LEASE, holder, life=LEASE):
        raise Failure("tocsin run owns the account: stop it first", Exit.INPUT)
    session = MatrixSession(peers.matrix_options(application.settings))
    try:
        return await work(session)
    finally:
        await session.close()
        await database.run(leases.release, peers.MATRIX_LEASE, holder)
