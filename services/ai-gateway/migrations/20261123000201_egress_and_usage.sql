-- What left for Claude, recorded before it left; and what was used and paid, once for each request.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE egress_records (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    request_id uuid NOT NULL,
    workload text NOT NULL,
    subject text NOT NULL,
    task text NOT NULL,
    model text NOT NULL,
    destination text NOT NULL,
    path text NOT NULL,
    -- Of the very bytes of the body that was sent.
    request_sha256 bytea NOT NULL,
    request_bytes bigint NOT NULL,
    trace_id text NOT NULL,
    -- NULL while the call runs, and for ever when the process died in it.
    outcome text,
    ended_at timestamptz,
    upstream_request_id text,
    simulated boolean,
    PRIMARY KEY (org_id, id),
    CHECK (length(request_sha256) = 32),
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE INDEX egress_records_by_time ON egress_records (org_id, at);

CREATE TABLE usage_events (
    org_id uuid NOT NULL,
    request_id uuid NOT NULL,
    task text NOT NULL,
    model text NOT NULL,
    -- When it was answered, by the clock of the process: free answers are written a moment later.
    at timestamptz NOT NULL,
    workload text NOT NULL,
    subject text NOT NULL,
    -- Answered from the answer cache: nothing was paid.
    cached boolean NOT NULL,
    simulated boolean NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_5m_tokens bigint NOT NULL,
    cache_write_1h_tokens bigint NOT NULL,
    cost_micro_usd bigint NOT NULL,
    list_cost_micro_usd bigint NOT NULL,
    -- A request counts once. When it needed several calls (a repair), each adds to its row.
    PRIMARY KEY (org_id, request_id, task, model),
    CHECK (
        least(
            input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
            cost_micro_usd, list_cost_micro_usd
        ) >= 0
    )
);
CREATE INDEX usage_events_by_time ON usage_events (org_id, at);

ALTER TABLE egress_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE egress_records FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_events FORCE ROW LEVEL SECURITY;

-- A record is added, then told its outcome once. There is no policy for DELETE.
CREATE POLICY tenant_reads ON egress_records FOR SELECT USING (org_id = current_org());
CREATE POLICY tenant_adds ON egress_records FOR INSERT WITH CHECK (org_id = current_org());
CREATE POLICY tenant_ends ON egress_records FOR UPDATE
USING (org_id = current_org() AND outcome IS NULL) WITH CHECK (org_id = current_org());

CREATE POLICY tenant_reads ON usage_events FOR SELECT USING (org_id = current_org());
CREATE POLICY tenant_adds ON usage_events FOR INSERT WITH CHECK (org_id = current_org());
CREATE POLICY tenant_sums ON usage_events FOR UPDATE
USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
