export { addSettingsExportPages } from './pages.tsx';
export { textsOf as settingsExportTextsOf } from './texts.ts';
