import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { joinStepSchema } from '../../gateway/joining/index.ts';
import { writeFileDurably } from '../../gateway/store/index.ts';

const subsystemSchema = z.object({ code: z.string(), name: z.string().optional() });

/** What a joining server has to know after a crash; on disk before it is acted on. */
const joinStateSchema = z.object({
  version: z.literal(1),
  /** Instance, class, member and server, as the invitation names them. */
  server: z.string(),
  /** Opens the registry for this joining, with `secret`; both are gone once it has ended. */
  invitation: z.string().optional(),
  secret: z.string().optional(),
  /** Host name or IP address at which other servers reach this one. */
  address: z.string(),
  subsystems: z.array(subsystemSchema),
  steps: z.array(joinStepSchema),
  anchor: z.string().optional(),
  /** Who is to administer the server once it is founded; of the password, no more than its hash. */
  administrator: z.object({ name: z.string(), passwordRecord: z.string() }).optional(),
  /** At which the registry tries to reach this server. */
  ports: z.array(z.number()).optional(),
  /** Name of the device that has the key for signing; absent: the token of the server has it. */
  signingToken: z.string().optional(),
  /** Names in their tokens. */
  keys: z.object({ signing: z.string(), authentication: z.string() }).optional(),
  outcome: z
    .object({
      result: z.enum(['joined', 'declined']),
      reason: z.string().optional(),
      at: z.string(),
      /** Whether the webhook was told, or none is set. */
      isTold: z.boolean(),
    })
    .optional(),
});

export type JoinState = z.infer<typeof joinStateSchema>;

function pathOf(data: string): string {
  return join(data, 'join.json');
}

/** @returns undefined when nothing was begun there @throws Error for a file that is damaged */
export async function readJoinState(data: string): Promise<JoinState | undefined> {
  let text: string;
  try {
    text = await readFile(pathOf(data), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return joinStateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${pathOf(data)} is damaged: begin anew in another folder, with another invitation`, {
      cause,
    });
  }
}

export function writeJoinState(data: string, state: JoinState): Promise<void> {
  return writeFileDurably(pathOf(data), JSON.stringify(state, undefined, 2));
}
