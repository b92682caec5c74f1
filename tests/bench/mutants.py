"""Mutation score of auth's rules: how many small changes of its `service.py` modules some test notices.

`make mutants` takes hours on two cores; `make mutants ONLY="auth_service.tokens.*"` minutes, and so does
`make mutants SAMPLE=200`: so many of all, the same in every run. Survivors are shown as changes.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "services" / "auth"
# Where mutmut puts the source that it changes; gone when this ends.
CHANGED = SERVICE / "mutants"
LEAST_PERCENT = 85.0
# Names no change: then mutmut makes them all and tries none.
_NONE = "auth_service.nothing.*"
_SEED = 4
# Codes of a run whose tests failed, or that was endless by the change; 255 is a run that broke by itself.
NOTICED = {1, 3, 24, -24, 152, 36}


@dataclass(frozen=True)
class Module:
    """How the runs of one module's changes ended, by their names."""

    name: str
    codes: dict[str, int]

    @property
    def noticed(self) -> int:
        return sum(code in NOTICED for code in self.codes.values())

    @property
    def percent(self) -> float:
        return 100 * self.noticed / len(self.codes)

    @property
    def survivors(self) -> list[str]:
        return [name for name, code in self.codes.items() if code not in NOTICED]


def run(only: list[str], children: str) -> None:
    """All mutants or those of some names, in `services/auth`, with the fixtures of the repository."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", children, *only]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=SERVICE, env=environment, start_new_session=True) as process:
        try:
            process.wait()
        finally:
            # A test run that was cut off, since the change made it endless, has left its PostgreSQL.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def endings() -> dict[str, dict[str, int | None]]:
    """By module and change; None for a change that was not tried."""
    return {
        str(path.relative_to(CHANGED)).removesuffix(".meta"): json.loads(path.read_text())["exit_code_by_key"]
        for path in sorted(CHANGED.rglob("service.py.meta"))
    }


def known() -> list[str]:
    """The names of all changes that were made."""
    return [name for ended in endings().values() for name in ended]


def modules() -> list[Module]:
    found = []
    for module, ended in endings().items():
        codes = {name: code for name, code in ended.items() if code is not None}
        if codes:
            found.append(Module(module, codes))
    return found


def change(name: str) -> str:
    """As a difference, without its head."""
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", name],
        cwd=SERVICE,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [
        line for line in shown.stdout.splitlines() if line[:1] in "-+" and line[:3] not in ("---", "+++")
    ]
    return "\n".join(lines)


def main() -> None:
    """Prints the survivors, a table and the RESULT line; fails below the least score."""
    console = Console()
    only, sample = os.environ.get("ONLY", "").split(), int(os.environ.get("SAMPLE") or 0)
    shutil.rmtree(CHANGED, ignore_errors=True)
    try:
        if sample:
            run([_NONE], children="1")
            only = random.Random(_SEED).sample(sorted(known()), sample)
        run(only, os.environ.get("CHILDREN", "2"))
        found = modules()
        for module in found:
            for name in module.survivors:
                console.print(f"{name} ({module.codes[name]})\n{change(name)}", markup=False, highlight=False)
    finally:
        shutil.rmtree(CHANGED, ignore_errors=True)
    table = Table("module", "changes", "noticed", "score")
    for module in found:
        table.add_row(module.name, str(len(module.codes)), str(module.noticed), f"{module.percent:.0f} %")
    console.print(table)
    if not found:
        sys.exit("no mutant was tried")
    total, noticed = sum(len(module.codes) for module in found), sum(module.noticed for module in found)
    score = 100 * noticed / total
    least = min(found, key=lambda module: module.percent)
    print(
        f"RESULT mutants={total} noticed={noticed} score={score:.1f}% least={least.name}:{least.percent:.0f}%"
    )
    sys.exit(score < LEAST_PERCENT)


if __name__ == "__main__":
    main()
