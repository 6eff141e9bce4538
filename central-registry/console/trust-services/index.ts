import type { Pages } from '../../../gateway/console/index.ts';
import { addAuthorityPages } from './authority.tsx';
import { addCertificationPages } from './certification.tsx';
import { addTrustServiceList } from './list.tsx';
import { addTimestampingPages } from './timestamping.tsx';

export {
  type CertificationService,
  certificationPath,
  type TimestampingService,
  timestampingPath,
} from './answers.ts';
export { readCertificate } from './certificate-facts.tsx';

/** Certification and timestamping services that the instance approves, with all that the registry knows of them. */
export function addTrustServicePages(pages: Pages): void {
  addTrustServiceList(pages);
  addCertificationPages(pages);
  addAuthorityPages(pages);
  addTimestampingPages(pages);
}
