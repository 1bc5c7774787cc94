import type { TopBody } from '../api/types.ts';
import type { CallTree } from './call-tree.ts';

export interface PrunedFunction {
  readonly name: string;
  readonly file: string;
  readonly module: string;
  readonly total: number;
}

/** The functions of a list that have no frame of their own in the tree, in the order of the list. */
export function prunedFunctions(tree: CallTree, top: Pick<TopBody, 'functions'>): PrunedFunction[] {
  const { names, files, modules } = tree.table;
  const shown = new Set(names.map((name, index) => `${name}\0${files[index]}\0${modules[index]}`));
  const { name, file, module, total } = top.functions;
  return name
    .map((text, index) => ({
      name: text,
      file: file[index] ?? '',
      module: module[index] ?? '',
      total: total[index] ?? 0,
    }))
    .filter((each) => !shown.has(`${each.name}\0${each.file}\0${each.module}`));
}
