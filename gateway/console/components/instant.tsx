import type { FrameTexts } from '../texts/catalogue.ts';
import { useVisit } from '../visit.ts';

/** A point in time, in UTC, with how long ago or ahead it is. @param at ISO 8601 */
export function Instant({ at }: { readonly at: string }) {
  const { texts, now, language } = useVisit();
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  return (
    <time class="wg-instant" datetime={date.toISOString()} data-language={language}>
      <span>{`${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`}</span>{' '}
      <span class="wg-age">{age(date, now, texts)}</span>
    </time>
  );
}

const units = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
] as const;

/** How far an instant is away, in one rounded number. */
function age(at: Date, now: Date, texts: FrameTexts): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  const size = Math.abs(seconds);
  const [unit, length] = units.find(([, one]) => size >= one * 2) ?? (['seconds', 1] as const);
  const text = texts.agesUnit[unit](Math.floor(size / length));
  return seconds >= 0 ? texts.ago(text) : texts.ahead(text);
}
