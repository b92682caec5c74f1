"""What `bloom-ai` understands."""

import argparse
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from ai_gateway.cli import budgets, cache, egress, models, trial, usage
from ai_gateway.cli.connection import Connect
from ai_gateway.cli.periods import FORMS, since, until
from ai_gateway.cli.terminal import Terminal

Command = Callable[[argparse.Namespace, Connect, Terminal], int]
_ABOUT = """\
The AI gateway from a terminal: what was spent, what may be, what left for Claude,
what is kept, and a question to try.

Without more it calls the mesh of `make up`, as the demo organization's owner. For
another gateway:

  export BLOOM_AI_TARGET=ai.example.com:443   its gRPC address: TLS, unless it is on
                                              this machine or begins with http://
  export BLOOM_AI_TOKEN=…                     an access token; never printed
  export BLOOM_AI_WORKLOAD_TOKEN=…            only for `try`: of the service in whose
                                              name Claude is asked
"""
_EXAMPLES = """\
examples:
  bloom-ai usage --since 7d --by caller,model
  bloom-ai budgets set organization --limit 50 --period month
  bloom-ai egress export chain.jsonl && bloom-ai egress verify chain.jsonl
  bloom-ai try "Who may terminate, and when?" --file agreement.pdf --model fast

Exit status: 0 done, 1 refused, unreachable or broken, 2 misused, 130 interrupted.
"""


