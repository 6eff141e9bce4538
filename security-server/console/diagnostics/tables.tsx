import {
  type Column,
  Copyable,
  Instant,
  Tag,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import type { Asked, Certificate, Report } from './report.ts';
import { textsOf } from './texts.ts';

interface Row {
  readonly kind: string;
  readonly subject: string;
  readonly lastGoodAt?: string;
  readonly failsSince?: string;
  readonly failure?: { readonly text: string };
}

/** Whom this server asks by itself: registry, timestamping authorities, OCSP responders. */
export function askedTable(visit: Visit, { configuration, timestamping, ocsp }: Report) {
  const t = textsOf(visit);
  const rowsOf = (kind: string, all: readonly Asked[]): Row[] =>
    all.map(({ url, ...state }) => ({ ...state, kind, subject: url }));
  const rows = [
    ...rowsOf(t.roles.configuration, configuration.sources),
    ...rowsOf(t.roles.timestamp, timestamping.authorities),
    ...ocsp.flatMap(({ responders, authority }) => rowsOf(`${t.roles.ocsp}: ${authority}`, responders)),
  ];
  const columns = columnsOf(visit, t.address, t.role, t.lastGood);
  return viewTable(visit, { name: 'asked', caption: t.asked, columns, rows });
}

/** Ways to others, and calls of services here, as they went last. */
export function connectionTable(visit: Visit, { peers, services }: Report) {
  const t = textsOf(visit);
  const rows: Row[] = [
    ...peers.map(({ provider, ...way }) => ({ ...way, kind: t.kinds['peer'] ?? '', subject: provider })),
    ...services.map(({ service, ...way }) => ({ ...way, kind: t.kinds['service'] ?? '', subject: service })),
  ];
  const columns = columnsOf(visit, t.whose, t.kind, t.lastGood);
  return viewTable(visit, { name: 'connections', caption: t.connections, columns, rows });
}

function columnsOf(visit: Visit, subject: string, kind: string, lastGood: string): readonly Column<Row>[] {
  const t = textsOf(visit);
  const stateOf = ({ failsSince, lastGoodAt }: Row) =>
    failsSince !== undefined ? t.fails : lastGoodAt === undefined ? t.notAsked : t.good;
  return [
    {
      ...{ key: 'subject', heading: subject, text: (row) => row.subject },
      show: (row) => <Copyable text={row.subject} what={subject} />,
    },
    { key: 'kind', heading: kind, text: (row) => row.kind },
    {
      ...{ key: 'state', heading: t.state, text: stateOf },
      show: (row) => (
        <Tag
          text={stateOf(row)}
          color={
            row.failsSince !== undefined ? 'danger' : row.lastGoodAt === undefined ? 'neutral' : 'success'
          }
          {...(row.failsSince !== undefined && row.failure && { meaning: row.failure.text })}
        />
      ),
    },
    {
      ...{ key: 'lastGoodAt', heading: lastGood, text: (row) => row.lastGoodAt ?? '' },
      show: (row) => row.lastGoodAt && <Instant at={row.lastGoodAt} />,
    },
  ];
}

/** The certificates of this server, with the statuses at hand. */
export function certificateTable(visit: Visit, { certificates }: Report) {
  const t = textsOf(visit);
  const stateOf = ({ isActive, notAfter, statusUntil }: Certificate) => {
    if (!isActive) return t.inactive;
    if (new Date(notAfter) < visit.now) return t.expired;
    return statusUntil === undefined || new Date(statusUntil) < visit.now ? t.noStatus : t.active;
  };
  const columns: readonly Column<Certificate>[] = [
    {
      ...{ key: 'name', heading: t.certificate, text: (row) => row.name },
      show: (row) => <Copyable text={row.name} what={t.certificate} />,
    },
    { key: 'issuer', heading: t.issuer, text: (row) => row.issuer },
    {
      ...{ key: 'state', heading: t.state, text: stateOf },
      show: (row) => <Tag text={stateOf(row)} color={stateOf(row) === t.active ? 'success' : 'warning'} />,
    },
    {
      ...{ key: 'notAfter', heading: t.expires, text: (row) => row.notAfter },
      show: (row) => <Instant at={row.notAfter} />,
    },
    {
      ...{ key: 'statusUntil', heading: t.statusUntil, text: (row) => row.statusUntil ?? '' },
      show: (row) => row.statusUntil && <Instant at={row.statusUntil} />,
    },
  ];
  return viewTable(visit, { name: 'certificates', caption: t.certificates, columns, rows: certificates });
}
