import { foundBy, say } from '../cause.ts';

export const clientCauses = foundBy(
  {
    place: 'clients',
    checked: say(
      'Each client of the settings against the configuration.',
      'Jeder Client der Einstellungen gegen die Konfiguration.',
    ),
  },
  {
    'client-not-registered': {
      severity: 'stops',
      who: 'registration-officer',
      cause: say(
        'The client is not registered on this server: it takes no part in exchange.',
        'Der Client ist auf diesem Server nicht registriert: Er nimmt am Austausch nicht teil.',
      ),
      remedy: say(
        'Register it (a management request clientReg), or delete it.',
        'Registrieren Sie ihn (Verwaltungsanfrage clientReg) oder löschen Sie ihn.',
      ),
    },
    'client-registration-waiting': {
      severity: 'stops',
      who: 'registry',
      cause: say(
        'The registration of the client waits for the registry.',
        'Die Registrierung des Clients wartet auf das Register.',
      ),
      remedy: say(
        'Ask the operator of the registry to decide on the request.',
        'Bitten Sie den Betreiber des Registers, über den Antrag zu entscheiden.',
      ),
    },
    'client-disabled': {
      severity: 'stops',
      who: 'registration-officer',
      cause: say(
        'The client is switched off: it neither calls nor serves.',
        'Der Client ist abgeschaltet: Er ruft nicht auf und bedient nicht.',
      ),
      remedy: say(
        'Switch it on again (clientEnable) when it is wanted.',
        'Schalten Sie ihn wieder ein (clientEnable), wenn er gebraucht wird.',
      ),
    },
    'client-unknown-to-registry': {
      severity: 'stops',
      who: 'registry',
      cause: say(
        'The client counts as registered here, and the configuration does not name it for this server.',
        'Der Client gilt hier als registriert, und die Konfiguration nennt ihn nicht für diesen Server.',
      ),
      remedy: say(
        'Ask the registry whether it was removed; register it anew, or delete it here.',
        'Fragen Sie das Register, ob er entfernt wurde; registrieren Sie ihn neu oder löschen Sie ihn hier.',
      ),
    },
  },
);

export const serviceCauses = foundBy(
  {
    place: 'services',
    checked: say(
      'The settings of each service, and how the last call of it, by an exchange or a test, went.',
      'Die Einstellungen jedes Dienstes und wie der letzte Aufruf, durch Austausch oder Prüfung, verlief.',
    ),
  },
  {
    'service-disabled': {
      severity: 'stops',
      who: 'service-administrator',
      cause: say(
        'The service is switched off: its callers get the notice.',
        'Der Dienst ist abgeschaltet: Wer ihn aufruft, erhält den Hinweis.',
      ),
      remedy: say('Switch it on again when it is ready.', 'Schalten Sie ihn wieder ein, wenn er bereit ist.'),
    },
    'service-left-alone': {
      severity: 'stops',
      who: 'service-administrator',
      cause: say(
        'The service failed so often in a row that it is not called for a while: its callers are refused at once.',
        'Der Dienst scheiterte so oft in Folge, dass er eine Weile nicht aufgerufen wird: Wer ihn aufruft, wird sofort abgewiesen.',
      ),
      remedy: say(
        'See to its system; test the connection, and once it is reached it is called again.',
        'Kümmern Sie sich um sein System; prüfen Sie die Verbindung: Ist er erreicht, wird er wieder aufgerufen.',
      ),
    },
    'service-address-unusable': {
      severity: 'stops',
      who: 'service-administrator',
      cause: say(
        'The service has no address, or one that is no plain http(s) URL.',
        'Der Dienst hat keine Adresse oder eine, die keine einfache http(s)-URL ist.',
      ),
      remedy: say(
        'Set the address at which its system answers.',
        'Setzen Sie die Adresse, unter der sein System antwortet.',
      ),
    },
    'service-unknown-host': {
      severity: 'stops',
      who: 'service-administrator',
      cause: say(
        'The name in the address of the service is not known here.',
        'Der Name in der Adresse des Dienstes ist hier nicht bekannt.',
      ),
      remedy: say(
        'Correct the address, or the DNS that this server uses.',
        'Berichtigen Sie die Adresse oder das DNS, das dieser Server benutzt.',
      ),
    },
    'service-unreachable': {
      severity: 'stops',
      who: 'service-administrator',
      cause: say(
        'The service does not take a connection, or breaks it off.',
        'Der Dienst nimmt keine Verbindung an oder bricht sie ab.',
      ),
      remedy: say(
        'Ask the owner of the system whether it runs; open the way to it; then test the connection.',
        'Fragen Sie den Betreiber des Systems, ob es läuft; öffnen Sie den Weg dorthin; prüfen Sie dann die Verbindung.',
      ),
    },
    'service-timeout': {
      severity: 'stops',
      who: 'service-administrator',
      cause: say(
        'The service did not answer within its timeout.',
        'Der Dienst antwortete nicht innerhalb seiner Frist.',
      ),
      remedy: say(
        'Ask the owner of the system why it is slow; if it needs the time, raise the timeout of the service.',
        'Fragen Sie den Betreiber des Systems, warum es langsam ist; braucht es die Zeit, erhöhen Sie die Frist des Dienstes.',
      ),
    },
    'service-tls-not-trusted': {
      severity: 'stops',
      who: 'service-administrator',
      cause: say(
        'The TLS certificate of the service is not one that its settings trust, or has expired.',
        'Dem TLS-Zertifikat des Dienstes vertrauen seine Einstellungen nicht, oder es ist abgelaufen.',
      ),
      remedy: say(
        'Add the certificate of the system, as its owner gives it to you, to the service.',
        'Fügen Sie dem Dienst das Zertifikat des Systems hinzu, wie dessen Betreiber es Ihnen gibt.',
      ),
    },
  },
);

