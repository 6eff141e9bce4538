import { isIP } from 'node:net';
import { CertificateError, parseCertificate, parseRequest } from '../../x509/index.ts';
import type { Authority } from '../authority.ts';
import type { AccountBook, ExternalAccount } from './account-book.ts';
import {
  type HeldOrder,
  type Identifier,
  Orders,
  showAuthorization,
  showChallenge,
  showOrder,
} from './orders.ts';
import { AcmeProblem } from './problem.ts';
import { readBinding, type SignedRequest } from './signed-request.ts';
import { verifyAddress } from './verify-address.ts';

export interface AcmeServiceOptions {
  readonly authority: Authority;
  readonly book: AccountBook;
  /** Written into certificates. */
  readonly ocspUrl: string;
  /** At which applicants show that an address is theirs; 80 unless in a network of its own. */
  readonly httpPort: number;
  /** Days that certificates last; as the authority has it unless told. */
  readonly days?: number;
  /** Told of errors that nobody foresaw. */
  readonly report: (error: unknown) => void;
}

/** What is answered: JSON, or a document of another type. */
export interface AcmeReply {
  readonly status?: number;
  readonly location?: string;
  readonly retryAfterSeconds?: number;
  readonly json?: object;
  readonly pem?: string;
}

export const profiles = {
  signing: 'signs messages for a member',
  authentication: 'authenticates a security server to others',
} as const;

/** Pause that clients are asked for while something is under way. Seconds. */
const pauseSeconds = 1;

/** An ACME authority for applicants with an external account: who they are is known, where they are is verified. */
export class AcmeService {
  readonly #options: AcmeServiceOptions;
  readonly #orders = new Orders();

  constructor(options: AcmeServiceOptions) {
    this.#options = options;
  }

  /** @param base address of the server @throws AcmeProblem */
  async newAccount(
    base: string,
    { jwk, thumbprint, isByKey, payload = {} }: SignedRequest,
  ): Promise<AcmeReply> {
    const { book } = this.#options;
    if (!isByKey) throw new AcmeProblem('malformed', 'the key itself signs for a new account');
    const known = book.byThumbprint(thumbprint);
    if (known !== undefined) return showAccount(base, known.keyId, 200);
    if (payload['onlyReturnExisting'] === true) {
      throw new AcmeProblem('accountDoesNotExist', 'there is no account of this key');
    }
    const { externalAccountBinding } = payload;
    if (externalAccountBinding === undefined) {
      throw new AcmeProblem('externalAccountRequired', 'an external account is expected', 403);
    }
    const url = `${base}/new-account`;
    const keyId = await readBinding(externalAccountBinding, { jwk, url }, (id) => book.macKeyOf(id));
    if (await book.bind(keyId, { jwk, thumbprint })) return showAccount(base, keyId, 201);
    throw new AcmeProblem('unauthorized', 'the external account is bound to another key', 403);
  }

