//! `cargo bench -p vesta-profile`: merging stacks into a tree, and collapsing samples into rows.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the numbers of a workload are small"
)]

#[path = "workload/samples.rs"]
mod samples;
#[path = "workload/stacks.rs"]
mod stacks;

use divan::Bencher;
use std::hint::black_box;
use vesta_profile::{FlameTree, FunctionTable, Granularity, Profile, TopBy, Transform, aggregate, top};

const STACKS: [u32; 3] = [30_000, 300_000, 3_000_000];

fn main() {
    divan::main();
}

#[divan::bench(args = STACKS, sample_count = 10)]
fn merge(bencher: Bencher<'_, '_>, stacks: u32) {
    let profile = stacks::profile(stacks);
    let functions = functions(&profile);
    bencher.bench_local(|| tree(&profile, &functions));
}

#[divan::bench(args = STACKS, sample_count = 10)]
fn prune_to_8192_nodes(bencher: Bencher<'_, '_>, stacks: u32) {
    let profile = stacks::profile(stacks);
    let tree = tree(&profile, &functions(&profile));
    bencher.bench_local(|| tree.prune(black_box(8192)));
}

#[divan::bench(args = STACKS, sample_count = 10)]
fn top_functions(bencher: Bencher<'_, '_>, stacks: u32) {
    let profile = stacks::profile(stacks);
    let functions = functions(&profile);
    let tree = tree(&profile, &functions);
    bencher.bench_local(|| top(&tree, &functions, TopBy::Name));
}

#[divan::bench(args = ["focus", "only", "exclude", "merge", "collapse-recursion", "coarsen"], sample_count = 5)]
fn transform_300000_stacks(bencher: Bencher<'_, '_>, what: &str) {
    let profile = stacks::profile(300_000);
    let mut functions = functions(&profile);
    let tree = tree(&profile, &functions);
    // The function that most is spent below, other than what is on every stack: most of the tree has to be looked at.
    let mut rows = top(&tree, &functions, TopBy::Function);
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.total));
    let often = rows.iter().find(|row| row.total < tree.total() / 2).map_or(rows[0], |row| *row);
    let name = functions.name(often.function).to_owned();
    let transform = Transform::parse(&format!("{what}:{name}"));
    bencher.bench_local(|| match &transform {
        Some(transform) => transform.apply(&tree, &mut functions),
        None => {
            let (coarse, ids) = functions.coarsen(Granularity::Package);
            tree.renamed(&coarse, &ids)
        }
    });
}

#[divan::bench]
fn aggregate_45643_samples_of_19_types(bencher: Bencher<'_, '_>) {
    let profile = samples::profile();
    bencher.bench_local(|| aggregate(&profile, |key| key != "task id", 1000));
}

fn functions(profile: &Profile) -> FunctionTable {
    FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function)
}

fn tree(profile: &Profile, functions: &FunctionTable) -> FlameTree {
    let values = profile.samples.stacks.iter().copied().zip(profile.samples.values[0].iter().copied());
    FlameTree::from_stacks(functions, &profile.stacks, values)
}
