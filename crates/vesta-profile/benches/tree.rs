//! `cargo bench -p vesta-profile`: merging stacks into a tree, and collapsing samples into rows.
#![allow(
    missing_docs,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the numbers of a workload are small, and the macro of criterion makes a public function"
)]

#[path = "workload/samples.rs"]
mod samples;
#[path = "workload/stacks.rs"]
mod stacks;

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use vesta_profile::{FlameTree, FunctionTable, Granularity, TopBy, aggregate, top};

fn trees(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tree");
    group.sample_size(10);
    for count in [30_000, 300_000, 3_000_000] {
        let profile = stacks::profile(count);
        let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
        let tree = || {
            let values =
                profile.samples.stacks.iter().copied().zip(profile.samples.values[0].iter().copied());
            FlameTree::from_stacks(&functions, &profile.stacks, values)
        };
        group.bench_function(format!("merge {count} stacks"), |bencher| bencher.iter(tree));
        let tree = tree();
        group.bench_function(format!("prune {} nodes to 8192", tree.len()), |bencher| {
            bencher.iter(|| tree.prune(black_box(8192)));
        });
        group.bench_function(format!("top functions of {} nodes", tree.len()), |bencher| {
            bencher.iter(|| top(&tree, &functions, TopBy::Name));
        });
    }
    group.finish();
}

fn aggregation(criterion: &mut Criterion) {
    let profile = samples::profile();
    criterion.bench_function("aggregate 45643 samples of 19 types", |bencher| {
        bencher.iter(|| aggregate(&profile, |key| key != "task id", 1000));
    });
}

criterion_group!(benches, aggregation, trees);
criterion_main!(benches);
