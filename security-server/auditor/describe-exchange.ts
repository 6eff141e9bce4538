import { describeParty, type NamedParty } from './parties.ts';
import type { ShownRecord } from './show-record.ts';

export interface DescribedExchange {
  readonly client: NamedParty;
  readonly provider: NamedParty;
  readonly service: string;
  readonly requestId: string;
  readonly userId: string | null;
  readonly issue: string | null;
  readonly records: readonly ShownRecord[];
}

/** What happened, step by step, as one would tell it to a court. */
export function describeExchange(exchange: DescribedExchange): string[] {
  const { client, provider, service, userId, issue, records } = exchange;
  const who = userId === null ? '' : `, on behalf of its user '${userId}'`;
  const why = issue === null ? '' : `, concerning '${issue}'`;
  const asked = `${describeParty(client)} asked ${describeParty(provider)} for the service ${service}${who}${why}.`;
  const missing = records.some(({ direction }) => direction === 'response')
    ? []
    : ['No response to it is in this log: none came, none could be made, or it is still on its way.'];
  return [asked, ...records.flatMap((record) => describeRecord(record, exchange)), ...missing];
}

function describeRecord(record: ShownRecord, { client, provider }: DescribedExchange): string[] {
  const { direction, side, at, index, sequence, status, signature, timestamp } = record;
  const sender = direction === 'request' ? client : provider;
  const role = side === 'client' ? 'of the client' : 'of the provider';
  const outcome = status === null ? '' : ` with the status ${status}`;
  const sentences = [
    `The ${direction}${outcome} was recorded by the security server ${role} at ${at}, as record ${index} of its log and number ${sequence} between the two.`,
  ];
  if (signature === null) {
    sentences.push(`The signature of the ${direction} cannot be read.`);
  } else {
    const { certificate, signedAt, ocspProducedAt } = signature;
    sentences.push(
      `It bears a signature of ${describeParty({ ...sender, subsystemName: null })}, made with the certificate of ${certificate.subject}, valid from ${certificate.validFrom} to ${certificate.validTo}, issued by ${certificate.issuer}${signedAt === null ? '' : `; the signer says at ${signedAt}`}.`,
    );
    if (ocspProducedAt !== null) {
      sentences.push(`That the certificate was good its authority said at ${ocspProducedAt}.`);
    }
  }
  sentences.push(describeTimestamp(timestamp), ...describeContents(record));
  return sentences;
}

function describeTimestamp(timestamp: ShownRecord['timestamp']): string {
  if (timestamp === null) return 'No timestamping authority has stamped it yet.';
  const { at, authority, checkpointSize } = timestamp;
  const covered = checkpointSize === null ? '' : `, together with the log of then ${checkpointSize} records`;
  return `It was timestamped at ${at} by ${authority ?? 'an authority that the configuration of then does not know'}${covered}.`;
}

function describeContents({ head, bodies }: ShownRecord): string[] {
  const contents = bodies.map(
    ({ position, octets, isErased }) =>
      `Body ${position} had ${octets} octets${isErased ? ', and is erased: its digest is still proven' : ''}.`,
  );
  return head.isErased
    ? ['The message itself was erased: its digest is still proven.', ...contents]
    : contents;
}
