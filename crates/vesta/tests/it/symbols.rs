//! Addresses of a real program, and the symbols that name them.

use crate::command::shown;
use crate::native_program::NativeProgram;
use crate::server::Server;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use vesta_formats::pprof;
use vesta_profile::{Frame, Mapping, Profile, Sample, ValueType};

/// A profile as it comes from a machine with the stripped program, which was mapped somewhere.
fn profile(program: &NativeProgram, name: &str) -> PathBuf {
    let mut profile = Profile::new(vec![ValueType::new("cpu-time", "nanoseconds")]);
    let module = profile.strings.intern("/usr/bin/shop");
    let build_id = profile.strings.intern(&program.build_id);
    let start = 0x5555_5555_4000;
    profile.mappings.add(Mapping { module, build_id, start, limit: start + 0x10_0000, offset: 0 });
    let frames = [program.inlined, program.call]
        .map(|address| profile.frames.intern(Frame { module, build_id, address, ..Frame::default() }));
    let stack = profile.stacks.intern(&frames);
    profile.samples.push(Sample { stack, values: &[3_000_000], ..Sample::default() });
    let path = program.path(name);
    fs::write(&path, pprof::encode(&profile)).unwrap();
    path
}

fn import(server: &Server, file: &Path, service: &str) {
    let file = file.to_str().unwrap();
    let imported = server.run(&["import", file, "--service", service, "--start", "now-10m"]);
    assert!(imported.status.success(), "{}", shown(&imported));
}

fn collapsed(server: &Server, service: &str) -> String {
    let query = format!("service:{service}");
    let output = server.run(&["flamegraph", "--query", &query]);
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn top(server: &Server) -> Vec<(String, i64)> {
    let top = server.json(&["top", "--json"]);
    let functions = top["functions"].as_array().unwrap().iter();
    functions
        .map(|function| (function["name"].as_str().unwrap().to_owned(), function["total"].as_i64().unwrap()))
        .collect()
}

#[test]
fn symbols_of_a_program_name_its_addresses_in_profiles_from_before_and_after() {
    let Some(program) = NativeProgram::build("symbols_of_a_program_name_its_addresses") else { return };
    let data = program.path("data");
    let server = Server::start_in(&data, &[]);
    import(&server, &profile(&program, "before.pprof"), "before");
    let (inlined, call) = (format!("shop+{:#x}", program.inlined), format!("shop+{:#x}", program.call));
    assert_eq!(collapsed(&server, "before"), format!("{call};{inlined} 3000000\n"));
    assert_eq!(top(&server), [(inlined.clone(), 3_000_000), (call.clone(), 3_000_000)]);
    let missing = server.json(&["symbols", "missing", "--json"]);
    let module = &missing["modules"][0];
    assert_eq!(
        (&module["build_id"], &module["module"]),
        (&Value::from(program.build_id.as_str()), &"/usr/bin/shop".into())
    );
    assert_eq!(
        (&module["places"], &module["samples"], &module["value"]),
        (&2.into(), &1.into(), &3_000_000.into())
    );

    let uploaded = server.run(&["symbols", "upload", program.path("shop").to_str().unwrap()]);
    assert!(uploaded.status.success(), "{}", shown(&uploaded));
    assert!(String::from_utf8_lossy(&uploaded.stdout).contains("stored"), "{}", shown(&uploaded));
    let named = "main;fill_cart;price_item 3000000\n";
    assert_eq!(collapsed(&server, "before"), named);
    assert_eq!(server.json(&["symbols", "missing", "--json"])["modules"].as_array().map(Vec::len), Some(0));
    import(&server, &profile(&program, "after.pprof"), "after");
    assert_eq!(collapsed(&server, "after"), named);
    let names: Vec<String> = top(&server).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["price_item", "fill_cart", "main"]);
    let lines = server.get("/api/v1/flamegraph?type=cpu-time&granularity=line");
    assert!(lines.to_string().contains("shop.c"), "{lines:#}");

    // The copy that was deployed has the same build id, and says less.
    let stripped = server.run(&["symbols", "upload", program.path("stripped").to_str().unwrap()]);
    assert!(!String::from_utf8_lossy(&stripped.stdout).contains("stored 1"), "{}", shown(&stripped));
    assert_eq!(collapsed(&server, "before"), named, "a stripped copy took the names away");

    // What was acknowledged survives a kill.
    server.kill();
    let server = Server::start_in(&data, &[]);
    assert_eq!(collapsed(&server, "before"), named);
    let listed = server.json(&["symbols", "list", "--json"]);
    assert_eq!(listed["files"].as_array().map(Vec::len), Some(1), "{listed:#}");
    assert_eq!(listed["files"][0]["module"], "shop");
    let removed = server.run(&["symbols", "remove", &program.build_id]);
    assert!(removed.status.success(), "{}", shown(&removed));
    assert_eq!(collapsed(&server, "after"), format!("{call};{inlined} 3000000\n"));
}

#[test]
fn a_folder_stands_for_all_binaries_in_it() {
    let Some(program) = NativeProgram::build("a_folder_stands_for_all_binaries_in_it") else { return };
    let server = Server::start(&[]);
    let uploaded = server.run(&["symbols", "upload", program.folder.path().to_str().unwrap()]);
    assert!(uploaded.status.success(), "{}", shown(&uploaded));
    let listed = server.json(&["symbols", "list", "--json"]);
    assert_eq!(listed["files"][0]["build_id"], program.build_id.as_str(), "{listed:#}");
    import(&server, &profile(&program, "later.pprof"), "shop");
    assert_eq!(collapsed(&server, "shop"), "main;fill_cart;price_item 3000000\n");
}

#[test]
fn what_is_no_binary_is_reported_with_what_it_is() {
    let server = Server::start(&[]);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("notes.txt"), "not a binary").unwrap();
    let refused = server.run(&["symbols", "upload", folder.path().join("notes.txt").to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no ELF file"), "{}", shown(&refused));
    let empty = server.run(&["symbols", "upload", folder.path().to_str().unwrap()]);
    assert_eq!(empty.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&empty.stderr).contains("nothing to send"), "{}", shown(&empty));
    let wrong = server.run(&["symbols", "remove", "../tokens"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", shown(&wrong));
}
