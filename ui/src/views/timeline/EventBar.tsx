import type { EventId, Timeline } from '../../model/timeline.ts';
import { factsOf, STATE_NAMES } from '../../model/timeline-words.ts';
import type { Chosen } from '../../timeline/keyboard.ts';
import { choicesOf } from './choices.ts';

/** The selected event in words, and what flame graph to show of it. */
export function EventBar(props: {
  readonly timeline: Timeline;
  readonly event: EventId | undefined;
  readonly onChoose: (what: Chosen) => void;
}) {
  const { timeline, event, onChoose } = props;
  const facts = event === undefined ? undefined : factsOf(timeline, event);
  if (!facts) {
    return (
      <div className="event-bar muted">
        <span>Drag over lanes or the time axis for the flame graph of that time.</span>
        <span className="event-bar-hint">
          <kbd>Ctrl</kbd> and the wheel zoom, <kbd>Shift</kbd> and the wheel move.
        </span>
      </div>
    );
  }
  const more = [
    facts.duration,
    `${facts.offset} · ${facts.clock}`,
    facts.laneTitle,
    facts.endpoint,
    facts.detail === facts.name ? '' : facts.detail,
    facts.span && `span ${facts.span}`,
  ].filter(Boolean);
  return (
    <div className="event-bar">
      <span className="event-bar-name">
        <span className="state-swatch" data-state={facts.state} />
        {facts.name !== STATE_NAMES[facts.state] && <span className="muted">{STATE_NAMES[facts.state]}</span>}
        <strong className="mono" title={facts.name}>
          {facts.name}
        </strong>
      </span>
      <span className="event-bar-facts muted">
        {more.map((text) => (
          <span key={text}>{text}</span>
        ))}
      </span>
      <span className="event-bar-actions">
        <span className="muted">Flame graph of</span>
        {choicesOf(timeline, event, facts.lane).map(({ what, label }) => (
          <button key={what} type="button" className="text-button" onClick={() => onChoose(what)}>
            {label}
          </button>
        ))}
      </span>
    </div>
  );
}
