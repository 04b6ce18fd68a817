"""The one list of finding codes: what each means, why it exists, and where it weighs how much.

Adding a check is one entry here, one generator in a ``check_*`` module, and folders of cases. A
code is never reused.
"""

from __future__ import annotations

from ledger.policy.finding import ERROR, NOTICE, OFF, WARN
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.settings import Settings

STAGED, RANGE, TREE = "staged", "range", "tree"
"""What the next commit would hold; what a branch brings; everything that is there."""


@value
class Rule:
    """One finding code."""

    code: str
    title: str
    why: str
    mend: str
    staged: str | None
    """Severity at the stage, None where the rule is not judged."""
    range: str | None
    tree: str | None

    def severity(self, stage: str, settings: Settings | None = None) -> str | None:
        """Return the weight of the rule at ``stage``, None where it is not judged.

        ``settings`` may give it another one, off among them, but cannot have it judged elsewhere.
        """
        weight = {STAGED: self.staged, RANGE: self.range, TREE: self.tree}[stage]
        if weight is None or settings is None:
            return weight
        return settings.severity.get(self.code, {}).get(stage, weight)


_RULES = (
    Rule(
        code="LED000",
        title="cannot judge",
        why="a check that does not see the whole of a change must not pass it",
        mend="fetch the whole history (fetch-depth: 0), and name a base that shares it",
        staged=None,
        range=ERROR,
        tree=None,
    ),
    Rule(
        code="LED100",
        title="change that no new run covers",
        why="code, config or data that nobody has run says nothing about what it does",
        mend="run it and commit the run, on the branch that changes it",
        staged=None,
        range=ERROR,
        tree=None,
    ),
    Rule(
        code="LED101",
        title="dirty run not covered",
        why="the code that produced the numbers is in no commit, so nobody can run it again",
        mend="ledger commit RUN, or git add the files the run loaded",
        staged=ERROR,
        range=ERROR,
        tree=WARN,
    ),
    Rule(
        code="LED102",
        title="note missing or unfilled",
        why="numbers without the question they answer are worthless after a month",
        mend="ledger note RUN",
        staged=ERROR,
        range=ERROR,
        tree=ERROR,
    ),
    Rule(
        code="LED103",
        title="frozen record changed, removed or moved",
        why="a record others have seen is evidence; a correction is a new run",
        mend="git restore --staged --worktree the files; record a new run with `parent`",
        staged=ERROR,
        range=ERROR,
        tree=None,
    ),
    Rule(
        code="LED104",
        title="record and files disagree",
        why="hashes, rows, summary, id and month say whether these numbers are what was logged",
        mend="restore the files the run wrote, or git add the ones left out",
        staged=ERROR,
        range=ERROR,
        tree=ERROR,
    ),
    Rule(
        code="LED105",
        title="file that does not travel",
        why="links, filters, modes and names that differ between machines change or lose runs",
        mend="make it a plain text file with a portable name; ledger init restores the attributes",
        staged=ERROR,
        range=ERROR,
        tree=ERROR,
    ),
    Rule(
        code="LED106",
        title="run id that is on the base already",
        why="an id names one run for ever; after the merge two would share it",
        mend="git rm the folder of the run, and record it again",
        staged=None,
        range=ERROR,
        tree=None,
    ),
    Rule(
        code="LED107",
        title="looks like a secret",
        why="a credential in the history is everybody's who has a copy, for ever",
        mend="revoke it where it was issued, and write `<redacted>` in its place",
        staged=ERROR,
        range=ERROR,
        tree=WARN,
    ),
    Rule(
        code="LED111",
        title="record, note or table does not parse",
        why="a file that two readers can take differently answers no question",
        mend="restore the file, or upgrade experiment-ledger for a newer format",
        staged=ERROR,
        range=ERROR,
        tree=ERROR,
    ),
    Rule(
        code="LED112",
        title="unsealed run staged",
        why="a run that is still being written, or died unsealed, has no final numbers",
        mend="git restore --staged the folder, or ledger seal RUN",
        staged=ERROR,
        range=ERROR,
        tree=None,
    ),
    Rule(
        code="LED113",
        title="the change weakens the policy",
        why="whoever reviews it should see that later changes are held to less",
        mend="take it back, or let it pass on purpose; it is judged by the policy of its base",
        staged=None,
        range=NOTICE,
        tree=None,
    ),
    Rule(
        code="LED114",
        title="model changed without a decision",
        why="which of many runs becomes the model is a choice, and a choice has a reason",
        mend="ledger select RUN --over QUESTION --why TEXT, and commit decision.md",
        staged=None,
        range=OFF,
        tree=None,
    ),
)

RULES: Mapping[str, Rule] = {rule.code: rule for rule in _RULES}
