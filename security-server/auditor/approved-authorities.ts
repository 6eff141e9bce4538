import { checkTimestamp, embeddedCertificates, TimestampError } from '../../certs/timestamp/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import {
  anchorFingerprintOf,
  type GlobalConfiguration,
  readSnapshot,
  type SnapshotFile,
} from '../../gateway/configuration/index.ts';
import { type BundleTimestamp, countedAt } from '../../gateway/evidence/index.ts';
import type { ConfigurationArchive } from './evidence-source.ts';

/** What a configuration says of timestamps. */
interface Authorities {
  /** Fingerprint of its anchor. */
  readonly anchor: string;
  /** Certificates of timestamping authorities in base64, as far as they are found without reading all of it. */
  readonly found: ReadonlySet<string>;
}

/** Which configurations approve of whose timestamps; each is asked once of each. */
export class ApprovedAuthorities {
  readonly #configurations: ConfigurationArchive;
  readonly #timestamps: readonly BundleTimestamp[];
  readonly #authorities = new Map<string, Authorities | undefined>();
  readonly #read = new Map<string, GlobalConfiguration>();
  readonly #answers = new Map<string, boolean>();

  constructor(configurations: ConfigurationArchive, timestamps: readonly BundleTimestamp[]) {
    this.#configurations = configurations;
    this.#timestamps = timestamps;
  }

  /**
   * @param place of the timestamp
   * @param own id of the record's configuration, whose anchor the other must have
   * @throws SnapshotError when a configuration was damaged
   */
  async isApproved(place: number, id: string, own: string): Promise<boolean> {
    const name = `${place} ${id} ${own}`;
    const answer = this.#answers.get(name) ?? (await this.#ask(place, id, own));
    this.#answers.set(name, answer);
    return answer;
  }

  async #ask(place: number, id: string, own: string): Promise<boolean> {
    const authorities = await this.#authoritiesOf(id);
    const timestamp = this.#timestamps[place];
    if (authorities === undefined || timestamp === undefined) return false;
    const isOwn = id === own;
    if (!isOwn && authorities.anchor !== (await this.#authoritiesOf(own))?.anchor) return false;
    const signer = signerOf(timestamp);
    // Reading the configuration of a large instance holds everything up for a second, and nearly all approve.
    if (isOwn && signer !== undefined && authorities.found.has(signer)) return true;
    const configuration = this.#read.get(id) ?? (await this.#readAll(id));
    const at = configuration && stampedBy(timestamp, configuration.tsaCertificates());
    return at !== undefined && configuration !== undefined && (isOwn || countedAt(configuration, at));
  }

  async #authoritiesOf(id: string): Promise<Authorities | undefined> {
    if (this.#authorities.has(id)) return this.#authorities.get(id);
    const snapshot = await this.#configurations.snapshot(id);
    const authorities = snapshot && {
      anchor: anchorFingerprintOf(snapshot.files),
      found: new Set(snapshot.files.flatMap(certificatesIn)),
    };
    this.#authorities.set(id, authorities);
    return authorities;
  }

  async #readAll(id: string): Promise<GlobalConfiguration | undefined> {
    const snapshot = await this.#configurations.snapshot(id);
    if (snapshot === undefined) return undefined;
    const { configuration } = readSnapshot(snapshot.files);
    this.#read.set(id, configuration);
    return configuration;
  }
}

const approved = /<approvedTSA>.*?<\/approvedTSA>/gs;
const certificate = /<cert>([^<]*)<\/cert>/g;

/** In the form in which registries write them; what stands there in another is found when all of it is read. */
function certificatesIn({ bytes }: SnapshotFile): string[] {
  if (!bytes.includes('<approvedTSA>')) return [];
  return [...bytes.toString('latin1').matchAll(approved)].flatMap(([element]) =>
    [...element.matchAll(certificate)].map(([, text = '']) => text.replace(/\s/g, '')),
  );
}

/** Who says to have stamped: the log put that certificate first. */
function signerOf({ token }: BundleTimestamp): string | undefined {
  try {
    return embeddedCertificates(token)[0]?.der.toString('base64');
  } catch (error) {
    if (error instanceof TimestampError) return undefined;
    throw error;
  }
}

/** @returns when; undefined when it is of none of these authorities, or not good: the judge says what is wrong with it */
function stampedBy(
  { token, result }: BundleTimestamp,
  certificates: readonly Certificate[],
): Date | undefined {
  try {
    return checkTimestamp({ token, stamped: result, certificates }).at;
  } catch (error) {
    if (error instanceof TimestampError) return undefined;
    throw error;
  }
}
