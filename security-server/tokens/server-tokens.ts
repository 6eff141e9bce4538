import { join } from 'node:path';
import { HardwareToken, type PinState, Pkcs11Module } from '../../certs/pkcs11/index.ts';
import { openSoftwareToken, type Token, TokenError, type TokenErrorCode } from '../../certs/token/index.ts';
import { readSecretPlace } from '../../gateway/http/index.ts';
import { nameOfDevice, type TokenSettings } from './settings.ts';

export interface ServerTokensOptions {
  /** Folder of the software token. */
  readonly dir: string;
  readonly devices: TokenSettings;
  /** A token came, went, or came back: what signs with its keys has to be found anew. */
  readonly onChange: () => void;
  /** Told which token is in trouble, and why. */
  readonly onTrouble: (error: Error) => void;
  /** Pause before a device that is away is looked for again. Milliseconds; 5 seconds unless told. */
  readonly retryMs?: number;
}

/** A token as administrators see it. */
export interface KnownToken {
  /** Undefined while its device is away since the server was started. */
  readonly token: Token | undefined;
  readonly kind: 'software' | 'device';
  /** As the settings name it. */
  readonly name: string;
  /** Its device is not there now. */
  readonly isAway: boolean;
  /** Why it cannot be used. */
  readonly trouble: string | undefined;
  /** Of devices that are there. */
  readonly pin?: PinState;
  /** The trouble for programs; `pin-file`: the place of its PIN cannot be read. */
  readonly troubleCode?: TokenErrorCode | 'pin-file';
}

interface Device {
  readonly settings: TokenSettings[number];
  readonly name: string;
  token: HardwareToken | undefined;
  trouble: string | undefined;
  troubleCode: KnownToken['troubleCode'];
}

const defaultRetryMs = 5_000;

/** The tokens of a server: the one in its folder, and devices. A device that is away holds up nobody else. */
export class ServerTokens {
  readonly software: Token;
  readonly #options: ServerTokensOptions;
  readonly #modules = new Map<string, Pkcs11Module>();
  readonly #devices: readonly Device[];
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(software: Token, options: ServerTokensOptions) {
    this.software = software;
    this.#options = options;
    this.#devices = options.devices.map((settings) => ({
      ...{ settings, name: nameOfDevice(settings) },
      ...{ token: undefined, trouble: undefined, troubleCode: undefined },
    }));
  }

  /** @throws TokenError not-initialized, damaged of the software token; of devices `onTrouble` is told */
  static async open(options: ServerTokensOptions): Promise<ServerTokens> {
    const tokens = new ServerTokens(await openSoftwareToken(options.dir), options);
    await tokens.#look();
    return tokens;
  }

  /** @param tokenId as its keys name it, or `software` */
  get(tokenId: string): Token | undefined {
    if (tokenId === 'software') return this.software;
    return this.#present().find(({ id }) => id === tokenId);
  }

  all(): readonly KnownToken[] {
    return [
      { token: this.software, kind: 'software', name: 'software', isAway: false, trouble: undefined },
      ...this.#devices.map(({ token, name, trouble, troubleCode }) => ({
        ...{ token, name, kind: 'device' as const, isAway: token?.isAway() ?? true },
        // What was wrong with a PIN is past once it was entered.
        trouble: token?.isActive() === true ? undefined : trouble,
        ...(token !== undefined && { pin: token.pinState() }),
        ...(troubleCode !== undefined && { troubleCode }),
      })),
    ];
  }

  /** The token that has the key. @param key its name, or its DER SubjectPublicKeyInfo */
  withKey(key: string | Buffer): { readonly token: Token; readonly keyId: string } | undefined {
    for (const token of this.#present()) {
      const found = token
        .listKeys()
        .find(({ id, publicKeyInfo }) => (typeof key === 'string' ? id === key : publicKeyInfo.equals(key)));
      if (found !== undefined) return { token, keyId: found.id };
    }
    return undefined;
  }

  /** Allows one more PIN of a device by hand. @returns whether there is such a device */
  async releasePin(tokenId: string): Promise<boolean> {
    const token = this.#devices.find((device) => device.token?.id === tokenId)?.token;
    await token?.releasePin();
    return token !== undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const token of this.#present()) token.deactivate();
    for (const module of this.#modules.values()) await module.close();
  }

  #present(): readonly Token[] {
    return [this.software, ...this.#devices.flatMap(({ token }) => token ?? [])];
  }

  /** Looks for devices that were not found yet, and signs in to them where the settings have a PIN. */
  async #look(): Promise<void> {
    const away = this.#devices.filter(({ token }) => token === undefined);
    const found = await Promise.all(away.map((device) => this.#open(device)));
    if (this.#isClosed) return;
    if (found.some(Boolean)) this.#options.onChange();
    if (found.every(Boolean)) return;
    this.#retry = setTimeout(() => void this.#look(), this.#options.retryMs ?? defaultRetryMs).unref();
  }

  /** @returns whether it was found */
  async #open(device: Device): Promise<boolean> {
    const { module: path, serial, label, sessions, pss, environment } = device.settings;
    const { dir, onChange, retryMs } = this.#options;
    const key = JSON.stringify([path, environment]);
    const module = this.#modules.get(key) ?? new Pkcs11Module({ path, ...(environment && { environment }) });
    this.#modules.set(key, module);
    try {
      const token = await HardwareToken.open({
        module,
        pinsPath: (id) => join(dir, `${id}-attempts.json`),
        ...(serial !== undefined && { serial }),
        ...(label !== undefined && { label }),
        ...(sessions !== undefined && { sessions }),
        ...(pss !== undefined && { pss }),
        ...(retryMs !== undefined && { retryMs }),
        onChange: (state, error) => {
          this.#tell(device, state === 'back' ? undefined : error);
          onChange();
        },
      });
      device.token = token;
      this.#tell(device, undefined);
      await this.#signIn(device, token);
      return true;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      this.#tell(device, error);
      return false;
    }
  }

  async #signIn(device: Device, token: HardwareToken): Promise<void> {
    const { pinFile: file, pinCommand: command } = device.settings;
    try {
      const pin = await readSecretPlace(`PIN of token '${device.name}'`, { file, command });
      if (pin !== undefined) await token.activateByItself(pin);
    } catch (error) {
      // It is there, and can be signed in to by hand: what was wrong is told, and not tried again by itself.
      this.#tell(device, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Once for each trouble, not each time that it is met again. */
  #tell(device: Device, error: Error | undefined): void {
    const isNew = error !== undefined && error.message !== device.trouble;
    device.trouble = error?.message;
    device.troubleCode = codeOf(error);
    if (isNew) this.#options.onTrouble(error);
  }
}

/** What is no refusal of the token is about the file with its PIN. */
function codeOf(error: Error | undefined): KnownToken['troubleCode'] {
  if (error === undefined) return undefined;
  return error instanceof TokenError ? error.code : 'pin-file';
}
