export interface Bar {
  /** ISO 8601; beginning of its stretch. */
  readonly at: string;
  readonly value: number;
  /** Part of the value that is drawn in another colour. */
  readonly bad?: number;
  /** What a pointer is told. */
  readonly text: string;
}

interface ChartProps {
  /** What it shows, for those who do not see it; the table beside it has the figures. */
  readonly label: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const width = 720;
const height = 180;
const left = 56;
const bottom = 24;
const top = 12;

/** Bars over time, drawn here: attributes alone, and colours by the style sheet. */
export function Chart({ label, unit, bars }: ChartProps) {
  const most = ceilingOf(Math.max(1, ...bars.map(({ value }) => value)));
  const step = (width - left) / Math.max(1, bars.length);
  const scale = (value: number) => (value / most) * (height - top - bottom);
  const base = height - bottom;
  const marks = [0, most / 2, most];
  const shown = [bars[0], bars[Math.floor(bars.length / 2)], bars.at(-1)].map((bar) => bar?.at ?? '');
  return (
    <figure class="wg-chart">
      <figcaption class="ds-label">{`${label} (${unit})`}</figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${label} (${unit})`}>
        {marks.map((mark) => (
          <>
            <line
              class="wg-chart-line"
              x1={left}
              x2={width}
              y1={base - scale(mark)}
              y2={base - scale(mark)}
            />
            <text class="wg-chart-text" x={left - 8} y={base - scale(mark) + 4} text-anchor="end">
              {numberOf(mark)}
            </text>
          </>
        ))}
        {bars.map(({ value, bad = 0, text }, index) => {
          const x = left + index * step + step * 0.1;
          return (
            <g>
              <title>{text}</title>
              <rect
                class="wg-chart-bar"
                x={x}
                y={base - scale(value)}
                width={step * 0.8}
                height={scale(value - bad)}
              />
              <rect class="wg-chart-bad" x={x} y={base - scale(bad)} width={step * 0.8} height={scale(bad)} />
            </g>
          );
        })}
        {shown.map((at, index) => (
          <text
            class="wg-chart-text"
            x={left + ((width - left) * index) / 2}
            y={height - 6}
            text-anchor={['start', 'middle', 'end'][index]}
          >
            {`${at.slice(5, 10)} ${at.slice(11, 16)}`}
          </text>
        ))}
      </svg>
    </figure>
  );
}

/** The next of 1, 2, 5, 10, 20 … */
function ceilingOf(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) as number) * power;
}

function numberOf(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000} M`;
  return value >= 10_000 ? `${value / 1_000} k` : String(value);
}
