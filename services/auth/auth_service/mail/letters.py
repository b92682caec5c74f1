"""What the mails say. Names in them are data, whatever they contain."""

import html
from collections.abc import Sequence
from datetime import timedelta

from auth_service.mail.model import Letter, one_line

_NOT_YOU = "If it was not you, do nothing: everything stays as it is."
_PAGE = (
    '<!doctype html>\n<html lang="en"><body style="font-family:sans-serif;line-height:1.5;max-width:36em">\n'
    "{paragraphs}\n</body></html>\n"
)


def reset(email: str, link: str, lifetime: timedelta) -> Letter:
    """For who forgot the password."""
    return _letter(
        "Set a new password",
        [
            f"Somebody asked to set a new password for {email}.",
            _once(lifetime),
        ],
        [_NOT_YOU],
        ("Set a new password", link),
    )


def verification(email: str, link: str, lifetime: timedelta) -> Letter:
    """Shows that whoever opened the account reads its mail."""
    return _letter(
        "Confirm your e-mail",
        [f"Please confirm that {email} is yours.", _once(lifetime)],
        ["If you have opened no account, do nothing."],
        ("Confirm this e-mail", link),
    )


def invitation(organization: str, inviter: str, link: str, lifetime: timedelta) -> Letter:
    """Into an organization."""
    who = inviter or "An administrator"
    return _letter(
        f"Join {organization}",
        [f"{who} invites you to join {organization}.", _once(lifetime)],
        ["If you expect no invitation, do nothing."],
        ("Accept the invitation", link),
    )


def password_changed(email: str) -> Letter:
    """To who may not have done so."""
    return _changed(f"The password of {email} was changed, and its other sessions were ended.")


def factor_changed(email: str, what: str) -> Letter:
    """`what` completes "… of you@example.com": "A second factor was added to the account"."""
    return _changed(f"{what} of {email}.")


def _changed(what: str) -> Letter:
    beware = (
        "If it was not you, set a new password at once and tell an administrator of your organization: "
        "somebody else was signed in as you."
    )
    return _letter("Your sign-in was changed", [what], [beware])


def _letter(
    subject: str, before: Sequence[str], after: Sequence[str], action: tuple[str, str] | None = None
) -> Letter:
    """The same words twice: as plain text and as HTML."""
    before, after = [one_line(line) for line in before], [one_line(line) for line in after]
    paragraphs = [f"<p>{html.escape(line)}</p>" for line in (*before, *after)]
    lines = [*before, *([action[1]] if action else []), *after]
    if action:
        label, link = action
        paragraphs.insert(len(before), f'<p><a href="{html.escape(link)}">{html.escape(label)}</a></p>')
    page = _PAGE.format(paragraphs="\n".join(paragraphs))
    return Letter(one_line(subject), "\n\n".join(lines) + "\n", page)


def _once(lifetime: timedelta) -> str:
    minutes = round(lifetime.total_seconds() / 60)
    words = f"{lifetime.days} days" if lifetime.days else f"{minutes} minutes"
    return f"The link works once, within {words}."
