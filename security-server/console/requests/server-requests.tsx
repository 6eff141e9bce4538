import { addConfirmedAct, Field, type Pages, type Visit } from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

interface Sent {
  readonly id: number;
}

/** Requests about the server as a whole, each on a page that says what will happen. */
export function addServerRequests(pages: Pages): void {
  addConfirmedAct(pages, {
    path: '/requests/address',
    fieldNames: ['address'],
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        ...about(visit, t.changeAddress),
        happens: t.changeAddressHappens,
        fields: (values, problems) => (
          <Field
            name="address"
            label={t.newAddress}
            hint={t.newAddressHint}
            maxLength={255}
            {...{ values, problems }}
          />
        ),
      };
    },
    act: (visit, { address }) => ask(visit, { kind: 'addressChange', address }),
  });
  addConfirmedAct(pages, {
    path: '/requests/maintenance',
    fieldNames: ['message'],
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        ...about(visit, t.beginMaintenance),
        happens: t.beginMaintenanceHappens,
        fields: (values, problems) => (
          <Field
            name="message"
            label={t.maintenanceMessage}
            hint={t.maintenanceMessageHint}
            maxLength={1024}
            isOptional
            {...{ values, problems }}
          />
        ),
      };
    },
    act: (visit, { message = '' }) =>
      ask(visit, { kind: 'maintenanceModeEnable', ...(message !== '' && { message }) }),
  });
  addConfirmedAct(pages, {
    path: '/requests/maintenance-end',
    describe: (visit) => ({
      ...about(visit, textsOf(visit).endMaintenance),
      ...{ happens: textsOf(visit).endMaintenanceHappens, isDangerous: false },
    }),
    act: (visit) => ask(visit, { kind: 'maintenanceModeDisable' }),
  });
  addConfirmedAct(pages, {
    path: '/requests/owner',
    fieldNames: ['client'],
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        ...about(visit, t.changeOwner),
        happens: t.changeOwnerHappens,
        fields: (values, problems) => (
          <Field name="client" label={t.newOwner} hint={t.newOwnerHint} {...{ values, problems }} />
        ),
      };
    },
    act: (visit, { client }) => ask(visit, { kind: 'ownerChange', client }),
  });
}

function about(visit: Visit, word: string) {
  return {
    ...{ title: word, submit: word, cancel: '/requests' },
    crumbs: [{ href: '/requests', text: textsOf(visit).requests }],
  };
}

async function ask({ api }: Visit, request: object): Promise<string> {
  const { id } = await api.send<Sent>('POST', '/api/v1/management-requests', request);
  return `/requests/${id}`;
}
