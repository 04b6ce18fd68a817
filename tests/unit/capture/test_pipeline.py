"""What a DVC pipeline writes is not code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ledger.capture.pipeline import describe_stage, pipeline_outs
from ledger.storage.git import clean_environment, find_repository
from ledger.storage.tree import IndexTree, RevisionTree
from make_repo import make_repo


if TYPE_CHECKING:
    from pathlib import Path


def outs_of(folder: Path, files: dict[str, str], prefix: str = "") -> set[str]:
    """Return the outs that a commit of ``files`` declares; its index declares the same."""
    repo = make_repo(folder, files)
    repository = find_repository(str(repo), clean_environment(os.environ))
    outs = pipeline_outs(RevisionTree(repository, "HEAD"), prefix)
    assert outs == pipeline_outs(IndexTree(repository), prefix)
    return set(outs)


def test_outs_metrics_and_plots_of_stages_are_outs(tmp_path: Path) -> None:
    text = """
stages:
  train:
    cmd: python train.py
    outs: [model.pt, {logs/: {cache: false}}]
    metrics: [{m.json: {cache: false}}]
    plots: [curves.csv]
"""
    found = outs_of(tmp_path, {"dvc.yaml": text})
    assert {"model.pt", "logs", "m.json", "curves.csv"} == found


def test_outs_are_relative_to_the_file_and_its_working_folder(tmp_path: Path) -> None:
    text = "stages:\n  t:\n    wdir: ../work\n    outs: [model.pt]\n"
    assert {"work/model.pt"} == outs_of(tmp_path, {"pipe/dvc.yaml": text})


def test_tracked_data_and_lock_files_count(tmp_path: Path) -> None:
    files = {
        "data/raw.dvc": "outs:\n- md5: aa\n  path: raw\n",
        "dvc.lock": "schema: '2.0'\nstages:\n  t:\n    outs:\n    - path: model.pt\n"
        "      md5: aa\n",
    }
    assert {"data/raw", "model.pt"} == outs_of(tmp_path, files)


@pytest.mark.parametrize(
    "text", ["", "[", "- 1", "stages: 3", "stages:\n  t: 3\n", "outs: {a: 1}", "\x00"]
)
def test_a_file_that_says_nothing_declares_nothing(tmp_path: Path, text: str) -> None:
    assert set() == outs_of(tmp_path, {"dvc.yaml": text})


def test_pipelines_of_another_project_declare_nothing(tmp_path: Path) -> None:
    text = "stages:\n  t:\n    outs: [model.pt]\n"
    assert {"b/model.pt"} == outs_of(tmp_path, {"a/dvc.yaml": text, "b/dvc.yaml": text}, "b/")


def test_the_stage_is_what_dvc_says() -> None:
    assert describe_stage({}) is None
    told = {"DVC_STAGE": "train", "DVC_EXP_NAME": "e", "DVC_EXP_BASELINE_REV": "abc"}
    assert {"stage": "train", "exp_name": "e", "baseline_rev": "abc"} == describe_stage(told)
