"""`python -m contracts_service`"""

from contracts_service.application import application
from contracts_service.settings import ContractsSettings
from service_runtime import settings as runtime_settings
from service_runtime.server import serve


def main() -> None:
    """Serves until SIGTERM."""
    settings = runtime_settings.load(ContractsSettings)
    serve("contracts", settings, lambda: application(settings))


if __name__ == "__main__":
    main()
