/** Writes `docs/diagnoses.md` anew. */
import { writeFileSync } from 'node:fs';
import { diagnosesFile, diagnosesPage } from './diagnoses-page.ts';

writeFileSync(diagnosesFile, diagnosesPage());
