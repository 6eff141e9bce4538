import { foundBy, say } from '../cause.ts';

export const diskCauses = foundBy(
  {
    place: 'disk',
    checked: say(
      'What the file system of the data folder has free, every two seconds, and how fast that becomes less.',
      'Wie viel Platz das Dateisystem des Datenordners hat, alle zwei Sekunden, und wie schnell er schwindet.',
    ),
  },
  {
    'disk-low': {
      severity: 'will-stop',
      who: 'system-administrator',
      cause: say('The disk becomes full before long.', 'Die Platte wird bald voll.'),
      remedy: say(
        'Plan for a larger disk, or archive the message log and remove old months.',
        'Planen Sie eine größere Platte, oder archivieren Sie das Nachrichtenprotokoll und entfernen Sie alte Monate.',
      ),
    },
    'disk-tight': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The disk is nearly full: new exchanges are slowed down, large ones refused.',
        'Die Platte ist fast voll: Neue Austausche werden gebremst, große abgelehnt.',
      ),
      remedy: say(
        'Archive the message log and remove old months now.',
        'Archivieren Sie jetzt das Nachrichtenprotokoll und entfernen Sie alte Monate.',
      ),
    },
    'disk-full': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The disk is full: new exchanges are refused.',
        'Die Platte ist voll: Neue Austausche werden abgelehnt.',
      ),
      remedy: say(
        'Make room: archive the message log and remove old months, or enlarge the disk. Exchange goes on by itself.',
        'Schaffen Sie Platz: Archivieren Sie das Nachrichtenprotokoll und entfernen Sie alte Monate, oder vergrößern Sie die Platte. Der Austausch geht von selbst weiter.',
      ),
    },
    'disk-unknown': {
      severity: 'warns',
      who: 'system-administrator',
      cause: say(
        'The file system does not say how much room it has: that it becomes full will not be seen.',
        'Das Dateisystem sagt nicht, wie viel Platz es hat: Dass es voll wird, bleibt unbemerkt.',
      ),
      remedy: say(
        'Watch it by other means, or move the data folder to a file system that says it.',
        'Beobachten Sie es auf andere Weise, oder verlegen Sie den Datenordner auf ein Dateisystem, das es sagt.',
      ),
    },
  },
);

export const evidenceCauses = foundBy(
  {
    place: 'message-log',
    checked: say(
      'A write to the message log, and whether it takes messages.',
      'Ein Schreibvorgang ins Nachrichtenprotokoll und ob es Nachrichten annimmt.',
    ),
  },
  {
    'message-log-not-writable': {
      severity: 'stops',
      who: 'system-administrator',
      cause: say(
        'The message log cannot be written: no message is taken.',
        'Das Nachrichtenprotokoll lässt sich nicht beschreiben: Keine Nachricht wird angenommen.',
      ),
      remedy: say(
        'See what was found: room, rights of the folder, or a disk that fails. Restart the server when that is mended.',
        'Sehen Sie, was gefunden wurde: Platz, Rechte des Ordners oder eine defekte Platte. Starten Sie den Server neu, wenn es behoben ist.',
      ),
    },
  },
);

export const archiveCauses = foundBy(
  {
    place: 'archives',
    checked: say('How the last round of archiving went.', 'Wie die letzte Archivierung verlief.'),
  },
  {
    'archive-failing': {
      severity: 'warns',
      who: 'system-administrator',
      cause: say(
        'Archiving fails: the target is away or refuses, and the log grows on.',
        'Die Archivierung schlägt fehl: Das Ziel ist nicht erreichbar oder lehnt ab, und das Protokoll wächst weiter.',
      ),
      remedy: say(
        'See what the target says, mend it, and start a round; nothing was lost.',
        'Sehen Sie, was das Ziel meldet, beheben Sie es und stoßen Sie eine Runde an; verloren ging nichts.',
      ),
    },
  },
);

export const backupCauses = foundBy(
  {
    place: 'backups',
    checked: say(
      'The newest backup that is kept here, the schedule, and how the last attempt went.',
      'Die neueste hier aufbewahrte Sicherung, der Zeitplan und wie der letzte Versuch verlief.',
    ),
  },
  {
    'backup-none': {
      severity: 'warns',
      who: 'system-administrator',
      cause: say(
        'There is no backup: with this machine, keys, settings and evidence would be gone.',
        'Es gibt keine Sicherung: Mit dieser Maschine wären Schlüssel, Einstellungen und Nachweise verloren.',
      ),
      remedy: say(
        'Name a recipient, set a schedule, and keep copies elsewhere; or say that backups are made by other means.',
        'Nennen Sie einen Empfänger, legen Sie einen Zeitplan fest und bewahren Sie Kopien anderswo auf; oder geben Sie an, dass anders gesichert wird.',
      ),
    },
    'backup-old': {
      severity: 'warns',
      who: 'system-administrator',
      cause: say(
        'The newest backup is older than the schedule wants.',
        'Die neueste Sicherung ist älter, als der Zeitplan es will.',
      ),
      remedy: say(
        'See why none was made, and make one.',
        'Klären Sie, warum keine gemacht wurde, und machen Sie eine.',
      ),
    },
    'backup-failed': {
      severity: 'warns',
      who: 'system-administrator',
      cause: say('The last backup failed.', 'Die letzte Sicherung schlug fehl.'),
      remedy: say(
        'See what was found, mend it, and make one.',
        'Sehen Sie, was gefunden wurde, beheben Sie es und machen Sie eine.',
      ),
    },
  },
);
