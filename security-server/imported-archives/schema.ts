/**
 * A message without a time has -1, so that pages have an order. A stretch has the places of the log from its first to
 * the one behind it, and the numbers of pairs at both ends, as JSON; of archives that were imported before it was kept
 * there is none.
 */
export const schemaSteps = [
  `CREATE TABLE archive (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, octets INTEGER NOT NULL,
     maker TEXT NOT NULL, last_digest TEXT NOT NULL, follows TEXT, follows_digest TEXT
   ) STRICT;
   CREATE INDEX archive_digest ON archive (last_digest);
   CREATE TABLE message (
     id INTEGER PRIMARY KEY, archive INTEGER NOT NULL REFERENCES archive (id), entry TEXT NOT NULL, query_id TEXT,
     direction TEXT, client TEXT, service TEXT, user_id TEXT, issue TEXT, status INTEGER, at INTEGER NOT NULL,
     code TEXT, reason TEXT
   ) STRICT;
   CREATE INDEX message_archive ON message (archive);
   CREATE INDEX message_at ON message (at);
   CREATE INDEX message_query_id ON message (query_id, at);
   CREATE INDEX message_client ON message (client, at);
   CREATE INDEX message_service ON message (service, at);
   CREATE INDEX message_user ON message (user_id, at) WHERE user_id IS NOT NULL;
   CREATE INDEX message_issue ON message (issue, at) WHERE issue IS NOT NULL;
   CREATE INDEX message_bad ON message (at) WHERE code IS NOT NULL;`,
  `CREATE TABLE stretch (
     archive INTEGER PRIMARY KEY REFERENCES archive (id), log TEXT NOT NULL, first INTEGER NOT NULL,
     behind INTEGER NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL
   ) STRICT;`,
];
