export { addOverview } from './pages.tsx';
