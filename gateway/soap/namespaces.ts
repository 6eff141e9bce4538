export { identifiersNamespace } from '../identifier/index.ts';

/** SOAP 1.1, the only version that X-Road 7 carries. */
export const soapNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';
export const xroadNamespace = 'http://x-road.eu/xsd/xroad.xsd';
export const representationNamespace = 'http://x-road.eu/xsd/representation.xsd';
