"""``python benchmarks/whence.py --runs 10000``: how often the first answer is the right run.

The ledger is generated (whence_world.py), and so are the questions: a run is chosen as papers
choose (three of four times the best of its campaign, always finished, committed, clean and with a
note), and quoted as tables quote. A row says how often the run was first, and among the first five.
"""
# a seeded world, no secrets

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from whence_best import CAMPAIGN_BEST, STATED, Guesser, best_of
from whence_world import Run, World

from ledger.project import Project
from ledger.reader.whence.asked import parse_asked
from ledger.reader.whence.content import find_path
from ledger.reader.whence.number_hits import Names
from ledger.reader.whence.plan import plan
from ledger.reader.whence.scoring import search
from ledger.settings import Settings
from ledger.value import value


SHORT = {
    "resnet18": "RN18",
    "resnet50": "RN50",
    "wide_resnet28": "WRN28",
    "convnext_tiny": "ConvNeXt-T",
    "vit_small": "ViT-S",
    "vit_base": "ViT-B",
    "bert_base": "BERT",
    "roberta_base": "RoBERTa",
    "deberta_v3": "DeBERTa",
    "distilbert": "DistilBERT",
    "transformer_xl": "Transformer-XL",
    "gpt2_small": "GPT-2",
}


@value
class Asked:
    """A question and the runs that are right; of repeats all are."""

    text: str
    right: frozenset[str]
    content: bytes | None = None
    """Of the file that is asked about."""
    quoted: tuple[Run, str, float] | None = None
    """Where nothing but a number is asked for, perhaps with its metric: run, metric, number."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10000)
    parser.add_argument("--questions", type=int, default=100, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wrong", action="store_true", help="print the questions that went wrong")
    given = parser.parse_args()
    measured = measure(given.runs, given.questions, given.seed, tell_wrong=given.wrong)
    print(f"\n{given.runs} runs, {given.questions} questions of each kind, seed {given.seed}")
    print(f"{'kind':34} {'top 1':>7} {'top 5':>7} {'best top 1':>9} {'median':>10}")
    for kind, (first, five, most, seconds) in measured.items():
        print(f"{kind:34} {first:7.1%} {five:7.1%} {most:9.1%} {seconds * 1000:7.0f} ms")


def measure(
    n_runs: int, n_questions: int, seed: int, *, tell_wrong: bool = False
) -> dict[str, tuple[float, float, float, float]]:
    """Return for every kind, and for ``overall``, the shares of top 1 and 5, and seconds.

    The third is the share of top 1 that nobody could surpass: whence_best.py.
    """
    world = World(n_runs, seed)
    keys = [str(row[0]) for row in world.rows.rows("SELECT DISTINCT key FROM params")]
    metrics = [str(row[0]) for row in world.rows.rows("SELECT DISTINCT metric FROM summary")]
    names = Names(metrics=metrics, params=keys, goals=world.goals)
    found: dict[str, tuple[float, float, float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        project = Project(root=root, settings=Settings(), settings_path=root / "ledger.toml")
        for kind, ask in KINDS.items():
            rng = random.Random(f"{seed} {kind}")
            ranks, took, chances = [], [], []
            guesser = Guesser(world, QUOTES[kind]) if kind in QUOTES else None
            for _ in range(n_questions):
                asked = ask(world, rng)
                start = time.perf_counter()
                rank = _rank(world, names, project, asked)
                took.append(time.perf_counter() - start)
                ranks.append(rank)
                is_quote = guesser is not None and asked.quoted is not None
                chances.append(guesser.chance(*asked.quoted) if is_quote else 1.0)
                if tell_wrong and rank != 1:
                    print(f"{kind}: {rank}: {asked.text!r} is {min(asked.right)}")
            first = sum(rank == 1 for rank in ranks) / n_questions
            five = sum(rank <= 5 for rank in ranks) / n_questions
            found[kind] = first, five, statistics.mean(chances), statistics.median(took)
    columns = zip(*found.values(), strict=True)
    found["overall"] = tuple(map(statistics.mean, columns))
    return found


def _rank(world: World, names: Names, project: Project, asked: Asked) -> int:
    """Return the rank of the first right run, 99 beyond the tenth."""
    path = None
    if asked.content is not None:
        file = project.root / "asked" / asked.text
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(asked.content)
        path = find_path(f"asked/{asked.text}", project, str(project.root))
    found = search(world.rows, plan(parse_asked(asked.text), path, names), 10)
    ids = [each.run_id for each in found.candidates]
    return next((place for place, each in enumerate(ids, 1) if each in asked.right), 99)


def _target(world: World, rng: random.Random) -> Run:
    """Return a run as papers choose: mostly the best of its campaign."""
    while True:
        run = rng.choice(world.runs)
        if rng.random() < CAMPAIGN_BEST:
            run = best_of(world.campaigns[run.campaign])
        if run.is_quotable:
            return run


def _quoted(run: Run, rng: random.Random) -> tuple[str, float]:
    """Return the metric and the value of ``run`` that a table has: the best, or the stated one."""
    if run.stated is not None and rng.random() < STATED:
        return run.stated_metric, run.stated
    return run.metric, run.best


def _named(digits: int) -> Callable[[World, random.Random], Asked]:
    def ask(world: World, rng: random.Random) -> Asked:
        run = _target(world, rng)
        metric, number = _quoted(run, rng)
        shown = _printed(number, digits)
        text = rng.choice([f"{metric} {shown}", f"{shown} {metric}", f"{metric}: {shown}"])
        return Asked(text=text, right=frozenset([run.run_id]), quoted=(run, metric, number))

    return ask


def _alone(digits: int) -> Callable[[World, random.Random], Asked]:
    def ask(world: World, rng: random.Random) -> Asked:
        run = _target(world, rng)
        metric, number = _quoted(run, rng)
        text = _printed(number, digits)
        return Asked(text=text, right=frozenset([run.run_id]), quoted=(run, metric, number))

    return ask


def _percent(digits: int) -> Callable[[World, random.Random], Asked]:
    def ask(world: World, rng: random.Random) -> Asked:
        run = _target(world, rng)
        while run.metric == "val_loss":
            run = _target(world, rng)
        metric, number = _quoted(run, rng)
        shown = f"{number * 100:.{digits - 2}f}{rng.choice(['%', ' %'])}"
        text = f"{metric} {shown}"
        return Asked(text=text, right=frozenset([run.run_id]), quoted=(run, metric, number))

    return ask


def _spread(world: World, rng: random.Random) -> Asked:
    while True:
        run = _target(world, rng)
        group = world.repeats[run.variant, run.data]
        if len(group) >= 3:
            break
    values = [each.best for each in group]
    mean, spread = statistics.mean(values), statistics.stdev(values)
    scale = 100 if run.metric != "val_loss" and rng.random() < 0.5 else 1
    places = 1 if scale == 100 else 4 if run.metric != "val_loss" else 3
    shown = f"{mean * scale:.{places}f} ± {spread * scale:.{places}f}"
    text = rng.choice([shown, f"{run.metric} {shown}"])
    return Asked(text=text, right=frozenset(each.run_id for each in group))


def _file(world: World, rng: random.Random) -> Asked:
    run = _target(world, rng)
    return Asked(text=run.artifact, right=frozenset([run.run_id]), content=run.run_id.encode())


def _hash(*kinds: str) -> Callable[[World, random.Random], Asked]:
    def ask(world: World, rng: random.Random) -> Asked:
        run = _target(world, rng)
        text = run.hashes[rng.choice(kinds)].rpartition(":")[2][:7]
        return Asked(text=text, right=frozenset([run.run_id]))

    return ask


def _row(world: World, rng: random.Random, *, is_case_lost: bool = False) -> Asked:
    """Return a row of a table in words: some left out, some abbreviated."""
    run = _target(world, rng)
    metric, number = _quoted(run, rng)
    optimizer = run.config["optimizer"]
    model = SHORT.get(run.model, run.model) if rng.random() < 0.4 else run.model
    parts = [
        rng.choice([model, model.replace("_", "-")]),
        f"{rng.choice(['lr', 'learning rate'])} {optimizer['lr']:.2g}",
        f"{rng.choice(['bs', 'batch size', 'batch_size'])} {run.config['batch_size']}",
        f"seed {run.config['seed']}",
        rng.choice([optimizer["name"], f"optimizer {optimizer['name']}"]),
        rng.choice([f"{run.config['schedule']} schedule", f"wd {optimizer['weight_decay']:.2g}"]),
    ]
    kept = [part for part in parts if rng.random() < 0.6]
    shown = _printed(number, rng.choice([3, 4]))
    head = f"Table {rng.randint(1, 9)}: " if rng.random() < 0.5 else ""
    text = f"{head}{', '.join(kept)}: {shown} {_shortened(metric, rng)} on {run.data}"
    text = rng.choice([text.upper(), text.title()]) if is_case_lost else text
    return Asked(text=text, right=frozenset([run.run_id]))


def _case_lost(world: World, rng: random.Random) -> Asked:
    return _row(world, rng, is_case_lost=True)


def _shortened(metric: str, rng: random.Random) -> str:
    return rng.choice([metric, metric.replace("_", " "), metric.partition("_")[2]])


def _printed(number: float, digits: int) -> str:
    """Return ``number`` with ``digits`` significant digits, as a table prints it."""
    whole = len(str(int(abs(number)))) if abs(number) >= 1 else 0
    return f"{number:.{digits - whole}f}"


KINDS: dict[str, Callable[[World, random.Random], Asked]] = {
    "metric and number, 3 digits": _named(3),
    "metric and number, 4 digits": _named(4),
    "metric and number, 5 digits": _named(5),
    "number alone, 4 digits": _alone(4),
    "number alone, 5 digits": _alone(5),
    "number alone, 6 digits": _alone(6),
    "metric and percent, 3 digits": _percent(3),
    "metric and percent, 4 digits": _percent(4),
    "mean ± std": _spread,
    "file": _file,
    "artifact or config, 7 digits": _hash("artifact", "config"),
    "commit, 7 digits": _hash("commit"),
    "row of a table": _row,
    "row of a table, case lost": _case_lost,
}
QUOTES: dict[str, Callable[[str, float], object]] = {
    "metric and number, 3 digits": lambda metric, number: (metric, _printed(number, 3)),
    "metric and number, 4 digits": lambda metric, number: (metric, _printed(number, 4)),
    "metric and number, 5 digits": lambda metric, number: (metric, _printed(number, 5)),
    "number alone, 4 digits": lambda _, number: _printed(number, 4),
    "number alone, 5 digits": lambda _, number: _printed(number, 5),
    "number alone, 6 digits": lambda _, number: _printed(number, 6),
    "metric and percent, 3 digits": lambda metric, number: (metric, f"{number * 100:.1f}"),
    "metric and percent, 4 digits": lambda metric, number: (metric, f"{number * 100:.2f}"),
}
"""What a question of a kind holds of a metric and its number."""


if __name__ == "__main__":
    main()
