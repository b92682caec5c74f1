-- How often a password was tried, by account, by address, and by all together.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Of no tenant: who tries a password has none yet. Keys are digests; an e-mail that has no account has rows as any.
CREATE TABLE sign_in_tries (
    key bytea PRIMARY KEY,
    -- Since the window began, also those whose hash is under way.
    tries integer NOT NULL DEFAULT 0,
    -- When they count no more.
    ends_at timestamptz NOT NULL,
    locked_until timestamptz NOT NULL DEFAULT '-infinity',
    -- Locks in a row: each is longer than the one before.
    locks integer NOT NULL DEFAULT 0
);

CREATE INDEX sign_in_tries_by_end ON sign_in_tries (ends_at);

ALTER TABLE sign_in_tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_tries FORCE ROW LEVEL SECURITY;
-- The functions below open it, each for itself.
CREATE POLICY counted ON sign_in_tries
USING (current_setting('app.throttle', true) = 'on')
WITH CHECK (current_setting('app.throttle', true) = 'on');

-- Counts a try before its hash is computed, so that no number of tries at once is verified beyond a limit. Each key
-- has its limit and its window. Returns nothing where the try may be made; else the first key in its way, and until when.
CREATE FUNCTION take_try(
    keys bytea [], limits integer [], windows interval [], moment timestamptz
) RETURNS TABLE (key bytea, until timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.throttle', 'on', true);
    INSERT INTO sign_in_tries AS row (key, ends_at)
    SELECT given.key, moment + given.span FROM unnest(keys, windows) AS given (key, span)
    ON CONFLICT DO NOTHING;
    -- In one order, whoever comes: then nobody waits in a circle.
    PERFORM FROM sign_in_tries AS row WHERE row.key = ANY(keys) ORDER BY row.key FOR UPDATE;
    UPDATE sign_in_tries AS row SET tries = 0, locks = 0, ends_at = moment + given.span
    FROM unnest(keys, windows) AS given (key, span)
    WHERE row.key = given.key AND row.ends_at <= moment;
    RETURN QUERY
    SELECT row.key, greatest(row.locked_until, moment + CASE
        WHEN row.locked_until > moment THEN interval '0'
        -- All of them are under way, or the window has to end.
        WHEN given.place = 1 THEN interval '1 second'
        ELSE row.ends_at - moment
    END)
    FROM unnest(keys, limits) WITH ORDINALITY AS given (key, most, place)
    JOIN sign_in_tries AS row ON row.key = given.key
    WHERE row.locked_until > moment OR row.tries >= given.most
    ORDER BY given.place LIMIT 1;
    IF NOT FOUND THEN
        UPDATE sign_in_tries AS row SET tries = tries + 1 WHERE row.key = ANY(keys);
    END IF;
    PERFORM set_config('app.throttle', 'off', true);
END $$;

-- The password was wrong. Locks the account (the first key) when its last try was used up; until when, or NULL.
CREATE FUNCTION fail_try(account bytea, most integer, lengths interval [], moment timestamptz)
RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    until timestamptz;
BEGIN
    PERFORM set_config('app.throttle', 'on', true);
    UPDATE sign_in_tries SET
        tries = 0, locks = locks + 1,
        locked_until = moment + lengths[least(locks + 1, cardinality(lengths))],
        -- The row is kept a day longer than its lock, so that the next one is longer.
        ends_at = moment + lengths[least(locks + 1, cardinality(lengths))] + interval '1 day'
    WHERE key = account AND tries >= most AND locked_until <= moment
    RETURNING locked_until INTO until;
    PERFORM set_config('app.throttle', 'off', true);
    RETURN until;
END $$;

-- The password was right, or nobody looked: the account's tries are forgotten, and the others' get one back.
CREATE FUNCTION give_back_try(keys bytea [], forgive boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.throttle', 'on', true);
    PERFORM FROM sign_in_tries WHERE key = ANY(keys) ORDER BY key FOR UPDATE;
    UPDATE sign_in_tries SET
        tries = CASE WHEN forgive AND key = keys[1] THEN 0 ELSE greatest(tries - 1, 0) END,
        locks = CASE WHEN forgive AND key = keys[1] THEN 0 ELSE locks END
    WHERE key = ANY(keys);
    PERFORM set_config('app.throttle', 'off', true);
END $$;

-- Whether this was noted, and is not over; and noting it.
CREATE FUNCTION is_noted(note bytea, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    found boolean;
BEGIN
    PERFORM set_config('app.throttle', 'on', true);
    found := EXISTS (SELECT FROM sign_in_tries WHERE key = note AND ends_at > moment);
    PERFORM set_config('app.throttle', 'off', true);
    RETURN found;
END $$;

CREATE FUNCTION note(noted bytea, until timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.throttle', 'on', true);
    INSERT INTO sign_in_tries AS row (key, ends_at) VALUES (noted, until)
    ON CONFLICT (key) DO UPDATE SET ends_at = excluded.ends_at;
    PERFORM set_config('app.throttle', 'off', true);
END $$;

-- An administrator's word.
CREATE FUNCTION forget_tries(account bytea) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.throttle', 'on', true);
    DELETE FROM sign_in_tries WHERE key = account;
    PERFORM set_config('app.throttle', 'off', true);
END $$;

-- What counts no more, some at a time.
CREATE FUNCTION clear_tries(moment timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.throttle', 'on', true);
    DELETE FROM sign_in_tries WHERE key IN (
        SELECT key FROM sign_in_tries WHERE ends_at < moment AND locked_until < moment
        ORDER BY ends_at LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    PERFORM set_config('app.throttle', 'off', true);
END $$;

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
