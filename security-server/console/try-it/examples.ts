import type { Values } from '../../../gateway/console/index.ts';

/** Where an information system finds its security server; it knows the address, the console does not. */
const server = 'https://security-server.example';

interface Example {
  readonly language: string;
  readonly text: string;
}

/** The call as programs make it. Texts of the visitor stand in them as JSON strings or in single quotes. */
export function examplesOf(values: Values): readonly Example[] {
  const { client = '', provider = '', serviceCode = '', method = 'GET', path = '', body = '' } = values;
  const slashed = (id: string) => id.replaceAll(':', '/');
  const url = `${server}/r1/${slashed(provider)}/${encodeURIComponent(serviceCode)}${path}`;
  const type =
    values['contentType'] === undefined || values['contentType'] === ''
      ? 'application/json'
      : values['contentType'];
  const headers: readonly (readonly [string, string])[] = [
    ['X-Road-Client', slashed(client)],
    ...(body === '' ? [] : [['Content-Type', type] as const]),
  ];
  return [
    { language: 'curl', text: curl(method, url, headers, body) },
    { language: 'TypeScript', text: typescript(method, url, headers, body) },
    { language: 'Python', text: python(method, url, headers, body) },
    { language: 'Java', text: java(method, url, headers, body) },
  ];
}

type Headers = readonly (readonly [string, string])[];

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const literal = (text: string) => JSON.stringify(text);

function curl(method: string, url: string, headers: Headers, body: string): string {
  const parts = [
    `curl -X ${method}`,
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === '' ? [] : [`--data-binary ${quoted(body)}`]),
    quoted(url),
  ];
  return parts.join(' \\\n  ');
}

function typescript(method: string, url: string, headers: Headers, body: string): string {
  const given = headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)},`);
  return [
    `const answer = await fetch(${literal(url)}, {`,
    `  method: ${literal(method)},`,
    ...['  headers: {', ...given, '  },'],
    ...(body === '' ? [] : [`  body: ${literal(body)},`]),
    '});',
    'console.log(answer.status, await answer.text());',
  ].join('\n');
}

function python(method: string, url: string, headers: Headers, body: string): string {
  const given = headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)},`);
  return [
    'from urllib.request import Request, urlopen',
    '',
    `request = Request(${literal(url)}, method=${literal(method)}, headers={`,
    ...given,
    `}${body === '' ? '' : `, data=${literal(body)}.encode()`})`,
    'with urlopen(request) as answer:',
    '    print(answer.status, answer.read())',
  ].join('\n');
}

function java(method: string, url: string, headers: Headers, body: string): string {
  const publisher =
    body === ''
      ? 'HttpRequest.BodyPublishers.noBody()'
      : `HttpRequest.BodyPublishers.ofString(${literal(body)})`;
  return [
    `var request = HttpRequest.newBuilder(URI.create(${literal(url)}))`,
    ...headers.map(([name, value]) => `    .header(${literal(name)}, ${literal(value)})`),
    `    .method(${literal(method)}, ${publisher})`,
    '    .build();',
    'var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());',
    'System.out.println(answer.statusCode() + " " + answer.body());',
  ].join('\n');
}
