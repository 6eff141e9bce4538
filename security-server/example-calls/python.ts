import { pythonLiteral as literal } from './literal.ts';
import type { ExampleCall } from './model.ts';

/** With what Python brings along. A refusal is an answer, too: `urlopen` raises it. */
export function python({ server, target, method, headers, body, connectionType }: ExampleCall): string {
  const isTls = connectionType !== 'NOSSL';
  return [
    ...(isTls ? ['import ssl'] : []),
    'from urllib.error import HTTPError',
    'from urllib.request import Request, urlopen',
    '',
    `request = Request(${literal(`${server}${target}`)}, method=${literal(method)}, headers={`,
    ...headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)},`),
    `}${body === undefined ? '' : `, data=${literal(body)}.encode()`})`,
    ...(isTls ? ["context = ssl.create_default_context(cafile='server.pem')"] : []),
    ...(connectionType === 'SSLAUTH' ? ["context.load_cert_chain('system.pem', 'system.key')"] : []),
    'try:',
    `    answer = urlopen(request${isTls ? ', context=context' : ''})`,
    'except HTTPError as refusal:',
    '    answer = refusal',
    'print(answer.status, answer.read().decode())',
  ].join('\n');
}
