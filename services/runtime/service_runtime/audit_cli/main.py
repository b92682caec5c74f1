"""Runs a command, and turns whatever stops it into one line and an exit status."""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from service_runtime.audit_cli.connection import (
    Chain,
    CommandError,
    Service,
    Way,
    connected,
    connected_to_keys,
)
from service_runtime.audit_cli.telling import Terminal
from service_runtime.audit_file import Signed, Tally, key_ids, signer, verify_file
from service_runtime.chain_file import (
    BrokenChainError,
    Entry,
    Fault,
    Head,
    export_line,
    head_line,
    verify,
)

_HEAD = re.compile(r"(?P<seq>[1-9]\d{0,17}):(?P<hash>[0-9a-f]{64})")
_INTERRUPTED = 130
_ABOUT = """\
The audit chain of an organization from a terminal: exported with its signed head, and
checked with nothing but the file.

Without more it calls the mesh of `make up`, as the demo organization's owner. For
another one:

  export BLOOM_AUDIT_TARGET=host.example.com:443   the service's gRPC address: TLS, unless it is
                                                   on this machine or begins with http://
  export BLOOM_AUDIT_AUTH=auth.example.com:443     auth's, for its keys
  export BLOOM_AUDIT_TOKEN=…                       an access token; never printed
"""
_EXAMPLES = """\
examples:
  %(prog)s keys keys.json                  now and after each rotation; keep them elsewhere
  %(prog)s export audit.jsonl
  %(prog)s verify audit.jsonl --keys keys.json
  %(prog)s verify audit.jsonl --older last-year.jsonl --head 42:9f86d0…

Exit status: 0 done and whole, 1 refused, unreachable or broken, 2 misused, 130 interrupted.
"""


def main(
    chain: Chain,
    arguments: Sequence[str] | None = None,
    terminal: Terminal | None = None,
    way: Way | None = None,
) -> int:
    """Returns the exit status; ends the process with 2 when it is misused. `way`: the environment's else."""
    options = _parser(chain).parse_args(arguments)
    options.chain = chain
    terminal = terminal or Terminal.standard()
    try:
        return int(options.run(options, terminal, way))
    except CommandError as failed:
        terminal.fail(str(failed))
        return 1
    except OSError as failed:
        terminal.fail(f"{failed.filename}: {failed.strerror}.")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _export(options: argparse.Namespace, terminal: Terminal, way: Way | None) -> int:
    """Verified while it is written; what is not whole is not written."""
    draft: Path = options.file.with_name(f"{options.file.name}.part")
    try:
        with (
            connected(_on_top(way, options), options.chain) as service,
            draft.open("w", encoding="utf-8", newline="\n") as file,
        ):
            tally, signed = _written(service, file)
            _require_chain([signed], options.chain)
        draft.replace(options.file)
    except BrokenChainError as broken:
        terminal.broken("The service's chain", broken)
        return 1
    finally:
        draft.unlink(missing_ok=True)
    terminal.exported(str(options.file), tally, signed)
    return 0


def _keys(options: argparse.Namespace, terminal: Terminal, way: Way | None) -> int:
    with connected_to_keys(_on_top(way, options), options.chain) as service:
        published = service.keys()
    options.file.write_bytes(published)
    terminal.out.print(f"{options.file}: {len(key_ids(published))} keys", soft_wrap=True)
    return 0


def _verify(options: argparse.Namespace, terminal: Terminal, _way: Way | None) -> int:
    """Exit status 1 when the chain is broken, or signed with a key that is none of the service's."""
    what = str(options.file)
    known: list[Signed] = []
    checks: list[str] = []
    try:
        for file in options.older:
            what = str(file)
            known.append(_older(file))
            checks.append(f"goes on from {file}, which ends at record {known[-1].head.seq}")
        what = str(options.file)
        heads = [*options.head, *(older.head for older in known)]
        with options.file.open("rb") as lines:
            tally, signed = verify_file(lines, *heads)
        _require_chain([signed, *known], options.chain)
        if options.keys:
            _require_own_keys([signed, *known], options.keys)
            checks.append(f"the key is one of {options.keys}")
    except BrokenChainError as broken:
        terminal.broken(what, broken)
        return 1
    checks += [f"the known head {head.seq}:{head.hash[:12]}… fits" for head in options.head]
    terminal.whole(what, tally, signed, checks)
    if not options.keys:
        terminal.warn(
            "Whether that key is the service's could not be checked: the file itself brings it along. "
            "Give --keys FILE, a copy of the published keys that was kept elsewhere."
        )
    return 0


