"""How alike clients are in what others may know of them: groups of the same combination, and the smallest one."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from therapeutic_process.records import Case, Participant

__all__ = ["KAnonymity", "k_anonymity"]


def _year(case: Case) -> object:
    known = [case.started_at, *(s.started_at for s in case.sessions)]
    return min((t.year for t in known if isinstance(t, date)), default=None)


_QUASI: dict[str, Callable[[Case, Participant], object]] = {
    "birth_year": lambda _, client: client.birth_year,
    "gender": lambda _, client: client.gender,
    "site": lambda _, client: client.site,
    "arm": lambda _, client: client.arm,
    "group": lambda _, client: client.group,
    "setting": lambda case, _: case.setting,
    "treatment_format": lambda case, _: case.treatment_format,
    "started_year": lambda case, _: _year(case),
    "problems": lambda case, client: frozenset(
        (p.coding.system, p.coding.code)
        for p in case.problems
        if p.coding is not None and p.participant in {None, client.id}
    ),
    "n_sessions": lambda case, _: len(case.held_sessions),
    "therapists": lambda case, _: frozenset(p.id for p in case.participants if p.role == "therapist"),
}


@attrs.frozen
class KAnonymity:
    """How many clients share each combination of what others may know of them; it shows counts only.

    Attributes:
        quasi: What was looked at.
        n: Clients; somebody in two cases counts as two.
        n_groups: Different combinations.
        smallest: Clients who share the rarest combination: the k of k-anonymity.
        n_unique: Clients whose combination nobody else has.
        sizes: How many groups there are of each size: pairs of size and number, smallest first.
    """

    quasi: tuple[str, ...]
    n: int
    n_groups: int
    smallest: int
    n_unique: int
    sizes: tuple[tuple[int, int], ...]

    def n_below(self, k: int) -> int:
        """Return how many clients share their combination with fewer than k - 1 others."""
        return sum(size * groups for size, groups in self.sizes if size < k)

    def __str__(self) -> str:
        return (
            f"{self.n} clients in {self.n_groups} groups by {', '.join(self.quasi)}: "
            f"the smallest holds {self.smallest}, {self.n_unique} clients are unique"
        )


def k_anonymity(
    cases: Iterable[Case], *, quasi: Sequence[str] = ("birth_year", "gender", "site", "setting")
) -> KAnonymity:
    """Count clients by what others may know of them.

    What is not known is a value like any other: two clients without a birth year are alike. That a group is large does
    not say that its members are safe; a course of scores may be known too (Sweeney 2002,
    doi:10.1142/S0218488502001648).

    >>> from therapeutic_process.exchange import example_cases
    >>> print(k_anonymity(example_cases(), quasi=("gender", "treatment_format")))
    7 clients in 4 groups by gender, treatment_format: the smallest holds 1, 2 clients are unique

    Args:
        cases: The cases.
        quasi: Of ``birth_year``, ``gender``, ``site``, ``arm``, ``group``, ``setting``, ``treatment_format``,
            ``started_year``, ``problems`` (their codes), ``n_sessions`` and ``therapists``.

    Returns:
        The counts.

    Raises:
        NotEnoughData: If there is no client, or something is asked for that cases do not have.
    """
    unknown = sum(name not in _QUASI for name in quasi)
    if unknown or not quasi:
        needed, found = f"at least one of {', '.join(_QUASI)}", f"{unknown} others" if unknown else "none"
        raise NotEnoughData("k_anonymity", needed=needed, found=found)
    groups = Counter(
        tuple(_QUASI[name](case, client) for name in quasi) for case in cases for client in case.clients
    )
    if not groups:
        raise NotEnoughData("k_anonymity", needed="at least one client", found=0)
    sizes = Counter(groups.values())
    return KAnonymity(
        quasi=tuple(quasi),
        n=groups.total(),
        n_groups=len(groups),
        smallest=min(sizes),
        n_unique=sizes[1],
        sizes=tuple(sorted(sizes.items())),
    )
