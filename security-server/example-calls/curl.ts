import type { ExampleCall } from './model.ts';

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** For a POSIX shell. The body is raw: `--data-binary` would read a file that a stranger's example names with `@`. */
export function curl({ server, connectionType, method, target, headers, body }: ExampleCall): string {
  const parts = [
    method === 'HEAD' ? 'curl --globoff --head' : `curl --globoff -X ${method}`,
    ...(connectionType === 'NOSSL' ? [] : ['--cacert server.pem']),
    ...(connectionType === 'SSLAUTH' ? ['--cert system.pem --key system.key'] : []),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${quoted(body)}`]),
    quoted(`${server}${target}`),
  ];
  return parts.join(' \\\n  ');
}
