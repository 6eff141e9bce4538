import type { Pages } from '../answer.ts';
import { Copyable } from '../components/copyable.tsx';
import { Details, Download, Section } from '../components/parts.tsx';
import { Tag } from '../components/tag.tsx';
import { type ApiDocument, exampleOf, type Operation, operationsOf, type SchemaField } from '../openapi.ts';
import { useVisit, type Visit } from '../visit.ts';

/** The administration API, drawn from its own description: nothing of it is written twice. */
export function addApiReferencePages(pages: Pages): void {
  pages.get('/api-reference', async (visit) => {
    const document = await visit.api.get<ApiDocument>('/openapi.json');
    const groups = operationsOf(document);
    const { texts } = visit;
    return {
      title: texts.apiReference,
      lead: texts.apiLead,
      act: <Download href="/openapi.json" text={texts.downloadDocument} name="openapi.json" />,
      body: (
        <>
          <nav class="wg-index" aria-label={texts.apiReference}>
            <ul>
              {groups.map(({ tag }) => (
                <li>
                  <a class="ds-link" href={`#${tag}`}>
                    {tag}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          {groups.map(({ tag, operations }) => (
            <div id={tag}>
              <Section title={tag}>
                {operations.map((operation) => (
                  <Details summary={`${operation.method} ${operation.path}`}>
                    <OperationPart operation={operation} origin={originOf(visit)} />
                  </Details>
                ))}
              </Section>
            </div>
          ))}
        </>
      ),
    };
  });
}

function originOf({ url }: Visit): string {
  return url.origin;
}

function OperationPart({ operation, origin }: { readonly operation: Operation; readonly origin: string }) {
  const { texts } = useVisit();
  const { description, parameters, body, answers, roles } = operation;
  return (
    <div class="wg-operation">
      {description !== undefined && <p>{description}</p>}
      {roles.length > 0 && (
        <p class="wg-hint">
          {texts.mayBeUsedBy}: {roles.map((role) => texts.roles[role] ?? role).join(', ')}
        </p>
      )}
      {parameters.length > 0 && <Fields heading={texts.parameters} fields={parameters} />}
      {body.length > 0 && <Fields heading={texts.body} fields={body} />}
      <h3 class="ds-heading" data-size="2xs">
        {texts.answers}
      </h3>
      <ul class="wg-answers">
        {answers.map((answer) => (
          <li>
            <Tag text={answer.status} color={answer.status.startsWith('2') ? 'success' : 'warning'} />{' '}
            {answer.description}
            {answer.fields.length > 0 && <Fields fields={answer.fields} />}
          </li>
        ))}
      </ul>
      <h3 class="ds-heading" data-size="2xs">
        {texts.example}
      </h3>
      <Copyable text={exampleOf(operation, origin)} what={texts.example} />
    </div>
  );
}

function Fields({ heading, fields }: { readonly heading?: string; readonly fields: readonly SchemaField[] }) {
  const { texts } = useVisit();
  return (
    <>
      {heading !== undefined && (
        <h3 class="ds-heading" data-size="2xs">
          {heading}
        </h3>
      )}
      <section class="wg-table-scroll" tabindex={0} aria-label={heading ?? texts.answers}>
        <table class="ds-table" data-color="neutral" data-size="sm">
          <thead>
            <tr>
              <th scope="col">{texts.field}</th>
              <th scope="col">{texts.type}</th>
              <th scope="col">{texts.meaning}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map(({ name, type, isOptional, meaning }) => (
              <tr>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>
                  {type}
                  {isOptional && <span class="wg-hint">{texts.optional}</span>}
                </td>
                <td>{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
