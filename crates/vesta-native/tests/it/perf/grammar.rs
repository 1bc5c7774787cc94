//! How people write events.

use vesta_native::event_spec::{Cadence, EventKind, EventSpec, Mode, ValueSource, preset, preset_names};
use vesta_unwind::Registers;

fn one(text: &str) -> EventSpec {
    let mut events = EventSpec::parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(events.len(), 1, "{text}");
    events.remove(0)
}

#[test]
fn every_event_of_ddprof_is_known_by_its_name() {
    let names = "hCPU hREF hINST hCREF hCMISS hBRANCH hBMISS hBUS hBSTF hBSTB sCPU sPF sCS sMig sPFMAJ sPFMIN sALGN sEMU sDUM sALLOC";
    for name in names.split(' ') {
        let event = one(name);
        assert_eq!((&*event.name, &*event.label), (name, name));
        assert_eq!(event.is_sampled_by_kernel(), name != "sALLOC", "{name}");
        assert!(EventSpec::help().contains(&format!("  {name} ")), "{name}");
    }
    assert_eq!(one("sCPU").cadence, Cadence::Frequency(99));
    assert_eq!(one("sALLOC").cadence, Cadence::Period(524_288));
    assert_eq!(one("hCMISS").cadence, Cadence::Period(999));
}

#[test]
fn settings_have_short_and_long_names_and_blanks_or_commas_between() {
    for text in ["sCPU freq=49", "event=sCPU,frequency=49", " e=sCPU ,\tf=49 ;; ", "ev=sCPU f=0x31"] {
        let event = one(text);
        assert_eq!((event.kind, event.cadence), (EventKind::CpuTime, Cadence::Frequency(49)), "{text}");
    }
    let event = one("sALLOC mode=sl p=1000 l=heap");
    assert_eq!(event.mode, Mode { sum: true, live: true });
    assert_eq!((event.cadence, &*event.label), (Cadence::Period(1000), "heap"));
    assert_eq!(one("sALLOC mode=l").mode, Mode { sum: false, live: true });
    assert_eq!(one("sALLOC mode=a").mode, Mode { sum: true, live: true });
    assert_eq!(one("sCPU stack_sample_size=8192").stack_bytes, Some(8192));
}

#[test]
fn a_tracepoint_has_a_group_and_may_have_a_number() {
    let tracepoint =
        |id| EventKind::Tracepoint { group: "syscalls".into(), event: "sys_enter_openat".into(), id };
    let event = one("event=sys_enter_openat group=syscalls");
    assert_eq!(event.kind, tracepoint(None));
    assert_eq!((&*event.label, event.cadence), ("syscalls:sys_enter_openat", Cadence::Period(1)));
    assert_eq!(one("syscalls:sys_enter_openat id=614").kind, tracepoint(Some(614)));
    let by_number = one("id=614 label=opens period=100");
    assert!(matches!(by_number.kind, EventKind::Tracepoint { id: Some(614), .. }));
    assert_eq!(by_number.label, "opens");
}

#[test]
fn values_come_from_registers_or_raw_data_and_are_scaled() {
    let mut registers = Registers::new([0; Registers::COUNT]);
    if cfg!(target_arch = "x86_64") {
        registers.set(4, 700);
        assert_eq!(one("g:e id=1 arg_num=2").value_of(1, Some(&registers), &[]), 700);
        assert_eq!(one("g:e id=1 register=4").value_of(1, Some(&registers), &[]), 700);
    }
    let raw = [0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 9];
    let event = one("g:e id=1 raw_offset=2 raw_size=2");
    assert_eq!(event.value, ValueSource::Raw { offset: 2, size: 2 });
    assert_eq!(event.value_of(7, None, &raw), 0x201);
    assert_eq!(one("g:e id=1 raw_offset=2").value_of(7, None, &raw), 0x201);
    // What is not there counts by its period.
    assert_eq!(event.value_of(7, None, &[]), 7);
    assert_eq!(one("g:e id=1 raw_offset=65000").value_of(7, None, &raw), 7);
    assert_eq!(one("sPF value_scale=4096").value_of(3, None, &[]), 12_288);
    assert_eq!(one("sPF s=0.5").value_of(u64::MAX, None, &[]), 1 << 63);
}

