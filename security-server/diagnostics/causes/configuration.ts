import { foundBy, say } from '../cause.ts';

const mendedByUrl = say(
  'Check the name of the registry in DNS from this server, and the resolver that it uses.',
  'Prüfen Sie den Namen des Registers im DNS von diesem Server aus und den Resolver, den er benutzt.',
);

/** Of one source: another may do, and what is on disk counts until it expires. */
export const configurationCauses = foundBy(
  {
    place: 'configuration',
    checked: say(
      'The configuration in force, and how the last look at each of its sources went.',
      'Die geltende Konfiguration und wie der letzte Abruf bei jeder ihrer Quellen verlief.',
    ),
  },
  {
    'configuration-missing': {
      severity: 'stops',
      who: 'network',
      cause: say(
        'No configuration could be fetched yet: nothing is processed.',
        'Noch keine Konfiguration konnte geholt werden: Nichts wird verarbeitet.',
      ),
      remedy: say(
        'See below what is wrong with its source.',
        'Sehen Sie unten, was mit ihrer Quelle nicht stimmt.',
      ),
    },
    'configuration-expired': {
      severity: 'stops',
      who: 'network',
      cause: say(
        'The configuration has expired: nothing is processed until a new one can be fetched.',
        'Die Konfiguration ist abgelaufen: Nichts wird verarbeitet, bis eine neue geholt werden kann.',
      ),
      remedy: say(
        'See below what is wrong with its sources; if nothing is, look at the clock.',
        'Sehen Sie unten, was mit ihren Quellen nicht stimmt; ist nichts zu finden, prüfen Sie die Uhr.',
      ),
    },
    'configuration-unknown-host': {
      severity: 'will-stop',
      who: 'network',
      cause: say(
        'The name of a source of the configuration is not known here.',
        'Der Name einer Quelle der Konfiguration ist hier nicht bekannt.',
      ),
      remedy: mendedByUrl,
    },
    'configuration-refused': {
      severity: 'will-stop',
      who: 'network',
      cause: say(
        'A source of the configuration refuses the connection: nobody listens there, or a firewall rejects.',
        'Eine Quelle der Konfiguration lehnt die Verbindung ab: Niemand nimmt dort an, oder eine Firewall weist zurück.',
      ),
      remedy: say(
        'Ask the registry whether it runs; open the way to it in the firewall.',
        'Fragen Sie beim Register, ob es läuft; öffnen Sie den Weg dorthin in der Firewall.',
      ),
    },
    'configuration-timeout': {
      severity: 'will-stop',
      who: 'network',
      cause: say(
        'A source of the configuration does not answer in time: most often a firewall drops what is sent.',
        'Eine Quelle der Konfiguration antwortet nicht rechtzeitig: Meist verwirft eine Firewall, was gesendet wird.',
      ),
      remedy: say(
        'Open the way from this server to its address and port; then try the connection below.',
        'Öffnen Sie den Weg von diesem Server zu Adresse und Port; prüfen Sie dann unten die Verbindung.',
      ),
    },
    'configuration-tls': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'TLS with a source of the configuration fails: its certificate is not trusted here, or has expired.',
        'TLS mit einer Quelle der Konfiguration schlägt fehl: Ihrem Zertifikat wird hier nicht vertraut, oder es ist abgelaufen.',
      ),
      remedy: say(
        'Ask the registry to renew it; an authority of your own has to be among those that Node trusts (NODE_EXTRA_CA_CERTS).',
        'Bitten Sie das Register, es zu erneuern; eine eigene Zertifizierungsstelle muss unter denen sein, denen Node vertraut (NODE_EXTRA_CA_CERTS).',
      ),
    },
    'configuration-http-status': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'A source of the configuration answers with an HTTP error.',
        'Eine Quelle der Konfiguration antwortet mit einem HTTP-Fehler.',
      ),
      remedy: say(
        'Ask the operator of the registry; a proxy in between may be the one that answers.',
        'Fragen Sie den Betreiber des Registers; vielleicht antwortet ein Proxy dazwischen.',
      ),
    },
    'configuration-version': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'A source serves no configuration of a version that this server reads.',
        'Eine Quelle bietet keine Konfiguration in einer Version, die dieser Server liest.',
      ),
      remedy: say(
        'Check the path in the anchor; otherwise registry or server have to be upgraded.',
        'Prüfen Sie den Pfad im Anker; sonst müssen Register oder Server aktualisiert werden.',
      ),
    },
    'configuration-anchor-mismatch': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'The configuration is signed with a key that the anchor does not name: the registry changed its keys, or it is not this registry.',
        'Die Konfiguration ist mit einem Schlüssel signiert, den der Anker nicht nennt: Das Register hat die Schlüssel gewechselt, oder es ist ein anderes.',
      ),
      remedy: say(
        'Get the new anchor from the registry by a way that you trust, and compare its fingerprint before you use it.',
        'Beschaffen Sie den neuen Anker vom Register auf einem Weg, dem Sie vertrauen, und vergleichen Sie den Fingerabdruck, bevor Sie ihn verwenden.',
      ),
    },
    'configuration-signature': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'The signature of the configuration is not good, or a file is not the one that was signed for: it was changed on its way.',
        'Die Signatur der Konfiguration stimmt nicht, oder eine Datei ist nicht die signierte: Sie wurde unterwegs verändert.',
      ),
      remedy: say(
        'Tell the operator of the registry, and look for who changes it in between. The former one goes on counting until it expires.',
        'Melden Sie es dem Betreiber des Registers und suchen Sie, wer sie unterwegs verändert. Die bisherige gilt bis zu ihrem Ablauf.',
      ),
    },
    'configuration-instance-mismatch': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'A source serves the configuration of another instance than that of the anchor.',
        'Eine Quelle bietet die Konfiguration einer anderen Instanz als der des Ankers.',
      ),
      remedy: say(
        'Ask the registry; its address may have been given to another.',
        'Fragen Sie das Register; vielleicht wurde seine Adresse an ein anderes vergeben.',
      ),
    },
    'configuration-source-expired': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'A source serves a configuration that has expired already: the registry signs none anew.',
        'Eine Quelle bietet eine bereits abgelaufene Konfiguration: Das Register signiert keine neue.',
      ),
      remedy: say(
        'Ask the operator of the registry whether its signing key is signed in; check the clock of this server too.',
        'Fragen Sie den Betreiber des Registers, ob sein Signaturschlüssel angemeldet ist; prüfen Sie auch die Uhr dieses Servers.',
      ),
    },
    'configuration-unreadable': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'A source serves something that is no configuration, or one that cannot be used here.',
        'Eine Quelle bietet etwas, das keine Konfiguration ist oder hier nicht verwendbar ist.',
      ),
      remedy: say(
        'Tell the operator of the registry what was found.',
        'Melden Sie dem Betreiber des Registers, was gefunden wurde.',
      ),
    },
    'registry-history-contradicts': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'The registry contradicts the history of its register that it signed for before, here or to another server. Configurations that contradict what was signed for here are refused.',
        'Das Register widerspricht der Geschichte seines Verzeichnisses, für die es zuvor unterschrieben hat, hier oder gegenüber einem anderen Server. Konfigurationen, die dem hier Unterschriebenen widersprechen, werden abgelehnt.',
      ),
      remedy: say(
        'Do not reset it. Ask the operator of the registry, and compare the checkpoint with other servers.',
        'Setzen Sie nichts zurück. Fragen Sie den Betreiber des Registers und vergleichen Sie den Prüfpunkt mit anderen Servern.',
      ),
    },
    'registry-history-unavailable': {
      severity: 'warns',
      who: 'registry',
      cause: say(
        'Whether the register only grew since it was looked at last cannot be told.',
        'Ob das Verzeichnis seit dem letzten Blick nur gewachsen ist, lässt sich nicht sagen.',
      ),
      remedy: say(
        'Ask the operator of the registry why its history is not served any more.',
        'Fragen Sie den Betreiber des Registers, warum dessen Geschichte nicht mehr angeboten wird.',
      ),
    },
  },
);
