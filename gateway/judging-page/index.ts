export { type JudgingPage, readJudgingPage } from './read-page.ts';
