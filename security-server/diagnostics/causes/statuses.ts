import { foundBy, say } from '../cause.ts';

/** Why peers would not take a certificate, or soon will not. */
export const statusCauses = foundBy(
  {
    place: 'certificates',
    checked: say(
      'For each active certificate: the OCSP response at hand, and what each responder of its authority answered last.',
      'Für jedes aktive Zertifikat: die vorliegende OCSP-Antwort und was jeder Auskunftsdienst seiner Zertifizierungsstelle zuletzt geantwortet hat.',
    ),
  },
  {
    'authority-not-approved': {
      severity: 'stops',
      who: 'registry',
      cause: say(
        'The authority that issued the certificate is not approved in this instance.',
        'Die Zertifizierungsstelle, die das Zertifikat ausgestellt hat, ist in dieser Instanz nicht zugelassen.',
      ),
      remedy: say(
        'Use a certificate of an approved authority, or ask the registry to approve this one.',
        'Verwenden Sie ein Zertifikat einer zugelassenen Stelle oder bitten Sie das Register, diese zuzulassen.',
      ),
    },
    'ocsp-responder-unknown': {
      severity: 'stops',
      who: 'registry',
      cause: say(
        'The configuration names no OCSP responder of the authority: nobody can be asked for the status.',
        'Die Konfiguration nennt keinen OCSP-Dienst der Zertifizierungsstelle: Niemand kann nach dem Status gefragt werden.',
      ),
      remedy: say(
        'Ask the registry to add the responder to the certification service.',
        'Bitten Sie das Register, den Dienst zur Zertifizierungsstelle einzutragen.',
      ),
    },
    'ocsp-missing': {
      severity: 'stops',
      who: 'network',
      cause: say(
        'There is no good OCSP response for the certificate, and none has been fetched yet.',
        'Für das Zertifikat liegt keine gute OCSP-Antwort vor, und noch wurde keine geholt.',
      ),
      remedy: say(
        'It is fetched by itself once a configuration is in force; see what stops that.',
        'Sie wird von selbst geholt, sobald eine Konfiguration gilt; sehen Sie, was das verhindert.',
      ),
    },
    'ocsp-stale': {
      severity: 'stops',
      who: 'authority',
      cause: say(
        'The responder answers with a status that is too old, or whose next update is overdue.',
        'Der Dienst antwortet mit einem Status, der zu alt ist oder dessen nächste Ausgabe überfällig ist.',
      ),
      remedy: say(
        'Ask the authority why its responder does not renew its answers; check the clock of this server too.',
        'Fragen Sie die Zertifizierungsstelle, warum ihr Dienst seine Antworten nicht erneuert; prüfen Sie auch die Uhr dieses Servers.',
      ),
    },
    'ocsp-revoked': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The authority has revoked or suspended the certificate.',
        'Die Zertifizierungsstelle hat das Zertifikat widerrufen oder ausgesetzt.',
      ),
      remedy: say(
        'Find out why. Get a certificate for a new key; if the key may be known to others, say so to the registry.',
        'Klären Sie, warum. Beschaffen Sie ein Zertifikat für einen neuen Schlüssel; könnte der Schlüssel anderen bekannt sein, melden Sie es dem Register.',
      ),
    },
    'ocsp-unknown': {
      severity: 'stops',
      who: 'authority',
      cause: say('The responder does not know the certificate.', 'Der Dienst kennt das Zertifikat nicht.'),
      remedy: say(
        'A certificate that was just issued may take a while; otherwise the authority mends its responder.',
        'Bei einem eben ausgestellten Zertifikat kann es dauern; sonst bringt die Zertifizierungsstelle ihren Dienst in Ordnung.',
      ),
    },
    'ocsp-not-trusted': {
      severity: 'stops',
      who: 'registry',
      cause: say(
        'The OCSP response is signed by somebody who may not, badly, or is of another certificate.',
        'Die OCSP-Antwort ist von jemandem signiert, der es nicht darf, fehlerhaft signiert oder zu einem anderen Zertifikat.',
      ),
      remedy: say(
        'Ask the authority whether the responder has a new certificate, and the registry to publish it.',
        'Fragen Sie die Zertifizierungsstelle nach einem neuen Zertifikat des Dienstes und bitten Sie das Register, es zu veröffentlichen.',
      ),
    },
    'ocsp-responder-refuses': {
      severity: 'will-stop',
      who: 'authority',
      cause: say(
        'The responder answers with an HTTP error, or with something that is no OCSP response.',
        'Der Dienst antwortet mit einem HTTP-Fehler oder mit etwas, das keine OCSP-Antwort ist.',
      ),
      remedy: say(
        'Tell the authority; a proxy in between may be the one that answers.',
        'Melden Sie es der Zertifizierungsstelle; vielleicht antwortet ein Proxy dazwischen.',
      ),
    },
    'ocsp-responder-unreachable': {
      severity: 'will-stop',
      who: 'network',
      cause: say(
        'The responder cannot be reached; when the response at hand is too old, exchange stops.',
        'Der Dienst ist nicht erreichbar; wird die vorliegende Antwort zu alt, endet der Austausch.',
      ),
      remedy: say(
        'Open the way from this server to its address in the firewall; if it is open, tell the authority.',
        'Öffnen Sie in der Firewall den Weg von diesem Server zu seiner Adresse; ist er offen, melden Sie es der Zertifizierungsstelle.',
      ),
    },
  },
);
