/** Who takes part in the pilot network, and on which ports. */
export const instance = 'PILOT';

export interface PilotAdministration {
  /** Folder in the pilot's data, and name in its messages. */
  readonly key: 'ministry' | 'city';
  readonly name: string;
  readonly memberClass: string;
  readonly memberCode: string;
  readonly serverCode: string;
  /** Address of its security server among the servers: all of an instance share one port. */
  readonly host: string;
  readonly subsystems: readonly { readonly code: string; readonly name: string }[];
}

export const ministry: PilotAdministration = {
  key: 'ministry',
  name: 'Ministry of the Interior',
  memberClass: 'GOV',
  memberCode: '1001',
  serverCode: 'ss1',
  host: '127.0.0.1',
  subsystems: [
    { code: 'population', name: 'Population register' },
    { code: 'inspection', name: 'Building inspection' },
  ],
};

export const city: PilotAdministration = {
  key: 'city',
  name: 'City of Rivertown',
  memberClass: 'MUN',
  memberCode: '2001',
  serverCode: 'ss2',
  host: '127.0.0.2',
  subsystems: [
    { code: 'permits', name: 'Building permits' },
    { code: 'portal', name: 'Citizen portal' },
  ],
};

export const administrations = [ministry, city] as const;

export const memberClasses = { GOV: 'Government', MUN: 'Municipalities' } as const;

/** The ministry's subsystem behind which the registry takes management requests. */
export const managementSubsystem = { code: 'management', name: 'Management services' } as const;

/** Offsets from the first port. */
const offsets = {
  configuration: 0,
  registryAdmin: 1,
  authority: 2,
  ministryClient: 3,
  ministryClientTls: 4,
  ministryAdmin: 5,
  cityClient: 6,
  cityClientTls: 7,
  cityAdmin: 8,
  populationRegister: 9,
  buildingPermits: 10,
  peers: 11,
  ocsp: 12,
  management: 13,
  registration: 14,
} as const;

/** How many ports in a row the network takes. */
export const portCount = Object.keys(offsets).length;

export type PilotPorts = Readonly<Record<keyof typeof offsets, number>>;

/** @param base first of `portCount` ports in a row */
export function portsFrom(base: number): PilotPorts {
  const entries = Object.entries(offsets).map(([name, offset]) => [name, base + offset]);
  return Object.fromEntries(entries) as PilotPorts;
}

export function memberId({ memberClass, memberCode }: PilotAdministration): string {
  return `${instance}:${memberClass}:${memberCode}`;
}

export function subsystemId(administration: PilotAdministration, code: string): string {
  return `${memberId(administration)}:${code}`;
}

export function serverId(administration: PilotAdministration): string {
  return `${memberId(administration)}:${administration.serverCode}`;
}
