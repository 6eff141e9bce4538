/** Instants are milliseconds since 1970; identifiers are encoded; `search` is in small letters. */
export const catalogueSteps: readonly string[] = [
  `CREATE TABLE provider (
     id TEXT PRIMARY KEY, memberName TEXT NOT NULL, name TEXT NOT NULL, search TEXT NOT NULL,
     gatheredAt INTEGER, triedAt INTEGER, errorCode TEXT, errorText TEXT,
     failures INTEGER NOT NULL DEFAULT 0, nextAt INTEGER NOT NULL DEFAULT 0
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE service (
     id TEXT PRIMARY KEY, provider TEXT NOT NULL REFERENCES provider (id) ON DELETE CASCADE,
     code TEXT NOT NULL, version TEXT NOT NULL, kind TEXT NOT NULL,
     endpoints TEXT NOT NULL, endpointCount INTEGER NOT NULL, title TEXT NOT NULL DEFAULT '', search TEXT NOT NULL,
     description TEXT, describedAt INTEGER, descriptionCode TEXT, descriptionText TEXT
   ) STRICT;
   CREATE INDEX serviceProvider ON service (provider);
   CREATE TABLE asked (
     client TEXT NOT NULL, provider TEXT NOT NULL REFERENCES provider (id) ON DELETE CASCADE,
     at INTEGER NOT NULL, errorCode TEXT, errorText TEXT, PRIMARY KEY (client, provider)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX askedProvider ON asked (provider);
   CREATE TABLE allowed (
     client TEXT NOT NULL, service TEXT NOT NULL REFERENCES service (id) ON DELETE CASCADE,
     endpoints TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (client, service)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX allowedService ON allowed (service);`,
];
