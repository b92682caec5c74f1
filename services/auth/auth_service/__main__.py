"""`python -m auth_service`"""

import sys

from auth_service.application import application
from auth_service.keys.wrapping import WrongSecretError
from auth_service.settings import AuthSettings
from service_runtime import settings as runtime_settings
from service_runtime.server import serve


def main() -> None:
    """Serves until SIGTERM."""
    settings = runtime_settings.load(AuthSettings)
    try:
        serve("auth", settings, lambda: application(settings))
    except WrongSecretError as wrong:
        sys.exit(str(wrong))


if __name__ == "__main__":
    main()
