//! Compiles the preload library: the same sources, without std and without any other library.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(vesta_preload)");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let rustc = variable("RUSTC");
    let target = variable("TARGET");
    let output = PathBuf::from(variable("OUT_DIR")).join("libvesta_preload.so");
    let mut command = Command::new(&rustc);
    command.args(["--crate-name", "vesta_preload", "--crate-type", "cdylib", "--edition", "2024"]);
    command.args(["--target", &target, "--cfg", "vesta_preload", "--cap-lints", "allow"]);
    // Unwind tables, so that a profiler sees through our code when it interrupts it.
    for option in
        ["panic=abort", "opt-level=3", "codegen-units=1", "force-unwind-tables=yes", "strip=debuginfo"]
    {
        command.args(["-C", option]);
    }
    // The linker that comes with Rust needs no C compiler for the target; a Rust without it has one for this machine.
    let lld = linker(&rustc, &variable("HOST"));
    let prefix = if let Some(lld) = &lld {
        command.arg("-C").arg(format!("linker={}", lld.display()));
        ""
    } else {
        command.args(["-C", "link-arg=-nostdlib", "-C", "link-arg=-nostartfiles"]);
        "-Wl,"
    };
    for option in ["-z,now", "-z,relro", "-soname,libvesta-preload.so"] {
        let separate = if lld.is_some() { option.replace(',', " ") } else { option.to_owned() };
        for part in separate.split(' ').filter(|_| lld.is_some()) {
            command.arg("-C").arg(format!("link-arg={part}"));
        }
        if lld.is_none() {
            command.arg("-C").arg(format!("link-arg={prefix}{option}"));
        }
    }
    command.arg("-o").arg(&output).arg("src/lib.rs");
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!("{rustc} could not compile the preload library for {target}: {status}")),
        Err(error) => fail(&format!("cannot run {rustc}: {error}")),
    }
}

/// The linker in Rust's own folder.
fn linker(rustc: &str, host: &str) -> Option<PathBuf> {
    let root = Command::new(rustc).args(["--print", "sysroot"]).output().ok()?;
    let root = String::from_utf8(root.stdout).ok()?;
    let lld = Path::new(root.trim()).join("lib/rustlib").join(host).join("bin/rust-lld");
    lld.exists().then_some(lld)
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    exit(1);
}
