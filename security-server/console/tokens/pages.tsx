import {
  type Column,
  DataTable,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  Tag,
  type Todo,
  TodoList,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { colorOf, type Key, nameInPaths, type Token } from './answers.ts';
import { textsOf } from './texts.ts';
import { addTokenPage } from './token-page.tsx';

/** The tokens of the server: how they stand, and what each of them waits for. */
export function addTokenPages(pages: Pages): void {
  pages.get('/tokens', listPage);
  addTokenPage(pages);
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const [tokens, keys] = await Promise.all([
    visit.api.get<readonly Token[]>('/api/v1/tokens'),
    visit.api.get<readonly Key[]>('/api/v1/keys'),
  ]);
  const view = viewTable(visit, {
    ...{ name: 'tokens', caption: t.tokens, columns: columns(visit, keys), rows: tokens },
  });
  if (view instanceof Response) return view;
  return {
    title: t.tokens,
    lead: t.lead,
    body: (
      <div id="token-list" class="wg-sections" data-live="10">
        <Section title={visit.texts.whatNeedsDoing}>
          <TodoList todos={todosOf(visit, tokens)} nothing={t.nothingWaits} />
        </Section>
        <DataTable view={view} empty={{ title: t.none }} />
      </div>
    ),
  };
}

function todosOf(visit: Visit, tokens: readonly Token[]): readonly Todo[] {
  const t = textsOf(visit);
  return tokens.flatMap((token) => {
    const { state, name, label = name } = token;
    const path = nameInPaths(token);
    const act = t.acts[state];
    if (act === undefined || path === undefined) return [];
    return [{ text: `${label}: ${t.states[state]}`, href: `/tokens/${encodeURIComponent(path)}`, act }];
  });
}

function columns(visit: Visit, keys: readonly Key[]): readonly Column<Token>[] {
  const t = textsOf(visit);
  const nameOf = ({ kind, name, label = name }: Token) => (kind === 'software' ? t.software : label);
  return [
    {
      key: 'name',
      heading: t.name,
      text: nameOf,
      show: (token) => {
        const path = nameInPaths(token);
        return path === undefined ? (
          nameOf(token)
        ) : (
          <a class="ds-link" href={`/tokens/${encodeURIComponent(path)}`}>
            {nameOf(token)}
          </a>
        );
      },
    },
    {
      key: 'state',
      heading: visit.texts.state,
      text: ({ state }) => t.states[state] ?? state,
      show: ({ state }) => <Tag text={t.states[state] ?? state} color={colorOf(state)} />,
    },
    {
      key: 'keys',
      heading: t.keys,
      text: ({ id }) => String(keys.filter((key) => key.tokenId === id).length),
    },
    {
      key: 'signing',
      heading: t.signing,
      text: ({ signing = '' }) => t.modes[signing] ?? '–',
    },
    { key: 'trouble', heading: t.trouble, text: ({ trouble }) => trouble ?? '–' },
    {
      key: 'new',
      heading: '',
      text: () => '',
      show: ({ id, state }) =>
        id !== undefined && state === 'signed-in' ? (
          <LinkButton href={`/keys/new?token=${encodeURIComponent(id)}`} text={t.newKey} isQuiet />
        ) : (
          ''
        ),
    },
  ];
}
