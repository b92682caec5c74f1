-- Bulk work: batches, their items, and the parts in which they go to Claude. All of a batch's state is here.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE batches (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    creator text NOT NULL,
    workload text NOT NULL,
    trace_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    item_count integer NOT NULL,
    -- What is kept was answered from the answer cache, and the rest was put into parts.
    planned boolean NOT NULL DEFAULT false,
    cancel_asked_at timestamptz,
    ended_at timestamptz,
    -- Of the results that there are.
    last_seq bigint NOT NULL DEFAULT 0,
    -- When a runner is to look after it, and which one does. A runner that died loses it when its time is over.
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    -- Looks since anything changed: they become rarer.
    quiet integer NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, id)
);
-- For runners, which look for work of whatever organization.
CREATE INDEX batches_due ON batches (due_at) WHERE ended_at IS NULL;
CREATE INDEX batches_by_time ON batches (org_id, created_at, id);
-- For what removes those that are old.
CREATE INDEX batches_by_age ON batches (created_at) WHERE ended_at IS NOT NULL;

CREATE TABLE batch_parts (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    batch_id uuid NOT NULL,
    task text NOT NULL,
    model text NOT NULL,
    item_count integer NOT NULL,
    -- READY: to be sent. SENDING: a record says that it leaves, whether it did or not. RUNNING: Claude has it.
    state text NOT NULL DEFAULT 'READY',
    attempt integer NOT NULL DEFAULT 1,
    egress_id uuid,
    sent_at timestamptz,
    -- Claude's name for it.
    upstream_id text,
    PRIMARY KEY (org_id, id),
    CHECK (state IN ('READY', 'SENDING', 'RUNNING', 'SETTLED')),
    CHECK (state NOT IN ('SENDING', 'RUNNING') OR (egress_id IS NOT NULL AND sent_at IS NOT NULL)),
    CHECK (state <> 'RUNNING' OR upstream_id IS NOT NULL)
);
CREATE INDEX batch_parts_of_batch ON batch_parts (org_id, batch_id);
-- One of Claude's batches is one part of ours, of whatever organization.
CREATE UNIQUE INDEX batch_parts_by_upstream ON batch_parts (upstream_id) WHERE upstream_id IS NOT NULL;

