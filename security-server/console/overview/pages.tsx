import {
  Card,
  Copyable,
  Facts,
  Instant,
  type Pages,
  Section,
  Tag,
  TodoList,
  type Visit,
} from '../../../gateway/console/index.ts';
import { type Diagnosis, diagnosticsTextsOf } from '../diagnostics/index.ts';
import { expiryTextsOf, soonest } from '../expiries/index.ts';
import { joinTodos } from '../joining/index.ts';
import { textsOf as sharedTextsOf } from '../texts.ts';
import { textsOf } from './texts.ts';

interface Status {
  readonly server: string;
  readonly token: { readonly id: string; readonly label: string; readonly isActive: boolean };
  readonly recordsWithoutTimestamp: number;
  readonly lastTimestampAt?: string;
}

interface Health {
  readonly isReady: boolean;
}

/** The first page: what needs somebody, and whether the server can exchange messages. */
export function addOverview(pages: Pages): void {
  pages.get('/', async (visit) => {
    const t = textsOf(visit);
    const { api } = visit;
    const [status, health, { diagnoses }, joining, ends] = await Promise.all([
      api.get<Status>('/api/v1/status'),
      api.get<Health>('/api/v1/health'),
      api.get<{ readonly diagnoses: readonly Diagnosis[] }>(`/api/v1/diagnostics?language=${visit.language}`),
      joinTodos(visit),
      soonest(visit),
    ]);
    const { go } = diagnosticsTextsOf(visit);
    const pin = status.token.isActive ? [] : [{ text: t.pinWaits, href: '/tokens', act: t.enterPin }];
    const wrong = diagnoses
      // The PIN is asked for above, with the way to it.
      .filter(({ code, subject }) => code !== 'token-signed-out' || subject !== 'software')
      .map(({ cause, subject, since }) => ({
        ...{ text: `${cause} (${subject})`, href: '/diagnostics', act: go, at: since },
      }));
    const todos = [...pin, ...joining, ...wrong];
    return {
      title: sharedTextsOf(visit).overview,
      lead: t.lead,
      body: (
        <div id="overview" class="wg-sections" data-live="10">
          <Section title={visit.texts.whatNeedsDoing}>
            <TodoList todos={todos} nothing={t.nothingWaits} />
          </Section>
          <ul class="wg-cards">
            <Card href="/expiries" text={expiryTextsOf(visit).soonCard} count={ends.count} />
          </ul>
          <Section title={t.state}>
            <State visit={visit} status={status} isReady={health.isReady} next={ends.first} />
          </Section>
        </div>
      ),
    };
  });
}

function State({
  visit,
  status,
  isReady,
  next,
}: {
  readonly visit: Visit;
  readonly status: Status;
  readonly isReady: boolean;
  /** What ends next. */
  readonly next: { readonly name: string; readonly notAfter?: string } | undefined;
}) {
  const t = textsOf(visit);
  const { server, token, recordsWithoutTimestamp, lastTimestampAt } = status;
  return (
    <Facts
      rows={[
        [t.identifier, <Copyable text={server} what={t.identifier} />],
        [
          t.state,
          isReady ? <Tag text={t.ready} color="success" /> : <Tag text={t.notReady} color="danger" />,
        ],
        [
          t.token,
          token.isActive ? (
            <Tag text={t.tokenActive} color="success" />
          ) : (
            <Tag text={t.tokenInactive} color="warning" />
          ),
        ],
        [t.lastTimestamp, lastTimestampAt === undefined ? undefined : <Instant at={lastTimestampAt} />],
        [t.recordsWithoutTimestamp, String(recordsWithoutTimestamp)],
        [
          expiryTextsOf(visit).nextEnd,
          next?.notAfter === undefined ? undefined : (
            <>
              {next.name} <Instant at={next.notAfter} />
            </>
          ),
        ],
      ]}
    />
  );
}
