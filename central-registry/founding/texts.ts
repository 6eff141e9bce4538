import type { Catalogue, Translated, Visit } from '../../gateway/console/index.ts';

const english = {
  role: 'Central registry',
  title: 'Found an instance',
  lead: 'An instance is a registry and all members, servers and trust services in its book. It is founded once.',
  cutShort: (instance: string) =>
    `The founding of ${instance} was cut short here. Enter the same again, and it is finished.`,
  instance: 'Code of the instance',
  instanceHint:
    'Every identifier begins with it, and it can never be changed. Short, such as the code of a country or a city: CITY.',
  address: 'Address of the registry',
  addressHint: 'Host name or IP address at which the security servers of all members reach this registry.',
  memberClasses: 'Member classes',
  memberClassesHint:
    'Kinds of members, one a line: a code, a space, what it means. More can be added at any time.',
  firstClasses: 'GOV Government\nMUN Municipalities\nCOM Companies',
  administrator: 'Name of the first administrator',
  administratorHint:
    'Signs in with it, gives roles to others and to themselves. Small letters and digits, such as anna.',
  goOn: 'Continue',
  secrets: 'PIN and password',
  secretsLead: 'The last step. When both are chosen, the instance is founded and its registry starts.',
  chosen: 'The instance',
  chooseAgain: 'Change this',
  pin: 'PIN of the token',
  pinHint:
    'Opens the keys that sign the configuration: at least 10 characters of three kinds (small letters, capitals, digits, others), or at least 20. The registry asks for it at each start, and nobody can find it out for you. Keep it where your keys are kept.',
  pinAgain: 'The PIN once more',
  password: (name: string) => `Password of ${name}`,
  passwordHint: 'At least 12 characters, such as four words. A second factor can be added after signing in.',
  passwordAgain: 'The password once more',
  different: 'This is not what was entered above.',
  found: 'Found the instance',
  authorities:
    'Certificates come from an authority that the instance trusts. It is named after founding, under trust services; whoever has none makes a small one with waygate authority init.',
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    role: 'Zentrales Register',
    title: 'Eine Instanz gründen',
    lead: 'Eine Instanz ist ein Register mit allen Mitgliedern, Servern und Vertrauensdiensten in seinem Buch. Sie wird einmal gegründet.',
    cutShort: (instance) =>
      `Die Gründung von ${instance} wurde hier abgebrochen. Geben Sie dasselbe noch einmal ein, und sie wird beendet.`,
    instance: 'Kürzel der Instanz',
    instanceHint:
      'Jede Kennung beginnt damit, und es kann nie geändert werden. Kurz, etwa das Kürzel eines Landes oder einer Stadt: CITY.',
    address: 'Adresse des Registers',
    addressHint:
      'Hostname oder IP-Adresse, unter der die Sicherheitsserver aller Mitglieder dieses Register erreichen.',
    memberClasses: 'Mitgliederklassen',
    memberClassesHint:
      'Arten von Mitgliedern, eine je Zeile: ein Kürzel, ein Leerzeichen, die Bedeutung. Weitere können jederzeit hinzukommen.',
    firstClasses: 'GOV Staatliche Stellen\nMUN Gemeinden\nCOM Unternehmen',
    administrator: 'Name der ersten Administratorin oder des ersten Administrators',
    administratorHint:
      'Meldet sich damit an und gibt anderen und sich selbst Rollen. Kleine Buchstaben und Ziffern, etwa anna.',
    goOn: 'Weiter',
    secrets: 'PIN und Passwort',
    secretsLead:
      'Der letzte Schritt. Sind beide gewählt, wird die Instanz gegründet, und ihr Register startet.',
    chosen: 'Die Instanz',
    chooseAgain: 'Dies ändern',
    pin: 'PIN des Tokens',
    pinHint:
      'Öffnet die Schlüssel, die die Konfiguration signieren: mindestens 10 Zeichen aus drei Arten (kleine Buchstaben, große, Ziffern, andere), oder mindestens 20. Das Register fragt bei jedem Start danach, und niemand kann sie für Sie herausfinden. Bewahren Sie sie dort auf, wo Ihre Schlüssel liegen.',
    pinAgain: 'Die PIN noch einmal',
    password: (name) => `Passwort von ${name}`,
    passwordHint:
      'Mindestens 12 Zeichen, etwa vier Wörter. Ein zweiter Faktor kann nach der Anmeldung hinzukommen.',
    passwordAgain: 'Das Passwort noch einmal',
    different: 'Das ist nicht, was oben eingegeben wurde.',
    found: 'Instanz gründen',
    authorities:
      'Zertifikate kommen von einer Zertifizierungsstelle, der die Instanz vertraut. Sie wird nach der Gründung bei den Vertrauensdiensten benannt; wer keine hat, macht eine kleine mit waygate authority init.',
  },
};

export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
