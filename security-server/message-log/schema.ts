/** Schema steps of the message log, applied in order; a step once released is never changed. */
export const messageLogSteps: readonly string[] = [
  `CREATE TABLE timestamp (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     token BLOB NOT NULL,
     result BLOB
   ) STRICT;
   CREATE TABLE record (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     at INTEGER NOT NULL,
     direction TEXT NOT NULL,
     side TEXT NOT NULL,
     protocol TEXT NOT NULL,
     queryId TEXT NOT NULL,
     requestId TEXT NOT NULL,
     client TEXT NOT NULL,
     service TEXT NOT NULL,
     head BLOB NOT NULL,
     signature BLOB NOT NULL,
     hashChainResult BLOB,
     hashChain BLOB,
     signatureHash BLOB NOT NULL,
     timestampId INTEGER REFERENCES timestamp(id),
     timestampChain BLOB
   ) STRICT;
   CREATE INDEX record_by_query_id ON record (queryId);
   CREATE INDEX record_without_timestamp ON record (id) WHERE timestampId IS NULL;
   CREATE TABLE body (
     recordId INTEGER NOT NULL REFERENCES record(id),
     position INTEGER NOT NULL,
     size INTEGER NOT NULL,
     bytes BLOB,
     file TEXT,
     key BLOB,
     PRIMARY KEY (recordId, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE condition (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
];
