import type { ValueTypeInfo } from '../../api/types.ts';
import { formatValue } from '../../model/format.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

export function TypeSelect(props: {
  readonly types: readonly ValueTypeInfo[];
  readonly value: ValueTypeInfo;
  readonly onType: (name: string) => void;
}) {
  const { types, value, onType } = props;
  return (
    <Popover
      label={`Value type: ${value.name}`}
      trigger={
        <>
          <span className="strong">{value.name}</span>
          <Icon name="chevron-down" />
        </>
      }
    >
      {(close) => (
        <ul className="type-menu">
          {types.map((type) => (
            <li key={type.name}>
              <button
                type="button"
                className="menu-item"
                aria-pressed={type.name === value.name}
                onClick={() => {
                  onType(type.name);
                  close();
                }}
              >
                <span className="strong">{type.name}</span>
                <span className="type-total">{formatValue(type.total, type.unit)}</span>
                <span className="muted">{type.description}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
