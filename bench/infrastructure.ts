/** The registry and the authority of a founded pilot, without its servers: `node infrastructure.js DATA PORT-BASE`. */
import { startInfrastructure } from '../pilot/index.ts';

const [data = '', portBase = ''] = process.argv.slice(2);
const infrastructure = await startInfrastructure({
  data,
  portBase: Number(portBase),
  onStep: () => undefined,
  onTrouble: (component, about, error) => process.stderr.write(`${component} ${about} ${String(error)}\n`),
});
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
process.once('SIGTERM', () => {
  infrastructure.close().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
});
