export { isHopHeader } from './headers.ts';
export { matchesPath } from './path-glob.ts';
export { type MessagePart, requestHash } from './request-hash.ts';
export { composeRestRequest, parseRestRequest, type RestRequest } from './rest-request.ts';
export {
  checkConsistent,
  composeRestResponse,
  parseRestResponse,
  type RestResponse,
} from './rest-response.ts';
export { normaliseServicePath } from './service-path.ts';
