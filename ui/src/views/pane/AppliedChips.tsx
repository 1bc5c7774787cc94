import { requestOf, withoutRequest } from '../../model/request.ts';
import { decodeWindow } from '../../model/timeline.ts';
import { describeTransform, withTransforms } from '../../model/transforms.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { FocusChips } from '../timeline/FocusChips.tsx';
import { FilterChips } from './FilterChips.tsx';

interface AppliedChipsProps {
  readonly state: ViewState;
  readonly update: Update;
  /** Also the chosen time and request, where no bar around the view says them. */
  readonly withFocus?: boolean;
  /** Also the label filters, where no control beside it does. */
  readonly withFilters?: boolean;
}

/**
 * What is done to samples before they are shown, each to be taken away. Transforms come in the order in which they
 * are applied.
 */
export function AppliedChips({ state, update, withFocus = false, withFilters = false }: AppliedChipsProps) {
  const { transforms, filters } = state;
  const hasFocus = withFocus && (decodeWindow(state.window) !== undefined || requestOf(state) !== undefined);
  const shownFilters = withFilters ? filters : [];
  const count = transforms.length + shownFilters.length + (hasFocus ? 1 : 0);
  if (count === 0) return null;
  const removeAll = (): void =>
    update({
      ...withTransforms([]),
      ...(withFilters && { filters: [] }),
      ...(hasFocus && {
        window: '',
        span: '',
        focusOn: 'children' as const,
        query: withoutRequest(state.query),
      }),
    });
  return (
    <div className="applied">
      {hasFocus && <FocusChips state={state} update={update} saysFocus />}
      <FilterChips filters={shownFilters} onFilters={(next) => update({ filters: next, expanded: [] })} />
      {transforms.length > 0 && (
        <ul className="chips" aria-label="Transforms">
          {transforms.map((transform) => {
            const { verb, object, explanation } = describeTransform(transform);
            return (
              <li key={transform} className="chip" title={explanation}>
                <span>
                  <span className="muted">{verb}</span>
                  {object && <> {object}</>}
                </span>
                <button
                  type="button"
                  aria-label={`Remove: ${verb} ${object}`.trim()}
                  onClick={() => update(withTransforms(transforms.filter((each) => each !== transform)))}
                >
                  <Icon name="close" />
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {count > 1 && (
        <button type="button" className="text-button" onClick={removeAll}>
          Remove all
        </button>
      )}
    </div>
  );
}
