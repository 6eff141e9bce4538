import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { consoleUser, letIntoConsoles } from './console-users.ts';
import { exchangeOnce } from './exchange-once.ts';
import { type PilotNetwork, startPilot } from './network.ts';
import { city, instance, ministry, portCount } from './plan.ts';
import { loadOrMakeSecrets } from './secrets.ts';

interface PilotCommandOptions {
  readonly data: string;
  readonly once?: boolean;
  readonly portBase: number;
  readonly json?: boolean;
}

/** `waygate pilot`: a whole network on this machine. */
export function pilotCommand(): Command {
  return new Command('pilot')
    .description('found a network of a registry and two administrations, and run it until interrupted')
    .option('--data <dir>', 'folder for everything the network keeps; survives restarts', './pilot-data')
    .option(
      '--once',
      'make one exchange, verify its evidence, and end: exit status 0 only if every step held',
    )
    .option('--port-base <n>', `first of ${portCount} ports in a row`, readPort, 9100)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nBeside 127.0.0.1 the network uses 127.0.0.2, which other systems than Linux may have to be given.',
    )
    .action(run);
}

const lastBase = 65_536 - portCount;

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > lastBase) {
    throw new InvalidArgumentError(`a port from 1 to ${lastBase} is expected.`);
  }
  return port;
}

async function run({ data, once, portBase, json }: PilotCommandOptions): Promise<void> {
  const startedAt = performance.now();
  const steps: { readonly step: string; readonly atMs: number }[] = [];
  const note = (step: string) => {
    const atMs = Math.round(performance.now() - startedAt);
    steps.push({ step, atMs });
    process.stderr.write(`${String(atMs).padStart(6)} ms  ${step}\n`);
  };
  const network = await startPilot({
    data: resolve(data),
    portBase,
    onStep: note,
    onTrouble: (component, about, error) => {
      process.stderr.write(
        `${component}: ${about}: ${error instanceof Error ? error.message : String(error)}\n`,
      );
    },
  });
  if (once === true) {
    try {
      const isGood = await exchangeOnce(network, resolve(data), note);
      if (json === true) process.stdout.write(`${JSON.stringify({ isGood, steps })}\n`);
      process.exitCode = isGood ? 0 : 1;
    } finally {
      await network.close();
    }
    return;
  }
  const { console: password } = await loadOrMakeSecrets(resolve(data));
  await letIntoConsoles(network, password);
  // Whoever starts programs may send the signal as soon as it reads the lines below.
  const interrupted = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  process.stdout.write(
    json === true ? `${JSON.stringify(addresses(network))}\n` : welcome(network, data, password),
  );
  await interrupted;
  process.stderr.write('Ending the network; it goes on from here next time.\n');
  await network.close();
}

function addresses({ registry, ministry: gov, city: mun }: PilotNetwork): object {
  const shown = ({ clientUrl, clientTlsUrl, adminUrl, peerAddress }: PilotNetwork['city']) => ({
    clientUrl,
    clientTlsUrl,
    adminUrl,
    peerAddress,
  });
  const { configurationUrl, adminUrl } = registry;
  return { registry: { configurationUrl, adminUrl }, ministry: shown(gov), city: shown(mun) };
}

function welcome(
  { registry, ministry: gov, city: mun, ports }: PilotNetwork,
  data: string,
  password: string,
): string {
  const path = `${instance}/${ministry.memberClass}/${ministry.memberCode}/population/register/persons/P-1001`;
  const client = `${instance}/${city.memberClass}/${city.memberCode}/portal`;
  const asic = `${mun.clientUrl}/asic?queryId=first-1&xRoadInstance=${instance}&memberClass=${city.memberClass}&memberCode=${city.memberCode}&subsystemCode=portal`;
  return `
The pilot network is ready.

  Central registry          ${registry.configurationUrl}/internalconf    administration ${registry.adminUrl}
  Ministry of the Interior  ${gov.clientUrl}    administration ${gov.adminUrl}
  City of Rivertown         ${mun.clientUrl}    administration ${mun.adminUrl}
  Population register       http://127.0.0.1:${ports.populationRegister}/v1/openapi.json
  Building permits          http://127.0.0.1:${ports.buildingPermits}/v1/openapi.json

  Consoles: open an administration address in a browser, and sign in as ${consoleUser} with ${password}
  Programs send the API key in ${data}/registry/api-key, ${data}/ministry/api-key or ${data}/city/api-key,
  as \`Authorization: Bearer KEY\`; each administration address describes itself at /openapi.json.

A first exchange, from the city's portal to the ministry's population register:

  curl -H 'X-Road-Client: ${client}' -H 'X-Road-Id: first-1' ${mun.clientUrl}/r1/${path}

Take away its evidence and verify it, offline:

  curl -s -o request.asice '${asic}&unique&requestOnly&force'
  npx waygate audit verify --configuration ${data}/city/globalconf request.asice

End the network with Ctrl+C.
`;
}
