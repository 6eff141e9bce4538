/**
 * What is kept of people. Passwords, session identifiers, API keys and recovery codes lie here as hashes only. The
 * shared secret of a second factor cannot be hashed, and nothing could seal it: when people sign in no token need be
 * open, and a key to open it with would lie beside it. The file is readable by its owner alone, as is its folder;
 * who reads it can make second factors, and still needs the passwords.
 */
export const peopleSteps: readonly string[] = [
  `CREATE TABLE person (
    name TEXT PRIMARY KEY,
    -- JSON array of roles.
    roles TEXT NOT NULL,
    -- Null: signs in elsewhere.
    password TEXT,
    -- "ISSUER SUBJECT" of who signs in with OpenID Connect.
    subject TEXT UNIQUE,
    created_at INTEGER NOT NULL,
    signed_in_at INTEGER,
    -- Raised with each change: what If-Match is compared with.
    version INTEGER NOT NULL DEFAULT 1
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE second_factor (
    person TEXT PRIMARY KEY REFERENCES person (name) ON DELETE CASCADE,
    secret BLOB NOT NULL,
    -- 0 until its first code was typed.
    is_confirmed INTEGER NOT NULL,
    last_step INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE recovery_code (
    person TEXT NOT NULL REFERENCES second_factor (person) ON DELETE CASCADE,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (person, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE session (
    sha256 BLOB PRIMARY KEY,
    -- Names it in lists; opens nothing.
    id TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES person (name) ON DELETE CASCADE,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX session_person ON session (person);
  CREATE TABLE api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB NOT NULL,
    label TEXT NOT NULL,
    roles TEXT NOT NULL,
    -- Null: made with the key file of the data folder.
    creator TEXT REFERENCES person (name) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
  ) STRICT;
  CREATE TABLE sign_in_failure (
    -- Name, or name and address from which its owner came before.
    bucket TEXT PRIMARY KEY,
    is_known INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE known_address (
    person TEXT NOT NULL REFERENCES person (name) ON DELETE CASCADE,
    address TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (person, address)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
];

export interface PersonRow {
  readonly name: string;
  readonly roles: string;
  readonly password: string | null;
  readonly subject: string | null;
  readonly created_at: number;
  readonly signed_in_at: number | null;
  readonly version: number;
}

export interface SecondFactorRow {
  readonly person: string;
  readonly secret: Buffer;
  readonly is_confirmed: 0 | 1;
  readonly last_step: number;
}
