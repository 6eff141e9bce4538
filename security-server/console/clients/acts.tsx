import {
  addConfirmedAct,
  apiPath,
  CheckboxField,
  Field,
  type Pages,
  type Visit,
} from '../../../gateway/console/index.ts';
import { type Client, clientPath, type Orphans } from './answers.ts';
import { crumbsOf } from './client.tsx';
import { textsOf } from './texts.ts';

/** What is asked of the registry for a client, and its deletion here: each on a page that says what will happen. */
export function addClientActs(pages: Pages): void {
  for (const { act, kind, isDangerous } of requests) {
    const isNamed = kind === 'clientReg' || kind === 'clientRename';
    addConfirmedAct(pages, {
      path: `/clients/:client/${act}`,
      fieldNames: isNamed ? ['subsystemName'] : [],
      describe: async (visit) => {
        const t = textsOf(visit);
        const client = visit.param('client');
        const { registry } = await visit.api.get<Client>(apiPath`/api/v1/clients/${client}`);
        return {
          title: `${t[act]}: ${client}`,
          submit: t[act],
          crumbs: crumbsOf(visit),
          cancel: clientPath(client),
          happens: [...t.actHappens[act]],
          isDangerous,
          ...(isNamed && {
            fields: (values, problems) => (
              <Field
                name="subsystemName"
                label={t.nameAtRegistry}
                hint={t.nameHint}
                values={{ subsystemName: values['subsystemName'] ?? registry?.name }}
                problems={problems}
                maxLength={255}
                isOptional={kind === 'clientReg'}
              />
            ),
          }),
        };
      },
      act: async (visit, { subsystemName = '' }) => {
        const client = visit.param('client');
        const named = subsystemName === '' ? {} : { subsystemName };
        await visit.api.send('POST', '/api/v1/management-requests', { kind, client, ...named });
        return `${clientPath(client)}?done=asked`;
      },
    });
  }
  addConfirmedAct(pages, {
    path: '/clients/:client/delete',
    fieldNames: ['orphans'],
    describe: async (visit) => {
      const t = textsOf(visit);
      const client = visit.param('client');
      const orphans = await readOrphans(visit);
      const given = orphans.rightsGivenToIt.length + orphans.placesInGroups.length;
      return {
        title: `${t.delete}: ${client}`,
        submit: t.delete,
        crumbs: crumbsOf(visit),
        cancel: clientPath(client),
        happens: await happensOf(visit, orphans),
        ...(given > 0 && {
          fields: (values) => (
            <CheckboxField
              name="orphans"
              label={t.orphans}
              choices={[{ value: 'remove', text: t.removeOrphans, hint: t.removeOrphansHint }]}
              chosen={[values['orphans'] ?? '']}
            />
          ),
        }),
      };
    },
    act: async (visit, { orphans }) => {
      const client = visit.param('client');
      const wish = orphans === 'remove' ? 'remove' : 'keep';
      // The page has told all of these, and was confirmed.
      const confirm = 'still-registered,services-lost,rights-stay,rights-removed,certificates-stay';
      const query = new URLSearchParams({ orphans: wish, confirm });
      await visit.api.send('DELETE', `${apiPath`/api/v1/clients/${client}`}?${query}`);
      return '/clients?done=removed';
    },
  });
}

const requests = [
  { act: 'register', kind: 'clientReg', isDangerous: false },
  { act: 'disable', kind: 'clientDisable', isDangerous: true },
  { act: 'enable', kind: 'clientEnable', isDangerous: false },
  { act: 'rename', kind: 'clientRename', isDangerous: false },
  { act: 'unregister', kind: 'clientDeletion', isDangerous: true },
] as const;

function readOrphans({ api, param }: Visit): Promise<Orphans> {
  return api.get<Orphans>(apiPath`/api/v1/clients/${param('client')}/orphans`);
}

async function happensOf(visit: Visit, orphans: Orphans): Promise<readonly string[]> {
  const t = textsOf(visit);
  const { registry } = await visit.api.get<Client>(apiPath`/api/v1/clients/${visit.param('client')}`);
  const { services, rightsOnThem, groups, rightsGivenToIt, placesInGroups, signingCertificates } = orphans;
  return [
    ...(registry?.isShown === true ? [t.stillRegistered] : []),
    services.length === 0 ? t.noServicesLost : t.servicesLost(services.join(', '), rightsOnThem),
    ...(groups.length === 0 ? [] : [t.groupsLost(groups.join(', '))]),
    ...(rightsGivenToIt.length + placesInGroups.length === 0
      ? []
      : [t.givenToIt(rightsGivenToIt.length, placesInGroups.length)]),
    ...(signingCertificates.length === 0 ? [] : [t.certificatesStay(signingCertificates.length)]),
  ];
}
