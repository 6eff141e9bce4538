import { instanceFolder, readConfigurationFiles } from '../../gateway/configuration/index.ts';
import { writeZip, type ZipEntry } from '../../gateway/signature/index.ts';

/**
 * `GET /verificationconf`: what a verifier needs to judge containers offline, laid out as on disk.
 * @param dir folder of the configuration
 */
export async function verificationConfiguration(dir: string): Promise<Buffer> {
  const [own, files] = await readConfigurationFiles(dir);
  const shared = files.filter(({ contentIdentifier }) => contentIdentifier === 'SHARED-PARAMETERS');
  const entries: ZipEntry[] = shared.flatMap(({ instance, fileName, content, metadata }) => {
    const path = `verificationconf/${instanceFolder(instance)}/${fileName}`;
    return [
      { name: path, data: content },
      { name: `${path}.metadata`, data: metadata },
    ];
  });
  return writeZip([...entries, { name: 'verificationconf/instance-identifier', data: Buffer.from(own) }]);
}
