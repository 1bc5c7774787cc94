//! Symbol files: what names they give, and how they are kept.

use crate::support::{Folder, NOON_US, copy_folder};
use bytes::Bytes;
use std::fs;
use std::time::Duration;
use vesta_formats::compression;
use vesta_profile::{Frame, Profile, Sample, ValueType};
use vesta_store::{BuildId, ProfileId, Store, StoreConfig, StoredSymbols, SymbolFileError};
use vesta_upload::build::{Compression, UploadBuilder};
use vesta_upload::{Limits, Upload};

const FOO: &str = "0123456789abcdef";
const BAR: &str = "fedcba98765432100011";

/// A symbol file whose addresses are places in the file: for each part its place, its length, and the functions there,
/// innermost first.
fn symbols(build_id: &str, parts: &[(u32, u32, &[&str])]) -> Bytes {
    let mut strings = vec![String::new(), "/src/foo.c".to_owned()];
    let (mut starts, mut row_places, mut places, mut functions) = (vec![], vec![], vec![], vec![]);
    for (start, length, names) in parts {
        let mut caller = u32::MAX;
        for name in names.iter().rev() {
            functions.push([u32::try_from(strings.len()).unwrap(), 0, 5]);
            strings.push((*name).to_owned());
            places.push([caller, u32::try_from(functions.len() - 1).unwrap(), 1, 7]);
            caller = u32::try_from(places.len() - 1).unwrap();
        }
        starts.extend([*start, start + length]);
        row_places.extend([caller, u32::MAX]);
    }
    let text = strings.concat();
    let counts = [build_id.len(), 1, starts.len(), places.len(), functions.len(), strings.len(), text.len()];
    let mut bytes = b"VESTASYM".to_vec();
    let mut put = |number: u32| bytes.extend(number.to_le_bytes());
    put(1);
    counts.iter().for_each(|&count| put(u32::try_from(count).unwrap()));
    // The address of the first row, then the only segment; each number has 64 bits.
    for number in [0, 0, 0x10_0000, 0, 0x10_0000, 1] {
        put(number);
        put(0);
    }
    starts.into_iter().chain(row_places).for_each(&mut put);
    places.into_iter().flatten().chain(functions.into_iter().flatten()).for_each(&mut put);
    let mut end = 0;
    for string in &strings {
        end += u32::try_from(string.len()).unwrap();
        put(end);
    }
    bytes.extend(build_id.as_bytes());
    bytes.extend(text.as_bytes());
    bytes.into()
}

fn foo() -> Bytes {
    symbols(FOO, &[(0x1000, 0x100, &["inner", "outer"]), (0x2000, 0x10, &["leaf"])])
}

/// An upload of stacks of places in `libfoo.so`, below `main`.
fn places(number: i64, stacks: &[&[u64]]) -> Upload {
    let mut profile = Profile::new(vec![ValueType::new("cpu-time", "nanoseconds")]);
    let (module, build_id) = (profile.strings.intern("/lib/libfoo.so"), profile.strings.intern(FOO));
    let function = profile.strings.intern("main");
    let main = profile.frames.intern(Frame { function, ..Frame::default() });
    for places in stacks {
        let mut frames = Vec::new();
        for &address in *places {
            frames.push(profile.frames.intern(Frame { module, build_id, address, ..Frame::default() }));
        }
        frames.push(main);
        let stack = profile.stacks.intern(&frames);
        profile.samples.push(Sample { stack, values: &[10], ..Sample::default() });
    }
    let start = jiff::Timestamp::from_microsecond(NOON_US - 60_000_000 + number * 1000).unwrap();
    let built = UploadBuilder::new("native", start, start + jiff::SignedDuration::from_secs(60))
        .service("engine")
        .tag("runtime-id", format!("process-{number}"))
        .profile("profile.pprof", &profile, Compression::None)
        .build()
        .unwrap();
    Upload::parse(&built.headers(), built.body.clone(), &Limits::default()).unwrap()
}

/// All stacks, root first, with a plus before functions that were put into their caller.
async fn stacks(store: &Store) -> Vec<String> {
    let snapshot = store.snapshot().await;
    let ids = crate::symbols::stack_ids(&snapshot).await;
    let resolved = store.symbols().resolve(&snapshot, &[], &ids).await.unwrap();
    let mut stacks: Vec<String> = resolved
        .ids
        .iter()
        .map(|&id| {
            let frames = resolved.stacks.get(id).iter().rev().map(|&frame| {
                let frame = resolved.frames.get(frame);
                match (resolved.strings.get(frame.function), frame.inlined) {
                    ("", _) => format!("{:#x}", frame.address),
                    (name, true) => format!("+{name}"),
                    (name, false) => name.to_owned(),
                }
            });
            frames.collect::<Vec<_>>().join(";")
        })
        .collect();
    stacks.sort();
    stacks
}