  account(base: string, asked: SignedRequest): AcmeReply {
    return showAccount(base, this.#accountOf(asked).keyId, 200);
  }

  /** @throws AcmeProblem */
  newOrder(base: string, asked: SignedRequest): AcmeReply {
    const { keyId } = this.#accountOf(asked);
    const { identifiers, profile = 'authentication' } = asked.payload ?? {};
    if (typeof profile !== 'string' || !Object.hasOwn(profiles, profile)) {
      throw new AcmeProblem('malformed', 'the profile is none of those that the directory names');
    }
    const wanted = { keyId, kind: profile as HeldOrder['kind'], identifier: readIdentifier(identifiers) };
    const order = this.#orders.place(wanted, this.#options.authority.now());
    return { status: 201, location: `${base}/orders/${order.id}`, json: showOrder(base, order) };
  }

  /** @throws AcmeProblem */
  order(base: string, id: string, asked: SignedRequest): AcmeReply {
    return shown(this.#require(id, asked), (order) => showOrder(base, order));
  }

  /** @throws AcmeProblem */
  authorization(base: string, id: string, asked: SignedRequest): AcmeReply {
    return shown(this.#require(id, asked), (order) => showAuthorization(base, order));
  }

  /** Begins to verify; once, however often it is asked for. @throws AcmeProblem */
  challenge(base: string, id: string, asked: SignedRequest): AcmeReply {
    const order = this.#require(id, asked);
    if (order.status === 'pending' && asked.payload !== undefined) {
      order.status = 'verifying';
      void this.#verify(order, `${order.token}.${asked.thumbprint}`);
    }
    return shown(order, () => showChallenge(base, order, order.problem));
  }

  /** @throws AcmeProblem */
  async finalize(base: string, id: string, asked: SignedRequest): Promise<AcmeReply> {
    const account = this.#accountOf(asked);
    const order = this.#require(id, asked);
    if (order.status !== 'ready') throw new AcmeProblem('orderNotReady', `the order is ${order.status}`, 403);
    const request = Buffer.from(String(asked.payload?.['csr']), 'base64url');
    requireNames(request, order.identifier);
    order.status = 'processing';
    try {
      await this.#issue(order, request, account);
    } catch (error) {
      order.status = 'invalid';
      throw error;
    }
    return { location: `${base}/orders/${id}`, json: showOrder(base, order) };
  }

  /** @throws AcmeProblem */
  certificate(id: string, asked: SignedRequest): AcmeReply {
    const { certificate } = this.#require(id, asked);
    if (certificate === undefined) throw new AcmeProblem('orderNotReady', 'nothing is issued yet', 403);
    return { pem: `${certificate}${this.#options.authority.caCertificate.pem}` };
  }

  /** @throws AcmeProblem */
  async revoke(asked: SignedRequest): Promise<AcmeReply> {
    const { authority, book } = this.#options;
    const { keyId } = this.#accountOf(asked);
    const serialNumber = readSerial(Buffer.from(String(asked.payload?.['certificate']), 'base64url'));
    const entry = book.issued(serialNumber.toString(16));
    if (entry?.keyId !== keyId)
      throw new AcmeProblem('unauthorized', 'it was not issued to this account', 403);
    if (entry.issued.isRevoked) throw new AcmeProblem('alreadyRevoked', 'it is revoked already');
    await authority.revoke(serialNumber);
    await book.noteRevoked(keyId, serialNumber.toString(16));
    return { status: 200 };
  }

  /** @param name key identifier of the issuer, and serial number @throws AcmeProblem @see RFC 9773 §4 */
  renewalInfo(name: string): AcmeReply {
    const serialNumber = Buffer.from(name.split('.')[1] ?? '', 'base64url')
      .toString('hex')
      .replace(/^0+/, '');
    const entry = this.#options.book.issued(serialNumber);
    if (entry === undefined) throw new AcmeProblem('malformed', 'there is no such certificate', 404);
    const { notBefore, notAfter, isRevoked } = entry.issued;
    const [begin, end] = [new Date(notBefore).getTime(), new Date(notAfter).getTime()];
    const at = (part: number) => new Date(begin + (end - begin) * part).toISOString();
    // What is revoked should have been renewed before now.
    const [start, stop] = isRevoked ? [-0.02, -0.01] : [0.66, 0.75];
    return { retryAfterSeconds: 6 * 3600, json: { suggestedWindow: { start: at(start), end: at(stop) } } };
  }

  async #verify(order: HeldOrder, keyAuthorization: string): Promise<void> {
    try {
      await verifyAddress(order.identifier.value, this.#options.httpPort, order.token, keyAuthorization);
      order.status = 'ready';
    } catch (error) {
      order.status = 'invalid';
      if (error instanceof AcmeProblem) order.problem = error;
      else this.#options.report(error);
    }
  }

  async #issue(
    order: HeldOrder,
    request: Buffer,
    { keyId, profile, applicant }: ExternalAccount,
  ): Promise<void> {
    const { authority, book, ocspUrl, days } = this.#options;
    const certificate = await authority.issue({
      ...{ request, kind: order.kind, profile, ocspUrl },
      applicant: { ...applicant, dnsName: order.identifier.value },
      ...(days !== undefined && { days }),
    });
    await book.noteIssued(keyId, {
      serialNumber: certificate.serialNumber.toString(16),
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
    });
    order.certificate = certificate.pem;
    order.status = 'valid';
  }

  #accountOf({ thumbprint, isByKey }: SignedRequest): ExternalAccount {
    const account = isByKey ? undefined : this.#options.book.byThumbprint(thumbprint);
    if (account === undefined) throw new AcmeProblem('accountDoesNotExist', 'there is no such account');
    return account;
  }

  #require(id: string, asked: SignedRequest): HeldOrder {
    return this.#orders.require(id, this.#accountOf(asked).keyId);
  }
}

function showAccount(base: string, keyId: string, status: number): AcmeReply {
  return { status, location: `${base}/accounts/${keyId}`, json: { status: 'valid' } };
}

function shown(order: HeldOrder, show: (order: HeldOrder) => object): AcmeReply {
  const isUnderWay = order.status === 'verifying' || order.status === 'processing';
  return { json: show(order), ...(isUnderWay && { retryAfterSeconds: pauseSeconds }) };
}

function readIdentifier(identifiers: unknown): Identifier {
  const [first, ...more] = Array.isArray(identifiers) ? (identifiers as unknown[]) : [];
  const { type, value } = (first ?? {}) as Readonly<Record<string, unknown>>;
  if (more.length > 0 || typeof value !== 'string') {
    throw new AcmeProblem('rejectedIdentifier', 'one address is expected, the one of the server');
  }
  if (type === 'ip' && isIP(value) !== 0) return { type, value };
  // A last label of digits would make a name an address to some.
  const isName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(
    value,
  );
  if (type === 'dns' && isName) return { type, value };
  throw new AcmeProblem('unsupportedIdentifier', 'the name of a host or an IP address is expected');
}

function requireNames(request: Buffer, { value }: Identifier): void {
  const { subjectAltNames } = certificateErrors(() => parseRequest(request));
  const [name, ...more] = subjectAltNames;
  if (name?.toLowerCase() === value.toLowerCase() && more.length === 0) return;
  throw new AcmeProblem('badCSR', `the request has to be for ${value}, and nothing else`);
}

function readSerial(der: Buffer): bigint {
  return certificateErrors(() => parseCertificate(der)).serialNumber;
}

function certificateErrors<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof CertificateError) throw new AcmeProblem('badCSR', error.message);
    throw error;
  }
}
