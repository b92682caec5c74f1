"""Who calls: by which tokens, and what they make of the caller."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Caller:
    """Somebody, or nobody."""

    name: str
    bearer: str = ""
    # What `x-bloom-workload` carries.
    workload: str = ""
    roles: tuple[str, ...] = ()
    # Of an API key: what it may do, whatever its owner may.
    scopes: tuple[str, ...] = ()
    # Why its tokens are refused, whatever the method; the two are apart because the edge takes one away.
    bearer_refused: str = ""
    workload_refused: str = ""
    # A service account, or an API key: there is nobody who could be asked again who he is.
    is_program: bool = False
    # Since a person has shown who he is; None where none is there.
    seconds_since_shown: float | None = 0

    @property
    def is_subject(self) -> bool:
        return bool(self.bearer)

    @property
    def is_workload(self) -> bool:
        return bool(self.workload)

    @property
    def metadata(self) -> list[tuple[str, str]]:
        """As headers, which is the same."""
        bearer = [("authorization", f"Bearer {self.bearer}")] if self.bearer else []
        return bearer + ([("x-bloom-workload", self.workload)] if self.workload else [])

    def outside(self) -> "Caller":
        """What is left of the caller when it comes through the edge: no workload does."""
        return replace(self, workload="", workload_refused="")
