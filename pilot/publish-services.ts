import type { AdminClient } from './admin-client.ts';
import { city, ministry, type PilotAdministration, subsystemId } from './plan.ts';

interface PilotService {
  readonly provider: PilotAdministration;
  readonly subsystem: string;
  readonly code: string;
  readonly port: number;
  /** Who may call which endpoints. */
  readonly rights: readonly {
    readonly subject: string;
    readonly endpoints: readonly PilotEndpoint[];
  }[];
}

interface PilotEndpoint {
  readonly method: string;
  readonly path: string;
}

const everything = [{ method: '*', path: '**' }];

export function pilotServices(populationPort: number, permitsPort: number): readonly PilotService[] {
  return [
    {
      provider: ministry,
      subsystem: 'population',
      code: 'register',
      port: populationPort,
      rights: [
        { subject: subsystemId(city, 'permits'), endpoints: [{ method: 'GET', path: '/persons/*' }] },
        { subject: subsystemId(city, 'portal'), endpoints: everything },
      ],
    },
    {
      provider: city,
      subsystem: 'permits',
      code: 'building-permits',
      port: permitsPort,
      rights: [
        { subject: subsystemId(ministry, 'inspection'), endpoints: everything },
        { subject: subsystemId(city, 'portal'), endpoints: everything },
      ],
    },
  ];
}

/** Publishes a service of an administration on its own security server. */
export async function publishService(server: AdminClient, service: PilotService): Promise<void> {
  const { provider, subsystem, code, port, rights } = service;
  const url = `http://127.0.0.1:${port}/v1`;
  const path = `/clients/${encodeURIComponent(subsystemId(provider, subsystem))}/services/${code}`;
  const source = { url: `${url}/openapi.json` };
  const { digest } = await server.post<{ digest: string }>(`${path}/description/preview`, source);
  await server.post(`${path}/description`, { ...source, digest, address: url });
  await server.put(`${path}/access-rights`, rights);
}

/** Publishes the operations that the population register has for systems that speak SOAP. */
export async function publishSoapServices(server: AdminClient, populationPort: number): Promise<void> {
  const path = `/clients/${encodeURIComponent(subsystemId(ministry, 'population'))}`;
  await server.post(`${path}/service-descriptions`, { url: `http://127.0.0.1:${populationPort}/soap?wsdl` });
  await server.put(`${path}/services/personDetails/access-rights`, [
    { subject: subsystemId(city, 'portal'), endpoints: everything },
  ]);
}
