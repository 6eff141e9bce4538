import type { Pages } from '../../../gateway/console/index.ts';
import { addExchangePages } from './exchange.tsx';
import { addExportPages } from './export.tsx';
import { addGapPage } from './gaps.tsx';
import { addLogPages } from './log.tsx';
import { addSearchPage } from './search.tsx';
import { addStatisticsPage } from './statistics.tsx';

export { textsOf as evidenceTextsOf } from './texts.ts';

/** What an auditor may see: exchanges and what proves them, whether any is missing, and the log itself. */
export function addEvidencePages(pages: Pages): void {
  addSearchPage(pages);
  addExchangePages(pages);
  addExportPages(pages);
  addGapPage(pages);
  addStatisticsPage(pages);
  addLogPages(pages);
}
