import { formatDurationMs } from '../../model/format.ts';
import { STATES, totalsOf, type Timeline } from '../../model/timeline.ts';
import { STATE_NAMES } from '../../model/timeline-words.ts';

/** The states there are, with the time spent in each. A click shows only that state. */
export function Legend(props: {
  readonly timeline: Timeline;
  readonly only: string;
  readonly onOnly: (state: string) => void;
}) {
  const { timeline, only, onOnly } = props;
  const totals = totalsOf(
    timeline,
    timeline.lanes.map((_, lane) => lane),
  );
  return (
    <ul className="timeline-legend" aria-label="States">
      {STATES.map((state, index) =>
        totals[index] ? (
          <li key={state}>
            <button
              type="button"
              className="legend-item"
              aria-pressed={only === state}
              data-faded={only !== '' && only !== state}
              title={only === state ? 'Show all states' : `Show only: ${STATE_NAMES[state]}`}
              onClick={() => onOnly(only === state ? '' : state)}
            >
              <span className="state-swatch" data-state={state} />
              <span>{STATE_NAMES[state]}</span>
              <span className="legend-value">{formatDurationMs(totals[index])}</span>
            </button>
          </li>
        ) : null,
      )}
    </ul>
  );
}
