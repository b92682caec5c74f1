"""Who may pass the edge: access tokens checked against the key set of the auth service.

Checked twice, the second time from a cache: as the request came, so that strangers cost nothing, and by the
RPC's name once it is known, so that no spelling of a path decides. The services verify once more.
"""

from rest_gateway.api import Api
from rest_gateway.config import Config, Value, http_filter, seconds
from rest_gateway.names import KEY_SET

ISSUER = "bloom-auth"
AUDIENCE = "bloom"
# A key that auth has withdrawn is refused after this long, and a new one known.
KEY_SET_SECONDS = 30
_PROVIDER = "bloom"
_TYPE = "jwt_authn.v3.JwtAuthentication"


def by_request(api: Api) -> Config:
    """The early check, on the path as it came: all of the API needs a token, but for public methods."""
    public = [method for method in api.methods if method.is_public]
    rules: list[Value] = [{"match": {"path": method.rpc_path}} for method in public]
    for method in public:
        verb: Config = {"name": ":method", "string_match": {"exact": method.verb}}
        rules.append({"match": {"safe_regex": {"regex": method.path.regex}, "headers": [verb]}})
    rules += [{"match": {"prefix": prefix}, **_required()} for prefix in ("/v1/", "/bloom.")]
    return http_filter("bloom.token_by_request", _TYPE, providers=_providers(), rules=rules, **_PREFLIGHT)


def by_rpc(api: Api) -> Config:
    """The check that counts, on the RPC's name: whatever is not a public method needs a token."""
    rules: list[Value] = [{"match": {"path": method.rpc_path}} for method in api.methods if method.is_public]
    rules += [{"match": {"prefix": "/bloom."}, **_required()}]
    rules += [{"match": {"prefix": "/v1/"}, **_required()}]
    return http_filter("bloom.token_by_rpc", _TYPE, providers=_providers(), rules=rules, **_PREFLIGHT)


_PREFLIGHT: Config = {"bypass_cors_preflight": True}


def _required() -> Config:
    return {"requires": {"provider_name": _PROVIDER}}


def _providers() -> Config:
    source: Config = {
        "http_uri": {
            "uri": "http://gateway/.well-known/jwks.json",
            "cluster": KEY_SET,
            "timeout": seconds(3),
        },
        "cache_duration": seconds(KEY_SET_SECONDS),
        # Fetched ahead, so that no request waits for keys, and soon again while auth is not up yet. Keys
        # that are known stay in use when auth is away.
        "async_fetch": {"fast_listener": True, "failed_refetch_duration": seconds(1)},
    }
    provider: Config = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "remote_jwks": source,
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "forward": True,
        "require_expiration": True,
        "clock_skew_seconds": 5,
        "jwt_cache_config": {"jwt_cache_size": 1000},
    }
    return {_PROVIDER: provider}
