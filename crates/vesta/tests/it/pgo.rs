//! `vesta pgo`: what ran is compiled better the next time.

use crate::command::{shown, vesta};
use crate::go_program::GoProgram;
use crate::server::Server;
use crate::skip::skip;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Calls `area` through an interface, and nearly always that of a square, which is too large to be inlined unless it is hot.
const SHAPES: &str = r#"
package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

type shape interface{ area(n int) int }

type square struct{ side int }

type circle struct{ radius int }

func (s square) area(n int) int {
	sum := 0
	for i := range n {
		sum = sum*31 + s.side*i
		if sum%7 == 3 {
			sum ^= i << 3
		}
		if sum%11 == 5 {
			sum += s.side * 17
		}
		sum = sum*5 + (sum >> 3) + i%13
		sum ^= sum << 7
		sum += (sum >> 9) * 3
		sum ^= s.side * (i + 1) * (i + 3)
	}
	return sum
}

func (c circle) area(n int) int { return c.radius * c.radius * 3 * n }

//go:noinline
func total(shapes []shape) (sum int) {
	for _, s := range shapes {
		sum += s.area(20)
	}
	return sum
}

func main() {
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	shapes := []shape{circle{2}}
	for i := range 1000 {
		shapes = append(shapes, square{i})
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		panic(err)
	}
	sum := 0
	for start := time.Now(); time.Since(start) < time.Second; {
		sum += total(shapes)
	}
	pprof.StopCPUProfile()
	fmt.Println(sum)
}
"#;

#[test]
fn go_devirtualizes_and_inlines_what_was_hot() {
    let _turn = crate::turns::of_one();
    let remarks = ["-gcflags=-m"];
    let Some(program) = GoProgram::build("go_devirtualizes_and_inlines_what_was_hot", SHAPES, &remarks)
    else {
        return;
    };
    assert!(!inlines_area(&program.output), "{}", shown(&program.output));

    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    for profile in ["first.pprof", "second.pprof"] {
        let path = folder.path().join(profile);
        let ran = Command::new(&program.path).arg(&path).output().unwrap();
        assert!(ran.status.success(), "{}", shown(&ran));
        let file = path.to_str().unwrap();
        let import = ["import", "--service", "shapes", "--env", "prod", "--language", "go", file];
        let imported = server.run(&import);
        assert!(imported.status.success(), "{}", shown(&imported));
    }
    let merged = folder.path().join("default.pgo");
    let output = pgo(&server, "service:shapes env:prod", "go", &merged);
    assert!(shown(&output).contains("merged 2 profiles"), "{}", shown(&output));

    let flag = format!("-pgo={}", merged.display());
    let optimized = program.rebuild(&[&flag, "-gcflags=-m"]);
    assert!(inlines_area(&optimized.output), "{}", shown(&optimized.output));
}

/// Whether the compiler says that the call through the interface became one of the square's method, and that one inlined.
fn inlines_area(output: &Output) -> bool {
    let text = String::from_utf8_lossy(&output.stderr);
    let call = "PGO devirtualizing interface call s.area to square.area";
    text.contains(call) && text.lines().any(|line| line.ends_with("inlining call to square.area"))
}

