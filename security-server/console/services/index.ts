export { type Endpoint, type Service, servicePath } from './answers.ts';
export { serviceCrumbs } from './crumbs.ts';
export { addServicePages } from './pages.tsx';
