import { Details, Field, SelectField, type Values, type Visit } from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

const names = ['table', 'key', 'by', 'since', 'until'] as const;

/** Tables of the register that people change. */
const tables = [
  ...['member', 'subsystem', 'memberClass', 'server', 'serverClient', 'authenticationCertificate'],
  ...['globalGroup', 'groupMember', 'certificationService', 'authority', 'ocspResponder'],
  ...['timestampingService', 'certificateProfile', 'trustedAnchor', 'configurationKey', 'setting'],
  ...['managementRequest', 'invitation'],
];

/** What the page's address asks for. */
export function readFilter({ url }: Visit): Values {
  return Object.fromEntries(
    names.map((name) => [name, url.searchParams.get(name)?.trim().slice(0, 2_000) ?? '']),
  );
}

/** The filter as a query of the API; of a day, all of it. */
export function queryOf({ since = '', until = '', ...same }: Values): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(same)) if (value !== '') query.set(name, value ?? '');
  if (since !== '') query.set('from', isDay(since) ? `${since}T00:00:00Z` : since);
  if (until !== '') query.set('to', isDay(until) ? `${until}T23:59:59.999Z` : until);
  return query;
}

/** The filter as it stands in the page's own address. */
export function addressOf(filter: Values): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  return new URLSearchParams(given as [string, string][]).toString();
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

/** Asked by the page's address: it changes nothing, and can be handed on. */
export function HistoryFilter({ visit, values }: { readonly visit: Visit; readonly values: Values }) {
  const t = textsOf(visit);
  const choices = tables.map((value) => ({ value, text: value }));
  return (
    <Details summary={t.filter} isOpen={addressOf(values) !== ''}>
      <form class="wg-form" method="get" action="/history">
        <SelectField
          name="table"
          label={t.filterTable}
          choices={[{ value: '', text: t.everything }, ...choices]}
          values={values}
          isOptional
        />
        <Field
          name="key"
          label={t.filterKey}
          hint={t.filterKeyHint}
          values={values}
          maxLength={2_000}
          isOptional
          isCode
        />
        <Field
          name="by"
          label={t.filterBy}
          hint={t.filterByHint}
          values={values}
          maxLength={2_000}
          isOptional
          isCode
        />
        <Field
          name="since"
          label={t.filterFrom}
          hint={t.filterInstantHint}
          values={values}
          maxLength={40}
          isOptional
        />
        <Field
          name="until"
          label={t.filterTo}
          hint={t.filterInstantHint}
          values={values}
          maxLength={40}
          isOptional
        />
        <div class="wg-buttons">
          <button class="ds-button" type="submit">
            {t.filter}
          </button>
          <a class="ds-button" data-variant="tertiary" href="/history">
            {t.everything}
          </a>
        </div>
      </form>
    </Details>
  );
}
