"""Where one mesh keeps its state, and the lock that lets only one supervisor own it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import psutil

REPOSITORY = Path(__file__).resolve().parents[3]

SUCCESSION_SECONDS = 15.0
"""How long a new supervisor waits while the guardian of a killed one clears up."""


class StateTakenError(Exception):
    """Another supervisor owns this state directory."""


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """The files of one mesh. Two meshes never share a directory."""

    root: Path

    @classmethod
    def chosen(cls, argument: Path | None) -> StateDirectory:
        """`--state`, else `LOCAL_STATE`, else `.local/` in the repository."""
        return cls((argument or Path(os.environ.get("LOCAL_STATE") or REPOSITORY / ".local")).resolve())

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def mails(self) -> Path:
        """What would have left by mail."""
        return self.root / "mails"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Files that are made anew at each start."""
        return self.root / "run"

    @property
    def secrets_file(self) -> Path:
        return self.root / "secrets.json"

    @property
    def mesh_file(self) -> Path:
        return self.root / "mesh.json"

    @property
    def traces_file(self) -> Path:
        return self.root / "traces.jsonl"

    @property
    def lock_file(self) -> Path:
        return self.root / "supervisor.lock"

    def prepare(self) -> None:
        """Makes the directories; the root is for its owner's eyes only, since it holds secrets."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for directory in (self.objects, self.logs, self.run):
            directory.mkdir(exist_ok=True)


def write_atomically(path: Path, content: str, mode: int = 0o600) -> None:
    """A reader sees the old content or the new one, never a part."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)


def write_json(path: Path, value: Mapping[str, object]) -> None:
    write_atomically(path, json.dumps(value, indent=2) + "\n")


class SupervisorLock:
    """An advisory lock on `supervisor.lock`; the kernel drops it when its last holder is gone.

    The guardian inherits the descriptor, so the directory stays locked until the children of a killed
    supervisor are gone too.
    """

    def __init__(self, state: StateDirectory) -> None:
        self._path = state.lock_file
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)

    @property
    def descriptor(self) -> int:
        return self._descriptor

    def take(self) -> None:
        """Raises StateTakenError at once when the owner lives."""
        owner = holder(self._path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if owner is not None and is_alive(owner):
                os.close(self._descriptor)
                raise StateTakenError(
                    f"a mesh already runs on {self._path.parent} (supervisor process {owner}); "
                    "stop it first (`make down`), or choose another directory with --state"
                ) from None
            self._succeed()
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def _succeed(self) -> None:
        """The owner was killed and its guardian still clears up: wait for it."""
        if not wait_until_free(self._path, SUCCESSION_SECONDS):
            os.close(self._descriptor)
            raise StateTakenError(f"processes of a killed mesh still hold {self._path.parent}")
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        os.close(self._descriptor)


def holder(lock_file: Path) -> int | None:
    """The process id that last wrote itself into the lock file."""
    try:
        return int(lock_file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def is_alive(pid: int) -> bool:
    """A zombie is not: where nobody collects orphans, a killed supervisor stays one."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_held(lock_file: Path) -> bool:
    """True while a supervisor, or the guardian it left, owns the directory."""
    return lock_file.exists() and not wait_until_free(lock_file, 0)


def wait_until_free(lock_file: Path, seconds: float) -> bool:
    """Whether the lock is free within `seconds`; waits in the kernel's time, by short tries."""
    deadline = monotonic() + seconds
    with lock_file.open("rb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if monotonic() >= deadline:
                    return False
                sleep(0.05)
            else:
                return True
