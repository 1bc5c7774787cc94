import { confidenceOf } from '../../model/diff.ts';

const FILLED = { clear: 3, likely: 2, noise: 1, unknown: 0 } as const;

/** How far a change is beyond chance, at a glance; always beside its word. */
export function ConfidenceBars({ z }: { readonly z: number }) {
  const filled = FILLED[confidenceOf(z)];
  return (
    <span className="confidence-bars" data-filled={filled} aria-hidden="true">
      {[1, 2, 3].map((bar) => (
        <span key={bar} data-on={bar <= filled} />
      ))}
    </span>
  );
}
