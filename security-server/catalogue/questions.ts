import { Fault, readSoapFault, spellCode } from '../../gateway/fault/index.ts';
import { type ClientId, printRest, type ServiceId } from '../../gateway/identifier/index.ts';
import { charsetOf, composeEnvelope, readSoapMessage } from '../../gateway/soap/index.ts';
import { escapeText } from '../../gateway/xml/index.ts';
import { type Loopback, type PostAnswer, postPinned } from '../management/index.ts';
import { serviceIdOf } from '../settings/index.ts';
import { CatalogueError } from './error.ts';
import { type OfferedService, readRestMethods, readSoapMethods } from './read-methods.ts';

type ListName = 'listMethods' | 'allowedMethods';

/** How providers are asked: each question is an exchange like any other, signed and recorded on both sides. */
export interface QuestionOptions {
  readonly loopback: () => Loopback;
  readonly newId: () => string;
  /** Ends questions under way. */
  readonly signal: AbortSignal;
}

const timeoutMs = 20_000;
const maxTextLength = 300;

/** The questions of the metadata protocols, asked of a provider in the name of a client of this server. */
export class Questions {
  readonly #options: QuestionOptions;

  constructor(options: QuestionOptions) {
    this.#options = options;
  }

  /** @throws CatalogueError */
  async restMethods(client: ClientId, provider: ClientId, list: ListName): Promise<OfferedService[]> {
    const { bytes } = await this.#askRest(client, serviceIdOf(provider, list), '');
    return readRestMethods(bytes, provider);
  }

  /** @throws CatalogueError */
  async soapMethods(client: ClientId, provider: ClientId, list: ListName): Promise<OfferedService[]> {
    const { contentType, bytes } = await this.#askSoap(client, serviceIdOf(provider, list), `<xr:${list}/>`);
    return readSoapMethods(bytes, charsetOf(contentType), provider);
  }

  /** An OpenAPI document, as its provider gives it. @throws CatalogueError */
  async openApi(client: ClientId, provider: ClientId, serviceCode: string): Promise<Buffer> {
    const query = `?serviceCode=${encodeURIComponent(serviceCode)}`;
    return (await this.#askRest(client, serviceIdOf(provider, 'getOpenAPI'), query)).bytes;
  }

  /** A WSDL, as its provider gives it. @throws CatalogueError */
  async wsdl(
    client: ClientId,
    provider: ClientId,
    { serviceCode, serviceVersion }: Pick<OfferedService, 'serviceCode' | 'serviceVersion'>,
  ): Promise<Buffer> {
    const version =
      serviceVersion === undefined
        ? ''
        : `<xr:serviceVersion>${escapeText(serviceVersion)}</xr:serviceVersion>`;
    const body = `<xr:getWsdl><xr:serviceCode>${escapeText(serviceCode)}</xr:serviceCode>${version}</xr:getWsdl>`;
    const { contentType, bytes } = await this.#askSoap(client, serviceIdOf(provider, 'getWsdl'), body);
    return firstAttachment(contentType, bytes);
  }

  async #askRest(client: ClientId, service: ServiceId, query: string): Promise<PostAnswer> {
    const answer = await this.#post({
      ...{ method: 'GET', target: `/r1/${printRest(service)}${query}` },
      ...{ contentType: 'application/json', bytes: Buffer.alloc(0) },
      headers: { 'x-road-client': printRest(client), 'x-road-id': this.#options.newId() },
    });
    const code = answer.headers['x-road-error'];
    if (typeof code === 'string') throw new CatalogueError(short(code), refusalIn(answer.bytes));
    if (answer.status !== 200) {
      throw new CatalogueError('unexpected-status', `Answered with status ${answer.status}`);
    }
    return answer;
  }

  async #askSoap(client: ClientId, service: ServiceId, body: string): Promise<PostAnswer> {
    const header = { client, service, id: this.#options.newId(), protocolVersion: '4.0' };
    const answer = await this.#post({
      ...{ method: 'POST', target: '/', contentType: 'text/xml; charset=UTF-8' },
      bytes: composeEnvelope(header, body),
    });
    const fault = readSoapFault(answer.bytes);
    if (fault !== undefined) throw new CatalogueError(short(fault.peerCode), short(fault.message));
    return answer;
  }

  async #post(message: {
    readonly method: string;
    readonly target: string;
    readonly contentType: string;
    readonly bytes: Buffer;
    readonly headers?: Readonly<Record<string, string>>;
  }): Promise<PostAnswer> {
    const { url, certificate: pinned, context } = this.#options.loopback();
    try {
      return await postPinned({ ...message, url, pinned, context, timeoutMs, signal: this.#options.signal });
    } catch (error) {
      if (error instanceof Fault)
        throw new CatalogueError(spellCode(error), short(error.message), { cause: error });
      throw error;
    }
  }
}

/** @throws CatalogueError answer-unreadable */
async function firstAttachment(contentType: string, bytes: Buffer): Promise<Buffer> {
  try {
    const { attachments } = await readSoapMessage(oneChunk(bytes), contentType);
    for await (const { body } of attachments) {
      const pieces: Uint8Array[] = [];
      for await (const piece of body) pieces.push(piece);
      return Buffer.concat(pieces);
    }
  } catch (cause) {
    throw new CatalogueError('answer-unreadable', 'The answer is no message with an attachment', { cause });
  }
  throw new CatalogueError('answer-unreadable', 'The answer has no attachment, which would be the WSDL');
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function refusalIn(bytes: Buffer): string {
  try {
    const { message } = JSON.parse(bytes.toString()) as { readonly message?: unknown };
    return typeof message === 'string' ? short(message) : '';
  } catch {
    // The code says what there is to know.
    return '';
  }
}

/** What others write is shown on one line, and cut. */
function short(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
      .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+/g, ' ')
      .slice(0, maxTextLength)
  );
}
