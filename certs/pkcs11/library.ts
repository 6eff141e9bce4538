/** The part of pkcs11js that is used: a module of any maker behind it, or one that a test makes fail. */
export interface Library {
  C_Initialize(options: { readonly flags: number }): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Buffer[];
  C_GetTokenInfo(slot: Buffer): {
    readonly label: string;
    readonly manufacturerID: string;
    readonly model: string;
    readonly serialNumber: string;
    readonly flags: number;
  };
  C_GetMechanismList(slot: Buffer): number[];
  C_OpenSession(slot: Buffer, flags: number): Buffer;
  C_CloseSession(session: Buffer): void;
  C_Login(session: Buffer, userType: number, pin?: string): void;
  C_Logout(session: Buffer): void;
  C_SetPIN(session: Buffer, oldPin: string, newPin: string): void;
  C_FindObjectsInit(session: Buffer, template: Template): void;
  C_FindObjects(session: Buffer, most: number): Buffer[];
  C_FindObjectsFinal(session: Buffer): void;
  C_GetAttributeValue(session: Buffer, object: Buffer, template: Template): readonly Attribute[];
  C_GenerateKeyPair(
    session: Buffer,
    mechanism: Mechanism,
    publicTemplate: Template,
    privateTemplate: Template,
  ): { readonly publicKey: Buffer; readonly privateKey: Buffer };
  C_DestroyObject(session: Buffer, object: Buffer): void;
  C_SignInit(session: Buffer, mechanism: Mechanism, key: Buffer): void;
  C_SignAsync(session: Buffer, input: Buffer, output: Buffer): Promise<Buffer>;
}

interface Attribute {
  readonly type: number;
  readonly value: Buffer;
}
type Template = { readonly type: number; readonly value?: Buffer | number | boolean | string }[];
interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: object;
}

/** Calls come from several threads at once. @see CKF_OS_LOCKING_OK */
export const withLocks = { flags: 2 } as const;

/** Numbers of the standard. @see OASIS PKCS #11 v2.40, pkcs11t.h */
export const ckf = {
  rwSession: 2,
  serialSession: 4,
  tokenInitialized: 0x400,
  userPinFinalTry: 0x20000,
  userPinLocked: 0x40000,
} as const;
export const cku = { user: 1, contextSpecific: 2 } as const;
export const cko = { publicKey: 2, privateKey: 3 } as const;
export const ckk = { rsa: 0, ec: 3 } as const;
export const cka = {
  class: 0,
  token: 1,
  private: 2,
  label: 3,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  sign: 0x108,
  verify: 0x10a,
  modulus: 0x120,
  modulusBits: 0x121,
  publicExponent: 0x122,
  extractable: 0x162,
  ecParams: 0x180,
  ecPoint: 0x181,
  alwaysAuthenticate: 0x202,
} as const;

export const ckm: Readonly<Record<string, number>> = {
  CKM_RSA_PKCS_KEY_PAIR_GEN: 0,
  CKM_RSA_PKCS: 1,
  CKM_RSA_PKCS_PSS: 0xd,
  CKM_SHA256_RSA_PKCS: 0x40,
  CKM_SHA512_RSA_PKCS: 0x42,
  CKM_SHA256: 0x250,
  CKM_SHA384: 0x260,
  CKM_SHA512: 0x270,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
};

/** Mask generation functions, and the kind of parameter that names them to pkcs11js. */
export const mgf = { sha256: 2, sha384: 3, sha512: 4 } as const;
export const pssParameters = 5;