CREATE TABLE batch_items (
    org_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    ordinal integer NOT NULL,
    -- The request id of its row in the ledger.
    id uuid NOT NULL,
    custom_id text NOT NULL,
    task text NOT NULL,
    model text NOT NULL,
    -- Of the answer cache: what it may do.
    caching text NOT NULL,
    max_tokens integer NOT NULL,
    -- The request as it leaves, personal data withheld; gone once there is a result. Not jsonb: the order counts.
    params text,
    output_schema text NOT NULL,
    -- What the placeholders stand for, as JSON. Not jsonb, which cannot hold every character.
    vault text NOT NULL,
    redactions jsonb NOT NULL,
    part_id uuid,
    -- NULL until there is a result; then everything below says what it is, once.
    outcome text,
    seq bigint,
    reason text NOT NULL DEFAULT '',
    answer bytea,
    -- Its blocks as JSON, where they are more than this text.
    content text NOT NULL DEFAULT '',
    stop_reason text NOT NULL DEFAULT '',
    answered_by text NOT NULL DEFAULT '',
    upstream_id text NOT NULL DEFAULT '',
    from_cache boolean NOT NULL DEFAULT false,
    simulated boolean NOT NULL DEFAULT false,
    -- Whether Claude told what it used.
    metered boolean NOT NULL DEFAULT false,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    cache_read_tokens bigint NOT NULL DEFAULT 0,
    cache_write_5m_tokens bigint NOT NULL DEFAULT 0,
    cache_write_1h_tokens bigint NOT NULL DEFAULT 0,
    cost_micro_usd bigint NOT NULL DEFAULT 0,
    list_cost_micro_usd bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, batch_id, ordinal),
    CHECK (caching IN ('USE', 'BYPASS', 'REFRESH')),
    CHECK (
        outcome IN ('SUCCEEDED', 'ERRORED', 'CANCELLED', 'EXPIRED', 'OFF_SCHEMA', 'REFUSED', 'TRUNCATED')
    ),
    CHECK ((outcome IS NULL) = (seq IS NULL)),
    CHECK ((outcome IS NULL) = (params IS NOT NULL))
);
CREATE UNIQUE INDEX batch_items_results ON batch_items (org_id, batch_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX batch_items_of_part ON batch_items (org_id, part_id) WHERE part_id IS NOT NULL;

ALTER TABLE batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE batches FORCE ROW LEVEL SECURITY;
ALTER TABLE batch_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE batch_parts FORCE ROW LEVEL SECURITY;
ALTER TABLE batch_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE batch_items FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON batches USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON batch_parts USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON batch_items USING (org_id = current_org()) WITH CHECK (org_id = current_org());
-- A runner looks for batches of whatever organization and takes them; it works on each as its organization.
CREATE POLICY runner_finds ON batches FOR SELECT USING (current_setting('app.sweep', true) = 'on');
CREATE POLICY runner_takes ON batches FOR UPDATE
USING (current_setting('app.sweep', true) = 'on') WITH CHECK (current_setting('app.sweep', true) = 'on');
-- And it must know which of Claude's batches are some part already.
CREATE POLICY runner_compares ON batch_parts FOR SELECT
USING (upstream_id IS NOT NULL AND current_setting('app.sweep', true) = 'on');

-- A batch runs for as long as a day and outlives the process that sent it: its runner ends its record.
ALTER POLICY sweep_reads ON egress_records
USING (outcome IS NULL AND path <> '/v1/messages/batches' AND current_setting('app.sweep', true) = 'on');

-- Ends the record of a part, once, with a row in the ledger for each item that used anything. The record and the
-- alerts are `settle_egress_of`'s; it would book the sum as one request, so here the items are booked instead.
CREATE FUNCTION settle_batch_egress(org uuid, part uuid, ending jsonb)
RETURNS TABLE (scope text, percent integer, spent bigint, of_limit bigint, starts timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    call egress_records;
    paid bigint;
BEGIN
    PERFORM egress_head(org);
    SELECT * INTO call FROM egress_records
    WHERE org_id = org AND id = (ending ->> 'id')::uuid AND outcome IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    WITH booked AS (
        INSERT INTO usage_events (
            at, org_id, request_id, task, model, workload, subject, cached, simulated, input_tokens,
            output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_micro_usd,
            list_cost_micro_usd
        )
        SELECT
            now(), org, item.id, call.task, call.model, call.workload, call.subject, false, item.simulated,
            item.input_tokens, item.output_tokens, item.cache_read_tokens, item.cache_write_5m_tokens,
            item.cache_write_1h_tokens, item.cost_micro_usd, item.list_cost_micro_usd
        FROM batch_items AS item
        WHERE item.org_id = org AND item.part_id = part AND item.metered
        RETURNING cost_micro_usd
    )
    SELECT coalesce(sum(cost_micro_usd), 0) INTO paid FROM booked;
    -- The chain must not say another sum than the ledger.
    IF paid <> (ending ->> 'cost')::bigint THEN
        RAISE EXCEPTION 'the items of % cost %, not %', part, paid, ending ->> 'cost';
    END IF;
    INSERT INTO budget_periods AS period (org_id, scope, starts, spent_micro_usd)
    SELECT org, budgets.scope, period_start(budgets.period, now()), paid FROM budgets
    WHERE budgets.org_id = org AND budgets.scope IN ('', call.task) ORDER BY budgets.scope
    ON CONFLICT ON CONSTRAINT budget_periods_pkey
    DO UPDATE SET spent_micro_usd = period.spent_micro_usd + excluded.spent_micro_usd;
    RETURN QUERY SELECT * FROM settle_egress_of(
        org, jsonb_build_array(ending || jsonb_build_object('metered', false))
    );
END
$$;

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
