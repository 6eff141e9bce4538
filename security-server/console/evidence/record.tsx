import {
  Copyable,
  Details,
  Facts,
  Fingerprint,
  Instant,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { ShownRecord } from './answers.ts';
import { textsOf } from './texts.ts';

interface RecordProps {
  readonly visit: Visit;
  readonly record: ShownRecord;
  /** Path of the exchange, below which contents are opened. */
  readonly base: string;
}

/** A record with what proves it, and the way to its contents. */
export function RecordPart({ visit, record, base }: RecordProps) {
  const t = textsOf(visit);
  const { index, sequence, at, direction, side, status, configuration, signature, timestamp } = record;
  const certificate = signature?.certificate;
  return (
    <Details summary={`${t.recordOf(index)}: ${t.directions[direction]}, ${t.sides[side]}`}>
      <Facts
        rows={[
          [t.at, <Instant at={at} />],
          [t.status, status === null ? undefined : String(status)],
          [t.sequence, String(sequence)],
          [t.certificate, certificate?.subject],
          [t.issuer, certificate?.issuer],
          [t.serialNumber, certificate && <Copyable text={certificate.serialNumber} what={t.serialNumber} />],
          [t.validFrom, certificate && <Instant at={certificate.validFrom} />],
          [t.validTo, certificate && <Instant at={certificate.validTo} />],
          [t.fingerprint, certificate && <Fingerprint hex={certificate.sha256} algorithm="SHA-256" />],
          [t.signedAt, signature?.signedAt ? <Instant at={signature.signedAt} /> : undefined],
          [t.ocspAt, signature?.ocspProducedAt ? <Instant at={signature.ocspProducedAt} /> : undefined],
          [
            t.stampedAt,
            timestamp === null ? undefined : (
              <>
                <Instant at={timestamp.at} />{' '}
                {timestamp.authority !== null && `${t.stampedBy} ${timestamp.authority}`}
              </>
            ),
          ],
          [
            t.checkpointSize,
            timestamp?.checkpointSize == null ? undefined : String(timestamp.checkpointSize),
          ],
          [t.configuration, <Fingerprint hex={configuration} algorithm="SHA-256" />],
          [t.contents, <Contents visit={visit} record={record} base={base} />],
        ]}
      />
    </Details>
  );
}

function Contents({ visit, record, base }: RecordProps) {
  const t = textsOf(visit);
  const { index, head, bodies } = record;
  const parts = [
    { position: 0, text: t.message, isErased: head.isErased },
    ...bodies.map(({ position, octets, isErased }) => ({
      ...{ position, text: t.body(position, octets), isErased },
    })),
  ];
  return (
    <ul>
      {parts.map(({ position, text, isErased }) => (
        <li>
          {text}{' '}
          {isErased ? (
            <span class="wg-hint">{t.erased}</span>
          ) : (
            <a
              class="ds-link"
              href={`${base}/records/${index}/bodies/${position}`}
              aria-label={`${t.open}: ${text}, ${t.recordOf(index)}`}
            >
              {t.open}
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}
