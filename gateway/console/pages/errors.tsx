import type { ApiRefusal } from '../api-client.ts';
import { Copyable } from '../components/copyable.tsx';
import { Notice } from '../components/notice.tsx';
import type { PageContent } from '../components/page.tsx';
import { LinkButton } from '../components/parts.tsx';
import type { Visit } from '../visit.ts';

export function unknownPage({ texts }: Visit): PageContent {
  return {
    title: texts.notFound,
    lead: texts.notFoundLead,
    status: 404,
    body: <LinkButton href="/" text={texts.backHome} />,
  };
}

/** The API refused what a page needs. */
export function refusalPage(visit: Visit, refusal: ApiRefusal): PageContent {
  const { texts } = visit;
  if (refusal.status === 404) return unknownPage(visit);
  if (refusal.status >= 500 && refusal.reference !== undefined)
    return unexpectedPage(visit, refusal.reference);
  const isRole = refusal.status === 403 && refusal.code !== 'csrf';
  return {
    title: isRole ? texts.forbidden : texts.refused,
    ...(isRole && { lead: texts.forbiddenLead }),
    status: refusal.status,
    body: (
      <>
        <Notice kind="warning">{refusal.message}</Notice>
        <LinkButton href="/" text={texts.backHome} isQuiet />
      </>
    ),
  };
}

/** @param reference under which the program's log knows more */
export function unexpectedPage({ texts }: Visit, reference: string): PageContent {
  return {
    title: texts.unexpected,
    lead: texts.unexpectedLead,
    status: 500,
    body: (
      <p>
        {texts.reference}: <Copyable text={reference} what={texts.reference} />
      </p>
    ),
  };
}
