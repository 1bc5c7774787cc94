//! What `vesta` says about itself.

use crate::command::{run, shown, stdout};

#[test]
fn help_lists_the_commands() {
    insta::assert_snapshot!(stdout(&["--help"]), @"");
}

#[test]
fn the_version_is_one_line() {
    assert_eq!(stdout(&["--version"]), format!("vesta {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_has_help() {
    for command in ["up", "server", "import", "profiles", "top", "flamegraph", "token"] {
        assert!(stdout(&[command, "--help"]).contains("Usage: vesta"), "{command}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [&["tops"][..], &["top", "--limit", "many"], &["import"], &["server", "--listen", "nowhere"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    }
}
