import { foundBy, say } from '../cause.ts';

export const certificateCauses = foundBy(
  {
    place: 'certificates',
    checked: say(
      'For each member with a client here, and for the server itself: its certificates, their keys, and a trial signature.',
      'Für jedes Mitglied mit einem Client hier und für den Server selbst: seine Zertifikate, deren Schlüssel und eine Probesignatur.',
    ),
  },
  {
    'signing-certificate-missing': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The member has a client here and no signing certificate: none of its messages can be signed.',
        'Das Mitglied hat hier einen Client und kein Signaturzertifikat: Keine seiner Nachrichten kann signiert werden.',
      ),
      remedy: say(
        'Make a key and a request for the member, and import the certificate that the authority issues.',
        'Erzeugen Sie Schlüssel und Antrag für das Mitglied und importieren Sie das Zertifikat, das die Zertifizierungsstelle ausstellt.',
      ),
    },
    'signing-certificate-expired': {
      severity: 'stops',
      who: 'security-officer',
      cause: say('The signing certificate has expired.', 'Das Signaturzertifikat ist abgelaufen.'),
      remedy: say(
        'Get a new certificate for a new key, and import it; the old one can then be deleted.',
        'Beschaffen Sie ein neues Zertifikat für einen neuen Schlüssel und importieren Sie es; das alte kann danach gelöscht werden.',
      ),
    },
    'signing-certificate-not-yet-valid': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The signing certificate begins to count later than now.',
        'Das Signaturzertifikat gilt erst ab einem späteren Zeitpunkt.',
      ),
      remedy: say(
        'Wait until then, or ask the authority for one that counts now; if the date seems wrong, look at the clock.',
        'Warten Sie bis dahin oder bitten Sie die Zertifizierungsstelle um eines, das jetzt gilt; scheint das Datum falsch, prüfen Sie die Uhr.',
      ),
    },
    'signing-certificate-inactive': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'Every signing certificate of the member that would count is switched off.',
        'Jedes Signaturzertifikat des Mitglieds, das gelten würde, ist abgeschaltet.',
      ),
      remedy: say('Switch one on.', 'Schalten Sie eines ein.'),
    },
    'signing-fails': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The certificate is good and a trial signature failed: its key is gone, does not fit, or its token refuses.',
        'Das Zertifikat ist gut, und eine Probesignatur schlug fehl: Sein Schlüssel fehlt, passt nicht, oder das Token verweigert.',
      ),
      remedy: say(
        'See what the token says; restore its folder from a backup, or get a new key and certificate.',
        'Sehen Sie, was das Token meldet; stellen Sie seinen Ordner aus einer Sicherung wieder her oder beschaffen Sie Schlüssel und Zertifikat neu.',
      ),
    },
    'authentication-certificate-missing': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The server has no authentication certificate: no other server talks to it.',
        'Der Server hat kein Authentisierungszertifikat: Kein anderer Server spricht mit ihm.',
      ),
      remedy: say(
        'Make a key and a request, import the certificate, and register it.',
        'Erzeugen Sie Schlüssel und Antrag, importieren Sie das Zertifikat und registrieren Sie es.',
      ),
    },
    'authentication-certificate-expired': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The authentication certificate has expired.',
        'Das Authentisierungszertifikat ist abgelaufen.',
      ),
      remedy: say(
        'Get a new one for a new key, register it, and wait for the registry to approve it.',
        'Beschaffen Sie ein neues für einen neuen Schlüssel, registrieren Sie es und warten Sie auf die Genehmigung des Registers.',
      ),
    },
    'authentication-certificate-not-yet-valid': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The authentication certificate begins to count later than now.',
        'Das Authentisierungszertifikat gilt erst ab einem späteren Zeitpunkt.',
      ),
      remedy: say(
        'Wait until then, or ask the authority for one that counts now; if the date seems wrong, look at the clock.',
        'Warten Sie bis dahin oder bitten Sie die Zertifizierungsstelle um eines, das jetzt gilt; scheint das Datum falsch, prüfen Sie die Uhr.',
      ),
    },
    'authentication-certificate-inactive': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'Every authentication certificate that would count is switched off.',
        'Jedes Authentisierungszertifikat, das gelten würde, ist abgeschaltet.',
      ),
      remedy: say('Switch one on.', 'Schalten Sie eines ein.'),
    },
    'authentication-certificate-not-registered': {
      severity: 'stops',
      who: 'registration-officer',
      cause: say(
        'The configuration does not name the authentication certificate for this server, and no request to register it waits.',
        'Die Konfiguration nennt das Authentisierungszertifikat nicht für diesen Server, und kein Antrag auf Registrierung wartet.',
      ),
      remedy: say(
        'Register it with the registry (a management request authCertReg).',
        'Registrieren Sie es beim Register (Verwaltungsanfrage authCertReg).',
      ),
    },
    'authentication-certificate-registration-waiting': {
      severity: 'stops',
      who: 'registry',
      cause: say(
        'The registration of the authentication certificate waits for the registry.',
        'Die Registrierung des Authentisierungszertifikats wartet auf das Register.',
      ),
      remedy: say(
        'Ask the operator of the registry to decide on the request.',
        'Bitten Sie den Betreiber des Registers, über den Antrag zu entscheiden.',
      ),
    },
    'authentication-certificate-registration-declined': {
      severity: 'stops',
      who: 'registration-officer',
      cause: say(
        'The registry declined to register the authentication certificate.',
        'Das Register hat die Registrierung des Authentisierungszertifikats abgelehnt.',
      ),
      remedy: say(
        'Read the reason, settle it with the operator of the registry, and send the request anew.',
        'Lesen Sie den Grund, klären Sie ihn mit dem Betreiber des Registers und senden Sie den Antrag erneut.',
      ),
    },
    'certificate-expires-soon': {
      severity: 'will-stop',
      who: 'security-officer',
      cause: say(
        'A certificate in use expires within 30 days, and no other stands ready.',
        'Ein benutztes Zertifikat läuft innerhalb von 30 Tagen ab, und kein anderes steht bereit.',
      ),
      remedy: say(
        'Get the next one now; for authentication, registering it takes the time of the registry as well.',
        'Beschaffen Sie jetzt das nächste; zur Authentisierung braucht auch die Registrierung ihre Zeit.',
      ),
    },
    'certificate-renewal-fails': {
      severity: 'warns',
      who: 'security-officer',
      cause: say(
        'A certificate is due, its last renewal did not come off, and it is tried again; the certificate serves until it expires.',
        'Ein Zertifikat ist fällig, seine letzte Erneuerung gelang nicht und wird erneut versucht; bis zu seinem Ablauf dient das Zertifikat weiter.',
      ),
      remedy: say(
        'Do what the detail names, then have the certificate renewed now (POST /api/v1/renewals).',
        'Tun Sie, was die Einzelheit nennt, und lassen Sie das Zertifikat dann sofort erneuern (POST /api/v1/renewals).',
      ),
    },
    'notices-not-delivered': {
      severity: 'warns',
      who: 'system-administrator',
      cause: say(
        'Notices of certificates that end wait: mail server or webhook did not take them, and they are tried again.',
        'Hinweise auf ablaufende Zertifikate warten: Mailserver oder Webhook haben sie nicht angenommen, und es wird erneut versucht.',
      ),
      remedy: say(
        'Do what the detail names, then send a test message from the page of notices.',
        'Tun Sie, was die Einzelheit nennt, und senden Sie dann von der Seite der Hinweise eine Testnachricht.',
      ),
    },
    'internal-certificate-expired': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The TLS certificate that information systems are shown has expired: those that check it no longer connect.',
        'Das TLS-Zertifikat, das Informationssystemen gezeigt wird, ist abgelaufen: Wer es prüft, verbindet sich nicht mehr.',
      ),
      remedy: say(
        'Make a new internal certificate and give it to the information systems.',
        'Erzeugen Sie ein neues internes Zertifikat und geben Sie es den Informationssystemen.',
      ),
    },
    'internal-certificate-expires-soon': {
      severity: 'will-stop',
      who: 'system-administrator',
      cause: say(
        'The TLS certificate that information systems are shown expires within 30 days.',
        'Das TLS-Zertifikat, das Informationssystemen gezeigt wird, läuft innerhalb von 30 Tagen ab.',
      ),
      remedy: say(
        'Make a new internal certificate and give it to the information systems before that.',
        'Erzeugen Sie vorher ein neues internes Zertifikat und geben Sie es den Informationssystemen.',
      ),
    },
    'information-system-certificate-expired': {
      severity: 'warns',
      who: 'service-administrator',
      cause: say(
        'A certificate by which a client knows an information system, or a service, has expired.',
        'Ein Zertifikat, an dem ein Client ein Informationssystem oder einen Dienst erkennt, ist abgelaufen.',
      ),
      remedy: say(
        'Ask the owner of the system for its new certificate, add it, and remove the old one.',
        'Bitten Sie den Betreiber des Systems um sein neues Zertifikat, fügen Sie es hinzu und entfernen Sie das alte.',
      ),
    },
  },
);
