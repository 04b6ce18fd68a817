"""The hooks that we offer to the pre-commit framework, and how each is written in YAML."""

from __future__ import annotations

from ledger.policy.catalogue import RULES
from ledger.setup.hooks.gate import CHECKS
from ledger.value import value


PREFIX = "python -I -m ledger.policy"
MINIMUM = "3.2.0"
"""The version of pre-commit that first had these names of stages."""
_SYSTEM = "-system"


@value
class Offered:
    """One hook of the framework."""

    hook_id: str
    name: str
    what: str
    argument: str
    """Of ``python -I -m ledger.policy``."""
    stages: tuple[str, ...]

    def body(self, language: str) -> str:
        """Return the keys below ``id`` and ``name``, indented by two.

        The hook lists what changed itself: file names would leave out deletions, be shuffled, and
        be split over several processes.
        """
        return (
            f"  entry: {PREFIX} {self.argument}\n"
            f"  language: {language}\n"
            "  always_run: true\n"
            "  pass_filenames: false\n"
            "  require_serial: true\n"
            f"  stages: [{', '.join(self.stages)}]\n"
            f'  minimum_pre_commit_version: "{MINIMUM}"\n'
        )


def _titles(stage: str) -> str:
    rules = (rule for rule in RULES.values() if rule.severity(stage))
    return ", ".join(f"{rule.code} {rule.title}" for rule in rules)


OFFERED = (
    Offered(
        hook_id="ledger-check",
        name="ledger check",
        what=_titles("staged"),
        argument="--staged",
        stages=CHECKS,
    ),
    Offered(
        hook_id="ledger-trailer",
        name="ledger trailer",
        what="names the runs that the commit brings in its message, as Ledger-Run trailers",
        argument="--prepare-message",
        stages=("prepare-commit-msg",),
    ),
    Offered(
        hook_id="ledger-message",
        name="ledger message",
        what="makes trailers of what ledger-trailer put into a message that was then edited",
        argument="--message",
        stages=("commit-msg",),
    ),
    Offered(
        hook_id="ledger-post-commit",
        name="ledger post-commit",
        what="tells in one line what a commit brought that no check saw; refuses nothing",
        argument="--post-commit",
        stages=("post-commit",),
    ),
    Offered(
        hook_id="ledger-push",
        name="ledger push",
        what="judges what is pushed; pre-commit shows it the first ref only",
        argument="--pre-push",
        stages=("pre-push",),
    ),
)
ALL_STAGES = tuple(stage for hook in OFFERED for stage in hook.stages)


def stages_of(hook_ids: set[str]) -> set[str]:
    """Return the stages at which the hooks ``hook_ids`` run, those that are ours."""
    plain = {hook_id.removesuffix(_SYSTEM) for hook_id in hook_ids}
    return {stage for hook in OFFERED if hook.hook_id in plain for stage in hook.stages}


def render_manifest() -> str:
    """Return the manifest that other repositories consume: each hook installed, or from PATH."""
    hooks = (
        f"- id: {hook.hook_id}{ending}\n"
        f"  name: {hook.name}\n"
        f'  description: "{hook.what}"\n' + hook.body(language)
        for hook in OFFERED
        for ending, language in (("", "python"), (_SYSTEM, "system"))
    )
    first = (
        "# Generated from the check catalogue; tests/unit/setup/hooks/test_precommit.py says how.\n"
    )
    return first + "".join(hooks)


def render_entry(indent: str) -> str:
    """Return the entry of a config that runs every hook from PATH."""
    lines = ["- repo: local", "  hooks:"]
    for hook in OFFERED:
        lines += [f"    - id: {hook.hook_id}", f"      name: {hook.name}"]
        lines += [f"    {line}" for line in hook.body("system").splitlines()]
    return "".join(f"{indent}{line}\n" for line in lines)
