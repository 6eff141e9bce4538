import type { Visit } from '../../gateway/console/index.ts';
import { certificateTextsOf } from './certificates/index.ts';
import { internalTlsTextsOf } from './internal-tls/index.ts';
import { keyTextsOf } from './keys/index.ts';
import { requestTextsOf } from './requests/index.ts';
import { tokenTextsOf } from './tokens/index.ts';

/** What this server is trusted by, and what it asks of the registry. */
export function trustLinks(visit: Visit) {
  return [
    { href: '/tokens', text: tokenTextsOf(visit).tokens },
    { href: '/keys', text: keyTextsOf(visit).keys },
    { href: '/certificates', text: certificateTextsOf(visit).certificates },
    { href: '/internal-tls', text: internalTlsTextsOf(visit).internalTls },
    { href: '/requests', text: requestTextsOf(visit).requests },
  ];
}
