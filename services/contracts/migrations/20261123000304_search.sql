-- The words of each page, in a table of their own that the full-text index can be used on; and saved searches, beside
-- the column sets.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '300s';

CREATE TABLE page_words (
    org_id uuid NOT NULL,
    document_id uuid NOT NULL,
    page integer NOT NULL,
    -- The organization is one of them, so that the index finds the pages of one organization alone.
    words tsvector NOT NULL,
    PRIMARY KEY (org_id, document_id, page),
    FOREIGN KEY (org_id, document_id, page) REFERENCES document_pages (org_id, document_id, page)
);

-- What stands there is searched as before; for these statements the owner sees every organization.
ALTER TABLE document_pages NO FORCE ROW LEVEL SECURITY;
INSERT INTO page_words (org_id, document_id, page, words)
SELECT org_id, document_id, page, words || array_to_tsvector(ARRAY['org:' || org_id::text]) FROM document_pages;
ALTER TABLE document_pages FORCE ROW LEVEL SECURITY;

-- squawk-ignore require-concurrent-index-deletion -- nothing was released yet
DROP INDEX document_pages_words;
-- squawk-ignore ban-drop-column -- nothing was released yet
ALTER TABLE document_pages DROP COLUMN words;

-- Without the list of pending entries, which every search would read through after an import.
CREATE INDEX page_words_words ON page_words USING gin (words) WITH (fastupdate = off);

ALTER TABLE page_words ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON page_words USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- A condition that might leak, which @@ counts as, is never tried before a row's policy, and so no index serves it
-- under row-level security. These functions alone look past the policy, and ask for the organization themselves;
-- the table is not forced, so that their owner may. It holds words, and no text.
CREATE FUNCTION matching_documents(asked tsquery) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
SELECT DISTINCT document_id FROM page_words
WHERE words @@ (asked && ('''org:' || current_org()::text || '''')::tsquery)
    AND org_id = current_org() AND numnode(asked) > 0;
END;

-- Whether more than `most` pages have the words, wherever they stand there.
CREATE FUNCTION too_common(asked tsquery, most integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
SELECT count(*) > most FROM (
    SELECT FROM page_words
    WHERE words @@ (
            regexp_replace(asked::text, '<(-|\d+)>', '&', 'g')::tsquery
            && ('''org:' || current_org()::text || '''')::tsquery
        )
        AND org_id = current_org() AND numnode(asked) > 0
    LIMIT most + 1
) AS together;
END;

CREATE FUNCTION ranked_pages(asked tsquery, most integer) RETURNS TABLE (document_id uuid, rank real)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
SELECT page_words.document_id, ts_rank_cd(words, asked) FROM page_words
WHERE words @@ (asked && ('''org:' || current_org()::text || '''')::tsquery)
    AND org_id = current_org() AND numnode(asked) > 0
LIMIT most;
END;

-- What somebody wants to see again: columns of a grid, searches.
CREATE TABLE saved_views (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    -- `columnSets` or `savedSearches`
    kind text NOT NULL,
    owner text NOT NULL,
    display_name text NOT NULL,
    shared boolean NOT NULL,
    body jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX saved_views_names ON saved_views (org_id, kind, display_name, id);

ALTER TABLE column_sets NO FORCE ROW LEVEL SECURITY;
INSERT INTO saved_views (org_id, id, kind, owner, display_name, shared, body, version)
SELECT org_id, id, 'columnSets', owner, display_name, shared, jsonb_build_object('fields', fields), version
FROM column_sets;
-- squawk-ignore ban-drop-table -- its rows stand in saved_views
DROP TABLE column_sets;

ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_views FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON saved_views USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
