export type ExampleLanguage = 'curl' | 'TypeScript' | 'Python' | 'Java';

/** How an information system reaches its security server, by the connection type of its client. */
export type ConnectionType = 'NOSSL' | 'SSLNOAUTH' | 'SSLAUTH';

/** A call that programs are shown how to make. */
export interface ExampleCall {
  /** Of the security server, for information systems; without a path. */
  readonly server: string;
  readonly connectionType: ConnectionType;
  readonly method: string;
  /** Printable ASCII, from the first slash on, with its query. */
  readonly target: string;
  /** `X-Road-Client` first. Printable ASCII. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
}

export interface Example {
  readonly language: ExampleLanguage;
  readonly text: string;
}
