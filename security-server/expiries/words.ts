import type { Mender, Words } from '../diagnostics/index.ts';

/** What a certificate is to this server. */
export const expiryKinds = [
  'authentication',
  'signing',
  'internal-tls',
  'information-system',
  'service',
  'description',
  'authority',
  'ocsp-responder',
  'timestamping',
  'registration-service',
  'configuration-key',
] as const;
export type ExpiryKind = (typeof expiryKinds)[number];

interface ExpiryWords {
  /** Who gets the next one. */
  readonly who: Mender;
  readonly name: Words;
  /** What no longer works when it has ended. */
  readonly stops: Words;
  readonly remedy: Words;
  /** Page of the console. */
  readonly href: string;
}

export const expiryWords: Readonly<Record<ExpiryKind, ExpiryWords>> = {
  authentication: {
    who: 'security-officer',
    name: { en: 'Authentication certificate', de: 'Authentisierungszertifikat' },
    stops: {
      en: 'No other server talks to this one: every exchange stops.',
      de: 'Kein anderer Server spricht mit diesem: Jeder Austausch endet.',
    },
    remedy: {
      en: 'Get the next one for a new key and register it; the decision of the registry takes its time as well.',
      de: 'Beschaffen Sie das nächste für einen neuen Schlüssel und registrieren Sie es; auch die Entscheidung des Registers braucht ihre Zeit.',
    },
    href: '/certificates',
  },
  signing: {
    who: 'security-officer',
    name: { en: 'Signing certificate', de: 'Signaturzertifikat' },
    stops: {
      en: 'No message of this member can be signed: all its exchanges stop.',
      de: 'Keine Nachricht dieses Mitglieds kann signiert werden: Jeder seiner Austausche endet.',
    },
    remedy: {
      en: 'Make a new key and a request for the member, and import the certificate that the authority issues.',
      de: 'Erzeugen Sie einen neuen Schlüssel und einen Antrag für das Mitglied und importieren Sie das Zertifikat, das die Zertifizierungsstelle ausstellt.',
    },
    href: '/certificates',
  },
  'internal-tls': {
    who: 'system-administrator',
    name: { en: 'Internal TLS certificate', de: 'Internes TLS-Zertifikat' },
    stops: {
      en: 'Information systems that check it no longer connect to this server.',
      de: 'Informationssysteme, die es prüfen, verbinden sich nicht mehr mit diesem Server.',
    },
    remedy: {
      en: 'Make a new one, or have one issued, and give it to the information systems before.',
      de: 'Erzeugen Sie ein neues oder lassen Sie eines ausstellen und geben Sie es vorher den Informationssystemen.',
    },
    href: '/internal-tls',
  },
  'information-system': {
    who: 'service-administrator',
    name: { en: 'Certificate of an information system', de: 'Zertifikat eines Informationssystems' },
    stops: {
      en: 'The information system that shows it should no longer be known by it, and may be refused.',
      de: 'Das Informationssystem, das es zeigt, sollte daran nicht mehr erkannt werden und kann abgewiesen werden.',
    },
    remedy: {
      en: 'Ask the owner of the system for its next certificate, add it, and remove this one.',
      de: 'Bitten Sie den Betreiber des Systems um sein nächstes Zertifikat, fügen Sie es hinzu und entfernen Sie dieses.',
    },
    href: '/clients',
  },
  service: {
    who: 'service-administrator',
    name: { en: 'Certificate of a service', de: 'Zertifikat eines Dienstes' },
    stops: {
      en: 'Calls of this service fail when its TLS is checked.',
      de: 'Aufrufe dieses Dienstes scheitern, wo sein TLS geprüft wird.',
    },
    remedy: {
      en: 'Ask the owner of the service for its next certificate, and set it at the service.',
      de: 'Bitten Sie den Betreiber des Dienstes um sein nächstes Zertifikat und hinterlegen Sie es am Dienst.',
    },
    href: '/clients',
  },
  description: {
    who: 'service-administrator',
    name: { en: 'Certificate of a description’s address', de: 'Zertifikat der Adresse einer Beschreibung' },
    stops: {
      en: 'The description of the service can no longer be read again; the service goes on.',
      de: 'Die Beschreibung des Dienstes kann nicht mehr neu gelesen werden; der Dienst läuft weiter.',
    },
    remedy: {
      en: 'Give the next certificate of that address when the description is read again.',
      de: 'Geben Sie das nächste Zertifikat dieser Adresse an, wenn die Beschreibung neu gelesen wird.',
    },
    href: '/clients',
  },
  authority: {
    who: 'registry',
    name: { en: 'Certification authority', de: 'Zertifizierungsstelle' },
    stops: {
      en: 'Certificates that it issued no longer count, here and on other servers.',
      de: 'Von ihr ausgestellte Zertifikate zählen nicht mehr, hier und auf anderen Servern.',
    },
    remedy: {
      en: 'Ask the operator of the registry for the next certificate of the authority, and get certificates of yours from it.',
      de: 'Fragen Sie den Betreiber des Registers nach dem nächsten Zertifikat der Zertifizierungsstelle und beschaffen Sie Ihre Zertifikate von ihm.',
    },
    href: '/diagnostics#configuration',
  },
  'ocsp-responder': {
    who: 'registry',
    name: { en: 'OCSP responder', de: 'OCSP-Responder' },
    stops: {
      en: 'Its statuses no longer count: certificates of its authority stop serving within the freshness of a status.',
      de: 'Seine Statusauskünfte zählen nicht mehr: Zertifikate seiner Zertifizierungsstelle dienen nur noch, solange der letzte Status frisch ist.',
    },
    remedy: {
      en: 'Ask the operator of the registry to publish the next certificate of the responder.',
      de: 'Bitten Sie den Betreiber des Registers, das nächste Zertifikat des Responders zu veröffentlichen.',
    },
    href: '/diagnostics#certificates',
  },
  timestamping: {
    who: 'registry',
    name: { en: 'Timestamping authority', de: 'Zeitstempeldienst' },
    stops: {
      en: 'Its timestamps no longer count; with no other authority, exchange stops when records wait too long.',
      de: 'Seine Zeitstempel zählen nicht mehr; ohne einen anderen endet der Austausch, wenn Einträge zu lange warten.',
    },
    remedy: {
      en: 'Ask the operator of the registry to publish the next certificate of the authority.',
      de: 'Bitten Sie den Betreiber des Registers, das nächste Zertifikat des Dienstes zu veröffentlichen.',
    },
    href: '/diagnostics#timestamping',
  },
  'registration-service': {
    who: 'registry',
    name: { en: 'Registration service', de: 'Registrierungsdienst' },
    stops: {
      en: 'New authentication certificates can no longer be registered.',
      de: 'Neue Authentisierungszertifikate können nicht mehr registriert werden.',
    },
    remedy: {
      en: 'Ask the operator of the registry to publish the next certificate of the registration service.',
      de: 'Bitten Sie den Betreiber des Registers, das nächste Zertifikat des Registrierungsdienstes zu veröffentlichen.',
    },
    href: '/diagnostics#configuration',
  },
  'configuration-key': {
    who: 'registry',
    name: { en: 'Configuration key', de: 'Konfigurationsschlüssel' },
    stops: {
      en: 'Nothing by itself, for dates of these certificates bind nobody; registries use the date to replace the key, after which the anchor must be renewed.',
      de: 'Für sich genommen nichts, denn die Daten dieser Zertifikate binden niemanden; Register ersetzen zu dieser Zeit den Schlüssel, und der Anker muss dann erneuert werden.',
    },
    remedy: {
      en: 'Ask the operator of the registry whether a new key, and with it a new anchor, is coming.',
      de: 'Fragen Sie den Betreiber des Registers, ob ein neuer Schlüssel und damit ein neuer Anker kommt.',
    },
    href: '/diagnostics#configuration',
  },
};
