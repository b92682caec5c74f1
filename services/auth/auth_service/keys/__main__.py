"""`python -m auth_service.keys list|rotate`: signing keys, for operators, with the service's settings."""

import argparse
import asyncio

from rich.console import Console

from auth_service.keys import rotation, store
from auth_service.keys.wrapping import KeyWrap
from auth_service.settings import AuthSettings
from service_runtime import settings as runtime_settings
from service_runtime.postgres import Postgres


def main() -> None:
    """Reads the command line and the settings."""
    parser = argparse.ArgumentParser(prog="python -m auth_service.keys", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the keys that sign, will sign, or verify")
    rotate = commands.add_parser(
        "rotate", help="make a new key; it signs when every verifier has had the time to know it"
    )
    rotate.add_argument(
        "--now",
        action="store_true",
        help="for a leaked key: older keys end at once and every access token with them; people refresh, "
        "services ask for new tokens, and until every verifier knows (a minute at most) some still take the "
        "old key and refuse the new one",
    )
    chosen = parser.parse_args()
    settings = runtime_settings.load(AuthSettings)
    asyncio.run(_run(settings, chosen.command, leaked=getattr(chosen, "now", False)))


async def _run(settings: AuthSettings, command: str, *, leaked: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    postgres = await Postgres.connect(str(settings.database_url), size=1)
    wrap, schedule = KeyWrap(settings.jwt_secret), settings.key_schedule
    try:
        if command == "rotate" and leaked:
            await rotation.replace_leaked(postgres, wrap, schedule)
        elif command == "rotate" and not await rotation.rotate(postgres, wrap, schedule):
            console.print("A new key is on its way already.")
        async with postgres.unscoped() as connection:
            for key in await store.known(connection):
                ends = f"until {key.expires_at:%Y-%m-%d %H:%M:%S} UTC" if key.expires_at else "newest"
                begins = f"signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC"
                console.print(f"{key.kid}  {key.public['alg']}  {begins}  {ends}")
    finally:
        await postgres.close()


if __name__ == "__main__":
    main()
