import { literal } from './literal.ts';
import type { ExampleCall } from './model.ts';

/**
 * For Node: `fetch` where nothing of TLS has to be said, else `node:https`, which takes certificates without a package
 * from elsewhere.
 */
export function typescript(call: ExampleCall): string {
  return call.connectionType === 'NOSSL' ? withFetch(call) : withHttps(call);
}

function withFetch({ server, target, method, headers, body }: ExampleCall): string {
  return [
    `const answer = await fetch(${literal(`${server}${target}`)}, {`,
    `  method: ${literal(method)},`,
    ...headersOf(headers),
    ...(body === undefined ? [] : [`  body: ${literal(body)},`]),
    '});',
    'console.log(answer.status, await answer.text());',
  ].join('\n');
}

function withHttps({ server, target, method, headers, body, connectionType }: ExampleCall): string {
  const own = ["  cert: readFileSync('system.pem'),", "  key: readFileSync('system.key'),"];
  return [
    "import { readFileSync } from 'node:fs';",
    "import { request } from 'node:https';",
    "import { text } from 'node:stream/consumers';",
    '',
    `const call = request(${literal(`${server}${target}`)}, {`,
    `  method: ${literal(method)},`,
    "  ca: readFileSync('server.pem'),",
    ...(connectionType === 'SSLAUTH' ? own : []),
    ...headersOf(headers),
    '});',
    "call.on('response', async (answer) => console.log(answer.statusCode, await text(answer)));",
    `call.end(${body === undefined ? '' : literal(body)});`,
  ].join('\n');
}

function headersOf(headers: ExampleCall['headers']): string[] {
  return [
    '  headers: {',
    ...headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)},`),
    '  },',
  ];
}
