-- Where a document's words stand on its pages, and its tables by cell.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Start and end, within the page's text, of words that OCR read too unsurely to prove anything: flat pairs.
ALTER TABLE document_pages ADD COLUMN unsure integer [] NOT NULL DEFAULT '{}';

-- Mean of OCR's confidence in the words that it read, 0 to 100; null where it read none.
ALTER TABLE documents ADD COLUMN ocr_confidence smallint;

CREATE TABLE page_layouts (
    org_id uuid NOT NULL,
    document_id uuid NOT NULL,
    page integer NOT NULL,
    -- Tenths of a point, of the page as it is shown.
    width integer NOT NULL,
    height integer NOT NULL,
    -- Packed, as in extraction/layout.py.
    words bytea NOT NULL,
    PRIMARY KEY (org_id, document_id, page),
    FOREIGN KEY (org_id, document_id) REFERENCES documents (org_id, id)
);

-- They are deflated already.
ALTER TABLE page_layouts ALTER COLUMN words SET STORAGE EXTERNAL;

CREATE TABLE document_tables (
    org_id uuid NOT NULL,
    document_id uuid NOT NULL,
    -- From 1, in the order of the pages.
    number integer NOT NULL,
    page integer NOT NULL,
    -- Each [row, column, row span, column span, start, end, page, text, box], as in extraction/tables.py.
    cells jsonb NOT NULL,
    PRIMARY KEY (org_id, document_id, number),
    FOREIGN KEY (org_id, document_id) REFERENCES documents (org_id, id)
);

ALTER TABLE page_layouts ENABLE ROW LEVEL SECURITY;
ALTER TABLE page_layouts FORCE ROW LEVEL SECURITY;
ALTER TABLE document_tables ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_tables FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON page_layouts USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON document_tables USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
