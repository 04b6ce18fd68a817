"""A sparse checkout that leaves the ledger out: git then refuses to add its runs."""

from __future__ import annotations

from ledger.setup.samples import below_top


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.project import Project
    from ledger.storage.git import Repository


def leaves_out(repository: Repository, project: Project) -> bool:
    """Whether git refuses to add files of the ledger because this checkout is sparse.

    Git itself is asked, with the ledger's attributes, which must be there.
    """
    said = repository.ask("config", "--type=bool", "--get", "core.sparseCheckout")
    if said.stdout.strip() != b"true":
        return False
    path = f"{below_top(repository, project.ledger_dir)}/.gitattributes"
    added = repository.ask("add", "--dry-run", "--", path)
    return added.code != 0 and b"sparse" in added.stderr


def mend_command(repository: Repository, project: Project) -> list[str]:
    """Return the git command that takes the ledger into the checkout."""
    folder = below_top(repository, project.ledger_dir)
    said = repository.ask("config", "--type=bool", "--get", "core.sparseCheckoutCone")
    is_cone = said.stdout.strip() == b"true"
    return ["sparse-checkout", "add", folder if is_cone else f"/{folder}/"]
