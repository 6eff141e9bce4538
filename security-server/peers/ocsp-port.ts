import { type Listening, listen } from '../../gateway/http/index.ts';
import { createOcspPort, type OwnStatus } from '../../gateway/ocsp-port/index.ts';
import { newBoundary, type Signer } from '../../gateway/road/index.ts';

/**
 * Starts to tell peers the statuses of the certificates this server authenticates itself with.
 * @throws PortError
 */
export function startOcspPort(
  signer: Signer,
  host: string,
  port: number,
  onFailure: (error: unknown) => void,
): Promise<Listening> {
  const statuses = async (): Promise<readonly OwnStatus[]> => {
    const { chain, ocspResponses } = await signer.authenticationIdentity();
    return chain.flatMap((certificate, index) => {
      const response = ocspResponses[index];
      if (response === undefined) return [];
      const [sha1, sha256] = [certificate.sha1.toString('hex'), certificate.sha256.toString('hex')];
      return [{ sha1, sha256, response }];
    });
  };
  return listen(createOcspPort({ statuses, newBoundary, onFailure }), host, port, '--ocsp-port');
}
