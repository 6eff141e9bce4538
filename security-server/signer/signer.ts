import type { SecureContext, SecureContextOptions } from 'node:tls';
import { OcspError } from '../../certs/ocsp/index.ts';
import type { Token } from '../../certs/token/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import {
  equal,
  identifierKey,
  type MemberId,
  printFull,
  type ServerId,
} from '../../gateway/identifier/index.ts';
import type { MessagePart } from '../../gateway/message/index.ts';
import type { ConfigurationSource, Signer, SigningIdentity } from '../../gateway/road/index.ts';
import type { SignatureDocuments } from '../../gateway/signature/index.ts';
import type { AuthenticationIdentity } from '../../gateway/transport/index.ts';
import type { NoteAsked } from '../asked/index.ts';
import { BatchSigner, type SigningMode } from './batch-signer.ts';
import type { OwnCertificate } from './own-certificates.ts';
import { type Reason, reasonsOfCertificate, reasonsOfToken } from './reasons.ts';
import { type CertificateStatus, fetchStatus } from './status-fetcher.ts';

export interface SignerOptions {
  readonly serverId: ServerId;
  readonly tokens: { get(tokenId: string): Token | undefined };
  readonly configuration: ConfigurationSource;
  /** Versions and suites towards other security servers. */
  readonly tls: SecureContextOptions;
  readonly now: () => Date;
  /** How the keys of each token sign, by token; `automatic` for others. */
  readonly signingModes: ReadonlyMap<string, SigningMode>;
  /** Statuses kept from before a restart, by SHA-256 hex of the certificate. */
  readonly savedStatuses: ReadonlyMap<string, CertificateStatus>;
  readonly saveStatus: (sha256: string, status: CertificateStatus) => Promise<void>;
  /** The status of this certificate is not to be used again, not after a restart either. */
  readonly removeStatus: (sha256: string) => Promise<void>;
  /** Told why a status could not be fetched; the fetch is tried again by itself. */
  readonly onFailure: (certificate: OwnCertificate, error: Error) => void;
  /** Told how it went with each responder. */
  readonly onAsked?: NoteAsked;
}

/** Retries after failure: 5 s, doubling, at most the ordinary interval. */
const firstRetryMs = 5_000;

/**
 * Knows which key signs for which member and which one authenticates this server, and keeps a good OCSP
 * response of each of their certificates at hand before it is needed.
 */
export class ServerSigner implements Signer {
  readonly #options: SignerOptions;
  #certificates: readonly OwnCertificate[] = [];
  readonly #statuses: Map<string, CertificateStatus>;
  readonly #failures = new Map<string, { readonly count: number; readonly error: Error }>();
  readonly #nextFetchAt = new Map<string, number>();
  readonly #batches = new BatchSigner({ elapsedMs: () => performance.now() });
  readonly #modes: Map<string, SigningMode>;
  /** In which token the key of an identity lies. */
  readonly #tokenOf = new WeakMap<SigningIdentity, string>();
  readonly #identities = new Map<string, { validUntil: number; identity: SigningIdentity }>();
  #authentication:
    | { validUntil: number; configurationId: string | undefined; identity: AuthenticationIdentity }
    | undefined;
  #context: { chain: string; context: SecureContext } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #fetching: Promise<void> | undefined;
  #closed = false;

  constructor(options: SignerOptions) {
    this.#options = options;
    this.#statuses = new Map(options.savedStatuses);
    this.#modes = new Map(options.signingModes);
  }

  /** Takes the certificates in force and fetches the statuses that are missing. */
  async use(certificates: readonly OwnCertificate[]): Promise<void> {
    this.#certificates = certificates;
    this.#forget();
    // A round under way may have begun without the new ones.
    await this.#fetching;
    await this.refresh();
  }