#[test]
fn what_is_written_out_reads_as_the_same() {
    let texts = "sCPU freq=49; sALLOC mode=sl period=7 label=x; g:e id=3 arg_num=1 value_scale=2.5 stack_sample_size=64; \
                 event=e group=g raw_offset=8 raw_size=4; wall; lock; sALLOC mode=l";
    for event in EventSpec::parse(texts).unwrap() {
        let mut expected = event.clone();
        if matches!(event.kind, EventKind::Tracepoint { .. }) {
            expected.label = "g:e".into();
        }
        assert_eq!(one(&event.to_string()), expected, "{event}");
    }
}

#[test]
fn errors_point_at_the_word() {
    let cases = [
        ("sCPU frq=99", "frq=99", "no setting is named `frq`; there are event, group"),
        ("sCPU; sCPV", "sCPV", "no event is named `sCPV`; there are hCPU"),
        ("sCPU freq=fast", "freq=fast", "`fast` is not a whole number"),
        ("sCPU freq=0", "freq=0", "must be positive"),
        ("sCPU freq=1 period=2", "period=2", "more than once"),
        ("sCPU sPF", "sPF", "a second name"),
        ("sALLOC mode=x", "mode=x", "`x` is not a mode"),
        ("sCPU mode=l", "sCPU", "nothing that could be live"),
        ("sALLOC freq=9", "sALLOC", "by period"),
        ("wall period=9", "wall", "by frequency"),
        ("g:e raw_size=3", "raw_size=3", "1, 2, 4 or 8"),
        ("g:e raw_size=4", "g:e", "without raw_offset"),
        ("g:e register=99", "register=99", "not a register"),
        ("g:e arg_num=9", "arg_num=9", "no register has argument 9"),
        ("g:../../x", "g:../../x", "is not a name"),
        ("e=x g=a/b", "g=a/b", "not the name of a group"),
        ("sCPU stack_sample_size=70000", "stack_sample_size=70000", "65528"),
        ("sCPU value_scale=-1", "value_scale=-1", "not a positive number"),
        ("freq=9", "freq=9", "has no name"),
        ("", "", "no event is named"),
        (" ; ", "", "no event is named"),
        ("é; sCPU; ü=1", "é", "is not a name"),
    ];
    for (text, word, fault) in cases {
        let error = EventSpec::parse(text).unwrap_err();
        assert_eq!(error.word, word, "{text}");
        assert!(error.fault.contains(fault), "{text}: {}", error.fault);
        let at: String = text.chars().skip(error.column).take(word.chars().count()).collect();
        assert_eq!(at, word, "{text}");
    }
    let error = EventSpec::parse("sCPU;  sPF frq=9").unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("\n  sCPU;  sPF frq=9\n             ^^^^^"), "{text}");
    let eleven = ["sCPU"; 11].join(";");
    assert_eq!(EventSpec::parse(&eleven).unwrap_err().fault, "more than 10 events");
}

#[test]
fn presets_are_those_of_ddprof_and_some_for_waiting() {
    let names = |preset_name, hooks| -> Vec<String> {
        preset(preset_name, hooks).unwrap().iter().map(|event: &EventSpec| event.name.clone()).collect()
    };
    assert_eq!(names("default", true), ["sCPU", "sALLOC"]);
    assert_eq!(names("default", false), ["sCPU"]);
    assert_eq!(names("cpu_only", true), ["sCPU"]);
    assert_eq!(names("alloc_only", true), ["sALLOC"]);
    assert!(preset("alloc_live_heap", true).unwrap()[0].mode.live);
    assert!(preset("cpu_live_heap", true).unwrap()[1].mode.live);
    assert_eq!(names("wall", true), ["sCPU", "wall"]);
    for name in preset_names() {
        assert!(!names(name, true).is_empty());
        assert!(EventSpec::help().contains(name));
    }
    let error = preset("cpu", true).unwrap_err().to_string();
    assert!(error.starts_with("no preset is named `cpu`; there are default, cpu_only"), "{error}");
}

#[test]
fn any_text_is_read_or_refused() {
    // Every prefix, and every text with one character exchanged, of something long.
    let text = "sCPU,freq=49 ;event=a:b id=0x1 raw_offset=3 z=8 s=1e3; sALLOC mode=sl label=é";
    for (end, _) in text.char_indices() {
        let _ = EventSpec::parse(&text[..end]);
        for with in ["", ";", "=", ":", "\u{2003}", "0", "-"] {
            let rest = text[end..].chars().next().map_or(0, char::len_utf8);
            let _ = EventSpec::parse(&format!("{}{with}{}", &text[..end], &text[end + rest..]));
        }
    }
}
