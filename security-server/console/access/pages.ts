import type { Pages } from '../../../gateway/console/index.ts';
import { addServiceSide } from './service-side.tsx';
import { addSubjectSide } from './subject-side.tsx';

/** Rights from both sides: who may use a service, and what somebody may use. */
export function addAccessPages(pages: Pages): void {
  addServiceSide(pages);
  addSubjectSide(pages);
}
