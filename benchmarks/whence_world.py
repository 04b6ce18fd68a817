"""A ledger as a group of people leaves it after a year, and what papers quote from it.

Campaigns: one question about one model on one data set, 4 to 120 runs, of a grid or at random, with
or without repeats over seeds. Scores are what their parts make them: data set, model, distance of
the learning rate from the campaign's best one, noise of the seed; accuracies are multiples of
1 / size of the validation set, so that many runs share one exactly.

The rows go straight into the tables behind the index's views: 10,000 runs in seconds.
"""
# ruff: noqa: D102  # a seeded world and its many parts

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ledger.contract.config import config_hash, flatten, variant_hash
from ledger.reader.engine import connect
from ledger.reader.facts import typed
from ledger.reader.index.fill import create, insert
from ledger.reader.index.tables import TABLES
from ledger.settings import SEED_KEYS
from ledger.value import value


Row = tuple[object, ...]
TASKS = {
    "vision": {
        "data": {
            "cifar10": (10000, 0.91),
            "cifar100": (10000, 0.72),
            "svhn": (26032, 0.95),
            "imagenet": (50000, 0.74),
            "digits": (360, 0.96),
        },
        "models": [
            "resnet18",
            "resnet50",
            "wide_resnet28",
            "vit_small",
            "vit_base",
            "convnext_tiny",
            "mlp",
        ],
        "objective": ("val_acc", "max"),
        "stated": "test_acc",
    },
    "language": {
        "data": {"mnli": (9815, 0.83), "sst2": (872, 0.91), "qnli": (5463, 0.89)},
        "models": ["bert_base", "roberta_base", "deberta_v3", "distilbert"],
        "objective": ("val_f1", "max"),
        "stated": "test_f1",
    },
    "modelling": {
        "data": {"wikitext": (0, 3.1), "ptb": (0, 3.9)},
        "models": ["lstm", "transformer_xl", "gpt2_small"],
        "objective": ("val_loss", "min"),
        "stated": "test_loss",
    },
}
TOPICS = [
    "lr_sweep",
    "weight_decay",
    "augmentation",
    "warmup",
    "ablation_norm",
    "dropout",
    "schedule",
    "mixup",
    "distillation",
    "width",
    "depth",
    "batch_size",
    "label_smoothing",
]
REMARKS = (
    "warmup helps early on",
    "no difference beyond the noise of the seed",
    "the schedule matters more than the step",
    "overfits after the second decay",
    "stronger augmentation pays off late",
    "unstable at the start, fine afterwards",
)
FIRST = datetime(2025, 1, 6, 8)  # noqa: DTZ001  # the views' times are UTC, naive


@value
class Run:
    """A generated run, as the questions need it."""

    run_id: str
    campaign: int
    config: Mapping[str, object]
    model: str
    data: str
    metric: str
    best: float
    stated: float | None
    stated_metric: str
    variant: str
    commit: str
    is_kept: bool
    """Finished and not retracted."""
    is_quotable: bool
    """Finished, committed, clean, with a filled note: what a paper is written from."""
    hashes: Mapping[str, str]
    artifact: str
    """Path of its model, whose bytes are the run's id."""


class Rows:
    """The views over generated tables; as much of an index as a search asks for."""

    def __init__(self) -> None:
        self.connection = connect()
        for layer in TABLES.values():
            for name, stored in layer.items():
                create(self.connection, name, stored)

    def fill(self, table: str, rows: Sequence[Row]) -> None:
        stored = next(layer[table] for layer in TABLES.values() if table in layer)
        n_more = len(stored.columns) - len(rows[0]) if rows else 0
        for start in range(0, len(rows), 20000):
            padded = [(0, *row, *[None] * n_more) for row in rows[start:][:20000]]
            insert(self.connection, table, stored, padded)

    def rows(self, statement: str, bound: Mapping[str, object] | None = None) -> list[Row]:
        found: list[Row] = self.connection.execute(statement, bound).fetchall()
        return found