export const peerCauses = foundBy(
  {
    place: 'peers',
    checked: say(
      'How the last way to a server of each provider, for an exchange or a test, went.',
      'Wie der letzte Weg zu einem Server jedes Anbieters, für einen Austausch oder eine Prüfung, verlief.',
    ),
  },
  {
    'peer-unknown-host': {
      severity: 'stops',
      who: 'peer',
      cause: say(
        'The registered name of the other server is not known here.',
        'Der registrierte Name des anderen Servers ist hier nicht bekannt.',
      ),
      remedy: say(
        'Ask its owner to register the right address; check the DNS of this server.',
        'Bitten Sie dessen Betreiber, die richtige Adresse zu registrieren; prüfen Sie das DNS dieses Servers.',
      ),
    },
    'peer-unreachable': {
      severity: 'stops',
      who: 'network',
      cause: say(
        'The other server refuses the connection, or breaks it off.',
        'Der andere Server lehnt die Verbindung ab oder bricht sie ab.',
      ),
      remedy: say(
        'Ask its owner whether it runs; open the way to its port in both firewalls.',
        'Fragen Sie dessen Betreiber, ob er läuft; öffnen Sie den Weg zu seinem Port in beiden Firewalls.',
      ),
    },
    'peer-timeout': {
      severity: 'stops',
      who: 'network',
      cause: say(
        'The other server does not answer in time: most often a firewall drops what is sent.',
        'Der andere Server antwortet nicht rechtzeitig: Meist verwirft eine Firewall, was gesendet wird.',
      ),
      remedy: say(
        'Open the way to its port in both firewalls.',
        'Öffnen Sie den Weg zu seinem Port in beiden Firewalls.',
      ),
    },
    'peer-tls-refused': {
      severity: 'stops',
      who: 'peer',
      cause: say(
        'TLS with the other server fails: it refuses our certificate or our version, or does not speak TLS.',
        'TLS mit dem anderen Server schlägt fehl: Er lehnt unser Zertifikat oder unsere Version ab oder spricht kein TLS.',
      ),
      remedy: say(
        'See whether our own certificate is registered and good; then ask its owner what its log says. A Java server needs the posture xroad7.',
        'Prüfen Sie, ob unser eigenes Zertifikat registriert und gut ist; fragen Sie dann dessen Betreiber, was sein Protokoll sagt. Ein Java-Server braucht die Betriebsart xroad7.',
      ),
    },
    'peer-certificate-unknown': {
      severity: 'stops',
      who: 'peer',
      cause: say(
        'Who answers shows a certificate that is not registered for a server of this provider.',
        'Wer antwortet, zeigt ein Zertifikat, das für keinen Server dieses Anbieters registriert ist.',
      ),
      remedy: say(
        'Its owner registers the certificate, or uses the registered one; until then nothing is sent there.',
        'Dessen Betreiber registriert das Zertifikat oder verwendet das registrierte; bis dahin wird nichts dorthin gesendet.',
      ),
    },
    'peer-certificate-not-trusted': {
      severity: 'stops',
      who: 'peer',
      cause: say(
        'The certificate of the other server has expired, or is not of an approved authority.',
        'Das Zertifikat des anderen Servers ist abgelaufen oder nicht von einer zugelassenen Zertifizierungsstelle.',
      ),
      remedy: say(
        'Its owner gets a good certificate and registers it.',
        'Dessen Betreiber beschafft ein gutes Zertifikat und registriert es.',
      ),
    },
    'peer-status-missing': {
      severity: 'stops',
      who: 'peer',
      cause: say(
        'The other server shows no good OCSP status of its certificate.',
        'Der andere Server zeigt keinen guten OCSP-Status seines Zertifikats.',
      ),
      remedy: say(
        'Its owner sees why no status can be fetched, or whether the certificate was revoked. A Java server needs the posture xroad7.',
        'Dessen Betreiber klärt, warum kein Status geholt werden kann oder ob das Zertifikat widerrufen wurde. Ein Java-Server braucht die Betriebsart xroad7.',
      ),
    },
    'peer-in-maintenance': {
      severity: 'stops',
      who: 'peer',
      cause: say(
        'Every server of the provider is in maintenance.',
        'Jeder Server des Anbieters ist in Wartung.',
      ),
      remedy: say(
        'Wait until its owner ends the maintenance.',
        'Warten Sie, bis dessen Betreiber die Wartung beendet.',
      ),
    },
  },
);

