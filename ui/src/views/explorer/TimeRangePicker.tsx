import { useState } from 'react';

import {
  absoluteMs,
  describeRange,
  periodOf,
  PRESETS,
  relativeParts,
  relativeRange,
  shiftedRange,
  timeZoneName,
  toLocalField,
  widerRange,
  type TimeRange,
} from '../../model/time-range.ts';
import { useNow } from '../../state/use-now.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { NARROW, useMediaQuery } from '../../widgets/use-media-query.ts';

interface TimeRangePickerProps {
  readonly range: TimeRange;
  readonly isLive?: boolean;
  readonly onRange: (range: TimeRange) => void;
  /** Without it, the range cannot be live. */
  readonly onLive?: (isLive: boolean) => void;
}

export function TimeRangePicker({ range, isLive = false, onRange, onLive }: TimeRangePickerProps) {
  const nowMs = useNow();
  const isNarrow = useMediaQuery(NARROW);
  const text = describeRange(range, nowMs);
  const endsNow = range.to === 'now';
  // Beside the picker of the whole page only: where there are two, there is no room.
  const areStepsBeside = !isNarrow && onLive !== undefined;
  const steps = <Steps range={range} nowMs={nowMs} onRange={onRange} />;
  return (
    <div className="time-range">
      {areStepsBeside && steps}
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
        {(close) => {
          const choose = (chosen: TimeRange): void => {
            onRange(chosen);
            close();
          };
          return (
            <div className="time-panel">
              <ul>
                {PRESETS.map(([from, label]) => (
                  <li key={from}>
                    <button
                      type="button"
                      className="menu-item"
                      aria-pressed={endsNow && range.from === from}
                      onClick={() => choose({ from, to: 'now' })}
                    >
                      {label}
                    </button>
                  </li>
                ))}
              </ul>
              <div className="time-forms">
                {!areStepsBeside && steps}
                <RelativeForm range={range} onRange={choose} />
                <AbsoluteForm range={range} nowMs={nowMs} onRange={choose} />
                <p className="muted time-zone">Times are in {timeZoneName(nowMs)}</p>
              </div>
            </div>
          );
        }}
      </Popover>
      {onLive && (
        <button
          type="button"
          className="button live-button"
          aria-label="Live"
          aria-pressed={isLive && endsNow}
          disabled={!endsNow}
          title={endsNow ? 'Refresh every 10 seconds' : 'Only a range that ends now can be live'}
          onClick={() => onLive(!isLive)}
        >
          <span className="live-dot" />
          <span className="live-text">Live</span>
        </button>
      )}
    </div>
  );
}

/** To what was before and after, and further away. */
function Steps(props: {
  readonly range: TimeRange;
  readonly nowMs: number;
  readonly onRange: (range: TimeRange) => void;
}) {
  const { range, nowMs, onRange } = props;
  const step = (label: string, icon: 'chevron-left' | 'chevron-right' | 'zoom-out', to?: TimeRange) => (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      disabled={to === undefined}
      onClick={() => to && onRange(to)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <div className="time-steps" role="group" aria-label="Move the time range">
      {step('Earlier', 'chevron-left', shiftedRange(range, nowMs, -1))}
      {step('Later', 'chevron-right', shiftedRange(range, nowMs, 1))}
      {step('Twice as long', 'zoom-out', widerRange(range, nowMs))}
    </div>
  );
}

const UNITS = [
  ['s', 'seconds'],
  ['m', 'minutes'],
  ['h', 'hours'],
  ['d', 'days'],
  ['w', 'weeks'],
] as const;

function RelativeForm(props: { readonly range: TimeRange; readonly onRange: (range: TimeRange) => void }) {
  const { range, onRange } = props;
  const known = relativeParts(range);
  const [amount, setAmount] = useState(String(known?.amount ?? 30));
  const [unit, setUnit] = useState(known?.unit ?? 'm');
  const chosen = relativeRange(Number(amount), unit);
  return (
    <form
      className="time-form time-relative"
      aria-label="Until now"
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen) onRange(chosen);
      }}
    >
      <span>Past</span>
      <input
        type="number"
        min="1"
        step="1"
        aria-label="Amount"
        value={amount}
        onChange={(event) => setAmount(event.target.value)}
      />
      <span className="inline-select">
        <select aria-label="Unit" value={unit} onChange={(event) => setUnit(event.target.value)}>
          {UNITS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </span>
      <button type="submit" className="button" disabled={!chosen}>
        Show
      </button>
    </form>
  );
}

function AbsoluteForm(props: {
  readonly range: TimeRange;
  readonly nowMs: number;
  readonly onRange: (range: TimeRange) => void;
}) {
  const { range, nowMs, onRange } = props;
  const period = periodOf(range, nowMs);
  const [from, setFrom] = useState(toLocalField(period?.fromMs ?? nowMs - 3_600_000));
  const [to, setTo] = useState(toLocalField(period?.toMs ?? absoluteMs(range.to) ?? nowMs));
  const isValid = from !== '' && to !== '' && Date.parse(from) < Date.parse(to);
  return (
    <form
      className="time-form"
      aria-label="From and to"
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
