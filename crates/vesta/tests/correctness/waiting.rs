//! Time that threads spend waiting: off the CPU, and for locks.

use crate::profiler::Profiler;
use crate::program::Workshop;
use crate::user::users;

#[test]
fn time_off_the_cpu_has_the_shares_of_what_sleeps() {
    let test = "time_off_the_cpu_has_the_shares_of_what_sleeps";
    let workshop = Workshop::new();
    let program = workshop.c("sleepers", &["sleepers.c"], &[]);
    for user in users(test, &workshop) {
        Profiler::new(&workshop, user).events("wall").run(&program, &[]).expect("sleepers.json");
    }
}

#[test]
fn time_off_the_cpu_is_that_of_waits_for_a_lock() {
    let test = "time_off_the_cpu_is_that_of_waits_for_a_lock";
    let workshop = Workshop::new();
    let program = workshop.c("lock_waits", &["lock_waits.c"], &[]);
    for user in users(test, &workshop) {
        Profiler::new(&workshop, user).events("wall").run(&program, &[]).expect("off_cpu_locks.json");
    }
}

#[test]
fn waits_for_locks_have_their_shares_by_stack() {
    let workshop = Workshop::new();
    let program = workshop.c("lock_waits", &["lock_waits.c"], &[]);
    for arguments in [&[][..], &["rwlock"]] {
        let profiler = Profiler::new(&workshop, crate::user::User::Ordinary).events("lock");
        profiler.run(&program, arguments).expect("lock_waits.json");
    }
}
