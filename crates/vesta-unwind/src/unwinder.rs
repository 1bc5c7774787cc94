//! The walk from frame to frame.

use crate::arch::native as arch;
use crate::cfi::Scratch;
use crate::expression::{self, Fault};
use crate::rule::{Cfa, Complex, FrameRule, LOST, Place, Reading, Rule, SAME};
use crate::stack::Unread;
use crate::{AddressSpace, Mapping, MappingKind, Registers, Stack, UnwindInfo};

/// How an unwind ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// At the first function of the thread.
    Root,
    /// The copy of the stack ended.
    Truncated,
    /// Somewhere else.
    Incomplete(Why),
    /// There are more frames than were asked for.
    Limit,
}

impl End {
    /// Whether frames are missing that could have been found.
    fn is_failure(self) -> bool {
        matches!(self, End::Incomplete(why) if why != Why::StackSwitch)
    }
}

/// Why an unwind came to no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// The address is in no executable mapping.
    NoMapping,
    /// Nothing says how to unwind the function, and neither frame pointer nor stack helped.
    NoRule,
    /// The tables say something that cannot be evaluated.
    BadRule,
    /// A word is needed that is not on the stack.
    Unreadable,
    /// The stack does not grow.
    Loop,
    /// The caller is on another stack: below a signal handler with a stack of its own, or where Go switches from the
    /// stack of a goroutine to that of the thread. The frames of this stack are complete.
    StackSwitch,
}

/// Unwinds, and remembers how the addresses it has met unwind. One for each thread that unwinds; it may serve any number
/// of processes.
///
/// # How a caller is found
///
/// 1. By Go's tables or call frame information, exactly.
/// 2. Where neither speaks of an address, its code is followed to the end of its function, if it is there
///    ([`Sections::code`](crate::Sections::code)) and what that leads to looks like a return address.
/// 3. Else the code is assembly, or was made at run time. If the kernel's frame of a signal is at the stack pointer, the
///    code is what a handler returns to. If it is the leaf and of a file, it is likely one that pushes little: an address
///    of code is taken for the return address where an aligned stack has one before the frame is set up. Else the frame
///    pointer is followed, if it points into the stack to a return address.
/// 4. Else the stack is scanned for the nearest word that is a return address for sure, or the nearest chain of frame
///    pointers, which skips code made at run time without frame pointers, but finds the frames below it. What was found
///    may be left over from an earlier call: if the walk from there comes to no end, the scan goes on.
///
/// A word is a return address for sure if it points behind the start of a function that the tables know, if it is where
/// a call leaves it on an aligned stack, and if its own caller can be found.
#[derive(Debug)]
pub struct Unwinder {
    cache: Box<[Entry<Rule>]>,
    readings: Box<[Entry<Reading>]>,
    scratch: Scratch,
}

/// What one address of one module unwinds by.
#[derive(Clone, Copy, Debug)]
struct Entry<R> {
    svma: u64,
    info: u64,
    rule: R,
}

/// 160 KiB: more addresses than the hot paths of a hundred processes have, in a cache of the second level.
const CACHE_BITS: u32 = 12;
/// 10 KiB: few functions have no tables.
const READING_BITS: u32 = 8;

/// How many words one unwind may scan, and how many of them it may take for return addresses until shown otherwise.
const SCAN_WORDS: usize = 8192;
const SCAN_CANDIDATES: usize = 64;
/// How often one unwind may go back to where a scan went astray.
const MAX_RETRIES: u32 = 16;
/// How far one scan goes. V8's and Java's frames are rarely above a kilobyte, but musl prints numbers in 8 KiB.
const SCAN_WINDOW: usize = 2048;
/// Signals that may interrupt each other, each on another stack.
const MAX_SWITCHES: u32 = 8;
/// The kernel's frame of a signal is below what it interrupted by the red zone and the state of the vector unit: 11 KiB
/// with AMX.
const SIGNAL_FRAME: u64 = 64 << 10;

impl Default for Unwinder {
    fn default() -> Self {
        Unwinder::new()
    }
}

