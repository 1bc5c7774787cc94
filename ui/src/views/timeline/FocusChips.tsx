import { formatClock, formatDurationMs } from '../../model/format.ts';
import { requestOf, withoutRequest } from '../../model/request.ts';
import { decodeWindow } from '../../model/timeline.ts';
import type { FocusOn, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';

export const FOCUS_CHOICES: readonly { readonly value: FocusOn; readonly label: string }[] = [
  { value: 'span', label: 'Span' },
  { value: 'children', label: 'Span and children' },
  { value: 'time', label: 'Whole time of the span' },
  { value: 'profile', label: 'Whole profile' },
];

interface FocusChipsProps {
  readonly state: ViewState;
  readonly update: Update;
  /** Says which samples of the request, where there is no choice of them beside it. */
  readonly saysFocus?: boolean;
}

/** The part of the time and the request that samples are of, each to be taken away. */
export function FocusChips({ state, update, saysFocus = false }: FocusChipsProps) {
  const window = decodeWindow(state.window);
  const request = requestOf(state);
  const place = { zoom: [], expanded: [] };
  const focus = FOCUS_CHOICES.find(({ value }) => value === state.focusOn)?.label.toLowerCase();
  return (
    <>
      {window && (
        <span className="chip focus-chip">
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
        <span className="chip focus-chip">
          <span className="muted">{request.kind === 'trace' ? 'Trace' : 'Span'}</span>
          <span className="focus-id">{request.id}</span>
          {saysFocus && <span className="muted">{focus}</span>}
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
      )}
    </>
  );
}
