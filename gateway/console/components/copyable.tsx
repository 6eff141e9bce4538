import { useVisit } from '../visit.ts';

interface CopyableProps {
  readonly text: string;
  /** What it is, for who hears the button's name. */
  readonly what: string;
  /** Shown in place of the text where it is too long. */
  readonly shown?: string;
}

/** An identifier with a button that copies it; without script it can be selected whole. */
export function Copyable({ text, what, shown }: CopyableProps) {
  const { texts } = useVisit();
  return (
    <span class="wg-copyable">
      <code title={shown === undefined ? undefined : text}>{shown ?? text}</code>
      <button
        class="wg-copy"
        type="button"
        data-copy={text}
        data-copied={texts.copied}
        aria-label={texts.copyThis(`${what} ${shown ?? text}`)}
      >
        <span aria-hidden="true">{texts.copy}</span>
      </button>
    </span>
  );
}
