import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { ServerId } from '../../gateway/identifier/index.ts';
import type { AwaitedParty, InvitationClaims, JoiningStatus } from '../../gateway/joining/index.ts';
import type { RegistryLink } from './registry-link.ts';
import type { JoinState } from './state.ts';

/** The server that joins, once it is founded and runs: asked as its administrator would. */
export interface JoiningServer {
  /** @param path below `/api/v1` @throws Error with what the server refuses */
  ask<Answer>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<Answer>;
  /** The configuration in force. @throws Fault OutdatedGlobalConf */
  configuration(): GlobalConfiguration;
  close(): Promise<void>;
}

export interface JoinPlaces {
  /** Folder of the server. */
  readonly data: string;
  /** Where the server will listen for others. */
  readonly peerHost: string;
  readonly peerPorts: readonly number[];
  /** At which the servers of the instance are reached. */
  readonly instancePeerPort: number;
  /** Where requests for certificates are put when no authority gives them out by itself. */
  readonly requestFolder: string;
  /** Where their certificates are looked for. */
  readonly certificateFolder: string;
  /** Names of the devices in which the key for signing may be made. */
  readonly devices?: readonly string[];
}

/** What a step works with. */
export interface StepContext {
  readonly places: JoinPlaces;
  /** Of the token to make; undefined while nobody has entered it since the program was started. */
  readonly pin: () => string | undefined;
  readonly claims: InvitationClaims;
  readonly serverId: ServerId;
  readonly link: RegistryLink;
  readonly state: () => JoinState;
  /** On disk when it resolves. */
  readonly keep: (more: Partial<JoinState>) => Promise<void>;
  /** Starts the server when it is first asked for. */
  readonly server: () => Promise<JoiningServer>;
  /** Tells the registry how far this is, and hears what was decided. */
  readonly report: () => Promise<JoiningStatus>;
  /** Whether the server listens for others already. */
  readonly isListening: () => boolean;
  readonly now: () => Date;
}

/** Waiting is no failure: somebody else has to act, and the step looks again. */
export type StepOutcome =
  | { readonly state: 'done'; readonly detail?: string }
  | {
      readonly state: 'waiting';
      readonly detail: string;
      readonly remedy?: string;
      /** When it is not who is awaited in this step. */
      readonly awaits?: AwaitedParty;
    };

/** Can be run again after a crash at any point of it: it looks first what is there. */
export type RunStep = (context: StepContext) => Promise<StepOutcome>;

/** The registration officer has said no. */
export class JoiningDeclined extends Error {
  override readonly name = 'JoiningDeclined';
}
