import { useNearestProfile } from '../../api/compare.ts';
import { hourAround } from '../../model/compare-scopes.ts';
import { formatTimeShort } from '../../model/format.ts';
import type { Side } from '../../state/url.ts';
import { EmptyState } from '../../widgets/State.tsx';

interface EmptySidesProps {
  readonly a: Side;
  readonly b: Side;
  readonly empty: { readonly a: boolean; readonly b: boolean };
  readonly nowMs: number;
  /** The value type that there is nothing of, where there are profiles. */
  readonly type?: string;
  readonly onSide: (name: 'a' | 'b', patch: Partial<Side>) => void;
  readonly onUnfilter?: () => void;
}

/** Says which side there is nothing on, and leads to the nearest time at which there is something. */
export function EmptySides(props: EmptySidesProps) {
  const { a, b, empty, nowMs, type, onSide, onUnfilter } = props;
  const names = [...(empty.a ? ['A'] : []), ...(empty.b ? ['B'] : [])];
  const title =
    type === undefined
      ? names.length === 2
        ? 'There is no profile on either side'
        : `There is no profile in ${names.join()}`
      : names.length === 2
        ? `There is no ${type} on either side`
        : `There is no ${type} in ${names.join()}`;
  return (
    <EmptyState title={names.length === 0 ? 'The two sides have no value type in common' : title}>
      <p className="muted">
        {names.length === 0
          ? 'Profiles of different languages measure different things. Choose sides of one service.'
          : onUnfilter
            ? 'Label filters, transforms or the chosen time may be why.'
            : 'A comparison needs something on both sides.'}
      </p>
      <div className="button-row">
        {onUnfilter && (
          <button type="button" className="button" onClick={onUnfilter}>
            Compare all samples
          </button>
        )}
        {empty.a && !a.profile && <Nearest name="a" side={a} nowMs={nowMs} onSide={onSide} />}
        {empty.b && !b.profile && <Nearest name="b" side={b} nowMs={nowMs} onSide={onSide} />}
      </div>
    </EmptyState>
  );
}

function Nearest(props: {
  readonly name: 'a' | 'b';
  readonly side: Side;
  readonly nowMs: number;
  readonly onSide: (name: 'a' | 'b', patch: Partial<Side>) => void;
}) {
  const { name, side, nowMs, onSide } = props;
  const startMs = useNearestProfile(side, nowMs, true);
  if (startMs !== undefined) {
    return (
      <button type="button" className="button primary" onClick={() => onSide(name, hourAround(startMs))}>
        Move {name.toUpperCase()} to the nearest data, {formatTimeShort(startMs, nowMs)}
      </button>
    );
  }
  return side.query ? (
    <button type="button" className="button" onClick={() => onSide(name, { query: '' })}>
      Clear the search of {name.toUpperCase()}
    </button>
  ) : null;
}
