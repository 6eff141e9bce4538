import type { Generated } from 'kysely';

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
  readonly service: {
    readonly provider: string;
    readonly code: string;
    /** '' when it has none. */
    readonly version: string;
    /** Id of the WSDL it comes from. */
    readonly description: string | null;
    readonly record: string;
  };
  readonly wsdlDescription: {
    readonly provider: string;
    readonly id: string;
    readonly url: string | null;
    /** Base64 DER, JSON array. */
    readonly certificates: string;
    /** The document as callers are given it. */
    readonly published: Buffer;
    readonly acceptedAt: number;
    readonly disabledNotice: string | null;
  };
  readonly openApiDescription: {
    readonly provider: string;
    readonly code: string;
    readonly url: string | null;
    /** Base64 DER, JSON array. */
    readonly certificates: string;
    readonly digest: string;
    readonly openapi: string;
    readonly title: string;
    readonly version: string;
    readonly contentType: string;
    /** JSON array. */
    readonly endpoints: string;
    /** The document as callers are given it. */
    readonly published: Buffer;
    readonly acceptedAt: number;
  };
  readonly accessRight: {
    readonly provider: string;
    readonly code: string;
    readonly method: string;
    readonly path: string;
    readonly subject: string;
    /** Milliseconds since 1970. */
    readonly validFrom: number | null;
    readonly validUntil: number | null;
  };
  readonly serviceLimit: {
    readonly provider: string;
    readonly code: string;
    /** `each`, `all`, or an encoded client. */
    readonly consumer: string;
    readonly periodSeconds: number;
    readonly requests: number;
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
  readonly certificateRequest: {
    readonly keyId: string;
    readonly use: string | null;
    /** PEM. */
    readonly request: string;
    readonly format: string;
    readonly service: string | null;
    /** Milliseconds since 1970. */
    readonly madeAt: number;
  };
  readonly token: {
    readonly id: string;
    /** How messages are signed with its keys: single, batch, automatic. */
    readonly signing: string;
  };
  readonly notice: {
    /** Kind, fingerprint and owner of a certificate. */
    readonly expiry: string;
    /** Before its end. */
    readonly days: number;
    readonly channel: string;
    /** waiting, sent, passed. */
    readonly state: string;
    /** Milliseconds since 1970. */
    readonly notAfter: number;
    readonly changedAt: number;
  };
  readonly managementRequest: {
    readonly id: Generated<number>;
    readonly messageId: string;
    /** Body element as it was sent. */
    readonly body: string;
    readonly status: string;
    /** Number at the registry. */
    readonly requestId: number | null;
    readonly reason: string | null;
    /** Milliseconds since 1970. */
    readonly sentAt: number;
    readonly changedAt: number;
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
  // Services get versions. Rights ignore them, so that they belong to a code and no longer to one row; they are moved
  // first, for dropping a table deletes what refers to it.
  `CREATE TABLE wsdlDescription (
     provider TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,
     id TEXT NOT NULL, url TEXT, certificates TEXT NOT NULL, published BLOB NOT NULL,
     acceptedAt INTEGER NOT NULL, disabledNotice TEXT,
     PRIMARY KEY (provider, id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE movedRight (
     provider TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,
     code TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, subject TEXT NOT NULL,
     PRIMARY KEY (provider, code, method, path, subject)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO movedRight SELECT provider, code, method, path, subject FROM accessRight;
   DROP TABLE accessRight;
   ALTER TABLE movedRight RENAME TO accessRight;
   CREATE TABLE movedService (
     provider TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,
     code TEXT NOT NULL, version TEXT NOT NULL, description TEXT, record TEXT NOT NULL,
     PRIMARY KEY (provider, code, version),
     FOREIGN KEY (provider, description) REFERENCES wsdlDescription(provider, id) ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;
   INSERT INTO movedService SELECT provider, code, '', NULL, record FROM service;
   DROP TABLE service;
   ALTER TABLE movedService RENAME TO service;`,
  'CREATE TABLE token (id TEXT PRIMARY KEY, signing TEXT NOT NULL) STRICT, WITHOUT ROWID;',
  `CREATE TABLE managementRequest (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     messageId TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL, requestId INTEGER, reason TEXT,
     sentAt INTEGER NOT NULL, changedAt INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX managementRequestStatus ON managementRequest(status);`,
  `ALTER TABLE accessRight ADD COLUMN validFrom INTEGER;
   ALTER TABLE accessRight ADD COLUMN validUntil INTEGER;`,
  `CREATE TABLE openApiDescription (
     provider TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,
     code TEXT NOT NULL, url TEXT, certificates TEXT NOT NULL, digest TEXT NOT NULL, openapi TEXT NOT NULL,
     title TEXT NOT NULL, version TEXT NOT NULL, contentType TEXT NOT NULL, endpoints TEXT NOT NULL,
     published BLOB NOT NULL, acceptedAt INTEGER NOT NULL, PRIMARY KEY (provider, code)
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE certificateRequest (
     keyId TEXT PRIMARY KEY, use TEXT, request TEXT NOT NULL, format TEXT NOT NULL, service TEXT,
     madeAt INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE serviceLimit (
     provider TEXT NOT NULL REFERENCES client(id) ON DELETE CASCADE,
     code TEXT NOT NULL, consumer TEXT NOT NULL, periodSeconds INTEGER NOT NULL, requests INTEGER NOT NULL,
     PRIMARY KEY (provider, code, consumer, periodSeconds)
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE notice (
     expiry TEXT NOT NULL, days INTEGER NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL,
     notAfter INTEGER NOT NULL, changedAt INTEGER NOT NULL, PRIMARY KEY (expiry, days, channel)
   ) STRICT, WITHOUT ROWID;`,
];
