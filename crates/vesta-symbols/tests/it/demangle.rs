//! Names of the linker to names of people.

use vesta_symbols::demangle;

#[test]
fn names_of_c_stay_as_they_are() {
    for name in [
        "a",
        "b",
        "main",
        "_start",
        "_init",
        "__libc_start_main",
        "_",
        "__",
        "_Zebra",
        "_ZN",
        "_R",
        "_Rally",
        "",
        "Z3foov",
        "__Z",
        "___Z",
        "ünïcode",
        "_Zünï",
    ] {
        assert_eq!(demangle(name), name);
    }
}

#[test]
fn names_of_rust_lose_their_hash_and_those_of_cpp_their_return_type() {
    for (name, expected) in [
        (
            "_ZN4core3ops8function6FnOnce9call_once17h0123456789abcdefE",
            "core::ops::function::FnOnce::call_once",
        ),
        ("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE.llvm.123456", "core::fmt::Write::write_fmt"),
        ("_RNvCs4fqI2P2rA04_11demangle_me4main", "demangle_me::main"),
        ("_ZN3foo3barEv", "foo::bar()"),
        ("_ZN3foo3barEi.cold", "foo::bar(int) [clone .cold]"),
        ("_Z4sizeIiEmT_", "size<int>(int)"),
        ("__ZN3foo3barEv", "foo::bar()"),
        ("___ZN3foo3barEv", "foo::bar()"),
        ("_ZN12_GLOBAL__N_13barEv", "(anonymous namespace)::bar()"),
        ("_ZNSt6vectorIiSaIiEED2Ev", "std::vector<int, std::allocator<int> >::~vector()"),
    ] {
        assert_eq!(demangle(name), expected, "{name}");
    }
}

#[test]
fn short_names_that_stand_for_endless_ones_are_cut_off() {
    let mut name = "_Z1fI1A".to_owned();
    for level in 0..40 {
        name.push_str(&format!("1BIS{}_S{}_E", base36(level), base36(level)));
    }
    name.push('E');
    name.push('v');
    assert!(demangle(&name).len() <= 16 << 10);
    let nested = format!("_Z{}i", "P".repeat(10_000));
    assert_eq!(demangle(&nested), nested);
    let long = format!("_Z{}{}v", 20_000, "x".repeat(20_000));
    assert_eq!(demangle(&long), long);
}

fn base36(number: u32) -> String {
    match number {
        0 => String::new(),
        _ => char::from_digit(number - 1, 36)
            .map(|digit| digit.to_ascii_uppercase().to_string())
            .unwrap_or_default(),
    }
}
