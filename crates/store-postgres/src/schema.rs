//! The tables, the roles and the rights of a ledger's schema. Knows no rows. Start at [`create`].

use crate::session::{Failure, Session, server};

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
         CREATE SCHEMA {schema};
         SET LOCAL search_path = {schema}, pg_catalog;
         CREATE TABLE ledger (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), layout smallint NOT NULL,
             origin text NOT NULL, key bytea NOT NULL, index_key bytea NOT NULL, is_partial boolean NOT NULL);
         CREATE TABLE head (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), size bigint NOT NULL,
             record bytea NOT NULL, confirmed bigint NOT NULL DEFAULT 0) WITH (fillfactor = 10);
         CREATE TABLE checkpoint (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), size bigint NOT NULL,
             chain bytea NOT NULL, note text NOT NULL);
         CREATE TABLE entries (entry_index bigint PRIMARY KEY, entry bytea NOT NULL);
         CREATE TABLE parts (entry_index bigint, number integer, part bytea NOT NULL,
             PRIMARY KEY (entry_index, number));
         CREATE TABLE terms (hash bigint, entry_index bigint, PRIMARY KEY (hash, entry_index));
         ALTER TABLE entries ALTER entry SET STORAGE EXTERNAL;
         ALTER TABLE parts ALTER part SET STORAGE EXTERNAL;
         -- The server's statistics would keep samples of what is erased.
         ALTER TABLE parts ALTER part SET STATISTICS 0;
         ALTER TABLE entries ALTER entry SET STATISTICS 0;
         CREATE FUNCTION onwards() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.size < OLD.size THEN RAISE EXCEPTION 'a ledger never gets shorter'; END IF; RETURN NEW; END $$;
         CREATE FUNCTION same_head() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.size = OLD.size AND NEW.record <> OLD.record THEN
             RAISE EXCEPTION 'a head never changes without entries'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER onwards BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION onwards();
         CREATE TRIGGER same_head BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION same_head();
         CREATE TRIGGER onwards BEFORE UPDATE ON checkpoint FOR EACH ROW EXECUTE FUNCTION onwards();
         GRANT USAGE ON SCHEMA {schema} TO {schema}_reader;
         GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {schema}_reader;
         GRANT {schema}_reader TO {schema}_writer;
         GRANT INSERT ON entries, parts, terms TO {schema}_writer;
         GRANT UPDATE ON head TO {schema}_writer;
         GRANT {schema}_writer TO {schema}_keeper;
         GRANT DELETE ON parts, terms TO {schema}_keeper;
         GRANT INSERT, UPDATE ON checkpoint TO {schema}_keeper;"
    )
}

/// Returns `true` if the schema is there.
pub fn exists(session: &Session, schema: &str) -> Result<bool, Failure> {
    let row = session.wait(session.client.query_one("SELECT to_regnamespace($1) IS NOT NULL", &[&schema]))?;
    Ok(row.get(0))
}

/// Returns the error for a role that may not make a schema or roles.
pub fn too_few_rights(user: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(heldto_store::StoreError::Server { why, .. }) if why.contains("too few rights") => {
            Failure::Refused(server(
                why,
                format!(
                    "a ledger needs a schema and three roles: let an administrator run the command, or allow it with: \
                     ALTER ROLE {user} CREATEROLE; GRANT CREATE ON DATABASE … TO {user}"
                ),
            ))
        }
        other => other,
    }
}
