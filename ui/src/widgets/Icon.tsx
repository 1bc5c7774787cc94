const PATHS = {
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM14 14l-3.400-3.400',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  'chevron-down': 'M4 6l4 4 4-4',
  'chevron-up': 'M4 10l4-4 4 4',
  'chevron-right': 'M6 4l4 4-4 4',
  'chevron-left': 'M10 4L6 8l4 4',
  sliders:
    'M2 4.500h7M12 4.500h2M2 11.500h2M7 11.500h7M10.500 6.200a1.700 1.700 0 1 0 0-3.400 1.700 1.700 0 0 0 0 3.400ZM5.500 13.200a1.700 1.700 0 1 0 0-3.400 1.700 1.700 0 0 0 0 3.400Z',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7Z',
  monitor: 'M2 3h12v8H2ZM6 14h4M8 11v3',
  download: 'M8 2v8M4.500 7L8 10.500 11.500 7M2.500 13.500h11',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 5v3l2 1.500',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  play: 'M5 3.200v9.600l7.500-4.800Z',
  filter: 'M2 3h12l-4.500 5.500V13l-3-1.500v-3Z',
  link: 'M6.500 9.500a2.800 2.800 0 0 0 4 0l2-2a2.800 2.800 0 0 0-4-4l-.7.7M9.500 6.500a2.800 2.800 0 0 0-4 0l-2 2a2.800 2.800 0 0 0 4 4l.7-.7',
  keyboard: 'M1.500 4h13v8h-13ZM4 6.700h.1M6.700 6.700h.1M9.300 6.700h.1M12 6.700h.1M5 9.500h6',
  flame: 'M2 3h12v2.500H2ZM2 6.800h8.500v2.400H2ZM2 10.500h4.500V13H2Z',
  columns: 'M2 3h12v10H2ZM6 3v10M10 3v10',
  table: 'M2 3h12v10H2ZM2 6.500h12M7 6.500V13',
  exit: 'M9.500 2.500h4v11h-4M6.500 5L3 8l3.500 3M3 8h7',
  commit: 'M8 10.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM1 8h4.500M10.500 8H15',
  copy: 'M5.500 5.500h8v8h-8ZM10.500 5.500v-3h-8v8h3',
  check: 'M3 8.500l3.500 3.500L13 4.500',
  external: 'M6.500 3h-4v10.500H13v-4M9.500 2.500h4v4M13.500 2.500L7.500 8.500',
  expand: 'M2.500 6v-3.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10',
  shrink: 'M6 2.500V6H2.500M13.500 6H10V2.500M10 13.500V10h3.500M2.500 10H6v3.500',
  palette:
    'M8 14A6 6 0 1 1 14 8c0 1.700-1.300 2.200-2.600 2.200H9.800c-1 0-1.400.9-.9 1.700.6.9.2 2.100-.9 2.100ZM5.200 8.100h.1M6.600 5.300h.1M9.600 5.100h.1M11.400 7.300h.1',
  warning: 'M8 2l6.500 11.500h-13ZM8 6.500v3M8 11.500v.1',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
