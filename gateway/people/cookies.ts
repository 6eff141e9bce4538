/** Longer headers are not looked through. */
const maxHeaderLength = 16_384;

/**
 * The cookie that says who is signed in. It ends with the browser, is out of reach for scripts, and is sent neither
 * with requests of other sites nor, when browsers come over https, in the clear. Its name holds the program's: two
 * programs at one host and different ports share their cookies.
 */
export class SessionCookie {
  readonly #name: string;
  readonly #attributes: string;

  /** @param program as people know it: `Waygate registry` */
  constructor(program: string, isHttps: boolean) {
    const name = `${program.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-session`;
    // A name that begins so is taken by browsers from this very host, over https and for all paths alone.
    this.#name = isHttps ? `__Host-${name}` : name;
    this.#attributes = `Path=/; HttpOnly; SameSite=Strict${isHttps ? '; Secure' : ''}`;
  }

  /** Value of `set-cookie`. @param secret of the session */
  write(secret: string): string {
    return `${this.#name}=${secret}; ${this.#attributes}`;
  }

  /** Value of `set-cookie` that takes it away. */
  clear(): string {
    return `${this.#name}=; Max-Age=0; ${this.#attributes}`;
  }

  /** @returns undefined when there is none, or more than one: somebody else set the other */
  read(headers: Headers): string | undefined {
    return readCookie(headers, this.#name);
  }
}

export function readCookie(headers: Headers, name: string): string | undefined {
  const header = headers.get('cookie') ?? '';
  if (header.length > maxHeaderLength) return undefined;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}