def _written(service: Service, file: TextIO) -> tuple[Tally, Signed]:
    """Raises BrokenChainError as soon as something does not fit."""
    tally, end = Tally(), Head()

    def entries() -> Iterator[Entry]:
        nonlocal end
        for line in service.chain():
            if isinstance(line, Entry):
                yield line
            else:
                end = line

    for entry in verify(entries()):
        tally.add(entry)
        file.write(export_line(entry))
    signed = signer(end)
    if end != tally.head or tally.org_id not in ("", signed.org_id):
        raise BrokenChainError(
            Fault.CUT, tally.head.seq, "The head that is signed is not the end of the chain."
        )
    file.write(head_line(end))
    return tally, signed


def _older(file: Path) -> Signed:
    """Where an older export ended, in the service's word. Raises BrokenChainError."""
    with file.open("rb") as lines:
        return verify_file(lines)[1]


def _require_chain(heads: Sequence[Signed], chain: Chain) -> None:
    for signed in heads:
        if signed.chain != chain.claim:
            found = signed.chain or "auth"
            told = f"It is the chain of {found}, and this command checks that of {chain.service}."
            raise BrokenChainError(Fault.UNSIGNED, signed.head.seq, told)


def _require_own_keys(heads: Sequence[Signed], file: Path) -> None:
    try:
        own = key_ids(file.read_bytes())
    except ValueError:
        raise CommandError(f"{file} is no JSON Web Key Set.") from None
    for signed in heads:
        if signed.kid not in own:
            told = (
                f"Head {signed.head.seq} is signed with key {signed.kid}, which is none of those in {file}."
            )
            raise BrokenChainError(Fault.UNSIGNED, signed.head.seq, told)


def _head(text: str) -> Head:
    read = _HEAD.fullmatch(text)
    if read is None:
        raise argparse.ArgumentTypeError("a head is RECORD:HASH, as an export tells it")
    return Head(int(read["seq"]), read["hash"])


def _on_top(way: Way | None, options: argparse.Namespace) -> Way:
    """The environment, with what the command line says."""
    try:
        found = way or Way()
    except ValidationError as wrong:
        names = ", ".join(str(error["loc"][0]) for error in wrong.errors(include_input=False))
        raise CommandError(f"The environment is wrong: {names}.") from None
    return found.model_copy(update={"target": options.target} if options.target else {})


def _parser(chain: Chain) -> argparse.ArgumentParser:
    """Each command's function is `run`."""
    top = argparse.ArgumentParser(
        prog=chain.prog, description=_ABOUT, epilog=_EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    export = commands.add_parser("export", help="the chain with its signed head, as a file")
    export.set_defaults(run=_export)
    check = commands.add_parser("verify", help="proves with the file alone that nothing in it was changed")
    check.set_defaults(run=_verify)
    keys = commands.add_parser("keys", help="the published keys, to be kept elsewhere")
    keys.set_defaults(run=_keys)
    for command in (export, check, keys):
        command.add_argument("file", type=Path, metavar="FILE")
    for command in (export, keys):
        command.add_argument(
            "--target", default="", metavar="HOST:PORT", help="instead of BLOOM_AUDIT_TARGET"
        )
    check.add_argument(
        "--keys", type=Path, metavar="FILE", help="published keys: the head must be signed with one of them"
    )
    check.add_argument(
        "--head", type=_head, action="append", default=[], metavar="SEQ:HASH",
        help="a head of this chain that was kept elsewhere; may be given again",
    )  # fmt: skip
    check.add_argument(
        "--older", type=Path, action="append", default=[], metavar="FILE",
        help="an older export: the chain must go on from its signed head",
    )  # fmt: skip
    return top
