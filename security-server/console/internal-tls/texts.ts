import type { Catalogue, Translated, Visit } from '../../../gateway/console/index.ts';

const english = {
  internalTls: 'Internal TLS',
  lead: 'Key and certificate with which this server meets information systems over HTTPS. They are given the certificate by hand.',
  selfSigned: 'signed by itself',
  byAuthority: 'issued by an authority of your own',
  kind: 'Kind',
  subject: 'Subject',
  issuer: 'Issuer',
  names: 'Names',
  namesHint:
    'Host names and IP addresses under which information systems reach this server, separated by blanks.',
  begins: 'Begins',
  ends: 'Ends',
  key: 'Key',
  keyGone: 'The key of this certificate is not in the software token: make a new one.',
  download: 'Download the certificate (PEM)',
  newKey: 'New key',
  newKeyHappens: [
    'A new key is made, with a certificate that it signs itself; both are in use at once. The former key is deleted.',
    'Information systems that know the certificate in use refuse this server until they are given the new one.',
  ],
  made: 'The new key is in use. Give its certificate to the information systems.',
  request: 'Request for a certificate',
  requestLead:
    'For an authority of your own. The key in use stays; what the authority issues is imported here.',
  organisation: 'Organisation (O)',
  name: 'Name (CN)',
  makeRequest: 'Make the request',
  requestMade: 'The request is made.',
  requestText: 'Request (PEM)',
  import: 'Import a certificate',
  importLead:
    'For the key in use. Information systems that know the present certificate are given the new one.',
  file: 'Certificate',
  fileHint: 'PEM or DER.',
  noFile: 'Choose a file',
  imported: 'The certificate is in use.',
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    internalTls: 'Internes TLS',
    lead: 'Schlüssel und Zertifikat, mit denen dieser Server Informationssysteme über HTTPS trifft. Sie erhalten das Zertifikat von Hand.',
    selfSigned: 'von sich selbst signiert',
    byAuthority: 'von einer eigenen Zertifizierungsstelle ausgestellt',
    kind: 'Art',
    subject: 'Inhaber',
    issuer: 'Aussteller',
    names: 'Namen',
    namesHint:
      'Hostnamen und IP-Adressen, unter denen Informationssysteme diesen Server erreichen, durch Leerzeichen getrennt.',
    begins: 'Beginnt',
    ends: 'Endet',
    key: 'Schlüssel',
    keyGone: 'Der Schlüssel dieses Zertifikats ist nicht im Software-Token: erzeugen Sie einen neuen.',
    download: 'Zertifikat herunterladen (PEM)',
    newKey: 'Neuer Schlüssel',
    newKeyHappens: [
      'Ein neuer Schlüssel wird erzeugt, mit einem Zertifikat, das er selbst signiert; beide gelten sofort. Der bisherige Schlüssel wird gelöscht.',
      'Informationssysteme, die das jetzige Zertifikat kennen, weisen diesen Server ab, bis sie das neue haben.',
    ],
    made: 'Der neue Schlüssel ist in Gebrauch. Geben Sie sein Zertifikat den Informationssystemen.',
    request: 'Zertifikatsantrag',
    requestLead:
      'Für eine eigene Zertifizierungsstelle. Der Schlüssel bleibt; was sie ausstellt, wird hier importiert.',
    organisation: 'Organisation (O)',
    name: 'Name (CN)',
    makeRequest: 'Antrag erzeugen',
    requestMade: 'Der Antrag ist erzeugt.',
    requestText: 'Antrag (PEM)',
    import: 'Zertifikat importieren',
    importLead:
      'Für den Schlüssel in Gebrauch. Informationssysteme, die das jetzige Zertifikat kennen, erhalten das neue.',
    file: 'Zertifikat',
    fileHint: 'PEM oder DER.',
    noFile: 'Wählen Sie eine Datei',
    imported: 'Das Zertifikat ist in Gebrauch.',
  },
};

export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
