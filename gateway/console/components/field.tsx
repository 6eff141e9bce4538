import type { Child } from 'hono/jsx';
import { useVisit } from '../visit.ts';
import type { FormProblem, Values } from './form.tsx';

interface FieldProps {
  readonly name: string;
  /** Of the control on its page, where forms have fields of one name; its name unless told. */
  readonly id?: string;
  readonly label: string;
  readonly hint?: string;
  readonly values?: Values;
  readonly problems?: readonly FormProblem[];
  readonly type?: 'text' | 'password' | 'number' | 'url' | 'file' | 'datetime-local';
  readonly isOptional?: boolean;
  readonly autocomplete?: string;
  readonly maxLength?: number;
  readonly isNumeric?: boolean;
  /** Lines of a text area. */
  readonly lines?: number;
  readonly accept?: string;
  readonly isCode?: boolean;
}

/** One field with its label, what to enter, and what was wrong with it. Passwords and files never come back. */
export function Field(props: FieldProps) {
  const { name, type = 'text', values, isOptional, lines, isCode } = props;
  const attributes = {
    class: isCode ? 'ds-input wg-code' : 'ds-input',
    name,
    autocomplete: props.autocomplete ?? 'off',
    required: !isOptional,
    maxlength: props.maxLength,
    ...describe(props),
  };
  const value = type === 'password' || type === 'file' ? undefined : values?.[name];
  return (
    <Labelled {...props}>
      {lines === undefined ? (
        <input
          {...attributes}
          type={type === 'number' ? 'text' : type}
          inputmode={type === 'number' || props.isNumeric ? 'numeric' : undefined}
          accept={props.accept}
          step={type === 'datetime-local' ? 1 : undefined}
          value={value}
        />
      ) : (
        <textarea {...attributes} rows={lines} spellcheck={false}>
          {value}
        </textarea>
      )}
    </Labelled>
  );
}

export interface Choice {
  readonly value: string;
  readonly text: string;
  readonly hint?: string;
}

interface ChoiceProps extends Omit<FieldProps, 'type'> {
  readonly choices: readonly Choice[];
}

/** One of several, in a list. */
export function SelectField(props: ChoiceProps) {
  const { name, choices, values, isOptional } = props;
  return (
    <Labelled {...props}>
      <select class="ds-input" name={name} required={!isOptional} {...describe(props)}>
        {choices.map(({ value, text }) => (
          <option value={value} selected={value === values?.[name]}>
            {text}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

interface CheckProps {
  readonly name: string;
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen: readonly string[];
  readonly hint?: string;
  readonly problems?: readonly FormProblem[];
}

/** Any number of several: each posts the same name. */
export function CheckboxField({ name, label, hint, choices, chosen, problems = [] }: CheckProps) {
  const problem = problems.find((one) => one.name === name);
  return (
    <fieldset class="ds-fieldset" id={`field-${name}`} tabindex={-1}>
      <legend class="ds-label">{label}</legend>
      {hint !== undefined && <p class="wg-hint">{hint}</p>}
      {problem !== undefined && <p class="ds-validation-message">{problem.text}</p>}
      {choices.map(({ value, text, hint: own }) => (
        <label class="wg-check">
          <input
            class="ds-input"
            type="checkbox"
            name={name}
            value={value}
            checked={chosen.includes(value)}
          />
          <span>
            {text}
            {own !== undefined && <span class="wg-hint">{own}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Labelled({
  name,
  id = name,
  label,
  hint,
  problems = [],
  isOptional,
  children,
}: FieldProps & { readonly children?: Child }) {
  const { texts } = useVisit();
  const problem = problems.find((one) => one.name === name);
  return (
    <div class="ds-field">
      <label class="ds-label" for={`field-${id}`}>
        {label}
        {isOptional && <span class="wg-optional"> ({texts.optional})</span>}
      </label>
      {hint !== undefined && (
        <p class="wg-hint" id={`hint-${id}`}>
          {hint}
        </p>
      )}
      {problem !== undefined && (
        <p class="ds-validation-message" id={`problem-${id}`}>
          {problem.text}
        </p>
      )}
      {children}
    </div>
  );
}

/** Ties a control to its hint and its problem. */
function describe({ name, id = name, hint, problems = [] }: FieldProps) {
  const isWrong = problems.some((one) => one.name === name);
  const described = [
    ...(hint === undefined ? [] : [`hint-${id}`]),
    ...(isWrong ? [`problem-${id}`] : []),
  ].join(' ');
  return {
    id: `field-${id}`,
    'aria-describedby': described === '' ? undefined : described,
    'aria-invalid': isWrong ? 'true' : undefined,
  } as const;
}
