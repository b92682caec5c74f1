"""Rules of the record: packs of data, each with its version, and the one that reads them."""

from contracts_service.rules.checking import Broken, check
from contracts_service.rules.pack import LATEST, Pack, Severity, load

__all__ = ["LATEST", "Broken", "Pack", "Severity", "check", "load"]
