import { type ClientId, type MemberId, memberOf, type ServerId } from '../identifier/index.ts';

interface OnServer {
  readonly server: ServerId;
}

interface OnClient extends OnServer {
  readonly client: ClientId;
}

/** What a security server may ask of its registry. @see X-Road management services protocol */
export type ManagementRequest =
  | (OnServer & {
      readonly kind: 'authCertReg';
      readonly address?: string;
      /** DER. */
      readonly authCert: Buffer;
      /** Only checks; nothing is registered. */
      readonly dryRun?: boolean;
    })
  | (OnServer & { readonly kind: 'authCertDeletion'; readonly authCert: Buffer })
  | (OnClient & { readonly kind: 'clientReg'; readonly subsystemName?: string })
  | (OnClient & { readonly kind: 'clientDeletion' })
  | (OnClient & { readonly kind: 'clientDisable' })
  | (OnClient & { readonly kind: 'clientEnable' })
  | (OnClient & { readonly kind: 'clientRename'; readonly subsystemName: string })
  /** `client` is the new owner, a client of the server already. */
  | (OnServer & { readonly kind: 'ownerChange'; readonly client: MemberId })
  | (OnServer & { readonly kind: 'addressChange'; readonly address: string })
  | (OnServer & { readonly kind: 'maintenanceModeEnable'; readonly message?: string })
  | (OnServer & { readonly kind: 'maintenanceModeDisable' });

export type ManagementKind = ManagementRequest['kind'];

/**
 * How a request travels: straight to the registration service with two signatures, as an X-Road message with one
 * signature in attachments, or as an X-Road message that its own signature proves.
 */
export type Carriage = 'registration' | 'multipart' | 'plain';

const carriages: Readonly<Record<ManagementKind, Carriage>> = {
  authCertReg: 'registration',
  authCertDeletion: 'plain',
  clientReg: 'multipart',
  clientDeletion: 'plain',
  clientDisable: 'multipart',
  clientEnable: 'multipart',
  clientRename: 'multipart',
  ownerChange: 'multipart',
  addressChange: 'multipart',
  maintenanceModeEnable: 'multipart',
  maintenanceModeDisable: 'multipart',
};

export const managementKinds = Object.keys(carriages) as readonly ManagementKind[];

export function carriageOf(kind: ManagementKind): Carriage {
  return carriages[kind];
}

/** Whose signing key signs the SOAP part beside the message; undefined for what is sent without. */
export function signerOf(request: ManagementRequest): MemberId | undefined {
  switch (request.kind) {
    case 'authCertDeletion':
    case 'clientDeletion':
      return undefined;
    case 'clientReg':
    case 'clientDisable':
    case 'clientEnable':
    case 'clientRename':
    case 'ownerChange':
      return memberOf(request.client);
    case 'authCertReg':
    case 'addressChange':
    case 'maintenanceModeEnable':
    case 'maintenanceModeDisable':
      return memberOf(request.server);
  }
}
