import { foundBy, say } from '../cause.ts';

export const tokenCauses = foundBy(
  {
    place: 'tokens',
    checked: say(
      'Each token of the server and of its settings: whether it is there, signed in to, and takes a PIN.',
      'Jedes Token des Servers und seiner Einstellungen: ob es da ist, angemeldet ist und eine PIN annimmt.',
    ),
  },
  {
    'token-signed-out': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The token is not signed in: its keys neither sign nor authenticate.',
        'Das Token ist nicht angemeldet: Seine Schlüssel signieren nicht und weisen den Server nicht aus.',
      ),
      remedy: say(
        'Enter its PIN; a PIN file in the settings does it at each start.',
        'Geben Sie die PIN ein; eine PIN-Datei in den Einstellungen erledigt es bei jedem Start.',
      ),
    },
    'token-pin-locked': {
      severity: 'stops',
      who: 'security-officer',
      cause: say(
        'The PIN was entered wrongly too often; the token takes none for now.',
        'Die PIN wurde zu oft falsch eingegeben; das Token nimmt vorerst keine an.',
      ),
      remedy: say(
        'The software token takes the next PIN at the time it names; a device is unlocked with the tool of its maker. Find out who tried.',
        'Das Software-Token nimmt die nächste PIN zur genannten Zeit; ein Gerät wird mit dem Werkzeug des Herstellers entsperrt. Klären Sie, wer es versucht hat.',
      ),
    },
    'token-pin-wrong': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The PIN file of the settings does not hold the PIN of this device, or cannot be read.',
        'Die PIN-Datei der Einstellungen enthält nicht die PIN dieses Geräts oder ist nicht lesbar.',
      ),
      remedy: say(
        'Put the right PIN into the file and start again, or enter it by hand. It is not tried again by itself, lest the device lock.',
        'Schreiben Sie die richtige PIN in die Datei und starten Sie neu, oder geben Sie sie von Hand ein. Von selbst wird sie nicht erneut versucht, damit das Gerät nicht sperrt.',
      ),
    },
    'token-device-away': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The device is not there, or its module ended: members whose keys it has cannot sign.',
        'Das Gerät ist nicht da, oder sein Modul wurde beendet: Mitglieder, deren Schlüssel es hat, können nicht signieren.',
      ),
      remedy: say(
        'Connect the device and check its name or serial number in the settings; it is looked for every five seconds.',
        'Schließen Sie das Gerät an und prüfen Sie Name oder Seriennummer in den Einstellungen; es wird alle fünf Sekunden gesucht.',
      ),
    },
    'token-module-missing': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The PKCS#11 module of the device cannot be loaded.',
        'Das PKCS#11-Modul des Geräts lässt sich nicht laden.',
      ),
      remedy: say(
        'Install the module of the maker and correct the setting `tokens.module`; pkcs11js must be installed as well.',
        'Installieren Sie das Modul des Herstellers und berichtigen Sie die Einstellung `tokens.module`; auch pkcs11js muss installiert sein.',
      ),
    },
  },
);
