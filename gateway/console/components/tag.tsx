export type TagColor = 'neutral' | 'info' | 'success' | 'warning' | 'danger';

interface TagProps {
  readonly text: string;
  readonly color?: TagColor;
  /** What the state means, in a sentence. */
  readonly meaning?: string;
}

/** A state by a word; the colour says nothing that the word does not. */
export function Tag({ text, color = 'neutral', meaning }: TagProps) {
  return (
    <span class="wg-state">
      <span class="ds-tag" data-color={color} data-size="sm">
        {text}
      </span>
      {meaning !== undefined && <span class="wg-hint">{meaning}</span>}
    </span>
  );
}
