import { describeTransform, withTransforms } from '../../model/transforms.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';

/** What is done to the stacks before they are merged, in the order in which it is done. */
export function TransformChips(props: { readonly transforms: readonly string[]; readonly update: Update }) {
  const { transforms, update } = props;
  if (transforms.length === 0) return null;
  return (
    <div className="transforms">
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
      {transforms.length > 1 && (
        <button type="button" className="text-button" onClick={() => update(withTransforms([]))}>
          Remove all
        </button>
      )}
    </div>
  );
}
