import { foundBy, say } from '../cause.ts';

export const timestampingCauses = foundBy(
  {
    place: 'timestamping',
    checked: say(
      'Which timestamping authorities there are, how the last question to each went, and since when the log has had no timestamp.',
      'Welche Zeitstempeldienste es gibt, wie die letzte Anfrage an jeden verlief und seit wann das Protokoll keinen Zeitstempel erhielt.',
    ),
  },
  {
    'timestamping-none-approved': {
      severity: 'stops',
      who: 'registry',
      cause: say(
        'The instance has no timestamping authority, and the settings name none: no message is taken.',
        'Die Instanz hat keinen Zeitstempeldienst, und die Einstellungen nennen keinen: Keine Nachricht wird angenommen.',
      ),
      remedy: say(
        'Ask the registry to approve a timestamping authority.',
        'Bitten Sie das Register, einen Zeitstempeldienst zuzulassen.',
      ),
    },
    'timestamping-unreachable': {
      severity: 'will-stop',
      who: 'network',
      cause: say(
        'A timestamping authority cannot be reached.',
        'Ein Zeitstempeldienst ist nicht erreichbar.',
      ),
      remedy: say(
        'Open the way from this server to its address in the firewall; if it is open, tell the authority.',
        'Öffnen Sie in der Firewall den Weg von diesem Server zu seiner Adresse; ist er offen, melden Sie es dem Dienst.',
      ),
    },
    'timestamping-refused': {
      severity: 'will-stop',
      who: 'authority',
      cause: say(
        'A timestamping authority answers, and gives no timestamp.',
        'Ein Zeitstempeldienst antwortet und gibt keinen Zeitstempel.',
      ),
      remedy: say(
        'Ask the authority: an account may have ended, or it refuses the request for a reason that it names.',
        'Fragen Sie den Dienst: Vielleicht ist ein Vertrag ausgelaufen, oder er lehnt aus einem genannten Grund ab.',
      ),
    },
    'timestamping-token-unacceptable': {
      severity: 'will-stop',
      who: 'registry',
      cause: say(
        'A timestamp came that is not signed by an approved authority, or is of other data: it is not used.',
        'Ein Zeitstempel kam, der nicht von einem zugelassenen Dienst signiert ist oder zu anderen Daten gehört: Er wird nicht verwendet.',
      ),
      remedy: say(
        'Ask the authority whether it has a new certificate, and the registry to publish it.',
        'Fragen Sie den Dienst nach einem neuen Zertifikat und bitten Sie das Register, es zu veröffentlichen.',
      ),
    },
    'timestamping-overdue': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'No timestamp could be had for longer than the setting `acceptableTimestampFailureSeconds` allows: no message is taken.',
        'Länger als die Einstellung `acceptableTimestampFailureSeconds` erlaubt, war kein Zeitstempel zu haben: Keine Nachricht wird angenommen.',
      ),
      remedy: say(
        'Mend what keeps the authorities away; exchange goes on with the next timestamp.',
        'Beheben Sie, was die Dienste fernhält; der Austausch geht mit dem nächsten Zeitstempel weiter.',
      ),
    },
  },
);

export const clockCauses = foundBy(
  {
    place: 'clock',
    checked: say(
      'The clock of this server against timestamps, OCSP responses and the HTTP dates of registry and authorities in the last hour.',
      'Die Uhr dieses Servers gegen Zeitstempel, OCSP-Antworten und die HTTP-Daten von Register und Diensten der letzten Stunde.',
    ),
  },
  {
    'clock-behind': {
      severity: 'will-stop',
      who: 'system-administrator',
      cause: say(
        'The clock of this server is behind that of the others: statuses seem to come from the future, and certificates not to count yet.',
        'Die Uhr dieses Servers geht gegenüber den anderen nach: Statusauskünfte scheinen aus der Zukunft zu kommen und Zertifikate noch nicht zu gelten.',
      ),
      remedy: say(
        'Set the clock by a time service (chrony, systemd-timesyncd), and see why it stopped.',
        'Stellen Sie die Uhr nach einem Zeitdienst (chrony, systemd-timesyncd) und klären Sie, warum er ausfiel.',
      ),
    },
    'clock-ahead': {
      severity: 'will-stop',
      who: 'system-administrator',
      cause: say(
        'The clock of this server is ahead of that of the others: configuration, statuses and certificates expire too early.',
        'Die Uhr dieses Servers geht gegenüber den anderen vor: Konfiguration, Statusauskünfte und Zertifikate laufen zu früh ab.',
      ),
      remedy: say(
        'Set the clock by a time service (chrony, systemd-timesyncd), and see why it stopped.',
        'Stellen Sie die Uhr nach einem Zeitdienst (chrony, systemd-timesyncd) und klären Sie, warum er ausfiel.',
      ),
    },
  },
);