impl Unwinder {
    /// With empty caches.
    pub fn new() -> Self {
        Unwinder {
            cache: cache(CACHE_BITS, Rule::Unknown),
            readings: cache(READING_BITS, Reading::default()),
            scratch: Scratch::new(),
        }
    }

    /// Puts the addresses to look up into `out`, leaf first: the instruction pointer itself, then return addresses minus
    /// one, so that they are within the call; exact again where a signal interrupted. What was in `out` before is gone.
    pub fn unwind(
        &mut self,
        space: &AddressSpace,
        registers: &Registers,
        stack: &Stack<'_>,
        max_frames: usize,
        out: &mut Vec<u64>,
    ) -> End {
        out.clear();
        let mut walk = Walk {
            unwinder: self,
            space,
            stack,
            registers: *registers,
            hint: 0,
            scan_words: SCAN_WORDS,
            scan_candidates: SCAN_CANDIDATES,
            frames: 0,
            choices: Vec::new(),
        };
        let end = match walk.run(max_frames, out, Next::Interrupted) {
            Ok(never) => match never {},
            Err(end) => end,
        };
        if !walk.choices.is_empty() && end.is_failure() {
            return walk.retry(max_frames, out, end);
        }
        end
    }

    #[inline]
    fn rule(&mut self, info: &UnwindInfo, svma: u64) -> Rule {
        let scratch = &mut self.scratch;
        cached(&mut self.cache, info, svma, || info.rule(svma, scratch))
    }

    fn read(&mut self, info: &UnwindInfo, svma: u64) -> Reading {
        cached(&mut self.readings, info, svma, || info.read(svma))
    }
}

fn cache<R: Copy>(bits: u32, rule: R) -> Box<[Entry<R>]> {
    vec![Entry { svma: 0, info: 0, rule }; 1 << bits].into_boxed_slice()
}

/// The rule of an address, out of a cache whose size is a power of two, or into it.
#[inline]
fn cached<R: Copy>(cache: &mut [Entry<R>], info: &UnwindInfo, svma: u64, find: impl FnOnce() -> R) -> R {
    // Fibonacci hashing: the best bits are on top.
    let hash = (svma ^ info.id() << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - cache.len().ilog2());
    let Some(entry) = usize::try_from(hash).ok().and_then(|at| cache.get_mut(at)) else {
        return find();
    };
    if entry.svma != svma || entry.info != info.id() {
        *entry = Entry { svma, info: info.id(), rule: find() };
    }
    entry.rule
}

/// One unwind.
struct Walk<'a> {
    unwinder: &'a mut Unwinder,
    space: &'a AddressSpace,
    stack: &'a Stack<'a>,
    registers: Registers,
    /// Where the last mapping was: the next is likely the same.
    hint: usize,
    scan_words: usize,
    scan_candidates: usize,
    /// How many frames were found when the current one was looked at.
    frames: usize,
    /// What scans took for return addresses.
    choices: Vec<Choice>,
}

/// A word that a scan took for a return address.
struct Choice {
    /// As they were before.
    registers: Registers,
    /// How many frames there were.
    frames: usize,
    /// Where the scan would have gone on.
    next: u64,
    keeps: bool,
}

/// How the next frame is to be taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Its instruction pointer is a return address.
    Called,
    /// It was interrupted there.
    Interrupted,
}

enum Never {}

