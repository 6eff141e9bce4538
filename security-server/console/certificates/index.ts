export { addCertificatePages } from './pages.tsx';
export { textsOf as certificateTextsOf } from './texts.ts';
export { certificateOf } from './upload.ts';
