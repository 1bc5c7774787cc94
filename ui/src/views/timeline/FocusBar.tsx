import { formatClock, formatDurationMs } from '../../model/format.ts';
import { requestOf, withoutRequest } from '../../model/request.ts';
import { decodeWindow } from '../../model/timeline.ts';
import type { FocusOn, Tab, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Segmented } from '../../widgets/Segmented.tsx';

/** Tabs whose answers follow a chosen time or request. */
const ABOUT_SAMPLES: readonly Tab[] = ['flame', 'graph', 'top', 'timeline'];

const CHOICES: readonly { readonly value: FocusOn; readonly label: string }[] = [
  { value: 'span', label: 'Span' },
  { value: 'children', label: 'Span and children' },
  { value: 'time', label: 'Whole time of the span' },
  { value: 'profile', label: 'Whole profile' },
];

interface FocusBarProps {
  readonly state: ViewState;
  readonly update: Update;
}

/** Which part of the time, or which request, everything below is about; nothing where it is about all of it. */
export function FocusBar({ state, update }: FocusBarProps) {
  const window = decodeWindow(state.window);
  const request = requestOf(state);
  if ((!window && !request) || !ABOUT_SAMPLES.includes(state.tab)) return null;
  const place = { zoom: [], expanded: [] };
  return (
    <div className="focus-bar" role="group" aria-label="Focus">
      {window && (
        <span className="chip">
          <Icon name="clock" />
          <span>
            {formatClock(window.fromMs, 1)} – {formatClock(window.toMs, 1)}{' '}
            <span className="muted">{formatDurationMs(window.toMs - window.fromMs)}</span>
          </span>
          <button
            type="button"
            aria-label="Clear the chosen time"
            onClick={() => update({ window: '', ...place })}
          >
            <Icon name="close" />
          </button>
        </span>
      )}
      {request && (
        <>
          <span className="chip">
            <span className="muted">{request.kind === 'trace' ? 'Trace' : 'Span'}</span>
            <span className="focus-id">{request.id}</span>
            <button
              type="button"
              aria-label="Show all requests"
              onClick={() =>
                update({ span: '', focusOn: 'children', query: withoutRequest(state.query), ...place })
              }
            >
              <Icon name="close" />
            </button>
          </span>
          <Segmented<FocusOn>
            label="Focus on"
            value={state.focusOn}
            options={CHOICES}
            // The server takes the focus together with the request only.
            onChange={(focusOn) => update({ span: request.id, focusOn, ...place })}
          />
        </>
      )}
      {state.tab !== 'timeline' && (
        <button type="button" className="text-button" onClick={() => update({ tab: 'timeline' })}>
          Show on the timeline
        </button>
      )}
    </div>
  );
}
