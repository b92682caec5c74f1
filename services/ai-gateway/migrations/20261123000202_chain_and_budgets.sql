-- Egress records become a chain, and spending gets budgets. What leaves is written by `open_egress` and ended by
-- `settle_egress`, each one statement for all the calls that wait at the moment.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE egress_records
ADD COLUMN redactions jsonb NOT NULL DEFAULT '{}',
-- The most that the call can cost: it counts against budgets while the call runs.
ADD COLUMN reserved_micro_usd bigint NOT NULL DEFAULT 0,
ADD COLUMN cost_micro_usd bigint NOT NULL DEFAULT 0;

-- squawk-ignore require-concurrent-index-creation -- nothing was released yet: the table is small
CREATE INDEX egress_records_running ON egress_records (org_id) WHERE outcome IS NULL;

-- Whoever writes for an organization holds its head: the chain is one, and so is the order of its spending.
CREATE TABLE egress_heads (
    org_id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE egress_entries (
    org_id uuid NOT NULL,
    seq bigint NOT NULL,
    egress_id uuid NOT NULL,
    -- The canonical JSON that was hashed, as text.
    entry text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (org_id, seq)
);
CREATE INDEX egress_entries_by_record ON egress_entries (org_id, egress_id);

CREATE TABLE budgets (
    org_id uuid NOT NULL,
    -- A task, or nothing: then all of the organization.
    scope text NOT NULL,
    period text NOT NULL,
    limit_micro_usd bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, scope),
    CHECK (period IN ('day', 'month')),
    CHECK (limit_micro_usd >= 0)
);

CREATE TABLE budget_periods (
    org_id uuid NOT NULL,
    scope text NOT NULL,
    starts timestamptz NOT NULL,
    spent_micro_usd bigint NOT NULL,
    -- The highest alert that was given.
    told_percent integer NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, scope, starts)
);

ALTER TABLE egress_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE egress_heads FORCE ROW LEVEL SECURITY;
ALTER TABLE egress_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE egress_entries FORCE ROW LEVEL SECURITY;
ALTER TABLE budgets ENABLE ROW LEVEL SECURITY;
ALTER TABLE budgets FORCE ROW LEVEL SECURITY;
ALTER TABLE budget_periods ENABLE ROW LEVEL SECURITY;
ALTER TABLE budget_periods FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON egress_heads USING (org_id = current_org()) WITH CHECK (org_id = current_org());
-- Entries are read and added, never changed: there is no policy for UPDATE or DELETE.
CREATE POLICY tenant_reads ON egress_entries FOR SELECT USING (org_id = current_org());
CREATE POLICY tenant_adds ON egress_entries FOR INSERT WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON budgets USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON budget_periods USING (org_id = current_org()) WITH CHECK (org_id = current_org());
-- The sweep looks for calls whose process died, of whatever organization; it ends each as its organization.
CREATE POLICY sweep_reads ON egress_records FOR SELECT
USING (outcome IS NULL AND current_setting('app.sweep', true) = 'on');

-- The start of the period that a moment is in; periods are of UTC.
CREATE FUNCTION period_start(period text, moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE
RETURN date_trunc(period, moment, 'UTC');

CREATE FUNCTION egress_head(org uuid) RETURNS egress_heads LANGUAGE plpgsql AS $$
DECLARE
    head egress_heads;
BEGIN
    PERFORM set_config('app.org_id', org::text, true);
    SELECT * INTO head FROM egress_heads WHERE org_id = org FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO egress_heads (org_id, seq, hash) VALUES (org, 0, decode(repeat('00', 32), 'hex'))
        ON CONFLICT DO NOTHING;
        SELECT * INTO head FROM egress_heads WHERE org_id = org FOR UPDATE;
    END IF;
    RETURN head;
END
$$;

-- What each budget of an organization still allows: its limit without what was spent and what may yet be.
CREATE FUNCTION budget_rooms(org uuid)
RETURNS TABLE (scope text, room bigint, spent bigint, held bigint, starts timestamptz, ends timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT
        budgets.scope,
        budgets.limit_micro_usd - coalesce(periods.spent_micro_usd, 0) - running.held,
        coalesce(periods.spent_micro_usd, 0),
        running.held,
        period.starts,
        (period.starts AT TIME ZONE 'UTC' + ('1 ' || budgets.period)::interval) AT TIME ZONE 'UTC'
    FROM budgets
    CROSS JOIN LATERAL (SELECT period_start(budgets.period, now()) AS starts) AS period
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(reserved_micro_usd), 0)::bigint AS held
        FROM egress_records
        WHERE org_id = org AND outcome IS NULL AND budgets.scope IN ('', task)
    ) AS running
    LEFT JOIN budget_periods AS periods
        ON periods.org_id = org AND periods.scope = budgets.scope AND periods.starts = period.starts
    WHERE budgets.org_id = org
