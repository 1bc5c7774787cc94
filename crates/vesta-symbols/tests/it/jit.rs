//! Files that JIT compilers write.

use vesta_symbols::{JitDump, PerfMap, Symbol};

#[test]
fn perf_maps_of_every_known_compiler_are_read() {
    let text = "\
7f0000001000 40 LazyCompile:*work /srv/app.js:12:5\n\
7f0000001040 20 JS:~ file:///srv/app.mjs:3:1\n\
0x7f0000002000 0x80 void java.lang.Math.max(int, int)\n\
7f0000003000 10 Ljava/lang/String;::hashCode\n\
7f0000004000 b py::work:/srv/app.py\n\
7f0000005000 10 Builtin:ArrayPush\n\
\n\
7f0000006000 0 nothing\n\
oops\n";
    let (map, problems) = PerfMap::parse(text.as_bytes());
    assert_eq!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["1 lines that are not `start size name`"]
    );
    assert_eq!(map.len(), 6);
    let at = |address| {
        let mut symbols = Vec::new();
        map.resolve(address, &mut symbols);
        symbols.pop().map(|Symbol { function, file, line, .. }| (function, file, line))
    };
    let known = |function: &str, file: &str, line| Some((function.to_owned(), file.to_owned(), line));
    assert_eq!(at(0x7f00_0000_103f), known("work", "/srv/app.js", 12));
    assert_eq!(at(0x7f00_0000_1040), known("(anonymous)", "/srv/app.mjs", 3));
    assert_eq!(at(0x7f00_0000_2000), known("void java.lang.Math.max(int, int)", "", 0));
    assert_eq!(at(0x7f00_0000_3000), known("java.lang.String::hashCode", "", 0));
    assert_eq!(at(0x7f00_0000_400a), known("work", "/srv/app.py", 0));
    assert_eq!(at(0x7f00_0000_5000), known("Builtin:ArrayPush", "", 0));
    assert_eq!([at(0x7f00_0000_6000), at(0x7f00_0000_400b), at(0)], [None, None, None]);
}

#[test]
fn a_perf_map_that_grows_gives_the_same_answers_in_any_pieces() {
    let text = "1000 100 old\n1080 10 newer\n1010 8 newest\n2000 10 other\n";
    let (whole, _) = PerfMap::parse(text.as_bytes());
    for piece in [1, 2, 7, 1000] {
        let mut map = PerfMap::default();
        for bytes in text.as_bytes().chunks(piece) {
            assert_eq!(map.append(bytes), []);
        }
        for address in 0xff0..0x2020 {
            assert_eq!(map.lookup(address), whole.lookup(address));
        }
    }
    // What is overwritten in part is gone.
    assert_eq!(
        [0x1000, 0x1010, 0x1017, 0x1018, 0x1080].map(|at| whole.lookup(at)),
        [None, Some("newest"), Some("newest"), None, Some("newer")]
    );
    assert!(whole.heap_size() < 4096);
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let mut map = PerfMap::default();
    let problems: usize = (0..100).map(|_| map.append(&[b'x'; 10_000]).len()).sum();
    assert_eq!(problems, 1);
    assert!(map.heap_size() < 40_000);
    map.append(b"\n10 10 fine\n");
    assert_eq!(map.lookup(0x10), Some("fine"));
}

/// A dump as LLVM writes it.
pub(crate) struct Dump(pub(crate) Vec<u8>);

impl Dump {
    pub(crate) fn new() -> Self {
        let mut bytes = Vec::new();
        for word in [0x4a69_5444_u32, 1, 40, 62, 0, 1] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend([0; 16]);
        Self(bytes)
    }

    fn record(&mut self, kind: u32, body: &[u8]) {
        self.0.extend(kind.to_le_bytes());
        self.0.extend(u32::try_from(body.len() + 16).unwrap().to_le_bytes());
        self.0.extend([0; 8]);
        self.0.extend(body);
    }

    pub(crate) fn load(&mut self, start: u64, size: u64, name: &str) {
        let mut body = vec![0; 8];
        for value in [start, start, size, 1] {
            body.extend(value.to_le_bytes());
        }
        body.extend(name.as_bytes());
        body.push(0);
        body.extend(vec![0x90; usize::try_from(size).unwrap()]);
        self.record(0, &body);
    }

    pub(crate) fn relocate(&mut self, old: u64, new: u64, size: u64) {
        let mut body = vec![0; 8];
        for value in [new, old, new, size, 1] {
            body.extend(value.to_le_bytes());
        }
        self.record(1, &body);
    }

    pub(crate) fn lines(&mut self, code: u64, lines: &[(u64, u32, &[u8])]) {
        let mut body = Vec::new();
        body.extend(code.to_le_bytes());
        body.extend(u64::try_from(lines.len()).unwrap().to_le_bytes());
        for (address, line, file) in lines {
            body.extend(address.to_le_bytes());
            body.extend(line.to_le_bytes());
            body.extend(0_u32.to_le_bytes());
            body.extend(*file);
            body.push(0);
        }
        self.record(2, &body);
    }

    pub(crate) fn close(&mut self) {
        self.record(3, &[]);
    }

    pub(crate) fn example() -> Vec<u8> {
        let mut dump = Self::new();
        dump.lines(0x1000, &[(0x1000, 7, b"app.c"), (0x1008, 9, b"\xff"), (0x1010, 1, b"other.h")]);
        dump.load(0x1000, 0x20, "work");
        dump.record(4, &[0; 24]);
        dump.load(0x2000, 0x10, "before");
        dump.load(0x2008, 0x10, "after");
        dump.relocate(0x1000, 0x8000, 0x20);
        dump.close();
        dump.load(0x9000, 0x10, "never");
        dump.0
    }
}

#[test]
fn jit_dumps_know_lines_and_follow_code_that_moves() {
    let (dump, problems) = JitDump::parse(&Dump::example());
    assert_eq!(problems, []);
    let at = |address| {
        let mut symbols = Vec::new();
        dump.resolve(address, &mut symbols);
        symbols.pop().map(|Symbol { function, file, line, .. }| format!("{function} {file}:{line}"))
    };
    assert_eq!(at(0x8000).as_deref(), Some("work app.c:7"));
    assert_eq!(at(0x800f).as_deref(), Some("work app.c:9"));
    assert_eq!(at(0x801f).as_deref(), Some("work other.h:1"));
    assert_eq!(at(0x2010).as_deref(), Some("after :0"));
    assert_eq!([at(0x1000), at(0x2000), at(0x9000)], [None, None, None]);
    assert_eq!(dump.lookup(0x2008), Some("after"));
}

#[test]
fn a_jit_dump_that_grows_gives_the_same_answers_in_any_pieces() {
    let bytes = Dump::example();
    for piece in [1, 13, 100] {
        let mut dump = JitDump::default();
        for bytes in bytes.chunks(piece) {
            assert_eq!(dump.append(bytes), []);
        }
        assert_eq!((dump.len(), dump.lookup(0x8000)), (2, Some("work")));
    }
}
