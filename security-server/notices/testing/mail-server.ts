import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came after DATA, without the dot that ends it. */
  readonly content: string;
  readonly wasEncrypted: boolean;
  /** Whoever signed in. */
  readonly user: string | undefined;
}

export interface MailServerOptions {
  readonly identity: { readonly key: string; readonly cert: string };
  readonly port?: number;
  /** TLS from the first octet. */
  readonly isSecure?: boolean;
  readonly offersStartTls?: boolean;
  /** Who may send; absent: everybody. */
  readonly account?: { readonly user: string; readonly password: string };
  /** What `RCPT` is answered; 250 unless told. */
  readonly answerRecipient?: (address: string) => string;
}

/** A mail server for tests: SMTP as of RFC 5321, with STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4954), over real sockets. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** Commands as they came, without what signs in. */
  readonly commands: string[] = [];
  readonly #options: MailServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: MailServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      if (options.isSecure === true) this.#secure(socket, true);
      else this.#serve(socket, false, true);
    });
  }

  static async start(options: MailServerOptions): Promise<MailServer> {
    const mail = new MailServer(options);
    await new Promise<void>((resolve, reject) => {
      mail.#server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return mail;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #secure(socket: Socket, greets: boolean): void {
    const { key, cert } = this.#options.identity;
    const secured = new TLSSocket(socket, { isServer: true, key, cert });
    secured.on('error', () => socket.destroy());
    this.#serve(secured, true, greets);
  }

  #serve(socket: Socket, isEncrypted: boolean, greets: boolean): void {
    const { offersStartTls = true, account, answerRecipient = () => '250 ok' } = this.#options;
    let [from, to, user, buffered, isData]: [string, string[], string | undefined, string, boolean] = [
      '',
      [],
      undefined,
      '',
      false,
    ];
    const say = (line: string) => socket.write(`${line}\r\n`);
    const command = (line: string): void => {
      const [verb = ''] = line.split(' ', 1);
      this.commands.push(verb.toUpperCase() === 'AUTH' ? 'AUTH' : line);
      if (/^EHLO/i.test(line)) {
        const starts = !isEncrypted && offersStartTls ? ['STARTTLS'] : [];
        const offered = [
          'mail.test',
          '8BITMIME',
          ...starts,
          ...(account && isEncrypted ? ['AUTH PLAIN'] : []),
        ];
        for (const one of offered) say(`250${one === offered.at(-1) ? ' ' : '-'}${one}`);
      } else if (/^STARTTLS$/i.test(line) && offersStartTls) {
        say('220 begin');
        socket.removeAllListeners('data');
        this.#secure(socket, false);
      } else if (/^AUTH PLAIN /i.test(line)) {
        const [, name, password] = Buffer.from(line.slice(11), 'base64').toString().split('\0');
        const isRight = name === account?.user && password === account?.password;
        if (isRight) user = name;
        say(isRight ? '235 welcome' : '535 5.7.8 not by this password');
      } else if (/^MAIL FROM:/i.test(line)) {
        from = /<([^>]*)>/.exec(line)?.[1] ?? '';
        say(account !== undefined && user === undefined ? '530 sign in first' : '250 ok');
      } else if (/^RCPT TO:/i.test(line)) {
        const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
        const answer = answerRecipient(address);
        if (answer.startsWith('2')) to.push(address);
        say(answer);
      } else if (/^DATA$/i.test(line)) {
        isData = true;
        say('354 go on');
      } else if (/^QUIT$/i.test(line)) {
        socket.end('221 bye\r\n');
      } else say('500 what?');
    };
    socket.on('data', (chunk: Buffer) => {
      buffered += chunk.toString('utf8');
      while (!socket.destroyed) {
        const end = buffered.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const part = buffered.slice(0, end);
        buffered = buffered.slice(end + (isData ? 5 : 2));
        if (!isData) command(part);
        else {
          this.received.push({ from, to, content: part, wasEncrypted: isEncrypted, user });
          [from, to, isData] = ['', [], false];
          say('250 taken');
        }
      }
    });
    if (greets) say('220 mail.test ready');
  }
}
