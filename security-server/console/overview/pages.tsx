import {
  Copyable,
  Facts,
  Instant,
  type Pages,
  Section,
  Tag,
  TodoList,
  type Visit,
} from '../../../gateway/console/index.ts';
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
  readonly checks: readonly { readonly name: string; readonly isGood: boolean; readonly detail: string }[];
}

/** The first page: what needs somebody, and whether the server can exchange messages. */
export function addOverview(pages: Pages): void {
  pages.get('/', async (visit) => {
    const t = textsOf(visit);
    const { api } = visit;
    const [status, health, joining] = await Promise.all([
      api.get<Status>('/api/v1/status'),
      api.get<Health>('/api/v1/health'),
      joinTodos(visit),
    ]);
    const troubles = health.checks.filter(({ isGood }) => !isGood);
    const pin = status.token.isActive ? [] : [{ text: t.pinWaits, href: '/tokens', act: t.enterPin }];
    const todos = [...pin, ...joining];
    return {
      title: sharedTextsOf(visit).overview,
      lead: t.lead,
      body: (
        <div id="overview" class="wg-sections" data-live="10">
          <Section title={visit.texts.whatNeedsDoing}>
            {todos.length > 0 && <TodoList todos={todos} nothing={t.nothingWaits} />}
            {troubles.length + todos.length === 0 && <p>{t.nothingWaits}</p>}
            {troubles.length > 0 && (
              <ul>
                {troubles.map(({ detail }) => (
                  <li>{detail}</li>
                ))}
              </ul>
            )}
          </Section>
          <Section title={t.state}>
            <State visit={visit} status={status} isReady={health.isReady} />
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
}: {
  readonly visit: Visit;
  readonly status: Status;
  readonly isReady: boolean;
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
      ]}
    />
  );
}
