"""One command several times: the same run over several seeds."""

from __future__ import annotations

import os

from ledger.contract.layout import encode_token
from ledger.errors import LedgerError
from ledger.value import as_dict
from ledger.writer.command.record import Command, record_command
from ledger.writer.narrate import say


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.writer.command.child_process import Ended
    from ledger.writer.command.signal_relay import SignalRelay

PLACEHOLDER = "{seed}"
_TOKEN_BYTES = 5


def plan_repeats(
    command: Command, n: int | None, seeds: Sequence[int], argument: str | None
) -> list[Command]:
    """Return the commands to record one after the other; ``command`` alone when nothing is asked.

    Args:
        command: what to run; ``{seed}`` in its words is replaced by the seed.
        n: how many runs, with the seeds 0, 1, …; None for one run, or as many as ``seeds``.
        seeds: the seeds, if they are to be others.
        argument: the option that the seed is appended with: after ``--seed`` as a word of its own,
            after ``seed=`` in the same.

    Raises:
        LedgerError: the command could not be told its seed, or is told twice.
    """
    if n is None and not seeds:
        if argument is not None:
            message = "--seed-arg is given, and neither --repeat nor --seeds"
            raise LedgerError(message, hint="say how often: --repeat 5")
        return [command]
    if n is not None and seeds and n != len(seeds):
        message = f"--repeat {n} and {len(seeds)} seeds do not agree"
        raise LedgerError(message, hint="give one of the two")
    has_place = any(PLACEHOLDER in word for word in command.argv)
    if has_place and argument is not None:
        message = f"the command holds {PLACEHOLDER}, and --seed-arg is given"
        raise LedgerError(message, hint="give one of the two")
    if not has_place and argument is None:
        message = "the command is not told its seed"
        raise LedgerError(message, hint=f"give --seed-arg --seed, or write {PLACEHOLDER} in it")
    tag = f"repeat-{encode_token(os.urandom(_TOKEN_BYTES))}"
    return [_seeded(command, seed, argument, tag) for seed in seeds or range(n or 0)]


def record_all(commands: Sequence[Command], relay: SignalRelay) -> Ended:
    """Record ``commands`` one after the other and return how the first that failed ended.

    One that fails does not stop the next; one that was interrupted does.

    Args:
        commands: at least one.
        relay: started.

    Raises:
        LedgerError: one of them could not be run or recorded.
        KeyboardInterrupt: a signal to end came between two of them.
    """
    first: Ended | None = None
    for place, command in enumerate(commands, 1):
        if len(commands) > 1:
            say(f"run {place} of {len(commands)}, seed {command.seed}")
        ended = record_command(command, relay)
        if first is None or (ended.code and not first.code):
            first = ended
        if ended.status == "interrupted":
            return ended
        if relay.received and place < len(commands):
            raise KeyboardInterrupt  # it came when that run had ended
    if first is None:
        message = "there is nothing to run"
        raise LedgerError(message, hint="give a command")
    return first


def _seeded(command: Command, seed: int, argument: str | None, tag: str) -> Command:
    argv = [word.replace(PLACEHOLDER, str(seed)) for word in command.argv]
    if argument is not None:
        argv += [f"{argument}{seed}"] if argument.endswith("=") else [argument, str(seed)]
    changed = {"argv": tuple(argv), "seed": seed, "tags": (*command.tags, tag)}
    return Command(**(as_dict(command) | changed))  # type: ignore[arg-type]  # its own fields
