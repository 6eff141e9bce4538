export { newSpanId, Tracing, type TracingSettings } from './tracing.ts';