  /** Fetches every status that is due now, and plans the next round. */
  refresh(): Promise<void> {
    this.#fetching ??= this.#fetchDue().finally(() => {
      this.#fetching = undefined;
      this.#plan();
    });
    return this.#fetching;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async signingIdentity(member: MemberId): Promise<SigningIdentity> {
    const key = identifierKey(member);
    const now = this.#options.now().getTime();
    const known = this.#identities.get(key);
    if (known !== undefined && now <= known.validUntil) return known.identity;

    const reasons: Reason[] = [];
    for (const own of this.#signingCertificates(member)) {
      const usable = this.#usable(own, now, reasons);
      if (usable === undefined) continue;
      const { token, status } = usable;
      const identity: SigningIdentity = {
        key: token.signingKey(own.keyId),
        certificate: own.certificate,
        intermediates: own.intermediates,
        ocspResponses: [status.response],
      };
      this.#tokenOf.set(identity, own.tokenId);
      this.#identities.set(key, { identity, validUntil: this.#until(own, status) });
      return identity;
    }
    const why = reasons.length === 0 ? 'it has no active signing certificate here' : textOf(reasons);
    throw new Fault('CannotCreateSignature', `Cannot sign for ${printFull(member)}: ${why}`);
  }

  async authenticationIdentity(): Promise<AuthenticationIdentity> {
    const now = this.#options.now().getTime();
    const configuration = this.#configuration();
    const known = this.#authentication;
    // Another configuration may have registered another certificate.
    if (known !== undefined && known.configurationId === configuration?.id && now <= known.validUntil) {
      return known.identity;
    }
    const reasons: Reason[] = [];
    for (const own of this.#authenticationCertificates(configuration)) {
      const usable = this.#usable(own, now, reasons);
      if (usable === undefined) continue;
      const { token, status } = usable;
      const shown = [{ certificate: own.certificate, status }, ...this.#shownIntermediates(own, now)];
      const chain = shown.map(({ certificate }) => certificate);
      const ocspResponses = shown.map((one) => one.status.response);
      const identity = { context: this.#contextOf(own.keyId, chain, token), chain, ocspResponses };
      const limits = shown.map((one) => this.#until(one, one.status));
      this.#authentication = {
        ...{ identity, validUntil: Math.min(...limits), configurationId: configuration?.id },
      };
      return identity;
    }
    const why = reasons.length === 0 ? 'there is no active authentication certificate' : textOf(reasons);
    throw new Fault('SslAuthenticationFailed', `This server cannot authenticate itself: ${why}`);
  }

  sign(
    identity: SigningIdentity,
    parts: readonly MessagePart[],
    signedAt: Date,
  ): Promise<SignatureDocuments> {
    const mode = this.signingMode(this.#tokenOf.get(identity) ?? '');
    return this.#batches.sign(identity, mode, parts, signedAt);
  }

  signingMode(tokenId: string): SigningMode {
    return this.#modes.get(tokenId) ?? 'automatic';
  }

  /** In force for every message that is signed from now on. */
  setSigningMode(tokenId: string, mode: SigningMode): void {
    this.#modes.set(tokenId, mode);
  }

  /** Members that can sign now, for health and administration. */
  statusOf(own: OwnCertificate): CertificateStatus | undefined {
    return this.#statuses.get(own.certificate.sha256.toString('hex'));
  }

  /** Everything for which a certificate does not serve, or would be refused by peers; none when it may be used. */
  explain(own: OwnCertificate): readonly Reason[] {
    const now = this.#options.now().getTime();
    const reasons = [
      ...this.#reasonsOf(own, now),
      ...reasonsOfToken(own, this.#options.tokens.get(own.tokenId)),
    ];
    const configuration = own.use === 'authentication' ? this.#configuration() : undefined;
    if (configuration === undefined || this.#isRegistered(own, configuration)) return reasons;
    const text = 'it is not registered for this server: others refuse to speak with it';
    return [...reasons, { code: 'not-registered', text }];
  }

  /** Whether it is the one of its purpose, and of its member, that is used now. */
  isInUse(own: OwnCertificate): boolean {
    const all =
      own.use === 'authentication'
        ? this.#authenticationCertificates(this.#configuration())
        : this.#signingCertificates(own.member);
    const now = this.#options.now().getTime();
    const used = all.find((one) => this.#usable(one, now, []) !== undefined);
    return used?.certificate.sha256.equals(own.certificate.sha256) === true;
  }

  /** Asks for a status of a certificate that is not one of this server yet. @throws OcspError, Error */
  async askStatus(certificate: Certificate): Promise<void> {
    const configuration = this.#options.configuration.current();
    await fetchStatus(certificate, configuration.instance, configuration, this.#options.now);
  }

  #signingCertificates(member: MemberId | undefined): readonly OwnCertificate[] {
    return this.#certificates.filter(
      (own) =>
        own.use === 'signing' &&
        own.member !== undefined &&
        member !== undefined &&
        equal(own.member, member),
    );
  }

  /**
   * Those that are registered first, of them the one that peers have known longest: while certificates are replaced,
   * a new one comes to its turn when the registry has it and the old one is switched off or ends.
   */
  #authenticationCertificates(configuration: GlobalConfiguration | undefined): readonly OwnCertificate[] {
    const rank = (own: OwnCertificate) =>
      configuration !== undefined && this.#isRegistered(own, configuration) ? 0 : 1;
    return this.#certificates
      .filter(({ use }) => use === 'authentication')
      .sort(
        (a, b) => rank(a) - rank(b) || a.certificate.notBefore.getTime() - b.certificate.notBefore.getTime(),
      );
  }

  #isRegistered({ certificate }: OwnCertificate, configuration: GlobalConfiguration): boolean {
    const { serverId } = this.#options;
    const holder = configuration.serverByAuthCertificate(certificate, serverId.instance);
    return holder !== undefined && equal(holder.id, serverId);
  }

  /** Undefined while none is in force. */
  #configuration(): GlobalConfiguration | undefined {
    try {
      return this.#options.configuration.current();
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  #reasonsOf(own: OwnCertificate, now: number): Reason[] {
    const key = own.certificate.sha256.toString('hex');
    return reasonsOfCertificate(own, {
      ...{ now, status: this.#statuses.get(key), failure: this.#failures.get(key)?.error },
    });
  }

  #usable(own: OwnCertificate, now: number, reasons: Reason[]) {
    const token = this.#options.tokens.get(own.tokenId);
    const found = [...this.#reasonsOf(own, now), ...reasonsOfToken(own, token)];
    const status = this.statusOf(own);
    reasons.push(...found);
    return found.length > 0 || status === undefined || token === undefined ? undefined : { status, token };
  }

  /**
   * Peers want a status of each certificate they are shown: the first that has none is left out, and those above
   * it. A peer finds the authority that issued the last one by itself.
   */
  #shownIntermediates(own: OwnCertificate, now: number) {
    const shown: { readonly certificate: Certificate; readonly status: CertificateStatus }[] = [];
    for (const authority of authoritiesOf(own)) {
      const status = this.statusOf(authority);
      if (status === undefined || this.#reasonsOf(authority, now).length > 0) break;
      shown.push({ certificate: authority.certificate, status });
    }
    return shown;
  }

  /** One TLS context per chain: a renewed status does not make peers shake hands anew. */
  #contextOf(keyId: string, chain: readonly Certificate[], token: Token): SecureContext {
    const name = chain.map(({ sha256 }) => sha256.toString('hex')).join();
    if (this.#context?.chain !== name) {
      this.#context = { chain: name, context: token.secureContext(keyId, chain, this.#options.tls) };
    }
    return this.#context.context;
  }

  #until(own: Pick<OwnCertificate, 'certificate'>, status: CertificateStatus): number {
    return Math.min(status.validUntil.getTime(), own.certificate.notAfter.getTime());
  }

  #forget(): void {
    this.#identities.clear();
    this.#authentication = undefined;
  }

  async #fetchDue(): Promise<void> {
    const configuration = this.#configuration();
    // Without one nobody says whom to ask; the next round tries again.
    if (configuration === undefined) return;
    const now = this.#options.now().getTime();
    const due = this.#watched().filter((own) => now >= this.#dueAt(own));
    await Promise.all(due.map((own) => this.#fetch(own, configuration)));
    if (due.length > 0) this.#forget();
  }

  async #fetch(own: OwnCertificate, configuration: GlobalConfiguration): Promise<void> {
    const key = own.certificate.sha256.toString('hex');
    try {
      const status = await fetchStatus(
        own.certificate,
        configuration.instance,
        configuration,
        this.#options.now,
        this.#options.onAsked,
      );
      this.#statuses.set(key, status);
      this.#failures.delete(key);
      const left = status.validUntil.getTime() - this.#options.now().getTime();
      // Long before the response grows stale, and not later than the instance asks for.
      this.#nextFetchAt.set(
        key,
        this.#options.now().getTime() + Math.min(configuration.ocspFetchIntervalMs, left / 2),
      );
      await this.#options.saveStatus(key, status);
    } catch (error) {
      if (error instanceof OcspError && error.code === 'revoked') await this.#drop(own);
      const failure = error instanceof Error ? error : new Error(String(error));
      const count = (this.#failures.get(key)?.count ?? 0) + 1;
      this.#failures.set(key, { count, error: failure });
      const wait = Math.min(firstRetryMs * 2 ** (count - 1), configuration.ocspFetchIntervalMs);
      this.#nextFetchAt.set(key, this.#options.now().getTime() + wait);
      this.#options.onFailure(own, failure);
    }
  }

  /** Peers would take the good response at hand until it grows stale: they are not shown it any longer. */
  async #drop(own: OwnCertificate): Promise<void> {
    const key = own.certificate.sha256.toString('hex');
    this.#statuses.delete(key);
    this.#forget();
    try {
      await this.#options.removeStatus(key);
    } catch (error) {
      this.#options.onFailure(own, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Every certificate whose status is kept at hand. */
  #watched(): readonly OwnCertificate[] {
    const watched = this.#certificates
      .filter(({ isActive }) => isActive)
      .flatMap((own) => [own, ...authoritiesOf(own)]);
    // Certificates of one authority share what is above them.
    return [...new Map(watched.map((own) => [own.certificate.sha256.toString('hex'), own])).values()];
  }

  #dueAt(own: OwnCertificate): number {
    const key = own.certificate.sha256.toString('hex');
    const planned = this.#nextFetchAt.get(key);
    if (planned !== undefined) return planned;
    const status = this.#statuses.get(key);
    return status === undefined
      ? 0
      : Math.min(status.validUntil.getTime() - 60_000, this.#options.now().getTime());
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const now = this.#options.now().getTime();
    const next = Math.min(...this.#watched().map((own) => this.#dueAt(own)));
    if (!Number.isFinite(next)) return;
    this.#timer = setTimeout(
      () => {
        this.refresh().catch((error) => {
          throw error;
        });
      },
      Math.min(Math.max(next - now, 1_000), 3_600_000),
    );
    this.#timer.unref();
  }
}

function textOf(reasons: readonly Reason[]): string {
  return reasons.map(({ text }) => text).join('; ');
}

/** The authorities that are shown along with an authentication certificate, each as a certificate to watch. */
function authoritiesOf(own: OwnCertificate): OwnCertificate[] {
  if (own.use !== 'authentication') return [];
  return own.intermediates.map((certificate) => ({ ...own, certificate, intermediates: [] }));
}
