"""Who can sign in at the provider."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """`methods` are told as `amr` (RFC 8176)."""

    subject: str
    email: str
    name: str
    email_verified: bool = True
    methods: tuple[str, ...] = ("pwd", "otp", "mfa")


def demo_people(domain: str) -> tuple[Person, ...]:
    """For a browser: two who come in, and one whose e-mail nobody has confirmed."""
    return (
        Person("person-alice", f"alice@{domain}", "Alice Almeida"),
        Person("person-bruno", f"bruno@{domain}", "Bruno Brandt", methods=("pwd",)),
        Person("person-carla", f"carla@{domain}", "Carla Castell", email_verified=False),
    )
