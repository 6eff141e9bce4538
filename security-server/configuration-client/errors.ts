import { Fault } from '../../gateway/fault/index.ts';

/** A source that answers, and has no directory of a version that is known here. */
export class NoVersionError extends Error {
  override readonly name = 'NoVersionError';

  constructor() {
    super('it serves no configuration of a version that is known here');
  }
}

/** What a source serves is of another instance than was asked for. */
export class OtherInstance extends Fault {
  constructor(message: string) {
    super('MalformedGlobalConf', message);
  }
}

/** A file is not the one that the directory was signed for. */
export class OtherFile extends Fault {
  constructor(location: string) {
    super('MalformedGlobalConf', `${location} is not the file that the directory was signed for`);
  }
}