#[test]
fn a_scope_without_cpu_time_has_nothing_for_a_compiler() {
    let server = Server::start(&[]);
    let output = server.run(&["pgo", "--query", "service:nobody"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(shown(&output).contains("no profile in scope has CPU time"), "{}", shown(&output));
}

#[test]
fn python_s_profiles_say_what_is_missing_for_a_compiler() {
    let output = vesta()
        .current_dir(crate::command::uploads())
        .args(["pgo", "python-2.21-lz4-01.body"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("at which line it starts"), "{}", shown(&output));
}

/// Spends its time in `mix`, which the compiler puts into `work`.
const MIXER: &str = "
#include <stdio.h>

static unsigned mix(unsigned x) {
  x ^= x >> 15;
  x *= 0x2c1b3c6d;
  x ^= x >> 12;
  return x;
}

__attribute__((noinline)) unsigned work(unsigned n) {
  unsigned sum = n;
  for (unsigned i = 0; i < n; i++) {
    sum += mix(i ^ sum);
  }
  return sum;
}

int main(void) {
  unsigned sum = 0;
  for (unsigned i = 0; i < 400; i++) {
    sum += work(1000000 + i);
  }
  printf(\"%u\\n\", sum);
  return 0;
}
";

#[test]
fn clang_takes_the_profile_of_a_program_that_ran_under_vesta() {
    let test = "clang_takes_the_profile_of_a_program_that_ran_under_vesta";
    let _turn = crate::turns::of_one();
    if Command::new("clang").arg("--version").output().is_err() {
        return skip(test, "there is no clang; `cargo xtask test` installs it");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mixer.c"), MIXER).unwrap();
    clang(folder.path(), &["-o", "mixer"]);
    let (sample, text, output) = profile_of_mixer(folder.path());
    assert!(text.starts_with("work:"), "{}\n{text}", shown(&output));

    let profile = format!("-fprofile-sample-use={}", sample.display());
    let remarks = ["-Rpass=sample-profile", "-Rpass-analysis=sample-profile"];
    let compiled = clang(folder.path(), &[&profile, remarks[0], remarks[1], "-o", "optimized"]);
    let remarks = String::from_utf8_lossy(&compiled.stderr);
    assert!(remarks.contains("'mix' inlined into 'work' to match profiling context"), "{text}{remarks}");
    assert!(remarks.contains("samples from profile (offset: 3)"), "{text}{remarks}");
}

/// The same in Rust.
const RUST_MIXER: &str = "
fn mix(mut x: u32) -> u32 {
    x ^= x >> 15;
    x = x.wrapping_mul(0x2c1b3c6d);
    x ^= x >> 12;
    x
}

#[inline(never)]
fn work(n: u32) -> u32 {
    let mut sum = n;
    for i in 0..n {
        sum = sum.wrapping_add(mix(i ^ sum));
    }
    sum
}

fn main() {
    let sum = (0..400).fold(0_u32, |sum, i| sum.wrapping_add(work(1_000_000 + i)));
    println!(\"{sum}\");
}
";

#[test]
fn rustc_takes_the_profile_of_a_program_that_ran_under_vesta() {
    let test = "rustc_takes_the_profile_of_a_program_that_ran_under_vesta";
    let _turn = crate::turns::of_one();
    if Command::new("rustc").arg("--version").output().is_err() {
        return skip(test, "there is no rustc on the path");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mixer.rs"), RUST_MIXER).unwrap();
    rustc(folder.path(), &["-o", "mixer"]);
    let (sample, text, output) = profile_of_mixer(folder.path());
    let first = text.split(':').next().unwrap();
    assert!(first.starts_with("_R") && first.ends_with("4work"), "{}\n{text}", shown(&output));

    let profile = format!("-Zprofile-sample-use={}", sample.display());
    let compiled = rustc(folder.path(), &[&profile, "-Cremark=all", "-o", "optimized"]);
    let remarks = String::from_utf8_lossy(&compiled.stderr);
    let applied =
        remarks.lines().filter(|line| line.contains("mixer.rs:") && line.contains("samples from profile"));
    assert!(applied.count() > 1, "{text}{remarks}");
}

/// Runs the program `mixer` in a folder, and answers its profile for compilers: where it is, what is in it, what was said.
#[track_caller]
fn profile_of_mixer(folder: &Path) -> (PathBuf, String, Output) {
    let server = Server::start(&[]);
    let ran = vesta()
        .current_dir(folder)
        .args(["run", "--inlined-functions", "--service", "mixer", "--url", &server.intake, "./mixer"])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", shown(&ran));
    crate::native_run::arrived(&server, "service:mixer");
    let sample = folder.join("mixer.prof");
    let output = pgo(&server, "service:mixer", "autofdo", &sample);
    let text = std::fs::read_to_string(&sample).unwrap();
    (sample, text, output)
}

/// A compiler of a release, which takes unstable flags as one of the night would.
fn rustc(folder: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new("rustc");
    command.current_dir(folder).env("RUSTC_BOOTSTRAP", "1");
    let output = command.args(["-Copt-level=2", "-g", "mixer.rs"]).args(flags).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    output
}

fn clang(folder: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new("clang");
    let output = command.current_dir(folder).args(["-O2", "-g", "mixer.c"]).args(flags).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    output
}

#[track_caller]
fn pgo(server: &Server, query: &str, format: &str, file: &Path) -> Output {
    let file = file.to_str().unwrap();
    let output = server.run(&["pgo", "--query", query, "--format", format, "-o", file]);
    assert!(output.status.success(), "{}", shown(&output));
    output
}
