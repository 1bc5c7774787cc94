import { useState } from 'react';

import { absoluteMs, describeRange, PRESETS, toLocalField, type TimeRange } from '../../model/time-range.ts';
import { useNow } from '../../state/use-now.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

interface TimeRangePickerProps {
  readonly range: TimeRange;
  readonly isLive?: boolean;
  readonly onRange: (range: TimeRange) => void;
  /** Without it, the range cannot be live. */
  readonly onLive?: (isLive: boolean) => void;
}

export function TimeRangePicker({ range, isLive = false, onRange, onLive }: TimeRangePickerProps) {
  const nowMs = useNow();
  const text = describeRange(range, nowMs);
  const endsNow = range.to === 'now';
  return (
    <div className="time-range">
      <Popover
        label={`Time range: ${text}`}
        align="end"
        trigger={
          <>
            <Icon name="clock" />
            <span className="time-range-text">{text}</span>
            <Icon name="chevron-down" />
          </>
        }
      >
        {(close) => (
          <div className="time-panel">
            <ul>
              {PRESETS.map(([from, label]) => (
                <li key={from}>
                  <button
                    type="button"
                    className="menu-item"
                    aria-pressed={endsNow && range.from === from}
                    onClick={() => {
                      onRange({ from, to: 'now' });
                      close();
                    }}
                  >
                    {label}
                  </button>
                </li>
              ))}
            </ul>
            <AbsoluteForm
              range={range}
              nowMs={nowMs}
              onRange={(chosen) => {
                onRange(chosen);
                close();
              }}
            />
          </div>
        )}
      </Popover>
      {onLive && (
        <button
          type="button"
          className="button live-button"
          aria-pressed={isLive && endsNow}
          disabled={!endsNow}
          title={endsNow ? 'Refresh every 10 seconds' : 'Only a range that ends now can be live'}
          onClick={() => onLive(!isLive)}
        >
          <span className="live-dot" />
          Live
        </button>
      )}
    </div>
  );
}

function AbsoluteForm(props: {
  readonly range: TimeRange;
  readonly nowMs: number;
  readonly onRange: (range: TimeRange) => void;
}) {
  const { range, nowMs, onRange } = props;
  const [from, setFrom] = useState(toLocalField(absoluteMs(range.from) ?? nowMs - 3_600_000));
  const [to, setTo] = useState(toLocalField(absoluteMs(range.to) ?? nowMs));
  const isValid = from !== '' && to !== '' && Date.parse(from) < Date.parse(to);
  return (
    <form
      className="time-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) onRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
      }}
    >
      <label>
        From
        <input
          type="datetime-local"
          step="1"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        To
        <input type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      <button type="submit" className="button primary" disabled={!isValid}>
        Apply
      </button>
      {!isValid && <p className="error-text">The range must begin before it ends.</p>}
    </form>
  );
}