impl<'a> Walk<'a> {
    /// From the frame that the registers are of.
    fn run(&mut self, max_frames: usize, out: &mut Vec<u64>, first: Next) -> Result<Never, End> {
        let mut switches = 0;
        let mut next = first;
        // On AArch64 and for the leaf only, a return address may still be in its register.
        let mut leaf = first == Next::Interrupted;
        loop {
            let ip = self.registers.ip();
            let lookup = if next == Next::Called { ip.wrapping_sub(1) } else { ip };
            let mapping = self.mapping(lookup);
            if next == Next::Called {
                if ip == 0 {
                    return Err(End::Root);
                }
                if mapping.is_none() {
                    return Err(End::Incomplete(Why::NoMapping));
                }
            }
            if out.len() >= max_frames {
                return Err(End::Limit);
            }
            out.push(lookup);
            self.frames = out.len();
            let sp = self.registers.sp();
            next = self.step(mapping, lookup, leaf)?;
            let after = self.registers.sp();
            match next {
                Next::Called => {
                    // A leaf of AArch64 may have no frame at all.
                    if after < sp || after == sp && !(leaf && arch::CALL_PUSHES == 0) {
                        return Err(End::Incomplete(Why::Loop));
                    }
                    leaf = false;
                }
                Next::Interrupted => {
                    // What a handler returns to begins at the return address, and is no call.
                    if let Some(last) = out.last_mut() {
                        *last = ip;
                    }
                    leaf = true;
                    if after <= sp || after - sp > SIGNAL_FRAME {
                        switches += 1;
                        if switches > MAX_SWITCHES {
                            return Err(End::Incomplete(Why::Loop));
                        }
                        if !self.stack.contains(after) {
                            if out.len() >= max_frames {
                                return Err(End::Limit);
                            }
                            out.push(self.registers.ip());
                            return Err(End::Incomplete(Why::StackSwitch));
                        }
                    }
                }
            }
        }
    }

    /// Goes back to the last scan, and on from there, until a walk comes to an end.
    #[cold]
    fn retry(&mut self, max_frames: usize, out: &mut Vec<u64>, end: End) -> End {
        let first = out.clone();
        for _ in 0..MAX_RETRIES {
            let Some(choice) = self.choices.pop() else { break };
            self.registers = choice.registers;
            self.frames = choice.frames;
            let Some(Ok(next)) = self.scan(choice.next, choice.keeps) else { continue };
            out.truncate(choice.frames);
            match self.run(max_frames, out, next) {
                Ok(never) => match never {},
                Err(end) if end.is_failure() => {}
                Err(end) => return end,
            }
        }
        // None is better than the other.
        *out = first;
        end
    }

