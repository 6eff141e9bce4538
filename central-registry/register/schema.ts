import type { Generated } from 'kysely';
import type { CostType } from '../../gateway/configuration/index.ts';
import { type CaptureRules, historyStep } from '../history/index.ts';

/** Tables of the register. Names of entries are their own keys; certificates are DER, instants ISO 8601 UTC. */
export interface RegisterTables {
  readonly setting: { readonly name: string; readonly value: string };
  readonly memberClass: { readonly code: string; readonly description: string };
  readonly member: { readonly memberClass: string; readonly memberCode: string; readonly name: string };
  readonly subsystem: {
    readonly memberClass: string;
    readonly memberCode: string;
    readonly subsystemCode: string;
    readonly name: string | null;
  };
  readonly server: {
    readonly memberClass: string;
    readonly memberCode: string;
    readonly serverCode: string;
    readonly address: string;
    readonly isInMaintenance: number;
    readonly maintenanceMessage: string | null;
  };
  readonly authenticationCertificate: {
    readonly sha256: string;
    readonly ownerClass: string;
    readonly ownerCode: string;
    readonly serverCode: string;
    readonly certificate: Buffer;
  };
  readonly serverClient: {
    readonly ownerClass: string;
    readonly ownerCode: string;
    readonly serverCode: string;
    readonly memberClass: string;
    readonly memberCode: string;
    /** Null for a member that is a client itself. */
    readonly subsystemCode: string | null;
    /** 1 while the server keeps the client out of exchanges: it stays registered, and is not published. */
    readonly isDisabled: number;
  };
  /** What security servers asked for, in the order it came. */
  readonly managementRequest: {
    readonly id: Generated<number>;
    readonly kind: string;
    /** The service that took it: `registration` or `management`. */
    readonly origin: string;
    readonly senderClass: string;
    readonly senderCode: string;
    readonly ownerClass: string;
    readonly ownerCode: string;
    readonly serverCode: string;
    readonly messageId: string;
    /** Hex SHA-256 of the message as it was signed. */
    readonly digest: string;
    readonly clientClass: string | null;
    readonly clientCode: string | null;
    readonly subsystemCode: string | null;
    readonly subsystemName: string | null;
    readonly address: string | null;
    readonly certificate: Buffer | null;
    readonly maintenanceMessage: string | null;
    /** JSON: what was verified of its signatures; null for one that came before that was kept. */
    readonly evidence: string | null;
    readonly status: string;
    readonly reason: string | null;
    readonly createdAt: string;
    readonly decidedAt: string | null;
  };
  /** Who was invited to join with a server, and how far that went. */
  readonly invitation: {
    readonly jti: string;
    readonly memberClass: string;
    readonly memberCode: string;
    readonly memberName: string;
    readonly contact: string;
    readonly serverCode: string;
    /** Anchor file that redemption hands out: the invitation names its hash. */
    readonly anchor: Buffer;
    readonly createdAt: string;
    readonly createdBy: string;
    readonly expiresAt: string;
    readonly withdrawnAt: string | null;
    /** Null until it was redeemed; so are the four after it. */
    readonly redeemedAt: string | null;
    /** Hex SHA-256. */
    readonly secretSha256: string | null;
    /** Where the joining server said that it will be reached. */
    readonly address: string | null;
    /** JSON: subsystems that it said it will register. */
    readonly subsystems: string | null;
    /** JSON: its own report of its steps. */
    readonly progress: string | null;
    /** JSON: what the registry found when it tried to reach it. */
    readonly connections: string | null;
    readonly decision: string | null;
    readonly reason: string | null;
    readonly decidedAt: string | null;
    readonly decidedBy: string | null;
  };
  readonly globalGroup: { readonly code: string; readonly description: string };
  readonly groupMember: {
    readonly groupCode: string;
    readonly memberClass: string;
    readonly memberCode: string;
    readonly subsystemCode: string | null;
  };
  readonly certificationService: {
    readonly entryId: string;
    readonly name: string;
    readonly profile: string;
    readonly authenticationOnly: number;
    readonly defaultCsrFormat: 'PEM' | 'DER' | null;
    /** Null for a service without an ACME server; so is whatever else of it is not told. */
    readonly acmeDirectoryUrl: string | null;
    readonly acmeIpAddress: string | null;
    readonly acmeAuthenticationProfile: string | null;
    readonly acmeSigningProfile: string | null;
  };
  readonly authority: {
    readonly service: string;
    /** 0 is the top authority. */
    readonly position: number;
    readonly certificate: Buffer;
  };
  readonly ocspResponder: {
    readonly service: string;
    readonly position: number;
    readonly ordinal: number;
    readonly url: string;
    readonly certificate: Buffer | null;
    readonly costType: CostType | null;
  };
  readonly timestampingService: {
    readonly entryId: string;
    readonly name: string;
    readonly url: string;
    readonly certificate: Buffer;
    readonly costType: CostType | null;
  };
  /** Of the instance's own; those of X-Road are in the program. */
  readonly certificateProfile: {
    readonly name: string;
    readonly description: string;
    readonly publishedAs: string;
    /** JSON: ways to write a subject. */
    readonly forms: string;
  };
  /** What makes another instance known to own servers. */
  readonly trustedAnchor: {
    readonly instance: string;
    /** As it was uploaded: its hash is what people compared. */
    readonly file: Buffer;
  };
  readonly configurationKey: {
    readonly source: string;
    readonly keyId: string;
    readonly certificate: Buffer;
    readonly isActive: number;
    readonly createdAt: string;
  };
}

