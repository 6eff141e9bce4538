/**
 * Every fault code, in the spelling of X-Road releases up to 7.7; release 7.8 writes most of them in snake
 * case, and the few that differ stand here with their newer name.
 */
const codes = {
  InternalError: true,
  IOError: 'io_error',
  NetworkError: true,
  UnknownHost: true,
  HttpError: true,
  DatabaseError: true,
  BadRequest: true,
  NotFound: true,
  InvalidRequest: true,
  InvalidContentType: true,
  InvalidHttpMethod: true,
  InvalidSoapAction: true,
  InvalidProtocolVersion: true,
  InvalidClientIdentifier: true,
  InvalidMessage: true,
  MimeParsingFailed: true,
  MissingHeader: true,
  MissingHeaderField: true,
  DuplicateHeaderField: true,
  MissingBody: true,
  InvalidBody: true,
  InvalidSoap: true,
  InvalidXml: true,
  InconsistentHeaders: true,
  InconsistentResponse: true,
  MissingSoap: true,
  MissingRest: true,
  MissingSignature: true,
  UnknownMember: true,
  UnknownService: true,
  ServiceType: true,
  AccessDenied: true,
  ServiceDisabled: true,
  /** Of this program alone: X-Road knows no quotas. */
  QuotaExceeded: true,
  ServiceMissingUrl: true,
  ServiceMalformedUrl: true,
  ServiceFailed: true,
  InvalidSecurityServer: true,
  MaintenanceMode: true,
  ClientProxyVersionNotSupported: true,
  OutdatedGlobalConf: 'global_conf_outdated',
  MalformedGlobalConf: true,
  MalformedServerConf: true,
  SslAuthenticationFailed: true,
  InvalidCertPath: true,
  CannotCreateCertPath: true,
  CertValidation: true,
  IncorrectValidationInfo: true,
  IncorrectCertificate: true,
  SignatureVerification: true,
  MalformedSignature: true,
  InvalidSignatureValue: true,
  InvalidReference: true,
  InvalidHashChain: true,
  MalformedHashChain: true,
  InvalidHashChainRef: true,
  HashChainUnusedInputs: 'hashchain_unused_inputs',
  CannotCreateSignature: true,
  LoggingFailed: true,
  TimestampingFailed: true,
  TimestamperFailed: true,
  HSMNonOperational: 'hsm_non_operational',
  KeyNotFound: true,
  CertNotFound: true,
  TokenNotFound: true,
  TokenNotActive: true,
  TokenNotInitialized: true,
  TokenNotAvailable: true,
  CannotSign: true,
  LoginFailed: true,
  PinIncorrect: true,
  AsicMimeTypeNotFound: true,
  AsicInvalidMimeType: true,
  AsicSignatureNotFound: true,
  AsicMessageNotFound: true,
  AsicHashChainNotFound: true,
  AsicHashChainResultNotFound: true,
  AsicTimestampNotFound: true,
  AsicManifestNotFound: true,
} as const satisfies Record<string, true | string>;

export type FaultCode = keyof typeof codes;

/** Where on the road a fault arose. */
export type FaultOrigin = 'Client' | 'ClientProxy' | 'ServerProxy' | 'OpMonitor' | 'Signer';

const origins: Readonly<Record<FaultOrigin, string>> = {
  Client: 'Client',
  ClientProxy: 'Server.ClientProxy',
  ServerProxy: 'Server.ServerProxy',
  OpMonitor: 'Server.ServerProxy.OpMonitor',
  Signer: 'Signer',
};

/** Which release's spelling: this program sends 7.8 and reads either. */
export type Spelling = '7.8' | '7.7';

/** The code alone, as release 7.8 spells it. */
function spellName(code: FaultCode): string {
  const spelled = codes[code];
  return typeof spelled === 'string' ? spelled : code.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase();
}

const bySpelling: ReadonlyMap<string, FaultCode> = new Map(
  Object.keys(codes).flatMap((name) => {
    const code = name as FaultCode;
    return [
      [name, code],
      [spellName(code), code],
    ] as const;
  }),
);

export interface CodeParts {
  readonly origin?: FaultOrigin | undefined;
  /** Wrappers, outermost first. */
  readonly within: readonly FaultCode[];
  readonly code: FaultCode;
}

/** E.g. `server.serverproxy.signature_verification.invalid_signature_value`. */
export function spellParts({ origin, within, code }: CodeParts, spelling: Spelling): string {
  const names = [...within, code].map((name) => (spelling === '7.8' ? spellName(name) : olderName(name)));
  const prefix =
    origin === undefined ? [] : [spelling === '7.8' ? origins[origin].toLowerCase() : origins[origin]];
  return [...prefix, ...names].join('.');
}

/** Release 7.7 has one name for both. */
function olderName(code: FaultCode): string {
  return code === 'UnknownHost' ? 'NetworkError' : code;
}

/** Reads a code in either spelling; undefined when a name in it is unknown here. */
export function readCode(text: string): CodeParts | undefined {
  const lower = text.toLowerCase();
  const [origin, prefix] = Object.entries(origins).reduce<readonly [FaultOrigin | undefined, string]>(
    // The longest prefix that fits, for one origin's spelling begins with another's.
    (best, [name, spelled]) =>
      lower.startsWith(`${spelled.toLowerCase()}.`) && spelled.length >= best[1].length
        ? [name as FaultOrigin, `${spelled}.`]
        : best,
    [undefined, ''],
  );
  const names = text
    .slice(prefix.length)
    .split('.')
    .map((name) => bySpelling.get(name));
  if (names.some((name) => name === undefined)) return undefined;
  const known = names.filter((name) => name !== undefined);
  const code = known.at(-1);
  if (code === undefined) return undefined;
  return { ...(origin !== undefined && { origin }), within: known.slice(0, -1), code };
}
