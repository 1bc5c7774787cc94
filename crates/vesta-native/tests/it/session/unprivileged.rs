//! As a user with no rights at all: the test runs itself again as nobody.

use super::program::{assert_share, folder, profile};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use vesta_native::EngineOptions;

const AS_NOBODY: &str = "VESTA_TEST_AS_NOBODY";

#[test]
fn a_user_profiles_the_own_programs() {
    let test = "a_user_profiles_the_own_programs";
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if is_root && std::env::var_os(AS_NOBODY).is_none() {
        return run_as_nobody(test);
    }
    let Some(seen) = profile(test, &["tree", "300"], "sCPU freq=499", EngineOptions::default()) else {
        return;
    };
    let text = seen.text("cpu-time");
    let functions = ["in_parent", "in_fork", "in_exec"];
    let total: i64 = functions.iter().map(|function| seen.of("cpu-time", function)).sum();
    for function in functions {
        assert_share(seen.of("cpu-time", function), total, 1.0 / 3.0, &text);
    }
    assert!(total as f64 > 0.9 * seen.total("cpu-time") as f64, "{text}");
}

fn run_as_nobody(test: &str) {
    let copy = folder().join("it");
    crate::copies::copy_program(&std::env::current_exe().unwrap(), &copy);
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs", "--"])
        .arg(&copy)
        .args(["--exact", &format!("session::unprivileged::{test}"), "--nocapture"])
        .env(AS_NOBODY, "1")
        .env("TMPDIR", "/tmp")
        .output();
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
        Err(error) => crate::skip::skip(test, &format!("setpriv: {error}")),
    }
}
