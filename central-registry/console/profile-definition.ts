import { ApiRefusal, type Visit } from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

export const profilesPath = '/certificate-profiles';

/**
 * The JSON of a text area, as it is sent to the API.
 * @throws ApiRefusal at the field `forms` when it is no JSON
 */
export function readForms(visit: Visit, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const detail = `${textsOf(visit).profiles.notJson}: ${error.message}`;
    throw new ApiRefusal(422, { detail, code: 'invalid-fields', errors: [{ pointer: '/forms', detail }] });
  }
}

/** Sends a definition; what is wrong inside it is told with its place, since a text area has but one. */
export async function sayWhere<Result>(send: () => Promise<Result>): Promise<Result> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.errors.length === 0) throw error;
    const errors = error.errors.map(({ pointer, detail }) => ({
      pointer,
      detail: pointer.startsWith('/forms/') ? `${pointer.slice('/forms'.length)}: ${detail}` : detail,
    }));
    throw new ApiRefusal(error.status, { detail: error.message, code: error.code, errors });
  }
}
