import { writeXmlIdentifier } from '../identifier/index.ts';
import { child, childrenNamed } from '../xml/index.ts';
import { anchorFields, readAnchor } from './anchor.ts';
import type { PrivateParameters } from './model.ts';
import {
  group,
  readBase64,
  readClientId,
  readDocument,
  required,
  requiredNumber,
  requiredText,
  tag,
  writeDocument,
} from './xml-fields.ts';

/**
 * What only the servers of the own instance are told.
 * @throws Fault MalformedGlobalConf
 */
export function parsePrivateParameters(xml: Uint8Array): PrivateParameters {
  return readDocument(xml, { name: 'conf', what: 'private-params.xml' }, (root) => {
    const service = required(root, 'managementService');
    const certificate = child(service, 'authCertRegServiceCert');
    return {
      instance: requiredText(root, 'instanceIdentifier'),
      federatedAnchors: childrenNamed(root, 'configurationAnchor').map(readAnchor),
      managementService: {
        authCertRegServiceAddress: requiredText(service, 'authCertRegServiceAddress'),
        ...(certificate !== undefined && { authCertRegServiceCert: readBase64(certificate) }),
        providerId: readClientId(required(service, 'managementRequestServiceProviderId')),
      },
      timeStampingIntervalSeconds: requiredNumber(root, 'timeStampingIntervalSeconds'),
    };
  });
}

/** The same bytes fit the schemas of every version. */
export function writePrivateParameters(parameters: PrivateParameters): Buffer {
  const { authCertRegServiceAddress, authCertRegServiceCert, providerId } = parameters.managementService;
  return writeDocument(
    tag('instanceIdentifier', parameters.instance),
    ...parameters.federatedAnchors.map((anchor) => group('configurationAnchor', anchorFields(anchor))),
    group(
      'managementService',
      tag('authCertRegServiceAddress', authCertRegServiceAddress),
      authCertRegServiceCert === undefined
        ? ''
        : tag('authCertRegServiceCert', authCertRegServiceCert.toString('base64')),
      writeXmlIdentifier('managementRequestServiceProviderId', providerId),
    ),
    tag('timeStampingIntervalSeconds', parameters.timeStampingIntervalSeconds),
  );
}
