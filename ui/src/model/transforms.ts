import type { Granularity } from '../api/types.ts';
import type { ViewState } from '../state/url.ts';
import { at, nodePackage, type CallTree, type NodeId } from './call-tree.ts';

/** What is done to stacks before they are merged. The server does it; here it is only named and written. */
export type TransformKind =
  'focus' | 'only' | 'exclude' | 'merge' | 'collapse-recursion' | 'collapse-library' | 'my-code';

export interface Transform {
  readonly kind: TransformKind;
  /** Which frames: empty for all of them. For `collapse-library` a package. */
  readonly key: string;
}

export const MY_CODE = 'my-code';

const KINDS: readonly TransformKind[] = [
  'focus',
  'only',
  'exclude',
  'merge',
  'collapse-recursion',
  'collapse-library',
  'my-code',
];

/** `undefined` for what this version does not know: it still goes to the server, which says what is wrong with it. */
export function parseTransform(text: string): Transform | undefined {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const kind = KINDS.find((each) => each === name);
  return kind ? { kind, key: colon < 0 ? '' : text.slice(colon + 1) } : undefined;
}

export function writeTransform({ kind, key }: Transform): string {
  return key === '' ? kind : `${kind}:${key}`;
}

/** How a transform names frames: name, file, module, line and package; an empty part stands for any. */
export interface FrameName {
  readonly name?: string;
  readonly file?: string;
  readonly module?: string;
  readonly line?: number;
  readonly package?: string;
}

export function writeKey({
  name = '',
  file = '',
  module = '',
  line = 0,
  package: library = '',
}: FrameName): string {
  return [name, file, module, line > 0 ? String(line) : '', library].join('\t').replace(/\t+$/, '');
}

export function parseKey(key: string): Required<FrameName> {
  const [name = '', file = '', module = '', line = '', library = ''] = key.split('\t');
  return { name, file, module, line: Number(line) || 0, package: library };
}

/** The key of everything that is this node at the granularity it is shown at. */
export function keyOfNode(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  const { names, files, modules, lines } = tree.table;
  return keyAt(tree.granularity, {
    name: names[index] ?? '',
    file: files[index] ?? '',
    module: modules[index] ?? '',
    line: lines[index] ?? 0,
    package: nodePackage(tree, node),
  });
}

/** The same for what is not in a tree. */
export function keyAt(granularity: Granularity, frame: Required<FrameName>): string {
  const { name, file, module, line } = frame;
  switch (granularity) {
    case 'function':
      return writeKey({ name, file, module });
    case 'line':
      return writeKey({ name, file, module, line });
    case 'file':
      return file ? writeKey({ file }) : module ? writeKey({ module }) : writeKey({ name });
    case 'package':
      return writeKey({ package: frame.package });
  }
}

/** The function of a node, without its line: what callers and callees are about. */
export function functionKeyOfNode(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  const { names, files, modules } = tree.table;
  return writeKey({ name: names[index] ?? '', file: files[index] ?? '', module: modules[index] ?? '' });
}

export interface TransformText {
  /** What it does, in two or three words. */
  readonly verb: string;
  /** To what; empty where it is done to everything. */
  readonly object: string;
  /** In a sentence. */
  readonly explanation: string;
}

/** Chips say what they do in plain words. */
export function describeTransform(text: string): TransformText {
  const transform = parseTransform(text);
  if (!transform) {
    return { verb: text, object: '', explanation: 'This version of the page does not know this transform.' };
  }
  const { kind, key } = transform;
  const object = kind === 'collapse-library' ? key : shortKey(key);
  switch (kind) {
    case 'focus':
      return {
        verb: 'Focused on',
        object,
        explanation: `All calls of ${object} are one root; what led to them is left out.`,
      };
    case 'only':
      return { verb: 'Only stacks with', object, explanation: `Stacks without ${object} are left out.` };
    case 'exclude':
      return { verb: 'Without stacks with', object, explanation: `Stacks that have ${object} are left out.` };
    case 'merge':
      return {
        verb: 'Merged into callers:',
        object,
        explanation: `${object} is not shown; what it spends counts for what called it.`,
      };
    case 'collapse-recursion':
      return {
        verb: object ? 'Recursion collapsed:' : 'Recursion collapsed',
        object,
        explanation: `A call of ${object || 'a function'} from within itself does not go deeper.`,
      };
    case 'collapse-library':
      return {
        verb: 'As one frame:',
        object,
        explanation: `Calls from ${object} to itself are one frame named ${object}.`,
      };
    case 'my-code':
      return {
        verb: 'Only my code',
        object: '',
        explanation: 'Frames of libraries, runtimes and the system count for the own code that called them.',
      };
  }
}

function shortKey(key: string): string {
  if (key === '') return '';
  const { name, file, module, line, package: library } = parseKey(key);
  const shortFile = file.split(/[/\\]/).at(-1) ?? file;
  if (name) return line > 0 ? `${name} (line ${line})` : name;
  if (shortFile) return line > 0 ? `${shortFile}:${line}` : shortFile;
  return module || library;
}

/** What changes with the transforms: paths of frames mean nothing in another tree. */
export function withTransforms(
  transforms: readonly string[],
): Pick<ViewState, 'transforms' | 'zoom' | 'expanded'> {
  return { transforms, zoom: [], expanded: [] };
}

/** At the end, because transforms apply in order; the same again changes nothing. */
export function addTransform(transforms: readonly string[], transform: Transform): readonly string[] {
  const text = writeTransform(transform);
  return transforms.includes(text) ? transforms : [...transforms, text];
}

/** At the end: what was focused on before may be a function of a library, which would no longer be found. */
export function toggleMyCode(transforms: readonly string[]): readonly string[] {
  const others = transforms.filter((each) => each !== MY_CODE);
  return others.length < transforms.length ? others : [...others, MY_CODE];
}
