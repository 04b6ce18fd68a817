"""An index of our own, beside the one a person works with: built, used, thrown away."""

from __future__ import annotations

import os

from ledger.storage.git import Repository
from ledger.storage.tree import IndexTree
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class ScratchIndex:
    """A file in the git directory that git takes for the index while ``env`` is passed to it.

    Neither the working tree nor the real index is touched; the file is gone after ``with``.
    """

    def __init__(self, repository: Repository, name: str) -> None:
        self.repository = repository
        self.path = os.path.join(repository.private_dir, f"{name}-{os.getpid()}.index")

    @property
    def env(self) -> dict[str, str]:
        """What makes a git command use this index."""
        return {"GIT_INDEX_FILE": self.path}

    def tree(self) -> IndexTree:
        """Return what the index holds now."""
        repository = self.repository
        fields = as_dict(repository) | {"env": {**repository.env, **self.env}}
        return IndexTree(Repository(**fields))  # type: ignore[arg-type]  # its own fields

    def copy_from(self, index: str) -> None:
        """Begin with what the index file ``index`` holds.

        The time stamp is kept: by it git tells which files may have been edited in the same moment
        as they were staged, and looks into them.

        Raises:
            OSError: it cannot be read, or no copy can be made.
        """
        with open(index, "rb") as file:
            data = file.read()
            facts = os.fstat(file.fileno())
        with open(self.path, "wb") as copy:
            copy.write(data)
        os.utime(self.path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def __enter__(self) -> Self:
        """Return the index; there is no file yet."""
        os.makedirs(self.repository.private_dir, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the file."""
        self.remove()

    def remove(self) -> None:
        """Remove the file, and a lock that an interrupted git left beside it."""
        for path in (self.path, f"{self.path}.lock"):
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
