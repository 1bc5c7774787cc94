import { NORMALIZE_LABELS, normalizerOf, type NormalizerBasis } from '../../model/normalize.ts';
import type { Normalize } from '../../state/url.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

const ABOUT: Readonly<Record<Normalize, string>> = {
  total: 'everything in scope, added up',
  minute: 'by the time that the profiles cover, to compare ranges of different length',
  call: 'by the calls of the endpoints in scope, to compare busy hours with quiet ones',
};

/** Whether values are sums, or amounts per minute or per call. */
export function NormalizeSelect(props: {
  readonly basis: NormalizerBasis | undefined;
  readonly value: Normalize;
  readonly onNormalize: (normalize: Normalize) => void;
}) {
  const { basis, value, onNormalize } = props;
  const shown = basis ? normalizerOf(basis, value) : undefined;
  return (
    <Popover
      label={`Values: ${NORMALIZE_LABELS[shown?.mode ?? value]}`}
      trigger={
        <>
          {NORMALIZE_LABELS[shown?.mode ?? value]}
          <Icon name="chevron-down" />
        </>
      }
    >
      {(close) => (
        <ul className="type-menu">
          {(['total', 'minute', 'call'] as const).map((mode) => {
            const obstacle = basis ? normalizerOf(basis, mode).obstacle : undefined;
            return (
              <li key={mode}>
                <button
                  type="button"
                  className="menu-item"
                  aria-pressed={mode === (shown?.mode ?? value)}
                  aria-disabled={obstacle !== undefined}
                  onClick={() => {
                    if (obstacle) return;
                    onNormalize(mode);
                    close();
                  }}
                >
                  <span className="strong">{NORMALIZE_LABELS[mode]}</span>
                  <span className="muted">{obstacle ?? ABOUT[mode]}</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Popover>
  );
}
