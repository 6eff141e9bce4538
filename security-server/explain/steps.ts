import { asFault, type Fault, type FaultCode, spellCode } from '../../gateway/fault/index.ts';

/** Decisions about an exchange, in the order in which they are taken. */
export const stepIds = [
  'configuration',
  'log',
  'path',
  'client',
  'provider-server',
  'authentication',
  'signature',
  'provider',
  'client-server',
  'service',
  'kind',
  'access',
  'version',
  'enabled',
  'quota',
] as const;
export type StepId = (typeof stepIds)[number];

/** Who can mend what a step refuses. */
export const menders = [
  'information-system',
  'service-administrator',
  'security-officer',
  'registration-officer',
  'system-administrator',
  'client-administration',
  'provider-administration',
  'registry',
] as const;
export type Mender = (typeof menders)[number];

export interface ExplainedStep {
  readonly id: StepId;
  /** On which side of the road it is taken. */
  readonly side: 'client' | 'provider';
  readonly state: 'passed' | 'refused' | 'not-reached';
  /** As the caller is told it; of a refusal. */
  readonly code?: string;
  readonly text?: string;
  /** What was looked at, and what it was. */
  readonly saw: readonly (readonly [name: string, value: string])[];
  readonly mender?: Mender;
  /** Page of this console where it is mended; absent when that is not here. */
  readonly href?: string;
}

type Side = ExplainedStep['side'];

/** Steps of a side, filled in one after another: after a refusal none is taken. */
export class Steps {
  readonly #side: Side;
  readonly #steps: ExplainedStep[] = [];
  #fault: Fault | undefined;

  constructor(side: Side) {
    this.#side = side;
  }

  get list(): readonly ExplainedStep[] {
    return this.#steps;
  }

  /** What the exchange is refused with; undefined when nothing refuses it. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** @param act throws what the road would throw. @param saw what is looked at, also when it refuses */
  async take(
    id: StepId,
    act: () => unknown,
    saw: () => ExplainedStep['saw'] = () => [],
    href?: string,
  ): Promise<void> {
    if (this.#fault !== undefined) {
      this.#steps.push({ id, side: this.#side, state: 'not-reached', saw: [] });
      return;
    }
    try {
      await act();
      this.#steps.push({ id, side: this.#side, state: 'passed', saw: saw() });
    } catch (error) {
      this.#refuse(id, asFault(error), saw(), href);
    }
  }

  #refuse(id: StepId, fault: Fault, saw: ExplainedStep['saw'], href: string | undefined): void {
    this.#fault = fault;
    const placed = fault.at(this.#side === 'client' ? 'ClientProxy' : 'ServerProxy');
    this.#steps.push({
      ...{ id, side: this.#side, state: 'refused', code: spellCode(placed), text: fault.message, saw },
      mender: menderOf(id, fault.code),
      ...(href !== undefined && { href }),
    });
  }
}

/** Who can mend what a step refuses, seen from the server that takes it. */
function menderOf(id: StepId, code: FaultCode): Mender {
  switch (id) {
    case 'configuration':
      return 'system-administrator';
    case 'log':
      return 'system-administrator';
    case 'path':
    case 'kind':
      return 'information-system';
    case 'client':
      // How it connects is for the information system; that it is registered here, for the officer.
      return code === 'UnknownMember' ? 'registration-officer' : 'information-system';
    case 'provider-server':
      return code === 'MaintenanceMode' ? 'provider-administration' : 'registry';
    case 'authentication':
    case 'signature':
      return 'security-officer';
    case 'provider':
      return code === 'InvalidSecurityServer'
        ? 'information-system'
        : code === 'UnknownMember'
          ? 'registration-officer'
          : 'security-officer';
    case 'client-server':
    case 'version':
      return 'client-administration';
    case 'service':
    case 'access':
    case 'enabled':
    case 'quota':
      return 'service-administrator';
  }
}
