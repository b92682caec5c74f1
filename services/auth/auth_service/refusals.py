"""What this service refuses, in one line each."""

from datetime import timedelta

import grpc

from service_runtime.errors import DomainError, Reason


def credentials_invalid() -> DomainError:
    """A wrong e-mail, a wrong password, a disabled user: the caller does not learn which."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_CREDENTIALS_INVALID,
        "The e-mail or the password is wrong.",
    )


def throttled(wait: timedelta) -> DomainError:
    """Whether the account exists or not, and whoever's tries it were."""
    return DomainError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.ERROR_REASON_SIGN_IN_THROTTLED,
        "Too many wrong passwords. Wait before you try again.",
        retry_after=max(wait, timedelta(seconds=1)),
    )


def client_invalid() -> DomainError:
    """A wrong client id or a wrong client secret: the caller does not learn which."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_CREDENTIALS_INVALID,
        "The client id or the client secret is wrong.",
    )


def api_key_invalid() -> DomainError:
    """Mistyped, revoked, expired, of a disabled or deleted owner: the caller does not learn which."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_CREDENTIALS_INVALID,
        "The API key is not valid.",
    )


def session_over() -> DomainError:
    """The refresh token is unknown, its session has ended, or its user may no longer sign in."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_TOKEN_INVALID,
        "This session is over. Sign in again.",
    )


def refresh_reused() -> DomainError:
    """Somebody used a refresh token that had been changed for a newer one."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_REFRESH_REUSED,
        "This refresh token was used before, so its session has been ended. Sign in again.",
    )


def subject_gone() -> DomainError:
    """The access token is sound, but its subject, or its API key, has been removed or disabled since."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_TOKEN_INVALID,
        "The subject of this token no longer has access. Sign in again.",
    )


def password_weak(why: str) -> DomainError:
    """`why` completes the sentence "The password …"."""
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_PASSWORD_WEAK,
        f"The password {why}. Choose another: a few unrelated words are strong and easy to remember.",
        violations={"password": why},
    )


def email_taken(email: str) -> DomainError:
    """An e-mail has one account in the whole installation."""
    return DomainError(
        grpc.StatusCode.ALREADY_EXISTS,
        Reason.ERROR_REASON_ALREADY_EXISTS,
        f"There is an account for {email} already.",
        {"name": email},
    )


def owners_only() -> DomainError:
    """An administrator may do everything but decide who owns the organization."""
    return DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_PERMISSION_DENIED,
        "Only an owner gives or takes the role of owner, or disables an owner.",
        {"permission": "users.write"},
    )


def no_longer_permitted(permission: str) -> DomainError:
    """The caller's token is older than the loss of its role."""
    return DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_PERMISSION_DENIED,
        f"Your roles do not grant {permission} any more. Ask an administrator of your organization.",
        {"permission": permission},
    )


def beyond_own(permission: str) -> DomainError:
    """Whoever could grant more than he has would have it next."""
    return DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_PERMISSION_DENIED,
        f"You cannot grant {permission}: you do not have it yourself.",
        {"permission": permission},
    )


def key_of_another() -> DomainError:
    """With it one person would act as another."""
    return DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_PERMISSION_DENIED,
        "A person's API key is made by that person alone. Make a service account's key instead.",
        {"permission": "apikeys.write"},
    )


def role_in_use() -> DomainError:
    """Its holders would lose it without anybody having decided so for each."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        "Somebody holds this role. Take it from its holders first.",
        {"state": "IN_USE"},
    )


def last_owner() -> DomainError:
    """Nobody could give the role of owner again."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_LAST_OWNER,
        "An organization keeps at least one owner who can sign in. Make somebody else an owner first.",
    )


def subject_disabled() -> DomainError:
    """No token is given for a disabled user."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        "This user is disabled.",
        {"state": "DISABLED"},
    )


def workload_unknown() -> DomainError:
    """The workload's token outlived its place in the settings."""
    return DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_WORKLOAD_REQUIRED,
        "This workload may not exchange tokens any more.",
    )


def hashing_overloaded(limit: int) -> DomainError:
    """More sign-ins at once than there are cores for; told before any work is done."""
    return DomainError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.ERROR_REASON_OVERLOADED,
        "Too many sign-ins at once. Try again in a second.",
        {"limit": str(limit)},
        retry_after=timedelta(seconds=1),
    )


def codes_throttled(wait: timedelta) -> DomainError:
    """Whichever kind of code it was."""
    return DomainError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.ERROR_REASON_SIGN_IN_THROTTLED,
        "Too many wrong codes. Wait before you try again, or use a passkey.",
        retry_after=max(wait, timedelta(seconds=1)),
    )