fn id(text: &str) -> BuildId {
    BuildId::parse(text).unwrap()
}

async fn put(store: &Store, bytes: Bytes) -> StoredSymbols {
    store.symbol_files().put("/usr/lib/libfoo.so", bytes).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn places_get_names_whether_profiles_or_symbols_come_first_and_lose_them_with_the_symbols() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.append(places(1, &[&[0x2008, 0x1010], &[0x3000]])).await.unwrap();
    let raw = ["main;0x1010;0x2008", "main;0x3000"];
    assert_eq!(stacks(&store).await, raw);
    put(&store, symbols(BAR, &[(0, 0x10000, &["wrong"])])).await;
    assert_eq!(stacks(&store).await, raw, "symbols of another build name nothing");
    put(&store, foo()).await;
    let named = ["main;0x3000", "main;outer;+inner;leaf"];
    assert_eq!(stacks(&store).await, named);
    store.flush().await.unwrap();
    store.append(places(2, &[&[0x1020]])).await.unwrap();
    let both = ["main;0x3000", "main;outer;+inner", "main;outer;+inner;leaf"];
    assert_eq!(stacks(&store).await, both, "a profile that comes after its symbols");
    let crashed = folder.crash();
    let reopened = crashed.open().await;
    assert_eq!(stacks(&reopened).await, both, "and after a crash");
    let compressed = compression::compress_zstd(&foo(), 3).unwrap();
    assert!(matches!(put(&store, compressed.into()).await, StoredSymbols::Stored(_)));
    assert_eq!(stacks(&store).await, both);
    assert!(store.symbol_files().remove(id(FOO)).await.unwrap());
    assert!(!store.symbol_files().remove(id(FOO)).await.unwrap(), "removed twice");
    assert_eq!(stacks(&store).await, ["main;0x1010;0x2008", "main;0x1020", "main;0x3000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decoded_profile_gets_the_same_names() {
    let folder = Folder::new();
    let store = folder.open().await;
    let ack = store.append(places(1, &[&[0x2008, 0x1010], &[0x3000]])).await.unwrap();
    let decode = |id: ProfileId| {
        let store = &store;
        async move { std::sync::Arc::new(store.decoded(id).await.unwrap().unwrap()) }
    };
    let decoded = decode(ack.id).await;
    assert!(std::sync::Arc::ptr_eq(&store.named(&decoded).await, &decoded), "there is nothing to name");
    put(&store, foo()).await;
    let named = store.named(&decoded).await;
    let profile = &named.profile;
    let names: Vec<Vec<&str>> = (profile.samples.stacks.iter())
        .map(|&stack| {
            let frames = profile.stacks.get(stack).iter();
            frames.map(|&frame| profile.strings.get(profile.frames.get(frame).function)).collect()
        })
        .collect();
    assert_eq!(names, [vec!["leaf", "inner", "outer", "main"], vec!["", "main"]]);
    assert_eq!(profile.samples.total(0), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn symbol_files_that_were_not_used_for_longest_make_room() {
    let folder = Folder::new();
    let probe = folder.open().await;
    let StoredSymbols::Stored(info) = put(&probe, foo()).await else { panic!("not stored") };
    drop(probe);
    let config = StoreConfig { symbol_file_bytes: info.bytes * 2 + info.bytes / 2, ..folder.config() };
    let store = Store::open(config.clone()).await.unwrap();
    store.append(places(1, &[&[0x2008]])).await.unwrap();
    let ids = |store: &Store| {
        let list = store.symbol_files().list();
        let mut ids: Vec<String> =
            list.iter().map(|file| file.build_id.to_string()[..4].to_owned()).collect();
        ids.sort();
        ids
    };
    let other = |first: char| symbols(&FOO.replace('0', &first.to_string()), &[(0, 1, &["a"])]);
    put(&store, other('a')).await;
    folder.clock.pass(Duration::from_hours(48));
    assert_eq!(stacks(&store).await, ["main;leaf"], "a use of the older one");
    folder.clock.pass(Duration::from_hours(48));
    put(&store, other('b')).await;
    assert_eq!(ids(&store), ["0123", "b123"], "what was used stays, though it was stored first");
    assert_eq!(store.symbol_files().status().removed, 1);
    drop(store);
    // The day of its use is known after a restart, and a smaller bound holds at once.
    let store = Store::open(StoreConfig { symbol_file_bytes: info.bytes + 1, ..config }).await.unwrap();
    assert_eq!(ids(&store), ["b123"]);
    let large: Vec<String> = (0..5000).map(|number| format!("function_{}", number * 7919)).collect();
    let large: Vec<(u32, u32, [&str; 1])> = large.iter().map(|name| (1, 1, [name.as_str()])).collect();
    let large: Vec<(u32, u32, &[&str])> = large.iter().map(|(a, b, names)| (*a, *b, &names[..])).collect();
    let refused = store.symbol_files().put("x", symbols(BAR, &large)).await;
    assert!(matches!(refused, Err(SymbolFileError::TooLarge { .. })), "{refused:?}");
    assert_eq!(ids(&store), ["b123"], "it did not push out others");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_symbol_file_that_says_less_does_not_replace_one_that_says_more() {
    let folder = Folder::new();
    let store = folder.open().await;
    assert!(matches!(put(&store, foo()).await, StoredSymbols::Stored(_)));
    let less = symbols(FOO, &[(0x1000, 0x100, &["outer"])]);
    let StoredSymbols::Kept(kept) = put(&store, less).await else { panic!("it was replaced") };
    assert_eq!((kept.functions, kept.module.as_str()), (3, "libfoo.so"));
    let more = symbols(FOO, &[(0x1000, 0x100, &["a", "b", "c"]), (0x2000, 1, &["d"]), (3, 1, &["e"])]);
    assert!(matches!(put(&store, more).await, StoredSymbols::Stored(_)));
    assert_eq!(store.symbol_files().list().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_symbol_files_are_refused_and_leave_nothing_behind() {
    let folder = Folder::new();
    let store = folder.open().await;
    for (build_id, reason) in [
        ("../../../../etc/passwd", "is no build id"),
        ("..", "is no build id"),
        ("0123", "is no build id"),
        ("0123456789abcdeg", "is no build id"),
        ("0".repeat(129).as_str(), "is no build id"),
    ] {
        let error = store.symbol_files().put("x", symbols(build_id, &[])).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{build_id}: {error}");
    }
    let bomb = compression::compress_zstd(&vec![0; (512 << 20) + 1], 1).unwrap();
    let error = store.symbol_files().put("x", bomb.into()).await.unwrap_err();
    assert!(matches!(error, SymbolFileError::TooLong { .. }), "{error}");
    for bytes in [&b""[..], b"\x7fELF\x02\x01\x01", b"VESTASYM", b"VESTASYM\x02\0\0\0", &[0xff; 4096]] {
        let error = store.symbol_files().put("x", Bytes::copy_from_slice(bytes)).await.unwrap_err();
        assert!(matches!(error, SymbolFileError::Unreadable(_)), "{error}");
    }
    assert!(!folder.root().join("symbols").exists(), "a refused file left something behind");
    assert_eq!(store.symbol_files().status().files, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_half_written_is_removed_and_damaged_files_name_nothing() {
    let folder = Folder::new();
    let store = folder.open().await;
    put(&store, foo()).await;
    put(&store, symbols(BAR, &[(1, 1, &["a"])])).await;
    store.append(places(1, &[&[0x2008]])).await.unwrap();
    let crashed = folder.crash();
    let symbols = crashed.root().join("symbols");
    let staged = symbols.join("01").join("rest.staged");
    fs::write(&staged, "half").unwrap();
    let foo = symbols.join("01").join(format!("{}.vsym", &FOO[2..]));
    let mut bytes = fs::read(&foo).unwrap();
    let end = bytes.len();
    bytes.truncate(end - 3);
    fs::write(&foo, bytes).unwrap();
    // A file under the name of another build.
    copy_folder(&symbols.join("fe"), &symbols.join("ff"));
    let store = crashed.open().await;
    assert!(!staged.exists());
    let list = store.symbol_files().list();
    assert_eq!(list.iter().map(|file| file.build_id.as_str()).collect::<Vec<_>>(), [BAR, FOO]);
    assert_eq!(list[0].module, "libfoo.so", "only the name of the file");
    for _ in 0..2 {
        assert_eq!(stacks(&store).await, ["main;0x2008"]);
    }
    put(&store, self::foo()).await;
    assert_eq!(stacks(&store).await, ["main;leaf"], "sent again, it is whole");
}
