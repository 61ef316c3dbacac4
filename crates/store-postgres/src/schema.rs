//! The tables, the roles and the rights of a ledger's schema. Knows no rows. Start at [`create`].

use crate::session::{Failure, Session, server};
use heldto_store::StoreError;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// The layout that this version writes and reads.
pub const LAYOUT: i16 = 1;

/// Returns the statements that make a schema, its roles and their rights, to be run in one
/// transaction.
///
/// Readers read. Writers also insert, and move the head onwards. The keeper also erases parts and
/// signs. Nobody but the schema's owner can change an entry.
pub fn create(schema: &str) -> String {
    let role = |name: &str| {
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{schema}_{name}') THEN \
             CREATE ROLE {schema}_{name} NOLOGIN; END IF; END $$;\n"
        )
    };
    let roles: String = ["reader", "writer", "keeper"].map(role).concat();
    format!(
        "{roles}
         CREATE SCHEMA \"{schema}\";
         SET LOCAL search_path = \"{schema}\", pg_catalog;
         CREATE TABLE ledger (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), layout smallint NOT NULL,
             origin text NOT NULL, key bytea NOT NULL, index_key bytea NOT NULL, is_partial boolean NOT NULL);
         CREATE TABLE head (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), size bigint NOT NULL,
             record bytea NOT NULL, confirmed bigint NOT NULL DEFAULT 0) WITH (fillfactor = 10);
         CREATE TABLE checkpoint (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), size bigint NOT NULL,
             chain bytea NOT NULL, note text NOT NULL);
         -- The number of entries whose erasures are gone from the files of the server too.
         CREATE TABLE erasure (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), rewritten bigint NOT NULL);
         INSERT INTO erasure (rewritten) VALUES (0);
         CREATE TABLE entries (entry_index bigint PRIMARY KEY, entry bytea NOT NULL);
         CREATE TABLE parts (entry_index bigint, number integer, part bytea NOT NULL,
             PRIMARY KEY (entry_index, number));
         CREATE TABLE terms (hash bigint, entry_index bigint, PRIMARY KEY (hash, entry_index));
         ALTER TABLE entries ALTER entry SET STORAGE EXTERNAL;
         ALTER TABLE parts ALTER part SET STORAGE EXTERNAL;
         -- The server's statistics would keep samples of what is erased.
         ALTER TABLE parts ALTER part SET STATISTICS 0;
         ALTER TABLE entries ALTER entry SET STATISTICS 0;
         CREATE FUNCTION onwards() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN
             IF NEW.size < OLD.size THEN RAISE EXCEPTION 'a ledger never gets shorter'; END IF; RETURN NEW; END $$;
         CREATE FUNCTION same_head() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN
             IF NEW.size = OLD.size AND NEW.record <> OLD.record THEN
             RAISE EXCEPTION 'a head never changes without entries'; END IF; RETURN NEW; END $$;
         CREATE FUNCTION same_note() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN
             IF NEW.size = OLD.size AND NEW.chain <> OLD.chain THEN
             RAISE EXCEPTION 'a signed size never has another chain'; END IF; RETURN NEW; END $$;
         CREATE FUNCTION whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN
             IF (SELECT count(*) FROM \"{schema}\".entries WHERE entry_index >= OLD.size AND entry_index < NEW.size)
             <> NEW.size - OLD.size THEN RAISE EXCEPTION 'a head never moves without its entries'; END IF;
             RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER whole AFTER UPDATE OF size ON head DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW WHEN (NEW.size <> OLD.size) EXECUTE FUNCTION whole();
         CREATE TRIGGER onwards BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION onwards();
         CREATE TRIGGER same_head BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION same_head();
         CREATE TRIGGER same_note BEFORE UPDATE ON checkpoint FOR EACH ROW EXECUTE FUNCTION same_note();
         CREATE TRIGGER onwards BEFORE UPDATE ON checkpoint FOR EACH ROW EXECUTE FUNCTION onwards();
         GRANT USAGE ON SCHEMA \"{schema}\" TO {schema}_reader;
         GRANT SELECT ON ALL TABLES IN SCHEMA \"{schema}\" TO {schema}_reader;
         GRANT {schema}_reader TO {schema}_writer;
         GRANT INSERT ON entries, parts, terms TO {schema}_writer;
         GRANT UPDATE ON head TO {schema}_writer;
         GRANT {schema}_writer TO {schema}_keeper;
         GRANT DELETE ON parts, terms TO {schema}_keeper;
         GRANT UPDATE ON erasure TO {schema}_keeper;
         GRANT INSERT, UPDATE ON checkpoint TO {schema}_keeper;"
    )
}

/// Returns `true` if the schema has a ledger.
///
/// A role that may not look into the schema is refused, with its remedy.
pub fn exists(session: &Session, schema: &str, user: &str) -> Result<bool, Failure> {
    let row = session.wait(session.client.query_one(
        "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL, has_schema_privilege(oid, 'USAGE'), \
         EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = 'ledger') \
         FROM (VALUES (1)) AS one LEFT JOIN pg_namespace n ON nspname = $1",
        &[&schema],
    ))?;
    if !cell::<bool>(&row, 0)? {
        return Ok(false);
    }
    if !cell::<bool>(&row, 1)? {
        return Err(Failure::Refused(server(
            format!("{user} has too few rights: permission denied for schema {schema}"),
            format!(
                "if it holds a ledger, ask its keeper: GRANT {schema}_reader TO {user}, or {schema}_writer to record facts; \
                 otherwise name another schema"
            ),
        )));
    }
    cell(&row, 2)
}

/// Returns what was done to the tables that lets an append be lost, or not be what was written;
/// `None` if they are as they were made.
pub fn changed(session: &Session, schema: &str) -> Result<Option<String>, Failure> {
    let row = session.wait(session.client.query_opt(
        "SELECT relname::text FROM pg_class c WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) \
         AND relname IN ('ledger', 'head', 'checkpoint', 'erasure', 'entries', 'parts', 'terms') \
         AND (relkind <> 'r' OR relpersistence <> 'p' OR relrowsecurity OR relhasrules \
         OR EXISTS (SELECT FROM pg_trigger t WHERE tgrelid = c.oid AND NOT tgisinternal \
         AND (relname, tgname, tgtype) NOT IN (('head', 'onwards', 19), ('head', 'same_head', 19), ('head', 'whole', 17), \
         ('checkpoint', 'onwards', 19), ('checkpoint', 'same_note', 19)))) LIMIT 1",
        &[&schema],
    ))?;
    row.map(|row| cell(&row, 0)).transpose()
}

/// Returns a value of a row.
///
/// # Errors
/// If the column has another type, or no value, as in a schema that somebody changed.
pub fn cell<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, Failure> {
    row.try_get(column).map_err(|error| {
        let name = row.columns().get(column).map_or("a column", |column| column.name());
        Failure::Refused(StoreError::Damaged { record: "schema", why: format!("{name}: {error}") })
    })
}

/// Returns the error for a role that may not make a schema or roles.
pub fn too_few_rights(user: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(StoreError::Server { why, .. }) if why.contains("too few rights") => Failure::Refused(server(
            why,
            format!(
                "a ledger needs a schema and three roles: let an administrator run the command, or allow it with: \
                     ALTER ROLE {user} CREATEROLE; GRANT CREATE ON DATABASE … TO {user}"
            ),
        )),
        other => other,
    }
}
