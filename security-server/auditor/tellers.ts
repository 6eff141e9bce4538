import type { ShownRecord } from './show-record.ts';

/** In which an exchange can be told. */
export const tellingLanguages = ['en', 'de'] as const;
export type TellingLanguage = (typeof tellingLanguages)[number];

type Signature = NonNullable<ShownRecord['signature']>;
type Timestamp = NonNullable<ShownRecord['timestamp']>;

interface Asked {
  readonly client: string;
  readonly provider: string;
  readonly service: string;
  readonly userId: string | null;
  readonly issue: string | null;
}

/** The sentences of one language. */
interface Teller {
  asked(asked: Asked): string;
  readonly unanswered: string;
  recorded(record: ShownRecord): string;
  unreadable(direction: ShownRecord['direction']): string;
  signed(signature: Signature, sender: string): string;
  good(at: string): string;
  readonly unstamped: string;
  stamped(timestamp: Timestamp): string;
  readonly headErased: string;
  body(body: ShownRecord['bodies'][number]): string;
}

const english: Teller = {
  asked: ({ client, provider, service, userId, issue }) => {
    const who = userId === null ? '' : `, on behalf of its user '${userId}'`;
    const why = issue === null ? '' : `, concerning '${issue}'`;
    return `${client} asked ${provider} for the service ${service}${who}${why}.`;
  },
  unanswered: 'No response to it is in this log: none came, none could be made, or it is still on its way.',
  recorded: ({ direction, side, at, index, sequence, status }) => {
    const outcome = status === null ? '' : ` with the status ${status}`;
    return `The ${direction}${outcome} was recorded by the security server of the ${side} at ${at}, as record ${index} of its log and number ${sequence} between the two.`;
  },
  unreadable: (direction) => `The signature of the ${direction} cannot be read.`,
  signed: ({ certificate, signedAt }, sender) => {
    const { subject, validFrom, validTo, issuer } = certificate;
    const when = signedAt === null ? '' : `; the signer says at ${signedAt}`;
    return `It bears a signature of ${sender}, made with the certificate of ${subject}, valid from ${validFrom} to ${validTo}, issued by ${issuer}${when}.`;
  },
  good: (at) => `That the certificate was good its authority said at ${at}.`,
  unstamped: 'No timestamping authority has stamped it yet.',
  stamped: ({ at, authority, checkpointSize }) => {
    const who = authority ?? 'an authority that the configuration of then does not know';
    const covered =
      checkpointSize === null ? '' : `, together with the log of then ${checkpointSize} records`;
    return `It was timestamped at ${at} by ${who}${covered}.`;
  },
  headErased: 'The message itself was erased: its digest is still proven.',
  body: ({ position, octets, isErased }) =>
    `Body ${position} had ${octets} octets${isErased ? ', and is erased: its digest is still proven' : ''}.`,
};

const german: Teller = {
  asked: ({ client, provider, service, userId, issue }) => {
    const who = userId === null ? '' : `, für den Benutzer „${userId}“`;
    const why = issue === null ? '' : `, in der Sache „${issue}“`;
    return `${client} fragte ${provider} nach dem Dienst ${service}${who}${why}.`;
  },
  unanswered:
    'Eine Antwort darauf steht nicht in diesem Protokoll: Es kam keine, es konnte keine entstehen, oder sie ist noch unterwegs.',
  recorded: ({ direction, side, at, index, sequence, status }) => {
    const outcome = status === null ? '' : ` mit dem Status ${status}`;
    const what = direction === 'request' ? 'Die Anfrage' : 'Die Antwort';
    const whose = side === 'client' ? 'des Fragenden' : 'des Anbieters';
    return `${what}${outcome} wurde vom Sicherheitsserver ${whose} um ${at} verzeichnet, als Eintrag ${index} seines Protokolls und Nummer ${sequence} zwischen den beiden.`;
  },
  unreadable: (direction) =>
    `Die Signatur der ${direction === 'request' ? 'Anfrage' : 'Antwort'} ist nicht lesbar.`,
  signed: ({ certificate, signedAt }, sender) => {
    const { subject, validFrom, validTo, issuer } = certificate;
    const when = signedAt === null ? '' : `; nach Angabe des Unterzeichners um ${signedAt}`;
    return `Sie trägt eine Signatur von ${sender}, mit dem Zertifikat von ${subject}, gültig von ${validFrom} bis ${validTo}, ausgestellt von ${issuer}${when}.`;
  },
  good: (at) => `Dass das Zertifikat gut war, sagte seine Zertifizierungsstelle um ${at}.`,
  unstamped: 'Einen Zeitstempel hat sie noch nicht.',
  stamped: ({ at, authority, checkpointSize }) => {
    const who = authority ?? 'einer Stelle, die die damalige Konfiguration nicht kennt';
    const covered =
      checkpointSize === null ? '' : `, zusammen mit den damals ${checkpointSize} Einträgen des Protokolls`;
    return `Sie bekam um ${at} einen Zeitstempel von ${who}${covered}.`;
  },
  headErased: 'Die Nachricht selbst wurde gelöscht: Ihr Hashwert ist weiterhin bewiesen.',
  body: ({ position, octets, isErased }) =>
    `Inhalt ${position} hatte ${octets} Oktette${isErased ? ' und ist gelöscht: Sein Hashwert ist weiterhin bewiesen' : ''}.`,
};

export const tellers: Readonly<Record<TellingLanguage, Teller>> = { en: english, de: german };