$$;

-- Records calls of one organization that are about to be made, in their order, and returns those that no budget
-- has room for: these are not recorded, and must not be made.
CREATE FUNCTION open_egress_of(org uuid, calls jsonb) RETURNS TABLE (refused uuid, scope text, resets timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    head egress_heads := egress_head(org);
    -- By scope: what is left, and until when.
    rooms jsonb;
    call record;
BEGIN
    IF EXISTS (SELECT FROM budgets WHERE budgets.org_id = org) THEN
        SELECT jsonb_object_agg(known.scope, jsonb_build_object('room', known.room, 'ends', known.ends))
        INTO rooms FROM budget_rooms(org) AS known;
    END IF;
    FOR call IN SELECT * FROM jsonb_to_recordset(calls) AS given (
        id uuid, at timestamptz, request_id uuid, workload text, subject text, task text, model text,
        destination text, path text, sha256 text, bytes bigint, trace_id text, redactions jsonb,
        reserved bigint, entry text
    ) LOOP
        IF rooms IS NOT NULL AND call.reserved > 0 THEN
            SELECT key, (value ->> 'ends')::timestamptz INTO scope, resets FROM jsonb_each(rooms)
            WHERE key IN ('', call.task) AND (value ->> 'room')::bigint < call.reserved
            ORDER BY 2 DESC LIMIT 1;
            IF FOUND THEN
                refused := call.id;
                RETURN NEXT;
                CONTINUE;
            END IF;
            SELECT jsonb_object_agg(
                key,
                CASE WHEN key IN ('', call.task)
                    THEN jsonb_set(value, '{room}', to_jsonb((value ->> 'room')::bigint - call.reserved))
                    ELSE value
                END
            ) INTO rooms FROM jsonb_each(rooms);
        END IF;
        INSERT INTO egress_records (
            org_id, id, at, request_id, workload, subject, task, model, destination, path, request_sha256,
            request_bytes, trace_id, redactions, reserved_micro_usd
        ) VALUES (
            org, call.id, call.at, call.request_id, call.workload, call.subject, call.task, call.model,
            call.destination, call.path, decode(call.sha256, 'hex'), call.bytes, call.trace_id, call.redactions,
            call.reserved
        );
        head.seq := head.seq + 1;
        head.hash := sha256(head.hash || convert_to(call.entry, 'UTF8'));
        INSERT INTO egress_entries (org_id, seq, egress_id, entry, hash)
        VALUES (org, head.seq, call.id, call.entry, head.hash);
    END LOOP;
    UPDATE egress_heads SET seq = head.seq, hash = head.hash WHERE org_id = org;
END
$$;

-- The same for calls of many organizations: `[{"org": …, "rows": [call, …]}, …]`. They are taken in one order, so
-- that two statements cannot wait for each other.
CREATE FUNCTION open_egress(groups jsonb) RETURNS TABLE (refused uuid, scope text, resets timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT * FROM jsonb_to_recordset(groups) AS given (org uuid, rows jsonb) ORDER BY given.org LOOP
        RETURN QUERY SELECT * FROM open_egress_of(part.org, part.rows);
    END LOOP;
END
$$;

-- Tells the ends of calls of one organization, each once, adds what they used to the ledger and to the budgets, and returns the
-- budgets that have now passed one half, four fifths, or all of their limit.
CREATE FUNCTION settle_egress_of(org uuid, endings jsonb)
RETURNS TABLE (scope text, percent integer, spent bigint, of_limit bigint, starts timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    head egress_heads := egress_head(org);
    budgeted boolean := EXISTS (SELECT FROM budgets WHERE budgets.org_id = org);
    ending record;
    call egress_records;
    alert record;
BEGIN
    FOR ending IN SELECT * FROM jsonb_to_recordset(endings) AS given (
        id uuid, outcome text, upstream_request_id text, simulated boolean, metered boolean, input bigint,
        output bigint, cache_read bigint, cache_write_5m bigint, cache_write_1h bigint, cost bigint,
        list_cost bigint, entry text
    ) LOOP
        UPDATE egress_records SET
            outcome = ending.outcome, ended_at = clock_timestamp(), simulated = ending.simulated,
            upstream_request_id = nullif(ending.upstream_request_id, ''), cost_micro_usd = ending.cost
        WHERE org_id = org AND id = ending.id AND outcome IS NULL RETURNING * INTO call;
        -- A second try after a commit whose answer was lost finds the end there, and adds nothing.
        CONTINUE WHEN NOT FOUND;
        head.seq := head.seq + 1;
        head.hash := sha256(head.hash || convert_to(ending.entry, 'UTF8'));
        INSERT INTO egress_entries (org_id, seq, egress_id, entry, hash)
        VALUES (org, head.seq, call.id, ending.entry, head.hash);
        CONTINUE WHEN NOT ending.metered;
        INSERT INTO usage_events AS event (
            at, org_id, request_id, task, model, workload, subject, cached, simulated, input_tokens,
            output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_micro_usd,
            list_cost_micro_usd
        ) VALUES (
            now(), org, call.request_id, call.task, call.model, call.workload, call.subject, false,
            ending.simulated, ending.input, ending.output, ending.cache_read, ending.cache_write_5m,
            ending.cache_write_1h, ending.cost, ending.list_cost
        ) ON CONFLICT (org_id, request_id, task, model) DO UPDATE SET
            cached = false,
            input_tokens = event.input_tokens + excluded.input_tokens,
            output_tokens = event.output_tokens + excluded.output_tokens,
            cache_read_tokens = event.cache_read_tokens + excluded.cache_read_tokens,
            cache_write_5m_tokens = event.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
            cache_write_1h_tokens = event.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
            cost_micro_usd = event.cost_micro_usd + excluded.cost_micro_usd,
            list_cost_micro_usd = event.list_cost_micro_usd + excluded.list_cost_micro_usd;
        CONTINUE WHEN NOT budgeted;
        INSERT INTO budget_periods AS period (org_id, scope, starts, spent_micro_usd)
        SELECT org, budgets.scope, period_start(budgets.period, now()), ending.cost FROM budgets
        WHERE budgets.org_id = org AND budgets.scope IN ('', call.task) ORDER BY budgets.scope
        ON CONFLICT ON CONSTRAINT budget_periods_pkey
        DO UPDATE SET spent_micro_usd = period.spent_micro_usd + excluded.spent_micro_usd;
    END LOOP;
    UPDATE egress_heads SET seq = head.seq, hash = head.hash WHERE org_id = org;
    IF NOT budgeted THEN
        RETURN;
    END IF;
    FOR alert IN
        SELECT budgets.scope, budgets.limit_micro_usd, period.starts, period.spent_micro_usd, marks.percent
        FROM budgets
        JOIN budget_periods AS period ON
            period.org_id = org AND period.scope = budgets.scope
            AND period.starts = period_start(budgets.period, now())
        CROSS JOIN LATERAL (
            SELECT max(mark) AS percent FROM unnest(ARRAY[50, 80, 100]) AS mark
            WHERE period.spent_micro_usd::numeric * 100 >= budgets.limit_micro_usd::numeric * mark
        ) AS marks
        WHERE budgets.org_id = org AND marks.percent > period.told_percent
    LOOP
        UPDATE budget_periods AS period SET told_percent = alert.percent
        WHERE period.org_id = org AND period.scope = alert.scope AND period.starts = alert.starts;
        INSERT INTO outbox (org_id, topic, payload) VALUES (org, 'ai.budget_alert', jsonb_build_object(
            'budget', alert.scope, 'percent', alert.percent, 'spent_micro_usd', alert.spent_micro_usd,
            'limit_micro_usd', alert.limit_micro_usd, 'period_start', alert.starts
        ));
        scope := alert.scope;
        percent := alert.percent;
        spent := alert.spent_micro_usd;
        of_limit := alert.limit_micro_usd;
        starts := alert.starts;
        RETURN NEXT;
    END LOOP;
END
$$;

-- The same for many organizations, with whose budget it is.
CREATE FUNCTION settle_egress(groups jsonb)
RETURNS TABLE (
    org uuid, scope text, percent integer, spent bigint, of_limit bigint, starts timestamptz
)
LANGUAGE plpgsql AS $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT * FROM jsonb_to_recordset(groups) AS given (org uuid, rows jsonb) ORDER BY given.org LOOP
        RETURN QUERY SELECT part.org, told.* FROM settle_egress_of(part.org, part.rows) AS told;
    END LOOP;
END
$$;

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
