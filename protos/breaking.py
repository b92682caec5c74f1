"""Compares the schema with that of the main branch: a change that breaks a caller fails."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent
CURRENT = ROOT / "generated" / "bloom" / "descriptors.binpb"
# On main itself the schema is compared with that of the commit before.
BASES = ("origin/main", "main", "HEAD~1")


def git(*arguments: str) -> bytes | None:
    """The command's output; None when git refuses."""
    done = subprocess.run(["git", "-C", str(ROOT.parent), *arguments], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def base() -> str | None:
    """The newest commit of main that is not the current one."""
    head = git("rev-parse", "HEAD")
    commits = (git("rev-parse", "--verify", "--quiet", name) for name in BASES)
    return next((commit.decode().strip() for commit in commits if commit and commit != head), None)


def main() -> None:
    """Ends with buf's own findings."""
    commit = base()
    archive = git("archive", "--format=tar", commit, "protos") if commit else None
    if archive is None:
        print("buf breaking: nothing to compare with yet")  # noqa: T201 a check tells what it did
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        subprocess.run([sys.executable, f"{folder}/protos/generate.py"], check=True)
        against = f"{folder}/protos/generated/bloom/descriptors.binpb"
        command = ["buf", "breaking", str(CURRENT), "--against", against, "--config", str(ROOT / "buf.yaml")]
        sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
