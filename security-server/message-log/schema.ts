/**
 * Schema steps of a partition of the message log, applied in order; a step once released is never changed.
 * `record` is narrow, so that years can be searched; what is sealed lies in `content`.
 */
export const partitionSteps: readonly string[] = [
  `CREATE TABLE route (
     id INTEGER PRIMARY KEY,
     client TEXT NOT NULL,
     provider TEXT NOT NULL,
     service TEXT NOT NULL,
     UNIQUE (client, provider, service)
   ) STRICT;
   CREATE TABLE record (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     direction TEXT NOT NULL,
     side TEXT NOT NULL,
     protocol TEXT NOT NULL,
     route INTEGER NOT NULL REFERENCES route(id),
     sequence INTEGER NOT NULL,
     queryId TEXT NOT NULL,
     requestId TEXT NOT NULL,
     userId TEXT,
     issue TEXT,
     status INTEGER,
     eraseAt INTEGER,
     signatureHash BLOB NOT NULL
   ) STRICT;
   CREATE INDEX record_by_query_id ON record (queryId);
   CREATE INDEX record_by_request_id ON record (requestId);
   CREATE INDEX record_by_time ON record (at);
   CREATE INDEX record_by_side ON record (side, id);
   CREATE INDEX record_by_route ON record (route, id);
   CREATE INDEX record_by_user ON record (userId, id) WHERE userId IS NOT NULL;
   CREATE INDEX record_by_issue ON record (issue, id) WHERE issue IS NOT NULL;
   CREATE INDEX record_failed ON record (id) WHERE status >= 400;
   CREATE INDEX record_to_erase ON record (eraseAt) WHERE eraseAt IS NOT NULL;
   CREATE TABLE content (
     id INTEGER PRIMARY KEY REFERENCES record(id),
     facts BLOB NOT NULL,
     salts BLOB NOT NULL,
     keyId INTEGER NOT NULL,
     wrappedKey BLOB NOT NULL,
     evidence BLOB NOT NULL,
     head BLOB,
     isHeadWhole INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE body (
     recordId INTEGER NOT NULL REFERENCES record(id),
     position INTEGER NOT NULL,
     size INTEGER NOT NULL,
     digest BLOB NOT NULL,
     sealed BLOB,
     isDeflated INTEGER NOT NULL,
     file TEXT,
     fileKey BLOB,
     PRIMARY KEY (recordId, position)
   ) STRICT;
   CREATE INDEX body_file ON body (file) WHERE file IS NOT NULL;
   CREATE TABLE shared (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, text TEXT NOT NULL) STRICT;
   CREATE TABLE tally (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     facts BLOB NOT NULL,
     salt BLOB NOT NULL,
     pairs TEXT NOT NULL
   ) STRICT;
   CREATE TABLE pair (pair TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE daily (
     day INTEGER NOT NULL,
     route INTEGER NOT NULL REFERENCES route(id),
     direction TEXT NOT NULL,
     side TEXT NOT NULL,
     records INTEGER NOT NULL,
     failed INTEGER NOT NULL,
     octets INTEGER NOT NULL,
     PRIMARY KEY (day, route, direction, side)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE timestamp (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     firstId INTEGER NOT NULL,
     lastId INTEGER NOT NULL UNIQUE,
     token BLOB NOT NULL,
     result BLOB NOT NULL,
     checkpoint TEXT NOT NULL,
     leaves BLOB NOT NULL
   ) STRICT;
   CREATE TABLE condition (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE start (firstId INTEGER NOT NULL) STRICT;`,
];
