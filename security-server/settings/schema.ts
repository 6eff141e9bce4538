/** Tables of a security server's settings. Identifiers are in encoded form, lists and records as JSON. */
export interface SettingsTables {
  readonly server: { readonly name: string; readonly value: string };
  readonly client: {
    readonly id: string;
    readonly status: string;
    readonly connectionType: string;
    /** Base64 DER, JSON array. */
    readonly certificates: string;
  };
  readonly service: { readonly provider: string; readonly code: string; readonly record: string };
  readonly accessRight: {
    readonly provider: string;
    readonly code: string;
    readonly method: string;
    readonly path: string;
    readonly subject: string;
  };
  readonly localGroup: {
    readonly owner: string;
    readonly code: string;
    readonly description: string;
    /** Encoded identifiers, JSON array. */
    readonly members: string;
  };
  readonly ownCertificate: {
    readonly sha256: string;
    readonly use: string;
    readonly tokenId: string;
    readonly keyId: string;
    readonly certificate: Buffer;
    /** Base64 DER, JSON array. */
    readonly intermediates: string;
    readonly member: string | null;
    readonly isActive: number;
  };
  readonly certificateStatus: {
    readonly sha256: string;
    readonly response: Buffer;
    readonly validUntil: number;
  };
}

/** Schema steps, applied in order; a step once released is never changed. */
export const settingsSteps: readonly string[] = [
  `CREATE TABLE server (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE client (
     id TEXT PRIMARY KEY, status TEXT NOT NULL, connectionType TEXT NOT NULL, certificates TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE service (
     provider TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,
     code TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (provider, code)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE accessRight (
     provider TEXT NOT NULL, code TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, subject TEXT NOT NULL,
     PRIMARY KEY (provider, code, method, path, subject),
     FOREIGN KEY (provider, code) REFERENCES service(provider, code) ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE localGroup (
     owner TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,
     code TEXT NOT NULL, description TEXT NOT NULL, members TEXT NOT NULL, PRIMARY KEY (owner, code)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE ownCertificate (
     sha256 TEXT PRIMARY KEY, use TEXT NOT NULL, tokenId TEXT NOT NULL, keyId TEXT NOT NULL,
     certificate BLOB NOT NULL, intermediates TEXT NOT NULL, member TEXT, isActive INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE certificateStatus (
     sha256 TEXT PRIMARY KEY, response BLOB NOT NULL, validUntil INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];
