//! Debug information that is not in the program.

use std::fs::File;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::programs::{Program, functions, open, resolve};
use crate::skip::skip;
use vesta_symbols::{Fetch, Search, Symbolizer};

/// A stripped program, its debug file, and an address within a function that it does not export.
fn split(arguments: &[&str]) -> (Program, PathBuf, u64) {
    let program = Program::c(arguments);
    let hidden = program.address_of("hidden") + 4;
    program.tool("objcopy", &["--only-keep-debug", "program", "program.debug"]);
    program.tool("strip", &["--strip-all", "program"]);
    let debug = program.folder.path().join("program.debug");
    (program, debug, hidden)
}

/// Whether the function and its line are known.
fn knows_hidden(program: &Program, search: &Search, hidden: u64) -> bool {
    let symbolizer = Symbolizer::load(program.elf(), search);
    let symbols = resolve(&symbolizer, hidden);
    let known = functions(&symbols).last() == Some(&"hidden");
    assert!(!known || symbols.last().unwrap().line > 0);
    known
}

#[test]
fn a_debuglink_leads_to_debug_information_with_the_right_checksum_only() {
    let (program, debug, hidden) = split(&["-O1", "-g", "-Wl,--build-id=none"]);
    program.tool("objcopy", &["--add-gnu-debuglink=program.debug", "program"]);
    assert!(knows_hidden(&program, &program.search(), hidden));

    let folder = program.folder.path().join(".debug");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(&debug, folder.join("program.debug")).unwrap();
    assert!(knows_hidden(&program, &program.search(), hidden));

    let mut bytes = std::fs::read(folder.join("program.debug")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(folder.join("program.debug"), bytes).unwrap();
    assert!(!knows_hidden(&program, &program.search(), hidden));
}

#[test]
fn a_debuglink_leads_below_the_folders_of_debug_information() {
    let (program, debug, hidden) = split(&["-O1", "-g"]);
    program.tool("objcopy", &["--add-gnu-debuglink=program.debug", "program"]);
    let folders = program.folder.path().join("debug");
    let inside = folders.join(program.folder.path().strip_prefix("/").unwrap());
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::rename(debug, inside.join("program.debug")).unwrap();
    assert!(!knows_hidden(&program, &program.search(), hidden));
    let search = Search { debug_directories: vec![folders], ..program.search() };
    assert!(knows_hidden(&program, &search, hidden));
}

/// Puts a debug file where its build id says, below a root.
fn install(root: &Path, debug: &Path, build_id: &str) -> PathBuf {
    let folder = root.join("usr/lib/debug/.build-id").join(&build_id[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{}.debug", &build_id[2..]));
    std::fs::copy(debug, &path).unwrap();
    path
}

#[test]
fn build_ids_lead_to_debug_information_below_the_root_of_the_process() {
    let (program, debug, hidden) = split(&["-O1", "-g", "-Wl,--build-id=sha1"]);
    let build_id = program.elf().build_id().unwrap().to_owned();
    let root = program.folder.path().join("root");
    let search = Search { root: root.clone(), path: PathBuf::from("/program"), ..Search::default() };
    assert!(!knows_hidden(&program, &search, hidden));
    install(&root, &debug, &build_id);
    assert!(knows_hidden(&program, &search, hidden));
    // One with another build id is not for this program.
    let (other, other_debug, _) = split(&["-O0", "-g", "-Wl,--build-id=sha1"]);
    assert_ne!(other.elf().build_id(), Some(build_id.as_str()));
    install(&root, &other_debug, &build_id);
    assert!(!knows_hidden(&program, &search, hidden));
}

#[test]
fn symbolic_links_stay_within_the_root_of_the_process() {
    let (program, debug, hidden) = split(&["-O1", "-g", "-Wl,--build-id=sha1"]);
    let build_id = program.elf().build_id().unwrap().to_owned();
    let root = program.folder.path().join("root");
    let search = Search { root: root.clone(), path: PathBuf::from("/program"), ..Search::default() };
    let place = install(&root, &debug, &build_id);

    // What is absolute starts at the root of the process, and nothing goes above it.
    std::fs::create_dir(root.join("store")).unwrap();
    std::fs::rename(&place, root.join("store/file")).unwrap();
    for target in ["/store/file", "../../../../../../../../../../store/file", "/../store/./file"] {
        symlink(target, &place).unwrap();
        assert!(knows_hidden(&program, &search, hidden), "{target}");
        std::fs::remove_file(&place).unwrap();
    }
    // A file outside is out of reach, by any way.
    for target in [debug.clone(), Path::new("../../../../../..").join("program.debug")] {
        symlink(&target, &place).unwrap();
        assert!(!knows_hidden(&program, &search, hidden), "{target:?}");
        std::fs::remove_file(&place).unwrap();
    }
    // Folders may be links, circles end, and a pipe does not block.
    std::fs::rename(root.join("usr"), root.join("system")).unwrap();
    symlink("system", root.join("usr")).unwrap();
    let place =
        root.join("usr/lib/debug/.build-id").join(&build_id[..2]).join(format!("{}.debug", &build_id[2..]));
    symlink("/store/file", &place).unwrap();
    assert!(knows_hidden(&program, &search, hidden));
    std::fs::remove_file(&place).unwrap();
    symlink(place.file_name().unwrap(), &place).unwrap();
    assert!(!knows_hidden(&program, &search, hidden));
    std::fs::remove_file(&place).unwrap();
    program.tool("mkfifo", &[place.to_str().unwrap()]);
    assert!(!knows_hidden(&program, &search, hidden));
}

#[test]
fn a_fetcher_is_asked_for_what_no_folder_has_and_its_answer_is_checked() {
    struct Server(PathBuf, AtomicUsize);
    impl Fetch for Server {
        fn debug_file(&self, _: &str) -> io::Result<Option<File>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            File::open(&self.0).map(Some)
        }
    }
    let (program, debug, hidden) = split(&["-O1", "-g", "-Wl,--build-id=sha1"]);
    let ask = |path: &Path| {
        let server = Arc::new(Server(path.to_owned(), AtomicUsize::new(0)));
        let search = Search { debuginfod: Some(server.clone()), ..program.search() };
        let known = knows_hidden(&program, &search, hidden);
        assert_eq!(server.1.load(Ordering::Relaxed), 1);
        known
    };
    assert!(ask(&debug));
    let (_other, other_debug, _) = split(&["-O0", "-g", "-Wl,--build-id=sha1"]);
    assert!(!ask(&other_debug));
    assert!(!ask(Path::new("/nowhere")));
}

#[test]
fn mini_debug_information_has_the_names_of_functions() {
    const NAME: &str = "mini debug information has the names of functions";
    let program = Program::c(&["-O1"]);
    let hidden = program.address_of("hidden") + 4;
    program.tool("objcopy", &["-S", "--keep-symbol=hidden", "program", "mini"]);
    if std::process::Command::new("xz").arg("--version").output().is_err() {
        return skip(NAME, "xz is not installed");
    }
    for level in ["-1", "-9e"] {
        program.tool("xz", &["-fk", level, "mini"]);
        program.tool("strip", &["program"]);
        program.tool("objcopy", &["--add-section", ".gnu_debugdata=mini.xz", "program", "with"]);
        let symbolizer = Symbolizer::load(open(&program.folder.path().join("with")), &program.search());
        assert_eq!(functions(&resolve(&symbolizer, hidden)), ["hidden"]);
        assert!(!symbolizer.is_stripped());
    }
    assert!(program.symbolizer().is_stripped());
}

#[test]
fn debug_information_beyond_the_limit_is_left_alone_and_named() {
    let program = Program::c(&["-O1", "-g"]);
    let search = Search { max_debug_bytes: 100, ..program.search() };
    let symbolizer = Symbolizer::load(program.elf(), &search);
    let symbols = resolve(&symbolizer, program.address_of("outer"));
    assert_eq!((functions(&symbols), symbols[0].line), (vec!["outer"], 0));
    assert!(symbolizer.problems()[0].to_string().contains("more than the 100 allowed"));
    let without = Search { lines: false, inlines: false, ..search };
    let symbolizer = Symbolizer::load(program.elf(), &without);
    assert_eq!(symbolizer.problems(), []);
    assert!(symbolizer.heap_size() < 8_000, "{}", symbolizer.heap_size());
}

#[test]
fn lines_and_inlined_functions_can_be_left_out_apart() {
    let program = Program::c(&["-O2", "-g"]);
    let start = program.address_of("outer");
    let load = |lines, inlines| {
        let symbolizer = Symbolizer::load(program.elf(), &Search { lines, inlines, ..program.search() });
        (start..start + 32).map(|address| resolve(&symbolizer, address)).max_by_key(Vec::len).unwrap()
    };
    let (lines, inlines, neither) = (load(true, false), load(false, true), load(false, false));
    assert!(lines.len() == 1 && lines[0].line > 0);
    assert!(inlines.len() == 3 && inlines.iter().all(|symbol| symbol.line == 0 && symbol.file.is_empty()));
    assert_eq!(functions(&neither), ["outer"]);
}

#[test]
fn split_debug_information_that_is_gone_costs_lines_of_inlined_functions_only() {
    let program = Program::c(&["-O2", "-g", "-gsplit-dwarf"]);
    let addresses = program.address_of("outer")..program.address_of("outer") + 32;
    let symbolizer = program.symbolizer();
    for address in addresses {
        let symbols = resolve(&symbolizer, address);
        assert_eq!(functions(&symbols), ["outer"]);
        assert!(symbols[0].line > 0);
    }
}

#[test]
fn debug_information_that_dwz_shares_between_files_is_found_and_missed_without_harm() {
    const NAME: &str = "debug information that dwz shares between files is found and missed without harm";
    if std::process::Command::new("dwz").arg("--version").output().is_err() {
        return skip(NAME, "dwz is not installed");
    }
    let program = Program::c(&["-O2", "-g", "-gdwarf-4"]);
    let start = program.address_of("outer");
    let addresses = start..start + 48;
    let before: Vec<_> = addresses.clone().map(|address| resolve(&program.symbolizer(), address)).collect();
    program.tool("cp", &["program", "other"]);
    program.tool("dwz", &["-m", "shared.debug", "-M", "shared.debug", "program", "other"]);
    let symbolizer = program.symbolizer();
    for (address, expected) in addresses.clone().zip(&before) {
        let found = resolve(&symbolizer, address);
        assert_eq!(functions(&found), functions(expected), "at {address:#x}");
    }
    std::fs::remove_file(program.folder.path().join("shared.debug")).unwrap();
    let symbolizer = program.symbolizer();
    for address in addresses {
        assert_eq!(functions(&resolve(&symbolizer, address)).last(), Some(&"outer"));
    }
}
