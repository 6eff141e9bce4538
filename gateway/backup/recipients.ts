import { BackupError } from './error.ts';

/** How secret keys begin, of age and of everything else that might be at hand. */
const secret = /AGE-SECRET-KEY|AGE-PLUGIN-|PRIVATE KEY/i;

/**
 * Refuses what backups cannot be sealed to. No refusal repeats what was given: it may be a secret.
 * @throws BackupError private-key for the half that opens backups; wrong-key for what is no key of age
 */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  const { Encrypter } = await import('age-encryption');
  recipients.forEach((recipient, index) => {
    if (secret.test(recipient)) {
      const text = `Recipient ${index + 1} is a secret key, and was not kept. Who saw it on its way here opens what it opens: make another key, and give its public half`;
      throw new BackupError('private-key', text);
    }
    try {
      new Encrypter().addRecipient(recipient);
    } catch (cause) {
      // What the library says may quote what it was given.
      const kind = cause instanceof Error ? cause.name : typeof cause;
      const text = `Recipient ${index + 1} is not a public key of age, which begins with age1 (${kind})`;
      throw new BackupError('wrong-key', text);
    }
  });
}