export const registrationCauses = foundBy(
  {
    place: 'peers',
    checked: say(
      'A connection to the registration service of the registry, when it is asked for.',
      'Eine Verbindung zum Registrierungsdienst des Registers, wenn sie verlangt wird.',
    ),
  },
  {
    'registration-service-unreachable': {
      severity: 'warns',
      who: 'network',
      cause: say(
        'The registration service of the registry cannot be reached, or does not speak TLS: no certificate can be registered.',
        'Der Registrierungsdienst des Registers ist nicht erreichbar oder spricht kein TLS: Kein Zertifikat kann registriert werden.',
      ),
      remedy: say(
        'Open the way to its port (4001 unless told) in the firewall; if it is open, tell the operator of the registry.',
        'Öffnen Sie in der Firewall den Weg zu seinem Port (sonst 4001); ist er offen, melden Sie es dem Betreiber des Registers.',
      ),
    },
  },
);

/** These keep the program from starting: it says so on standard error and ends. */
export const startCauses = foundBy(
  {
    place: 'start',
    checked: say(
      'At the start, before anything is served; the program ends with this.',
      'Beim Start, bevor etwas bedient wird; das Programm endet damit.',
    ),
  },
  {
    'start-port-in-use': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'Another program listens on a port of this server.',
        'Ein anderes Programm nutzt einen Port dieses Servers.',
      ),
      remedy: say(
        'End that program, or choose another port with the setting that the error names.',
        'Beenden Sie jenes Programm, oder wählen Sie mit der genannten Einstellung einen anderen Port.',
      ),
    },
    'start-setting-invalid': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'A setting has a value that does not fit.',
        'Eine Einstellung hat einen Wert, der nicht passt.',
      ),
      remedy: say(
        'Correct it; the error says what was expected.',
        'Berichtigen Sie sie; der Fehler sagt, was erwartet wurde.',
      ),
    },
    'start-pin-wrong': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The PIN that was given at the start is not that of the token.',
        'Die beim Start gegebene PIN ist nicht die des Tokens.',
      ),
      remedy: say(
        'Give the right PIN; after three wrong ones it has to be waited for.',
        'Geben Sie die richtige PIN; nach drei falschen muss gewartet werden.',
      ),
    },
    'start-log-damaged': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The message log is damaged, or older than what was signed for: records are missing or changed.',
        'Das Nachrichtenprotokoll ist beschädigt oder älter als das, wofür unterschrieben wurde: Einträge fehlen oder sind verändert.',
      ),
      remedy: say(
        'Check it with `waygate audit fsck`, keep the folder as it is, and restore it from a backup.',
        'Prüfen Sie es mit `waygate audit fsck`, bewahren Sie den Ordner unverändert auf und stellen Sie ihn aus einer Sicherung wieder her.',
      ),
    },
  },
);
