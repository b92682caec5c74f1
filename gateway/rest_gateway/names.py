"""Names that several parts of Envoy's configuration refer to each other by."""

AUTH = "auth"
CONTRACTS = "contracts"
AI_GATEWAY = "ai_gateway"
STRICT_JSON = "strict_json"
TRACES = "traces"
SCIM = "scim"
WEB = "web"
# Envoy's own way to the key set: in by its own front door.
KEY_SET = "key_set"

# Which backend serves the services of a package.
BACKENDS = {"bloom.auth.v1": AUTH, "bloom.contracts.v1": CONTRACTS, "bloom.ai.v1": AI_GATEWAY}

CORS_FILTER = "envoy.filters.http.cors"
TRANSCODER_FILTER = "envoy.filters.http.grpc_json_transcoder"
STRICT_JSON_FILTER = "bloom.strict_json"
SESSION_FILTER = "bloom.session"
UPLOAD_LIMIT_FILTER = "bloom.upload_limit"
ARCHIVE_LIMIT_FILTER = "bloom.archive_limit"
JSON_LIMIT_FILTER = "bloom.json_limit"

# The browser's session, and where Envoy notes whether a request has it and no token.
SESSION_COOKIE = "__Host-bloom-session"
SESSION_METADATA = "bloom.session"

# gRPC metadata that tells the check of JSON bodies which method a body is for.
RPC_METADATA = "x-bloom-rpc"
# Code details of an answer that the check of JSON bodies gave.
REFUSED_JSON = "bloom_strict_json"