class World:
    """``n_runs`` generated runs: ``runs`` for the questions, ``rows`` for the search."""

    def __init__(self, n_runs: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.runs: list[Run] = []
        self.goals: dict[str, str] = {}
        self._tables: dict[str, list[Row]] = {
            name: [] for layer in TABLES.values() for name in layer
        }
        self._at = FIRST
        campaign = 0
        while len(self.runs) < n_runs:
            self._campaign(campaign, n_runs - len(self.runs))
            campaign += 1
        self.campaigns: dict[int, list[Run]] = {}
        self.repeats: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs:
            self.campaigns.setdefault(run.campaign, []).append(run)
            if run.is_kept:
                self.repeats.setdefault((run.variant, run.data), []).append(run)
        self.rows = Rows()
        """The views."""
        for name, rows in self._tables.items():
            self.rows.fill(name, rows)

    def _campaign(self, campaign: int, most: int) -> None:
        rng = self.random
        task = TASKS[rng.choice(["vision", "vision", "vision", "language", "modelling"])]
        data = rng.choice([*task["data"]])
        n_valid, level = task["data"][data]
        model, topic = rng.choice(task["models"]), rng.choice(TOPICS)
        n_runs = min(most, int(math.exp(rng.uniform(math.log(4), math.log(120)))))
        n_seeds = rng.choice([1, 1, 1, 3, 5])
        base = level + rng.gauss(0, 0.015) * (1 if n_valid else 5)
        best_lr, is_random = rng.choice([3e-4, 1e-3, 3e-3]), rng.random() < 0.4
        commit, made, shown = "", [], f"{model}_{topic}"
        configs: list[dict[str, object]] = []
        while len(configs) < n_runs:
            one = self._config(model, data, is_random=is_random)
            configs += [{**one, "seed": seed} for seed in range(n_seeds)]
        for number, config in enumerate(configs[:n_runs]):
            if not commit or rng.random() < 0.15:
                commit = _hex(rng, 40)
            made.append(
                self._scores(config, base, best_lr, n_valid, task["objective"]) | {"commit": commit}
            )
            made[-1]["is_first"] = number == 0
        sign = 1 if task["objective"][1] == "max" else -1
        top = max(made, key=lambda each: sign * each["best"])
        for number, (config, scores) in enumerate(zip(configs, made, strict=False)):
            scores["is_top"] = scores is top
            self._run(campaign, number, shown, model, data, config, scores, task)
        self._at += timedelta(hours=rng.uniform(1, 40))

    def _config(self, model: str, data: str, *, is_random: bool) -> dict[str, object]:
        rng = self.random
        lr = (
            10 ** rng.uniform(-4.5, -1.5)
            if is_random
            else rng.choice([1e-4, 3e-4, 1e-3, 3e-3, 1e-2])
        )
        decay = 10 ** rng.uniform(-6, -2) if is_random else rng.choice([0.0, 1e-4, 5e-4, 0.05])
        return {
            "model": {"name": model, "dropout": rng.choice([0.0, 0.1, 0.2, 0.3])},
            "optimizer": {
                "name": rng.choice(["sgd", "adam", "adamw"]),
                "lr": lr,
                "weight_decay": decay,
            },
            "batch_size": rng.choice([32, 64, 128, 256]),
            "epochs": rng.choice([30, 50, 100]),
            "schedule": rng.choice(["cosine", "step", "constant"]),
            "warmup_steps": rng.choice([0, 500, 1000]),
            "augment": rng.random() < 0.5,
            "data": data,
        }

    def _scores(
        self,
        config: Mapping[str, object],
        base: float,
        best_lr: float,
        n_valid: int,
        objective: tuple[str, str],
    ) -> dict[str, object]:
        rng = self.random
        away = abs(math.log10(config["optimizer"]["lr"] / best_lr))
        effect = -0.012 * away**2 + 0.004 * bool(config["augment"]) + rng.gauss(0, 0.004)
        status = rng.choices(["finished", "failed", "crashed", "interrupted"], [92, 3, 3, 2])[0]
        effect -= 0 if status == "finished" else rng.uniform(0, 0.1)
        sign = 1 if objective[1] == "max" else -5
        best = min(base + sign * effect, 0.9999 if n_valid else 99)
        last = best - sign * abs(rng.gauss(0, 0.002))
        test = best - sign * abs(rng.gauss(0.004, 0.004))
        grid = (lambda x: round(x * n_valid) / n_valid) if n_valid else float
        return {"best": grid(best), "last": grid(last), "test": grid(test), "status": status}

    def _run(
        self,
        campaign: int,
        number: int,
        name: str,
        model: str,
        data: str,
        config: dict[str, object],
        scores: Mapping[str, object],
        task: Mapping[str, object],
    ) -> None:
        rng = self.random
        self._at += timedelta(minutes=rng.uniform(3, 45))
        name += rng.choice(["", "", f"_{number}", f"_lr{config['optimizer']['lr']:.0e}"])
        run_id = f"{self._at:%Y-%m-%d_%H%M}_{name}-{_token(rng)}"
        is_top, is_finished = scores["is_top"], scores["status"] == "finished"
        is_noted = rng.random() < (0.97 if is_top else 0.8 if scores["is_first"] else 0.6)
        is_clean = rng.random() < (0.97 if is_top else 0.75)
        is_retracted = rng.random() < 0.01 and not is_top
        metric, goal = task["objective"]
        self.goals[metric] = goal
        has_stated = is_finished and rng.random() < 0.5
        hashes = {
            "artifact": f"md5:{hashlib.md5(run_id.encode(), usedforsecurity=False).hexdigest()}",
            "commit": scores["commit"],
            "config": config_hash(config),
        }
        variant = variant_hash(config, SEED_KEYS)
        data_hash = f"md5:{hashlib.md5(data.encode(), usedforsecurity=False).hexdigest()}.dir"
        tags = ["paper"] if is_top and rng.random() < 0.25 else [name] if rng.random() < 0.2 else []
        command = f"python train.py --config configs/{name}.yaml"
        self._tables["runs"].append(
            (
                *(run_id, name, "research", scores["status"], self._at, None, 95.0),
                *(scores["commit"], "main", not is_clean, None, _json(tags), config["seed"]),
                *(metric, goal, hashes["config"], variant, data_hash, f"sha256:{_hex(rng, 64)}"),
                *(command, "3.11.7", "Linux", "NVIDIA A100", "sha256:" + "5" * 64, "node7", None),
                *(None, is_retracted, True, False, False, f"ledger/{run_id[:7]}/{run_id}", "[]"),
            )
        )
        stated = scores["test"] if has_stated else None
        n_epochs = int(config["epochs"])
        self._tables["summary"] += self._summary(
            run_id, scores, metric, goal, task["stated"], stated, n_epochs
        )
        for key, item in flatten(config).items():
            kinds = typed(item)
            row = (run_id, key, kinds.text, kinds.number, kinds.whole, kinds.flag)
            self._tables["params"].append(row)
        path = f"outputs/{name}/{run_id[-8:]}.pt" if rng.random() < 0.5 else "outputs/model.pt"
        self._tables["data"].append(
            (run_id, data, f"data/{data}", data_hash, 10**8, 1000, "dvc", None, False)
        )
        self._tables["artifacts"].append((run_id, "model", path, hashes["artifact"], 10**6))
        self._note(run_id, config, scores, metric, is_noted=is_noted, is_top=is_top)
        self.runs.append(
            Run(
                run_id=run_id,
                campaign=campaign,
                config=config,
                model=model,
                data=data,
                metric=metric,
                best=scores["best"],
                stated=stated,
                stated_metric=task["stated"],
                variant=variant,
                commit=scores["commit"],
                is_kept=is_finished and not is_retracted,
                is_quotable=is_finished and is_noted and is_clean and not is_retracted,
                hashes=hashes,
                artifact=path,
            )
        )

    def _summary(
        self,
        run_id: str,
        scores: Mapping[str, object],
        metric: str,
        goal: str,
        stated_metric: str,
        stated: float | None,
        n_epochs: int,
    ) -> Iterator[Row]:
        rng = self.random
        best, last = scores["best"], scores["last"]
        worst = best * 0.3 if goal == "max" else best * 2.5
        low, high = sorted((best, worst))
        at = int(n_epochs * rng.uniform(0.6, 1.0))
        low_at, high_at = (0, at) if goal == "max" else (at, 0)
        yield (
            run_id,
            metric,
            last,
            last,
            low,
            low_at,
            high,
            high_at,
            n_epochs,
            0,
            True,
            False,
            None,
        )
        for loss in {"train_loss", "val_loss"} - {metric}:
            low = abs(rng.gauss(0.4, 0.2))
            last = low * rng.uniform(1, 1.1)
            yield (run_id, loss, last, last, low, at, 2.3, 0, n_epochs, 0, True, False, None)
        took = rng.uniform(10, 300)
        yield (
            run_id,
            "epoch_s",
            took,
            took,
            took,
            0,
            took * 1.1,
            1,
            n_epochs,
            0,
            True,
            False,
            None,
        )
        if stated is not None:
            none = (None, None, None, None, 0, 0, True, True, None)
            yield (run_id, stated_metric, stated, stated, *none)

    def _note(
        self,
        run_id: str,
        config: Mapping[str, object],
        scores: Mapping[str, object],
        metric: str,
        *,
        is_noted: bool,
        is_top: bool,
    ) -> None:
        rng = self.random
        texts = {"Hypothesis": "", "Change": "", "Result": "", "Next": "", "Risk/Anomaly": ""}
        if is_noted:
            result = rng.choice(REMARKS)
            if rng.random() < (0.85 if is_top else 0.65):
                said = f"{scores['best']:.{rng.choice([3, 4])}f}"
                result = f"{metric} {said}, {result}"
            if is_top and rng.random() < 0.6:
                result += "; the best of this sweep"
            lr = config["optimizer"]["lr"]
            texts = {
                "Hypothesis": rng.choice(REMARKS),
                "Change": f"lr to {lr:.2g}, {config['schedule']} schedule",
                "Result": result,
                "Next": "repeat with more seeds",
                "Risk/Anomaly": "none",
            }
        self._tables["notes"] += [(run_id, name, text, bool(text)) for name, text in texts.items()]


def _hex(rng: random.Random, length: int) -> str:
    return f"{rng.getrandbits(4 * length):0{length}x}"


def _token(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz234567", k=8))


def _json(texts: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