def parser() -> argparse.ArgumentParser:
    """Each command's function is `run`."""
    top = argparse.ArgumentParser(
        prog="bloom-ai", description=_ABOUT, epilog=_EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    _connection(top, hidden=False)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _usage(commands)
    _budgets(commands)
    _egress(commands)
    _cache(commands)
    _add(commands, "models", models.models, "what may be asked, and what it costs today")
    _try(commands)
    return top


def _usage(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(
        commands, "usage", usage.usage, "who spent what, as a table and as a plot",
        "Who spent what: a line for each task and model (or what --by names), and a bar for each day.\n"
        "`cached` is the share of calls that were answered without asking Claude; `saved` is against\n"
        "the list price, which knows no cache. Money is exact to the millionth of a dollar.",
        "examples:\n  bloom-ai usage --since 2026-11-01 --until 2026-11-15\n"
        "  bloom-ai usage --by caller --since 24h\n  bloom-ai usage --by day,task --json\n"
        "  bloom-ai usage --since 90d --svg spending.svg",
    )  # fmt: skip
    command.add_argument("--since", type=since, default="30d", metavar="WHEN", help=f"{FORMS} (default: 30d)")
    command.add_argument(
        "--until", type=until, metavar="WHEN", help="the same; a date is its end (default: now)"
    )
    command.add_argument(
        "--by", type=_keys, default="task,model", metavar="COLUMNS",
        help="of task, model, caller, day (default: task,model)",
    )  # fmt: skip
    command.add_argument("--json", action="store_true", help="for programs; money in millionths of a dollar")
    command.add_argument("--svg", type=Path, metavar="FILE", help="write the plot there, too")


def _budgets(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(
        commands, "budgets", budgets.list_budgets, "what may be spent, what was, and when it begins anew",
        "Lists the budgets. `held` is what calls under way can cost at most; no call is made that does\n"
        "not fit into what is `left`. Periods begin at midnight UTC, and with the month.",
    )  # fmt: skip
    scope = "`organization` for all of it, or a task: contracts.ask"
    more = command.add_subparsers(title="commands", metavar="COMMAND")
    put = _add(
        more, "set", budgets.set_budget, "set a budget, whether there was one or not", "",
        "examples:\n  bloom-ai budgets set organization --limit 50 --period month\n"
        "  bloom-ai budgets set contracts.ask --limit 2.50 --period day",
    )  # fmt: skip
    put.add_argument("scope", metavar="SCOPE", help=scope)
    put.add_argument(
        "--limit", type=budgets.micro_usd, required=True, metavar="USD", help="0 stops all spending"
    )
    put.add_argument("--period", choices=list(budgets.PERIODS), default="month", help="default: month")
    gone = _add(more, "delete", budgets.delete_budget, "spending has no limit of this kind any more")
    gone.add_argument("scope", metavar="SCOPE", help=scope)


def _egress(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(
        commands, "egress", None, "what left for Claude, and the proof that its record is whole",
        "Every request is recorded before it leaves, and again when it ends. The records form a chain:\n"
        "each is hashed over the one before it.",
    )  # fmt: skip
    more = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listed = _add(more, "list", egress.list_records, "the records, newest first")
    listed.add_argument("--limit", type=_limit, default=25, metavar="N", help="default: 25")
    out = _add(more, "export", egress.export, "write the chain to a file, verified on the way")
    out.add_argument("file", type=Path, metavar="FILE")
    check = _add(
        more, "verify", egress.verify_chain, "whether a chain is whole, and which record is not",
        "Verifies an export with nothing but the file: no service, no network. With --live the\n"
        "service's own chain, which must hold the file's where one is given.",
        "examples:\n  bloom-ai egress verify chain.jsonl\n"
        "  bloom-ai egress verify chain.jsonl --head 42:9f86d0…\n  bloom-ai egress verify --live",
    )  # fmt: skip
    check.add_argument("file", type=Path, nargs="?", metavar="FILE", help="what `egress export` wrote")
    check.add_argument("--live", action="store_true", help="the chain as the service has it now")
    check.add_argument(
        "--head", type=egress.head, metavar="RECORD:HASH",
        help="a head that was kept elsewhere: finds a chain that was written anew",
    )  # fmt: skip
    check.set_defaults(misused=check.error)


def _cache(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(
        commands, "cache", None, "the kept answers: what they save, and how to forget them",
        "An equal question of the same organization is answered from here, for nothing.",
    )  # fmt: skip
    more = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    stats = _add(more, "stats", cache.stats, "how many answers are kept, and what that saved")
    stats.add_argument("--since", type=since, default="30d", metavar="WHEN", help=f"{FORMS} (default: 30d)")
    _add(
        more, "purge", cache.purge, "forget all kept answers of the organization",
        "Forgets all kept answers of the organization. There is no choice by task: an answer is kept by\n"
        "what was asked, and tasks that ask the same share it.",
    )  # fmt: skip


def _try(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(
        commands, "try", trial.try_question, "ask Claude, see the answer as it comes and what it cost",
        "Asks one question by way of the gateway, as any service would: recorded, metered, budgeted.\n"
        "The answer goes to standard output; where it came from, its cost and its times go beside it.\n"
        "Ctrl-C gives the question up, with all that it would still have cost.",
        'examples:\n  bloom-ai try "What is a guarantee of output?" --model fast\n'
        '  bloom-ai try "Who may terminate?" --file agreement.pdf --system "Answer in one sentence."',
    )  # fmt: skip
    command.add_argument("question", type=_question, metavar="QUESTION")
    command.add_argument(
        "--model", default="", help="fast, standard, deep, or a name of `models` (default: standard)"
    )
    command.add_argument("--system", action="append", default=[], metavar="TEXT", help="may be given again")
    command.add_argument(
        "--file", type=Path, help="text, in which personal data is withheld, or PDF, which is sent as it is"
    )
    command.add_argument("--task", default="cli.try", help="metered and budgeted as (default: cli.try)")
    command.add_argument("--max-tokens", type=_limit, default=0, metavar="N", help="of the answer")
    command.add_argument("--no-cache", action="store_true", help="neither read from nor written to the cache")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Command | None,
    told: str,
    description: str = "",
    epilog: str = "",
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=told, description=description or f"{told[0].upper()}{told[1:]}.", epilog=epilog,
        allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    _connection(command, hidden=True)
    if run is not None:
        command.set_defaults(run=run)
    return command


def _connection(command: argparse.ArgumentParser, *, hidden: bool) -> None:
    """At any place of the line; told once."""
    for flag, kind, told in (
        ("--target", str, "the gateway, instead of BLOOM_AI_TARGET"),
        (
            "--token",
            SecretStr,
            "instead of BLOOM_AI_TOKEN, where others cannot list this machine's processes",
        ),
        ("--timeout", _seconds, "seconds that a call may take (default: 30; `try`: 120)"),
    ):
        metavar = flag.strip("-").upper() if kind is not _seconds else "SECONDS"
        command.add_argument(
            flag,
            type=kind,
            metavar=metavar,
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS if hidden else told,
        )


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(text.split(","))
    if len(set(keys)) != len(keys) or not set(keys) <= set(usage.KEYS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a choice of task, model, caller, day, with commas")
    return keys


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1,000,000")
    return int(text)


def _seconds(text: str) -> int:
    return _limit(text)


def _question(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("ask something")
    return text
