import { curl } from './curl.ts';
import { java } from './java.ts';
import type { Example, ExampleCall } from './model.ts';
import { python } from './python.ts';
import { typescript } from './typescript.ts';

/**
 * A call as programs make it. What stands in it may be a stranger's: it is quoted as the language demands, and a target
 * or header that is not printable ASCII makes no example.
 *
 * Where the connection type asks for TLS, examples name `server.pem`, the certificate that the security server shows;
 * where it asks for the information system's own, `system.pem` and `system.key`, for Java both in `system.p12`. Nothing
 * else is needed: the libraries are those that each language brings along.
 */
export function examplesOf(call: ExampleCall): readonly Example[] {
  const isPlain = /^\/[!-~]*$/.test(call.target) && /^[A-Z]{1,10}$/.test(call.method);
  const isText = call.headers.every(([name, value]) => /^[A-Za-z-]+$/.test(name) && /^[ -~]*$/.test(value));
  // A step upwards is walked by the program that sends it: the call would be another than the one that is shown.
  const isStraight = !/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(call.target.split('?', 1)[0] ?? '');
  if (!isPlain || !isText || !isStraight) return [];
  return [
    { language: 'curl', text: curl(call) },
    { language: 'TypeScript', text: typescript(call) },
    { language: 'Python', text: python(call) },
    { language: 'Java', text: java(call) },
  ];
}