/** Schema steps, applied in order; a step once released is never changed. */
export const registerSteps: readonly string[] = [
  `CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE memberClass (code TEXT PRIMARY KEY, description TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE member (
     memberClass TEXT NOT NULL REFERENCES memberClass(code), memberCode TEXT NOT NULL, name TEXT NOT NULL,
     PRIMARY KEY (memberClass, memberCode)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE subsystem (
     memberClass TEXT NOT NULL, memberCode TEXT NOT NULL, subsystemCode TEXT NOT NULL, name TEXT,
     PRIMARY KEY (memberClass, memberCode, subsystemCode),
     FOREIGN KEY (memberClass, memberCode) REFERENCES member(memberClass, memberCode)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE server (
     memberClass TEXT NOT NULL, memberCode TEXT NOT NULL, serverCode TEXT NOT NULL, address TEXT NOT NULL,
     isInMaintenance INTEGER NOT NULL, maintenanceMessage TEXT,
     PRIMARY KEY (memberClass, memberCode, serverCode),
     FOREIGN KEY (memberClass, memberCode) REFERENCES member(memberClass, memberCode)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE authenticationCertificate (
     sha256 TEXT PRIMARY KEY, ownerClass TEXT NOT NULL, ownerCode TEXT NOT NULL, serverCode TEXT NOT NULL,
     certificate BLOB NOT NULL,
     FOREIGN KEY (ownerClass, ownerCode, serverCode)
       REFERENCES server(memberClass, memberCode, serverCode) ON DELETE CASCADE
   ) STRICT;
   CREATE INDEX certificateByServer ON authenticationCertificate (ownerClass, ownerCode, serverCode);
   CREATE TABLE serverClient (
     ownerClass TEXT NOT NULL, ownerCode TEXT NOT NULL, serverCode TEXT NOT NULL,
     memberClass TEXT NOT NULL, memberCode TEXT NOT NULL, subsystemCode TEXT,
     FOREIGN KEY (ownerClass, ownerCode, serverCode)
       REFERENCES server(memberClass, memberCode, serverCode) ON DELETE CASCADE,
     FOREIGN KEY (memberClass, memberCode) REFERENCES member(memberClass, memberCode),
     FOREIGN KEY (memberClass, memberCode, subsystemCode)
       REFERENCES subsystem(memberClass, memberCode, subsystemCode)
   ) STRICT;
   CREATE UNIQUE INDEX clientOnce ON serverClient
     (ownerClass, ownerCode, serverCode, memberClass, memberCode, coalesce(subsystemCode, ''));
   CREATE INDEX clientByMember ON serverClient (memberClass, memberCode, subsystemCode);
   CREATE TABLE globalGroup (code TEXT PRIMARY KEY, description TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE groupMember (
     groupCode TEXT NOT NULL REFERENCES globalGroup(code) ON DELETE CASCADE,
     memberClass TEXT NOT NULL, memberCode TEXT NOT NULL, subsystemCode TEXT,
     FOREIGN KEY (memberClass, memberCode) REFERENCES member(memberClass, memberCode) ON DELETE CASCADE,
     FOREIGN KEY (memberClass, memberCode, subsystemCode)
       REFERENCES subsystem(memberClass, memberCode, subsystemCode) ON DELETE CASCADE
   ) STRICT;
   CREATE UNIQUE INDEX groupMemberOnce ON groupMember
     (groupCode, memberClass, memberCode, coalesce(subsystemCode, ''));
   CREATE INDEX groupByMember ON groupMember (memberClass, memberCode, subsystemCode);
   CREATE TABLE certificationService (
     entryId TEXT PRIMARY KEY, name TEXT NOT NULL, profile TEXT NOT NULL, authenticationOnly INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE authority (
     service TEXT NOT NULL REFERENCES certificationService(entryId) ON DELETE CASCADE,
     position INTEGER NOT NULL, certificate BLOB NOT NULL, PRIMARY KEY (service, position)
   ) STRICT;
   CREATE TABLE ocspResponder (
     service TEXT NOT NULL, position INTEGER NOT NULL, ordinal INTEGER NOT NULL, url TEXT NOT NULL,
     certificate BLOB, PRIMARY KEY (service, position, ordinal),
     FOREIGN KEY (service, position) REFERENCES authority(service, position) ON DELETE CASCADE
   ) STRICT;
   CREATE TABLE timestampingService (
     entryId TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, certificate BLOB NOT NULL
   ) STRICT;
   CREATE TABLE configurationKey (
     keyId TEXT PRIMARY KEY, source TEXT NOT NULL CHECK (source IN ('internal', 'external')),
     certificate BLOB NOT NULL, isActive INTEGER NOT NULL, createdAt TEXT NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX oneActiveKey ON configurationKey (source) WHERE isActive = 1;`,
  `ALTER TABLE serverClient ADD COLUMN isDisabled INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE managementRequest (
     id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
     origin TEXT NOT NULL CHECK (origin IN ('registration', 'management')),
     senderClass TEXT NOT NULL, senderCode TEXT NOT NULL,
     ownerClass TEXT NOT NULL, ownerCode TEXT NOT NULL, serverCode TEXT NOT NULL,
     messageId TEXT NOT NULL, digest TEXT NOT NULL,
     clientClass TEXT, clientCode TEXT, subsystemCode TEXT, subsystemName TEXT, address TEXT, certificate BLOB,
     maintenanceMessage TEXT,
     status TEXT NOT NULL CHECK (status IN ('waiting', 'approved', 'declined', 'revoked')), reason TEXT,
     createdAt TEXT NOT NULL, decidedAt TEXT
   ) STRICT;
   CREATE UNIQUE INDEX messageOnce ON managementRequest (senderClass, senderCode, messageId);
   CREATE INDEX requestByStatus ON managementRequest (status, kind);
   DELETE FROM groupMember WHERE groupCode = 'security-server-owners';
   INSERT INTO globalGroup (code, description) SELECT 'security-server-owners', 'Owners of security servers'
     WHERE EXISTS (SELECT 1 FROM server) ON CONFLICT DO NOTHING;
   INSERT INTO groupMember (groupCode, memberClass, memberCode, subsystemCode)
     SELECT DISTINCT 'security-server-owners', memberClass, memberCode, NULL FROM server;`,
  `CREATE TABLE trustedAnchor (instance TEXT PRIMARY KEY, file BLOB NOT NULL) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE certificationService ADD COLUMN defaultCsrFormat TEXT;
   ALTER TABLE certificationService ADD COLUMN acmeDirectoryUrl TEXT;
   ALTER TABLE certificationService ADD COLUMN acmeIpAddress TEXT;
   ALTER TABLE certificationService ADD COLUMN acmeAuthenticationProfile TEXT;
   ALTER TABLE certificationService ADD COLUMN acmeSigningProfile TEXT;
   ALTER TABLE ocspResponder ADD COLUMN costType TEXT;
   ALTER TABLE timestampingService ADD COLUMN costType TEXT;`,
  `CREATE TABLE invitation (
     jti TEXT PRIMARY KEY, memberClass TEXT NOT NULL, memberCode TEXT NOT NULL, memberName TEXT NOT NULL,
     contact TEXT NOT NULL, serverCode TEXT NOT NULL, anchor BLOB NOT NULL,
     createdAt TEXT NOT NULL, createdBy TEXT NOT NULL, expiresAt TEXT NOT NULL, withdrawnAt TEXT,
     redeemedAt TEXT, secretSha256 TEXT, address TEXT, subsystems TEXT, progress TEXT, connections TEXT,
     decision TEXT CHECK (decision IN ('approved', 'declined')), reason TEXT, decidedAt TEXT, decidedBy TEXT
   ) STRICT;
   CREATE INDEX invitationByServer ON invitation (memberClass, memberCode, serverCode);`,
  historyStep,
  `CREATE TABLE certificateProfile (
     name TEXT PRIMARY KEY, description TEXT NOT NULL, publishedAs TEXT NOT NULL, forms TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE managementRequest ADD COLUMN evidence TEXT;`,
];

/** What its history cannot know from the schema. */
export const captureRules: Omit<CaptureRules, 'exempt'> = {
  identities: {
    serverClient: ['ownerClass', 'ownerCode', 'serverCode', 'memberClass', 'memberCode', 'subsystemCode'],
    groupMember: ['groupCode', 'memberClass', 'memberCode', 'subsystemCode'],
  },
  secrets: {
    // Sealed by the token, and still not for whoever may read the history.
    setting: { value: "$name = 'invitationKey'" },
    invitation: { secretSha256: '$secretSha256 IS NOT NULL' },
  },
};
