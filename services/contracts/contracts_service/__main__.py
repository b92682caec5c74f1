"""`python -m contracts_service`"""

from service_runtime import settings as runtime_settings
from service_runtime.server import serve

from contracts_service.application import application
from contracts_service.settings import ContractsSettings


def main() -> None:
    """Serves until SIGTERM."""
    settings = runtime_settings.load(ContractsSettings)
    serve("contracts", settings, lambda: application(settings))


if __name__ == "__main__":
    main()