def second_factor_invalid() -> DomainError:
    """Wrong, used before, somebody else's: the caller does not learn which."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_SECOND_FACTOR_INVALID,
        "This code or passkey is not accepted.",
    )


def challenge_invalid() -> DomainError:
    """Answered, expired, tried too often, for something else: the caller does not learn which."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_CHALLENGE_INVALID,
        "This challenge is over. Begin again.",
    )


def second_factor_required() -> DomainError:
    """Whoever stole the password would have all that is asked for."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_SECOND_FACTOR_REQUIRED,
        "This account has a second factor. Show that instead of the password.",
    )


def password_wrong() -> DomainError:
    """Of somebody who is signed in."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED, Reason.ERROR_REASON_CREDENTIALS_INVALID, "The password is wrong."
    )


def no_session() -> DomainError:
    """A program, an API key, a token that a service exchanged: no person is there."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        "Only a person who is signed in can do this.",
        {"state": "NO_SESSION"},
    )


def no_factor() -> DomainError:
    """Recovery codes stand for a factor that is lost."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        "You have no second factor. Add one first; recovery codes come with it.",
        {"state": "NO_FACTOR"},
    )


def factors_full(most: int) -> DomainError:
    """Nobody needs so many."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        f"You have {most} second factors. Delete one first.",
        {"state": "FULL"},
    )


def passkey_present() -> DomainError:
    """An authenticator makes a new credential each time, so this one was sent twice."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        "This passkey is here already.",
        {"state": "PRESENT"},
    )


def link_invalid() -> DomainError:
    """Unknown, used, too old, for something else, of a disabled user: the caller does not learn which."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_LINK_INVALID,
        "This link does not work any more. Ask for a new one.",
    )


def too_many_mails(limit: int, window: timedelta) -> DomainError:
    """Nobody's mail box is filled by us."""
    return DomainError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.ERROR_REASON_RATE_LIMITED,
        "Too many mails were asked for. Try again later.",
        {"limit": str(limit)},
        retry_after=window,
    )


def email_unverified() -> DomainError:
    """Whoever registers with any e-mail would send mail in our name to anybody."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_EMAIL_UNVERIFIED,
        "Confirm your own e-mail first: follow the link that was sent to you, or ask for a new one.",
    )


def member_already(email: str) -> DomainError:
    """Also a disabled one, who is let in again by an update."""
    return DomainError(
        grpc.StatusCode.ALREADY_EXISTS,
        Reason.ERROR_REASON_ALREADY_EXISTS,
        f"{email} belongs to this organization already.",
        {"name": email},
    )


def password_same() -> DomainError:
    """Whoever changes it has a reason."""
    return password_weak("is the one that you have now")


def sso_refused() -> DomainError:
    """Not begun here, too old, of another browser, not true, of nobody: the caller does not learn which."""
    return DomainError(
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.ERROR_REASON_SSO_REFUSED,
        "This sign-in did not work. Begin again; if it fails again, ask your administrator.",
    )


def sso_required() -> DomainError:
    """Told to nobody but who knows the password."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_SSO_REQUIRED,
        "Your organization wants you to sign in by single sign-on.",
    )


def sso_domain_missing(domain: str, txt_name: str) -> DomainError:
    """DNS takes a while; it may be there later."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_SSO_DOMAIN_UNVERIFIED,
        f"No TXT record of {txt_name} says what it must. Publish it, wait until it is seen, then try again.",
        {"domain": domain, "cause": "MISSING"},
    )


def sso_domain_taken(domain: str) -> DomainError:
    """Told to nobody but who can write into the domain's DNS."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_SSO_DOMAIN_UNVERIFIED,
        f"Another organization has verified {domain}. It has to remove it first.",
        {"domain": domain, "cause": "TAKEN"},
    )


def sso_domain_present(domain: str) -> DomainError:
    """A domain leads to one provider."""
    return DomainError(
        grpc.StatusCode.ALREADY_EXISTS,
        Reason.ERROR_REASON_ALREADY_EXISTS,
        f"{domain} belongs to another connection of this organization.",
        {"name": domain},
    )


def sso_full(what: str, most: int) -> DomainError:
    """Nobody needs so many."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        f"There are {most} {what}. Delete one first.",
        {"state": "FULL"},
    )


def owner_provisioned(name: str) -> DomainError:
    """Whoever runs the identity provider would run the organization."""
    return DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_OWNER_PROVISIONED,
        "An identity provider neither gives nor takes the access of an owner. Another owner does it here.",
        {"name": name},
    )


def email_immutable(name: str) -> DomainError:
    """The account is found by it."""
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_EMAIL_IMMUTABLE,
        "The e-mail of a user never changes. Delete the user and create one with the new e-mail.",
        {"name": name},
        violations={"email": "never changes"},
    )