    #[inline]
    fn mapping(&mut self, avma: u64) -> Option<&'a Mapping> {
        let space = self.space;
        match space.mappings().get(self.hint) {
            Some(mapping) if mapping.range.contains(&avma) => Some(mapping),
            _ => {
                self.hint = space.position(avma)?;
                space.mappings().get(self.hint)
            }
        }
    }

    /// Makes the registers those of the caller.
    #[inline]
    fn step(&mut self, mapping: Option<&'a Mapping>, lookup: u64, leaf: bool) -> Result<Next, End> {
        let Some(mapping) = mapping else { return self.step_from_nowhere() };
        let Some(info) = &mapping.info else { return self.step_without_rule(mapping, leaf) };
        let svma = lookup.wrapping_sub(mapping.bias);
        match self.unwinder.rule(info, svma) {
            Rule::Frame(rule) => self.step_frame(&rule, leaf),
            Rule::Complex(_) => match info.complex(svma, &mut self.unwinder.scratch) {
                Some(complex) => self.step_complex(&complex, leaf),
                None => Err(End::Incomplete(Why::BadRule)),
            },
            Rule::Unknown => self.step_by_code(info, mapping, leaf),
            Rule::Root => Err(End::Root),
            Rule::Switch(size) => self.step_switch(size, leaf),
            Rule::Signal => self.step_signal(),
        }
    }

    #[inline]
    fn step_frame(&mut self, rule: &FrameRule, leaf: bool) -> Result<Next, End> {
        let register = u16::from(rule.cfa_register);
        // A frame is not found by a frame pointer of 0: code without tables has used the register.
        if !self.registers.is_known(register) || self.registers.get(register) == 0 {
            return self.step_guessing(rule, leaf);
        }
        let cfa = self.registers.get(register).wrapping_add_signed(i64::from(rule.cfa_offset));
        self.apply(rule, cfa, leaf)
    }

    /// Restores what a frame saved.
    #[inline]
    fn apply(&mut self, rule: &FrameRule, cfa: u64, leaf: bool) -> Result<Next, End> {
        let sp = self.registers.sp();
        if cfa < sp {
            return Err(End::Incomplete(Why::Loop));
        }
        let [ra, saved @ ..] = &rule.saved;
        let return_address = match *ra {
            SAME if leaf && arch::RA != arch::IP && self.registers.is_known(u16::from(arch::RA)) => {
                self.registers.get(u16::from(arch::RA))
            }
            SAME | LOST => return Err(End::Incomplete(Why::BadRule)),
            offset => self.word(cfa.wrapping_add_signed(i64::from(offset)))?,
        };
        let [_, names @ ..] = &arch::SAVED;
        for (register, offset) in names.iter().zip(saved) {
            let register = u16::from(*register);
            match *offset {
                SAME => {}
                LOST => self.registers.forget(register),
                offset => {
                    let slot = cfa.wrapping_add_signed(i64::from(offset));
                    match self.stack.word(slot) {
                        // At the end of a function: compilers do not say when a register is taken from the stack
                        // again, but its slot is below the stack pointer then.
                        _ if slot < sp => {}
                        Ok(value) => self.registers.set(register, value),
                        // A frame without its registers is still a frame.
                        Err(_) => self.registers.forget(register),
                    }
                }
            }
        }
        self.registers.set_sp(cfa);
        self.registers.set_ip(arch::code_address(return_address));
        Ok(Next::Called)
    }

    #[cold]
    fn step_complex(&mut self, complex: &Complex, leaf: bool) -> Result<Next, End> {
        let before = self.registers;
        let cfa = match &complex.cfa {
            Cfa::Register(register, _) if !before.is_known(u16::from(*register)) => {
                Err(Fault::UnknownRegister)
            }
            Cfa::Register(register, offset) => {
                Ok(before.get(u16::from(*register)).wrapping_add_signed(*offset))
            }
            Cfa::Expression(bytes) => expression::evaluate(bytes, None, &before, self.stack),
        };
        let cfa = match cfa {
            Ok(cfa) => cfa,
            Err(Fault::UnknownRegister) => return self.step_scanning(leaf, End::Incomplete(Why::NoRule)),
            Err(fault) => return Err(self.fault(fault)),
        };
        if !complex.signal && cfa < before.sp() {
            return Err(End::Incomplete(Why::Loop));
        }
        self.registers.set_sp(cfa);
        let mut return_address = (leaf && arch::RA != arch::IP).then(|| before.get(u16::from(arch::RA)));
        for (register, place) in &complex.registers {
            let number = u16::from(*register);
            let value = match place {
                Place::Lost => Err(Fault::UnknownRegister),
                Place::At(offset) => self.saved(*register, cfa.wrapping_add_signed(*offset), &before),
                Place::Value(offset) => Ok(cfa.wrapping_add_signed(*offset)),
                Place::Register(other) if before.is_known(u16::from(*other)) => {
                    Ok(before.get(u16::from(*other)))
                }
                Place::Register(_) => Err(Fault::UnknownRegister),
                Place::AtExpression(bytes) => expression::evaluate(bytes, Some(cfa), &before, self.stack)
                    .and_then(|address| {
                        if self.is_realigned_end(*register, address, cfa, complex) {
                            return Ok(before.get(number));
                        }
                        self.saved(*register, address, &before)
                    }),
                Place::ValueExpression(bytes) => expression::evaluate(bytes, Some(cfa), &before, self.stack),
            };
            match value {
                Ok(value) => self.registers.set(number, value),
                Err(fault) if *register == arch::RA => return Err(self.fault(fault)),
                Err(_) => self.registers.forget(number),
            }
            if *register == arch::RA {
                return_address = Some(self.registers.get(number));
            }
        }
        let return_address = return_address.ok_or(End::Incomplete(Why::BadRule))?;
        // The return address of a signal's frame on AArch64 is where it was interrupted, as here.
        self.registers.set_ip(arch::code_address(return_address));
        Ok(if complex.signal { Next::Interrupted } else { Next::Called })
    }

    /// From a function that moves to another stack.
    #[cold]
    fn step_switch(&mut self, size: i32, leaf: bool) -> Result<Next, End> {
        let slot = self.registers.sp().wrapping_add_signed(i64::from(size)).wrapping_sub(8);
        if leaf && arch::CALL_PUSHES != 0 {
            let word = self.stack.word(slot).unwrap_or(0);
            if self.is_return_address(word) {
                return self.return_to(slot);
            }
        }
        self.step_frame_pointer().unwrap_or(Err(End::Incomplete(Why::StackSwitch)))
    }

    /// The value of a register that a frame saved, unless it was taken from the stack again.
    fn saved(&self, register: u8, slot: u64, before: &Registers) -> Result<u64, Fault> {
        let number = u16::from(register);
        if slot < before.sp() && register != arch::RA && before.is_known(number) {
            return Ok(before.get(number));
        }
        self.stack.word(slot).map_err(Fault::Unread)
    }

    /// Whether a frame pointer whose slot is given by the frame pointer itself is restored already: GCC says so of
    /// functions that realign their stack, up to their last instruction. Such a frame has a copy of the return address
    /// above the slot.
    fn is_realigned_end(&self, register: u8, slot: u64, cfa: u64, complex: &Complex) -> bool {
        register == arch::FP
            && arch::CALL_PUSHES != 0
            && matches!(complex.cfa, Cfa::Register(..))
            && !complex.signal
            && self.registers.is_known(u16::from(arch::FP))
            && self.stack.word(slot.wrapping_add(8)).ok() != self.stack.word(cfa.wrapping_sub(8)).ok()
    }

    /// A call of no code at all: through a null pointer, or into what is not mapped any more.
    #[cold]
    fn step_from_nowhere(&mut self) -> Result<Next, End> {
        let sp = self.registers.sp();
        let return_address =
            if arch::CALL_PUSHES == 0 { self.registers.get(u16::from(arch::RA)) } else { self.word(sp)? };
        let return_address = arch::code_address(return_address);
        if self.mapping(return_address.wrapping_sub(1)).is_none() {
            return Err(End::Incomplete(Why::NoMapping));
        }
        self.registers.set_sp(sp.wrapping_add(arch::CALL_PUSHES));
        self.registers.set_ip(return_address);
        Ok(Next::Called)
    }

    /// As the code says, unless that cannot be.
    #[cold]
    fn step_by_code(&mut self, info: &UnwindInfo, mapping: &Mapping, leaf: bool) -> Result<Next, End> {
        if self.is_signal_frame() {
            return self.step_signal();
        }
        let Reading { rule, never_returns } =
            self.unwinder.read(info, self.registers.ip().wrapping_sub(mapping.bias));
        if let Some(rule) = rule
            && let Some(cfa) = self.plausible_frame(&rule)
        {
            return self.apply(&rule, cfa, leaf);
        }
        match self.step_without_rule(mapping, leaf) {
            // What calls `main`, or the function of a thread, ends the program or the thread after that.
            Err(End::Incomplete(Why::NoRule)) if never_returns => Err(End::Root),
            stepped => stepped,
        }
    }

    /// Where the frame of a rule is, if there is an address of code where its return address has to be.
    fn plausible_frame(&self, rule: &FrameRule) -> Option<u64> {
        let register = u16::from(rule.cfa_register);
        let cfa = self.registers.get(register).wrapping_add_signed(i64::from(rule.cfa_offset));
        if !self.registers.is_known(register) || cfa <= self.registers.sp() || !cfa.is_multiple_of(16) {
            return None;
        }
        let return_address = arch::code_address(self.stack.word(cfa.wrapping_sub(8)).ok()?);
        self.space.find(return_address.wrapping_sub(1)).map(|_| cfa)
    }

    /// From code of which no table speaks.
    #[cold]
    fn step_without_rule(&mut self, mapping: &Mapping, leaf: bool) -> Result<Next, End> {
        if mapping.kind != MappingKind::Jit && self.is_signal_frame() {
            return self.step_signal();
        }
        if leaf && mapping.kind != MappingKind::Jit {
            if arch::CALL_PUSHES == 0 {
                let return_address = arch::code_address(self.registers.get(u16::from(arch::RA)));
                if self.is_return_address(return_address) {
                    self.registers.set_ip(return_address);
                    return Ok(Next::Called);
                }
            }
            if let Some(slot) = self.leaf_slot(mapping) {
                return self.return_to(slot);
            }
        }
        let fp = u16::from(arch::FP);
        if self.registers.is_known(fp) {
            // Where the register serves for other things, it may point to a return address by chance. Compilers align
            // frames, V8's builtins, which are compiled into `node` without tables, do not.
            let fp = self.registers.fp();
            let sure = mapping.kind == MappingKind::Jit || fp.is_multiple_of(16) || self.is_chained(fp);
            if sure && let Some(stepped) = self.step_frame_pointer() {
                return stepped;
            }
        }
        // A frame pointer above the copy leads out of it. One elsewhere is none: the register serves for other things.
        // The kernel starts programs with 0, and so do the first functions of programs and threads; some leave 0 for
        // their own return address.
        let fp = self.registers.is_known(fp).then(|| self.registers.fp());
        let otherwise = match fp.map(|fp| (fp, self.stack.word(fp.wrapping_add(8)))) {
            Some((0, _) | (_, Ok(0))) => End::Root,
            Some((_, Err(Unread::AboveCopy))) => End::Truncated,
            _ => End::Incomplete(Why::NoRule),
        };
        self.step_scanning(leaf && mapping.kind != MappingKind::Jit, otherwise)
    }

    /// Where a leaf without a rule has its return address, if it has not pushed more than a few words. The stack is
    /// aligned to 16 bytes before a call, so that its alignment tells the entry of a function from its body.
    fn leaf_slot(&mut self, mapping: &Mapping) -> Option<u64> {
        if arch::CALL_PUSHES == 0 {
            return None;
        }
        let sp = self.registers.sp();
        let code = |walk: &Self, slot: u64| {
            let Ok(word) = walk.stack.word(slot) else { return false };
            let found = walk.space.find(word.wrapping_sub(1));
            found.is_some_and(|found| found.range == mapping.range || found.info.is_some())
        };
        // Before the frame pointer is saved, and after it is restored.
        if sp % 16 == 8 && code(self, sp) {
            return Some(sp);
        }
        // Between saving it and setting it.
        let saved =
            self.registers.is_known(u16::from(arch::FP)) && self.stack.word(sp) == Ok(self.registers.fp());
        if sp.is_multiple_of(16) && saved && code(self, sp.wrapping_add(8)) {
            return Some(sp + 8);
        }
        // A stub of the procedure linkage table pushes at most two words.
        [sp.wrapping_add(8), sp.wrapping_add(16)].into_iter().find(|slot| self.is_return_slot(*slot))
    }

    /// Follows the frame pointer, if there is one: it points into the stack, to the caller's frame pointer, and above
    /// that is an address in code.
    fn step_frame_pointer(&mut self) -> Option<Result<Next, End>> {
        let fp = self.registers.fp();
        if !self.registers.is_known(u16::from(arch::FP)) || fp < self.registers.sp() || !fp.is_multiple_of(8)
        {
            return None;
        }
        let caller = self.stack.word(fp).ok()?;
        let return_address = arch::code_address(self.stack.word(fp + 8).ok()?);
        self.mapping(return_address.wrapping_sub(1))?;
        self.registers.keep_pointers();
        self.registers.set_fp(caller);
        self.registers.set_sp(fp + 16);
        self.registers.set_ip(return_address);
        Some(Ok(Next::Called))
    }

    /// Whether a frame pointer leads to a pair of the caller's frame pointer and an address in code, and that to another
    /// one further up: by chance no number does.
    fn is_chained(&self, fp: u64) -> bool {
        let Ok(caller) = self.stack.word(fp) else { return false };
        if caller <= fp.wrapping_add(8) || !caller.is_multiple_of(8) {
            return false;
        }
        match self.stack.word(caller.wrapping_add(8)) {
            Ok(word) => self.space.find(arch::code_address(word).wrapping_sub(1)).is_some(),
            Err(unread) => unread == Unread::AboveCopy,
        }
    }

    /// Out of a signal handler.
    #[cold]
    fn step_signal(&mut self) -> Result<Next, End> {
        if !self.is_signal_frame() {
            return Err(match self.stack.word(self.registers.sp().wrapping_add(arch::SIGNAL_FRAME_END)) {
                Err(Unread::AboveCopy) => End::Truncated,
                _ => End::Incomplete(Why::BadRule),
            });
        }
        let sp = self.registers.sp();
        for (register, offset) in arch::SIGNAL_REGISTERS {
            let value = self.word(sp.wrapping_add(offset))?;
            self.registers.set(u16::from(register), value);
        }
        Ok(Next::Interrupted)
    }

    fn is_signal_frame(&self) -> bool {
        let sp = self.registers.sp();
        arch::is_signal_frame(|offset| self.stack.word(sp.wrapping_add(offset)).ok())
    }

    /// From a frame that is found by a register whose value is unknown: the frame pointer, when only instruction and
    /// stack pointer are known, or after code without frame information. The nearest pair of a saved frame pointer and a
    /// return address, as far apart as the rule says, is the frame's; first with a frame pointer that points up the
    /// stack, then with any, since the callers of `main` and of threads have none.
    #[cold]
    fn step_guessing(&mut self, rule: &FrameRule, leaf: bool) -> Result<Next, End> {
        let [ra, fp, ..] = rule.saved;
        if ra == SAME || ra == LOST {
            return Err(End::Incomplete(Why::NoRule));
        }
        let sp = self.registers.sp();
        let saves_pointer = fp != SAME && fp != LOST;
        for plausible in [true, false] {
            if plausible && !saves_pointer {
                continue;
            }
            for slot in self.window(sp) {
                let Some(left) = self.scan_words.checked_sub(1) else { break };
                self.scan_words = left;
                let cfa = slot.wrapping_sub_signed(i64::from(ra));
                if plausible {
                    let saved = self.stack.word(cfa.wrapping_add_signed(i64::from(fp))).unwrap_or(0);
                    if saved <= slot
                        || saved - slot > self.stack.bytes.len() as u64
                        || !saved.is_multiple_of(8)
                    {
                        continue;
                    }
                }
                if self.is_return_slot(slot) {
                    return self.apply(rule, cfa, leaf);
                }
            }
        }
        Err(End::Incomplete(Why::NoRule))
    }

    /// To the nearest word that is a return address for sure. If `keeps`, the code in between is one function that is
    /// taken to leave the registers alone; else also to the nearest chain of frame pointers, which code in between has
    /// lost: V8 takes a frame from the stack while it makes another of it.
    #[cold]
    fn step_scanning(&mut self, keeps: bool, otherwise: End) -> Result<Next, End> {
        self.scan(self.registers.sp(), keeps).unwrap_or(Err(otherwise))
    }

    fn scan(&mut self, from: u64, keeps: bool) -> Option<Result<Next, End>> {
        let slot = self.window(from).find(|slot| {
            !keeps && self.is_generated_frame(*slot) || self.scan_words > 0 && self.is_return_slot(*slot)
        })?;
        self.choices.push(Choice {
            registers: self.registers,
            frames: self.frames,
            next: slot.wrapping_add(8),
            keeps,
        });
        if !keeps {
            if self.is_generated_frame(slot) {
                self.registers.set_fp(slot);
                return self.step_frame_pointer();
            }
            self.registers.keep_pointers();
        }
        let fp = self.registers.fp();
        if fp != 0 && (fp <= slot || !self.stack.contains(fp)) {
            self.registers.forget(u16::from(arch::FP));
        }
        Some(self.return_to(slot))
    }

    /// Whether a frame that a chain of frame pointers goes on from is at a slot, and returns to code without tables.
    fn is_generated_frame(&mut self, slot: u64) -> bool {
        if !self.is_chained(slot) || !self.stack.word(slot).is_ok_and(|caller| self.stack.contains(caller)) {
            return false;
        }
        let return_address = arch::code_address(self.stack.word(slot.wrapping_add(8)).unwrap_or(0));
        self.space.find(return_address.wrapping_sub(1)).is_some() && !self.is_return_address(return_address)
    }

    /// The words that a scan looks at.
    fn window(&self, from: u64) -> impl Iterator<Item = u64> + use<> {
        let end = self.stack.start.wrapping_add(self.stack.bytes.len() as u64);
        let from = from.checked_next_multiple_of(8).unwrap_or(u64::MAX);
        (from..end.max(from)).step_by(8).take(SCAN_WINDOW)
    }

    /// Returns to the address in a slot.
    fn return_to(&mut self, slot: u64) -> Result<Next, End> {
        let return_address = arch::code_address(self.word(slot)?);
        self.registers.set_sp(slot + 8);
        self.registers.set_ip(return_address);
        Ok(Next::Called)
    }

    /// Whether a word of the stack is a return address for sure.
    fn is_return_slot(&mut self, slot: u64) -> bool {
        let Some(left) = self.scan_words.checked_sub(1) else { return false };
        self.scan_words = left;
        let Ok(word) = self.stack.word(slot) else { return false };
        let return_address = arch::code_address(word);
        let Some((rule, aligned)) = self.return_rule(return_address) else { return false };
        if aligned && !slot.wrapping_add(8).is_multiple_of(16) {
            return false;
        }
        // Its own caller must be found.
        let caller = match rule {
            Rule::Root | Rule::Complex(_) | Rule::Switch(_) | Rule::Signal => return true,
            Rule::Unknown => return false,
            Rule::Frame(rule) if rule.cfa_register == arch::SP => {
                let [ra, ..] = rule.saved;
                slot.wrapping_add(8)
                    .wrapping_add_signed(i64::from(rule.cfa_offset))
                    .wrapping_add_signed(i64::from(ra))
            }
            Rule::Frame(rule) => return self.has_frame(&rule, slot),
        };
        match self.stack.word(caller) {
            Ok(word) => self.space.find(arch::code_address(word).wrapping_sub(1)).is_some(),
            Err(unread) => unread == Unread::AboveCopy,
        }
    }

    /// Whether there is a frame above a return address for a rule that finds it by another register than the stack
    /// pointer: at that register, or else at the next pair of a saved frame pointer and a return address.
    fn has_frame(&mut self, rule: &FrameRule, slot: u64) -> bool {
        let [ra, fp, ..] = rule.saved;
        if ra == SAME || ra == LOST {
            return false;
        }
        let register = u16::from(rule.cfa_register);
        let cfa = self.registers.get(register).wrapping_add_signed(i64::from(rule.cfa_offset));
        if self.registers.is_known(register) && cfa > slot {
            let word = self.stack.word(cfa.wrapping_add_signed(i64::from(ra)));
            if word.is_ok_and(|word| self.return_rule(arch::code_address(word)).is_some()) {
                return true;
            }
        }
        fp != SAME
            && fp != LOST
            && self.window(slot.wrapping_add(8)).take(128).any(|above| {
                let cfa = above.wrapping_sub_signed(i64::from(ra));
                let saved = self.stack.word(cfa.wrapping_add_signed(i64::from(fp))).unwrap_or(0);
                let word = self.stack.word(above).unwrap_or(0);
                (saved > above && self.stack.contains(saved) || saved <= 1)
                    && self.return_rule(arch::code_address(word)).is_some()
            })
    }

    /// The rule of the call before an address, if a table knows the function that it is in; and whether it calls on an
    /// aligned stack: all but Go does.
    fn return_rule(&mut self, return_address: u64) -> Option<(Rule, bool)> {
        let space = self.space;
        let mapping = space.find(return_address.wrapping_sub(1))?;
        let info = mapping.info.as_ref()?;
        self.scan_candidates = self.scan_candidates.checked_sub(1)?;
        let rule = self.unwinder.rule(info, return_address.wrapping_sub(1).wrapping_sub(mapping.bias));
        (rule != Rule::Unknown).then(|| (rule, !info.is_go()))
    }

    fn is_return_address(&mut self, return_address: u64) -> bool {
        self.return_rule(return_address).is_some()
    }

    #[inline]
    fn word(&self, address: u64) -> Result<u64, End> {
        self.stack.word(address).map_err(|unread| self.fault(Fault::Unread(unread)))
    }

    #[cold]
    fn fault(&self, fault: Fault) -> End {
        match fault {
            Fault::Unread(Unread::AboveCopy) => End::Truncated,
            Fault::Unread(Unread::Elsewhere) => End::Incomplete(Why::Unreadable),
            Fault::UnknownRegister => End::Incomplete(Why::NoRule),
            Fault::Malformed => End::Incomplete(Why::BadRule),
        }
    }
}
