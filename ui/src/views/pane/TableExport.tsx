import { csvOf } from '../../model/csv.ts';
import { dimensionName, dimensionParts } from '../../model/dimension.ts';
import { costPerCall } from '../../model/top.ts';
import { CopyItem } from '../../widgets/CopyButton.tsx';
import { saveText } from '../../widgets/save-file.ts';
import type { TableMenuProps } from './TableMenu.tsx';

export function TableExport({ onDone, ...props }: TableMenuProps & { readonly onDone: () => void }) {
  const { dimension } = props;
  return (
    <ul className="type-menu">
      <li>
        <CopyItem text={() => tableCsv(props)} name="Copy as CSV" about="the rows as filtered and sorted" />
      </li>
      <li>
        <button
          type="button"
          className="menu-item"
          onClick={() => {
            saveText(
              tableCsv(props),
              `${dimensionName(dimension).toLowerCase().replaceAll(/\W+/g, '-')}.csv`,
            );
            onDone();
          }}
        >
          <span className="strong">Download CSV</span>
          <span className="muted">the same as a file</span>
        </button>
      </li>
    </ul>
  );
}

function tableCsv({ rows, dimension, columns, unit, whole }: TableMenuProps): string {
  const { kind, key } = dimensionParts(dimension);
  const isCode = kind === 'frame' && (key === 'function' || key === 'line');
  const head = [key, ...(isCode ? ['file', 'module'] : []), ...(key === 'line' ? ['line'] : [])];
  for (const field of columns) {
    if (field === 'self' || field === 'total') head.push(`${field} (${unit})`, `share of ${field}`);
    else head.push(field === 'each' ? `total per call (${unit})` : field);
  }
  const share = (value: number): number | null => (whole === 0 ? null : value / whole);
  const lines = rows.map((row) => [
    row.name,
    ...(isCode ? [row.file, row.module] : []),
    ...(key === 'line' ? [row.line || null] : []),
    ...columns.flatMap((field) => {
      if (field === 'self' || field === 'total') return [row[field], share(row[field])];
      return [field === 'each' ? costPerCall(row) : row.calls];
    }),
  ]);
  return csvOf(head, lines);
}
