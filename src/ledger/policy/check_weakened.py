"""LED113: a change that asks for less than before, or takes away who asks, is told to its readers.

It is judged by the policy of its base all the same; this is about the changes after it.
"""

from __future__ import annotations

from ledger.contract.globs import compile_globs
from ledger.policy.catalogue import RANGE, RULES
from ledger.policy.code_tree import project_prefix
from ledger.policy.finding import OFF, Finding, lighter, shell_word
from ledger.settings import COVER_MODES, STAGES


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ledger.policy.ledgers import Ledger
    from ledger.policy.reading import Blobs
    from ledger.settings import Settings

CODE = "LED113"
_STRICTEST_FIRST = ("forbid", "covered", "reconstructible")
_CALLERS = (
    ".github/workflows/*",
    ".github/actions/**",
    "{.gitlab-ci,.pre-commit-config,bitbucket-pipelines,azure-pipelines,.travis}.{yml,yaml}",
    ".gitlab/**/*.{yml,yaml}",
    "{.circleci,.buildkite,.woodpecker,.husky,.githooks}/**",
    "{lefthook,.lefthook}{,-local}.{yml,yaml,toml,json}",
    "{Jenkinsfile,.woodpecker.yml,.drone.yml,prek.toml}",
)
"""Files by which repositories have checks run."""
_NAME = b"ledger"


def check_weakened(
    changes: Mapping[str, str],
    before: Blobs,
    former: Iterable[Ledger],
    now: Iterable[Ledger],
    laws: Mapping[str, Settings],
) -> Iterator[Finding]:
    """LED113: no rule weighs less, no pattern asks for less, no call of the checks is touched.

    Args:
        changes: {path: status} of the range.
        before: the files of the merge base.
        former: its ledgers.
        now: the ledgers of head.
        laws: the settings to judge by, by project.
    """
    projects = {project_prefix(ledger): ledger for ledger in now}
    for ledger in former:
        prefix = project_prefix(ledger)
        other = projects.get(prefix)
        path = ledger.settings_path if other is None else other.settings_path
        for message in _weaker(ledger, other):
            yield _finding(path, message, laws.get(prefix))
    is_caller = compile_globs(_CALLERS)
    touched = [path for path, status in changes.items() if status != "A" and is_caller(path)]
    before.load(touched)
    for path in touched:
        if _NAME in (before.get(path) or b""):
            verb = "is removed" if changes[path] == "D" else "changes"
            yield _finding(path, f"this file, by which the checks run, {verb}", laws.get(""))


def _finding(path: str, message: str, law: Settings | None) -> Finding:
    fix = f"look at it with care: git log -p -- {shell_word(path)}; if it is meant, let it pass"
    weight = RULES[CODE].severity(RANGE, law) or OFF
    return Finding(code=CODE, severity=weight, path=path, message=message, fix=fix)


def _weaker(ledger: Ledger, other: Ledger | None) -> Iterator[str]:
    if other is None:
        yield f"the ledger {ledger.folder} is no ledger any more: its settings are gone"
        return
    if other.folder != ledger.folder:
        yield f"the ledger moves from {ledger.folder} to {other.folder}"
    old, new = ledger.settings, other.settings
    yield from _lighter_rules(old, new)
    yield from _narrower_patterns(old, new)
    for name, before, after in (
        ("dirty", _STRICTEST_FIRST.index(old.dirty), _STRICTEST_FIRST.index(new.dirty)),
        (
            "require.mode",
            -COVER_MODES.index(old.require_mode),
            -COVER_MODES.index(new.require_mode),
        ),
    ):
        if after > before:
            key = name.replace(".", "_")
            yield f"{name} is {getattr(new, key)!r} instead of {getattr(old, key)!r}"


def _lighter_rules(old: Settings, new: Settings) -> Iterator[str]:
    for code, rule in RULES.items():
        told = []
        for stage in STAGES:
            before, after = rule.severity(stage, old), rule.severity(stage, new)
            if before and after and before != after and lighter(before, after) == after:
                told.append(f"{after} instead of {before} ({stage})")
        if told:
            yield f"{code} weighs less: {', '.join(told)}"


def _narrower_patterns(old: Settings, new: Settings) -> Iterator[str]:
    asked = (("code", old.code, new.code), ("require.when", old.require, new.require))
    for name, before, after in asked:
        yield from _lost(name, _taken(before), _taken(after), "no longer asks for")
        yield from _lost(name, _refused(after), _refused(before), "now leaves out")
    waved = (
        ("require.ignore", old.require_ignore, new.require_ignore),
        ("require.accept", old.require_accept, new.require_accept),
        ("require.skip", old.require_skip, new.require_skip),
    )
    for name, before, after in waved:
        yield from _lost(name, after, before, "now lets pass")


def _lost(name: str, some: Sequence[str], others: Sequence[str], verb: str) -> Iterator[str]:
    """Say which of ``some`` are not among ``others``."""
    lost = [one for one in some if one not in others]
    if lost:
        yield f"{name} {verb} {', '.join(lost)}"


def _taken(patterns: Sequence[str]) -> Sequence[str]:
    return [pattern for pattern in patterns if not pattern.startswith("!")]


def _refused(patterns: Sequence[str]) -> Sequence[str]:
    return [pattern for pattern in patterns if pattern.startswith("!")]
